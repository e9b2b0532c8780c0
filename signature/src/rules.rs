//! The rules of signature generation, in their order (socorro-today.md, section 3.3).

mod abort;
mod bad_hardware;
mod frames;
mod hang;
mod ipc_channel_error;
mod ipc_message_name;
mod never_empty;
mod out_of_memory;
mod printable;
mod shutdown_hang;
mod shutdown_timeout;
mod stack_overflow;
mod truncate;
mod walker_status;
mod whitespace;

use crate::post_rule::PostRule;

/// Every rule; each sees what the ones before it made.
pub(crate) const RULES: &[PostRule] = &[
    frames::RULE,
    walker_status::RULE,
    bad_hardware::RULE,
    out_of_memory::RULE,
    abort::RULE,
    shutdown_timeout::RULE,
    shutdown_hang::RULE,
    ipc_channel_error::RULE,
    ipc_message_name::RULE,
    stack_overflow::RULE,
    hang::RULE,
    // The last ones bring the text into the form that columns and pages count on.
    printable::RULE,
    whitespace::RULE,
    never_empty::RULE,
    truncate::RULE,
];
