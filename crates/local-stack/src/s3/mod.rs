//! S3, path style. A request passes, in this order: the signature, its name (`operations.rs`), the bucket's existence, the
//! policies (`authorization.rs`); what S3 has and the stack lacks is told only then. The `s3s` service carries out the rest.

mod address;
mod authorization;
mod body;
mod bucket_list;
mod checksum;
mod condition;
mod content;
mod copy;
mod error;
mod framing;
mod listing;
mod listing_parameters;
mod multipart;
mod objects;
mod operations;
mod preflight;
mod reading;
mod scale;
mod seeds;
mod service;
mod spoiling;
mod store;
mod stored;
#[cfg(test)]
mod tests;
mod upload;
mod uploads;
mod wire;
mod writing;

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{S3Result, s3_error};

use self::address::Address;
use self::authorization::{Authorizer, account};
use self::error::{Refusal, RequestIds, complete, internal_error};
use self::listing::TokenSealer;
use self::objects::{Buckets, Lookup};
use self::operations::{Asked, Permission};
use self::service::ObjectStore;
use self::store::Store;
use self::stored::Quota;
use crate::credentials::{CredentialRegistry, TemporaryCredentials};
use crate::faults::{Fault, Hold};
use crate::iam;
use crate::random_ids::random_bytes;
use crate::request_log::{Operation, PartNumber};
use crate::server::BreakConnection;
use crate::shared::Shared;
use crate::sigv4::{RequestHead, SigV4Error, VerifiedHead, verify_head};

/// The XML of an error.
const MAX_ERROR: usize = 1024 * 1024;
/// A page of 1,000 long keys, each encoded threefold, stays below this.
const MAX_PAGE: usize = 8 * 1024 * 1024;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amz-request-id");
const HOST_ID: HeaderName = HeaderName::from_static("x-amz-id-2");
const EXPECTED_OWNER: HeaderName = HeaderName::from_static("x-amz-expected-bucket-owner");
const EXPECTED_SOURCE_OWNER: HeaderName = HeaderName::from_static("x-amz-source-expected-bucket-owner");
const BUCKET_REGION: HeaderName = HeaderName::from_static("x-amz-bucket-region");

struct S3Server {
    shared: Arc<Shared>,
    credentials: Arc<CredentialRegistry>,
    buckets: Arc<Buckets>,
    authorizer: Authorizer,
    wire: S3Service,
}

/// S3 for whoever `credentials` knows.
pub(crate) fn router(shared: Arc<Shared>, credentials: Arc<CredentialRegistry>) -> Router {
    let buckets = Arc::new(Buckets::new(&shared.options));
    let authorizer = Authorizer::new(Arc::clone(&shared));
    let store = ObjectStore {
        shared: Arc::clone(&shared),
        buckets: Arc::clone(&buckets),
        authorizer: authorizer.clone(),
        tokens: TokenSealer::new(&random_bytes::<32>()),
        nothing: Store::new(Vec::new(), false, Quota::new(0)),
    };
    // s3s checks signatures leniently and on wall time, so it gets requests that were checked before, without their
    // signature, and knows nobody's keys. It asks for access only if it could check signatures at all.
    let mut wire = S3ServiceBuilder::new(store);
    wire.set_auth(SimpleAuth::new());
    wire.set_access(AsAuthorized);
    let wire = wire.build();
    Router::new().fallback(handle).with_state(Arc::new(S3Server { shared, credentials, buckets, authorizer, wire }))
}

/// Carries out what was authorized and nothing else, should `s3s` ever read a request in another way.
struct AsAuthorized;

#[async_trait::async_trait]
impl S3Access for AsAuthorized {
    async fn check(&self, request: &mut S3AccessContext<'_>) -> S3Result<()> {
        let authorized = request.extensions_mut().get::<Arc<Asked>>().map(|asked| asked.operation.name);
        let carried_out = request.s3_op().name();
        if authorized == Some(carried_out) {
            return Ok(());
        }
        Err(s3_error!(InternalError, "{carried_out} was not authorized."))
    }
}

async fn handle(State(server): State<Arc<S3Server>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let ids = RequestIds::new();
    let is_head = parts.method == Method::HEAD;
    let address = Address::parse(parts.uri.path());
    let query = parts.uri.query().unwrap_or_default();
    let headers = wire::with_hoisted_headers(&parts);
    let mut part = None;
    let (operation, answer) = if parts.method == Method::OPTIONS {
        ("OptionsObject", Err(preflight::refuse(&headers, server.exists(&address.bucket))))
    } else {
        let asked = wire::check_size(&parts.headers);
        let asked = asked.and_then(|()| Address::check_encoding(parts.uri.path())).and_then(|()| address.check());
        let asked = asked.and_then(|()| Asked::identify(&parts.method, address.clone(), query, headers));
        let operation = asked.as_ref().map_or("unsupported", |asked| asked.operation.name);
        part = asked.as_ref().ok().and_then(Asked::part_number);
        (operation, server.answer(asked, parts, body, &ids).await)
    };
    // "You will receive a response header with the correct bucket location" of HeadBucket, whoever asks and however it is
    // signed (HeadBucket, S3 API reference). No page promises it of other operations: clients must not look for it there.
    let tells_region = operation == "HeadBucket" || answer.as_ref().is_err_and(Refusal::tells_region);
    let mut response = answer.unwrap_or_else(|refusal| refusal.to_response(&ids));
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
    if tells_region
        && server.exists(&address.bucket)
        && let Ok(region) = HeaderValue::try_from(server.shared.bucket_region())
    {
        headers.insert(BUCKET_REGION, region);
    }
    response.extensions_mut().insert(Operation(operation));
    if let Some(part) = part {
        response.extensions_mut().insert(PartNumber(part));
    }
    response
}

impl S3Server {
    async fn answer(
        &self,
        asked: Result<Asked, Refusal>,
        mut parts: Parts,
        body: Body,
        ids: &RequestIds,
    ) -> Result<Response, Refusal> {
        let head = RequestHead { method: &parts.method, uri: &parts.uri, headers: &parts.headers };
        let VerifiedHead { signer, payload } = self.verify(head, &Address::parse(parts.uri.path()).bucket)?;
        let asked = Arc::new(asked?);
        self.check_faults(&asked, &signer)?;
        listing_parameters::check(&asked)?;
        self.check_buckets(&asked)?;
        self.authorizer.authorize(&signer, &asked)?;
        let operation = asked.operation;
        if !operation.is_served {
            return Err(Refusal::not_implemented(operation.name));
        }
        if asked.is_at_key {
            return Err(Refusal::not_implemented(&format!("{} at a key", operation.name)));
        }
        if asked.names_version() {
            return Err(Refusal::not_implemented(&format!("{} of a version that is named", operation.name)));
        }
        let overrides = wire::read_overrides(&asked)?;
        if let Some(response) = self.spoil(operation.name, ids) {
            return Ok(response);
        }

        parts.headers.clone_from(&asked.headers);
        // Last: whoever is refused need not send it.
        let (parts, body) = match operation.name {
            "PutObject" | "UploadPart" => {
                let store = self.buckets.store(&asked.address.bucket).ok_or_else(Refusal::access_denied)?;
                (upload::receive(parts, payload, body, store).await?, Bytes::new())
            }
            _ => {
                let body = upload::receive_small(&parts.headers, payload, body).await?;
                (parts, body)
            }
        };
        if operation.name == "DeleteObjects" {
            upload::check_list(&parts.headers, &body)?;
        }
        let mut request = wire::unsigned(parts, body, &asked);
        request.extensions_mut().insert(signer);
        request.extensions_mut().insert(Arc::clone(&asked));
        let response = self.wire.call(request).await.map_err(|_| internal_error())?;
        let (mut parts, body) = response.into_parts();
        let body = Body::new(body);
        if parts.status.is_client_error() || parts.status.is_server_error() {
            let body = to_bytes(body, MAX_ERROR).await.map_err(|_| internal_error())?;
            let Address { bucket, key } = &asked.address;
            return Ok(complete(parts.status, parts.headers, &body, bucket, key, ids));
        }
        wire::finish(&mut parts.status, &mut parts.headers, overrides);
        if operation.name == LIST && self.shared.faults.take(Fault::S3PageCut) {
            return cut_in_half(Response::from_parts(parts, body)).await;
        }
        let body = if operation.name == "GetObject" { self.damage(body, &parts.headers) } else { body };
        let mut response = Response::from_parts(parts, body);
        if self.loses_answer(operation.name) {
            response.extensions_mut().insert(BreakConnection);
        }
        Ok(response)
    }

    /// The endpoint stands for that of every region. Where a bucket is comes before who asks: S3 tells it to everybody.
    fn verify(&self, head: RequestHead<'_>, bucket: &str) -> Result<VerifiedHead, Refusal> {
        let region = self.shared.bucket_region();
        let verify_in = |region| verify_head(region, head, &self.credentials, self.shared.clock.now());
        match verify_in(region) {
            Err(SigV4Error::WrongRegion { .. }) if bucket.is_empty() => Ok(verify_in(&self.shared.options.region)?),
            Err(SigV4Error::WrongRegion { .. }) if self.shared.faults.holds(Fault::S3BucketElsewhere) => {
                Err(Refusal::permanent_redirect(bucket, &format!("s3.{region}.amazonaws.com")))
            }
            decided => Ok(decided?),
        }
    }

    /// An answer in place of the work.
    fn spoil(&self, operation: &str, ids: &RequestIds) -> Option<Response> {
        let faults = &self.shared.faults;
        let fails_late = match operation {
            "PutObject" | "UploadPart" if faults.take(Fault::S3UploadStalled) => {
                let mut never_sent = Response::new(Body::empty());
                never_sent.extensions_mut().insert(Hold::Ever);
                return Some(never_sent);
            }
            "CompleteMultipartUpload" => faults.take(Fault::S3CompleteErrorInOk),
            "CopyObject" => faults.take(Fault::S3CopyErrorInOk),
            _ => false,
        };
        fails_late.then(|| {
            let mut response = internal_error().to_response(ids);
            *response.status_mut() = StatusCode::OK;
            response
        })
    }

    fn loses_answer(&self, operation: &str) -> bool {
        let faults = &self.shared.faults;
        faults.take(Fault::S3ResponseLost)
            || operation == "UploadPart" && faults.take(Fault::S3PartResponseLost)
            || operation == "CompleteMultipartUpload" && faults.take(Fault::S3CompleteResponseLost)
    }

    /// What becomes of an object's bytes on their way. One that has too few is left alone.
    fn damage(&self, body: Body, headers: &HeaderMap) -> Body {
        let faults = &self.shared.faults;
        let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let half = length.map_or(0, |length: usize| length / 2);
        if half == 0 {
            return body;
        }
        if faults.take(Fault::S3ObjectCut) {
            // The pause lets the server write what it has before it meets the error.
            let broken = async {
                tokio::task::yield_now().await;
                Err(axum::Error::new(io::Error::from(io::ErrorKind::ConnectionReset)))
            };
            return Body::from_stream(first_bytes(body, half).chain(stream::once(broken)));
        }
        if faults.take(Fault::S3ObjectStalled) {
            return Body::from_stream(first_bytes(body, half).chain(stream::pending()));
        }
        if faults.take(Fault::S3ObjectDamaged) {
            let mut is_first = true;
            return Body::from_stream(body.into_data_stream().map_ok(move |bytes| {
                let mut bytes = bytes.to_vec();
                if let Some(byte) = bytes.first_mut().filter(|_| std::mem::take(&mut is_first)) {
                    *byte ^= 1;
                }
                Bytes::from(bytes)
            }));
        }
        body
    }

    fn exists(&self, bucket: &str) -> bool {
        !matches!(self.buckets.find(bucket), Lookup::Missing)
    }

    /// S3 looks for the bucket before it asks whether the caller may use it: that is how the names of other people's
    /// buckets are told apart from free ones. Observed, not documented ("404 NoSuchBucket" for whoever asks).
    fn check_buckets(&self, asked: &Asked) -> Result<(), Refusal> {
        let target = (&asked.address.bucket, EXPECTED_OWNER);
        let source = asked.source.as_ref().map(|(source, _)| (&source.bucket, EXPECTED_SOURCE_OWNER));
        for (bucket, expected_owner) in [Some(target), source].into_iter().flatten() {
            if bucket.is_empty() || asked.operation.name == "CreateBucket" {
                continue;
            }
            if !self.exists(bucket) {
                return Err(Refusal::no_such_bucket(bucket));
            }
            let expected = asked.headers.get(expected_owner);
            if expected.is_some_and(|owner| !is_account(owner)) {
                return Err(Refusal::malformed_owner());
            }
            // "Verifying bucket ownership with bucket owner condition", S3 user guide.
            if expected.is_some_and(|owner| owner != account(&self.shared)) {
                return Err(Refusal::access_denied());
            }
        }
        Ok(())
    }

    fn check_faults(&self, asked: &Asked, signer: &TemporaryCredentials) -> Result<(), Refusal> {
        let faults = &self.shared.faults;
        if faults.take(Fault::S3AccessDenied) {
            let permission = asked.permissions().next();
            let permission = permission.unwrap_or_else(|| Permission::new("s3:ListBucket", &asked.address));
            return Err(permission.refuse(signer, iam::Refusal::NotAllowed));
        }
        if faults.take(Fault::S3ExpiredToken) {
            return Err(SigV4Error::ExpiredToken.into());
        }
        if faults.take(Fault::S3InvalidToken) {
            return Err(SigV4Error::InvalidToken.into());
        }
        let is_crowded = self.shared.is_s3_crowded();
        if let Some(refusal) = spoiling::find(faults, asked.operation.name, is_crowded) {
            return Err(refusal);
        }
        if faults.take(Fault::S3TemporaryRedirect) {
            return Err(temporary_redirect(&asked.address));
        }
        Ok(())
    }
}

/// The id of an account has twelve digits.
fn is_account(owner: &HeaderValue) -> bool {
    owner.len() == 12 && owner.as_bytes().iter().all(u8::is_ascii_digit)
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

/// So many of the bytes, and not one more.
fn first_bytes(body: Body, count: usize) -> impl Stream<Item = Result<Bytes, axum::Error>> {
    let mut left = count;
    body.into_data_stream()
        .map_ok(move |mut bytes| {
            bytes.truncate(left);
            left -= bytes.len();
            bytes
        })
        .take_while(|bytes| std::future::ready(!matches!(bytes, Ok(bytes) if bytes.is_empty())))
}

const LIST: &str = "ListObjectsV2";

/// To a host that nobody can find: whoever follows is seen to fail.
fn temporary_redirect(address: &Address) -> Refusal {
    let endpoint = format!("{}.s3-temporary.invalid", address.bucket);
    Refusal::temporary_redirect(&endpoint, &format!("https://{endpoint}/{}", address.key))
}
