//! Servers in S3's place that keep something else than they were sent, or do not take it: what is told as written is written.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jetbridge::{Conditions, CopyObject, PutObject, Session, SessionError, TransferOptions, UploadedObject};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::bench::{ALICE, Bench, config_of};

/// S3 takes no smaller parts.
const PART: usize = 5 * 1024 * 1024;
const SECOND: Duration = Duration::from_secs(1);
const TAG: &str = "\"0123456789abcdef\"";

/// A request: its first line, and which one of its kind it is.
struct Asked {
    line: String,
    number: usize,
}

/// What becomes of it.
enum Manner {
    Answered(Vec<u8>),
    /// Whatever is sent, no answer comes.
    Silent,
    /// A byte of the body each second.
    TakenSlowly,
    /// A byte of the answer each second.
    AnsweredSlowly(Vec<u8>),
}

type Respond = dyn Fn(&Asked) -> Manner + Send + Sync;

struct Server {
    _bench: Bench,
    session: Session,
    /// The first lines, in their order.
    asked: Arc<Mutex<Vec<String>>>,
    folder: tempfile::TempDir,
}

impl Server {
    async fn start(respond: impl Fn(&Asked) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::start_in_a_manner(Duration::from_secs(20), move |asked| Manner::Answered(respond(asked))).await
    }

    async fn start_in_a_manner(patience: Duration, respond: impl Fn(&Asked) -> Manner + Send + Sync + 'static) -> Self {
        let bench = Bench::start().await;
        bench.signed_in(ALICE).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (asked, respond): (Arc<Mutex<Vec<String>>>, Arc<Respond>) = (Arc::default(), Arc::new(respond));
        let lines = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let (lines, respond) = (Arc::clone(&lines), Arc::clone(&respond));
                tokio::spawn(async move { serve(connection, &lines, &*respond).await });
            }
        });
        let config = config_of(&bench.stack, |_, aws| {
            aws["Storage"]["AWSS3"]["endpoint"] = format!("http://127.0.0.1:{port}").into();
        });
        let session = Session::builder(config, Arc::clone(&bench.store))
            .clock(Arc::new(bench.clock.clone()))
            .transfer_patience(patience)
            .open()
            .unwrap();
        Self { _bench: bench, session, asked, folder: tempfile::tempdir().unwrap() }
    }

    /// Of two parts.
    async fn upload(&self) -> Result<UploadedObject, SessionError> {
        let file = self.folder.path().join("file");
        std::fs::write(&file, vec![b'x'; PART + 1]).unwrap();
        let options = TransferOptions { part_size: Some(PART as u64), parallel: Some(1), ..TransferOptions::default() };
        self.session.upload_file("key".into(), &file, options).await
    }

    fn count(&self, kind: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|line| line.contains(kind)).count()
    }
}

async fn serve(mut connection: TcpStream, lines: &Mutex<Vec<String>>, respond: &Respond) {
    let Some(head) = read_head(&mut connection).await else { return };
    let line = head.lines().next().unwrap_or_default().to_owned();
    let number = {
        let mut lines = lines.lock().unwrap();
        lines.push(line.clone());
        lines.iter().filter(|other| **other == line).count() - 1
    };
    let manner = respond(&Asked { line, number });
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut left = length.map_or(0, |length| length.parse().unwrap());
    let (at_once, pause) =
        if matches!(manner, Manner::TakenSlowly) { (1, SECOND) } else { (64 * 1024, Duration::ZERO) };
    let mut buffer = vec![0; at_once];
    while left > 0 {
        let Ok(read @ 1..) = connection.read(&mut buffer).await else { return };
        left -= read;
        tokio::time::sleep(pause).await;
    }
    match manner {
        Manner::Answered(answer) => drop(connection.write_all(&answer).await),
        Manner::AnsweredSlowly(answer) => {
            for byte in answer {
                let _ = connection.write_u8(byte).await;
                tokio::time::sleep(SECOND).await;
            }
        }
        Manner::Silent | Manner::TakenSlowly => drop(connection.read(&mut buffer).await),
    }
    let _ = connection.shutdown().await;
}

async fn read_head(connection: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(connection.read_u8().await.ok()?);
    }
    Some(String::from_utf8(head).unwrap().to_ascii_lowercase())
}

fn answer(headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}").into_bytes()
}

/// "For objects where the ETag is the MD5 digest of the object, you can calculate the MD5 … and compare the returned ETag to the
/// calculated MD5 value"; with SSE-C and SSE-KMS it is none (S3 API reference, PutObject and Object).
#[tokio::test(flavor = "multi_thread")]
async fn without_a_checksum_the_entity_tag_of_what_was_written_is_compared() {
    const OF_HELLO: &str = "\"5d41402abc4b2a76b9719d911017c592\"";
    let kms = ("x-amz-server-side-encryption", "aws:kms");
    let customer = ("x-amz-server-side-encryption-customer-algorithm", "AES256");
    let own_key = ("x-amz-server-side-encryption", "AES256");
    for (headers, body, is_right) in [
        (vec![("ETag", OF_HELLO)], "hello", true),
        (vec![("ETag", OF_HELLO)], "hallo", false),
        (vec![("ETag", OF_HELLO), own_key], "hallo", false),
        (vec![("ETag", OF_HELLO), kms], "hallo", true),
        (vec![("ETag", OF_HELLO), customer], "hallo", true),
        (vec![("ETag", "\"5d41402abc4b2a76b9719d911017c592-1\"")], "hallo", true),
        (vec![("ETag", TAG)], "hallo", true),
    ] {
        let told = headers.clone();
        let server = Server::start(move |_| answer(&told, "")).await;
        let put = server.session.put_object("key".into(), body).await;
        assert_eq!(put.is_ok(), is_right, "{headers:?} {body}: {put:?}");
        if let Err(error) = put {
            assert!(error.kind() == "retryable" && error.to_string().contains("by their MD5"), "{error}");
        }
        assert_eq!(server.count("put "), 1, "what may have been replaced is not written again by itself");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_which_the_server_keeps_something_else_is_sent_again() {
    let md5 = ["\"5d41402abc4b2a76b9719d911017c592\"", "\"9dd4e461268c8034f5c8564e155c67a6\""];
    let server = |lies: usize| {
        Server::start(move |Asked { line, number }| match line {
            line if line.contains("uploads") => {
                answer(&[], "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>")
            }
            // One `x`, after all of the first part.
            line if line.contains("partnumber=2") => answer(&[("ETag", md5[usize::from(*number >= lies)])], ""),
            line if line.starts_with("post ") => {
                answer(&[], "<CompleteMultipartUploadResult><ETag>\"1-2\"</ETag></CompleteMultipartUploadResult>")
            }
            _ => answer(&[("ETag", TAG)], ""),
        })
    };
    let damaged_once = server(1).await;
    damaged_once.upload().await.unwrap();
    assert_eq!((damaged_once.count("partnumber=1"), damaged_once.count("partnumber=2")), (1, 2));

    let lying = server(usize::MAX).await;
    let error = lying.upload().await.unwrap_err();
    assert!(error.kind() == "retryable" && error.to_string().contains("by their MD5"), "{error}");
    assert_eq!((lying.count("partnumber=2"), lying.count("delete ")), (5, 1), "and it is given up");
}

/// By `md5sum` of the two parts that `upload` sends, and of both MD5s.
const MD5_OF_FIRST: &str = "\"4f08eef4096726bff1125e1b1b734644\"";
const MD5_OF_SECOND: &str = "\"9dd4e461268c8034f5c8564e155c67a6\"";
const TAG_OF_BOTH: &str = "a71cd6f620798b8c58d5fe8b0a3f12d4-2";

/// A server that knows MD5s and no checksums; `complete` says what becomes of the parts, and HEAD tells the tag of the object
/// that is there, with its size.
async fn server_of_md5s(there: &'static str, complete: impl Fn(usize) -> Vec<u8> + Send + Sync + 'static) -> Server {
    Server::start(move |Asked { line, number }| match line {
        line if line.contains("uploads") => {
            answer(&[], "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>")
        }
        line if line.contains("partnumber=1") => answer(&[("ETag", MD5_OF_FIRST)], ""),
        line if line.contains("partnumber=2") => answer(&[("ETag", MD5_OF_SECOND)], ""),
        line if line.starts_with("post ") => complete(*number),
        line if line.starts_with("delete ") => b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n".to_vec(),
        line if line.starts_with("head ") => head_of(&format!("\"{there}\""), PART + 1),
        _ => answer(&[("ETag", TAG)], ""),
    })
    .await
}

/// Of an object of this size.
fn head_of(tag: &str, size: usize) -> Vec<u8> {
    let head = String::from_utf8(answer(&[("ETag", tag)], "")).unwrap();
    head.replace("Content-Length: 0", &format!("Content-Length: {size}")).into_bytes()
}

fn completed(tag: &str) -> Vec<u8> {
    answer(&[], &format!("<CompleteMultipartUploadResult><ETag>\"{tag}\"</ETag></CompleteMultipartUploadResult>"))
}

/// "NoSuchUpload: … The upload might have been aborted or completed" (S3 API reference, CompleteMultipartUpload).
fn no_such_upload() -> Vec<u8> {
    let refused = answer(&[], "<Error><Code>NoSuchUpload</Code><Message>It is not there</Message></Error>");
    String::from_utf8(refused).unwrap().replace("200 OK", "404 Not Found").into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_was_made_of_other_parts_than_were_sent_is_not_told_as_written() {
    let of_one_part = TAG_OF_BOTH.replace("-2", "-1").leak();
    let of_others = "00000000000000000000000000000000-2";
    for (tag, problem) in [
        (TAG_OF_BOTH, None),
        (of_one_part, Some("1 parts, and 2 were sent")),
        (of_others, Some("by their MD5s")),
        // Whatever else it may mean.
        ("of-2", None),
        ("00000000000000000000000000000000", None),
    ] {
        let server = server_of_md5s(tag, move |_| completed(tag)).await;
        let uploaded = server.upload().await;
        assert_eq!(uploaded.is_ok(), problem.is_none(), "{tag}: {uploaded:?}");
        if let (Err(error), Some(problem)) = (uploaded, problem) {
            assert!(error.kind() == "retryable" && error.to_string().contains(problem), "{error}");
        }
        assert_eq!((server.count("partnumber"), server.count("post ")), (2, 2), "{tag}: it is not sent again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_whose_answer_was_lost_is_known_by_its_entity_tag() {
    let lost = |number: usize| if number == 0 { Vec::new() } else { no_such_upload() };
    let server = server_of_md5s(TAG_OF_BOTH, lost).await;
    let uploaded = server.upload().await.unwrap();
    assert_eq!((uploaded.size, uploaded.e_tag.as_deref()), (PART as u64 + 1, Some(&*format!("\"{TAG_OF_BOTH}\""))));
    assert_eq!((server.count("partnumber"), server.count("post ")), (2, 3), "nothing is sent again");

    let bytes = futures_util::stream::iter([Ok(vec![b'x'; PART + 1].into())]);
    let options = TransferOptions { part_size: Some(PART as u64), parallel: Some(1), ..TransferOptions::default() };
    let server = server_of_md5s(TAG_OF_BOTH, lost).await;
    server.session.upload_stream("key".into(), bytes, options).await.unwrap();

    // Something else is there: nobody says that it was written, nor that somebody gave it up.
    let server = server_of_md5s("00000000000000000000000000000000-2", lost).await;
    let error = server.upload().await.unwrap_err();
    assert!(error.kind() == "retryable" && error.to_string().contains("answer got lost"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_its_own_lost_try_stands_in_the_way_of_is_written() {
    const OF_HELLO: &str = "\"5d41402abc4b2a76b9719d911017c592\"";
    for (there, is_own) in [(OF_HELLO, true), ("\"00000000000000000000000000000000\"", false)] {
        let server = Server::start(move |Asked { line, number }| match line {
            line if line.starts_with("put ") && *number == 0 => Vec::new(),
            line if line.starts_with("put ") => {
                let refused =
                    answer(&[], "<Error><Code>PreconditionFailed</Code><Message>It is there</Message></Error>");
                String::from_utf8(refused).unwrap().replace("200 OK", "412 Precondition Failed").into_bytes()
            }
            _ => head_of(there, 5),
        })
        .await;
        let conditions = Conditions { if_none_match: Some("*".into()), ..Conditions::default() };
        let put = server.session.put_object(PutObject { conditions, .."key".into() }, "hello").await;
        assert_eq!(put.is_ok(), is_own, "{put:?}");
    }
}

/// What the kernel makes as it is read has no size before (`proc(5)`).
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_said_to_be_empty_is_sent_with_what_is_in_it() {
    let server = Server::start(|_| answer(&[("ETag", TAG)], "")).await;
    let there = std::fs::read("/proc/version").unwrap();
    let file = std::path::Path::new("/proc/version");
    let uploaded = server.session.upload_file("key".into(), file, TransferOptions::default()).await.unwrap();
    assert_eq!(uploaded.size, there.len() as u64);
    let empty = server.folder.path().join("empty");
    std::fs::write(&empty, "").unwrap();
    let uploaded = server.session.upload_file("key".into(), &empty, TransferOptions::default()).await.unwrap();
    assert_eq!(uploaded.size, 0);
}

/// A network that wants its user to sign in first redirects whatever is asked for; S3 itself says where with a document.
#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_without_a_word_is_not_s3s_and_not_asked_again() {
    let server = Server::start(|_| {
        b"HTTP/1.1 302 Found\r\nLocation: http://portal.example/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            .to_vec()
    })
    .await;
    let put = server.session.put_object("key".into(), "hello").await.unwrap_err();
    let deleted = server.session.delete_object("key".into()).await.unwrap_err();
    let copied =
        server.session.copy_object(CopyObject { source: "a".into(), target: "b".into(), ..CopyObject::default() });
    for error in [put, deleted, copied.await.unwrap_err(), server.upload().await.unwrap_err()] {
        assert!(error.to_string().contains("is not S3"), "{error}");
    }
    assert_eq!((server.count("x-id=putobject"), server.count("delete ")), (1, 1));
}

/// "HTTP/1.1 204" (S3 API reference, DeleteObject).
#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_anybody_could_have_confirmed_is_not_believed() {
    let status = |line: &'static str| {
        Server::start(move |_| format!("HTTP/1.1 {line}\r\nConnection: close\r\n\r\n").into_bytes())
    };
    for (answer, is_believed) in [
        ("200 OK\r\nContent-Length: 0", false),
        ("202 Accepted\r\nContent-Length: 0", false),
        ("200 OK\r\nx-amz-request-id: 1\r\nContent-Length: 0", true),
        ("204 No Content", true),
    ] {
        let server = status(answer).await;
        let deleted = server.session.delete_object("key".into()).await;
        assert_eq!(deleted.is_ok(), is_believed, "{answer}: {deleted:?}");
        assert!(deleted.is_ok() || deleted.unwrap_err().to_string().contains("is not S3"), "{answer}");
    }
}

/// It is tried as often as anything else that does not arrive, and no longer.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_takes_or_answers_next_to_nothing_is_given_up() {
    let manners: [fn() -> Manner; 3] =
        [|| Manner::Silent, || Manner::TakenSlowly, || Manner::AnsweredSlowly(answer(&[("ETag", TAG)], ""))];
    let trying = manners.map(|manner| async move {
        let server = Server::start_in_a_manner(Duration::from_millis(300), move |Asked { line, .. }| match line {
            line if line.starts_with("put ") => manner(),
            line if line.contains("uploads") => Manner::Answered(answer(
                &[],
                "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>",
            )),
            _ => Manner::Answered(answer(&[], "")),
        })
        .await;
        for error in
            [server.session.put_object("key".into(), "hello").await.unwrap_err(), server.upload().await.unwrap_err()]
        {
            assert!(error.kind() == "retryable" && error.to_string().contains("took no bytes"), "{error}");
        }
        assert_eq!((server.count("partnumber=1"), server.count("x-id=putobject")), (5, 5));
        assert_eq!((server.count("partnumber=2"), server.count("delete ")), (0, 1), "and it is given up");
    });
    futures_util::future::join_all(trying).await;
}
