//! Whose a file is, for the message that somebody else's is in the way: it names the owner and the way out.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::shell::quote_for_shell;
use crate::storage::location::home_directory;

/// Who keeps this user from `path`: the owner of the nearest part of it that is there, if that is somebody else.
pub(super) fn describe_owner(path: &Path) -> Option<String> {
    let (nearest, owner) = path.ancestors().find_map(|part| Some((part, part.symlink_metadata().ok()?.uid())))?;
    let place = if nearest == path { "it".to_owned() } else { nearest.display().to_string() };
    Some(format!("{place} {}", not_mine(nearest, owner)?))
}

/// `None` if `owner` is the user that this process runs as.
pub(super) fn not_mine(path: &Path, owner: u32) -> Option<String> {
    let me = rustix::process::geteuid().as_raw();
    let name = |uid: u32| if uid == 0 { "root".to_owned() } else { format!("user {uid}") };
    let is_at_home = || home_directory().is_some_and(|home| path.starts_with(&home) && path != home);
    let way_out = if me == 0 {
        "run this as that user".to_owned()
    } else if is_at_home() {
        // Made by a command that was run as another user with this one's HOME, as `sudo` does it on some systems.
        format!("run: sudo chown -R {me} {}", quote_for_shell(&path.display().to_string()))
    } else {
        "choose a folder of your own".to_owned()
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
}
