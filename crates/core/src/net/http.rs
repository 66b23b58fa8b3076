//! Sends requests with this library's rules: https (loopback excepted), no redirects, bounded answers, time limits, and
//! the clock's offset learnt on the way. Errors never hold a URL, a header or a body: those carry secrets.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::header::{AGE, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderMap, HeaderName, RETRY_AFTER};
use serde::de::DeserializeOwned;
use url::Url;

use crate::clock::{CorrectedClock, from_unix, to_unix};
use crate::diagnosis::{Foreign, HttpError, Place, Proxy, Refusal, Way, is_unavailable, okta};
use crate::error::SessionError;
use crate::later::Later;
use crate::loopback::is_loopback;
pub(crate) use crate::net::clients::HostOverrides;
use crate::net::clients::{Clients, PATIENCE, Patience, Recipe};
use crate::net::proxy;
use crate::net::tls::{self, Trust};
use crate::net::watching::Watcher;

/// Largest answer of discovery, key and token endpoints.
const ANSWER_LIMIT: usize = 1024 * 1024;
/// What has arrived by the end of a limit is at hand in no time.
const SECOND_LOOK: Duration = Duration::from_millis(500);
/// However long a service asks us to wait, the app is told no more than this.
const LONGEST_WAIT: Duration = Duration::from_secs(600);

/// How UTF-8 is marked where somebody marks it.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A whole answer of bounded size.
pub(crate) struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// Refuses a page in place of an answer. All of these endpoints speak JSON, errors included, or say nothing: what is
    /// neither labelled nor written so is not the service's, whatever its status.
    /// It came from `url`.
    pub(crate) fn own(self, url: &Url) -> Result<Self, HttpError> {
        let label = content_type(&self.headers).unwrap_or_default();
        let is_labelled =
            label.to_ascii_lowercase().contains("json") && !self.body.trim_ascii_start().starts_with(b"<");
        let is_own =
            self.body.is_empty() || is_labelled || serde_json::from_slice::<serde::de::IgnoredAny>(&self.body).is_ok();
        match is_own {
            true => Ok(self),
            // Okta writes it on whatever it answers.
            false if self.headers.contains_key("x-okta-request-id") => {
                Err(HttpError::Refused { status: self.status, code: None, summary: String::new() })
            }
            false => Err(foreign(self.status, &self.headers, url)),
        }
    }

    /// How long `Cache-Control` lets this be kept; nothing said means `None`.
    pub(crate) fn max_age(&self) -> Option<Duration> {
        let value = self.headers.get(CACHE_CONTROL)?.to_str().ok()?;
        value.split(',').find_map(|directive| {
            let seconds = directive.trim().strip_prefix("max-age=")?;
            Some(Duration::from_secs(seconds.trim_matches('"').parse().ok()?))
        })
    }
}

/// The client. Clones share connections.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    clients: Arc<Clients>,
    clock: CorrectedClock,
    issuer_host: Option<String>,
    /// AWS's domains, whose servers' clocks are believed.
    aws_domains: Later<Vec<String>>,
    watcher: Watcher,
}

impl Http {
    /// `issuer`: the authorization server, whose clock is believed beside AWS's. `extra_roots`: PEM certificates to trust
    /// beside the platform's.
    pub(crate) fn new(
        clock: CorrectedClock,
        issuer: Option<&Url>,
        extra_roots: Option<&[u8]>,
        overrides: HostOverrides,
    ) -> Result<Self, SessionError> {
        Self::with_patience(clock, issuer, extra_roots, overrides, PATIENCE)
    }

    fn with_patience(
        clock: CorrectedClock,
        issuer: Option<&Url>,
        extra_roots: Option<&[u8]>,
        overrides: HostOverrides,
        patience: Patience,
    ) -> Result<Self, SessionError> {
        tls::check_start_up()?;
        tls::install_crypto_provider();
        let recipe = Recipe { trust: Arc::new(Trust::new(extra_roots, clock.clone())?), overrides, patience };
        let issuer_host = issuer.and_then(Url::host_str).map(str::to_owned);
        let (aws_domains, watcher) = (Later::new(Vec::new), Watcher::default());
        Ok(Self { clients: Arc::new(Clients::new(recipe)), clock, issuer_host, aws_domains, watcher })
    }

    /// The same client, which believes the clocks of servers below these domains too.
    pub(crate) fn believing(self, aws_domains: Later<Vec<String>>) -> Self {
        Self { aws_domains, ..self }
    }

    /// The same client, whose requests somebody watches.
    pub(crate) fn watched_by(self, watcher: Watcher) -> Self {
        Self { watcher, ..self }
    }

    /// The same client without a connection: the next request opens one of its own.
    pub(crate) fn without_connections(&self) -> Self {
        Self { clients: Arc::new(self.clients.anew()), ..self.clone() }
    }

    /// The same client with connections of its own, none of which is used again that was silent for longer than `limit`: for what
    /// may be sent once only.
    pub(crate) fn distrusting_silence(&self, limit: Duration) -> Self {
        Self { clients: Arc::new(self.clients.distrusting_silence(limit)), ..self.clone() }
    }

    /// Sends `request` and hands out the answer with its body unread.
    pub(crate) async fn send(&self, request: reqwest::Request) -> Result<reqwest::Response, HttpError> {
        let url = request.url().clone();
        let asked_at = self.clock.device_now();
        let response = self.exchange(request).await?;
        let status = response.status().as_u16();
        if let Some(error) = HttpError::from_status(status, content_type(response.headers()), || self.way_to(&url)) {
            return Err(error);
        }
        if self.is_time_server(&url) {
            self.learn_time(response.headers(), asked_at);
        }
        Ok(response)
    }

    async fn exchange(&self, request: reqwest::Request) -> Result<reqwest::Response, HttpError> {
        ensure_secure(request.url())?;
        // Never the query: it may hold the code or a signature.
        let (method, host, path) =
            (request.method().clone(), request.url().authority().to_owned(), request.url().path().to_owned());
        let url = request.url().clone();
        let is_direct = self.is_direct(&url);
        if !is_direct {
            proxy::check(&url).map_err(HttpError::Obstructed)?;
        }
        let client = self.clients.get(is_direct)?;
        let watch = self.watcher.watch(&request);
        let response = client.execute(request).await.map_err(|error| HttpError::sort(error, &self.way_to(&url)));
        match response {
            Ok(response) => {
                let status = response.status().as_u16();
                tracing::debug!(%method, host, path, status, "answered");
                Ok(watch.answered(response))
            }
            Err(error) => {
                tracing::debug!(%method, host, path, %error, "request failed");
                watch.failed(&error);
                Err(error)
            }
        }
    }

    /// What an explanation of a failure has to know.
    fn way_to<'u>(&self, url: &'u Url) -> Way<'u> {
        Way {
            host: url.host_str().unwrap_or_default(),
            loopback: is_loopback(url).then(|| url.authority()),
            proxy: if self.is_direct(url) { None } else { proxy::of(url) },
            now: self.clock.device_now(),
            clock_is_right: self.clock.is_confirmed(),
        }
    }

    /// Sends `request` and reads the whole answer. 429 and 5xx are errors here: no endpoint says anything else with them.
    /// So are redirects, whatever they say beside: none of these endpoints has one.
    pub(crate) async fn send_bounded(&self, request: reqwest::Request) -> Result<Answer, HttpError> {
        self.within(self.clients.patience().answer, self.receive(request)).await
    }

    /// The same for a request that spends a code or a refresh token.
    pub(crate) async fn send_single_use(&self, request: reqwest::Request) -> Result<Answer, HttpError> {
        self.within(self.clients.patience().single_use, self.receive(request)).await
    }

    /// Sends `request` to an API of the app's and reads up to `limit` bytes of its answer, whatever it says: redirects and 5xx
    /// too. What is left of it is handed out unread. Its clock is not believed, not below AWS's domains either: anybody may run
    /// an API there.
    pub(crate) async fn call_api(
        &self,
        request: reqwest::Request,
        limit: usize,
    ) -> Result<(Answer, Option<Rest>), HttpError> {
        let patience = self.clients.patience().answer;
        let calling = async { read_up_to(self.exchange(request).await?, limit, patience).await };
        self.within(patience, calling).await
    }

    async fn within<T>(
        &self,
        limit: Duration,
        receiving: impl Future<Output = Result<T, HttpError>>,
    ) -> Result<T, HttpError> {
        let mut receiving = std::pin::pin!(receiving);
        // A whole answer, not only each of its parts, has to come in time: somebody holds a lock meanwhile.
        match tokio::time::timeout(limit, &mut receiving).await {
            Ok(answer) => answer,
            // A process that was stopped, or slept with its device, finds its time up and the answer waiting.
            Err(_) => tokio::time::timeout(SECOND_LOOK, receiving).await.unwrap_or(Err(HttpError::Timeout)),
        }
    }

    async fn receive(&self, request: reqwest::Request) -> Result<Answer, HttpError> {
        let url = request.url().clone();
        let response = self.send(request).await?;
        let status = response.status().as_u16();
        if is_unavailable(status) {
            let retry_after = self.requested_wait(response.headers());
            // Its words change nothing. Read to their end they leave a connection that can be used again, and whoever observes
            // is told their code.
            let _ = tokio::time::timeout(SECOND_LOOK, read_whole(response, ANSWER_LIMIT)).await;
            return Err(HttpError::Unavailable { status, retry_after });
        }
        if response.status().is_redirection() {
            return Err(foreign(status, response.headers(), &url));
        }
        if let Some(error) = HttpError::from_encoding(header(response.headers(), &CONTENT_ENCODING)) {
            return Err(error);
        }
        let mut answer = read_whole(response, ANSWER_LIMIT).await?;
        // "MAY ignore the presence of a byte order mark rather than treating it as an error" (RFC 8259 §8.1).
        if answer.body.starts_with(BYTE_ORDER_MARK) {
            answer.body.drain(..BYTE_ORDER_MARK.len());
        }
        Ok(answer)
    }

    /// Fetches a JSON document.
    pub(crate) async fn get_json<T: DeserializeOwned>(&self, url: &Url) -> Result<(T, Answer), HttpError> {
        let answer = self.send_bounded(reqwest::Request::new(reqwest::Method::GET, url.clone())).await?.own(url)?;
        if answer.status != 200 {
            return Err(match okta::read_api_error(&answer.body) {
                Some(Refusal { code, message, .. }) if code.starts_with("E0000") => {
                    HttpError::Refused { status: answer.status, code: Some(code), summary: message }
                }
                _ => HttpError::Unreadable(format!("HTTP status {}", answer.status)),
            });
        }
        let value = serde_json::from_slice(&answer.body).map_err(|error| HttpError::from_json(&error))?;
        Ok((value, answer))
    }

    /// Opens a connection that the next request to the same host will use. What comes back does not matter, but it has
    /// to be read to its end, or the connection could not be used again.
    pub(crate) async fn warm_up(&self, url: Url) {
        let opening = async {
            if let Ok(mut response) = self.send(reqwest::Request::new(reqwest::Method::HEAD, url)).await {
                while let Ok(Some(_)) = response.chunk().await {}
            }
        };
        let _ = tokio::time::timeout(self.clients.patience().answer, opening).await;
    }

    /// Learns the time from any answer, if `url`'s server is one whose clock is believed.
    pub(crate) async fn ask_the_time(&self, url: Url) {
        // Whoever waits for this has another answer, if a worse one.
        let _ = tokio::time::timeout(self.clients.patience().time, self.warm_up(url)).await;
    }

    /// How a request for `url` goes, for a person: through which proxy, and by whose certificates its server is checked.
    pub(crate) fn describe_way(&self, url: &Url) -> String {
        let proxy = if self.is_direct(url) { None } else { proxy::of(url) };
        let way = match &proxy {
            Some(Proxy { address, variable }) => {
                format!("through the proxy {address} (from {})", variable.unwrap_or("this system's settings"))
            }
            None => "without a proxy".to_owned(),
        };
        match url.scheme() {
            "https" => format!("{way}; trusted are {}", self.clients.trust().describe()),
            _ => format!("{way}; plain http, to this machine"),
        }
    }

    #[cfg(test)]
    pub(crate) fn has_made_clients(&self) -> bool {
        self.clients.any_was_made()
    }

    /// Whether a proxy has no part in it: it would resolve the name by itself.
    fn is_direct(&self, url: &Url) -> bool {
        is_loopback(url) || url.host_str().is_some_and(|host| self.clients.overrides().contains_key(host))
    }

    /// Whose `Date` is believed: Okta's and AWS's, over TLS, and this machine's. An S3-compatible server or an API of the
    /// app must not shift every signature by a wrong clock of its own.
    fn is_time_server(&self, url: &Url) -> bool {
        let is_below = |host: &str, domain: &str| host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
        let is_aws = |host: &str| self.aws_domains.iter().any(|domain| is_below(host, domain));
        is_loopback(url) || url.host_str().is_some_and(|host| self.issuer_host.as_deref() == Some(host) || is_aws(host))
    }

    /// A cache in between says so by `Age`, and then `Date` is old.
    fn learn_time(&self, headers: &HeaderMap, asked_at: SystemTime) {
        if headers.contains_key(AGE) {
            return;
        }
        let date = headers
            .get(DATE)
            .and_then(|value| value.to_str().ok())
            .and_then(|text| httpdate::parse_http_date(text).ok());
        if let Some(date) = date {
            self.clock.learn(date, asked_at);
        }
    }

    /// `Retry-After` (RFC 9110 §10.2.3) or Okta's `X-Rate-Limit-Reset`, the second at which requests are allowed again.
    fn requested_wait(&self, headers: &HeaderMap) -> Option<Duration> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let now = self.clock.now();
        let until = |time: SystemTime| time.duration_since(now).unwrap_or_default();
        let wait = match text(RETRY_AFTER.as_str()) {
            Some(value) => match value.parse() {
                Ok(seconds) => Some(Duration::from_secs(seconds)),
                Err(_) => httpdate::parse_http_date(value).ok().map(until),
            },
            None => text("x-rate-limit-reset")
                .and_then(|value| value.parse().ok())
                .map(|second: i64| until(from_unix(second.max(to_unix(now))))),
        };
        wait.map(|wait| wait.min(LONGEST_WAIT))
    }
}

async fn read_whole(response: reqwest::Response, limit: usize) -> Result<Answer, HttpError> {
    match read_up_to(response, limit, PATIENCE.answer).await? {
        (answer, None) => Ok(answer),
        (_, Some(_)) => Err(HttpError::TooLarge { limit }),
    }
}

async fn read_up_to(
    mut response: reqwest::Response,
    limit: usize,
    patience: Duration,
) -> Result<(Answer, Option<Rest>), HttpError> {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(HttpError::from)? {
        if body.len() + chunk.len() > limit {
            let rest = Rest { next: Some(chunk), response, patience };
            return Ok((Answer { status, headers, body }, Some(rest)));
        }
        body.extend_from_slice(&chunk);
    }
    Ok((Answer { status, headers, body }, None))
}

/// What is left of a large answer.
pub(crate) struct Rest {
    /// Read already, and too much for whoever read it.
    next: Option<Bytes>,
    response: reqwest::Response,
    /// How long to wait for more.
    patience: Duration,
}

impl Rest {
    /// The next bytes, or `None` after the last.
    pub(crate) async fn next_chunk(&mut self) -> Result<Option<Bytes>, HttpError> {
        if let Some(next) = self.next.take() {
            return Ok(Some(next));
        }
        match tokio::time::timeout(self.patience, self.response.chunk()).await {
            Ok(chunk) => chunk.map_err(HttpError::from),
            Err(_) => Err(HttpError::Timeout),
        }
    }
}

fn foreign(status: u16, headers: &HeaderMap, url: &Url) -> HttpError {
    HttpError::Foreign(Foreign::answer(status, content_type(headers), Place::of(url)))
}

fn content_type(headers: &HeaderMap) -> Option<&str> {
    header(headers, &CONTENT_TYPE)
}

fn header<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// https, or http to this machine.
pub(crate) fn ensure_secure(url: &Url) -> Result<(), HttpError> {
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(url) => Ok(()),
        _ => Err(HttpError::Insecure),
    }
}

#[cfg(test)]
mod tests;
