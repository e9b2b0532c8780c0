//! Fuzzes the reader of the JSON part.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| auxilio_fuzz::json_part(input));
