//! What is done with single objects: each call is signed with credentials that are renewed when they end in the middle.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use aws_config::SdkConfig;
use bytes::Bytes;
use futures_core::Stream;

use super::renewal::CredentialRenewal;
use crate::aws::objects::{
    CopyObject, DeleteObject, DownloadedObject, GetObject, ObjectAddress, ObjectDetails, PresignObject, PresignedUrl,
    PutObject, TransferOptions, UploadedObject,
};
use crate::config::Config;
use crate::error::SessionError;

/// The objects of the buckets that a session may see.
pub(super) struct Objects {
    #[expect(dead_code, reason = "its parts are built")]
    credentials: Arc<CredentialRenewal>,
    #[expect(dead_code, reason = "its parts are built")]
    config: Config,
}

impl Objects {
    pub(super) fn new(credentials: Arc<CredentialRenewal>, config: Config, _: &SdkConfig) -> Self {
        Self { credentials, config }
    }

    #[expect(clippy::unused_async, reason = "its parts are built")]
    pub(super) async fn head(&self, _: ObjectAddress) -> Result<ObjectDetails, SessionError> {
        Err(unbuilt())
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

    #[expect(clippy::unused_async, reason = "its parts are built")]
    pub(super) async fn put(&self, _: PutObject, _: Bytes) -> Result<UploadedObject, SessionError> {
        Err(unbuilt())
    }

    #[expect(clippy::unused_async, reason = "its parts are built")]
    pub(super) async fn upload_file(
        &self,
        _: PutObject,
        _: &Path,
        _: TransferOptions,
    ) -> Result<UploadedObject, SessionError> {
        Err(unbuilt())
    }

    #[expect(clippy::unused_async, reason = "its parts are built")]
    pub(super) async fn upload_stream(
        &self,
        _: PutObject,
        _: impl Stream<Item = std::io::Result<Bytes>> + Send + 'static,
        _: TransferOptions,
    ) -> Result<UploadedObject, SessionError> {
        Err(unbuilt())
    }

    #[expect(clippy::unused_async, reason = "its parts are built")]
    pub(super) async fn delete(&self, _: DeleteObject) -> Result<(), SessionError> {
        Err(unbuilt())
    }

    #[expect(clippy::unused_async, reason = "its parts are built")]
    pub(super) async fn delete_many(
        &self,
        _: Option<String>,
        _: Vec<String>,
    ) -> Result<Vec<(String, SessionError)>, SessionError> {
        Err(unbuilt())
    }

    #[expect(clippy::unused_async, reason = "its parts are built")]
    pub(super) async fn copy(&self, _: CopyObject) -> Result<UploadedObject, SessionError> {
        Err(unbuilt())
    }

    #[expect(clippy::unused_async, reason = "its parts are built")]
    pub(super) async fn presign(&self, _: PresignObject) -> Result<PresignedUrl, SessionError> {
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
