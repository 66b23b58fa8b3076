//! The session: who is signed in, and AWS credentials for as long as Okta agrees.
//!
//! ```text
//! session.rs, builder.rs          what apps hold: each method hands on to a part
//! renewal.rs, listing.rs, …       where the two sides meet
//! diagnose/                       the chain, link by link, for a person who asks what is wrong
//! okta/          aws/             Okta's tokens; AWS's identity and credentials: neither knows the other
//! vault/                          the place in the store: save, then publish
//! published/     tasks/           what apps see; how work is run
//! stored/                         what is kept: pure
//! ```
//! A part knows those below it and gets what it needs by its constructor.

mod accounts;
mod api;
mod aws;
mod background;
mod builder;
mod claims;
mod connections;
mod details;
mod diagnose;
mod listing;
mod names;
mod objects;
mod okta;
mod others;
mod published;
mod renewal;
#[expect(clippy::module_inception, reason = "the room is named after what apps hold")]
mod session;
mod sign_out;
mod signed_call;
pub(crate) mod stored;
mod tasks;
mod vault;

pub use accounts::{Account, Accounts};
pub use api::ApiStream;
pub use background::BackgroundRenewal;
pub use builder::SessionBuilder;
pub use claims::IdTokenClaims;
pub use details::SessionDetails;
pub use listing::ObjectPages;
pub use objects::{Leftovers, ObjectBody};
pub use okta::{AccessToken, AuthorizationRequest, LoginOptions};
pub use others::{OtherSession, SettingDifference};
pub use published::{Renewed, SessionEvent, SessionEvents, SessionState};
pub use session::Session;
pub use sign_out::{SignOut, SignOutMode};
pub use stored::User;
