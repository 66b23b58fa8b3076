//! What is built while the tests run, which wait more than they work: everything for other systems than this one. It takes only the
//! time that nobody else wants, in a folder of its own, so that neither waits for the other.

use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use crate::cargo::{Manner, target_directory};
use crate::report::{Outcome, minutes, say, timed};
use crate::{mobile, windows};

/// Begun; its end is at [`finish`](Self::finish).
pub(crate) struct Beside {
    log: PathBuf,
    phones: JoinHandle<Outcome>,
}

impl Beside {
    /// Begins, after everything is installed: of installers only one can be at work.
    pub(crate) fn start(root: &Path) -> Self {
        let log = target_directory(root).join("beside-the-tests.log");
        let _ = std::fs::remove_file(&log);
        // The step of its own says what is missing, and what does not compile.
        let has_windows = windows::install(root).is_ok();
        let (root, own_log) = (root.to_path_buf(), log.clone());
        let phones = std::thread::spawn(move || {
            let manner = Manner::Beside(&own_log);
            let (outcome, took) = timed(|| {
                let outcome = mobile::check(&root, manner);
                if has_windows {
                    let _ = windows::build(&root, manner);
                }
                outcome
            });
            say(&format!("(built beside the tests, {}: what is for phones and for Windows)", minutes(took)));
            outcome
        });
        Self { log, phones }
    }

    /// Waits for the end; shows what was said and gives what came of the check for phones.
    pub(crate) fn finish(self) -> Outcome {
        let outcome = self.phones.join();
        let said = std::fs::read(&self.log).unwrap_or_default();
        say(String::from_utf8_lossy(&said).trim_end());
        outcome.unwrap_or_else(|_| Outcome::Skipped("what was built beside the tests ended in a panic".to_owned()))
    }
}
