//! Tells the demo's steps: a heading with the time it took, each request with who asked whom, and what came back.
//! With `--json` a step is one line.

use std::io;

use jetbridge_local_stack::{LocalStack, RequestRecord, Service};
use serde::Serialize;
use tokio::time::Instant;

use crate::output::{ACCENT, BOLD, DIM, GOOD, Notes, Output, WARN, styled, terminal_width};
use crate::progress::Progress;
use crate::text::{columns, human_elapsed, pad_left, pad_right, shorten};

/// Wider than this, a line is tiring to read.
const WIDEST: usize = 100;
const INDENT: usize = 5;

/// What came back, under a label.
pub(super) type Fact = (&'static str, String);

/// A step that is over.
pub(super) struct Step<'a> {
    /// For machines.
    pub(super) name: &'static str,
    pub(super) title: &'a str,
    pub(super) facts: &'a [Fact],
}

#[derive(Debug, Serialize)]
struct StepEvent<'a> {
    event: &'static str,
    step: &'static str,
    elapsed_ms: u64,
    requests: Vec<RequestLine<'a>>,
}

#[derive(Debug, Serialize)]
struct RequestLine<'a> {
    from: &'static str,
    to: Service,
    operation: &'static str,
    method: &'a str,
    path: &'a str,
    status: u16,
    elapsed_ms: u64,
}

/// Measures the steps and writes them down.
pub(super) struct Narrator<'a> {
    pub(super) output: &'a mut Output,
    notes: Notes,
    width: usize,
    steps: u32,
    started: Instant,
    progress: Option<Progress>,
    requests_told: usize,
}

impl<'a> Narrator<'a> {
    pub(super) fn new(output: &'a mut Output, notes: Notes) -> Self {
        let width = terminal_width().min(WIDEST);
        Self { output, notes, width, steps: 0, started: Instant::now(), progress: None, requests_told: 0 }
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// A line for people; none with `--json`.
    pub(super) fn tell(&mut self, line: &str) -> io::Result<()> {
        if self.output.is_json() { Ok(()) } else { self.output.line(line) }
    }

    /// Starts the clock of a step. The text shows while it runs.
    pub(super) fn begin(&mut self, text: &'static str) {
        self.progress = Some(Progress::start(self.notes, text));
        self.started = Instant::now();
    }

    /// The line that shows while a step runs.
    pub(super) fn progress(&mut self) -> &Progress {
        self.progress.get_or_insert_with(|| Progress::start(self.notes, ""))
    }

    /// Writes the step down, with the requests that were answered in it.
    pub(super) fn end(&mut self, stack: &LocalStack, step: &Step<'_>) -> io::Result<()> {
        let elapsed = self.started.elapsed();
        self.progress = None;
        self.steps += 1;
        let mut records = stack.log().records();
        records.drain(..self.requests_told.min(records.len()));
        self.requests_told += records.len();
        records.sort_by_key(|record| record.started);
        if self.output.is_json() {
            self.output.event(&StepEvent {
                event: "step",
                step: step.name,
                elapsed_ms: milliseconds(elapsed),
                requests: records.iter().map(request_line).collect(),
            })?;
            return self.output.flush();
        }
        self.heading(step.title, &human_elapsed(elapsed))?;
        for record in &records {
            let row = self.request_row(record);
            self.output.line(row)?;
        }
        for (label, value) in step.facts {
            self.output.line(fact_row(label, value))?;
        }
        self.output.line("")?;
        // Each step shows when it happens.
        self.output.flush()
    }

    fn heading(&mut self, title: &str, elapsed: &str) -> io::Result<()> {
        let number = pad_left(&self.steps.to_string(), 2);
        let title = shorten(title, self.width.saturating_sub(INDENT + columns(elapsed) + 2));
        let gap = self.width.saturating_sub(INDENT + columns(&title) + columns(elapsed));
        self.output.line(format_args!(
            "{}   {}{}{}",
            styled(GOOD, number),
            styled(BOLD, &title),
            " ".repeat(gap),
            styled(DIM, elapsed)
        ))
    }

    fn request_row(&self, record: &RequestRecord) -> String {
        const WHO: usize = 19;
        let took = human_elapsed(record.ended.saturating_sub(record.started));
        let room = self.width.saturating_sub(INDENT + WHO + 15);
        let status = styled(if record.status < 400 { GOOD } else { WARN }, record.status);
        let (what, status) = match (record.operation, record.service) {
            // Only the connection matters: any answer will do, and a refusal here is no failure.
            ("warm_up", _) => ("opens the connection, any answer will do".to_owned(), styled(DIM, record.status)),
            (_, Service::Okta) => (format!("{} {}", record.method, record.path), status),
            (operation, Service::Cognito | Service::Sts) => (operation.to_owned(), status),
            (operation, Service::S3 | Service::Api) => (format!("{operation} {}", record.path), status),
        };
        let who = format!("{} → {}", from(record), service_name(record.service));
        format!(
            "{}{}{} {status}  {}",
            " ".repeat(INDENT),
            styled(ACCENT, pad_right(&who, WHO)),
            pad_right(&shorten(&what, room), room),
            styled(DIM, pad_left(&took, 8))
        )
    }
}

/// A label and its value, aligned under the requests.
fn fact_row(label: &str, value: &str) -> String {
    format!("{}{}{value}", " ".repeat(INDENT), styled(DIM, pad_right(label, 19)))
}

fn request_line(record: &RequestRecord) -> RequestLine<'_> {
    RequestLine {
        from: from(record),
        to: record.service,
        operation: record.operation,
        method: &record.method,
        path: &record.path,
        status: record.status,
        elapsed_ms: milliseconds(record.ended.saturating_sub(record.started)),
    }
}

/// Who asked: the sign-in page is the browser's, everything else the app's.
fn from(record: &RequestRecord) -> &'static str {
    match (record.service, record.operation) {
        (Service::Okta, "authorize" | "sign_in") => "browser",
        _ => "app",
    }
}

fn service_name(service: Service) -> &'static str {
    match service {
        Service::Okta => "Okta",
        Service::Cognito => "Cognito",
        Service::S3 => "S3",
        Service::Sts => "STS",
        Service::Api => "API",
    }
}

fn milliseconds(span: std::time::Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
