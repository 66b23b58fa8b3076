//! The two kinds of authorization server. What one of them issued is worth nothing at the other.

/// Which of the two kinds of authorization server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ServerKind {
    /// `…/oauth2/default`, or the id that the template has: its access tokens are JWTs, access policies apply.
    Custom,
    /// The org's own server, whose issuer is the bare origin: its access tokens are opaque.
    Org,
}
