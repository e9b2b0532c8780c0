//! Peers that are no gateway of ours: mute, dripping, of another kind, or lying.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod written;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use auxilio_common::storage::ErrorClass;
use auxilio_service::clock::{SystemClock, SystemRandom};
use auxilio_thrift::{Client, Config, Error, Protocol, Put, Transport};
use hbase_thrift::hbase::{TCell, TRowResult};
use thrift::protocol::{
    TBinaryOutputProtocol, TCompactOutputProtocol, TFieldIdentifier, TListIdentifier,
    TMessageIdentifier, TMessageType, TOutputProtocol, TStructIdentifier, TType,
};
use written::Written;

/// A peer that does something with each connection, and with its number.
fn peer(serve: impl Fn(TcpStream, usize) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serve = Arc::new(serve);
    // It ends with the program.
    thread::spawn(move || {
        for (number, stream) in listener.incoming().flatten().enumerate() {
            let serve = Arc::clone(&serve);
            thread::spawn(move || serve(stream, number));
        }
    });
    address
}

fn client(address: SocketAddr, change: impl FnOnce(&mut Config)) -> Client {
    let mut config = Config {
        gateways: vec![address.to_string()],
        connect_timeout_secs: 1,
        call_timeout_secs: 1,
        ..Config::default()
    };
    change(&mut config);
    let (clock, random) = (Arc::new(SystemClock::start()), Arc::new(SystemRandom));
    Client::new(&config, clock, random, Arc::new(())).unwrap()
}

async fn put(client: &Client) -> Error {
    client.put_row("t", b"r", &[Put::new("f:q", "x")], 1).await.unwrap_err()
}

type Change<'a> = &'a dyn Fn(&mut Config);

/// An error with all its causes.
fn words(error: &Error) -> String {
    let mut words = vec![error.to_string()];
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        words.push(error.to_string());
        cause = error.source();
    }
    words.join(": ")
}

/// Reads what came, for a request is never longer than one piece here.
fn request(stream: &mut TcpStream) -> usize {
    stream.read(&mut [0; 4_096]).unwrap_or(0)
}

/// An answer with a number as its result, or without any result.
fn answer(call: &str, sequence: i32, result: Option<i32>, compact: bool) -> Vec<u8> {
    let written = Written::default();
    let mut output: Box<dyn TOutputProtocol> = if compact {
        Box::new(TCompactOutputProtocol::new(written.clone()))
    } else {
        Box::new(TBinaryOutputProtocol::new(written.clone(), true))
    };
    let head = TMessageIdentifier::new(call, TMessageType::Reply, sequence);
    output.write_message_begin(&head).unwrap();
    output.write_struct_begin(&TStructIdentifier::new("result")).unwrap();
    if let Some(result) = result {
        output.write_field_begin(&TFieldIdentifier::new("success", TType::I32, 0)).unwrap();
        output.write_i32(result).unwrap();
        output.write_field_end().unwrap();
    }
    output.write_field_stop().unwrap();
    output.write_struct_end().unwrap();
    output.write_message_end().unwrap();
    let bytes = written.0.lock().unwrap();
    bytes.clone()
}

fn framed(message: &[u8]) -> Vec<u8> {
    [&u32::try_from(message.len()).unwrap().to_be_bytes(), message].concat()
}

/// What the first question is answered with by a gateway of ours.
fn welcome() -> Vec<u8> {
    answer("getThriftServerType", 1, Some(1), false)
}

#[tokio::test]
async fn a_wrong_peer_is_told_in_words() {
    let frames = |config: &mut Config| config.transport = Transport::Framed;
    let compact = |config: &mut Config| config.protocol = Protocol::Compact;
    let plain = |_: &mut Config| {};
    let cases: [(&str, Vec<u8>, Change<'_>); 11] = [
        ("HTTP", b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), &plain),
        ("HTTP", b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), &frames),
        ("TLS", vec![0x15, 3, 3, 0, 2, 2, 50], &plain),
        ("TLS", vec![0x15, 3, 3, 0, 2, 2, 50], &frames),
        ("HBase's own port", vec![0, 0, 0, 0x93, 0x91, 1, 2, 3], &plain),
        ("Thrift2", answer("getThriftServerType", 1, Some(2), false), &plain),
        ("speaks the compact", answer("getThriftServerType", 1, Some(1), true), &plain),
        ("speaks the binary", welcome(), &compact),
        ("with frames", framed(&welcome()), &plain),
        ("without frames", welcome(), &frames),
        ("hung up", Vec::new(), &plain),
    ];
    for (expected, bytes, change) in cases {
        let address = peer(move |mut stream, _| {
            request(&mut stream);
            stream.write_all(&bytes).unwrap();
        });
        let error = put(&client(address, change)).await;
        assert!(words(&error).contains(expected), "{expected}: {}", words(&error));
        assert_eq!(error.class(), ErrorClass::Retry);
    }
}

#[tokio::test]
async fn a_mute_and_a_dripping_peer_cost_one_deadline() {
    let mute = peer(|mut stream, _| while request(&mut stream) > 0 {});
    let error = put(&client(mute, |_| {})).await;
    assert!(words(&error).contains("mute"), "{}", words(&error));
    let drip = peer(|mut stream, _| {
        request(&mut stream);
        for byte in welcome().iter().cycle() {
            thread::sleep(Duration::from_millis(300));
            if stream.write_all(&[*byte]).is_err() {
                return;
            }
        }
    });
    let error = put(&client(drip, |_| {})).await;
    assert_eq!(error.name(), "unreachable", "{}", words(&error));
}

#[tokio::test]
async fn lies_in_an_answer_are_an_error_and_the_next_call_is_right() {
    let huge = [&answer("mutateRowTs", 2, None, false)[..8], &[0x7f, 0xff, 0xff, 0xff]].concat();
    let negative = [&answer("mutateRowTs", 2, None, false)[..4], &[0xff; 4]].concat();
    // A field that is a list of 2^31 - 1 structures, where an exception belongs.
    let list =
        [&answer("mutateRowTs", 2, None, false)[..23], &[15, 0, 9, 12, 0x7f, 0xff, 0xff, 0xff]]
            .concat();
    let others = [
        huge,
        negative,
        list,
        vec![0xff; 100_000],
        answer("mutateRowTs", 1, None, false),
        answer("getRow", 2, None, false),
        Vec::new(),
    ];
    for lie in others {
        let shown = lie.len();
        let address = peer(move |mut stream, number| {
            request(&mut stream);
            stream.write_all(&welcome()).unwrap();
            request(&mut stream);
            // The call is repeated once, on a connection of its own: it gets the lie as well.
            let bytes =
                if number < 2 { lie.clone() } else { answer("mutateRowTs", 2, None, false) };
            // Whoever was lied to may have hung up.
            let _ = stream.write_all(&bytes);
        });
        let client = client(address, |_| {});
        let error = put(&client).await;
        assert_eq!(error.class(), ErrorClass::Unknown, "{shown} bytes: {}", words(&error));
        client.put_row("t", b"r", &[Put::new("f:q", "x")], 1).await.unwrap();
    }
}

/// An answer to `getRowWithColumns`: a row whose value is its key.
fn row(key: &str) -> Vec<u8> {
    let cell = TCell::new(key.as_bytes().to_vec(), 1);
    let columns = [(b"f:q".to_vec(), cell)].into_iter().collect();
    let row = TRowResult::new(Some(key.into()), Some(columns), None);
    let written = Written::default();
    let mut output = TBinaryOutputProtocol::new(written.clone(), true);
    let head = TMessageIdentifier::new("getRowWithColumns", TMessageType::Reply, 2);
    output.write_message_begin(&head).unwrap();
    output.write_struct_begin(&TStructIdentifier::new("result")).unwrap();
    output.write_field_begin(&TFieldIdentifier::new("success", TType::List, 0)).unwrap();
    output.write_list_begin(&TListIdentifier::new(TType::Struct, 1)).unwrap();
    row.write_to_out_protocol(&mut output).unwrap();
    output.write_list_end().unwrap();
    output.write_field_end().unwrap();
    output.write_field_stop().unwrap();
    let bytes = written.0.lock().unwrap();
    bytes.clone()
}

#[tokio::test]
async fn answers_that_are_exchanged_between_two_calls_are_nobodys() {
    let both = Arc::new(Barrier::new(2));
    let address = peer(move |mut stream, number| {
        request(&mut stream);
        stream.write_all(&welcome()).unwrap();
        let mut asked = [0; 4_096];
        let length = stream.read(&mut asked).unwrap();
        let is_first = asked[..length].windows(3).any(|key| key == b"0-a");
        // The first two calls are under way at once, and each gets the other's answer.
        let honest = number >= 2;
        if !honest {
            both.wait();
        }
        let answer = row(if is_first == honest { "0-a" } else { "1-b" });
        // Whoever was lied to may have hung up.
        let _ = stream.write_all(&answer);
    });
    let client = client(address, |_| {});
    let get = async |key: &str| {
        let row = client.get_row("t", key.as_bytes(), &[], 1).await.unwrap().unwrap();
        String::from_utf8(row.cell("f:q").unwrap().value.clone()).unwrap()
    };
    // Each is made once more, on a connection of its own.
    assert_eq!(tokio::join!(get("0-a"), get("1-b")), ("0-a".to_owned(), "1-b".to_owned()));
}

#[tokio::test]
async fn an_answer_without_a_result_is_no_answer() {
    let address = peer(|mut stream, _| {
        request(&mut stream);
        stream.write_all(&welcome()).unwrap();
        request(&mut stream);
        let _ = stream.write_all(&answer("getRowWithColumns", 2, None, false));
    });
    let client = client(address, |_| {});
    let error = client.get_row("t", b"r", &[], 1).await.unwrap_err();
    assert_eq!((error.name(), error.class()), ("broken", ErrorClass::Unknown));
}

#[tokio::test]
async fn a_short_answer_is_refused_when_it_is_long() {
    let address = peer(|mut stream, _| {
        request(&mut stream);
        stream.write_all(&welcome()).unwrap();
        request(&mut stream);
        // An exception whose text is said to have 2 MiB.
        let head = &answer("mutateRowTs", 2, None, false)[..23];
        let text = [11, 0, 1, 0, 0x20, 0, 0];
        let lie = [head, &[12, 0, 1], &text, vec![b'x'; 2 << 20].as_slice()].concat();
        let _ = stream.write_all(&lie);
    });
    let error = put(&client(address, |_| {})).await;
    assert!(words(&error).contains("more than 1048576 bytes"), "{}", words(&error));
}
