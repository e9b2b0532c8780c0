//! Where the regions of a table are, and moving and splitting them.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::{Daemon, Hbase, PATIENCE};

/// One region of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// The name that HBase's Admin takes.
    pub name: String,
    /// Its first row key, as the shell writes keys.
    pub start: String,
    /// Who serves it: `host,port,start time`.
    pub server: String,
}

impl Hbase {
    /// The regions of a table in the order of their keys.
    pub fn regions(&self, table: &str) -> Result<Vec<Region>> {
        let lines = self.admin(&format!("regions '{table}'"))?;
        lines.iter().map(|line| parse(line)).collect()
    }

    /// Moves a region to a region server, and waits until it is there.
    pub fn move_region(&self, table: &str, region: &Region, to: usize) -> Result<()> {
        let server = self.server_name(to)?;
        if region.server == server {
            return Ok(());
        }
        until(&format!("{} is moved", region.name), || {
            // Of a server that has just come the master thinks so little that it may open the region
            // where it was: then it is told once more. It also refuses while a region is under way.
            let _ = self.admin(&format!("move '{}', '{server}'", region.name));
            let regions = self.regions(table)?;
            Ok(regions.iter().any(|now| now.name == region.name && now.server == server))
        })
    }

    /// Moves every region of a table to the next region server.
    pub fn move_all(&self, table: &str) -> Result<()> {
        self.regions(table)?.iter().try_for_each(|region| self.move_on(table, region))
    }

    /// Moves a region to the next region server.
    pub fn move_on(&self, table: &str, region: &Region) -> Result<()> {
        let count = self.options.region_servers;
        let servers = (0..count).map(|number| self.server_name(number));
        let servers: Vec<_> = servers.collect::<Result<_>>()?;
        let at = servers.iter().position(|name| *name == region.server);
        self.move_region(table, region, at.map_or(0, |at| (at + 1) % count))
    }

    /// Gives the regions of a table to all region servers in turn.
    pub fn spread(&self, table: &str) -> Result<()> {
        for (number, region) in self.regions(table)?.iter().enumerate() {
            self.move_region(table, region, number % self.options.region_servers)?;
        }
        Ok(())
    }

    /// Splits the region that holds a row key there, and waits until both halves are served.
    pub fn split(&self, table: &str, key: &str) -> Result<()> {
        self.admin(&format!("split '{table}', '{key}'"))?;
        until(&format!("{table} is split at {key}"), || {
            Ok(self.regions(table)?.iter().any(|region| region.start == key))
        })?;
        self.wait_served()
    }

    /// Waits until a row of each region of each table can be read through HBase's own client, and
    /// the master answers: the cluster itself is well.
    pub fn wait_served(&self) -> Result<()> {
        until("all regions are served", || Ok(self.admin("probe").is_ok()))
    }

    /// A region server's name within the cluster; each of its lives has another.
    fn server_name(&self, number: usize) -> Result<String> {
        let port = self.port(Daemon::RegionServer(number))?.to_string();
        let mut servers = self.admin("servers")?;
        // A life that has just ended may still be listed; the newest has the highest start time.
        servers.sort_unstable();
        let found = servers.into_iter().rfind(|name| name.split(',').nth(1) == Some(&port));
        found.with_context(|| format!("region server {number} is not in the cluster"))
    }
}

fn until(what: &str, is_so: impl Fn() -> Result<bool>) -> Result<()> {
    let start = Instant::now();
    while !is_so()? {
        ensure!(start.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}

fn parse(line: &str) -> Result<Region> {
    let parsed = line.split_once(" '").and_then(|(name, rest)| {
        let (start, server) = rest.rsplit_once("' ")?;
        Some(Region { name: name.into(), start: start.into(), server: server.into() })
    });
    parsed.with_context(|| format!("no region: {line}"))
}
