//! Policies as IAM's documentation explains them, as tables: what holds, what does not, what is refused.

use serde_json::{Value, json};

use super::*;

const ROLE: &str = "arn:aws:iam::123456789012:role/Reader";
const SESSION: Caller<'static> = Caller::Session {
    role_arn: ROLE,
    session_arn: "arn:aws:sts::123456789012:assumed-role/Reader/CognitoIdentityCredentials",
};
const COGNITO: &str = "cognito-identity.amazonaws.com";

fn policy(kind: PolicyKind, statements: &Value) -> Policy {
    Policy::parse(&json!({ "Version": "2012-10-17", "Statement": statements }), kind).unwrap()
}

fn identity(statements: &Value) -> Policy {
    policy(PolicyKind::Identity, statements)
}

fn decide(policies: &[&Policy], bucket: Option<&Policy>, action: &str, resource: &str) -> Result<(), Refusal> {
    let context = Context::default();
    evaluate(policies.iter().copied(), bucket, &Call { caller: SESSION, action, resource, context: &context })
}

/// Whether a statement with this condition applies in this context.
fn holds(condition: &Value, context: &Context) -> bool {
    let policy = identity(&json!({ "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition }));
    evaluate([&policy], None, &Call { caller: SESSION, action: "s3:ListBucket", resource: "arn:aws:s3:::b", context })
        .is_ok()
}

fn context(pairs: &[(&str, &str)]) -> Context {
    pairs.iter().fold(Context::default(), |context, (key, value)| context.with(key, *value))
}

fn amr(values: &[&str]) -> Context {
    Context::default().with_all("cognito-identity.amazonaws.com:amr", values.iter().map(|value| (*value).to_owned()))
}

#[test]
fn what_nothing_allows_is_refused_and_a_deny_beats_every_allow() {
    let read = identity(&json!({ "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*" }));
    let deny = identity(&json!([{ "Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::b/secret/*" }]));
    let asked = |policies: &[&Policy], action, resource| decide(policies, None, action, resource);
    assert_eq!(asked(&[], "s3:GetObject", "arn:aws:s3:::b/x"), Err(Refusal::NotAllowed));
    assert_eq!(asked(&[&read], "s3:GetObject", "arn:aws:s3:::b/x"), Ok(()));
    assert_eq!(asked(&[&read], "S3:getobject", "arn:aws:s3:::b/x"), Ok(()));
    for (action, resource) in [
        ("s3:GetObject", "arn:aws:s3:::b"),
        ("s3:GetObject", "arn:aws:s3:::B/x"),
        ("s3:GetObjectAcl", "arn:aws:s3:::b/x"),
        ("s3:PutObject", "arn:aws:s3:::b/x"),
    ] {
        assert_eq!(asked(&[&read], action, resource), Err(Refusal::NotAllowed), "{action} {resource}");
    }
    for policies in [[&read, &deny], [&deny, &read]] {
        assert_eq!(asked(&policies, "s3:GetObject", "arn:aws:s3:::b/x"), Ok(()));
        assert_eq!(asked(&policies, "s3:GetObject", "arn:aws:s3:::b/secret/x"), Err(Refusal::DeniedByIdentity));
    }
}

#[test]
fn the_policy_of_a_bucket_allows_and_denies_whom_it_names() {
    let bucket = policy(
        PolicyKind::Resource,
        &json!([
            { "Effect": "Allow", "Principal": { "AWS": ROLE }, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*" },
            { "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::123456789012:role/Other" }, "Action": "s3:PutObject",
              "Resource": "arn:aws:s3:::b/*" },
            { "Effect": "Allow", "Principal": { "Service": "logging.s3.amazonaws.com" }, "Action": "s3:PutObject",
              "Resource": "arn:aws:s3:::b/*" },
            { "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::b/locked" },
        ]),
    );
    let all = identity(&json!({ "Effect": "Allow", "Action": "*", "Resource": "*" }));
    let asked = |policies: &[&Policy], action, key: &str| {
        decide(policies, Some(&bucket), action, &format!("arn:aws:s3:::b/{key}"))
    };
    assert_eq!(asked(&[], "s3:GetObject", "x"), Ok(()));
    assert_eq!(asked(&[], "s3:PutObject", "x"), Err(Refusal::NotAllowed));
    assert_eq!(asked(&[&all], "s3:PutObject", "x"), Ok(()));
    assert_eq!(asked(&[&all], "s3:GetObject", "locked"), Err(Refusal::DeniedByResource));
}

#[test]
fn a_role_trusts_who_has_the_right_voucher_pool_and_sign_in() {
    let statement = json!({
        "Effect": "Allow", "Principal": { "Federated": COGNITO },
        "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
        "Condition": {
            "StringEquals": { "cognito-identity.amazonaws.com:aud": "us-west-2:pool" },
            "ForAnyValue:StringLike": { "cognito-identity.amazonaws.com:amr": "authenticated" },
        },
    });
    let trusted = |change: &dyn Fn(&mut Value), pool: &str, methods: &[&str], action: &str| {
        let mut statement = statement.clone();
        change(&mut statement);
        let trust = policy(PolicyKind::Trust, &statement);
        let context = amr(methods).with("cognito-identity.amazonaws.com:aud", pool);
        trusts(&trust, &Call { caller: Caller::Federated(COGNITO), action, resource: ROLE, context: &context })
    };
    let (assume, tag) = ("sts:AssumeRoleWithWebIdentity", "sts:TagSession");
    let signed_in = ["authenticated", "dev-1.okta.com/oauth2/default"];
    assert!(trusted(&|_| {}, "us-west-2:pool", &signed_in, assume));
    assert!(trusted(&|_| {}, "us-west-2:pool", &signed_in, tag));
    assert!(!trusted(&|_| {}, "us-west-2:other", &signed_in, assume));
    assert!(!trusted(&|_| {}, "us-west-2:pool", &["unauthenticated"], assume));
    assert!(!trusted(&|_| {}, "us-west-2:pool", &signed_in, "sts:AssumeRole"));
    assert!(!trusted(&|s| s["Action"] = json!(assume), "us-west-2:pool", &signed_in, tag));
    // The usual mistake: the role trusts Okta's provider and not Cognito.
    let provider = "arn:aws:iam::123456789012:oidc-provider/dev-1.okta.com/oauth2/default";
    assert!(!trusted(&|s| s["Principal"]["Federated"] = json!(provider), "us-west-2:pool", &signed_in, assume));
}

#[test]
fn one_of_several_values_is_enough_and_every_key_and_operator_must_hold() {
    let both = json!({ "StringEquals": { "s3:prefix": ["a/", "b/"], "s3:delimiter": "/" } });
    assert!(holds(&both, &context(&[("s3:prefix", "b/"), ("s3:delimiter", "/")])));
    assert!(!holds(&both, &context(&[("s3:prefix", "c/"), ("s3:delimiter", "/")])));
    assert!(!holds(&both, &context(&[("s3:prefix", "b/")])));
    let top = json!({ "StringEquals": { "s3:delimiter": "/" }, "StringEqualsIfExists": { "s3:prefix": "" } });
    assert!(holds(&top, &context(&[("s3:delimiter", "/")])));
    assert!(holds(&top, &context(&[("s3:delimiter", "/"), ("s3:prefix", "")])));
    assert!(!holds(&top, &context(&[("s3:delimiter", "/"), ("s3:prefix", "a/")])));
    assert!(!holds(&top, &context(&[("s3:prefix", "")])));
}

#[test]
fn operators_compare_as_their_names_say() {
    let arn = "arn:aws:s3:::data-bucket";
    for (operator, key, wanted, actual, expected) in [
        ("StringEquals", "s3:prefix", "a*", "a*", true),
        ("StringEquals", "s3:prefix", "a*", "ab", false),
        ("StringEquals", "s3:prefix", "a", "A", false),
        ("StringEqualsIgnoreCase", "s3:prefix", "aB", "Ab", true),
        ("StringNotEqualsIgnoreCase", "s3:prefix", "aB", "Ab", false),
        ("StringNotEquals", "s3:prefix", "a", "b", true),
        ("StringNotEquals", "s3:prefix", "a", "a", false),
        ("StringLike", "s3:prefix", "a*", "abc", true),
        ("StringLike", "s3:prefix", "a*", "ba", false),
        ("StringNotLike", "s3:prefix", "a*", "ba", true),
        ("Bool", "aws:SecureTransport", "true", "true", true),
        ("Bool", "aws:SecureTransport", "True", "true", true),
        ("Bool", "aws:SecureTransport", "false", "true", false),
        ("ArnLike", "aws:SourceArn", "arn:aws:s3:::data-*", arn, true),
        ("ArnEquals", "aws:SourceArn", "arn:*:s3:*:*:data-bucket", arn, true),
        // A wildcard does not reach beyond a colon, but for the last part.
        ("ArnLike", "aws:SourceArn", "arn:aws:*:*:data-bucket:x", arn, false),
        ("ArnLike", "aws:SourceArn", "arn:aws:s3:::*", "arn:aws:s3:::data-bucket:x", true),
        ("ArnNotLike", "aws:SourceArn", "arn:aws:s3:::logs-*", arn, true),
        ("NumericLessThanEquals", "s3:max-keys", "10", "10", true),
        ("NumericLessThanEquals", "s3:max-keys", "10", "9", true),
        ("NumericLessThanEquals", "s3:max-keys", "10", "100", false),
        ("NumericEquals", "s3:max-keys", "10", "10.0", true),
        ("NumericGreaterThan", "s3:max-keys", "10", "10", false),
        ("Null", "s3:prefix", "false", "x", true),
        ("Null", "s3:prefix", "true", "x", false),
    ] {
        let condition = json!({ operator: { key: wanted } });
        assert_eq!(holds(&condition, &context(&[(key, actual)])), expected, "{operator} {wanted} {actual}");
    }
}

#[test]
fn a_key_that_is_absent_matches_nothing() {
    for (operator, expected) in [
        ("StringEquals", false),
        ("StringLike", false),
        ("StringNotEquals", true),
        ("StringNotLike", true),
        ("StringEqualsIfExists", true),
        ("StringNotEqualsIfExists", true),
        ("ForAnyValue:StringEquals", false),
        ("ForAllValues:StringEquals", true),
        ("ForAllValues:StringEqualsIfExists", true),
        ("ForAnyValue:StringNotEquals", false),
    ] {
        assert_eq!(holds(&json!({ operator: { "s3:prefix": "x" } }), &Context::default()), expected, "{operator}");
    }
    assert!(holds(&json!({ "Null": { "s3:prefix": true } }), &Context::default()));
    assert!(!holds(&json!({ "Null": { "s3:prefix": "false" } }), &Context::default()));
    assert!(!holds(&json!({ "Bool": { "aws:SecureTransport": "false" } }), &Context::default()));
}

#[test]
fn several_values_of_a_key_are_compared_one_by_one() {
    let key = "cognito-identity.amazonaws.com:amr";
    for (operator, wanted, actual, expected) in [
        ("ForAnyValue:StringLike", json!("auth*"), &["x", "authenticated"][..], true),
        ("ForAnyValue:StringLike", json!("auth*"), &["x", "y"], false),
        ("ForAnyValue:StringEquals", json!(["a", "b"]), &["b", "c"], true),
        ("ForAllValues:StringEquals", json!(["a", "b"]), &["b", "c"], false),
        ("ForAllValues:StringEquals", json!(["a", "b"]), &["b", "a"], true),
        ("ForAllValues:StringNotEquals", json!(["a", "b"]), &["c", "d"], true),
        ("ForAllValues:StringNotEquals", json!(["a", "b"]), &["c", "a"], false),
        ("ForAnyValue:StringNotEquals", json!(["a", "b"]), &["c", "a"], true),
        ("ForAnyValue:StringNotEquals", json!(["a", "b"]), &["b", "a"], false),
    ] {
        assert_eq!(
            holds(&json!({ operator: { key: wanted } }), &amr(actual)),
            expected,
            "{operator} {wanted} {actual:?}"
        );
    }
}

#[test]
fn a_variable_without_a_value_matches_nothing_and_leaves_the_other_values_alone() {
    let prefix = context(&[("s3:prefix", "x")]);
    let tag = "${aws:PrincipalTag/department}";
    assert!(!holds(&json!({ "StringLike": { "s3:prefix": tag } }), &prefix));
    assert!(holds(&json!({ "StringNotLike": { "s3:prefix": tag } }), &prefix));
    assert!(holds(&json!({ "StringNotEquals": { "s3:prefix": ["y", tag] } }), &prefix));
    assert!(!holds(&json!({ "StringNotEquals": { "s3:prefix": ["x", tag] } }), &prefix));
    let source = context(&[("aws:SourceArn", "arn:aws:s3:::b")]);
    let arn = format!("arn:aws:s3:::{tag}");
    assert!(!holds(&json!({ "ArnLike": { "aws:SourceArn": arn } }), &source));
    assert!(holds(&json!({ "ArnNotLike": { "aws:SourceArn": arn } }), &source));
    assert!(holds(&json!({ "StringLike": { "s3:prefix": [tag, "x"] } }), &prefix));
    let tagged = prefix.with("aws:PrincipalTag/department", "x");
    assert!(holds(&json!({ "StringLike": { "s3:prefix": tag } }), &tagged));
    assert!(!holds(&json!({ "StringNotLike": { "s3:prefix": tag } }), &tagged));
}

#[test]
fn a_deny_outside_the_own_department_hits_whoever_has_none() {
    let policy = identity(&json!([
        { "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*" },
        {
            "Effect": "Deny", "Action": "s3:ListBucket", "Resource": "*",
            "Condition": { "StringNotLike": { "s3:prefix": "departments/${aws:PrincipalTag/department}/*" } },
        },
    ]));
    let asked = |context: &Context| {
        let call = Call { caller: SESSION, action: "s3:ListBucket", resource: "arn:aws:s3:::b", context };
        evaluate([&policy], None, &call)
    };
    let untagged = context(&[("s3:prefix", "departments/research/a")]);
    assert_eq!(asked(&untagged), Err(Refusal::DeniedByIdentity));
    let tagged = |department: &str| untagged.clone().with("aws:PrincipalTag/department", department);
    assert_eq!(asked(&tagged("research")), Ok(()));
    assert_eq!(asked(&tagged("sales")), Err(Refusal::DeniedByIdentity));
}

#[test]
fn who_trusts_cognito_says_which_pool() {
    let found = |effect: &str, federated: &str, action: &str, condition: Value| {
        problems(PolicyKind::Trust, |document| {
            document["Statement"] = json!({
                "Effect": effect, "Principal": { "Federated": federated }, "Action": action, "Condition": condition,
            });
        })
    };
    let assume = "sts:AssumeRoleWithWebIdentity";
    let is_named = |condition: Value| found("Allow", COGNITO, assume, condition).contains("no condition says which");
    let aud = "cognito-identity.amazonaws.com:aud";
    for (operator, is_refused) in [
        ("StringEquals", false),
        ("StringLike", false),
        ("ForAnyValue:StringEquals", false),
        ("ForAllValues:StringEquals", true),
        ("StringEqualsIfExists", true),
        ("StringNotEquals", true),
    ] {
        assert_eq!(is_named(json!({ operator: { aud: "us-west-2:pool" } })), is_refused, "{operator}");
    }
    assert!(is_named(json!({ "ForAnyValue:StringLike": { "cognito-identity.amazonaws.com:amr": "authenticated" } })));
    assert_eq!(found("Deny", COGNITO, assume, json!({})), "");
    assert_eq!(found("Allow", "arn:aws:iam::123456789012:oidc-provider/dev-1.okta.com", assume, json!({})), "");
    let pool = json!({ "StringEquals": { aud: "us-west-2:pool" } });
    for action in ["s3:GetObject", "*"] {
        assert!(found("Allow", COGNITO, action, pool.clone()).contains("is not of sts"), "{action}");
    }
}

/// The problems of a policy with one good statement that `change` spoils.
fn problems(kind: PolicyKind, change: impl Fn(&mut Value)) -> String {
    let mut document = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Sid": "One", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" }],
    });
    if kind != PolicyKind::Identity {
        document["Statement"][0]["Principal"] = json!("*");
    }
    change(&mut document);
    Policy::parse(&document, kind).err().unwrap_or_default().join("\n")
}

#[test]
fn what_is_not_known_is_refused_by_name() {
    use PolicyKind::{Identity, Resource, Trust};
    assert_eq!(problems(Identity, |_| {}), "");
    assert_eq!(problems(Resource, |_| {}), "");
    assert!(problems(Trust, |_| {}).contains("statement One: Resource"));
    for (kind, element, value, said) in [
        (Identity, "NotAction", json!("s3:*"), "statement One: NotAction"),
        (Identity, "NotResource", json!("*"), "NotResource"),
        (Resource, "NotPrincipal", json!("*"), "NotPrincipal"),
        (Identity, "Principal", json!("*"), "Principal"),
        (Identity, "Effect", json!("Permit"), "Effect"),
        (Identity, "Action", json!("GetObject"), "\"GetObject\" is no action"),
        (Identity, "Action", json!("s3:${aws:userid}"), "is no action"),
        (Identity, "Action", json!("s3*:GetObject"), "\"s3*:GetObject\" is no action"),
        (Identity, "Action", json!("s3:Get:Object"), "is no action"),
        (Identity, "Action", json!([]), "Action"),
        (Identity, "Resource", json!("bucket/*"), "is no ARN"),
        (Identity, "Resource", json!(["*", "arn:*"]), "of which service"),
        (Identity, "Sid", json!("Read all"), "Sid \"Read all\" has other characters"),
        (Trust, "Sid", json!("Cognito-1"), "Sid \"Cognito-1\" has other characters"),
        (Identity, "Sid", json!(1), "Sid is not a text"),
        (Identity, "Resource", json!("arn:aws:s3:::b/${aws:username}"), "${aws:username}"),
        (Identity, "Condition", json!({ "IpAddress": {} }), "operator IpAddress"),
        (Identity, "Condition", json!({ "ForSomeValues:StringLike": {} }), "ForSomeValues"),
        (Identity, "Condition", json!({ "NullIfExists": {} }), "NullIfExists"),
        (
            Identity,
            "Condition",
            json!({ "ForAnyValue:StringLikeIfExists": {} }),
            "operator ForAnyValue:StringLikeIfExists",
        ),
        (Identity, "Condition", json!({ "StringLike": { "aws:SourceVpc": "x" } }), "condition key aws:SourceVpc"),
        (Identity, "Condition", json!({ "Bool": { "aws:SecureTransport": "maybe" } }), "\"maybe\""),
        (Identity, "Condition", json!({ "NumericEquals": { "s3:max-keys": "ten" } }), "\"ten\""),
        (Identity, "Condition", json!({ "NumericEquals": { "s3:max-keys": "1e3" } }), "\"1e3\""),
        (Identity, "Condition", json!({ "NumericEquals": { "s3:max-keys": "${s3:max-keys}" } }), "no value"),
        (Identity, "Condition", json!({ "ArnLike": { "aws:PrincipalArn": "arn:*" } }), "six parts"),
        (Identity, "Condition", json!({ "ArnNotLike": { "aws:PrincipalArn": "*" } }), "six parts"),
        (
            Identity,
            "Condition",
            json!({ "StringLike": { "cognito-identity.amazonaws.com:amr": "x" } }),
            "several values",
        ),
        (Resource, "Principal", json!({ "CanonicalUser": "x" }), "CanonicalUser"),
        (Resource, "Principal", json!({ "AWS": "123456789012" }), "123456789012"),
        (Resource, "Principal", json!({ "AWS": "arn:aws:iam::123456789012:role/*" }), "has a wildcard"),
        (Trust, "Principal", json!({ "AWS": "arn:aws:iam::123456789012:role/app-*" }), "has a wildcard"),
        (Resource, "Principal", json!({ "AWS": "arn:aws:iam::1234:role/app" }), "nor the ARN of a role"),
        (
            Resource,
            "Principal",
            json!({ "AWS": "arn:aws:sts::123456789012:assumed-role/app" }),
            "nor the ARN of a role",
        ),
        (Resource, "Principal", json!({ "Federated": COGNITO }), "no identity provider"),
        (Resource, "Principal", json!({ "AWS": "arn:aws-cn:iam::123456789012:role/app" }), "nor the ARN of a role"),
        (Trust, "Action", json!("sts:GetFederationToken"), "nothing that a trust policy allows"),
        (Trust, "Principal", json!({ "Federated": "okta" }), "neither a domain nor"),
        (Resource, "Principal", json!({ "Service": "logging" }), "no name of a service"),
        (Resource, "Principal", json!({ "Service": "*" }), "has a wildcard"),
    ] {
        let problems = problems(kind, |document| document["Statement"][0][element] = value.clone());
        assert!(problems.contains(said), "{said:?} is not in {problems:?}");
    }
    assert!(problems(Identity, |document| document["Version"] = json!("2012-10-18")).contains("Version"));
    assert!(problems(Identity, |document| document["Id"] = json!("x")).contains("Id is not known"));
    assert_eq!(problems(Resource, |document| document["Id"] = json!("x")), "");
    let snowman = problems(Identity, |document| document["Statement"][0]["Resource"] = json!("arn:aws:s3:::b/☃"));
    assert!(snowman.contains("'☃'"), "{snowman}");
    let twice = |kind| {
        problems(kind, |document| {
            let statement = document["Statement"][0].clone();
            document["Statement"] = json!([statement.clone(), statement]);
        })
    };
    assert!(twice(Identity).contains("statement One is there twice"), "{}", twice(Identity));
    let unnamed = problems(Identity, |document| {
        document["Statement"][0]["Sid"] = json!("");
        let statement = document["Statement"][0].clone();
        document["Statement"] = json!([statement.clone(), statement]);
    });
    assert_eq!(unnamed, "");
    // S3 does not look at them.
    assert_eq!(twice(Resource), "");
    assert_eq!(problems(Resource, |document| document["Statement"][0]["Sid"] = json!("Read all")), "");
    let both = problems(Identity, |document| {
        document["Statement"][0]["NotAction"] = json!("x");
        document["Statement"][0]["Condition"] = json!({ "IpAddress": {} });
    });
    assert!(both.contains("NotAction") && both.contains("IpAddress"), "all at once: {both}");
}

#[test]
fn a_policy_of_the_first_version_has_no_variables() {
    let tagged = context(&[("aws:PrincipalTag/department", "research")]);
    let decide = |version: Option<&str>, resource: &str| {
        let mut document = json!({ "Statement": {
            "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/${aws:PrincipalTag/department}/*",
        } });
        if let Some(version) = version {
            document["Version"] = json!(version);
        }
        let policy = Policy::parse(&document, PolicyKind::Identity).unwrap();
        evaluate([&policy], None, &Call { caller: SESSION, action: "s3:GetObject", resource, context: &tagged }).is_ok()
    };
    let (own, literal) = ("arn:aws:s3:::b/research/x", "arn:aws:s3:::b/${aws:PrincipalTag/department}/x");
    for (version, reads_own) in [(Some("2012-10-17"), true), (Some("2008-10-17"), false), (None, false)] {
        assert_eq!((decide(version, own), decide(version, literal)), (reads_own, !reads_own), "{version:?}");
    }
}

#[test]
fn a_deny_on_a_whole_service_hits_everything_of_it() {
    let all = identity(&json!({ "Effect": "Allow", "Action": "*", "Resource": "*" }));
    for resource in ["*", "arn:aws:s3:*", "arn:aws:s3:::*", "arn:*:s3:::b*"] {
        let deny = identity(&json!({ "Effect": "Deny", "Action": "s3:*", "Resource": resource }));
        let refused = decide(&[&all, &deny], None, "s3:GetObject", "arn:aws:s3:::b/users/us-west-2:1/x");
        assert_eq!(refused, Err(Refusal::DeniedByIdentity), "{resource}");
    }
}

#[test]
fn a_policy_is_counted_without_white_space() {
    let statement = json!({ "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/a key" });
    let text = r#"{"Statement":{"Action":"s3:GetObject","Effect":"Allow","Resource":"arn:aws:s3:::b/akey"},"Version":"2012-10-17"}"#;
    assert_eq!(identity(&statement).size(), text.len());
}
