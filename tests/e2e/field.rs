//! Ways in which real networks, disks, clocks and careless edits cost a session. Each was seen to do so; the names begin
//! with the kind of fault. What a store does that takes no write is in `failing_store`, a server that says nonsense beside a
//! rotated token in `hostile_servers`, leaving a process in the command line's tests.

use std::time::Duration;

use jetbridge::{Accounts, SessionState, SignOutMode};
use jetbridge_local_stack::{Fault, Options, Rotation};
use serde_json::Value;

use crate::bench::{ALICE, BOB, Bench, config_of, eventually, list_everything};
use crate::hostile_servers::server::{Answer, Server};

const HOUR: Duration = Duration::from_secs(3600);
const NO_GRACE: Rotation = Rotation::WithGrace(Duration::ZERO);

async fn bench_with(rotation: Rotation) -> Bench {
    Bench::start_with(Options { rotation, ..Options::default() }).await
}

/// What the store holds, changed as an earlier version or a disk would have it.
fn edit_stored(bench: &Bench, edit: impl FnOnce(&mut Value)) {
    let name = bench.store.list().unwrap().into_iter().find(|name| name.starts_with("default.")).unwrap();
    let mut stored: Value = serde_json::from_slice(&bench.store.load(&name).unwrap().unwrap()).unwrap();
    edit(&mut stored);
    bench.store.save(&name, stored.to_string().as_bytes()).unwrap();
}

/// Okta's guide "Refresh access tokens and rotate refresh tokens", table under "Get a refresh token": a refresh that names
/// scopes without `offline_access` brings no refresh token back, and the old one is spent.
#[tokio::test(flavor = "multi_thread")]
async fn a1_the_second_renewal_and_the_third_work_whatever_the_app_s_rotation() {
    for rotation in [NO_GRACE, Rotation::WithGrace(Duration::from_secs(30)), Rotation::Off] {
        let bench = bench_with(rotation).await;
        bench.signed_in(ALICE).await;
        for _ in 0..3 {
            bench.let_time_pass(2 * HOUR);
            bench.session().aws_credentials().await.unwrap();
        }
        assert_eq!(bench.count("token"), 4);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a1_a_session_of_an_earlier_version_which_stored_a_part_of_the_scope_goes_on() {
    let bench = bench_with(NO_GRACE).await;
    bench.signed_in(ALICE).await;
    edit_stored(&bench, |stored| {
        let scopes = stored.pointer_mut("/signed_in/tokens/scopes").unwrap().as_array_mut().unwrap();
        scopes.retain(|scope| scope != "offline_access");
        assert_eq!(scopes.len(), 3);
    });
    for _ in 0..3 {
        bench.let_time_pass(2 * HOUR);
        bench.session().aws_credentials().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a1_an_answer_without_a_refresh_token_keeps_the_one_at_hand() {
    let bench = bench_with(Rotation::Off).await;
    let session = bench.signed_in(ALICE).await;
    bench.stack.faults().inject(Fault::RefreshTokenWithheld, 2);
    for _ in 0..3 {
        bench.let_time_pass(2 * HOUR);
        session.aws_credentials().await.unwrap();
    }
}

/// The grace is what decides here, not a stopwatch: a second try that comes too late ends the session.
#[tokio::test(flavor = "multi_thread")]
async fn a2_an_answer_that_never_comes_is_given_up_well_inside_the_grace() {
    let bench = bench_with(Rotation::WithGrace(Duration::from_secs(20))).await;
    let session = bench.signed_in(ALICE).await;
    bench.let_time_pass(2 * HOUR);
    bench.stack.faults().inject(Fault::TokenAnswerHeld, 1);
    session.aws_credentials().await.unwrap();
    assert_eq!(bench.count("token"), 3);
}

/// A process is killed while its refresh is under way. The next one has keys that last, and sees in the store that an answer
/// was lost: it asks at once, while the old token still works, and not when the keys run out.
#[tokio::test(flavor = "multi_thread")]
async fn a4_an_answer_that_died_with_its_process_is_made_up_for_within_the_grace() {
    let bench = bench_with(Rotation::WithGrace(Duration::from_secs(30))).await;
    let session = bench.signed_in(ALICE).await;
    session.aws_credentials().await.unwrap();
    let died_after = bench.stack.clock().unix_now();
    edit_stored(&bench, |stored| {
        // As the write-ahead left it.
        stored["attempts"] = serde_json::json!([{"spends": "refresh_token", "began_at": died_after}]);
    });
    let token_calls = bench.count("token");
    let next = bench.session();
    next.restore().await;
    next.aws_credentials().await.unwrap();
    assert_eq!(bench.count("token"), token_calls + 1, "the token was sent again although the keys last");
    next.aws_credentials().await.unwrap();
    bench.session().aws_credentials().await.unwrap();
    assert_eq!(bench.count("token"), token_calls + 1, "once");
}

/// Signed in with the clock three hours fast, then somebody set it right, and two hours went by: the stored offset says that
/// the keys last, and they have been dead for an hour.
#[tokio::test(flavor = "multi_thread")]
async fn a5_keys_that_are_good_by_an_old_offset_only_are_not_handed_out() {
    let bench = Bench::start().await;
    bench.clock.set_wrong_by(3 * 3600);
    let session = bench.signed_in(ALICE).await;
    let old = session.aws_credentials().await.unwrap();
    assert_eq!(session.details().clock_offset_seconds, -3 * 3600);

    bench.stack.clock().advance(2 * HOUR);
    bench.clock.set_wrong_by(2 * 3600);
    bench.stack.faults().inject(Fault::NetworkDown, 100);
    for process in [session, bench.session()] {
        process.restore().await;
        process.check_clock().await;
        assert!(!process.details().clock_is_certain);
        // Nobody can be asked, so nothing is said to be good.
        assert_eq!(process.aws_credentials().await.map(|_| ()).unwrap_err().kind(), "retryable");
    }
    bench.stack.faults().inject(Fault::NetworkDown, 0);

    let process = bench.session();
    process.restore().await;
    process.check_clock().await;
    assert_eq!((process.details().clock_offset_seconds, process.details().clock_is_certain), (0, true));
    let new = process.aws_credentials().await.unwrap();
    assert_ne!(new.access_key_id(), old.access_key_id());
    assert!(new.expires_at() > bench.stack.clock().now());
}

/// The clock was years ahead and was put right. By both clocks the keys last, so nothing is in doubt but what is shown.
#[tokio::test(flavor = "multi_thread")]
async fn a5_a_clock_that_was_put_right_is_shown_and_kept_as_right() {
    const WRONG_BY: i64 = 11 * 365 * 24 * 3600;
    for lists_first in [true, false] {
        let bench = Bench::start().await;
        bench.clock.set_wrong_by(WRONG_BY);
        let session = bench.signed_in(ALICE).await;
        session.aws_credentials().await.unwrap();
        let stored_offset = || {
            let mut found = None;
            edit_stored(&bench, |stored| found = stored["clock_offset_seconds"].as_i64());
            found
        };
        assert_eq!(stored_offset(), Some(-WRONG_BY));

        bench.clock.set_wrong_by(0);
        bench.stack.log().clear();
        let process = bench.session();
        process.restore().await;
        if lists_first {
            list_everything(&process).await;
        } else {
            process.check_clock().await;
            assert_eq!(bench.stack.log().records().len(), 1, "one question");
        }
        let told = process.details();
        assert_eq!((told.clock_offset_seconds, told.clock_is_certain), (0, true), "{lists_first}");
        assert_eq!(stored_offset(), Some(0), "{lists_first}");

        bench.stack.log().clear();
        let next = bench.session();
        next.restore().await;
        next.check_clock().await;
        assert_eq!((next.details().clock_offset_seconds, bench.stack.log().records().len()), (0, 0));
    }
}

/// A process that only lists learns from S3 that the device's clock has gone wrong since the sign-in.
#[tokio::test(flavor = "multi_thread")]
async fn a5_what_a_listing_learns_of_the_clock_is_there_for_the_next_process() {
    let bench = Bench::start().await;
    bench.signed_in(ALICE).await.aws_credentials().await.unwrap();
    // Little enough that S3 takes the signature.
    bench.clock.set_wrong_by(-300);
    let process = bench.session();
    process.restore().await;
    list_everything(&process).await;
    let next = bench.session();
    next.restore().await;
    assert_eq!(next.details().clock_offset_seconds, 300);
}

/// A device that is wrong for good pays one small request, and no refresh token, in each process that is in doubt.
#[tokio::test(flavor = "multi_thread")]
async fn a5_a_clock_that_stays_wrong_costs_one_question_and_no_renewal() {
    for wrong_by in [3 * 3600, -3 * 3600] {
        let bench = Bench::start().await;
        bench.clock.set_wrong_by(wrong_by);
        let key = bench.signed_in(ALICE).await.aws_credentials().await.unwrap();
        bench.stack.log().clear();
        let process = bench.session();
        process.restore().await;
        for _ in 0..3 {
            assert_eq!(process.aws_credentials().await.unwrap().access_key_id(), key.access_key_id());
        }
        let in_doubt = wrong_by > 0;
        assert_eq!(bench.stack.log().records().len(), usize::from(in_doubt), "{wrong_by}");
        assert_eq!((bench.count("token"), bench.count("GetCredentialsForIdentity")), (0, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_a_session_of_another_configuration_is_seen_and_its_refresh_token_revoked() {
    let bench = Bench::start().await;
    bench.signed_in(ALICE).await;
    let edited = config_of(&bench.stack, |_, aws| {
        aws["Auth"]["identityPoolId"] = "us-west-2:00000000-1111-2222-3333-444444444444".into();
    });
    let accounts = Accounts::new(edited.clone(), bench.store.clone());
    assert_eq!(accounts.list().await.unwrap(), []);
    let others = accounts.list_others().await.unwrap();
    let [other] = &others[..] else { panic!("{others:?}") };
    assert_eq!((other.account.as_str(), other.issuer.as_deref()), ("default", Some(bench.config.issuer_url())));
    assert_eq!(other.client_id.as_deref(), Some(bench.config.client_id()));
    assert!(matches!(&other.state, SessionState::SignedIn { user } if user.username.as_deref() == Some(ALICE)));
    // To its own configuration, it is none of another's.
    assert_eq!(Accounts::new(bench.config.clone(), bench.store.clone()).list_others().await.unwrap(), []);

    let session = bench.session_with(edited);
    let ended = session.end_other(other, SignOutMode::Revoke).await.unwrap();
    assert_eq!(ended.revocation, Some(Ok(())));
    assert_eq!(bench.count("revoke"), 1);
    assert_eq!(accounts.list_others().await.unwrap(), []);
    assert_eq!(bench.session().restore().await, SessionState::SignedOut);
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_a_session_that_cannot_be_read_is_seen_and_can_be_removed() {
    let bench = Bench::start().await;
    bench.store.save("default.0123456789abcdef", b"{\"schema\":2,").unwrap();
    // Not sessions: an account's name is plain, and a configuration's has sixteen digits.
    for other in ["default.0123456789abcdeg", "default.0123", "0123456789abcdef.accounts", "Default.0123456789abcdef"] {
        bench.store.save(other, b"{}").unwrap();
    }
    let accounts = Accounts::new(bench.config.clone(), bench.store.clone());
    let others = accounts.list_others().await.unwrap();
    let [other] = &others[..] else { panic!("{others:?}") };
    assert!(matches!(other.state, SessionState::StorageUnavailable { .. }));
    let ended = bench.session().end_other(other, SignOutMode::Revoke).await.unwrap();
    assert!(ended.revocation.is_none());
    assert_eq!(bench.store.load("default.0123456789abcdef").unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_a_refresh_token_that_a_new_sign_in_replaces_is_revoked_once_the_new_one_is_saved() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    assert_eq!(bench.count("revoke"), 0);
    for user in [ALICE, BOB] {
        bench.stack.log().clear();
        bench.sign_in(&session, user).await;
        eventually("the replaced token is revoked", || bench.count("revoke") == 1).await;
        // The new one is not.
        bench.let_time_pass(2 * HOUR);
        bench.session().aws_credentials().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a7_a_sign_in_outlives_passing_refusals_at_the_token_endpoint() {
    for refusal in ["server_error", "temporarily_unavailable"] {
        let server = Server::start().await;
        let session = server.session();
        let redirect = server.redirect_for(&session).await;
        server.answer("token", Answer::Json(400, serde_json::json!({"error": refusal})));
        assert_eq!(session.complete_login(&redirect).await.unwrap_err().kind(), "retryable", "{refusal}");
        server.behave();
        let state = server.session().complete_login(&redirect).await.unwrap();
        assert!(matches!(state, SessionState::SignedIn { .. }), "{refusal}");
    }
}

/// RFC 6749 §4.1.2: a code that is used twice takes the tokens along that came of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_success_without_an_access_token_never_leads_to_a_second_use_of_a_code() {
    type Change = fn(&mut Value);
    let cases: [(&str, Change); 6] = [
        ("a text", |answer| *answer = "invalid_grant".into()),
        ("nothing", |answer| *answer = serde_json::json!({})),
        ("no access token", |answer| drop(answer.as_object_mut().unwrap().remove("access_token"))),
        ("a list", |answer| *answer = serde_json::json!(["a", "list"])),
        ("a type that nobody knows (RFC 6749 §7.1)", |answer| answer["token_type"] = "mac".into()),
        ("no type", |answer| drop(answer.as_object_mut().unwrap().remove("token_type"))),
    ];
    for (why, change) in cases {
        let server = Server::start().await;
        let session = server.session();
        let redirect = server.redirect_for(&session).await;
        server.take_asked();
        server.change_tokens(change);
        assert_eq!(session.complete_login(&redirect).await.unwrap_err().kind(), "access_denied", "{why}");
        server.behave();
        for process in [session, server.session()] {
            assert_eq!(process.complete_login(&redirect).await.unwrap_err().kind(), "unexpected_redirect", "{why}");
        }
        let mut asked = server.take_asked();
        asked.retain(|operation| *operation == "token");
        assert_eq!(asked, ["token"], "{why}");
    }
}

/// Nobody will have the tokens of a sign-in that is not believed.
#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_is_refused_after_the_exchange_gives_its_tokens_back() {
    let server = Server::start().await;
    let session = server.session();
    let redirect = server.redirect_for(&session).await;
    server.change_tokens(|answer| answer["token_type"] = "mac".into());
    server.take_asked();
    assert_eq!(session.complete_login(&redirect).await.unwrap_err().kind(), "access_denied");
    session.settle().await;
    assert_eq!(server.take_asked(), ["token", "revoke"]);
}

/// A session that leaves spends nothing any more, and what it had on its way is safe.
#[tokio::test(flavor = "multi_thread")]
async fn a3_leaving_waits_for_a_refresh_that_is_under_way_and_lets_none_begin() {
    let bench = bench_with(NO_GRACE).await;
    let session = bench.signed_in(ALICE).await;
    bench.let_time_pass(2 * HOUR);
    bench.stack.faults().inject_wait(Fault::TokenAnswerHeld, 1, Duration::from_millis(400));
    let asking = tokio::spawn({
        let session = session.clone();
        async move { session.aws_credentials().await.map(|_| ()) }
    });
    // The work is done there, and its answer held.
    eventually("the token is spent", || bench.count("token") == 2).await;
    asking.abort();
    session.leave().await;
    let stored_at_leaving = refresh_token_of(&bench);
    // What needs no token goes on after that, and must not meet what the test does next.
    session.settle().await;
    bench.session().aws_credentials().await.unwrap();
    assert_eq!(bench.count("token"), 2, "the answer was saved, and is used");
    assert_eq!(refresh_token_of(&bench), stored_at_leaving);

    bench.let_time_pass(2 * HOUR);
    assert_eq!(session.aws_credentials().await.map(|_| ()).unwrap_err().kind(), "retryable");
    assert_eq!(bench.count("token"), 2, "nothing is spent any more");
    bench.session().aws_credentials().await.unwrap();
}

fn refresh_token_of(bench: &Bench) -> String {
    let name = bench.store.list().unwrap().into_iter().find(|name| name.starts_with("default.")).unwrap();
    let stored: Value = serde_json::from_slice(&bench.store.load(&name).unwrap().unwrap()).unwrap();
    stored.pointer("/signed_in/tokens/refresh_token").unwrap().as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a4_what_is_saved_ahead_has_room_for_the_answer_and_gives_it_back() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    let name = bench.store.list().unwrap().into_iter().find(|name| name.starts_with("default.")).unwrap();
    let size = || bench.store.load(&name).unwrap().unwrap().len();
    let before = size();
    bench.let_time_pass(2 * HOUR);
    bench.stack.faults().inject_wait(Fault::TokenSlow, 1, Duration::from_millis(300));
    let asking = tokio::spawn(async move { session.aws_credentials().await.map(|_| ()) });
    eventually("the write-ahead", || size() > before + 100_000).await;
    asking.await.unwrap().unwrap();
    assert!(size() < before + 10_000);
}
