//! Ending a job without walking its dumps, when trying again helps nobody: a report says why.
//!
//! Nothing of it touches what broke before, as far as that is known: no walker, and no part of the
//! store that refuses for good. The job ends as `lost`; processing the crash again brings it back.

use auxilio_common::storage::ErrorClass;
use auxilio_common::{
    CrashId, CrashStore, JobOutcome, Metadata, Payload, Quality, RawCrash, StoreError, Throttle,
    Timestamp,
};

use crate::setback::Setback;
use crate::walked_dump::{WalkedDump, Walks};

/// Why a job is given up.
#[derive(Clone, Debug)]
pub(crate) struct GivenUp {
    /// One word, in the place of the walker's own.
    pub(crate) status: &'static str,
    /// What the report says. It is public: no value and no path stands in it.
    pub(crate) note: String,
}

impl GivenUp {
    /// How such a job ends.
    pub(crate) const OUTCOME: JobOutcome = JobOutcome::Lost;

    /// Its processors went away too often.
    pub(crate) fn leases_lost(times: i32) -> Self {
        let note = format!("given up: {times} processors went away while they had this crash");
        Self { status: "LeasesLost", note }
    }

    /// A setback that no further try changes; `None` for any other.
    pub(crate) fn for_good(setback: &Setback) -> Option<Self> {
        let (status, reason) = match setback {
            Setback::Store(error) if error.class == ErrorClass::Permanent => {
                ("StoreRefused", error.to_string())
            }
            Setback::Database(error) => ("DatabaseRefused", error.to_string()),
            Setback::Store(_) | Setback::Passing(_) | Setback::Death { .. } => return None,
        };
        Some(Self { status, note: format!("given up, because this is refused for good: {reason}") })
    }

    /// What stands for the walks that did not take place.
    pub(crate) fn walks(&self, raw: &RawCrash) -> Walks {
        let minidumps = raw.dumps.iter().filter(|dump| dump.name.is_minidump());
        minidumps.map(|dump| (dump.name.clone(), WalkedDump::without_stack(self.status))).collect()
    }

    /// Marks what the rules made of the annotations: it never takes a better report's place.
    pub(crate) fn mark(&self, made: &mut crate::process::Processed) {
        made.quality = Quality::NoStack;
        made.crash.set("success", Some(false));
        made.notes.insert(0, self.note.clone());
    }
}

/// The raw crash for the last report, its id alone where the store can't read it.
pub(crate) async fn last_raw(
    store: &dyn CrashStore,
    crash_id: CrashId,
) -> Result<Option<RawCrash>, StoreError> {
    match store.get_raw(crash_id).await {
        Err(error) if error.class == ErrorClass::Permanent => Ok(Some(unreadable(crash_id))),
        answer => answer,
    }
}

fn unreadable(crash_id: CrashId) -> RawCrash {
    let at = Timestamp::midnight(crash_id.day());
    RawCrash {
        crash_id,
        annotations: auxilio_common::Annotations::new(),
        metadata: Metadata {
            submitted_timestamp: at,
            received_at: at,
            throttle: Throttle::Accept,
            throttle_rule: "unreadable".to_owned(),
            sample_percent: 100.0,
            payload: Payload::Multipart,
            payload_compressed: false,
            payload_size: 0,
            user_agent: None,
            id_supplied: false,
            collector_notes: Vec::new(),
        },
        dumps: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{dump, processed_with, raw};

    fn refused(class: ErrorClass) -> Setback {
        Setback::Store(StoreError {
            operation: "get raw crash",
            object: "one".to_owned(),
            class,
            source: "/a/path".into(),
        })
    }

    #[test]
    fn only_what_is_refused_for_good_is_given_up() {
        let given_up = GivenUp::for_good(&refused(ErrorClass::Permanent)).unwrap();
        assert!(given_up.note.ends_with("get raw crash one in the store"), "{}", given_up.note);
        for setback in [
            refused(ErrorClass::Retry),
            refused(ErrorClass::Unknown),
            Setback::Passing(String::new()),
            Setback::Death { status: "x", how: String::new(), last_words: None },
        ] {
            assert!(GivenUp::for_good(&setback).is_none());
        }
    }

    #[test]
    fn the_last_report_has_the_annotations_and_the_reason() {
        let mut crash = raw(&[("ProductName", "Demo")]);
        crash.dumps = vec![dump("upload_file_minidump"), dump("memory_report")];
        let given_up = GivenUp::leases_lost(10);
        let mut made = processed_with(&crash, given_up.walks(&crash));
        given_up.mark(&mut made);
        assert_eq!(made.crash.text("product"), Some("Demo"));
        assert_eq!(made.crash.text("mdsw_status_string"), Some("LeasesLost"));
        assert_eq!(made.quality, Quality::NoStack);
        assert_eq!(made.notes[0], given_up.note);
        // Without a dump there is nothing to walk, and still it is no good run.
        let mut made = processed_with(&raw(&[]), Walks::new());
        given_up.mark(&mut made);
        assert_eq!(made.quality, Quality::NoStack);
    }
}
