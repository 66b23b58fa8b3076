//! Objects from files and streams: small ones in one request, others in parts. What was sent is remembered for another
//! process (`upload_journal.rs`); what nobody goes on with is given up (`unfinished.rs`).

use std::path::Path;
use std::pin::pin;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use futures_core::stream::BoxStream;
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use tokio::sync::oneshot;

use super::files::{explain_reading, local};
use super::progress::Meter;
use super::put::{Sent, Writing, uploaded};
use super::repeating::Tried;
use super::sending::{Source, SourceFile};
use super::unfinished::{SharedJournal, Unfinished, note, remove};
use super::upload_journal::{Fingerprint, Journal, Left, Plan};
use super::{Objects, Place, requests_at_once};
use crate::aws::checksums::PartCrc;
use crate::aws::object_headers::refuse;
use crate::aws::objects::{Conditions, PutObject, TransferOptions, UploadedObject};
use crate::aws::writing::{self, Begun, FinishedPart, KeptPart, Payload, Written};
use crate::error::{Recovery, SETTING_OBJECT, SessionError};
use crate::session::signed_call::send_signed;
use crate::session::tasks::block;

const MIB: u64 = 1024 * 1024;
/// What is no larger goes in one request.
const PART_SIZE: u64 = 8 * MIB;
/// "Part size: 5 MiB to 5 GiB", "Maximum number of parts per upload: 10,000", and so "Maximum object size: 48.8 TiB" (Amazon
/// S3 user guide, "Amazon S3 multipart upload limits").
const SMALLEST_PART: u64 = 5 * MIB;
const LARGEST_PART: u64 = 5 * 1024 * MIB;
const MOST_PARTS: u64 = 10_000;
/// Of a stream nobody knows the length: after so many parts they are twice as large.
const PARTS_OF_ONE_SIZE: u64 = 1_000;

/// Of a file of `size` bytes.
fn part_size_of(size: u64, wanted: Option<u64>) -> Result<u64, SessionError> {
    let wanted = wanted.unwrap_or(PART_SIZE).clamp(SMALLEST_PART, LARGEST_PART);
    let needed = size.div_ceil(MOST_PARTS).next_multiple_of(MIB);
    if needed > LARGEST_PART {
        return Err(too_large());
    }
    Ok(wanted.max(needed))
}

/// Of a part of a stream.
fn part_size_in_stream(number: u64, wanted: Option<u64>) -> u64 {
    let first = wanted.unwrap_or(PART_SIZE).clamp(SMALLEST_PART, LARGEST_PART);
    (first << ((number - 1) / PARTS_OF_ONE_SIZE)).min(LARGEST_PART)
}

fn too_large() -> SessionError {
    refuse(
        SETTING_OBJECT.to_owned(),
        "it is larger than 48.8 TiB, or has more than 10,000 parts",
        "S3 takes no larger ones.",
    )
}

/// Of a file whose size is not known.
const READ_AT_ONCE: usize = 256 * 1024;

/// How sending the parts ended.
enum Ended {
    Written(Written, PartCrc),
    /// An object was made, and by what S3 says not of what was sent.
    Wrong(SessionError),
    /// S3 does not know the upload any more.
    Gone,
    /// Nor is it known whether it was made an object: the answer to that got lost.
    GoneInDoubt,
}

impl Objects {
    pub(in crate::session) async fn upload_file(
        &self,
        request: PutObject,
        file: &Path,
        options: TransferOptions,
    ) -> Result<UploadedObject, SessionError> {
        let writing = self.prepare_writing(request)?;
        let (file, source) = open(file).await?;
        let size = source.size;
        if size == 0 && has_bytes(&file).await? {
            return self.upload_chunks(writing, bytes_of(file), options).await;
        }
        let part_size = part_size_of(size, options.part_size)?;
        let outcome = if size <= part_size {
            let meter = Meter::new(&options);
            meter.begin(Some(size), 0);
            let whole = Source::File { file: Arc::clone(&file), offset: 0, length: size };
            let written = self.put_at_once(&writing, &whole, &meter.part()).await;
            written.inspect(|_| meter.finish(size))
        } else {
            self.upload_in_parts(&writing, &file, &source, part_size, &options).await
        };
        match outcome {
            // Bytes that do not fit together are the file's fault before they are the network's.
            Err(SessionError::Retryable { .. }) if has_changed(&file, &source).await => Err(changed(&file)),
            outcome => outcome,
        }
    }

    async fn upload_in_parts(
        &self,
        writing: &Writing,
        file: &Arc<SourceFile>,
        source: &Fingerprint,
        part_size: u64,
        options: &TransferOptions,
    ) -> Result<UploadedObject, SessionError> {
        let plan = Plan::new(source.clone(), &writing.headers, part_size);
        let (journal, left) = self.open_journal(writing, &file.path, options).await?;
        let mut left = match left {
            Some(left) if left.plan == plan && !options.start_over => Some(left),
            Some(other) => {
                self.unfinished(writing, other.upload, None).give_up().await;
                None
            }
            None => None,
        };
        let meter = Meter::new(options);
        let mut is_in_doubt = false;
        // An upload that S3 has forgotten is begun anew, once.
        for _ in 0..2 {
            let resumed = left.take().map(|left| usable(left, source.size, part_size));
            let (unfinished, finished) = match resumed {
                Some(Left { upload, parts, is_completing, .. }) => {
                    let mut unfinished = self.unfinished(writing, upload, journal.clone());
                    unfinished.may_be_complete = is_completing;
                    (unfinished, parts)
                }
                None => {
                    self.look_before_sending(writing).await?;
                    (self.begin(writing, journal.clone(), Some(plan.clone())).await?, Vec::new())
                }
            };
            let resumed = finished.iter().map(|part| part.crc.length).sum();
            meter.begin(Some(source.size), resumed);
            let parts: Vec<_> = parts_of(source.size, part_size)
                .filter(|(number, ..)| finished.iter().all(|part| part.number != *number))
                .map(|(number, offset, length)| Ok((number, Source::File { file: Arc::clone(file), offset, length })))
                .collect();
            let parts = stream::iter(parts).boxed();
            let from = Some((file, source));
            let sending = self.send_parts(writing, &unfinished, finished, parts, &meter, options, from);
            match sending.await {
                Ok(Ended::Written(written, whole)) => {
                    unfinished.settle();
                    remove(journal).await;
                    meter.finish(whole.length);
                    return Ok(UploadedObject { resumed, ..uploaded(&writing.place.target, whole.length, written) });
                }
                Ok(Ended::Wrong(error)) => {
                    unfinished.settle();
                    remove(journal).await;
                    return Err(error);
                }
                // What is left of it without its parts.
                Ok(Ended::Gone) => self.unfinished(writing, unfinished.release(), None).give_up().await,
                Ok(Ended::GoneInDoubt) => {
                    self.unfinished(writing, unfinished.release(), None).give_up().await;
                    is_in_doubt = true;
                    // What was written then would be in the way of itself.
                    if writing.conditions != Conditions::default() {
                        remove(journal).await;
                        return Err(in_doubt(writing));
                    }
                }
                Err(error) => {
                    // Nobody knows whether the user wants it still if what is there is not what it was to be.
                    let may_go_on = matches!(error.recovery(), Recovery::Retry | Recovery::SignIn)
                        && !matches!(error, SessionError::ConditionNotMet { .. })
                        && unfinished.is_remembered()
                        && !has_changed(file, source).await;
                    if may_go_on {
                        unfinished.settle();
                    } else {
                        unfinished.give_up().await;
                    }
                    return Err(error);
                }
            }
        }
        remove(journal).await;
        Err(if is_in_doubt { in_doubt(writing) } else { given_up(writing) })
    }

    pub(in crate::session) async fn upload_stream(
        &self,
        request: PutObject,
        bytes: impl Stream<Item = std::io::Result<Bytes>> + Send + 'static,
        options: TransferOptions,
    ) -> Result<UploadedObject, SessionError> {
        let writing = self.prepare_writing(request)?;
        self.upload_chunks(writing, bytes, options).await
    }

    async fn upload_chunks(
        &self,
        writing: Writing,
        bytes: impl Stream<Item = std::io::Result<Bytes>> + Send + 'static,
        options: TransferOptions,
    ) -> Result<UploadedObject, SessionError> {
        let mut chunks = Chunks { bytes: bytes.boxed(), left: Bytes::new(), number: 0, wanted: options.part_size };
        let first = chunks.next().await?.unwrap_or_default();
        let second =
            if (first.len() as u64) < part_size_in_stream(1, options.part_size) { None } else { chunks.next().await? };
        let Some(second) = second else {
            let size = first.len() as u64;
            let meter = Meter::new(&options);
            meter.begin(None, 0);
            let written = self.put_at_once(&writing, &Source::Memory(first), &meter.part()).await?;
            meter.finish(size);
            return Ok(written);
        };
        self.look_before_sending(&writing).await?;
        let unfinished = self.begin(&writing, None, None).await?;
        let meter = Meter::new(&options);
        meter.begin(None, 0);
        let rest = stream::try_unfold(chunks, |mut chunks| async move {
            let next = chunks.next().await?;
            let number = i32::try_from(chunks.number).unwrap_or(i32::MAX);
            Ok(next.map(|chunk| ((number, Source::Memory(chunk)), chunks)))
        });
        let begun = stream::iter([Ok((1, Source::Memory(first))), Ok((2, Source::Memory(second)))]);
        let parts = begun.chain(rest).boxed();
        let sending = self.send_parts(&writing, &unfinished, Vec::new(), parts, &meter, &options, None);
        match sending.await {
            Ok(Ended::Written(written, whole)) => {
                unfinished.settle();
                meter.finish(whole.length);
                Ok(uploaded(&writing.place.target, whole.length, written))
            }
            Ok(Ended::Wrong(error)) => {
                unfinished.settle();
                Err(error)
            }
            Ok(Ended::Gone) => {
                unfinished.give_up().await;
                Err(given_up(&writing))
            }
            Ok(Ended::GoneInDoubt) => {
                unfinished.give_up().await;
                Err(in_doubt(&writing))
            }
            Err(error) => {
                unfinished.give_up().await;
                Err(error)
            }
        }
    }

    /// S3 judges conditions when all has been sent: what cannot succeed is not begun. Whoever may not look finds out then.
    async fn look_before_sending(&self, writing: &Writing) -> Result<(), SessionError> {
        let Writing { place, conditions, .. } = writing;
        let Conditions { if_match, if_none_match, .. } = conditions;
        if if_match.is_none() && if_none_match.is_none() {
            return Ok(());
        }
        let Ok(there) = place.look(&self.credentials, &Conditions::default()).await else { return Ok(()) };
        let problem = match (if_match, &there.details.e_tag) {
            _ if if_none_match.is_some() => "is there already",
            (Some(wanted), Some(e_tag)) if wanted != e_tag => "is another one than the request demands",
            _ => return Ok(()),
        };
        Err(SessionError::ConditionNotMet { what: format!("{} {problem}; nothing was sent", place.evidence.subject()) })
    }

    /// Sends parts, several at once, and makes an object of them and of those that are there.
    #[expect(clippy::too_many_arguments, reason = "files and streams have the rest in common")]
    async fn send_parts(
        &self,
        writing: &Writing,
        unfinished: &Unfinished,
        mut finished: Vec<FinishedPart>,
        parts: BoxStream<'_, Result<(i32, Source), SessionError>>,
        meter: &Arc<Meter>,
        options: &TransferOptions,
        file: Option<(&Arc<SourceFile>, &Fingerprint)>,
    ) -> Result<Ended, SessionError> {
        let Place { target, evidence } = &writing.place;
        let begun = &unfinished.begun;
        let parallel = requests_at_once(options);
        let sending = parts
            .map_ok(|(number, source)| self.send_part(writing, begun, number, source, Arc::clone(meter)).boxed())
            .try_buffer_unordered(parallel);
        let mut sending = pin!(sending);
        while let Some(part) = sending.try_next().await? {
            let Some(part) = part else { return Ok(Ended::Gone) };
            finished.push(part.clone());
            note(&unfinished.journal, move |journal| journal.finished(&part)).await;
        }
        if let Some((file, source)) = file
            && has_changed(file, source).await
        {
            return Err(changed(file));
        }
        finished.sort_by_key(|part| part.number);
        let whole = PartCrc::of_whole(finished.iter().map(|part| part.crc));
        let sent = Sent { crc: whole, md5: None, parts: Some(FinishedPart::tag_of(&finished)) };
        note(&unfinished.journal, Journal::completing).await;
        let complete = |credentials| {
            let (finished, conditions) = (&finished, &writing.conditions);
            async move { writing::complete_upload(target, &credentials, begun, finished, conditions).await }
        };
        let Tried { outcome, was_in_doubt } = self.remains.watch(self.sender(evidence).ask(complete)).await;
        let was_in_doubt = was_in_doubt || unfinished.may_be_complete;
        let outcome = match outcome {
            Ok(None) if was_in_doubt => {
                return Ok(match self.find_written(&writing.place, &sent).await {
                    Some(written) => Ended::Written(written, whole),
                    None => Ended::GoneInDoubt,
                });
            }
            Ok(None) => return Ok(Ended::Gone),
            Ok(Some(written)) => Ok(written),
            Err(error) => Err(error),
        };
        let written = self.settle_doubt(&writing.place, &sent, Tried { outcome, was_in_doubt }).await?;
        Ok(match sent.check(&written) {
            Ok(()) => Ended::Written(written, whole),
            Err(error) => Ended::Wrong(error),
        })
    }

    async fn send_part(
        &self,
        writing: &Writing,
        begun: &Begun,
        number: i32,
        source: Source,
        meter: Arc<Meter>,
    ) -> Result<Option<FinishedPart>, SessionError> {
        let Place { target, evidence } = &writing.place;
        let digests = source.digests(begun.wants_md5()).await?;
        let send = |credentials, body| {
            let (digests, upload_id) = (&digests, &begun.upload_id[..]);
            let payload = Payload { body, digests, with_crc: begun.keeps_crc };
            async move { writing::upload_part(target, &credentials, (upload_id, number), payload).await }
        };
        let kept = self.sender(evidence).send(&source, &meter.part(), send).await.outcome?;
        Ok(kept.map(|KeptPart { e_tag, has_md5 }| FinishedPart { number, e_tag, crc: digests.crc, has_md5 }))
    }

    /// In a task of its own: of a caller that goes away meanwhile S3 would keep an upload that nobody knows.
    async fn begin(
        &self,
        writing: &Writing,
        journal: SharedJournal,
        plan: Option<Plan>,
    ) -> Result<Unfinished, SessionError> {
        let (tell, told) = oneshot::channel();
        let place = writing.place.clone();
        let (credentials, beside, remains) = (Arc::clone(&self.credentials), self.beside.clone(), self.remains.clone());
        let (headers, is_like_s3) = (writing.headers.clone(), writing.is_like_s3);
        self.beside.spawn(async move {
            let begun = send_signed(&credentials, &place.evidence, |credentials| {
                let (target, headers) = (&place.target, &headers);
                async move { writing::create_upload(target, &credentials, headers, is_like_s3).await }
            });
            let begun = match begun.await {
                Ok(begun) => {
                    let noted = begun.clone();
                    if let Some(plan) = plan {
                        note(&journal, move |journal| journal.begin(&plan, &noted)).await;
                    }
                    Ok(Unfinished::new(credentials, place, begun, journal, (beside, remains)))
                }
                Err(error) => Err(error),
            };
            if let Err(Ok(unfinished)) = tell.send(begun) {
                unfinished.give_up().await;
            }
        });
        told.await.unwrap_or_else(|_| Err(SessionError::interrupted()))
    }
}

/// A stream in pieces of the size of a part.
struct Chunks {
    bytes: BoxStream<'static, std::io::Result<Bytes>>,
    /// What was read beyond the last piece.
    left: Bytes,
    /// Of the last piece, from 1 on.
    number: u64,
    wanted: Option<u64>,
}

impl Chunks {
    async fn next(&mut self) -> Result<Option<Bytes>, SessionError> {
        let size = usize::try_from(part_size_in_stream(self.number + 1, self.wanted)).unwrap_or(usize::MAX);
        let mut piece = BytesMut::new();
        while piece.len() < size {
            if self.left.is_empty() {
                match self.bytes.next().await {
                    Some(Ok(bytes)) => self.left = bytes,
                    // The app's own words.
                    Some(Err(error)) => return Err(local(Path::new("stream"), error.to_string())),
                    None => break,
                }
            }
            let take = self.left.len().min(size - piece.len());
            piece.extend_from_slice(&self.left.split_to(take));
        }
        if piece.is_empty() {
            return Ok(None);
        }
        self.number += 1;
        if self.number > MOST_PARTS { Err(too_large()) } else { Ok(Some(piece.freeze())) }
    }
}

/// Number, offset and length of each.
fn parts_of(size: u64, part_size: u64) -> impl Iterator<Item = (i32, u64, u64)> {
    (1..)
        .zip((0..size.div_ceil(part_size)).map(move |index| {
            let offset = index * part_size;
            (offset, part_size.min(size - offset))
        }))
        .map(|(number, (offset, length))| (number, offset, length))
}

/// Parts that belong to it; what else is in the file is sent again.
fn usable(mut left: Left, size: u64, part_size: u64) -> Left {
    let lengths: Vec<u64> = parts_of(size, part_size).map(|(.., length)| length).collect();
    let mut seen = std::collections::BTreeSet::new();
    left.parts.retain(|part| {
        let index = usize::try_from(part.number - 1).ok();
        index.and_then(|index| lengths.get(index)) == Some(&part.crc.length) && seen.insert(part.number)
    });
    left
}

async fn open(path: &Path) -> Result<(Arc<SourceFile>, Fingerprint), SessionError> {
    // A relative path is another file in another folder.
    let path = std::path::absolute(path).map_err(|error| explain_reading(path, &error))?;
    block(move || {
        let file = SourceFile::open(&path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(local(&path, "it is no file; upload what is read from it as a stream"));
        }
        Ok((Arc::new(file), Fingerprint::of(&metadata)))
    })
    .await
}

/// Whether there is something in a file that is said to be empty: the kernel makes some as they are read (`proc(5)`: "most of the
/// files … are of size 0"), and their end is where nothing more comes.
async fn has_bytes(file: &Arc<SourceFile>) -> Result<bool, SessionError> {
    let file = Arc::clone(file);
    block(move || Ok(file.read_some(&mut [0], 0)? > 0)).await
}

/// What can be read of a file, whatever its size is said to be.
fn bytes_of(file: Arc<SourceFile>) -> impl Stream<Item = std::io::Result<Bytes>> + Send + 'static {
    stream::try_unfold((file, 0), |(file, offset)| async move {
        let reading = Arc::clone(&file);
        let read = block(move || {
            let mut bytes = vec![0; READ_AT_ONCE];
            let length = reading.read_some(&mut bytes, offset)?;
            bytes.truncate(length);
            Ok(Bytes::from(bytes))
        });
        let bytes = read.await.map_err(std::io::Error::other)?;
        let end = offset + bytes.len() as u64;
        Ok((!bytes.is_empty()).then_some((bytes, (file, end))))
    })
}

async fn has_changed(file: &Arc<SourceFile>, source: &Fingerprint) -> bool {
    let (file, source) = (Arc::clone(file), source.clone());
    block(move || Ok(file.metadata().map_or(true, |metadata| Fingerprint::of(&metadata) != source)))
        .await
        .unwrap_or(true)
}

fn changed(file: &SourceFile) -> SessionError {
    local(&file.path, "it changed while it was uploaded; nothing was written")
}

fn given_up(writing: &Writing) -> SessionError {
    let failure = format!("the upload of {} was given up by somebody else", writing.place.evidence.subject());
    SessionError::Retryable { failure, retry_after: None }
}

/// Neither that it is written nor that it is not.
fn in_doubt(writing: &Writing) -> SessionError {
    let subject = writing.place.evidence.subject();
    let failure = format!(
        "S3's answer got lost whether {subject} was written, and what it says of the object there does not tell whether that is it"
    );
    SessionError::Retryable { failure, retry_after: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_as_large_as_ten_thousand_of_them_have_to_be() {
        let tib = 1024 * 1024 * MIB;
        for (size, wanted, expected) in [
            (0, None, 8 * MIB),
            (80_000 * MIB, None, 8 * MIB),
            (80_000 * MIB + 1, None, 9 * MIB),
            (tib, None, 105 * MIB),
            (10_000 * LARGEST_PART, None, LARGEST_PART),
            (1, Some(1), SMALLEST_PART),
            (1, Some(64 * MIB), 64 * MIB),
            (tib, Some(64 * MIB), 105 * MIB),
        ] {
            assert_eq!(part_size_of(size, wanted), Ok(expected), "{size}");
            assert!(size.div_ceil(expected) <= MOST_PARTS);
        }
        assert_eq!(part_size_of(10_000 * LARGEST_PART + 1, None).unwrap_err().kind(), "misconfigured");
        assert_eq!(
            [1, 1000, 1001, 10_000].map(|number| part_size_in_stream(number, None)),
            [8, 8, 16, 4096].map(|n| n * MIB)
        );
    }

    /// Apps call from whichever thread they like.
    #[expect(dead_code, reason = "it is to be compiled")]
    fn uploads_may_be_spawned(objects: &'static Objects, request: PutObject, path: &'static Path) {
        fn is_send(_: impl Send) {}
        is_send(objects.upload_file(request.clone(), path, TransferOptions::default()));
        is_send(objects.upload_stream(request, stream::empty(), TransferOptions::default()));
    }

    #[test]
    fn parts_cover_the_file_once() {
        for (size, part_size) in [(1, 5), (5, 5), (6, 5), (10, 5), (23, 7)] {
            let parts: Vec<_> = parts_of(size, part_size).collect();
            let mut next = 0;
            for (index, (number, offset, length)) in parts.iter().enumerate() {
                assert_eq!((*number as usize, *offset), (index + 1, next));
                next += length;
            }
            assert_eq!(next, size);
        }
    }
}
