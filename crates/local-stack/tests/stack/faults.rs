//! Every fault of AWS that is an answer is walked: a plain client gets exactly that answer, where it can meet it. Okta's are in
//! `okta_faults.rs` and `okta_set_ups.rs`.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use jetbridge_local_stack::{Fault, FaultAnswer, Options, Service, Template};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Bench, claims};

const ROLE: &str = "arn:aws:iam::123456789012:role/JetbridgeAuthenticated";
const TEMPLATE: &str = include_str!("../../../../tests/e2e/template/infra-demo.template.json");
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

/// Somebody who signed in at Okta, and is at AWS whatever the pool makes of that.
struct Caller<'b> {
    bench: &'b Bench,
    id_token: String,
}

impl<'b> Caller<'b> {
    async fn of(bench: &'b Bench) -> Self {
        Self { bench, id_token: bench.get_tokens().await["id_token"].as_str().unwrap().to_owned() }
    }

    fn logins(&self) -> Value {
        let issuer = claims(&self.id_token)["iss"].as_str().unwrap().to_owned();
        json!({ issuer.split_once("://").unwrap().1: self.id_token })
    }

    async fn cognito(&self, operation: &str, body: &Value) -> Answer {
        let request = self.bench.http.post(self.bench.stack.endpoints().cognito.clone());
        let request = request.header("content-type", "application/x-amz-json-1.1");
        let request = request.header("x-amz-target", format!("AWSCognitoIdentityService.{operation}"));
        self.bench.send(request.body(body.to_string())).await
    }

    async fn get_id(&self) -> Answer {
        let pool = &self.bench.stack.options().identity_pool_id;
        self.cognito("GetId", &json!({ "IdentityPoolId": pool, "Logins": self.logins() })).await
    }

    /// What GetCredentialsForIdentity says, or GetId if it says no already.
    async fn get_credentials(&self) -> Answer {
        let answer = self.get_id().await;
        if answer.status != 200 {
            return answer;
        }
        let identity = answer.json()["IdentityId"].clone();
        self.cognito("GetCredentialsForIdentity", &json!({ "IdentityId": identity, "Logins": self.logins() })).await
    }

    async fn sts(&self, action: &str) -> Answer {
        let mut url = self.bench.stack.endpoints().sts.clone();
        url.query_pairs_mut().extend_pairs([
            ("Action", action),
            ("Version", "2011-06-15"),
            ("RoleArn", ROLE),
            ("RoleSessionName", "test"),
            ("WebIdentityToken", &self.id_token),
        ]);
        self.bench.get(url.as_str()).await
    }

    async fn keys(&self) -> Value {
        let answer = self.get_credentials().await;
        assert_eq!(answer.status, 200, "{}", answer.shown());
        answer.json()["Credentials"].clone()
    }

    /// Sends a request that is signed for a service in a region, at the stack's time.
    async fn signed(&self, keys: &Value, service: &str, region: &str, method: Method, target: &str) -> Answer {
        let now = self.bench.stack.clock().now();
        self.signed_at(now, keys, (service, region), method, target, &[]).await
    }

    /// Sends a request that is signed at a time, with more headers that are not.
    async fn signed_at(
        &self,
        time: SystemTime,
        keys: &Value,
        (service, region): (&str, &str),
        method: Method,
        target: &str,
        more: &[(&str, &str)],
    ) -> Answer {
        let endpoints = self.bench.stack.endpoints();
        let origin = if service == "s3" { &endpoints.s3 } else { &endpoints.api };
        let url = format!("{}{target}", origin.as_str().trim_end_matches('/'));
        let text = |name: &str| keys[name].as_str().unwrap().to_owned();
        let identity =
            Credentials::from_keys(text("AccessKeyId"), text("SecretKey"), Some(text("SessionToken"))).into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name(service)
            .time(time)
            .settings(SigningSettings::default())
            .build()
            .unwrap()
            .into();
        let is_copy = target.contains("copied");
        let source = ("x-amz-copy-source", "jetbridge-demo/readme.txt");
        let headers: Vec<_> =
            [("x-amz-content-sha256", UNSIGNED)].into_iter().chain(is_copy.then_some(source)).collect();
        let body = if service == "s3" { SignableBody::UnsignedPayload } else { SignableBody::Bytes(b"") };
        let headers = if service == "s3" { headers } else { Vec::new() };
        let signable = SignableRequest::new(method.as_str(), &url, headers.iter().copied(), body).unwrap();
        let mut request = http::Request::builder().method(&method).uri(&url).body(()).unwrap();
        sign(signable, &params).unwrap().into_parts().0.apply_to_request_http1x(&mut request);
        let all =
            headers.iter().fold(self.bench.http.request(method, &url), |all, (name, value)| all.header(*name, *value));
        let all = request.headers().iter().fold(all, |all, (name, value)| all.header(name, value));
        self.bench.send(more.iter().fold(all, |all, (name, value)| all.header(*name, *value))).await
    }

    async fn s3(&self, keys: &Value, method: Method, target: &str) -> Answer {
        self.signed(keys, "s3", "us-west-2", method, &format!("/jetbridge-demo{target}")).await
    }
}

/// The text of an element, empty if it is not there.
fn element<'a>(answer: &'a Answer, name: &str) -> &'a str {
    let after = answer.text.split_once(&format!("<{name}>")).map_or("", |(_, after)| after);
    after.split_once(&format!("</{name}>")).map_or("", |(text, _)| text)
}

fn unescaped(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&apos;", "'").replace("&#39;", "'").replace("&amp;", "&")
}

fn assert_is(fault: Fault, expected: FaultAnswer, answer: &Answer, code: &str, message: &str) {
    assert_eq!((answer.status, code), (expected.status, expected.code), "{fault:?}: {}", answer.shown());
    assert!(message.contains(expected.message), "{fault:?}: {message:?} lacks {:?}", expected.message);
}

fn faults_of(service: Service) -> impl Iterator<Item = (Fault, FaultAnswer)> {
    let all = Fault::ALL.iter().filter_map(|fault| Some((*fault, fault.answer()?)));
    all.filter(move |(_, answer)| answer.service == service)
}

#[tokio::test]
async fn every_answer_of_cognito_comes_as_it_is_said() {
    let mut bench = Bench::start().await;
    let alice = Caller::of(&bench).await.id_token;
    bench.use_org_server();
    let from_org = Caller::of(&bench).await.id_token;
    bench.use_custom_server();
    let mut seen = 0;
    for (fault, expected) in faults_of(Service::Cognito) {
        bench.stack.faults().inject(fault, 1);
        let caller = match fault {
            Fault::IamOrgProviderMissing => Caller { bench: &bench, id_token: from_org.clone() },
            // What the token has is another thing now.
            Fault::TagValueRefused | Fault::TrustWithoutTagSession => Caller::of(&bench).await,
            _ => Caller { bench: &bench, id_token: alice.clone() },
        };
        let answer = caller.get_credentials().await;
        let body = answer.json();
        let message = body.get("message").or(body.get("Message")).unwrap().as_str().unwrap();
        assert_is(fault, expected, &answer, body["__type"].as_str().unwrap(), message);
        assert_eq!(answer.header("x-amzn-errortype"), format!("{}:", expected.code));
        let again = caller.get_credentials().await.status;
        assert_eq!(again == 200, !fault.lasts(), "{fault:?}");
        bench.stack.faults().inject(fault, 0);
        assert_eq!(Caller { bench: &bench, id_token: alice.clone() }.get_credentials().await.status, 200, "{fault:?}");
        seen += 1;
    }
    assert_eq!(seen, 29);
}

#[tokio::test]
async fn every_answer_of_sts_comes_as_it_is_said() {
    let bench = Bench::start().await;
    let caller = Caller::of(&bench).await;
    let mut seen = 0;
    for (fault, expected) in faults_of(Service::Sts) {
        bench.stack.faults().inject(fault, 1);
        let action = match fault {
            Fault::StsUnknownAccessKey | Fault::StsCredentialsExpired => "GetCallerIdentity",
            Fault::StsAssumeRoleDenied | Fault::StsTagSessionDenied | Fault::StsChainingTooLong => "AssumeRole",
            _ => "AssumeRoleWithWebIdentity",
        };
        let answer = caller.sts(action).await;
        assert_is(fault, expected, &answer, element(&answer, "Code"), &unescaped(element(&answer, "Message")));
        assert_eq!(answer.header("content-type"), "text/xml");
        bench.stack.faults().inject(fault, 0);
        assert_eq!(caller.sts("AssumeRoleWithWebIdentity").await.status, 200, "{fault:?}");
        seen += 1;
    }
    assert_eq!(seen, 20);
}

#[tokio::test]
async fn every_answer_of_s3_comes_where_it_can_be_met() {
    let bench = Bench::start().await;
    let caller = Caller::of(&bench).await;
    let keys = caller.keys().await;
    let requests = [
        (Method::GET, "?list-type=2"),
        (Method::GET, "/readme.txt"),
        (Method::PUT, "/copied.txt"),
        (Method::POST, "/new.txt?uploadId=x"),
        (Method::PUT, "/new.txt"),
    ];
    let mut seen = 0;
    for (fault, expected) in faults_of(Service::S3) {
        bench.stack.faults().inject(fault, 1);
        let mut met = None;
        for (method, target) in &requests {
            let answer = caller.s3(&keys, method.clone(), target).await;
            if element(&answer, "Code") == expected.code {
                met = Some(answer);
                break;
            }
        }
        let answer = met.unwrap_or_else(|| panic!("{fault:?} is nowhere to be met"));
        assert_is(fault, expected, &answer, element(&answer, "Code"), &unescaped(element(&answer, "Message")));
        assert!(!element(&answer, "RequestId").is_empty());
        bench.stack.faults().inject(fault, 0);
        assert_eq!(caller.s3(&keys, Method::GET, "?list-type=2").await.status, 200, "{fault:?}");
        seen += 1;
    }
    assert_eq!(seen, 32);
}

#[tokio::test]
async fn every_answer_of_an_api_comes_as_its_kind_writes_it() {
    let bench = Bench::start().await;
    let caller = Caller::of(&bench).await;
    let keys = caller.keys().await;
    let ask = async || caller.signed(&keys, "execute-api", "us-west-2", Method::GET, "/echo").await;
    let mut seen = 0;
    for (fault, expected) in faults_of(Service::Api) {
        bench.stack.faults().inject(fault, 1);
        let answer = ask().await;
        let body = answer.json();
        let message =
            ["/message", "/Message", "/errors/0/message"].iter().find_map(|place| body.pointer(place)?.as_str());
        assert_is(fault, expected, &answer, answer.header("x-amzn-errortype"), message.unwrap());
        assert_eq!(body.get("Message").is_some(), fault == Fault::ApiAccessDenied);
        assert_eq!(ask().await.status, 200, "{fault:?}");
        seen += 1;
    }
    assert_eq!(seen, 14);
}

/// Method, target and headers of a request, and the status and code that answer it.
type Case<'c> = (Method, &'c str, &'c [(&'c str, &'c str)], u16, &'c str);

/// What a wrong request or a wrong clock is enough for has no fault.
#[tokio::test]
async fn s3_refuses_by_itself_what_needs_no_fault() {
    let bench = Bench::start().await;
    let caller = Caller::of(&bench).await;
    let keys = caller.keys().await;
    let now = bench.stack.clock().now();
    let e_tag = caller.s3(&keys, Method::GET, "/readme.txt").await.header("etag").to_owned();
    let long = format!("/jetbridge-demo/{}", "k".repeat(1025));
    let cases: [Case<'_>; 8] = [
        (Method::GET, "/Bad_Name?list-type=2", &[], 400, "InvalidBucketName"),
        (Method::GET, "/no-such-bucket?list-type=2", &[], 404, "NoSuchBucket"),
        (Method::GET, "/jetbridge-demo/missing.txt", &[], 404, "NoSuchKey"),
        (Method::HEAD, "/jetbridge-demo/missing.txt", &[], 404, ""),
        (Method::GET, &long, &[], 400, "KeyTooLongError"),
        (Method::GET, "/jetbridge-demo/readme.txt", &[("if-match", "\"x\"")], 412, "PreconditionFailed"),
        (Method::GET, "/jetbridge-demo/readme.txt", &[("if-none-match", &e_tag)], 304, ""),
        (Method::GET, "/jetbridge-demo/readme.txt", &[("range", "bytes=9999999-")], 416, "InvalidRange"),
    ];
    for (method, target, headers, status, code) in cases {
        let answer = caller.signed_at(now, &keys, ("s3", "us-west-2"), method, target, headers).await;
        assert_eq!((answer.status, element(&answer, "Code")), (status, code), "{target}: {}", answer.text);
    }
    for fault in [Fault::ClockDayAhead, Fault::ClockDayBehind] {
        bench.stack.faults().inject(fault, 1);
        let target = "/jetbridge-demo?list-type=2";
        let answer = caller.signed_at(now, &keys, ("s3", "us-west-2"), Method::GET, target, &[]).await;
        let skewed = (answer.status, element(&answer, "Code"));
        assert_eq!(skewed, (403, "RequestTimeTooSkewed"), "{fault:?}");
        assert_eq!(element(&answer, "MaxAllowedSkewMilliseconds"), "900000");
        bench.stack.faults().inject(fault, 0);
    }
}

#[tokio::test]
async fn a_bucket_elsewhere_is_served_to_whoever_signs_for_its_region() {
    let bench = Bench::start().await;
    let caller = Caller::of(&bench).await;
    let keys = caller.keys().await;
    for fault in [Fault::S3BucketElsewhere, Fault::S3RegionMalformed] {
        bench.stack.faults().inject(fault, 1);
        for method in [Method::GET, Method::HEAD] {
            let answer = caller.s3(&keys, method.clone(), "").await;
            assert_eq!(answer.status, fault.answer().unwrap().status);
            assert_eq!(answer.header("x-amz-bucket-region"), "eu-central-1");
            assert_eq!(answer.text.is_empty(), method == Method::HEAD);
            let (endpoint, region) = (element(&answer, "Endpoint"), element(&answer, "Region"));
            let expected = match (method, fault) {
                (Method::HEAD, _) => ("", ""),
                (_, Fault::S3BucketElsewhere) => ("s3.eu-central-1.amazonaws.com", ""),
                _ => ("", "eu-central-1"),
            };
            assert_eq!((endpoint, region), expected);
        }
        let target = "/jetbridge-demo?list-type=2";
        let there = caller.signed(&keys, "s3", "eu-central-1", Method::GET, target).await;
        assert_eq!(there.status, 200, "{}", there.text);
        let location = caller.signed(&keys, "s3", "eu-central-1", Method::GET, "/jetbridge-demo?location").await;
        assert!(location.text.contains("eu-central-1"), "{}", location.text);
        // A name that no bucket has is no bucket elsewhere.
        assert_eq!(caller.signed(&keys, "s3", "us-west-2", Method::GET, "/").await.status, 200);
        bench.stack.faults().inject(fault, 0);
    }
}

#[tokio::test]
async fn a_role_that_lists_objects_still_reads_them() {
    let bench = Bench::start().await;
    let caller = Caller::of(&bench).await;
    let keys = caller.keys().await;
    bench.stack.faults().inject(Fault::RoleListsObjects, 1);
    let statuses = [("?list-type=2", 403), ("/readme.txt", 200), ("/missing.txt", 403)];
    for (target, status) in statuses {
        assert_eq!(caller.s3(&keys, Method::GET, target).await.status, status, "{target}");
    }
}

/// IAM has the provider of one of the names, and the token is of the other.
#[tokio::test]
async fn tokens_of_the_org_s_other_name_are_of_no_provider() {
    let mut bench = Bench::start().await;
    bench.stack.faults().inject(Fault::OktaIssuerDynamic, 1);
    bench.base = format!("http://localhost:{}/oauth2/default/v1", bench.stack.endpoints().okta.port().unwrap());
    let caller = Caller::of(&bench).await;
    let said = Fault::CognitoProviderDetached.answer().unwrap();
    assert_eq!(caller.get_id().await.json()["message"], said.message);
    let refused = caller.sts("AssumeRoleWithWebIdentity").await;
    assert!(
        element(&refused, "Message").starts_with(Fault::IamProviderMissing.answer().unwrap().message),
        "{}",
        refused.shown()
    );
}

#[tokio::test]
async fn identities_that_were_deleted_are_not_found_and_made_anew() {
    let bench = Bench::start().await;
    let caller = Caller::of(&bench).await;
    let identity = caller.get_id().await.json()["IdentityId"].clone();
    bench.stack.faults().inject(Fault::CognitoIdentitiesDeleted, 1);
    let body = json!({ "IdentityId": identity, "Logins": caller.logins() });
    for _ in 0..2 {
        let answer = caller.cognito("GetCredentialsForIdentity", &body).await;
        assert_eq!(answer.json()["__type"], "ResourceNotFoundException");
        assert!(answer.json()["message"].as_str().unwrap().starts_with("Identity '"));
    }
    assert_ne!(caller.get_id().await.json()["IdentityId"], identity);
    assert_eq!(caller.get_credentials().await.status, 200);
}

#[tokio::test]
async fn a_clock_that_is_a_day_off_is_seen_by_everybody() {
    let bench = Bench::start().await;
    let caller = Caller::of(&bench).await;
    let keys = caller.keys().await;
    let now = || bench.stack.clock().now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    for (fault, is_ahead) in [(Fault::ClockDayAhead, true), (Fault::ClockDayBehind, false)] {
        let before = now();
        bench.stack.faults().inject(fault, 1);
        let day = Duration::from_secs(24 * 3600);
        let moved = if is_ahead { now() - before >= day } else { before + Duration::from_secs(60) - now() >= day };
        assert!(moved, "{fault:?}");
        let answer = caller.get_credentials().await;
        assert_eq!(answer.status != 200, is_ahead, "{}", answer.shown());
        bench.stack.faults().inject(fault, 0);
    }
    assert_eq!(caller.s3(&keys, Method::GET, "?list-type=2").await.status, 200);
}

/// The template's own roles and tags are what is got wrong then.
#[tokio::test]
async fn a_deployment_can_be_got_wrong_too() {
    let template = Template::parse(TEMPLATE, "JetbridgeStack").unwrap();
    let mut bench = Bench::with(Options { template: Some(template), ..Options::default() }).await;
    bench.base = format!("{}/v1", bench.stack.custom_issuer());
    let faults = bench.stack.faults();
    for fault in [
        Fault::TrustOtherPool,
        Fault::TrustOtherAmr,
        Fault::TrustAssumeRole,
        Fault::TrustWithoutTagSession,
        Fault::TagValueRefused,
        Fault::CognitoRoleMissing,
        Fault::IamAudienceMissing,
        Fault::CognitoProviderDetached,
        Fault::CognitoPoolMissing,
    ] {
        faults.inject(fault, 1);
        let caller = Caller::of(&bench).await;
        let answer = caller.get_credentials().await;
        let expected = match fault {
            Fault::CognitoPoolMissing => "ResourceNotFoundException",
            Fault::IamAudienceMissing | Fault::CognitoProviderDetached => "NotAuthorizedException",
            _ => "InvalidIdentityPoolConfigurationException",
        };
        assert_eq!(answer.json()["__type"], expected, "{fault:?}");
        faults.inject(fault, 0);
        assert_eq!(Caller::of(&bench).await.get_credentials().await.status, 200, "{fault:?}");
    }
}
