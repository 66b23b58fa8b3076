//! What a program reads when somebody has signed in: the same line, whichever command it was.

use jetbridge::User;
use serde::Serialize;

/// The line of JSON that `login` and `demo` write when somebody has signed in.
#[derive(Debug, Serialize)]
pub(super) struct SignedInEvent<'a> {
    event: &'static str,
    user: &'a User,
    identity_id: Option<&'a str>,
}

impl<'a> SignedInEvent<'a> {
    pub(super) fn new(user: &'a User, identity_id: Option<&'a str>) -> Self {
        Self { event: "signed_in", user, identity_id }
    }
}
