//! S3 listings: every page, every key, and what goes wrong on the way.

use std::collections::BTreeSet;

use aws_sdk_s3::error::SdkError;
use futures_util::TryStreamExt as _;
use jetbridge::{ListObjects, ListedEntry, SessionError};
use jetbridge_local_stack::Fault;

use crate::bench::{ALICE, Bench, list, list_everything};

fn of(bucket: &str) -> ListObjects {
    ListObjects { bucket: Some(bucket.to_owned()), ..ListObjects::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn awkward_keys_arrive_as_they_are_whatever_the_page_size() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    let whole = list_everything(&session).await;
    let keys: Vec<&str> = whole.iter().map(|object| object.key.as_str()).collect();
    for wanted in [' ', '+', '%', '\n', '"', '&', '<', 'é'] {
        assert!(keys.iter().any(|key| key.contains(wanted)), "a key with {wanted:?}");
    }
    assert!(keys.iter().any(|key| key.len() >= 900));
    assert!(keys.iter().any(|key| key.contains("/../") || key.contains("/./")));
    let mut sorted = keys.clone();
    sorted.sort_unstable_by_key(|key| key.as_bytes());
    assert_eq!(keys, sorted);
    for page_size in [1, 7, 1000] {
        let paged = list(&session, ListObjects { page_size: Some(page_size), ..ListObjects::default() }).await.unwrap();
        assert_eq!(paged, whole, "pages of {page_size}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_asks_for_no_more_than_it_shows() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    for (limit, pages) in [(0, 0), (1, 1), (1000, 1), (1001, 2)] {
        bench.stack.log().clear();
        let objects = list(&session, ListObjects { limit: Some(limit), ..of("scale-100000") }).await.unwrap();
        assert_eq!(objects.len() as u64, limit);
        assert_eq!(bench.count("ListObjectsV2"), pages, "limit {limit}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delimiter_makes_folders_and_a_prefix_opens_one() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    let everything = list_everything(&session).await;
    let request = ListObjects { delimiter: Some("/".to_owned()), page_size: Some(5), ..ListObjects::default() };
    let entries: Vec<_> = session.list_objects(request).into_stream().try_collect().await.unwrap();
    let folders: Vec<_> = entries
        .iter()
        .filter_map(|entry| match entry {
            ListedEntry::Prefix(prefix) => Some(prefix.clone()),
            ListedEntry::Object(_) => None,
        })
        .collect();
    let expected: BTreeSet<_> =
        everything.iter().filter_map(|o| o.key.split_once('/').map(|(folder, _)| format!("{folder}/"))).collect();
    assert_eq!(folders, expected.into_iter().collect::<Vec<_>>());

    let photos = ListObjects { prefix: Some("photos/".to_owned()), ..ListObjects::default() };
    let photos = list(&session, photos).await.unwrap();
    assert!(!photos.is_empty() && photos.iter().all(|object| object.key.starts_with("photos/")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_breaks_off_is_an_error_and_never_a_short_listing() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    let mut pages = session.list_objects(of("scale-5000"));
    assert_eq!(pages.next_page().await.unwrap().unwrap().objects.len(), 1000);
    bench.stack.faults().inject(Fault::S3PageCut, 1000);
    let outcome = async {
        let mut seen = 1000;
        while let Some(page) = pages.next_page().await? {
            seen += page.objects.len();
        }
        Ok::<_, SessionError>(seen)
    };
    let error = outcome.await.unwrap_err();
    assert_eq!(error.kind(), "retryable", "{error}");
    assert_eq!(pages.next_page().await.unwrap(), None, "after an error the listing is over");

    // One broken answer is only a delay.
    bench.stack.faults().inject(Fault::S3PageCut, 1);
    assert_eq!(list(&session, of("scale-1500")).await.unwrap().len(), 1500);
    bench.stack.faults().inject(Fault::S3SlowDown, 1);
    assert_eq!(list(&session, of("scale-1500")).await.unwrap().len(), 1500);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sdk_of_the_app_s_choice_works_with_the_session_s_configuration() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    let config = aws_sdk_s3::config::Builder::from(&session.sdk_config())
        .endpoint_url(bench.stack.endpoints().s3.as_str())
        .force_path_style(true)
        .build();
    let s3 = aws_sdk_s3::Client::from_conf(config);
    let listed = list_everything(&session).await;
    let readable = listed.iter().filter(|object| object.size < 100_000 && !has_dot_segment(&object.key));
    let mut read = 0;
    for object in readable {
        let answer = s3.get_object().bucket("jetbridge-demo").key(&object.key).send().await.unwrap();
        let body = answer.body.collect().await.unwrap().into_bytes();
        assert_eq!(body.len() as u64, object.size, "{:?}", object.key);
        read += 1;
    }
    assert!(read > 10);

    // HTTP clients rewrite such a path, and its signature would not match: refused before it is sent.
    let dotted = listed.iter().find(|object| has_dot_segment(&object.key)).unwrap();
    bench.stack.log().clear();
    let refused = s3.get_object().bucket("jetbridge-demo").key(&dotted.key).send().await.unwrap_err();
    assert!(matches!(&refused, SdkError::DispatchFailure(_)));
    let text = aws_sdk_s3::error::DisplayErrorContext(&refused).to_string();
    assert!(text.contains("`.` or `..` segments"), "{text}");
    assert!(bench.stack.log().records().is_empty());
}

/// Endpoint, region and the bucket's place in the URL come from the session.
#[tokio::test(flavor = "multi_thread")]
async fn stock_clients_of_s3_and_sts_need_nothing_but_the_session() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    let s3 = aws_sdk_s3::Client::from_conf(session.s3_config());
    let bucket = session.config().bucket();
    bench.stack.faults().inject(Fault::S3SlowDown, 1);
    let page = s3.list_objects_v2().bucket(bucket).max_keys(3).send().await.unwrap();
    let found: Vec<_> = page.contents().iter().map(|object| object.key().unwrap()).collect();
    let expected = list_everything(&session).await;
    assert_eq!(found, expected[..3].iter().map(|object| object.key.as_str()).collect::<Vec<_>>());
    let body = s3.get_object().bucket(bucket).key(found[0]).send().await.unwrap().body.collect().await.unwrap();
    assert_eq!(body.into_bytes().len() as u64, expected[0].size);

    // The configuration says where every other service is.
    let sts = aws_sdk_sts::Client::new(&session.sdk_config());
    let caller = sts.get_caller_identity().send().await.unwrap();
    assert!(caller.arn().unwrap().contains(":assumed-role/") && caller.account().unwrap().len() == 12, "{caller:?}");
    assert!(caller.user_id().unwrap().ends_with(":CognitoIdentityCredentials"), "{caller:?}");
    // So are their credentials: the session's, renewed when their time is up.
    let before = session.aws_credentials().await.unwrap();
    bench.let_time_pass(std::time::Duration::from_secs(2 * 3600));
    assert_eq!(s3.list_objects_v2().bucket(bucket).max_keys(1).send().await.unwrap().contents().len(), 1);
    assert_ne!(session.aws_credentials().await.unwrap().access_key_id(), before.access_key_id());
}

fn has_dot_segment(key: &str) -> bool {
    key.split('/').any(|segment| segment == "." || segment == "..")
}
