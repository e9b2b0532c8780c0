//! Promises about what is not there, never was or not any more.

use std::slice::from_ref;
use std::sync::Arc;

use auxilio_common::storage::{IndexEntry, Presence, PutRaw};
use auxilio_common::{DumpName, RawEnvelope, Throttle};

use super::Store;
use super::cases::{
    assert_whole, day, index_entry, processed, put, recipe, time, window, window_key,
};

/// Look-ups of what was never there.
pub async fn an_unknown_crash_is_absent_and_no_error(store: Store) {
    let id = recipe(1).envelope().raw_crash().crash_id;
    let entry = IndexEntry { received_at: time(0), crash_id: id };
    assert_eq!(store.get_raw(id).await.expect("get_raw"), None);
    assert!(store.open_dump(id, &DumpName::main()).await.expect("open_dump").is_none());
    assert_eq!(store.get_processed(id).await.expect("get_processed"), None);
    assert_eq!(store.exists(id).await.expect("exists"), Presence::default());
    assert!(store.get_index(from_ref(&entry)).await.expect("get_index").is_empty());
    assert_eq!(store.read_index(None, 10).await.expect("read_index"), []);
    assert_eq!(store.list_day(day(), None, 10).await.expect("list_day"), []);
    assert_eq!(window(&store, time(-1), time(1), None, None, 10).await, []);
    assert_eq!(store.by_hang_id("nothing").await.expect("by_hang_id"), []);
    store.remove_index(from_ref(&entry)).await.expect("remove_index of nothing");
    store.remove(id).await.expect("remove of nothing");
}

/// Removal of all there is of a crash.
pub async fn a_removed_crash_leaves_nothing_and_may_come_again(store: Store) {
    let make = |seed| {
        let recipe = recipe(seed).throttle(Throttle::Accept).annotation("HangID", "hang");
        Arc::new(recipe.submitted_at(time(5)).envelope())
    };
    let (gone, stays) = (make(700), make(701));
    for envelope in [&gone, &stays] {
        put(&store, envelope).await;
        let document = processed(envelope.raw_crash(), 1);
        store.put_processed(&document).await.expect("put_processed");
    }
    let (gone_id, stays_id) = (gone.raw_crash().crash_id, stays.raw_crash().crash_id);
    store.remove(gone_id).await.expect("remove");
    assert_eq!(store.exists(gone_id).await.expect("exists"), Presence::default());
    assert_eq!(store.get_raw(gone_id).await.expect("get_raw"), None);
    assert_eq!(store.get_processed(gone_id).await.expect("get_processed"), None);
    for dump in &gone.raw_crash().dumps {
        assert!(store.open_dump(gone_id, &dump.name).await.expect("open_dump").is_none());
    }
    let entry = index_entry(gone.raw_crash());
    assert!(store.get_index(&[entry]).await.expect("get_index").is_empty());
    assert_eq!(store.list_day(day(), None, 10).await.expect("list_day"), [stays_id]);
    assert_eq!(store.by_hang_id("hang").await.expect("by_hang_id"), [stays_id]);
    let keys = window(&store, time(0), time(10), None, None, 10).await;
    assert_eq!(keys, [window_key(stays.raw_crash())]);
    assert_whole(&store, &stays).await;
    store.remove(gone_id).await.expect("remove once more");
    assert_eq!(put(&store, &gone).await, PutRaw::Stored);
    assert_whole(&store, &gone).await;
}

/// The health check of a store that is well.
pub async fn a_store_that_works_says_so(store: Store) {
    store.check().await.expect("check");
}
