//! What hostile dumps cost their worker, and that no report looks more whole than it is.
//!
//! Memory is `VmHWM` of the worker, CPU time its user and system time, both from `/proc`: the promise
//! is of less than 200 MB and 2 s for one dump. `--nocapture` is not needed: the costs are printed.
//! The workers are this very test, started again as `stackwalk-worker`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bombs;
mod cost;
mod cut_off;
#[path = "../ground/mod.rs"]
mod ground;
mod judge;
mod mutants;
mod seeds;

use std::process::ExitCode;

use ground::Test;

const TESTS: &[Test] = &[
    ("every_bomb_costs_little_and_its_report_says_what_is_missing", bombs::all),
    ("a_real_stack_overflow_costs_little_and_says_how_much_was_cut", bombs::a_real_stack_overflow),
    ("a_dump_that_was_cut_off_is_refused_or_marked_or_lost_nothing", cut_off::at_every_edge),
    ("a_thousand_mutants_cost_little_and_kill_no_worker", mutants::a_thousand),
];

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some(ground::WORKER) {
        return auxilio_stackwalk::worker::main();
    }
    ground::run(TESTS)
}
