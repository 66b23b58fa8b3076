//! Servers in S3's place that keep something else than they were sent, or do not take it: what is told as written is written.

use std::sync::{Arc, Mutex};

use jetbridge::{Session, SessionError, TransferOptions, UploadedObject};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::bench::{ALICE, Bench, config_of};

/// S3 takes no smaller parts.
const PART: usize = 5 * 1024 * 1024;
const TAG: &str = "\"0123456789abcdef\"";

/// A request: its first line, and which one of its kind it is.
struct Asked {
    line: String,
    number: usize,
}

type Respond = dyn Fn(&Asked) -> Vec<u8> + Send + Sync;

struct Server {
    _bench: Bench,
    session: Session,
    /// The first lines, in their order.
    asked: Arc<Mutex<Vec<String>>>,
    folder: tempfile::TempDir,
}

impl Server {
    async fn start(respond: impl Fn(&Asked) -> Vec<u8> + Send + Sync + 'static) -> Self {
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
        let session = bench.session_with(config);
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
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut left = length.map_or(0, |length| length.parse().unwrap());
    let mut buffer = vec![0; 64 * 1024];
    while left > 0 {
        let Ok(read @ 1..) = connection.read(&mut buffer).await else { return };
        left -= read;
    }
    let line = head.lines().next().unwrap_or_default().to_owned();
    let number = {
        let mut lines = lines.lock().unwrap();
        lines.push(line.clone());
        lines.iter().filter(|other| **other == line).count() - 1
    };
    let _ = connection.write_all(&respond(&Asked { line, number })).await;
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
