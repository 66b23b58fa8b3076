//! A stored session, of this or another version, or of none.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| jetbridge::fuzzing::stored_session(data));
