//! The page of all fields (docs/fields.md), made from the table.

use std::fmt::Write as _;

use super::search::{SearchField, search_fields};
use super::{FIELDS, Field, Kind, Permission, Search, annotations, leaves};

/// The page, as Markdown.
pub fn page() -> String {
    let mut page = String::from(
        "# Fields\n\n\
        Made from the table of fields: change `common/src/fields/table.rs`, then write this page again by\n\
        `auxilio fields > docs/fields.md`.\n\n\
        A field that is not listed here is invisible to everybody. Public fields are for every reader, protected\n\
        ones for holders of the right to see them. The same as JSON Schema:\n\
        [processed-crash.schema.json](processed-crash.schema.json).\n\n\
        ## Fields of a processed crash\n\n\
        | field | kind | from annotation | seen by | search | says |\n|---|---|---|---|---|---|\n",
    );
    let searches = search_fields();
    for field in FIELDS {
        add_field(&mut page, field, &searches);
    }
    add_parts(&mut page);
    add_annotations(&mut page);
    page
}

fn add_field(page: &mut String, field: &Field, searches: &[SearchField]) {
    let annotation = field.annotation.map(|name| format!("`{name}`")).unwrap_or_default();
    let search = searches.iter().find(|search| search.place == field.name);
    let search = search.map(|search| asked(search, field)).unwrap_or_default();
    add_row(
        page,
        &[
            &format!("`{}`", field.name),
            said(field.kind),
            &annotation,
            seen_by(field.permission),
            &search,
            field.description,
        ],
    );
}

fn asked(search: &SearchField, field: &Field) -> String {
    let how = match search.search {
        Search::No => "",
        Search::Exact => "exact",
        Search::Words => "words",
        Search::Integer | Search::Number => "range",
        Search::Boolean => "true or false",
        Search::Time => "time",
    };
    if search.name == field.name { how.to_owned() } else { format!("{how}, as `{}`", search.name) }
}

fn add_parts(page: &mut String) {
    page.push_str(
        "\n## Parts of structures\n\n\
        `.` goes into a structure, `[]` into a list, `*` is any key.\n\n\
        | part | kind | seen by |\n|---|---|---|\n",
    );
    let parts = leaves().into_iter().filter(|leaf| leaf.path.contains(['.', '[']));
    for leaf in parts {
        add_row(page, &[&format!("`{}`", leaf.path), said(leaf.kind), seen_by(leaf.permission)]);
    }
}

fn add_annotations(page: &mut String) {
    page.push_str(
        "\n## Annotations that rules read\n\n\
        Beside those that fields are copied from. Any other annotation is kept as it came, and protected.\n\n\
        | annotation | seen by | what is made of it |\n|---|---|---|\n",
    );
    for annotation in annotations::READ {
        let name = format!("`{}`", annotation.name);
        add_row(page, &[&name, seen_by(annotation.permission), annotation.description]);
    }
}

fn add_row(page: &mut String, cells: &[&str]) {
    for cell in cells {
        // Writing to a text can't fail.
        let _ = write!(page, "| {cell} ");
    }
    page.push_str("|\n");
}

fn seen_by(permission: Permission) -> &'static str {
    match permission {
        Permission::Public => "everybody",
        Permission::Protected => "holders of rights",
    }
}

fn said(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Time => "time",
        Kind::Integer => "whole number",
        Kind::Number => "number",
        Kind::Boolean => "true or false",
        Kind::Plain => "text, number, true or false",
        Kind::Texts => "list of texts",
        Kind::List(_) => "list",
        Kind::Object(_) | Kind::Map(_) | Kind::Json => "structure",
    }
}
