//! What is in the store, read with other eyes than the core's.

use serde_json::Value;

/// The facts of a stored session that the invariants are about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Stored {
    /// The `sub` of who is signed in.
    pub(crate) user: Option<String>,
    pub(crate) refresh_token: Option<String>,
    /// Names the AWS credentials.
    pub(crate) access_key: Option<String>,
    pub(crate) access_key_expires_at: Option<i64>,
    /// The code of Okta's refusal and whose session it ended.
    pub(crate) ended: Option<(String, String)>,
    /// Whether a code or a refresh token was on its way when this was written.
    pub(crate) is_spending: bool,
    /// The `state` of each open sign-in.
    pub(crate) pending: Vec<String>,
}

impl Stored {
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let value: Value = serde_json::from_slice(bytes).unwrap();
        let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let ended = text("/ended/reason/code").zip(text("/ended/user/subject"));
        assert_eq!(ended.is_some(), value.pointer("/ended").is_some_and(Value::is_object), "an end has cause and user");
        let states = value["pending"].as_array().into_iter().flatten();
        Self {
            user: text("/signed_in/user/subject"),
            refresh_token: text("/signed_in/tokens/refresh_token"),
            access_key: text("/signed_in/credentials/access_key_id"),
            access_key_expires_at: value.pointer("/signed_in/credentials/expires_at").and_then(Value::as_i64),
            ended,
            is_spending: value["attempts"].as_array().is_some_and(|attempts| !attempts.is_empty()),
            pending: states.map(|pending| pending["state"].as_str().unwrap().to_owned()).collect(),
        }
    }

    /// The sign-in that the refresh token belongs to: tokens of the local stack are `line.secret`.
    pub(crate) fn line(&self) -> Option<&str> {
        Some(self.refresh_token.as_deref()?.split_once('.')?.0)
    }
}
