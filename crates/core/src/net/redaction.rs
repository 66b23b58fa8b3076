//! What of a request and its answer may be in a record. Names are told, values only of what is known to be harmless: what
//! nobody thought of stays inside.

use reqwest::header::HeaderMap;
use url::Url;

use super::naming::host_of;

/// In place of what is not told.
const HIDDEN: &str = "…";
/// Longer names and values are nothing that a person reads, and perhaps no names.
const LONGEST_NAME: usize = 64;
const LONGEST_VALUE: usize = 200;

/// Headers whose values say what is sent and by whom it is kept, and nothing about who may do so.
const HARMLESS_HEADERS: [&str; 50] = [
    "accept",
    "accept-encoding",
    "accept-ranges",
    "age",
    "allow",
    "amz-sdk-invocation-id",
    "amz-sdk-request",
    "apigw-requestid",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "date",
    "etag",
    "expect",
    "expires",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-unmodified-since",
    "keep-alive",
    "last-modified",
    "range",
    "retry-after",
    "server",
    "strict-transport-security",
    "transfer-encoding",
    "user-agent",
    "vary",
    "via",
    "x-amz-bucket-region",
    "x-amz-checksum-type",
    "x-amz-date",
    "x-amz-decoded-content-length",
    "x-amz-id-2",
    "x-amz-request-id",
    "x-amz-sdk-checksum-algorithm",
    "x-amz-server-side-encryption",
    "x-amz-target",
    "x-amz-user-agent",
    "x-amzn-errortype",
    "x-amzn-requestid",
    "x-cache",
    "x-okta-request-id",
    "x-rate-limit-limit",
    "x-rate-limit-remaining",
    "x-rate-limit-reset",
];

/// Parameters of S3 that say which page or part is meant. A prefix is what a key is: the user's data, without which a trace
/// says nothing.
const HARMLESS_PARAMETERS: [&str; 11] = [
    "delimiter",
    "encoding-type",
    "fetch-owner",
    "list-type",
    "max-keys",
    "max-parts",
    "max-uploads",
    "part-number-marker",
    "partNumber",
    "prefix",
    "x-id",
];

/// Scheme, host, port and path: neither a name or password nor a query.
pub(super) fn visible_url(url: &Url) -> String {
    format!("{}://{}{}", url.scheme(), host_of(url), url.path())
}

/// The query's parameters. `is_s3`: elsewhere a harmless name may stand for anything, and a word without a value may be no
/// name at all.
pub(super) fn visible_query(url: &Url, is_s3: bool) -> Vec<(String, String)> {
    let Some(query) = url.query() else { return Vec::new() };
    let visible = |parameter: &str| {
        let decode = |text: &str| {
            url::form_urlencoded::parse(text.as_bytes()).next().map_or_else(String::new, |(text, _)| text.into_owned())
        };
        let (name, value) = match parameter.split_once('=') {
            Some((name, value)) => (decode(name), Some(value)),
            None if is_s3 => (decode(parameter), None),
            None => return (HIDDEN.to_owned(), String::new()),
        };
        let value = match value {
            None | Some("") => String::new(),
            Some(value) if is_s3 && HARMLESS_PARAMETERS.contains(&name.as_str()) => decode(value),
            Some(_) => HIDDEN.to_owned(),
        };
        (visible_name(&name), cut(&value))
    };
    query.split('&').filter(|parameter| !parameter.is_empty()).map(visible).collect()
}

pub(super) fn visible_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let visible = |name: &str, value: Option<&str>| match value {
        Some(value) if HARMLESS_HEADERS.contains(&name) => cut(value),
        _ => HIDDEN.to_owned(),
    };
    headers
        .iter()
        .map(|(name, value)| (visible_name(name.as_str()), visible(name.as_str(), value.to_str().ok())))
        .collect()
}

/// A service's error code, if it is one: a word of letters such as `NotAuthorizedException` or `invalid_grant`, perhaps with
/// one digit, or Okta's `E0000047`. A service may repeat what it was sent, and tokens and keys are longer or have more digits.
pub(super) fn visible_code(code: &str) -> Option<String> {
    let digits = code.bytes().filter(u8::is_ascii_digit).count();
    let is_of_okta = code.len() == 8 && code.starts_with('E') && digits == 7;
    let is_word = |code: &str| code.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    let is_code =
        is_word(code) && code.starts_with(|first: char| first.is_ascii_alphabetic()) && code.len() <= LONGEST_NAME;
    (is_code && (digits <= 1 || is_of_okta)).then(|| code.to_owned())
}

fn visible_name(name: &str) -> String {
    if name.len() <= LONGEST_NAME { name.to_owned() } else { HIDDEN.to_owned() }
}

fn cut(value: &str) -> String {
    match value.char_indices().nth(LONGEST_VALUE) {
        Some((end, _)) => format!("{}{HIDDEN}", &value[..end]),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(url: &str, is_s3: bool) -> Vec<(String, String)> {
        visible_query(&Url::parse(url).unwrap(), is_s3)
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn of_a_url_the_query_s_values_and_whoever_is_named_before_the_host_stay_inside() {
        let url = "https://alice:secret@host:8443/a%20b?list-type=2&prefix=photos%2F2026&X-Amz-Signature=secret&uploads&uploadId=";
        assert_eq!(visible_url(&Url::parse(url).unwrap()), "https://host:8443/a%20b");
        assert_eq!(
            query(url, true),
            pairs(&[
                ("list-type", "2"),
                ("prefix", "photos/2026"),
                ("X-Amz-Signature", "…"),
                ("uploads", ""),
                ("uploadId", "")
            ])
        );
        assert_eq!(
            query("https://api/?prefix=secret&secret&code=secret", false),
            pairs(&[("prefix", "…"), ("…", ""), ("code", "…")])
        );
        let long = "n".repeat(65);
        assert_eq!(query(&format!("https://api/?{long}=1"), false), pairs(&[("…", "…")]));
    }

    #[test]
    fn of_headers_only_harmless_values_are_told() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("authorization", "Bearer secret"),
            ("x-amz-security-token", "secret"),
            ("set-cookie", "sid=secret"),
            ("location", "https://host/?code=secret"),
            ("x-of-the-app", "secret"),
            ("content-type", "application/json"),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        headers.insert("etag", reqwest::header::HeaderValue::from_bytes(b"\xff").unwrap());
        headers.insert("server", "s".repeat(300).parse().unwrap());
        let visible = visible_headers(&headers);
        assert_eq!(visible.len(), headers.len());
        assert!(!format!("{visible:?}").contains("secret"), "{visible:?}");
        assert!(visible.contains(&("content-type".to_owned(), "application/json".to_owned())));
        assert!(visible.contains(&("etag".to_owned(), "…".to_owned())));
        assert!(visible.iter().any(|(name, value)| name == "server" && value.chars().count() == 201));
    }

    #[test]
    fn a_code_is_told_and_what_may_be_a_secret_in_its_place_is_not() {
        for code in ["NotAuthorizedException", "invalid_grant", "E0000047", "AWS.Simple.NoSuchThing", "Http2Only"] {
            assert_eq!(visible_code(code).as_deref(), Some(code));
        }
        let long = "A".repeat(65);
        for other in
            ["", "ASIAIOSFODNN7EXAMPLE12", "7f3a9c", "of alice", "alice@example.com", "a/b+c=", "E000004x", &long]
        {
            assert_eq!(visible_code(other), None, "{other}");
        }
    }

    #[test]
    fn the_lists_are_in_order_so_that_nothing_is_in_them_twice() {
        assert!(HARMLESS_HEADERS.is_sorted_by(|one, other| one < other));
        let lower: Vec<_> = HARMLESS_PARAMETERS.iter().map(|name| name.to_ascii_lowercase()).collect();
        assert_eq!(lower.len(), HARMLESS_PARAMETERS.len());
        assert!(HARMLESS_HEADERS.iter().all(|name| !name.contains("auth") && !name.contains("token")));
    }
}
