//! A line of the extracts: 30 columns between tabs, as scripts have read them since 2012.

use auxilio_database::{EXTRACT_COLUMNS, ExtractRow};

/// The names of the columns.
const COLUMNS: [&str; EXTRACT_COLUMNS] = [
    "signature",
    "url",
    "uuid_url",
    "client_crash_date",
    "date_processed",
    "last_crash",
    "product",
    "version",
    "build",
    "branch",
    "os_name",
    "os_version",
    "cpu_info",
    "address",
    "bug_list",
    "user_comments",
    "uptime_seconds",
    "email",
    "adu_count",
    "topmost_filenames",
    "addons_checked",
    "flash_version",
    "hangid",
    "reason",
    "process_type",
    "app_notes",
    "install_age",
    "duplicate_of",
    "release_channel",
    "productid",
];

const URL: usize = 1;
const UUID_URL: usize = 2;
const EMAIL: usize = 17;

/// Who a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    Private,
    Public,
}

/// The first line of a file.
pub(super) fn header() -> String {
    format!("{}\n", COLUMNS.join("\t"))
}

/// Writes a report's line. `report_url` comes before its id.
pub(super) fn push(text: &mut String, row: &ExtractRow, audience: Audience, report_url: &str) {
    for (column, value) in row.iter().enumerate() {
        if column > 0 {
            text.push('\t');
        }
        match (column, audience) {
            (URL, Audience::Public) => text.push_str("URL (removed)"),
            (EMAIL, Audience::Public) => {}
            (UUID_URL, _) => {
                text.push_str(report_url);
                push_clean(text, value.as_deref());
            }
            _ => push_clean(text, value.as_deref()),
        }
    }
    text.push('\n');
}

/// A value that ends neither column nor line.
fn push_clean(text: &mut String, value: Option<&str>) {
    let Some(value) = value else { return text.push_str("\\N") };
    for character in value.chars() {
        match character {
            '\t' => text.push(' '),
            '\r' => {}
            '\n' => text.push_str(" | "),
            other => text.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_never_ends_a_column_or_a_line_and_the_public_reads_no_url_and_email() {
        let mut row: ExtractRow = std::array::from_fn(|column| Some(format!("c{column}")));
        row[0] = Some("a\tb\r\nc".into());
        row[4] = None;
        for audience in [Audience::Private, Audience::Public] {
            let mut text = String::new();
            push(&mut text, &row, audience, "http://x/");
            let columns: Vec<&str> = text.strip_suffix('\n').unwrap().split('\t').collect();
            assert_eq!(columns.len(), EXTRACT_COLUMNS);
            assert_eq!((columns[0], columns[2], columns[4]), ("a b | c", "http://x/c2", "\\N"));
            let expected = match audience {
                Audience::Private => ("c1", "c17"),
                Audience::Public => ("URL (removed)", ""),
            };
            assert_eq!((columns[1], columns[17]), expected);
        }
        assert_eq!(header().split('\t').count(), EXTRACT_COLUMNS);
    }
}
