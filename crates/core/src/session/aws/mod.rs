//! AWS's side of a session: the identity and its credentials. It knows nothing of Okta; an ID token is a text to it.

mod credentials;

pub(crate) use credentials::PoolCredentials;
