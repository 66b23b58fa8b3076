//! Time is a port. Phones have wrong clocks, so the library learns the difference from the `Date` headers of the
//! services it talks to and uses one corrected time for token checks, expiry planning and request signatures.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use crate::mutex::lock;

/// Where the device's idea of the time comes from. Tests put a clock of their own here.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The device's time, right or wrong.
    fn now(&self) -> SystemTime;
}

/// The operating system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the port through which the library reads time")]
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// A `Date` header counts whole seconds and travels for a while: smaller differences say nothing.
const SMALLEST_OFFSET_SECONDS: i64 = 10;
/// A device's clock is set right, or wrong, at any time: what was learnt longer ago than this is a hint.
const CERTAIN_SECONDS: i64 = 15 * 60;
/// Less than the five minutes by which a signature may be off.
const JUST_SECONDS: i64 = 4 * 60;

/// The device's time plus the offset learnt from the services.
#[derive(Clone)]
pub(crate) struct CorrectedClock {
    device: Arc<dyn Clock>,
    correction: Arc<Mutex<Correction>>,
    tell: Arc<dyn Fn(i64) + Send + Sync>,
}

/// How wrong the device's clock is.
#[derive(Debug, Clone, Copy, Default)]
struct Correction {
    offset_seconds: i64,
    /// When a service told this process, by the device's clock; `None` if an earlier process learnt it.
    learnt_at: Option<i64>,
}

impl CorrectedClock {
    pub(crate) fn new(device: Arc<dyn Clock>) -> Self {
        Self { device, correction: Arc::default(), tell: Arc::new(|_| ()) }
    }

    /// Calls `tell` with the new offset whenever it changes by more than travel time.
    pub(crate) fn on_correction(self, tell: impl Fn(i64) + Send + Sync + 'static) -> Self {
        Self { tell: Arc::new(tell), ..self }
    }

    /// The time as the services see it.
    pub(crate) fn now(&self) -> SystemTime {
        let offset = self.offset_seconds();
        let magnitude = Duration::from_secs(offset.unsigned_abs());
        let device = self.device.now();
        if offset < 0 { device.checked_sub(magnitude) } else { device.checked_add(magnitude) }.unwrap_or(device)
    }

    /// The device's own time, for [`learn`](Self::learn).
    pub(crate) fn device_now(&self) -> SystemTime {
        self.device.now()
    }

    /// Seconds since the Unix epoch, as the services see it.
    pub(crate) fn unix_now(&self) -> i64 {
        to_unix(self.now())
    }

    /// What is added to the device's clock, in seconds; positive when the device is behind.
    pub(crate) fn offset_seconds(&self) -> i64 {
        self.correction().offset_seconds
    }

    /// The offset, if a service has told it to this process.
    pub(crate) fn learnt_offset(&self) -> Option<i64> {
        let correction = self.correction();
        correction.learnt_at.map(|_| correction.offset_seconds)
    }

    /// Whether a service has just confirmed the device's own time.
    pub(crate) fn is_confirmed(&self) -> bool {
        self.offset_seconds() == 0 && self.is_certain()
    }

    /// Whether a service has told this process the time a moment ago.
    pub(crate) fn is_certain(&self) -> bool {
        self.has_learnt_within(CERTAIN_SECONDS)
    }

    /// Whether that is so short ago that the device's clock would say otherwise if it had been set since, by more than a
    /// signature allows.
    pub(crate) fn has_just_learnt(&self) -> bool {
        self.has_learnt_within(JUST_SECONDS)
    }

    fn has_learnt_within(&self, seconds: i64) -> bool {
        let is_young = |learnt_at| (0..seconds).contains(&to_unix(self.device.now()).saturating_sub(learnt_at));
        self.correction().learnt_at.is_some_and(is_young)
    }

    /// The device's own idea of the time, if the offset makes a difference and is only a hint: an earlier process learnt it,
    /// or this one long ago, or the device's clock was set since.
    pub(crate) fn doubtful_unix_now(&self) -> Option<i64> {
        (!self.is_certain() && self.offset_seconds() != 0).then(|| to_unix(self.device.now()))
    }

    /// Starts from what an earlier process learnt, until a service tells better.
    pub(crate) fn adopt(&self, offset_seconds: i64) {
        let mut correction = lock(&self.correction);
        if correction.learnt_at.is_none() {
            correction.offset_seconds = offset_seconds;
        }
    }

    /// Takes the time from a service's answer to what was asked when the device's clock said `asked_at`. The caller vouches
    /// for the service and the channel.
    pub(crate) fn learn(&self, service_time: SystemTime, asked_at: SystemTime) {
        let device = to_unix(self.device.now());
        // The service looked at its clock somewhere in between: an answer that was long on its way, or lay waiting while the
        // process was stopped, says no more than that.
        let least = to_unix(service_time).saturating_sub(device);
        let most = to_unix(service_time).saturating_sub(to_unix(asked_at)).max(least);
        let is_possible = |offset: i64| {
            (least.saturating_sub(SMALLEST_OFFSET_SECONDS) + 1..most.saturating_add(SMALLEST_OFFSET_SECONDS))
                .contains(&offset)
        };
        let (before, offset) = {
            let mut correction = lock(&self.correction);
            let before = correction.offset_seconds;
            let offset = [0, before].into_iter().find(|offset| is_possible(*offset)).unwrap_or(least);
            *correction = Correction { offset_seconds: offset, learnt_at: Some(device) };
            (before, offset)
        };
        if (before - offset).abs() >= SMALLEST_OFFSET_SECONDS {
            match offset {
                0 => tracing::info!("the device's clock is right again"),
                _ => tracing::warn!(offset_seconds = offset, "the device's clock is corrected"),
            }
            (self.tell)(offset);
        }
    }

    fn correction(&self) -> Correction {
        *lock(&self.correction)
    }
}

impl fmt::Debug for CorrectedClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CorrectedClock").field("offset_seconds", &self.offset_seconds()).finish_non_exhaustive()
    }
}

impl aws_smithy_async::time::TimeSource for CorrectedClock {
    fn now(&self) -> SystemTime {
        CorrectedClock::now(self)
    }
}

/// Seconds since the Unix epoch; times before it count as the epoch.
pub(crate) fn to_unix(time: SystemTime) -> i64 {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    i64::try_from(seconds).unwrap_or(i64::MAX)
}

/// The other way round; negative values count as the epoch.
pub(crate) fn from_unix(seconds: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or(0).min(253_402_300_799))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    #[derive(Debug)]
    struct FixedClock(i64);

    impl Clock for FixedClock {
        fn now(&self) -> SystemTime {
            from_unix(self.0)
        }
    }

    #[test]
    fn a_wrong_device_clock_is_corrected_in_both_directions() {
        for device in [1_000_000 - 3 * 3600, 1_000_000 + 3 * 3600] {
            let clock = CorrectedClock::new(Arc::new(FixedClock(device)));
            clock.learn(from_unix(1_000_000), clock.device_now());
            assert_eq!(clock.unix_now(), 1_000_000);
            assert_eq!(clock.offset_seconds(), 1_000_000 - device);
        }
    }

    #[test]
    fn an_earlier_offset_counts_until_a_service_tells() {
        let clock = CorrectedClock::new(Arc::new(FixedClock(1_000_000)));
        clock.adopt(7200);
        assert_eq!((clock.offset_seconds(), clock.learnt_offset()), (7200, None));
        clock.learn(from_unix(1_000_000), clock.device_now());
        clock.adopt(7200);
        assert_eq!((clock.offset_seconds(), clock.learnt_offset()), (0, Some(0)));
    }

    #[derive(Debug)]
    struct SetClock(AtomicI64);

    impl Clock for SetClock {
        fn now(&self) -> SystemTime {
            from_unix(self.0.load(Ordering::Relaxed))
        }
    }

    #[test]
    fn an_offset_is_a_hint_if_it_is_stored_or_old_or_the_clock_was_set() {
        let device = Arc::new(SetClock(AtomicI64::new(1_000_000)));
        let clock = CorrectedClock::new(device.clone());
        assert_eq!(clock.doubtful_unix_now(), None, "the device's clock is all there is");
        clock.adopt(-7200);
        assert_eq!(clock.doubtful_unix_now(), Some(1_000_000));
        clock.learn(from_unix(1_000_000 - 7200), clock.device_now());
        assert_eq!(clock.doubtful_unix_now(), None);
        for (device_time, is_doubtful) in [(1_000_899, false), (1_000_900, true), (1_000_000 - 7200, true)] {
            device.0.store(device_time, Ordering::Relaxed);
            assert_eq!(clock.doubtful_unix_now().is_some(), is_doubtful, "{device_time}");
        }
        clock.learn(from_unix(1_000_000 - 7200), clock.device_now());
        assert_eq!((clock.offset_seconds(), clock.doubtful_unix_now()), (0, None));
    }

    #[test]
    fn an_answer_that_was_long_on_its_way_says_less() {
        let device = Arc::new(SetClock(AtomicI64::new(1_000_060)));
        let clock = CorrectedClock::new(device);
        // Asked a minute ago, and the device is right.
        clock.learn(from_unix(1_000_001), from_unix(1_000_000));
        assert_eq!(clock.offset_seconds(), 0);
        // Two hours are no travel time.
        clock.learn(from_unix(1_007_201), from_unix(1_000_000));
        assert_eq!(clock.offset_seconds(), 7141);
        // What is known is possible, so it stays.
        clock.learn(from_unix(1_007_205), from_unix(1_000_000));
        assert_eq!(clock.offset_seconds(), 7141);
    }

    #[test]
    fn small_differences_are_travel_time_and_a_mended_clock_is_noticed() {
        let clock = CorrectedClock::new(Arc::new(FixedClock(1_000_000)));
        clock.learn(from_unix(1_000_000 + 7200), clock.device_now());
        assert_eq!(clock.offset_seconds(), 7200);
        clock.learn(from_unix(1_000_003), clock.device_now());
        assert_eq!(clock.offset_seconds(), 0);
    }
}
