//! A report: the row of one processed crash, as the table of 2012 had it and a little more.

use auxilio_common::limits::{
    EXTENSIONS_COUNT_MAX, INDEXED_TEXT_CHARS_MAX, NOTED_TEXT_BYTES, REPORT_MODULES_COUNT_MAX,
};
use auxilio_common::{CrashId, Day, Generation, Quality, Throttle, Timestamp};
use serde::Serialize;

use crate::{Extension, Frames, HostedPlugin, StackModule, text};

/// A row of `reports`. The names are those of the columns; `None` is NULL.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The crash id. Its day is the row's partition.
    pub uuid: CrashId,
    /// The day inside the crash id.
    crash_day: Day,
    /// When the crash was submitted. It lies in the crash's day.
    pub date_processed: Timestamp,
    /// The run that made the stored processed crash.
    pub generation: Generation,
    /// How good that run was.
    pub quality: Quality,
    /// The collector's verdict: accept or defer.
    pub throttle: Throttle,
    /// Share of such crashes that is kept, in percent (0 to 100].
    pub sample_rate: f64,
    /// When it crashed, by the client's clock.
    pub client_crash_date: Option<Timestamp>,
    /// The product.
    pub product: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// Its build id.
    pub build: Option<String>,
    /// The bucket that the crash belongs to.
    pub signature: Option<String>,
    /// The page that was shown. Protected.
    pub url: Option<String>,
    /// Seconds from the installation to the crash.
    pub install_age: Option<i64>,
    /// Seconds since the crash before this one.
    pub last_crash: Option<i64>,
    /// Seconds from the start of the process to the crash.
    pub uptime: Option<i64>,
    /// The architecture.
    pub cpu_name: Option<String>,
    /// Family, model, stepping, and `| N` for the number of processors.
    pub cpu_info: Option<String>,
    /// The kind of crash.
    pub reason: Option<String>,
    /// The address that the crash is about.
    pub address: Option<String>,
    /// The operating system.
    pub os_name: Option<String>,
    /// Its version.
    pub os_version: Option<String>,
    /// The person's address. Protected.
    pub email: Option<String>,
    /// An id of the person. Protected.
    pub user_id: Option<String>,
    /// When the run began.
    pub started_datetime: Option<Timestamp>,
    /// When the run ended.
    pub completed_datetime: Option<Timestamp>,
    /// Whether every rule ran and a stack was made.
    pub success: Option<bool>,
    /// Whether something was cut before or after the walk.
    pub truncated: Option<bool>,
    /// What the run noted.
    pub processor_notes: Option<String>,
    /// What the person wrote. Protected.
    pub user_comments: Option<String>,
    /// What the application noted.
    pub app_notes: Option<String>,
    /// Who distributed the build.
    pub distributor: Option<String>,
    /// The distributor's version.
    pub distributor_version: Option<String>,
    /// The first source file of the crashing thread.
    pub topmost_filenames: Option<String>,
    /// Whether add-on versions were checked.
    pub addons_checked: Option<bool>,
    /// Version of the Flash plugin.
    pub flash_version: Option<String>,
    /// What both sides of a hang pair carry.
    pub hangid: Option<String>,
    /// The kind of process; NULL for the main one.
    pub process_type: Option<String>,
    /// The channel.
    pub release_channel: Option<String>,
    /// The product's GUID.
    pub productid: Option<String>,
    /// Names of all frames of the crashing thread.
    pub proto_signature: Option<String>,
    /// What groups crashes whose own code has no symbols.
    pub group_key: Option<String>,
    /// What the signature was made from. It goes to a table beside `reports`.
    pub frames: Option<Frames>,
    /// The add-ons, in their order. They go to a table beside `reports`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<Extension>,
    /// The plugin that a plugin's process hosted. It goes to tables beside `reports`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugin: Option<HostedPlugin>,
    /// Modules of the crashing thread. They go to a table that all crashes share.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub modules: Vec<StackModule>,
}

/// Columns in an index that refuses long values.
const INDEXED: [&str; 4] = ["product", "version", "signature", "hangid"];

impl Report {
    /// A report that says no more than it must. The caller fills in the rest.
    pub fn new(
        uuid: CrashId,
        date_processed: Timestamp,
        generation: Generation,
        quality: Quality,
        throttle: Throttle,
        sample_rate: f64,
    ) -> Self {
        Self {
            uuid,
            crash_day: uuid.day(),
            date_processed,
            generation,
            quality,
            throttle,
            sample_rate,
            client_crash_date: None,
            product: None,
            version: None,
            build: None,
            signature: None,
            url: None,
            install_age: None,
            last_crash: None,
            uptime: None,
            cpu_name: None,
            cpu_info: None,
            reason: None,
            address: None,
            os_name: None,
            os_version: None,
            email: None,
            user_id: None,
            started_datetime: None,
            completed_datetime: None,
            success: None,
            truncated: None,
            processor_notes: None,
            user_comments: None,
            app_notes: None,
            distributor: None,
            distributor_version: None,
            topmost_filenames: None,
            addons_checked: None,
            flash_version: None,
            hangid: None,
            process_type: None,
            release_channel: None,
            productid: None,
            proto_signature: None,
            group_key: None,
            frames: None,
            extensions: Vec::new(),
            plugin: None,
            modules: Vec::new(),
        }
    }

    /// Takes out what Postgres would refuse, and adds a note for each change.
    pub(crate) fn clean(&mut self) {
        let mut notes = Vec::new();
        for (name, column) in self.texts() {
            let Some(value) = column else { continue };
            if text::clean(value) {
                notes.push(format!("U+0000 was taken out of {name}"));
            }
            // What no Unicode text can hold, half of a pair for one, is so before it comes here.
            if value.contains(char::REPLACEMENT_CHARACTER) {
                notes.push(format!("{name} has U+FFFD where something was no text"));
            }
            if INDEXED.contains(&name) && text::cut(value, INDEXED_TEXT_CHARS_MAX) {
                notes.push(format!("{name} was cut to {INDEXED_TEXT_CHARS_MAX} characters"));
            } else if value.len() > NOTED_TEXT_BYTES {
                notes.push(format!("{name} has {} bytes", value.len()));
            }
        }
        self.clean_parts(&mut notes);
        for (name, column) in [
            ("client_crash_date", &mut self.client_crash_date),
            ("started_datetime", &mut self.started_datetime),
            ("completed_datetime", &mut self.completed_datetime),
        ] {
            if column.is_some_and(|at| !is_written_in_four_digits(at)) {
                *column = None;
                notes.push(format!("{name} is in no year from 1 to 9999"));
            }
        }
        if !notes.is_empty() {
            let all = self.processor_notes.take().into_iter().chain(notes);
            self.processor_notes = Some(all.collect::<Vec<_>>().join("; "));
        }
    }

    /// What stands beside the row.
    fn clean_parts(&mut self, notes: &mut Vec<String>) {
        let all = self.extensions.len();
        if all > EXTENSIONS_COUNT_MAX {
            self.extensions.truncate(EXTENSIONS_COUNT_MAX);
            notes.push(format!("{EXTENSIONS_COUNT_MAX} of {all} add-ons were kept"));
        }
        let changed = self.extensions.iter_mut().filter_map(Extension::clean).count();
        if changed > 0 {
            notes.push(format!("{changed} add-ons were cut or had U+0000"));
        }
        if self.plugin.as_mut().and_then(HostedPlugin::clean).is_some() {
            notes.push("the plugin's texts were cut or had U+0000".to_owned());
        }
        self.modules.truncate(REPORT_MODULES_COUNT_MAX);
        let changed = self.modules.iter_mut().filter_map(StackModule::clean).count();
        if changed > 0 {
            notes.push(format!("{changed} modules were cut or had U+0000"));
        }
    }

    /// All columns of text, by name.
    pub fn texts(&mut self) -> [(&'static str, &mut Option<String>); 26] {
        [
            ("product", &mut self.product),
            ("version", &mut self.version),
            ("build", &mut self.build),
            ("signature", &mut self.signature),
            ("url", &mut self.url),
            ("cpu_name", &mut self.cpu_name),
            ("cpu_info", &mut self.cpu_info),
            ("reason", &mut self.reason),
            ("address", &mut self.address),
            ("os_name", &mut self.os_name),
            ("os_version", &mut self.os_version),
            ("email", &mut self.email),
            ("user_id", &mut self.user_id),
            ("processor_notes", &mut self.processor_notes),
            ("user_comments", &mut self.user_comments),
            ("app_notes", &mut self.app_notes),
            ("distributor", &mut self.distributor),
            ("distributor_version", &mut self.distributor_version),
            ("topmost_filenames", &mut self.topmost_filenames),
            ("flash_version", &mut self.flash_version),
            ("hangid", &mut self.hangid),
            ("process_type", &mut self.process_type),
            ("release_channel", &mut self.release_channel),
            ("productid", &mut self.productid),
            ("proto_signature", &mut self.proto_signature),
            ("group_key", &mut self.group_key),
        ]
    }
}

/// Whether a time's text is one that Postgres reads.
fn is_written_in_four_digits(at: Timestamp) -> bool {
    at.date_time().is_some_and(|at| (1..=9_999).contains(&at.year()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_postgres_would_refuse_is_taken_out_and_noted() {
        let id = CrashId::parse("0b794045-87ec-4649-9ce1-73ec00120824").unwrap();
        let at = Timestamp::midnight(id.day());
        let mut report =
            Report::new(id, at, Generation(1), Quality::Clean, Throttle::Accept, 100.0);
        report.url = Some("http://a\0b".into());
        report.product = Some("p".repeat(10_000));
        report.client_crash_date = Some(Timestamp::from_micros(i64::MIN));
        report.processor_notes = Some("first".into());
        report.clean();
        assert_eq!(report.url.as_deref(), Some("http://ab"));
        assert_eq!(report.product.map(|text| text.len()), Some(INDEXED_TEXT_CHARS_MAX));
        assert_eq!(report.client_crash_date, None);
        let notes = report.processor_notes.unwrap();
        assert!(notes.starts_with("first; ") && notes.matches("; ").count() == 3, "{notes}");
    }
}
