//! 04, 05, 08, 11: sign-ins across killed processes, stray redirects, changing users, and every kind of issuer.

use std::collections::BTreeSet;
use std::time::Duration;

use jetbridge::{Config, LoginOptions, SessionError, SessionEvent, SessionState, SignInReason, SignOutMode};
use jetbridge_local_stack::Options;
use url::Url;

use super::processes::{Home, ThisProcess};
use crate::bench::{ALICE, BOB, Bench, config_of, list_everything};

#[tokio::test(flavor = "multi_thread")]
async fn acceptance_04_a_process_that_is_killed_while_the_browser_is_open_leaves_a_sign_in_that_another_finishes() {
    if let Some(process) = ThisProcess::with_a_part() {
        let session = process.session();
        let request = session.begin_login(LoginOptions::default()).await.unwrap();
        // Nobody types a password faster than the keys come.
        session.settle().await;
        process.say(&request.url);
        process.wait_until_told();
        panic!("it was to be killed");
    }
    let mut bench = Bench::start().await;
    let home = Home::of(&mut bench);
    let test = "acceptance::sign_in::acceptance_04_a_process_that_is_killed_while_the_browser_is_open_leaves_a_sign_in_that_another_finishes";
    let mut process = home.start_process(test, Duration::ZERO);
    let url = process.hear();
    process.kill();
    let redirect = bench.browse(&url, ALICE).await;
    bench.stack.set_latency(Duration::from_millis(60));
    bench.stack.log().clear();

    let session = bench.session();
    assert!(matches!(session.complete_login(&redirect).await.unwrap(), SessionState::SignedIn { .. }));
    list_everything(&session).await;
    // Endpoints and keys were kept with the pending sign-in: neither was on the way to the listing.
    let way: Vec<_> = bench.stack.log().sequential_round_trips().iter().map(|record| record.operation).collect();
    assert!(way.len() <= 4, "{way:?}");
    assert_eq!((bench.count("discovery"), bench.count("keys")), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn acceptance_05_a_redirect_that_is_delivered_many_times_is_exchanged_once() {
    let bench = Bench::start().await;
    let session = bench.session();
    let redirect = bench.redirect_for(&session, ALICE).await;
    let deliveries = (0..10).map(|_| session.complete_login(&redirect));
    for outcome in futures_util::future::join_all(deliveries).await {
        assert!(matches!(outcome.unwrap(), SessionState::SignedIn { .. }));
    }
    let fresh_process = bench.session();
    assert!(matches!(fresh_process.complete_login(&redirect).await.unwrap(), SessionState::SignedIn { .. }));
    assert_eq!(bench.count("token"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn acceptance_05_a_redirect_after_cancelling_or_too_late_changes_nothing() {
    let bench = Bench::start().await;
    let session = bench.session();
    let cancelled = bench.redirect_for(&session, ALICE).await;
    session.cancel_login().await.unwrap();
    assert_eq!(session.complete_login(&cancelled).await.unwrap_err().kind(), "unexpected_redirect");
    assert_eq!(bench.count("token"), 0);

    // Too late is what Okta says of the code; the device's clock is not asked.
    let late = bench.redirect_for(&session, ALICE).await;
    bench.let_time_pass(Duration::from_secs(16 * 60));
    let error = session.complete_login(&late).await.unwrap_err();
    assert_eq!(error, SessionError::SignInRequired { reason: SignInReason::AuthorizationCodeRefused });
    assert_eq!(session.state(), SessionState::SignedOut);
    assert_eq!(session.complete_login(&late).await.unwrap_err().kind(), "unexpected_redirect");
}

#[tokio::test(flavor = "multi_thread")]
async fn acceptance_05_a_redirect_with_a_foreign_state_is_refused_and_the_real_one_still_works() {
    let bench = Bench::start().await;
    let session = bench.session();
    let redirect = bench.redirect_for(&session, ALICE).await;
    for wrong in foreign_redirects(&redirect) {
        assert_ne!(wrong, redirect);
        let error = session.complete_login(&wrong).await.unwrap_err();
        assert_eq!(error.kind(), "unexpected_redirect", "{error}");
    }
    assert_eq!(bench.count("token"), 0);
    assert!(matches!(session.complete_login(&redirect).await.unwrap(), SessionState::SignedIn { .. }));
}

/// The redirect, wrong in one thing each.
fn foreign_redirects(redirect: &str) -> Vec<String> {
    let changed = |name: &str, value: Option<&str>| {
        let mut url = Url::parse(redirect).unwrap();
        let others: Vec<_> = url.query_pairs().filter(|(n, _)| n != name).map(|(n, v)| (n.into(), v.into())).collect();
        let value = value.map(|value| (name.to_owned(), value.to_owned()));
        url.query_pairs_mut().clear().extend_pairs(others.into_iter().chain(value));
        String::from(url)
    };
    vec![
        changed("state", Some("forged")),
        changed("iss", Some("https://other.example")),
        changed("iss", None),
        changed("state", None),
        changed("code", None),
        redirect.replace("com.okta.local-jetbridge:/callback", "com.okta.local-jetbridge:/other"),
        redirect.replace("com.okta.local-jetbridge:", "com.example.other:"),
        format!("{redirect}&state=again"),
        format!("{redirect}&error=access_denied"),
        "not a uri".to_owned(),
        String::new(),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn acceptance_08_the_next_user_gets_nothing_of_the_one_before() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    let of_alice = session.aws_credentials().await.unwrap();
    let alice = session.details();
    let mut events = session.events();

    bench.sign_in(&session, BOB).await;
    let event = events.next().await.unwrap();
    assert!(matches!(&event, SessionEvent::UserChanged { previous_subject, user }
        if *previous_subject == alice.user.unwrap().subject && user.username.as_deref() == Some(BOB)));
    assert_eq!(session.details().identity_id, None);
    assert_eq!(session.details().aws_credentials_expire_at, None);

    let of_bob = session.aws_credentials().await.unwrap();
    assert_ne!(of_bob.access_key_id(), of_alice.access_key_id());
    let bob = session.details();
    assert_ne!(bob.identity_id, alice.identity_id);

    // The same in the next process and after a sign-out. Cognito was never asked with the wrong identity: it would have
    // refused, and been asked once more.
    let next_process = bench.session();
    next_process.sign_out(SignOutMode::Local).await.unwrap();
    bench.sign_in(&next_process, ALICE).await;
    next_process.aws_credentials().await.unwrap();
    assert_eq!(next_process.details().identity_id, alice.identity_id, "her own, and asked for anew");
    assert_eq!((bench.count("GetId"), bench.count("GetCredentialsForIdentity")), (3, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn acceptance_11_issuers_with_and_without_a_path_and_under_a_custom_domain_work() {
    for host in ["127.0.0.1", "localhost"] {
        let bench = Bench::start_with(Options { okta_host: host.to_owned(), ..Options::default() }).await;
        let issuers = [bench.stack.custom_issuer(), bench.stack.org_issuer()];
        let mut identities = BTreeSet::new();
        for issuer in &issuers {
            assert!(issuer.starts_with(&format!("http://{host}:")));
            let config = config_of(&bench.stack, |okta, _| okta["okta_issuer_url"] = issuer.as_str().into());
            let session = bench.session_with(config);
            bench.sign_in(&session, ALICE).await;
            assert!(!list_everything(&session).await.is_empty());
            assert_eq!(session.user_info().await.unwrap().email.as_deref(), Some(ALICE));
            identities.insert(session.details().identity_id);
        }
        assert_eq!(identities.len(), issuers.len(), "an identity belongs to an issuer");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn acceptance_11_an_issuer_that_differs_in_host_path_or_slash_is_told_with_its_fix() {
    let bench = Bench::start().await;
    let issuer = bench.stack.custom_issuer();
    let expect = async |configured: String, said: &[&str]| {
        let config = config_of(&bench.stack, |okta, _| okta["okta_issuer_url"] = configured.into());
        let error = bench.session_with(config).begin_login(LoginOptions::default()).await.unwrap_err();
        assert!(
            matches!(&error, SessionError::Misconfigured { setting, .. } if setting == "okta_issuer_url"),
            "{error:?}"
        );
        let told = format!("{error} {}", error.hint().unwrap());
        assert!(said.iter().all(|words| told.contains(words)), "{told}");
    };
    // Another name of the same server, as with custom domains.
    expect(issuer.replace("127.0.0.1", "localhost"), &["custom domain", &format!("Set okta_issuer_url to {issuer}")])
        .await;
    // A path that no authorization server has.
    expect(issuer.replace("default", "other"), &["no OpenID configuration", "/oauth2/default"]).await;

    // A slash at the end is seen before anybody is asked at Okta's own domains, and told by the server elsewhere.
    for issuer in [issuer, bench.stack.org_issuer()] {
        expect(
            format!("{issuer}/"),
            &["Only the trailing slash differs", &format!("Set okta_issuer_url to {issuer} ")],
        )
        .await;
    }
    let files = bench.stack.config_files();
    for issuer in ["https://dev-1.okta.com/oauth2/default", "https://dev-1.okta.com"] {
        let mut okta: serde_json::Value = serde_json::from_str(&files.okta_config).unwrap();
        okta["okta_issuer_url"] = format!("{issuer}/").into();
        let error = Config::parse(&okta.to_string(), &files.aws_exports).unwrap_err();
        let [problem] = &error.problems[..] else { panic!("{error}") };
        assert_eq!((problem.key.as_str(), problem.problem.as_str()), ("okta_issuer_url", "ends with a slash"));
        assert_eq!(problem.expectation, issuer);
    }
}
