//! The published schema of a processed crash: every one that a test sees is held to it.

use std::sync::LazyLock;

use auxilio_common::fields::json_schema::json_schema;
use jsonschema::Validator;
use serde_json::Value;

static SCHEMA: LazyLock<Result<Validator, String>> = LazyLock::new(|| {
    jsonschema::draft202012::new(&json_schema()).map_err(|error| format!("no schema: {error}"))
});

/// Faults of a processed crash, that a reader was shown or that a processor made, against the schema.
pub fn faults_of_processed(crash: &Value) -> Vec<String> {
    match &*SCHEMA {
        Ok(schema) => {
            let said = |fault: jsonschema::ValidationError<'_>| {
                format!("{}: {fault}", fault.instance_path())
            };
            schema.iter_errors(crash).map(said).collect()
        }
        Err(error) => vec![error.clone()],
    }
}

/// Says each of them, if there is one.
///
/// # Panics
/// If there is one.
#[track_caller]
pub fn assert_processed(crash: &Value) {
    let faults = faults_of_processed(crash);
    assert!(faults.is_empty(), "against the published schema: {}", faults.join("; "));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_schema_finds_what_the_table_does_not_know() {
        let good = json!({"uuid": "u", "uptime": 3, "url": null, "site_owner": "x",
            "json_dump": {"threads": [{"frames": [{"function": "f", "registers": {"rip": "0x1"}}]}]},
            "upload_file_minidump_browser": {"mdsw_status_string": "OK", "json_dump": {"pid": 1}}});
        assert_eq!(faults_of_processed(&good), Vec::<String>::new());
        for bad in [
            json!({}),
            json!({"uuid": 7}),
            json!({"uuid": "u", "unheard_of": 1}),
            json!({"uuid": "u", "uptime": "3"}),
            json!({"uuid": "u", "json_dump": {"unheard_of": 1}}),
            json!({"uuid": "u", "json_dump": {"threads": [{"frames": [{"line": "x"}]}]}}),
            json!({"uuid": "u", "upload_file_minidump_browser": {"unheard_of": 1}}),
        ] {
            assert_ne!(faults_of_processed(&bad), Vec::<String>::new(), "{bad}");
        }
    }
}
