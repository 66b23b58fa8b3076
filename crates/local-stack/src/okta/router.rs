//! Which path leads to which endpoint, for both authorization servers.

use std::future::ready;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, on};
use http::{HeaderMap, Method, Uri};

use super::authorization_server::AuthorizationServer;
use super::call::Call;
use super::errors::{ApiError, OAuthError, RATE_LIMIT_RESET, no_such_server};
use super::org::Okta;
use super::server_kind::ServerKind;
use super::{authorize, logout, metadata, revoke, sign_in, token, userinfo};
use crate::faults::Fault;
use crate::request_log::Operation;

/// The token endpoint's name in the request log.
const TOKEN: &str = "token";
const RATE_LIMITED: u16 = 429;

type Handler = fn(&AuthorizationServer, &Call) -> Response;

/// Both servers' endpoints and the sign-in page.
pub(crate) fn router(okta: &Arc<Okta>) -> Router {
    let server = |kind| AuthorizationServer { okta: Arc::clone(okta), kind, asked_origin: None };
    let custom = server(ServerKind::Custom);
    let custom_path = custom.base_path();
    Router::new()
        .merge(server_routes(&custom_path, custom))
        .merge(server_routes("", server(ServerKind::Org)))
        .fallback(|uri: Uri| ready(not_found(&uri)))
        .method_not_allowed_fallback(|| ready(ApiError::MethodNotAllowed.to_response()))
}

/// A path nobody has, or an authorization server.
fn not_found(uri: &Uri) -> Response {
    let asked = uri.path().strip_prefix("/oauth2/").and_then(|rest| rest.split_once('/')).map(|(id, _)| id);
    match asked {
        Some(id) if !["v1", "default"].contains(&id) => no_such_server(id),
        _ => ApiError::NotFound.to_response(),
    }
}

fn server_routes(issuer_path: &str, server: AuthorizationServer) -> Router {
    const GET: MethodFilter = MethodFilter::GET;
    const POST: MethodFilter = MethodFilter::POST;
    let base = server.base_path();
    let at = |name: &str| format!("{base}/v1/{name}");
    let well_known = |name: &str| format!("{issuer_path}/.well-known/{name}");
    // A custom server's OAuth metadata is in two places: as RFC 8414 has it (concepts/auth-servers), and beside the other
    // document (reference/api/oidc of 2024-08-21).
    let mut metadata_paths = vec![
        well_known("openid-configuration"),
        well_known("oauth-authorization-server"),
        format!("/.well-known/oauth-authorization-server{issuer_path}"),
    ];
    metadata_paths.dedup();
    let mut router = Router::new();
    for path in metadata_paths {
        router = router.route(&path, endpoint(GET, "discovery", metadata::discovery));
    }
    router
        .route(&at("keys"), endpoint(GET, "keys", metadata::keys))
        .route(&at("authorize"), endpoint(GET.or(POST), "authorize", authorize::authorize))
        .route(&at("authorize/sign-in"), endpoint(POST, "sign_in", sign_in::submit))
        .route(&at("par"), endpoint(POST, "par", authorize::push_request))
        .route(&at("token"), endpoint(POST, TOKEN, token::token))
        .route(&at("userinfo"), endpoint(GET.or(POST), "userinfo", userinfo::userinfo))
        .route(&at("revoke"), endpoint(POST, "revoke", revoke::revoke))
        .route(&at("logout"), endpoint(GET.or(POST), "logout", logout::logout))
        .with_state(server)
}

/// No endpoint waits for anything by itself, so all are plain functions; this lets the router call one and names what it
/// did.
fn endpoint(methods: MethodFilter, operation: &'static str, handler: Handler) -> MethodRouter<AuthorizationServer> {
    let call = move |State(server): State<AuthorizationServer>,
                     method: Method,
                     headers: HeaderMap,
                     RawQuery(query): RawQuery,
                     body: Bytes| {
        let call = Call { method, headers, query: query.unwrap_or_default(), body };
        async move {
            if operation == TOKEN
                && let Some(time) = server.okta.shared.faults.take_slowness()
            {
                tokio::time::sleep(time).await;
            }
            let server = server.asked_by(&call.headers);
            let mut response = refuse(&server, operation).unwrap_or_else(|| handler(&server, &call));
            response.extensions_mut().insert(Operation(operation));
            response
        }
    };
    on(methods, call)
}

/// What Okta says before an endpoint of the authorization server gets to see a request. The browser's are pages.
fn refuse(server: &AuthorizationServer, operation: &str) -> Option<Response> {
    const FAULTS: &[Fault] = &[
        Fault::OktaFeatureMissing,
        Fault::OktaPermissionMissing,
        Fault::OktaResourceMissing,
        Fault::OktaInternalError,
        Fault::OktaReadOnly,
        Fault::OktaRateLimited,
    ];
    if ["authorize", "sign_in", "logout"].contains(&operation) {
        return None;
    }
    if let Some(answer) = server.find_missing_feature().filter(|_| !["discovery", "keys"].contains(&operation)) {
        return Some(OAuthError::from(answer).to_response());
    }
    let error = match server.okta.shared.faults.take_answer(FAULTS)? {
        answer if answer.status == RATE_LIMITED => {
            ApiError::RateLimited { reset: server.okta.now() + RATE_LIMIT_RESET }
        }
        answer => ApiError::Fault(answer),
    };
    Some(error.to_response())
}
