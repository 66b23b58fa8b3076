//! How long something is good, and when it is time to renew it: one rule for tokens and for AWS credentials.

use crate::clock::CorrectedClock;

/// What is about to expire is renewed so long before: a request under way must not outlive its keys. What lives for less
/// than twice as long is renewed when half of its life is over: Okta's access tokens may last five minutes only.
const EARLY_SECONDS: i64 = 300;
/// The SDKs of AWS ask whoever gave them keys again, for each request, once those have less than fifteen minutes left
/// (botocore, `RefreshableCredentials`: `_advisory_refresh_timeout`). So what is handed to them has more.
const HANDED_ON_EARLY_SECONDS: i64 = 900;
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

/// For whom something is renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UsedBy {
    /// This session, which renews when it is asked.
    Session,
    /// A tool that keeps it, and wants it to last for longer.
    AnotherTool,
}

impl Life {
    /// How long before its end it is renewed. What is good for a shorter time is renewed at its half, whoever uses it: so a
    /// service that gives nothing longer is not asked each time.
    fn lead_seconds(self, used_by: UsedBy, jitter_percent: i64) -> i64 {
        let half = self.obtained_at.map(|obtained_at| self.expires_at.saturating_sub(obtained_at).max(0) / 2);
        let early = match used_by {
            UsedBy::Session => EARLY_SECONDS,
            UsedBy::AnotherTool => HANDED_ON_EARLY_SECONDS,
        };
        let early = half.unwrap_or(EARLY_SECONDS).min(early);
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
        self.seconds_to_renewal_for(UsedBy::Session, life)
    }

    pub(crate) fn seconds_to_renewal_for(&self, used_by: UsedBy, life: Life) -> i64 {
        let lead = life.lead_seconds(used_by, self.jitter_percent);
        life.expires_at.saturating_sub(lead).saturating_sub(self.latest_now())
    }

    /// Whether a request that starts at once can still be made with it. What has no known end lasts.
    pub(crate) fn lasts(&self, expires_at: Option<i64>) -> bool {
        expires_at.is_none_or(|expires_at| expires_at.saturating_sub(self.latest_now()) > LAST_SECONDS)
    }

    /// Whether the device's clock and the corrected one disagree about it, and nobody has told lately which is right: then a
    /// server is asked before it is used.
    pub(crate) fn is_in_doubt(&self, life: Life) -> bool {
        let renew_at = life.expires_at.saturating_sub(life.lead_seconds(UsedBy::Session, self.jitter_percent));
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
        let lead = |lifetime: i64, jitter| {
            Life { obtained_at: Some(1000), expires_at: 1000 + lifetime }.lead_seconds(UsedBy::Session, jitter)
        };
        assert_eq!([3600, 600, 300, 60, 0, -5].map(|lifetime| lead(lifetime, 0)), [300, 300, 150, 30, 0, 0]);
        // Not all devices at once, and never so early that it would be at once.
        assert_eq!([3600, 600, 300, 60].map(|lifetime| lead(lifetime, MOST_JITTER_PERCENT)), [360, 360, 180, 36]);
        assert_eq!(Life { obtained_at: None, expires_at: 1000 }.lead_seconds(UsedBy::Session, 0), EARLY_SECONDS);
        let chosen: std::collections::HashSet<_> = (0..1000).map(|_| choose_jitter()).collect();
        assert!(chosen.len() > 10 && chosen.iter().all(|percent| (0..=MOST_JITTER_PERCENT).contains(percent)));
    }

    #[test]
    fn what_is_handed_on_lasts_a_quarter_of_an_hour_and_what_never_does_is_not_renewed_each_time() {
        let lead = |lifetime: i64| {
            Life { obtained_at: Some(1000), expires_at: 1000 + lifetime }.lead_seconds(UsedBy::AnotherTool, 0)
        };
        assert_eq!([43_200, 3600, 1800, 1200, 600, 60].map(lead), [900, 900, 900, 600, 300, 30]);
        // The same end each time: asked a few times at most, not with every call.
        let (end, mut now, mut renewals) = (900, 0, 0);
        let mut life = Life { obtained_at: Some(now), expires_at: end };
        while now < end {
            if life.expires_at - life.lead_seconds(UsedBy::AnotherTool, 0) <= now {
                life = Life { obtained_at: Some(now), expires_at: end };
                renewals += 1;
            }
            now += 1;
        }
        assert!(renewals < 12, "{renewals} of 900 calls");
    }
}
