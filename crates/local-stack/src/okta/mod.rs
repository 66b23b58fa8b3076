//! An authorization server that behaves like Okta's: a custom one at `/oauth2/default` and the org's own. Strict where
//! Okta is strict, with Okta's paths, claims and both of its error shapes.

mod authorize;
mod cookies;
mod errors;
mod expiring;
mod grants;
mod id_token;
mod keys;
mod logout;
mod metadata;
mod pages;
mod parameters;
mod request;
mod revoke;
mod scopes;
mod sign_in;
mod token;
mod userinfo;

use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, on};
use http::{HeaderMap, Method};

use crate::jws::SigningKey;
use crate::options::DemoUser;
use crate::random_ids::random_text;
use crate::request_log::Operation;
use crate::shared::Shared;
use errors::ApiError;
use grants::Grants;
use keys::KeyRing;
use parameters::is_form;
use sign_in::SignIns;

/// What both authorization servers share: keys, grants, and the sign-ins under way.
pub(crate) struct Okta {
    shared: Arc<Shared>,
    keys: KeyRing,
    grants: Mutex<Grants>,
    sign_ins: Mutex<SignIns>,
}

impl Okta {
    pub(crate) fn new(shared: Arc<Shared>, first_key: SigningKey) -> Self {
        Self {
            shared,
            keys: KeyRing::new(first_key),
            grants: Mutex::new(Grants::default()),
            sign_ins: Mutex::new(SignIns::default()),
        }
    }

    pub(crate) fn keys(&self) -> &KeyRing {
        &self.keys
    }

    fn grants(&self) -> MutexGuard<'_, Grants> {
        self.grants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sign_ins(&self) -> MutexGuard<'_, SignIns> {
        self.sign_ins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> i64 {
        self.shared.clock.unix_now()
    }

    fn user(&self, id: &str) -> Option<&DemoUser> {
        self.shared.options.users.iter().find(|user| user.id == id)
    }

    /// A fresh secret of 256 random bits, noted among the issued ones.
    fn create_secret(&self) -> String {
        let secret = random_text(32);
        self.shared.issued.record(&secret);
        secret
    }
}

/// Which of the two kinds of authorization server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ServerKind {
    /// `…/oauth2/default`, or the id that the template has: its access tokens are JWTs, access policies apply.
    Custom,
    /// The org's own server, whose issuer is the bare origin: its access tokens are opaque.
    Org,
}

/// One of the two authorization servers.
#[derive(Clone)]
struct AuthorizationServer {
    okta: Arc<Okta>,
    kind: ServerKind,
}

impl AuthorizationServer {
    fn issuer(&self) -> String {
        match self.kind {
            ServerKind::Custom => self.okta.shared.custom_issuer(),
            ServerKind::Org => self.okta.shared.org_issuer(),
        }
    }

    /// The path under which the endpoints lie; the org's are not below its issuer's path.
    fn base_path(&self) -> String {
        match self.kind {
            ServerKind::Custom => format!("/oauth2/{}", self.okta.shared.custom_server_id()),
            ServerKind::Org => "/oauth2".to_owned(),
        }
    }

    fn endpoint(&self, name: &str) -> String {
        format!("{}{}/v1/{name}", self.okta.shared.org_issuer(), self.base_path())
    }
}

/// What an endpoint gets to see of a request.
struct Call {
    method: Method,
    headers: HeaderMap,
    query: String,
    body: Bytes,
}

impl Call {
    /// The parameters of an endpoint that takes them in the query or as a posted form, still encoded. Of a POST the
    /// query does not count (OpenID Connect Core section 3.1.2.1; Okta's "authorizeWithPost").
    fn encoded_parameters(&self) -> &[u8] {
        match self.method {
            Method::POST if is_form(&self.headers) => &self.body,
            Method::POST => &[],
            _ => self.query.as_bytes(),
        }
    }
}

/// The token endpoint's name in the request log.
const TOKEN: &str = "token";

type Handler = fn(&AuthorizationServer, &Call) -> Response;

/// Both servers' endpoints and the sign-in page.
pub(crate) fn router(okta: &Arc<Okta>) -> Router {
    let custom = AuthorizationServer { okta: Arc::clone(okta), kind: ServerKind::Custom };
    let custom_path = custom.base_path();
    let org = AuthorizationServer { okta: Arc::clone(okta), kind: ServerKind::Org };
    Router::new()
        .merge(server_routes(&custom_path, custom))
        .merge(server_routes("", org))
        .fallback(|| ready(ApiError::NotFound.to_response()))
        .method_not_allowed_fallback(|| ready(ApiError::MethodNotAllowed.to_response()))
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
            let mut response = handler(&server, &call);
            response.extensions_mut().insert(Operation(operation));
            response
        }
    };
    on(methods, call)
}
