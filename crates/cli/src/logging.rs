//! Logs, on stderr. Without `-v` only this program's warnings come through, and they look like what they are to the user:
//! messages. With `-v` they are log lines, with times, and the libraries below say theirs.

use std::fmt;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::args::GlobalArgs;
use crate::output;

/// The libraries below stay at warnings whatever is asked for: at finer levels they log requests with everything in
/// them.
pub(crate) fn start(global: &GlobalArgs) {
    let ours = match (global.quiet, global.verbose) {
        (true, _) => LevelFilter::ERROR,
        (false, 0) => LevelFilter::WARN,
        (false, 1) => LevelFilter::DEBUG,
        (false, _) => LevelFilter::TRACE,
    };
    // What a library finds worth an error may be a try of several, of which the next one succeeds.
    let others = if global.verbose == 0 { LevelFilter::OFF } else { LevelFilter::WARN };
    // A target stands for all that begin with it.
    let wanted = Targets::new().with_default(others).with_targets([("s3s", LevelFilter::OFF), ("jetbridge", ours)]);
    let subscriber = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_writer(anstream::stderr);
    if global.verbose == 0 {
        subscriber.event_format(Message).finish().with(wanted).init();
    } else {
        subscriber.with_target(global.verbose > 1).compact().finish().with(wanted).init();
    }
}

/// Formats an event as `warning: what happened (why)`.
struct Message;

impl<S, N> FormatEvent<S, N> for Message
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut parts = Parts::default();
        event.record(&mut parts);
        writeln!(writer, "{}", output::render_log(*event.metadata().level() == Level::ERROR, &parts.into_sentence()))
    }
}

/// The text of an event, and its fields as what explains it.
#[derive(Debug, Default)]
struct Parts {
    message: String,
    details: Vec<String>,
}

impl Parts {
    fn into_sentence(self) -> String {
        if self.details.is_empty() { self.message } else { format!("{} ({})", self.message, self.details.join(", ")) }
    }
}

impl Visit for Parts {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "message" => self.message = format!("{value:?}"),
            // The error speaks for itself.
            "error" => self.details.push(format!("{value:?}")),
            name => self.details.push(format!("{} {value:?}", name.replace('_', " "))),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}

#[cfg(test)]
mod tests {
    use std::io::Seek as _;
    use std::sync::Arc;

    use super::*;

    #[test]
    fn an_event_reads_as_a_message() {
        let mut file = tempfile::tempfile().unwrap();
        let writer = Arc::new(file.try_clone().unwrap());
        let subscriber = tracing_subscriber::fmt().event_format(Message).with_writer(writer).finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(error = %"no \u{1b}bus", "no keyring works here");
            tracing::warn!(offset_seconds = -90, why = "far off", "the clock is corrected");
            tracing::error!("it broke");
        });
        file.rewind().unwrap();
        let text = std::io::read_to_string(file).unwrap();
        assert_eq!(
            anstream::adapter::strip_str(&text).to_string(),
            "warning: no keyring works here (no \\u{1b}bus)\n\
             warning: the clock is corrected (offset seconds -90, why far off)\n\
             error: it broke\n"
        );
    }
}
