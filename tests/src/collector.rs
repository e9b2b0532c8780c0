//! A collector alone, as an unprivileged user: all that is needed to accept a crash.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::process::Process;
use crate::{binary, user, wait};

/// A submitter's token.
pub const TOKEN: &str = "a-token-of-the-test";

/// Its SHA-256, as configurations have it.
pub const TOKEN_HASH: &str = "5be83403bcf6a6d14387dbe913dcfe58cd68d448d387441ab001d817cfdece9f";

/// Time within which it listens, on a machine that does other things too.
const START_TIME: Duration = Duration::from_secs(60);

/// A running collector.
#[derive(Debug)]
pub struct Collector {
    /// The process that was started: the collector, or what it runs under.
    pub process: Process,
    /// Where it listens.
    pub address: SocketAddr,
    dir: TempDir,
}

impl Collector {
    /// Starts one on a spool, whose parent folder becomes its user's. There are no water marks.
    pub fn start(spool: &Path) -> Result<Self> {
        Self::start_as(&[], spool, "", "")
    }

    /// Starts one with more lines in the section `collector` of its configuration, and sections after it.
    pub fn start_with(spool: &Path, more: &str) -> Result<Self> {
        Self::start_as(&[], spool, "", more)
    }

    /// Starts one under a program that gets its command line as further arguments. `more` is added to
    /// the section `spool` of its configuration.
    pub fn start_under(program: &[&str], spool: &Path, more: &str) -> Result<Self> {
        Self::start_as(program, spool, more, "")
    }

    fn start_as(
        program: &[&str],
        spool: &Path,
        spool_lines: &str,
        collector_lines: &str,
    ) -> Result<Self> {
        let dir = tempfile::Builder::new().prefix("auxilio-test-").tempdir()?;
        user::give(dir.path())?;
        user::give(spool.parent().context("a spool lies in no folder")?)?;
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let config = dir.path().join("auxilio.toml");
        let text = format!(
            "[spool]\ndir = \"{}\"\nfree_percent_min = 0\nfree_bytes_min = 0\n\
             free_inodes_percent_min = 0\n{spool_lines}\n[disk_store]\ndir = \"{}\"\n\
             [collector]\naddress = \"{address}\"\n{collector_lines}\n",
            spool.display(),
            dir.path().join("store").display(),
        );
        std::fs::write(&config, text)?;
        let mut command = match program {
            [] => binary::command()?,
            [program, arguments @ ..] => {
                let mut command = binary::command_of(Path::new(program));
                command.args(arguments).arg(binary::auxilio()?);
                command
            }
        };
        run(&mut command, &config, &log(&dir))?;
        let process = Process::start(&mut command)?;
        let collector = Self { process, address, dir };
        collector.wait_listening();
        Ok(collector)
    }

    fn wait_listening(&self) {
        wait::until("a listening collector", START_TIME, || TcpStream::connect(self.address).ok());
    }

    /// What it logged.
    pub fn log_text(&self) -> String {
        std::fs::read_to_string(log(&self.dir)).unwrap_or_default()
    }
}

fn log(dir: &TempDir) -> PathBuf {
    dir.path().join("log")
}

fn run(command: &mut Command, config: &Path, log: &Path) -> Result<()> {
    command.arg("--config").arg(config).args(["run", "collector"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(log)?);
    user::run_as(command)
}
