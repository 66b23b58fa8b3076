//! Reads the redirect URI that the shell caught (RFC 6749 §4.1.2). Everything in it may come from anyone: any app can
//! open a custom scheme, any page a loopback address.

use secrecy::SecretString;
use url::Url;

use crate::error::{PAGE_OF_OKTA, SessionError};

/// Longer than any answer of Okta's.
const LONGEST_REDIRECT: usize = 8 * 1024;

/// What the authorization server answered. `code` and `state` are secrets until they are used.
pub(crate) struct Redirect {
    location: Url,
    pub state: SecretString,
    /// RFC 9207.
    pub iss: Option<String>,
    pub outcome: Outcome,
}

pub(crate) enum Outcome {
    Code(SecretString),
    Error { code: String, description: Option<String> },
}

impl Redirect {
    /// Takes the URI apart. Says what is wrong without quoting it.
    pub(crate) fn parse(text: &str) -> Result<Self, SessionError> {
        let text = text.trim();
        if text.len() > LONGEST_REDIRECT {
            return Err(unexpected("it is longer than 8 KiB"));
        }
        let location =
            Url::parse(text).map_err(|_| unexpected("it is not a URI; pass the whole address, scheme included"))?;
        let state = single(&location, "state")?.ok_or_else(|| unexpected("it has no `state`"))?;
        let iss = single(&location, "iss")?;
        let error = single(&location, "error")?;
        let code = single(&location, "code")?;
        let description = single(&location, "error_description")?;
        let outcome = match (error, code) {
            (Some(code), None) => Outcome::Error { code, description },
            (None, Some(code)) if !code.is_empty() => Outcome::Code(code.into()),
            (Some(_), Some(_)) => return Err(unexpected("it has both `code` and `error`")),
            _ => return Err(unexpected("it has neither `code` nor `error`")),
        };
        Ok(Self { location, state: state.into(), iss, outcome })
    }

    /// Whether this came to `redirect_uri`: same scheme, authority and path.
    pub(crate) fn is_at(&self, redirect_uri: &str) -> bool {
        is_at(&self.location, redirect_uri)
    }
}

/// Whether an address that the app was opened with belongs to a sign-in, well-formed or not. The end of a browser session
/// comes back by the same scheme, and so may the app's own links.
pub(crate) fn belongs_to_sign_in(text: &str, callback_url: &str, logout_url: Option<&str>) -> bool {
    let text = text.trim();
    if text.len() > LONGEST_REDIRECT {
        // Not taken apart; whoever is told so by `complete_login` loses nothing.
        return text.starts_with(callback_url);
    }
    let Ok(location) = Url::parse(text) else { return false };
    let is_logout = logout_url.is_some_and(|url| is_at(&location, url)) && !is_at(&location, callback_url);
    // A sign-in may have named another redirect URI than the configuration: its answer is known by its parameters.
    !is_logout && (is_at(&location, callback_url) || Redirect::parse(text).is_ok())
}

fn is_at(location: &Url, redirect_uri: &str) -> bool {
    let Ok(expected) = Url::parse(redirect_uri) else { return false };
    let same_query = expected.query_pairs().all(|pair| location.query_pairs().any(|found| found == pair));
    same_query
        && location.scheme() == expected.scheme()
        && location.username().is_empty()
        && location.host() == expected.host()
        && location.port_or_known_default() == expected.port_or_known_default()
        && location.path() == expected.path()
}

/// RFC 6749 §3.1: a parameter must not come twice. Which one would count?
fn single(location: &Url, name: &str) -> Result<Option<String>, SessionError> {
    let mut values = location.query_pairs().filter(|(found, _)| found == name).map(|(_, value)| value.into_owned());
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        (_, Some(_)) => Err(unexpected(&format!("it has `{name}` twice"))),
    }
}

/// Okta shows a page of its own where it cannot send the browser back, because client or redirect URI are wrong. Its address is
/// what somebody copies then.
pub(crate) fn explain_page_of(issuer: &str, text: &str) -> Option<SessionError> {
    let (issuer, page) = (Url::parse(issuer).ok()?, Url::parse(text.trim()).ok()?);
    let answers = |name: &str| page.query_pairs().any(|(found, _)| found == name);
    (page.origin() == issuer.origin() && !answers("code") && !answers("error")).then(|| {
        unexpected(&format!(
            "{PAGE_OF_OKTA}; if that shows an error, Okta does not take the client or the redirect URI, and jetbridge doctor finds \
             out which"
        ))
    })
}

pub(crate) fn unexpected(detail: &str) -> SessionError {
    SessionError::UnexpectedRedirect { detail: detail.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use secrecy::ExposeSecret as _;

    use super::*;

    fn refusal(text: &str) -> String {
        match Redirect::parse(text) {
            Err(SessionError::UnexpectedRedirect { detail }) => detail,
            Err(other) => panic!("{other:?}"),
            Ok(_) => panic!("accepted"),
        }
    }

    #[test]
    fn a_code_is_read_from_every_kind_of_redirect_uri() {
        for base in ["com.okta.dev-1:/callback", "http://127.0.0.1:8765/callback", "https://app.example/cb"] {
            let redirect = Redirect::parse(&format!(" {base}?code=a%2Bb&state=s&iss=https%3A%2F%2Fi\n")).unwrap();
            assert!(redirect.is_at(base), "{base}");
            assert_eq!(redirect.state.expose_secret(), "s");
            assert_eq!(redirect.iss.as_deref(), Some("https://i"));
            assert!(matches!(redirect.outcome, Outcome::Code(code) if code.expose_secret() == "a+b"));
        }
    }

    #[test]
    fn an_error_is_read() {
        let redirect = Redirect::parse("a:/b?state=s&error=access_denied&error_description=no+way").unwrap();
        assert!(matches!(redirect.outcome, Outcome::Error { code, description }
            if code == "access_denied" && description.as_deref() == Some("no way")));
    }

    #[test]
    fn what_no_server_sends_is_refused_with_a_reason() {
        assert!(refusal("callback?code=1&state=2").contains("not a URI"));
        assert!(refusal("a:/b?code=1").contains("no `state`"));
        assert!(refusal("a:/b?state=1").contains("neither"));
        assert!(refusal("a:/b?state=1&code=").contains("neither"));
        assert!(refusal("a:/b?state=1&code=2&error=3").contains("both"));
        assert!(refusal("a:/b?state=1&state=1&code=2").contains("`state` twice"));
        assert!(refusal("a:/b?state=1&code=2&code=3").contains("`code` twice"));
        assert!(refusal(&format!("a:/b?state=1&code={}", "x".repeat(9000))).contains("8 KiB"));
    }

    #[test]
    fn the_address_of_a_page_of_okta_s_is_told_as_that() {
        let told = |page: &str| explain_page_of("https://dev-1.okta.com/oauth2/default", page).is_some();
        for page in
            ["https://dev-1.okta.com/oauth2/default/v1/authorize?client_id=0oa&state=s", "https://dev-1.okta.com/x "]
        {
            assert!(told(page) && Redirect::parse(page).is_err(), "{page}");
        }
        for other in [
            "com.okta.dev-1:/callback?state=s",
            "https://app.example/cb?state=s",
            "x",
            "https://dev-1.okta.com/?code=c",
        ] {
            assert!(!told(other), "{other}");
        }
    }

    #[test]
    fn another_address_is_another_redirect_uri() {
        let at = |redirect: &str, expected: &str| Redirect::parse(redirect).unwrap().is_at(expected);
        let expected = "http://127.0.0.1:8765/callback";
        assert!(!at("http://127.0.0.1:8766/callback?state=s&code=c", expected));
        assert!(!at("http://127.0.0.1:8765/callback/?state=s&code=c", expected));
        assert!(!at("https://127.0.0.1:8765/callback?state=s&code=c", expected));
        assert!(!at("http://localhost:8765/callback?state=s&code=c", expected));
        assert!(!at("com.evil:/callback?state=s&code=c", "com.okta.dev-1:/callback"));
        assert!(at("http://127.0.0.1:8765/callback?state=s&code=c&x=y#fragment", expected));
        assert!(at("https://a.example/cb?tenant=7&state=s&code=c", "https://a.example/cb?tenant=7"));
        assert!(!at("https://a.example/cb?state=s&code=c", "https://a.example/cb?tenant=7"));
    }

    #[test]
    fn a_sign_in_s_redirect_is_told_from_the_app_s_other_addresses() {
        let callback = "com.okta.dev-1:/callback";
        let is_ours = |text: &str| belongs_to_sign_in(text, callback, Some("com.okta.dev-1:/logout"));
        assert!(is_ours("com.okta.dev-1:/callback?state=s&code=c"));
        assert!(is_ours("COM.OKTA.dev-1:/callback?state=s&code=c"), "browsers write schemes as they like");
        assert!(is_ours("com.okta.dev-1:/callback?code=c"), "a broken one is complete_login's to explain");
        assert!(is_ours("com.okta.dev-1:/other?state=s&error=access_denied"), "another redirect URI of the app's");
        assert!(is_ours(&format!("{callback}?state={}", "x".repeat(9000))));
        assert!(!is_ours("com.okta.dev-1:/logout?state=s"));
        assert!(!is_ours("com.okta.dev-1:/logout?state=s&error=e"));
        assert!(!is_ours("com.okta.dev-1:/files/7"));
        assert!(!is_ours("not a URI"));
        let same_for_both = |text: &str| belongs_to_sign_in(text, callback, Some(callback));
        assert!(same_for_both("com.okta.dev-1:/callback?state=s&code=c"));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_and_no_refusal_quotes_it(text in ".{0,300}") {
            if let Err(error) = Redirect::parse(&text) {
                prop_assert!(text.trim().len() < 12 || !error.to_string().contains(text.trim()));
            }
        }

        #[test]
        fn any_query_is_read_or_refused(query in "[a-z=&%+#?0-9]{0,80}", state in "[A-Za-z0-9_-]{1,43}") {
            let text = format!("com.okta.dev-1:/callback?{query}&state={state}");
            if let Ok(redirect) = Redirect::parse(&text) {
                prop_assert!(redirect.is_at("com.okta.dev-1:/callback"));
                // The state is found wherever it stands, unless a fragment cut it off.
                prop_assert!(query.contains('#') || redirect.state.expose_secret() == state);
            }
        }
    }
}
