//! The table of fields knows every field and annotation of today's system and of that of 2012.

use auxilio_common::fields::{self, FIELDS, annotations};

/// The names of a file: words, but for lines that begin with `#`.
fn names(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace)
}

fn missing(text: &'static str, known: impl Fn(&str) -> bool) -> Vec<&'static str> {
    names(text).filter(|name| !known(name)).collect()
}

#[test]
fn every_field_of_today_is_in_the_table() {
    let text = include_str!("names/fields_today.txt");
    assert!(names(text).count() > 150);
    assert_eq!(missing(text, |name| fields::find(name).is_some()), Vec::<&str>::new());
}

#[test]
fn every_field_of_2012_is_in_the_table() {
    let named = |name: &str| FIELDS.iter().any(|field| field.name_2012 == Some(name));
    assert_eq!(missing(include_str!("names/fields_2012.txt"), named), Vec::<&str>::new());
    let columns = include_str!("names/columns_2012.txt");
    assert_eq!(missing(columns, |name| fields::find(name).is_some()), Vec::<&str>::new());
}

#[test]
fn every_annotation_is_known() {
    let text = include_str!("names/annotations.txt");
    let known = |name: &str| annotations::known().any(|known| known == name);
    assert_eq!(missing(text, known), Vec::<&str>::new());
}
