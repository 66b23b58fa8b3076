//! Templates that AWS refuses, each one change away from one that it takes. Whatever is listed here has to be refused where
//! it is read, by name, and in words that say what to do.

use super::*;

pub(super) const POLICY: &str = "AuthenticatedRoleDefaultPolicy8B1AC271";
const BUCKET_POLICY: &str = "DataBucketPolicy3231C704";

type Change = fn(&mut Value);

/// The properties of a resource.
pub(super) fn of<'d>(document: &'d mut Value, resource: &str) -> &'d mut Value {
    &mut document["Resources"][resource]["Properties"]
}

/// The first statement of a resource's policy document.
pub(super) fn statement<'d>(document: &'d mut Value, resource: &str) -> &'d mut Value {
    &mut of(document, resource)["PolicyDocument"]["Statement"][0]
}

/// The rule of the admin template.
fn rule(document: &mut Value) -> &mut Value {
    &mut of(document, ATTACHMENT)["RoleMappings"]["okta"]["RulesConfiguration"]["Rules"][0]
}

/// So many resources that their text alone has `size` characters.
pub(super) fn resources(size: usize) -> Value {
    (0..size / 100).map(|n| Value::from(format!("arn:aws:s3:::b/{n:085}"))).collect()
}

/// What is said of it; nothing if it is read.
pub(super) fn said_of(text: &str, change: impl FnOnce(&mut Value)) -> String {
    match changed(text, change) {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    }
}

pub(super) fn check(text: &str, fixtures: &[(&str, Change, &str)]) {
    let mut read = Vec::new();
    for (kind, change, said) in fixtures {
        let found = said_of(text, change);
        if !found.contains(said) {
            read.push(format!("{kind}: {said:?} is not in {found:?}"));
        }
    }
    assert!(read.is_empty(), "{read:#?}");
}

#[test]
fn quotas_of_iam() {
    check(
        DEMO,
        &[
            (
                "inline policies over 10,240 characters",
                |d| statement(d, POLICY)["Resource"] = resources(10_300),
                "inline policies have",
            ),
            (
                "two inline policies that are too large together",
                |d| {
                    statement(d, POLICY)["Resource"] = resources(5_500);
                    let document = of(d, POLICY)["PolicyDocument"].clone();
                    of(d, ROLE)["Policies"] = json!([{ "PolicyName": "more", "PolicyDocument": document }]);
                },
                "IAM takes 10,240 together",
            ),
            (
                "trust policy over 2,048 characters",
                |d| {
                    let condition = &mut of(d, ROLE)["AssumeRolePolicyDocument"]["Statement"][0]["Condition"];
                    condition["ForAnyValue:StringLike"]["cognito-identity.amazonaws.com:amr"] = resources(2_000);
                },
                "2,048 unless the account's quota \"Role trust policy length\" was raised, to 4,096 at most",
            ),
            (
                "managed policy over 6,144 characters",
                |d| d["Resources"]["Managed"] = managed(resources(6_200)),
                "IAM takes 6,144",
            ),
            (
                "eleven managed policies",
                |d| {
                    let arns = (0..11).map(|n| format!("arn:aws:iam::123456789012:policy/p{n}"));
                    of(d, ROLE)["ManagedPolicyArns"] = arns.collect();
                },
                "has 11 managed policies; IAM attaches 10, unless the account's quota was raised, to 20 at most",
            ),
            ("role name over 64", |d| of(d, ROLE)["RoleName"] = json!("r".repeat(65)), "RoleName has 65 characters"),
            ("role name", |d| of(d, ROLE)["RoleName"] = json!("data users"), "RoleName \"data users\" has ' '"),
            ("role path", |d| of(d, ROLE)["Path"] = json!("apps"), "Path \"apps\" does not begin and end with a slash"),
            ("long role path", |d| of(d, ROLE)["Path"] = json!(format!("/{}/", "p".repeat(511))), "Path has 513"),
            ("role description", |d| of(d, ROLE)["Description"] = json!("R–D"), "Description \"R–D\" has '–'"),
            ("long role description", |d| of(d, ROLE)["Description"] = json!("d".repeat(1001)), "Description has 1001"),
            ("short session", |d| of(d, ROLE)["MaxSessionDuration"] = json!(60), "MaxSessionDuration is 60"),
            ("long session", |d| of(d, ROLE)["MaxSessionDuration"] = json!("43201"), "AWS takes 3600 to 43200"),
            ("session", |d| of(d, ROLE)["MaxSessionDuration"] = json!("1h"), "MaxSessionDuration is not a number"),
            ("policy name", |d| of(d, POLICY)["PolicyName"] = json!("a/b"), "PolicyName \"a/b\" has '/'"),
            (
                "policy without name",
                |d| of(d, ROLE)["Policies"] = json!([{ "PolicyDocument": { "Statement": [] } }]),
                "Policies: PolicyName is missing",
            ),
            ("tag characters", |d| tag(d, "department", "R&D"), "Value \"R&D\" has '&'"),
            ("tag without key", |d| tag(d, "", "x"), "Key has 0 characters"),
            ("long tag key", |d| tag(d, &"k".repeat(129), "x"), "Key has 129 characters"),
            ("long tag value", |d| tag(d, "k", &"v".repeat(257)), "Value has 257 characters"),
            ("tag of AWS", |d| tag(d, "AWS:owner", "x"), "Key \"AWS:owner\" begins with aws:, which only AWS may"),
            (
                "tag twice",
                |d| {
                    tag(d, "Team", "x");
                    tag(d, "team", "y");
                },
                "tag \"team\" is there twice",
            ),
            (
                "51 tags",
                |d| (0..51).for_each(|n| tag(d, &format!("k{n}"), "x")),
                "Tags has 51 entries: AWS takes up to 50",
            ),
        ],
    );
    // White space does not count.
    let spaces = |d: &mut Value| {
        statement(d, POLICY)["Resource"] = json!(format!("arn:aws:s3:::b/{}", " ".repeat(11_000)));
    };
    assert_eq!(said_of(DEMO, spaces), "");
}

fn managed(resources: Value) -> Value {
    let mut statement = json!({ "Effect": "Allow", "Action": "s3:GetObject" });
    statement["Resource"] = resources;
    json!({ "Type": "AWS::IAM::ManagedPolicy", "Properties": {
        "Roles": [{ "Ref": ROLE }], "PolicyDocument": { "Version": "2012-10-17", "Statement": [statement] },
    } })
}

fn tag(document: &mut Value, key: &str, value: &str) {
    let tags = &mut of(document, ROLE)["Tags"];
    if tags.is_null() {
        *tags = json!([]);
    }
    tags.as_array_mut().unwrap().push(json!({ "Key": key, "Value": value }));
}

#[test]
fn quotas_of_cognito() {
    check(
        ADMIN,
        &[
            ("claim over 64", |d| rule(d)["Claim"] = json!("c".repeat(65)), "Claim has 65 characters"),
            ("claim", |d| rule(d)["Claim"] = json!("a b"), "Claim \"a b\" has ' '"),
            ("claim with nothing to see", |d| rule(d)["Claim"] = json!("a\u{200b}b"), "has '\\u{200b}'"),
            ("value over 128", |d| rule(d)["Value"] = json!("v".repeat(129)), "Value has 129 characters"),
            ("no value", |d| rule(d)["Value"] = json!(""), "Value has 0 characters"),
            ("match type", |d| rule(d)["MatchType"] = json!("EndsWith"), "MatchType \"EndsWith\" is none of"),
            ("role of a rule", |d| rule(d)["RoleARN"] = json!("role/x"), "RoleARN has 6 characters"),
            (
                "26 rules",
                |d| {
                    let rules = vec![rule(d).clone(); 26];
                    of(d, ATTACHMENT)["RoleMappings"]["okta"]["RulesConfiguration"]["Rules"] = json!(rules);
                },
                "Rules has 26 entries: AWS takes 1 to 25",
            ),
            (
                "no rules",
                |d| {
                    let mapping = &mut of(d, ATTACHMENT)["RoleMappings"]["okta"];
                    mapping.as_object_mut().unwrap().remove("RulesConfiguration");
                },
                "RulesConfiguration is missing",
            ),
            (
                "role of nobody",
                |d| of(d, ATTACHMENT)["Roles"]["everybody"] = json!("x"),
                "Roles: property everybody is not known here",
            ),
            (
                "AllowUnauthenticatedIdentities",
                |d| drop(of(d, POOL).as_object_mut().unwrap().remove("AllowUnauthenticatedIdentities")),
                "AllowUnauthenticatedIdentities is missing",
            ),
            ("flag", |d| of(d, POOL)["AllowClassicFlow"] = json!("yes"), "AllowClassicFlow is neither true nor false"),
            ("pool's name", |d| of(d, POOL)["IdentityPoolName"] = json!("a/b"), "IdentityPoolName \"a/b\" has '/'"),
            (
                "claim of a tag over 256",
                |d| of(d, "PrincipalTags")["PrincipalTags"]["a"] = json!("c".repeat(257)),
                "PrincipalTags.a has 257 characters",
            ),
            (
                "key of a tag over 128",
                |d| of(d, "PrincipalTags")["PrincipalTags"]["k".repeat(129)] = json!("c"),
                "has 129 characters",
            ),
            (
                "51 tags",
                |d| (0..51).for_each(|n| of(d, "PrincipalTags")["PrincipalTags"][format!("k{n}")] = json!("c")),
                "AWS takes up to 50",
            ),
        ],
    );
}

/// An issuer with so many characters after `https://`.
fn issuer(length: usize) -> String {
    let host = "dev-12345678.okta.com/oauth2/";
    format!("https://{host}{}", "a".repeat(length - host.len()))
}

#[test]
fn identity_providers() {
    let issuer_of =
        |length| changed(&DEMO.replace("https://dev-12345678.okta.com/oauth2/default", &issuer(length)), |_| {});
    assert!(issuer_of(88).is_ok());
    let long = issuer_of(89).unwrap_err().to_string();
    assert!(
        long.contains("IdentityProviderName has 129 characters") && long.contains("88 characters after https://"),
        "{long}"
    );
    // It is the provider's ARN that becomes too long, and only the tags and the rules have it.
    let untagged = changed(&DEMO.replace("https://dev-12345678.okta.com/oauth2/default", &issuer(89)), |d| {
        d["Resources"].as_object_mut().unwrap().remove("PrincipalTags");
    });
    assert!(untagged.is_ok(), "{untagged:?}");
    check(
        DEMO,
        &[
            ("plain http", |d| of(d, PROVIDER)["Url"] = json!("http://dev-1.okta.com"), "begin with https://"),
            ("query", |d| of(d, PROVIDER)["Url"] = json!("https://dev-1.okta.com/?a=b"), "no query"),
            ("long", |d| of(d, PROVIDER)["Url"] = json!(issuer(250)), "Url has 258 characters"),
            (
                "thumbprint",
                |d| of(d, PROVIDER)["ThumbprintList"] = json!(["ab".repeat(19)]),
                "ThumbprintList has 38 characters",
            ),
            (
                "thumbprint in other letters",
                |d| of(d, PROVIDER)["ThumbprintList"] = json!(["xy".repeat(20)]),
                "has 'x', which AWS does not take: the digits and letters of a hexadecimal number",
            ),
            (
                "six thumbprints",
                |d| of(d, PROVIDER)["ThumbprintList"] = json!(vec!["ab".repeat(20); 6]),
                "ThumbprintList has 6 entries: AWS takes up to 5",
            ),
            ("client id", |d| of(d, PROVIDER)["ClientIdList"] = json!(["c".repeat(256)]), "ClientIdList has 256"),
            ("no client id", |d| of(d, PROVIDER)["ClientIdList"] = json!([""]), "ClientIdList has 0 characters"),
            (
                "101 client ids",
                |d| of(d, PROVIDER)["ClientIdList"] = (0..101).map(|n| format!("c{n}")).collect(),
                "ClientIdList has 101 entries",
            ),
        ],
    );
}

#[test]
fn buckets() {
    for name in [
        "ab",
        &"b".repeat(64),
        "Files",
        "my_files",
        "-files",
        "files-",
        ".files",
        "my..files",
        "192.168.5.4",
        "xn--files",
        "sthree-files",
        "amzn-s3-demo-files",
        "files-s3alias",
        "files--ol-s3",
        "files.mrap",
        "files--x-s3",
        "files--table-s3",
    ] {
        let said = said_of(DEMO, |d| of(d, BUCKET)["BucketName"] = json!(name));
        assert!(said.contains(&format!("BucketName {name:?}")) || said.contains("BucketName has"), "{name}: {said:?}");
    }
    for name in ["abc", "www.example.com", "1.2.3", &"b".repeat(63), "a-b.c-d", "files--x-s3.a"] {
        assert_eq!(said_of(DEMO, |d| of(d, BUCKET)["BucketName"] = json!(name)), "", "{name}");
    }
    check(
        DEMO,
        &[
            (
                "versioning",
                |d| of(d, BUCKET)["VersioningConfiguration"] = json!({ "Status": "On" }),
                "Status \"On\" is none of",
            ),
            (
                "no status",
                |d| of(d, BUCKET)["VersioningConfiguration"] = json!({}),
                "VersioningConfiguration: Status is missing",
            ),
            (
                "owner",
                |d| of(d, BUCKET)["OwnershipControls"] = json!({ "Rules": [{ "ObjectOwnership": "Me" }] }),
                "ObjectOwnership \"Me\" is none of",
            ),
            (
                "lifecycle",
                |d| of(d, BUCKET)["LifecycleConfiguration"] = json!({}),
                "LifecycleConfiguration: Rules is missing",
            ),
            (
                "lifecycle rule",
                |d| {
                    of(d, BUCKET)["LifecycleConfiguration"] =
                        json!({ "Rules": [{ "Status": "Enabled", "Expires": 1 }] });
                },
                "property Expires is not known here",
            ),
            (
                "lifecycle days",
                |d| {
                    let rule = json!({ "Status": "Enabled", "ExpirationInDays": 0 });
                    of(d, BUCKET)["LifecycleConfiguration"] = json!({ "Rules": [rule] });
                },
                "ExpirationInDays is 0",
            ),
            (
                "encryption",
                |d| of(d, BUCKET)["BucketEncryption"] = json!({}),
                "ServerSideEncryptionConfiguration is missing",
            ),
            (
                "tags",
                |d| of(d, BUCKET)["Tags"] = json!([{ "Key": "aws:x", "Value": "y" }]),
                "begins with aws:, which only AWS may",
            ),
            (
                "logs",
                |d| of(d, BUCKET)["LoggingConfiguration"] = json!({ "DestinationBucketName": ["x"] }),
                "DestinationBucketName is not a text",
            ),
        ],
    );
}

#[test]
fn the_template_as_a_whole() {
    check(
        DEMO,
        &[
            (
                "description over 1,024 bytes",
                |d| d["Description"] = json!("é".repeat(513)),
                "Description has 1026 bytes",
            ),
            ("description", |d| d["Description"] = json!({ "Ref": "AWS::StackName" }), "Description is not a text"),
            (
                "version",
                |d| d["AWSTemplateFormatVersion"] = json!("2012-10-17"),
                "AWSTemplateFormatVersion is not 2010-09-09",
            ),
            (
                "description of an output",
                |d| d["Outputs"]["BucketName"]["Description"] = json!("d".repeat(1025)),
                "output BucketName: Description has 1025 bytes",
            ),
            (
                "output's name",
                |d| d["Outputs"]["Bucket_2"] = json!({ "Value": "x" }),
                "output Bucket_2: its name has other",
            ),
            (
                "output's field",
                |d| d["Outputs"]["BucketName"]["Values"] = json!("x"),
                "output BucketName: Values is not known",
            ),
            (
                "201 outputs",
                |d| (0..201).for_each(|n| d["Outputs"][format!("o{n}")] = json!({ "Value": "x" })),
                "CloudFormation takes 200",
            ),
            (
                "501 resources",
                |d| (0..501).for_each(|n| d["Resources"][format!("r{n}")] = json!({ "Type": "AWS::Logs::LogGroup" })),
                "CloudFormation takes 500",
            ),
            (
                "logical id",
                |d| d["Resources"]["my-bucket"] = json!({ "Type": "AWS::S3::Bucket" }),
                "my-bucket: its name has other",
            ),
            (
                "unknown DependsOn",
                |d| d["Resources"][BUCKET]["DependsOn"] = json!(["LogsBucket9C4D8843", "Nothing"]),
                "DependsOn names Nothing, which is not in the template",
            ),
            ("DependsOn", |d| d["Resources"][BUCKET]["DependsOn"] = json!({ "Ref": ROLE }), "DependsOn is neither"),
            (
                "circle by DependsOn",
                |d| d["Resources"][BUCKET]["DependsOn"] = json!(BUCKET_POLICY),
                "wait for each other",
            ),
            ("circle of one", |d| d["Resources"][BUCKET]["DependsOn"] = json!(BUCKET), "wait for each other"),
            (
                "circle by Ref",
                |d| {
                    let logs = json!({ "DestinationBucketName": { "Fn::Sub": format!("${{{BUCKET}}}") } });
                    of(d, "LogsBucket9C4D8843")["LoggingConfiguration"] = logs;
                },
                "wait for each other: DataBucketE3889A50, LogsBucket9C4D8843",
            ),
            (
                "circle by Fn::GetAtt",
                |d| of(d, ROLE)["Description"] = json!({ "Fn::GetAtt": [POLICY, "Id"] }),
                "wait for each other",
            ),
            (
                "DeletionPolicy",
                |d| d["Resources"][BUCKET]["DeletionPolicy"] = json!("Keep"),
                "DeletionPolicy \"Keep\" is none of",
            ),
            (
                "UpdateReplacePolicy",
                |d| d["Resources"][BUCKET]["UpdateReplacePolicy"] = json!("RetainExceptOnCreate"),
                "UpdateReplacePolicy \"RetainExceptOnCreate\" is none of",
            ),
        ],
    );
    let large = said_of(DEMO, |d| d["Metadata"] = json!({ "Note": "x".repeat(1024 * 1024) }));
    assert!(large.contains("CloudFormation takes 1 MB"), "{large}");
}
