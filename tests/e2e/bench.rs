//! A running stack, a store, and sessions over both.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use jetbridge::storage::{MemoryStore, SecretStore};
use jetbridge::{
    Clock, Config, ListObjects, ListedObject, LoginOptions, Session, SessionError, SessionEvent, SessionEvents,
    SessionState, SystemClock,
};
use jetbridge_local_stack::{LocalStack, Options, ScriptedBrowser};
use tokio::task::JoinHandle;

pub(crate) const ALICE: &str = "alice@example.com";
pub(crate) const BOB: &str = "bob@example.com";
pub(crate) const CAROL: &str = "carol@example.com";
pub(crate) const PASSWORD: &str = "open-sesame";

/// A device's clock that a test can set wrong.
#[derive(Debug, Clone, Default)]
pub(crate) struct DeviceClock {
    offset_seconds: Arc<AtomicI64>,
}

impl DeviceClock {
    pub(crate) fn advance(&self, by: Duration) {
        self.offset_seconds.fetch_add(by.as_secs() as i64, Ordering::Relaxed);
    }

    pub(crate) fn set_wrong_by(&self, seconds: i64) {
        self.offset_seconds.store(seconds, Ordering::Relaxed);
    }
}

impl Clock for DeviceClock {
    fn now(&self) -> SystemTime {
        let offset = self.offset_seconds.load(Ordering::Relaxed);
        let magnitude = Duration::from_secs(offset.unsigned_abs());
        let now = SystemClock.now();
        if offset < 0 { now - magnitude } else { now + magnitude }
    }
}

pub(crate) struct Bench {
    pub(crate) stack: Arc<LocalStack>,
    pub(crate) clock: DeviceClock,
    pub(crate) store: Arc<dyn SecretStore>,
    pub(crate) config: Config,
}

impl Bench {
    pub(crate) async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    pub(crate) async fn start_with(options: Options) -> Self {
        let stack = LocalStack::start(options).await.unwrap();
        let config = config_of(&stack, |_, _| {});
        Self { stack: Arc::new(stack), clock: DeviceClock::default(), store: Arc::new(MemoryStore::new()), config }
    }

    /// A process of the app: nothing in memory, the store as it is.
    pub(crate) fn session(&self) -> Session {
        self.session_with(self.config.clone())
    }

    pub(crate) fn session_with(&self, config: Config) -> Session {
        let mut builder = Session::builder(config, Arc::clone(&self.store)).clock(Arc::new(self.clock.clone()));
        if let Some(ca) = self.stack.ca_pem() {
            builder = builder.root_certificates(ca.into_bytes());
        }
        if let Some(known) = self.stack.host_override() {
            builder = builder.resolve(&known.host, known.address);
        }
        builder.open().unwrap()
    }

    pub(crate) fn browser(&self) -> ScriptedBrowser {
        ScriptedBrowser::with_override(self.stack.ca_pem().as_deref(), self.stack.host_override()).unwrap()
    }

    /// The person at the browser, from the authorization URL to the redirect.
    pub(crate) async fn browse(&self, url: &str, login: &str) -> String {
        self.browser().sign_in(url, login, PASSWORD).await.unwrap()
    }

    /// `begin_login` and the browser; the redirect is still to be given to a session.
    pub(crate) async fn redirect_for(&self, session: &Session, login: &str) -> String {
        let request = session.begin_login(LoginOptions::default()).await.unwrap();
        self.browse(&request.url, login).await
    }

    pub(crate) async fn sign_in(&self, session: &Session, login: &str) -> SessionState {
        let redirect = self.redirect_for(session, login).await;
        let state = session.complete_login(&redirect).await.unwrap();
        // What goes on beside the sign-in must not meet what the test does next.
        session.settle().await;
        state
    }

    pub(crate) async fn signed_in(&self, login: &str) -> Session {
        let session = self.session();
        assert!(matches!(self.sign_in(&session, login).await, SessionState::SignedIn { .. }));
        session
    }

    /// Time passes for everybody: the device and the services.
    pub(crate) fn let_time_pass(&self, time: Duration) {
        self.clock.advance(time);
        self.stack.clock().advance(time);
    }

    pub(crate) fn count(&self, operation: &str) -> usize {
        self.stack.log().count(operation)
    }
}

/// The stack's own configuration files, changed as a careless hand might.
pub(crate) fn config_of(
    stack: &LocalStack,
    change: impl FnOnce(&mut serde_json::Value, &mut serde_json::Value),
) -> Config {
    let files = stack.config_files();
    let mut okta = serde_json::from_str(&files.okta_config).unwrap();
    let mut aws = serde_json::from_str(&files.aws_exports).unwrap();
    change(&mut okta, &mut aws);
    Config::parse(&okta.to_string(), &aws.to_string()).unwrap()
}

pub(crate) async fn list(session: &Session, request: ListObjects) -> Result<Vec<ListedObject>, SessionError> {
    let mut pages = session.list_objects(request);
    let mut objects = Vec::new();
    while let Some(page) = pages.next_page().await? {
        objects.extend(page.objects);
    }
    Ok(objects)
}

pub(crate) async fn list_everything(session: &Session) -> Vec<ListedObject> {
    list(session, ListObjects::default()).await.unwrap()
}

/// Waits for the next event of a kind, past others.
pub(crate) async fn next_event(events: &mut SessionEvents, wanted: impl Fn(&SessionEvent) -> bool) -> SessionEvent {
    loop {
        let event = events.next().await.unwrap();
        if wanted(&event) {
            return event;
        }
    }
}

/// Waits until `condition` holds; what it waits for happens beside the call that caused it.
pub(crate) async fn eventually(what: &str, condition: impl Fn() -> bool) {
    for _ in 0..500 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never happened: {what}");
}

/// Finishes a sign-in beside what the test does next. A stack with latency is still at it when this returns.
pub(crate) async fn complete_beside(
    session: &Session,
    redirect: String,
) -> JoinHandle<Result<SessionState, SessionError>> {
    let session = session.clone();
    let completing = tokio::spawn(async move { session.complete_login(&redirect).await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    completing
}

/// A caller that makes a call and is dropped while it waits for the answer: a screen that is closed. Whatever the call
/// does up to its first wait has happened when this returns.
pub(crate) async fn call_and_go_away(call: impl Future<Output = ()> + Send + 'static) {
    let (begins, has_begun) = tokio::sync::oneshot::channel();
    let caller = tokio::spawn(async move {
        let _ = begins.send(());
        call.await;
    });
    has_begun.await.unwrap();
    caller.abort();
    let _ = caller.await;
}
