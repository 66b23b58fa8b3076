//! The services together: what one issues, the next one checks.

use jetbridge_local_stack::{Fault, Options};
use serde_json::json;

use crate::support::Bench;

async fn get_identity(bench: &Bench) -> (u16, String) {
    let tokens = bench.get_tokens().await;
    let login = bench.stack.custom_issuer().split_once("://").unwrap().1.to_owned();
    let body = json!({"IdentityPoolId": bench.stack.options().identity_pool_id, "Logins": {login: tokens["id_token"]}});
    let request = bench
        .http
        .post(bench.stack.endpoints().cognito.clone())
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", "AWSCognitoIdentityService.GetId")
        .body(body.to_string());
    let answer = bench.send(request).await;
    (answer.status, answer.text)
}

#[tokio::test]
async fn cognito_accepts_oktas_id_token_and_its_own_key_fetches_stay_out_of_the_log() {
    for tls in [false, true] {
        let bench = Bench::with(Options { tls, ..Options::default() }).await;
        let (status, text) = get_identity(&bench).await;
        assert_eq!(status, 200, "{text}");
        assert!(text.contains("us-west-2:"), "{text}");
        assert_eq!(bench.stack.log().count("GetId"), 1);
        assert_eq!((bench.stack.log().count("discovery"), bench.stack.log().count("keys")), (0, 0));
    }
}

#[tokio::test]
async fn a_fault_of_oktas_metadata_is_kept_for_the_client() {
    let bench = Bench::start().await;
    bench.stack.faults().inject(Fault::JwksUnavailable, 1);
    bench.stack.faults().inject(Fault::DiscoveryUnavailable, 1);
    let (status, text) = get_identity(&bench).await;
    assert_eq!(status, 200, "{text}");
    assert_eq!(bench.get(&format!("{}/keys", bench.base)).await.status, 503);
    let discovery = format!("{}/.well-known/openid-configuration", bench.stack.custom_issuer());
    assert_eq!(bench.get(&discovery).await.status, 503);

    // Cognito's own trouble with the issuer shows whether it has the keys already or not.
    bench.stack.faults().inject(Fault::CognitoProviderUnreachable, 1);
    let (status, text) = get_identity(&bench).await;
    assert!(status == 400 && text.contains("ExternalServiceException"), "{text}");
    assert_eq!(get_identity(&bench).await.0, 200);
}

#[tokio::test]
async fn while_the_network_is_down_no_service_hears_of_anything() {
    let bench = Bench::start().await;
    bench.stack.faults().inject(Fault::NetworkDown, u32::MAX);
    let endpoints = bench.stack.endpoints();
    for url in [bench.stack.custom_issuer(), endpoints.cognito.to_string(), endpoints.s3.to_string()] {
        assert!(bench.http.get(url).send().await.is_err());
    }
    assert_eq!(bench.stack.log().records().len(), 0);
    bench.stack.faults().inject(Fault::NetworkDown, 0);
    assert_eq!(get_identity(&bench).await.0, 200);
}
