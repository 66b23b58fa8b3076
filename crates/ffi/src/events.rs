//! The session's state and news for a foreign observer, one call at a time, on a thread that may block.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use tokio::task::{JoinHandle, spawn_blocking};

use crate::error::ListenerError;
use crate::facts::{JetbridgeUser, SessionState, SignInReason};
use crate::runtime;
use crate::session::CoreSession;

/// Hears of a session. The calls come one after the other, from a thread of the library's own, never while it holds a
/// lock: the observer may call the session. One that throws is logged and keeps being called.
#[uniffi::export(foreign)]
pub trait SessionObserver: Send + Sync {
    /// The state; at first the one of now, then each change. Of changes in quick succession, only the last may be told.
    ///
    /// # Errors
    /// Whatever is thrown goes to the log, by its class.
    fn state_changed(&self, state: SessionState) -> Result<(), ListenerError>;

    /// What happened, beside the state.
    ///
    /// # Errors
    /// As for `state_changed`.
    fn event(&self, event: SessionEvent) -> Result<(), ListenerError>;
}

/// Something the app may want to react to.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum SessionEvent {
    /// Somebody signed in. A session found in the store at the start is no news.
    SignedIn {
        /// Who.
        user: JetbridgeUser,
    },
    /// The session was signed out.
    SignedOut,
    /// Okta no longer agrees: only a new sign-in helps.
    SignInRequired {
        /// Why.
        reason: SignInReason,
        /// Who it was, for the sign-in screen.
        user: Option<JetbridgeUser>,
    },
    /// Fresh tokens or AWS credentials are there.
    Renewed {
        /// Which of the two clocks was wound up.
        renewed: Renewed,
        /// Until when they are good, by the service's clock.
        expires_at: SystemTime,
    },
    /// Another user signed in than before; what the app keeps of the previous user should go.
    UserChanged {
        /// The previous user's `sub`.
        previous_subject: String,
        /// Who is signed in now.
        user: JetbridgeUser,
    },
    /// Cognito answered with another identity than before.
    IdentityChanged {
        /// The identity in use from now on.
        identity_id: String,
    },
    /// The device's clock turned out to be wrong, or right again, and is corrected from now on.
    ClockSkew {
        /// What is added to the device's clock, in seconds.
        offset_seconds: i64,
    },
    /// The secure store could not be read at the start, or does not take what was renewed.
    StorageProblem {
        /// What the store said.
        detail: String,
    },
    /// Okta's profile could not be used; the session is not touched.
    ProfileUnavailable {
        /// Why.
        detail: String,
    },
}

/// What was renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Renewed {
    /// Okta's tokens; the time is the ID token's.
    Tokens,
    /// The AWS credentials.
    AwsCredentials,
}

impl SessionEvent {
    /// `None` for what a newer core tells and this crate has no name for yet: a test makes sure that there is none.
    fn known(event: jetbridge::SessionEvent) -> Option<Self> {
        use jetbridge::SessionEvent as Core;
        Some(match event {
            Core::SignedIn { user } => Self::SignedIn { user: user.into() },
            Core::SignedOut => Self::SignedOut,
            Core::SignInRequired { reason, user } => {
                Self::SignInRequired { reason: reason.into(), user: user.map(Into::into) }
            }
            Core::Renewed { renewed: jetbridge::Renewed::Tokens, expires_at } => {
                Self::Renewed { renewed: Renewed::Tokens, expires_at }
            }
            Core::Renewed { renewed: jetbridge::Renewed::AwsCredentials, expires_at } => {
                Self::Renewed { renewed: Renewed::AwsCredentials, expires_at }
            }
            Core::UserChanged { previous_subject, user } => Self::UserChanged { previous_subject, user: user.into() },
            Core::IdentityChanged { identity_id } => Self::IdentityChanged { identity_id },
            Core::ClockSkew { offset_seconds } => Self::ClockSkew { offset_seconds },
            Core::StorageProblem { detail } => Self::StorageProblem { detail },
            Core::ProfileUnavailable { detail } => Self::ProfileUnavailable { detail },
            _ => return None,
        })
    }
}

/// An observer at work. It ends with `stop`, or when this object is dropped: keep it.
#[derive(Debug, uniffi::Object)]
pub struct SessionObservation {
    is_stopped: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

#[uniffi::export]
impl SessionObservation {
    /// Ends it. A call that is under way may still come to its end; no other follows.
    pub fn stop(&self) {
        self.is_stopped.store(true, Ordering::SeqCst);
        self.task.abort();
    }
}

impl Drop for SessionObservation {
    fn drop(&mut self) {
        self.stop();
    }
}

#[uniffi::export]
impl CoreSession {
    /// Tells `observer` the state of now, its changes, and what happens, until the answer is stopped or dropped.
    pub fn observe(&self, observer: Arc<dyn SessionObserver>) -> Arc<SessionObservation> {
        let is_stopped = Arc::new(AtomicBool::new(false));
        let listener = Listener { observer, is_stopped: Arc::clone(&is_stopped) };
        // Subscribed before this returns, so that nothing in between is missed.
        let mut state = self.inner.watch_state();
        state.mark_changed();
        let mut events = self.inner.events();
        let task = runtime::handle().spawn(async move {
            loop {
                let news = tokio::select! {
                    // The state first: an event is easier to understand when the state is known.
                    biased;
                    changed = state.changed() => match changed {
                        Ok(()) => News::State(state.borrow_and_update().clone().into()),
                        // The session is gone, and with it everything there could be to tell.
                        Err(_) => return,
                    },
                    event = events.next() => match event {
                        Some(event) => match SessionEvent::known(event) {
                            Some(event) => News::Event(event),
                            None => continue,
                        },
                        None => return,
                    },
                };
                listener.tell(news).await;
            }
        });
        Arc::new(SessionObservation { is_stopped, task })
    }
}

enum News {
    State(SessionState),
    Event(SessionEvent),
}

struct Listener {
    observer: Arc<dyn SessionObserver>,
    is_stopped: Arc<AtomicBool>,
}

impl Listener {
    async fn tell(&self, news: News) {
        let observer = Arc::clone(&self.observer);
        let is_stopped = Arc::clone(&self.is_stopped);
        let told = spawn_blocking(move || match (is_stopped.load(Ordering::SeqCst), news) {
            (true, _) => Ok(()),
            (false, News::State(state)) => observer.state_changed(state),
            (false, News::Event(event)) => observer.event(event),
        });
        match told.await {
            Ok(Ok(())) => {}
            Ok(Err(ListenerError::Failed { detail })) => {
                tracing::warn!(exception = %crate::error::exception_name(&detail), "a session observer failed");
            }
            Err(_) => tracing::warn!("a session observer panicked"),
        }
    }
}
