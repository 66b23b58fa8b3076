//! The strict local stack as an object, for tests in every language and for debug builds of the apps. Only with the
//! feature `local-stack`: it has passwords and prints secrets, and belongs in no release.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use jetbridge::{Clock, SystemClock};
use jetbridge_local_stack::{
    BrowserError, ConfigFiles, Fault, LocalStack as Stack, Options, Rotation, ScriptedBrowser,
};

use crate::config::JetbridgeConfig;
use crate::error::SessionError;
use crate::session::{CoreSession, SessionOptions};
use crate::storage::SecretStore;

/// How to start a stack. What is left out has the stack's own default.
#[derive(Debug, Clone, uniffi::Record)]
pub struct LocalStackOptions {
    /// First of five ports in a row; without it, the system chooses.
    #[uniffi(default = None)]
    pub port: Option<u16>,
    /// Serve https with a certificate of the stack's own.
    #[uniffi(default = false)]
    pub tls: bool,
    /// Lifetime of ID and access tokens.
    #[uniffi(default = None)]
    pub token_lifetime_seconds: Option<u64>,
    /// Lifetime of AWS credentials.
    #[uniffi(default = None)]
    pub credentials_lifetime_seconds: Option<u64>,
    /// How long a rotated refresh token may still be used.
    #[uniffi(default = None)]
    pub rotation_grace_seconds: Option<u64>,
    /// A further sign-in redirect URI to register.
    #[uniffi(default = None)]
    pub redirect_uri: Option<String>,
    /// Whether ID tokens have `department`, `groups` and `jetbridge_role`, which an administrator has to add at Okta.
    #[uniffi(default = false)]
    pub access_claims: bool,
}

/// Why the stack did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum LocalStackError {
    /// It did not start.
    #[error("{detail}")]
    Start {
        /// Why, and what to do.
        detail: String,
    },
    /// It was shut down before.
    #[error("the local stack was shut down")]
    Stopped,
    /// The scripted browser did not get as far as the redirect.
    #[error("{detail}")]
    Browser {
        /// What the page said.
        detail: String,
    },
    /// There is no fault of this name.
    #[error("there is no fault called {fault}")]
    UnknownFault {
        /// The name that was given.
        fault: String,
    },
}

impl From<BrowserError> for LocalStackError {
    fn from(error: BrowserError) -> Self {
        Self::Browser { detail: error.to_string() }
    }
}

/// A running stack. It ends with `shutdown`, or when the last reference goes.
#[derive(uniffi::Object)]
pub struct LocalStack {
    running: Mutex<Option<Stack>>,
    files: ConfigFiles,
}

impl LocalStack {
    fn with<R>(&self, ask: impl FnOnce(&Stack) -> R) -> Result<R, LocalStackError> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.as_ref().map(ask).ok_or(LocalStackError::Stopped)
    }

    /// A fresh browser each time: nobody is signed in from before.
    fn browser(&self) -> Result<ScriptedBrowser, LocalStackError> {
        Ok(ScriptedBrowser::new(self.files.ca_pem.as_deref())?)
    }
}

#[uniffi::export(async_runtime = "tokio")]
impl LocalStack {
    /// Starts a stack on 127.0.0.1; it is ready when this returns.
    ///
    /// # Errors
    /// `Start`.
    #[uniffi::constructor]
    pub async fn start(options: LocalStackOptions) -> Result<Arc<Self>, LocalStackError> {
        let mut chosen = Options {
            port: options.port.unwrap_or(0),
            tls: options.tls,
            access_claims: options.access_claims,
            ..Options::default()
        };
        let seconds = |wanted: Option<u64>, default| wanted.map_or(default, Duration::from_secs);
        chosen.id_token_lifetime = seconds(options.token_lifetime_seconds, chosen.id_token_lifetime);
        chosen.access_token_lifetime = seconds(options.token_lifetime_seconds, chosen.access_token_lifetime);
        chosen.credentials_lifetime = seconds(options.credentials_lifetime_seconds, chosen.credentials_lifetime);
        if let Some(grace) = options.rotation_grace_seconds {
            chosen.rotation = Rotation::WithGrace(Duration::from_secs(grace));
        }
        chosen.redirect_uris.extend(options.redirect_uri);
        let stack = Stack::start(chosen).await.map_err(|error| LocalStackError::Start { detail: error.to_string() })?;
        let files = stack.config_files();
        Ok(Arc::new(Self { running: Mutex::new(Some(stack)), files }))
    }

    /// The text of `okta-config.json` for an app that uses this stack.
    pub fn okta_config_json(&self) -> String {
        self.files.okta_config.clone()
    }

    /// The text of `aws-exports.json`.
    pub fn aws_exports_json(&self) -> String {
        self.files.aws_exports.clone()
    }

    /// The certificate to trust, when the stack serves https.
    pub fn ca_pem(&self) -> Option<String> {
        self.files.ca_pem.clone()
    }

    /// What the demo user types into the sign-in page.
    ///
    /// # Errors
    /// `Stopped`.
    pub fn user_login(&self) -> Result<String, LocalStackError> {
        self.with(|stack| stack.options().users.first().map(|user| user.login.clone()).unwrap_or_default())
    }

    /// The demo user's password.
    ///
    /// # Errors
    /// `Stopped`.
    pub fn user_password(&self) -> Result<String, LocalStackError> {
        self.with(|stack| stack.options().users.first().map(|user| user.password.clone()).unwrap_or_default())
    }

    /// Signs in at the real sign-in page, as a person would, and gives the redirect URI.
    ///
    /// # Errors
    /// `Browser` with what the page said.
    pub async fn sign_in(&self, url: &str, login: &str, password: &str) -> Result<String, LocalStackError> {
        Ok(self.browser()?.sign_in(url, login, password).await?)
    }

    /// Presses Cancel on the sign-in page, and gives the redirect URI.
    ///
    /// # Errors
    /// As for `sign_in`.
    pub async fn deny(&self, url: &str) -> Result<String, LocalStackError> {
        Ok(self.browser()?.deny(url).await?)
    }

    /// Spoils the next `times` requests that the fault of this name concerns; 0 switches it off.
    ///
    /// # Errors
    /// `UnknownFault`, `Stopped`.
    pub fn inject_fault(&self, name: &str, times: u32) -> Result<(), LocalStackError> {
        let fault = Fault::ALL.iter().find(|fault| fault.name() == name);
        let fault = *fault.ok_or_else(|| LocalStackError::UnknownFault { fault: name.to_owned() })?;
        self.with(|stack| stack.faults().inject(fault, times))
    }

    /// Moves the stack's clock forward, so that what was issued before grows older.
    ///
    /// # Errors
    /// `Stopped`.
    pub fn advance_clock(&self, seconds: u64) -> Result<(), LocalStackError> {
        self.with(|stack| stack.clock().advance(Duration::from_secs(seconds)))
    }

    /// Sets the pause before each answer.
    ///
    /// # Errors
    /// `Stopped`.
    pub fn set_latency(&self, milliseconds: u64) -> Result<(), LocalStackError> {
        self.with(|stack| stack.set_latency(Duration::from_millis(milliseconds)))
    }

    /// How often `operation` was asked for: `token`, `GetId`, `ListObjectsV2` and so on.
    ///
    /// # Errors
    /// `Stopped`.
    pub fn count(&self, operation: &str) -> Result<u32, LocalStackError> {
        self.with(|stack| u32::try_from(stack.log().count(operation)).unwrap_or(u32::MAX))
    }

    /// How many of the secrets that the stack has handed out are in `text`: none may be in a log, an error or a record.
    ///
    /// # Errors
    /// `Stopped`.
    pub fn count_secrets_in(&self, text: &str) -> Result<u32, LocalStackError> {
        let found =
            self.with(|stack| stack.issued_secrets().all().iter().filter(|secret| text.contains(*secret)).count());
        Ok(u32::try_from(found?).unwrap_or(u32::MAX))
    }

    /// Stops the stack and waits until its ports are free again. Once stopped, this does nothing.
    pub async fn shutdown(&self) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(stack) = running {
            stack.shutdown().await;
        }
    }
}

impl fmt::Debug for LocalStack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalStack").finish_non_exhaustive()
    }
}

#[uniffi::export]
impl CoreSession {
    /// As `open`, with the stack's clock in place of the device's: `advance_clock` then lets time pass for both.
    ///
    /// # Errors
    /// As for `open`.
    #[uniffi::constructor]
    pub fn open_with_stack_clock(
        config: &JetbridgeConfig,
        store: Arc<dyn SecretStore>,
        options: SessionOptions,
        stack: Arc<LocalStack>,
    ) -> Result<Arc<Self>, SessionError> {
        Self::open_with(config, store, options, |builder| builder.clock(Arc::new(StackClock(stack))))
    }
}

#[derive(Debug)]
struct StackClock(Arc<LocalStack>);

impl Clock for StackClock {
    fn now(&self) -> SystemTime {
        self.0.with(|stack| stack.clock().device_now()).unwrap_or_else(|_| SystemClock.now())
    }
}
