//! `jetbridge cp`: objects are copied within S3, without their bytes coming here. With a file on one side it is `get` or `put`.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};

use jetbridge::{Conditions, CopyObject, ObjectAddress, ObjectPage, Session, SessionError};

use super::crew::{Crew, Pulse, not_written, tell};
use super::events::{ObjectEvent, Subject};
use super::get;
use super::missing::{self, nothing_below};
use super::put;
use super::{pages_below, places, rest_below, sibling, subject_of, until_interrupted};
use crate::args::{BucketArgs, CpArgs, GetArgs, PutArgs, split_last};
use crate::commands::place::{
    as_text, bucket_of, is_address, parse_folder, parse_folder_for_several, parse_object, parse_one_object,
    refuse_dots, refuse_empty, says_path, show, usage,
};
use crate::context::Context;
use crate::exit::{CliError, Exit, Failure};
use crate::invocation::command;
use crate::output::Output;
use crate::path::UserPath;
use crate::progress::Progress;
use crate::text::escape;

/// S3 copies in one step.
const WHOLE: &str = "Each object was copied as a whole or not at all.";

pub(in crate::commands) async fn run(context: &Context, args: &CpArgs, output: &mut Output) -> Result<(), CliError> {
    refuse_empty(&args.operands)?;
    let (sources, target) = split_last(&args.operands);
    let target = target.map(OsString::as_os_str).unwrap_or_default();
    let is_in_s3 = |argument: &OsStr| argument.to_str().is_some_and(is_address);
    let addresses = sources.iter().filter(|source| is_in_s3(source)).count();
    let is_stream = |argument: &OsStr| argument == "-";
    let (from_files, to_file) = match (is_in_s3(target), addresses) {
        (true, 0) => (true, false),
        (false, addresses) if addresses == sources.len() => (false, true),
        (true, addresses) if addresses == sources.len() => (false, false),
        (false, 0) => (sources.iter().any(|source| is_stream(source)), is_stream(target)),
        _ => return Err(usage("some of what is to be copied is in S3, and some is not").into()),
    };
    match (from_files, to_file) {
        (true, true) => Err(usage("one side has to be in S3").into()),
        (true, false) => put::run(context, &as_put(args), output).await,
        (false, true) => get::run(context, &as_get(args)?, output).await,
        (false, false) => {
            let sources = sources.iter().map(|source| as_text(source)).collect::<Result<Vec<_>, _>>()?;
            copy(context, &sources, as_text(target)?, args, output).await
        }
    }
}

fn place(args: &CpArgs) -> BucketArgs {
    BucketArgs { bucket: None, request_payer: args.request_payer }
}

fn as_put(args: &CpArgs) -> PutArgs {
    PutArgs {
        operands: args.operands.clone(),
        recursive: args.recursive,
        follow_links: args.follow_links,
        dry_run: args.dry_run,
        abort: false,
        headers: args.headers.clone(),
        conditions: args.conditions.clone(),
        place: place(args),
        transfer: args.transfer.clone(),
    }
}

fn as_get(args: &CpArgs) -> Result<GetArgs, Failure> {
    if !args.headers.is_empty() || args.follow_links {
        return Err(usage("a file keeps neither content type nor metadata, and links are not followed into one")
            .hint("Leave out what is said about objects."));
    }
    Ok(GetArgs {
        operands: args.operands.clone(),
        recursive: args.recursive,
        no_overwrite: args.conditions.keeps_what_is_there(),
        if_match: args.conditions.if_match.clone(),
        dry_run: args.dry_run,
        place: place(args),
        transfer: args.transfer.clone(),
    })
}

async fn copy(
    context: &Context,
    sources: &[&str],
    target: &str,
    args: &CpArgs,
    output: &mut Output,
) -> Result<(), CliError> {
    refuse_paths(sources.iter().copied().chain([target]))?;
    match sources {
        [source] if args.recursive => {
            let source = parse_folder(source, &place(args))?;
            let target = parse_folder(target, &place(args))?;
            let (session, _) = context.signed_in().await?;
            refuse_copy_into_itself(&session, &source, &target)?;
            until_interrupted(context, &session, WHOLE, |pulse| {
                copy_all(context, &session, pulse, &source, &target, args, output)
            })
            .await
        }
        [source] => {
            let source = parse_one_object(source, &place(args))?;
            let mut target = parse_object(target, &place(args))?;
            if target.key.is_empty() || target.key.ends_with('/') {
                target = name_below(&target, &source)?;
            }
            refuse_dots(&source).and_then(|()| refuse_dots(&target))?;
            let (session, _) = context.signed_in().await?;
            refuse_copy_onto_itself(&session, &source, &target, args)?;
            let work = copy_one(context, &session, source, target, args, output);
            until_interrupted(context, &session, WHOLE, |_| work).await
        }
        _ if args.recursive => Err(usage("--recursive takes one folder at a time").into()),
        several => {
            let sources =
                several.iter().map(|key| parse_one_object(key, &place(args))).collect::<Result<Vec<_>, _>>()?;
            let folder = parse_folder_for_several(target, &place(args))?;
            sources.iter().chain([&folder]).try_for_each(refuse_dots)?;
            if args.conditions.if_match.is_some() {
                return Err(usage("an entity tag is one object's").into());
            }
            let (session, _) = context.signed_in().await?;
            until_interrupted(context, &session, WHOLE, |pulse| {
                copy_each(context, &session, pulse, sources, folder, args, output)
            })
            .await
        }
    }
}

/// The key that a source gets in a folder.
fn name_below(folder: &ObjectAddress, source: &ObjectAddress) -> Result<ObjectAddress, Failure> {
    let name = source.key.rsplit_once('/').map_or(&*source.key, |(_, name)| name);
    if name.is_empty() {
        let problem = format!("{} ends in a slash, and has no last name", show(source));
        return Err(usage(problem).hint("Write the whole target."));
    }
    Ok(sibling(folder, format!("{}{name}", folder.key)))
}

async fn copy_one(
    context: &Context,
    session: &Session,
    source: ObjectAddress,
    target: ObjectAddress,
    args: &CpArgs,
    output: &mut Output,
) -> Result<(), CliError> {
    let subject = subject(session, &source, &target);
    let progress = Progress::start(context.notes, format!("copying {} …", show(&source)));
    let copied = session.copy_object(request(source.clone(), target, args)).await;
    drop(progress);
    match copied {
        Ok(copied) => Ok(tell(&ObjectEvent::copied(subject, copied), output)?),
        Err(error) => Err(explain(session, &source, &error, args).await.into()),
    }
}

/// Several into one folder.
async fn copy_each(
    context: &Context,
    session: &Session,
    pulse: Pulse,
    sources: Vec<ObjectAddress>,
    folder: ObjectAddress,
    args: &CpArgs,
    output: &mut Output,
) -> Result<(), CliError> {
    let mut crew = Crew::new(places(&args.transfer), pulse, context.notes, output);
    crew.expect(sources.len() as u64, 0);
    let mut targets = HashSet::new();
    for source in sources {
        if crew.is_over() {
            break;
        }
        let target = name_below(&folder, &source).and_then(|target| {
            let is_new = targets.insert(target.key.clone());
            let problem = || usage(format!("another one of this name is copied as well, to {}", show(&target)));
            if is_new { Ok(target) } else { Err(problem()) }
        });
        let target = target.and_then(|target| {
            refuse_copy_onto_itself(session, &source, &target, args)?;
            Ok(target)
        });
        match target {
            Ok(target) => begin_copy(&mut crew, session, source, target, args).await?,
            Err(problem) => crew.tell(subject_of(session, &source), Err(problem))?,
        }
    }
    crew.finish("copied").await
}

/// Among many.
async fn begin_copy(
    crew: &mut Crew<'_>,
    session: &Session,
    source: ObjectAddress,
    target: ObjectAddress,
    args: &CpArgs,
) -> Result<(), CliError> {
    let subject = subject(session, &source, &target);
    let (session, request, told) = (session.clone(), request(source.clone(), target, args), subject.clone());
    let keeps_what_is_there = args.conditions.keeps_what_is_there();
    let copying = move |_| async move {
        match session.copy_object(request).await {
            Ok(copied) => Ok(ObjectEvent::copied(subject, copied)),
            Err(error @ SessionError::NotFound { .. }) => Err(missing::explain(&session, "cp", &source, &error).await),
            Err(error) => not_written(&error, subject, keeps_what_is_there),
        }
    };
    crew.begin(1, told, copying).await
}

/// What can only be a path here is no key.
fn refuse_paths<'a>(mut operands: impl Iterator<Item = &'a str>) -> Result<(), Failure> {
    let Some(path) = operands.find(|operand| says_path(operand)) else { return Ok(()) };
    let problem = format!("without s3:// on either side, both are keys, and {} is a path", escape(path));
    let (put, get) = (command(&["put", "FILE", "KEY"]), command(&["get", "KEY", "FILE"]));
    Err(usage(problem).hint(format!("A file goes up with: {put}\nAn object comes down with: {get}")))
}

/// Each copy would be found again, and copied further down.
fn refuse_copy_into_itself(session: &Session, source: &ObjectAddress, target: &ObjectAddress) -> Result<(), Failure> {
    if bucket_of(source, session) == bucket_of(target, session) && target.key.starts_with(&source.key) {
        return Err(usage(format!("{} is in the folder that is to be copied", show(target))));
    }
    Ok(())
}

/// "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, …" (S3,
/// InvalidRequest).
fn refuse_copy_onto_itself(
    session: &Session,
    source: &ObjectAddress,
    target: &ObjectAddress,
    args: &CpArgs,
) -> Result<(), Failure> {
    let is_same = source.key == target.key && bucket_of(source, session) == bucket_of(target, session);
    if !is_same || !args.headers.is_empty() {
        return Ok(());
    }
    let problem = format!("{} would be copied onto itself, and stay as it is", show(source));
    Err(usage(problem).hint("Name another target; or say what is to be kept with it, such as --metadata NAME=VALUE."))
}

/// Who meant a file is told how that is said.
async fn explain(session: &Session, source: &ObjectAddress, error: &SessionError, args: &CpArgs) -> Failure {
    let failure = missing::explain(session, "cp", source, error).await;
    let [typed, target] = &*args.operands else { return failure };
    let is_here = || UserPath::new(typed).is_ok_and(|path| path.typed().exists());
    if failure.exit == Exit::NotFound && !typed.to_str().is_some_and(is_address) && is_here() {
        let put = command(&["put", &typed.to_string_lossy(), &target.to_string_lossy()]);
        return failure
            .hint(format!("Without s3:// on either side, both are keys. To send the file of this name: {put}"));
    }
    failure
}

fn request(source: ObjectAddress, target: ObjectAddress, args: &CpArgs) -> CopyObject {
    CopyObject {
        source,
        source_conditions: Conditions::default(),
        target,
        target_conditions: args.conditions.conditions(),
        headers: (!args.headers.is_empty()).then(|| args.headers.headers()),
    }
}

fn subject(session: &Session, source: &ObjectAddress, target: &ObjectAddress) -> Subject {
    let mut subject = subject_of(session, target);
    subject.source = Some(format!("s3://{}/{}", bucket_of(source, session), source.key));
    subject.shown = (show(source), show(target));
    subject
}

async fn copy_all(
    context: &Context,
    session: &Session,
    pulse: Pulse,
    source: &ObjectAddress,
    target: &ObjectAddress,
    args: &CpArgs,
    output: &mut Output,
) -> Result<(), CliError> {
    let mut pages = pages_below(session, source);
    let Some(page) = pages.next_page().await?.filter(|page| !page.objects.is_empty()) else {
        return Err(nothing_below(session, "cp", source).await.into());
    };
    let mut copying = Copying {
        session,
        source,
        target,
        args,
        crew: Crew::new(places(&args.transfer), pulse, context.notes, output),
    };
    let mut next = Some(page);
    while let Some(page) = next {
        copying.begin_page(&page).await?;
        next = copying.crew.next_page(&mut pages).await;
    }
    copying.crew.finish(if args.dry_run { "would be copied" } else { "copied" }).await
}

struct Copying<'a> {
    session: &'a Session,
    source: &'a ObjectAddress,
    target: &'a ObjectAddress,
    args: &'a CpArgs,
    crew: Crew<'a>,
}

impl Copying<'_> {
    async fn begin_page(&mut self, page: &ObjectPage) -> Result<(), CliError> {
        self.crew.expect(page.objects.len() as u64, 0);
        for listed in &page.objects {
            if self.crew.is_over() {
                break;
            }
            let source = sibling(self.source, &listed.key);
            let rest = match rest_below(self.source, &source) {
                Ok(rest) => rest,
                Err(problem) => {
                    self.crew.tell(subject_of(self.session, &source), Err(problem))?;
                    continue;
                }
            };
            let target = sibling(self.target, format!("{}{rest}", self.target.key));
            let subject = subject(self.session, &source, &target);
            if target.key.is_empty() {
                let problem = usage("the folder's own mark needs a folder to go to");
                self.crew.tell(subject, Err(problem))?;
                continue;
            }
            if self.args.dry_run {
                let event = ObjectEvent::Planned { subject: subject.clone(), size: listed.known_size() };
                self.crew.tell(subject, Ok(event))?;
                continue;
            }
            begin_copy(&mut self.crew, self.session, source, target, self.args).await?;
        }
        Ok(())
    }
}
