//! The Okta side: discovery, the authorization request, the token endpoint, the ID token's rules, userinfo, logout.

pub(crate) mod authorization;
pub(crate) mod discovery;
pub(crate) mod id_token;
pub(crate) mod keys;
pub(crate) mod logout;
pub(crate) mod probe;
pub(crate) mod redirect;
pub(crate) mod token;
pub(crate) mod userinfo;
mod verifying_key;
