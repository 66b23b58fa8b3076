//! S3's error answers (source: "Error responses", S3 API reference): XML with the ids that support asks for.

use axum::body::{Body, Bytes};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use s3s::{S3Error, S3ErrorCode};
use url::form_urlencoded;

use crate::random_ids::{random_bytes, random_string};
use crate::sigv4::SigV4Error;

const END: &str = "</Error>";

/// The two ids of a request.
pub(super) struct RequestIds {
    pub request_id: String,
    pub host_id: String,
}

impl RequestIds {
    pub(super) fn new() -> Self {
        Self {
            request_id: random_string(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 16),
            host_id: STANDARD.encode(random_bytes::<48>()),
        }
    }

    fn xml(&self) -> String {
        format!("<RequestId>{}</RequestId><HostId>{}</HostId>", self.request_id, self.host_id)
    }
}

/// An error with everything that S3 says of it. The elements beside code and message are in the order of S3's, before the
/// ids. Which an error has is listed nowhere but in examples ("Error responses", S3 API reference, and the user guide's
/// pages on each subject); where a constructor does not say more, it is as brekkylab/backlot noted of S3 in September 2026.
#[derive(Debug)]
pub(super) struct Refusal {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: String,
    pub details: Vec<(&'static str, String)>,
    /// Boxed, since few errors have any and every result would be as large.
    pub headers: Box<HeaderMap>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), details: Vec::new(), headers: Box::default() }
    }

    /// With one more element.
    #[expect(clippy::needless_pass_by_value, reason = "texts and numbers are given as they are")]
    pub(super) fn with(mut self, element: &'static str, text: impl ToString) -> Self {
        self.details.push((element, text.to_string()));
        self
    }

    pub(super) fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::try_from(value) {
            self.headers.insert(name, value);
        }
        self
    }

    /// 400 with this code.
    pub(super) fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// 403, without saying why.
    pub(super) fn access_denied() -> Self {
        Self::new(StatusCode::FORBIDDEN, "AccessDenied", "Access Denied")
    }

    pub(super) fn malformed_xml() -> Self {
        let message = "The XML you provided was not well-formed or did not validate against our published schema";
        Self::bad_request("MalformedXML", message)
    }

    pub(super) fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "InvalidRequest", message)
    }

    /// A checksum that is no base64 of a digest's length, in this header. The list of error codes has InvalidDigest: "The
    /// Content-MD5 or checksum value that you specified is not valid". Seen of S3 is this instead: versity/versitygw
    /// (`s3err.go`, whose tests run against S3) and openstack/swift (`s3api/s3request.py`).
    pub(super) fn invalid_checksum(header: &HeaderName) -> Self {
        Self::invalid_request(format!("Value for {header} header is invalid."))
    }

    /// As [`invalid_checksum`](Self::invalid_checksum), of one in a trailer (the same sources).
    pub(super) fn invalid_trailing_checksum(trailer: &HeaderName) -> Self {
        Self::invalid_request(format!("Value for {trailer} trailing header is invalid."))
    }

    /// Whether it tells where the bucket is: 301 and 307 (seen in JuliaCloud/AWSS3.jl#25 and aws/aws-sdk-java#1529), and the
    /// 400 of a signature for another region (its body has `<Region>`; that the header comes too is from memory: botocore's
    /// `S3RegionRedirector` looks for it there).
    pub(super) fn tells_region(&self) -> bool {
        self.status.is_redirection() && self.status != StatusCode::NOT_MODIFIED
            || self.details.iter().any(|(name, _)| *name == "Region")
    }

    /// An argument that cannot be, with its name and value.
    pub(super) fn invalid_argument(message: impl Into<String>, name: &str, value: impl ToString) -> Self {
        Self::invalid_argument_without_value(message, name).with("ArgumentValue", value)
    }

    /// As [`invalid_argument`](Self::invalid_argument), of the few whose value S3 leaves out.
    pub(super) fn invalid_argument_without_value(message: impl Into<String>, name: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "InvalidArgument", message).with("ArgumentName", name)
    }

    pub(super) fn invalid_uri(uri: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "InvalidURI", "Couldn't parse the specified URI.").with("URI", uri)
    }

    pub(super) fn invalid_bucket_name(bucket: &str) -> Self {
        let message = "The specified bucket is not valid.";
        Self::new(StatusCode::BAD_REQUEST, "InvalidBucketName", message).with("BucketName", bucket)
    }

    pub(super) fn key_too_long(size: usize, most: usize) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "KeyTooLongError", "Your key is too long")
            .with("Size", size)
            .with("MaxSizeAllowed", most)
    }

    /// An expected owner that is no account: code and sentence of "Error responses", S3 API reference. The list has none for
    /// the owner of a copy's source, which gets the same here.
    pub(super) fn malformed_owner() -> Self {
        Self::bad_request(
            "InvalidBucketOwnerAWSAccountID",
            "The value of the expected bucket owner parameter must be an AWS account ID.",
        )
    }

    pub(super) fn no_such_bucket(bucket: &str) -> Self {
        let message = "The specified bucket does not exist";
        Self::new(StatusCode::NOT_FOUND, "NoSuchBucket", message).with("BucketName", bucket)
    }

    pub(super) fn no_such_key(key: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NoSuchKey", "The specified key does not exist.").with("Key", key)
    }

    pub(super) fn method_not_allowed(method: &Method, resource_type: &str, allowed: &[&str]) -> Self {
        let message = "The specified method is not allowed against this resource.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", message)
            .with("Method", method)
            .with("ResourceType", resource_type)
            .with_header(header::ALLOW, &allowed.join(", "))
    }

    /// 412: `condition` is the header that did not hold, or says what has to be.
    pub(super) fn precondition_failed(condition: &str) -> Self {
        let message = "At least one of the pre-conditions you specified did not hold";
        Self::new(StatusCode::PRECONDITION_FAILED, "PreconditionFailed", message).with("Condition", condition)
    }

    /// 304, with what RFC 9110, section 15.4.5, wants it to say of the object. It has no body.
    pub(super) fn not_modified(e_tag: &str, last_modified: &str) -> Self {
        Self::new(StatusCode::NOT_MODIFIED, "NotModified", "Not Modified")
            .with_header(header::ETAG, e_tag)
            .with_header(header::LAST_MODIFIED, last_modified)
    }

    /// 416. `range` is the header as it came. The size stands in the body alone: S3 sends no Content-Range.
    pub(super) fn invalid_range(range: &str, size: u64) -> Self {
        let message = "The requested range is not satisfiable";
        Self::new(StatusCode::RANGE_NOT_SATISFIABLE, "InvalidRange", message)
            .with("RangeRequested", range)
            .with("ActualObjectSize", size)
    }

    /// 416, of a part that an object does not have.
    pub(super) fn invalid_part_number(requested: usize, parts: usize) -> Self {
        let message = "The requested partnumber is not satisfiable";
        Self::new(StatusCode::RANGE_NOT_SATISFIABLE, "InvalidPartNumber", message)
            .with("PartNumberRequested", requested)
            .with("ActualPartCount", parts)
    }

    /// The answer to a preflight that CORS does not let pass. `asked` is the method that it is about.
    pub(super) fn access_forbidden(message: &str, asked: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "AccessForbidden", message)
            .with("Method", asked)
            .with("ResourceType", "BUCKET")
    }

    /// As seen in yanganto/s3rs#18: the elements in this order.
    pub(super) fn permanent_redirect(bucket: &str, endpoint: &str) -> Self {
        Self::new(
            StatusCode::MOVED_PERMANENTLY,
            "PermanentRedirect",
            "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all \
             future requests to this endpoint.",
        )
        .with("Endpoint", endpoint)
        .with("Bucket", bucket)
    }

    pub(super) fn temporary_redirect(endpoint: &str, location: &str) -> Self {
        Self::new(
            StatusCode::TEMPORARY_REDIRECT,
            "TemporaryRedirect",
            "Please re-send this request to the specified temporary endpoint. Continue to use the original request \
             endpoint for future requests.",
        )
        .with("Endpoint", endpoint)
        .with_header(header::LOCATION, location)
    }

    /// What S3 does and the stack does not.
    pub(super) fn not_implemented(what: &str) -> Self {
        let message = format!("The local stack does not implement {what}.");
        Self::new(StatusCode::NOT_IMPLEMENTED, "NotImplemented", message)
    }

    pub(super) fn to_response(&self, ids: &RequestIds) -> Response {
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>");
        let code_and_message = [("Code", self.code), ("Message", self.message.as_str())];
        let details = self.details.iter().map(|(name, text)| (*name, text.as_str()));
        for (name, text) in code_and_message.into_iter().chain(details) {
            xml.push_str(&element(name, text));
        }
        xml.push_str(&ids.xml());
        xml.push_str(END);
        xml_response(self.status, (*self.headers).clone(), xml)
    }
}

impl From<SigV4Error> for Refusal {
    fn from(error: SigV4Error) -> Self {
        Self { details: error.details(), ..Self::new(error.status(), error.code(), error.to_string()) }
    }
}

pub(super) fn internal_error() -> Refusal {
    Refusal::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "InternalError",
        "We encountered an internal error. Please try again.",
    )
}

/// Carries the elements of an error through `s3s`, which has no place for them but keeps headers; [`complete`] removes it.
const DETAILS: HeaderName = HeaderName::from_static("x-local-stack-error-details");

impl From<Refusal> for S3Error {
    fn from(refusal: Refusal) -> Self {
        let code = S3ErrorCode::from_bytes(refusal.code.as_bytes()).unwrap_or(S3ErrorCode::InternalError);
        let mut error = Self::with_message(code, refusal.message);
        error.set_status_code(refusal.status);
        let mut headers = *refusal.headers;
        let details = form_urlencoded::Serializer::new(String::new()).extend_pairs(&refusal.details).finish();
        // What has none goes out as it is: 304 has no body to put them in.
        if !refusal.details.is_empty()
            && let Ok(details) = HeaderValue::try_from(details)
        {
            headers.insert(DETAILS, details);
        }
        error.set_headers(headers);
        error
    }
}

/// Puts into an error of `s3s` what it leaves out: the elements of a [`Refusal`] or else the name of what is missing, and
/// the ids.
pub(super) fn complete(
    status: StatusCode,
    mut headers: HeaderMap,
    body: &Bytes,
    bucket: &str,
    key: &str,
    ids: &RequestIds,
) -> Response {
    let text = String::from_utf8_lossy(body);
    let has_code = |code: &str| text.contains(&element("Code", code));
    let details: String = match headers.remove(DETAILS) {
        Some(details) => form_urlencoded::parse(details.as_bytes()).map(|(name, text)| element(&name, &text)).collect(),
        None if has_code("NoSuchKey") => element("Key", key),
        None if has_code("NoSuchBucket") => element("BucketName", bucket),
        None => String::new(),
    };
    headers.remove(header::CONTENT_LENGTH);
    let xml = match text.strip_suffix(END) {
        Some(head) => format!("{head}{details}{}{END}", ids.xml()),
        None => text.into_owned(),
    };
    xml_response(status, headers, xml)
}

fn element(name: &str, text: &str) -> String {
    format!("<{name}>{}</{name}>", escape(text))
}

fn xml_response(status: StatusCode, headers: HeaderMap, xml: String) -> Response {
    let mut response = Response::new(Body::from(xml));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    response
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // XML has no way to write most control characters.
            control if control.is_control() => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn text(response: Response) -> String {
        String::from_utf8(axum::body::to_bytes(response.into_body(), 10_000).await.unwrap().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn what_the_caller_sent_cannot_leave_its_element() {
        let ids = RequestIds::new();
        let refusal = Refusal::new(StatusCode::BAD_REQUEST, "Code", "a < b").with("Region", "</Region>\u{1}<x a=\"&");
        let xml = text(refusal.to_response(&ids)).await;
        assert!(xml.contains("<Message>a &lt; b</Message>"), "{xml}");
        assert!(xml.contains("<Region>&lt;/Region&gt;\u{fffd}&lt;x a=&quot;&amp;</Region>"), "{xml}");
        assert!(xml.ends_with(&format!("<HostId>{}</HostId></Error>", ids.host_id)), "{xml}");
    }

    #[tokio::test]
    async fn ids_are_put_into_a_foreign_error() {
        let ids = RequestIds::new();
        let body = Bytes::from_static(b"<Error><Code>NoSuchKey</Code></Error>");
        let complete = |headers| complete(StatusCode::NOT_FOUND, headers, &body, "bucket", "a<b", &ids);
        let xml = text(complete(HeaderMap::new())).await;
        assert!(xml.starts_with("<Error><Code>NoSuchKey</Code><Key>a&lt;b</Key><RequestId>"), "{xml}");
        assert!(xml.ends_with("</HostId></Error>"), "{xml}");

        // The elements of a refusal come through, and the header that carried them does not.
        let error = S3Error::from(Refusal::invalid_argument("no", "a&b", "<\n>").with_header(header::ETAG, "\"x\""));
        let response = complete(error.headers().unwrap().clone());
        assert_eq!(response.headers().keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["etag", "content-type"]);
        let xml = text(response).await;
        let elements = "<ArgumentName>a&amp;b</ArgumentName><ArgumentValue>&lt;\u{fffd}&gt;</ArgumentValue><RequestId>";
        assert!(xml.contains(elements), "{xml}");
    }
}
