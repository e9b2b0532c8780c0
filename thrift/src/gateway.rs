//! The gateways, and which of them the next connection goes to.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use auxilio_common::Random;

use crate::breaker::Breaker;
use crate::error::Error;

/// One gateway: its address, how many of our connections it holds, and its breaker.
#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) host: String,
    pub(crate) port: u16,
    connections: AtomicUsize,
    breaker: Mutex<Breaker>,
}

impl Gateway {
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let bad = || Error::BadAddress(text.to_owned());
        let (host, port) = text.rsplit_once(':').ok_or_else(bad)?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let port = port.parse().map_err(|_| bad())?;
        if host.is_empty() || port == 0 {
            return Err(bad());
        }
        Ok(Self {
            host: host.to_owned(),
            port,
            connections: AtomicUsize::new(0),
            breaker: Mutex::default(),
        })
    }

    /// Does something with the breaker.
    pub(crate) fn breaker<T>(&self, work: impl FnOnce(&mut Breaker) -> T) -> T {
        work(&mut self.breaker.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn load(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

impl fmt::Display for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// A place among a gateway's connections, given back when it is dropped.
pub(crate) struct Seat(pub(crate) Arc<Gateway>);

impl Seat {
    pub(crate) fn take(gateway: Arc<Gateway>) -> Self {
        gateway.connections.fetch_add(1, Ordering::Relaxed);
        Self(gateway)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

/// All gateways of the cluster.
#[derive(Debug)]
pub(crate) struct Gateways(Vec<Arc<Gateway>>);

impl Gateways {
    pub(crate) fn parse(addresses: &[String]) -> Result<Self, Error> {
        if addresses.is_empty() {
            return Err(Error::NoGateway);
        }
        let gateways = addresses.iter().map(|text| Gateway::parse(text).map(Arc::new));
        gateways.collect::<Result<_, _>>().map(Self)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether any of them may be tried.
    pub(crate) fn admit(&self, now: Duration) -> bool {
        self.0.iter().any(|gateway| gateway.breaker(|breaker| breaker.admits(now)))
    }

    /// How many breakers are open.
    pub(crate) fn open_breakers(&self) -> usize {
        self.0.iter().filter(|gateway| gateway.breaker(|breaker| breaker.is_open())).count()
    }

    /// Of two picked by chance the one with fewer connections, among those that may be tried and
    /// were not `tried` already.
    pub(crate) fn pick(
        &self,
        now: Duration,
        tried: &[Arc<Gateway>],
        random: &dyn Random,
    ) -> Option<Arc<Gateway>> {
        let is_tried =
            |gateway: &Arc<Gateway>| tried.iter().any(|other| Arc::ptr_eq(other, gateway));
        let mut candidates: Vec<_> = self
            .0
            .iter()
            .filter(|gateway| !is_tried(gateway) && gateway.breaker(|breaker| breaker.admits(now)))
            .collect();
        let draw = |candidates: &mut Vec<&Arc<Gateway>>| {
            let place = random.below(candidates.len() as u64);
            // A place below the length of a list fits.
            (!candidates.is_empty())
                .then(|| Arc::clone(candidates.swap_remove(usize::try_from(place).unwrap_or(0))))
        };
        let first = draw(&mut candidates)?;
        match draw(&mut candidates) {
            Some(second) if second.load() < first.load() => Some(second),
            _ => Some(first),
        }
    }
}

#[cfg(test)]
mod tests {
    use auxilio_testkit::clock::TestRandom;

    use super::*;

    fn gateways(count: u16) -> Gateways {
        let addresses: Vec<_> = (1..=count).map(|port| format!("localhost:{port}")).collect();
        Gateways::parse(&addresses).unwrap()
    }

    #[test]
    fn addresses_are_read_and_bad_ones_are_named() {
        let gateway = Gateway::parse("[::1]:9090").unwrap();
        assert_eq!((gateway.host.as_str(), gateway.port), ("::1", 9090));
        for text in ["", "host", "host:", ":9090", "host:0", "host:70000", "host:http"] {
            let error = Gateways::parse(&[text.to_owned()]).unwrap_err();
            assert!(matches!(error, Error::BadAddress(named) if named == text));
        }
        assert!(matches!(Gateways::parse(&[]), Err(Error::NoGateway)));
    }

    #[test]
    fn connections_spread_and_a_gateway_behind_its_breaker_gets_none() {
        let gateways = gateways(4);
        let random = TestRandom::new(1);
        for _ in 0..3 {
            gateways.0[2].breaker(|breaker| breaker.failed(Duration::ZERO));
        }
        let mut seats = Vec::new();
        for _ in 0..300 {
            seats.push(Seat::take(gateways.pick(Duration::ZERO, &[], &random).unwrap()));
        }
        let loads: Vec<_> = gateways.0.iter().map(|gateway| gateway.load()).collect();
        assert_eq!(loads[2], 0);
        assert!(loads.iter().all(|load| *load == 0 || (90..110).contains(load)), "{loads:?}");
        assert_eq!(gateways.open_breakers(), 1);
        drop(seats);
        assert!(gateways.0.iter().all(|gateway| gateway.load() == 0));
    }

    #[test]
    fn a_gateway_is_not_picked_twice_for_one_call() {
        let gateways = gateways(3);
        let random = TestRandom::new(2);
        let mut tried = Vec::new();
        while let Some(gateway) = gateways.pick(Duration::ZERO, &tried, &random) {
            tried.push(gateway);
        }
        assert_eq!(tried.len(), 3);
    }
}
