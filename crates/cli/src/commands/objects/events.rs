//! What is told of each object: a line for a person, an event for a program.

use jetbridge::{DownloadedObject, ObjectChecksum, UploadedObject};
use serde::Serialize;

use crate::exit::Failure;
use crate::output::{DIM, GOOD, WARN, styled};
use crate::text::{columns, count_of, escape_here, human_size, shorten};

/// Both ends of what is done with one object.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Subject {
    /// `null`: there is no object in it.
    pub(super) bucket: Option<String>,
    pub(super) key: Option<String>,
    /// The whole path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file: Option<String>,
    /// Where it is copied from: `s3://BUCKET/KEY`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<String>,
    /// From where, and where to, for a person.
    #[serde(skip)]
    pub(super) shown: (String, String),
}

impl Subject {
    fn arrow(&self, width: usize) -> String {
        match &self.shown {
            (from, to) if to.is_empty() => shorten(from, width).into_owned(),
            (from, to) => {
                let room = width.saturating_sub(3);
                // What one leaves, the other may take.
                let from = shorten(from, room - columns(to).min(room / 2));
                let to = shorten(to, room.saturating_sub(columns(&from)));
                format!("{from} → {to}")
            }
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum ObjectEvent {
    Uploaded {
        #[serde(flatten)]
        subject: Subject,
        size: u64,
        e_tag: Option<String>,
        version_id: Option<String>,
        checksum: Option<Checksum>,
        resumed: u64,
    },
    Downloaded {
        #[serde(flatten)]
        subject: Subject,
        size: u64,
        e_tag: Option<String>,
        version_id: Option<String>,
        verified: bool,
        resumed: u64,
    },
    Copied {
        #[serde(flatten)]
        subject: Subject,
        e_tag: Option<String>,
        version_id: Option<String>,
    },
    Deleted {
        #[serde(flatten)]
        subject: Subject,
        /// `null`: S3 did not say whether there was one.
        was_there: Option<bool>,
    },
    /// S3 has forgotten what was sent of it.
    Aborted {
        #[serde(flatten)]
        subject: Subject,
    },
    /// It was left as it is.
    Skipped {
        #[serde(flatten)]
        subject: Subject,
        reason: &'static str,
    },
    /// It would be done, without --dry-run.
    Planned {
        #[serde(flatten)]
        subject: Subject,
        size: Option<u64>,
    },
    Failed {
        #[serde(flatten)]
        subject: Subject,
        kind: &'static str,
        exit: u8,
        message: String,
        hint: Option<String>,
    },
}

#[derive(Debug, Serialize)]
pub(super) struct Checksum {
    algorithm: String,
    value: String,
}

/// The last of a command that does many; before the error, if some failed.
#[derive(Debug, Default, Serialize)]
pub(super) struct Summary {
    event: &'static str,
    pub(super) done: u64,
    pub(super) skipped: u64,
    pub(super) failed: u64,
    pub(super) bytes: u64,
}

impl Summary {
    pub(super) fn new() -> Self {
        Self { event: "summary", ..Self::default() }
    }
}

impl ObjectEvent {
    pub(super) fn uploaded(subject: Subject, object: UploadedObject) -> Self {
        let checksum = object.checksum.map(|ObjectChecksum { algorithm, value, .. }| Checksum { algorithm, value });
        let UploadedObject { size, e_tag, version_id, resumed, .. } = object;
        Self::Uploaded { subject, size, e_tag, version_id, checksum, resumed }
    }

    pub(super) fn downloaded(subject: Subject, object: DownloadedObject) -> Self {
        let DownloadedObject { details, resumed, is_verified: verified } = object;
        let (size, e_tag, version_id) = (details.size, details.e_tag, details.version_id);
        Self::Downloaded { subject, size, e_tag, version_id, verified, resumed }
    }

    pub(super) fn copied(subject: Subject, object: UploadedObject) -> Self {
        Self::Copied { subject, e_tag: object.e_tag, version_id: object.version_id }
    }

    pub(super) fn failed(subject: Subject, failure: &Failure) -> Self {
        let (kind, exit) = (failure.kind, failure.exit as u8);
        Self::Failed { subject, kind, exit, message: failure.message.clone(), hint: failure.hint.clone() }
    }

    /// Bytes that were moved, or would be.
    pub(super) fn bytes(&self) -> u64 {
        match self {
            Self::Uploaded { size, .. } | Self::Downloaded { size, .. } => *size,
            Self::Planned { size, .. } => size.unwrap_or(0),
            _ => 0,
        }
    }

    /// A line for a person, so wide if it can be; a failure is told elsewhere.
    pub(super) fn line(&self, width: usize) -> String {
        let (subject, note) = match self {
            Self::Uploaded { subject, size, resumed, .. } | Self::Downloaded { subject, size, resumed, .. } => {
                (subject, amount(*size, *resumed))
            }
            Self::Copied { subject, .. } => (subject, String::new()),
            Self::Deleted { subject, was_there: Some(_) } => (subject, "deleted".to_owned()),
            Self::Deleted { subject, was_there: None } => (subject, "deleted, if it was there".to_owned()),
            Self::Aborted { subject } => (subject, "given up".to_owned()),
            Self::Skipped { subject, reason } => (subject, format!("left out: {reason}")),
            Self::Planned { subject, size } => (subject, size.map(human_size).unwrap_or_default()),
            Self::Failed { subject, message, .. } => {
                return format!("{}: {}", subject.arrow(width), escape_here(message));
            }
        };
        let mark = match self {
            Self::Planned { .. } => "  ".to_owned(),
            Self::Skipped { .. } => styled(WARN, "- "),
            _ => styled(GOOD, "✓ "),
        };
        // Two columns for the mark, and two before what is noted.
        let arrow = subject.arrow(width.saturating_sub(columns(&note) + 4));
        let note = if note.is_empty() { note } else { format!("  {}", styled(DIM, note)) };
        format!("{mark}{arrow}{note}")
    }
}

fn amount(size: u64, resumed: u64) -> String {
    match resumed {
        0 => human_size(size),
        _ => format!("{}, resumed at {}", human_size(size), human_size(resumed)),
    }
}

/// `1,000 objects, 9.8 MiB`.
pub(super) fn objects_and_bytes(objects: u64, bytes: u64) -> String {
    format!("{}, {}", count_of(objects, "object"), human_size(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_fits_whatever_the_names_are() {
        let (short, long) = ("a.txt".to_owned(), "folder/".repeat(40));
        for shown in
            [(short.clone(), long.clone()), (long.clone(), short.clone()), (long.clone(), long), (short.clone(), short)]
        {
            for width in 40..100 {
                let subject = Subject { shown: shown.clone(), ..Subject::default() };
                let deleted = ObjectEvent::Deleted { subject, was_there: Some(true) };
                let line = anstream::adapter::strip_str(&deleted.line(width)).to_string();
                assert!(columns(&line) <= width && line.contains(" → "), "{width}: {line}");
            }
        }
    }
}
