//! Crashes to post: real dumps of the program that crashes on purpose, with its symbols.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use auxilio_common::CrashId;
use auxilio_testkit::crashme::{self, Kind, Options};

use crate::http;

/// Real dumps in a folder.
#[derive(Debug)]
pub struct Crashes {
    /// A small one, of a segmentation fault with inlined frames.
    pub segv: Vec<u8>,
    /// Another kind.
    pub abort: Vec<u8>,
}

impl Crashes {
    /// Makes them, and writes the program's symbols to `symbols`.
    pub fn make(dir: &Path, symbols: &Path) -> Result<Self> {
        crashme::write_symbols(symbols)?;
        let dump = |kind, name: &str| -> Result<Vec<u8>> {
            let path: PathBuf = dir.join(name);
            crashme::dump(kind, Options::default(), &path)?;
            Ok(std::fs::read(path)?)
        };
        Ok(Self { segv: dump(Kind::Segv, "segv.dmp")?, abort: dump(Kind::Abort, "abort.dmp")? })
    }
}

/// A form with fields and one dump.
pub fn form(fields: &[(&str, &str)], dump: Option<&[u8]>) -> (String, Vec<u8>) {
    let boundary = "----------------------------of-the-test".to_owned();
    let mut body = Vec::new();
    for (name, text) in fields {
        body.extend_from_slice(
            format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n"
            )
            .as_bytes(),
        );
    }
    if let Some(dump) = dump {
        body.extend_from_slice(
            format!("--{boundary}\r\nContent-Disposition: form-data; name=\"upload_file_minidump\"; filename=\"a.dmp\"\r\n\r\n").as_bytes(),
        );
        body.extend_from_slice(dump);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    (boundary, body)
}

/// Posts a crash; `Ok` only for an acknowledged one.
pub fn post(
    collector: SocketAddr,
    fields: &[(&str, &str)],
    dump: Option<&[u8]>,
) -> Result<CrashId> {
    let (boundary, body) = form(fields, dump);
    let answer = http::submit(collector, &boundary, "", &body)?;
    let text = answer.text();
    let id = text.strip_prefix("CrashID=bp-").and_then(|rest| rest.strip_suffix('\n'));
    let id = id.with_context(|| format!("not acknowledged: {} {text}", answer.status))?;
    Ok(id.parse()?)
}
