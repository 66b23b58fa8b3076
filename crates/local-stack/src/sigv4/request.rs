//! A request as it arrives: reads the signature out of it, and the request without its signature.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};
use url::form_urlencoded;

use super::error::SigV4Error;

pub(super) const X_AMZ_DATE: HeaderName = HeaderName::from_static("x-amz-date");
pub(super) const SECURITY_TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");
/// The name that credential scopes end with.
pub(super) const TERMINATOR: &str = "aws4_request";
const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const TIMESTAMP: &[BorrowedFormatItem<'_>] = format_description!("[year][month][day]T[hour][minute][second]Z");
/// Seven days, the longest life of a presigned URL.
const MAX_EXPIRES: u64 = 604_800;
/// The query parameters that make up a presigned URL's signature.
const SIGNATURE_PARAMETERS: [&str; 7] = [
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
];

/// A request as it arrived, with its whole body.
#[derive(Clone, Copy)]
pub(crate) struct ReceivedRequest<'a> {
    pub method: &'a Method,
    pub uri: &'a Uri,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
}

impl<'a> ReceivedRequest<'a> {
    pub(super) fn head(&self) -> RequestHead<'a> {
        RequestHead { method: self.method, uri: self.uri, headers: self.headers }
    }
}

/// What arrives before the body.
#[derive(Clone, Copy)]
pub(crate) struct RequestHead<'a> {
    pub method: &'a Method,
    pub uri: &'a Uri,
    pub headers: &'a HeaderMap,
}

/// Where the signature was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Placement {
    /// In `Authorization`, with its time in the header `date`.
    Header {
        date: HeaderName,
    },
    Query {
        expires_in: Duration,
    },
}

/// What the caller claims to have signed with.
pub(super) struct Signature {
    pub placement: Placement,
    pub access_key_id: String,
    pub scope: Scope,
    /// As sent, `YYYYMMDDTHHMMSSZ`.
    pub timestamp: String,
    pub time: SystemTime,
    /// Lower case, as listed.
    pub signed_headers: Vec<String>,
    pub session_token: Option<String>,
    pub signature: String,
}

/// The credential scope: what the signing key was derived for.
pub(super) struct Scope {
    pub date: String,
    pub region: String,
    pub service: String,
    pub terminator: String,
}

impl Signature {
    /// Finds the request's one signature, well-formed.
    pub(super) fn find(request: RequestHead<'_>) -> Result<Self, SigV4Error> {
        let query: Vec<_> = form_urlencoded::parse(request.uri.query().unwrap_or_default().as_bytes()).collect();
        let has = |names: &[&str]| query.iter().any(|(name, _)| names.contains(&name.as_ref()));
        let in_query = has(&SIGNATURE_PARAMETERS);
        let version_2 = has(&["AWSAccessKeyId", "Signature"]);
        let mut headers = request.headers.get_all(header::AUTHORIZATION).iter();
        match (headers.next(), headers.next(), in_query, version_2) {
            (None, _, false, false) => Err(SigV4Error::Anonymous),
            (None, _, true, false) => Self::from_query(&query),
            (None, _, false, true) => Err(SigV4Error::UnsupportedMechanism),
            (Some(value), None, false, false) => {
                Self::from_header(value.to_str().map_err(|_| SigV4Error::UnsupportedMechanism)?, request)
            }
            _ => Err(SigV4Error::TwoMechanisms),
        }
    }

    fn from_header(value: &str, request: RequestHead<'_>) -> Result<Self, SigV4Error> {
        let fields = value
            .strip_prefix(ALGORITHM)
            .and_then(|rest| rest.strip_prefix(' '))
            .ok_or(SigV4Error::UnsupportedMechanism)?;
        let malformed = |problem: &str| SigV4Error::Malformed { presigned: false, problem: problem.to_owned() };
        let fields: Vec<(&str, &str)> = fields
            .split(',')
            .map(|field| field.trim().split_once('='))
            .collect::<Option<_>>()
            .ok_or_else(|| malformed("a field is not of the form name=value."))?;
        let field = |name| unique(&fields, name);
        let (Some(credential), Some(signed_headers), Some(signature), 3) =
            (field("Credential"), field("SignedHeaders"), field("Signature"), fields.len())
        else {
            return Err(malformed(
                "the authorization header requires three components: Credential, SignedHeaders, and Signature.",
            ));
        };
        let text = |name| request.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        // "When specifying an x-amz-date, it always overrides the value of the Date header"; alone, Date has to be in the
        // same format (Common request headers, S3 API reference).
        let date_header = if request.headers.contains_key(X_AMZ_DATE) { X_AMZ_DATE } else { header::DATE };
        let timestamp = text(date_header.clone()).ok_or(SigV4Error::MissingDate)?;
        let (access_key_id, scope) = split_credential(credential).ok_or_else(|| {
            malformed("the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".")
        })?;
        Ok(Self {
            placement: Placement::Header { date: date_header },
            access_key_id,
            scope,
            timestamp: timestamp.to_owned(),
            time: parse_timestamp(timestamp).ok_or(SigV4Error::MissingDate)?,
            signed_headers: split_headers(signed_headers)
                .ok_or_else(|| malformed("SignedHeaders is not a list of lower-case names in order."))?,
            session_token: text(SECURITY_TOKEN).map(str::to_owned),
            signature: signature.to_owned(),
        })
    }

    fn from_query(query: &[(Cow<'_, str>, Cow<'_, str>)]) -> Result<Self, SigV4Error> {
        let malformed = |problem: &str| SigV4Error::Malformed { presigned: true, problem: problem.to_owned() };
        let pairs: Vec<(&str, &str)> = query.iter().map(|(name, value)| (name.as_ref(), value.as_ref())).collect();
        let parameter = |name| unique(&pairs, name);
        let (Some(algorithm), Some(credential), Some(timestamp), Some(expires), Some(signed_headers), Some(signature)) = (
            parameter("X-Amz-Algorithm"),
            parameter("X-Amz-Credential"),
            parameter("X-Amz-Date"),
            parameter("X-Amz-Expires"),
            parameter("X-Amz-SignedHeaders"),
            parameter("X-Amz-Signature"),
        ) else {
            return Err(malformed(
                "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, \
                 X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
            ));
        };
        if algorithm != ALGORITHM {
            return Err(malformed("X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256\""));
        }
        let expires = parse_expires(expires).map_err(malformed)?;
        let (access_key_id, scope) = split_credential(credential).ok_or_else(|| {
            malformed(
                "Error parsing the X-Amz-Credential parameter; \
                 the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".",
            )
        })?;
        let session_token = match pairs.iter().filter(|(name, _)| *name == "X-Amz-Security-Token").count() {
            0 => None,
            _ => Some(parameter("X-Amz-Security-Token").ok_or(SigV4Error::InvalidToken)?.to_owned()),
        };
        Ok(Self {
            placement: Placement::Query { expires_in: Duration::from_secs(expires) },
            access_key_id,
            scope,
            timestamp: timestamp.to_owned(),
            time: parse_timestamp(timestamp)
                .ok_or_else(|| malformed("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""))?,
            signed_headers: split_headers(signed_headers)
                .ok_or_else(|| malformed("X-Amz-SignedHeaders is not a list of lower-case names in order."))?,
            session_token,
            signature: signature.to_owned(),
        })
    }

    pub(super) fn is_presigned(&self) -> bool {
        matches!(self.placement, Placement::Query { .. })
    }
}

/// `X-Amz-Expires`: "The minimum value you can set is 1, and the maximum is 604800" ("Authenticating Requests: Using Query
/// Parameters", S3 API reference). The sentences are those of S3 (brekkylab/backlot, `auth.py`; minio and ceph have the same
/// ones). There S3 is also seen to take 0, for a URL that has expired (403): nobody may count on either, so the page holds. It
/// gives no sentence for 0; this is that for what is below.
fn parse_expires(text: &str) -> Result<u64, &'static str> {
    let seconds: i64 = text.parse().map_err(|_| "X-Amz-Expires should be a number")?;
    let seconds = u64::try_from(seconds).map_err(|_| "X-Amz-Expires must be non-negative")?;
    if seconds == 0 {
        return Err("X-Amz-Expires must be non-negative");
    }
    if seconds > MAX_EXPIRES {
        return Err("X-Amz-Expires must be less than a week (in seconds); that is, \
                    the given X-Amz-Expires must be less than 604800 seconds");
    }
    Ok(seconds)
}

/// The value of `name` if it is there exactly once: of two, one could be checked and the other used.
fn unique<'a>(pairs: &[(&str, &'a str)], name: &str) -> Option<&'a str> {
    let mut values = pairs.iter().filter(|pair| pair.0 == name).map(|pair| pair.1);
    let first = values.next()?;
    values.next().is_none().then_some(first)
}

fn split_credential(credential: &str) -> Option<(String, Scope)> {
    let parts: Vec<&str> = credential.split('/').collect();
    let [access_key_id, date, region, service, terminator] = parts[..] else { return None };
    let scope = Scope {
        date: date.to_owned(),
        region: region.to_owned(),
        service: service.to_owned(),
        terminator: terminator.to_owned(),
    };
    (!access_key_id.is_empty()).then(|| (access_key_id.to_owned(), scope))
}

fn split_headers(list: &str) -> Option<Vec<String>> {
    let names: Vec<String> = list.split(';').map(str::to_owned).collect();
    let well_formed = |name: &String| !name.is_empty() && !name.bytes().any(|b| b.is_ascii_uppercase());
    (names.iter().all(well_formed) && names.is_sorted_by(|a, b| a < b)).then_some(names)
}

/// The service that a well-formed signature is for, good or not.
pub(crate) fn signed_service(request: RequestHead<'_>) -> Option<String> {
    Signature::find(request).ok().map(|signature| signature.scope.service)
}

/// As `x-amz-date` has it; whole seconds.
pub(super) fn format_timestamp(time: SystemTime) -> String {
    OffsetDateTime::from(time).format(TIMESTAMP).unwrap_or_default()
}

fn parse_timestamp(text: &str) -> Option<SystemTime> {
    let time = PrimitiveDateTime::parse(text, TIMESTAMP).ok()?.assume_utc();
    // Before 1970 nothing was signed, and the signing crate could not format it.
    (time.unix_timestamp() >= 0).then(|| time.into())
}

/// `uri` as it is signed. S3 decodes the path and encodes it anew, so that two spellings of one key sign alike.
pub(super) fn canonical_uri(uri: &Uri, is_s3: bool) -> String {
    let path = if is_s3 { encode_path(&decode_percent(uri.path())) } else { uri.path().to_owned() };
    match query_without_signature(uri) {
        Some(query) => format!("{path}?{query}"),
        None => path,
    }
}

/// `uri` for whoever serves the request after its signature was checked.
pub(crate) fn without_signature(uri: &Uri) -> String {
    match query_without_signature(uri) {
        Some(query) => format!("{}?{query}", uri.path()),
        None => uri.path().to_owned(),
    }
}

fn query_without_signature(uri: &Uri) -> Option<String> {
    let is_signature = |pair: &&str| {
        form_urlencoded::parse(pair.as_bytes()).any(|(name, _)| SIGNATURE_PARAMETERS.contains(&name.as_ref()))
    };
    let kept: Vec<&str> = uri.query()?.split('&').filter(|pair| !is_signature(pair)).collect();
    (!kept.is_empty()).then(|| kept.join("&"))
}

pub(crate) fn decode_percent(path: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let bytes = path.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let pair = bytes.get(at + 1).copied().and_then(digit).zip(bytes.get(at + 2).copied().and_then(digit));
        match (bytes[at], pair) {
            (b'%', Some((high, low))) => {
                decoded.push(high << 4 | low);
                at += 3;
            }
            (byte, _) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    decoded
}

fn encode_path(path: &[u8]) -> String {
    let mut encoded = String::with_capacity(path.len());
    for &byte in path {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
