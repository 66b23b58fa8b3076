//! Files of this device that a transfer reads or writes: opened where nobody can lead them elsewhere, read and written at
//! positions, and explained when something is wrong with them.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::SessionError;

/// What is wrong with a file that is written, and what to do about it.
pub(super) fn explain(path: &Path, error: &io::Error) -> SessionError {
    use io::ErrorKind::{NotFound, PermissionDenied, ReadOnlyFilesystem};
    let problem = match error.kind() {
        NotFound => "the folder is not there: make it first".to_owned(),
        PermissionDenied | ReadOnlyFilesystem => {
            format!("nothing may be written there: choose another folder ({error})")
        }
        _ => problem(error),
    };
    local(path, problem)
}

/// What is wrong with a file that is read.
pub(super) fn explain_reading(path: &Path, error: &io::Error) -> SessionError {
    use io::ErrorKind::{NotFound, PermissionDenied, UnexpectedEof};
    let problem = match error.kind() {
        NotFound => "it is not there".to_owned(),
        PermissionDenied => format!("it may not be read: choose another file, or have it permitted ({error})"),
        UnexpectedEof => "it became shorter while it was read: try again when nobody writes to it".to_owned(),
        _ => problem(error),
    };
    local(path, problem)
}

/// What reading and writing have in common.
fn problem(error: &io::Error) -> String {
    use io::ErrorKind::{FileTooLarge, InvalidFilename, IsADirectory, NotADirectory, QuotaExceeded, StorageFull};
    match error.kind() {
        NotADirectory => "a part of its path is no folder".to_owned(),
        IsADirectory => "it is a folder: name a file in it".to_owned(),
        StorageFull | QuotaExceeded => {
            format!("there is no room left: make some and try again ({error})")
        }
        FileTooLarge => {
            format!("the disk takes no file of this size: choose another ({error})")
        }
        InvalidFilename => "the file system takes no such name: choose a shorter one".to_owned(),
        _ => error.to_string(),
    }
}

/// A failure with a file of this device.
pub(super) fn local(path: &Path, problem: impl Into<String>) -> SessionError {
    SessionError::LocalFile { path: path.display().to_string(), problem: problem.into() }
}

/// The folder that a file is in.
pub(super) fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Reads what there is, none after the end.
pub(super) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    loop {
        #[cfg(unix)]
        let read = std::os::unix::fs::FileExt::read_at(file, buffer, offset);
        #[cfg(windows)]
        let read = std::os::windows::fs::FileExt::seek_read(file, buffer, offset);
        match read {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

/// Reads until `buffer` is full.
pub(super) fn read_exact_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
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

/// Writes all of `bytes`.
pub(super) fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::write_all_at(file, bytes, offset);
    #[cfg(windows)]
    {
        let mut done = 0;
        while done < bytes.len() {
            done += std::os::windows::fs::FileExt::seek_write(file, &bytes[done..], offset + done as u64)?;
        }
        Ok(())
    }
}

pub(super) use system::{
    create_private, give_mode, has_no_locks, is_still_at, open_existing, open_private, sync_folder,
};

#[cfg(unix)]
mod system {
    use std::fs::{File, Metadata, Permissions};
    use std::io;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    use std::path::Path;

    use rustix::fs::{Mode, OFlags};

    /// Not over a symbolic link, not waiting for a named pipe's other end, and not for child processes.
    const SAFELY: OFlags = OFlags::RDWR.union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);

    /// Opens a file that is this user's alone, and makes it if it is not there.
    pub(in super::super) fn open_private(path: &Path) -> io::Result<File> {
        open(path, SAFELY | OFlags::CREATE, Mode::RUSR | Mode::WUSR)
    }

    pub(in super::super) fn open_existing(path: &Path) -> io::Result<File> {
        open(path, SAFELY, Mode::empty())
    }

    /// Makes a file that is this user's alone, and says what others would be given by the system's `umask`.
    pub(in super::super) fn create_private(path: &Path) -> io::Result<(File, u32)> {
        let for_all = Mode::from_raw_mode(0o666);
        let file = open(path, SAFELY | OFlags::CREATE | OFlags::EXCL, for_all)?;
        let mode = file.metadata()?.mode() & 0o777;
        // There is nothing in it yet.
        set_mode(&file, 0o600)?;
        Ok((file, mode))
    }

    fn open(path: &Path, flags: OFlags, mode: Mode) -> io::Result<File> {
        let file = File::from(rustix::fs::open(path, flags, mode)?);
        let found = file.metadata()?;
        // What was made here and now is nobody else's, whatever its file system makes of owners.
        let is_mine = || flags.contains(OFlags::EXCL) || is_one_of_mine(&found, path);
        if !found.is_file() || !is_mine() {
            let problem = format!("{} is in the way, which is no file of this user's: remove it", path.display());
            return Err(io::Error::other(problem));
        }
        Ok(file)
    }

    /// Not every file system knows owners: all files of one are those of whoever it was mounted for (mount(8), `uid=` of vfat,
    /// exfat and ntfs; mount.cifs(8), `uid=`), of nobody (exports(5), `root_squash`), or of whoever keeps them (Android's shared
    /// storage: "all files are given fixed owner, group, and permissions", AOSP `system/core/sdcard/sdcard.c`; since Android 11
    /// made by another process, `MediaProvider/jni/FuseDaemon.cpp`). There a file is as good as one's own if a new one has the
    /// same owner. Elsewhere a new one is this user's.
    fn is_one_of_mine(found: &Metadata, path: &Path) -> bool {
        found.uid() == rustix::process::geteuid().as_raw()
            || owner_of_new_files(&super::folder_of(path)).is_ok_and(|owner| found.uid() == owner)
    }

    fn owner_of_new_files(folder: &Path) -> io::Result<u32> {
        let path = folder.join(format!(".{:016x}.jetbridge-owner", fastrand::u64(..)));
        let made = rustix::fs::open(&path, SAFELY | OFlags::CREATE | OFlags::EXCL, Mode::RUSR | Mode::WUSR)?;
        let owner = File::from(made).metadata().map(|made| made.uid());
        std::fs::remove_file(&path)?;
        owner
    }

    fn set_mode(file: &File, mode: u32) -> io::Result<()> {
        unless_it_has_no_modes(file.set_permissions(Permissions::from_mode(mode)))
    }

    /// Of one's own file the mode may be changed (chmod(2), EPERM), unless its file system keeps none: those without owners, and
    /// FUSE without `setattr` (ENOSYS).
    fn unless_it_has_no_modes(set: io::Result<()>) -> io::Result<()> {
        match set {
            Err(error) if matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::Unsupported) => {
                Ok(())
            }
            set => set,
        }
    }

    /// Whether nothing can be locked there: NFS without a lock manager (fcntl(2), ENOLCK; flock(2), "NFS details"), FUSE and
    /// others that know no locks.
    pub(in super::super) fn has_no_locks(error: &io::Error) -> bool {
        use rustix::io::Errno;
        [Errno::NOLCK, Errno::NOSYS, Errno::OPNOTSUPP].iter().any(|no| error.raw_os_error() == Some(no.raw_os_error()))
    }

    /// Whether the file has this name still.
    pub(in super::super) fn is_still_at(file: &File, path: &Path) -> bool {
        let id = |found: std::fs::Metadata| (found.dev(), found.ino());
        match (file.metadata(), std::fs::symlink_metadata(path)) {
            (Ok(file), Ok(named)) => id(file) == id(named),
            _ => false,
        }
    }

    /// The mode of the file that is replaced, or what the system gives new ones.
    pub(in super::super) fn give_mode(file: &File, replaced: &Path, mode: u32) -> io::Result<()> {
        let mode = match std::fs::symlink_metadata(replaced) {
            Ok(found) if found.is_file() => found.mode() & 0o777,
            _ => mode,
        };
        set_mode(file, mode)
    }

    /// Makes a new name survive a power cut, where the file system can do that.
    pub(in super::super) fn sync_folder(file: &Path) {
        if let Ok(folder) = File::open(super::folder_of(file)) {
            let _ = folder.sync_all();
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_file_of_somebody_else_s_is_not_written_to() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("file");
            std::fs::write(&path, "").unwrap();
            open_private(&path).unwrap();
            assert_eq!(owner_of_new_files(folder.path()).unwrap(), rustix::process::geteuid().as_raw());
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "the file alone");
            // Who may give files away is root.
            if std::os::unix::fs::chown(&path, Some(12_345), None).is_ok() {
                assert!(open_private(&path).is_err() && open_existing(&path).is_err());
            }
        }

        #[test]
        fn a_file_system_without_modes_is_no_reason_to_fail() {
            let set = |errno: rustix::io::Errno| unless_it_has_no_modes(Err(errno.into()));
            for errno in [rustix::io::Errno::PERM, rustix::io::Errno::OPNOTSUPP, rustix::io::Errno::NOSYS] {
                assert!(set(errno).is_ok(), "{errno}");
            }
            assert!(set(rustix::io::Errno::ROFS).is_err() && set(rustix::io::Errno::IO).is_err());
        }

        #[test]
        fn a_file_system_without_locks_is_told_from_one_in_trouble() {
            let says = |errno: rustix::io::Errno| has_no_locks(&errno.into());
            for errno in [rustix::io::Errno::NOLCK, rustix::io::Errno::OPNOTSUPP, rustix::io::Errno::NOSYS] {
                assert!(says(errno), "{errno}");
            }
            assert!(!says(rustix::io::Errno::IO) && !says(rustix::io::Errno::AGAIN));
        }
    }
}

#[cfg(not(unix))]
mod system {
    use std::fs::{File, OpenOptions};
    use std::io;
    use std::path::Path;

    pub(in super::super) fn open_private(path: &Path) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
    }

    pub(in super::super) fn open_existing(path: &Path) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).open(path)
    }

    pub(in super::super) fn create_private(path: &Path) -> io::Result<(File, u32)> {
        Ok((OpenOptions::new().read(true).write(true).create_new(true).open(path)?, 0))
    }

    pub(in super::super) fn has_no_locks(error: &io::Error) -> bool {
        error.kind() == io::ErrorKind::Unsupported
    }

    /// Windows removes no file that somebody has open but by the last one who closes it.
    pub(in super::super) fn is_still_at(_: &File, path: &Path) -> bool {
        path.exists()
    }

    pub(in super::super) fn give_mode(_: &File, _: &Path, _: u32) -> io::Result<()> {
        Ok(())
    }

    pub(in super::super) fn sync_folder(_: &Path) {}
}
