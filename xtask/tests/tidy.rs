//! The workspace keeps its own house rules.

use std::path::Path;

use xtask::tidy::{self, metadata};
use xtask::tree::Tree;

#[test]
fn workspace_keeps_the_house_rules() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let tree = Tree::read(root).unwrap();
    assert!(tree.get("common/src/lib.rs").is_some(), "{} is not the workspace", root.display());
    let findings = tidy::check(&tree, &metadata::load(root).unwrap());
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "\n{}", lines.join("\n"));
}
