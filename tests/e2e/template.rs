//! The deployment that `infra/` synthesizes, enforced by the stack: who sees what, and what a slip in it looks like to an
//! app. The templates beside this file are those of `infra/`, so that nothing here needs npm; where it is installed, they
//! are compared with what `infra/` synthesizes, and all its variants are read.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use aws_sdk_s3::error::ProvideErrorMetadata as _;
use futures_util::TryStreamExt as _;
use jetbridge::{ListObjects, ListedEntry, Session, SessionError, SessionState};
use jetbridge_local_stack::{Options, Template, TemplateError};
use serde_json::{Value, json};

use crate::bench::{ALICE, BOB, Bench, list, list_everything};

const DEMO: &str = include_str!("template/infra-demo.template.json");
const GUEST: &str = include_str!("template/infra-guest.template.json");
const ADMIN: &str = include_str!("template/infra-admin.template.json");
/// For the stack's own tests.
const API: &str = include_str!("template/infra-api.template.json");
const PROVIDER: &str = "OktaProviderD88D9C1B";
const ROLE: &str = "AuthenticatedRole86104F1A";
const POLICY: &str = "AuthenticatedRoleDefaultPolicy8B1AC271";
const LOGINS_KEY: &str = "dev-12345678.okta.com/oauth2/default";
const CLIENT_ID: &str = "0oa1b2c3d4E5F6g7h8i9";

/// Where Node's packages are installed (`cargo xtask test infra` does it), a change in `infra/` must come with its templates.
/// With JETBRIDGE_TEST_NEEDS_INFRA it is a failure that they are not.
#[test]
fn the_templates_are_what_infra_synthesizes_and_the_stack_reads_every_variant() {
    let infra = Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra");
    if !infra.join("node_modules").exists() {
        assert!(std::env::var_os("JETBRIDGE_TEST_NEEDS_INFRA").is_none(), "infra/node_modules is not there");
        eprintln!("not compared: infra/node_modules is not there");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut synthesis = Command::new("npm");
    synthesis.args(["run", "--silent", "templates", "--"]).arg(folder.path()).current_dir(infra);
    let outcome = synthesis.output().unwrap();
    assert!(outcome.status.success(), "{}", String::from_utf8_lossy(&outcome.stderr));
    for (variant, known) in [("demo", DEMO), ("guest", GUEST), ("admin", ADMIN), ("api", API)] {
        let fresh = std::fs::read_to_string(folder.path().join(format!("{variant}.json"))).unwrap();
        let [fresh, known] = [fresh.as_str(), known].map(|text| serde_json::from_str::<Value>(text).unwrap());
        let place = format!("tests/e2e/template/infra-{variant}.template.json");
        assert!(fresh == known, "copy {variant}.json of `npm run templates -- DIRECTORY` in infra/ to {place}");
    }
    // The stack reads all of them, also those that no test starts.
    for variant in std::fs::read_dir(folder.path()).unwrap() {
        let path = variant.unwrap().path();
        Template::load(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

async fn bench(template: &str) -> Bench {
    changed(template, |_| {}).await
}

/// A stack from a template with one change in its resources.
async fn changed(template: &str, change: impl FnOnce(&mut Value)) -> Bench {
    let template = parse_changed(template, change).unwrap();
    Bench::start_with(Options { template: Some(template), ..Options::default() }).await
}

fn parse_changed(template: &str, change: impl FnOnce(&mut Value)) -> Result<Template, TemplateError> {
    let mut document: Value = serde_json::from_str(template).unwrap();
    change(&mut document["Resources"]);
    Template::parse(&document.to_string(), "JetbridgeStack")
}

/// A process with a store of its own, in which this user is signed in.
async fn signed_in(bench: &mut Bench, login: &str) -> Session {
    bench.store = std::sync::Arc::new(jetbridge::storage::MemoryStore::new());
    bench.signed_in(login).await
}

async fn keys(session: &Session, prefix: &str) -> Result<Vec<String>, SessionError> {
    let request = ListObjects { prefix: Some(prefix.to_owned()), ..ListObjects::default() };
    Ok(list(session, request).await?.into_iter().map(|object| object.key).collect())
}

async fn assert_sees(session: &Session, prefix: &str) {
    let keys = keys(session, prefix).await.unwrap_or_else(|error| panic!("{prefix}: {error:?}"));
    assert!(!keys.is_empty() && keys.iter().all(|key| key.starts_with(prefix)), "{prefix}: {keys:?}");
}

async fn assert_denied(session: &Session, prefix: &str) {
    let outcome = keys(session, prefix).await;
    assert!(
        matches!(&outcome, Err(SessionError::AccessDenied { code, .. }) if code == "AccessDenied"),
        "{prefix}: {outcome:?}"
    );
}

async fn own_folder(session: &Session) -> String {
    session.aws_credentials().await.unwrap();
    format!("users/{}/", session.details().identity_id.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_user_sees_what_is_shared_and_what_is_theirs_and_nothing_else() {
    let mut bench = bench(GUEST).await;
    let alice = signed_in(&mut bench, ALICE).await;
    let bob = signed_in(&mut bench, BOB).await;
    let (alices, bobs) = (own_folder(&alice).await, own_folder(&bob).await);
    assert_ne!(alices, bobs);
    for (session, own, others, department, other_department) in [
        (&alice, &alices, &bobs, "departments/research/", "departments/sales/"),
        (&bob, &bobs, &alices, "departments/sales/", "departments/research/"),
    ] {
        for visible in ["shared/", "shared/reports/", "public/", own, department] {
            assert_sees(session, visible).await;
        }
        for denied in ["", "users/", others, "departments/", other_department, "Shared/", "readme.txt"] {
            assert_denied(session, denied).await;
        }
    }
    // Without a prefix of its own an app begins where the template says.
    assert!(list_everything(&alice).await.iter().all(|object| object.key.starts_with("shared/")));
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_may_look_around_at_the_top_and_no_deeper() {
    let mut bench = bench(DEMO).await;
    let alice = signed_in(&mut bench, ALICE).await;
    let folders = |prefix: &str| {
        let request =
            ListObjects { prefix: Some(prefix.to_owned()), delimiter: Some("/".to_owned()), ..ListObjects::default() };
        alice.list_objects(request).into_stream().try_collect::<Vec<_>>()
    };
    let top: BTreeSet<_> = folders("")
        .await
        .unwrap()
        .into_iter()
        .map(|entry| match entry {
            ListedEntry::Prefix(prefix) => prefix,
            ListedEntry::Object(object) => object.key,
        })
        .collect();
    assert_eq!(
        top.iter().map(String::as_str).collect::<Vec<_>>(),
        ["departments/", "public/", "readme.txt", "shared/", "users/"]
    );
    for prefix in ["users/", "departments/", "public/"] {
        assert_eq!(folders(prefix).await.unwrap_err().kind(), "access_denied", "{prefix}");
    }
    assert!(!folders("shared/").await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_are_read_by_the_same_rules_and_a_missing_one_tells_nothing() {
    let logs = "the-logs";
    let mut bench = changed(GUEST, |resources| {
        resources["LogsBucket9C4D8843"]["Properties"]["BucketName"] = json!(logs);
    })
    .await;
    let bob = signed_in(&mut bench, BOB).await;
    let bobs = own_folder(&bob).await;
    let alice = signed_in(&mut bench, ALICE).await;
    let alices = own_folder(&alice).await;
    let config = aws_sdk_s3::config::Builder::from(&alice.sdk_config())
        .endpoint_url(bench.stack.endpoints().s3.as_str())
        .force_path_style(true)
        .build();
    let s3 = aws_sdk_s3::Client::from_conf(config);
    let bucket = bench.stack.options().bucket.as_str();
    for (key, code) in [
        ("shared/welcome.txt".to_owned(), None),
        (format!("{alices}notes.txt"), None),
        ("departments/research/roadmap.txt".to_owned(), None),
        (format!("{bobs}notes.txt"), Some("AccessDenied")),
        ("departments/sales/roadmap.txt".to_owned(), Some("AccessDenied")),
        ("readme.txt".to_owned(), Some("AccessDenied")),
        // Who may not list a bucket does not learn that a key is not there.
        ("shared/missing.txt".to_owned(), Some("AccessDenied")),
    ] {
        let refused = s3.get_object().bucket(bucket).key(&key).send().await.err();
        let found = refused.as_ref().map(|error| error.code().unwrap_or("no code"));
        assert_eq!(found, code, "{key}");
    }
    for key in [format!("{bobs}notes.txt"), "shared/welcome.txt".to_owned()] {
        let put = s3.put_object().bucket(bucket).key(&key).send().await.unwrap_err();
        let delete = s3.delete_object().bucket(bucket).key(&key).send().await.unwrap_err();
        assert_eq!((put.code(), delete.code()), (Some("AccessDenied"), Some("AccessDenied")), "{key}");
    }
    let key = format!("{alices}new.txt");
    let body = aws_sdk_s3::primitives::ByteStream::from_static(b"hers");
    let put = s3.put_object().bucket(bucket).key(&key).body(body).send().await.unwrap();
    let got = s3.get_object().bucket(bucket).key(&key).send().await.unwrap();
    assert_eq!((put.e_tag(), put.version_id()), (got.e_tag(), got.version_id()));
    assert_eq!(got.body.collect().await.unwrap().to_vec(), b"hers");
    let deleted = s3.delete_object().bucket(bucket).key(&key).send().await.unwrap();
    assert!(put.version_id().is_some() && deleted.delete_marker() == Some(true));
    // Nobody may touch the bucket with the logs, nor list the buckets.
    assert_eq!(s3.list_objects_v2().bucket(logs).send().await.unwrap_err().code(), Some("AccessDenied"));
    assert_eq!(s3.list_buckets().send().await.unwrap_err().code(), Some("AccessDenied"));
}

#[tokio::test(flavor = "multi_thread")]
async fn members_of_the_group_get_the_admin_role_and_others_do_not() {
    let mut options = Options { template: Some(parse_changed(ADMIN, |_| {}).unwrap()), ..Options::default() };
    // A group whose name contains the other's is another group.
    options.users[0].groups.push("jetbridge-admins-readonly".to_owned());
    let mut bench = Bench::start_with(options).await;
    let alice = signed_in(&mut bench, ALICE).await;
    let alices = own_folder(&alice).await;
    let bob = signed_in(&mut bench, BOB).await;
    for visible in ["", "users/", &alices, "departments/research/", "shared/"] {
        assert_sees(&bob, visible).await;
    }
    for denied in ["", "users/", "departments/sales/"] {
        assert_denied(&alice, denied).await;
    }
    assert_sees(&alice, &alices).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_claim_only_the_department_is_missing() {
    let mut options = Options { template: Some(parse_changed(DEMO, |_| {}).unwrap()), ..Options::default() };
    options.users[0].department = None;
    let mut bench = Bench::start_with(options).await;
    let alice = signed_in(&mut bench, ALICE).await;
    assert_sees(&alice, "shared/").await;
    assert_sees(&alice, &own_folder(&alice).await).await;
    for denied in ["departments/research/", "departments//", "departments/${aws:PrincipalTag/department}/"] {
        assert_denied(&alice, denied).await;
    }
}

/// Signs alice in at Okta, which works, and gives Cognito's refusal as the app is told of it.
async fn refusal_of_credentials(mut bench: Bench) -> SessionError {
    let alice = signed_in(&mut bench, ALICE).await;
    let error = alice.aws_credentials().await.unwrap_err();
    assert!(matches!(alice.state(), SessionState::SignedIn { .. }), "what AWS refuses ends no session");
    error
}

/// C6: the claim is mapped to a session tag, and STS takes no ampersand there. The trust policy is right.
#[tokio::test(flavor = "multi_thread")]
async fn a_department_that_cannot_be_a_session_tag_is_diagnosed() {
    let mut options = Options { template: Some(parse_changed(DEMO, |_| {}).unwrap()), ..Options::default() };
    options.users[0].department = Some("R&D".to_owned());
    let error = refusal_of_credentials(Bench::start_with(options).await).await;
    let SessionError::Misconfigured { problem, hint, .. } = &error else { panic!("{error:?}") };
    assert!(problem.contains("values that cannot be session tags (department)"), "{problem}");
    assert!(hint.contains("out of the mapping: department"), "{hint}");
    assert!(!format!("{error:?}").contains("R&D"), "what a claim says is the user's: {error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_differs_in_one_character_is_diagnosed() {
    for wrong in [
        "https://dev-12345679.okta.com/oauth2/default",
        "https://dev-12345678.okta.com/oauth2/defaul",
        "https://dev-12345678.okta.com/oauth2/Default",
        "https://dev-12345678.okta.com/oauth/default",
    ] {
        let bench = changed(DEMO, |resources| resources[PROVIDER]["Properties"]["Url"] = json!(wrong)).await;
        let error = refusal_of_credentials(bench).await;
        let SessionError::Misconfigured { setting, problem, hint } = &error else { panic!("{wrong}: {error:?}") };
        assert_eq!(setting, "Auth.identityPoolId");
        assert!(
            problem.contains(&format!("does not accept ID tokens of {LOGINS_KEY} for client {CLIENT_ID}")),
            "{problem}"
        );
        assert!(hint.contains(&format!("https://{LOGINS_KEY} must exist with audience {CLIENT_ID}")), "{hint}");
    }
    // The same is said of another audience.
    let other_app = json!(["0oa1b2c3d4E5F6g7h8i0"]);
    let bench = changed(DEMO, |resources| resources[PROVIDER]["Properties"]["ClientIdList"] = other_app).await;
    assert!(refusal_of_credentials(bench).await.hint().unwrap().contains(CLIENT_ID));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_may_not_be_tagged_or_trusts_another_pool_is_diagnosed() {
    let statement = |change: fn(&mut Value)| {
        changed(DEMO, move |resources| {
            change(&mut resources[ROLE]["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]);
        })
    };
    let changes: [fn(&mut Value); 3] = [
        |statement| statement["Action"] = json!("sts:AssumeRoleWithWebIdentity"),
        |statement| statement["Condition"]["StringEquals"] = json!({ "cognito-identity.amazonaws.com:aud": "other" }),
        |statement| statement["Principal"]["Federated"] = json!({ "Ref": PROVIDER }),
    ];
    for change in changes {
        let bench = statement(change).await;
        let pool = bench.stack.options().identity_pool_id.clone();
        let error = refusal_of_credentials(bench).await;
        let SessionError::Misconfigured { setting, problem, hint } = &error else { panic!("{error:?}") };
        assert_eq!(setting, "the pool's authenticated role");
        assert!(problem.contains("InvalidIdentityPoolConfigurationException"), "{problem}");
        assert!(hint.contains("sts:TagSession") && hint.contains(&format!("aud = {pool}")), "{hint}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_for_the_objects_instead_of_the_bucket_is_diagnosed() {
    let mut bench = changed(DEMO, |resources| {
        for statement in resources[POLICY]["Properties"]["PolicyDocument"]["Statement"].as_array_mut().unwrap() {
            if statement["Action"] == "s3:ListBucket" {
                statement["Resource"] = json!({ "Fn::Sub": "${DataBucketE3889A50.Arn}/*" });
            }
        }
    })
    .await;
    let alice = signed_in(&mut bench, ALICE).await;
    let error = keys(&alice, "shared/").await.unwrap_err();
    assert!(matches!(&error, SessionError::AccessDenied { code, .. } if code == "AccessDenied"), "{error:?}");
    assert!(error.hint().unwrap().contains("the bucket itself, not /*"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_policy_that_denies_beats_every_role() {
    let mut bench = changed(ADMIN, |resources| {
        let statements = &mut resources["DataBucketPolicy3231C704"]["Properties"]["PolicyDocument"]["Statement"];
        statements.as_array_mut().unwrap().push(json!({
            "Effect": "Deny", "Principal": "*", "Action": "s3:ListBucket",
            "Resource": { "Fn::GetAtt": ["DataBucketE3889A50", "Arn"] },
            "Condition": { "StringLike": { "s3:prefix": "departments/*" } },
        }));
    })
    .await;
    let bob = signed_in(&mut bench, BOB).await;
    assert_denied(&bob, "departments/sales/").await;
    assert_sees(&bob, "users/").await;
}

#[test]
fn what_the_stack_does_not_know_is_refused_by_name() {
    type Change = fn(&mut Value);
    let cases: [(Change, &str); 3] = [
        (
            |resources| resources["Table"] = json!({ "Type": "AWS::DynamoDB::Table" }),
            "Table: type AWS::DynamoDB::Table",
        ),
        (
            |resources| resources[ROLE]["Properties"]["RoleName"] = json!({ "Fn::ImportValue": "name" }),
            "AuthenticatedRole86104F1A: function Fn::ImportValue",
        ),
        (
            |resources| {
                let policy = &mut resources[POLICY]["Properties"]["PolicyDocument"];
                policy["Statement"][0]["Condition"] = json!({ "IpAddress": { "aws:SourceIp": "192.0.2.0/24" } });
            },
            "statement ListTopLevel: condition operator IpAddress",
        ),
    ];
    for (change, said) in cases {
        let error = parse_changed(DEMO, change).unwrap_err();
        assert!(matches!(error, TemplateError::Refused { .. }) && error.to_string().contains(said), "{error}");
    }
}
