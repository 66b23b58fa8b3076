//! `jetbridge rm`: objects are deleted, after a look at what that is. S3 answers alike whether it has deleted an object or
//! there was none (API reference, DeleteObject: 204), and keeps a mark of each in a bucket with versions: so it is asked first,
//! and nothing is deleted that is not there. Who may not look may still delete, and is told as much.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::io::IsTerminal as _;

use futures_util::stream::{self, StreamExt as _};
use jetbridge::{Conditions, DeleteObject, DeleteObjects, ObjectAddress, Session, SessionError};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};

use super::crew::{Crew, Pulse, tell};
use super::events::ObjectEvent;
use super::missing::{self, is_anything_below, nothing_below, of_all_below};
use super::{PLACES, pages_below, sibling, subject_of, until_interrupted};
use crate::args::{ETag, RmArgs};
use crate::commands::place::{
    bucket_of, has_dots, parse_folder_to_delete, parse_one_object, refuse_empty, show, usage,
};
use crate::context::Context;
use crate::exit::{CliError, Failure};
use crate::output::{BOLD, DIM, Output, styled};
use crate::progress::Progress;
use crate::text::{count_of, escape, human_size};

/// S3 deletes no more in one request.
const BATCH: usize = 1000;
/// Keys that are shown before the question.
const SAMPLE: usize = 5;
/// No answer is longer.
const LONGEST_ANSWER: u64 = 100;

const SOME: &str = "What had been deleted by then stays deleted.";
const NOTHING: &str = "Nothing was deleted.";

pub(in crate::commands) async fn run(context: &Context, args: &RmArgs, output: &mut Output) -> Result<(), CliError> {
    refuse_empty(&args.key)?;
    if args.recursive {
        let [key] = &*args.key else {
            return Err(usage("--recursive takes one folder at a time").into());
        };
        let can_ask = io::stdin().is_terminal() && io::stderr().is_terminal() && !output.is_json();
        if !args.yes && !args.dry_run && !can_ask {
            return Err(usage("rm --recursive asks first, and nobody can answer here")
                .hint("Look with --dry-run, then say --yes.")
                .into());
        }
        let folder = parse_folder_to_delete(key, &args.place)?;
        let (session, _) = context.signed_in().await?;
        let mut agreed = None;
        if !args.yes && !args.dry_run {
            let asking = async {
                agreed = Some(ask(context, &session, &folder).await?);
                Ok(())
            };
            until_interrupted(context, &session, NOTHING, |_| asking).await?;
        }
        return until_interrupted(context, &session, SOME, |pulse| {
            remove_below(context, &session, pulse, &folder, agreed, args, output)
        })
        .await;
    }
    let objects = args.key.iter().map(|key| parse_one_object(key, &args.place)).collect::<Result<Vec<_>, _>>()?;
    if args.if_match.is_some() && objects.len() > 1 {
        return Err(usage("an entity tag is one object's").into());
    }
    let (session, _) = context.signed_in().await?;
    until_interrupted(context, &session, SOME, |pulse| remove(context, &session, pulse, objects, args, output)).await
}

/// Those that were named.
async fn remove(
    context: &Context,
    session: &Session,
    pulse: Pulse,
    objects: Vec<ObjectAddress>,
    args: &RmArgs,
    output: &mut Output,
) -> Result<(), CliError> {
    // What no URL can name, a list of keys can.
    let needs_list = |object: &ObjectAddress| has_dots(&object.key) && args.if_match.is_none();
    if let ([object], false) = (&*objects, args.dry_run)
        && !needs_list(object)
    {
        return remove_one(context, session, object, args, output).await;
    }
    let mut removal = Removal { session, args, crew: Crew::new(PLACES, pulse, context.notes, output) };
    removal.crew.expect(objects.len() as u64, 0);
    let mut buckets: BTreeMap<Option<String>, Vec<ObjectAddress>> = BTreeMap::new();
    for object in objects {
        buckets.entry(object.bucket.clone()).or_default().push(object);
    }
    for of_one_bucket in buckets.into_values() {
        removal.remove_found(of_one_bucket).await?;
    }
    removal.finish().await
}

async fn remove_one(
    context: &Context,
    session: &Session,
    object: &ObjectAddress,
    args: &RmArgs,
    output: &mut Output,
) -> Result<(), CliError> {
    let progress = Progress::start(context.notes, "asking S3 …");
    let was_there = match look(session, object).await? {
        Look::Found => Some(true),
        Look::Untold => None,
        Look::Missing(error) => return Err(missing::explain(session, "rm", object, &error).await.into()),
    };
    session.delete_object(request(object.clone(), args)).await?;
    // The mark of a folder is not what is in it.
    let leaves_more = object.key.ends_with('/') && is_anything_below(session, object).await;
    drop(progress);
    tell(&ObjectEvent::Deleted { subject: subject_of(session, object), was_there }, output)?;
    if leaves_more {
        context.notes.say(format!("What is below it is still there. To delete all:\n  {}", of_all_below("rm", object)));
    }
    Ok(())
}

/// What S3 says of an object that is to be deleted.
enum Look {
    Found,
    Missing(SessionError),
    /// The role may not see it, or it cannot be seen without its key (SSE-C).
    Untold,
}

async fn look(session: &Session, object: &ObjectAddress) -> Result<Look, SessionError> {
    match session.head_object(object.clone()).await {
        Ok(_) => Ok(Look::Found),
        Err(error @ SessionError::NotFound { .. }) => Ok(Look::Missing(error)),
        Err(SessionError::AccessDenied { .. } | SessionError::Misconfigured { .. }) => Ok(Look::Untold),
        Err(error) => Err(error),
    }
}

/// All below a folder, or those of it that were agreed to.
async fn remove_below(
    context: &Context,
    session: &Session,
    pulse: Pulse,
    folder: &ObjectAddress,
    agreed: Option<Vec<String>>,
    args: &RmArgs,
    output: &mut Output,
) -> Result<(), CliError> {
    let mut removal = Removal { session, args, crew: Crew::new(PLACES, pulse, context.notes, output) };
    if let Some(keys) = agreed {
        removal.crew.expect(keys.len() as u64, 0);
        removal.remove(keys.into_iter().map(|key| sibling(folder, key)).collect(), Some(true)).await?;
        return removal.finish().await;
    }
    let mut pages = pages_below(session, folder);
    let mut is_empty = true;
    while !removal.crew.is_over() {
        match pages.next_page().await {
            Ok(Some(page)) => {
                is_empty &= page.objects.is_empty();
                removal.crew.expect(page.objects.len() as u64, 0);
                let objects = page.objects.iter().map(|object| sibling(folder, &object.key)).collect();
                removal.remove(objects, Some(true)).await?;
            }
            Ok(None) if is_empty => return Err(nothing_below(session, "rm", folder).await.into()),
            Ok(None) => break,
            Err(error) if is_empty => return Err(error.into()),
            Err(error) => removal.crew.break_off(Failure::from_session(&error)),
        }
    }
    removal.finish().await
}

/// Shows what there is, and asks. What is agreed to is what was shown: nothing that comes later is deleted with it.
async fn ask(context: &Context, session: &Session, folder: &ObjectAddress) -> Result<Vec<String>, CliError> {
    let progress = Progress::start(context.notes, "looking what there is …");
    let mut pages = pages_below(session, folder);
    let (mut keys, mut bytes) = (Vec::new(), 0_u64);
    while let Some(page) = pages.next_page().await? {
        bytes = page.objects.iter().fold(bytes, |bytes, object| bytes.saturating_add(object.size));
        keys.extend(page.objects.into_iter().map(|object| object.key));
        progress.say(format!("looking what there is … {}", count_of(keys.len() as u64, "object")));
    }
    drop(progress);
    if keys.is_empty() {
        return Err(nothing_below(session, "rm", folder).await.into());
    }
    let (number, place) = (count_of(keys.len() as u64, "object"), place_of(folder, session));
    let mut question = styled(BOLD, format!("{number} ({}) below {place}:", human_size(bytes)));
    for key in keys.iter().take(SAMPLE) {
        question.push_str(&format!("\n  {}", escape(key)));
    }
    if let Some(more) = keys.len().checked_sub(SAMPLE).filter(|more| *more > 0) {
        question.push_str(&format!("\n  {}", styled(DIM, format!("and {more} more"))));
    }
    context.notes.ask(format!("{question}\nDelete for good? [y/N] "));
    let mut answer = String::new();
    let mut stdin = BufReader::new(tokio::io::stdin()).take(LONGEST_ANSWER);
    let read = stdin.read_line(&mut answer).await;
    match (read, answer.trim().to_ascii_lowercase().as_str()) {
        (Ok(_), "y" | "yes") => Ok(keys),
        _ => Err(Failure { message: "cancelled: nothing was deleted".to_owned(), ..Failure::cancelled() }.into()),
    }
}

/// The bucket by its name: that is what is at stake.
fn place_of(folder: &ObjectAddress, session: &Session) -> String {
    show(&ObjectAddress { bucket: Some(bucket_of(folder, session)), ..folder.clone() })
}

fn request(object: ObjectAddress, args: &RmArgs) -> DeleteObject {
    let if_match = args.if_match.clone().map(|ETag(tag)| tag);
    DeleteObject { object, conditions: Conditions { if_match, ..Conditions::default() } }
}

struct Removal<'a> {
    session: &'a Session,
    args: &'a RmArgs,
    crew: Crew<'a>,
}

impl Removal<'_> {
    /// Deletes those of one bucket that are there.
    async fn remove_found(&mut self, objects: Vec<ObjectAddress>) -> Result<(), CliError> {
        for objects in objects.chunks(BATCH) {
            if self.crew.is_over() {
                break;
            }
            let looks = stream::iter(objects.to_vec()).map(|object| {
                let session = self.session.clone();
                async move { look(&session, &object).await }
            });
            let looks: Vec<_> = looks.buffered(PLACES).collect().await;
            let (session, mut found, mut untold) = (self.session, Vec::new(), Vec::new());
            for (object, look) in objects.iter().zip(looks) {
                let failure = match look {
                    Ok(Look::Found) => {
                        found.push(object.clone());
                        continue;
                    }
                    Ok(Look::Untold) => {
                        untold.push(object.clone());
                        continue;
                    }
                    Ok(Look::Missing(error)) => missing::explain(session, "rm", object, &error).await,
                    Err(error) => Failure::from_session(&error),
                };
                self.crew.tell(subject_of(session, object), Err(failure))?;
            }
            self.remove(found, Some(true)).await?;
            self.remove(untold, None).await?;
        }
        Ok(())
    }

    /// Deletes objects of one bucket.
    async fn remove(&mut self, objects: Vec<ObjectAddress>, was_there: Option<bool>) -> Result<(), CliError> {
        for objects in objects.chunks(BATCH) {
            if self.crew.is_over() {
                break;
            }
            if self.args.dry_run {
                for object in objects {
                    let subject = subject_of(self.session, object);
                    self.crew.tell(subject.clone(), Ok(ObjectEvent::Planned { subject, size: None }))?;
                }
            } else {
                self.remove_at_once(objects, was_there).await?;
            }
        }
        Ok(())
    }

    async fn remove_at_once(&mut self, objects: &[ObjectAddress], was_there: Option<bool>) -> Result<(), CliError> {
        let Some(ObjectAddress { bucket, requester_pays, .. }) = objects.first().cloned() else { return Ok(()) };
        let keys = objects.iter().map(|object| object.key.clone()).collect();
        let request = DeleteObjects { bucket, keys, requester_pays };
        let mut refused: HashMap<_, _> = match self.session.delete_objects(request).await {
            Ok(refused) => refused.into_iter().collect(),
            Err(error) => {
                self.crew.break_off(Failure::from_session(&error));
                return Ok(());
            }
        };
        for object in objects {
            let subject = subject_of(self.session, object);
            let outcome = match refused.remove(&object.key) {
                None => Ok(ObjectEvent::Deleted { subject: subject.clone(), was_there }),
                Some(error) => Err(Failure::from_session(&error)),
            };
            self.crew.tell(subject, outcome)?;
        }
        Ok(())
    }

    async fn finish(self) -> Result<(), CliError> {
        let done = if self.args.dry_run { "would be deleted" } else { "deleted" };
        self.crew.finish(done).await
    }
}
