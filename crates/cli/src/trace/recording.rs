//! What the sessions of this process have told, and how it is put in order when the command has ended.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use jetbridge::{Observation, ObservedRequest, ObservedWork, RequestObserver, WorkKind};

/// A command that runs for days keeps the first ones: how it began is what is looked at.
const MOST: usize = 10_000;
/// To find a lock free takes time too; a shorter wait is none.
const SHORTEST_WAIT: Duration = Duration::from_millis(20);

/// What the sessions of this process have told so far.
#[derive(Debug, Default)]
pub(super) struct Told(Mutex<Kept>);

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

/// What is in the file.
pub(super) struct Recording {
    pub command: &'static str,
    pub ended: Option<String>,
    /// When the first one began.
    pub begun_at: SystemTime,
    /// In the order in which they began.
    pub steps: Vec<Step>,
    /// When the last one ended, since the first one began. What was still under way counts until the command ended.
    pub end: Duration,
    /// How many more there were.
    pub left_out: usize,
}

/// Something that took time.
pub(super) struct Step {
    /// Since the first one began.
    pub begins: Duration,
    /// Until the command ended, if it was still under way then.
    pub lasted: Duration,
    pub is_over: bool,
    /// When the attempt before it ended, if it is a request that was sent before.
    pub repeated_after: Option<Duration>,
    pub what: What,
}

pub(super) enum What {
    Request(Box<ObservedRequest>),
    Work(ObservedWork),
}

impl Step {
    pub(super) fn ends(&self) -> Duration {
        self.begins + self.lasted
    }

    /// How long nobody asked, between the attempt before it and this one.
    pub(super) fn pause(&self) -> Option<Duration> {
        Some(self.begins.saturating_sub(self.repeated_after?))
    }
}

impl Recording {
    /// `ended_at`: when the command had ended.
    pub(super) fn new(told: &Told, command: &'static str, ended_at: SystemTime, ended: Option<&str>) -> Self {
        let mut kept = told.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (all, left_out) = (std::mem::take(&mut kept.by_number), kept.left_out);
        drop(kept);
        let mut shown: Vec<_> = all.into_values().filter(is_worth_showing).collect();
        shown.sort_by_key(|observation| (observation.begun_at(), observation.number()));
        let begun_at = shown.first().map_or(ended_at, Observation::begun_at);
        let since_begin = |time: SystemTime| time.duration_since(begun_at).unwrap_or_default();
        let mut ends = HashMap::new();
        let mut steps = Vec::new();
        for observation in shown {
            let (number, begins) = (observation.number(), since_begin(observation.begun_at()));
            let (is_over, lasted) = (observation.lasted().is_some(), observation.lasted());
            let (repeats, known, what) = match observation {
                Observation::Request(request) => {
                    (request.repeats, request.answer.as_ref().map(|answer| answer.after), What::Request(request))
                }
                Observation::Work(work) => (None, None, What::Work(work)),
                _ => continue,
            };
            // Clocks may be set: the end is never before what is known.
            let until_end = || since_begin(ended_at).saturating_sub(begins).max(known.unwrap_or_default());
            let lasted = lasted.unwrap_or_else(until_end);
            let repeated_after = repeats.and_then(|number| ends.get(&number).copied());
            ends.insert(number, begins + lasted);
            steps.push(Step { begins, lasted, is_over, repeated_after, what });
        }
        let end = steps.iter().map(Step::ends).max().unwrap_or_default();
        Self { command, ended: ended.map(str::to_owned), begun_at, steps, end, left_out }
    }

    pub(super) fn requests(&self) -> impl Iterator<Item = &ObservedRequest> {
        self.steps.iter().filter_map(|step| match &step.what {
            What::Request(request) => Some(&**request),
            What::Work(_) => None,
        })
    }
}

fn is_worth_showing(observation: &Observation) -> bool {
    let Observation::Work(work) = observation else { return true };
    let is_wait = matches!(work.kind, WorkKind::RenewalWait | WorkKind::TurnWait | WorkKind::StoreWait);
    !is_wait || work.lasted.is_none_or(|lasted| lasted >= SHORTEST_WAIT)
}

/// A measured time: `0.4 ms`, `38 ms`, `1.27 s`, `95 s`.
pub(super) fn short(time: Duration) -> String {
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
