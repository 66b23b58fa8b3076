//! `Session::diagnose()`: the chain of a sound set-up holds, and in each of many broken ones the link that is broken is named,
//! with what mends it, and nothing is claimed of what comes after it. Nothing is changed by looking, and no secret is told.

mod aws;
mod endpoints;
mod network;
mod okta;

use std::sync::Arc;
use std::time::Duration;

use jetbridge::doctor::{Finding, Link, Mark, Report};
use jetbridge::{Config, LoginOptions, Observation, RequestObserver, Session};
use jetbridge_local_stack::{Fault, Options, Service, Template};
use serde_json::Value;

use crate::bench::{ALICE, Bench, PASSWORD, config_of};

const HOUR: Duration = Duration::from_secs(3600);
const DEMO: &str = include_str!("template/infra-demo.template.json");

fn finding(report: &Report, link: Link) -> &Finding {
    report.findings.iter().find(|finding| finding.link == link).unwrap()
}

/// All that a person could see of it.
fn shown(report: &Report) -> String {
    report.findings.iter().map(|finding| format!("{finding:?} {:?} {:?}\n", finding.fix(), finding.setting())).collect()
}

/// One finding for each link; before the one that is broken none is, but for the clock, after it nothing was reached, and no
/// secret that the stack issued is told.
fn check(bench: &Bench, report: &Report) {
    let links: Vec<_> = report.findings.iter().map(|finding| finding.link).collect();
    assert_eq!(links, Link::ALL);
    let hides = |finding: &Finding| finding.mark == Mark::Broken && !is_corrected(finding);
    let broken = report.findings.iter().position(hides).unwrap_or(links.len());
    for (position, finding) in report.findings.iter().enumerate() {
        let (is_reached, is_broken) = (position <= broken, position == broken || is_corrected(finding));
        assert_eq!(finding.mark != Mark::NotReached, is_reached, "{:?}: {report:#?}", finding.link);
        assert_eq!(finding.mark == Mark::Broken, is_broken, "{:?}: {report:#?}", finding.link);
        assert_eq!(finding.problem.is_some(), is_broken, "{:?}", finding.link);
        assert_eq!(finding.detail.is_empty(), !is_reached, "{:?}", finding.link);
    }
    let text = shown(report);
    for personal in ["alice", "Archer", "example.com"] {
        assert!(!text.contains(personal), "{personal}: {text}");
    }
    for (number, secret) in bench.stack.issued_secrets().all().iter().filter(|secret| secret.len() >= 12).enumerate() {
        assert!(!text.contains(secret.as_str()), "secret number {number} is in the report");
    }
}

/// The clock is wrong, and nothing hangs on that here.
fn is_corrected(finding: &Finding) -> bool {
    finding.link == Link::Clock && finding.setting() == Some("device clock")
}

async fn diagnose(bench: &Bench, session: &Session) -> Report {
    let report = session.diagnose().await;
    check(bench, &report);
    report
}

fn assert_broken(report: &Report, link: Link, setting: Option<&str>, words: &[&str]) {
    let broken = report.broken().unwrap_or_else(|| panic!("nothing is broken: {report:#?}"));
    assert_eq!((broken.link, broken.setting()), (link, setting), "{report:#?}");
    let told = format!("{}. {}", broken.detail, broken.fix().unwrap_or_default());
    for word in words {
        assert!(told.contains(word), "{word:?} is not in {told:?}");
    }
}

fn marks(report: &Report, mark: Mark) -> Vec<Link> {
    report.findings.iter().filter(|finding| finding.mark == mark).map(|finding| finding.link).collect()
}

fn stored(bench: &Bench) -> Option<Vec<u8>> {
    let name = format!("default.{}", bench.config.fingerprint().short());
    bench.store.load(&name).unwrap().map(|stored| stored.to_vec())
}

fn with_okta(bench: &Bench, key: &str, value: impl Into<Value>) -> Config {
    config_of(&bench.stack, |okta, _| okta[key] = value.into())
}

/// A stack of the deployment that `infra/` makes, changed in its resources.
async fn deployed(change: impl FnOnce(&mut Value)) -> Bench {
    deployed_with(Options::default(), change).await
}

async fn deployed_with(options: Options, change: impl FnOnce(&mut Value)) -> Bench {
    let mut document: Value = serde_json::from_str(DEMO).unwrap();
    change(&mut document["Resources"]);
    let template = Template::parse(&document.to_string(), "JetbridgeStack").unwrap();
    Bench::start_with(Options { template: Some(template), ..options }).await
}

/// Signs alice in, as far as that goes, and asks what is wrong.
async fn diagnosed_with_alice(bench: &Bench) -> Report {
    diagnose(bench, &bench.signed_in(ALICE).await).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_set_up_is_looked_at_without_a_login_and_without_a_guest() {
    let bench = Bench::start_with(Options { allow_guests: true, ..Options::default() }).await;
    let session = bench.session();
    let report = diagnose(&bench, &session).await;
    let known =
        [Link::Files, Link::Clock, Link::Network, Link::Discovery, Link::Keys, Link::Client, Link::PushedRequests];
    assert_eq!(marks(&report, Mark::Ok), known, "{report:#?}");
    assert_eq!(marks(&report, Mark::Unknown).len(), Link::ALL.len() - known.len());
    let client = &finding(&report, Link::Client).detail;
    for uri in [bench.config.callback_url(), bench.config.desktop_callback_url()] {
        assert!(client.contains(uri), "{client}");
    }
    assert!(finding(&report, Link::Pool).detail.starts_with("Cognito answers at 127.0.0.1:"), "{report:#?}");
    // GetId makes a guest of whoever asks without a login: Cognito is asked once, for what it gives to nobody.
    let records = bench.stack.log().records();
    let asked = |service| {
        let of_service = records.iter().filter(move |record| record.service == service);
        of_service.map(|record| (record.operation, record.status)).collect::<Vec<_>>()
    };
    let authorized = asked(Service::Okta).iter().filter(|(operation, _)| *operation == "authorize").count();
    assert_eq!(authorized, 2, "{records:?}");
    assert_eq!(asked(Service::Cognito), [("GetCredentialsForIdentity", 400)]);
    assert!(asked(Service::S3).is_empty() && asked(Service::Api).is_empty());
    assert_eq!(asked(Service::Sts).len(), 1, "only whether somebody is there");
    assert_eq!(stored(&bench), None, "no sign-in is open");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_set_up_with_a_session_is_sound_and_looking_writes_nothing() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    session.aws_credentials().await.unwrap();
    session.settle().await;
    let before = stored(&bench);
    assert!(before.is_some());
    bench.stack.log().clear();
    // A fresh process, which has not read the store.
    let report = diagnose(&bench, &bench.session()).await;
    assert_eq!(report.broken(), None, "{report:#?}");
    let unknown = marks(&report, Mark::Unknown);
    assert!(unknown.is_empty() || unknown == [Link::Api], "{report:#?}");
    assert!(finding(&report, Link::Role).detail.starts_with("credentials until "));
    assert!(finding(&report, Link::SignIn).detail.contains("00uali… is signed in"), "{report:#?}");
    assert!(finding(&report, Link::IdToken).detail.contains("RS256"), "{report:#?}");
    assert_eq!(stored(&bench), before);
    for operation in ["token", "GetId", "GetCredentialsForIdentity"] {
        assert_eq!(bench.count(operation), 0, "{operation}: what is at hand is good");
    }
    assert_eq!(bench.count("ListObjectsV2"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_renews_as_any_call_does_and_once() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    session.aws_credentials().await.unwrap();
    bench.let_time_pass(2 * HOUR);
    bench.stack.log().clear();
    let report = diagnose(&bench, &bench.session()).await;
    assert_eq!(report.broken(), None, "{report:#?}");
    assert_eq!((bench.count("token"), bench.count("GetId"), bench.count("GetCredentialsForIdentity")), (1, 0, 1));
    // What was looked at serves the renewal.
    assert_eq!((bench.count("discovery"), bench.count("keys")), (1, 1));
    // What it renewed is the session's.
    bench.stack.log().clear();
    bench.session().aws_credentials().await.unwrap();
    assert!(bench.stack.log().records().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_is_sound_and_its_prefix_is_the_one_that_is_listed() {
    let bench = deployed(|_| {}).await;
    let report = diagnosed_with_alice(&bench).await;
    assert_eq!(report.broken(), None, "{report:#?}");
    assert_eq!(marks(&report, Mark::Unknown), [], "{report:#?}");
    assert_eq!(finding(&report, Link::Api).detail, "none configured");
    assert!(finding(&report, Link::Prefix).detail.contains("shared/"), "{report:#?}");
    assert!(finding(&report, Link::Network).detail.contains("one that was given"), "{report:#?}");
}

/// Panics in the midst of the walk, as a bug would: when the authorization endpoint is asked.
#[derive(Debug)]
struct Bug;

impl RequestObserver for Bug {
    fn observe(&self, observation: Observation) {
        if let Observation::Request(request) = observation {
            assert!(request.operation != "authorize", "on purpose");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bug_is_told_at_the_link_that_was_looked_at_and_not_at_the_files() {
    let bench = Bench::start().await;
    let builder = Session::builder(bench.config.clone(), Arc::clone(&bench.store));
    let session = builder.observe_requests(Arc::new(Bug)).open().unwrap();
    let report = diagnose(&bench, &session).await;
    assert_broken(&report, Link::Client, None, &["a bug of this library", "Please report this", "log"]);
    assert_eq!(finding(&report, Link::Keys).mark, Mark::Ok, "{report:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_is_open_stays_open_and_no_other_is_begun() {
    let bench = Bench::start().await;
    let session = bench.session();
    let request = session.begin_login(LoginOptions::default()).await.unwrap();
    session.settle().await;
    let before = stored(&bench);
    diagnose(&bench, &session).await;
    assert_eq!(stored(&bench), before);
    let redirect = bench.browse(&request.url, ALICE).await;
    session.complete_login(&redirect).await.unwrap();
}

/// Each wrong set-up that the stack can be given, after a sign-in was tried with it: the link, and what mends it.
#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_set_up_of_the_stack_is_put_at_its_link() {
    let cases = [
        (Fault::OktaClientMissing, Link::Client, "Native Application"),
        (Fault::OktaRedirectUriMissing, Link::Client, "Sign-in redirect URIs: add"),
        (Fault::OktaCodeGrantMissing, Link::Client, "Authorization Code"),
        (Fault::OktaRefreshGrantMissing, Link::Client, "Refresh Token"),
        (Fault::OktaClientSecretDemanded, Link::Client, "None"),
        (Fault::OktaDpopDemanded, Link::Client, "DPoP"),
        (Fault::OktaPushedRequestsDemanded, Link::PushedRequests, "okta_pushed_authorization_requests"),
        (Fault::OktaUserNotAssigned, Link::SignIn, "Assignments"),
        (Fault::OktaPolicyMissing, Link::SignIn, "Access Policies"),
        (Fault::OktaPolicyWithoutOfflineAccess, Link::SignIn, "offline_access"),
        (Fault::OktaNetworkZone, Link::SignIn, "zone"),
        (Fault::CognitoPoolMissing, Link::Pool, "Copy the pool's ID"),
        (Fault::CognitoProviderDetached, Link::Pool, "ttach"),
        (Fault::IamProviderMissing, Link::Pool, "must exist"),
        (Fault::IamAudienceMissing, Link::Pool, "audience"),
        (Fault::CognitoRoleRulesDenied, Link::Role, "Role settings"),
        (Fault::CognitoRoleMissing, Link::Role, "role"),
        (Fault::TrustOtherPool, Link::Role, "aud"),
        (Fault::TrustOtherAmr, Link::Role, "amr"),
        (Fault::TrustAssumeRole, Link::Role, "sts:AssumeRoleWithWebIdentity"),
        (Fault::TrustWithoutTagSession, Link::Role, "sts:TagSession"),
        (Fault::RoleWithoutPolicies, Link::Prefix, "s3:ListBucket on arn:aws:s3:::jetbridge-demo"),
        (Fault::RoleListsObjects, Link::Prefix, "not /*"),
        (Fault::BucketPolicyDenies, Link::Prefix, "Bucket policy), or that of its access point, denies this"),
        (Fault::S3BucketElsewhere, Link::Region, "Storage.AWSS3.region"),
        (Fault::S3RegionMalformed, Link::Region, "Storage.AWSS3.region"),
    ];
    let mut wrong = Vec::new();
    for (fault, link, word) in cases {
        let bench = Bench::start().await;
        bench.stack.faults().inject(fault, 100_000);
        let session = bench.session();
        if let Ok(request) = session.begin_login(LoginOptions::default()).await
            && let Ok(redirect) = bench.browser().sign_in(&request.url, ALICE, PASSWORD).await
        {
            let _ = session.complete_login(&redirect).await;
            session.settle().await;
        }
        let report = diagnose(&bench, &session).await;
        let broken = report.broken();
        // A trust policy is to be pasted where that is what is wrong.
        let is_trust = matches!(link, Link::Role) && fault != Fault::CognitoRoleRulesDenied;
        assert_eq!(broken.is_some_and(|broken| broken.paste.is_some()), is_trust, "{fault:?}");
        let told = broken.map(|broken| format!("{}. {}", broken.detail, broken.fix().unwrap_or_default()));
        if broken.map(|broken| broken.link) != Some(link) || !told.as_ref().is_some_and(|told| told.contains(word)) {
            wrong.push(format!("{fault:?}: {:?} in place of {link:?}: {told:?}", broken.map(|broken| broken.link)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
