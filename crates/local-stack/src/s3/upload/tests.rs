//! Uploads with one thing wrong each, and what they cost in memory.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{StreamExt as _, stream};
use http::Request;

use super::super::stored::Quota;
use super::*;

const LENGTH: &str = "x-amz-decoded-content-length";
const SDK: &str = "x-amz-sdk-checksum-algorithm";
const ANNOUNCED: &str = "x-amz-trailer";
const CONTENT: &[u8] = b"123456789";
const SHA256: &str = "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225";
/// As botocore's `AwsChunkedWrapper` writes it.
const FRAMED: &str = "9\r\n123456789\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\n";

type Headers<'a> = &'a [(&'a str, &'a str)];

fn parts(uri: &str, headers: Headers<'_>) -> Parts {
    let request = Request::put(uri);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.body(()).unwrap().into_parts().0
}

fn store() -> Store {
    Store::new(Vec::new(), false, Quota::new(u64::MAX))
}

fn framed() -> Payload {
    Payload::Framed { chain: None, has_trailers: true }
}

/// Uploads nine digits, or what else there is.
async fn put(headers: Headers<'_>, payload: Payload, body: &'static [u8]) -> Result<Parts, Refusal> {
    receive(parts("/bucket/key", headers), payload, Body::from(body), &store()).await
}

async fn read(blob: &Blob) -> Vec<u8> {
    blob.clone().chunks().map(|chunk| chunk.unwrap().to_vec()).collect::<Vec<_>>().await.concat()
}

#[tokio::test]
async fn an_upload_arrives_with_its_digests_however_it_was_secured() {
    let of_content = [
        ("x-amz-checksum-crc32", "y/Q5Jg=="),
        ("x-amz-checksum-crc32c", "4waSgw=="),
        ("x-amz-checksum-crc64nvme", "rosUhgp5mIg="),
        ("x-amz-checksum-sha1", "98O8HYCOBHMq32eZZczDTKeuNEE="),
        ("x-amz-checksum-sha256", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="),
    ];
    let length = ("content-length", "9");
    for (name, value) in of_content {
        for payload in [Payload::Unsigned, Payload::Digest(SHA256.to_owned()), Payload::Digest(SHA256.to_uppercase())] {
            let algorithm = name.strip_prefix(CHECKSUM_PREFIX).unwrap();
            let headers = [length, ("content-md5", "JfnnlDI7RTiF9RgfG2JNCw=="), (name, value), (SDK, algorithm)];
            let upload = put(&headers, payload, CONTENT).await.unwrap().extensions.remove::<Upload>().unwrap();
            assert_eq!(read(&upload.blob).await, CONTENT);
            assert_eq!(STANDARD.encode(upload.md5), "JfnnlDI7RTiF9RgfG2JNCw==");
            assert_eq!(upload.crc64nvme.value, "rosUhgp5mIg=");
            let checksum = upload.checksum.unwrap();
            assert_eq!((checksum.algorithm.header().as_str(), checksum.value.as_str()), (name, value));
        }
    }
    let headers = [(LENGTH, "9"), (ANNOUNCED, "x-amz-checksum-crc32")];
    let upload = put(&headers, framed(), FRAMED.as_bytes()).await.unwrap().extensions.remove::<Upload>().unwrap();
    assert_eq!(read(&upload.blob).await, CONTENT);
    assert_eq!(upload.checksum.unwrap().value, "y/Q5Jg==");
    let plain = put(&[length], Payload::Unsigned, CONTENT).await.unwrap();
    assert!(plain.extensions.get::<Upload>().unwrap().checksum.is_none());
}

#[tokio::test]
async fn what_is_wrong_with_a_plain_upload_is_named() {
    let length = ("content-length", "9");
    let md5 = ("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg==");
    let crc32 = ("x-amz-checksum-crc32", "y/Q5Jg==");
    let other_crc32 = ("x-amz-checksum-crc32", "AAAAAA==");
    let crc32c = ("x-amz-checksum-crc32c", "4waSgw==");
    let names = |name| (SDK, name);
    let trailer = (ANNOUNCED, "x-amz-checksum-crc32");
    let cases: &[(Headers<'_>, u16, &str)] = &[
        (&[], 411, "MissingContentLength"),
        (&[("content-length", "9x")], 411, "MissingContentLength"),
        (&[("content-length", "5368709121")], 400, "EntityTooLarge"),
        (&[("content-length", "10")], 400, "IncompleteBody"),
        (&[length, ("content-md5", "invalid")], 400, "InvalidDigest"),
        (&[length, ("content-md5", "JfnnlDI7RTiF9RgfG2JN")], 400, "InvalidDigest"),
        (&[length, md5], 400, "BadDigest"),
        (&[length, other_crc32], 400, "BadDigest"),
        (&[length, ("x-amz-checksum-crc32", "bad")], 400, "InvalidRequest"),
        (&[length, ("x-amz-checksum-bad", "y/Q5Jg==")], 400, "InvalidRequest"),
        (&[length, ("x-amz-checksum-sha512", "AAAA")], 501, "NotImplemented"),
        (&[length, crc32, crc32c], 400, "InvalidRequest"),
        (&[length, crc32, crc32], 400, "InvalidRequest"),
        (&[length, names("CRC32")], 400, "InvalidRequest"),
        (&[length, crc32, names("CRC")], 400, "InvalidRequest"),
        (&[length, crc32, names("SHA256")], 400, "BadDigest"),
        (&[length, trailer], 400, "MalformedTrailerError"),
        (&[length, crc32, ("x-amz-checksum-type", "FULL_OBJECT")], 0, "accepted"),
    ];
    for (headers, status, code) in cases {
        let (found_status, found) = match put(headers, Payload::Unsigned, CONTENT).await {
            Ok(_) => (0, "accepted"),
            Err(refusal) => (refusal.status.as_u16(), refusal.code),
        };
        assert_eq!((found_status, found), (*status, *code), "{headers:?}");
    }
    // What the signature covers comes before what it does not.
    let refused = put(&[length, md5, other_crc32], Payload::Digest("0".repeat(64)), CONTENT).await.unwrap_err();
    assert_eq!(refused.code, "XAmzContentSHA256Mismatch");
    assert_eq!(
        refused.details,
        [("ClientComputedContentSHA256", "0".repeat(64)), ("S3ComputedContentSHA256", SHA256.to_owned())]
    );
    let refused = put(&[length, md5, crc32], Payload::Unsigned, CONTENT).await.unwrap_err();
    assert_eq!(refused.details[0], ("ExpectedDigest", "d41d8cd98f00b204e9800998ecf8427e".to_owned()));
}

#[tokio::test]
async fn what_is_wrong_with_a_framed_upload_is_named() {
    let length = (LENGTH, "9");
    let trailer = (ANNOUNCED, "x-amz-checksum-crc32");
    let of = |value| (ANNOUNCED, value);
    let wrong = "9\r\n123456780\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\n";
    let malformed = "9\r\n123456789\r\n0\r\nx-amz-checksum-crc32:not=base64\r\n\r\n";
    let silent = "9\r\n123456789\r\n0\r\n\r\n";
    let small = "3\r\n123\r\n6\r\n456789\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\n";
    let cases: &[(Headers<'_>, &'static str, u16, &str)] = &[
        (&[length, trailer], FRAMED, 0, "accepted"),
        (&[length], silent, 0, "accepted"),
        (&[length, ("x-amz-checksum-crc32", "y/Q5Jg==")], silent, 0, "accepted"),
        (&[length, ("x-amz-checksum-crc32", "AAAAAA==")], silent, 400, "BadDigest"),
        (&[trailer], FRAMED, 411, "MissingContentLength"),
        (&[("content-length", "9"), trailer], FRAMED, 411, "MissingContentLength"),
        (&[(LENGTH, "-9"), trailer], FRAMED, 411, "MissingContentLength"),
        (&[(LENGTH, "5368709121"), trailer], FRAMED, 400, "EntityTooLarge"),
        (&[(LENGTH, "10"), trailer], FRAMED, 400, "IncompleteBody"),
        (&[length, trailer], "123456789", 400, "IncompleteBody"),
        (&[length, trailer], wrong, 400, "BadDigest"),
        (&[length, trailer], malformed, 400, "InvalidRequest"),
        (&[length, trailer], silent, 400, "MalformedTrailerError"),
        (&[length], FRAMED, 400, "MalformedTrailerError"),
        (&[length, of("x-amz-checksum-crc32c")], FRAMED, 400, "MalformedTrailerError"),
        (&[length, of("x-amz-content-sha256")], FRAMED, 400, "InvalidRequest"),
        (&[length, of("x-amz-checksum-crc32, x-amz-checksum-sha1")], FRAMED, 400, "InvalidRequest"),
        (&[length, trailer, ("x-amz-checksum-crc32", "y/Q5Jg==")], FRAMED, 400, "InvalidRequest"),
        (&[length, trailer, (SDK, "CRC32")], FRAMED, 0, "accepted"),
        (&[length, trailer, (SDK, "SHA1")], FRAMED, 400, "BadDigest"),
        (&[length, trailer], small, 403, "InvalidChunkSizeError"),
    ];
    for (headers, body, status, code) in cases {
        let (found_status, found) = match put(headers, framed(), body.as_bytes()).await {
            Ok(_) => (0, "accepted"),
            Err(refusal) => (refusal.status.as_u16(), refusal.code),
        };
        assert_eq!((found_status, found), (*status, *code), "{headers:?} {body:?}");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_incomplete() {
    let broken = || Err(io::Error::from(io::ErrorKind::ConnectionReset));
    let body = Body::from_stream(stream::iter([Ok(&CONTENT[..4]), broken()]));
    let parts = parts("/bucket/key", &[("content-length", "9")]);
    let refused = receive(parts, Payload::Unsigned, body, &store()).await.unwrap_err();
    assert_eq!(refused.code, "IncompleteBody");
    let numbers = [("NumberBytesExpected", "9".to_owned()), ("NumberBytesProvided", "4".to_owned())];
    assert_eq!(refused.details, numbers);
}

#[tokio::test]
async fn what_cannot_be_kept_is_refused_before_it_is_sent() {
    let body = Body::from_stream(stream::once(async { unreachable!("nobody reads it") as io::Result<Bytes> }));
    let parts = parts("/bucket/key", &[("content-length", "2000000")]);
    let store = Store::new(Vec::new(), false, Quota::new(1_000_000));
    assert_eq!(receive(parts, Payload::Unsigned, body, &store).await.unwrap_err().code, "ServiceUnavailable");
    // Nor does it take any room.
    assert!(store.take_room(900_000).is_ok());
}

#[tokio::test]
async fn other_requests_have_small_bodies_that_are_handed_on() {
    let receive = async |headers: Headers<'_>, payload, body: Body| {
        receive_small(&parts("/bucket", headers).headers, payload, body).await
    };
    let body = receive(&[], Payload::Digest(SHA256.to_owned()), Body::from(CONTENT)).await.unwrap();
    assert_eq!(&body[..], CONTENT);
    let with_md5 = [("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg==")];
    let refused = receive(&with_md5, Payload::Unsigned, Body::from(CONTENT)).await.unwrap_err();
    assert_eq!(refused.code, "BadDigest");
    let refuse = async |payload, body: Body| receive(&[], payload, body).await.unwrap_err().code;
    assert_eq!(refuse(Payload::Digest("0".repeat(64)), Body::from(CONTENT)).await, "XAmzContentSHA256Mismatch");
    assert_eq!(refuse(framed(), Body::from(FRAMED)).await, "NotImplemented");
    let large = stream::repeat_with(|| Ok::<_, io::Error>(Bytes::from_static(&[0; 65_536])));
    assert_eq!(refuse(Payload::Unsigned, Body::from_stream(large)).await, "MaxMessageLengthExceeded");
}

#[tokio::test]
async fn what_belongs_to_the_body_does_not_stay_with_the_object() {
    let codings = [
        ("aws-chunked", None),
        ("aws-chunked,gzip", Some("gzip")),
        ("gzip, aws-chunked", Some("gzip")),
        ("gzip, aws-chunked, br", Some("gzip, br")),
        ("gzip", Some("gzip")),
    ];
    for (sent, kept) in codings {
        let headers = [
            (LENGTH, "9"),
            (ANNOUNCED, "x-amz-checksum-crc32"),
            (SDK, "CRC32"),
            ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
            ("content-encoding", sent),
            ("content-type", "text/plain"),
            ("x-amz-meta-a", "b"),
        ];
        let left = put(&headers, framed(), FRAMED.as_bytes()).await.unwrap().headers;
        assert_eq!(left.get("content-encoding").map(|value| value.to_str().unwrap()), kept, "{sent}");
        let mut names: Vec<_> =
            left.keys().map(HeaderName::as_str).filter(|name| *name != "content-encoding").collect();
        names.sort_unstable();
        assert_eq!(names, ["content-length", "content-type", "x-amz-meta-a"]);
        assert_eq!(left["content-length"], "0");
    }
    // Only framing is undone.
    let headers = [("content-length", "9"), ("content-encoding", "aws-chunked")];
    let left = put(&headers, Payload::Unsigned, CONTENT).await.unwrap().headers;
    assert_eq!(left["content-encoding"], "aws-chunked");
}

/// A piece of a body that knows how many bytes of it there are at once.
struct Counted {
    bytes: Vec<u8>,
    held: Arc<AtomicUsize>,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.held.fetch_sub(self.bytes.len(), Ordering::SeqCst);
    }
}

#[tokio::test]
async fn of_64_mebibytes_no_more_than_a_piece_is_held_at_once() {
    const PIECE: usize = 128 * 1024;
    const PIECES: usize = 512;
    let (held, peak) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let frame = |number| match number {
        PIECES => b"0\r\n\r\n".to_vec(),
        _ => [format!("{PIECE:x}\r\n").into_bytes(), vec![7; PIECE], b"\r\n".to_vec()].concat(),
    };
    let (held_by_body, peak_of_body) = (Arc::clone(&held), Arc::clone(&peak));
    let body = stream::iter((0..=PIECES).map(move |number| {
        let bytes = frame(number);
        let now = held_by_body.fetch_add(bytes.len(), Ordering::SeqCst) + bytes.len();
        peak_of_body.fetch_max(now, Ordering::SeqCst);
        Ok::<_, io::Error>(Bytes::from_owner(Counted { bytes, held: Arc::clone(&held_by_body) }))
    }));
    let length = (PIECE * PIECES).to_string();
    let parts = parts("/bucket/key", &[(LENGTH, &length)]);
    let mut parts = receive(parts, framed(), Body::from_stream(body), &store()).await.unwrap();
    let upload = parts.extensions.remove::<Upload>().unwrap();
    assert_eq!(upload.blob.len(), (PIECE * PIECES) as u64);
    assert!(peak.load(Ordering::SeqCst) <= 2 * (PIECE + 16), "{}", peak.load(Ordering::SeqCst));
    // The blob is in a file: none of the pieces lives on in it.
    assert_eq!(held.load(Ordering::SeqCst), 0);
}
