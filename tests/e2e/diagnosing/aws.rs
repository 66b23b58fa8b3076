//! AWS's side: pool, role, tags, bucket, APIs.

use std::time::Duration;

use jetbridge::doctor::{Link, Mark};
use jetbridge_local_stack::{Fault, Options, Service};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::{assert_broken, deployed, deployed_with, diagnose, diagnosed_with_alice, finding, shown, with_okta};
use crate::bench::{ALICE, Bench, config_of};

/// The org's own authorization server is there, and signs in; the pool trusts the other one.
#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_without_its_path_is_found_at_the_pool() {
    let bench = deployed(|_| {}).await;
    let session = bench.session_with(with_okta(&bench, "okta_issuer_url", bench.stack.org_issuer()));
    bench.sign_in(&session, ALICE).await;
    let report = diagnose(&bench, &session).await;
    assert_broken(&report, Link::Pool, Some("Auth.identityPoolId"), &["must exist with audience"]);
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
    assert_broken(&report, Link::Role, Some("the pool's authenticated role"), &["sts:TagSession"]);
    // What is to be pasted is what the template had before.
    let policy: Value = serde_json::from_str(report.broken().unwrap().paste.as_deref().unwrap()).unwrap();
    let statement = &policy["Statement"][0];
    assert_eq!(statement["Action"], json!(["sts:AssumeRoleWithWebIdentity", "sts:TagSession"]), "{policy}");
    let pool = &bench.stack.options().identity_pool_id;
    assert_eq!(
        statement["Condition"]["StringEquals"],
        json!({ "cognito-identity.amazonaws.com:aud": pool }),
        "{policy}"
    );
    assert_eq!(finding(&report, Link::Pool).mark, Mark::Ok);

    let mut options = Options::default();
    options.users[0].department = Some("R&D".to_owned());
    let bench = deployed_with(options, |_| {}).await;
    let report = diagnosed_with_alice(&bench).await;
    assert_broken(&report, Link::Tags, Some("the pool's authenticated role"), &["department"]);
    assert!(!shown(&report).contains("R&D"), "what a claim says is the user's");
    assert_eq!(finding(&report, Link::Role).mark, Mark::Unknown);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_missing_elsewhere_or_denied_is_told_apart() {
    let bench = Bench::start().await;
    let denied = bench.stack.options().denied_bucket.clone();
    let permission = format!("s3:ListBucket on arn:aws:s3:::{denied}");
    type Case<'c> = (&'c str, &'c str, Link, Option<&'c str>, &'c [&'c str]);
    let cases: [Case<'_>; 3] = [
        ("bucket", "no-such-bucket-here", Link::Bucket, Some("Storage.AWSS3.bucket"), &["no-such-bucket-here"]),
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
    let said = [
        "A listing of prefix \"departments/sales/\" was asked for, which is Storage.AWSS3.prefix",
        "must allow the prefix",
    ];
    assert_broken(&report, Link::Prefix, None, &said);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prefix_that_is_written_otherwise_than_the_policy_s_is_told_with_the_one_that_works() {
    let bench = deployed(|_| {}).await;
    bench.signed_in(ALICE).await;
    let with_prefix = |bench: &Bench, prefix: &str| {
        config_of(&bench.stack, |_, aws| aws["Storage"]["AWSS3"]["prefix"] = prefix.into())
    };
    for prefix in ["shared", "/shared", "/shared/"] {
        let report = diagnose(&bench, &bench.session_with(with_prefix(&bench, prefix))).await;
        let said = ["but what begins with \"shared/\"", "Set Storage.AWSS3.prefix to \"shared/\""];
        assert_broken(&report, Link::Prefix, Some("Storage.AWSS3.prefix"), &said);
    }
    // What the role may list and has nothing in it is a slip only if something has the other spelling.
    let bench = Bench::start().await;
    bench.signed_in(ALICE).await;
    let uri = format!("s3://{}/reports", bench.config.bucket());
    for prefix in ["/reports/", "/reports", &uri] {
        let report = diagnose(&bench, &bench.session_with(with_prefix(&bench, prefix))).await;
        let said = ["nothing begins with", "Set Storage.AWSS3.prefix to \"reports/\""];
        assert_broken(&report, Link::Prefix, Some("Storage.AWSS3.prefix"), &said);
    }
    for prefix in ["x/", "/x", "/"] {
        let report = diagnose(&bench, &bench.session_with(with_prefix(&bench, prefix))).await;
        let listing = report.findings.iter().find(|finding| finding.link == Link::Prefix).unwrap();
        let is_told = listing.detail.contains("there is nothing") || prefix == "/";
        assert!(report.broken().is_none() && is_told, "{listing:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_is_asked_once_for_what_is_safe_and_a_refusal_of_one_path_says_nothing_of_the_others() {
    let bench = Bench::start().await;
    let root = bench.stack.api_url().unwrap();
    let of = |urls: &[&str]| {
        let endpoints: Vec<_> = urls
            .iter()
            .enumerate()
            .map(|(number, url)| json!({ "name": format!("api-{number}"), "endpoint": url, "region": "us-west-2" }))
            .collect();
        config_of(&bench.stack, |_, aws| aws["API"] = json!({ "endpoints": endpoints }))
    };
    let [echo, denied, absent] = ["echo", "denied", "absent"].map(|path| format!("{root}/{path}"));
    bench.signed_in(ALICE).await.aws_credentials().await.unwrap();
    let cases: [(&[&str], Mark, &str); 5] = [
        (&[&root], Mark::Ok, "api-0 lets the role in"),
        (&[&echo], Mark::Ok, "api-0 lets the role in"),
        (&[&denied], Mark::Unknown, "api-0 does not let the role GET /denied; other paths it may"),
        (&[&absent], Mark::Unknown, "api-0 answers HTTP status 404 to GET /absent"),
        (&[&echo, &denied], Mark::Unknown, "api-0 lets the role in; api-1 does not"),
    ];
    for (urls, mark, said) in cases {
        bench.stack.log().clear();
        let report = diagnose(&bench, &bench.session_with(of(urls))).await;
        let api = finding(&report, Link::Api);
        assert_eq!(api.mark, mark, "{report:#?}");
        assert!(api.detail.starts_with(said), "{report:#?}");
        let asked = bench.stack.log().records();
        let methods: Vec<_> =
            asked.iter().filter(|record| record.service == Service::Api).map(|record| &record.method).collect();
        assert_eq!(methods, vec!["GET"; urls.len()]);
        assert_eq!(bench.count("GetCredentialsForIdentity"), 0, "a refusal without a reason is no reason to renew");
    }
    let report = diagnose(&bench, &bench.session_with(of(&[&echo, "http://127.0.0.1:1/"]))).await;
    assert_broken(&report, Link::Api, None, &["nothing listens at 127.0.0.1:1"]);
}

/// Calls go on with credentials that last a little; who asks what is wrong is told of the renewal that fails.
#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_that_fails_is_told_while_the_old_credentials_last() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    session.aws_credentials().await.unwrap();
    bench.let_time_pass(Duration::from_secs(3600 - 120));
    bench.stack.faults().inject(Fault::CognitoUnsupportedProvider, 1000);
    session.aws_credentials().await.unwrap();
    let report = diagnose(&bench, &session).await;
    assert_broken(&report, Link::Pool, Some("Auth.identityPoolId"), &["must exist with audience"]);
}

/// Whatever a web server says to a GET, it is no proof that a role is let in.
#[tokio::test(flavor = "multi_thread")]
async fn what_shows_no_sign_of_a_gateway_is_no_api_and_a_status_that_proves_nothing_is_doubted() {
    let bench = Bench::start().await;
    bench.signed_in(ALICE).await;
    let with_api = |url: &str, region: &str, service: &str| {
        let api = json!({ "name": "own", "endpoint": url, "region": region, "service": service });
        config_of(&bench.stack, |_, aws| aws["API"] = json!({ "endpoints": [api] }))
    };
    for (status, kind) in [("200 OK", "text/html"), ("404 Not Found", "text/html"), ("200 OK", "application/json")] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = listener.local_addr().unwrap();
        let answer =
            format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}");
        tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                let mut request = [0; 4096];
                let _ = connection.read(&mut request).await;
                let _ = connection.write_all(answer.as_bytes()).await;
            }
        });
        let report =
            diagnose(&bench, &bench.session_with(with_api(&format!("http://{place}/"), "us-west-2", "execute-api")))
                .await;
        let api = finding(&report, Link::Api);
        let said = format!("nothing in what {place} answers (HTTP status {}, {kind}) shows", &status[..3]);
        assert!(api.mark == Mark::Unknown && api.detail.contains(&said), "{api:?}");
        assert!(api.detail.contains("API.endpoints[0].endpoint"), "{api:?}");
    }
    let absent = format!("{}/absent", bench.stack.api_url().unwrap());
    for (region, service, doubt) in [
        ("eu-west-1", "execute-api", Some("API.endpoints[0].region is eu-west-1")),
        ("us-west-2", "lambda", Some("API.endpoints[0].service is lambda")),
        ("us-west-2", "execute-api", None),
    ] {
        let report = diagnose(&bench, &bench.session_with(with_api(&absent, region, service))).await;
        let api = finding(&report, Link::Api);
        assert_eq!(api.mark, Mark::Unknown, "{api:?}");
        assert_eq!(api.detail.contains("not tried is"), doubt.is_some(), "{api:?}");
        assert!(api.detail.contains(doubt.unwrap_or("jetbridge call GET")), "{api:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_for_aws_s_tools_where_nobody_listens_is_named() {
    let bench = Bench::start().await;
    let closed = config_of(&bench.stack, |_, aws| aws["Services"] = json!({ "endpoint": "http://127.0.0.1:1" }));
    let words = ["nothing listens at 127.0.0.1:1", "AWS's tools ask there"];
    let report = diagnose(&bench, &bench.session_with(closed.clone())).await;
    assert_broken(&report, Link::Api, Some("Services.endpoint"), &words);
    bench.signed_in(ALICE).await;
    assert_broken(&diagnose(&bench, &bench.session_with(closed)).await, Link::Api, Some("Services.endpoint"), &words);
}
