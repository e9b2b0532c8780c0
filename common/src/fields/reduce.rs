//! The reducer: keeps of a crash what a reader may see, by the table alone.

use serde_json::{Map, Value};

use super::{Misfit, Permission, annotations, find, fit};
use crate::{ProcessedCrash, RawCrash};

/// The processed crash as a holder of `rights` may see it. What the table lacks is dropped, and so
/// is a structure that can't be taken apart.
pub fn reduce_processed(crash: ProcessedCrash, rights: Permission) -> Map<String, Value> {
    let visible = |name: &str| find(name).filter(|field| field.permission <= rights);
    let (fields, structures) = crash.into_parts();
    let plain = fields.into_iter().filter_map(|(name, value)| {
        let value = fit(value, visible(&name)?.kind, rights, &mut Misfit::default())?;
        Some((name, value))
    });
    let taken_apart = structures.into_iter().filter_map(|(name, text)| {
        let kind = visible(&name)?.kind;
        Some((name, fit(text.value().ok()?, kind, rights, &mut Misfit::default())?))
    });
    plain.chain(taken_apart).collect()
}

/// The raw crash, as the API shows it, to a holder of `rights`.
pub fn reduce_raw(crash: &RawCrash, rights: Permission) -> Map<String, Value> {
    let all = crash.to_api_json();
    if rights == Permission::Protected {
        return all;
    }
    all.into_iter().filter(|(name, _)| annotations::permission(name) <= rights).collect()
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
