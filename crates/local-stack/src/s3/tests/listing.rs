//! ListObjects and ListObjectsV2 over the wire.

use super::*;

fn all<'a>(xml: &'a str, name: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    xml.split(&open).skip(1).filter_map(|rest| rest.split(&close).next()).collect()
}

/// The keys and common prefixes of a page.
fn names(xml: &str) -> (Vec<String>, Vec<String>) {
    let prefixes = all(xml, "CommonPrefixes").into_iter().filter_map(|entry| element(entry, "Prefix"));
    (all(xml, "Key").into_iter().map(str::to_owned).collect(), prefixes.map(str::to_owned).collect())
}

#[tokio::test]
async fn both_versions_list_the_same_at_every_size() {
    let bench = Bench::start().await;
    for parameters in ["", "&delimiter=/", "&prefix=awkward/&delimiter=/", "&prefix=reports/"] {
        let whole = names(&bench.get(&format!("/jetbridge-demo?list-type=2&encoding-type=url{parameters}")).await.1);
        for size in [1, 2, 7, 1000] {
            let mut marker = String::new();
            let mut joined = (Vec::new(), Vec::new());
            loop {
                let query = format!("encoding-type=url&max-keys={size}{parameters}&marker={marker}");
                let (status, xml) = bench.get(&format!("/jetbridge-demo?{query}")).await;
                assert_eq!(status, 200, "{xml}");
                assert_eq!(element(&xml, "Marker"), Some(marker.as_str()));
                let (keys, prefixes) = names(&xml);
                let last_key = keys.last().cloned();
                joined.0.extend(keys);
                joined.1.extend(prefixes);
                let next_marker = element(&xml, "NextMarker").map(str::to_owned);
                if element(&xml, "IsTruncated") == Some("false") {
                    assert_eq!(next_marker, None);
                    break;
                }
                // It is told only with a delimiter; else the last key is the marker.
                assert_eq!(next_marker.is_some(), parameters.contains("delimiter"), "{parameters}");
                marker = next_marker.or(last_key).unwrap();
            }
            assert_eq!(joined, whole, "{parameters} {size}");
        }
    }
}

#[tokio::test]
async fn the_first_version_has_its_own_elements() {
    let bench = Bench::start().await;
    let (status, xml) = bench.get("/jetbridge-demo?prefix=reports/&max-keys=1").await;
    assert_eq!((status, element(&xml, "MaxKeys"), element(&xml, "IsTruncated")), (200, Some("1"), Some("true")));
    assert_eq!(element(&xml, "Key"), Some("reports/2026/notes &amp; drafts.txt"));
    assert!(xml.contains("<Marker></Marker>") || xml.contains("<Marker/>"), "{xml}");
    let owner = element(&xml, "Owner").unwrap();
    assert!(owner.starts_with("<ID>") && !owner.contains("DisplayName"), "{owner}");
    assert!(!xml.contains("KeyCount") && !xml.contains("NextMarker") && !xml.contains("ContinuationToken"));
    // Any number but 2 is the first version.
    for list_type in ["1", "3", "", "x"] {
        let (status, xml) = bench.get(&format!("/jetbridge-demo?list-type={list_type}")).await;
        assert_eq!((status, xml.contains("<Marker"), xml.contains("KeyCount")), (200, true, false), "{list_type}");
    }
    // A marker need not exist; below a common prefix it is after all of it.
    for marker in ["reports/", "reports/2026", "reports/2026/q1.pdf"] {
        let (_, xml) = bench.get(&format!("/jetbridge-demo?delimiter=/&marker={marker}")).await;
        assert_eq!(names(&xml).1, ["shared/"], "{marker}");
    }
}

#[tokio::test]
async fn parameters_are_read_as_by_s3() {
    let bench = Bench::start().await;
    let not_an_integer = "Provided max-keys not an integer or within integer range";
    let out_of_range = "Argument maxKeys must be an integer between 0 and 2147483647";
    let encoding = "Invalid Encoding Method specified in Request";
    let table = [
        ("max-keys=abc", not_an_integer, "max-keys", Some("abc")),
        ("max-keys=%205", not_an_integer, "max-keys", Some(" 5")),
        ("max-keys=%2B5", not_an_integer, "max-keys", Some("+5")),
        ("max-keys=2147483648", not_an_integer, "max-keys", Some("2147483648")),
        ("max-keys=-1", out_of_range, "maxKeys", Some("-1")),
        ("encoding-type=xml", encoding, "encoding-type", Some("xml")),
        ("encoding-type=xml&max-keys=-1", encoding, "encoding-type", Some("xml")),
    ];
    for version in ["", "list-type=2&"] {
        for (query, message, argument, value) in table {
            let (status, xml) = bench.get(&format!("/jetbridge-demo?{version}{query}")).await;
            assert_eq!((status, element(&xml, "Code")), (400, Some("InvalidArgument")), "{query}");
            let fields = ["Message", "ArgumentName", "ArgumentValue"].map(|name| element(&xml, name));
            assert_eq!(fields, [Some(message), Some(argument), value], "{query}");
        }
        for (query, max_keys) in [("max-keys=", "1000"), ("max-keys=05", "5"), ("max-keys=2000", "2000"), ("", "1000")]
        {
            let (status, xml) = bench.get(&format!("/scale-1500?{version}{query}")).await;
            let listed: usize = all(&xml, "Key").len();
            assert_eq!((status, element(&xml, "MaxKeys")), (200, Some(max_keys)), "{query}");
            assert_eq!(listed, max_keys.parse::<usize>().unwrap().min(1000), "{query}");
        }
        // Of two values the first counts.
        let (_, xml) = bench.get(&format!("/scale-10?{version}max-keys=1&max-keys=x&prefix=batch&prefix=none")).await;
        assert_eq!((element(&xml, "MaxKeys"), element(&xml, "Prefix")), (Some("1"), Some("batch")));
        let (status, xml) = bench.get(&format!("/scale-10?{version}encoding-type=URL")).await;
        assert_eq!((status, element(&xml, "EncodingType")), (200, Some("URL")));
    }
    // Parameters of the other version, with or without a value, before the bucket is looked for.
    for (query, argument) in [
        ("start-after=x", "start-after"),
        ("continuation-token=", "continuation-token"),
        ("list-type=2&marker=", "marker"),
    ] {
        let (status, xml) = bench.get(&format!("/no-such-bucket?{query}")).await;
        let fields = ["Code", "ArgumentName", "ArgumentValue"].map(|name| element(&xml, name));
        assert_eq!((status, fields), (400, [Some("InvalidArgument"), Some(argument), None]), "{query}");
    }
    assert_eq!(bench.get("/no-such-bucket?max-keys=abc").await.0, 400);
    assert_eq!(bench.get("/no-such-bucket?max-keys=-1").await.0, 404);
    let (_, xml) = bench.get("/jetbridge-demo?list-type=2&continuation-token=").await;
    assert_eq!(element(&xml, "ArgumentName"), Some("continuation-token"));
    // `true` and nothing else asks for the owner, in the second version alone.
    for (value, has_owner) in [("true", true), ("false", false), ("TRUE", false), ("1", false), ("", false)] {
        let (status, xml) = bench.get(&format!("/scale-1?list-type=2&fetch-owner={value}")).await;
        assert_eq!((status, xml.contains("<Owner>")), (200, has_owner), "{value}");
    }
}

#[tokio::test]
async fn buckets_come_in_pages_and_by_prefix() {
    let bench = Bench::start().await;
    let listed = |xml: &str| all(xml, "Name").into_iter().map(str::to_owned).collect::<Vec<_>>();
    let (status, xml) = bench.get("/").await;
    assert_eq!((status, listed(&xml)), (200, vec!["jetbridge-demo".to_owned(), "jetbridge-private".to_owned()]));
    // Where a bucket is stands there only if something was asked for.
    assert!(!xml.contains("BucketRegion") && !xml.contains("ContinuationToken"), "{xml}");
    let (_, xml) = bench.get("/?prefix=jetbridge-d").await;
    assert_eq!((listed(&xml), element(&xml, "BucketRegion")), (vec!["jetbridge-demo".to_owned()], Some("us-west-2")));
    assert_eq!(element(&xml, "Prefix"), Some("jetbridge-d"));
    let (_, xml) = bench.get("/?max-buckets=1").await;
    let token = element(&xml, "ContinuationToken").unwrap().to_owned();
    assert_eq!(listed(&xml), ["jetbridge-demo"]);
    let (_, xml) = bench.get(&format!("/?max-buckets=1&bucket-region=us-west-2&continuation-token={token}")).await;
    assert_eq!((listed(&xml), element(&xml, "ContinuationToken")), (vec!["jetbridge-private".to_owned()], None));
    for (query, argument) in [
        ("max-buckets=0", "max-buckets"),
        ("max-buckets=10001", "max-buckets"),
        ("max-buckets=x", "max-buckets"),
        ("bucket-region=eu-west-1", "bucket-region"),
        ("continuation-token=AAAA", "continuation-token"),
    ] {
        let (status, xml) = bench.get(&format!("/?{query}")).await;
        let fields = ["Code", "ArgumentName"].map(|name| element(&xml, name));
        assert_eq!((status, fields), (400, [Some("InvalidArgument"), Some(argument)]), "{query}");
    }
}
