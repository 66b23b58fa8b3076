//! What only an administrator's signature opens.

use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;

use super::*;
use crate::template::Template;

impl Bench {
    /// A request to the pool as somebody signs it who has the session token of these credentials.
    fn sign(&self, operation: &str, given: &Value, (key, secret): (&str, &str), service: &str) -> reqwest::Request {
        let mut request = self.request(operation, &json!({ "IdentityPoolId": self.shared.options.identity_pool_id }));
        let token = given["SessionToken"].as_str().unwrap().to_owned();
        let identity = aws_credential_types::Credentials::from_keys(key, secret, Some(token)).into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region("us-west-2")
            .name(service)
            .time(self.shared.clock.now())
            .settings(SigningSettings::default())
            .build()
            .unwrap()
            .into();
        let headers = request.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
        let body = SignableBody::Bytes(request.body().unwrap().as_bytes().unwrap());
        let signable = SignableRequest::new("POST", request.url().as_str(), headers, body).unwrap();
        let (instructions, _) = sign(signable, &params).unwrap().into_parts();
        for (name, value) in instructions.headers() {
            let name = HeaderName::try_from(name).unwrap();
            request.headers_mut().insert(name, HeaderValue::from_str(value).unwrap());
        }
        request
    }
}

/// Every operation of the service but the four that take no credentials.
#[tokio::test]
async fn what_is_for_administrators_needs_a_signature() {
    let bench = Bench::start(Options::default()).await;
    for operation in [
        "CreateIdentityPool",
        "DeleteIdentities",
        "DeleteIdentityPool",
        "DescribeIdentity",
        "DescribeIdentityPool",
        "GetIdentityPoolRoles",
        "GetOpenIdTokenForDeveloperIdentity",
        "GetPrincipalTagAttributeMap",
        "ListIdentities",
        "ListIdentityPools",
        "ListTagsForResource",
        "LookupDeveloperIdentity",
        "MergeDeveloperIdentities",
        "SetIdentityPoolRoles",
        "SetPrincipalTagAttributeMap",
        "TagResource",
        "UnlinkDeveloperIdentity",
        "UntagResource",
        "UpdateIdentityPool",
    ] {
        let refused = bench.call(operation, json!({ "IdentityPoolId": POOL })).await.unwrap_err();
        assert_eq!(refused, "MissingAuthenticationTokenException: Missing Authentication Token", "{operation}");
    }
    let unlinked = bench.call("UnlinkIdentity", json!({})).await.unwrap_err();
    assert!(unlinked.starts_with("ValidationException: "), "it needs no signature: {unlinked}");
    let unknown = bench.call("ListIdentity", json!({})).await.unwrap_err();
    assert_eq!(unknown, "UnknownOperationException: The operation is not known.");
}

#[tokio::test]
async fn a_signature_on_what_is_for_administrators_is_verified_and_opens_nothing() {
    let bench = Bench::start(Options::default()).await;
    let alice = bench.get_id(&bench.token("alice")).await.unwrap();
    let given = bench.get_credentials(&alice, &bench.token("alice")).await.unwrap()["Credentials"].clone();
    let sign = |key: &str, secret: &str, service: &str| bench.sign("ListIdentities", &given, (key, secret), service);
    let (key, secret) = (given["AccessKeyId"].as_str().unwrap(), given["SecretKey"].as_str().unwrap());
    let service = "cognito-identity";
    for (request, said) in [
        (
            sign(key, secret, service),
            "AccessDeniedException: User: arn:aws:sts::123456789012:assumed-role/JetbridgeAuthenticated/CognitoIdentityCredentials \
             is not authorized to perform: cognito-identity:ListIdentities",
        ),
        (sign(key, "another secret", service), "InvalidSignatureException: The request signature we calculated"),
        (sign("ASIA0000000000000000", secret, service), "UnrecognizedClientException: The security token"),
    ] {
        let refused = bench.answer(request).await.unwrap_err();
        assert!(refused.starts_with(said), "{refused}");
    }
    let of_s3 = bench.answer(sign(key, secret, "s3")).await.unwrap_err();
    // "Troubleshoot signed requests for AWS APIs", IAM user guide.
    let said = "InvalidSignatureException: Credential should be scoped to correct service: 'cognito-identity'.";
    assert_eq!(of_s3, said);
    bench.shared.clock.advance(std::time::Duration::from_secs(3601));
    let expired = bench.answer(sign(key, secret, service)).await.unwrap_err();
    assert_eq!(expired, "ExpiredTokenException: The security token included in the request is expired");
    let mut no_signature = bench.request("ListIdentities", &json!({}));
    no_signature.headers_mut().insert("authorization", HeaderValue::from_static("Bearer x"));
    let refused = bench.answer(no_signature).await.unwrap_err();
    assert!(refused.starts_with("IncompleteSignatureException: "), "{refused}");
}

#[tokio::test]
async fn an_administrator_s_permission_is_looked_up_and_then_nothing_is_done() {
    const GUEST: &str = include_str!("../../../../../tests/e2e/template/infra-guest.template.json");
    let mut document: Value = serde_json::from_str(GUEST).unwrap();
    let roles = document["Resources"].as_object_mut().unwrap();
    let policy = roles.iter_mut().find(|(name, _)| name.starts_with("GuestRoleDefaultPolicy")).unwrap().1;
    policy["Properties"]["PolicyDocument"]["Statement"].as_array_mut().unwrap().push(json!({
        "Effect": "Allow", "Action": "cognito-identity:List*", "Resource": "arn:aws:cognito-identity:us-west-2:*:identitypool/*",
    }));
    let template = Template::parse(&document.to_string(), "JetbridgeStack").unwrap();
    let bench = Bench::start(Options { template: Some(template), ..Options::default() }).await;
    let pool = &bench.shared.options.identity_pool_id;
    let guest = bench.call("GetId", json!({ "IdentityPoolId": pool })).await.unwrap()["IdentityId"].clone();
    let given =
        bench.call("GetCredentialsForIdentity", json!({ "IdentityId": guest })).await.unwrap()["Credentials"].clone();
    let keys = (given["AccessKeyId"].as_str().unwrap(), given["SecretKey"].as_str().unwrap());
    for (operation, said) in [
        ("ListIdentities", "NotImplemented: The local stack does not imitate ListIdentities."),
        ("DescribeIdentityPool", "AccessDeniedException: User: arn:aws:sts::123456789012:assumed-role/"),
    ] {
        let refused = bench.answer(bench.sign(operation, &given, keys, "cognito-identity")).await.unwrap_err();
        assert!(refused.starts_with(said), "{refused}");
    }
}
