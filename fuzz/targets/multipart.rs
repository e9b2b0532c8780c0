//! Fuzzes the multipart reader.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| auxilio_fuzz::multipart(input));
