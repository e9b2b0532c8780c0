//! The raw crash as one JSON document: what the API shows, and in it what it leaves out.
//!
//! The document is the API's, so that other readers of the table find what they know. Annotations
//! that bear a name which the server gives to fields of its own, and the metadata in its exact form,
//! stand in it under `metadata.exact`.

use auxilio_common::{Annotations, CrashId, DumpInfo, Metadata, RawCrash};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::fault::Fault;

/// What a raw crash needs beside the API's document.
#[derive(Serialize, Deserialize)]
struct Exact {
    metadata: Metadata,
    /// Annotations whose names the API gives to other fields.
    shadowed: Annotations,
}

/// Fields that [`RawCrash::to_api_json`] never takes from the annotations.
const SERVER_FIELDS: [&str; 4] = ["uuid", "submitted_timestamp", "version", METADATA];

const METADATA: &str = "metadata";
const EXACT: &str = "exact";

/// The document of a raw crash. The same crash gives the same bytes.
pub(super) fn write(crash: &RawCrash) -> Result<Vec<u8>, Fault> {
    let mut fields = crash.to_api_json();
    let shadowed = crash.annotations.iter();
    let shadowed = shadowed
        .filter(|(name, _)| SERVER_FIELDS.contains(&name.as_str()))
        .map(|(name, text)| (name.clone(), text.clone()))
        .collect();
    let exact = Exact { metadata: crash.metadata.clone(), shadowed };
    if let Some(Value::Object(metadata)) = fields.get_mut(METADATA) {
        metadata.insert(EXACT.to_owned(), serde_json::to_value(exact)?);
    }
    Ok(serde_json::to_vec(&fields)?)
}

/// The raw crash of a document.
pub(super) fn read(
    bytes: &[u8],
    crash_id: CrashId,
    dumps: Vec<DumpInfo>,
) -> Result<RawCrash, Fault> {
    #[derive(Deserialize)]
    struct Document {
        metadata: Inner,
        #[serde(flatten)]
        fields: Map<String, Value>,
    }
    #[derive(Deserialize)]
    struct Inner {
        exact: Exact,
    }
    let Document { metadata: Inner { exact }, fields } = serde_json::from_slice(bytes)?;
    let mut annotations: Annotations = fields
        .into_iter()
        .filter(|(name, _)| !SERVER_FIELDS.contains(&name.as_str()))
        .filter_map(|(name, value)| match value {
            Value::String(text) => Some((name, text)),
            _ => None,
        })
        .collect();
    annotations.extend(exact.shadowed);
    Ok(RawCrash { crash_id, annotations, metadata: exact.metadata, dumps })
}

#[cfg(test)]
mod tests {
    use auxilio_common::RawEnvelope as _;
    use auxilio_testkit::raw::Recipe;

    use super::*;

    #[test]
    fn a_crash_comes_back_whatever_its_annotations_are_called() {
        for seed in 0..50 {
            let mut recipe = Recipe::new("20121224".parse().unwrap(), seed);
            for name in ["uuid", "submitted_timestamp", "version", "metadata", "exact", ""] {
                recipe = recipe.annotation(name, "a client's \u{1f4a5}");
            }
            let crash = recipe.envelope().raw_crash().clone();
            let bytes = write(&crash).unwrap();
            let read = read(&bytes, crash.crash_id, crash.dumps.clone()).unwrap();
            assert_eq!(read, crash);
            let shown: Value = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(shown["uuid"], crash.crash_id.to_string());
        }
    }
}
