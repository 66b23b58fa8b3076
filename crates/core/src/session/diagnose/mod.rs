//! Walks the chain from the configuration to the bucket for [`Session::diagnose`](super::Session::diagnose), link by link, and
//! stops at the first that is broken; not at the clock, which is corrected. What it asks changes nothing, but for the renewal
//! that any call would begin with.
//!
//! ```text
//! okta.rs        clock, network, discovery, keys, client, pushed requests: nobody needs to be signed in
//! sign_in.rs     who is signed in, and the ID token
//! aws.rs         pool, role, tags, bucket, regions, prefix, APIs
//! bounds.rs      how long a step may take, and what led to where nobody answers
//! stacks.rs      endpoints on this machine that belong to different stacks
//! ```

mod aws;
mod bounds;
mod okta;
mod sign_in;
mod stacks;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;

use super::api::Apis;
use super::renewal::CredentialRenewal;
use crate::aws::s3;
use crate::clock::CorrectedClock;
use crate::cognito::IdentityPool;
use crate::config::Config;
use crate::doctor::{Finding, Link, Mark, Report};
use crate::error::SessionError;
use crate::net::http::Http;
use crate::session::okta::{AuthorizationServer, SignIns};
use crate::session::vault::Vault;
use crate::storage::SecretStore;

/// A connection takes ten seconds at most, and no answer of these services as long again.
const LIMIT: Duration = Duration::from_secs(20);
/// A refresh token is sent twice where the first answer is lost.
const RENEWAL_LIMIT: Duration = Duration::from_secs(30);

/// What the step gives, or nothing if its time is up. What it has begun and must not be interrupted goes on by itself.
async fn in_time<T>(limit: Duration, step: impl Future<Output = T>) -> Option<T> {
    // On the heap, each in its turn: whoever polls this may have a small stack.
    tokio::time::timeout(limit, Box::pin(step)).await.ok()
}

/// The walk: what it needs of a session's parts.
pub(super) struct Diagnosis {
    pub(super) config: Config,
    pub(super) http: Http,
    pub(super) clock: CorrectedClock,
    pub(super) server: Arc<AuthorizationServer>,
    pub(super) sign_ins: Arc<SignIns>,
    pub(super) store: Arc<dyn SecretStore>,
    pub(super) account: String,
    pub(super) vault: Vault,
    pub(super) pool: IdentityPool,
    pub(super) credentials: Arc<CredentialRenewal>,
    pub(super) s3: Arc<s3::Clients>,
    pub(super) apis: Apis,
}

impl Diagnosis {
    /// `begun` is told of each step before it is taken, by the first link that it looks at.
    pub(super) async fn walk(&self, begun: &(dyn Fn(Link) + Send + Sync)) -> Report {
        let mut findings = Findings(vec![self.look_at_files()]);
        let followed = AssertUnwindSafe(self.follow(&mut findings, begun)).catch_unwind().await;
        match followed {
            Ok(Ok(())) => Report::of(findings.0),
            Ok(Err(broken)) => findings.end_with(self.name_setting_in(self.put_where_it_ended(*broken))),
            // A bug must not be taken for what is wrong with a link, least of all with another than the one looked at.
            Err(_) => findings.end_before_its_time(SessionError::internal(
                "a bug of this library ended the walk at this link, of which nothing is known",
            )),
        }
    }

    /// The report of a walk that the app's runtime ended before it began, or in its midst.
    pub(super) fn interrupted(&self, error: SessionError) -> Report {
        Findings(vec![self.look_at_files()]).end_before_its_time(error)
    }

    /// What can be told without asking anybody.
    pub(super) async fn walk_offline(&self) -> Report {
        let mut findings = Findings(vec![self.look_at_files()]);
        let stored = self.look_at_store().await;
        if let Err(broken) = stored {
            return findings.end_with(*broken);
        }
        for link in Link::ALL.into_iter().skip(1) {
            findings.0.push(match link {
                Link::SignIn => self.look_at_memory().await,
                Link::Api if self.config.api_endpoints().is_empty() => no_apis(),
                _ => Finding::unknown(link, "nobody was asked"),
            });
        }
        Report::of(findings.0)
    }

    /// What each step finds, or what it ends with.
    async fn follow(&self, findings: &mut Findings, begun: &(dyn Fn(Link) + Send + Sync)) -> Result<(), Box<Finding>> {
        begun(Link::Network);
        let provider = in_time(LIMIT, self.look_at_server(findings)).await;
        let provider = provider.unwrap_or_else(|| findings.too_slow(Link::Network))?;
        begun(Link::Client);
        let client = in_time(LIMIT, self.look_at_client(&provider, findings)).await;
        client.unwrap_or_else(|| findings.too_slow(Link::Client))?;
        begun(Link::SignIn);
        let is_signed_in = in_time(RENEWAL_LIMIT, self.look_at_sign_in(&provider, findings)).await;
        let is_signed_in = is_signed_in.unwrap_or_else(|| findings.too_slow(Link::SignIn))?;
        begun(Link::Pool);
        let neighbours = Box::pin(self.ask_for_neighbours()).await;
        neighbours.check(Link::Pool)?;
        if !is_signed_in {
            let pool = in_time(LIMIT, self.look_at_cognito()).await;
            let pool = pool.unwrap_or_else(|| findings.too_slow(Link::Pool))?;
            neighbours.check_all()?;
            self.leave_the_rest_open(&pool, findings);
            return in_time(LIMIT, self.look_at_services()).await.unwrap_or_else(|| findings.too_slow(Link::Api));
        }
        let credentials = in_time(LIMIT, self.look_at_pool(findings)).await;
        let credentials = credentials.unwrap_or_else(|| findings.too_slow(Link::Pool))?;
        neighbours.check(Link::Bucket)?;
        begun(Link::Bucket);
        let bucket = in_time(LIMIT, self.look_at_bucket(findings)).await;
        bucket.unwrap_or_else(|| findings.too_slow(Link::Bucket))?;
        neighbours.check(Link::Api)?;
        begun(Link::Api);
        let apis = in_time(LIMIT, async {
            self.look_at_services().await?;
            self.look_at_apis(&credentials, findings).await
        });
        let apis = apis.await;
        apis.unwrap_or_else(|| findings.too_slow(Link::Api))
    }

    /// A configuration that is here has been read and checked.
    fn look_at_files(&self) -> Finding {
        let config = &self.config;
        let detail = format!(
            "issuer {}, client {}, identity pool {}, bucket {}",
            config.issuer_url(),
            config.client_id(),
            config.identity_pool_id(),
            config.bucket()
        );
        Finding::ok(Link::Files, detail)
    }

    /// Nobody is signed in. GetId without a login would make a guest of the pool's.
    fn leave_the_rest_open(&self, pool: &Finding, findings: &mut Findings) {
        for link in Link::ALL.into_iter().filter(|link| *link > Link::SignIn) {
            findings.0.push(match link {
                Link::Pool => pool.clone(),
                Link::Api if self.config.api_endpoints().is_empty() => no_apis(),
                _ => Finding::unknown(link, "not known before a sign-in"),
            });
        }
    }
}

/// A configuration without APIs.
fn no_apis() -> Finding {
    Finding::ok(Link::Api, "none configured")
}

/// What was found so far, in the order of the links.
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    fn ok(&mut self, link: Link, detail: impl Into<String>) {
        self.0.push(Finding::ok(link, detail));
    }

    fn unknown(&mut self, link: Link, detail: impl Into<String>) {
        self.0.push(Finding::unknown(link, detail));
    }

    /// The report of a link that is broken. It may be one that seemed to hold.
    fn end_with(mut self, broken: Finding) -> Report {
        self.0.retain(|finding| finding.link < broken.link);
        for link in Link::ALL.into_iter().take_while(|link| *link < broken.link) {
            if !self.0.iter().any(|finding| finding.link == link) {
                self.unknown(link, "not known");
            }
        }
        self.0.sort_by_key(|finding| finding.link);
        self.0.push(broken);
        let hiding = self.0.iter().filter(|finding| finding.mark == Mark::Broken && finding.link != Link::Clock);
        debug_assert!(hiding.count() <= 1);
        Report::of(self.0)
    }

    /// The report of a walk that has ended at the link after those that it knows of.
    fn end_before_its_time(self, error: SessionError) -> Report {
        let next = self.next_link();
        self.end_with(Finding::broken(next, error))
    }

    /// The one after those that are known of.
    fn next_link(&self) -> Link {
        let last = self.0.iter().map(|finding| finding.link).max();
        Link::ALL.into_iter().find(|link| Some(*link) > last).unwrap_or(Link::Api)
    }
}

/// The link of what is wrong with the client's settings.
fn link_of_setting(setting: &str) -> Link {
    if setting == "okta_pushed_authorization_requests" { Link::PushedRequests } else { Link::Client }
}

/// What a step ends with where it finds `link` broken.
fn broken(link: Link, problem: SessionError) -> Box<Finding> {
    Box::new(Finding::broken(link, problem))
}

/// The same with a text to paste.
fn broken_with(link: Link, problem: SessionError, paste: String) -> Box<Finding> {
    Box::new(Finding { paste: Some(paste), ..Finding::broken(link, problem) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost() -> SessionError {
        SessionError::Retryable { failure: "no connection".to_owned(), retry_after: None }
    }

    #[test]
    fn a_link_that_turns_out_to_be_broken_takes_back_what_was_said_of_it_and_of_later_ones() {
        let mut findings = Findings(vec![Finding::ok(Link::Files, "read")]);
        findings.ok(Link::Clock, "right");
        findings.ok(Link::Client, "known");
        findings.ok(Link::PushedRequests, "not demanded");
        let report = findings.end_with(*broken(Link::Client, lost()));
        let marks: Vec<_> = report.findings.iter().map(|finding| (finding.link, finding.mark)).take(7).collect();
        assert_eq!(
            marks,
            [
                (Link::Files, Mark::Ok),
                (Link::Clock, Mark::Ok),
                (Link::Network, Mark::Unknown),
                (Link::Discovery, Mark::Unknown),
                (Link::Keys, Mark::Unknown),
                (Link::Client, Mark::Broken),
                (Link::PushedRequests, Mark::NotReached),
            ]
        );
    }
}
