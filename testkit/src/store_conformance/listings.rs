//! Promises about the index, the window, the day and the hang.

use std::slice::from_ref;
use std::sync::Arc;
use std::time::Duration;

use auxilio_common::storage::{IndexEntry, PutRaw, WindowKey};
use auxilio_common::{CrashId, RawEnvelope, Throttle};

use super::Store;
use super::cases::{
    assert_whole, day, index_entry, processed, put, recipe, recipe_of, time, window, window_key,
};

/// The unprocessed index: who is in it, in which order, from when, how many.
pub async fn the_index_holds_accepted_crashes_in_order_of_arrival(store: Store) {
    let mut expected = Vec::new();
    // Arrivals minutes apart, some at the same moment, put in no order.
    for seed in [7_u64, 3, 9, 1, 5, 0, 8, 2, 6, 4] {
        let arrived = time(i64::try_from(seed / 2).unwrap_or(0) * 40);
        let accepted = recipe(300 + seed).throttle(Throttle::Accept).submitted_at(arrived);
        let deferred = recipe(320 + seed).throttle(Throttle::Defer).submitted_at(arrived);
        let accepted = Arc::new(accepted.envelope());
        expected.push(index_entry(accepted.raw_crash()));
        put(&store, &accepted).await;
        put(&store, &Arc::new(deferred.envelope())).await;
    }
    expected.sort();
    let read = async |since, limit| store.read_index(since, limit).await.expect("read_index");
    assert_eq!(read(None, 100).await, expected);
    assert_eq!(read(None, 3).await, expected[..3]);
    assert_eq!(read(Some(time(80)), 100).await, expected[4..], "since is part of the answer");
    assert_eq!(read(Some(time(81)), 100).await, expected[6..]);
    assert_eq!(read(Some(time(10_000)), 100).await, []);
}

/// Removing one row touches nothing else.
pub async fn an_index_row_goes_alone_and_a_repeated_put_does_no_harm(store: Store) {
    let envelopes: Vec<_> = (340..343)
        .map(|seed| Arc::new(recipe(seed).throttle(Throttle::Accept).envelope()))
        .collect();
    for envelope in &envelopes {
        put(&store, envelope).await;
    }
    let entry = index_entry(envelopes[1].raw_crash());
    assert_eq!(store.get_index(from_ref(&entry)).await.expect("get_index"), from_ref(&entry));
    let wrong =
        IndexEntry { received_at: entry.received_at.plus(Duration::from_micros(1)), ..entry };
    let last = index_entry(envelopes[2].raw_crash());
    let asked = [last.clone(), wrong.clone(), entry.clone()];
    assert_eq!(store.get_index(&asked).await.expect("get_index"), [last, entry.clone()]);
    assert_eq!(store.get_index(&[]).await.expect("get_index of none"), []);
    store.remove_index(from_ref(&wrong)).await.expect("remove_index of another moment");
    assert_eq!(store.get_index(from_ref(&entry)).await.expect("get_index"), from_ref(&entry));
    store.remove_index(from_ref(&entry)).await.expect("remove_index");
    store.remove_index(from_ref(&entry)).await.expect("remove_index once more");
    assert!(store.get_index(from_ref(&entry)).await.expect("get_index").is_empty());
    assert_eq!(store.read_index(None, 10).await.expect("read_index").len(), 2);
    assert_whole(&store, &envelopes[1]).await;
    // A mover that was killed after our answer puts the crash once more.
    assert_eq!(put(&store, &envelopes[1]).await, PutRaw::Stored);
    assert_whole(&store, &envelopes[1]).await;
    let rows = store.read_index(None, 10).await.expect("read_index");
    let without = rows.iter().filter(|row| **row != entry).count();
    assert_eq!(without, 2, "the row of the crash itself may come back or stay away");
    let all: Vec<_> = envelopes.iter().map(|envelope| index_entry(envelope.raw_crash())).collect();
    store.remove_index(&all).await.expect("remove_index of all");
    assert_eq!(store.read_index(None, 10).await.expect("read_index"), []);
}

/// Windows of `submitted_timestamp`.
pub async fn a_window_is_half_open_in_order_by_product_and_resumes(store: Store) {
    let mut all = Vec::new();
    for (seed, seconds) in (400..).zip([50_i64, 0, 100, 100, 30, 200, 3_600, 90_000, 7_200, 200]) {
        let product = if seed % 2 == 0 { "Firefox" } else { "Thunderbird" };
        let recipe = recipe_of(time(seconds).day().unwrap_or(day()), seed)
            .submitted_at(time(seconds))
            .received_at(time(500_000))
            .annotation("ProductName", product);
        let envelope = Arc::new(recipe.envelope());
        all.push((window_key(envelope.raw_crash()), product));
        put(&store, &envelope).await;
    }
    all.sort();
    let keys = |product: Option<&str>| -> Vec<WindowKey> {
        let kept = all.iter().filter(|(_, name)| product.is_none_or(|product| product == *name));
        kept.map(|(key, _)| key.clone()).collect()
    };
    let (from, to) = (time(-5), time(100_000));
    assert_eq!(window(&store, from, to, None, None, 100).await, keys(None));
    assert_eq!(window(&store, from, to, Some("Firefox"), None, 100).await, keys(Some("Firefox")));
    assert_eq!(window(&store, from, to, Some("Sunbird"), None, 100).await, []);
    let inside: Vec<_> = keys(None)
        .into_iter()
        .filter(|key| key.submitted_at >= time(30) && key.submitted_at < time(200))
        .collect();
    assert_eq!(window(&store, time(30), time(200), None, None, 100).await, inside);
    for product in [None, Some("Thunderbird")] {
        let (mut resumed, mut after) = (Vec::new(), None);
        loop {
            let page = window(&store, from, to, product, after.clone(), 2).await;
            assert!(page.len() <= 2);
            let Some(last) = page.last() else { break };
            after = Some(last.clone());
            resumed.extend(page);
        }
        assert_eq!(resumed, keys(product));
    }
}

/// The ids of a day.
pub async fn a_day_lists_its_crashes_in_order_and_resumes(store: Store) {
    let mut expected = Vec::new();
    for seed in 500..540 {
        let envelope = Arc::new(recipe(seed).without_dumps().envelope());
        expected.push(envelope.raw_crash().crash_id);
        put(&store, &envelope).await;
    }
    let next_day = day().next().unwrap_or(day());
    put(&store, &Arc::new(recipe_of(next_day, 541).without_dumps().envelope())).await;
    // A processed crash alone is no raw crash of the day.
    let orphan = processed(recipe(542).envelope().raw_crash(), 1);
    store.put_processed(&orphan).await.expect("put_processed");
    expected.sort();
    let page_after =
        async |after, limit| store.list_day(day(), after, limit).await.expect("list_day");
    assert_eq!(page_after(None, 1_000).await, expected);
    let (mut resumed, mut after) = (Vec::<CrashId>::new(), None);
    loop {
        let page = page_after(after, 7).await;
        assert!(page.len() <= 7);
        let Some(last) = page.last() else { break };
        after = Some(*last);
        resumed.extend(page);
    }
    assert_eq!(resumed, expected);
}

/// The hang index.
pub async fn crashes_of_a_hang_are_found_by_it(store: Store) {
    let mut expected = Vec::new();
    for seed in 600..604 {
        let hang = if seed == 603 { "other/../hang" } else { "a hang" };
        let envelope = Arc::new(recipe(seed).annotation("HangID", hang).envelope());
        put(&store, &envelope).await;
        expected.push(envelope.raw_crash().crash_id);
    }
    put(&store, &Arc::new(recipe(605).annotation("HangID", "").envelope())).await;
    let other = expected.split_off(3);
    expected.sort();
    assert_eq!(store.by_hang_id("a hang").await.expect("by_hang_id"), expected);
    assert_eq!(store.by_hang_id("other/../hang").await.expect("by_hang_id"), other);
    assert_eq!(store.by_hang_id("").await.expect("by_hang_id"), []);
}
