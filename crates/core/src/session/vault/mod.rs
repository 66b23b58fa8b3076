//! The session's place in the secure store: saved first, then published.

mod known;
#[expect(clippy::module_inception, reason = "the room is named after the one thing in it")]
mod vault;

pub(crate) use vault::{Errand, Exclusive, Vault, WrittenAhead};
