//! Discovery and keys.

use jetbridge_local_stack::Options;
use serde_json::Value;

use crate::support::{Bench, signature_is_valid};

#[tokio::test]
async fn both_issuers_describe_themselves_and_every_endpoint_is_there() {
    let bench = Bench::start().await;
    let origin = bench.stack.org_issuer();
    for (issuer, base) in [
        (bench.stack.custom_issuer(), format!("{origin}/oauth2/default")),
        (origin.clone(), format!("{origin}/oauth2")),
    ] {
        let answer = bench.get(&format!("{issuer}/.well-known/openid-configuration")).await;
        assert_eq!(answer.status, 200);
        assert!(answer.header("cache-control").starts_with("max-age="));
        let document = answer.json();
        assert_eq!(document["issuer"], issuer.as_str());
        let path = issuer.strip_prefix(&origin).unwrap();
        for url in [
            format!("{issuer}/.well-known/oauth-authorization-server"),
            format!("{origin}/.well-known/oauth-authorization-server{path}"),
        ] {
            assert_eq!(bench.get(&url).await.json(), document, "{url}");
        }
        for (member, path) in [
            ("authorization_endpoint", "authorize"),
            ("token_endpoint", "token"),
            ("userinfo_endpoint", "userinfo"),
            ("jwks_uri", "keys"),
            ("revocation_endpoint", "revoke"),
            ("end_session_endpoint", "logout"),
            ("pushed_authorization_request_endpoint", "par"),
        ] {
            let url = document[member].as_str().unwrap();
            assert_eq!(url, format!("{base}/v1/{path}"));
            assert_ne!(bench.get(url).await.status, 404, "{member}");
        }
        assert_eq!(document["code_challenge_methods_supported"], serde_json::json!(["S256"]));
        assert_eq!(document["authorization_response_iss_parameter_supported"], true);
        assert_eq!(document["require_pushed_authorization_requests"], false);
    }
}

#[tokio::test]
async fn the_issuers_follow_the_name_that_the_stack_was_given() {
    let bench = Bench::with(Options { okta_host: "localhost".to_owned(), ..Options::default() }).await;
    let port = bench.stack.endpoints().okta.port().unwrap();
    assert_eq!(bench.stack.org_issuer(), format!("http://localhost:{port}"));
    // Whatever name it is asked under, the issuer is the one.
    for host in ["localhost", "127.0.0.1"] {
        let url = format!("http://{host}:{port}/oauth2/default/.well-known/openid-configuration");
        let document = bench.get(&url).await.json();
        assert_eq!(document["issuer"], format!("http://localhost:{port}/oauth2/default"));
    }
}

#[tokio::test]
async fn a_new_key_signs_at_once_and_the_old_one_stays_until_it_is_dropped() {
    let bench = Bench::start().await;
    let get_keys = async || -> Value { bench.get(&format!("{}/keys", bench.base)).await.json() };
    let get_id_token = async || bench.get_tokens().await["id_token"].as_str().unwrap().to_owned();
    let (first_keys, first_token) = (get_keys().await, get_id_token().await);
    assert!(signature_is_valid(&first_token, &first_keys));

    bench.stack.rotate_signing_key().await.unwrap();
    let (both_keys, second_token) = (get_keys().await, get_id_token().await);
    assert_eq!(both_keys["keys"].as_array().unwrap().len(), 2);
    assert!(!signature_is_valid(&second_token, &first_keys));
    assert!(signature_is_valid(&first_token, &both_keys) && signature_is_valid(&second_token, &both_keys));

    bench.stack.drop_old_signing_keys();
    let second_keys = get_keys().await;
    assert!(!signature_is_valid(&first_token, &second_keys) && signature_is_valid(&second_token, &second_keys));
}

#[tokio::test]
async fn keys_may_be_cached_and_show_public_members_only() {
    let bench = Bench::start().await;
    let answer = bench.get(&format!("{}/keys", bench.base)).await;
    assert!(answer.header("cache-control").starts_with("max-age="));
    let document = answer.json();
    let mut members: Vec<_> = document["keys"][0].as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["alg", "e", "kid", "kty", "n", "use"]);
}
