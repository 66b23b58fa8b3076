//! What goes wrong at Okta and Cognito, and what the app is told.

use std::time::Duration;

use jetbridge::{LoginOptions, SessionError, SessionState, SignInReason};
use jetbridge_local_stack::{Fault, Options, ScriptedBrowser};

use crate::bench::{ALICE, Bench, CAROL, PASSWORD, config_of};

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_sign_in_is_access_denied_and_says_why() {
    let bench = Bench::start().await;
    let session = bench.session();
    let request = session.begin_login(LoginOptions::default()).await.unwrap();
    let denied = ScriptedBrowser::new(None).unwrap().deny(&request.url).await.unwrap();
    let error = session.complete_login(&denied).await.unwrap_err();
    assert!(matches!(&error, SessionError::AccessDenied { code, .. } if code == "access_denied"), "{error:?}");
    // The answer was definite: the entry is gone.
    assert_eq!(session.complete_login(&denied).await.unwrap_err().kind(), "unexpected_redirect");

    let unassigned = bench.redirect_for(&session, CAROL).await;
    let error = session.complete_login(&unassigned).await.unwrap_err();
    assert!(error.hint().unwrap().contains("Assignments"), "{error:?}");

    bench.stack.faults().inject(Fault::NoMatchingPolicy, 1);
    let no_policy = bench.redirect_for(&session, ALICE).await;
    let error = session.complete_login(&no_policy).await.unwrap_err();
    assert!(error.hint().unwrap().contains("Access Policies"), "{error:?}");
    assert_eq!(bench.count("token"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_token_that_breaks_a_rule_signs_nobody_in() {
    for fault in [Fault::IdTokenTampered, Fault::IdTokenWrongNonce] {
        let bench = Bench::start().await;
        let session = bench.session();
        let redirect = bench.redirect_for(&session, ALICE).await;
        bench.stack.faults().inject(fault, 1);
        let error = session.complete_login(&redirect).await.unwrap_err();
        assert!(matches!(&error, SessionError::AccessDenied { code, .. } if code == "invalid_id_token"), "{error:?}");
        assert_eq!(session.state(), SessionState::SignedOut);
        assert_eq!(bench.session().restore().await, SessionState::SignedOut);
        assert_eq!(session.aws_credentials().await.unwrap_err().kind(), "sign_in_required");
        assert_eq!(bench.count("GetId"), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_is_too_old_or_already_used_asks_for_a_new_sign_in() {
    let bench = Bench::start_with(Options { code_lifetime: Duration::from_secs(60), ..Options::default() }).await;
    let session = bench.session();
    let too_old = bench.redirect_for(&session, ALICE).await;
    bench.let_time_pass(Duration::from_secs(120));
    let error = session.complete_login(&too_old).await.unwrap_err();
    let refused = SessionError::SignInRequired { reason: SignInReason::AuthorizationCodeRefused };
    assert_eq!(error, refused);

    // The server did its work, but its answer was lost: the same redirect may be tried again, and then it is known.
    let lost = bench.redirect_for(&session, ALICE).await;
    bench.stack.faults().inject(Fault::TokenResponseLost, 1);
    assert_eq!(session.complete_login(&lost).await.unwrap_err().kind(), "retryable");
    assert_eq!(session.complete_login(&lost).await.unwrap_err(), refused);
    assert_eq!(session.complete_login(&lost).await.unwrap_err().kind(), "unexpected_redirect");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authorization_server_that_is_down_is_retryable() {
    for fault in [Fault::DiscoveryUnavailable, Fault::JwksUnavailable] {
        let bench = Bench::start().await;
        let session = bench.session();
        bench.stack.faults().inject(fault, 1);
        let error = session.begin_login(LoginOptions::default()).await.unwrap_err();
        assert_eq!(error.kind(), "retryable", "{error}");
        assert!(session.begin_login(LoginOptions::default()).await.is_ok());
    }
    let bench = Bench::start().await;
    let session = bench.session();
    let redirect = bench.redirect_for(&session, ALICE).await;
    bench.stack.faults().inject(Fault::TokenRateLimited, 1);
    let error = session.complete_login(&redirect).await.unwrap_err();
    assert!(
        matches!(error, SessionError::Retryable { retry_after: Some(wait), .. } if wait <= Duration::from_secs(600))
    );
    assert!(session.complete_login(&redirect).await.is_ok());

    let unreachable = bench.session();
    bench.stack.shutdown().await;
    let error = unreachable.begin_login(LoginOptions::default()).await.unwrap_err();
    assert_eq!(error.kind(), "retryable");
    assert!(error.to_string().contains("Connection refused"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_client_or_redirect_uri_is_said_on_okta_s_page_and_never_redirected() {
    let bench = Bench::start().await;
    let wrong_client = config_of(&bench.stack, |okta, _| okta["okta_client_id"] = "0oa0000000000000wrong".into());
    let unregistered =
        LoginOptions { redirect_uri: Some("http://127.0.0.1:9999/callback".to_owned()), ..Default::default() };
    for (session, options, said) in [
        (bench.session_with(wrong_client), LoginOptions::default(), "client"),
        (bench.session(), unregistered, "http://127.0.0.1:9999/callback"),
    ] {
        let request = session.begin_login(options).await.unwrap();
        let page = ScriptedBrowser::new(None).unwrap().sign_in(&request.url, ALICE, PASSWORD).await.unwrap_err();
        assert!(page.to_string().contains(said), "{page}");
    }
}
