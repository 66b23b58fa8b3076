//! Which claims of an ID token cannot be session tags, should the identity pool map them (attributes for access control).

use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup};

use super::answer::{LONGEST_CODE, shorten};
use super::token_facts::object_at;

/// STS API reference, `Tag`: a value has at most so many characters, of `[\p{L}\p{Z}\p{N}_.:/=+\-@]*`.
pub(super) const LONGEST_TAG: usize = 256;
pub(super) const TAG_PUNCTUATION: &str = "_.:/=+-@";
/// More names than that help nobody.
const MOST_CLAIMS: usize = 5;

/// The names of an ID token's claims that cannot be session tags; never their values. A token that cannot be read has none.
pub(super) fn untaggable_claims(id_token: &str) -> Vec<String> {
    let claims = object_at(id_token, 1).unwrap_or_default();
    let is_taggable = |value: &str| value.chars().count() <= LONGEST_TAG && value.chars().all(fits);
    claims
        .iter()
        .filter(|(_, value)| value.as_str().is_some_and(|value| !is_taggable(value)))
        .map(|(name, _)| shorten(name, LONGEST_CODE))
        .take(MOST_CLAIMS)
        .collect()
}

/// A combining mark is neither letter (`\p{L}`) nor separator (`\p{Z}`) nor number (`\p{N}`), though Rust counts some as
/// alphanumeric.
fn fits(character: char) -> bool {
    let taken = GeneralCategoryGroup::Letter.union(GeneralCategoryGroup::Separator).union(GeneralCategoryGroup::Number);
    taken.contains(CodePointMapData::<GeneralCategory>::new().get(character)) || TAG_PUNCTUATION.contains(character)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    use super::*;

    fn token(claims: &Value) -> String {
        format!("header.{}.signature", URL_SAFE_NO_PAD.encode(claims.to_string()))
    }

    #[test]
    fn claims_that_sts_takes_for_no_tag_are_named_and_never_shown() {
        let bad = |claims: Value| untaggable_claims(&token(&claims));
        assert_eq!(
            bad(json!({ "department": "R&D", "name": "Zoë Größe-Łuk 2", "iss": "https://a.example/b" })),
            ["department"]
        );
        for refused in ["a,b", "(a)", "O'Brien", "tab\t", "का", "Ⓐ", "e\u{301}", &"x".repeat(257)] {
            assert_eq!(bad(json!({ "claim": refused })), ["claim"], "{refused}");
        }
        assert_eq!(bad(json!({ "claim": "a\u{a0}b\u{3000}c\u{2028}½ 漢字" })), Vec::<String>::new());
        // A list gives no tag, a number gives a good one.
        assert_eq!(bad(json!({ "groups": ["R&D"], "exp": 1, "empty": "" })), Vec::<String>::new());
        for unreadable in ["", "a.b.c", "a.eyJ9.c"] {
            assert_eq!(untaggable_claims(unreadable), Vec::<String>::new());
        }
    }
}
