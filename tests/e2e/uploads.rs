//! Objects from files and streams: in parts, gone on with by another process, given up when nobody wants them.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use aws_sdk_s3::Client;
use futures_util::stream;
use jetbridge::{Conditions, PutObject, Session, SessionError, TransferOptions, TransferProgress, UploadedObject};
use jetbridge_local_stack::Fault;

use crate::bench::{ALICE, Bench, eventually};

const BUCKET: &str = "jetbridge-demo";
const MIB: usize = 1024 * 1024;
/// S3 takes no smaller parts.
const PART: usize = 5 * MIB;
/// Three parts, the last one short, and still long enough that the app hears of its middle.
const SIZE: usize = 2 * PART + 1_234_567;

/// A stack, a signed-in session, a file, a folder for journals.
struct Uploading {
    bench: Bench,
    session: Session,
    folder: tempfile::TempDir,
    /// What the app keeps is below here.
    container: PathBuf,
}

impl Uploading {
    async fn start() -> Self {
        let bench = Bench::start().await;
        let session = bench.signed_in(ALICE).await;
        let folder = tempfile::tempdir().unwrap();
        let container = folder.path().join("container");
        std::fs::create_dir(&container).unwrap();
        Self { bench, session, folder, container }
    }

    /// As the update of an app does on iOS.
    fn move_container(&mut self) {
        let moved = self.folder.path().join("container of the next version");
        std::fs::rename(&self.container, &moved).unwrap();
        self.container = moved;
    }

    fn file(&self, size: usize) -> PathBuf {
        let path = self.container.join(format!("{size}.bin"));
        std::fs::write(&path, bytes(size)).unwrap();
        path
    }

    fn journals(&self) -> PathBuf {
        self.container.join("journals")
    }

    fn remembered(&self) -> usize {
        std::fs::read_dir(self.journals().join("jetbridge-uploads")).map_or(0, Iterator::count)
    }

    fn options(&self) -> TransferOptions {
        TransferOptions {
            part_size: Some(PART as u64),
            resume_folder: Some(self.journals()),
            parallel: Some(1),
            ..TransferOptions::default()
        }
    }

    async fn upload(&self, file: &Path, options: TransferOptions) -> Result<UploadedObject, SessionError> {
        self.session.upload_file("up/file".into(), file, options).await
    }

    fn s3(&self) -> Client {
        let config = aws_sdk_s3::config::Builder::from(&self.session.sdk_config())
            .endpoint_url(self.bench.stack.endpoints().s3.as_str())
            .force_path_style(true)
            .build();
        Client::from_conf(config)
    }

    /// What is in S3, held against its checksum by the SDK.
    async fn content(&self, key: &str) -> Option<Vec<u8>> {
        let object = self.s3().get_object().bucket(BUCKET).key(key).send().await.ok()?;
        Some(object.body.collect().await.unwrap().to_vec())
    }

    /// Uploads that were begun and are neither objects nor given up.
    async fn unfinished(&self) -> Vec<String> {
        let listed = self.s3().list_multipart_uploads().bucket(BUCKET).send().await.unwrap();
        listed.uploads().iter().map(|upload| upload.upload_id().unwrap().to_owned()).collect()
    }

    /// Numbers of the parts that S3 took, in order.
    fn parts(&self) -> Vec<u32> {
        let records = self.bench.stack.log().records();
        records.iter().filter(|record| record.status == 200).filter_map(|record| record.part).collect()
    }

    /// Nothing of a failed upload is left, anywhere.
    async fn assert_nothing_is_left(&self) {
        self.session.settle().await;
        assert_eq!(self.content("up/file").await, None);
        assert_eq!(self.unfinished().await, Vec::<String>::new());
        assert_eq!(self.remembered(), 0);
    }
}

fn bytes(size: usize) -> Vec<u8> {
    (0..size).map(|index| (index * 31 / 7 % 253) as u8).collect()
}

/// Does something once, when the second part is on its way.
fn in_the_middle(act: impl FnOnce() + Send + 'static) -> Option<Arc<dyn Fn(TransferProgress) + Send + Sync>> {
    let act = Mutex::new(Some(act));
    Some(Arc::new(move |progress: TransferProgress| {
        if progress.done > PART as u64
            && let Some(act) = act.lock().unwrap().take()
        {
            act();
        }
    }))
}

fn only_if_absent() -> PutObject {
    let conditions = Conditions { if_none_match: Some("*".to_owned()), ..Conditions::default() };
    PutObject { conditions, ..PutObject::from("up/file") }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_every_size_arrive_whole_in_as_many_requests_as_they_need() {
    let at = Uploading::start().await;
    for (size, parts) in [(0, 0), (1, 0), (PART, 0), (PART + 1, 2), (2 * PART, 2), (SIZE, 3)] {
        at.bench.stack.log().clear();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&seen);
        let progress: Arc<dyn Fn(TransferProgress) + Send + Sync> =
            Arc::new(move |progress| told.lock().unwrap().push(progress));
        let options = TransferOptions { progress: Some(progress), parallel: None, ..at.options() };
        let written = at.upload(&at.file(size), options).await.unwrap();
        assert_eq!(at.bench.count("UploadPart"), parts, "{size}");
        assert_eq!(at.bench.count("PutObject"), usize::from(parts == 0), "{size}");
        assert_eq!(at.bench.count("HeadObject"), 0);
        assert_eq!((written.size, written.resumed), (size as u64, 0));
        let checksum = written.checksum.unwrap();
        assert!(checksum.algorithm == "CRC64NVME" && checksum.is_of_whole_object, "{checksum:?}");
        assert!(at.content("up/file").await.unwrap() == bytes(size), "{size}");
        let seen = seen.lock().unwrap();
        assert!(seen.is_sorted_by_key(|progress| progress.done));
        let last = TransferProgress { done: size as u64, total: Some(size as u64), resumed: 0 };
        assert_eq!(seen.last(), Some(&last));
    }
    at.session.settle().await;
    assert_eq!((at.unfinished().await.len(), at.remembered()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_of_every_size_arrive_whole() {
    let at = Uploading::start().await;
    for (size, parts) in [(0, 0), (PART - 1, 0), (PART, 0), (PART + 1, 2), (2 * PART, 2), (SIZE, 3)] {
        at.bench.stack.log().clear();
        let chunks: Vec<_> = bytes(size).chunks(777_777).map(|chunk| Ok(chunk.to_vec().into())).collect();
        let options = TransferOptions { part_size: Some(PART as u64), ..TransferOptions::default() };
        let written = at.session.upload_stream("up/file".into(), stream::iter(chunks), options).await.unwrap();
        assert_eq!((written.size, at.bench.count("UploadPart")), (size as u64, parts));
        assert!(at.content("up/file").await.unwrap() == bytes(size), "{size}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_ends_with_an_error_leaves_nothing() {
    let at = Uploading::start().await;
    for good in [0, PART / 2, PART + 5, SIZE] {
        let broken = Err(io::Error::other("the camera is gone"));
        let chunks = stream::iter([Ok(bytes(good).into()), broken]);
        let options = TransferOptions { part_size: Some(PART as u64), ..TransferOptions::default() };
        let error = at.session.upload_stream("up/file".into(), chunks, options).await.unwrap_err();
        assert!(error.kind() == "local_file" && error.to_string().contains("the camera is gone"), "{error}");
        at.assert_nothing_is_left().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_outlives_what_happens_in_the_middle() {
    let at = Uploading::start().await;
    let at = Arc::new(at);
    let faults = [
        Fault::S3ExpiredToken,
        Fault::S3InvalidToken,
        Fault::S3SlowDown,
        Fault::S3TemporaryRedirect,
        Fault::NetworkDown,
        Fault::S3PartResponseLost,
        Fault::S3CompleteResponseLost,
        Fault::S3CompleteErrorInOk,
    ];
    for fault in faults {
        at.bench.stack.log().clear();
        let inner = Arc::clone(&at);
        let progress = in_the_middle(move || inner.bench.stack.faults().inject(fault, 1));
        at.upload(&at.file(SIZE), TransferOptions { progress, ..at.options() }).await.unwrap();
        assert!(at.content("up/file").await.unwrap() == bytes(SIZE), "{}", fault.name());
        assert!(at.bench.stack.log().records().iter().filter(|record| record.part.is_some()).count() <= 4);
        at.s3().delete_object().bucket(BUCKET).key("up/file").send().await.unwrap();
    }
    // All of them end at the same time, and the clock is wrong.
    let inner = Arc::clone(&at);
    let progress = in_the_middle(move || inner.bench.let_time_pass(Duration::from_secs(2 * 3600)));
    at.upload(&at.file(SIZE), TransferOptions { progress, parallel: Some(3), ..at.options() }).await.unwrap();
    let inner = Arc::clone(&at);
    let progress = in_the_middle(move || inner.bench.clock.set_wrong_by(-3600));
    at.upload(&at.file(SIZE), TransferOptions { progress, ..at.options() }).await.unwrap();
    assert!(at.content("up/file").await.unwrap() == bytes(SIZE));
    at.session.settle().await;
    assert_eq!((at.unfinished().await.len(), at.remembered()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_stalls_is_sent_again() {
    let at = Uploading::start().await;
    let impatient = jetbridge::Session::builder(at.bench.config.clone(), Arc::clone(&at.bench.store))
        .clock(Arc::new(at.bench.clock.clone()))
        .transfer_patience(Duration::from_secs(2))
        .open()
        .unwrap();
    let stack = at.bench.stack.faults();
    for size in [PART, SIZE] {
        at.bench.stack.log().clear();
        stack.inject(Fault::S3UploadStalled, 1);
        impatient.upload_file("up/file".into(), &at.file(size), at.options()).await.unwrap();
        assert!(at.content("up/file").await.unwrap() == bytes(size));
        let unanswered = at.bench.stack.log().records().into_iter().filter(|record| record.status == 0).count();
        assert_eq!(unanswered, 1);
    }
    assert_eq!(at.parts(), [1, 2, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_role_forbids_is_told_and_nothing_is_left() {
    let at = Uploading::start().await;
    let at = Arc::new(at);
    at.bench.stack.faults().inject(Fault::S3AccessDenied, 1);
    let denied = at.upload(&at.file(SIZE), at.options()).await.unwrap_err();
    assert!(denied.kind() == "access_denied" && denied.hint().unwrap().contains("s3:PutObject"), "{denied:?}");
    let inner = Arc::clone(&at);
    let progress = in_the_middle(move || inner.bench.stack.faults().inject(Fault::S3AccessDenied, 1));
    let denied = at.upload(&at.file(SIZE), TransferOptions { progress, ..at.options() }).await.unwrap_err();
    assert_eq!(denied.kind(), "access_denied");
    at.assert_nothing_is_left().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conditions_hold_for_parts_too_and_a_lost_answer_is_no_broken_condition() {
    let at = Uploading::start().await;
    let upload = async || at.session.upload_file(only_if_absent(), &at.file(SIZE), at.options()).await;
    at.bench.stack.faults().inject(Fault::S3CompleteResponseLost, 1);
    let written = upload().await.unwrap();
    assert_eq!(at.bench.count("CompleteMultipartUpload"), 2);
    at.bench.stack.log().clear();
    assert_eq!(upload().await.unwrap_err().kind(), "condition_not_met");
    assert_eq!(
        (at.bench.count("HeadObject"), at.bench.count("CreateMultipartUpload")),
        (1, 0),
        "nothing is sent in vain"
    );
    // Who may not look sends all of it, and S3 judges at the end. (HEAD has no words: GET is asked for them.)
    at.bench.stack.faults().inject(Fault::S3AccessDenied, 2);
    assert_eq!(upload().await.unwrap_err().kind(), "condition_not_met");
    assert_eq!(at.bench.count("AbortMultipartUpload"), 1);
    let there = at.session.head_object("up/file".into()).await.unwrap();
    assert_eq!((there.e_tag, there.checksum), (written.e_tag, written.checksum));
    assert_eq!((at.unfinished().await.len(), at.remembered()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_goes_away_leaves_nothing() {
    let at = Uploading::start().await;
    let file = at.file(SIZE);
    for parallel in [1, 3] {
        let (tell, told) = mpsc::channel();
        let progress = in_the_middle(move || tell.send(()).unwrap());
        let options = TransferOptions { progress, parallel: Some(parallel), ..at.options() };
        let (session, file) = (at.session.clone(), file.clone());
        at.bench.stack.set_latency(Duration::from_millis(300));
        let caller = tokio::spawn(async move { session.upload_file("up/file".into(), &file, options).await });
        tokio::task::block_in_place(|| told.recv().unwrap());
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
        at.bench.stack.set_latency(Duration::ZERO);
        at.assert_nothing_is_left().await;
    }
    // While nobody knows the upload's id yet.
    at.bench.stack.set_latency(Duration::from_secs(2));
    at.bench.stack.log().clear();
    let (session, options) = (at.session.clone(), at.options());
    let caller = tokio::spawn(async move { session.upload_file("up/file".into(), &file, options).await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    caller.abort();
    eventually("the upload is begun", || at.bench.count("CreateMultipartUpload") == 1).await;
    at.bench.stack.set_latency(Duration::ZERO);
    at.assert_nothing_is_left().await;
}

/// A process that ends while its third part is on the way: its runtime goes, and nothing of it runs on.
fn die_in_the_third_part(at: &Uploading, file: &Path) {
    let (config, store, clock) = (at.bench.config.clone(), Arc::clone(&at.bench.store), at.bench.clock.clone());
    let (tell, told) = mpsc::channel();
    let (_let_go, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    let progress: Arc<dyn Fn(TransferProgress) + Send + Sync> = Arc::new(move |progress| {
        if progress.done > 2 * PART as u64 {
            // The process does not get any further.
            let _ = tell.send(());
            let _ = held.lock().unwrap().recv();
        }
    });
    let options = TransferOptions { progress: Some(progress), ..at.options() };
    let file = file.to_owned();
    let process = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    process.spawn(async move {
        let session = Session::builder(config, store).clock(Arc::new(clock)).open().unwrap();
        session.upload_file("up/file".into(), &file, options).await
    });
    told.recv().unwrap();
    process.shutdown_background();
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_goes_on_and_sends_no_finished_part_again() {
    let mut at = Uploading::start().await;
    let file = at.file(SIZE);
    tokio::task::block_in_place(|| die_in_the_third_part(&at, &file));
    assert_eq!((at.parts(), at.remembered()), (vec![1, 2], 1));
    assert_eq!(at.unfinished().await.len(), 1);
    at.session = at.bench.session();
    at.bench.stack.log().clear();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&seen);
    let progress: Arc<dyn Fn(TransferProgress) + Send + Sync> = Arc::new(move |p| told.lock().unwrap().push(p));
    at.move_container();
    let file = at.container.join(file.file_name().unwrap());
    // The end of the other one may not have reached the lock yet.
    let options = || TransferOptions { progress: Some(Arc::clone(&progress)), ..at.options() };
    let written = upload_when_free(&at, &file, options).await;
    assert_eq!(written.resumed, 2 * PART as u64);
    assert_eq!(at.parts(), [3]);
    assert_eq!(at.bench.count("ListParts") + at.bench.count("CreateMultipartUpload"), 0);
    let first = seen.lock().unwrap()[0];
    assert_eq!(first, TransferProgress { done: 2 * PART as u64, total: Some(SIZE as u64), resumed: 2 * PART as u64 });
    assert!(at.content("up/file").await.unwrap() == bytes(SIZE));
    assert_eq!((at.unfinished().await.len(), at.remembered()), (0, 0));
}

async fn upload_when_free(at: &Uploading, file: &Path, options: impl Fn() -> TransferOptions) -> UploadedObject {
    for _ in 0..200 {
        match at.upload(file, options()).await {
            Err(SessionError::LocalFile { problem, .. }) if problem.contains("already") => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            outcome => return outcome.unwrap(),
        }
    }
    panic!("the dead process still holds its lock");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_wants_any_more_is_given_up_by_whoever_comes_later() {
    let mut at = Uploading::start().await;
    let file = at.file(SIZE);
    tokio::task::block_in_place(|| die_in_the_third_part(&at, &file));
    at.session = at.bench.session();
    std::fs::remove_file(&file).unwrap();
    let abort = async |key: &str| at.session.abort_upload(key.into(), &file, &at.journals()).await;
    assert_eq!(abort_when_free(async || abort("up/other").await).await, Ok(false), "another object's");
    assert_eq!((at.unfinished().await.len(), at.remembered()), (1, 1));

    // What S3 does not confirm is remembered.
    at.bench.stack.faults().inject(Fault::S3AccessDenied, 1);
    let denied = abort_when_free(async || abort("up/file").await).await.unwrap_err();
    assert!(
        denied.kind() == "access_denied" && denied.hint().unwrap().contains("s3:AbortMultipartUpload"),
        "{denied:?}"
    );
    assert_eq!((at.unfinished().await.len(), at.remembered()), (1, 1));

    assert_eq!(abort("up/file").await, Ok(true));
    at.assert_nothing_is_left().await;
    assert_eq!(abort("up/file").await, Ok(false));
    assert_eq!(at.remembered(), 0);
}

/// The end of a dead process may not have reached its lock yet.
async fn abort_when_free(abort: impl AsyncFn() -> Result<bool, SessionError>) -> Result<bool, SessionError> {
    loop {
        match abort().await {
            Err(SessionError::LocalFile { problem, .. }) if problem.contains("already") => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            outcome => return outcome,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_any_more_is_given_up_and_begun_anew() {
    let mut at = Uploading::start().await;
    let file = at.file(SIZE);
    for change in ["source", "part size", "start over", "forgotten by S3", "headers"] {
        std::fs::write(&file, bytes(SIZE)).unwrap();
        tokio::task::block_in_place(|| die_in_the_third_part(&at, &file));
        let [old] = &at.unfinished().await[..] else { panic!("one upload") };
        at.session = at.bench.session();
        at.session.restore().await;
        let mut content = bytes(SIZE);
        let mut request = PutObject::from("up/file");
        let mut options = at.options();
        match change {
            "source" => {
                content[0] ^= 1;
                std::fs::write(&file, &content).unwrap();
            }
            "part size" => options.part_size = Some(PART as u64 + 1),
            "start over" => options.start_over = true,
            "headers" => request.headers.content_language = Some("de".to_owned()),
            _ => {
                let abort = at.s3().abort_multipart_upload().bucket(BUCKET).key("up/file").upload_id(old);
                abort.send().await.unwrap();
            }
        }
        at.bench.stack.log().clear();
        let session = &at.session;
        let mut outcome = session.upload_file(request.clone(), &file, options.clone()).await;
        for _ in 0..200 {
            if !matches!(&outcome, Err(SessionError::LocalFile { .. })) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
            outcome = session.upload_file(request.clone(), &file, options.clone()).await;
        }
        assert_eq!(outcome.unwrap().resumed, 0, "{change}");
        assert_eq!(at.parts(), [1, 2, 3], "{change}");
        assert!(at.content("up/file").await.unwrap() == content, "{change}");
        at.session.settle().await;
        assert_eq!((at.unfinished().await.len(), at.remembered()), (0, 0), "{change}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_that_passes_keeps_what_was_sent() {
    let at = Uploading::start().await;
    let at_stack = at.bench.stack.faults();
    let file = at.file(SIZE);
    let (tell, told) = tokio::sync::oneshot::channel();
    let progress = in_the_middle(move || tell.send(()).unwrap());
    let upload = at.upload(&file, TransferOptions { progress, ..at.options() });
    // For longer than anybody tries.
    let spoil = async {
        told.await.unwrap();
        at_stack.inject(Fault::NetworkDown, 1000);
    };
    let (outcome, ()) = futures_util::join!(upload, spoil);
    let error = outcome.unwrap_err();
    at_stack.inject(Fault::NetworkDown, 0);
    assert_eq!(error.kind(), "retryable", "{error}");
    assert_eq!((at.unfinished().await.len(), at.remembered()), (1, 1));
    let finished = at.parts();
    assert!(!finished.is_empty());

    at.bench.stack.log().clear();
    let resumed = at.upload(&file, at.options()).await.unwrap().resumed;
    assert_eq!(resumed, (finished.len() * PART) as u64);
    let both: Vec<u32> = finished.into_iter().chain(at.parts()).collect();
    assert_eq!(both, [1, 2, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changes_meanwhile_is_noticed() {
    let at = Uploading::start().await;
    let file = at.file(SIZE);
    for truncated in [false, true] {
        std::fs::write(&file, bytes(SIZE)).unwrap();
        let path = file.clone();
        let progress = in_the_middle(move || {
            let changed = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
            if truncated {
                changed.set_len(PART as u64 + 1).unwrap();
            } else {
                use std::io::{Seek as _, Write as _};
                let mut changed = changed;
                changed.seek(io::SeekFrom::End(-1)).unwrap();
                changed.write_all(b"!").unwrap();
            }
        });
        let error = at.upload(&file, TransferOptions { progress, ..at.options() }).await.unwrap_err();
        assert_eq!(error.kind(), "local_file", "{error}");
        at.assert_nothing_is_left().await;
    }
    let absent = at.upload(&at.folder.path().join("absent"), at.options()).await.unwrap_err();
    let folder = at.upload(at.folder.path(), at.options()).await.unwrap_err();
    assert_eq!((absent.kind(), folder.kind()), ("local_file", "local_file"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_upload_is_made_once_at_a_time() {
    let at = Uploading::start().await;
    let file = at.file(SIZE);
    at.bench.stack.faults().inject(Fault::S3UploadStalled, 1);
    let (session, first, options) = (at.session.clone(), file.clone(), at.options());
    let caller = tokio::spawn(async move { session.upload_file("up/file".into(), &first, options).await });
    eventually("the first upload is begun", || at.remembered() == 1 && at.bench.count("UploadPart") == 1).await;
    let busy = at.upload(&file, at.options()).await.unwrap_err();
    assert!(busy.kind() == "local_file" && busy.to_string().contains("already"), "{busy}");
    caller.abort();
    let _ = caller.await;
    at.assert_nothing_is_left().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_was_made_before_its_process_ended_is_not_made_again() {
    let at = Uploading::start().await;
    let file = at.file(SIZE);
    let faults = at.bench.stack.faults();
    faults.inject(Fault::S3CompleteResponseLost, 1);
    let upload = at.session.upload_file(only_if_absent(), &file, at.options());
    // The answer got lost, and then the network is gone for longer than anybody tries.
    let spoil = async {
        while at.bench.count("CompleteMultipartUpload") == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        faults.inject(Fault::NetworkDown, 1000);
    };
    let (outcome, ()) = futures_util::join!(upload, spoil);
    faults.inject(Fault::NetworkDown, 0);
    assert_eq!(outcome.unwrap_err().kind(), "retryable");
    at.bench.stack.log().clear();
    let session = at.bench.session();
    let written = session.upload_file(only_if_absent(), &file, at.options()).await.unwrap();
    assert_eq!(written.resumed, SIZE as u64);
    assert_eq!(at.bench.count("UploadPart") + at.bench.count("CreateMultipartUpload"), 0);
    assert_eq!(at.session.head_object("up/file".into()).await.unwrap().e_tag, written.e_tag);
    assert_eq!(at.remembered(), 0);
}
