//! The command line and the sample configuration, through the real binary.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

/// Runs the binary with nothing in its environment but what is given.
fn auxilio(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_auxilio"))
        .env_clear()
        .envs(variables.iter().copied())
        .args(arguments)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

fn sample() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../config/auxilio.sample.toml")
        .display()
        .to_string()
}

fn keys(table: &toml::Table, path: &str, found: &mut BTreeSet<String>) {
    for (key, value) in table {
        let name = format!("{path}{key}");
        match value {
            toml::Value::Table(inner) => keys(inner, &format!("{name}."), found),
            _ => assert!(found.insert(name)),
        }
    }
}

fn keys_of(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    keys(&text.parse().unwrap(), "", &mut found);
    found
}

#[test]
fn the_sample_is_good_and_has_every_key_with_its_default() {
    let checked = auxilio(&["config", "check", "--config", &sample()], &[]);
    assert_eq!(checked.status.code(), Some(0), "{}", said(&checked));
    let shown = auxilio(&["--config", "/dev/null", "config", "show"], &[]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    let written = std::fs::read_to_string(sample()).unwrap();
    assert_eq!(keys_of(&written), keys_of(&shown));
    let from_sample =
        auxilio(&["--config", &sample(), "config", "show"], &[("AUXILIO_PROCESSOR__WORKERS", "2")]);
    let defaults = auxilio(
        &["--config", "/dev/null", "config", "show"],
        &[("AUXILIO_PROCESSOR__WORKERS", "2")],
    );
    assert_eq!(said(&from_sample), said(&defaults));
}

#[test]
fn what_is_wrong_in_a_configuration_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.toml");
    std::fs::write(&file, "[collector]\nadress = \"127.0.0.1:1\"\n").unwrap();
    let file = file.display().to_string();
    let check = |file: &str, variables: &[(&str, &str)]| {
        let output = auxilio(&["--config", file, "config", "check"], variables);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        said(&output)
    };
    assert!(check(&file, &[]).contains("adress"));
    assert!(check("/nowhere/a.toml", &[]).contains("/nowhere/a.toml"));
    let unknown = check("/dev/null", &[("AUXILIO_COLLECTOR__ADRESS", "x")]);
    assert!(unknown.contains("AUXILIO_COLLECTOR__ADRESS names no key"), "{unknown}");
    let typed = check("/dev/null", &[("AUXILIO_DATABASE__PORT", "x")]);
    assert!(typed.contains("AUXILIO_DATABASE__PORT must be a whole number"), "{typed}");
    let token = check("/dev/null", &[("AUXILIO_COLLECTOR__SUBMITTER_TOKENS", "in-clear")]);
    assert!(token.contains("SHA-256") && !token.contains("in-clear"), "{token}");
}

#[test]
fn hashes_of_tokens_are_not_shown() {
    let hash = "0123456789abcdef".repeat(4);
    let variables = [("AUXILIO_COLLECTOR__SUBMITTER_TOKENS", hash.as_str())];
    for arguments in [
        &["--config", "/dev/null", "config", "show"][..],
        &["--config", "/dev/null", "--json", "config", "show"],
    ] {
        let output = auxilio(arguments, &variables);
        assert_eq!(output.status.code(), Some(0));
        assert!(!said(&output).contains(&hash));
    }
}

#[test]
fn wrong_usage_ends_with_two_and_help_with_zero() {
    for arguments in [
        &["no-such-verb"][..],
        &["run"],
        &["run", "no-such-role"],
        &["up", "--port-offset", "500"],
        &["up", "--port-offset", "16000"],
        &["submit"],
        &["submit", "--annotation", "x", "a.dmp"],
        &["loadtest", "--rate", "0", "a.dmp"],
        &[],
    ] {
        assert_eq!(auxilio(arguments, &[]).status.code(), Some(2), "{arguments:?}");
    }
    assert_eq!(auxilio(&["--help"], &[]).status.code(), Some(0));
    assert_eq!(auxilio(&["--version"], &[]).status.code(), Some(0));
}

#[test]
fn a_reader_that_has_seen_enough_ends_a_list_well_and_is_named_by_other_verbs() {
    // One prints, the other writes its output itself.
    let unread = "auxilio: nobody reads the output any more: stopped before the end\n";
    for (verb, input, ended) in [
        (&["fields"][..], "", (Some(0), "")),
        (&["signature"], "{}\n", (Some(1), unread)),
        (&["config", "show"], "", (Some(1), unread)),
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut child = Command::new(env!("CARGO_BIN_EXE_auxilio"))
            .args(verb)
            .stdin(std::process::Stdio::piped())
            .stdout(writer)
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        // A verb that reads none may have ended already.
        let _unread = std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes());
        let output = child.wait_with_output().unwrap();
        assert_eq!(
            (output.status.code(), &*String::from_utf8_lossy(&output.stderr)),
            ended,
            "{verb:?}"
        );
    }
}

#[test]
fn a_signature_comes_for_each_line_and_a_bad_line_stops_nobody() {
    use std::io::Write;
    use std::process::Stdio;
    let mut child = Command::new(env!("CARGO_BIN_EXE_auxilio"))
        .arg("signature")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = concat!(
        r#"{"os":"Linux","crashing_thread":0,"threads":[{"frames":[{"module":"a.so","function":"Foo::Bar(int)"}]}]}"#,
        "\nrubbish\n",
        r#"{"os":"Linux","crashing_thread":0,"threads":[]}"#,
        "\n"
    );
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let answers: Vec<serde_json::Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), 3);
    assert_eq!(answers[0]["signature"], "Foo::Bar");
    assert!(answers[1]["error"].is_string());
    assert!(answers[2]["signature"].as_str().unwrap().starts_with("EMPTY"));
}
