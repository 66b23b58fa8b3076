//! The two cookies of the sign-in page: the session, and a mark on the browser that binds a sign-in form to the
//! browser it was shown in.

use axum::response::Response;
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};

use super::org::Okta;

/// A cookie of the stack.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cookie {
    /// Says who is signed in.
    Session,
    /// Says which browser this is.
    Browser,
}

impl Cookie {
    /// Cookies of a host are shared by all its ports, so the port is in the name: several stacks, and whatever else
    /// runs on this machine, stay apart. With a template it is not the issuer's, which is the same for all of them.
    fn name(self, okta: &Okta) -> String {
        let listening = okta.shared.host_override().map(|known| known.address.port());
        let port = listening.or_else(|| okta.shared.endpoints().okta.port()).unwrap_or_default();
        match self {
            Self::Session => format!("sid_{port}"),
            Self::Browser => format!("browser_{port}"),
        }
    }

    /// Its value in a request, if it is there exactly once.
    pub(super) fn read<'a>(self, okta: &Okta, headers: &'a HeaderMap) -> Option<&'a str> {
        let name = self.name(okta);
        let mut values = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|header| header.to_str().ok())
            .flat_map(|header| header.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(found, _)| *found == name)
            .map(|(_, value)| value);
        values.next().filter(|_| values.next().is_none())
    }

    /// The `Set-Cookie` header for a value; both cookies end with the browser session.
    pub(super) fn set(self, okta: &Okta, value: &str) -> Option<HeaderValue> {
        self.header(okta, value, "")
    }

    /// The `Set-Cookie` header that removes it.
    pub(super) fn clear(self, okta: &Okta) -> Option<HeaderValue> {
        self.header(okta, "", "; Max-Age=0")
    }

    fn header(self, okta: &Okta, value: &str, more: &str) -> Option<HeaderValue> {
        // An app's page that posts the sign-out is another site, and the session has to be known there (OpenID Connect
        // RP-Initiated Logout 1.0 section 2). Browsers allow it over TLS alone.
        let (same_site, secure) = match (self, okta.shared.options.tls) {
            (Self::Session, true) => ("None", "; Secure"),
            (Self::Browser, true) => ("Lax", "; Secure"),
            (_, false) => ("Lax", ""),
        };
        let text = format!("{}={value}; Path=/; HttpOnly; SameSite={same_site}{secure}{more}", self.name(okta));
        HeaderValue::try_from(text).ok()
    }
}

/// Adds a cookie to an answer.
pub(super) fn with_cookie(mut response: Response, cookie: Option<HeaderValue>) -> Response {
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}
