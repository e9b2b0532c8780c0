//! Plausible annotations for a crash of `auxilio-crashme`, by a seed: what a client of a product
//! with channels, builds, add-ons and people would send.

use auxilio_common::{Annotations, Day, Timestamp};

use crate::crashme::Kind;
use crate::splitmix::SplitMix;

/// A made-up product.
struct Product {
    name: &'static str,
    vendor: &'static str,
    guid: &'static str,
}

/// Made up, so that nobody takes a sample for a real product's crash.
const PRODUCTS: &[Product] = &[
    Product {
        name: "Otterbrook",
        vendor: "Auxilio",
        guid: "{4f1ab1f5-2d35-4c5c-9a3e-0c1d6a8b7e10}",
    },
    Product {
        name: "Lanternfold",
        vendor: "Auxilio",
        guid: "{8a7d1d14-6b5e-4a49-8f0e-5f2f8d1c2b11}",
    },
    Product {
        name: "Quayside",
        vendor: "Harbour Works",
        guid: "{c2b9e6d7-91f4-4f3f-bb6a-7e9a4d5c3f12}",
    },
];

/// Channels, how versions look on them, and how many of a hundred crashes come from each.
const CHANNELS: &[(&str, &str, u64)] =
    &[("release", "", 55), ("beta", "b3", 20), ("nightly", "a1", 15), ("esr", "", 10)];

const LOCALES: &[&str] = &["en-US", "de", "fr", "pt-BR", "ja", "pl", "zh-CN"];
const PROCESSES: &[&str] = &["content", "gpu", "plugin"];
const ADD_ONS: &[&str] =
    &["tidy-tabs%40example.org:2.1.0,dark-sea%40example.org:1.0", "spell%40example.org:4.0.2", ""];
const COMMENTS: &[&str] = &[
    "It crashed when I opened a second window.",
    "Das ist heute schon das dritte Mal \u{1f62e}",
    "just scrolling\nthen gone",
];

const MINUTE: i64 = 60;
const DAY_SECONDS: i64 = 24 * 60 * MINUTE;

/// What a client says about a crash of this kind at this moment. The same arguments give the same.
pub fn annotations(kind: Kind, at: Timestamp, seed: u64) -> Annotations {
    let mut random = SplitMix::new(seed);
    let mut annotations = Annotations::new();
    let mut say = |name: &str, text: String| drop(annotations.insert(name.to_owned(), text));
    product(&mut random, at, &mut say);
    times(&mut random, at, &mut say);
    machine(&mut random, &mut say);
    person(&mut random, &mut say);
    say("Notes", format!("auxilio-crashme {}", kind.name()));
    if random.chance(40) {
        say("ProcessType", (*random.pick(PROCESSES)).to_owned());
    }
    match kind {
        Kind::Panic => say("MozCrashReason", "auxilio-crashme was told to panic".to_owned()),
        Kind::OomAbort => say("OOMAllocationSize", isize::MAX.to_string()),
        _ => {}
    }
    annotations
}

fn product(random: &mut SplitMix, at: Timestamp, say: &mut impl FnMut(&str, String)) {
    let product = random.pick(PRODUCTS);
    let (channel, suffix) = channel(random);
    let (major, minor) = (21 - random.below(4), random.below(3));
    // Builds of the same version and channel have the same id: the age in weeks decides it.
    let built = Timestamp::from_micros((at.seconds() - days(7 + 7 * random.below(4))) * 1_000_000);
    let hour = 3 + random.below(4);
    let day = built.day().map(Day::compact).unwrap_or_default();
    say("ProductName", product.name.to_owned());
    say("Vendor", product.vendor.to_owned());
    say("ProductID", product.guid.to_owned());
    say("Version", format!("{major}.{minor}{suffix}"));
    say("ReleaseChannel", channel.to_owned());
    say("BuildID", format!("{day}{hour:02}0230"));
}

fn channel(random: &mut SplitMix) -> (&'static str, &'static str) {
    let mut left = random.below(100);
    for (name, suffix, share) in CHANNELS {
        if left < *share {
            return (name, suffix);
        }
        left -= share;
    }
    unreachable!("the shares sum up to 100")
}

fn times(random: &mut SplitMix, at: Timestamp, say: &mut impl FnMut(&str, String)) {
    let crash = at.seconds();
    // A third crash within a minute of their start, the others within a day.
    let short = random.chance(33);
    let uptime = seconds(random, if short { MINUTE } else { DAY_SECONDS });
    let start = crash - uptime;
    say("CrashTime", crash.to_string());
    say("StartupTime", start.to_string());
    say("InstallTime", (start - seconds(random, 90 * DAY_SECONDS)).to_string());
    say("UptimeTS", format!("{uptime}.{:06}", random.below(1_000_000)));
    say("StartupCrash", u8::from(uptime < 10).to_string());
    if random.chance(50) {
        say("SecondsSinceLastCrash", seconds(random, 30 * DAY_SECONDS).to_string());
    }
}

fn machine(random: &mut SplitMix, say: &mut impl FnMut(&str, String)) {
    let total = (4 << random.below(4)) * (1_u64 << 30);
    say("TotalPhysicalMemory", total.to_string());
    say("AvailablePhysicalMemory", random.below(total).to_string());
    say("SystemMemoryUsePercentage", random.below(100).to_string());
    say("AdapterVendorID", "0x8086".to_owned());
    say("AdapterDeviceID", format!("0x{:04x}", random.below(1 << 16)));
    say("useragent_locale", (*random.pick(LOCALES)).to_owned());
    say("Add-ons", (*random.pick(ADD_ONS)).to_owned());
    say("EMCheckCompatibility", random.chance(90).to_string());
}

/// What only holders of the right may see. The addresses are of domains that are reserved.
fn person(random: &mut SplitMix, say: &mut impl FnMut(&str, String)) {
    if random.chance(60) {
        say("URL", format!("https://shop.example/cart?session={:08x}", random.below(1 << 32)));
    }
    if random.chance(10) {
        say("Email", format!("person{}@mail.example", random.below(1_000)));
    }
    if random.chance(15) {
        say("Comments", (*random.pick(COMMENTS)).to_owned());
    }
}

/// Seconds from zero up to, not including, `bound`.
fn seconds(random: &mut SplitMix, bound: i64) -> i64 {
    random.below(bound.unsigned_abs()).cast_signed()
}

fn days(count: u64) -> i64 {
    count.cast_signed() * DAY_SECONDS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at() -> Timestamp {
        "2026-11-24T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn the_same_arguments_give_the_same_and_another_seed_another() {
        assert_eq!(annotations(Kind::Segv, at(), 5), annotations(Kind::Segv, at(), 5));
        assert_ne!(annotations(Kind::Segv, at(), 5), annotations(Kind::Segv, at(), 6));
    }

    #[test]
    fn times_follow_each_other_and_builds_come_before_crashes() {
        for seed in 0..500 {
            let said = annotations(Kind::Fpe, at(), seed);
            let number = |name: &str| said[name].parse::<i64>().unwrap();
            assert_eq!(number("CrashTime"), at().seconds());
            assert!(number("InstallTime") <= number("StartupTime"), "seed {seed}");
            assert!(number("StartupTime") <= number("CrashTime"), "seed {seed}");
            assert_eq!(said["BuildID"].len(), 14, "seed {seed}");
            assert!(said["BuildID"].as_str() < "20261118", "seed {seed}");
        }
    }

    #[test]
    fn every_product_channel_and_protected_value_turns_up() {
        let all: Vec<_> = (0..500).map(|seed| annotations(Kind::Ill, at(), seed)).collect();
        let has = |name: &str, text: &str| all.iter().any(|said| said[name] == text);
        assert!(PRODUCTS.iter().all(|product| has("ProductName", product.name)));
        assert!(CHANNELS.iter().all(|(channel, ..)| has("ReleaseChannel", channel)));
        for name in ["URL", "Email", "Comments", "ProcessType", "SecondsSinceLastCrash"] {
            assert!(all.iter().any(|said| said.contains_key(name)), "{name}");
            assert!(all.iter().any(|said| !said.contains_key(name)), "{name}");
        }
    }

    #[test]
    fn a_panic_says_its_reason_and_an_oom_its_size() {
        assert!(annotations(Kind::Panic, at(), 1).contains_key("MozCrashReason"));
        assert!(annotations(Kind::OomAbort, at(), 1).contains_key("OOMAllocationSize"));
        assert!(!annotations(Kind::Segv, at(), 1).contains_key("MozCrashReason"));
    }
}
