//! What the ID token of a session says, for an app that shows something by it.

use std::fmt;
use std::time::SystemTime;

use serde_json::{Map, Value};

use crate::clock::from_unix;
use crate::oidc::id_token;
use crate::session::stored::StoredSession;

/// The claims of the ID token that a session holds, which was verified when it came.
///
/// They are for what an app shows: a name, a menu that only some groups need. Nobody gets a right by them on a device that
/// is in somebody else's hands: what is allowed is decided by AWS and by the app's backend. They are as old as the token:
/// what Okta's administrators change arrives with the next renewal.
///
/// Personal data, so `Debug` prints none of it.
#[derive(Clone, PartialEq, Eq)]
pub struct IdTokenClaims {
    json: String,
    claims: Map<String, Value>,
}

impl IdTokenClaims {
    pub(super) fn of(content: &StoredSession) -> Option<Self> {
        let payload = id_token::payload_of(&content.signed_in.as_ref()?.tokens.id_token)?;
        Self::read(String::from_utf8(payload).ok()?)
    }

    fn read(json: String) -> Option<Self> {
        let claims = serde_json::from_str(&json).ok()?;
        Some(Self { json, claims })
    }

    /// `sub`: the user, by a name that never changes.
    pub fn subject(&self) -> &str {
        self.text("sub").unwrap_or_default()
    }

    /// `iss`: the authorization server.
    pub fn issuer(&self) -> &str {
        self.text("iss").unwrap_or_default()
    }

    /// `aud`: whom the token is for, the app's client id among them.
    pub fn audience(&self) -> Vec<&str> {
        self.texts("aud")
    }

    /// `iat`, by Okta's clock.
    pub fn issued_at(&self) -> SystemTime {
        self.time("iat").unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// `exp`, by Okta's clock. A session that renews itself outlives it.
    pub fn expires_at(&self) -> SystemTime {
        self.time("exp").unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// `auth_time`: when the user last proved who they are, if Okta says. A renewal changes nothing about it.
    pub fn authenticated_at(&self) -> Option<SystemTime> {
        self.time("auth_time")
    }

    /// The claim `groups`, which Okta sends only if an administrator adds it ([Customize tokens returned from Okta with a
    /// groups claim](https://developer.okta.com/docs/guides/customize-tokens-groups-claim/main/)); empty without it.
    ///
    /// Not to be in it says little: group functions give at most 100 groups and leave the others out without a word
    /// ([Exceed the 100 groups limitation](https://support.okta.com/help/s/article/how-to-exceed-the-100-groups-limitation-on-a-claim)),
    /// and a filter of the claim may leave out any.
    pub fn groups(&self) -> Vec<&str> {
        self.texts("groups")
    }

    /// The names of all claims, in no order that means anything.
    pub fn names(&self) -> Vec<&str> {
        self.claims.keys().map(String::as_str).collect()
    }

    /// A claim that is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name)?.as_str()
    }

    /// A claim that is a list of texts, or one text: what Okta makes of an expression may be either. Empty for anything
    /// else, also for a list of which only a part are texts.
    pub fn texts(&self, name: &str) -> Vec<&str> {
        let texts = match self.claims.get(name) {
            Some(Value::Array(values)) => values.iter().map(Value::as_str).collect(),
            Some(value) => value.as_str().map(|text| vec![text]),
            None => None,
        };
        texts.unwrap_or_default()
    }

    /// A claim that is true or false.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.claims.get(name)?.as_bool()
    }

    /// A claim that is a number. Whole numbers above 2⁵³ are rounded; [`json`](Self::json) has them as they came.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.claims.get(name)?.as_f64()
    }

    /// The token's payload as it came, for claims that are objects.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// RFC 7519 §2, `NumericDate`: seconds, perhaps with a fraction.
    fn time(&self, name: &str) -> Option<SystemTime> {
        let value = self.claims.get(name)?;
        #[expect(clippy::cast_possible_truncation, reason = "seconds are enough, and what is too large saturates")]
        let seconds = value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64));
        seconds.map(from_unix)
    }
}

impl fmt::Debug for IdTokenClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdTokenClaims").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(json: &str) -> IdTokenClaims {
        IdTokenClaims::read(json.to_owned()).unwrap()
    }

    #[test]
    fn claims_are_read_by_their_type_and_never_guessed() {
        let json = r#"{"sub":"00ualice","iss":"https://dev-1.okta.com","aud":["0oa","1oa"],"iat":1800000000.5,
            "exp":1800003600,"level":3,"admin":false,"manager":{"sub":"x"},"none":null,"mixed":["a",1],
            "large":9007199254740993}"#;
        let claims = claims(json);
        assert_eq!((claims.subject(), claims.issuer()), ("00ualice", "https://dev-1.okta.com"));
        assert_eq!(claims.audience(), ["0oa", "1oa"]);
        assert_eq!((claims.issued_at(), claims.expires_at()), (from_unix(1_800_000_000), from_unix(1_800_003_600)));
        assert_eq!(claims.authenticated_at(), None);
        assert_eq!((claims.number("level"), claims.flag("admin")), (Some(3.0), Some(false)));
        for name in ["manager", "none", "mixed", "missing", "level", "admin"] {
            assert!(claims.text(name).is_none() && claims.texts(name).is_empty(), "{name}");
        }
        assert!(claims.flag("level").is_none() && claims.number("sub").is_none());
        assert_eq!(claims.names().len(), 11);
        assert!(claims.json() == json && claims.json().contains("9007199254740993"));
    }

    #[test]
    fn groups_are_a_list_one_text_or_none() {
        assert_eq!(claims(r#"{"groups":["Everyone","IT"]}"#).groups(), ["Everyone", "IT"]);
        assert_eq!(claims(r#"{"groups":"IT"}"#).groups(), ["IT"]);
        for json in [r#"{"groups":[]}"#, r#"{"groups":{"IT":true}}"#, "{}"] {
            assert!(claims(json).groups().is_empty(), "{json}");
        }
    }

    #[test]
    fn what_is_personal_is_not_printed() {
        let claims = claims(r#"{"sub":"00ualice","email":"alice@example.com"}"#);
        assert_eq!(format!("{claims:?} {claims:#?}"), "IdTokenClaims { .. } IdTokenClaims { .. }");
    }

    #[test]
    fn a_payload_that_is_no_object_gives_no_claims() {
        for json in ["", "[]", "null", "{"] {
            assert!(IdTokenClaims::read(json.to_owned()).is_none(), "{json}");
        }
    }
}
