//! How much of a thread's stack the calls take. UniFFI polls them on the caller's thread, and that is small on phones: 512 KB
//! on iOS ("Thread Management", Threading Programming Guide, table 2-1: "512 KB (secondary threads)"), about 1 MB for the
//! threads of Android's runtime and of a JVM. A call that does not fit ends the app, as it would end this process.

use std::path::Path;
use std::thread;

use jetbridge::{CopyObject, DeleteObjects, GetObject, ListObjects, LoginOptions, SignOutMode, TransferOptions};

use crate::bench::{ALICE, Bench};

/// Of a build that is not optimised, whose frames are several times as large as those of a release.
const STACK: usize = 512 * 1024;

/// Carries out the call on a thread of its own, as an app's coroutine does.
fn on_a_small_stack<T: Send>(call: impl Future<Output = T> + Send) -> T {
    let (runtime, call) = (tokio::runtime::Handle::current(), Box::pin(call));
    thread::scope(|scope| {
        let small = thread::Builder::new().stack_size(STACK);
        small.spawn_scoped(scope, || runtime.block_on(call)).unwrap().join().unwrap()
    })
}

fn large_file(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("large");
    std::fs::write(&path, vec![7; 17 * 1024 * 1024]).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_fits_on_the_stack_of_a_phone_s_thread() {
    let bench = Bench::start().await;
    let session = bench.session();
    let folder = tempfile::tempdir().unwrap();
    let (file, copy) = (large_file(folder.path()), folder.path().join("copy"));
    let options =
        || TransferOptions { resume_folder: Some(folder.path().join("resume")), ..TransferOptions::default() };
    tokio::task::block_in_place(|| assert_eq!(on_a_small_stack(session.diagnose()).broken(), None));
    tokio::task::block_in_place(|| on_a_small_stack(session.begin_login(LoginOptions::default())).unwrap());
    let redirect = bench.redirect_for(&session, ALICE).await;
    tokio::task::block_in_place(|| {
        on_a_small_stack(session.complete_login(&redirect)).unwrap();
        on_a_small_stack(session.aws_credentials()).unwrap();
        on_a_small_stack(session.user_info()).unwrap();
        assert_eq!(on_a_small_stack(session.diagnose()).broken(), None);
        on_a_small_stack(async { session.list_objects(ListObjects::default()).next_page().await }).unwrap();
        on_a_small_stack(session.put_object("small".into(), "a few bytes")).unwrap();
        on_a_small_stack(session.upload_file("large".into(), &file, options())).unwrap();
        on_a_small_stack(session.head_object("large".into())).unwrap();
        on_a_small_stack(session.download_object("large".into(), &copy, options())).unwrap();
        let known = TransferOptions { expected_size: Some(17 * 1024 * 1024), ..options() };
        on_a_small_stack(session.download_object("large".into(), &copy, known)).unwrap();
        let ranged = GetObject { range: Some(1..3), ..GetObject::from("small") };
        on_a_small_stack(async { session.get_object(ranged).await?.collect(10).await }).unwrap();
        let copied = CopyObject { source: "small".into(), target: "copied".into(), ..CopyObject::default() };
        on_a_small_stack(session.copy_object(copied)).unwrap();
        let keys = ["large".to_owned(), "copied".to_owned()];
        let many = DeleteObjects { keys: keys.into(), ..DeleteObjects::default() };
        let left = on_a_small_stack(session.delete_objects(many)).unwrap();
        assert!(left.is_empty(), "{left:?}");
        on_a_small_stack(session.delete_object("small".into())).unwrap();
        on_a_small_stack(session.sign_out(SignOutMode::Revoke)).unwrap();
    });
}
