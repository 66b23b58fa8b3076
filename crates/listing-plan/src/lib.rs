//! The planner of a parallel listing. Its own crate only until it moves into Jetbridge.

mod key_ruler;
mod listing_plan;

pub use listing_plan::{Disorder, Keyed, Origin, Page, Planner, Request};
