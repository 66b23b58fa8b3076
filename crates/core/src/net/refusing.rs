//! By which code a service refuses: the one word of an answer's body that a record has. Its message stays inside: S3 names
//! users and objects in it, Okta may name anybody, and a service may repeat what it was sent.

use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};
use serde_json::Value;
use xmlparser::{ElementEnd, Token, Tokenizer};

use super::redaction::visible_code;

/// Refusals are a few hundred bytes; no code is looked for in what is longer.
const LONGEST_REFUSAL: usize = 16 * 1024;

/// Collects an answer that may be a refusal.
pub(super) struct Refusing {
    /// Codes in headers are AWS's and OAuth's own.
    of_headers: Option<String>,
    /// The body so far; none where it is not looked at.
    body: Option<Vec<u8>>,
}

impl Refusing {
    /// `None`: it cannot be one. `service` and `method` are the request's.
    pub(super) fn begin(service: &str, method: &str, status: u16, headers: &HeaderMap) -> Option<Box<Self>> {
        // S3 begins to answer some requests before it knows how they end (S3 API reference, CopyObject and
        // CompleteMultipartUpload: "a 200 OK response can contain either a success or an error").
        let may_fail_in_ok = service == "S3" && matches!(method, "PUT" | "POST");
        if status < 300 && !may_fail_in_ok {
            return None;
        }
        // What an API says in a body is the app's own. Before it stand AWS's gateways, whose code is in a header.
        let body = (service != "API" && method != "HEAD").then(Vec::new);
        Some(Box::new(Self { of_headers: code_in_headers(headers), body }))
    }

    pub(super) fn read(&mut self, bytes: &[u8]) {
        if let Some(body) = &mut self.body {
            if body.len() + bytes.len() <= LONGEST_REFUSAL {
                body.extend_from_slice(bytes);
            } else {
                self.body = None;
            }
        }
    }

    /// The code, at the end of what was read.
    pub(super) fn code(self) -> Option<String> {
        let body = self.body.unwrap_or_default();
        self.of_headers.or_else(|| code_in_json(&body).or_else(|| code_in_xml(&body)))
    }
}

/// `x-amzn-errortype: NotAuthorizedException:http://…` (Smithy, AWS restJson1 protocol, "Operation error serialization"), or
/// `WWW-Authenticate: Bearer error="invalid_token"` (RFC 6750 §3).
fn code_in_headers(headers: &HeaderMap) -> Option<String> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let of_aws = text("x-amzn-errortype").and_then(bare);
    of_aws.or_else(|| {
        let (_, rest) = text(WWW_AUTHENTICATE.as_str())?.split_once("error=\"")?;
        visible_code(rest.split('"').next()?)
    })
}

/// `__type`, in older answers `code` (the same, "awsJson1_1"); OAuth's `error` (RFC 6749 §5.2); Okta's own `errorCode` ("Okta
/// API error codes").
fn code_in_json(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    ["__type", "code", "error", "errorCode"].iter().find_map(|name| bare(body.get(name)?.as_str()?))
}

/// Neither the namespace before it nor the address behind it.
fn bare(code: &str) -> Option<String> {
    let code = code.split(':').next().unwrap_or_default();
    visible_code(code.rsplit('#').next().unwrap_or_default())
}

/// `<Error><Code>` (S3 API reference, "REST error responses"), or `<ErrorResponse><Error><Code>` (STS).
fn code_in_xml(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let mut path: Vec<&str> = Vec::new();
    for token in Tokenizer::from(text) {
        match token.ok()? {
            Token::ElementStart { local, .. } => path.push(local.as_str()),
            Token::ElementEnd { end: ElementEnd::Close(..) | ElementEnd::Empty, .. } => drop(path.pop()),
            Token::Text { text } if matches!(path[..], ["Error", "Code"] | ["ErrorResponse", "Error", "Code"]) => {
                return visible_code(text.as_str().trim());
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(service: &str, method: &str, status: u16, headers: &[(&'static str, &str)], body: &str) -> Option<String> {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        let mut refusing = Refusing::begin(service, method, status, &headers)?;
        // As it may come.
        body.as_bytes().chunks(7).for_each(|chunk| refusing.read(chunk));
        refusing.code()
    }

    #[test]
    fn each_service_s_code_is_read_and_no_word_of_its_message() {
        let s3 = "<?xml version=\"1.0\"?>\n<Error><Message>of <b>alice</b></Message><Code>AccessDenied</Code></Error>";
        let sts = "<ErrorResponse xmlns='x'><Error><Type>Sender</Type><Code>ExpiredTokenException</Code></Error></ErrorResponse>";
        let of_header = [("x-amzn-errortype", "AccessDeniedException:http://internal.amazon.com/")];
        let challenge =
            [("www-authenticate", "Bearer realm=\"o\", error=\"invalid_token\", error_description=\"of alice\"")];
        for (service, method, status, headers, body, expected) in [
            (
                "Cognito",
                "POST",
                400,
                &[][..],
                r#"{"__type":"com.amazonaws#NotAuthorizedException","message":"m"}"#,
                Some("NotAuthorizedException"),
            ),
            ("Cognito", "POST", 500, &of_header[..], "", Some("AccessDeniedException")),
            ("dynamodb", "POST", 400, &[], r#"{"code":"ThrottlingException"}"#, Some("ThrottlingException")),
            (
                "Okta",
                "POST",
                400,
                &[],
                r#"{"error":"invalid_grant","error_description":"of alice"}"#,
                Some("invalid_grant"),
            ),
            ("Okta", "POST", 429, &[], r#"{"errorCode":"E0000047","errorSummary":"s"}"#, Some("E0000047")),
            ("Okta", "GET", 401, &challenge, "", Some("invalid_token")),
            ("S3", "GET", 403, &[], s3, Some("AccessDenied")),
            ("S3", "PUT", 200, &[], "<Error><Code>InternalError</Code></Error>", Some("InternalError")),
            ("sts", "POST", 403, &[], sts, Some("ExpiredTokenException")),
            ("API", "GET", 403, &of_header, "{}", Some("AccessDeniedException")),
            // An object's bytes, and what an API says, are nobody's code.
            ("S3", "GET", 200, &[], "<Error><Code>InObject</Code></Error>", None),
            ("S3", "POST", 200, &[], "<DeleteResult><Error><Code>AccessDenied</Code></Error></DeleteResult>", None),
            ("API", "GET", 403, &[], r#"{"error":"of the app"}"#, None),
            ("Okta", "POST", 200, &[], r#"{"error":"invalid_grant"}"#, None),
            // Neither pages nor what is cut off.
            ("Okta", "GET", 502, &[], "<html><Code>x</Code></html>", None),
            ("Okta", "POST", 400, &[], r#"{"error":"inval"#, None),
            ("S3", "GET", 403, &[], "<Error><Code", None),
        ] {
            assert_eq!(code(service, method, status, headers, body).as_deref(), expected, "{service} {status} {body}");
        }
        let long = format!("{}{}", " ".repeat(LONGEST_REFUSAL), r#"{"error":"invalid_grant"}"#);
        assert_eq!(code("Okta", "POST", 400, &[], &long), None);
    }
}
