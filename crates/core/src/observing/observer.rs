//! Tells the observer, if there is one. Where there is none it is an empty option: no record is made, nothing is allocated
//! and no clock is read.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::records::{Observation, ObservedRequest, ObservedWork, RequestObserver, WorkKind};

/// Numbers what is observed, in all sessions of the process.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// Hands records to the observer. Clones tell the same one.
#[derive(Clone, Default)]
pub(crate) struct Observer(Option<Arc<Told>>);

struct Told {
    observer: Arc<dyn RequestObserver>,
    /// The device's clock, read once: it may be set while something is under way.
    opened_at: SystemTime,
    opened: Instant,
}

impl Observer {
    /// `now`: the device's time.
    pub(crate) fn new(observer: Arc<dyn RequestObserver>, now: SystemTime) -> Self {
        Self(Some(Arc::new(Told { observer, opened_at: now, opened: Instant::now() })))
    }

    /// Begins to observe what `describe` makes of its number and the time; nothing if nobody observes.
    pub(crate) fn begin(&self, describe: impl FnOnce(u64, SystemTime) -> Observation) -> Option<Box<Span>> {
        let told = self.0.as_ref()?;
        let begun = Instant::now();
        let begun_at = told.opened_at.checked_add(begun - told.opened).unwrap_or(told.opened_at);
        let observation = describe(NEXT.fetch_add(1, Ordering::Relaxed), begun_at);
        told.observer.observe(observation.clone());
        Some(Box::new(Span { told: Arc::clone(told), begun, observation }))
    }

    /// Begins to observe work that is no request. It is over when the span is dropped.
    pub(crate) fn begin_work(&self, kind: WorkKind) -> Option<Box<Span>> {
        self.begin(|number, begun_at| {
            Observation::Work(ObservedWork { number, begun_at, lasted: None, kind, failure: None })
        })
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observer").field("is_set", &self.0.is_some()).finish()
    }
}

/// Something under way. Dropping it is its end, however that came about. Boxed, because it is seldom there and the calls of
/// everybody have to fit on a phone's stack.
pub(crate) struct Span {
    told: Arc<Told>,
    begun: Instant,
    observation: Observation,
}

impl Span {
    /// Notes what is learnt of a request.
    pub(crate) fn change_request(&mut self, change: impl FnOnce(&mut ObservedRequest)) {
        if let Observation::Request(request) = &mut self.observation {
            change(request);
        }
    }

    /// The time since it began.
    pub(crate) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Tells what is known by now, while it goes on.
    pub(crate) fn tell(&self) {
        self.told.observer.observe(self.observation.clone());
    }

    /// Notes the kind of error that work ends in.
    pub(crate) fn fail(&mut self, kind: &str) {
        if let Observation::Work(work) = &mut self.observation {
            work.failure = Some(kind.to_owned());
        }
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        let lasted = Some(self.begun.elapsed());
        match &mut self.observation {
            Observation::Request(request) => request.lasted = lasted,
            Observation::Work(work) => work.lasted = lasted,
        }
        self.tell();
    }
}
