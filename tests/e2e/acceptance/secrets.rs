//! 15: nothing secret leaves the library sideways. A whole life of a session, good days and bad ones, is logged at TRACE
//! for our targets (and at WARN for the dependencies, as shipped), with every error, event and `Debug` text, and searched for
//! every secret there was.

use std::fmt;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jetbridge::{
    ApiRequest, ListObjects, LoginOptions, PresignObject, PresignedMethod, Session, SessionError, SessionEvents,
    SignOutMode, TransferOptions,
};
use jetbridge_local_stack::Fault;
use serde_json::Value;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use url::{Url, form_urlencoded};

use super::processes::{is_alone, run_alone};
use crate::bench::{ALICE, BOB, Bench, list};

const HOUR: Duration = Duration::from_secs(3600);

/// All that could be seen.
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    fn note(&self, shown: impl fmt::Debug) {
        self.0.lock().unwrap().extend_from_slice(format!("{shown:?}\n{shown:#?}\n").as_bytes());
    }

    fn note_error<T>(&self, outcome: Result<T, SessionError>) {
        let error = outcome.err().unwrap_or_else(|| panic!("this was to fail"));
        self.note((error.to_string(), error.hint()));
        self.note(error);
    }

    fn note_events(&self, events: &mut SessionEvents) {
        while let Some(event) = events.try_next() {
            self.note(event);
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// One life, and the secrets that the library made itself; the stack knows those that it issued.
struct Life {
    bench: Bench,
    captured: Captured,
    own_secrets: Vec<String>,
}

impl Life {
    fn stored(&self) -> Option<Vec<u8>> {
        self.bench.store.load(&self.name()).unwrap().map(|stored| stored.to_vec())
    }

    fn name(&self) -> String {
        format!("default.{}", self.bench.config.fingerprint().short())
    }

    /// Asks for a sign-in and gives the redirect. The URL carries state, nonce and challenge; the store has the verifier.
    async fn redirect(&mut self, session: &Session, login: &str) -> String {
        let request = session.begin_login(LoginOptions::default()).await.unwrap();
        self.captured.note(&request);
        let redirect = self.bench.browse(&request.url, login).await;
        for url in [&request.url, &redirect] {
            let url = Url::parse(url).unwrap();
            let is_secret = |name: &str| matches!(name, "state" | "nonce" | "code_challenge" | "code");
            self.own_secrets
                .extend(url.query_pairs().filter(|(name, _)| is_secret(name)).map(|(_, value)| value.into_owned()));
        }
        let stored: Value = serde_json::from_slice(&self.stored().unwrap()).unwrap();
        for pending in stored["pending"].as_array().unwrap() {
            self.own_secrets.push(pending["verifier"].as_str().unwrap().to_owned());
        }
        redirect
    }

    async fn sign_in(&mut self, session: &Session, login: &str) {
        let redirect = self.redirect(session, login).await;
        self.captured.note(session.complete_login(&redirect).await.unwrap());
        session.settle().await;
    }

    async fn fail_to_sign_in(&mut self) {
        let session = self.bench.session();
        for fault in
            [Fault::TokenUnavailable, Fault::IdTokenTampered, Fault::IdTokenWrongNonce, Fault::NoMatchingPolicy]
        {
            self.bench.stack.faults().inject(fault, 1);
            let redirect = self.redirect(&session, ALICE).await;
            for wrong in [redirect.replace("state=", "state=x"), redirect.replace("com.okta", "com.other")] {
                self.captured.note_error(session.complete_login(&wrong).await);
            }
            self.captured.note_error(session.complete_login(&redirect).await);
            self.captured.note(session.diagnose().await);
        }
        self.captured.note(&session);
    }

    async fn use_everything(&mut self, session: &Session) {
        self.captured.note((session, session.state(), session.details(), session.sdk_config(), session.config()));
        self.captured.note(session.s3_config());
        self.captured.note(session.aws_credentials().await.unwrap());
        self.captured.note(session.access_token().await.unwrap());
        self.captured.note(session.user_info().await.unwrap());
        self.captured.note(session.diagnose().await);
        let mut pages = session.list_objects(ListObjects::default());
        self.captured.note(&pages);
        pages.next_page().await.unwrap();
        self.captured.note((session.details(), &self.bench.store));
        let mut request = ApiRequest {
            method: "POST".to_owned(),
            url: self.bench.stack.endpoints().api.join("echo?q=secret-in-query").unwrap().into(),
            headers: vec![("X-Own".to_owned(), "secret-in-header".to_owned())],
            body: b"secret-in-body".to_vec(),
            ..ApiRequest::default()
        };
        self.captured.note(&request);
        let signed = session.sign_request(&request).await.unwrap();
        self.captured.note(&signed);
        let signatures = signed.headers().iter().filter(|(name, _)| name == "authorization");
        self.own_secrets.extend(signatures.map(|(_, value)| value.rsplit('=').next().unwrap().to_owned()));
        self.own_secrets.extend(["secret-in-query", "secret-in-header", "secret-in-body"].map(str::to_owned));
        let answer = session.call_api(request.clone()).await.unwrap();
        assert_eq!(answer.status, 200);
        self.captured.note(answer);
        request.headers[0].1.push('\n');
        self.captured.note_error(session.call_api(request).await);
    }

    /// Objects both ways, those that are refused too, and URLs for others.
    async fn move_objects(&mut self, session: &Session) {
        let folder = tempfile::tempdir().unwrap();
        let (source, target) = (folder.path().join("source"), folder.path().join("target"));
        std::fs::write(&source, b"secret-in-object".repeat(400_000)).unwrap();
        self.own_secrets.push("secret-in-object".to_owned());
        let options = || TransferOptions {
            part_size: Some(5 * 1024 * 1024),
            resume_folder: Some(folder.path().join("journals")),
            start_over: true,
            ..TransferOptions::default()
        };
        self.captured.note(session.put_object("up/secret".into(), "secret-in-object").await.unwrap());
        self.captured.note(session.upload_file("up/secret".into(), &source, options()).await.unwrap());
        self.captured.note(session.download_object("up/secret".into(), &target, options()).await.unwrap());
        self.captured.note(session.get_object("up/secret".into()).await.unwrap());
        for fault in [Fault::S3AccessDenied, Fault::S3ExpiredToken, Fault::S3InvalidToken] {
            self.bench.stack.faults().inject(fault, 1000);
            self.captured.note_error(session.upload_file("up/secret".into(), &source, options()).await);
            self.captured.note_error(session.download_object("up/secret".into(), &target, options()).await);
            self.captured.note_error(session.put_object("up/secret".into(), "secret-in-object").await);
            self.captured.note_error(session.delete_object("up/secret".into()).await);
            self.bench.stack.faults().inject(fault, 0);
        }
        for method in [PresignedMethod::Get, PresignedMethod::Put] {
            let request = PresignObject { object: "up/secret".into(), method, ..PresignObject::default() };
            self.captured.note(&request);
            let presigned = session.presign_object(request).await.unwrap();
            self.captured.note(&presigned);
            let url = Url::parse(presigned.url()).unwrap();
            let signature = url.query_pairs().find(|(name, _)| name == "X-Amz-Signature").unwrap().1.into_owned();
            self.own_secrets.push(signature);
        }
        session.settle().await;
    }

    async fn be_refused(&self, session: &Session) {
        for fault in
            [Fault::S3AccessDenied, Fault::S3ExpiredToken, Fault::S3InvalidToken, Fault::S3PageCut, Fault::S3SlowDown]
        {
            self.bench.stack.faults().inject(fault, 1000);
            self.captured.note_error(list(session, ListObjects::default()).await);
            self.bench.stack.faults().inject(fault, 0);
        }
        for fault in [
            Fault::TokenRateLimited,
            Fault::IdTokenTampered,
            Fault::CognitoUnsupportedProvider,
            Fault::CognitoIdentityForbidden,
            Fault::CognitoUnavailable,
        ] {
            self.bench.let_time_pass(HOUR);
            self.bench.stack.faults().inject(fault, 1000);
            self.captured.note_error(session.aws_credentials().await);
            self.captured.note(session.diagnose().await);
            self.bench.stack.faults().inject(fault, 0);
        }
        self.captured.note(session.aws_credentials().await.unwrap());
    }

    /// A store whose content is cut off, or is somebody else's, must not be quoted.
    async fn damage_the_store(&self) {
        let whole = self.stored().unwrap();
        for damaged in [&whole[..whole.len() / 2], &[b"x", &whole[..]].concat(), b"{\"schema\":99}"] {
            self.bench.store.save(&self.name(), damaged).unwrap();
            let session = self.bench.session();
            self.captured.note(session.restore().await);
            self.captured.note_error(session.aws_credentials().await);
            self.captured.note(session.diagnose().await);
        }
        self.bench.store.save(&self.name(), &whole).unwrap();
    }

    async fn end_by_reuse(&self, session: &Session) {
        self.bench.let_time_pass(HOUR);
        self.bench.stack.faults().inject(Fault::TokenResponseLost, 1000);
        self.captured.note_error(session.aws_credentials().await);
        self.bench.stack.faults().inject(Fault::TokenResponseLost, 0);
        self.bench.let_time_pass(HOUR);
        self.captured.note_error(session.aws_credentials().await);
        self.captured.note(session.state());
    }

    async fn run(&mut self) {
        self.fail_to_sign_in().await;
        let session = self.bench.session();
        let mut events = session.events();
        self.sign_in(&session, ALICE).await;
        self.use_everything(&session).await;
        self.move_objects(&session).await;
        self.be_refused(&session).await;
        self.damage_the_store().await;
        let next = self.bench.session();
        self.use_everything(&next).await;
        self.bench.clock.set_wrong_by(-3 * 3600);
        self.captured.note(list(&session, ListObjects::default()).await.map(|objects| objects.len()));
        self.bench.clock.set_wrong_by(6 * 3600);
        self.sign_in(&session, BOB).await;
        self.end_by_reuse(&session).await;
        self.sign_in(&session, ALICE).await;
        self.captured.note(session.sign_out(SignOutMode::EndSession).await.unwrap());
        self.captured.note_events(&mut events);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn acceptance_15_no_secret_is_in_any_log_error_event_or_debug() {
    // What every thread logs goes to one place, and whether anybody listens is a matter of the process: alone, then.
    if !is_alone() {
        return run_alone("acceptance::secrets::acceptance_15_no_secret_is_in_any_log_error_event_or_debug");
    }
    let captured = Captured::default();
    let writer = captured.clone();
    let wanted = Targets::new().with_default(LevelFilter::WARN).with_target("jetbridge", LevelFilter::TRACE);
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .finish()
        .with(wanted)
        .init();
    let mut life = Life { bench: Bench::start().await, captured: captured.clone(), own_secrets: Vec::new() };
    life.run().await;

    let text = captured.text();
    for shown in
        ["answered", "AwsCredentials", "UserChanged", "RefreshTokenRefused", "damaged", "PresignedUrl", "DEBUG", "WARN"]
    {
        assert!(text.contains(shown), "{shown} was captured");
    }
    let (own, issued) = (life.own_secrets, life.bench.stack.issued_secrets().all());
    assert!(own.len() > 40 && issued.len() > 60, "{} and {}", own.len(), issued.len());
    // Neither as they are nor as a URL has them. Shorter values would be found by chance.
    for (number, secret) in own.iter().chain(&issued).filter(|secret| secret.len() >= 12).enumerate() {
        let in_a_url: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        assert!(!text.contains(secret.as_str()) && !text.contains(&in_a_url), "secret number {number} leaked");
    }
}
