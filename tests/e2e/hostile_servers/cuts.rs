//! Answers that end too early, at every byte and by every way HTTP has to say how long a body is: what is not there must
//! not be taken for all there is.

use std::collections::BTreeMap;

use futures_util::stream::{self, StreamExt as _};
use jetbridge::{ListObjects, Session};
use serde_json::{Value, json};

use super::server::{Answer, Server};

const PAGES: usize = 3;
/// Every byte of every answer waits for the SDK's pauses; they do so together.
const AT_ONCE: usize = 256;

#[derive(Debug, Clone, Copy)]
enum Transport {
    Length,
    Chunked,
    /// The connection's end is the body's end.
    Http10,
}

const TRANSPORTS: [Transport; 3] = [Transport::Length, Transport::Chunked, Transport::Http10];

impl Transport {
    /// The response without its last `missing` bytes. An announced length is the one of what is left of the body: the cut was
    /// made before, and HTTP tells nothing of it.
    fn respond(self, body: &str, missing: usize) -> Option<Vec<u8>> {
        let left = body.len().checked_sub(missing);
        match self {
            Self::Length => {
                let body = body.get(..left?)?;
                Some(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes())
            }
            Self::Chunked => {
                let (first, second) = body.split_at(body.len() / 2);
                let mut response = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned();
                for chunk in [first, second, ""] {
                    response += &format!("{:x}\r\n{chunk}\r\n", chunk.len());
                }
                response.truncate(response.len().checked_sub(missing)?);
                Some(response.into_bytes())
            }
            Self::Http10 => {
                let mut response = format!("HTTP/1.0 200 OK\r\n\r\n{body}");
                response.truncate(response.len().checked_sub(missing)?);
                Some(response.into_bytes())
            }
        }
    }
}

/// An object on each page. Every beginning of its key could be another's. Little else: each byte costs a listing.
fn bucket() -> BTreeMap<String, u64> {
    (0..PAGES).map(|number| (format!("{number}/123"), 1000 + number as u64)).collect()
}

fn page(number: usize) -> String {
    let (key, size) = bucket().into_iter().nth(number).unwrap();
    let next = match number + 1 {
        PAGES => "<IsTruncated>false</IsTruncated>".to_owned(),
        next => format!("<IsTruncated>true</IsTruncated><NextContinuationToken>p{next}</NextContinuationToken>"),
    };
    format!("<ListBucketResult>{next}<Contents><Key>{key}</Key><Size>{size}</Size></Contents></ListBucketResult>")
}

/// `/TRANSPORT-PAGE-MISSING?…`: that page comes without its last bytes, by that transport. The others are whole.
fn respond(target: &str) -> Vec<u8> {
    let (path, query) = target.split_once('?').unwrap();
    let mut numbers = path.trim_matches('/').split('-').map(|number| number.parse::<usize>().unwrap());
    let mut next = || numbers.next().unwrap();
    let (transport, cut_page, missing) = (TRANSPORTS[next()], next(), next());
    let asked = (1..PAGES).find(|number| query.contains(&format!("continuation-token=p{number}"))).unwrap_or(0);
    transport.respond(&page(asked), if asked == cut_page { missing } else { 0 }).unwrap()
}

async fn list(session: &Session, bucket_name: String) -> (BTreeMap<String, u64>, bool) {
    let mut pages = session.list_objects(ListObjects { bucket: Some(bucket_name), ..ListObjects::default() });
    let mut seen = BTreeMap::new();
    loop {
        match pages.next_page().await {
            Ok(Some(page)) => seen.extend(page.objects.into_iter().map(|object| (object.key, object.size))),
            Ok(None) => return (seen, true),
            Err(error) => {
                assert_eq!(error.kind(), "retryable", "{error}");
                return (seen, false);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_that_is_cut_at_any_byte_is_not_taken_for_the_whole_bucket() {
    let server = Server::start_in("ap-south-2").await;
    server.serve_buckets(respond);
    let session = server.signed_in().await;
    for transport in 0..TRANSPORTS.len() {
        assert_eq!(list(&session, format!("{transport}-0-0")).await, (bucket(), true));
    }
    let cuts = (0..TRANSPORTS.len()).flat_map(|transport| {
        (0..PAGES).flat_map(move |cut_page| {
            let whole = page(cut_page);
            (1..)
                .take_while(move |missing| TRANSPORTS[transport].respond(&whole, *missing).is_some())
                .map(move |missing| format!("{transport}-{cut_page}-{missing}"))
        })
    });
    let cut_listings = stream::iter(cuts).map(async |cut| (list(&session, cut.clone()).await, cut));
    let mut count = 0;
    let mut cut_listings = std::pin::pin!(cut_listings.buffer_unordered(AT_ONCE));
    while let Some(((seen, is_whole), cut)) = cut_listings.next().await {
        assert!(!is_whole, "{cut}: {seen:?}");
        let all = bucket();
        assert!(seen.iter().all(|(key, size)| all.get(key) == Some(size)), "{cut}: {seen:?}");
        count += 1;
    }
    assert!(count > 1400, "{count} cuts");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_cognito_that_is_cut_at_any_byte_is_none() {
    const SESSIONS: usize = 16;
    let one_of_them = async |number: usize| {
        let server = Server::start_in("ap-south-2").await;
        let session = server.signed_in().await;
        let identity = "ap-south-2:9";
        let answers: [(&str, Value); 2] = [
            ("GetId", json!({"IdentityId": identity})),
            (
                "GetCredentialsForIdentity",
                json!({"IdentityId": identity, "Credentials": {"AccessKeyId": "ASIACUT",
                "SecretKey": "secret", "SessionToken": "token", "Expiration": 4_102_444_800_u64}}),
            ),
        ];
        let mut count = 0;
        for (operation, answer) in answers {
            for transport in TRANSPORTS {
                let cuts = (1..).map_while(|missing| transport.respond(&answer.to_string(), missing));
                for cut in cuts.skip(number).step_by(SESSIONS) {
                    let what = String::from_utf8_lossy(&cut).into_owned();
                    server.answer(operation, Answer::Bytes(cut));
                    let error = session.aws_credentials().await.unwrap_err();
                    assert_eq!(error.kind(), "retryable", "{operation} {what:?}: {error}");
                    count += 1;
                }
            }
            server.behave();
        }
        session.aws_credentials().await.unwrap();
        count
    };
    let counts: Vec<usize> = futures_util::future::join_all((0..SESSIONS).map(one_of_them)).await;
    assert!(counts.iter().sum::<usize>() > 500, "{counts:?}");
}
