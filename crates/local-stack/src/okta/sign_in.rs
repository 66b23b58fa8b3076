//! The sign-in form: shows it, and takes what a person typed. A form is bound to the browser it was shown in by a
//! cookie, and carries a token of its own, so that no other page can submit one on somebody's behalf.

use axum::response::Response;
use http::{HeaderMap, StatusCode};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::authorization_response::{issue_code, redirect_error};
use super::authorization_server::AuthorizationServer;
use super::call::Call;
use super::cookies::{Cookie, with_cookie};
use super::expiring::Fingerprint;
use super::pages::{self, SignInPage};
use super::parameters::{Parameters, is_form};
use super::request::AuthorizationRequest;
use super::sessions::{PendingSignIn, Session};
use crate::options::DemoUser;

/// How long a person may look at the page, in seconds.
const SIGN_IN_LIFETIME: i64 = 15 * 60;
/// How long somebody stays signed in in the browser, in seconds (Okta's default policy: two hours).
const SESSION_LIFETIME: i64 = 2 * 3600;

pub(super) fn show_sign_in_page(
    server: &AuthorizationServer,
    request: &AuthorizationRequest,
    headers: &HeaderMap,
) -> Response {
    let okta = &server.okta;
    // A browser keeps its mark, so that several sign-ins can be open in it at once.
    let known = Cookie::Browser.read(okta, headers).filter(|mark| mark.len() == 43).map(str::to_owned);
    let mark = known.clone().unwrap_or_else(|| okta.create_secret());
    let form_token = okta.create_secret();
    let now = okta.now();
    let pending = PendingSignIn { kind: server.kind, request: request.clone(), browser: Fingerprint::of(&mark) };
    okta.sign_ins().pending.insert(&form_token, pending, now + SIGN_IN_LIFETIME, now);
    let page = SignInPage {
        action: sign_in_path(server),
        form_token: &form_token,
        redirect_uri: &request.redirect_uri,
        username: request.login_hint.as_deref().unwrap_or_default(),
        problem: None,
        users: &okta.shared.options.users,
    };
    let response = page.to_response(StatusCode::OK);
    if known.is_some() { response } else { with_cookie(response, Cookie::Browser.set(okta, &mark)) }
}

/// Takes the form.
pub(super) fn submit(server: &AuthorizationServer, call: &Call) -> Response {
    let parameters =
        if is_form(&call.headers) { Parameters::parse(&call.body).unwrap_or_default() } else { Parameters::default() };
    let form_token = parameters.get("form_token").unwrap_or_default();
    let Some(pending) = find_pending(server, form_token, &call.headers) else {
        return pages::error_page(
            StatusCode::BAD_REQUEST,
            "expired",
            "This sign-in page has expired, was used before or belongs to another browser. Go back to the app and sign \
             in again.",
        );
    };
    let request = &pending.request;
    if parameters.get("action") == Some("cancel") {
        take_pending(server, form_token);
        return redirect_error(
            server,
            &request.redirect_uri,
            Some(&request.state),
            "access_denied",
            "The user cancelled the sign-in.",
        );
    }
    let username = parameters.get("username").unwrap_or_default().trim();
    let users = &server.okta.shared.options.users;
    let Some(user) = find_user(users, username, parameters.get("password").unwrap_or_default()) else {
        let page = SignInPage {
            action: sign_in_path(server),
            form_token,
            redirect_uri: &request.redirect_uri,
            username,
            problem: Some("Unable to sign in: the username or the password is wrong."),
            users,
        };
        return page.to_response(StatusCode::FORBIDDEN);
    };
    // Two submissions of one page give one code.
    if !take_pending(server, form_token) {
        return pages::error_page(StatusCode::BAD_REQUEST, "expired", "This sign-in page was used before.");
    }
    finish(server, request, user, &call.headers)
}

/// Without a host: the form goes to the name by which the browser knows the stack, `localhost` too, where its cookie is.
fn sign_in_path(server: &AuthorizationServer) -> String {
    format!("{}/v1/authorize/sign-in", server.base_path())
}

fn finish(
    server: &AuthorizationServer,
    request: &AuthorizationRequest,
    user: &DemoUser,
    headers: &HeaderMap,
) -> Response {
    let okta = &server.okta;
    let now = okta.now();
    let session = Session { user_id: user.id.clone(), auth_time: now };
    // Whatever the app gets to hear, `access_denied` too, the browser has an Okta session from now on: the refusal is
    // about the app, and found out after the sign-in (support.okta.com, "Why am I redirected back to my app": "the
    // authenticated user lacks an assignment"). The next request is this user's again, unless it says `prompt=login`
    // (reference/api/oidc of 2024-08-21, "Parameter details").
    let response = issue_code(server, request, &session);
    let secret = okta.create_secret();
    let mut sign_ins = okta.sign_ins();
    if let Some(replaced) = Cookie::Session.read(okta, headers) {
        sign_ins.sessions.take(replaced, now);
    }
    sign_ins.sessions.insert(&secret, session, now + SESSION_LIFETIME, now);
    with_cookie(response, Cookie::Session.set(okta, &secret))
}

fn find_pending(server: &AuthorizationServer, form_token: &str, headers: &HeaderMap) -> Option<PendingSignIn> {
    let browser = Fingerprint::of(Cookie::Browser.read(&server.okta, headers)?);
    let pending = server.okta.sign_ins().pending.get(form_token, server.okta.now()).cloned()?;
    (pending.browser == browser && pending.kind == server.kind).then_some(pending)
}

fn take_pending(server: &AuthorizationServer, form_token: &str) -> bool {
    server.okta.sign_ins().pending.take(form_token, server.okta.now()).is_some()
}

/// The user with this login and password. Logins are compared without regard to case, as Okta does. An unknown login
/// takes as long as a wrong password.
fn find_user<'a>(users: &'a [DemoUser], login: &str, password: &str) -> Option<&'a DemoUser> {
    let user = users.iter().find(|user| user.login.eq_ignore_ascii_case(login));
    let expected = Sha256::digest(user.map_or("", |user| &user.password));
    let matches: bool = Sha256::digest(password).ct_eq(&expected).into();
    user.filter(|user| matches && !user.password.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;

    #[test]
    fn a_user_is_found_by_login_and_password() {
        let users = Options::default().users;
        let login = |name: &str, password: &str| find_user(&users, name, password).map(|user| user.id.as_str());
        assert_eq!(login("alice@example.com", "open-sesame"), Some("00ualice000000000001"));
        assert_eq!(login("Alice@Example.com", "open-sesame"), Some("00ualice000000000001"));
        assert_eq!(login("alice@example.com", "Open-sesame"), None);
        assert_eq!(login("alice@example.com", ""), None);
        assert_eq!(login("nobody@example.com", ""), None);
        assert_eq!(login("", ""), None);
    }
}
