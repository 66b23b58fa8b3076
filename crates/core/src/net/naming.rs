//! What a request is called in a trace: read from the request itself, because it comes from many places and the AWS SDK's
//! clients of apps are among them.

use std::borrow::Cow;

use reqwest::header::AUTHORIZATION;
use reqwest::{Method, Request};
use url::{Url, form_urlencoded};

/// Hosts, with their ports, and what is asked there.
pub(crate) type KnownHosts = Vec<(String, &'static str)>;

/// Service and operation.
pub(super) struct Name {
    pub service: String,
    pub operation: String,
    /// Whether any answer will do: a connection is opened, or the time is asked.
    pub is_knock: bool,
}

impl Name {
    pub(super) fn of(request: &Request, known: &KnownHosts) -> Self {
        let target = header(request, "x-amz-target");
        let signed_for = header(request, AUTHORIZATION.as_str()).and_then(signed_service);
        let host = host_of(request.url());
        let of_host = known.iter().find(|(known, _)| *known == host).map(|(_, service)| Cow::Borrowed(*service));
        let service = match (target, signed_for) {
            (Some(target), _) if target.starts_with("AWSCognitoIdentityService.") => Cow::Borrowed("Cognito"),
            (_, Some("s3" | "s3express")) => Cow::Borrowed("S3"),
            (_, Some("execute-api")) => Cow::Borrowed("API"),
            (_, Some(service)) => Cow::Owned(service.to_owned()),
            (_, None) => of_host.unwrap_or(Cow::Owned(host)),
        };
        let is_knock = request.method() == Method::HEAD && signed_for.is_none();
        let operation = match (&*service, target) {
            // The JSON protocols of AWS: `Service_20140630.Operation`.
            (_, Some(target)) => target.rsplit('.').next().unwrap_or(target).to_owned(),
            ("Okta", None) if is_knock => "time".to_owned(),
            _ if is_knock => "connection".to_owned(),
            ("S3", None) => s3_operation(request).into_owned(),
            _ if signed_for.is_none() => openid_operation(request),
            _ => format!("{} {}", request.method(), request.url().path()),
        };
        Self { service: service.into_owned(), operation, is_knock }
    }
}

/// Host and port as a URL has them, without a name or password.
pub(crate) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

fn header<'r>(request: &'r Request, name: &str) -> Option<&'r str> {
    request.headers().get(name)?.to_str().ok()
}

/// `AWS4-HMAC-SHA256 Credential=AKID/20261128/us-west-2/s3/aws4_request, …` (IAM user guide, "Elements of an AWS API request
/// signature"): the service before the last part. The scope of SigV4A has no region, and the service is where it was.
fn signed_service(authorization: &str) -> Option<&str> {
    let credential = authorization.split_once("Credential=")?.1.split(',').next()?;
    credential.rsplit('/').nth(1)
}

/// The operations of S3 by method and query (S3 API reference, "Request Syntax" of each); `x-id` is the SDK's own name for
/// those that could be taken for another (Smithy, `httpBasicAuth` aside: smithy-rs writes it as a literal of the URI).
fn s3_operation(request: &Request) -> Cow<'static, str> {
    let has = |name: &str| request.url().query_pairs().any(|(known, _)| known == name);
    if let Some((_, name)) = request.url().query_pairs().find(|(name, _)| name == "x-id") {
        return Cow::Owned(name.into_owned());
    }
    let is_whole = request.url().path().len() <= 1;
    match request.method().as_str() {
        "GET" if has("list-type") => "ListObjectsV2".into(),
        "GET" if has("uploads") => "ListMultipartUploads".into(),
        "GET" if has("session") => "CreateSession".into(),
        "HEAD" if is_whole => "HeadBucket".into(),
        "HEAD" => "HeadObject".into(),
        "POST" if has("delete") => "DeleteObjects".into(),
        "POST" if has("uploads") => "CreateMultipartUpload".into(),
        "POST" if has("uploadId") => "CompleteMultipartUpload".into(),
        method => Cow::Owned(format!("{method} object")),
    }
}

/// The endpoints of an authorization server, by the last word of their paths.
fn openid_operation(request: &Request) -> String {
    let path = request.url().path();
    if path.contains("/.well-known/") {
        return "discovery".to_owned();
    }
    let last = path.rsplit('/').find(|part| !part.is_empty()).unwrap_or("/");
    match grant_type(request) {
        Some(grant) => format!("{last} ({grant})"),
        None => last.to_owned(),
    }
}

/// Which grant a form asks for: of the body, nothing else is told.
fn grant_type(request: &Request) -> Option<&'static str> {
    let body = request.body()?.as_bytes()?;
    let (_, grant) = form_urlencoded::parse(body).find(|(name, _)| name == "grant_type")?;
    ["authorization_code", "refresh_token"].into_iter().find(|known| *known == grant)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(method: &str, url: &str, header: Option<(&'static str, &str)>, body: &str) -> (String, String) {
        let mut request = Request::new(method.parse().unwrap(), url.parse().unwrap());
        if let Some((name, value)) = header {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        *request.body_mut() = Some(body.to_owned().into());
        let name = Name::of(&request, &vec![("idp:1".to_owned(), "Okta"), ("s3.example".to_owned(), "S3")]);
        (name.service, name.operation)
    }

    #[test]
    fn requests_are_called_what_the_services_call_them() {
        let s3 = "AWS4-HMAC-SHA256 Credential=ASIA/20261128/us-west-2/s3/aws4_request, SignedHeaders=host, Signature=f";
        let api = "AWS4-HMAC-SHA256 Credential=ASIA/20261128/us-west-2/execute-api/aws4_request, Signature=f";
        let dynamodb = "AWS4-HMAC-SHA256 Credential=ASIA/20261128/us-west-2/dynamodb/aws4_request, Signature=f";
        let target = Some(("x-amz-target", "AWSCognitoIdentityService.GetId"));
        let signed = |value: &'static str| Some(("authorization", value));
        for (method, url, header, body, service, operation) in [
            ("GET", "http://idp:1/o/.well-known/openid-configuration", None, "", "Okta", "discovery"),
            ("GET", "http://idp:1/o/v1/keys", None, "", "Okta", "keys"),
            (
                "POST",
                "http://idp:1/v1/token",
                None,
                "refresh_token=secret&grant_type=refresh_token",
                "Okta",
                "token (refresh_token)",
            ),
            ("POST", "http://idp:1/v1/token", None, "grant_type=sk-secret", "Okta", "token"),
            ("HEAD", "http://idp:1/o/.well-known/openid-configuration", None, "", "Okta", "time"),
            ("HEAD", "https://s3.example/", None, "", "S3", "connection"),
            ("GET", "https://idp.other/v1/userinfo", None, "", "idp.other", "userinfo"),
            ("POST", "https://c.example/", target, "{}", "Cognito", "GetId"),
            ("GET", "https://x/?list-type=2&prefix=a", signed(s3), "", "S3", "ListObjectsV2"),
            ("GET", "https://x/a?x-id=GetObject", signed(s3), "", "S3", "GetObject"),
            ("HEAD", "https://x/a", signed(s3), "", "S3", "HeadObject"),
            ("POST", "https://x/a?uploadId=u", signed(s3), "", "S3", "CompleteMultipartUpload"),
            ("GET", "https://api.example/orders/7?token=secret", signed(api), "", "API", "GET /orders/7"),
            ("PUT", "https://db.example/x", signed(dynamodb), "", "dynamodb", "PUT /x"),
        ] {
            assert_eq!(name(method, url, header, body), (service.to_owned(), operation.to_owned()), "{method} {url}");
        }
    }
}
