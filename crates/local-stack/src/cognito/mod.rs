//! Amazon Cognito identity pools: the operations that apps call, strict as the service, and its refusals of everything
//! else (source: Cognito identity pools API reference; the wire format is AWS JSON 1.1, see the Smithy specification).

mod admin;
mod error;
mod identity;
mod login;
mod open_id_token;
mod provider;
mod roles;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::{get, head};
use axum::{Json, Router};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use self::error::CognitoError;
use self::identity::Identities;
use self::login::Login;
use self::open_id_token::OpenIdTokens;
use self::provider::{Providers, Verified};
use crate::credentials::CredentialRegistry;
use crate::faults::Fault;
use crate::random_ids::random_uuid;
use crate::request_log::Operation;
use crate::role_session::Roles;
use crate::shared::Shared;

const CONTENT_TYPE: &str = "application/x-amz-json-1.1";
const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
const ERROR_MESSAGE: HeaderName = HeaderName::from_static("x-amzn-errormessage");

/// Five logins of the longest token each: an app has one or two.
const MAX_BODY: usize = 256 * 1024;
const MAX_LOGINS: usize = 10;
const MAX_PROVIDER_NAME: usize = 128;
const MAX_TOKEN: usize = 50_000;
const MAX_ID: usize = 55;

struct Cognito {
    shared: Arc<Shared>,
    credentials: Arc<CredentialRegistry>,
    roles: Arc<Roles>,
    providers: Providers,
    identities: Identities,
    tokens: OpenIdTokens,
}

/// The pool of the options, which puts the credentials it gives into `credentials`.
pub(crate) fn router(shared: Arc<Shared>, credentials: Arc<CredentialRegistry>, roles: Arc<Roles>) -> Router {
    let cognito = Cognito {
        providers: Providers::new(Arc::clone(&shared)),
        identities: Identities::new(shared.options.region.clone(), shared.deployment().cloned()),
        tokens: OpenIdTokens::new(Arc::clone(&shared)),
        shared,
        credentials,
        roles,
    };
    Router::new()
        .route("/", head(warm_up).post(call))
        .route("/.well-known/jwks_uri", get(key_set))
        .with_state(Arc::new(cognito))
}

/// A connection is opened with this; there is nothing to say.
async fn warm_up() -> Response {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(Operation("warm_up"));
    response
}

async fn key_set(State(cognito): State<Arc<Cognito>>) -> Result<Json<Value>, StatusCode> {
    cognito.tokens.key_set().await.map(Json).map_err(|error| error.status())
}

async fn call(State(cognito): State<Arc<Cognito>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let name = operation_name(&parts.headers);
    let operation = ApiOperation::of(name);
    let answer = match (operation, admin::find(name), to_bytes(body, MAX_BODY).await) {
        (_, _, Err(_)) => Err(CognitoError::Serialization),
        (Some(operation), _, Ok(body)) => cognito.answer(operation, &body).await,
        (None, Some(operation), Ok(body)) => {
            Err(admin::refuse(&cognito.shared, &cognito.credentials, operation, &parts, &body))
        }
        (None, None, Ok(_)) => Err(CognitoError::UnknownOperation),
    };
    let mut response = match answer {
        Ok(body) => json_response(StatusCode::OK, &body),
        Err(error) => error_response(&error),
    };
    if let Ok(id) = HeaderValue::try_from(random_uuid()) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
        .extensions_mut()
        .insert(Operation(operation.map(ApiOperation::name).or(admin::find(name)).unwrap_or("unsupported")));
    response
}

fn json_response(status: StatusCode, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
    response
}

fn error_response(error: &CognitoError) -> Response {
    let (type_name, message) = (error.type_name(), error.to_string());
    // The types of their own have a `message`; what AWS's front refuses by policy has a `Message`.
    let field = if type_name == "AccessDeniedException" { "Message" } else { "message" };
    let mut response = json_response(error.status(), &json!({ "__type": type_name, field: message }));
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::try_from(format!("{type_name}:")) {
        headers.insert(ERROR_TYPE, value);
    }
    if let Ok(value) = HeaderValue::try_from(message) {
        headers.insert(ERROR_MESSAGE, value);
    }
    response
}

/// What is asked for, in AWS JSON 1.1; empty if it is not that.
fn operation_name(headers: &HeaderMap) -> &str {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = text(header::CONTENT_TYPE).split(';').next().unwrap_or_default();
    let is_json = media_type.trim().eq_ignore_ascii_case(CONTENT_TYPE);
    text(TARGET).strip_prefix("AWSCognitoIdentityService.").filter(|_| is_json).unwrap_or_default()
}

/// The operations that take no credentials ("This is a public API").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ApiOperation {
    Id,
    Credentials,
    OpenIdToken,
    UnlinkIdentity,
}

impl ApiOperation {
    const ALL: [Self; 4] = [Self::Id, Self::Credentials, Self::OpenIdToken, Self::UnlinkIdentity];

    fn name(self) -> &'static str {
        match self {
            Self::Id => "GetId",
            Self::Credentials => "GetCredentialsForIdentity",
            Self::OpenIdToken => "GetOpenIdToken",
            Self::UnlinkIdentity => "UnlinkIdentity",
        }
    }

    fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.name() == name)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetIdInput {
    identity_pool_id: Option<String>,
    logins: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct IdentityInput {
    identity_id: Option<String>,
    logins: Option<BTreeMap<String, String>>,
    custom_role_arn: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UnlinkInput {
    identity_id: Option<String>,
    logins: Option<BTreeMap<String, String>>,
    logins_to_remove: Option<Vec<String>>,
}

impl Cognito {
    async fn answer(&self, operation: ApiOperation, body: &[u8]) -> Result<Value, CognitoError> {
        self.spoil(&[
            (Fault::CognitoThrottled, CognitoError::Throttled),
            (Fault::CognitoUnavailable, CognitoError::Internal),
            (Fault::CognitoAccessDenied, CognitoError::DeniedByOrganization { operation: operation.name() }),
            (Fault::CognitoInvalidParameter, CognitoError::InvalidProvider),
            (
                Fault::CognitoValidation,
                CognitoError::constraint(
                    "x",
                    "identityPoolId",
                    r"satisfy regular expression pattern: [\w-]+:[0-9a-f-]+",
                ),
            ),
        ])?;
        if self.shared.faults.take(Fault::CognitoIdentitiesDeleted) {
            self.identities.delete_all();
        }
        match operation {
            ApiOperation::Id => self.get_id(parse(body)?).await,
            ApiOperation::Credentials => self.get_credentials(parse(body)?).await,
            ApiOperation::OpenIdToken => self.get_open_id_token(parse(body)?).await,
            ApiOperation::UnlinkIdentity => self.unlink_identity(parse(body)?).await,
        }
    }

    async fn get_id(&self, input: GetIdInput) -> Result<Value, CognitoError> {
        self.check_pool(&input.identity_pool_id.ok_or_else(|| CognitoError::missing("identityPoolId"))?)?;
        let logins = logins_of(&self.verify_logins(input.logins.unwrap_or_default()).await?);
        if logins.is_empty() && !self.shared.options.allow_guests {
            return Err(CognitoError::GuestsDisabled);
        }
        self.spoil(&[(Fault::CognitoLimitExceeded, CognitoError::LimitExceeded)])?;
        let identity = self.identities.find_or_create(&logins)?;
        Ok(json!({ "IdentityId": identity }))
    }

    async fn get_credentials(&self, input: IdentityInput) -> Result<Value, CognitoError> {
        let asked_identity = check_identity_id(input.identity_id)?;
        input.custom_role_arn.as_deref().map(check_role_arn).transpose()?;
        let verified = self.verify_logins(input.logins.unwrap_or_default()).await?;
        self.spoil(&[
            (Fault::CognitoIdentityForbidden, CognitoError::IdentityForbidden(asked_identity.clone())),
            (Fault::CognitoIdentityNotFound, CognitoError::IdentityNotFound(asked_identity.clone())),
            (Fault::CognitoLoginsMismatch, CognitoError::LoginsDoNotMatch),
            (Fault::CognitoLoginLinkedElsewhere, CognitoError::LoginLinkedElsewhere),
        ])?;
        let identity = self.resolve_identity(&asked_identity, &logins_of(&verified))?;
        self.spoil(&[
            (Fault::CognitoRolesMisconfigured, CognitoError::RolesMisconfigured),
            (Fault::CognitoRoleRulesDenied, CognitoError::RoleRulesDenied(first_provider(&verified))),
        ])?;
        let assumed = roles::assume(&self.shared, &self.roles, &identity, &verified, input.custom_role_arn)?;
        let credentials = self.credentials.issue(&identity, &assumed.role_arn, assumed.session);
        #[expect(clippy::cast_precision_loss, reason = "exact for the next hundred million years")]
        let expiration = credentials.expires_at as f64;
        Ok(json!({
            "IdentityId": identity,
            "Credentials": {
                "AccessKeyId": credentials.access_key_id,
                "SecretKey": credentials.secret_access_key,
                "SessionToken": credentials.session_token,
                "Expiration": expiration,
            },
        }))
    }

    async fn get_open_id_token(&self, input: IdentityInput) -> Result<Value, CognitoError> {
        let asked_identity = check_identity_id(input.identity_id)?;
        if !self.shared.options.allow_classic_flow {
            return Err(CognitoError::ClassicFlowDisabled);
        }
        let logins = logins_of(&self.verify_logins(input.logins.unwrap_or_default()).await?);
        let identity = self.resolve_identity(&asked_identity, &logins)?;
        let token = self.tokens.issue(&identity, &logins).await?;
        Ok(json!({ "IdentityId": identity, "Token": token }))
    }

    /// An answer without a body ("UnlinkIdentity", API reference): a JSON document all the same.
    async fn unlink_identity(&self, input: UnlinkInput) -> Result<Value, CognitoError> {
        let identity = check_identity_id(input.identity_id)?;
        let logins = input.logins.ok_or_else(|| CognitoError::missing("logins"))?;
        let providers = input.logins_to_remove.ok_or_else(|| CognitoError::missing("loginsToRemove"))?;
        self.identities.check_known(&identity)?;
        let logins = logins_of(&self.verify_logins(logins).await?);
        self.identities.unlink(&identity, &logins, &providers)?;
        Ok(json!({}))
    }

    fn resolve_identity(&self, identity: &str, logins: &[Login]) -> Result<String, CognitoError> {
        // Its identities went with the pool.
        if !self.has_pool() {
            return Err(CognitoError::IdentityNotFound(identity.to_owned()));
        }
        let resolved = self.identities.resolve(identity, logins)?;
        if logins.is_empty() && !self.shared.options.allow_guests {
            return Err(CognitoError::GuestsDisabled);
        }
        Ok(resolved)
    }

    async fn verify_logins(&self, logins: BTreeMap<String, String>) -> Result<Vec<Verified>, CognitoError> {
        if logins.len() > MAX_LOGINS {
            return Err(CognitoError::Validation(format!("Logins may hold {MAX_LOGINS} entries.")));
        }
        if let Some(provider) = logins.keys().next()
            && self.shared.faults.take(Fault::CognitoProviderUnreachable)
        {
            return Err(CognitoError::ProviderUnreachable(provider.chars().take(MAX_PROVIDER_NAME).collect()));
        }
        let mut verified = Vec::with_capacity(logins.len());
        for (provider, token) in logins {
            // A token is a secret: the message names the rule and not the value.
            if provider.is_empty() || provider.len() > MAX_PROVIDER_NAME || token.is_empty() || token.len() > MAX_TOKEN
            {
                return Err(CognitoError::Validation(format!(
                    "Logins keys have 1 to {MAX_PROVIDER_NAME} characters and values 1 to {MAX_TOKEN}."
                )));
            }
            verified.push(self.providers.verify(&provider, &token).await?);
        }
        if !verified.is_empty() {
            let now = self.shared.clock.unix_now();
            self.spoil(&[
                (Fault::CognitoUnsupportedProvider, CognitoError::UnsupportedProvider),
                (Fault::CognitoIssuerMismatch, CognitoError::IssuerMismatch),
                (Fault::CognitoMissingAudience, CognitoError::MissingClaim("aud")),
                (Fault::CognitoTokenUnverified, CognitoError::UnverifiedToken),
                (Fault::CognitoOwnToken, CognitoError::CognitoToken),
                (Fault::CognitoLoginMissing, CognitoError::GuestsDisabled),
                (Fault::CognitoTokenExpired, CognitoError::TokenExpired { now, exp: now }),
                (Fault::CognitoNotAnIdToken, CognitoError::NotAnIdToken),
            ])?;
        }
        Ok(verified)
    }

    /// Fails as the first of these faults that is switched on wants it.
    fn spoil(&self, faults: &[(Fault, CognitoError)]) -> Result<(), CognitoError> {
        match faults.iter().find(|(fault, _)| self.shared.faults.take(*fault)) {
            Some((_, error)) => Err(error.clone()),
            None => Ok(()),
        }
    }

    fn has_pool(&self) -> bool {
        !self.shared.faults.holds(Fault::CognitoPoolMissing)
    }

    fn check_pool(&self, pool: &str) -> Result<(), CognitoError> {
        let options = &self.shared.options;
        if id_region(pool).is_none() {
            return Err(CognitoError::constraint(
                pool,
                "identityPoolId",
                r"satisfy regular expression pattern: [\w-]+:[0-9a-f-]+",
            ));
        }
        // A pool of another region is none of this one's.
        if pool == options.identity_pool_id && self.has_pool() {
            Ok(())
        } else {
            Err(CognitoError::PoolNotFound(pool.to_owned()))
        }
    }
}

/// Of the login that counts for the choice of a role.
fn first_provider(verified: &[Verified]) -> String {
    verified.first().map(|verified| verified.login.provider.clone()).unwrap_or_default()
}

fn logins_of(verified: &[Verified]) -> Vec<Login> {
    verified.iter().map(|verified| verified.login.clone()).collect()
}

fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, CognitoError> {
    serde_json::from_slice(body).map_err(|_| CognitoError::Serialization)
}

fn check_identity_id(id: Option<String>) -> Result<String, CognitoError> {
    let id = id.ok_or_else(|| CognitoError::missing("identityId"))?;
    match id_region(&id) {
        Some(_) => Ok(id),
        None => {
            Err(CognitoError::constraint(&id, "identityId", r"satisfy regular expression pattern: [\w-]+:[0-9a-f-]+"))
        }
    }
}

fn check_role_arn(arn: &str) -> Result<(), CognitoError> {
    let must = |bound| Err(CognitoError::constraint(arn, "customRoleArn", bound));
    match arn.len() {
        0..20 => must("have length greater than or equal to 20"),
        20..=2048 => Ok(()),
        _ => must("have length less than or equal to 2048"),
    }
}

/// The region of a pool's or identity's id if the id has the form `[\w-]+:[0-9a-f-]+` and at most 55 characters.
fn id_region(id: &str) -> Option<&str> {
    let (region, rest) = id.split_once(':')?;
    let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    let is_hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f' | b'-');
    let fits = !region.is_empty() && !rest.is_empty() && id.len() <= MAX_ID;
    (fits && region.bytes().all(is_word) && rest.bytes().all(is_hex)).then_some(region)
}
