//! Every secret the stack ever handed out. The leak test asks for them all and looks for them in logs and errors.

use std::collections::VecDeque;
use std::sync::Mutex;

/// Far more than a test run hands out; a stack that runs for days forgets the oldest.
const MAX_SECRETS: usize = 100_000;

/// Collects what must never be seen outside the wire: codes, tokens, cookies, keys.
#[derive(Default)]
pub struct IssuedSecrets {
    values: Mutex<VecDeque<String>>,
}

impl IssuedSecrets {
    pub(crate) fn record(&self, secret: &str) {
        let mut values = self.lock();
        if values.len() >= MAX_SECRETS {
            values.pop_front();
        }
        values.push_back(secret.to_owned());
    }

    /// All of them, oldest first. For tests only: never print one.
    pub fn all(&self) -> Vec<String> {
        self.lock().iter().cloned().collect()
    }

    /// Forgets them, so that a run of days does not grow.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// The newest of them that `is_wanted`. For tests only: never print it.
    pub fn find_newest(&self, is_wanted: impl Fn(&str) -> bool) -> Option<String> {
        self.lock().iter().rev().find(|secret| is_wanted(secret)).cloned()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<String>> {
        self.values.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl std::fmt::Debug for IssuedSecrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IssuedSecrets({})", self.lock().len())
    }
}
