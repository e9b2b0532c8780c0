//! Promises about audits: what is whole is not astray, and nothing whole is ever removed.

use std::sync::Arc;

use auxilio_common::audit::{Astray, AuditPlace, AuditScope, Index, Mending, Stray};
use auxilio_common::{CrashId, RawEnvelope, Throttle};

use super::Store;
use super::cases::{assert_whole, day, index_entry, processed, put, recipe, recipe_of, time};

/// Every scope that a day's crashes can be in.
fn scopes() -> [AuditScope; 5] {
    let day = day();
    [
        AuditScope::Crashes(day),
        AuditScope::Dumps(day),
        AuditScope::Submitted(day),
        AuditScope::Unprocessed,
        AuditScope::Hangs,
    ]
}

/// All strays of a scope, and how many crashes or rows were looked at.
async fn audited(store: &Store, scope: AuditScope, limit: usize) -> (Vec<Stray>, usize) {
    let (mut strays, mut looked_at, mut from) = (Vec::new(), 0, None::<AuditPlace>);
    loop {
        let page = store.audit(scope, from, limit).await.expect("audit");
        assert!(page.looked_at <= limit);
        looked_at += page.looked_at;
        strays.extend(page.strays);
        from = page.next;
        if from.is_none() {
            return (strays, looked_at);
        }
    }
}

/// Whole crashes, processed or not, queued or not.
pub async fn nothing_of_whole_crashes_is_astray_and_pages_go_on(store: Store) {
    let mut ids = Vec::<CrashId>::new();
    for seed in 1_000..1_012 {
        let hang = if seed % 3 == 0 { "a hang" } else { "" };
        let throttle = if seed % 4 == 0 { Throttle::Defer } else { Throttle::Accept };
        let crash =
            recipe(seed).throttle(throttle).submitted_at(time(1)).annotation("HangID", hang);
        let envelope = Arc::new(crash.envelope());
        put(&store, &envelope).await;
        let raw = envelope.raw_crash();
        ids.push(raw.crash_id);
        if seed % 2 == 0 {
            store.put_processed(&processed(raw, 1)).await.expect("put_processed");
            store.remove_index(&[index_entry(raw)]).await.expect("remove_index");
        }
    }
    let next_day = day().next().unwrap_or(day());
    let other = recipe_of(next_day, 1_012).throttle(Throttle::Defer);
    let other = other.submitted_at(time(13 * 3_600)).envelope();
    put(&store, &Arc::new(other)).await;
    for (scope, expected) in scopes().into_iter().zip([12, 12, 12, 6, 4]) {
        for limit in [1, 5, 1_000] {
            let (strays, looked_at) = audited(&store, scope, limit).await;
            assert_eq!(strays, [], "{scope}");
            // Hangs stand in one row together, or each in its own.
            let is_hangs = scope == AuditScope::Hangs && looked_at == 1;
            assert!(looked_at == expected || is_hangs, "{scope} by {limit}: {looked_at}");
        }
    }
    for id in ids {
        let mended = store.mend(&unlisted(id)).await.expect("mend");
        assert_eq!(mended, Mending::NotAstray, "a crash that lacks nothing");
    }
}

fn unlisted(crash_id: CrashId) -> Stray {
    Stray { crash_id, since: time(1), what: Astray::Unlisted(Index::Submitted) }
}

/// A processed crash whose raw crash is not there.
pub async fn a_processed_crash_alone_is_named_and_stays(store: Store) {
    let crash = recipe(1_020).envelope();
    let document = processed(crash.raw_crash(), 1);
    store.put_processed(&document).await.expect("put_processed");
    let (strays, _) = audited(&store, AuditScope::Crashes(day()), 10).await;
    let [stray] = &strays[..] else { panic!("{strays:?}") };
    assert_eq!(stray.crash_id, crash.raw_crash().crash_id);
    assert_eq!(stray.what, Astray::ProcessedAlone);
    assert_eq!(stray.since.millis(), document.envelope.generation.0);
    assert!(store.is_astray(stray).await.expect("is_astray"));
    assert_eq!(store.mend(stray).await.expect("mend"), Mending::Impossible);
    assert!(!store.remove_stray(stray).await.expect("remove_stray"));
    let kept = store.get_processed(stray.crash_id).await.expect("get_processed");
    assert_eq!(kept.as_ref(), Some(&document));
}

/// Whoever comes late with an old find changes nothing.
pub async fn what_is_whole_is_never_removed_as_a_stray(store: Store) {
    let crash = recipe(1_030).throttle(Throttle::Accept).annotation("HangID", "hang");
    let envelope = Arc::new(crash.submitted_at(time(1)).envelope());
    put(&store, &envelope).await;
    let raw = envelope.raw_crash();
    store.put_processed(&processed(raw, 1)).await.expect("put_processed");
    let (crash_id, since) = (raw.crash_id, time(1));
    let damaged = Astray::Damaged { what: "all of it".to_owned() };
    let row_alone = |index, row: &str| Astray::RowAlone { index, row: row.as_bytes().to_vec() };
    for what in [
        Astray::Unfinished { bytes: 1 },
        damaged,
        Astray::ProcessedAlone,
        Astray::Unlisted(Index::Hang),
        row_alone(Index::Submitted, &format!("2012-12-24T12:00:01.000123{crash_id}")),
        row_alone(Index::Hang, "hang"),
        row_alone(Index::Unprocessed, "../../../../etc/passwd"),
    ] {
        let stray = Stray { crash_id, since, what };
        assert!(!store.is_astray(&stray).await.expect("is_astray"), "{stray:?}");
        assert!(!store.remove_stray(&stray).await.expect("remove_stray"), "{stray:?}");
        let mended = store.mend(&stray).await.expect("mend");
        assert_ne!(mended, Mending::Mended, "{stray:?}");
    }
    assert_whole(&store, &envelope).await;
    assert_eq!(store.read_index(None, 10).await.expect("read_index"), [index_entry(raw)]);
    assert_eq!(store.by_hang_id("hang").await.expect("by_hang_id"), [crash_id]);
    for scope in scopes() {
        assert_eq!(audited(&store, scope, 10).await.0, []);
    }
    // Nor is anything made of a crash that is not there.
    let nobody = recipe(1_031).envelope().raw_crash().crash_id;
    assert_eq!(store.mend(&unlisted(nobody)).await.expect("mend"), Mending::NotAstray);
    let unfinished = Astray::Unfinished { bytes: 1 };
    let stray = Stray { crash_id: nobody, since, what: unfinished };
    assert!(!store.remove_stray(&stray).await.expect("remove_stray"));
}
