//! Benchmarks of what costs most on a crash's way; each is a program of its own under `benches/`.
//!
//! What this crate deliberately is not: it holds no code of the system, and it decides nothing. A
//! benchmark measures and prints; limits that must hold are tests.

pub mod disk;
