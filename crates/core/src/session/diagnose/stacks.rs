//! Endpoints on this machine that do not belong together: of two local stacks, or of two services of one that were swapped.
//! No service tells that. A local stack says on each of its ports who it is and where its services are
//! (`local-stack/src/identification.rs`), and nobody is asked for that but servers of this machine.

use std::time::Duration;

use serde::Deserialize;
use url::Url;

use super::{Diagnosis, broken};
use crate::doctor::{Finding, Link};
use crate::error::SessionError;
use crate::loopback::is_loopback;

const PATH: &str = "/.well-known/jetbridge-local-stack";
/// It answers at once, or is no local stack.
const PATIENCE: Duration = Duration::from_secs(3);
const WRITTEN_TOGETHER: &str = "or take both files from one stack (jetbridge local-stack --write-config)";

/// What a stack says of itself.
#[derive(Debug, Deserialize)]
struct TestStack {
    issuer: String,
    cognito: Url,
    s3: Url,
    sts: Url,
    api: Url,
}

/// A service of a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Cognito,
    S3,
    Sts,
    Api,
}

impl Role {
    fn title(self) -> &'static str {
        match self {
            Self::Cognito => "Cognito",
            Self::S3 => "S3",
            Self::Sts => "STS",
            Self::Api => "API",
        }
    }
}

impl TestStack {
    fn place_of(&self, role: Role) -> &Url {
        match role {
            Role::Cognito => &self.cognito,
            Role::S3 => &self.s3,
            Role::Sts => &self.sts,
            Role::Api => &self.api,
        }
    }

    /// Which of its services is there.
    fn find(&self, url: &Url) -> Option<&'static str> {
        let okta = Url::parse(&self.issuer).is_ok_and(|issuer| is_same(&issuer, url)).then_some("Okta");
        let others = [Role::Cognito, Role::S3, Role::Sts, Role::Api];
        okta.or_else(|| others.into_iter().find(|role| is_same(self.place_of(*role), url)).map(Role::title))
    }
}

/// Host and port, with another name of this machine being the same.
fn is_same(one: &Url, other: &Url) -> bool {
    is_loopback(one) && is_loopback(other) && one.port_or_known_default() == other.port_or_known_default()
}

fn shown(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// What is wrong with the endpoints on this machine, by the links that need them.
#[derive(Default)]
pub(super) struct Neighbours(Vec<(Link, SessionError)>);

impl Neighbours {
    /// Whether what `link` needs is where it should be.
    pub(super) fn check(&self, link: Link) -> Result<(), Box<Finding>> {
        let wrong = self.0.iter().find(|(wrong, _)| *wrong == link);
        wrong.map_or(Ok(()), |(link, error)| Err(broken(*link, error.clone())))
    }

    /// The same of all links.
    pub(super) fn check_all(&self) -> Result<(), Box<Finding>> {
        self.0.first().map_or(Ok(()), |(link, _)| self.check(*link))
    }
}

impl Diagnosis {
    /// Compares the endpoints with those that the issuer's own stack names, if it is of a local stack.
    pub(super) async fn ask_for_neighbours(&self) -> Neighbours {
        let Some(stack) = self.ask_for_stack().await else { return Neighbours::default() };
        let config = &self.config;
        let mut endpoints = vec![
            (Link::Pool, "Auth.identityPoolEndpoint".to_owned(), config.identity_pool_endpoint(), Role::Cognito),
            (Link::Bucket, "Storage.AWSS3.endpoint".to_owned(), config.s3_endpoint(), Role::S3),
        ];
        endpoints.push((Link::Api, "Services.endpoint".to_owned(), self.services_of_their_own(), Role::Sts));
        for (number, api) in config.api_endpoints().iter().enumerate() {
            endpoints.push((Link::Api, format!("API.endpoints[{number}].endpoint"), Some(&api.url), Role::Api));
        }
        let mut wrong = Vec::new();
        for (link, setting, endpoint, role) in endpoints {
            let Some(endpoint) = endpoint else { continue };
            if let Err(error) = self.compare(&stack, &setting, endpoint, role).await {
                wrong.push((link, error));
            }
        }
        Neighbours(wrong)
    }

    /// The stack that the issuer is of, if it is of one.
    async fn ask_for_stack(&self) -> Option<TestStack> {
        let issuer = Url::parse(self.config.issuer_url()).ok()?;
        let stack = self.ask_who_is_at(&issuer).await?;
        // Whoever is there speaks for itself only.
        Url::parse(&stack.issuer).is_ok_and(|named| is_same(&named, &issuer)).then_some(stack)
    }

    async fn ask_who_is_at(&self, place: &Url) -> Option<TestStack> {
        if !is_loopback(place) {
            return None;
        }
        let url = place.join(PATH).ok()?;
        let asking = self.http.get_json::<TestStack>(&url);
        tokio::time::timeout(PATIENCE, asking).await.ok()?.ok().map(|(stack, _)| stack)
    }

    /// Whether `endpoint` is where the issuer's own stack has that service. What is no part of any stack may be what its owner
    /// wants.
    async fn compare(&self, stack: &TestStack, setting: &str, endpoint: &Url, role: Role) -> Result<(), SessionError> {
        let (right, title) = (stack.place_of(role), role.title());
        if is_same(right, endpoint) || !is_loopback(endpoint) {
            return Ok(());
        }
        let problem = if let Some(found) = stack.find(endpoint) {
            format!("what answers at {} is the local stack's {found}, not its {title}", shown(endpoint))
        } else if let Some(other) = self.ask_who_is_at(endpoint).await.filter(|other| other.issuer != stack.issuer) {
            format!(
                "what answers at {} is of another local stack than okta_issuer_url: of that of {}, which knows nothing of \
                 sign-ins at {}",
                shown(endpoint),
                other.issuer,
                stack.issuer
            )
        } else {
            return Ok(());
        };
        let hint = format!("Set {setting} to {}, {WRITTEN_TOGETHER}.", shown(right));
        Err(SessionError::Misconfigured { setting: setting.to_owned(), problem, hint })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_port_of_this_machine_whatever_it_is_called() {
        let url = |text: &str| Url::parse(text).unwrap();
        assert!(is_same(&url("http://127.0.0.1:4581/"), &url("http://localhost:4581/x")));
        assert!(!is_same(&url("http://127.0.0.1:4581/"), &url("http://127.0.0.1:4582/")));
        assert!(!is_same(&url("https://a.example:4581/"), &url("http://127.0.0.1:4581/")));
    }
}
