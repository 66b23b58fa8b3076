//! Single objects of S3: looked at, moved to and from files, copied, deleted, shared by a URL.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::error::{ListenerError, SessionError};
use crate::session::CoreSession;

/// Which object.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ObjectAddress {
    /// The whole key: `Storage.AWSS3.prefix` is where listings start, and is not put before it.
    pub key: String,
    /// Another bucket than the configuration's: its name, or the ARN of an access point.
    #[uniffi(default = None)]
    pub bucket: Option<String>,
    /// Whoever asks pays for it: demanded by buckets with Requester Pays.
    #[uniffi(default = false)]
    pub requester_pays: bool,
}

impl From<ObjectAddress> for jetbridge::ObjectAddress {
    fn from(ObjectAddress { key, bucket, requester_pays }: ObjectAddress) -> Self {
        Self { bucket, key, requester_pays }
    }
}

/// What an object has to be for something to be done with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, uniffi::Record)]
pub struct ObjectConditions {
    /// Only the object with this entity tag, quotes included.
    #[uniffi(default = None)]
    pub if_match: Option<String>,
    /// Only another object than the one with this entity tag; `*`: only if there is none.
    #[uniffi(default = None)]
    pub if_none_match: Option<String>,
    /// Only if it was written after this. For reading alone.
    #[uniffi(default = None)]
    pub if_modified_since: Option<SystemTime>,
    /// Only if it was not written after this. For reading alone.
    #[uniffi(default = None)]
    pub if_unmodified_since: Option<SystemTime>,
}

impl From<ObjectConditions> for jetbridge::Conditions {
    fn from(conditions: ObjectConditions) -> Self {
        let ObjectConditions { if_match, if_none_match, if_modified_since, if_unmodified_since } = conditions;
        Self { if_match, if_none_match, if_modified_since, if_unmodified_since }
    }
}

/// What is kept with an object, and said with it to whoever reads it.
#[derive(Debug, Clone, Default, PartialEq, Eq, uniffi::Record)]
pub struct ObjectHeaders {
    /// What kind of document it is, such as `image/jpeg`.
    #[uniffi(default = None)]
    pub content_type: Option<String>,
    /// How long readers may keep it.
    #[uniffi(default = None)]
    pub cache_control: Option<String>,
    /// The name under which browsers save it.
    #[uniffi(default = None)]
    pub content_disposition: Option<String>,
    /// How it is packed, such as `gzip`. It is never unpacked here.
    #[uniffi(default = None)]
    pub content_encoding: Option<String>,
    /// The language of its readers.
    #[uniffi(default = None)]
    pub content_language: Option<String>,
    /// The app's own, without `x-amz-meta-`; names in lower case.
    #[uniffi(default)]
    pub metadata: HashMap<String, String>,
}

impl From<ObjectHeaders> for jetbridge::ObjectHeaders {
    fn from(headers: ObjectHeaders) -> Self {
        let ObjectHeaders {
            content_type,
            cache_control,
            content_disposition,
            content_encoding,
            content_language,
            metadata,
        } = headers;
        let metadata = metadata.into_iter().collect();
        Self { content_type, cache_control, content_disposition, content_encoding, content_language, metadata }
    }
}

impl From<jetbridge::ObjectHeaders> for ObjectHeaders {
    fn from(headers: jetbridge::ObjectHeaders) -> Self {
        let jetbridge::ObjectHeaders {
            content_type,
            cache_control,
            content_disposition,
            content_encoding,
            content_language,
            metadata,
        } = headers;
        let metadata = metadata.into_iter().collect();
        Self { content_type, cache_control, content_disposition, content_encoding, content_language, metadata }
    }
}

/// A checksum that S3 keeps with an object.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ObjectChecksum {
    /// `CRC64NVME`, `CRC32`, `CRC32C`, `SHA1` or `SHA256`.
    pub algorithm: String,
    /// In base64; with a dash and the number of parts if it is one of their checksums.
    pub value: String,
    /// Whether it is of the whole object, and not one of the checksums of its parts.
    pub is_of_whole_object: bool,
}

impl From<jetbridge::ObjectChecksum> for ObjectChecksum {
    fn from(checksum: jetbridge::ObjectChecksum) -> Self {
        let jetbridge::ObjectChecksum { algorithm, value, is_of_whole_object } = checksum;
        Self { algorithm, value, is_of_whole_object }
    }
}

/// What is known of an object.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ObjectDetails {
    /// Its key.
    pub key: String,
    /// Bytes of the whole object.
    pub size: u64,
    /// The entity tag with its quotes.
    #[uniffi(default = None)]
    pub e_tag: Option<String>,
    /// When it was last written.
    #[uniffi(default = None)]
    pub last_modified: Option<SystemTime>,
    /// What it was said to be when it was written.
    pub headers: ObjectHeaders,
    /// Nothing if it is `STANDARD`: S3 names the others alone.
    #[uniffi(default = None)]
    pub storage_class: Option<String>,
    /// Its version, in a bucket with versioning.
    #[uniffi(default = None)]
    pub version_id: Option<String>,
    /// The checksum that S3 keeps with it.
    #[uniffi(default = None)]
    pub checksum: Option<ObjectChecksum>,
}

impl From<jetbridge::ObjectDetails> for ObjectDetails {
    fn from(details: jetbridge::ObjectDetails) -> Self {
        let jetbridge::ObjectDetails { key, size, e_tag, last_modified, headers, storage_class, version_id, checksum } =
            details;
        Self {
            key,
            size,
            e_tag,
            last_modified,
            headers: headers.into(),
            storage_class,
            version_id,
            checksum: checksum.map(Into::into),
        }
    }
}

/// How bytes are moved.
#[derive(Debug, Clone, Default, PartialEq, Eq, uniffi::Record)]
pub struct TransferOptions {
    /// Requests at once; without it, four.
    #[uniffi(default = None)]
    pub parallel: Option<u32>,
    /// Bytes of each part; without it, 8 MiB, or more where an object would have too many parts.
    #[uniffi(default = None)]
    pub part_size: Option<u64>,
    /// Where it is remembered what was sent: an upload that the end of the process broke off goes on from there if the same
    /// file is uploaded to the same place again. Without it, it begins anew. A folder of the app's own.
    #[uniffi(default = None)]
    pub resume_folder: Option<String>,
    /// Not to go on with what an earlier process began.
    #[uniffi(default = false)]
    pub start_over: bool,
}

/// Hears how far a transfer is. The calls come one after the other, from threads of the library; a transfer waits for none.
#[uniffi::export(foreign)]
pub trait TransferObserver: Send + Sync {
    /// `done` bytes have arrived, of `total` if that is known; an earlier process had moved `resumed` of them. The last call
    /// tells the end.
    ///
    /// # Errors
    /// Whatever is thrown goes to the log, by its class.
    fn progressed(&self, done: u64, total: Option<u64>, resumed: u64) -> Result<(), ListenerError>;
}

fn transfer_options(
    options: TransferOptions,
    observer: Option<Arc<dyn TransferObserver>>,
) -> jetbridge::TransferOptions {
    let TransferOptions { parallel, part_size, resume_folder, start_over } = options;
    let progress = observer.map(|observer| {
        let told: Arc<dyn Fn(jetbridge::TransferProgress) + Send + Sync> =
            Arc::new(move |progress: jetbridge::TransferProgress| {
                if let Err(error) = observer.progressed(progress.done, progress.total, progress.resumed) {
                    tracing::warn!(%error, "an observer of a transfer failed");
                }
            });
        told
    });
    jetbridge::TransferOptions {
        progress,
        parallel: parallel.map(|parallel| parallel as usize),
        part_size,
        resume_folder: resume_folder.map(PathBuf::from),
        start_over,
        ..jetbridge::TransferOptions::default()
    }
}

/// A file that was downloaded.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct DownloadedObject {
    /// What is known of the object.
    pub details: ObjectDetails,
    /// Bytes that an earlier process had already brought.
    pub resumed: u64,
    /// Whether the bytes were held against a checksum that S3 keeps. False if it keeps none that can be computed: of a range, of
    /// an object from before S3 kept one of each, and of one with a checksum of its parts' checksums (`COMPOSITE`) where the
    /// server does not tell how large these are.
    pub is_verified: bool,
}

/// An object that was written.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct UploadedObject {
    /// Its key.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// The entity tag with its quotes.
    #[uniffi(default = None)]
    pub e_tag: Option<String>,
    /// Its version, in a bucket with versioning.
    #[uniffi(default = None)]
    pub version_id: Option<String>,
    /// The checksum that S3 computed and compared.
    #[uniffi(default = None)]
    pub checksum: Option<ObjectChecksum>,
    /// Bytes that an earlier process had already sent.
    #[uniffi(default = 0)]
    pub resumed: u64,
}

impl From<jetbridge::UploadedObject> for UploadedObject {
    fn from(uploaded: jetbridge::UploadedObject) -> Self {
        let jetbridge::UploadedObject { key, size, e_tag, version_id, checksum, resumed } = uploaded;
        Self { key, size, e_tag, version_id, checksum: checksum.map(Into::into), resumed }
    }
}

/// An object that could not be deleted with others.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct UndeletedObject {
    /// Its key.
    pub key: String,
    /// The class of the failure, as `SessionError.kind` has it.
    pub kind: String,
    /// What happened, for a person.
    pub problem: String,
    /// What to do about it, if anything can be done.
    #[uniffi(default = None)]
    pub hint: Option<String>,
}

/// What uploads whose callers went away may have left in S3.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Leftovers {
    /// The last request of one was on its way: its object may be there.
    pub may_be_written: bool,
    /// Parts of one are still in S3: why it could not be given up.
    #[uniffi(default = None)]
    pub parts: Option<SessionError>,
}

impl From<jetbridge::Leftovers> for Leftovers {
    fn from(leftovers: jetbridge::Leftovers) -> Self {
        let jetbridge::Leftovers { may_be_written, parts } = leftovers;
        Self { may_be_written, parts: parts.map(Into::into) }
    }
}

/// What a presigned URL permits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum PresignedMethod {
    /// Reading the object.
    Get,
    /// Writing the object.
    Put,
}

/// What to presign.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PresignRequest {
    /// Which object.
    pub object: ObjectAddress,
    /// What the URL permits.
    pub method: PresignedMethod,
    /// How many seconds it is wanted for; 900 without it, seven days at most. The credentials that sign it end it earlier.
    #[uniffi(default = None)]
    pub lasts_seconds: Option<u64>,
    /// With `Put`: the content type that whoever uses it has to send.
    #[uniffi(default = None)]
    pub content_type: Option<String>,
    /// With `Get`: the name under which browsers save it.
    #[uniffi(default = None)]
    pub file_name: Option<String>,
}

/// A URL that does one thing for whoever has it, until it expires: a secret.
#[derive(Debug, uniffi::Object)]
pub struct PresignedUrl {
    inner: jetbridge::PresignedUrl,
}

#[uniffi::export]
impl PresignedUrl {
    /// The URL. Never log it.
    pub fn url(&self) -> String {
        self.inner.url().to_owned()
    }

    /// Headers that have to be sent with it, as they were signed.
    pub fn headers(&self) -> HashMap<String, String> {
        self.inner.headers().iter().cloned().collect()
    }

    /// When it stops working, by S3's clock.
    pub fn expires_at(&self) -> SystemTime {
        self.inner.expires_at()
    }

    /// Whether the credentials that signed it end it before the time that was asked for.
    pub fn is_cut_short(&self) -> bool {
        self.inner.is_cut_short()
    }
}

/// All can end with everything that `aws_credentials` can say, with `AccessDenied` for what the role forbids, `NotFound` for
/// the bucket or the object, `Misconfigured` for a wrong region, and `Retryable` for the network.
#[uniffi::export(async_runtime = "tokio")]
impl CoreSession {
    /// What is known of an object, without its bytes.
    ///
    /// # Errors
    /// As said above.
    pub async fn head_object(&self, object: ObjectAddress) -> Result<ObjectDetails, SessionError> {
        Ok(self.unless_cancelled(self.inner.head_object(object.into())).await?.into())
    }

    /// Reads an object into memory, if it has no more than `limit` bytes. For a large one, `download_object`.
    ///
    /// # Errors
    /// As said above, `ConditionNotMet`, and `Misconfigured` if it is larger.
    pub async fn get_object(
        &self,
        object: ObjectAddress,
        limit: u64,
        conditions: ObjectConditions,
    ) -> Result<Vec<u8>, SessionError> {
        let request =
            jetbridge::GetObject { object: object.into(), conditions: conditions.into(), ..Default::default() };
        let read = async { self.inner.get_object(request).await?.collect(limit).await };
        Ok(self.unless_cancelled(read).await?.into())
    }

    /// Reads an object into a file: several ranges at once, each tried again if it stalls. What is there of an earlier try is
    /// used if the object is still the same. The file appears under its name when it is whole and its checksum is right, and
    /// replaces one that was there.
    ///
    /// # Errors
    /// As said above, `ConditionNotMet`, and `LocalFile`.
    pub async fn download_object(
        &self,
        object: ObjectAddress,
        file: String,
        options: TransferOptions,
        conditions: ObjectConditions,
        observer: Option<Arc<dyn TransferObserver>>,
    ) -> Result<DownloadedObject, SessionError> {
        let request =
            jetbridge::GetObject { object: object.into(), conditions: conditions.into(), ..Default::default() };
        let options = transfer_options(options, observer);
        let jetbridge::DownloadedObject { details, resumed, is_verified } =
            self.unless_cancelled(self.inner.download_object(request, file.as_ref(), options)).await?;
        Ok(DownloadedObject { details: details.into(), resumed, is_verified })
    }

    /// Writes an object from memory, in one request.
    ///
    /// # Errors
    /// As said above, and `ConditionNotMet`.
    pub async fn put_object(
        &self,
        object: ObjectAddress,
        body: Vec<u8>,
        headers: ObjectHeaders,
        conditions: ObjectConditions,
    ) -> Result<UploadedObject, SessionError> {
        let request =
            jetbridge::PutObject { object: object.into(), headers: headers.into(), conditions: conditions.into() };
        Ok(self.unless_cancelled(self.inner.put_object(request, body)).await?.into())
    }

    /// Writes an object from a file, a large one in parts. What an earlier process sent is not sent again if the file is
    /// still the same (`resume_folder`). A caller that goes away ends the upload: S3 keeps nothing of it.
    ///
    /// # Errors
    /// As said above, `ConditionNotMet`, and `LocalFile`.
    pub async fn upload_file(
        &self,
        object: ObjectAddress,
        file: String,
        headers: ObjectHeaders,
        options: TransferOptions,
        conditions: ObjectConditions,
        observer: Option<Arc<dyn TransferObserver>>,
    ) -> Result<UploadedObject, SessionError> {
        let request =
            jetbridge::PutObject { object: object.into(), headers: headers.into(), conditions: conditions.into() };
        let options = transfer_options(options, observer);
        Ok(self.unless_cancelled(self.inner.upload_file(request, file.as_ref(), options)).await?.into())
    }

    /// Deletes an object. One that is not there is no error: S3 does not tell.
    ///
    /// # Errors
    /// As said above, and `ConditionNotMet`.
    pub async fn delete_object(&self, object: ObjectAddress, conditions: ObjectConditions) -> Result<(), SessionError> {
        let request = jetbridge::DeleteObject { object: object.into(), conditions: conditions.into() };
        self.unless_cancelled(self.inner.delete_object(request)).await
    }

    /// Deletes objects of one bucket (the configuration's without `bucket`), a thousand in one request. The answer names those
    /// that could not be deleted, and why; it is empty if all were.
    ///
    /// # Errors
    /// As said above, if nothing can be said of single objects; some may be deleted by then.
    pub async fn delete_objects(
        &self,
        keys: Vec<String>,
        bucket: Option<String>,
        requester_pays: bool,
    ) -> Result<Vec<UndeletedObject>, SessionError> {
        let request = jetbridge::DeleteObjects { bucket, keys, requester_pays };
        let undeleted = self.unless_cancelled(self.inner.delete_objects(request)).await?;
        let undeleted = undeleted.into_iter().map(|(key, error)| UndeletedObject {
            key,
            kind: error.kind().to_owned(),
            problem: error.to_string(),
            hint: error.hint(),
        });
        Ok(undeleted.collect())
    }

    /// Gives up what an earlier process sent of this file to this object: S3 forgets its parts, which are paid for otherwise, and
    /// nobody goes on with it. For an upload that was broken off and that the user does not want any more; one that is under
    /// way ends when its call is cancelled. `resume_folder`: the one that the upload had. The file need not be there any more.
    /// The answer says whether there was anything.
    ///
    /// # Errors
    /// As said above; then it is remembered still. `LocalFile` if the upload is under way, or the folder cannot be used.
    pub async fn abort_upload(
        &self,
        object: ObjectAddress,
        file: String,
        resume_folder: String,
    ) -> Result<bool, SessionError> {
        let aborting = self.inner.abort_upload(object.into(), file.as_ref(), resume_folder.as_ref());
        self.unless_cancelled(aborting).await
    }

    /// What uploads of this session whose callers went away may have left in S3, as far as it is known: wait for it with `settle`.
    pub fn leftovers(&self) -> Leftovers {
        self.inner.leftovers().into()
    }

    /// Copies an object within S3, with what is kept with it, or `headers` instead. S3 copies no more than 5 GB in one request;
    /// larger ones are refused.
    ///
    /// # Errors
    /// As said above, and `ConditionNotMet`.
    pub async fn copy_object(
        &self,
        source: ObjectAddress,
        target: ObjectAddress,
        headers: Option<ObjectHeaders>,
    ) -> Result<UploadedObject, SessionError> {
        let request = jetbridge::CopyObject {
            source: source.into(),
            target: target.into(),
            headers: headers.map(Into::into),
            ..Default::default()
        };
        Ok(self.unless_cancelled(self.inner.copy_object(request)).await?.into())
    }

    /// A URL that reads or writes one object for whoever has it. It works no longer than the credentials that sign it; they are
    /// renewed before if they end too soon, and the answer says when it ends.
    ///
    /// # Errors
    /// As for `aws_credentials`. S3 is not asked.
    pub async fn presign_object(&self, request: PresignRequest) -> Result<Arc<PresignedUrl>, SessionError> {
        let PresignRequest { object, method, lasts_seconds, content_type, file_name } = request;
        let request = jetbridge::PresignObject {
            object: object.into(),
            method: match method {
                PresignedMethod::Get => jetbridge::PresignedMethod::Get,
                PresignedMethod::Put => jetbridge::PresignedMethod::Put,
            },
            lasts: lasts_seconds.map(Duration::from_secs),
            content_type,
            file_name,
        };
        Ok(Arc::new(PresignedUrl { inner: self.unless_cancelled(self.inner.presign_object(request)).await? }))
    }
}
