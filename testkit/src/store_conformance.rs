//! What every store of crashes promises, as one suite: a store that passes it can stand behind
//! [`CrashStore`]. The disk store and HBase run the very same functions.
//!
//! Each promise wants a store that is empty and its own; [`run_all`] asks for one each time. A
//! broken promise panics.
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "the suite runs in tests, which fail by panicking"
)]

mod audits;
mod cases;
mod ids;
mod listings;
mod processed_crashes;
mod raw_crashes;
mod unknown_and_removed;

use std::sync::Arc;

use auxilio_common::CrashStore;

pub use audits::*;
pub use ids::*;
pub use listings::*;
pub use processed_crashes::*;
pub use raw_crashes::*;
pub use unknown_and_removed::*;

type Store = Arc<dyn CrashStore>;

/// Runs every promise, each against a store that `make_store` answers: empty, and nobody else's.
///
/// # Panics
/// If a promise is broken.
pub async fn run_all(make_store: impl AsyncFn() -> Store) {
    macro_rules! run {
        ($($promise:ident),* $(,)?) => {$(
            println!("store promise: {}", stringify!($promise));
            $promise(make_store().await).await;
        )*};
    }
    run!(
        an_unknown_crash_is_absent_and_no_error,
        a_raw_crash_reads_back_with_dumps_of_every_size,
        generated_crashes_read_back_equal,
        the_highest_generation_is_shown_in_whatever_order_they_come,
        the_index_holds_accepted_crashes_in_order_of_arrival,
        an_index_row_goes_alone_and_a_repeated_put_does_no_harm,
        a_window_is_half_open_in_order_by_product_and_resumes,
        a_day_lists_its_crashes_in_order_and_resumes,
        crashes_of_a_hang_are_found_by_it,
        a_removed_crash_leaves_nothing_and_may_come_again,
        an_id_belongs_to_the_content_that_came_first,
        puts_of_one_crash_side_by_side_store_it_once,
        of_two_crashes_with_one_id_side_by_side_one_is_stored_whole,
        a_dump_that_changed_on_its_way_is_not_stored,
        nothing_of_whole_crashes_is_astray_and_pages_go_on,
        a_processed_crash_alone_is_named_and_stays,
        what_is_whole_is_never_removed_as_a_stray,
        a_store_that_works_says_so,
    );
}
