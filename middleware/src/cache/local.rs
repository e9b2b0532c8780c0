//! The cache in this process, bounded by bytes and by entries.

use std::sync::Arc;
use std::time::Duration;

use auxilio_common::Clock;
use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::Found;
use super::key::Key;
use crate::Config;

/// Values with the moment at which they end.
pub(super) struct Local {
    values: Cache<Key, Entry, Weight>,
    clock: Arc<dyn Clock>,
}

#[derive(Clone)]
struct Entry {
    value: Bytes,
    ends_at: Duration,
}

/// An entry weighs its bytes, and at least the share that each has if there are as many as may be:
/// so the one bound on weight holds both.
#[derive(Clone)]
struct Weight {
    least: u64,
}

impl Weighter<Key, Entry> for Weight {
    fn weight(&self, _key: &Key, entry: &Entry) -> u64 {
        self.least.max(entry.value.len() as u64)
    }
}

impl Local {
    pub(super) fn new(config: &Config, clock: Arc<dyn Clock>) -> Self {
        let (bytes, entries) = (config.cache_bytes_max, config.cache_entries_max.max(1));
        let weight = Weight { least: bytes.div_ceil(entries as u64).max(1) };
        Self { values: Cache::with_weighter(entries, bytes, weight), clock }
    }

    pub(super) fn get(&self, key: Key) -> Found {
        match self.values.get(&key) {
            Some(entry) if self.clock.monotonic() < entry.ends_at => Found::Value(entry.value),
            Some(_) => {
                self.values.remove(&key);
                Found::Nothing
            }
            None => Found::Nothing,
        }
    }

    pub(super) fn set(&self, key: Key, value: Bytes, time: Duration) -> &'static str {
        // Each part of the cache has its own share of the bound, and refuses silently what exceeds it.
        if value.len() as u64 > self.values.shard_capacity() {
            return "too_large";
        }
        let ends_at = self.clock.monotonic().saturating_add(time);
        self.values.insert(key, Entry { value, ends_at });
        "stored"
    }
}

#[cfg(test)]
mod tests {
    use auxilio_common::{Day, Timestamp};
    use auxilio_testkit::clock::TestClock;

    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    fn local(bytes: u64, entries: usize) -> (Local, Arc<TestClock>) {
        let day: Day = "20120615".parse().unwrap();
        let clock = Arc::new(TestClock::at(Timestamp::midnight(day)));
        let config =
            Config { cache_bytes_max: bytes, cache_entries_max: entries, ..Config::default() };
        (Local::new(&config, clock.clone()), clock)
    }

    fn key(number: u32) -> Key {
        let mut key = [0; 32];
        key[..4].copy_from_slice(&number.to_be_bytes());
        Key(key)
    }

    #[test]
    fn a_value_is_found_until_its_time_is_over() {
        let (local, clock) = local(1 << 20, 100);
        assert_eq!(local.set(key(1), Bytes::from_static(b"one"), MINUTE), "stored");
        clock.advance(Duration::from_secs(59));
        assert!(matches!(local.get(key(1)), Found::Value(value) if value == "one"));
        assert!(matches!(local.get(key(2)), Found::Nothing));
        clock.advance(Duration::from_secs(1));
        assert!(matches!(local.get(key(1)), Found::Nothing));
        assert_eq!(local.values.len(), 0);
    }

    #[test]
    fn neither_bytes_nor_entries_grow_beyond_their_bounds() {
        let (small, _) = local(1 << 20, 100);
        let (large, _) = local(1 << 20, 1_000_000);
        for number in 0..2_000 {
            assert_eq!(small.set(key(number), Bytes::from_static(b"small"), MINUTE), "stored");
            assert_eq!(large.set(key(number), vec![0; 10_000].into(), MINUTE), "stored");
        }
        assert!((1..=100).contains(&small.values.len()), "{}", small.values.len());
        assert!((1..=104).contains(&large.values.len()), "{}", large.values.len());
        assert_eq!(large.set(key(1), vec![0; 2 << 20].into(), MINUTE), "too_large");
    }
}
