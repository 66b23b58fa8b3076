//! What is said of a key that no object has: what there is below it, and what the key may have been meant for.

use jetbridge::{ListObjects, ObjectAddress, Session, SessionError};

use crate::commands::place::{as_folder, show};
use crate::exit::{Exit, Failure};
use crate::invocation::command;

/// What begins a pattern of a shell.
pub(super) const PATTERN: [char; 3] = ['*', '?', '['];

/// The failure of a command for one object, with a way on if there is none of that key. S3 is asked for one key below it; a
/// role that may not list is told no more than S3 said.
pub(super) async fn explain(
    session: &Session,
    verb: &'static str,
    object: &ObjectAddress,
    error: &SessionError,
) -> Failure {
    let failure = Failure::from_session(error);
    if failure.exit != Exit::NotFound {
        return failure;
    }
    if is_anything_below(session, object).await {
        return failure.hint(format!("It is a folder. All below it: {}", of_all_below(verb, object)));
    }
    match about_pattern(&object.key) {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// Whether the key is that of a folder with something in it; not so if nobody says.
pub(super) async fn is_anything_below(session: &Session, object: &ObjectAddress) -> bool {
    let folder = as_folder(object.clone());
    let request = ListObjects {
        bucket: folder.bucket,
        prefix: Some(folder.key),
        // One of them may be the mark that is the folder itself.
        limit: Some(2),
        requester_pays: folder.requester_pays,
        ..ListObjects::default()
    };
    let below = session.list_objects(request).next_page().await;
    below.is_ok_and(|page| page.is_some_and(|page| page.objects.iter().any(|listed| listed.key != object.key)))
}

/// The command for all below a key.
pub(super) fn of_all_below(verb: &str, object: &ObjectAddress) -> String {
    command(&[verb, "--recursive", &typed(object)])
}

/// What a prefix without anything below it deserves: S3 knows no folders, so that a wrong name lists as an empty one.
pub(super) fn nothing_below(folder: &ObjectAddress) -> Failure {
    let hint = about_pattern(&folder.key).unwrap_or_else(|| {
        format!("Keys are told apart by upper and lower case. To see what there is: {}", command(&["ls"]))
    });
    Failure::new("not_found", Exit::NotFound, format!("not found: any object below {}", show(folder))).hint(hint)
}

/// Who wrote a pattern is told that it is none.
fn about_pattern(key: &str) -> Option<String> {
    let (before, _) = key.split_at(key.find(PATTERN)?);
    let folder = before.rsplit_once('/').map_or("", |(folder, _)| folder);
    let list = if folder.is_empty() { command(&["ls"]) } else { command(&["ls", &format!("{folder}/")]) };
    Some(format!(
        "Patterns are not known: `*`, `?` and `[` are letters of keys as others are. Name the keys, or a folder with \
         --recursive. To see what there is: {list}"
    ))
}

/// The address as an argument.
fn typed(object: &ObjectAddress) -> String {
    match &object.bucket {
        Some(bucket) => format!("s3://{bucket}/{}", object.key),
        None => object.key.clone(),
    }
}
