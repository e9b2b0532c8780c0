//! A processed crash under the names and in the forms of Socorro's processed JSON of 2012.
//!
//! It is made from what the reader may see under today's names, so it shows nothing more. Every name
//! is always there; what is not known is null. Dates have all six digits of their microseconds.

mod dump_text;

use auxilio_common::Timestamp;
use auxilio_common::fields::{FIELDS, Kind};
use serde_json::{Map, Value, json};

/// The crash in the shape of 2012.
pub(super) fn told(crash: &Map<String, Value>) -> Map<String, Value> {
    let text = |name: &str| crash.get(name).and_then(Value::as_str);
    let mut told = Map::new();
    for field in FIELDS {
        let Some(name) = field.name_2012 else { continue };
        let value = match field.kind {
            Kind::Time => text(field.name).and_then(moment).into(),
            _ => crash.get(field.name).cloned().unwrap_or(Value::Null),
        };
        told.insert(name.to_owned(), value);
    }
    // The main process had no type.
    let process = text("process_type").filter(|process| *process != "parent");
    let channel = text("release_channel").unwrap_or("unknown");
    for (name, text) in [("process_type", process), ("processType", process)] {
        told.insert(name.to_owned(), text.into());
    }
    for name in ["release_channel", "ReleaseChannel"] {
        told.insert(name.to_owned(), channel.into());
    }
    let sources: Vec<&str> = text("topmost_filenames").into_iter().collect();
    told.insert("topmost_filenames".to_owned(), sources.into());
    told.insert("addons".to_owned(), addons(crash.get("addons")));
    told.insert("dump".to_owned(), crash.get("json_dump").map(dump_text::write).into());
    told
}

fn moment(text: &str) -> Option<String> {
    let at: Timestamp = text.parse().ok()?;
    let (day, micros) = (at.day()?, at.micros_of_day());
    let (seconds, micros) = (micros / 1_000_000, micros % 1_000_000);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    Some(format!("{day} {hour:02}:{minute:02}:{second:02}.{micros:06}"))
}

/// `id:version` as `[id, version]`; ids hold colons, versions do not.
fn addons(addons: Option<&Value>) -> Value {
    let Some(addons) = addons.and_then(Value::as_array) else { return Value::Null };
    let pair = |addon: &str| match addon.rsplit_once(':') {
        Some((id, version)) => json!([id, version]),
        None => json!([addon, ""]),
    };
    addons.iter().filter_map(Value::as_str).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_2012_is_there_and_values_take_its_forms() {
        let crash = json!({
            "uuid": "0bba929f-8721-460c-dead-a43c20121224", "cpu_arch": "amd64", "crashing_thread": 2,
            "date_processed": "2012-12-24T18:00:12.000345+00:00", "process_type": "parent",
            "addons": ["{972ce4c6-7e08-4474-a285-3208198ce6fd}:16.0", "bare"],
            "topmost_filenames": "dom/a.cpp", "success": true, "unheard_of": 1,
        });
        let told = Value::Object(told(crash.as_object().unwrap()));
        assert_eq!(told["cpu_name"], "amd64");
        assert_eq!(told["crashedThread"], 2);
        assert_eq!(told["date_processed"], "2012-12-24 18:00:12.000345");
        assert_eq!(told["startedDateTime"], Value::Null);
        assert_eq!(told["process_type"], Value::Null);
        assert_eq!(told["ReleaseChannel"], "unknown");
        assert_eq!(told["topmost_filenames"], json!(["dom/a.cpp"]));
        let addons = json!([["{972ce4c6-7e08-4474-a285-3208198ce6fd}", "16.0"], ["bare", ""]]);
        assert_eq!(told["addons"], addons);
        assert_eq!(told["dump"], Value::Null);
        assert!(told.get("unheard_of").is_none());
        assert_eq!(
            told.as_object().unwrap().len(),
            FIELDS.iter().filter(|field| field.name_2012.is_some()).count() + 7
        );
    }

    #[test]
    fn another_process_keeps_its_type_and_a_broken_date_is_null() {
        let crash =
            json!({"process_type": "plugin", "release_channel": "beta", "date_processed": "x"});
        let told = told(crash.as_object().unwrap());
        assert_eq!(
            (&told["processType"], &told["release_channel"]),
            (&json!("plugin"), &json!("beta"))
        );
        assert_eq!(told["date_processed"], Value::Null);
    }
}
