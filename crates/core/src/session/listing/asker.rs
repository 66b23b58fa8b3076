//! Asks for one page of a listing, and sees whether there is an end to pages with nothing in them.

use std::sync::Arc;

use super::super::renewal::CredentialRenewal;
use super::super::signed_call::send_signed;
use crate::aws::s3::{self, Answer, ObjectPage, Origin, PageRequest};
use crate::diagnosis::{Evidence, senseless};
use crate::error::{Service, SessionError};

/// S3 may step over much that is not listed, such as delete markers, and says so with pages that hold less, or nothing. A server
/// that goes on for ever, with another token each time, is no listing: a thousand pages are a million keys stepped over.
const MOST_EMPTY_PAGES: u32 = 1000;

/// Asks for pages of one listing.
#[derive(Debug)]
pub(super) struct Asker {
    pub credentials: Arc<CredentialRenewal>,
    pub evidence: Evidence,
    pub client: aws_sdk_s3::Client,
    pub request: PageRequest,
}

impl Asker {
    /// One page, with so many entries at most.
    pub(super) fn ask(
        &self,
        origin: Origin,
        most: u32,
    ) -> impl Future<Output = Result<Answer, SessionError>> + Send + use<> {
        let request = PageRequest { size: self.request.size.min(most), ..self.request.clone() };
        let (credentials, client, evidence) =
            (Arc::clone(&self.credentials), self.client.clone(), self.evidence.clone());
        async move {
            let ask = |credentials| {
                let (client, request, origin) = (&client, &request, &origin);
                async move { s3::fetch_page(client, &credentials, request, origin).await }
            };
            send_signed(&credentials, &evidence, ask).await
        }
    }
}

/// Pages one after another with nothing in them.
#[derive(Debug, Default)]
pub(super) struct EmptyPages(u32);

impl EmptyPages {
    /// # Errors
    /// If there are too many, and no end.
    pub(super) fn count(&mut self, page: &ObjectPage, has_more: bool) -> Result<(), SessionError> {
        self.0 = if page.len() == 0 { self.0 + 1 } else { 0 };
        if self.0 <= MOST_EMPTY_PAGES || !has_more {
            return Ok(());
        }
        let problem = format!("{MOST_EMPTY_PAGES} pages one after another have nothing in them, and more are to come");
        Err(senseless(Service::S3, &problem))
    }
}
