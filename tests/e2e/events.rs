//! The news that a session tells, and in which order.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use jetbridge::storage::MemoryStore;
use jetbridge::{Renewed, Session, SessionEvent, SessionEvents, SessionState, SignInReason, SignOutMode};
use jetbridge_local_stack::Fault;

use crate::bench::{ALICE, BOB, Bench, list_everything};

const HOUR: Duration = Duration::from_secs(3600);

fn kinds(events: &mut SessionEvents) -> Vec<&'static str> {
    std::iter::from_fn(|| events.try_next()).map(|event| event.kind()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_life_is_told_in_its_order() {
    let bench = Bench::start().await;
    let session = bench.session();
    let mut events = session.events();
    session.restore().await;
    assert!(kinds(&mut events).is_empty(), "an empty store is no news");

    bench.sign_in(&session, ALICE).await;
    list_everything(&session).await;
    assert_eq!(kinds(&mut events), ["signed_in", "renewed"]);

    bench.let_time_pass(HOUR);
    list_everything(&session).await;
    let renewed: Vec<_> = std::iter::from_fn(|| events.try_next()).collect();
    assert!(
        matches!(&renewed[..], [
            SessionEvent::Renewed { renewed: Renewed::Tokens, expires_at: tokens },
            SessionEvent::Renewed { renewed: Renewed::AwsCredentials, expires_at: credentials },
        ] if Some(*tokens) == session.details().id_token_expires_at
            && Some(*credentials) == session.details().aws_credentials_expire_at),
        "{renewed:?}"
    );

    bench.sign_in(&session, ALICE).await;
    assert_eq!(kinds(&mut events), ["signed_in"], "the same user again is a sign-in too");
    bench.sign_in(&session, BOB).await;
    assert_eq!(kinds(&mut events), ["user_changed", "signed_in"]);

    session.sign_out(SignOutMode::Local).await.unwrap();
    session.sign_out(SignOutMode::Local).await.unwrap();
    assert_eq!(kinds(&mut events), ["signed_out"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_by_okta_is_told_once_with_its_reason_and_the_user() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    list_everything(&session).await;
    // Used by somebody else after the grace: Okta takes all of it back.
    bench.let_time_pass(HOUR);
    bench.stack.faults().inject(Fault::TokenResponseLost, 1000);
    session.aws_credentials().await.unwrap_err();
    bench.stack.faults().inject(Fault::TokenResponseLost, 0);
    bench.let_time_pass(HOUR);
    let mut events = session.events();
    for _ in 0..2 {
        session.aws_credentials().await.unwrap_err();
    }
    let told: Vec<_> = std::iter::from_fn(|| events.try_next()).collect();
    assert!(
        matches!(&told[..], [SessionEvent::SignInRequired { reason: SignInReason::RefreshTokenRefused { code }, user: Some(user) }]
            if code == "invalid_grant" && user.username.as_deref() == Some(ALICE)),
        "{told:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_process_does_is_told_when_the_store_is_read_and_that_is_soon() {
    let bench = Bench::start().await;
    let [app, extension] = [bench.signed_in(ALICE).await, bench.session()];
    list_everything(&app).await;
    let mut events = extension.events();
    assert!(matches!(extension.restore().await, SessionState::SignedIn { .. }));
    assert!(extension.aws_credentials().await.is_ok());
    assert!(kinds(&mut events).is_empty(), "a session that was there is no news");

    app.sign_out(SignOutMode::Local).await.unwrap();
    // Nobody tells the other process. It looks again by itself before its credentials are handed out a minute later.
    bench.let_time_pass(Duration::from_secs(60));
    assert_eq!(extension.aws_credentials().await.unwrap_err().kind(), "sign_in_required");
    assert_eq!(extension.state(), SessionState::SignedOut);
    bench.sign_in(&app, BOB).await;
    bench.let_time_pass(Duration::from_secs(60));
    assert!(extension.access_token().await.is_ok());
    assert_eq!(kinds(&mut events), ["signed_out", "signed_in"]);
    assert_eq!(bench.count("token"), 2, "nothing was renewed for it");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_a_stream_that_ends_with_the_session_and_forgives_a_slow_listener() {
    let bench = Bench::start().await;
    let session = Session::open(bench.config.clone(), Arc::new(MemoryStore::new())).unwrap();
    let slow = session.events();
    for _ in 0..100 {
        bench.sign_in(&session, ALICE).await;
        session.sign_out(SignOutMode::Local).await.unwrap();
    }
    drop(session);
    let told: Vec<_> = slow.into_stream().map(|event| event.kind()).collect().await;
    assert!(told.len() >= 32 && told.len() < 200, "{}", told.len());
    assert_eq!(told.last(), Some(&"signed_out"));
}
