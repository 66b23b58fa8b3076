//! What a client sees of an org that somebody set up wrongly: for every request, until it is mended.

use jetbridge_local_stack::{Fault, Options};
use serde_json::{Value, json};

use crate::support::{ALICE, Answer, Bench, claims, query_value};

/// What the app gets to hear of a sign-in: `error` and `error_description`.
async fn refusal(bench: &Bench, changes: &[(&str, &str)]) -> (String, String) {
    let target = bench.browser().sign_in(&bench.authorization_url(changes), ALICE.0, ALICE.1).await.unwrap();
    assert_eq!(query_value(&target, "iss").unwrap(), bench.stack.custom_issuer());
    (query_value(&target, "error").unwrap_or_default(), query_value(&target, "error_description").unwrap_or_default())
}

/// A fault's status, code and words in the answer of the token endpoint.
fn assert_answers(answer: &Answer, fault: Fault) {
    let expected = fault.answer().unwrap();
    assert_eq!(answer.error(), (expected.status, expected.code.to_owned()), "{fault:?}: {}", answer.shown());
    assert_eq!(answer.description(), expected.message);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("www-authenticate").is_empty(), expected.status != 401);
}

#[tokio::test]
async fn what_lasts_is_so_until_it_is_mended() {
    let bench = Bench::start().await;
    let faults = bench.stack.faults();
    faults.inject(Fault::OktaUserNotAssigned, 1);
    for _ in 0..3 {
        let refused = refusal(&bench, &[]).await;
        assert_eq!(refused, ("access_denied".to_owned(), "User is not assigned to the client application.".to_owned()));
    }
    faults.inject(Fault::OktaUserNotAssigned, 0);
    assert!(!bench.get_code().await.is_empty());
}

#[tokio::test]
async fn an_application_that_is_not_there_or_has_no_redirect_uri_is_told_on_a_page() {
    let bench = Bench::start().await;
    let tokens = bench.get_tokens().await;
    for (fault, said) in [
        (Fault::OktaClientMissing, "Invalid value for &#39;client_id&#39; parameter."),
        (Fault::OktaRedirectUriMissing, "must be a Login redirect URI in the client app settings."),
    ] {
        bench.stack.faults().inject(fault, 1);
        let page = bench.get(&bench.authorization_url(&[])).await;
        let said = said.replace("&#39;", "'");
        assert_eq!(page.status, 400);
        let code = if fault == Fault::OktaClientMissing { "invalid_client" } else { "invalid_request" };
        assert!(page.text.contains(&format!("Error Code: {code}<")), "{}", page.text);
        assert!(page.text.replace("&#39;", "'").contains(&said), "{}", page.text);
        let pushed = bench.post("par", &bench.parameters(&[])).await;
        let expected = fault.answer().unwrap();
        assert_eq!(pushed.error(), (expected.status, expected.code.to_owned()));
        assert!(pushed.description().starts_with(expected.message.trim_end()), "{}", pushed.shown());
        bench.stack.faults().inject(fault, 0);
    }
    bench.stack.faults().inject(Fault::OktaClientMissing, 1);
    let refreshed = bench.refresh(tokens["refresh_token"].as_str().unwrap()).await;
    assert_answers(&refreshed, Fault::OktaClientMissing);
    // The one error of OAuth in the shape of Okta's API.
    let body = refreshed.json();
    assert_eq!((&body["errorCode"], &body["errorLink"]), (&json!("invalid_client"), &json!("invalid_client")));
    assert!(body["error"].is_null() && body["errorCauses"].is_array(), "{}", refreshed.shown());
}

#[tokio::test]
async fn a_policy_is_looked_at_when_signing_in_and_when_refreshing() {
    let mut bench = Bench::start().await;
    let tokens = bench.get_tokens().await;
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    for fault in [Fault::OktaPolicyMissing, Fault::OktaPolicyWithoutOfflineAccess] {
        bench.stack.faults().inject(fault, 1);
        let said = fault.answer().unwrap().message;
        assert_eq!(refusal(&bench, &[]).await, ("access_denied".to_owned(), said.to_owned()));
        assert_answers(&bench.refresh(refresh_token).await, fault);
        // Without offline_access the rule is one for this request.
        let (code, _) = refusal(&bench, &[("scope", "openid profile")]).await;
        assert_eq!(code.is_empty(), fault == Fault::OktaPolicyWithoutOfflineAccess);
        bench.stack.faults().inject(fault, 0);
    }
    // Nothing of it has spent the refresh token.
    assert_eq!(bench.refresh(refresh_token).await.status, 200);
    bench.stack.faults().inject(Fault::OktaPolicyMissing, 1);
    bench.use_org_server();
    assert!(!bench.get_code().await.is_empty());
}

#[tokio::test]
async fn somebody_who_was_unassigned_gets_no_tokens_any_more() {
    let bench = Bench::start().await;
    let tokens = bench.get_tokens().await;
    bench.stack.faults().inject(Fault::OktaUserNotAssigned, 1);
    assert_answers(&bench.refresh(tokens["refresh_token"].as_str().unwrap()).await, Fault::OktaUserNotAssigned);
}

#[tokio::test]
async fn grant_types_that_are_not_ticked_are_refused_at_both_endpoints() {
    let bench = Bench::start().await;
    let tokens = bench.get_tokens().await;
    let code = bench.get_code().await;
    let faults = bench.stack.faults();

    faults.inject(Fault::OktaCodeGrantMissing, 1);
    let target = bench.get(&bench.authorization_url(&[])).await.header("location").to_owned();
    let expected = Fault::OktaCodeGrantMissing.answer().unwrap();
    assert_eq!(query_value(&target, "error").as_deref(), Some(expected.code));
    assert_eq!(query_value(&target, "error_description").as_deref(), Some(expected.message));
    let refused = bench.post("token", &bench.exchange_form(&code, &[])).await;
    assert_eq!(refused.error(), (400, "unauthorized_client".to_owned()));
    assert!(refused.description().ends_with("Configured grant types: [refresh_token]."), "{}", refused.shown());
    faults.inject(Fault::OktaCodeGrantMissing, 0);
    // The code has not been looked at.
    assert_eq!(bench.post("token", &bench.exchange_form(&code, &[])).await.status, 200);

    faults.inject(Fault::OktaRefreshGrantMissing, 1);
    assert_answers(&bench.refresh(tokens["refresh_token"].as_str().unwrap()).await, Fault::OktaRefreshGrantMissing);
    let target = bench.get(&bench.authorization_url(&[])).await.header("location").to_owned();
    assert_eq!(query_value(&target, "error").as_deref(), Some("invalid_scope"));
    assert!(!bench.get_code_with(&[("scope", "openid")]).await.is_empty());
}

#[tokio::test]
async fn an_application_can_want_a_secret_dpop_another_network_or_pushed_requests() {
    let bench = Bench::start().await;
    let code = bench.get_code().await;
    let form = bench.exchange_form(&code, &[]);
    let faults = bench.stack.faults();
    for fault in [Fault::OktaClientSecretDemanded, Fault::OktaDpopDemanded, Fault::OktaNetworkZone] {
        faults.inject(fault, 1);
        assert_answers(&bench.post("token", &form).await, fault);
        if fault == Fault::OktaDpopDemanded {
            let with_proof = bench.send(bench.form_request("token", &form).header("dpop", "e.y.J")).await;
            assert_answers(&with_proof, Fault::TokenDpopNonceDemanded);
            assert!(!with_proof.header("dpop-nonce").is_empty());
        }
        faults.inject(fault, 0);
    }
    assert_eq!(bench.post("token", &form).await.status, 200);

    faults.inject(Fault::OktaPushedRequestsDemanded, 1);
    let target = bench.get(&bench.authorization_url(&[])).await.header("location").to_owned();
    assert_eq!(query_value(&target, "error").as_deref(), Some("invalid_request"));
    let metadata = bench.get(&format!("{}/.well-known/openid-configuration", bench.stack.custom_issuer())).await.json();
    assert_eq!(metadata["require_pushed_authorization_requests"], Value::Bool(false));
    let pushed = bench.post("par", &bench.parameters(&[])).await.json();
    let id = ("client_id", bench.stack.options().client_id.as_str());
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([id, ("request_uri", pushed["request_uri"].as_str().unwrap())])
        .finish();
    assert_eq!(bench.get(&format!("{}/authorize?{query}", bench.base)).await.status, 200);
}

#[tokio::test]
async fn an_org_without_custom_servers_has_the_org_s_own() {
    let mut bench = Bench::start().await;
    bench.stack.faults().inject(Fault::OktaCustomServersMissing, 1);
    let discovery = bench.get(&format!("{}/.well-known/openid-configuration", bench.stack.custom_issuer())).await;
    assert_eq!(discovery.status, 200);
    assert_answers(&bench.post("par", &bench.parameters(&[])).await, Fault::OktaCustomServersMissing);
    assert_answers(&bench.refresh("x").await, Fault::OktaCustomServersMissing);
    let page = bench.get(&bench.authorization_url(&[])).await;
    assert!(page.status == 400 && page.text.contains("The requested feature is not enabled in this environment."));
    bench.use_org_server();
    assert!(!bench.get_code().await.is_empty());
}

#[tokio::test]
async fn a_dynamic_issuer_follows_the_name_of_the_authorization_request() {
    let mut bench = Bench::start().await;
    let port = bench.stack.endpoints().okta.port().unwrap();
    let here = format!("http://localhost:{port}/oauth2/default");
    let discovery = format!("{here}/.well-known/openid-configuration");
    assert_eq!(bench.get(&discovery).await.json()["issuer"], bench.stack.custom_issuer());

    bench.stack.faults().inject(Fault::OktaIssuerDynamic, 1);
    let metadata = bench.get(&discovery).await.json();
    assert_eq!(metadata["issuer"], here);
    assert_eq!(metadata["token_endpoint"], format!("{here}/v1/token"));
    let issuer_of = |tokens: Value| claims(tokens["id_token"].as_str().unwrap())["iss"].clone();
    assert_eq!(issuer_of(bench.get_tokens().await), bench.stack.custom_issuer());
    let elsewhere = std::mem::replace(&mut bench.base, format!("{here}/v1"));
    let code = bench.get_code().await;
    bench.base = elsewhere;
    let tokens = bench.post("token", &bench.exchange_form(&code, &[])).await.json();
    assert_eq!(claims(tokens["access_token"].as_str().unwrap())["iss"], here);
    assert_eq!(issuer_of(tokens), here);
}

#[tokio::test]
async fn errors_of_the_catalogue_come_once_where_they_belong() {
    let bench = Bench::with(Options::default()).await;
    let faults = bench.stack.faults();
    let is_at = |fault: &&Fault, place: &str| fault.name().starts_with(place) && fault.answer().is_some();
    let mut seen = 0;
    for fault in Fault::ALL.iter().filter(|fault| is_at(fault, "authorize-")) {
        faults.inject(*fault, 1);
        let target = bench.get(&bench.authorization_url(&[])).await.header("location").to_owned();
        let expected = fault.answer().unwrap();
        assert_eq!(query_value(&target, "error").as_deref(), Some(expected.code));
        assert_eq!(query_value(&target, "error_description").as_deref(), Some(expected.message));
        assert_eq!(bench.get(&bench.authorization_url(&[])).await.status, 200, "{fault:?} comes once");
        seen += 1;
    }
    let code = bench.get_code().await;
    let form = bench.exchange_form(&code, &[]);
    for fault in Fault::ALL.iter().filter(|fault| is_at(fault, "token-") && **fault != Fault::TokenRateLimited) {
        faults.inject(*fault, 1);
        assert_answers(&bench.post("token", &form).await, *fault);
        seen += 1;
    }
    // None of it has spent the code.
    assert_eq!(bench.post("token", &form).await.status, 200);
    let discovery = format!("{}/.well-known/openid-configuration", bench.stack.custom_issuer());
    for fault in Fault::ALL.iter().filter(|fault| is_at(fault, "okta-") && !fault.lasts()) {
        faults.inject(*fault, 1);
        let (answer, expected) = (bench.get(&discovery).await, fault.answer().unwrap());
        let body = answer.json();
        assert_eq!((answer.status, body["errorCode"].as_str().unwrap()), (expected.status, expected.code));
        assert_eq!(body["errorSummary"], expected.message);
        assert_eq!(answer.header("x-rate-limit-reset").is_empty(), expected.status != 429);
        assert_eq!(bench.get(&discovery).await.status, 200, "{fault:?} comes once");
        seen += 1;
    }
    // Userinfo has no body to say it in (RFC 6750 section 3).
    let tokens = bench.get_tokens().await;
    let access_token = tokens["access_token"].as_str().unwrap();
    for fault in [Fault::UserInfoScopeMissing, Fault::UserInfoTokenRefused] {
        faults.inject(fault, 1);
        let (answer, expected) = (bench.userinfo(access_token).await, fault.answer().unwrap());
        let challenge = format!("error=\"{}\", error_description=\"{}\"", expected.code, expected.message);
        assert_eq!((answer.status, answer.text.as_str()), (expected.status, ""));
        assert!(answer.header("www-authenticate").ends_with(&challenge), "{}", answer.shown());
        assert_eq!(bench.userinfo(access_token).await.status, 200);
    }
    assert_eq!(seen, 50);
}
