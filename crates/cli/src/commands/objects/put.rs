//! `jetbridge put`: files become objects.

use std::collections::HashSet;
use std::fs::{self, Metadata};
use std::io;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, Stream};
use jetbridge::{ObjectAddress, PutObject, Session};
use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::crew::{Crew, Gauge, Pulse, not_written, tell};
use super::events::{ObjectEvent, Subject};
use super::{
    MANY_GO_ON, goes_on, name_on_meter, options_among_many, options_for_one, options_for_stream, options_with, places,
    resume_folder, sibling, subject_of, until_interrupted,
};
use crate::args::{PutArgs, split_last};
use crate::commands::place::{
    PATTERN, as_folder, as_path, as_text, is_address, parse_folder, parse_folder_for_several, parse_object,
    refuse_dots, refuse_empty, show, usage,
};
use crate::context::Context;
use crate::exit::{CliError, Exit, Failure};
use crate::folder::{Found, SourceFolder, local_failure};
use crate::invocation::command;
use crate::output::Output;
use crate::path::UserPath;
use crate::progress::Progress;
use crate::text::{escape, escape_here};

/// What S3 keeps of an upload that was cancelled.
const NOTHING: &str = "S3 keeps nothing of an unfinished object.";
/// What S3 keeps of an upload that failed.
const PARTS_STAY: &str = "S3 keeps the parts that it has: the same command goes on with them.";
/// What is read of a stream at once.
const CHUNK: usize = 256 * 1024;

pub(in crate::commands) async fn run(context: &Context, args: &PutArgs, output: &mut Output) -> Result<(), CliError> {
    refuse_empty(&args.operands)?;
    let (files, key) = split_last(&args.operands);
    let files = files.iter().map(|file| as_path(file)).collect::<Result<Vec<_>, _>>()?;
    let key = key.map(|key| as_text(key)).transpose()?;
    match (&*files, key) {
        ([file], key) => {
            if let Some(key) = key {
                refuse_second_file(file, key, args)?;
            }
            if args.recursive {
                put_folder(context, file, key, args, output).await
            } else {
                put_file(context, file, key, args, output).await
            }
        }
        _ if args.recursive => Err(usage("--recursive takes one folder at a time").into()),
        _ if args.abort => Err(usage("--abort takes one file at a time").into()),
        (files, key) => put_files(context, files, key.unwrap_or_default(), args, output).await,
    }
}

/// `put *.txt` is `put a.txt b.txt` when it comes here, and nobody wants a.txt under the key b.txt then.
fn refuse_second_file(file: &UserPath, key: &str, args: &PutArgs) -> Result<(), Failure> {
    if file.is_standard_stream() || is_address(key) || key.ends_with('/') || key.is_empty() {
        return Ok(());
    }
    let same =
        |one: &Path, other: &Path| fs::canonicalize(one).is_ok_and(|one| Some(one) == fs::canonicalize(other).ok());
    let Some(there) = as_path(key.as_ref()).and_then(|path| path.absolute()).ok().filter(|path| path.exists()) else {
        return Ok(());
    };
    // No pattern stands for a whole path and a relative one.
    let could_be_one_pattern = file.typed().is_absolute() == Path::new(key).is_absolute();
    if !could_be_one_pattern || same(&file.absolute()?, &there) {
        return Ok(());
    }
    let (what, bucket) =
        (if there.is_dir() { "folder" } else { "file" }, args.place.bucket.as_deref().unwrap_or("BUCKET"));
    let (typed, address) = (file.typed().to_string_lossy(), format!("s3://{bucket}/{key}"));
    let (is_meant, as_key) = match (args.recursive, there.is_dir()) {
        (true, _) => (String::new(), command(&["put", "--recursive", &typed, &format!("{key}/")])),
        (false, true) => (
            format!("To send it into the folder of this name: {}\n", command(&["put", &typed, &format!("{key}/")])),
            command(&["put", &typed, &address]),
        ),
        (false, false) => (
            format!("To send both: {}\n", command(&["put", &typed, key, "FOLDER/"])),
            command(&["put", &typed, &address]),
        ),
    };
    let problem = format!("{} is a {what} here, and stands where a key is meant", escape(key));
    Err(usage(problem).hint(format!("{is_meant}If it is the key: {as_key}")))
}

async fn put_folder(
    context: &Context,
    folder: &UserPath,
    key: Option<&str>,
    args: &PutArgs,
    output: &mut Output,
) -> Result<(), CliError> {
    if folder.is_standard_stream() {
        return Err(usage("stdin is one object, not a folder").into());
    }
    let root = folder.absolute()?;
    let folder = match key {
        Some(key) => parse_folder(key, &args.place)?,
        None => as_folder(target(None, root.file_name().and_then(|name| name.to_str()), args)?),
    };
    refuse_dots(&folder)?;
    let mut source = SourceFolder::open(root, args.follow_links)?;
    let (session, _) = context.signed_in().await?;
    until_interrupted(context, &session, NOTHING, |pulse| {
        put_all(context, &session, pulse, move || source.next_folder(), folder, args, output)
    })
    .await
    .map_err(|error| goes_on(error, Some(MANY_GO_ON.to_owned())))
}

/// Several into one folder.
async fn put_files(
    context: &Context,
    files: &[UserPath],
    key: &str,
    args: &PutArgs,
    output: &mut Output,
) -> Result<(), CliError> {
    let folder = parse_folder_for_several(key, &args.place)?;
    refuse_dots(&folder)?;
    if files.iter().any(UserPath::is_standard_stream) {
        return Err(usage("what comes from stdin has no name of its own").hint("Send it alone, with a KEY.").into());
    }
    if args.conditions.if_match.is_some() {
        return Err(usage("an entity tag is one object's").into());
    }
    let mut found = Some(look_at(files)?);
    let (session, _) = context.signed_in().await?;
    until_interrupted(context, &session, NOTHING, |pulse| {
        put_all(context, &session, pulse, move || found.take(), folder, args, output)
    })
    .await
    .map_err(|error| goes_on(error, Some(MANY_GO_ON.to_owned())))
}

/// What those are that were named, by the last of their names.
fn look_at(files: &[UserPath]) -> Result<Vec<Found>, Failure> {
    let mut names = HashSet::new();
    let look_at = |typed: &UserPath| {
        let (file, path) = (typed.absolute()?, typed.typed().display().to_string());
        let name = file.file_name().and_then(|name| name.to_str()).map(str::to_owned);
        let problem = match (fs::metadata(&file), name) {
            (Ok(there), Some(name)) if there.is_file() && names.insert(name.clone()) => {
                return Ok(Found::File { file, path, key: name, size: there.len() });
            }
            (Ok(there), Some(_)) if there.is_file() => local_failure(&file, "another one of this name is sent as well"),
            (Ok(there), _) if there.is_dir() => is_folder(&file),
            (Ok(_), _) => local_failure(&file, "is no regular file, or its name is no UTF-8 text, as keys are"),
            (Err(error), _) => is_not_there(&file, &error),
        };
        Ok(Found::Failed { file, path, failure: problem })
    };
    files.iter().map(look_at).collect()
}

fn is_folder(path: &Path) -> Failure {
    local_failure(path, "is a folder").hint("--recursive sends all below it.")
}

fn is_not_there(path: &Path, error: &io::Error) -> Failure {
    // Windows allows no file such a name.
    let is_missing = matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidFilename);
    let is_pattern = is_missing && path.to_string_lossy().contains(PATTERN);
    let failure = local_failure(path, error);
    if !is_pattern {
        return failure;
    }
    failure.hint(if cfg!(windows) {
        "Windows' shells leave a pattern to the program, and this one takes names: name each file, or send their folder with \
         --recursive."
    } else {
        "The shell expands a pattern if there are files for it and it is not quoted: here it came as it is written."
    })
}

async fn put_file(
    context: &Context,
    file: &UserPath,
    key: Option<&str>,
    args: &PutArgs,
    output: &mut Output,
) -> Result<(), CliError> {
    let source = if args.abort { Source::of_before(file)? } else { Source::of(file)? };
    let object = target(key, source.name(), args)?;
    let object = match (&*object.key, source.name()) {
        (key, Some(name)) if key.is_empty() || key.ends_with('/') => sibling(&object, format!("{key}{name}")),
        ("", None) => return Err(usage("what comes from stdin needs a key").into()),
        (key, None) if key.ends_with('/') => {
            return Err(usage("what comes from stdin has no name of its own").hint("Write the whole key.").into());
        }
        _ => object,
    };
    refuse_dots(&object)?;
    let (session, _) = context.signed_in().await?;
    if args.abort {
        return abort(&session, &source, object, output).await;
    }
    let file = source.path().map(Path::to_owned);
    let work = put_one(context, &session, source, object.clone(), args, output);
    let error = match until_interrupted(context, &session, NOTHING, |_| work).await {
        Ok(()) => return Ok(()),
        Err(error) => error,
    };
    let parts = match (file, resume_folder()) {
        (Some(file), Some(folder)) if session.has_unfinished_upload(object, &file, &folder).await => {
            Some(PARTS_STAY.to_owned())
        }
        _ => None,
    };
    Err(match &error {
        // A file that cannot be read, or is another one now: nobody knows whether it is still wanted.
        CliError::Failed(failure) if failure.exit == Exit::LocalFile => error,
        _ => goes_on(error, parts),
    })
}

/// The address that was named, else the name: whoever writes a name means it, whatever `%` it has.
fn target(key: Option<&str>, name: Option<&str>, args: &PutArgs) -> Result<ObjectAddress, Failure> {
    match (key, name) {
        (Some(key), _) => parse_object(key, &args.place),
        (None, Some(name)) => Ok(ObjectAddress {
            bucket: args.place.bucket.clone(),
            key: name.to_owned(),
            requester_pays: args.place.request_payer,
        }),
        (None, None) => Err(usage("no key can be made of the name; name the KEY")),
    }
}

/// Where one object comes from.
enum Source {
    Stdin,
    File(PathBuf),
    /// A pipe or a device: it is read once, to its end.
    Pipe(PathBuf),
}

impl Source {
    fn of(file: &UserPath) -> Result<Self, Failure> {
        if file.is_standard_stream() {
            return Ok(Self::Stdin);
        }
        let path = file.absolute()?;
        match fs::metadata(&path).as_ref().map(Metadata::file_type) {
            Ok(kind) if kind.is_dir() => Err(is_folder(&path)),
            Ok(kind) if kind.is_file() => Ok(Self::File(path)),
            Ok(_) => Ok(Self::Pipe(path)),
            Err(error) => Err(is_not_there(&path, error)),
        }
    }

    /// A file that need not be there any more.
    fn of_before(file: &UserPath) -> Result<Self, Failure> {
        if file.is_standard_stream() {
            return Err(usage("of what came from stdin nothing is left unfinished"));
        }
        file.absolute().map(Self::File)
    }

    /// The name that it may have in S3.
    fn name(&self) -> Option<&str> {
        match self {
            Self::File(path) => path.file_name()?.to_str(),
            Self::Stdin | Self::Pipe(_) => None,
        }
    }

    fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) | Self::Pipe(path) => Some(path),
            Self::Stdin => None,
        }
    }
}

fn request(object: ObjectAddress, args: &PutArgs) -> PutObject {
    PutObject { object, headers: args.headers.headers(), conditions: args.conditions.conditions() }
}

async fn put_one(
    context: &Context,
    session: &Session,
    source: Source,
    object: ObjectAddress,
    args: &PutArgs,
    output: &mut Output,
) -> Result<(), CliError> {
    let shown = source.path().map_or_else(|| "stdin".to_owned(), |path| path.display().to_string());
    let subject = subject(session, &object, source.path(), &shown);
    let progress = Progress::start_with_meter(context.notes, name_on_meter(&object), matches!(source, Source::File(_)))
        .watched(context.notes);
    let options = match source {
        Source::File(_) => options_for_one(&args.transfer),
        Source::Stdin | Source::Pipe(_) => options_for_stream(&args.transfer),
    };
    let gauge = Gauge::of_one(progress.meter(), name_on_meter(&object), context.notes);
    let options = options_with(options, gauge.listener());
    let request = request(object, args);
    let uploaded = match source {
        Source::File(path) => session.upload_file(request, &path, options).await,
        Source::Pipe(path) => {
            // To open a pipe waits for whoever writes.
            let opened = tokio::task::spawn_blocking({
                let path = path.clone();
                || fs::File::open(path)
            });
            let opened = opened.await.unwrap_or_else(|_| Err(io::ErrorKind::Interrupted.into()));
            let file = opened.map_err(|error| local_failure(&path, error))?;
            session.upload_stream(request, chunks_of(tokio::fs::File::from_std(file)), options).await
        }
        Source::Stdin => {
            if io::stdin().is_terminal() {
                progress.aside(|| context.notes.say("Reading what is typed; Ctrl-D ends it."));
            }
            session.upload_stream(request, chunks_of(tokio::io::stdin()), options).await
        }
    };
    drop(progress);
    let event = ObjectEvent::uploaded(subject, uploaded?);
    tell(&event, output)?;
    Ok(())
}

/// Lets S3 forget what an earlier process sent of a file.
async fn abort(session: &Session, source: &Source, object: ObjectAddress, output: &mut Output) -> Result<(), CliError> {
    let shown = source.path().map(|path| path.display().to_string()).unwrap_or_default();
    let subject = subject(session, &object, source.path(), &shown);
    let was_there = match (source.path(), resume_folder()) {
        (Some(path), Some(folder)) => session.abort_upload(object, path, &folder).await?,
        _ => false,
    };
    let event = if was_there {
        ObjectEvent::Aborted { subject }
    } else {
        ObjectEvent::Skipped { subject, reason: "nothing of it is unfinished" }
    };
    tell(&event, output)?;
    Ok(())
}

/// What can be read, as it comes.
fn chunks_of(source: impl AsyncRead + Unpin + Send + 'static) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::try_unfold(source, |mut source| async move {
        let mut chunk = BytesMut::with_capacity(CHUNK);
        let read = source.read_buf(&mut chunk).await?;
        Ok((read > 0).then(|| (chunk.freeze(), source)))
    })
}

/// What is told of a file that becomes an object.
fn subject(session: &Session, object: &ObjectAddress, file: Option<&Path>, shown: &str) -> Subject {
    let mut subject = subject_of(session, object);
    subject.file = file.map(|file| file.display().to_string());
    subject.shown = (escape_here(shown), show(object));
    subject
}

/// Everything that there is, one folder after another.
async fn put_all(
    context: &Context,
    session: &Session,
    pulse: Pulse,
    mut next_folder: impl FnMut() -> Option<Vec<Found>>,
    folder: ObjectAddress,
    args: &PutArgs,
    output: &mut Output,
) -> Result<(), CliError> {
    let crew = Crew::new(places(&args.transfer), pulse, context.notes, output);
    let mut upload = Upload { session, folder, args, crew };
    // A disk may be slow, or far away.
    while let Some(found) = tokio::task::block_in_place(&mut next_folder) {
        let sizes = found.iter().map(|found| if let Found::File { size, .. } = found { *size } else { 0 });
        upload.crew.expect(found.len() as u64, sizes.sum());
        for found in found {
            if upload.crew.is_over() {
                break;
            }
            upload.begin(found).await?;
        }
        if upload.crew.is_over() {
            break;
        }
    }
    upload.crew.finish(if args.dry_run { "would be sent" } else { "sent" }).await
}

struct Upload<'a> {
    session: &'a Session,
    folder: ObjectAddress,
    args: &'a PutArgs,
    crew: Crew<'a>,
}

impl Upload<'_> {
    async fn begin(&mut self, found: Found) -> Result<(), CliError> {
        let (file, path, key, size) = match found {
            Found::File { file, path, key, size } => (Some(file), path, key, size),
            Found::EmptyFolder { path, key, .. } => (None, path + "/", key, 0),
            Found::Left { file, path, why } => {
                let subject = Self::local_subject(&file, &path);
                return self.crew.tell(subject.clone(), Ok(ObjectEvent::Skipped { subject, reason: why }));
            }
            Found::Failed { file, path, failure } => {
                return self.crew.tell(Self::local_subject(&file, &path), Err(failure));
            }
        };
        let object = sibling(&self.folder, format!("{}{key}", self.folder.key));
        let subject = subject(self.session, &object, file.as_deref(), &path);
        if self.args.dry_run {
            return self.crew.tell(subject.clone(), Ok(ObjectEvent::Planned { subject, size: Some(size) }));
        }
        let (options, requests) = options_among_many(&self.args.transfer, size);
        let (session, request) = (self.session.clone(), request(object, self.args));
        let keeps_what_is_there = self.args.conditions.keeps_what_is_there();
        self.crew
            .begin(requests, subject.clone(), move |progress| async move {
                let uploaded = match &file {
                    Some(file) => session.upload_file(request, file, options_with(options, progress)).await,
                    None => session.put_object(request, Bytes::new()).await,
                };
                match uploaded {
                    Ok(uploaded) => Ok(ObjectEvent::uploaded(subject, uploaded)),
                    Err(error) => not_written(&error, subject, keeps_what_is_there),
                }
            })
            .await
    }

    /// Of what does not become an object.
    fn local_subject(file: &Path, path: &str) -> Subject {
        Subject {
            file: Some(file.display().to_string()),
            shown: (escape_here(path), String::new()),
            ..Subject::default()
        }
    }
}
