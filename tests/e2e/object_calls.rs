//! Single objects: written in one request, deleted, copied, presigned.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use jetbridge::{
    Conditions, CopyObject, DeleteObject, DeleteObjects, ListObjects, ObjectAddress, ObjectHeaders, PresignObject,
    PresignedMethod, PresignedUrl, PutObject, Session, SessionError,
};
use jetbridge_local_stack::Fault;

use crate::bench::{ALICE, Bench, list};

fn put(key: &str) -> PutObject {
    key.into()
}

fn only_if_absent() -> Conditions {
    Conditions { if_none_match: Some("*".to_owned()), ..Conditions::default() }
}

fn only_if(e_tag: &str) -> Conditions {
    Conditions { if_match: Some(e_tag.to_owned()), ..Conditions::default() }
}

fn all_of(keys: impl IntoIterator<Item = String>) -> DeleteObjects {
    DeleteObjects { keys: keys.into_iter().collect(), ..DeleteObjects::default() }
}

async fn keys_under(session: &Session, prefix: &str) -> Vec<String> {
    let request = ListObjects { prefix: Some(prefix.to_owned()), ..ListObjects::default() };
    list(session, request).await.unwrap().into_iter().map(|object| object.key).collect()
}

/// A stock HTTP client that knows nothing of AWS.
async fn fetch(bench: &Bench, presigned: &PresignedUrl, method: &str, body: &str) -> (u16, String, String) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let url = url::Url::parse(presigned.url()).unwrap();
    let address = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    assert!(bench.stack.endpoints().s3.as_str().contains(&address));
    let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
    let target = &url[url::Position::BeforePath..];
    let mut request = format!("{method} {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for (name, value) in presigned.headers() {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), head.to_ascii_lowercase(), body.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_put_is_there_with_its_headers_and_checksum() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    let headers = ObjectHeaders {
        cache_control: Some("max-age=60".to_owned()),
        content_disposition: Some("attachment; filename=\"a.txt\"".to_owned()),
        content_language: Some("en".to_owned()),
        metadata: BTreeMap::from([("origin".to_owned(), "camera 1".to_owned())]),
        ..ObjectHeaders::default()
    };
    for (key, body) in [("up/a.txt", &b"hello"[..]), ("up/empty.txt", b""), ("up/a b+c%&'é€.txt", b"awkward")] {
        bench.stack.log().clear();
        let request = PutObject { headers: headers.clone(), ..put(key) };
        let written = session.put_object(request, body.to_vec()).await.unwrap();
        assert_eq!(bench.count("PutObject"), 1);
        let found = session.head_object(key.into()).await.unwrap();
        assert_eq!((&written.key[..], written.size), (key, body.len() as u64));
        assert_eq!((written.e_tag, written.checksum.clone()), (found.e_tag, found.checksum));
        let checksum = written.checksum.unwrap();
        assert!(checksum.algorithm == "CRC64NVME" && checksum.is_of_whole_object);
        let expected = ObjectHeaders { content_type: Some("text/plain".to_owned()), ..headers.clone() };
        assert_eq!((found.size, found.headers), (body.len() as u64, expected), "{key:?}");
    }
    let own = ObjectHeaders { content_type: Some("text/x-own".to_owned()), ..ObjectHeaders::default() };
    session.put_object(PutObject { headers: own.clone(), ..put("up/own.txt") }, "x").await.unwrap();
    assert_eq!(session.head_object("up/own.txt".into()).await.unwrap().headers, own);
}

#[tokio::test(flavor = "multi_thread")]
async fn conditions_are_held_to_and_a_lost_answer_is_no_broken_condition() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    let absent = || PutObject { conditions: only_if_absent(), ..put("up/once") };
    let first = session.put_object(absent(), "one").await.unwrap().e_tag.unwrap();
    assert_eq!(session.put_object(absent(), "two").await.unwrap_err().kind(), "condition_not_met");
    let same = |e_tag: &str| PutObject { conditions: only_if(e_tag), ..put("up/once") };
    assert_eq!(session.put_object(same("\"other\""), "two").await.unwrap_err().kind(), "condition_not_met");
    let second = session.put_object(same(&first), "two").await.unwrap().e_tag.unwrap();
    let delete = |e_tag: &str| DeleteObject { conditions: only_if(e_tag), ..DeleteObject::from("up/once") };
    assert_eq!(session.delete_object(delete(&first)).await.unwrap_err().kind(), "condition_not_met");
    session.delete_object(delete(&second)).await.unwrap();
    assert!(keys_under(&session, "up/").await.is_empty());

    // S3 has written it, and the client does not hear of it.
    bench.stack.faults().inject(Fault::S3ResponseLost, 1);
    let written = session.put_object(absent(), "three").await.unwrap();
    assert_eq!(session.head_object("up/once".into()).await.unwrap().e_tag, written.e_tag);
    // The object of somebody else that came first is not taken for one's own.
    bench.stack.faults().inject(Fault::NetworkDown, 1);
    assert_eq!(session.put_object(absent(), "four").await.unwrap_err().kind(), "condition_not_met");

    // Nor is the object that is gone because it was deleted.
    let there = session.head_object("up/once".into()).await.unwrap().e_tag.unwrap();
    bench.stack.faults().inject(Fault::S3ResponseLost, 1);
    session.delete_object(delete(&there)).await.unwrap();
    assert_eq!(session.head_object("up/once".into()).await.unwrap_err().kind(), "not_found");

    let unknown = Conditions { if_modified_since: Some(SystemTime::UNIX_EPOCH), ..Conditions::default() };
    bench.stack.log().clear();
    let refused = session.put_object(PutObject { conditions: unknown, ..put("up/x") }, "x").await.unwrap_err();
    assert!(refused.kind() == "misconfigured" && bench.stack.log().records().is_empty(), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_are_deleted_one_by_one_and_by_the_thousand() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    let keys: Vec<String> = ["a", "b c", "é&<>", "\u{1}control"].iter().map(|key| format!("up/{key}")).collect();
    for key in &keys {
        session.put_object(put(key), "x").await.unwrap();
    }
    session.delete_object("up/a".into()).await.unwrap();
    session.delete_object("up/a".into()).await.unwrap();
    let absent = (0..1500).map(|number| format!("up/absent/{number}"));
    bench.stack.log().clear();
    let failed = session.delete_objects(all_of(keys.into_iter().chain(absent))).await.unwrap();
    assert_eq!(failed, []);
    assert_eq!((bench.count("DeleteObjects"), bench.count("DeleteObject")), (2, 1));
    assert!(keys_under(&session, "up/").await.is_empty());
    assert_eq!(session.delete_objects(DeleteObjects::default()).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_keeps_what_its_source_has_or_gets_its_own() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    let awkward = "up/a b+c%é?#&.txt";
    let headers = ObjectHeaders { content_language: Some("de".to_owned()), ..ObjectHeaders::default() };
    let source = PutObject { headers: headers.clone(), ..put(awkward) };
    let source = session.put_object(source, "hello").await.unwrap();
    let copy = |target: &str| CopyObject { source: awkward.into(), target: target.into(), ..CopyObject::default() };
    let copied = session.copy_object(copy("up/kept")).await.unwrap();
    assert_eq!((copied.e_tag, &copied.key[..]), (source.e_tag.clone(), "up/kept"));
    assert_eq!(session.head_object("up/kept".into()).await.unwrap().headers.content_language.as_deref(), Some("de"));
    session.copy_object(CopyObject { headers: Some(ObjectHeaders::default()), ..copy("up/own") }).await.unwrap();
    assert_eq!(session.head_object("up/own".into()).await.unwrap().headers.content_language, None);

    let other = CopyObject { source_conditions: only_if("\"other\""), ..copy("up/kept") };
    assert_eq!(session.copy_object(other).await.unwrap_err().kind(), "condition_not_met");
    let absent = CopyObject { source: "up/absent".into(), ..copy("up/kept") };
    assert_eq!(session.copy_object(absent).await.unwrap_err().kind(), "not_found");
    let itself = session.copy_object(copy(awkward)).await.unwrap_err();
    assert!(itself.to_string().contains("copied to itself"), "{itself}");
    bench.stack.faults().inject(Fault::S3CopyErrorInOk, 1);
    session.copy_object(copy("up/kept")).await.unwrap();
}

/// Each call, so that all can be held to the same.
async fn each_call(session: &Session, number: usize) -> Result<(), SessionError> {
    match number {
        0 => session.put_object(put("up/each"), "x").await.map(drop),
        1 => session.head_object("up/each".into()).await.map(drop),
        2 => {
            let copy = CopyObject { source: "up/each".into(), target: "up/copy".into(), ..CopyObject::default() };
            session.copy_object(copy).await.map(drop)
        }
        3 => session.delete_objects(all_of(["up/copy".to_owned()])).await.map(drop),
        _ => session.delete_object("up/each".into()).await,
    }
}
const CALLS: usize = 5;

#[tokio::test(flavor = "multi_thread")]
async fn every_call_outlives_refused_credentials_throttling_and_a_cut_connection() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    for fault in
        [Fault::S3ExpiredToken, Fault::S3InvalidToken, Fault::S3SlowDown, Fault::NetworkDown, Fault::S3ResponseLost]
    {
        for number in 0..CALLS {
            bench.stack.faults().inject(fault, 1);
            let outcome = each_call(&session, number).await;
            assert!(outcome.is_ok(), "{} at call {number}: {outcome:?}", fault.name());
            bench.stack.faults().inject(fault, 0);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_says_which_permission_is_missing() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    let actions = [
        "s3:PutObject",
        "s3:GetObject",
        "s3:PutObject on arn:aws:s3:::jetbridge-demo/up/copy",
        "s3:DeleteObject",
        "s3:DeleteObject",
    ];
    for (number, action) in actions.into_iter().enumerate() {
        bench.stack.faults().inject(Fault::S3AccessDenied, 10);
        let denied = each_call(&session, number).await.unwrap_err();
        assert_eq!(denied.kind(), "access_denied");
        assert!(denied.hint().unwrap().contains(action), "{denied:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_works_with_a_clock_that_is_wrong_and_with_credentials_that_end_in_between() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    for number in 0..CALLS {
        bench.clock.set_wrong_by(if number % 2 == 0 { 3600 } else { -3600 });
        each_call(&session, number).await.unwrap();
    }
    for number in 0..CALLS {
        bench.let_time_pass(Duration::from_secs(2 * 3600));
        each_call(&session, number).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_presigned_url_works_for_who_knows_nothing_of_aws_until_it_ends() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    let key = "up/a b+é%.txt";
    let write = PresignObject {
        object: key.into(),
        method: PresignedMethod::Put,
        content_type: Some("text/x-own".to_owned()),
        ..PresignObject::default()
    };
    let write = session.presign_object(write).await.unwrap();
    assert!(!write.is_cut_short() && !format!("{write:?}").contains("Signature"));
    assert_eq!(fetch(&bench, &write, "PUT", "hello").await.0, 200);
    let read = PresignObject { object: key.into(), file_name: Some("€.txt".to_owned()), ..PresignObject::default() };
    let read = session.presign_object(read).await.unwrap();
    assert_eq!(read.headers(), [], "a browser can follow it");
    let (status, head, body) = fetch(&bench, &read, "GET", "").await;
    assert_eq!((status, &body[..]), (200, "hello"));
    assert!(head.contains("content-type: text/x-own") && head.contains("filename*=utf-8''%e2%82%ac.txt"), "{head}");
    // It permits nothing else.
    assert_eq!(fetch(&bench, &read, "DELETE", "").await.0, 403);
    bench.let_time_pass(Duration::from_secs(15 * 60 + 1));
    assert_eq!(fetch(&bench, &read, "GET", "").await.0, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_presigned_url_ends_with_the_credentials_and_says_so() {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    let ask = |lasts: u64| PresignObject {
        object: ObjectAddress::new("up/x"),
        lasts: Some(Duration::from_secs(lasts)),
        ..PresignObject::default()
    };
    let credentials = session.aws_credentials().await.unwrap();
    let week = session.presign_object(ask(7 * 24 * 3600)).await.unwrap();
    assert!(week.is_cut_short());
    let end = credentials.expires_at();
    assert!(week.expires_at() <= end && week.expires_at() + Duration::from_secs(2) >= end);
    let short = session.presign_object(ask(60)).await.unwrap();
    assert!(!short.is_cut_short() && short.url().contains("X-Amz-Expires=60"));
    // Fewer than fifteen minutes are left: they are renewed first.
    bench.let_time_pass(Duration::from_secs(50 * 60));
    bench.stack.log().clear();
    let renewed = session.presign_object(ask(600)).await.unwrap();
    assert!(!renewed.is_cut_short());
    assert_eq!(bench.count("GetCredentialsForIdentity"), 1);
    bench.clock.set_wrong_by(0);
    for refused in [0, 7 * 24 * 3600 + 1] {
        assert_eq!(session.presign_object(ask(refused)).await.unwrap_err().kind(), "misconfigured");
    }
}
