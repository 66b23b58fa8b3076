//! What was asked of the stack, so that a test can say "one /token call" or "four round trips" and the demo can show
//! who talked to whom. A record holds no header, query or body: those carry secrets.

use std::sync::Mutex;
use std::time::Duration;

use serde::Serialize;

/// Which of the stack's services answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// The Okta-like authorization server.
    Okta,
    /// Cognito identity pools.
    Cognito,
    /// S3.
    S3,
}

/// The name of what a request did (`token`, `GetId`, `ListObjectsV2`); a handler leaves it in the response's extensions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operation(pub &'static str);

/// One request with its answer.
#[derive(Debug, Clone, Serialize)]
pub struct RequestRecord {
    /// Counts up from 1 in the order of arrival.
    pub number: u64,
    /// Which service answered.
    pub service: Service,
    /// What it did, in the service's own words; `HEAD` probes that only open a connection are `warm_up`.
    pub operation: &'static str,
    /// The HTTP method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The status of the answer; 0 if the connection was broken instead.
    pub status: u16,
    /// When it arrived, measured from the start of the stack.
    pub started: Duration,
    /// When the answer left the handler, injected latency included.
    pub ended: Duration,
}

/// All requests since the start or the last [`clear`](Self::clear).
#[derive(Debug, Default)]
pub struct RequestLog {
    records: Mutex<Vec<RequestRecord>>,
}

impl RequestLog {
    pub(crate) fn push(&self, mut record: RequestRecord) {
        let mut records = self.lock();
        record.number = records.len() as u64 + 1;
        records.push(record);
    }

    /// A copy of the records, oldest answer first.
    pub fn records(&self) -> Vec<RequestRecord> {
        self.lock().clone()
    }

    /// How often `operation` was asked for.
    pub fn count(&self, operation: &str) -> usize {
        self.lock().iter().filter(|record| record.operation == operation).count()
    }

    /// Forgets everything so far.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// The longest chain of requests of which each began after the one before had been answered: the number of round
    /// trips that nothing could have made faster but leaving one out. Connection warm-ups do not count.
    pub fn sequential_round_trips(&self) -> Vec<RequestRecord> {
        let mut records: Vec<_> = self.lock().iter().filter(|r| r.operation != "warm_up").cloned().collect();
        records.sort_by_key(|record| record.ended);
        // Choosing the earliest end again and again gives the longest chain of intervals that do not overlap.
        let mut chain: Vec<RequestRecord> = Vec::new();
        for record in records {
            if chain.last().is_none_or(|last| last.ended <= record.started) {
                chain.push(record);
            }
        }
        chain
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<RequestRecord>> {
        self.records.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
