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

/// What `up` remembers.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Remembered {
    port_offset: u16,
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
            let offset = remembered(&dir)?.port_offset;
            return Self::embedded(&dir, offset, place.config.as_deref(), environment);
        }
        let file = place.config.as_deref().unwrap_or(Path::new(SYSTEM_CONFIG));
        Ok(Self { config: load(&Config::default(), Some(file), environment)? })
    }

    /// The embedded installation in a folder.
    pub(crate) fn embedded(
        dir: &Path,
        port_offset: u16,
        file: Option<&Path>,
        environment: &Environment,
    ) -> anyhow::Result<Self> {
        let mut base = Config::embedded(dir, port_offset);
        let secrets = Secrets::of(dir);
        if let Ok(hash) = secrets.submitter_hash() {
            base.collector.submitter_tokens = vec![hash];
        }
        let own = dir.join(OWN_CONFIG);
        let file = file.or_else(|| own.exists().then_some(own.as_path()));
        Ok(Self { config: load(&base, file, environment)? })
    }
}

/// Remembers the ports of a data folder.
pub(crate) fn remember(dir: &Path, port_offset: u16) -> anyhow::Result<()> {
    let path = dir.join(REMEMBERED);
    let text = loader::to_toml(&Remembered { port_offset })?;
    std::fs::write(&path, text).with_context(|| format!("can't write \"{}\"", path.display()))
}

/// The ports that a data folder was last used with.
pub(crate) fn remembered_offset(dir: &Path) -> anyhow::Result<u16> {
    Ok(remembered(dir)?.port_offset)
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

fn remembered(dir: &Path) -> anyhow::Result<Remembered> {
    let path = dir.join(REMEMBERED);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Remembered::default());
        }
        Err(error) => {
            return Err(error).with_context(|| format!("can't read \"{}\"", path.display()));
        }
    };
    toml::from_str(&text).with_context(|| format!("\"{}\" is damaged", path.display()))
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
