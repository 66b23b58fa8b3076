//! What a session tells beside its state: news, for an app that wants to react at once. Whoever comes late or misses some
//! has lost nothing, the state says where things stand.

use std::time::SystemTime;

use futures_core::Stream;
use futures_util::stream;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

use crate::error::SignInReason;
use crate::session::stored::User;

/// So many events wait for a listener that is busy; then the oldest go.
const BACKLOG: usize = 64;

/// Something the app may want to react to. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionEvent {
    /// Somebody signed in, in this process or in another one of the app. A session found in the store at the start is no
    /// news.
    SignedIn {
        /// Who.
        user: User,
    },
    /// The session was signed out, in this process or in another.
    SignedOut,
    /// Okta no longer agrees: only a new sign-in helps.
    SignInRequired {
        /// Why.
        reason: SignInReason,
        /// Who it was, for the sign-in screen.
        user: Option<User>,
    },
    /// Fresh tokens or AWS credentials are there.
    Renewed {
        /// Which of the two clocks was wound up.
        renewed: Renewed,
        /// Until when they are good, by the service's clock.
        expires_at: SystemTime,
    },
    /// Another user signed in than before; what the app keeps of the previous user should go. Tokens, credentials and
    /// identity of the previous user are erased already. Comes before [`SignedIn`](Self::SignedIn).
    UserChanged {
        /// The previous user's `sub`.
        previous_subject: String,
        /// Who is signed in now.
        user: User,
    },
    /// Cognito answered with another identity than before (merged or replaced): paths and tags that use the identity id
    /// change with it.
    IdentityChanged {
        /// The identity in use from now on.
        identity_id: String,
    },
    /// The device's clock turned out to be wrong, or right again, and is corrected from now on.
    ClockSkew {
        /// What is added to the device's clock, in seconds; positive when it is behind.
        offset_seconds: i64,
    },
    /// The secure store could not be read at the start, or does not take what was renewed. A renewed session works all the
    /// same and is saved as soon as the store takes it; if the process ends before that, the user may have to sign in
    /// again.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Renewed {
    /// Okta's tokens; the time is the ID token's.
    Tokens,
    /// The AWS credentials.
    AwsCredentials,
}

impl SessionEvent {
    /// The variant's name in snake case, stable, for machines.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::SignedIn { .. } => "signed_in",
            Self::SignedOut => "signed_out",
            Self::SignInRequired { .. } => "sign_in_required",
            Self::Renewed { .. } => "renewed",
            Self::UserChanged { .. } => "user_changed",
            Self::IdentityChanged { .. } => "identity_changed",
            Self::ClockSkew { .. } => "clock_skew",
            Self::StorageProblem { .. } => "storage_problem",
            Self::ProfileUnavailable { .. } => "profile_unavailable",
        }
    }
}

/// The events of a session from one moment on. Made by [`Session::events`](crate::Session::events).
#[derive(Debug)]
pub struct SessionEvents {
    receiver: broadcast::Receiver<SessionEvent>,
}

impl SessionEvents {
    /// Waits for the next event; `None` once the session and all its clones are gone.
    pub async fn next(&mut self) -> Option<SessionEvent> {
        loop {
            match self.receiver.recv().await {
                Ok(event) => return Some(event),
                Err(RecvError::Lagged(missed)) => tracing::debug!(missed, "a listener was too slow for the events"),
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// The next event, if one is there already.
    pub fn try_next(&mut self) -> Option<SessionEvent> {
        loop {
            match self.receiver.try_recv() {
                Ok(event) => return Some(event),
                Err(TryRecvError::Lagged(_)) => {}
                Err(TryRecvError::Empty | TryRecvError::Closed) => return None,
            }
        }
    }

    /// The same as a stream.
    pub fn into_stream(self) -> impl Stream<Item = SessionEvent> + Send {
        stream::unfold(self, |mut events| async move { events.next().await.map(|event| (event, events)) })
    }
}

/// Where events are told.
#[derive(Debug, Clone)]
pub(crate) struct Announcer(broadcast::Sender<SessionEvent>);

impl Announcer {
    pub(crate) fn new() -> Self {
        Self(broadcast::Sender::new(BACKLOG))
    }

    pub(crate) fn tell(&self, event: SessionEvent) {
        // Nobody listening is fine: events are news, not state.
        let _ = self.0.send(event);
    }

    pub(crate) fn subscribe(&self) -> SessionEvents {
        SessionEvents { receiver: self.0.subscribe() }
    }
}
