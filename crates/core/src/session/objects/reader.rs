//! An object's bytes in their order, whatever breaks on the way: a connection that ends too early or brings nothing is taken up
//! where it broke, with `Range` and `If-Match`, so that nobody puts two objects together (RFC 9110 §13.1.1; aws-c-s3 and
//! s3transfer pin the ETag in the same way).

use std::sync::Arc;
use std::time::Duration;

use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};
use http_body::Frame;
use http_body_util::BodyExt as _;

use super::repeating::{Pace, Tries, repeat};
use super::{Objects, Place};
use crate::aws::objects::{Conditions, ObjectAddress, ObjectDetails};
use crate::aws::reading::{self, Known, Opened, Wanted, other_bytes};
use crate::diagnosis::senseless;
use crate::error::{BROKEN, NO_ANSWER, Recovery, Service, SessionError};
use crate::session::renewal::CredentialRenewal;
use crate::session::signed_call::send_signed;

/// A try that brought so many bytes was worth it and does not count, and the next one follows at once: on a bad line a large
/// object takes many.
const WORTH_IT: u64 = 256 * 1024;

/// Where an object is read from.
pub(super) struct Source {
    pub credentials: Arc<CredentialRenewal>,
    pub place: Place,
    /// A connection that stalls for so long is given up.
    pub patience: Duration,
}

impl Objects {
    /// Where this object is read from.
    pub(super) fn source(&self, object: ObjectAddress) -> Result<Source, SessionError> {
        let place = self.find(object, "s3:GetObject")?;
        Ok(Source { credentials: Arc::clone(&self.credentials), place, patience: self.patience })
    }
}

/// The answer to a request for bytes.
pub(super) enum Answer {
    Opened(Box<Opened>),
    /// The object has none of them, in the words for the app.
    NoSuchBytes(SessionError),
}

impl Source {
    /// The first answer of a transfer, asked for as patiently as the rest of it.
    pub(super) async fn begin(&self, conditions: &Conditions, bytes: Wanted) -> Result<Answer, SessionError> {
        repeat(|| self.open(conditions, bytes, None)).await.outcome
    }

    /// Asks once. `size`: of the object, if that is known.
    async fn open(&self, conditions: &Conditions, bytes: Wanted, size: Option<u64>) -> Result<Answer, SessionError> {
        let answer = self.ask(conditions, bytes).await?;
        let Answer::Opened(opened) = &answer else { return Ok(answer) };
        if !is_asked_for(conditions, opened) {
            return Err(self.changed());
        }
        // There are servers that give some of the bytes as if they were all (lakeFS#6100).
        if opened.may_be_a_part && opened.has_size {
            let size = match size {
                Some(size) => size,
                None => self.head(&Pin::of(opened).conditions()).await?.details.size,
            };
            if size != opened.details.size {
                return Err(other_bytes());
            }
        }
        Ok(answer)
    }

    async fn ask(&self, conditions: &Conditions, bytes: Wanted) -> Result<Answer, SessionError> {
        let Place { target, evidence } = &self.place;
        let ask = |credentials| async move {
            match reading::open(target, &credentials, conditions, bytes).await {
                Err(failure) if failure.is_about_range() => {
                    Ok(Answer::NoSuchBytes(failure.into_session_error(evidence)))
                }
                opened => opened.map(|opened| Answer::Opened(Box::new(opened))),
            }
        };
        send_signed(&self.credentials, evidence, ask).await
    }

    pub(super) async fn head(&self, conditions: &Conditions) -> Result<Known, SessionError> {
        self.place.look(&self.credentials, conditions).await
    }

    /// How large one of the parts is that the object was uploaded in, counted from 1. `None` if that is not to be learnt: not
    /// every server like S3 knows the question, or it may be forbidden.
    ///
    /// # Errors
    /// `Retryable` if it may be learnt later; `ConditionNotMet` if the object is another one by now.
    pub(super) async fn size_of_part(&self, pin: &Pin, number: u16) -> Result<Option<u64>, SessionError> {
        let Place { target, evidence } = &self.place;
        let e_tag = pin.e_tag.as_deref();
        let ask = |credentials| async move { reading::part_size(target, &credentials, e_tag, number).await };
        match repeat(|| send_signed(&self.credentials, evidence, ask)).await.outcome {
            Err(SessionError::ConditionNotMet { .. }) => Err(self.changed()),
            Err(failure) if matches!(failure.recovery(), Recovery::FixConfiguration | Recovery::AskForAccess) => {
                tracing::warn!(%failure, number, "the size of a part of an object is not known");
                Ok(None)
            }
            outcome => outcome,
        }
    }

    /// The same of all parts, `at_once` questions at a time. `None` if they are not those of an object of this size.
    pub(super) async fn sizes_of_parts(
        &self,
        pin: &Pin,
        (count, first): (u64, u64),
        size: u64,
        at_once: usize,
    ) -> Result<Option<Vec<u64>>, SessionError> {
        // Whoever does not know the question tells the size of the whole.
        if first == 0 || first >= size {
            return Ok(None);
        }
        let later = (2..=u16::try_from(count).unwrap_or(0)).map(|number| self.size_of_part(pin, number));
        let mut sizes = vec![first];
        let mut asked = std::pin::pin!(stream::iter(later).buffered(at_once));
        while let Some(next) = asked.next().await {
            match next? {
                Some(next) => sizes.push(next),
                None => return Ok(None),
            }
        }
        let sum = sizes.iter().try_fold(0_u64, |sum, size| sum.checked_add(*size));
        Ok((sum == Some(size)).then_some(sizes))
    }

    /// The object is no longer the one that was begun with.
    pub(super) fn changed(&self) -> SessionError {
        SessionError::ConditionNotMet { what: format!("{} changed meanwhile", self.place.evidence.subject()) }
    }

    /// The bytes are not those that S3 computed its checksum of.
    pub(super) fn damaged(&self, algorithm: &str) -> SessionError {
        let subject = self.place.evidence.subject();
        senseless(Service::S3, &format!("the bytes of {subject} are not those that its {algorithm} is of"))
    }

    fn broken(&self, how: &str) -> SessionError {
        let subject = self.place.evidence.subject();
        SessionError::Retryable { failure: format!("S3 cannot be reached ({subject}): {how}"), retry_after: None }
    }
}

/// Whether it is the object of `If-Match`, which some servers do not know.
fn is_asked_for(conditions: &Conditions, opened: &Opened) -> bool {
    let bare = |tag: &str| tag.trim().trim_matches('"').to_owned();
    // A list, or any object.
    let asked = conditions.if_match.as_deref().filter(|tag| !tag.contains(',') && tag.trim() != "*");
    asked.is_none_or(|asked| opened.details.e_tag.as_deref().map(bare) == Some(bare(asked)))
}

/// What says that an object is still the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Pin {
    /// A strong one: no other may be compared with (RFC 9110 §13.1.1).
    pub e_tag: Option<String>,
    pub size: Option<u64>,
}

impl Pin {
    pub(super) fn of(opened: &Opened) -> Self {
        Self::new(&opened.details, opened.has_size)
    }

    pub(super) fn new(details: &ObjectDetails, has_size: bool) -> Self {
        let e_tag = details.e_tag.clone().filter(|e_tag| !e_tag.starts_with("W/"));
        Self { e_tag, size: has_size.then_some(details.size) }
    }

    pub(super) fn conditions(&self) -> Conditions {
        Conditions { if_match: self.e_tag.clone(), ..Conditions::default() }
    }

    /// Servers that know no `If-Match` answer with whatever is there.
    fn holds(&self, opened: &Opened) -> bool {
        let other = Self::of(opened);
        let is_same_size = self.size.is_none() || other.size.is_none() || self.size == other.size;
        self.e_tag == other.e_tag && is_same_size
    }
}

/// Reads some of an object's bytes.
pub(super) struct Reader {
    source: Arc<Source>,
    pin: Pin,
    /// The byte of the object that comes next.
    position: u64,
    /// After the last one; not known where the server does not say how large the object is.
    end: Option<u64>,
    body: Option<Body>,
    tries: Tries,
    /// Since the last try.
    brought: u64,
}

struct Body {
    body: SdkBody,
    /// Bytes that come first and were not asked for: some servers know no ranges.
    skip: u64,
    /// Where in the object it ends, if the server said so.
    end: Option<u64>,
    pace: Pace,
}

fn size_of(frame: &Option<Result<Frame<Bytes>, aws_smithy_types::body::Error>>) -> u64 {
    match frame {
        Some(Ok(frame)) => frame.data_ref().map_or(0, |bytes| bytes.len() as u64),
        _ => 0,
    }
}

impl Reader {
    /// Reads from there on what `opened` brings.
    pub(super) fn new(source: Arc<Source>, opened: Opened, start: u64, end: Option<u64>) -> Result<Self, SessionError> {
        let pin = Pin::of(&opened);
        let mut reader = Self { source, pin, position: start, end, body: None, tries: Tries::default(), brought: 0 };
        reader.take(opened)?;
        Ok(reader)
    }

    /// Reads from there on, and asks when it is asked.
    pub(super) fn unopened(source: Arc<Source>, pin: Pin, start: u64, end: Option<u64>) -> Self {
        Self { source, pin, position: start, end, body: None, tries: Tries::default(), brought: 0 }
    }

    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Bytes that are still to come, if the server said so.
    pub(super) fn left(&self) -> Option<u64> {
        Some(self.end?.saturating_sub(self.position))
    }

    /// The next bytes, or `None` after the last.
    pub(super) async fn next_chunk(&mut self) -> Result<Option<Bytes>, SessionError> {
        loop {
            if self.end == Some(self.position) {
                self.body = None;
                return Ok(None);
            }
            let failure = match self.receive().await {
                Received::Bytes(bytes) => return Ok(Some(bytes)),
                Received::Skipped => continue,
                Received::End => {
                    self.end = Some(self.position);
                    continue;
                }
                Received::Unopened => match self.open().await {
                    Ok(()) => continue,
                    Err(failure) => failure,
                },
                Received::Broken(how) => self.source.broken(&how),
            };
            self.body = None;
            self.prepare_again(failure).await?;
        }
    }

    async fn receive(&mut self) -> Received {
        let Some(body) = &mut self.body else { return Received::Unopened };
        let frame = match body.pace.watch(body.body.frame(), size_of).await {
            Ok(frame) => frame,
            Err(how) => return Received::Broken(format!("{NO_ANSWER}: {how}")),
        };
        let mut bytes = match frame.map(|frame| frame.map(|frame| frame.into_data())) {
            Some(Ok(Ok(bytes))) => bytes,
            // Trailers.
            Some(Ok(Err(_))) => return Received::Skipped,
            None if self.end.is_none() => return Received::End,
            // It brought all that it announced, and that was less than was asked for.
            None if body.end == Some(self.position) && self.brought > 0 => {
                self.body = None;
                return Received::Skipped;
            }
            Some(Err(_)) | None => return Received::Broken(BROKEN.to_owned()),
        };
        let skipped = usize::try_from(body.skip).unwrap_or(usize::MAX).min(bytes.len());
        body.skip -= skipped as u64;
        bytes = bytes.split_off(skipped);
        if let Some(end) = self.end {
            bytes.truncate(usize::try_from(end - self.position).unwrap_or(usize::MAX));
        }
        if bytes.is_empty() {
            return Received::Skipped;
        }
        self.position += bytes.len() as u64;
        self.brought += bytes.len() as u64;
        Received::Bytes(bytes)
    }

    /// Waits before the next try, if there is to be one.
    async fn prepare_again(&mut self, failure: SessionError) -> Result<(), SessionError> {
        // Without its tag nobody knows that the object is still the same.
        if self.pin.e_tag.is_none() {
            return Err(failure);
        }
        tracing::debug!(position = self.position, %failure, "an object is taken up again");
        if std::mem::take(&mut self.brought) >= WORTH_IT {
            self.tries = Tries::default();
            return Ok(());
        }
        self.tries.wait_after(failure).await
    }

    async fn open(&mut self) -> Result<(), SessionError> {
        let wanted = match self.end {
            Some(end) => Wanted::Between(self.position, end),
            None => Wanted::From(self.position),
        };
        match self.source.open(&self.pin.conditions(), wanted, self.pin.size).await {
            Ok(Answer::Opened(opened)) if self.pin.holds(&opened) => self.take(*opened),
            Ok(Answer::Opened(_)) | Err(SessionError::ConditionNotMet { .. }) => Err(self.source.changed()),
            // It broke after the last byte of an object whose size nobody told.
            Ok(Answer::NoSuchBytes(_)) if self.end.is_none() => {
                self.end = Some(self.position);
                Ok(())
            }
            Ok(Answer::NoSuchBytes(failure)) | Err(failure) => Err(failure),
        }
    }

    fn take(&mut self, opened: Opened) -> Result<(), SessionError> {
        let Some(skip) = self.position.checked_sub(opened.start) else {
            return Err(other_bytes());
        };
        let pace = Pace::new(self.source.patience);
        self.body = Some(Body { body: opened.body, skip, end: opened.end, pace });
        Ok(())
    }
}

enum Received {
    Bytes(Bytes),
    /// Nothing that was asked for.
    Skipped,
    End,
    Unopened,
    Broken(String),
}
