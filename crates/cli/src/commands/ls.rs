//! `jetbridge ls`, and the listing that `login --list` and `demo` end with. Pages are written as they arrive: memory
//! does not grow with the bucket.

use std::time::SystemTime;

use jetbridge::{Config, ListObjects, ListedEntry, ListedObject, Session};
use serde::Serialize;

use super::place::{Place, about_pattern};
use crate::args::LsArgs;
use crate::context::Context;
use crate::exit::CliError;
use crate::invocation::command;
use crate::output::{Notes, Output, terminal_width};
use crate::progress::Progress;
use crate::table::ObjectTable;
use crate::text::{count_of, escape, human_size, rfc3339};

pub(super) async fn run(context: &Context, args: LsArgs, output: &mut Output) -> Result<(), CliError> {
    let Place { bucket, prefix } = Place::parse(args.prefix.as_deref(), args.bucket.as_deref())?;
    let (session, _) = context.signed_in().await?;
    let request = ListObjects {
        bucket,
        prefix,
        delimiter: args.delimiter,
        limit: args.limit,
        page_size: None,
        requester_pays: args.request_payer,
        parallel: args.parallel.map(usize::from),
    };
    list(&session, request, output, context.notes).await
}

/// Writes one object.
#[derive(Debug, Serialize)]
pub(super) struct ObjectEvent<'a> {
    event: &'static str,
    key: &'a str,
    /// `null` if the server did not say it.
    size: Option<u64>,
    last_modified: Option<String>,
    e_tag: Option<&'a str>,
}

impl<'a> ObjectEvent<'a> {
    pub(super) fn new(object: &'a ListedObject) -> Self {
        Self {
            event: "object",
            key: &object.key,
            size: object.known_size(),
            last_modified: object.last_modified.map(rfc3339),
            e_tag: object.e_tag.as_deref(),
        }
    }
}

#[derive(Debug, Serialize)]
struct PrefixEvent<'a> {
    event: &'static str,
    prefix: &'a str,
}

/// Comes after the last object and only if the listing is whole (or reached the limit that was asked for).
#[derive(Debug, Serialize)]
pub(super) struct ListedEvent {
    event: &'static str,
    count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    prefixes: Option<u64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    more: bool,
}

impl ListedEvent {
    pub(super) fn new(count: u64, more: bool) -> Self {
        Self { event: "listed", count, prefixes: None, more }
    }
}

/// How a listing looks.
#[derive(Debug, Clone, Copy)]
enum Layout {
    Json,
    /// A table, for a terminal.
    Table(ObjectTable),
    /// `size time key`, for other programs.
    Lines,
}

impl Layout {
    fn entries(self, output: &mut Output, entries: &[ListedEntry]) -> std::io::Result<()> {
        match self {
            Self::Json => entries.iter().try_for_each(|entry| match entry {
                ListedEntry::Object(object) => output.event(&ObjectEvent::new(object)),
                ListedEntry::Prefix(prefix) => output.event(&PrefixEvent { event: "prefix", prefix }),
            }),
            Self::Table(table) => table.entries(entries).iter().try_for_each(|row| output.line(row)),
            Self::Lines => entries.iter().try_for_each(|entry| match entry {
                ListedEntry::Object(object) => {
                    let modified = time_or_dash(object.last_modified);
                    let size = object.known_size().map_or_else(|| "-".to_owned(), |size| size.to_string());
                    output.line(format_args!("{size} {modified} {}", escape(&object.key)))
                }
                ListedEntry::Prefix(prefix) => output.line(format_args!("- - {}", escape(prefix))),
            }),
        }
    }
}

/// Below which prefix was looked, and who named it: it may be another one than was meant.
fn describe_prefix(request: &ListObjects, config: &Config) -> String {
    let of_config = config.listing_prefix().map(|prefix| (prefix, "Storage.AWSS3.prefix of aws-exports.json"));
    let typed = request.prefix.as_deref().map(|prefix| (prefix, "as the command says"));
    match typed.or(of_config) {
        Some((prefix, who)) if !prefix.is_empty() => format!(" whose key begins with {} ({who})", escape(prefix)),
        _ => String::new(),
    }
}

fn time_or_dash(time: Option<SystemTime>) -> String {
    time.map_or_else(|| "-".to_owned(), rfc3339)
}

/// The items that `room` is left for.
fn first<T>(items: &[T], room: u64) -> &[T] {
    usize::try_from(room).ok().and_then(|room| items.get(..room)).unwrap_or(items)
}

/// Lists everything that `request` asks for.
pub(super) async fn list(
    session: &Session,
    request: ListObjects,
    output: &mut Output,
    notes: Notes,
) -> Result<(), CliError> {
    let layout = match (output.is_json(), output.is_terminal()) {
        (true, _) => Layout::Json,
        (false, true) => Layout::Table(ObjectTable::new(terminal_width(), 0)),
        (false, false) => Layout::Lines,
    };
    let (limit, delimiter) = (request.limit, request.delimiter.is_some());
    let mut mixed = Mixed::of(&request);
    let looked_below = describe_prefix(&request, session.config());
    let pattern = request.prefix.as_deref().and_then(about_pattern);
    // One more than asked for tells whether there is more.
    let request = ListObjects { limit: limit.map(|limit| limit.saturating_add(1)), ..request };
    let progress = Progress::start(notes, "asking S3 …");
    let mut pages = session.list_objects(request);
    let (mut objects, mut prefixes, mut bytes, mut more) = (0_u64, 0_u64, 0_u64, false);
    let mut all_sizes_known = true;
    while let Some(page) = pages.next_page().await? {
        // In S3's order: what is written must not depend on where pages end, which is chance with several requests at a time.
        let entries = page.into_entries();
        progress.aside(|| -> std::io::Result<()> {
            if let (Layout::Table(table), 0, false) = (layout, objects + prefixes, entries.is_empty()) {
                output.line(table.header())?;
            }
            let room = limit.map_or(u64::MAX, |limit| limit.saturating_sub(objects + prefixes));
            let shown = first(&entries, room);
            more |= shown.len() < entries.len();
            layout.entries(output, shown)?;
            for entry in shown {
                mixed.see(entry.key());
                match entry {
                    ListedEntry::Object(object) => {
                        objects += 1;
                        bytes = bytes.saturating_add(object.size);
                        all_sizes_known &= !object.size_unknown;
                    }
                    ListedEntry::Prefix(_) => prefixes += 1,
                }
            }
            // A person wants to see each page at once; a program is served better by full blocks.
            if matches!(layout, Layout::Table(_)) { output.flush() } else { Ok(()) }
        })?;
        progress.say(format!("{} …", count_of(objects, "object")));
    }
    drop(progress);
    if output.is_json() {
        let prefixes = delimiter.then_some(prefixes);
        output.event(&ListedEvent { prefixes, ..ListedEvent::new(objects, more) })?;
    } else {
        output.flush()?;
        if objects + prefixes == 0 {
            notes.say(format!("No objects{looked_below}."));
            if let Some(hint) = pattern {
                notes.say(hint);
            }
            return Ok(());
        }
        let folders = if delimiter { format!("{}, ", count_of(prefixes, "folder")) } else { String::new() };
        let rest = if more { " There are more; --limit was reached." } else { "" };
        let least = if all_sizes_known { "" } else { "at least " };
        notes.say(format!("{folders}{}, {least}{}.{rest}", count_of(objects, "object"), human_size(bytes)));
        if let Some(folder) = mixed.folder() {
            let alone = command(&["ls", folder]);
            notes.say(format!("Among them is what only begins like the folder. The folder alone:\n  {alone}"));
        }
    }
    Ok(())
}

/// Whether a prefix without a slash at its end has found what is in the folder of that name, and more. Who asked for `photos`
/// may not have meant `photos-old/`.
#[derive(Debug)]
struct Mixed {
    folder: Option<String>,
    address: String,
    has_inside: bool,
    has_outside: bool,
}

impl Mixed {
    fn of(request: &ListObjects) -> Self {
        let prefix = request.prefix.as_deref().filter(|prefix| !prefix.is_empty() && !prefix.ends_with('/'));
        let folder = prefix.map(|prefix| format!("{prefix}/"));
        let bucket = request.bucket.as_ref().map_or(String::new(), |bucket| format!("s3://{bucket}/"));
        let address = folder.as_ref().map_or(String::new(), |folder| format!("{bucket}{folder}"));
        Self { folder, address, has_inside: false, has_outside: false }
    }

    fn see(&mut self, key: &str) {
        let is_inside = self.folder.as_ref().is_some_and(|folder| key.starts_with(folder.as_str()));
        self.has_inside |= is_inside;
        self.has_outside |= !is_inside;
    }

    /// The folder, as an argument.
    fn folder(&self) -> Option<&str> {
        (self.has_inside && self.has_outside).then_some(self.address.as_str())
    }
}
