//! curl, wget and the HTTP libraries that people script uploads with.

use auxilio_common::Payload;

use super::{Body, Client, dump, field, file, multipart, part};
use crate::codings::pack;

const MAIN: &str = "upload_file_minidump";

pub(crate) fn all() -> Vec<Client> {
    vec![
        curl_expect(),
        curl_h2c(),
        java_h2c(),
        wget(),
        requests(),
        requests_old(),
        aiohttp(),
        node_stream(),
        undici(),
        needle(),
        lwp(),
        php(),
        by_hand(),
    ]
}

/// `ProductName` and a dump, as `boundary` and `media_type` say.
fn plain(name: &'static str, head: &str, boundary: &str, media_type: &str) -> Client {
    let parts = [field("ProductName", "Demo"), file(MAIN, "x.dmp", media_type, &dump(5_000))];
    Client {
        name,
        head: format!("{head}Content-Type: multipart/form-data; boundary={boundary}\r\n"),
        body: Body::Whole(multipart(boundary.trim_matches('"'), &parts)),
        annotations: vec![("ProductName", "Demo")],
        files: vec![(MAIN, dump(5_000))],
        notes: Vec::new(),
        payload: Payload::Multipart,
        closes: false,
    }
}

fn curl_expect() -> Client {
    let boundary = "------------------------1d2c3b4a59687766";
    let mut client = plain(
        "curl, over 1 MiB",
        "POST /submit HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n",
        boundary,
        "",
    );
    client.body = Body::Waiting(multipart(
        boundary,
        &[
            field("ProductName", "Demo"),
            file(MAIN, "x.dmp", "application/octet-stream", &dump(1_500_000)),
        ],
    ));
    client.files = vec![(MAIN, dump(1_500_000))];
    client
}

fn curl_h2c() -> Client {
    plain(
        "curl --http2",
        "POST /submit HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n",
        "------------------------1d2c3b4a59687766",
        "application/octet-stream",
    )
}

fn java_h2c() -> Client {
    let boundary = "Java-c0ffee";
    let mut client = plain(
        "Java's HttpClient",
        "POST /submit HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nHost: 127.0.0.1:8000\r\nHTTP2-Settings: AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAAAAYABgAA\r\nUpgrade: h2c\r\nUser-Agent: Java-http-client/17.0.15\r\nContent-Encoding: gzip\r\n",
        boundary,
        "",
    );
    let form = multipart(
        boundary,
        &[
            field("ProductName", "Demo"),
            file(MAIN, "x.dmp", "application/octet-stream", &dump(5_000)),
        ],
    );
    // The head of gzip in a chunk of its own.
    client.body = Body::Chunked(pack("gzip", &form), vec![10]);
    client
}

fn wget() -> Client {
    plain(
        "wget --post-file",
        "POST /submit HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nUser-Agent: Wget/1.21.3\r\nAccept: */*\r\nAccept-Encoding: identity\r\nConnection: Keep-Alive\r\n",
        "--------------------------573973205876",
        "application/octet-stream",
    )
}

fn requests() -> Client {
    plain(
        "Python's requests",
        "POST /submit HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nUser-Agent: python-requests/2.32.3\r\nAccept-Encoding: gzip, deflate\r\nAccept: */*\r\nConnection: keep-alive\r\n",
        "0a4f3d2b1c5e6978a0b1c2d3e4f50617",
        "",
    )
}

/// A file's name beyond ASCII in the extended form.
fn requests_old() -> Client {
    let mut client = requests();
    client.name = "Python's requests, with urllib3 1";
    let head = "Content-Disposition: form-data; name=\"upload_file_minidump\"; filename*=utf-8''%C3%BC.dmp";
    client.body = Body::Whole(multipart(
        "0a4f3d2b1c5e6978a0b1c2d3e4f50617",
        &[field("ProductName", "Demo"), part(head, &dump(5_000))],
    ));
    client
}

/// The part's type before its disposition; chunked gzip.
fn aiohttp() -> Client {
    let boundary = "ab12cd34ef56ab12cd34ef56ab12cd34";
    let mut client = plain(
        "Python's aiohttp",
        "POST /submit HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate\r\nUser-Agent: Python/3.11 aiohttp/3.9\r\nContent-Encoding: deflate\r\n",
        boundary,
        "",
    );
    let form = multipart(
        boundary,
        &[
            part(
                "Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name=\"ProductName\"",
                b"Demo",
            ),
            part(
                "Content-Type: application/vnd.tcpdump.pcap\r\nContent-Disposition: form-data; name=\"upload_file_minidump\"; filename=\"x.dmp\"",
                &dump(5_000),
            ),
        ],
    );
    client.body = Body::Chunked(pack("deflate", &form), vec![2, 7, 7, 7, 7]);
    client
}

/// One chunk for each head and value.
fn node_stream() -> Client {
    let boundary = "--------------------------123456789012345678901234";
    let parts = [
        field("ProductName", "Demo"),
        file(MAIN, "x.dmp", "application/vnd.tcpdump.pcap", &dump(5_000)),
    ];
    let mut client = plain(
        "Node's form-data, piped",
        "POST /submit HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nConnection: close\r\n",
        boundary,
        "",
    );
    let first = parts[0].len() - 6 + boundary.len() + 4;
    let sizes = vec![first, 4, 2, boundary.len() + 4 + 108, 30, 5_000, 2];
    client.body = Body::Chunked(multipart(boundary, &parts), sizes);
    client.closes = true;
    client
}

fn undici() -> Client {
    plain(
        "Node's fetch",
        "POST /submit HTTP/1.1\r\nhost: 127.0.0.1:8000\r\nconnection: keep-alive\r\naccept: */*\r\naccept-language: *\r\nsec-fetch-mode: cors\r\nuser-agent: node\r\naccept-encoding: gzip, deflate\r\n",
        "----formdata-undici-051234567890",
        "application/octet-stream",
    )
}

fn needle() -> Client {
    let boundary = "--------------------NODENEEDLEHTTPCLIENT";
    let mut client = plain(
        "Node's needle",
        "POST /submit HTTP/1.1\r\nAccept: */*\r\nUser-Agent: Needle/3.3.1 (Node.js v18; linux x64)\r\nHost: 127.0.0.1:8000\r\nConnection: close\r\n",
        boundary,
        "",
    );
    let head = "Content-Disposition: form-data; name=\"upload_file_minidump\"; filename=\"x.dmp\"\r\nContent-Transfer-Encoding: binary\r\nContent-Type: application/octet-stream";
    client.body =
        Body::Whole(multipart(boundary, &[field("ProductName", "Demo"), part(head, &dump(5_000))]));
    client.closes = true;
    client
}

fn lwp() -> Client {
    let mut client = plain(
        "Perl's LWP",
        "POST /submit HTTP/1.1\r\nTE: deflate,gzip;q=0.3\r\nConnection: TE, close\r\nHost: 127.0.0.1:8000\r\nUser-Agent: libwww-perl/6.68\r\n",
        "xYzZY",
        "application/octet-stream",
    );
    client.closes = true;
    client
}

fn php() -> Client {
    let mut client = plain(
        "PHP's streams, HTTP/1.0",
        "POST /submit HTTP/1.0\r\nHost: 127.0.0.1:8000\r\nConnection: close\r\n",
        "--------------------------65f1a2b3c4d5e",
        "application/octet-stream",
    );
    client.closes = true;
    client
}

/// All that the standards allow and people write: a preamble and an epilogue, odd white space, folded
/// and capital names, a quoted boundary that is not first, another parameter, padding, no end of line at the end.
fn by_hand() -> Client {
    let mut client = plain(
        "a client made by hand",
        "POST /submit?x HTTP/1.1\r\nHOST:127.0.0.1\r\nX-Odd:\t \r\nCONTENT-ENCODING: identity\r\n",
        "unused",
        "",
    );
    client.head = client.head.replace(
        "Content-Type: multipart/form-data; boundary=unused",
        "content-TYPE:  Multipart/Form-Data ; charset=\"utf-8\" ;\tBoundary=\"a b:c(d)/=?+_,.'\"; x=y",
    );
    let boundary = "a b:c(d)/=?+_,.'";
    let mut body = format!("This is a form.\r\n--{boundary} \t \r\ncontent-disposition:form-data;\r\n\tNAME = ProductName ;\r\n X-Odd: 1\r\n\r\nDemo\r\n--{boundary}\r\nX: y\r\nCONTENT-TYPE : application/x-dmp\r\nContent-Disposition : form-data ; FileName=x.dmp ; name=upload_file_minidump\r\n\r\n").into_bytes();
    body.extend_from_slice(&dump(5_000));
    body.extend_from_slice(format!("\r\n--{boundary}--").as_bytes());
    client.body = Body::Whole(body);
    client
}
