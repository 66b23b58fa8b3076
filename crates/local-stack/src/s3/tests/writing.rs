//! Objects that are put, read again, copied and deleted, as a client sees it.

use super::*;
use crate::template::Template;

const KEY: &str = "/jetbridge-demo/new.txt";
const ADMIN: &str = include_str!("../../../../../tests/e2e/template/infra-admin.template.json");

impl Bench {
    pub(super) async fn send_body(
        &self,
        method: Method,
        target: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> reqwest::Response {
        let request = self.client.request(method.clone(), self.presign_with(&method, target, headers)).body(body);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.send().await.map_err(reqwest::Error::without_url).unwrap()
    }

    async fn put(&self, target: &str, headers: &[(&str, &str)], body: &'static str) -> reqwest::Response {
        self.send_body(Method::PUT, target, headers, body).await
    }

    /// Status, code and the text of an element of the error.
    pub(super) async fn refusal(&self, method: Method, target: &str, headers: &[(&str, &str)], name: &str) -> Refused {
        // A PUT without a body has to say so.
        let body = if method == Method::PUT && !headers.iter().any(|(name, _)| *name == "x-amz-copy-source") {
            "x"
        } else {
            ""
        };
        let answer = self.send_body(method, target, headers, body).await;
        let status = answer.status().as_u16();
        let xml = answer.text().await.unwrap();
        let text = |name| element(&xml, name).unwrap_or_default().to_owned();
        (status, text("Code"), text(name))
    }
}

pub(super) type Refused = (u16, String, String);

pub(super) fn refused(status: u16, code: &str, text: &str) -> Refused {
    (status, code.to_owned(), text.to_owned())
}

/// The headers of an answer without what each has.
pub(super) fn header<'a>(answer: &'a reqwest::Response, name: &str) -> Option<&'a str> {
    answer.headers().get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn an_object_comes_back_as_it_was_put() {
    let bench = Bench::start().await;
    let kept = [
        ("content-type", "text/plain"),
        ("cache-control", "max-age=60"),
        ("content-disposition", "attachment"),
        ("content-encoding", "identity"),
        ("content-language", "en"),
        ("expires", "Wed, 21 Oct 2026 07:28:00 GMT"),
        ("x-amz-meta-colour", "blue"),
        ("x-amz-storage-class", "STANDARD_IA"),
    ];
    let answer = bench.put(KEY, &kept, "hello").await;
    assert_eq!(answer.status(), 200);
    let e_tag = "\"5d41402abc4b2a76b9719d911017c592\"";
    for (name, value) in [
        ("etag", e_tag),
        ("x-amz-server-side-encryption", "AES256"),
        // Reckoned bit by bit, by Python.
        ("x-amz-checksum-crc64nvme", "M3eFcAZSQlc="),
        ("x-amz-checksum-type", "FULL_OBJECT"),
    ] {
        assert_eq!(header(&answer, name), Some(value), "{name}");
    }
    assert_eq!(header(&answer, "x-amz-version-id"), None);

    let whole = bench.send(Method::GET, KEY, &[]).await;
    for (name, value) in kept.into_iter().chain([("etag", e_tag), ("content-length", "5")]) {
        assert_eq!(header(&whole, name), Some(value), "{name}");
    }
    assert_eq!(header(&whole, "x-amz-checksum-crc64nvme"), None);
    assert_eq!(whole.text().await.unwrap(), "hello");
    let part = bench.send(Method::GET, KEY, &[("range", "bytes=1-3")]).await;
    assert_eq!((part.status().as_u16(), part.text().await.unwrap().as_str()), (206, "ell"));
    let head = bench.send(Method::HEAD, &format!("{KEY}?x-amz-checksum-mode=ENABLED"), &[]).await;
    assert_eq!(header(&head, "x-amz-checksum-crc64nvme"), Some("M3eFcAZSQlc="));
    assert_eq!(header(&head, "x-amz-checksum-type"), Some("FULL_OBJECT"));
    let (_, xml) = bench.get("/jetbridge-demo?list-type=2&prefix=new").await;
    assert_eq!((element(&xml, "Key"), element(&xml, "Size")), (Some("new.txt"), Some("5")));
}

#[tokio::test]
async fn a_key_is_the_same_however_its_path_is_written() {
    let bench = Bench::start().await;
    let url = bench
        .presign(&Method::PUT, "/jetbridge-demo/a/b")
        .as_str()
        .replace("/jetbridge-demo/a/b", "/jetbridge-demo%2Fa%2fb");
    assert_eq!(
        bench.client.put(url).body("hello").send().await.map_err(reqwest::Error::without_url).unwrap().status(),
        200
    );
    assert_eq!(bench.get("/jetbridge-demo/a/b").await, (200, "hello".to_owned()));
}

#[tokio::test]
async fn headers_have_8_kib_together() {
    let bench = Bench::start().await;
    let long = "x".repeat(7800);
    assert_eq!(bench.put(KEY, &[("x-other", &long)], "x").await.status(), 200);
    let longer = "x".repeat(8192);
    let found = bench.refusal(Method::PUT, KEY, &[("x-other", &longer)], "MaxSizeAllowed").await;
    assert_eq!(found, refused(400, "RequestHeaderSectionTooLarge", "8192"));
}

#[tokio::test]
async fn what_a_new_object_cannot_have_is_refused_by_name() {
    let bench = Bench::start().await;
    let long = "x".repeat(2040);
    let table: &[(&str, &str, u16, &str)] = &[
        ("x-amz-acl", "public-read", 400, "AccessControlListNotSupported"),
        ("x-amz-acl", "private", 400, "AccessControlListNotSupported"),
        ("content-disposition", &long, 400, "MetadataTooLarge"),
        ("x-amz-acl", "everybody", 400, "InvalidArgument"),
        ("x-amz-grant-read", "id=1", 400, "AccessControlListNotSupported"),
        ("x-amz-server-side-encryption", "aws:kms", 501, "NotImplemented"),
        ("x-amz-server-side-encryption", "rot13", 400, "InvalidEncryptionAlgorithmError"),
        ("x-amz-server-side-encryption-aws-kms-key-id", "key", 501, "NotImplemented"),
        ("x-amz-server-side-encryption-customer-algorithm", "AES256", 501, "NotImplemented"),
        ("x-amz-storage-class", "COLD", 400, "InvalidStorageClass"),
        ("x-amz-storage-class", "GLACIER", 501, "NotImplemented"),
        ("x-amz-tagging", "a=b", 501, "NotImplemented"),
        ("x-amz-website-redirect-location", "/other", 501, "NotImplemented"),
        ("x-amz-object-lock-legal-hold", "ON", 400, "InvalidRequest"),
        ("x-amz-meta-long-name", &long, 400, "MetadataTooLarge"),
        ("if-none-match", "\"tag\"", 501, "NotImplemented"),
        ("if-match", "\"tag\"", 404, "NoSuchKey"),
    ];
    for (name, value, status, code) in table {
        let answer = bench.put(KEY, &[(name, value)], "hello").await;
        assert_eq!(answer.status().as_u16(), *status, "{name}: {value}");
        let xml = answer.text().await.unwrap();
        assert_eq!(element(&xml, "Code"), Some(*code), "{name}: {value}");
    }
    assert_eq!(bench.get(KEY).await.0, 404);
    for (name, value) in [("x-amz-acl", "bucket-owner-full-control"), ("x-amz-server-side-encryption", "AES256")] {
        assert_eq!(bench.put(KEY, &[(name, value)], "hello").await.status(), 200, "{name}");
    }
    let refusal = bench.refusal(Method::PUT, KEY, &[("if-none-match", "*")], "Condition").await;
    assert_eq!(refusal, refused(412, "PreconditionFailed", "If-None-Match"));
    let too_long =
        bench.refusal(Method::PUT, KEY, &[("x-amz-meta-a", &long), ("x-amz-meta-b", "0123456789")], "Size").await;
    assert_eq!(too_long, refused(400, "MetadataTooLarge", "2052"));
}

#[tokio::test]
async fn of_many_who_want_to_be_first_one_is() {
    let bench = Bench::start().await;
    let first = [("if-none-match", "*")];
    let writers = (0..8).map(|_| bench.put(KEY, &first, "first"));
    let answers = futures_util::future::join_all(writers).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status().as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [[200].as_slice(), &[412; 7]].concat());
}

#[tokio::test]
async fn what_is_deleted_is_gone_and_deleting_nothing_is_no_error() {
    let bench = Bench::start().await;
    let seeded = "/jetbridge-demo/readme.txt";
    let other = bench.refusal(Method::DELETE, seeded, &[("if-match", "\"other\"")], "Condition").await;
    assert_eq!(other, refused(412, "PreconditionFailed", "If-Match"));
    for _ in 0..2 {
        let answer = bench.send(Method::DELETE, seeded, &[]).await;
        assert_eq!(answer.status(), 204);
        assert!(header(&answer, "x-amz-delete-marker").is_none() && header(&answer, "x-amz-version-id").is_none());
    }
    let answer = bench.send(Method::GET, seeded, &[]).await;
    assert_eq!((answer.status().as_u16(), header(&answer, "x-amz-delete-marker")), (404, None));
    assert_eq!(bench.refusal(Method::DELETE, seeded, &[("if-match", "*")], "Key").await.0, 404);
    assert!(!bench.get("/jetbridge-demo?list-type=2").await.1.contains("<Key>readme.txt</Key>"));
}

#[tokio::test]
async fn many_are_deleted_at_once() {
    let bench = Bench::start().await;
    let delete = async |objects: &str| {
        let body = format!("<Delete>{objects}</Delete>");
        let md5 = {
            let mut md5 = super::super::checksum::Md5::default();
            md5.update(body.as_bytes());
            base64::Engine::encode(&base64::engine::general_purpose::STANDARD, md5.finish())
        };
        let answer =
            bench.send_body(Method::POST, "/jetbridge-demo?delete", &[("content-md5", &md5)], body.clone()).await;
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (status, xml) = delete(
        "<Object><Key>readme.txt</Key></Object><Object><Key>missing</Key></Object>\
         <Object><Key>empty.txt</Key><ETag>\"other\"</ETag></Object>\
         <Object><Key>empty.txt</Key><VersionId>1</VersionId></Object>\
         <Object><Key>empty.txt</Key><Size>9</Size></Object>",
    )
    .await;
    assert_eq!(status, 200);
    assert_eq!((xml.matches("<Deleted>").count(), xml.matches("<Error>").count()), (2, 3), "{xml}");
    for code in ["PreconditionFailed", "NotImplemented"] {
        assert!(xml.contains(&format!("<Code>{code}</Code>")), "{code} in {xml}");
    }
    let (status, xml) = delete(&format!("<Object><Key>{}</Key></Object>", "k".repeat(1025))).await;
    assert_eq!((status, element(&xml, "Code")), (200, Some("KeyTooLongError")));
    let (status, xml) = delete("<Object><Key></Key></Object>").await;
    assert_eq!((status, element(&xml, "Code")), (400, Some("MalformedXML")));
    assert_eq!(bench.get("/jetbridge-demo/readme.txt").await.0, 404);
    assert_eq!(bench.get("/jetbridge-demo/empty.txt").await.0, 200);
    let body = "<Delete><Object><Key>empty.txt</Key></Object></Delete>";
    for (headers, code) in [
        (vec![], "InvalidRequest"),
        (vec![("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg==")], "BadDigest"),
        (vec![("x-amz-checksum-crc32", "AAAAAA==")], "BadDigest"),
    ] {
        let answer = bench.send_body(Method::POST, "/jetbridge-demo?delete", &headers, body).await;
        assert_eq!(element(&answer.text().await.unwrap(), "Code"), Some(code), "{headers:?}");
    }
    let headers = [("content-md5", "TW6qZ2m97s8cnNcrlp0lbw==")];
    let denied = bench.send_body(Method::POST, "/jetbridge-private?delete", &headers, body).await;
    assert_eq!(denied.status(), 200);
    let xml = denied.text().await.unwrap();
    assert_eq!((element(&xml, "Code"), element(&xml, "Key")), (Some("AccessDenied"), Some("empty.txt")));
    let (_, xml) = delete("<Quiet>true</Quiet><Object><Key>empty.txt</Key></Object>").await;
    assert!(!xml.contains("<Deleted>"), "{xml}");
    assert_eq!(delete("").await.0, 400);
}

#[tokio::test]
async fn a_copy_takes_content_and_metadata_along_or_gets_new_ones() {
    let bench = Bench::start().await;
    let put = bench.put(KEY, &[("content-type", "text/plain"), ("x-amz-meta-a", "1")], "hello").await;
    let e_tag = header(&put, "etag").unwrap().to_owned();
    let copy = "/jetbridge-demo/copy.txt";
    let answer = bench.put(copy, &[("x-amz-copy-source", "jetbridge-demo/new.txt")], "").await;
    assert_eq!((answer.status().as_u16(), header(&answer, "x-amz-server-side-encryption")), (200, Some("AES256")));
    let xml = answer.text().await.unwrap();
    assert_eq!(element(&xml, "ETag").map(|tag| tag.replace("&quot;", "\"")), Some(e_tag.clone()));
    assert_eq!(element(&xml, "ChecksumCRC64NVME"), Some("M3eFcAZSQlc="));
    assert!(element(&xml, "LastModified").is_some_and(|time| time.ends_with(".000Z")), "{xml}");
    let read = bench.send(Method::GET, copy, &[]).await;
    assert_eq!((header(&read, "content-type"), header(&read, "x-amz-meta-a")), (Some("text/plain"), Some("1")));
    assert_eq!(read.text().await.unwrap(), "hello");

    let replacing = [
        ("x-amz-copy-source", "/jetbridge-demo/new.txt"),
        ("x-amz-metadata-directive", "REPLACE"),
        ("x-amz-meta-b", "2"),
    ];
    assert_eq!(bench.put(KEY, &replacing, "").await.status(), 200);
    let read = bench.send(Method::HEAD, KEY, &[]).await;
    assert_eq!((header(&read, "x-amz-meta-a"), header(&read, "x-amz-meta-b")), (None, Some("2")));
    assert_eq!(header(&read, "content-type"), Some("binary/octet-stream"));

    // One that was there from the start is written out.
    let seeded = bench.put(copy, &[("x-amz-copy-source", "jetbridge-demo/awkward/100%25%20sure.txt")], "").await;
    assert_eq!(seeded.status(), 200);
    assert_eq!(bench.get(copy).await.1, bench.get("/jetbridge-demo/awkward/100%25%20sure.txt").await.1);

    let long_ago = "Thu, 01 Jan 2015 00:00:00 GMT";
    let later = "Wed, 01 Jan 2120 00:00:00 GMT";
    let (none, failed) = (200, 412);
    for (conditions, status, condition) in [
        (vec![("x-amz-copy-source-if-match", "\"other\"")], failed, "x-amz-copy-source-If-Match"),
        (vec![("x-amz-copy-source-if-none-match", &*e_tag)], failed, "x-amz-copy-source-If-None-Match"),
        (vec![("x-amz-copy-source-if-modified-since", later)], failed, "x-amz-copy-source-If-Modified-Since"),
        (vec![("x-amz-copy-source-if-unmodified-since", long_ago)], failed, "x-amz-copy-source-If-Unmodified-Since"),
        (vec![("x-amz-copy-source-if-match", &*e_tag), ("x-amz-copy-source-if-unmodified-since", long_ago)], none, ""),
        (
            vec![("x-amz-copy-source-if-none-match", &*e_tag), ("x-amz-copy-source-if-modified-since", long_ago)],
            failed,
            "x-amz-copy-source-If-None-Match",
        ),
        (vec![("if-none-match", "*")], failed, "If-None-Match"),
    ] {
        let headers = [&[("x-amz-copy-source", "jetbridge-demo/new.txt")], &conditions[..]].concat();
        let (answered, _, text) = bench.refusal(Method::PUT, copy, &headers, "Condition").await;
        assert_eq!((answered, text.as_str()), (status, condition), "{conditions:?}");
    }
}

#[tokio::test]
async fn copies_that_cannot_be_are_refused() {
    let bench = Bench::start().await;
    for (source, more, status, code) in [
        ("jetbridge-demo/missing", None, 404, "NoSuchKey"),
        ("no-such-bucket/key", None, 404, "NoSuchBucket"),
        ("jetbridge-private/key", None, 403, "AccessDenied"),
        ("jetbridge-demo/readme.txt?versionId=1", None, 501, "NotImplemented"),
        ("jetbridge-demo/readme.txt", Some(("x-amz-metadata-directive", "KEEP")), 400, "InvalidArgument"),
        ("jetbridge-demo/readme.txt", Some(("x-amz-checksum-algorithm", "CRC16")), 400, "InvalidRequest"),
        ("jetbridge-demo/readme.txt", Some(("x-amz-tagging", "a=b")), 501, "NotImplemented"),
    ] {
        let headers: Vec<_> = [("x-amz-copy-source", source)].into_iter().chain(more).collect();
        let (answered, answer, _) = bench.refusal(Method::PUT, KEY, &headers, "Key").await;
        assert_eq!((answered, answer.as_str()), (status, code), "{headers:?}");
    }
    let itself = "/jetbridge-demo/readme.txt";
    let onto_itself = [("x-amz-copy-source", "jetbridge-demo/readme.txt")];
    let message = "This copy request is illegal because it is trying to copy an object to itself without changing the \
                   object's metadata, storage class, website redirect location or encryption attributes.";
    let refusal = bench.refusal(Method::PUT, itself, &onto_itself, "Message").await;
    assert_eq!(
        (refusal.0, refusal.1.as_str(), refusal.2.replace("&apos;", "'").as_str()),
        (400, "InvalidRequest", message)
    );
    for change in [("x-amz-storage-class", "STANDARD_IA"), ("x-amz-server-side-encryption", "AES256")] {
        let answer = bench.put(itself, &[onto_itself[0], change], "").await;
        assert_eq!(answer.status(), 200, "{change:?}");
    }
}

#[tokio::test]
async fn a_bucket_of_a_template_gives_versions_and_leaves_markers() {
    let template = Template::parse(ADMIN, "JetbridgeStack").unwrap();
    let deployment = Arc::clone(template.deployment());
    let rules = deployment.pool.providers[0].role_mapping.as_ref().unwrap();
    let admin = rules.rules[0].role_arn.clone();
    let user = deployment.pool.authenticated_role.clone().unwrap();
    let options = Options { template: Some(template), ..Options::default() };
    let bench = Bench::start_with(options.clone(), &admin).await;
    let key = format!("/{}/users/us-west-2%3Aid/new.txt", deployment.data_bucket);
    let put = bench.put(&key, &[], "hello").await;
    assert_eq!(put.status(), 200);
    let version = header(&put, "x-amz-version-id").unwrap().to_owned();
    let head = bench.send(Method::HEAD, &key, &[]).await;
    assert_eq!(header(&head, "x-amz-version-id"), Some(version.as_str()));
    let copy = bench.put(&format!("{key}.copy"), &[("x-amz-copy-source", &key)], "").await;
    assert_eq!(header(&copy, "x-amz-copy-source-version-id"), Some(version.as_str()));
    assert!(header(&copy, "x-amz-version-id").is_some_and(|own| own != version));

    let begun = bench.send(Method::POST, &format!("{key}.parts?uploads"), &[]).await.text().await.unwrap();
    let id = element(&begun, "UploadId").unwrap();
    let part = bench.put(&format!("{key}.parts?partNumber=1&uploadId={id}"), &[], "hello").await;
    let list = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{}</ETag></Part></CompleteMultipartUpload>",
        header(&part, "etag").unwrap()
    );
    let target = format!("{key}.parts?uploadId={id}");
    let completed = bench.send_body(Method::POST, &target, &[], list.clone()).await;
    let first = header(&completed, "x-amz-version-id").unwrap().to_owned();
    assert_eq!(first.len(), 32);
    // Repeated, it makes no further version.
    let again = bench.send_body(Method::POST, &target, &[], list).await;
    assert_eq!(header(&again, "x-amz-version-id"), Some(first.as_str()));

    let deleted = bench.send(Method::DELETE, &key, &[]).await;
    assert_eq!((deleted.status().as_u16(), header(&deleted, "x-amz-delete-marker")), (204, Some("true")));
    let marker = header(&deleted, "x-amz-version-id").unwrap();
    assert_ne!(marker, version);
    for method in [Method::GET, Method::HEAD] {
        let gone = bench.send(method, &key, &[]).await;
        assert_eq!((gone.status().as_u16(), header(&gone, "x-amz-delete-marker")), (404, Some("true")));
        assert_eq!(header(&gone, "x-amz-version-id"), Some(marker));
    }

    // Who may not list the bucket as such does not learn that there is nothing.
    let bench = Bench::start_with(options, &user).await;
    assert_eq!(bench.put(&key, &[], "hello").await.status(), 200);
    assert_eq!(bench.send(Method::DELETE, &key, &[]).await.status(), 204);
    let gone = bench.send(Method::GET, &key, &[]).await;
    assert_eq!((gone.status().as_u16(), header(&gone, "x-amz-delete-marker")), (403, None));
    let shared = format!("/{}/shared/new.txt", deployment.data_bucket);
    assert_eq!(bench.put(&shared, &[], "hello").await.status(), 403);
}

#[tokio::test]
async fn a_bucket_that_kms_encrypts_says_so_and_gives_no_digests() {
    let mut document: serde_json::Value = serde_json::from_str(ADMIN).unwrap();
    let properties = &mut document["Resources"]["DataBucketE3889A50"]["Properties"];
    properties["BucketEncryption"] = serde_json::json!({
        "ServerSideEncryptionConfiguration": [{ "ServerSideEncryptionByDefault": { "SSEAlgorithm": "aws:kms" } }]
    });
    let template = Template::parse(&document.to_string(), "JetbridgeStack").unwrap();
    let deployment = Arc::clone(template.deployment());
    let user = deployment.pool.authenticated_role.clone().unwrap();
    let options = Options { template: Some(template), ..Options::default() };
    let bench = Bench::start_with(options, &user).await;
    let key = format!("/{}/users/us-west-2%3Aid/new.txt", deployment.data_bucket);
    let put = bench.put(&key, &[], "hello").await;
    let got = bench.send(Method::GET, &key, &[]).await;
    for answer in [&put, &got] {
        assert_eq!(header(answer, "x-amz-server-side-encryption"), Some("aws:kms"));
        let id = header(answer, "x-amz-server-side-encryption-aws-kms-key-id").unwrap();
        assert!(id.starts_with("arn:aws:kms:us-west-2:123456789012:key/"), "{id}");
        assert_ne!(header(answer, "etag"), Some("\"5d41402abc4b2a76b9719d911017c592\""));
    }
    assert_eq!(header(&put, "etag"), header(&got, "etag"));
    let other = [("x-amz-server-side-encryption", "AES256")];
    assert_eq!(bench.refusal(Method::PUT, &key, &other, "Code").await.1, "NotImplemented");
}
