//! Real processes of the app: this test binary again, told by its environment to play a part in the test of the same
//! name. Both talk over the child's standard input and output, a line at a time.

use std::env;
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use jetbridge::storage::{EncryptedFileStore, FileStoreOptions, KeySource, SecretStore};
use jetbridge::{Config, Session};

use crate::bench::{Bench, DeviceClock};

const ALONE: &str = "JETBRIDGE_TEST_CHILD_ALONE";
const HOME: &str = "JETBRIDGE_TEST_CHILD_HOME";
const CLOCK: &str = "JETBRIDGE_TEST_CHILD_CLOCK_SECONDS";
/// Before each line for the other side, which tells it from what the test harness prints.
const MARK: &str = "child says: ";

/// This test binary again, for one test.
fn this_binary(test: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "--nocapture", "--test-threads=1", test]);
    command
}

/// Whether this process was started by [`run_alone`].
pub(super) fn is_alone() -> bool {
    env::var_os(ALONE).is_some()
}

/// Runs `test` in a process where no other test runs.
pub(super) fn run_alone(test: &str) {
    let output = this_binary(test).env(ALONE, "yes").output().unwrap();
    let [stdout, stderr] = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(output.status.success() && stdout.contains("1 passed"), "{stdout}{stderr}");
}

/// What the processes share: a folder with the configuration and an encrypted store.
pub(super) struct Home(tempfile::TempDir);

impl Home {
    /// Writes the configuration, and gives `bench` the store of the folder.
    pub(super) fn of(bench: &mut Bench) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        bench.stack.write_config(&config_folder(home.0.path()), false).unwrap();
        bench.store = open_store(home.0.path());
        home
    }

    /// A process that plays its part in `test`, on a device whose clock is ahead by `ahead`.
    pub(super) fn start_process(&self, test: &str, ahead: Duration) -> OtherProcess {
        let mut child = this_binary(test)
            .env(HOME, self.0.path())
            .env(CLOCK, ahead.as_secs().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let heard = BufReader::new(child.stdout.take().unwrap()).lines();
        OtherProcess { child, heard }
    }
}

fn config_folder(home: &Path) -> PathBuf {
    home.join("config")
}

fn open_store(home: &Path) -> Arc<dyn SecretStore> {
    let options = FileStoreOptions {
        key_source: Some(KeySource::KeyFile),
        // A busy machine must not turn the wait for the lock into a failure.
        lock_limit: Duration::from_secs(120),
        ..FileStoreOptions::new(home.join("store"))
    };
    Arc::new(EncryptedFileStore::open(options).unwrap())
}

/// The test's side of a process.
pub(super) struct OtherProcess {
    child: Child,
    heard: Lines<BufReader<ChildStdout>>,
}

impl OtherProcess {
    /// Waits for the next line.
    pub(super) fn hear(&mut self) -> String {
        let mut said = self.heard.by_ref().map(Result::unwrap);
        said.find_map(|line| line.strip_prefix(MARK).map(str::to_owned)).unwrap_or_else(|| panic!("the child ended"))
    }

    /// Lets it go on.
    pub(super) fn tell_to_go_on(&mut self) {
        self.child.stdin.take().unwrap().write_all(b"\n").unwrap();
    }

    /// As the system ends a process that it needs the memory of: nothing of it runs on.
    pub(super) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(super) fn assert_ends_well(mut self) {
        // Read to the end, so that it is not held up by a full pipe.
        self.heard.by_ref().for_each(drop);
        assert!(self.child.wait().unwrap().success());
    }
}

/// The process's own side.
pub(super) struct ThisProcess {
    home: PathBuf,
}

impl ThisProcess {
    /// If this process was started to play a part.
    pub(super) fn with_a_part() -> Option<Self> {
        env::var_os(HOME).map(|home| Self { home: home.into() })
    }

    pub(super) fn session(&self) -> Session {
        let clock = DeviceClock::default();
        clock.advance(Duration::from_secs(env::var(CLOCK).unwrap().parse().unwrap()));
        let config = Config::load(&config_folder(&self.home)).unwrap();
        Session::builder(config, open_store(&self.home)).clock(Arc::new(clock)).open().unwrap()
    }

    pub(super) fn say(&self, text: &str) {
        let mut out = std::io::stdout();
        writeln!(out, "\n{MARK}{text}").unwrap();
        out.flush().unwrap();
    }

    pub(super) fn wait_until_told(&self) {
        std::io::stdin().read_line(&mut String::new()).unwrap();
    }
}
