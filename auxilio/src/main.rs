//! auxilio.
fn main() {}
