//! The most memory that a collector has while many large bodies come at once.

use std::io::Write as _;
use std::path::Path;
use std::sync::Barrier;
use std::thread;

use crate::load;
use crate::server::{Kind, Server};

const UPLOADS: usize = 200;

const DUMP_BYTES: usize = 20_000_000;

/// All of them are under way before the first one ends.
pub(crate) fn uploads(dir: &Path) {
    let folder = tempfile::tempdir_in(dir).unwrap();
    let server = Server::start(Kind::Collector, folder.path());
    let before = server.peak_bytes();
    let request = load::request(&vec![7; DUMP_BYTES]);
    let (most, rest) = request.split_at(request.len() - 1_000);
    let all_under_way = Barrier::new(UPLOADS);
    thread::scope(|scope| {
        for _ in 0..UPLOADS {
            scope.spawn(|| {
                let mut stream = load::connect(server.address);
                stream.write_all(most).unwrap();
                all_under_way.wait();
                stream.write_all(rest).unwrap();
                load::read_answer(&mut stream);
            });
        }
    });
    println!(
        "{UPLOADS} uploads of {DUMP_BYTES} bytes at once: at most {:.1} MB resident ({:.1} MB before)",
        server.peak_bytes() as f64 / 1e6,
        before as f64 / 1e6,
    );
}
