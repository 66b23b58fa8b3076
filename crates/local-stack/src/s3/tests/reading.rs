//! GetObject and HeadObject: parts of objects, conditions, and what they can be told to answer.

use super::*;

const PATH: &str = "/jetbridge-demo/reports/2026/summary.csv";
const SIZE: usize = 18_902;
const OTHER_TAG: &str = "\"00000000000000000000000000000000\"";
const LONG_AGO: &str = "Thu, 01 Jan 2015 00:00:00 GMT";

type Headers<'a> = Vec<(&'a str, &'a str)>;

/// The headers of an answer that say something of the object or of the answer's body.
fn told(response: &reqwest::Response) -> Vec<(String, String)> {
    let mut of_the_request = vec!["x-amz-request-id", "x-amz-id-2", "date"];
    // The server writes the length of what it does not send.
    of_the_request.extend((response.status() == 304).then_some("content-length"));
    let headers = response.headers().iter().filter(|(name, _)| !of_the_request.contains(&name.as_str()));
    let mut told: Vec<_> = headers
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    told.sort();
    told
}

#[tokio::test]
async fn head_answers_as_get_does_without_the_body() {
    let bench = Bench::start().await;
    let tag = bench.send(Method::HEAD, PATH, &[]).await.headers()["etag"].to_str().unwrap().to_owned();
    let cases: [(&str, Headers<'_>, u16); 11] = [
        ("", vec![], 200),
        ("", vec![("range", "bytes=100-199")], 206),
        ("", vec![("range", "bytes=-5")], 206),
        ("", vec![("range", "bytes=0-1,5-6")], 200),
        ("", vec![("range", "bytes=18902-")], 416),
        ("?partNumber=1", vec![], 206),
        ("?partNumber=2", vec![], 416),
        ("?response-content-type=text%2Fcsv", vec![], 200),
        ("", vec![("if-none-match", &tag)], 304),
        ("", vec![("if-match", OTHER_TAG)], 412),
        ("", vec![("range", "bytes=0-1"), ("if-match", &tag)], 206),
    ];
    for (query, headers, status) in cases {
        let target = format!("{PATH}{query}");
        let get = bench.send(Method::GET, &target, &headers).await;
        let head = bench.send(Method::HEAD, &target, &headers).await;
        assert_eq!((get.status().as_u16(), head.status().as_u16()), (status, status), "{target} {headers:?}");
        if status < 400 {
            assert_eq!(told(&head), told(&get), "{target} {headers:?}");
        }
        assert!(head.bytes().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn an_object_tells_how_it_is_kept() {
    let bench = Bench::start().await;
    let head = bench.send(Method::HEAD, PATH, &[]).await;
    for (name, value) in [
        ("accept-ranges", "bytes"),
        ("x-amz-server-side-encryption", "AES256"),
        ("content-type", "binary/octet-stream"),
        ("content-length", "18902"),
    ] {
        assert_eq!(head.headers()[name], value);
    }
    assert!(!head.headers().contains_key("content-range"));
}

#[tokio::test]
async fn the_only_part_of_an_object_is_all_of_it() {
    let bench = Bench::start().await;
    for number in ["1", "01"] {
        let part = bench.send(Method::GET, &format!("{PATH}?partNumber={number}"), &[]).await;
        assert_eq!(part.status(), 206);
        assert_eq!(part.headers()["content-range"], "bytes 0-18901/18902");
        // Only of objects that were uploaded in parts (GetObject, `PartsCount`), as those that are there from the start.
        assert_eq!(part.headers()["x-amz-mp-parts-count"], "1");
        assert_eq!(part.bytes().await.unwrap().len(), SIZE);
    }
    let (status, xml) = bench.get(&format!("{PATH}?partNumber=2")).await;
    assert_eq!((status, element(&xml, "Code")), (416, Some("InvalidPartNumber")));
    assert_eq!(element(&xml, "Message"), Some("The requested partnumber is not satisfiable"));
    assert_eq!(element(&xml, "PartNumberRequested"), Some("2"));
    assert_eq!(element(&xml, "ActualPartCount"), Some("1"));

    for number in ["0", "10001", "x", "", "-1", "%2B1"] {
        let (status, xml) = bench.get(&format!("{PATH}?partNumber={number}")).await;
        assert_eq!((status, element(&xml, "Code")), (400, Some("InvalidArgument")), "{number}");
        assert_eq!(element(&xml, "ArgumentName"), Some("partNumber"));
        assert_eq!(element(&xml, "ArgumentValue"), Some(number.replace("%2B", "+").as_str()));
    }
    let both = bench.send(Method::GET, &format!("{PATH}?partNumber=1"), &[("range", "bytes=0-1")]).await;
    assert_eq!(both.status(), 400);
    let xml = both.text().await.unwrap();
    let told = (element(&xml, "Code"), element(&xml, "Message"));
    assert_eq!(told, (Some("InvalidRequest"), Some("Cannot specify both Range header and partNumber query parameter")));
}

#[tokio::test]
async fn a_range_outside_is_told_with_the_size() {
    let bench = Bench::start().await;
    for (path, range, size) in
        [(PATH, "bytes=18902-", "18902"), (PATH, "bytes=-0", "18902"), ("/jetbridge-demo/empty.txt", "bytes=0-0", "0")]
    {
        let outside = bench.send(Method::GET, path, &[("range", range)]).await;
        assert_eq!(outside.status(), 416, "{range}");
        assert!(!outside.headers().contains_key("content-range"));
        let xml = outside.text().await.unwrap();
        let fields = ["Code", "RangeRequested", "ActualObjectSize"].map(|name| element(&xml, name));
        assert_eq!(fields, [Some("InvalidRange"), Some(range), Some(size)]);
    }
}

#[tokio::test]
async fn a_condition_that_does_not_hold_is_named() {
    let bench = Bench::start().await;
    let head = bench.send(Method::HEAD, PATH, &[]).await;
    let tag = head.headers()["etag"].to_str().unwrap();
    let modified = head.headers()["last-modified"].to_str().unwrap();
    let weak = format!("W/{tag}");
    let refused = [
        (vec![("if-match", OTHER_TAG)], "If-Match"),
        (vec![("if-match", &weak)], "If-Match"),
        (vec![("if-unmodified-since", LONG_AGO)], "If-Unmodified-Since"),
        (vec![("if-match", OTHER_TAG), ("if-unmodified-since", modified)], "If-Match"),
        // The conditions of the other kind do not come to it.
        (vec![("if-match", OTHER_TAG), ("if-none-match", tag)], "If-Match"),
    ];
    for (headers, condition) in refused {
        let answer = bench.send(Method::GET, PATH, &headers).await;
        assert_eq!(answer.status(), 412, "{headers:?}");
        let xml = answer.text().await.unwrap();
        let fields = ["Code", "Condition"].map(|name| element(&xml, name));
        assert_eq!(fields, [Some("PreconditionFailed"), Some(condition)], "{headers:?}");
    }
    let bare = tag.trim_matches('"');
    let answered = [
        (vec![("if-none-match", tag), ("if-modified-since", LONG_AGO)], 304),
        (vec![("if-none-match", bare)], 304),
        (vec![("if-none-match", &weak)], 304),
        (vec![("if-match", bare)], 200),
        (vec![("if-match", tag), ("if-modified-since", modified)], 304),
        (vec![("if-modified-since", "yesterday")], 200),
        (vec![("if-unmodified-since", "yesterday")], 200),
    ];
    for (headers, status) in answered {
        let answer = bench.send(Method::GET, PATH, &headers).await;
        assert_eq!(answer.status().as_u16(), status, "{headers:?}");
        assert_eq!(["etag", "last-modified"].map(|name| &answer.headers()[name]), [tag, modified]);
        if status == 304 {
            assert!(!answer.headers().contains_key("content-type"));
            assert!(answer.bytes().await.unwrap().is_empty());
        }
    }
    // What is not there meets no condition.
    let missing = bench.send(Method::GET, "/jetbridge-demo/missing", &[("if-match", OTHER_TAG)]).await;
    assert_eq!(missing.status(), 404);
}

#[tokio::test]
async fn headers_of_the_answer_can_be_asked_for() {
    let bench = Bench::start().await;
    let query = "?response-content-type=text%2Fcsv&response-cache-control=no-store&response-content-encoding=identity\
                 &response-content-disposition=attachment%3B%20filename%3D%22caf%C3%A9.csv%22\
                 &response-content-language=de&response-expires=Thu%2C%2001%20Jan%202026%2000%3A00%3A00%20GMT";
    let wanted: [(&str, &[u8]); 6] = [
        ("content-type", b"text/csv"),
        ("cache-control", b"no-store"),
        ("content-encoding", b"identity"),
        ("content-disposition", b"attachment; filename=\"caf\xe9.csv\""),
        ("content-language", b"de"),
        ("expires", b"Thu, 01 Jan 2026 00:00:00 GMT"),
    ];
    for (method, range) in [(Method::GET, None), (Method::HEAD, None), (Method::GET, Some(("range", "bytes=0-9")))] {
        let answer = bench.send(method.clone(), &format!("{PATH}{query}"), range.as_slice()).await;
        assert!(answer.status().is_success());
        for (name, value) in wanted {
            assert_eq!(answer.headers()[name].as_bytes(), value, "{method} {name}");
        }
    }
    let (status, xml) = bench.get(&format!("{PATH}?response-content-language=%E6%96%87")).await;
    let fields = ["Code", "ArgumentName", "ArgumentValue"].map(|name| element(&xml, name));
    assert_eq!((status, fields), (400, [Some("InvalidArgument"), Some("response-content-language"), Some("文")]));
    // An error keeps its own.
    let missing = bench.send(Method::GET, "/jetbridge-demo/missing?response-content-type=text%2Fcsv", &[]).await;
    assert_eq!(missing.headers()["content-type"], "application/xml");
}

#[tokio::test]
async fn how_an_object_is_encrypted_is_no_question_of_who_reads() {
    let bench = Bench::start().await;
    let target = format!("{PATH}?x-amz-server-side-encryption=AES256");
    let (status, xml) = bench.get(&target).await;
    let fields = ["Code", "ArgumentName", "ArgumentValue"].map(|name| element(&xml, name));
    assert_eq!(
        (status, fields),
        (400, [Some("InvalidArgument"), Some("x-amz-server-side-encryption"), Some("AES256")])
    );
    let (status, xml) = bench.get(&format!("{PATH}?x-amz-server-side-encryption-customer-algorithm=AES256")).await;
    assert_eq!((status, element(&xml, "Code")), (400, Some("InvalidRequest")));
}

#[tokio::test]
async fn a_checksum_is_told_of_all_of_an_object_and_on_request() {
    let bench = Bench::start().await;
    let target = "/jetbridge-demo/uploads/summed.txt";
    let put = bench.client.put(bench.presign(&Method::PUT, target)).body("hello").send().await;
    assert_eq!(put.map_err(reqwest::Error::without_url).unwrap().status(), 200);
    let with_mode = |mode: &str| format!("{target}?x-amz-checksum-mode={mode}");
    for (target, is_told) in [(target.to_owned(), false), (with_mode("ENABLED"), true), (with_mode("enabled"), true)] {
        for method in [Method::GET, Method::HEAD] {
            let answer = bench.send(method, &target, &[]).await;
            assert_eq!(answer.headers().contains_key("x-amz-checksum-crc64nvme"), is_told, "{target}");
        }
    }
    // Not even of a range that is all of it.
    for range in ["bytes=0-4", "bytes=0-", "bytes=1-"] {
        for method in [Method::GET, Method::HEAD] {
            let answer = bench.send(method, &with_mode("ENABLED"), &[("range", range)]).await;
            assert_eq!(answer.status(), 206);
            let told: Vec<_> = answer.headers().keys().filter(|name| name.as_str().contains("checksum")).collect();
            assert!(told.is_empty(), "{range}: {told:?}");
        }
    }
    let (status, xml) = bench.get(&with_mode("no")).await;
    let told = (element(&xml, "Code"), element(&xml, "Message"));
    assert_eq!(
        (status, told),
        (400, (Some("InvalidRequest"), Some("Value for x-amz-checksum-mode header is invalid.")))
    );
}

#[tokio::test]
async fn a_range_of_another_object_is_no_range() {
    let bench = Bench::start().await;
    let head = bench.send(Method::HEAD, PATH, &[]).await;
    let [tag, date] = ["etag", "last-modified"].map(|name| head.headers()[name].to_str().unwrap().to_owned());
    let weak = format!("W/{tag}");
    for (condition, status) in [
        (tag.as_str(), 206),
        (&date, 206),
        (OTHER_TAG, 200),
        (LONG_AGO, 200),
        (&weak, 200),
        ("*", 200),
        ("nonsense", 200),
    ] {
        let answer = bench.send(Method::GET, PATH, &[("range", "bytes=0-9"), ("if-range", condition)]).await;
        assert_eq!(answer.status(), status, "{condition}");
        assert_eq!(answer.bytes().await.unwrap().len(), if status == 206 { 10 } else { SIZE }, "{condition}");
    }
    // Without a range it says nothing.
    assert_eq!(bench.send(Method::GET, PATH, &[("if-range", OTHER_TAG)]).await.status(), 200);
}
