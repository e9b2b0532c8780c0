//! `auxilio hbase create`, `ddl` and `check` on a real HBase, and on what is none.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use auxilio_testkit::hbase::{Daemon, Gateway, Hbase, Jars};
use auxilio_tests::binary;

/// A verb of `auxilio hbase` with nothing configured but patience.
fn verb(arguments: &[&str]) -> Command {
    let mut command = binary::command().unwrap();
    command.env("AUXILIO_HBASE__CONNECT_TIMEOUT_SECS", "2").args(["--config", "/dev/null"]);
    command.arg("hbase").args(arguments);
    command
}

/// Runs a verb; answers its exit status and what it printed.
fn run(gateway: SocketAddr, settings: &[(&str, &str)], arguments: &[&str]) -> (i32, String) {
    let mut command = verb(arguments);
    command.env("AUXILIO_HBASE__GATEWAYS", gateway.to_string());
    let output = command.envs(settings.iter().copied()).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

fn prefixed(prefix: &str) -> [(&str, &str); 1] {
    [("AUXILIO_HBASE__TABLE_PREFIX", prefix)]
}

#[test]
fn tables_are_made_by_thrift_and_by_hbases_own_admin() {
    let hbase = Hbase::shared().unwrap();
    let gateway = hbase.gateways()[0];

    let (status, said) = run(gateway, &[], &["check"]);
    assert_eq!((status, said.matches("is missing").count()), (1, 4), "{said}");
    assert_eq!(run(gateway, &[], &["create"]), (0, String::new()));
    assert_eq!(run(gateway, &[], &["create"]), (0, String::new()), "nothing is missing now");
    let (status, said) = run(gateway, &[], &["check"]);
    assert!(status == 0 && said.contains("meta_data is not compressed"), "{said}");
    assert!(said.contains("crash_reports is one region"), "{said}");
    assert!(said.contains("answers, and has all tables"), "{said}");

    for (prefix, compression) in [("d_", "GZ"), ("spaced:", "ZSTD")] {
        let arguments = ["ddl", "--compression", compression, "--keep-days", "30"];
        let (status, statements) = run(gateway, &prefixed(prefix), &arguments);
        assert_eq!(status, 0);
        hbase.admin(&statements).unwrap();
        let table = format!("{prefix}crash_reports");
        assert_eq!(hbase.admin(&format!("regions '{table}'")).unwrap().len(), 16);
        let families = hbase.admin(&format!("describe '{table}'")).unwrap().join("\n");
        let compressed = format!("COMPRESSION => '{compression}'");
        for setting in ["IS_MOB => 'true'", "TTL => '2592000", "BLOOMFILTER => 'ROW'", &compressed]
        {
            assert!(families.contains(setting), "{families}");
        }
        let (status, said) = run(gateway, &prefixed(prefix), &["check"]);
        assert!(status == 0 && said.ends_with("answers, and has all tables\n"), "{said}");
        // The one thing that Thrift can't tell.
        assert!(said.lines().count() == 2 && said.contains("IS_MOB"), "{said}");
    }
    let (status, said) = run(gateway, &prefixed("none_"), &["check", "--json"]);
    assert_eq!((status, said.lines().count()), (1, 4));
    assert!(said.lines().all(|line| line.contains(r#""is_fault":true"#)), "{said}");
}

/// Faults of tables: what is changed in the statements of `ddl` (by the text that is replaced) or run
/// after them, and all that is then told of them, fault or note.
struct TableFaults {
    changed: &'static [(&'static str, &'static str)],
    run: &'static [&'static str],
    told: &'static [&'static str],
}

const TABLE_FAULTS: [TableFaults; 3] = [
    TableFaults {
        changed: &[("'raw_data'", "'elsewhere'"), ("'processor_state'", "'elsewhere'")],
        run: &["disable 'crash_reports_index_hang_id'", "drop 'crash_reports_index_hang_id'"],
        told: &[
            "table crash_reports lacks the family raw_data (fault)",
            "table crash_reports_index_unprocessed_flag lacks the family processor_state (fault)",
            "table crash_reports_index_hang_id is missing: see auxilio hbase ddl",
        ],
    },
    TableFaults {
        changed: &[],
        run: &["disable 'crash_reports'"],
        told: &["table crash_reports is disabled: enable it in HBase's shell (fault)"],
    },
    TableFaults {
        changed: &[
            ("'flags', VERSIONS => 1", "'flags', VERSIONS => 3"),
            ("'ids', VERSIONS => 1, BLOOMFILTER => 'ROW'", "'ids', BLOOMFILTER => 'NONE'"),
            (
                "'meta_data', VERSIONS => 1, BLOOMFILTER => 'ROW', COMPRESSION => 'GZ'",
                "'meta_data'",
            ),
            (
                "'processed_data', VERSIONS => 1, BLOOMFILTER => 'ROW', COMPRESSION => 'NONE'",
                "'processed_data', COMPRESSION => 'SNAPPY'",
            ),
            ("IS_MOB => true", "IS_MOB => false"),
        ],
        run: &[],
        told: &[
            "family flags keeps 3 versions, of which one is read (note)",
            "family ids has no bloom filter: look-ups read more (note)",
            "family meta_data is not compressed (note)",
            "family processed_data is compressed by SNAPPY: what is in it is compressed already",
            "answers, and has all tables",
        ],
    },
];

/// What is told of all such tables.
const ALWAYS: [&str; 2] = ["is one region", "does not show whether its large cells lie apart"];

#[test]
fn what_is_wrong_with_tables_is_told_in_words() {
    let hbase = Hbase::shared().unwrap();
    let gateway = hbase.gateways()[0];
    for (number, faults) in TABLE_FAULTS.iter().enumerate() {
        let prefix = format!("fault{number}_");
        let (_, ddl) = run(gateway, &prefixed(&prefix), &["ddl", "--compression", "GZ"]);
        // Sixteen regions for each table would be much to carry.
        let ddl: Vec<_> = ddl.lines().filter(|line| !line.contains("SPLITS")).collect();
        let mut ddl = ddl.join("\n").replace("},\ncreate", "}\ncreate");
        for (good, bad) in faults.changed {
            assert!(ddl.contains(good), "{good}: {ddl}");
            ddl = ddl.replacen(good, bad, 1);
        }
        hbase.admin(&ddl).unwrap();
        for statement in faults.run {
            hbase.admin(&statement.replacen('\'', &format!("'{prefix}"), 1)).unwrap();
        }
        let (status, said) = run(gateway, &prefixed(&prefix), &["check"]);
        assert_eq!(status, i32::from(said.contains("(fault)")), "{said}");
        for words in faults.told {
            assert_eq!(said.matches(words).count(), 1, "{words}: {said}");
        }
        let others = said.lines().filter(|line| !ALWAYS.iter().any(|words| line.contains(words)));
        assert_eq!(others.count(), faults.told.len(), "{said}");
    }
}

/// A server that takes connections and says nothing.
fn mute() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // It ends with the program.
    std::thread::spawn(move || listener.incoming().collect::<Vec<_>>().len());
    address
}

/// A keystore of one key, made by Java's own tool.
fn keystore(folder: &Path) -> PathBuf {
    let store = folder.join("keys.p12");
    let tool = Jars::find().unwrap().java.with_file_name("keytool");
    let made = Command::new(tool)
        .args(["-genkeypair", "-alias", "gateway", "-keyalg", "RSA", "-dname", "CN=localhost"])
        .args(["-storepass", PASSWORD, "-keystore"])
        .arg(&store)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    // The gateway runs as another user.
    for path in [folder, &store] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    store
}

const PASSWORD: &str = "changeit";

/// `openssl s_server`, which stands for stunnel and its like before a gateway.
struct TlsServer(Child, SocketAddr);

impl TlsServer {
    fn start(folder: &Path, keystore: &Path) -> Self {
        let pem = folder.join("key.pem");
        let taken_out = Command::new("openssl")
            .args(["pkcs12", "-nodes", "-passin", &format!("pass:{PASSWORD}"), "-in"])
            .arg(keystore)
            .arg("-out")
            .arg(&pem)
            .output()
            .unwrap();
        assert!(taken_out.status.success(), "{taken_out:?}");
        let address = free_address();
        let server = Command::new("openssl")
            .args(["s_server", "-quiet", "-accept", &address.port().to_string(), "-cert"])
            .arg(&pem)
            .arg("-key")
            .arg(&pem)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        wait_until("openssl listens", || TcpStream::connect(address).is_ok());
        Self(server, address)
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn wait_until(what: &str, happens: impl Fn() -> bool) {
    for _ in 0..300 {
        if happens() {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("not in 30 s: {what}");
}

/// What it is, where, with which settings it is asked, and what is told.
type GatewayFault<'a> = (&'a str, SocketAddr, &'a [(&'a str, &'a str)], &'a str);

const BUFFERED_BINARY: &str =
    "with hbase.transport = \"buffered\" and hbase.protocol = \"binary\" it answers";
const FRAMED_BINARY: &str =
    "with hbase.transport = \"framed\" and hbase.protocol = \"binary\" it answers";
const BUFFERED_COMPACT: &str =
    "with hbase.transport = \"buffered\" and hbase.protocol = \"compact\" it answers";

#[test]
fn what_is_wrong_with_a_gateway_is_told_in_words() {
    let hbase = Hbase::shared().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let keystore = keystore(folder.path());
    let tls = TlsServer::start(folder.path(), &keystore);
    let plain = hbase.gateways()[0];
    let add = |gateway| {
        let place = hbase.add_gateway(gateway).unwrap();
        hbase.gateways()[place]
    };
    let (framed, compact) = (add(Gateway::framed()), add(Gateway::compact()));
    let (http, https) = (add(Gateway::http()), add(Gateway::https(&keystore, PASSWORD)));
    let thrift2 = add(Gateway::thrift2());

    let with_frames: &[_] = &[("AUXILIO_HBASE__TRANSPORT", "framed")];
    let as_compact: &[_] = &[("AUXILIO_HBASE__PROTOCOL", "compact")];
    let faults: [GatewayFault<'_>; 17] = [
        ("nobody listens", free_address(), &[], "Connection refused"),
        ("a mute server", mute(), &[], "it is mute: it may be full or stopped"),
        ("the master's port", hbase.address(Daemon::Master).unwrap(), &[], "HBase's own port"),
        (
            "the region server's port",
            hbase.address(Daemon::RegionServer(0)).unwrap(),
            &[],
            "HBase's own port",
        ),
        ("ZooKeeper's port", hbase.address(Daemon::ZooKeeper).unwrap(), &[], "; it is ZooKeeper ("),
        ("no frames there", plain, with_frames, BUFFERED_BINARY),
        ("frames there", framed, &[], FRAMED_BINARY),
        ("frames and compact here", framed, as_compact, FRAMED_BINARY),
        ("compact here", plain, as_compact, BUFFERED_BINARY),
        ("compact there", compact, &[], BUFFERED_COMPACT),
        ("frames here, compact there", compact, with_frames, BUFFERED_COMPACT),
        ("HTTP", http, &[], "it speaks HTTP: hbase.regionserver.thrift.http must be false"),
        ("HTTP, frames here", http, with_frames, "it speaks HTTP"),
        ("HTTPS", https, &[], "it speaks TLS"),
        ("HTTPS, frames here", https, with_frames, "it speaks TLS"),
        ("TLS before a gateway", tls.1, &[], "it speaks TLS"),
        ("Thrift2", thrift2, &[], "it speaks HBase's Thrift2"),
    ];
    let mut wrong = Vec::new();
    for (what, address, settings, words) in faults {
        let (status, said) = run(address, settings, &["check"]);
        if status != 1 || !said.contains(words) || said.lines().count() != 1 {
            wrong.push(format!("{what}: {status} {said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn limits_that_a_configuration_will_meet_are_told() {
    let hbase = Hbase::shared().unwrap();
    let prefix = prefixed("limits_");
    assert_eq!(run(hbase.gateways()[0], &prefix, &["create"]).0, 0);
    let cell = Gateway::default().setting("hbase.client.keyvalue.maxsize", "1048576");
    let frame = "hbase.regionserver.thrift.framed.max_frame_size_in_mb";
    let frame = Gateway::framed().setting(frame, "2");
    let framed = ("AUXILIO_HBASE__TRANSPORT", "framed");
    let too_much = ("AUXILIO_HBASE__REQUEST_BYTES_MAX", "3000000");
    for (gateway, settings, status, words) in [
        (cell, &[][..], 1, "hbase.server.keyvalue.maxsize limit it"),
        (frame.clone(), &[framed, too_much][..], 1, "max_frame_size_in_mb limits it"),
        (frame, &[framed][..], 0, "answers, and has all tables"),
    ] {
        let place = hbase.add_gateway(gateway).unwrap();
        let settings = [&prefix, settings].concat();
        let (said_status, said) = run(hbase.gateways()[place], &settings, &["check"]);
        assert!(said_status == status && said.contains(words), "{words}: {said}");
        hbase.kill_gateway(place).unwrap();
    }
}

#[test]
fn addresses_that_are_none_are_refused() {
    for (gateways, words) in [("nowhere", "must be host:port"), ("nosuch.invalid:9090", "look up")]
    {
        let mut command = verb(&["check"]);
        command.env("AUXILIO_HBASE__GATEWAYS", gateways);
        let output = command.output().unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(output.status.code() == Some(1) && said.contains(words), "{words}: {said}");
    }
}
