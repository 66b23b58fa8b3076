//! What a function gets: payload format 2.0 ("Working with AWS Lambda proxy integrations for HTTP APIs", API Gateway
//! developer guide), but for cookies and credentials, which nothing here needs and nothing may repeat.

use std::collections::BTreeMap;
use std::time::SystemTime;

use axum::body::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::request::Parts;
use http::{HeaderName, HeaderValue, header};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::format_description;
use url::form_urlencoded;

use super::routes::Found;
use crate::credentials::TemporaryCredentials;
use crate::role_session::Roles;
use crate::shared::Shared;
use crate::sigv4::without_signature;

/// Headers by which others could be what the caller is.
const SECRET: [HeaderName; 3] =
    [header::AUTHORIZATION, header::COOKIE, HeaderName::from_static("x-amz-security-token")];

/// A request as it arrived.
pub(super) struct Received<'a> {
    pub parts: &'a Parts,
    pub body: &'a Bytes,
    /// Decoded.
    pub path: &'a str,
    pub request_id: &'a str,
    pub api_id: &'a str,
    pub account: &'a str,
    pub now: SystemTime,
}

/// `requestContext.authorizer.iam`. The pool's part is null for a session that no pool began, and there is no
/// organisation.
pub(super) fn describe_caller(signer: &TemporaryCredentials, roles: &Roles, shared: &Shared) -> Value {
    let of_pool = (!signer.identity_id.is_empty()).then(|| {
        json!({
            "amr": signer.session.authentication_methods,
            "identityId": signer.identity_id,
            "identityPoolId": shared.options.identity_pool_id,
        })
    });
    let session_id = roles.session_id(signer);
    json!({
        "accessKey": signer.access_key_id,
        "accountId": roles.account(),
        "callerId": session_id,
        "cognitoIdentity": of_pool,
        "principalOrgId": null,
        "userArn": signer.assumed_role_arn(),
        "userId": session_id,
    })
}

/// The event. `caller` is there if the route asks for a signature.
pub(super) fn build(received: &Received<'_>, found: &Found<'_>, caller: Option<Value>) -> Value {
    let Received { parts, body, path, request_id, api_id, account, now } = received;
    let uri = without_signature(&parts.uri);
    let query = uri.split_once('?').map_or("", |(_, query)| query);
    let text = |name: HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut headers = BTreeMap::new();
    for name in parts.headers.keys().filter(|name| !SECRET.contains(name)) {
        let values = parts.headers.get_all(name).iter().map(HeaderValue::as_bytes).map(String::from_utf8_lossy);
        headers.insert(name.as_str(), values.collect::<Vec<_>>().join(","));
    }
    let now = OffsetDateTime::from(*now);
    let format = format_description!("[day]/[month repr:short]/[year]:[hour]:[minute]:[second] +0000");
    // By the content's type in the service, which documents nothing of it; by the content itself here.
    let (body, is_base64) = match std::str::from_utf8(body) {
        Ok(text) => (text.to_owned(), false),
        Err(_) => (STANDARD.encode(body), true),
    };
    let host = text(header::HOST);
    let mut event = json!({
        "version": "2.0",
        "routeKey": found.route.key,
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "accountId": account,
            "apiId": api_id,
            "domainName": host,
            "domainPrefix": host.split('.').next(),
            "http": {
                "method": parts.method.as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": text(header::USER_AGENT),
            },
            "requestId": request_id,
            "routeKey": found.route.key,
            "stage": found.stage,
            "time": now.format(format).unwrap_or_default(),
            "timeEpoch": now.unix_timestamp() * 1000 + i64::from(now.millisecond()),
        },
        "isBase64Encoded": is_base64,
    });
    if !query.is_empty() {
        event["queryStringParameters"] = json!(combine(query));
    }
    if !found.parameters.is_empty() {
        event["pathParameters"] = json!(found.parameters);
    }
    if !body.is_empty() {
        event["body"] = json!(body);
    }
    if let Some(caller) = caller {
        event["requestContext"]["authorizer"] = json!({ "iam": caller });
    }
    event
}

/// "Duplicate query strings are combined with commas".
fn combine(query: &str) -> BTreeMap<String, String> {
    let mut combined: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        combined
            .entry(name.into_owned())
            .and_modify(|values| {
                values.push(',');
                values.push_str(&value);
            })
            .or_insert_with(|| value.clone().into_owned());
    }
    combined
}
