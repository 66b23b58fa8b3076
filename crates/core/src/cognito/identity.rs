//! The identity that a pool gave a user. It may be kept, but only for the very pool, issuer and user it was made for:
//! anything looser hands one user the other's files.

use serde::{Deserialize, Serialize};

/// An identity id with what it belongs to. Not secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    pool_id: String,
    issuer: String,
    subject: String,
    identity_id: String,
}

impl Identity {
    pub(crate) fn new(pool_id: &str, issuer: &str, subject: &str, identity_id: String) -> Self {
        Self { pool_id: pool_id.to_owned(), issuer: issuer.to_owned(), subject: subject.to_owned(), identity_id }
    }

    /// The id, if it is this user's in this pool.
    pub(crate) fn id_for(&self, pool_id: &str, issuer: &str, subject: &str) -> Option<&str> {
        let same = self.pool_id == pool_id && self.issuer == issuer && self.subject == subject;
        same.then_some(self.identity_id.as_str())
    }

    pub(crate) fn pool_id(&self) -> &str {
        &self.pool_id
    }

    pub(crate) fn id(&self) -> &str {
        &self.identity_id
    }
}

#[cfg(test)]
mod tests {
    use super::Identity;

    #[test]
    fn an_identity_is_for_one_pool_issuer_and_user() {
        let identity = Identity::new("p", "i", "alice", "us-west-2:1".to_owned());
        assert_eq!(identity.id_for("p", "i", "alice"), Some("us-west-2:1"));
        for (pool, issuer, subject) in [("q", "i", "alice"), ("p", "j", "alice"), ("p", "i", "bob")] {
            assert_eq!(identity.id_for(pool, issuer, subject), None);
        }
    }
}
