//! The table of fields: what a processed crash may hold, where it comes from and who may see it.
//!
//! Everything about a field is said once, in [`table::FIELDS`]. What the table does not list is
//! invisible, to everybody.

mod reduce;
pub mod table;

use std::collections::HashMap;
use std::sync::LazyLock;

pub use reduce::{reduce_processed, reduce_raw};
pub use table::{FIELDS, FURTHER_MINIDUMPS};

/// Who may see a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// Everybody.
    Public,
    /// Holders of the right to see protected values.
    Protected,
}

/// The shape of a field's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// True or false.
    Boolean,
    /// A list of texts.
    Texts,
    /// A structure; its parts are listed as paths in [`table::PARTS`].
    Structure,
}

/// One field of the processed crash.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name in the processed crash.
    pub name: &'static str,
    /// The shape of its value.
    pub kind: Kind,
    /// The annotation that it is copied from as it is; `None` where a rule makes it.
    pub annotation: Option<&'static str>,
    /// Who may see it.
    pub permission: Permission,
    /// What it says.
    pub description: &'static str,
}

static BY_NAME: LazyLock<HashMap<&'static str, &'static Field>> =
    LazyLock::new(|| FIELDS.iter().map(|field| (field.name, field)).collect());

/// Looks a field up by its name in a crash; a row whose name ends in `*` stands for every name that
/// begins as it does.
pub fn find(name: &str) -> Option<&'static Field> {
    let named = BY_NAME.get(name).copied();
    named.or_else(|| {
        let minidump = name.starts_with(FURTHER_MINIDUMPS.trim_end_matches('*'));
        minidump.then(|| BY_NAME.get(FURTHER_MINIDUMPS).copied()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_described() {
        let names: BTreeSet<_> = FIELDS.iter().map(|field| field.name).collect();
        assert_eq!(names.len(), FIELDS.len());
        assert!(FIELDS.iter().all(|field| field.description.ends_with('.')));
    }

    #[test]
    fn every_further_minidump_is_one_field() {
        let field = find("upload_file_minidump_browser").map(|field| field.name);
        assert_eq!(field, Some(FURTHER_MINIDUMPS));
        assert!(find("upload_file_minidump").is_none() && find("product*").is_none());
    }

    #[test]
    fn every_part_belongs_to_a_structure() {
        for (path, _) in table::PARTS {
            let top = path.split('.').next().unwrap_or_default();
            assert_eq!(find(top).map(|field| field.kind), Some(Kind::Structure), "{path}");
        }
    }
}
