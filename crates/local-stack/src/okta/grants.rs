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
use super::scopes::{Scope, Scopes};
use super::server_kind::ServerKind;
use crate::options::Rotation;

/// Older grants make room for newer ones beyond this.
const MAX_GRANTS: usize = 1000;
/// A grant remembers this many access tokens; nobody holds more of one sign-in at once.
const MAX_ACCESS_TOKENS: usize = 64;
/// Okta's org server gives refresh tokens 90 days (reference/api/oidc of 2024-08-21, "Token lifetime"); a custom server's
/// default policy sets no limit but idleness (guides/refresh-tokens, "Refresh token lifetime"). One limit for both keeps
/// the rule "the expiration date remains the same" visible (ibid., "Enable refresh token rotation", note).
const REFRESH_LIFETIME: i64 = 90 * 24 * 3600;
/// A refresh token that nobody uses for this long ends: seven days unless the policy says otherwise, counted anew from
/// each refresh (guides/customize-authz-server, "Create Rules for each Access Policy"). Another page knows "no idle
/// window" for standard clients (guides/ai-agent-cimd-registration, "Refresh token lifetime"); this is the stricter one.
const REFRESH_IDLE_LIFETIME: i64 = 7 * 24 * 3600;

/// What a user agreed to by signing in; an authorization code stands for it.
#[derive(Clone)]
pub(super) struct Authorization {
    pub kind: ServerKind,
    /// The `iss` of its tokens.
    pub issuer: String,
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum GrantError {
    CodeInvalid,
    /// The code is one of the other authorization server.
    OtherServer,
    RedirectUriMismatch,
    VerifierMismatch,
    RefreshTokenInvalid,
    /// Scopes of OpenID Connect were named without `openid`.
    OpenIdScopeMissing,
    /// These scopes were not granted at sign-in.
    ScopesNotGranted(Scopes),
}

/// What came of a refresh.
pub(super) struct Refreshed {
    pub grant: GrantId,
    pub authorization: Authorization,
    pub scopes: Scopes,
    /// None for a request that did not ask for one.
    pub refresh_token: Option<String>,
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

impl RefreshLine {
    fn is_current(&self, secret: &str) -> bool {
        same(&self.current, secret)
    }

    fn is_in_grace(&self, secret: &str, rotation: Rotation, now: i64) -> bool {
        let (Some((previous, retired_at)), Rotation::WithGrace(grace)) = (&self.previous, rotation) else {
            return false;
        };
        let grace = i64::try_from(grace.as_secs()).unwrap_or(i64::MAX);
        same(previous, secret) && now < retired_at.saturating_add(grace)
    }
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
            return Err(GrantError::OtherServer);
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

    /// Uses a refresh token (guides/refresh-tokens).
    ///
    /// With rotation, `new_secret` takes the place of the current one. The one before "remains valid for the configured
    /// amount of time to allow clients to get the new token": it gets the current one, as often as it comes, so that the
    /// line never forks (whether Okta makes a further one each time is not documented). Any other token of the line is
    /// stolen or replayed: Okta "immediately invalidates the most recently issued refresh token and all access tokens
    /// issued since the user authenticated", which is the grant.
    ///
    /// A refresh token comes back for the scope `offline_access` alone ("Get a refresh token", the table). A request
    /// without scopes means those that were granted (RFC 6749 section 6; Okta's Kotlin and Swift SDKs rely on it). One
    /// that names others gets none, and with rotation its own counts as spent all the same: Okta does not say, and a
    /// client that gets along with this gets along with either.
    pub(super) fn refresh(
        &mut self,
        token: &str,
        kind: ServerKind,
        requested: Option<&Scopes>,
        new_secret: &str,
        rotation: Rotation,
        now: i64,
    ) -> Result<Refreshed, GrantError> {
        let (id, secret) = self.find_refresh_line(token, kind, now).ok_or(GrantError::RefreshTokenInvalid)?;
        let Some(grant) = self.grants.get_mut(&id) else { return Err(GrantError::RefreshTokenInvalid) };
        let Some(line) = grant.refresh.as_mut() else { return Err(GrantError::RefreshTokenInvalid) };
        let is_current = line.is_current(secret);
        if !is_current && !line.is_in_grace(secret, rotation, now) {
            self.grants.remove(&id);
            return Err(GrantError::RefreshTokenInvalid);
        }
        // What is wrong with the scopes spends nothing.
        let scopes = requested.unwrap_or(&grant.authorization.scopes).clone();
        let denied = scopes.without(&grant.authorization.scopes);
        if !denied.is_empty() {
            return Err(GrantError::ScopesNotGranted(denied));
        }
        if scopes.need_openid() {
            return Err(GrantError::OpenIdScopeMissing);
        }
        if is_current && rotation != Rotation::Off {
            let old = std::mem::replace(&mut line.current, new_secret.to_owned());
            line.previous = Some((old, now));
        }
        line.last_used = now;
        let refresh_token = scopes.contains(Scope::OfflineAccess).then(|| format!("{}.{}", line.handle, line.current));
        Ok(Refreshed { grant: id, authorization: grant.authorization.clone(), scopes, refresh_token })
    }

    /// What the user agreed to who has this refresh token, good or spent.
    pub(super) fn find_refresh_token(&self, token: &str, kind: ServerKind, now: i64) -> Option<&Authorization> {
        let (id, _) = self.find_refresh_line(token, kind, now)?;
        self.grants.get(&id).map(|grant| &grant.authorization)
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

    /// Revokes a token of either kind (RFC 7009). A refresh token takes its access tokens with it, an access token leaves
    /// the refresh token (guides/revoke-tokens). A token that is worth nothing any more ends nothing: not an old one of a
    /// line that goes on.
    pub(super) fn revoke(&mut self, token: &str, kind: ServerKind, rotation: Rotation, now: i64) {
        if let Some((id, secret)) = self.find_refresh_line(token, kind, now) {
            let line = self.grants.get(&id).and_then(|grant| grant.refresh.as_ref());
            if line.is_some_and(|line| line.is_current(secret) || line.is_in_grace(secret, rotation, now)) {
                self.grants.remove(&id);
            }
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
mod tests;
