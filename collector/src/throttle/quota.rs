//! Quotas: how many submissions a minute one client address, and one product, may have.
//!
//! Addresses are counted in memory alone; they are never stored nor logged.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use auxilio_common::{Annotations, Clock, limits};
use auxilio_service::client_address::{client_address, share_of};
use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use http::HeaderMap;
use ipnet::IpNet;

use crate::config::Config;
use crate::refusal::Refusal;

/// Our clock as governor's.
#[derive(Clone, Debug)]
struct Time(Arc<dyn Clock>);

impl GovernorClock for Time {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::from(self.0.monotonic())
    }
}

/// Counts of some kind of name, each with the same quota.
struct Limiter {
    counts: RateLimiter<String, HashMapStateStore<String>, Time, NoOpMiddleware<Nanos>>,
    time: Time,
}

impl Limiter {
    /// `None` for a quota of 0: no bound.
    fn new(per_minute: u32, time: &Time) -> Option<Self> {
        let quota = Quota::per_minute(NonZeroU32::new(per_minute)?);
        let counts = RateLimiter::hashmap_with_clock(quota, time.clone());
        Some(Self { counts, time: time.clone() })
    }

    /// Counts one; or says when the next is free.
    fn take(&self, name: &str) -> Result<(), Duration> {
        // Names come from outside. Those whose quota is whole again need no count; if there are too
        // many even so, all new ones share one.
        if self.counts.len() >= limits::QUOTA_NAMES_MAX {
            self.counts.retain_recent();
        }
        let full = self.counts.len() >= limits::QUOTA_NAMES_MAX;
        let name = if full { String::new() } else { name.to_owned() };
        self.counts.check_key(&name).map_err(|until| until.wait_time_from(self.time.now()))
    }
}

/// The quotas of a collector.
pub(crate) struct Quotas {
    addresses: Option<Limiter>,
    products: Option<Limiter>,
    /// Products with a quota of their own; `None` is no bound.
    named_products: BTreeMap<String, Option<Limiter>>,
    trusted_proxies: Vec<IpNet>,
}

/// `quota.products` holds something else than `PRODUCT=NUMBER`.
#[derive(Debug, thiserror::Error)]
#[error("collector.quota.products holds \"{0}\", which is not written as PRODUCT=NUMBER")]
pub struct QuotaError(String);

/// Reads an entry of `quota.products`, as the product and its crashes a minute.
pub fn read_product_quota(entry: &str) -> Result<(&str, u32), QuotaError> {
    entry
        .rsplit_once('=')
        .and_then(|(product, number)| Some((product.trim(), number.trim().parse().ok()?)))
        .ok_or_else(|| QuotaError(entry.to_owned()))
}

impl Quotas {
    /// Reads the settings.
    pub(crate) fn new(config: &Config, clock: &Arc<dyn Clock>) -> Result<Self, QuotaError> {
        let time = Time(Arc::clone(clock));
        let mut named_products = BTreeMap::new();
        for entry in &config.quota.products {
            let (product, number) = read_product_quota(entry)?;
            named_products.insert(product.to_owned(), Limiter::new(number, &time));
        }
        Ok(Self {
            addresses: Limiter::new(config.quota.address_per_minute, &time),
            products: Limiter::new(config.quota.product_per_minute, &time),
            named_products,
            trusted_proxies: config.trusted_proxies.clone(),
        })
    }

    /// Counts a request of a client: at its head, before anything is read.
    pub(crate) fn take_address(
        &self,
        peer: SocketAddr,
        headers: &HeaderMap,
    ) -> Result<(), Refusal> {
        let Some(limiter) = &self.addresses else { return Ok(()) };
        let client = share_of(client_address(peer, headers, &self.trusted_proxies));
        limiter.take(&client).map_err(|wait| Refusal::OverQuota("the client's address", wait))
    }

    /// Counts a crash that is to be kept: before anything of it is flushed.
    pub(crate) fn take_product(&self, annotations: &Annotations) -> Result<(), Refusal> {
        let product = annotations.get("ProductName").map_or("", String::as_str);
        let limiter = self.named_products.get(product).unwrap_or(&self.products);
        let Some(limiter) = limiter else { return Ok(()) };
        limiter.take(product).map_err(|wait| Refusal::OverQuota("the product", wait))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use auxilio_common::Timestamp;

    use super::*;
    use crate::config::QuotaConfig;

    #[derive(Debug, Default)]
    struct Stopped(AtomicU64);

    impl Clock for Stopped {
        fn now(&self) -> Timestamp {
            Timestamp::from_micros(0)
        }

        fn monotonic(&self) -> Duration {
            Duration::from_secs(self.0.load(Ordering::SeqCst))
        }
    }

    fn quotas(quota: QuotaConfig) -> (Quotas, Arc<Stopped>) {
        let stopped = Arc::new(Stopped::default());
        let clock: Arc<dyn Clock> = stopped.clone();
        (Quotas::new(&Config { quota, ..Config::default() }, &clock).unwrap(), stopped)
    }

    fn product(name: &str) -> Annotations {
        Annotations::from([("ProductName".to_owned(), name.to_owned())])
    }

    #[test]
    fn a_quota_comes_back_with_time_and_says_when() {
        let quota = QuotaConfig { product_per_minute: 60, ..QuotaConfig::default() };
        let (quotas, clock) = quotas(quota);
        for _ in 0..60 {
            quotas.take_product(&product("Demo")).unwrap();
        }
        let Err(Refusal::OverQuota(_, wait)) = quotas.take_product(&product("Demo")) else {
            panic!("a quota of 60 took 61")
        };
        assert!(wait > Duration::ZERO && wait <= Duration::from_secs(1), "{wait:?}");
        quotas.take_product(&product("Other")).unwrap();
        clock.0.store(2, Ordering::SeqCst);
        quotas.take_product(&product("Demo")).unwrap();
        quotas.take_product(&product("Demo")).unwrap();
        assert!(quotas.take_product(&product("Demo")).is_err());
    }

    #[test]
    fn a_product_may_have_a_quota_of_its_own_or_none() {
        let products = vec!["Small=1".to_owned(), "Free=0".to_owned()];
        let quota = QuotaConfig { product_per_minute: 2, products, ..QuotaConfig::default() };
        let (quotas, _) = quotas(quota);
        for (name, allowed) in [("Small", 1), ("Other", 2)] {
            for taken in 0..3 {
                assert_eq!(quotas.take_product(&product(name)).is_ok(), taken < allowed, "{name}");
            }
        }
        for _ in 0..100 {
            quotas.take_product(&product("Free")).unwrap();
        }
    }

    #[test]
    fn only_a_trusted_proxy_names_the_client() {
        let quota = QuotaConfig { address_per_minute: 1, ..QuotaConfig::default() };
        let (quotas, _) = quotas(quota);
        let take = |peer: &str, forwarded: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", forwarded.parse().unwrap());
            quotas.take_address(peer.parse().unwrap(), &headers).is_ok()
        };
        assert!(take("127.0.0.1:1", "203.0.113.1") && take("127.0.0.1:1", "203.0.113.2"));
        assert!(!take("127.0.0.1:2", "203.0.113.1"));
        assert!(take("203.0.113.9:1", "203.0.113.3"), "its own");
        assert!(!take("203.0.113.9:1", "203.0.113.4"), "a stranger chose another address");
    }

    #[test]
    fn more_names_than_can_be_counted_share_a_quota() {
        let quota = QuotaConfig { product_per_minute: 1, ..QuotaConfig::default() };
        let (quotas, clock) = quotas(quota);
        for number in 0..limits::QUOTA_NAMES_MAX {
            quotas.take_product(&product(&number.to_string())).unwrap();
        }
        assert!(quotas.take_product(&product("one more")).is_ok());
        assert!(quotas.take_product(&product("and one")).is_err());
        clock.0.store(61, Ordering::SeqCst);
        assert!(quotas.take_product(&product("and one")).is_ok());
    }
}
