//! The templates of `infra/`, and what becomes of one that is changed in a single place.

mod refused;
mod refused_policies;

use serde_json::{Value, json};

use super::*;
use crate::iam::{Call, Caller, Context, evaluate};

const DEMO: &str = include_str!("../../../../tests/e2e/template/infra-demo.template.json");
const GUEST: &str = include_str!("../../../../tests/e2e/template/infra-guest.template.json");
const ADMIN: &str = include_str!("../../../../tests/e2e/template/infra-admin.template.json");
const PROVIDER: &str = "OktaProviderD88D9C1B";
const POOL: &str = "IdentityPoolEC8A1A0D";
const BUCKET: &str = "DataBucketE3889A50";
const ROLE: &str = "AuthenticatedRole86104F1A";
const ATTACHMENT: &str = "IdentityPoolDefaultRoleAttachmentD81AFC39";

fn deployment(text: &str) -> Arc<Deployment> {
    Arc::clone(Template::parse(text, "JetbridgeStack").unwrap().deployment())
}

/// A template with one change.
fn changed(text: &str, change: impl FnOnce(&mut Value)) -> Result<Template, TemplateError> {
    let mut document = serde_json::from_str(text).unwrap();
    change(&mut document);
    Template::parse(&document.to_string(), "JetbridgeStack")
}

/// What is said of it.
fn problems(text: &str, change: impl FnOnce(&mut Value)) -> Vec<String> {
    match changed(text, change) {
        Err(TemplateError::Refused { problems }) => problems,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_demo_s_template_is_read_whole() {
    let demo = deployment(DEMO);
    assert_eq!(demo.issuer.url, "https://dev-12345678.okta.com/oauth2/default");
    assert_eq!(
        (demo.issuer.host.as_str(), demo.issuer.server_id.as_deref()),
        ("dev-12345678.okta.com", Some("default"))
    );
    assert_eq!(demo.client_id, "0oa1b2c3d4E5F6g7h8i9");
    assert_eq!(demo.start_prefix.as_deref(), Some("shared/"));
    assert_eq!(demo.buckets.len(), 2);
    assert!(demo.buckets[&demo.data_bucket].is_some());
    assert!((3..=63).contains(&demo.data_bucket.len()) && demo.data_bucket.starts_with("jetbridgestack-databucket"));

    let pool = &demo.pool;
    assert!(pool.id.starts_with("us-west-2:") && pool.id.len() == 46, "{}", pool.id);
    assert!(!pool.allow_guests && !pool.allow_classic_flow && pool.guest_role.is_none());
    let [provider] = &pool.providers[..] else { panic!("{pool:?}") };
    assert_eq!(provider.arn, "arn:aws:iam::123456789012:oidc-provider/dev-12345678.okta.com/oauth2/default");
    assert_eq!(provider.logins_key(), "dev-12345678.okta.com/oauth2/default");
    assert_eq!(provider.client_ids, ["0oa1b2c3d4E5F6g7h8i9"]);
    assert_eq!(provider.principal_tags, [("department".to_owned(), "department".to_owned())]);
    assert!(provider.role_mapping.is_none());
    let role = &demo.roles[pool.authenticated_role.as_ref().unwrap()];
    assert!(role.id.starts_with("AROA") && role.id.len() == 21);
    assert_eq!(role.policies.len(), 1);

    let ignored = demo.ignored.join(" ");
    for kind in ["Custom::S3AutoDeleteObjects", "AWS::Lambda::Function", "AWS::Logs::LogGroup"] {
        assert!(ignored.contains(kind), "{ignored}");
    }
    // The same at every start, and another for every stack.
    assert_eq!(deployment(DEMO).pool.id, pool.id);
    assert_ne!(Template::parse(DEMO, "Other").unwrap().deployment().pool.id, pool.id);
}

#[test]
fn guests_and_administrators_come_with_their_templates() {
    let guest = deployment(GUEST);
    assert!(guest.pool.allow_guests && guest.roles.contains_key(guest.pool.guest_role.as_ref().unwrap()));
    let admin = deployment(ADMIN);
    let mapping = admin.pool.providers[0].role_mapping.as_ref().unwrap();
    assert_eq!(mapping.fallback, Fallback::AuthenticatedRole);
    let [rule] = &mapping.rules[..] else { panic!("{mapping:?}") };
    assert_eq!(
        (rule.claim.as_str(), rule.match_type, rule.value.as_str()),
        ("jetbridge_role", MatchType::Equals, "admin")
    );
    assert!(admin.roles.contains_key(&rule.role_arn));
}

#[test]
fn the_names_in_policies_are_those_of_the_resources() {
    let demo = deployment(DEMO);
    let arn = demo.pool.authenticated_role.clone().unwrap();
    let role = &demo.roles[&arn];
    let context = Context::default()
        .with("aws:SecureTransport", "true")
        .with("cognito-identity.amazonaws.com:sub", "us-west-2:1")
        .with("aws:PrincipalTag/department", "research");
    let may_read = |key: &str| {
        let resource = format!("arn:aws:s3:::{}/{key}", demo.data_bucket);
        let caller = Caller::Session { role_arn: &arn, session_arn: "" };
        let call = Call { caller, action: "s3:GetObject", resource: &resource, context: &context };
        let bucket = demo.buckets[&demo.data_bucket].as_ref();
        evaluate(role.policies.iter().map(AsRef::as_ref), bucket, &call).is_ok()
    };
    for (key, expected) in [
        ("shared/a", true),
        ("users/us-west-2:1/a", true),
        ("users/us-west-2:2/a", false),
        ("departments/research/a", true),
        ("departments/sales/a", false),
        ("a", false),
    ] {
        assert_eq!(may_read(key), expected, "{key}");
    }
}

#[test]
fn functions_are_carried_out() {
    let demo = changed(DEMO, |document| {
        document["Outputs"]["Note"] = json!({ "Value": { "Fn::Sub": [
            "${AWS::StackName} ${!literal} ${word} ${DataBucketE3889A50.Arn}", { "word": { "Fn::Join": ["-", ["a", "b"]] } },
        ] } });
        document["Resources"][BUCKET]["Properties"]["BucketName"] = json!({ "Fn::Sub": "files-${AWS::AccountId}" });
        document["Resources"][POOL]["Properties"]["AllowClassicFlow"] = json!({ "Ref": "AWS::NoValue" });
        document["Resources"][ROLE]["Properties"]["RoleName"] = json!("users");
        document["Resources"][ROLE]["Properties"]["Path"] = json!("/apps/");
    })
    .unwrap();
    let demo = demo.deployment();
    assert_eq!(demo.data_bucket, "files-123456789012");
    assert_eq!(demo.pool.authenticated_role.as_deref(), Some("arn:aws:iam::123456789012:role/apps/users"));
    // A function in an output is carried out too, or refused.
    let circle = problems(DEMO, |document| {
        document["Resources"][BUCKET]["Properties"]["BucketName"] = json!({ "Fn::Sub": "a-${DataBucketE3889A50}" });
    });
    assert!(circle.iter().any(|problem| problem.contains("in a circle")), "{circle:?}");
}

#[test]
fn a_provider_from_before_the_stack_is_known_by_its_arn() {
    let arn = "arn:aws:iam::123456789012:oidc-provider/dev-12345678.okta.com/oauth2/default";
    let replace = |document: &mut Value| {
        // It keeps the name, so that nobody gives back the provider of this very stack.
        document["Resources"][PROVIDER] = json!({ "Type": "AWS::CloudFormation::WaitConditionHandle" });
        let text = document.to_string().replace(&format!("{{\"Ref\":\"{PROVIDER}\"}}"), &format!("\"{arn}\""));
        *document = serde_json::from_str(&text).unwrap();
    };
    let existing = changed(DEMO, replace).unwrap();
    let [provider] = &existing.deployment().pool.providers[..] else { panic!() };
    assert_eq!(
        (provider.issuer.as_str(), provider.client_ids.len()),
        ("https://dev-12345678.okta.com/oauth2/default", 1)
    );
    let unknown = problems(DEMO, |document| {
        replace(document);
        document["Outputs"].as_object_mut().unwrap().remove("OktaClientId");
    });
    assert!(unknown[0].contains(arn) && unknown[0].contains("OktaClientId"), "{unknown:?}");
}

fn encryption(algorithm: &str, key: Option<&str>) -> Value {
    let by_default = json!({ "SSEAlgorithm": algorithm, "KMSMasterKeyID": key.map_or(json!({ "Ref": "AWS::NoValue" }), Value::from) });
    json!({ "ServerSideEncryptionConfiguration": [{ "ServerSideEncryptionByDefault": by_default }] })
}

#[test]
fn a_bucket_that_everybody_who_may_read_can_decrypt_is_read() {
    for algorithm in ["AES256", "aws:kms"] {
        let same = changed(DEMO, |document| {
            document["Resources"][BUCKET]["Properties"]["BucketEncryption"] = encryption(algorithm, None);
        });
        assert!(same.is_ok(), "{algorithm}");
    }
}

#[test]
fn a_public_policy_stands_only_where_the_bucket_lets_it() {
    let with = |condition: Value, block: Value| {
        changed(DEMO, |document| {
            document["Resources"][BUCKET]["Properties"]["PublicAccessBlockConfiguration"] = block;
            let policy = &mut document["Resources"]["DataBucketPolicy3231C704"]["Properties"]["PolicyDocument"];
            policy["Statement"].as_array_mut().unwrap().push(json!({
                "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*", "Condition": condition,
            }));
        })
    };
    let blocked = json!({ "BlockPublicPolicy": true });
    for (condition, is_public) in [
        (json!({}), true),
        (json!({ "Bool": { "aws:SecureTransport": "true" } }), true),
        (json!({ "StringEquals": { "aws:PrincipalAccount": "123456789012" } }), false),
        (json!({ "StringNotEquals": { "aws:PrincipalAccount": "123456789012" } }), true),
        (json!({ "StringEqualsIfExists": { "aws:PrincipalAccount": "123456789012" } }), true),
        (json!({ "StringEquals": { "aws:PrincipalAccount": "${aws:PrincipalTag/account}" } }), true),
        (json!({ "ArnLike": { "aws:PrincipalArn": "arn:aws:iam::123456789012:role/Reader" } }), false),
        (json!({ "ArnLike": { "aws:PrincipalArn": "arn:aws:iam::*:role/Reader" } }), true),
    ] {
        for block in [&blocked, &json!({ "Ref": "AWS::NoValue" })] {
            let refused = with(condition.clone(), block.clone()).err().map(|error| error.to_string());
            let said = refused.as_ref().map(|problem| problem.contains("is public"));
            assert_eq!(said, is_public.then_some(true), "{condition}: {refused:?}");
        }
        assert!(with(condition.clone(), json!({ "BlockPublicPolicy": false })).is_ok(), "{condition}");
    }
}

#[test]
fn what_is_not_known_is_named_and_refused() {
    let property = |resource: &'static str, name: &'static str, value: Value| {
        problems(DEMO, |document| document["Resources"][resource]["Properties"][name] = value).join("\n")
    };
    for (found, said) in [
        (
            property(POOL, "SupportedLoginProviders", json!({})),
            "IdentityPoolEC8A1A0D: AWS::Cognito::IdentityPool: property SupportedLoginProviders",
        ),
        (property(POOL, "CognitoIdentityProviders", json!([{}])), "user pools"),
        (property(ROLE, "PermissionsBoundary", json!("arn:aws:iam::aws:policy/x")), "PermissionsBoundary"),
        (
            property(ROLE, "ManagedPolicyArns", json!(["arn:aws:iam::aws:policy/AdministratorAccess"])),
            "AdministratorAccess",
        ),
        (property(BUCKET, "WebsiteConfiguration", json!({})), "WebsiteConfiguration"),
        (property(BUCKET, "BucketName", json!({ "Fn::ImportValue": "x" })), "Fn::ImportValue"),
        (property(BUCKET, "BucketName", json!({ "Fn::GetAtt": ["LogsBucket9C4D8843", "DomainName"] })), "DomainName"),
        (property(BUCKET, "BucketName", json!({ "Ref": "Nothing" })), "Nothing is referred to"),
        (property(BUCKET, "BucketEncryption", encryption("aws:kms:dsse", None)), "\"aws:kms:dsse\""),
        (property(BUCKET, "BucketEncryption", encryption("aws:kms", Some("alias/files"))), "kms:Decrypt"),
        (property(PROVIDER, "Url", json!("http://dev-1.okta.com")), "https://"),
        (property(PROVIDER, "Url", json!("https://dev-1.okta.com:8443/oauth2/default")), "port"),
        (property(PROVIDER, "Url", json!("https://dev-1.okta.com/oauth2/default/")), "slash"),
        (property(PROVIDER, "Url", json!("https://Dev-1.okta.com/oauth2/default")), "lower-case"),
        (
            property(
                ATTACHMENT,
                "RoleMappings",
                json!({ "x": { "Type": "Token", "AmbiguousRoleResolution": "Deny" } }),
            ),
            "\"Token\"",
        ),
        (
            property(ATTACHMENT, "Roles", json!({ "authenticated": "arn:aws:iam::123456789012:role/x" })),
            "role/x is attached",
        ),
    ] {
        assert!(found.contains(said), "{said:?} is not in {found:?}");
    }
    for (section, value) in [
        ("Conditions", json!({})),
        ("Transform", json!("x")),
        ("Parameters", json!({ "P": { "Description": "Why." } })),
    ] {
        let found = problems(DEMO, |document| document[section] = value.clone()).join("\n");
        assert!(found.contains(section) || found.contains("P: the template asks"), "{found}");
    }
}

#[test]
fn everything_that_is_not_known_is_named_at_once() {
    let found = problems(DEMO, |document| {
        document["Resources"]["Table"] = json!({ "Type": "AWS::DynamoDB::Table" });
        document["Resources"][BUCKET]["Condition"] = json!("IsProduction");
        // Other resources refer to the bucket; that is no problem of theirs.
        document["Resources"][BUCKET]["Properties"]["BucketName"] = json!({ "Fn::ImportValue": "name" });
        document["Resources"][POOL]["Properties"]["DeveloperProviderName"] = json!({ "Fn::Select": [0, []] });
        document["Resources"]["AuthenticatedRoleDefaultPolicy8B1AC271"]["Properties"]["PolicyDocument"]["Statement"]
            [0]["Condition"] = json!({ "IpAddress": { "aws:SourceIp": "10.0.0.0/8" } });
        document["Outputs"]["Other"] = json!({ "Value": { "Fn::If": ["a", "b", "c"] } });
    });
    assert_eq!(found.len(), 6, "{found:#?}");
    for said in [
        "Table: type AWS::DynamoDB::Table",
        "DataBucketE3889A50: Condition",
        "DataBucketE3889A50: function Fn::ImportValue",
        "IdentityPoolEC8A1A0D: function Fn::Select",
        "statement ListTopLevel: condition operator IpAddress",
        "output Other: function Fn::If",
    ] {
        assert!(found.iter().any(|problem| problem.contains(said)), "{said:?} is not in {found:#?}");
    }
}

#[test]
fn a_file_that_is_no_template_is_told_from_one_that_is_refused() {
    let missing = Template::load(Path::new("there-is-no-such.template.json")).unwrap_err();
    assert!(matches!(&missing, TemplateError::Read { .. }) && missing.to_string().contains("there-is-no-such"));
    assert!(matches!(Template::parse("Resources:\n  a: b", "S"), Err(TemplateError::NotJson(_))));
    for text in ["[]", "{}", r#"{"Resources": {}}"#, r#"{"version": "53.0.0", "artifacts": {}}"#] {
        assert!(matches!(Template::parse(text, "S"), Err(TemplateError::NotATemplate)), "{text}");
    }
}

#[test]
fn what_belongs_to_nothing_in_the_template_is_told() {
    let other_pool = problems(DEMO, |document| {
        document["Resources"]["PrincipalTags"]["Properties"]["IdentityPoolId"] = json!("us-west-2:other");
    });
    assert!(other_pool[0].contains("us-west-2:other"), "{other_pool:?}");
    let no_pool = problems(DEMO, |document| {
        document["Resources"]
            .as_object_mut()
            .unwrap()
            .retain(|name, _| !["PrincipalTags", POOL, ATTACHMENT].contains(&name.as_str()));
    });
    assert!(no_pool.iter().any(|problem| problem.contains("is referred to and not there")), "{no_pool:?}");
    let no_bucket = problems(DEMO, |document| {
        document["Outputs"].as_object_mut().unwrap().remove("BucketName");
    });
    assert_eq!(no_bucket, ["no output BucketName says which bucket apps list"]);
}

#[test]
fn what_there_can_be_only_one_of_is_named_when_it_is_there_twice() {
    let mapping = json!({ "Type": "Rules", "AmbiguousRoleResolution": "Deny", "IdentityProvider": { "Ref": PROVIDER },
        "RulesConfiguration": { "Rules": [
            { "Claim": "groups", "MatchType": "Contains", "Value": "x", "RoleARN": { "Fn::GetAtt": [ROLE, "Arn"] } },
        ] } });
    // A resource again, both with this property.
    let twice = |resource: &str, property: &str, value: Value| {
        problems(DEMO, |document| {
            let resources = &mut document["Resources"];
            resources[resource]["Properties"][property] = value;
            resources["Second"] = resources[resource].clone();
        })
        .join("\n")
    };
    let pool = json!({ "Ref": POOL });
    for (found, said) in [
        (twice(ROLE, "RoleName", json!("users")), "role users is there twice"),
        (twice(BUCKET, "BucketName", json!("files")), "bucket files is there twice"),
        (
            problems(DEMO, |document| {
                let statement = json!({ "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" });
                let policy = json!({ "Type": "AWS::IAM::ManagedPolicy", "Properties": {
                    "ManagedPolicyName": "read", "PolicyDocument": { "Version": "2012-10-17", "Statement": statement },
                } });
                (document["Resources"]["First"], document["Resources"]["Second"]) = (policy.clone(), policy);
            })
            .join("\n"),
            "managed policy arn:aws:iam::123456789012:policy/read is there twice",
        ),
        (
            twice(PROVIDER, "Url", json!("https://dev-12345678.okta.com/oauth2/default")),
            "identity provider https://dev-12345678.okta.com/oauth2/default is there twice",
        ),
        (twice(ATTACHMENT, "IdentityPoolId", pool.clone()), "a role attachment for identity pool us-west-2:"),
        (
            twice(ATTACHMENT, "RoleMappings", json!({ "a": mapping, "b": mapping })),
            "a role mapping for arn:aws:iam::123456789012:oidc-provider/",
        ),
        (twice("PrincipalTags", "IdentityPoolId", pool), "a set of principal tags for arn:aws:iam::123456789012:"),
    ] {
        assert!(found.contains(said) && found.contains("is there twice"), "{said:?} is not in {found:?}");
    }
}
