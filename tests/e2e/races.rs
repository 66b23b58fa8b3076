//! Things that happen at the same time: callers that go away, slow stores, two processes, a sign-out in the middle.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, SystemTime};

use jetbridge::storage::{MemoryStore, SecretStore, StorageError, StoreLock};
use jetbridge::{Clock, LoginOptions, Session, SessionError, SessionState, SignInReason, SignOutMode};
use jetbridge_local_stack::{Fault, Options, Rotation};
use zeroize::Zeroizing;

use crate::bench::{ALICE, BOB, Bench, DeviceClock, call_and_go_away, complete_beside, eventually};

const HOUR: Duration = Duration::from_secs(3600);

/// Holds up whoever comes while it is closed, as a slow disk or a keyring's dialogue does.
#[derive(Debug, Default)]
struct Gate {
    closed: Mutex<bool>,
    opened: Condvar,
    waiting: AtomicUsize,
}

impl Gate {
    fn close(&self) {
        *self.closed.lock().unwrap() = true;
    }

    fn open(&self) {
        *self.closed.lock().unwrap() = false;
        self.opened.notify_all();
    }

    fn pass(&self) {
        let closed = self.closed.lock().unwrap();
        if *closed {
            self.waiting.fetch_add(1, Ordering::SeqCst);
            drop(self.opened.wait_while(closed, |closed| *closed).unwrap());
            self.waiting.fetch_sub(1, Ordering::SeqCst);
        }
    }

    fn holds_somebody(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) > 0
    }
}

/// A store that can be slow.
#[derive(Debug, Clone, Default)]
struct SlowStore {
    inner: MemoryStore,
    saving: Arc<Gate>,
    loaded: Arc<Gate>,
}

impl SecretStore for SlowStore {
    fn load(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StorageError> {
        let found = self.inner.load(name);
        self.loaded.pass();
        found
    }

    fn save(&self, name: &str, value: &[u8]) -> Result<(), StorageError> {
        self.saving.pass();
        self.inner.save(name, value)
    }

    fn delete(&self, name: &str) -> Result<(), StorageError> {
        self.inner.delete(name)
    }

    fn list(&self) -> Result<Vec<String>, StorageError> {
        self.inner.list()
    }

    fn lock(&self, name: &str) -> Result<Box<dyn StoreLock>, StorageError> {
        self.inner.lock(name)
    }
}

async fn slow_bench() -> (Bench, SlowStore) {
    let mut bench = Bench::start().await;
    let store = SlowStore::default();
    bench.store = Arc::new(store.clone());
    (bench, store)
}

fn without_grace() -> Options {
    Options { rotation: Rotation::WithGrace(Duration::ZERO), ..Options::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_whose_caller_went_away_keeps_its_lock_and_a_sign_out_comes_after_it() {
    let (bench, store) = slow_bench().await;
    let session = bench.signed_in(ALICE).await;
    session.settle().await;
    store.saving.close();
    let caller = tokio::spawn({
        let session = session.clone();
        async move { session.begin_login(LoginOptions::default()).await }
    });
    eventually("the write is under way", || store.saving.holds_somebody()).await;
    caller.abort();
    let sign_out = tokio::spawn({
        let session = session.clone();
        async move { session.sign_out(SignOutMode::Local).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    store.saving.open();
    sign_out.await.unwrap().unwrap();
    assert_eq!(bench.session().restore().await, SessionState::SignedOut);
    assert_eq!(session.aws_credentials().await.unwrap_err().kind(), "sign_in_required");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_does_not_bring_a_signed_out_session_back() {
    let (bench, store) = slow_bench().await;
    let session = bench.signed_in(ALICE).await;
    session.aws_credentials().await.unwrap();
    session.settle().await;
    store.loaded.close();
    let reader = tokio::spawn({
        let session = session.clone();
        async move { session.restore().await }
    });
    eventually("the store was read", || store.loaded.holds_somebody()).await;
    // Whoever reads from now on is not held up; the first reader still is.
    *store.loaded.closed.lock().unwrap() = false;
    session.sign_out(SignOutMode::Local).await.unwrap();
    store.loaded.open();
    reader.await.unwrap();
    assert_eq!(session.state(), SessionState::SignedOut);
    assert_eq!(session.aws_credentials().await.unwrap_err().kind(), "sign_in_required");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_that_reaches_two_processes_is_exchanged_once() {
    let bench = Bench::start().await;
    let redirect = bench.redirect_for(&bench.session(), ALICE).await;
    bench.stack.set_latency(Duration::from_millis(60));
    let (one, two) = (bench.session(), bench.session());
    let (first, second) = tokio::join!(one.complete_login(&redirect), two.complete_login(&redirect));
    for state in [first.unwrap(), second.unwrap()] {
        assert!(matches!(state, SessionState::SignedIn { .. }));
    }
    assert_eq!(bench.count("token"), 1);
    bench.stack.set_latency(Duration::ZERO);
    bench.let_time_pass(HOUR);
    bench.session().aws_credentials().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_out_or_cancellation_during_the_exchange_wins() {
    for sign_out in [true, false] {
        let bench = Bench::start().await;
        let session = bench.session();
        let redirect = bench.redirect_for(&session, ALICE).await;
        bench.stack.set_latency(Duration::from_secs(1));
        let completing = complete_beside(&session, redirect).await;
        if sign_out {
            session.sign_out(SignOutMode::Local).await.unwrap();
        } else {
            session.cancel_login().await.unwrap();
        }
        assert_eq!(completing.await.unwrap(), Err(SessionError::UserCancelled));
        assert_eq!(bench.session().restore().await, SessionState::SignedOut);
        assert_eq!(bench.count("revoke"), 1, "nobody keeps the refresh token");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_out_does_not_wait_for_a_renewal_and_wins_over_it() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    session.settle().await;
    bench.let_time_pass(HOUR);
    bench.stack.set_latency(Duration::from_secs(1));
    bench.stack.log().clear();
    let renewal = tokio::spawn({
        let session = session.clone();
        async move { session.aws_credentials().await.map(|_| ()) }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    session.sign_out(SignOutMode::Local).await.unwrap();
    assert!(bench.stack.log().records().is_empty(), "no server had answered by then");
    assert_eq!(renewal.await.unwrap().unwrap_err().kind(), "sign_in_required");
    assert_eq!(bench.session().restore().await, SessionState::SignedOut);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_does_not_wait_for_another_process_s_renewal() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    session.settle().await;
    let other_process = bench.session();
    let redirect = bench.redirect_for(&other_process, ALICE).await;
    bench.let_time_pass(Duration::from_secs(3500));
    let _renewal = bench.store.lock(&renewal_lock_name(&bench)).unwrap();
    let redirect = if redirect.is_empty() { redirect } else { bench.redirect_for(&other_process, ALICE).await };
    assert!(matches!(other_process.complete_login(&redirect).await.unwrap(), SessionState::SignedIn { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_of_the_user_before_are_not_handed_out_once_another_one_is_signed_in() {
    let bench = Bench::start().await;
    let here = bench.signed_in(BOB).await;
    let there = bench.session();
    let redirect = bench.redirect_for(&there, ALICE).await;
    bench.stack.set_latency(Duration::from_secs(2));
    let asking = tokio::spawn({
        let here = here.clone();
        async move { here.aws_credentials().await }
    });
    eventually("Cognito is asked for Bob's credentials", || bench.count("GetId") == 1).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    bench.stack.set_latency(Duration::ZERO);
    there.complete_login(&redirect).await.unwrap();
    assert_eq!(asking.await.unwrap().unwrap_err().kind(), "retryable");
    let user = here.details().user.unwrap();
    assert_eq!(user.username.as_deref(), Some(ALICE));
    here.aws_credentials().await.unwrap();
}

fn renewal_lock_name(bench: &Bench) -> String {
    format!("default.{}.renewal", bench.config.fingerprint().short())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_token_survives_callers_that_go_away() {
    let bench = Bench::start_with(without_grace()).await;
    let session = bench.signed_in(ALICE).await;
    bench.let_time_pass(HOUR);
    for asks_for_profile in [true, false] {
        bench.stack.set_latency(Duration::from_millis(150));
        bench.stack.log().clear();
        let session = session.clone();
        call_and_go_away(async move {
            if asks_for_profile {
                let _ = session.user_info().await;
            } else {
                let _ = session.aws_credentials().await;
            }
        })
        .await;
        eventually("the refresh finishes", || bench.count("token") >= 1).await;
        bench.stack.set_latency(Duration::ZERO);
        bench.let_time_pass(HOUR);
    }
    bench.session().aws_credentials().await.unwrap();
}

#[test]
fn a_runtime_that_ends_in_the_middle_of_a_renewal_leaves_the_session_usable() {
    let runtime = || tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (home, first, second) = (runtime(), runtime(), runtime());
    let (bench, session) = home.block_on(async {
        let bench = Bench::start().await;
        let session = bench.signed_in(ALICE).await;
        session.settle().await;
        bench.let_time_pass(HOUR);
        bench.stack.set_latency(Duration::from_millis(300));
        (bench, session)
    });
    first.block_on(async {
        let _ = tokio::time::timeout(Duration::from_millis(100), session.aws_credentials()).await;
    });
    drop(first);
    bench.stack.set_latency(Duration::ZERO);
    second.block_on(session.aws_credentials()).unwrap();
}

/// Panics once, on a thread of the runtime.
#[derive(Debug)]
struct PanickingClock {
    clock: DeviceClock,
    armed: AtomicBool,
}

impl Clock for PanickingClock {
    fn now(&self) -> SystemTime {
        let on_a_worker = std::thread::current().name().is_some_and(|name| name.contains("tokio"));
        assert!(!(on_a_worker && self.armed.swap(false, Ordering::SeqCst)), "as planned");
        self.clock.now()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_costs_one_call_and_no_more() {
    let bench = Bench::start().await;
    bench.signed_in(ALICE).await.settle().await;
    bench.let_time_pass(HOUR);
    let clock = Arc::new(PanickingClock { clock: bench.clock.clone(), armed: AtomicBool::new(false) });
    let session = Session::builder(bench.config.clone(), Arc::clone(&bench.store)).clock(clock.clone()).open().unwrap();
    // So that the next thread that asks for the time is the renewal's.
    session.restore().await;
    clock.armed.store(true, Ordering::SeqCst);
    assert_eq!(session.aws_credentials().await.unwrap_err().kind(), "internal");
    session.aws_credentials().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_state_follows_what_another_process_did() {
    let bench = Bench::start().await;
    let here = bench.signed_in(ALICE).await;
    here.settle().await;
    bench.session().sign_out(SignOutMode::Local).await.unwrap();
    bench.let_time_pass(HOUR);
    assert_eq!(here.aws_credentials().await.unwrap_err().kind(), "sign_in_required");
    assert_eq!(here.state(), SessionState::SignedOut);

    let redirect = bench.redirect_for(&here, ALICE).await;
    bench.session().complete_login(&redirect).await.unwrap();
    assert!(matches!(here.complete_login(&redirect).await.unwrap(), SessionState::SignedIn { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_clock_and_a_fresh_process_together_lock_nobody_out() {
    for wrong_by in [3 * 3600, -3 * 3600] {
        let bench = Bench::start().await;
        bench.clock.set_wrong_by(wrong_by);
        let redirect = bench.redirect_for(&bench.session(), ALICE).await;
        bench.session().complete_login(&redirect).await.unwrap();
        bench.session().aws_credentials().await.unwrap();
        let asked = bench.count("token");
        // Known from the store, before anybody was asked: nothing looks expired, nothing is renewed.
        bench.session().aws_credentials().await.unwrap();
        assert_eq!((asked, bench.count("token")), (1, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_still_last_are_given_while_renewal_fails() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    let before = session.aws_credentials().await.unwrap();
    bench.let_time_pass(Duration::from_secs(3600 - 200));
    bench.stack.faults().inject(Fault::NetworkDown, 1000);
    assert_eq!(session.aws_credentials().await.unwrap().access_key_id(), before.access_key_id());
    bench.let_time_pass(Duration::from_secs(190));
    assert_eq!(session.aws_credentials().await.unwrap_err().kind(), "retryable", "ten seconds are too few");
    bench.stack.faults().inject(Fault::NetworkDown, 0);
    assert_ne!(session.aws_credentials().await.unwrap().access_key_id(), before.access_key_id());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_token_that_still_lasts_buys_new_credentials_while_okta_is_out_of_order() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    let before = session.aws_credentials().await.unwrap();
    bench.let_time_pass(Duration::from_secs(3600 - 200));
    bench.stack.faults().inject(Fault::TokenUnavailable, 1000);
    bench.stack.log().clear();
    let bought = session.aws_credentials().await.unwrap();
    assert_ne!(bought.access_key_id(), before.access_key_id());
    // They are good for an hour: until then nobody has to be asked again.
    bench.let_time_pass(Duration::from_secs(10));
    assert_eq!(session.aws_credentials().await.unwrap().access_key_id(), bought.access_key_id());
    assert_eq!((bench.count("token"), bench.count("GetCredentialsForIdentity")), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_asked_for_at_the_next_use_whatever_that_is_and_also_after_one_that_came_to_nothing() {
    for asks_for_access_token in [true, false] {
        let bench = Bench::start().await;
        let session = bench.signed_in(ALICE).await;
        session.aws_credentials().await.unwrap();
        let token = session.access_token().await.unwrap();
        bench.stack.log().clear();
        let faults = bench.stack.faults();
        faults.inject(Fault::TokenResponseLost, 2);
        assert_eq!(session.replace_access_token(&token).await.unwrap_err().kind(), "retryable");
        for _ in 0..2 {
            // What is still good is given while the server is out of order.
            faults.inject(Fault::TokenUnavailable, 1);
            if asks_for_access_token {
                assert!(session.access_token().await.unwrap().text() == token.text());
            } else {
                session.aws_credentials().await.unwrap();
            }
        }
        faults.inject(Fault::TokenUnavailable, 0);
        session.aws_credentials().await.unwrap();
        assert_eq!(bench.count("token"), 5);
        bench.let_time_pass(HOUR);
        bench.session().aws_credentials().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_asks_for_more_scopes_does_not_break_stored_sessions() {
    let bench = Bench::start().await;
    let scopes =
        |scopes: &'static str| crate::bench::config_of(&bench.stack, |okta, _| okta["okta_scopes"] = scopes.into());
    let before = bench.session_with(scopes("openid offline_access"));
    bench.sign_in(&before, ALICE).await;
    before.settle().await;
    bench.let_time_pass(HOUR);
    bench.session_with(scopes("openid profile email offline_access")).aws_credentials().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passing_fault_at_the_keys_after_the_exchange_costs_no_sign_in() {
    let bench = Bench::start().await;
    let session = bench.session();
    let request = session.begin_login(LoginOptions::default()).await.unwrap();
    // The keys come beside the browser.
    session.settle().await;
    bench.stack.rotate_signing_key().await.unwrap();
    let redirect = bench.browse(&request.url, ALICE).await;
    bench.stack.faults().inject(Fault::JwksUnavailable, 2);
    assert!(matches!(session.complete_login(&redirect).await.unwrap(), SessionState::SignedIn { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_refresh_token_a_wrong_clock_ends_nothing_and_cognito_decides() {
    let bench = Bench::start().await;
    let config = crate::bench::config_of(&bench.stack, |okta, _| okta["okta_scopes"] = "openid profile".into());
    let session = bench.session_with(config);
    bench.sign_in(&session, ALICE).await;
    session.settle().await;
    bench.clock.set_wrong_by(3 * 3600);
    session.aws_credentials().await.unwrap();
    assert!(matches!(session.state(), SessionState::SignedIn { .. }));

    bench.let_time_pass(2 * HOUR);
    let ended = SessionError::SignInRequired { reason: SignInReason::NoRefreshToken };
    assert_eq!(session.aws_credentials().await.unwrap_err(), ended);
    assert!(matches!(session.state(), SessionState::SignInRequired { user: Some(_), .. }));
}

/// The code is spent by then: its answer has to wait for the keys.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_whose_keys_cannot_be_had_waits_for_them_and_its_code_is_not_sent_again() {
    let bench = Bench::start().await;
    let session = bench.session();
    let request = session.begin_login(LoginOptions::default()).await.unwrap();
    // The keys come beside the browser.
    session.settle().await;
    bench.stack.rotate_signing_key().await.unwrap();
    let redirect = bench.browse(&request.url, ALICE).await;
    bench.stack.faults().inject(Fault::JwksUnavailable, 1000);
    for _ in 0..2 {
        assert_eq!(session.complete_login(&redirect).await.unwrap_err().kind(), "retryable");
    }
    bench.stack.faults().inject(Fault::JwksUnavailable, 0);
    assert!(matches!(session.complete_login(&redirect).await.unwrap(), SessionState::SignedIn { .. }));
    assert_eq!(bench.count("token"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_nobody_will_take_any_more_is_given_back() {
    let bench = Bench::start().await;
    let session = bench.session();
    let request = session.begin_login(LoginOptions::default()).await.unwrap();
    // The keys come beside the browser.
    session.settle().await;
    bench.stack.rotate_signing_key().await.unwrap();
    let redirect = bench.browse(&request.url, ALICE).await;
    bench.stack.faults().inject(Fault::JwksUnavailable, 4);
    session.complete_login(&redirect).await.unwrap_err();
    session.cancel_login().await.unwrap();
    session.settle().await;
    assert_eq!(bench.count("revoke"), 1);
    assert_eq!(session.complete_login(&redirect).await.unwrap_err().kind(), "unexpected_redirect");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_rotated_while_its_user_signs_out_is_given_back() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    bench.let_time_pass(HOUR);
    bench.stack.faults().inject_wait(Fault::TokenAnswerHeld, 1, Duration::from_secs(2));
    let renewal = tokio::spawn({
        let session = session.clone();
        async move { session.aws_credentials().await.map(|_| ()) }
    });
    eventually("the token is rotated", || bench.count("token") == 2).await;
    session.sign_out(SignOutMode::Local).await.unwrap();
    renewal.await.unwrap().unwrap_err();
    assert_eq!(bench.count("revoke"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_is_spent_whose_user_has_signed_out_before_it_was_sent() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    // The metadata is out of date, so that something stands before the refresh.
    bench.let_time_pass(25 * HOUR);
    bench.stack.set_latency(Duration::from_secs(1));
    let renewal = tokio::spawn({
        let session = session.clone();
        async move { session.aws_credentials().await.map(|_| ()) }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    session.sign_out(SignOutMode::Local).await.unwrap();
    assert_eq!(renewal.await.unwrap().unwrap_err().kind(), "sign_in_required");
    assert_eq!((bench.count("token"), bench.count("revoke")), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn giving_up_twice_leaves_another_process_s_sign_in_open() {
    let bench = Bench::start().await;
    let [session, other] = [bench.session(), bench.session()];
    session.begin_login(LoginOptions::default()).await.unwrap();
    let redirect = bench.redirect_for(&other, ALICE).await;
    session.cancel_login().await.unwrap();
    session.cancel_login().await.unwrap();
    assert!(matches!(other.complete_login(&redirect).await.unwrap(), SessionState::SignedIn { .. }));
}

/// A sign-in takes the access tokens of the one before along.
#[tokio::test(flavor = "multi_thread")]
async fn a_profile_that_is_asked_for_while_somebody_else_signs_in_is_theirs() {
    let bench = Bench::start().await;
    let (here, there) = (bench.signed_in(BOB).await, bench.session());
    let redirect = bench.redirect_for(&there, ALICE).await;
    bench.stack.set_latency(Duration::from_secs(2));
    let asking = tokio::spawn({
        let here = here.clone();
        async move { here.user_info().await }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    bench.stack.set_latency(Duration::ZERO);
    there.complete_login(&redirect).await.unwrap();
    there.settle().await;
    assert_eq!(asking.await.unwrap().unwrap().username.as_deref(), Some(ALICE));
}
