//! Presigned URLs over real HTTP ("Authenticating Requests: Using Query Parameters", S3 API reference). Which sentence goes
//! with which fault of the signature itself is tested in `sigv4`.

use super::*;

const PATH: &str = "/jetbridge-demo/readme.txt";

impl Bench {
    /// Sends `url` as somebody who has nothing but the URL. It holds the session token, which test output must not show.
    async fn follow(&self, method: Method, url: Url, headers: &[(&str, &str)]) -> (u16, String) {
        let request = self.client.request(method, url);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let response = request.send().await.map_err(reqwest::Error::without_url).unwrap();
        (response.status().as_u16(), response.text().await.map_err(reqwest::Error::without_url).unwrap())
    }
}

/// The same URL with one parameter more or another value of it.
fn with_parameter(url: &Url, name: &str, value: &str) -> Url {
    let pairs: Vec<_> = url.query_pairs().into_owned().filter(|(other, _)| other != name).collect();
    let mut changed = url.clone();
    changed.query_pairs_mut().clear().extend_pairs(pairs).append_pair(name, value);
    changed
}

#[tokio::test]
async fn whoever_has_the_url_may_do_what_it_says_and_nothing_else() {
    let bench = Bench::start().await;
    for method in [Method::GET, Method::HEAD] {
        let url = bench.presign(&method, PATH);
        assert_eq!(bench.follow(method.clone(), url, &[]).await.0, 200, "{method}");
    }
    // The bytes can be chosen: headers of HTTP's own need no signature.
    let url = bench.presign(&Method::GET, PATH);
    assert_eq!(bench.follow(Method::GET, url.clone(), &[("range", "bytes=0-3")]).await.0, 206);

    let mut other_key = url.clone();
    other_key.set_path("/jetbridge-demo/shared/welcome.txt");
    let refused = [
        (Method::PUT, url.clone()),
        (Method::DELETE, url.clone()),
        (Method::GET, other_key),
        (Method::GET, with_parameter(&url, "response-content-type", "text/html")),
        (Method::GET, with_parameter(&url, "X-Amz-Expires", "61")),
        (Method::GET, with_parameter(&url, "X-Amz-Signature", &"0".repeat(64))),
    ];
    for (method, url) in refused {
        let (status, xml) = bench.follow(method.clone(), url, &[]).await;
        assert_eq!((status, element(&xml, "Code")), (403, Some("SignatureDoesNotMatch")), "{method}");
    }
    let (status, xml) = bench.follow(Method::GET, url.clone(), &[("x-amz-expected-bucket-owner", "1")]).await;
    assert_eq!((status, element(&xml, "Code")), (403, Some("AccessDenied")));
    assert_eq!(element(&xml, "HeadersNotSigned"), Some("x-amz-expected-bucket-owner"));
    let authorization = ("authorization", "AWS4-HMAC-SHA256 Credential=x");
    let (status, xml) = bench.follow(Method::GET, url, &[authorization]).await;
    let fields = ["Code", "ArgumentName"].map(|name| element(&xml, name));
    assert_eq!((status, fields), (400, [Some("InvalidArgument"), Some("Authorization")]));
}

#[tokio::test]
async fn an_upload_is_presigned_with_its_own_method() {
    let bench = Bench::start().await;
    let url = bench.presign(&Method::PUT, "/jetbridge-demo/uploads/new.txt");
    let (status, xml) = bench.follow(Method::GET, url, &[]).await;
    assert_eq!((status, element(&xml, "Code")), (403, Some("SignatureDoesNotMatch")));
    // The policies are asked as with any other request.
    let url = bench.presign(&Method::PUT, "/jetbridge-private/new.txt");
    let (status, xml) = bench.follow(Method::PUT, url, &[]).await;
    assert_eq!((status, element(&xml, "Code")), (403, Some("AccessDenied")));
    // Presigners put headers into the query, and S3 takes them from there.
    let url = bench.presign(&Method::PUT, "/jetbridge-demo/uploads/copy.txt?X-Amz-Copy-Source=jetbridge-private%2Fk");
    let (status, xml) = bench.follow(Method::PUT, url, &[]).await;
    assert!(status == 403 && element(&xml, "Message").unwrap().contains("s3:GetObject on resource"), "{xml}");
}

#[tokio::test]
async fn a_url_has_its_time() {
    let bench = Bench::start().await;
    let url = bench.presign(&Method::GET, PATH);
    bench.shared.clock.advance(Duration::from_secs(30));
    assert_eq!(bench.follow(Method::GET, url.clone(), &[]).await.0, 200);
    bench.shared.clock.advance(Duration::from_secs(3600));
    let (status, xml) = bench.follow(Method::GET, url, &[]).await;
    let fields = ["Code", "Message", "X-Amz-Expires"].map(|name| element(&xml, name));
    assert_eq!((status, fields), (403, [Some("AccessDenied"), Some("Request has expired"), Some("60")]));
    assert!(element(&xml, "Expires").is_some() && element(&xml, "ServerTime").is_some(), "{xml}");

    // From a clock that is ahead by more than 15 minutes.
    bench.shared.clock.set_offset_seconds(16 * 60);
    let url = bench.presign(&Method::GET, PATH);
    bench.shared.clock.set_offset_seconds(0);
    let (status, xml) = bench.follow(Method::GET, url, &[]).await;
    let fields = ["Code", "Message"].map(|name| element(&xml, name));
    assert_eq!((status, fields), (403, [Some("AccessDenied"), Some("Request is not yet valid")]));
}
