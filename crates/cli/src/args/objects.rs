//! The grammar of what is done with objects.

use std::ffi::OsString;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use jetbridge::{Conditions, ObjectHeaders};

/// The longest life that S3 gives a presigned URL.
const A_WEEK: u64 = 7 * 86_400;
/// S3 takes no smaller parts, but for the last.
const SMALLEST_PART: u64 = 5 * 1024 * 1024;
/// And no larger ones.
const LARGEST_PART: u64 = 5 * 1024 * 1024 * 1024;

pub(super) const GET_USAGE: &str = "\
jetbridge get [OPTIONS] <KEY> [FILE]
       jetbridge get [OPTIONS] <KEY>... <FOLDER>/
       jetbridge get [OPTIONS] --recursive <KEY> [FOLDER]";

pub(super) const PUT_USAGE: &str = "\
jetbridge put [OPTIONS] <FILE> [KEY]
       jetbridge put [OPTIONS] <FILE>... <FOLDER>/
       jetbridge put [OPTIONS] --recursive <FOLDER> [KEY]";

pub(super) const CP_USAGE: &str = "\
jetbridge cp [OPTIONS] <SOURCE> <TARGET>
       jetbridge cp [OPTIONS] <SOURCE>... <FOLDER>/
       jetbridge cp [OPTIONS] --recursive <SOURCE> <TARGET>";

pub(super) const KEYS_AS_FILES: &str = "\
Keys as files: what cannot stand in a file's name is written as %XX, the bytes
of its UTF-8: control characters, backslash, a dot or space at the end (so `..`
becomes `.%2E`), names that Windows keeps for devices, and a slash with no name
before it (`a//b` becomes `a/%2Fb`). With --recursive, a % that would be read as
one of these is written as %25; all others stay (`50%.txt`, `my%20file.txt`). A
name of more than 255 bytes goes on in a folder; its pieces end in %. Nothing is
written outside FILE, links in it are not followed, and put --recursive makes
the same keys again. An empty object whose key ends in a slash becomes a folder.";

pub(super) const FILES_AS_KEYS: &str = "\
Files as keys: a file that is sent by its name keeps it. With --recursive, names
that get --recursive made of keys become those keys again; any other stands for
itself. An empty folder becomes an empty object whose key ends in a slash. Links
are left out (or see --follow-links), and what is no file or folder; that is
said.";

pub(super) const LOOK_FIRST: &str = "\
S3 is asked first whether each is there: one that is not is told (exit code 9).
Where the role may not see objects, they are deleted if they are there, and
nobody says whether they were.";

/// Which bucket, and who pays.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct BucketArgs {
    /// Another bucket than the configured one: its name, or the ARN of an access point
    #[arg(long, value_name = "B")]
    pub(crate) bucket: Option<String>,
    /// Pay for the requests yourself, as a bucket with Requester Pays demands
    #[arg(long)]
    pub(crate) request_payer: bool,
}

/// How bytes are moved.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct TransferArgs {
    /// Requests at once [default: 32 with --recursive, 8 for one object]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) parallel: Option<u16>,
    /// Size of the parts of a large object: 8MiB, 64MiB … [default: 8MiB, more where there would be too many]
    #[arg(long, value_name = "SIZE", value_parser = part_size)]
    pub(crate) part_size: Option<u64>,
    /// Do not go on with what an earlier run began
    #[arg(long)]
    pub(crate) start_over: bool,
}

/// What is kept with an object that is written.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct HeaderArgs {
    /// What kind of document it is, such as image/jpeg [default: by the ending of the key]
    #[arg(long, value_name = "TYPE")]
    pub(crate) content_type: Option<String>,
    /// How long its readers may keep it, such as max-age=3600
    #[arg(long, value_name = "TEXT")]
    pub(crate) cache_control: Option<String>,
    /// How browsers save it, such as 'attachment; filename="a.pdf"'
    #[arg(long, value_name = "TEXT")]
    pub(crate) content_disposition: Option<String>,
    /// How it is packed already, such as gzip
    #[arg(long, value_name = "TEXT")]
    pub(crate) content_encoding: Option<String>,
    /// Keep this with it; may be given again
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) metadata: Vec<Metadata>,
}

impl HeaderArgs {
    /// Whether nothing is said.
    pub(crate) fn is_empty(&self) -> bool {
        self.headers() == ObjectHeaders::default()
    }

    pub(crate) fn headers(&self) -> ObjectHeaders {
        ObjectHeaders {
            content_type: self.content_type.clone(),
            cache_control: self.cache_control.clone(),
            content_disposition: self.content_disposition.clone(),
            content_encoding: self.content_encoding.clone(),
            metadata: self.metadata.iter().map(|Metadata(name, value)| (name.clone(), value.clone())).collect(),
            ..ObjectHeaders::default()
        }
    }
}

/// What the place of an object that is written has to be.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct WriteConditionArgs {
    /// Write only where no object is yet; with --recursive, leave the others as they are
    #[arg(long, conflicts_with = "if_match")]
    pub(crate) no_overwrite: bool,
    /// The same, in S3's words: '*'
    #[arg(long, value_name = "'*'", value_parser = ["*"], conflicts_with_all = ["if_match", "no_overwrite"])]
    pub(crate) if_none_match: Option<String>,
    /// Replace only the object with this entity tag
    #[arg(long, value_name = "ETAG", conflicts_with = "recursive")]
    pub(crate) if_match: Option<ETag>,
}

/// The last of several operands, and those before it; with one operand there is no last.
pub(crate) fn split_last(operands: &[OsString]) -> (&[OsString], Option<&OsString>) {
    match operands {
        [before @ .., last] if !before.is_empty() => (before, Some(last)),
        all => (all, None),
    }
}

impl WriteConditionArgs {
    /// Whether an object that is there stays as it is.
    pub(crate) fn keeps_what_is_there(&self) -> bool {
        self.no_overwrite || self.if_none_match.is_some()
    }

    pub(crate) fn conditions(&self) -> Conditions {
        Conditions {
            if_match: self.if_match.clone().map(|ETag(tag)| tag),
            if_none_match: self.keeps_what_is_there().then(|| "*".to_owned()),
            ..Conditions::default()
        }
    }
}

#[derive(Debug, Clone, Args)]
pub(crate) struct GetArgs {
    /// The whole key, or s3://BUCKET/KEY; with --recursive, the folder (the keys that begin with it and a slash),
    /// or s3://BUCKET for the whole bucket.
    /// Behind it FILE, where it goes: a file, a folder (one that is there, or ends in a slash), or - for stdout [default: a file
    /// or folder of the key's last name, here]. Behind several keys, the folder for all
    #[arg(required = true, value_name = "KEY")]
    pub(crate) operands: Vec<OsString>,
    /// Everything below KEY, into the folder FILE
    #[arg(short, long)]
    pub(crate) recursive: bool,
    /// Leave files that are there as they are
    #[arg(long)]
    pub(crate) no_overwrite: bool,
    /// Only the object with this entity tag
    #[arg(long, value_name = "ETAG", conflicts_with = "recursive")]
    pub(crate) if_match: Option<ETag>,
    /// With --recursive: say what would be done, and do nothing
    #[arg(long, requires = "recursive")]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) place: BucketArgs,
    #[command(flatten)]
    pub(crate) transfer: TransferArgs,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct PutArgs {
    /// What is sent: a file, - for stdin, or with --recursive a folder.
    /// Behind it KEY, the whole key, or s3://BUCKET/KEY; one that ends in a slash is a folder for it [default: the file's
    /// name]. Behind several files, the folder for all
    #[arg(required = true, value_name = "FILE")]
    pub(crate) operands: Vec<OsString>,
    /// Everything below the folder FILE, hidden files too
    #[arg(short, long)]
    pub(crate) recursive: bool,
    /// With --recursive: send what links lead to, instead of leaving links out
    #[arg(long, requires = "recursive")]
    pub(crate) follow_links: bool,
    /// With --recursive: say what would be done, and do nothing
    #[arg(long, requires = "recursive")]
    pub(crate) dry_run: bool,
    /// Send nothing, and let S3 forget what was sent of FILE before its upload was broken off; it need not be there any more
    #[arg(long, conflicts_with_all = ["recursive", "start_over"])]
    pub(crate) abort: bool,
    #[command(flatten)]
    pub(crate) headers: HeaderArgs,
    #[command(flatten)]
    pub(crate) conditions: WriteConditionArgs,
    #[command(flatten)]
    pub(crate) place: BucketArgs,
    #[command(flatten)]
    pub(crate) transfer: TransferArgs,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct CpArgs {
    /// What is copied: s3://BUCKET/KEY, or a file if TARGET is in S3; without any s3://, all are keys.
    /// Behind it TARGET, where the copy goes, in the same way; one that ends in a slash is a folder for it, as several need
    #[arg(required = true, num_args = 2.., value_names = ["SOURCE", "TARGET"])]
    pub(crate) operands: Vec<OsString>,
    /// Everything below SOURCE
    #[arg(short, long)]
    pub(crate) recursive: bool,
    /// With --recursive: say what would be done, and do nothing
    #[arg(long, requires = "recursive")]
    pub(crate) dry_run: bool,
    /// With --recursive, from a folder here: send what links lead to, instead of leaving links out
    #[arg(long, requires = "recursive")]
    pub(crate) follow_links: bool,
    #[command(flatten)]
    pub(crate) headers: HeaderArgs,
    #[command(flatten)]
    pub(crate) conditions: WriteConditionArgs,
    /// Pay for the requests yourself, as a bucket with Requester Pays demands
    #[arg(long)]
    pub(crate) request_payer: bool,
    #[command(flatten)]
    pub(crate) transfer: TransferArgs,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct RmArgs {
    /// The whole key, or s3://BUCKET/KEY; with --recursive, the folder (the keys that begin with it and a slash),
    /// or s3://BUCKET for the whole bucket
    #[arg(required = true)]
    pub(crate) key: Vec<String>,
    /// Everything below KEY; asks first
    #[arg(short, long)]
    pub(crate) recursive: bool,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Say what would be deleted, and delete nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Delete only the object with this entity tag
    #[arg(long, value_name = "ETAG", conflicts_with = "recursive")]
    pub(crate) if_match: Option<ETag>,
    #[command(flatten)]
    pub(crate) place: BucketArgs,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct PresignArgs {
    /// The whole key, or s3://BUCKET/KEY
    pub(crate) key: String,
    /// A URL that writes the object, instead of reading it
    #[arg(long)]
    pub(crate) put: bool,
    /// How long it is good for: 90s, 15m, 12h, at most 7d. The credentials that sign it may end it earlier
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = lifetime)]
    pub(crate) expires: Duration,
    /// With --put: what kind of document has to be sent
    #[arg(long, value_name = "TYPE", requires = "put")]
    pub(crate) content_type: Option<String>,
    /// The name under which browsers save it
    #[arg(long, value_name = "NAME", conflicts_with = "put")]
    pub(crate) file_name: Option<String>,
    #[command(flatten)]
    pub(crate) place: BucketArgs,
}

/// An entity tag with its quotes; they may be left out, as a shell takes them away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ETag(pub(crate) String);

impl FromStr for ETag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bare = text.trim_matches('"');
        if bare.is_empty() || bare.contains(|character: char| character == '"' || character.is_control()) {
            return Err("expected\n  an entity tag, as `ls --json` shows them".to_owned());
        }
        Ok(Self(format!("\"{bare}\"")))
    }
}

/// A name and a value of the user's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Metadata(pub(crate) String, pub(crate) String);

impl FromStr for Metadata {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // As names of HTTP's header fields are (RFC 9110 §5.1, §5.6.2), for that is how they travel.
        let is_token = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c));
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() && is_token(name) => {
                Ok(Self(name.to_ascii_lowercase(), value.to_owned()))
            }
            _ => Err("expected\n  NAME=VALUE, the name of letters, digits and dashes".to_owned()),
        }
    }
}

fn number_and_unit(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

fn lifetime(text: &str) -> Result<Duration, String> {
    let seconds = number_and_unit(text).and_then(|(number, unit)| {
        let unit = match unit {
            "" | "s" => 1,
            "m" | "min" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return None,
        };
        number.checked_mul(unit)
    });
    match seconds {
        Some(seconds @ 1..=A_WEEK) => Ok(Duration::from_secs(seconds)),
        _ => Err("expected\n  a time from 1s to 7d, such as 90s, 15m or 12h".to_owned()),
    }
}

fn part_size(text: &str) -> Result<u64, String> {
    let bytes = number_and_unit(text).and_then(|(number, unit)| {
        let unit = match unit {
            "" | "B" => 1,
            "K" | "KiB" => 1 << 10,
            "M" | "MiB" => 1 << 20,
            "G" | "GiB" => 1 << 30,
            _ => return None,
        };
        number.checked_mul(unit)
    });
    match bytes {
        Some(bytes @ SMALLEST_PART..=LARGEST_PART) => Ok(bytes),
        _ => Err("expected\n  a size from 5MiB to 5GiB, such as 8MiB".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_have_units_and_bounds() {
        for (text, seconds) in [("90", 90), ("90s", 90), ("15m", 900), ("15min", 900), ("12h", 43_200), ("7d", A_WEEK)]
        {
            assert_eq!(lifetime(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for wrong in ["", "0", "8d", "604801", "1w", "m", "-5m", "1.5h", "99999999999999999999s", "15 m"] {
            assert!(lifetime(wrong).is_err(), "{wrong}");
        }
        for (text, bytes) in
            [("5MiB", SMALLEST_PART), ("5242880", SMALLEST_PART), ("64M", 64 << 20), ("5GiB", LARGEST_PART)]
        {
            assert_eq!(part_size(text), Ok(bytes), "{text}");
        }
        for wrong in ["", "4MiB", "6GiB", "8MB", "x", "99999999999999999999G"] {
            assert!(part_size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_entity_tag_has_quotes_whether_they_were_typed_or_not() {
        let tag = |text: &str| text.parse::<ETag>().map(|tag| tag.0);
        assert_eq!(tag("abc-2"), Ok("\"abc-2\"".to_owned()));
        assert_eq!(tag("\"abc-2\""), Ok("\"abc-2\"".to_owned()));
        assert!(tag("").is_err() && tag("\"\"").is_err() && tag("a\nb").is_err());
    }

    #[test]
    fn metadata_has_names_that_can_travel() {
        let pair = |text: &str| text.parse::<Metadata>().map(|Metadata(name, value)| (name, value));
        assert_eq!(pair("Owner=a=b"), Ok(("owner".to_owned(), "a=b".to_owned())));
        assert_eq!(pair("empty="), Ok(("empty".to_owned(), String::new())));
        for wrong in ["owner", "=x", "two words=x", "né=x"] {
            assert!(pair(wrong).is_err(), "{wrong}");
        }
    }
}
