//! Whose a file is, and what its mode takes from its own owner: for the message that it is in the way, which names the way
//! out.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::shell::quote_for_shell;
use crate::storage::location::home_directory;

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
    let word = quote_for_shell(&closed.display().to_string());
    let whose = if closed == path { "its mode".to_owned() } else { format!("the mode of {}", closed.display()) };
    Some(format!("{whose} keeps its own owner out; run: chmod {mode} {word}"))
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
    }
}
