//! Each failure that can be switched on shows as it would in the real world, as often as was asked for.

use std::time::Duration;

use jetbridge_local_stack::Fault;

use crate::support::{ALICE, Bench, NONCE, claims, query_value, signature_is_valid};

#[tokio::test]
async fn discovery_keys_and_tokens_can_be_unavailable() {
    let bench = Bench::start().await;
    let discovery = format!("{}/.well-known/openid-configuration", bench.stack.custom_issuer());
    for (fault, url) in
        [(Fault::DiscoveryUnavailable, discovery), (Fault::JwksUnavailable, format!("{}/keys", bench.base))]
    {
        bench.stack.faults().inject(fault, 2);
        let statuses = [bench.get(&url).await.status, bench.get(&url).await.status, bench.get(&url).await.status];
        assert_eq!(statuses, [503, 503, 200]);
    }
    let code = bench.get_code().await;
    bench.stack.faults().inject(Fault::TokenUnavailable, 1);
    assert_eq!(bench.post("token", &bench.exchange_form(&code, &[])).await.status, 503);
    // The request was not looked at: the code is still good.
    assert_eq!(bench.post("token", &bench.exchange_form(&code, &[])).await.status, 200);
}

#[tokio::test]
async fn a_rate_limit_says_when_it_ends_and_spends_nothing() {
    let bench = Bench::start().await;
    let code = bench.get_code().await;
    bench.stack.faults().inject(Fault::TokenRateLimited, 1);
    let before = bench.stack.clock().unix_now();
    let limited = bench.post("token", &bench.exchange_form(&code, &[])).await;
    let after = bench.stack.clock().unix_now();
    assert_eq!((limited.status, limited.json()["errorCode"].as_str().unwrap()), (429, "E0000047"));
    assert_eq!(limited.header("x-rate-limit-remaining"), "0");
    let reset: i64 = limited.header("x-rate-limit-reset").parse().unwrap();
    assert!((before + 1..=after + 1).contains(&reset));
    assert_eq!(bench.post("token", &bench.exchange_form(&code, &[])).await.status, 200);
}

#[tokio::test]
async fn a_lost_answer_has_done_its_work() {
    let bench = Bench::start().await;
    let code = bench.get_code().await;
    bench.stack.faults().inject(Fault::TokenResponseLost, 1);
    let lost = bench.form_request("token", &bench.exchange_form(&code, &[])).send().await;
    assert!(lost.is_err());
    assert_eq!(bench.stack.log().records().last().unwrap().status, 0);
    assert_eq!(bench.post("token", &bench.exchange_form(&code, &[])).await.error().1, "invalid_grant");

    let tokens = bench.get_tokens().await;
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    bench.stack.faults().inject(Fault::TokenResponseLost, 1);
    assert!(bench.form_request("token", &bench.refresh_form(refresh_token, &[])).send().await.is_err());
    let again = bench.refresh(refresh_token).await.json();
    assert_ne!(again["refresh_token"], refresh_token);
}

#[tokio::test]
async fn a_held_answer_has_done_its_work_and_comes_late_or_never() {
    let bench = Bench::start().await;
    let tokens = bench.get_tokens().await;
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    let form = bench.refresh_form(refresh_token, &[]);

    bench.stack.faults().inject(Fault::TokenAnswerHeld, 1);
    let never = bench.form_request("token", &form).timeout(Duration::from_millis(500)).send().await;
    assert!(never.unwrap_err().is_timeout());
    let held = bench.stack.log().records().pop().unwrap();
    assert_eq!((held.operation, held.status), ("token", 0));

    bench.stack.faults().inject_wait(Fault::TokenAnswerHeld, 1, Duration::from_millis(300));
    let started = bench.stack.clock().monotonic();
    let late = bench.post("token", &form).await;
    assert!(bench.stack.clock().monotonic() - started >= Duration::from_millis(300));
    // The first request has rotated the token: this one got what that one was to get, within the grace.
    assert_ne!(late.json()["refresh_token"], refresh_token);
    bench.stack.clock().advance(Duration::from_secs(30));
    assert_eq!(bench.post("token", &form).await.error(), (400, "invalid_grant".to_owned()));
}

#[tokio::test]
async fn a_slow_token_endpoint_works_late_and_for_a_client_that_has_gone_too() {
    let bench = Bench::start().await;
    let code = bench.get_code().await;
    bench.stack.log().clear();
    bench.stack.faults().inject_wait(Fault::TokenSlow, 1, Duration::from_millis(600));
    let request = bench.form_request("token", &bench.exchange_form(&code, &[]));
    assert!(request.timeout(Duration::from_millis(200)).send().await.unwrap_err().is_timeout());
    assert_eq!(bench.stack.log().count("token"), 0);
    for _ in 0..1000 {
        if bench.stack.log().count("token") > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(bench.stack.log().count("token"), 1);
    assert_eq!(bench.post("token", &bench.exchange_form(&code, &[])).await.error().1, "invalid_grant");
}

#[tokio::test]
async fn a_rotation_can_keep_its_token_to_itself() {
    let bench = Bench::start().await;
    bench.stack.faults().inject(Fault::RefreshTokenWithheld, 1);
    let tokens = bench.get_tokens().await;
    let refresh_token = tokens["refresh_token"].as_str().expect("the fault is about a refresh");
    let refreshed = bench.refresh(refresh_token).await.json();
    assert!(refreshed["id_token"].is_string() && refreshed.get("refresh_token").is_none());
    bench.stack.clock().advance(Duration::from_secs(30));
    assert_eq!(bench.refresh(refresh_token).await.error(), (400, "invalid_grant".to_owned()));
}

#[tokio::test]
async fn an_id_token_can_be_tampered_with_or_answer_another_request() {
    let bench = Bench::start().await;
    let keys = bench.get(&format!("{}/keys", bench.base)).await.json();
    bench.stack.faults().inject(Fault::IdTokenTampered, 1);
    let tokens = bench.get_tokens().await;
    let tampered = tokens["id_token"].as_str().unwrap();
    assert!(!signature_is_valid(tampered, &keys));
    assert_ne!(claims(tampered)["sub"], bench.stack.options().users[0].id.as_str());

    bench.stack.faults().inject(Fault::IdTokenWrongNonce, 1);
    let tokens = bench.get_tokens().await;
    let foreign = tokens["id_token"].as_str().unwrap();
    assert!(signature_is_valid(foreign, &keys));
    assert_ne!(claims(foreign)["nonce"], NONCE);
}

#[tokio::test]
async fn a_missing_policy_concerns_the_custom_server_only() {
    let mut bench = Bench::start().await;
    bench.stack.faults().inject(Fault::NoMatchingPolicy, 1);
    bench.use_org_server();
    assert!(!bench.get_code().await.is_empty());
    bench.use_custom_server();
    let target = bench.browser().sign_in(&bench.authorization_url(&[]), ALICE.0, ALICE.1).await.unwrap();
    assert_eq!(query_value(&target, "error").as_deref(), Some("access_denied"));
    assert!(query_value(&target, "error_description").unwrap().starts_with("Policy evaluation failed"));
}

#[tokio::test]
async fn userinfo_can_answer_for_somebody_else() {
    let bench = Bench::start().await;
    let tokens = bench.get_tokens().await;
    let access = tokens["access_token"].as_str().unwrap();
    bench.stack.faults().inject(Fault::UserInfoWrongSubject, 1);
    let subjects = [bench.userinfo(access).await.json(), bench.userinfo(access).await.json()];
    let alice = bench.stack.options().users[0].id.as_str();
    assert!(subjects[0]["sub"] != alice && subjects[1]["sub"] == alice);
}
