//! What is done with single objects: each call is signed with credentials that are renewed when they end in the middle.

mod copy;
mod delete;
mod presign;
mod progress;
mod put;
mod sending;
mod upload;
mod upload_journal;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;

use super::renewal::CredentialRenewal;
use super::signed_call::send_signed;
use super::tasks::Beside;
use crate::aws::objects::{Conditions, DownloadedObject, GetObject, ObjectAddress, ObjectDetails, TransferOptions};
use crate::aws::reading::{self, Target};
use crate::aws::s3::{self, Clients};
use crate::config::Config;
use crate::diagnosis::{Evidence, Permission};
use crate::error::SessionError;

/// A connection on which nothing moves for so long is given up, and what it was for is tried again.
const PATIENCE: Duration = Duration::from_secs(20);

/// The objects of the buckets that a session may see.
pub(super) struct Objects {
    credentials: Arc<CredentialRenewal>,
    config: Config,
    clients: Arc<Clients>,
    /// How long a transfer may stand still.
    patience: Duration,
    beside: Beside,
}

/// One object, found: how it is asked for, and what an explanation of a refusal may name.
#[derive(Clone)]
struct Place {
    target: Target,
    evidence: Evidence,
}

impl Objects {
    pub(super) fn new(
        credentials: Arc<CredentialRenewal>,
        config: Config,
        clients: Arc<Clients>,
        beside: Beside,
    ) -> Self {
        Self { credentials, config, clients, patience: PATIENCE, beside }
    }

    /// Where an object is on which a call is made that takes the permission of `action`.
    ///
    /// # Errors
    /// `Misconfigured` for a bucket that S3 could never have, and for no key at all, which would be the bucket.
    fn find(&self, address: ObjectAddress, action: &'static str) -> Result<Place, SessionError> {
        let ObjectAddress { bucket, key, requester_pays } = address;
        let bucket = bucket.unwrap_or_else(|| self.config.bucket().to_owned());
        s3::check_bucket(&self.config, &bucket)?;
        if key.is_empty() {
            return Err(SessionError::Misconfigured {
                setting: "key".to_owned(),
                problem: "it is empty, and no object has an empty key".to_owned(),
                hint: "An object is asked for by its whole key, such as photos/2026/alps.jpg.".to_owned(),
            });
        }
        let needed = Permission::on_object(action, &bucket, &key);
        let evidence = Evidence::of(&self.config).for_bucket(&bucket).for_permission(needed);
        let target = Target { client: self.clients.for_bucket(&bucket), bucket, key, requester_pays };
        Ok(Place { target, evidence })
    }

    pub(super) async fn head(&self, object: ObjectAddress) -> Result<ObjectDetails, SessionError> {
        let Place { target, evidence } = self.find(object, "s3:GetObject")?;
        let ask = |credentials| {
            let target = &target;
            async move { reading::head(target, &credentials, &Conditions::default()).await }
        };
        send_signed(&self.credentials, &evidence, ask).await
    }

    #[expect(clippy::unused_async, reason = "its parts are built")]
    pub(super) async fn get(&self, _: GetObject) -> Result<ObjectBody, SessionError> {
        Err(unbuilt())
    }

    #[expect(clippy::unused_async, reason = "its parts are built")]
    pub(super) async fn download(
        &self,
        _: GetObject,
        _: &Path,
        _: TransferOptions,
    ) -> Result<DownloadedObject, SessionError> {
        Err(unbuilt())
    }
}

fn unbuilt() -> SessionError {
    SessionError::internal("not there yet")
}

/// An object's bytes as they arrive.
pub struct ObjectBody {
    details: ObjectDetails,
}

impl ObjectBody {
    /// What is known of the object.
    pub fn details(&self) -> &ObjectDetails {
        &self.details
    }

    /// The next bytes, or `None` after the last. Bytes that were handed out are held against the object's checksum at the
    /// end: before that nobody knows that they are right.
    ///
    /// # Errors
    /// `Retryable` if the connection breaks and cannot be taken up again, or the bytes are not what S3 keeps.
    #[expect(clippy::unused_async, reason = "its parts are built")]
    pub async fn next_chunk(&mut self) -> Result<Option<Bytes>, SessionError> {
        Err(unbuilt())
    }

    /// All bytes at once, if they are no more than `limit`.
    ///
    /// # Errors
    /// As for [`next_chunk`](Self::next_chunk); `Misconfigured` if there are more.
    pub async fn collect(mut self, _limit: u64) -> Result<Bytes, SessionError> {
        self.next_chunk().await?;
        Err(unbuilt())
    }

    /// The same as a stream.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, SessionError>> + Send {
        futures_util::stream::try_unfold(self, |mut body| async move {
            Ok(body.next_chunk().await?.map(|chunk| (chunk, body)))
        })
    }
}

impl fmt::Debug for ObjectBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectBody").field("details", &self.details).finish_non_exhaustive()
    }
}
