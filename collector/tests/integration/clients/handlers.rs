//! Crashpad in its transports and builds, Breakpad, CEF, Electron, the handlers in Rust.

use auxilio_common::Payload;

use super::{Body, Client, dump, field, file, multipart, part};
use crate::codings::pack;

const MAIN: &str = "upload_file_minidump";
const BOUNDARY: &str = "---MultipartBoundary-W4jPeJaqOTHbr9mpYFgZbbwYtWbq0123---";
const LIBCURL: &str = "Crashpad/0.8.0 libcurl/7.88.1 OpenSSL/3.0.22 zlib/1.2.13 brotli/1.0.9 zstd/1.5.4 Linux/6.18.44 (x86_64)";
const FROM_PROD: &str = "ProductName was taken from \"prod\"";
const FROM_VER: &str = "Version was taken from \"ver\"";

pub(crate) fn all() -> Vec<Client> {
    vec![
        crashpad("Crashpad, gzip", "Content-Encoding: gzip\r\n"),
        crashpad("Crashpad, plain", ""),
        chromium(),
        sentry(),
        crashpad_socket("Content-Encoding: gzip\r\n"),
        crashpad_socket(""),
        cef(),
        breakpad(),
        minidump_upload(),
        electron_old(),
        electron_new(),
        reqwest(),
        ureq(),
    ]
}

fn crashpad_head(query: &str) -> String {
    format!(
        "POST /submit?{query}guid=08de65ac-3786-2e48-86e7-99dc5163e10f HTTP/1.1\r\nHost: 127.0.0.1:18990\r\nUser-Agent: {LIBCURL}\r\nAccept: */*\r\nAccept-Encoding: deflate, gzip, br, zstd\r\nContent-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
    )
}

fn crashpad_form() -> Vec<u8> {
    multipart(
        BOUNDARY,
        &[
            field("guid", "08de65ac-3786-2e48-86e7-99dc5163e10f"),
            field("odd %22%25%0d%0aname", "two\nlines"),
            field("prod", "Demo"),
            field("ver", "1.2"),
            file("trace.log", "trace.log", "application/octet-stream", b"a line\n"),
            file(MAIN, "b5a0a5f8.dmp", "application/octet-stream", &dump(100_000)),
        ],
    )
}

fn crashpad(name: &'static str, coding: &str) -> Client {
    let form = crashpad_form();
    let body = if coding.is_empty() { form } else { pack("gzip", &form) };
    Client {
        name,
        head: format!("{}{coding}", crashpad_head("product=Demo&version=1.2&")),
        body: Body::Chunked(body, vec![65_536; 4]),
        annotations: vec![
            ("ProductName", "Demo"),
            ("Version", "1.2"),
            ("guid", "08de65ac-3786-2e48-86e7-99dc5163e10f"),
            ("odd %22%25%0d%0aname", "two\nlines"),
            ("prod", "Demo"),
            ("ver", "1.2"),
        ],
        files: vec![("tracelog", b"a line\n".to_vec()), (MAIN, dump(100_000))],
        notes: vec!["the file \"trace.log\" was kept as tracelog", FROM_PROD, FROM_VER],
        payload: Payload::Multipart,
        closes: false,
    }
}

/// The socket transport: HTTP/1.0 with a chunked body, no port, no User-Agent.
fn crashpad_socket(coding: &str) -> Client {
    let mut client = crashpad("Crashpad, its own transport", coding);
    client.head = format!(
        "POST /submit?guid=46d45f08-2584-244e-ba49-084c648474b5 HTTP/1.0\r\nHost: 127.0.0.1\r\n{coding}Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
    );
    client.closes = true;
    client
}

fn chromium() -> Client {
    let mut parts: Vec<Vec<u8>> = Vec::new();
    let mut annotations = vec![
        ("ProductName", "Chrome_Linux"),
        ("Version", "156.0.8078.79"),
        ("lsb-release", "Debian GNU/Linux 12 (bookworm)"),
        ("plat", "Linux"),
        ("prod", "Chrome_Linux"),
        ("ptype", "renderer"),
    ];
    let switches = [
        ("switch-1", "--type=renderer"),
        ("switch-2", "--crashpad-handler-pid=4242"),
        ("switch-3", "--enable-crash-reporter=,"),
        ("switch-4", "--lang=en-US"),
    ];
    annotations.extend(switches);
    annotations.push(("ver", "156.0.8078.79"));
    for (name, value) in &annotations[2..] {
        parts.push(field(name, value));
    }
    parts.push(file(MAIN, "b5a0a5f8.dmp", "application/octet-stream", &dump(180_000)));
    Client {
        name: "Chromium",
        head: format!("{}Content-Encoding: gzip\r\n", crashpad_head("")),
        body: Body::Chunked(pack("gzip", &multipart(BOUNDARY, &parts)), vec![65_536; 4]),
        annotations,
        files: vec![(MAIN, dump(180_000))],
        notes: vec![FROM_PROD, FROM_VER],
        payload: Payload::Multipart,
        closes: false,
    }
}

/// No type at all on the file.
fn sentry() -> Client {
    let form = multipart(
        BOUNDARY,
        &[field("sentry", "{}"), file(MAIN, "b5a0a5f8.dmp", "", &dump(20_000))],
    );
    Client {
        name: "Sentry's crashpad_handler",
        head: format!("{}Content-Encoding: gzip\r\n", crashpad_head("")),
        body: Body::Chunked(pack("gzip", &form), vec![65_536]),
        annotations: vec![("sentry", "{}")],
        files: vec![(MAIN, dump(20_000))],
        notes: Vec::new(),
        payload: Payload::Multipart,
        closes: false,
    }
}

/// A name of rubbish and an empty one.
fn cef() -> Client {
    let rubbish =
        [b"Content-Disposition: form-data; name=\"\x90\x91\xe5\x8b\"".as_slice(), b"\r\n\r\n8\r\n"]
            .concat();
    let form = multipart(
        BOUNDARY,
        &[
            field("", "8"),
            field("platform", "linux64"),
            field("product", "cefsimple"),
            field("version", "131.0"),
            rubbish,
            file(MAIN, "b5a0a5f8.dmp", "application/octet-stream", &dump(20_000)),
        ],
    );
    Client {
        name: "CEF",
        head: format!("{}Content-Encoding: gzip\r\n", crashpad_head("")),
        body: Body::Chunked(pack("gzip", &form), vec![65_536]),
        annotations: vec![
            ("ProductName", "cefsimple"),
            ("Version", "131.0"),
            ("platform", "linux64"),
            ("product", "cefsimple"),
            ("version", "131.0"),
        ],
        files: vec![(MAIN, dump(20_000))],
        notes: vec![
            "a field without a name was dropped",
            r#"the field "\\x90\\x91\\xe5\\x8b" is not UTF-8: dropped"#,
            "ProductName was taken from \"product\"",
            "Version was taken from \"version\"",
        ],
        payload: Payload::Multipart,
        closes: false,
    }
}

fn breakpad_client(name: &'static str, fields: &[(&str, &str)]) -> Client {
    let boundary = "------------------------5ba9b4c6d3e2f101";
    let mut parts: Vec<Vec<u8>> = fields.iter().map(|(name, value)| field(name, value)).collect();
    parts.push(file(
        MAIN,
        "f5c5eaf7-0d43-4397-11fb0986-e0f9ebd5.dmp",
        "application/octet-stream",
        &dump(20_000),
    ));
    Client {
        name,
        head: format!(
            "POST /submit HTTP/1.1\r\nHost: 127.0.0.1:18990\r\nUser-Agent: Breakpad/1.0 (Linux)\r\nAccept: */*\r\nContent-Type: multipart/form-data; boundary={boundary}\r\n"
        ),
        body: Body::Whole(multipart(boundary, &parts)),
        annotations: Vec::new(),
        files: vec![(MAIN, dump(20_000))],
        notes: Vec::new(),
        payload: Payload::Multipart,
        closes: false,
    }
}

fn breakpad() -> Client {
    let mut client =
        breakpad_client("Breakpad, HTTPUpload", &[("ProductName", "Demo"), ("Version", "1.0")]);
    client.annotations = vec![("ProductName", "Demo"), ("Version", "1.0")];
    client
}

fn minidump_upload() -> Client {
    let mut client =
        breakpad_client("Breakpad, minidump_upload", &[("prod", "Demo"), ("ver", "1.0")]);
    client.annotations =
        vec![("ProductName", "Demo"), ("Version", "1.0"), ("prod", "Demo"), ("ver", "1.0")];
    client.notes = vec![FROM_PROD, FROM_VER];
    client
}

/// The whole form is the file of another form.
fn electron_old() -> Client {
    let inner = multipart(
        "---------------------------2A5C7E9B1D3F",
        &[
            field("_companyName", "Demo Ltd"),
            field("prod", "Electron"),
            field("ver", "1.8.4"),
            file(MAIN, "dump", "application/octet-stream", &dump(20_000)),
        ],
    );
    let outer = "------------------------a1b2c3d4e5f60718";
    Client {
        name: "Electron, old, on Linux",
        head: format!(
            "POST /submit HTTP/1.1\r\nUser-Agent: Wget/1.19.4 (linux-gnu)\r\nAccept: */*\r\nAccept-Encoding: identity\r\nHost: 127.0.0.1:18990\r\nConnection: Keep-Alive\r\nContent-Type: multipart/form-data; boundary={outer}\r\n"
        ),
        body: Body::Whole(multipart(outer, &[file(MAIN, "x.dmp", "", &inner)])),
        annotations: vec![
            ("ProductName", "Electron"),
            ("Version", "1.8.4"),
            ("_companyName", "Demo Ltd"),
            ("prod", "Electron"),
            ("ver", "1.8.4"),
        ],
        files: vec![(MAIN, dump(20_000))],
        notes: vec![
            "upload_file_minidump was a form with a dump in it, which was taken apart",
            FROM_PROD,
            FROM_VER,
        ],
        payload: Payload::Multipart,
        closes: false,
    }
}

fn electron_new() -> Client {
    let mut client = crashpad("Electron, new", "Content-Encoding: gzip\r\n");
    let form = multipart(
        BOUNDARY,
        &[
            field("_productName", "Demo"),
            field("electron.v8-fatal.location", "v8_object"),
            field("process_type", "renderer"),
            field("prod", "Electron"),
            field("ver", "30.0.1"),
            file(MAIN, "b5a0a5f8.dmp", "application/octet-stream", &dump(20_000)),
        ],
    );
    client.body = Body::Chunked(pack("gzip", &form), vec![65_536]);
    client.annotations = vec![
        ("ProductName", "Electron"),
        ("Version", "30.0.1"),
        ("_productName", "Demo"),
        ("electron.v8-fatal.location", "v8_object"),
        ("process_type", "renderer"),
        ("prod", "Electron"),
        ("ver", "30.0.1"),
    ];
    client.files = vec![(MAIN, dump(20_000))];
    client.notes = vec![FROM_PROD, FROM_VER];
    client
}

/// Names of the head in lower case, no User-Agent, chunks of 8 KiB, no type on the file.
fn reqwest() -> Client {
    let boundary = "f3d4a8b09c1e2d35-7a6b5c4d3e2f1a0b-1029384756abcdef-fedcba9876543210";
    let body = multipart(
        boundary,
        &[field("ProductName", "Demo"), file(MAIN, "x.dmp", "", &dump(30_000))],
    );
    Client {
        name: "reqwest",
        head: format!(
            "POST /submit HTTP/1.1\r\ncontent-type: multipart/form-data; boundary={boundary}\r\naccept: */*\r\nhost: 127.0.0.1:18990\r\n"
        ),
        body: Body::Chunked(body, vec![8_192; 3]),
        annotations: vec![("ProductName", "Demo")],
        files: vec![(MAIN, dump(30_000))],
        notes: Vec::new(),
        payload: Payload::Multipart,
        closes: false,
    }
}

fn ureq() -> Client {
    let boundary = "----formdata-ureq-6f1e2d3c4b5a";
    let text = part(
        "Content-Disposition: form-data; name=\"ProductName\"\r\nContent-Type: text/plain; charset=utf-8",
        b"Demo",
    );
    Client {
        name: "ureq",
        head: format!(
            "POST /submit HTTP/1.1\r\nhost: 127.0.0.1:18990\r\ncontent-type: multipart/form-data; boundary={boundary}\r\nuser-agent: ureq/3.5.2\r\naccept: */*\r\n"
        ),
        body: Body::Whole(multipart(
            boundary,
            &[text, file(MAIN, "x.dmp", "application/vnd.tcpdump.pcap", &dump(30_000))],
        )),
        annotations: vec![("ProductName", "Demo")],
        files: vec![(MAIN, dump(30_000))],
        notes: Vec::new(),
        payload: Payload::Multipart,
        closes: false,
    }
}
