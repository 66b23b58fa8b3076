//! Each rule of an ID token, with a token that breaks just that rule.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use rsa::pkcs8::EncodePrivateKey as _;
use rsa::traits::PublicKeyParts as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::sync::LazyLock;

use super::*;
use crate::clock::from_unix;

const NOW: i64 = 1_800_000_000;
const ISSUER: &str = "https://dev-1.okta.com/oauth2/default";
const CLIENT: &str = "0oaclient";
const ACCESS_TOKEN: &str = "the access token";

struct Signer {
    rsa: RsaKeyPair,
    rsa_jwk: Value,
    ec: EcdsaKeyPair,
    ec_jwk: Value,
}

static SIGNER: LazyLock<Signer> = LazyLock::new(|| {
    let private = rsa::RsaPrivateKey::new(&mut rand::rngs::OsRng, 2048).unwrap();
    let rsa_jwk = json!({"kty": "RSA", "kid": "r1", "use": "sig", "alg": "RS256",
        "n": B64.encode(private.n().to_bytes_be()), "e": B64.encode(private.e().to_bytes_be())});
    let rsa = RsaKeyPair::from_pkcs8(private.to_pkcs8_der().unwrap().as_bytes()).unwrap();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
    let ec =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &SystemRandom::new()).unwrap();
    let point = ec.public_key().as_ref();
    let ec_jwk = json!({"kty": "EC", "kid": "e1", "use": "sig", "crv": "P-256",
        "x": B64.encode(&point[1..33]), "y": B64.encode(&point[33..])});
    Signer { rsa, rsa_jwk, ec, ec_jwk }
});

fn keys() -> KeySet {
    KeySet::from_document(&json!({"keys": [SIGNER.rsa_jwk, SIGNER.ec_jwk]})).unwrap()
}

fn at_hash() -> String {
    B64.encode(&Sha256::digest(ACCESS_TOKEN)[..16])
}

fn claims() -> Value {
    json!({"iss": ISSUER, "aud": CLIENT, "sub": "00ualice", "iat": NOW - 10, "exp": NOW + 3590, "nonce": "n",
        "at_hash": at_hash(), "auth_time": NOW - 20, "name": "Alice", "preferred_username": "alice@example.com"})
}

fn sign(header: &Value, claims: &Value) -> String {
    let input = format!("{}.{}", B64.encode(header.to_string()), B64.encode(claims.to_string()));
    let random = SystemRandom::new();
    let signature = match header["alg"].as_str().unwrap() {
        "RS256" => {
            let mut signature = vec![0; SIGNER.rsa.public().modulus_len()];
            SIGNER.rsa.sign(&RSA_PKCS1_SHA256, &random, input.as_bytes(), &mut signature).unwrap();
            signature
        }
        "ES256" => SIGNER.ec.sign(&random, input.as_bytes()).unwrap().as_ref().to_vec(),
        // The classic attack: the public key, which everybody has, as the secret of an HMAC.
        "HS256" => {
            let secret = SIGNER.rsa_jwk["n"].as_str().unwrap();
            let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.as_bytes());
            ring::hmac::sign(&key, input.as_bytes()).as_ref().to_vec()
        }
        "none" => Vec::new(),
        other => panic!("no signer for {other}"),
    };
    format!("{input}.{}", B64.encode(signature))
}

fn rs256(claims: &Value) -> String {
    sign(&json!({"alg": "RS256", "kid": "r1"}), claims)
}

fn verify_at(token: &str, now: i64, previous: Option<Previous<'_>>) -> Result<Claims, Rejected> {
    verify_with(token, &keys(), now, previous)
}

fn verify_with(token: &str, keys: &KeySet, now: i64, previous: Option<Previous<'_>>) -> Result<Claims, Rejected> {
    verify_expecting(token, keys, now, None, previous)
}

fn verify_expecting(
    token: &str,
    keys: &KeySet,
    now: i64,
    earliest_auth_time: Option<i64>,
    previous: Option<Previous<'_>>,
) -> Result<Claims, Rejected> {
    let expected = Expected {
        issuer: ISSUER,
        client_id: CLIENT,
        nonce: &"n".into(),
        access_token: &ACCESS_TOKEN.into(),
        now: from_unix(now),
        earliest_auth_time,
        previous,
    };
    verify(&token.into(), keys, &expected)
}

fn broken_rule(token: &str) -> Rule {
    verify_at(token, NOW, None).unwrap_err().rule
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

#[test]
fn a_sound_token_is_accepted_with_either_algorithm() {
    for header in [json!({"alg": "RS256", "kid": "r1"}), json!({"alg": "ES256", "kid": "e1"})] {
        let accepted = verify_at(&sign(&header, &claims()), NOW, None).unwrap();
        assert_eq!(accepted.subject, "00ualice");
        assert_eq!(accepted.expires_at, NOW + 3590);
        assert_eq!(accepted.username.as_deref(), Some("alice@example.com"));
    }
}

#[test]
fn each_claim_that_is_wrong_breaks_its_own_rule() {
    let table = [
        (with("iss", json!("https://dev-1.okta.com")), Rule::Issuer),
        (with("iss", json!(format!("{ISSUER}/"))), Rule::Issuer),
        (with("aud", json!("another")), Rule::Audience),
        (with("aud", json!([])), Rule::Audience),
        (with("aud", json!([CLIENT, "another"])), Rule::Audience),
        (with("azp", json!("another")), Rule::AuthorizedParty),
        (with("exp", json!(NOW - 301)), Rule::NotExpired),
        (with("iat", json!(NOW + 301)), Rule::IssuedAt),
        (with("nbf", json!(NOW + 301)), Rule::NotBefore),
        (with("nbf", json!(NOW as f64 + 301.5)), Rule::NotBefore),
        (with("nbf", json!("later")), Rule::WellFormed),
        (with("nonce", json!("m")), Rule::Nonce),
        (without("nonce"), Rule::Nonce),
        (with("at_hash", json!(B64.encode([7; 16]))), Rule::AccessTokenHash),
        (with("at_hash", json!("")), Rule::AccessTokenHash),
        (with("sub", json!("")), Rule::Subject),
        (with("sub", json!("x".repeat(256))), Rule::Subject),
        (with("sub", json!("älice")), Rule::Subject),
        (without("sub"), Rule::WellFormed),
        (without("exp"), Rule::WellFormed),
        (without("iat"), Rule::WellFormed),
        (without("aud"), Rule::Audience),
        (without("iss"), Rule::WellFormed),
    ];
    for (claims, rule) in table {
        assert_eq!(broken_rule(&rs256(&claims)), rule, "{claims}");
        assert_eq!(broken_rule(&sign(&json!({"alg": "ES256", "kid": "e1"}), &claims)), rule, "{claims}");
    }
}

#[test]
fn a_user_who_proved_who_they_are_too_long_ago_is_refused_if_that_was_asked_for() {
    let rule = |claims: &Value| {
        verify_expecting(&rs256(claims), &keys(), NOW, Some(NOW), None).map(|_| ()).map_err(|e| e.rule)
    };
    assert_eq!(rule(&with("auth_time", json!(NOW + 5))), Ok(()));
    assert_eq!(rule(&with("auth_time", json!(NOW - 60))), Ok(()), "clocks differ by a little");
    assert_eq!(rule(&with("auth_time", json!(NOW - 61))), Err(Rule::AuthenticationAge));
    assert_eq!(rule(&without("auth_time")), Err(Rule::AuthenticationAge));
    assert!(verify_at(&rs256(&without("auth_time")), NOW, None).is_ok(), "nobody asked");
}

#[test]
fn another_audience_is_refused_whatever_azp_says() {
    for azp in [None, Some(CLIENT), Some("another")] {
        let mut claims = with("aud", json!([CLIENT, "another"]));
        claims["azp"] = json!(azp);
        assert_eq!(broken_rule(&rs256(&claims)), Rule::Audience, "{azp:?}");
    }
}

#[test]
fn what_is_unusual_but_allowed_is_accepted() {
    for claims in [
        with("aud", json!([CLIENT])),
        with("azp", json!(CLIENT)),
        with("exp", json!(NOW - 299)),
        with("iat", json!(NOW + 299)),
        without("at_hash"),
        without("name"),
        with("groups", json!(["a", "b"])),
    ] {
        assert!(verify_at(&rs256(&claims), NOW, None).is_ok(), "{claims}");
    }
}

#[test]
fn only_asymmetric_signatures_by_published_keys_count() {
    let table = [
        (json!({"alg": "none"}), Rule::Algorithm),
        (json!({"alg": "none", "kid": "r1"}), Rule::Algorithm),
        (json!({"alg": "HS256", "kid": "r1"}), Rule::Algorithm),
        (json!({"alg": "HS256"}), Rule::Algorithm),
        (json!({"alg": "RS256", "kid": "unknown"}), Rule::KnownKey),
        // The key exists but is of another kind.
        (json!({"alg": "RS256", "kid": "e1"}), Rule::KnownKey),
        (json!({"alg": "RS256", "kid": "r1", "crit": ["exp"]}), Rule::WellFormed),
    ];
    for (header, rule) in table {
        assert_eq!(broken_rule(&sign(&header, &claims())), rule, "{header}");
    }
}

/// Core §3.1.3.7 point 1: no encryption was registered, so that nothing encrypted is to be taken (five parts, RFC 7516 §3.1).
#[test]
fn an_encrypted_token_is_refused() {
    let header = json!({"alg": "RSA-OAEP-256", "enc": "A256GCM", "kid": "r1"}).to_string();
    let parts = [&header, "key", "initialization", "text", "tag"].map(|part| B64.encode(part));
    assert_eq!(broken_rule(&parts.join(".")), Rule::WellFormed);
}

#[test]
fn a_key_that_is_not_for_signatures_or_shares_its_name_verifies_nothing() {
    let token = rs256(&claims());
    let rule = |keys: Value| {
        let keys = KeySet::from_document(&json!({ "keys": keys })).unwrap();
        verify_with(&token, &keys, NOW, None).map(|_| ()).map_err(|rejected| rejected.rule)
    };
    let changed = |name: &str, value: Value| {
        let mut key = SIGNER.rsa_jwk.clone();
        key[name] = value;
        key
    };
    assert_eq!(rule(json!([SIGNER.rsa_jwk])), Ok(()));
    // Some servers send the zero that makes a number positive in ASN.1.
    let padded = [&[0][..], &B64.decode(SIGNER.rsa_jwk["n"].as_str().unwrap()).unwrap()].concat();
    assert_eq!(rule(json!([changed("n", json!(B64.encode(padded)))])), Ok(()));
    assert_eq!(rule(json!([changed("use", json!("enc"))])), Err(Rule::KnownKey));
    assert_eq!(rule(json!([changed("kty", json!("oct"))])), Err(Rule::KnownKey));
    // Which of the two would it be?
    let weaker = changed("e", json!(B64.encode([3])));
    assert_eq!(rule(json!([SIGNER.rsa_jwk, weaker])), Err(Rule::KnownKey));
    // With an exponent of one, every text would be its own signature.
    assert_eq!(rule(json!([changed("e", json!(B64.encode([1])))])), Err(Rule::Signature));
    assert_eq!(rule(json!([])), Err(Rule::KnownKey));
}

#[test]
fn a_token_that_cognito_would_not_take_is_refused_at_its_length() {
    let padded = |length: usize| rs256(&with("padding", json!("x".repeat(length))));
    // Three characters of JSON are four of the token.
    let longest = 36_000 + (50_000 - padded(36_000).len()) * 3 / 4;
    assert!((49_996..=50_000).contains(&padded(longest).len()));
    assert!(verify_at(&padded(longest), NOW, None).is_ok());
    assert_eq!(broken_rule(&padded(longest + 4)), Rule::Length);
    let error = verify_at(&padded(longest + 4), NOW, None).unwrap_err().into_session_error(0);
    assert_eq!(error.kind(), "misconfigured", "too many claims are a setting");
}

#[test]
fn a_signature_covers_every_byte() {
    let token = rs256(&claims());
    let [header, payload, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!() };
    let other = B64.encode(with("sub", json!("00umallory")).to_string());
    assert_eq!(broken_rule(&format!("{header}.{other}.{signature}")), Rule::Signature);
    let mut bytes = B64.decode(signature).unwrap();
    bytes[100] ^= 1;
    assert_eq!(broken_rule(&format!("{header}.{payload}.{}", B64.encode(bytes))), Rule::Signature);
    assert_eq!(broken_rule(&format!("{header}.{payload}.")), Rule::Signature);
    for text in ["", ".", "..", "a.b.c", payload, &format!("{header}.{payload}")] {
        assert_eq!(broken_rule(text), Rule::WellFormed, "{text}");
    }
}

#[test]
fn after_a_refresh_the_user_and_the_sign_in_stay_the_same() {
    let alice = || Some(Previous { subject: "00ualice", auth_time: Some(NOW - 20) });
    let rule = |claims: &Value, previous| verify_at(&rs256(claims), NOW, previous).map(|_| ()).map_err(|e| e.rule);
    assert_eq!(rule(&claims(), alice()), Ok(()));
    assert_eq!(rule(&without("nonce"), alice()), Ok(()));
    assert_eq!(rule(&without("auth_time"), alice()), Ok(()));
    assert_eq!(rule(&with("nonce", json!("m")), alice()), Err(Rule::Nonce));
    assert_eq!(rule(&with("sub", json!("00ubob")), alice()), Err(Rule::SameUserAfterRefresh));
    assert_eq!(rule(&with("auth_time", json!(NOW)), alice()), Err(Rule::SameUserAfterRefresh));
    assert_eq!(rule(&with("aud", json!("another")), alice()), Err(Rule::Audience));
    assert_eq!(rule(&with("azp", json!("another")), alice()), Err(Rule::AuthorizedParty));
    assert_eq!(rule(&with("iss", json!("https://dev-1.okta.com")), alice()), Err(Rule::Issuer));
    assert_eq!(rule(&with("at_hash", json!(B64.encode([7; 16]))), alice()), Err(Rule::AccessTokenHash));
}

#[test]
fn the_kid_is_read_without_believing_the_token() {
    assert_eq!(unverified_kid(&rs256(&claims()).into()).as_deref(), Some("r1"));
    assert_eq!(unverified_kid(&sign(&json!({"alg": "none"}), &claims()).into()), None);
    assert_eq!(unverified_kid(&"x".into()), None);
}

#[test]
fn no_refusal_quotes_the_token() {
    for claims in [with("nonce", json!("other")), with("aud", json!("another")), with("exp", json!(1))] {
        let token = rs256(&claims);
        let error = verify_at(&token, NOW, None).unwrap_err().into_session_error(0);
        for part in token.split('.') {
            assert!(!format!("{error:?} {error}").contains(part));
        }
    }
}
