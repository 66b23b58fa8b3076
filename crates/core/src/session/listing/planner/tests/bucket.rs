//! A bucket to list, key sets, and a clock.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Origin, Planner};
use crate::aws::s3::ListedEntry;

/// Splitmix64: small, and the same everywhere.
#[derive(Debug, Clone)]
pub(super) struct Dice(pub u64);

impl Dice {
    pub(super) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, end: usize) -> usize {
        (self.roll() % end.max(1) as u64) as usize
    }

    pub(super) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

/// Lists as S3 does.
#[derive(Debug, Clone, Default)]
pub(super) struct Bucket {
    pub keys: Vec<String>,
    pub prefix: String,
    pub delimiter: Option<char>,
    pub page: usize,
    /// Shows a common prefix also behind a key in it, which S3 does not: "CommonPrefixes is filtered out from results if it is
    /// not lexicographically greater than the StartAfter value" (ListObjectsV2, S3 API reference).
    pub shows_again: bool,
}

impl Bucket {
    pub(super) fn new(keys: impl IntoIterator<Item = String>) -> Self {
        let keys: BTreeSet<String> = keys.into_iter().collect();
        Self { keys: keys.into_iter().collect(), page: 1000, ..Self::default() }
    }

    /// Up to so many entries, and the token if there are more.
    pub(super) fn list(&self, origin: &Origin, most: usize) -> (Vec<ListedEntry>, Option<String>) {
        let (after, hidden) = match origin {
            Origin::Beginning => ("", ""),
            Origin::After(key) => (key.as_str(), if self.shows_again { "" } else { key.as_str() }),
            Origin::Continued(token) => (token.strip_prefix("token of ").unwrap(), ""),
        };
        let mut entries: Vec<&str> = Vec::new();
        let mut reached = after;
        for key in &self.keys[self.keys.partition_point(|key| key.as_str() <= after)..] {
            let Some(rest) = key.strip_prefix(&self.prefix) else {
                if *key > self.prefix {
                    break;
                }
                continue;
            };
            let folder = self.delimiter.and_then(|delimiter| rest.find(delimiter));
            let entry = folder.map_or(key.as_str(), |at| &key[..self.prefix.len() + at + 1]);
            if entries.last().is_some_and(|last| *last == entry) || entry <= hidden {
                reached = key;
                continue;
            }
            if entries.len() == most {
                return (named(&entries), Some(format!("token of {reached}")));
            }
            reached = key;
            entries.push(entry);
        }
        (named(&entries), None)
    }

    pub(super) fn sequential(&self) -> Vec<String> {
        names(&self.list(&Origin::Beginning, usize::MAX).0)
    }
}

/// Only their names matter to the planner.
pub(super) fn named(names: &[&str]) -> Vec<ListedEntry> {
    names.iter().map(|&name| ListedEntry::Prefix(name.to_owned())).collect()
}

pub(super) fn names(entries: &[ListedEntry]) -> Vec<String> {
    entries.iter().map(|entry| entry.key().to_owned()).collect()
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Run {
    pub requests: usize,
    pub milliseconds: u64,
    pub held: usize,
    pub listed: usize,
}

/// A listing where each request takes 50 ms there, 50 ms back and 10 ms for the page, and the caller takes at once.
pub(super) fn run(bucket: &Bucket, parallel: usize) -> Run {
    let mut planner = Planner::new(parallel, &bucket.prefix);
    let mut coming = BTreeMap::new();
    let mut run = Run::default();
    let mut last = String::new();
    while !planner.is_finished() {
        while let Some(request) = planner.next_request(usize::MAX) {
            run.requests += 1;
            coming.insert((run.milliseconds + 110, request.id), request.origin);
        }
        let ((time, id), origin) = coming.pop_first().unwrap();
        run.milliseconds = time;
        let (entries, next) = bucket.list(&origin, bucket.page);
        planner.answer(id, entries, next).unwrap();
        run.held = run.held.max(planner.held());
        while let Some(page) = planner.take() {
            for key in names(&page) {
                assert!(last < key);
                last = key;
                run.listed += 1;
            }
        }
    }
    run
}

pub(super) mod shapes {
    use super::Dice;

    const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    pub(crate) fn uuids(n: usize) -> Vec<String> {
        let mut dice = Dice(1);
        (0..n).map(|_| uuid(&mut dice)).collect()
    }

    pub(crate) fn uuid(dice: &mut Dice) -> String {
        let (a, b) = (dice.roll(), dice.roll());
        let d = (b >> 48 & 0x3fff) | 0x8000;
        format!("{:08x}-{:04x}-4{:03x}-{d:04x}-{:012x}", a >> 32, a >> 16 & 0xffff, a & 0xfff, b & 0xffff_ffff_ffff)
    }

    fn date(dice: &mut Dice, day: usize) -> String {
        let mut day = day;
        let mut month = 0;
        for length in [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
            if day < length {
                break;
            }
            day -= length;
            month += 1;
        }
        let (h, m, s, x) = (dice.below(24), dice.below(60), dice.below(60), dice.below(1_000_000));
        format!("logs/2026/{:02}/{:02}/{h:02}-{m:02}-{s:02}-{x:06}.json", month + 1, day + 1)
    }

    pub(crate) fn dates(n: usize, hot: Option<usize>) -> Vec<String> {
        let mut dice = Dice(2);
        (0..n)
            .map(|i| {
                let day = dice.below(365);
                date(&mut dice, hot.filter(|_| i % 2 == 0).unwrap_or(day))
            })
            .collect()
    }

    pub(crate) fn deep(n: usize) -> Vec<String> {
        (0..n).map(|i| format!("a/b/c/d/e/f/g/part-{i:08}.parquet")).collect()
    }

    /// Folders of as many, whose number the objects' repeats.
    pub(crate) fn batches(n: usize, size: usize) -> Vec<String> {
        (0..n).map(|i| format!("batch-{:06}/object-{i:09}.json", i / size)).collect()
    }

    pub(crate) fn unpadded(n: usize) -> Vec<String> {
        (1..n).map(|i| format!("item-{i}")).collect()
    }

    pub(crate) fn base64(n: usize) -> Vec<String> {
        let mut dice = Dice(4);
        (0..n).map(|_| (0..22).map(|_| char::from(dice.pick(BASE64))).collect()).collect()
    }

    pub(crate) fn tenants(n: usize) -> Vec<String> {
        let mut dice = Dice(5);
        let names = ["acme", "bigcorp", "c3", "delta-air", "echo", "foxtrot", "golf", "hotel", "india", "zulu"];
        let shares = [1, 400, 3, 50, 100, 2, 200, 40, 4, 200];
        let mut keys = Vec::new();
        for (at, (name, share)) in names.into_iter().zip(shares).enumerate() {
            for i in 0..n * share / 1000 {
                keys.push(match at % 3 {
                    0 => format!("{name}/users/{}.json", uuid(&mut dice)),
                    1 => {
                        let day = dice.below(365);
                        format!("{name}/{}", date(&mut dice, day))
                    }
                    _ => format!("{name}/exports/{i:06}.csv"),
                });
            }
        }
        keys
    }

    pub(crate) fn words(n: usize) -> Vec<String> {
        let mut dice = Dice(6);
        let syllables =
            ["ba", "co", "di", "fu", "ga", "ho", "ki", "la", "me", "no", "pi", "ru", "sa", "te", "vo", "xu"];
        (0..n).map(|_| (0..5).map(|_| dice.pick(&syllables)).collect::<String>() + ".jpg").collect()
    }

    pub(crate) fn unicode(n: usize) -> Vec<String> {
        let mut dice = Dice(7);
        (0..n)
            .map(|_| {
                (0..4)
                    .filter_map(|_| {
                        let end = dice.pick(&[0x80, 0x800, 0x1_0000, 0x11_0000]);
                        char::from_u32(dice.below(end) as u32)
                    })
                    .collect()
            })
            .filter(|key: &String| !key.is_empty())
            .collect()
    }

    pub(crate) fn folders(n: usize) -> Vec<String> {
        let mut dice = Dice(9);
        (0..n).map(|i| format!("img/{:05}/{:02}/{}.png", i / 37, dice.below(20), dice.below(100_000))).collect()
    }

    pub(crate) fn hours(n: usize) -> Vec<String> {
        // Compact ISO times, as AWS's own logs have them.
        let mut dice = Dice(10);
        (0..n)
            .map(|i| {
                let minute = i * 365 * 1440 / n;
                let (month, day) = (minute / 1440 / 31 + 1, minute / 1440 % 31 + 1);
                let (h, m) = (minute / 60 % 24, minute % 60);
                format!(
                    "AWSLogs/123456789012/CloudTrail/eu-west-1/2026/{month:02}/{day:02}/\
                     123456789012_CloudTrail_eu-west-1_2026{month:02}{day:02}T{h:02}{m:02}Z_{:016x}.json.gz",
                    dice.roll()
                )
            })
            .collect()
    }

    pub(crate) fn photos(n: usize) -> Vec<String> {
        let mut dice = Dice(13);
        (0..n / 40)
            .flat_map(|_| {
                let (user, photos) = (dice.below(1_000_000), dice.below(80));
                (0..photos).map(move |photo| format!("users/{user}/photos/IMG_{photo:04}.jpg"))
            })
            .collect()
    }

    pub(crate) type Shape = (&'static str, fn(usize) -> Vec<String>);

    pub(crate) const ALL: &[Shape] = &[
        ("UUIDs", uuids),
        ("dates, hot day", |n| dates(n, Some(195))),
        ("dates", |n| dates(n, None)),
        ("deep, padded", deep),
        ("batches", |n| batches(n, 100)),
        ("unpadded", unpadded),
        ("base64", base64),
        ("10 tenants", tenants),
        ("words", words),
        ("random Unicode", unicode),
        ("folders of 37", folders),
        ("CloudTrail", hours),
        ("users' photos", photos),
    ];
}
