//! Ending the session in the browser.

use std::time::Duration;

use jetbridge_local_stack::{BrowserError, ScriptedBrowser};
use url::form_urlencoded;

use crate::support::{ALICE, BOB, Bench, query_value};

const TARGET: &str = "com.okta.local-jetbridge:/logout";

fn logout_url(bench: &Bench, id_token: &str, changes: &[(&str, &str)]) -> String {
    let good = [("id_token_hint", id_token), ("post_logout_redirect_uri", TARGET), ("state", "bye")];
    let pairs = good.iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name)).chain(changes);
    format!("{}/logout?{}", bench.base, form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish())
}

async fn sign_in(bench: &Bench, browser: &mut ScriptedBrowser, user: (&str, &str)) -> String {
    let url = bench.authorization_url(&[("prompt", "login")]);
    let target = browser.sign_in(&url, user.0, user.1).await.unwrap();
    let form = bench.exchange_form(&query_value(&target, "code").unwrap(), &[]);
    bench.post("token", &form).await.json()["id_token"].as_str().unwrap().to_owned()
}

async fn is_signed_in(bench: &Bench, browser: &mut ScriptedBrowser) -> bool {
    let target = browser.deny(&bench.authorization_url(&[("prompt", "none")])).await.unwrap();
    query_value(&target, "code").is_some()
}

#[tokio::test]
async fn logout_ends_the_session_and_goes_back_to_the_app() {
    let bench = Bench::start().await;
    let mut browser = bench.browser();
    let id_token = sign_in(&bench, &mut browser, ALICE).await;
    assert!(is_signed_in(&bench, &mut browser).await);
    // An expired hint still says who is leaving.
    bench.stack.clock().advance(Duration::from_secs(3700));
    let target = browser.deny(&logout_url(&bench, &id_token, &[])).await.unwrap();
    assert_eq!(target, format!("{TARGET}?state=bye"));
    assert!(!is_signed_in(&bench, &mut browser).await);
}

#[tokio::test]
async fn the_cookie_is_cleared_and_a_page_is_shown_without_a_target() {
    let bench = Bench::start().await;
    let id_token = sign_in(&bench, &mut bench.browser(), ALICE).await;
    let answer = bench.get(&logout_url(&bench, &id_token, &[])).await;
    assert_eq!(answer.status, 303);
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
    let page = bench.get(&format!("{}/logout?id_token_hint={id_token}", bench.base)).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("Signed out"));
    let form = [("id_token_hint".to_owned(), id_token), ("post_logout_redirect_uri".to_owned(), TARGET.to_owned())];
    assert_eq!(bench.post("logout", &form).await.header("location"), TARGET);
}

#[tokio::test]
async fn a_wrong_target_or_hint_is_shown_and_never_followed() {
    let bench = Bench::start().await;
    let mut browser = bench.browser();
    let id_token = sign_in(&bench, &mut browser, ALICE).await;
    let forged = format!("{}x", &id_token[..id_token.len() - 4]);
    let cases: [&[(&str, &str)]; 4] = [
        &[("post_logout_redirect_uri", "https://evil.example/")],
        &[("post_logout_redirect_uri", "com.okta.local-jetbridge:/logout/")],
        &[("id_token_hint", "")],
        &[("id_token_hint", &forged)],
    ];
    for changes in cases {
        let answer = bench.get(&logout_url(&bench, &id_token, changes)).await;
        assert_eq!((answer.status, answer.header("location")), (400, ""), "{changes:?}");
        assert!(browser.deny(&logout_url(&bench, &id_token, changes)).await.is_err());
    }
    assert!(is_signed_in(&bench, &mut browser).await);
}

#[tokio::test]
async fn a_hint_of_the_other_server_or_another_user_ends_nothing() {
    let mut bench = Bench::start().await;
    let mut browser = bench.browser();
    let alice = sign_in(&bench, &mut browser, ALICE).await;
    sign_in(&bench, &mut browser, BOB).await;
    bench.use_org_server();
    assert_eq!(bench.get(&logout_url(&bench, &alice, &[])).await.status, 400);
    bench.use_custom_server();
    // Bob is signed in in the browser now; alice's app cannot sign him out.
    let url = logout_url(&bench, &alice, &[]);
    let Err(BrowserError::Page { status: 400, text }) = browser.deny(&url).await else { panic!("a page was expected") };
    assert!(text.contains("does not match the current session"), "{text}");
    // Where nobody is signed in there is nothing to end, and the way leads back to the app.
    assert_eq!(bench.browser().deny(&url).await.unwrap(), format!("{TARGET}?state=bye"));
    assert!(is_signed_in(&bench, &mut browser).await);
}
