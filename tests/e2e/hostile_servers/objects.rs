//! Servers in S3's place that know less of HTTP than S3 does, or something else: what comes is the object or an error, never
//! something in between.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jetbridge::{DownloadedObject, Session, SessionError, TransferOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::bench::{ALICE, Bench, config_of};

const SIZE: usize = 300_000;
const PART: usize = 65_536;
const TAG: &str = "\"0123456789abcdef\"";

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
        let bench = Bench::start().await;
        bench.signed_in(ALICE).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (asked, respond): (Arc<AtomicUsize>, Arc<Respond>) = (Arc::default(), Arc::new(respond));
        let counter = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let (counter, respond) = (Arc::clone(&counter), Arc::clone(&respond));
                tokio::spawn(async move { serve(connection, &counter, &*respond).await });
            }
        });
        let config = config_of(&bench.stack, |_, aws| {
            aws["Storage"]["AWSS3"]["endpoint"] = format!("http://127.0.0.1:{port}").into();
        });
        let session = bench.session_with(config);
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

    fn take_asked(&self) -> usize {
        self.asked.swap(0, Ordering::SeqCst)
    }
}

async fn serve(mut connection: TcpStream, asked: &AtomicUsize, respond: &Respond) {
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
    let number = asked.fetch_add(1, Ordering::SeqCst);
    let range = head.lines().find_map(|line| line.strip_prefix("range: bytes=")).map(|range| {
        let (first, last) = range.split_once('-').unwrap();
        (first.parse().unwrap(), last.parse().map_or(SIZE, |last: usize| SIZE.min(last + 1)))
    });
    let _ = connection.write_all(&respond(range, number)).await;
    let _ = connection.shutdown().await;
}

fn response(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    [format!("HTTP/1.1 {status} Said\r\nConnection: close\r\n{headers}\r\n").as_bytes(), body].concat()
}

/// With the length of the body, and a tag.
fn measured(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let length = body.len().to_string();
    response(status, &[headers, &[("Content-Length", length.as_str())]].concat(), body)
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
    let no_ranges = Server::start(move |_, _| measured(200, &tagged, &body())).await;
    let no_length = Server::start(move |_, _| chunked(&tagged, &body(), true)).await;
    let close = Server::start(move |_, _| response(200, &tagged, &body())).await;
    let weak_tag = Server::start(move |_, _| measured(200, &weak, &body())).await;
    for (server, name) in
        [(no_ranges, "no ranges"), (no_length, "no length"), (close, "the connection's end"), (weak_tag, "a weak tag")]
    {
        let (done, file) = server.download().await.unwrap();
        assert!(!done.is_verified && file == body() && done.details.size == SIZE as u64, "{name}");
        assert!(server.take_asked() <= 2, "{name}");
        assert_eq!(server.read().await.unwrap(), body(), "{name}");
        assert_eq!(server.bench.count("GetObject"), 0);
    }
    let no_tag = Server::start(|range, _| match range {
        Some((first, end)) => {
            let told = format!("bytes {first}-{}/{SIZE}", end - 1);
            measured(206, &[("Content-Range", &told)], &body()[first..end])
        }
        None => measured(200, &[], &body()),
    })
    .await;
    assert_eq!(no_tag.download().await.unwrap().1, body());
    assert_eq!(no_tag.take_asked(), 2, "its parts could be of two objects");
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
    for error in [broken.download().await.unwrap_err(), broken.read().await.unwrap_err()] {
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
