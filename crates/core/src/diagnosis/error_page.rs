//! The page that Okta shows in place of the sign-in, to a browser that it cannot send back: the client or the redirect URI is
//! not known.
//!
//! It is a page of HTML with status 400, "Your request resulted in an error", with `Error Code: invalid_client` and
//! `Description: Invalid value for 'client_id' parameter.` (okta/samples-nodejs-express-4#60), or with `Error Code:
//! invalid_request` and `Description: The 'redirect_uri' parameter must be a Login redirect URI in the client app settings:
//! https://…` (joshp23/YOURLS-OIDC#5), in earlier years "must be an absolute URI that is whitelisted in the client app
//! settings" (okta/samples-python-flask#19). An org without API Access Management says `Description: The requested feature is not
//! enabled in this environment.` of its custom authorization servers (okta/samples-js-react#98). Its labels are translated,
//! code and parameter are not (oktadev/okta-aspnetcore-mvc-example#14). A page of an administrator's own may leave the
//! description out (guide "Customize the Okta-hosted error pages"). To a client that takes JSON, Okta says the same in its own
//! shape (okta/okta-idx-java#500).

use super::answer::Refusal;
use super::evidence::Evidence;
use super::okta::push_refused;
use super::table::classify;
use crate::error::{Service, SessionError};

/// It stands under several codes, and means the same of each.
const FEATURE_MISSING: &str = "The requested feature is not enabled in this environment";

/// What the page says, if it is one of Okta's.
pub(crate) fn read_error_page(status: u16, body: &[u8], evidence: &Evidence) -> Option<SessionError> {
    if !matches!(status, 400 | 401 | 403) {
        return None;
    }
    if serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok() {
        return Some(push_refused(status, body, evidence));
    }
    let page = String::from_utf8_lossy(body);
    let said = |code: &str, words: &str| Some(classify(&Refusal::new(Service::Okta, code, words), evidence));
    if page.contains("invalid_client") {
        said("invalid_client", "Invalid value for 'client_id' parameter.")
    } else if page.contains("redirect_uri") {
        said("invalid_request", "The 'redirect_uri' parameter must be a Login redirect URI in the client app settings")
    } else if page.contains(FEATURE_MISSING) {
        said("server_error", FEATURE_MISSING)
    } else if status == 400 {
        Some(SessionError::Misconfigured {
            setting: "okta_client_id".to_owned(),
            problem: format!("Okta shows a page with an error in place of the sign-in (HTTP status {status})"),
            hint: evidence.fill(
                "Compare okta_client_id ({client_id}) and the sign-in redirect URIs with Okta: Applications > your app > \
                 General; the app must be active. Opened in a browser, the sign-in shows the page.",
            ),
        })
    } else {
        // A web filter says 403 too.
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(status: u16, body: &str) -> Option<String> {
        let evidence = Evidence { client_id: "0oa1".to_owned(), ..Evidence::default() };
        match read_error_page(status, body.as_bytes(), &evidence)? {
            SessionError::Misconfigured { setting, .. } => Some(setting),
            other => Some(other.kind().to_owned()),
        }
    }

    #[test]
    fn a_page_of_okta_s_names_what_is_not_known() {
        let page = |code: &str, words: &str| {
            format!("<html><h1>400</h1><p>Código de error: {code}</p><p>Descripción: {words}</p></html>")
        };
        let client = page("invalid_client", "Invalid value for &#39;client_id&#39; parameter.");
        assert_eq!(setting(400, &client).as_deref(), Some("okta_client_id"));
        let redirect =
            "The &#39;redirect_uri&#39; parameter must be a Login redirect URI in the client app settings: https://x";
        assert_eq!(setting(400, &page("invalid_request", redirect)).as_deref(), Some("redirect URI"));
        assert_eq!(setting(400, "<html>Your request resulted in an error.</html>").as_deref(), Some("okta_client_id"));
        for status in [400, 403] {
            let feature = page("server_error", "The requested feature is not enabled in this environment.");
            assert_eq!(setting(status, &feature).as_deref(), Some("okta_issuer_url"), "{status}");
        }
        let json = r#"{"errorCode":"invalid_client","errorSummary":"Invalid value for 'client_id' parameter.","errorCauses":[]}"#;
        assert_eq!(setting(400, json).as_deref(), Some("okta_client_id"));
        assert_eq!(setting(403, "<html>Blocked by your administrator</html>"), None);
        assert_eq!(setting(200, &client), None, "a page that is no error");
    }
}
