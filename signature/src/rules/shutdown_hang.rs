//! A watchdog that ended a shutdown: the first thread hangs, not the watchdog's own.

use super::frames;
use crate::crash_data::CrashData;
use crate::generate::Signature;
use crate::lists::Lists;
use crate::post_rule::PostRule;

pub(super) const RULE: PostRule = PostRule { name: "shutdown_hang", apply };

fn apply(crash: &CrashData, lists: &Lists, signature: &mut Signature) {
    if signature.signature.contains("RunWatchdog") {
        frames::from_thread(crash, 0, lists, signature);
        signature.mark("shutdownhang");
    }
}
