//! The Rust of docs/aws.md and of the README, compiled, and that of the guide run: a piece of it that is not in this file, line by
//! line, fails the first test. Here and not as documentation tests, which would be one more program to link.

use std::path::Path;
use std::time::Duration;

use jetbridge::storage::{EncryptedFileStore, default_directory};
use jetbridge::{ApiRequest, ApiResponse, ListObjects, PresignObject, PresignedUrl, SessionError, TransferOptions};
use jetbridge::{Config, LoginOptions, Session};
use serde_json::Value;

use crate::bench::{ALICE, Bench, config_of};

const GUIDE: &str = include_str!("../../docs/aws.md");
const README: &str = include_str!("../../README.md");
const HERE: &str = include_str!("guide.rs");

async fn move_report(session: &Session, report: &Path, copy: &Path, app: &Path) -> Result<PresignedUrl, SessionError> {
    let resumed = TransferOptions { resume_folder: Some(app.join("transfers")), ..TransferOptions::default() };
    session.upload_file("reports/2026/report.pdf".into(), report, resumed).await?;
    session.download_object("reports/2026/report.pdf".into(), copy, TransferOptions::default()).await?;
    let lasts = Some(Duration::from_secs(30 * 60));
    let shared = PresignObject { object: "reports/2026/report.pdf".into(), lasts, ..PresignObject::default() };
    let shared = session.presign_object(shared).await?; // shared.url(), until shared.expires_at()
    Ok(shared)
}

async fn list_all(session: &Session) -> Result<Vec<String>, SessionError> {
    let request = ListObjects { parallel: Some(8), ..ListObjects::default() };
    let mut pages = session.list_objects(request);
    let mut keys = Vec::new();
    while let Some(page) = pages.next_page().await? {
        keys.extend(page.objects.into_iter().map(|object| object.key));
    }
    Ok(keys)
}

async fn order(session: &Session, orders: &str) -> Result<ApiResponse, SessionError> {
    let order = ApiRequest {
        method: "POST".into(),
        url: orders.into(), // https://api.example.com/orders
        headers: vec![("Content-Type".into(), "application/json".into())],
        body: br#"{"item": 7}"#.to_vec(),
        ..ApiRequest::default()
    };
    let answer = session.call_api(order).await?; // answer.status, answer.body
    Ok(answer)
}

fn clients(session: &Session) -> (aws_sdk_sts::Client, aws_sdk_s3::Client) {
    let sts = aws_sdk_sts::Client::new(&session.sdk_config()); // any crate of the SDK
    let s3 = aws_sdk_s3::Client::from_conf(session.s3_config()); // in the bucket's region, at its endpoint
    (sts, s3)
}

/// The README's, compiled only: it is about the user's own folders.
async fn begin(redirect: String) -> Result<aws_sdk_sts::Client, Box<dyn std::error::Error>> {
    let config = Config::load("config".as_ref())?;
    let store = EncryptedFileStore::open_auto(&default_directory()?)?;
    let session = Session::open(config, std::sync::Arc::new(store))?;
    let request = session.begin_login(LoginOptions::default()).await?;
    // Open request.url in the system browser; your app receives the redirect URI.
    session.complete_login(&redirect).await?;
    let sts = aws_sdk_sts::Client::new(&session.sdk_config()); // any crate of the AWS SDK
    drop(request);
    Ok(sts)
}

/// The pieces of a page in one language, in order.
fn pieces(page: &'static str, language: &str) -> Vec<&'static str> {
    let pieces = page.split("```").skip(1).step_by(2);
    pieces.filter_map(|piece| piece.strip_prefix(language)?.strip_prefix('\n')).collect()
}

#[test]
fn every_piece_of_rust_in_the_guide_is_compiled() {
    let trim = |text: &str| text.lines().map(str::trim).collect::<Vec<_>>().join("\n");
    let (guide, readme) = (pieces(GUIDE, "rust"), pieces(README, "rust"));
    assert_eq!((guide.len(), readme.len()), (4, 1));
    let _compiled = begin;
    // What is imported stands above all, in one place with the rest.
    let readme = readme.iter().flat_map(|piece| piece.split_once("\n\n")).map(|(_, code)| code);
    for piece in guide.into_iter().chain(readme) {
        assert!(trim(HERE).contains(trim(piece).trim()), "{piece}");
    }
}

#[tokio::test]
async fn the_guide_s_configuration_names_an_api() {
    let bench = Bench::start().await;
    let [piece] = pieces(GUIDE, "json")[..] else { panic!("one piece of JSON") };
    let piece: Value = serde_json::from_str(&format!("{{{piece}}}")).unwrap();
    let config = config_of(&bench.stack, |_, exports| exports["API"] = piece["API"].clone());
    let [api] = config.api_endpoints() else { panic!("one API") };
    assert_eq!(
        (api.name.as_str(), api.url.as_str(), api.service.as_str()),
        ("orders", "https://api.example.com/", "execute-api")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guide_s_rust_moves_objects_calls_an_api_and_makes_clients() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    let folder = tempfile::tempdir().unwrap();
    let (report, copy) = (folder.path().join("report.pdf"), folder.path().join("copy.pdf"));
    std::fs::write(&report, "a report").unwrap();
    let shared = move_report(&session, &report, &copy, folder.path()).await.unwrap();
    assert_eq!(std::fs::read(&copy).unwrap(), b"a report");
    assert!(shared.url().contains("/reports/2026/report.pdf?") && !shared.is_cut_short());
    assert!(list_all(&session).await.unwrap().contains(&"reports/2026/report.pdf".to_owned()));

    let orders = bench.stack.endpoints().api.join("echo").unwrap();
    let answer = order(&session, orders.as_str()).await.unwrap();
    let seen: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!((answer.status, seen["body"].as_str()), (200, Some(r#"{"item": 7}"#)));

    let (sts, s3) = clients(&session);
    let page = s3.list_objects_v2().bucket(session.config().bucket()).max_keys(1).send().await.unwrap();
    assert_eq!(page.contents().len(), 1);
    let caller = sts.get_caller_identity().send().await.unwrap();
    assert!(caller.arn().unwrap().contains(":assumed-role/"), "{caller:?}");
}
