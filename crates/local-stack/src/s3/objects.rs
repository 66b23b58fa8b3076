//! The buckets: about thirty seeded objects with keys that break careless clients or what a template asks for, and buckets
//! of any size whose objects exist only as a rule, so that a listing of a hundred thousand costs no memory.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, RwLockReadGuard};

use sha2::{Digest as _, Sha256};

use super::scale::Scale;
use super::seeds::{self, Objects};
use super::store::{Contents, Store};
pub(super) use super::stored::Object;
use super::stored::{Encryption, Quota};
use crate::options::Options;
use crate::random_ids::format_uuid;
use crate::template::Deployment;

/// How many bytes the stack keeps of what is uploaded, parts of unfinished uploads included.
const MOST_KEPT: u64 = 2 * 1024 * 1024 * 1024;

/// A bucket: objects in the order of their keys' UTF-8 bytes, reached by position.
#[derive(Debug, Clone, Copy)]
pub(super) enum Bucket<'a> {
    Stored(&'a Store),
    /// Nobody writes to these.
    Synthetic(Scale),
}

impl<'a> Bucket<'a> {
    /// The bucket as it is now; nobody writes as long as this is there.
    pub(super) fn view(self) -> View<'a> {
        match self {
            Self::Stored(store) => View::Stored(store.read()),
            Self::Synthetic(scale) => View::Synthetic(scale),
        }
    }

    pub(super) fn find(self, key: &str) -> Option<Object> {
        match self {
            Self::Stored(store) => store.read().find(key),
            Self::Synthetic(_) => {
                let view = self.view();
                let position = view.partition_point(0, |other| other < key);
                (position < view.len() && view.key(position) == key).then(|| view.object(position))
            }
        }
    }

    pub(super) fn encryption(self) -> Encryption {
        match self {
            Self::Stored(store) => store.encryption.clone(),
            Self::Synthetic(_) => Encryption::default(),
        }
    }

    /// The version of the delete marker that is there in place of an object.
    pub(super) fn delete_marker(self, key: &str) -> Option<String> {
        match self {
            Self::Stored(store) => store.read().delete_marker(key).map(str::to_owned),
            Self::Synthetic(_) => None,
        }
    }
}

/// What a listing reads.
pub(super) enum View<'a> {
    Stored(RwLockReadGuard<'a, Contents>),
    Synthetic(Scale),
}

impl View<'_> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Stored(contents) => contents.len(),
            Self::Synthetic(scale) => scale.len(),
        }
    }

    /// The key at `position`, which must be below [`len`](Self::len).
    pub(super) fn key(&self, position: usize) -> Cow<'_, str> {
        match self {
            Self::Stored(contents) => Cow::Borrowed(contents.key(position)),
            Self::Synthetic(scale) => Cow::Owned(scale.key(position)),
        }
    }

    pub(super) fn object(&self, position: usize) -> Object {
        match self {
            Self::Stored(contents) => contents.object(position),
            Self::Synthetic(_) => Object::generated(self.key(position).into_owned(), false, |digest| {
                u64::from(digest[16]) * 64 + u64::from(digest[17])
            }),
        }
    }

    /// The first position, not below `from`, whose key does not satisfy `holds`, by bisection: `holds` must be true
    /// up to some key and false after it.
    pub(super) fn partition_point(&self, from: usize, holds: impl Fn(&str) -> bool) -> usize {
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
    stores: BTreeMap<String, Store>,
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
        let quota = Quota::new(MOST_KEPT);
        let Some(template) = &options.template else {
            let store = Store::new(seeds::of_demo(), false, quota);
            return Self {
                stores: BTreeMap::from([(options.bucket.clone(), store)]),
                denied: Some(options.denied_bucket.clone()),
                has_synthetic: true,
            };
        };
        // The template's buckets and no others; all but one are empty.
        let deployment = template.deployment();
        let store = |name: &String| {
            let is_data = *name == deployment.data_bucket;
            let seeds = if is_data { seeds::of_template(deployment, options) } else { Objects::new() };
            let mut store = Store::new(seeds, deployment.versioned_buckets.contains(name), Arc::clone(&quota));
            store.encryption.kms_key = deployment.kms_buckets.contains(name).then(|| kms_key(deployment));
            store
        };
        let stores = deployment.buckets.keys().map(|name| (name.clone(), store(name))).collect();
        Self { stores, denied: None, has_synthetic: false }
    }

    pub(super) fn find(&self, name: &str) -> Lookup<'_> {
        if let Some(store) = self.stores.get(name) {
            return Lookup::Found(Bucket::Stored(store));
        }
        if self.denied.as_deref() == Some(name) {
            return Lookup::Denied;
        }
        match Scale::of_bucket(name) {
            Some(scale) if self.has_synthetic => Lookup::Found(Bucket::Synthetic(scale)),
            _ => Lookup::Missing,
        }
    }

    /// The bucket of this name, if it can be written.
    pub(super) fn store(&self, name: &str) -> Option<&Store> {
        self.stores.get(name)
    }

    /// The names that ListBuckets shows; synthetic buckets are too many.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.stores.keys().chain(&self.denied).map(String::as_str)
    }
}

/// The ARN of the key that KMS manages for S3. It has an id of the account's and the region's own.
fn kms_key(deployment: &Deployment) -> String {
    let (region, account) = (&deployment.region, &deployment.account);
    let digest = Sha256::digest(format!("key of S3 in {region} of {account}"));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    format!("arn:aws:kms:{region}:{account}:key/{}", format_uuid(u128::from_be_bytes(bytes)))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

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
        let view = bucket.view();
        let keys: Vec<_> = (0..view.len()).map(|position| view.key(position)).collect();
        assert!(keys.is_sorted_by(|a, b| a.as_bytes() < b.as_bytes()));
        assert!((30..=40).contains(&keys.len()), "{}", keys.len());
        assert!(keys.iter().any(|key| key.len() == 900));
        for key in &keys {
            assert_eq!(bucket.find(key).unwrap().key, *key);
        }
        assert!(bucket.find("missing").is_none() && bucket.find("").is_none() && bucket.find("~").is_none());
    }

    #[test]
    fn synthetic_keys_are_found_again() {
        let buckets = buckets();
        for name in ["scale-1000000000", "scale-uuids-1000000000", "scale-dates-1000000000", "scale-deep-1000000000"] {
            let bucket = found(&buckets, name);
            let view = bucket.view();
            for position in [0, 8, 9, 98, 999, 1000, 99_999, 999_999, 999_999_999] {
                assert_eq!(bucket.find(&view.key(position)).unwrap(), view.object(position), "{name}");
            }
        }
    }

    #[test]
    fn only_what_is_there_is_found() {
        let buckets = buckets();
        assert_eq!(found(&buckets, "scale-100000").view().len(), 100_000);
        assert!(matches!(buckets.find("jetbridge-private"), Lookup::Denied));
        assert!(["", "scale-007", "other"].iter().all(|name| matches!(buckets.find(name), Lookup::Missing)));
    }

    #[test]
    fn times_lie_in_the_past_and_differ() {
        let buckets = buckets();
        let bucket = found(&buckets, "jetbridge-demo");
        let view = bucket.view();
        let times: std::collections::BTreeSet<_> =
            (0..view.len()).map(|position| view.object(position).last_modified).collect();
        assert!(times.len() > 25);
        // 2026-05-05, the end of the 120 days.
        assert!(times.iter().all(|time| *time < SystemTime::UNIX_EPOCH + Duration::from_secs(1_777_968_000)));
    }
}
