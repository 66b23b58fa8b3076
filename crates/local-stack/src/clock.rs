//! The stack's own clock. A test moves it to let tokens and credentials expire, without waiting and without touching
//! the machine's clock; everything that compares times in the stack (tokens, signatures, `Date` headers) asks here.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use crate::faults::{Fault, Faults};

const DAY: i64 = 24 * 3600 * 1000;

/// Wall time plus an offset that a test may set, and a monotonic reading for the request log.
#[derive(Debug)]
pub struct StackClock {
    started: Instant,
    offset_ms: AtomicI64,
    faults: Arc<Faults>,
}

impl StackClock {
    #[expect(clippy::disallowed_methods, reason = "this is the port through which the stack reads time")]
    pub(crate) fn new(faults: Arc<Faults>) -> Self {
        Self { started: Instant::now(), offset_ms: AtomicI64::new(0), faults }
    }

    /// The time the stack believes in.
    pub fn now(&self) -> SystemTime {
        let set_wrong = |fault, by| if self.faults.holds(fault) { by } else { 0 };
        let wrong = set_wrong(Fault::ClockDayAhead, DAY) + set_wrong(Fault::ClockDayBehind, -DAY);
        wall_time(self.offset_ms.load(Ordering::Relaxed).saturating_add(wrong))
    }

    /// The time of a device that goes with the stack: the same, unless the stack's clocks are set wrong.
    pub fn device_now(&self) -> SystemTime {
        wall_time(self.offset_ms.load(Ordering::Relaxed))
    }

    /// Seconds since the Unix epoch, as tokens carry them.
    pub fn unix_now(&self) -> i64 {
        let elapsed = self.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX)
    }

    /// Moves the clock forward, so that what was issued before grows older.
    pub fn advance(&self, by: Duration) {
        let ms = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.offset_ms.fetch_add(ms, Ordering::Relaxed);
    }

    /// Sets the difference between the stack's time and the machine's, in seconds.
    pub fn set_offset_seconds(&self, seconds: i64) {
        self.offset_ms.store(seconds.saturating_mul(1000), Ordering::Relaxed);
    }

    /// Time since the stack started; unaffected by [`advance`](Self::advance).
    pub fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the port through which the stack reads time")]
fn wall_time(offset_ms: i64) -> SystemTime {
    let magnitude = Duration::from_millis(offset_ms.unsigned_abs());
    let wall = SystemTime::now();
    if offset_ms < 0 { wall - magnitude } else { wall + magnitude }
}
