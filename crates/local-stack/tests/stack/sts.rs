//! STS by requests that no client library makes, and with templates whose roles trust Okta itself.

use jetbridge_local_stack::{Fault, Options, Template};
use serde_json::{Value, json};

use crate::support::{Answer, Bench, claims};

const TEMPLATE: &str = include_str!("../../../../tests/e2e/template/infra-demo.template.json");
const ROLE: &str = "arn:aws:iam::123456789012:role/JetbridgeAuthenticated";
const ISSUER: &str = "dev-12345678.okta.com/oauth2/default";

/// A good request with `changes` made; an empty value leaves a parameter out.
async fn assume(bench: &Bench, token: &str, changes: &[(&str, &str)]) -> Answer {
    let good = [
        ("Action", "AssumeRoleWithWebIdentity"),
        ("Version", "2011-06-15"),
        ("RoleArn", ROLE),
        ("RoleSessionName", "test"),
        ("WebIdentityToken", token),
    ];
    let unchanged = good.iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    let pairs = unchanged.chain(changes.iter().filter(|(_, value)| !value.is_empty()));
    let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let request = bench.http.post(bench.stack.endpoints().sts.clone());
    bench.send(request.header("content-type", "application/x-www-form-urlencoded").body(form)).await
}

/// The text of an element that is there once.
fn element<'a>(answer: &'a Answer, name: &str) -> &'a str {
    let after = answer.text.split_once(&format!("<{name}>")).unwrap_or_else(|| panic!("no {name}: {}", answer.text)).1;
    after.split_once(&format!("</{name}>")).unwrap().0
}

fn refusal(answer: &Answer) -> (u16, &str) {
    (answer.status, element(answer, "Code"))
}

async fn id_token(bench: &Bench) -> String {
    bench.get_tokens().await["id_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn answers_and_refusals_are_the_query_protocol_s() {
    let bench = Bench::start().await;
    let token = id_token(&bench).await;
    let answer = assume(&bench, &token, &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let begin = "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
                 <AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIA";
    assert!(answer.text.starts_with(begin), "not as expected");
    assert_eq!(answer.header("content-type"), "text/xml");
    assert_eq!(element(&answer, "RequestId"), answer.header("x-amzn-requestid"));
    assert!(element(&answer, "Expiration").ends_with('Z') && element(&answer, "Expiration").len() == 20);
    assert_eq!(bench.stack.log().count("AssumeRoleWithWebIdentity"), 1);

    let refused = assume(&bench, &token, &[("RoleArn", "")]).await;
    assert_eq!(refusal(&refused), (400, "ValidationError"));
    let begin = "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>";
    assert!(refused.text.starts_with(begin), "{}", refused.text);
    let sentence = "1 validation error detected: Value null at 'roleArn' failed to satisfy constraint: Member must not \
                    be null";
    assert_eq!(element(&refused, "Message"), sentence);
    assert_eq!(refusal(&assume(&bench, &token, &[("Action", "")]).await), (400, "MissingAction"));
    for (name, value) in [("Action", "AssumeNothing"), ("Version", "2010-05-08"), ("Version", "")] {
        let refused = assume(&bench, &token, &[(name, value)]).await;
        assert_eq!(refusal(&refused), (400, "InvalidAction"), "{name} {value}");
    }
    // Everything may stand in the query, too; nothing in both.
    let mut url = bench.stack.endpoints().sts.clone();
    url.query_pairs_mut().extend_pairs([("Action", "GetCallerIdentity"), ("Version", "2011-06-15")]);
    assert_eq!(refusal(&bench.get(url.as_str()).await), (403, "MissingAuthenticationToken"));
    assert_eq!(refusal(&bench.send(bench.http.post(url).body("Version=x")).await), (400, "MalformedInput"));
}

/// `AWS_ENDPOINT_URL` leads every service here; each is refused by its name, as its client reads it.
#[tokio::test]
async fn what_was_signed_for_another_service_is_refused_by_name() {
    let bench = Bench::start().await;
    let sts = &bench.stack.endpoints().sts;
    let ask = async |service: &str, path: &str, kind: &str| {
        let scope = format!("AKIAIOSFODNN7EXAMPLE/20260101/us-west-2/{service}/aws4_request");
        let signed =
            format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, Signature={}", "0".repeat(64));
        let request = bench.http.post(sts.join(path).unwrap()).header("authorization", signed);
        bench.send(request.header("x-amz-date", "20260101T000000Z").header("content-type", kind).body("{}")).await
    };
    for (service, path) in [("dynamodb", "/"), ("lambda", "/2015-03-31/functions/")] {
        let refused = ask(service, path, "application/x-amz-json-1.0").await;
        assert_eq!((refused.status, refused.header("x-amzn-errortype")), (501, "NotImplemented"), "{}", refused.text);
        assert_eq!(refused.json()["message"], format!("The local stack does not imitate {service}."));
        assert_eq!(refused.header("x-amzn-requestid").len(), 36);
    }
    let form = "application/x-www-form-urlencoded";
    let refused = ask("iam", "/", form).await;
    assert_eq!(refusal(&refused), (501, "NotImplemented"));
    assert_eq!(element(&refused, "Message"), "The local stack does not imitate iam.");
    // Its own are judged as ever, and have one path.
    assert_eq!(refusal(&ask("sts", "/", form).await), (400, "MissingAction"));
    let missing = ask("sts", "/elsewhere", form).await;
    assert_eq!((missing.status, missing.header("x-amzn-requestid").len()), (404, 36));
}

#[tokio::test]
async fn a_token_that_is_expired_or_whose_provider_cannot_be_asked_is_told_so() {
    let bench = Bench::start().await;
    let token = id_token(&bench).await;
    bench.stack.faults().inject(Fault::StsProviderUnreachable, 1);
    assert_eq!(refusal(&assume(&bench, &token, &[]).await), (400, "IDPCommunicationError"));
    bench.stack.faults().inject(Fault::StsThrottled, 1);
    assert_eq!(refusal(&assume(&bench, &token, &[]).await), (400, "Throttling"));
    bench.stack.rotate_signing_key().await.unwrap();
    bench.stack.drop_old_signing_keys();
    assert_eq!(refusal(&assume(&bench, &token, &[]).await), (400, "InvalidIdentityToken"));
    let token = id_token(&bench).await;
    assert_eq!(assume(&bench, &token, &[]).await.status, 200);
    bench.stack.clock().set_offset_seconds(3601);
    let refused = assume(&bench, &token, &[]).await;
    assert_eq!(refusal(&refused), (400, "ExpiredTokenException"));
    let exp = claims(&token)["exp"].as_i64().unwrap();
    assert!(element(&refused, "Message").ends_with(&format!("must be before the expiration date/time {exp}")));
}

/// A stack whose role trusts Okta with `condition`.
async fn trusting(condition: Value, change: impl FnOnce(&mut Value)) -> (Bench, String) {
    let mut document: Value = serde_json::from_str(TEMPLATE).unwrap();
    change(&mut document["Resources"]);
    let role = &mut document["Resources"]["AuthenticatedRole86104F1A"]["Properties"];
    let statement = json!({
        "Effect": "Allow",
        "Principal": { "Federated": { "Ref": "OktaProviderD88D9C1B" } },
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": condition,
    });
    role["AssumeRolePolicyDocument"]["Statement"].as_array_mut().unwrap().push(statement);
    role["RoleName"] = json!("Trusting");
    let template = Template::parse(&document.to_string(), "Stack").unwrap();
    let bench = Bench::with(Options { template: Some(template), ..Options::default() }).await;
    let token = id_token(&bench).await;
    (bench, token)
}

async fn assume_trusting(bench: &Bench, token: &str, changes: &[(&str, &str)]) -> Answer {
    let role = ("RoleArn", "arn:aws:iam::123456789012:role/Trusting");
    assume(bench, token, &[&[role], changes].concat()).await
}

#[tokio::test]
async fn a_role_s_trust_policy_looks_at_the_token() {
    let alice = "00ualice000000000001";
    let sub = format!("{ISSUER}:sub");
    let (bench, token) = trusting(json!({ "StringEquals": { sub.as_str(): alice } }), |_| {}).await;
    let answer = assume_trusting(&bench, &token, &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(element(&answer, "SubjectFromWebIdentityToken"), alice);
    for condition in [
        json!({ "StringEquals": { sub.as_str(): "00ubob00000000000002" } }),
        json!({ "StringEquals": { format!("{ISSUER}:aud"): "0oaother" } }),
        json!({ "StringEquals": { "sts:RoleSessionName": "other" } }),
        json!({ "StringLike": { "aws:RequestTag/team": "*" } }),
    ] {
        let (bench, token) = trusting(condition.clone(), |_| {}).await;
        let refused = assume_trusting(&bench, &token, &[]).await;
        assert_eq!(refusal(&refused), (403, "AccessDenied"), "{condition}");
        assert_eq!(element(&refused, "Message"), "Not authorized to perform sts:AssumeRoleWithWebIdentity");
    }
}

#[tokio::test]
async fn a_session_lasts_as_long_as_the_role_allows() {
    let (bench, token) = trusting(json!({}), |resources| {
        resources["AuthenticatedRole86104F1A"]["Properties"]["MaxSessionDuration"] = json!(7200);
    })
    .await;
    for (seconds, status) in [("7200", 200), ("900", 200), ("7201", 400), ("899", 400), ("43201", 400)] {
        let answer = assume_trusting(&bench, &token, &[("DurationSeconds", seconds)]).await;
        assert_eq!(answer.status, status, "{seconds}");
    }
}

#[tokio::test]
async fn a_provider_of_the_account_need_not_be_the_pool_s() {
    let (bench, token) = trusting(json!({}), |resources| {
        resources["IdentityPoolEC8A1A0D"]["Properties"]["OpenIdConnectProviderARNs"] = json!([]);
        resources.as_object_mut().unwrap().remove("PrincipalTags");
    })
    .await;
    let answer = assume_trusting(&bench, &token, &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    // Of an issuer that nobody registered, it is said which.
    let (bench, _) = trusting(json!({}), |_| {}).await;
    let stranger = Bench::start().await;
    let refused = assume_trusting(&bench, &id_token(&stranger).await, &[]).await;
    assert_eq!(refusal(&refused), (400, "InvalidIdentityToken"));
    let issuer = stranger.stack.custom_issuer();
    let sentence = format!("No OpenIDConnect provider found in your account for {issuer}");
    assert_eq!(element(&refused, "Message"), sentence);
}
