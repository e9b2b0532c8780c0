//! The rule sets that come with the program.

const SHIPPED: [(&str, &str); 3] = [
    ("accept-all", include_str!("../../rules/accept-all.toml")),
    ("mozilla", include_str!("../../rules/mozilla.toml")),
    ("socorro-2012", include_str!("../../rules/socorro-2012.toml")),
];

/// The text of a shipped rule set.
pub(crate) fn text(name: &str) -> Option<&'static str> {
    SHIPPED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// Their names.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    SHIPPED.iter().map(|(name, _)| *name)
}
