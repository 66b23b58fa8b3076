//! What apps hold. Each method says what it promises and hands on to the part that keeps the promise.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_config::SdkConfig;
use aws_credential_types::provider::{ProvideCredentials, future};
use bytes::Bytes;
use futures_core::Stream;
use tokio::sync::watch;

use super::api::{ApiStream, Apis};
use super::background::BackgroundRenewal;
use super::claims::IdTokenClaims;
use super::connections::Connections;
use super::details::SessionDetails;
use super::diagnose::Diagnosis;
use super::listing::ObjectPages;
use super::objects::{Leftovers, ObjectBody, Objects, unfinished_download};
use super::others::{OtherSession, OtherSessions};
use super::renewal::{CredentialRenewal, provide};
use super::sign_out::{Leaving, SignOut, SignOutMode};
use crate::aws::api::{ApiRequest, ApiResponse, SignedHeaders, is_configured};
use crate::aws::objects::{
    CopyObject, DeleteObject, DeleteObjects, DownloadedObject, GetObject, ObjectAddress, ObjectDetails, PresignObject,
    PresignedUrl, PutObject, TransferOptions, UploadedObject,
};
use crate::aws::s3::{self, ListObjects};
use crate::aws::sdk_config;
use crate::clock::CorrectedClock;
use crate::cognito::AwsCredentials;
use crate::config::Config;
use crate::doctor::{Finding, Link, Report};
use crate::error::SessionError;
use crate::life::UsedBy;
use crate::net::http::Http;
use crate::oidc::redirect::{self, Redirect};
use crate::session::okta::{AccessToken, AuthorizationRequest, LoginOptions, ProfileReader, SignIns, TokenRenewal};
use crate::session::published::{Board, Event, SessionEvents, SessionState};
use crate::session::stored::User;
use crate::session::tasks::{Beside, detach};
use crate::session::vault::Vault;

/// A session with Okta and AWS. Clones are the same session.
#[derive(Clone)]
pub struct Session {
    parts: Arc<Parts>,
}

/// What a session is made of. The builder puts it together; only this file opens it.
pub(super) struct Parts {
    pub(super) account: String,
    pub(super) others: OtherSessions,
    pub(super) config: Config,
    pub(super) clock: CorrectedClock,
    pub(super) http: Http,
    pub(super) board: Arc<Board>,
    pub(super) vault: Vault,
    pub(super) beside: Beside,
    pub(super) tokens: Arc<TokenRenewal>,
    pub(super) profile: Arc<ProfileReader>,
    pub(super) sign_ins: Arc<SignIns>,
    pub(super) connections: Connections,
    pub(super) credentials: Arc<CredentialRenewal>,
    pub(super) s3: Arc<s3::Clients>,
    pub(super) apis: Apis,
    pub(super) objects: Objects,
    pub(super) leaving: Leaving,
    pub(super) diagnosis: Diagnosis,
}

/// Looking at a session.
impl Session {
    pub(super) fn from_parts(parts: Parts) -> Self {
        Self { parts: Arc::new(parts) }
    }

    /// The configuration it was opened with.
    pub fn config(&self) -> &Config {
        &self.parts.config
    }

    /// Reads the secure store; no network. A store that cannot be read gives [`SessionState::StorageUnavailable`] and is
    /// never taken for an empty one.
    pub async fn restore(&self) -> SessionState {
        // The state says it too.
        let _ = self.try_restore().await;
        self.state()
    }

    /// The same, for a shell that proposes a way out by the kind of failure. The state is the same as after
    /// [`restore`](Self::restore).
    ///
    /// # Errors
    /// `SecureStorage` if the store cannot be read.
    pub async fn try_restore(&self) -> Result<SessionState, SessionError> {
        let vault = self.parts.vault.clone();
        if let Err(error) = detach(async move { vault.load().await }).await {
            self.parts.board.publish(|| Some(Event::StorageFailed { detail: error.to_string() }));
            return Err(error);
        }
        Ok(self.state())
    }

    /// The state now.
    pub fn state(&self) -> SessionState {
        self.parts.board.state()
    }

    /// The state and its changes.
    pub fn watch_state(&self) -> watch::Receiver<SessionState> {
        self.parts.board.watch_state()
    }

    /// What happens from now on.
    pub fn events(&self) -> SessionEvents {
        self.parts.board.listen()
    }

    /// Asks the authorization server for the time, if [`details`](Self::details) would count by a correction of the clock
    /// that was learnt earlier: the clock may have been set since. What is learnt is kept for the next process. No network
    /// otherwise, and no error: `clock_is_certain` says how it ended.
    pub async fn check_clock(&self) {
        self.parts.tokens.learn_the_time_to_show().await;
    }

    /// What is known of the session, from memory.
    pub fn details(&self) -> SessionDetails {
        let parts = &self.parts;
        let content = parts.vault.peek(Clone::clone).unwrap_or_default();
        SessionDetails::of(&content, &parts.account, parts.config.issuer_url(), &parts.clock)
    }

    /// What the ID token says that the session holds now, from memory: for what an app shows, never for what somebody may
    /// do. A renewal brings new ones. `None` when nobody is signed in, or the store was not read yet.
    pub fn claims(&self) -> Option<IdTokenClaims> {
        self.parts.vault.peek(IdTokenClaims::of).flatten()
    }
}

/// What is wrong.
impl Session {
    /// Walks the chain from the configuration to the bucket, and stops guessing at the first link that does not hold. Renews
    /// as any call does, and changes nothing else; nobody is signed in, and no guest is made at Cognito. What a sign-in alone
    /// can tell stays unknown until there was one: the last that failed in this process is reported too. No error: what goes
    /// wrong is what the report is about. It holds no secret, and of the user no more than the beginning of the subject.
    ///
    /// It reads the store, tries whether that takes a write (without touching what is stored), asks Okta for its metadata, its
    /// keys and (with `prompt=none`, without cookies) about each redirect URI of the configuration, and with a session lists one
    /// object and sends a `GET` to the address of each API.
    ///
    /// A clock that is off by more than five minutes is a broken link that stops nothing: it is corrected here, and other programs
    /// fail by it.
    ///
    /// No step waits longer than half a minute for an answer: nobody to answer is a finding.
    pub async fn diagnose(&self) -> Report {
        self.diagnose_telling(|_| {}).await
    }

    /// The same; `begun` is told of each step before it is taken, by the first link that it looks at: a sign of life where servers
    /// are slow.
    pub async fn diagnose_telling(&self, begun: impl Fn(Link) + Send + Sync + 'static) -> Report {
        let parts = Arc::clone(&self.parts);
        // In a task of its own: a renewal of tokens ends also if nobody waits for the report.
        let walk = detach(async move { Ok(parts.diagnosis.walk(&begun).await) }).await;
        walk.unwrap_or_else(|error| self.parts.diagnosis.interrupted(error))
    }

    /// The same without asking any server: the files, and whether the store can be used and has a session. All else is unknown.
    pub async fn diagnose_offline(&self) -> Report {
        let parts = Arc::clone(&self.parts);
        let walk = detach(async move { Ok(parts.diagnosis.walk_offline().await) }).await;
        walk.unwrap_or_else(Report::of_unusable_files)
    }

    /// Where the last sign-in failed that this process began, and what to do; none if a later one was completed, or the user gave
    /// it up. While somebody stays signed in, [`diagnose`](Self::diagnose) is about their session, and only mentions it.
    pub fn diagnose_failed_sign_in(&self) -> Option<Finding> {
        self.parts.diagnosis.failed_sign_in()
    }
}

/// Signing in and out.
impl Session {
    /// Makes the authorization request and remembers it in the secure store, before anybody sees its URL.
    ///
    /// # Errors
    /// `Misconfigured` if the issuer is not what the server says it is, `Retryable` if it cannot be reached or another
    /// process does not end its sign-in, `SecureStorage` if the request cannot be remembered.
    pub async fn begin_login(&self, options: LoginOptions) -> Result<AuthorizationRequest, SessionError> {
        let parts = Arc::clone(&self.parts);
        detach(async move {
            let begun = parts.sign_ins.begin(options).await?;
            parts.connections.keep(begun.okta_was_asked);
            Ok(begun.request)
        })
        .await
    }

    /// Whether an address that the app was opened with is the answer to a sign-in, for
    /// [`complete_login`](Self::complete_login). The end of a browser session, which may come back by the same scheme, and
    /// the app's own links are not.
    pub fn is_sign_in_redirect(&self, uri: &str) -> bool {
        let config = &self.parts.config;
        redirect::belongs_to_sign_in(uri, config.callback_url(), config.logout_url())
    }

    /// Finishes a sign-in with the redirect URI that the shell caught, whole. Giving the same one twice is harmless. The
    /// work goes on if the caller goes away.
    ///
    /// # Errors
    /// `UnexpectedRedirect` if it belongs to no open sign-in: no code is exchanged and nothing changes. `AccessDenied` if
    /// Okta or the user said no, or the ID token must not be believed. `SignInRequired` if the code is too old or used.
    /// `UserCancelled` if the session was signed out or the sign-in cancelled meanwhile. `Retryable` after a network fault
    /// and `SecureStorage` if the session could not be saved: call again with the same redirect.
    pub async fn complete_login(&self, redirect_uri: &str) -> Result<SessionState, SessionError> {
        let redirect = Redirect::parse(redirect_uri).map_err(|error| {
            redirect::explain_page_of(self.parts.config.issuer_url(), redirect_uri).unwrap_or(error)
        })?;
        let parts = Arc::clone(&self.parts);
        detach(async move {
            if let Some(accepted) = parts.sign_ins.accept(redirect).await? {
                parts.connections.open();
                parts.sign_ins.finish(accepted).await?;
            }
            Ok(parts.board.state())
        })
        .await
    }

    /// Forgets the open sign-ins that this process has begun: the user came back without signing in. A process that has
    /// never begun one, because the app was killed behind the browser, forgets all.
    ///
    /// # Errors
    /// `SecureStorage`: they are still open.
    pub async fn cancel_login(&self) -> Result<(), SessionError> {
        self.parts.connections.rest();
        let sign_ins = Arc::clone(&self.parts.sign_ins);
        detach(async move { sign_ins.cancel().await }).await
    }

    /// Asks Okta for the user's profile (e-mail address and so on) and keeps it. Signing in does this by itself, beside
    /// everything else.
    ///
    /// # Errors
    /// `AccessDenied` if the profile is another user's or the access token is not accepted, `SignInRequired`,
    /// `Retryable`.
    pub async fn user_info(&self) -> Result<User, SessionError> {
        // Reading it may refresh tokens, which nobody must interrupt.
        let profile = Arc::clone(&self.parts.profile);
        detach(async move { profile.read().await }).await
    }

    /// Signs out. Works without a network; then the remote part reports what it could not do.
    ///
    /// # Errors
    /// `SecureStorage` if the device's copy could not be erased.
    pub async fn sign_out(&self, mode: SignOutMode) -> Result<SignOut, SessionError> {
        // Half a sign-out would leave the remote part undone.
        let parts = Arc::clone(&self.parts);
        detach(async move { parts.leaving.sign_out(mode).await }).await
    }

    /// Ends a session that another configuration left in this session's store: `mode` as for [`sign_out`](Self::sign_out).
    /// Its own authorization server is asked, over this session's HTTP client.
    ///
    /// # Errors
    /// `SecureStorage` if the device's copy could not be erased.
    pub async fn end_other(&self, other: &OtherSession, mode: SignOutMode) -> Result<SignOut, SessionError> {
        let (parts, other) = (Arc::clone(&self.parts), other.clone());
        detach(async move { parts.others.end(other, mode).await }).await
    }

    /// Waits for what goes on beside the calls: a sign-in's open connections and its profile, a renewal whose caller went
    /// away, an upload that is given up, a code or a refresh token that is being spent.
    /// For a process that is about to end and has time; any other has no need of it.
    pub async fn settle(&self) {
        self.parts.connections.rest();
        self.parts.credentials.settle().await;
        self.parts.tokens.settle().await;
        self.parts.vault.settle().await;
        self.parts.beside.settle().await;
    }

    /// What uploads whose callers went away may have left in S3, as far as it is known: wait for it with
    /// [`settle`](Self::settle).
    pub fn leftovers(&self) -> Leftovers {
        self.parts.objects.leftovers()
    }

    /// Opens connections to Okta, Cognito and the bucket's host before they are needed, and keeps them for about a minute: for an app
    /// that comes to the foreground with a session. Sends each an unsigned `HEAD` at once and at most three more, 20 seconds apart.
    /// Reads the secure store if nobody has yet; waits for no network and has no error. Without anybody signed in it does
    /// nothing: [`begin_login`](Self::begin_login) does it by itself.
    pub async fn prepare(&self) {
        if self.state() == SessionState::NotLoaded {
            self.restore().await;
        }
        if matches!(self.state(), SessionState::SignedIn { .. }) {
            self.parts.connections.keep(false);
        }
    }

    /// Keeps no connection any longer that nobody uses: the app has left the foreground. Those that are open stay until their
    /// servers close them.
    pub fn rest(&self) {
        self.parts.connections.rest();
    }

    /// Waits only until no code and no refresh token is on its way, half a minute at most, and lets none be spent any more:
    /// calls that need one end with `Retryable`. For a process that has to end now (Ctrl-C, a service manager's request):
    /// what was spent and not saved would be lost.
    pub async fn leave(&self) {
        self.parts.connections.rest();
        self.parts.vault.leave().await;
    }
}

/// Tokens, credentials, and what is done with them.
impl Session {
    /// An access token that is good for at least five minutes (or half its life, if that is less), for the app's own
    /// backend. Any number of callers cause one refresh. If that fails, the old one is given for as long as it lasts.
    ///
    /// # Errors
    /// As for [`aws_credentials`](Self::aws_credentials), without Cognito's part.
    pub async fn access_token(&self) -> Result<AccessToken, SessionError> {
        self.parts.tokens.access_token().await
    }

    /// Another access token than `refused`, which the backend did not accept although its time is not up. If somebody
    /// else has refreshed it meanwhile, that one is taken.
    ///
    /// # Errors
    /// As for [`access_token`](Self::access_token).
    pub async fn replace_access_token(&self, refused: &AccessToken) -> Result<AccessToken, SessionError> {
        self.parts.tokens.replace_access_token(refused).await
    }

    /// AWS credentials, renewed if they have less than about five minutes left (or half their life, if that is less). Any
    /// number of callers cause one renewal. If that fails, the old ones are given for as long as they last.
    ///
    /// # Errors
    /// `SignInRequired` if nobody is signed in or Okta no longer agrees; `Retryable` for the network, and the session is
    /// kept; `Misconfigured` and `AccessDenied` for what Cognito says about pool, provider and role.
    pub async fn aws_credentials(&self) -> Result<AwsCredentials, SessionError> {
        self.parts.credentials.credentials(UsedBy::Session).await
    }

    /// The same for another program that keeps them, such as an AWS SDK with `credential_process`: renewed if they have less
    /// than fifteen minutes left (or half their life, if that is less), because the SDKs ask again for each request then.
    ///
    /// # Errors
    /// As for [`aws_credentials`](Self::aws_credentials).
    pub async fn aws_credentials_to_hand_on(&self) -> Result<AwsCredentials, SessionError> {
        self.parts.credentials.credentials(UsedBy::AnotherTool).await
    }

    /// Other credentials than `refused`, which a service did not accept although their time is not up (a forced refresh).
    /// If somebody else has renewed them meanwhile, those are taken. Listings do this by themselves.
    ///
    /// # Errors
    /// As for [`aws_credentials`](Self::aws_credentials).
    pub async fn replace_aws_credentials(&self, refused: &AwsCredentials) -> Result<AwsCredentials, SessionError> {
        self.parts.credentials.replace(refused).await
    }

    /// Begins to renew the AWS credentials, and with them the tokens, a little before they expire. While nobody is signed
    /// in it looks at the store once a minute; after an error it waits longer and longer, at most five minutes.
    pub fn renew_in_background(&self) -> BackgroundRenewal {
        BackgroundRenewal::start(Arc::clone(&self.parts.credentials), self.watch_state())
    }

    /// Lists a bucket, page by page. Nothing is asked before the first page is.
    pub fn list_objects(&self, request: ListObjects) -> ObjectPages {
        ObjectPages::new(Arc::clone(&self.parts.credentials), &self.parts.config, &self.parts.s3, request)
    }

    /// The configuration for any crate of the AWS SDK for Rust: this session's credentials, renewed as needed, its HTTP
    /// client and its corrected clock. The region is `Auth.region`; where the configuration does not mean AWS, the endpoint is
    /// [`Config::services_endpoint`].
    pub fn sdk_config(&self) -> SdkConfig {
        sdk_config::signed(&self.parts.config, self.clone(), &self.parts.http, &self.parts.clock)
    }

    /// The configuration for a client of `aws-sdk-s3`: as [`sdk_config`](Self::sdk_config), in the bucket's region, at its
    /// endpoint and with its place in the URL, as the configuration has them (`Storage.AWSS3`). Throttles and outages that only
    /// S3 knows are tried again.
    pub fn s3_config(&self) -> aws_sdk_s3::Config {
        let config = &self.parts.config;
        s3::client_config(config, &self.sdk_config(), config.bucket())
    }
}

/// APIs behind IAM: API Gateway, AppSync, Lambda's function URLs, and any other that checks Signature Version 4.
impl Session {
    /// Signs a request, sends it, and gives the API's answer, whatever that is: redirects, which are never followed, and the
    /// API's own refusals too. It is held in memory, at most 10 MiB; each try has a minute.
    ///
    /// A refusal that holds the credentials or the clock responsible was not carried out: it is signed anew and sent once more,
    /// with any method. After a fault of the network, or 500, 502, 503 or 504, an idempotent request (RFC 9110 §9.2.2) is sent
    /// once more; of any other, the error says if it may have been carried out.
    ///
    /// An HTTP API of API Gateway has one answer for whatever IAM refuses, 403 with `{"message":"Forbidden"}`. Code of an API's
    /// own that answers just this cannot be told from it, and ends in `AccessDenied` too.
    ///
    /// # Errors
    /// Everything that [`aws_credentials`](Self::aws_credentials) can say. `Misconfigured` for a request that cannot be signed,
    /// an API that is neither in `API.endpoints` nor named by `service` and `region`, and an answer that is too large.
    /// `AccessDenied` and `NotFound` if what stands before the API refuses (IAM; of a REST API a path that it has not).
    /// `Retryable` for the network.
    pub async fn call_api(&self, request: ApiRequest) -> Result<ApiResponse, SessionError> {
        self.parts.apis.call(request).await
    }

    /// The same for an answer of any size: what is more than 10 MiB comes as it is read.
    ///
    /// # Errors
    /// As for [`call_api`](Self::call_api), but that no answer is too large.
    pub async fn stream_api(&self, request: ApiRequest) -> Result<ApiStream, SessionError> {
        self.parts.apis.stream(request).await
    }

    /// The headers that sign a request which another HTTP client sends, for streams and large bodies. That client must not follow
    /// redirects with them: the session token is among them.
    ///
    /// # Errors
    /// As for [`call_api`](Self::call_api), without what the API or the network say.
    pub async fn sign_request(&self, request: &ApiRequest) -> Result<SignedHeaders, SessionError> {
        self.parts.apis.sign(request.clone()).await
    }

    /// Whether this is a URL of one of `API.endpoints`, for an HTTP client that signs what is one and leaves the rest alone.
    pub fn is_api(&self, url: &str) -> bool {
        is_configured(&self.parts.config, url)
    }
}

/// Single objects of S3. Beside what each method says, all can end with everything that
/// [`aws_credentials`](Session::aws_credentials) can say, with `AccessDenied` for what the role forbids, `NotFound` for the
/// object, `NoSuchBucket`, `Misconfigured` for a wrong region, and `Retryable` for the network.
impl Session {
    /// What is known of an object, without its bytes.
    ///
    /// # Errors
    /// As said above.
    pub async fn head_object(&self, object: ObjectAddress) -> Result<ObjectDetails, SessionError> {
        self.parts.objects.head(object).await
    }

    /// Begins to read an object; its bytes come with [`ObjectBody::next_chunk`]. A connection that breaks is taken up again
    /// where it broke, as long as the object is the same.
    ///
    /// # Errors
    /// As said above, and `ConditionNotMet`.
    pub async fn get_object(&self, request: GetObject) -> Result<ObjectBody, SessionError> {
        self.parts.objects.get(request).await
    }

    /// Reads an object into a file: several ranges at once, each tried again if it stalls. What is there of an earlier try
    /// is used if the object is still the same. The file appears under its name when it is whole and its checksum is right,
    /// and replaces one that was there.
    ///
    /// # Errors
    /// As said above, `ConditionNotMet`, and `LocalFile`.
    pub async fn download_object(
        &self,
        request: GetObject,
        file: &Path,
        options: TransferOptions,
    ) -> Result<DownloadedObject, SessionError> {
        self.parts.objects.download(request, file, options).await
    }

    /// The file beside `file` that keeps what has arrived of a download that did not come to its end; `None` if there is nothing
    /// to go on with. It is the next download's to the same place. Blocks: a small file is read.
    pub fn unfinished_download(&self, file: &Path) -> Option<PathBuf> {
        unfinished_download(file)
    }

    /// Writes an object from memory, in one request.
    ///
    /// # Errors
    /// As said above, and `ConditionNotMet`.
    pub async fn put_object(&self, request: PutObject, body: impl Into<Bytes>) -> Result<UploadedObject, SessionError> {
        self.parts.objects.put(request, body.into()).await
    }

    /// Writes an object from a file, a large one in parts. What an earlier process sent is not sent again if the file is
    /// still the same (`TransferOptions::resume_folder`). A caller that goes away ends the upload: S3 keeps nothing of it
    /// ([`settle`](Self::settle) waits until it does not). What no process comes back for stays in S3, and is paid for, until
    /// [`abort_upload`](Self::abort_upload) or a lifecycle rule of the bucket ends it (`AbortIncompleteMultipartUpload`; after a week it is given up here, too, when
    /// the same user uploads something else with the same folder).
    ///
    /// S3 gets CRC64NVME of each part and of the whole; a server in its place (`Storage.AWSS3.endpoint`) `Content-MD5` of each
    /// part, and CRC64NVME if it knows it.
    ///
    /// # Errors
    /// As said above, `ConditionNotMet`, and `LocalFile`.
    pub async fn upload_file(
        &self,
        request: PutObject,
        file: &Path,
        options: TransferOptions,
    ) -> Result<UploadedObject, SessionError> {
        self.parts.objects.upload_file(request, file, options).await
    }

    /// Whether there is an upload of this file to this object that did not come to its end, and that the next one goes on with.
    /// `resume_folder`: the one that it had. Asks nobody but this device; `false` while it is under way.
    pub async fn has_unfinished_upload(&self, object: ObjectAddress, file: &Path, resume_folder: &Path) -> bool {
        self.parts.objects.has_unfinished_upload(object, file, resume_folder).await
    }

    /// Gives up what an earlier process sent of this file to this object: S3 forgets its parts, which are paid for otherwise, and
    /// nobody goes on with it. For an upload that was broken off and that the user does not want any more; one that is under
    /// way ends when its caller goes away. `resume_folder`: the one that the upload had. The file need not be there any more.
    /// The answer says whether there was anything.
    ///
    /// # Errors
    /// As said above; then it is remembered still. `LocalFile` if the upload is under way, or the folder cannot be used.
    pub async fn abort_upload(
        &self,
        object: ObjectAddress,
        file: &Path,
        resume_folder: &Path,
    ) -> Result<bool, SessionError> {
        self.parts.objects.abort_upload(object, file, resume_folder).await
    }

    /// Writes an object from a stream of unknown length, in parts. A stream that ends with an error ends the upload.
    ///
    /// # Errors
    /// As said above, `ConditionNotMet`, and `LocalFile` with the stream's own error.
    pub async fn upload_stream(
        &self,
        request: PutObject,
        stream: impl Stream<Item = std::io::Result<Bytes>> + Send + 'static,
        options: TransferOptions,
    ) -> Result<UploadedObject, SessionError> {
        self.parts.objects.upload_stream(request, stream, options).await
    }

    /// Deletes an object. One that is not there is no error: S3 does not tell.
    ///
    /// # Errors
    /// As said above, and `ConditionNotMet`.
    pub async fn delete_object(&self, request: DeleteObject) -> Result<(), SessionError> {
        self.parts.objects.delete(request).await
    }

    /// Deletes objects of one bucket, a thousand in one request. The answer names the keys that could not be deleted, and why.
    ///
    /// # Errors
    /// As said above, if nothing can be said of single objects; some may be deleted by then.
    pub async fn delete_objects(&self, request: DeleteObjects) -> Result<Vec<(String, SessionError)>, SessionError> {
        self.parts.objects.delete_many(request).await
    }

    /// Copies an object within S3. S3 copies no more than 5 GB in one request; larger ones are refused. The answer's `size` is
    /// 0: S3 does not tell it.
    ///
    /// # Errors
    /// As said above, and `ConditionNotMet`.
    pub async fn copy_object(&self, request: CopyObject) -> Result<UploadedObject, SessionError> {
        self.parts.objects.copy(request).await
    }

    /// A URL that reads or writes one object for whoever has it. It works no longer than the credentials that sign it; they are
    /// renewed before if they end too soon, and the answer says when it ends.
    ///
    /// # Errors
    /// As for [`aws_credentials`](Self::aws_credentials). S3 is not asked.
    pub async fn presign_object(&self, request: PresignObject) -> Result<PresignedUrl, SessionError> {
        self.parts.objects.presign(request).await
    }
}

#[cfg(test)]
impl Session {
    /// Whether an HTTP client was made for it.
    pub(super) fn has_made_clients(&self) -> bool {
        self.parts.http.has_made_clients()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("issuer", &self.parts.config.issuer_url()).finish_non_exhaustive()
    }
}

/// For crates that take a credentials provider instead of an [`SdkConfig`].
impl ProvideCredentials for Session {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(provide(&self.parts.credentials))
    }
}
