//! Metrics: every name is declared here once, with its help and its labels; nothing else can be
//! counted. They are served as Prometheus text by every role.

use std::sync::OnceLock;

use metrics::Label;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// What a metric does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Sorts values into buckets.
    Histogram,
}

/// A declared metric.
#[derive(Debug)]
pub struct Metric {
    /// `auxilio_<role>_<noun>_<unit or total>`.
    pub name: &'static str,
    /// What it does.
    pub kind: Kind,
    /// Names of its labels, in the order in which their values are given.
    pub labels: &'static [&'static str],
    /// What it says.
    pub help: &'static str,
}

impl Metric {
    /// Adds to a counter. `values` are those of the labels, in order.
    pub fn add(&self, count: u64, values: &[&str]) {
        metrics::counter!(self.name, self.with(values)).increment(count);
    }

    /// Sets a gauge.
    pub fn set(&self, value: f64, values: &[&str]) {
        metrics::gauge!(self.name, self.with(values)).set(value);
    }

    /// Adds to a gauge, or takes from it.
    pub fn shift(&self, change: f64, values: &[&str]) {
        metrics::gauge!(self.name, self.with(values)).increment(change);
    }

    /// Records a value of a histogram.
    pub fn record(&self, value: f64, values: &[&str]) {
        metrics::histogram!(self.name, self.with(values)).record(value);
    }

    fn with(&self, values: &[&str]) -> Vec<Label> {
        debug_assert_eq!(values.len(), self.labels.len(), "labels of {}", self.name);
        self.labels
            .iter()
            .zip(values)
            .map(|(name, value)| Label::new(*name, (*value).to_owned()))
            .collect()
    }
}

macro_rules! declare {
    ($($ident:ident: $kind:ident $name:literal [$($label:literal),*] $help:literal;)*) => {
        $(
            #[doc = $help]
            pub static $ident: Metric =
                Metric { name: $name, kind: Kind::$kind, labels: &[$($label),*], help: $help };
        )*
        /// Every metric there is.
        pub static ALL: &[&Metric] = &[$(&$ident),*];
    };
}

declare! {
    COLLECTOR_RECEIVED: Counter "auxilio_collector_submissions_received_total" []
        "Submissions whose request head arrived.";
    COLLECTOR_ENDED: Counter "auxilio_collector_submissions_ended_total" ["outcome", "reason"]
        "Submissions that ended, by outcome and by rule or code.";
    COLLECTOR_IN_FLIGHT: Gauge "auxilio_collector_submissions_in_flight_count" []
        "Submissions between their head and their answer.";
    COLLECTOR_IN_FLIGHT_BYTES: Gauge "auxilio_collector_submissions_in_flight_bytes" []
        "Bytes of their bodies, those that are still to come included where the client says how many.";
    COLLECTOR_BODY: Histogram "auxilio_collector_body_bytes" []
        "Bytes of a submission's body on the wire.";
    COLLECTOR_BODY_BYTES: Counter "auxilio_collector_body_bytes_total" ["coding"]
        "Bytes of whole bodies on the wire, by what they were compressed with.";
    COLLECTOR_INFLATED_BYTES: Counter "auxilio_collector_inflated_bytes_total" ["coding"]
        "Bytes that compressed bodies became, by what they were compressed with.";
    COLLECTOR_INFLATE_RATIO: Histogram "auxilio_collector_inflate_ratio_count" []
        "Times that a compressed body became longer.";
    COLLECTOR_ANNOTATIONS: Histogram "auxilio_collector_annotations_count" []
        "Annotations of a submission whose body was whole.";
    COLLECTOR_UNPACKED: Counter "auxilio_collector_dumps_unpacked_total" ["coding"]
        "Dumps that came compressed within their part, by what with.";
    COLLECTOR_ANSWER: Histogram "auxilio_collector_answer_seconds" []
        "Time from a submission's head to its answer.";
    COLLECTOR_SPOOLED: Histogram "auxilio_collector_spooled_bytes" []
        "Bytes of a spooled crash's file.";
    COLLECTOR_DISK_FREE: Gauge "auxilio_collector_disk_free_bytes" []
        "Bytes that are free on the spool's file system.";
    COLLECTOR_INODES_FREE: Gauge "auxilio_collector_disk_free_inodes_count" []
        "Files that can still be made on the spool's file system.";
    COLLECTOR_RULES_LOADED: Counter "auxilio_collector_rules_loaded_total" ["outcome"]
        "Times that the throttling rules were read again: loaded or refused.";
    COLLECTOR_RULES_REFUSED: Gauge "auxilio_collector_rules_refused_count" []
        "1 while the throttling rules on disk are refused and the old ones are in use.";
    CRASHMOVER_MOVED: Counter "auxilio_crashmover_crashes_moved_total" ["outcome"]
        "Crashes that left the spool: stored, duplicate or quarantined.";
    CRASHMOVER_FAILURES: Counter "auxilio_crashmover_puts_failed_total" ["class"]
        "Puts that the store refused, by class of the error.";
    CRASHMOVER_PUT: Histogram "auxilio_crashmover_put_seconds" []
        "Time to store one raw crash.";
    CRASHMOVER_SPOOLED: Gauge "auxilio_crashmover_spool_entries_count" ["spool", "lane"]
        "Crashes that wait in a spool.";
    CRASHMOVER_SPOOL_BYTES: Gauge "auxilio_crashmover_spool_bytes" ["spool", "lane"]
        "Bytes of the crashes that wait in a spool.";
    CRASHMOVER_SPOOL_FREE: Gauge "auxilio_crashmover_spool_free_bytes" ["spool"]
        "Bytes that are free on a spool's file system.";
    CRASHMOVER_OLDEST: Gauge "auxilio_crashmover_spool_oldest_seconds" ["spool"]
        "Age of the oldest crash in a spool.";
    CRASHMOVER_QUARANTINED: Gauge "auxilio_crashmover_spool_quarantined_count" ["spool"]
        "Crashes in a spool's quarantine.";
    CRASHMOVER_SPOOL_FAILING: Gauge "auxilio_crashmover_spool_failing_count" ["spool"]
        "1 while a spool, or a part of it, can't be read.";
    CRASHMOVER_UNOPENED: Gauge "auxilio_crashmover_spool_unopened_count" ["spool"]
        "Files of a spool that can't be opened; those beside them are carried.";
    CRASHMOVER_HINTS: Counter "auxilio_crashmover_hints_sent_total" ["outcome"]
        "Hints to monitors, by whether one took them.";
    CRASHMOVER_WANTED: Counter "auxilio_crashmover_crashes_wanted_total" []
        "Crashes that were carried first because somebody waits for them.";
    HBASE_CALLS: Counter "auxilio_hbase_calls_total" ["call", "outcome"]
        "Calls to HBase's gateways that ended, by what became of them: ok, or the name of the error.";
    HBASE_CALL: Histogram "auxilio_hbase_call_seconds" ["call"]
        "Time of a call to a gateway, without its wait for a turn.";
    HBASE_REPEATS: Counter "auxilio_hbase_calls_repeated_total" ["call"]
        "Calls that were made once more because their connection failed.";
    HBASE_CONNECTIONS: Counter "auxilio_hbase_connections_total" ["gateway", "event"]
        "Connections to gateways: opened, failed to open, retired, or dropped after a failed call.";
    HBASE_RESTING: Gauge "auxilio_hbase_gateway_resting_count" ["gateway"]
        "1 while a gateway is left alone because it failed again and again.";
    HBASE_THREADS: Gauge "auxilio_hbase_threads_count" []
        "Threads that make calls to gateways, each with at most one connection.";
    MONITOR_INSERTED: Counter "auxilio_monitor_jobs_inserted_total" []
        "Jobs inserted for new crashes.";
    MONITOR_INDEX_REMOVED: Counter "auxilio_monitor_index_rows_removed_total" []
        "Rows of the unprocessed index that were removed after their job was there.";
    MONITOR_ASSIGNED: Counter "auxilio_monitor_jobs_assigned_total" []
        "Jobs that were given to a processor.";
    MONITOR_LEASES_LOST: Counter "auxilio_monitor_leases_lost_total" []
        "Leases that ran out and were taken back.";
    MONITOR_NEVER_ARRIVED: Counter "auxilio_monitor_jobs_never_arrived_total" []
        "Jobs that waited for a crash which did not come within the spool's age.";
    MONITOR_WANTED: Counter "auxilio_monitor_wanted_sent_total" ["outcome"]
        "Lists of wanted crashes sent to crashmovers, by whether one took them.";
    MONITOR_JOBS: Gauge "auxilio_monitor_jobs_count" ["lane", "state"]
        "Jobs in the queue, by lane and state.";
    MONITOR_OLDEST_JOB: Gauge "auxilio_monitor_oldest_job_seconds" ["lane"]
        "Age of the oldest job that waits for a processor, by lane.";
    MONITOR_ACTIVE: Gauge "auxilio_monitor_active_count" []
        "1 while this monitor is the active one.";
    PROCESSOR_TAKEN: Counter "auxilio_processor_jobs_taken_total" ["lane"]
        "Jobs taken, by lane.";
    PROCESSOR_ENDED: Counter "auxilio_processor_jobs_ended_total" ["outcome"]
        "Jobs ended, by outcome; \"returned\" and \"refused\" are no ends of the job.";
    PROCESSOR_WALK: Histogram "auxilio_processor_walk_seconds" []
        "Time to walk one dump.";
    PROCESSOR_PROCESS: Histogram "auxilio_processor_process_seconds" []
        "Time from taking a job to its end.";
    PROCESSOR_WALKER_DEATHS: Counter "auxilio_processor_walker_deaths_total" ["how"]
        "Stack walkers that died or were killed.";
    PROCESSOR_FAILED_RULES: Counter "auxilio_processor_rules_failed_total" ["rule"]
        "Rules that failed on a crash.";
    MIDDLEWARE_REQUESTS: Counter "auxilio_middleware_requests_total" ["route", "status"]
        "Requests answered, by route and status.";
    MIDDLEWARE_ANSWER: Histogram "auxilio_middleware_answer_seconds" ["route"]
        "Time to answer a request.";
    MIDDLEWARE_ASKED: Counter "auxilio_middleware_crashes_asked_total" ["outcome"]
        "Requests for a crash that is not processed, by what became of them.";
    MIDDLEWARE_CACHE_LOOKUPS: Counter "auxilio_middleware_cache_lookups_total" ["outcome"]
        "Look-ups in the cache: hit, miss, rubbish, failed, or skipped while its server is down.";
    MIDDLEWARE_CACHE_STORES: Counter "auxilio_middleware_cache_stores_total" ["outcome"]
        "Answers for the cache: stored, too_large, refused, failed, busy, or skipped while its server is down.";
    MIDDLEWARE_CACHE_DOWN: Gauge "auxilio_middleware_cache_servers_down_count" []
        "Servers of memcached that are left alone until they answer again.";
    WEBAPP_REQUESTS: Counter "auxilio_webapp_requests_total" ["route", "status"]
        "Pages answered, by route and status.";
    WEBAPP_ANSWER: Histogram "auxilio_webapp_answer_seconds" ["route"]
        "Time to answer a page.";
    CRON_RUNS: Counter "auxilio_cron_runs_total" ["job", "outcome"]
        "Tries at slots, by job: done, failed, lost to another process, or left because Postgres was away.";
}

/// Buckets of seconds: from a look-up in memory to a walk that is cut.
const SECONDS: &[f64] =
    &[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0];

/// Buckets of bytes: from a small dump to the largest body.
const BYTES: &[f64] = &[1e3, 1e4, 3e4, 1e5, 3e5, 1e6, 3e6, 1e7, 3e7];

/// Buckets of counts and ratios: from one to as many annotations as a crash may have.
const COUNTS: &[f64] = &[1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0];

/// Starts counting, once in a process, and answers the handle that renders what was counted.
///
/// `None` if something else in the process counts already, which no program of ours does.
pub fn install() -> Option<&'static PrometheusHandle> {
    static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    HANDLE.get_or_init(build).as_ref()
}

fn build() -> Option<PrometheusHandle> {
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), SECONDS)
        .and_then(|builder| builder.set_buckets_for_metric(Matcher::Suffix("_bytes".into()), BYTES))
        .and_then(|builder| {
            builder.set_buckets_for_metric(Matcher::Suffix("_count".into()), COUNTS)
        })
        .ok()?;
    let handle = builder.install_recorder().ok()?;
    for metric in ALL {
        match metric.kind {
            Kind::Counter => metrics::describe_counter!(metric.name, metric.help),
            Kind::Gauge => metrics::describe_gauge!(metric.name, metric.help),
            Kind::Histogram => metrics::describe_histogram!(metric.name, metric.help),
        }
    }
    Some(handle)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_say_role_and_unit() {
        let names: BTreeSet<_> = ALL.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), ALL.len());
        for metric in ALL {
            assert!(metric.name.starts_with("auxilio_"), "{}", metric.name);
            let unit = metric.name.rsplit('_').next().unwrap();
            assert!(["total", "seconds", "bytes", "count"].contains(&unit), "{}", metric.name);
            assert_eq!(unit == "total", metric.kind == Kind::Counter, "{}", metric.name);
        }
    }

    #[test]
    fn what_is_counted_is_rendered_with_its_help() {
        let handle = install().unwrap();
        COLLECTOR_ENDED.add(2, &["accepted", "accept_all"]);
        let text = handle.render();
        assert!(text.contains(
            r#"auxilio_collector_submissions_ended_total{outcome="accepted",reason="accept_all"} 2"#
        ));
        assert!(
            text.contains(
                "# HELP auxilio_collector_submissions_ended_total Submissions that ended"
            )
        );
    }
}
