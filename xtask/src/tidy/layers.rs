//! Who may know whom (DESIGN section 2), checked over `cargo metadata`.
//!
//! Services meet in the spool, in the store, in Postgres and over HTTP, never in code; stores never
//! see each other; only the binary picks one.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::tidy::Finding;

const RULE: &str = "layers";

/// Each folder and the folders that its code may know.
const LAYERS: [(&str, &[&str]); 21] = [
    ("common", &[]),
    ("service", &["common"]),
    ("spool", &["common"]),
    ("collector", &["common", "service", "spool"]),
    ("thrift", &["common"]),
    ("disk_store", &["common", "spool"]),
    ("crashmover", &["common", "service", "spool"]),
    ("database", &["common"]),
    ("monitor", &["common", "service", "database"]),
    ("symbols", &["common"]),
    ("stackwalk", &["common", "symbols"]),
    ("signature", &["common"]),
    ("processor", &["common", "service", "database", "stackwalk", "signature"]),
    ("middleware", &["common", "service", "database"]),
    ("webapp", &["common", "service"]),
    ("cron", &["common", "service", "database"]),
    ("auxilio", &[EVERYTHING]),
    ("testkit", &["common"]),
    ("tests", &[EVERYTHING]),
    ("benches", &[EVERYTHING]),
    ("xtask", &[]),
];

const EVERYTHING: &str = "*";

/// Folders that tests of any crate may also know: they bring real parts to work on. A service is
/// not among them.
const FOR_TESTS: [&str; 8] =
    ["common", "service", "spool", "disk_store", "database", "symbols", "testkit", "signature"];

/// Dependencies between our crates that the table does not allow, and crates that it lacks.
pub fn check(metadata: &Value) -> Vec<Finding> {
    let packages = metadata["packages"].as_array().map_or(&[][..], Vec::as_slice);
    let ours: BTreeSet<&str> =
        packages.iter().filter(|package| package["source"].is_null()).filter_map(name).collect();
    packages
        .iter()
        .filter(|package| package["source"].is_null())
        .flat_map(|package| check_package(package, &ours))
        .collect()
}

fn check_package(package: &Value, ours: &BTreeSet<&str>) -> Vec<Finding> {
    let Some(package_name) = name(package) else { return Vec::new() };
    let folder = folder(package_name);
    let manifest = format!("{folder}/Cargo.toml");
    let Some((_, may_know)) = LAYERS.iter().find(|(layer, _)| *layer == folder) else {
        let what = "the crate has no line in the table of layers (xtask/src/tidy/layers.rs)";
        return vec![Finding::file(RULE, &manifest, what)];
    };
    let dependencies = package["dependencies"].as_array().map_or(&[][..], Vec::as_slice);
    dependencies
        .iter()
        .filter_map(|dependency| Some((name(dependency)?, dependency["kind"].as_str())))
        .filter(|(known, _)| ours.contains(known))
        .map(|(known, kind)| (self::folder(known), kind))
        .filter(|(known, kind)| {
            let known = known.as_str();
            let allowed = may_know.contains(&EVERYTHING)
                || may_know.contains(&known)
                || (*kind == Some("dev") && FOR_TESTS.contains(&known));
            !allowed
        })
        .map(|(known, _)| Finding::file(RULE, &manifest, format!("{folder} may not know {known}")))
        .collect()
}

fn name(value: &Value) -> Option<&str> {
    value["name"].as_str()
}

/// `auxilio-disk-store` lies in `disk_store`.
fn folder(package: &str) -> String {
    package.strip_prefix("auxilio-").unwrap_or(package).replace('-', "_")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn findings(package: &str, knows: &str, kind: Option<&str>) -> usize {
        let package_of = |name: &str| json!({"name": name, "source": null, "dependencies": []});
        let mut first = package_of(package);
        first["dependencies"] = json!([{"name": knows, "kind": kind}, {"name": "serde"}]);
        check(&json!({"packages": [first, package_of(knows)]})).len()
    }

    #[test]
    fn what_the_table_allows_passes() {
        assert_eq!(findings("auxilio-collector", "auxilio-spool", None), 0);
        assert_eq!(findings("auxilio", "auxilio-disk-store", None), 0);
    }

    #[test]
    fn service_that_knows_a_service_or_a_store_is_found() {
        assert_eq!(findings("auxilio-monitor", "auxilio-processor", None), 1);
        assert_eq!(findings("auxilio-crashmover", "auxilio-disk-store", None), 1);
        assert_eq!(findings("auxilio-common", "auxilio-service", None), 1);
        assert_eq!(findings("auxilio-common", "auxilio-service", Some("build")), 1);
    }

    #[test]
    fn tests_may_know_real_parts_but_no_service() {
        assert_eq!(findings("auxilio-crashmover", "auxilio-disk-store", Some("dev")), 0);
        assert_eq!(findings("auxilio-crashmover", "auxilio-collector", Some("dev")), 1);
    }

    #[test]
    fn crate_that_the_table_lacks_is_found() {
        assert_eq!(findings("auxilio-surprise", "auxilio-common", None), 1);
    }
}
