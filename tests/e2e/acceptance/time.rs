//! 01, 06, 13: hours pass, clocks are wrong, and there may be no network at all.

use std::time::Duration;

use jetbridge::{ListObjects, SessionEvent, SessionState};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::bench::{ALICE, Bench, config_of, list, list_everything, next_event};

const HOUR: Duration = Duration::from_secs(3600);
const THREE_HOURS: i64 = 3 * 3600;

#[tokio::test(flavor = "multi_thread")]
async fn acceptance_01_a_call_after_an_hour_and_after_two_works_without_a_person() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    list_everything(&session).await;
    let pages_shown = bench.count("authorize");
    // At 61 minutes, and at two hours and five.
    for (pass, tokens) in [(HOUR + Duration::from_secs(60), 2), (HOUR + Duration::from_secs(240), 3)] {
        bench.let_time_pass(pass);
        list_everything(&session).await;
        assert_eq!(bench.count("token"), tokens);
        assert_eq!(bench.count("GetCredentialsForIdentity"), tokens);
    }
    assert_eq!(bench.count("GetId"), 1, "the identity is remembered");
    assert_eq!(bench.count("authorize"), pages_shown);
}

#[tokio::test(flavor = "multi_thread")]
async fn acceptance_06_a_device_clock_that_is_three_hours_wrong_locks_nobody_out() {
    for wrong_by in [THREE_HOURS, -THREE_HOURS] {
        let bench = Bench::start().await;
        bench.clock.set_wrong_by(wrong_by);
        let session = bench.signed_in(ALICE).await;
        assert!(!list_everything(&session).await.is_empty());
        let offset = session.details().clock_offset_seconds;
        assert!((offset + wrong_by).abs() <= 2, "{offset}");
        // Signed right at the first attempt, not after a refusal.
        assert_eq!(bench.count("ListObjectsV2"), 1);

        // The next hour is an hour, in this process and in the next.
        bench.let_time_pass(HOUR);
        list_everything(&session).await;
        list_everything(&bench.session()).await;
        assert_eq!((bench.count("token"), bench.count("GetCredentialsForIdentity")), (2, 2));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn acceptance_06_a_clock_that_jumps_during_a_session_is_noticed_and_corrected() {
    for jump in [THREE_HOURS, -THREE_HOURS] {
        let bench = Bench::start().await;
        let session = bench.signed_in(ALICE).await;
        let listed = list_everything(&session).await;
        let mut events = session.events();
        // The person sets the clock wrong, and later right again.
        for wrong_by in [jump, 0] {
            bench.clock.set_wrong_by(wrong_by);
            assert_eq!(list_everything(&session).await, listed, "{wrong_by}");
            let is_skew = |event: &SessionEvent| matches!(event, SessionEvent::ClockSkew { .. });
            let event = next_event(&mut events, is_skew).await;
            assert!(
                matches!(event, SessionEvent::ClockSkew { offset_seconds } if (offset_seconds + wrong_by).abs() <= 2),
                "{event:?}"
            );
            assert!((session.details().clock_offset_seconds + wrong_by).abs() <= 2);
        }
        assert!(matches!(session.state(), SessionState::SignedIn { .. }));
        bench.let_time_pass(HOUR);
        assert_eq!(list_everything(&session).await, listed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn acceptance_06_a_clock_that_jumps_while_the_browser_is_open_costs_no_sign_in() {
    for jump in [THREE_HOURS, -THREE_HOURS] {
        let bench = Bench::start().await;
        let redirect = bench.redirect_for(&bench.session(), ALICE).await;
        bench.clock.set_wrong_by(jump);
        let session = bench.session();
        assert!(matches!(session.complete_login(&redirect).await.unwrap(), SessionState::SignedIn { .. }));
        assert!(!list_everything(&session).await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn acceptance_13_an_offline_start_shows_the_last_user_and_that_the_rest_is_stale() {
    let bench = Bench::start().await;
    list_everything(&bench.signed_in(ALICE).await).await;
    bench.let_time_pass(3 * HOUR);
    let [session, next_process] = [bench.session(), bench.session()];
    std::sync::Arc::into_inner(bench.stack).unwrap().shutdown().await;

    let state = session.restore().await;
    assert!(matches!(&state, SessionState::SignedIn { user } if user.username.as_deref() == Some(ALICE)), "{state:?}");
    let details = session.details();
    assert!(details.id_token_expires_at.unwrap() < details.now);
    assert!(details.aws_credentials_expire_at.unwrap() < details.now);
    assert!(details.has_refresh_token && details.identity_id.is_some());

    // What needs the network says so, and costs nothing.
    assert_eq!(session.aws_credentials().await.unwrap_err().kind(), "retryable");
    assert_eq!(list(&session, ListObjects::default()).await.unwrap_err().kind(), "retryable");
    assert_eq!(session.state(), state);
    assert_eq!(next_process.restore().await, state);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_that_s3_taught_is_kept_for_the_next_process() {
    let bench = Bench::start().await;
    list_everything(&bench.signed_in(ALICE).await).await;
    // Too much for S3 (15 minutes), and too little to make anybody doubt the credentials.
    bench.clock.set_wrong_by(-20 * 60);
    // The first process pays a refusal, and no other.
    for expected in [2, 1, 1] {
        let before = bench.count("ListObjectsV2");
        list_everything(&bench.session()).await;
        assert_eq!(bench.count("ListObjectsV2") - before, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_clock_is_wrong_is_told_and_not_this_device() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let body = "<Error><Code>RequestTimeTooSkewed</Code><Message>too large</Message></Error>";
            let head = format!("HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
            let _ = connection.read(&mut [0; 8192]).await;
            let _ = connection.write_all(format!("{head}{body}").as_bytes()).await;
        }
    });
    let bench = Bench::start().await;
    let session = bench.session_with(config_of(&bench.stack, |_, aws| {
        aws["Storage"]["AWSS3"]["endpoint"] = endpoint.into();
    }));
    bench.sign_in(&session, ALICE).await;
    let error = session.list_objects(ListObjects::default()).next_page().await.unwrap_err();
    assert_eq!(error.kind(), "retryable");
    assert!(error.to_string().contains("S3's clock seems to be wrong"), "{error}");
    assert!(!error.to_string().contains("corrected"), "{error}");
}
