//! Under which names the store keeps sessions: the account's, and the beginning of the configuration's fingerprint.

use crate::config::Config;
use crate::error::SessionError;
use crate::session::stored::{OwnSettings, Owner};

/// The account of an app that keeps one only.
pub(super) const DEFAULT: &str = "default";

/// The account's name as it is stored, if it is a usable one.
pub(super) fn check_name(name: &str) -> Result<String, SessionError> {
    // One file system tells `Alice` from `alice`, another does not.
    let name = name.to_ascii_lowercase();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.is_empty() || name.len() > 64 || name.starts_with('.') || !name.chars().all(is_plain) {
        return Err(SessionError::Misconfigured {
            setting: "account".to_owned(),
            problem: "is not a usable name".to_owned(),
            hint: "Use up to 64 letters, digits, `.`, `_` and `-`, not beginning with a dot.".to_owned(),
        });
    }
    Ok(name)
}

/// The name's account and configuration, if it is a session's. Configurations' names are all as long as `own`.
pub(super) fn split_name<'n>(name: &'n str, own: &str) -> Option<(&'n str, &'n str)> {
    let (account, configuration) = name.rsplit_once('.')?;
    let is_configuration =
        configuration.len() == own.len() && configuration.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_configuration && check_name(account).is_ok_and(|plain| plain == account)).then_some((account, configuration))
}

/// Under which name the store has the session of `account`.
pub(super) fn blob_name(account: &str, config: &Config) -> String {
    format!("{account}.{}", config.fingerprint().short())
}

/// Whose it is then.
pub(super) fn owner_of(account: &str, config: &Config) -> Owner {
    Owner {
        account: account.to_owned(),
        configuration: config.fingerprint().to_string(),
        settings: Some(settings_of(config)),
    }
}

/// What the fingerprint is of.
pub(super) fn settings_of(config: &Config) -> OwnSettings {
    OwnSettings {
        issuer: config.issuer_url().to_owned(),
        client_id: config.client_id().to_owned(),
        identity_pool_id: config.identity_pool_id().to_owned(),
        identity_pool_endpoint: config.identity_pool_endpoint().map(|url| url.origin().ascii_serialization()),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::session::published::SessionState;
    use crate::session::{Accounts, Session};
    use crate::storage::{MemoryStore, SecretStore as _};

    const OKTA: &str = r#"{
        "okta_issuer_url": "https://dev-1.okta.com/oauth2/default",
        "okta_client_id": "0oa1exampleclient5d7",
        "okta_callback_url": "com.okta.dev-1:/callback"
    }"#;

    /// The configuration of the golden files, with more keys in `Auth`.
    pub(in crate::session) fn config(more: &str) -> Config {
        let pool = "us-west-2:6f2b4c1e-0d5a-4f27-9c83-1b7e5a90d3f4";
        let auth = format!(r#"{{"region": "us-west-2", "identityPoolId": "{pool}"{more}}}"#);
        let storage = r#"{"AWSS3": {"region": "us-west-2", "bucket": "my-team-data"}}"#;
        Config::parse(OKTA, &format!(r#"{{"Auth": {auth}, "Storage": {storage}}}"#)).unwrap()
    }

    /// By its name in the store and by what it says of itself.
    #[tokio::test]
    async fn a_session_of_earlier_versions_is_found_where_it_was_unless_another_server_gets_its_id_token() {
        for stored in [
            include_str!("../../tests-data/session/schema-1.json"),
            include_str!("../../tests-data/session/schema-2.json"),
            include_str!("../../tests-data/session/schema-2-attempt.json"),
            include_str!("../../tests-data/session/schema-2-settings.json"),
        ] {
            let store = Arc::new(MemoryStore::new());
            store.save("default.d39979567891dfb9", stored.as_bytes()).unwrap();
            let state = Session::open(config(""), store.clone()).unwrap().restore().await;
            assert!(matches!(state, SessionState::SignedIn { .. }), "{state:?}");

            // A listener of another user of this machine may be there.
            let elsewhere = config(r#", "identityPoolEndpoint": "http://127.0.0.1:4581""#);
            let session = Session::open(elsewhere.clone(), store.clone()).unwrap();
            assert_eq!(session.restore().await, SessionState::SignedOut);
            let others = Accounts::new(elsewhere, store).list_others().await.unwrap();
            let shown: Vec<_> = others.iter().map(|other| (other.account.as_str(), &other.issuer)).collect();
            assert_eq!(shown, [("default", &Some("https://dev-1.okta.com/oauth2/default".to_owned()))]);
            // By what the blob says, or else by the fingerprint.
            let differences: Vec<_> = others[0].differences.iter().map(ToString::to_string).collect();
            assert_eq!(differences, ["Auth.identityPoolEndpoint: not set there, http://127.0.0.1:4581 here"]);
        }
    }
}
