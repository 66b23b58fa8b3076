//! The app is killed between the steps; the next process goes on.

use std::time::Duration;

use jetbridge::{LoginOptions, SessionState};

use crate::bench::{ALICE, Bench, complete_beside, list_everything};

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_session_lists_in_one_request() {
    let bench = Bench::start().await;
    let before = list_everything(&bench.signed_in(ALICE).await).await;
    bench.stack.log().clear();

    let session = bench.session();
    assert!(matches!(session.restore().await, SessionState::SignedIn { .. }));
    assert_eq!(list_everything(&session).await, before);
    let asked: Vec<_> = bench.stack.log().records().iter().map(|record| record.operation).collect();
    assert_eq!(asked, ["ListObjectsV2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_sign_ins_may_be_open_at_once_in_several_processes() {
    let bench = Bench::start().await;
    let first = bench.session().begin_login(LoginOptions::default()).await.unwrap();
    let second = bench.session().begin_login(LoginOptions::default()).await.unwrap();
    let from_second = bench.browse(&second.url, ALICE).await;
    let from_first = bench.browse(&first.url, ALICE).await;
    let session = bench.session();
    session.complete_login(&from_first).await.unwrap();
    session.complete_login(&from_second).await.unwrap();
    assert!(!list_everything(&session).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn giving_up_one_sign_in_leaves_another_process_s_open() {
    let bench = Bench::start().await;
    let (waiting, given_up) = (bench.session(), bench.session());
    let redirect = bench.redirect_for(&waiting, ALICE).await;
    let abandoned = bench.redirect_for(&given_up, ALICE).await;
    given_up.cancel_login().await.unwrap();
    assert_eq!(given_up.complete_login(&abandoned).await.unwrap_err().kind(), "unexpected_redirect");
    assert!(matches!(waiting.complete_login(&redirect).await.unwrap(), SessionState::SignedIn { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_than_four_stay_open_and_the_oldest_goes_first() {
    let bench = Bench::start().await;
    let session = bench.session();
    let mut urls = Vec::new();
    for _ in 0..5 {
        urls.push(session.begin_login(LoginOptions::default()).await.unwrap().url);
    }
    let oldest = bench.browse(&urls[0], ALICE).await;
    assert_eq!(session.complete_login(&oldest).await.unwrap_err().kind(), "unexpected_redirect");
    let next = bench.browse(&urls[1], ALICE).await;
    assert!(session.complete_login(&next).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_four_redirects_may_be_delivered_again_in_any_process() {
    let bench = Bench::start().await;
    let mut redirects = Vec::new();
    for _ in 0..4 {
        let session = bench.session();
        let redirect = bench.redirect_for(&session, ALICE).await;
        session.complete_login(&redirect).await.unwrap();
        session.settle().await;
        redirects.push(redirect);
    }
    for redirect in &redirects {
        let state = bench.session().complete_login(redirect).await.unwrap();
        assert!(matches!(state, SessionState::SignedIn { .. }));
    }
    assert_eq!(bench.count("token"), 4, "each code was exchanged once");
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_ins_that_are_begun_while_a_code_is_exchanged_do_not_push_it_out() {
    let bench = Bench::start().await;
    let session = bench.session();
    let redirect = bench.redirect_for(&session, ALICE).await;
    bench.stack.set_latency(Duration::from_secs(1));
    let completing = complete_beside(&session, redirect).await;
    for _ in 0..5 {
        session.begin_login(LoginOptions::default()).await.unwrap();
    }
    assert!(matches!(completing.await.unwrap().unwrap(), SessionState::SignedIn { .. }));
}
