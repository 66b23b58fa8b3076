//! A small user agent that signs in the way a person would: it loads the real page, fills in the real form, keeps
//! cookies and follows redirects, until the answer leads away from the stack to the app.

use std::collections::BTreeMap;

use http::StatusCode;
use http::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use url::{Url, form_urlencoded};

use crate::html::{self, Form};
use crate::shared::HostOverride;
use crate::tls;

/// More redirects than any sign-in needs.
const MAX_STEPS: usize = 10;
const MAX_PAGE_BYTES: usize = 1024 * 1024;

/// The browser did not get as far as the redirect URI.
#[derive(Debug, thiserror::Error)]
pub enum BrowserError {
    /// The authorization URL is no URL of a loopback host.
    #[error("the scripted browser only visits a local stack")]
    NotLocal,
    /// The stack could not be reached, or its answer was not understood.
    #[error("failed to load a page of the local stack: {detail}")]
    Load {
        /// What went wrong, without the address: that may carry secrets.
        detail: String,
    },
    /// The stack showed an error instead of a way on: a wrong password, an unregistered redirect URI.
    #[error("the sign-in page says: {text}")]
    Page {
        /// The HTTP status of the page.
        status: u16,
        /// The page's own words.
        text: String,
    },
    /// The page has no sign-in form.
    #[error("the page has no sign-in form")]
    NoForm,
}

/// What the stack answered: a page to look at, or the way back to the app.
enum Visit {
    Page { status: StatusCode, address: Url, html: String },
    Redirect(String),
}

/// A browser without a window. It remembers cookies from one sign-in to the next, as a real one does.
pub struct ScriptedBrowser {
    client: reqwest::Client,
    host_override: Option<HostOverride>,
    cookies: BTreeMap<String, String>,
}

impl ScriptedBrowser {
    /// A browser without cookies, which trusts the certificate `ca_pem` if the stack serves https.
    ///
    /// # Errors
    /// [`BrowserError::Load`] when the certificate cannot be read.
    pub fn new(ca_pem: Option<&str>) -> Result<Self, BrowserError> {
        Self::with_override(ca_pem, None)
    }

    /// As [`new`](Self::new), for a stack that serves an issuer's name from a template.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_override(ca_pem: Option<&str>, host_override: Option<&HostOverride>) -> Result<Self, BrowserError> {
        let client = tls::build_client(ca_pem, host_override)
            .map_err(|error| BrowserError::Load { detail: error.to_string() })?;
        Ok(Self { client, host_override: host_override.cloned(), cookies: BTreeMap::new() })
    }

    fn is_local(&self, url: &Url) -> bool {
        let names = ["127.0.0.1", "localhost", "[::1]"];
        match (url.scheme(), url.host_str(), &self.host_override) {
            ("http" | "https", Some(host), _) if names.contains(&host) => true,
            ("https", Some(host), Some(known)) => url.port().is_none() && known.host == host,
            _ => false,
        }
    }

    /// Opens `authorization_url`, signs in if the page asks for it, and gives the redirect URI with its query as text,
    /// without loading it. A redirect that carries an error (nobody assigned, say) is a result too.
    ///
    /// # Errors
    /// [`BrowserError::Page`] holds what the page said, for example that the password is wrong.
    pub async fn sign_in(
        &mut self,
        authorization_url: &str,
        login: &str,
        password: &str,
    ) -> Result<String, BrowserError> {
        self.answer_form(authorization_url, &[("username", login), ("password", password), ("action", "sign_in")]).await
    }

    /// Opens `authorization_url`, presses Cancel on the sign-in page, and gives the redirect URI as text.
    ///
    /// # Errors
    /// As [`sign_in`](Self::sign_in).
    pub async fn deny(&mut self, authorization_url: &str) -> Result<String, BrowserError> {
        self.answer_form(authorization_url, &[("action", "cancel")]).await
    }

    async fn answer_form(&mut self, url: &str, typed: &[(&str, &str)]) -> Result<String, BrowserError> {
        let url = Url::parse(url).ok().filter(|url| self.is_local(url)).ok_or(BrowserError::NotLocal)?;
        let (status, address, page) = match self.visit(url, None).await? {
            Visit::Redirect(target) => return Ok(target),
            Visit::Page { status, address, html } => (status, address, html),
        };
        if !status.is_success() {
            return Err(describe_page(status, &page));
        }
        let Form { action, hidden } = html::find_form(&page).ok_or(BrowserError::NoForm)?;
        let action = address.join(&action).ok().filter(|action| action.origin() == address.origin());
        // In one expression: a serializer kept across the await would make the future unfit for `tokio::spawn`.
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(hidden).extend_pairs(typed).finish();
        match self.visit(action.ok_or(BrowserError::NoForm)?, Some(body)).await? {
            Visit::Redirect(target) => Ok(target),
            Visit::Page { status, html, .. } => Err(describe_page(status, &html)),
        }
    }

    /// Loads a page and follows redirects as long as they stay on the stack.
    async fn visit(&mut self, mut url: Url, mut form: Option<String>) -> Result<Visit, BrowserError> {
        let origin = url.origin();
        for _ in 0..MAX_STEPS {
            let mut request = match form.take() {
                Some(body) => {
                    self.client.post(url.clone()).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body)
                }
                None => self.client.get(url.clone()),
            };
            if !self.cookies.is_empty() {
                let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
                request = request.header(COOKIE, pairs.join("; "));
            }
            let mut response = request.send().await.map_err(describe_load_error)?;
            self.keep_cookies(&response);
            let status = response.status();
            if status.is_redirection() {
                let target = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
                let target =
                    target.ok_or_else(|| BrowserError::Load { detail: "a redirect without target".to_owned() })?;
                match url.join(target) {
                    Ok(next) if next.origin() == origin => url = next,
                    _ => return Ok(Visit::Redirect(target.to_owned())),
                }
                continue;
            }
            let mut bytes = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(describe_load_error)? {
                if bytes.len() + chunk.len() > MAX_PAGE_BYTES {
                    return Err(BrowserError::Load { detail: "the page is too long".to_owned() });
                }
                bytes.extend_from_slice(&chunk);
            }
            return Ok(Visit::Page { status, address: url, html: String::from_utf8_lossy(&bytes).into_owned() });
        }
        Err(BrowserError::Load { detail: "too many redirects".to_owned() })
    }

    fn keep_cookies(&mut self, response: &reqwest::Response) {
        for header in response.headers().get_all(SET_COOKIE) {
            let mut parts = header.to_str().unwrap_or_default().split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { continue };
            if parts.any(|attribute| attribute.eq_ignore_ascii_case("max-age=0")) {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

impl std::fmt::Debug for ScriptedBrowser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.cookies.keys().collect();
        f.debug_struct("ScriptedBrowser").field("cookies", &names).finish_non_exhaustive()
    }
}

fn describe_page(status: StatusCode, page: &str) -> BrowserError {
    match html::find_alert(page) {
        Some(text) => BrowserError::Page { status: status.as_u16(), text },
        None => BrowserError::Page { status: status.as_u16(), text: "(the page shows no error text)".to_owned() },
    }
}

fn describe_load_error(error: reqwest::Error) -> BrowserError {
    BrowserError::Load { detail: error.without_url().to_string() }
}
