//! What a sign-in was worth: the code, and the tokens that came of it. All rules about single use, rotation, grace,
//! reuse and revocation are here, on plain values and a given time, without HTTP.
//!
//! Revoking a grant removes it: whatever token still points at it is then worth nothing.

use std::collections::{BTreeMap, VecDeque};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::expiring::{Expiring, Fingerprint};
use super::scopes::Scopes;
use super::server_kind::ServerKind;

/// Older grants make room for newer ones beyond this.
const MAX_GRANTS: usize = 1000;
/// A grant remembers this many access tokens; nobody holds more of one sign-in at once.
const MAX_ACCESS_TOKENS: usize = 64;
/// Okta's org server gives refresh tokens 90 days; the custom server's default policy sets no limit but idleness. One
/// limit for both keeps the rule "a rotated token keeps the original expiry" visible.
const REFRESH_LIFETIME: i64 = 90 * 24 * 3600;
/// A refresh token that nobody uses for this long ends (the default access policy's seven days).
const REFRESH_IDLE_LIFETIME: i64 = 7 * 24 * 3600;

/// What a user agreed to by signing in; an authorization code stands for it.
#[derive(Clone)]
pub(super) struct Authorization {
    pub kind: ServerKind,
    pub redirect_uri: String,
    pub scopes: Scopes,
    pub nonce: Option<String>,
    /// base64url of the verifier's SHA-256 (RFC 7636 section 4.2).
    pub code_challenge: String,
    pub user_id: String,
    /// When the user typed the password, in Unix seconds.
    pub auth_time: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct GrantId(u64);

/// Why a code or refresh token was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GrantError {
    CodeInvalid,
    RedirectUriMismatch,
    VerifierMismatch,
    RefreshTokenInvalid,
    ScopeExceeded,
}

/// The application's rules for refresh tokens.
#[derive(Debug, Clone, Copy)]
pub(super) struct RefreshPolicy {
    pub rotate: bool,
    /// For how many seconds a rotated token still works.
    pub grace: i64,
}

/// What came of a refresh.
pub(super) struct Refreshed {
    pub grant: GrantId,
    pub authorization: Authorization,
    pub scopes: Scopes,
    pub refresh_token: String,
}

/// The refresh tokens of one grant, of which one is current. A token is `handle.secret`: the handle finds the line, and
/// any secret but the current one (or, within the grace, the one before) is an old token that came back.
struct RefreshLine {
    handle: String,
    current: String,
    previous: Option<(String, i64)>,
    expires_at: i64,
    last_used: i64,
}

struct Grant {
    code: Fingerprint,
    authorization: Authorization,
    refresh: Option<RefreshLine>,
    access_tokens: VecDeque<AccessToken>,
    expires_at: i64,
}

struct AccessToken {
    fingerprint: Fingerprint,
    scopes: Scopes,
    expires_at: i64,
}

/// All codes and grants of the stack.
#[derive(Default)]
pub(super) struct Grants {
    codes: Expiring<Authorization>,
    grants: BTreeMap<GrantId, Grant>,
    next_id: u64,
}

impl Grants {
    pub(super) fn add_code(&mut self, code: &str, authorization: Authorization, expires_at: i64, now: i64) {
        self.codes.insert(code, authorization, expires_at, now);
    }

    /// Takes a code, whatever comes of it: it can be tried once. One that was used before revokes what it gave
    /// (RFC 6749 section 4.1.2).
    pub(super) fn redeem_code(
        &mut self,
        code: &str,
        kind: ServerKind,
        redirect_uri: &str,
        verifier: &str,
        now: i64,
    ) -> Result<(GrantId, Authorization), GrantError> {
        let fingerprint = Fingerprint::of(code);
        let Some(authorization) = self.codes.take(code, now) else {
            self.grants.retain(|_, grant| grant.code != fingerprint);
            return Err(GrantError::CodeInvalid);
        };
        if authorization.kind != kind {
            return Err(GrantError::CodeInvalid);
        }
        if authorization.redirect_uri != redirect_uri {
            return Err(GrantError::RedirectUriMismatch);
        }
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
        if !bool::from(challenge.as_bytes().ct_eq(authorization.code_challenge.as_bytes())) {
            return Err(GrantError::VerifierMismatch);
        }
        self.grants.retain(|_, grant| grant.expires_at > now);
        if self.grants.len() >= MAX_GRANTS {
            self.grants.pop_first();
        }
        let id = GrantId(self.next_id);
        self.next_id += 1;
        let grant = Grant {
            code: fingerprint,
            authorization: authorization.clone(),
            refresh: None,
            access_tokens: VecDeque::new(),
            // Long enough for every token that it can get.
            expires_at: now + REFRESH_LIFETIME,
        };
        self.grants.insert(id, grant);
        Ok((id, authorization))
    }

    /// Begins a grant's line of refresh tokens with `secret`, and gives the whole token.
    pub(super) fn add_refresh_token(&mut self, id: GrantId, handle: &str, secret: &str, now: i64) -> Option<String> {
        let grant = self.grants.get_mut(&id)?;
        grant.refresh = Some(RefreshLine {
            handle: handle.to_owned(),
            current: secret.to_owned(),
            previous: None,
            expires_at: grant.expires_at,
            last_used: now,
        });
        Some(format!("{handle}.{secret}"))
    }

    /// Makes `token` good until `expires_at`, unless the grant was revoked in the meantime.
    pub(super) fn add_access_token(&mut self, id: GrantId, token: &str, scopes: Scopes, expires_at: i64, now: i64) {
        if let Some(grant) = self.grants.get_mut(&id) {
            grant.access_tokens.retain(|known| known.expires_at > now);
            if grant.access_tokens.len() >= MAX_ACCESS_TOKENS {
                grant.access_tokens.pop_front();
            }
            grant.access_tokens.push_back(AccessToken { fingerprint: Fingerprint::of(token), scopes, expires_at });
        }
    }

    /// Uses a refresh token. With rotation, `new_secret` takes the place of the current one; the one before may come
    /// again within the grace and then gets the current token, so that a lost answer can be asked for again and the
    /// line never forks. Any other token of the line is stolen or replayed: the grant ends, with all its tokens.
    pub(super) fn refresh(
        &mut self,
        token: &str,
        kind: ServerKind,
        requested: Option<&Scopes>,
        new_secret: &str,
        policy: RefreshPolicy,
        now: i64,
    ) -> Result<Refreshed, GrantError> {
        let (id, secret) = self.find_refresh_line(token, kind, now).ok_or(GrantError::RefreshTokenInvalid)?;
        let Some(grant) = self.grants.get_mut(&id) else { return Err(GrantError::RefreshTokenInvalid) };
        let Some(line) = grant.refresh.as_mut() else { return Err(GrantError::RefreshTokenInvalid) };
        let is_current = same(&line.current, secret);
        let is_in_grace = line
            .previous
            .as_ref()
            .is_some_and(|(previous, retired_at)| same(previous, secret) && now < retired_at + policy.grace);
        if !is_current && !is_in_grace {
            self.grants.remove(&id);
            return Err(GrantError::RefreshTokenInvalid);
        }
        let scopes = requested.unwrap_or(&grant.authorization.scopes).clone();
        if !scopes.is_subset_of(&grant.authorization.scopes) {
            return Err(GrantError::ScopeExceeded);
        }
        if is_current && policy.rotate {
            let old = std::mem::replace(&mut line.current, new_secret.to_owned());
            line.previous = Some((old, now));
        }
        line.last_used = now;
        let refresh_token = format!("{}.{}", line.handle, line.current);
        Ok(Refreshed { grant: id, authorization: grant.authorization.clone(), scopes, refresh_token })
    }

    /// The grant that a valid access token came of, and the token's scopes.
    pub(super) fn find_access_token(
        &self,
        token: &str,
        kind: ServerKind,
        now: i64,
    ) -> Option<(&Authorization, &Scopes)> {
        let fingerprint = Fingerprint::of(token);
        self.grants.values().filter(|grant| grant.authorization.kind == kind).find_map(|grant| {
            let found = grant.access_tokens.iter().find(|known| known.fingerprint == fingerprint)?;
            (found.expires_at > now).then_some((&grant.authorization, &found.scopes))
        })
    }

    /// Revokes a token of either kind (RFC 7009). A refresh token takes its access tokens with it; an unknown token is
    /// already worth nothing.
    pub(super) fn revoke(&mut self, token: &str, kind: ServerKind, now: i64) {
        if let Some((id, _)) = self.find_refresh_line(token, kind, now) {
            self.grants.remove(&id);
            return;
        }
        let fingerprint = Fingerprint::of(token);
        for grant in self.grants.values_mut().filter(|grant| grant.authorization.kind == kind) {
            grant.access_tokens.retain(|known| known.fingerprint != fingerprint);
        }
    }

    fn find_refresh_line<'t>(&self, token: &'t str, kind: ServerKind, now: i64) -> Option<(GrantId, &'t str)> {
        let (handle, secret) = token.split_once('.')?;
        let (id, _) = self.grants.iter().find(|(_, grant)| {
            grant.authorization.kind == kind
                && grant.refresh.as_ref().is_some_and(|line| {
                    same(&line.handle, handle) && now < line.expires_at && now < line.last_used + REFRESH_IDLE_LIFETIME
                })
        })?;
        Some((*id, secret))
    }
}

fn same(left: &str, right: &str) -> bool {
    left.as_bytes().ct_eq(right.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ServerKind::{Custom, Org};

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const URI: &str = "http://127.0.0.1:8765/callback";
    const ROTATE: RefreshPolicy = RefreshPolicy { rotate: true, grace: 30 };
    const STATIC: RefreshPolicy = RefreshPolicy { rotate: false, grace: 30 };

    fn authorization() -> Authorization {
        Authorization {
            kind: Custom,
            redirect_uri: URI.to_owned(),
            scopes: Scopes::parse("openid offline_access").unwrap(),
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

    fn refresh(
        grants: &mut Grants,
        token: &str,
        new: &str,
        policy: RefreshPolicy,
        now: i64,
    ) -> Result<String, GrantError> {
        grants.refresh(token, Custom, None, new, policy, now).map(|refreshed| refreshed.refresh_token)
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
            (Org, URI, VERIFIER, 1000, GrantError::CodeInvalid),
            (Custom, "com.okta.local-jetbridge:/callback", VERIFIER, 1000, GrantError::RedirectUriMismatch),
            (Custom, URI, "another-verifier-of-the-right-length-000000", 1000, GrantError::VerifierMismatch),
            (Custom, URI, VERIFIER, 1300, GrantError::CodeInvalid),
        ];
        for (kind, uri, verifier, now, error) in attempts {
            let mut grants = with_code();
            assert_eq!(grants.redeem_code("code", kind, uri, verifier, now).err(), Some(error));
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
        let policy = RefreshPolicy { grace: 0, ..ROTATE };
        refresh(&mut grants, "line.one", "two", policy, 2000).unwrap();
        assert!(refresh(&mut grants, "line.one", "three", policy, 2000).is_err());
    }

    #[test]
    fn without_rotation_the_token_stays() {
        let mut grants = with_tokens();
        for now in [2000, 3000, 4000] {
            assert_eq!(refresh(&mut grants, "line.one", "two", STATIC, now).as_deref(), Ok("line.one"));
        }
    }

    #[test]
    fn scopes_can_shrink_but_not_grow_and_a_refused_refresh_spends_nothing() {
        let mut grants = with_tokens();
        let wider = Scopes::parse("openid email").unwrap();
        let refused = grants.refresh("line.one", Custom, Some(&wider), "two", ROTATE, 2000).err();
        assert_eq!(refused, Some(GrantError::ScopeExceeded));
        let narrower = Scopes::parse("offline_access").unwrap();
        let refreshed = grants.refresh("line.one", Custom, Some(&narrower), "two", ROTATE, 2000).unwrap();
        assert_eq!(refreshed.scopes, narrower);
        let whole = grants.refresh("line.two", Custom, None, "three", ROTATE, 2000).unwrap();
        assert_eq!(whole.scopes, authorization().scopes);
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
            assert_eq!(refresh(&mut busy, "line.one", "-", STATIC, now).as_deref(), Ok("line.one"));
        }
        assert!(refresh(&mut busy, "line.one", "-", STATIC, end).is_err());
    }

    #[test]
    fn tokens_are_worth_nothing_at_the_other_server() {
        let mut grants = with_tokens();
        assert!(grants.find_access_token("access", Org, 1001).is_none());
        assert!(grants.refresh("line.one", Org, None, "two", ROTATE, 1001).is_err());
        grants.revoke("access", Org, 1001);
        grants.revoke("line.one", Org, 1001);
        assert!(access_is_valid(&grants, 1001));
        assert!(refresh(&mut grants, "line.one", "two", ROTATE, 1001).is_ok());
    }

    #[test]
    fn revoking_an_access_token_leaves_the_refresh_token() {
        let mut grants = with_tokens();
        grants.revoke("access", Custom, 1001);
        assert!(!access_is_valid(&grants, 1001));
        assert!(refresh(&mut grants, "line.one", "two", ROTATE, 1001).is_ok());
    }

    #[test]
    fn revoking_a_refresh_token_takes_the_access_tokens_too() {
        let mut grants = with_tokens();
        grants.revoke("line.one", Custom, 1001);
        assert!(!access_is_valid(&grants, 1001));
        assert!(refresh(&mut grants, "line.one", "two", ROTATE, 1001).is_err());
    }

    #[test]
    fn an_access_token_ends_and_a_revoked_grant_takes_no_new_ones() {
        let mut grants = with_tokens();
        assert!(access_is_valid(&grants, 4599) && !access_is_valid(&grants, 4600));
        let id = *grants.grants.keys().next().unwrap();
        grants.revoke("line.one", Custom, 1001);
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
}
