//! What Okta's endpoints say where the table alone does not decide: the same code means one thing of a code and another of
//! a refresh token, a redirect has used up its sign-in, and some endpoints give a bare status.

use serde::Deserialize;

use super::answer::{LONGEST_CODE, Refusal, shorten};
use super::evidence::Evidence;
use super::table::classify;
use crate::error::{Service, SessionError, SignInReason};

/// What the token endpoint was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grant {
    AuthorizationCode,
    RefreshToken,
}

/// The token endpoint said no.
pub(crate) fn grant_refused(grant: Grant, refusal: Refusal, evidence: &Evidence) -> SessionError {
    match classify(&refusal, evidence) {
        // By the same code Okta also says that it is asked too often, which ends nothing.
        SessionError::SignInRequired { .. } if grant == Grant::RefreshToken && refusal.code == "invalid_grant" => {
            SessionError::SignInRequired { reason: SignInReason::RefreshTokenRefused { code: refusal.code } }
        }
        error => error,
    }
}

/// The token endpoint answered in words that are neither OAuth's nor Okta's.
pub(crate) fn strange_token_answer(what: &str) -> SessionError {
    SessionError::Retryable { failure: format!("Okta's token endpoint gave {what}"), retry_after: None }
}

/// The redirect brought an error in place of a code (RFC 6749 §4.1.2.1).
pub(crate) fn sign_in_refused(code: &str, description: Option<&str>, evidence: &Evidence) -> SessionError {
    match classify(&Refusal::new(Service::Okta, code, description.unwrap_or_default()), evidence) {
        // Giving the same redirect again would not help.
        SessionError::Retryable { failure, retry_after } => {
            SessionError::Retryable { failure: format!("{failure}; start the sign-in again"), retry_after }
        }
        error => error,
    }
}

/// The endpoint for pushed authorization requests said no (RFC 9126 §2.3), in OAuth's error shape, Okta's own, or none.
pub(crate) fn push_refused(status: u16, body: &[u8], evidence: &Evidence) -> SessionError {
    classify(&read_refusal(status, body), evidence)
}

fn read_refusal(status: u16, body: &[u8]) -> Refusal {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Words {
        error: Option<String>,
        error_description: Option<String>,
        #[serde(rename = "errorCode")]
        error_code: Option<String>,
        #[serde(rename = "errorSummary")]
        error_summary: Option<String>,
    }
    let words: Words = serde_json::from_slice(body).unwrap_or_default();
    let message = words.error_description.or(words.error_summary).unwrap_or_default();
    match words.error.or(words.error_code) {
        Some(code) => Refusal::new(Service::Okta, &code, &message),
        None => Refusal::without_code(Service::Okta, status),
    }
}

/// Okta's own error shape, which its OAuth endpoints use now and then.
pub(crate) fn read_api_error(body: &[u8]) -> Option<Refusal> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct ApiError {
        error_code: String,
        #[serde(default)]
        error_summary: String,
    }
    let error: ApiError = serde_json::from_slice(body).ok()?;
    Some(Refusal::new(Service::Okta, &error.error_code, &error.error_summary))
}

/// A refusal where Okta has no words of OAuth: by an error of its API, or by a page of its own. "403 Access Forbidden" is what
/// blocked network zones and ThreatInsight end in (support.okta.com, "Access Forbidden 403 Error").
pub(crate) fn refused(status: u16, code: Option<&str>, summary: &str, what: &str) -> SessionError {
    match code {
        Some(code) => classify(&Refusal::new(Service::Okta, code, summary), &Evidence::default()),
        None if status == 403 => denied(
            "HTTP status 403".to_owned(),
            &format!(
                "Okta itself shuts this device or network out ({what}). In Okta: Security > Networks (blocked zones), Security > \
                 General > ThreatInsight, and Reports > System Log have the reason; or try another network."
            ),
        ),
        None => SessionError::internal(format!("Okta ({what}) answered with a page of its own: HTTP status {status}")),
    }
}

/// A success of the token endpoint without the token that all else needs.
pub(crate) fn no_id_token() -> SessionError {
    SessionError::Misconfigured {
        setting: "okta_scopes".to_owned(),
        problem: "Okta sent no ID token".to_owned(),
        hint: "The scope openid must be asked for and allowed.".to_owned(),
    }
}

/// A success of the token endpoint without an access token (RFC 6749 §5.1 requires one).
pub(crate) fn no_access_token() -> SessionError {
    denied(
        "invalid_token_answer".to_owned(),
        "The token endpoint said yes and sent no access token. Start the sign-in again; if it comes back, ask who runs the \
         authorization server, or what stands between it and this device.",
    )
}

/// RFC 6749 §7.1: "The client MUST NOT use an access token if it does not understand the token type."
pub(crate) fn unknown_token_type(found: &str) -> SessionError {
    let found = shorten(found, LONGEST_CODE);
    denied(
        "unsupported_token_type".to_owned(),
        &format!(
            "The token endpoint sent an access token of type '{found}', and this version understands Bearer only. In Okta: \
             Applications > your app > General: clear \"Require Demonstrating Proof of Possession (DPoP) header in token requests\"."
        ),
    )
}

/// Discovery names no such `endpoint`.
pub(crate) fn not_announced(endpoint: &str) -> SessionError {
    SessionError::NotFound { what: format!("{endpoint}: the authorization server announces none") }
}

/// The server demands or the configuration wants pushed authorization requests, and there is nowhere to push them to.
pub(crate) fn nowhere_to_push(is_demanded: bool) -> SessionError {
    let (who, hint) = match is_demanded {
        true => (
            "the server demands pushed authorization requests",
            "No setting of the app mends that: whoever runs the authorization server has to have its metadata name \
             pushed_authorization_request_endpoint (RFC 9126 §5), or demand none.",
        ),
        false => (
            "the configuration wants pushed authorization requests",
            "Take okta_pushed_authorization_requests out of okta-config.json, or enable PAR on the authorization server.",
        ),
    };
    SessionError::Misconfigured {
        setting: "okta_pushed_authorization_requests".to_owned(),
        problem: format!("{who}, but the server announces no endpoint for them"),
        hint: hint.to_owned(),
    }
}

/// The userinfo endpoint said no to something else than the access token. Its words are in `WWW-Authenticate` (RFC 6750 §3), or
/// in Okta's own error shape.
pub(crate) fn userinfo_refused(status: u16, challenge: Option<&str>, body: &[u8]) -> SessionError {
    let of_challenge = || {
        let code = attribute(challenge?, "error")?;
        Some(Refusal::new(Service::Okta, code, attribute(challenge?, "error_description").unwrap_or_default()))
    };
    match of_challenge().or_else(|| read_api_error(body)) {
        Some(refusal) => classify(&refusal, &Evidence::default()),
        None => denied(format!("userinfo answered {status}"), "The sign-in itself is not touched."),
    }
}

/// The value of `name="value"` in a challenge, which is for a person to read: escapes do not matter.
fn attribute<'c>(challenge: &'c str, name: &str) -> Option<&'c str> {
    let (_, rest) =
        challenge.split_once(&format!(" {name}=\"")).or_else(|| challenge.split_once(&format!(",{name}=\"")))?;
    rest.split('"').next()
}

/// The userinfo endpoint takes no access token, not even a fresh one.
pub(crate) fn userinfo_unauthorized() -> SessionError {
    denied(
        "userinfo_unauthorized".to_owned(),
        "Okta's userinfo endpoint refuses a fresh access token; the sign-in itself is not touched.",
    )
}

/// The profile is not that of the user who signed in.
pub(crate) fn userinfo_of_another_user() -> SessionError {
    denied(
        "userinfo_subject_mismatch".to_owned(),
        "The profile belongs to another user than the ID token and was thrown away.",
    )
}

/// The refresh token could not be revoked. Okta says why in either of its shapes, or not at all.
pub(crate) fn revocation_refused(status: u16, body: &[u8]) -> SessionError {
    let refusal = read_refusal(status, body);
    let says = refusal.words().map(|words| format!(" Okta says: {words}")).unwrap_or_default();
    let code = if refusal.has_code() { refusal.code } else { format!("revocation answered {status}") };
    denied(
        code,
        &format!(
            "The refresh token may still be valid at Okta: Directory > People > the user > More Actions > Clear User Sessions \
             > Clear Sessions & Revoke Tokens.{says}"
        ),
    )
}

fn denied(code: String, hint: &str) -> SessionError {
    SessionError::AccessDenied { service: Service::Okta, code, request_id: None, hint: hint.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(grant: Grant, code: &str) -> SessionError {
        grant_refused(grant, Refusal::new(Service::Okta, code, ""), &Evidence::default())
    }

    #[test]
    fn a_refused_grant_asks_for_another_sign_in_by_its_own_name() {
        let code = "invalid_grant".to_owned();
        assert_eq!(
            refused(Grant::RefreshToken, "invalid_grant"),
            SessionError::SignInRequired { reason: SignInReason::RefreshTokenRefused { code } }
        );
        assert_eq!(
            refused(Grant::AuthorizationCode, "invalid_grant"),
            SessionError::SignInRequired { reason: SignInReason::AuthorizationCodeRefused }
        );
        for code in ["invalid_client", "login_required", "server_error", "unheard_of"] {
            assert_eq!(refused(Grant::RefreshToken, code), refused(Grant::AuthorizationCode, code), "{code}");
        }
    }

    #[test]
    fn both_of_okta_s_error_shapes_are_read() {
        let pushed = |body: &str| push_refused(400, body.as_bytes(), &Evidence::default()).to_string();
        assert!(pushed(r#"{"error":"invalid_scope","error_description":"no"}"#).contains("(Okta: invalid_scope: no)"));
        assert!(pushed(r#"{"errorCode":"E0000015","errorSummary":"no"}"#).contains("(Okta: E0000015: no)"));
        assert_eq!(pushed("<html>"), "Okta refused: HTTP status 400");
        let refusal = read_api_error(br#"{"errorCode":"E0000047","errorSummary":"slow down"}"#).unwrap();
        assert_eq!((refusal.code.as_str(), refusal.message.as_str()), ("E0000047", "slow down"));
        assert!(read_api_error(br#"{"error":"invalid_grant"}"#).is_none());
    }

    /// Okta's catalogue has `invalid_grant` for a user that is asked for too often (`user_rate_limited`): as little as any
    /// other limit may it cost a sign-in.
    #[test]
    fn a_limit_that_calls_itself_invalid_grant_ends_no_session() {
        let refusal =
            Refusal::new(Service::Okta, "invalid_grant", "API call exceeded rate limit due to too many requests.");
        for grant in [Grant::RefreshToken, Grant::AuthorizationCode] {
            let error = grant_refused(grant, refusal.clone(), &Evidence::default());
            assert_eq!(error.kind(), "retryable", "{error}");
            assert!(error.hint().unwrap().contains("fewer requests"), "{error}");
        }
    }

    #[test]
    fn userinfo_s_and_revocation_s_own_words_are_told() {
        let challenge = "Bearer authorization_uri=\"https://a.okta.com\", error=\"insufficient_scope\", error_description=\"The \
                         access token provided does not contain the required scopes.\", resource=\"/v1/userinfo\"";
        let scopes = userinfo_refused(403, Some(challenge), b"");
        assert!(
            matches!(&scopes, SessionError::Misconfigured { setting, .. } if setting == "okta_scopes"),
            "{scopes:?}"
        );
        assert!(scopes.to_string().contains("does not contain the required scopes"), "{scopes}");
        let api =
            userinfo_refused(403, None, br#"{"errorCode":"E0000006","errorSummary":"You do not have permission"}"#);
        assert!(api.hint().unwrap().contains("Security > Networks"), "{api:?}");
        assert_eq!(userinfo_refused(403, Some("Bearer"), b"").to_string(), "Okta refused: userinfo answered 403");
        let revoked = revocation_refused(401, br#"{"error":"invalid_client","error_description":"Nobody knows it."}"#);
        assert_eq!(revoked.to_string(), "Okta refused: invalid_client");
        assert!(revoked.hint().unwrap().ends_with("Okta says: Nobody knows it"), "{revoked:?}");
        assert_eq!(revocation_refused(500, b"").to_string(), "Okta refused: revocation answered 500");
    }

    #[test]
    fn only_a_redirect_with_a_passing_fault_says_to_start_again() {
        let refused = |code: &str| sign_in_refused(code, None, &Evidence::default()).to_string();
        assert!(refused("server_error").ends_with("; start the sign-in again"));
        assert!(!refused("access_denied").contains("start the sign-in again"));
    }
}
