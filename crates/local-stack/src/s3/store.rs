//! What a bucket holds while the stack runs: the objects that it began with, less what was deleted, with what was written.
//! One lock is around all of it, so that whoever lists or reads sees each write whole or not at all, and of two writers
//! the later one wins ("Amazon S3 data consistency model", user guide).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use http::StatusCode;

use super::body::{Blob, needs_file};
use super::condition::WriteCondition;
use super::error::Refusal;
use super::stored::{Encryption, Object, Quota, Room, Stored, has_spare_descriptors};
use super::uploads::Uploads;
use crate::random_ids::random_string;

/// Of versions. S3's are "Unicode, UTF-8 encoded, URL-ready, opaque strings that are no more than 1,024 bytes long"
/// ("How S3 Versioning works", user guide).
const VERSION_ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";

/// A bucket that can be written.
#[derive(Debug)]
pub(super) struct Store {
    contents: RwLock<Contents>,
    quota: Arc<Quota>,
    /// Whether every write and deletion makes a version. Only the current ones are kept, since no request of the stack
    /// can name another.
    versioned: bool,
    pub encryption: Encryption,
}

#[derive(Debug, Default)]
pub(super) struct Contents {
    /// In the order of their keys' UTF-8 bytes. A vector, so that a listing finds its place by bisection.
    entries: Vec<(Cow<'static, str>, Entry)>,
    /// Keys whose current version is a delete marker.
    markers: BTreeMap<String, Marker>,
    pub uploads: Uploads,
    versioned: bool,
}

#[derive(Debug)]
enum Entry {
    /// There from the start, with this size.
    Seed(u64),
    Stored(Arc<Stored>),
}

#[derive(Debug)]
struct Marker {
    version_id: String,
    _room: Arc<Room>,
}

impl Store {
    /// One that begins with these keys and sizes, which must be in the order of the keys.
    pub(super) fn new(seeds: Vec<(Cow<'static, str>, u64)>, versioned: bool, quota: Arc<Quota>) -> Self {
        let entries = seeds.into_iter().map(|(key, size)| (key, Entry::Seed(size))).collect();
        let contents = RwLock::new(Contents { entries, versioned, ..Contents::default() });
        Self { contents, quota, versioned, encryption: Encryption::default() }
    }

    /// All as it is now. Nobody writes meanwhile.
    pub(super) fn read(&self) -> RwLockReadGuard<'_, Contents> {
        self.contents.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, Contents> {
        self.contents.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Room for something with this much content. When there is none left, the stack answers as S3 does when it is not
    /// able to handle a request (503, "Error responses"): which real S3 would not for this reason.
    pub(super) fn take_room(&self, content: u64) -> Result<Arc<Room>, Refusal> {
        self.quota.take(content).ok_or_else(no_room)
    }

    /// Refuses what came into a file, if too few descriptors are left now: others that came meanwhile have theirs.
    pub(super) fn check_descriptors(&self, blob: &Blob) -> Result<(), Refusal> {
        if needs_file(blob.len()) && !has_spare_descriptors() { Err(no_room()) } else { Ok(()) }
    }

    /// Stores the object in place of what is there, if `condition` holds. Gives its version.
    pub(super) fn put(&self, key: &str, object: Stored, condition: &WriteCondition) -> Result<Option<String>, Refusal> {
        self.write().put(key, object, condition)
    }

    /// Deletes the object, if `condition` holds: in a bucket with versions a marker takes its place, and its version is
    /// what is given. It is no error that there is none ("DeleteObject", S3 API reference).
    pub(super) fn delete(&self, key: &str, condition: &WriteCondition) -> Result<Option<String>, Refusal> {
        let room = self.versioned.then(|| self.take_room(0)).transpose()?;
        let mut contents = self.write();
        condition.check(key, contents.find(key).as_ref())?;
        let position = contents.entries.binary_search_by(|(other, _)| other.as_ref().cmp(key));
        if let Ok(position) = position {
            contents.entries.remove(position);
        }
        let Some(room) = room else { return Ok(None) };
        let version_id = new_version_id();
        contents.markers.insert(key.to_owned(), Marker { version_id: version_id.clone(), _room: room });
        Ok(Some(version_id))
    }
}

impl Contents {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The key at `position`, which must be below [`len`](Self::len).
    pub(super) fn key(&self, position: usize) -> &str {
        &self.entries[position].0
    }

    pub(super) fn object(&self, position: usize) -> Object {
        let (key, entry) = &self.entries[position];
        let key = key.clone().into_owned();
        match entry {
            Entry::Seed(size) => Object::generated(key, self.versioned, |_| *size),
            Entry::Stored(stored) => Object::stored(key, Arc::clone(stored)),
        }
    }

    pub(super) fn find(&self, key: &str) -> Option<Object> {
        let position = self.entries.binary_search_by(|(other, _)| other.as_ref().cmp(key)).ok()?;
        Some(self.object(position))
    }

    /// The version of the delete marker that is the current version of the key.
    pub(super) fn delete_marker(&self, key: &str) -> Option<&str> {
        self.markers.get(key).map(|marker| marker.version_id.as_str())
    }

    /// As [`Store::put`].
    pub(super) fn put(
        &mut self,
        key: &str,
        mut object: Stored,
        condition: &WriteCondition,
    ) -> Result<Option<String>, Refusal> {
        condition.check(key, self.find(key).as_ref())?;
        object.version_id = self.versioned.then(new_version_id);
        let version_id = object.version_id.clone();
        let entry = Entry::Stored(Arc::new(object));
        match self.entries.binary_search_by(|(other, _)| other.as_ref().cmp(key)) {
            Ok(position) => self.entries[position].1 = entry,
            Err(position) => self.entries.insert(position, (Cow::Owned(key.to_owned()), entry)),
        }
        self.markers.remove(key);
        Ok(version_id)
    }
}

fn no_room() -> Refusal {
    let message = "The local stack keeps no more than it already does, by its own limit or that on open files. Delete \
                   objects, or restart it.";
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", message)
}

fn new_version_id() -> String {
    random_string(VERSION_ALPHABET, 32)
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use axum::body::Bytes;

    use super::super::checksum::{Algorithm, Hasher};
    use super::super::stored::{Attributes, Content, StoredChecksum};
    use super::*;

    fn store(versioned: bool) -> Store {
        Store::new(vec![("b".into(), 1), ("d".into(), 2)], versioned, Quota::new(1 << 20))
    }

    fn draft(store: &Store, content: &'static str) -> Stored {
        Stored {
            blob: Blob::from(Bytes::from_static(content.as_bytes())),
            e_tag: format!("tag of {content}"),
            last_modified: SystemTime::UNIX_EPOCH,
            attributes: Attributes::default(),
            checksum: StoredChecksum::full_object(Hasher::new(Algorithm::Crc32).finish()),
            parts: Vec::new(),
            version_id: None,
            room: vec![store.take_room(content.len() as u64).unwrap()],
        }
    }

    fn put(
        store: &Store,
        key: &str,
        content: &'static str,
        condition: &WriteCondition,
    ) -> Result<Option<String>, Refusal> {
        store.put(key, draft(store, content), condition)
    }

    fn keys(store: &Store) -> Vec<String> {
        let contents = store.read();
        (0..contents.len()).map(|position| contents.key(position).to_owned()).collect()
    }

    #[test]
    fn what_is_written_takes_its_place_among_the_rest_and_what_is_deleted_leaves_it() {
        let store = store(false);
        for key in ["c", "a", "e"] {
            assert_eq!(put(&store, key, "x", &WriteCondition::None).unwrap(), None);
        }
        assert_eq!(keys(&store), ["a", "b", "c", "d", "e"]);
        put(&store, "b", "longer", &WriteCondition::None).unwrap();
        assert_eq!(store.read().find("b").unwrap().size, 6);
        for key in ["d", "a", "missing"] {
            assert_eq!(store.delete(key, &WriteCondition::None).unwrap(), None);
        }
        assert_eq!(keys(&store), ["b", "c", "e"]);
        assert!(store.read().find("d").is_none() && store.read().delete_marker("d").is_none());
    }

    #[test]
    fn conditions_are_held_against_what_is_there() {
        let store = store(false);
        let tag = |tag: &str| WriteCondition::HasETag(tag.to_owned());
        let refused = |outcome: Result<Option<String>, Refusal>| outcome.unwrap_err().code;
        let written = |key, condition| put(&store, key, "x", &condition);
        assert_eq!(refused(written("b", WriteCondition::IsAbsent)), "PreconditionFailed");
        assert_eq!(refused(written("a", tag("any"))), "NoSuchKey");
        written("a", WriteCondition::IsAbsent).unwrap();
        assert_eq!(refused(written("a", tag("other"))), "PreconditionFailed");
        written("a", tag("tag of x")).unwrap();

        assert_eq!(refused(store.delete("a", &tag("other"))), "PreconditionFailed");
        store.delete("a", &tag("tag of x")).unwrap();
        assert_eq!(refused(store.delete("a", &WriteCondition::Exists)), "NoSuchKey");
        store.delete("b", &WriteCondition::Exists).unwrap();
        assert_eq!(keys(&store), ["d"]);
    }

    #[test]
    fn versions_are_given_and_a_marker_stands_for_what_is_deleted() {
        let store = store(true);
        let versions: Vec<_> = (0..2).map(|_| put(&store, "a", "x", &WriteCondition::None).unwrap().unwrap()).collect();
        assert!(versions[0] != versions[1] && versions[0].len() == 32);
        let found = store.read().find("a").unwrap();
        assert_eq!(found.version_id().as_ref(), versions.last());
        // What was there from the start has one too, and keeps it.
        let seeded = || store.read().find("b").unwrap();
        assert!(seeded().version_id().is_some() && seeded().version_id() == seeded().version_id());

        for key in ["a", "missing"] {
            let marker = store.delete(key, &WriteCondition::None).unwrap();
            assert!(marker.is_some() && store.read().find(key).is_none());
            assert_eq!(store.read().delete_marker(key).map(str::to_owned), marker);
        }
        put(&store, "a", "x", &WriteCondition::IsAbsent).unwrap();
        assert!(store.read().find("a").is_some() && store.read().delete_marker("a").is_none());
    }

    #[test]
    fn there_is_room_again_when_something_is_gone() {
        let store = Store::new(Vec::new(), false, Quota::new(25_000));
        put(&store, "a", "x", &WriteCondition::None).unwrap();
        put(&store, "b", "x", &WriteCondition::None).unwrap();
        assert_eq!(store.take_room(0).unwrap_err().code, "ServiceUnavailable");
        let reader = store.read().find("a").unwrap();
        store.delete("a", &WriteCondition::None).unwrap();
        // Somebody still reads it.
        assert!(store.take_room(0).is_err() && matches!(reader.content, Content::Stored(_)));
        drop(reader);
        assert!(store.take_room(0).is_ok());
    }
}
