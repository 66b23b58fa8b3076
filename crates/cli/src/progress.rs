//! The sign of life while something takes its time: one line on stderr, on a terminal only, gone afterwards.

use std::borrow::Cow;
use std::io::{self, IsTerminal as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::output::Notes;

/// A spinner with a text. Disappears when it is dropped.
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    pub(crate) fn start(notes: Notes, text: impl Into<Cow<'static, str>>) -> Self {
        if notes.is_quiet() || !io::stderr().is_terminal() {
            return Self { bar: ProgressBar::hidden() };
        }
        let bar = ProgressBar::new_spinner().with_message(text);
        if let Ok(style) = ProgressStyle::with_template("{spinner:.cyan} {msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { bar }
    }

    pub(crate) fn say(&self, text: impl Into<Cow<'static, str>>) {
        self.bar.set_message(text);
    }

    /// Runs `write` while the line is away, so that results on the same terminal do not mix with it.
    pub(crate) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
