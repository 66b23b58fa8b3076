//! An object becomes a file: ranges of it at once, each written where it belongs, and held against the checksum of the whole
//! before the file appears.
//!
//! The first request asks for all, so that a small object takes one request, and the checksum of the whole comes beside it:
//! with a range many servers give none (minio#17105, ceph#61901). Of a large object no more than the first part is read from
//! it, the others are asked for with their range and the ETag. Of one that the caller knows to be large the first part is asked
//! for alone, and what is known of the whole beside it.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::join;
use futures_util::stream::FuturesUnordered;

use super::get::wanted;
use super::partial::{Destination, Found, Heading, Partial, Turn};
use super::progress::Meter;
use super::reader::{Answer, Pin, Reader, Source};
use super::{Objects, requests_at_once};
use crate::aws::checksums::{Composite, PartHasher};
use crate::aws::objects::{Conditions, DownloadedObject, GetObject, ObjectChecksum, ObjectDetails, TransferOptions};
use crate::aws::reading::{Known, Opened, Wanted};
use crate::error::SessionError;
use crate::session::tasks::block;

/// Bytes of a part, as boto3 and the AWS CLI have it (`multipart_chunksize`).
const PART_SIZE: u64 = 8 * 1024 * 1024;
const MOST_PARTS: u64 = 10_000;
/// Each request keeps so much in memory before it is written. The pieces may hold on to larger buffers of the connection, and
/// there are several requests.
const WRITTEN_AT_ONCE: u64 = 256 * 1024;
/// A download that was dropped may be writing its last bytes for a moment.
const POLL: Duration = Duration::from_millis(50);
const POLLS: u32 = 40;
/// How often an object that is replaced all the time is begun anew.
const MOST_CHANGES: u32 = 3;

impl Objects {
    pub(in crate::session) async fn download(
        &self,
        request: GetObject,
        file: &Path,
        options: TransferOptions,
    ) -> Result<DownloadedObject, SessionError> {
        let GetObject { object, conditions, range } = request;
        range.as_ref().map(wanted).transpose()?;
        let source = Arc::new(self.source(object)?);
        let file = file.to_owned();
        let download = Download {
            source,
            conditions,
            range,
            destination: block(move || Destination::find(&file)).await?,
            parallel: requests_at_once(&options),
            part_size: options.part_size.unwrap_or(PART_SIZE).max(1),
            expected_size: options.expected_size,
            meter: Meter::new(&options),
        };
        let mut starts_over = options.start_over;
        let (mut changes, mut damages) = (0, 0);
        loop {
            match Box::pin(download.run(starts_over)).await {
                Ok(downloaded) => return Ok(downloaded),
                Err(End::Changed(_)) if changes < MOST_CHANGES => {
                    changes += 1;
                    download.meter.forget();
                }
                Err(End::Damaged(_)) if damages == 0 => damages += 1,
                Err(End::Failed(failure) | End::Changed(failure) | End::Damaged(failure)) => return Err(failure),
            }
            starts_over = true;
        }
    }
}

/// Why a download did not become a file.
enum End {
    Failed(SessionError),
    /// The object is another one by now.
    Changed(SessionError),
    /// All is there and not what S3 keeps.
    Damaged(SessionError),
}

impl From<SessionError> for End {
    fn from(failure: SessionError) -> Self {
        Self::Failed(failure)
    }
}

struct Download {
    source: Arc<Source>,
    conditions: Conditions,
    range: Option<Range<u64>>,
    destination: Destination,
    parallel: usize,
    part_size: u64,
    /// Bytes of the whole object.
    expected_size: Option<u64>,
    meter: Arc<Meter>,
}

/// What is to be done before the file is whole.
struct Begun {
    partial: Partial,
    details: ObjectDetails,
    pin: Pin,
    /// The first part, whose bytes are coming.
    first: Option<Reader>,
    /// What the whole is held against.
    proof: Option<ObjectChecksum>,
}

impl Download {
    async fn run(&self, starts_over: bool) -> Result<DownloadedObject, End> {
        let turn = self.take_turn().await?;
        let begun =
            if starts_over { Box::pin(self.begin(turn)).await? } else { Box::pin(self.resume_or_begin(turn)).await? };
        let Begun { partial, mut details, pin, first, proof } = begun;
        let total = partial.heading().bytes.as_ref().map(|bytes| bytes.end - bytes.start);
        let resumed = partial.size_of_parts();
        self.meter.begin(total, resumed);

        let partial = Arc::new(partial);
        match Box::pin(self.fetch(&partial, first, &pin)).await {
            Ok(()) => {}
            Err(changed @ SessionError::ConditionNotMet { .. }) => {
                partial.discard();
                return Err(End::Changed(changed));
            }
            Err(failure) => return Err(End::Failed(failure)),
        }
        let size = partial.size_of_parts();
        if self.range.is_none() {
            details.size = size;
            self.check_size(size).inspect_err(|_| partial.discard())?;
        }
        let is_verified = match proof.filter(|_| size == details.size) {
            Some(checksum) => self.verify(&partial, checksum).await?,
            None => self.verify_by_parts(&partial, &details, &pin).await?,
        };
        block(move || partial.finish()).await?;
        self.meter.finish(size);
        Ok(DownloadedObject { details, resumed, is_verified })
    }

    async fn take_turn(&self) -> Result<Turn, SessionError> {
        for _ in 0..POLLS {
            let destination = self.destination.clone();
            if let Some(turn) = block(move || Turn::take(&destination)).await? {
                return Ok(turn);
            }
            tokio::time::sleep(POLL).await;
        }
        Err(SessionError::LocalFile {
            path: self.destination.file.display().to_string(),
            problem: "another download to this file is under way".to_owned(),
        })
    }

    async fn resume_or_begin(&self, turn: Turn) -> Result<Begun, End> {
        let (bucket, key) = (self.source.place.target.bucket.clone(), self.source.place.target.key.clone());
        let partial = match block(move || turn.resume(&bucket, &key)).await? {
            Found::Parts(partial) => partial,
            Found::Nothing(turn) => return self.begin(turn).await,
        };
        let Known { details, proof } = self.source.head(&self.conditions).await?;
        let pin = Pin::new(&details, true);
        let heading = partial.heading();
        if pin.e_tag == heading.e_tag && Some(self.window(details.size)) == heading.bytes {
            return Ok(Begun { partial, details, pin, first: None, proof });
        }
        self.begin(partial.into_turn()).await
    }

    /// Asks for the first part, and makes room for all.
    async fn begin(&self, turn: Turn) -> Result<Begun, End> {
        let (opened, known) = Box::pin(self.open_first()).await?;
        let window = opened.has_size.then(|| self.window(opened.details.size));
        let (start, end) = window.clone().map_or((opened.start, None), |window| (window.start, Some(window.end)));
        let length = end.map_or(0, |end| end.saturating_sub(start));
        let is_all = match self.range_of_first() {
            Some(_) => opened.end >= end,
            None => !can_be_split(&opened) || length <= self.part_size,
        };
        let part_size = if is_all { length.max(1) } else { self.part_size.max(length.div_ceil(MOST_PARTS)) };
        let pin = Pin::of(&opened);
        let Known { details, proof } =
            known.unwrap_or_else(|| Known { details: opened.details.clone(), proof: opened.proof.clone() });
        if Pin::new(&details, opened.has_size) != pin {
            return Err(End::Changed(self.source.changed()));
        }
        // Of a range nobody keeps a checksum.
        let proof = proof.filter(|_| self.range.is_none());
        let target = &self.source.place.target;
        let heading = Heading::new(&target.bucket, &target.key, pin.e_tag.clone(), window, part_size);
        let end_of_first = heading.part(0).map(|part| part.end).or(end);
        let first = Reader::new(Arc::clone(&self.source), *opened, start, end_of_first)?;
        let partial = block(move || turn.begin(heading)).await?;
        Ok(Begun { partial, details, pin, first: Some(first), proof })
    }

    /// The range of which the first part is asked for alone.
    fn range_of_first(&self) -> Option<Range<u64>> {
        let large = self.expected_size.filter(|size| *size > self.part_size);
        self.range.clone().or(large.map(|size| 0..size))
    }

    /// All, of which the first part is read; of a range its first part, or all where it cannot be had in parts. What is known of
    /// an object comes with all of it, or is asked for beside.
    async fn open_first(&self) -> Result<(Box<Opened>, Option<Known>), SessionError> {
        match self.range_of_first() {
            None => {
                let opened = self.open(Wanted::All).await?;
                if opened.has_size {
                    self.check_size(opened.details.size)?;
                }
                Ok((opened, None))
            }
            Some(range) => Box::pin(self.open_range(range)).await,
        }
    }

    async fn open_range(&self, Range { start, end }: Range<u64>) -> Result<(Box<Opened>, Option<Known>), SessionError> {
        let first = self.open(Wanted::Between(start, end.min(start.saturating_add(self.part_size))));
        let (opened, known) = match self.range {
            Some(_) => (first.await, None),
            None => {
                let (opened, known) = join(first, self.source.head(&self.conditions)).await;
                // An object that is smaller has no such range.
                if let Ok(known) = &known {
                    self.check_size(known.details.size)?;
                }
                (opened, Some(known))
            }
        };
        let (opened, known) = (opened?, known.transpose()?);
        let is_all = opened.has_size && opened.end >= Some(self.window(opened.details.size).end);
        if can_be_split(&opened) || is_all {
            return Ok((opened, known));
        }
        Ok((self.open(Wanted::Between(start, end)).await?, known))
    }

    async fn open(&self, bytes: Wanted) -> Result<Box<Opened>, SessionError> {
        match self.source.begin(&self.conditions, bytes).await? {
            Answer::Opened(opened) => Ok(opened),
            Answer::NoSuchBytes(failure) => Err(failure),
        }
    }

    /// Refuses what is not as large as the caller knows the object to be.
    fn check_size(&self, size: u64) -> Result<(), SessionError> {
        let subject = self.source.place.evidence.subject();
        match self.expected_size {
            Some(expected) if expected != size => Err(SessionError::ConditionNotMet {
                what: format!("{subject} has {size} bytes, and not the {expected} that were expected"),
            }),
            _ => Ok(()),
        }
    }

    /// The bytes of an object of this size that go into the file.
    fn window(&self, size: u64) -> Range<u64> {
        self.range.as_ref().map_or(0..size, |range| range.start..range.end.min(size))
    }

    /// Brings what is missing.
    async fn fetch(&self, partial: &Arc<Partial>, first: Option<Reader>, pin: &Pin) -> Result<(), SessionError> {
        let heading = partial.heading();
        let begun = u64::from(first.is_some());
        let mut missing = (begun..heading.part_count()).filter(|number| !partial.has(*number));
        let mut running: FuturesUnordered<_> =
            first.map(|first| self.fetch_part(partial, 0, first)).into_iter().collect();
        loop {
            while running.len() < self.parallel {
                let Some((number, part)) = missing.next().and_then(|number| Some((number, heading.part(number)?)))
                else {
                    break;
                };
                let reader = Reader::unopened(Arc::clone(&self.source), pin.clone(), part.start, Some(part.end));
                running.push(self.fetch_part(partial, number, reader));
            }
            match running.next().await {
                Some(fetched) => fetched?,
                None => return Ok(()),
            }
        }
    }

    async fn fetch_part(&self, partial: &Arc<Partial>, number: u64, mut reader: Reader) -> Result<(), SessionError> {
        let start = partial.heading().bytes.as_ref().map_or(0, |bytes| bytes.start);
        let mut offset = reader.position() - start;
        let mut hasher = PartHasher::new();
        let (mut chunks, mut size) = (Vec::new(), 0);
        loop {
            let chunk = reader.next_chunk().await?;
            let is_last = chunk.is_none();
            if let Some(chunk) = chunk {
                size += chunk.len() as u64;
                self.meter.advance(chunk.len() as u64);
                chunks.push(chunk);
            }
            if !is_last && size < WRITTEN_AT_ONCE {
                continue;
            }
            let (partial, written) = (Arc::clone(partial), std::mem::take(&mut chunks));
            hasher = block(move || {
                partial.write(&written, offset, &mut hasher)?;
                if is_last {
                    partial.record(number, hasher.clone().finish())?;
                }
                Ok(hasher)
            })
            .await?;
            if is_last {
                return Ok(());
            }
            offset += std::mem::take(&mut size);
        }
    }

    async fn verify(&self, partial: &Arc<Partial>, checksum: ObjectChecksum) -> Result<bool, End> {
        let algorithm = checksum.algorithm.clone();
        let read = Arc::clone(partial);
        match block(move || read.is_right(&checksum)).await? {
            Some(false) => Err(self.damaged(partial, &algorithm)),
            is_right => Ok(is_right.is_some()),
        }
    }

    /// Of what was uploaded in parts S3 may keep no more than a checksum of their checksums. It takes one request to learn how
    /// large they are, if they are all alike, as those of the AWS SDKs are; else, or where the checksum is another one then, one
    /// for each of them. What does not fit is not handed out for the sake of parts that might be of other sizes.
    async fn verify_by_parts(&self, partial: &Arc<Partial>, details: &ObjectDetails, pin: &Pin) -> Result<bool, End> {
        let checksum = details.checksum.as_ref().filter(|_| self.range.is_none());
        let Some((checksum, composite)) = checksum.and_then(|checksum| Some((checksum, Composite::new(checksum)?)))
        else {
            return Ok(false);
        };
        let (size, count) = (partial.size_of_parts(), composite.part_count);
        let is_composed_of = async |sizes| {
            let (read, composite) = (Arc::clone(partial), composite.clone());
            block(move || read.is_composed_of(&composite, sizes)).await
        };
        let first = if count == 1 { Some(size) } else { self.ask_of_parts(self.source.size_of_part(pin, 1)).await? };
        let Some(first) = first else { return Ok(false) };
        let alike = composite.alike(first, size);
        let may_be_alike = alike.is_some();
        if let Some(sizes) = alike
            && is_composed_of(sizes).await?
        {
            return Ok(true);
        }
        if may_be_alike && composite.is_certain() {
            return Err(self.damaged(partial, &checksum.algorithm));
        }
        let asking = self.source.sizes_of_parts(pin, (count, first), size, self.parallel);
        let is_right = match self.ask_of_parts(asking).await? {
            Some(sizes) => is_composed_of(sizes).await?,
            None if !may_be_alike => return Ok(false),
            None => false,
        };
        if is_right { Ok(true) } else { Err(self.damaged(partial, &checksum.algorithm)) }
    }

    async fn ask_of_parts<T>(&self, asking: impl Future<Output = Result<T, SessionError>>) -> Result<T, End> {
        asking.await.map_err(|failure| match failure {
            SessionError::ConditionNotMet { .. } => End::Changed(failure),
            failure => End::Failed(failure),
        })
    }

    fn damaged(&self, partial: &Partial, algorithm: &str) -> End {
        partial.discard();
        End::Damaged(self.source.damaged(algorithm))
    }
}

/// Without its size, its ETag or ranges it comes in one piece.
fn can_be_split(opened: &Opened) -> bool {
    opened.has_size && opened.has_ranges && Pin::of(opened).e_tag.is_some()
}
