//! Fuzzes the rules with whatever a client says in its JSON part.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| auxilio_fuzz::annotations::annotations(input));
