//! What is done with objects: `get`, `put`, `cp`, `rm` and `presign`.

pub(super) mod cp;
mod crew;
mod events;
pub(super) mod get;
mod missing;
pub(super) mod presign;
pub(super) mod put;
pub(super) mod rm;

use std::future::Future;
use std::time::Duration;

use jetbridge::storage::default_directory;
use jetbridge::{Leftovers, ListObjects, ObjectAddress, ObjectPages, Session, TransferOptions};
use tokio::sync::mpsc;

use crate::args::TransferArgs;
use crate::commands::place::{bucket_of, show};
use crate::context::Context;
use crate::exit::{CliError, Exit, Failure};
use crate::text::{escape, shorten};
use crew::{OnProgress, Pulse};
use events::Subject;

/// Requests at once for many objects: small ones are waited for more than moved. `cargo xtask bench transfer` says what it is
/// worth with a server that is far away.
const PLACES: usize = 32;
/// For the parts of one.
const PARTS_AT_ONCE: usize = 8;
/// For each of many large ones, and for a stream.
const PARTS_AMONG_MANY: usize = 4;
/// An object above this has more than one part.
const LARGE: u64 = 8 * 1024 * 1024;
/// Columns.
const ROOM_FOR_NAME: usize = 20;
/// How long S3 may take to forget an upload that was cancelled.
const TIDYING: Duration = Duration::from_secs(4);

/// How the bytes of one object are moved.
fn options_for_one(args: &TransferArgs) -> TransferOptions {
    let parallel = args.parallel.map_or(PARTS_AT_ONCE, usize::from);
    TransferOptions { parallel: Some(parallel), ..options(args) }
}

/// How the bytes of a stream are moved: each part is kept in memory until it was sent.
fn options_for_stream(args: &TransferArgs) -> TransferOptions {
    let parallel = args.parallel.map_or(PARTS_AMONG_MANY, usize::from);
    TransferOptions { parallel: Some(parallel), ..options(args) }
}

/// How the bytes of one object among many are moved, and the requests at once that it takes.
fn options_among_many(args: &TransferArgs, size: u64) -> (TransferOptions, usize) {
    let parallel = if size > args.part_size.unwrap_or(LARGE) { PARTS_AMONG_MANY.min(places(args)) } else { 1 };
    (TransferOptions { parallel: Some(parallel), ..options(args) }, parallel)
}

fn places(args: &TransferArgs) -> usize {
    args.parallel.map_or(PLACES, usize::from)
}

fn options(args: &TransferArgs) -> TransferOptions {
    // Where no such folder can be, an upload begins anew after its process was killed.
    let resume_folder = default_directory().ok().map(|state| state.join("transfers"));
    TransferOptions {
        part_size: args.part_size,
        start_over: args.start_over,
        resume_folder,
        ..TransferOptions::default()
    }
}

/// The same, told how far it is.
fn options_with(options: TransferOptions, progress: OnProgress) -> TransferOptions {
    TransferOptions { progress: Some(progress), ..options }
}

/// What an upload that was cancelled has left in S3.
fn told_of(leftovers: &Leftovers, is_tidy: bool, what_is_left: &str) -> String {
    let mut told = match &leftovers.parts {
        Some(why) => format!(
            "S3 still has parts of an unfinished object, which could not be given up ({why}). The same command goes on with a \
             file's; else a lifecycle rule of the bucket ends them."
        ),
        None if !is_tidy => "S3 has not confirmed yet that it forgets what was sent of it.".to_owned(),
        None if leftovers.may_be_written => "S3 keeps nothing of any other unfinished object.".to_owned(),
        None => return what_is_left.to_owned(),
    };
    if leftovers.may_be_written {
        told.insert_str(0, "What was on its way last may have been written all the same: look with jetbridge ls. ");
    }
    told
}

/// Runs what moves objects. Asked to end, it lets go of all of it, and waits a moment for S3 to forget what it has of it.
async fn until_interrupted<F>(
    context: &Context,
    session: &Session,
    what_is_left: &'static str,
    work: impl FnOnce(Pulse) -> F,
) -> Result<(), CliError>
where
    F: Future<Output = Result<(), CliError>>,
{
    let (pulse, mut beating) = mpsc::channel(1);
    tokio::select! {
        ended = work(pulse) => return ended,
        () = context.interrupt.requested() => {}
    }
    // A task that was aborted has yet to let go of what it holds; only then there is something to wait for.
    let tidying = async {
        beating.recv().await;
        session.settle().await;
    };
    let is_tidy = tokio::time::timeout(TIDYING, tidying).await.is_ok();
    Err(Failure::cancelled().hint(told_of(&session.leftovers(), is_tidy, what_is_left)).into())
}

/// How a command with many objects is begun again.
const MANY_GO_ON: &str =
    "The same command goes on with what is unfinished; with --no-overwrite it leaves out what is there already.";

/// A failure after which the same command goes on where this one ended, which is said then.
fn goes_on(error: CliError, how: Option<String>) -> CliError {
    let CliError::Failed(mut failure) = error else { return error };
    let may_pass =
        matches!(failure.exit, Exit::Temporary | Exit::LocalFile | Exit::SignInRequired | Exit::SecureStorage);
    if let Some(how) = how.filter(|_| may_pass) {
        failure.hint = Some(failure.hint.map_or_else(|| how.clone(), |hint| format!("{hint}\n{how}")));
    }
    failure.into()
}

/// What stands before the meter of one object: there is little room.
fn name_on_meter(object: &ObjectAddress) -> String {
    let name = object.key.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    shorten(&escape(name), ROOM_FOR_NAME).into_owned()
}

/// All objects below a folder.
fn pages_below(session: &Session, folder: &ObjectAddress) -> ObjectPages {
    session.list_objects(ListObjects {
        bucket: folder.bucket.clone(),
        prefix: Some(folder.key.clone()),
        requester_pays: folder.requester_pays,
        ..ListObjects::default()
    })
}

/// What an object is called below a folder. The core refuses a listing of others: they would choose where they are written.
fn rest_below<'a>(folder: &ObjectAddress, object: &'a ObjectAddress) -> Result<&'a str, Failure> {
    let problem = || Failure::internal(format!("{} is not below {}", show(object), show(folder)));
    object.key.strip_prefix(&folder.key).ok_or_else(problem)
}

/// Another key of the same bucket.
fn sibling(object: &ObjectAddress, key: impl Into<String>) -> ObjectAddress {
    ObjectAddress { key: key.into(), ..object.clone() }
}

/// The subject of what is done with one object.
fn subject_of(session: &Session, object: &ObjectAddress) -> Subject {
    Subject {
        bucket: Some(bucket_of(object, session)),
        key: Some(object.key.clone()),
        shown: (show(object), String::new()),
        ..Subject::default()
    }
}
