//! `okta-config.json`: the Okta application, with the keys of the sample that this project replaces and a few
//! optional ones.

use serde_json::Value;

use super::document::Document;
use super::problem::ConfigProblem;
use super::section::{Key, Section, boolean, wrong_type};
use super::validate::{self, Fault};

const ISSUER_URL: Key = Key {
    name: "okta_issuer_url",
    expectation: "the issuer of your Okta authorization server, such as https://dev-12345678.okta.com/oauth2/default",
};
const CLIENT_ID: Key = Key {
    name: "okta_client_id",
    expectation: "the Client ID of your Okta Native Application, such as 0oa1b2c3d4E5F6g7h8i9",
};
const CALLBACK_URL: Key = Key {
    name: "okta_callback_url",
    expectation: "a sign-in redirect URI of your Okta application, such as com.okta.dev-12345678:/callback",
};
const DESKTOP_CALLBACK_URL: Key = Key {
    name: "okta_desktop_callback_url",
    expectation: "an http URL on a loopback address with a port, such as http://127.0.0.1:8765/callback",
};
const SCOPES: Key = Key {
    name: "okta_scopes",
    expectation: "a list or words with spaces between, such as \"openid profile email offline_access\"",
};
const LOGOUT_URL: Key = Key {
    name: "okta_logout_url",
    expectation: "a sign-out redirect URI of your Okta application, such as com.okta.dev-12345678:/logout",
};

const PUSHED_AUTHORIZATION_REQUESTS: Key =
    Key { name: "okta_pushed_authorization_requests", expectation: "true or false, without quotes" };

#[cfg(test)]
pub(super) const KEYS: [&Key; 7] = [
    &ISSUER_URL,
    &CLIENT_ID,
    &CALLBACK_URL,
    &DESKTOP_CALLBACK_URL,
    &SCOPES,
    &LOGOUT_URL,
    &PUSHED_AUTHORIZATION_REQUESTS,
];

const DEFAULT_DESKTOP_CALLBACK_URL: &str = "http://127.0.0.1:8765/callback";
/// `offline_access` brings the refresh token without which a session ends after an hour.
const DEFAULT_SCOPES: [&str; 4] = ["openid", "profile", "email", "offline_access"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OktaSettings {
    pub(super) issuer_url: String,
    pub(super) client_id: String,
    pub(super) callback_url: String,
    pub(super) desktop_callback_url: String,
    pub(super) scopes: Vec<String>,
    pub(super) logout_url: Option<String>,
    pub(super) pushes_authorization_requests: bool,
}

impl OktaSettings {
    pub(super) fn read(file: &str, document: &Document, problems: &mut Vec<ConfigProblem>) -> Option<OktaSettings> {
        let mut section = Section::new(file, document, problems);
        let issuer_url = section.required(&ISSUER_URL, validate::issuer_url);
        let client_id = section.required(&CLIENT_ID, validate::client_id);
        let callback_url = section.required(&CALLBACK_URL, validate::redirect_uri);
        let desktop_callback_url = section.optional(&DESKTOP_CALLBACK_URL, validate::loopback_redirect_uri);
        let scopes = section.optional_value(&SCOPES, scopes);
        let logout_url = section.optional(&LOGOUT_URL, validate::redirect_uri);
        let pushes_authorization_requests = section.optional_value(&PUSHED_AUTHORIZATION_REQUESTS, boolean);
        Some(OktaSettings {
            issuer_url: issuer_url?,
            client_id: client_id?,
            callback_url: callback_url?,
            desktop_callback_url: desktop_callback_url.unwrap_or_else(|| DEFAULT_DESKTOP_CALLBACK_URL.to_owned()),
            scopes: scopes.unwrap_or_else(|| DEFAULT_SCOPES.map(str::to_owned).to_vec()),
            logout_url,
            pushes_authorization_requests: pushes_authorization_requests.unwrap_or_default(),
        })
    }
}

/// Scopes as a list of words, or as one text with spaces as RFC 6749 §3.3 writes them.
fn scopes(value: &Value) -> Result<Vec<String>, Fault> {
    let words: Vec<&str> = match value {
        Value::String(text) => validate::plain_text(text)?.split(' ').filter(|word| !word.is_empty()).collect(),
        Value::Array(items) => {
            let words: Option<_> = items.iter().map(Value::as_str).collect();
            words.ok_or_else(|| Fault::new("has an entry that is not text"))?
        }
        other => return Err(wrong_type(other, "text or a list")),
    };
    validate::scopes(&words)
}
