//! What GetObject and HeadObject have in common ("A HEAD request has the same options as a GET operation on an object. The
//! response is identical to the GET response except that there is no response body", HeadObject, S3 API reference): the
//! conditions, and which bytes are meant.

use std::borrow::Cow;
use std::ops::Range;
use std::time::SystemTime;

use http::{HeaderMap, HeaderName, header};
use s3s::dto::{ETag, ETagCondition, Timestamp, TimestampFormat};

use super::error::Refusal;
use super::objects::Object;
use super::stored::AskedFor;

/// "Part number of the object being read. This is a positive integer between 1 and 10,000" (GetObject, S3 API reference).
const MAX_PARTS: usize = 10_000;

/// `ENABLED` asks for the checksum.
pub(super) const CHECKSUM_MODE: &str = "x-amz-checksum-mode";

/// The bytes to send.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Selection {
    pub range: Range<u64>,
    /// Of a part of the object, which may be all of it; the status is 206 then.
    pub content_range: Option<String>,
    pub asked_for: AskedFor,
}

/// Refuses what cannot be asked of any object, before anybody knows whether this one is there.
pub(super) fn check_request(headers: &HeaderMap, part_number: Option<&str>) -> Result<(), Refusal> {
    let value = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if part_number.is_some() && headers.contains_key(header::RANGE) {
        return Err(Refusal::invalid_request("Cannot specify both Range header and partNumber query parameter"));
    }
    if let Some(text) = part_number {
        parse_part_number(text)?;
    }
    if value(CHECKSUM_MODE).is_some_and(|mode| !mode.eq_ignore_ascii_case("ENABLED")) {
        return Err(Refusal::invalid_request(format!("Value for {CHECKSUM_MODE} header is invalid.")));
    }
    // "you'll get an HTTP 400 Bad Request error" (GetObject and HeadObject, "Encryption"). The words are those that s3cmd
    // was told (s3tools/s3cmd#276).
    let encryption = "x-amz-server-side-encryption";
    if let Some(value) = value(encryption) {
        let message = format!("{encryption} header is not supported for this operation.");
        return Err(Refusal::invalid_argument(message, encryption, value));
    }
    // Nothing here is encrypted with a key of the customer's. The list of error codes has the sentence.
    if value("x-amz-server-side-encryption-customer-algorithm").is_some() {
        return Err(Refusal::invalid_request("The encryption parameters are not applicable to this object."));
    }
    Ok(())
}

fn parse_part_number(text: &str) -> Result<usize, Refusal> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|number| is_number && (1..=MAX_PARTS).contains(number));
    number.ok_or_else(|| {
        let message = format!("Part number must be an integer between 1 and {MAX_PARTS}, inclusive");
        Refusal::invalid_argument(message, "partNumber", text)
    })
}

/// Refuses an object that does not meet the request's conditions (RFC 9110, section 13.2.2): the conditions on the entity
/// tag come first and silence the date of their kind. S3 says so of both pairs (`IfMatch` and `IfNoneMatch`, GetObject).
pub(super) fn check_conditions(headers: &HeaderMap, object: &Object) -> Result<(), Refusal> {
    let matches = |name: &HeaderName| {
        let condition = headers.get(name)?;
        Some(match ETagCondition::parse_http_header(condition.as_bytes()) {
            Ok(ETagCondition::Any) => true,
            // "A recipient MUST use the strong comparison function" for `If-Match`, and the weak one for `If-None-Match`
            // (RFC 9110, sections 13.1.1 and 13.1.2).
            Ok(ETagCondition::ETag(ETag::Weak(_))) if name == header::IF_MATCH => false,
            Ok(ETagCondition::ETag(tag)) => tag.value() == object.e_tag,
            // What is no entity tag is none of this object.
            Err(_) => false,
        })
    };
    // A date that cannot be read is none (RFC 9110, sections 13.1.3 and 13.1.4).
    let modified_after = |name: &HeaderName| {
        let date = Timestamp::parse(TimestampFormat::HttpDate, headers.get(name)?.to_str().ok()?).ok()?;
        Some(Timestamp::from(whole_seconds(object.last_modified)) > date)
    };
    match (matches(&header::IF_MATCH), modified_after(&header::IF_UNMODIFIED_SINCE)) {
        (Some(false), _) => return Err(Refusal::precondition_failed("If-Match")),
        (None, Some(true)) => return Err(Refusal::precondition_failed("If-Unmodified-Since")),
        _ => {}
    }
    match (matches(&header::IF_NONE_MATCH), modified_after(&header::IF_MODIFIED_SINCE)) {
        (Some(true), _) | (None, Some(false)) => {
            Err(Refusal::not_modified(&format!("\"{}\"", object.e_tag), &http_date(object.last_modified)))
        }
        _ => Ok(()),
    }
}

/// The headers, without a range that was meant for another object (RFC 9110, section 13.1.5: "if the validator … does not
/// match, the recipient MUST ignore the Range header field", and only strong comparison counts). S3's reference does not name
/// `If-Range`; S3 honours it (aws/aws-sdk-kotlin, issue 1645).
pub(super) fn without_stale_range<'h>(headers: &'h HeaderMap, object: &Object) -> Cow<'h, HeaderMap> {
    let Some(condition) = headers.get(header::IF_RANGE) else { return Cow::Borrowed(headers) };
    let is_fresh = match ETagCondition::parse_http_header(condition.as_bytes()) {
        Ok(ETagCondition::ETag(tag)) => matches!(&tag, ETag::Strong(value) if *value == object.e_tag),
        // "*" is no entity tag here.
        Ok(ETagCondition::Any) => false,
        Err(_) => condition.to_str().is_ok_and(|date| date == http_date(object.last_modified)),
    };
    if is_fresh {
        return Cow::Borrowed(headers);
    }
    let mut headers = headers.clone();
    headers.remove(header::RANGE);
    Cow::Owned(headers)
}

/// Finds the bytes that are asked for. `parts` are the sizes of the parts that the object was uploaded in; none if it was
/// not uploaded in parts, which makes it its own first one.
pub(super) fn select(
    headers: &HeaderMap,
    part_number: Option<&str>,
    size: u64,
    parts: &[u64],
) -> Result<Selection, Refusal> {
    let (range, asked_for) = match part_number {
        Some(text) => (find_part(parse_part_number(text)?, size, parts)?, AskedFor::Part),
        None => match find_range(headers, size)? {
            Some(range) => (range, AskedFor::Range),
            None => return Ok(Selection { range: 0..size, content_range: None, asked_for: AskedFor::All }),
        },
    };
    // An empty object has no last byte to name; what S3 says of its first part is not known.
    let content_range = (!range.is_empty()).then(|| format!("bytes {}-{}/{size}", range.start, range.end - 1));
    Ok(Selection { range, content_range, asked_for })
}

fn find_part(number: usize, size: u64, parts: &[u64]) -> Result<Range<u64>, Refusal> {
    match (number, parts) {
        (1, []) => Ok(0..size),
        _ if number > parts.len() => Err(Refusal::invalid_part_number(number, parts.len().max(1))),
        _ => {
            let start = parts[..number - 1].iter().sum();
            Ok(start..start + parts[number - 1])
        }
    }
}

/// "Amazon S3 doesn't support retrieving multiple ranges of data per GET request" (GetObject): it answers with the whole
/// object to several and to what is no range (RFC 9110, section 14.1.2).
fn find_range(headers: &HeaderMap, size: u64) -> Result<Option<Range<u64>>, Refusal> {
    let Some(text) = headers.get(header::RANGE).and_then(|range| range.to_str().ok()) else { return Ok(None) };
    let Some((first, last)) = text.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Ok(None);
    };
    let parse = |digits: &str| -> Option<u64> {
        if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
    };
    let selected = match (parse(first), parse(last)) {
        (Some(first), Some(last)) if first <= last => first..size.min(last.saturating_add(1)),
        (Some(first), None) if last.is_empty() => first..size,
        (None, Some(length)) if first.is_empty() => size.saturating_sub(length)..size,
        _ => return Ok(None),
    };
    if selected.is_empty() { Err(Refusal::invalid_range(text, size)) } else { Ok(Some(selected)) }
}

/// As in `Last-Modified`.
fn http_date(time: SystemTime) -> String {
    let mut text = Vec::new();
    let written = Timestamp::from(time).format(TimestampFormat::HttpDate, &mut text);
    written.ok().and_then(|()| String::from_utf8(text).ok()).unwrap_or_default()
}

/// Dates of HTTP have no fractions, and a client that sends back `Last-Modified` must find it unmodified.
fn whole_seconds(time: SystemTime) -> SystemTime {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(since.as_secs())
}
