//! The signature from the frames of the crashing thread: the base of all that follows.

use crate::crash_data::CrashData;
use crate::generate::Signature;
use crate::lists::Lists;
use crate::post_rule::PostRule;
use crate::{thread_frames, walk};

pub(super) const RULE: PostRule = PostRule { name: "frames", apply };

fn apply(crash: &CrashData, lists: &Lists, signature: &mut Signature) {
    from_thread(crash, crash.crashing_index(), lists, signature);
}

/// Makes signature and proto signature from one thread.
pub(super) fn from_thread(crash: &CrashData, index: i64, lists: &Lists, signature: &mut Signature) {
    let lower_case = crash.os.as_deref() == Some("Windows NT");
    let names = crash
        .thread(index)
        .map(|thread| thread_frames::names(thread, lower_case, lists))
        .unwrap_or_default();
    let choice = walk::choose(&names, lists);
    if !choice.relevant {
        signature.note(RULE.name, &format!("no frame data for crashing thread ({index})"));
    }
    signature.signature = choice.signature;
    signature.proto_signature = (!names.is_empty()).then(|| names.join(" | "));
    signature.normalized_frames = names;
}
