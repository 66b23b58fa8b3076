//! Uploads in parts, as a client sees them.

use super::writing::{header, refused};
use super::*;

const KEY: &str = "/jetbridge-demo/large.bin";
const FIVE_MEBI: usize = 5 * 1024 * 1024;

impl Bench {
    async fn begin(&self, headers: &[(&str, &str)]) -> String {
        let answer = self.send_body(Method::POST, &format!("{KEY}?uploads"), headers, "").await;
        assert_eq!(answer.status(), 200);
        let xml = answer.text().await.unwrap();
        element(&xml, "UploadId").unwrap().to_owned()
    }

    async fn add(&self, id: &str, number: i32, headers: &[(&str, &str)], content: Vec<u8>) -> reqwest::Response {
        self.send_body(Method::PUT, &format!("{KEY}?partNumber={number}&uploadId={id}"), headers, content).await
    }

    /// Uploads a part and gives its ETag.
    async fn add_plain(&self, id: &str, number: i32, content: Vec<u8>) -> String {
        let answer = self.add(id, number, &[], content).await;
        assert_eq!(answer.status(), 200);
        header(&answer, "etag").unwrap().to_owned()
    }

    async fn complete(&self, id: &str, headers: &[(&str, &str)], parts: &[(i32, &str)]) -> (u16, String) {
        let parts: String = parts
            .iter()
            .map(|(number, tag)| format!("<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag></Part>"))
            .collect();
        let body = format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>");
        let answer = self.send_body(Method::POST, &format!("{KEY}?uploadId={id}"), headers, body).await;
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

#[tokio::test]
async fn an_error_may_come_after_status_200_and_then_nothing_was_made() {
    let bench = Bench::start().await;
    let id = bench.begin(&[]).await;
    let part = bench.add_plain(&id, 1, b"all".to_vec()).await;
    bench.shared.faults.inject(Fault::S3CompleteErrorInOk, 1);
    let (status, xml) = bench.complete(&id, &[], &[(1, &part)]).await;
    assert_eq!((status, element(&xml, "Code")), (200, Some("InternalError")));
    assert_eq!(bench.get(KEY).await.0, 404);
    assert_eq!(bench.complete(&id, &[], &[(1, &part)]).await.0, 200);
    assert_eq!(bench.get(KEY).await, (200, "all".to_owned()));
    // Nor is a copy.
    bench.shared.faults.inject(Fault::S3CopyErrorInOk, 1);
    let copy = "/jetbridge-demo/copy.bin";
    for (expected, status) in [(Some("InternalError"), 404), (None, 200)] {
        let answer = bench.send_body(Method::PUT, copy, &[("x-amz-copy-source", KEY)], "").await;
        assert_eq!(answer.status(), 200);
        assert_eq!(element(&answer.text().await.unwrap(), "Code"), expected);
        assert_eq!(bench.get(copy).await.0, status);
    }
}

#[tokio::test]
async fn parts_become_an_object_whose_completion_can_be_repeated() {
    let bench = Bench::start().await;
    let id = bench.begin(&[("content-type", "text/plain"), ("x-amz-meta-a", "1")]).await;
    let first = bench.add_plain(&id, 1, vec![b'a'; FIVE_MEBI]).await;
    let last = bench.add_plain(&id, 7, b"end".to_vec()).await;
    // An object it is when it is complete.
    assert_eq!(bench.get(KEY).await.0, 404);
    let parts = [(1, first.as_str()), (7, last.as_str())];
    let (status, xml) = bench.complete(&id, &[("x-amz-mp-object-size", "5242883")], &parts).await;
    assert_eq!(status, 200, "{xml}");
    assert!(element(&xml, "ETag").unwrap().ends_with("-2\""), "{xml}");
    assert_eq!(element(&xml, "ChecksumType"), Some("FULL_OBJECT"));
    assert_eq!(element(&xml, "Location"), Some("https://jetbridge-demo.s3.us-west-2.amazonaws.com/large.bin"));
    let again = bench.complete(&id, &[], &parts).await;
    assert_eq!((again.0, element(&again.1, "ETag")), (200, element(&xml, "ETag")));
    let again = bench.complete(&id, &[("if-none-match", "*")], &parts).await;
    assert_eq!((again.0, element(&again.1, "Condition")), (412, Some("If-None-Match")));

    let whole = bench.send(Method::GET, KEY, &[]).await;
    assert_eq!((header(&whole, "content-type"), header(&whole, "x-amz-meta-a")), (Some("text/plain"), Some("1")));
    let bytes = whole.bytes().await.unwrap();
    assert_eq!((bytes.len(), &bytes[FIVE_MEBI - 1..]), (FIVE_MEBI + 3, &b"aend"[..]));
    let across = bench.send(Method::GET, KEY, &[("range", "bytes=5242879-5242880")]).await;
    assert_eq!(across.text().await.unwrap(), "ae");

    let late = bench.add(&id, 2, &[], b"late".to_vec()).await;
    assert_eq!(late.status(), 404);
    assert_eq!(bench.complete(&id, &[], &parts[1..]).await.0, 404);
}

#[tokio::test]
async fn what_breaks_a_rule_is_told_with_its_fields() {
    let bench = Bench::start().await;
    let id = bench.begin(&[]).await;
    let small = bench.add_plain(&id, 1, b"small".to_vec()).await;
    let last = bench.add_plain(&id, 2, b"last".to_vec()).await;
    let tag = small.trim_matches('"');
    for (parts, headers, code, name, text) in [
        (vec![(1, &*small), (2, &*last)], vec![], "EntityTooSmall", "ProposedSize", "5"),
        (vec![(1, &*small), (2, &*last)], vec![], "EntityTooSmall", "MinSizeAllowed", "5242880"),
        (vec![(1, &*small), (2, &*last)], vec![], "EntityTooSmall", "ETag", tag),
        (vec![(2, &*last), (1, &*small)], vec![], "InvalidPartOrder", "UploadId", &*id),
        (vec![(3, &*last)], vec![], "InvalidPart", "PartNumber", "3"),
        (vec![(2, &*small)], vec![], "InvalidPart", "ETag", tag),
        (vec![], vec![], "MalformedXML", "Key", ""),
        (vec![(1, &*small)], vec![("x-amz-mp-object-size", "6")], "InvalidRequest", "Key", ""),
        (vec![(1, &*small)], vec![("x-amz-checksum-crc64nvme", "AAAAAAAAAAA=")], "BadDigest", "Key", ""),
        (vec![(1, &*small)], vec![("x-amz-checksum-type", "COMPOSITE")], "BadDigest", "Key", ""),
    ] {
        let (status, xml) = bench.complete(&id, &headers, &parts).await;
        assert_eq!((status, element(&xml, "Code")), (400, Some(code)), "{parts:?} {headers:?}");
        assert_eq!(element(&xml, name).unwrap_or_default(), text, "{xml}");
    }
    // All of that changed nothing.
    assert_eq!(bench.complete(&id, &[], &[(1, &small)]).await.0, 200);

    let unknown = format!("{KEY}?uploadId=unknown");
    for (method, target) in [
        (Method::GET, unknown.clone()),
        (Method::DELETE, unknown.clone()),
        (Method::PUT, format!("{KEY}?partNumber=1&uploadId=unknown")),
    ] {
        let refusal = bench.refusal(method.clone(), &target, &[], "UploadId").await;
        assert_eq!(refusal, refused(404, "NoSuchUpload", "unknown"), "{method}");
    }
    let key = [("x-amz-server-side-encryption-customer-algorithm", "AES256")];
    let target = format!("{KEY}?partNumber=1&uploadId={id}");
    assert_eq!(bench.refusal(Method::PUT, &target, &key, "Code").await.0, 501);
    for number in ["0", "10001"] {
        let target = format!("{KEY}?partNumber={number}&uploadId={id}");
        let refusal = bench.refusal(Method::PUT, &target, &[], "ArgumentValue").await;
        assert_eq!(refusal, refused(400, "InvalidArgument", number));
    }
}

#[tokio::test]
async fn declared_checksums_are_demanded_kept_and_combined() {
    let bench = Bench::start().await;
    let id = bench.begin(&[("x-amz-checksum-algorithm", "SHA256")]).await;
    let without = bench.add(&id, 1, &[], b"abc".to_vec()).await;
    assert_eq!(without.status(), 400);
    let sha256 = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";
    let part = bench.add(&id, 1, &[("x-amz-checksum-sha256", sha256)], b"abc".to_vec()).await;
    assert_eq!((part.status().as_u16(), header(&part, "x-amz-checksum-sha256")), (200, Some(sha256)));
    let tag = header(&part, "etag").unwrap();
    let (status, xml) = bench.get(&format!("{KEY}?uploadId={id}")).await;
    assert_eq!(
        (status, element(&xml, "ChecksumSHA256"), element(&xml, "ChecksumType")),
        (200, Some(sha256), Some("COMPOSITE"))
    );
    // The list of parts has to have it too.
    let (status, xml) = bench.complete(&id, &[], &[(1, tag)]).await;
    assert_eq!((status, element(&xml, "Code")), (400, Some("InvalidRequest")));
    let body = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{tag}</ETag>\
         <ChecksumSHA256>{sha256}</ChecksumSHA256></Part></CompleteMultipartUpload>"
    );
    let answer = bench.send_body(Method::POST, &format!("{KEY}?uploadId={id}"), &[], body).await;
    let xml = answer.text().await.unwrap();
    // By Python: b64encode(sha256(sha256(b"abc").digest()).digest())
    let composite = "T4tCwi3TcptRm6b2jS2nzFstYG0F2u1a1RKMwD5sY1g=-1";
    assert_eq!(element(&xml, "ChecksumSHA256"), Some(composite), "{xml}");
    let head = bench.send(Method::HEAD, &format!("{KEY}?x-amz-checksum-mode=ENABLED"), &[]).await;
    assert_eq!(header(&head, "x-amz-checksum-sha256"), Some(composite));
    assert_eq!(header(&head, "x-amz-checksum-type"), Some("COMPOSITE"));

    // Of the full object, which S3 computes where a part came without.
    let declared = [("x-amz-checksum-algorithm", "CRC32"), ("x-amz-checksum-type", "FULL_OBJECT")];
    let id = bench.begin(&declared).await;
    let part = bench.add(&id, 1, &[], b"123456789".to_vec()).await;
    assert_eq!(header(&part, "x-amz-checksum-crc32"), Some("y/Q5Jg=="));
    let tag = header(&part, "etag").unwrap();
    let (_, xml) = bench.complete(&id, &[("x-amz-checksum-crc32", "y/Q5Jg==")], &[(1, tag)]).await;
    assert_eq!(
        (element(&xml, "ChecksumCRC32"), element(&xml, "ChecksumType")),
        (Some("y/Q5Jg=="), Some("FULL_OBJECT"))
    );
    let refused_at_once = [("x-amz-checksum-algorithm", "SHA1"), ("x-amz-checksum-type", "FULL_OBJECT")];
    let target = format!("{KEY}?uploads");
    assert_eq!(bench.refusal(Method::POST, &target, &refused_at_once, "Code").await.1, "InvalidRequest");
}

#[tokio::test]
async fn parts_and_uploads_are_listed_page_by_page() {
    let bench = Bench::start().await;
    let id = bench.begin(&[]).await;
    for number in [1, 3, 10_000] {
        bench.add_plain(&id, number, vec![b'x'; 3]).await;
    }
    let numbers = |xml: &str| -> Vec<String> {
        xml.split("<PartNumber>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
    };
    let (status, xml) = bench.get(&format!("{KEY}?uploadId={id}&max-parts=2")).await;
    assert_eq!((status, numbers(&xml)), (200, vec!["1".to_owned(), "3".to_owned()]));
    assert_eq!((element(&xml, "IsTruncated"), element(&xml, "NextPartNumberMarker")), (Some("true"), Some("3")));
    assert_eq!((element(&xml, "Size"), element(&xml, "StorageClass")), (Some("3"), Some("STANDARD")));
    let (_, xml) = bench.get(&format!("{KEY}?uploadId={id}&part-number-marker=3")).await;
    assert_eq!((numbers(&xml), element(&xml, "IsTruncated")), (vec!["10000".to_owned()], Some("false")));
    assert_eq!(bench.get(&format!("{KEY}?uploadId={id}&max-parts=-1")).await.0, 400);

    for key in ["a/1", "a/2", "b", "m%20n/1"] {
        assert_eq!(bench.send(Method::POST, &format!("/jetbridge-demo/{key}?uploads"), &[]).await.status(), 200);
    }
    let names = |xml: &str| -> Vec<String> {
        let of = |name: &str| -> Vec<String> {
            xml.split(&format!("<{name}>")).skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
        };
        let uploads = xml.split("<Upload>").skip(1).map(|upload| element(upload, "Key").unwrap().to_owned());
        let prefixes =
            xml.split("<CommonPrefixes>").skip(1).map(|rest| format!("{}*", element(rest, "Prefix").unwrap()));
        assert!(of("Owner").len() <= of("Key").len());
        uploads.chain(prefixes).collect()
    };
    let (_, xml) = bench.get("/jetbridge-demo?uploads").await;
    assert_eq!(names(&xml), ["a/1", "a/2", "b", "large.bin", "m n/1"]);
    let (_, xml) = bench.get("/jetbridge-demo?uploads&delimiter=/&encoding-type=url").await;
    assert_eq!(names(&xml), ["b", "large.bin", "a/*", "m+n/*"]);
    let (_, xml) = bench.get("/jetbridge-demo?uploads&prefix=a/&max-uploads=1").await;
    assert_eq!((names(&xml), element(&xml, "NextKeyMarker")), (vec!["a/1".to_owned()], Some("a/1")));
    let marker = element(&xml, "NextUploadIdMarker").unwrap();
    let (_, xml) =
        bench.get(&format!("/jetbridge-demo?uploads&prefix=a/&key-marker=a/1&upload-id-marker={marker}")).await;
    assert_eq!((names(&xml), element(&xml, "IsTruncated")), (vec!["a/2".to_owned()], Some("false")));
    let (_, xml) = bench.get("/jetbridge-demo?uploads&delimiter=/&max-uploads=1").await;
    assert_eq!((names(&xml), element(&xml, "NextKeyMarker")), (vec!["a/*".to_owned()], Some("a/")));
    let (_, xml) = bench.get("/jetbridge-demo?uploads&delimiter=/&key-marker=a/").await;
    assert_eq!(names(&xml), ["b", "large.bin", "m n/*"]);

    // Nobody uploads to a bucket whose objects are a rule.
    let (status, xml) = bench.get("/scale-10?uploads").await;
    assert_eq!((status, names(&xml)), (200, Vec::new()));
    assert_eq!(bench.refusal(Method::PUT, "/scale-10/new", &[], "Code").await.1, "AccessDenied");

    assert_eq!(bench.send(Method::DELETE, &format!("{KEY}?uploadId={id}"), &[]).await.status(), 204);
    assert_eq!(bench.get(&format!("{KEY}?uploadId={id}")).await.0, 404);
    assert!(!bench.get("/jetbridge-demo?uploads").await.1.contains("large.bin"));
}

#[tokio::test]
async fn a_part_can_be_a_range_of_an_object() {
    let bench = Bench::start().await;
    let id = bench.begin(&[]).await;
    let target = format!("{KEY}?partNumber=1&uploadId={id}");
    let whole = [("x-amz-copy-source", "jetbridge-demo/photos/2025/harbour.jpg")];
    let ranged = |range: &'static str| [whole[0], ("x-amz-copy-source-range", range)];
    for (range, code) in [
        ("bytes=0-", "InvalidArgument"),
        ("0-1", "InvalidArgument"),
        ("bytes=0-99999999", "InvalidArgument"),
        ("bytes=0-9", "InvalidRequest"),
    ] {
        assert_eq!(bench.refusal(Method::PUT, &target, &ranged(range), "Code").await.1, code, "{range}");
    }
    let answer = bench.send_body(Method::PUT, &target, &whole, "").await;
    let xml = answer.text().await.unwrap();
    let tag = element(&xml, "ETag").unwrap().replace("&quot;", "\"");
    assert_eq!(bench.complete(&id, &[], &[(1, &tag)]).await.0, 200);
    let copied = bench.send(Method::GET, KEY, &[]).await.bytes().await.unwrap();
    let source = bench.send(Method::GET, "/jetbridge-demo/photos/2025/harbour.jpg", &[]).await.bytes().await.unwrap();
    assert!(copied == source);
}
