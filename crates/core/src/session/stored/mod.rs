//! What a session keeps in the secure store, and what can be read from that alone. Pure: no store, no network, no clock.

mod attempt;
mod blob;
pub(crate) mod pending;
mod tokens;
mod user;

pub(crate) use attempt::{Attempt, Spends};
#[cfg(test)]
pub(crate) use blob::tests;
pub(crate) use blob::{OwnSettings, Owner, StoredSession};
pub(crate) use pending::PendingAuthorization;
pub(crate) use tokens::{EndedSession, SignedIn, Tokens};
pub use user::User;
