//! Ways to run work that nobody interrupts half-way: detached from its caller, beside everything else, once for all
//! callers, on a thread that may block.

mod beside;
mod detached;
mod single_flight;
mod single_use;

pub(crate) use beside::Beside;
pub(crate) use detached::{block, detach, explain_end};
pub(crate) use single_flight::SingleFlight;
pub(crate) use single_use::{SingleUseTokens, Spending};
