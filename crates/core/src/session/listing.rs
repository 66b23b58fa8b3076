//! A whole listing: every page, one at a time, the next one on its way while the app looks at this one, with credentials
//! that are renewed when they end in the middle.

mod asker;
mod planner;
mod ruler;
mod side_by_side;

use std::collections::VecDeque;
use std::sync::Arc;

use futures_core::Stream;
use futures_util::stream;
use tokio::task::JoinHandle;

use self::asker::{Asker, EmptyPages};
use self::side_by_side::SideBySide;
use super::renewal::CredentialRenewal;
use crate::aws::s3::{self, Answer, ListObjects, ListedEntry, ObjectPage, Origin, PageRequest};
use crate::config::{Config, is_directory_bucket};
use crate::diagnosis::Evidence;
use crate::error::SessionError;

/// The pages of one listing. Made by [`Session::list_objects`](super::Session::list_objects). What is under way ends when this is
/// dropped.
#[derive(Debug)]
pub struct ObjectPages {
    asker: Asker,
    /// Requests at a time.
    parallel: usize,
    left: Option<u64>,
    empty_pages: EmptyPages,
    next: Next,
}

/// Requests at a time: what is held meanwhile has to find room.
const MOST_PARALLEL: usize = 32;

#[derive(Debug)]
enum Next {
    Start,
    /// Nothing is to be sent.
    Refused(SessionError),
    Coming(JoinHandle<Result<Answer, SessionError>>),
    SideBySide(Box<SideBySide>),
    Done,
}

impl ObjectPages {
    pub(super) fn new(
        credentials: Arc<CredentialRenewal>,
        config: &Config,
        clients: &s3::Clients,
        listing: ListObjects,
    ) -> Self {
        let (left, parallel) = (listing.limit, listing.parallel.unwrap_or(1).min(MOST_PARALLEL));
        let request = PageRequest::new(listing, config);
        let evidence =
            Evidence::of(config).for_bucket(&request.bucket).for_listing(&request.prefix, config.listing_prefix());
        let next = match s3::check_bucket(config, &request.bucket) {
            Ok(()) => Next::Start,
            Err(refusal) => Next::Refused(refusal),
        };
        let client = clients.for_bucket(&request.bucket);
        let asker = Asker { client, credentials, evidence, request };
        Self { asker, parallel, left, empty_pages: EmptyPages::default(), next }
    }

    /// The next page, or `None` after the last. After an error the listing is over. A caller that stops waiting loses nothing:
    /// the page comes with the next call.
    ///
    /// # Errors
    /// Everything that [`Session::aws_credentials`](super::Session::aws_credentials) can say, `AccessDenied`, `NoSuchBucket`,
    /// `Misconfigured` for a wrong region or a bucket that S3 could never have, `Retryable` for the network. With several
    /// requests at a time, the pages before what failed come first.
    pub async fn next_page(&mut self) -> Result<Option<ObjectPage>, SessionError> {
        if matches!(self.next, Next::Start) && self.left != Some(0) {
            self.start();
        }
        if let Next::Refused(refusal) = &self.next {
            let refusal = refusal.clone();
            self.next = Next::Done;
            return Err(refusal);
        }
        if let Next::SideBySide(listing) = &mut self.next {
            let pages = self.left.map_or(u64::MAX, |left| left.div_ceil(self.asker.request.size.into()));
            let page = listing.next_page(&self.asker, usize::try_from(pages).unwrap_or(usize::MAX)).await;
            return self.give(page);
        }
        // The request under way stays in place until it has answered: a caller that stops waiting loses nothing.
        let Next::Coming(coming) = &mut self.next else {
            self.next = Next::Done;
            return Ok(None);
        };
        let answered = coming.await.unwrap_or_else(|_| Err(SessionError::internal("the listing was interrupted")));
        self.next = Next::Done;
        let Answer { mut page, next } = answered?;
        self.empty_pages.count(&page, next.is_some())?;
        if let Some(left) = &mut self.left {
            page.truncate(*left);
            *left -= page.len();
        }
        if let Some(token) = next
            && self.left != Some(0)
        {
            self.ask_for(Origin::Continued(token));
        }
        Ok(Some(page))
    }

    /// A page of a listing side by side, up to the limit. It was asked for whole: nobody knew that it would be the last.
    fn give(
        &mut self,
        page: Result<Option<Vec<ListedEntry>>, SessionError>,
    ) -> Result<Option<ObjectPage>, SessionError> {
        let Ok(Some(mut entries)) = page else {
            self.next = Next::Done;
            return page.map(|_| None);
        };
        if let Some(left) = &mut self.left {
            entries.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
            *left -= entries.len() as u64;
        }
        if self.left == Some(0) {
            self.next = Next::Done;
        }
        Ok(Some(ObjectPage::from_entries(entries)))
    }

    /// The same listing entry by entry, objects and common prefixes in S3's order.
    pub fn into_stream(self) -> impl Stream<Item = Result<ListedEntry, SessionError>> + Send {
        stream::try_unfold((self, VecDeque::new()), |(mut pages, mut ready)| async move {
            loop {
                if let Some(entry) = ready.pop_front() {
                    return Ok(Some((entry, (pages, ready))));
                }
                let Some(page) = pages.next_page().await? else { return Ok(None) };
                ready.extend(page.into_entries());
            }
        })
    }

    fn start(&mut self) {
        let PageRequest { bucket, prefix, size, .. } = &self.asker.request;
        let is_one_page = self.left.is_some_and(|left| left <= u64::from(*size));
        if self.parallel < 2 || is_one_page || is_directory_bucket(bucket) {
            self.ask_for(Origin::Beginning);
        } else {
            self.next = Next::SideBySide(Box::new(SideBySide::new(self.parallel, prefix)));
        }
    }

    fn ask_for(&mut self, origin: Origin) {
        let left = self.left.and_then(|left| u32::try_from(left).ok()).unwrap_or(u32::MAX);
        self.next = Next::Coming(tokio::spawn(self.asker.ask(origin, left)));
    }
}

impl Drop for ObjectPages {
    fn drop(&mut self) {
        if let Next::Coming(coming) = &self.next {
            coming.abort();
        }
    }
}
