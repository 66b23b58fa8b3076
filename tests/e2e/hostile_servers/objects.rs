//! Servers in S3's place that know less of HTTP than S3 does, or something else: what comes is the object or an error, never
//! something in between.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use jetbridge::{DownloadedObject, GetObject, Session, SessionError, TransferOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use crate::bench::{ALICE, Bench, config_of};

const SIZE: usize = 300_000;
const PART: usize = 65_536;
const TAG: &str = "\"0123456789abcdef\"";

/// Between two bytes that drip, so that nobody is left without one.
const DRIP: Duration = Duration::from_millis(50);

/// What a server makes of a range that it is asked for: the whole response.
type Respond = dyn Fn(Option<(usize, usize)>, usize) -> Vec<u8> + Send + Sync;

fn body() -> Vec<u8> {
    (0..SIZE).map(|number| (number * 7 % 251) as u8).collect()
}

struct Server {
    bench: Bench,
    session: Session,
    asked: Arc<AtomicUsize>,
    folder: tempfile::TempDir,
}

impl Server {
    async fn start(respond: impl Fn(Option<(usize, usize)>, usize) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::start_dripping(|_| false, respond).await
    }

    /// Of the answers that drip, what follows the head comes a byte at a time.
    async fn start_dripping(
        drips: fn(usize) -> bool,
        respond: impl Fn(Option<(usize, usize)>, usize) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        let bench = Bench::start().await;
        bench.signed_in(ALICE).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (asked, respond): (Arc<AtomicUsize>, Arc<Respond>) = (Arc::default(), Arc::new(respond));
        let counter = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let (counter, respond) = (Arc::clone(&counter), Arc::clone(&respond));
                tokio::spawn(async move { serve(connection, &counter, drips, &*respond).await });
            }
        });
        let config = config_of(&bench.stack, |_, aws| {
            aws["Storage"]["AWSS3"]["endpoint"] = format!("http://127.0.0.1:{port}").into();
        });
        let builder = Session::builder(config, Arc::clone(&bench.store)).clock(Arc::new(bench.clock.clone()));
        let session = builder.transfer_patience(Duration::from_secs(2)).open().unwrap();
        Self { bench, session, asked, folder: tempfile::tempdir().unwrap() }
    }

    async fn download(&self) -> Result<(DownloadedObject, Vec<u8>), SessionError> {
        let file = self.folder.path().join("object");
        let options = TransferOptions { part_size: Some(PART as u64), ..TransferOptions::default() };
        let done = self.session.download_object("key".into(), &file, options).await;
        let left = std::fs::read_dir(self.folder.path()).unwrap().count();
        match done {
            Ok(done) => {
                assert_eq!(left, 1, "nothing beside the file");
                Ok((done, std::fs::read(file).unwrap()))
            }
            Err(error) => {
                assert!(!file.exists());
                Err(error)
            }
        }
    }

    async fn read(&self) -> Result<Vec<u8>, SessionError> {
        let mut stream = self.session.get_object("key".into()).await?;
        let mut all = Vec::new();
        while let Some(bytes) = stream.next_chunk().await? {
            all.extend_from_slice(&bytes);
        }
        assert_eq!(stream.details().size, all.len() as u64, "known at the end at least");
        Ok(all)
    }

    /// Downloads onto a file that is there, and that stays as it is if there is an error.
    async fn replace(&self) -> Result<DownloadedObject, SessionError> {
        let file = self.folder.path().join("precious");
        std::fs::write(&file, "precious").unwrap();
        let options = TransferOptions { part_size: Some(PART as u64), ..TransferOptions::default() };
        let done = self.session.download_object("key".into(), &file, options).await;
        assert_eq!(std::fs::read(&file).unwrap() == b"precious", done.is_err(), "{done:?}");
        done
    }

    /// Neither a file nor ranges can be read from it.
    async fn is_not_believed(&self, why: &str) {
        let read = async |range| {
            let body = self.session.get_object(GetObject { range: Some(range), .."key".into() }).await?;
            body.collect(SIZE as u64).await
        };
        // At once, since each is asked for several times.
        let (whole, first, middle) =
            tokio::join!(Box::pin(self.replace()), Box::pin(read(0..PART as u64)), Box::pin(read(100..200)));
        for error in [whole.unwrap_err(), first.unwrap_err(), middle.unwrap_err()] {
            assert!(error.kind() == "retryable" && error.to_string().contains(why), "{error}");
        }
    }

    fn take_asked(&self) -> usize {
        self.asked.swap(0, Ordering::SeqCst)
    }
}

async fn serve(mut connection: TcpStream, asked: &AtomicUsize, drips: fn(usize) -> bool, respond: &Respond) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match connection.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    // Connections that are opened ahead, and the checksum.
    if head.starts_with("head ") {
        let size = SIZE.to_string();
        let _ = connection.write_all(response(200, &[("ETag", TAG), ("Content-Length", &size)], b"").as_slice()).await;
        return;
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut sent = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    connection.read_exact(&mut sent).await.unwrap();
    let number = asked.fetch_add(1, Ordering::SeqCst);
    let range = head.lines().find_map(|line| line.strip_prefix("range: bytes=")).map(|range| {
        let (first, last) = range.split_once('-').unwrap();
        (first.parse().unwrap(), last.parse().map_or(SIZE, |last: usize| SIZE.min(last + 1)))
    });
    let mut answer = respond(range, number);
    if drips(number) {
        let head = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
        for byte in answer.split_off(head) {
            if connection.write_all(&std::mem::take(&mut answer)).await.is_err() {
                return;
            }
            tokio::time::sleep(DRIP).await;
            answer.push(byte);
        }
    }
    let _ = connection.write_all(&answer).await;
    let _ = connection.shutdown().await;
}

fn response(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    [format!("HTTP/1.1 {status} Said\r\nConnection: close\r\n{headers}\r\n").as_bytes(), body].concat()
}

/// With the length of the body, by a server that knows ranges.
fn measured(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let length = body.len().to_string();
    let own = [("Content-Length", length.as_str()), ("Accept-Ranges", "bytes")];
    response(status, &[headers, &own].concat(), body)
}

fn chunked(headers: &[(&str, &str)], body: &[u8], is_ended: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    for chunk in body.chunks(10_000) {
        bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        bytes.extend_from_slice(chunk);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(if is_ended { b"0\r\n\r\n" } else { b"" });
    response(200, &[headers, &[("Transfer-Encoding", "chunked")]].concat(), &bytes)
}

fn part_of(tag: &str, (first, end): (usize, usize), body: &[u8]) -> Vec<u8> {
    let range = format!("bytes {first}-{}/{SIZE}", end - 1);
    measured(206, &[("ETag", tag), ("Content-Range", &range)], &body[first..end])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_ranges_lengths_or_tags_is_read_in_one_piece() {
    let (tagged, weak) = ([("ETag", TAG)], [("ETag", "W/\"weak\"")]);
    let no_ranges = Server::start(move |_, _| {
        let size = SIZE.to_string();
        response(200, &[tagged[0], ("Content-Length", &size)], &body())
    })
    .await;
    let no_length = Server::start(move |_, _| chunked(&tagged, &body(), true)).await;
    let close = Server::start(move |_, _| response(200, &tagged, &body())).await;
    let weak_tag = Server::start(move |_, _| measured(200, &weak, &body())).await;
    for (server, name) in
        [(no_ranges, "no ranges"), (no_length, "no length"), (close, "the connection's end"), (weak_tag, "a weak tag")]
    {
        let (done, file) = server.download().await.unwrap();
        assert!(!done.is_verified && file == body() && done.details.size == SIZE as u64, "{name}");
        assert_eq!(server.take_asked(), 1, "{name}");
        assert_eq!(server.read().await.unwrap(), body(), "{name}");
        assert_eq!(server.bench.count("GetObject"), 0);
    }
    let no_tag = Server::start(|range, _| match range {
        Some((first, end)) => {
            let told = format!("bytes {first}-{}/{SIZE}", end - 1);
            measured(206, &[("x-amz-request-id", "1"), ("Content-Range", &told)], &body()[first..end])
        }
        None => measured(200, &[("x-amz-request-id", "1")], &body()),
    })
    .await;
    assert_eq!(no_tag.download().await.unwrap().1, body());
    assert_eq!(no_tag.take_asked(), 1, "its parts could be of two objects");
}

#[tokio::test(flavor = "multi_thread")]
async fn more_or_fewer_bytes_than_were_asked_for_are_put_in_their_places() {
    let more = Server::start(|range, _| match range {
        Some((first, end)) => part_of(TAG, (first, SIZE.min(end + 10_000)), &body()),
        None => measured(200, &[("ETag", TAG)], &body()),
    })
    .await;
    let fewer = Server::start(|range, _| match range {
        Some((first, end)) => part_of(TAG, (first, end.min(first + 20_000)), &body()),
        None => measured(200, &[("ETag", TAG)], &body()),
    })
    .await;
    let no_size = Server::start(|range, _| match range {
        Some((first, end)) => {
            let told = format!("bytes {first}-{}/*", end - 1);
            measured(206, &[("ETag", TAG), ("Content-Range", &told)], &body()[first..end])
        }
        None => measured(200, &[("ETag", TAG)], &body()),
    })
    .await;
    for (server, name) in [(more, "more"), (fewer, "fewer"), (no_size, "no size")] {
        let (done, file) = server.download().await.unwrap();
        assert!(file == body() && done.details.size == SIZE as u64, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_belong_elsewhere_or_to_another_object_are_an_error() {
    // Whoever knows no If-Match sends what is there by now.
    let changing = Server::start(|range, number| {
        let tag = format!("\"{number}\"");
        range.map_or_else(|| measured(200, &[("ETag", &tag)], &body()), |range| part_of(&tag, range, &body()))
    })
    .await;
    let error = changing.download().await.unwrap_err();
    assert!(error.kind() == "condition_not_met" && error.to_string().contains("changed meanwhile"), "{error}");
    assert!(changing.take_asked() <= 5 * 4, "it is not tried for ever");

    let shifted = Server::start(|range, _| match range {
        Some((first, end)) if first > 0 => part_of(TAG, (first + 1, SIZE.min(end + 1)), &body()),
        Some(range) => part_of(TAG, range, &body()),
        None => measured(200, &[("ETag", TAG)], &body()),
    })
    .await;
    let error = shifted.download().await.unwrap_err();
    assert!(error.kind() == "retryable" && error.to_string().contains("other bytes came"), "{error}");

    // The CRC32 of something else.
    let wrong = Server::start(|_, _| {
        measured(
            200,
            &[("ETag", TAG), ("x-amz-checksum-crc32", "y/Q5Jg=="), ("x-amz-checksum-type", "FULL_OBJECT")],
            &body(),
        )
    })
    .await;
    for error in [wrong.download().await.unwrap_err(), wrong.read().await.unwrap_err()] {
        assert!(error.kind() == "retryable" && error.to_string().contains("CRC32"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_without_a_length_that_breaks_off_is_no_short_object() {
    let tagged = [("ETag", TAG)];
    let broken = Server::start(move |_, _| chunked(&tagged, &body()[..100_000], false)).await;
    let (file, stream) = tokio::join!(broken.download(), broken.read());
    for error in [file.unwrap_err(), stream.unwrap_err()] {
        assert!(error.kind() == "retryable" && error.to_string().contains("the connection broke"), "{error}");
    }
    // It goes on where it broke, and before that nobody could say where it ends.
    let mended = Server::start(move |range, number| match (range, number % 2) {
        (Some(range), 1) => part_of(TAG, range, &body()),
        _ => chunked(&tagged, &body()[..100_000], false),
    })
    .await;
    assert_eq!(mended.read().await.unwrap(), body());
    assert_eq!(mended.take_asked(), 2);
}

/// RFC 9110 §15.3.7: a client "MUST inspect" what a 206 says of its bytes. gaul/s3proxy#664 leaves Content-Range away, and
/// lakeFS#6100 the status.
#[tokio::test(flavor = "multi_thread")]
async fn bytes_of_which_nobody_says_where_they_belong_do_not_become_a_file() {
    let ranges: [Option<&str>; 5] = [None, Some("bytes */300000"), Some("garbage"), Some("bytes 9-5/300000"), Some("")];
    let tests = ranges.map(|told| async move {
        let server = Server::start(move |range, _| match (range, told) {
            (Some((first, end)), None) => measured(206, &[("ETag", TAG)], &body()[first..end]),
            (Some((first, end)), Some(told)) => {
                measured(206, &[("ETag", TAG), ("Content-Range", told)], &body()[first..end])
            }
            (None, _) => measured(200, &[("ETag", TAG)], &body()),
        })
        .await;
        Box::pin(server.is_not_believed("which bytes")).await;
    });
    let no_status = Server::start(|range, _| match range {
        Some((first, end)) => measured(200, &[("ETag", TAG)], &body()[first..end]),
        None => measured(200, &[("ETag", TAG)], &body()),
    })
    .await;
    let always_a_part = Server::start(|range, _| part_of(TAG, range.unwrap_or((0, PART)), &body())).await;
    let wrong = "other bytes came than were asked for";
    // At once, since each server is asked several times.
    let (_, (), error) = tokio::join!(
        join_all(tests.map(Box::pin)),
        Box::pin(no_status.is_not_believed(wrong)),
        Box::pin(always_a_part.replace()),
    );
    let error = error.unwrap_err();
    assert!(error.to_string().contains(wrong), "{error}");
}

/// What stands between a device and S3 has none of the headers that S3 sends with every answer (S3 API reference, "Common
/// response headers"), and S3 reads with no other status than 200 and 206 ("GetObject", "HeadObject").
#[tokio::test(flavor = "multi_thread")]
async fn a_page_from_in_between_is_no_object() {
    let html = ("Content-Type", "text/html");
    let page: &[u8] = b"<html>Sign in to this network</html>";
    let xml: &[u8] = b"<Error><Code>InternalError</Code></Error>";
    let cases = [
        (200, vec![html], page),
        (200, vec![html, ("ETag", TAG)], page),
        (200, vec![("Content-Type", "Text/HTML; charset=utf-8"), ("ETag", TAG)], page),
        (203, vec![html, ("ETag", TAG)], page),
        (206, vec![html], page),
        (206, vec![html, ("Content-Range", "bytes 0-35/36")], page),
        (202, vec![], b""),
        (204, vec![], b""),
        (205, vec![("x-amz-request-id", "1")], b""),
        (200, vec![], b""),
        (200, vec![("Content-Type", "application/xml")], xml),
    ];
    for (status, headers, bytes) in cases {
        let answer = if status == 204 { response(204, &headers, b"") } else { measured(status, &headers, bytes) };
        let server = Server::start(move |_, _| answer.clone()).await;
        for error in [server.replace().await.unwrap_err(), server.read().await.unwrap_err()] {
            assert!(error.to_string().contains("is not S3"), "{status} {headers:?}: {error}");
        }
    }
    for own in ["x-amz-request-id", "x-goog-hash"] {
        let server = Server::start(move |_, _| measured(200, &[html, ("ETag", TAG), (own, "1")], page)).await;
        assert_eq!(server.read().await.unwrap(), page, "a page that somebody keeps there");
    }
}

/// "Objects created by the PUT Object … operation … encrypted by SSE-S3 or plaintext, have ETags that are an MD5 digest of
/// their object data", and with SSE-C or SSE-KMS not (S3 API reference, Object).
#[tokio::test(flavor = "multi_thread")]
async fn without_a_checksum_an_entity_tag_that_is_an_md5_is_compared() {
    const MD5: &str = "\"5dd39cab1c53c2c77cd352983f9641e1\"";
    let small: &[u8] = b"not these bytes";
    let wrong = Server::start(move |_, _| measured(200, &[("ETag", MD5)], small)).await;
    for error in [wrong.replace().await.unwrap_err(), wrong.read().await.unwrap_err()] {
        assert!(error.kind() == "retryable" && error.to_string().contains("MD5"), "{error}");
    }
    let right =
        Server::start(|_, _| measured(200, &[("ETag", "\"5d41402abc4b2a76b9719d911017c592\"")], b"hello")).await;
    assert!(right.download().await.unwrap().0.is_verified && right.read().await.unwrap() == b"hello");
    let kms = ("x-amz-server-side-encryption", "aws:kms");
    let customer = ("x-amz-server-side-encryption-customer-algorithm", "AES256");
    for key in [kms, customer] {
        let encrypted = Server::start(move |_, _| measured(200, &[("ETag", MD5), key], small)).await;
        assert!(!encrypted.download().await.unwrap().0.is_verified);
        assert_eq!(encrypted.read().await.unwrap(), small);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_says_it_keeps_other_bytes_than_were_sent_is_believed() {
    let server =
        Server::start(|_, _| measured(200, &[("ETag", TAG), ("x-amz-checksum-crc64nvme", "AAAAAAAAAAA=")], b"")).await;
    let error = server.session.put_object("key".into(), "hello").await.unwrap_err();
    assert!(error.kind() == "retryable" && error.to_string().contains("CRC64NVME"), "{error}");
    assert!(server.session.put_object("key".into(), "").await.is_ok(), "the checksum of nothing");
}

/// Backblaze B2 says so of every x-amz-checksum header, and others that it is not implemented.
#[tokio::test(flavor = "multi_thread")]
async fn a_small_object_goes_also_to_a_server_that_knows_no_checksums() {
    for (status, code) in [(400, "InvalidArgument"), (501, "NotImplemented")] {
        let server = Server::start(move |_, number| match number {
            0 => measured(
                status,
                &[],
                format!("<Error><Code>{code}</Code><Message>Unsupported header</Message></Error>").as_bytes(),
            ),
            _ => measured(200, &[("ETag", TAG)], b""),
        })
        .await;
        server.session.put_object("key".into(), "hello").await.unwrap();
        assert_eq!(server.take_asked(), 2);
    }
}

/// SlowDown lasts some seconds (Amazon S3 user guide, "Best practices design patterns", Retries), and RFC 9110 §10.2.3 lets a
/// server say how many.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_wants_to_be_left_alone_for_a_moment_is() {
    const TIMES: usize = 4;
    let slow = |body: &'static [u8]| {
        Server::start(move |_, number| match number {
            0..TIMES => measured(503, &[("Retry-After", "1")], b"<Error><Code>SlowDown</Code></Error>"),
            _ => measured(200, &[("ETag", TAG)], body),
        })
    };
    let (read, written) = (slow(b"hello").await, slow(b"").await);
    let begun = Instant::now();
    assert_eq!(read.read().await.unwrap(), b"hello");
    written.session.put_object("key".into(), "hello").await.unwrap();
    assert_eq!((read.take_asked(), written.take_asked()), (TIMES + 1, TIMES + 1));
    assert!(begun.elapsed() >= Duration::from_secs(2 * TIMES as u64), "it is not asked earlier");
}

/// The network is gone for some seconds: what reads waits as long for it as what writes, and as often.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_is_asked_for_as_patiently_as_what_is_written() {
    // Neither an answer nor a refusal.
    let gone = || Server::start(|_, _| Vec::new());
    let (streamed, downloaded, written) = tokio::join!(gone(), gone(), gone());
    let begun = Instant::now();
    let read = async { (streamed.read().await.err(), begun.elapsed()) };
    let file = async { (downloaded.download().await.err(), begun.elapsed()) };
    let put = async { (written.session.put_object("key".into(), "hello").await.err(), begun.elapsed()) };
    let (read, file, put) = tokio::join!(read, file, put);
    for ((error, lasted), server) in [(read, &streamed), (file, &downloaded), (put, &written)] {
        assert_eq!(error.unwrap().kind(), "retryable");
        assert_eq!(server.take_asked(), 5);
        assert!(lasted >= Duration::from_secs(8), "{lasted:?}");
    }
}

/// A byte now and then is as good as none: the AWS SDKs call it a stalled stream (aws-smithy-runtime, `minimum_throughput`).
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_drips_is_given_up_for_another() {
    let answer = |range: Option<(usize, usize)>| match range {
        Some(range) => part_of(TAG, range, &body()),
        None => measured(200, &[("ETag", TAG)], &body()),
    };
    let server = |drips: fn(usize) -> bool| Server::start_dripping(drips, move |range, _| answer(range));
    let (streamed, downloaded, dripping) =
        tokio::join!(server(|number| number == 0), server(|number| number % 2 == 0), server(|_| true));
    let (stream, file, error) = tokio::join!(streamed.read(), downloaded.download(), dripping.read());
    assert!(stream.unwrap() == body() && file.unwrap().1 == body());
    assert_eq!(streamed.take_asked(), 2);

    let error = error.unwrap_err();
    assert!(error.kind() == "retryable" && error.to_string().contains("bytes in 2 s"), "{error}");
    assert_eq!(dripping.take_asked(), 5);
}
