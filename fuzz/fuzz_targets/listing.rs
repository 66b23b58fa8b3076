//! S3's answer to a listing, from a server that may be anybody's.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| jetbridge::fuzzing::listing(data));
