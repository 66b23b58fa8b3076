//! The rules of an ID token by name, and what the app is told of a token that breaks one. Whether one does is
//! `oidc/id_token.rs`'s to find out.

use std::fmt;

use crate::error::{Service, SessionError};

/// The rule that a token broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    Length,
    WellFormed,
    Algorithm,
    KnownKey,
    Signature,
    Issuer,
    Audience,
    AuthorizedParty,
    NotExpired,
    IssuedAt,
    NotBefore,
    Nonce,
    AccessTokenHash,
    Subject,
    AuthenticationAge,
    SameUserAfterRefresh,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "it is longer than 50,000 characters, which Cognito does not take",
            Self::WellFormed => "it is not a signed JWT with an ID token's claims",
            Self::Algorithm => "its signature algorithm is not RS256 or ES256",
            Self::KnownKey => "it is signed with a key that the issuer does not publish",
            Self::Signature => "its signature is wrong",
            Self::Issuer => "`iss` is not the configured issuer",
            Self::Audience => "`aud` is not this client, or names others too",
            Self::AuthorizedParty => "`azp` is not this client",
            Self::NotExpired => "it has expired",
            Self::IssuedAt => "it was issued in the future",
            Self::NotBefore => "it is not valid yet (`nbf`)",
            Self::Nonce => "`nonce` is not the one of the sign-in",
            Self::AccessTokenHash => "`at_hash` does not match the access token",
            Self::Subject => "`sub` is empty, too long or not ASCII",
            Self::AuthenticationAge => "`auth_time` is missing, or longer ago than the sign-in allowed",
            Self::SameUserAfterRefresh => "the refreshed token is for another user or sign-in",
        })
    }
}

/// A token that must not be believed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rejected {
    pub rule: Rule,
    /// What was found, where that is safe to show.
    pub detail: Option<String>,
}

impl Rejected {
    pub(crate) fn by(rule: Rule) -> Self {
        Self { rule, detail: None }
    }

    /// A wrong issuer or client id is a setting, and so are the claims; the rest is an attack, a broken server or a wrong clock.
    pub(crate) fn into_session_error(self, clock_offset_seconds: i64) -> SessionError {
        let found = self.detail.map(|detail| format!(" ({detail})")).unwrap_or_default();
        let misconfigured = |setting: &str, hint: &str| SessionError::Misconfigured {
            setting: setting.to_owned(),
            problem: format!("the ID token was refused: {}{found}", self.rule),
            hint: hint.to_owned(),
        };
        match self.rule {
            Rule::Length => misconfigured(
                "ID token claims",
                "Take claims, such as a long list of groups, out of the ID token: Security > API > Authorization Servers > \
                 Claims.",
            ),
            Rule::Issuer => misconfigured(
                "okta_issuer_url",
                "Set okta_issuer_url to the token's `iss`, exactly; with a custom domain look at Okta's issuer mode.",
            ),
            Rule::Audience | Rule::AuthorizedParty => misconfigured(
                "okta_client_id",
                "Set okta_client_id to the client ID of the Native Application in Okta.",
            ),
            rule => SessionError::AccessDenied {
                service: Service::Okta,
                code: "invalid_id_token".to_owned(),
                request_id: None,
                hint: match rule {
                    Rule::NotExpired | Rule::IssuedAt | Rule::NotBefore => format!(
                        "The ID token was refused: {rule}{found}. Check the device's clock (corrected by \
                         {clock_offset_seconds} s) and sign in again."
                    ),
                    _ => format!(
                        "The ID token was refused: {rule}{found}. Sign in again; if it comes back, something between \
                         this device and Okta changes the answer."
                    ),
                },
            },
        }
    }
}
