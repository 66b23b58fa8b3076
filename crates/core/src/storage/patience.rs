//! A limit for questions to the system that nobody can interrupt. A keyring may wait for its user, for a service that never
//! starts, or for a bus that takes every connection and says nothing; a session must not wait with it for ever.

use std::sync::Mutex;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::mutex::lock;

/// For an answer that needs nobody: a keyring that is there gives it at once, one that has to be started first within a
/// second or two.
pub(super) const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// For somebody who has to find the dialogue and type a password.
const UNLOCK_LIMIT: Duration = Duration::from_secs(120);
/// Nobody wonders about a shorter wait.
const SILENCE: Duration = Duration::from_secs(1);

/// How long the system's keyring may take for an answer. A keyring that does not answer at all is given up after five
/// seconds in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyringPatience {
    /// Somebody may be there to unlock it: two minutes. After a second the log says that it is waited for.
    #[default]
    Attended,
    /// Nobody can be asked: five seconds.
    Unattended,
}

impl KeyringPatience {
    pub(super) fn limit(self) -> Duration {
        match self {
            Self::Attended => UNLOCK_LIMIT,
            Self::Unattended => ANSWER_LIMIT,
        }
    }
}

/// Asks on threads of their own, because the question itself cannot be given up. A thread that is still waiting holds up
/// neither the caller nor the end of the process.
#[derive(Debug)]
pub(super) struct Questions {
    unanswered: Mutex<Vec<JoinHandle<()>>>,
}

impl Questions {
    pub(super) const fn new() -> Self {
        Self { unanswered: Mutex::new(Vec::new()) }
    }

    /// The answer; `None` if there is none within `limit`. Where somebody may be there, the log says that it takes time.
    /// While an earlier question has no answer, no other is asked: it would wait behind that one, and ten sessions would
    /// wait ten times.
    pub(super) fn ask<T: Send + 'static>(
        &self,
        limit: Duration,
        patience: KeyringPatience,
        question: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        if self.is_one_unanswered() {
            return None;
        }
        let (answer, answers) = mpsc::channel();
        // Whoever gave up does not listen any more.
        let ask = move || drop(answer.send(question()));
        let asking = thread::Builder::new().name("jetbridge-keyring".to_owned()).spawn(ask).ok()?;
        let answered = match answers.recv_timeout(limit.min(SILENCE)) {
            Err(RecvTimeoutError::Timeout) if limit > SILENCE => {
                if patience == KeyringPatience::Attended {
                    tracing::warn!("waiting for the keyring …; unlock it if it asks for its password");
                }
                answers.recv_timeout(limit - SILENCE)
            }
            answered => answered,
        };
        if matches!(answered, Err(RecvTimeoutError::Timeout)) {
            lock(&self.unanswered).push(asking);
        }
        answered.ok()
    }

    fn is_one_unanswered(&self) -> bool {
        let mut unanswered = lock(&self.unanswered);
        unanswered.retain(|question| !question.is_finished());
        !unanswered.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    const SHORT: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_secs(120);
    const NOBODY: KeyringPatience = KeyringPatience::Unattended;

    #[test]
    fn an_answer_is_handed_on_and_a_crash_is_none() {
        let questions = Questions::new();
        assert_eq!(questions.ask(LONG, NOBODY, || 7), Some(7));
        assert_eq!(questions.ask(LONG, NOBODY, || -> u8 { panic!("the library crashed") }), None);
        assert_eq!(questions.ask(LONG, NOBODY, || 8), Some(8), "that was an end, if no answer");
    }

    #[test]
    fn whoever_does_not_answer_is_asked_again_only_after_the_answer() {
        let questions = Questions::new();
        let (unlock, unlocked) = mpsc::channel::<()>();
        assert_eq!(questions.ask(SHORT, NOBODY, move || unlocked.recv().is_ok()), None);
        // It would have all the time there is, and does not come to it.
        let asked = std::sync::Arc::new(AtomicU32::new(0));
        let count = |asked: &std::sync::Arc<AtomicU32>| {
            let asked = std::sync::Arc::clone(asked);
            move || asked.fetch_add(1, Ordering::SeqCst)
        };
        assert_eq!(questions.ask(LONG, NOBODY, count(&asked)), None);
        assert_eq!(asked.load(Ordering::SeqCst), 0);

        drop(unlock);
        while questions.is_one_unanswered() {
            thread::yield_now();
        }
        assert_eq!(questions.ask(LONG, NOBODY, count(&asked)), Some(0));
    }
}
