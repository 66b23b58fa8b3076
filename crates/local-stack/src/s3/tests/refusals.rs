//! What S3 says about a bucket, and what it refuses before it looks at an object.

use super::*;

#[tokio::test]
async fn a_bucket_says_where_it_is() {
    let bench = Bench::start().await;
    let (status, xml) = bench.get("/jetbridge-demo?location").await;
    let namespace = "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";
    assert_eq!(
        (status, xml.contains(&format!("<LocationConstraint {namespace}>us-west-2</Loc"))),
        (200, true),
        "{xml}"
    );
    let bench = Bench::start_in("us-east-1").await;
    let (status, xml) = bench.get("/jetbridge-demo?location").await;
    let empty = [format!("<LocationConstraint {namespace}/>"), format!("<LocationConstraint {namespace}></Loc")];
    assert!(status == 200 && empty.iter().any(|element| xml.contains(element)), "{xml}");

    let head = bench.send(Method::HEAD, "/jetbridge-demo", &[]).await;
    assert_eq!(head.headers()["x-amz-bucket-region"], "us-east-1");
    assert_eq!(head.headers()["x-amz-access-point-alias"], "false");
    for (path, status) in [("/jetbridge-private", 403), ("/no-such-bucket", 404), ("/Not_a_name", 400)] {
        let head = bench.send(Method::HEAD, path, &[]).await;
        assert_eq!(head.status().as_u16(), status);
        assert_eq!(head.headers().contains_key("x-amz-bucket-region"), status == 403);
        assert!(head.bytes().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_method_that_a_resource_lacks_is_told_with_those_that_it_has() {
    let bench = Bench::start().await;
    for (method, target, kind, allow) in [
        (Method::POST, "/jetbridge-demo/readme.txt", "OBJECT", "GET, HEAD, PUT, DELETE"),
        (Method::PATCH, "/jetbridge-demo/readme.txt", "OBJECT", "GET, HEAD, PUT, DELETE"),
        (Method::PUT, "/jetbridge-demo?location", "LOCATION", "GET"),
        (Method::DELETE, "/", "SERVICE", "GET"),
    ] {
        let answer = bench.send(method.clone(), target, &[]).await;
        assert_eq!((answer.status().as_u16(), &answer.headers()["allow"]), (405, &HeaderValue::from_static(allow)));
        let xml = answer.text().await.unwrap();
        let fields = ["Code", "Method", "ResourceType"].map(|name| element(&xml, name));
        assert_eq!(fields, [Some("MethodNotAllowed"), Some(method.as_str()), Some(kind)], "{target}");
    }
    let post = bench.send(Method::POST, "/jetbridge-demo", &[]).await;
    assert_eq!(post.status(), 412);
    let xml = post.text().await.unwrap();
    let condition = "Bucket POST must be of the enclosure-type multipart/form-data";
    assert_eq!(element(&xml, "Condition"), Some(condition));
    let unknown = bench.send(Method::from_bytes(b"PROPFIND").unwrap(), "/jetbridge-demo", &[]).await;
    assert_eq!(unknown.status(), 400);
    assert!(!unknown.headers().contains_key("allow"));
    assert_eq!(element(&unknown.text().await.unwrap(), "Code"), Some("BadRequest"));
}

#[tokio::test]
async fn preflights_are_answered_unsigned_and_none_is_let_pass() {
    let bench = Bench::start().await;
    let origin = ("origin", "https://app.example");
    let method = |name| ("access-control-request-method", name);
    let table = [
        ("/jetbridge-demo/k", Vec::new(), 400, "Insufficient information. Origin request header needed.", None),
        ("/jetbridge-demo", vec![("origin", "")], 400, "Insufficient information. Origin request header needed.", None),
        ("/jetbridge-demo", vec![origin, method("put")], 400, "Invalid Access-Control-Request-Method: put", None),
        (
            "/jetbridge-demo/k",
            vec![origin, method("PUT")],
            403,
            "CORSResponse: CORS is not enabled for this bucket.",
            Some("PUT"),
        ),
        (
            "/jetbridge-private",
            vec![origin],
            403,
            "CORSResponse: CORS is not enabled for this bucket.",
            Some("OPTIONS"),
        ),
        ("/no-such-bucket/k", vec![origin, method("GET")], 403, "CORSResponse: Bucket not found", Some("GET")),
    ];
    for (path, headers, status, message, asked) in table {
        let request = bench.client.request(Method::OPTIONS, format!("{}{path}", bench.origin));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let answer = request.send().await.unwrap();
        assert!(!answer.headers().contains_key("access-control-allow-origin"));
        assert_eq!(answer.status().as_u16(), status, "{path} {headers:?}");
        let xml = answer.text().await.unwrap();
        assert_eq!((element(&xml, "Message"), element(&xml, "Method")), (Some(message), asked), "{path} {headers:?}");
        let code = if status == 403 { "AccessForbidden" } else { "BadRequest" };
        assert_eq!(element(&xml, "Code"), Some(code));
    }
}

#[tokio::test]
async fn names_that_nothing_has_are_refused_by_their_kind() {
    let bench = Bench::start().await;
    for (target, code, name, value) in [
        ("/ab", "InvalidBucketName", "BucketName", "ab"),
        ("/Upper/k", "InvalidBucketName", "BucketName", "Upper"),
        ("/127.0.0.1/k", "InvalidBucketName", "BucketName", "127.0.0.1"),
        ("/jetbridge-demo/%FF", "InvalidURI", "URI", "/jetbridge-demo/%FF"),
        ("/jetbridge-demo?versionId=x", "InvalidArgument", "ArgumentName", "versionId"),
        ("/jetbridge-demo?acl&policy", "InvalidArgument", "ArgumentValue", "acl"),
    ] {
        let (status, xml) = bench.get(target).await;
        assert_eq!((status, element(&xml, "Code"), element(&xml, name)), (400, Some(code), Some(value)), "{target}");
    }
    // As long as a key may be.
    let (status, xml) = bench.get(&format!("/jetbridge-demo/{}", "k".repeat(1024))).await;
    assert_eq!((status, element(&xml, "Code")), (404, Some("NoSuchKey")));
}

#[tokio::test]
async fn an_owner_that_is_expected_has_to_be_the_owner() {
    let bench = Bench::start().await;
    for (account, status) in [("123456789012", 200), ("210987654321", 403)] {
        let target = format!("/jetbridge-demo/readme.txt?x-amz-expected-bucket-owner={account}");
        let (answered, xml) = bench.get(&target).await;
        assert_eq!(answered, status);
        if status == 403 {
            assert_eq!(
                (element(&xml, "Code"), element(&xml, "Message")),
                (Some("AccessDenied"), Some("Access Denied"))
            );
        }
    }
    // Nobody pays here but the owner, who may be told that the requester would.
    assert_eq!(bench.get("/jetbridge-demo/readme.txt?x-amz-request-payer=requester").await.0, 200);
}

#[tokio::test]
async fn a_copy_is_authorized_at_both_ends() {
    let bench = Bench::start().await;
    let copy = |source: &str| format!("/jetbridge-demo/copy.txt?x-amz-copy-source={source}");
    for (source, status, code, message) in [
        ("jetbridge-private%2Fk", 403, "AccessDenied", "s3:GetObject on resource"),
        ("jetbridge-private%2Fk%3FversionId%3D1", 403, "AccessDenied", "s3:GetObjectVersion on resource"),
        ("no-such-bucket%2Fk", 404, "NoSuchBucket", ""),
        ("nothing", 400, "InvalidArgument", "Copy Source must mention the source bucket and key"),
    ] {
        let answer = bench.send(Method::PUT, &copy(source), &[]).await;
        let answered = answer.status().as_u16();
        let xml = answer.text().await.unwrap();
        assert_eq!((answered, element(&xml, "Code")), (status, Some(code)), "{source}");
        assert!(element(&xml, "Message").unwrap().contains(message), "{xml}");
    }
    let answer = bench.send(Method::PUT, "/scale-10/copy?x-amz-copy-source=jetbridge-demo%2Freadme.txt", &[]).await;
    assert!(answer.status() == 403 && answer.text().await.unwrap().contains("perform: s3:PutObject on resource"));
}
