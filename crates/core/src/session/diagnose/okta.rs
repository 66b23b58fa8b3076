//! The way to the authorization server, and what it tells before anybody signs in.

use url::Url;

use super::{Diagnosis, Findings, broken, link_of_setting};
use crate::diagnosis::{find_wrong_clock, side};
use crate::doctor::{Finding, Link};
use crate::error::{Obstacle, SessionError};
use crate::oidc::authorization::pushed_to;
use crate::oidc::discovery::{Provider, Uninspected};
use crate::oidc::probe::Probed;

/// What the table of failures calls a redirect URI that is not registered.
const REDIRECT_URI: &str = "redirect URI";

/// Okta's "Create scopes": one is in the metadata if "Include in public metadata" is ticked.
const NOT_PUBLISHED: &str = "not among those that it publishes";

/// A redirect URI of the configuration.
struct Callback<'c> {
    setting: &'static str,
    uri: &'c str,
    /// Whether sign-ins of this platform use it.
    is_ours: bool,
}

impl Diagnosis {
    /// Clock, network, discovery and keys: one request tells of the first three.
    pub(super) async fn look_at_server(&self, findings: &mut Findings) -> Result<Provider, Box<Finding>> {
        let inspected = self.server.inspect_metadata().await;
        let metadata = match inspected {
            // What corrects the clock here is believed because of certificates, and those are not.
            Err(Uninspected::Unreached(error @ SessionError::Obstructed { obstacle: Obstacle::Clock, .. })) => {
                return Err(broken(Link::Clock, error));
            }
            Err(Uninspected::Unreached(error)) => {
                findings.unknown(Link::Clock, "nobody could be asked for the time");
                return Err(broken(Link::Network, error));
            }
            Err(Uninspected::Unusable(error)) => Err(error),
            Ok(metadata) => Ok(metadata),
        };
        if !self.clock.is_certain() {
            self.server.ask_the_time().await;
        }
        findings.0.push(self.look_at_clock());
        let way = Url::parse(self.config.issuer_url()).map(|issuer| self.http.describe_way(&issuer));
        findings.ok(Link::Network, way.unwrap_or_default());
        let metadata = metadata.map_err(|error| broken(Link::Discovery, error))?;
        findings.ok(Link::Discovery, format!("the server calls itself {}, as configured", metadata.issuer));
        let keys = self.server.inspect_keys(metadata).await;
        let provider = keys.map_err(|error| broken(Link::Keys, error))?;
        match provider.keys.count_rsa() {
            0 => Err(broken(Link::Keys, no_rsa_key(self.config.issuer_url()))),
            count => {
                let keys = if count == 1 { "one RSA key".to_owned() } else { format!("{count} RSA keys") };
                findings.ok(Link::Keys, format!("the server publishes {keys}"));
                Ok(provider)
            }
        }
    }

    fn look_at_clock(&self) -> Finding {
        if !self.clock.is_certain() {
            return Finding::unknown(Link::Clock, "the authorization server does not tell the time");
        }
        let offset = self.clock.offset_seconds();
        match (find_wrong_clock(offset), offset.unsigned_abs()) {
            (Some(wrong), _) => Finding::broken(Link::Clock, wrong),
            (None, 0) => Finding::ok(Link::Clock, "this device's clock is right"),
            (None, off) => {
                let detail = format!("this device's clock is {off} s {}, which is corrected here", side(offset));
                Finding::ok(Link::Clock, detail)
            }
        }
    }

    /// Client, redirect URIs and pushed requests.
    pub(super) async fn look_at_client(
        &self,
        provider: &Provider,
        findings: &mut Findings,
    ) -> Result<(), Box<Finding>> {
        let pushes = pushed_to(&self.config, &provider.metadata).map(|endpoint| endpoint.is_some());
        let pushes = match pushes {
            Ok(pushes) => pushes,
            Err(error) => {
                findings.unknown(Link::Client, "it can be asked by pushed requests only");
                return Err(broken(Link::PushedRequests, error));
            }
        };
        findings.0.push(self.look_at_callbacks(provider).await?);
        let demands = provider.metadata.require_pushed_authorization_requests;
        let detail = match (demands, pushes) {
            (true, _) => "the server demands them, and takes them",
            (false, true) => "the configuration wants them, and the server takes them",
            (false, false) => "the server does not demand them, and the configuration has none",
        };
        findings.ok(Link::PushedRequests, detail);
        Ok(())
    }

    async fn look_at_callbacks(&self, provider: &Provider) -> Result<Finding, Box<Finding>> {
        let (mut known, mut remarks, mut unclear) = (Vec::new(), Vec::new(), Vec::new());
        for callback in self.callbacks() {
            let probed = self.server.probe(provider, callback.uri).await;
            match probed.map_err(|error| broken(Link::Client, error))? {
                Probed::Known => known.push(callback.uri),
                Probed::Refused(error) if callback.is_ours || !is_about_redirect_uri(&error) => {
                    let link = match &error {
                        SessionError::Misconfigured { setting, .. } => link_of_setting(setting),
                        _ => Link::Client,
                    };
                    let error = name_scopes_in(callback.name_in(error), &self.unpublished_scopes(provider));
                    return Err(broken(link, error));
                }
                Probed::Refused(_) => {
                    remarks.push(format!("; {} ({}) is not registered", callback.uri, callback.setting));
                }
                Probed::Unclear(said) => unclear.push(format!("{}: {said}", callback.uri)),
            }
        }
        if !unclear.is_empty() {
            let detail = format!("Okta does not tell whether it knows the client: {}", unclear.join("; "));
            return Ok(Finding::unknown(Link::Client, detail));
        }
        let detail = format!("Okta knows client {} with {}", self.config.client_id(), known.join(" and "));
        let detail = detail + &remarks.concat();
        Ok(match &self.unpublished_scopes(provider)[..] {
            [] => Finding::ok(Link::Client, detail),
            scopes => Finding::unknown(
                Link::Client,
                format!(
                    "{detail}; whether it knows {} of okta_scopes shows in a sign-in: {NOT_PUBLISHED}",
                    list(scopes)
                ),
            ),
        })
    }

    fn unpublished_scopes(&self, provider: &Provider) -> Vec<&str> {
        unpublished(self.config.scopes(), &provider.metadata.scopes_supported)
    }

    /// A phone's first on a phone. Apps on desktops may use either, so that both have to be registered there.
    fn callbacks(&self) -> Vec<Callback<'_>> {
        let is_phone = cfg!(any(target_os = "android", target_os = "ios"));
        let mobile = Callback { setting: "okta_callback_url", uri: self.config.callback_url(), is_ours: true };
        let desktop = Callback {
            setting: "okta_desktop_callback_url",
            uri: self.config.desktop_callback_url(),
            is_ours: !is_phone,
        };
        if mobile.uri == desktop.uri { vec![mobile] } else { vec![mobile, desktop] }
    }
}

impl Callback<'_> {
    /// Says which redirect URI it is, and where it is configured.
    fn name_in(&self, error: SessionError) -> SessionError {
        match error {
            SessionError::Misconfigured { setting, problem, hint } if setting == REDIRECT_URI => {
                SessionError::Misconfigured {
                    setting: self.setting.to_owned(),
                    problem: format!("{}: {problem}", self.uri),
                    hint: hint
                        .replace("okta_callback_url (on a desktop okta_desktop_callback_url)", self.setting)
                        .replace("add it", &format!("add {}", self.uri)),
                }
            }
            error => error,
        }
    }
}

/// Of a refusal for the scopes, says which may be meant.
fn name_scopes_in(error: SessionError, unpublished: &[&str]) -> SessionError {
    match error {
        SessionError::Misconfigured { setting, problem, hint }
            if setting == "okta_scopes" && !unpublished.is_empty() =>
        {
            let problem = format!("{problem}: probably {}, {NOT_PUBLISHED}", list(unpublished));
            SessionError::Misconfigured { setting, problem, hint }
        }
        error => error,
    }
}

/// Scopes that the server does not list, if it lists any. One of somebody's own is listed only if that was ticked.
fn unpublished<'s>(scopes: &'s [String], published: &[String]) -> Vec<&'s str> {
    let is_missing = |scope: &&String| !published.is_empty() && !published.contains(scope);
    scopes.iter().filter(is_missing).map(String::as_str).collect()
}

fn list(scopes: &[&str]) -> String {
    scopes.join(", ")
}

fn is_about_redirect_uri(error: &SessionError) -> bool {
    matches!(error, SessionError::Misconfigured { setting, .. } if setting == REDIRECT_URI)
}

fn no_rsa_key(issuer: &str) -> SessionError {
    SessionError::Misconfigured {
        setting: "okta_issuer_url".to_owned(),
        problem: format!("{issuer} publishes no RSA key for signatures, and Cognito verifies ID tokens by no other"),
        hint: "Have the authorization server sign ID tokens with RS256, as Okta's do without being told to.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{name_scopes_in, unpublished};
    use crate::error::SessionError;

    #[test]
    fn a_scope_is_named_that_the_server_does_not_publish() {
        let [scopes, published] =
            [["openid", "reports.read"], ["openid", "profile"]].map(|names| names.map(str::to_owned).to_vec());
        assert_eq!(unpublished(&scopes, &published), ["reports.read"]);
        assert!(unpublished(&scopes, &scopes).is_empty() && unpublished(&scopes, &[]).is_empty());
        let refused = |setting: &str| SessionError::Misconfigured {
            setting: setting.to_owned(),
            problem: "refused".to_owned(),
            hint: String::new(),
        };
        let named = name_scopes_in(refused("okta_scopes"), &["reports.read"]).to_string();
        assert!(named.contains("refused: probably reports.read, not among"), "{named}");
        for (error, scopes) in [(refused("okta_scopes"), &[][..]), (refused("okta_client_id"), &["reports.read"])] {
            assert_eq!(name_scopes_in(error.clone(), scopes), error);
        }
    }
}
