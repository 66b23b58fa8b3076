//! The bytes of an object: a little in memory, more in a temporary file that has no name, so that it goes with the stack
//! however that ends. They are read in chunks, by range, and never all at once.

use std::fs::File;
use std::io::{self, Write as _};
use std::ops::Range;
use std::sync::Arc;

use axum::body::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use tokio::task;

use super::checksum::{Algorithm, Checksum, Hasher};

/// Up to here bytes stay in memory.
const MEMORY: usize = 256 * 1024;
/// The most that is read from a file at once.
const CHUNK: usize = 64 * 1024;

/// Whether so many bytes are kept in a file.
pub(super) fn needs_file(length: u64) -> bool {
    length > MEMORY as u64
}

/// Bytes that no longer change. A clone shares them.
#[derive(Clone, Default)]
pub(super) struct Blob {
    /// One after the other.
    extents: Arc<[Extent]>,
    length: u64,
}

#[derive(Clone)]
struct Extent {
    source: Source,
    range: Range<u64>,
}

#[derive(Clone)]
enum Source {
    Memory(Bytes),
    File(Arc<File>),
}

impl Blob {
    /// How many bytes there are.
    pub(super) fn len(&self) -> u64 {
        self.length
    }

    /// All of `blobs` in their order, without copying.
    pub(super) fn concat<'a>(blobs: impl IntoIterator<Item = &'a Self>) -> Self {
        Self::of(blobs.into_iter().flat_map(|blob| blob.extents.iter().cloned()))
    }

    /// The bytes `range`, without copying; what lies beyond the end is left out.
    pub(super) fn slice(&self, range: Range<u64>) -> Self {
        let mut begin = 0;
        Self::of(self.extents.iter().filter_map(|extent| {
            let length = extent.range.end - extent.range.start;
            let first = range.start.saturating_sub(begin).min(length);
            let last = range.end.saturating_sub(begin).min(length);
            begin += length;
            let range = extent.range.start + first..extent.range.start + last;
            (first < last).then(|| Extent { source: extent.source.clone(), range })
        }))
    }

    fn of(extents: impl Iterator<Item = Extent>) -> Self {
        let extents: Arc<[Extent]> = extents.collect();
        let length = extents.iter().map(|extent| extent.range.end - extent.range.start).sum();
        Self { extents, length }
    }

    /// All bytes, in chunks of at most 64 KiB. Files are read where blocking is allowed.
    pub(super) fn chunks(self) -> impl Stream<Item = io::Result<Bytes>> + Send + Sync + 'static {
        let pieces = (0..self.extents.len()).flat_map(move |position| {
            let Extent { source, range } = self.extents[position].clone();
            let starts = range.clone().step_by(CHUNK);
            starts.map(move |start| (source.clone(), start..range.end.min(start + CHUNK as u64)))
        });
        stream::iter(pieces).then(|(source, range)| source.read(range))
    }

    /// Reads all bytes for their checksum.
    pub(super) async fn checksum(&self, algorithm: Algorithm) -> io::Result<Checksum> {
        let mut hasher = Hasher::new(algorithm);
        let mut chunks = std::pin::pin!(self.clone().chunks());
        while let Some(chunk) = chunks.next().await {
            hasher.update(&chunk?);
        }
        Ok(hasher.finish())
    }
}

impl From<Bytes> for Blob {
    fn from(bytes: Bytes) -> Self {
        let length = bytes.len() as u64;
        Self::of((length > 0).then_some(Extent { source: Source::Memory(bytes), range: 0..length }).into_iter())
    }
}

impl std::fmt::Debug for Blob {
    /// Without the content, which is somebody's.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Blob({} bytes)", self.length)
    }
}

impl Source {
    async fn read(self, range: Range<u64>) -> io::Result<Bytes> {
        let length = usize::try_from(range.end - range.start).map_err(io::Error::other)?;
        match self {
            Self::Memory(bytes) => {
                let start = usize::try_from(range.start).map_err(io::Error::other)?;
                Ok(bytes.slice(start..start + length))
            }
            Self::File(file) => {
                let read = move || {
                    let mut chunk = vec![0; length];
                    read_exact_at(&file, &mut chunk, range.start).map(|()| Bytes::from(chunk))
                };
                task::spawn_blocking(read).await.map_err(io::Error::other)?
            }
        }
    }
}

/// Several may read a file at once, so none relies on its cursor.
fn read_exact_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset);
    #[cfg(windows)]
    {
        let mut done = 0;
        while done < buffer.len() {
            match std::os::windows::fs::FileExt::seek_read(file, &mut buffer[done..], offset + done as u64)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => done += read,
            }
        }
        Ok(())
    }
}

/// Takes the bytes of a [`Blob`] as they come, holding at most 256 KiB and what was given last.
#[derive(Default)]
pub(super) struct BlobWriter {
    pending: Vec<u8>,
    file: Option<File>,
    /// Bytes in the file.
    written: u64,
}

impl BlobWriter {
    /// Fails if the temporary file cannot be made or written.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.pending.extend_from_slice(bytes);
        if self.pending.len() > MEMORY { self.spill().await } else { Ok(()) }
    }

    pub(super) async fn finish(mut self) -> io::Result<Blob> {
        if self.file.is_some() {
            self.spill().await?;
        }
        Ok(match self.file {
            None => Blob::from(Bytes::from(self.pending)),
            Some(file) => {
                let extent = Extent { source: Source::File(Arc::new(file)), range: 0..self.written };
                Blob::of(std::iter::once(extent))
            }
        })
    }

    async fn spill(&mut self) -> io::Result<()> {
        let pending = std::mem::take(&mut self.pending);
        let file = self.file.take();
        let write = move || {
            let mut file = file.map_or_else(tempfile::tempfile, Ok)?;
            file.write_all(&pending)?;
            Ok::<_, io::Error>((file, pending))
        };
        let (file, mut pending) = task::spawn_blocking(write).await.map_err(io::Error::other)??;
        self.file = Some(file);
        self.written += pending.len() as u64;
        pending.clear();
        // The same memory again.
        self.pending = pending;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    async fn read(blob: &Blob) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut chunks = std::pin::pin!(blob.clone().chunks());
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.unwrap();
            assert!((1..=CHUNK).contains(&chunk.len()));
            bytes.extend_from_slice(&chunk);
        }
        bytes
    }

    fn pattern(length: usize) -> Vec<u8> {
        (0..length).map(|position| (position % 251) as u8).collect()
    }

    async fn write(bytes: &[u8], step: usize) -> Blob {
        let mut writer = BlobWriter::default();
        for piece in bytes.chunks(step) {
            writer.write(piece).await.unwrap();
            assert!(writer.pending.len() <= MEMORY);
        }
        writer.finish().await.unwrap()
    }

    fn is_in_file(blob: &Blob) -> bool {
        blob.extents.iter().any(|extent| matches!(extent.source, Source::File(_)))
    }

    #[tokio::test]
    async fn what_was_written_is_read_from_memory_and_beyond_it_from_a_file() {
        for (length, in_file) in [(0, false), (1, false), (MEMORY, false), (MEMORY + 1, true), (5 * MEMORY + 7, true)] {
            let bytes = pattern(length);
            let blob = write(&bytes, 10_000).await;
            assert_eq!((blob.len(), is_in_file(&blob)), (length as u64, in_file));
            assert!(read(&blob).await == bytes, "{length}");
        }
    }

    #[tokio::test]
    async fn a_checksum_is_of_all_bytes() {
        let blob = write(&pattern(MEMORY * 2), 99_999).await;
        let mut hasher = Hasher::new(Algorithm::Crc32c);
        hasher.update(&pattern(MEMORY * 2));
        assert_eq!(blob.checksum(Algorithm::Crc32c).await.unwrap(), hasher.finish());
    }

    #[tokio::test]
    async fn readers_of_one_file_do_not_move_each_other() {
        let bytes = pattern(MEMORY * 3);
        let blob = write(&bytes, 65_536).await;
        let (first, second) = tokio::join!(read(&blob), read(&blob));
        assert!(first == bytes && second == bytes);
    }

    proptest! {
        #[test]
        fn slices_of_a_whole_put_together_agree_with_the_bytes(
            lengths in proptest::collection::vec(0..3000_usize, 0..6),
            from in 0..12_000_u64,
            length in 0..12_000_u64,
        ) {
            let parts: Vec<Vec<u8>> = lengths.iter().map(|length| pattern(*length)).collect();
            let blobs: Vec<Blob> = parts.iter().map(|part| Blob::from(Bytes::from(part.clone()))).collect();
            let whole = Blob::concat(&blobs);
            let expected = parts.concat();
            prop_assert_eq!(whole.len(), expected.len() as u64);
            let end = expected.len().min((from + length) as usize);
            let expected = &expected[end.min(from as usize)..end];
            let slice = whole.slice(from..from + length);
            prop_assert_eq!(slice.len(), expected.len() as u64);
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            prop_assert!(runtime.block_on(read(&slice)) == expected);
        }
    }
}
