//! ListObjects and ListObjectsV2 without the wire: which keys and common prefixes a page holds, and where the next one begins.
//! A page costs its own length, whatever the bucket's (source: "ListObjectsV2" and "ListObjects", S3 API reference).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;

use super::objects::{Bucket, Object, View};

/// What is asked for. Empty prefix: everything; no delimiter: no common prefixes.
pub(super) struct Listing<'a> {
    pub prefix: &'a str,
    pub delimiter: Option<&'a str>,
    pub max_keys: usize,
    pub start: Position,
}

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Position {
    /// With the first key.
    Beginning,
    /// After this key, which need not exist.
    AfterKey(String),
    /// After all keys that begin with this common prefix.
    AfterPrefix(String),
}

impl Position {
    /// The key or the prefix that it is after.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Beginning => "",
            Self::AfterKey(text) | Self::AfterPrefix(text) => text,
        }
    }
}

impl Listing<'_> {
    /// Where a listing goes on after a marker (`marker`, `StartAfter`). One that lies below a common prefix, or is one, goes on
    /// after all of it: it was on the page before, and "CommonPrefixes is filtered out from results if it is not
    /// lexicographically greater than the StartAfter value" (`Delimiter`, ListObjectsV2, S3 API reference). No key need have the
    /// marker's name, as LocalStack's recordings of S3 show: the page speaks of "any key in the bucket".
    pub(super) fn after_key(&self, marker: &str) -> Position {
        let folded = self.common_prefix(marker).map(|end| Position::AfterPrefix(marker[..end].to_owned()));
        match marker {
            "" => Position::Beginning,
            _ => folded.unwrap_or_else(|| Position::AfterKey(marker.to_owned())),
        }
    }

    /// Where the common prefix of a key ends.
    fn common_prefix(&self, key: &str) -> Option<usize> {
        let (rest, delimiter) = (key.strip_prefix(self.prefix)?, self.delimiter?);
        Some(self.prefix.len() + rest.find(delimiter)? + delimiter.len())
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    pub objects: Vec<Object>,
    pub common_prefixes: Vec<String>,
    /// Where the next page begins; none on the last.
    pub next: Option<Position>,
}

impl Page {
    pub(super) fn key_count(&self) -> usize {
        self.objects.len() + self.common_prefixes.len()
    }
}

pub(super) fn list(bucket: Bucket<'_>, listing: &Listing<'_>) -> Page {
    let mut page = Page::default();
    // S3 gives an empty last page then, not one without an end (as brekkylab/backlot noted in 2026; no page says it).
    if listing.max_keys == 0 {
        return page;
    }
    let bucket = bucket.view();
    let begin = bucket.partition_point(0, |key| key < listing.prefix);
    let mut position = match &listing.start {
        Position::Beginning => begin,
        Position::AfterKey(last) => bucket.partition_point(begin, |key| key <= last.as_str()),
        Position::AfterPrefix(last) => skip_prefix(&bucket, begin, last),
    };
    let mut last = Position::Beginning;
    while position < bucket.len() {
        let key = bucket.key(position);
        if !key.starts_with(listing.prefix) {
            break;
        }
        if page.key_count() == listing.max_keys {
            page.next = Some(last);
            break;
        }
        if let Some(end) = listing.common_prefix(&key) {
            let common = key[..end].to_owned();
            position = skip_prefix(&bucket, position, &common);
            page.common_prefixes.push(common.clone());
            last = Position::AfterPrefix(common);
        } else {
            page.objects.push(bucket.object(position));
            last = Position::AfterKey(key.into_owned());
            position += 1;
        }
    }
    page
}

fn skip_prefix(bucket: &View<'_>, from: usize, prefix: &str) -> usize {
    bucket.partition_point(from, |key| key < prefix || key.starts_with(prefix))
}

/// Makes continuation tokens and reads its own back. They are authenticated, so that a client that makes one up, or
/// uses one with another listing, is told so: a rule of this stack, stricter than any page ("obfuscated and is not a real key").
pub(super) struct TokenSealer(hmac::Key);

const TAG_LENGTH: usize = 32;

impl TokenSealer {
    pub(super) fn new(key: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    pub(super) fn seal(&self, bucket: &str, listing: &Listing<'_>, position: &Position) -> String {
        let (kind, text) = match position {
            Position::Beginning => (b'b', ""),
            Position::AfterKey(key) => (b'k', key.as_str()),
            Position::AfterPrefix(prefix) => (b'p', prefix.as_str()),
        };
        let payload = [&[kind], text.as_bytes()].concat();
        let tag = hmac::sign(&self.0, &bind(bucket, listing, &payload));
        URL_SAFE_NO_PAD.encode([tag.as_ref(), &payload].concat())
    }

    pub(super) fn open(&self, bucket: &str, listing: &Listing<'_>, token: &str) -> Option<Position> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (tag, payload) = bytes.split_at_checked(TAG_LENGTH)?;
        hmac::verify(&self.0, &bind(bucket, listing, payload), tag).ok()?;
        let (kind, text) = payload.split_first()?;
        let text = String::from_utf8(text.to_vec()).ok()?;
        match kind {
            b'b' => Some(Position::Beginning),
            b'k' => Some(Position::AfterKey(text)),
            b'p' => Some(Position::AfterPrefix(text)),
            _ => None,
        }
    }
}

/// What a token is bound to, each part with its length before it, so that no two listings look alike.
fn bind(bucket: &str, listing: &Listing<'_>, payload: &[u8]) -> Vec<u8> {
    let parts =
        [bucket.as_bytes(), listing.prefix.as_bytes(), listing.delimiter.unwrap_or_default().as_bytes(), payload];
    parts.iter().flat_map(|part| [&(part.len() as u64).to_be_bytes(), *part].concat()).collect()
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::super::scale::Scale;
    use super::super::store::Store;
    use super::super::stored::Quota;
    use super::*;

    fn listing<'a>(prefix: &'a str, delimiter: Option<&'a str>, max_keys: usize) -> Listing<'a> {
        Listing { prefix, delimiter, max_keys, start: Position::Beginning }
    }

    fn of_scale(name: &str) -> Bucket<'static> {
        Bucket::Synthetic(Scale::of_bucket(name).unwrap())
    }

    fn seeded(keys: &[&'static str]) -> Store {
        let mut objects: Vec<_> = keys.iter().map(|key| (Cow::Borrowed(*key), 1)).collect();
        objects.sort_unstable();
        Store::new(objects, false, Quota::new(0))
    }

    /// All pages, as `key` or `prefix*`, one list for each page.
    fn pages(bucket: Bucket<'_>, mut listing: Listing<'_>) -> Vec<Vec<String>> {
        let mut pages = Vec::new();
        loop {
            let page = list(bucket, &listing);
            let mut names: Vec<_> = page.objects.iter().map(|object| object.key.clone()).collect();
            names.extend(page.common_prefixes.iter().map(|prefix| format!("{prefix}*")));
            pages.push(names);
            match page.next {
                Some(next) => listing.start = next,
                None => return pages,
            }
        }
    }

    #[test]
    fn pages_join_to_the_whole_at_every_size() {
        let objects = seeded(&["a", "b/1", "b/2", "b/", "c", "d/x/1", "d/x/2", "d/y", "é", "🚀"]);
        let bucket = Bucket::Stored(&objects);
        for (prefix, delimiter) in [("", None), ("", Some("/")), ("b", Some("/")), ("d/", Some("/")), ("b/", None)] {
            let mut whole = pages(bucket, listing(prefix, delimiter, 1000)).concat();
            whole.sort();
            assert!(!whole.is_empty());
            for size in 1..=whole.len() {
                let parts = pages(bucket, listing(prefix, delimiter, size));
                // No empty page at the end, and each but the last is full.
                assert!(parts[..parts.len() - 1].iter().all(|page| page.len() == size), "{prefix} {size}");
                assert!(!parts[parts.len() - 1].is_empty());
                let mut joined = parts.concat();
                joined.sort();
                assert_eq!(joined, whole, "{prefix} {delimiter:?} {size}");
            }
        }
    }

    #[test]
    fn delimiters_fold_keys_into_common_prefixes() {
        let objects = seeded(&["a", "b/1", "b/2", "b/", "c--d", "c--e", "z"]);
        let bucket = Bucket::Stored(&objects);
        let names = |prefix, delimiter| pages(bucket, listing(prefix, Some(delimiter), 1000)).concat();
        assert_eq!(names("", "/"), ["a", "c--d", "c--e", "z", "b/*"]);
        assert_eq!(names("b/", "/"), ["b/", "b/1", "b/2"]);
        assert_eq!(names("b", "/"), ["b/*"]);
        assert_eq!(names("", "--"), ["a", "b/", "b/1", "b/2", "z", "c--*"]);
        assert_eq!(names("nothing", "/"), Vec::<String>::new());
    }

    #[test]
    fn start_after_need_not_exist() {
        let objects = seeded(&["a", "b", "c"]);
        let bucket = Bucket::Stored(&objects);
        let keys = |after: &str| {
            let start = Position::AfterKey(after.to_owned());
            pages(bucket, Listing { start, ..listing("", None, 1000) }).concat()
        };
        assert_eq!(keys("a"), ["b", "c"]);
        assert_eq!(keys("aa"), ["b", "c"]);
        assert_eq!(keys("c"), Vec::<String>::new());
    }

    #[test]
    fn a_prefix_that_start_after_lies_in_is_not_shown_again() {
        let objects = seeded(&["f/1", "f/3", "g", "g/1", "h"]);
        let names = |after: &str| {
            let listing = listing("", Some("/"), 1000);
            let start = listing.after_key(after);
            pages(Bucket::Stored(&objects), Listing { start, ..listing }).concat()
        };
        assert_eq!(names("f/2"), ["g", "h", "g/*"]);
        assert_eq!(names("f/"), ["g", "h", "g/*"]);
        assert_eq!(names("f"), ["g", "h", "f/*", "g/*"]);
        assert_eq!(names("g"), ["h", "g/*"]);
    }

    #[test]
    fn no_keys_asked_for_is_an_empty_last_page() {
        assert_eq!(list(of_scale("scale-5"), &listing("", None, 0)), Page::default());
    }

    #[test]
    fn a_billion_objects_list_by_prefix_and_by_folder() {
        let bucket = of_scale("scale-1000000000");
        let page = list(bucket, &listing("batch-999999/", None, 1000));
        assert_eq!((page.objects.len(), page.next), (1000, None));
        let page = list(bucket, &listing("", Some("/"), 3));
        assert_eq!(page.common_prefixes, ["batch-000000/", "batch-000001/", "batch-000002/"]);
        assert_eq!(page.next, Some(Position::AfterPrefix("batch-000002/".to_owned())));
    }

    #[test]
    fn a_token_is_good_for_its_own_listing_only() {
        let sealer = TokenSealer::new(b"key");
        let asked = listing("p/", Some("/"), 10);
        for position in [Position::AfterKey("p/ü\n".to_owned()), Position::AfterPrefix("p/q/".to_owned())] {
            let token = sealer.seal("bucket", &asked, &position);
            assert_eq!(sealer.open("bucket", &asked, &token), Some(position));
            assert_eq!(sealer.open("other", &asked, &token), None);
            assert_eq!(sealer.open("bucket", &listing("p", Some("/"), 10), &token), None);
            assert_eq!(sealer.open("bucket", &listing("p/", None, 10), &token), None);
            assert_eq!(TokenSealer::new(b"another").open("bucket", &asked, &token), None);
            assert_eq!(sealer.open("bucket", &asked, &format!("A{}", &token[1..])), None);
        }
        for token in ["", "AAAA", "not base64!"] {
            assert_eq!(sealer.open("bucket", &asked, token), None);
        }
    }
}
