//! The records, and who is told of them. What may be in them is decided where they are made (`net/redaction.rs`).

use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

/// Is told of each request of a session, and of what else takes time: set by
/// [`SessionBuilder::observe_requests`](crate::SessionBuilder::observe_requests).
///
/// No record holds a secret: no token, code, key or cookie, of bodies nothing but a service's error code, the values of few
/// headers and of few query parameters.
/// Paths are whole, because nobody could read a trace without them: an object's key and an API's path are the user's data.
pub trait RequestObserver: Send + Sync + fmt::Debug {
    /// Told twice of everything: when it begins, and when it is over. The later record has the same
    /// [`number`](Observation::number) and takes the place of the earlier one; what has none is still under way. Called from
    /// the tasks of the session, so it has to be quick and must not wait for anything.
    fn observe(&self, observation: Observation);
}

/// Something that takes time.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Observation {
    /// A request, on the wire.
    Request(Box<ObservedRequest>),
    /// Something that is made of requests, or of waiting.
    Work(ObservedWork),
}

impl Observation {
    /// Which one it is, of all in this process: in the order in which they began.
    pub fn number(&self) -> u64 {
        match self {
            Self::Request(request) => request.number,
            Self::Work(work) => work.number,
        }
    }

    /// When it began, by the device's clock when the session was opened and the time since: later records never go back.
    pub fn begun_at(&self) -> SystemTime {
        match self {
            Self::Request(request) => request.begun_at,
            Self::Work(work) => work.begun_at,
        }
    }

    /// How long it took; `None` while it is under way.
    pub fn lasted(&self) -> Option<Duration> {
        match self {
            Self::Request(request) => request.lasted,
            Self::Work(work) => work.lasted,
        }
    }
}

/// A request and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ObservedRequest {
    /// See [`Observation::number`].
    pub number: u64,
    /// See [`Observation::begun_at`]. Waiting for a connection, its opening included, belongs to the request.
    pub begun_at: SystemTime,
    /// Until the last byte of the answer was read, or nobody wanted more of it; `None` while it is under way.
    pub lasted: Option<Duration>,
    /// `Okta`, `Cognito`, `S3`, `API`; another service of AWS by the name that requests are signed for; else the host.
    pub service: String,
    /// What is asked: `token (refresh_token)`, `GetId`, `ListObjectsV2`; of an API method and path; `connection` and `time`
    /// where any answer will do.
    pub operation: String,
    /// 1, or how often this process has asked for the same thing, up to now and without success.
    pub attempt: u32,
    /// The [number](Observation::number) of the attempt before this one.
    pub repeats: Option<u64>,
    /// The HTTP method.
    pub method: String,
    /// Scheme, host, port and path: no query.
    pub url: String,
    /// The parameters of the query in their order. Values that are not harmless are `…`.
    pub query: Vec<(String, String)>,
    /// All headers of the request in their order. Values that are not harmless are `…`.
    pub headers: Vec<(String, String)>,
    /// The size of the body, if it is known beforehand.
    pub body_bytes: Option<u64>,
    /// The answer, once its head is there.
    pub answer: Option<ObservedAnswer>,
    /// How it ended; `None` while it is under way.
    pub end: Option<ObservedEnd>,
}

/// The head of an answer, and the size of its body.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ObservedAnswer {
    /// From the beginning of the request to the head of the answer: the time to the first byte.
    pub after: Duration,
    /// The HTTP status.
    pub status: u16,
    /// By which code the service refused (`NotAuthorizedException`, `invalid_grant`), once its answer was read. What it said
    /// beside may name people and is not told.
    pub error_code: Option<String>,
    /// `HTTP/1.1`, `HTTP/2.0` …
    pub version: String,
    /// Which connection it came by, if that is known.
    pub connection: Option<ObservedConnection>,
    /// All headers of the answer in their order. Values that are not harmless are `…`.
    pub headers: Vec<(String, String)>,
    /// How much of the body was read.
    pub body_bytes: u64,
}

/// A connection of TCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ObservedConnection {
    /// Whether this is the first answer that came by it.
    pub is_new: bool,
    /// This machine's side.
    pub local: SocketAddr,
    /// The other side: the server, or a proxy.
    pub remote: SocketAddr,
}

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ObservedEnd {
    /// The whole answer was read, whatever it said.
    Complete,
    /// Nobody waited for the rest: it took too long, it was enough, or the program ends.
    Abandoned,
    /// There was no answer, or it broke off: why, in words.
    Failed(String),
}

/// What is made of requests, or of waiting for somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ObservedWork {
    /// See [`Observation::number`].
    pub number: u64,
    /// See [`Observation::begun_at`].
    pub begun_at: SystemTime,
    /// How long it took; `None` while it is under way. To find a lock free takes time too: waits of a few milliseconds are
    /// none.
    pub lasted: Option<Duration>,
    /// What it is.
    pub kind: WorkKind,
    /// The [kind](crate::SessionError::kind) of error it ended in.
    pub failure: Option<String>,
}

/// What takes time beside single requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WorkKind {
    /// Fresh tokens are asked of Okta with the refresh token.
    TokenRenewal,
    /// AWS credentials are obtained, with fresh tokens if need be.
    CredentialRenewal,
    /// Another task of this process renews, and this one waits for its outcome.
    RenewalWait,
    /// Only one process at a time exchanges a code or renews; the turn is another's.
    TurnWait,
    /// Only one process at a time writes the store; another one does.
    StoreWait,
}

impl fmt::Display for WorkKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TokenRenewal => "renewal of tokens",
            Self::CredentialRenewal => "renewal of AWS credentials",
            Self::RenewalWait => "waiting for a renewal under way",
            Self::TurnWait => "waiting for the turn of another process or task",
            Self::StoreWait => "waiting for the store's lock",
        })
    }
}
