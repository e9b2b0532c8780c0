//! The test programs that cargo has built: from what it prints of each artifact.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use serde_json::Value;

use super::costs::{self, Cost};
use super::options::Options;

/// One test program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Its root file from the workspace's root: what it is called here.
    pub source: String,
    /// What to start.
    pub executable: PathBuf,
    /// Its package's folder: where it runs.
    pub folder: PathBuf,
    /// Its package.
    pub package: String,
    /// Its package's version.
    pub version: String,
    /// How long it runs and what it must not meet.
    pub cost: Cost,
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

/// Lets cargo build them. What the compiler has to say goes to stderr.
pub fn list(root: &Path, options: &Options) -> anyhow::Result<Vec<Program>> {
    let output = Command::new("cargo")
        .args(["test", "--no-run", "--message-format=json-render-diagnostics"])
        .args(options.for_cargo())
        .current_dir(root)
        .stderr(Stdio::inherit())
        .output()
        .context("starting cargo test --no-run")?;
    if !output.status.success() {
        bail!("cargo test --no-run ended with {}", output.status);
    }
    let text = String::from_utf8(output.stdout).context("cargo printed no UTF-8")?;
    parse(&text, root)
}

/// The programs among cargo's messages, one JSON a line.
fn parse(messages: &str, root: &Path) -> anyhow::Result<Vec<Program>> {
    let mut programs = Vec::new();
    // A build script may print lines of its own.
    for line in messages.lines().filter(|line| line.starts_with('{')) {
        let message: Value = serde_json::from_str(line).context("reading cargo's messages")?;
        let is_test = message["profile"]["test"] == true && message["executable"].is_string();
        if message["reason"] == "compiler-artifact" && is_test {
            programs.push(program(&message, root).with_context(|| format!("artifact {line}"))?);
        }
    }
    Ok(programs)
}

fn program(message: &Value, root: &Path) -> anyhow::Result<Program> {
    let text = |value: &Value| value.as_str().map(str::to_owned).context("a field is missing");
    let source = text(&message["target"]["src_path"])?;
    let below = Path::new(&source).strip_prefix(root).context("it is not of the workspace")?;
    let source = below.display().to_string();
    let manifest = PathBuf::from(text(&message["manifest_path"])?);
    let (package, version) = package(&text(&message["package_id"])?)?;
    Ok(Program {
        cost: costs::of(&source),
        source,
        executable: text(&message["executable"])?.into(),
        folder: manifest.parent().context("the manifest has no folder")?.to_owned(),
        package,
        version,
    })
}

/// Name and version from `path+file:///folder#name@version`; the name is left out if it is the folder's.
fn package(id: &str) -> anyhow::Result<(String, String)> {
    let (url, fragment) = id.rsplit_once('#').context("a package id without #")?;
    let folder = url.rsplit('/').next().unwrap_or(url);
    let (name, version) = fragment.split_once('@').unwrap_or((folder, fragment));
    Ok((name.to_owned(), version.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGES: &str = r#"
{"reason":"compiler-artifact","package_id":"registry+https://x#dep@1.0.0","target":{"src_path":"/y/lib.rs"},"profile":{"test":false},"executable":null}
a line that is no JSON
{"reason":"compiler-artifact","package_id":"path+file:///w/auxilio#0.1.0","manifest_path":"/w/auxilio/Cargo.toml","target":{"src_path":"/w/auxilio/src/main.rs"},"profile":{"test":false},"executable":"/w/target/debug/auxilio"}
{"reason":"compiler-artifact","package_id":"path+file:///w/auxilio#0.1.0","manifest_path":"/w/auxilio/Cargo.toml","target":{"src_path":"/w/auxilio/src/main.rs"},"profile":{"test":true},"executable":"/w/target/debug/deps/auxilio-1"}
{"reason":"compiler-artifact","package_id":"path+file:///w/spool#auxilio-spool@0.2.0","manifest_path":"/w/spool/Cargo.toml","target":{"src_path":"/w/spool/tests/counts.rs"},"profile":{"test":true},"executable":"/w/target/debug/deps/counts-2"}
{"reason":"build-finished","success":true}"#;

    #[test]
    fn programs_are_what_cargo_built_to_test() {
        let programs = parse(MESSAGES, Path::new("/w")).unwrap();
        let names: Vec<_> = programs.iter().map(ToString::to_string).collect();
        assert_eq!(names, ["auxilio/src/main.rs", "spool/tests/counts.rs"]);
        assert_eq!(programs[0].executable, Path::new("/w/target/debug/deps/auxilio-1"));
        assert_eq!(programs[1].folder, Path::new("/w/spool"));
        let packages = programs.iter().map(|it| (it.package.as_str(), it.version.as_str()));
        assert_eq!(
            packages.collect::<Vec<_>>(),
            [("auxilio", "0.1.0"), ("auxilio-spool", "0.2.0")]
        );
    }

    #[test]
    fn an_artifact_that_is_not_understood_is_an_error() {
        let error = parse(MESSAGES, Path::new("/elsewhere")).unwrap_err();
        assert!(format!("{error:#}").contains("not of the workspace"), "{error:#}");
        assert!(parse("{broken", Path::new("/w")).is_err());
    }
}
