//! No anonymous caller learns a protected value: checked over every field and every part.

use std::sync::Arc;

use auxilio_common::CrashStore;
use auxilio_common::fields::{self, Kind, Leaf, Permission, annotations};
use auxilio_testkit::raw::Recipe;
use serde_json::{Map, Value, json};

use crate::fixture::{Service, TOKEN, at, document, id, text};

/// What stands in every place that is protected.
pub(crate) fn secret(place: &str) -> String {
    format!("SECRET({place})")
}

/// What stands in every place that the table does not know.
pub(crate) const UNLISTED: &str = "UNLISTED";

/// A crash with a value in each place: its name if it is public, a secret if it is protected, where
/// the place takes a text.
pub(crate) fn full_crash() -> Map<String, Value> {
    let mut crash = Map::new();
    for leaf in fields::leaves() {
        set(&mut crash, &leaf.path, value_of(&leaf));
    }
    let mut crash = Value::Object(crash);
    add_unlisted(&mut crash);
    crash.as_object().unwrap().clone()
}

fn value_of(leaf: &Leaf) -> Value {
    let text = match leaf.permission {
        Permission::Public => format!("PUBLIC({})", leaf.path),
        Permission::Protected => secret(&leaf.path),
    };
    match leaf.kind {
        Kind::Integer | Kind::Number => json!(7),
        Kind::Boolean => json!(true),
        Kind::Texts => json!([text]),
        _ => json!(text),
    }
}

/// Sets the value at a path of the table, making the objects and lists on the way.
fn set(crash: &mut Map<String, Value>, path: &str, value: Value) {
    let mut at = crash;
    let mut names = path.split('.').peekable();
    while let Some(name) = names.next() {
        let (name, in_list) = match name.strip_suffix("[]") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let name = if name == "*" { "any" } else { name };
        if names.peek().is_none() {
            let value = if in_list { json!([value]) } else { value };
            at.insert(name.into(), value);
            return;
        }
        let next = at.entry(name).or_insert_with(|| if in_list { json!([{}]) } else { json!({}) });
        let next = if in_list { &mut next[0] } else { next };
        at = next.as_object_mut().unwrap();
    }
}

/// Whether an answer shows a place.
pub(crate) fn shows(answer: &Value, path: &str) -> bool {
    let steps = path.split('.').flat_map(|name| match name.strip_suffix("[]") {
        Some(name) => vec![name, "0"],
        None => vec![name],
    });
    let pointer: String =
        steps.map(|name| if name == "*" { "/any".into() } else { format!("/{name}") }).collect();
    answer.pointer(&pointer).is_some()
}

/// Adds a member that no table lists to every object.
fn add_unlisted(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.values_mut().for_each(add_unlisted);
            // Registers may have any name.
            if !fields.contains_key("any") {
                fields.insert("unlisted".into(), json!(UNLISTED));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(add_unlisted),
        _ => {}
    }
}

/// Every place with a value of its own.
pub(crate) fn places(permission: Permission) -> Vec<String> {
    let all = fields::leaves().into_iter().filter(|leaf| leaf.permission == permission);
    all.map(|leaf| leaf.path).collect()
}

/// Fields that the run's envelope fills, whatever the crash says.
const OF_THE_RUN: [&str; 5] =
    ["started_datetime", "completed_datetime", "processor_notes", "processor_history", "success"];

#[tokio::test(flavor = "multi_thread")]
async fn nobody_without_the_token_sees_a_protected_field_or_part() {
    let service = Service::start().await;
    service.put(&document(id(1), full_crash())).await;
    let path = format!("/api/ProcessedCrash/?crash_id={}", id(1));
    let (anybody, admin) = (service.get(&path).await, service.get_as_admin(&path).await);
    for (answer, hidden) in [(&anybody, "SECRET"), (&anybody, UNLISTED), (&admin, UNLISTED)] {
        assert!(!text(answer).contains(hidden), "{}", text(answer));
    }
    let (anybody, admin) = (crate::fixture::json(&anybody), crate::fixture::json(&admin));
    let protected = places(Permission::Protected);
    assert!(protected.len() > 30, "{protected:?}");
    for place in protected {
        assert!(!shows(&anybody, &place), "{place} is shown to anybody");
        assert!(shows(&admin, &place), "the token does not show {place}");
    }
    for place in places(Permission::Public) {
        // The run's envelope fills some, or leaves them empty.
        let expected = !OF_THE_RUN.contains(&place.as_str());
        assert!(!expected || shows(&anybody, &place), "{place} to anybody");
        assert!(!expected || shows(&admin, &place), "{place} to the token's holder");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_in_an_unexpected_shape_stays_one() {
    let service = Service::start().await;
    let nested = json!([{"deep": [secret("deep")]}]);
    let mut crash = Map::new();
    for place in places(Permission::Protected) {
        set(&mut crash, &place, nested.clone());
    }
    crash.insert("unlisted".into(), nested);
    service.put(&document(id(1), crash)).await;
    let answer = service.get(&format!("/api/ProcessedCrash/?crash_id={}", id(1))).await;
    assert_eq!(answer.status, 200);
    assert!(!text(&answer).contains("SECRET"), "{}", text(&answer));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_without_the_token_sees_anything_of_a_raw_crash() {
    let service = Service::start().await;
    let mut recipe = Recipe::new(id(1).day(), 7).crash_id(id(1)).without_dumps();
    let ours = annotations::OF_THE_COLLECTOR;
    let names: Vec<&str> = annotations::known().filter(|name| !ours.contains(name)).collect();
    for name in names.iter().chain(&["Unheard-of"]) {
        recipe = recipe.annotation(name, &secret(name));
    }
    let bytes = secret("dump").into_bytes();
    let recipe = recipe.dump(auxilio_common::DumpName::main(), bytes);
    service.store.put_raw(Arc::new(recipe.envelope())).await.unwrap();
    let path = format!("/api/RawCrash/?crash_id={}", id(1));
    for query in ["", "&format=meta", "&format=raw", "&format=raw&name=upload_file_minidump", "&x"]
    {
        let path = format!("{path}{query}");
        let anybody = service.get(&path).await;
        assert_eq!(anybody.status, 403, "{path}");
        assert!(!text(&anybody).contains("SECRET"), "{path}: {}", text(&anybody));
        let error = "raw crashes are protected: send the admin token in the header Auth-Token";
        assert_eq!(crate::fixture::json(&anybody), json!({"error": error}));
    }
    let admin = text(&service.get_as_admin(&path).await);
    for name in names {
        assert!(admin.contains(&secret(name)), "the token does not show {name}");
    }
    assert!(
        text(&service.get_as_admin(&format!("{path}&format=raw")).await).contains("SECRET(dump)")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_crashes_holds_no_protected_column() {
    let service = Service::start().await;
    service
        .put_report(id(1), at(100), |report| {
            report.url = Some(secret("url"));
            report.email = Some(secret("email"));
            report.user_id = Some(secret("user_id"));
            report.user_comments = Some(secret("user_comments"));
        })
        .await;
    for headers in [&[][..], &[("Auth-Token", TOKEN)]] {
        let answer = service.get_with("/api/LatestCrashes/", headers).await;
        assert!(text(&answer).contains(&id(1).to_string()));
        assert!(!text(&answer).contains("SECRET"), "{}", text(&answer));
    }
}
