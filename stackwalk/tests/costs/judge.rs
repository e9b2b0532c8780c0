//! What may come of a hostile dump: a report that does not look more whole than it is, or a refusal.

use auxilio_stackwalk::{Walk, WalkError};
use serde_json::Value;

/// Fails unless a walk ended in a report that says what it lacks, or in a named refusal. Answers the
/// report.
pub(crate) fn report(result: Result<Walk, WalkError>, of: &str) -> Option<Value> {
    match result {
        Ok(walk) => Some(whole_or_marked(&walk, of)),
        Err(WalkError::Unreadable { status, .. }) => {
            assert!(!status.is_empty() && !status.contains(' '), "{of}: {status}");
            None
        }
        Err(error) => panic!("{of}: {error:?}"),
    }
}

fn whole_or_marked(walk: &Walk, of: &str) -> Value {
    let json = walk.json_dump.value().unwrap();
    assert_eq!(json["status"], "OK", "{of}");
    let threads = json["threads"].as_array().unwrap();
    assert_eq!(json["thread_count"], threads.len(), "{of}");
    let walked: u64 = threads.iter().map(|thread| thread["frame_count"].as_u64().unwrap()).sum();
    let frames = threads.iter().flat_map(|thread| thread["frames"].as_array().unwrap());
    // The mark for what was left out of a long stack is no frame.
    let kept = frames.filter(|frame| frame.get("truncated").is_none()).count() as u64;
    assert_eq!(walked - kept, walk.truncation.frames_dropped, "{of}");
    let mark = walk.truncation.any().then(|| serde_json::to_value(walk.truncation).unwrap());
    assert_eq!(json.get("truncation"), mark.as_ref(), "{of}");
    json
}
