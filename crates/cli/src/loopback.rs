//! Receives the browser's redirect on this machine (RFC 8252, sections 7.3 and 8.3). Okta compares the port too, so the
//! listener binds exactly the registered address, before the browser opens, and answers nothing but that one path.
//!
//! Any page in any browser here can send requests to it, so it trusts none: wrong ones get a dull answer and the wait
//! goes on. Whether a redirect is the expected one is for the core to say; the page shows how that went.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::AbortHandle;
use tokio::time::timeout;
use url::{Host, Url};

use crate::exit::{Exit, Failure};

/// Larger than any redirect that the core accepts (8 KiB), with room for a browser's headers and cookies.
const HEAD_LIMIT: usize = 32 * 1024;
/// A browser on the same machine sends its request at once.
const READ_LIMIT: Duration = Duration::from_secs(10);
/// The answer waits for the exchange of the code, which has time limits of its own.
const ANSWER_LIMIT: Duration = Duration::from_secs(120);
/// How long a browser may take to close a connection that is done with.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);
/// Browsers open a few connections ahead; more than this is somebody else.
const CONNECTION_LIMIT: usize = 16;
/// With that many open, so long may a connection be silent while others wait.
const CROWDED_READ_LIMIT: Duration = Duration::from_millis(500);

/// A redirect as it arrived, and the way to answer the person in the browser.
pub(crate) struct Redirect {
    uri: String,
    answer: oneshot::Sender<Page>,
    delivered: oneshot::Receiver<()>,
}

impl Redirect {
    /// The whole redirect URI, for [`jetbridge::Session::complete_login`]. Holds the authorization code.
    pub(crate) fn uri(&self) -> &str {
        &self.uri
    }

    /// Sends the browser a page. It may be gone, which is its right.
    pub(crate) fn answer(self, page: Page) -> Delivery {
        let _ = self.answer.send(page);
        Delivery { delivered: self.delivered }
    }
}

/// A page on its way to the browser; it does not get there if the process ends before.
#[derive(Debug)]
pub(crate) struct Delivery {
    delivered: oneshot::Receiver<()>,
}

impl Delivery {
    /// Returns when the page is there or cannot get there, within seconds.
    pub(crate) async fn finished(self) {
        // An error says that the connection is over, which is all that matters.
        let _ = self.delivered.await;
    }
}

/// What the browser shows in the end. Fixed texts: nothing of the request is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    SignedIn,
    NotSignedIn,
    Unexpected,
}

/// The address a redirect URI names, if it is one that can be listened on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Target {
    address: SocketAddr,
    /// What a browser sends as `Host`.
    authority: String,
    path: String,
}

impl Target {
    fn parse(redirect_uri: &str) -> Option<Self> {
        let url = Url::parse(redirect_uri).ok()?;
        let address = match url.host()? {
            Host::Ipv4(ip) => IpAddr::from(ip),
            Host::Ipv6(ip) => IpAddr::from(ip),
            Host::Domain(_) => return None,
        };
        let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        if url.scheme() != "http" || !address.is_loopback() || !plain {
            return None;
        }
        let host = url.host_str()?;
        Some(Self {
            address: SocketAddr::new(address, url.port_or_known_default()?),
            authority: url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")),
            path: url.path().to_owned(),
        })
    }

    /// The same with the port that the system chose, if it was to choose.
    fn on_port(mut self, port: u16) -> Self {
        if self.address.port() == 0 {
            self.address.set_port(port);
            self.authority = self.address.to_string();
        }
        self
    }

    fn uri(&self, path_and_query: &str) -> String {
        format!("http://{}{path_and_query}", self.authority)
    }
}

/// Listens from [`bind`](Self::bind) until it is dropped.
#[derive(Debug)]
pub(crate) struct Loopback {
    redirect_uri: String,
    redirects: mpsc::Receiver<Redirect>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Loopback {
    /// Takes the address of `redirect_uri` for this process alone. Port 0 takes any free port.
    pub(crate) fn bind(redirect_uri: &str) -> Result<Self, Failure> {
        let target = Target::parse(redirect_uri).ok_or_else(|| {
            Failure::new(
                "misconfigured",
                Exit::Misconfigured,
                format!("the redirect URI {redirect_uri} is not one that this program can receive"),
            )
            .hint(
                "It has to be http on 127.0.0.1 or [::1] with a port, such as http://127.0.0.1:8765/callback. For any \
                 other redirect URI use --no-browser.",
            )
        })?;
        let wanted = target.address;
        let (listener, address) = listen(wanted).map_err(|error| port_problem(&error, wanted))?;
        let target = target.on_port(address.port());
        let redirect_uri = target.uri(&target.path);
        let (sender, redirects) = mpsc::channel(CONNECTION_LIMIT);
        let accepting = tokio::spawn(accept(listener, Arc::new(target), sender));
        Ok(Self { redirect_uri, redirects, accepting })
    }

    /// Where it listens.
    pub(crate) fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// Waits for the next redirect to the right address.
    pub(crate) async fn next(&mut self) -> Option<Redirect> {
        self.redirects.recv().await
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Binds without SO_REUSEADDR and SO_REUSEPORT: with either, some systems let a second process share the address and
/// receive the code.
fn listen(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.bind(address)?;
    let listener = socket.listen(CONNECTION_LIMIT as u32)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

fn port_problem(error: &io::Error, address: SocketAddr) -> Failure {
    let port = address.port();
    match error.kind() {
        // Temporary, not misconfigured: the setting is right, and the port is free again when the other process ends.
        io::ErrorKind::AddrInUse => Failure::new(
            "port_in_use",
            Exit::Temporary,
            format!("another process uses {address}, where the browser is to come back to"),
        )
        .hint(format!(
            "Perhaps another `jetbridge login` is waiting. {} shows the process. Or use --no-browser, or another \
             redirect URI that is registered in Okta (--redirect-uri).",
            if cfg!(windows) {
                format!("`netstat -ano | findstr :{port}`")
            } else {
                format!("`lsof -nP -iTCP:{port} -sTCP:LISTEN`")
            }
        )),
        _ => Failure::new(
            "misconfigured",
            Exit::Misconfigured,
            format!("cannot listen on {address}, where the browser is to come back to: {error}"),
        )
        .hint("Choose another port, register it in Okta, and set okta_desktop_callback_url."),
    }
}

/// A connection that has been accepted.
struct Guest {
    task: AbortHandle,
    /// Whether it has brought a redirect and waits for the page.
    is_welcome: Arc<AtomicBool>,
}

async fn accept(listener: TcpListener, target: Arc<Target>, redirects: mpsc::Sender<Redirect>) {
    let connections = Arc::new(Semaphore::new(CONNECTION_LIMIT));
    let mut guests: Vec<Guest> = Vec::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors or the like: give the machine a moment instead of spinning.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let room = || Arc::clone(&connections).acquire_owned();
        let permit = match timeout(CROWDED_READ_LIMIT, room()).await {
            Ok(permit) => permit,
            Err(_) => {
                // All of them had time enough to send something: who did not must not keep the browser waiting.
                guests
                    .iter()
                    .filter(|guest| !guest.is_welcome.load(Ordering::Relaxed))
                    .for_each(|guest| guest.task.abort());
                room().await
            }
        };
        let Ok(permit) = permit else { return };
        let (target, redirects, is_welcome) = (Arc::clone(&target), redirects.clone(), Arc::default());
        let has_come = Arc::clone(&is_welcome);
        let task = tokio::spawn(async move {
            if let Err(error) = serve(stream, &target, &redirects, &has_come).await {
                tracing::debug!(%error, "a connection to the redirect listener broke");
            }
            drop(permit);
        });
        guests.retain(|guest| !guest.task.is_finished());
        guests.push(Guest { task: task.abort_handle(), is_welcome });
    }
}

/// Answers one request.
async fn serve(
    mut stream: TcpStream,
    target: &Target,
    redirects: &mpsc::Sender<Redirect>,
    is_welcome: &AtomicBool,
) -> io::Result<()> {
    // Without SO_REUSEADDR a port is blocked for a minute if we close a connection first. So the browser closes first,
    // and what is left open at the end is reset.
    stream.set_zero_linger()?;
    let Ok(head) = timeout(READ_LIMIT, read_head(&mut stream)).await else { return Ok(()) };
    let mut on_delivery = None;
    let response = match head?.as_deref().map_or(Verdict::Refuse(Status::TooLarge), |head| judge(head, target)) {
        Verdict::Refuse(status) => {
            tracing::info!(status = status.line(), "ignored a request that is not the redirect");
            refusal(status)
        }
        Verdict::Redirect { path_and_query } => {
            let (answer, page) = oneshot::channel();
            let (delivery, delivered) = oneshot::channel();
            on_delivery = Some(delivery);
            let uri = target.uri(&path_and_query);
            is_welcome.store(true, Ordering::Relaxed);
            if redirects.send(Redirect { uri, answer, delivered }).await.is_err() {
                return Ok(());
            }
            match timeout(ANSWER_LIMIT, page).await {
                Ok(Ok(page)) => page_response(page),
                _ => page_response(Page::NotSignedIn),
            }
        }
    };
    stream.write_all(response.as_bytes()).await?;
    // The answer says `Connection: close`; wait for the browser to do so.
    let closed = async {
        let mut rest = [0; 1024];
        while let Ok(1..) = stream.read(&mut rest).await {}
    };
    let _ = timeout(CLOSE_LIMIT, closed).await;
    drop(on_delivery);
    Ok(())
}

/// Reads up to the empty line; `None` if that does not come within the limit.
async fn read_head(stream: &mut TcpStream) -> io::Result<Option<Vec<u8>>> {
    let mut head = Vec::with_capacity(4096);
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        if head.len() >= HEAD_LIMIT {
            return Ok(None);
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => head.extend_from_slice(&chunk[..read]),
        }
    }
    Ok(Some(head))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    BadRequest,
    NotFound,
    MethodNotAllowed,
    WrongHost,
    TooLarge,
}

impl Status {
    fn line(self) -> &'static str {
        match self {
            Self::BadRequest => "400 Bad Request",
            Self::NotFound => "404 Not Found",
            Self::MethodNotAllowed => "405 Method Not Allowed",
            Self::WrongHost => "421 Misdirected Request",
            Self::TooLarge => "431 Request Header Fields Too Large",
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Redirect { path_and_query: String },
    Refuse(Status),
}

/// Looks at a request's head: is it a redirect to our address?
fn judge(head: &[u8], target: &Target) -> Verdict {
    let Ok(head) = std::str::from_utf8(head) else { return Verdict::Refuse(Status::BadRequest) };
    let mut lines = head.split("\r\n");
    let request: Vec<&str> = lines.next().unwrap_or_default().split(' ').collect();
    let &[method, path_and_query, "HTTP/1.1" | "HTTP/1.0"] = request.as_slice() else {
        return Verdict::Refuse(Status::BadRequest);
    };
    // A page elsewhere can point its own host name at 127.0.0.1 (DNS rebinding); its requests carry that name.
    let hosts: Vec<&str> = lines
        .filter_map(|line| line.split_once(':'))
        .filter(|(name, _)| name.eq_ignore_ascii_case("host"))
        .map(|(_, value)| value.trim())
        .collect();
    if hosts != [target.authority.as_str()] {
        return Verdict::Refuse(Status::WrongHost);
    }
    if method != "GET" {
        return Verdict::Refuse(Status::MethodNotAllowed);
    }
    let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
    if path != target.path {
        return Verdict::Refuse(Status::NotFound);
    }
    // Every redirect of an authorization server carries the state that it was given, an error's too.
    let has_state =
        url::form_urlencoded::parse(query.as_bytes()).any(|(name, value)| name == "state" && !value.is_empty());
    let is_printable = path_and_query.bytes().all(|byte| byte.is_ascii_graphic());
    if !has_state || !is_printable {
        return Verdict::Refuse(Status::BadRequest);
    }
    Verdict::Redirect { path_and_query: path_and_query.to_owned() }
}

/// `no-store` and `no-referrer` because the address holds the code; the policy lets the page load and run nothing.
const HEADERS: &str = "Cache-Control: no-store\r\n\
    Referrer-Policy: no-referrer\r\n\
    Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'\r\n\
    X-Content-Type-Options: nosniff\r\n\
    Connection: close\r\n";

fn refusal(status: Status) -> String {
    format!("HTTP/1.1 {}\r\n{HEADERS}Content-Length: 0\r\n\r\n", status.line())
}

fn page_response(page: Page) -> String {
    let (status, mark, colour, title, text) = match page {
        Page::SignedIn => {
            ("200 OK", "✓", "#1a7f4b", "You are signed in", "You can close this tab and go back to the terminal.")
        }
        Page::NotSignedIn => {
            ("200 OK", "!", "#b3261e", "The sign-in did not work", "The terminal says why. You can close this tab.")
        }
        Page::Unexpected => (
            "400 Bad Request",
            "?",
            "#8a6100",
            "This answer was not expected",
            "It belongs to another sign-in. Use the address that the terminal shows, or start again there.",
        ),
    };
    let body = format!(
        "<!doctype html>\n\
         <html lang=\"en\">\n\
         <meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} · Jetbridge</title>\n\
         <style>\n\
         :root {{ color-scheme: light dark; --mark: {colour} }}\n\
         body {{ margin: 0; min-height: 100vh; display: grid; place-items: center; font: 1rem/1.5 system-ui, sans-serif;\n\
         background: light-dark(#f4f6f8, #14171a); color: light-dark(#1c2126, #e8ebee) }}\n\
         main {{ max-width: 22rem; margin: 1.5rem; padding: 2.5rem 2rem; text-align: center; border-radius: 1rem;\n\
         background: light-dark(#fff, #1e2328); box-shadow: 0 1px 2px #0002, 0 8px 32px #0001 }}\n\
         b {{ display: grid; place-items: center; width: 3.5rem; height: 3.5rem; margin: 0 auto 1.25rem;\n\
         border-radius: 50%; background: var(--mark); color: #fff; font-size: 1.75rem }}\n\
         h1, p {{ text-wrap: balance }}\n\
         h1 {{ margin: 0 0 .5rem; font-size: 1.35rem }}\n\
         p {{ margin: 0; color: light-dark(#59636e, #a3adb8) }}\n\
         </style>\n\
         <main><b aria-hidden=\"true\">{mark}</b><h1>{title}</h1><p>{text}</p></main>\n\
         </html>\n"
    );
    format!(
        "HTTP/1.1 {status}\r\n{HEADERS}Content-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[cfg(test)]
mod tests;
