//! 02, 03, 09: one renewal for everybody, whatever becomes of its answer and of Okta's keys.

use std::time::Duration;

use jetbridge::{SessionError, SessionState, SignInReason};
use jetbridge_local_stack::{Fault, Options, Rotation};

use super::processes::{Home, ThisProcess};
use crate::bench::{ALICE, Bench, call_and_go_away, list_everything};

const HOUR: Duration = Duration::from_secs(3600);
/// So long do requests take that what should overlap does.
const LATENCY: Duration = Duration::from_millis(100);

/// A refresh token that is spent twice ends the session at once.
fn without_grace() -> Options {
    Options { rotation: Rotation::WithGrace(Duration::ZERO), ..Options::default() }
}

/// What the renewal asked for: tokens, identities, credentials.
fn asked(bench: &Bench) -> [usize; 3] {
    ["token", "GetId", "GetCredentialsForIdentity"].map(|operation| bench.count(operation))
}

#[tokio::test(flavor = "multi_thread")]
async fn acceptance_02_fifty_callers_some_of_whom_leave_cause_one_renewal() {
    let bench = Bench::start_with(without_grace()).await;
    let session = bench.signed_in(ALICE).await;
    list_everything(&session).await;
    bench.let_time_pass(HOUR);
    bench.stack.set_latency(LATENCY);
    bench.stack.log().clear();
    // The first of all, who begins the renewal, leaves too.
    for _ in 0..10 {
        let session = session.clone();
        call_and_go_away(async move {
            let _ = session.aws_credentials().await;
        })
        .await;
    }
    let callers = (0..40).map(|_| session.aws_credentials());
    let keys: Vec<_> = futures_util::future::join_all(callers).await.into_iter().map(Result::unwrap).collect();
    assert!(keys.iter().all(|credentials| credentials.access_key_id() == keys[0].access_key_id()));
    session.settle().await;
    assert_eq!(asked(&bench), [1, 0, 1]);

    bench.let_time_pass(HOUR);
    session.aws_credentials().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn acceptance_02_four_processes_over_one_encrypted_store_cause_one_renewal() {
    if let Some(process) = ThisProcess::with_a_part() {
        let session = process.session();
        process.say("ready");
        process.wait_until_told();
        process.say(session.aws_credentials().await.unwrap().access_key_id());
        return;
    }
    let mut bench = Bench::start_with(without_grace()).await;
    let home = Home::of(&mut bench);
    let before = bench.signed_in(ALICE).await.aws_credentials().await.unwrap();
    bench.let_time_pass(HOUR);
    bench.stack.set_latency(LATENCY);
    bench.stack.log().clear();

    let test = "acceptance::renewal::acceptance_02_four_processes_over_one_encrypted_store_cause_one_renewal";
    let mut processes: Vec<_> = (0..4).map(|_| home.start_process(test, HOUR)).collect();
    for process in &mut processes {
        assert_eq!(process.hear(), "ready");
    }
    for process in &mut processes {
        process.tell_to_go_on();
    }
    let keys: Vec<_> = processes.iter_mut().map(|process| process.hear()).collect();
    assert!(keys.iter().all(|key| *key == keys[0] && *key != before.access_key_id()));
    assert_eq!(asked(&bench), [1, 0, 1]);
    for process in processes {
        process.assert_ends_well();
    }

    // The refresh token in the store is the newest: the next process renews with it.
    bench.let_time_pass(HOUR);
    bench.session().aws_credentials().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn acceptance_03_a_lost_answer_is_asked_for_again_at_once() {
    // In both cases the server has rotated the token by then.
    for fault in [Fault::TokenResponseLost, Fault::TokenGatewayTimeout] {
        let bench = Bench::start().await;
        let session = bench.signed_in(ALICE).await;
        bench.let_time_pass(HOUR);
        bench.stack.log().clear();
        bench.stack.faults().inject(fault, 1);
        session.aws_credentials().await.unwrap();
        assert_eq!(bench.count("token"), 2, "{fault:?}");
        // What is stored now is the rotated token, not the one whose grace ends.
        bench.let_time_pass(HOUR);
        bench.session().aws_credentials().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn acceptance_03_an_answer_that_stays_lost_is_made_up_for_within_the_grace_and_ends_the_session_after_it() {
    let refused = SignInReason::RefreshTokenRefused { code: "invalid_grant".to_owned() };
    for (seconds_later, survives) in [(10, true), (31, false)] {
        let bench = Bench::start_with(Options::default()).await;
        let session = bench.signed_in(ALICE).await;
        bench.let_time_pass(HOUR);
        bench.stack.faults().inject(Fault::TokenResponseLost, 1000);
        assert_eq!(session.aws_credentials().await.unwrap_err().kind(), "retryable");
        assert!(matches!(session.state(), SessionState::SignedIn { .. }));
        bench.stack.faults().inject(Fault::TokenResponseLost, 0);

        bench.let_time_pass(Duration::from_secs(seconds_later));
        // The process has ended meanwhile: all that is left is the token in the store.
        let next_process = bench.session();
        let outcome = next_process.aws_credentials().await;
        if survives {
            outcome.unwrap();
            bench.let_time_pass(HOUR);
            bench.session().aws_credentials().await.unwrap();
            continue;
        }
        assert_eq!(outcome.unwrap_err(), SessionError::SignInRequired { reason: refused.clone() });
        for session in [next_process, session, bench.session()] {
            let state = session.restore().await;
            assert!(
                matches!(&state, SessionState::SignInRequired { reason, user: Some(user) }
                    if *reason == refused && user.username.as_deref() == Some(ALICE)),
                "{state:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn acceptance_09_keys_that_rotate_between_sign_in_and_refresh_are_fetched_once() {
    let ten_minutes = Duration::from_secs(600);
    // Shorter than the keys are kept, so that only the unknown key itself makes the core look for new ones.
    let options = Options {
        id_token_lifetime: ten_minutes,
        access_token_lifetime: ten_minutes,
        credentials_lifetime: ten_minutes,
        ..Options::default()
    };
    let bench = Bench::start_with(options).await;
    let session = bench.signed_in(ALICE).await;
    list_everything(&session).await;
    bench.stack.rotate_signing_key().await.unwrap();
    bench.stack.drop_old_signing_keys();
    bench.stack.log().clear();
    for renewals in 1..=3 {
        bench.let_time_pass(Duration::from_secs(400));
        assert!(!list_everything(&session).await.is_empty());
        assert_eq!(asked(&bench), [renewals, 0, renewals]);
    }
    assert_eq!((bench.count("discovery"), bench.count("keys")), (0, 1));
}
