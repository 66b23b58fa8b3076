//! Checks AWS Signature Version 4, in the `Authorization` header or in a presigned URL, for every service that takes
//! signed requests. It signs the request again with AWS's own signing crate over exactly the headers the caller names
//! and compares; everything that crate does not look at (region, times, what had to be signed) is checked here.
//!
//! Sources: "Create a signed AWS API request" (IAM guide), "Authenticating Requests" and "Error responses" (S3 API).

mod chunks;
mod error;
mod payload;
mod request;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use http::{HeaderMap, HeaderName, header};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

pub(crate) use chunks::ChunkChain;
use error::CREDENTIAL_MALFORMED;
pub(crate) use error::SigV4Error;
pub(crate) use payload::Payload;
use payload::{CONTENT_SHA256, Declared, find_declared};
use request::{Placement, SECURITY_TOKEN, Signature, TERMINATOR, X_AMZ_DATE};
pub(crate) use request::{ReceivedRequest, RequestHead, decode_percent, signed_service, without_signature};

use crate::credentials::{CredentialRegistry, TemporaryCredentials};
use crate::hex::hex;

/// What differs between services.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ServiceRules {
    /// The service's name in the credential scope.
    pub name: &'static str,
    /// How far the request's time may be from the stack's.
    pub max_skew: Duration,
    /// S3 signs the path encoded once and as it is, and wants the payload's hash in a header; all others sign it
    /// normalised and encoded twice.
    pub is_s3: bool,
}

impl ServiceRules {
    pub(crate) const S3: Self = Self { name: "s3", max_skew: Duration::from_secs(15 * 60), is_s3: true };
    /// "Requests must reach AWS within five minutes of the time stamp in the request" ("Elements of an AWS API request
    /// signature", IAM user guide).
    pub(crate) const STS: Self = Self { name: "sts", max_skew: Duration::from_secs(5 * 60), is_s3: false };
    /// API Gateway's APIs, not API Gateway itself.
    pub(crate) const EXECUTE_API: Self =
        Self { name: "execute-api", max_skew: Duration::from_secs(5 * 60), is_s3: false };
}

/// A request whose head is what its signer sent; of the body it is only known what it has to be.
#[derive(Debug)]
pub(crate) struct VerifiedHead {
    pub signer: Arc<TemporaryCredentials>,
    pub payload: Payload,
}

/// Verifies a request of S3 before its body is there.
pub(crate) fn verify_head(
    region: &str,
    head: RequestHead<'_>,
    credentials: &CredentialRegistry,
    now: SystemTime,
) -> Result<VerifiedHead, SigV4Error> {
    verify_with_digest(&ServiceRules::S3, region, head, credentials, now, String::new)
}

/// Gives the credentials that signed `request`, or why it is refused. For services whose bodies are small; none but S3
/// knows framed ones, and S3's are read by [`Payload`].
pub(crate) fn verify(
    rules: &ServiceRules,
    region: &str,
    request: ReceivedRequest<'_>,
    credentials: &CredentialRegistry,
    now: SystemTime,
) -> Result<Arc<TemporaryCredentials>, SigV4Error> {
    let digest = || hex(&Sha256::digest(request.body));
    let VerifiedHead { signer, payload } = verify_with_digest(rules, region, request.head(), credentials, now, digest)?;
    match payload {
        Payload::Digest(declared) => check_digest(&declared, &Sha256::digest(request.body)).map(|()| signer),
        Payload::Unsigned => Ok(signer),
        Payload::Framed { .. } => {
            let value = request.headers.get(CONTENT_SHA256).and_then(|value| value.to_str().ok()).unwrap_or_default();
            Err(SigV4Error::InvalidContentSha256 { value: value.to_owned() })
        }
    }
}

/// Holds a declared digest against the actual one of the body.
pub(crate) fn check_digest(declared: &str, actual: &[u8]) -> Result<(), SigV4Error> {
    let computed = hex(actual);
    if declared.to_ascii_lowercase().as_bytes().ct_eq(computed.as_bytes()).into() {
        Ok(())
    } else {
        Err(SigV4Error::ContentSha256Mismatch { declared: declared.to_owned(), computed })
    }
}

/// `undeclared` gives the body's digest where no header has to declare it.
fn verify_with_digest(
    rules: &ServiceRules,
    region: &str,
    head: RequestHead<'_>,
    credentials: &CredentialRegistry,
    now: SystemTime,
    undeclared: impl FnOnce() -> String,
) -> Result<VerifiedHead, SigV4Error> {
    let signature = Signature::find(head)?;
    check_scope(rules, region, &signature)?;
    check_time(rules, &signature, now)?;
    let signer = credentials
        .find(&signature.access_key_id)
        .ok_or_else(|| SigV4Error::InvalidAccessKeyId { access_key_id: signature.access_key_id.clone() })?;
    check_session_token(&signer, &signature, now)?;
    check_signed_headers(head.headers, &signature)?;
    let (declared, value) = find_declared(rules.is_s3, head, &signature)?;
    let payload_hash = if matches!(declared, Declared::Nothing) { undeclared() } else { value };
    let expected = sign_again(rules, region, head, &signature, &signer, payload_hash.clone())
        .ok_or(SigV4Error::SignatureDoesNotMatch)?;
    if !bool::from(expected.as_bytes().ct_eq(signature.signature.as_bytes())) {
        return Err(SigV4Error::SignatureDoesNotMatch);
    }
    let payload = match declared {
        // The signature covers the digest of the body that is there.
        Declared::Nothing | Declared::Unsigned => Payload::Unsigned,
        Declared::Digest => Payload::Digest(payload_hash),
        Declared::Framed { signed, has_trailers } => {
            let chain = || ChunkChain::begin(&signer.secret_access_key, signature.time, region, &signature.signature);
            Payload::Framed { chain: signed.then(chain), has_trailers }
        }
    };
    Ok(VerifiedHead { signer, payload })
}

fn check_scope(rules: &ServiceRules, region: &str, signature: &Signature) -> Result<(), SigV4Error> {
    let scope = &signature.scope;
    let wrong = |problem: String, general: String| SigV4Error::WrongScope {
        presigned: signature.is_presigned(),
        problem,
        general,
    };
    let in_credential = |problem: String| match signature.is_presigned() {
        true => format!("{CREDENTIAL_MALFORMED}{problem}"),
        false => problem,
    };
    if scope.region != region {
        let problem = format!("the region '{}' is wrong; expecting '{region}'", scope.region);
        return Err(SigV4Error::WrongRegion {
            presigned: signature.is_presigned(),
            problem,
            expected: region.to_owned(),
        });
    }
    if scope.service != rules.name {
        return Err(wrong(
            in_credential(format!(
                "incorrect service \"{}\". This endpoint belongs to \"{}\".",
                scope.service, rules.name
            )),
            format!("Credential should be scoped to correct service: '{}'.", rules.name),
        ));
    }
    if scope.terminator != TERMINATOR {
        return Err(wrong(
            in_credential(format!("incorrect terminal \"{}\". This endpoint uses \"{TERMINATOR}\".", scope.terminator)),
            format!("Credential should be scoped with a valid terminator: '{TERMINATOR}'."),
        ));
    }
    if !signature.timestamp.starts_with(&scope.date) || scope.date.len() != 8 {
        let date = signature.timestamp.get(..8).unwrap_or_default();
        return Err(wrong(
            format!("Invalid credential date \"{}\". This date is not the same as X-Amz-Date: \"{date}\".", scope.date),
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.".to_owned(),
        ));
    }
    Ok(())
}

fn check_time(rules: &ServiceRules, signature: &Signature, now: SystemTime) -> Result<(), SigV4Error> {
    match signature.placement {
        Placement::Header { .. } => {
            let skew = now.duration_since(signature.time).unwrap_or_else(|ahead| ahead.duration());
            if skew > rules.max_skew {
                return Err(SigV4Error::RequestTimeTooSkewed {
                    request_time: signature.timestamp.clone(),
                    server_time: now,
                    max_skew: rules.max_skew,
                });
            }
        }
        Placement::Query { expires_in } => {
            if signature.time > now + rules.max_skew {
                return Err(SigV4Error::NotYetValid { signed: signature.time, expires_in, server_time: now });
            }
            let expires = signature.time + expires_in;
            if now > expires {
                return Err(SigV4Error::PresignedExpired { expires_in, expires, server_time: now });
            }
        }
    }
    Ok(())
}

fn check_session_token(
    signer: &TemporaryCredentials,
    signature: &Signature,
    now: SystemTime,
) -> Result<(), SigV4Error> {
    // Temporary credentials do not exist without their token: S3 then says that it does not know the key.
    let Some(presented) = &signature.session_token else {
        return Err(SigV4Error::InvalidAccessKeyId { access_key_id: signature.access_key_id.clone() });
    };
    if !signer.has_session_token(presented) {
        return Err(SigV4Error::InvalidToken);
    }
    let expires = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(signer.expires_at).unwrap_or(0));
    if now >= expires { Err(SigV4Error::ExpiredToken) } else { Ok(()) }
}

/// Host and every `x-amz-*` header must be signed, or a proxy could change what the request means.
fn check_signed_headers(headers: &HeaderMap, signature: &Signature) -> Result<(), SigV4Error> {
    let is_signed = |name: &str| signature.signed_headers.iter().any(|signed| signed == name);
    let mut unsigned: Vec<String> = headers
        .keys()
        .map(HeaderName::as_str)
        .filter(|name| (*name == "host" || name.starts_with("x-amz-")) && !is_signed(name))
        .map(str::to_owned)
        .collect();
    if !headers.contains_key(header::HOST) {
        unsigned.push("host".to_owned());
    }
    if !unsigned.is_empty() {
        return Err(SigV4Error::HeadersNotSigned { names: unsigned.join(", ") });
    }
    // The signing crate writes these itself, once: a second value would go through unsigned.
    let is_doubled = |name| headers.get_all(name).iter().nth(1).is_some();
    let date = if let Placement::Header { date } = &signature.placement { date.clone() } else { X_AMZ_DATE };
    if [X_AMZ_DATE, SECURITY_TOKEN, CONTENT_SHA256, date].into_iter().any(is_doubled) {
        return Err(SigV4Error::SignatureDoesNotMatch);
    }
    Ok(())
}

/// The signature that the request should have; none if it cannot be signed (a signed header is missing, say).
fn sign_again(
    rules: &ServiceRules,
    region: &str,
    request: RequestHead<'_>,
    signature: &Signature,
    signer: &TemporaryCredentials,
    payload_hash: String,
) -> Option<String> {
    let mut headers = Vec::new();
    for name in &signature.signed_headers {
        let values: Vec<_> = request.headers.get_all(name).iter().collect();
        if values.is_empty() {
            return None;
        }
        for value in values {
            headers.push((name.as_str(), std::str::from_utf8(value.as_bytes()).ok()?));
        }
    }

    let mut settings = SigningSettings::default();
    // The signing crate always adds x-amz-date, which is not signed where Date gives the time.
    let has_own_date = signature.placement == Placement::Header { date: header::DATE };
    settings.excluded_headers = has_own_date.then(|| vec!["x-amz-date".into()]);
    if rules.is_s3 {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    }
    if request.headers.contains_key(CONTENT_SHA256) {
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    if let Placement::Query { expires_in } = signature.placement {
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(expires_in);
    }

    let identity: Identity = Credentials::from_keys(
        signer.access_key_id.as_str(),
        signer.secret_access_key.as_str(),
        Some(signer.session_token.clone()),
    )
    .into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(rules.name)
        .time(signature.time)
        .settings(settings)
        .build()
        .ok()?
        .into();
    let uri = request::canonical_uri(request.uri, rules.is_s3);
    let body = SignableBody::Precomputed(payload_hash);
    let signable = SignableRequest::new(request.method.as_str(), uri, headers.into_iter(), body).ok()?;
    Some(sign(signable, &params).ok()?.into_parts().1)
}
