//! Ten thousand renewals with faults in between, as a phone has them over weeks: the session must be alive at the end and
//! memory must not have grown. Run by `cargo xtask bench`; `JETBRIDGE_SOAK` sets another number of renewals.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jetbridge::storage::MemoryStore;
use jetbridge::{Clock, Config, LoginOptions, Session, SessionError, SessionState};
use jetbridge_local_stack::{Fault, LocalStack, Options, ScriptedBrowser};

/// Each stays inside Okta's grace, so none of them may end the session.
const FAULTS: [Fault; 6] = [
    Fault::TokenUnavailable,
    Fault::TokenResponseLost,
    Fault::TokenRateLimited,
    Fault::CognitoUnavailable,
    Fault::CognitoThrottled,
    Fault::DiscoveryUnavailable,
];

/// The stack's time is the device's: both move together.
#[derive(Debug)]
struct StackTime(Arc<LocalStack>);

impl Clock for StackTime {
    fn now(&self) -> std::time::SystemTime {
        self.0.clock().now()
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let renewals: u32 = std::env::var("JETBRIDGE_SOAK").ok().and_then(|text| text.parse().ok()).unwrap_or(10_000);
    // Half of this life is over at every call.
    let lifetime = Duration::from_secs(310);
    let options = Options {
        id_token_lifetime: lifetime,
        access_token_lifetime: lifetime,
        credentials_lifetime: lifetime,
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
    let (mut renewed, mut postponed, mut rss) = (0, 0, BTreeMap::new());
    let mut key = session.aws_credentials().await?;
    while renewed < renewals {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        stack.clock().advance(Duration::from_secs(160));
        if random.is_multiple_of(3) {
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
        stack.log().clear();
        stack.issued_secrets().clear();
        // After a while, and when the stack, in the same process, has its fill of credentials to remember.
        if renewed == renewals / 10 || renewed == renewals / 2 {
            rss.entry(renewed).or_insert_with(resident_kib);
        }
    }
    rss.insert(renewed, resident_kib());
    let SessionState::SignedIn { .. } = session.state() else { return Err("the session was lost".into()) };
    let rss: Vec<_> = rss
        .iter()
        .map(|(renewals, kib)| {
            format!("{} KiB after {renewals}", kib.map_or_else(|| "?".to_owned(), |kib| kib.to_string()))
        })
        .collect();
    let line = format!("{renewed} renewals, {postponed} postponed by a fault, signed in; RSS {}\n", rss.join(", "));
    std::io::Write::write_all(&mut std::io::stdout(), line.as_bytes())?;
    Ok(())
}

fn resident_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().strip_suffix(" kB")?.trim().parse().ok()
}
