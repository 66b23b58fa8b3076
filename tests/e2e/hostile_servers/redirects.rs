//! Answers that lead elsewhere: HTTP redirects, endpoints in the clear, and sign-ins answered by another server. Codes,
//! tokens and logins go to the endpoints that discovery named, over https or loopback, or nowhere.

use std::time::Duration;

use jetbridge::{LoginOptions, SessionError, SessionState, SignOutMode};
use serde_json::json;

use super::server::{Answer, Server, redirect_with};

const HOUR: Duration = Duration::from_secs(3600);
/// With 307 and 308 a client that follows sends the body once more.
const STATUSES: [u16; 5] = [301, 302, 303, 307, 308];

/// A server, and another one that it sends everybody to.
async fn two_servers() -> (Server, Server) {
    (Server::start().await, Server::start().await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_of_discovery_or_keys_is_not_followed() {
    let (server, elsewhere) = two_servers().await;
    for status in STATUSES {
        for (endpoint, place) in [("discovery", "/as/.well-known/openid-configuration"), ("keys", "/keys")] {
            server.answer(endpoint, Answer::redirect(status, &elsewhere.url(place)));
            let error = server.sign_in_that_fails().await;
            assert!(error.to_string().contains(&format!("HTTP status {status}")), "{endpoint}: {error}");
            assert!(matches!(server.session().restore().await, SessionState::SignedOut));
            server.behave();
        }
    }
    assert_eq!(elsewhere.take_asked(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_of_the_token_endpoint_is_not_followed_and_the_code_goes_nowhere_else() {
    let (server, elsewhere) = two_servers().await;
    for status in STATUSES {
        let session = server.session();
        let redirect = server.redirect_for(&session).await;
        server.answer("token", Answer::redirect(status, &elsewhere.url("/token")));
        server.take_asked();
        let error = session.complete_login(&redirect).await.unwrap_err();
        assert!(error.to_string().contains(&format!("HTTP status {status}")), "{error}");
        assert_eq!(server.take_asked(), ["token"], "once, and no more");
        assert_eq!(session.state(), SessionState::SignedOut);

        // Nothing was decided, so the sign-in is still open.
        server.behave();
        assert!(matches!(session.complete_login(&redirect).await.unwrap(), SessionState::SignedIn { .. }));
        // The profile is read beside the sign-in: it belongs to this round.
        session.settle().await;
        session.sign_out(SignOutMode::Local).await.unwrap();
    }
    assert_eq!(elsewhere.take_asked(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_in_place_of_a_refresh_ends_no_session_even_if_it_says_so() {
    let (server, elsewhere) = two_servers().await;
    let session = server.signed_in().await;
    let body = json!({"error": "invalid_grant"}).to_string();
    for status in STATUSES {
        server.let_time_pass(HOUR);
        server.answer(
            "token",
            Answer::Raw(format!(
                "HTTP/1.1 {status} Elsewhere\r\nLocation: {}\r\nContent-Type: application/json\r\nContent-Length: \
                 {}\r\n\r\n{body}",
                elsewhere.url("/token"),
                body.len()
            )),
        );
        assert!(session.aws_credentials().await.is_err());
        assert!(matches!(session.restore().await, SessionState::SignedIn { .. }), "{status}");
        server.behave();
        session.aws_credentials().await.unwrap();
    }
    assert_eq!(elsewhere.take_asked(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_of_userinfo_or_revocation_takes_no_token_elsewhere() {
    let (server, elsewhere) = two_servers().await;
    for status in STATUSES {
        let session = server.signed_in().await;
        server.answer("userinfo", Answer::redirect(status, &elsewhere.url("/userinfo")));
        server.answer("revoke", Answer::redirect(status, &elsewhere.url("/revoke")));
        let error = session.user_info().await.unwrap_err();
        assert!(error.to_string().contains(&status.to_string()), "{error}");
        assert!(matches!(session.state(), SessionState::SignedIn { .. }));
        let signed_out = session.sign_out(SignOutMode::Revoke).await.unwrap();
        let error = signed_out.revocation.unwrap().unwrap_err();
        assert!(error.to_string().contains(&status.to_string()), "{error}");
        assert_eq!(session.state(), SessionState::SignedOut, "the device's copy goes in any case");
        server.behave();
    }
    assert_eq!(elsewhere.take_asked(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_of_cognito_takes_no_login_elsewhere() {
    let (server, elsewhere) = two_servers().await;
    for status in STATUSES {
        for operation in ["GetId", "GetCredentialsForIdentity"] {
            let session = server.signed_in().await;
            server.answer(operation, Answer::redirect(status, &elsewhere.url("/")));
            assert!(session.aws_credentials().await.is_err());
            assert!(matches!(session.state(), SessionState::SignedIn { .. }));
            server.behave();
            session.aws_credentials().await.unwrap();
            session.sign_out(SignOutMode::Local).await.unwrap();
        }
    }
    assert_eq!(elsewhere.take_asked(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_in_the_clear_is_refused_before_anything_else_is_asked() {
    let server = Server::start().await;
    for name in [
        "authorization_endpoint",
        "token_endpoint",
        "jwks_uri",
        "userinfo_endpoint",
        "revocation_endpoint",
        "end_session_endpoint",
        "pushed_authorization_request_endpoint",
    ] {
        // The last two look like this machine and are not.
        for insecure in [
            "http://okta.example/v1/x",
            "http://192.0.2.1/x",
            "ftp://okta.example/x",
            "file:///etc/hosts",
            "http://localhost.example/x",
            "http://127.0.0.1.example/x",
        ] {
            server.announce(name, insecure);
            let session = server.session();
            let error = session.begin_login(LoginOptions::default()).await.unwrap_err();
            assert!(
                matches!(&error, SessionError::Misconfigured { problem, .. }
                    if problem.contains(name) && problem.contains("https")),
                "{name} {insecure}: {error:?}"
            );
            assert_eq!(server.take_asked(), ["discovery"], "{name} {insecure}");
        }
    }
    // The optional ones may be missing; a text that is no address is not taken for that.
    server.announce("revocation_endpoint", "not an address");
    assert!(server.session().begin_login(LoginOptions::default()).await.is_err());
    server.announce("revocation_endpoint", serde_json::Value::Null);
    server.session().begin_login(LoginOptions::default()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_moves_into_the_clear_gets_no_refresh_token() {
    let server = Server::start().await;
    let session = server.signed_in().await;
    for session in [session, server.session()] {
        server.let_time_pass(2 * HOUR);
        server.announce("token_endpoint", "http://okta.example/token");
        assert_eq!(session.aws_credentials().await.unwrap_err().kind(), "misconfigured");
        assert_eq!(server.take_asked(), ["discovery"]);
        assert!(matches!(session.restore().await, SessionState::SignedIn { .. }));
        server.behave();
        session.aws_credentials().await.unwrap();
        server.take_asked();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_another_issuer_decides_nothing_not_even_a_denial() {
    for is_announced in [true, false] {
        let server = Server::start().await;
        if !is_announced {
            server.announce("authorization_response_iss_parameter_supported", false);
        }
        let session = server.session();
        let right = server.answer_to_begun(&session).await;
        server.take_asked();
        let with = |name: &str, value: &str| {
            let mut parameters = right.clone();
            parameters.retain(|(known, _)| known != name);
            parameters.push((name.to_owned(), value.to_owned()));
            parameters
        };
        let issuer = server.url("/as");
        for wrong in ["https://other.example", "", &format!("{issuer}/"), &issuer.to_uppercase()] {
            let mut denial = with("iss", wrong);
            denial.retain(|(name, _)| name != "code");
            denial.push(("error".to_owned(), "access_denied".to_owned()));
            for parameters in [with("iss", wrong), denial] {
                let error = session.complete_login(&redirect_with(&parameters)).await.unwrap_err();
                assert_eq!(error.kind(), "unexpected_redirect", "{wrong:?} {error}");
            }
        }
        assert_eq!(server.take_asked(), [""; 0]);
        // The sign-in is still open. Who does not announce `iss` need not send it.
        let without: Vec<_> = right.iter().filter(|(name, _)| name != "iss").cloned().collect();
        let outcome = session.complete_login(&redirect_with(&without)).await;
        assert_eq!(outcome.is_ok(), !is_announced, "{outcome:?}");
        assert!(matches!(session.complete_login(&redirect_with(&right)).await.unwrap(), SessionState::SignedIn { .. }));
    }
}
