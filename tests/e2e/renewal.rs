//! Credentials that are there whenever they are asked for.

use std::sync::Arc;
use std::time::Duration;

use jetbridge::{LoginOptions, Session, SessionError, SessionState, SignInReason, SignOutMode};
use jetbridge_local_stack::{Fault, Options, Rotation};

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
    let bench =
        Bench::start_with(Options { rotation: Rotation::WithGrace(Duration::ZERO), ..Options::default() }).await;
    let session = bench.signed_in(ALICE).await;
    bench.let_time_pass(HOUR);
    bench.stack.faults().inject(Fault::IdTokenTampered, 1);
    assert!(session.aws_credentials().await.is_err());
    // The old refresh token would be reuse, and the end of the session.
    assert!(bench.session().aws_credentials().await.is_ok());
}

/// The ID token beside the rotated refresh token is bad, the one before lasts, and Cognito does not take that either.
#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_that_was_rotated_in_vain_is_not_sent_again() {
    let bench =
        Bench::start_with(Options { rotation: Rotation::WithGrace(Duration::ZERO), ..Options::default() }).await;
    let session = bench.signed_in(ALICE).await;
    bench.stack.rotate_signing_key().await.unwrap();
    bench.stack.drop_old_signing_keys();
    bench.let_time_pass(HOUR - Duration::from_secs(200));
    bench.stack.faults().inject(Fault::IdTokenTampered, 1);
    session.aws_credentials().await.unwrap();
    assert_eq!(bench.count("token"), 3);
    bench.let_time_pass(HOUR);
    bench.session().aws_credentials().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_signed_in_is_said_before_anything_is_asked() {
    let bench = Bench::start().await;
    let error = bench.session().aws_credentials().await.unwrap_err();
    assert_eq!(error, SessionError::SignInRequired { reason: SignInReason::SignedOut });
    assert!(bench.stack.log().records().is_empty());
}

/// The issuer withdraws a key in a hurry: tokens that it signed are worth nothing although their time is not up.
#[tokio::test(flavor = "multi_thread")]
async fn an_id_token_whose_key_was_withdrawn_is_replaced() {
    for is_withdrawn in [true, false] {
        let bench = Bench::start().await;
        let session = bench.signed_in(ALICE).await;
        if is_withdrawn {
            bench.stack.rotate_signing_key().await.unwrap();
            bench.stack.drop_old_signing_keys();
        } else {
            bench.stack.faults().inject(Fault::CognitoTokenUnverified, 1);
        }
        bench.stack.log().clear();
        let outcome = session.aws_credentials().await;
        if is_withdrawn {
            outcome.unwrap();
            assert_eq!((bench.count("token"), bench.count("keys")), (1, 1));
        } else {
            // Another token by the same key would be refused as well: the fault lies elsewhere.
            assert_eq!(outcome.unwrap_err().kind(), "misconfigured");
            assert_eq!(bench.count("token"), 0);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn aws_credentials_stay_out_of_the_store_if_the_app_wants_that() {
    let bench = Bench::start().await;
    let open = || {
        let builder = Session::builder(bench.config.clone(), Arc::clone(&bench.store));
        builder.clock(Arc::new(bench.clock.clone())).store_aws_credentials(false).open().unwrap()
    };
    let session = open();
    bench.sign_in(&session, ALICE).await;
    let credentials = session.aws_credentials().await.unwrap();
    let stored = || {
        let name = format!("default.{}", bench.config.fingerprint().short());
        String::from_utf8_lossy(&bench.store.load(&name).unwrap().unwrap()).into_owned()
    };
    let is_stored =
        || [credentials.access_key_id(), credentials.session_token()].iter().any(|key| stored().contains(key));
    assert!(!is_stored());
    // In memory they last, also over writes and readings of the store.
    session.restore().await;
    session.begin_login(LoginOptions::default()).await.unwrap();
    list_everything(&session).await;
    assert_eq!(bench.count("GetCredentialsForIdentity"), 1);
    // The next process asks Cognito, with the identity that is remembered, and nobody else.
    bench.stack.log().clear();
    list_everything(&open()).await;
    assert_eq!((bench.count("GetId"), bench.count("GetCredentialsForIdentity"), bench.count("token")), (0, 1, 0));
    assert!(!is_stored());
    session.sign_out(SignOutMode::Local).await.unwrap();
    assert_eq!(session.aws_credentials().await.unwrap_err().kind(), "sign_in_required");
}

/// The SDKs of AWS run `credential_process` for each request once the keys have less than fifteen minutes left.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_handed_on_has_a_quarter_of_an_hour_left_and_is_not_renewed_each_time() {
    let bench = Bench::start().await;
    let first = bench.signed_in(ALICE).await.aws_credentials().await.unwrap();
    bench.let_time_pass(HOUR - Duration::from_secs(14 * 60));
    assert_eq!(bench.session().aws_credentials().await.unwrap().access_key_id(), first.access_key_id());
    for _ in 0..3 {
        let handed_on = bench.session().aws_credentials_to_hand_on().await.unwrap();
        assert!(handed_on.expires_at() > first.expires_at() + Duration::from_secs(15 * 60));
    }
    assert_eq!(bench.count("GetCredentialsForIdentity"), 2);

    // Cognito gives nothing that lasts: ten processes in eight minutes.
    let options = Options { credentials_lifetime: Duration::from_secs(600), ..Options::default() };
    let bench = Bench::start_with(options).await;
    bench.signed_in(ALICE).await.aws_credentials().await.unwrap();
    for _ in 0..10 {
        bench.let_time_pass(Duration::from_secs(48));
        bench.session().aws_credentials_to_hand_on().await.unwrap();
    }
    assert!(bench.count("GetCredentialsForIdentity") <= 3, "{}", bench.count("GetCredentialsForIdentity"));
}

/// What an app shows by them is as new as the token.
#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_brings_new_claims_and_a_sign_out_takes_them() {
    let bench = Bench::start_with(Options { access_claims: true, ..Options::default() }).await;
    let session = bench.session();
    assert!(session.claims().is_none(), "the store was not read yet");
    bench.sign_in(&session, ALICE).await;
    let claims = session.claims().unwrap();
    let details = session.details();
    assert_eq!(claims.subject(), details.user.unwrap().subject);
    assert_eq!((claims.issuer(), claims.audience()), (bench.config.issuer_url(), vec![bench.config.client_id()]));
    assert_eq!((claims.groups(), claims.text("department")), (vec!["Everyone"], Some("research")));
    assert_eq!(Some(claims.expires_at()), details.id_token_expires_at);

    bench.let_time_pass(HOUR + HOUR);
    let asked = bench.count("token");
    assert_eq!(session.claims().as_ref(), Some(&claims), "from memory, until a renewal");
    assert_eq!(bench.count("token"), asked);
    session.aws_credentials().await.unwrap();
    let renewed = session.claims().unwrap();
    assert_ne!(renewed.text("jti"), claims.text("jti"));
    assert!(renewed.issued_at() > claims.issued_at());
    assert_eq!(renewed.authenticated_at(), claims.authenticated_at());

    session.sign_out(SignOutMode::Local).await.unwrap();
    assert!(session.claims().is_none());
}
