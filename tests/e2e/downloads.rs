//! Objects on their way down: as a stream and into files, and what goes wrong on the way.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
use jetbridge::{
    Conditions, DownloadedObject, GetObject, ObjectAddress, Session, SessionError, TransferOptions, TransferProgress,
};
use jetbridge_local_stack::{Fault, RequestRecord};
use tokio::sync::Notify;

use crate::bench::{ALICE, Bench};

const BUCKET: &str = "jetbridge-demo";
const KEY: &str = "uploads/object.bin";
const PART: u64 = 128 * 1024;
/// So that something can happen while a part is on its way.
const LATENCY: Duration = Duration::from_millis(120);

/// Bytes of which no two parts are the same.
fn content(size: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(next).flatten().take(size).collect()
}

/// The SDK's own client, so that what is there was not written by what reads it.
fn sdk(bench: &Bench, session: &Session) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::config::Builder::from(&session.sdk_config())
        .endpoint_url(bench.stack.endpoints().s3.as_str())
        .force_path_style(true)
        .build();
    aws_sdk_s3::Client::from_conf(config)
}

async fn put(bench: &Bench, session: &Session, body: &[u8], algorithm: ChecksumAlgorithm) {
    let put = sdk(bench, session).put_object().bucket(BUCKET).key(KEY).checksum_algorithm(algorithm);
    put.content_type("image/jpeg")
        .metadata("taken-by", "alice")
        .body(ByteStream::from(body.to_vec()))
        .send()
        .await
        .unwrap();
}

/// A bench with an object, and an empty log.
async fn with_object(size: usize) -> (Bench, Session, Vec<u8>) {
    let bench = Bench::start().await;
    let session = bench.signed_in(ALICE).await;
    let body = content(size, 1);
    put(&bench, &session, &body, ChecksumAlgorithm::Crc64Nvme).await;
    bench.stack.log().clear();
    (bench, session, body)
}

fn in_parts(parallel: usize) -> TransferOptions {
    TransferOptions { part_size: Some(PART), parallel: Some(parallel), ..TransferOptions::default() }
}

async fn download(session: &Session, file: &Path, options: TransferOptions) -> Result<DownloadedObject, SessionError> {
    session.download_object(KEY.into(), file, options).await
}

async fn collect(session: &Session, request: GetObject) -> Result<Vec<u8>, SessionError> {
    Ok(session.get_object(request).await?.collect(1 << 30).await?.to_vec())
}

struct Folder(tempfile::TempDir, PathBuf);

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("object.bin");
        Self(folder, file)
    }

    fn file(&self) -> &Path {
        &self.1
    }

    /// Everything that is there, what begins with a dot included.
    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// Tells when a transfer has come so far, and what it told on the way.
#[derive(Default)]
struct Watched {
    told: Mutex<Vec<TransferProgress>>,
    reached: Notify,
}

impl Watched {
    fn options(self: &Arc<Self>, at: u64, options: TransferOptions) -> TransferOptions {
        let watched = Arc::clone(self);
        let progress = move |progress: TransferProgress| {
            watched.told.lock().unwrap().push(progress);
            if progress.done >= at {
                watched.reached.notify_one();
            }
        };
        TransferOptions { progress: Some(Arc::new(progress)), ..options }
    }
}

/// A download that is dropped in the middle of the first part after so many bytes: the app's screen is closed, or its process
/// killed. The part's answer stands still until then, however fast the rest is.
async fn download_until(bench: &Bench, session: &Session, file: &Path, at: u64) {
    let dropped = Arc::new(Notify::new());
    let (heard, stack, is_held) = (Arc::clone(&dropped), Arc::clone(&bench.stack), AtomicBool::new(false));
    let progress = move |progress: TransferProgress| {
        // The next part is asked for when this one is there.
        if progress.done > at - PART && !is_held.swap(true, Ordering::Relaxed) {
            stack.faults().inject(Fault::S3ObjectStalled, 1);
        }
        if progress.done > at {
            heard.notify_one();
        }
    };
    let options = TransferOptions { progress: Some(Arc::new(progress)), ..in_parts(1) };
    tokio::select! {
        outcome = download(session, file, options) => panic!("it was to be dropped: {outcome:?}"),
        () = dropped.notified() => {}
    }
}

fn most_at_once(records: &[RequestRecord], operation: &str) -> usize {
    let of: Vec<_> = records.iter().filter(|record| record.operation == operation).collect();
    let running = |at: Duration| of.iter().filter(|record| record.started <= at && at < record.ended).count();
    of.iter().map(|record| running(record.started)).max().unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_of_an_object_is_told_without_its_bytes() {
    let (bench, session, body) = with_object(5000).await;
    let details = session.head_object(KEY.into()).await.unwrap();
    assert_eq!((details.key.as_str(), details.size), (KEY, body.len() as u64));
    assert_eq!(details.headers.content_type.as_deref(), Some("image/jpeg"));
    assert_eq!(details.headers.metadata["taken-by"], "alice");
    let checksum = details.checksum.unwrap();
    assert!(checksum.is_of_whole_object && checksum.algorithm == "CRC64NVME");
    assert!(details.e_tag.unwrap().starts_with('"') && details.last_modified.is_some());
    assert_eq!((bench.count("HeadObject"), bench.count("GetObject")), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_names_the_object_and_what_would_help() {
    let (bench, session, _) = with_object(10).await;
    let folder = Folder::new();
    let private = ObjectAddress::in_bucket("jetbridge-private", "plans/2027.pdf");
    let head = session.head_object(private.clone()).await.unwrap_err();
    let get = GetObject { object: private, ..GetObject::default() };
    let got = collect(&session, get.clone()).await.unwrap_err();
    let downloaded = session.download_object(get, folder.file(), TransferOptions::default()).await.unwrap_err();
    for error in [head, got, downloaded] {
        let hint = error.hint().unwrap();
        assert_eq!(error.kind(), "access_denied", "{error}");
        assert!(hint.contains("s3:GetObject on arn:aws:s3:::jetbridge-private/plans/2027.pdf"), "{hint}");
    }

    // HEAD has no words for it, and says which of both it is all the same.
    for (object, missing) in [
        (ObjectAddress::new("no/such.key"), "object no/such.key in bucket jetbridge-demo (S3: NoSuchKey"),
        (ObjectAddress::in_bucket("no-such-bucket", "a"), "bucket no-such-bucket: check its name"),
    ] {
        let get = GetObject { object: object.clone(), ..GetObject::default() };
        let head = session.head_object(object).await.unwrap_err();
        for error in [head, collect(&session, get).await.unwrap_err()] {
            assert!(error.kind() == "not_found" && error.to_string().contains(missing), "{error}");
        }
    }
    let nothing = session.head_object(ObjectAddress::default()).await.unwrap_err();
    assert_eq!(nothing.kind(), "misconfigured", "the bucket is no object: {nothing}");

    bench.stack.faults().inject(Fault::S3AccessDenied, 1);
    let denied = download(&session, folder.file(), TransferOptions::default()).await.unwrap_err();
    assert_eq!(denied.kind(), "access_denied");
    assert_eq!(folder.names(), [""; 0], "nothing is left beside");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_that_does_not_hold_is_told_and_nothing_comes() {
    let (_bench, session, body) = with_object(10).await;
    let e_tag = session.head_object(KEY.into()).await.unwrap().e_tag;
    let other = Some("\"0123456789abcdef0123456789abcdef\"".to_owned());
    let on = |conditions| GetObject { conditions, ..KEY.into() };
    let same = collect(&session, on(Conditions { if_match: e_tag.clone(), ..Conditions::default() })).await;
    assert_eq!(same.unwrap(), body);
    for (conditions, told) in [
        (Conditions { if_match: other, ..Conditions::default() }, "(If-Match, S3: PreconditionFailed"),
        (Conditions { if_none_match: e_tag, ..Conditions::default() }, "was not modified"),
    ] {
        let folder = Folder::new();
        let options = TransferOptions::default();
        let downloaded = session.download_object(on(conditions.clone()), folder.file(), options).await.unwrap_err();
        for error in [collect(&session, on(conditions)).await.unwrap_err(), downloaded] {
            assert!(error.kind() == "condition_not_met" && error.to_string().contains(told), "{error}");
        }
        assert_eq!(folder.names(), [""; 0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_is_read_alone_and_a_limit_is_kept() {
    let (_bench, session, body) = with_object(300_000).await;
    let of = |range| GetObject { range: Some(range), ..KEY.into() };
    for (range, expected) in
        [(0..1, &body[..1]), (100_000..200_000, &body[100_000..200_000]), (299_999..400_000, &body[299_999..])]
    {
        let stream = session.get_object(of(range)).await.unwrap();
        assert_eq!(stream.details().size, body.len() as u64, "of the whole object");
        assert_eq!(stream.collect(100_000).await.unwrap(), expected);
    }
    let beyond = collect(&session, of(300_000..300_001)).await.unwrap_err();
    assert!(beyond.kind() == "not_found" && beyond.to_string().contains("has fewer"), "{beyond}");
    assert_eq!(collect(&session, of(5..5)).await.unwrap_err().kind(), "misconfigured");
    let large = session.get_object(KEY.into()).await.unwrap().collect(299_999).await.unwrap_err();
    assert!(large.kind() == "misconfigured" && large.to_string().contains("300000 bytes"), "{large}");

    let folder = Folder::new();
    let some = session.download_object(of(50_000..250_000), folder.file(), in_parts(2)).await.unwrap();
    assert_eq!(std::fs::read(folder.file()).unwrap(), body[50_000..250_000]);
    assert!(!some.is_verified && some.details.size == body.len() as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_object_takes_one_request_and_an_empty_one_becomes_an_empty_file() {
    let (bench, session, body) = with_object(10_000).await;
    let folder = Folder::new();
    std::fs::write(folder.file(), "what was there").unwrap();
    let done = download(&session, folder.file(), TransferOptions::default()).await.unwrap();
    assert!(done.is_verified && done.resumed == 0 && done.details.size == body.len() as u64);
    assert_eq!(std::fs::read(folder.file()).unwrap(), body);
    assert_eq!(folder.names(), ["object.bin"]);
    let asked: Vec<_> = bench.stack.log().records().iter().map(|record| record.operation).collect();
    assert_eq!(asked, ["GetObject"]);

    let empty = session.download_object("empty.txt".into(), folder.file(), TransferOptions::default()).await.unwrap();
    assert_eq!((empty.details.size, std::fs::read(folder.file()).unwrap().len()), (0, 0));
    assert_eq!(collect(&session, "empty.txt".into()).await.unwrap(), b"");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_file_has_the_mode_of_new_ones_and_one_that_is_replaced_keeps_its_own() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let (_bench, session, body) = with_object(1000).await;
    let folder = Folder::new();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let ordinary = folder.0.path().join("ordinary");
    std::fs::write(&ordinary, "").unwrap();
    download(&session, folder.file(), TransferOptions::default()).await.unwrap();
    assert_eq!(mode(folder.file()), mode(&ordinary));
    std::fs::set_permissions(folder.file(), std::fs::Permissions::from_mode(0o640)).unwrap();
    download(&session, folder.file(), TransferOptions::default()).await.unwrap();
    assert_eq!(mode(folder.file()), 0o640);

    // Nobody leads what arrives elsewhere by a link with the name of what is on its way.
    let (dropped, session) = (Folder::new(), &session);
    let watched = Arc::new(Watched::default());
    let options = watched.options(1, TransferOptions { part_size: Some(100), ..in_parts(1) });
    tokio::select! {
        _ = download(session, dropped.file(), options) => {}
        () = watched.reached.notified() => {}
    }
    let victim = dropped.0.path().join("victim");
    std::fs::write(&victim, "precious").unwrap();
    for name in dropped.names().iter().filter(|name| name.ends_with("jetbridge-part")) {
        std::fs::remove_file(dropped.0.path().join(name)).unwrap();
        symlink(&victim, dropped.0.path().join(name)).unwrap();
    }
    let outcome = download(session, dropped.file(), in_parts(1)).await;
    assert_eq!(std::fs::read(&victim).unwrap(), b"precious");
    assert!(outcome.is_ok_and(|_| std::fs::read(dropped.file()).unwrap() == body) || !dropped.file().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn ranges_of_a_large_object_come_at_once_and_are_held_against_its_checksum() {
    for (algorithm, is_combined) in [
        (ChecksumAlgorithm::Crc64Nvme, true),
        (ChecksumAlgorithm::Crc32, false),
        (ChecksumAlgorithm::Crc32C, false),
        (ChecksumAlgorithm::Sha1, false),
        (ChecksumAlgorithm::Sha256, false),
    ] {
        let bench = Bench::start().await;
        let session = bench.signed_in(ALICE).await;
        let body = content(10 * PART as usize + 1, 2);
        put(&bench, &session, &body, algorithm.clone()).await;
        bench.stack.set_latency(Duration::from_millis(if is_combined { 400 } else { 0 }));
        bench.stack.log().clear();
        let (folder, watched) = (Folder::new(), Arc::new(Watched::default()));
        let options = watched.options(u64::MAX, in_parts(4));
        let done = download(&session, folder.file(), options).await.unwrap();
        assert!(done.is_verified, "{algorithm}");
        assert_eq!(std::fs::read(folder.file()).unwrap(), body);
        assert_eq!((bench.count("GetObject"), bench.count("HeadObject")), (11, 0));
        if is_combined {
            assert_eq!(most_at_once(&bench.stack.log().records(), "GetObject"), 4);
        }

        let told = watched.told.lock().unwrap();
        let size = body.len() as u64;
        assert!(told.is_sorted_by_key(|progress| progress.done), "{told:?}");
        assert!(told.iter().all(|progress| progress.total == Some(size) && progress.resumed == 0));
        assert_eq!(told.last().map(|progress| progress.done), Some(size));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_whose_checksum_is_one_of_its_parts_is_verified_by_parts() {
    const MIB: usize = 1024 * 1024;
    let (bench, folder) = (Bench::start().await, Folder::new());
    let session = bench.signed_in(ALICE).await;
    let s3 = sdk(&bench, &session);
    let upload = async |parts: &[&[u8]]| {
        let begun = s3.create_multipart_upload().bucket(BUCKET).key(KEY).checksum_algorithm(ChecksumAlgorithm::Crc32);
        let id = begun.send().await.unwrap().upload_id().unwrap().to_owned();
        let mut upload = CompletedMultipartUpload::builder();
        for (number, part) in (1..).zip(parts) {
            let sent = s3.upload_part().bucket(BUCKET).key(KEY).upload_id(&id).part_number(number);
            let sent = sent.checksum_algorithm(ChecksumAlgorithm::Crc32).body(ByteStream::from(part.to_vec()));
            let sent = sent.send().await.unwrap();
            let part = CompletedPart::builder().part_number(number);
            upload = upload.parts(part.set_e_tag(sent.e_tag).set_checksum_crc32(sent.checksum_crc32).build());
        }
        let whole = s3.complete_multipart_upload().bucket(BUCKET).key(KEY).upload_id(&id);
        whole.multipart_upload(upload.build()).send().await.unwrap();
        bench.stack.log().clear();
    };
    let body = content(6 * MIB, 3);
    upload(&body.chunks(5 * MIB).collect::<Vec<_>>()).await;
    // Of a range that is a part, and of one that is all, S3 tells checksums which are not of the object.
    for part_size in [1, 5, 8] {
        let options = TransferOptions { part_size: Some(part_size * MIB as u64), ..TransferOptions::default() };
        let done = download(&session, folder.file(), options).await.unwrap();
        assert!(done.is_verified, "parts of {part_size} MiB");
        assert_eq!(std::fs::read(folder.file()).unwrap(), body);
        assert_eq!(bench.count("HeadObject"), 1, "how large its parts are");
        bench.stack.log().clear();
    }
    let stream = session.get_object(KEY.into()).await.unwrap();
    assert!(!stream.details().checksum.as_ref().unwrap().is_of_whole_object);
    assert_eq!(stream.collect(1 << 30).await.unwrap(), body);

    std::fs::remove_file(folder.file()).unwrap();
    bench.stack.faults().inject(Fault::S3ObjectDamaged, 2);
    let error = download(&session, folder.file(), TransferOptions::default()).await.unwrap_err();
    assert!(error.kind() == "retryable" && error.to_string().contains("CRC32"), "{error}");
    assert!(folder.names().is_empty());

    // Nobody can tell from the first one how large the others are: they are asked for where they are not alike.
    let body = content(12 * MIB, 4);
    let (alike, others) = ([0, 5 * MIB, 10 * MIB, 12 * MIB], [0, 5 * MIB, 11 * MIB, 12 * MIB]);
    for (ends, questions, of_stream) in [(alike, 1, true), (others, 3, false)] {
        upload(&ends.windows(2).map(|ends| &body[ends[0]..ends[1]]).collect::<Vec<_>>()).await;
        let done = download(&session, folder.file(), TransferOptions::default()).await.unwrap();
        assert!(done.is_verified && std::fs::read(folder.file()).unwrap() == body, "{ends:?}");
        assert_eq!(bench.count("HeadObject"), questions, "{ends:?}");
        let mut stream = session.get_object(KEY.into()).await.unwrap();
        while stream.next_chunk().await.unwrap().is_some() {}
        assert_eq!(stream.is_verified(), of_stream, "{ends:?}");

        std::fs::remove_file(folder.file()).unwrap();
        // Both answers of both tries.
        bench.stack.faults().inject(Fault::S3ObjectDamaged, 4);
        let error = download(&session, folder.file(), TransferOptions::default()).await.unwrap_err();
        assert!(error.kind() == "retryable" && error.to_string().contains("CRC32"), "{ends:?}: {error}");
        assert!(folder.names().is_empty());
        bench.stack.faults().inject(Fault::S3ObjectDamaged, u32::from(of_stream));
        let stream = session.get_object(KEY.into()).await.unwrap().collect(1 << 30).await;
        assert_eq!(stream.is_err(), of_stream, "{ends:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_of_another_size_than_was_listed_is_not_written() {
    let (bench, session, body) = with_object(4 * PART as usize).await;
    let folder = Folder::new();
    let listed = |size: u64| TransferOptions { expected_size: Some(size), ..in_parts(2) };
    std::fs::write(folder.file(), "what was there").unwrap();
    let error = download(&session, folder.file(), listed(3 * PART)).await.unwrap_err();
    let told = format!("{} bytes, and not the {}", 4 * PART, 3 * PART);
    assert!(error.kind() == "condition_not_met" && error.to_string().contains(&told), "{error}");
    assert_eq!(bench.count("GetObject"), 1);
    assert_eq!(
        (std::fs::read(folder.file()).unwrap(), folder.names()),
        (b"what was there".into(), vec!["object.bin".into()])
    );
    let error = download(&session, folder.file(), listed(4 * PART + 1)).await.unwrap_err();
    assert_eq!(error.kind(), "condition_not_met", "{error}");

    // Of one that is known to be large nothing comes that is not asked for.
    bench.stack.log().clear();
    let done = download(&session, folder.file(), listed(4 * PART)).await.unwrap();
    assert!(done.is_verified && done.details.headers.content_type.as_deref() == Some("image/jpeg"));
    assert_eq!(std::fs::read(folder.file()).unwrap(), body);
    let records = bench.stack.log().records();
    let ranges: Vec<_> = records.iter().filter_map(|record| record.range.as_deref()).collect();
    assert_eq!((ranges.len(), bench.count("GetObject"), bench.count("HeadObject")), (4, 4, 1), "{ranges:?}");

    bench.stack.log().clear();
    put(&bench, &session, b"small", ChecksumAlgorithm::Crc64Nvme).await;
    assert!(download(&session, folder.file(), listed(5)).await.unwrap().is_verified);
    assert_eq!((bench.count("GetObject"), bench.count("HeadObject")), (1, 0));
    put(&bench, &session, b"", ChecksumAlgorithm::Crc64Nvme).await;
    let error = download(&session, folder.file(), listed(4 * PART)).await.unwrap_err();
    assert!(error.kind() == "condition_not_met" && error.to_string().contains("has 0 bytes"), "{error}");
}

/// In a process of its own, which alone sees a disk so small.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_and_what_is_there_counts_when_there_is_room_again() {
    const INSIDE: &str = "TEST_ON_A_FULL_DISK";
    const SMALL_DISK: &str = "mount -t tmpfs -o size=512k none \"$TEST_ON_A_FULL_DISK\" && exec \"$@\"";
    let Some(disk) = std::env::var_os(INSIDE).map(PathBuf::from) else {
        let folder = tempfile::tempdir().unwrap();
        let mut inside = std::process::Command::new("unshare");
        inside.args(["--map-root-user", "--mount", "sh", "-c", SMALL_DISK, "sh"]).arg(std::env::current_exe().unwrap());
        let name = "downloads::a_full_disk_is_told_and_what_is_there_counts_when_there_is_room_again";
        let output = inside.args(["--exact", name]).env(INSIDE, folder.path()).output().unwrap();
        let told = [output.stdout, output.stderr].concat();
        let told = String::from_utf8_lossy(&told);
        // Where nobody may make a mount there is no small disk.
        let is_refused = told.contains("Operation not permitted") || told.contains("Permission denied");
        assert!(told.contains("1 passed") || is_refused && !told.contains("panicked"), "{told}");
        return;
    };
    let (bench, session, body) = with_object(3 * PART as usize).await;
    let (file, other) = (disk.join("object.bin"), disk.join("other.bin"));
    std::fs::write(&other, vec![1; 220 * 1024]).unwrap();
    let error = download(&session, &file, in_parts(1)).await.unwrap_err();
    assert!(error.kind() == "local_file" && error.to_string().contains("no room left"), "{error}");
    assert!(!file.exists());
    std::fs::remove_file(other).unwrap();
    bench.stack.log().clear();
    let done = download(&session, &file, in_parts(1)).await.unwrap();
    assert_eq!((done.resumed, bench.count("GetObject")), (2 * PART, 1));
    assert!(done.is_verified && std::fs::read(&file).unwrap() == body);
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_expire_in_the_middle_are_renewed_in_the_middle() {
    let (bench, session, body) = with_object(12 * PART as usize).await;
    let (folder, watched) = (Folder::new(), Arc::new(Watched::default()));
    bench.stack.set_latency(LATENCY);
    // Beside it, so that the clock is not moved by whoever waits for the download.
    let expiring = async {
        watched.reached.notified().await;
        bench.let_time_pass(Duration::from_secs(3700));
    };
    let options = watched.options(2 * PART, in_parts(2));
    let (done, ()) = tokio::join!(download(&session, folder.file(), options), expiring);
    assert!(done.unwrap().is_verified);
    assert_eq!(std::fs::read(folder.file()).unwrap(), body);
    assert_eq!(bench.count("GetCredentialsForIdentity"), 1, "once for all parts");

    // HEAD is refused without a word of why, so that GET is asked.
    bench.stack.faults().inject(Fault::S3ExpiredToken, 2);
    assert_eq!(session.head_object(KEY.into()).await.unwrap().size, body.len() as u64);
    assert_eq!(bench.count("GetCredentialsForIdentity"), 2);
    bench.stack.faults().inject(Fault::S3InvalidToken, 1);
    assert_eq!(collect(&session, KEY.into()).await.unwrap(), body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_wrong_by_hours_keeps_nobody_from_reading() {
    let (bench, session, body) = with_object(3 * PART as usize).await;
    let folder = Folder::new();
    for wrong_by in [3 * 3600, -3 * 3600] {
        bench.clock.set_wrong_by(wrong_by);
        let done = download(&session, folder.file(), in_parts(2)).await.unwrap();
        assert!(done.is_verified && std::fs::read(folder.file()).unwrap() == body, "{wrong_by}");
        bench.clock.set_wrong_by(-wrong_by);
        assert_eq!(collect(&session, KEY.into()).await.unwrap(), body);
        bench.clock.set_wrong_by(wrong_by);
        assert_eq!(session.head_object(KEY.into()).await.unwrap().size, body.len() as u64);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_is_taken_up_where_it_broke() {
    let (bench, session, body) = with_object(200_000).await;
    let faults = bench.stack.faults();
    faults.inject(Fault::S3ObjectCut, 1);
    assert_eq!(collect(&session, KEY.into()).await.unwrap(), body);
    assert_eq!(bench.count("GetObject"), 2);

    let folder = Folder::new();
    faults.inject(Fault::S3ObjectCut, 2);
    let done = download(&session, folder.file(), in_parts(1)).await.unwrap();
    assert!(done.is_verified && std::fs::read(folder.file()).unwrap() == body);
    // Two ranges, two that broke.
    assert_eq!(bench.count("GetObject"), 2 + 4);

    // Not for ever.
    bench.stack.log().clear();
    faults.inject(Fault::S3ObjectCut, 1000);
    let error = collect(&session, KEY.into()).await.unwrap_err();
    assert!(error.kind() == "retryable" && error.to_string().contains("the connection broke"), "{error}");
    assert!((2..=8).contains(&bench.count("GetObject")), "{}", bench.count("GetObject"));
    faults.inject(Fault::S3ObjectCut, 0);

    // While nothing is there at all.
    faults.inject(Fault::S3ObjectCut, 1);
    let mut stream = session.get_object(KEY.into()).await.unwrap();
    faults.inject(Fault::NetworkDown, 3);
    let mut read = Vec::new();
    while let Some(bytes) = stream.next_chunk().await.unwrap() {
        read.extend_from_slice(&bytes);
    }
    assert_eq!(read, body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_brings_nothing_is_given_up_for_another() {
    let (bench, _, body) = with_object(200_000).await;
    let builder = Session::builder(bench.config.clone(), Arc::clone(&bench.store)).clock(Arc::new(bench.clock.clone()));
    let session = builder.transfer_patience(Duration::from_millis(500)).open().unwrap();
    let faults = bench.stack.faults();
    faults.inject(Fault::S3ObjectStalled, 1);
    assert_eq!(collect(&session, KEY.into()).await.unwrap(), body);
    assert_eq!(bench.count("GetObject"), 2);
    let folder = Folder::new();
    faults.inject(Fault::S3ObjectStalled, 2);
    let done = download(&session, folder.file(), in_parts(2)).await.unwrap();
    assert!(done.is_verified && std::fs::read(folder.file()).unwrap() == body);

    faults.inject(Fault::S3ObjectStalled, 1000);
    let error = collect(&session, KEY.into()).await.unwrap_err();
    assert!(error.kind() == "retryable" && error.to_string().contains("no answer in time: no byte for"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_that_was_dropped_goes_on_in_the_next_process() {
    let parts = 12;
    let (bench, session, body) = with_object(parts * PART as usize).await;
    let folder = Folder::new();
    download_until(&bench, &session, folder.file(), 5 * PART).await;
    assert!(!folder.file().exists() && folder.names().len() == 2, "{:?}", folder.names());
    let asked = bench.count("GetObject");

    // A new process, with other wishes.
    bench.stack.log().clear();
    let session = bench.session();
    let watched = Arc::new(Watched::default());
    let options = watched.options(u64::MAX, TransferOptions::default());
    let done = download(&session, folder.file(), options).await.unwrap();
    assert!(done.is_verified && done.resumed >= 3 * PART && done.resumed % PART == 0, "{}", done.resumed);
    assert_eq!(std::fs::read(folder.file()).unwrap(), body);
    let there = (done.resumed / PART) as usize;
    assert_eq!(bench.count("GetObject"), parts - there, "{asked} were asked for before, {there} of them had come");
    assert_eq!(folder.names(), ["object.bin"]);
    let told = watched.told.lock().unwrap();
    assert!(told.iter().all(|progress| progress.resumed == done.resumed && progress.done >= done.resumed));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_is_believed_only_if_it_is_right() {
    let (bench, session, body) = with_object(8 * PART as usize).await;
    let folder = Folder::new();
    download_until(&bench, &session, folder.file(), 5 * PART).await;
    let partial = folder.names().into_iter().find(|name| name.ends_with("jetbridge-part")).unwrap();
    let partial = folder.0.path().join(partial);
    // As after a power cut: the journal was written, and the part was not.
    let mut there = std::fs::read(&partial).unwrap();
    there[PART as usize..2 * PART as usize].fill(0);
    std::fs::write(&partial, there).unwrap();
    bench.stack.log().clear();
    let done = download(&session, folder.file(), in_parts(1)).await.unwrap();
    assert!(done.is_verified && done.resumed > 0);
    assert_eq!(std::fs::read(folder.file()).unwrap(), body);
    assert_eq!(bench.count("GetObject") as u64, 8 - done.resumed / PART);

    // Nothing of it, if that is what the app wants.
    std::fs::remove_file(folder.file()).unwrap();
    download_until(&bench, &session, folder.file(), 5 * PART).await;
    let anew = TransferOptions { start_over: true, ..in_parts(1) };
    assert_eq!(download(&session, folder.file(), anew).await.unwrap().resumed, 0);
    // Nor of another object that was to go to the same place.
    std::fs::remove_file(folder.file()).unwrap();
    download_until(&bench, &session, folder.file(), 5 * PART).await;
    let other = session.download_object("shared/handbook.pdf".into(), folder.file(), in_parts(4)).await.unwrap();
    assert_eq!((other.resumed, std::fs::metadata(folder.file()).unwrap().len()), (0, 1024 * 1024));
    assert_eq!(folder.names(), ["object.bin"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_changes_meanwhile_is_never_mixed() {
    let (bench, session, body) = with_object(8 * PART as usize).await;
    let folder = Folder::new();
    let other = content(body.len(), 9);

    // A stream ends: what was handed out cannot be taken back.
    bench.stack.faults().inject(Fault::S3ObjectCut, 1);
    let mut stream = session.get_object(KEY.into()).await.unwrap();
    put(&bench, &session, &other, ChecksumAlgorithm::Crc64Nvme).await;
    let error = loop {
        match stream.next_chunk().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("half of an object and half of another"),
            Err(error) => break error,
        }
    };
    assert!(error.kind() == "condition_not_met" && error.to_string().contains("changed meanwhile"), "{error}");
    assert_eq!(stream.next_chunk().await.unwrap_err(), error);

    // A file begins anew, whether it changes between two processes …
    download_until(&bench, &session, folder.file(), 4 * PART).await;
    put(&bench, &session, &body, ChecksumAlgorithm::Crc64Nvme).await;
    let done = download(&session, folder.file(), in_parts(1)).await.unwrap();
    assert!(done.is_verified && done.resumed == 0);
    assert_eq!(std::fs::read(folder.file()).unwrap(), body);
    // … or within one, of which five more parts are still to come when the other object is sent.
    bench.stack.set_latency(4 * LATENCY);
    let watched = Arc::new(Watched::default());
    let changing = async {
        watched.reached.notified().await;
        put(&bench, &session, &other, ChecksumAlgorithm::Crc64Nvme).await;
    };
    let options = watched.options(2 * PART, in_parts(1));
    let (done, ()) = tokio::join!(download(&session, folder.file(), options), changing);
    assert!(done.unwrap().is_verified);
    assert_eq!(std::fs::read(folder.file()).unwrap(), other);
    assert_eq!(folder.names(), ["object.bin"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_not_the_ones_that_s3_keeps_become_no_file() {
    let (bench, session, body) = with_object(4 * PART as usize).await;
    let (folder, faults) = (Folder::new(), bench.stack.faults());
    faults.inject(Fault::S3ObjectDamaged, 1);
    let error = collect(&session, KEY.into()).await.unwrap_err();
    assert!(error.kind() == "retryable" && error.to_string().contains("that its CRC64NVME is of"), "{error}");
    assert_eq!(bench.count("GetObject"), 1);

    // Once more from the start.
    bench.stack.log().clear();
    faults.inject(Fault::S3ObjectDamaged, 1);
    assert!(download(&session, folder.file(), in_parts(2)).await.unwrap().is_verified);
    assert_eq!(std::fs::read(folder.file()).unwrap(), body);
    assert_eq!(bench.count("GetObject"), 8);

    std::fs::write(folder.file(), "what was there").unwrap();
    faults.inject(Fault::S3ObjectDamaged, 8);
    let error = download(&session, folder.file(), in_parts(2)).await.unwrap_err();
    assert!(error.kind() == "retryable" && error.to_string().contains("CRC64NVME"), "{error}");
    assert_eq!(std::fs::read(folder.file()).unwrap(), b"what was there");
    assert_eq!(folder.names(), ["object.bin"], "of no use to anybody");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_where_no_file_can_be_is_told_before_anything_is_asked() {
    let (bench, session, _) = with_object(10).await;
    let folder = Folder::new();
    let missing = folder.0.path().join("no/such/folder/object.bin");
    let under_a_file = {
        std::fs::write(folder.file(), "").unwrap();
        folder.file().join("object.bin")
    };
    for (place, told) in [
        (missing.as_path(), "the folder is not there"),
        (folder.0.path(), "it is a folder"),
        (&under_a_file, "no folder"),
        (Path::new("/"), "names no file"),
        #[cfg(unix)]
        (Path::new("/dev/null"), "no plain file"),
    ] {
        let error = download(&session, place, TransferOptions::default()).await.unwrap_err();
        assert!(error.kind() == "local_file" && error.to_string().contains(told), "{error}");
    }
    assert_eq!(bench.count("GetObject"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_downloads_to_one_place_do_not_get_into_each_other_s_way() {
    let (bench, session, body) = with_object(4 * PART as usize).await;
    let folder = Folder::new();
    let (watched, other) = (Arc::new(Watched::default()), bench.session());
    // The first is cut short after its first part anyway.
    bench.stack.faults().inject(Fault::S3ObjectStalled, 2);
    let first = {
        let (session, file) = (session.clone(), folder.file().to_owned());
        let options = watched.options(0, in_parts(1));
        tokio::spawn(async move { download(&session, &file, options).await })
    };
    watched.reached.notified().await;
    let error = download(&other, folder.file(), in_parts(1)).await.unwrap_err();
    assert!(error.kind() == "local_file" && error.to_string().contains("is under way"), "{error}");
    first.abort();
    let _ = first.await;
    assert!(download(&other, folder.file(), in_parts(1)).await.unwrap().is_verified);
    assert_eq!(std::fs::read(folder.file()).unwrap(), body);
}
