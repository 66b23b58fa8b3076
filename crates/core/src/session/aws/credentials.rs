//! An ID token becomes an identity and temporary AWS credentials, and both are kept with the session.

use std::sync::Arc;

use crate::clock::CorrectedClock;
use crate::cognito::identity::Identity;
use crate::cognito::{AwsCredentials, IdentityPool, Login, Refused};
use crate::config::logins_key;
use crate::diagnosis::{Blame, ended_credentials};
use crate::session::published::{Board, Renewed, SessionEvent};
use crate::session::stored::SignedIn;
use crate::session::vault::Vault;

/// Obtains credentials from one identity pool.
pub(crate) struct PoolCredentials {
    pool: IdentityPool,
    pool_id: String,
    vault: Vault,
    board: Arc<Board>,
    clock: CorrectedClock,
}

impl PoolCredentials {
    pub(crate) fn new(
        pool: IdentityPool,
        pool_id: &str,
        vault: Vault,
        board: Arc<Board>,
        clock: CorrectedClock,
    ) -> Self {
        Self { pool, pool_id: pool_id.to_owned(), vault, board, clock }
    }

    /// Identity and credentials from Cognito, stored. A remembered identity that Cognito no longer accepts is asked for
    /// anew, once.
    pub(crate) async fn obtain(&self, signed_in: &SignedIn) -> Result<AwsCredentials, Refused> {
        let login = Login { key: logins_key(&signed_in.issuer), id_token: &signed_in.tokens.id_token };
        let (issuer, subject) = (signed_in.issuer.as_str(), signed_in.user.subject.as_str());
        let before = self.vault.peek(|content| content.identity.clone()).flatten();
        let known = before.as_ref().and_then(|identity| identity.id_for(&self.pool_id, issuer, subject));
        let asked = match known {
            Some(id) => id.to_owned(),
            None => self.pool.get_id(&login).await?,
        };
        let (credentials, identity_id) = match self.pool.get_credentials(&asked, &login).await {
            Err(refused) if refused.blame == Some(Blame::Identity) && known.is_some() => {
                let asked_anew = self.pool.get_id(&login).await?;
                self.pool.get_credentials(&asked_anew, &login).await?
            }
            outcome => outcome?,
        };
        // By a clock that this very answer may have corrected.
        let credentials = credentials.obtained_at(self.clock.unix_now());
        if credentials.life().expires_at <= self.clock.unix_now() {
            return Err(ended_credentials(credentials.expires_at(), self.clock.now()).into());
        }
        let identity = Identity::new(&self.pool_id, issuer, subject, identity_id);
        self.vault.keep_credentials(signed_in, credentials.clone(), identity.clone()).await?;
        if known.is_some_and(|known| known != identity.id()) {
            self.board.tell(SessionEvent::IdentityChanged { identity_id: identity.id().to_owned() });
        }
        let expires_at = credentials.expires_at();
        self.board.tell(SessionEvent::Renewed { renewed: Renewed::AwsCredentials, expires_at });
        Ok(credentials)
    }
}
