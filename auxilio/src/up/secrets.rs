//! The secrets of an embedded installation: made once, readable by their owner alone.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use auxilio_common::Random;
use auxilio_service::secret::Secret;

/// Files that hold a secret each.
#[derive(Clone, Debug)]
pub(crate) struct Secrets {
    pub(crate) admin_token: PathBuf,
    pub(crate) submitter_token: PathBuf,
    pub(crate) postgres_password: PathBuf,
}

impl Secrets {
    /// Where they lie in a data folder.
    pub(crate) fn of(dir: &Path) -> Self {
        Self {
            admin_token: dir.join("admin_token"),
            submitter_token: dir.join("submitter_token"),
            postgres_password: dir.join("postgres_password"),
        }
    }

    /// Makes those that are not there yet.
    pub(crate) fn make_missing(&self, random: &dyn Random) -> anyhow::Result<()> {
        for path in [&self.admin_token, &self.submitter_token, &self.postgres_password] {
            if !path.exists() {
                make(path, random)
                    .with_context(|| format!("can't make the secret \"{}\"", path.display()))?;
            }
        }
        Ok(())
    }

    /// The submitter token's hash, as the collector's configuration holds it.
    pub(crate) fn submitter_hash(&self) -> anyhow::Result<String> {
        Ok(auxilio_collector::hash_token(Secret::read(&self.submitter_token)?.expose()))
    }
}

/// Writes 32 hexadecimal digits beside the name, then renames: a file that is there is whole.
fn make(path: &Path, random: &dyn Random) -> std::io::Result<()> {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    let fresh = path.with_extension("new");
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&fresh)?;
    writeln!(file, "{:032x}", u128::from_be_bytes(bytes))?;
    file.sync_all()?;
    std::fs::rename(&fresh, path)
}
