//! Who the user is, beyond the thin ID token: Okta's profile, read beside the sign-in and kept with the session.

use std::sync::Arc;

use super::server::AuthorizationServer;
use super::tokens::TokenRenewal;
use crate::diagnosis::okta;
use crate::error::SessionError;
use crate::oidc::userinfo::Profile;
use crate::session::published::{Board, SessionEvent};
use crate::session::stored::{SignedIn, User};
use crate::session::vault::Vault;

/// Reads profiles with the session's own access token.
pub(crate) struct ProfileReader {
    server: Arc<AuthorizationServer>,
    tokens: Arc<TokenRenewal>,
    vault: Vault,
    board: Arc<Board>,
}

impl ProfileReader {
    pub(crate) fn new(
        server: Arc<AuthorizationServer>,
        tokens: Arc<TokenRenewal>,
        vault: Vault,
        board: Arc<Board>,
    ) -> Self {
        Self { server, tokens, vault, board }
    }

    /// Asks Okta who the signed-in user is, and keeps that.
    pub(crate) async fn read(&self) -> Result<User, SessionError> {
        let mut signed_in = self.tokens.share_refresh(None).await?;
        let mut profile = self.fetch(&signed_in).await?;
        if profile.is_none() {
            // Its token may be worth nothing because somebody else has signed in: then it is about them.
            signed_in = self.tokens.share_refresh(Some(signed_in.tokens.access_token)).await?;
            profile = self.fetch(&signed_in).await?;
        }
        let profile = profile.ok_or_else(okta::userinfo_unauthorized)?;
        let user = User {
            subject: signed_in.user.subject,
            username: profile.preferred_username.or(signed_in.user.username),
            name: profile.name.or(signed_in.user.name),
            email: profile.email.or(signed_in.user.email),
        };
        let known = user.clone();
        self.vault
            .update(move |content| {
                // Somebody else may have signed in meanwhile.
                if let Some(signed_in) = content.signed_in.as_mut().filter(|s| s.user.subject == known.subject) {
                    signed_in.user = known;
                }
            })
            .await?;
        Ok(user)
    }

    async fn fetch(&self, signed_in: &SignedIn) -> Result<Option<Profile>, SessionError> {
        self.server.fetch_profile(&signed_in.tokens.access_token, &signed_in.user.subject).await
    }

    /// The same for nobody in particular: what goes wrong is told.
    pub(super) async fn read_for_news(&self) {
        if let Err(error) = self.read().await {
            tracing::warn!(%error, "the profile could not be read");
            self.board.tell(SessionEvent::ProfileUnavailable { detail: error.to_string() });
        }
    }
}
