//! How long something is good, and when it is time to renew it: one rule for tokens and for AWS credentials.

use crate::clock::CorrectedClock;

/// What is about to expire is renewed so long before: a request under way must not outlive its keys. What lives for less
/// than twice as long is renewed when half of its life is over: Okta's access tokens may last five minutes only.
const EARLY_SECONDS: i64 = 300;
/// Devices that signed in at the same moment should not all renew at the same moment: up to a fifth earlier.
const MOST_JITTER_PERCENT: i64 = 20;
/// Credentials that cannot be renewed now are still good for a request that starts at once.
const LAST_SECONDS: i64 = 30;

/// From when to when something is good, in Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Life {
    /// Unknown for what an earlier version stored.
    pub obtained_at: Option<i64>,
    pub expires_at: i64,
}

impl Life {
    /// How long before its end it is renewed.
    fn lead_seconds(self, jitter_percent: i64) -> i64 {
        let half = self.obtained_at.map(|obtained_at| self.expires_at.saturating_sub(obtained_at).max(0) / 2);
        let early = half.unwrap_or(EARLY_SECONDS).min(EARLY_SECONDS);
        early + early * jitter_percent / 100
    }
}

/// Judges lives by the corrected clock and by this device's own jitter.
#[derive(Debug, Clone)]
pub(crate) struct RenewalTiming {
    clock: CorrectedClock,
    jitter_percent: i64,
}

impl RenewalTiming {
    pub(crate) fn new(clock: CorrectedClock) -> Self {
        Self { clock, jitter_percent: choose_jitter() }
    }

    /// How long until something of this life should be renewed, in seconds; zero or less: now.
    pub(crate) fn seconds_to_renewal(&self, life: Life) -> i64 {
        life.expires_at.saturating_sub(life.lead_seconds(self.jitter_percent)).saturating_sub(self.latest_now())
    }

    /// Whether a request that starts at once can still be made with it. What has no known end lasts.
    pub(crate) fn lasts(&self, expires_at: Option<i64>) -> bool {
        expires_at.is_none_or(|expires_at| expires_at.saturating_sub(self.latest_now()) > LAST_SECONDS)
    }

    /// Whether the device's clock and the corrected one disagree about it, and nobody has told lately which is right: then a
    /// server is asked before it is used.
    pub(crate) fn is_in_doubt(&self, life: Life) -> bool {
        let renew_at = life.expires_at.saturating_sub(life.lead_seconds(self.jitter_percent));
        let last_used_at = life.expires_at.saturating_sub(LAST_SECONDS);
        let corrected = self.clock.unix_now();
        let differ = |device: i64| [renew_at, last_used_at].iter().any(|time| (*time > device) != (*time > corrected));
        self.clock.doubtful_unix_now().is_some_and(differ)
    }

    /// Of two clocks that may be right, the one by which more is over: what may be dead is not used.
    fn latest_now(&self) -> i64 {
        let corrected = self.clock.unix_now();
        self.clock.doubtful_unix_now().map_or(corrected, |device| device.max(corrected))
    }
}

fn choose_jitter() -> i64 {
    fastrand::i64(0..=MOST_JITTER_PERCENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_renewed_five_minutes_early_and_a_short_life_at_its_half() {
        let lead =
            |lifetime: i64, jitter| Life { obtained_at: Some(1000), expires_at: 1000 + lifetime }.lead_seconds(jitter);
        assert_eq!([3600, 600, 300, 60, 0, -5].map(|lifetime| lead(lifetime, 0)), [300, 300, 150, 30, 0, 0]);
        // Not all devices at once, and never so early that it would be at once.
        assert_eq!([3600, 600, 300, 60].map(|lifetime| lead(lifetime, MOST_JITTER_PERCENT)), [360, 360, 180, 36]);
        assert_eq!(Life { obtained_at: None, expires_at: 1000 }.lead_seconds(0), EARLY_SECONDS);
        let chosen: std::collections::HashSet<_> = (0..1000).map(|_| choose_jitter()).collect();
        assert!(chosen.len() > 10 && chosen.iter().all(|percent| (0..=MOST_JITTER_PERCENT).contains(percent)));
    }
}
