//! Renewal after renewal with faults in between, as a phone has them over weeks, for each kind of app that Okta knows: the
//! session must be alive at the end and memory must not have grown. Run by `cargo xtask bench soak`; `JETBRIDGE_SOAK` sets
//! another number of renewals than 500 for each.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use jetbridge::storage::MemoryStore;
use jetbridge::{Clock, Config, LoginOptions, Session, SessionError, SessionState};
use jetbridge_local_stack::{Fault, LocalStack, Options, Rotation, ScriptedBrowser};

type Failure = Box<dyn std::error::Error>;

/// None of them spends a refresh token, so none may end a session.
const FAULTS: [Fault; 5] = [
    Fault::TokenUnavailable,
    Fault::TokenRateLimited,
    Fault::CognitoUnavailable,
    Fault::CognitoThrottled,
    Fault::DiscoveryUnavailable,
];
/// Where a lost answer can be survived, so many renewals lose one.
const LOST_ONE_IN: u32 = 10;
/// Half of this life is over at every call.
const LIFETIME: Duration = Duration::from_secs(310);

/// The stack's time is the device's: both move together.
#[derive(Debug)]
struct StackTime(Arc<LocalStack>);

impl Clock for StackTime {
    fn now(&self) -> std::time::SystemTime {
        self.0.clock().now()
    }
}

/// A kind of app, and whether answers get lost on their way to it.
struct App {
    name: &'static str,
    rotation: Rotation,
    loses_answers: bool,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let renewals: u32 = std::env::var("JETBRIDGE_SOAK").ok().and_then(|text| text.parse().ok()).unwrap_or(500);
    for app in [
        App { name: "persistent tokens", rotation: Rotation::Off, loses_answers: true },
        App { name: "rotation, grace 30 s", rotation: grace(30), loses_answers: true },
        // What is lost here is lost for good: Okta has forgotten the old token, and nobody has the new one.
        App { name: "rotation, grace 0 s", rotation: grace(0), loses_answers: false },
    ] {
        let line = soak(&app, renewals).await.map_err(|error| format!("{}: {error}", app.name))?;
        writeln!(std::io::stdout(), "{line}")?;
    }
    Ok(())
}

fn grace(seconds: u64) -> Rotation {
    Rotation::WithGrace(Duration::from_secs(seconds))
}

async fn soak(app: &App, renewals: u32) -> Result<String, Failure> {
    let options = Options {
        id_token_lifetime: LIFETIME,
        access_token_lifetime: LIFETIME,
        credentials_lifetime: LIFETIME,
        rotation: app.rotation,
        ..Options::default()
    };
    let stack = Arc::new(LocalStack::start(options).await?);
    let files = stack.config_files();
    let config = Config::parse(&files.okta_config, &files.aws_exports)?;
    let session =
        Session::builder(config, Arc::new(MemoryStore::new())).clock(Arc::new(StackTime(stack.clone()))).open()?;
    let request = session.begin_login(LoginOptions::default()).await?;
    let user = &stack.options().users[0];
    let redirect = ScriptedBrowser::new(None)?.sign_in(&request.url, &user.login, &user.password).await?;
    session.complete_login(&redirect).await?;
    session.settle().await;

    // A fixed sequence: a failure can be looked at again.
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let (mut renewed, mut postponed, mut lost) = (0, 0, 0);
    let mut rss_at_first = None;
    let mut key = session.aws_credentials().await?;
    stack.log().clear();
    let mut token_requests = 0;
    while renewed < renewals {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        stack.clock().advance(LIFETIME / 2 + Duration::from_secs(5));
        let is_due_to_lose = app.loses_answers && renewed + 1 >= (lost + 1) * LOST_ONE_IN;
        if is_due_to_lose {
            stack.faults().inject(Fault::TokenResponseLost, 1);
            lost += 1;
        } else if random.is_multiple_of(4) {
            stack.faults().inject(FAULTS[usize::try_from(random >> 8)? % FAULTS.len()], 1);
        }
        match session.aws_credentials().await {
            Ok(credentials) if credentials.access_key_id() != key.access_key_id() => {
                renewed += 1;
                key = credentials;
            }
            // The old ones still last, or it is to be tried again: what a passing fault costs.
            Ok(_) | Err(SessionError::Retryable { .. }) => postponed += 1,
            Err(error) => return Err(format!("renewal {renewed}: {error}").into()),
        }
        token_requests += stack.log().count("token");
        stack.log().clear();
        stack.issued_secrets().clear();
        if renewed == renewals / 10 {
            rss_at_first = rss_at_first.or_else(resident_kib);
        }
    }
    let SessionState::SignedIn { .. } = session.state() else { return Err("the session was lost".into()) };
    let kib = |rss: Option<u64>| rss.map_or_else(|| "?".to_owned(), |kib| kib.to_string());
    Ok(format!(
        "{}: {renewed} renewals by {token_requests} token requests, {lost} answers lost, {postponed} postponed by another \
         fault, signed in; RSS {} KiB after a tenth, {} KiB at the end",
        app.name,
        kib(rss_at_first),
        kib(resident_kib())
    ))
}

fn resident_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().strip_suffix(" kB")?.trim().parse().ok()
}
