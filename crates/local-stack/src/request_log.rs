//! What was asked of the stack, so that a test can say "one /token call" or "four round trips" and the demo can show
//! who talked to whom. A record holds no header, query or body: those carry secrets.

use std::collections::VecDeque;
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
    /// STS.
    Sts,
    /// The HTTP API.
    Api,
}

/// The name of what a request did (`token`, `GetId`, `ListObjectsV2`); a handler leaves it in the response's extensions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operation(pub &'static str);

/// Which part of an upload a request carried; a handler leaves it in the response's extensions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PartNumber(pub u32);

/// One request with its answer.
#[derive(Debug, Clone, Serialize)]
pub struct RequestRecord {
    /// Counts up from 1 in the order of the answers.
    pub number: u64,
    /// Which service answered.
    pub service: Service,
    /// What it did, in the service's own words; `HEAD` probes that only open a connection are `warm_up`.
    pub operation: &'static str,
    /// The HTTP method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The number of the part that UploadPart carried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<u32>,
    /// The bytes that the answer held, where they are a part of an object: its `Content-Range`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<String>,
    /// The status of the answer; 0 if the connection was broken instead, or is left without an answer.
    pub status: u16,
    /// When it arrived, measured from the start of the stack.
    pub started: Duration,
    /// When the answer left the handler, injected latency included.
    pub ended: Duration,
}

/// A stack that runs for days keeps only the newest records.
const MAX_RECORDS: usize = 50_000;

/// Room for S3's longest key with every byte encoded; a longer path or method is cut.
const MAX_TEXT_BYTES: usize = 4096;

/// The requests since the start or the last [`clear`](Self::clear), up to the newest 50,000.
/// A request whose client hung up meanwhile was carried out all the same and is among them.
#[derive(Debug, Default)]
pub struct RequestLog {
    records: Mutex<VecDeque<RequestRecord>>,
}

impl RequestLog {
    pub(crate) fn push(&self, mut record: RequestRecord) {
        for text in [&mut record.method, &mut record.path] {
            text.truncate(text.floor_char_boundary(MAX_TEXT_BYTES));
        }
        let mut records = self.lock();
        record.number = records.back().map_or(1, |last| last.number + 1);
        if records.len() >= MAX_RECORDS {
            records.pop_front();
        }
        records.push_back(record);
    }

    /// A copy of the records, oldest answer first.
    pub fn records(&self) -> Vec<RequestRecord> {
        self.lock().iter().cloned().collect()
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

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<RequestRecord>> {
        self.records.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(operation: &'static str, started: u64, ended: u64) -> RequestRecord {
        RequestRecord {
            number: 0,
            service: Service::Okta,
            operation,
            method: "GET".to_owned(),
            path: "/".to_owned(),
            part: None,
            range: None,
            status: 200,
            started: Duration::from_millis(started),
            ended: Duration::from_millis(ended),
        }
    }

    #[test]
    fn only_requests_that_waited_for_each_other_are_round_trips() {
        let log = RequestLog::default();
        for (operation, started, ended) in
            [("warm_up", 0, 5), ("token", 0, 10), ("userinfo", 11, 30), ("GetId", 10, 20), ("list", 21, 40)]
        {
            log.push(record(operation, started, ended));
        }
        let chain: Vec<_> = log.sequential_round_trips().iter().map(|record| record.operation).collect();
        assert_eq!(chain, ["token", "GetId", "list"]);
    }

    #[test]
    fn a_record_is_bounded() {
        let log = RequestLog::default();
        log.push(RequestRecord { method: "M".repeat(5000), path: "é".repeat(5000), ..record("unknown", 0, 1) });
        let [record] = &log.records()[..] else { panic!("one record was made") };
        assert_eq!((record.method.len(), record.path.len()), (4096, 4096));
        log.push(RequestRecord { path: format!("/{}", "é".repeat(5000)), ..record.clone() });
        assert_eq!(log.records()[1].path.len(), 4095);
    }

    #[test]
    fn the_log_keeps_the_newest_records_and_counts_on() {
        let log = RequestLog::default();
        for _ in 0..=MAX_RECORDS {
            log.push(record("token", 0, 1));
        }
        let records = log.records();
        assert_eq!(records.len(), MAX_RECORDS);
        assert_eq!((records[0].number, records[MAX_RECORDS - 1].number), (2, MAX_RECORDS as u64 + 1));
        log.clear();
        assert_eq!(log.count("token"), 0);
    }
}
