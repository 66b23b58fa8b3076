//! The rules an ID token has to pass before anything in it is believed (OpenID Connect Core §3.1.3.7, and §12.2 after a
//! refresh). Fails closed: what cannot be checked is refused. Signature, issuer, audience, expiry and nonce are checked
//! by the openidconnect crate; this file adds what that leaves to its caller (azp, iat, nbf, at_hash, sub, refresh).

use std::str::FromStr as _;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use oauth2::{AccessToken, ClientId};
use openidconnect::core::{CoreIdToken, CoreIdTokenClaims, CoreJwsSigningAlgorithm};
use openidconnect::{
    AccessTokenHash, ClaimsVerificationError, IdTokenVerifier, IssuerUrl, Nonce, SignatureVerificationError,
};
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;

use crate::diagnosis::{LONGEST_WORDS, Rejected, Rule, shorten};
use crate::oidc::keys::KeySet;

/// Cognito's own grace for expired tokens; less would refuse what Cognito takes.
const LEEWAY: Duration = Duration::from_secs(300);
/// `auth_time` is compared with a time of our own clock, which follows the server's to within seconds. More would let a
/// sign-in of a moment ago pass for the one that was asked for.
const AUTH_TIME_LEEWAY_SECONDS: i64 = 60;
/// Cognito takes no longer login (API reference, `LoginsMap`).
const LONGEST_TOKEN: usize = 50_000;
/// `sub` is at most 255 ASCII characters (Core §2).
const LONGEST_SUBJECT: usize = 255;

/// What an accepted token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claims {
    pub issuer: String,
    pub subject: String,
    pub expires_at: i64,
    pub auth_time: Option<i64>,
    pub name: Option<String>,
    pub username: Option<String>,
    pub email: Option<String>,
}

/// What the token is compared with.
pub(crate) struct Expected<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub nonce: &'a SecretString,
    pub access_token: &'a SecretString,
    /// The corrected time.
    pub now: SystemTime,
    /// If `max_age` was asked for: the earliest time at which the user may have proved who they are (Core §3.1.3.7 point
    /// 13).
    pub earliest_auth_time: Option<i64>,
    /// After a refresh: the claims of the token before.
    pub previous: Option<Previous<'a>>,
}

/// What must not change from one token to the next.
pub(crate) struct Previous<'a> {
    pub subject: &'a str,
    pub auth_time: Option<i64>,
}

/// The `kid` of a token's header, without believing anything: it only decides whether to look for new keys.
pub(crate) fn unverified_kid(token: &SecretString) -> Option<String> {
    let header = decode_part(token.expose_secret().split('.').next()?)?;
    Some(header.get("kid")?.as_str()?.to_owned())
}

/// The client that a token of this session was issued to, which was verified when it came: `azp`, else the only `aud`.
pub(crate) fn unverified_client_id(token: &SecretString) -> Option<String> {
    let claims = decode_part(token.expose_secret().split('.').nth(1)?)?;
    let text = |name: &str| claims.get(name)?.as_str().map(str::to_owned);
    let only = || claims.get("aud")?.as_array().filter(|all| all.len() == 1)?.first()?.as_str().map(str::to_owned);
    text("azp").or_else(|| text("aud")).or_else(only)
}

/// The algorithm of a token of this session, which was verified when it came.
pub(crate) fn unverified_algorithm(token: &SecretString) -> Option<String> {
    let header = decode_part(token.expose_secret().split('.').next()?)?;
    Some(shorten(header.get("alg")?.as_str()?, LONGEST_WORDS))
}

/// The claims of a token of this session, which was verified when it came, as they were signed.
pub(crate) fn payload_of(token: &SecretString) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(token.expose_secret().split('.').nth(1)?).ok()
}

fn decode_part(part: &str) -> Option<serde_json::Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// Checks every rule; nothing in the token counts before all of them hold.
pub(crate) fn verify(token: &SecretString, keys: &KeySet, expected: &Expected<'_>) -> Result<Claims, Rejected> {
    if token.expose_secret().len() > LONGEST_TOKEN {
        return Err(Rejected::by(Rule::Length));
    }
    let payload = token.expose_secret().split('.').nth(1).unwrap_or_default();
    let token = CoreIdToken::from_str(token.expose_secret()).map_err(|_| Rejected::by(Rule::WellFormed))?;
    // Looked at first, so that a missing or symmetric signature is called by its name.
    let algorithm = token.signing_alg().map_err(|_| Rejected::by(Rule::Algorithm))?.clone();
    let issuer = IssuerUrl::new(expected.issuer.to_owned()).map_err(|_| Rejected::by(Rule::Issuer))?;
    let now = expected.now;
    let verifier =
        IdTokenVerifier::new_public_client(ClientId::new(expected.client_id.to_owned()), issuer, keys.as_set().clone())
            .set_allowed_algs([CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256, CoreJwsSigningAlgorithm::EcdsaP256Sha256])
            .set_time_fn(move || DateTime::<Utc>::from(now.checked_sub(LEEWAY).unwrap_or(now)));
    let nonce = |found: Option<&Nonce>| check_nonce(found, expected.nonce, expected.previous.is_some());
    let claims = token.claims(&verifier, nonce).map_err(name_rule)?;

    if claims.authorized_party().is_some_and(|party| party.as_str() != expected.client_id) {
        return Err(Rejected::by(Rule::AuthorizedParty));
    }
    if claims.issue_time() > DateTime::<Utc>::from(now + LEEWAY) {
        return Err(Rejected::by(Rule::IssuedAt));
    }
    check_not_before(payload, now)?;
    if let Some(hash) = claims.access_token_hash() {
        let wrong = || Rejected::by(Rule::AccessTokenHash);
        let key = token.signing_key(&verifier).map_err(|_| wrong())?;
        let access_token = AccessToken::new(expected.access_token.expose_secret().to_owned());
        let computed = AccessTokenHash::from_token(&access_token, &algorithm, key).map_err(|_| wrong())?;
        if !bool::from(computed.as_str().as_bytes().ct_eq(hash.as_str().as_bytes())) {
            return Err(wrong());
        }
    }
    let claims = read_claims(claims);
    if claims.subject.is_empty() || claims.subject.len() > LONGEST_SUBJECT || !claims.subject.is_ascii() {
        return Err(Rejected::by(Rule::Subject));
    }
    if let Some(earliest) = expected.earliest_auth_time
        && claims.auth_time.is_none_or(|time| time < earliest.saturating_sub(AUTH_TIME_LEEWAY_SECONDS))
    {
        return Err(Rejected::by(Rule::AuthenticationAge));
    }
    match &expected.previous {
        Some(previous) if !previous.is_continued_by(&claims) => Err(Rejected::by(Rule::SameUserAfterRefresh)),
        _ => Ok(claims),
    }
}

/// RFC 7519 §4.1.5: "the current date/time MUST be after or equal to the not-before date/time"; the leeway is that of `exp`.
/// The crate does not know the claim.
fn check_not_before(payload: &str, now: SystemTime) -> Result<(), Rejected> {
    let claims = decode_part(payload).ok_or_else(|| Rejected::by(Rule::WellFormed))?;
    let Some(not_before) = claims.get("nbf") else { return Ok(()) };
    let not_before = not_before.as_f64().ok_or_else(|| Rejected::by(Rule::WellFormed))?;
    let latest = (now + LEEWAY).duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    if not_before > latest.as_secs_f64() { Err(Rejected::by(Rule::NotBefore)) } else { Ok(()) }
}

impl Previous<'_> {
    /// Core §12.2: the same `sub`, and the same `auth_time` if both tokens have one.
    fn is_continued_by(&self, claims: &Claims) -> bool {
        let same_sign_in = self.auth_time.zip(claims.auth_time).is_none_or(|(before, after)| before == after);
        self.subject == claims.subject && same_sign_in
    }
}

fn check_nonce(found: Option<&Nonce>, expected: &SecretString, may_be_absent: bool) -> Result<(), String> {
    match found {
        Some(found) => {
            let equal = found.secret().as_bytes().ct_eq(expected.expose_secret().as_bytes());
            if bool::from(equal) { Ok(()) } else { Err("another nonce".to_owned()) }
        }
        None if may_be_absent => Ok(()),
        None => Err("no nonce".to_owned()),
    }
}

fn name_rule(error: ClaimsVerificationError) -> Rejected {
    use ClaimsVerificationError as Claim;
    use SignatureVerificationError as Signature;
    match error {
        // The messages of these two hold public values only: issuer and audience.
        Claim::InvalidIssuer(found) => Rejected { rule: Rule::Issuer, detail: Some(shorten(&found, LONGEST_WORDS)) },
        Claim::InvalidAudience(found) => {
            Rejected { rule: Rule::Audience, detail: Some(shorten(&found, LONGEST_WORDS)) }
        }
        Claim::InvalidNonce(_) => Rejected::by(Rule::Nonce),
        Claim::InvalidSubject(_) => Rejected::by(Rule::Subject),
        Claim::Expired(_) => Rejected::by(Rule::NotExpired),
        Claim::SignatureVerification(error) => Rejected::by(match error {
            Signature::NoMatchingKey | Signature::AmbiguousKeyId(_) => Rule::KnownKey,
            Signature::DisallowedAlg(_) | Signature::UnsupportedAlg(_) | Signature::NoSignature => Rule::Algorithm,
            _ => Rule::Signature,
        }),
        _ => Rejected::by(Rule::WellFormed),
    }
}

fn read_claims(claims: &CoreIdTokenClaims) -> Claims {
    Claims {
        issuer: claims.issuer().as_str().to_owned(),
        subject: claims.subject().as_str().to_owned(),
        expires_at: claims.expiration().timestamp(),
        auth_time: claims.auth_time().map(|time| time.timestamp()),
        name: claims.name().and_then(|name| name.get(None)).map(|name| name.as_str().to_owned()),
        username: claims.preferred_username().map(|name| name.as_str().to_owned()),
        email: claims.email().map(|email| email.as_str().to_owned()),
    }
}

#[cfg(test)]
mod tests;
