//! The token endpoint: code for tokens (RFC 6749 §4.1.3) and refresh (§6), as a public client. What it hands out is taken as
//! it comes: a rotated refresh token must not be lost because something beside it breaks a rule.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use oauth2::basic::{
    BasicErrorResponse, BasicErrorResponseType, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse,
};
use oauth2::{
    AccessToken, AuthType, AuthorizationCode, ClientId, PkceCodeVerifier, RedirectUrl, RefreshToken, RequestTokenError,
    Scope, StandardRevocableToken, TokenResponse, TokenType, TokenUrl,
};
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use crate::diagnosis::okta::{self, Grant};
use crate::diagnosis::{Evidence, HttpError, Refusal, issuer};
use crate::error::{Service, SessionError};
use crate::net::http::Http;

/// What the endpoint handed out. No rule was applied to it yet: [`check`](Self::check), and the ID token's own.
#[derive(Clone)]
pub(crate) struct TokenAnswer {
    pub id_token: Option<SecretString>,
    /// Empty if there was none.
    pub access_token: SecretString,
    pub refresh_token: Option<SecretString>,
    pub expires_in: Option<Duration>,
    /// What was granted, if the server said (it must, when that is not what was asked for: RFC 6749 §5.1).
    pub scopes: Option<Vec<String>>,
    token_type: String,
}

impl TokenAnswer {
    /// RFC 6749 §5.1 and §7.1: an access token of a type that this client understands.
    pub(crate) fn check(&self) -> Result<(), SessionError> {
        if self.access_token.expose_secret().is_empty() {
            return Err(okta::no_access_token());
        }
        if !self.token_type.eq_ignore_ascii_case("bearer") {
            return Err(okta::unknown_token_type(&self.token_type));
        }
        Ok(())
    }

    /// When the access token ends, in Unix seconds, if the server said how long it lives.
    pub(crate) fn expires_at(&self, unix_now: i64) -> Option<i64> {
        let seconds = i64::try_from(self.expires_in?.as_secs()).unwrap_or(i64::MAX);
        Some(unix_now.saturating_add(seconds))
    }
}

/// Why there are no tokens.
pub(crate) enum TokenError {
    /// The server was not reached or did nothing: the same request may be sent again.
    Unanswered(SessionError),
    /// The request may have reached the server, and its answer was lost: it may have done its work.
    Lost(SessionError),
    /// The server said no, or what it handed out cannot be believed.
    Refused(SessionError),
}

impl TokenError {
    /// Whether the server has said a last word.
    pub(crate) fn ends_session(&self) -> bool {
        matches!(self, Self::Refused(error) if error.ends_session())
    }

    pub(crate) fn as_session_error(&self) -> &SessionError {
        match self {
            Self::Unanswered(error) | Self::Lost(error) | Self::Refused(error) => error,
        }
    }

    pub(crate) fn into_session_error(self) -> SessionError {
        match self {
            Self::Unanswered(error) | Self::Lost(error) | Self::Refused(error) => error,
        }
    }
}

/// A success as the server wrote it: a member that is missing or of another kind is left out, and the others are kept.
#[derive(Deserialize, Serialize)]
#[serde(from = "Map<String, Value>")]
struct Success {
    /// As text: what Cognito gets must be byte for byte what Okta signed.
    id_token: Option<String>,
    access_token: AccessToken,
    refresh_token: Option<RefreshToken>,
    token_type: Kind,
    expires_in: Option<u64>,
    scope: Option<Vec<Scope>>,
}

impl From<Map<String, Value>> for Success {
    fn from(members: Map<String, Value>) -> Self {
        let text = |name: &str| members.get(name)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let scopes = |text: String| text.split_whitespace().map(|scope| Scope::new(scope.to_owned())).collect();
        Self {
            id_token: text("id_token"),
            access_token: AccessToken::new(text("access_token").unwrap_or_default()),
            refresh_token: text("refresh_token").map(RefreshToken::new),
            token_type: Kind(text("token_type").unwrap_or_default()),
            expires_in: members.get("expires_in").and_then(read_seconds),
            scope: text("scope").map(scopes),
        }
    }
}

#[derive(Debug, Default, Clone, PartialEq, Deserialize, Serialize)]
struct Kind(String);

impl TokenType for Kind {}

impl std::fmt::Debug for Success {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Success(..)")
    }
}

impl TokenResponse for Success {
    type TokenType = Kind;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    fn token_type(&self) -> &Kind {
        &self.token_type
    }

    fn expires_in(&self) -> Option<Duration> {
        self.expires_in.map(Duration::from_secs)
    }

    fn refresh_token(&self) -> Option<&RefreshToken> {
        self.refresh_token.as_ref()
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        self.scope.as_ref()
    }
}

/// A number, also as text or with a fraction, as some servers write it.
fn read_seconds(value: &Value) -> Option<u64> {
    let seconds = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())?;
    // The cast takes what is too large for the largest.
    (seconds >= 0.0).then_some(seconds as u64)
}

type Failure = RequestTokenError<HttpError, BasicErrorResponse>;
type Client = oauth2::Client<
    BasicErrorResponse,
    Success,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
>;

/// One request of a single-use token, and the status of its answer, which oauth2 does not tell.
struct SingleUse<'a> {
    http: &'a Http,
    status: AtomicU16,
}

impl<'a> SingleUse<'a> {
    fn new(http: &'a Http) -> Self {
        Self { http, status: AtomicU16::new(0) }
    }

    /// Whether the server said that it has done its work, whatever the answer consists of.
    fn was_success(&self) -> bool {
        self.status.load(Ordering::Relaxed) == 200
    }
}

/// What works as a key, of all that a form sends.
fn secrets_in(request: &reqwest::Request) -> Vec<SecretString> {
    let form = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
    url::form_urlencoded::parse(form)
        .filter(|(name, _)| ["code", "code_verifier", "refresh_token", "token"].contains(&&**name))
        .map(|(_, value)| SecretString::from(value.into_owned()))
        .collect()
}

/// A refusal without what the request had sent: its words are shown, and a server may repeat what it was sent.
pub(super) fn conceal(body: &[u8], secrets: &[SecretString]) -> Vec<u8> {
    let text = String::from_utf8_lossy(body).into_owned();
    secrets
        .iter()
        .map(SecretString::expose_secret)
        .filter(|secret| !secret.is_empty())
        .fold(text, |text, secret| text.replace(secret, "…"))
        .into_bytes()
}

/// A named type, because a closure over `&Http` would not be `Send` for every lifetime.
impl<'c> oauth2::AsyncHttpClient<'c> for SingleUse<'_> {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<oauth2::HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: oauth2::HttpRequest) -> Self::Future {
        Box::pin(async move {
            let request = reqwest::Request::try_from(request.map(reqwest::Body::from)).map_err(HttpError::from)?;
            let url = request.url().clone();
            let sent = secrets_in(&request);
            let mut answer = self.http.send_single_use(request).await?.own(&url)?;
            if answer.status != 200 {
                answer.body = conceal(&answer.body, &sent);
            }
            self.status.store(answer.status, Ordering::Relaxed);
            let mut response = ::http::Response::new(answer.body);
            *response.status_mut() = ::http::StatusCode::from_u16(answer.status)
                .map_err(|error| HttpError::Unreadable(error.to_string()))?;
            *response.headers_mut() = answer.headers;
            // What counts is in the body: a token that is there must not be lost over a wrong label.
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            Ok(response)
        })
    }
}

fn client(client_id: &str) -> Client {
    // `client_id` in the body, no secret: Okta's native applications are public clients.
    Client::new(ClientId::new(client_id.to_owned())).set_auth_type(AuthType::RequestBody)
}

/// The endpoint, for one client.
pub(crate) struct TokenEndpoint<'a> {
    pub http: &'a Http,
    pub url: &'a Url,
    pub client_id: &'a str,
    pub evidence: &'a Evidence,
}

impl TokenEndpoint<'_> {
    /// Exchanges an authorization code.
    pub(crate) async fn exchange_code(
        &self,
        redirect_uri: &str,
        code: &SecretString,
        verifier: &SecretString,
    ) -> Result<TokenAnswer, TokenError> {
        let redirect = RedirectUrl::new(redirect_uri.to_owned())
            .map_err(|error| TokenError::Unanswered(SessionError::internal(format!("redirect URI: {error}"))))?;
        let request = SingleUse::new(self.http);
        let answer = client(self.client_id)
            .set_token_uri(TokenUrl::from_url(self.url.clone()))
            .set_redirect_uri(redirect)
            .exchange_code(AuthorizationCode::new(code.expose_secret().to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.expose_secret().to_owned()))
            .request_async(&request)
            .await;
        let answer = self.read(answer, Grant::AuthorizationCode);
        match answer {
            // The server has done its work, so the code is spent: used twice, it would take the tokens along that came of
            // it (RFC 6749 §4.1.2).
            Err(TokenError::Lost(_)) if request.was_success() => Err(TokenError::Refused(okta::no_access_token())),
            answer => answer,
        }
    }

    /// Asks for fresh tokens: with the whole granted scope, or with none, which means the same (RFC 6749 §6). A part of it
    /// without `openid` would bring no ID token, one without `offline_access` no refresh token (Okta's guide "Refresh access
    /// tokens and rotate refresh tokens", table under "Get a refresh token").
    pub(crate) async fn refresh(
        &self,
        refresh_token: &SecretString,
        scopes: &[String],
    ) -> Result<TokenAnswer, TokenError> {
        let request = SingleUse::new(self.http);
        let answer = client(self.client_id)
            .set_token_uri(TokenUrl::from_url(self.url.clone()))
            .exchange_refresh_token(&RefreshToken::new(refresh_token.expose_secret().to_owned()))
            .add_scopes(scopes.iter().cloned().map(Scope::new))
            .request_async(&request)
            .await;
        self.read(answer, Grant::RefreshToken)
    }

    fn read(&self, answer: Result<Success, Failure>, grant: Grant) -> Result<TokenAnswer, TokenError> {
        let response = answer.map_err(|error| self.sort_error(error, grant))?;
        // Whatever is wrong with the others, the refresh token beside them may be the only one that still works.
        Ok(TokenAnswer {
            token_type: response.token_type().0.clone(),
            id_token: response.id_token.as_deref().map(SecretString::from),
            access_token: response.access_token().secret().as_str().into(),
            refresh_token: response.refresh_token().map(|token| token.secret().as_str().into()),
            expires_in: response.expires_in(),
            scopes: response.scopes().map(|scopes| scopes.iter().map(|scope| scope.to_string()).collect()),
        })
    }

    fn sort_error(&self, error: Failure, grant: Grant) -> TokenError {
        let refused = |refusal| TokenError::Refused(okta::grant_refused(grant, refusal, self.evidence));
        match error {
            RequestTokenError::Request(error) => {
                let may_have_arrived = error.may_have_arrived();
                let error = issuer::unanswered("tokens", self.url, error);
                if may_have_arrived { TokenError::Lost(error) } else { TokenError::Unanswered(error) }
            }
            RequestTokenError::ServerResponse(response) => {
                let code = match response.error() {
                    BasicErrorResponseType::Extension(code) => code.clone(),
                    known => known.as_ref().to_owned(),
                };
                let description = response.error_description().map_or("", String::as_str);
                refused(Refusal::new(Service::Okta, &code, description))
            }
            RequestTokenError::Parse(_, body) => match okta::read_api_error(&body) {
                Some(refusal) => refused(refusal),
                None => TokenError::Lost(okta::strange_token_answer("an answer that is not OAuth")),
            },
            RequestTokenError::Other(_) => {
                TokenError::Lost(okta::strange_token_answer("an empty answer, or one that is not JSON"))
            }
        }
    }
}
