//! S3's clients, and one page of a listing (ListObjectsV2): the call, and the decoding of keys.

use std::error::Error;
use std::pin::Pin;
use std::sync::OnceLock;
use std::time::SystemTime;

use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextMut;
use aws_sdk_s3::config::{ConfigBag, Intercept, Region, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::operation::list_objects_v2::{ListObjectsV2Error, ListObjectsV2Output};
use aws_sdk_s3::types::{EncodingType, RequestPayer};
use aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use percent_encoding::percent_decode_str;

use super::endpoints::{bare, is_in_path, resolve_bucket};
use crate::cognito::AwsCredentials;
use crate::config::{self, Config};
use crate::diagnosis::{AwsFailure, PassingFaults, UnusableAnswer, senseless, sort_sdk_error};
use crate::error::{Service, SessionError};
use crate::net::document::Document;
use crate::net::whole_answer::WholeAnswer;

/// ListObjectsV2 answers with this (S3 API reference).
const PAGE: WholeAnswer = WholeAnswer(Document::Xml { root: "ListBucketResult" });
/// S3 gives no more than this in one page.
const LARGEST_PAGE: u32 = 1000;

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct ListObjects {
    /// Another bucket than the configuration's: its name, or the ARN of an access point.
    pub bucket: Option<String>,
    /// Keys that begin so; without it, the configuration's `Storage.AWSS3.prefix`, or everything.
    pub prefix: Option<String>,
    /// Groups keys up to this text into [`ObjectPage::common_prefixes`], as folders; usually `/`.
    pub delimiter: Option<String>,
    /// Stop after so many entries.
    pub limit: Option<u64>,
    /// Entries in one page, 1 to 1,000; 1,000 without it.
    pub page_size: Option<u32>,
    /// Whoever asks pays for it: demanded by buckets with Requester Pays.
    pub requester_pays: bool,
    /// Requests at a time, up to 32; more count as 32. Without it, or with 0 or 1, one page after the other.
    ///
    /// Several list a large bucket several times as fast, in the same order, and cost more requests: where keys lie is
    /// guessed, by some 5 to 30 % in the measured cases (`docs/aws.md` has them; eight at a time cost at most a third more, and
    /// four). S3 charges a LIST as a PUT (<https://aws.amazon.com/s3/pricing/>). They take more memory, too: up to six pages for
    /// each request at a time, however large the bucket is. Pages may be of any length then, but never empty.
    ///
    /// One after the other are listed all the same: what `limit` says is one page, S3's directory buckets, for which
    /// "`ListObjectsV2` does not return objects in lexicographical order" and `StartAfter` "is not supported" (S3 API reference),
    /// and servers that are seen to have no order.
    pub parallel: Option<usize>,
}

/// One object of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedObject {
    /// The key, decoded. May hold any character, control characters included: escape it before a terminal sees it.
    pub key: String,
    /// Bytes; 0 where [`size_unknown`](Self::size_unknown).
    pub size: u64,
    /// When it was last written.
    pub last_modified: Option<SystemTime>,
    /// The entity tag with its quotes.
    pub e_tag: Option<String>,
    /// The server did not say how large it is.
    pub size_unknown: bool,
}

impl ListedObject {
    /// Bytes, if the server said how many.
    pub fn known_size(&self) -> Option<u64> {
        (!self.size_unknown).then_some(self.size)
    }
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
    pub(crate) fn len(&self) -> u64 {
        (self.objects.len() + self.common_prefixes.len()) as u64
    }

    /// Drops what is over a limit, the last in order first.
    pub(crate) fn truncate(&mut self, limit: u64) {
        if limit < self.len() {
            let mut entries = std::mem::take(self).into_entries();
            entries.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            *self = Self::from_entries(entries);
        }
    }

    /// Objects and common prefixes together, in S3's order if both are: so a listing's entries follow each other the same
    /// way wherever its pages end.
    pub fn into_entries(self) -> Vec<ListedEntry> {
        let mut entries = Vec::with_capacity(self.objects.len() + self.common_prefixes.len());
        let mut prefixes = self.common_prefixes.into_iter().peekable();
        for object in self.objects {
            while let Some(prefix) = prefixes.next_if(|prefix| *prefix < object.key) {
                entries.push(ListedEntry::Prefix(prefix));
            }
            entries.push(ListedEntry::Object(object));
        }
        entries.extend(prefixes.map(ListedEntry::Prefix));
        entries
    }

    pub(crate) fn from_entries(entries: Vec<ListedEntry>) -> Self {
        let mut page = Self::default();
        for entry in entries {
            match entry {
                ListedEntry::Object(object) => page.objects.push(object),
                ListedEntry::Prefix(prefix) => page.common_prefixes.push(prefix),
            }
        }
        page
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

impl ListedEntry {
    /// What it is listed by: the object's key, or the common prefix.
    pub fn key(&self) -> &str {
        match self {
            Self::Object(object) => &object.key,
            Self::Prefix(prefix) => prefix,
        }
    }
}

/// The S3 clients of a session. One is costly to build, so that a thousand small objects must not build a thousand; they
/// differ in nothing but where the bucket is named.
#[derive(Debug)]
pub(crate) struct Clients {
    config: Config,
    sdk_config: SdkConfig,
    in_path: OnceLock<Client>,
    in_host: OnceLock<Client>,
}

impl Clients {
    /// For the configuration's region and endpoint, on top of any SDK configuration. Each call brings its credentials
    /// ([`for_call`]).
    pub(crate) fn new(config: Config, sdk_config: SdkConfig) -> Self {
        Self { config, sdk_config, in_path: OnceLock::new(), in_host: OnceLock::new() }
    }

    /// The one for this bucket.
    pub(crate) fn for_bucket(&self, bucket: &str) -> Client {
        let is_in_path = is_in_path(&self.config, bucket);
        let place = if is_in_path { &self.in_path } else { &self.in_host };
        place.get_or_init(|| self.build(is_in_path)).clone()
    }

    fn build(&self, is_in_path: bool) -> Client {
        let config = at_bucket(&self.config, &self.sdk_config, is_in_path);
        let of_aws = self.config.s3_endpoint().is_none().then_some(OfAws);
        Client::from_conf(of_aws.into_iter().fold(config, aws_sdk_s3::config::Builder::interceptor).build())
    }
}

/// Takes from AWS itself no answer without the id that S3 gives each of them: "A value created by Amazon S3 that uniquely
/// identifies the request" (S3 API reference, "Common response headers", `x-amz-request-id`). What stands in between, such as a
/// network's sign-in page, has none. Servers like S3 may leave it away.
#[derive(Debug, Clone, Copy)]
struct OfAws;

#[dyn_dispatch_hint]
impl Intercept for OfAws {
    fn name(&self) -> &'static str {
        "OfAws"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        // Refusals are documents, which are looked at as such.
        let has_id = response.headers().contains_key("x-amz-request-id");
        if response.status().is_success() && !has_id { Err(UnusableAnswer::Foreign.into()) } else { Ok(()) }
    }
}

/// What any client of S3 has to be told of this bucket, on top of an SDK configuration.
pub(crate) fn client_config(config: &Config, sdk_config: &SdkConfig, bucket: &str) -> aws_sdk_s3::Config {
    at_bucket(config, sdk_config, is_in_path(config, bucket))
        .retry_classifier(PassingFaults::<ListObjectsV2Error>::new())
        .build()
}

fn at_bucket(config: &Config, sdk_config: &SdkConfig, is_in_path: bool) -> aws_sdk_s3::config::Builder {
    let mut builder = aws_sdk_s3::config::Builder::from(sdk_config)
        .region(Region::new(config.bucket_region().to_owned()))
        .force_path_style(is_in_path);
    builder.set_endpoint_url(config.s3_endpoint().map(bare));
    builder
}

/// Makes a request and begins to send it, on the heap: what it is built of, a chain of large values that each get a place of
/// their own in a build that is not optimised, would lie on the stack until the answer is there. Apps' threads have little of it.
pub(super) fn begin<Sending: Future>(build: impl FnOnce() -> Sending) -> Pin<Box<Sending>> {
    Box::pin(build())
}

/// What a call whose error is `E` is sent with: these credentials, and again if it fails by what passes.
pub(crate) fn for_call<E>(credentials: &AwsCredentials) -> aws_sdk_s3::config::Builder
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    aws_sdk_s3::config::Builder::new()
        .credentials_provider(credentials.to_sdk())
        .retry_classifier(PassingFaults::<E>::new())
}

/// Refuses a bucket that S3 could never have, before anything is sent: in a URL it would be something else.
///
/// # Errors
/// `Misconfigured`, which says what is wrong with it.
pub(crate) fn check_bucket(config: &Config, bucket: &str) -> Result<(), SessionError> {
    let problem = match config::check_bucket(bucket) {
        Ok(()) => resolve_bucket(config, bucket).err(),
        Err(problem) => Some(problem),
    };
    match problem {
        None => Ok(()),
        Some(problem) => Err(SessionError::Misconfigured {
            setting: format!("bucket {bucket:?}"),
            problem,
            hint: "A bucket is asked for by its name, such as my-team-data, or by the ARN of an access point."
                .to_owned(),
        }),
    }
}

/// What one request asks for.
#[derive(Debug, Clone)]
pub(crate) struct PageRequest {
    pub bucket: String,
    pub prefix: String,
    pub delimiter: Option<String>,
    /// Entries at most, 1 to 1,000.
    pub size: u32,
    pub requester_pays: bool,
}

impl PageRequest {
    /// The request of a listing's first page.
    pub(crate) fn new(listing: ListObjects, config: &Config) -> Self {
        Self {
            bucket: listing.bucket.unwrap_or_else(|| config.bucket().to_owned()),
            prefix: listing.prefix.or_else(|| config.listing_prefix().map(str::to_owned)).unwrap_or_default(),
            delimiter: listing.delimiter,
            size: listing.page_size.unwrap_or(LARGEST_PAGE).clamp(1, LARGEST_PAGE),
            requester_pays: listing.requester_pays,
        }
    }
}

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    Beginning,
    /// Behind this key, which need not be there (`StartAfter`).
    After(String),
    /// Where the page before ended (`ContinuationToken`).
    Continued(String),
}

/// One page, and where the next one begins.
#[derive(Debug)]
pub(crate) struct Answer {
    pub page: ObjectPage,
    pub next: Option<String>,
}

/// Asks for one page.
pub(crate) async fn fetch_page(
    client: &Client,
    credentials: &AwsCredentials,
    request: &PageRequest,
    origin: &Origin,
) -> Result<Answer, AwsFailure> {
    let (start_after, continuation) = match origin {
        Origin::Beginning => (None, None),
        Origin::After(key) => (Some(key.as_str()), None),
        Origin::Continued(token) => (None, Some(token.as_str())),
    };
    let config = for_call::<ListObjectsV2Error>(credentials).interceptor(PAGE).retry_classifier(PAGE);
    let output = begin(|| {
        client
            .list_objects_v2()
            .bucket(&request.bucket)
            .prefix(&request.prefix)
            .set_delimiter(request.delimiter.clone())
            .max_keys(i32::try_from(request.size).unwrap_or(i32::MAX))
            .set_start_after(start_after.map(str::to_owned))
            .set_continuation_token(continuation.map(str::to_owned))
            // XML 1.0 cannot carry every character that a key may hold.
            .encoding_type(EncodingType::Url)
            .set_request_payer(request.requester_pays.then_some(RequestPayer::Requester))
            .customize()
            .config_override(config)
            .send()
    })
    .await
    .map_err(|error| sort_sdk_error(Service::S3, "listing", &error))?;
    let next = next_token(&output, continuation)?;
    let page = decode(&output)?;
    check_prefix(&page, &request.prefix)?;
    Ok(Answer { page, next })
}

/// A listing that says "there is more" without saying where, or the same place again, would never end.
fn next_token(output: &ListObjectsV2Output, asked_with: Option<&str>) -> Result<Option<String>, SessionError> {
    let token = output.next_continuation_token().filter(|token| !token.is_empty());
    // A server that names the next page and forgets to say that there is one has one.
    if !output.is_truncated().unwrap_or(token.is_some()) {
        return Ok(None);
    }
    match token {
        Some(token) if Some(token) != asked_with => Ok(Some(token.to_owned())),
        _ => Err(senseless(Service::S3, "there is more, but not where it continues")),
    }
}

/// Whoever deletes what is listed below a folder must not delete what a server lists that knows no prefixes.
fn check_prefix(page: &ObjectPage, prefix: &str) -> Result<(), SessionError> {
    let mut names = page.objects.iter().map(|object| &object.key).chain(&page.common_prefixes);
    match names.all(|name| name.starts_with(prefix)) {
        true => Ok(()),
        false => Err(senseless(Service::S3, "objects that do not begin as those that were asked for")),
    }
}

fn decode(answer: &ListObjectsV2Output) -> Result<ObjectPage, SessionError> {
    let is_encoded = answer.encoding_type() == Some(&EncodingType::Url);
    let text = |value: &str| if is_encoded { decode_key(value) } else { value.to_owned() };
    let mut page = ObjectPage::default();
    for object in answer.contents() {
        let key = object.key().ok_or_else(|| senseless(Service::S3, "an object without a key"))?;
        let size = object.size().and_then(|size| u64::try_from(size).ok());
        page.objects.push(ListedObject {
            key: text(key),
            size: size.unwrap_or(0),
            last_modified: object.last_modified().and_then(|time| SystemTime::try_from(*time).ok()),
            e_tag: object.e_tag().map(str::to_owned),
            size_unknown: size.is_none(),
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
    use std::sync::{Arc, Mutex};

    use aws_sdk_s3::config::BehaviorVersion;
    use aws_smithy_runtime_api::client::http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
    };
    use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
    use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
    use aws_smithy_types::body::SdkBody;
    use serde_json::json;

    use super::*;
    use crate::diagnosis::Evidence;

    /// Remembers where requests went, and answers that there is nothing.
    #[derive(Debug, Clone, Default)]
    struct Recorder {
        addresses: Arc<Mutex<Vec<String>>>,
        has_no_ids: bool,
    }

    impl HttpClient for Recorder {
        fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
            SharedHttpConnector::new(self.clone())
        }
    }

    impl HttpConnector for Recorder {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            let address = request.uri().split('?').next().unwrap_or_default().to_owned();
            self.addresses.lock().unwrap().push(address);
            let nothing = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";
            let mut answer = HttpResponse::new(http::StatusCode::OK.into(), SdkBody::from(nothing));
            if !self.has_no_ids {
                answer.headers_mut().insert("x-amz-request-id", "4442587FB7D0A2F9");
            }
            HttpConnectorFuture::new(std::future::ready(Ok(answer)))
        }
    }

    /// Where a listing of the configuration's bucket goes.
    async fn address(s3: serde_json::Value) -> String {
        let recorder = Recorder::default();
        list(s3, recorder.clone()).await.map_err(|_| "refused").unwrap();
        recorder.addresses.lock().unwrap().join(" ")
    }

    async fn list(s3: serde_json::Value, recorder: Recorder) -> Result<ObjectPage, SessionError> {
        let okta = json!({
            "okta_issuer_url": "https://dev-1.okta.com/oauth2/default",
            "okta_client_id": "0oa1exampleclient5d7",
            "okta_callback_url": "com.okta.dev-1:/callback",
        });
        let pool = "us-west-2:1234abcd-12ab-34cd-56ef-1234567890ab";
        let aws = json!({ "Auth": { "region": "us-west-2", "identityPoolId": pool }, "Storage": { "AWSS3": s3 } });
        let config = Config::parse(&okta.to_string(), &aws.to_string()).unwrap();
        let sdk_config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-west-2"))
            .http_client(recorder)
            .build();
        let request = PageRequest::new(ListObjects::default(), &config);
        check_bucket(&config, &request.bucket).unwrap();
        let evidence = Evidence::of(&config);
        let client = Clients::new(config, sdk_config).for_bucket(&request.bucket);
        let page = fetch_page(&client, &AwsCredentials::for_fuzzing(), &request, &Origin::Beginning).await;
        page.map(|page| page.page).map_err(|failure| failure.into_session_error(&evidence))
    }

    #[tokio::test]
    async fn an_answer_without_an_id_is_not_of_aws() {
        let from = async |s3, has_no_ids| list(s3, Recorder { has_no_ids, ..Recorder::default() }).await;
        let of_aws = json!({ "bucket": "photos", "region": "us-west-2" });
        let other = json!({ "bucket": "photos", "region": "us-west-2", "endpoint": "https://minio.example.com" });
        assert!(from(of_aws.clone(), false).await.is_ok() && from(other, true).await.is_ok());
        assert_eq!(from(of_aws, true).await.unwrap_err().kind(), "obstructed");
    }

    #[tokio::test]
    async fn requests_go_where_the_bucket_is() {
        let bucket = |name: &str| json!({ "region": "eu-west-1", "bucket": name });
        let at = |endpoint: &str| json!({ "region": "eu-west-1", "bucket": "reports", "endpoint": endpoint });
        let arn = "arn:aws:s3:eu-central-1:123456789012:accesspoint/reports";
        for (s3, expected) in [
            (bucket("reports"), "https://reports.s3.eu-west-1.amazonaws.com/"),
            (bucket("My_Legacy_Bucket"), "https://s3.eu-west-1.amazonaws.com/My_Legacy_Bucket"),
            (at("https://minio.example.com"), "https://minio.example.com/reports"),
            (at("http://localhost:9000"), "http://localhost:9000/reports"),
            (bucket(arn), "https://reports-123456789012.s3-accesspoint.eu-central-1.amazonaws.com/"),
        ] {
            let found = address(s3.clone()).await;
            assert_eq!(found.trim_end_matches('/'), expected.trim_end_matches('/'), "{s3}");
        }
    }

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

    fn object(key: &str) -> ListedObject {
        ListedObject { key: key.to_owned(), size: 0, last_modified: None, e_tag: None, size_unknown: false }
    }

    #[test]
    fn entries_of_a_page_stand_in_the_order_of_their_keys() {
        let page = |objects: &[&str], prefixes: &[&str]| ObjectPage {
            objects: objects.iter().map(|key| object(key)).collect(),
            common_prefixes: prefixes.iter().map(|&prefix| prefix.to_owned()).collect(),
        };
        for (page, expected) in [
            (page(&["b", "c", "z"], &["a/", "c/", "d/"]), "a/ b c c/ d/ z"),
            (page(&["b"], &[]), "b"),
            (page(&[], &["a/", "b/"]), "a/ b/"),
            // Whoever has no order keeps what there is of one.
            (page(&["z", "a"], &["y/", "b/"]), "y/ b/ z a"),
            (page(&["d", "a"], &["c/", "b/"]), "c/ b/ d a"),
            (page(&["b"], &["a/", "a0/", "c/"]), "a/ a0/ b c/"),
            (page(&["a", "b", "d"], &["c/"]), "a b c/ d"),
            (page(&["a", "b"], &[]), "a b"),
            (page(&[], &[]), ""),
            // What S3 never says.
            (page(&["a/"], &["a/"]), "a/ a/"),
        ] {
            let entries = page.clone().into_entries();
            assert_eq!(entries.iter().map(ListedEntry::key).collect::<Vec<_>>().join(" "), expected);
            assert_eq!(ObjectPage::from_entries(entries), page);
        }
    }

    #[test]
    fn a_limit_cuts_the_last_in_order() {
        let page = ObjectPage { objects: vec![object("a"), object("d")], common_prefixes: vec!["c/".to_owned()] };
        for (limit, objects, prefixes) in [(0, 0, 0), (1, 1, 0), (2, 1, 1), (3, 2, 1), (9, 2, 1)] {
            let mut cut = page.clone();
            cut.truncate(limit);
            assert_eq!((cut.objects.len(), cut.common_prefixes.len()), (objects, prefixes), "limit {limit}");
        }
    }
}
