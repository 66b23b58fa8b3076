//! Answers without end or measure: no more than a limit is read of them, and what they should have told is asked again.

use std::time::Duration;

use jetbridge::{LoginOptions, Session, SessionError, SessionState, SignOutMode};
use serde_json::{Value, json};

use super::server::{Answer, Server};

const HOUR: Duration = Duration::from_secs(3600);
/// A limit of 1 MiB, and what the sockets of both sides hold beside it.
const ENOUGH: usize = 24 << 20;

fn endless_answers() -> [Answer; 5] {
    [
        Answer::EndlessBody { status: 200, chunked: false },
        Answer::EndlessBody { status: 200, chunked: true },
        Answer::EndlessBody { status: 400, chunked: true },
        Answer::EndlessBody { status: 503, chunked: false },
        Answer::EndlessHead,
    ]
}

fn assert_little_was_taken(server: &Server, what: &Answer) {
    let taken = server.take_bytes();
    assert!(taken < ENOUGH, "{taken} bytes of {what:?}");
}

fn is_signed_in(session: &Session) -> bool {
    matches!(session.state(), SessionState::SignedIn { .. })
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_discovery_and_keys_are_not_read_whole() {
    let server = Server::start().await;
    for endpoint in ["discovery", "keys"] {
        for answer in endless_answers() {
            server.answer(endpoint, answer.clone());
            let error = server.sign_in_that_fails().await;
            if matches!(answer, Answer::EndlessBody { status: 200, .. }) {
                assert!(error.to_string().contains("larger than"), "{error}");
            }
            assert_little_was_taken(&server, &answer);
            server.behave();
            server.session().begin_login(LoginOptions::default()).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_token_answer_is_not_read_whole_and_costs_neither_sign_in_nor_session() {
    let server = Server::start().await;
    for answer in endless_answers() {
        let session = server.session();
        let redirect = server.redirect_for(&session).await;
        server.answer("token", answer.clone());
        let error = session.complete_login(&redirect).await.unwrap_err();
        assert!(!matches!(error, SessionError::SignInRequired { .. }), "{error}");
        assert_little_was_taken(&server, &answer);
        server.behave();
        session.complete_login(&redirect).await.unwrap();
        session.settle().await;

        server.let_time_pass(HOUR);
        server.answer("token", answer.clone());
        session.aws_credentials().await.unwrap_err();
        assert!(is_signed_in(&session), "{answer:?}");
        // It may be asked once more, because the server may have done its work.
        assert!(server.take_bytes() < 2 * ENOUGH);
        server.behave();
        session.aws_credentials().await.unwrap();
        session.sign_out(SignOutMode::Local).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pushed_request_that_is_not_answered_soundly_opens_no_browser() {
    let (server, elsewhere) = (Server::start().await, Server::start().await);
    server.announce("require_pushed_authorization_requests", true);
    let unsound = [
        (Answer::redirect(307, &elsewhere.url("/par")), "misconfigured"),
        (Answer::Json(201, json!({})), "internal"),
        (Answer::Json(201, json!({"request_uri": 7})), "internal"),
        (Answer::Json(201, json!("urn:example:1")), "internal"),
        (Answer::Json(400, json!({"error": "invalid_client"})), "misconfigured"),
        (Answer::Json(403, json!({"errorCode": "E0000047", "errorSummary": "slow down"})), "retryable"),
        (Answer::Json(404, json!(null)), "not_found"),
        (Answer::Json(503, json!({"error": "access_denied"})), "retryable"),
    ];
    for (answer, kind) in unsound.into_iter().chain(endless_answers().map(|answer| (answer, ""))) {
        server.answer("par", answer.clone());
        let error = server.session().begin_login(LoginOptions::default()).await.unwrap_err();
        assert!(kind.is_empty() || error.kind() == kind, "{answer:?}: {error:?}");
        assert_little_was_taken(&server, &answer);
    }
    assert_eq!(elsewhere.take_asked(), [""; 0]);
    server.answer("par", Answer::Json(200, json!({"request_uri": "urn:example:1&x=y"})));
    let request = server.session().begin_login(LoginOptions::default()).await.unwrap();
    assert!(
        request.url.ends_with("?client_id=0oahostile0000000001&request_uri=urn%3Aexample%3A1%26x%3Dy"),
        "{}",
        request.url
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_profiles_and_revocations_are_not_read_whole() {
    let server = Server::start().await;
    for answer in endless_answers() {
        let session = server.signed_in().await;
        server.answer("userinfo", answer.clone());
        session.user_info().await.unwrap_err();
        assert_little_was_taken(&server, &answer);
        assert!(is_signed_in(&session));
        server.answer("revoke", answer.clone());
        let signed_out = session.sign_out(SignOutMode::Revoke).await.unwrap();
        assert!(signed_out.revocation.unwrap().is_err());
        assert_little_was_taken(&server, &answer);
        assert_eq!(session.state(), SessionState::SignedOut);
        server.behave();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_answers_of_cognito_are_not_read_whole() {
    let endless = async |operation: &'static str, chunked: bool| {
        let server = Server::start().await;
        let session = server.signed_in().await;
        server.answer(operation, Answer::EndlessBody { status: 200, chunked });
        let error = session.aws_credentials().await.unwrap_err();
        assert_eq!(error.kind(), "retryable", "{error}");
        let attempts = server.take_asked().iter().filter(|asked| **asked == operation).count();
        // The limit of AWS's answers is 16 MiB for each attempt of the SDK.
        let taken = server.take_bytes();
        assert!(taken < attempts * (16 << 20) + ENOUGH, "{taken} bytes in {attempts} attempts");
        assert!(is_signed_in(&session));
        server.behave();
        session.aws_credentials().await.unwrap();
    };
    // The SDK pauses between its attempts, so both go side by side.
    futures_util::future::join(endless("GetId", true), endless("GetCredentialsForIdentity", false)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_set_without_measure_is_refused() {
    let server = Server::start().await;
    let keys = |many: usize| {
        let keys: Vec<Value> = (0..many).map(|n| json!({"kty": "future", "kid": n.to_string()})).collect();
        Answer::Json(200, json!({ "keys": keys }))
    };
    server.answer("keys", keys(51));
    let error = server.sign_in_that_fails().await;
    assert!(error.to_string().contains("51 keys"), "{error}");
    server.answer("keys", keys(50));
    let session = server.session();
    let redirect = server.redirect_for(&session).await;
    let error = session.complete_login(&redirect).await.unwrap_err();
    assert!(!error.to_string().contains("50 keys"), "none of them is this token's: {error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_token_that_cognito_would_not_take_signs_nobody_in() {
    let server = Server::start().await;
    let session = server.session();
    let redirect = server.redirect_for(&session).await;
    server.change_claims(|claims| claims["padding"] = "x".repeat(50_000).into());
    let error = session.complete_login(&redirect).await.unwrap_err();
    assert!(error.to_string().contains("50,000 characters") && error.hint().unwrap().contains("Claims"), "{error}");
    assert_eq!(session.state(), SessionState::SignedOut);
    // Just below the limit it is a token like others.
    server.change_claims(|claims| claims["padding"] = "x".repeat(36_000).into());
    let redirect = server.redirect_for(&session).await;
    session.complete_login(&redirect).await.unwrap();
    assert!(is_signed_in(&session));
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_keys_make_us_look_for_new_ones_once_a_minute() {
    let server = Server::start().await;
    let session = server.signed_in().await;
    for minute in 1..=2 {
        for attempt in 0..5 {
            // Another key each time: a memory of unknown ones would not help.
            server.name_key(&format!("unknown-{minute}-{attempt}"));
            let current = session.access_token().await.unwrap();
            session.replace_access_token(&current).await.unwrap_err();
        }
        assert_eq!(server.take_asked(), ["token", "keys", "token", "token", "token", "token"]);
        server.let_time_pass(Duration::from_secs(61));
    }
    server.behave();
    let current = session.access_token().await.unwrap();
    session.replace_access_token(&current).await.unwrap();
    assert!(is_signed_in(&session));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_that_a_server_asks_for_is_told_as_ten_minutes_at_most() {
    let server = Server::start().await;
    let session = server.signed_in().await;
    let ten_minutes = Duration::from_secs(600);
    for header in ["X-Rate-Limit-Reset: 99999999999", "Retry-After: 86400", "Retry-After: 18446744073709551615"] {
        for (status, endpoint) in [(429, "discovery"), (429, "keys"), (429, "token"), (503, "token")] {
            server.let_time_pass(2 * HOUR);
            server.answer(
                endpoint,
                Answer::Raw(format!("HTTP/1.1 {status} Wait\r\n{header}\r\nContent-Length: 0\r\n\r\n")),
            );
            let error = session.aws_credentials().await.unwrap_err();
            assert!(
                matches!(error, SessionError::Retryable { retry_after: Some(wait), .. } if wait == ten_minutes),
                "{header} {endpoint}: {error:?}"
            );
            assert!(is_signed_in(&session));
            server.behave();
            session.aws_credentials().await.unwrap();
        }
    }
}
