//! The crashes that a collector kept: each is in a spool, in the store, or in quarantine.

use std::collections::{BTreeMap, BTreeSet};

use auxilio_spool::counts::{self, Counts, Event, FOUND, NO_PRODUCT, OTHER_PRODUCTS};
use auxilio_spool::files::Kind;
use auxilio_spool::{Error, Source};

use super::counts::{Group, Numbers};
use super::{Finding, Verdict};

/// Files of some spools, by product.
#[derive(Default)]
pub(super) struct Kept {
    waiting: BTreeMap<String, u64>,
    quarantined: BTreeMap<String, u64>,
}

impl Kept {
    /// Counts what waits and what is in quarantine. Reads each file's index for its product.
    pub(super) fn in_spools(sources: &[Source]) -> Result<Self, Error> {
        let mut kept = Self::default();
        for source in sources {
            for file in source.files()? {
                let file = file?;
                let place = match file.kind {
                    Kind::Waiting(..) => &mut kept.waiting,
                    Kind::Quarantined(_) => &mut kept.quarantined,
                    Kind::Unfinished { .. } | Kind::Stray => continue,
                };
                // One that was carried away meanwhile is in the counts that are read after this.
                let Some(product) = counts::product(&file) else { continue };
                *place.entry(product).or_default() += 1;
            }
        }
        Ok(kept)
    }
}

/// What both sides of the sum are, of one product or of all.
struct Sides {
    kept: [u64; 2],
    /// How many of them were found when counting began.
    found_first: u64,
    /// Whether anybody counted what was kept.
    is_counted: bool,
    in_flight: u64,
    waiting: u64,
    stored: [u64; 2],
    duplicates: [u64; 2],
    quarantined: u64,
}

/// Compares all together, and each product that no bucket hides.
pub(super) fn compare(
    group: &Group,
    before: &Numbers,
    files: &Kept,
    after: &Numbers,
) -> Vec<Finding> {
    let all = Sides::of(None, before, files, after);
    let mut findings = vec![all.finding(group, None)];
    let names: BTreeSet<&String> =
        [&before.submissions, &after.submissions, &before.carried, &after.carried]
            .into_iter()
            .flat_map(|counts| counts.events.keys().map(|event| &event.product))
            .chain(files.waiting.keys())
            .chain(files.quarantined.keys())
            .collect();
    // Products in the bucket of the others on one side may stand by themselves on the other. A damaged file
    // says no product.
    let is_hidden = names.iter().any(|name| *name == OTHER_PRODUCTS)
        || files.quarantined.contains_key(NO_PRODUCT);
    if !is_hidden {
        for name in names {
            let sides = Sides::of(Some(name), before, files, after);
            findings.extend(
                (sides.verdict() != Verdict::Fine).then(|| sides.finding(group, Some(name))),
            );
        }
    }
    findings
}

impl Sides {
    fn of(product: Option<&String>, before: &Numbers, files: &Kept, after: &Numbers) -> Self {
        let is_meant = |event: &Event| product.is_none_or(|name| event.product == *name);
        let count = |counts: &Counts, outcomes: &[&str]| {
            counts.count(|event| is_meant(event) && outcomes.contains(&event.outcome.as_str()))
        };
        let there = |found: &BTreeMap<String, u64>| match product {
            Some(name) => found.get(name).copied().unwrap_or_default(),
            None => found.values().sum(),
        };
        let both = [before, after];
        Self {
            kept: both.map(|it| count(&it.submissions, &["accepted", "deferred", FOUND])),
            found_first: count(&after.submissions, &[FOUND]),
            is_counted: after.is_counted(),
            in_flight: after.submissions.in_flight,
            waiting: there(&files.waiting),
            stored: both.map(|it| count(&it.carried, &["stored"])),
            duplicates: both.map(|it| count(&it.carried, &["duplicate"])),
            quarantined: there(&files.quarantined),
        }
    }

    /// What was found elsewhere than in the collector's counts, at the least and at the most.
    fn found(&self) -> [u64; 2] {
        let there = self.waiting + self.quarantined;
        [0, 1].map(|time| there + self.stored[time] + self.duplicates[time])
    }

    fn verdict(&self) -> Verdict {
        let ([kept_least, kept_most], [least, most]) = (self.kept, self.found());
        if !self.is_counted && most > 0 {
            return Verdict::NotKnown;
        }
        let fits = least <= kept_most + self.in_flight && kept_least <= most;
        if fits { Verdict::Fine } else { Verdict::Differs }
    }

    fn finding(&self, group: &Group, product: Option<&String>) -> Finding {
        let ([kept_least, kept_most], [least, most]) = (self.kept, self.found());
        let sum = format!(
            "{} in_spool + {} stored + {} duplicate_in_store + {} quarantined",
            self.waiting, self.stored[1], self.duplicates[1], self.quarantined
        );
        let of = product.map_or_else(String::new, |product| format!(" of {product}"));
        let kept = match self.found_first {
            0 => format!("{kept_most} accepted and deferred"),
            found => format!(
                "{} accepted and deferred + {found} found when counting began",
                kept_most - found
            ),
        };
        let says = if self.verdict() == Verdict::NotKnown {
            format!("nobody has counted what was kept here; there are {sum}")
        } else if self.verdict() == Verdict::Differs && most < kept_least {
            format!(
                "{} crashes{of} are missing: {kept_least} were kept, and there are {sum}",
                kept_least - most
            )
        } else if self.verdict() == Verdict::Differs {
            let many = least.saturating_sub(kept_most + self.in_flight);
            format!("{many} crashes{of} are too many: {kept_most} were kept, and there are {sum}")
        } else if kept_least == kept_most && least == most {
            format!("{kept} = {sum}")
        } else {
            let play = (kept_most - kept_least).max(most - least);
            format!("{kept} fit {sum}, with {play} on their way meanwhile")
        };
        Finding {
            check: "kept crashes",
            spool: group.name.clone(),
            product: product.cloned(),
            result: self.verdict(),
            says,
        }
    }
}
