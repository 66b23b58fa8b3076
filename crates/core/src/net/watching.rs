//! Watches requests for whoever observes them, from before they are sent to the last byte of the answer. With no observer
//! it is one look at an empty option, twice: the request and the answer go by untouched.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use hyper_util::client::legacy::connect::HttpInfo;
use reqwest::header::{CONTENT_LENGTH, RANGE};
use reqwest::{Body, Request, Response};

use super::naming::{KnownHosts, Name};
use super::redaction::{visible_headers, visible_query, visible_url};
use super::refusing::Refusing;
use crate::diagnosis::HttpError;
use crate::mutex::lock;
use crate::observing::{Observation, ObservedAnswer, ObservedConnection, ObservedEnd, ObservedRequest, Observer, Span};

/// Watches all requests of a session. Clones watch together.
#[derive(Clone, Default)]
pub(crate) struct Watcher(Option<Arc<Watching>>);

struct Watching {
    observer: Observer,
    hosts: KnownHosts,
    /// By which connections an answer has come. A port of this machine is soon used again, but hardly for the same server
    /// within one command; what counts is that a reused one is never taken for new.
    connections: Mutex<HashSet<(SocketAddr, SocketAddr)>>,
    /// What was asked for without success.
    unanswered: Mutex<HashMap<u64, Attempts>>,
}

/// How often something was asked for without success, and which request was the last.
#[derive(Debug, Clone, Copy, Default)]
struct Attempts {
    failed: u32,
    last: u64,
}

impl Watcher {
    pub(crate) fn new(observer: Observer, hosts: KnownHosts) -> Self {
        Self(Some(Arc::new(Watching { observer, hosts, connections: Mutex::default(), unanswered: Mutex::default() })))
    }

    /// Begins to watch a request that is about to be sent.
    pub(super) fn watch(&self, request: &Request) -> Watch {
        Watch(self.0.as_ref().and_then(|watching| Watching::watch(watching, request)))
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watcher").field("is_set", &self.0.is_some()).finish()
    }
}

impl Watching {
    fn watch(watching: &Arc<Self>, request: &Request) -> Option<Box<Watched>> {
        let name = Name::of(request, &watching.hosts);
        let what = identify(request, &name.operation);
        let before = lock(&watching.unanswered).get(&what).copied();
        let is_knock = name.is_knock;
        let span = watching.observer.begin(|number, begun_at| {
            Observation::Request(Box::new(ObservedRequest {
                number,
                begun_at,
                lasted: None,
                attempt: attempt_of_sdk(request).max(before.unwrap_or_default().failed + 1),
                repeats: before.map(|before| before.last),
                method: request.method().to_string(),
                url: visible_url(request.url()),
                query: visible_query(request.url(), name.service == "S3"),
                headers: visible_headers(request.headers()),
                body_bytes: size_of_body(request),
                service: name.service,
                operation: name.operation,
                answer: None,
                end: None,
            }))
        })?;
        Some(Box::new(Watched { watching: Arc::clone(watching), span: Some(span), what, is_knock, refusing: None }))
    }

    fn connection_of(&self, response: &Response) -> Option<ObservedConnection> {
        // The connector gives it to every answer (hyper-util 0.1.21 `client/legacy/connect/http.rs`, `Connection for
        // TcpStream`; reqwest 0.13 hands it on through TLS and proxies, and takes its own `remote_addr` from it).
        let info = response.extensions().get::<HttpInfo>()?;
        let (local, remote) = (info.local_addr(), info.remote_addr());
        let is_new = lock(&self.connections).insert((local, remote));
        Some(ObservedConnection { is_new, local, remote })
    }
}

/// What is asked for: the same thing again is another attempt. Where there are secrets in it, they do not come out of it.
fn identify(request: &Request, operation: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (request.method().as_str(), request.url().as_str(), operation).hash(&mut hasher);
    request.headers().get(RANGE).map(|range| range.as_bytes()).hash(&mut hasher);
    hasher.finish()
}

/// The AWS SDK counts its own: `amz-sdk-request: attempt=2; max=3` (aws-runtime 1.10 `request_info.rs`). It repeats also what
/// was answered with success and an error in the body.
fn attempt_of_sdk(request: &Request) -> u32 {
    let header = request.headers().get("amz-sdk-request").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let attempt = header.split(';').find_map(|field| field.trim().strip_prefix("attempt="));
    attempt.and_then(|attempt| attempt.parse().ok()).unwrap_or(1)
}

fn size_of_body(request: &Request) -> Option<u64> {
    let Some(body) = request.body() else { return Some(0) };
    let said = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    body.as_bytes().map(|bytes| bytes.len() as u64).or(said).or_else(|| body.size_hint().exact())
}

/// Whether the answer is none to the question, so that it may be asked again: refused credentials, a busy server, another
/// place. What is not there, or not changed, is an answer.
fn may_be_asked_again(status: u16) -> bool {
    status >= 300 && !matches!(status, 304 | 404 | 410 | 412 | 416)
}

/// A request under way, if anybody observes it.
pub(super) struct Watch(Option<Box<Watched>>);

struct Watched {
    watching: Arc<Watching>,
    /// Until it has ended.
    span: Option<Box<Span>>,
    what: u64,
    is_knock: bool,
    /// The answer, if it may be a refusal.
    refusing: Option<Box<Refusing>>,
}

impl Watch {
    /// There is no answer.
    pub(super) fn failed(self, error: &HttpError) {
        if let Some(mut watched) = self.0 {
            watched.end(ObservedEnd::Failed(error.to_string()));
        }
    }

    /// The head of the answer is there: its body is watched to its end.
    pub(super) fn answered(self, response: Response) -> Response {
        let Some(mut watched) = self.0 else { return response };
        let connection = watched.watching.connection_of(&response);
        if let Some(span) = &mut watched.span {
            let after = span.elapsed();
            let (status, headers) = (response.status().as_u16(), response.headers());
            let (refusing, is_knock) = (&mut watched.refusing, watched.is_knock);
            span.change_request(|request| {
                if !is_knock {
                    *refusing = Refusing::begin(&request.service, &request.method, status, headers);
                }
                request.answer = Some(ObservedAnswer {
                    after,
                    status,
                    error_code: None,
                    version: format!("{:?}", response.version()),
                    connection,
                    headers: visible_headers(headers),
                    body_bytes: 0,
                });
            });
            span.tell();
        }
        let response: ::http::Response<Body> = response.into();
        response.map(|body| Body::wrap(WatchedBody { body, watched })).into()
    }
}

impl Watched {
    fn read(&mut self, bytes: &[u8]) {
        if let Some(span) = &mut self.span {
            span.change_request(|request| {
                if let Some(answer) = &mut request.answer {
                    answer.body_bytes += bytes.len() as u64;
                }
            });
        }
        if let Some(refusing) = &mut self.refusing {
            refusing.read(bytes);
        }
    }

    /// The first end counts.
    fn end(&mut self, end: ObservedEnd) {
        let Some(mut span) = self.span.take() else { return };
        let code = self.refusing.take().and_then(|refusing| refusing.code());
        let (mut is_answered, mut number) = (false, 0);
        span.change_request(|request| {
            if let Some(answer) = &mut request.answer {
                is_answered =
                    self.is_knock || !(may_be_asked_again(answer.status) || answer.status < 300 && code.is_some());
                answer.error_code = code;
            }
            is_answered &= !matches!(end, ObservedEnd::Failed(_));
            number = request.number;
            request.end = Some(end);
        });
        let mut unanswered = lock(&self.watching.unanswered);
        if is_answered {
            unanswered.remove(&self.what);
        } else {
            let attempts = unanswered.entry(self.what).or_default();
            *attempts = Attempts { failed: attempts.failed + 1, last: number };
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.end(ObservedEnd::Abandoned);
    }
}

/// An answer's body. Counts its bytes, and knows how it ended.
struct WatchedBody {
    body: Body,
    watched: Box<Watched>,
}

impl http_body::Body for WatchedBody {
    type Data = Bytes;
    type Error = reqwest::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, reqwest::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(bytes) = frame.data_ref() {
                    self.watched.read(bytes);
                }
            }
            Poll::Ready(Some(Err(_))) => self.watched.end(ObservedEnd::Failed("the answer broke off".to_owned())),
            Poll::Ready(None) => self.watched.end(ObservedEnd::Complete),
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for WatchedBody {
    /// Who knows the length does not ask for an end.
    fn drop(&mut self) {
        if self.body.is_end_stream() || self.body.size_hint().exact() == Some(0) {
            self.watched.end(ObservedEnd::Complete);
        }
    }
}
