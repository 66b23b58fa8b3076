//! The server around the services: addresses, TLS, time, log, configuration files, start and stop.

use std::time::{Duration, UNIX_EPOCH};

use jetbridge_local_stack::{LocalStack, Options, Service, StartError, WriteConfigError};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Bench, build_client};

#[tokio::test]
async fn requests_for_another_host_are_refused_on_every_port() {
    let bench = Bench::start().await;
    let endpoints = bench.stack.endpoints().clone();
    for url in [endpoints.okta, endpoints.cognito, endpoints.s3, endpoints.sts, endpoints.api] {
        let port = url.port().unwrap();
        for host in ["evil.example", "127.0.0.1", &format!("evil.example:{port}"), &format!("127.0.0.1:{}", port - 1)] {
            let answer = bench.send(bench.http.get(url.clone()).header("host", host)).await;
            assert_eq!(answer.status, 421, "{host}");
        }
        let local = bench.http.get(url.clone()).header("host", format!("localhost:{port}"));
        assert_ne!(bench.send(local).await.status, 421);
    }
}

/// For whoever has mixed two stacks. It is asked for by the way, and says nothing that the configuration does not.
#[tokio::test]
async fn every_port_says_whose_it_is() {
    let bench = Bench::start().await;
    let endpoints = bench.stack.endpoints().clone();
    let all = [&endpoints.okta, &endpoints.cognito, &endpoints.s3, &endpoints.sts, &endpoints.api];
    for url in all {
        let page = url.join("/.well-known/jetbridge-local-stack").unwrap();
        let answer = bench.send(bench.http.get(page.clone())).await;
        let said: Value = answer.json();
        assert_eq!(said["issuer"], bench.stack.custom_issuer());
        let named = ["cognito", "s3", "sts", "api"].map(|name| said[name].as_str().unwrap().to_owned());
        assert_eq!(named[..], all.map(ToString::to_string)[1..]);
        let other_way = bench.send(bench.http.post(page)).await;
        assert_ne!(other_way.status, 200, "it is a page");
    }
}

#[tokio::test]
async fn a_busy_port_is_named_and_nothing_stays_behind() {
    // Whatever the system gives is free with its neighbours nearly always; the second one is then taken.
    let holder = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let busy = holder.local_addr().unwrap().port();
    let Err(error) = LocalStack::start(Options { port: busy - 1, ..Options::default() }).await else {
        panic!("the port is taken")
    };
    let StartError::PortBusy { port } = error else { panic!("{error}") };
    assert!(port == busy || port == busy - 1);
    assert!(error.to_string().contains(&port.to_string()));
    let too_high = LocalStack::start(Options { port: 65532, ..Options::default() }).await;
    assert!(matches!(too_high, Err(StartError::PortTooHigh { port: 65532 })));
}

#[tokio::test]
async fn stopping_ends_connections_and_frees_the_ports() {
    for drop_it in [false, true] {
        let stack = LocalStack::start(Options::default()).await.unwrap();
        let port = stack.endpoints().okta.port().unwrap();
        let mut open = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        open.write_all(format!("GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n").as_bytes()).await.unwrap();
        let mut byte = [0];
        open.read_exact(&mut byte).await.unwrap();
        if drop_it {
            drop(stack);
        } else {
            stack.shutdown().await;
        }
        // The rest of the answer may still come; then the connection ends.
        let mut rest = Vec::new();
        let _ = open.read_to_end(&mut rest).await;
        if !drop_it {
            tokio::net::TcpListener::bind(("127.0.0.1", port)).await.expect("the port is free again");
        }
    }
}

#[tokio::test]
async fn tls_is_trusted_through_the_stacks_ca_alone() {
    let bench = Bench::with(Options { tls: true, ..Options::default() }).await;
    assert!(bench.stack.custom_issuer().starts_with("https://127.0.0.1:"));
    let url = format!("{}/keys", bench.base);
    assert_eq!(bench.get(&url).await.status, 200);
    let by_name = url.replace("127.0.0.1", "localhost");
    assert_eq!(bench.get(&by_name).await.status, 200);
    assert!(build_client(None).get(&url).send().await.is_err());
    let other = LocalStack::start(Options { tls: true, ..Options::default() }).await.unwrap();
    assert!(build_client(other.ca_pem().as_deref()).get(&url).send().await.is_err());
    assert!(!bench.stack.ca_pem().unwrap().contains("PRIVATE"));
    let page = bench.get(&bench.authorization_url(&[])).await;
    assert!(page.header("set-cookie").contains("; Secure"));
    assert!(bench.get_tokens().await["id_token"].is_string());
}

#[tokio::test]
async fn the_date_is_the_stacks_own() {
    let bench = Bench::start().await;
    bench.stack.clock().set_offset_seconds(-3 * 3600);
    for url in [bench.stack.endpoints().okta.clone(), bench.stack.endpoints().s3.clone()] {
        let answer = bench.get(url.as_str()).await;
        assert_eq!(answer.headers.get_all("date").iter().count(), 1);
        let format = time::macros::format_description!(
            "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
        );
        let date = time::PrimitiveDateTime::parse(answer.header("date"), format).unwrap().assume_utc();
        let now = i64::try_from(bench.stack.clock().now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
        assert!((0..60).contains(&(now - date.unix_timestamp())), "{}", answer.header("date"));
    }
}

#[tokio::test]
async fn the_log_names_operations_and_counts_latency_in() {
    let bench = Bench::start().await;
    bench.stack.log().clear();
    bench.stack.set_latency(Duration::from_millis(20));
    bench.get(&format!("{}/keys?secret=x", bench.base)).await;
    let endpoints = bench.stack.endpoints();
    for url in [&endpoints.cognito, &endpoints.s3, &endpoints.sts, &endpoints.api] {
        bench.send(bench.http.head(url.clone())).await;
    }
    let records = bench.stack.log().records();
    let operations: Vec<_> = records.iter().map(|record| (record.service, record.operation)).collect();
    let expected = [(Service::Okta, "keys"), (Service::Cognito, "warm_up"), (Service::S3, "warm_up")];
    let expected = [&expected[..], &[(Service::Sts, "warm_up"), (Service::Api, "warm_up")]].concat();
    assert_eq!(operations, expected);
    assert_eq!((records[0].path.as_str(), records[0].status), ("/oauth2/default/v1/keys", 200));
    assert!(records.iter().all(|record| record.ended - record.started >= Duration::from_millis(20)));
    assert_eq!(bench.stack.log().sequential_round_trips().len(), 1);
}

#[tokio::test]
async fn a_request_is_carried_out_even_if_its_client_hangs_up() {
    let bench = Bench::start().await;
    let code = bench.get_code().await;
    let request = bench.form_request("token", &bench.exchange_form(&code, &[])).build().unwrap();
    let body = request.body().and_then(|body| body.as_bytes()).unwrap();
    let port = request.url().port().unwrap();
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n",
        request.url().path(),
        body.len()
    );
    bench.stack.set_latency(Duration::from_millis(200));
    let mut client = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    client.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
    drop(client);
    for _ in 0..1000 {
        if bench.stack.log().count("token") > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(bench.stack.log().count("token"), 1);
    let again = bench.post("token", &bench.exchange_form(&code, &[])).await;
    assert_eq!(again.error(), (400, "invalid_grant".to_owned()));
}

#[tokio::test]
async fn bodies_and_headers_are_bounded() {
    let bench = Bench::start().await;
    let long = vec![("code".to_owned(), "x".repeat(300 * 1024))];
    assert_eq!(bench.post("token", &long).await.status, 413);
    let request = bench.http.get(format!("{}/keys", bench.base)).header("x-long", "x".repeat(200 * 1024));
    assert!(request.send().await.is_ok_and(|answer| answer.status() == 431));
}

#[tokio::test]
async fn the_configuration_is_the_samples_and_fits_the_stack() {
    let bench = Bench::with(Options { tls: true, ..Options::default() }).await;
    let directory = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("written-config");
    // A run that was interrupted may have left it.
    let _ = std::fs::remove_dir_all(&directory);
    let paths = bench.stack.write_config(&directory, false).unwrap();
    let names: Vec<_> = paths.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["okta-config.json", "aws-exports.json", "ca.pem"]);
    let read = |n: usize| std::fs::read_to_string(&paths[n]).unwrap();
    let okta: Value = serde_json::from_str(&read(0)).unwrap();
    let expected = json!({
        "okta_issuer_url": bench.stack.custom_issuer(),
        "okta_client_id": "0oa1jetbridgelocal5d",
        "okta_callback_url": "com.okta.local-jetbridge:/callback",
        "okta_desktop_callback_url": "http://127.0.0.1:8765/callback",
    });
    assert_eq!(okta, expected);
    let aws: Value = serde_json::from_str(&read(1)).unwrap();
    let endpoints = bench.stack.endpoints();
    let bare = |url: &url::Url| url.as_str().trim_end_matches('/').to_owned();
    let expected = json!({
        "Auth": {
            "region": "us-west-2",
            "identityPoolId": bench.stack.options().identity_pool_id,
            "identityPoolEndpoint": bare(&endpoints.cognito),
        },
        "Storage": {"AWSS3": {"region": "us-west-2", "bucket": "jetbridge-demo", "endpoint": bare(&endpoints.s3)}},
        "Services": {"endpoint": bare(&endpoints.sts)},
        "API": {"endpoints": [{"name": "JetbridgeApi", "region": "us-west-2", "endpoint": bare(&endpoints.api)}]},
    });
    assert_eq!(aws, expected);
    assert_eq!(Some(read(2)), bench.stack.ca_pem());

    // The same again is fine; a file of somebody else's is not touched unless that was asked for.
    bench.stack.write_config(&directory, false).unwrap();
    std::fs::remove_file(&paths[0]).unwrap();
    std::fs::write(&paths[1], "mine").unwrap();
    let refused = bench.stack.write_config(&directory, false);
    assert!(matches!(refused, Err(WriteConfigError::WouldOverwrite { path }) if path == paths[1]));
    assert_eq!((read(1).as_str(), paths[0].exists()), ("mine", false));
    bench.stack.write_config(&directory, true).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&read(1)).unwrap(), expected);
    assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 3);
    std::fs::remove_dir_all(&directory).unwrap();
}

#[tokio::test]
async fn debug_shows_no_secret() {
    let bench = Bench::start().await;
    let mut browser = bench.browser();
    let user = crate::support::ALICE;
    browser.sign_in(&bench.authorization_url(&[]), user.0, user.1).await.unwrap();
    let shown = format!("{:?} {browser:?} {:?} {:?}", bench.stack, bench.stack.options(), bench.stack.log());
    assert!(!shown.contains(user.1));
    assert!(bench.stack.issued_secrets().all().iter().all(|secret| !shown.contains(secret)));
}
