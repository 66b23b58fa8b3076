//! A whole listing: every page, one at a time, the next one on its way while the app looks at this one, with credentials
//! that are renewed when they end in the middle.

use std::collections::VecDeque;
use std::sync::Arc;

use futures_core::Stream;
use futures_util::stream;
use tokio::task::JoinHandle;

use super::renewal::CredentialRenewal;
use super::signed_call::send_signed;
use crate::aws::s3::{self, Answer, ListObjects, ListedEntry, ObjectPage, PageRequest};
use crate::config::Config;
use crate::diagnosis::{Evidence, senseless};
use crate::error::{Service, SessionError};

/// The pages of one listing. Made by [`Session::list_objects`](super::Session::list_objects).
#[derive(Debug)]
pub struct ObjectPages {
    credentials: Arc<CredentialRenewal>,
    evidence: Evidence,
    client: aws_sdk_s3::Client,
    request: PageRequest,
    left: Option<u64>,
    /// Pages one after another with nothing in them.
    empty_pages: u32,
    next: Next,
}

/// S3 may step over much that is not listed, such as delete markers, and says so with pages that hold less, or nothing. A server
/// that goes on for ever, with another token each time, is no listing: a thousand pages are a million keys stepped over.
const MOST_EMPTY_PAGES: u32 = 1000;

#[derive(Debug)]
enum Next {
    Start,
    /// Nothing is to be sent.
    Refused(SessionError),
    Coming(JoinHandle<Result<Answer, SessionError>>),
    Done,
}

impl ObjectPages {
    pub(super) fn new(
        credentials: Arc<CredentialRenewal>,
        config: &Config,
        clients: &s3::Clients,
        listing: ListObjects,
    ) -> Self {
        let left = listing.limit;
        let request = PageRequest::new(listing, config);
        let evidence =
            Evidence::of(config).for_bucket(&request.bucket).for_listing(&request.prefix, config.listing_prefix());
        let next = match s3::check_bucket(config, &request.bucket) {
            Ok(()) => Next::Start,
            Err(refusal) => Next::Refused(refusal),
        };
        let client = clients.for_bucket(&request.bucket);
        Self { client, credentials, evidence, request, left, empty_pages: 0, next }
    }

    /// The next page, or `None` after the last. After an error the listing is over.
    ///
    /// # Errors
    /// Everything that [`Session::aws_credentials`](super::Session::aws_credentials) can say, `AccessDenied`, `NoSuchBucket`,
    /// `Misconfigured` for a wrong region or a bucket that S3 could never have, `Retryable` for the network.
    pub async fn next_page(&mut self) -> Result<Option<ObjectPage>, SessionError> {
        if matches!(self.next, Next::Start) && self.left != Some(0) {
            self.ask_for(None);
        }
        if let Next::Refused(refusal) = &self.next {
            let refusal = refusal.clone();
            self.next = Next::Done;
            return Err(refusal);
        }
        // The request under way stays in place until it has answered: a caller that stops waiting loses nothing.
        let Next::Coming(coming) = &mut self.next else {
            self.next = Next::Done;
            return Ok(None);
        };
        let answered = coming.await.unwrap_or_else(|_| Err(SessionError::internal("the listing was interrupted")));
        self.next = Next::Done;
        let Answer { mut page, next } = answered?;
        self.empty_pages = if page.len() == 0 { self.empty_pages + 1 } else { 0 };
        if self.empty_pages > MOST_EMPTY_PAGES && next.is_some() {
            let problem =
                format!("{MOST_EMPTY_PAGES} pages one after another have nothing in them, and more are to come");
            return Err(senseless(Service::S3, &problem));
        }
        if let Some(left) = &mut self.left {
            page.truncate(*left);
            *left -= page.len();
        }
        if next.is_some() && self.left != Some(0) {
            self.ask_for(next);
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

    fn ask_for(&mut self, continuation: Option<String>) {
        let left = self.left.and_then(|left| u32::try_from(left).ok()).unwrap_or(u32::MAX);
        let request = PageRequest { size: self.request.size.min(left), ..self.request.clone() };
        let (credentials, client, evidence) =
            (Arc::clone(&self.credentials), self.client.clone(), self.evidence.clone());
        self.next = Next::Coming(tokio::spawn(async move {
            let ask = |credentials| {
                let (client, request, continuation) = (&client, &request, continuation.as_deref());
                async move { s3::fetch_page(client, &credentials, request, continuation).await }
            };
            send_signed(&credentials, &evidence, ask).await
        }));
    }
}

impl Drop for ObjectPages {
    fn drop(&mut self) {
        if let Next::Coming(coming) = &self.next {
            coming.abort();
        }
    }
}
