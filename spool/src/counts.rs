//! What became of submissions and crashes, counted so that a kill loses next to nothing.
//!
//! Who writes counts holds a [`Ledger`]: numbers in memory, written whole to a file of its own about
//! every second, and between two of these a journal of what is about to be done to files. Each such event
//! is done exactly when its file has left its place: a draft that was renamed into its lane, a spooled
//! file that was unlinked. So whatever a kill interrupts is known afterwards: the counts of a dead writer
//! are *settled* by looking whether the files of its journal are still there. What no file stands for (a
//! refusal, a discard) lacks the last second at most.
//!
//! | path | what |
//! |---|---|
//! | `counts/<instance>/counts` | a writer's counts as JSON; the folder is held by a flock as long as its process lives |
//! | `counts/<instance>/journal.<n>` | events since those counts, one JSON object a line |
//! | `counts/merged` | the settled counts of all dead writers, and whose folders they are of |
//!
//! A writer whose disk fails goes on in the `counts/` of the fallback, with a page that holds everything and names
//! the folder that it replaces: that one counts no more, should its disk come back. A spool and its fallback
//! are therefore read together.
//!
//! Before the first counts of all, what waits and what is in quarantine is counted as [`FOUND`].
//!
//! A start settles and merges what dead writers left, under the lock of `counts/`; a kill within it
//! counts nothing twice, because a folder that `merged` names is passed over.

mod beginning;
mod ledger;
mod page;
mod reading;
mod settle;

use std::collections::{BTreeMap, BTreeSet};

use auxilio_common::limits::{COUNTED_PRODUCTS_MAX, PRODUCT_CHARS_MAX};
use serde::{Deserialize, Serialize};

pub(crate) use beginning::begin;
pub use beginning::product;
pub use ledger::Ledger;
pub use reading::{Reading, read};
pub(crate) use settle::settle;

/// The outcome of crashes that waited before anybody counted.
pub const FOUND: &str = "found";

/// The product of what names none.
pub const NO_PRODUCT: &str = "(none)";

/// All products beyond those that are counted apart, and those with endless names.
pub const OTHER_PRODUCTS: &str = "(other)";

/// A kind of event that is counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Event {
    /// What became of it: `accepted`, `refused`, `stored` …
    pub outcome: String,
    /// The product, as far as it is known.
    pub product: String,
    /// The rule or code that decided.
    pub reason: String,
    /// The spool that a carrier took it from; empty for submissions.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub spool: String,
}

impl Event {
    /// An event; a product without a name, or with an endless one, goes into a bucket.
    pub fn new(outcome: &str, product: Option<&str>, reason: &str) -> Self {
        let product = match product {
            None | Some("") => NO_PRODUCT,
            Some(name) if name.chars().count() > PRODUCT_CHARS_MAX => OTHER_PRODUCTS,
            Some(name) => name,
        };
        Self {
            outcome: outcome.to_owned(),
            product: product.to_owned(),
            reason: reason.to_owned(),
            spool: String::new(),
        }
    }

    /// The same, of a crash that was taken from a spool.
    #[must_use]
    pub fn from_spool(mut self, spool: &str) -> Self {
        spool.clone_into(&mut self.spool);
        self
    }
}

/// Numbers of one writer, or of several together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Submissions whose head arrived.
    pub received: u64,
    /// Submissions that have not ended.
    pub in_flight: u64,
    /// What became of the others, and what carriers did.
    #[serde(with = "rows")]
    pub events: BTreeMap<Event, u64>,
}

impl Counts {
    /// Counts an event.
    pub(crate) fn add(&mut self, event: Event) {
        self.add_many(event, 1);
    }

    fn add_many(&mut self, event: Event, count: u64) {
        if count > 0 {
            *self.events.entry(event).or_default() += count;
        }
    }

    /// Adds all of another's. Products beyond the limit go into one bucket.
    pub fn merge(&mut self, other: &Self) {
        self.received += other.received;
        self.in_flight += other.in_flight;
        let mut products: BTreeSet<_> = self
            .events
            .keys()
            .map(|event| &event.product)
            .filter(|it| is_name(it))
            .cloned()
            .collect();
        for (event, count) in &other.events {
            let mut event = event.clone();
            let is_known = !is_name(&event.product) || products.contains(&event.product);
            if !is_known && products.len() >= COUNTED_PRODUCTS_MAX {
                OTHER_PRODUCTS.clone_into(&mut event.product);
            } else if !is_known {
                products.insert(event.product.clone());
            }
            self.add_many(event, *count);
        }
    }

    /// How many events there are of a kind.
    pub fn count(&self, is_meant: impl Fn(&Event) -> bool) -> u64 {
        self.events.iter().filter(|(event, _)| is_meant(event)).map(|(_, count)| count).sum()
    }

    /// How many events have an outcome.
    pub fn outcome(&self, outcome: &str) -> u64 {
        self.count(|event| event.outcome == outcome)
    }
}

/// Whether it is a product's own name and no bucket's.
fn is_name(product: &str) -> bool {
    product != NO_PRODUCT && product != OTHER_PRODUCTS
}

/// Events as a list of objects: JSON has no keys but texts.
mod rows {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Event;

    #[derive(Serialize, Deserialize)]
    struct Row {
        #[serde(flatten)]
        event: Event,
        count: u64,
    }

    pub(super) fn serialize<S: Serializer>(
        events: &BTreeMap<Event, u64>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(
            events.iter().map(|(event, count)| Row { event: event.clone(), count: *count }),
        )
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<Event, u64>, D::Error> {
        let rows = Vec::<Row>::deserialize(deserializer)?;
        Ok(rows.into_iter().map(|row| (row.event, row.count)).collect())
    }
}
