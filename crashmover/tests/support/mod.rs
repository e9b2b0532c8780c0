//! Crashes that a number tells apart.

use auxilio_common::{Annotations, CrashId, Metadata, Payload, RawCrash, Throttle};
use auxilio_crashmover::CarriedSpool;
use auxilio_spool::{Lane, Spool};

/// The id of a number.
pub(crate) fn crash_id(number: u64) -> CrashId {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    CrashId::issue(bytes, 0, "20121224".parse().unwrap())
}

/// A crash of a number, with the verdict of its lane.
pub(crate) fn raw_crash(number: u64, lane: Lane) -> RawCrash {
    let at = "2012-12-24T18:00:00.123456Z".parse().unwrap();
    RawCrash {
        crash_id: crash_id(number),
        annotations: Annotations::from([("Number".to_owned(), number.to_string())]),
        metadata: Metadata {
            submitted_timestamp: at,
            received_at: at,
            throttle: if lane == Lane::Standard { Throttle::Accept } else { Throttle::Defer },
            throttle_rule: "everything".to_owned(),
            sample_percent: 100.0,
            payload: Payload::Multipart,
            payload_compressed: false,
            payload_size: 1,
            user_agent: None,
            id_supplied: true,
            collector_notes: Vec::new(),
        },
        dumps: Vec::new(),
    }
}

/// A spool as one that is carried.
pub(crate) fn carried(spool: &Spool) -> CarriedSpool {
    CarriedSpool { name: spool.dir().display().to_string(), source: spool.source().clone() }
}
