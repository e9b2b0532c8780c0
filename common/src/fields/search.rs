//! The search fields: what a search may ask for, by which name, and who may ask.
//!
//! Who may not see a value may not search by it either: a hit would tell it.

use super::{FIELDS, Kind, Permission, Search};

/// One field of searches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchField {
    /// Its name in searches.
    pub name: String,
    /// Where its value stands in a processed crash; `.` goes into a structure.
    pub place: String,
    /// How it is searched.
    pub search: Search,
    /// Who may search by it and see it among the answers.
    pub permission: Permission,
    /// What it says.
    pub description: String,
}

/// The structure whose parts are search fields, and what their names begin with.
const MEASURES: (&str, &str) = ("memory_measures", "memory_");

/// All search fields, in the table's order.
pub fn search_fields() -> Vec<SearchField> {
    let mut all = Vec::new();
    for field in FIELDS {
        if field.search != Search::No {
            all.push(SearchField {
                name: field.searched_name().to_owned(),
                place: field.name.to_owned(),
                search: field.search,
                permission: field.permission,
                description: field.description.to_owned(),
            });
        }
        if let (true, Kind::Object(parts)) = (field.name == MEASURES.0, field.kind) {
            all.extend(parts.iter().map(|part| SearchField {
                name: format!("{}{}", MEASURES.1, part.name),
                place: format!("{}.{}", MEASURES.0, part.name),
                search: Search::Integer,
                permission: field.permission.max(part.permission),
                description: format!("The measure {} of the memory report.", part.name),
            }));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_measures_are_among_them() {
        let all = search_fields();
        let names: BTreeSet<_> = all.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names.len(), all.len());
        let found = |name: &str| all.iter().find(|field| field.name == name).unwrap();
        assert_eq!(found("memory_explicit").place, "memory_measures.explicit");
        assert_eq!(found("platform").place, "os_name");
        assert_eq!(found("date").search, Search::Time);
        assert_eq!(found("url").permission, Permission::Protected);
        assert!(!names.contains("email"));
    }
}
