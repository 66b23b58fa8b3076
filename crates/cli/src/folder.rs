//! Folders of this machine whose files come from keys, or become some. Nothing is written outside a folder: the paths of keys
//! cannot lead out ([`file_names`](crate::file_names)), and links in it are not followed.

use std::collections::HashSet;
use std::collections::hash_map::{Entry, HashMap};
use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::exit::{Exit, Failure};
use crate::file_names::{to_key, to_path};
use crate::text::{escape, escape_path};

/// What is wrong with a file here. The number that Rust puts behind the system's words is for programmers.
pub(crate) fn local_failure(path: &Path, problem: impl std::fmt::Display) -> Failure {
    let problem = problem.to_string();
    let words = problem.split_once(" (os error ").map_or(&*problem, |(words, _)| words);
    Failure::new("local_file", Exit::LocalFile, format!("{}: {words}", escape_path(path)))
}

/// How the names end of what a download keeps beside its file until that is whole.
const UNFINISHED: [&str; 2] = [PART, ".jetbridge-journal"];
const PART: &str = ".jetbridge-part";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
}

/// A folder that objects are written into.
#[derive(Debug)]
pub(crate) struct TargetFolder {
    root: PathBuf,
    hasher: RandomState,
    /// What this run writes, by digests of the paths: memory does not grow with the length of keys.
    taken: HashMap<u64, Kind>,
    /// The same where case is no difference.
    folded: HashMap<u64, u64>,
    tells_case_apart: Option<bool>,
    /// Folders that are there, by digests.
    made: HashSet<u64>,
    /// Those that were not there before, in the order in which they were made, with their digests.
    new: Vec<(PathBuf, u64)>,
    /// Those that are wanted although they are empty.
    wanted: HashSet<u64>,
}

impl TargetFolder {
    /// Makes the folder if it is not there. It may be a link itself: the user named it.
    pub(crate) fn open(root: PathBuf) -> Result<Self, Failure> {
        fs::create_dir_all(&root).map_err(|error| local_failure(&root, error))?;
        Ok(Self::at(root))
    }

    /// To look at what would be done.
    pub(crate) fn at(root: PathBuf) -> Self {
        Self {
            root,
            hasher: RandomState::new(),
            taken: HashMap::new(),
            folded: HashMap::new(),
            tells_case_apart: None,
            made: HashSet::new(),
            new: Vec::new(),
            wanted: HashSet::new(),
        }
    }

    /// The file for a key, and its path below the folder. Nothing else of this run has it.
    pub(crate) fn place_file(&mut self, key: &str) -> Result<(PathBuf, String), Failure> {
        let path = to_path(key);
        self.take(&path, Kind::File)?;
        Ok((self.root.join(&path), path))
    }

    /// The same for a file that has this name.
    pub(crate) fn place_name(&mut self, name: String) -> Result<(PathBuf, String), Failure> {
        self.take(&name, Kind::File)?;
        Ok((self.root.join(&name), name))
    }

    /// Whether a folder was there before this run.
    pub(crate) fn has_folder(&self, path: &str) -> bool {
        let folder = self.root.join(path);
        fs::symlink_metadata(&folder).is_ok_and(|there| there.is_dir())
            && !self.new.iter().any(|(_, digest)| *digest == self.hasher.hash_one(path))
    }

    /// The folder for a key that ends in a slash, if it has one: not the slash alone.
    pub(crate) fn place_folder(&mut self, key: &str) -> Option<Result<(PathBuf, String), Failure>> {
        let key = key.strip_suffix('/').filter(|key| !key.is_empty())?;
        let path = to_path(key);
        self.wanted.insert(self.hasher.hash_one(&*path));
        Some(self.take(&path, Kind::Folder).map(|()| (self.root.join(&path), path)))
    }

    /// Takes folders away again that were made for files which did not come.
    pub(crate) fn remove_empty_folders(&self) {
        for (folder, _) in self.new.iter().rev().filter(|(_, digest)| !self.wanted.contains(digest)) {
            // One with something in it stays: the system refuses.
            let _ = fs::remove_dir(folder);
        }
    }

    /// Makes the folders above a file, and says whether it is there already.
    pub(crate) fn prepare_file(&mut self, path: &str) -> Result<bool, Failure> {
        if let Some((above, _)) = path.rsplit_once('/') {
            self.make_folder(above)?;
        }
        let file = self.root.join(path);
        match fs::symlink_metadata(&file) {
            Ok(there) if there.is_file() => Ok(true),
            Ok(there) if there.is_symlink() => Err(local_failure(&file, "is a link, and links are not followed here")),
            Ok(there) if there.is_dir() => Err(local_failure(&file, "is a folder, so no file can have its name")),
            Ok(_) => Err(local_failure(&file, "is no regular file")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(local_failure(&file, error)),
        }
    }

    /// Makes a folder and those above it, below the root. A link in its place is not followed.
    pub(crate) fn make_folder(&mut self, path: &str) -> Result<(), Failure> {
        for above in ancestors(path) {
            if !self.made.insert(self.hasher.hash_one(above)) {
                continue;
            }
            let folder = self.root.join(above);
            match fs::symlink_metadata(&folder) {
                Ok(there) if there.is_dir() => {}
                Ok(there) if there.is_symlink() => {
                    return Err(
                        self.unmade(above, local_failure(&folder, "is a link, and links are not followed here"))
                    );
                }
                Ok(_) => {
                    return Err(self.unmade(above, local_failure(&folder, "is a file, so nothing can be below it")));
                }
                Err(_) => {
                    if let Err(error) = fs::create_dir(&folder) {
                        return Err(self.unmade(above, local_failure(&folder, error)));
                    }
                    self.new.push((folder, self.hasher.hash_one(above)));
                }
            }
        }
        Ok(())
    }

    fn unmade(&mut self, path: &str, failure: Failure) -> Failure {
        self.made.remove(&self.hasher.hash_one(path));
        failure
    }

    /// Keeps a path and the folders above it for one key.
    fn take(&mut self, path: &str, kind: Kind) -> Result<(), Failure> {
        let above = path.rsplit_once('/').map(|(above, _)| above);
        for folder in above.into_iter().flat_map(ancestors) {
            self.take_one(folder, Kind::Folder)?;
        }
        self.take_one(path, kind)
    }

    fn take_one(&mut self, path: &str, kind: Kind) -> Result<(), Failure> {
        let exact = self.hasher.hash_one(path);
        match self.taken.get(&exact) {
            Some(Kind::Folder) if kind == Kind::Folder => return Ok(()),
            Some(_) => {
                let problem = "two keys need this name, one for a file and one for a folder";
                return Err(local_failure(&self.root.join(path), problem));
            }
            None => {}
        }
        match self.folded.entry(self.hasher.hash_one(path.to_lowercase())) {
            Entry::Vacant(entry) => {
                entry.insert(exact);
            }
            Entry::Occupied(_) => {
                let root = &self.root;
                if !*self.tells_case_apart.get_or_insert_with(|| tells_case_apart(root)) {
                    let problem =
                        "another key has this name but for upper and lower case, which this disk does not tell apart";
                    return Err(local_failure(&self.root.join(path), problem));
                }
            }
        }
        self.taken.insert(exact, kind);
        Ok(())
    }
}

/// Puts a small file in its place, whole or not at all. Unlike a large one it is not waited for until the disk has it: after a
/// power cut it may have to be fetched again, and a thousand of them take no longer than their bytes.
pub(crate) fn write_small(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let name = format!(".{}-{}{PART}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let beside = file.with_file_name(name);
    let write = || {
        // Nothing that is there is written into, nor followed.
        let mut new = fs::OpenOptions::new().write(true).create_new(true).open(&beside)?;
        if let Ok(replaced) = fs::symlink_metadata(file) {
            new.set_permissions(replaced.permissions())?;
        }
        new.write_all(bytes)?;
        fs::rename(&beside, file)
    };
    write().map_err(|error| {
        let _ = fs::remove_file(&beside);
        local_failure(file, error)
    })
}

/// `a`, `a/b`, `a/b/c`.
fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(end, _)| &path[..end]).chain([path])
}

/// Asks the disk, with a file of another name than any key's.
fn tells_case_apart(root: &Path) -> bool {
    let name = format!(".jetbridge-case-{}", std::process::id());
    let probe = root.join(&name);
    // What cannot be found out is taken for the worse.
    let made = fs::OpenOptions::new().write(true).create_new(true).open(&probe);
    let tells = made.is_ok() && fs::symlink_metadata(root.join(name.to_uppercase())).is_err();
    if made.is_ok() {
        let _ = fs::remove_file(&probe);
    }
    tells
}

/// What is found in a folder whose files become objects.
#[derive(Debug)]
pub(crate) enum Found {
    File {
        file: PathBuf,
        path: String,
        key: String,
        size: u64,
    },
    /// A folder with nothing in it; its key ends in a slash.
    EmptyFolder {
        file: PathBuf,
        path: String,
        key: String,
    },
    /// Left out, and why.
    Left {
        file: PathBuf,
        path: String,
        why: &'static str,
    },
    Failed {
        file: PathBuf,
        path: String,
        failure: Failure,
    },
}

/// Goes through a folder, one of its folders at a time, in the order of names.
#[derive(Debug)]
pub(crate) struct SourceFolder {
    follows_links: bool,
    /// Folders that are still to be read, the next one last: where it is, its path below the root, those above it.
    waiting: Vec<(PathBuf, String, Vec<PathBuf>)>,
    hasher: RandomState,
    /// Digests of the keys that there were.
    keys: HashSet<u64>,
}

impl SourceFolder {
    pub(crate) fn open(root: PathBuf, follows_links: bool) -> Result<Self, Failure> {
        let there = fs::metadata(&root).map_err(|error| local_failure(&root, error))?;
        if !there.is_dir() {
            return Err(local_failure(&root, "is no folder").hint("Without --recursive, a file is sent."));
        }
        let waiting = vec![(root, String::new(), Vec::new())];
        Ok(Self { follows_links, waiting, hasher: RandomState::new(), keys: HashSet::new() })
    }

    /// What is in the next folder.
    pub(crate) fn next_folder(&mut self) -> Option<Vec<Found>> {
        let (folder, path, above) = self.waiting.pop()?;
        let names = fs::read_dir(&folder).and_then(|entries| {
            entries.map(|entry| entry.map(|entry| entry.file_name())).collect::<io::Result<Vec<_>>>()
        });
        let mut names = match names {
            Ok(names) => names,
            Err(error) => {
                let failure = local_failure(&folder, error);
                return Some(vec![Found::Failed { file: folder, path, failure }]);
            }
        };
        if names.is_empty() && !path.is_empty() {
            let key = to_key(&path) + "/";
            return Some(vec![self.unique(key, |key| Found::EmptyFolder { file: folder, path, key })]);
        }
        names.sort_unstable();
        let mut above = above;
        above.push(fs::canonicalize(&folder).unwrap_or_else(|_| folder.clone()));
        let mut found = Vec::with_capacity(names.len());
        let mut folders = Vec::new();
        for name in names {
            let file = folder.join(&name);
            let shown = name.to_string_lossy();
            let path = if path.is_empty() { shown.to_string() } else { format!("{path}/{shown}") };
            if name.to_str().is_none() {
                let failure = local_failure(&file, "its name is no UTF-8 text, as keys are");
                found.push(Found::Failed { file, path, failure });
                continue;
            }
            match self.look_at(&file, &above) {
                Ok(Look::File(size)) => {
                    let key = to_key(&path);
                    found.push(self.unique(key, |key| Found::File { file, path, key, size }));
                }
                Ok(Look::Folder) => folders.push((file, path, above.clone())),
                Ok(Look::Leave(why)) => found.push(Found::Left { file, path, why }),
                Err(error) => {
                    let failure = local_failure(&file, error);
                    found.push(Found::Failed { file, path, failure });
                }
            }
        }
        self.waiting.extend(folders.into_iter().rev());
        Some(found)
    }

    fn look_at(&self, file: &Path, above: &[PathBuf]) -> io::Result<Look> {
        let name = file.file_name().unwrap_or_default().as_encoded_bytes();
        if UNFINISHED.iter().any(|ending| name.starts_with(b".") && name.ends_with(ending.as_bytes())) {
            return Ok(Look::Leave("of an unfinished download"));
        }
        let mut there = fs::symlink_metadata(file)?;
        let is_link = there.is_symlink();
        if is_link && !self.follows_links {
            return Ok(Look::Leave("a link"));
        }
        if is_link {
            there = fs::metadata(file)?;
        }
        if there.is_dir() {
            let leads_back = is_link && above.contains(&fs::canonicalize(file)?);
            return Ok(if leads_back { Look::Leave("a link to a folder that it is in") } else { Look::Folder });
        }
        Ok(if there.is_file() { Look::File(there.len()) } else { Look::Leave("neither file nor folder") })
    }

    /// Two files for one key cannot both be sent: one of them was named by hand.
    fn unique(&mut self, key: String, found: impl FnOnce(String) -> Found) -> Found {
        let is_new = self.keys.insert(self.hasher.hash_one(&key));
        let found = found(key);
        match found {
            Found::File { file, path, key, .. } | Found::EmptyFolder { file, path, key } if !is_new => {
                let failure = local_failure(&file, format!("another file stands for the same key, {}", escape(&key)));
                Found::Failed { file, path, failure }
            }
            found => found,
        }
    }
}

enum Look {
    File(u64),
    Folder,
    Leave(&'static str),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_serves_one_key() {
        let folder = tempfile::tempdir().unwrap();
        let mut target = TargetFolder::open(folder.path().join("new")).unwrap();
        for key in ["a/b", "a/c", "A-b", "x"] {
            target.place_file(key).unwrap();
        }
        for key in ["a", "x/y", "a/b"] {
            assert_eq!(target.place_file(key).unwrap_err().exit, Exit::LocalFile, "{key}");
        }
        assert!(target.place_folder("a/").unwrap().is_ok() && target.place_folder("/").is_none());
        // As the disk is.
        let tells = tells_case_apart(folder.path());
        assert_eq!(target.place_file("A/b").is_ok(), tells);
        target.tells_case_apart = Some(false);
        assert!(target.place_file("X").unwrap_err().message.contains("upper and lower case"));
        // Nor do two keys become one file where only an escape and its like differ in case.
        assert!(target.place_file("line\nbreak").is_ok());
        assert!(target.place_file("line%0abreak").unwrap_err().message.contains("upper and lower case"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "the probe is gone");
    }

    #[cfg(unix)]
    #[test]
    fn no_link_leads_out_of_a_target() {
        let folder = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        let mut target = TargetFolder::open(folder.path().to_owned()).unwrap();
        std::os::unix::fs::symlink(outside.path(), folder.path().join("link")).unwrap();
        std::os::unix::fs::symlink(outside.path().join("new"), folder.path().join("file")).unwrap();
        for path in ["link/a", "link/a/b", "link", "file"] {
            let refused = target.prepare_file(path).unwrap_err();
            assert!(refused.message.contains("is a link"), "{path}: {}", refused.message);
        }
        // Nor when it is tried again.
        assert!(target.prepare_file("link/a").is_err());
        assert!(target.prepare_file("real/a/b").is_ok_and(|is_there| !is_there));
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_in_a_folder_is_sent_or_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["b", "a", ".hidden", ".a.0123.jetbridge-part", "x%0Ay", "x%20y", "x%2E", "x."] {
            fs::write(path(name), name).unwrap();
        }
        fs::create_dir_all(path("sub/empty")).unwrap();
        std::os::unix::fs::symlink("..", path("sub/up")).unwrap();
        std::os::unix::fs::symlink("a", path("to-a")).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(path("pipe")).status().unwrap().success());
        let walk = |follows_links| {
            let mut source = SourceFolder::open(folder.path().to_owned(), follows_links).unwrap();
            let mut told = Vec::new();
            while let Some(found) = source.next_folder() {
                told.extend(found.into_iter().map(|found| match found {
                    Found::File { key, .. } => format!("file {key}"),
                    Found::EmptyFolder { key, .. } => format!("folder {key}"),
                    Found::Left { path, why, .. } => format!("left {path}: {why}"),
                    Found::Failed { path, .. } => format!("failed {path}"),
                }));
            }
            told
        };
        let partial = "left .a.0123.jetbridge-part: of an unfinished download";
        let files = [partial, "file .hidden", "file a", "file b", "left pipe: neither file nor folder"];
        let percent = ["file x\ny", "file x%20y", "file x.", "failed x."];
        let told = walk(false);
        assert_eq!(told[..5], files);
        assert_eq!(told[5], "left to-a: a link");
        assert_eq!(told[6..10], percent);
        assert_eq!(told[10..], ["left sub/up: a link", "folder sub/empty/"]);
        let told = walk(true);
        assert_eq!(told[5], "file to-a");
        assert_eq!(told[10..], ["left sub/up: a link to a folder that it is in", "folder sub/empty/"]);
    }
}
