//! `auxilio hbase create`, `ddl` and `check` on a real HBase, and on what is none.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::{SocketAddr, TcpListener};

use auxilio_testkit::hbase::{Daemon, Gateway, Hbase};
use auxilio_tests::binary;

/// Runs a verb; answers its exit status and what it printed.
fn run(gateway: SocketAddr, settings: &[(&str, &str)], arguments: &[&str]) -> (i32, String) {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("auxilio.toml");
    std::fs::write(&config, "").unwrap();
    let mut command = binary::command().unwrap();
    command.env("AUXILIO_HBASE__GATEWAYS", gateway.to_string());
    command.env("AUXILIO_HBASE__CONNECT_TIMEOUT_SECS", "2").envs(settings.iter().copied());
    command.arg("--config").arg(config).arg("hbase").args(arguments);
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

#[test]
fn tables_are_made_and_what_is_wrong_is_said_in_words() {
    let hbase = Hbase::start().unwrap();
    let gateway = hbase.gateways()[0];
    let prefixed = |prefix| [("AUXILIO_HBASE__TABLE_PREFIX", prefix)];

    let (status, said) = run(gateway, &[], &["check"]);
    assert_eq!((status, said.matches("is missing").count()), (1, 4), "{said}");
    assert_eq!(run(gateway, &[], &["create"]), (0, String::new()));
    assert_eq!(run(gateway, &[], &["create"]), (0, String::new()), "nothing is missing now");
    let (status, said) = run(gateway, &[], &["check"]);
    assert!(status == 0 && said.contains("meta_data is not compressed"), "{said}");
    assert!(said.contains("answers, and has all tables"), "{said}");

    let arguments = ["ddl", "--compression", "GZ", "--keep-days", "30"];
    let (status, statements) = run(gateway, &prefixed("d_"), &arguments);
    assert_eq!(status, 0);
    hbase.admin(&statements).unwrap();
    assert_eq!(hbase.admin("regions 'd_crash_reports'").unwrap().len(), 16);
    let families = hbase.admin("describe 'd_crash_reports'").unwrap().join("\n");
    for setting in ["IS_MOB => 'true'", "TTL => '2592000", "COMPRESSION => 'GZ'"] {
        assert!(families.contains(setting), "{families}");
    }
    let (status, said) = run(gateway, &prefixed("d_"), &["check"]);
    assert_eq!((status, said), (0, format!("{gateway}: answers, and has all tables\n")));
    let (status, said) = run(gateway, &prefixed("none_"), &["check", "--json"]);
    assert_eq!((status, said.lines().count()), (1, 4));
    assert!(said.lines().all(|line| line.contains(r#""is_fault":true"#)), "{said}");

    let framed = hbase.add_gateway(Gateway::framed()).unwrap();
    let framed = hbase.gateways()[framed];
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let with_frames: &[_] = &[("AUXILIO_HBASE__TRANSPORT", "framed")];
    let compact: &[_] = &[("AUXILIO_HBASE__PROTOCOL", "compact")];
    for (address, settings, words) in [
        (closed, &[][..], "Connection refused"),
        (hbase.address(Daemon::Master).unwrap(), &[], "HBase's own port"),
        (hbase.address(Daemon::ZooKeeper).unwrap(), &[], "ZooKeeper"),
        (gateway, with_frames, "speak without frames"),
        (gateway, compact, "hung up at the first question"),
        (framed, &[], "with frames"),
    ] {
        let (status, said) = run(address, settings, &["check"]);
        assert!(status == 1 && said.contains(words), "{words}: {said}");
    }
    assert_eq!(run(framed, with_frames, &["check"]).0, 0);
}
