//! A server's log, watched for a line.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

/// A log, of which only what comes from now on counts.
#[derive(Debug)]
pub(crate) struct Log {
    path: PathBuf,
    from: u64,
}

impl Log {
    /// The log as it stands, or as it will be when there is one.
    pub(crate) fn from_here(path: PathBuf) -> Self {
        let from = path.metadata().map_or(0, |metadata| metadata.len());
        Self { path, from }
    }

    /// Whether a text stands in what came since.
    pub(crate) fn says(&self, line: &str) -> bool {
        let read = || -> std::io::Result<String> {
            let mut file = File::open(&self.path)?;
            // A shorter one was begun anew.
            let from = if file.metadata()?.len() < self.from { 0 } else { self.from };
            file.seek(SeekFrom::Start(from))?;
            let mut text = Vec::new();
            file.read_to_end(&mut text)?;
            Ok(String::from_utf8_lossy(&text).into_owned())
        };
        read().is_ok_and(|text| text.contains(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_counts_from_where_it_stood_or_from_its_new_beginning() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("server.log");
        std::fs::write(&path, "an earlier life was ready\n").unwrap();
        let log = Log::from_here(path.clone());
        assert!(!log.says("ready"));
        std::fs::write(&path, "an earlier life was ready\nready\n").unwrap();
        assert!(log.says("ready"));
        std::fs::write(&path, "ready\n").unwrap();
        assert!(log.says("ready"));
    }
}
