//! The worker process: walks one dump after the other, for one pool.
//!
//! It reads requests from standard input and answers on standard output, which nothing else ever
//! reaches: whatever prints goes to standard error. Its memory is limited, so that a hostile
//! dump ends in an abort and not in the machine's memory. It ends at once when its standard input
//! closes, be it in the middle of a dump: then the pool is gone. (The death signal of Linux would
//! not do: it comes when the *thread* that started the worker ends.)

use std::fs::{self, File};
use std::io::{self, BufRead, Write};
use std::process::ExitCode;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use auxilio_common::limits;
use auxilio_symbols::{StoreOptions, SymbolStore};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::protocol::{Answer, Hello, Request};
use crate::{DumpMap, walk_dump};

/// Runs a worker until its standard input closes. The whole of the hidden verb `stackwalk-worker`.
pub fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stackwalk worker: {error}");
            ExitCode::FAILURE
        }
    }
}

type Output = Arc<Mutex<File>>;

fn run() -> io::Result<()> {
    let output: Output = Arc::new(Mutex::new(take_stdout()?));
    let lines = read_lines_until_closed();
    let Ok(first) = lines.recv() else { return Ok(()) };
    let hello: Hello = serde_json::from_str(&first)?;
    limit_this_process(hello.address_space_bytes)?;
    answer(&output, &Answer::Ready, &[])?;
    let options = StoreOptions { stores: hello.stores, cache: hello.cache };
    let on_indexing = {
        let output = Arc::clone(&output);
        // If the pool is gone, so is this process in a moment.
        move |bytes| drop(answer(&output, &Answer::Indexing { bytes }, &[]))
    };
    let store = SymbolStore::with_on_indexing(options, on_indexing);
    while let Ok(line) = lines.recv() {
        let request: Request = serde_json::from_str(&line)?;
        answer(&output, &Answer::Begun, &[])?;
        let (line, json) = serve(&request, &store);
        answer(&output, &line, &json)?;
    }
    Ok(())
}

fn serve(request: &Request, store: &SymbolStore) -> (Answer, Vec<u8>) {
    let mut dump = match DumpMap::open(&request.path, request.offset, request.length) {
        Ok(dump) => dump,
        Err(error) => return (Answer::Io { message: error.to_string() }, Vec::new()),
    };
    match walk_dump(&mut dump, store, &request.hints) {
        Ok(walked) => {
            let line = Answer::Walked {
                json_bytes: walked.json.len() as u64,
                resident_bytes: own_bytes("RssAnon:").unwrap_or(0),
                facts: walked.facts,
            };
            (line, walked.json)
        }
        Err(unreadable) => (Answer::Unreadable { status: unreadable.status }, Vec::new()),
    }
}

fn answer(output: &Output, line: &Answer, json: &[u8]) -> io::Result<()> {
    let mut bytes = serde_json::to_vec(line)?;
    bytes.push(b'\n');
    let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
    output.write_all(&bytes)?;
    output.write_all(json)
}

/// Keeps standard output for answers and lets everything else that prints reach standard error.
fn take_stdout() -> io::Result<File> {
    let answers = rustix::io::fcntl_dupfd_cloexec(io::stdout(), 3)?;
    rustix::stdio::dup2_stdout(io::stderr())?;
    Ok(File::from(answers))
}

/// Reads lines on a thread of its own, which ends the process when there are no more.
fn read_lines_until_closed() -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
        std::process::exit(0);
    });
    lines
}

fn limit_this_process(address_space_bytes: u64) -> io::Result<()> {
    // A core dump would hold a stranger's memory, and nobody asks for it.
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    limit(Resource::As, "VmSize:", address_space_bytes)?;
    limit(Resource::Data, "VmData:", limits::WALKER_DATA_BYTES)
}

/// Lets a kind of memory grow by so many bytes, for good.
fn limit(resource: Resource, field: &str, bytes: u64) -> io::Result<()> {
    let wanted = own_bytes(field).unwrap_or(0).saturating_add(bytes);
    let maximum = getrlimit(resource).maximum.map_or(wanted, |maximum| maximum.min(wanted));
    setrlimit(resource, Rlimit { current: Some(maximum), maximum: Some(maximum) })?;
    Ok(())
}

/// A number of bytes from this process's own status.
fn own_bytes(field: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}
