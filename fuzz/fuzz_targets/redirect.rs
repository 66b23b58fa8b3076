//! A redirect URI comes from whoever can open a custom scheme or a loopback address.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| jetbridge::fuzzing::redirect(data));
