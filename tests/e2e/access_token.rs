//! Access tokens for the app's own backend.

use std::time::Duration;

use jetbridge::SessionEvent;
use jetbridge_local_stack::{Fault, Options};

use crate::bench::{ALICE, Bench, config_of, eventually};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test(flavor = "multi_thread")]
async fn an_access_token_is_fresh_whenever_it_is_asked_for() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    let first = session.access_token().await.unwrap();
    assert_eq!(session.access_token().await.unwrap().text(), first.text());
    assert_eq!(bench.count("token"), 1);
    bench.let_time_pass(HOUR);
    let callers = (0..20).map(|_| session.access_token());
    let tokens: Vec<_> = futures_util::future::join_all(callers).await.into_iter().map(Result::unwrap).collect();
    assert!(tokens.iter().all(|token| token.text() == tokens[0].text() && token.text() != first.text()));
    assert_eq!(bench.count("token"), 2);
    assert!(tokens[0].expires_at().unwrap() > session.details().now);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_token_is_replaced_once_for_everybody_who_found_it_bad() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    let refused = session.access_token().await.unwrap();
    let callers = (0..10).map(|_| session.replace_access_token(&refused));
    for replaced in futures_util::future::join_all(callers).await {
        assert_ne!(replaced.unwrap().text(), refused.text());
    }
    assert_eq!(bench.count("token"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn aws_credentials_can_be_replaced_before_their_time() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    let refused = session.aws_credentials().await.unwrap();
    let callers = (0..10).map(|_| session.replace_aws_credentials(&refused));
    for replaced in futures_util::future::join_all(callers).await {
        assert_ne!(replaced.unwrap().access_key_id(), refused.access_key_id());
    }
    assert_eq!((bench.count("token"), bench.count("GetCredentialsForIdentity")), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_that_is_refused_is_asked_for_with_a_fresh_token() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    // Only the server knows that the token's time is up.
    bench.stack.clock().advance(2 * HOUR);
    assert_eq!(session.user_info().await.unwrap().email.as_deref(), Some(ALICE));
    assert_eq!(bench.count("token"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_callers_of_a_server_that_is_down_ask_it_once() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    bench.let_time_pass(HOUR);
    bench.stack.set_latency(Duration::from_millis(100));
    bench.stack.faults().inject(Fault::TokenUnavailable, 1000);
    bench.stack.log().clear();
    let callers = (0..20).map(|_| session.access_token());
    for outcome in futures_util::future::join_all(callers).await {
        assert_eq!(outcome.unwrap_err().kind(), "retryable");
    }
    assert_eq!(bench.count("token"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_is_told_as_an_event() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    let mut events = session.events();
    bench.clock.set_wrong_by(-3 * 3600);
    session.user_info().await.unwrap();
    assert!(
        matches!(events.next().await.unwrap(), SessionEvent::ClockSkew { offset_seconds } if offset_seconds >= 3 * 3600 - 2)
    );
    bench.clock.set_wrong_by(0);
    session.user_info().await.unwrap();
    assert_eq!(events.next().await.unwrap(), SessionEvent::ClockSkew { offset_seconds: 0 });
    eventually("the clock is right", || session.details().clock_offset_seconds == 0).await;
}

/// Okta's access tokens may last as little as that.
#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_five_minutes_are_not_refreshed_at_every_call() {
    let five_minutes = Duration::from_secs(300);
    let options = Options {
        id_token_lifetime: five_minutes,
        access_token_lifetime: five_minutes,
        credentials_lifetime: five_minutes,
        ..Options::default()
    };
    let bench = Bench::start_with(options).await;
    let session = bench.signed_in(ALICE).await;
    for _ in 0..10 {
        session.access_token().await.unwrap();
        session.aws_credentials().await.unwrap();
        bench.let_time_pass(Duration::from_secs(10));
    }
    assert_eq!((bench.count("token"), bench.count("GetCredentialsForIdentity")), (1, 1));
    bench.let_time_pass(Duration::from_secs(60));
    session.access_token().await.unwrap();
    session.aws_credentials().await.unwrap();
    assert_eq!((bench.count("token"), bench.count("GetCredentialsForIdentity")), (2, 2), "half of their life is over");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_access_token_without_a_refresh_token_is_given_for_as_long_as_it_lasts() {
    let bench = Bench::start().await;
    let session = bench.session_with(config_of(&bench.stack, |okta, _| okta["okta_scopes"] = "openid".into()));
    bench.sign_in(&session, ALICE).await;
    bench.let_time_pass(Duration::from_secs(3600 - 120));
    session.access_token().await.unwrap();
    bench.let_time_pass(Duration::from_secs(120));
    assert_eq!(session.access_token().await.unwrap_err().kind(), "sign_in_required");
}
