//! Renewal that nobody asked for.

use std::time::Duration;

use jetbridge::{SessionState, SignOutMode};
use jetbridge_local_stack::Fault;

use crate::bench::{ALICE, Bench, eventually};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_renewed_before_anybody_asks() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    bench.let_time_pass(HOUR);
    let renewal = session.renew_in_background();
    eventually("the credentials are there", || session.details().aws_credentials_expire_at.is_some()).await;
    assert_eq!((bench.count("token"), bench.count("GetCredentialsForIdentity")), (2, 1));
    drop(renewal);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_waits_while_nobody_is_signed_in_and_goes_on_afterwards() {
    let bench = Bench::start().await;
    let session = bench.session();
    let _renewal = session.renew_in_background();
    eventually("the store was read", || session.state() == SessionState::SignedOut).await;
    assert!(bench.stack.log().records().is_empty());
    bench.sign_in(&session, ALICE).await;
    eventually("the credentials are there", || session.details().aws_credentials_expire_at.is_some()).await;
    session.sign_out(SignOutMode::Local).await.unwrap();
    assert_eq!(session.state(), SessionState::SignedOut);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_down_is_not_asked_without_pause() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    bench.let_time_pass(HOUR);
    bench.stack.faults().inject(Fault::TokenUnavailable, 1000);
    bench.stack.log().clear();
    let _renewal = session.renew_in_background();
    eventually("it was asked", || bench.count("token") > 0).await;
    // The first pause is a second: in a part of it, nobody may have asked again.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(bench.count("token"), 1);
}
