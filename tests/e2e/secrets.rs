//! Nothing secret leaves the library sideways: a whole life of a session is logged at TRACE for our targets (and at WARN
//! for the dependencies, as shipped), errors and `Debug` included, and searched for every secret there was.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jetbridge::{LoginOptions, SignOutMode};
use jetbridge_local_stack::Fault;
use tracing::Instrument as _;
use tracing::instrument::WithSubscriber as _;
use tracing_subscriber::EnvFilter;
use url::Url;

use crate::bench::{ALICE, Bench, list};

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    fn note(&self, text: impl std::fmt::Display) {
        self.0.lock().unwrap().extend_from_slice(format!("{text}\n").as_bytes());
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

/// The secrets that the library made itself: the URL carries state, nonce and challenge.
fn secrets_of_url(url: &str) -> Vec<String> {
    let url = Url::parse(url).unwrap();
    url.query_pairs()
        .filter(|(name, _)| matches!(&**name, "state" | "nonce" | "code_challenge" | "code"))
        .map(|(_, value)| value.into_owned())
        .collect()
}

// One thread, so that what the library spawns logs to the same subscriber.
#[tokio::test]
async fn no_secret_is_in_logs_errors_or_debug() {
    let captured = Captured::default();
    let writer = captured.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new("warn,jetbridge=trace"))
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let bench = Bench::start().await;
    let mut secrets = Vec::new();

    async {
        let session = bench.session();
        for fault in [Fault::TokenUnavailable, Fault::IdTokenTampered, Fault::NoMatchingPolicy] {
            bench.stack.faults().inject(fault, 1);
            let request = session.begin_login(LoginOptions::default()).await.unwrap();
            let redirect = bench.browse(&request.url, ALICE).await;
            secrets.extend(secrets_of_url(&request.url).into_iter().chain(secrets_of_url(&redirect)));
            captured.note(format!("{request:?}"));
            let forged = redirect.replace("state=", "state=x");
            for attempt in [&forged, &redirect] {
                if let Err(error) = session.complete_login(attempt).await {
                    captured.note(format!("{error} {error:?} {:?}", error.hint()));
                }
            }
        }
        let request = session.begin_login(LoginOptions::default()).await.unwrap();
        let redirect = bench.browse(&request.url, ALICE).await;
        secrets.extend(secrets_of_url(&request.url).into_iter().chain(secrets_of_url(&redirect)));
        captured.note(format!("{:?}", session.complete_login(&redirect).await));
        captured.note(format!("{:?}", session.aws_credentials().await));
        captured.note(format!("{:?} {:?} {:?}", session, session.details(), session.sdk_config()));
        for fault in [Fault::S3AccessDenied, Fault::S3ExpiredToken, Fault::S3PageCut, Fault::CognitoUnsupportedProvider]
        {
            bench.stack.faults().inject(fault, 4);
            captured.note(format!("{:?}", list(&session, Default::default()).await));
        }
        bench.let_time_pass(Duration::from_secs(2 * 3600));
        for fault in [Fault::TokenResponseLost, Fault::TokenRateLimited, Fault::CognitoUnsupportedProvider] {
            bench.stack.faults().inject(fault, 1);
            captured.note(format!("{:?}", session.aws_credentials().await));
        }
        captured.note(format!("{:?}", session.aws_credentials().await));
        captured.note(format!("{:?}", list(&session, Default::default()).await.map(|objects| objects.len())));
        let outcome = session.sign_out(SignOutMode::EndSession).await;
        captured.note(format!("{outcome:?}"));
    }
    .instrument(tracing::info_span!("life"))
    .with_current_subscriber()
    .await;

    let text = captured.text();
    assert!(text.contains("signed in") || text.contains("AwsCredentials"), "the capture works");
    secrets.extend(bench.stack.issued_secrets().all());
    assert!(secrets.len() > 20, "{}", secrets.len());
    for (number, secret) in secrets.iter().enumerate() {
        // Short values (a demo password's length, say) would be found by chance.
        assert!(secret.len() < 12 || !text.contains(secret.as_str()), "secret number {number} leaked");
    }
}
