//! The services together: what one issues, the next one checks.

use std::time::Duration;

use jetbridge_local_stack::{Fault, Options};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

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
async fn one_service_can_fall_silent_on_an_open_connection_and_its_work_is_not_done() {
    let bench = Bench::start().await;
    let (port, code) = (bench.stack.endpoints().okta.port().unwrap(), bench.get_code().await);
    let get_keys = format!("GET /oauth2/default/v1/keys HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
    let mut kept = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    kept.write_all(get_keys.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"]}") {
        assert!(kept.read_buf(&mut answer).await.unwrap() > 0);
    }

    bench.stack.log().clear();
    bench.stack.faults().inject(Fault::OktaSilent, 2);
    kept.write_all(get_keys.as_bytes()).await.unwrap();
    let spoiled = bench.form_request("token", &bench.exchange_form(&code, &[])).timeout(Duration::from_millis(300));
    assert!(spoiled.send().await.unwrap_err().is_timeout());
    // Neither an answer nor an end.
    assert!(tokio::time::timeout(Duration::from_millis(100), kept.read_buf(&mut answer)).await.is_err());
    assert_eq!(bench.stack.log().records().len(), 0);
    for url in [&bench.stack.endpoints().cognito, &bench.stack.endpoints().s3] {
        bench.send(bench.http.head(url.clone())).await;
    }
    assert_eq!(bench.post("token", &bench.exchange_form(&code, &[])).await.status, 200);

    for (fault, url) in
        [(Fault::CognitoSilent, &bench.stack.endpoints().cognito), (Fault::S3Silent, &bench.stack.endpoints().s3)]
    {
        bench.stack.faults().inject(fault, 1);
        let spoiled = bench.http.head(url.clone()).timeout(Duration::from_millis(200)).send().await;
        assert!(spoiled.unwrap_err().is_timeout());
        bench.send(bench.http.head(url.clone())).await;
    }
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
