//! Where a session's state and its news are put up, in one order for everybody.

use tokio::sync::watch;

use super::events::{Announcer, SessionEvent, SessionEvents};
use super::state::{self, Event, SessionState};

/// Holds the state and who listens.
#[derive(Debug)]
pub(crate) struct Board {
    state: watch::Sender<SessionState>,
    events: Announcer,
}

impl Board {
    /// A session whose store was not read yet.
    pub(crate) fn new() -> Self {
        Self { state: watch::Sender::new(SessionState::NotLoaded), events: Announcer::new() }
    }

    pub(crate) fn state(&self) -> SessionState {
        self.state.borrow().clone()
    }

    pub(crate) fn watch_state(&self) -> watch::Receiver<SessionState> {
        self.state.subscribe()
    }

    pub(crate) fn listen(&self) -> SessionEvents {
        self.events.subscribe()
    }

    /// Tells what is no change of the state.
    pub(crate) fn tell(&self, event: SessionEvent) {
        self.events.tell(event);
    }

    /// Publishes what `look` finds out about the store at the moment of publishing: of two that publish at the same time,
    /// the later one tells the later truth.
    pub(crate) fn publish(&self, look: impl FnOnce() -> Option<Event>) {
        self.state.send_if_modified(|state| {
            let Some(event) = look() else { return false };
            let next = state::next(state, event);
            let has_changed = next != *state;
            let before = std::mem::replace(state, next);
            // Told while the state cannot change again: events come in its order.
            state::news(&before, state).into_iter().for_each(|event| self.events.tell(event));
            has_changed
        });
    }
}
