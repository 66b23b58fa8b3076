//! What a person wants to see who asks where the time goes: each request, each renewal, each wait, as records without
//! secrets. An observer is a port like the clock: the shell sets one, and where nobody observes nothing is recorded.

mod observer;
mod records;

pub(crate) use observer::{Observer, Span};
pub use records::{
    Observation, ObservedAnswer, ObservedConnection, ObservedEnd, ObservedRequest, ObservedWork, RequestObserver,
    WorkKind,
};
