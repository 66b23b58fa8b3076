//! How long each step of the walk may take, and what of the configuration led to where nobody answers. Calls have patience, and
//! try again; who asks what is wrong wants to know that nobody answers.

use url::Url;

use super::{Diagnosis, Findings, broken};
use crate::config::Config;
use crate::doctor::{Finding, Link};
use crate::error::{NO_ANSWER, NO_CONNECTION, NOBODY_LISTENS, Service, SessionError, UNKNOWN_NAME};
use crate::loopback::is_loopback;

/// A server out there that nobody can resolve.
const UNREACHED: [&str; 4] = [UNKNOWN_NAME, NO_CONNECTION, NOBODY_LISTENS, NO_ANSWER];

impl Findings {
    /// The link that was looked at when the time was up: the first of the step, or the one after those that it knows of.
    pub(super) fn too_slow<T>(&self, first: Link) -> Result<T, Box<Finding>> {
        let link = self.next_link().max(first);
        let failure = format!("{} cannot be reached ({}): {NO_ANSWER}", service_of(link), link.title());
        Err(broken(link, SessionError::Retryable { failure, retry_after: None }))
    }
}

fn service_of(link: Link) -> Service {
    match link {
        Link::Pool | Link::Role | Link::Tags => Service::Cognito,
        Link::Bucket | Link::Region | Link::Prefix => Service::S3,
        Link::Api => Service::Api,
        _ => Service::Okta,
    }
}

impl Diagnosis {
    /// The finding with what of the configuration led there, if nobody is reached.
    pub(super) fn name_setting_in(&self, mut finding: Finding) -> Finding {
        let Some(SessionError::Retryable { failure, .. }) = &mut finding.problem else { return finding };
        if !UNREACHED.iter().any(|cause| failure.contains(cause)) {
            return finding;
        }
        if let Some(words) = describe_setting(&self.config, finding.link) {
            failure.push_str(&words);
            finding.detail = failure.clone();
        }
        finding
    }

    /// Without such a key it is the identity pool's endpoint, which is asked for what is its own.
    pub(super) fn services_of_their_own(&self) -> Option<&Url> {
        let pool = self.config.identity_pool_endpoint();
        self.config.services_endpoint().filter(|endpoint| Some(*endpoint) != pool)
    }

    /// What `Services.endpoint` names is for AWS's tools alone, and no step of the walk asks it.
    pub(super) async fn look_at_services(&self) -> Result<(), Box<Finding>> {
        let Some(endpoint) = self.services_of_their_own().filter(|endpoint| is_loopback(endpoint)) else {
            return Ok(());
        };
        let asked = self.http.send(reqwest::Request::new(reqwest::Method::HEAD, endpoint.clone())).await;
        match asked {
            Ok(_) => Ok(()),
            Err(error) => {
                let problem = format!("{error}: AWS's tools ask there what is neither Cognito's nor S3's");
                let hint = "Start what is named there (the local stack, say), or correct host and port of Services.endpoint in \
                            aws-exports.json; without the key it is the identity pool's endpoint.";
                Err(broken(
                    Link::Api,
                    SessionError::Misconfigured {
                        setting: "Services.endpoint".to_owned(),
                        problem,
                        hint: hint.to_owned(),
                    },
                ))
            }
        }
    }
}

fn describe_setting(config: &Config, link: Link) -> Option<String> {
    let issuer = Url::parse(config.issuer_url()).ok();
    let (setting, endpoint, others) = match service_of(link) {
        Service::Okta => ("okta_issuer_url", issuer.as_ref(), [None, None]),
        Service::Cognito => {
            ("Auth.identityPoolEndpoint", config.identity_pool_endpoint(), [issuer.as_ref(), config.s3_endpoint()])
        }
        Service::S3 => {
            ("Storage.AWSS3.endpoint", config.s3_endpoint(), [issuer.as_ref(), config.identity_pool_endpoint()])
        }
        // An API's refusal names its host, and there may be several.
        _ => return None,
    };
    match endpoint {
        Some(endpoint) => Some(format!("; {setting} is {}", endpoint.as_str().trim_end_matches('/'))),
        None if others.into_iter().flatten().any(is_loopback) => Some(format!(
            "; {setting} is not set, so that AWS's own is asked, though other endpoints of the configuration are on this \
             machine"
        )),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(pool: Option<&str>, bucket: Option<&str>) -> Config {
        let okta = r#"{"okta_issuer_url": "http://127.0.0.1:4580/oauth2/default", "okta_client_id": "0oa1",
            "okta_callback_url": "com.okta.dev-1:/callback"}"#;
        let mut aws = serde_json::json!({
            "Auth": { "region": "us-west-2", "identityPoolId": "us-west-2:1234abcd-12ab-34cd-56ef-1234567890ab" },
            "Storage": { "AWSS3": { "region": "us-west-2", "bucket": "my-team-data" } },
        });
        if let Some(pool) = pool {
            aws["Auth"]["identityPoolEndpoint"] = pool.into();
        }
        if let Some(bucket) = bucket {
            aws["Storage"]["AWSS3"]["endpoint"] = bucket.into();
        }
        Config::parse(okta, &aws.to_string()).unwrap()
    }

    #[test]
    fn what_led_to_nobody_is_named_and_so_is_an_endpoint_that_is_missing_beside_others() {
        let (cognito, s3) = ("http://127.0.0.1:4581", "http://127.0.0.1:4582");
        let whole = config(Some(cognito), Some(s3));
        for (link, said) in [
            (Link::Network, "; okta_issuer_url is http://127.0.0.1:4580/oauth2/default"),
            (Link::Keys, "; okta_issuer_url is http://127.0.0.1:4580/oauth2/default"),
            (Link::Pool, "; Auth.identityPoolEndpoint is http://127.0.0.1:4581"),
            (Link::Bucket, "; Storage.AWSS3.endpoint is http://127.0.0.1:4582"),
        ] {
            assert_eq!(describe_setting(&whole, link).as_deref(), Some(said));
        }
        let told = describe_setting(&config(Some(cognito), None), Link::Bucket).unwrap();
        assert!(told.starts_with("; Storage.AWSS3.endpoint is not set, so that AWS's own is asked"), "{told}");
        let told = describe_setting(&config(None, Some(s3)), Link::Pool).unwrap();
        assert!(told.starts_with("; Auth.identityPoolEndpoint is not set"), "{told}");
        assert_eq!(describe_setting(&whole, Link::Api), None);
    }

    #[test]
    fn a_step_that_is_too_slow_is_put_at_the_link_after_those_that_it_knows_of() {
        let mut findings = Findings(vec![Finding::ok(Link::Files, "read")]);
        let link_of = |findings: &Findings| findings.too_slow::<()>(Link::Network).unwrap_err();
        assert_eq!(link_of(&findings).link, Link::Network);
        findings.ok(Link::Network, "reached");
        findings.ok(Link::Discovery, "read");
        let slow = link_of(&findings);
        assert_eq!(slow.link, Link::Keys);
        assert!(slow.detail.starts_with("Okta cannot be reached (") && slow.detail.contains(NO_ANSWER), "{slow:?}");
    }
}
