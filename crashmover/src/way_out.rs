//! A crash's way out of its spool: counted in one go with what takes it out, so that no cut comes
//! between the two.

use std::sync::Arc;

use auxilio_common::Timestamp;
use auxilio_common::storage::PutRaw;
use auxilio_spool::{Claim, Error, Event, Ledger};

use crate::mover::Mover;
use crate::receipt::Remembered;

/// How a crash is about to leave.
pub(crate) struct WayOut {
    ledger: Arc<Ledger>,
    remembered: Arc<Remembered>,
    at: Timestamp,
    event: Event,
}

impl Mover {
    /// The way out of a crash that the store has.
    pub(crate) fn stored(&self, spool: usize, put: PutRaw, product: Option<&str>) -> WayOut {
        self.way_out(spool, Event::new(name_of(put), product, ""))
    }

    /// The way of a crash that no further try would carry.
    pub(crate) fn quarantined(&self, spool: usize, why: &str) -> WayOut {
        self.way_out(spool, Event::new("quarantined", None, why))
    }

    fn way_out(&self, spool: usize, event: Event) -> WayOut {
        let event = event.from_spool(&self.spools[spool].name);
        WayOut {
            ledger: Arc::clone(&self.ledger),
            remembered: Arc::clone(&self.remembered),
            at: self.shell.clock.now(),
            event,
        }
    }
}

impl WayOut {
    /// Takes the crash out. Should we be killed, it counts if it has gone.
    pub(crate) fn take<T>(
        self,
        claim: &Claim,
        take_out: impl FnOnce(&Claim) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let Self { ledger, remembered, at, event } = self;
        let ticket = ledger.expect(None, &claim.entry().path, &event);
        let taken = take_out(claim);
        match &taken {
            Ok(_) => {
                remembered.note(claim.entry().crash_id, &event.spool, &event.outcome, at);
                ledger.end(Some(ticket), event);
            }
            Err(_) => ledger.give_up(ticket),
        }
        taken
    }
}

/// The name of a crash's way out in metrics, counts and logs.
pub(crate) fn name_of(put: PutRaw) -> &'static str {
    if put == PutRaw::Duplicate { "duplicate" } else { "stored" }
}
