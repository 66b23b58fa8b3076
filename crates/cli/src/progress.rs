//! The sign of life while something takes its time: one line on stderr, on a terminal only, gone afterwards.

use std::borrow::Cow;
use std::io::{self, IsTerminal as _};
use std::time::Duration;

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

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
        // The colours are chosen for stdout otherwise, which may be a file.
        console::set_colors_enabled(console::colors_enabled_stderr());
        let target = ProgressDrawTarget::term_like(Box::new(RoomForEcho(Term::buffered_stderr())));
        let bar = ProgressBar::with_draw_target(None, target).with_message(text);
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

/// The terminal, a few columns narrower. A progress line is filled up to the right edge; the `^C` that the terminal
/// echoes there would go to the next line, and the progress line would stay above it.
#[derive(Debug)]
struct RoomForEcho(Term);

impl TermLike for RoomForEcho {
    fn width(&self) -> u16 {
        TermLike::width(&self.0).saturating_sub(4)
    }

    fn height(&self) -> u16 {
        TermLike::height(&self.0)
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_up(n)
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_down(n)
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_right(n)
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_left(n)
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.0.write_line(text)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.0.write_str(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.0.clear_line()
    }

    fn flush(&self) -> io::Result<()> {
        self.0.flush()
    }
}
