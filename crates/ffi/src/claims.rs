//! What the ID token says. An object, because records print what they hold, and this is personal.

use std::time::SystemTime;

/// The claims of the ID token that a session holds, which was verified when it came.
///
/// They are for what an app shows: a name, a menu that only some groups need. Nobody gets a right by them: what is allowed
/// is decided by AWS and by the app's backend. They are as old as the token; the next renewal brings new ones, in a new
/// object.
#[derive(Debug, uniffi::Object)]
pub struct IdTokenClaims {
    pub(crate) inner: jetbridge::IdTokenClaims,
}

#[uniffi::export]
impl IdTokenClaims {
    /// `sub`: the user, by a name that never changes.
    pub fn subject(&self) -> String {
        self.inner.subject().to_owned()
    }

    /// `iss`: the authorization server.
    pub fn issuer(&self) -> String {
        self.inner.issuer().to_owned()
    }

    /// `aud`: whom the token is for, the app's client id among them.
    pub fn audience(&self) -> Vec<String> {
        owned(self.inner.audience())
    }

    /// `iat`, by Okta's clock.
    pub fn issued_at(&self) -> SystemTime {
        self.inner.issued_at()
    }

    /// `exp`, by Okta's clock. A session that renews itself outlives it.
    pub fn expires_at(&self) -> SystemTime {
        self.inner.expires_at()
    }

    /// `auth_time`: when the user last proved who they are, if Okta says. A renewal changes nothing about it.
    pub fn authenticated_at(&self) -> Option<SystemTime> {
        self.inner.authenticated_at()
    }

    /// The claim `groups`, which Okta sends only if an administrator adds it
    /// (developer.okta.com/docs/guides/customize-tokens-groups-claim); empty without it. Not to be in it says little: Okta
    /// leaves out groups above 100, and what the claim's filter does not name.
    pub fn groups(&self) -> Vec<String> {
        owned(self.inner.groups())
    }

    /// The names of all claims, in no order that means anything.
    pub fn names(&self) -> Vec<String> {
        owned(self.inner.names())
    }

    /// A claim that is a text.
    pub fn text(&self, name: &str) -> Option<String> {
        self.inner.text(name).map(str::to_owned)
    }

    /// A claim that is a list of texts, or one text. Empty for anything else, also for a list of which only a part are texts.
    pub fn texts(&self, name: &str) -> Vec<String> {
        owned(self.inner.texts(name))
    }

    /// A claim that is true or false.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.inner.flag(name)
    }

    /// A claim that is a number. Whole numbers above 2⁵³ are rounded; `json` has them as they came.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.inner.number(name)
    }

    /// The token's payload as it came, for claims that are objects. Personal data: never log it.
    pub fn json(&self) -> String {
        self.inner.json().to_owned()
    }
}

fn owned(texts: Vec<&str>) -> Vec<String> {
    texts.into_iter().map(str::to_owned).collect()
}
