//! Fuzzes the reader of bzip2.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| auxilio_fuzz::decoder(
    auxilio_collector::Coding::Bzip2,
    input
));
