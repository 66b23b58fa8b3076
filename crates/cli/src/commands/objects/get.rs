//! `jetbridge get`: objects become files.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::BytesMut;
use jetbridge::{
    Conditions, DownloadedObject, GetObject, ListedObject, ObjectAddress, ObjectDetails, ObjectPage, Session,
    TransferOptions, TransferProgress,
};

use super::crew::{Crew, Gauge, Outcome, Pulse, tell};
use super::events::{ObjectEvent, Subject};
use super::missing::{self, nothing_below};
use super::{
    MANY_GO_ON, goes_on, name_on_meter, options_among_many, options_for_one, options_with, pages_below, places,
    rest_below, sibling, subject_of, until_interrupted,
};
use crate::args::{ETag, GetArgs, split_last};
use crate::commands::place::{
    as_path, as_text, is_address, parse_folder, parse_one_object, refuse_dots, refuse_empty, show, usage,
};
use crate::context::Context;
use crate::exit::{CliError, Exit, Failure};
use crate::file_names::to_name;
use crate::folder::{TargetFolder, local_failure, write_small};
use crate::invocation::command;
use crate::output::{Notes, Output};
use crate::path::UserPath;
use crate::progress::Progress;
use crate::text::{escape, escape_here, escape_path};

/// What is brought through memory, and never resumed: many at once.
const SMALL: u64 = 1024 * 1024;
/// What is kept of a download that was cancelled.
const KEPT: &str = "What has arrived of an unfinished file is kept beside it: the same command goes on from there.";

pub(in crate::commands) async fn run(context: &Context, args: &GetArgs, output: &mut Output) -> Result<(), CliError> {
    refuse_empty(&args.operands)?;
    let (keys, file) = split_last(&args.operands);
    let keys = keys.iter().map(|key| as_text(key)).collect::<Result<Vec<_>, _>>()?;
    if let Some(key) = file.and_then(|file| file.to_str()).filter(|file| is_address(file)) {
        let problem = format!("{} is in S3, and stands where a file here is meant", escape(key));
        let (get, cp) = (command(&["get", "KEY…", "FOLDER/"]), command(&["cp", "KEY", "KEY"]));
        return Err(usage(problem)
            .hint(format!("Several objects come down with: {get}\nOne is copied with: {cp}"))
            .into());
    }
    let file = file.map(|file| as_path(file)).transpose()?;
    let to_stdout = file.as_ref().is_some_and(UserPath::is_standard_stream);
    let key = match &*keys {
        [key] => *key,
        _ if args.recursive => return Err(usage("--recursive takes one folder at a time").into()),
        _ if to_stdout => return Err(usage("one object can go to stdout, not several").into()),
        several => return get_objects(context, several, file.as_ref(), args, output).await,
    };
    match (args.recursive, to_stdout) {
        (true, true) => Err(usage("one object can go to stdout, not all below a folder").into()),
        (true, false) => {
            let folder = parse_folder(key, &args.place)?;
            let root = target_of_folder(&folder, file.as_ref())?;
            let (session, _) = context.signed_in().await?;
            until_interrupted(context, &session, KEPT, |pulse| {
                get_all(context, &session, pulse, &folder, root, args, output)
            })
            .await
            .map_err(|error| goes_on(error, Some(MANY_GO_ON.to_owned())))
        }
        (false, true) if output.is_json() => Err(usage("--json writes to stdout, where the object is to go")
            .hint("Leave --json out, or name a file.")
            .into()),
        (false, true) => {
            let object = parse_one_object(key, &args.place)?;
            refuse_dots(&object)?;
            let (session, _) = context.signed_in().await?;
            let nothing = "What was written to stdout is not the whole object.";
            until_interrupted(context, &session, nothing, |_| write_out(context, &session, object, args, output)).await
        }
        (false, false) => {
            let object = parse_one_object(key, &args.place)?;
            refuse_dots(&object)?;
            let file = target_of_object(&object, file.as_ref())?;
            if args.no_overwrite && fs::symlink_metadata(&file).is_ok() {
                let problem = format!("{} is there already", escape_path(&file));
                return Err(Failure::new("condition_not_met", Exit::ConditionNotMet, problem).into());
            }
            let (session, _) = context.signed_in().await?;
            until_interrupted(context, &session, KEPT, |_| get_one(context, &session, object, &file, args, output))
                .await
                .map_err(|error| {
                    let kept = session.unfinished_download(&file).map(|kept| escape_path(&kept));
                    goes_on(
                        error,
                        kept.map(|kept| format!("What has arrived is kept: the same command goes on from\n{kept}")),
                    )
                })
        }
    }
}

fn request(object: ObjectAddress, if_match: Option<ETag>) -> GetObject {
    let conditions = Conditions { if_match: if_match.map(|ETag(tag)| tag), ..Conditions::default() };
    GetObject { object, conditions, range: None }
}

/// The file for one object.
fn target_of_object(object: &ObjectAddress, file: Option<&UserPath>) -> Result<PathBuf, Failure> {
    let name = || name_of(object);
    let Some(typed) = file else { return here(&name()?) };
    let path = typed.absolute()?;
    if typed.says_folder() || path.is_dir() {
        fs::create_dir_all(&path).map_err(|error| local_failure(&path, error))?;
        return Ok(path.join(name()?));
    }
    if path.parent().is_some_and(|folder| !folder.exists()) {
        let several = command(&["get", "KEY…", "FOLDER/"]);
        return Err(local_failure(&path, "the folder is not there: make it first")
            .hint(format!("Behind the key stands the file that it is to become. For several keys: {several}")));
    }
    Ok(path)
}

/// What a file is called whose name nobody has said.
fn name_of(object: &ObjectAddress) -> Result<String, Failure> {
    to_name(&object.key).ok_or_else(|| {
        usage(format!("no file can have the name of {}", show(object)))
            .hint("Name the FILE that it is to become, or get all below it with --recursive.")
    })
}

/// The folder for all below another.
fn target_of_folder(folder: &ObjectAddress, file: Option<&UserPath>) -> Result<PathBuf, Failure> {
    if let Some(typed) = file {
        return typed.absolute();
    }
    match to_name(folder.key.trim_end_matches('/')) {
        Some(name) => here(&name),
        None => {
            Err(usage("a whole bucket needs a folder to go to").hint("Name it: get --recursive s3://BUCKET FOLDER"))
        }
    }
}

/// A name in the current folder. It is no path that somebody typed: a `~` is a `~`.
fn here(name: &str) -> Result<PathBuf, Failure> {
    std::path::absolute(name).map_err(|error| {
        usage(format!("the current folder cannot be used: {error}")).hint("Change to one that is there (cd).")
    })
}

async fn get_one(
    context: &Context,
    session: &Session,
    object: ObjectAddress,
    file: &Path,
    args: &GetArgs,
    output: &mut Output,
) -> Result<(), CliError> {
    let subject = subject(session, &object, file, &file.display().to_string());
    let name = name_on_meter(&object);
    let progress = Progress::start_with_meter(context.notes, name.clone(), true).watched(context.notes);
    let gauge = Gauge::of_one(progress.meter(), name, context.notes);
    let options = options_with(options_for_one(&args.transfer), gauge.listener());
    let downloaded = session.download_object(request(object.clone(), args.if_match.clone()), file, options).await;
    drop(progress);
    let downloaded = match downloaded {
        Ok(downloaded) => downloaded,
        Err(error) => return Err(missing::explain(session, "get", &object, &error).await.into()),
    };
    if !downloaded.is_verified {
        say_unverified(context, &downloaded.details);
    }
    let event = ObjectEvent::downloaded(subject, downloaded);
    tell(&event, output)?;
    Ok(())
}

/// Says why nobody knows whether the bytes are right.
fn say_unverified(context: &Context, details: &ObjectDetails) {
    let is_of_parts = details.checksum.as_ref().is_some_and(|checksum| !checksum.is_of_whole_object);
    let why = match is_of_parts {
        _ if details.size == 0 => return,
        true => {
            "Not verified: S3 keeps a checksum of its parts alone, and how large each of them is was not to be learnt."
        }
        false => "Not verified: S3 keeps no checksum of it that the bytes could be held against.",
    };
    context.notes.say(why);
}

/// Several into one folder.
async fn get_objects(
    context: &Context,
    keys: &[&str],
    folder: Option<&UserPath>,
    args: &GetArgs,
    output: &mut Output,
) -> Result<(), CliError> {
    let objects = keys.iter().map(|key| parse_one_object(key, &args.place)).collect::<Result<Vec<_>, _>>()?;
    objects.iter().try_for_each(refuse_dots)?;
    let Some(folder) = folder else { return Err(Failure::internal("several operands without a last one").into()) };
    let root = folder.absolute()?;
    if !folder.says_folder() && !root.is_dir() {
        let shown = escape_path(folder.typed());
        let problem = format!("several objects go into a folder, and {shown} is none");
        return Err(usage(problem)
            .hint(format!("Say it behind the keys, with a slash: {}", command(&["get", "KEY…", "FOLDER/"])))
            .into());
    }
    if args.if_match.is_some() {
        return Err(usage("an entity tag is one object's").into());
    }
    let (session, _) = context.signed_in().await?;
    until_interrupted(context, &session, KEPT, |pulse| get_each(context, &session, pulse, objects, root, args, output))
        .await
        .map_err(|error| goes_on(error, Some(MANY_GO_ON.to_owned())))
}

async fn get_each(
    context: &Context,
    session: &Session,
    pulse: Pulse,
    objects: Vec<ObjectAddress>,
    root: PathBuf,
    args: &GetArgs,
    output: &mut Output,
) -> Result<(), CliError> {
    let is_new = !root.exists();
    let mut target = TargetFolder::open(root.clone())?;
    let mut crew = Crew::new(places(&args.transfer), pulse, context.notes, output);
    crew.expect(objects.len() as u64, 0);
    for object in objects {
        if crew.is_over() {
            break;
        }
        let placed = name_of(&object).and_then(|name| target.place_name(name));
        let placed = placed.and_then(|(file, path)| Ok((file, target.prepare_file(&path)?, path)));
        let (file, is_there, path) = match placed {
            Ok(placed) => placed,
            Err(problem) => {
                crew.tell(subject_of(session, &object), Err(problem))?;
                continue;
            }
        };
        let subject = subject(session, &object, &file, &path);
        if is_there && args.no_overwrite {
            crew.tell(subject.clone(), Ok(ObjectEvent::Skipped { subject, reason: "there already" }))?;
            continue;
        }
        // Nobody has said how large it is.
        let (options, requests) = options_among_many(&args.transfer, u64::MAX);
        let (session, meter, told) = (session.clone(), crew.meter(), subject.clone());
        crew.begin(requests, told, move |progress| async move {
            let is_expected = AtomicBool::new(false);
            let progress = move |told: TransferProgress| {
                if let Some(total) = told.total.filter(|_| !is_expected.swap(true, Ordering::Relaxed)) {
                    meter.expect(total);
                }
                progress(told);
            };
            let options = options_with(options, Arc::new(progress));
            match session.download_object(request(object.clone(), None), &file, options).await {
                Ok(downloaded) => Ok(ObjectEvent::downloaded(subject, downloaded)),
                Err(error) => Err(missing::explain(&session, "get", &object, &error).await),
            }
        })
        .await?;
    }
    let ended = crew.finish("fetched").await;
    if ended.is_err() && is_new {
        // One with something in it stays: the system refuses.
        let _ = fs::remove_dir(root);
    }
    ended
}

/// To stdout: the bytes as they come, and nothing else.
async fn write_out(
    context: &Context,
    session: &Session,
    object: ObjectAddress,
    args: &GetArgs,
    output: &mut Output,
) -> Result<(), CliError> {
    let shows_bytes = output.is_terminal();
    // Where both are shown, the bytes are the sign of life: a meter would be drawn over their last line.
    let notes = if shows_bytes { Notes::new(true) } else { context.notes };
    let progress = Progress::start_with_meter(notes, name_on_meter(&object), true);
    let meter = progress.meter();
    let mut body = match session.get_object(request(object.clone(), args.if_match.clone())).await {
        Ok(body) => body,
        Err(error) => {
            drop(progress);
            return Err(missing::explain(session, "get", &object, &error).await.into());
        }
    };
    meter.expect(body.details().size);
    while let Some(chunk) = body.next_chunk().await? {
        tokio::task::block_in_place(|| output.bytes(&chunk))?;
        meter.add(chunk.len() as u64);
    }
    drop(progress);
    if !body.is_verified() {
        say_unverified(context, body.details());
    }
    Ok(())
}

/// What is told of an object that becomes a file.
fn subject(session: &Session, object: &ObjectAddress, file: &Path, shown: &str) -> Subject {
    let mut subject = subject_of(session, object);
    subject.file = Some(file.display().to_string());
    subject.shown.1 = escape_here(shown);
    subject
}

/// Everything below a folder.
pub(super) async fn get_all(
    context: &Context,
    session: &Session,
    pulse: Pulse,
    folder: &ObjectAddress,
    root: PathBuf,
    args: &GetArgs,
    output: &mut Output,
) -> Result<(), CliError> {
    let mut pages = pages_below(session, folder);
    // Nothing is made here before S3 has said that there is something.
    let Some(page) = pages.next_page().await?.filter(|page| !page.objects.is_empty()) else {
        return Err(nothing_below(session, "get", folder).await.into());
    };
    let mut download = Download {
        session,
        folder,
        args,
        target: if args.dry_run { TargetFolder::at(root) } else { TargetFolder::open(root)? },
        crew: Crew::new(places(&args.transfer), pulse, context.notes, output),
    };
    let mut next = Some(page);
    while let Some(page) = next {
        download.begin_page(&page).await?;
        next = download.crew.next_page(&mut pages).await;
    }
    let Download { crew, target, .. } = download;
    let ended = crew.finish(if args.dry_run { "would be fetched" } else { "fetched" }).await;
    if ended.is_err() {
        target.remove_empty_folders();
    }
    ended
}

struct Download<'a> {
    session: &'a Session,
    folder: &'a ObjectAddress,
    args: &'a GetArgs,
    target: TargetFolder,
    crew: Crew<'a>,
}

impl Download<'_> {
    async fn begin_page(&mut self, page: &ObjectPage) -> Result<(), CliError> {
        // An object of the folder's own name is a mark for the folder.
        let objects: Vec<_> = page.objects.iter().filter(|object| object.key != self.folder.key).collect();
        self.crew.expect(objects.len() as u64, objects.iter().map(|object| object.size).sum());
        for object in objects {
            if self.crew.is_over() {
                break;
            }
            self.begin(object).await?;
        }
        Ok(())
    }

    async fn begin(&mut self, listed: &ListedObject) -> Result<(), CliError> {
        let object = sibling(self.folder, &listed.key);
        let rest = match rest_below(self.folder, &object) {
            Ok(rest) => rest,
            Err(problem) => return self.crew.tell(subject_of(self.session, &object), Err(problem)),
        };
        let folder = if listed.known_size() == Some(0) { self.target.place_folder(rest) } else { None };
        let is_folder = folder.is_some();
        let (file, path) = match folder.unwrap_or_else(|| self.target.place_file(rest)) {
            Ok(placed) => placed,
            Err(problem) => return self.crew.tell(subject_of(self.session, &object), Err(problem)),
        };
        let subject = subject(self.session, &object, &file, &path);
        if self.args.dry_run {
            let event = ObjectEvent::Planned { subject: subject.clone(), size: listed.known_size() };
            return self.crew.tell(subject, Ok(event));
        }
        if is_folder && self.args.no_overwrite && self.target.has_folder(&path) {
            let event = ObjectEvent::Skipped { subject: subject.clone(), reason: "there already" };
            return self.crew.tell(subject, Ok(event));
        }
        if is_folder {
            let made = self.target.make_folder(&path);
            let event = made.map(|()| ObjectEvent::downloaded(subject.clone(), Default::default()));
            return self.crew.tell(subject, event);
        }
        match self.target.prepare_file(&path) {
            Ok(true) if self.args.no_overwrite => {
                let event = ObjectEvent::Skipped { subject: subject.clone(), reason: "there already" };
                return self.crew.tell(subject, Ok(event));
            }
            Ok(_) => {}
            Err(problem) => return self.crew.tell(subject, Err(problem)),
        }
        let (options, requests) = options_among_many(&self.args.transfer, listed.size);
        let (session, size, if_match) = (self.session.clone(), listed.known_size(), e_tag_of(listed));
        self.crew
            .begin(requests, subject.clone(), move |progress| async move {
                let downloaded = match size {
                    Some(size) if size <= SMALL => {
                        fetch_small(&session, request(object, if_match), size, &file).await?
                    }
                    size => {
                        let options = TransferOptions { expected_size: size, ..options_with(options, progress) };
                        let downloaded = session.download_object(request(object, if_match), &file, options).await;
                        downloaded.map_err(|error| Failure::from_session(&error))?
                    }
                };
                let outcome: Outcome = Ok(ObjectEvent::downloaded(subject, downloaded));
                outcome
            })
            .await
    }
}

/// The entity tag that was listed, if it can be asked for: quoted and strong (RFC 9110 §8.8.3, §13.1.1).
fn e_tag_of(listed: &ListedObject) -> Option<ETag> {
    let tag = listed.e_tag.as_deref().filter(|tag| tag.starts_with('"'))?;
    tag.parse().ok().filter(|ETag(quoted)| quoted == tag)
}

/// What was listed is what was asked for: neither an object that took its place meanwhile, nor a part of it.
fn check_size(details: &ObjectDetails, listed: u64) -> Result<(), Failure> {
    if details.size == listed {
        return Ok(());
    }
    let problem = format!("S3 listed the object with {listed} bytes and gave one with {}", details.size);
    Err(Failure::new("retryable", Exit::Temporary, problem).hint("It was replaced meanwhile, perhaps: try again."))
}

/// Brings a small object through memory.
async fn fetch_small(
    session: &Session,
    request: GetObject,
    listed: u64,
    file: &Path,
) -> Result<DownloadedObject, Failure> {
    let mut body = session.get_object(request).await.map_err(|error| Failure::from_session(&error))?;
    let mut details = body.details().clone();
    check_size(&details, listed)?;
    let mut bytes = BytesMut::new();
    while let Some(chunk) = body.next_chunk().await.map_err(|error| Failure::from_session(&error))? {
        bytes.extend_from_slice(&chunk);
        details.size = bytes.len() as u64;
        // Not every server says at once how much is to come.
        if details.size > listed {
            break;
        }
    }
    details.size = bytes.len() as u64;
    check_size(&details, listed)?;
    let is_verified = body.is_verified();
    let file = file.to_owned();
    let written = tokio::task::spawn_blocking(move || write_small(&file, &bytes)).await;
    written.unwrap_or_else(|_| Err(Failure::internal("writing a file panicked")))?;
    Ok(DownloadedObject { details, resumed: 0, is_verified })
}
