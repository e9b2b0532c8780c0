//! A crash without frames says why: the stack walker's own word is added.

use crate::crash_data::CrashData;
use crate::generate::Signature;
use crate::lists::Lists;
use crate::post_rule::PostRule;

pub(super) const RULE: PostRule = PostRule { name: "walker_status", apply };

fn apply(crash: &CrashData, _: &Lists, signature: &mut Signature) {
    let status = crash.mdsw_status_string.as_deref().filter(|status| !status.is_empty());
    if let Some(status) = status
        && signature.signature.starts_with("EMPTY")
    {
        signature.signature = format!("{}; {status}", signature.signature);
    }
}
