//! The authorization server's signing keys (RFC 7517), within bounds: a hostile or broken key set must not cost more
//! than it is worth.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{CoreJsonWebKeyType, CoreJsonWebKeyUse};
use openidconnect::{JsonWebKey as _, JsonWebKeyId, JsonWebKeySet};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::verifying_key::VerifyingKey;

/// Okta publishes two or three keys.
const MOST_KEYS: usize = 50;
/// RSA moduli of 2048 to 4096 bits: smaller ones are weak, larger ones slow.
const RSA_MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=512;

/// Public keys that may verify a signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct KeySet(JsonWebKeySet<VerifyingKey>);

impl Default for KeySet {
    fn default() -> Self {
        Self(JsonWebKeySet::new(Vec::new()))
    }
}

impl KeySet {
    /// Whether there is none: they were not asked for yet, or none is of use.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.keys().is_empty()
    }

    /// Reads a JWKS document. Keys of unknown kinds are passed over (RFC 7517 §5); secret (symmetric) keys never count.
    pub(crate) fn from_document(document: &Value) -> Result<Self, String> {
        let keys = document.get("keys").and_then(Value::as_array).ok_or("the key set has no `keys`")?;
        if keys.len() > MOST_KEYS {
            return Err(format!("the key set has {} keys, more than {MOST_KEYS}", keys.len()));
        }
        let usable = keys
            .iter()
            .filter(|key| is_sound(key))
            .filter_map(|key| serde_json::from_value::<VerifyingKey>((*key).clone()).ok())
            .collect();
        Ok(Self(JsonWebKeySet::new(usable)))
    }

    /// Whether a token that names `kid` can be looked at with these keys. A token that names none can, if there is one key.
    pub(crate) fn knows(&self, kid: Option<&str>) -> bool {
        match kid {
            Some(kid) => self.0.keys().iter().any(|key| key.key_id() == Some(&JsonWebKeyId::new(kid.to_owned()))),
            None => self.0.keys().len() == 1,
        }
    }

    /// How many of them Cognito can use: it verifies by RSA keys alone ("Using OIDC identity providers", Cognito developer
    /// guide).
    pub(crate) fn count_rsa(&self) -> usize {
        let is_for_signatures =
            |key: &&VerifyingKey| key.key_use().is_none_or(|found| *found == CoreJsonWebKeyUse::Signature);
        let is_rsa = |key: &&VerifyingKey| *key.key_type() == CoreJsonWebKeyType::RSA;
        self.0.keys().iter().filter(is_rsa).filter(is_for_signatures).count()
    }

    pub(crate) fn as_set(&self) -> &JsonWebKeySet<VerifyingKey> {
        &self.0
    }
}

fn is_sound(key: &Value) -> bool {
    let text = |name: &str| key.get(name).and_then(Value::as_str);
    match text("kty") {
        Some("RSA") => text("n")
            .and_then(|n| URL_SAFE_NO_PAD.decode(n.trim_end_matches('=')).ok())
            .is_some_and(|n| RSA_MODULUS_BYTES.contains(&n.iter().skip_while(|byte| **byte == 0).count())),
        Some("EC") => text("crv") == Some("P-256"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rsa(kid: &str, modulus_bytes: usize) -> Value {
        json!({"kty": "RSA", "kid": kid, "use": "sig", "e": "AQAB", "n": URL_SAFE_NO_PAD.encode(vec![0xff; modulus_bytes])})
    }

    #[test]
    fn weak_huge_and_symmetric_keys_are_passed_over() {
        let document = json!({"keys": [
            rsa("weak", 128), rsa("huge", 513), rsa("good", 256),
            {"kty": "oct", "kid": "secret", "k": "AAAA"}, {"kty": "future", "kid": "f"}, 7
        ]});
        let keys = KeySet::from_document(&document).unwrap();
        assert!(keys.knows(Some("good")));
        for other in ["weak", "huge", "secret", "f"] {
            assert!(!keys.knows(Some(other)), "{other}");
        }
        assert_eq!(keys.count_rsa(), 1);
    }

    #[test]
    fn too_many_keys_and_no_keys_are_refused() {
        let many: Vec<_> = (0..51).map(|n| rsa(&n.to_string(), 256)).collect();
        assert!(KeySet::from_document(&json!({ "keys": many })).is_err());
        assert!(KeySet::from_document(&json!({"key": []})).is_err());
    }
}
