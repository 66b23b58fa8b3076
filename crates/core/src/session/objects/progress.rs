//! How far a transfer is: what has arrived or the network has taken, each byte counted once however often it is moved.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use crate::aws::objects::{TransferOptions, TransferProgress};
use crate::mutex::lock;

/// An app is told this often at least while bytes come.
const PAUSE: Duration = Duration::from_millis(100);
/// And for each hundredth of the whole, so that a fast transfer is no single step. More often nobody can see it.
const HUNDREDTHS: u64 = 100;
/// A step where nobody knows the whole.
const STEP: u64 = 1024 * 1024;

/// Tells an app: never less than before, and at last the end.
pub(super) struct Meter {
    tell: Option<Arc<dyn Fn(TransferProgress) + Send + Sync>>,
    /// Held while the app is told, so that it hears things in order.
    state: Mutex<State>,
    clock: fn() -> Instant,
}

#[derive(Debug, Default)]
struct State {
    now: TransferProgress,
    told: Option<(u64, Instant)>,
}

impl State {
    fn is_worth_a_word(&self, now: Instant) -> bool {
        let Some((told, at)) = self.told else { return true };
        let step = self.now.total.map_or(STEP, |total| total.div_ceil(HUNDREDTHS));
        self.now.done > told && (self.now.done - told >= step || now.saturating_duration_since(at) >= PAUSE)
    }
}

impl Meter {
    pub(super) fn new(options: &TransferOptions) -> Arc<Self> {
        Arc::new(Self { tell: options.progress.clone(), state: Mutex::default(), clock: Instant::now })
    }

    /// So much is there before anything is moved. Begun anew, it says nothing before it is further than it was.
    pub(super) fn begin(&self, total: Option<u64>, resumed: u64) {
        self.update(
            |now| *now = TransferProgress { done: resumed, total, resumed },
            |state, _| state.told.is_none_or(|(told, _)| told <= resumed),
        );
    }

    /// It begins anew with another object.
    pub(super) fn forget(&self) {
        *lock(&self.state) = State::default();
    }

    pub(super) fn advance(&self, by: u64) {
        self.update(|now| now.done += by, State::is_worth_a_word);
    }

    /// For a part that may be moved several times.
    pub(super) fn part(self: &Arc<Self>) -> PartMeter {
        PartMeter { meter: Arc::clone(self), counted: Arc::default() }
    }

    /// All is there.
    pub(super) fn finish(&self, size: u64) {
        self.update(|now| (now.done, now.total) = (size, Some(size)), |_, _| true);
    }

    fn update(&self, change: impl FnOnce(&mut TransferProgress), is_to_be_told: impl FnOnce(&State, Instant) -> bool) {
        let Some(tell) = &self.tell else { return };
        let mut state = lock(&self.state);
        change(&mut state.now);
        let now = (self.clock)();
        if is_to_be_told(&state, now) {
            state.told = Some((state.now.done, now));
            tell(state.now);
        }
    }
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meter").field("state", &self.state).finish_non_exhaustive()
    }
}

/// Counts what was sent of one part.
#[derive(Debug, Clone)]
pub(super) struct PartMeter {
    meter: Arc<Meter>,
    counted: Arc<AtomicU64>,
}

impl PartMeter {
    /// A try has come so far.
    pub(super) fn reached(&self, position: u64) {
        let before = self.counted.fetch_max(position, Ordering::Relaxed);
        if position > before {
            self.meter.advance(position - before);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    /// A moment that does not pass.
    static NOW: LazyLock<Instant> = LazyLock::new(Instant::now);

    /// What an app hears of it in no time.
    fn heard(of: impl FnOnce(&Arc<Meter>)) -> Vec<TransferProgress> {
        let told = Arc::new(Mutex::new(Vec::new()));
        let hears = Arc::clone(&told);
        let progress: Arc<dyn Fn(TransferProgress) + Send + Sync> =
            Arc::new(move |progress| hears.lock().unwrap().push(progress));
        of(&Arc::new(Meter { tell: Some(progress), state: Mutex::default(), clock: || *NOW }));
        let told = told.lock().unwrap();
        told.clone()
    }

    fn done(of: impl FnOnce(&Arc<Meter>)) -> Vec<u64> {
        heard(of).iter().map(|progress| progress.done).collect()
    }

    #[test]
    fn an_app_hears_of_each_hundredth_and_of_the_end() {
        let all = heard(|meter| {
            meter.begin(Some(10_000), 500);
            (500..10_000).for_each(|_| meter.advance(1));
            meter.finish(10_000);
        });
        let expected: Vec<_> = (5..=100).map(|hundredth| hundredth * 100).chain([10_000]).collect();
        assert_eq!(all.iter().map(|progress| progress.done).collect::<Vec<_>>(), expected);
        assert!(all.iter().all(|progress| progress.total == Some(10_000) && progress.resumed == 500));

        let unknown = done(|meter| {
            meter.begin(None, 0);
            (0..5).for_each(|_| meter.advance(STEP / 2));
            meter.finish(5 * STEP / 2);
        });
        assert_eq!(unknown, [0, STEP, 2 * STEP, 5 * STEP / 2]);
    }

    #[test]
    fn what_is_slow_is_told_ten_times_a_second() {
        let told = Instant::now();
        let now = TransferProgress { done: 1, total: Some(1 << 30), resumed: 0 };
        let state = State { now, told: Some((0, told)) };
        assert!(!state.is_worth_a_word(told + PAUSE / 2) && state.is_worth_a_word(told + PAUSE));
        let nothing_new = State { now, told: Some((1, told)) };
        assert!(!nothing_new.is_worth_a_word(told + 10 * PAUSE));
    }

    #[test]
    fn nothing_is_taken_back_but_for_another_object() {
        let again = |meter: &Arc<Meter>| {
            meter.begin(Some(100), 0);
            meter.advance(60);
        };
        let anew = done(|meter| {
            again(meter);
            again(meter);
            meter.advance(30);
            meter.finish(100);
        });
        assert_eq!(anew, [0, 60, 90, 100]);
        let other = done(|meter| {
            again(meter);
            meter.forget();
            again(meter);
        });
        assert_eq!(other, [0, 60, 0, 60]);
        // A part that is sent once more is counted once.
        let repeated = done(|meter| {
            meter.begin(Some(100), 0);
            let part = meter.part();
            [40, 10, 50].into_iter().for_each(|position| part.reached(position));
        });
        assert_eq!(repeated, [0, 40, 50]);
    }
}
