//! Conditions under which a request writes or deletes: they are looked at with the write, under one lock.
//!
//! Sources: "How to prevent object overwrites with conditional writes" and "How to perform conditional deletes", user guide
//! (conditional-writes, conditional-deletes). What they also say of 409 ConditionalRequestConflict, another request that
//! comes between check and write, cannot happen here.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::error::Refusal;
use super::stored::Object;

/// What has to be true of the object that is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum WriteCondition {
    #[default]
    None,
    /// `If-None-Match: *`: there is none.
    IsAbsent,
    /// `If-Match: *`, of deletions alone: there is one.
    Exists,
    /// `If-Match`: it has this ETag, here without quotes.
    HasETag(String),
}

impl WriteCondition {
    /// That of PutObject, CopyObject or CompleteMultipartUpload. `If-None-Match` "expects the '*' character" and `If-Match`
    /// "the ETag value as a string" (S3 API reference); how S3 refuses other values, and both at once, is not
    /// documented: the answers are those that the tests of versitygw and LocalStack, which run against S3 too, expect.
    pub(super) fn of_write(headers: &HeaderMap) -> Result<Self, Refusal> {
        let (matches, none_match) = (value(headers, &header::IF_MATCH), value(headers, &header::IF_NONE_MATCH));
        match (matches, none_match) {
            (None, None) => Ok(Self::None),
            (None, Some("*")) => Ok(Self::IsAbsent),
            (Some(tag), None) if tag != "*" => Ok(Self::HasETag(unquote(tag).to_owned())),
            (Some(_), Some(_)) => Err(not_accepted(
                "If-Match,If-None-Match",
                "Multiple conditional request headers present in the request".to_owned(),
            )),
            (matches, _) => {
                let name = if matches.is_some() { "If-Match" } else { "If-None-Match" };
                Err(not_accepted(name, format!("We don't accept the provided value of {name} header for this API")))
            }
        }
    }

    /// That of DeleteObject: `If-Match`, where '*' stands for any ETag. Two more are "only supported for directory
    /// buckets" (`IfMatchSize`, `IfMatchLastModifiedTime`, S3 API reference).
    pub(super) fn of_deletion(headers: &HeaderMap) -> Result<Self, Refusal> {
        for name in ["x-amz-if-match-size", "x-amz-if-match-last-modified-time"] {
            if headers.contains_key(name) {
                return Err(not_accepted(name, format!("{name} is for directory buckets")));
            }
        }
        Ok(value(headers, &header::IF_MATCH).map_or(Self::None, Self::of_tag))
    }

    /// That of one object in DeleteObjects, which has it in its `ETag` element.
    pub(super) fn of_tag(tag: &str) -> Self {
        if tag == "*" { Self::Exists } else { Self::HasETag(unquote(tag).to_owned()) }
    }

    /// Refuses a write to `key`, where `object` is now. For `If-Match` and no object S3 has 404: of writes the user guide
    /// says so, of deletions only where another one came first. Of a deletion with `If-Match: *`, where
    /// the current version is a delete marker, conditional-deletes has 412 (as rustfs/rustfs's discussion 2602 reads it); but
    /// the other deletion that makes it 404 leaves a marker too, so it is 404 here.
    pub(super) fn check(&self, key: &str, object: Option<&Object>) -> Result<(), Refusal> {
        let condition = match (self, object) {
            (Self::None, _) | (Self::IsAbsent, None) | (Self::Exists, Some(_)) => return Ok(()),
            (Self::HasETag(tag), Some(object)) if *tag == object.e_tag => return Ok(()),
            (Self::IsAbsent, Some(_)) => "If-None-Match",
            (Self::HasETag(_), Some(_)) => "If-Match",
            (Self::HasETag(_) | Self::Exists, None) => {
                return Err(Refusal::no_such_key(key));
            }
        };
        Err(Refusal::precondition_failed(condition))
    }
}

fn not_accepted(header: &str, additional: String) -> Refusal {
    let message = "A header you provided implies functionality that is not implemented";
    Refusal::new(StatusCode::NOT_IMPLEMENTED, "NotImplemented", message)
        .with("Header", header)
        .with("additionalMessage", additional)
}

fn value<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).map(|value| HeaderValue::to_str(value).unwrap_or_default())
}

/// ETags are compared without their quotes, which clients leave away at will.
pub(super) fn unquote(tag: &str) -> &str {
    tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_write_takes_a_tag_to_match_or_an_asterisk_not_to() {
        let tag = || WriteCondition::HasETag("tag".to_owned());
        let none: &[(&str, &str)] = &[];
        for (pairs, expected) in [
            (none, WriteCondition::None),
            (&[("if-none-match", "*")], WriteCondition::IsAbsent),
            (&[("if-match", "\"tag\"")], tag()),
            (&[("if-match", "tag")], tag()),
        ] {
            assert_eq!(WriteCondition::of_write(&headers(pairs)).unwrap(), expected, "{pairs:?}");
        }
        for pairs in
            [&[("if-none-match", "\"tag\"")][..], &[("if-match", "*")], &[("if-match", "tag"), ("if-none-match", "*")]]
        {
            let error = WriteCondition::of_write(&headers(pairs)).unwrap_err();
            assert_eq!(error.code, "NotImplemented", "{pairs:?}");
        }
    }

    #[test]
    fn a_deletion_takes_an_asterisk_for_any_tag() {
        assert_eq!(WriteCondition::of_deletion(&headers(&[("if-match", "*")])).unwrap(), WriteCondition::Exists);
        let of_directories = WriteCondition::of_deletion(&headers(&[("x-amz-if-match-size", "1")]));
        assert_eq!(of_directories.unwrap_err().code, "NotImplemented");
    }
}
