//! The reducer: keeps of a crash what a reader may see, by the table alone.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::table::{FIELDS, FURTHER_MINIDUMPS, PARTS, PUBLIC_ANNOTATIONS, PUBLIC_RAW_FIELDS};
use super::{Field, Permission, find};
use crate::{JsonText, ProcessedCrash, RawCrash};

static PERMISSIONS: LazyLock<HashMap<&'static str, Permission>> =
    LazyLock::new(|| PARTS.iter().copied().collect());

/// The processed crash as a holder of `rights` may see it. What the table lacks is dropped, and so
/// is a structure that can't be taken apart.
pub fn reduce_processed(crash: ProcessedCrash, rights: Permission) -> Map<String, Value> {
    let visible = |name: &str| find(name).filter(|field| field.permission <= rights);
    let (fields, structures) = crash.into_parts();
    let plain = fields.into_iter().filter(|(name, _)| visible(name).is_some());
    let taken_apart = structures.into_iter().filter_map(|(name, text)| {
        let value = reduce_structure(visible(&name)?, &text, rights)?;
        Some((name, value))
    });
    plain.chain(taken_apart).collect()
}

fn reduce_structure(field: &Field, text: &JsonText, rights: Permission) -> Option<Value> {
    if field.name == FURTHER_MINIDUMPS {
        let minidump: ProcessedCrash = serde_json::from_str(text.get()).ok()?;
        return Some(Value::Object(reduce_processed(minidump, rights)));
    }
    Some(reduce_part(text.value().ok()?, field.name, rights))
}

/// The raw crash, as the API shows it, to a holder of `rights`.
pub fn reduce_raw(crash: &RawCrash, rights: Permission) -> Map<String, Value> {
    let all = crash.to_api_json();
    if rights == Permission::Protected {
        return all;
    }
    all.into_iter().filter(|(name, _)| is_public_in_raw(name)).collect()
}

fn is_public_in_raw(name: &str) -> bool {
    PUBLIC_RAW_FIELDS.contains(&name)
        || PUBLIC_ANNOTATIONS.contains(&name)
        || FIELDS
            .iter()
            .any(|field| field.annotation == Some(name) && field.permission == Permission::Public)
}

fn reduce_part(value: Value, path: &str, rights: Permission) -> Value {
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .filter_map(|(name, value)| {
                    let part = visible_part(path, &name, rights)?;
                    Some((name, reduce_part(value, &part, rights)))
                })
                .collect(),
        ),
        Value::Array(items) => {
            let part = format!("{path}[]");
            Value::Array(items.into_iter().map(|item| reduce_part(item, &part, rights)).collect())
        }
        plain => plain,
    }
}

/// The path of a part if it is listed and may be seen.
fn visible_part(path: &str, name: &str, rights: Permission) -> Option<String> {
    let visible =
        |part: &str| PERMISSIONS.get(part).is_some_and(|permission| *permission <= rights);
    [format!("{path}.{name}"), format!("{path}.*")].into_iter().find(|part| visible(part))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn crash() -> ProcessedCrash {
        let Value::Object(fields) = json!({
            "product": "Demo", "url": "https://secret.example/", "not_in_the_table": 1,
            "json_dump": {"status": "OK", "new_part": 1, "soft_errors": [1], "threads": [
                {"thread_name": "main", "frames": [{"function": "f", "registers": {"rip": "0x1"}, "odd": 1}]}]},
        }) else {
            unreachable!()
        };
        ProcessedCrash::from(fields)
    }

    #[test]
    fn an_anonymous_reader_sees_listed_public_parts_alone() {
        let seen = Value::Object(reduce_processed(crash(), Permission::Public));
        let expected = json!({"product": "Demo", "json_dump": {"status": "OK", "threads": [
            {"thread_name": "main", "frames": [{"function": "f"}]}]}});
        assert_eq!(seen, expected);
    }

    #[test]
    fn rights_add_protected_parts_and_never_unlisted_ones() {
        let seen = reduce_processed(crash(), Permission::Protected);
        assert_eq!(seen["url"], "https://secret.example/");
        let frame = &seen["json_dump"]["threads"][0]["frames"][0];
        assert_eq!(frame["registers"]["rip"], "0x1");
        assert!(frame.get("odd").is_none() && seen.get("not_in_the_table").is_none());
    }

    #[test]
    fn another_minidump_is_reduced_as_the_main_one() {
        let further = json!({
            "mdsw_status_string": "OK", "mdsw_stderr": "secret", "unlisted": 1,
            "json_dump": {"status": "OK", "soft_errors": [1], "unlisted": 1},
        });
        let mut crash = ProcessedCrash::default();
        crash.set("upload_file_minidump_browser", Some(further));
        crash.set("upload_file_minidump_odd", Some(json!(["secret"])));
        let seen = |rights| Value::Object(reduce_processed(crash.clone(), rights));
        assert_eq!(
            seen(Permission::Public),
            json!({"upload_file_minidump_browser":
                {"mdsw_status_string": "OK", "json_dump": {"status": "OK"}}})
        );
        let protected = &seen(Permission::Protected)["upload_file_minidump_browser"];
        assert_eq!(protected["mdsw_stderr"], "secret");
        assert_eq!(protected["json_dump"], json!({"status": "OK", "soft_errors": [1]}));
        assert!(protected.get("unlisted").is_none());
    }
}
