//! Where the browser is to go is a secret, or holds one, and the arguments of a program are public: `ps` shows them to
//! every user. So a browser is started with an address of this process that says nothing, and gets the rest from here.
//!
//! Whoever reads that address may ask too. Where the system tells who asks, only the same user is answered, as often as
//! they like: browsers, and scanners before them, fetch twice. Elsewhere the first one is: there, systems show the
//! arguments to the same user alone (Windows), or browsers get their addresses otherwise (macOS, unless `BROWSER` is set).

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;
use tokio::task::JoinHandle;
use url::{Url, form_urlencoded};

use super::answer::{Form, Page, form_page, page, redirect};
use super::peer::{self, Maker};
use super::random;
use super::request::{Request, Status};
use super::server::{Answer, Service, Visitor, listen, serve};
use crate::exit::Failure;

/// What the browser is to do.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Errand(Kind);

#[derive(Clone, PartialEq, Eq)]
enum Kind {
    Visit(Url),
    Post(Form),
}

impl Errand {
    /// Open a page.
    pub(crate) fn visit(address: &str) -> Result<Self, Failure> {
        Ok(Self(Kind::Visit(parse(address)?)))
    }

    /// Send an end-session request as a form (OpenID Connect RP-Initiated Logout 1.0 section 2; Okta's
    /// "logoutCustomASWithPost"): the browser's history would keep a query, with the ID token in it.
    pub(crate) fn post(address: &str) -> Result<Self, Failure> {
        let mut action = parse(address)?;
        let query = action.query().unwrap_or_default().to_owned();
        // What is before the hint is the endpoint's own.
        let (own, request) = query.split_at(query.find("id_token_hint=").unwrap_or(query.len()));
        let own = own.trim_end_matches('&');
        action.set_query((!own.is_empty()).then_some(own));
        let fields = form_urlencoded::parse(request.as_bytes()).into_owned().collect();
        Ok(Self(Kind::Post(Form { action, fields })))
    }
}

/// The error does not repeat the address: it may hold a token.
fn parse(address: &str) -> Result<Url, Failure> {
    let url = Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or_else(|| Failure::internal("the address for the browser is none that a browser can open"))
}

/// Serves one errand until it is dropped.
#[derive(Debug)]
pub(crate) struct HandOver {
    address: String,
    taken: Arc<Notify>,
    serving: JoinHandle<()>,
}

impl HandOver {
    pub(crate) fn start(errand: Errand) -> Result<Self, Failure> {
        Self::start_as(errand, peer::is_told())
    }

    fn start_as(errand: Errand, is_maker_told: bool) -> Result<Self, Failure> {
        let cannot = |problem: String| Failure::internal(format!("no address for the browser: {problem}"));
        let (listener, ours) =
            listen((Ipv4Addr::LOCALHOST, 0).into()).map_err(|error| cannot(format!("no free port: {error}")))?;
        let path = format!("/{}", random().map_err(|error| cannot(error.to_string()))?);
        let taken = Arc::<Notify>::default();
        let address = format!("http://{ours}{path}");
        let desk = Desk {
            errand,
            ours,
            path,
            is_maker_told,
            is_given: AtomicBool::new(false),
            has_warned: AtomicBool::new(false),
            taken: Arc::clone(&taken),
        };
        Ok(Self { address, taken, serving: serve(listener, ours.to_string(), desk) })
    }

    /// What the browser is started with.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Waits until a browser has it.
    pub(crate) async fn taken(&self) {
        self.taken.notified().await;
    }
}

impl Drop for HandOver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

struct Desk {
    errand: Errand,
    ours: SocketAddr,
    path: String,
    is_maker_told: bool,
    /// Whether somebody has got it of whom nothing is known.
    is_given: AtomicBool,
    has_warned: AtomicBool,
    taken: Arc<Notify>,
}

impl Desk {
    /// The page for those who do not get it.
    fn refuse(&self, visitor: SocketAddr) -> Option<Page> {
        let maker = peer::maker(visitor, self.ours);
        if maker == Maker::SameUser {
            return None;
        }
        if !self.is_maker_told {
            return self.is_given.swap(true, Ordering::Relaxed).then_some(Page::Gone);
        }
        // A warning reaches the terminal; one is enough, whoever asks again.
        if !self.has_warned.swap(true, Ordering::Relaxed) {
            let instead = match &self.errand.0 {
                Kind::Visit(_) => "open the address above in it, or use `login --no-browser`",
                Kind::Post(_) => "sign out on Okta's own page",
            };
            match maker {
                Maker::OtherUser => tracing::warn!(
                    "another user of this machine asked for the page that your browser is to open, and was refused. If that \
                     was your browser, {instead}"
                ),
                _ => tracing::warn!(
                    "a browser was refused, because /proc/net/tcp does not say whose it is. If it was yours, {instead}"
                ),
            }
        }
        Some(Page::NotYours)
    }

    fn give(&self) -> Result<String, getrandom::Error> {
        Ok(match &self.errand.0 {
            Kind::Visit(target) => redirect(target),
            Kind::Post(form) => form_page(form, &random()?),
        })
    }
}

impl Service for Desk {
    async fn answer(&self, request: Request, visitor: &Visitor) -> Result<Answer, Status> {
        if request.path_and_query != self.path {
            return Err(Status::NotFound);
        }
        if let Some(refused) = self.refuse(visitor.address) {
            return Ok(Answer { text: page(refused), on_delivery: None });
        }
        let Ok(text) = self.give() else { return Ok(Answer::default()) };
        let taken = Arc::clone(&self.taken);
        Ok(Answer { text, on_delivery: Some(Box::new(move || taken.notify_one())) })
    }
}

#[cfg(test)]
mod tests;
