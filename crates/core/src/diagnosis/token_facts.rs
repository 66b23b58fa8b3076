//! What an ID token that was refused says for itself, beside what the configuration expects. Never verified here, and never
//! more than what configurations hold too: who issued it, for which client, with which key, until when.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::answer::{LONGEST_CODE, LONGEST_WORDS, quote, shorten};

/// As much of a difference as helps to find it.
const LONGEST_DIFFERENCE: usize = 24;
/// More audiences than that help nobody.
const MOST_AUDIENCES: usize = 3;

/// The claims and header fields that Cognito checks (Amazon Cognito developer guide, "Open ID Connect providers as an identity
/// pool IdP").
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TokenFacts {
    issuer: Option<String>,
    audiences: Vec<String>,
    authorized_party: Option<String>,
    expires_at: Option<u64>,
    algorithm: Option<String>,
    key_id: Option<String>,
    /// Whether it has what Okta's access tokens have and ID tokens do not (`cid`, `scp`).
    is_access_token: bool,
}

impl TokenFacts {
    /// A token that cannot be read has none.
    pub(super) fn read(token: &str) -> Option<Self> {
        let (header, claims) = (object_at(token, 0)?, object_at(token, 1)?);
        let text = |object: &Map<String, Value>, name: &str| {
            object.get(name).and_then(Value::as_str).map(|text| shorten(&quote(text), LONGEST_WORDS))
        };
        let audiences = match claims.get("aud") {
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(one)) => vec![one.as_str()],
            _ => Vec::new(),
        };
        Some(Self {
            issuer: text(&claims, "iss"),
            audiences: audiences.into_iter().map(|audience| shorten(&quote(audience), LONGEST_CODE)).collect(),
            authorized_party: text(&claims, "azp"),
            expires_at: claims.get("exp").and_then(Value::as_u64),
            algorithm: text(&header, "alg"),
            key_id: text(&header, "kid"),
            is_access_token: ["cid", "scp"].iter().any(|name| claims.contains_key(*name)),
        })
    }

    /// Each way in which it is not what the configuration expects, as half a sentence about "it".
    pub(super) fn differences(&self, issuer: &str, client_id: &str, now: Option<SystemTime>) -> Vec<String> {
        [
            self.is_access_token.then(|| "has cid or scp, as Okta's access tokens have".to_owned()),
            issuer_difference(self.issuer.as_deref(), issuer),
            audience_difference(self, client_id),
            self.expires_at.zip(now).and_then(|(expires_at, now)| expiry(expires_at, now)),
            algorithm_difference(self.algorithm.as_deref()),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// What is as expected, if all of it is.
    pub(super) fn summary(&self) -> String {
        let facts = [
            self.issuer.as_ref().map(|issuer| format!("iss {issuer}")),
            Some(format!("aud {}", self.audiences_in_words())),
            self.algorithm.as_ref().map(|algorithm| format!("alg {algorithm}")),
            self.key_id.as_ref().map(|key_id| format!("kid {key_id}")),
        ];
        facts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    fn audiences_in_words(&self) -> String {
        let more = if self.audiences.len() > MOST_AUDIENCES { " …" } else { "" };
        let first: Vec<_> = self.audiences.iter().take(MOST_AUDIENCES).map(String::as_str).collect();
        format!("{}{more}", first.join(" and "))
    }
}

/// A part of a JWT that is a JSON object: 0 the header, 1 the claims.
pub(super) fn object_at(token: &str, part: usize) -> Option<Map<String, Value>> {
    let bytes = URL_SAFE_NO_PAD.decode(token.split('.').nth(part)?).ok()?;
    serde_json::from_slice(&bytes).ok()
}

fn issuer_difference(found: Option<&str>, expected: &str) -> Option<String> {
    match found {
        Some(found) if found == expected => None,
        Some(found) => Some(format!("has iss {found}, and not {expected}: {}", mark_difference(found, expected))),
        None => Some("has no iss".to_owned()),
    }
}

/// Cognito compares `azp` with the provider's audiences if there is one, else `aud` (ibid.).
fn audience_difference(facts: &TokenFacts, client_id: &str) -> Option<String> {
    match &facts.authorized_party {
        Some(party) if party != client_id => {
            return Some(format!("has azp {party}, and not okta_client_id {client_id}"));
        }
        Some(_) => return None,
        None => {}
    }
    match facts.audiences.as_slice() {
        [] => Some("has no aud".to_owned()),
        audiences if audiences.iter().any(|audience| audience == client_id) => None,
        _ => Some(format!("has aud {}, and not okta_client_id {client_id}", facts.audiences_in_words())),
    }
}

/// By a clock that the services have corrected.
fn expiry(expires_at: u64, now: SystemTime) -> Option<String> {
    let ago = now.duration_since(SystemTime::UNIX_EPOCH).ok()?.checked_sub(Duration::from_secs(expires_at))?;
    let ago = match ago.as_secs() {
        seconds @ 0..=119 => format!("{seconds} s"),
        seconds @ 120..=7199 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    };
    Some(format!("expired {ago} ago, by the corrected clock (exp)"))
}

/// "signature is verifiable by an RSA public key" (ibid.).
fn algorithm_difference(found: Option<&str>) -> Option<String> {
    let is_rsa = |algorithm: &str| algorithm.starts_with("RS") || algorithm.starts_with("PS");
    match found {
        Some(algorithm) if is_rsa(algorithm) => None,
        Some(algorithm) => Some(format!("is signed by {algorithm}, and Cognito verifies RSA only (alg)")),
        None => Some("has no alg".to_owned()),
    }
}

/// The place where two texts part, in words: eyes pass over one letter.
pub(super) fn mark_difference(found: &str, expected: &str) -> String {
    let same = found.chars().zip(expected.chars()).take_while(|(found, expected)| found == expected).count();
    let rest = |text: &str| {
        let rest: Vec<char> = text.chars().skip(same).collect();
        let cut = if rest.len() > LONGEST_DIFFERENCE { "…" } else { "" };
        format!("\"{}{cut}\"", rest.iter().take(LONGEST_DIFFERENCE).collect::<String>())
    };
    match (found.chars().count() == same, expected.chars().count() == same) {
        (true, true) => "they are the same".to_owned(),
        (true, false) => format!("it lacks {} at its end", rest(expected)),
        (false, true) => format!("it has {} too many at its end", rest(found)),
        (false, false) => {
            format!("from character {} on it has {} in place of {}", same + 1, rest(found), rest(expected))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ISSUER: &str = "https://dev-1.okta.com/oauth2/default";
    const CLIENT: &str = "0oaclient";
    const NOW: u64 = 1_700_000_000;

    fn facts(change: impl FnOnce(&mut Value, &mut Value)) -> TokenFacts {
        let mut header = json!({ "alg": "RS256", "kid": "k1" });
        let mut claims = json!({
            "iss": ISSUER, "aud": CLIENT, "exp": NOW + 600, "sub": "00u1", "name": "Alice Example", "department": "R&D",
        });
        change(&mut header, &mut claims);
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        TokenFacts::read(&format!("{}.{}.signature", part(&header), part(&claims))).unwrap()
    }

    fn differences(facts: &TokenFacts) -> Vec<String> {
        facts.differences(ISSUER, CLIENT, Some(SystemTime::UNIX_EPOCH + Duration::from_secs(NOW)))
    }

    #[test]
    fn a_token_as_configured_differs_in_nothing_and_says_nothing_personal() {
        for audience in [json!(CLIENT), json!([CLIENT]), json!(["other", CLIENT])] {
            let facts = facts(|_, claims| claims["aud"] = audience);
            assert_eq!(differences(&facts), Vec::<String>::new());
        }
        let facts = facts(|_, _| {});
        assert_eq!(facts.summary(), format!("iss {ISSUER}, aud {CLIENT}, alg RS256, kid k1"));
        assert!(!format!("{facts:?}").contains("Alice") && !format!("{facts:?}").contains("00u1"), "{facts:?}");
    }

    #[test]
    fn each_claim_that_cognito_checks_is_compared() {
        type Change = fn(&mut Value, &mut Value);
        let cases: [(Change, &str); 11] = [
            (
                |_, claims| claims["iss"] = json!("https://dev-1.okta.com"),
                "has iss https://dev-1.okta.com, and not https://dev-1.okta.com/oauth2/default: it lacks \"/oauth2/default\"",
            ),
            (|_, claims| claims["iss"] = json!(null), "has no iss"),
            (|_, claims| claims["aud"] = json!("0oaother"), "has aud 0oaother, and not okta_client_id 0oaclient"),
            (|_, claims| claims["aud"] = json!(["a", "b", "c", "d"]), "has aud a and b and c …, and not"),
            (|_, claims| claims["aud"] = json!(null), "has no aud"),
            (|_, claims| claims["azp"] = json!("0oaother"), "has azp 0oaother, and not okta_client_id 0oaclient"),
            (|_, claims| claims["exp"] = json!(NOW - 30), "expired 30 s ago, by the corrected clock"),
            (|_, claims| claims["exp"] = json!(NOW - 600), "expired 10 min ago"),
            (|_, claims| claims["exp"] = json!(NOW - 90_000), "expired 25 h ago"),
            (|header, _| header["alg"] = json!("ES256"), "is signed by ES256, and Cognito verifies RSA only"),
            (|_, claims| claims["scp"] = json!(["openid"]), "has cid or scp"),
        ];
        for (change, said) in cases {
            let found = differences(&facts(change));
            assert!(found.len() == 1 && found[0].starts_with(said), "{said}: {found:?}");
        }
        // `azp` counts before `aud`.
        let by_party = facts(|_, claims| {
            claims["azp"] = json!(CLIENT);
            claims["aud"] = json!("other");
        });
        assert_eq!(differences(&by_party), Vec::<String>::new());
    }

    #[test]
    fn the_place_where_two_texts_part_is_marked() {
        for (found, said) in [
            (ISSUER, "they are the same"),
            ("https://dev-1.okta.com/oauth2/default/", "it has \"/\" too many at its end"),
            ("https://dev-1.okta.com", "it lacks \"/oauth2/default\" at its end"),
            (
                "https://dev-1.okta.com/oauth2/Default",
                "from character 31 on it has \"Default\" in place of \"default\"",
            ),
            (
                "https://id.example.com/oauth2/default",
                "from character 9 on it has \"id.example.com/oauth2/de…\" in place of",
            ),
        ] {
            assert!(mark_difference(found, ISSUER).starts_with(said), "{}", mark_difference(found, ISSUER));
        }
    }

    #[test]
    fn what_is_no_token_and_what_a_token_hides_is_not_shown() {
        for unreadable in ["", "a.b.c", "eyJ9.eyJ9.c"] {
            assert_eq!(TokenFacts::read(unreadable), None, "{unreadable}");
        }
        let hostile = facts(|header, claims| {
            header["kid"] = json!("\u{1b}[2J");
            claims["aud"] = json!("eyJhbGciOiJSUzI1NiJ9.secret");
            claims["iss"] = json!("x".repeat(5000));
        });
        let told = format!("{} {:?}", hostile.summary(), differences(&hostile));
        assert!(!told.contains('\u{1b}') && !told.contains("secret") && told.len() < 1500, "{told}");
    }
}
