//! Where a moment is on the waterfall. While nothing is under way (a person signs in, a program waits for its next call)
//! the axis is folded, or a minute at the browser would leave a hair's breadth for everything else.

use std::time::Duration;

/// A pause is folded if it is this long, and a third of all that is busy.
const SHORTEST_FOLD: Duration = Duration::from_millis(100);
/// What a folded pause takes of the width, in per cent; of many, all together.
const FOLD_WIDTH: f64 = 4.0;
const ALL_FOLDS: f64 = 30.0;
/// About so many lines, and labels no nearer to each other than this, in per cent. Where the waterfall is narrow only some of
/// them have room.
const LINES: f64 = 6.0;
const BETWEEN_LABELS: f64 = 10.0;
const BETWEEN_LABELS_IF_NARROW: f64 = 24.0;
/// Further to the right there is no room for one.
const LAST_LABEL: f64 = 94.0;
const LAST_LABEL_IF_NARROW: f64 = 80.0;

/// The axis. Positions are in per cent of the width.
pub(super) struct Axis {
    /// Stretches in which something is under way, and where they begin.
    stretches: Vec<Stretch>,
    per_second: f64,
    step: f64,
}

struct Stretch {
    begins: f64,
    ends: f64,
    at: f64,
}

/// A pause that is folded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fold {
    pub from: f64,
    pub to: f64,
    /// When the pause ends: what begins then comes after it.
    pub ends: Duration,
    pub lasts: Duration,
}

/// A line across the waterfall.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Line {
    pub at: f64,
    /// Since the beginning.
    pub time: Duration,
    pub label: Label,
}

/// Where a line's time is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    Always,
    IfWide,
    Never,
}

impl Axis {
    /// `spans`: beginning and end of everything.
    pub(super) fn new(spans: impl IntoIterator<Item = (Duration, Duration)>) -> Self {
        let mut spans: Vec<_> = spans.into_iter().map(|(from, to)| (from.as_secs_f64(), to.as_secs_f64())).collect();
        spans.sort_by(|one, other| one.0.total_cmp(&other.0));
        let mut busy: Vec<(f64, f64)> = Vec::new();
        for (from, to) in spans {
            match busy.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => busy.push((from, to)),
            }
        }
        let all_busy: f64 = busy.iter().map(|(from, to)| to - from).sum();
        let shortest = SHORTEST_FOLD.as_secs_f64().max(all_busy / 3.0);
        let mut unfolded: Vec<(f64, f64)> = Vec::new();
        for (from, to) in busy {
            match unfolded.last_mut() {
                Some(last) if from - last.1 < shortest => last.1 = to,
                _ => unfolded.push((from, to)),
            }
        }
        let shown: f64 = unfolded.iter().map(|(from, to)| to - from).sum::<f64>().max(1e-6);
        let folds = unfolded.len().saturating_sub(1) as f64;
        let fold = if folds > 0.0 { FOLD_WIDTH.min(ALL_FOLDS / folds) } else { 0.0 };
        let per_second = (100.0 - fold * folds) / shown;
        let mut at = 0.0;
        let stretches = unfolded.into_iter().map(|(begins, ends)| {
            let stretch = Stretch { begins, ends, at };
            at += (ends - begins) * per_second + fold;
            stretch
        });
        Self { stretches: stretches.collect(), per_second, step: nice_step(shown / LINES) }
    }

    /// Where a moment is.
    pub(super) fn position(&self, time: Duration) -> f64 {
        let time = time.as_secs_f64();
        let stretch = self.stretches.iter().rev().find(|stretch| stretch.begins <= time);
        stretch.map_or(0.0, |stretch| stretch.at + (time.min(stretch.ends) - stretch.begins) * self.per_second)
    }

    pub(super) fn folds(&self) -> Vec<Fold> {
        let folds = self.stretches.windows(2).map(|pair| {
            let (before, after) = (&pair[0], &pair[1]);
            Fold {
                from: before.at + (before.ends - before.begins) * self.per_second,
                to: after.at,
                ends: Duration::from_secs_f64(after.begins),
                lasts: Duration::from_secs_f64(after.begins - before.ends),
            }
        });
        folds.collect()
    }

    pub(super) fn lines(&self) -> Vec<Line> {
        let mut lines: Vec<Line> = Vec::new();
        let (mut labelled, mut labelled_always) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
        for stretch in &self.stretches {
            let mut number = (stretch.begins / self.step).ceil();
            while number * self.step <= stretch.ends {
                let time = Duration::from_secs_f64(number * self.step);
                let at = self.position(time);
                let label = if at - labelled < BETWEEN_LABELS || at > LAST_LABEL {
                    Label::Never
                } else if at - labelled_always < BETWEEN_LABELS_IF_NARROW || at > LAST_LABEL_IF_NARROW {
                    Label::IfWide
                } else {
                    Label::Always
                };
                if label != Label::Never {
                    labelled = at;
                }
                if label == Label::Always {
                    labelled_always = at;
                }
                lines.push(Line { at, time, label });
                number += 1.0;
            }
        }
        lines
    }
}

/// 1, 2 or 5 times a power of ten.
fn nice_step(about: f64) -> f64 {
    let power = 10f64.powf(about.log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= about * 0.999).unwrap_or(10.0);
    factor * power
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(spans: &[(u64, u64)]) -> Axis {
        Axis::new(spans.iter().map(|(from, to)| (Duration::from_millis(*from), Duration::from_millis(*to))))
    }

    fn at(axis: &Axis, ms: u64) -> f64 {
        (axis.position(Duration::from_millis(ms)) * 10.0).round() / 10.0
    }

    #[test]
    fn without_long_pauses_the_axis_is_even() {
        let axis = axis(&[(0, 40), (10, 20), (60, 100)]);
        assert_eq!([0, 25, 50, 100].map(|ms| at(&axis, ms)), [0.0, 25.0, 50.0, 100.0]);
        assert_eq!(axis.folds(), []);
        let lines: Vec<_> = axis.lines().iter().map(|line| line.time.as_millis()).collect();
        assert_eq!(lines, [0, 20, 40, 60, 80, 100]);
        let labels: Vec<_> = axis.lines().iter().map(|line| line.label).collect();
        assert_eq!(labels, [Label::Always, Label::IfWide, Label::Always, Label::IfWide, Label::Always, Label::Never]);
    }

    #[test]
    fn a_minute_at_the_browser_takes_little_room() {
        let axis = axis(&[(0, 50), (60_050, 60_100)]);
        let [fold] = axis.folds()[..] else { panic!("{:?}", axis.folds()) };
        assert_eq!([fold.from, fold.to].map(f64::round), [48.0, 52.0]);
        assert_eq!([fold.lasts, fold.ends].map(|time| time.as_millis().next_multiple_of(10)), [60_000, 60_050]);
        assert_eq!([50, 30_000, 60_050, 60_100].map(|ms| at(&axis, ms)), [48.0, 48.0, 52.0, 100.0]);
        assert!(axis.lines().iter().all(|line| line.time <= Duration::from_millis(50) || line.time >= fold.ends));
    }

    #[test]
    fn many_pauses_leave_room_for_what_is_between_them() {
        let spans: Vec<_> = (0..200).map(|number| (number * 10_000, number * 10_000 + 1)).collect();
        let axis = axis(&spans);
        let folded: f64 = axis.folds().iter().map(|fold| fold.to - fold.from).sum();
        assert!((29.9..30.1).contains(&folded), "{folded}");
        assert_eq!(at(&axis, 199 * 10_000 + 1), 100.0);
    }

    #[test]
    fn nothing_and_a_moment_have_an_axis_too() {
        assert_eq!(axis(&[]).lines(), []);
        assert_eq!(at(&axis(&[(0, 0)]), 0), 0.0);
    }
}
