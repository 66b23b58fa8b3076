//! A request to an API behind IAM: whom it may go to, what it may hold, and the headers that sign it (Signature Version 4,
//! IAM user guide, "Create a signed AWS API request").

use std::fmt;
use std::time::{Duration, SystemTime};

use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode,
    sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use percent_encoding::percent_decode_str;
use url::Url;

use crate::cognito::AwsCredentials;
use crate::config::{self, Config};
use crate::diagnosis::CalledApi;
use crate::error::SessionError;
use crate::net::http::ensure_secure;

/// "Requests must reach AWS within five minutes of the time stamp in the request" (IAM user guide, "Elements of an AWS API
/// request signature").
const SIGNATURE_LIFE: Duration = Duration::from_secs(5 * 60);
/// What proxies and HTTP clients change or take away: `ALWAYS_UNSIGNABLE_HEADERS` of the AWS SDK for JavaScript
/// (`@smithy/signature-v4`, `src/constants.ts`), which leaves out `proxy-*` and `sec-*` too. `accept-encoding` is every HTTP
/// client's own.
const UNSIGNED: [&str; 16] = [
    "accept-encoding",
    "authorization",
    "cache-control",
    "connection",
    "expect",
    "from",
    "keep-alive",
    "max-forwards",
    "pragma",
    "referer",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-amzn-trace-id",
];
/// What the signature or the connection decides (RFC 9110 §7.6.1, RFC 9112 §6), beside `proxy-*`. Of `x-amz-*` that is what
/// Signature Version 4 has of its own, in a header or in the query (IAM user guide, "Elements of an AWS API request
/// signature"); others are the service's, such as `X-Amz-Target` of its JSON protocols.
const NOT_THE_CALLER_S: [&str; 18] = [
    "authorization",
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-amz-algorithm",
    "x-amz-content-sha256",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-expires",
    "x-amz-security-token",
    "x-amz-signature",
    "x-amz-signedheaders",
];
const WHOM: &str = "API.endpoints";

/// A request to an API, before it is signed.
#[derive(Clone, Default)]
pub struct ApiRequest {
    /// `GET`, `POST` …, in capitals; `CONNECT` and `TRACE` are refused.
    pub method: String,
    /// The whole URL, percent-encoded, as it is to be sent: an API of `API.endpoints`, unless `service` and `region` are
    /// both given.
    pub url: String,
    /// Header names and values, each name once; all that no proxy changes are signed, `X-Amz-Target` and its kin too. The
    /// signature's own (`Host`, `Authorization`, `X-Amz-Date`, `X-Amz-Security-Token`, `X-Amz-Content-Sha256` …) and those of
    /// the connection are refused.
    pub headers: Vec<(String, String)>,
    /// The body; empty for none.
    pub body: Vec<u8>,
    /// The service to sign for, such as `execute-api`, in place of the configuration's. Together with `region` it permits
    /// any https host.
    pub service: Option<String>,
    /// The region to sign for.
    pub region: Option<String>,
}

/// No header, no body, no query: they may hold anybody's secrets.
impl fmt::Debug for ApiRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.url.split(['?', '#']).next().unwrap_or_default();
        f.debug_struct("ApiRequest").field("method", &self.method).field("url", &url).finish_non_exhaustive()
    }
}

/// What an API answered, whatever it was.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiResponse {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case, and values, in the answer's order. What is not UTF-8 in a value is replaced.
    pub headers: Vec<(String, String)>,
    /// The body as it came, at most 10 MiB.
    pub body: Vec<u8>,
}

/// No header and no body.
impl fmt::Debug for ApiResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiResponse").field("status", &self.status).finish_non_exhaustive()
    }
}

/// The headers that sign one request, for whoever sends it.
#[derive(Clone)]
pub struct SignedHeaders {
    headers: Vec<(String, String)>,
    expires_at: SystemTime,
}

impl SignedHeaders {
    /// To be added to the request, which must be sent as it was signed: method, URL, headers and body. Never log them: among
    /// them is the session token.
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// Until when the request has to arrive: five minutes after it was signed, or the end of the credentials if that is sooner.
    pub fn expires_at(&self) -> SystemTime {
        self.expires_at
    }
}

impl fmt::Debug for SignedHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedHeaders").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// A request that may be signed and sent, as often as needed.
pub(crate) struct CheckedRequest {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Bytes,
    service: String,
    region: String,
}

impl fmt::Debug for CheckedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckedRequest").field("method", &self.method).finish_non_exhaustive()
    }
}

impl CheckedRequest {
    /// Checks it against the configuration and the rules of signatures.
    ///
    /// # Errors
    /// `Misconfigured`, which says what to change; nothing has been sent.
    pub(crate) fn new(request: ApiRequest, config: &Config) -> Result<Self, SessionError> {
        let url = read_url(&request.url)?;
        let (service, region) = find_target(config, &url, request.service.as_deref(), request.region.as_deref())?;
        let method = read_method(&request.method)?;
        let headers = read_headers(&request.headers)?;
        Ok(Self { method, url, headers, body: request.body.into(), service, region })
    }

    /// What an explanation of a refusal may name.
    pub(crate) fn described(&self) -> CalledApi {
        CalledApi {
            method: self.method.to_string(),
            host: self.url.host_str().unwrap_or_default().to_owned(),
            path: self.url.path().to_owned(),
            service: self.service.clone(),
            region: self.region.clone(),
        }
    }

    /// Whether it may be carried out twice without anybody noticing (RFC 9110 §9.2.2).
    pub(crate) fn is_idempotent(&self) -> bool {
        self.method.is_idempotent()
    }

    /// The headers of its signature.
    pub(crate) fn sign(&self, credentials: &AwsCredentials, now: SystemTime) -> Result<SignedHeaders, SessionError> {
        let failed =
            |problem: &dyn fmt::Display| SessionError::internal(format!("the request cannot be signed: {problem}"));
        let identity: Identity = credentials.to_sdk().into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(&self.service)
            .time(now)
            .settings(settings(&self.service))
            .build()
            .map_err(|error| failed(&error))?;
        let is_signed = |name: &HeaderName| !name.as_str().starts_with("sec-");
        let headers = self.headers.iter().filter(|(name, _)| is_signed(name));
        let headers = headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let body = SignableBody::Bytes(&self.body);
        let signable = SignableRequest::new(self.method.as_str(), self.url.as_str(), headers, body);
        let output = signable.and_then(|signable| sign(signable, &params.into())).map_err(|error| failed(&error))?;
        let (headers, _) = output.into_parts().0.into_parts();
        Ok(SignedHeaders {
            headers: headers.iter().map(|header| (header.name().to_owned(), header.value().to_owned())).collect(),
            expires_at: (now + SIGNATURE_LIFE).min(credentials.expires_at()),
        })
    }

    /// The request with its signature.
    pub(crate) fn to_http(&self, signed: &SignedHeaders) -> Result<reqwest::Request, SessionError> {
        let mut request = reqwest::Request::new(self.method.clone(), self.url.clone());
        *request.headers_mut() = self.headers.clone();
        for (name, value) in &signed.headers {
            let pair = (HeaderName::try_from(name), HeaderValue::try_from(value));
            let (Ok(name), Ok(mut value)) = pair else {
                return Err(SessionError::internal("the signature does not fit into headers"));
            };
            value.set_sensitive(true);
            request.headers_mut().insert(name, value);
        }
        if !self.body.is_empty() {
            *request.body_mut() = Some(self.body.clone().into());
        }
        Ok(request)
    }
}

/// S3 signs the path as it is and wants the body's digest in a header; the others sign it normalised and encoded twice (IAM
/// user guide, "Create a signed AWS API request", step 1).
fn settings(service: &str) -> SigningSettings {
    let mut settings = SigningSettings::default();
    settings.excluded_headers = Some(UNSIGNED.map(Into::into).to_vec());
    if matches!(service, "s3" | "s3-object-lambda" | "s3-outposts" | "s3express") {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    settings
}

fn misconfigured(setting: &str, problem: impl Into<String>, hint: impl Into<String>) -> SessionError {
    SessionError::Misconfigured { setting: setting.to_owned(), problem: problem.into(), hint: hint.into() }
}

/// A URL that every HTTP client sends as it is written: the signature covers path and query byte for byte.
fn read_url(text: &str) -> Result<Url, SessionError> {
    let wrong = |problem: &str, hint: &str| misconfigured("the request's URL", problem, hint);
    let url = Url::parse(text).map_err(|error| {
        wrong(&format!("is not a URL ({error})"), "Give the whole URL, such as https://api.example.com/orders.")
    })?;
    ensure_secure(&url).map_err(|error| {
        misconfigured("the request's URL", format!("is no https address: {error}"), "Use an https address.")
    })?;
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(wrong("has a user name or a fragment", "Take what is before @ and after # out of it."));
    }
    let Some((_, rest)) = text.split_once("://").filter(|(_, rest)| !rest.starts_with(['/', '\\'])) else {
        return Err(wrong(
            "has not two slashes before its host",
            "Give the whole URL, such as https://api.example.com/orders.",
        ));
    };
    let target = rest.find(['/', '?', '\\']).map_or("/", |at| &rest[at..]);
    let sent = format!("{}{}", url.path(), url.query().map(|query| format!("?{query}")).unwrap_or_default());
    let is_dotted =
        percent_decode_str(url.path()).decode_utf8_lossy().split(['/', '\\']).any(|s| matches!(s, "." | ".."));
    // Tabs and line breaks are taken out of any place (URL Standard §4.4), and spaces off the ends.
    let is_cleaned = text.contains(|c: char| c.is_control() || c.is_whitespace());
    if (target != sent && format!("/{target}") != sent) || is_dotted || is_cleaned {
        return Err(wrong(
            "has characters, or `.` and `..` segments, that HTTP clients rewrite; its signature would not match",
            "Percent-encode everything but letters, digits and -._~ in each segment and value (RFC 3986 §2.1).",
        ));
    }
    let query = url.query().unwrap_or_default();
    if query.contains('+') || percent_decode_str(query).decode_utf8().is_err() {
        return Err(wrong(
            "has a + or bytes that are not UTF-8 in its query, which services read in different ways",
            "Write a space as %20 and a plus as %2B.",
        ));
    }
    Ok(url)
}

fn read_method(text: &str) -> Result<Method, SessionError> {
    let method = Method::from_bytes(text.as_bytes()).ok();
    // A signature must not be echoed (RFC 9110 §9.3.8), and a tunnel is no request.
    let method = method.filter(|method| ![Method::TRACE, Method::CONNECT].contains(method));
    let is_shouted = !text.bytes().any(|byte| byte.is_ascii_lowercase());
    method.filter(|_| is_shouted).ok_or_else(|| {
        misconfigured(
            "the request's method",
            "cannot be sent",
            "Use GET, POST, PUT, PATCH, DELETE and so on, in capitals.",
        )
    })
}

fn read_headers(given: &[(String, String)]) -> Result<HeaderMap, SessionError> {
    let mut headers = HeaderMap::new();
    for (given_name, value) in given {
        // The name alone is shown: values may be secret.
        let wrong = |problem: &str, hint: &str| {
            let name: String = given_name.chars().filter(|c| !c.is_control()).take(60).collect();
            misconfigured(&format!("the request's header {name:?}"), problem, hint)
        };
        let name = HeaderName::from_bytes(given_name.as_bytes())
            .map_err(|_| wrong("is no header name", "Use letters, digits and hyphens (RFC 9110 §5.1)."))?;
        let is_reserved = NOT_THE_CALLER_S.contains(&name.as_str()) || name.as_str().starts_with("proxy-");
        if is_reserved {
            return Err(wrong(
                "belongs to the signature or the connection",
                "Leave it out: it is added where it is needed.",
            ));
        }
        let ascii = Some(value).filter(|value| value.is_ascii()).map(|value| HeaderValue::from_str(value));
        let value = ascii.and_then(Result::ok).ok_or_else(|| {
            wrong("has a value with a line break or a character outside of ASCII", "Encode it (RFC 9110 §5.5).")
        })?;
        if headers.insert(name, value).is_some() {
            return Err(wrong("is there more than once", "Join the values with a comma (RFC 9110 §5.3)."));
        }
    }
    Ok(headers)
}

/// What to sign for: as the request says, or as the configuration does of this very API.
fn find_target(
    config: &Config,
    url: &Url,
    service: Option<&str>,
    region: Option<&str>,
) -> Result<(String, String), SessionError> {
    match (service, region) {
        (Some(service), Some(region)) => {
            let wrong = |problem: String| misconfigured("the request's service and region", problem, "Correct them.");
            let service = config::check_service(service).map_err(|fault| wrong(format!("{service:?} {fault}")))?;
            let region = config::check_region(region).map_err(|fault| wrong(format!("{region:?} {fault}")))?;
            return Ok((service, region));
        }
        (None, None) => {}
        _ => {
            return Err(misconfigured(
                "the request's service and region",
                "one is given without the other",
                "Give both, or neither for an API of API.endpoints.",
            ));
        }
    }
    if let Some(endpoint) = find_endpoint(config, url) {
        return Ok((endpoint.service.clone(), endpoint.region.clone()));
    }
    let server = url.origin().ascii_serialization();
    let way_out =
        "or say in the request whom it is signed for: service and region (jetbridge call: --service and --region)";
    Err(match on_server(config, url).next() {
        Some(endpoint) => misconfigured(
            WHOM,
            format!("{} is not below {}, where the API {:?} begins", url.path(), endpoint.url, endpoint.name),
            format!("Correct the path; or add an entry with \"endpoint\": \"{server}{}\", {way_out}.", url.path()),
        ),
        None => misconfigured(
            WHOM,
            format!("{server} is not among the APIs of this configuration, so nothing is signed for it"),
            format!(
                "Add {{ \"name\": \"…\", \"endpoint\": \"{server}\", \"region\": \"…\" }} to API.endpoints in \
                 aws-exports.json, {way_out}."
            ),
        ),
    })
}

/// Whether a request to this URL is signed without a word on whom it is signed for.
pub(crate) fn is_configured(config: &Config, url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| find_endpoint(config, &url).is_some())
}

/// The API of `API.endpoints` that the URL is of; of several, the one whose path says most.
fn find_endpoint<'a>(config: &'a Config, url: &Url) -> Option<&'a config::ApiEndpoint> {
    let below = on_server(config, url).filter(|endpoint| is_below(endpoint.url.path(), url.path()));
    below.max_by_key(|endpoint| endpoint.url.path().len())
}

fn on_server<'a>(config: &'a Config, url: &Url) -> impl Iterator<Item = &'a config::ApiEndpoint> {
    config.api_endpoints().iter().filter(|endpoint| endpoint.url.origin() == url.origin())
}

/// Whether it is the endpoint's path or one below it, segment by segment.
fn is_below(endpoint: &str, path: &str) -> bool {
    let endpoint = endpoint.trim_end_matches('/');
    path.strip_prefix(endpoint).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn config() -> Config {
        let okta = json!({
            "okta_issuer_url": "https://dev-1.okta.com/oauth2/default",
            "okta_client_id": "0oa1exampleclient5d7",
            "okta_callback_url": "com.okta.dev-1:/callback",
        });
        let aws = json!({
            "Auth": { "region": "us-west-2", "identityPoolId": "us-west-2:1234abcd-12ab-34cd-56ef-1234567890ab" },
            "Storage": { "AWSS3": { "region": "us-west-2", "bucket": "my-team-data" } },
            "API": { "endpoints": [
                { "name": "orders", "endpoint": "https://a1.execute-api.eu-west-1.amazonaws.com/prod" },
                { "name": "own", "endpoint": "https://api.example.com", "region": "us-east-1" },
                { "name": "reports", "endpoint": "https://api.example.com/reports/", "region": "us-east-2" },
                { "name": "local", "endpoint": "http://127.0.0.1:4584", "region": "us-west-2" },
            ] },
        });
        Config::parse(&okta.to_string(), &aws.to_string()).unwrap()
    }

    fn get(url: &str) -> ApiRequest {
        ApiRequest { method: "GET".to_owned(), url: url.to_owned(), ..ApiRequest::default() }
    }

    fn check(request: ApiRequest) -> Result<CheckedRequest, SessionError> {
        CheckedRequest::new(request, &config())
    }

    fn refusal(request: ApiRequest) -> String {
        let error = check(request).unwrap_err();
        assert_eq!(error.kind(), "misconfigured");
        format!("{error} {}", error.hint().unwrap())
    }

    #[test]
    fn configured_apis_are_signed_for_and_no_other() {
        for (url, service, region) in [
            ("https://a1.execute-api.eu-west-1.amazonaws.com/prod/orders?x=1", "execute-api", "eu-west-1"),
            ("https://a1.execute-api.eu-west-1.amazonaws.com/prod", "execute-api", "eu-west-1"),
            ("https://API.example.com:443/x", "execute-api", "us-east-1"),
            ("https://api.example.com", "execute-api", "us-east-1"),
            ("https://api.example.com/reports/1", "execute-api", "us-east-2"),
            ("https://api.example.com/reportsx", "execute-api", "us-east-1"),
            ("http://127.0.0.1:4584/echo", "execute-api", "us-west-2"),
        ] {
            let checked = check(get(url)).unwrap();
            assert_eq!((checked.service.as_str(), checked.region.as_str()), (service, region), "{url}");
            assert!(is_configured(&config(), url));
        }
        for other in [
            "https://a1.execute-api.eu-west-1.amazonaws.com/prod2",
            "https://a1.execute-api.eu-west-1.amazonaws.com/",
            "https://b2.execute-api.eu-west-1.amazonaws.com/prod",
            "https://api.example.com:8443/x",
            "https://api.example.com.evil.example/x",
            "http://127.0.0.1:4585/echo",
            "http://localhost:4584/echo",
        ] {
            let told = refusal(get(other));
            assert!(told.starts_with("API.endpoints") && told.contains("--service and --region"), "{other}: {told}");
            assert!(!is_configured(&config(), other));
        }
        for insecure in ["http://api.example.com/x", "ftp://api.example.com/x", "api.example.com/x", ""] {
            assert!(refusal(get(insecure)).starts_with("the request's URL"), "{insecure}");
        }
    }

    #[test]
    fn a_host_that_is_named_with_service_and_region_needs_no_configuration() {
        let named = |service: Option<&str>, region: Option<&str>| {
            let (service, region) = (service.map(str::to_owned), region.map(str::to_owned));
            check(ApiRequest { service, region, ..get("https://sts.eu-north-1.amazonaws.com/") })
        };
        let checked = named(Some("sts"), Some("eu-north-1")).unwrap();
        assert_eq!((checked.service.as_str(), checked.region.as_str()), ("sts", "eu-north-1"));
        for (service, region) in [(Some("sts"), None), (None, Some("eu-north-1"))] {
            assert!(named(service, region).unwrap_err().to_string().contains("without the other"));
        }
        for (service, region) in [("S T S", "eu-north-1"), ("sts", "north"), ("", ""), ("sts", "a\r\nb")] {
            assert!(named(Some(service), Some(region)).is_err(), "{service} {region}");
        }
    }

    #[test]
    fn what_http_clients_would_rewrite_is_refused() {
        let checked = |target: &str| check(get(&format!("https://api.example.com{target}")));
        for fine in ["", "/", "/a%20b/%C3%A9", "/a//b/", "?", "/a?b=c%20d&e", "/a:b@c!$&'()*+,;=", "/x?q=a%2Bb/?:@"] {
            assert!(checked(fine).is_ok(), "{fine}");
        }
        for rewritten in [
            "/a/../b",
            "/a/./b",
            "/%2e%2e/b",
            "/a/..",
            "/a b",
            "/é",
            "/a\\b",
            "/a?b=c d",
            "/a?b='",
            "/a\nb",
            "/..%2fb",
            "/a%2F..",
            "/a#b",
            "/a?b=1+2",
            "/a?b=%ff",
            "\t/a",
            "/a ",
        ] {
            assert!(refusal(get(&format!("https://api.example.com{rewritten}"))).starts_with("the request's URL"));
        }
        assert!(refusal(get("https://me:pw@api.example.com/")).contains("user name"));
        for odd in
            ["https:api.example.com", "https:/api.example.com", "https:///api.example.com", "https:\\\\api.example.com"]
        {
            assert!(refusal(get(odd)).starts_with("the request's URL"), "{odd}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// What is signed is what was written, and where it was written to go.
        #[test]
        fn a_url_that_is_taken_is_sent_as_it_was_written(text in "https:[/\\\\]{1,3}api\\.example\\.com[/?]?[ -~é\t]{0,20}") {
            if let Ok(checked) = check(get(&text)) {
                let sent = checked.url.as_str();
                prop_assert!(sent == text || sent.replacen("com/", "com", 1) == text, "{text} is sent as {sent}");
            }
        }
    }

    #[test]
    fn headers_and_methods_that_are_not_the_callers_are_refused_without_their_values() {
        let with = |name: &str, value: &str| ApiRequest {
            headers: vec![(name.to_owned(), value.to_owned())],
            ..get("https://api.example.com/")
        };
        assert!(check(with("Content-Type", "application/json; charset=utf-8")).is_ok());
        assert!(check(with("X-Amz-Target", "DynamoDB_20120810.GetItem")).is_ok());
        for (name, value) in [
            ("Host", "a"),
            ("AUTHORIZATION", "Bearer hunter2"),
            ("X-Amz-Date", "x"),
            ("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"),
            ("X-Amz-Signature", "x"),
            ("x-amz-security-token", "x"),
            ("Content-Length", "1"),
            ("Proxy-Authorization", "x"),
            ("a b", "x"),
            ("", "x"),
            ("a\r\nb", "x"),
            ("a", "hunter2\r\nb: c"),
            ("a", "hunter2\0"),
            ("a", "é"),
        ] {
            let told = refusal(with(name, value));
            assert!(!told.contains("hunter2") && !told.contains('\n'), "{name}: {told}");
        }
        let twice = vec![("A".to_owned(), "1".to_owned()), ("a".to_owned(), "2".to_owned())];
        assert!(refusal(ApiRequest { headers: twice, ..get("https://api.example.com/") }).contains("comma"));
        for method in ["", "get", "CONNECT", "TRACE", "GET /", "G\r\nET"] {
            let request = ApiRequest { method: method.to_owned(), ..get("https://api.example.com/") };
            assert!(refusal(request).contains("the request's method"), "{method}");
        }
    }

    #[test]
    fn what_a_signature_covers_is_what_arrives_unchanged() {
        let request = ApiRequest {
            method: "POST".to_owned(),
            headers: ["Content-Type", "User-Agent", "Accept-Encoding", "X-Own", "X-Amz-Target", "Sec-Fetch-Mode"]
                .map(|name| (name.to_owned(), "x".to_owned()))
                .to_vec(),
            body: b"{}".to_vec(),
            ..get("https://api.example.com/a")
        };
        let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let signed = check(request.clone()).unwrap().sign(&AwsCredentials::for_fuzzing(), now).unwrap();
        let value =
            |name: &str| signed.headers().iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
        let authorization = value("authorization").unwrap();
        assert!(
            authorization
                .contains("SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target;x-own,")
        );
        assert!(authorization.contains("/20270115/us-east-1/execute-api/aws4_request"), "{authorization}");
        assert_eq!((value("x-amz-security-token"), value("x-amz-content-sha256")), (Some("token"), None));
        assert_eq!(signed.expires_at(), now + SIGNATURE_LIFE);
        let shown = format!("{signed:?} {request:?}");
        assert!(!shown.contains("token") && !shown.contains("Own") && !shown.contains("AWS4"), "{shown}");

        let s3 = ApiRequest { service: Some("s3".to_owned()), region: Some("us-west-2".to_owned()), ..request };
        let signed = check(s3).unwrap().sign(&AwsCredentials::for_fuzzing(), now).unwrap();
        assert!(signed.headers().iter().any(|(name, _)| name == "x-amz-content-sha256"));
    }
}
