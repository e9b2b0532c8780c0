//! The table of fields: what a processed crash may hold, where it comes from, who may see it and
//! how it can be searched.
//!
//! Everything about a field is said once, in [`table::FIELDS`]; copies of annotations, the reducer
//! by permission, the search fields, the JSON Schema and the page of all fields are made from it.
//! What the table does not list is invisible, to everybody.

pub mod annotations;
mod dump_structure;
mod environment_structure;
mod field;
pub mod json_schema;
mod memory_structure;
pub mod page;
mod reduce;
pub mod search;
mod shape;
pub mod table;
mod trace_structure;

use std::collections::HashMap;
use std::sync::LazyLock;

pub use field::{Field, Kind, Part, Permission, Search};
pub use reduce::{reduce_processed, reduce_raw};
pub use shape::{Misfit, fit};
pub use table::{FIELDS, FURTHER_MINIDUMPS, SITE_FIELDS};

static BY_NAME: LazyLock<HashMap<&'static str, &'static Field>> =
    LazyLock::new(|| FIELDS.iter().map(|field| (field.name, field)).collect());

/// Looks a field up by its name in a crash; a row whose name ends in `*` stands for every name that
/// begins as it does.
pub fn find(name: &str) -> Option<&'static Field> {
    let named = BY_NAME.get(name).copied();
    named.or_else(|| {
        let row = [FURTHER_MINIDUMPS, SITE_FIELDS]
            .into_iter()
            .find(|row| name.starts_with(row.trim_end_matches('*')))?;
        BY_NAME.get(row).copied()
    })
}

/// A place in a processed crash that has a value of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Where: `.` goes into a structure, `[]` into a list, `*` is any key.
    pub path: String,
    /// The shape of its value.
    pub kind: Kind,
    /// Who may see it, all above it considered.
    pub permission: Permission,
}

/// Every such place, in the table's order.
pub fn leaves() -> Vec<Leaf> {
    let mut leaves = Vec::new();
    for field in FIELDS {
        add_leaves(field.name.to_owned(), field.kind, field.permission, &mut leaves);
    }
    leaves
}

fn add_leaves(path: String, kind: Kind, permission: Permission, leaves: &mut Vec<Leaf>) {
    match kind {
        Kind::Object(parts) => {
            for part in parts {
                let path = format!("{path}.{}", part.name);
                add_leaves(path, part.kind, permission.max(part.permission), leaves);
            }
        }
        Kind::Map(inner) => add_leaves(format!("{path}.*"), *inner, permission, leaves),
        Kind::List(inner) => add_leaves(format!("{path}[]"), *inner, permission, leaves),
        _ => leaves.push(Leaf { path, kind, permission }),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_described() {
        let names: BTreeSet<_> = FIELDS.iter().map(|field| field.name).collect();
        assert_eq!(names.len(), FIELDS.len());
        for field in FIELDS {
            assert!(field.description.ends_with('.'), "{}", field.name);
        }
    }

    #[test]
    fn rows_for_many_names_are_one_field_each() {
        for (name, row) in
            [("upload_file_minidump_browser", FURTHER_MINIDUMPS), ("site_owner", SITE_FIELDS)]
        {
            assert_eq!(find(name).map(|field| field.name), Some(row));
        }
        assert!(find("upload_file_minidump").is_none() && find("product*").is_none());
    }

    #[test]
    fn parts_are_unique_in_their_structure() {
        fn check(path: &str, kind: Kind) {
            match kind {
                Kind::Object(parts) => {
                    let names: BTreeSet<_> = parts.iter().map(|part| part.name).collect();
                    assert_eq!(names.len(), parts.len(), "{path}");
                    for part in parts {
                        check(&format!("{path}.{}", part.name), part.kind);
                    }
                }
                Kind::Map(inner) | Kind::List(inner) => check(path, *inner),
                _ => {}
            }
        }
        for field in FIELDS {
            check(field.name, field.kind);
        }
    }
}
