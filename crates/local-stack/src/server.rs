//! Serves HTTP/1.1 on a loopback listener, and does for every request what no service should have to think about: the
//! Host check, latency, the request log, the stack's own `Date`, and breaking or holding a connection on demand.

use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use http::header::{CONTENT_RANGE, DATE, EXPECT, HOST, HeaderName};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Limited, StreamBody};
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use time::OffsetDateTime;
use time::macros::format_description;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::faults::{Fault, Hold};
use crate::identification;
use crate::request_log::{Operation, PartNumber, RequestRecord, Service};
use crate::shared::Shared;

/// More at once is no honest use of a local stack; further ones wait in the listener's queue.
const MAX_CONNECTIONS: usize = 512;
/// Room for an ID token in a query and in a cookie.
const MAX_HEADER_BYTES: usize = 128 * 1024;
/// Also how long an idle connection is kept: longer than clients keep theirs, so that they close first.
const HEADER_TIMEOUT: Duration = Duration::from_secs(120);
const TLS_HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// What is read of a body that nobody wants: more than a client's buffers hold, and less than an upload may have.
const MAX_DRAINED_BYTES: usize = 64 * 1024 * 1024;
const DRAIN_TIMEOUT: Duration = Duration::from_secs(30);

/// A handler that leaves this in the response's extensions has done its work; the client gets a closed connection
/// instead of the answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BreakConnection;

/// Ends hyper's work on a connection; see [`BreakConnection`].
#[derive(Debug, thiserror::Error)]
#[error("connection broken on purpose")]
struct ConnectionBroken;

/// One service behind one port.
pub(crate) struct Site {
    pub service: Service,
    pub port: u16,
    /// Another name under which it is reached, without a port.
    pub host: Option<String>,
    pub router: Router,
    /// Request bodies end here, and are there as a whole before the service is asked. None for a service that reads them
    /// as they come, with limits of its own.
    pub max_body_bytes: Option<usize>,
    pub shared: Arc<Shared>,
}

/// Accepts connections until the task is dropped, and every open connection with it.
pub(crate) async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, site: Site) {
    let site = Arc::new(site);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS => match accepted {
                Ok((stream, _)) => { connections.spawn(serve_connection(stream, tls.clone(), Arc::clone(&site))); }
                Err(error) => {
                    tracing::warn!(%error, "failed to accept a connection");
                    // The usual reason is that file descriptors ran out: trying again at once would only spin.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve_connection(stream: TcpStream, tls: Option<TlsAcceptor>, site: Arc<Site>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "failed to set TCP_NODELAY");
    }
    match tls {
        None => serve_http(stream, site).await,
        Some(acceptor) => match tokio::time::timeout(TLS_HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => serve_http(stream, site).await,
            Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
            Err(_) => tracing::debug!("TLS handshake took too long"),
        },
    }
}

async fn serve_http(stream: impl AsyncRead + AsyncWrite + Unpin, site: Arc<Site>) {
    let service = service_fn(move |request| {
        let site = Arc::clone(&site);
        // A task of its own, because a service carries out what it received, whether the client waits for the answer or
        // not: a code is spent then. hyper would drop the work together with the connection.
        let answer = tokio::spawn(async move { site.answer(request).await });
        async move {
            let answer = answer.await.unwrap_or(Err(ConnectionBroken))?;
            // Out here, so that it ends with the connection.
            match answer.extensions().get::<Hold>() {
                Some(Hold::For(time)) => tokio::time::sleep(*time).await,
                Some(Hold::Ever) => std::future::pending().await,
                None => {}
            }
            Ok::<_, ConnectionBroken>(answer)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_header_size(MAX_HEADER_BYTES)
        .auto_date_header(false)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        tracing::debug!(%error, "connection ended early");
    }
}

fn header_text(response: &Response, name: HeaderName) -> Option<String> {
    response.headers().get(name)?.to_str().ok().map(str::to_owned)
}

impl Site {
    async fn answer(&self, request: Request<Incoming>) -> Result<Response, ConnectionBroken> {
        let started = self.shared.clock.monotonic();
        let method = request.method().clone();
        let path = request.uri().path().to_owned();
        let is_own = self.shared.is_own_request(request.headers());
        if !is_own && self.shared.faults.take(Fault::NetworkDown) {
            return Err(ConnectionBroken);
        }
        if !is_own && self.shared.faults.take(self.silence()) {
            let mut never_sent = Response::default();
            never_sent.extensions_mut().insert(Hold::Ever);
            return Ok(never_sent);
        }
        let mut response = match check_host(&request, self.port, self.host.as_deref()) {
            Ok(()) => {
                let _under_way = self.shared.begin(self.service);
                let request = self.read_body(request).await;
                let latency = self.shared.latency();
                if !latency.is_zero() && !is_own {
                    tokio::time::sleep(latency).await;
                }
                self.call_router(request).await
            }
            Err((status, problem)) => (status, problem).into_response(),
        };
        let broken = response.extensions().get::<BreakConnection>().is_some();
        let unanswered = broken || matches!(response.extensions().get(), Some(Hold::Ever));
        if !is_own {
            self.shared.log.push(RequestRecord {
                number: 0,
                service: self.service,
                operation: self.name_operation(&method, &path, &response),
                method: method.as_str().to_owned(),
                path,
                part: response.extensions().get().map(|PartNumber(number)| *number),
                range: header_text(&response, CONTENT_RANGE),
                status: if unanswered { 0 } else { response.status().as_u16() },
                started,
                ended: self.shared.clock.monotonic(),
            });
        }
        if broken {
            return Err(ConnectionBroken);
        }
        if let Some(date) = format_http_date(self.shared.clock.now()) {
            response.headers_mut().insert(DATE, date);
        }
        Ok(response)
    }

    fn silence(&self) -> Fault {
        match self.service {
            Service::Okta => Fault::OktaSilent,
            Service::Cognito => Fault::CognitoSilent,
            Service::S3 => Fault::S3Silent,
            Service::Sts => Fault::StsSilent,
            Service::Api => Fault::ApiSilent,
        }
    }

    /// Takes the whole body in before anything else, since the client may be gone after the pause and a code has to be
    /// spent all the same. What went wrong with it is the service's to answer, in its own words. An upload is no such
    /// thing: S3 keeps nothing of it unless it came to its end.
    async fn read_body(&self, request: Request<Incoming>) -> Request<Body> {
        let (parts, body) = request.into_parts();
        let body = match self.max_body_bytes {
            None => Body::new(StreamedBody::new(body, &parts.headers)),
            Some(limit) => match Limited::new(body, limit).collect().await {
                Ok(whole) => Body::from(whole.to_bytes()),
                Err(error) => Body::new(StreamBody::new(stream::once(ready(Err::<Frame<Bytes>, _>(error))))),
            },
        };
        Request::from_parts(parts, body)
    }

    async fn call_router(&self, request: Request<Body>) -> Response {
        if request.method() == Method::GET && request.uri().path() == identification::PATH {
            return identification::answer(&self.shared);
        }
        match TowerToHyperService::new(self.router.clone()).call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    fn name_operation(&self, method: &Method, path: &str, response: &Response) -> &'static str {
        if method == Method::HEAD && path == "/" && !matches!(self.service, Service::Okta | Service::Api) {
            return "warm_up";
        }
        response.extensions().get::<Operation>().map_or("unknown", |operation| operation.0)
    }
}

/// A body that is read as it comes. What the service leaves of it is read and thrown away while the answer is on its
/// way: a connection that is closed with bytes unread is reset, and a client that is still sending would not see why.
struct StreamedBody {
    incoming: Option<Incoming>,
    /// Whether the client sends it, or waits to be asked for it (`Expect: 100-continue`, RFC 9110 section 10.1.1): hyper
    /// asks when the body is read for the first time.
    is_coming: bool,
}

impl StreamedBody {
    fn new(incoming: Incoming, headers: &HeaderMap) -> Self {
        Self { incoming: Some(incoming), is_coming: !headers.contains_key(EXPECT) }
    }
}

impl hyper::body::Body for StreamedBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.is_coming = true;
        match &mut self.incoming {
            Some(incoming) => Pin::new(incoming).poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.as_ref().map(Incoming::size_hint).unwrap_or_default()
    }
}

impl Drop for StreamedBody {
    fn drop(&mut self) {
        if let Some(incoming) = self.incoming.take()
            && self.is_coming
            && !incoming.is_end_stream()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(tokio::time::timeout(DRAIN_TIMEOUT, drain(incoming)));
        }
    }
}

/// Reads on, up to a limit.
async fn drain(mut body: Incoming) {
    let mut left = MAX_DRAINED_BYTES;
    while let Some(Ok(frame)) = body.frame().await {
        match left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

/// The date as HTTP writes it (RFC 9110 section 5.6.7).
fn format_http_date(time: SystemTime) -> Option<HeaderValue> {
    let format =
        format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
    let text = OffsetDateTime::from(time).format(format).ok()?;
    HeaderValue::try_from(text).ok()
}

/// Refuses a request that was addressed to another name: a web page whose own host name was made to point at
/// 127.0.0.1 (DNS rebinding) sends its own name as Host.
fn check_host<B>(request: &Request<B>, port: u16, served_host: Option<&str>) -> Result<(), (StatusCode, &'static str)> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return Err((StatusCode::BAD_REQUEST, "exactly one Host header is needed"));
    };
    let is_ours = |authority: &str| {
        served_host.is_some_and(|name| authority.strip_suffix(":443").unwrap_or(authority) == name)
            || ["127.0.0.1", "localhost", "[::1]"].iter().any(|name| authority == format!("{name}:{port}"))
    };
    let uri_is_ours = |uri: &Uri| uri.authority().is_none_or(|authority| is_ours(authority.as_str()));
    if host.to_str().is_ok_and(is_ours) && uri_is_ours(request.uri()) {
        Ok(())
    } else {
        Err((StatusCode::MISDIRECTED_REQUEST, "this server answers only to its loopback address"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(uri: &str, hosts: &[&str]) -> Option<u16> {
        check_as(None, uri, hosts)
    }

    fn check_as(host: Option<&str>, uri: &str, hosts: &[&str]) -> Option<u16> {
        let mut request = Request::builder().uri(uri);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        check_host(&request.body(()).unwrap(), 4580, host).err().map(|(status, _)| status.as_u16())
    }

    #[test]
    fn a_date_is_written_as_http_wants_it() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert_eq!(format_http_date(time).unwrap(), "Sun, 06 Nov 1994 08:49:37 GMT");
    }

    #[test]
    fn loopback_names_with_the_right_port_pass() {
        for host in ["127.0.0.1:4580", "localhost:4580", "[::1]:4580"] {
            assert_eq!(check("/", &[host]), None, "{host}");
        }
        assert_eq!(check("http://localhost:4580/x", &["localhost:4580"]), None);
    }

    #[test]
    fn the_issuer_s_name_passes_where_it_is_served_and_nowhere_else() {
        let name = "dev-1.okta.com";
        for host in [name, "dev-1.okta.com:443", "127.0.0.1:4580"] {
            assert_eq!(check_as(Some(name), "/", &[host]), None, "{host}");
        }
        for host in ["dev-1.okta.com:4580", "dev-2.okta.com", "x.dev-1.okta.com"] {
            assert_eq!(check_as(Some(name), "/", &[host]), Some(421), "{host}");
        }
        assert_eq!(check("/", &[name]), Some(421));
    }

    #[test]
    fn other_names_ports_and_header_counts_are_refused() {
        for host in
            ["evil.example:4580", "127.0.0.1:4581", "127.0.0.1", "localhost.evil.example:4580", "x127.0.0.1:4580"]
        {
            assert_eq!(check("/", &[host]), Some(421), "{host}");
        }
        assert_eq!(check("http://evil.example:4580/", &["127.0.0.1:4580"]), Some(421));
        assert_eq!(check("/", &[]), Some(400));
        assert_eq!(check("/", &["127.0.0.1:4580", "127.0.0.1:4580"]), Some(400));
    }
}
