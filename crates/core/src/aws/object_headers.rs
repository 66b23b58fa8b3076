//! What is kept with an object: whether headers can carry it, and the content type of files that come without one.

use super::objects::{Conditions, ObjectHeaders};
use crate::error::SessionError;

/// "Within the PUT request header, the user-defined metadata is limited to 2 KB in size … the number of bytes in the UTF-8
/// encoding of each key and value" (Amazon S3 user guide, "Working with object metadata").
const LARGEST_METADATA: usize = 2048;

/// By what names of files end with (IANA's registry of media types; `text/javascript` by RFC 9239). Few and certain: what is
/// not here is left to S3, which calls it `binary/octet-stream`.
#[rustfmt::skip]
static CONTENT_TYPES: &[(&str, &str)] = &[
    ("aac", "audio/aac"), ("avif", "image/avif"), ("bmp", "image/bmp"), ("css", "text/css"), ("csv", "text/csv"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"), ("flac", "audio/flac"),
    ("gif", "image/gif"), ("gz", "application/gzip"), ("heic", "image/heic"), ("heif", "image/heif"),
    ("htm", "text/html"), ("html", "text/html"), ("ics", "text/calendar"), ("jpeg", "image/jpeg"), ("jpg", "image/jpeg"),
    ("js", "text/javascript"), ("json", "application/json"), ("m4a", "audio/mp4"), ("m4v", "video/mp4"),
    ("md", "text/markdown"), ("mjs", "text/javascript"), ("mov", "video/quicktime"), ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"), ("oga", "audio/ogg"), ("ogg", "audio/ogg"), ("ogv", "video/ogg"), ("otf", "font/otf"),
    ("pdf", "application/pdf"), ("png", "image/png"),
    ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"), ("rtf", "application/rtf"),
    ("svg", "image/svg+xml"), ("tif", "image/tiff"), ("tiff", "image/tiff"), ("ttf", "font/ttf"), ("txt", "text/plain"),
    ("vcf", "text/vcard"), ("wasm", "application/wasm"), ("wav", "audio/wav"), ("webm", "video/webm"),
    ("webp", "image/webp"), ("woff", "font/woff"), ("woff2", "font/woff2"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), ("xml", "application/xml"),
    ("zip", "application/zip"), ("zst", "application/zstd"),
];

/// The content type of what is called so.
pub(crate) fn content_type_of(key: &str) -> Option<&'static str> {
    let name = key.rsplit('/').next()?;
    let (stem, ending) = name.rsplit_once('.')?;
    let found = CONTENT_TYPES.iter().find(|(known, _)| known.eq_ignore_ascii_case(ending))?;
    (!stem.is_empty()).then_some(found.1)
}

/// Refuses what HTTP's headers or S3 cannot carry. S3 would show it as something else: it takes metadata as US-ASCII, and
/// gives back what is not as RFC 2047 has it ("Working with object metadata").
pub(crate) fn check_headers(headers: &ObjectHeaders) -> Result<(), SessionError> {
    let named = [
        ("Content-Type", &headers.content_type),
        ("Cache-Control", &headers.cache_control),
        ("Content-Disposition", &headers.content_disposition),
        ("Content-Encoding", &headers.content_encoding),
        ("Content-Language", &headers.content_language),
    ];
    for (name, value) in named {
        if let Some(value) = value {
            check_value(name, value)?;
        }
    }
    // RFC 9110 §5.6.2; S3 keeps names in lower case.
    let is_name = |name: &str| {
        let is_token = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&b);
        !name.is_empty() && name.bytes().all(is_token)
    };
    for (name, value) in &headers.metadata {
        if !is_name(name) {
            return Err(refuse(
                format!("metadata {name:?}"),
                "its name cannot be part of a header, or is not in lower case, in which S3 keeps it",
                "Name it with lower-case letters, digits and hyphens.",
            ));
        }
        check_value(&format!("metadata {name:?}"), value)?;
    }
    let size: usize = headers.metadata.iter().map(|(name, value)| name.len() + value.len()).sum();
    if size > LARGEST_METADATA {
        return Err(refuse(
            "metadata".to_owned(),
            &format!("it has {size} bytes, names included"),
            "S3 keeps 2 KB of it; put the rest into an object of its own.",
        ));
    }
    Ok(())
}

fn check_value(name: &str, value: &str) -> Result<(), SessionError> {
    let is_visible = value.bytes().all(|b| b == b' ' || b.is_ascii_graphic());
    // HTTP takes white space at both ends away (RFC 9110 §5.5).
    if is_visible && value.trim() == value {
        return Ok(());
    }
    Err(refuse(
        name.to_owned(),
        "its value has characters that a header does not carry as they are: others than ASCII, control characters, or white \
         space at an end",
        "Encode it (percent-encoding, Base64); a file name goes into Content-Disposition as filename*=UTF-8''… (RFC 8187).",
    ))
}

/// Refuses conditions that S3 does not know for writing: `If-Match`, or `If-None-Match: *` (Amazon S3 user guide, "How to
/// prevent object overwrites with conditional writes").
pub(crate) fn check_write_conditions(conditions: &Conditions) -> Result<(), SessionError> {
    let Conditions { if_match, if_none_match, if_modified_since, if_unmodified_since } = conditions;
    let problem = if if_modified_since.is_some() || if_unmodified_since.is_some() {
        "S3 compares no times when it writes"
    } else if if_none_match.as_ref().is_some_and(|tag| tag != "*") {
        "S3 knows if_none_match with `*` only when it writes: only if nothing is there"
    } else if if_match.is_some() && if_none_match.is_some() {
        "if_match wants an object to be there and if_none_match none"
    } else {
        return Ok(());
    };
    Err(refuse("conditions".to_owned(), problem, "Use if_match with an entity tag, or if_none_match with `*`."))
}

/// Refuses conditions that S3 does not know for deleting: `If-Match` alone ("How to perform conditional deletes").
pub(crate) fn check_delete_conditions(conditions: &Conditions) -> Result<(), SessionError> {
    match conditions {
        Conditions { if_none_match: None, if_modified_since: None, if_unmodified_since: None, .. } => Ok(()),
        _ => Err(refuse(
            "conditions".to_owned(),
            "S3 knows no other condition than if_match when it deletes",
            "Use if_match with an entity tag.",
        )),
    }
}

pub(crate) fn refuse(setting: String, problem: &str, hint: &str) -> SessionError {
    SessionError::Misconfigured { setting, problem: problem.to_owned(), hint: hint.to_owned() }
}

/// Sets what is kept with an object on any of the SDK's builders that write one.
macro_rules! set_object_headers {
    ($builder:expr, $headers:expr) => {{
        let headers: &$crate::aws::objects::ObjectHeaders = $headers;
        let metadata: std::collections::HashMap<_, _> =
            headers.metadata.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        $builder
            .set_content_type(headers.content_type.clone())
            .set_cache_control(headers.cache_control.clone())
            .set_content_disposition(headers.content_disposition.clone())
            .set_content_encoding(headers.content_encoding.clone())
            .set_content_language(headers.content_language.clone())
            .set_metadata((!metadata.is_empty()).then_some(metadata))
    }};
}
pub(crate) use set_object_headers;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_types_are_told_by_the_ending_of_the_last_segment() {
        for (key, expected) in [
            ("photos/a.JPG", Some("image/jpeg")),
            ("notes.tar.gz", Some("application/gzip")),
            ("a.b/c", None),
            (".json", None),
            ("a/.json", None),
            ("archive.unknown", None),
            ("x.", None),
            ("", None),
        ] {
            assert_eq!(content_type_of(key), expected, "{key:?}");
        }
        assert!(CONTENT_TYPES.is_sorted_by(|one, other| one.0 < other.0));
    }

    #[test]
    fn what_a_header_cannot_carry_is_refused_by_name() {
        let metadata = |name: &str, value: &str| ObjectHeaders {
            metadata: [(name.to_owned(), value.to_owned())].into(),
            ..ObjectHeaders::default()
        };
        assert_eq!(check_headers(&metadata("origin-2", "a b;c=\"d\"")), Ok(()));
        for (headers, named) in [
            (metadata("Title", "x"), "Title"),
            (metadata("a b", "x"), "a b"),
            (metadata("", "x"), "\"\""),
            (metadata("title", "é"), "title"),
            (metadata("title", "a\r\nx-amz-acl: public-read"), "title"),
            (metadata("title", " x"), "title"),
            (metadata("title", &"x".repeat(2044)), "metadata"),
            (
                ObjectHeaders { content_disposition: Some("ü".to_owned()), ..ObjectHeaders::default() },
                "Content-Disposition",
            ),
        ] {
            let refused = check_headers(&headers).unwrap_err();
            assert!(refused.kind() == "misconfigured" && refused.to_string().contains(named), "{refused}");
        }
        assert_eq!(check_headers(&metadata("title", &"x".repeat(2043))), Ok(()));
    }

    #[test]
    fn conditions_that_s3_does_not_know_are_refused() {
        let now = Some(std::time::SystemTime::UNIX_EPOCH);
        let tag = |tag: &str| Some(tag.to_owned());
        let any = Conditions { if_none_match: tag("*"), ..Conditions::default() };
        let same = Conditions { if_match: tag("\"a\""), ..Conditions::default() };
        let other = Conditions { if_none_match: tag("\"a\""), ..Conditions::default() };
        let both = Conditions { if_match: tag("\"a\""), ..any.clone() };
        let newer = Conditions { if_modified_since: now, ..Conditions::default() };
        let older = Conditions { if_unmodified_since: now, ..Conditions::default() };
        let none = Conditions::default();
        for (conditions, may_write, may_delete) in [
            (none, true, true),
            (same, true, true),
            (any, true, false),
            (other, false, false),
            (both, false, false),
            (newer, false, false),
            (older, false, false),
        ] {
            assert_eq!(check_write_conditions(&conditions).is_ok(), may_write, "{conditions:?}");
            assert_eq!(check_delete_conditions(&conditions).is_ok(), may_delete, "{conditions:?}");
        }
    }
}
