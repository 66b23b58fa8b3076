//! How the body of a request is secured, as `x-amz-content-sha256` declares it. The signature covers that header and not
//! the body, so whoever reads the body has to hold it against this.
//!
//! Source: "Authenticating Requests: Using the Authorization Header", table of `x-amz-content-sha256` values (S3 API
//! reference, sigv4-auth-using-authorization-header).

use http::HeaderName;

use super::chunks::ChunkChain;
use super::error::SigV4Error;
use super::request::{RequestHead, Signature};

pub(super) const CONTENT_SHA256: HeaderName = HeaderName::from_static("x-amz-content-sha256");
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";
const UNSIGNED_TRAILER: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
const SIGNED: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
const SIGNED_TRAILER: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
const ASYMMETRIC: [&str; 2] =
    ["STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER"];

/// What the body has to be.
#[derive(Debug)]
pub(crate) enum Payload {
    /// Bytes with this SHA-256 digest, in hexadecimal as the client wrote it.
    Digest(String),
    /// Any bytes.
    Unsigned,
    /// Chunks in `aws-chunked` framing.
    Framed {
        /// None if the chunks are not signed.
        chain: Option<ChunkChain>,
        /// Whether trailers may follow.
        has_trailers: bool,
    },
}

/// What was declared, before the signature was checked.
pub(super) enum Declared {
    Nothing,
    Digest,
    Unsigned,
    Framed { signed: bool, has_trailers: bool },
}

/// Reads the header; gives its value too, which is what was signed as the payload's hash.
pub(super) fn find_declared(
    is_s3: bool,
    head: RequestHead<'_>,
    signature: &Signature,
) -> Result<(Declared, String), SigV4Error> {
    let Some(value) = head.headers.get(CONTENT_SHA256) else {
        return match (is_s3, signature.is_presigned()) {
            (true, true) => Ok((Declared::Unsigned, UNSIGNED.to_owned())),
            (true, false) => Err(SigV4Error::MissingContentSha256),
            (false, _) => Ok((Declared::Nothing, String::new())),
        };
    };
    let value = value.to_str().unwrap_or_default();
    let is_digest = value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    let declared = match value {
        _ if is_digest => Declared::Digest,
        UNSIGNED if is_s3 => Declared::Unsigned,
        // "Authenticating Requests: Using Query Parameters" knows no framing: the chunks would have no seed.
        _ if !is_s3 || signature.is_presigned() => return Err(invalid(value)),
        UNSIGNED_TRAILER => Declared::Framed { signed: false, has_trailers: true },
        SIGNED => Declared::Framed { signed: true, has_trailers: false },
        SIGNED_TRAILER => Declared::Framed { signed: true, has_trailers: true },
        // They belong to SigV4A, whose Authorization header is refused already.
        asymmetric if ASYMMETRIC.contains(&asymmetric) => {
            return Err(SigV4Error::AsymmetricPayload { value: asymmetric.to_owned() });
        }
        _ => return Err(invalid(value)),
    };
    Ok((declared, value.to_owned()))
}

fn invalid(value: &str) -> SigV4Error {
    SigV4Error::InvalidContentSha256 { value: value.to_owned() }
}
