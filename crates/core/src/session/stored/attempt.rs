//! Written before a code or a refresh token is spent: if that write does not succeed, nothing is spent, and whoever finds it
//! later knows that an answer was never saved.

use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Serialize, Serializer};

/// Room for the largest answer: an ID token as long as Cognito takes one (50,000 characters), an access token of the same
/// length, and a refresh token.
const ROOM: usize = 128 * 1024;
/// No grace of a rotated refresh token lasts longer (Okta's guide "Refresh access tokens and rotate refresh tokens": 0 to
/// 60 seconds).
const LONGEST_GRACE_SECONDS: i64 = 60;

/// A single-use token is on its way, or its answer was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) struct Attempt {
    pub spends: Spends,
    /// In Unix seconds.
    pub began_at: i64,
}

/// What is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Spends {
    Code,
    RefreshToken,
}

impl Attempt {
    /// Whether the refresh token that was spent may still work, once more: a rotated one does within the grace.
    pub(crate) fn is_worth_repeating(&self, unix_now: i64) -> bool {
        let age = unix_now.saturating_sub(self.began_at);
        self.spends == Spends::RefreshToken && (0..LONGEST_GRACE_SECONDS).contains(&age)
    }
}

/// With the room in it: the write that follows takes its place, so a disk that is full by then has room for that.
impl Serialize for Attempt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Attempt", 3)?;
        fields.serialize_field("spends", &self.spends)?;
        fields.serialize_field("began_at", &self.began_at)?;
        fields.serialize_field("room", &" ".repeat(ROOM))?;
        fields.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_takes_the_room_of_its_answer_and_is_read_without_it() {
        let attempt = Attempt { spends: Spends::RefreshToken, began_at: 1000 };
        let text = serde_json::to_string(&attempt).unwrap();
        assert!(text.len() > ROOM && text.starts_with(r#"{"spends":"refresh_token","began_at":1000,"room":" "#));
        assert_eq!(serde_json::from_str::<Attempt>(&text).unwrap(), attempt);
    }

    #[test]
    fn only_a_refresh_token_within_the_longest_grace_is_worth_another_try() {
        let worth = |spends, now| Attempt { spends, began_at: 1000 }.is_worth_repeating(now);
        assert_eq!([999, 1000, 1059, 1060].map(|now| worth(Spends::RefreshToken, now)), [false, true, true, false]);
        assert!(!worth(Spends::Code, 1001));
    }
}
