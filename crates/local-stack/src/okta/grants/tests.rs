//! The rules about codes and tokens, on plain values.

use std::time::Duration;

use super::*;
use ServerKind::{Custom, Org};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const URI: &str = "http://127.0.0.1:8765/callback";
const ROTATE: Rotation = Rotation::WithGrace(Duration::from_secs(30));

fn authorization() -> Authorization {
    Authorization {
        kind: Custom,
        issuer: "https://dev-1.okta.com/oauth2/default".to_owned(),
        redirect_uri: URI.to_owned(),
        scopes: Scopes::parse("openid profile offline_access").unwrap(),
        nonce: None,
        // The challenge of RFC 7636, appendix B.
        code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned(),
        user_id: "00u".to_owned(),
        auth_time: 1000,
    }
}

fn with_code() -> Grants {
    let mut grants = Grants::default();
    grants.add_code("code", authorization(), 1300, 1000);
    grants
}

/// A grant with the refresh token `line.one` and the access token `access`.
fn with_tokens() -> Grants {
    let mut grants = with_code();
    let (id, _) = grants.redeem_code("code", Custom, URI, VERIFIER, 1000).unwrap();
    assert_eq!(grants.add_refresh_token(id, "line", "one", 1000).as_deref(), Some("line.one"));
    grants.add_access_token(id, "access", authorization().scopes, 4600, 1000);
    grants
}

fn refresh(grants: &mut Grants, token: &str, new: &str, rotation: Rotation, now: i64) -> Result<String, GrantError> {
    grants.refresh(token, Custom, None, new, rotation, now).map(|refreshed| refreshed.refresh_token.unwrap())
}

fn access_is_valid(grants: &Grants, now: i64) -> bool {
    grants.find_access_token("access", Custom, now).is_some()
}

#[test]
fn a_code_that_comes_again_revokes_what_it_gave() {
    let mut grants = with_tokens();
    assert!(access_is_valid(&grants, 1001));
    let again = grants.redeem_code("code", Custom, URI, VERIFIER, 1001).err();
    assert_eq!(again, Some(GrantError::CodeInvalid));
    assert!(!access_is_valid(&grants, 1001));
    assert_eq!(refresh(&mut grants, "line.one", "two", ROTATE, 1001), Err(GrantError::RefreshTokenInvalid));
}

#[test]
fn an_unknown_code_revokes_nothing() {
    let mut grants = with_tokens();
    assert!(grants.redeem_code("guess", Custom, URI, VERIFIER, 1001).is_err());
    assert!(access_is_valid(&grants, 1001));
}

#[test]
fn a_code_is_bound_to_everything_it_was_issued_for_and_spent_by_any_attempt() {
    let attempts: [(ServerKind, &str, &str, i64, GrantError); 4] = [
        (Org, URI, VERIFIER, 1000, GrantError::OtherServer),
        (Custom, "com.okta.local-jetbridge:/callback", VERIFIER, 1000, GrantError::RedirectUriMismatch),
        (Custom, URI, "another-verifier-of-the-right-length-000000", 1000, GrantError::VerifierMismatch),
        (Custom, URI, VERIFIER, 1300, GrantError::CodeInvalid),
    ];
    for (kind, uri, verifier, now, error) in attempts {
        let mut grants = with_code();
        assert_eq!(grants.redeem_code("code", kind, uri, verifier, now).err(), Some(error.clone()));
        assert!(grants.redeem_code("code", Custom, URI, VERIFIER, 1000).is_err(), "{error:?}");
    }
}

#[test]
fn rotation_forgives_the_token_before_within_the_grace() {
    let mut grants = with_tokens();
    assert_eq!(refresh(&mut grants, "line.one", "two", ROTATE, 2000).as_deref(), Ok("line.two"));
    assert_eq!(refresh(&mut grants, "line.one", "three", ROTATE, 2029).as_deref(), Ok("line.two"));
    assert_eq!(refresh(&mut grants, "line.two", "four", ROTATE, 2030).as_deref(), Ok("line.four"));
    assert!(access_is_valid(&grants, 2030));
}

#[test]
fn a_rotated_token_that_comes_too_late_ends_the_whole_line() {
    let mut grants = with_tokens();
    refresh(&mut grants, "line.one", "two", ROTATE, 2000).unwrap();
    assert_eq!(refresh(&mut grants, "line.one", "three", ROTATE, 2030), Err(GrantError::RefreshTokenInvalid));
    assert_eq!(refresh(&mut grants, "line.two", "three", ROTATE, 2031), Err(GrantError::RefreshTokenInvalid));
    assert!(!access_is_valid(&grants, 2031));
}

#[test]
fn the_grace_covers_one_token_back_only() {
    let mut grants = with_tokens();
    refresh(&mut grants, "line.one", "two", ROTATE, 2000).unwrap();
    refresh(&mut grants, "line.two", "three", ROTATE, 2001).unwrap();
    assert!(refresh(&mut grants, "line.one", "four", ROTATE, 2002).is_err());
    assert!(refresh(&mut grants, "line.three", "four", ROTATE, 2003).is_err());
}

#[test]
fn a_grace_of_zero_forgives_nothing() {
    let mut grants = with_tokens();
    let rotation = Rotation::WithGrace(Duration::ZERO);
    refresh(&mut grants, "line.one", "two", rotation, 2000).unwrap();
    assert!(refresh(&mut grants, "line.one", "three", rotation, 2000).is_err());
}

#[test]
fn without_rotation_the_token_stays() {
    let mut grants = with_tokens();
    for now in [2000, 3000, 4000] {
        assert_eq!(refresh(&mut grants, "line.one", "two", Rotation::Off, now).as_deref(), Ok("line.one"));
    }
}

#[test]
fn a_refresh_token_comes_back_for_offline_access_alone() {
    let cases = [
        (None, Some("line.two")),
        (Some("openid offline_access"), Some("line.two")),
        (Some("offline_access"), Some("line.two")),
        (Some("openid"), None),
    ];
    for (requested, expected) in cases {
        let mut grants = with_tokens();
        let scopes = requested.map(|text| Scopes::parse(text).unwrap());
        let refreshed = grants.refresh("line.one", Custom, scopes.as_ref(), "two", ROTATE, 2000).unwrap();
        assert_eq!(refreshed.refresh_token.as_deref(), expected, "{requested:?}");
        assert_eq!(refreshed.scopes, scopes.unwrap_or(authorization().scopes));
        // Spent in any case.
        assert!(refresh(&mut grants, "line.one", "three", ROTATE, 2030).is_err(), "{requested:?}");
    }
}

#[test]
fn without_rotation_a_refresh_without_offline_access_costs_nothing() {
    let mut grants = with_tokens();
    let narrower = Scopes::parse("openid").unwrap();
    let refreshed = grants.refresh("line.one", Custom, Some(&narrower), "two", Rotation::Off, 2000).unwrap();
    assert_eq!(refreshed.refresh_token, None);
    assert_eq!(refresh(&mut grants, "line.one", "three", Rotation::Off, 3000).as_deref(), Ok("line.one"));
}

#[test]
fn scopes_that_were_not_granted_or_lack_openid_are_refused_and_spend_nothing() {
    let mut grants = with_tokens();
    let mut refused =
        |text: &str| grants.refresh("line.one", Custom, Some(&Scopes::parse(text).unwrap()), "two", ROTATE, 2000).err();
    let denied = Some(GrantError::ScopesNotGranted(Scopes::parse("email phone").unwrap()));
    assert_eq!(refused("openid email offline_access phone"), denied);
    assert_eq!(refused("email phone"), denied);
    assert_eq!(refused("profile offline_access"), Some(GrantError::OpenIdScopeMissing));
    assert_eq!(refresh(&mut grants, "line.one", "two", ROTATE, 2030).as_deref(), Ok("line.two"));
}

#[test]
fn a_refresh_token_ends_by_idleness_and_at_its_first_expiry_whatever_happened_since() {
    let mut idle = with_tokens();
    assert!(refresh(&mut idle, "line.one", "two", ROTATE, 1000 + REFRESH_IDLE_LIFETIME).is_err());

    let mut busy = with_tokens();
    let end = 1000 + REFRESH_LIFETIME;
    let mut now = 1000;
    while now + REFRESH_IDLE_LIFETIME - 1 < end {
        now += REFRESH_IDLE_LIFETIME - 1;
        assert_eq!(refresh(&mut busy, "line.one", "-", Rotation::Off, now).as_deref(), Ok("line.one"));
    }
    assert!(refresh(&mut busy, "line.one", "-", Rotation::Off, end).is_err());
}

#[test]
fn tokens_are_worth_nothing_at_the_other_server() {
    let mut grants = with_tokens();
    assert!(grants.find_access_token("access", Org, 1001).is_none());
    assert!(grants.refresh("line.one", Org, None, "two", ROTATE, 1001).is_err());
    grants.revoke("access", Org, ROTATE, 1001);
    grants.revoke("line.one", Org, ROTATE, 1001);
    assert!(access_is_valid(&grants, 1001));
    assert!(refresh(&mut grants, "line.one", "two", ROTATE, 1001).is_ok());
}

#[test]
fn revoking_an_access_token_leaves_the_refresh_token() {
    let mut grants = with_tokens();
    grants.revoke("access", Custom, ROTATE, 1001);
    assert!(!access_is_valid(&grants, 1001));
    assert!(refresh(&mut grants, "line.one", "two", ROTATE, 1001).is_ok());
}

#[test]
fn revoking_a_refresh_token_takes_the_access_tokens_too() {
    let mut grants = with_tokens();
    grants.revoke("line.one", Custom, ROTATE, 1001);
    assert!(!access_is_valid(&grants, 1001));
    assert!(refresh(&mut grants, "line.one", "two", ROTATE, 1001).is_err());
}

#[test]
fn revoking_an_old_token_of_a_line_ends_nothing() {
    let mut grants = with_tokens();
    refresh(&mut grants, "line.one", "two", ROTATE, 2000).unwrap();
    grants.revoke("line.one", Custom, ROTATE, 2030);
    grants.revoke("line.guess", Custom, ROTATE, 2030);
    assert!(access_is_valid(&grants, 2030));
    refresh(&mut grants, "line.two", "three", ROTATE, 2030).unwrap();
    grants.revoke("line.two", Custom, ROTATE, 2059);
    assert!(!access_is_valid(&grants, 2059), "within the grace it is a valid token");
}

#[test]
fn an_access_token_ends_and_a_revoked_grant_takes_no_new_ones() {
    let mut grants = with_tokens();
    assert!(access_is_valid(&grants, 4599) && !access_is_valid(&grants, 4600));
    let id = *grants.grants.keys().next().unwrap();
    grants.revoke("line.one", Custom, ROTATE, 1001);
    grants.add_access_token(id, "access", authorization().scopes, 4600, 1001);
    assert!(!access_is_valid(&grants, 1001));
}

#[test]
fn grants_and_access_tokens_are_bounded() {
    let mut grants = Grants::default();
    for n in 0..=MAX_GRANTS {
        let code = n.to_string();
        grants.add_code(&code, authorization(), 1300, 1000);
        let (id, _) = grants.redeem_code(&code, Custom, URI, VERIFIER, 1000).unwrap();
        for m in 0..=MAX_ACCESS_TOKENS {
            grants.add_access_token(id, &format!("{n}.{m}"), authorization().scopes, 4600, 1000);
        }
    }
    assert_eq!(grants.grants.len(), MAX_GRANTS);
    assert!(grants.grants.values().all(|grant| grant.access_tokens.len() == MAX_ACCESS_TOKENS));
    assert!(grants.find_access_token("0.5", Custom, 1001).is_none());
    assert!(grants.find_access_token("1.0", Custom, 1001).is_none());
    assert!(grants.find_access_token("1.5", Custom, 1001).is_some());
}
