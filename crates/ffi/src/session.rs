//! The session as an object of the app. Sign-in is in `login.rs`, signing out in `sign_out.rs`, news in `events.rs`.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use jetbridge::SessionBuilder;
use jetbridge::storage::LockFolder;

use crate::cancellation::Cancellation;
use crate::claims::IdTokenClaims;
use crate::config::JetbridgeConfig;
use crate::credentials::{AccessToken, AwsCredentials};
use crate::error::SessionError;
use crate::facts::{SessionDetails, SessionState};
use crate::listing::{ListingRequest, ObjectPages};
use crate::runtime;
use crate::storage::{Adapter, SecretStore};

/// A session with Okta and AWS: the one object that an app holds, for as long as its process lives.
#[derive(Debug, uniffi::Object)]
pub struct CoreSession {
    pub(crate) inner: jetbridge::Session,
    locks: Option<LockFolder>,
    cancellation: Option<Arc<Cancellation>>,
}

/// How to open a session.
#[derive(Debug, Clone, uniffi::Record)]
pub struct SessionOptions {
    /// Keeps several users apart; `default` without it.
    #[uniffi(default = None)]
    pub account: Option<String>,
    /// PEM certificates to trust beside the platform's.
    #[uniffi(default = None)]
    pub root_certificates_pem: Option<String>,
    /// Whether AWS credentials are kept in the secure store too: then a restart lists in one request.
    #[uniffi(default = true)]
    pub store_aws_credentials: bool,
    /// A folder for file locks, if several processes open the store at once: an app and its extensions over one keychain,
    /// with a folder inside their app group. Nothing else belongs into it.
    #[uniffi(default = None)]
    pub lock_folder: Option<String>,
    /// Permits the configuration to name this server (`https://cognito.example.com`) as `Auth.identityPoolEndpoint`: it gets
    /// the users' ID tokens. Cognito itself and this device need no permission, anything else is refused without it.
    #[uniffi(default = None)]
    pub permitted_identity_pool_endpoint: Option<String>,
}

impl CoreSession {
    /// Opens with what `finish` adds to the builder.
    pub(crate) fn open_with(
        config: &JetbridgeConfig,
        store: Arc<dyn SecretStore>,
        options: SessionOptions,
        finish: impl FnOnce(SessionBuilder) -> SessionBuilder,
    ) -> Result<Arc<Self>, SessionError> {
        let locks = options.lock_folder.map(LockFolder::new);
        let store = Arc::new(Adapter { store, locks: locks.clone() });
        let mut builder = jetbridge::Session::builder(config.inner.clone(), store)
            .store_aws_credentials(options.store_aws_credentials);
        if let Some(account) = &options.account {
            builder = builder.account(account);
        }
        if let Some(pem) = options.root_certificates_pem {
            builder = builder.root_certificates(pem.into_bytes());
        }
        if let Some(endpoint) = &options.permitted_identity_pool_endpoint {
            builder = builder.permit_identity_pool_endpoint(endpoint);
        }
        Ok(Arc::new(Self { inner: finish(builder).open()?, locks, cancellation: None }))
    }

    /// What the call answers, if it is not cancelled before.
    pub(crate) async fn unless_cancelled<T>(
        &self,
        call: impl Future<Output = Result<T, jetbridge::SessionError>>,
    ) -> Result<T, SessionError> {
        match &self.cancellation {
            Some(cancellation) => cancellation.end(call).await,
            None => Ok(call.await?),
        }
    }
}

#[uniffi::export(async_runtime = "tokio")]
impl CoreSession {
    /// Opens a session. Reads no store and no network: the state is `NotLoaded` until `restore`.
    ///
    /// # Errors
    /// `Misconfigured` for an account name or certificates that cannot be used, for an `Auth.identityPoolEndpoint` that nobody
    /// permitted, and on Android if the start-up call of the
    /// platform's TLS was left out.
    #[uniffi::constructor]
    pub fn open(
        config: &JetbridgeConfig,
        store: Arc<dyn SecretStore>,
        options: SessionOptions,
    ) -> Result<Arc<Self>, SessionError> {
        Self::open_with(config, store, options, |builder| builder)
    }

    /// Reads the secure store; no network. A store that cannot be read gives `StorageUnavailable` and is never taken for an
    /// empty one.
    pub async fn restore(&self) -> SessionState {
        self.inner.restore().await.into()
    }

    /// The state now.
    pub fn state(&self) -> SessionState {
        self.inner.state().into()
    }

    /// What is known of the session, from memory.
    pub fn details(&self) -> SessionDetails {
        self.inner.details().into()
    }

    /// What the ID token says that the session holds now, from memory: for what an app shows, never for what somebody may
    /// do. A renewal brings new ones. Nothing when nobody is signed in, or the store was not read yet.
    pub fn claims(&self) -> Option<Arc<IdTokenClaims>> {
        self.inner.claims().map(|inner| Arc::new(IdTokenClaims { inner }))
    }

    /// AWS credentials, renewed if they have less than about five minutes left (or half their life, if that is less). Any
    /// number of callers cause one renewal. If that fails, the old ones are given for as long as they last.
    ///
    /// # Errors
    /// `SignInRequired` if nobody is signed in or Okta no longer agrees; `Retryable` for the network, and the session is
    /// kept; `Misconfigured` and `AccessDenied` for what Cognito says about pool, provider and role.
    pub async fn aws_credentials(&self) -> Result<Arc<AwsCredentials>, SessionError> {
        Ok(Arc::new(AwsCredentials { inner: self.inner.aws_credentials().await? }))
    }

    /// Other credentials than `refused`, which a service did not accept although their time is not up. Listings do this by
    /// themselves.
    ///
    /// # Errors
    /// As for `aws_credentials`.
    pub async fn replace_aws_credentials(&self, refused: &AwsCredentials) -> Result<Arc<AwsCredentials>, SessionError> {
        Ok(Arc::new(AwsCredentials { inner: self.inner.replace_aws_credentials(&refused.inner).await? }))
    }

    /// An access token that is good for at least five minutes (or half its life, if that is less), for the app's own
    /// backend. Any number of callers cause one refresh. If that fails, the old one is given for as long as it lasts.
    ///
    /// # Errors
    /// As for `aws_credentials`, without Cognito's part.
    pub async fn access_token(&self) -> Result<Arc<AccessToken>, SessionError> {
        Ok(Arc::new(AccessToken { inner: self.inner.access_token().await? }))
    }

    /// Another access token than `refused`, which the backend did not accept although its time is not up.
    ///
    /// # Errors
    /// As for `access_token`.
    pub async fn replace_access_token(&self, refused: &AccessToken) -> Result<Arc<AccessToken>, SessionError> {
        Ok(Arc::new(AccessToken { inner: self.inner.replace_access_token(&refused.inner).await? }))
    }

    /// Lists a bucket, page by page. Nothing is asked before the first page is.
    pub fn list_objects(&self, request: ListingRequest) -> Arc<ObjectPages> {
        Arc::new(ObjectPages::new(self.inner.list_objects(request.into())))
    }

    /// Renews the AWS credentials, and with them the tokens, a little before they expire, until the answer is stopped or
    /// dropped.
    pub fn renew_in_background(&self) -> Arc<BackgroundRenewal> {
        let _inside = runtime::handle().enter();
        Arc::new(BackgroundRenewal { running: Mutex::new(Some(self.inner.renew_in_background())) })
    }

    /// Gives up the file locks of `lock_folder` that are held now, while the work under them goes on, and keeps none until
    /// `resume_locks`. For a process that is about to be suspended: iOS ends one that holds a file lock in a shared folder then
    /// (0xdead10cc). Transfers keep theirs, without which two processes could write one file: they lie beside the file of a
    /// download and in the `resume_folder` of an upload, neither of which belongs into an app group's folder.
    pub fn release_locks(&self) {
        if let Some(locks) = &self.locks {
            locks.release_all();
        }
    }

    /// The process is awake and has time: file locks are kept again.
    pub fn resume_locks(&self) {
        if let Some(locks) = &self.locks {
            locks.resume();
        }
    }

    /// The same session, whose calls of objects and of an API end when this is cancelled, as if they had been dropped: with
    /// `UserCancelled`, and an upload takes back what it has sent. For languages whose tasks do not drop them.
    pub fn until(&self, cancellation: Arc<Cancellation>) -> Arc<Self> {
        Arc::new(Self { inner: self.inner.clone(), locks: self.locks.clone(), cancellation: Some(cancellation) })
    }

    /// Opens connections before they are needed, and keeps them for about a minute: for an app that comes to the foreground with a
    /// session. Reads the secure store if nobody has yet; waits for no network, and does nothing while nobody is signed in.
    pub async fn prepare(&self) {
        self.inner.prepare().await;
    }

    /// Keeps no connection any longer that nobody uses: the app has left the foreground. `settle` does it, too.
    pub fn rest(&self) {
        self.inner.rest();
    }

    /// Waits for what goes on beside the calls: a code or a refresh token that is being spent, open connections, the profile,
    /// a renewal whose caller went away. For a process that is about to end, and for tests.
    pub async fn settle(&self) {
        self.inner.settle().await;
    }
}

/// A renewal in the background.
#[derive(Debug, uniffi::Object)]
pub struct BackgroundRenewal {
    running: Mutex<Option<jetbridge::BackgroundRenewal>>,
}

#[uniffi::export]
impl BackgroundRenewal {
    /// Ends it. A renewal under way is finished all the same.
    pub fn stop(&self) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}
