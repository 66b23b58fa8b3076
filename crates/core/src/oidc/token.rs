//! The token endpoint: code for tokens (RFC 6749 §4.1.3) and refresh (§6), as a public client.

use std::time::Duration;

use oauth2::basic::{
    BasicErrorResponse, BasicErrorResponseType, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse,
    BasicTokenType,
};
use oauth2::{
    AuthType, AuthorizationCode, ClientId, ExtraTokenFields, PkceCodeVerifier, RedirectUrl, RefreshToken,
    RequestTokenError, Scope, StandardRevocableToken, StandardTokenResponse, TokenResponse as _, TokenUrl,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::diagnosis::okta::{self, Grant};
use crate::diagnosis::{Evidence, HttpError, Refusal};
use crate::error::{Service, SessionError};
use crate::net::http::Http;

/// What the endpoint handed out. The ID token is not verified yet.
#[derive(Clone)]
pub(crate) struct TokenAnswer {
    pub id_token: Option<SecretString>,
    pub access_token: SecretString,
    pub refresh_token: Option<SecretString>,
    pub expires_in: Option<Duration>,
    /// What was granted, if the server said (it must, when that is not what was asked for: RFC 6749 §5.1).
    pub scopes: Option<Vec<String>>,
}

impl TokenAnswer {
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
    pub(crate) fn into_session_error(self) -> SessionError {
        match self {
            Self::Unanswered(error) | Self::Lost(error) | Self::Refused(error) => error,
        }
    }
}

/// The ID token as text: what Cognito gets must be byte for byte what Okta signed.
#[derive(Deserialize, Serialize)]
struct IdTokenField {
    id_token: Option<String>,
}

impl std::fmt::Debug for IdTokenField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IdTokenField(..)")
    }
}

impl ExtraTokenFields for IdTokenField {}

type Failure = RequestTokenError<HttpError, BasicErrorResponse>;
type Response = StandardTokenResponse<IdTokenField, BasicTokenType>;
type Client = oauth2::Client<
    BasicErrorResponse,
    Response,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
>;

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
        let answer = client(self.client_id)
            .set_token_uri(TokenUrl::from_url(self.url.clone()))
            .set_redirect_uri(redirect)
            .exchange_code(AuthorizationCode::new(code.expose_secret().to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.expose_secret().to_owned()))
            .request_async(self.http)
            .await;
        self.read(answer, Grant::AuthorizationCode)
    }

    /// Asks for fresh tokens. `openid` has to be among the scopes, or Okta sends no ID token.
    pub(crate) async fn refresh(
        &self,
        refresh_token: &SecretString,
        scopes: &[String],
    ) -> Result<TokenAnswer, TokenError> {
        let answer = client(self.client_id)
            .set_token_uri(TokenUrl::from_url(self.url.clone()))
            .exchange_refresh_token(&RefreshToken::new(refresh_token.expose_secret().to_owned()))
            .add_scopes(scopes.iter().cloned().map(Scope::new))
            .request_async(self.http)
            .await;
        self.read(answer, Grant::RefreshToken)
    }

    fn read(&self, answer: Result<Response, Failure>, grant: Grant) -> Result<TokenAnswer, TokenError> {
        let response = answer.map_err(|error| sort_error(error, grant, self.evidence))?;
        // Whatever is wrong with the ID token, the refresh token beside it may be the only one that still works.
        Ok(TokenAnswer {
            id_token: response.extra_fields().id_token.as_deref().map(SecretString::from),
            access_token: response.access_token().secret().as_str().into(),
            refresh_token: response.refresh_token().map(|token| token.secret().as_str().into()),
            expires_in: response.expires_in(),
            scopes: response.scopes().map(|scopes| scopes.iter().map(|scope| scope.to_string()).collect()),
        })
    }
}

fn sort_error(error: Failure, grant: Grant, evidence: &Evidence) -> TokenError {
    let refused = |refusal| TokenError::Refused(okta::grant_refused(grant, refusal, evidence));
    match error {
        RequestTokenError::Request(error) => {
            let may_have_arrived = error.may_have_arrived();
            let error = error.into_session_error(Service::Okta, "tokens");
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
