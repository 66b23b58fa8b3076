//! The library's log for the shell's own log. Only events of Jetbridge's crates pass: at fine levels the libraries below
//! log requests with everything in them, and these crates' events are written to be safe.

use std::fmt::{self, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};

use crate::error::ListenerError;

/// So many lines wait for a slow sink; what comes on top is dropped and counted.
const BACKLOG: usize = 1024;

/// How much is logged. Each level includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, uniffi::Enum)]
pub enum LogLevel {
    /// Something is broken.
    Error,
    /// Something deserves attention.
    Warn,
    /// Something rare and good to know.
    Info,
    /// Steps, for a developer.
    Debug,
    /// Everything.
    Trace,
}

/// Takes the library's log lines, from a thread of its own, in their order. They hold no secret.
#[uniffi::export(foreign)]
pub trait LogSink: Send + Sync {
    /// One line: its level, the part of the library that it comes from, and what happened.
    ///
    /// # Errors
    /// Whatever is thrown is ignored: a log that fails cannot be logged.
    fn log(&self, level: LogLevel, target: String, text: String) -> Result<(), ListenerError>;
}

/// Sends log lines up to `level` to `sink` from now on, in place of the sink before; without a sink, nowhere. Says whether
/// it could: not if the process has a tracing subscriber of its own.
#[uniffi::export]
pub fn set_log_sink(sink: Option<Arc<dyn LogSink>>, level: LogLevel) -> bool {
    static IS_OURS: LazyLock<bool> = LazyLock::new(|| tracing::subscriber::set_global_default(Forwarder).is_ok());
    let wanted = sink.is_some().then_some(level);
    *lock(&OUTPUT.sink) = sink;
    *lock(&OUTPUT.level) = wanted;
    let is_ours = *IS_OURS;
    // Call sites remember whether anybody wants them.
    tracing::callsite::rebuild_interest_cache();
    is_ours
}

struct Output {
    sink: Mutex<Option<Arc<dyn LogSink>>>,
    level: Mutex<Option<LogLevel>>,
    lines: SyncSender<Line>,
    dropped: Arc<AtomicU64>,
}

struct Line {
    level: LogLevel,
    target: &'static str,
    text: String,
}

/// The lines go through a queue: where they are written, locks may be held, and the sink may call the session.
static OUTPUT: LazyLock<Output> = LazyLock::new(|| {
    let (lines, waiting) = mpsc::sync_channel(BACKLOG);
    let dropped = Arc::<AtomicU64>::default();
    let to_report = Arc::clone(&dropped);
    // Without the thread the queue fills up and lines are dropped; nothing else suffers.
    let _ = std::thread::Builder::new().name("jetbridge-log".to_owned()).spawn(move || deliver(&waiting, &to_report));
    Output { sink: Mutex::default(), level: Mutex::default(), lines, dropped }
});

fn deliver(waiting: &Receiver<Line>, dropped: &AtomicU64) {
    for line in waiting {
        let sink = lock(&OUTPUT.sink).clone();
        let Some(sink) = sink else { continue };
        let _ = sink.log(line.level, line.target.to_owned(), line.text);
        let missed = dropped.swap(0, Ordering::Relaxed);
        if missed > 0 {
            let text = format!("{missed} log lines were dropped: the sink is too slow");
            let _ = sink.log(LogLevel::Warn, module_path!().to_owned(), text);
        }
    }
}

struct Forwarder;

impl Forwarder {
    fn wants(metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && is_own(metadata.target()) && Some(level_of(metadata)) <= *lock(&OUTPUT.level)
    }
}

impl Subscriber for Forwarder {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if Self::wants(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        Self::wants(metadata)
    }

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let mut text = Text::default();
        event.record(&mut text);
        let line = Line { level: level_of(metadata), target: metadata.target(), text: text.into_line() };
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = OUTPUT.lines.try_send(line) {
            OUTPUT.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    // No span is ever wanted, so none of these is called for one that matters.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Whether the events of `target` are written by this project.
fn is_own(target: &str) -> bool {
    let root = target.split("::").next().unwrap_or_default();
    matches!(root, "jetbridge" | "jetbridge_ffi")
}

fn level_of(metadata: &Metadata<'_>) -> LogLevel {
    match *metadata.level() {
        Level::ERROR => LogLevel::Error,
        Level::WARN => LogLevel::Warn,
        Level::INFO => LogLevel::Info,
        Level::DEBUG => LogLevel::Debug,
        Level::TRACE => LogLevel::Trace,
    }
}

/// An event as a line: `what happened (name value, name value)`.
#[derive(Default)]
struct Text {
    sentence: String,
    details: String,
}

impl Text {
    fn into_line(self) -> String {
        if self.details.is_empty() { self.sentence } else { format!("{} ({})", self.sentence, self.details) }
    }
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a string does not fail.
        if field.name() == "message" {
            let _ = write!(self.sentence, "{value:?}");
        } else {
            let comma = if self.details.is_empty() { "" } else { ", " };
            let _ = write!(self.details, "{comma}{} {value:?}", field.name());
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
