//! The plain loops: the published client as it is, over a socket with large buffers.

use std::collections::BTreeMap;
use std::sync::Barrier;
use std::thread;

use auxilio_common::RawEnvelope as _;
use auxilio_testkit::hbase::{Hbase, RawClient};
use auxilio_testkit::raw::Recipe;
use hbase_thrift::hbase::{Mutation, THbaseSyncClient as _};

use crate::meter::{Meter, Seconds};
use crate::{AT_ONCE, Took, Turn, columns, key, seed, value};

/// What stands before the names of its tables.
pub(crate) const PREFIX: &str = "plain_";

const CRASHES: &str = "plain_crash_reports";

const INDEXES: [&str; 2] =
    ["plain_crash_reports_index_submitted_time", "plain_crash_reports_index_unprocessed_flag"];

/// The payload alone, in cells of one row.
pub(crate) fn bytes_alone(hbase: &Hbase, turn: Turn) -> Took {
    let puts = side_by_side(hbase, turn, |client, bytes, caller, number| {
        put_bytes(client, &key("plain", turn, caller, number), bytes);
    });
    let gets = side_by_side(hbase, turn, |client, _, caller, number| {
        let row = key("plain", turn, caller, number);
        let bytes = columns(turn.size).map(|(column, _)| get(client, &row, &column).len());
        assert_eq!(bytes.sum::<usize>(), turn.size);
    });
    [puts, gets]
}

/// What Socorro wrote: the payload, what is known of the crash, and the rows of the indexes, each row by
/// a call. Then what is known of the crash, and the payload.
pub(crate) fn rows(hbase: &Hbase, turn: Turn) -> Took {
    let puts = side_by_side(hbase, turn, |client, bytes, caller, number| {
        put_rows(client, &key("rows", turn, caller, number), bytes, json(turn, caller, number));
    });
    [puts, gets(hbase, turn, "rows")]
}

/// The same, and the two looks by which nothing is lost and no crash takes another's place.
pub(crate) fn calls(hbase: &Hbase, turn: Turn) -> Took {
    let puts = side_by_side(hbase, turn, |client, bytes, caller, number| {
        let row = key("calls", turn, caller, number);
        assert!(!is_there(client, &row, b"ids:claim"));
        put_rows(client, &row, bytes, json(turn, caller, number));
        assert!(is_there(client, &row, b"flags:processed"));
    });
    [puts, gets(hbase, turn, "calls")]
}

fn json(turn: Turn, caller: usize, number: usize) -> Vec<u8> {
    let recipe = Recipe::new("20121224".parse().unwrap(), seed(turn, caller, number));
    let envelope = recipe.without_dumps().envelope();
    serde_json::to_vec(&envelope.raw_crash().to_api_json()).unwrap()
}

fn put_rows(client: &mut RawClient, row: &[u8], bytes: &[u8], json: Vec<u8>) {
    let mut cells = vec![
        (b"meta_data:json".to_vec(), json),
        (b"ids:ooid".to_vec(), row.to_vec()),
        (b"timestamps:submitted".to_vec(), row.to_vec()),
        (b"flags:processed".to_vec(), b"N".to_vec()),
    ];
    if bytes.len() > crate::PIECE {
        put_bytes(client, row, bytes);
    } else {
        cells.push((b"raw_data:0".to_vec(), bytes.to_vec()));
    }
    put(client, CRASHES, row, cells);
    for index in INDEXES {
        put(client, index, row, vec![("ids:ooid".into(), row.to_vec())]);
    }
}

fn gets(hbase: &Hbase, turn: Turn, way: &str) -> Seconds {
    side_by_side(hbase, turn, |client, _, caller, number| {
        let row = key(way, turn, caller, number);
        let json = get(client, &row, b"meta_data:json");
        serde_json::from_slice::<serde_json::Value>(&json).unwrap();
        let bytes = columns(turn.size).map(|(column, _)| get(client, &row, &column).len());
        assert_eq!(bytes.sum::<usize>(), turn.size);
    })
}

fn is_there(client: &mut RawClient, row: &[u8], column: &[u8]) -> bool {
    let columns = vec![column.to_vec()];
    let found = client.get_row_with_columns(CRASHES.into(), row.to_vec(), columns, BTreeMap::new());
    !found.unwrap().is_empty()
}

/// Seconds of all callers' work.
fn side_by_side(
    hbase: &Hbase,
    turn: Turn,
    work: impl Fn(&mut RawClient, &[u8], usize, usize) + Sync,
) -> Seconds {
    let connected = Barrier::new(AT_ONCE + 1);
    thread::scope(|scope| {
        for caller in 0..AT_ONCE {
            let (work, connected) = (&work, &connected);
            scope.spawn(move || {
                let mut client = hbase.client(0).unwrap();
                let bytes = value(turn.size, caller as u64);
                // Beforehand, as ours are.
                connected.wait();
                (0..turn.count).for_each(|number| work(&mut client, &bytes, caller, number));
                connected.wait();
            });
        }
        connected.wait();
        let meter = Meter::begin(hbase);
        connected.wait();
        meter.end()
    })
}

fn put_bytes(client: &mut RawClient, row: &[u8], bytes: &[u8]) {
    for (column, part) in columns(bytes.len()) {
        put(client, CRASHES, row, vec![(column, bytes[part].to_vec())]);
    }
}

fn get(client: &mut RawClient, row: &[u8], column: &[u8]) -> Vec<u8> {
    let columns = vec![column.to_vec()];
    let found = client
        .get_row_with_columns(CRASHES.into(), row.to_vec(), columns, BTreeMap::new())
        .unwrap();
    let cells = found.into_iter().next().unwrap().columns.unwrap();
    cells.into_iter().next().unwrap().1.value.unwrap()
}

fn put(client: &mut RawClient, table: &str, row: &[u8], cells: Vec<(Vec<u8>, Vec<u8>)>) {
    let cells = cells.into_iter().map(|(column, value)| Mutation::new(false, column, value, true));
    let (table, row, cells) = (table.into(), row.to_vec(), cells.collect());
    client.mutate_row_ts(table, row, cells, 1, BTreeMap::new()).unwrap();
}
