//! Endpoints that lead to somebody else: whatever answers there, the setting is named, and nobody suspects the network.

use jetbridge::doctor::{Link, Mark, Report};
use jetbridge::{Config, ListObjects, LoginOptions, Recovery, Session, SessionError, SignOutMode};
use jetbridge_local_stack::Options;
use serde_json::{Value, json};
use url::Url;

use super::{assert_broken, diagnose, finding, shown};
use crate::bench::{ALICE, Bench, config_of};
use crate::hostile_servers::server::{Answer, Server};

const ISSUER: &str = "okta_issuer_url";
const POOL: &str = "Auth.identityPoolEndpoint";
const BUCKET: &str = "Storage.AWSS3.endpoint";
const SERVICES: &str = "Services.endpoint";
const API: &str = "API.endpoints[0].endpoint";
/// Of each setting, which of a stack's services has to be there, and the link that needs it.
const OF_STACKS: [(&str, &str, Link); 4] = [
    (POOL, "Cognito", Link::Pool),
    (BUCKET, "S3", Link::Bucket),
    (SERVICES, "STS", Link::Api),
    (API, "API", Link::Api),
];

/// Where the stack has its services, by their names.
fn services(bench: &Bench) -> [(&'static str, String); 5] {
    let endpoints = bench.stack.endpoints();
    [
        ("Okta", &endpoints.okta),
        ("Cognito", &endpoints.cognito),
        ("S3", &endpoints.s3),
        ("STS", &endpoints.sts),
        ("API", &endpoints.api),
    ]
    .map(|(name, url)| (name, url.as_str().trim_end_matches('/').to_owned()))
}

fn with(bench: &Bench, setting: &str, place: &str) -> Config {
    config_of(&bench.stack, |okta, aws| match setting {
        ISSUER => okta[ISSUER] = place.into(),
        POOL => aws["Auth"]["identityPoolEndpoint"] = place.into(),
        BUCKET => aws["Storage"]["AWSS3"]["endpoint"] = place.into(),
        SERVICES => aws["Services"] = json!({ "endpoint": place }),
        _ => aws["API"] = json!({ "endpoints": [{ "name": "own", "endpoint": place, "region": "us-west-2" }] }),
    })
}

/// What a call says that has to go there, without anybody who asks why.
async fn fail(bench: &Bench, session: &Session, setting: &str) -> SessionError {
    if setting == ISSUER {
        return session.begin_login(LoginOptions::default()).await.unwrap_err();
    }
    bench.sign_in(session, ALICE).await;
    let failed = match setting {
        POOL => session.aws_credentials().await.map(drop),
        _ => session.list_objects(ListObjects::default()).next_page().await.map(drop),
    };
    session.sign_out(SignOutMode::Local).await.unwrap();
    failed.unwrap_err()
}

fn assert_names(error: &SessionError, setting: &str, place: &str, why: &str) {
    let told = format!("{error}. {}", error.hint().unwrap_or_default());
    let is_named = matches!(error, SessionError::Misconfigured { setting: named, .. } if named == setting);
    assert!(is_named && error.recovery() == Recovery::FixConfiguration, "{why}: {error:?}");
    let authority = place.split_once("://").unwrap().1;
    assert!(told.contains(authority), "{why}: {told}");
    assert!(!told.contains("between this device") && !told.contains("by itself"), "{why}: {told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_goes_to_another_service_names_the_endpoint() {
    let bench = Bench::start().await;
    for (setting, own, words) in
        [(ISSUER, "Okta", ""), (POOL, "Cognito", "is not Amazon Cognito"), (BUCKET, "S3", "is not S3")]
    {
        for (other, place) in services(&bench).iter().filter(|(other, _)| *other != own) {
            let session = bench.session_with(with(&bench, setting, place));
            let why = format!("{setting} leads to {other}");
            let error = fail(&bench, &session, setting).await;
            assert_names(&error, setting, place, &why);
            assert!(error.to_string().contains(words), "{why}: {error}");
        }
    }
    // The setting that is right there is named too.
    let okta = services(&bench)[0].1.clone();
    let error = fail(&bench, &bench.session_with(with(&bench, BUCKET, &okta)), BUCKET).await;
    assert!(error.to_string().contains("okta_issuer_url names the same host and port"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_swapped_endpoint_of_the_stack_is_named_with_the_right_one_before_anybody_signs_in() {
    let bench = Bench::start().await;
    for (setting, own, link) in OF_STACKS {
        let right = services(&bench).into_iter().find(|(name, _)| *name == own).unwrap().1;
        for (other, place) in services(&bench).iter().filter(|(other, _)| *other != own) {
            if (setting, *other) == (SERVICES, "Cognito") {
                // It is where AWS's other services are if nothing names another place.
                continue;
            }
            let report = diagnose(&bench, &bench.session_with(with(&bench, setting, place))).await;
            let found = format!("is the local stack's {other}, not its {own}");
            assert_broken(&report, link, Some(setting), &[place, &found, &format!("Set {setting} to {right}")]);
        }
    }
    for (_, place) in services(&bench).iter().skip(1) {
        let report = diagnose(&bench, &bench.session_with(with(&bench, ISSUER, place))).await;
        assert_broken(&report, Link::Discovery, Some(ISSUER), &[place.split_once("://").unwrap().1]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_stacks_in_one_configuration_are_told_apart() {
    let (bench, other) = (Bench::start().await, Bench::start().await);
    let elsewhere = services(&other);
    for (setting, service, link) in OF_STACKS {
        let place = &elsewhere.iter().find(|(name, _)| *name == service).unwrap().1;
        let (ours, theirs) = (bench.stack.custom_issuer(), other.stack.custom_issuer());
        let session = bench.session_with(with(&bench, setting, place));
        let said = ["of another local stack than okta_issuer_url", &ours, &theirs, "from one stack"];
        assert_broken(&diagnose(&bench, &session).await, link, Some(setting), &said);
        // The same with somebody in it.
        bench.sign_in(&session, ALICE).await;
        assert_broken(&diagnose(&bench, &session).await, link, Some(setting), &said);
        session.sign_out(SignOutMode::Local).await.unwrap();
    }
}

/// A server of one's own may be no stack's: nothing is said of it but what it answers.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_or_another_protocol_at_an_endpoint_is_named() {
    let bench = Bench::start().await;
    let page = "HTTP/1.1 200 Said\r\nContent-Type: text/html\r\nContent-Length: 14\r\n\r\n<html>A</html>";
    let server = Server::start().await;
    for operation in ["GetId", "ListObjectsV2"] {
        server.answer(operation, Answer::Raw(page.to_owned()));
    }
    let [_, (_, pool), (_, bucket), ..] = services(&bench);
    let no_tls = |place: &str| place.replace("http://", "https://");
    for (setting, place, words) in [
        (POOL, server.url(""), "is not Amazon Cognito (GetId: HTTP status 200, text/html)"),
        (BUCKET, server.url(""), "is not S3 (listing: HTTP status 200, text/html)"),
        (POOL, no_tls(&pool), "does not speak TLS"),
        (BUCKET, no_tls(&bucket), "does not speak TLS"),
    ] {
        let error = fail(&bench, &bench.session_with(with(&bench, setting, &place)), setting).await;
        assert_names(&error, setting, &place, words);
        assert!(error.to_string().contains(words), "{words}: {error}");
    }
    let issuer = no_tls(&bench.stack.custom_issuer());
    let report = diagnose(&bench, &bench.session_with(with(&bench, ISSUER, &issuer))).await;
    assert_broken(&report, Link::Discovery, Some(ISSUER), &["does not speak TLS"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_where_tls_is_spoken_is_named() {
    let bench = Bench::start_with(Options { tls: true, ..Options::default() }).await;
    for setting in [ISSUER, BUCKET] {
        let own = if setting == ISSUER { bench.stack.custom_issuer() } else { services(&bench)[2].1.clone() };
        let place = own.replace("https://", "http://");
        let error = fail(&bench, &bench.session_with(with(&bench, setting, &place)), setting).await;
        assert!(
            matches!(&error, SessionError::Misconfigured { setting: named, problem, .. }
                if named == setting && problem.contains("does not speak HTTP")),
            "{setting}: {error}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cognito_is_looked_for_before_anybody_signs_in() {
    let bench = Bench::start().await;
    let server = Server::start().await;
    let nobody = "http://127.0.0.1:1";
    let page = "HTTP/1.1 403 Said\r\nContent-Type: text/html\r\nContent-Length: 14\r\n\r\n<html>A</html>";
    server.answer("GetCredentialsForIdentity", Answer::Raw(page.to_owned()));
    let report = diagnose(&bench, &bench.session_with(with(&bench, POOL, nobody))).await;
    assert_broken(&report, Link::Pool, None, &["nothing listens at 127.0.0.1:1"]);
    assert_eq!(finding(&report, Link::SignIn).mark, Mark::Unknown);
    let report = diagnose(&bench, &bench.session_with(with(&bench, POOL, &server.url("")))).await;
    assert_broken(&report, Link::Pool, Some(POOL), &["is not Amazon Cognito"]);
}

fn api(bench: &Bench, path: &str, change: &Value) -> Config {
    let mut entry = json!({ "name": "own", "region": "us-west-2" });
    entry["endpoint"] = format!("{}/{path}", bench.stack.api_url().unwrap()).into();
    for (key, value) in change.as_object().unwrap() {
        entry[key] = value.clone();
    }
    config_of(&bench.stack, |_, aws| aws["API"] = json!({ "endpoints": [entry] }))
}

/// On a host of one's own nothing but the API itself knows what to sign for, and it says "Forbidden" of everything.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_api_is_wrongly_signed_for_is_found_by_what_it_lets_in() {
    let bench = Bench::start().await;
    bench.signed_in(ALICE).await.aws_credentials().await.unwrap();
    let ask = async |path: &str, change: Value| -> Report {
        diagnose(&bench, &bench.session_with(api(&bench, path, &change))).await
    };
    for (change, setting, fix) in [
        (json!({ "region": "eu-west-1" }), "API.endpoints[0].region", "\"region\" to \"us-west-2\""),
        (json!({ "service": "appsync" }), "API.endpoints[0].service", "\"service\" to \"execute-api\""),
        (
            json!({ "region": "eu-west-1", "service": "lambda" }),
            "API.endpoints[0].region",
            "\"region\" to \"us-west-2\" and \"service\" to \"execute-api\"",
        ),
    ] {
        let report = ask("echo", change).await;
        assert_broken(&report, Link::Api, Some(setting), &[fix, "lets in what is signed for execute-api in us-west-2"]);
    }
    // Where nothing is let in, nothing is certain.
    let report = ask("denied", json!({ "region": "eu-west-1" })).await;
    let told = finding(&report, Link::Api);
    assert_eq!(told.mark, Mark::Unknown, "{report:#?}");
    assert!(told.detail.contains("API.endpoints[0].region is eu-west-1, Auth.region is us-west-2"), "{}", told.detail);
    let report = ask("denied", json!({})).await;
    assert!(!finding(&report, Link::Api).detail.contains("Auth.region"), "{}", shown(&report));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_a_changed_setting_hides_is_told_of() {
    let bench = Bench::start().await;
    bench.signed_in(ALICE).await;
    let here = Url::parse(&services(&bench)[1].1).unwrap().origin().ascii_serialization();
    let moved = here.replace("127.0.0.1", "localhost");
    for (setting, there, config) in [
        (POOL, here.clone(), with(&bench, POOL, &moved)),
        (
            "Auth.identityPoolId",
            bench.config.identity_pool_id().to_owned(),
            config_of(&bench.stack, |_, aws| {
                aws["Auth"]["identityPoolId"] = "us-west-2:00000000-1111-2222-3333-444444444444".into();
            }),
        ),
    ] {
        let report = diagnose(&bench, &bench.session_with(config)).await;
        let told = &finding(&report, Link::SignIn).detail;
        assert!(told.contains(&format!("{setting}: {there} there, ")), "{told}");
    }
}
