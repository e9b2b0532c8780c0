//! A private HDFS below HBase: a name node and one data node, from the same jars.

use anyhow::{Result, ensure};

use super::{Daemon, Hbase, settings};

impl Hbase {
    /// Makes an empty file system and starts it; HBase must not start before there is a data node.
    pub(super) fn start_hdfs(&self) -> Result<()> {
        let mut format = self.java(Daemon::NameNode, "format")?;
        format.args(["-cp", &self.class_path(Daemon::NameNode), Daemon::NameNode.class()]);
        let output = format.args(["-format", "-nonInteractive"]).output()?;
        ensure!(
            output.status.success(),
            "HDFS can't be formatted: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        for daemon in [Daemon::NameNode, Daemon::DataNode] {
            self.start_daemon(daemon)?;
        }
        Ok(())
    }

    /// Writes a daemon's folder of settings, with these of its own.
    pub(super) fn write_settings(&self, daemon: Daemon, own: &[(String, String)]) -> Result<()> {
        let folder = self.settings_of(daemon);
        let mut all = Vec::new();
        if self.options.hdfs {
            let root = format!("hdfs://{}/hbase", self.address(Daemon::NameNode)?);
            all.push(("hbase.rootdir".to_owned(), root));
            // HDFS can do what a plain folder can't.
            all.push(("hbase.unsafe.stream.capability.enforce".to_owned(), "true".to_owned()));
        }
        all.extend(self.options.settings.iter().chain(own).cloned());
        settings::write(&folder, &all)?;
        if self.options.hdfs {
            settings::write_hdfs(&folder)?;
        }
        Ok(())
    }
}
