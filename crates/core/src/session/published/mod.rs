//! What apps see of a session: its state, and news beside it. Nothing here reads a store or asks anybody.

mod board;
mod events;
mod state;

pub(crate) use board::Board;
pub use events::{Renewed, SessionEvent, SessionEvents};
pub use state::SessionState;
pub(crate) use state::{Event, next};
