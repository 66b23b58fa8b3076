//! S3 listings (ListObjectsV2): all pages, one at a time, the next one on its way while the app looks at this one.

use std::collections::VecDeque;
use std::time::SystemTime;

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::types::EncodingType;
use futures_core::Stream;
use futures_util::stream;
use percent_encoding::percent_decode_str;
use tokio::task::JoinHandle;

use crate::aws::failure::{AwsFailure, sort_sdk_error};
use crate::cognito::AwsCredentials;
use crate::diagnosis::classify::Evidence;
use crate::error::{Service, SessionError};
use crate::session::Session;

/// S3 gives no more than this in one page.
const LARGEST_PAGE: u32 = 1000;

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct ListObjects {
    /// Another bucket than the configuration's.
    pub bucket: Option<String>,
    /// Keys that begin so; without it, the configuration's `Storage.AWSS3.prefix`, or everything.
    pub prefix: Option<String>,
    /// Groups keys up to this text into [`ObjectPage::common_prefixes`], as folders; usually `/`.
    pub delimiter: Option<String>,
    /// Stop after so many entries.
    pub limit: Option<u64>,
    /// Entries in one page, 1 to 1,000; 1,000 without it.
    pub page_size: Option<u32>,
}

/// One object of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedObject {
    /// The key, decoded. May hold any character, control characters included: escape it before a terminal sees it.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// When it was last written.
    pub last_modified: Option<SystemTime>,
    /// The entity tag with its quotes.
    pub e_tag: Option<String>,
}

/// One page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObjectPage {
    /// In S3's order: by the bytes of the key.
    pub objects: Vec<ListedObject>,
    /// The "folders" that `delimiter` made.
    pub common_prefixes: Vec<String>,
}

impl ObjectPage {
    fn len(&self) -> u64 {
        (self.objects.len() + self.common_prefixes.len()) as u64
    }

    /// Drops what is over a limit, the last first.
    fn truncate(&mut self, limit: u64) {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.objects.truncate(limit);
        self.common_prefixes.truncate(limit - self.objects.len());
    }
}

/// An object, or a "folder".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListedEntry {
    /// An object.
    Object(ListedObject),
    /// A common prefix.
    Prefix(String),
}

type Answer = Result<ListObjectsV2Output, SessionError>;

/// The pages of one listing. Made by [`Session::list_objects`].
#[derive(Debug)]
pub struct ObjectPages {
    session: Session,
    request: Request,
    left: Option<u64>,
    next: Next,
}

#[derive(Debug, Clone)]
struct Request {
    bucket: String,
    prefix: String,
    delimiter: Option<String>,
    page_size: u32,
}

#[derive(Debug)]
enum Next {
    Start,
    Coming { page: JoinHandle<Answer>, token: String },
    Done,
}

impl ObjectPages {
    pub(crate) fn new(session: Session, request: ListObjects) -> Self {
        let config = session.config();
        let request_made = Request {
            bucket: request.bucket.unwrap_or_else(|| config.bucket().to_owned()),
            prefix: request.prefix.or_else(|| config.listing_prefix().map(str::to_owned)).unwrap_or_default(),
            delimiter: request.delimiter,
            page_size: request.page_size.unwrap_or(LARGEST_PAGE).clamp(1, LARGEST_PAGE),
        };
        Self { session, request: request_made, left: request.limit, next: Next::Start }
    }

    /// The next page, or `None` after the last. After an error the listing is over.
    ///
    /// Dropping the future loses no page that has been handed out; the page on its way is asked for again.
    ///
    /// # Errors
    /// Everything that [`Session::aws_credentials`] can say, `AccessDenied`, `NotFound` for the bucket, `Misconfigured`
    /// for a wrong region, `Retryable` for the network.
    pub async fn next_page(&mut self) -> Result<Option<ObjectPage>, SessionError> {
        let (answer, asked_with) = match std::mem::replace(&mut self.next, Next::Done) {
            Next::Done => return Ok(None),
            Next::Start if self.left == Some(0) => return Ok(None),
            Next::Start => (self.fetch(None).await?, None),
            Next::Coming { page, token } => {
                let answer = page.await.map_err(|_| SessionError::internal("the listing was interrupted"))??;
                (answer, Some(token))
            }
        };
        let next_token = self.next_token(&answer, asked_with.as_deref())?;
        let mut page = decode(&answer)?;
        if let Some(left) = &mut self.left {
            page.truncate(*left);
            *left -= page.len();
        }
        if let Some(token) = next_token
            && self.left != Some(0)
        {
            let (session, request, wanted) = (self.session.clone(), self.request.clone(), self.wanted());
            let continuation = token.clone();
            let page = tokio::spawn(async move { fetch(&session, &request, wanted, Some(continuation)).await });
            self.next = Next::Coming { page, token };
        }
        Ok(Some(page))
    }

    /// The same listing entry by entry.
    pub fn into_stream(self) -> impl Stream<Item = Result<ListedEntry, SessionError>> + Send {
        stream::try_unfold((self, VecDeque::new()), |(mut pages, mut ready)| async move {
            loop {
                if let Some(entry) = ready.pop_front() {
                    return Ok(Some((entry, (pages, ready))));
                }
                let Some(page) = pages.next_page().await? else { return Ok(None) };
                ready.extend(page.objects.into_iter().map(ListedEntry::Object));
                ready.extend(page.common_prefixes.into_iter().map(ListedEntry::Prefix));
            }
        })
    }

    fn wanted(&self) -> u32 {
        let left = self.left.and_then(|left| u32::try_from(left).ok()).unwrap_or(u32::MAX);
        self.request.page_size.min(left)
    }

    async fn fetch(&self, token: Option<String>) -> Answer {
        fetch(&self.session, &self.request, self.wanted(), token).await
    }

    /// A listing that says "there is more" without saying where, or the same place again, would never end.
    fn next_token(
        &self,
        answer: &ListObjectsV2Output,
        asked_with: Option<&str>,
    ) -> Result<Option<String>, SessionError> {
        if !answer.is_truncated().unwrap_or(false) {
            return Ok(None);
        }
        match answer.next_continuation_token() {
            Some(token) if Some(token) != asked_with => Ok(Some(token.to_owned())),
            _ => Err(SessionError::internal("S3 says that there is more but not where it continues")),
        }
    }
}

impl Drop for ObjectPages {
    fn drop(&mut self) {
        if let Next::Coming { page, .. } = &self.next {
            page.abort();
        }
    }
}

/// Asks for one page. Credentials that S3 finds expired or unknown are renewed once; a request that it finds signed at a
/// wrong time is signed once more, because its answer corrected the clock.
async fn fetch(session: &Session, request: &Request, wanted: u32, token: Option<String>) -> Answer {
    let evidence = Evidence { bucket: request.bucket.clone(), ..Evidence::of(session.config()) };
    let mut credentials = session.aws_credentials().await?;
    let (mut renewed, mut signed_anew) = (false, false);
    loop {
        let answer = send(&session.s3_client(), &credentials, request, wanted, token.clone()).await;
        match answer {
            Ok(answer) => return Ok(answer),
            Err(AwsFailure::Refused(failure)) if !renewed && are_rejected_credentials(&failure.code) => {
                renewed = true;
                credentials = session.replace_credentials(&credentials).await?;
            }
            Err(AwsFailure::Refused(failure)) if !signed_anew && failure.code == "RequestTimeTooSkewed" => {
                signed_anew = true;
            }
            Err(failure) => return Err(failure.into_session_error(&evidence)),
        }
    }
}

async fn send(
    client: &Client,
    credentials: &AwsCredentials,
    request: &Request,
    wanted: u32,
    token: Option<String>,
) -> Result<ListObjectsV2Output, AwsFailure> {
    client
        .list_objects_v2()
        .bucket(&request.bucket)
        .prefix(&request.prefix)
        .set_delimiter(request.delimiter.clone())
        .max_keys(i32::try_from(wanted).unwrap_or(i32::MAX))
        .set_continuation_token(token)
        // XML 1.0 cannot carry every character that a key may hold.
        .encoding_type(EncodingType::Url)
        .customize()
        .config_override(aws_sdk_s3::config::Builder::new().credentials_provider(credentials.to_sdk()))
        .send()
        .await
        .map_err(|error| sort_sdk_error(Service::S3, &error))
}

/// S3 error responses, list of error codes.
fn are_rejected_credentials(code: &str) -> bool {
    matches!(code, "ExpiredToken" | "InvalidToken" | "TokenRefreshRequired" | "InvalidAccessKeyId")
}

fn decode(answer: &ListObjectsV2Output) -> Result<ObjectPage, SessionError> {
    let is_encoded = answer.encoding_type() == Some(&EncodingType::Url);
    let text = |value: &str| if is_encoded { decode_key(value) } else { value.to_owned() };
    let mut page = ObjectPage::default();
    for object in answer.contents() {
        let key = object.key().ok_or_else(|| SessionError::internal("S3 listed an object without a key"))?;
        page.objects.push(ListedObject {
            key: text(key),
            size: object.size().and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
            last_modified: object.last_modified().and_then(|time| SystemTime::try_from(*time).ok()),
            e_tag: object.e_tag().map(str::to_owned),
        });
    }
    page.common_prefixes.extend(answer.common_prefixes().iter().filter_map(|prefix| prefix.prefix()).map(text));
    Ok(page)
}

/// S3's `encoding-type=url` is form encoding: a space is `+`, a plus is `%2B`.
fn decode_key(encoded: &str) -> String {
    percent_decode_str(&encoded.replace('+', " ")).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_decoded_as_s3_encodes_them() {
        for (encoded, key) in [
            ("a+b", "a b"),
            ("a%2Bb", "a+b"),
            ("a%2520b", "a%20b"),
            ("%E2%82%AC/%0A", "€/\n"),
            ("100%25", "100%"),
            ("plain/key.txt", "plain/key.txt"),
        ] {
            assert_eq!(decode_key(encoded), key);
        }
    }

    #[test]
    fn a_limit_cuts_objects_first_in_order() {
        let object = |key: &str| ListedObject { key: key.to_owned(), size: 0, last_modified: None, e_tag: None };
        let page = ObjectPage { objects: vec![object("a"), object("b")], common_prefixes: vec!["c/".to_owned()] };
        for (limit, objects, prefixes) in [(0, 0, 0), (1, 1, 0), (2, 2, 0), (3, 2, 1), (9, 2, 1)] {
            let mut cut = page.clone();
            cut.truncate(limit);
            assert_eq!((cut.objects.len(), cut.common_prefixes.len()), (objects, prefixes), "limit {limit}");
        }
    }
}
