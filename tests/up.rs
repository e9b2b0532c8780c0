//! `auxilio up`: one command, one folder, and nothing left behind.

use std::time::Duration;

use auxilio_tests::up::Up;
use auxilio_tests::{binary, crashes, http, roles, user, wait};
use rustix::process::Signal;

#[test]
fn a_newcomer_gets_a_report_and_a_clean_stop_and_finds_it_again() {
    let mut up = Up::start().unwrap();
    let fields = [("ProductName", "Demo"), ("Version", "1.0")];
    let id = crashes::post(up.address("collector"), &fields, Some(&up.crashes.segv)).unwrap();
    roles::wait_processed(up.address("middleware"), &[id], Duration::from_secs(60));
    let process = up.take().unwrap();
    let walkers = children(process.pid().as_raw_nonzero().get());
    assert!(!walkers.is_empty());
    assert!(process.terminate(Duration::from_secs(60)).unwrap().success());
    wait::until("the end of every child", Duration::from_secs(10), || {
        walkers
            .iter()
            .all(|pid| !std::path::Path::new(&format!("/proc/{pid}")).exists())
            .then_some(())
    });
    up.start_again().unwrap();
    assert!(roles::processed(up.address("middleware"), id).is_some());
    assert_eq!(up.count("SELECT count(*) FROM reports").unwrap(), 1);
}

/// Processes whose parent is this one.
fn children(pid: i32) -> Vec<i32> {
    let list =
        std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let of_threads = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists = of_threads
        .map(|task| std::fs::read_to_string(task.path().join("children")).unwrap_or_default());
    lists
        .chain([list])
        .flat_map(|list| list.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .filter_map(|text| text.parse().ok())
        .collect()
}

#[test]
fn a_second_up_on_the_same_folder_or_ports_is_refused_with_the_reason() {
    let up = Up::start().unwrap();
    let start = |data: &std::path::Path| {
        let mut command = binary::command().unwrap();
        command.args(["up", "--port-offset", &up.offset().to_string(), "--data"]).arg(data);
        user::run_as(&mut command).unwrap();
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(start(up.dir.path()).contains("is in use by another auxilio up"));
    let other = Up::prepare().unwrap();
    let said = start(other.dir.path());
    assert!(
        said.contains("can't be listened on")
            && said.contains("collector")
            && said.contains("postgres"),
        "{said}"
    );
}

#[test]
fn postgres_killed_under_up_is_started_again_and_nothing_is_lost() {
    let up = Up::start().unwrap();
    let pid = std::fs::read_to_string(up.dir.path().join("postgres/postmaster.pid")).unwrap();
    let pid = rustix::process::Pid::from_raw(pid.lines().next().unwrap().parse().unwrap()).unwrap();
    rustix::process::kill_process(pid, Signal::KILL).unwrap();
    let id =
        crashes::post(up.address("collector"), &[("ProductName", "Demo")], Some(&up.crashes.segv))
            .unwrap();
    roles::wait_processed(up.address("middleware"), &[id], Duration::from_secs(90));
    wait::until("the report", Duration::from_secs(60), || {
        (up.count("SELECT count(*) FROM reports").ok()? == 1).then_some(())
    });
}

#[test]
fn secrets_are_readable_by_their_owner_alone_and_open_what_they_are_for() {
    use std::os::unix::fs::PermissionsExt;
    let up = Up::start().unwrap();
    for name in ["admin_token", "submitter_token", "postgres_password"] {
        let mode = std::fs::metadata(up.dir.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let fields = [("ProductName", "Demo"), ("URL", "https://private.example/")];
    let id = crashes::post(up.address("collector"), &fields, Some(&up.crashes.segv)).unwrap();
    let middleware = up.address("middleware");
    roles::wait_processed(middleware, &[id], Duration::from_secs(60));
    let path = format!("/api/RawCrash/?crash_id={id}");
    assert_eq!(http::get(middleware, &path).unwrap().status, 403);
    let token = std::fs::read_to_string(up.dir.path().join("admin_token")).unwrap();
    let lines = format!("Auth-Token: {}\r\n", token.trim());
    let raw = http::get_with(middleware, &path, &lines).unwrap();
    assert_eq!(raw.json().unwrap()["URL"], "https://private.example/");
    let dump =
        http::get_with(middleware, &format!("{path}&format=raw&name=upload_file_minidump"), &lines)
            .unwrap();
    assert_eq!(dump.body, up.crashes.segv);
}

#[test]
fn a_parent_folder_that_the_user_can_not_pass_through_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let closed = tempfile::tempdir().unwrap();
    std::fs::set_permissions(closed.path(), std::fs::Permissions::from_mode(0o000)).unwrap();
    let mut command = binary::command().unwrap();
    command.arg("up").arg("--data").arg(closed.path().join("data"));
    user::run_as(&mut command).unwrap();
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    let named = format!("can't pass through \"{}\"", closed.path().display());
    assert!(said.contains(&named), "{said}");
}
