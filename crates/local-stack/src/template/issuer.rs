//! The issuer as the template has it. It has no port, because IAM accepts none.

use url::{Host, Url};

/// Where custom authorization servers are at Okta.
const CUSTOM_PATH: &str = "/oauth2/";

/// An issuer that the stack's Okta can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Issuer {
    /// Letter for letter as in the template.
    pub(crate) url: String,
    pub(crate) host: String,
    /// The id of the custom authorization server; none for the org's own.
    pub(crate) server_id: Option<String>,
}

impl Issuer {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let url = check_provider_url(text)?;
        let host = match url.host() {
            Some(Host::Domain(host)) if host.contains('.') => host.to_owned(),
            _ => return Err(format!("issuer {text} has no host name of the internet")),
        };
        let server_id = match url.path() {
            "/" => None,
            path => {
                let id = path.strip_prefix(CUSTOM_PATH).filter(|id| {
                    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
                });
                Some(id.ok_or_else(|| {
                    format!("issuer {text} is none of Okta's: the path is neither empty nor /oauth2/…")
                })?)
            }
        };
        Ok(Self { url: text.to_owned(), host, server_id: server_id.map(str::to_owned) })
    }
}

/// What IAM asks of the URL of an OpenID Connect provider: it begins with https://, "path components are allowed but query
/// parameters are not", and "the URL should not contain a port number" (CreateOpenIDConnectProvider, IAM API reference).
pub(super) fn check_provider_url(text: &str) -> Result<Url, String> {
    let problem = |what: &str| Err(format!("Url {text} {what}"));
    if !text.starts_with("https://") {
        return problem("does not begin with https://");
    }
    let Ok(url) = Url::parse(text) else { return problem("is no URL") };
    if url.port().is_some() || text.trim_start_matches("https://").split('/').next().is_some_and(|a| a.contains(':')) {
        return problem("has a port");
    }
    if text.ends_with('/') {
        return problem("ends with a slash, which no issuer of Okta does");
    }
    // What the parser changes would no longer be equal to the tokens' `iss`.
    if url.as_str().trim_end_matches('/') != text || text.contains(['?', '#', '@']) {
        return problem("is not in its plain form: no query, no fragment, no user, lower-case host");
    }
    Ok(url)
}
