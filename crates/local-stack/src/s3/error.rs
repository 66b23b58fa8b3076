//! S3's error answers (source: "Error responses", S3 API reference): XML with the ids that support asks for.

use axum::body::{Body, Bytes};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::response::Parts;
use http::{HeaderValue, Method, StatusCode, header};

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

/// An error that is answered before `s3s` sees the request.
#[derive(Debug)]
pub(super) struct Refusal {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: String,
    pub details: Vec<(&'static str, String)>,
    /// Where a redirect leads.
    pub location: Option<String>,
    /// The methods that a resource has.
    pub allow: Option<String>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), details: Vec::new(), location: None, allow: None }
    }

    /// An argument that cannot be, with its name and value.
    pub(super) fn invalid_argument(message: impl Into<String>, name: &str, value: &str) -> Self {
        let details = vec![("ArgumentName", name.to_owned()), ("ArgumentValue", value.to_owned())];
        Self { details, ..Self::new(StatusCode::BAD_REQUEST, "InvalidArgument", message) }
    }

    pub(super) fn invalid_bucket_name(bucket: &str) -> Self {
        Self {
            details: vec![("BucketName", bucket.to_owned())],
            ..Self::new(StatusCode::BAD_REQUEST, "InvalidBucketName", "The specified bucket is not valid.")
        }
    }

    pub(super) fn key_too_long(size: usize, most: usize) -> Self {
        Self {
            details: vec![("Size", size.to_string()), ("MaxSizeAllowed", most.to_string())],
            ..Self::new(StatusCode::BAD_REQUEST, "KeyTooLongError", "Your key is too long")
        }
    }

    pub(super) fn no_such_bucket(bucket: &str) -> Self {
        Self {
            details: vec![("BucketName", bucket.to_owned())],
            ..Self::new(StatusCode::NOT_FOUND, "NoSuchBucket", "The specified bucket does not exist")
        }
    }

    pub(super) fn method_not_allowed(method: &Method, resource_type: &str, allowed: &[&str]) -> Self {
        Self {
            details: vec![("Method", method.to_string()), ("ResourceType", resource_type.to_owned())],
            allow: Some(allowed.join(", ")),
            ..Self::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "MethodNotAllowed",
                "The specified method is not allowed against this resource.",
            )
        }
    }

    /// A POST to a bucket is a form that a browser sends.
    pub(super) fn bucket_post() -> Self {
        let condition = "Bucket POST must be of the enclosure-type multipart/form-data";
        Self {
            details: vec![("Condition", condition.to_owned())],
            ..Self::new(
                StatusCode::PRECONDITION_FAILED,
                "PreconditionFailed",
                "At least one of the pre-conditions you specified did not hold",
            )
        }
    }

    /// What S3 does and the stack does not.
    pub(super) fn not_implemented(operation: &str) -> Self {
        let message = format!("The local stack does not implement {operation}.");
        Self::new(StatusCode::NOT_IMPLEMENTED, "NotImplemented", message)
    }

    pub(super) fn to_response(&self, ids: &RequestIds) -> Response {
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>");
        let code_and_message = [("Code", self.code), ("Message", self.message.as_str())];
        let details = self.details.iter().map(|(name, text)| (*name, text.as_str()));
        for (name, text) in code_and_message.into_iter().chain(details) {
            xml.push_str(&format!("<{name}>{}</{name}>", escape(text)));
        }
        xml.push_str(&ids.xml());
        xml.push_str(END);
        let mut response = xml_response(self.status, xml);
        if let Some(location) = self.location.as_ref().and_then(|location| HeaderValue::try_from(location).ok()) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        if let Some(methods) = self.allow.as_ref().and_then(|methods| HeaderValue::try_from(methods).ok()) {
            response.headers_mut().insert(header::ALLOW, methods);
        }
        response
    }
}

impl From<SigV4Error> for Refusal {
    fn from(error: SigV4Error) -> Self {
        Self { details: error.details(), ..Self::new(error.status(), error.code(), error.to_string()) }
    }
}

/// `s3s` leaves the ids, the `details` and the name of what is missing out of its errors: puts them in. Of the headers
/// those of S3 stay.
pub(super) fn complete(
    head: Parts,
    body: &Bytes,
    bucket: &str,
    key: &str,
    details: &[(String, String)],
    ids: &RequestIds,
) -> Response {
    let xml = String::from_utf8_lossy(body);
    let mut elements: String =
        details.iter().map(|(name, text)| format!("<{name}>{}</{name}>", escape(text))).collect();
    for (code, name, text) in [("NoSuchKey", "Key", key), ("NoSuchBucket", "BucketName", bucket)] {
        if xml.contains(&format!("<Code>{code}</Code>")) && !elements.contains(&format!("<{name}>")) {
            elements.push_str(&format!("<{name}>{}</{name}>", escape(text)));
        }
    }
    let xml = match xml.strip_suffix(END) {
        Some(start) => format!("{start}{elements}{}{END}", ids.xml()),
        None => xml.into_owned(),
    };
    let mut response = xml_response(head.status, xml);
    let of_s3 = head.headers.iter().filter(|(name, _)| name.as_str().starts_with("x-amz-"));
    response.headers_mut().extend(of_s3.map(|(name, value)| (name.clone(), value.clone())));
    response
}

fn xml_response(status: StatusCode, xml: String) -> Response {
    let mut response = Response::new(Body::from(xml));
    *response.status_mut() = status;
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
        let refusal = Refusal {
            details: vec![("Region", "</Region>\u{1}<x a=\"&".to_owned())],
            ..Refusal::new(StatusCode::BAD_REQUEST, "Code", "a < b")
        };
        let xml = text(refusal.to_response(&ids)).await;
        assert!(xml.contains("<Message>a &lt; b</Message>"), "{xml}");
        assert!(xml.contains("<Region>&lt;/Region&gt;\u{fffd}&lt;x a=&quot;&amp;</Region>"), "{xml}");
        assert!(xml.ends_with(&format!("<HostId>{}</HostId></Error>", ids.host_id)), "{xml}");
    }

    #[tokio::test]
    async fn ids_are_put_into_a_foreign_error() {
        let ids = RequestIds::new();
        let body = Bytes::from_static(b"<Error><Code>NoSuchKey</Code></Error>");
        let head = http::Response::builder().status(404).header("x-amz-delete-marker", "true").header("x-other", "1");
        let head = head.body(()).unwrap().into_parts().0;
        let details = [("Detail".to_owned(), "\u{1}<".to_owned())];
        let response = complete(head, &body, "bucket", "a<b", &details, &ids);
        assert_eq!(response.headers()["x-amz-delete-marker"], "true");
        assert!(!response.headers().contains_key("x-other"));
        let xml = text(response).await;
        let start = "<Error><Code>NoSuchKey</Code><Detail>\u{fffd}&lt;</Detail><Key>a&lt;b</Key><RequestId>";
        assert!(xml.starts_with(start), "{xml}");
        assert!(xml.ends_with("</HostId></Error>"), "{xml}");
    }
}
