//! What a person is to the pool: somebody whom a provider knows by a subject. Identities and the pool's own tokens are made
//! of this and do not ask how it was verified.

/// Who signed in, and where.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Login {
    /// The key of the `Logins` map: the issuer without its scheme.
    pub provider: String,
    /// The token's `sub`.
    pub subject: String,
}
