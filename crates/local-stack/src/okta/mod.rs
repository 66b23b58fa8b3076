//! An authorization server that behaves like Okta's: a custom one at `/oauth2/default` and the org's own. Strict where
//! Okta is strict, with Okta's paths, claims and both of its error shapes.

mod application;
mod authorization_response;
mod authorization_server;
mod authorize;
mod call;
mod cookies;
mod errors;
mod expiring;
mod grants;
mod id_token;
mod keys;
mod logout;
mod metadata;
mod org;
mod pages;
mod parameters;
mod redirect;
mod request;
mod revoke;
mod router;
mod scopes;
mod server_kind;
mod sessions;
mod sign_in;
mod token;
mod userinfo;

pub(crate) use org::Okta;
pub(crate) use router::router;
