//! The JSON Schema of a processed crash, made from the table of fields.
//!
//! Draft 2020-12. `x-permission`, `x-annotation` and `x-search` say what no keyword of JSON Schema
//! does. Every value may be null.

use serde_json::{Map, Value, json};

use super::dump_structure::{FRAME, JSON_DUMP, MODULE};
use super::search::search_fields;
use super::{FIELDS, Field, Kind, Part, Permission};

/// Structures that stand in several places, with their names among the schema's definitions.
const DEFINITIONS: &[(&str, Kind)] = &[
    ("json_dump", Kind::Object(JSON_DUMP)),
    ("json_dump_frame", Kind::Object(FRAME)),
    ("json_dump_module", Kind::Object(MODULE)),
];

/// The schema.
pub fn json_schema() -> Value {
    let (mut named, mut by_pattern) = (Map::new(), Map::new());
    for field in FIELDS {
        match field.name.strip_suffix('*') {
            Some(begin) => by_pattern.insert(format!("^{begin}"), of_field(field)),
            None => named.insert(field.name.to_owned(), of_field(field)),
        };
    }
    let definitions = DEFINITIONS.iter().map(|(name, kind)| ((*name).to_owned(), spelled(*kind)));
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "processed crash",
        "description": "What the processor makes of a crash, as a reader with all rights sees it.",
        "type": "object",
        "required": ["uuid"],
        "properties": named,
        "patternProperties": by_pattern,
        "additionalProperties": false,
        "$defs": definitions.collect::<Map<_, _>>(),
    })
}

fn of_field(field: &Field) -> Value {
    let mut schema = of_kind(field.kind);
    let Value::Object(keywords) = &mut schema else { return schema };
    keywords.insert("description".to_owned(), field.description.into());
    if let Some(annotation) = field.annotation {
        keywords.insert("x-annotation".to_owned(), annotation.into());
    }
    let search: Vec<String> = search_fields()
        .into_iter()
        .filter(|search| search.place == field.name)
        .map(|search| search.name)
        .collect();
    if let [name] = search.as_slice() {
        keywords.insert("x-search".to_owned(), name.as_str().into());
    }
    add_permission(keywords, field.permission);
    schema
}

fn of_kind(kind: Kind) -> Value {
    match DEFINITIONS.iter().find(|(_, defined)| *defined == kind) {
        Some((name, _)) => json!({"$ref": format!("#/$defs/{name}")}),
        None => spelled(kind),
    }
}

/// A kind in full, its parts by their definitions.
fn spelled(kind: Kind) -> Value {
    match kind {
        Kind::Text => json!({"type": ["string", "null"]}),
        Kind::Time => json!({"type": ["string", "null"], "format": "date-time"}),
        Kind::Integer => json!({"type": ["integer", "null"]}),
        Kind::Number => json!({"type": ["number", "null"]}),
        Kind::Boolean => json!({"type": ["boolean", "null"]}),
        Kind::Plain => json!({"type": ["string", "number", "boolean", "null"]}),
        Kind::Texts => json!({"type": ["array", "null"], "items": spelled(Kind::Text)}),
        Kind::Object(parts) => json!({
            "type": ["object", "null"],
            "properties": parts.iter().map(of_part).collect::<Map<_, _>>(),
            "additionalProperties": false,
        }),
        Kind::Map(inner) => {
            json!({"type": ["object", "null"], "additionalProperties": of_kind(*inner)})
        }
        Kind::List(inner) => json!({"type": ["array", "null"], "items": of_kind(*inner)}),
        Kind::Json => json!({}),
    }
}

fn of_part(part: &Part) -> (String, Value) {
    let mut schema = of_kind(part.kind);
    if let Value::Object(keywords) = &mut schema {
        add_permission(keywords, part.permission);
    }
    (part.name.to_owned(), schema)
}

fn add_permission(keywords: &mut Map<String, Value>, permission: Permission) {
    if permission == Permission::Protected {
        keywords.insert("x-permission".to_owned(), "protected".into());
    }
}
