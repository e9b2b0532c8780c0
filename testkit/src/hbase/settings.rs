//! The folder of settings that is on a daemon's class path.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};

const SITE: &str = include_str!("../../../hbase/hbase-site.xml");
const HDFS: &str = include_str!("../../../hbase/hdfs-site.xml");
const LOG: &str = include_str!("../../../hbase/log4j2.properties");
const JAVA: &str = include_str!("../../../hbase/java.args");
const ADMIN: &str = include_str!("../../../hbase/HbaseAdmin.java");

/// Makes the folder, or writes what is in it anew. Of two settings of one name the later counts.
pub(super) fn write(folder: &Path, settings: &[(String, String)]) -> Result<()> {
    let mut properties = String::new();
    for (name, value) in settings {
        writeln!(properties, "  <property><name>{name}</name><value>{value}</value></property>")?;
    }
    let (head, end) = SITE.rsplit_once("</configuration>").context("hbase-site.xml has no end")?;
    std::fs::create_dir_all(folder)?;
    std::fs::write(
        folder.join("hbase-site.xml"),
        [head, &properties, "</configuration>", end].concat(),
    )?;
    std::fs::write(folder.join("log4j2.properties"), LOG)?;
    std::fs::write(folder.join("java.args"), JAVA)?;
    std::fs::write(folder.join("HbaseAdmin.java"), ADMIN)?;
    Ok(())
}

/// Adds what HDFS needs: its settings, and two folders for web pages that its jars lack.
pub(super) fn write_hdfs(folder: &Path) -> Result<()> {
    std::fs::write(folder.join("hdfs-site.xml"), HDFS)?;
    for pages in ["hdfs", "datanode"] {
        std::fs::create_dir_all(folder.join("webapps").join(pages))?;
    }
    Ok(())
}

/// The argument that names the list of Java's flags.
pub(super) fn java_arguments(folder: &Path) -> String {
    format!("@{}", folder.join("java.args").display())
}

/// The program that runs statements, for Java to compile as it starts.
pub(super) fn admin_program(folder: &Path) -> String {
    folder.join("HbaseAdmin.java").display().to_string()
}
