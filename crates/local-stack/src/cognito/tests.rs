//! The pool over real HTTP, with an issuer whose tokens a test can spoil in one place at a time.

mod administrators;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};

use axum::extract::Path;
use reqwest::Client;
use url::Url;

use super::roles::GUEST_ROLE;
use super::*;
use crate::jws::{self, SigningKey};
use crate::options::Options;
use crate::shared::Endpoints;
use crate::{test_http, tls};

static KEYS: LazyLock<[SigningKey; 2]> = LazyLock::new(|| [0, 1].map(|_| SigningKey::take_unused().unwrap()));
const POOL: &str = "us-west-2:6f2b4c1e-0d5a-4f27-9c83-1b7e5a90d3f4";

/// The issuer's side: which keys it publishes, whether it is up, and how often it was asked for them.
struct Issuer {
    origin: String,
    published: Mutex<Vec<Value>>,
    down: Mutex<bool>,
    fetches: AtomicUsize,
}

fn discovery(issuer: &Issuer, path: &str) -> Json<Value> {
    let url = format!("{}{path}", issuer.origin);
    Json(json!({ "issuer": url, "jwks_uri": format!("{}/keys", issuer.origin) }))
}

fn keys(issuer: &Issuer) -> (StatusCode, [(header::HeaderName, &'static str); 1], String) {
    issuer.fetches.fetch_add(1, Ordering::Relaxed);
    let status = if *issuer.down.lock().unwrap() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let body = json!({ "keys": *issuer.published.lock().unwrap() }).to_string();
    (status, [(header::CACHE_CONTROL, "max-age=3600")], body)
}

struct Bench {
    shared: Arc<Shared>,
    issuer: Arc<Issuer>,
    credentials: Arc<CredentialRegistry>,
    client: Client,
    cognito: Url,
}

impl Bench {
    async fn start(options: Options) -> Self {
        let (okta_listener, okta) = test_http::listen().await;
        let (cognito_listener, cognito) = test_http::listen().await;
        let issuer = Arc::new(Issuer {
            origin: okta.as_str().trim_end_matches('/').to_owned(),
            published: Mutex::new(vec![KEYS[0].jwk()]),
            down: Mutex::new(false),
            fetches: AtomicUsize::new(0),
        });
        let [custom, org, key_set] = [0, 1, 2].map(|_| Arc::clone(&issuer));
        let routes = Router::new()
            .route(
                "/oauth2/{id}/.well-known/openid-configuration",
                get(async move |Path(id): Path<String>| discovery(&custom, &format!("/oauth2/{id}"))),
            )
            .route("/.well-known/openid-configuration", get(async move || discovery(&org, "")))
            .route("/keys", get(async move || keys(&key_set)));
        tokio::spawn(async move { axum::serve(okta_listener, routes).await });

        let shared = Arc::new(Shared::new(options));
        shared.set_endpoints(Endpoints {
            okta,
            cognito: cognito.clone(),
            s3: cognito.clone(),
            sts: cognito.clone(),
            api: cognito.clone(),
        });
        let credentials = Arc::new(CredentialRegistry::new(Arc::clone(&shared)));
        let roles = Arc::new(Roles::new(Arc::clone(&shared)));
        let routes = router(Arc::clone(&shared), Arc::clone(&credentials), roles);
        tokio::spawn(async move { axum::serve(cognito_listener, routes).await });
        let client = tls::build_client(None, None).unwrap();
        Self { shared, issuer, credentials, client, cognito }
    }

    /// Claims as Okta's ID tokens have them.
    fn claims(&self, subject: &str) -> Value {
        let now = self.shared.clock.unix_now();
        json!({
            "iss": self.shared.custom_issuer(), "sub": subject, "aud": self.shared.options.client_id,
            "iat": now, "exp": now + 3600, "name": "Alice Archer",
        })
    }

    fn token(&self, subject: &str) -> String {
        KEYS[0].sign(&self.claims(subject)).unwrap()
    }

    fn provider(&self) -> String {
        self.shared.custom_issuer().replace("http://", "")
    }

    fn request(&self, operation: &str, body: &Value) -> reqwest::Request {
        let request = self.client.post(self.cognito.clone()).header("content-type", CONTENT_TYPE);
        let request = request.header("x-amz-target", format!("AWSCognitoIdentityService.{operation}"));
        request.body(body.to_string()).build().unwrap()
    }

    /// The answer, or the error as `type: message`.
    async fn call(&self, operation: &str, body: Value) -> Result<Value, String> {
        self.answer(self.request(operation, &body)).await
    }

    async fn answer(&self, request: reqwest::Request) -> Result<Value, String> {
        let response = self.client.execute(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        assert_eq!(headers["content-type"], CONTENT_TYPE);
        assert_eq!(headers["x-amzn-requestid"].len(), 36);
        let body: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
        if status == StatusCode::OK {
            return Ok(body);
        }
        let name = body["__type"].as_str().unwrap();
        assert_eq!(headers["x-amzn-errortype"], format!("{name}:").as_str());
        let field = if name == "AccessDeniedException" { "Message" } else { "message" };
        let message = body[field].as_str().unwrap();
        assert_eq!(headers["x-amzn-errormessage"], message);
        let expected = match name {
            "InternalErrorException" => 500,
            "NotImplemented" => 501,
            _ => 400,
        };
        assert_eq!(status.as_u16(), expected);
        Err(format!("{name}: {message}"))
    }

    async fn get_id(&self, token: &str) -> Result<String, String> {
        let body = json!({ "IdentityPoolId": POOL, "Logins": { self.provider(): token } });
        self.call("GetId", body).await.map(|answer| answer["IdentityId"].as_str().unwrap().to_owned())
    }

    async fn get_credentials(&self, identity: &str, token: &str) -> Result<Value, String> {
        let body = json!({ "IdentityId": identity, "Logins": { self.provider(): token } });
        self.call("GetCredentialsForIdentity", body).await
    }
}

#[tokio::test]
async fn a_user_gets_a_lasting_identity_and_credentials() {
    let bench = Bench::start(Options::default()).await;
    let alice = bench.get_id(&bench.token("alice")).await.unwrap();
    assert_eq!(bench.get_id(&bench.token("alice")).await.unwrap(), alice);
    assert_ne!(bench.get_id(&bench.token("bob")).await.unwrap(), alice);

    let before = bench.shared.clock.unix_now() as f64;
    let answer = bench.get_credentials(&alice, &bench.token("alice")).await.unwrap();
    let after = bench.shared.clock.unix_now() as f64;
    assert_eq!(answer["IdentityId"], alice.as_str());
    let given = &answer["Credentials"];
    assert!(given["Expiration"].is_f64());
    assert!((before..=after).contains(&(given["Expiration"].as_f64().unwrap() - 3600.0)));
    let kept = bench.credentials.find(given["AccessKeyId"].as_str().unwrap()).unwrap();
    assert_eq!(given["SecretKey"], kept.secret_access_key.as_str());
    assert_eq!(given["SessionToken"], kept.session_token.as_str());
    assert_eq!(kept.identity_id, alice);

    let refused = bench.get_credentials(&alice, &bench.token("bob")).await.unwrap_err();
    assert_eq!(
        refused,
        "NotAuthorizedException: Logins don't match. Please include at least one valid login for this identity or identity pool."
    );
}

#[tokio::test]
async fn each_rule_about_the_token_is_kept() {
    const MISMATCH: &str = "Invalid login token. Issuer doesn't match providerName";
    const UNSUPPORTED: &str = "Token is not from a supported provider of this identity pool.";
    const UNVERIFIED: &str = "Invalid login token. Couldn't verify signed token.";
    let bench = Bench::start(Options::default()).await;
    let now = bench.shared.clock.unix_now();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut claims = bench.claims("alice");
        change(&mut claims);
        KEYS[0].sign(&claims).unwrap()
    };
    let good = bench.token("alice");
    let parts: Vec<&str> = good.split('.').collect();
    let foreign = with(&|c| c["sub"] = "bob".into());
    let other_iss = "http://127.0.0.1:9/oauth2/default";
    let wrong: Vec<(&str, String, String, &str)> = vec![
        (
            "access token",
            with(&|c| {
                c.as_object_mut().unwrap().remove("aud");
            }),
            bench.provider(),
            "Invalid login token. Missing a required claim: aud",
        ),
        (
            "opaque token",
            "an-opaque-access-token".into(),
            bench.provider(),
            "Invalid login token. Not a valid OpenId Connect identity token.",
        ),
        (
            "no issuer",
            with(&|c| {
                c.as_object_mut().unwrap().remove("iss");
            }),
            bench.provider(),
            "Invalid login token. Missing a required claim: iss",
        ),
        (
            "no subject",
            with(&|c| c["sub"] = "".into()),
            bench.provider(),
            "Invalid login token. Missing a required claim: sub",
        ),
        (
            "no expiry",
            with(&|c| {
                c.as_object_mut().unwrap().remove("exp");
            }),
            bench.provider(),
            "Invalid login token. Missing a required claim: exp",
        ),
        ("audience", with(&|c| c["aud"] = "api://default".into()), bench.provider(), UNSUPPORTED),
        ("none of several audiences", with(&|c| c["aud"] = json!(["a", "b"])), bench.provider(), UNSUPPORTED),
        ("azp before aud", with(&|c| c["azp"] = "other".into()), bench.provider(), UNSUPPORTED),
        (
            "issuer unknown to the pool",
            with(&|c| c["iss"] = other_iss.into()),
            other_iss.replace("http://", ""),
            UNSUPPORTED,
        ),
        (
            "issuer with another scheme",
            with(&|c| c["iss"] = format!("ftp://{}", bench.provider()).into()),
            bench.provider(),
            UNSUPPORTED,
        ),
        ("key without the path", good.clone(), bench.provider().replace("/oauth2/default", ""), MISMATCH),
        ("key with a trailing slash", good.clone(), format!("{}/", bench.provider()), MISMATCH),
        ("key with the scheme", good.clone(), bench.shared.custom_issuer(), MISMATCH),
        ("key in capitals", good.clone(), bench.provider().to_uppercase(), MISMATCH),
        (
            "Cognito's own token",
            with(&|c| c["iss"] = "https://cognito-identity.amazonaws.com".into()),
            bench.provider(),
            "Invalid login token. Can't pass in a Cognito token.",
        ),
        (
            "another token's claims",
            format!("{}.{}.{}", parts[0], foreign.split('.').nth(1).unwrap(), parts[2]),
            bench.provider(),
            UNVERIFIED,
        ),
        ("no signature", format!("{}.{}.", parts[0], parts[1]), bench.provider(), UNVERIFIED),
        ("algorithm none", format!("eyJhbGciOiJub25lIn0.{}.", parts[1]), bench.provider(), UNVERIFIED),
        ("elliptic curve", format!("eyJhbGciOiJFUzI1NiJ9.{}.{}", parts[1], parts[2]), bench.provider(), UNVERIFIED),
        ("unpublished key", KEYS[1].sign(&bench.claims("alice")).unwrap(), bench.provider(), UNVERIFIED),
    ];
    for (name, token, provider, message) in &wrong {
        let body = json!({ "IdentityPoolId": POOL, "Logins": { provider: token } });
        let refused = bench.call("GetId", body).await.unwrap_err();
        assert_eq!(refused, format!("NotAuthorizedException: {message}"), "{name}");
    }

    let fine = [
        ("one of several audiences", with(&|c| c["aud"] = json!(["other", bench.shared.options.client_id]))),
        (
            "azp",
            with(&|c| {
                c["azp"] = c["aud"].clone();
                c["aud"] = "other".into();
            }),
        ),
        ("expired four minutes ago", with(&|c| c["exp"] = (now - 240).into())),
    ];
    for (name, token) in &fine {
        assert!(bench.get_id(token).await.is_ok(), "{name}");
    }
}

#[tokio::test]
async fn a_token_expires_on_the_stacks_clock_with_grace() {
    let bench = Bench::start(Options::default()).await;
    let token = bench.token("alice");
    let identity = bench.get_id(&token).await.unwrap();
    bench.shared.clock.set_offset_seconds(3600 + 290);
    assert!(bench.get_credentials(&identity, &token).await.is_ok());
    bench.shared.clock.set_offset_seconds(3600 + 301);
    let refused = bench.get_credentials(&identity, &token).await.unwrap_err();
    assert!(refused.starts_with("NotAuthorizedException: Invalid login token. Token expired: "), "{refused}");
}

#[tokio::test]
async fn the_org_issuer_has_the_bare_host_as_its_key_and_identities_of_its_own() {
    let bench = Bench::start(Options::default()).await;
    let custom = bench.get_id(&bench.token("alice")).await.unwrap();
    let mut claims = bench.claims("alice");
    claims["iss"] = bench.shared.org_issuer().into();
    let token = KEYS[0].sign(&claims).unwrap();
    let key = bench.shared.org_issuer().replace("http://", "");
    let answer = bench.call("GetId", json!({ "IdentityPoolId": POOL, "Logins": { key: token } })).await.unwrap();
    assert_ne!(answer["IdentityId"], custom.as_str());
}

#[tokio::test]
async fn keys_are_fetched_once_and_again_for_an_unknown_key_id() {
    let bench = Bench::start(Options::default()).await;
    let fetches = || bench.issuer.fetches.load(Ordering::Relaxed);
    let (alice, bob) = (bench.token("alice"), bench.token("bob"));
    let (first, second) = tokio::join!(bench.get_id(&alice), bench.get_id(&bob));
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(fetches(), 1);

    let rotated = KEYS[1].sign(&bench.claims("alice")).unwrap();
    assert!(bench.get_id(&rotated).await.is_err());
    assert_eq!(fetches(), 2);
    bench.issuer.published.lock().unwrap().push(KEYS[1].jwk());
    assert_eq!(bench.get_id(&rotated).await, first);
    assert_eq!(fetches(), 3);

    *bench.issuer.down.lock().unwrap() = true;
    assert_eq!(bench.get_id(&alice).await, first, "cached keys serve while the issuer is down");
}

#[tokio::test]
async fn an_issuer_that_is_down_is_reported() {
    let bench = Bench::start(Options::default()).await;
    *bench.issuer.down.lock().unwrap() = true;
    let refused = bench.get_id(&bench.token("alice")).await.unwrap_err();
    assert!(refused.starts_with("ExternalServiceException: "), "{refused}");
    *bench.issuer.down.lock().unwrap() = false;
    assert!(bench.get_id(&bench.token("alice")).await.is_ok());
}

#[tokio::test]
async fn guests_exist_only_where_they_are_allowed() {
    const DISABLED: &str = "NotAuthorizedException: Unauthenticated access is not supported for this identity pool.";
    let bench = Bench::start(Options::default()).await;
    for body in [json!({ "IdentityPoolId": POOL }), json!({ "IdentityPoolId": POOL, "Logins": {} })] {
        assert_eq!(bench.call("GetId", body).await, Err(DISABLED.to_owned()));
    }
    let alice = bench.get_id(&bench.token("alice")).await.unwrap();
    let refused = bench.call("GetCredentialsForIdentity", json!({ "IdentityId": alice })).await;
    assert_eq!(refused, Err(format!("NotAuthorizedException: Access to Identity '{alice}' is forbidden.")));

    let bench = Bench::start(Options { allow_guests: true, ..Options::default() }).await;
    let guest = bench.call("GetId", json!({ "IdentityPoolId": POOL })).await.unwrap()["IdentityId"].clone();
    let answer = bench.call("GetCredentialsForIdentity", json!({ "IdentityId": guest })).await.unwrap();
    let key = answer["Credentials"]["AccessKeyId"].as_str().unwrap();
    assert_eq!(bench.credentials.find(key).unwrap().role_arn, GUEST_ROLE);
}

#[tokio::test]
async fn parameters_are_checked() {
    let bench = Bench::start(Options::default()).await;
    let unknown = "us-west-2:00000000-0000-4000-8000-000000000000";
    let token = bench.token("alice");
    let alice = bench.get_id(&token).await.unwrap();
    let login = json!({ bench.provider(): token });
    let role = "arn:aws:iam::123456789012:role/Administrator";
    let cases = [
        (
            "GetId",
            json!({ "IdentityPoolId": "no-colon" }),
            "ValidationException: 1 validation error detected: Value 'no-colon' at 'identityPoolId' failed",
        ),
        ("GetId", json!({ "IdentityPoolId": "us-west-2:XYZ" }), "ValidationException: 1 validation error"),
        (
            "GetId",
            json!({ "IdentityPoolId": POOL.replace("us-west-2", "eu-west-1"), "Logins": login }),
            "ResourceNotFoundException: IdentityPool 'eu-west-1:",
        ),
        (
            "GetId",
            json!({ "IdentityPoolId": unknown, "Logins": login }),
            "ResourceNotFoundException: IdentityPool 'us-west-2:00000000-0000-4000-8000-000000000000' not found.",
        ),
        (
            "GetId",
            json!({ "Logins": login }),
            "ValidationException: 1 validation error detected: Value null at 'identityPoolId' failed",
        ),
        (
            "GetCredentialsForIdentity",
            json!({ "IdentityId": null, "Logins": login }),
            "ValidationException: 1 validation error detected: Value null at 'identityId' failed",
        ),
        (
            "GetCredentialsForIdentity",
            json!({ "IdentityId": alice, "Logins": login, "CustomRoleArn": "arn:aws:iam::1" }),
            "ValidationException: 1 validation error detected: Value 'arn:aws:iam::1' at 'customRoleArn' failed",
        ),
        (
            "GetCredentialsForIdentity",
            json!({ "IdentityId": alice, "Logins": login, "CustomRoleArn": "r".repeat(200_000) }),
            "ValidationException: 1 validation error detected: Value 'rrrr",
        ),
        ("GetOpenIdToken", json!({}), "ValidationException: 1 validation error detected: Value null at 'identityId'"),
        (
            "GetId",
            json!({ "IdentityPoolId": POOL, "Logins": { "p".repeat(129): "t" } }),
            "ValidationException: 1 validation error detected: Logins keys",
        ),
        (
            "GetId",
            json!({ "IdentityPoolId": POOL, "Logins": { "p": "t".repeat(50_001) } }),
            "ValidationException: 1 validation error detected: Logins keys",
        ),
        (
            "GetId",
            json!({ "IdentityPoolId": POOL, "Logins": { "p": "" } }),
            "ValidationException: 1 validation error detected: Logins keys",
        ),
        (
            "GetCredentialsForIdentity",
            json!({ "IdentityId": "x", "Logins": login }),
            "ValidationException: 1 validation error",
        ),
        (
            "GetCredentialsForIdentity",
            json!({ "IdentityId": format!("us-west-2:{}", "0".repeat(60)), "Logins": login }),
            "ValidationException: 1 validation error",
        ),
        (
            "GetCredentialsForIdentity",
            json!({ "IdentityId": unknown, "Logins": login }),
            "ResourceNotFoundException: Identity 'us-west-2:00000000-0000-4000-8000-000000000000' not found.",
        ),
        (
            "GetCredentialsForIdentity",
            json!({ "IdentityId": alice, "Logins": login, "CustomRoleArn": role }),
            "NotAuthorizedException: Access to Role",
        ),
        ("DeleteIdentity", json!({}), "UnknownOperationException: "),
    ];
    for (operation, body, expected) in cases {
        let refused = bench.call(operation, body).await.unwrap_err();
        assert!(refused.starts_with(expected), "{refused}");
        assert!(!refused.contains(&token));
    }
}

#[tokio::test]
async fn only_the_protocols_own_requests_are_understood() {
    let bench = Bench::start(Options::default()).await;
    let send = |content_type: &'static str, target: &'static str, body: &'static str| {
        let request = bench.client.post(bench.cognito.clone()).header("x-amz-target", target);
        async move { request.header("content-type", content_type).body(body).send().await.unwrap().text().await.unwrap() }
    };
    let get_id = "AWSCognitoIdentityService.GetId";
    assert!(send("application/json", get_id, "{}").await.contains("UnknownOperationException"));
    assert!(send(CONTENT_TYPE, "GetId", "{}").await.contains("UnknownOperationException"));
    assert!(send(CONTENT_TYPE, get_id, "{").await.contains("SerializationException"));
    let head = bench.client.head(bench.cognito.clone()).send().await.unwrap();
    assert_eq!(head.status(), 200);
    assert!(head.headers().get("connection").is_none());
}

#[tokio::test]
async fn faults_spoil_one_request_each() {
    let bench = Bench::start(Options::default()).await;
    let token = bench.token("alice");
    let alice = bench.get_id(&token).await.unwrap();
    let table = [
        (Fault::CognitoUnsupportedProvider, "NotAuthorizedException: Token is not from a supported provider of this identity pool.".to_owned()),
        (Fault::CognitoRolesMisconfigured, "InvalidIdentityPoolConfigurationException: Invalid identity pool configuration. Check assigned IAM roles for this pool.".to_owned()),
        (Fault::CognitoIdentityForbidden, format!("NotAuthorizedException: Access to Identity '{alice}' is forbidden.")),
        (Fault::CognitoIdentityNotFound, format!("ResourceNotFoundException: Identity '{alice}' not found.")),
        (Fault::CognitoIssuerMismatch, "NotAuthorizedException: Invalid login token. Issuer doesn't match providerName".to_owned()),
        (Fault::CognitoMissingAudience, "NotAuthorizedException: Invalid login token. Missing a required claim: aud".to_owned()),
        (Fault::CognitoTokenUnverified, "NotAuthorizedException: Invalid login token. Couldn't verify signed token.".to_owned()),
        (Fault::CognitoOwnToken, "NotAuthorizedException: Invalid login token. Can't pass in a Cognito token.".to_owned()),
        (Fault::CognitoLoginMissing, "NotAuthorizedException: Unauthenticated access is not supported for this identity pool.".to_owned()),
        (Fault::CognitoLoginsMismatch, "NotAuthorizedException: Logins don't match. Please include at least one valid login for this identity or identity pool.".to_owned()),
        (Fault::CognitoLoginLinkedElsewhere, "ResourceConflictException: Login is already linked to another identity.".to_owned()),
        (Fault::CognitoRoleRulesDenied, format!("NotAuthorizedException: The ambiguous role mapping rules for: {} denied this request.", bench.provider())),
        (Fault::CognitoThrottled, "TooManyRequestsException: Rate exceeded".to_owned()),
        (Fault::CognitoUnavailable, "InternalErrorException: Internal error".to_owned()),
    ];
    for (fault, expected) in table {
        bench.shared.faults.inject(fault, 1);
        assert_eq!(bench.get_credentials(&alice, &token).await, Err(expected));
        assert!(bench.get_credentials(&alice, &token).await.is_ok(), "{}", fault.name());
    }
    bench.shared.faults.inject(Fault::CognitoLimitExceeded, 1);
    assert_eq!(bench.get_id(&token).await, Err("LimitExceededException: Limit exceeded".to_owned()));
    assert_eq!(bench.get_id(&token).await, Ok(alice));
}

#[tokio::test]
async fn the_classic_flows_token_is_signed_by_the_pool() {
    let bench = Bench::start(Options::default()).await;
    let login = json!({ bench.provider(): bench.token("alice") });
    let alice = bench.get_id(&bench.token("alice")).await.unwrap();
    let answer = bench.call("GetOpenIdToken", json!({ "IdentityId": alice, "Logins": login })).await.unwrap();
    let url = bench.cognito.join("/.well-known/jwks_uri").unwrap();
    let key_set = bench.client.get(url).send().await.unwrap().bytes().await.unwrap();
    let token = answer["Token"].as_str().unwrap();
    let claims = jws::verify(token, &serde_json::from_slice(&key_set).unwrap()).unwrap();
    assert_eq!(claims["iss"], "https://cognito-identity.amazonaws.com");
    assert_eq!((&claims["aud"], &claims["sub"]), (&POOL.into(), &alice.as_str().into()));
    assert_eq!(claims["amr"][0], "authenticated");
    assert_eq!(claims["amr"][1], bench.provider());
    assert!(bench.shared.issued.all().iter().any(|secret| secret == token));

    let bench = Bench::start(Options { allow_classic_flow: false, ..Options::default() }).await;
    let refused = bench.call("GetOpenIdToken", json!({ "IdentityId": alice })).await.unwrap_err();
    assert_eq!(refused, "InvalidParameterException: Basic (classic) flow is not enabled, please use enhanced flow.");
}
