//! This device's own clock. Nothing that this library does fails by it: the dates of answers correct it. What other programs
//! sign by it is refused, whoever gave them the keys.

use crate::error::SessionError;

/// "Requests must reach AWS within five minutes of the time stamp in the request" (IAM user guide, "Elements of an AWS API
/// request signature"). S3 allows fifteen.
const MOST_SECONDS_OFF: u64 = 300;

/// Where that is done.
const PLACE: &str = if cfg!(target_os = "android") {
    "Settings > System > Date & time"
} else if cfg!(target_os = "ios") {
    "Settings > General > Date & Time"
} else if cfg!(target_os = "macos") {
    "System Settings > General > Date & Time"
} else if cfg!(windows) {
    "Settings > Time & language > Date & time: Sync now"
} else {
    "as root: timedatectl set-ntp true; a container has its host's clock"
};

/// What to do about a clock that is wrong.
pub(crate) fn how_to_set() -> String {
    format!("Set this device's date, time and time zone, best by its network ({PLACE}).")
}

/// How the device's clock is wrong, if that is by more than other programs can bear. `offset_seconds`: what is added to it.
pub(crate) fn find_wrong_clock(offset_seconds: i64) -> Option<SessionError> {
    let off = offset_seconds.unsigned_abs();
    (off > MOST_SECONDS_OFF).then(|| SessionError::Misconfigured {
        setting: "device clock".to_owned(),
        problem: format!(
            "this device's clock is {} {}. That is corrected here, and by no other program: AWS refuses what they sign (from 5 \
             minutes on; S3: 15), and certificates are judged by it",
            span(off),
            side(offset_seconds)
        ),
        hint: how_to_set(),
    })
}

/// On which side of the right time the device is.
pub(crate) fn side(offset_seconds: i64) -> &'static str {
    if offset_seconds > 0 { "slow" } else { "fast" }
}

/// A span of time, by its two largest units.
fn span(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes} min"),
        (0, _) => format!("{hours} h {minutes} min"),
        (_, 0) => format!("{days} d"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_told_by_its_largest_units() {
        let told = [301, 3661, 86_400, 90_061].map(span);
        assert_eq!(told, ["5 min", "1 h 1 min", "1 d", "1 d 1 h"]);
    }

    #[test]
    fn a_clock_is_wrong_from_where_aws_refuses_what_others_sign() {
        for right in [0, 299, -299, 300, -300] {
            assert_eq!(find_wrong_clock(right), None, "{right}");
        }
        for (offset, words) in [(301, "5 min slow"), (-301, "5 min fast"), (86_400, "1 d slow"), (i64::MIN, "fast")] {
            let wrong = find_wrong_clock(offset).unwrap();
            assert!(wrong.to_string().contains(words), "{wrong}");
            assert!(wrong.hint().unwrap().starts_with("Set this device's date"), "{wrong:?}");
        }
    }
}
