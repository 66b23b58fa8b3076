//! Sessions that other configurations left in the same store: after an edit of the client id or the issuer, the earlier
//! refresh token is still there and still valid. They are shown, and can be ended.

use std::fmt;
use std::sync::Arc;

use secrecy::SecretString;

use super::names::{settings_of, split_name};
use super::sign_out::{SignOut, SignOutMode};
use crate::clock::CorrectedClock;
use crate::cognito::identity::Identity;
use crate::config::{Config, Fingerprint};
use crate::diagnosis::{LONGEST_WORDS, okta, shorten};
use crate::error::SessionError;
use crate::net::http::Http;
use crate::oidc::discovery::{Discovery, Provider};
use crate::oidc::id_token::unverified_client_id;
use crate::oidc::logout;
use crate::session::published::{Event, SessionState, next};
use crate::session::stored::{OwnSettings, Owner, SignedIn, StoredSession};
use crate::session::tasks::block;
use crate::storage::SecretStore;

/// A session of another configuration. Made by [`Accounts::list_others`](super::Accounts::list_others).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OtherSession {
    /// The account's name.
    pub account: String,
    /// The authorization server that it belongs to, if somebody is signed in.
    pub issuer: Option<String>,
    /// The client that it belongs to, if somebody is signed in.
    pub client_id: Option<String>,
    /// In what its configuration differs from this one, as far as it is known.
    pub differences: Vec<SettingDifference>,
    /// Who is or was signed in; [`StorageUnavailable`](SessionState::StorageUnavailable) for what cannot be read.
    pub state: SessionState,
    name: String,
}

/// A setting that a session was made with, and that is another one now. Neither value is secret.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SettingDifference {
    /// The key in the configuration files.
    pub setting: &'static str,
    /// What it was then; nothing if there was no such key.
    pub there: Option<String>,
    /// What it is in this configuration.
    pub here: Option<String>,
}

impl fmt::Display for SettingDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |value: &Option<String>| {
            value.as_deref().map_or("not set".to_owned(), |value| shorten(value, LONGEST_WORDS))
        };
        write!(f, "{}: {} there, {} here", self.setting, shown(&self.there), shown(&self.here))
    }
}

/// In the order of the files. What is not known of the other one differs in nothing.
fn compare(there: &OwnSettings, here: &OwnSettings) -> Vec<SettingDifference> {
    let some = |text: &str| Some(text.to_owned());
    let all = [
        ("okta_issuer_url", some(&there.issuer), some(&here.issuer)),
        ("okta_client_id", some(&there.client_id), some(&here.client_id)),
        ("Auth.identityPoolId", some(&there.identity_pool_id), some(&here.identity_pool_id)),
        ("Auth.identityPoolEndpoint", there.identity_pool_endpoint.clone(), here.identity_pool_endpoint.clone()),
    ];
    let differ = all.into_iter().filter(|(_, there, here)| there != here);
    differ.map(|(setting, there, here)| SettingDifference { setting, there, here }).collect()
}

/// What an earlier version, which did not write its settings down, had in them: as far as the session itself tells. Of the rest
/// nothing is said, but that there was no endpoint, if the fingerprint is that of none.
fn guess_settings(content: &StoredSession, configuration: &str, here: &OwnSettings) -> Option<OwnSettings> {
    let signed_in = content.signed_in.as_ref()?;
    let known = OwnSettings {
        issuer: signed_in.issuer.clone(),
        client_id: unverified_client_id(&signed_in.tokens.id_token).unwrap_or_else(|| here.client_id.clone()),
        identity_pool_id: content.identity.as_ref().map_or(&here.identity_pool_id[..], Identity::pool_id).to_owned(),
        identity_pool_endpoint: here.identity_pool_endpoint.clone(),
    };
    let without = OwnSettings { identity_pool_endpoint: None, ..known.clone() };
    let is_right = fingerprint_of(&without).to_string().starts_with(configuration);
    Some(if is_right { without } else { known })
}

fn fingerprint_of(settings: &OwnSettings) -> Fingerprint {
    let OwnSettings { issuer, client_id, identity_pool_id, identity_pool_endpoint } = settings;
    Fingerprint::of([issuer, client_id, identity_pool_id], identity_pool_endpoint.as_deref())
}

/// Finds them. No network.
pub(super) fn find(store: &dyn SecretStore, config: &Config) -> Result<Vec<OtherSession>, SessionError> {
    let (own, here) = (config.fingerprint().short(), settings_of(config));
    let mut names = store.list()?;
    names.sort_unstable();
    let foreign = names.into_iter().filter_map(|name| {
        let (account, configuration) = split_name(&name, &own)?;
        let is_foreign = configuration != own;
        is_foreign.then(|| (account.to_owned(), configuration.to_owned(), name.clone()))
    });
    let sessions = foreign.filter_map(|(account, configuration, name)| {
        let (event, signed_in, settings) = match read(store, &name, &account) {
            Ok((content, written)) => {
                let settings = written.or_else(|| guess_settings(&content, &configuration, &here));
                (Event::stored(&content), content.signed_in, settings)
            }
            Err(error) => (Event::StorageFailed { detail: error.to_string() }, None, None),
        };
        let state = next(&SessionState::NotLoaded, event);
        // Only a sign-in that was never finished: nobody has been here.
        (state != SessionState::SignedOut).then(|| OtherSession {
            account,
            issuer: signed_in.as_ref().map(|signed_in| signed_in.issuer.clone()),
            client_id: signed_in.as_ref().and_then(|signed_in| unverified_client_id(&signed_in.tokens.id_token)),
            differences: settings.map(|there| compare(&there, &here)).unwrap_or_default(),
            state,
            name,
        })
    });
    Ok(sessions.collect())
}

/// What is there, whosever it is: its own words say whose, and must fit its name.
fn read(
    store: &dyn SecretStore,
    name: &str,
    account: &str,
) -> Result<(StoredSession, Option<OwnSettings>), SessionError> {
    let Some(bytes) = store.load(name)? else { return Ok((StoredSession::default(), None)) };
    let fits = |owner: &Owner| {
        let rest = name.strip_prefix(account).and_then(|rest| rest.strip_prefix('.'));
        owner.account == account && rest.is_some_and(|configuration| owner.configuration.starts_with(configuration))
    };
    let owner = StoredSession::read_owner(&bytes).filter(fits);
    let nobody = || Owner { account: account.to_owned(), configuration: String::new(), settings: None };
    let owner = owner.unwrap_or_else(nobody);
    Ok((StoredSession::from_bytes(&bytes, &owner)?, owner.settings))
}

/// Ends them.
pub(super) struct OtherSessions {
    store: Arc<dyn SecretStore>,
    http: Http,
    clock: CorrectedClock,
}

impl OtherSessions {
    pub(super) fn new(store: Arc<dyn SecretStore>, http: Http, clock: CorrectedClock) -> Self {
        Self { store, http, clock }
    }

    /// Erases the session, even one that cannot be read, then asks its own server for the rest.
    pub(super) async fn end(&self, other: OtherSession, mode: SignOutMode) -> Result<SignOut, SessionError> {
        let store = Arc::clone(&self.store);
        let erased = block(move || {
            let _lock = store.lock(&other.name)?;
            let (content, _) = read(&*store, &other.name, &other.account).unwrap_or_default();
            store.delete(&other.name)?;
            Ok(content)
        })
        .await?;
        let mut outcome = SignOut { end_session_url: None, revocation: None };
        let Some(signed_in) = erased.signed_in.filter(|_| mode != SignOutMode::Local) else { return Ok(outcome) };
        let provider = Discovery::new(&signed_in.issuer).provider(&self.http, self.clock.now()).await;
        if let Some(refresh_token) = &signed_in.tokens.refresh_token {
            outcome.revocation = Some(match &provider {
                Ok(provider) => self.revoke(provider, &signed_in, refresh_token).await,
                Err(error) => Err(error.clone()),
            });
        }
        if mode == SignOutMode::EndSession {
            outcome.end_session_url = Some(provider.and_then(|provider| {
                let endpoint = provider.metadata.end_session_endpoint;
                let endpoint = endpoint.ok_or_else(|| okta::not_announced("an end-session endpoint"))?;
                Ok(logout::end_session_url(&endpoint, &signed_in.tokens.id_token, None))
            }));
        }
        Ok(outcome)
    }

    async fn revoke(
        &self,
        provider: &Provider,
        signed_in: &SignedIn,
        refresh_token: &SecretString,
    ) -> Result<(), SessionError> {
        let endpoint = provider.metadata.revocation_endpoint.as_ref();
        let endpoint = endpoint.ok_or_else(|| okta::not_announced("a revocation endpoint"))?;
        let client_id = unverified_client_id(&signed_in.tokens.id_token)
            .ok_or_else(|| SessionError::internal("a stored ID token does not say which client it is for"))?;
        logout::revoke_refresh_token(&self.http, endpoint, &client_id, refresh_token).await
    }
}
