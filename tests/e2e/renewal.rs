//! Credentials that are there whenever they are asked for.

use std::time::Duration;

use jetbridge::{SessionError, SessionState, SignInReason};
use jetbridge_local_stack::{Fault, Options};

use crate::bench::{ALICE, Bench, list_everything};

const HOUR: Duration = Duration::from_secs(3600);

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
