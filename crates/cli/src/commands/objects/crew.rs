//! Many objects at once, a bounded number of them at a time: each outcome is told as it comes, whatever fails keeps no other
//! from being done, and the last word is the worst failure.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use jetbridge::{ObjectPage, ObjectPages, SessionError, TransferProgress};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::events::{ObjectEvent, Subject, Summary, objects_and_bytes};
use crate::exit::{CliError, Exit, Failure};
use crate::output::{Notes, Output, report};
use crate::progress::{Meter, Progress};
use crate::text::{count_of, escape_here, human_elapsed, human_size};

/// What is done with an object, or why it is not.
pub(super) type Outcome = Result<ObjectEvent, Failure>;
/// Held by every task of a command, and never sent anything: when it is heard no more, all are gone.
pub(super) type Pulse = mpsc::Sender<Infallible>;
/// What the core tells how far a transfer is.
pub(super) type OnProgress = Arc<dyn Fn(TransferProgress) + Send + Sync>;

pub(super) struct Crew<'a> {
    output: &'a mut Output,
    notes: Notes,
    progress: Progress,
    tasks: JoinSet<(usize, Subject, Outcome)>,
    busy: usize,
    places: usize,
    pulse: Pulse,
    /// Objects that are known of.
    expected: u64,
    summary: Summary,
    failures: Failures,
    is_over: bool,
    begun: Instant,
}

impl<'a> Crew<'a> {
    /// For at most `places` requests at once.
    pub(super) fn new(places: usize, pulse: Pulse, notes: Notes, output: &'a mut Output) -> Self {
        Self {
            output,
            notes,
            progress: Progress::start_with_meter(notes, "looking …", true).watched(notes),
            tasks: JoinSet::new(),
            busy: 0,
            places,
            pulse,
            expected: 0,
            summary: Summary::new(),
            failures: Failures::default(),
            is_over: false,
            begun: Instant::now(),
        }
    }

    /// So much more is to be done.
    pub(super) fn expect(&mut self, objects: u64, bytes: u64) {
        self.expected += objects;
        self.progress.meter().expect(bytes);
        self.say_how_far();
    }

    /// The meter of all.
    pub(super) fn meter(&self) -> Meter {
        self.progress.meter()
    }

    /// Whether there was a failure after which none of the others can succeed: no more are to be begun.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// The next page of what there is to do, as long as there is one and any of it can succeed.
    pub(super) async fn next_page(&mut self, pages: &mut ObjectPages) -> Option<ObjectPage> {
        if self.is_over {
            return None;
        }
        pages.next_page().await.unwrap_or_else(|error| {
            self.break_off(Failure::from_session(&error));
            None
        })
    }

    /// It is not known what else there is to do. What is on its way is waited for.
    pub(super) fn break_off(&mut self, failure: Failure) {
        self.is_over = true;
        self.failures.add(None, failure);
    }

    /// Begins with one more when there is room for `requests` at once, and tells what ends meanwhile.
    ///
    /// # Errors
    /// An output that takes nothing.
    pub(super) async fn begin<F>(
        &mut self,
        requests: usize,
        subject: Subject,
        work: impl FnOnce(OnProgress) -> F,
    ) -> Result<(), CliError>
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let requests = requests.clamp(1, self.places);
        while self.busy + requests > self.places {
            self.end_one().await?;
        }
        let gauge = Gauge::among_many(self.progress.meter());
        let work = work(gauge.listener());
        self.busy += requests;
        let pulse = self.pulse.clone();
        self.tasks.spawn(async move {
            // What the work holds is let go of before it.
            let _pulse = pulse;
            let outcome = work.await;
            gauge.end(&outcome);
            (requests, subject, outcome)
        });
        Ok(())
    }

    /// One that ended without any work.
    pub(super) fn tell(&mut self, subject: Subject, outcome: Outcome) -> Result<(), CliError> {
        let (notes, json) = (self.notes, self.output.is_json());
        match outcome {
            Ok(event) => {
                match &event {
                    ObjectEvent::Skipped { .. } => self.summary.skipped += 1,
                    _ => self.summary.done += 1,
                }
                self.summary.bytes += event.bytes();
                let output = &mut *self.output;
                let is_terminal = output.is_terminal();
                self.progress.aside(|| {
                    tell(&event, output)?;
                    // A person wants to see each at once; a program is served better by full blocks.
                    if is_terminal { output.flush() } else { Ok(()) }
                })?;
            }
            Err(failure) => {
                self.summary.failed += 1;
                let name = subject.shown.0.clone();
                let event = ObjectEvent::failed(subject, &failure);
                let output = &mut *self.output;
                self.progress.aside(|| {
                    if json {
                        return output.event(&event);
                    }
                    // What is to be done about it comes once, at the end.
                    report(&Failure::new(failure.kind, failure.exit, event.line(usize::MAX)), false);
                    Ok(())
                })?;
                if is_the_end(&failure) && !self.is_over {
                    self.is_over = true;
                    notes.say("The others would fail in the same way, and are not tried.");
                }
                self.failures.add(Some(name), failure);
            }
        }
        self.say_how_far();
        Ok(())
    }

    /// Waits for all, and sums up.
    pub(super) async fn finish(mut self, done: &str) -> Result<(), CliError> {
        while !self.tasks.is_empty() {
            self.end_one().await?;
        }
        self.conclude(done)
    }

    fn conclude(self, done: &str) -> Result<(), CliError> {
        let Summary { done: number, skipped, failed, bytes, .. } = self.summary;
        let output = &mut *self.output;
        let (notes, begun, summary) = (self.notes, self.begun, &self.summary);
        self.progress.aside(|| {
            if output.is_json() {
                return output.event(summary);
            }
            output.flush()?;
            let left = if skipped > 0 { format!(", {} left out", count_of(skipped, "object")) } else { String::new() };
            let lost = if failed > 0 { format!(", {failed} failed") } else { String::new() };
            let amount = if bytes > 0 { objects_and_bytes(number, bytes) } else { count_of(number, "object") };
            notes.say(format!("{amount} {done} in {}{left}{lost}.", human_elapsed(begun.elapsed())));
            Ok(())
        })?;
        let is_json = self.output.is_json();
        match self.failures.verdict(failed, is_json) {
            Some(verdict) => Err(verdict.into()),
            None => Ok(()),
        }
    }

    async fn end_one(&mut self) -> Result<(), CliError> {
        match self.tasks.join_next().await {
            Some(Ok((requests, subject, outcome))) => {
                self.busy -= requests;
                self.tell(subject, outcome)
            }
            Some(Err(error)) if error.is_panic() => Err(Failure::internal("a transfer panicked").into()),
            _ => Ok(()),
        }
    }

    fn say_how_far(&self) {
        let ended = self.summary.done + self.summary.skipped + self.summary.failed;
        self.progress.say(format!("{ended} of {}", count_of(self.expected, "object")));
    }
}

/// The worst failures, the worst of them first: what is told of each when it comes is far up by the end.
#[derive(Debug, Default)]
struct Failures {
    told: Vec<(Option<String>, Failure)>,
}

impl Failures {
    /// So many are named again at the end.
    const MOST: usize = 10;

    /// A failure of the object of this name; without one, of what was to be done at all.
    fn add(&mut self, name: Option<String>, failure: Failure) {
        let rank = severity(&failure);
        let place = self.told.partition_point(|(_, other)| severity(other) >= rank);
        if place < Self::MOST {
            self.told.insert(place, (name, failure));
            self.told.truncate(Self::MOST);
        }
    }

    /// The worst one, which says how the command ends, with the objects that failed: for a person by their names, a program has
    /// an event of each.
    fn verdict(mut self, failed: u64, is_json: bool) -> Option<Failure> {
        if self.told.is_empty() {
            return None;
        }
        let lines: Vec<_> = self
            .told
            .iter()
            .map(|(name, failure)| match name {
                Some(name) => format!("{name}: {}", escape_here(&failure.message)),
                None => escape_here(&failure.message),
            })
            .collect();
        let named = self.told.iter().filter(|(name, _)| name.is_some()).count() as u64;
        let (_, worst) = self.told.swap_remove(0);
        let message = match failed {
            0 => return Some(worst),
            1 if is_json => format!("one object failed: {}", worst.message),
            _ if is_json => format!("{} failed; the worst: {}", count_of(failed, "object"), worst.message),
            _ => {
                let number = if failed == 1 { "one object".to_owned() } else { count_of(failed, "object") };
                let rest = failed - named;
                let rest = if rest > 0 { format!("\n  and {rest} more") } else { String::new() };
                format!("{number} failed:\n  {}{rest}", lines.join("\n  "))
            }
        };
        Some(Failure { message, ..worst })
    }
}

/// What became of an object that was not written: one that is there is left as it is, if that is what was asked for.
pub(super) fn not_written(error: &SessionError, subject: Subject, keeps_what_is_there: bool) -> Outcome {
    match error {
        SessionError::ConditionNotMet { .. } if keeps_what_is_there => {
            Ok(ObjectEvent::Skipped { subject, reason: "there already" })
        }
        error => Err(Failure::from_session(error)),
    }
}

/// Tells of one object, in the form that was asked for.
pub(super) fn tell(event: &ObjectEvent, output: &mut Output) -> io::Result<()> {
    if output.is_json() { output.event(event) } else { output.line(event.line(output.width())) }
}

/// How bad it is for the whole: what only the user can mend before what may pass by itself before what concerns one object.
fn severity(failure: &Failure) -> u8 {
    match failure.exit {
        Exit::ConditionNotMet => 0,
        Exit::NotFound => 1,
        Exit::LocalFile => 2,
        // A key that cannot be asked for, an object that is too large.
        Exit::Misconfigured if failure.is_of_one => 3,
        Exit::AccessDenied => 4,
        Exit::Temporary => 5,
        Exit::Misconfigured => 6,
        Exit::SecureStorage => 7,
        Exit::SignInRequired => 8,
        Exit::Cancelled => 9,
        Exit::Usage | Exit::CommandNotRun | Exit::CommandNotFound => 10,
        Exit::Internal => 11,
    }
}

/// Whether all others can only fail in the same way.
fn is_the_end(failure: &Failure) -> bool {
    matches!(failure.exit, Exit::SignInRequired | Exit::SecureStorage | Exit::Misconfigured | Exit::Cancelled)
        && !failure.is_of_one
}

/// What one transfer has on the meter.
#[derive(Debug, Clone)]
pub(super) struct Gauge {
    meter: Meter,
    shown: Arc<AtomicU64>,
    /// The only one: nobody knew its size beforehand, and the meter has its name.
    alone: Option<Arc<Alone>>,
}

#[derive(Debug)]
struct Alone {
    name: String,
    notes: Notes,
    is_expected: AtomicBool,
}

impl Gauge {
    /// Of one among many, whose size the meter expects already.
    fn among_many(meter: Meter) -> Self {
        Self { meter, shown: Arc::default(), alone: None }
    }

    /// Of the only one, which has a name.
    pub(super) fn of_one(meter: Meter, name: String, notes: Notes) -> Self {
        let alone = Alone { name, notes, is_expected: AtomicBool::new(false) };
        Self { alone: Some(Arc::new(alone)), ..Self::among_many(meter) }
    }

    /// For the core, which tells how far it is from several threads.
    pub(super) fn listener(&self) -> OnProgress {
        let gauge = self.clone();
        Arc::new(move |progress| gauge.show(progress))
    }

    fn show(&self, TransferProgress { done, total, resumed }: TransferProgress) {
        if let (Some(alone), Some(total)) = (&self.alone, total)
            && !alone.is_expected.swap(true, Ordering::Relaxed)
        {
            self.meter.expect(total);
        }
        match self.shown.swap(done, Ordering::Relaxed) {
            0 if resumed > 0 => {
                self.meter.begin_at(done);
                if let Some(alone) = &self.alone {
                    self.meter.say(format!("resumed: {}", alone.name));
                    let why =
                        format!("Going on at {}: parts that were under way are moved again.", human_size(resumed));
                    self.meter.note(alone.notes, why);
                }
            }
            before => self.move_from(before, done),
        }
    }

    fn move_from(&self, before: u64, after: u64) {
        match after.checked_sub(before) {
            Some(more) => self.meter.add(more),
            None => self.meter.take_back(before - after),
        }
    }

    /// Not all are told of their last bytes.
    fn end(&self, outcome: &Outcome) {
        let bytes = outcome.as_ref().map_or(0, ObjectEvent::bytes);
        self.move_from(self.shown.swap(bytes, Ordering::Relaxed), bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_failures_are_named_and_no_more_than_can_be_read() {
        let failures = |few: usize| {
            let mut failures = Failures::default();
            for number in 0..few {
                let failure = Failure::new("not_found", Exit::NotFound, format!("no {number}"));
                failures.add(Some(format!("key-{number}")), failure);
            }
            failures.add(Some("denied".to_owned()), Failure::new("access_denied", Exit::AccessDenied, "not\nallowed"));
            failures.add(
                Some("odd".to_owned()),
                Failure { is_of_one: true, ..Failure::new("misconfigured", Exit::Misconfigured, "odd") },
            );
            failures
        };
        let few = failures(1).verdict(3, false).unwrap();
        assert_eq!(few.message, "3 objects failed:\n  denied: not\\nallowed\n  odd: odd\n  key-0: no 0");
        assert_eq!(few.exit, Exit::AccessDenied);
        let many = failures(1_000).verdict(1_002, false).unwrap();
        assert_eq!(many.message.lines().count(), 12);
        assert!(many.message.starts_with("1,002 objects failed:\n  denied: "), "{}", many.message);
        assert!(many.message.ends_with("\n  key-7: no 7\n  and 992 more"), "{}", many.message);
        let json = failures(1).verdict(3, true).unwrap();
        assert_eq!(json.message, "3 objects failed; the worst: not\nallowed");
        assert!(Failures::default().verdict(0, false).is_none());
    }

    #[test]
    fn a_listing_that_breaks_off_is_told_as_itself() {
        let mut failures = Failures::default();
        failures.add(None, Failure::new("retryable", Exit::Temporary, "no answer"));
        assert_eq!(failures.verdict(0, false).unwrap().message, "no answer");
        let mut failures = Failures::default();
        failures.add(None, Failure::new("retryable", Exit::Temporary, "no answer"));
        failures.add(Some("key".to_owned()), Failure::new("not_found", Exit::NotFound, "gone"));
        assert_eq!(failures.verdict(1, false).unwrap().message, "one object failed:\n  no answer\n  key: gone");
    }
}
