//! What a request is sent to, path style: the service, a bucket, or an object in it.

use std::net::IpAddr;

use super::error::Refusal;
use crate::sigv4::decode_percent;

/// The longest key, in bytes of UTF-8 ("Creating object key names", S3 user guide).
const MAX_KEY: usize = 1024;

/// What an operation is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resource {
    Service,
    Bucket,
    Object,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Address {
    /// Empty for the service itself.
    pub bucket: String,
    /// Empty for the bucket itself.
    pub key: String,
}

impl Address {
    pub(super) fn of_bucket(bucket: &str) -> Self {
        Self { bucket: bucket.to_owned(), key: String::new() }
    }

    pub(super) fn of_object(bucket: &str, key: &str) -> Self {
        Self { bucket: bucket.to_owned(), key: key.to_owned() }
    }

    /// Reads a path as it was sent. Whether the names are good is for [`check`](Self::check) to say.
    pub(super) fn parse(path: &str) -> Self {
        let path = String::from_utf8_lossy(&decode_percent(path)).into_owned();
        let path = path.strip_prefix('/').unwrap_or(&path);
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        Self { bucket: bucket.to_owned(), key: key.to_owned() }
    }

    /// Refuses a path whose bytes are no UTF-8, which every key is. The words are those of the list of error codes.
    pub(super) fn check_encoding(path: &str) -> Result<(), Refusal> {
        match String::from_utf8(decode_percent(path)) {
            Ok(_) => Ok(()),
            Err(_) => Err(Refusal::invalid_uri(path)),
        }
    }

    /// Refuses names that no bucket and no object has.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        if !self.bucket.is_empty() && !is_bucket_name(&self.bucket) {
            return Err(Refusal::invalid_bucket_name(&self.bucket));
        }
        check_key(&self.key)
    }

    pub(super) fn resource(&self) -> Resource {
        match (self.bucket.as_str(), self.key.as_str()) {
            ("", _) => Resource::Service,
            (_, "") => Resource::Bucket,
            _ => Resource::Object,
        }
    }

    /// What policies call it.
    pub(super) fn arn(&self) -> String {
        match self.resource() {
            // ListAllMyBuckets has no resource; policies that allow it name all of S3's, `arn:aws:s3:::*`.
            Resource::Service => "arn:aws:s3:::".to_owned(),
            Resource::Bucket => format!("arn:aws:s3:::{}", self.bucket),
            Resource::Object => format!("arn:aws:s3:::{}/{}", self.bucket, self.key),
        }
    }
}

/// Refuses a key that no object has, wherever it stands in a request. The code for a key that climbs is not documented.
pub(super) fn check_key(key: &str) -> Result<(), Refusal> {
    if key.len() > MAX_KEY {
        return Err(Refusal::key_too_long(key.len(), MAX_KEY));
    }
    if climbs(key) { Err(Refusal::invalid_uri(key)) } else { Ok(()) }
}

/// Keys with relative path elements "are valid if, when parsed left-to-right, the cumulative count of relative path segments
/// never exceeds the number of non-relative path elements encountered" ("Naming Amazon S3 objects", S3 user guide). Whether
/// `.` and nothing between two slashes count is not documented: they count for neither side here.
fn climbs(key: &str) -> bool {
    let mut depth = 0_usize;
    for segment in key.split('/') {
        match segment {
            "" | "." => {}
            ".." => match depth.checked_sub(1) {
                Some(above) => depth = above,
                None => return true,
            },
            _ => depth += 1,
        }
    }
    false
}

/// "Rules for naming general purpose buckets", S3 user guide. Older buckets of us-east-1 may break them.
fn is_bucket_name(name: &str) -> bool {
    let is_letter_or_digit = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_allowed = |byte: u8| is_letter_or_digit(byte) || byte == b'.' || byte == b'-';
    let bytes = name.as_bytes();
    (3..=63).contains(&bytes.len())
        && bytes.iter().all(|byte| is_allowed(*byte))
        && bytes.first().copied().is_some_and(is_letter_or_digit)
        && bytes.last().copied().is_some_and(is_letter_or_digit)
        && !name.contains("..")
        && name.parse::<IpAddr>().is_err()
        && !name.starts_with("xn--")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first three are the user guide's.
    #[test]
    fn a_key_climbs_no_higher_than_it_went_down() {
        for (key, is_valid) in [
            ("videos/2014/../../video1.wmv", true),
            ("videos/../../video1.wmv", false),
            ("videos/../../2014/video1.wmv", false),
            ("awkward/../up.txt", true),
            ("../up.txt", false),
            ("..", false),
            ("a/..", true),
            ("a//../..", false),
            ("a/./../..", false),
            ("a/...", true),
            ("..a/b", true),
        ] {
            assert_eq!(check_key(key).is_ok(), is_valid, "{key}");
        }
    }
}
