//! What was sent of a file, so that another process can go on with it: a file of lines, each on the disk before the next part
//! counts. A process that is killed while it writes leaves half a line, which is nobody's part. The file is its own lock: the
//! system gives it up when the process ends, however it ends.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::files::{explain, is_still_at, local};
use crate::aws::objects::ObjectHeaders;
use crate::aws::writing::{Begun, FinishedPart};
use crate::error::SessionError;
use crate::storage::{PrivateFolder, StorageError};

/// Below the folder that the app gives, so that nothing of the app's is in the way.
const FOLDER: &str = "jetbridge-uploads";
const SUFFIX: &str = ".upload";
/// 10,000 parts take less than 2 MiB.
const LARGEST: u64 = 8 * 1024 * 1024;
/// An upload that nobody went on with for so long is given up.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Whose upload of what to where: as long as this is the same, it is the same upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// Of the configuration, which names issuer, client and pool.
    pub configuration: String,
    /// Who is signed in: the ID token's `sub`.
    pub subject: String,
    pub endpoint: Option<String>,
    pub region: String,
    pub bucket: String,
    pub key: String,
    pub requester_pays: bool,
    /// As [`seen_from`] the folder of the journals.
    pub file: PathBuf,
}

/// The way from the folder to the file, both of them whole paths: what an app keeps moves with it, and stays what it is.
/// ("Applications should always call the system to get the locations of the standard directories", Apple's TN2406: an update
/// of the app may have another container.)
pub(super) fn seen_from(folder: &Path, file: &Path) -> PathBuf {
    let (mut from, mut to) = (folder.components().peekable(), file.components().peekable());
    let mut shares_any = false;
    while from.peek().is_some() && from.peek() == to.peek() {
        shares_any = true;
        from.next();
        to.next();
    }
    // Another drive of Windows.
    if !shares_any {
        return file.to_owned();
    }
    from.map(|_| Component::ParentDir).chain(to).collect()
}

/// What is uploaded, and how: parts of the one do not fit into the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Plan {
    pub source: Fingerprint,
    pub headers: Vec<(String, String)>,
    pub part_size: u64,
}

/// What tells a file from what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fingerprint {
    pub size: u64,
    /// Nanoseconds since 1970.
    modified: Option<u128>,
    /// Device, inode, and when that changed, where there are any.
    node: Option<(u64, u64, i64, i64)>,
}

impl Fingerprint {
    pub(super) fn of(metadata: &std::fs::Metadata) -> Self {
        let since_1970 = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).ok();
        let modified = metadata.modified().ok().and_then(since_1970).map(|time| time.as_nanos());
        Self { size: metadata.len(), modified, node: node(metadata) }
    }
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems have none")]
fn node(metadata: &std::fs::Metadata) -> Option<(u64, u64, i64, i64)> {
    use std::os::unix::fs::MetadataExt as _;
    Some((metadata.dev(), metadata.ino(), metadata.ctime(), metadata.ctime_nsec()))
}

#[cfg(not(unix))]
fn node(_: &std::fs::Metadata) -> Option<(u64, u64, i64, i64)> {
    None
}

impl Plan {
    pub(super) fn new(source: Fingerprint, headers: &ObjectHeaders, part_size: u64) -> Self {
        let named = [
            ("content-type", &headers.content_type),
            ("cache-control", &headers.cache_control),
            ("content-disposition", &headers.content_disposition),
            ("content-encoding", &headers.content_encoding),
            ("content-language", &headers.content_language),
        ];
        let named = named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?)));
        let own = headers.metadata.iter().map(|(name, value)| (format!("x-amz-meta-{name}"), value.clone()));
        Self { source, headers: named.chain(own).collect(), part_size }
    }
}

/// A line of the file. Unknown ones end the reading: another version wrote them.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Place(Place),
    Begun {
        plan: Plan,
        upload: Begun,
    },
    Part(FinishedPart),
    /// CompleteMultipartUpload is about to be sent: the object may be there although no answer came.
    Completing,
}

/// What an earlier process did.
#[derive(Debug, Clone)]
pub(super) struct Left {
    pub plan: Plan,
    pub upload: Begun,
    pub parts: Vec<FinishedPart>,
    pub is_completing: bool,
}

/// The open and locked file of one upload.
#[derive(Debug)]
pub(super) struct Journal {
    folder: PrivateFolder,
    name: String,
    file: File,
    place: Place,
    /// An upload is in it, which another process can go on with or give up.
    remembers: bool,
    has_failed: bool,
}

impl Journal {
    /// Opens the file of this upload; gives what an earlier process left. None while somebody is at this very upload. Blocks.
    ///
    /// # Errors
    /// `LocalFile` if the folder cannot be used.
    pub(super) fn open(folder: &Path, place: Place) -> Result<Option<(Self, Option<Left>)>, SessionError> {
        let folder = private_folder(folder)?;
        let name = name_of(&place)?;
        let Some((mut journal, content)) = Self::open_named(folder, &name)? else { return Ok(None) };
        journal.place = place;
        let Some(Content { left, length, .. }) = content.filter(|content| content.place == journal.place) else {
            return Ok(Some((journal, None)));
        };
        // Half a line of a process that was killed would spoil the one that is written after it.
        journal.file.set_len(length).map_err(|error| broken(&journal.folder, &error))?;
        journal.remembers = left.is_some();
        Ok(Some((journal, left)))
    }

    /// `None` if somebody has it locked.
    fn open_named(folder: PrivateFolder, name: &str) -> Result<Option<(Self, Option<Content>)>, SessionError> {
        let mut file = loop {
            let file = folder.open_file(name).map_err(|error| unusable(&folder, &error))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(broken(&folder, &error)),
            }
            // Whoever had it may have finished and taken the name away: a lock on a file without a name excludes nobody.
            if is_still_at(&file, &folder.path().join(name)) {
                break file;
            }
        };
        let mut text = Vec::new();
        (&mut file).take(LARGEST).read_to_end(&mut text).map_err(|error| broken(&folder, &error))?;
        let content = read(&text);
        let place = content.as_ref().map_or_else(Place::nowhere, |content| content.place.clone());
        Ok(Some((Self { folder, name: name.to_owned(), file, place, remembers: false, has_failed: false }, content)))
    }

    /// Begins anew. Blocks.
    pub(super) fn begin(&mut self, plan: &Plan, upload: &Begun) -> Result<(), SessionError> {
        self.remembers = false;
        let lines = [Line::Place(self.place.clone()), Line::Begun { plan: plan.clone(), upload: upload.clone() }];
        let begun = self.file.set_len(0).and_then(|()| self.file.seek(SeekFrom::Start(0)).map(drop));
        begun.map_err(|error| broken(&self.folder, &error))?;
        lines.iter().try_for_each(|line| self.append(line))?;
        self.remembers = true;
        Ok(())
    }

    /// Whether anybody could go on with the upload, or give it up: a full disk may have taken nothing of it.
    pub(super) fn remembers(&self) -> bool {
        self.remembers
    }

    /// A part is there. Blocks until it is on the disk.
    pub(super) fn finished(&mut self, part: &FinishedPart) -> Result<(), SessionError> {
        if self.remembers { self.append(&Line::Part(part.clone())) } else { Ok(()) }
    }

    /// All parts are. Blocks.
    pub(super) fn completing(&mut self) -> Result<(), SessionError> {
        if self.remembers { self.append(&Line::Completing) } else { Ok(()) }
    }

    /// Whether it is the first time that it took nothing: once is enough to be told.
    pub(super) fn fails_for_the_first_time(&mut self) -> bool {
        !std::mem::replace(&mut self.has_failed, true)
    }

    fn append(&mut self, line: &Line) -> Result<(), SessionError> {
        let mut text = serde_json::to_vec(line).map_err(|_| SessionError::internal("a line cannot be written"))?;
        text.push(b'\n');
        let end = self.file.seek(SeekFrom::End(0)).map_err(|error| broken(&self.folder, &error))?;
        let written = self.file.write_all(&text).and_then(|()| self.file.sync_data());
        written.map_err(|error| {
            // On a full disk half of it may be there.
            let _ = self.file.set_len(end);
            broken(&self.folder, &error)
        })
    }

    /// Nothing is to be gone on with any more. Blocks.
    pub(super) fn remove(self) {
        // Empty if it cannot be removed.
        let _ = self.file.set_len(0);
    }
}

impl Drop for Journal {
    /// One with nothing in it remembers nothing: it was made for the lock.
    fn drop(&mut self) {
        if self.file.metadata().is_ok_and(|found| found.len() == 0)
            && let Err(error) = self.folder.remove(&self.name)
        {
            tracing::warn!(%error, "what was remembered of an upload could not be removed");
        }
    }
}

/// The uploads of this session that nobody went on with for a week: for each where it was going to, and its id. Blocks.
pub(super) fn forgotten(folder: &Path, now: SystemTime, own: &Place) -> Vec<(Journal, Place, Left)> {
    let Ok(private) = private_folder(folder) else { return Vec::new() };
    let names = private.file_names_ending(SUFFIX).unwrap_or_default();
    let mut found = Vec::new();
    for name in names {
        let modified = std::fs::symlink_metadata(private.path().join(&name)).and_then(|metadata| metadata.modified());
        let age = modified.ok().and_then(|modified| now.duration_since(modified).ok()).unwrap_or_default();
        if age < FORGOTTEN_AFTER {
            continue;
        }
        let Ok(again) = private_folder(folder) else { break };
        let Ok(Some((journal, Some(Content { place, left, .. })))) = Journal::open_named(again, &name) else {
            continue;
        };
        let is_own = place.configuration == own.configuration
            && place.subject == own.subject
            && place.endpoint == own.endpoint
            && place.region == own.region;
        match left {
            Some(left) if is_own => found.push((journal, place, left)),
            Some(_) => {}
            None => journal.remove(),
        }
    }
    found
}

/// What a file says.
struct Content {
    place: Place,
    left: Option<Left>,
    /// Bytes of the lines that were understood.
    length: u64,
}

/// The lines that are whole and known, from the first one on.
fn read(text: &[u8]) -> Option<Content> {
    let mut lines = text.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
    let mut length = 0;
    let mut next = || {
        let line = lines.next()?;
        let known = serde_json::from_slice::<Line>(line).ok()?;
        length += line.len() as u64;
        Some(known)
    };
    let Some(Line::Place(place)) = next() else { return None };
    let mut left = match next() {
        Some(Line::Begun { plan, upload }) => Left { plan, upload, parts: Vec::new(), is_completing: false },
        _ => return Some(Content { place, left: None, length: 0 }),
    };
    while let Some(line) = next() {
        match line {
            Line::Part(part) => left.parts.push(part),
            Line::Completing => left.is_completing = true,
            Line::Place(_) | Line::Begun { .. } => break,
        }
    }
    Some(Content { place, left: Some(left), length })
}

impl Place {
    fn nowhere() -> Self {
        Self {
            configuration: String::new(),
            subject: String::new(),
            endpoint: None,
            region: String::new(),
            bucket: String::new(),
            key: String::new(),
            requester_pays: false,
            file: PathBuf::new(),
        }
    }
}

/// A digest: keys and paths are no names of files.
fn name_of(place: &Place) -> Result<String, SessionError> {
    let text = serde_json::to_vec(place)
        .map_err(|_| local(&place.file, "its path is not in Unicode, so that its upload cannot be remembered"))?;
    let digest: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{digest}{SUFFIX}"))
}

fn private_folder(folder: &Path) -> Result<PrivateFolder, SessionError> {
    PrivateFolder::create(&folder.join(FOLDER)).map_err(|error| local(folder, error.detail))
}

fn unusable(folder: &PrivateFolder, error: &StorageError) -> SessionError {
    local(folder.path(), &error.detail[..])
}

fn broken(folder: &PrivateFolder, error: &std::io::Error) -> SessionError {
    explain(folder.path(), error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::digests::Digests;

    fn place(key: &str) -> Place {
        Place { key: key.to_owned(), bucket: "b".to_owned(), subject: "alice".to_owned(), ..Place::nowhere() }
    }

    fn plan(folder: &Path) -> Plan {
        let file = folder.join("source");
        std::fs::write(&file, "x").unwrap();
        let source = Fingerprint::of(&std::fs::metadata(file).unwrap());
        Plan::new(source, &ObjectHeaders::default(), 5)
    }

    fn part(number: i32) -> FinishedPart {
        FinishedPart { number, e_tag: format!("\"{number}\""), crc: Digests::of(b"x", false).crc, has_md5: false }
    }

    /// Another test's child process holds all of this one's locks until it becomes another program.
    fn open(folder: &Path) -> (Journal, Option<Left>) {
        for _ in 0..500 {
            if let Some(opened) = Journal::open(folder, place("k")).unwrap() {
                return opened;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("the journal of an upload stays locked");
    }

    fn upload() -> Begun {
        Begun { upload_id: "id".to_owned(), keeps_crc: true }
    }

    #[test]
    fn what_moves_with_its_app_stays_the_same_file() {
        let seen = |container: &str, file: &str| {
            let container = Path::new("/var/mobile/Containers/Data/Application").join(container);
            seen_from(&container.join("Library/Application Support/transfers"), &container.join(file))
        };
        assert_eq!(seen("F71BA910", "Documents/a.pdf"), Path::new("../../../Documents/a.pdf"));
        assert_eq!(seen("F71BA910", "Documents/a.pdf"), seen("85CB7758", "Documents/a.pdf"));
        assert_ne!(seen("F71BA910", "Documents/a.pdf"), seen("F71BA910", "Library/a.pdf"));
        assert_eq!(seen_from(Path::new("/a"), Path::new("/a/b")), Path::new("b"));
        assert_eq!(seen_from(Path::new("/a"), Path::new("/b")), Path::new("../b"));
    }

    #[test]
    fn what_was_written_is_read_and_half_a_line_is_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, left) = open(folder.path());
        assert!(left.is_none());
        let plan = plan(folder.path());
        journal.begin(&plan, &upload()).unwrap();
        journal.finished(&part(1)).unwrap();
        journal.finished(&part(3)).unwrap();
        let path = folder.path().join(FOLDER).join(&journal.name);
        drop(journal);
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            let found = read(&whole[..cut]).and_then(|content| content.left).map(|left| left.parts);
            let lines = whole[..cut].iter().filter(|byte| **byte == b'\n').count();
            let expected = [None, None, Some(vec![]), Some(vec![part(1)])];
            assert_eq!(found, expected[lines], "cut at {cut}");
        }
        let (mut journal, left) = open(folder.path());
        let left = left.unwrap();
        assert_eq!((left.parts, left.is_completing, left.plan), (vec![part(1), part(3)], false, plan));
        journal.completing().unwrap();
        drop(journal);
        let (journal, left) = open(folder.path());
        assert!(left.unwrap().is_completing);
        journal.remove();
        assert!(!path.exists());
    }

    #[test]
    fn what_comes_after_half_a_line_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _) = open(folder.path());
        journal.begin(&plan(folder.path()), &upload()).unwrap();
        journal.finished(&part(1)).unwrap();
        let path = folder.path().join(FOLDER).join(&journal.name);
        let before = std::fs::metadata(&path).unwrap().len();
        journal.finished(&part(2)).unwrap();
        drop(journal);
        let whole = std::fs::read(&path).unwrap();
        for cut in before..whole.len() as u64 {
            std::fs::write(&path, &whole[..usize::try_from(cut).unwrap()]).unwrap();
            let (mut journal, left) = open(folder.path());
            assert_eq!(left.unwrap().parts, [part(1)]);
            journal.finished(&part(3)).unwrap();
            drop(journal);
            let (_, left) = open(folder.path());
            assert_eq!(left.unwrap().parts, [part(1), part(3)], "cut at {cut}");
        }
    }

    #[test]
    fn a_lock_on_a_file_that_was_removed_excludes_nobody_and_is_not_had() {
        let folder = tempfile::tempdir().unwrap();
        let (journal, _) = open(folder.path());
        let path = folder.path().join(FOLDER).join(&journal.name);
        // Somebody who finds the file, and gets the lock when it is gone.
        std::thread::scope(|scope| {
            let others: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        for _ in 0..200 {
                            if let Some((journal, _)) = Journal::open(folder.path(), place("k")).unwrap() {
                                assert!(is_still_at(&journal.file, &path));
                                journal.remove();
                            }
                        }
                    })
                })
                .collect();
            journal.remove();
            others.into_iter().for_each(|other| other.join().unwrap());
        });
    }

    /// As a full disk answers, or a limit on the size of files.
    #[test]
    fn a_journal_that_takes_nothing_remembers_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _) = open(folder.path());
        assert!(!journal.remembers());
        let path = folder.path().join(FOLDER).join(&journal.name);
        let file = std::mem::replace(&mut journal.file, File::open(&path).unwrap());
        assert!(journal.begin(&plan(folder.path()), &upload()).is_err() && !journal.remembers());
        journal.file = file;
        journal.begin(&plan(folder.path()), &upload()).unwrap();
        journal.file = File::open(&path).unwrap();
        // The upload can be given up, and its part is sent again.
        assert!(journal.finished(&part(1)).is_err() && journal.remembers());
        drop(journal);
        let (journal, left) = open(folder.path());
        assert!(left.unwrap().parts.is_empty() && journal.remembers());
    }

    #[test]
    fn nothing_is_left_of_what_never_began() {
        let folder = tempfile::tempdir().unwrap();
        drop(open(folder.path()));
        assert_eq!(std::fs::read_dir(folder.path().join(FOLDER)).unwrap().count(), 0);
    }

    #[test]
    fn nobody_else_is_at_the_same_upload_and_others_are_not_in_the_way() {
        let folder = tempfile::tempdir().unwrap();
        let (_held, _) = open(folder.path());
        assert!(Journal::open(folder.path(), place("k")).unwrap().is_none());
        Journal::open(folder.path(), place("other")).unwrap().unwrap();
        Journal::open(folder.path(), Place { subject: "bob".to_owned(), ..place("k") }).unwrap().unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn it_is_this_user_s_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let (journal, _) = open(folder.path());
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder.path().join(FOLDER)), 0o700);
        assert_eq!(mode(&folder.path().join(FOLDER).join(&journal.name)), 0o600);
    }

    #[test]
    fn what_nobody_went_on_with_for_a_week_is_found_by_whose_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let plan = plan(folder.path());
        for key in ["one", "other"] {
            Journal::open(folder.path(), place(key)).unwrap().unwrap().0.begin(&plan, &upload()).unwrap();
        }
        let now = std::fs::metadata(folder.path().join("source")).unwrap().modified().unwrap();
        let later = now + FORGOTTEN_AFTER + Duration::from_secs(60);
        let keys = |now, own: &Place| {
            let mut keys: Vec<_> =
                forgotten(folder.path(), now, own).into_iter().map(|(_, place, _)| place.key).collect();
            keys.sort();
            keys
        };
        assert!(keys(now, &place("")).is_empty());
        assert!(keys(later, &Place { subject: "bob".to_owned(), ..place("") }).is_empty());
        let (_held, _) = Journal::open(folder.path(), place("other")).unwrap().unwrap();
        assert_eq!(keys(later, &place("")), ["one"]);
    }
}
