//! The plain facts of a session: who is signed in, until when, and why not. Records and enums without secrets.

use std::time::SystemTime;

/// Who is signed in, as far as Okta told.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct JetbridgeUser {
    /// The `sub` of the ID token; never changes for a user.
    pub subject: String,
    /// `preferred_username`.
    pub username: Option<String>,
    /// The full name.
    pub name: Option<String>,
    /// The e-mail address; Okta sends it a moment after the sign-in.
    pub email: Option<String>,
    /// The most human of what is known.
    pub display_name: String,
}

impl From<jetbridge::User> for JetbridgeUser {
    fn from(user: jetbridge::User) -> Self {
        let display_name = user.display_name().to_owned();
        let jetbridge::User { subject, username, name, email } = user;
        Self { subject, username, name, email, display_name }
    }
}

/// What the app shows.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum SessionState {
    /// The secure store was not read yet: call `restore`.
    NotLoaded,
    /// Nobody is signed in.
    SignedOut,
    /// Somebody is signed in. The network may be away all the same.
    SignedIn {
        /// Who.
        user: JetbridgeUser,
    },
    /// Somebody was signed in, and Okta no longer agrees.
    SignInRequired {
        /// Why.
        reason: SignInReason,
        /// Who it was, for the sign-in screen.
        user: Option<JetbridgeUser>,
    },
    /// The secure store cannot be read now. That says nothing about the session: try `restore` again.
    StorageUnavailable {
        /// What failed and what to do.
        detail: String,
    },
}

impl From<jetbridge::SessionState> for SessionState {
    fn from(state: jetbridge::SessionState) -> Self {
        use jetbridge::SessionState as Core;
        match state {
            Core::NotLoaded => Self::NotLoaded,
            Core::SignedOut => Self::SignedOut,
            Core::SignedIn { user } => Self::SignedIn { user: user.into() },
            Core::SignInRequired { reason, user } => {
                Self::SignInRequired { reason: reason.into(), user: user.map(Into::into) }
            }
            Core::StorageUnavailable { detail } => Self::StorageUnavailable { detail },
            // A test makes sure that there is none.
            _ => Self::StorageUnavailable { detail: "the session is in a state unknown to this library".to_owned() },
        }
    }
}

/// Why the user has to sign in (again).
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum SignInReason {
    /// Nobody has signed in with this configuration and account yet, or the user signed out.
    SignedOut,
    /// Okta refused the refresh token: it expired, was revoked, or was used twice.
    RefreshTokenRefused {
        /// The `error` of Okta's answer, such as `invalid_grant`.
        code: String,
    },
    /// The ID token expired and there is no refresh token: `offline_access` was not asked for or not granted.
    NoRefreshToken,
    /// Okta refused the authorization code: it is older than its few minutes, or was used before.
    AuthorizationCodeRefused,
    /// Cognito finds the ID token expired, even a fresh one.
    IdTokenRefused {
        /// The error type of Cognito's answer.
        code: String,
    },
    /// Okta wants the user to interact, although the request asked it not to.
    InteractionRequired {
        /// The `error` of the redirect.
        code: String,
    },
}

/// The reason as an English sentence, for a log or a developer. Apps show texts of their own.
#[uniffi::export]
pub fn describe_reason(reason: SignInReason) -> String {
    jetbridge::SignInReason::from(reason).to_string()
}

impl From<jetbridge::SignInReason> for SignInReason {
    fn from(reason: jetbridge::SignInReason) -> Self {
        use jetbridge::SignInReason as Core;
        match reason {
            Core::SignedOut => Self::SignedOut,
            Core::RefreshTokenRefused { code } => Self::RefreshTokenRefused { code },
            Core::NoRefreshToken => Self::NoRefreshToken,
            Core::AuthorizationCodeRefused => Self::AuthorizationCodeRefused,
            Core::IdTokenRefused { code } => Self::IdTokenRefused { code },
            Core::InteractionRequired { code } => Self::InteractionRequired { code },
            // Whatever it is, the user has to sign in. A test makes sure that there is none.
            other => Self::InteractionRequired { code: other.to_string() },
        }
    }
}

impl From<SignInReason> for jetbridge::SignInReason {
    fn from(reason: SignInReason) -> Self {
        match reason {
            SignInReason::SignedOut => Self::SignedOut,
            SignInReason::RefreshTokenRefused { code } => Self::RefreshTokenRefused { code },
            SignInReason::NoRefreshToken => Self::NoRefreshToken,
            SignInReason::AuthorizationCodeRefused => Self::AuthorizationCodeRefused,
            SignInReason::IdTokenRefused { code } => Self::IdTokenRefused { code },
            SignInReason::InteractionRequired { code } => Self::InteractionRequired { code },
        }
    }
}

/// The facts of a session, both clocks included: the ID token's (Okta) and the credentials' (AWS).
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SessionDetails {
    /// The account's name; `default` unless the app keeps several.
    pub account: String,
    /// Who is signed in.
    pub user: Option<JetbridgeUser>,
    /// The authorization server.
    pub issuer: String,
    /// The Cognito identity, once it is known.
    pub identity_id: Option<String>,
    /// When the ID token expires. Without a refresh token, the session ends then.
    pub id_token_expires_at: Option<SystemTime>,
    /// When the access token expires.
    pub access_token_expires_at: Option<SystemTime>,
    /// When the AWS credentials expire; they are renewed on use.
    pub aws_credentials_expire_at: Option<SystemTime>,
    /// Whether the session can renew itself.
    pub has_refresh_token: bool,
    /// What is added to the device's clock.
    pub clock_offset_seconds: i64,
    /// The corrected time, to compare the others with.
    pub now: SystemTime,
}

impl From<jetbridge::SessionDetails> for SessionDetails {
    fn from(details: jetbridge::SessionDetails) -> Self {
        Self {
            account: details.account,
            user: details.user.map(Into::into),
            issuer: details.issuer,
            identity_id: details.identity_id,
            id_token_expires_at: details.id_token_expires_at,
            access_token_expires_at: details.access_token_expires_at,
            aws_credentials_expire_at: details.aws_credentials_expire_at,
            has_refresh_token: details.has_refresh_token,
            clock_offset_seconds: details.clock_offset_seconds,
            now: details.now,
        }
    }
}
