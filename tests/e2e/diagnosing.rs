//! `Session::diagnose()`: the chain of a sound set-up holds, and in each of many broken ones the link that is broken is named,
//! with what mends it, and nothing is claimed of what comes after it. Nothing is changed by looking, and no secret is told.

use std::sync::Arc;
use std::time::Duration;

use jetbridge::doctor::{Finding, Link, Mark, Report};
use jetbridge::storage::{MemoryStore, SecretStore as _};
use jetbridge::{Config, LoginOptions, Obstacle, Session, SessionError, SignOutMode};
use jetbridge_local_stack::{Fault, Options, Rotation, Service, Template};
use serde_json::{Value, json};

use crate::bench::{ALICE, Bench, CAROL, config_of};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: i64 = 24 * 3600;
/// More often than anybody asks.
const ALWAYS: u32 = 1000;
const DEMO: &str = include_str!("template/infra-demo.template.json");

fn finding(report: &Report, link: Link) -> &Finding {
    report.findings.iter().find(|finding| finding.link == link).unwrap()
}

/// All that a person could see of it.
fn shown(report: &Report) -> String {
    report.findings.iter().map(|finding| format!("{finding:?} {:?} {:?}\n", finding.fix(), finding.setting())).collect()
}

/// One finding for each link; before the first that is broken none is, after it nothing was reached, and no secret that the
/// stack issued is told.
fn check(bench: &Bench, report: &Report) {
    let links: Vec<_> = report.findings.iter().map(|finding| finding.link).collect();
    assert_eq!(links, Link::ALL);
    let broken = report.findings.iter().position(|finding| finding.mark == Mark::Broken).unwrap_or(links.len());
    for (position, finding) in report.findings.iter().enumerate() {
        let is_reached = position <= broken;
        assert_eq!(finding.mark != Mark::NotReached, is_reached, "{:?}: {report:#?}", finding.link);
        assert_eq!(finding.mark == Mark::Broken, position == broken, "{:?}: {report:#?}", finding.link);
        assert_eq!(finding.problem.is_some(), position == broken, "{:?}", finding.link);
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

fn okta(bench: &Bench, key: &str, value: impl Into<Value>) -> Config {
    config_of(&bench.stack, |okta, _| okta[key] = value.into())
}

async fn tls_bench() -> Bench {
    Bench::start_with(Options { tls: true, ..Options::default() }).await
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
    // GetId makes a guest of whoever asks without a login: nobody but Okta is asked at all.
    let records = bench.stack.log().records();
    assert!(records.iter().all(|record| record.service == Service::Okta), "{records:?}");
    let asked: Vec<_> = records.iter().map(|record| (record.operation, record.status)).collect();
    assert_eq!(asked.iter().filter(|(operation, _)| *operation == "authorize").count(), 2, "{asked:?}");
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
    assert!(finding(&report, Link::Network).detail.contains("1 that were given"), "{report:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_or_redirect_uri_that_okta_does_not_know_is_named_before_anybody_signs_in() {
    let bench = Bench::start().await;
    let wrong_client = "0oa0000000000000wrong";
    let report = diagnose(&bench, &bench.session_with(okta(&bench, "okta_client_id", wrong_client))).await;
    assert_broken(&report, Link::Client, Some("okta_client_id"), &[wrong_client, "Native Application"]);

    for (setting, uri) in [
        ("okta_callback_url", "com.okta.other:/callback"),
        ("okta_desktop_callback_url", "http://127.0.0.1:9999/callback"),
    ] {
        let report = diagnose(&bench, &bench.session_with(okta(&bench, setting, uri))).await;
        assert_broken(&report, Link::Client, Some(setting), &[uri, "Sign-in redirect URIs: add", "port included"]);
    }
    let scopes = okta(&bench, "okta_scopes", "openid no-such-scope");
    let report = diagnose(&bench, &bench.session_with(scopes)).await;
    assert_broken(&report, Link::Client, Some("okta_scopes"), &["Remove the scope"]);
    assert_eq!(stored(&bench), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn pushed_requests_are_made_where_they_are_demanded() {
    let bench = Bench::start_with(Options { require_pushed_requests: true, ..Options::default() }).await;
    let report = diagnose(&bench, &bench.session()).await;
    assert_eq!(report.broken(), None, "{report:#?}");
    assert!(finding(&report, Link::PushedRequests).detail.contains("demands them"), "{report:#?}");
    let unregistered = okta(&bench, "okta_callback_url", "com.okta.other:/callback");
    let report = diagnose(&bench, &bench.session_with(unregistered)).await;
    assert_broken(&report, Link::Client, Some("okta_callback_url"), &["com.okta.other:/callback"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_is_another_one_is_named() {
    // An org with a custom domain, whose issuer follows it.
    let bench = Bench::start_with(Options { okta_host: "localhost".to_owned(), ..Options::default() }).await;
    let issuer = bench.config.issuer_url().replace("localhost", "127.0.0.1");
    let report = diagnose(&bench, &bench.session_with(okta(&bench, "okta_issuer_url", issuer))).await;
    let said = ["localhost", "custom domain", "Set okta_issuer_url to"];
    assert_broken(&report, Link::Discovery, Some("okta_issuer_url"), &said);

    let bench = Bench::start().await;
    let nowhere = bench.config.issuer_url().replace("/default", "/nowhere");
    let report = diagnose(&bench, &bench.session_with(okta(&bench, "okta_issuer_url", nowhere))).await;
    assert_broken(&report, Link::Discovery, Some("okta_issuer_url"), &["Authorization Servers"]);
}

/// The org's own authorization server is there, and signs in; the pool trusts the other one.
#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_without_its_path_is_found_at_the_pool() {
    let bench = deployed(|_| {}).await;
    let session = bench.session_with(okta(&bench, "okta_issuer_url", bench.stack.org_issuer()));
    bench.sign_in(&session, ALICE).await;
    let report = diagnose(&bench, &session).await;
    assert_broken(&report, Link::Pool, Some("Auth.identityPoolId"), &["must exist with audience"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_network_does_is_told_from_what_okta_says() {
    let bench = Bench::start().await;
    for (fault, link) in [
        (Fault::DiscoveryUnavailable, Link::Discovery),
        (Fault::JwksUnavailable, Link::Keys),
        (Fault::NetworkDown, Link::Network),
    ] {
        bench.stack.faults().inject(fault, ALWAYS);
        let report = diagnose(&bench, &bench.session()).await;
        bench.stack.faults().inject(fault, 0);
        assert_broken(&report, link, None, &[]);
    }
    let session = bench.session();
    Arc::into_inner(bench.stack).unwrap().shutdown().await;
    let report = session.diagnose().await;
    assert_broken(&report, Link::Network, None, &["nothing listens at 127.0.0.1:", "local stack"]);
    assert_eq!(finding(&report, Link::Clock).mark, Mark::Unknown);
}

fn obstacle(report: &Report) -> Option<Obstacle> {
    match report.broken()?.problem.as_ref()? {
        SessionError::Obstructed { obstacle, .. } => Some(*obstacle),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_a_day_off_is_said_and_corrected_and_one_that_breaks_certificates_is_broken() {
    for (wrong_by, side) in [(DAY, "fast"), (-DAY, "slow")] {
        let bench = Bench::start().await;
        bench.clock.set_wrong_by(wrong_by);
        let report = diagnosed_with_alice(&bench).await;
        assert_eq!(report.broken(), None, "{report:#?}");
        let clock = &finding(&report, Link::Clock).detail;
        assert!(clock.contains(side) && clock.contains("set it right"), "{clock}");
    }
    let bench = tls_bench().await;
    let session = bench.session();
    bench.clock.set_wrong_by(-25 * 365 * DAY);
    let report = diagnose(&bench, &session).await;
    assert_broken(&report, Link::Clock, None, &["this device's clock says 20", "Set this device's date"]);
    assert_eq!(obstacle(&report), Some(Obstacle::Clock));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_an_unknown_ca_is_the_network_s() {
    let (bench, other) = (tls_bench().await, tls_bench().await);
    let unknown = |roots: Option<String>| {
        let builder = Session::builder(bench.config.clone(), Arc::clone(&bench.store));
        let builder = roots.into_iter().fold(builder, |builder, pem| builder.root_certificates(pem.into_bytes()));
        builder.open().unwrap()
    };
    // Of a CA of the same name, as after a restart.
    let report = diagnose(&bench, &unknown(other.stack.ca_pem())).await;
    assert_broken(&report, Link::Network, None, &["certificate of 127.0.0.1 is not trusted"]);
    assert_eq!(obstacle(&report), Some(Obstacle::Certificate));
    // A machine without any certificates says so in other words.
    let report = diagnose(&bench, &unknown(None)).await;
    assert_eq!(report.broken().unwrap().link, Link::Network, "{report:#?}");
    assert!(report.broken().unwrap().fix().unwrap().contains("--ca-file"), "{report:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_failed_here_is_remembered_until_one_succeeds_or_the_session_is_signed_out() {
    let bench = Bench::start().await;
    let session = bench.session();
    let unassigned = bench.redirect_for(&session, CAROL).await;
    session.complete_login(&unassigned).await.unwrap_err();
    let report = diagnose(&bench, &session).await;
    assert_broken(&report, Link::SignIn, None, &["access_denied", "Assignments"]);
    // It is this process's memory.
    assert_eq!(diagnose(&bench, &bench.session()).await.broken(), None);

    bench.stack.faults().inject(Fault::NoMatchingPolicy, 1);
    let no_policy = bench.redirect_for(&session, ALICE).await;
    session.complete_login(&no_policy).await.unwrap_err();
    let report = diagnose(&bench, &session).await;
    assert_broken(&report, Link::SignIn, None, &["Access Policies", "offline_access included"]);

    bench.stack.faults().inject(Fault::IdTokenTampered, 1);
    let tampered = bench.redirect_for(&session, ALICE).await;
    session.complete_login(&tampered).await.unwrap_err();
    let report = diagnose(&bench, &session).await;
    assert_broken(&report, Link::IdToken, None, &["its signature is wrong"]);

    // What belongs to no sign-in is none that failed, and signing out forgets.
    session.complete_login("com.okta.local-jetbridge:/callback?state=s&code=c").await.unwrap_err();
    assert_broken(&diagnose(&bench, &session).await, Link::IdToken, None, &[]);
    session.sign_out(SignOutMode::Local).await.unwrap();
    assert_eq!(diagnose(&bench, &session).await.broken(), None);

    // A success forgets too; while somebody is signed in, a later failure is no broken link.
    let unassigned = bench.redirect_for(&session, CAROL).await;
    session.complete_login(&unassigned).await.unwrap_err();
    bench.sign_in(&session, ALICE).await;
    let report = diagnose(&bench, &session).await;
    assert!(!finding(&report, Link::SignIn).detail.contains("failed"), "{report:#?}");
    let unassigned = bench.redirect_for(&session, CAROL).await;
    session.complete_login(&unassigned).await.unwrap_err();
    let report = diagnose(&bench, &session).await;
    assert_eq!(report.broken(), None, "{report:#?}");
    assert!(finding(&report, Link::SignIn).detail.contains("another sign-in failed since"), "{report:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_okta_has_ended_says_why() {
    let options = Options { rotation: Rotation::WithGrace(Duration::ZERO), ..Options::default() };
    let bench = Bench::start_with(options).await;
    bench.signed_in(ALICE).await.aws_credentials().await.unwrap();
    // A backup is restored: its refresh token was used meanwhile.
    let name = format!("default.{}", bench.config.fingerprint().short());
    let backup = MemoryStore::new();
    backup.save(&name, &bench.store.load(&name).unwrap().unwrap()).unwrap();
    bench.let_time_pass(2 * HOUR);
    bench.session().aws_credentials().await.unwrap();
    bench.let_time_pass(HOUR);
    bench.store.save(&name, &backup.load(&name).unwrap().unwrap()).unwrap();
    for _ in 0..2 {
        // As it finds it out, and as it is stored.
        let report = diagnose(&bench, &bench.session()).await;
        assert_broken(&report, Link::SignIn, None, &["invalid_grant", "Sign in again"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_that_is_another_one_or_elsewhere_or_does_not_trust_the_issuer_is_named() {
    let bench = Bench::start().await;
    let elsewhere = bench.config.identity_pool_id().replace("us-west-2", "eu-west-1");
    for (region, pool) in
        [("eu-west-1", elsewhere.as_str()), ("us-west-2", "us-west-2:00000000-0000-0000-0000-000000000000")]
    {
        let config = config_of(&bench.stack, |_, aws| {
            aws["Auth"]["region"] = region.into();
            aws["Auth"]["identityPoolId"] = pool.into();
        });
        let session = bench.session_with(config);
        bench.sign_in(&session, ALICE).await;
        let report = diagnose(&bench, &session).await;
        assert_broken(&report, Link::Pool, Some("Auth.identityPoolId"), &[pool, "Copy the pool's ID"]);
    }
    let changes: [fn(&mut Value); 2] = [
        |resources| resources["OktaProviderD88D9C1B"]["Properties"]["ClientIdList"] = json!(["0oa1b2c3d4E5F6g7h8i0"]),
        |resources| {
            resources["IdentityPoolEC8A1A0D"]["Properties"]["OpenIdConnectProviderARNs"] = json!([]);
            let resources = resources.as_object_mut().unwrap();
            resources.retain(|_, resource| resource["Type"] != "AWS::Cognito::IdentityPoolPrincipalTag");
        },
    ];
    for change in changes {
        let bench = deployed(change).await;
        let report = diagnosed_with_alice(&bench).await;
        let said = ["must exist with audience 0oa1b2c3d4E5F6g7h8i9", "attach it"];
        assert_broken(&report, Link::Pool, Some("Auth.identityPoolId"), &said);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_told_from_a_claim_that_cannot_be_a_tag() {
    let untagged = |resources: &mut Value| {
        let statement =
            &mut resources["AuthenticatedRole86104F1A"]["Properties"]["AssumeRolePolicyDocument"]["Statement"];
        statement[0]["Action"] = json!("sts:AssumeRoleWithWebIdentity");
    };
    let bench = deployed(untagged).await;
    let report = diagnosed_with_alice(&bench).await;
    assert_broken(&report, Link::Role, Some("Auth.identityPoolId"), &["sts:TagSession"]);
    assert_eq!(finding(&report, Link::Pool).mark, Mark::Ok);

    let mut options = Options::default();
    options.users[0].department = Some("R&D".to_owned());
    let bench = deployed_with(options, |_| {}).await;
    let report = diagnosed_with_alice(&bench).await;
    assert_broken(&report, Link::Tags, Some("Auth.identityPoolId"), &["department"]);
    assert!(!shown(&report).contains("R&D"), "what a claim says is the user's");
    assert_eq!(finding(&report, Link::Role).mark, Mark::Unknown);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_missing_elsewhere_or_denied_is_told_apart() {
    let bench = Bench::start().await;
    let denied = bench.stack.options().denied_bucket.clone();
    let permission = format!("s3:ListBucket on arn:aws:s3:::{denied}");
    let cases: [(&str, &str, Link, Option<&str>, &[&str]); 3] = [
        ("bucket", "no-such-bucket-here", Link::Bucket, None, &["no-such-bucket-here"]),
        ("region", "eu-west-1", Link::Region, Some("Storage.AWSS3.region"), &["to us-west-2"]),
        ("bucket", &denied, Link::Prefix, None, &[&permission]),
    ];
    bench.signed_in(ALICE).await;
    for (key, value, link, setting, said) in cases {
        let config = config_of(&bench.stack, |_, aws| aws["Storage"]["AWSS3"][key] = value.into());
        let report = diagnose(&bench, &bench.session_with(config)).await;
        assert_broken(&report, link, setting, said);
    }
    // Of the prefix that is configured, and no other.
    let bench = deployed(|_| {}).await;
    bench.signed_in(ALICE).await;
    let config = config_of(&bench.stack, |_, aws| aws["Storage"]["AWSS3"]["prefix"] = "departments/sales/".into());
    let report = diagnose(&bench, &bench.session_with(config)).await;
    assert_broken(&report, Link::Prefix, None, &["must allow the prefix that is listed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_is_asked_for_nothing_that_changes_anything() {
    let bench = Bench::start().await;
    let mut url = bench.stack.api_url().unwrap();
    let of = |url: &str, region: &str| {
        config_of(&bench.stack, |_, aws| {
            aws["API"] = json!({ "endpoints": [{ "name": "orders", "endpoint": url, "region": region }] });
        })
    };
    bench.signed_in(ALICE).await;
    bench.stack.log().clear();
    let report = diagnose(&bench, &bench.session_with(of(&url, "us-west-2"))).await;
    let api = finding(&report, Link::Api);
    assert!(matches!(api.mark, Mark::Ok | Mark::Unknown) && api.detail.contains("orders"), "{report:#?}");
    let asked = bench.stack.log().records();
    let methods: Vec<_> =
        asked.iter().filter(|record| record.service == Service::Api).map(|record| &record.method).collect();
    assert_eq!(methods, ["GET"]);
    assert_eq!(bench.count("GetCredentialsForIdentity"), 1, "a refusal without a reason is no reason to renew");

    url = "http://127.0.0.1:1/".to_owned();
    let report = diagnose(&bench, &bench.session_with(of(&url, "us-west-2"))).await;
    assert_broken(&report, Link::Api, None, &["nothing listens at 127.0.0.1:1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_is_open_stays_open_and_no_other_is_begun() {
    let bench = Bench::start().await;
    let session = bench.session();
    let request = session.begin_login(LoginOptions::default()).await.unwrap();
    let before = stored(&bench);
    diagnose(&bench, &session).await;
    assert_eq!(stored(&bench), before);
    let redirect = bench.browse(&request.url, ALICE).await;
    session.complete_login(&redirect).await.unwrap();
}
