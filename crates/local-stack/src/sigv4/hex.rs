//! Bytes in hexadecimal, lower case, as digests and signatures are written.

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
