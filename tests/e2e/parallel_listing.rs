//! Listings with several requests at a time: what one request after the other lists, in the same order, for few requests more.

use std::time::Duration;

use futures_util::FutureExt as _;
use jetbridge::{ListObjects, ObjectPages, PutObject, Session, SessionError};
use jetbridge_local_stack::Fault;

use crate::bench::{ALICE, Bench};

/// Of which a bucket of some thousand objects has as many as one of 100,000 has of 1,000.
const PAGE: u32 = 100;

fn of(bucket: &str) -> ListObjects {
    ListObjects { bucket: Some(bucket.to_owned()), page_size: Some(PAGE), ..ListObjects::default() }
}

fn parallel(request: &ListObjects) -> ListObjects {
    ListObjects { parallel: Some(8), ..request.clone() }
}

/// Keys and common prefixes, each in the order in which they came, and how it ended.
async fn read(mut pages: ObjectPages) -> (Vec<String>, Vec<String>, Result<(), SessionError>) {
    let (mut keys, mut prefixes) = (Vec::new(), Vec::new());
    loop {
        match pages.next_page().await {
            Ok(Some(page)) => {
                keys.extend(page.objects.into_iter().map(|object| object.key));
                prefixes.extend(page.common_prefixes);
            }
            Ok(None) => return (keys, prefixes, Ok(())),
            Err(error) => {
                assert_eq!(pages.next_page().await.unwrap(), None, "after an error the listing is over");
                return (keys, prefixes, Err(error));
            }
        }
    }
}

/// Lists it whole, and counts the requests.
async fn list(bench: &Bench, session: &Session, request: ListObjects) -> ((Vec<String>, Vec<String>), usize) {
    bench.stack.log().clear();
    let (keys, prefixes, end) = read(session.list_objects(request)).await;
    end.unwrap();
    ((keys, prefixes), bench.count("ListObjectsV2"))
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_the_same_in_the_same_order_for_few_requests_more() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    for bucket in ["scale-uuids-10000", "scale-dates-10000", "scale-deep-10000", "scale-10000"] {
        let (expected, requests) = list(&bench, &session, of(bucket)).await;
        assert_eq!((expected.0.len(), requests), (10_000, 100), "{bucket}");
        // Answers that take their time overlap.
        bench.stack.set_latency(Duration::from_millis(30));
        let (listed, requests) = list(&bench, &session, parallel(&of(bucket))).await;
        bench.stack.set_latency(Duration::ZERO);
        let chain = bench.stack.log().sequential_round_trips().len();
        assert!(listed == expected, "{bucket}");
        assert!(requests <= 130 && chain < 50, "{bucket}: {requests} requests, {chain} of them one after the other");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_prefixes_and_limits_are_kept() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    let slash = || Some("/".to_owned());
    let requests = [
        ListObjects { delimiter: slash(), page_size: Some(10), ..of("scale-300000") },
        ListObjects { prefix: Some("logs/2026/07/1".to_owned()), ..of("scale-dates-10000") },
        ListObjects {
            prefix: Some("logs/2026/".to_owned()),
            delimiter: slash(),
            page_size: Some(1),
            ..of("scale-dates-10000")
        },
        ListObjects { prefix: Some("logs/2027/".to_owned()), ..of("scale-dates-10000") },
        ListObjects { delimiter: Some("-".to_owned()), ..of("scale-uuids-5000") },
        ListObjects { limit: Some(2_345), ..of("scale-deep-10000") },
        of("scale-0"),
    ];
    for request in requests {
        let (expected, requests) = list(&bench, &session, request.clone()).await;
        let (listed, more) = list(&bench, &session, parallel(&request)).await;
        assert!(listed == expected, "{request:?}: {} {}", listed.0.len(), listed.1.len());
        assert!(more * 10 <= requests * 13 + 30, "{request:?}: {more} and not {requests}");
    }
    // What fits into a page is one request.
    for limit in [0, 1, 100] {
        let (_, requests) =
            list(&bench, &session, parallel(&ListObjects { limit: Some(limit), ..of("scale-5000") })).await;
        assert_eq!(requests, usize::from(limit > 0), "{limit}");
    }
}

/// One after the other it would be listed: so it is with as many at a time as S3 takes.
#[tokio::test(flavor = "multi_thread")]
async fn s3_is_asked_for_less_at_a_time_where_it_limits_the_rate() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    let (expected, _) = list(&bench, &session, of("scale-uuids-5000")).await;
    bench.stack.set_latency(Duration::from_millis(30));
    bench.stack.set_most_requests_to_s3(Some(2));
    let (listed, requests) = list(&bench, &session, parallel(&of("scale-uuids-5000"))).await;
    assert!(listed == expected && requests > 50, "{requests}");
    // None at all is nothing that fewer help against.
    bench.stack.set_most_requests_to_s3(Some(0));
    let (keys, _, end) = read(session.list_objects(parallel(&of("scale-uuids-5000")))).await;
    assert!(keys.is_empty() && matches!(end, Err(SessionError::Retryable { .. })), "{end:?}");
}

/// In an order that is not that of UTF-16, up to the last that S3 takes.
#[tokio::test(flavor = "multi_thread")]
async fn keys_of_any_characters_and_length_are_listed() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    let letters = ["", "a", "z/", "é", "\u{7ff}", "\u{e000}", "\u{ffff}", "\u{10000}", "🚀", "\u{10ffff}", "\n", "+ %"];
    let keys = letters.iter().flat_map(|first| letters.iter().map(move |second| format!("odd/{first}{second}x")));
    let long = "l".repeat(1023 - "odd/".len());
    let keys = keys.chain(["a", "b", "~"].map(|last| format!("odd/{long}{last}")));
    let mut keys: Vec<String> = keys.collect();
    for key in &keys {
        session.put_object(PutObject::from(key.as_str()), "").await.unwrap();
    }
    keys.sort_unstable();
    keys.dedup();
    for page_size in [1, 4, 10] {
        for delimiter in [None, Some("/".to_owned())] {
            let prefix = Some("odd/".to_owned());
            let request = ListObjects { prefix, delimiter, page_size: Some(page_size), ..ListObjects::default() };
            let (expected, _) = list(&bench, &session, request.clone()).await;
            assert!(request.delimiter.is_some() || expected.0 == keys);
            let (listed, _) = list(&bench, &session, parallel(&request)).await;
            assert_eq!(listed, expected, "{request:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_end_in_the_middle_are_renewed_once() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    let (expected, _) = list(&bench, &session, of("scale-uuids-5000")).await;
    let mut pages = session.list_objects(parallel(&of("scale-uuids-5000")));
    let mut first = Vec::new();
    for _ in 0..10 {
        first.extend(pages.next_page().await.unwrap().unwrap().objects.into_iter().map(|object| object.key));
    }
    bench.let_time_pass(Duration::from_secs(2 * 3600));
    bench.stack.log().clear();
    let (rest, _, end) = read(pages).await;
    end.unwrap();
    assert_eq!(bench.count("GetCredentialsForIdentity"), 1);
    assert!([first, rest].concat() == expected.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_comes_after_the_pages_before_it() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    let (expected, _) = list(&bench, &session, of("scale-uuids-5000")).await;
    // Few at a time: the SDK counts what it repeats, for all tests of this process.
    let request = ListObjects { parallel: Some(3), ..of("scale-uuids-5000") };
    for (fault, kind) in [(Fault::S3AccessDenied, "access_denied"), (Fault::S3PageCut, "retryable")] {
        let mut pages = session.list_objects(request.clone());
        let mut listed = Vec::new();
        for _ in 0..5 {
            listed.extend(pages.next_page().await.unwrap().unwrap().objects.into_iter().map(|object| object.key));
        }
        bench.stack.faults().inject(fault, 1000);
        let (rest, _, end) = read(pages).await;
        listed.extend(rest);
        assert_eq!(end.unwrap_err().kind(), kind);
        assert!(listed.len() < 5000 && listed == expected.0[..listed.len()], "{}", listed.len());
        bench.stack.faults().inject(fault, 0);
        // One broken answer is only a delay.
        if fault == Fault::S3PageCut {
            bench.stack.faults().inject(fault, 1);
            assert!(list(&bench, &session, request.clone()).await.0 == expected);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_stops_waiting_loses_nothing() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    let (expected, _) = list(&bench, &session, of("scale-uuids-3000")).await;
    let mut pages = session.list_objects(parallel(&of("scale-uuids-3000")));
    let (mut listed, mut gone) = (Vec::new(), 0);
    loop {
        match pages.next_page().now_or_never() {
            Some(page) => match page.unwrap() {
                Some(page) => listed.extend(page.objects.into_iter().map(|object| object.key)),
                None => break,
            },
            None => {
                gone += 1;
                tokio::task::yield_now().await;
            }
        }
    }
    assert!(gone > 10 && listed == expected.0, "{gone} {}", listed.len());
}

/// What is under way ends with it, and what is held is little, however slowly somebody reads.
#[tokio::test(flavor = "multi_thread")]
async fn a_listing_that_is_dropped_asks_for_nothing_more() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    bench.stack.log().clear();
    let mut pages = session.list_objects(parallel(&of("scale-uuids-50000")));
    for _ in 0..20 {
        pages.next_page().await.unwrap().unwrap();
    }
    drop(pages);
    // Others are answered in the meantime.
    for _ in 0..10 {
        list_one(&session).await;
    }
    let asked = bench.count("ListObjectsV2") - 10;
    assert!((20..=20 + 6 * 8).contains(&asked), "{asked}");
    for _ in 0..10 {
        list_one(&session).await;
    }
    assert_eq!(bench.count("ListObjectsV2") - 20, asked);
}

async fn list_one(session: &Session) {
    let one = ListObjects { limit: Some(1), ..of("scale-1") };
    session.list_objects(one).next_page().await.unwrap().unwrap();
}
