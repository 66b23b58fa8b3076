//! What a client uploads: taken in as it comes, verified to the last byte, and handed to the operation that stores it.
//!
//! Sources: "Checking object integrity for data uploads in Amazon S3" (user guide), `PutObject` and `UploadPart`,
//! "Authenticating Requests" and "Error responses" (S3 API reference). Where the reference gives a code and no text, the
//! text is what projects that test against S3 itself expect of it (see `framing.rs`).

use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use http_body_util::BodyExt as _;
use ring::digest;
use subtle::ConstantTimeEq as _;

use super::body::{Blob, BlobWriter};
use super::checksum::{Algorithm, Checksum, Hasher, Md5};
use super::error::{Refusal, internal_error};
use super::framing::{Decoder, Framing, FramingError};
use super::store::Store;
use super::stored::Room;
use crate::hex::hex;
use crate::sigv4::{Payload, check_digest};

/// 5 GiB, the most that one request uploads ("Uploading objects", user guide; `UploadPart`: "Amazon S3 multipart upload
/// limits").
const MAX_UPLOAD: u64 = 5 << 30;
/// The body of any other request. The largest is the list of 10,000 parts that completes a multipart upload.
const MAX_BODY: usize = 4 * 1024 * 1024;

const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");
const CONTENT_SHA256: HeaderName = HeaderName::from_static("x-amz-content-sha256");
const DECODED_LENGTH: HeaderName = HeaderName::from_static("x-amz-decoded-content-length");
const SDK_ALGORITHM: HeaderName = HeaderName::from_static("x-amz-sdk-checksum-algorithm");
const TRAILER: HeaderName = HeaderName::from_static("x-amz-trailer");
const CHECKSUM_PREFIX: &str = "x-amz-checksum-";
/// These begin like headers with a checksum and hold none.
const NO_CHECKSUMS: [&str; 3] = ["x-amz-checksum-algorithm", "x-amz-checksum-mode", "x-amz-checksum-type"];
/// Algorithms of S3 that the stack does not compute.
const NOT_COMPUTED: [&str; 5] = ["sha512", "md5", "xxhash64", "xxhash3", "xxhash128"];
/// The content coding of framed bodies, which is not stored.
const AWS_CHUNKED: &str = "aws-chunked";

/// The verified body of a PutObject or UploadPart, in the extensions of the request that `s3s` gets. The body of that
/// request is then empty.
#[derive(Debug, Clone)]
pub(super) struct Upload {
    pub blob: Blob,
    /// Of the content: its ETag, in hexadecimal, if it is stored as it is.
    pub md5: [u8; 16],
    /// What the client gave, in a header or in a trailer. It is right.
    pub checksum: Option<Checksum>,
    /// Of the content, always: S3 computes it "if you don't specify a checksum" (user guide, "Checking object integrity
    /// for data uploads in Amazon S3").
    pub crc64nvme: Checksum,
    /// What it takes up of all that is kept.
    pub room: Arc<Room>,
}

/// Takes in the body of a PutObject or UploadPart whose head is verified: gives the head for `s3s`, with the [`Upload`]. The
/// room for it is taken first, so that no more is on its way than can be kept.
pub(super) async fn receive(mut parts: Parts, payload: Payload, body: Body, store: &Store) -> Result<Parts, Refusal> {
    let announced = Announced::read(&parts.headers, payload)?;
    strip_headers(&mut parts.headers, announced.is_framed());
    let room = store.take_room(announced.length)?;
    let upload = announced.receive(body, room).await?;
    store.check_descriptors(&upload.blob)?;
    parts.extensions.insert(upload);
    Ok(parts)
}

/// Takes in the body of any other request, which is no object's.
///
/// A checksum in a header may be of something else (CompleteMultipartUpload names the object's), `Content-MD5` never.
pub(super) async fn receive_small(headers: &HeaderMap, payload: Payload, body: Body) -> Result<Bytes, Refusal> {
    // Framing is how "you upload the payload in chunks"; no SDK frames anything else.
    if matches!(payload, Payload::Framed { .. }) {
        return Err(Refusal::new(
            StatusCode::NOT_IMPLEMENTED,
            "NotImplemented",
            "A header you provided implies functionality that is not implemented.",
        ));
    }
    let expected = read_md5(headers)?;
    let body = to_bytes(body, MAX_BODY).await.map_err(|_| {
        Refusal::new(
            StatusCode::BAD_REQUEST,
            "MaxMessageLengthExceeded",
            "Your request was too big or could not be read.",
        )
    })?;
    if let Payload::Digest(declared) = payload {
        check_digest(&declared, digest::digest(&digest::SHA256, &body).as_ref())?;
    }
    let mut md5 = Md5::default();
    md5.update(&body);
    check_md5(expected, md5.finish())?;
    Ok(body)
}

/// Holds the list that DeleteObjects has in its body against its digest. "The Content-MD5 request header is required for all
/// Multi-Object Delete requests" (DeleteObjects, S3 API reference); since a checksum does as well, SDKs send that instead.
///
/// `x-amz-sdk-checksum-algorithm` is held against it as for PutObject: DeleteObjects has the same words (`ChecksumAlgorithm`).
pub(super) fn check_list(headers: &HeaderMap, body: &[u8]) -> Result<(), Refusal> {
    let given = read_checksum(headers)?;
    check_sdk_algorithm(headers, given.as_ref().map(|given| given.algorithm))?;
    match given {
        None if headers.contains_key(CONTENT_MD5) => Ok(()),
        None => Err(invalid_request("Missing required header for this request: Content-MD5 OR x-amz-checksum-*")),
        Some(expected) => {
            let mut hasher = Hasher::new(expected.algorithm);
            hasher.update(body);
            if hasher.finish().matches(&expected) { Ok(()) } else { Err(bad_checksum(expected.algorithm)) }
        }
    }
}

/// What the headers say of the body that follows.
struct Announced {
    payload: Payload,
    md5: Option<[u8; 16]>,
    /// The one in a header.
    checksum: Option<Checksum>,
    /// The one that a trailer will have.
    trailer: Option<Algorithm>,
    /// Bytes of content.
    length: u64,
}

impl Announced {
    fn read(headers: &HeaderMap, payload: Payload) -> Result<Self, Refusal> {
        let md5 = read_md5(headers)?;
        let checksum = read_checksum(headers)?;
        let trailer = read_trailer(headers, &payload)?;
        if checksum.is_some() && trailer.is_some() {
            return Err(invalid_request("Expecting a single x-amz-checksum- header"));
        }
        check_sdk_algorithm(headers, checksum.as_ref().map(|checksum| checksum.algorithm).or(trailer))?;
        let is_framed = matches!(payload, Payload::Framed { .. });
        let length = headers
            .get(if is_framed { DECODED_LENGTH } else { header::CONTENT_LENGTH })
            .and_then(|value| value.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit())))
            .and_then(|text| text.parse().ok())
            .ok_or_else(missing_length)?;
        if length > MAX_UPLOAD {
            return Err(too_large(length));
        }
        Ok(Self { payload, md5, checksum, trailer, length })
    }

    fn is_framed(&self) -> bool {
        matches!(self.payload, Payload::Framed { .. })
    }

    /// The signature covers the digest in a header, so that comes first; then what else the client gave.
    async fn receive(self, mut body: Body, room: Arc<Room>) -> Result<Upload, Refusal> {
        let (declared, mut decoder) = match self.payload {
            Payload::Digest(declared) => (Some(declared), None),
            Payload::Unsigned => (None, None),
            Payload::Framed { chain, has_trailers } => {
                let framing = Framing { chain, has_trailers, trailer: self.trailer, decoded_length: self.length };
                (None, Some(Decoder::new(framing)))
            }
        };
        let algorithm = self.checksum.as_ref().map(|checksum| checksum.algorithm).or(self.trailer);
        let mut content = Content::new(declared.is_some(), algorithm);
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| incomplete(self.length, content.length))?;
            let Some(mut bytes) = frame.data_ref().map(|bytes| &bytes[..]) else { continue };
            match &mut decoder {
                None => content.add(bytes).await?,
                Some(decoder) => {
                    while let Some(piece) = decoder.next(&mut bytes)? {
                        content.add(piece).await?;
                    }
                }
            }
        }
        let given = match decoder.map(Decoder::finish).transpose()?.flatten() {
            None => self.checksum,
            Some((algorithm, value)) => {
                let checksum = Checksum::parse(algorithm, &value);
                Some(checksum.ok_or_else(|| Refusal::invalid_trailing_checksum(&algorithm.header()))?)
            }
        };
        if content.length != self.length {
            return Err(incomplete(self.length, content.length));
        }
        let content = content.finish().await?;
        if let (Some(declared), Some(sha256)) = (&declared, &content.sha256) {
            check_digest(declared, sha256)?;
        }
        check_md5(self.md5, content.md5)?;
        match (&given, &content.checksum) {
            (Some(given), Some(computed)) if !given.matches(computed) => return Err(bad_checksum(given.algorithm)),
            _ => {}
        }
        Ok(Upload { blob: content.blob, md5: content.md5, checksum: given, crc64nvme: content.crc64nvme, room })
    }
}

/// Content that is kept and hashed on the way.
struct Content {
    writer: BlobWriter,
    length: u64,
    md5: Md5,
    crc64nvme: Hasher,
    checksum: Option<Hasher>,
    sha256: Option<digest::Context>,
}

/// All of it.
struct Received {
    blob: Blob,
    md5: [u8; 16],
    crc64nvme: Checksum,
    checksum: Option<Checksum>,
    sha256: Option<Vec<u8>>,
}

impl Content {
    fn new(with_sha256: bool, algorithm: Option<Algorithm>) -> Self {
        Self {
            writer: BlobWriter::default(),
            length: 0,
            md5: Md5::default(),
            crc64nvme: Hasher::new(Algorithm::Crc64Nvme),
            checksum: algorithm.map(Hasher::new),
            sha256: with_sha256.then(|| digest::Context::new(&digest::SHA256)),
        }
    }

    async fn add(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        self.length += bytes.len() as u64;
        self.md5.update(bytes);
        self.crc64nvme.update(bytes);
        if let Some(checksum) = &mut self.checksum {
            checksum.update(bytes);
        }
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(bytes);
        }
        self.writer.write(bytes).await.map_err(|error| not_kept(&error))
    }

    async fn finish(self) -> Result<Received, Refusal> {
        Ok(Received {
            blob: self.writer.finish().await.map_err(|error| not_kept(&error))?,
            md5: self.md5.finish(),
            crc64nvme: self.crc64nvme.finish(),
            checksum: self.checksum.map(Hasher::finish),
            sha256: self.sha256.map(|sha256| sha256.finish().as_ref().to_vec()),
        })
    }
}

fn read_md5(headers: &HeaderMap) -> Result<Option<[u8; 16]>, Refusal> {
    let Some(value) = headers.get(CONTENT_MD5) else { return Ok(None) };
    let digest = STANDARD.decode(value.as_bytes()).ok().and_then(|digest| digest.try_into().ok());
    digest.map(Some).ok_or_else(|| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        Refusal {
            details: vec![("Content-MD5", value)],
            ..Refusal::new(StatusCode::BAD_REQUEST, "InvalidDigest", "The Content-MD5 you specified was invalid.")
        }
    })
}

fn read_checksum(headers: &HeaderMap) -> Result<Option<Checksum>, Refusal> {
    let is_checksum = |name: &str| name.starts_with(CHECKSUM_PREFIX) && !NO_CHECKSUMS.contains(&name);
    let mut given = headers.iter().filter(|(name, _)| is_checksum(name.as_str()));
    let Some((name, value)) = given.next() else { return Ok(None) };
    if given.next().is_some() {
        return Err(several_checksums());
    }
    let algorithm = find_algorithm(name.as_str())?
        .ok_or_else(|| invalid_request("The algorithm type you specified in x-amz-checksum- header is invalid."))?;
    let checksum = Checksum::parse(algorithm, value.to_str().unwrap_or_default());
    checksum.map(Some).ok_or_else(|| Refusal::invalid_checksum(name))
}

/// "You must set `x-amz-trailer` to indicate the contents you are including in your trailing header"
/// (sigv4-streaming-trailers). S3 takes checksums alone.
fn read_trailer(headers: &HeaderMap, payload: &Payload) -> Result<Option<Algorithm>, Refusal> {
    let mut values = headers.get_all(TRAILER).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let names = value.to_str().unwrap_or_default().to_ascii_lowercase();
    if values.next().is_some() || names.matches(CHECKSUM_PREFIX).count() > 1 {
        return Err(several_checksums());
    }
    let algorithm = find_algorithm(names.trim())?
        .ok_or_else(|| invalid_request("The value specified in the x-amz-trailer header is not supported"))?;
    match payload {
        Payload::Framed { has_trailers: true, .. } => Ok(Some(algorithm)),
        _ => Err(FramingError::Trailers.into()),
    }
}

/// The algorithm whose values are in the header, or trailer, `name`.
fn find_algorithm(name: &str) -> Result<Option<Algorithm>, Refusal> {
    if let Some(other) = name.strip_prefix(CHECKSUM_PREFIX).filter(|name| NOT_COMPUTED.contains(name)) {
        let message = format!("The local stack does not compute the checksum algorithm {}.", other.to_uppercase());
        return Err(Refusal::new(StatusCode::NOT_IMPLEMENTED, "NotImplemented", message));
    }
    Ok(Algorithm::ALL.into_iter().find(|algorithm| algorithm.header() == name))
}

/// "When you send this header, there must be a corresponding `x-amz-checksum-algorithm` or `x-amz-trailer` header sent.
/// Otherwise, Amazon S3 fails the request with the HTTP status code 400", and if they differ, "with a `BadDigest` error"
/// (`PutObject`). Swift's tests expect InvalidRequest of S3 in the second case too.
fn check_sdk_algorithm(headers: &HeaderMap, given: Option<Algorithm>) -> Result<(), Refusal> {
    let Some(name) = headers.get(SDK_ALGORITHM) else { return Ok(()) };
    let wrong = "Value for x-amz-sdk-checksum-algorithm header is invalid.";
    let Some(given) = given else {
        return Err(invalid_request(
            "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers \
             were found.",
        ));
    };
    match name.to_str().ok().and_then(Algorithm::find) {
        None => Err(invalid_request(wrong)),
        Some(named) if named != given => Err(Refusal::new(StatusCode::BAD_REQUEST, "BadDigest", wrong)),
        Some(_) => Ok(()),
    }
}

/// Leaves what belongs to the object; what belonged to the body is done with.
fn strip_headers(headers: &mut HeaderMap, was_framed: bool) {
    let of_body = [
        CONTENT_MD5,
        CONTENT_SHA256,
        DECODED_LENGTH,
        SDK_ALGORITHM,
        TRAILER,
        header::TRANSFER_ENCODING,
        header::EXPECT,
    ];
    for name in of_body {
        headers.remove(name);
    }
    for algorithm in Algorithm::ALL {
        headers.remove(algorithm.header());
    }
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    if was_framed {
        strip_framing(headers);
    }
}

/// "Amazon S3 stores the resulting object without the `aws-chunked` value in the `content-encoding` header"
/// (sigv4-streaming).
fn strip_framing(headers: &mut HeaderMap) {
    let codings: Vec<String> = headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .filter_map(|value| {
            let text = value.to_str().ok()?;
            let others: Vec<&str> =
                text.split(',').filter(|coding| !coding.trim().eq_ignore_ascii_case(AWS_CHUNKED)).collect();
            Some(others.join(",").trim().to_owned())
        })
        .filter(|codings| !codings.is_empty())
        .collect();
    headers.remove(header::CONTENT_ENCODING);
    if let Ok(value) = HeaderValue::try_from(codings.join(","))
        && !value.is_empty()
    {
        headers.insert(header::CONTENT_ENCODING, value);
    }
}

fn invalid_request(message: &str) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, "InvalidRequest", message)
}

fn several_checksums() -> Refusal {
    invalid_request("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
}

fn missing_length() -> Refusal {
    let message = "You must provide the Content-Length HTTP header.";
    Refusal::new(StatusCode::LENGTH_REQUIRED, "MissingContentLength", message)
}

fn too_large(length: u64) -> Refusal {
    Refusal {
        details: vec![("ProposedSize", length.to_string()), ("MaxSizeAllowed", MAX_UPLOAD.to_string())],
        ..Refusal::new(
            StatusCode::BAD_REQUEST,
            "EntityTooLarge",
            "Your proposed upload exceeds the maximum allowed size",
        )
    }
}

fn incomplete(expected: u64, provided: u64) -> Refusal {
    Refusal {
        details: vec![("NumberBytesExpected", expected.to_string()), ("NumberBytesProvided", provided.to_string())],
        ..Refusal::new(
            StatusCode::BAD_REQUEST,
            "IncompleteBody",
            "You did not provide the number of bytes specified by the Content-Length HTTP header",
        )
    }
}

fn check_md5(expected: Option<[u8; 16]>, computed: [u8; 16]) -> Result<(), Refusal> {
    let Some(expected) = expected.filter(|expected| !bool::from(expected.ct_eq(&computed))) else { return Ok(()) };
    Err(Refusal {
        details: vec![("ExpectedDigest", hex(&expected)), ("CalculatedDigest", STANDARD.encode(computed))],
        ..Refusal::new(
            StatusCode::BAD_REQUEST,
            "BadDigest",
            "The Content-MD5 you specified did not match what we received.",
        )
    })
}

fn bad_checksum(algorithm: Algorithm) -> Refusal {
    let message = format!("The {} you specified did not match the calculated checksum.", algorithm.name());
    Refusal::new(StatusCode::BAD_REQUEST, "BadDigest", message)
}

fn not_kept(error: &std::io::Error) -> Refusal {
    tracing::error!(%error, "failed to keep an upload in a temporary file");
    internal_error()
}

impl From<FramingError> for Refusal {
    fn from(error: FramingError) -> Self {
        match error {
            FramingError::Incomplete => {
                Self::new(StatusCode::BAD_REQUEST, "IncompleteBody", "The request body terminated unexpectedly")
            }
            FramingError::WrongLength { expected, provided } => incomplete(expected, provided),
            FramingError::SmallChunk { number, size } => Self {
                details: vec![("Chunk", number.to_string()), ("BadChunkSize", size.to_string())],
                ..Self::new(
                    StatusCode::FORBIDDEN,
                    "InvalidChunkSizeError",
                    "Only the last chunk is allowed to have a size less than 8192 bytes",
                )
            },
            FramingError::Signature => crate::sigv4::SigV4Error::SignatureDoesNotMatch.into(),
            FramingError::Trailers => Self::new(
                StatusCode::BAD_REQUEST,
                "MalformedTrailerError",
                "The request contained trailing data that was not well-formed or did not conform to our published \
                 schema.",
            ),
        }
    }
}

#[cfg(test)]
mod tests;
