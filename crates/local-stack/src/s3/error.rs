//! S3's error answers (source: "Error responses", S3 API reference): XML with the ids that support asks for.

use axum::body::{Body, Bytes};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, StatusCode, header};

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
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), details: Vec::new(), location: None }
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
        response
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

/// `s3s` leaves the ids and the name of what is missing out of its errors: puts them in.
pub(super) fn complete(status: StatusCode, body: &Bytes, bucket: &str, key: &str, ids: &RequestIds) -> Response {
    let text = String::from_utf8_lossy(body);
    let missing = if text.contains("<Code>NoSuchKey</Code>") {
        format!("<Key>{}</Key>", escape(key))
    } else if text.contains("<Code>NoSuchBucket</Code>") {
        format!("<BucketName>{}</BucketName>", escape(bucket))
    } else {
        String::new()
    };
    let xml = match text.strip_suffix(END) {
        Some(head) => format!("{head}{missing}{}{END}", ids.xml()),
        None => text.into_owned(),
    };
    xml_response(status, xml)
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
        let xml = text(complete(StatusCode::NOT_FOUND, &body, "bucket", "a<b", &ids)).await;
        assert!(xml.starts_with("<Error><Code>NoSuchKey</Code><Key>a&lt;b</Key><RequestId>"), "{xml}");
        assert!(xml.ends_with("</HostId></Error>"), "{xml}");
    }
}
