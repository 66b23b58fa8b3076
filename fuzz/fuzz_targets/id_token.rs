//! An ID token and a key set, before anything in them is believed.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| jetbridge::fuzzing::id_token(data));
