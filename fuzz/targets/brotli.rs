//! Fuzzes the reader of brotli.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| auxilio_fuzz::decoder(
    auxilio_collector::Coding::Brotli,
    input
));
