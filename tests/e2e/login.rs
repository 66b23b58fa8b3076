//! The main job, and what a sign-in must survive.

use std::sync::Arc;
use std::time::Duration;

use jetbridge::storage::MemoryStore;
use jetbridge::{LoginOptions, Session, SessionEvent, SessionState};
use jetbridge_local_stack::{Fault, Options};

use crate::bench::{ALICE, Bench, call_and_go_away, eventually, list_everything, next_event};

#[tokio::test(flavor = "multi_thread")]
async fn a_user_signs_in_and_sees_the_bucket() {
    let bench = Bench::start().await;
    let session = bench.session();
    assert_eq!(session.state(), SessionState::NotLoaded);
    assert_eq!(session.restore().await, SessionState::SignedOut);

    let state = bench.sign_in(&session, ALICE).await;
    let SessionState::SignedIn { user } = state else { panic!("{state:?}") };
    assert_eq!(user.username.as_deref(), Some(ALICE));
    assert_eq!(user.name.as_deref(), Some("Alice Archer"));

    let objects = list_everything(&session).await;
    assert!(objects.len() >= 25, "{}", objects.len());
    let details = session.details();
    assert!(details.identity_id.unwrap().starts_with("us-west-2:"));
    assert!(details.id_token_expires_at.unwrap() > details.now);
    assert!(details.aws_credentials_expire_at.unwrap() > details.now);
    assert!(details.has_refresh_token);

    // The e-mail address is not in Okta's thin ID token: userinfo brings it, a moment later.
    eventually(
        "the profile arrives",
        || matches!(session.state(), SessionState::SignedIn { user } if user.email.as_deref() == Some(ALICE)),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_goes_away_does_not_take_the_exchange_along() {
    let bench = Bench::start().await;
    let session = bench.session();
    let redirect = bench.redirect_for(&session, ALICE).await;
    bench.stack.set_latency(Duration::from_millis(100));
    call_and_go_away({
        let session = session.clone();
        async move {
            let _ = session.complete_login(&redirect).await;
        }
    })
    .await;
    eventually("the sign-in finishes", || matches!(session.state(), SessionState::SignedIn { .. })).await;
    assert_eq!(bench.count("token"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_fault_during_the_exchange_costs_no_sign_in() {
    let bench = Bench::start().await;
    let session = bench.session();
    let redirect = bench.redirect_for(&session, ALICE).await;
    bench.stack.faults().inject(Fault::TokenUnavailable, 1);
    let error = session.complete_login(&redirect).await.unwrap_err();
    assert_eq!(error.kind(), "retryable", "{error}");
    assert_eq!(session.state(), SessionState::SignedOut);
    assert!(matches!(session.complete_login(&redirect).await.unwrap(), SessionState::SignedIn { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_rotate_while_the_browser_is_open_are_fetched_once_more() {
    let bench = Bench::start().await;
    let session = bench.session();
    let request = session.begin_login(LoginOptions::default()).await.unwrap();
    // The keys come beside the browser.
    session.settle().await;
    assert_eq!(bench.count("keys"), 1);
    bench.stack.rotate_signing_key().await.unwrap();
    let redirect = bench.browse(&request.url, ALICE).await;
    session.complete_login(&redirect).await.unwrap();
    let by_us = bench.stack.log().records().iter().filter(|record| record.operation == "keys").count();
    assert_eq!(by_us, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_in_user_keeps_working_while_another_sign_in_is_open() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    session.begin_login(LoginOptions::default()).await.unwrap();
    assert!(matches!(session.state(), SessionState::SignedIn { .. }));
    assert!(!list_everything(&session).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_of_somebody_else_is_thrown_away_and_the_session_stays() {
    let bench = Bench::start().await;
    let session = bench.session();
    let redirect = bench.redirect_for(&session, ALICE).await;
    let mut events = session.events();
    bench.stack.faults().inject(Fault::UserInfoWrongSubject, 1);
    session.complete_login(&redirect).await.unwrap();
    next_event(&mut events, |event| matches!(event, SessionEvent::ProfileUnavailable { .. })).await;
    let SessionState::SignedIn { user } = session.state() else { panic!("signed out") };
    assert_eq!((user.username.as_deref(), user.email), (Some(ALICE), None));
    assert!(!list_everything(&session).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn https_is_spoken_with_the_stack_s_own_authority() {
    let bench = Bench::start_with(Options { tls: true, ..Options::default() }).await;
    let session = bench.session();
    let request = session.begin_login(LoginOptions::default()).await.unwrap();
    assert!(request.url.starts_with("https://"));
    let redirect = bench.browse(&request.url, ALICE).await;
    session.complete_login(&redirect).await.unwrap();
    assert!(!list_everything(&session).await.is_empty());

    // Without that authority nothing is believed.
    let stranger = Session::open(bench.config.clone(), Arc::new(MemoryStore::new())).unwrap();
    assert_eq!(stranger.begin_login(LoginOptions::default()).await.unwrap_err().kind(), "obstructed");
}
