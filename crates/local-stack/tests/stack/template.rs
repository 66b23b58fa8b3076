//! A stack that is started from a template: its issuer has a name of the internet and no port.

use std::sync::LazyLock;

use jetbridge_local_stack::{Options, Template};
use serde_json::{Value, json};

use crate::stock_clients::check;
use crate::support::{ALICE, BOB, Bench, build_client, claims, query_value};

const TEMPLATE: &str = include_str!("../../../../tests/e2e/template/infra-demo.template.json");
const GUEST_TEMPLATE: &str = include_str!("../../../../tests/e2e/template/infra-guest.template.json");
const ISSUER: &str = "https://dev-12345678.okta.com/oauth2/default";

static DEMO: LazyLock<Template> = LazyLock::new(|| Template::parse(TEMPLATE, "JetbridgeStack").unwrap());

async fn bench() -> Bench {
    Bench::with(Options { template: Some(DEMO.clone()), ..Options::default() }).await
}

#[tokio::test]
async fn the_issuer_announces_itself_and_its_endpoints_by_the_template_s_name() {
    let bench = bench().await;
    assert_eq!((bench.stack.issuer().as_str(), bench.stack.custom_issuer().as_str()), (ISSUER, ISSUER));
    let answer = bench.get(&format!("{ISSUER}/.well-known/openid-configuration")).await;
    assert_eq!(answer.status, 200);
    let document = answer.json();
    assert_eq!(document["issuer"], ISSUER);
    for (name, value) in document.as_object().unwrap() {
        if name.ends_with("_endpoint") || name == "jwks_uri" {
            assert!(value.as_str().unwrap().starts_with(&format!("{ISSUER}/v1/")), "{name} {value}");
        }
    }
    // The certificate is for that name: a client that verifies it got here. One that trusts somebody else does not.
    let known = bench.stack.host_override().unwrap();
    assert!(known.address.ip().is_loopback());
    let elsewhere = build_client(bench.stack.ca_pem().as_deref());
    let direct = elsewhere.get(format!("https://{}/oauth2/default/v1/keys", known.address)).send().await.unwrap();
    assert_eq!(direct.status(), 200);
    assert!(build_client(None).get(format!("https://{}/", known.address)).send().await.is_err());
}

#[tokio::test]
async fn cookies_of_two_stacks_under_one_name_stay_apart() {
    let mut names = Vec::new();
    for bench in [&bench().await, &bench().await] {
        let page = bench.get(&bench.authorization_url(&[])).await;
        let name = page.header("set-cookie").split('=').next().unwrap().to_owned();
        assert_eq!(name, format!("browser_{}", bench.stack.host_override().unwrap().address.port()));
        names.push(name);
    }
    assert_ne!(names[0], names[1]);
}

#[tokio::test]
async fn another_authorization_server_or_the_org_s_is_where_the_template_says() {
    for (issuer, base) in [
        ("https://id.example.com/oauth2/aus1a2b3c", "https://id.example.com/oauth2/aus1a2b3c/v1/"),
        ("https://id.example.com", "https://id.example.com/oauth2/v1/"),
    ] {
        let text = TEMPLATE.replace(ISSUER, issuer);
        let template = Template::parse(&text, "JetbridgeStack").unwrap();
        let bench = Bench::with(Options { template: Some(template), ..Options::default() }).await;
        assert_eq!(bench.stack.issuer(), issuer);
        let document = bench.get(&format!("{issuer}/.well-known/openid-configuration")).await.json();
        assert_eq!(
            (&document["issuer"], &document["token_endpoint"]),
            (&json!(issuer), &json!(format!("{base}token")))
        );
    }
}

#[tokio::test]
async fn tokens_are_the_template_s_and_have_the_claims_that_access_depends_on() {
    let mut bench = bench().await;
    let id_token = |tokens: &Value| claims(tokens["id_token"].as_str().unwrap());
    let alice = id_token(&bench.get_tokens().await);
    assert_eq!((&alice["iss"], &alice["aud"]), (&json!(ISSUER), &json!("0oa1b2c3d4E5F6g7h8i9")));
    assert_eq!((&alice["department"], &alice["groups"]), (&json!("research"), &json!(["Everyone"])));
    assert_eq!(alice["jetbridge_role"], "user");
    let redirect = bench.browser().sign_in(&bench.authorization_url(&[]), BOB.0, BOB.1).await.unwrap();
    assert_eq!(query_value(&redirect, "iss").as_deref(), Some(ISSUER));
    let code = query_value(&redirect, "code").unwrap();
    let bob = id_token(&bench.post("token", &bench.exchange_form(&code, &[])).await.json());
    assert_eq!((&bob["department"], &bob["groups"]), (&json!("sales"), &json!(["Everyone", "jetbridge-admins"])));
    assert_eq!(bob["jetbridge_role"], "admin");

    // The org's own server cannot be taught claims.
    bench.use_org_server();
    let thin = id_token(&bench.get_tokens().await);
    assert_eq!((thin.get("department"), thin.get("groups"), thin.get("jetbridge_role")), (None, None, None));
    assert_eq!(thin["preferred_username"], ALICE.0);
}

#[tokio::test]
async fn the_configuration_for_apps_is_the_template_s() {
    let bench = bench().await;
    let files = bench.stack.config_files();
    let okta: Value = serde_json::from_str(&files.okta_config).unwrap();
    assert_eq!((&okta["okta_issuer_url"], &okta["okta_client_id"]), (&json!(ISSUER), &json!("0oa1b2c3d4E5F6g7h8i9")));
    let aws: Value = serde_json::from_str(&files.aws_exports).unwrap();
    let options = bench.stack.options();
    assert_eq!(aws["Auth"]["identityPoolId"], options.identity_pool_id.as_str());
    assert_eq!(aws["Storage"]["AWSS3"]["prefix"], "shared/");
    assert!(aws["Storage"]["AWSS3"]["bucket"].as_str().unwrap().starts_with("jetbridgestack-databucket"));
    assert!(aws["Storage"]["AWSS3"]["endpoint"].as_str().unwrap().starts_with("https://127.0.0.1:"));
    assert!(files.ca_pem.is_some());
}

#[tokio::test]
async fn boto3_gets_what_the_roles_of_users_and_guests_say() {
    let guest = Template::parse(GUEST_TEMPLATE, "JetbridgeStack").unwrap();
    for name in ["guest_access", "user_access"] {
        check(name, Options { template: Some(guest.clone()), ..Options::default() }).await;
    }
    check("no_guests", Options { template: Some(DEMO.clone()), ..Options::default() }).await;
}
