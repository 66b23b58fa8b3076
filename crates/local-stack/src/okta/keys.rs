//! The keys that tokens are signed with. A new key signs at once; older ones stay published for tokens still about.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use serde_json::{Value, json};

use crate::jws::SigningKey;

/// Okta publishes the last, the current and the next key; more than a few would only grow.
const MAX_PUBLISHED: usize = 4;

/// The published keys, newest first; the first one signs.
pub(crate) struct KeyRing {
    keys: RwLock<Vec<Arc<SigningKey>>>,
}

impl KeyRing {
    pub(super) fn new(first: SigningKey) -> Self {
        Self { keys: RwLock::new(vec![Arc::new(first)]) }
    }

    /// Signs with `key` from now on.
    pub(crate) fn add(&self, key: SigningKey) {
        let mut keys = self.write();
        keys.insert(0, Arc::new(key));
        keys.truncate(MAX_PUBLISHED);
    }

    /// Publishes the signing key only.
    pub(crate) fn drop_old(&self) {
        self.write().truncate(1);
    }

    /// The key that signs. There always is one: nothing removes the first.
    pub(super) fn current(&self) -> Arc<SigningKey> {
        Arc::clone(&self.read()[0])
    }

    /// The key set (RFC 7517).
    pub(super) fn to_jwks(&self) -> Value {
        json!({"keys": self.read().iter().map(|key| key.jwk()).collect::<Vec<_>>()})
    }

    fn read(&self) -> RwLockReadGuard<'_, Vec<Arc<SigningKey>>> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Vec<Arc<SigningKey>>> {
        self.keys.write().unwrap_or_else(PoisonError::into_inner)
    }
}
