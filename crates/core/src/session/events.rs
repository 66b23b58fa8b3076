//! What a session tells beside its state.

use super::User;

/// Something the app may want to react to. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionEvent {
    /// Another user signed in than before; what the app keeps of the previous user should go. Tokens, credentials and
    /// identity of the previous user are erased already.
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
    /// The renewed session could not be saved. It works, and is saved as soon as the store takes it; if the process ends
    /// before that, the user may have to sign in again.
    SaveFailed {
        /// What the store said.
        detail: String,
    },
    /// The device's clock turned out to be wrong, or right again, and is corrected from now on.
    ClockCorrected {
        /// What is added to the device's clock; positive when it is behind.
        offset_seconds: i64,
    },
    /// Okta's profile could not be used; the session is not touched.
    ProfileUnavailable {
        /// Why.
        detail: String,
    },
}
