//! What stands between a device and the services: certificates, the device's own clock, pages in place of answers. A person
//! is told what it is, and no session and no sign-in is lost by it. On this machine nothing is in between: there a page says
//! that somebody else listens (of a network `diagnosis/place.rs` of the core has the tests).

use std::sync::Arc;
use std::time::Duration;

use jetbridge::storage::MemoryStore;
use jetbridge::{LoginOptions, Obstacle, Recovery, Session, SessionError, SessionState, SignOutMode};
use jetbridge_local_stack::Options;

use crate::bench::{ALICE, Bench};
use crate::hostile_servers::server::{Answer, Server};

const HOUR: Duration = Duration::from_secs(3600);
const YEAR: i64 = 365 * 24 * 3600;

fn obstacle(error: &SessionError) -> Option<Obstacle> {
    match error {
        SessionError::Obstructed { obstacle, .. } => Some(*obstacle),
        _ => None,
    }
}

async fn tls_bench() -> Bench {
    Bench::start_with(Options { tls: true, ..Options::default() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_years_off_is_named() {
    let bench = tls_bench().await;
    let session = bench.signed_in(ALICE).await;
    for years in [-25, 14] {
        bench.clock.set_wrong_by(years * YEAR);
        let error = bench.session().begin_login(LoginOptions::default()).await.unwrap_err();
        assert_eq!(obstacle(&error), Some(Obstacle::Clock), "{years}: {error}");
        assert!(error.to_string().contains("this device's clock says 20"), "{error}");
        assert!(error.hint().unwrap().starts_with("Set this device's date"), "{error}");
        assert_eq!(error.recovery(), Recovery::Retry);
        // AWS's side says the same, and the session stays.
        let process = bench.session();
        assert!(matches!(process.restore().await, SessionState::SignedIn { .. }));
        if let Err(error) = process.aws_credentials().await {
            assert_eq!(obstacle(&error), Some(Obstacle::Clock), "{years}: {error}");
        }
        assert!(matches!(process.state(), SessionState::SignedIn { .. }));
    }
    bench.clock.set_wrong_by(0);
    session.aws_credentials().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_somebody_else_is_no_network_fault() {
    let (bench, other) = (tls_bench().await, tls_bench().await);
    let session = bench.signed_in(ALICE).await;
    session.aws_credentials().await.unwrap();
    let builder = Session::builder(bench.config.clone(), Arc::clone(&bench.store));
    let behind_a_hotspot = builder.root_certificates(other.stack.ca_pem().unwrap().into_bytes()).open().unwrap();
    assert!(matches!(behind_a_hotspot.restore().await, SessionState::SignedIn { .. }));
    let builder = Session::builder(bench.config.clone(), Arc::new(MemoryStore::new()));
    let nobody_there = builder.root_certificates(other.stack.ca_pem().unwrap().into_bytes()).open().unwrap();
    for error in [
        nobody_there.begin_login(LoginOptions::default()).await.map(|_| ()).unwrap_err(),
        behind_a_hotspot.list_objects(jetbridge::ListObjects::default()).next_page().await.map(|_| ()).unwrap_err(),
        behind_a_hotspot.user_info().await.map(|_| ()).unwrap_err(),
    ] {
        assert_eq!(obstacle(&error), Some(Obstacle::Certificate), "{error}");
        assert!(error.hint().unwrap().contains("--ca-file"), "{error}");
    }
    assert!(matches!(behind_a_hotspot.state(), SessionState::SignedIn { .. }));
    assert!(bench.session().aws_credentials().await.is_ok());
}

fn page(status: u16) -> Answer {
    let body = "<html>Please accept the hotel's terms</html>";
    let head = format!("HTTP/1.1 {status} Said\r\nContent-Type: text/html; charset=utf-8\r\n");
    Answer::Raw(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()))
}

fn foreign_answers() -> Vec<(String, Answer)> {
    let redirect = Answer::redirect(302, "http://portal.example/");
    let pages = [200, 400, 401, 403, 511].map(|status| (format!("a page with {status}"), page(status)));
    pages.into_iter().chain([("a redirect".to_owned(), redirect)]).collect()
}

fn assert_told_as_somebody_else(error: &SessionError, why: &str) {
    assert!(error.to_string().starts_with("okta_issuer_url: what answers at 127.0.0.1:"), "{why}: {error}");
    assert!(error.to_string().contains("is not Okta"), "{why}: {error}");
    assert_eq!(error.recovery(), Recovery::FixConfiguration);
    let hint = error.hint().unwrap();
    assert!(hint.starts_with("Set okta_issuer_url") && !hint.contains("report"), "{why}: {hint}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_in_place_of_okta_s_answer_is_nobody_s_fault() {
    let server = Server::start().await;
    for (why, answer) in foreign_answers() {
        for endpoint in ["discovery", "keys"] {
            server.answer(endpoint, answer.clone());
            let error = server.sign_in_that_fails().await;
            assert_told_as_somebody_else(&error, &format!("{endpoint}: {why}"));
            server.behave();
        }
        let session = server.signed_in().await;
        server.answer("userinfo", answer.clone());
        assert_told_as_somebody_else(&session.user_info().await.unwrap_err(), &format!("userinfo: {why}"));
        server.answer("revoke", answer);
        let signed_out = session.sign_out(SignOutMode::Revoke).await.unwrap();
        assert_told_as_somebody_else(&signed_out.revocation.unwrap().unwrap_err(), &format!("revoke: {why}"));
        server.behave();
    }
}

/// Whoever says of one address that it is not there is the server that named it, not a network.
#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_not_there_is_the_server_s_trouble_and_costs_no_session() {
    fn assert_not_there(error: &SessionError, status: u16) {
        let is_issuer = matches!(error, SessionError::Misconfigured { setting, .. } if setting == "okta_issuer_url");
        let told = error.to_string();
        assert!(is_issuer && told.contains(&format!("nothing is there (HTTP status {status})")), "{told}");
        assert!(error.hint().unwrap().contains("Authorization Servers"), "{error:?}");
    }
    let server = Server::start().await;
    for status in [404, 410] {
        server.answer("keys", page(status));
        let error = server.sign_in_that_fails().await;
        assert_not_there(&error, status);
        server.behave();

        let session = server.session();
        let redirect = server.redirect_for(&session).await;
        server.answer("token", page(status));
        assert_not_there(&session.complete_login(&redirect).await.unwrap_err(), status);
        server.behave();
        session.complete_login(&redirect).await.unwrap();
        session.settle().await;

        server.let_time_pass(2 * HOUR);
        server.answer("token", page(status));
        assert_not_there(&session.aws_credentials().await.unwrap_err(), status);
        server.behave();
        session.aws_credentials().await.unwrap();
        session.sign_out(SignOutMode::Local).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_in_place_of_tokens_costs_neither_the_session_nor_the_sign_in() {
    let server = Server::start().await;
    for (why, answer) in foreign_answers() {
        let session = server.session();
        let redirect = server.redirect_for(&session).await;
        server.answer("token", answer.clone());
        let error = session.complete_login(&redirect).await.unwrap_err();
        assert_told_as_somebody_else(&error, &why);
        server.behave();
        assert!(matches!(session.complete_login(&redirect).await.unwrap(), SessionState::SignedIn { .. }), "{why}");
        session.settle().await;

        server.let_time_pass(2 * HOUR);
        server.answer("token", answer);
        let error = session.aws_credentials().await.unwrap_err();
        assert_told_as_somebody_else(&error, &why);
        assert!(matches!(server.session().restore().await, SessionState::SignedIn { .. }), "{why}");
        server.behave();
        session.aws_credentials().await.unwrap();
        session.sign_out(SignOutMode::Local).await.unwrap();
    }
}

/// Unlike a page that says that it is not there: nothing in between does.
#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_without_discovery_is_still_told_as_a_wrong_issuer() {
    let server = Server::start().await;
    for answer in [page(404), Answer::Json(404, serde_json::json!({"errorCode": "E0000007"}))] {
        server.answer("discovery", answer);
        let error = server.session().begin_login(LoginOptions::default()).await.unwrap_err();
        assert!(
            matches!(&error, SessionError::Misconfigured { setting, .. } if setting == "okta_issuer_url"),
            "{error}"
        );
    }
}
