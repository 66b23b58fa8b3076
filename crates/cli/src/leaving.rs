//! How this process is left. A code or a refresh token works once, so it must not end between the request that spends one
//! and the write that saves the answer, whatever makes it end: that would cost the user's sign-in.

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jetbridge::Session;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::output::Notes;

/// Nobody wonders about a shorter wait.
const SILENCE: Duration = Duration::from_secs(1);
/// The core gives up on whatever is on its way after 25 seconds; this is for a store that hangs on top of that.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Every session that this process has opened. Clones are the same ones.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sessions(Arc<Mutex<Opened>>);

#[derive(Debug, Default)]
struct Opened {
    sessions: Vec<Session>,
    are_left: bool,
}

impl Sessions {
    /// Keeps `session` in mind, before it is used. One that comes when the process is already being left spends nothing
    /// either.
    pub(crate) async fn remember(&self, session: &Session) {
        let are_left = {
            let mut opened = self.lock();
            opened.sessions.push(session.clone());
            opened.are_left
        };
        if are_left {
            session.leave().await;
        }
    }

    /// Waits until no code and no refresh token is on its way, and lets none be spent any more. Says so if that takes
    /// time.
    pub(crate) async fn leave(&self, notes: Notes) {
        let sessions = {
            let mut opened = self.lock();
            opened.are_left = true;
            opened.sessions.clone()
        };
        let mut leaving: JoinSet<()> =
            sessions.into_iter().map(|session| async move { session.leave().await }).collect();
        let mut all_left = pin!(async { while leaving.join_next().await.is_some() {} });
        if timeout(SILENCE, &mut all_left).await.is_err() {
            notes.say("Waiting for Okta, or the sign-in is lost. A second Ctrl-C ends at once.");
            let _ = timeout(LONGEST_WAIT - SILENCE, all_left).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Opened> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use jetbridge::storage::MemoryStore;
    use jetbridge::{Config, LoginOptions};
    use jetbridge_local_stack::{LocalStack, Options, ScriptedBrowser};

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_session_that_is_opened_while_the_process_is_left_spends_nothing() {
        let stack = LocalStack::start(Options::default()).await.unwrap();
        let (files, user) = (stack.config_files(), &stack.options().users[0]);
        let config = Config::parse(&files.okta_config, &files.aws_exports).unwrap();
        let store = Arc::new(MemoryStore::new());
        let (sessions, notes) = (Sessions::default(), Notes::new(true));
        let open = async || {
            let session = Session::open(config.clone(), Arc::clone(&store) as Arc<_>).unwrap();
            sessions.remember(&session).await;
            session.restore().await;
            session
        };
        let early = open().await;
        let request = early.begin_login(LoginOptions::default()).await.unwrap();
        let mut browser = ScriptedBrowser::new(None).unwrap();
        let redirect = browser.sign_in(&request.url, &user.login, &user.password).await.unwrap();
        early.complete_login(&redirect).await.unwrap();
        let token = early.access_token().await.unwrap();
        let token = early.replace_access_token(&token).await.unwrap();
        let spent = stack.log().count("token");

        sessions.leave(notes).await;
        for session in [early, open().await] {
            assert_eq!(session.replace_access_token(&token).await.unwrap_err().kind(), "retryable");
        }
        assert_eq!(stack.log().count("token"), spent);
    }
}
