//! The rules of signature generation, in their order (socorro-today.md, section 3.3).

mod abort;
mod frames;
mod out_of_memory;
mod printable;
mod shutdown_hang;
mod stack_overflow;
mod truncate;
mod walker_status;
mod whitespace;

use crate::post_rule::PostRule;

/// Every rule; each sees what the ones before it made.
pub(crate) const RULES: &[PostRule] = &[
    frames::RULE,
    walker_status::RULE,
    out_of_memory::RULE,
    abort::RULE,
    shutdown_hang::RULE,
    stack_overflow::RULE,
    // The last three bring the text into the form that columns and pages count on.
    printable::RULE,
    whitespace::RULE,
    truncate::RULE,
];
