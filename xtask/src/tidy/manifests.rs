//! Each crate takes its lints, its package facts and its dependencies from the workspace.

use toml::Table;

use crate::tidy::Finding;
use crate::tree::Tree;

const RULE: &str = "manifests";

/// Facts that stand once, in the workspace's manifest.
const INHERITED: [&str; 5] = ["version", "edition", "rust-version", "license", "publish"];

/// The tables that name dependencies.
const DEPENDENCIES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// Manifests that decide for themselves.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files() {
        if !file.path.ends_with("/Cargo.toml") {
            continue;
        }
        match file.text.parse::<Table>() {
            Ok(manifest) => {
                let wrongs = wrongs(&manifest);
                findings
                    .extend(wrongs.into_iter().map(|what| Finding::file(RULE, &file.path, what)));
            }
            Err(error) => findings.push(Finding::file(RULE, &file.path, error.message())),
        }
    }
    findings
}

fn wrongs(manifest: &Table) -> Vec<String> {
    let mut wrongs = Vec::new();
    let lints = manifest.get("lints").and_then(|lints| lints.get("workspace"));
    if lints.and_then(toml::Value::as_bool) != Some(true) {
        wrongs.push("`[lints] workspace = true` is missing".to_owned());
    }
    for key in INHERITED {
        let value = manifest.get("package").and_then(|package| package.get(key));
        if !value.is_some_and(from_workspace) {
            wrongs.push(format!("`{key}.workspace = true` is missing"));
        }
    }
    for kind in DEPENDENCIES {
        let Some(table) = manifest.get(kind).and_then(toml::Value::as_table) else { continue };
        for (name, value) in table {
            if !from_workspace(value) {
                wrongs.push(format!("{kind}: {name:?} does not come from the workspace"));
            }
        }
    }
    wrongs
}

fn from_workspace(value: &toml::Value) -> bool {
    value.get("workspace").and_then(toml::Value::as_bool) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[package]\nname='a'\nversion.workspace=true\nedition.workspace=true\n\
        rust-version.workspace=true\nlicense.workspace=true\npublish.workspace=true\n\
        [lints]\nworkspace=true\n[dependencies]\nserde = { workspace = true }\n";

    #[test]
    fn manifest_that_inherits_passes() {
        assert_eq!(check(&Tree::of(&[("a/Cargo.toml", GOOD)])), []);
    }

    #[test]
    fn own_version_own_dependency_and_lost_lints_are_found() {
        let bad = GOOD
            .replace("{ workspace = true }", "'1'")
            .replace("version.workspace=true\n", "")
            .replace("[lints]\nworkspace=true\n", "");
        // `rust-version.workspace` is gone too: its last word was cut by the same replacement.
        assert!(check(&Tree::of(&[("a/Cargo.toml", &bad)])).len() >= 3);
    }

    #[test]
    fn manifest_that_is_no_toml_is_found() {
        assert_eq!(check(&Tree::of(&[("a/Cargo.toml", "[package")])).len(), 1);
    }
}
