//! Configuration files, typed by hand.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| jetbridge::fuzzing::config(data));
