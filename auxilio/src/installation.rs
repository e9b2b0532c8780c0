//! Which installation a command is about: a data folder of its own, or a configuration file.

use std::path::{Path, PathBuf};

use anyhow::Context;
use auxilio_service::config as loader;
use auxilio_service::environment::Environment;
use serde::{Deserialize, Serialize};

use crate::cli::Place;
use crate::config::Config;
use crate::up::secrets::Secrets;

/// Where a machine-wide configuration stands.
const SYSTEM_CONFIG: &str = "/etc/auxilio/auxilio.toml";

/// Where a user's own settings of an embedded installation stand, in its data folder.
const OWN_CONFIG: &str = "auxilio.toml";

/// What `up` remembers about a data folder, so that later commands find its ports.
const REMEMBERED: &str = "installation.toml";

/// An installation, found and read.
#[derive(Debug)]
pub(crate) struct Installation {
    /// The whole configuration.
    pub(crate) config: Config,
}

/// How a data folder is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Remembered {
    /// What is added to every port.
    pub(crate) port_offset: u16,
    /// Whether it has a private HBase and memcached.
    pub(crate) hbase: bool,
}

impl Installation {
    /// Finds the installation: `--data` and `--config` if given, else the machine's file, else the
    /// default data folder.
    pub(crate) fn find(place: &Place, environment: &Environment) -> anyhow::Result<Self> {
        let dir = match (&place.data, &place.config) {
            (Some(dir), _) => Some(absolute(dir)?),
            (None, Some(_)) => None,
            (None, None) if Path::new(SYSTEM_CONFIG).exists() => None,
            (None, None) => Some(default_dir(environment)?),
        };
        if let Some(dir) = dir {
            let remembered = remembered(&dir)?.unwrap_or_default();
            return Self::embedded(&dir, remembered, place.config.as_deref(), environment);
        }
        let file = place.config.as_deref().unwrap_or(Path::new(SYSTEM_CONFIG));
        Ok(Self { config: load(&Config::default(), Some(file), environment)? })
    }

    /// The embedded installation in a folder.
    pub(crate) fn embedded(
        dir: &Path,
        remembered: Remembered,
        file: Option<&Path>,
        environment: &Environment,
    ) -> anyhow::Result<Self> {
        let mut base = Config::embedded(dir, remembered.port_offset);
        if remembered.hbase {
            base.use_full_topology(remembered.port_offset);
        }
        let secrets = Secrets::of(dir);
        if let Ok(hash) = secrets.submitter_hash() {
            base.collector.submitter_tokens = vec![hash];
        }
        let own = dir.join(OWN_CONFIG);
        let file = file.or_else(|| own.exists().then_some(own.as_path()));
        Ok(Self { config: load(&base, file, environment)? })
    }
}

/// Remembers how a data folder is used.
pub(crate) fn remember(dir: &Path, remembered: Remembered) -> anyhow::Result<()> {
    let path = dir.join(REMEMBERED);
    let text = loader::to_toml(&remembered)?;
    std::fs::write(&path, text).with_context(|| format!("can't write \"{}\"", path.display()))
}

/// `/var/lib/auxilio` as root, else a folder of the user's own.
pub(crate) fn default_dir(environment: &Environment) -> anyhow::Result<PathBuf> {
    if rustix::process::geteuid().is_root() {
        return Ok(PathBuf::from("/var/lib/auxilio"));
    }
    let home =
        environment.home().context("HOME is not set: name the data folder with --data DIR")?;
    Ok(home.join(".local/share/auxilio"))
}

/// A path that stays right when the working folder changes.
pub(crate) fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("can't resolve \"{}\"", path.display()))
}

/// How a data folder was last used; `None` before its first start.
pub(crate) fn remembered(dir: &Path) -> anyhow::Result<Option<Remembered>> {
    let path = dir.join(REMEMBERED);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(None);
        }
        Err(error) => {
            return Err(error).with_context(|| format!("can't read \"{}\"", path.display()));
        }
    };
    toml::from_str(&text).map(Some).with_context(|| format!("\"{}\" is damaged", path.display()))
}

fn load(base: &Config, file: Option<&Path>, environment: &Environment) -> anyhow::Result<Config> {
    let text = file
        .map(|file| {
            std::fs::read_to_string(file)
                .map_err(|source| loader::Error::Read { path: file.display().to_string(), source })
        })
        .transpose()?;
    let config: Config = loader::load_over(base, text.as_deref(), environment)?;
    config.check()?;
    Ok(config)
}
