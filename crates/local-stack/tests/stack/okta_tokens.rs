//! The token endpoint with codes, what is in the tokens, and what userinfo adds.

use std::time::Duration;

use jetbridge_local_stack::Options;
use reqwest::Method;
use serde_json::json;

use crate::support::{Bench, NONCE, claims, header};

#[tokio::test]
async fn id_tokens_are_oktas_thin_ones() {
    let bench = Bench::start().await;
    let before = bench.stack.clock().unix_now();
    let tokens = bench.get_tokens().await;
    let after = bench.stack.clock().unix_now();
    let id_token = tokens["id_token"].as_str().unwrap();

    let head = header(id_token);
    assert_eq!(head.as_object().unwrap().len(), 2, "{head}");
    assert_eq!(head["alg"], "RS256");
    let keys = bench.get(&format!("{}/keys", bench.base)).await.json();
    assert_eq!(keys["keys"][0]["kid"], head["kid"]);

    let mut found = claims(id_token);
    let times = ["iat", "auth_time"].map(|name| found[name].as_i64().unwrap());
    assert!(times.iter().all(|time| (before..=after).contains(time)));
    assert_eq!(found["exp"].as_i64().unwrap() - times[0], 3600);
    assert!(found["jti"].as_str().unwrap().starts_with("ID."));
    for name in ["iat", "exp", "auth_time", "jti", "at_hash", "idp"] {
        assert!(!found.as_object_mut().unwrap().remove(name).unwrap().is_null());
    }
    let expected = json!({
        "sub": "00ualice000000000001", "ver": 1, "iss": bench.stack.custom_issuer(), "amr": ["pwd"], "nonce": NONCE,
        "aud": bench.stack.options().client_id, "name": "Alice Archer", "preferred_username": "alice@example.com",
    });
    assert_eq!(found, expected);
}

#[tokio::test]
async fn the_answer_has_okta_members_and_is_not_cached() {
    let bench = Bench::start().await;
    let code = bench.get_code().await;
    let answer = bench.post("token", &bench.exchange_form(&code, &[])).await;
    assert_eq!((answer.header("cache-control"), answer.header("pragma")), ("no-store", "no-cache"));
    let tokens = answer.json();
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(3600)));
    assert_eq!(tokens["scope"], "openid profile email offline_access");
    let issued = bench.stack.issued_secrets().all();
    for name in ["id_token", "access_token", "refresh_token"] {
        assert!(issued.iter().any(|secret| *secret == tokens[name]), "{name}");
    }
}

#[tokio::test]
async fn id_and_access_tokens_have_lives_of_their_own() {
    let seconds = Duration::from_secs;
    let options = Options { id_token_lifetime: seconds(60), access_token_lifetime: seconds(120), ..Options::default() };
    let bench = Bench::with(options).await;
    let tokens = bench.get_tokens().await;
    let access = tokens["access_token"].as_str().unwrap();
    let life = |token: &str| claims(token)["exp"].as_i64().unwrap() - claims(token)["iat"].as_i64().unwrap();
    assert_eq!((life(tokens["id_token"].as_str().unwrap()), life(access)), (60, 120));
    assert_eq!(tokens["expires_in"], 120);
    bench.stack.clock().advance(seconds(100));
    assert_eq!(bench.userinfo(access).await.status, 200);
    bench.stack.clock().advance(seconds(20));
    assert_eq!(bench.userinfo(access).await.status, 401);
}

#[tokio::test]
async fn each_server_signs_as_itself_and_only_the_custom_one_has_readable_access_tokens() {
    let mut bench = Bench::start().await;
    let access = claims(bench.get_tokens().await["access_token"].as_str().unwrap());
    assert_eq!((&access["iss"], &access["aud"]), (&json!(bench.stack.custom_issuer()), &json!("api://default")));
    assert_eq!(access["sub"], "alice@example.com");
    bench.use_org_server();
    let tokens = bench.get_tokens().await;
    assert_eq!(claims(tokens["id_token"].as_str().unwrap())["iss"], bench.stack.org_issuer().as_str());
    let access = tokens["access_token"].as_str().unwrap();
    assert!(!access.contains('.'));
    assert_eq!(bench.userinfo(access).await.status, 200);
    bench.use_custom_server();
    assert_eq!(bench.userinfo(access).await.status, 401);
}

#[tokio::test]
async fn scopes_decide_what_is_in_the_tokens() {
    let bench = Bench::start().await;
    let code = bench.get_code_with(&[("scope", "openid"), ("nonce", "")]).await;
    let tokens = bench.post("token", &bench.exchange_form(&code, &[])).await.json();
    assert_eq!(tokens.get("refresh_token"), None);
    let found = claims(tokens["id_token"].as_str().unwrap());
    assert!(found.get("name").is_none() && found.get("preferred_username").is_none() && found.get("nonce").is_none());
    let profile = bench.userinfo(tokens["access_token"].as_str().unwrap()).await.json();
    assert_eq!(profile, json!({"sub": "00ualice000000000001"}));
}

#[tokio::test]
async fn a_code_needs_the_right_everything() {
    let bench = Bench::start().await;
    type Case<'a> = (&'a [(&'a str, &'a str)], (u16, &'a str));
    let cases: &[Case<'_>] = &[
        (&[("code_verifier", "another-verifier-of-the-right-length-000000")], (400, "invalid_grant")),
        (&[("code_verifier", "short")], (400, "invalid_request")),
        (&[("code_verifier", "")], (400, "invalid_request")),
        (&[("redirect_uri", "com.okta.local-jetbridge:/callback")], (400, "invalid_grant")),
        (&[("redirect_uri", "")], (400, "invalid_request")),
        (&[("code", "guess")], (400, "invalid_grant")),
        (&[("code", "")], (400, "invalid_request")),
        (&[("client_id", "")], (401, "invalid_client")),
        (&[("client_id", "0oaunknown")], (401, "invalid_client")),
        (&[("client_secret", "s3cret")], (401, "invalid_client")),
        (&[("client_assertion", "eyJ")], (401, "invalid_client")),
        (&[("grant_type", "")], (400, "invalid_request")),
        (&[("grant_type", "password")], (400, "unauthorized_client")),
        (&[("grant_type", "magic")], (400, "unsupported_grant_type")),
        (&[("code", "a"), ("code", "b")], (400, "invalid_request")),
    ];
    for (changes, (status, error)) in cases {
        let code = bench.get_code().await;
        let answer = bench.post("token", &bench.exchange_form(&code, changes)).await;
        assert_eq!(answer.error(), (*status, (*error).to_owned()), "{changes:?}");
        assert!(!answer.description().is_empty());
    }
}

#[tokio::test]
async fn a_public_client_cannot_use_basic_authentication() {
    let bench = Bench::start().await;
    let code = bench.get_code().await;
    let request = bench.form_request("token", &bench.exchange_form(&code, &[])).basic_auth("client", Some("secret"));
    let answer = bench.send(request).await;
    assert_eq!(answer.error(), (401, "invalid_client".to_owned()));
    assert!(answer.header("www-authenticate").starts_with("Basic "));
}

#[tokio::test]
async fn credentials_in_the_query_and_requests_of_pages_are_refused_and_spend_nothing() {
    let bench = Bench::start().await;
    let form = bench.exchange_form(&bench.get_code().await, &[]);
    let client_id = bench.stack.options().client_id.clone();
    for query in [format!("client_id={client_id}"), "client_secret=s3cret".to_owned()] {
        for endpoint in ["token", "revoke", "par"] {
            let refused = bench.post(&format!("{endpoint}?{query}"), &form).await;
            assert_eq!(refused.error(), (400, "invalid_request".to_owned()), "{endpoint} {query}");
        }
    }
    let of_a_page = bench.form_request("token", &form).header("origin", "https://app.example");
    assert_eq!(bench.send(of_a_page).await.error(), (400, "invalid_request".to_owned()));
    assert_eq!(bench.post("token", &form).await.status, 200);
}

#[tokio::test]
async fn a_replayed_code_revokes_the_tokens_it_gave() {
    let bench = Bench::start().await;
    let code = bench.get_code().await;
    let form = bench.exchange_form(&code, &[]);
    let tokens = bench.post("token", &form).await.json();
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(bench.userinfo(access).await.status, 200);
    assert_eq!(bench.post("token", &form).await.error(), (400, "invalid_grant".to_owned()));
    assert_eq!(bench.userinfo(access).await.status, 401);
    let refreshed = bench.refresh(tokens["refresh_token"].as_str().unwrap()).await;
    assert_eq!(refreshed.error(), (400, "invalid_grant".to_owned()));
}

#[tokio::test]
async fn a_code_expires_by_the_stacks_clock_and_is_good_at_its_own_server_only() {
    let mut bench = Bench::start().await;
    let code = bench.get_code().await;
    bench.stack.clock().advance(Duration::from_secs(301));
    let late = bench.post("token", &bench.exchange_form(&code, &[])).await;
    assert_eq!(late.error(), (400, "invalid_grant".to_owned()));
    let code = bench.get_code().await;
    bench.use_org_server();
    let elsewhere = bench.post("token", &bench.exchange_form(&code, &[])).await;
    assert_eq!(elsewhere.error(), (400, "invalid_request".to_owned()));
    assert_eq!(elsewhere.description(), "The grant was issued for another authorization server.");
}

#[tokio::test]
async fn requests_that_are_no_oauth_get_the_apis_error_shape() {
    let bench = Bench::start().await;
    let url = |path: &str| format!("{}/{path}", bench.base);
    let json_body = bench.http.post(url("token")).header("content-type", "application/json").body("{}");
    let cases = [
        (json_body, 415, "E0000021"),
        (bench.http.get(url("token")), 405, "E0000022"),
        (bench.http.put(url("authorize")), 405, "E0000022"),
        (bench.http.get(url("nothing")), 404, "E0000008"),
        (bench.http.get(bench.stack.endpoints().okta.join("oauth2/other/v1/keys").unwrap()), 404, "E0000007"),
        (bench.http.request(Method::OPTIONS, url("token")), 405, "E0000022"),
    ];
    for (request, status, code) in cases {
        let answer = bench.send(request).await;
        let body = answer.json();
        assert_eq!((answer.status, body["errorCode"].as_str().unwrap()), (status, code));
        for name in ["errorSummary", "errorLink", "errorId", "errorCauses"] {
            assert!(body.get(name).is_some(), "{name}");
        }
    }
}

#[tokio::test]
async fn userinfo_says_what_the_id_token_does_not() {
    let bench = Bench::start().await;
    let tokens = bench.get_tokens().await;
    let access = tokens["access_token"].as_str().unwrap();
    let profile = bench.userinfo(access).await.json();
    let expected = json!({
        "sub": "00ualice000000000001", "name": "Alice Archer", "given_name": "Alice", "family_name": "Archer",
        "preferred_username": "alice@example.com", "locale": "en_US", "zoneinfo": "America/Los_Angeles",
        "email": "alice@example.com", "email_verified": true,
    });
    assert_eq!(profile, expected);
    let posted = bench.send(bench.http.post(format!("{}/userinfo", bench.base)).bearer_auth(access)).await;
    assert_eq!(posted.json(), expected);
}

#[tokio::test]
async fn userinfo_wants_a_valid_access_token_in_the_header() {
    let bench = Bench::start().await;
    let tokens = bench.get_tokens().await;
    let url = format!("{}/userinfo", bench.base);
    let access = tokens["access_token"].as_str().unwrap();
    let twice = bench.form_request("userinfo", &[("access_token".to_owned(), access.to_owned())]).bearer_auth(access);
    let elsewhere = bench.http.get(format!("{url}?access_token={access}")).bearer_auth(access);
    for (request, status) in [(bench.http.get(&url), 401), (elsewhere, 400), (twice, 400)] {
        let refused = bench.send(request).await;
        assert_eq!(refused.status, status);
        assert!(refused.header("www-authenticate").contains("error=\"invalid_request\""));
    }
    for token in ["guess", tokens["id_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap()] {
        let refused = bench.userinfo(token).await;
        assert_eq!(refused.status, 401);
        assert!(refused.header("www-authenticate").contains("error=\"invalid_token\""));
    }
    bench.stack.clock().advance(Duration::from_secs(3600));
    assert_eq!(bench.userinfo(access).await.status, 401);
}
