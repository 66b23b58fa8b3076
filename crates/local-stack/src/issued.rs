//! Every secret the stack ever handed out. The leak test asks for them all and looks for them in logs and errors.

use std::sync::Mutex;

/// Collects what must never be seen outside the wire: codes, tokens, cookies, keys.
#[derive(Default)]
pub struct IssuedSecrets {
    values: Mutex<Vec<String>>,
}

impl IssuedSecrets {
    pub(crate) fn record(&self, secret: &str) {
        self.lock().push(secret.to_owned());
    }

    /// All of them, oldest first. For tests only: never print one.
    pub fn all(&self) -> Vec<String> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.values.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl std::fmt::Debug for IssuedSecrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IssuedSecrets({})", self.lock().len())
    }
}
