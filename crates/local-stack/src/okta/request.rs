//! Reads an authorization request (OpenID Connect Core section 3.1.2.1, RFC 7636) as strictly as Okta does, by the
//! parameters' table of its reference (reference/api/oidc of 2024-08-21, "/authorize"). What it says in a refusal are the
//! words of Okta's errors catalogue (oauth2-error-codes.json, 2026.08.1); it has none for a parameter that is missing or
//! too long.
//!
//! A wrong client or redirect URI is shown to the person in front of the browser: redirecting would send the answer to
//! somebody unknown. Everything else goes back to the app.

use super::application::Application;
use super::errors::UNKNOWN_CLIENT;
use super::parameters::{Parameters, RepeatedParameter};
use super::scopes::{Scope, Scopes};

/// Longest scope (guides/refresh-tokens, "Get a refresh token", note; 1024 in the reference of 2024), state, nonce or
/// login hint; a client that needs more carries data where it does not belong.
const MAX_VALUE_BYTES: usize = 4096;

/// A valid authorization request.
#[derive(Clone)]
pub(super) struct AuthorizationRequest {
    pub redirect_uri: String,
    pub state: String,
    pub scopes: Scopes,
    pub nonce: Option<String>,
    pub code_challenge: String,
    pub prompt: Prompt,
    /// Seconds since the password was typed beyond which it must be typed again.
    pub max_age: Option<i64>,
    pub login_hint: Option<String>,
}

/// What the app wants the person to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prompt {
    /// The sign-in page if nobody is signed in. `consent` ends here too: the application needs none.
    Auto,
    /// Nothing.
    None,
    /// The sign-in page in any case.
    Login,
}

/// What is wrong with a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RequestError {
    /// To be shown to the person; the client or the redirect URI is not to be trusted.
    ShowPage { code: &'static str, description: String },
    /// To be sent to the (registered) redirect URI.
    Redirect { redirect_uri: String, state: Option<String>, code: &'static str, description: String },
}

impl RequestError {
    /// The error code and its description, wherever they are to go.
    pub(super) fn describe(&self) -> (&'static str, &str) {
        match self {
            Self::ShowPage { code, description } | Self::Redirect { code, description, .. } => (code, description),
        }
    }
}

impl From<RepeatedParameter> for RequestError {
    fn from(repeated: RepeatedParameter) -> Self {
        Self::ShowPage { code: "invalid_request", description: repeated.describe() }
    }
}

impl AuthorizationRequest {
    /// The refusal of a server that takes pushed requests only. RFC 9126 section 5 names the demand, not the answer, and Okta's
    /// catalogue has none: the words are Keycloak's (services/…/oidc/endpoints/AuthorizationEndpointChecker.java).
    pub(super) fn not_pushed(self) -> RequestError {
        RequestError::Redirect {
            redirect_uri: self.redirect_uri,
            state: Some(self.state),
            code: "invalid_request",
            description: "Pushed Authorization Request is only allowed.".to_owned(),
        }
    }

    /// Checks every parameter.
    pub(super) fn parse(parameters: &Parameters, application: &Application<'_>) -> Result<Self, RequestError> {
        check_client(parameters, application)?;
        let redirect_uri = check_redirect_uri(parameters, application)?;
        let state = parameters.get("state").map(str::to_owned);
        let refuse = |code, description: &str| RequestError::Redirect {
            redirect_uri: redirect_uri.clone(),
            state: state.clone(),
            code,
            description: description.to_owned(),
        };
        let invalid = |description: &str| refuse("invalid_request", description);

        for name in ["state", "nonce", "login_hint", "scope"] {
            if parameters.get(name).is_some_and(|value| value.len() > MAX_VALUE_BYTES) {
                // A state of any length would only be reflected.
                return Err(RequestError::Redirect {
                    redirect_uri: redirect_uri.clone(),
                    state: None,
                    code: "invalid_request",
                    description: format!("The value of '{name}' is too long."),
                });
            }
        }
        if parameters.get("request").is_some() {
            return Err(refuse(
                "request_not_supported",
                "The authorize request object is not supported by this client.",
            ));
        }
        match parameters.get("response_type") {
            Some("code") if application.has_code_grant => {}
            Some("code") => {
                return Err(refuse(
                    "unsupported_response_type",
                    "The response type is not supported by the authorization server. Configured response types: [none].",
                ));
            }
            Some(_) => {
                return Err(refuse(
                    "unsupported_response_type",
                    "The response type is not supported by the authorization server. Configured response types: [code].",
                ));
            }
            None => return Err(invalid("The 'response_type' parameter is missing.")),
        }
        // Okta has three more; an app that asks for one of them would find out here that it is not `query`.
        if parameters.get("response_mode").is_some_and(|mode| mode != "query") {
            return Err(refuse(
                "unsupported_response_mode",
                "The response mode is not supported by the authorization server. Valid response modes: [query].",
            ));
        }
        // "It can contain alphanumeric, comma, period, underscore, and hyphen characters."
        let Some(state_value) = state.clone().filter(|state| state.bytes().all(is_state_byte)) else {
            return Err(RequestError::Redirect {
                redirect_uri,
                state: None,
                code: "invalid_request",
                description: "The authentication request has an invalid 'state' parameter.".to_owned(),
            });
        };
        let scopes = Scopes::parse(parameters.get("scope").unwrap_or_default()).map_err(|_| {
            refuse("invalid_scope", "One or more scopes are not configured for the authorization server resource.")
        })?;
        if !scopes.contains(Scope::OpenId) {
            return Err(refuse(
                "invalid_scope",
                "Requests for ID tokens or access tokens with OpenID scopes require the 'openid' scope.",
            ));
        }
        if scopes.contains(Scope::OfflineAccess) && !application.has_refresh_grant {
            return Err(refuse(
                "invalid_scope",
                "The following scopes are not allowed for this request: [offline_access].",
            ));
        }
        let code_challenge = parameters
            .get("code_challenge")
            .ok_or_else(|| invalid("PKCE code challenge is required by the application."))?;
        // Left out, the method is `plain` (RFC 7636 section 4.3).
        if parameters.get("code_challenge_method") != Some("S256") {
            return Err(invalid("PKCE code challenge method is not supported. Valid values: [S256]"));
        }
        if code_challenge.len() != 43 || !code_challenge.bytes().all(is_base64url) {
            return Err(invalid("PKCE code challenge contains illegal characters."));
        }
        let prompt = parse_prompt(parameters.get("prompt").unwrap_or_default())
            .ok_or_else(|| invalid("Invalid value for 'prompt' parameter. Supported values: [none, login, consent]"))?;
        let max_age = parameters
            .get("max_age")
            .map(|text| text.parse().ok().filter(|seconds: &i32| *seconds >= 0).map(i64::from))
            .map(|seconds| {
                seconds.ok_or_else(|| {
                    invalid("Invalid value for 'max_age' parameter. It should be within range 0 - 2^31-1.")
                })
            })
            .transpose()?;
        if prompt == Prompt::None && max_age == Some(0) {
            return Err(invalid(
                "'prompt' parameter must not have the value 'none' for request with 'zero' as max_age.",
            ));
        }
        Ok(Self {
            code_challenge: code_challenge.to_owned(),
            state: state_value,
            scopes,
            nonce: parameters.get("nonce").map(str::to_owned),
            prompt,
            max_age,
            login_hint: parameters.get("login_hint").map(str::to_owned),
            redirect_uri,
        })
    }
}

/// Whether the request is by the registered application.
pub(super) fn check_client(parameters: &Parameters, application: &Application<'_>) -> Result<(), RequestError> {
    let problem = match parameters.get("client_id") {
        Some(id) if application.has_client_id(id) => return Ok(()),
        Some(_) => UNKNOWN_CLIENT,
        None => "The 'client_id' parameter is missing.",
    };
    Err(RequestError::ShowPage { code: "invalid_client", description: problem.to_owned() })
}

fn check_redirect_uri(parameters: &Parameters, application: &Application<'_>) -> Result<String, RequestError> {
    let problem = match parameters.get("redirect_uri") {
        Some(uri) if application.has_redirect_uri(uri) => return Ok(uri.to_owned()),
        // The catalogue has a second edition, which ends in ": " and a link to the settings.
        Some(_) => "The 'redirect_uri' parameter must be a Login redirect URI in the client app settings.",
        None => "The 'redirect_uri' parameter is missing.",
    };
    Err(RequestError::ShowPage { code: "invalid_request", description: problem.to_owned() })
}

fn parse_prompt(text: &str) -> Option<Prompt> {
    let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
    if words == ["none"] {
        return Some(Prompt::None);
    }
    if !words.iter().all(|word| ["login", "consent"].contains(word)) {
        return None;
    }
    Some(if words.contains(&"login") { Prompt::Login } else { Prompt::Auto })
}

fn is_state_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b",._-".contains(&byte)
}

fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::Faults;
    use crate::options::Options;

    const GOOD: &[(&str, &str)] = &[
        ("client_id", "0oa1jetbridgelocal5d"),
        ("redirect_uri", "http://127.0.0.1:8765/callback"),
        ("response_type", "code"),
        ("scope", "openid profile"),
        ("state", "s"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ];

    /// The good request with some parameters replaced, added, or (empty) left out.
    fn parse(changes: &[(&str, &str)]) -> Result<AuthorizationRequest, RequestError> {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in GOOD.iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name)) {
            query.append_pair(name, value);
        }
        for (name, value) in changes {
            query.append_pair(name, value);
        }
        let parameters = Parameters::parse(query.finish().as_bytes())?;
        let options = Options::default();
        AuthorizationRequest::parse(&parameters, &Application::of(&options, &Faults::default()))
    }

    fn error(changes: &[(&str, &str)]) -> (&'static str, bool) {
        let error = parse(changes).err().expect("the request must be refused");
        (error.describe().0, matches!(error, RequestError::ShowPage { .. }))
    }

    #[test]
    fn a_good_request_is_read_whole() {
        let request =
            parse(&[("nonce", "n"), ("max_age", "60"), ("login_hint", "alice@example.com"), ("prompt", "login")])
                .unwrap();
        assert_eq!(request.scopes.to_string(), "openid profile");
        assert_eq!((request.state.as_str(), request.nonce.as_deref()), ("s", Some("n")));
        assert_eq!((request.max_age, request.prompt), (Some(60), Prompt::Login));
        assert_eq!(request.login_hint.as_deref(), Some("alice@example.com"));
    }

    #[test]
    fn wrong_client_and_redirect_uri_are_never_redirected() {
        let cases: &[&[(&str, &str)]] = &[
            &[("client_id", "")],
            &[("client_id", "0oa1jetbridgelocal5D")],
            &[("redirect_uri", "")],
            &[("redirect_uri", "http://127.0.0.1:8766/callback")],
            &[("redirect_uri", "http://127.0.0.1:8765/callback/")],
            &[("redirect_uri", "http://127.0.0.1:8765/callback?x=1")],
            &[("redirect_uri", "http://localhost:8765/callback")],
            &[("redirect_uri", "HTTP://127.0.0.1:8765/callback")],
            &[("state", "a"), ("state", "b")],
        ];
        for changes in cases {
            assert!(error(changes).1, "{changes:?}");
        }
        let Err(RequestError::ShowPage { description, .. }) = parse(&[("redirect_uri", "http://127.0.0.1:1/x")]) else {
            panic!("expected a page")
        };
        assert!(description.contains("must be a Login redirect URI"), "{description}");
    }

    #[test]
    fn other_mistakes_go_back_to_the_app() {
        let long = "x".repeat(MAX_VALUE_BYTES + 1);
        let cases: &[(&[(&str, &str)], &str)] = &[
            (&[("response_type", "")], "invalid_request"),
            (&[("response_type", "token")], "unsupported_response_type"),
            (&[("response_type", "code id_token")], "unsupported_response_type"),
            (&[("response_mode", "fragment")], "unsupported_response_mode"),
            (&[("state", "")], "invalid_request"),
            (&[("state", &long)], "invalid_request"),
            (&[("state", "a b")], "invalid_request"),
            (&[("state", "a=")], "invalid_request"),
            (&[("state", "ä")], "invalid_request"),
            (&[("scope", &long)], "invalid_request"),
            (&[("scope", "")], "invalid_scope"),
            (&[("scope", "profile")], "invalid_scope"),
            (&[("scope", "openid admin")], "invalid_scope"),
            (&[("code_challenge", "")], "invalid_request"),
            (&[("code_challenge", "short")], "invalid_request"),
            (&[("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM")], "invalid_request"),
            (&[("code_challenge_method", "")], "invalid_request"),
            (&[("code_challenge_method", "plain")], "invalid_request"),
            (&[("prompt", "none login")], "invalid_request"),
            (&[("prompt", "create")], "invalid_request"),
            (&[("max_age", "-1")], "invalid_request"),
            (&[("max_age", "soon")], "invalid_request"),
            (&[("max_age", "2147483648")], "invalid_request"),
            (&[("max_age", "0"), ("prompt", "none")], "invalid_request"),
            (&[("request", "eyJ")], "request_not_supported"),
        ];
        for (changes, code) in cases {
            assert_eq!(error(changes), (*code, false), "{changes:?}");
        }
    }

    #[test]
    fn prompts_are_understood() {
        for (text, prompt) in [("", Prompt::Auto), ("consent", Prompt::Auto), ("login consent", Prompt::Login)] {
            assert_eq!(parse_prompt(text), Some(prompt), "{text}");
        }
        assert_eq!(parse_prompt("none"), Some(Prompt::None));
    }
}
