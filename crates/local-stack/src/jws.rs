//! JSON Web Signatures (RFC 7515) with RS256, the one algorithm that Okta signs ID tokens with and Cognito accepts.
//! Written on `ring` so that the stack checks tokens with other code than the core does.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents};
use rsa::pkcs8::EncodePrivateKey as _;
use rsa::traits::PublicKeyParts as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const KEY_BITS: usize = 2048;
/// So many stacks and rotations of one process have keys of their own. A suite that starts hundreds would else spend half of
/// its time on finding primes.
const MOST_KEYS: usize = 16;

/// The keys that this process has made, the one that was taken longest ago first. They never leave memory.
static MADE: Mutex<VecDeque<SigningKey>> = Mutex::new(VecDeque::new());

/// Why a token was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JwsError {
    #[error("the token is not a compact JWS with a JSON header and JSON claims")]
    Malformed,
    #[error("the token is signed with {0}; only RS256 is accepted")]
    UnsupportedAlgorithm(String),
    #[error("no key of the issuer has the token's key id")]
    UnknownKey,
    #[error("the signature does not match")]
    BadSignature,
}

/// A key could not be made or used. Neither happens with a working random source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the RSA key could not be made or used")]
pub(crate) struct KeyError;

/// An RSA key that signs tokens. Its private half has no accessor and never leaves memory.
#[derive(Clone)]
pub(crate) struct SigningKey {
    kid: String,
    modulus: String,
    exponent: String,
    pair: Arc<RsaKeyPair>,
}

impl SigningKey {
    /// A key that none of the last stacks had: a new one, or in a process that has made many of them the one that was taken
    /// longest ago. Takes a noticeable part of a second: call it off the async runtime.
    pub(crate) fn take_unused() -> Result<Self, KeyError> {
        let made = || MADE.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = Some(made()).filter(|made| made.len() >= MOST_KEYS).and_then(|mut made| made.pop_front());
        let key = oldest.map_or_else(Self::generate, Ok)?;
        made().push_back(key.clone());
        Ok(key)
    }

    fn generate() -> Result<Self, KeyError> {
        let private = rsa::RsaPrivateKey::new(&mut rand::rngs::OsRng, KEY_BITS).map_err(|_| KeyError)?;
        let pkcs8 = private.to_pkcs8_der().map_err(|_| KeyError)?;
        let pair = Arc::new(RsaKeyPair::from_pkcs8(pkcs8.as_bytes()).map_err(|_| KeyError)?);
        let modulus = URL_SAFE_NO_PAD.encode(private.n().to_bytes_be());
        let exponent = URL_SAFE_NO_PAD.encode(private.e().to_bytes_be());
        // The key's RFC 7638 thumbprint: members in alphabetical order, no white space.
        let thumbprint = Sha256::digest(format!(r#"{{"e":"{exponent}","kty":"RSA","n":"{modulus}"}}"#));
        Ok(Self { kid: URL_SAFE_NO_PAD.encode(thumbprint), modulus, exponent, pair })
    }

    /// The public half as a JSON Web Key (RFC 7517).
    pub(crate) fn jwk(&self) -> Value {
        json!({"kty": "RSA", "alg": "RS256", "use": "sig", "kid": self.kid, "e": self.exponent, "n": self.modulus})
    }

    /// Signs `claims`. The header has `kid` and `alg` and, like Okta's, no `typ`.
    pub(crate) fn sign(&self, claims: &Value) -> Result<String, KeyError> {
        let header = URL_SAFE_NO_PAD.encode(json!({"kid": self.kid, "alg": "RS256"}).to_string());
        let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
        let signed = format!("{header}.{payload}");
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| KeyError)?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// Checks a compact JWS against a key set and gives its claims. It looks at the signature alone: issuer, audience and
/// times are the caller's business.
pub(crate) fn verify(token: &str, jwks: &Value) -> Result<Value, JwsError> {
    let mut parts = token.split('.');
    let (Some(header), Some(payload), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(JwsError::Malformed);
    };
    let header_json: Value = decode_json(header)?;
    // An extension that must be understood is refused, because none is (RFC 7515 section 4.1.11).
    if header_json.get("crit").is_some() {
        return Err(JwsError::Malformed);
    }
    match header_json.get("alg").and_then(Value::as_str) {
        Some("RS256") => {}
        Some(other) => return Err(JwsError::UnsupportedAlgorithm(other.chars().take(16).collect())),
        None => return Err(JwsError::Malformed),
    }
    let kid = header_json.get("kid").and_then(Value::as_str).ok_or(JwsError::UnknownKey)?;
    let key = find_rsa_key(jwks, kid).ok_or(JwsError::UnknownKey)?;
    let component = |name: &str| {
        let text = key.get(name).and_then(Value::as_str).unwrap_or_default();
        URL_SAFE_NO_PAD.decode(text).map_err(|_| JwsError::UnknownKey)
    };
    let (n, e) = (component("n")?, component("e")?);
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| JwsError::Malformed)?;
    let signed = &token[..header.len() + 1 + payload.len()];
    RsaPublicKeyComponents { n, e }
        .verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &signature)
        .map_err(|_| JwsError::BadSignature)?;
    let claims: Value = decode_json(payload)?;
    if claims.is_object() { Ok(claims) } else { Err(JwsError::Malformed) }
}

fn find_rsa_key<'a>(jwks: &'a Value, kid: &str) -> Option<&'a Value> {
    let text = |key: &Value, name: &str| key.get(name).and_then(Value::as_str).map(str::to_owned);
    jwks.get("keys")?.as_array()?.iter().find(|key| {
        text(key, "kid").as_deref() == Some(kid)
            && text(key, "kty").as_deref() == Some("RSA")
            && text(key, "use").is_none_or(|purpose| purpose == "sig")
            && text(key, "alg").is_none_or(|alg| alg == "RS256")
    })
}

fn decode_json(part: &str) -> Result<Value, JwsError> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| JwsError::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| JwsError::Malformed)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::take_unused().unwrap());

    fn key_set() -> Value {
        json!({"keys": [KEY.jwk()]})
    }

    fn with_header(header: &Value) -> String {
        let signed = KEY.sign(&json!({"sub": "alice"})).unwrap();
        let (_, rest) = signed.split_once('.').unwrap();
        format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header.to_string()))
    }

    #[test]
    fn stacks_that_run_side_by_side_have_different_keys_and_a_long_suite_finds_no_more_primes() {
        let kids: Vec<_> = (0..MOST_KEYS + 8).map(|_| SigningKey::take_unused().unwrap().kid).collect();
        let distinct: std::collections::BTreeSet<_> = kids.iter().collect();
        // Tests beside this one take some, too.
        assert!(kids.windows(4).all(|four| four.iter().collect::<std::collections::BTreeSet<_>>().len() == 4));
        assert!((4..=MOST_KEYS).contains(&distinct.len()), "{}", distinct.len());
    }

    #[test]
    fn accepts_its_own_signature() {
        let token = KEY.sign(&json!({"sub": "alice", "exp": 7})).unwrap();
        assert_eq!(verify(&token, &key_set()), Ok(json!({"sub": "alice", "exp": 7})));
    }

    #[test]
    fn header_is_like_oktas() {
        let token = KEY.sign(&json!({})).unwrap();
        let header: Value = decode_json(token.split('.').next().unwrap()).unwrap();
        assert_eq!(header, json!({"kid": KEY.kid, "alg": "RS256"}));
        assert_eq!(KEY.kid.len(), 43);
    }

    #[test]
    fn refuses_changed_claims_and_changed_signatures() {
        let token = KEY.sign(&json!({"sub": "alice"})).unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let forged = URL_SAFE_NO_PAD.encode(json!({"sub": "mallory"}).to_string());
        assert_eq!(verify(&format!("{}.{forged}.{}", parts[0], parts[2]), &key_set()), Err(JwsError::BadSignature));
        let other = KEY.sign(&json!({"sub": "bob"})).unwrap();
        let swapped = format!("{}.{}.{}", parts[0], parts[1], other.rsplit('.').next().unwrap());
        assert_eq!(verify(&swapped, &key_set()), Err(JwsError::BadSignature));
        assert_eq!(verify(&format!("{}.{}.", parts[0], parts[1]), &key_set()), Err(JwsError::BadSignature));
    }

    #[test]
    fn refuses_other_algorithms() {
        for alg in ["none", "HS256", "ES256", "RS384", "rs256"] {
            let token = with_header(&json!({"alg": alg, "kid": KEY.kid}));
            assert_eq!(verify(&token, &key_set()), Err(JwsError::UnsupportedAlgorithm(alg.to_owned())));
        }
    }

    #[test]
    fn refuses_unknown_or_unfit_keys() {
        let token = KEY.sign(&json!({})).unwrap();
        assert_eq!(verify(&token, &json!({"keys": []})), Err(JwsError::UnknownKey));
        assert_eq!(verify(&token, &json!({})), Err(JwsError::UnknownKey));
        for (member, value) in [("kid", "other"), ("use", "enc"), ("alg", "RS512"), ("kty", "EC"), ("n", "!")] {
            let mut key = KEY.jwk();
            key[member] = json!(value);
            assert_eq!(verify(&token, &json!({"keys": [key]})), Err(JwsError::UnknownKey), "{member}");
        }
        assert_eq!(verify(&with_header(&json!({"alg": "RS256"})), &key_set()), Err(JwsError::UnknownKey));
    }

    #[test]
    fn refuses_what_is_not_a_compact_jws() {
        let token = KEY.sign(&json!({})).unwrap();
        let critical = with_header(&json!({"alg": "RS256", "kid": KEY.kid, "crit": ["exp"]}));
        let no_object = KEY.sign(&json!([1])).unwrap();
        for bad in ["", "a", "a.b", "a.b.c", "..", &format!("{token}.x"), &format!("{token}="), &critical, &no_object] {
            assert_eq!(verify(bad, &key_set()), Err(JwsError::Malformed));
        }
    }

    #[test]
    fn debug_shows_no_key_material() {
        assert_eq!(format!("{:?}", *KEY), format!("SigningKey {{ kid: {:?}, .. }}", KEY.kid));
    }
}
