//! Annotations: what a client says about its crash, by name.

use std::collections::BTreeMap;

/// Annotation names and their texts. Names are unique; order is that of the names.
pub type Annotations = BTreeMap<String, String>;

/// The old and the other names that clients use for an annotation, with the one name that we keep.
///
/// Source: what Breakpad's `minidump_upload`, Crashpad and CEF put on the wire.
pub const ALIASES: &[(&str, &[&str])] =
    &[("ProductName", &["prod", "product"]), ("Version", &["ver", "version"])];

/// Copies an annotation that came under another of its names to the name that we keep.
///
/// The client's own name stays as it came. Returns a note for each copy made.
pub fn fill_from_aliases(annotations: &mut Annotations) -> Vec<String> {
    let mut notes = Vec::new();
    for (name, aliases) in ALIASES {
        if annotations.contains_key(*name) {
            continue;
        }
        let found = aliases
            .iter()
            .find_map(|alias| annotations.get(*alias).map(|text| (alias, text.clone())));
        if let Some((alias, text)) = found {
            notes.push(format!("{name} was taken from \"{alias}\""));
            annotations.insert((*name).to_owned(), text);
        }
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_name_fills_a_gap_and_never_replaces() {
        let mut annotations = Annotations::from([
            ("prod".to_owned(), "Demo".to_owned()),
            ("ver".to_owned(), "1.0".to_owned()),
            ("Version".to_owned(), "2.0".to_owned()),
        ]);
        let notes = fill_from_aliases(&mut annotations);
        assert_eq!(annotations["ProductName"], "Demo");
        assert_eq!(annotations["Version"], "2.0");
        assert_eq!(notes, ["ProductName was taken from \"prod\""]);
    }
}
