//! Who the user is, beyond the thin ID token: Okta's profile, read beside the sign-in and kept with the session.

use std::sync::Arc;

use super::{Inner, Session, User};
use crate::diagnosis::okta;
use crate::error::SessionError;
use crate::oidc::userinfo;

impl Session {
    /// Asks Okta for the user's profile (e-mail address and so on) and keeps it. Signing in does this by itself, beside
    /// everything else.
    ///
    /// # Errors
    /// `AccessDenied` if the profile is another user's or the access token is not accepted, `SignInRequired`,
    /// `Retryable`.
    pub async fn user_info(&self) -> Result<User, SessionError> {
        // Reading it may refresh tokens, which nobody must interrupt.
        self.inner.detached(|inner| async move { inner.read_profile().await }).await
    }
}

impl Inner {
    pub(super) async fn read_profile(self: &Arc<Self>) -> Result<User, SessionError> {
        let mut signed_in = self.share_refresh(None).await?;
        let provider = self.discovery.provider(&self.http, self.clock.now()).await?;
        let endpoint = provider.metadata.userinfo_endpoint.ok_or_else(|| okta::not_announced("a userinfo endpoint"))?;
        let subject = signed_in.user.subject.clone();
        let mut profile =
            userinfo::fetch_profile(&self.http, &endpoint, &signed_in.tokens.access_token, &subject).await?;
        if profile.is_none() {
            signed_in = self.share_refresh(Some(signed_in.tokens.access_token)).await?;
            profile = userinfo::fetch_profile(&self.http, &endpoint, &signed_in.tokens.access_token, &subject).await?;
        }
        let profile = profile.ok_or_else(okta::userinfo_unauthorized)?;
        let user = User {
            subject,
            username: profile.preferred_username.or(signed_in.user.username),
            name: profile.name.or(signed_in.user.name),
            email: profile.email.or(signed_in.user.email),
        };
        let known = user.clone();
        self.change_store(move |content| {
            // Somebody else may have signed in meanwhile.
            if let Some(signed_in) = content.signed_in.as_mut().filter(|s| s.user.subject == known.subject) {
                signed_in.user = known;
            }
        })
        .await?;
        Ok(user)
    }
}
