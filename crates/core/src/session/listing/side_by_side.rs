//! A listing with several requests under way at a time: sends what the planner says, as tasks of their own, and gives it the
//! answers as they come. Nothing is sent but while somebody waits for a page, so that whoever stops asking stops the listing.

use tokio::task::{JoinError, JoinSet};

use super::asker::{Asker, EmptyPages};
use super::planner::{Disorder, Planner};
use crate::aws::s3::{Answer, ListedEntry};
use crate::diagnosis::senseless;
use crate::error::{Service, SessionError};

type Answered = (u64, Result<Answer, SessionError>);

#[derive(Debug)]
pub(super) struct SideBySide {
    planner: Planner,
    /// Ends what is under way when it is dropped.
    under_way: JoinSet<Answered>,
    empty_pages: EmptyPages,
    /// What the listing ends with, once all that lies before has been given.
    failure: Option<SessionError>,
}

impl SideBySide {
    pub(super) fn new(parallel: usize, prefix: &str) -> Self {
        let (planner, under_way) = (Planner::new(parallel, prefix), JoinSet::new());
        Self { planner, under_way, empty_pages: EmptyPages::default(), failure: None }
    }

    /// The next page that has something in it, for somebody who wants so many pages still. Whoever stops waiting loses nothing.
    ///
    /// # Errors
    /// As of a listing one by one, after the pages that lie before what failed; also for a server whose order cannot be made
    /// out.
    pub(super) async fn next_page(
        &mut self,
        asker: &Asker,
        wanted: usize,
    ) -> Result<Option<Vec<ListedEntry>>, SessionError> {
        loop {
            while let Some(answered) = self.under_way.try_join_next() {
                self.take_in(answered)?;
            }
            let page = self.planner.take();
            while let Some(request) = self.planner.next_request(wanted.saturating_sub(usize::from(page.is_some()))) {
                let asking = asker.ask(request.origin, u32::MAX);
                self.under_way.spawn(async move { (request.id, asking.await) });
            }
            if page.is_some() {
                return Ok(page);
            }
            if self.planner.is_finished() {
                return self.failure.take().map_or(Ok(None), Err);
            }
            let answered = self.under_way.join_next().await;
            self.take_in(answered.ok_or_else(|| SessionError::internal("the listing stands still"))?)?;
        }
    }

    fn take_in(&mut self, answered: Result<Answered, JoinError>) -> Result<(), SessionError> {
        let (id, answer) = answered.map_err(|_| SessionError::internal("the listing was interrupted"))?;
        let failure = match answer {
            Ok(Answer { page, next }) => match self.empty_pages.count(&page, next.is_some()) {
                Ok(()) => self.planner.answer(id, page.into_entries(), next).err().map(|Disorder| disorder()),
                Err(endless) => Some(endless),
            },
            Err(failure) if failure.is_rate_limit() && self.planner.ask_again(id) => None,
            Err(failure) => Some(failure),
        };
        if let Some(failure) = failure
            && self.planner.end_before(id)
        {
            self.failure = Some(failure);
        }
        Ok(())
    }
}

fn disorder() -> SessionError {
    senseless(
        Service::S3,
        "keys in another order than their own, as only a listing with one request at a time can take them",
    )
}
