//! Under which names the store keeps sessions: the account's, and the beginning of the configuration's fingerprint.

use crate::config::Config;
use crate::error::SessionError;

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
