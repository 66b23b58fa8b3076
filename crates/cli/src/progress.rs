//! The sign of life while something takes its time: one line on stderr, on a terminal only, gone afterwards. Where there is
//! no room for it, it is left out; and whatever goes wrong with it, the work goes on.

use std::any::Any;
use std::borrow::Cow;
use std::fmt::Display;
use std::io::{self, IsTerminal as _};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

use crate::output::Notes;

/// A transfer on which nothing moves for so long is said to stand still.
const STILL: Duration = Duration::from_secs(5);

/// A spinner with a text. Disappears when it is dropped.
pub(crate) struct Progress {
    meter: Meter,
}

impl Progress {
    pub(crate) fn start(notes: Notes, text: impl Into<Cow<'static, str>>) -> Self {
        if notes.is_quiet() || !io::stderr().is_terminal() {
            return Self::of(ProgressBar::hidden());
        }
        // The colours are chosen for stdout otherwise, which may be a file.
        console::set_colors_enabled(console::colors_enabled_stderr());
        Self::paint_on(Box::new(RoomForEcho::new(Term::buffered_stderr())), text)
    }

    fn paint_on(terminal: Box<dyn TermLike>, text: impl Into<Cow<'static, str>>) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::term_like(terminal)).with_message(text);
        // Cut off at the edge: one line, whatever the terminal's width.
        if let Ok(style) = ProgressStyle::with_template("{spinner:.cyan} {wide_msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Self::of(bar)
    }

    fn of(bar: ProgressBar) -> Self {
        Self { meter: Meter { bar, is_of_known_size: false, template: Arc::default(), movements: Arc::default() } }
    }

    pub(crate) fn say(&self, text: impl Into<Cow<'static, str>>) {
        self.meter.say(text);
    }

    /// Whether anybody sees it.
    pub(crate) fn is_shown(&self) -> bool {
        !self.meter.bar.is_hidden()
    }

    /// Runs `write` while the line is away, so that results on the same terminal do not mix with it.
    pub(crate) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        let (mut write, mut written) = (Some(write), None);
        let painted = paint(|| self.meter.bar.suspend(|| written = write.take().map(|write| write())));
        match (written, write) {
            (Some(written), _) => written,
            (None, Some(write)) => write(),
            (None, None) => resume_unwind(painted.err().unwrap_or_else(|| Box::new("the writer panicked"))),
        }
    }
}

/// Bytes on their way: how many, of how many, how fast. Clones are the same meter.
#[derive(Debug, Clone)]
pub(crate) struct Meter {
    bar: ProgressBar,
    is_of_known_size: bool,
    /// How it looks as soon as there is something to show: nothing of nothing is no news.
    template: Arc<Mutex<Option<&'static str>>>,
    /// Grows with each change.
    movements: Arc<AtomicU64>,
}

impl Progress {
    /// The same with a meter for bytes; `total`, if it is known from the beginning that there is one.
    pub(crate) fn start_with_meter(notes: Notes, text: impl Into<Cow<'static, str>>, total: bool) -> Self {
        let mut progress = Self::start(notes, text);
        let template = if Term::stderr().size().1 < WIDE {
            "{spinner:.cyan} {wide_msg}"
        } else if total {
            "{spinner:.cyan} {wide_msg} {bar:14.cyan/dim} {binary_bytes:>10} of {binary_total_bytes:10} {binary_bytes_per_sec:>12}"
        } else {
            "{spinner:.cyan} {wide_msg} {binary_bytes:>10} {binary_bytes_per_sec:>12}"
        };
        progress.meter.is_of_known_size = total;
        progress.meter.template = Arc::new(Mutex::new(Some(template)));
        progress.meter.bar.set_length(0);
        progress
    }

    /// Says on the terminal when nothing moves any more. A stream of unknown size may have nothing to move.
    pub(crate) fn watched(self, notes: Notes) -> Self {
        let meter = self.meter();
        if meter.is_of_known_size && !meter.bar.is_hidden() {
            let told = meter.clone();
            tokio::spawn(watch(meter, STILL, move || told.note(notes, STANDS_STILL)));
        }
        self
    }

    pub(crate) fn meter(&self) -> Meter {
        self.meter.clone()
    }
}

/// What is said then. The core gives up by itself.
const STANDS_STILL: &str = "Nothing has moved for 5 s. What does not arrive is tried again.";

/// Tells each time that nothing moves for so long, until the meter is gone.
async fn watch(meter: Meter, patience: Duration, tell: impl Fn()) {
    let mut is_told = false;
    loop {
        let before = meter.movements.load(Ordering::Relaxed);
        tokio::time::sleep(patience).await;
        if meter.bar.is_finished() {
            return;
        }
        let stands = meter.movements.load(Ordering::Relaxed) == before && !meter.has_all();
        if stands && !is_told {
            tell();
        }
        is_told = stands;
    }
}

impl Meter {
    /// So many more are to come.
    pub(crate) fn expect(&self, bytes: u64) {
        self.change(|| self.bar.inc_length(bytes));
    }

    /// So many have arrived.
    pub(crate) fn add(&self, bytes: u64) {
        self.change(|| self.bar.inc(bytes));
    }

    /// So many have to be moved once more.
    pub(crate) fn take_back(&self, bytes: u64) {
        self.change(|| self.bar.dec(bytes));
    }

    fn change(&self, change: impl FnOnce()) {
        self.movements.fetch_add(1, Ordering::Relaxed);
        let _ = paint(|| {
            let template = self.template.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(Ok(style)) = template.map(ProgressStyle::with_template) {
                self.bar.set_style(style.progress_chars("━╸─"));
            }
            change();
        });
    }

    /// What is still done then takes no network: bytes are compared, or S3 puts parts together.
    fn has_all(&self) -> bool {
        self.bar.length().is_some_and(|length| length > 0 && self.bar.position() >= length)
    }

    /// Says something while the line is away; where none is shown, nothing.
    pub(crate) fn note(&self, notes: Notes, text: impl Display) {
        if !self.bar.is_hidden() && is_in_foreground() {
            let _ = paint(|| self.bar.suspend(|| notes.say(text)));
        }
    }

    /// So many had arrived before: they say nothing about the speed.
    pub(crate) fn begin_at(&self, bytes: u64) {
        self.change(|| {
            // The library takes a step back for a new beginning, and counts from there.
            self.bar.inc(bytes + 1);
            self.bar.tick();
            self.bar.dec(1);
            self.bar.tick();
        });
    }

    pub(crate) fn say(&self, text: impl Into<Cow<'static, str>>) {
        let _ = paint(|| self.bar.set_message(text));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        let _ = paint(|| self.meter.bar.finish_and_clear());
    }
}

/// A panic in here is the library's, and over a decoration.
fn paint(paint: impl FnOnce()) -> Result<(), Box<dyn Any + Send>> {
    catch_unwind(AssertUnwindSafe(paint))
}

/// Columns that the terminal's echo of `^C` takes, and one behind it.
const ECHO: u16 = 4;
/// The spinner and a few letters. In less than that nothing is painted; the library counts on two columns.
const LEAST: u16 = 8;

/// Room for a meter and some of the text beside it.
const WIDE: u16 = 72;

/// The terminal, a few columns narrower, and only while it is ours. A progress line is filled up to the right edge; the `^C`
/// that the terminal echoes there would go to the next line, and the progress line would stay above it.
#[derive(Debug)]
struct RoomForEcho<T> {
    terminal: T,
    is_ours: fn() -> bool,
}

impl<T: TermLike> RoomForEcho<T> {
    fn new(terminal: T) -> Self {
        Self { terminal, is_ours: is_in_foreground }
    }

    /// Asked anew for each line: at any moment the terminal may get another size, and we the terminal.
    fn is_to_paint(&self) -> bool {
        self.terminal.width() >= LEAST + ECHO && (self.is_ours)()
    }

    fn paint(&self, paint: impl FnOnce(&T) -> io::Result<()>) -> io::Result<()> {
        if self.is_to_paint() { paint(&self.terminal) } else { Ok(()) }
    }
}

/// Whether the terminal is ours to paint on: a job in the background would paint over what the user types to the shell (POSIX
/// XBD 11.1.4, "Terminal Access Control": only the foreground process group reads; by default anybody writes).
#[cfg(unix)]
fn is_in_foreground() -> bool {
    // Of a terminal that is not the one of this session nothing is known.
    rustix::termios::tcgetpgrp(io::stderr()).map_or(true, |foreground| foreground == rustix::process::getpgrp())
}

#[cfg(not(unix))]
fn is_in_foreground() -> bool {
    true
}

impl<T: TermLike> TermLike for RoomForEcho<T> {
    fn width(&self) -> u16 {
        self.terminal.width().saturating_sub(ECHO).max(LEAST)
    }

    fn height(&self) -> u16 {
        self.terminal.height()
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.paint(|terminal| terminal.move_cursor_up(n))
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.paint(|terminal| terminal.move_cursor_down(n))
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.paint(|terminal| terminal.move_cursor_right(n))
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.paint(|terminal| terminal.move_cursor_left(n))
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.paint(|terminal| terminal.write_line(text))
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.paint(|terminal| terminal.write_str(text))
    }

    fn clear_line(&self) -> io::Result<()> {
        self.paint(TermLike::clear_line)
    }

    /// What was painted before is shown in any case.
    fn flush(&self) -> io::Result<()> {
        self.terminal.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A terminal of any width, that breaks in the middle of a line if it is told to.
    #[derive(Debug)]
    struct Paper {
        width: u16,
        is_broken: bool,
        written: &'static Mutex<String>,
    }

    impl Paper {
        fn of(width: u16, is_broken: bool) -> Self {
            Self { width, is_broken, written: Box::leak(Box::default()) }
        }
    }

    impl TermLike for Paper {
        fn width(&self) -> u16 {
            self.width
        }

        fn height(&self) -> u16 {
            24
        }

        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write_str(text)
        }

        fn write_str(&self, text: &str) -> io::Result<()> {
            assert!(!self.is_broken, "the terminal broke");
            self.written.lock().unwrap().push_str(text);
            Ok(())
        }

        fn clear_line(&self) -> io::Result<()> {
            Ok(())
        }

        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_is_cut_to_the_terminal_and_left_out_where_there_is_no_room() {
        for width in 0..100 {
            let paper = Paper::of(width, false);
            let written = paper.written;
            let room = RoomForEcho { terminal: paper, is_ours: || true };
            let progress = Progress::paint_on(Box::new(room), "waiting for the browser …");
            progress.say("waiting for the browser …");
            assert_eq!(progress.aside(|| 7), 7);
            drop(progress);
            let written = console::strip_ansi_codes(&written.lock().unwrap()).into_owned();
            assert_eq!(written.is_empty(), width < LEAST + ECHO, "{width}: {written}");
            assert_eq!(written.contains("browser …"), width > 30, "{width}: {written}");
        }
    }

    #[test]
    fn nothing_is_painted_on_a_terminal_that_is_somebody_else_s() {
        let paper = Paper::of(80, false);
        let written = paper.written;
        let progress = Progress::paint_on(Box::new(RoomForEcho { terminal: paper, is_ours: || false }), "asking S3 …");
        progress.say("still asking …");
        assert_eq!(progress.aside(|| 7), 7);
        drop(progress);
        assert_eq!(*written.lock().unwrap(), "");
    }

    #[tokio::test]
    async fn a_transfer_that_stands_still_is_told_once_each_time_and_not_when_all_is_there() {
        let progress = Progress::of(ProgressBar::hidden());
        let meter = progress.meter();
        let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
        let watched = tokio::spawn(watch(meter.clone(), Duration::from_millis(1), move || tell.send(()).unwrap()));
        told.recv().await.unwrap();
        meter.expect(10);
        told.recv().await.unwrap();
        meter.add(9);
        told.recv().await.unwrap();
        meter.add(1);
        drop(progress);
        watched.await.unwrap();
        assert_eq!(told.recv().await, None, "once each time");
    }

    #[test]
    fn a_panic_while_painting_ends_nothing() {
        let progress = Progress::paint_on(Box::new(Paper::of(80, true)), "asking S3 …");
        // Whoever comes first finds the terminal broken, the others a lock that is poisoned.
        progress.say("still asking …");
        progress.say("and asking …");
        assert_eq!(progress.aside(|| 7), 7);
        drop(progress);
    }

    #[test]
    fn a_panic_of_what_is_written_is_handed_on() {
        let progress = Progress::of(ProgressBar::hidden());
        assert!(paint(|| progress.aside(|| panic!("of the writer"))).is_err());
    }
}
