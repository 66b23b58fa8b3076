//! The buckets: about thirty seeded objects with keys that break careless clients or what a template asks for, and buckets
//! of any size whose objects exist only as a rule, so that a listing of a hundred thousand costs no memory.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};

use super::seeds::{self, Objects};
use crate::options::Options;

/// 2026-01-05T08:00:00Z, when the first object of every bucket was written.
const FIRST_WRITTEN: u64 = 1_767_600_000;
/// Synthetic buckets are `scale-` and the number of objects, at most this.
const MAX_SCALE: usize = 1_000_000_000;
/// One object as a listing shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Object {
    pub key: String,
    pub size: u64,
    pub last_modified: SystemTime,
    /// 32 hexadecimal digits like an MD5 digest, without quotes. As with objects that S3 encrypts with KMS it is no
    /// digest of the content, which a client must not assume.
    pub e_tag: String,
}

/// A bucket that can be read: objects in the order of their keys' UTF-8 bytes, reached by position.
#[derive(Debug, Clone, Copy)]
pub(super) enum Bucket<'a> {
    Seeded(&'a [(Cow<'static, str>, u64)]),
    Synthetic { objects: usize },
}

impl<'a> Bucket<'a> {
    pub(super) fn len(self) -> usize {
        match self {
            Self::Seeded(objects) => objects.len(),
            Self::Synthetic { objects } => objects,
        }
    }

    /// The key at `position`, which must be below [`len`](Self::len).
    pub(super) fn key(self, position: usize) -> Cow<'a, str> {
        match self {
            Self::Seeded(objects) => Cow::Borrowed(&objects[position].0),
            // Both numbers have a fixed width, so that the order of the keys is the order of the positions.
            Self::Synthetic { .. } => Cow::Owned(format!("batch-{:06}/object-{position:09}.json", position / 1000)),
        }
    }

    pub(super) fn object(self, position: usize) -> Object {
        let key = self.key(position).into_owned();
        let digest = Sha256::digest(format!("e-tag of {key}"));
        let size = match self {
            Self::Seeded(objects) => objects[position].1,
            Self::Synthetic { .. } => u64::from(digest[16]) * 64 + u64::from(digest[17]),
        };
        // Days and minutes apart, never in the future.
        let age = u64::from(digest[18]) * 86_400 + u64::from(digest[19]) * 307;
        Object {
            last_modified: SystemTime::UNIX_EPOCH + Duration::from_secs(FIRST_WRITTEN + age % (120 * 86_400)),
            e_tag: digest[..16].iter().map(|byte| format!("{byte:02x}")).collect(),
            size,
            key,
        }
    }

    pub(super) fn find(self, key: &str) -> Option<Object> {
        let position = self.partition_point(0, |other| other < key);
        (position < self.len() && self.key(position) == key).then(|| self.object(position))
    }

    /// The first position, not below `from`, whose key does not satisfy `holds`, by bisection: `holds` must be true
    /// up to some key and false after it.
    pub(super) fn partition_point(self, from: usize, holds: impl Fn(&str) -> bool) -> usize {
        let (mut low, mut high) = (from, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if holds(&self.key(middle)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

/// All buckets of the stack.
#[derive(Debug)]
pub(super) struct Buckets {
    seeded: BTreeMap<String, Objects>,
    denied: Option<String>,
    has_synthetic: bool,
}

/// What a bucket name leads to.
pub(super) enum Lookup<'a> {
    Found(Bucket<'a>),
    /// The bucket exists and no policy lets anyone in.
    Denied,
    Missing,
}

impl Buckets {
    pub(super) fn new(options: &Options) -> Self {
        let Some(template) = &options.template else {
            return Self {
                seeded: BTreeMap::from([(options.bucket.clone(), seeds::of_demo())]),
                denied: Some(options.denied_bucket.clone()),
                has_synthetic: true,
            };
        };
        // The template's buckets and no others; all but one are empty.
        let deployment = template.deployment();
        let mut seeded: BTreeMap<_, _> = deployment.buckets.keys().map(|name| (name.clone(), Objects::new())).collect();
        seeded.insert(deployment.data_bucket.clone(), seeds::of_template(deployment, options));
        Self { seeded, denied: None, has_synthetic: false }
    }

    pub(super) fn find(&self, name: &str) -> Lookup<'_> {
        if let Some(objects) = self.seeded.get(name) {
            return Lookup::Found(Bucket::Seeded(objects));
        }
        if self.denied.as_deref() == Some(name) {
            return Lookup::Denied;
        }
        // `scale-007` is no bucket: each has one name.
        let count = name.strip_prefix("scale-").filter(|digits| !digits.starts_with(['0', '+']) || *digits == "0");
        match count.and_then(|digits| digits.parse().ok()) {
            Some(objects) if self.has_synthetic && objects <= MAX_SCALE => Lookup::Found(Bucket::Synthetic { objects }),
            _ => Lookup::Missing,
        }
    }

    /// The names that ListBuckets shows; synthetic buckets are too many.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.seeded.keys().chain(&self.denied).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets() -> Buckets {
        Buckets::new(&Options::default())
    }

    fn found<'a>(buckets: &'a Buckets, name: &str) -> Bucket<'a> {
        match buckets.find(name) {
            Lookup::Found(bucket) => bucket,
            Lookup::Denied | Lookup::Missing => panic!("{name} should be there"),
        }
    }

    #[test]
    fn seeded_keys_are_distinct_in_utf8_order_and_found_again() {
        let buckets = buckets();
        let bucket = found(&buckets, "jetbridge-demo");
        let keys: Vec<_> = (0..bucket.len()).map(|position| bucket.key(position)).collect();
        assert!(keys.is_sorted_by(|a, b| a.as_bytes() < b.as_bytes()));
        assert!((30..=40).contains(&keys.len()), "{}", keys.len());
        assert!(keys.iter().any(|key| key.len() == 900));
        for key in &keys {
            assert_eq!(bucket.find(key).unwrap().key, *key);
        }
        assert!(bucket.find("missing").is_none() && bucket.find("").is_none() && bucket.find("~").is_none());
    }

    #[test]
    fn synthetic_keys_keep_their_order_at_every_carry() {
        let buckets = buckets();
        let bucket = found(&buckets, "scale-1000000000");
        for position in [0, 8, 9, 98, 999, 1000, 99_999, 999_999, 999_999_998] {
            assert!(position + 1 == bucket.len() || bucket.key(position) < bucket.key(position + 1), "{position}");
            assert_eq!(bucket.find(&bucket.key(position)).unwrap(), bucket.object(position));
        }
    }

    #[test]
    fn bucket_names_are_taken_literally() {
        let buckets = buckets();
        assert_eq!(found(&buckets, "scale-0").len(), 0);
        assert_eq!(found(&buckets, "scale-100000").len(), 100_000);
        assert!(matches!(buckets.find("jetbridge-private"), Lookup::Denied));
        for name in ["", "scale-", "scale-007", "scale-+7", "scale--1", "scale-1e3", "scale-1000000001", "other"] {
            assert!(matches!(buckets.find(name), Lookup::Missing), "{name}");
        }
    }

    #[test]
    fn times_lie_in_the_past_and_differ() {
        let buckets = buckets();
        let bucket = found(&buckets, "jetbridge-demo");
        let times: std::collections::BTreeSet<_> =
            (0..bucket.len()).map(|position| bucket.object(position).last_modified).collect();
        assert!(times.len() > 25);
        // 2026-05-05, the end of the 120 days.
        assert!(times.iter().all(|time| *time < SystemTime::UNIX_EPOCH + Duration::from_secs(1_777_968_000)));
    }
}
