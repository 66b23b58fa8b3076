//! A bucket to list, key sets, and a clock: what tests and the table of speeds share.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};

use plan::{Keyed, Origin, Page, Planner};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry(pub String);

impl Keyed for Entry {
    fn key(&self) -> &str {
        &self.0
    }
}

/// Splitmix64: small, and the same everywhere.
#[derive(Debug, Clone)]
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.roll() % end.max(1) as u64) as usize
    }

    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

/// Lists as S3 does.
#[derive(Debug, Clone, Default)]
pub struct Bucket {
    pub keys: Vec<String>,
    pub prefix: String,
    pub delimiter: Option<char>,
    pub page: usize,
}

impl Bucket {
    pub fn new(keys: impl IntoIterator<Item = String>) -> Self {
        let keys: BTreeSet<String> = keys.into_iter().collect();
        Self { keys: keys.into_iter().collect(), page: 1000, ..Self::default() }
    }

    /// Up to so many entries.
    pub fn list(&self, origin: &Origin, most: usize) -> Page<Entry> {
        let after = match origin {
            Origin::Beginning => "",
            Origin::After(key) => key,
            Origin::Continued(token) => token.strip_prefix("token of ").unwrap(),
        };
        let mut entries: Vec<Entry> = Vec::new();
        let mut reached = after;
        for key in &self.keys[self.keys.partition_point(|key| key.as_str() <= after)..] {
            let Some(rest) = key.strip_prefix(&self.prefix) else { if *key > self.prefix { break } else { continue } };
            let folder = self.delimiter.and_then(|delimiter| rest.find(delimiter));
            let entry = folder.map_or(key.as_str(), |at| &key[..self.prefix.len() + at + 1]);
            if entries.last().is_some_and(|last| last.0 == entry) {
                reached = key;
                continue;
            }
            if entries.len() == most {
                return Page { entries, next: Some(format!("token of {reached}")) };
            }
            reached = key;
            entries.push(Entry(entry.to_owned()));
        }
        Page { entries, next: None }
    }

    pub fn sequential(&self) -> Vec<String> {
        self.list(&Origin::Beginning, usize::MAX).entries.into_iter().map(|entry| entry.0).collect()
    }
}

#[derive(Debug, Clone, Copy, Default)]
pub struct Run {
    pub requests: u64,
    pub milliseconds: u64,
    pub held: usize,
    pub listed: usize,
}

/// A listing where each request takes 50 ms there, 50 ms back and 10 ms for the page, and the caller takes at once.
pub fn run(bucket: &Bucket, parallel: usize) -> Run {
    let mut planner = Planner::new(parallel, &bucket.prefix, None);
    let mut coming = BTreeMap::new();
    let mut run = Run::default();
    let mut last = String::new();
    while !planner.is_finished() {
        while let Some(request) = planner.next_request() {
            coming.insert((run.milliseconds + 110, request.id), request.origin);
        }
        let ((time, id), origin) = coming.pop_first().expect("the planner stands still");
        run.milliseconds = time;
        let page = bucket.list(&origin, bucket.page);
        planner.answer(id, page).unwrap();
        run.held = run.held.max(planner.held());
        while let Some(page) = planner.take() {
            for entry in page {
                assert!(last < entry.0);
                last = entry.0;
                run.listed += 1;
            }
        }
    }
    run.requests = planner.requests();
    run
}

pub mod shapes {
    use super::Dice;

    const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    pub fn uuids(n: usize) -> Vec<String> {
        let mut dice = Dice(1);
        (0..n).map(|_| uuid(&mut dice)).collect()
    }

    pub fn uuid(dice: &mut Dice) -> String {
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

    pub fn dates(n: usize, hot: Option<usize>) -> Vec<String> {
        let mut dice = Dice(2);
        (0..n)
            .map(|i| {
                let day = dice.below(365);
                date(&mut dice, hot.filter(|_| i % 2 == 0).unwrap_or(day))
            })
            .collect()
    }

    pub fn deep(n: usize) -> Vec<String> {
        (0..n).map(|i| format!("a/b/c/d/e/f/g/part-{i:08}.parquet")).collect()
    }

    pub fn unpadded(n: usize) -> Vec<String> {
        (1..n).map(|i| format!("item-{i}")).collect()
    }

    pub fn reversed(n: usize) -> Vec<String> {
        let mut dice = Dice(3);
        let mut time = 1_767_225_600_000_u64;
        (0..n)
            .map(|_| {
                time += dice.below(600_000) as u64;
                format!("events/{}", 9_999_999_999_999 - time)
            })
            .collect()
    }

    pub fn base64(n: usize) -> Vec<String> {
        let mut dice = Dice(4);
        (0..n).map(|_| (0..22).map(|_| char::from(dice.pick(BASE64))).collect()).collect()
    }

    pub fn tenants(n: usize) -> Vec<String> {
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

    pub fn words(n: usize) -> Vec<String> {
        let mut dice = Dice(6);
        let syllables =
            ["ba", "co", "di", "fu", "ga", "ho", "ki", "la", "me", "no", "pi", "ru", "sa", "te", "vo", "xu"];
        (0..n).map(|_| (0..5).map(|_| dice.pick(&syllables)).collect::<String>() + ".jpg").collect()
    }

    pub fn unicode(n: usize) -> Vec<String> {
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

    pub fn chinese(n: usize) -> Vec<String> {
        let mut dice = Dice(8);
        (0..n).map(|_| (0..6).filter_map(|_| char::from_u32(0x4e00 + dice.below(3000) as u32)).collect()).collect()
    }

    pub fn folders(n: usize) -> Vec<String> {
        let mut dice = Dice(9);
        (0..n).map(|i| format!("img/{:05}/{:02}/{}.png", i / 37, dice.below(20), dice.below(100_000))).collect()
    }

    pub fn hours(n: usize) -> Vec<String> {
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

    pub fn ulids(n: usize) -> Vec<String> {
        const BASE32: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let mut dice = Dice(11);
        let digits = |value: u64, count: u32| -> String {
            (0..count).rev().map(|at| char::from(BASE32[(value >> (5 * at) & 31) as usize])).collect()
        };
        let mut time = 1_767_225_600_000_u64;
        (0..n)
            .map(|_| {
                time += dice.below(600_000) as u64;
                format!("events/{}{}{}", digits(time, 10), digits(dice.roll(), 8), digits(dice.roll(), 8))
            })
            .collect()
    }

    pub fn shards(n: usize) -> Vec<String> {
        let mut dice = Dice(12);
        (0..n).map(|_| (dice.roll(), dice.roll())).map(|(a, b)| format!("objects/{:02x}/{b:016x}", a & 255)).collect()
    }

    pub fn photos(n: usize) -> Vec<String> {
        let mut dice = Dice(13);
        (0..n / 40)
            .flat_map(|_| {
                let (user, photos) = (dice.below(1_000_000), dice.below(80));
                (0..photos).map(move |photo| format!("users/{user}/photos/IMG_{photo:04}.jpg"))
            })
            .collect()
    }

    pub fn iso(n: usize) -> Vec<String> {
        let mut dice = Dice(14);
        (0..n)
            .map(|_| {
                let (month, day) = (dice.below(12) + 1, dice.below(28) + 1);
                let (h, m) = (dice.below(24), dice.below(60));
                format!("app-2026-{month:02}-{day:02}T{h:02}:{m:02}:00Z-{}.log", &uuid(&mut dice)[..8])
            })
            .collect()
    }

    pub type Shape = (&'static str, fn(usize) -> Vec<String>);

    pub const ALL: &[Shape] = &[
        ("UUIDs", uuids),
        ("dates, hot day", |n| dates(n, Some(195))),
        ("dates", |n| dates(n, None)),
        ("deep, padded", deep),
        ("unpadded", unpadded),
        ("reversed times", reversed),
        ("base64", base64),
        ("10 tenants", tenants),
        ("words", words),
        ("random Unicode", unicode),
        ("Chinese", chinese),
        ("folders of 37", folders),
        ("CloudTrail", hours),
        ("ULIDs", ulids),
        ("shards", shards),
        ("users' photos", photos),
        ("ISO times", iso),
        ("hot day 1", |n| dates(n, Some(0))),
        ("hot day 31", |n| dates(n, Some(30))),
        ("hot day 59", |n| dates(n, Some(58))),
        ("hot day 300", |n| dates(n, Some(299))),
        ("hot day 365", |n| dates(n, Some(364))),
    ];
}
