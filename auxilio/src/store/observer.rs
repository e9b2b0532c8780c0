//! What the client of HBase tells, as metrics.

use std::time::Duration;

use auxilio_service::metrics::{
    HBASE_CALL, HBASE_CALLS, HBASE_CONNECTIONS, HBASE_REPEATS, HBASE_RESTING, HBASE_THREADS,
};
use auxilio_thrift::{ConnectionEvent, Observer};

/// Counts in the process's metrics.
pub(super) struct Metrics;

impl Observer for Metrics {
    fn call_ended(&self, call: &'static str, outcome: &'static str, took: Duration) {
        HBASE_CALLS.add(1, &[call, outcome]);
        HBASE_CALL.record(took.as_secs_f64(), &[call]);
    }

    fn call_repeated(&self, call: &'static str) {
        HBASE_REPEATS.add(1, &[call]);
    }

    fn connection(&self, gateway: &str, event: ConnectionEvent) {
        HBASE_CONNECTIONS.add(1, &[gateway, event.as_str()]);
    }

    fn breaker(&self, gateway: &str, open: bool) {
        HBASE_RESTING.set(f64::from(u8::from(open)), &[gateway]);
    }

    fn threads(&self, count: usize) {
        HBASE_THREADS.set(count as f64, &[]);
    }
}
