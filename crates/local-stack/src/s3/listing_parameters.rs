//! The parameters of ListObjects and ListObjectsV2, read as S3 reads them. Where the API reference is silent (texts of
//! refusals, what comes before what), it is as brekkylab/backlot noted of S3 in September 2026: a number that is none and a
//! parameter of the other version are refused before the bucket is looked for, everything else after.

use url::form_urlencoded;

use super::error::Refusal;
use super::listing::{Listing, Position};
use super::operations::Asked;

/// "By default, the action returns up to 1,000 key names. The response might contain fewer keys but will never contain
/// more" (`MaxKeys`, S3 API reference).
const MAX_KEYS: usize = 1000;
const MAX_KEYS_NAME: &str = "max-keys";

/// Whether this is a listing of objects, and of which version.
fn version(asked: &Asked) -> Option<u8> {
    match asked.operation.name {
        "ListObjects" => Some(1),
        "ListObjectsV2" => Some(2),
        _ => None,
    }
}

/// Refuses what S3 refuses before it looks for the bucket.
pub(super) fn check(asked: &Asked) -> Result<(), Refusal> {
    let others: &[(&str, &str)] = match version(asked) {
        None => return Ok(()),
        Some(1) => &[
            ("continuation-token", "continuation-token only supported in REST.GET.BUCKET with list-type=2"),
            ("start-after", "startAfter only supported in REST.GET.BUCKET with list-type=2"),
        ],
        Some(_) => &[("marker", "Marker unsupported with REST.GET.BUCKET in list-type=2")],
    };
    read_number(asked, MAX_KEYS_NAME)?;
    match others.iter().find(|(name, _)| asked.parameter(name).is_some()) {
        Some((name, message)) => Err(Refusal::invalid_argument_without_value(*message, name)),
        None => Ok(()),
    }
}

/// A 32-bit number in digits, perhaps with a minus; an empty text is none.
pub(super) fn read_number(asked: &Asked, name: &str) -> Result<Option<i32>, Refusal> {
    let Some(text) = asked.parameter(name).filter(|text| !text.is_empty()) else { return Ok(None) };
    let number = if text.starts_with('+') { None } else { text.parse().ok() };
    let message = || format!("Provided {name} not an integer or within integer range");
    number.map(Some).ok_or_else(|| Refusal::invalid_argument(message(), name, text))
}

/// What a listing is told.
pub(super) struct Parameters<'a> {
    asked: &'a Asked,
    pub prefix: &'a str,
    /// None if it is empty.
    pub delimiter: Option<&'a str>,
    /// As sent.
    pub encoding_type: Option<&'a str>,
}

impl<'a> Parameters<'a> {
    /// # Errors
    /// An encoding that S3 does not have.
    pub(super) fn read(asked: &'a Asked) -> Result<Self, Refusal> {
        let encoding_type = asked.parameter("encoding-type");
        if let Some(other) = encoding_type.filter(|name| !name.eq_ignore_ascii_case("url")) {
            let message = "Invalid Encoding Method specified in Request";
            return Err(Refusal::invalid_argument(message, "encoding-type", other));
        }
        Ok(Self {
            asked,
            prefix: asked.parameter("prefix").unwrap_or_default(),
            delimiter: asked.parameter("delimiter").filter(|delimiter| !delimiter.is_empty()),
            encoding_type,
        })
    }

    /// The listing from its beginning.
    pub(super) fn listing(&self, max_keys: usize) -> Listing<'a> {
        Listing { prefix: self.prefix, delimiter: self.delimiter, max_keys, start: Position::Beginning }
    }

    /// How many keys a page holds, and what the answer says of it: the number as it was asked for.
    pub(super) fn max_keys(&self) -> Result<(usize, i32), Refusal> {
        let Some(asked) = read_number(self.asked, MAX_KEYS_NAME)? else { return Ok((MAX_KEYS, 1000)) };
        let page = usize::try_from(asked).map_err(|_| {
            let message = "Argument maxKeys must be an integer between 0 and 2147483647";
            Refusal::invalid_argument(message, "maxKeys", asked)
        })?;
        Ok((page.min(MAX_KEYS), asked))
    }

    /// `encoding-type=url`: S3 encodes like a form, a space as `+`, but keeps slashes.
    pub(super) fn encode(&self, text: &str) -> String {
        if self.encoding_type.is_none() {
            return text.to_owned();
        }
        let parts = text.split('/').map(|part| form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>());
        parts.collect::<Vec<_>>().join("/")
    }
}
