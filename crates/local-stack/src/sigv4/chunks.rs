//! The signatures within a framed upload: each chunk is signed over its own bytes and the signature before it, beginning
//! with the request's own (the seed), so that no chunk can be changed, moved or left out. Trailers are signed last.
//!
//! Sources, S3 API reference: "Signature Calculations for the Authorization Header: Transferring Payload in Multiple
//! Chunks (Chunked Upload)" (sigv4-streaming) and "Signature calculations for trailing headers (chunked uploads)"
//! (sigv4-streaming-trailers), whose examples are in the tests.

use std::time::SystemTime;

use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::request::{TERMINATOR, format_timestamp};
use crate::hex::hex;

/// No other service has framed uploads.
const SERVICE: &str = "s3";

/// Checks the signatures of one upload, in their order.
pub(crate) struct ChunkChain {
    signing_key: Vec<u8>,
    timestamp: String,
    scope: String,
    previous: String,
}

impl ChunkChain {
    /// Begins with the request's signature. `time` is when it was signed.
    pub(crate) fn begin(secret_access_key: &str, time: SystemTime, region: &str, seed: &str) -> Self {
        let timestamp = format_timestamp(time);
        Self {
            signing_key: generate_signing_key(secret_access_key, time, region, SERVICE).as_ref().to_vec(),
            scope: format!("{}/{region}/{SERVICE}/{TERMINATOR}", &timestamp[..timestamp.len().min(8)]),
            timestamp,
            previous: seed.to_owned(),
        }
    }

    /// Whether `signature` is that of the next chunk, whose bytes have this SHA-256 digest.
    pub(crate) fn accepts_chunk(&mut self, digest: &[u8], signature: &str) -> bool {
        let of_nothing = hex(&Sha256::digest([]));
        self.accepts("AWS4-HMAC-SHA256-PAYLOAD", &format!("{of_nothing}\n{}", hex(digest)), signature)
    }

    /// Whether `signature` is that of the trailers, each `name:value` and a line feed, in the order of their names.
    pub(crate) fn accepts_trailers(&mut self, trailers: &str, signature: &str) -> bool {
        self.accepts("AWS4-HMAC-SHA256-TRAILER", &hex(&Sha256::digest(trailers)), signature)
    }

    fn accepts(&mut self, algorithm: &str, content: &str, signature: &str) -> bool {
        let Self { timestamp, scope, previous, .. } = &*self;
        let to_sign = format!("{algorithm}\n{timestamp}\n{scope}\n{previous}\n{content}");
        self.previous = calculate_signature(&self.signing_key, to_sign.as_bytes());
        self.previous.as_bytes().ct_eq(signature.as_bytes()).into()
    }
}

impl std::fmt::Debug for ChunkChain {
    /// Without the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChunkChain").field("scope", &self.scope).finish_non_exhaustive()
    }
}
