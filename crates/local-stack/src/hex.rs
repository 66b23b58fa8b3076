//! Bytes in hexadecimal, lower case, as digests, signatures and ETags are written.

/// Without a text for each byte: a listing writes one ETag for each object.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    // Room for the number of parts, which ETags may have.
    let mut text = String::with_capacity(2 * bytes.len() + 4);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}
