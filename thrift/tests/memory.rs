//! What a gateway that lies costs: memory within bounds, whatever it says and however much it sends.
//!
//! A program of its own with one test, because the system counts a whole process's memory.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod written;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use auxilio_service::clock::{SystemClock, SystemRandom};
use auxilio_thrift::{Client, Config, Error, Protocol, Put, Scan, Transport};
use hbase_thrift::hbase::{TCell, TRowResult};
use thrift::protocol::{
    TBinaryOutputProtocol, TCompactOutputProtocol, TFieldIdentifier, TListIdentifier,
    TMessageIdentifier, TMessageType, TOutputProtocol, TStructIdentifier, TType,
};
use written::Written;

const MIB: usize = 1024 * 1024;

/// Lengths that lie, as each protocol writes them: negative or too long for one, huge, and within
/// the limits.
const LIES: [(Protocol, [[u8; 4]; 3]); 2] = [
    (Protocol::Binary, [[0xff; 4], [0x7f, 0xff, 0xff, 0xff], [0x03, 0xff, 0xff, 0x00]]),
    (Protocol::Compact, [[0xff; 4], [0xff, 0xff, 0xff, 0x7f], [0xa0, 0x8d, 0x06, 0x00]]),
];

type Mode = (Transport, Protocol);

const MODES: [Mode; 4] = [
    (Transport::Buffered, Protocol::Binary),
    (Transport::Buffered, Protocol::Compact),
    (Transport::Framed, Protocol::Binary),
    (Transport::Framed, Protocol::Compact),
];

/// The most memory that this process has had since the last reset, in bytes.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kilobytes: usize = line.trim().trim_end_matches(" kB").parse().unwrap();
    kilobytes * 1024
}

/// Lets the peak begin where the memory stands now.
fn reset_peak() -> usize {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    peak()
}

/// What the gateway sends at the questions of a connection but the first.
type Script = Arc<Vec<Vec<u8>>>;

/// A gateway that answers the first question of each connection and then what it was told to.
struct Gateway {
    address: SocketAddr,
    script: Arc<Mutex<Script>>,
}

impl Gateway {
    fn start(mode: Mode) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let script = Arc::<Mutex<Script>>::default();
        let shared = Arc::clone(&script);
        let welcome = message(mode, "getThriftServerType", 1, |output| number(output, 1));
        // It ends with the program.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // Whoever has heard enough hangs up.
                let script = Arc::clone(&shared.lock().unwrap());
                let _ = serve(stream, &welcome, &script);
            }
        });
        Self { address, script }
    }

    fn say(&self, script: Vec<Vec<u8>>) {
        *self.script.lock().unwrap() = Arc::new(script);
    }
}

/// Serves a connection. After its last answer it hangs up: who waits for more waits in vain.
fn serve(mut stream: TcpStream, welcome: &[u8], script: &[Vec<u8>]) -> std::io::Result<()> {
    let mut request = [0; 4_096];
    for answer in std::iter::once(welcome).chain(script.iter().map(Vec::as_slice)) {
        if stream.read(&mut request)? == 0 {
            break;
        }
        stream.write_all(answer)?;
    }
    Ok(())
}

/// An answer as a gateway of a mode writes it.
fn message(
    (transport, protocol): Mode,
    call: &str,
    sequence: i32,
    result: impl FnOnce(&mut dyn TOutputProtocol) -> thrift::Result<()>,
) -> Vec<u8> {
    let written = Written::default();
    let mut output: Box<dyn TOutputProtocol> = match protocol {
        Protocol::Compact => Box::new(TCompactOutputProtocol::new(written.clone())),
        Protocol::Binary => Box::new(TBinaryOutputProtocol::new(written.clone(), true)),
    };
    let head = TMessageIdentifier::new(call, TMessageType::Reply, sequence);
    output.write_message_begin(&head).unwrap();
    output.write_struct_begin(&TStructIdentifier::new("result")).unwrap();
    result(&mut *output).unwrap();
    output.write_field_stop().unwrap();
    output.write_struct_end().unwrap();
    output.write_message_end().unwrap();
    let bytes = written.0.lock().unwrap().clone();
    match transport {
        Transport::Buffered => bytes,
        Transport::Framed => {
            [u32::try_from(bytes.len()).unwrap().to_be_bytes().as_slice(), &bytes].concat()
        }
    }
}

fn number(output: &mut dyn TOutputProtocol, number: i32) -> thrift::Result<()> {
    output.write_field_begin(&TFieldIdentifier::new("success", TType::I32, 0))?;
    output.write_i32(number)?;
    output.write_field_end()
}

/// An answer that is one row with some values.
fn row(mode: Mode, call: &str, sequence: i32, values: &[Vec<u8>]) -> Vec<u8> {
    let cells = values.iter().enumerate().map(|(number, value)| {
        (format!("f:{number:06}").into_bytes(), TCell::new(value.clone(), 1_234_567_890_123))
    });
    let row = TRowResult::new(Some(b"row".to_vec()), Some(cells.collect()), None);
    message(mode, call, sequence, |output| {
        output.write_field_begin(&TFieldIdentifier::new("success", TType::List, 0))?;
        output.write_list_begin(&TListIdentifier::new(TType::Struct, 1))?;
        row.write_to_out_protocol(output)?;
        output.write_list_end()?;
        output.write_field_end()
    })
}

fn client(gateway: &Gateway, (transport, protocol): Mode) -> Client {
    let gateways = vec![gateway.address.to_string()];
    let config = Config { gateways, transport, protocol, ..Config::default() };
    let (clock, random) = (Arc::new(SystemClock::start()), Arc::new(SystemRandom));
    Client::new(&config, clock, random, Arc::new(())).unwrap()
}

/// Reads the row; the bytes of its values.
async fn get(client: &Client) -> Result<usize, Error> {
    let row = client.get_row("t", b"row", &[], 100).await?;
    Ok(row.map_or(0, |row| row.cells.values().map(|cell| cell.value.len()).sum()))
}

#[tokio::test]
async fn a_gateway_that_lies_or_never_ends_costs_no_more_than_the_bounds() {
    for mode in MODES {
        let gateway = Gateway::start(mode);
        let client = client(&gateway, mode);
        lie_everywhere(&gateway, &client, mode).await;
        if mode.0 == Transport::Buffered {
            say_too_much(&gateway, &client, mode).await;
        }
        assert_eq!(client.status().threads, 1, "no thread was lost or left behind");
    }
}

/// Each length of an answer lies in its turn, for every place is tried.
async fn lie_everywhere(gateway: &Gateway, client: &Client, mode: Mode) {
    let truth = row(mode, "getRowWithColumns", 2, &[vec![7; 20], vec![8; 200]]);
    let lies = LIES.iter().filter(|(protocol, _)| *protocol == mode.1);
    let lies: Vec<_> = lies.flat_map(|(_, lies)| lies).collect();
    let (before, mut refused) = (reset_peak(), 0);
    for at in 0..truth.len() - 4 {
        for lie in &lies {
            let mut bytes = truth.clone();
            bytes[at..at + 4].copy_from_slice(*lie);
            gateway.say(vec![bytes]);
            refused += usize::from(get(client).await.is_err());
        }
        gateway.say(vec![truth.clone()]);
        assert_eq!(get(client).await.unwrap(), 220, "after lies at {at}");
    }
    assert!(refused > 100, "only {refused} lies were seen");
    // Elements of a list get their room before they come: 100,000 of them at most.
    let grown = peak() - before;
    assert!(grown < 32 * MIB, "{mode:?}: lengths that lie cost {grown} bytes");
}

/// Values, answers and pages that are longer than they may be.
async fn say_too_much(gateway: &Gateway, client: &Client, mode: Mode) {
    let large = row(mode, "getRowWithColumns", 2, &vec![vec![1; 15 * MIB]; 4]);
    let too_large = row(mode, "getRowWithColumns", 2, &vec![vec![1; 15 * MIB]; 5]);
    let too_many = row(mode, "getRowWithColumns", 2, &vec![vec![1]; 100_001]);
    let mut pages = vec![message(mode, "scannerOpenWithScan", 2, |output| number(output, 1))];
    pages.extend((3..8).map(|at| row(mode, "scannerGetList", at, &[vec![1; 15 * MIB]])));
    let before = reset_peak();

    gateway.say(vec![large]);
    assert_eq!(get(client).await.unwrap(), 60 * MIB);
    let within = peak() - before;
    for answer in [too_large, too_many] {
        gateway.say(vec![answer]);
        let error = get(client).await.unwrap_err();
        assert_eq!(error.name(), "broken", "{error:?}");
    }
    gateway.say(pages);
    let scan = Scan { table: "t", ..Scan::default() };
    let error = client.scan_page(&scan, 1_000, 100).await.unwrap_err();
    assert!(format!("{error:?}").contains("a page of a scan has more"), "{error:?}");
    let grown = peak() - before;
    assert!(grown < within.max(64 * MIB) + 32 * MIB, "{mode:?}: answers cost {grown} bytes");

    let lie = row(mode, "mutateRowTs", 2, &[vec![1; 15 * MIB]]);
    gateway.say(vec![lie]);
    let before = reset_peak();
    let put = client.put_row("t", b"r", &[Put::new("f:q", "x")], 1).await;
    assert!(put.is_err());
    let grown = peak() - before;
    assert!(grown < 8 * MIB, "{mode:?}: an answer without data costs {grown} bytes");
}
