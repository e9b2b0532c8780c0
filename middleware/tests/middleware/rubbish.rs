//! Servers that speak on memcached's port and are none: nothing that they say reaches a reader.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use auxilio_middleware::Config;
use auxilio_testkit::splitmix::SplitMix;

use crate::cache::{path, product};
use crate::fixture::{Service, TOKEN, config, id, json, text};
use crate::permissions::full_crash;

/// Starts a server that hands each connection to `serve`, for the program's life.
fn serve(serve: impl Fn(TcpStream) + Clone + Send + 'static) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = serve.clone();
            thread::spawn(move || serve(stream));
        }
    });
    address
}

/// Answers everything with the same bytes.
fn parrot(answer: Vec<u8>) -> String {
    serve(move |mut stream| {
        let mut piece = vec![0; 65_536];
        while stream.read(&mut piece).is_ok_and(|length| length > 0) {
            if stream.write_all(&answer).is_err() {
                return;
            }
        }
    })
}

/// Talks without an end, and without ever ending a line.
fn chatterer() -> String {
    let piece = vec![b'V'; 65_536];
    serve(move |mut stream| while stream.write_all(&piece).is_ok() {})
}

/// Keeps the last value that was set, and gives it for every key that is asked for.
fn confuser() -> (String, Arc<Mutex<Vec<u8>>>) {
    let last = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&last);
    let address = serve(move |stream| {
        let mut reader = BufReader::new(&stream);
        let mut line = String::new();
        while reader.read_line(&mut line).is_ok_and(|length| length > 0) {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            let answer = if words[0] == "ms" {
                let mut value = vec![0; words[2].parse::<usize>().unwrap() + 2];
                reader.read_exact(&mut value).unwrap();
                value.truncate(value.len() - 2);
                *kept.lock().unwrap() = value;
                b"HD\r\n".to_vec()
            } else {
                let value = kept.lock().unwrap().clone();
                let head = format!("VA {} f0\r\n", value.len());
                if value.is_empty() {
                    b"EN\r\n".to_vec()
                } else {
                    [head.as_bytes(), &value, b"\r\n"].concat()
                }
            };
            if (&stream).write_all(&answer).is_err() {
                return;
            }
            line.clear();
        }
    });
    (address, last)
}

/// A service whose cache speaks rubbish. An unfinished answer is waited for a moment only.
async fn before(address: String) -> Service {
    let servers = vec![address];
    Service::start_with(Config {
        memcached_servers: servers,
        memcached_time_max_millis: 50,
        ..config()
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_rubbish_reaches_a_reader() {
    let mut random = vec![0; 4_096];
    SplitMix::new(7).fill(&mut random);
    let answers: Vec<Vec<u8>> = [
        "\r\n",
        "\n",
        "HD\r\n",
        "EN\r\n",
        "NF\r\n",
        "MN\r\n",
        "VA 5 f0\r\nhello\r\n",
        "VA 0 f0\r\n\r\n",
        "VA 5 f0\r\nhello, and more\r\n",
        "VA 5\r\nhel",
        "VA -1 f0\r\n",
        "VA 1073741824 f0\r\nx",
        "VA 18446744073709551615 f0\r\n\r\n",
        "VA x f0\r\n\r\n",
        "VALUE key 0 5\r\nhello\r\nEND\r\n",
        "ERROR\r\n",
        "CLIENT_ERROR no\r\n",
        "SERVER_ERROR out of memory\r\n",
        "HTTP/1.1 400 Bad Request\r\n\r\n",
        "VA 5 f0 W Z X\r\nhello\r\n",
    ]
    .iter()
    .map(|answer| answer.as_bytes().to_vec())
    .chain([random])
    .collect();
    let addresses = answers.into_iter().map(parrot).chain([chatterer()]);
    for address in addresses.collect::<Vec<_>>() {
        let service = before(address.clone()).await;
        for run in ["first", "second"] {
            service.process(id(1), product(run)).await;
            for _ in 0..5 {
                let answer = service.get(&path(id(1))).await;
                assert_eq!(answer.status, 200, "{address}: {}", text(&answer));
                assert_eq!(json(&answer)["product"], run);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_key_s_value_is_never_taken_for_one_s_own() {
    let (address, last) = confuser();
    let settings = Config { memcached_servers: vec![address], ..config() };
    let service = Service::start_with(settings).await;
    service.process(id(1), full_crash()).await;
    service.process(id(2), product("two")).await;
    // The server keeps what the holder of the token saw, and offers it to everybody.
    for _ in 0..500 {
        let answer = service.get_with(&path(id(1)), &[("Auth-Token", TOKEN)]).await;
        assert!(text(&answer).contains("SECRET"));
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        if !last.lock().unwrap().is_empty() {
            break;
        }
    }
    assert!(!last.lock().unwrap().is_empty(), "nothing was kept");
    let protected = last.lock().unwrap().clone();
    for _ in 0..5 {
        last.lock().unwrap().clone_from(&protected);
        assert!(!text(&service.get(&path(id(1))).await).contains("SECRET"));
        last.lock().unwrap().clone_from(&protected);
        assert_eq!(json(&service.get(&path(id(2))).await)["product"], "two");
    }
    // The same bytes with one changed are nobody's.
    for place in [0, 8, 40, 56, 70] {
        let mut broken = protected.clone();
        broken[place] ^= 1;
        *last.lock().unwrap() = broken;
        let answer = service.get_with(&path(id(1)), &[("Auth-Token", TOKEN)]).await;
        assert!(answer.status == 200 && text(&answer).contains("SECRET"));
    }
}
