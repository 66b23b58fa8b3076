//! `--trace FILE`: what a command asked of whom, when, and how long that took, as a page to read (`.html`) or for viewers of
//! HTTP archives (`.har`). The core decides what may be in a record; nothing that is not in one can be in the file.

mod axis;
mod har;
mod html;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use clap::builder::{OsStringValueParser, TypedValueParser as _, ValueParser, ValueParserFactory};
use jetbridge::{Clock as _, Observation, ObservedRequest, ObservedWork, RequestObserver, SystemClock, WorkKind};
use tempfile::NamedTempFile;

use crate::exit::{Exit, Failure};
use crate::path::UserPath;

/// A command that runs for days keeps the first ones: how it began is what is looked at.
const MOST: usize = 10_000;
/// To find a lock free takes time too; a shorter wait is none.
const SHORTEST_WAIT: Duration = Duration::from_millis(5);

/// The file of `--trace`: its name says what is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TraceFile {
    path: UserPath,
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Html,
    Har,
}

impl TraceFile {
    fn new(path: UserPath) -> Result<Self, String> {
        let extension = path.typed().extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let form = match extension.to_ascii_lowercase().as_str() {
            "html" => Form::Html,
            "har" => Form::Har,
            _ => return Err("its name has to end in .html (a page to read) or .har (for viewers)".to_owned()),
        };
        Ok(Self { path, form })
    }
}

impl ValueParserFactory for TraceFile {
    type Parser = ValueParser;

    fn value_parser() -> ValueParser {
        OsStringValueParser::new().try_map(|typed| UserPath::new(typed).and_then(Self::new)).into()
    }
}

/// A trace that is being made.
pub(crate) struct Trace {
    path: PathBuf,
    form: Form,
    /// Made before anything is done, so that what stands in its way is told then; and for this user alone.
    file: NamedTempFile,
    command: &'static str,
    begun_at: SystemTime,
    told: Arc<Told>,
}

/// What the sessions of this process have told so far.
#[derive(Debug, Default)]
struct Told(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    by_number: BTreeMap<u64, Observation>,
    left_out: usize,
}

impl RequestObserver for Told {
    fn observe(&self, observation: Observation) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = observation.number();
        if kept.by_number.len() < MOST || kept.by_number.contains_key(&number) {
            kept.by_number.insert(number, observation);
        } else if observation.lasted().is_none() {
            kept.left_out += usize::from(is_new(&observation));
        }
    }
}

/// Whether this is the first that is told of it: a request's head is told on the way.
fn is_new(observation: &Observation) -> bool {
    !matches!(observation, Observation::Request(request) if request.answer.is_some())
}

impl Trace {
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn begin(file: &TraceFile, command: &'static str) -> Result<Self, Failure> {
        let path = file.path.absolute()?;
        let unwritable = |problem: String| {
            Failure::new(
                "local_file",
                Exit::LocalFile,
                format!("the trace {} cannot be written: {problem}", path.display()),
            )
            .hint("Nothing was done. Name a file in a folder that is there and that you may write to.")
        };
        if path.is_dir() {
            return Err(unwritable("it is a folder".to_owned()));
        }
        let folder = path.parent().unwrap_or(Path::new("."));
        let file_beside = tempfile::Builder::new().prefix(".jetbridge-trace-").tempfile_in(folder);
        let temporary = file_beside.map_err(|error| unwritable(error.to_string()))?;
        let begun_at = SystemClock.now();
        Ok(Self { form: file.form, file: temporary, command, begun_at, told: Arc::default(), path })
    }

    /// For the sessions.
    pub(crate) fn observer(&self) -> Arc<dyn RequestObserver> {
        Arc::clone(&self.told) as _
    }

    /// Writes what was told. `ended`: the kind of failure, if the command failed. What cannot be written now is told, and
    /// changes nothing of how the command ended.
    pub(crate) fn write(mut self, ended: Option<&str>) {
        let recording = Recording::new(&self.told, self.command, self.begun_at, ended);
        let text = match self.form {
            Form::Html => html::render(&recording),
            Form::Har => har::render(&recording),
        };
        let written = self.file.write_all(text.as_bytes()).and_then(|()| self.file.flush());
        let written = written.and_then(|()| self.file.persist(&self.path).map_err(|error| error.error));
        if let Err(error) = written {
            tracing::warn!("the trace {} could not be written: {error}", self.path.display());
        }
    }
}

/// What is in the file.
struct Recording {
    command: &'static str,
    ended: Option<String>,
    /// When the first one began.
    begun_at: SystemTime,
    /// In the order in which they began.
    steps: Vec<Step>,
    /// How many more there were.
    left_out: usize,
}

/// Something that took time.
struct Step {
    /// Since the first one began.
    begins: Duration,
    /// `None`: it was under way when the command ended.
    lasted: Option<Duration>,
    what: What,
}

enum What {
    Request(Box<ObservedRequest>),
    Work(ObservedWork),
}

impl Step {
    fn ends(&self, end_of_all: Duration) -> Duration {
        self.lasted.map_or(end_of_all.max(self.begins), |lasted| self.begins + lasted)
    }
}

impl Recording {
    fn new(told: &Told, command: &'static str, begun_at: SystemTime, ended: Option<&str>) -> Self {
        let mut kept = told.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (all, left_out) = (std::mem::take(&mut kept.by_number), kept.left_out);
        drop(kept);
        let mut shown: Vec<_> = all.into_values().filter(is_worth_showing).collect();
        shown.sort_by_key(|observation| (observation.begun_at(), observation.number()));
        let begun_at = shown.first().map_or(begun_at, Observation::begun_at);
        let steps = shown.into_iter().filter_map(|observation| {
            let begins = observation.begun_at().duration_since(begun_at).unwrap_or_default();
            let lasted = observation.lasted();
            let what = match observation {
                Observation::Request(request) => What::Request(request),
                Observation::Work(work) => What::Work(work),
                _ => return None,
            };
            Some(Step { begins, lasted, what })
        });
        Self { command, ended: ended.map(str::to_owned), begun_at, steps: steps.collect(), left_out }
    }

    fn requests(&self) -> impl Iterator<Item = &ObservedRequest> {
        self.steps.iter().filter_map(|step| match &step.what {
            What::Request(request) => Some(&**request),
            What::Work(_) => None,
        })
    }

    /// When the last one ended. What was still under way counts until then.
    fn end(&self) -> Duration {
        let known = |step: &Step| {
            let of_answer = match &step.what {
                What::Request(request) => request.answer.as_ref().map(|answer| answer.after),
                What::Work(_) => None,
            };
            step.begins + step.lasted.or(of_answer).unwrap_or_default()
        };
        self.steps.iter().map(known).max().unwrap_or_default()
    }
}

fn is_worth_showing(observation: &Observation) -> bool {
    let Observation::Work(work) = observation else { return true };
    let is_wait = matches!(work.kind, WorkKind::RenewalWait | WorkKind::TurnWait | WorkKind::StoreWait);
    !is_wait || work.lasted.is_none_or(|lasted| lasted >= SHORTEST_WAIT)
}

/// A measured time: `0.4 ms`, `38 ms`, `1.27 s`, `95 s`.
fn short(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1e3;
    match ms {
        ms if ms < 9.95 => format!("{ms:.1} ms"),
        ms if ms < 999.5 => format!("{ms:.0} ms"),
        ms if ms < 9_995.0 => format!("{:.2} s", ms / 1e3),
        _ => format!("{:.1} s", ms / 1e3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_says_what_is_written() {
        let parse = |name: &str| TraceFile::new(UserPath::new(name).unwrap()).map(|file| file.form);
        assert_eq!(parse("a.html"), Ok(Form::Html));
        assert_eq!(parse("/tmp/A.HAR"), Ok(Form::Har));
        for name in ["a", "a.json", "html", ".har", "a.html.gz"] {
            let problem = parse(name).unwrap_err();
            assert!(problem.contains(".html") && problem.contains(".har"), "{name}: {problem}");
        }
    }

    #[test]
    fn times_are_short() {
        for (micros, text) in [
            (0, "0.0 ms"),
            (420, "0.4 ms"),
            (9_960, "10 ms"),
            (182_000, "182 ms"),
            (999_600, "1.00 s"),
            (95_000_000, "95.0 s"),
        ] {
            assert_eq!(short(Duration::from_micros(micros)), text);
        }
    }
}
