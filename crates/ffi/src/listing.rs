//! Listing a bucket, page by page.

use std::time::SystemTime;

use tokio::sync::Mutex;

use crate::error::SessionError;

/// What to list.
#[derive(Debug, Clone, uniffi::Record)]
pub struct ListingRequest {
    /// Another bucket than the configuration's.
    #[uniffi(default = None)]
    pub bucket: Option<String>,
    /// Keys that begin so; without it, the configuration's `Storage.AWSS3.prefix`, or everything.
    #[uniffi(default = None)]
    pub prefix: Option<String>,
    /// Groups keys up to this text, as folders; usually `/`.
    #[uniffi(default = None)]
    pub delimiter: Option<String>,
    /// Stop after so many entries.
    #[uniffi(default = None)]
    pub limit: Option<u64>,
    /// Entries in one page, 1 to 1,000; 1,000 without it.
    #[uniffi(default = None)]
    pub page_size: Option<u32>,
    /// Whoever asks pays for it: demanded by buckets with Requester Pays.
    #[uniffi(default = false)]
    pub requester_pays: bool,
}

impl From<ListingRequest> for jetbridge::ListObjects {
    fn from(request: ListingRequest) -> Self {
        let ListingRequest { bucket, prefix, delimiter, limit, page_size, requester_pays } = request;
        Self { bucket, prefix, delimiter, limit, page_size, requester_pays, parallel: None }
    }
}

/// One object of a listing.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ListedObject {
    /// The key, decoded. May hold any character, control characters included.
    pub key: String,
    /// Bytes; 0 where `size_unknown`.
    pub size: u64,
    /// When it was last written.
    pub last_modified: Option<SystemTime>,
    /// The entity tag with its quotes.
    pub e_tag: Option<String>,
    /// The server did not say how large it is.
    #[uniffi(default = false)]
    pub size_unknown: bool,
}

/// One page, in S3's order.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ObjectPage {
    /// The objects.
    pub objects: Vec<ListedObject>,
    /// The "folders" that `delimiter` made.
    pub common_prefixes: Vec<String>,
}

impl From<jetbridge::ObjectPage> for ObjectPage {
    fn from(page: jetbridge::ObjectPage) -> Self {
        let object = |jetbridge::ListedObject { key, size, last_modified, e_tag, size_unknown }| ListedObject {
            key,
            size,
            last_modified,
            e_tag,
            size_unknown,
        };
        Self { objects: page.objects.into_iter().map(object).collect(), common_prefixes: page.common_prefixes }
    }
}

/// The pages of one listing.
#[derive(Debug, uniffi::Object)]
pub struct ObjectPages {
    // Two callers at once take turns, and each gets a page of its own.
    pages: Mutex<jetbridge::ObjectPages>,
}

impl ObjectPages {
    pub(crate) fn new(pages: jetbridge::ObjectPages) -> Self {
        Self { pages: Mutex::new(pages) }
    }
}

#[uniffi::export(async_runtime = "tokio")]
impl ObjectPages {
    /// The next page, or nothing after the last. After an error the listing is over. A caller that stops waiting loses
    /// nothing: the page comes with the next call.
    ///
    /// # Errors
    /// Everything that `aws_credentials` can say, `AccessDenied`, `NotFound` for the bucket, `Misconfigured` for a wrong
    /// region, `Retryable` for the network.
    pub async fn next_page(&self) -> Result<Option<ObjectPage>, SessionError> {
        Ok(self.pages.lock().await.next_page().await?.map(Into::into))
    }
}
