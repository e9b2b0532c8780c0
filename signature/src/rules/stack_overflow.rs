//! A stack that ran over: where it did is chance, so a mark says so.

use crate::crash_data::CrashData;
use crate::generate::Signature;
use crate::lists::Lists;
use crate::post_rule::PostRule;

pub(super) const RULE: PostRule = PostRule { name: "stack_overflow", apply };

fn apply(crash: &CrashData, _: &Lists, signature: &mut Signature) {
    if crash.reason.as_deref() == Some("EXCEPTION_STACK_OVERFLOW") {
        signature.mark("stackoverflow");
    }
}
