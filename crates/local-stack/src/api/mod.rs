//! An HTTP API of API Gateway: routes, authorization by the signature of the request (`AWS_IAM`), and the functions behind
//! them. With a template it is the template's, else the one below. Sources: "Control access to HTTP APIs with IAM
//! authorization" and "Quotas for configuring and running an HTTP API", API Gateway developer guide.
//!
//! An HTTP API says `{"message":"Forbidden"}` whatever is wrong with a signature or a permission (aws/aws-cdk#21182,
//! anomalyco/sst#6336); the sentences of AWS's "How do I troubleshoot HTTP 403 errors from API Gateway?" ("Missing
//! Authentication Token", "The security token included in the request is expired") and `x-amzn-errortype` are REST APIs'.

mod answer;
mod event;
mod functions;
mod routes;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};

use self::answer::{FunctionAnswer, Refusal};
use self::routes::{Found, find};
use crate::credentials::{CredentialRegistry, TemporaryCredentials};
use crate::faults::Fault;
use crate::random_ids::random_bytes;
use crate::request_log::Operation;
use crate::role_session::{API_ID, Roles};
use crate::shared::Shared;
use crate::sigv4::{ReceivedRequest, ServiceRules, decode_percent, verify};
use crate::template::{Authorization, DEFAULT_STAGE, Function, HttpApi, Route};

/// "Payload size: 10 MB".
pub(crate) const MAX_BODY: usize = 10 * 1024 * 1024;
/// "Total combined size of request line and header values: 10240 bytes".
const MAX_HEAD: usize = 10_240;
const REQUEST_ID: HeaderName = HeaderName::from_static("apigw-requestid");

/// What comes in place of the API's answer, with `x-amzn-errortype`, as from other kinds of API than the stack's.
const FAULTS: &[Fault] = &[
    Fault::ApiMethodMissing,
    Fault::ApiForbidden,
    Fault::ApiUnauthorized,
    Fault::ApiTokenExpired,
    Fault::ApiSecurityTokenInvalid,
    Fault::ApiUnknownAccessKey,
    Fault::ApiSignatureExpired,
    Fault::ApiSignatureEarly,
    Fault::ApiSignatureMisplaced,
    Fault::ApiSignatureMismatch,
    Fault::ApiSignatureIncomplete,
];

/// The API of a stack without a template. Signed-in users may invoke all of it but `/denied`, guests `GET /echo`. It has a
/// `GET /`, which `jetbridge doctor` tries: where there is none, "Not Found" does not tell a wrong stage from a right one.
fn demo_api() -> HttpApi {
    let route = |key: &str, function| Route { key: key.to_owned(), authorization: Authorization::Iam, function };
    HttpApi {
        id: API_ID.to_owned(),
        stages: vec![DEFAULT_STAGE.to_owned()],
        routes: vec![
            route("GET /", Function::Echo),
            route("GET /echo", Function::Echo),
            route("POST /echo", Function::Echo),
            route("GET /echo/{proxy+}", Function::Echo),
            route("GET /denied", Function::Echo),
            route("ANY /status/{code}", Function::Status),
            route("GET /slow/{milliseconds}", Function::Slow),
        ],
    }
}

struct Gateway {
    shared: Arc<Shared>,
    credentials: Arc<CredentialRegistry>,
    roles: Arc<Roles>,
    /// Of a stack without a template.
    demo: HttpApi,
}

/// The API for whoever `credentials` knows and their role permits.
pub(crate) fn router(shared: Arc<Shared>, credentials: Arc<CredentialRegistry>, roles: Arc<Roles>) -> Router {
    let gateway = Gateway { shared, credentials, roles, demo: demo_api() };
    Router::new().fallback(handle).with_state(Arc::new(gateway))
}

async fn handle(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let request_id = STANDARD.encode(random_bytes::<11>());
    let (operation, answer) = match to_bytes(body, MAX_BODY).await {
        Ok(body) => gateway.answer(&parts, &body, &request_id).await,
        // Status by "Quotas"; the words are not found there.
        Err(_) => ("unmatched", Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"))),
    };
    let answer = answer.unwrap_or_else(|refusal| refusal.to_answer());
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    for (name, value) in answer.headers {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(id) = HeaderValue::try_from(request_id) {
        headers.insert(REQUEST_ID, id);
    }
    response.extensions_mut().insert(Operation(operation));
    response
}

impl Gateway {
    /// What it was, for the log, and the answer.
    async fn answer(
        &self,
        parts: &Parts,
        body: &Bytes,
        request_id: &str,
    ) -> (&'static str, Result<FunctionAnswer, Refusal>) {
        let values: usize = parts.headers.values().map(HeaderValue::len).sum();
        if parts.method.as_str().len() + parts.uri.to_string().len() + values > MAX_HEAD {
            // Neither status nor words are found.
            let refusal = Refusal::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "Request Header Fields Too Large");
            return ("unmatched", Err(refusal));
        }
        let api = match self.shared.deployment() {
            Some(deployment) => deployment.api.as_ref(),
            None => Some(&self.demo),
        };
        let path = String::from_utf8_lossy(&decode_percent(parts.uri.path())).into_owned();
        let found = api.and_then(|api| Some((api, find(api, &parts.method, parts.uri.path())?)));
        let Some((api, found)) = found else {
            let is_probe = parts.method == Method::HEAD
                && parts.uri.path() == "/"
                && !parts.headers.contains_key(header::AUTHORIZATION);
            return (if is_probe { "warm_up" } else { "unmatched" }, Err(Refusal::not_found()));
        };
        let operation = functions::name(&found.route.function);
        (operation, self.invoke(api, &found, parts, body, &path, request_id).await)
    }

    async fn invoke(
        &self,
        api: &HttpApi,
        found: &Found<'_>,
        parts: &Parts,
        body: &Bytes,
        path: &str,
        request_id: &str,
    ) -> Result<FunctionAnswer, Refusal> {
        let signer = match found.route.authorization {
            Authorization::None => None,
            Authorization::Iam => Some(self.authorize(api, found, parts, body)?),
        };
        if self.shared.faults.take(Fault::ApiThrottled) {
            return Err(Refusal::new(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests"));
        }
        let caller = signer.map(|signer| event::describe_caller(&signer, &self.roles, &self.shared));
        let received = event::Received {
            parts,
            body,
            path,
            request_id,
            api_id: &api.id,
            account: self.roles.account(),
            now: self.shared.clock.now(),
        };
        functions::run(&found.route.function, &event::build(&received, found, caller)).await
    }

    /// `execute-api:Invoke` on the route as it was asked for ("Resource format of permissions for executing API in API
    /// Gateway"), decoded as the path is that chose it: else a path could be written so that no statement is about it.
    fn authorize(
        &self,
        api: &HttpApi,
        found: &Found<'_>,
        parts: &Parts,
        body: &Bytes,
    ) -> Result<Arc<TemporaryCredentials>, Refusal> {
        if self.shared.faults.take(Fault::ApiCredentialsRefused) {
            return Err(Refusal::forbidden());
        }
        if let Some(answer) = self.shared.faults.take_answer(FAULTS) {
            return Err(answer.into());
        }
        let received = ReceivedRequest { method: &parts.method, uri: &parts.uri, headers: &parts.headers, body };
        let region = &self.shared.options.region;
        let signer = verify(&ServiceRules::EXECUTE_API, region, received, &self.credentials, self.shared.clock.now());
        let signer = signer.map_err(|error| {
            tracing::debug!(code = error.code(), "the API refuses a signature");
            Refusal::forbidden()
        })?;
        let resource = format!(
            "arn:aws:execute-api:{region}:{}:{}/{}/{}/{}",
            self.roles.account(),
            api.id,
            found.stage,
            parts.method,
            found.path
        );
        if let Some(answer) = self.shared.faults.take_answer(&[Fault::ApiAccessDenied]) {
            let starred =
                resource.replacen(self.roles.account(), &format!("********{}", &self.roles.account()[8..]), 1);
            let message = format!("User: {} {}{starred}", signer.assumed_role_arn(), answer.message);
            return Err(Refusal { message, ..answer.into() });
        }
        match self.roles.decide(&signer, "execute-api:Invoke", &resource) {
            Ok(()) => Ok(signer),
            Err(_) => Err(Refusal::forbidden()),
        }
    }
}
