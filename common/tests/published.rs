//! The documents that are made from the table of fields say what the table says.

use std::path::Path;

use auxilio_common::fields::json_schema::json_schema;
use auxilio_common::fields::page::page;

fn document(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_page_of_all_fields_is_not_stale() {
    let hint = "stale: run `auxilio fields > docs/fields.md`";
    assert!(document("fields.md") == page(), "{hint}");
}

#[test]
fn the_published_schema_is_not_stale() {
    let hint = "stale: run `auxilio fields --schema > docs/processed-crash.schema.json`";
    let published: serde_json::Value =
        serde_json::from_str(&document("processed-crash.schema.json")).unwrap();
    assert!(published == json_schema(), "{hint}");
}
