//! As `refused.rs`: policies that IAM or S3 refuse.

use super::refused::{POLICY, check, of, resources, said_of, statement};
use super::*;

const BUCKET_POLICY: &str = "DataBucketPolicy3231C704";

#[test]
fn policies_of_roles() {
    check(
        DEMO,
        &[
            (
                "two policies of one name in a role",
                |d| {
                    let policy = json!({ "PolicyName": "Read", "PolicyDocument": of(d, POLICY)["PolicyDocument"] });
                    let mut other = policy.clone();
                    other["PolicyName"] = json!("read");
                    of(d, ROLE)["Policies"] = json!([policy, other]);
                },
                "two inline policies are called \"read\"",
            ),
            (
                "two resources that are one policy",
                |d| d["Resources"]["Second"] = d["Resources"][POLICY].clone(),
                "of which the later one replaces the other: give each its own PolicyName",
            ),
            (
                "a policy of the role's own with the name of another resource",
                |d| {
                    let policy = of(d, POLICY).clone();
                    of(d, ROLE)["Policies"] =
                        json!([{ "PolicyName": policy["PolicyName"], "PolicyDocument": policy["PolicyDocument"] }]);
                },
                "two inline policies are called",
            ),
            (
                "no role",
                |d| of(d, POLICY)["Roles"] = json!([]),
                "Roles is empty: AWS takes at least 1; a policy without one is refused",
            ),
            ("no roles", |d| drop(of(d, POLICY).as_object_mut().unwrap().remove("Roles")), "Roles is missing"),
            (
                "space in Sid",
                |d| statement(d, POLICY)["Sid"] = json!("List all"),
                "Sid \"List all\" has other characters",
            ),
            (
                "one Sid twice",
                |d| {
                    let first = statement(d, POLICY).clone();
                    of(d, POLICY)["PolicyDocument"]["Statement"].as_array_mut().unwrap().push(first);
                },
                "is there twice; give each its own Sid",
            ),
            ("resource without service", |d| statement(d, POLICY)["Resource"] = json!("arn:*"), "of which service"),
            (
                "principal with a wildcard",
                |d| trust(d, "arn:aws:iam::123456789012:role/*"),
                "has a wildcard, which AWS takes in no part of a principal",
            ),
            (
                "principal that is not there",
                |d| trust(d, "arn:aws:iam::123456789012:role/Nobody"),
                "arn:aws:iam::123456789012:role/Nobody, which is not in the template: AWS takes no principal that does not exist",
            ),
        ],
    );
    // Of another account nobody here knows.
    assert_eq!(said_of(DEMO, |d| trust(d, "arn:aws:iam::210987654321:role/Somebody")), "");
}

/// Lets a principal assume the role.
fn trust(document: &mut Value, principal: &str) {
    let statements = &mut of(document, ROLE)["AssumeRolePolicyDocument"]["Statement"];
    statements
        .as_array_mut()
        .unwrap()
        .push(json!({ "Effect": "Allow", "Principal": { "AWS": principal }, "Action": "sts:AssumeRole" }));
}

/// Adds a statement to the policy of the data bucket, about the resources `NAME` and `NAME/*` unless it says otherwise.
fn allow(document: &mut Value, change: impl FnOnce(&mut Value)) {
    let mut statement = json!({
        "Effect": "Allow", "Principal": { "AWS": { "Fn::GetAtt": [ROLE, "Arn"] } }, "Action": "s3:GetObject",
        "Resource": { "Fn::Sub": format!("${{{BUCKET}.Arn}}/*") },
    });
    change(&mut statement);
    of(document, BUCKET_POLICY)["PolicyDocument"]["Statement"].as_array_mut().unwrap().push(statement);
}

#[test]
fn policies_of_buckets() {
    check(
        DEMO,
        &[
            (
                "over 20 KB",
                |d| {
                    let condition = json!({ "StringLike": { "aws:userid": resources(20_500) } });
                    allow(d, |s| s["Condition"] = condition);
                },
                "S3 takes 20480 (20 KB)",
            ),
            (
                "another bucket",
                |d| allow(d, |s| s["Resource"] = json!({ "Fn::GetAtt": ["LogsBucket9C4D8843", "Arn"] })),
                "is not of this bucket",
            ),
            (
                "a prefix of the name",
                |d| allow(d, |s| s["Resource"] = json!("arn:aws:s3:::jet/*")),
                "is not of this bucket",
            ),
            ("another service", |d| allow(d, |s| s["Resource"] = json!("arn:aws:sqs:::x")), "is not of this bucket"),
            (
                "ListBucket on objects only",
                |d| allow(d, |s| s["Action"] = json!(["s3:GetObject", "s3:ListBucket"])),
                "\"s3:ListBucket\" is done to the bucket, of which no resource here is",
            ),
            (
                "GetObject on the bucket only",
                |d| allow(d, |s| s["Resource"] = json!({ "Fn::GetAtt": [BUCKET, "Arn"] })),
                "\"s3:GetObject\" is done to objects, of which no resource here is",
            ),
            (
                "account's action",
                |d| allow(d, |s| s["Action"] = json!("s3:ListAllMyBuckets")),
                "\"s3:ListAllMyBuckets\" is no",
            ),
            ("foreign action", |d| allow(d, |s| s["Action"] = json!("sqs:SendMessage")), "\"sqs:SendMessage\" is no"),
            ("unknown action", |d| allow(d, |s| s["Action"] = json!("s3:GetObjects")), "\"s3:GetObjects\" is no"),
            ("unknown actions", |d| allow(d, |s| s["Action"] = json!("s3:Fetch*")), "\"s3:Fetch*\" is no"),
            (
                "condition of another action",
                |d| allow(d, |s| s["Condition"] = json!({ "StringLike": { "s3:Prefix": "a/*" } })),
                "s3:Prefix is no condition of \"s3:GetObject\"",
            ),
            (
                "condition of uploads",
                |d| allow(d, |s| s["Condition"] = json!({ "StringEquals": { "s3:x-amz-acl": "private" } })),
                "s3:x-amz-acl is no condition of \"s3:GetObject\"",
            ),
            (
                "version of no version",
                |d| allow(d, |s| s["Condition"] = json!({ "StringEquals": { "s3:VersionId": "1" } })),
                "s3:VersionId is no condition of \"s3:GetObject\"",
            ),
            (
                "principal with a wildcard",
                |d| allow(d, |s| s["Principal"] = json!({ "AWS": "arn:aws:iam::123456789012:role/*" })),
                "has a wildcard",
            ),
            (
                "principal that is not there",
                |d| allow(d, |s| s["Principal"] = json!({ "AWS": "arn:aws:iam::123456789012:role/Nobody" })),
                "role/Nobody, which is not in the template",
            ),
            (
                "session of a role that is not there",
                |d| allow(d, |s| s["Principal"] = json!({ "AWS": "arn:aws:sts::123456789012:assumed-role/No/x" })),
                "assumed-role/No/x, which is not in the template",
            ),
            (
                "identity provider",
                |d| allow(d, |s| s["Principal"] = json!({ "Federated": "cognito-identity.amazonaws.com" })),
                "takes no identity provider",
            ),
        ],
    );
    type Allowed = fn(&mut Value);
    let allowed: [Allowed; 7] = [
        |_| {},
        |s| s["Sid"] = json!("with spaces"),
        |s| s["Action"] = json!("s3:*"),
        |s| s["Action"] = json!(["S3:getobject*", "s3:*Tagging"]),
        |s| s["Resource"] = json!("*"),
        |s| {
            s["Action"] = json!(["s3:PutObject", "s3:PutObjectAcl"]);
            s["Condition"] = json!({ "StringEquals": { "s3:x-amz-storage-class": "STANDARD_IA" } });
        },
        |s| (s["Action"], s["Resource"]) = (json!("s3:ListBucket"), json!("arn:aws:s3:::jetbridgestack-databucket*")),
    ];
    for change in allowed {
        assert_eq!(said_of(DEMO, |d| allow(d, change)), "");
    }
}
