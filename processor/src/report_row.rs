//! The row of a report, from the document that the store keeps: row and store say the same.

use auxilio_common::{Generation, ProcessedDocument, Quality, RawCrash, Throttle, Timestamp};
use auxilio_database::{Frames, HostedPlugin, Report};
use serde_json::Value;

use crate::report_parts::{extensions, stack_modules};

/// The row of a processed crash.
pub fn report_row(raw: &RawCrash, document: &ProcessedDocument) -> Report {
    let (crash, envelope) = (&document.crash, &document.envelope);
    let text = |name| crash.text(name).map(str::to_owned);
    let flag = |name| crash.get(name).and_then(Value::as_bool);
    let time = |name| crash.text(name).and_then(|text| text.parse::<Timestamp>().ok());
    let mut report = Report::new(
        raw.crash_id,
        time("date_processed").unwrap_or_else(|| Timestamp::midnight(raw.crash_id.day())),
        envelope.generation,
        envelope.quality,
        kept(raw.metadata.throttle),
        sample_rate(raw.metadata.sample_percent),
    );
    report.client_crash_date = time("client_crash_date");
    report.product = text("product");
    report.version = text("version");
    report.build = text("build");
    report.signature = text("signature");
    report.url = text("url");
    report.install_age = crash.integer("install_age");
    report.last_crash = crash.integer("last_crash");
    report.uptime = crash.integer("uptime");
    report.cpu_name = text("cpu_arch");
    report.cpu_info = cpu_info(text("cpu_info"), crash.integer("cpu_count"));
    report.reason = text("reason");
    report.address = text("address");
    report.os_name = text("os_name");
    report.os_version = text("os_version");
    report.email = text("email");
    report.user_id = text("user_id");
    report.started_datetime = Some(envelope.started_at);
    report.completed_datetime = Some(envelope.completed_at);
    report.success = flag("success");
    report.truncated = flag("truncated");
    report.processor_notes = (!envelope.notes.is_empty()).then(|| envelope.notes.join("; "));
    report.user_comments = text("user_comments");
    report.app_notes = text("app_notes");
    report.distributor = text("distributor");
    report.distributor_version = text("distributor_version");
    report.topmost_filenames = text("topmost_filenames");
    report.addons_checked = flag("addons_checked");
    report.flash_version = text("flash_version");
    report.hangid = text("hangid");
    report.process_type = text("process_type").filter(|kind| kind != "parent");
    report.release_channel = text("release_channel");
    report.productid = text("productid");
    report.proto_signature = text("proto_signature");
    report.group_key = text("group_key");
    report.frames = crash.text("signature_input").and_then(Frames::of);
    report.extensions = extensions(crash.get("addons"));
    report.plugin = text("plugin_filename").map(|filename| HostedPlugin {
        filename,
        name: text("plugin_name").unwrap_or_default(),
        version: text("plugin_version").unwrap_or_default(),
    });
    report.modules = stack_modules(crash);
    report
}

/// A row that holds nothing of the crash but its id, for one that no better row could be had of.
pub(crate) fn bare_row(
    raw: &RawCrash,
    generation: Generation,
    quality: Quality,
    note: &str,
) -> Report {
    let day = raw.crash_id.day();
    let submitted = raw.metadata.submitted_timestamp;
    let at = if submitted.day() == Some(day) { submitted } else { Timestamp::midnight(day) };
    let throttle = kept(raw.metadata.throttle);
    let rate = sample_rate(raw.metadata.sample_percent);
    let mut report = Report::new(raw.crash_id, at, generation, quality, throttle, rate);
    report.success = Some(false);
    report.processor_notes = Some(note.to_owned());
    report
}

/// As the column had it: with the number of processors.
fn cpu_info(info: Option<String>, count: Option<i64>) -> Option<String> {
    match (info, count) {
        (Some(info), Some(count)) => Some(format!("{info} | {count}")),
        (info, _) => info,
    }
}

/// What is stored was accepted or deferred, whatever a foreign writer may say.
fn kept(throttle: Throttle) -> Throttle {
    if throttle == Throttle::Defer { Throttle::Defer } else { Throttle::Accept }
}

/// A rate that can be divided by; any other says that all such crashes are kept.
fn sample_rate(percent: f64) -> f64 {
    if percent > 0.0 && percent <= 100.0 { percent } else { 100.0 }
}

#[cfg(test)]
mod tests {
    use auxilio_common::ProcessedEnvelope;
    use serde_json::json;

    use super::*;
    use crate::sample::{processed_case, raw};

    #[test]
    fn the_row_says_what_the_document_says() {
        let raw = raw(&[
            ("ProductName", "Demo"),
            ("Version", "1.0"),
            ("CrashTime", "1609962905"),
            ("URL", "http://x/"),
        ]);
        let made = processed_case(
            &raw,
            &json!({
            "crash_info": {"type": "SIGSEGV", "address": "0x1", "crashing_thread": 0},
            "system_info": {"os": "Linux", "os_ver": "5.10", "cpu_arch": "amd64", "cpu_info": "family 6", "cpu_count": 2},
            "threads": [{"frames": [{"function": "f()", "file": "/f.c"}]}]}),
        );
        let at = raw.metadata.submitted_timestamp;
        let envelope = ProcessedEnvelope {
            crash_id: raw.crash_id,
            generation: Generation(7),
            quality: Quality::Clean,
            processor: "p".to_owned(),
            started_at: at,
            completed_at: at,
            failed_rules: Vec::new(),
            notes: vec!["one".to_owned(), "two".to_owned()],
            history: Vec::new(),
        };
        let row = report_row(&raw, &ProcessedDocument { envelope, crash: made.crash });
        let row = serde_json::to_value(row).unwrap();
        for (column, expected) in [
            ("uuid", json!("0b794045-87ec-4649-9ce1-73ec00210106")),
            ("crash_day", json!("2021-01-06")),
            ("date_processed", json!("2021-01-06T20:00:00.000000+00:00")),
            ("client_crash_date", json!("2021-01-06T19:55:05.000000+00:00")),
            ("generation", json!(7)),
            ("quality", json!(2)),
            ("throttle", json!("accept")),
            ("sample_rate", json!(100.0)),
            ("product", json!("Demo")),
            ("version", json!("1.0")),
            ("signature", json!("f")),
            ("url", json!("http://x/")),
            ("cpu_name", json!("amd64")),
            ("cpu_info", json!("family 6 | 2")),
            ("reason", json!("SIGSEGV")),
            ("address", json!("0x1")),
            ("os_name", json!("Linux")),
            ("os_version", json!("5.10")),
            ("topmost_filenames", json!("/f.c")),
            ("process_type", json!(null)),
            ("processor_notes", json!("one; two")),
            ("success", json!(true)),
            ("truncated", json!(false)),
            ("flash_version", json!("[blank]")),
        ] {
            assert_eq!(row[column], expected, "{column}");
        }
    }

    #[test]
    fn no_rate_and_verdict_that_the_table_refuses_comes_through() {
        for (percent, expected) in
            [(10.0, 10.0), (0.0, 100.0), (-1.0, 100.0), (f64::NAN, 100.0), (1e9, 100.0)]
        {
            assert!((sample_rate(percent) - expected).abs() < f64::EPSILON);
        }
        assert_eq!(kept(Throttle::Discard), Throttle::Accept);
        assert_eq!(kept(Throttle::Defer), Throttle::Defer);
    }
}
