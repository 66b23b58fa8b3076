//! Whose a file is, and what its mode takes from its own owner: for the message that it is in the way, which names the way
//! out.

use std::fs::{DirEntry, Metadata, ReadDir};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::shell::quote_for_shell;
use crate::storage::location::home_directory;

/// The way out where the folder is not the one to be changed.
pub(super) const OTHER_FOLDER: &str = "it is not this program's alone, so leave it as it is and choose another folder";
/// All that this program ever puts into the store's folder, by the beginning and the end of its name. Whoever writes something
/// else there adds it: `cli/tests/cli/own_files.rs` holds the commands to this list.
const OWN_FILES: [(&str, &str); 8] = [
    // Values, locks and writes of the store.
    ("", ".sealed"),
    ("", ".lock"),
    ("", ".tmp"),
    ("store", ".json"),
    ("store", ".key"),
    // Uploads that another process may go on with (`session/objects/upload_journal.rs`).
    ("transfers", ""),
    // What AWS's tools are given by `jetbridge exec` and `creds --serve`.
    ("exec-", ".aws"),
    ("serve-", ".token"),
];

/// Whether a folder may be closed to everybody else: nobody else has anything in it. `/etc` and a home are others' even if
/// they are empty.
pub(super) fn is_the_store_s(folder: &Path) -> bool {
    let is_own = |entry: DirEntry| is_own_name(&entry.file_name().to_string_lossy());
    let has_only_own = |entries: ReadDir| entries.into_iter().all(|entry| entry.is_ok_and(is_own));
    !is_everybody_s(folder) && folder.read_dir().is_ok_and(has_only_own)
}

fn is_own_name(name: &str) -> bool {
    OWN_FILES.iter().any(|(beginning, end)| name.starts_with(beginning) && name.ends_with(end))
}

/// The root, a folder straight below it, the home, and what holds the home.
fn is_everybody_s(folder: &Path) -> bool {
    let is_high_up = folder.parent().is_none_or(|parent| parent.parent().is_none());
    is_high_up || home_directory().is_some_and(|home| home.starts_with(folder))
}

/// What keeps this user from `path`: the owner of the nearest part of it that is there, if that is somebody else, or the
/// mode of a part that is this user's own.
pub(super) fn explain_denied(path: &Path) -> Option<String> {
    let me = rustix::process::geteuid().as_raw();
    let mut parts = path.ancestors().filter_map(|part| Some((part, part.symlink_metadata().ok()?))).peekable();
    let (nearest, metadata) = parts.peek()?;
    let place = |part: &Path| if part == path { "it".to_owned() } else { part.display().to_string() };
    if let Some(reason) = not_mine(nearest, metadata.uid()) {
        return Some(format!("{} {reason}", place(nearest)));
    }
    let mut own = parts.take_while(|(_, metadata)| metadata.uid() == me && !metadata.is_symlink());
    let (closed, mode) = own.find_map(|(part, metadata)| Some((part, missing_mode(&metadata)?)))?;
    if is_everybody_s(closed) {
        return Some(format!("{} cannot be written into; choose another folder", place(closed)));
    }
    let word = |path: &Path| quote_for_shell(&path.display().to_string());
    let whose = if closed == path { "its mode".to_owned() } else { format!("the mode of {}", closed.display()) };
    let folder = if closed.is_dir() { Some(closed) } else { closed.parent() };
    let chmod = match folder.filter(|folder| is_the_store_s(folder) && are_several_closed(folder)) {
        // One after the other, each would be told by the next attempt.
        Some(folder) => format!("chmod -R u+rwX {}", word(folder)),
        None => format!("chmod {mode} {}", word(closed)),
    };
    Some(format!("{whose} keeps its own owner out; run: {chmod}"))
}

/// Whether the mode of more than one thing keeps its owner out, of a folder and what lies in it.
fn are_several_closed(folder: &Path) -> bool {
    let inside = folder.read_dir().into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let all = inside.chain([folder.to_owned()]).filter_map(|path| path.symlink_metadata().ok());
    all.filter(|metadata| !metadata.is_symlink() && missing_mode(metadata).is_some()).nth(1).is_some()
}

/// The mode that something of this user's should have, if it has less.
fn missing_mode(metadata: &Metadata) -> Option<&'static str> {
    let (wanted, mode) = if metadata.is_dir() { (0o700, "700") } else { (0o600, "600") };
    (metadata.mode() & wanted != wanted).then_some(mode)
}

/// `None` if `owner` is the user that this process runs as.
pub(super) fn not_mine(path: &Path, owner: u32) -> Option<String> {
    let me = rustix::process::geteuid().as_raw();
    let name = |uid: u32| if uid == 0 { "root".to_owned() } else { format!("user {uid}") };
    let is_at_home = || home_directory().is_some_and(|home| path.starts_with(&home) && path != home);
    // What lies in a folder of one's own is in the wrong hands, not in the wrong place.
    let is_in_mine =
        || path.parent().and_then(|folder| folder.symlink_metadata().ok()).is_some_and(|it| it.uid() == me);
    let take_back = |sudo: &str| format!("run: {sudo}chown -R {me} {}", quote_for_shell(&path.display().to_string()));
    let way_out = match me {
        0 if path.is_file() && is_in_mine() => take_back(""),
        0 => "run this as that user".to_owned(),
        // Made by a command that was run as another user with this one's HOME, as `sudo` does it on some systems.
        _ if is_at_home() || is_in_mine() => take_back("sudo "),
        _ => "choose a folder of your own".to_owned(),
    };
    (owner != me).then(|| format!("belongs to {} and not to {}; {way_out}", name(owner), name(me)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_below_the_home_is_to_be_taken_back() {
        let me = rustix::process::geteuid().as_raw();
        assert_eq!(not_mine(Path::new("/anything"), me), None);
        let at_home = home_directory().expect("a home").join("its state");
        let (away, at_home) = (not_mine(Path::new("/etc"), me + 1).unwrap(), not_mine(&at_home, me + 1).unwrap());
        assert!(away.starts_with(&format!("belongs to user {} and not to ", me + 1)), "{away}");
        assert!(!away.contains("chown"), "{away}");
        if me != 0 {
            assert!(at_home.contains(&format!("run: sudo chown -R {me} '")), "{at_home}");
        }
    }

    #[test]
    fn nobody_is_told_to_close_what_is_not_the_store_s() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("jetbridge");
        std::fs::create_dir(&store).unwrap();
        assert!(is_the_store_s(&store), "there is nothing in it");
        for own in ["store.lock", "session-1.sealed", "store.key", "transfers", "exec-0123.aws", "serve-x.token"] {
            std::fs::write(store.join(own), "").unwrap();
        }
        assert!(is_the_store_s(&store));
        for somebody_s in ["thesis.txt", "credentials.aws", "api.token"] {
            std::fs::write(store.join(somebody_s), "").unwrap();
            assert!(!is_the_store_s(&store), "{somebody_s}");
            std::fs::remove_file(store.join(somebody_s)).unwrap();
        }
        let home = home_directory().expect("a home");
        for others in [Path::new("/"), Path::new("/sys"), Path::new("/etc"), Path::new("/not-there"), &home] {
            assert!(!is_the_store_s(others) && is_everybody_s(others), "{}", others.display());
        }
        assert!(!is_everybody_s(&home.join(".local/state/jetbridge")));
    }

    #[test]
    fn a_mode_that_keeps_its_own_owner_out_is_told_with_the_one_it_needs() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let (inner, file) = (folder.path().join("a b"), folder.path().join("a b/file"));
        std::fs::create_dir(&inner).unwrap();
        std::fs::write(&file, "").unwrap();
        let set_mode =
            |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        set_mode(&file, 0o600);
        assert_eq!(explain_denied(&file), None);
        for (closed, path, mode, wanted) in [
            (&inner, &inner, 0o000, "700"),
            (&inner, &inner, 0o500, "700"),
            (&file, &file, 0o400, "600"),
            (&inner, &file, 0o500, "700"),
        ] {
            let usual = closed.metadata().unwrap().permissions();
            set_mode(closed, mode);
            let told = explain_denied(path).unwrap();
            assert!(told.ends_with(&format!("run: chmod {wanted} '{}'", closed.display())), "{told}");
            std::fs::set_permissions(closed, usual).unwrap();
        }
        // What the store needs is told in one command.
        let store = folder.path().join("store");
        std::fs::create_dir(&store).unwrap();
        for name in ["store.lock", "session-1.lock", "session-1.sealed"] {
            std::fs::write(store.join(name), "").unwrap();
            set_mode(&store.join(name), 0o400);
        }
        for (mode, path) in
            [(0o700, store.join("store.lock")), (0o500, store.join("store.lock")), (0o500, store.clone())]
        {
            set_mode(&store, mode);
            let told = explain_denied(&path).unwrap();
            let command = told.split_once("run: ").unwrap().1;
            assert_eq!(command, format!("chmod -R u+rwX {}", store.display()));
            assert!(std::process::Command::new("sh").args(["-c", command]).status().unwrap().success());
            assert_eq!(explain_denied(&store.join("store.lock")), None, "that was all");
            set_mode(&store.join("store.lock"), 0o400);
            set_mode(&store.join("session-1.lock"), 0o400);
        }
    }
}
