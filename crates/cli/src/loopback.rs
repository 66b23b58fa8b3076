//! What a browser on this machine finds here: where it is to go ([`HandOver`]), and where it comes back to ([`Loopback`]);
//! and what AWS's SDKs find ([`CredentialsEndpoint`]).
//!
//! The redirect (RFC 8252, sections 7.3 and 8.3) has an address that is registered. Okta compares the port too, so the
//! listener binds exactly the registered address, before the browser opens, and answers nothing but that one path.
//!
//! Any page in any browser here can send requests to it, so it trusts none: wrong ones get a dull answer and the wait
//! goes on. Whether a redirect is the expected one is for the core to say; the page shows how that went.

mod answer;
mod credentials;
mod hand_over;
mod peer;
mod request;
mod server;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use url::{Host, Url};

pub(crate) use self::answer::Page;
use self::answer::page;
pub(crate) use self::credentials::CredentialsEndpoint;
pub(crate) use self::hand_over::{Errand, HandOver};
use self::request::{Request, Status};
use self::server::{Answer, CONNECTION_LIMIT, Service, Visitor, listen, serve};
use crate::exit::{Exit, Failure};
use crate::text::without_password;

/// The answer waits for the exchange of the code, which has time limits of its own.
const ANSWER_LIMIT: Duration = Duration::from_secs(120);

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
    /// Takes the address of `redirect_uri` for this process alone. Port 0 takes any free port. `by_hand` is the command that does
    /// the same without it.
    pub(crate) fn bind(redirect_uri: &str, by_hand: &str) -> Result<Self, Failure> {
        let target = Target::parse(redirect_uri).ok_or_else(|| {
            Failure::new(
                "misconfigured",
                Exit::Misconfigured,
                format!("the redirect URI {} is not one that this program can receive", without_password(redirect_uri)),
            )
            .hint(
                "It has to be http on 127.0.0.1 or [::1] with a port, such as http://127.0.0.1:8765/callback. For any \
                 other redirect URI use --no-browser.",
            )
        })?;
        let wanted = target.address;
        let (listener, address) = listen(wanted).map_err(|error| port_problem(&error, wanted, by_hand))?;
        let target = target.on_port(address.port());
        let redirect_uri = target.uri(&target.path);
        let (sender, redirects) = mpsc::channel(CONNECTION_LIMIT);
        let accepting = serve(listener, target.authority.clone(), Redirects { target, sender });
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

fn port_problem(error: &io::Error, address: SocketAddr, by_hand: &str) -> Failure {
    let port = address.port();
    match error.kind() {
        // Temporary, not misconfigured: the setting is right, and the port is free again when the other process ends.
        io::ErrorKind::AddrInUse => Failure::new(
            "port_in_use",
            Exit::Temporary,
            format!("another process uses {address}, where the browser is to come back to"),
        )
        .hint(format!(
            "Perhaps another `jetbridge login` is waiting. {} shows the process. Or choose another port in \
             okta_desktop_callback_url, and register that redirect URI in Okta, too.\nTo sign in without it: {by_hand}",
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

/// 256 bits, as hexadecimal digits.
fn random() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.map(|byte| format!("{byte:02x}")).concat())
}

/// Takes redirects and answers with the page that says how they went.
struct Redirects {
    target: Target,
    sender: mpsc::Sender<Redirect>,
}

impl Service for Redirects {
    async fn answer(&self, request: Request, visitor: &Visitor) -> Result<Answer, Status> {
        let path_and_query = find_redirect(&request, &self.target)?;
        let (answer, wanted) = oneshot::channel();
        let (delivery, delivered) = oneshot::channel::<()>();
        visitor.welcome();
        let redirect = Redirect { uri: self.target.uri(path_and_query), answer, delivered };
        if self.sender.send(redirect).await.is_err() {
            return Ok(Answer::default());
        }
        let text = match timeout(ANSWER_LIMIT, wanted).await {
            Ok(Ok(known)) => page(known),
            _ => page(Page::NotSignedIn),
        };
        Ok(Answer { text, on_delivery: Some(Box::new(move || drop(delivery))) })
    }
}

/// Path and query of a request, if it is a redirect to our address.
fn find_redirect<'a>(request: &'a Request, target: &Target) -> Result<&'a str, Status> {
    let path_and_query = request.path_and_query.as_str();
    let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
    if path != target.path {
        return Err(Status::NotFound);
    }
    // Every redirect of an authorization server carries the state that it was given, an error's too.
    let has_state =
        url::form_urlencoded::parse(query.as_bytes()).any(|(name, value)| name == "state" && !value.is_empty());
    let is_printable = path_and_query.bytes().all(|byte| byte.is_ascii_graphic());
    if !has_state || !is_printable {
        return Err(Status::BadRequest);
    }
    Ok(path_and_query)
}

#[cfg(test)]
mod tests;
