//! The one place where a failure gets its class.

mod answer;
mod evidence;
mod table;

pub(crate) use answer::{Blame, LONGEST_CODE, LONGEST_WORDS, Refusal, shorten};
pub(crate) use evidence::Evidence;
pub(crate) use table::classify;
