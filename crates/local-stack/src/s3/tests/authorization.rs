//! Requests of a role of a template: the policies are asked before anything else is told.

use super::*;
use crate::template::Template;

const TEMPLATE: &str = include_str!("../../../../../tests/e2e/template/infra-demo.template.json");
const IDENTITY: &str = "us-west-2:11111111-2222-3333-4444-555555555555";

async fn bench_of_template(text: &str) -> (Bench, String) {
    let template = Template::parse(text, "JetbridgeStack").unwrap();
    let deployment = Arc::clone(template.deployment());
    let facts = SessionFacts {
        tags: [("department".to_owned(), "research".to_owned())].into(),
        ..SessionFacts::of_pool(&deployment.pool.id, IDENTITY, vec!["authenticated".to_owned()])
    };
    let role = deployment.pool.authenticated_role.as_deref().unwrap();
    let bench =
        Bench::start_as(Options { template: Some(template), ..Options::default() }, IDENTITY, role, facts).await;
    (bench, deployment.data_bucket.clone())
}

/// Sends each request; `allowed` are those that end in something else than AccessDenied, `refused` have the action that is
/// not allowed, or what else the message says.
async fn check(bench: &Bench, bucket: &str, allowed: &[(&str, &str, u16)], refused: &[(&str, &str, &str)]) {
    let fill = |target: &str| {
        target.replace("{bucket}", bucket).replace("{identity}", "us-west-2%3A11111111-2222-3333-4444-555555555555")
    };
    for (method, target, status) in allowed {
        let answer = bench.send(method.parse().unwrap(), &fill(target), &[]).await;
        let answered = answer.status().as_u16();
        assert_eq!(answered, *status, "{method} {target}: {}", answer.text().await.unwrap());
    }
    for (method, target, why) in refused {
        let answer = bench.send(method.parse().unwrap(), &fill(target), &[]).await;
        let answered = answer.status().as_u16();
        let xml = answer.text().await.unwrap();
        assert_eq!((answered, element(&xml, "Code")), (403, Some("AccessDenied")), "{method} {target}: {xml}");
        assert!(element(&xml, "Message").unwrap().contains(why), "{method} {target}: {xml}");
    }
}

#[tokio::test]
async fn a_role_is_refused_by_the_action_of_each_request() {
    let (bench, bucket) = bench_of_template(TEMPLATE).await;
    let allowed = [
        ("GET", "/{bucket}?list-type=2&prefix=shared/", 200),
        ("GET", "/{bucket}?prefix=users/{identity}/", 200),
        ("GET", "/{bucket}/shared/welcome.txt", 200),
        ("HEAD", "/{bucket}/departments/research/roadmap.txt", 200),
        ("GET", "/{bucket}/shared/welcome.txt?partNumber=1", 206),
        ("DELETE", "/{bucket}/users/{identity}/notes.txt?uploadId=u", 404),
        ("GET", "/{bucket}/users/{identity}/notes.txt?uploadId=u", 404),
    ];
    let refused = [
        ("GET", "/", "perform: s3:ListAllMyBuckets because no identity-based policy"),
        ("GET", "/{bucket}", "perform: s3:ListBucket on"),
        ("GET", "/{bucket}?prefix=users/", "perform: s3:ListBucket on"),
        ("GET", "/{bucket}?versions&prefix=shared/", "perform: s3:ListBucketVersions on"),
        ("GET", "/{bucket}?uploads", "perform: s3:ListBucketMultipartUploads on"),
        ("GET", "/{bucket}?location", "perform: s3:GetBucketLocation on"),
        ("GET", "/{bucket}?acl", "perform: s3:GetBucketAcl on"),
        ("GET", "/{bucket}?policy", "perform: s3:GetBucketPolicy on"),
        ("GET", "/{bucket}?tagging", "perform: s3:GetBucketTagging on"),
        ("PUT", "/{bucket}?versioning", "perform: s3:PutBucketVersioning on"),
        ("DELETE", "/{bucket}", "perform: s3:DeleteBucket on"),
        ("PUT", "/a-new-bucket", "perform: s3:CreateBucket on resource: &quot;arn:aws:s3:::a-new-bucket&quot;"),
        ("GET", "/{bucket}/shared/welcome.txt?acl", "perform: s3:GetObjectAcl on"),
        ("GET", "/{bucket}/shared/welcome.txt?tagging", "perform: s3:GetObjectTagging on"),
        ("GET", "/{bucket}/shared/welcome.txt?versionId=x", "perform: s3:GetObjectVersion on"),
        ("GET", "/{bucket}/shared/welcome.txt?attributes", "perform: s3:GetObjectAttributes on"),
        ("DELETE", "/{bucket}/users/{identity}/notes.txt?versionId=x", "perform: s3:DeleteObjectVersion on"),
        ("PUT", "/{bucket}/shared/new.txt", "perform: s3:PutObject on"),
        ("POST", "/{bucket}/shared/new.txt?uploads", "perform: s3:PutObject on"),
        ("DELETE", "/{bucket}/shared/welcome.txt", "perform: s3:DeleteObject on"),
        ("DELETE", "/{bucket}/users/somebody/notes.txt?uploadId=u", "perform: s3:AbortMultipartUpload on"),
        ("GET", "/{bucket}/users/somebody/notes.txt?uploadId=u", "perform: s3:ListMultipartUploadParts on"),
        ("PUT", "/{bucket}/users/{identity}/new.txt?x-amz-acl=public-read", "perform: s3:PutObjectAcl on"),
        ("PUT", "/{bucket}/users/{identity}/new.txt?x-amz-tagging=a%3Db", "perform: s3:PutObjectTagging on"),
        ("PUT", "/{bucket}/users/{identity}/x?x-amz-copy-source={bucket}%2Freadme.txt", "perform: s3:GetObject on"),
        // A key that is not there is not told from one that is.
        ("GET", "/{bucket}/shared/missing.txt", "perform: s3:ListBucket on"),
        ("GET", "/{bucket}/users/somebody/notes.txt", "perform: s3:GetObject on"),
    ];
    check(&bench, &bucket, &allowed, &refused).await;
}

#[tokio::test]
async fn policies_can_look_at_what_a_request_says_of_the_object() {
    let condition = |keys: &str| {
        let deny = format!(
            r#"{{ "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Condition": {keys},
            "Resource": {{ "Fn::Join": ["", [{{ "Fn::GetAtt": ["DataBucketE3889A50", "Arn"] }}, "/*"]] }} }},"#
        );
        let mut template: serde_json::Value = serde_json::from_str(TEMPLATE).unwrap();
        let statements =
            &mut template["Resources"]["DataBucketPolicy3231C704"]["Properties"]["PolicyDocument"]["Statement"];
        let deny = serde_json::from_str(deny.trim_end_matches(',')).unwrap();
        statements.as_array_mut().unwrap().push(deny);
        template.to_string()
    };
    let by_resource = "with an explicit deny in a resource-based policy";
    let own = "/{bucket}/users/{identity}/new.txt";
    let with = |query: &str| format!("{own}?{query}");
    for (keys, refused) in [
        (r#"{ "StringEquals": { "s3:x-amz-storage-class": "GLACIER" } }"#, with("x-amz-storage-class=GLACIER")),
        (r#"{ "StringNotEquals": { "s3:x-amz-server-side-encryption": "AES256" } }"#, own.to_owned()),
        (
            r#"{ "StringLike": { "s3:x-amz-copy-source": "*/shared/*" } }"#,
            with("x-amz-copy-source={bucket}%2Fshared%2Fwelcome.txt"),
        ),
    ] {
        let (bench, bucket) = bench_of_template(&condition(keys)).await;
        check(&bench, &bucket, &[], &[("PUT", &refused, by_resource)]).await;
    }
}
