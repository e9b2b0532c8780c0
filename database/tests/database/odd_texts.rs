//! Text that Postgres or an index refuses, in every column of a report: the report comes in with a note,
//! and so does its batch.

use auxilio_common::Generation;
use auxilio_database::Completion;

use crate::batches::finished;
use crate::fixture::{Fixture, id, report};

#[tokio::test]
async fn odd_text_in_any_column_gives_a_report_with_a_note_and_its_batch_goes_in() {
    let f = Fixture::new().await;
    let names = report(id(1), Generation(1)).texts().map(|(name, _)| name);
    let columns = "SELECT count(*) FROM information_schema.columns
        WHERE table_name = 'reports' AND data_type = 'text' AND column_name = ANY ('{NAMES}')
          OR table_name = 'reports' AND data_type = 'text' AND column_name NOT IN ('uuid', 'throttle')";
    let columns = columns.replace("NAMES", &names.join(","));
    assert_eq!(
        f.number(&columns).await,
        i64::try_from(names.len()).unwrap(),
        "a column is missing"
    );

    // Halves of a pair of surrogates, escaped or as bytes, are U+FFFD from the collector on.
    let long = "\u{1f980}x".repeat(1024 * 1024 / 5);
    let odd = [("a\0b", "U+0000"), ("a\u{fffd}b", "U+FFFD"), (&long, "NAME ")];
    let ids: Vec<_> = (1..=79).map(id).collect();
    let mut runs = finished(&f, &ids).await;
    for (place, (text, _)) in odd.iter().enumerate() {
        for (column, run) in runs[place * names.len()..][..names.len()].iter_mut().enumerate() {
            *run.report.texts()[column].1 = Some((*text).to_owned());
        }
    }
    let answers = f.processor.save_reports(runs).await.unwrap();
    assert_eq!(answers.len(), ids.len());
    for (place, answer) in answers.into_iter().enumerate() {
        assert_eq!(answer.unwrap(), Completion::Completed, "{place}");
    }
    for (place, id) in ids.iter().enumerate().take(odd.len() * names.len()) {
        let (name, mark) = (names[place % names.len()], odd[place / names.len()].1);
        let sql = format!("SELECT right(processor_notes, 99) FROM reports WHERE uuid = '{id}'");
        let note = f.text(&sql).await;
        assert!(
            note.contains(&mark.replace("NAME", name)) && note.contains(name),
            "{name}: {note}"
        );
    }
    assert_eq!(f.number("SELECT count(*) FROM reports WHERE processor_notes IS NULL").await, 1);
}
