use http::HeaderValue;

use super::*;
use crate::template::{BUCKET_ACTIONS, OBJECT_ACTIONS};

const API: &str = include_str!("botocore-1.43.11.txt");

/// Told from another operation by the host alone, which is not S3's own here: `s3express-control`, `s3-object-lambda`.
const OF_OTHER_HOSTS: [&str; 2] = ["ListDirectoryBuckets", "WriteGetObjectResponse"];

/// Deprecated operations and what they are on the wire.
const REPLACED: [(&str, &str); 4] = [
    ("GetBucketLifecycle", "GetBucketLifecycleConfiguration"),
    ("PutBucketLifecycle", "PutBucketLifecycleConfiguration"),
    ("GetBucketNotification", "GetBucketNotificationConfiguration"),
    ("PutBucketNotification", "PutBucketNotificationConfiguration"),
];

fn ask(method: &str, uri: &str, headers: &[(&str, &str)]) -> Result<Asked, Refusal> {
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(http::HeaderName::try_from(*name).unwrap(), HeaderValue::try_from(*value).unwrap());
    }
    Asked::identify(&method.parse().unwrap(), Address::parse(path), query, map)
}

#[test]
fn every_operation_of_the_api_has_its_name() {
    let mut named = Vec::new();
    for line in API.lines().filter(|line| !line.starts_with('#')) {
        let mut fields = line.split(' ');
        let (method, uri, name) = (fields.next().unwrap(), fields.next().unwrap(), fields.next().unwrap());
        let headers: Vec<_> = fields.map(|header| (header, "source/key")).collect();
        let name = name.strip_prefix('!').map_or(name, |old| REPLACED.iter().find(|(name, _)| *name == old).unwrap().1);
        if !OF_OTHER_HOSTS.contains(&name) {
            assert_eq!(ask(method, uri, &headers).unwrap().operation.name, name, "{line}");
            named.push(name);
        }
    }
    // And the other way round: no row is about something that S3 does not have.
    for operation in OPERATIONS {
        assert!(named.contains(&operation.name), "{}", operation.name);
        assert!(operation.name == "DeleteObjects" || !operation.needs.is_empty(), "{}", operation.name);
    }
    assert!(named.len() > 100, "{}", named.len());
}

#[test]
fn every_subresource_has_a_type() {
    for operation in OPERATIONS.iter().filter(|operation| !operation.subresource.is_empty()) {
        let types = if operation.resource == Resource::Bucket { BUCKET_TYPES } else { OBJECT_TYPES };
        assert!(types.iter().any(|(name, _)| *name == operation.subresource), "{}", operation.name);
    }
}

/// `action resource`, one for each permission.
fn permissions(method: &str, uri: &str, headers: &[(&str, &str)]) -> Vec<String> {
    let asked = ask(method, uri, headers).unwrap();
    asked.permissions().map(|permission| format!("{} {}", permission.action, permission.address.arn())).collect()
}

#[test]
fn permissions_are_those_of_what_is_named() {
    let (b, k) = ("arn:aws:s3:::b", "arn:aws:s3:::b/k/x");
    let one = |action: &str, resource: &str| vec![format!("{action} {resource}")];
    for (method, uri, expected) in [
        ("GET", "/", one("s3:ListAllMyBuckets", "arn:aws:s3:::")),
        ("GET", "/b?list-type=2", one("s3:ListBucket", b)),
        ("GET", "/b/?list-type=2", one("s3:ListBucket", b)),
        ("GET", "/b?versions", one("s3:ListBucketVersions", b)),
        ("GET", "/b?uploads", one("s3:ListBucketMultipartUploads", b)),
        ("GET", "/b?location", one("s3:GetBucketLocation", b)),
        ("DELETE", "/b?tagging", one("s3:PutBucketTagging", b)),
        ("DELETE", "/b?policy", one("s3:DeleteBucketPolicy", b)),
        ("GET", "/b/k/x", one("s3:GetObject", k)),
        ("HEAD", "/b/k/x?versionId=1", one("s3:GetObjectVersion", k)),
        ("DELETE", "/b/k/x?versionId=1", one("s3:DeleteObjectVersion", k)),
        ("GET", "/b/k/x?tagging&versionId=1", one("s3:GetObjectVersionTagging", k)),
        ("PUT", "/b/k/x?partNumber=1&uploadId=u", one("s3:PutObject", k)),
        ("POST", "/b/k/x?uploads", one("s3:PutObject", k)),
        ("POST", "/b/k/x?uploadId=u", one("s3:PutObject", k)),
        ("GET", "/b/k/x?uploadId=u", one("s3:ListMultipartUploadParts", k)),
        ("DELETE", "/b/k/x?uploadId=u", one("s3:AbortMultipartUpload", k)),
        ("POST", "/b?delete", vec![]),
    ] {
        assert_eq!(permissions(method, uri, &[]), expected, "{method} {uri}");
    }
    assert_eq!(
        permissions("PUT", "/b/k/x", &[("x-amz-acl", "private"), ("x-amz-tagging", "a=b")]),
        ["s3:PutObject", "s3:PutObjectAcl", "s3:PutObjectTagging"].map(|action| format!("{action} {k}"))
    );
    let (put, get, delete) = ("s3:PutObject", "s3:GetObject", "s3:DeleteObject");
    for (method, uri, condition, expected) in [
        ("PUT", "/b/k/x", ("if-match", "\"tag\""), vec![put, get]),
        ("PUT", "/b/k/x", ("if-none-match", "*"), vec![put]),
        ("POST", "/b/k/x?uploadId=u", ("if-match", "tag"), vec![put, get]),
        ("DELETE", "/b/k/x", ("if-match", "tag"), vec![delete, get]),
        ("DELETE", "/b/k/x", ("if-match", "*"), vec![delete]),
        ("GET", "/b/k/x", ("if-match", "tag"), vec![get]),
    ] {
        let expected: Vec<_> = expected.iter().map(|action| format!("{action} {k}")).collect();
        assert_eq!(permissions(method, uri, &[condition]), expected, "{method} {uri} {condition:?}");
    }
    let copy = ("x-amz-copy-source", "/other/a%20b?versionId=7");
    let expected = ["s3:GetObjectVersion arn:aws:s3:::other/a b".to_owned(), format!("s3:PutObject {k}")];
    assert_eq!(permissions("PUT", "/b/k/x", &[copy]), expected);
    assert_eq!(permissions("PUT", "/b/k/x?partNumber=1&uploadId=u", &[copy]), expected);
    // It is no copy of anything, so its source does not matter.
    assert_eq!(permissions("GET", "/b/k/x", &[copy]), one("s3:GetObject", k));
}

#[test]
fn listings_carry_their_parameters_as_condition_keys() {
    let asked = ask("GET", "/b?versions&prefix=&delimiter=%2F&max-keys=5&prefix=second", &[]).unwrap();
    let expected = [("delimiter", "/"), ("max-keys", "5"), ("prefix", "")];
    assert_eq!(asked.permissions().next().unwrap().conditions, expected.map(|(key, value)| (key, value.to_owned())));
    let asked = ask("HEAD", "/b", &[]).unwrap();
    assert_eq!(asked.permissions().next().unwrap().conditions, []);
}

#[test]
fn writes_carry_their_headers_and_versions_their_id_as_condition_keys() {
    let headers = [("x-amz-acl", "private"), ("x-amz-storage-class", "STANDARD_IA")];
    let conditions = |method: &str, uri: &str| {
        let asked = ask(method, uri, &headers).unwrap();
        let of_one = |permission: Permission<'_>| (permission.action, permission.conditions);
        asked.permissions().map(of_one).collect::<Vec<_>>()
    };
    let told = headers.map(|(key, value)| (key, value.to_owned())).to_vec();
    assert_eq!(conditions("PUT", "/b/k"), [("s3:PutObject", told.clone()), ("s3:PutObjectAcl", told.clone())]);
    let of_version = [vec![("versionid", "7".to_owned())], told].concat();
    assert_eq!(conditions("PUT", "/b/k?acl&versionId=7"), [("s3:PutObjectVersionAcl", of_version)]);
    assert_eq!(conditions("GET", "/b/k"), [("s3:GetObject", Vec::new())]);
}

#[test]
fn no_secret_is_shown() {
    let secret = "a-session-token";
    let uri = format!("/b/k?X-Amz-Security-Token={secret}");
    let shown = format!("{:?}", ask("GET", &uri, &[("x-amz-security-token", secret)]).unwrap());
    assert!(shown.contains("GetObject") && !shown.contains(secret), "{shown}");
}

/// What a bucket's policy may name has to be what requests need, letter for letter.
#[test]
fn every_permission_is_an_action_of_bucket_policies() {
    for operation in OPERATIONS {
        for need in operation.needs {
            for action in [Some(need.action), need.versioned].into_iter().flatten() {
                let known = match (action.strip_prefix("s3:"), need.on) {
                    // No bucket's policy speaks of the account, or of directory buckets.
                    (None, _) | (_, On::Service) => continue,
                    (Some(_), On::Bucket) => BUCKET_ACTIONS,
                    (Some(_), On::Object | On::Source) => OBJECT_ACTIONS,
                };
                let name = action.trim_start_matches("s3:").to_ascii_lowercase();
                assert!(known.contains(&name.as_str()), "{} needs {action}", operation.name);
            }
        }
    }
    for key in ["delimiter", "max-keys", "prefix", "versionid", "x-amz-acl", "x-amz-server-side-encryption"] {
        for action in crate::iam::s3_actions_with(&format!("s3:{key}")).unwrap() {
            assert!(BUCKET_ACTIONS.contains(action) || OBJECT_ACTIONS.contains(action), "{key} {action}");
        }
    }
}

#[test]
fn what_is_no_operation_is_refused_as_by_s3() {
    let field = |refusal: &Refusal, name: &str| {
        refusal.details.iter().find(|(other, _)| *other == name).map(|(_, value)| value.clone())
    };
    for (method, uri, kind, allow) in [
        ("POST", "/", "SERVICE", "GET"),
        ("PATCH", "/b", "BUCKET", "PUT, DELETE, HEAD, GET"),
        ("PATCH", "/b/k", "OBJECT", "GET, HEAD, PUT, DELETE"),
        ("POST", "/b/k", "OBJECT", "GET, HEAD, PUT, DELETE"),
        ("PUT", "/b?location", "LOCATION", "GET"),
        ("GET", "/b?delete", "MULTI_OBJECT_DELETE", "POST"),
        ("HEAD", "/b?acl", "ACL", "GET, PUT"),
        ("GET", "/b/k?partNumber=1&uploadId=u", "PART", "PUT"),
        ("PUT", "/b/k?uploadId=u", "UPLOAD", "GET, POST, DELETE"),
    ] {
        let refusal = ask(method, uri, &[]).unwrap_err();
        assert_eq!((refusal.status.as_u16(), refusal.code), (405, "MethodNotAllowed"), "{method} {uri}");
        assert_eq!(field(&refusal, "Method").as_deref(), Some(method));
        assert_eq!(field(&refusal, "ResourceType").as_deref(), Some(kind), "{method} {uri}");
        assert_eq!(refusal.headers["allow"], allow, "{method} {uri}");
    }
    let refusal = ask("GET", "/b?versioning&acl", &[]).unwrap_err();
    assert_eq!(refusal.message, "Conflicting query string parameters: acl, versioning");
    assert_eq!(field(&refusal, "ArgumentName").as_deref(), Some("ResourceType"));
    assert_eq!(field(&refusal, "ArgumentValue").as_deref(), Some("acl"));
    assert_eq!(ask("POST", "/b", &[]).unwrap_err().code, "PreconditionFailed");
    assert_eq!(ask("PUT", "/b/k", &[("x-amz-copy-source", "nothing")]).unwrap_err().code, "InvalidArgument");
    // Some of a bucket's are asked of it at a key, too; others are passed over there.
    let at_key = ask("DELETE", "/b/k?policy", &[]).unwrap();
    assert_eq!((at_key.operation.name, at_key.is_at_key), ("DeleteBucketPolicy", true));
    assert_eq!(permissions("DELETE", "/b/k?policy", &[]), ["s3:DeleteBucketPolicy arn:aws:s3:::b"]);
    assert_eq!(ask("GET", "/b/k?analytics", &[]).unwrap().operation.name, "GetObject");
    assert_eq!(ask("GET", "/b/k?policy&acl", &[]).unwrap_err().code, "InvalidArgument");
    assert_eq!(ask("GET", "/b?partNumber=1", &[]).unwrap_err().message, "Object must have a valid key name.");
    assert_eq!(ask("PUT", "/b/k?partNumber=1", &[]).unwrap_err().code, "NotImplemented");
    // S3 passes over what it does not know, and does not care for a sub-resource's value.
    assert_eq!(ask("GET", "/b?foo=bar&Versioning", &[]).unwrap().operation.name, "ListObjects");
    assert_eq!(ask("GET", "/b?list-type=3", &[]).unwrap().operation.name, "ListObjects");
    assert_eq!(ask("GET", "/b?versioning=1", &[]).unwrap().operation.name, "GetBucketVersioning");
}
