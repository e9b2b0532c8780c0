//! Firefox on its platforms, Thunderbird, a browser's form.

use auxilio_common::Payload;

use super::{Body, Client, dump, field, file, multipart, part};
use crate::codings::pack;

const MAIN: &str = "upload_file_minidump";
const EXTRA: &str = r#"{"BuildID":"20260801120000","ProductName":"Firefox","TelemetryEnvironment":"{\"build\":{}}","Version":"150.0a1"}"#;
const EXTRA_ANNOTATIONS: [(&str, &str); 4] = [
    ("BuildID", "20260801120000"),
    ("ProductName", "Firefox"),
    ("TelemetryEnvironment", "{\"build\":{}}"),
    ("Version", "150.0a1"),
];

pub(crate) fn all() -> Vec<Client> {
    vec![
        firefox_necko(),
        firefox_curl(),
        firefox_from_about_crashes(),
        firefox_windows_2012(),
        firefox_mac_2012(),
        firefox_android(),
        firefox_android_java(),
        thunderbird(),
        form_of_a_browser(),
    ]
}

fn json(name: &'static str, head: &str, boundary: &str, parts: &[Vec<u8>]) -> Client {
    Client {
        name,
        head: format!("{head}Content-Type: multipart/form-data; boundary={boundary}\r\n"),
        body: Body::Whole(multipart(boundary, parts)),
        annotations: EXTRA_ANNOTATIONS.to_vec(),
        files: vec![(MAIN, dump(26_000))],
        notes: Vec::new(),
        payload: Payload::Json,
        closes: false,
    }
}

fn firefox_necko() -> Client {
    let report = pack("gzip", br#"{"version":1,"reports":[]}"#);
    let mut client = json(
        "Firefox, its background task",
        "POST /submit?id={ec8030f7-c20a-464f-9b0e-13a3a9e97384}&version=150.0a1 HTTP/1.1\r\nHost: 127.0.0.1:18990\r\nUser-Agent: crashreporter/153.7.0 (linux x86_64)\r\nAccept: */*\r\nAccept-Language: en-US,en;q=0.9\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nConnection: keep-alive\r\nPriority: u=4\r\n",
        "----geckoformboundary60c27330726b796877c586ea65c69505",
        &[
            file("extra", "extra.json", "application/json", EXTRA.as_bytes()),
            file(
                MAIN,
                "2cdc4ec0-b8b8-4a2d-9c3f-6e6d7b0d5c11.dmp",
                "application/vnd.tcpdump.pcap",
                &dump(26_000),
            ),
            file(
                "memory_report",
                "2cdc4ec0-b8b8-4a2d-9c3f-6e6d7b0d5c11.memory.json.gz",
                "application/gzip",
                &report,
            ),
        ],
    );
    client.files.push(("memory_report", report));
    client
}

fn firefox_curl() -> Client {
    json(
        "Firefox, the program curl",
        "POST /submit?id=ec8030f7-c20a-464f-9b0e-13a3a9e97384&version=150.0a1 HTTP/1.1\r\nHost: 127.0.0.1:18990\r\nUser-Agent: crashreporter/153.7.0 (linux x86_64)\r\nAccept: */*\r\n",
        "------------------------d74496d66958873e",
        &[
            file("extra", "extra.json", "application/json", EXTRA.as_bytes()),
            file(MAIN, "2cdc4ec0.dmp", "application/octet-stream", &dump(26_000)),
        ],
    )
}

fn firefox_from_about_crashes() -> Client {
    let mut client = json(
        "Firefox, about:crashes",
        "POST /submit HTTP/1.1\r\nHost: 127.0.0.1:18990\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0\r\nAccept: */*\r\nAccept-Language: en-US,en;q=0.9\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nConnection: keep-alive\r\nSec-Fetch-Dest: empty\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Site: none\r\nPriority: u=4\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n",
        "----geckoformboundaryb1946ac92492d2347c6235b4d2611184",
        &[
            file("extra", "blob", "application/json", EXTRA.as_bytes()),
            file(MAIN, "2cdc4ec0.dmp", "application/octet-stream", &dump(26_000)),
            file(
                "upload_file_minidump_browser",
                "2cdc4ec0-browser.dmp",
                "application/octet-stream",
                &dump(900),
            ),
        ],
    );
    client.files.push(("upload_file_minidump_browser", dump(900)));
    client
}

fn thunderbird() -> Client {
    let mut client = json(
        "Thunderbird",
        "POST /submit?id={3550f703-e582-4d05-9a08-453d09bdfdc6}&version=150.0 HTTP/1.1\r\nHost: 127.0.0.1:18990\r\nUser-Agent: crashreporter/150.0 (linux x86_64)\r\nAccept: */*\r\n",
        "------------------------0123456789abcdef",
        &[
            file("extra", "extra.json", "application/json", br#"{"ProductName":"Thunderbird"}"#),
            file(MAIN, "x.dmp", "application/octet-stream", &dump(26_000)),
        ],
    );
    client.annotations = vec![("ProductName", "Thunderbird")];
    client
}

/// Fields one by one, the file's name with its whole path.
fn firefox_windows_2012() -> Client {
    let boundary = "---------------------------5F3A1C9E04B2D687";
    Client {
        name: "Firefox on Windows, 2012",
        head: format!(
            "POST /submit?id={{ec8030f7-c20a-464f-9b0e-13a3a9e97384}}&version=13.0&buildid=20120601045813 HTTP/1.1\r\nContent-Type: multipart/form-data; boundary={boundary}\r\nUser-Agent: Breakpad/1.0 (Windows)\r\nHost: 127.0.0.1\r\nCache-Control: no-cache\r\n"
        ),
        body: Body::Whole(multipart(
            boundary,
            &[
                field("Add-ons", "%7B972ce4c6-7e08-4474-a285-3208198ce6fd%7D:13.0"),
                field("Notes", "AdapterVendorID: 0x8086\nD2D? D2D+\r\n"),
                field("ProductName", "Firefox"),
                field("Version", "13.0"),
                file(
                    MAIN,
                    "C:\\Users\\x\\AppData\\Crash Reports\\pending\\2cdc4ec0.dmp",
                    "application/octet-stream",
                    &dump(9_000),
                ),
            ],
        )),
        annotations: vec![
            ("Add-ons", "%7B972ce4c6-7e08-4474-a285-3208198ce6fd%7D:13.0"),
            ("Notes", "AdapterVendorID: 0x8086\nD2D? D2D+\r\n"),
            ("ProductName", "Firefox"),
            ("Version", "13.0"),
        ],
        files: vec![(MAIN, dump(9_000))],
        notes: Vec::new(),
        payload: Payload::Multipart,
        closes: false,
    }
}

/// A boundary of equals signs.
fn firefox_mac_2012() -> Client {
    let boundary = "======07C6A2F45E8B9D13";
    Client {
        name: "Firefox on macOS, 2012",
        head: format!(
            "POST /submit?version=13.0 HTTP/1.1\r\nHost: 127.0.0.1:18990\r\nUser-Agent: crashreporter/1.0 CFNetwork/520.4.3 Darwin/11.4.0 (x86_64)\r\nContent-Type: multipart/form-data; boundary={boundary}\r\nAccept: */*\r\nAccept-Language: en-us\r\nAccept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\n"
        ),
        body: Body::Whole(multipart(
            boundary,
            &[
                field("ProductName", "Firefox"),
                file(MAIN, "minidump.dmp", "application/octet-stream", &dump(9_000)),
            ],
        )),
        annotations: vec![("ProductName", "Firefox")],
        files: vec![(MAIN, dump(9_000))],
        notes: Vec::new(),
        payload: Payload::Multipart,
        closes: false,
    }
}

/// Names without quotes, the dump in the middle, an empty line before the end.
fn android_form(boundary: &str, dump: Option<&[u8]>) -> Vec<u8> {
    let bare = |name: &str, value: &str| {
        let head = format!("Content-Disposition: form-data; name={name}");
        [format!("--{boundary}\r\n").as_bytes(), &part(&head, value.as_bytes())].concat()
    };
    let mut body = bare("ProductName", "Fenix");
    if let Some(dump) = dump {
        body.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        body.extend_from_slice(&file(MAIN, "x.dmp", "application/octet-stream", dump));
    } else {
        body.extend_from_slice(&bare("JavaStackTrace", "java.lang.Error: x\n\tat a.b(C.java:1)"));
    }
    body.extend_from_slice(&bare("CrashType", "fatal native crash"));
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    body
}

fn firefox_android() -> Client {
    let boundary = "---------------------------1a2b3c4d5e6f7081";
    Client {
        name: "Firefox for Android",
        head: format!(
            "POST /submit?id=%7Baa3c5121-dab2-40e2-81ca-7ea25febc110%7D&version=150.0&android_component_version=150.0 HTTP/1.1\r\nContent-Type: multipart/form-data; boundary={boundary}\r\nContent-Encoding: gzip\r\nUser-Agent: Dalvik/2.1.0 (Linux; U; Android 14)\r\nHost: 127.0.0.1:18990\r\nConnection: Keep-Alive\r\nAccept-Encoding: gzip\r\n"
        ),
        body: Body::Chunked(
            pack("gzip", &android_form(boundary, Some(&dump(9_000)))),
            vec![10, 2_048],
        ),
        annotations: vec![("CrashType", "fatal native crash\r\n"), ("ProductName", "Fenix")],
        files: vec![(MAIN, dump(9_000))],
        notes: Vec::new(),
        payload: Payload::Multipart,
        closes: false,
    }
}

fn firefox_android_java() -> Client {
    let boundary = "---------------------------1a2b3c4d5e6f7081";
    let mut client = firefox_android();
    client.name = "Firefox for Android, a Java crash";
    client.body = Body::Whole(pack("gzip", &android_form(boundary, None)));
    client.annotations = vec![
        ("CrashType", "fatal native crash\r\n"),
        ("JavaStackTrace", "java.lang.Error: x\n\tat a.b(C.java:1)"),
        ("ProductName", "Fenix"),
    ];
    client.files = Vec::new();
    client
}

fn form_of_a_browser() -> Client {
    let boundary = "----WebKitFormBoundary7MA4YWxkTrZu0gW";
    Client {
        name: "Chromium, a page's form",
        head: format!(
            "POST /submit HTTP/1.1\r\nHost: 127.0.0.1:18990\r\nConnection: keep-alive\r\nCache-Control: max-age=0\r\nOrigin: null\r\nUpgrade-Insecure-Requests: 1\r\nContent-Type: multipart/form-data; boundary={boundary}\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36\r\nAccept: text/html\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n"
        ),
        body: Body::Whole(multipart(
            boundary,
            &[
                field("ProductName", "Demo"),
                field("a %22quoted%22 name", "ü"),
                file(MAIN, "x.dmp", "application/octet-stream", &dump(9_000)),
                file("log", "", "application/octet-stream", b""),
            ],
        )),
        annotations: vec![("ProductName", "Demo"), ("a %22quoted%22 name", "ü")],
        files: vec![(MAIN, dump(9_000))],
        notes: vec!["log was an empty choice of a file and dropped"],
        payload: Payload::Multipart,
        closes: false,
    }
}
