//! Renewals that go wrong in every way the network and a server know. Okta's `invalid_grant` ends a session and nothing
//! else does; a refreshed ID token that breaks a rule changes nothing, and the rotated refresh token beside it is kept.

use std::time::Duration;

use jetbridge::{Session, SessionState, SignInReason};
use serde_json::{Value, json};

use super::server::{Answer, Server};

const HOUR: Duration = Duration::from_secs(3600);

/// The renewal fails, the session stays what it was, in this process and in the next, and goes on when all is well again.
async fn assert_renewal_fails_and_the_session_goes_on(server: &Server, session: &Session, why: &str) {
    let state = session.state();
    let before = session.details();
    server.let_time_pass(2 * HOUR);
    let error = session.aws_credentials().await.map(|_| ()).unwrap_err();
    assert_ne!(error.kind(), "sign_in_required", "{why}: {error}");
    // The access token beside it may be anybody's.
    assert!(session.access_token().await.is_err(), "{why}");
    for process in [session.clone(), server.session()] {
        assert_eq!(process.restore().await, state, "{why}");
        let after = process.details();
        assert_eq!((after.id_token_expires_at, after.user), (before.id_token_expires_at, before.user.clone()), "{why}");
        assert_eq!(after.access_token_expires_at, before.access_token_expires_at, "{why}");
        assert!(after.has_refresh_token, "{why}");
    }
    server.behave();
    // Refresh tokens work once here: only the newest one is worth anything.
    server.session().aws_credentials().await.unwrap_or_else(|error| panic!("{why}: {error}"));
    assert_eq!(session.restore().await, state);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_network_fault_ends_a_session() {
    let server = Server::start().await;
    let session = server.signed_in().await;
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    for (why, endpoint) in [
        ("nobody listens", format!("http://127.0.0.1:{closed}/token")),
        // Too long for a name: no resolver finds it, and none has to be asked.
        ("the name is unknown", format!("https://{}.invalid/token", "a".repeat(64))),
        ("no TLS is spoken", server.url("/token").replace("http:", "https:")),
    ] {
        server.announce("token_endpoint", endpoint);
        assert_renewal_fails_and_the_session_goes_on(&server, &session, why).await;
    }
    for endpoint in ["discovery", "keys", "token"] {
        for (why, response) in [
            ("nothing is said", ""),
            ("the head breaks off", "HTTP/1.1 200 OK\r\nContent-"),
            ("the body breaks off", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"),
            ("the chunks break off", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{"),
            ("it is not HTTP", "SSH-2.0-OpenSSH_9.9\r\n"),
        ] {
            server.answer(endpoint, Answer::Raw(response.to_owned()));
            assert_renewal_fails_and_the_session_goes_on(&server, &session, &format!("{endpoint}: {why}")).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_but_okta_s_refusal_ends_a_session() {
    let server = Server::start().await;
    let session = server.signed_in().await;
    let refusal = json!({"error": "invalid_grant"});
    let error = |code: &str| json!({"error": code, "error_description": "The refresh token is invalid or expired."});
    for endpoint in ["discovery", "keys", "token"] {
        for status in [429, 500, 502, 503, 504] {
            // Even if the words are there: a server that is out of order decides nothing.
            server.answer(endpoint, Answer::Json(status, refusal.clone()));
            assert_renewal_fails_and_the_session_goes_on(&server, &session, &format!("{endpoint} {status}")).await;
        }
    }
    for (status, body) in [
        (200, json!({})),
        (200, refusal),
        (200, json!("invalid_grant")),
        (400, json!({})),
        (400, error("invalid_request")),
        (400, error("invalid_scope")),
        (400, error("INVALID_GRANT")),
        // `user_rate_limited` in Okta's errors catalogue.
        (
            400,
            json!({"error": "invalid_grant", "error_description": "API call exceeded rate limit due to too many requests."}),
        ),
        (400, error("use_dpop_nonce")),
        (400, json!({"error": ["invalid_grant"]})),
        (400, json!({"errorCode": "E0000015", "errorSummary": "invalid_grant"})),
        (401, error("invalid_client")),
        (403, json!({"message": "Forbidden"})),
        (404, json!(null)),
    ] {
        server.answer("token", Answer::Json(status, body.clone()));
        assert_renewal_fails_and_the_session_goes_on(&server, &session, &format!("{status} {body}")).await;
    }
    let page = "<html>Please sign in to the hotel's network</html>";
    for status in [200, 400, 403, 511] {
        server.answer(
            "token",
            Answer::Raw(format!(
                "HTTP/1.1 {status} Said\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{page}",
                page.len()
            )),
        );
        assert_renewal_fails_and_the_session_goes_on(&server, &session, &format!("a page with {status}")).await;
    }

    // And this one does.
    server.let_time_pass(2 * HOUR);
    server.answer("token", Answer::Json(400, error("invalid_grant")));
    assert_eq!(session.aws_credentials().await.unwrap_err().kind(), "sign_in_required");
    assert!(matches!(session.state(), SessionState::SignInRequired { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refreshed_id_token_that_breaks_a_rule_changes_nothing() {
    let server = Server::start().await;
    let session = server.signed_in().await;
    let issuer = server.url("/as");
    let cases: [(&str, Value); 17] = [
        ("nbf", json!(4_000_000_000_u64)),
        ("sub", json!("00umallory")),
        ("sub", json!("")),
        ("sub", Value::Null),
        ("aud", json!("0oaanother")),
        ("aud", json!(["0oahostile0000000001", "0oaanother"])),
        ("aud", json!([])),
        ("azp", json!("0oaanother")),
        ("nonce", json!("another")),
        ("auth_time", json!(1_800_000_001)),
        ("iss", json!("https://other.example")),
        ("iss", json!(format!("{issuer}/"))),
        ("exp", json!(1_000_000_000)),
        ("iat", json!(9_999_999_999_u64)),
        ("at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA")),
        // What Cognito would not take is not taken here, and costs no refresh token either.
        ("padding", json!("x".repeat(50_000))),
        ("padding", json!("x".repeat(500_000))),
    ];
    for (claim, value) in cases {
        let shown: String = format!("{claim} {value}").chars().take(60).collect();
        server.change_claims(move |claims| claims[claim] = value.clone());
        assert_renewal_fails_and_the_session_goes_on(&server, &session, &shown).await;
    }
    server.name_key("k2");
    assert_renewal_fails_and_the_session_goes_on(&server, &session, "an unknown key").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refreshed_id_token_of_another_key_or_without_one_changes_nothing() {
    let (server, other) = (Server::start().await, Server::start().await);
    let session = server.signed_in().await;
    let forged = other.forge(&server);
    let [header, claims, _] = forged.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
    for (why, id_token) in [
        ("signed by somebody else", json!(forged)),
        ("not signed", json!(format!("{header}.{claims}."))),
        ("not a token", json!("id")),
        ("empty", json!("")),
        ("missing", Value::Null),
    ] {
        server.send_id_token(id_token);
        assert_renewal_fails_and_the_session_goes_on(&server, &session, why).await;
    }
}

/// What the server did to the tokens beside the rotated one, and what must not come of it.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_stands_beside_a_rotated_refresh_token_costs_neither_that_nor_the_session() {
    let server = Server::start().await;
    let session = server.signed_in().await;
    type Change = fn(&mut Value);
    let cases: [(&str, Change); 9] = [
        ("no access token", |answer| drop(answer.as_object_mut().unwrap().remove("access_token"))),
        ("an access token that is none", |answer| answer["access_token"] = json!(7)),
        ("an empty access token", |answer| answer["access_token"] = json!("")),
        ("another token type", |answer| answer["token_type"] = json!("DPoP")),
        ("no token type", |answer| drop(answer.as_object_mut().unwrap().remove("token_type"))),
        ("a token type that is none", |answer| answer["token_type"] = json!(["Bearer"])),
        ("no ID token", |answer| drop(answer.as_object_mut().unwrap().remove("id_token"))),
        ("an ID token that is none", |answer| answer["id_token"] = json!({})),
        ("strange scopes and lives beside no token", |answer| {
            *answer = json!({"refresh_token": answer["refresh_token"], "scope": 7, "expires_in": "soon"});
        }),
    ];
    for (why, change) in cases {
        server.change_tokens(change);
        assert_renewal_fails_and_the_session_goes_on(&server, &session, why).await;
    }
    // And these are only unusual.
    let unusual: [(&str, Change); 4] = [
        ("lower case (RFC 6749 §7.1)", |answer| answer["token_type"] = json!("bearer")),
        ("a life as text", |answer| answer["expires_in"] = json!("3600")),
        ("no life", |answer| drop(answer.as_object_mut().unwrap().remove("expires_in"))),
        ("the old refresh token goes on", |answer| answer["scope"] = json!("openid offline_access")),
    ];
    for (why, change) in unusual {
        server.let_time_pass(2 * HOUR);
        server.change_tokens(change);
        session.aws_credentials().await.unwrap_or_else(|error| panic!("{why}: {error}"));
    }
}

/// Not documented by Okta for a refresh; other servers say so. What needs the user is a state, not only an answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_that_needs_the_user_ends_the_session_with_its_reason() {
    for code in ["login_required", "consent_required", "interaction_required"] {
        let server = Server::start().await;
        let session = server.signed_in().await;
        server.let_time_pass(2 * HOUR);
        server.answer("token", Answer::Json(400, json!({"error": code})));
        server.take_asked();
        assert_eq!(session.aws_credentials().await.unwrap_err().kind(), "sign_in_required", "{code}");
        // The token is still good there, and nobody has it any more.
        session.settle().await;
        assert!(server.take_asked().contains(&"revoke"), "{code}");
        server.behave();
        let reason = SignInReason::InteractionRequired { code: code.to_owned() };
        for process in [session.clone(), server.session()] {
            match process.restore().await {
                SessionState::SignInRequired { reason: found, user } => {
                    assert_eq!((found, user.is_some()), (reason.clone(), true), "{code}");
                }
                state => panic!("{code}: {state:?}"),
            }
        }
    }
}

/// Only a state asks for a sign-in, and this one would not help.
#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_id_token_that_cognito_finds_expired_asks_for_no_sign_in() {
    let server = Server::start().await;
    let session = server.signed_in().await;
    server.let_time_pass(2 * HOUR);
    let words = "Invalid login token. Token expired: 1522664214 >= 1522660614";
    let refusal = json!({"__type": "NotAuthorizedException", "message": words});
    for operation in ["GetId", "GetCredentialsForIdentity"] {
        server.answer(operation, Answer::Json(400, refusal.clone()));
    }
    let error = session.aws_credentials().await.map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), "retryable", "{error}");
    assert!(matches!(session.state(), SessionState::SignedIn { .. }));
    server.behave();
    session.aws_credentials().await.unwrap();
}
