//! The way to the authorization server: clock, proxies, certificates, pages in between.

use std::env;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use jetbridge::doctor::{Link, Mark, Report};
use jetbridge::storage::MemoryStore;
use jetbridge::{Config, Obstacle, Session, SessionError};
use jetbridge_local_stack::{Fault, Options};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{assert_broken, check, deployed, diagnose, diagnosed_with_alice, finding, is_corrected, shown};
use crate::bench::{ALICE, Bench};
use crate::hostile_servers::server::{Answer, Server};

const DAY: i64 = 24 * 3600;
/// More often than anybody asks.
const ALWAYS: u32 = 1000;
/// Tells a process which part of a test is its own, and where the configuration is.
const CHILD: &str = "JETBRIDGE_TEST_CHILD_CONFIG";
const PROXY_PASSWORD: &str = "hunter2-hunter2";

async fn tls_bench() -> Bench {
    Bench::start_with(Options { tls: true, ..Options::default() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_network_does_is_told_from_what_okta_says() {
    let bench = Bench::start().await;
    for (fault, link) in [
        (Fault::DiscoveryUnavailable, Link::Discovery),
        (Fault::JwksUnavailable, Link::Keys),
        (Fault::NetworkDown, Link::Network),
    ] {
        bench.stack.faults().inject(fault, ALWAYS);
        let report = diagnose(&bench, &bench.session()).await;
        bench.stack.faults().inject(fault, 0);
        assert_broken(&report, link, None, &[]);
    }
    let session = bench.session();
    Arc::into_inner(bench.stack).unwrap().shutdown().await;
    let report = session.diagnose().await;
    assert_broken(&report, Link::Network, None, &["nothing listens at 127.0.0.1:", "local stack"]);
    assert_eq!(finding(&report, Link::Clock).mark, Mark::Unknown);
}

fn obstacle(report: &Report) -> Option<Obstacle> {
    match report.broken()?.problem.as_ref()? {
        SessionError::Obstructed { obstacle, .. } => Some(*obstacle),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_a_day_off_is_broken_and_hides_nothing_but_where_it_breaks_certificates() {
    for (wrong_by, side) in [(DAY, "1 d fast"), (-DAY, "1 d slow")] {
        let bench = Bench::start().await;
        bench.clock.set_wrong_by(wrong_by);
        let report = diagnosed_with_alice(&bench).await;
        let words = [side, "by no other program", "Set this device's date"];
        assert_broken(&report, Link::Clock, Some("device clock"), &words);
        assert!(Link::ALL.into_iter().all(|link| report.reaches(link)), "{report:#?}");
        assert_eq!(finding(&report, Link::Prefix).mark, Mark::Ok, "{report:#?}");
        // What is worse comes before it.
        bench.stack.faults().inject(Fault::RoleWithoutPolicies, 1);
        let report = diagnose(&bench, &bench.session()).await;
        assert_broken(&report, Link::Prefix, None, &["s3:ListBucket"]);
        assert!(is_corrected(finding(&report, Link::Clock)), "{report:#?}");
    }
    let bench = Bench::start().await;
    bench.clock.set_wrong_by(240);
    let report = diagnosed_with_alice(&bench).await;
    assert_eq!(report.broken(), None, "{report:#?}");
    assert!(finding(&report, Link::Clock).detail.contains("240 s fast, which is corrected"), "{report:#?}");
    let bench = tls_bench().await;
    let session = bench.session();
    bench.clock.set_wrong_by(-25 * 365 * DAY);
    let report = diagnose(&bench, &session).await;
    assert_broken(&report, Link::Clock, None, &["this device's clock says 20", "Set this device's date"]);
    assert_eq!(obstacle(&report), Some(Obstacle::Clock));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_an_unknown_ca_is_the_network_s() {
    let (bench, other) = (tls_bench().await, tls_bench().await);
    let unknown = |roots: Option<String>| {
        let builder = Session::builder(bench.config.clone(), Arc::clone(&bench.store));
        let builder = roots.into_iter().fold(builder, |builder, pem| builder.root_certificates(pem.into_bytes()));
        builder.open().unwrap()
    };
    // Of a CA of the same name, as after a restart.
    let report = diagnose(&bench, &unknown(other.stack.ca_pem())).await;
    let words = ["certificate of 127.0.0.1 is not trusted", "another key", "--ca-file", "root_certificates"];
    assert_broken(&report, Link::Network, None, &words);
    assert_eq!(obstacle(&report), Some(Obstacle::Certificate));
    // A machine without any certificates says so in other words.
    let report = diagnose(&bench, &unknown(None)).await;
    assert_eq!(report.broken().unwrap().link, Link::Network, "{report:#?}");
    assert!(report.broken().unwrap().fix().unwrap().contains("--ca-file"), "{report:#?}");
}

/// What a process finds behind the proxy that its environment names.
async fn look_through_the_proxy(folder: &Path) {
    let ca = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let ca = ca.into_iter().find(|path| path.extension().is_some_and(|extension| extension == "pem")).unwrap();
    let builder = Session::builder(Config::load(folder).unwrap(), Arc::new(MemoryStore::new()));
    let report = builder.root_certificates(std::fs::read(ca).unwrap()).open().unwrap().diagnose().await;
    let network = finding(&report, Link::Network);
    assert!(network.detail.contains("the proxy http://127.0.0.1:"), "{report:#?}");
    assert!(network.detail.contains("from HTTPS_PROXY"), "{report:#?}");
    assert!(!shown(&report).contains(PROXY_PASSWORD));
    match env::var("HTTPS_PROXY").unwrap().ends_with(":1") {
        true => assert_broken(&report, Link::Network, None, &["cannot be reached", "HTTPS_PROXY"]),
        false => assert_eq!(report.broken(), None, "{report:#?}"),
    }
}

/// Lets through to `target`, wherever a client wants to go.
async fn serve_as_proxy(listener: TcpListener, target: SocketAddr, tunnels: Arc<AtomicUsize>) {
    while let Ok((mut client, _)) = listener.accept().await {
        tunnels.fetch_add(1, Ordering::SeqCst);
        tokio::spawn(async move {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(client.read_u8().await?);
            }
            assert!(head.starts_with(b"CONNECT dev-12345678.okta.com:443 "));
            client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await?;
            let mut server = TcpStream::connect(target).await?;
            tokio::io::copy_bidirectional(&mut client, &mut server).await
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_proxy_is_named_and_never_its_password() {
    if let Some(folder) = env::var_os(CHILD) {
        return look_through_the_proxy(Path::new(&folder)).await;
    }
    let bench = deployed(|_| {}).await;
    let folder = tempfile::tempdir().unwrap();
    bench.stack.write_config(folder.path(), false).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, tunnels) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let target = bench.stack.host_override().unwrap().address;
    tokio::spawn(serve_as_proxy(listener, target, Arc::clone(&tunnels)));
    for port in [port, 1] {
        let mut child = Command::new(env::current_exe().unwrap());
        child.args(["--exact", "--nocapture", "diagnosing::network::the_proxy_is_named_and_never_its_password"]);
        for name in ["https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy", "REQUEST_METHOD"] {
            child.env_remove(name);
        }
        child.env(CHILD, folder.path()).env("HTTPS_PROXY", format!("http://me:{PROXY_PASSWORD}@127.0.0.1:{port}"));
        let output = tokio::task::block_in_place(|| child.output()).unwrap();
        let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
    }
    assert!(tunnels.load(Ordering::SeqCst) > 0);
}

/// What no server of Okta's sends, and what a network sends in its place.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_in_okta_s_place_and_keys_of_another_kind_are_told_apart() {
    let server = Server::start().await;
    // It signs with ECDSA, which is no use to Cognito.
    assert_broken(&server.session().diagnose().await, Link::Keys, Some("okta_issuer_url"), &["no RSA key", "RS256"]);
    let page = |status: u16| {
        let body = "<html>Please accept the hotel's terms</html>";
        let head = format!("HTTP/1.1 {status} Said\r\nContent-Type: text/html\r\n");
        Answer::Raw(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()))
    };
    for (endpoint, answer, link) in [
        ("discovery", page(200), Link::Discovery),
        ("discovery", Answer::redirect(302, "http://portal.example/"), Link::Discovery),
        ("discovery", page(404), Link::Discovery),
        ("discovery", Answer::Json(200, json!({ "issuer": 7 })), Link::Discovery),
        ("keys", page(200), Link::Keys),
        ("keys", page(404), Link::Keys),
        ("keys", Answer::Json(404, json!({ "errorCode": "E0000007" })), Link::Keys),
        ("keys", Answer::Json(200, json!({ "keys": "none" })), Link::Keys),
    ] {
        server.answer(endpoint, answer);
        let report = server.session().diagnose().await;
        assert_eq!(report.broken().map(|broken| broken.link), Some(link), "{endpoint}: {report:#?}");
        assert_eq!(
            report.broken().and_then(|broken| broken.setting()),
            Some("okta_issuer_url"),
            "{endpoint}: {report:#?}"
        );
        server.behave();
    }
    server.announce("token_endpoint", "http://dev-1.okta.com/v1/token");
    let report = server.session().diagnose().await;
    assert_broken(&report, Link::Discovery, Some("okta_issuer_url"), &["token_endpoint", "https"]);
}

/// Calls wait for a minute and try again; who asks what is wrong waits for neither.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_never_answers_is_named_without_another_try() {
    let looking = [
        (Fault::OktaSilent, Link::Network, "okta_issuer_url is http://127.0.0.1:"),
        (Fault::CognitoSilent, Link::Pool, "Auth.identityPoolEndpoint is http://127.0.0.1:"),
        (Fault::S3Silent, Link::Bucket, "Storage.AWSS3.endpoint is http://127.0.0.1:"),
        (Fault::ApiSilent, Link::Api, "no answer in time"),
    ]
    .map(|(fault, link, said)| async move {
        let bench = Bench::start().await;
        let session = bench.signed_in(ALICE).await;
        bench.stack.faults().inject(fault, ALWAYS);
        let begun = Arc::new(Mutex::new(Vec::new()));
        let telling = Arc::clone(&begun);
        let report = session.diagnose_telling(move |link| telling.lock().unwrap().push(link)).await;
        check(&bench, &report);
        assert_broken(&report, link, None, &["no answer in time", said]);
        let begun = begun.lock().unwrap().clone();
        assert!(begun.last().is_some_and(|last| *last <= link) && begun.is_sorted(), "{fault:?}: {begun:?}");
    });
    futures_util::future::join_all(looking).await;
}

/// No decoder is here, and none is asked for by `Accept-Encoding`.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_in_a_coding_is_told_by_its_header_and_a_byte_order_mark_is_none() {
    let server = Server::start().await;
    for (coding, endpoint, link) in
        [("gzip", "discovery", Link::Discovery), ("br", "keys", Link::Keys), ("deflate", "discovery", Link::Discovery)]
    {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4\r\nContent-Encoding";
        server.answer(endpoint, Answer::Bytes(format!("{head}: {coding}\r\n\r\n\u{1f}\u{8}\u{8}\u{0}").into_bytes()));
        let report = server.session().diagnose().await;
        let said = format!("Content-Encoding: {coding}");
        assert_broken(&report, link, Some("proxy"), &[&said, "which nobody asked for"]);
        server.behave();
    }
    // RFC 8259 §8.1. What is in it is looked at: no key.
    let keys = "\u{feff}{\"keys\":[]}";
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length";
    server.answer("keys", Answer::Raw(format!("{head}: {}\r\n\r\n{keys}", keys.len())));
    assert_broken(&server.session().diagnose().await, Link::Keys, Some("okta_issuer_url"), &["no RSA key"]);
}
