//! Buckets of any size whose keys exist only as a rule, so that a listing of a million objects costs no memory: in folders of a
//! thousand, and in the shapes that people's buckets have, whose keys lie as if they had been drawn at random and sorted.

use std::cmp::Ordering;

use crate::random_ids::format_uuid;

/// As many as a bucket may have.
const MOST_OBJECTS: usize = 1_000_000_000;
/// Of the year that has a hot day, 15 July.
const DAYS: u64 = 365;
const HOT_DAY: u64 = 195;
const MONTHS: [u64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const MICROSECONDS_OF_A_DAY: u64 = 86_400_000_000;

/// One such bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scale {
    shape: Shape,
    objects: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Batches,
    Uuids,
    /// Half of them on one day.
    Dates,
    /// All in one folder, far down.
    Deep,
}

impl Scale {
    /// `scale-` and the number of objects, or `scale-uuids-`, `scale-dates-`, `scale-deep-`. Each has one name: `scale-007` is no
    /// bucket.
    pub(super) fn of_bucket(name: &str) -> Option<Self> {
        let rest = name.strip_prefix("scale-")?;
        let (shape, digits) = match rest.split_once('-') {
            None => (Shape::Batches, rest),
            Some(("uuids", digits)) => (Shape::Uuids, digits),
            Some(("dates", digits)) => (Shape::Dates, digits),
            Some(("deep", digits)) => (Shape::Deep, digits),
            Some(_) => return None,
        };
        let objects = digits.parse().ok().filter(|objects: &usize| objects.to_string() == digits)?;
        (objects <= MOST_OBJECTS).then_some(Self { shape, objects })
    }

    pub(super) fn len(self) -> usize {
        self.objects
    }

    /// The key at a position. Numbers have a fixed width, so that the order of the keys is the order of the positions.
    pub(super) fn key(self, position: usize) -> String {
        match self.shape {
            Shape::Batches => format!("batch-{:06}/object-{position:09}.json", position / 1000),
            Shape::Deep => format!("a/b/c/d/e/f/g/part-{position:09}.parquet"),
            Shape::Uuids => {
                let first = u128::from(drawn(position, self.objects, 1 << 48));
                let rest = u128::from(noise(position as u64));
                format_uuid(first << 80 | rest << 16 | position as u128 & 0xffff)
            }
            Shape::Dates => self.date(position),
        }
    }

    fn date(self, position: usize) -> String {
        let hot = self.objects / 2;
        let before = usize::try_from((self.objects - hot) as u64 * HOT_DAY / (DAYS - 1)).unwrap_or(usize::MAX);
        // Days before the hot one, that day, and those after it: where they begin, and how many objects they have.
        let (first_day, days, first, objects) = match position {
            at if at < before => (0, HOT_DAY, 0, before),
            at if at < before + hot => (HOT_DAY, 1, before, hot),
            _ => (HOT_DAY + 1, DAYS - HOT_DAY - 1, before + hot, self.objects - before - hot),
        };
        let time = drawn(position - first, objects, days * MICROSECONDS_OF_A_DAY);
        let (mut day, of_day) = (first_day + time / MICROSECONDS_OF_A_DAY, time % MICROSECONDS_OF_A_DAY);
        let mut month = 1;
        for length in MONTHS {
            if day < length {
                break;
            }
            (day, month) = (day - length, month + 1);
        }
        let (seconds, rest) = (of_day / 1_000_000, of_day % 1_000_000);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        format!("logs/2026/{month:02}/{:02}/{hour:02}-{minute:02}-{second:02}-{rest:06}.json", day + 1)
    }
}

/// The number at a position among so many that were drawn from 0 to `end` and sorted; no two are alike. The one in the middle is
/// drawn first, about as far from the middle as that of so many would lie, then those in the middle of each half, down to the one
/// that is asked for.
fn drawn(position: usize, count: usize, end: u64) -> u64 {
    let (mut first, mut last, position) = (0, count as u64, position as u64);
    let (mut low, mut high) = (0, end);
    loop {
        let (middle, all) = (first + (last - first) / 2, last - first);
        // The one in the middle of n varies by 1 / 2√(n+2) (beta distribution), the mean of k by 1 / √12k, and is soon near to
        // normal.
        let k = all.div_ceil(3).min(4);
        let sum = (0..k).map(|nth| noise(noise(middle << 32 ^ all).wrapping_add(nth)) >> 32).sum::<u64>();
        let mean = sum as f64 / k as f64 / f64::from(u32::MAX);
        let share = 0.5 + (mean - 0.5) * (3.0 * k as f64 / (all + 2) as f64).sqrt();
        let value = low + ((high - low) as f64 * share) as u64;
        // Each of the others has to find room on its side.
        let value = value.clamp(low + (middle - first), high - (last - middle));
        match position.cmp(&middle) {
            Ordering::Less => (last, high) = (middle, value),
            Ordering::Equal => return value,
            Ordering::Greater => (first, low) = (middle + 1, value + 1),
        }
    }
}

/// The same for the same, and nothing to be seen of what it is made of (SplitMix64).
fn noise(of: u64) -> u64 {
    let mixed = of.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(name: &str) -> Vec<String> {
        let bucket = Scale::of_bucket(name).unwrap();
        (0..bucket.len()).map(|position| bucket.key(position)).collect()
    }

    #[test]
    fn keys_of_every_shape_and_size_are_in_order_and_distinct() {
        for shape in ["", "uuids-", "dates-", "deep-"] {
            for objects in [0, 1, 2, 3, 7, 1000, 20_000] {
                let name = format!("scale-{shape}{objects}");
                assert!(keys(&name).is_sorted_by(|left, right| left < right), "{name}");
            }
            let largest = Scale::of_bucket(&format!("scale-{shape}1000000000")).unwrap();
            for position in [0, 8, 9, 98, 999, 1000, 99_999, 999_999, 267_857_141, 767_857_142, 999_999_998] {
                assert!(largest.key(position) < largest.key(position + 1), "{shape} {position}");
            }
        }
        assert_eq!(
            keys("scale-deep-2"),
            ["a/b/c/d/e/f/g/part-000000000.parquet", "a/b/c/d/e/f/g/part-000000001.parquet"]
        );
        assert!(keys("scale-uuids-20").iter().all(|key| key.len() == 36 && &key[14..15] == "4"));
    }

    #[test]
    fn half_of_the_objects_with_dates_are_of_one_day() {
        let keys = keys("scale-dates-20000");
        let days: std::collections::BTreeSet<_> = keys.iter().map(|key| &key[..15]).collect();
        let hot = keys.iter().filter(|key| key.starts_with("logs/2026/07/15/")).count();
        assert_eq!((hot, days.len()), (10_000, 365));
        assert!(keys[0].starts_with("logs/2026/01/01/") && keys[19_999].starts_with("logs/2026/12/31/"));
    }

    /// Evenly spread over all, unevenly over little, as what is drawn at random.
    #[test]
    fn uuids_lie_as_if_they_had_been_drawn() {
        let keys = keys("scale-uuids-25600");
        let mut counts = [0_i64; 256];
        for key in &keys {
            counts[usize::from_str_radix(&key[..2], 16).unwrap()] += 1;
        }
        // A hundred in each, whose variance is a hundred, too.
        let variance = counts.iter().map(|count| (count - 100).pow(2)).sum::<i64>() / 256;
        assert!((70..140).contains(&variance), "{variance}: {counts:?}");
    }

    #[test]
    fn names_are_taken_literally() {
        assert_eq!(Scale::of_bucket("scale-0").unwrap().len(), 0);
        assert_eq!(Scale::of_bucket("scale-uuids-100000").unwrap().len(), 100_000);
        for name in [
            "",
            "scale-",
            "scale-007",
            "scale-+7",
            "scale--1",
            "scale-1e3",
            "scale-1000000001",
            "other",
            "scale-deep",
            "scale-uuids-",
            "scale-dates-01",
            "scale-trees-5",
            "scale-deep-5-5",
        ] {
            assert_eq!(Scale::of_bucket(name), None, "{name}");
        }
    }
}
