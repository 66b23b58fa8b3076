//! AWS STS: AssumeRoleWithWebIdentity, which needs no credentials, and GetCallerIdentity; what else there is is authorized
//! and then refused by name. Sources: AWS STS API reference (botocore's model of 2011-06-15); the wire is AWS's query
//! protocol (Smithy specification, "AWS query protocol").

mod error;
mod other_services;
mod parameters;
mod web_identity;
mod xml;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::head;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};

use self::error::StsError;
use self::parameters::Parameters;
use self::xml::{element, wrap};
use crate::credentials::{CredentialRegistry, TemporaryCredentials};
use crate::faults::Fault;
use crate::iam;
use crate::issuer_keys::IssuerKeys;
use crate::random_ids::random_uuid;
use crate::request_log::Operation;
use crate::role_session::Roles;
use crate::shared::Shared;
use crate::sigv4::{ReceivedRequest, ServiceRules, SigV4Error, verify};

/// A token of 20,000 characters and a policy of 2,048, all of them encoded.
pub(crate) const MAX_BODY: usize = 256 * 1024;

const VERSION: &str = "2011-06-15";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
/// The region of `sts.amazonaws.com`, which serves everybody ("Manage AWS STS in an AWS Region", IAM user guide).
const GLOBAL_REGION: &str = "us-east-1";

struct Sts {
    shared: Arc<Shared>,
    credentials: Arc<CredentialRegistry>,
    roles: Arc<Roles>,
    keys: IssuerKeys,
}

/// STS, which puts the credentials it gives into `credentials`.
pub(crate) fn router(shared: Arc<Shared>, credentials: Arc<CredentialRegistry>, roles: Arc<Roles>) -> Router {
    let keys = IssuerKeys::new(Arc::clone(&shared));
    let sts = Arc::new(Sts { shared, credentials, roles, keys });
    Router::new().route("/", head(warm_up).get(call).post(call)).fallback(not_here).with_state(sts)
}

/// STS has one path.
async fn not_here(request: Request) -> Response {
    let (parts, _) = request.into_parts();
    match other_services::find(&parts) {
        Some(service) => other_services::refuse_in_json(&service),
        None => other_services::not_found(),
    }
}

/// A connection is opened with this; there is nothing to say.
async fn warm_up() -> Response {
    Response::new(Body::empty())
}

async fn call(State(sts): State<Arc<Sts>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let other = other_services::find(&parts);
    if let Some(service) = other.as_ref().filter(|_| !other_services::speaks_the_query_protocol(&parts)) {
        return other_services::refuse_in_json(service);
    }
    let request_id = random_uuid();
    let (action, answer) = match to_bytes(body, MAX_BODY).await {
        Ok(body) => sts.answer(&parts, &body).await,
        Err(_) => (None, Err(StsError::malformed("The body is too large or could not be read."))),
    };
    // What is an operation of STS is told what STS says of a signature for another service.
    let answer = match (action, other) {
        (None, Some(service)) => Err(StsError::not_imitated(&service)),
        _ => answer,
    };
    let (status, xml) = match answer {
        Ok(result) => {
            let name = action.map_or("", |action| action.name);
            let result = wrap(&format!("{name}Result"), &result);
            let metadata = wrap("ResponseMetadata", &element("RequestId", &request_id));
            let xml = format!(
                "<{name}Response xmlns=\"https://sts.amazonaws.com/doc/{VERSION}/\">{result}{metadata}</{name}Response>"
            );
            (StatusCode::OK, xml)
        }
        Err(error) => {
            let facts = [("Type", error.kind()), ("Code", error.code), ("Message", &error.message)];
            let facts: String = facts.iter().map(|(name, text)| element(name, text)).collect();
            let content = format!("{}{}", wrap("Error", &facts), element("RequestId", &request_id));
            (error.status, format!("<ErrorResponse xmlns=\"{}\">{content}</ErrorResponse>", error.namespace))
        }
    };
    let mut response = Response::new(Body::from(xml));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    if let Ok(id) = HeaderValue::try_from(request_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response.extensions_mut().insert(Operation(action.map_or("unsupported", |action| action.name)));
    response
}

/// An operation and what it takes.
struct Action {
    name: &'static str,
    kind: Kind,
}

enum Kind {
    WebIdentity,
    /// Without a signature too.
    Saml,
    CallerIdentity,
    /// Only for users: "you cannot call the STS GetFederationToken or GetSessionToken API operations"
    /// (AssumeRoleWithWebIdentity, "Permissions"), and nobody here is a user.
    UsersOnly,
    /// On a role, which is the parameter of this name.
    OnRole(&'static str),
    /// On no resource.
    OnAnything,
}

impl Action {
    fn is_signed(&self) -> bool {
        !matches!(self.kind, Kind::WebIdentity | Kind::Saml)
    }
}

/// What is said to any request, to signed ones, and to those that bring a token.
const ANY_FAULTS: &[Fault] = &[Fault::StsInternalFailure, Fault::StsUnavailable, Fault::StsRegionDisabled];
const SIGNED_FAULTS: &[Fault] = &[Fault::StsUnknownAccessKey, Fault::StsCredentialsExpired];
const WEB_IDENTITY_FAULTS: &[Fault] = &[
    Fault::StsClaimRejected,
    Fault::StsTokenExpired,
    Fault::StsTokenUnverified,
    Fault::StsThumbprintDiffers,
    Fault::StsPackedPolicyTooLarge,
    Fault::StsDurationTooLong,
    Fault::StsAccessDenied,
];

const ROLE_FAULTS: &[Fault] = &[Fault::StsAssumeRoleDenied, Fault::StsTagSessionDenied, Fault::StsChainingTooLong];

/// All there are in botocore's model.
const ACTIONS: &[Action] = &[
    Action { name: "AssumeRole", kind: Kind::OnRole("RoleArn") },
    Action { name: "AssumeRoleWithSAML", kind: Kind::Saml },
    Action { name: "AssumeRoleWithWebIdentity", kind: Kind::WebIdentity },
    Action { name: "AssumeRoot", kind: Kind::OnAnything },
    Action { name: "DecodeAuthorizationMessage", kind: Kind::OnAnything },
    Action { name: "GetAccessKeyInfo", kind: Kind::OnAnything },
    Action { name: "GetCallerIdentity", kind: Kind::CallerIdentity },
    Action { name: "GetDelegatedAccessToken", kind: Kind::OnAnything },
    Action { name: "GetFederationToken", kind: Kind::UsersOnly },
    Action { name: "GetSessionToken", kind: Kind::UsersOnly },
    Action { name: "GetWebIdentityToken", kind: Kind::OnAnything },
];

impl Sts {
    async fn answer(&self, parts: &Parts, body: &[u8]) -> (Option<&'static Action>, Result<String, StsError>) {
        let form = if parts.method == Method::POST { body } else { &[] };
        let parameters = match Parameters::read(parts.uri.query().unwrap_or_default(), form) {
            Ok(parameters) => parameters,
            Err(error) => return (None, Err(error)),
        };
        let Some(asked) = parameters.get("Action") else { return (None, Err(StsError::missing_action())) };
        let action = ACTIONS.iter().find(|action| action.name == asked);
        let (Some(action), Some(VERSION)) = (action, parameters.get("Version")) else {
            return (None, Err(StsError::invalid_action(asked, parameters.get("Version"))));
        };
        if self.shared.faults.take(Fault::StsThrottled) {
            return (Some(action), Err(StsError::throttled()));
        }
        let faults: &[&[Fault]] = match action.name {
            "AssumeRole" => &[ANY_FAULTS, SIGNED_FAULTS, ROLE_FAULTS],
            _ if action.is_signed() => &[ANY_FAULTS, SIGNED_FAULTS],
            _ => &[ANY_FAULTS, WEB_IDENTITY_FAULTS],
        };
        if let Some(mut error) = self.shared.faults.take_answer(&faults.concat()).map(StsError::from) {
            if Some(error.code) == Fault::StsTokenExpired.answer().map(|answer| answer.code) {
                let now = self.shared.clock.unix_now();
                error.message += &format!("{now} must be before the expiration date/time {now}");
            }
            return (Some(action), Err(error));
        }
        (Some(action), self.carry_out(action, parts, body, parameters).await)
    }

    async fn carry_out(
        &self,
        action: &Action,
        parts: &Parts,
        body: &[u8],
        parameters: Parameters,
    ) -> Result<String, StsError> {
        match action.kind {
            Kind::WebIdentity => return self.assume_role_with_web_identity(parameters).await,
            Kind::Saml => return Err(StsError::not_imitated(action.name)),
            _ => {}
        }
        let signer = self.find_signer(parts, body)?;
        let resource = match action.kind {
            Kind::CallerIdentity => return Ok(self.describe(&signer)),
            Kind::UsersOnly => {
                return Err(StsError::access_denied(format!("Cannot call {} with session credentials", action.name)));
            }
            Kind::OnRole(name) => parameters.get(name).unwrap_or_default(),
            _ => "*",
        };
        let permission = format!("sts:{}", action.name);
        self.roles.decide(&signer, &permission, resource).map_err(|why| {
            let because = match why {
                iam::Refusal::NotAllowed => format!("because no identity-based policy allows the {permission} action"),
                _ => "with an explicit deny in an identity-based policy".to_owned(),
            };
            let caller = signer.assumed_role_arn();
            let resource = if resource == "*" { String::new() } else { format!(" on resource: {resource}") };
            StsError::access_denied(format!(
                "User: {caller} is not authorized to perform: {permission}{resource} {because}"
            ))
        })?;
        Err(StsError::not_imitated(action.name))
    }

    /// The endpoint stands for that of the region and for the global one.
    fn find_signer(&self, parts: &Parts, body: &[u8]) -> Result<Arc<TemporaryCredentials>, StsError> {
        let received = ReceivedRequest { method: &parts.method, uri: &parts.uri, headers: &parts.headers, body };
        let verify_in =
            |region| verify(&ServiceRules::STS, region, received, &self.credentials, self.shared.clock.now());
        match verify_in(&self.shared.options.region) {
            Err(SigV4Error::WrongRegion { .. }) => Ok(verify_in(GLOBAL_REGION)?),
            decided => Ok(decided?),
        }
    }

    /// GetCallerIdentity. "No permissions are required to perform this operation", an explicit deny included.
    fn describe(&self, signer: &TemporaryCredentials) -> String {
        let facts = [
            ("Arn", signer.assumed_role_arn()),
            ("UserId", self.roles.session_id(signer)),
            ("Account", self.roles.account().to_owned()),
        ];
        facts.iter().map(|(name, text)| element(name, text)).collect()
    }
}
