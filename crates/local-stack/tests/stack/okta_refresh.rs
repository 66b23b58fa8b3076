//! Refresh tokens over HTTP: rotation, grace, reuse, scopes and revocation.

use std::time::Duration;

use jetbridge_local_stack::{Options, Rotation};
use serde_json::Value;

use crate::support::{Bench, claims};

fn text<'a>(tokens: &'a Value, name: &str) -> &'a str {
    tokens[name].as_str().unwrap()
}

#[tokio::test]
async fn a_refresh_gives_new_tokens_for_the_same_sign_in() {
    let bench = Bench::start().await;
    let first = bench.get_tokens().await;
    bench.stack.clock().advance(Duration::from_secs(1800));
    let second = bench.refresh(text(&first, "refresh_token")).await.json();
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert_ne!(first["access_token"], second["access_token"]);
    let (old, new) = (claims(text(&first, "id_token")), claims(text(&second, "id_token")));
    assert_eq!((&old["sub"], &old["iss"], &old["aud"]), (&new["sub"], &new["iss"], &new["aud"]));
    assert_eq!(old["auth_time"], new["auth_time"]);
    assert!(new.get("nonce").is_none());
    assert!(new["iat"].as_i64() >= old["iat"].as_i64().map(|iat| iat + 1800));
}

#[tokio::test]
async fn the_old_token_works_within_the_grace_and_ends_everything_after_it() {
    let bench = Bench::start().await;
    let first = bench.get_tokens().await;
    let second = bench.refresh(text(&first, "refresh_token")).await.json();
    let again = bench.refresh(text(&first, "refresh_token")).await.json();
    assert_eq!(second["refresh_token"], again["refresh_token"]);
    bench.stack.clock().advance(Duration::from_secs(30));
    let reused = bench.refresh(text(&first, "refresh_token")).await;
    assert_eq!(reused.error(), (400, "invalid_grant".to_owned()));
    assert_eq!(bench.refresh(text(&second, "refresh_token")).await.error(), (400, "invalid_grant".to_owned()));
    for tokens in [&first, &second, &again] {
        assert_eq!(bench.userinfo(text(tokens, "access_token")).await.status, 401);
    }
}

#[tokio::test]
async fn a_persistent_token_comes_back_and_lasts() {
    let bench = Bench::with(Options { rotation: Rotation::Off, ..Options::default() }).await;
    let first = bench.get_tokens().await;
    let token = text(&first, "refresh_token");
    let second = bench.refresh(token).await.json();
    assert_eq!(second["refresh_token"], token);
    bench.stack.clock().advance(Duration::from_secs(3600));
    assert_eq!(bench.refresh(token).await.json()["refresh_token"], token);
    assert_eq!(bench.userinfo(text(&second, "access_token")).await.status, 401);
}

#[tokio::test]
async fn the_grace_is_the_apps_own_and_counts_from_the_rotation() {
    for grace in [0, 60] {
        let rotation = Rotation::WithGrace(Duration::from_secs(grace));
        let bench = Bench::with(Options { rotation, ..Options::default() }).await;
        let first = bench.get_tokens().await;
        let second = bench.refresh(text(&first, "refresh_token")).await.json();
        if grace > 0 {
            bench.stack.clock().advance(Duration::from_secs(grace - 5));
            let again = bench.refresh(text(&first, "refresh_token")).await.json();
            assert_eq!(second["refresh_token"], again["refresh_token"]);
            bench.stack.clock().advance(Duration::from_secs(5));
        }
        let late = bench.refresh(text(&first, "refresh_token")).await;
        assert_eq!(late.error(), (400, "invalid_grant".to_owned()), "{grace}");
    }
}

#[tokio::test]
async fn a_refresh_token_comes_back_for_offline_access_or_no_scope_at_all() {
    let cases = [("", true), ("openid profile email offline_access", true), ("openid profile email", false)];
    for (scope, comes_back) in cases {
        let bench = Bench::start().await;
        let first = bench.get_tokens().await;
        let form = bench.refresh_form(text(&first, "refresh_token"), &[("scope", scope)]);
        let second = bench.post("token", &form).await.json();
        assert_eq!(second["refresh_token"].is_string(), comes_back, "{scope}");
        assert!(second["id_token"].is_string() && second["access_token"].is_string(), "{scope}");
        // Whether the answer had another or not, this one is spent.
        bench.stack.clock().advance(Duration::from_secs(30));
        let reused = bench.refresh(text(&first, "refresh_token")).await;
        assert_eq!(reused.error(), (400, "invalid_grant".to_owned()), "{scope}");
    }
}

#[tokio::test]
async fn an_id_token_needs_openid_on_refresh_too() {
    let bench = Bench::start().await;
    let first = bench.get_tokens().await;
    let claims_alone = bench.refresh_form(text(&first, "refresh_token"), &[("scope", "profile offline_access")]);
    assert_eq!(bench.post("token", &claims_alone).await.error(), (400, "invalid_scope".to_owned()));
    let form = bench.refresh_form(text(&first, "refresh_token"), &[("scope", "offline_access")]);
    let second = bench.post("token", &form).await.json();
    assert_eq!(second.get("id_token"), None);
    assert_eq!(second["scope"], "offline_access");
    let refused = bench.userinfo(text(&second, "access_token")).await;
    assert_eq!(refused.status, 403);
    assert!(refused.header("www-authenticate").contains("insufficient_scope"));
    let third = bench.refresh(text(&second, "refresh_token")).await.json();
    assert!(third["id_token"].is_string());
}

#[tokio::test]
async fn a_refresh_is_refused_for_more_scopes_another_server_or_a_wrong_token() {
    let mut bench = Bench::start().await;
    let tokens = bench.get_tokens().await;
    let token = text(&tokens, "refresh_token");
    for (scope, error) in [("openid phone", "access_denied"), ("openid admin", "invalid_scope")] {
        let answer = bench.post("token", &bench.refresh_form(token, &[("scope", scope)])).await;
        assert_eq!(answer.error(), (400, error.to_owned()), "{scope}");
    }
    let missing = bench.post("token", &bench.refresh_form("", &[("refresh_token", "")])).await;
    assert_eq!(missing.error(), (400, "invalid_request".to_owned()));
    for wrong in ["guess", text(&tokens, "access_token")] {
        assert_eq!(bench.refresh(wrong).await.error(), (400, "invalid_grant".to_owned()));
    }
    bench.use_org_server();
    assert_eq!(bench.refresh(token).await.error(), (400, "invalid_grant".to_owned()));
    bench.use_custom_server();
    assert_eq!(bench.refresh(token).await.status, 200);
}

#[tokio::test]
async fn a_refresh_token_expires_by_the_stacks_clock() {
    let bench = Bench::start().await;
    let tokens = bench.get_tokens().await;
    bench.stack.clock().advance(Duration::from_secs(7 * 24 * 3600));
    assert_eq!(bench.refresh(text(&tokens, "refresh_token")).await.error(), (400, "invalid_grant".to_owned()));
}

#[tokio::test]
async fn revoking_works_for_both_kinds_and_is_silent_about_unknown_tokens() {
    let bench = Bench::start().await;
    let client_id = bench.stack.options().client_id.clone();
    let revoke = async |token: &str| {
        let form = [("token", token), ("client_id", client_id.as_str())];
        bench.post("revoke", &form.map(|(name, value)| (name.to_owned(), value.to_owned()))).await.status
    };
    let tokens = bench.get_tokens().await;
    assert_eq!(revoke("guess").await, 200);
    assert_eq!(bench.userinfo(text(&tokens, "access_token")).await.status, 200);
    assert_eq!(revoke(text(&tokens, "access_token")).await, 200);
    assert_eq!(bench.userinfo(text(&tokens, "access_token")).await.status, 401);
    let second = bench.refresh(text(&tokens, "refresh_token")).await.json();
    assert_eq!(revoke(text(&second, "refresh_token")).await, 200);
    assert_eq!(bench.userinfo(text(&second, "access_token")).await.status, 401);
    assert_eq!(bench.refresh(text(&second, "refresh_token")).await.error(), (400, "invalid_grant".to_owned()));
}

#[tokio::test]
async fn revoking_is_checked_like_the_token_endpoint() {
    let bench = Bench::start().await;
    let form = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let client_id = bench.stack.options().client_id.as_str();
    let cases = [
        (form(&[("client_id", client_id)]), (400, "invalid_request")),
        (form(&[("token", "x")]), (401, "invalid_client")),
        (form(&[("token", "x"), ("client_id", "0oaunknown")]), (401, "invalid_client")),
        (form(&[("token", "x"), ("client_id", client_id), ("client_secret", "s")]), (401, "invalid_client")),
    ];
    for (form, (status, error)) in cases {
        assert_eq!(bench.post("revoke", &form).await.error(), (status, error.to_owned()));
    }
}
