//! What the authorization endpoint says to a request before anybody signs in: whether it knows the client and the redirect URI.

use reqwest::header::{ACCEPT, ACCEPT_LANGUAGE, HeaderValue, LOCATION};
use url::Url;

use super::authorization::Prepared;
use super::redirect::{Outcome, Redirect};
use crate::diagnosis::{Evidence, HttpError, is_unavailable, okta, read_error_page};
use crate::error::{Service, SessionError, SignInReason};
use crate::net::http::{Answer, Http};

/// Error pages are smaller; what comes later in one tells nothing.
const MOST_OF_A_PAGE: usize = 256 * 1024;
const ENDPOINT: &str = "authorization endpoint";

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Probed {
    /// The answer went to the redirect URI: both are known.
    Known,
    /// It says what is wrong.
    Refused(SessionError),
    /// It says something else: this.
    Unclear(String),
}

/// Opens `prepared` as a browser would in which nobody is signed in: without cookies, and a redirect is looked at, not
/// followed. It must ask for `prompt=none`: then the server "MUST NOT display any authentication or consent user interface
/// pages" and answers `login_required` to the redirect URI (OpenID Connect Core §3.1.2.1 and §3.1.2.6). It redirects only to
/// a redirect URI that the client has registered (RFC 6749 §4.1.2.1); of another one, and of an unknown client, Okta tells on
/// a page of its own.
pub(crate) async fn probe(
    http: &Http,
    prepared: &Prepared,
    redirect_uri: &str,
    evidence: &Evidence,
) -> Result<Probed, SessionError> {
    let no_url = |_| SessionError::internal(format!("Okta ({ENDPOINT}): the request is no URL"));
    let url = Url::parse(&prepared.url).map_err(no_url)?;
    let mut request = reqwest::Request::new(reqwest::Method::GET, url);
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("text/html"));
    // Okta translates its pages.
    request.headers_mut().insert(ACCEPT_LANGUAGE, HeaderValue::from_static("en"));
    let unanswered = |error: HttpError| error.into_session_error(Service::Okta, ENDPOINT);
    let (answer, _) = http.call_api(request, MOST_OF_A_PAGE).await.map_err(unanswered)?;
    if is_unavailable(answer.status) {
        return Err(unanswered(HttpError::Unavailable { status: answer.status, retry_after: None }));
    }
    Ok(read_answer(&answer, redirect_uri, evidence))
}

fn read_answer(answer: &Answer, redirect_uri: &str, evidence: &Evidence) -> Probed {
    let status = answer.status;
    let location = answer.headers.get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if (300..400).contains(&status) {
        // It may hold a code: it is never shown.
        let redirect = Redirect::parse(location).ok().filter(|redirect| redirect.is_at(redirect_uri));
        return match redirect.map(|redirect| redirect.outcome) {
            Some(Outcome::Code(_)) => Probed::Known,
            Some(Outcome::Error { code, description }) => {
                match okta::sign_in_refused(&code, description.as_deref(), evidence) {
                    SessionError::SignInRequired { reason: SignInReason::InteractionRequired { .. } } => Probed::Known,
                    error => Probed::Refused(error),
                }
            }
            None => Probed::Unclear(format!("it sends the browser elsewhere (HTTP status {status})")),
        };
    }
    match read_error_page(status, &answer.body, evidence) {
        Some(error) => Probed::Refused(error),
        None => Probed::Unclear(format!("it answers with a page that says nothing of it (HTTP status {status})")),
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;

    use super::*;

    const CALLBACK: &str = "com.okta.dev-1:/callback";

    fn read(status: u16, location: &str, body: &str) -> Probed {
        let mut headers = HeaderMap::new();
        if !location.is_empty() {
            headers.insert(LOCATION, location.parse().unwrap());
        }
        let answer = Answer { status, headers, body: body.as_bytes().to_vec() };
        read_answer(&answer, CALLBACK, &Evidence::default())
    }

    #[test]
    fn only_an_answer_to_the_redirect_uri_says_that_it_is_known() {
        let required = format!("{CALLBACK}?state=s&error=login_required&error_description=not+signed+in");
        assert_eq!(read(302, &required, ""), Probed::Known);
        assert_eq!(read(303, &required, ""), Probed::Known);
        assert_eq!(read(302, &format!("{CALLBACK}?state=s&code=c"), ""), Probed::Known);
        let scope = read(302, &format!("{CALLBACK}?state=s&error=invalid_scope"), "");
        assert!(
            matches!(&scope, Probed::Refused(SessionError::Misconfigured { setting, .. }) if setting == "okta_scopes")
        );
        for elsewhere in
            ["https://idp.example/sso?code=hunter2", "com.other:/callback?state=s&error=login_required", ""]
        {
            let Probed::Unclear(said) = read(302, elsewhere, "") else { panic!("{elsewhere}") };
            assert!(said.contains("302") && !said.contains("hunter2"), "{said}");
        }
        assert!(matches!(read(200, &required, "<html>Sign in</html>"), Probed::Unclear(_)));
    }
}
