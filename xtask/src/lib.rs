//! The house rules as programs, `cargo xtask tidy` and `cargo xtask ci-lint`, and the tests side by side,
//! `cargo xtask test`.
//!
//! What this crate deliberately is not: it does not build, install or deploy anything (`bin/` does),
//! it does not know the code of the other crates, only their text, their manifests and what
//! `cargo metadata` says, and no rule of taste stands here that a person has to judge.

pub mod lint;
pub mod programs;
pub mod tidy;
pub mod tree;
