//! From the authorization request to the redirect URI: the page, the session, and who gets in.

use jetbridge_local_stack::BrowserError;

use crate::support::{ALICE, Bench, NONCE, REDIRECT_URI, STATE, claims, query_value};

#[tokio::test]
async fn alice_signs_in_and_gets_tokens() {
    let bench = Bench::start().await;
    let target = bench.browser().sign_in(&bench.authorization_url(&[]), ALICE.0, ALICE.1).await.unwrap();
    assert!(target.starts_with(&format!("{REDIRECT_URI}?code=")));
    assert_eq!(query_value(&target, "state").as_deref(), Some(STATE));
    assert_eq!(query_value(&target, "iss"), Some(bench.stack.custom_issuer()));
    let form = bench.exchange_form(&query_value(&target, "code").unwrap(), &[]);
    let tokens = bench.post("token", &form).await.json();
    let id_token = claims(tokens["id_token"].as_str().unwrap());
    assert_eq!(id_token["nonce"], NONCE);
    assert_eq!(id_token["sub"], bench.stack.options().users[0].id.as_str());
}

#[tokio::test]
async fn a_wrong_password_shows_the_page_again() {
    let bench = Bench::start().await;
    let outcome = bench.browser().sign_in(&bench.authorization_url(&[]), ALICE.0, "wrong").await;
    let Err(BrowserError::Page { status: 403, text }) = outcome else { panic!("{outcome:?}") };
    assert!(text.contains("password is wrong"), "{text}");
}
