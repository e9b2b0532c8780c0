//! What stands beside a report's row, from the document that the store keeps: add-ons and modules.

use std::collections::BTreeSet;

use auxilio_common::ProcessedCrash;
use auxilio_common::limits::EXTENSIONS_COUNT_MAX;
use auxilio_database::{Extension, StackModule};
use serde::Deserialize;
use serde_json::Value;

use crate::rules::addons::WITHOUT_VERSION;

/// Add-ons, each `id:version`.
pub(crate) fn extensions(addons: Option<&Value>) -> Vec<Extension> {
    let entries = addons.and_then(Value::as_array).into_iter().flatten();
    let extension = |entry: &str| {
        let (id, version) = entry.split_once(':').unwrap_or((entry, ""));
        let version = if version == WITHOUT_VERSION { "" } else { version };
        Extension { id: id.to_owned(), version: version.to_owned() }
    };
    // One more than is kept, so that the row notes that there are more.
    entries.filter_map(Value::as_str).take(EXTENSIONS_COUNT_MAX + 1).map(extension).collect()
}

/// A module, as the walker writes it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Written {
    filename: Option<String>,
    version: Option<String>,
    debug_file: Option<String>,
    debug_id: Option<String>,
}

/// How the list of modules begins in the walker's text. Inside a text its quotes would be escaped.
const MODULES: &str = "\"modules\":";

/// Modules of the crashing thread, as far as they have symbols' ids.
///
/// Of the walker's text, some hundred kB, only the list of modules is read.
pub(crate) fn stack_modules(crash: &ProcessedCrash) -> Vec<StackModule> {
    let (Some(named), Some(dump)) = (crash.text("modules_in_stack"), crash.structure("json_dump"))
    else {
        return Vec::new();
    };
    let named: BTreeSet<(&str, &str)> =
        named.split(';').filter_map(|module| module.rsplit_once('/')).collect();
    let text = dump.get();
    let Some(place) = text.find(MODULES) else { return Vec::new() };
    let mut list = serde_json::Deserializer::from_str(&text[place + MODULES.len()..]);
    // What another writer put there is no list of ours.
    let list = Vec::<Written>::deserialize(&mut list).unwrap_or_default();
    let mut seen = BTreeSet::new();
    list.into_iter()
        .filter_map(|module| {
            let (filename, debug_id) = (module.filename?, module.debug_id?);
            let is_new = named.contains(&(filename.as_str(), debug_id.as_str()))
                && !debug_id.is_empty()
                && seen.insert((filename.clone(), debug_id.clone()));
            is_new.then(|| StackModule {
                filename,
                version: module.version.unwrap_or_default(),
                debug_file: module.debug_file.unwrap_or_default(),
                debug_id,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sample::{processed, processed_dump, raw};

    #[test]
    fn add_ons_have_their_ids_and_the_versions_that_they_said() {
        let made = processed(&raw(&[("Add-ons", "a%40b:2.0,{c}:1.0:x,bare")]));
        let all = extensions(made.crash.get("addons"));
        let pairs: Vec<_> = all.iter().map(|it| (it.id.as_str(), it.version.as_str())).collect();
        assert_eq!(pairs, [("a@b", "2.0"), ("{c}", "1.0:x"), ("bare", "")]);
        let many = vec!["x:1"; EXTENSIONS_COUNT_MAX + 20].join(",");
        let made = processed(&raw(&[("Add-ons", &many)]));
        assert_eq!(extensions(made.crash.get("addons")).len(), EXTENSIONS_COUNT_MAX + 1);
        assert!(extensions(None).is_empty());
    }

    #[test]
    fn modules_of_the_crashing_thread_are_found_in_the_walkers_text() {
        let dump = json!({
            "crash_info": {"crashing_thread": 0, "note": "\"modules\":["},
            "threads": [{"frames": [{"module": "b"}, {"module": "a"}, {"module": "b"}]}],
            "modules": [{"filename": "a", "debug_id": ""}, {"filename": "c", "debug_id": "9"},
                {"filename": "b", "debug_id": "2", "debug_file": "b.pdb", "version": null}],
        });
        let made = stack_modules(&processed_dump(&dump).crash);
        let expected = StackModule {
            filename: "b".into(),
            version: String::new(),
            debug_file: "b.pdb".into(),
            debug_id: "2".into(),
        };
        assert_eq!(made, [expected]);
        assert!(stack_modules(&processed(&raw(&[])).crash).is_empty());
    }
}
