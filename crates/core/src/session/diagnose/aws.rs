//! AWS's side: what Cognito gives for the ID token, and what S3 and the APIs give for that.

use std::sync::Arc;

use secrecy::ExposeSecret as _;

use super::{Diagnosis, Findings, broken, broken_with, no_apis};
use crate::aws::endpoints::cognito_host;
use crate::aws::s3::ListObjects;
use crate::cognito::AwsCredentials;
use crate::config::ApiEndpoint;
use crate::diagnosis::{Evidence, PoolPart, pool_part};
use crate::doctor::{Finding, Link, Mark, trust_policy};
use crate::error::SessionError;
use crate::session::api::Probed;
use crate::session::listing::ObjectPages;

impl Diagnosis {
    /// Whether it is Cognito that answers, before anybody has an ID token for it.
    pub(super) async fn look_at_cognito(&self) -> Result<Finding, Box<Finding>> {
        self.pool.greet().await.map_err(|error| broken(Link::Pool, error))?;
        let place = cognito_host(&self.config).map(|url| url.authority().to_owned()).unwrap_or_default();
        let detail =
            format!("Cognito answers at {place}; whether the pool takes ID tokens is not known before a sign-in");
        Ok(Finding::unknown(Link::Pool, detail))
    }

    /// Pool, role and tags, by the credentials that any call would use: those at hand, or new ones.
    pub(super) async fn look_at_pool(&self, findings: &mut Findings) -> Result<AwsCredentials, Box<Finding>> {
        let pool = self.config.identity_pool_id();
        match self.credentials.credentials_or_why_not().await {
            Ok(credentials) => {
                let until = httpdate::fmt_http_date(credentials.expires_at());
                findings.ok(Link::Pool, format!("{pool} takes the ID token"));
                findings.ok(Link::Role, format!("credentials until {until}"));
                findings.ok(Link::Tags, self.describe_tags());
                Ok(credentials)
            }
            Err(error @ SessionError::SignInRequired { .. }) => Err(broken(self.link_of_ended(), error)),
            Err(error @ SessionError::SecureStorage { .. }) => Err(broken(Link::SignIn, error)),
            Err(error) => {
                let part = pool_part(&error);
                if part != PoolPart::Provider {
                    findings.ok(Link::Pool, format!("{pool} takes the ID token"));
                }
                match part {
                    PoolPart::Provider => Err(broken(Link::Pool, error)),
                    PoolPart::RoleRules => Err(broken(Link::Role, error)),
                    PoolPart::Role => Err(broken_with(Link::Role, error, trust_policy(&self.config))),
                    PoolPart::Tags => {
                        findings
                            .unknown(Link::Role, "Cognito says the same of a role and of a claim that it cannot use");
                        // The role's trust is the lesser suspect, and the fix says what it needs.
                        Err(broken(Link::Tags, error))
                    }
                }
            }
        }
    }

    /// Credentials were given, so whatever the pool maps can be a tag.
    fn describe_tags(&self) -> String {
        let evidence = self.vault.peek(|content| {
            let id_token = &content.signed_in.as_ref()?.tokens.id_token;
            Some(Evidence::of(&self.config).for_id_token(id_token.expose_secret()))
        });
        match evidence.flatten().map(|evidence| evidence.untaggable_claims.join(", ")) {
            Some(claims) if !claims.is_empty() => {
                format!("none stands in the way; should the pool come to map them, these claims would: {claims}")
            }
            _ => "every claim of the ID token can be one".to_owned(),
        }
    }

    /// A call that was refused renews, and may learn only then that the sign-in has ended: that is no fault of its own link.
    pub(super) fn put_where_it_ended(&self, finding: Finding) -> Finding {
        match finding.problem {
            Some(error @ SessionError::SignInRequired { .. }) if finding.link > Link::IdToken => {
                Finding::broken(self.link_of_ended(), error)
            }
            _ => finding,
        }
    }

    /// Okta has ended the session, or Cognito takes its ID token no more.
    fn link_of_ended(&self) -> Link {
        let is_signed_in = self.vault.peek(|content| content.signed_in.is_some()).unwrap_or(false);
        if is_signed_in { Link::IdToken } else { Link::SignIn }
    }

    /// Bucket, regions and prefix: one object of a listing tells of all.
    pub(super) async fn look_at_bucket(&self, findings: &mut Findings) -> Result<(), Box<Finding>> {
        let listed = self.list_one(None).await;
        let is_empty = matches!(listed, Ok(0));
        let broken_link = listed.err().map(|error| (link_of_listing(&error), error));
        let reached = |link: Link| broken_link.as_ref().is_none_or(|(broken, _)| link < *broken);
        let config = &self.config;
        if reached(Link::Bucket) {
            findings.ok(Link::Bucket, format!("{} is there", config.bucket()));
        }
        if reached(Link::Region) {
            let regions = format!("identity pool in {}, bucket in {}", config.region(), config.bucket_region());
            findings.ok(Link::Region, regions);
        }
        match (broken_link, config.listing_prefix()) {
            (Some((Link::Prefix, error)), Some(prefix)) => {
                let other = other_spelling(prefix);
                let is_allowed = match &other {
                    Some(other) => self.list_one(Some(other.clone())).await.is_ok(),
                    None => false,
                };
                let error = match other.filter(|_| is_allowed) {
                    Some(other) => misspelt(
                        format!("the role may not list what begins with {prefix:?}, but what begins with {other:?}"),
                        &other,
                    ),
                    None => error,
                };
                Err(broken(Link::Prefix, error))
            }
            (Some((link, error)), _) => Err(broken(link, error)),
            (None, Some(prefix)) => {
                if is_empty
                    && let Some(other) = other_spelling(prefix)
                    && self.list_one(Some(other.clone())).await.is_ok_and(|found| found > 0)
                {
                    let problem = format!("nothing begins with {prefix:?}, but with {other:?} something does");
                    return Err(broken(Link::Prefix, misspelt(problem, &other)));
                }
                let nothing = if is_empty { "; there is nothing (Storage.AWSS3.prefix)" } else { "" };
                findings.ok(Link::Prefix, format!("what begins with {prefix:?} may be listed{nothing}"));
                Ok(())
            }
            (None, None) => {
                findings.ok(Link::Prefix, "the whole bucket may be listed");
                Ok(())
            }
        }
    }

    /// How many objects a listing of one has: of `prefix`, or of what the configuration begins with.
    async fn list_one(&self, prefix: Option<String>) -> Result<u64, SessionError> {
        let one = ListObjects { prefix, limit: Some(1), page_size: Some(1), ..ListObjects::default() };
        let mut pages = ObjectPages::new(Arc::clone(&self.credentials), &self.config, &self.s3, one);
        Ok(pages.next_page().await?.map_or(0, |page| page.len()))
    }

    /// The APIs, by a GET of each address, which is safe: "the client does not request, and does not expect, any state change"
    /// (RFC 9110 §9.2.1). Which other paths and methods the role may call, only a call of them tells.
    pub(super) async fn look_at_apis(
        &self,
        credentials: &AwsCredentials,
        findings: &mut Findings,
    ) -> Result<(), Box<Finding>> {
        if self.config.api_endpoints().is_empty() {
            findings.0.push(no_apis());
            return Ok(());
        }
        let (mut said, mut mark) = (Vec::new(), Mark::Ok);
        for (number, api) in self.config.api_endpoints().iter().enumerate() {
            let name = &api.name;
            let outcome = self.apis.probe(api, credentials.clone()).await;
            if is_turned_away(&outcome)
                && let Some(error) = self.find_other_scope(number, api, credentials).await
            {
                return Err(broken(Link::Api, error));
            }
            match outcome {
                Ok(Probed { status, is_of_aws: false, content_type }) => {
                    mark = Mark::Unknown;
                    said.push(format!(
                        "{name}: nothing in what {} answers (HTTP status {status}, {content_type}) shows that API Gateway, a \
                         function URL or AppSync is there; compare API.endpoints[{number}].endpoint with the AWS console",
                        api.url.authority()
                    ));
                }
                Ok(Probed { status: 200..300, .. }) => said.push(format!("{name} lets the role in")),
                // It says so before it looks at the signature, or instead.
                Ok(Probed { status, .. }) => {
                    mark = Mark::Unknown;
                    let scope = self.doubt_scope(number, api).map(|doubt| format!("; not tried is {doubt}"));
                    said.push(format!(
                        "{name} answers HTTP status {status} to GET {}{}",
                        api.url.path(),
                        scope.unwrap_or_default()
                    ));
                }
                // Other paths may be allowed, or be there.
                Err(SessionError::AccessDenied { .. }) => {
                    mark = Mark::Unknown;
                    let scope = self
                        .doubt_scope(number, api)
                        .map(|doubt| format!(". It says the same of a wrong signature: {doubt}"));
                    said.push(format!(
                        "{name} does not let the role GET {}; other paths it may{}",
                        api.url.path(),
                        scope.unwrap_or_default()
                    ));
                }
                Err(SessionError::NotFound { .. }) => {
                    mark = Mark::Unknown;
                    said.push(format!("{name} has no GET {}", api.url.path()));
                }
                Err(error) => return Err(broken(Link::Api, error)),
            }
        }
        let detail = said.join("; ");
        findings.0.push(match mark {
            Mark::Ok => Finding::ok(Link::Api, detail),
            _ => Finding::unknown(
                Link::Api,
                format!(
                    "{detail}. What the role may call shows in a call: jetbridge call GET with a path that the API has"
                ),
            ),
        });
        Ok(())
    }
}

/// How policies write a folder: without a slash at its beginning, with one at its end; and without the bucket, which an S3 URI
/// begins with.
fn other_spelling(prefix: &str) -> Option<String> {
    let inside = prefix.strip_prefix("s3://").map_or(prefix, |uri| uri.split_once('/').map_or("", |(_, key)| key));
    let folder = inside.trim_matches('/');
    Some(format!("{folder}/")).filter(|other| !folder.is_empty() && other != prefix)
}

/// `right` was tried, not guessed.
fn misspelt(problem: String, right: &str) -> SessionError {
    SessionError::Misconfigured {
        setting: "Storage.AWSS3.prefix".to_owned(),
        problem,
        hint: format!("Set Storage.AWSS3.prefix to {right:?}."),
    }
}

impl Diagnosis {
    /// "An HTTP API says Forbidden for whatever is wrong", and a domain of somebody's own does not tell what it is: so the same
    /// GET is signed for what else the configuration knows. If that is let in, the entry is wrong.
    async fn find_other_scope(
        &self,
        number: usize,
        api: &ApiEndpoint,
        credentials: &AwsCredentials,
    ) -> Option<SessionError> {
        for other in self.other_scopes(api) {
            let outcome = self.apis.probe(&other, credentials.clone()).await;
            if outcome.is_err() || is_turned_away(&outcome) {
                continue;
            }
            let wrong = [("region", &api.region, &other.region), ("service", &api.service, &other.service)];
            let wrong: Vec<_> = wrong.into_iter().filter(|(_, configured, right)| configured != right).collect();
            let (key, ..) = wrong.first()?;
            let fixes: Vec<_> = wrong.iter().map(|(key, _, right)| format!("{key:?} to {right:?}")).collect();
            return Some(SessionError::Misconfigured {
                setting: format!("API.endpoints[{number}].{key}"),
                problem: format!(
                    "{} ({}) refuses what is signed for {} in {}, and lets in what is signed for {} in {}",
                    api.name,
                    api.url.authority(),
                    api.service,
                    api.region,
                    other.service,
                    other.region
                ),
                hint: format!("Set {} in that entry of API.endpoints.", fixes.join(" and ")),
            });
        }
        None
    }

    /// Of an API on a host that does not tell for what its requests are signed.
    fn other_scopes(&self, api: &ApiEndpoint) -> Vec<ApiEndpoint> {
        if api.is_on_aws_host() {
            return Vec::new();
        }
        let usual = ApiEndpoint::DEFAULT_SERVICE;
        let region = self.config.region();
        let mut others = Vec::new();
        for (service, region) in [(usual, &api.region[..]), (&api.service[..], region), (usual, region)] {
            let other = ApiEndpoint { service: service.to_owned(), region: region.to_owned(), ..api.clone() };
            if other != *api && !others.contains(&other) {
                others.push(other);
            }
        }
        others
    }

    /// What may be wrong although nothing else was let in.
    fn doubt_scope(&self, number: usize, api: &ApiEndpoint) -> Option<String> {
        let mut doubts = Vec::new();
        if api.region != self.config.region() {
            doubts.push(format!(
                "API.endpoints[{number}].region is {}, Auth.region is {}",
                api.region,
                self.config.region()
            ));
        }
        if api.service != ApiEndpoint::DEFAULT_SERVICE {
            doubts.push(format!("API.endpoints[{number}].service is {}", api.service));
        }
        (!doubts.is_empty() && !api.is_on_aws_host()).then(|| doubts.join(", "))
    }
}

/// Whether something before the API's own code may have refused.
fn is_turned_away(outcome: &Result<Probed, SessionError>) -> bool {
    match outcome {
        Ok(probed) => matches!(probed.status, 401 | 403),
        Err(SessionError::AccessDenied { .. }) => true,
        Err(SessionError::Misconfigured { setting, .. }) => setting == "API.endpoints",
        Err(_) => false,
    }
}

/// S3 looks at the bucket's name, then at the region, then at permissions.
fn link_of_listing(error: &SessionError) -> Link {
    match error {
        SessionError::AccessDenied { .. } => Link::Prefix,
        SessionError::Misconfigured { setting, .. } if setting == "Storage.AWSS3.region" => Link::Region,
        _ => Link::Bucket,
    }
}
