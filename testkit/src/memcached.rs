//! A throw-away memcached of one's own, from the machine's package, on a free loopback port.
//!
//! As root it runs as an unprivileged user. It ends when it is dropped, or with the test program,
//! whatever ends that.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

use crate::postgres::{Owner, free_port, owner, spawn_for_the_program_s_life};

/// How long a start or an answer may take before it has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// A private memcached.
#[derive(Debug)]
pub struct Memcached {
    process: Mutex<Option<Child>>,
    port: u16,
    options: Vec<String>,
}

impl Memcached {
    /// Starts one with its defaults.
    pub fn start() -> Result<Self> {
        Self::start_with(&[])
    }

    /// Starts one with more of its options, such as `-m 1` for one megabyte.
    pub fn start_with(options: &[&str]) -> Result<Self> {
        let options = options.iter().map(|option| (*option).to_owned()).collect();
        let mut server = Self { process: Mutex::new(None), port: free_port()?, options };
        // Between finding a free port and using it somebody else may have taken it.
        for _ in 0..3 {
            if server.start_again().is_ok() {
                return Ok(server);
            }
            server.port = free_port()?;
        }
        server.start_again()?;
        Ok(server)
    }

    /// Where it listens, as `host:port`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Starts it on its port, after [`Memcached::stop`]. It has forgotten everything.
    pub fn start_again(&self) -> Result<()> {
        let mut process = self.process();
        ensure!(process.is_none(), "memcached runs already");
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]);
        if let Some(Owner { user, group }) = owner()? {
            command.arg(format!("--reuid={user}")).arg(format!("--regid={group}"));
            command.arg("--clear-groups");
        }
        command.args(["memcached", "-l", "127.0.0.1", "-U", "0", "-p", &self.port.to_string()]);
        command.args(&self.options).stdin(Stdio::null()).stderr(Stdio::null());
        let mut child = spawn_for_the_program_s_life(command)?;
        let start = Instant::now();
        while self.stat("pid").ok() != Some(u64::from(child.id())) {
            if let Some(status) = child.try_wait()? {
                bail!("memcached ended at its start with {status}: is it installed?");
            }
            if start.elapsed() > PATIENCE {
                child.kill()?;
                bail!("memcached does not answer after {PATIENCE:?}");
            }
            thread::sleep(Duration::from_millis(10));
        }
        *process = Some(child);
        Ok(())
    }

    /// Ends it, with all that it remembers. Stopped already is fine.
    pub fn stop(&self) -> Result<()> {
        let Some(mut child) = self.process().take() else { return Ok(()) };
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// Stops its time: connections stay and are accepted, and nothing is answered.
    pub fn freeze(&self) -> Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets it go on after [`Memcached::freeze`].
    pub fn thaw(&self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    /// One of its statistics that is a number, such as `curr_items` or `evictions`.
    pub fn stat(&self, name: &str) -> Result<u64> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        (&stream).write_all(b"stats\r\n")?;
        for line in BufReader::new(&stream).lines() {
            let line = line?;
            let mut words = line.split_ascii_whitespace();
            match (words.next(), words.next(), words.next()) {
                (Some("STAT"), Some(known), Some(value)) if known == name => {
                    return value.parse().with_context(|| format!("{name} is {value}"));
                }
                (Some("END"), ..) => break,
                _ => {}
            }
        }
        bail!("memcached has no statistic {name}")
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let process = self.process();
        let child = process.as_ref().context("memcached does not run")?;
        Ok(kill_process(Pid::from_child(child), signal)?)
    }

    fn process(&self) -> MutexGuard<'_, Option<Child>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Memcached {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            eprintln!("testkit: {error:#}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memcached_comes_back_on_its_port_and_has_forgotten_everything() {
        let server = Memcached::start().unwrap();
        let mut stream = TcpStream::connect(server.address()).unwrap();
        stream.write_all(b"set key 0 0 5\r\nvalue\r\n").unwrap();
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).unwrap();
        assert_eq!(answer, "STORED\r\n");
        assert_eq!(server.stat("curr_items").unwrap(), 1);
        server.stop().unwrap();
        assert!(TcpStream::connect(server.address()).is_err());
        server.start_again().unwrap();
        assert_eq!(server.stat("curr_items").unwrap(), 0);
    }
}
