//! A line of the extracts: 30 columns, as scripts have read them since 2012, and which of them the
//! public reads.

use auxilio_common::fields::{Permission, find};
use auxilio_database::{EXTRACT_COLUMNS, ExtractRow};

/// The columns by name, each with the fields that it is made of.
#[rustfmt::skip]
const COLUMNS: [(&str, &[&str]); EXTRACT_COLUMNS] = [
    ("signature", &["signature"]),
    (URL, &["url"]),
    (UUID_URL, &["uuid"]),
    ("client_crash_date", &["client_crash_date"]),
    ("date_processed", &["date_processed"]),
    ("last_crash", &["last_crash"]),
    ("product", &["product"]),
    ("version", &["version"]),
    ("build", &["build"]),
    ("branch", &["product", "version"]),
    ("os_name", &["os_name"]),
    ("os_version", &["os_version"]),
    ("cpu_info", &["cpu_arch", "cpu_info"]),
    ("address", &["address"]),
    ("bug_list", &["signature"]),
    ("user_comments", &["user_comments"]),
    ("uptime_seconds", &["uptime"]),
    ("email", &["email"]),
    ("adu_count", &["product", "version", "os_name"]),
    ("topmost_filenames", &["topmost_filenames"]),
    ("addons_checked", &["addons_checked"]),
    ("flash_version", &["flash_version"]),
    ("hangid", &["hangid"]),
    ("reason", &["reason"]),
    ("process_type", &["process_type"]),
    ("app_notes", &["app_notes"]),
    ("install_age", &["install_age"]),
    ("duplicate_of", &["uuid"]),
    ("release_channel", &["release_channel"]),
    ("productid", &["productid"]),
];

const URL: &str = "url";
const UUID_URL: &str = "uuid_url";

/// What stands for the page in a file that may not say it.
const URL_REMOVED: &str = "URL (removed)";

/// Who a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    Private,
    Public,
}

/// What turns reports into the lines of a file.
pub(super) struct Lines {
    report_url: String,
    /// Columns that the file's readers may not see.
    is_hidden: [bool; EXTRACT_COLUMNS],
}

impl Lines {
    /// `report_url` comes before a crash's id.
    pub(super) fn new(audience: Audience, report_url: &str) -> Self {
        let is_hidden =
            COLUMNS.map(|(_, fields)| audience == Audience::Public && is_protected(fields));
        Self { report_url: report_url.to_owned(), is_hidden }
    }

    /// The first line of a file.
    pub(super) fn header() -> [&'static str; EXTRACT_COLUMNS] {
        COLUMNS.map(|(name, _)| name)
    }

    /// The line of a report. A column that is hidden says the same for every report.
    pub(super) fn line(&self, row: &ExtractRow) -> [String; EXTRACT_COLUMNS] {
        std::array::from_fn(|column| {
            let name = COLUMNS[column].0;
            match (&row[column], self.is_hidden[column]) {
                (_, true) if name == URL => URL_REMOVED.to_owned(),
                (_, true) => String::new(),
                (None, false) => "\\N".to_owned(),
                (Some(id), false) if name == UUID_URL => format!("{}{id}", self.report_url),
                (Some(value), false) => clean(value),
            }
        })
    }
}

/// What the table of fields does not know is nobody's to publish.
fn is_protected(fields: &[&str]) -> bool {
    let is_public =
        |name: &&str| find(name).is_some_and(|field| field.permission == Permission::Public);
    !fields.iter().all(is_public)
}

/// A value that ends neither column nor line, also for scripts that cut at tabs.
fn clean(value: &str) -> String {
    let mut clean = String::with_capacity(value.len());
    for character in value.chars() {
        match character {
            '\t' => clean.push(' '),
            '\r' => {}
            '\n' => clean.push_str(" | "),
            other => clean.push(other),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_never_ends_a_column_or_a_line() {
        let mut row: ExtractRow = std::array::from_fn(|column| Some(format!("c{column}")));
        row[0] = Some("a\tb\r\nc".into());
        row[4] = None;
        for audience in [Audience::Private, Audience::Public] {
            let line = Lines::new(audience, "http://x/").line(&row);
            assert_eq!([&line[0], &line[2], &line[4]], ["a b | c", "http://x/c2", "\\N"]);
        }
    }

    #[test]
    fn the_public_reads_what_the_table_of_fields_gives_it() {
        let hidden = |audience| {
            let lines = Lines::new(audience, "");
            let names = Lines::header().into_iter().zip(lines.is_hidden);
            names.filter_map(|(name, is_hidden)| is_hidden.then_some(name)).collect::<Vec<_>>()
        };
        assert_eq!(hidden(Audience::Public), ["url", "user_comments", "email"]);
        assert_eq!(hidden(Audience::Private), [""; 0]);
        assert!(is_protected(&["product", "no_such_field"]));
        for (name, fields) in COLUMNS {
            assert!(fields.iter().all(|field| find(field).is_some()), "{name}");
        }
    }
}
