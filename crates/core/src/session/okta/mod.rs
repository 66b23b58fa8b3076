//! Okta's side of a session: signing in, fresh tokens, the profile, taking tokens back. It knows nothing of AWS.

mod profile;
mod requests;
mod server;
mod sign_in;
mod tokens;
mod waiting;

pub(crate) use profile::ProfileReader;
pub use requests::{AuthorizationRequest, LoginOptions};
pub(crate) use server::AuthorizationServer;
pub(crate) use sign_in::{FailedSignIn, SignInStep, SignIns};
pub use tokens::AccessToken;
pub(crate) use tokens::TokenRenewal;
