//! What an app can ask of the sign-in page, and that the answer is held to it: pushed requests, the age of the sign-in,
//! no page at all, parameters of Okta's own.

use std::time::Duration;

use jetbridge::{LoginOptions, Prompt, SessionError, SessionState, SignInReason};
use jetbridge_local_stack::{Options, ScriptedBrowser};
use url::Url;

use crate::bench::{ALICE, Bench, PASSWORD, config_of, list_everything};

fn names(url: &str) -> Vec<String> {
    Url::parse(url).unwrap().query_pairs().map(|(name, _)| name.into_owned()).collect()
}

/// Whether the server demands it or the configuration does, the browser sees a one-time name in place of the request.
#[tokio::test(flavor = "multi_thread")]
async fn a_pushed_request_keeps_its_parameters_out_of_the_browser() {
    for require_pushed_requests in [true, false] {
        let bench = Bench::start_with(Options { require_pushed_requests, ..Options::default() }).await;
        let session = bench.session_with(config_of(&bench.stack, |okta, _| {
            if !require_pushed_requests {
                okta["okta_pushed_authorization_requests"] = true.into();
            }
        }));
        let request = session.begin_login(LoginOptions::default()).await.unwrap();
        assert_eq!(names(&request.url), ["client_id", "request_uri"]);
        assert!(request.open_before.unwrap() < request.expires_at);
        assert_eq!(bench.count("par"), 1);
        let redirect = bench.browse(&request.url, ALICE).await;
        assert!(matches!(session.complete_login(&redirect).await.unwrap(), SessionState::SignedIn { .. }));
        assert!(!list_everything(&session).await.is_empty());
    }
    let bench = Bench::start().await;
    bench.signed_in(ALICE).await;
    assert_eq!(bench.count("par"), 0, "nobody wants it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_takes_pushed_requests_only_refuses_others() {
    // Proof that the test above could fail.
    let bench = Bench::start_with(Options { require_pushed_requests: true, ..Options::default() }).await;
    let pushed = bench.session().begin_login(LoginOptions::default()).await.unwrap();
    let mut url = Url::parse(&pushed.url).unwrap();
    url.set_query(None);
    url.query_pairs_mut()
        .append_pair("client_id", &bench.stack.options().client_id)
        .append_pair("redirect_uri", &pushed.redirect_uri)
        .append_pair("response_type", "code")
        .append_pair("scope", "openid")
        .append_pair("state", "s")
        .append_pair("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
        .append_pair("code_challenge_method", "S256");
    let redirect = bench.browse(url.as_str(), ALICE).await;
    assert!(redirect.contains("error=invalid_request") && redirect.contains("Pushed"), "another refusal");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pushed_request_that_is_refused_is_told_before_any_browser_opens() {
    let bench = Bench::start_with(Options { require_pushed_requests: true, ..Options::default() }).await;
    let options = LoginOptions { redirect_uri: Some("com.example:/elsewhere".to_owned()), ..LoginOptions::default() };
    let error = bench.session().begin_login(options).await.unwrap_err();
    assert_eq!(error.kind(), "misconfigured", "{error:?}");
    assert!(
        error.to_string().contains("redirect") || error.hint().unwrap_or_default().contains("redirect"),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_of_a_while_ago_does_not_pass_for_the_one_that_was_asked_for() {
    let bench = Bench::start().await;
    let session = bench.session();
    let mut browser = ScriptedBrowser::new(None).unwrap();
    let fresh = LoginOptions { max_age: Some(Duration::from_secs(600)), ..LoginOptions::default() };
    let first = session.begin_login(fresh.clone()).await.unwrap();
    assert!(names(&first.url).contains(&"max_age".to_owned()));
    let redirect = browser.sign_in(&first.url, ALICE, PASSWORD).await.unwrap();
    session.complete_login(&redirect).await.unwrap();
    session.settle().await;

    // Half an hour later the browser still has its session. Okta asks for the password again, if the request reaches it
    // as it was made; somebody in between who takes `max_age` out gets nowhere.
    bench.let_time_pass(Duration::from_secs(1800));
    let second = session.begin_login(fresh.clone()).await.unwrap();
    let redirect = browser.sign_in(&without_max_age(&second.url), ALICE, PASSWORD).await.unwrap();
    let error = session.complete_login(&redirect).await.unwrap_err();
    assert!(
        matches!(&error, SessionError::AccessDenied { code, hint, .. } if code == "invalid_id_token" && hint.contains("auth_time")),
        "{error:?}"
    );
    assert!(matches!(session.state(), SessionState::SignedIn { .. }), "the session of before goes on");

    let third = session.begin_login(fresh.clone()).await.unwrap();
    let redirect = browser.sign_in(&third.url, ALICE, PASSWORD).await.unwrap();
    assert!(session.complete_login(&redirect).await.is_ok());

    // A clock that is set wrong meanwhile makes no difference: the answer comes with the right time.
    for wrong_by in [-3 * 3600, 3 * 3600] {
        bench.let_time_pass(Duration::from_secs(1800));
        bench.clock.set_wrong_by(wrong_by);
        let now = LoginOptions { max_age: Some(Duration::ZERO), ..LoginOptions::default() };
        let request = session.begin_login(now.clone()).await.unwrap();
        let redirect = browser.sign_in(&without_max_age(&request.url), ALICE, PASSWORD).await.unwrap();
        assert_eq!(session.complete_login(&redirect).await.unwrap_err().kind(), "access_denied", "{wrong_by}");
        bench.clock.set_wrong_by(wrong_by / 2);
        let request = session.begin_login(now).await.unwrap();
        let redirect = browser.sign_in(&request.url, ALICE, PASSWORD).await.unwrap();
        assert!(session.complete_login(&redirect).await.is_ok(), "{wrong_by}");
    }
}

fn without_max_age(url: &str) -> String {
    let mut url = Url::parse(url).unwrap();
    let kept: Vec<_> = url.query_pairs().into_owned().filter(|(name, _)| name != "max_age").collect();
    url.query_pairs_mut().clear().extend_pairs(kept);
    url.into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_without_a_page_succeeds_with_a_browser_session_and_asks_for_a_sign_in_without() {
    let bench = Bench::start().await;
    let session = bench.session();
    let silent = LoginOptions { prompt: Some(Prompt::None), ..LoginOptions::default() };
    let mut browser = ScriptedBrowser::new(None).unwrap();
    let request = session.begin_login(silent.clone()).await.unwrap();
    let redirect = browser.sign_in(&request.url, ALICE, PASSWORD).await.unwrap();
    assert_eq!(
        session.complete_login(&redirect).await.unwrap_err(),
        SessionError::SignInRequired {
            reason: SignInReason::InteractionRequired { code: "login_required".to_owned() }
        }
    );
    let request = session.begin_login(LoginOptions::default()).await.unwrap();
    session.complete_login(&browser.sign_in(&request.url, ALICE, PASSWORD).await.unwrap()).await.unwrap();
    let request = session.begin_login(silent).await.unwrap();
    let redirect = browser.sign_in(&request.url, ALICE, "no password is asked for").await.unwrap();
    assert!(session.complete_login(&redirect).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn okta_s_own_parameters_are_sent_along_and_protected_ones_are_refused() {
    let bench = Bench::start().await;
    let session = bench.session();
    let with = |name: &str| LoginOptions {
        extra_parameters: vec![(name.to_owned(), "0oa1 &x=y".to_owned())],
        ..LoginOptions::default()
    };
    let request = session.begin_login(with("idp")).await.unwrap();
    let url = Url::parse(&request.url).unwrap();
    assert!(url.query_pairs().any(|(name, value)| name == "idp" && value == "0oa1 &x=y"));
    for own in ["state", "redirect_uri", "code_challenge", "request_uri", "scope"] {
        let error = session.begin_login(with(own)).await.unwrap_err();
        assert!(error.kind() == "misconfigured" && error.to_string().contains(own), "{error:?}");
    }
}
