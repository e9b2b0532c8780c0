//! Rows that lack what belongs to them, each made in a real HBase: found, mended, removed, or named.

use std::sync::Arc;
use std::time::Duration;

use auxilio_common::audit::{Astray, AuditScope, Index, Mending, Outlook, Stray};
use auxilio_common::storage::{Presence, PutRaw};
use auxilio_common::{CrashId, CrashStore, DumpName, RawEnvelope};
use auxilio_testkit::raw::MemoryEnvelope;
use auxilio_thrift::{HbaseStore, Put, Row, Scan};

use crate::crashes::{CRASHES, day, key, noise, noon, put, recipe};
use crate::store::store;
use crate::support::Bench;

const SUBMITTED: &str = "crash_reports_index_submitted_time";
const UNPROCESSED: &str = "crash_reports_index_unprocessed_flag";
const HANGS: &str = "crash_reports_index_hang_id";

/// Bytes of a dump of two chunks.
const DUMP_BYTES: usize = 6 << 20;

fn id_of(envelope: &Arc<MemoryEnvelope>) -> CrashId {
    envelope.raw_crash().crash_id
}

async fn strays(store: &HbaseStore, scope: AuditScope) -> Vec<Stray> {
    let (mut strays, mut from) = (Vec::new(), None);
    loop {
        let page = store.audit(scope, from, 3).await.unwrap();
        strays.extend(page.strays);
        from = page.next;
        if from.is_none() {
            return strays;
        }
    }
}

async fn rows(bench: &Bench, table: &str) -> Vec<Row> {
    let scan = Scan { table, ..Scan::default() };
    bench.client.scan_page(&scan, 100, 1_000).await.unwrap()
}

/// Deletes all of a row as an accident does.
async fn lose_row(bench: &Bench, table: &str, key: &[u8]) {
    for cell in bench.client.get_row(table, key, &[], 1 << 20).await.unwrap().unwrap().cells {
        let columns: &[&[u8]] = &[&cell.0];
        bench.client.delete_cells(table, key, columns, cell.1.timestamp).await.unwrap();
    }
}

/// What a mover leaves that is killed after the first chunk.
async fn begin(bench: &Bench, crash_id: CrashId) {
    let cells = [
        Put::new("flags:format", "1"),
        Put::new("raw_data:upload_file_minidump#0.0123456789abcdef", vec![7; 1_000]),
    ];
    bench.client.put_row(CRASHES, &key(crash_id), &cells, noon().millis()).await.unwrap();
}

#[tokio::test]
async fn an_unfinished_crash_is_found_with_its_bytes_and_removed_and_may_come_all_the_same() {
    let bench = Bench::new();
    let store = store(&bench).await;
    let envelope = Arc::new(recipe(1).dump(DumpName::main(), noise(1, 9_000)).envelope());
    let crash_id = id_of(&envelope);
    begin(&bench, crash_id).await;
    // A claim alone: killed before the first chunk. And chunks that lost their mark.
    let (claimed, unmarked) =
        (id_of(&Arc::new(recipe(2).envelope())), id_of(&Arc::new(recipe(3).envelope())));
    bench.client.put_if_absent(CRASHES, &key(claimed), &Put::new("ids:claim", "c")).await.unwrap();
    let chunk = Put::new("raw_data:x#0.0123456789abcdef", vec![7; 500]);
    bench.client.put_row(CRASHES, &key(unmarked), &[chunk], noon().millis()).await.unwrap();

    let mut found = strays(&store, AuditScope::Crashes(day())).await;
    found.sort_by_key(|stray| stray.since);
    let what: Vec<_> = found.iter().map(|stray| (stray.crash_id, &stray.what)).collect();
    let unfinished = |bytes| Astray::Unfinished { bytes };
    assert_eq!(what, [(crash_id, &unfinished(1_000)), (claimed, &unfinished(0))]);
    assert_eq!(found[0].since.millis(), noon().millis());
    let more = strays(&store, AuditScope::Dumps(day())).await;
    assert_eq!(more.len(), 1, "{more:?}");
    assert_eq!((more[0].crash_id, &more[0].what), (unmarked, &unfinished(500)));
    for stray in found.iter().chain(&more) {
        assert!(store.is_astray(stray).await.unwrap());
        assert_eq!(store.outlook(stray).await.unwrap(), Outlook::Removable);
        assert_eq!(store.mend(stray).await.unwrap(), Mending::Impossible);
        assert!(store.remove_stray(stray).await.unwrap(), "{stray:?}");
        assert!(!store.remove_stray(stray).await.unwrap(), "it is gone");
        assert!(!store.is_astray(stray).await.unwrap());
    }
    assert_eq!(rows(&bench, CRASHES).await, []);
    assert_eq!(strays(&store, AuditScope::Crashes(day())).await, []);

    // A spool of another machine had it: it comes, behind all that was deleted.
    assert_eq!(put(&store, &envelope).await, PutRaw::Stored);
    assert_eq!(strays(&store, AuditScope::Crashes(day())).await, []);
    assert_eq!(strays(&store, AuditScope::Dumps(day())).await, []);
    assert!(store.open_dump(crash_id, &DumpName::main()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_removal_that_was_cut_is_found_again_and_hides_no_crash() {
    let bench = Bench::new();
    let store = store(&bench).await;
    let envelope = Arc::new(recipe(10).dump(DumpName::main(), noise(10, 9_000)).envelope());
    let crash_id = id_of(&envelope);
    begin(&bench, crash_id).await;
    let empty = Put::new("meta_data:manifest", "");
    assert!(bench.client.put_if_absent(CRASHES, &key(crash_id), &empty).await.unwrap());
    assert_eq!(store.exists(crash_id).await.unwrap(), Presence::default());
    assert!(store.get_raw(crash_id).await.is_err(), "it is not there yet");
    let found = strays(&store, AuditScope::Crashes(day())).await;
    let [stray] = &found[..] else { panic!("{found:?}") };
    assert_eq!(stray.since.millis(), noon().millis(), "its age is that of the crash");
    // The crash comes between the two removals.
    assert_eq!(put(&store, &envelope).await, PutRaw::Stored);
    assert!(!store.remove_stray(stray).await.unwrap());
    assert_eq!(strays(&store, AuditScope::Dumps(day())).await, []);
    assert!(store.open_dump(crash_id, &DumpName::main()).await.unwrap().is_some());
}

/// The one thing that must never be: a manifest whose chunks a removal took.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn crashes_that_are_put_while_their_remains_are_removed_end_whole() {
    let bench = Bench::new();
    let store = store(&bench).await;
    let mut puts = Vec::new();
    for seed in 100..108 {
        let dump = noise(seed, 700_000);
        let envelope = Arc::new(recipe(seed).dump(DumpName::main(), dump.clone()).envelope());
        begin(&bench, id_of(&envelope)).await;
        let what = Astray::Unfinished { bytes: 0 };
        let stray = Stray { crash_id: id_of(&envelope), since: noon(), what };
        let (remover, mover) = (store.clone(), store.clone());
        let removal = tokio::spawn(async move {
            // From before the put to behind its end, by and by.
            tokio::time::sleep(Duration::from_millis((seed - 100) * 8)).await;
            remover.remove_stray(&stray).await.unwrap()
        });
        let put = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let crash_id = id_of(&envelope);
            assert_eq!(put(&mover, &envelope).await, PutRaw::Stored);
            assert!(mover.get_raw(crash_id).await.unwrap().is_some());
            crash_id
        });
        puts.push((removal, put));
    }
    let mut removed = 0;
    for (removal, put) in puts {
        removed += usize::from(removal.await.unwrap());
        let crash_id = put.await.unwrap();
        assert!(store.open_dump(crash_id, &DumpName::main()).await.unwrap().is_some());
    }
    assert!(removed > 0, "no removal met a put");
    for scope in [AuditScope::Crashes(day()), AuditScope::Dumps(day())] {
        assert_eq!(strays(&store, scope).await, [], "{scope}");
    }
}

#[tokio::test]
async fn a_missing_chunk_and_missing_metadata_are_named_and_stay() {
    let bench = Bench::new();
    let store = store(&bench).await;
    let crash = recipe(20).dump(DumpName::main(), noise(20, DUMP_BYTES));
    let lacks_chunk = Arc::new(crash.envelope());
    let lacks_json = Arc::new(recipe(21).dump(DumpName::main(), vec![1]).envelope());
    let whole = Arc::new(recipe(22).dump(DumpName::main(), noise(22, DUMP_BYTES)).envelope());
    for envelope in [&lacks_chunk, &lacks_json, &whole] {
        put(&store, envelope).await;
    }
    assert_eq!(strays(&store, AuditScope::Dumps(day())).await, []);
    let columns: &[&[u8]] = &[b"raw_data"];
    let row = bench.client.get_row(CRASHES, &key(id_of(&lacks_chunk)), columns, 8 << 20).await;
    let (column, cell) = row.unwrap().unwrap().cells.pop_first().unwrap();
    let columns: &[&[u8]] = &[&column];
    let lost = key(id_of(&lacks_chunk));
    bench.client.delete_cells(CRASHES, &lost, columns, cell.timestamp).await.unwrap();
    let columns: &[&[u8]] = &[b"meta_data:json"];
    let lost = key(id_of(&lacks_json));
    bench.client.delete_cells(CRASHES, &lost, columns, cell.timestamp).await.unwrap();

    let found = strays(&store, AuditScope::Dumps(day())).await;
    assert_eq!(found.len(), 2, "{found:?}");
    for stray in &found {
        assert!(store.is_astray(stray).await.unwrap());
        let Astray::Damaged { what } = &stray.what else { panic!("{stray:?}") };
        if stray.crash_id == id_of(&lacks_chunk) {
            let words = "1 of 2 chunks of the dump \"upload_file_minidump\" are missing";
            assert_eq!(what, words);
        } else {
            assert_eq!(stray.crash_id, id_of(&lacks_json));
            assert_eq!(what, "its metadata is missing");
        }
        assert_eq!(store.outlook(stray).await.unwrap(), Outlook::Neither);
        assert_eq!(store.mend(stray).await.unwrap(), Mending::Impossible);
        assert!(!store.remove_stray(stray).await.unwrap());
    }
    assert_eq!(strays(&store, AuditScope::Dumps(day())).await, found);
}

#[tokio::test]
async fn a_crash_that_an_index_lost_is_put_into_it_again_and_not_into_the_queue() {
    let bench = Bench::new();
    let store = store(&bench).await;
    let mut ids = Vec::new();
    for seed in 30..36 {
        let envelope = Arc::new(recipe(seed).annotation("HangID", "a hang").envelope());
        put(&store, &envelope).await;
        ids.push(id_of(&envelope));
    }
    let rows_before = rows(&bench, SUBMITTED).await;
    for row in rows(&bench, UNPROCESSED).await {
        lose_row(&bench, UNPROCESSED, &row.key).await;
    }
    lose_row(&bench, SUBMITTED, &rows_before[0].key).await;
    let hang = &rows(&bench, HANGS).await[0];
    let (column, cell) = hang.cells.last_key_value().unwrap();
    let columns: &[&[u8]] = &[column];
    bench.client.delete_cells(HANGS, &hang.key, columns, cell.timestamp).await.unwrap();

    let found = strays(&store, AuditScope::Crashes(day())).await;
    let mut what: Vec<_> = found.iter().map(|stray| stray.what.clone()).collect();
    what.sort_by_key(|what| *what == Astray::Unlisted(Index::Hang));
    assert_eq!(what, [Astray::Unlisted(Index::Submitted), Astray::Unlisted(Index::Hang)]);
    for stray in &found {
        assert!(store.is_astray(stray).await.unwrap());
        assert_eq!(store.outlook(stray).await.unwrap(), Outlook::Mendable);
        assert_eq!(store.mend(stray).await.unwrap(), Mending::Mended);
        assert!(!store.is_astray(stray).await.unwrap());
        assert_eq!(store.mend(stray).await.unwrap(), Mending::NotAstray);
    }
    assert_eq!(strays(&store, AuditScope::Crashes(day())).await, []);
    let keys = |rows: &[Row]| rows.iter().map(|row| row.key.clone()).collect::<Vec<_>>();
    assert_eq!(keys(&rows(&bench, SUBMITTED).await), keys(&rows_before));
    ids.sort_unstable();
    assert_eq!(store.by_hang_id("a hang").await.unwrap(), ids);
    assert_eq!(rows(&bench, UNPROCESSED).await, [], "that row is for the queue's keeper to judge");
}

#[tokio::test]
async fn rows_of_indexes_without_a_crash_are_found_and_removed_alone() {
    let bench = Bench::new();
    let store = store(&bench).await;
    let make = |seed| Arc::new(recipe(seed).annotation("HangID", "a hang").envelope());
    let (stays, gone) = (make(40), make(41));
    put(&store, &stays).await;
    put(&store, &gone).await;
    lose_row(&bench, CRASHES, &key(id_of(&gone))).await;
    for (scope, table, index) in [
        (AuditScope::Submitted(day()), SUBMITTED, Index::Submitted),
        (AuditScope::Unprocessed, UNPROCESSED, Index::Unprocessed),
        (AuditScope::Hangs, HANGS, Index::Hang),
    ] {
        let found = strays(&store, scope).await;
        let [stray] = &found[..] else { panic!("{scope}: {found:?}") };
        assert_eq!(stray.crash_id, id_of(&gone));
        assert!(matches!(stray.what, Astray::RowAlone { index: of, .. } if of == index));
        assert_eq!(stray.since.millis(), noon().millis());
        assert!(store.is_astray(stray).await.unwrap());
        assert_eq!(store.outlook(stray).await.unwrap(), Outlook::Removable);
        assert_eq!(store.mend(stray).await.unwrap(), Mending::Impossible);
        assert!(store.remove_stray(stray).await.unwrap());
        assert!(!store.is_astray(stray).await.unwrap());
        assert_eq!(strays(&store, scope).await, []);
        assert_eq!(rows(&bench, table).await.len(), 1, "{table}");
    }
    assert_eq!(store.by_hang_id("a hang").await.unwrap(), [id_of(&stays)]);
    assert_eq!(put(&store, &gone).await, PutRaw::Stored);
    assert_eq!(store.read_index(None, 10).await.unwrap().len(), 2, "it shows again");
}

#[tokio::test]
async fn a_crash_whose_row_of_the_index_was_removed_before_it_came_shows_in_it() {
    let bench = Bench::new();
    let store = store(&bench).await;
    let late = Arc::new(recipe(45).envelope());
    // Its own row was never there, so nothing but the removal can hide what comes.
    let crash_id = id_of(&late);
    let row = format!("{}2012-12-24T12:00:00.000000{crash_id}", &crash_id.to_string()[..1]);
    let cell = [Put::new("ids:ooid", crash_id.to_string())];
    bench.client.put_row(UNPROCESSED, row.as_bytes(), &cell, noon().millis()).await.unwrap();
    let found = strays(&store, AuditScope::Unprocessed).await;
    let [stray] = &found[..] else { panic!("{found:?}") };
    assert!(store.remove_stray(stray).await.unwrap());
    assert_eq!(put(&store, &late).await, PutRaw::Stored);
    assert_eq!(store.read_index(None, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_hang_id_that_a_great_many_crashes_have_is_not_judged_and_ends_no_audit() {
    let bench = Bench::new();
    let store = store(&bench).await;
    let cells: Vec<_> = (1_000..2_100)
        .map(|seed| id_of(&Arc::new(recipe(seed).envelope())).to_string())
        .map(|id| Put::new(format!("ids:ooid:default:{id}"), id))
        .collect();
    bench.client.put_row(HANGS, b"popular", &cells, noon().millis()).await.unwrap();
    let envelope = Arc::new(recipe(46).annotation("HangID", "popular").envelope());
    put(&store, &envelope).await;
    assert_eq!(strays(&store, AuditScope::Crashes(day())).await, []);
    assert_eq!(strays(&store, AuditScope::Hangs).await.len(), 1_000);
}

#[tokio::test]
async fn what_socorro_wrote_is_left_alone() {
    let bench = Bench::new();
    let store = store(&bench).await;
    let crash_id = id_of(&Arc::new(recipe(50).envelope()));
    // One that no index knows, and one of which only the processed part is left.
    let cells = [Put::new("ids:ooid", crash_id.to_string()), Put::new("meta_data:json", "{}")];
    bench.client.put_row(CRASHES, &key(crash_id), &cells, noon().millis()).await.unwrap();
    let other = id_of(&Arc::new(recipe(51).envelope()));
    let cells = [Put::new("processed_data:json", "{}"), Put::new("ids:ooid", other.to_string())];
    bench.client.put_row(CRASHES, &key(other), &cells, noon().millis()).await.unwrap();
    for id in [crash_id, other] {
        let index = format!("{}2012-12-24T12:00:00{id}", &id.to_string()[..1]).into_bytes();
        let row = [Put::new("ids:ooid", id.to_string())];
        bench.client.put_row(UNPROCESSED, &index, &row, noon().millis()).await.unwrap();
    }
    for scope in [
        AuditScope::Crashes(day()),
        AuditScope::Dumps(day()),
        AuditScope::Submitted(day()),
        AuditScope::Unprocessed,
    ] {
        assert_eq!(strays(&store, scope).await, [], "{scope}");
    }
    let what = Astray::Unfinished { bytes: 0 };
    let stray = Stray { crash_id, since: noon(), what };
    assert!(!store.remove_stray(&stray).await.unwrap());
    assert_eq!(rows(&bench, CRASHES).await.len(), 2);
}
