//! Promises about processed crashes.

use std::sync::Arc;

use auxilio_common::RawEnvelope;
use auxilio_common::storage::Presence;

use super::Store;
use super::cases::{generation_of, processed, put, recipe};

/// Processed crashes, with and without a raw one.
pub async fn the_highest_generation_is_shown_in_whatever_order_they_come(store: Store) {
    let orders: [&[i64]; 4] = [&[1, 2, 3], &[3, 2, 1], &[2, 3, 1, 3], &[1, 3, 3, 2]];
    for (seed, order) in (200..).zip(orders) {
        let envelope = Arc::new(recipe(seed).envelope());
        let id = envelope.raw_crash().crash_id;
        if seed % 2 == 0 {
            put(&store, &envelope).await;
        }
        let mut highest = i64::MIN;
        for generation in order {
            highest = highest.max(*generation);
            let put = processed(envelope.raw_crash(), *generation);
            store.put_processed(&put).await.expect("put_processed");
            let shown =
                store.get_processed(id).await.expect("get_processed").expect("one is there");
            assert_eq!(shown, processed(envelope.raw_crash(), highest));
            let expected = Presence {
                raw: seed % 2 == 0,
                processed: Some(generation_of(envelope.raw_crash(), highest)),
            };
            assert_eq!(store.exists(id).await.expect("exists"), expected);
        }
    }
    let mut large = processed(recipe(210).envelope().raw_crash(), 1);
    large.crash.set("proto_signature", Some("x".repeat(6 * 1024 * 1024)));
    store.put_processed(&large).await.expect("put_processed of 6 MiB");
    let shown = store.get_processed(large.envelope.crash_id).await.expect("get_processed");
    assert_eq!(shown, Some(large));
}
