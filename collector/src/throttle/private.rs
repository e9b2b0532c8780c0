//! Private values: fields that nobody here wants to have.

use auxilio_common::Annotations;

/// Drops fields on arrival, before any rule sees them. Each that was there leaves a note in the words
/// of Mozilla's collector, which tools know.
pub(crate) fn remove(annotations: &mut Annotations, fields: &[String], notes: &mut Vec<String>) {
    for field in fields {
        if annotations.remove(field).is_some() {
            notes.push(format!("Removed {field} from raw crash."));
        }
    }
}
