//! The person that a session belongs to.

use serde::{Deserialize, Serialize};

/// Who is signed in, as far as Okta told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The `sub` of the ID token; never changes for a user.
    pub subject: String,
    /// `preferred_username`.
    pub username: Option<String>,
    /// The full name.
    pub name: Option<String>,
    /// The e-mail address; Okta sends it from userinfo, a moment after the sign-in.
    pub email: Option<String>,
}

impl User {
    /// The most human of what is known.
    pub fn display_name(&self) -> &str {
        [&self.name, &self.username, &self.email].into_iter().flatten().next().unwrap_or(&self.subject)
    }
}
