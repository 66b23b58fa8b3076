//! A discovery document, from a server that may be anybody's.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| jetbridge::fuzzing::discovery(data));
