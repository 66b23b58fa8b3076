//! What is answered. Pages are plain, load nothing, and say nothing of the request.

use std::fmt::Write as _;

use url::Url;

use super::request::Status;

/// Addresses here are secrets, and so may be what is answered: not to be kept, told to other sites, or framed.
const HEADERS: &str = "Cache-Control: no-store\r\n\
    Referrer-Policy: no-referrer\r\n\
    X-Content-Type-Options: nosniff\r\n\
    X-Frame-Options: DENY\r\n\
    Connection: close\r\n";

/// What the browser shows in the end. Fixed texts: nothing of the request is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    SignedIn,
    NotSignedIn,
    Unexpected,
    /// A browser of another user, as far as can be told.
    NotYours,
    /// What is given once was given.
    Gone,
}

const GOOD: &str = "#1a7f4b";
const BAD: &str = "#b3261e";
const ODD: &str = "#8a6100";

/// A form that the browser posts to another site: its action and its fields.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) action: Url,
    pub(super) fields: Vec<(String, String)>,
}

pub(super) fn refusal(status: Status) -> String {
    let allowed = if status == Status::MethodNotAllowed { "Allow: GET\r\n" } else { "" };
    answer(status.line(), &policy("'none'", ""), allowed, "")
}

pub(super) fn page(page: Page) -> String {
    let (status, mark, colour, title, text) = match page {
        Page::SignedIn => {
            ("200 OK", "✓", GOOD, "You are signed in", "You can close this tab and go back to the terminal.")
        }
        Page::NotSignedIn => {
            ("200 OK", "!", BAD, "The sign-in did not work", "The terminal says why. You can close this tab.")
        }
        Page::Unexpected => (
            "400 Bad Request",
            "?",
            ODD,
            "This answer was not expected",
            "It belongs to another sign-in. Use the address that the terminal shows, or start again there.",
        ),
        Page::NotYours => (
            "403 Forbidden",
            "!",
            BAD,
            "This page is for somebody else",
            "It is given only to a browser of the user who started the program. If that is you, the terminal says what to do.",
        ),
        Page::Gone => (
            "410 Gone",
            "?",
            ODD,
            "This address works once",
            "A browser has opened it already. If that was not yours, start again in the terminal.",
        ),
    };
    html(status, &policy("'none'", ""), mark, colour, title, &format!("<p>{text}</p>"))
}

/// A document for a program.
pub(super) fn json(status: &str, more: &str, document: &str) -> String {
    answer(status, &policy("'none'", ""), &format!("{more}Content-Type: application/json\r\n"), document)
}

/// Sends the browser on, always by GET (RFC 9110 section 15.4.4).
pub(super) fn redirect(target: &Url) -> String {
    answer("303 See Other", &policy("'none'", ""), &format!("Location: {target}\r\n"), "")
}

/// Has the browser post `form`: by itself if it runs the page's one script, else by the button. `nonce` is random.
pub(super) fn form_page(form: &Form, nonce: &str) -> String {
    let mut body = format!("<form method=\"post\" action=\"{}\">\n", escape(form.action.as_str()));
    for (name, value) in &form.fields {
        let _ = writeln!(body, "<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(name), escape(value));
    }
    let _ = write!(
        body,
        "<p>You are signed out here. If Okta's page does not open by itself, press the button.</p>\n\
         <button type=\"submit\">Sign out of Okta</button>\n\
         </form>\n\
         <script nonce=\"{nonce}\">document.forms[0].submit()</script>"
    );
    // By scheme alone, and with that of the way back: browsers hold the rule against redirects of the answer too, and Okta
    // may send on to another host.
    let back = form.fields.iter().find(|(name, _)| name == "post_logout_redirect_uri");
    let back = back.and_then(|(_, uri)| Url::parse(uri).ok()).map(|uri| format!(" {}:", uri.scheme()));
    let targets = format!("{}:{}", form.action.scheme(), back.unwrap_or_default());
    let policy = policy(&targets, &format!("script-src 'nonce-{nonce}'; "));
    html("200 OK", &policy, "↪", ODD, "Signing out of Okta", &body)
}

/// Nothing is loaded, nothing runs but what is named, and forms go nowhere else.
fn policy(form_action: &str, more: &str) -> String {
    format!(
        "default-src 'none'; style-src 'unsafe-inline'; {more}base-uri 'none'; form-action {form_action}; \
         frame-ancestors 'none'"
    )
}

fn answer(status: &str, policy: &str, more: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\n{HEADERS}Content-Security-Policy: {policy}\r\n{more}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A card in the middle. `body` is HTML.
fn html(status: &str, policy: &str, mark: &str, colour: &str, title: &str, body: &str) -> String {
    let document = format!(
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
         button {{ margin-top: 1.25rem; padding: .6rem 1.25rem; border: 0; border-radius: .5rem; font: inherit;\n\
         background: #4059d6; color: #fff; cursor: pointer }}\n\
         </style>\n\
         <main><b aria-hidden=\"true\">{mark}</b><h1>{title}</h1>{body}</main>\n\
         </html>\n"
    );
    answer(status, policy, "Content-Type: text/html; charset=utf-8\r\n", &document)
}

/// For an attribute's value in double quotes.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}
