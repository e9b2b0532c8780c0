//! Annotations from a file, as several verbs take them.

use std::io::Read;

use anyhow::{Context, bail};
use auxilio_common::Annotations;
use serde_json::Value;

/// The annotations of a file, `-` for standard input. A raw crash does too: what is no text counts as
/// its JSON, as it does on arrival.
pub(crate) fn read(file: &str) -> anyhow::Result<Annotations> {
    let text = if file == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("can't read standard input")?;
        text
    } else {
        std::fs::read_to_string(file).with_context(|| format!("can't read \"{file}\""))?
    };
    let value: Value =
        serde_json::from_str(&text).with_context(|| format!("\"{file}\" is no JSON"))?;
    let Value::Object(fields) = value else { bail!("\"{file}\" is no JSON object of annotations") };
    let texts = fields.into_iter().filter_map(|(name, value)| match value {
        Value::String(text) => Some((name, text)),
        Value::Null => None,
        other => Some((name, other.to_string())),
    });
    Ok(texts.collect())
}
