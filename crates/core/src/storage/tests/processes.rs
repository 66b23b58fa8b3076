//! Things that only a second process can show. A test runs its own binary again, which finds out from the environment
//! that it is the child and plays its part.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::process::{Command, Output, Stdio};

use super::*;

const CHILD_DIRECTORY: &str = "JETBRIDGE_TEST_CHILD_DIRECTORY";

/// The directory to work in, when this process is a child.
fn child_directory() -> Option<PathBuf> {
    std::env::var_os(CHILD_DIRECTORY).map(PathBuf::from)
}

/// This test binary again, to run one test as a child.
fn child(program: &str, test: &str, directory: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(["--exact", "--nocapture", "--test-threads=1"]);
    command.arg(format!("storage::tests::processes::{test}")).env(CHILD_DIRECTORY, directory);
    command
}

fn this_program() -> String {
    std::env::current_exe().unwrap().into_os_string().into_string().expect("a path in UTF-8")
}

fn assert_passed(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"), "the child ran its part");
}

/// A value that shows whether it is whole: its number, then the number's low byte a great many times.
fn numbered_value(number: u64) -> Vec<u8> {
    let mut value = number.to_be_bytes().to_vec();
    value.resize(20_000, number.to_le_bytes()[0]);
    value
}

#[test]
fn a_kill_leaves_a_whole_value_and_a_free_lock() {
    if let Some(directory) = child_directory() {
        let store = key_file_store(&directory);
        let mut out = std::io::stdout();
        for number in 1.. {
            let _lock = store.lock(NAME).expect("a free lock");
            store.save(NAME, &numbered_value(number)).expect("a saved value");
            writeln!(out, "\nsaved {number}").expect("the parent listens");
        }
    }
    for round in 0..20_u16 {
        let directory = directory_with_value(&numbered_value(0));
        let mut writer = child(&this_program(), "a_kill_leaves_a_whole_value_and_a_free_lock", directory.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut saved = BufReader::new(writer.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok)
            .filter_map(|line| line.strip_prefix("saved ").and_then(|number| number.parse::<u64>().ok()));
        let mut last_saved = saved.nth(usize::from(round % 4)).expect("the child saves");
        // Each round kills at another moment of the next save.
        std::thread::sleep(Duration::from_micros(u64::from(round) * 150));
        writer.kill().unwrap();
        writer.wait().unwrap();
        last_saved = saved.last().unwrap_or(last_saved);

        let store = EncryptedFileStore::open(FileStoreOptions {
            lock_limit: Duration::ZERO,
            ..options(directory.path(), KeySource::KeyFile)
        })
        .unwrap();
        drop(store.lock(NAME).expect("the lock died with its holder"));
        let value = loaded(&store, NAME).expect("a value");
        let number = u64::from_be_bytes(value[..8].try_into().unwrap());
        assert!(value == numbered_value(number), "the value is whole");
        assert!(number == last_saved || number == last_saved + 1, "{number} after {last_saved} was confirmed");
        store.save(NAME, b"next").expect("the write lock died with its holder");
    }
}

#[test]
fn a_full_disk_keeps_the_old_value() {
    if let Some(directory) = child_directory() {
        let store = key_file_store(&directory);
        let error = store.save(NAME, &numbered_value(1)).expect_err("no file may become that large");
        assert_eq!(error.kind, StorageErrorKind::Io);
        assert!(error.detail.starts_with(&format!("failed to write {}", directory.display())), "{error}");
        assert_eq!(loaded(&store, NAME).as_deref(), Some(b"old".as_slice()));
        return;
    }
    let directory = directory_with_value(b"old");
    // The shell limits the size of files to a few blocks; the ignored signal turns the limit into a failing write.
    let test = "a_full_disk_keeps_the_old_value";
    let inner = child(&this_program(), test, directory.path());
    let mut limited = Command::new("sh");
    limited.args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\""]).arg(inner.get_program());
    limited.args(inner.get_args()).env(CHILD_DIRECTORY, directory.path());
    assert_passed(&limited.output().unwrap());
    let left = fs::read_dir(directory.path())
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|extension| extension == "tmp"));
    assert_eq!(left.count(), 0, "the half-written file is removed");
    assert_eq!(loaded(&key_file_store(directory.path()), NAME).as_deref(), Some(b"old".as_slice()));
}

#[test]
fn no_umask_changes_a_mode() {
    if let Some(directory) = child_directory() {
        let store = key_file_store(&directory);
        store.save(NAME, b"value").expect("a saved value");
        drop(store.lock(NAME).expect("a free lock"));
        return;
    }
    // One that opens what is made to everybody, one that closes it to its owner, and the usual one.
    for umask in ["000", "777", "022"] {
        let outer = private_directory();
        let inner = outer.path().join("state/jetbridge");
        let child = child(&this_program(), "no_umask_changes_a_mode", &inner);
        let mut careless = Command::new("sh");
        careless.args(["-c", &format!("umask {umask}; exec \"$0\" \"$@\"")]).arg(child.get_program());
        careless.args(child.get_args()).env(CHILD_DIRECTORY, &inner);
        assert_passed(&careless.output().unwrap());

        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(inner.parent().unwrap()), mode(&inner)), (0o700, 0o700));
        let files: Vec<_> = fs::read_dir(&inner).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(files.len(), 5, "{files:?}");
        for file in files {
            assert_eq!(mode(&file), 0o600, "{}", file.display());
        }
    }
}

#[test]
fn a_directory_without_write_permission_can_be_read() {
    if let Some(directory) = child_directory() {
        let store = key_file_store(&directory);
        store.save(NAME, b"old").expect("a saved value");
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o500)).unwrap();
        assert_eq!(kind(store.save(NAME, b"new")), StorageErrorKind::Denied);
        assert_eq!(kind(store.delete(NAME)), StorageErrorKind::Denied);
        assert_eq!(kind(store.lock("never-locked")), StorageErrorKind::Denied);
        assert_eq!(loaded(&store, NAME).as_deref(), Some(b"old".as_slice()));
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o000)).unwrap();
        assert_eq!(kind(store.load(NAME)), StorageErrorKind::Denied, "unreadable is not empty");
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o700)).unwrap();
        return;
    }
    let outer = private_directory();
    let inner = outer.path().join("store");
    fs::create_dir(&inner).unwrap();
    fs::set_permissions(&inner, fs::Permissions::from_mode(0o700)).unwrap();
    let test = "a_directory_without_write_permission_can_be_read";
    let mut command;
    if rustix::process::geteuid().is_root() {
        // Permissions mean nothing to root, so the child is somebody else, who need not be able to reach this binary
        // by its path.
        const NOBODY: u32 = 65534;
        fs::set_permissions(outer.path(), fs::Permissions::from_mode(0o711)).unwrap();
        chown(&inner, Some(NOBODY), Some(NOBODY)).unwrap();
        command = child("/proc/self/exe", test, &inner);
        command.uid(NOBODY).gid(NOBODY).current_dir("/");
    } else {
        command = child(&this_program(), test, &inner);
    }
    assert_passed(&command.output().unwrap());
}
