//! A table of secrets that expire: sign-ins under way, sessions, codes, pushed requests. Bounded, and the secrets
//! themselves are not kept: an entry is found by the SHA-256 of its secret, so a lookup tells nothing by its timing.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};

/// The SHA-256 of a secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Fingerprint([u8; 32]);

impl Fingerprint {
    pub(super) fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret).into())
    }
}

/// At most this many entries; the one nearest to its end makes room.
const MAX_ENTRIES: usize = 1000;

/// Values by secret, each with the Unix time at which it ends.
pub(super) struct Expiring<V> {
    entries: HashMap<Fingerprint, (i64, V)>,
}

impl<V> Default for Expiring<V> {
    fn default() -> Self {
        Self { entries: HashMap::new() }
    }
}

impl<V> Expiring<V> {
    /// Keeps `value` until `expires_at`, and forgets what has expired at `now`.
    pub(super) fn insert(&mut self, secret: &str, value: V, expires_at: i64, now: i64) {
        self.entries.retain(|_, (end, _)| *end > now);
        if self.entries.len() >= MAX_ENTRIES {
            let first_to_end = self.entries.iter().min_by_key(|(_, (end, _))| *end).map(|(key, _)| *key);
            if let Some(key) = first_to_end {
                self.entries.remove(&key);
            }
        }
        self.entries.insert(Fingerprint::of(secret), (expires_at, value));
    }

    pub(super) fn get(&self, secret: &str, now: i64) -> Option<&V> {
        self.entries.get(&Fingerprint::of(secret)).filter(|(end, _)| *end > now).map(|(_, value)| value)
    }

    /// Takes the value out: it can be had once.
    pub(super) fn take(&mut self, secret: &str, now: i64) -> Option<V> {
        self.entries.remove(&Fingerprint::of(secret)).filter(|(end, _)| *end > now).map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_lives_until_its_end() {
        let mut table = Expiring::default();
        table.insert("secret", 1, 100, 0);
        assert_eq!(table.get("secret", 99), Some(&1));
        assert_eq!(table.get("secret", 100), None);
        assert_eq!(table.get("Secret", 0), None);
    }

    #[test]
    fn taking_is_once_and_only_in_time() {
        let mut table = Expiring::default();
        table.insert("a", 1, 100, 0);
        table.insert("b", 2, 100, 0);
        assert_eq!((table.take("a", 50), table.take("a", 50)), (Some(1), None));
        assert_eq!(table.take("b", 100), None);
    }

    #[test]
    fn the_table_is_bounded_and_drops_what_ends_first() {
        let mut table = Expiring::default();
        for n in 0..=MAX_ENTRIES {
            table.insert(&n.to_string(), n, 1_000_000 - i64::try_from(n).unwrap(), 0);
        }
        assert_eq!(table.entries.len(), MAX_ENTRIES);
        assert_eq!(table.get(&(MAX_ENTRIES - 1).to_string(), 0), None);
        assert_eq!(table.get("0", 0), Some(&0));
        table.insert("late", 7, 3_000_000, 2_000_000);
        assert_eq!(table.entries.len(), 1);
    }
}
