//! Redirects that do not belong to an open sign-in: nothing is exchanged, nothing is lost.

use std::time::Duration;

use jetbridge::{LoginOptions, SessionError, SessionState, SignInReason};
use url::Url;

use crate::bench::{ALICE, BOB, Bench};

fn with_parameter(redirect: &str, name: &str, value: &str) -> String {
    let mut url = Url::parse(redirect).unwrap();
    let pairs: Vec<_> =
        url.query_pairs().filter(|(found, _)| found != name).map(|(n, v)| (n.into_owned(), v.into_owned())).collect();
    url.query_pairs_mut().clear().extend_pairs(pairs).append_pair(name, value);
    url.into()
}

fn without_parameter(redirect: &str, name: &str) -> String {
    let mut url = Url::parse(redirect).unwrap();
    let pairs: Vec<_> =
        url.query_pairs().filter(|(found, _)| found != name).map(|(n, v)| (n.into_owned(), v.into_owned())).collect();
    url.query_pairs_mut().clear().extend_pairs(pairs);
    url.into()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_belong_is_refused_and_the_real_redirect_still_works() {
    let bench = Bench::start().await;
    let session = bench.session();
    let redirect = bench.redirect_for(&session, ALICE).await;
    let foreign = [
        with_parameter(&redirect, "state", "forged"),
        with_parameter(&redirect, "iss", "https://other.example"),
        without_parameter(&redirect, "iss"),
        without_parameter(&redirect, "state"),
        without_parameter(&redirect, "code"),
        redirect.replace("com.okta.local-jetbridge:/callback", "com.okta.local-jetbridge:/other"),
        redirect.replace("com.okta.local-jetbridge:", "com.example.other:"),
        format!("{redirect}&state=again"),
        format!("{redirect}&error=access_denied"),
        "not a uri".to_owned(),
        String::new(),
    ];
    for wrong in foreign {
        assert_ne!(wrong, redirect);
        let error = session.complete_login(&wrong).await.unwrap_err();
        assert_eq!(error.kind(), "unexpected_redirect", "{error}");
    }
    assert_eq!(bench.count("token"), 0);
    assert!(matches!(session.complete_login(&redirect).await.unwrap(), SessionState::SignedIn { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_of_another_install_signs_nobody_in() {
    let (mine, other) = (Bench::start().await, Bench::start().await);
    let attacker = mine.session();
    let of_attacker = mine.redirect_for(&attacker, BOB).await;
    // Another store: the victim's device.
    let victim = jetbridge::Session::open(mine.config.clone(), other.store.clone()).unwrap();
    let error = victim.complete_login(&of_attacker).await.unwrap_err();
    assert_eq!(error.kind(), "unexpected_redirect");
    assert_eq!(victim.state(), SessionState::SignedOut);
    assert_eq!(mine.count("token"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_was_cancelled_or_left_for_too_long_is_over() {
    let bench = Bench::start().await;
    let session = bench.session();
    let cancelled = bench.redirect_for(&session, ALICE).await;
    session.cancel_login().await.unwrap();
    assert_eq!(session.complete_login(&cancelled).await.unwrap_err().kind(), "unexpected_redirect");

    let late = bench.redirect_for(&session, ALICE).await;
    bench.let_time_pass(Duration::from_secs(16 * 60));
    let error = session.complete_login(&late).await.unwrap_err();
    assert_eq!(error, SessionError::SignInRequired { reason: SignInReason::AuthorizationCodeRefused });
    assert_eq!(bench.count("token"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_authorization_request_is_pkce_with_fresh_secrets() {
    let bench = Bench::start().await;
    let session = bench.session();
    let mut seen = std::collections::HashSet::new();
    for _ in 0..3 {
        let request = session
            .begin_login(LoginOptions { login_hint: Some(ALICE.to_owned()), force_sign_in: true, ..Default::default() })
            .await
            .unwrap();
        let url = Url::parse(&request.url).unwrap();
        let parameter = |name: &str| url.query_pairs().find(|(n, _)| n == name).map(|(_, v)| v.into_owned()).unwrap();
        assert_eq!(parameter("response_type"), "code");
        assert_eq!(parameter("code_challenge_method"), "S256");
        assert_eq!(parameter("scope"), "openid profile email offline_access");
        assert_eq!(parameter("redirect_uri"), request.redirect_uri);
        assert_eq!(parameter("login_hint"), ALICE);
        assert_eq!(parameter("prompt"), "login");
        for secret in ["state", "nonce", "code_challenge"] {
            let value = parameter(secret);
            assert!(value.len() >= 22, "{secret} has at least 128 bits");
            assert!(seen.insert(value), "{secret} is fresh");
        }
    }
}
