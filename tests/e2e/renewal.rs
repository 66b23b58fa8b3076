//! Credentials that are there whenever they are asked for.

use std::time::Duration;

use jetbridge::{SessionError, SessionState, SignInReason};
use jetbridge_local_stack::{Fault, Options};

use crate::bench::{ALICE, Bench, list_everything};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test(flavor = "multi_thread")]
async fn a_call_after_an_hour_and_after_two_works_without_a_person() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    list_everything(&session).await;
    for (pass, tokens) in [(HOUR + Duration::from_secs(60), 2), (HOUR + Duration::from_secs(240), 3)] {
        bench.let_time_pass(pass);
        list_everything(&session).await;
        assert_eq!(bench.count("token"), tokens);
        assert_eq!(bench.count("GetCredentialsForIdentity"), tokens);
    }
    assert_eq!(bench.count("GetId"), 1, "the identity is remembered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_session_renews_itself_too() {
    let bench = Bench::start().await;
    bench.signed_in(ALICE).await;
    bench.let_time_pass(HOUR + HOUR);
    let session = bench.session();
    list_everything(&session).await;
    assert_eq!(bench.count("token"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_callers_cause_one_renewal() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    list_everything(&session).await;
    bench.let_time_pass(HOUR);
    bench.stack.set_latency(Duration::from_millis(50));
    bench.stack.log().clear();
    let callers = (0..20).map(|_| session.aws_credentials());
    let keys: Vec<_> = futures_util::future::join_all(callers).await.into_iter().map(Result::unwrap).collect();
    assert!(keys.iter().all(|credentials| credentials.access_key_id() == keys[0].access_key_id()));
    assert_eq!((bench.count("token"), bench.count("GetCredentialsForIdentity")), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_never_spend_the_same_refresh_token() {
    let bench = Bench::start_with(Options { rotation_grace: Duration::ZERO, ..Options::default() }).await;
    bench.signed_in(ALICE).await;
    bench.let_time_pass(HOUR);
    bench.stack.set_latency(Duration::from_millis(50));
    bench.stack.log().clear();
    let (one, two) = (bench.session(), bench.session());
    let (first, second) = tokio::join!(one.aws_credentials(), two.aws_credentials());
    assert_eq!(first.unwrap().access_key_id(), second.unwrap().access_key_id());
    assert_eq!(bench.count("token"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_s3_finds_expired_are_replaced_once() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    list_everything(&session).await;
    // The device's clock stands still: only S3 knows that the time is up.
    bench.stack.clock().advance(2 * HOUR);
    bench.stack.log().clear();
    assert!(!list_everything(&session).await.is_empty());
    assert_eq!(bench.count("GetCredentialsForIdentity"), 1);
    assert_eq!(bench.count("token"), 1);

    // A service that never accepts any gets two attempts, not endless ones.
    bench.stack.faults().inject(Fault::S3ExpiredToken, 1000);
    bench.stack.log().clear();
    let error = crate::bench::list(&session, Default::default()).await.unwrap_err();
    assert_eq!(error.kind(), "retryable");
    assert_eq!(bench.count("GetCredentialsForIdentity"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_that_cognito_forgot_is_asked_for_once_more() {
    for fault in [Fault::CognitoIdentityNotFound, Fault::CognitoIdentityForbidden] {
        let bench = Bench::start().await;
        let session = bench.signed_in(ALICE).await;
        session.aws_credentials().await.unwrap();
        bench.let_time_pass(HOUR);
        bench.stack.log().clear();
        bench.stack.faults().inject(fault, 1);
        session.aws_credentials().await.unwrap();
        assert_eq!((bench.count("GetId"), bench.count("GetCredentialsForIdentity")), (1, 2));

        // If the new one is refused as well, that is the answer.
        bench.let_time_pass(HOUR);
        bench.stack.log().clear();
        bench.stack.faults().inject(fault, 1000);
        assert!(session.aws_credentials().await.is_err());
        assert_eq!(bench.count("GetId"), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_refused_refresh_token_ends_a_session_and_the_name_is_kept() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    bench.let_time_pass(HOUR);
    bench.stack.faults().inject(Fault::TokenUnavailable, 1);
    assert_eq!(session.aws_credentials().await.unwrap_err().kind(), "retryable");
    assert!(matches!(session.state(), SessionState::SignedIn { .. }));
    assert!(session.aws_credentials().await.is_ok(), "the outage passed");

    // Okta's idle limit for refresh tokens is a week.
    bench.let_time_pass(400 * 24 * HOUR);
    let reason = SignInReason::RefreshTokenRefused { code: "invalid_grant".to_owned() };
    let error = session.aws_credentials().await.unwrap_err();
    assert_eq!(error, SessionError::SignInRequired { reason: reason.clone() });
    for session in [session, bench.session()] {
        let state = session.restore().await;
        assert!(
            matches!(&state, SessionState::SignInRequired { reason: why, user: Some(user) }
                if *why == reason && user.username.as_deref() == Some(ALICE)),
            "{state:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_refresh_token_is_kept_even_if_the_id_token_beside_it_is_bad() {
    let bench = Bench::start_with(Options { rotation_grace: Duration::ZERO, ..Options::default() }).await;
    let session = bench.signed_in(ALICE).await;
    bench.let_time_pass(HOUR);
    bench.stack.faults().inject(Fault::IdTokenTampered, 1);
    assert!(session.aws_credentials().await.is_err());
    // The old refresh token would be reuse, and the end of the session.
    assert!(bench.session().aws_credentials().await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_signed_in_is_said_before_anything_is_asked() {
    let bench = Bench::start().await;
    let error = bench.session().aws_credentials().await.unwrap_err();
    assert_eq!(error, SessionError::SignInRequired { reason: SignInReason::SignedOut });
    assert!(bench.stack.log().records().is_empty());
}
