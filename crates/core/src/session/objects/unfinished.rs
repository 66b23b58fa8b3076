//! Uploads that are not yet objects: who goes on with them, and who gives them up, so that nobody pays for their parts.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::files::{explain, explain_reading, local};
use super::put::Writing;
use super::upload_journal::{self, Journal, Left};
use super::{Objects, Place, Remains};
use crate::aws::objects::{ObjectAddress, TransferOptions};
use crate::aws::reading::Target;
use crate::aws::writing::{self, Begun};
use crate::clock::{Clock as _, SystemClock};
use crate::diagnosis::Evidence;
use crate::error::SessionError;
use crate::life::UsedBy;
use crate::mutex::lock;
use crate::session::renewal::CredentialRenewal;
use crate::session::signed_call::send_signed;
use crate::session::tasks::{Beside, block};

/// Shared with whoever gives the upload up; none once it was removed.
pub(super) type SharedJournal = Option<Arc<Mutex<Option<Journal>>>>;

/// An upload that is neither an object nor given up. Dropped so, it is given up, beside whatever comes then.
pub(super) struct Unfinished {
    credentials: Arc<CredentialRenewal>,
    place: Place,
    pub begun: Begun,
    pub journal: SharedJournal,
    beside: Beside,
    remains: Remains,
    /// An earlier process asked for the object, and ended before it heard of it.
    pub may_be_complete: bool,
    is_settled: bool,
}

impl Unfinished {
    pub(super) fn new(
        credentials: Arc<CredentialRenewal>,
        place: Place,
        begun: Begun,
        journal: SharedJournal,
        (beside, remains): (Beside, Remains),
    ) -> Self {
        Self { credentials, place, begun, journal, beside, remains, may_be_complete: false, is_settled: false }
    }

    /// Nothing more is to be done with it.
    pub(super) fn settle(mut self) {
        self.is_settled = true;
    }

    /// The upload, without giving it up.
    pub(super) fn release(self) -> Begun {
        let begun = self.begun.clone();
        self.settle();
        begun
    }

    /// Whether another process can go on with it, or give it up.
    pub(super) fn is_remembered(&self) -> bool {
        self.journal.as_ref().is_some_and(|journal| lock(journal).as_ref().is_some_and(Journal::remembers))
    }

    /// S3 forgets it, and then this device.
    pub(super) async fn give_up(mut self) {
        self.is_settled = true;
        give_up(&self.credentials, &self.place, &self.begun.upload_id, &self.journal, &self.remains).await;
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Without a runtime the process is about to end: the journal says what there is.
        if self.is_settled || tokio::runtime::Handle::try_current().is_err() {
            return;
        }
        let (credentials, place) = (Arc::clone(&self.credentials), self.place.clone());
        let (upload_id, journal) = (self.begun.upload_id.clone(), self.journal.clone());
        let remains = self.remains.clone();
        self.beside.spawn(async move { give_up(&credentials, &place, &upload_id, &journal, &remains).await });
    }
}

/// What could not be given up stays in the journal: whoever uploads the same goes on with it, and after a week it is tried
/// again.
async fn give_up(
    credentials: &Arc<CredentialRenewal>,
    place: &Place,
    upload_id: &str,
    journal: &SharedJournal,
    remains: &Remains,
) {
    if let Err(error) = abort(credentials, place, upload_id, journal).await {
        tracing::warn!(%error, "an upload could not be given up; a lifecycle rule of the bucket can");
        remains.keep_parts(error);
    }
}

async fn abort(
    credentials: &Arc<CredentialRenewal>,
    Place { target, evidence }: &Place,
    upload_id: &str,
    journal: &SharedJournal,
) -> Result<(), SessionError> {
    let ask = |credentials| async move { writing::abort_upload(target, &credentials, upload_id).await };
    send_signed(credentials, evidence, ask).await?;
    remove(journal.clone()).await;
    Ok(())
}

pub(super) async fn remove(journal: SharedJournal) {
    let Some(journal) = journal.and_then(|journal| lock(&journal).take()) else { return };
    let _ = block(move || {
        journal.remove();
        Ok(())
    })
    .await;
}

/// Writes to the journal, if there is one. What it does not take is sent again by the next process, and no more.
pub(super) async fn note(
    journal: &SharedJournal,
    write: impl FnOnce(&mut Journal) -> Result<(), SessionError> + Send + 'static,
) {
    let Some(journal) = journal.clone() else { return };
    let noted = block(move || match lock(&journal).as_mut() {
        Some(journal) => {
            write(journal).or_else(|error| if journal.fails_for_the_first_time() { Err(error) } else { Ok(()) })
        }
        None => Ok(()),
    })
    .await;
    if let Err(error) = noted {
        tracing::warn!(%error, "what was uploaded could not be remembered");
    }
}

fn busy(file: &Path) -> SessionError {
    local(file, "it is being uploaded to the same place already, by this process or another one")
}

fn shared(journal: Journal) -> SharedJournal {
    Some(Arc::new(Mutex::new(Some(journal))))
}

impl Objects {
    pub(super) fn unfinished(&self, writing: &Writing, begun: Begun, journal: SharedJournal) -> Unfinished {
        let (credentials, place) = (Arc::clone(&self.credentials), writing.place.clone());
        Unfinished::new(credentials, place, begun, journal, (self.beside.clone(), self.remains.clone()))
    }

    /// Gives up what an earlier process sent of a file, and says whether there was anything.
    pub(in crate::session) async fn abort_upload(
        &self,
        object: ObjectAddress,
        file: &Path,
        resume_folder: &Path,
    ) -> Result<bool, SessionError> {
        let place = self.find(object, "s3:AbortMultipartUpload")?;
        // The file need not be there any more.
        let file = std::path::absolute(file).map_err(|error| explain_reading(file, &error))?;
        let opened = self.open_journal_in(resume_folder.to_owned(), &place.target, &file).await?;
        let (journal, left) = opened.ok_or_else(|| busy(&file))?;
        let journal = shared(journal);
        let Some(left) = left else {
            // It may say something that nobody can go on with.
            remove(journal).await;
            return Ok(false);
        };
        abort(&self.credentials, &place, &left.upload.upload_id, &journal).await?;
        Ok(true)
    }

    /// Whether anything is remembered of an upload of this file.
    pub(in crate::session) async fn has_unfinished_upload(
        &self,
        object: ObjectAddress,
        file: &Path,
        resume_folder: &Path,
    ) -> bool {
        let (Ok(place), Ok(file)) = (self.find(object, "s3:PutObject"), std::path::absolute(file)) else {
            return false;
        };
        let Ok(folder) = std::path::absolute(resume_folder) else { return false };
        let place = self.journal_place(&folder, &place.target, &file);
        let opened = block(move || Journal::open(&folder, place)).await;
        matches!(opened, Ok(Some((_, Some(_)))))
    }

    /// The journal of this upload, if there is to be one, and what an earlier process left.
    pub(super) async fn open_journal(
        &self,
        writing: &Writing,
        file: &Path,
        options: &TransferOptions,
    ) -> Result<(SharedJournal, Option<Left>), SessionError> {
        let Some(folder) = options.resume_folder.clone() else { return Ok((None, None)) };
        match self.open_journal_in(folder, &writing.place.target, file).await {
            Ok(Some((journal, left))) => Ok((shared(journal), left)),
            Ok(None) => Err(busy(file)),
            // A full disk is a reason to upload, and none against it.
            Err(error @ SessionError::LocalFile { .. }) => {
                tracing::warn!(%error, "an upload will not be remembered");
                Ok((None, None))
            }
            Err(error) => Err(error),
        }
    }

    async fn open_journal_in(
        &self,
        folder: PathBuf,
        target: &Target,
        file: &Path,
    ) -> Result<Option<(Journal, Option<Left>)>, SessionError> {
        let folder = std::path::absolute(&folder).map_err(|error| explain(&folder, &error))?;
        // Whoever has not looked into the store does not know who is signed in.
        self.credentials.credentials(UsedBy::Session).await?;
        let place = self.journal_place(&folder, target, file);
        let (own, at) = (place.clone(), folder.clone());
        let opened = block(move || Journal::open(&folder, place)).await?;
        self.give_up_forgotten(at, own);
        Ok(opened)
    }

    /// `folder` and `file`: whole paths.
    fn journal_place(&self, folder: &Path, target: &Target, file: &Path) -> upload_journal::Place {
        let Target { bucket, key, requester_pays, .. } = target.clone();
        upload_journal::Place {
            configuration: self.config.fingerprint().to_string(),
            subject: self.credentials.subject().unwrap_or_default(),
            endpoint: self.config.s3_endpoint().map(ToString::to_string),
            region: self.config.bucket_region().to_owned(),
            bucket,
            key,
            requester_pays,
            file: upload_journal::seen_from(folder, file),
        }
    }

    /// Gives uploads up that nobody went on with, beside what is done now.
    fn give_up_forgotten(&self, folder: PathBuf, own: upload_journal::Place) {
        let (credentials, clients) = (Arc::clone(&self.credentials), Arc::clone(&self.clients));
        let (evidence, remains) = (Evidence::of(&self.config), Remains::default());
        self.beside.spawn(async move {
            let now = SystemClock.now();
            let found = block(move || Ok(upload_journal::forgotten(&folder, now, &own))).await.unwrap_or_default();
            for (journal, place, left) in found {
                let upload_journal::Place { bucket, key, requester_pays, .. } = place;
                let target = Target { client: clients.for_bucket(&bucket), bucket, key, requester_pays };
                let place = Place { target, evidence: evidence.clone() };
                give_up(&credentials, &place, &left.upload.upload_id, &shared(journal), &remains).await;
            }
        });
    }
}
