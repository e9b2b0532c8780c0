//! Fuzzes the generation of signatures.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| auxilio_fuzz::signature(input));
