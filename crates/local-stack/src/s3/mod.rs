//! S3, path style: the stack's signature check and faults in front of the `s3s` service, whose operations ask what the
//! caller may do. Writing is not imitated: who may write is told so, everybody else is refused as by S3.

mod authorization;
mod body;
mod checksum;
mod content;
mod error;
mod framing;
mod listing;
mod objects;
mod seeds;
mod service;
#[cfg(test)]
mod tests;
mod upload;

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use futures_util::{StreamExt as _, stream};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use s3s::service::{S3Service, S3ServiceBuilder};
use url::form_urlencoded;

use self::authorization::{Access, Authorizer};
use self::error::{Refusal, RequestIds, complete, internal_error};
use self::listing::TokenSealer;
use self::objects::{Buckets, Lookup};
use self::service::ObjectStore;
use crate::credentials::{CredentialRegistry, TemporaryCredentials};
use crate::faults::Fault;
use crate::iam;
use crate::random_ids::random_bytes;
use crate::request_log::Operation;
use crate::shared::Shared;
use crate::sigv4::{RequestHead, SigV4Error, VerifiedHead, decode_percent, verify_head, without_signature};

/// The XML of an error.
const MAX_ERROR: usize = 1024 * 1024;
/// A page of 1,000 long keys, each encoded threefold, stays below this.
const MAX_PAGE: usize = 8 * 1024 * 1024;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amz-request-id");
const HOST_ID: HeaderName = HeaderName::from_static("x-amz-id-2");
const SECURITY_TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");
const EXPECTED_OWNER: HeaderName = HeaderName::from_static("x-amz-expected-bucket-owner");
const BUCKET_REGION: HeaderName = HeaderName::from_static("x-amz-bucket-region");

/// The account that owns the buckets.
const ACCOUNT: &str = "123456789012";

struct S3Server {
    shared: Arc<Shared>,
    credentials: Arc<CredentialRegistry>,
    buckets: Arc<Buckets>,
    wire: S3Service,
}

/// S3 for whoever `credentials` knows.
pub(crate) fn router(shared: Arc<Shared>, credentials: Arc<CredentialRegistry>) -> Router {
    let buckets = Arc::new(Buckets::new(&shared.options));
    let store = ObjectStore {
        buckets: Arc::clone(&buckets),
        authorizer: Authorizer::new(Arc::clone(&shared)),
        region: shared.options.region.clone(),
        tokens: TokenSealer::new(&random_bytes::<32>()),
    };
    // No `set_auth`: s3s checks signatures leniently and on wall time, so it gets requests that were checked before,
    // without their signature.
    let wire = S3ServiceBuilder::new(store).build();
    Router::new().fallback(handle).with_state(Arc::new(S3Server { shared, credentials, buckets, wire }))
}

async fn handle(State(server): State<Arc<S3Server>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let target = Target::of(&parts);
    let ids = RequestIds::new();
    let is_head = parts.method == Method::HEAD;
    let mut response = match server.answer(&target, parts, body, &ids).await {
        Ok(response) => response,
        Err(refusal) => refusal.to_response(&ids),
    };
    let status = response.status();
    if status == StatusCode::NOT_MODIFIED || (is_head && !status.is_success()) {
        *response.body_mut() = Body::empty();
    }
    let headers = response.headers_mut();
    for (name, value) in [(REQUEST_ID, &ids.request_id), (HOST_ID, &ids.host_id)] {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
    headers.insert(header::SERVER, HeaderValue::from_static("AmazonS3"));
    // S3 says where a bucket is even to those whom it refuses.
    let exists = !matches!(server.buckets.find(&target.bucket), Lookup::Missing);
    if exists && let Ok(region) = HeaderValue::try_from(&server.shared.options.region) {
        headers.insert(BUCKET_REGION, region);
    }
    response.extensions_mut().insert(Operation(target.operation));
    response
}

impl S3Server {
    async fn answer(&self, target: &Target, parts: Parts, body: Body, ids: &RequestIds) -> Result<Response, Refusal> {
        let head = RequestHead { method: &parts.method, uri: &parts.uri, headers: &parts.headers };
        let VerifiedHead { signer, payload } =
            verify_head(&self.shared.options.region, head, &self.credentials, self.shared.clock.now())?;
        self.check_faults(target, &signer)?;
        if matches!(self.buckets.find(&target.bucket), Lookup::Denied) {
            return Err(target.access_denied(&signer));
        }
        if parts.headers.get(EXPECTED_OWNER).is_some_and(|account| account != ACCOUNT) {
            return Err(Refusal::new(StatusCode::FORBIDDEN, "AccessDenied", "Access Denied"));
        }

        // Last: whoever is refused need not send it.
        let (parts, body) = upload::receive(parts, payload, body).await?;
        let mut request = unsigned(parts, body);
        request.extensions_mut().insert(signer);
        let response = self.wire.call(request).await.map_err(|_| internal_error())?;
        let (parts, body) = response.into_parts();
        let body = Body::new(body);
        if parts.status.is_client_error() || parts.status.is_server_error() {
            let body = to_bytes(body, MAX_ERROR).await.map_err(|_| internal_error())?;
            return Ok(complete(parts.status, &body, &target.bucket, &target.key, ids));
        }
        if target.operation == LIST && self.shared.faults.take(Fault::S3PageCut) {
            return cut_in_half(Response::from_parts(parts, body)).await;
        }
        Ok(Response::from_parts(parts, body))
    }

    fn check_faults(&self, target: &Target, signer: &TemporaryCredentials) -> Result<(), Refusal> {
        let faults = &self.shared.faults;
        if faults.take(Fault::S3AccessDenied) {
            return Err(target.access_denied(signer));
        }
        if faults.take(Fault::S3ExpiredToken) {
            return Err(SigV4Error::ExpiredToken.into());
        }
        if faults.take(Fault::S3InvalidToken) {
            return Err(SigV4Error::InvalidToken.into());
        }
        if faults.take(Fault::S3SlowDown) {
            return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "SlowDown", "Please reduce your request rate."));
        }
        if faults.take(Fault::S3TemporaryRedirect) {
            return Err(target.temporary_redirect());
        }
        Ok(())
    }
}

/// The request for `s3s`, which refuses anything signed when it has no credentials of its own.
fn unsigned(mut parts: Parts, body: Bytes) -> http::Request<s3s::Body> {
    parts.headers.remove(header::AUTHORIZATION);
    // s3s writes whole requests into its debug log.
    parts.headers.remove(SECURITY_TOKEN);
    // S3 answers with the whole object to a range that it cannot read or that is several; s3s would refuse it.
    if parts.headers.get(header::RANGE).is_some_and(|range| !is_single_range(range)) {
        parts.headers.remove(header::RANGE);
    }
    // Taking parameters out of a valid URI leaves a valid one.
    parts.uri = without_signature(&parts.uri).parse().unwrap_or_else(|_| Uri::from_static("/"));
    http::Request::from_parts(parts, s3s::Body::from(body))
}

/// Whether this is one byte range (RFC 9110, section 14.1.2).
fn is_single_range(range: &HeaderValue) -> bool {
    let parse = |digits: &str| {
        if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse::<u64>().ok() } else { None }
    };
    let range = range.to_str().ok().and_then(|text| text.strip_prefix("bytes=")?.split_once('-'));
    match range {
        None => false,
        Some(("", last)) => parse(last).is_some(),
        Some((first, "")) => parse(first).is_some(),
        Some((first, last)) => parse(first).zip(parse(last)).is_some_and(|(first, last)| first <= last),
    }
}

/// Announces the whole page, sends half of it and breaks the connection.
async fn cut_in_half(response: Response) -> Result<Response, Refusal> {
    let (mut parts, body) = response.into_parts();
    let page = to_bytes(body, MAX_PAGE).await.map_err(|_| internal_error())?;
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(page.len()));
    let half = page.slice(..page.len() / 2);
    // The pause lets the server write what it has before it meets the error.
    let broken = async {
        tokio::task::yield_now().await;
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    };
    let body = stream::iter([Ok(half)]).chain(stream::once(broken));
    Ok(Response::from_parts(parts, Body::from_stream(body)))
}

const LIST: &str = "ListObjectsV2";

/// What a request is about, in S3's words.
struct Target {
    operation: &'static str,
    /// Empty for the service itself.
    bucket: String,
    /// Empty for the bucket itself.
    key: String,
}

impl Target {
    fn of(parts: &Parts) -> Self {
        let path = String::from_utf8_lossy(&decode_percent(parts.uri.path())).into_owned();
        let path = path.strip_prefix('/').unwrap_or(&path);
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        let query = parts.uri.query().unwrap_or_default();
        let is_v2 = form_urlencoded::parse(query.as_bytes()).any(|(name, value)| name == "list-type" && value == "2");
        let is_signed = parts.headers.contains_key(header::AUTHORIZATION) || query.contains("X-Amz-Signature=");
        let operation = match (&parts.method, bucket, key) {
            (&Method::HEAD, "", "") if !is_signed => "warm_up",
            (&Method::GET, "", "") => "ListBuckets",
            (&Method::GET, _, "") if is_v2 => LIST,
            (&Method::HEAD, _, "") => "HeadBucket",
            (&Method::GET, _, key) if !key.is_empty() => "GetObject",
            (&Method::HEAD, ..) => "HeadObject",
            (&Method::PUT, _, key) if !key.is_empty() => "PutObject",
            (&Method::DELETE, _, key) if !key.is_empty() => "DeleteObject",
            _ => "unsupported",
        };
        Self { operation, bucket: bucket.to_owned(), key: key.to_owned() }
    }

    /// To a host that nobody can find: whoever follows is seen to fail.
    fn temporary_redirect(&self) -> Refusal {
        let endpoint = format!("{}.s3-temporary.invalid", self.bucket);
        Refusal {
            location: Some(format!("https://{endpoint}/{}", self.key)),
            details: vec![("Endpoint", endpoint)],
            ..Refusal::new(
                StatusCode::TEMPORARY_REDIRECT,
                "TemporaryRedirect",
                "Please re-send this request to the specified temporary endpoint. Continue to use the original request \
                 endpoint for future requests.",
            )
        }
    }

    fn access_denied(&self, signer: &TemporaryCredentials) -> Refusal {
        let (bucket, key) = (self.bucket.as_str(), self.key.as_str());
        let access = match self.operation {
            "ListBuckets" => Access::ListBuckets,
            "GetObject" | "HeadObject" => Access::GetObject { bucket, key },
            "PutObject" => Access::PutObject { bucket, key },
            "DeleteObject" => Access::DeleteObject { bucket, key },
            _ => Access::to_bucket(bucket),
        };
        access.refuse(signer, iam::Refusal::NotAllowed)
    }
}
