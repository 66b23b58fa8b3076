//! Okta's side: the issuer, the client, its redirect URIs, and how sign-ins end.

use std::sync::Arc;
use std::time::Duration;

use jetbridge::doctor::{Link, Mark};
use jetbridge::storage::{MemoryStore, SecretStore, StorageError, StorageErrorKind, StoreLock};
use jetbridge::{LoginOptions, SignOutMode};
use jetbridge_local_stack::{Fault, Options, Rotation};
use serde_json::Value;
use zeroize::Zeroizing;

use super::{HOUR, assert_broken, diagnose, finding, stored, with_okta};
use crate::bench::{ALICE, Bench, CAROL, complete_beside};
use crate::hostile_servers::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn a_client_or_redirect_uri_that_okta_does_not_know_is_named_before_anybody_signs_in() {
    let bench = Bench::start().await;
    let wrong_client = "0oa0000000000000wrong";
    let report = diagnose(&bench, &bench.session_with(with_okta(&bench, "okta_client_id", wrong_client))).await;
    assert_broken(&report, Link::Client, Some("okta_client_id"), &[wrong_client, "Native Application"]);

    for (setting, uri) in [
        ("okta_callback_url", "com.okta.other:/callback"),
        ("okta_desktop_callback_url", "http://127.0.0.1:9999/callback"),
    ] {
        let report = diagnose(&bench, &bench.session_with(with_okta(&bench, setting, uri))).await;
        assert_broken(&report, Link::Client, Some(setting), &[uri, "Sign-in redirect URIs: add", "port included"]);
    }
    let scopes = with_okta(&bench, "okta_scopes", "openid no-such-scope");
    let report = diagnose(&bench, &bench.session_with(scopes)).await;
    assert_broken(&report, Link::Client, Some("okta_scopes"), &["Remove the scope"]);
    let said = &report.broken().unwrap().detail;
    assert!(said.contains("probably no-such-scope, not among those that it publishes"), "{said}");
    assert_eq!(stored(&bench), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn pushed_requests_are_made_where_they_are_demanded() {
    let bench = Bench::start_with(Options { require_pushed_requests: true, ..Options::default() }).await;
    let report = diagnose(&bench, &bench.session()).await;
    assert_eq!(report.broken(), None, "{report:#?}");
    assert!(finding(&report, Link::PushedRequests).detail.contains("demands them"), "{report:#?}");
    let unregistered = with_okta(&bench, "okta_callback_url", "com.okta.other:/callback");
    let report = diagnose(&bench, &bench.session_with(unregistered)).await;
    assert_broken(&report, Link::Client, Some("okta_callback_url"), &["com.okta.other:/callback"]);
}

/// The setting is not in the configuration, so that nobody can take it out.
#[tokio::test(flavor = "multi_thread")]
async fn pushed_requests_that_are_demanded_and_not_taken_are_nothing_that_the_app_mends() {
    let server = Server::start().await;
    server.announce_all([
        ("require_pushed_authorization_requests", Value::Bool(true)),
        ("pushed_authorization_request_endpoint", Value::Null),
    ]);
    let error = server.session().begin_login(LoginOptions::default()).await.unwrap_err();
    let told = format!("{error}. {}", error.hint().unwrap());
    assert!(told.contains("the server demands") && told.contains("No setting of the app"), "{told}");
    assert!(!told.contains("okta-config.json"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_is_another_one_is_named() {
    // An org with a custom domain, whose issuer follows it.
    let bench = Bench::start_with(Options { okta_host: "localhost".to_owned(), ..Options::default() }).await;
    let issuer = bench.config.issuer_url().replace("localhost", "127.0.0.1");
    let report = diagnose(&bench, &bench.session_with(with_okta(&bench, "okta_issuer_url", issuer))).await;
    let said = ["localhost", "custom domain", "Set okta_issuer_url to"];
    assert_broken(&report, Link::Discovery, Some("okta_issuer_url"), &said);

    let bench = Bench::start().await;
    let nowhere = bench.config.issuer_url().replace("/default", "/nowhere");
    let report = diagnose(&bench, &bench.session_with(with_okta(&bench, "okta_issuer_url", nowhere))).await;
    assert_broken(&report, Link::Discovery, Some("okta_issuer_url"), &["Authorization Servers"]);
}

/// A keychain that is locked, say.
#[derive(Debug)]
struct Locked;

impl SecretStore for Locked {
    fn load(&self, _: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StorageError> {
        Err(StorageError::new(StorageErrorKind::Unavailable, "the store is locked"))
    }

    fn save(&self, _: &str, _: &[u8]) -> Result<(), StorageError> {
        panic!("nothing is written")
    }

    fn delete(&self, _: &str) -> Result<(), StorageError> {
        panic!("nothing is deleted")
    }

    fn list(&self) -> Result<Vec<String>, StorageError> {
        panic!("nobody looks for others")
    }

    fn lock(&self, _: &str) -> Result<Box<dyn StoreLock>, StorageError> {
        panic!("nothing is locked for a write")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_cannot_be_read_is_no_empty_one() {
    let mut bench = Bench::start().await;
    bench.store = Arc::new(Locked);
    let report = diagnose(&bench, &bench.session()).await;
    assert_broken(&report, Link::SignIn, None, &["the store is locked"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_failed_here_is_remembered_until_one_succeeds_or_the_session_is_signed_out() {
    let bench = Bench::start().await;
    let session = bench.session();
    let unassigned = bench.redirect_for(&session, CAROL).await;
    session.complete_login(&unassigned).await.unwrap_err();
    let report = diagnose(&bench, &session).await;
    assert_broken(&report, Link::SignIn, None, &["access_denied", "Assignments"]);
    // It is this process's memory.
    assert_eq!(diagnose(&bench, &bench.session()).await.broken(), None);

    bench.stack.faults().inject(Fault::NoMatchingPolicy, 1);
    let no_policy = bench.redirect_for(&session, ALICE).await;
    session.complete_login(&no_policy).await.unwrap_err();
    let report = diagnose(&bench, &session).await;
    assert_broken(&report, Link::SignIn, None, &["Access Policies", "offline_access included"]);

    bench.stack.faults().inject(Fault::IdTokenTampered, 1);
    let tampered = bench.redirect_for(&session, ALICE).await;
    session.complete_login(&tampered).await.unwrap_err();
    let report = diagnose(&bench, &session).await;
    assert_broken(&report, Link::IdToken, None, &["its signature is wrong"]);

    // What belongs to no sign-in is none that failed, nor is one that was cancelled, and signing out forgets.
    bench.stack.faults().inject_wait(Fault::TokenSlow, 1, Duration::from_secs(1));
    let cancelled = bench.redirect_for(&session, ALICE).await;
    let completing = complete_beside(&session, cancelled).await;
    session.cancel_login().await.unwrap();
    assert_eq!(completing.await.unwrap().unwrap_err().kind(), "user_cancelled");
    session.complete_login("com.okta.local-jetbridge:/callback?state=s&code=c").await.unwrap_err();
    assert_broken(&diagnose(&bench, &session).await, Link::IdToken, None, &[]);
    session.sign_out(SignOutMode::Local).await.unwrap();
    assert_eq!(diagnose(&bench, &session).await.broken(), None);

    // A success forgets too; while somebody is signed in, a later failure is no broken link.
    let unassigned = bench.redirect_for(&session, CAROL).await;
    session.complete_login(&unassigned).await.unwrap_err();
    bench.sign_in(&session, ALICE).await;
    let report = diagnose(&bench, &session).await;
    assert!(!finding(&report, Link::SignIn).detail.contains("failed"), "{report:#?}");
    let unassigned = bench.redirect_for(&session, CAROL).await;
    session.complete_login(&unassigned).await.unwrap_err();
    let report = diagnose(&bench, &session).await;
    assert_eq!(report.broken(), None, "{report:#?}");
    assert!(finding(&report, Link::SignIn).detail.contains("another sign-in failed since"), "{report:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_okta_has_ended_says_why() {
    let options = Options { rotation: Rotation::WithGrace(Duration::ZERO), ..Options::default() };
    let bench = Bench::start_with(options).await;
    bench.signed_in(ALICE).await.aws_credentials().await.unwrap();
    // A backup is restored: its refresh token was used meanwhile.
    let name = format!("default.{}", bench.config.fingerprint().short());
    let backup = MemoryStore::new();
    backup.save(&name, &bench.store.load(&name).unwrap().unwrap()).unwrap();
    bench.let_time_pass(2 * HOUR);
    bench.session().aws_credentials().await.unwrap();
    bench.let_time_pass(HOUR);
    bench.store.save(&name, &backup.load(&name).unwrap().unwrap()).unwrap();
    for _ in 0..2 {
        // As it finds it out, and as it is stored.
        let report = diagnose(&bench, &bench.session()).await;
        assert_broken(&report, Link::SignIn, None, &["invalid_grant", "Sign in again"]);
    }
}

/// A stack that was started again knows neither the keys nor the tokens of the one before.
#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_a_later_call_finds_ended_is_the_broken_link() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    session.aws_credentials().await.unwrap();
    for fault in [Fault::S3UnknownAccessKey, Fault::CognitoTokenExpired, Fault::TokenRefreshTokenInvalid] {
        bench.stack.faults().inject(fault, 100);
    }
    let report = diagnose(&bench, &session).await;
    assert_broken(&report, Link::SignIn, None, &["invalid_grant", "Sign in again"]);
    assert!(!report.reaches(Link::IdToken) && finding(&report, Link::Client).mark == Mark::Ok, "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_token_whose_key_was_withdrawn_is_no_broken_link_and_one_that_has_ended_neither() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    session.aws_credentials().await.unwrap();
    bench.stack.rotate_signing_key().await.unwrap();
    bench.stack.drop_old_signing_keys();
    let report = diagnose(&bench, &bench.session()).await;
    assert_eq!(report.broken(), None, "{report:#?}");
    assert_eq!(finding(&report, Link::IdToken).mark, Mark::Unknown, "{report:#?}");

    // Without a refresh token, the credentials outlive the ID token that bought them.
    let options = Options { id_token_lifetime: Duration::from_secs(600), ..Options::default() };
    let bench = Bench::start_with(options).await;
    let session = bench.session_with(with_okta(&bench, "okta_scopes", "openid"));
    bench.sign_in(&session, ALICE).await;
    session.aws_credentials().await.unwrap();
    // Cognito's grace is five minutes.
    for (seconds, words) in
        [(540, ", until "), (120, "then only a new sign-in helps"), (300, "Cognito takes it no more")]
    {
        bench.let_time_pass(Duration::from_secs(seconds));
        let report = diagnose(&bench, &session).await;
        assert_eq!(report.broken(), None, "{report:#?}");
        let token = &finding(&report, Link::IdToken).detail;
        assert!(token.contains(words) && token.contains("expired") == (seconds < 540), "{token}");
        assert!(finding(&report, Link::SignIn).detail.contains("add offline_access to okta_scopes"), "{report:#?}");
    }
    bench.let_time_pass(HOUR);
    let report = diagnose(&bench, &session).await;
    assert_broken(&report, Link::SignIn, None, &["no refresh token", "Sign in again"]);
}
