//! Sends bytes: from memory or from a file, again if they did not arrive, and with an eye on connections that take no more.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use futures_util::future::{Either, select};
use http_body::{Body, Frame, SizeHint};
use tokio::task::{JoinHandle, spawn_blocking};

use super::files::{explain_reading, read_at, read_exact_at};
use super::progress::PartMeter;
use super::repeating::{Tried, repeat};
use crate::aws::digests::{Digests, Hasher};
use crate::cognito::AwsCredentials;
use crate::diagnosis::{AwsFailure, Evidence};
use crate::error::SessionError;
use crate::mutex::lock;
use crate::session::renewal::CredentialRenewal;
use crate::session::signed_call::send_signed;
use crate::session::tasks::{block, explain_end};

const PERIODS_TO_EMPTY_BUFFERS: u32 = 3;
/// So much is read and handed on at once.
const FRAME: usize = 64 * 1024;

/// Bytes that can be read again for each try.
#[derive(Debug, Clone)]
pub(super) enum Source {
    Memory(Bytes),
    File { file: Arc<SourceFile>, offset: u64, length: u64 },
}

/// A file that is read from; one handle, so that another file of its name is never mixed in.
#[derive(Debug)]
pub(super) struct SourceFile {
    pub path: PathBuf,
    file: File,
}

impl SourceFile {
    /// Opens it. Blocks.
    pub(super) fn open(path: &Path) -> Result<Self, SessionError> {
        let file = File::open(path).map_err(|error| explain_reading(path, &error))?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// What the file system says of it now. Blocks.
    pub(super) fn metadata(&self) -> Result<std::fs::Metadata, SessionError> {
        self.file.metadata().map_err(|error| explain_reading(&self.path, &error))
    }

    /// Reads what there is, none after the end. Blocks.
    pub(super) fn read_some(&self, buffer: &mut [u8], offset: u64) -> Result<usize, SessionError> {
        read_at(&self.file, buffer, offset).map_err(|error| explain_reading(&self.path, &error))
    }

    /// Fills `buffer` from there. Blocks.
    fn read(&self, buffer: &mut [u8], offset: u64) -> Result<(), SessionError> {
        read_exact_at(&self.file, buffer, offset).map_err(|error| explain_reading(&self.path, &error))
    }
}

impl Source {
    pub(super) fn length(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File { length, .. } => *length,
        }
    }

    /// Reads all of it once.
    pub(super) async fn digests(&self, with_md5: bool) -> Result<Digests, SessionError> {
        let source = self.clone();
        block(move || match source {
            Self::Memory(bytes) => Ok(Digests::of(&bytes, with_md5)),
            Self::File { file, offset, length } => {
                let mut hasher = Hasher::new(with_md5);
                let mut buffer = vec![0; FRAME];
                let mut done = 0;
                while done < length {
                    let next = usize::try_from(length - done).unwrap_or(FRAME).min(FRAME);
                    let next = &mut buffer[..next];
                    file.read(next, offset + done)?;
                    hasher.update(next);
                    done += next.len() as u64;
                }
                Ok(hasher.finish())
            }
        })
        .await
    }
}

/// What is seen of one try while it runs.
#[derive(Debug, Default)]
struct Watched {
    /// Grows whenever the network takes bytes.
    movements: AtomicU64,
    /// It has taken all of them: some lie in the buffers of this device.
    is_all_taken: AtomicBool,
    /// Why the bytes could not be read: the network is not to blame.
    problem: std::sync::Mutex<Option<SessionError>>,
}

/// All that a session sends at the same time: it shares one way to S3.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    movements: AtomicU64,
    underway: AtomicU32,
}

impl Traffic {
    fn join(self: &Arc<Self>) -> Underway {
        self.underway.fetch_add(1, Ordering::Relaxed);
        Underway(Arc::clone(self))
    }
}

/// Something that is being sent.
struct Underway(Arc<Traffic>);

impl Drop for Underway {
    fn drop(&mut self) {
        self.0.underway.fetch_sub(1, Ordering::Relaxed);
    }
}

struct SourceBody {
    source: Source,
    position: u64,
    reading: Option<JoinHandle<Result<Bytes, SessionError>>>,
    watched: Arc<Watched>,
    traffic: Arc<Traffic>,
    meter: PartMeter,
}

impl SourceBody {
    fn next(&mut self, context: &mut Context<'_>) -> Poll<Result<Bytes, SessionError>> {
        let left = self.source.length() - self.position;
        let length = usize::try_from(left).unwrap_or(FRAME).min(FRAME);
        match &self.source {
            Source::Memory(bytes) => {
                let start = usize::try_from(self.position).unwrap_or(usize::MAX);
                Poll::Ready(Ok(bytes.slice(start..start + length)))
            }
            Source::File { file, offset, .. } => {
                let (file, start) = (Arc::clone(file), offset + self.position);
                let reading = self.reading.get_or_insert_with(|| {
                    spawn_blocking(move || {
                        let mut buffer = vec![0; length];
                        file.read(&mut buffer, start)?;
                        Ok(buffer.into())
                    })
                });
                let read = ready!(Pin::new(reading).poll(context));
                self.reading = None;
                Poll::Ready(read.unwrap_or_else(|end| Err(explain_end(&end))))
            }
        }
    }
}

impl Body for SourceBody {
    type Data = Bytes;
    type Error = SessionError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, SessionError>>> {
        if self.is_end_stream() {
            return Poll::Ready(None);
        }
        let bytes = match ready!(self.next(context)) {
            Ok(bytes) => bytes,
            Err(problem) => {
                *lock(&self.watched.problem) = Some(problem.clone());
                return Poll::Ready(Some(Err(problem)));
            }
        };
        self.position += bytes.len() as u64;
        self.watched.movements.fetch_add(1, Ordering::Relaxed);
        self.traffic.movements.fetch_add(1, Ordering::Relaxed);
        self.watched.is_all_taken.store(self.is_end_stream(), Ordering::Relaxed);
        self.meter.reached(self.position);
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.position == self.source.length()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.source.length() - self.position)
    }
}

/// Who sends, and how long without a movement it waits.
pub(super) struct Sender<'a> {
    pub credentials: &'a Arc<CredentialRenewal>,
    pub evidence: &'a Evidence,
    pub traffic: &'a Arc<Traffic>,
    pub patience: Duration,
}

impl Sender<'_> {
    /// Sends what `send` makes of credentials and a body with the bytes of `source`.
    pub(super) async fn send<T, Sending>(
        &self,
        source: &Source,
        meter: &PartMeter,
        send: impl Fn(AwsCredentials, SdkBody) -> Sending,
    ) -> Tried<T>
    where
        Sending: Future<Output = Result<T, AwsFailure>>,
    {
        repeat(|| self.send_once(source, meter, &send)).await
    }

    async fn send_once<T, Sending>(
        &self,
        source: &Source,
        meter: &PartMeter,
        send: &impl Fn(AwsCredentials, SdkBody) -> Sending,
    ) -> Result<T, SessionError>
    where
        Sending: Future<Output = Result<T, AwsFailure>>,
    {
        let watched = Arc::new(Watched::default());
        let _underway = self.traffic.join();
        let body = || {
            SdkBody::from_body_1_x(SourceBody {
                source: source.clone(),
                position: 0,
                reading: None,
                watched: Arc::clone(&watched),
                traffic: Arc::clone(self.traffic),
                meter: meter.clone(),
            })
        };
        let sending = send_signed(self.credentials, self.evidence, |credentials| send(credentials, body()));
        let watch = stall(&watched, self.traffic, self.patience);
        let outcome = match select(pin!(sending), pin!(watch)).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right(_) => Err(SessionError::Retryable {
                failure: format!("S3 took no bytes and gave no answer for {} s", self.patience.as_secs()),
                retry_after: None,
            }),
        };
        match lock(&watched.problem).take() {
            Some(problem) => Err(problem),
            None => outcome,
        }
    }

    /// The same for a request without a body of its own.
    pub(super) async fn ask<T, Sending>(&self, send: impl Fn(AwsCredentials) -> Sending) -> Tried<T>
    where
        Sending: Future<Output = Result<T, AwsFailure>>,
    {
        repeat(|| send_signed(self.credentials, self.evidence, &send)).await
    }
}

/// Ends when nothing has moved for so long, and a little: a server that takes less than a frame in that time is as good as none.
///
/// Three times as long once all is in this device's own buffers, which take some time to empty on a slow network. And as many
/// times as long as there are others on their way, as long as any of them moves: on a slow network each waits for its turn, and
/// to send again what only waits would fill it for nothing.
async fn stall(watched: &Watched, traffic: &Traffic, patience: Duration) {
    let mut stillness = Stillness::default();
    loop {
        tokio::time::sleep(patience).await;
        if stillness.is_too_long(watched, traffic) {
            return;
        }
    }
}

/// How long nothing has moved, in periods, and what had moved before.
#[derive(Default)]
struct Stillness {
    periods: u32,
    own: u64,
    of_all: u64,
}

impl Stillness {
    /// Another period is over.
    fn is_too_long(&mut self, watched: &Watched, traffic: &Traffic) -> bool {
        let own = watched.movements.load(Ordering::Relaxed);
        let of_all = traffic.movements.load(Ordering::Relaxed);
        let periods = if own == self.own { self.periods + 1 } else { 0 };
        let sharing = if of_all == self.of_all { 1 } else { traffic.underway.load(Ordering::Relaxed).max(1) };
        *self = Self { periods, own, of_all };
        let enough = if watched.is_all_taken.load(Ordering::Relaxed) { PERIODS_TO_EMPTY_BUFFERS } else { 1 };
        periods >= enough * sharing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_wrong_with_a_file_that_is_read_is_told_in_words() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a file");
        let missing = SourceFile::open(&path).unwrap_err();
        assert_eq!(
            missing,
            SessionError::LocalFile { path: path.display().to_string(), problem: "it is not there".into() }
        );

        std::fs::write(&path, "short").unwrap();
        let file = Arc::new(SourceFile::open(&path).unwrap());
        let longer = Source::File { file, offset: 0, length: 6 };
        let Err(SessionError::LocalFile { problem, .. }) = longer.digests(false).await else {
            panic!("it has 5 bytes")
        };
        assert!(problem.starts_with("it became shorter"), "{problem}");
    }

    /// The periods after which something is given up of which nothing moves, while others do in so many of the first ones.
    fn given_up_after(is_all_taken: bool, others: u32, moving: u32) -> u32 {
        let (watched, traffic) = (Watched::default(), Arc::new(Traffic::default()));
        watched.is_all_taken.store(is_all_taken, Ordering::Relaxed);
        let _underway: Vec<_> = (0..=others).map(|_| traffic.join()).collect();
        let mut stillness = Stillness::default();
        let mut waited = 0;
        loop {
            waited += 1;
            traffic.movements.fetch_add(u64::from(waited <= moving), Ordering::Relaxed);
            if stillness.is_too_long(&watched, &traffic) {
                return waited;
            }
        }
    }

    #[test]
    fn what_stands_still_is_given_up_and_what_waits_for_its_turn_is_not() {
        assert_eq!([given_up_after(false, 0, 0), given_up_after(true, 0, 0)], [1, 3]);
        // Nobody moves: the network is gone.
        assert_eq!([given_up_after(false, 7, 0), given_up_after(true, 7, 0)], [1, 3]);
        // The others have the network.
        assert_eq!([given_up_after(false, 7, 1000), given_up_after(true, 7, 1000)], [8, 24]);
        // They are done, and still nothing moves.
        assert_eq!([given_up_after(false, 7, 2), given_up_after(true, 7, 2)], [3, 3]);
    }

    #[test]
    fn whatever_moves_is_not_given_up() {
        let (watched, traffic) = (Watched::default(), Traffic::default());
        let mut stillness = Stillness::default();
        for _ in 0..100 {
            watched.movements.fetch_add(1, Ordering::Relaxed);
            assert!(!stillness.is_too_long(&watched, &traffic));
        }
        assert!(stillness.is_too_long(&watched, &traffic));
    }
}
