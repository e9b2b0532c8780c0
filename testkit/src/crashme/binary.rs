//! Where the built `auxilio-crashme` is.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};

const NAME: &str = "auxilio-crashme";

/// The program in the target folder of the running executable.
///
/// Cargo builds it for tests of this crate alone. A test of another crate that finds none has
/// cargo build it, once.
pub fn binary() -> Result<PathBuf> {
    static BUILT: OnceLock<Result<(), String>> = OnceLock::new();
    let running = std::env::current_exe().context("find the running executable")?;
    if let Ok(found) = binary_beside(&running) {
        return Ok(found);
    }
    let built = BUILT.get_or_init(|| build(&running).map_err(|error| format!("{error:#}")));
    if let Err(reason) = built {
        bail!("build {NAME}: {reason}");
    }
    binary_beside(&running)
}

/// The program beside `executable`, or beside the `deps` folder that it lies in.
pub fn binary_beside(executable: &Path) -> Result<PathBuf> {
    let folder = target_folder(executable);
    let path = folder.join(NAME);
    if !path.is_file() {
        bail!("there is no {NAME} in {}", folder.display());
    }
    Ok(path)
}

/// `target/debug` for an executable in it or in its `deps`.
fn target_folder(executable: &Path) -> &Path {
    let folder = executable.parent().unwrap_or(Path::new("."));
    match folder.file_name() {
        Some(name) if name == "deps" || name == "examples" => folder.parent().unwrap_or(folder),
        _ => folder,
    }
}

fn build(running: &Path) -> Result<()> {
    let folder = target_folder(running);
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("release") => "release",
        Some("debug") => "dev",
        _ => bail!("{} is no target folder of cargo", folder.display()),
    };
    let status = Command::new(option_env!("CARGO").unwrap_or("cargo"))
        .args(["build", "--quiet", "--package", env!("CARGO_PKG_NAME"), "--bins"])
        .args(["--profile", profile])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .context("start cargo")?;
    if !status.success() {
        bail!("cargo ended with {status}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_looked_for_beside_the_executable_and_above_deps() {
        let folder = tempfile::tempdir().unwrap();
        let test = folder.path().join("deps/some_test-0123");
        assert!(binary_beside(&test).unwrap_err().to_string().contains("no auxilio-crashme"));
        std::fs::write(folder.path().join(NAME), "").unwrap();
        assert_eq!(binary_beside(&test).unwrap(), folder.path().join(NAME));
        assert_eq!(
            binary_beside(&folder.path().join("auxilio")).unwrap(),
            folder.path().join(NAME)
        );
    }
}
