//! An object that is not yet a whole file: what has arrived, beside the file that it is to become, and a journal of its parts,
//! so that the next process goes on where this one ended, however it ended.
//!
//! The journal is a list of lines. The first says of which object the parts are; each of the others says of one part that it
//! is there, and its checksum. What a journal says is believed only after the part was read and compared: it may have been
//! written down before a power cut, and the part not. The journal is also what two processes exclude each other by.

use std::ffi::{OsStr, OsString};
use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::files::{self, explain};
use crate::aws::checksums::{Checker, Composite, PartCrc, PartHasher};
use crate::aws::objects::ObjectChecksum;
use crate::error::SessionError;
use crate::mutex::lock;

/// Raised when older versions could misread it.
const VERSION: u32 = 1;
/// A journal has at most 10,000 parts of some 60 bytes; what is larger is none.
const LARGEST_JOURNAL: u64 = 4 * 1024 * 1024;
/// Read at once to compute a checksum.
const BUFFER: usize = 256 * 1024;

/// Where an object is to go: a file that does not exist, or one that is replaced.
#[derive(Debug, Clone)]
pub(super) struct Destination {
    pub file: PathBuf,
    partial: PathBuf,
    journal: PathBuf,
}

impl Destination {
    /// Looks at what is there. Blocks.
    ///
    /// # Errors
    /// `LocalFile` if no file can be there.
    pub(super) fn find(file: &Path) -> Result<Self, SessionError> {
        let refuse =
            |problem: &str| SessionError::LocalFile { path: file.display().to_string(), problem: problem.to_owned() };
        let Some(name) = file.file_name() else { return Err(refuse("it names no file")) };
        match std::fs::metadata(file) {
            Ok(found) if found.is_dir() => return Err(refuse("it is a folder: name a file in it")),
            Ok(found) if !found.is_file() => return Err(refuse("it is no plain file, and is not replaced by one")),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(explain(file, &error)),
            Ok(_) | Err(_) => {}
        }
        let folder = files::folder_of(file);
        // A name of their own, of which neither a file name at its full length nor another file makes anything else.
        let digest = Sha256::digest(name.as_encoded_bytes());
        let shown: String = name.to_string_lossy().chars().filter(char::is_ascii_graphic).take(40).collect();
        let id = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>();
        let beside = |ending: &str| {
            let mut name = OsString::from(format!(".{shown}.{id}."));
            name.push(OsStr::new(ending));
            folder.join(name)
        };
        Ok(Self { file: file.to_owned(), partial: beside("jetbridge-part"), journal: beside("jetbridge-journal") })
    }
}

/// Where there is what has arrived of a download to `file` that did not come to its end: in a file beside it, for the next
/// download of the same object to the same place. `None` if not a single part of it is there. Blocks.
pub(in crate::session) fn unfinished_download(file: &Path) -> Option<PathBuf> {
    let Destination { partial, journal, .. } = Destination::find(file).ok()?;
    let mut text = String::new();
    File::open(journal).ok()?.take(LARGEST_JOURNAL).read_to_string(&mut text).ok()?;
    let has_parts = text.lines().skip(1).any(|line| serde_json::from_str::<Line>(line).is_ok());
    (has_parts && partial.is_file()).then_some(partial)
}

/// The first line of a journal: of what the parts are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Heading {
    version: u32,
    pub bucket: String,
    pub key: String,
    /// Without it nobody could tell later whether the object is still the same.
    pub e_tag: Option<String>,
    /// The bytes of the object that go into the file; without it, the server did not say where they end.
    pub bytes: Option<Range<u64>>,
    pub part_size: u64,
    /// What the system gives new files (`umask`). The partial file is its owner's alone.
    mode: u32,
}

impl Heading {
    pub(super) fn new(
        bucket: &str,
        key: &str,
        e_tag: Option<String>,
        bytes: Option<Range<u64>>,
        part_size: u64,
    ) -> Self {
        Self { version: VERSION, bucket: bucket.to_owned(), key: key.to_owned(), e_tag, bytes, part_size, mode: 0 }
    }

    /// The bytes of part `number`, counted from 0, as positions in the object.
    pub(super) fn part(&self, number: u64) -> Option<Range<u64>> {
        let bytes = self.bytes.clone()?;
        let start = bytes.start.checked_add(number.checked_mul(self.part_size)?)?;
        (start < bytes.end).then(|| start..bytes.end.min(start.saturating_add(self.part_size)))
    }

    pub(super) fn part_count(&self) -> u64 {
        self.bytes.as_ref().map_or(0, |bytes| (bytes.end - bytes.start).div_ceil(self.part_size.max(1)))
    }

    /// Whether the parts can be of use for this object.
    fn is_of(&self, bucket: &str, key: &str) -> bool {
        self.version == VERSION
            && self.bucket == bucket
            && self.key == key
            && self.e_tag.is_some()
            && self.part_size > 0
            && self.bytes.as_ref().is_some_and(|bytes| bytes.start < bytes.end)
    }
}

/// One of the other lines.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    part: u64,
    crc: u64,
}

/// The turn to write to a destination, which nobody else has as long as this is there.
pub(super) struct Turn {
    destination: Destination,
    journal: File,
    /// What is there stays there for the next process.
    keeps: AtomicBool,
}

/// What an earlier process left.
pub(super) enum Found {
    Parts(Partial),
    Nothing(Turn),
}

impl Turn {
    /// None while another download has it. Blocks.
    pub(super) fn take(destination: &Destination) -> Result<Option<Self>, SessionError> {
        let refused = |error: &io::Error| explain(&destination.file, error);
        loop {
            let journal = files::open_private(&destination.journal).map_err(|error| refused(&error))?;
            match journal.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                // Of two at once, one finds another's file in the place of its own at the end.
                Err(TryLockError::Error(error)) if files::has_no_locks(&error) => {}
                Err(TryLockError::Error(error)) => return Err(refused(&error)),
            }
            // Whoever had it may have finished and taken the name away: a lock on a file without a name excludes nobody.
            if files::is_still_at(&journal, &destination.journal) {
                let is_used = journal.metadata().is_ok_and(|found| found.len() > 0);
                return Ok(Some(Self { destination: destination.clone(), journal, keeps: AtomicBool::new(is_used) }));
            }
        }
    }

    /// What an earlier process left, if it is of this object and can be used: each part that is there, read and compared.
    /// Blocks.
    pub(super) fn resume(self, bucket: &str, key: &str) -> Result<Found, SessionError> {
        let Some((heading, lines)) = self.read_journal(bucket, key) else { return Ok(Found::Nothing(self)) };
        match files::open_existing(&self.destination.partial) {
            Ok(file) => {
                let partial = Partial::new(self, file, heading);
                partial.verify(lines)?;
                Ok(Found::Parts(partial))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::Nothing(self)),
            Err(error) => Err(explain(&self.destination.file, &error)),
        }
    }

    /// Leaves the journal where its next line goes.
    fn read_journal(&self, bucket: &str, key: &str) -> Option<(Heading, Vec<Line>)> {
        let mut text = String::new();
        let mut journal = &self.journal;
        journal.seek(SeekFrom::Start(0)).ok()?;
        journal.take(LARGEST_JOURNAL).read_to_string(&mut text).ok()?;
        // The last line may have been on its way.
        let whole = &text[..text.rfind('\n')? + 1];
        let mut lines = whole.lines();
        let heading: Heading = serde_json::from_str(lines.next()?).ok()?;
        // On a full disk one may have come to nothing. Its part is brought again, and no other for it.
        let lines = lines.filter_map(|line| serde_json::from_str(line).ok()).collect();
        journal.set_len(whole.len() as u64).ok()?;
        journal.seek(SeekFrom::End(0)).ok()?;
        heading.is_of(bucket, key).then_some((heading, lines))
    }

    /// Begins anew, with nothing. Blocks.
    pub(super) fn begin(self, heading: Heading) -> Result<Partial, SessionError> {
        self.keeps.store(false, Ordering::Relaxed);
        let made = || {
            match std::fs::remove_file(&self.destination.partial) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let (file, mode) = files::create_private(&self.destination.partial)?;
            let heading = Heading { mode, ..heading };
            let mut journal = &self.journal;
            journal.set_len(0)?;
            journal.seek(SeekFrom::Start(0))?;
            journal.write_all(line(&heading).as_bytes())?;
            Ok((file, heading))
        };
        let (file, heading) = made().map_err(|error| explain(&self.destination.file, &error))?;
        Ok(Partial::new(self, file, heading))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if !self.keeps.load(Ordering::Relaxed) {
            // What is left of them is found by the next download to the same place. The journal goes last: it is the lock.
            let _ = std::fs::remove_file(&self.destination.partial);
            let _ = std::fs::remove_file(&self.destination.journal);
        }
    }
}

fn line(of: &impl Serialize) -> String {
    serde_json::to_string(of).unwrap_or_default() + "\n"
}

/// A file that is not whole. Without a single part it goes when nobody needs it any more.
pub(super) struct Partial {
    turn: Turn,
    file: File,
    heading: Heading,
    parts: Mutex<Vec<Option<PartCrc>>>,
}

impl Partial {
    fn new(turn: Turn, file: File, heading: Heading) -> Self {
        let parts = vec![None; usize::try_from(heading.part_count()).unwrap_or(0)];
        Self { turn, file, heading, parts: Mutex::new(parts) }
    }

    pub(super) fn heading(&self) -> &Heading {
        &self.heading
    }

    /// Whether the part is there.
    pub(super) fn has(&self, number: u64) -> bool {
        usize::try_from(number).is_ok_and(|number| lock(&self.parts).get(number).is_some_and(Option::is_some))
    }

    /// Bytes of the parts that are there.
    pub(super) fn size_of_parts(&self) -> u64 {
        lock(&self.parts).iter().flatten().map(|part| part.length).sum()
    }

    /// Reads each part that is said to be there.
    fn verify(&self, lines: Vec<Line>) -> Result<(), SessionError> {
        for Line { part, crc } in lines {
            let Some(bytes) = self.heading.part(part) else { continue };
            let offset = bytes.start - self.start();
            let mut hasher = PartHasher::new();
            let read = self.read(offset..offset + (bytes.end - bytes.start), |bytes| hasher.update(bytes));
            match read {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => continue,
                Err(error) => return Err(self.explain(&error)),
            }
            let found = hasher.finish();
            if found.value == crc {
                self.set(part, found);
            }
        }
        Ok(())
    }

    /// Writes bytes of a part and computes its checksum on the way. `offset`: in the file. Blocks.
    pub(super) fn write(&self, chunks: &[Bytes], mut offset: u64, hasher: &mut PartHasher) -> Result<(), SessionError> {
        for chunk in chunks {
            hasher.update(chunk);
            files::write_all_at(&self.file, chunk, offset).map_err(|error| self.explain(&error))?;
            offset += chunk.len() as u64;
        }
        Ok(())
    }

    /// Notes that a part is there. Blocks.
    pub(super) fn record(&self, number: u64, crc: PartCrc) -> Result<(), SessionError> {
        self.set(number, crc);
        if self.heading.e_tag.is_none() || self.heading.bytes.is_none() {
            return Ok(());
        }
        // One write, so that lines do not mix.
        let line = line(&Line { part: number, crc: crc.value });
        (&self.turn.journal).write_all(line.as_bytes()).map_err(|error| self.explain(&error))?;
        self.turn.keeps.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn set(&self, number: u64, crc: PartCrc) {
        let mut parts = lock(&self.parts);
        let number = usize::try_from(number).unwrap_or(usize::MAX);
        if number == parts.len() {
            parts.push(None);
        }
        if let Some(part) = parts.get_mut(number) {
            *part = Some(crc);
        }
    }

    /// Whether the whole is what S3 keeps; none if nobody can tell. Blocks.
    pub(super) fn is_right(&self, checksum: &ObjectChecksum) -> Result<Option<bool>, SessionError> {
        let parts: Vec<_> = lock(&self.parts).iter().flatten().copied().collect();
        let size = parts.iter().map(|part| part.length).sum();
        if let Some(is_right) = PartCrc::are_those_of(parts, checksum) {
            return Ok(Some(is_right));
        }
        let Some(mut checker) = Checker::new(checksum) else { return Ok(None) };
        self.read(0..size, |bytes| checker.update(bytes)).map_err(|error| self.explain(&error))?;
        Ok(Some(checker.finds_right()))
    }

    /// The same of a checksum of the checksums of parts of these sizes. Blocks.
    pub(super) fn is_composed_of(&self, composite: &Composite, sizes: Vec<u64>) -> Result<bool, SessionError> {
        let Some(mut checker) = composite.checker(sizes) else { return Ok(false) };
        self.read(0..self.size_of_parts(), |bytes| checker.update(bytes)).map_err(|error| self.explain(&error))?;
        Ok(checker.finds_right())
    }

    /// Makes it the file that it was to become. Blocks.
    pub(super) fn finish(&self) -> Result<(), SessionError> {
        let Destination { file, partial, .. } = &self.turn.destination;
        let size = self.size_of_parts();
        self.file.set_len(size).map_err(|error| self.explain(&error))?;
        files::give_mode(&self.file, file, self.heading.mode).map_err(|error| self.explain(&error))?;
        self.file.sync_all().map_err(|error| self.explain(&error))?;
        if !files::is_still_at(&self.file, partial) {
            return Err(files::local(file, "another download to it has begun meanwhile: let it end, and try again"));
        }
        std::fs::rename(partial, file).map_err(|error| self.explain(&error))?;
        self.turn.keeps.store(false, Ordering::Relaxed);
        files::sync_folder(file);
        Ok(())
    }

    /// Gives what is there up for something else.
    pub(super) fn into_turn(self) -> Turn {
        self.turn
    }

    /// What is there is of no use.
    pub(super) fn discard(&self) {
        self.turn.keeps.store(false, Ordering::Relaxed);
    }

    fn start(&self) -> u64 {
        self.heading.bytes.as_ref().map_or(0, |bytes| bytes.start)
    }

    fn read(&self, bytes: Range<u64>, mut take: impl FnMut(&[u8])) -> io::Result<()> {
        let mut buffer = vec![0; BUFFER];
        let mut position = bytes.start;
        while position < bytes.end {
            let length = usize::try_from(bytes.end - position).unwrap_or(BUFFER).min(BUFFER);
            files::read_exact_at(&self.file, &mut buffer[..length], position)?;
            take(&buffer[..length]);
            position += length as u64;
        }
        Ok(())
    }

    fn explain(&self, error: &io::Error) -> SessionError {
        explain(&self.turn.destination.file, error)
    }
}

#[cfg(test)]
mod tests;
