//! Bodies framed with AWS's own signing crate, as the AWS SDK for Rust frames them; then each spoilt in every place.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::sign::v4::{self, sign_chunk, sign_trailer};
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_runtime_api::http::Headers;
use axum::body::Bytes;
use proptest::prelude::*;

use super::*;
use crate::s3::checksum::Hasher;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const SEED: &str = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e";

/// 2013-05-24T00:00:00Z, the time of AWS's examples.
fn signed_at() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_369_353_600)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Signed,
    SignedTrailer,
    UnsignedTrailer,
}

const KINDS: [Kind; 3] = [Kind::Signed, Kind::SignedTrailer, Kind::UnsignedTrailer];

fn crc32c(content: &[u8]) -> String {
    let mut hasher = Hasher::new(Algorithm::Crc32c);
    hasher.update(content);
    hasher.finish().value
}

/// The body that a client sends for these chunks.
fn frame(kind: Kind, chunks: &[&[u8]]) -> Vec<u8> {
    let identity: Identity = Credentials::from_keys("AKIAIOSFODNN7EXAMPLE", SECRET, None).into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name("s3")
        .time(signed_at())
        .settings(())
        .build()
        .unwrap();
    let mut body = Vec::new();
    let mut signature = SEED.to_owned();
    for chunk in chunks.iter().copied().chain([&[][..]]) {
        signature = sign_chunk(&Bytes::copy_from_slice(chunk), &signature, &params).unwrap().signature().to_owned();
        let extension =
            if kind == Kind::UnsignedTrailer { String::new() } else { format!(";chunk-signature={signature}") };
        body.extend_from_slice(format!("{:x}{extension}\r\n", chunk.len()).as_bytes());
        if !chunk.is_empty() {
            body.extend_from_slice(chunk);
            body.extend_from_slice(b"\r\n");
        }
    }
    if kind != Kind::Signed {
        let checksum = crc32c(&chunks.concat());
        body.extend_from_slice(format!("x-amz-checksum-crc32c:{checksum}\r\n").as_bytes());
        if kind == Kind::SignedTrailer {
            let mut headers = Headers::new();
            headers.insert("x-amz-checksum-crc32c", checksum);
            let signed = sign_trailer(&headers, &signature, &params).unwrap();
            body.extend_from_slice(format!("x-amz-trailer-signature:{}\r\n", signed.signature()).as_bytes());
        }
    }
    body.extend_from_slice(b"\r\n");
    body
}

fn framing(kind: Kind, decoded_length: usize) -> Framing {
    Framing {
        chain: (kind != Kind::UnsignedTrailer).then(|| ChunkChain::begin(SECRET, signed_at(), "us-east-1", SEED)),
        has_trailers: kind != Kind::Signed,
        trailer: (kind != Kind::Signed).then_some(Algorithm::Crc32c),
        decoded_length: decoded_length as u64,
    }
}

type Decoded = Result<(Vec<u8>, Option<(Algorithm, String)>), FramingError>;

/// Decodes what arrives piece by piece.
fn decode<'a>(framing: Framing, pieces: impl IntoIterator<Item = &'a [u8]>) -> Decoded {
    let mut decoder = Decoder::new(framing);
    let mut content = Vec::new();
    for mut piece in pieces {
        while let Some(part) = decoder.next(&mut piece)? {
            content.extend_from_slice(part);
        }
        assert!(piece.is_empty());
    }
    decoder.finish().map(|trailer| (content, trailer))
}

fn decode_whole(kind: Kind, length: usize, body: &[u8]) -> Decoded {
    decode(framing(kind, length), [body])
}

/// Whether an upload of this is refused: by the framing, or because the trailer's checksum is another.
fn is_refused(kind: Kind, length: usize, body: &[u8]) -> bool {
    match decode_whole(kind, length, body) {
        Err(_) => true,
        Ok((_, None)) => kind != Kind::Signed,
        Ok((content, Some((_, checksum)))) => checksum != crc32c(&content),
    }
}

#[test]
fn the_published_example_is_what_the_signing_crate_makes_and_is_taken_apart() {
    let content = vec![b'a'; 66_560];
    let body = frame(Kind::SignedTrailer, &[&content[..65_536], &content[65_536..]]);
    // The lengths and signatures of sigv4-streaming-trailers.
    assert_eq!(body.len(), 66_946);
    let text = String::from_utf8(body.clone()).unwrap();
    for line in [
        "10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n",
        "\r\n400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n",
        "\r\n0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n",
        "x-amz-checksum-crc32c:sOO8/Q==\r\n",
        "x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n",
    ] {
        assert!(text.contains(line), "{line}");
    }
    let expected = (content, Some((Algorithm::Crc32c, "sOO8/Q==".to_owned())));
    assert!(decode_whole(Kind::SignedTrailer, 66_560, &body) == Ok(expected.clone()));
    // As minio-go writes it, with the line feed that is signed.
    let spelt = text.replace("sOO8/Q==\r\n", "sOO8/Q==\n\r\n");
    assert!(decode_whole(Kind::SignedTrailer, 66_560, spelt.as_bytes()) == Ok(expected));
}

proptest! {
    #[test]
    fn the_content_is_the_same_wherever_the_body_is_split(
        lengths in proptest::collection::vec(8192..20_000_usize, 0..3),
        last in 0..3000_usize,
        mut cuts in proptest::collection::vec(0..70_000_usize, 0..12),
        kind in proptest::sample::select(&KINDS[..]),
    ) {
        let content: Vec<u8> = (0..lengths.iter().sum::<usize>() + last).map(|at| (at % 253) as u8).collect();
        let mut rest = content.as_slice();
        let mut chunks = Vec::new();
        for length in lengths.into_iter().chain((last > 0).then_some(last)) {
            let (chunk, behind) = rest.split_at(length);
            chunks.push(chunk);
            rest = behind;
        }
        let body = frame(kind, &chunks);
        cuts.iter_mut().for_each(|cut| *cut = (*cut).min(body.len()));
        cuts.sort_unstable();
        let starts = std::iter::once(0).chain(cuts.iter().copied());
        let ends = cuts.iter().copied().chain([body.len()]);
        let pieces = starts.zip(ends).map(|(start, end)| &body[start..end]);
        let (decoded, trailer) = decode(framing(kind, content.len()), pieces).unwrap();
        prop_assert!(decoded == content);
        prop_assert_eq!(trailer.map(|(_, value)| value), (kind != Kind::Signed).then(|| crc32c(&content)));
    }
}

/// Two chunks, the first as small as it may be.
fn small_upload() -> (Vec<u8>, Vec<usize>) {
    let content: Vec<u8> = (0..8192 + 40_u32).map(|at| (at % 251) as u8).collect();
    (content, vec![8192, 40])
}

fn frame_small(kind: Kind) -> (usize, Vec<u8>) {
    let (content, lengths) = small_upload();
    (content.len(), frame(kind, &[&content[..lengths[0]], &content[lengths[0]..]]))
}

#[test]
fn every_changed_byte_is_refused() {
    for kind in KINDS {
        let (length, body) = frame_small(kind);
        assert!(!is_refused(kind, length, &body), "{kind:?}");
        // Within a chunk's content one place is as good as another.
        let places = (0..body.len()).filter(|at| !(200..8200).contains(at) || at % 97 == 0);
        for at in places {
            for mask in [0x01, 0x80] {
                let mut changed = body.clone();
                changed[at] ^= mask;
                assert!(is_refused(kind, length, &changed), "{kind:?}: byte {at} as {:#x}", changed[at]);
            }
        }
    }
}

#[test]
fn every_cut_is_refused() {
    for kind in KINDS {
        let (length, body) = frame_small(kind);
        for end in (0..body.len()).filter(|end| !(200..8200).contains(end) || end % 97 == 0) {
            assert!(decode_whole(kind, length, &body[..end]).is_err(), "{kind:?}: {end} of {}", body.len());
        }
    }
}

#[test]
fn every_added_byte_is_refused() {
    for kind in KINDS {
        let (length, body) = frame_small(kind);
        for added in [b"\r\n".as_slice(), b"\0", b"0\r\n\r\n", b"x: y\r\n"] {
            let longer = [body.as_slice(), added].concat();
            assert!(decode_whole(kind, length, &longer).is_err(), "{kind:?}: {added:?}");
        }
    }
}

#[test]
fn what_breaks_the_rules_is_named() {
    let unsigned = |length, body: &str| decode_whole(Kind::UnsignedTrailer, length, body.as_bytes()).unwrap_err();
    let ended = |body: &str| unsigned(5, &format!("5\r\nhello\r\n0\r\n{body}"));
    let incomplete = FramingError::Incomplete;
    for body in
        ["", "hello", "zz\r\nhello\r\n0\r\n\r\n", "-5\r\nhello", "+5\r\nhello", "\r\n", "5 \r\nhello", "5\nhello"]
    {
        assert_eq!(unsigned(5, body), incomplete, "{body:?}");
    }
    for body in ["5\r\nhello0\r\n\r\n", "5\r\nhello\n\n", "5;chunk-signature=00\r\nhello\r\n", "5\r\nhello\r\n"] {
        assert_eq!(unsigned(5, body), incomplete, "{body:?}");
    }
    assert_eq!(unsigned(5, &"1".repeat(5000)), incomplete);
    assert_eq!(unsigned(5, &format!("1{}\r\n", "0".repeat(16))), incomplete);
    // Chunks against the length that was announced.
    let wrong = |expected, provided| FramingError::WrongLength { expected, provided };
    assert_eq!(unsigned(5, "4\r\nhell\r\n0\r\n\r\n"), wrong(5, 4));
    assert_eq!(unsigned(5, "6\r\nhello!\r\n0\r\n\r\n"), wrong(5, 6));
    assert_eq!(unsigned(5, "ffffffffffffffff\r\n"), wrong(5, u64::MAX));
    // Swift's test: 4 bytes, an empty chunk, more.
    assert_eq!(unsigned(32, "4\r\nhell\r\n0\r\n\r\n1c\r\n"), wrong(32, 4));
    let small = unsigned(10, "5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n");
    assert_eq!(small, FramingError::SmallChunk { number: 2, size: 5 });
    // Trailers.
    for trailers in
        ["\r\n", "\r\nx-amz-checksum-crc32c:AAAA\r\n\r\n", "x-amz-checksum-sha256:AAAA\r\n\r\n", "other:1\r\n\r\n"]
    {
        assert_eq!(ended(trailers), FramingError::Trailers, "{trailers:?}");
    }
    let right = format!("x-amz-checksum-crc32c:{}\r\n", crc32c(b"hello"));
    for trailers in [format!("{right}{right}\r\n"), format!("{right}x-amz-trailer-signature:00\r\n\r\n")] {
        assert_eq!(ended(&trailers), FramingError::Trailers, "{trailers:?}");
    }
    assert_eq!(ended(&format!("{}\r\n\r\n", "x".repeat(MAX_TRAILERS))), FramingError::Trailers);
    for trailers in ["no-colon\r\n\r\n", right.trim_end(), &right, &right.replace('\r', ""), "a:\u{1}\r\n\r\n"] {
        assert_eq!(ended(trailers), incomplete, "{trailers:?}");
    }
    let whole =
        format!("5\r\nhello\r\n0\r\n{}\r\n", right.replace("x-amz-checksum-crc32c:", "X-Amz-Checksum-CRC32C: "));
    assert!(decode_whole(Kind::UnsignedTrailer, 5, whole.as_bytes()).is_ok());
}

#[test]
fn signed_chunks_need_the_right_signatures() {
    let (length, body) = frame_small(Kind::Signed);
    let text: Vec<u8> = body.clone();
    let find = |needle: &[u8]| text.windows(needle.len()).position(|window| window == needle).unwrap();
    let signature = find(b"=") + 1;
    let mut replaced = body.clone();
    replaced.splice(signature..signature + 64, b"invalid".iter().copied());
    assert_eq!(decode_whole(Kind::Signed, length, &replaced), Err(FramingError::Signature));
    let mut blank = body.clone();
    blank.drain(signature..signature + 64);
    assert_eq!(decode_whole(Kind::Signed, length, &blank), Err(FramingError::Incomplete));
    let mut last = body;
    let end = last.len() - 5;
    last[end] ^= 1;
    assert_eq!(decode_whole(Kind::Signed, length, &last), Err(FramingError::Signature));
    // Unsigned chunks where signed ones were announced.
    let (_, unsigned) = frame_small(Kind::UnsignedTrailer);
    assert_eq!(decode_whole(Kind::Signed, length, &unsigned), Err(FramingError::Incomplete));
    // Trailers where none were, and no signature where one has to be.
    let (_, with_trailer) = frame_small(Kind::SignedTrailer);
    assert_eq!(decode_whole(Kind::Signed, length, &with_trailer), Err(FramingError::Incomplete));
    let without = with_trailer.len() - "x-amz-trailer-signature:\r\n\r\n".len() - 64;
    let unsigned_trailer = [&with_trailer[..without], b"\r\n"].concat();
    assert_eq!(decode_whole(Kind::SignedTrailer, length, &unsigned_trailer), Err(FramingError::Incomplete));
    let mut wrong = with_trailer;
    let at = wrong.len() - 6;
    wrong[at] ^= 1;
    assert_eq!(decode_whole(Kind::SignedTrailer, length, &wrong), Err(FramingError::Signature));
}

#[test]
fn nothing_at_all_can_be_uploaded_too() {
    for kind in KINDS {
        let (content, trailer) = decode_whole(kind, 0, &frame(kind, &[])).unwrap();
        assert!(content.is_empty());
        assert_eq!(trailer.is_some(), kind != Kind::Signed);
    }
    let silent = Framing { trailer: None, ..framing(Kind::UnsignedTrailer, 0) };
    assert_eq!(decode(silent, [b"0\r\n\r\n".as_slice()]), Ok((Vec::new(), None)));
}
