//! One object: what is known of it, and its bytes as a stream.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_core::Stream;

use super::reader::{Answer, Pin, Reader, Source};
use super::{Objects, PARALLEL};
use crate::aws::checksums::{Checker, Composite, CompositeChecker};
use crate::aws::objects::{Conditions, GetObject, ObjectAddress, ObjectDetails};
use crate::aws::reading::{Opened, Wanted};
use crate::error::SessionError;

impl Objects {
    pub(in crate::session) async fn head(&self, object: ObjectAddress) -> Result<ObjectDetails, SessionError> {
        Ok(self.source(object)?.head(&Conditions::default()).await?.details)
    }

    pub(in crate::session) async fn get(&self, request: GetObject) -> Result<ObjectBody, SessionError> {
        let GetObject { object, conditions, range } = request;
        let source = Arc::new(self.source(object)?);
        let wanted = range.clone().map_or(Ok(Wanted::All), |range| wanted(&range))?;
        match source.begin(&conditions, wanted).await? {
            Answer::Opened(opened) => {
                let size = opened.has_size.then_some(opened.details.size);
                let start = range.as_ref().map_or(0, |range| range.start);
                let end = match (range.map(|range| range.end), size.or(opened.end)) {
                    (Some(wanted), Some(known)) => Some(wanted.min(known)),
                    (wanted, known) => wanted.or(known),
                };
                let is_whole = start == 0 && end == size;
                let details = opened.details.clone();
                let check = if is_whole { find_check(&source, &opened, size).await? } else { None };
                let reader = Reader::new(Arc::clone(&source), *opened, start, end)?;
                let (has_size, is_verified) = (size.is_some(), false);
                Ok(ObjectBody { details, has_size, source, reader, check, is_verified, failure: None })
            }
            Answer::NoSuchBytes(failure) => Err(failure),
        }
    }
}

/// What the bytes of a whole object are held against as they come. Of a checksum of the parts' checksums it is asked first how
/// large the first part is: afterwards the bytes are gone.
async fn find_check(source: &Source, opened: &Opened, size: Option<u64>) -> Result<Option<Check>, SessionError> {
    if let Some(proof) = &opened.proof {
        return Ok(Checker::new(proof).map(|checker| Check::Whole(proof.algorithm.clone(), Box::new(checker))));
    }
    let composite = opened.details.checksum.as_ref().and_then(Composite::new);
    let (Some(composite), Some(size)) = (composite, size) else { return Ok(None) };
    let pin = Pin::of(opened);
    let first = if composite.part_count == 1 { Some(size) } else { source.size_of_part(&pin, 1).await? };
    let alike = first.and_then(|first| composite.alike(first, size));
    let checker = alike.and_then(|sizes| Some((sizes.clone(), composite.checker(sizes)?)));
    Ok(checker.map(|(sizes, checker)| Check::Parts { composite, pin, sizes, checker: Box::new(checker) }))
}

/// # Errors
/// `Misconfigured` for a range without a byte, which HTTP cannot say.
pub(super) fn wanted(range: &Range<u64>) -> Result<Wanted, SessionError> {
    if range.is_empty() {
        return Err(SessionError::Misconfigured {
            setting: "range".to_owned(),
            problem: format!("{}..{} has no byte", range.start, range.end),
            hint: "A range ends after its last byte: 0..1 is the first byte.".to_owned(),
        });
    }
    Ok(Wanted::Between(range.start, range.end))
}

enum Check {
    /// By the algorithm of this name.
    Whole(String, Box<Checker>),
    /// By those of its parts, if they are of these sizes.
    Parts { composite: Composite, pin: Pin, sizes: Vec<u64>, checker: Box<CompositeChecker> },
}

impl Check {
    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Whole(_, checker) => checker.update(bytes),
            Self::Parts { checker, .. } => checker.update(bytes),
        }
    }

    /// Whether the bytes were right; `false` if nobody can tell.
    async fn finish(self, source: &Source) -> Result<bool, SessionError> {
        let (composite, pin, sizes, checker) = match self {
            Self::Whole(algorithm, checker) => {
                return if checker.finds_right() { Ok(true) } else { Err(source.damaged(&algorithm)) };
            }
            Self::Parts { composite, pin, sizes, checker } => (composite, pin, sizes, checker),
        };
        if checker.finds_right() {
            return Ok(true);
        }
        let (size, first) = (sizes.iter().sum(), sizes.first().copied().unwrap_or(0));
        let told = match composite.is_certain() {
            true => None,
            false => source.sizes_of_parts(&pin, (composite.part_count, first), size, PARALLEL).await?,
        };
        let are_others = told.is_some_and(|told| told != sizes);
        if are_others { Ok(false) } else { Err(source.damaged(composite.algorithm())) }
    }
}

/// An object's bytes as they arrive.
pub struct ObjectBody {
    details: ObjectDetails,
    has_size: bool,
    source: Arc<Source>,
    reader: Reader,
    /// Until the end, if all of the object is read and S3 keeps a checksum of it.
    check: Option<Check>,
    is_verified: bool,
    failure: Option<SessionError>,
}

impl ObjectBody {
    /// What is known of the object. Of one whose size the server does not tell it is 0 until all has come.
    pub fn details(&self) -> &ObjectDetails {
        &self.details
    }

    /// Whether all bytes were held against what S3 keeps, which is known after the last one. `false` where
    /// [`DownloadedObject`](crate::DownloadedObject) says so, and for an object that was uploaded in parts of several sizes with
    /// a checksum of each part alone (`COMPOSITE`): how large they are is asked when the bytes are gone.
    pub fn is_verified(&self) -> bool {
        self.is_verified
    }

    /// The next bytes, or `None` after the last. Bytes that were handed out are held against the object's checksum at the
    /// end: before that nobody knows that they are right. After an error there is nothing more but this error.
    ///
    /// # Errors
    /// `Retryable` if the connection breaks and cannot be taken up again, or the bytes are not what S3 keeps;
    /// `ConditionNotMet` if the object was replaced meanwhile.
    pub async fn next_chunk(&mut self) -> Result<Option<Bytes>, SessionError> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        let outcome = self.receive().await;
        self.failure = outcome.as_ref().err().cloned();
        outcome
    }

    async fn receive(&mut self) -> Result<Option<Bytes>, SessionError> {
        if let Some(bytes) = self.reader.next_chunk().await? {
            if let Some(check) = &mut self.check {
                check.update(&bytes);
            }
            return Ok(Some(bytes));
        }
        if !self.has_size {
            self.details.size = self.reader.position();
        }
        if let Some(check) = self.check.take() {
            self.is_verified = check.finish(&self.source).await?;
        }
        Ok(None)
    }

    /// All bytes at once, if they are no more than `limit`.
    ///
    /// # Errors
    /// As for [`next_chunk`](Self::next_chunk); `Misconfigured` if there are more.
    pub async fn collect(mut self, limit: u64) -> Result<Bytes, SessionError> {
        let too_large = |size: u64| SessionError::Misconfigured {
            setting: "limit".to_owned(),
            problem: format!("there are {size} bytes or more, and no more than {limit} may be kept in memory"),
            hint: "Read the object in pieces, or into a file, or allow more.".to_owned(),
        };
        let announced = self.reader.left().unwrap_or(0);
        if announced > limit {
            return Err(too_large(announced));
        }
        let Some(first) = self.next_chunk().await? else { return Ok(Bytes::new()) };
        let mut all = BytesMut::with_capacity(usize::try_from(announced).unwrap_or(0));
        let mut next = Some(first);
        while let Some(bytes) = next {
            let size = (all.len() + bytes.len()) as u64;
            if size > limit {
                return Err(too_large(size));
            }
            all.extend_from_slice(&bytes);
            next = self.next_chunk().await?;
        }
        Ok(all.freeze())
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
