//! The bytes of an object, made on the way out: each is a function of the key and its position alone, so that ranges
//! agree with whole reads and nothing is held in memory.

use std::ops::Range;

use axum::body::Bytes;
use sha2::{Digest as _, Sha256};

use crate::hex::hex;

/// Content comes in lines of this many bytes, each with the key's digest and its own position.
const LINE: u64 = 64;
const CHUNK: u64 = 64 * 1024;

/// The bytes `range` of the object at `key`, in chunks.
pub(super) fn chunks(key: &str, range: Range<u64>) -> impl Iterator<Item = Bytes> + Send + Sync + use<> {
    let digest = hex(&Sha256::digest(key)[..8]);
    let starts = (range.start..range.end).step_by(usize::try_from(CHUNK).unwrap_or(usize::MAX));
    starts.map(move |start| chunk(&digest, start..range.end.min(start + CHUNK)))
}

fn chunk(digest: &str, range: Range<u64>) -> Bytes {
    let first_line = range.start / LINE;
    let lines = range.end.div_ceil(LINE) - first_line;
    let mut text = String::with_capacity(usize::try_from(lines * LINE).unwrap_or(0));
    for line in first_line..first_line + lines {
        text.push_str(&format!("{digest} {:012} sample data from the local stack.\n", line * LINE));
    }
    let skip = usize::try_from(range.start - first_line * LINE).unwrap_or(0);
    let length = usize::try_from(range.end - range.start).unwrap_or(0);
    Bytes::from(text).slice(skip..skip + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(key: &str, range: Range<u64>) -> Vec<u8> {
        chunks(key, range).flatten().collect()
    }

    #[test]
    fn a_line_has_the_length_that_positions_rely_on() {
        let text = String::from_utf8(read("a", 0..640)).unwrap();
        assert!(text.lines().all(|line| line.len() == 63), "{text}");
        assert_eq!(text.lines().nth(3).unwrap().split(' ').nth(1), Some("000000000192"));
    }

    #[test]
    fn every_range_is_that_part_of_the_whole() {
        let whole = read("photos/x", 0..200_000);
        assert_eq!(whole.len(), 200_000);
        for (start, end) in [(0, 1), (63, 65), (64, 128), (65_535, 65_537), (100_000, 199_999), (5, 5)] {
            assert_eq!(read("photos/x", start..end), whole[start as usize..end as usize]);
        }
        assert_ne!(read("photos/y", 0..16), whole[..16]);
    }
}
