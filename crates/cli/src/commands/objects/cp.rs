//! `jetbridge cp`: objects are copied within S3, without their bytes coming here. With a file on one side it is `get` or `put`.

use std::ffi::OsString;

use jetbridge::{Conditions, CopyObject, ObjectAddress, ObjectPage, Session, SessionError};

use super::crew::{Crew, Pulse, not_written, tell};
use super::events::{ObjectEvent, Subject};
use super::get;
use super::missing::{self, nothing_below};
use super::put;
use super::{pages_below, places, rest_below, sibling, subject_of, until_interrupted};
use crate::args::{BucketArgs, CpArgs, GetArgs, PutArgs};
use crate::commands::place::{
    bucket_of, is_address, parse_folder, parse_object, parse_one_object, says_path, show, usage,
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
    let is_file = |this: &str, other: &str| this == "-" || (!is_address(this) && is_address(other));
    match (is_file(&args.source, &args.target), is_file(&args.target, &args.source)) {
        (true, true) => Err(usage("one side has to be in S3").into()),
        (true, false) => put::run(context, &as_put(args), output).await,
        (false, true) => get::run(context, &as_get(args)?, output).await,
        (false, false) => copy(context, args, output).await,
    }
}

fn place(args: &CpArgs) -> BucketArgs {
    BucketArgs { bucket: None, request_payer: args.request_payer }
}

fn operands(args: &CpArgs) -> Vec<OsString> {
    vec![args.source.clone().into(), args.target.clone().into()]
}

fn as_put(args: &CpArgs) -> PutArgs {
    PutArgs {
        operands: operands(args),
        recursive: args.recursive,
        follow_links: args.follow_links,
        dry_run: args.dry_run,
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
        operands: operands(args),
        recursive: args.recursive,
        no_overwrite: args.conditions.keeps_what_is_there(),
        if_match: args.conditions.if_match.clone(),
        dry_run: args.dry_run,
        place: place(args),
        transfer: args.transfer.clone(),
    })
}

async fn copy(context: &Context, args: &CpArgs, output: &mut Output) -> Result<(), CliError> {
    refuse_paths(args)?;
    if args.recursive {
        let source = parse_folder(&args.source, &place(args))?;
        let target = parse_folder(&args.target, &place(args))?;
        let (session, _) = context.signed_in().await?;
        refuse_copy_into_itself(&session, &source, &target)?;
        return until_interrupted(context, &session, WHOLE, |pulse| {
            copy_all(context, &session, pulse, &source, &target, args, output)
        })
        .await;
    }
    let source = parse_one_object(&args.source, &place(args))?;
    let mut target = parse_object(&args.target, &place(args))?;
    if target.key.is_empty() || target.key.ends_with('/') {
        let name = source.key.rsplit_once('/').map_or(&*source.key, |(_, name)| name);
        if name.is_empty() {
            return Err(usage("a key that ends in a slash has no last name").hint("Write the whole target.").into());
        }
        target.key.push_str(name);
    }
    let (session, _) = context.signed_in().await?;
    let work = async {
        let subject = subject(&session, &source, &target);
        let progress = Progress::start(context.notes, format!("copying {} …", show(&source)));
        let copied = session.copy_object(request(source.clone(), target, args)).await;
        drop(progress);
        match copied {
            Ok(copied) => Ok(tell(&ObjectEvent::copied(subject, copied), output)?),
            Err(error) => Err(explain(&session, &source, &error, args).await.into()),
        }
    };
    until_interrupted(context, &session, WHOLE, |_| work).await
}

/// What can only be a path here is no key.
fn refuse_paths(args: &CpArgs) -> Result<(), Failure> {
    let Some(path) = [&args.source, &args.target].into_iter().find(|argument| says_path(argument)) else {
        return Ok(());
    };
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

/// Who meant a file is told how that is said.
async fn explain(session: &Session, source: &ObjectAddress, error: &SessionError, args: &CpArgs) -> Failure {
    let failure = missing::explain(session, "cp", source, error).await;
    let is_here = || UserPath::new(&args.source).is_ok_and(|path| path.typed().exists());
    if failure.exit == Exit::NotFound && !is_address(&args.source) && is_here() {
        let put = command(&["put", &args.source, &args.target]);
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
        return Err(nothing_below(source).into());
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
            let (session, request, told) = (self.session.clone(), request(source, target, self.args), subject.clone());
            let keeps_what_is_there = self.args.conditions.keeps_what_is_there();
            let copying = move |_| async move {
                match session.copy_object(request).await {
                    Ok(copied) => Ok(ObjectEvent::copied(subject, copied)),
                    Err(error) => not_written(&error, subject, keeps_what_is_there),
                }
            };
            self.crew.begin(1, told, copying).await?;
        }
        Ok(())
    }
}
