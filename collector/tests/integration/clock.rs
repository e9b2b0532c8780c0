//! A clock that jumps: every crash is taken under the day that the clock says, or stays with its client.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use auxilio_common::{Clock, Timestamp};
use auxilio_service::clock::SystemClock;

use crate::client::{form, post};
use crate::server::Server;

/// A time of day that is set, beside the true monotonic time.
#[derive(Debug)]
struct Jumping {
    now: AtomicI64,
    monotonic: SystemClock,
}

impl Clock for Jumping {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.now.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        self.monotonic.monotonic()
    }
}

#[test]
fn a_clock_that_jumps_costs_no_crash() {
    let clock = Arc::new(Jumping { now: AtomicI64::new(0), monotonic: SystemClock::start() });
    let set = |text: &str| {
        clock.now.store(text.parse::<Timestamp>().unwrap().micros(), Ordering::SeqCst);
    };
    set("2026-11-28T23:59:59.999999Z");
    let jumping: Arc<dyn Clock> = Arc::<Jumping>::clone(&clock);
    let server = Server::start_at(jumping, |config| config.quota.address_per_minute = 100, |_| {});
    let mut ids = Vec::new();
    for (at, day) in [
        ("2026-11-28T23:59:59.999999Z", "20261128"),
        ("2026-11-29T00:00:00Z", "20261129"),
        // A day back, a year on, a leap day, a machine whose battery died, and back again.
        ("2026-11-28T00:00:00Z", "20261128"),
        ("2027-11-28T12:00:00Z", "20271128"),
        ("2028-02-29T12:00:00Z", "20280229"),
        ("2001-01-01T00:00:00Z", "20010101"),
        ("2026-11-29T00:00:01Z", "20261129"),
    ] {
        set(at);
        let answer = post(
            server.address,
            "",
            &form(&[("name=ProductName", b"Demo"), ("name=d; filename=x", b"dump")]),
        );
        let id = answer.crash_id();
        assert_eq!(id.day().compact(), day);
        ids.push((id, at.parse::<Timestamp>().unwrap()));
    }
    // No id can have this day: the client keeps its crash until somebody has set the clock.
    set("1970-01-01T00:00:07Z");
    let answer = post(server.address, "", &form(&[("name=ProductName", b"Demo")]));
    assert_eq!((answer.status, answer.body.as_str()), (503, "Discarded=bad_clock"));
    assert!(answer.head.to_ascii_lowercase().contains("retry-after: "));
    assert_eq!(server.spooled().len(), ids.len());
    for (id, at) in ids {
        assert_eq!(server.crash(id).0.metadata.received_at, at);
    }
}
