//! Answers that came whole and still are none: somebody else's pages, documents that cannot be meant, text in forms that
//! few servers use.

use std::io::Seek as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jetbridge::{ListObjects, ListedObject, Session, SessionError};
use serde_json::{Value, json};
use tracing_subscriber::util::SubscriberInitExt as _;

use super::server::{Answer, Server};

const XML: &str = "application/xml";
const IDENTITY: &str = "us-west-2:99999999-8888-7777-6666-555555555555";

fn response(status: u16, head: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    [format!("HTTP/1.1 {status} Said\r\n{head}Content-Length: {length}\r\nConnection: close\r\n\r\n").as_bytes(), body]
        .concat()
}

fn document(kind: &str, body: &str) -> Vec<u8> {
    response(200, &format!("Content-Type: {kind}\r\n"), body.as_bytes())
}

fn page(inside: &str) -> Vec<u8> {
    document(XML, &format!("<ListBucketResult>{inside}</ListBucketResult>"))
}

async fn first_page(session: &Session) -> Result<Vec<ListedObject>, SessionError> {
    let page = session.list_objects(ListObjects::default()).next_page().await?;
    Ok(page.unwrap().objects)
}

/// Asks once more with every bucket answering so; tells how often it was asked.
async fn list_from(
    server: &Server,
    session: &Session,
    answer: Vec<u8>,
) -> (Result<Vec<ListedObject>, SessionError>, usize) {
    server.serve_buckets(move |_| answer.clone());
    server.take_asked();
    let listed = first_page(session).await;
    (listed, server.take_asked().iter().filter(|asked| **asked == "ListObjectsV2").count())
}

fn told(error: &SessionError) -> String {
    format!("{error} {}", error.hint().unwrap_or_default())
}

const HTML: &str = "Content-Type: text/html; charset=utf-8\r\n";
const PORTAL: &[u8] = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><br>Welcome</body></html>";

/// A captive portal, a web filter, a proxy with words of its own: status and what it says it is.
fn foreign_answers() -> Vec<(Vec<u8>, &'static str)> {
    vec![
        (response(200, HTML, PORTAL), "HTTP status 200, text/html"),
        (response(200, HTML, b"<HTML><BODY bgcolor=white>"), "HTTP status 200, text/html"),
        (response(200, "", b"\x1f\x8b\x08\x00\x00\x00"), "HTTP status 200, no content type"),
        (response(200, "Content-Type: text/plain\r\n", b"blocked"), "HTTP status 200, text/plain"),
        (response(403, HTML, PORTAL), "HTTP status 403, text/html"),
        (response(404, HTML, b"<html>no</html>"), "HTTP status 404, text/html"),
        (response(511, HTML, PORTAL), "HTTP status 511, text/html"),
        (response(302, "Location: https://portal.example/\r\n", b""), "HTTP status 302, no content type"),
        (response(301, HTML, PORTAL), "HTTP status 301, text/html"),
        (response(307, "Location: https://portal.example/\r\n", PORTAL), "HTTP status 307, no content type"),
    ]
}

/// On this machine nobody is in between: it is somebody else that the configuration leads to.
fn assert_somebody_else(error: &SessionError, setting: &str, who: &str, what: &str) {
    assert!(
        matches!(error, SessionError::Misconfigured { setting: named, .. } if named == setting),
        "{what}: {error:?}"
    );
    let told = told(error);
    assert!(told.contains(what) && told.contains(who), "{told}");
    for wrong in ["report", "IAM", "role", "region", "between"] {
        assert!(!told.contains(wrong), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_answers_in_the_place_of_s3_is_told_as_such_and_not_asked_again() {
    let server = Server::start().await;
    let session = server.signed_in().await;
    let json = document("application/json", "{\"error\": \"blocked\"}");
    let other = [
        (json, "HTTP status 200, application/json"),
        (document(XML, "<WISPAccessGatewayParam/>"), "HTTP status 200, application/xml"),
        (
            response(403, "Content-Type: application/json\r\n", b"{\"blocked\": true}"),
            "HTTP status 403, application/json",
        ),
    ];
    for (answer, what) in foreign_answers().into_iter().chain(other) {
        let (listed, asked) = list_from(&server, &session, answer).await;
        assert_somebody_else(&listed.unwrap_err(), "Storage.AWSS3.endpoint", "is not S3", what);
        assert_eq!(asked, 1, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_answers_in_the_place_of_cognito_is_told_as_such() {
    let server = Server::start().await;
    let session = server.signed_in().await;
    let blocked = response(403, "Content-Type: application/json\r\n", b"{\"blocked\": true}");
    let other = [(blocked, "HTTP status 403, application/json")];
    for operation in ["GetId", "GetCredentialsForIdentity"] {
        for (answer, what) in foreign_answers().into_iter().chain(other.clone()) {
            server.answer(operation, Answer::Bytes(answer));
            server.take_asked();
            let error = session.aws_credentials().await.unwrap_err();
            assert_somebody_else(&error, "Auth.identityPoolEndpoint", "is not Amazon Cognito", what);
            assert_eq!(server.take_asked().iter().filter(|asked| **asked == operation).count(), 1, "{what}");
        }
        server.behave();
    }
    session.aws_credentials().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_in_few_words_stay_refusals() {
    let server = Server::start().await;
    let session = server.signed_in().await;
    for (answer, kind) in [
        (response(503, HTML, b"<html>Bad gateway</html>"), "retryable"),
        (response(403, "", b""), "access_denied"),
        // Of what is not there S3 says more.
        (response(404, "", b""), "misconfigured"),
        (response(404, "x-amz-request-id: A1\r\n", b""), "not_found"),
        (response(403, "x-amz-request-id: A1\r\n", b"no"), "access_denied"),
        (response(301, "x-amz-bucket-region: eu-west-1\r\n", b""), "misconfigured"),
        (response(403, "", b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>"), "access_denied"),
        (response(403, "", b"<Error><Code><![CDATA[Access]]>Denied</Code></Error>"), "access_denied"),
        // One that is cut off says nothing.
        (response(403, "", b"<Error><Code>AccessDenied</Code>"), "retryable"),
    ] {
        let error = list_from(&server, &session, answer.clone()).await.0.unwrap_err();
        assert_eq!(error.kind(), kind, "{:?}: {error:?}", String::from_utf8_lossy(&answer));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_cannot_be_meant_are_the_servers_fault() {
    let server = Server::start().await;
    let session = server.signed_in().await;
    let object = |inside: &str| page(&format!("<Contents><Key>a</Key>{inside}</Contents>"));
    for answer in [
        object("<Size>1</Size><LastModified>yesterday</LastModified>"),
        object("<Size>many</Size>"),
        page("<IsTruncated>perhaps</IsTruncated>"),
        // More, but not where.
        page("<IsTruncated>true</IsTruncated><Contents><Key>a</Key></Contents>"),
        page("<IsTruncated>true</IsTruncated><NextContinuationToken></NextContinuationToken>"),
        page("<Contents><Size>1</Size></Contents>"),
        page("<Contents><Key>a&nosuch;b</Key></Contents>"),
        document(XML, ""),
        response(204, "", b""),
    ] {
        let error = list_from(&server, &session, answer.clone()).await.0.unwrap_err();
        let told = told(&error);
        assert_eq!(error.kind(), "retryable", "{:?}: {told}", String::from_utf8_lossy(&answer));
        assert!(!told.contains("report") && told.contains("answer of S3"), "{told}");
    }
}

/// Whoever deletes all below a folder takes a listing at its word.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_knows_no_prefixes_lists_nothing_below_one() {
    let server = Server::start().await;
    let session = server.signed_in().await;
    let key = |key: &str| format!("<Contents><Key>{key}</Key><Size>1</Size></Contents>");
    let common = "<CommonPrefixes><Prefix>other/</Prefix></CommonPrefixes>";
    let mine = key("mine/a");
    for (inside, is_right) in
        [(mine.clone(), true), (mine.clone() + &key("other/b"), false), (mine + common, false), (String::new(), true)]
    {
        let answer = page(&inside);
        server.serve_buckets(move |_| answer.clone());
        let below = ListObjects { prefix: Some("mine/".to_owned()), ..ListObjects::default() };
        match session.list_objects(below).next_page().await {
            Ok(_) => assert!(is_right, "{inside}"),
            Err(error) => {
                let told = told(&error);
                assert!(!is_right && told.contains("do not begin as those that were asked for"), "{inside}: {told}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_in_cognitos_answers_is_named_and_keys_that_ended_are_not_given() {
    let server = Server::start().await;
    let session = server.signed_in().await;
    let credentials = |change: &dyn Fn(&mut Value)| {
        let mut answer = json!({"IdentityId": IDENTITY, "Credentials": {"AccessKeyId": "ASIAHOSTILE000000000",
            "SecretKey": "not-a-secret", "SessionToken": "not-a-token", "Expiration": 4_102_444_800_u64}});
        change(&mut answer);
        answer
    };
    let without = |name: &'static str| {
        credentials(&move |answer| drop(answer["Credentials"].as_object_mut().unwrap().remove(name)))
    };
    let ended = |at: i64| credentials(&move |answer| answer["Credentials"]["Expiration"] = at.into());
    let cases = [
        ("GetId", json!({}), "GetId without an IdentityId"),
        ("GetCredentialsForIdentity", json!({"IdentityId": IDENTITY}), "without Credentials"),
        ("GetCredentialsForIdentity", without("Expiration"), "without an Expiration"),
        ("GetCredentialsForIdentity", without("SecretKey"), "without a SecretKey"),
        (
            "GetCredentialsForIdentity",
            credentials(&|answer| answer["IdentityId"] = json!(null)),
            "without an IdentityId",
        ),
        ("GetCredentialsForIdentity", ended(1_700_000_000), "ended at Tue, 14 Nov 2023 22:13:20 GMT"),
        ("GetCredentialsForIdentity", ended(0), "ended at Thu, 01 Jan 1970"),
        ("GetCredentialsForIdentity", ended(-1), "ended"),
    ];
    for (operation, answer, words) in cases {
        server.behave();
        server.answer(operation, Answer::Json(200, answer));
        let error = session.aws_credentials().await.unwrap_err();
        let told = told(&error);
        assert_eq!(error.kind(), "retryable", "{told}");
        assert!(told.contains(words) && told.contains("Cognito") && !told.contains("report"), "{words}: {told}");
    }
    server.behave();
    session.aws_credentials().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn text_is_what_xml_says_it_is_and_unknown_is_unknown() {
    let server = Server::start().await;
    let session = server.signed_in().await;
    server.serve_buckets(|target| {
        if !target.contains("continuation-token=ab%3Ccd%3Eef") {
            return page(
                "<IsTruncated><!-- yes -->true</IsTruncated>
                 <NextContinuationToken>ab<![CDATA[<cd>]]>ef</NextContinuationToken>
                 <Contents><Key><![CDATA[a&b]]></Key><Size><?some thing?>7</Size></Contents>
                 <Contents><Key>c<!-- <Key>no</Key> -->d</Key></Contents>",
            );
        }
        page("<Contents><Key>e</Key><Size>-1</Size></Contents>")
    });
    let mut pages = session.list_objects(ListObjects::default());
    let mut objects = Vec::new();
    while let Some(page) = pages.next_page().await.unwrap() {
        objects.extend(page.objects.into_iter().map(|object| (object.key.clone(), object.known_size(), object.size)));
    }
    assert_eq!(objects, [("a&b".to_owned(), Some(7), 7), ("cd".to_owned(), None, 0), ("e".to_owned(), None, 0)]);

    // A code in CDATA is understood: the keys are renewed.
    let refusal = b"<Error><Code><![CDATA[ExpiredToken]]></Code></Error>";
    let (listed, _) = list_from(&server, &session, response(400, "", refusal)).await;
    assert!(listed.is_err());
    server.serve_buckets(|_| response(400, "", refusal));
    first_page(&session).await.unwrap_err();
    assert!(server.take_asked().contains(&"GetCredentialsForIdentity"));
}

/// On one thread, so that whatever is logged is seen here.
#[tokio::test]
async fn a_try_that_failed_before_one_that_did_not_is_no_error_in_anybodys_log() {
    let server = Server::start().await;
    let session = server.signed_in().await;
    let logged = Arc::new(tempfile::tempfile().unwrap());
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::WARN)
        .with_writer(Arc::clone(&logged));
    let capturing = subscriber.set_default();
    for failure in [response(500, "", b""), document(XML, "<ListBucketResult>")] {
        let asked = AtomicUsize::new(0);
        server.serve_buckets(move |_| match asked.fetch_add(1, Ordering::Relaxed) {
            0 => failure.clone(),
            _ => page("<Contents><Key>a</Key></Contents>"),
        });
        assert_eq!(first_page(&session).await.unwrap().len(), 1);
    }
    drop(capturing);
    let mut logged = logged.as_ref();
    logged.rewind().unwrap();
    assert_eq!(std::io::read_to_string(logged).unwrap(), "");
}

/// With another token each time, so that none is the same place again.
#[tokio::test(flavor = "multi_thread")]
async fn a_listing_of_nothing_that_never_ends_is_an_error() {
    let server = Server::start_in("eu-north-1").await;
    let session = server.signed_in().await;
    let number = AtomicUsize::new(0);
    server.serve_buckets(move |_| {
        let next = number.fetch_add(1, Ordering::SeqCst);
        page(&format!("<IsTruncated>true</IsTruncated><NextContinuationToken>t{next}</NextContinuationToken>"))
    });
    for parallel in [None, Some(8)] {
        let mut pages = session.list_objects(ListObjects { parallel, ..ListObjects::default() });
        let error = loop {
            match pages.next_page().await {
                Ok(page) => assert!(page.unwrap().objects.is_empty()),
                Err(error) => break error,
            }
        };
        assert!(error.kind() == "retryable" && error.to_string().contains("nothing in them"), "{error}");
        assert!(pages.next_page().await.unwrap().is_none());
    }
}

/// What a server lists of keys, in its own order, in pages of five of which every other one is empty. It knows `start-after` if
/// it has an order.
fn serve_keys(server: &Server, keys: Vec<String>) {
    let has_order = keys.is_sorted();
    server.serve_buckets(move |asked| {
        let query = asked.split_once('?').unwrap().1;
        let value = |name| url::form_urlencoded::parse(query.as_bytes()).find(|(found, _)| found == name);
        let after = value("start-after")
            .filter(|_| has_order)
            .map_or(0, |(_, after)| keys.partition_point(|key| **key <= *after));
        let token = value("continuation-token").map(|(_, token)| token.into_owned());
        let (begin, is_empty) = token.as_deref().map_or((after, false), |token| match token.strip_suffix(" empty") {
            Some(begin) => (begin.parse().unwrap(), true),
            None => (token.parse().unwrap(), false),
        });
        let end = if is_empty { begin } else { keys.len().min(begin + 5) };
        let objects = keys[begin..end].iter().map(|key| format!("<Contents><Key>{key}</Key></Contents>"));
        let next = format!("{end}{}", if is_empty { "" } else { " empty" });
        let more = format!("<IsTruncated>true</IsTruncated><NextContinuationToken>{next}</NextContinuationToken>");
        page(&(objects.collect::<String>() + if end < keys.len() { &more } else { "" }))
    });
}

/// As S3's directory buckets have none; with and without one, empty pages in between are no end.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_order_is_listed_in_its_own_by_any_number_of_requests() {
    let server = Server::start().await;
    let session = server.signed_in().await;
    let sorted: Vec<String> = (100..600).map(|number| format!("key-{number}")).collect();
    let mut shuffled = sorted.clone();
    shuffled.sort_by_key(|key| key.bytes().rev().collect::<Vec<_>>());
    // It looks like an order at first.
    let mut late = sorted.clone();
    late[12..].reverse();
    for keys in [sorted, shuffled, late] {
        serve_keys(&server, keys.clone());
        for parallel in [None, Some(8)] {
            let mut pages = session.list_objects(ListObjects { parallel, ..ListObjects::default() });
            let mut listed = Vec::new();
            while let Some(page) = pages.next_page().await.unwrap() {
                listed.extend(page.objects.into_iter().map(|object| object.key));
            }
            assert!(listed == keys, "{parallel:?} {listed:?}");
        }
    }
}
