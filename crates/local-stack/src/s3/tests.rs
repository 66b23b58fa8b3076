//! The router over real HTTP with presigned requests: what it answers, and what it refuses. Listing from end to end
//! with stock clients is in `tests/stack`.

mod authorization;
mod listing;
mod multipart;
mod presigned;
mod reading;
mod refusals;
mod uploads;
mod writing;

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings, UriPathNormalizationMode,
    sign,
};
use aws_sigv4::sign::v4;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use reqwest::Client;
use url::Url;

use super::*;
use crate::credentials::SessionFacts;
use crate::options::Options;
use crate::request_log::Service;
use crate::server::{self, Site};
use crate::{test_http, tls};

struct Bench {
    shared: Arc<Shared>,
    signer: Arc<TemporaryCredentials>,
    client: Client,
    origin: String,
    routes: Router,
}

impl Bench {
    async fn start() -> Self {
        Self::start_in("us-west-2").await
    }

    async fn start_in(region: &str) -> Self {
        let options = Options { region: region.to_owned(), ..Options::default() };
        Self::start_with(options, "arn:aws:iam::123456789012:role/Reader").await
    }

    async fn start_with(options: Options, role_arn: &str) -> Self {
        let of_template = options.template.as_ref().map(|template| template.deployment().pool.id.clone());
        let pool = of_template.unwrap_or_else(|| options.identity_pool_id.clone());
        let session = SessionFacts::of_pool(&pool, "us-west-2:id", Vec::new());
        Self::start_as(options, "us-west-2:id", role_arn, session).await
    }

    /// A stack of these options with somebody signed in.
    async fn start_as(options: Options, identity: &str, role_arn: &str, session: SessionFacts) -> Self {
        let (listener, url) = test_http::listen().await;
        let shared = Arc::new(Shared::new(options));
        let credentials = Arc::new(CredentialRegistry::new(Arc::clone(&shared)));
        let signer = credentials.issue(identity, role_arn, session);
        let routes = router(Arc::clone(&shared), credentials);
        let site = Site {
            service: Service::S3,
            port: listener.local_addr().unwrap().port(),
            host: None,
            router: routes.clone(),
            max_body_bytes: None,
            shared: Arc::clone(&shared),
        };
        tokio::spawn(server::serve(listener, None, site));
        let origin = url.as_str().trim_end_matches('/').to_owned();
        Self { shared, signer, client: tls::build_client(None, None).unwrap(), origin, routes }
    }

    /// A presigned URL for `target`, a path with its query.
    fn presign(&self, method: &Method, target: &str) -> Url {
        self.presign_with(method, target, &[])
    }

    /// One that is good with these headers only.
    fn presign_with(&self, method: &Method, target: &str, headers: &[(&str, &str)]) -> Url {
        let identity = Credentials::from_keys(
            self.signer.access_key_id.as_str(),
            self.signer.secret_access_key.as_str(),
            Some(self.signer.session_token.clone()),
        )
        .into();
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(Duration::from_secs(60));
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.shared.options.region)
            .name("s3")
            .time(self.shared.clock.now())
            .settings(settings)
            .build()
            .unwrap()
            .into();
        let url = format!("{}{target}", self.origin);
        let signable =
            SignableRequest::new(method.as_str(), &url, headers.iter().copied(), SignableBody::UnsignedPayload)
                .unwrap();
        let mut request = http::Request::builder().method(method).uri(&url).body(()).unwrap();
        sign(signable, &params).unwrap().into_parts().0.apply_to_request_http1x(&mut request);
        request.uri().to_string().parse().unwrap()
    }

    async fn send(&self, method: Method, target: &str, headers: &[(&str, &str)]) -> reqwest::Response {
        let url = self.presign(&method, target);
        let request = self.client.request(method, url);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        // The URL holds the session token, which test output must not show.
        request.send().await.map_err(reqwest::Error::without_url).unwrap()
    }

    async fn get(&self, target: &str) -> (u16, String) {
        let response = self.send(Method::GET, target, &[]).await;
        (response.status().as_u16(), response.text().await.unwrap())
    }
}

fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    Some(xml.split_once(&format!("<{name}>"))?.1.split_once(&format!("</{name}>"))?.0)
}

#[tokio::test]
async fn an_object_is_read_whole_in_part_and_not_at_all() {
    let bench = Bench::start().await;
    let path = "/jetbridge-demo/reports/2026/summary.csv";
    let whole = bench.send(Method::GET, path, &[]).await;
    assert_eq!(whole.status(), 200);
    let headers = whole.headers().clone();
    assert_eq!(headers["content-length"], "18902");
    assert!(!headers.contains_key("x-amz-bucket-region"));
    assert_eq!(headers["x-amz-request-id"].len(), 16);
    let (tag, modified) = (headers["etag"].to_str().unwrap(), headers["last-modified"].to_str().unwrap());
    let body = whole.bytes().await.unwrap();
    assert_eq!(body.len(), 18_902);

    let ranges = [
        ("bytes=0-0", 0..1),
        ("bytes=100-", 100..18_902),
        ("bytes=-5", 18_897..18_902),
        ("bytes=18000-99999", 18_000..18_902),
    ];
    for (range, expected) in ranges {
        let part = bench.send(Method::GET, path, &[("range", range)]).await;
        assert_eq!(part.status(), 206, "{range}");
        let content_range = format!("bytes {}-{}/18902", expected.start, expected.end - 1);
        assert_eq!(part.headers()["content-range"], content_range.as_str());
        assert_eq!(part.bytes().await.unwrap(), body.slice(expected), "{range}");
    }
    for range in ["bytes=5-1", "bytes=0-1,3-4", "lines=0-1", "bytes=+1-2", "bytes=-"] {
        let ignored = bench.send(Method::GET, path, &[("range", range)]).await;
        assert_eq!(
            (ignored.status().as_u16(), &ignored.headers()["content-length"]),
            (200, &headers["content-length"])
        );
    }
    let outside = bench.send(Method::GET, path, &[("range", "bytes=18902-")]).await;
    assert_eq!(outside.status(), 416);
    assert_eq!(element(&outside.text().await.unwrap(), "Code"), Some("InvalidRange"));

    let head = bench.send(Method::HEAD, path, &[]).await;
    assert_eq!((head.status().as_u16(), &head.headers()["content-length"]), (200, &headers["content-length"]));

    let other = "\"00000000000000000000000000000000\"";
    let long_ago = "Thu, 01 Jan 2015 00:00:00 GMT";
    let conditions = [
        (vec![("if-none-match", tag)], 304),
        (vec![("if-none-match", "*")], 304),
        (vec![("if-none-match", other)], 200),
        (vec![("if-none-match", other), ("if-modified-since", modified)], 200),
        (vec![("if-modified-since", modified)], 304),
        (vec![("if-modified-since", long_ago)], 200),
        (vec![("if-match", tag)], 200),
        (vec![("if-match", other)], 412),
        (vec![("if-match", tag), ("if-unmodified-since", long_ago)], 200),
        (vec![("if-unmodified-since", long_ago)], 412),
        (vec![("if-unmodified-since", modified)], 200),
    ];
    for (headers, status) in conditions {
        for method in [Method::GET, Method::HEAD] {
            let answer = bench.send(method, path, &headers).await;
            assert_eq!(answer.status().as_u16(), status, "{headers:?}");
            if status == 304 {
                assert_eq!(answer.headers()["etag"], tag);
                assert!(answer.bytes().await.unwrap().is_empty());
            }
        }
    }
}

#[tokio::test]
async fn errors_have_s3s_codes_statuses_and_ids() {
    let bench = Bench::start().await;
    let table = [
        (Method::GET, "/jetbridge-demo/missing", 404, "NoSuchKey"),
        (Method::GET, "/no-such-bucket?list-type=2", 404, "NoSuchBucket"),
        (Method::GET, "/no-such-bucket/key", 404, "NoSuchBucket"),
        (Method::GET, "/jetbridge-private?list-type=2", 403, "AccessDenied"),
        (Method::GET, "/jetbridge-private/key", 403, "AccessDenied"),
        (Method::GET, "/jetbridge-demo?acl", 501, "NotImplemented"),
        (Method::GET, "/jetbridge-demo/readme.txt?versionId=1", 501, "NotImplemented"),
        (Method::PUT, "/jetbridge-private/new.txt", 403, "AccessDenied"),
        (Method::DELETE, "/no-such-bucket/key", 404, "NoSuchBucket"),
        (Method::GET, "/jetbridge-demo?list-type=2&max-keys=-1", 400, "InvalidArgument"),
        (Method::GET, "/jetbridge-demo?list-type=2&encoding-type=xml", 400, "InvalidArgument"),
        (Method::GET, "/jetbridge-demo?list-type=2&continuation-token=AAAA", 400, "InvalidArgument"),
    ];
    for (method, target, status, code) in table {
        let headers: &[(&str, &str)] = if method == Method::PUT { &[("content-length", "0")] } else { &[] };
        let response = bench.send(method, target, headers).await;
        let request_id = response.headers()["x-amz-request-id"].to_str().unwrap().to_owned();
        let host_id = response.headers()["x-amz-id-2"].to_str().unwrap().to_owned();
        assert!(!response.headers().contains_key("x-amz-bucket-region"), "{target}");
        assert_eq!(response.status().as_u16(), status, "{target}");
        let xml = response.text().await.unwrap();
        assert_eq!(element(&xml, "Code"), Some(code), "{target}");
        assert_eq!(element(&xml, "RequestId"), Some(request_id.as_str()), "{target}");
        assert_eq!(element(&xml, "HostId"), Some(host_id.as_str()), "{target}");
    }
    for (target, status) in [("/jetbridge-demo", 200), ("/no-such-bucket", 404), ("/jetbridge-private", 403)] {
        assert_eq!(bench.send(Method::HEAD, target, &[]).await.status().as_u16(), status, "{target}");
    }
    let (_, xml) = bench.get("/jetbridge-private?list-type=2").await;
    assert_eq!(
        element(&xml, "Message"),
        Some(
            "User: arn:aws:sts::123456789012:assumed-role/Reader/CognitoIdentityCredentials is not authorized \
             to perform: s3:ListBucket on resource: &quot;arn:aws:s3:::jetbridge-private&quot; \
             because no identity-based policy allows the s3:ListBucket action"
        )
    );
}

#[tokio::test]
async fn whoever_does_not_sign_is_refused_and_a_warm_up_is_told_apart() {
    let bench = Bench::start().await;
    let url = format!("{}/jetbridge-demo?list-type=2", bench.origin);
    let anonymous = bench.client.get(&url).send().await.unwrap();
    assert_eq!(anonymous.status(), 403);
    assert_eq!(element(&anonymous.text().await.unwrap(), "Code"), Some("AccessDenied"));

    // Somebody who forgot to sign these has not warmed anything up: the log must show it.
    for (method, path, operation) in [
        (Method::HEAD, "/jetbridge-demo", "HeadBucket"),
        (Method::GET, "/jetbridge-demo?list-type=2&prefix=x", "ListObjectsV2"),
        (Method::GET, "/jetbridge-demo/key?list-type=2", "GetObject"),
        (Method::PUT, "/jetbridge-demo", "CreateBucket"),
        (Method::POST, "/jetbridge-demo/key", "unsupported"),
    ] {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let response = TowerToHyperService::new(bench.routes.clone()).call(request).await.unwrap();
        assert_eq!(response.extensions().get::<Operation>().unwrap().0, operation, "{path}");
    }
}

#[tokio::test]
async fn permission_is_asked_before_anything_is_missing() {
    let bench = Bench::start().await;
    let table = [
        (Method::GET, "/jetbridge-demo?acl", 501, "NotImplemented", "GetBucketAcl."),
        (Method::GET, "/jetbridge-demo/readme.txt?tagging", 501, "NotImplemented", "GetObjectTagging."),
        (Method::PUT, "/jetbridge-demo?policy", 403, "AccessDenied", "perform: s3:PutBucketPolicy on resource"),
        (Method::DELETE, "/jetbridge-demo", 403, "AccessDenied", "perform: s3:DeleteBucket on resource"),
        (Method::PUT, "/new-bucket", 403, "AccessDenied", "arn:aws:s3:::new-bucket"),
        (Method::PUT, "/jetbridge-private/k", 403, "AccessDenied", "perform: s3:PutObject on resource"),
        (Method::PUT, "/scale-10/k", 403, "AccessDenied", "perform: s3:PutObject on resource"),
        (Method::GET, "/jetbridge-private?acl", 403, "AccessDenied", "perform: s3:GetBucketAcl on resource"),
        (Method::GET, "/no-such-bucket?acl", 404, "NoSuchBucket", ""),
        (Method::PUT, "/no-such-bucket/k", 404, "NoSuchBucket", ""),
        (Method::PATCH, "/no-such-bucket/k", 405, "MethodNotAllowed", ""),
        (Method::GET, "/No_bucket/k", 400, "InvalidBucketName", ""),
    ];
    for (method, target, status, code, message) in table {
        let response = bench.send(method.clone(), target, &[]).await;
        let answered = response.status().as_u16();
        let xml = response.text().await.unwrap();
        assert_eq!((answered, element(&xml, "Code")), (status, Some(code)), "{method} {target}");
        assert!(element(&xml, "Message").unwrap().contains(message), "{method} {target}: {xml}");
    }
    let (_, xml) = bench.get(&format!("/jetbridge-demo/{}", "k".repeat(1025))).await;
    let fields = ["Code", "Size", "MaxSizeAllowed"].map(|name| element(&xml, name));
    assert_eq!(fields, [Some("KeyTooLongError"), Some("1025"), Some("1024")]);
}

#[tokio::test]
async fn a_listing_tells_what_was_asked_and_encodes_on_request() {
    let bench = Bench::start().await;
    let (status, xml) = bench
        .get("/jetbridge-demo?list-type=2&prefix=awkward/&delimiter=/&encoding-type=url&start-after=awkward%2F%20")
        .await;
    assert_eq!(status, 200);
    for (name, value) in [
        ("Name", "jetbridge-demo"),
        ("Prefix", "awkward/"),
        ("Delimiter", "/"),
        ("EncodingType", "url"),
        ("StartAfter", "awkward/+"),
        ("MaxKeys", "1000"),
        ("IsTruncated", "false"),
    ] {
        assert_eq!(element(&xml, name), Some(value), "{name}");
    }
    let keys: Vec<_> = xml.split("<Key>").skip(1).filter_map(|rest| rest.split("</Key>").next()).collect();
    for key in ["awkward/a%2Bb%3Dc.txt", "awkward/100%25+sure.txt", "awkward/line%0Abreak.txt", "awkward/caf%C3%A9.txt"]
    {
        assert!(keys.contains(&key), "{key} in {keys:?}");
    }
    let prefixes = xml.matches("<CommonPrefixes>").count();
    assert_eq!(element(&xml, "KeyCount").unwrap().parse::<usize>().unwrap(), keys.len() + prefixes);
    assert!(!xml.contains("<Owner>"));

    let (_, xml) = bench.get("/jetbridge-demo?list-type=2&max-keys=2&fetch-owner=true&prefix=awkward/angle").await;
    assert_eq!(element(&xml, "Key"), Some("awkward/angle &lt;brackets&gt; &amp; ampersand.xml"));
    assert!(element(&xml, "Owner").is_some());

    let (_, xml) = bench.get("/jetbridge-demo?list-type=2&max-keys=0").await;
    assert_eq!((element(&xml, "KeyCount"), element(&xml, "IsTruncated")), (Some("0"), Some("false")));
}

#[tokio::test]
async fn faults_spoil_one_request_each() {
    let bench = Bench::start().await;
    let list = "/jetbridge-demo?list-type=2";
    for (fault, status, code) in [
        (Fault::S3AccessDenied, 403, "AccessDenied"),
        (Fault::S3ExpiredToken, 400, "ExpiredToken"),
        (Fault::S3InvalidToken, 400, "InvalidToken"),
        (Fault::S3SlowDown, 503, "SlowDown"),
        (Fault::S3TemporaryRedirect, 307, "TemporaryRedirect"),
    ] {
        bench.shared.faults.inject(fault, 1);
        let (answered, xml) = bench.get(list).await;
        assert_eq!((answered, element(&xml, "Code")), (status, Some(code)));
        assert_eq!(bench.get(list).await.0, 200);
    }
}

#[tokio::test]
async fn a_cut_page_announces_more_than_it_sends() {
    let bench = Bench::start().await;
    let list = "/scale-1000?list-type=2";
    let whole = bench.get(list).await.1;
    bench.shared.faults.inject(Fault::S3PageCut, 1);
    let mut cut = bench.send(Method::GET, list, &[]).await;
    assert_eq!(cut.status(), 200);
    assert_eq!(cut.headers()["content-length"], whole.len().to_string().as_str());
    let mut received = 0;
    let ended = loop {
        match cut.chunk().await {
            Ok(Some(chunk)) => received += chunk.len(),
            other => break other,
        }
    };
    assert!(ended.is_err());
    assert!((1..=whole.len() / 2).contains(&received), "{received}");
    assert_eq!(bench.get(list).await.1.len(), whole.len());
}

#[tokio::test]
async fn credentials_end_with_their_hour() {
    let bench = Bench::start().await;
    bench.shared.clock.advance(Duration::from_secs(3601));
    let (status, xml) = bench.get("/jetbridge-demo?list-type=2").await;
    assert_eq!((status, element(&xml, "Code")), (400, Some("ExpiredToken")));
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let bench = Bench::start().await;
    let (status, xml) = bench.get("/jetbridge-demo/no%20%3Ckey%3E").await;
    assert_eq!((status, element(&xml, "Code"), element(&xml, "Key")), (404, Some("NoSuchKey"), Some("no &lt;key&gt;")));
    let (status, xml) = bench.get("/no-bucket?list-type=2").await;
    let named = (status, element(&xml, "Code"), element(&xml, "BucketName"));
    assert_eq!(named, (404, Some("NoSuchBucket"), Some("no-bucket")));
}

#[tokio::test]
async fn an_object_s_bytes_break_off_stall_or_change_on_their_way() {
    const PATH: &str = "/jetbridge-demo/reports/2026/summary.csv";
    let bench = Bench::start().await;
    let whole = bench.send(Method::GET, PATH, &[]).await.bytes().await.unwrap();
    for fault in [Fault::S3ObjectCut, Fault::S3ObjectStalled] {
        bench.shared.faults.inject(fault, 1);
        let mut answer = bench.send(Method::GET, PATH, &[]).await;
        assert_eq!(answer.headers()["content-length"], whole.len().to_string().as_str());
        let mut received = Vec::new();
        let ended = loop {
            match tokio::time::timeout(Duration::from_secs(1), answer.chunk()).await {
                Ok(Ok(Some(chunk))) => received.extend_from_slice(&chunk),
                other => break other,
            }
        };
        match fault {
            Fault::S3ObjectCut => assert!(matches!(ended, Ok(Err(_))), "{ended:?}"),
            _ => assert!(ended.is_err(), "{ended:?}"),
        }
        assert!(whole.starts_with(&received) && received.len() <= whole.len() / 2, "{}", received.len());
    }
    bench.shared.faults.inject(Fault::S3ObjectDamaged, 1);
    // What has no byte is left alone.
    assert_eq!(bench.send(Method::HEAD, PATH, &[]).await.status(), 200);
    let damaged = bench.send(Method::GET, PATH, &[]).await.bytes().await.unwrap();
    assert_eq!(damaged.len(), whole.len());
    let differing = damaged.iter().zip(&whole).map(|(found, right)| (found ^ right).count_ones()).sum::<u32>();
    assert_eq!(differing, 1, "one bit");
    assert_eq!(bench.send(Method::GET, PATH, &[]).await.bytes().await.unwrap(), whole);
}
