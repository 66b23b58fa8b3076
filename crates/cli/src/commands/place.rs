//! Where in S3: what a command's arguments name.

use std::ffi::OsStr;

use jetbridge::{ObjectAddress, Session};

use crate::args::BucketArgs;
use crate::exit::{Exit, Failure};
use crate::invocation::command;
use crate::path::UserPath;
use crate::text::escape;

const ADDRESS: &str = "s3://";
const WHOLE_BUCKET: &str = "For the whole bucket, write s3://BUCKET";

/// A bucket and a prefix, or a key; the configuration says the rest.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) bucket: Option<String>,
    pub(super) prefix: Option<String>,
}

impl Place {
    /// A prefix, or `s3://BUCKET/PREFIX` as the AWS CLI takes it; there the bucket may be the ARN of an access point.
    pub(super) fn parse(prefix: Option<&str>, bucket: Option<&str>) -> Result<Self, Failure> {
        let place = |bucket: Option<&str>, prefix: Option<&str>| Self {
            bucket: bucket.map(str::to_owned),
            prefix: prefix.map(str::to_owned),
        };
        let Some(address) = prefix.and_then(|prefix| prefix.strip_prefix(ADDRESS)) else {
            return match prefix {
                Some(typed) if is_nearly_address(typed) => Err(no_address(typed)),
                Some(typed) if says_path(typed) => Err(no_key(typed)),
                prefix => Ok(place(bucket, prefix)),
            };
        };
        let (named, prefix) = match address.split_once("accesspoint") {
            // The slash or colon before its name belongs to the ARN.
            Some((start, name)) if address.starts_with("arn:") => {
                let name = name.char_indices().skip(1).find(|(_, c)| *c == '/').map_or(name, |(end, _)| &name[..end]);
                let (bucket, rest) = address.split_at(start.len() + "accesspoint".len() + name.len());
                (bucket, rest.strip_prefix('/').unwrap_or_default())
            }
            _ => address.split_once('/').unwrap_or((address, "")),
        };
        if named.is_empty() {
            return Err(usage(format!("s3://{} names no bucket", escape(address)))
                .hint("Write s3://BUCKET/KEY, or the key alone for the configuration's bucket."));
        }
        if bucket.is_some_and(|bucket| bucket != named) {
            let problem = format!("s3://{} is in another bucket than --bucket says", escape(address));
            return Err(usage(problem).hint("Leave --bucket out."));
        }
        Ok(place(Some(named), Some(prefix)))
    }
}

/// Whether an argument is an address of S3, whatever stands beside it.
pub(super) fn is_address(argument: &str) -> bool {
    argument.starts_with(ADDRESS)
}

/// `S3://…`, `s3:/…`: a key could be called so, and none is.
fn is_nearly_address(argument: &str) -> bool {
    argument.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("s3:/"))
}

fn no_address(typed: &str) -> Failure {
    let (_, rest) = typed.split_at("s3:".len());
    let meant = format!("{ADDRESS}{}", rest.trim_start_matches('/'));
    usage(format!("{} is no address, which begins with s3://", escape(typed)))
        .hint(format!("Perhaps: {}", escape(&meant)))
}

fn no_key(typed: &str) -> Failure {
    let problem = format!("{} is a path, where a key is needed", escape(typed));
    usage(problem).hint("A key has no ./ before it. Of one that begins so, the whole address is s3://BUCKET/KEY.")
}

/// Whether an argument can only be a path of this machine.
pub(super) fn says_path(argument: &str) -> bool {
    argument.split('/').next().is_some_and(is_dots)
}

/// Whether no URL of the object can be asked for: clients resolve such segments (RFC 3986 §5.2.4).
pub(super) fn has_dots(key: &str) -> bool {
    key.split('/').any(is_dots)
}

/// Refuses an argument that is empty, as a variable of the shell leaves it that is not set (`"$FILE"`): to take it for the top of
/// the bucket, or for the current folder, writes over what nobody meant.
pub(super) fn refuse_empty(operands: &[impl AsRef<OsStr>]) -> Result<(), Failure> {
    if operands.iter().all(|operand| !operand.as_ref().is_empty()) {
        return Ok(());
    }
    Err(usage("an operand is empty (is a variable of the shell empty?)")
        .hint("Leave it out, or name what is meant: KEY, FOLDER/, or s3://BUCKET/ for the top of a bucket."))
}

/// Refuses an object that can only be named in a list: no request has its URL.
pub(super) fn refuse_dots(object: &ObjectAddress) -> Result<(), Failure> {
    if !has_dots(&object.key) {
        return Ok(());
    }
    let problem = format!("{} has `.` or `..` between slashes, which clients of HTTP resolve", show(object));
    Err(usage(problem)
        .hint("Write the key without it. An object that has such a key can be listed and deleted, and no more."))
}

fn is_dots(segment: &str) -> bool {
    matches!(segment, "." | "..")
}

/// An argument that is to be a key.
pub(super) fn as_text(argument: &OsStr) -> Result<&str, Failure> {
    argument
        .to_str()
        .ok_or_else(|| usage(format!("{} is no UTF-8 text, as keys are", escape(&argument.to_string_lossy()))))
}

/// What begins a pattern of a shell.
pub(super) const PATTERN: [char; 3] = ['*', '?', '['];

/// Who wrote a pattern is told that it is none.
pub(super) fn about_pattern(key: &str) -> Option<String> {
    let (before, _) = key.split_at(key.find(PATTERN)?);
    let folder = before.rsplit_once('/').map_or("", |(folder, _)| folder);
    let list = if folder.is_empty() { command(&["ls"]) } else { command(&["ls", &format!("{folder}/")]) };
    Some(format!(
        "Patterns are not known: `*`, `?` and `[` are letters of keys as others are. Name the keys, or a folder with \
         --recursive. To see what there is: {list}"
    ))
}

/// An argument that is to be a file.
pub(super) fn as_path(argument: &OsStr) -> Result<UserPath, Failure> {
    UserPath::new(argument).map_err(usage)
}

/// The object, or the folder, that an argument names: a whole key, or `s3://BUCKET/KEY`.
pub(super) fn parse_object(key: &str, args: &BucketArgs) -> Result<ObjectAddress, Failure> {
    let Place { bucket, prefix } = Place::parse(Some(key), args.bucket.as_deref())?;
    Ok(ObjectAddress { bucket, key: prefix.unwrap_or_default(), requester_pays: args.request_payer })
}

/// The same for one object: no bucket has one without a key.
pub(super) fn parse_one_object(key: &str, args: &BucketArgs) -> Result<ObjectAddress, Failure> {
    let object = parse_object(key, args)?;
    if object.key.is_empty() {
        return Err(usage("an object has a key").hint("Name it whole: reports/2026/q1.pdf, or s3://BUCKET/KEY."));
    }
    Ok(object)
}

/// The folder that an argument names. The whole bucket is none by accident: an argument that is empty because a variable of
/// the shell is (`"$DIR"`) names nothing. Slashes and spaces are letters of keys as others are.
pub(super) fn parse_folder(key: &str, args: &BucketArgs) -> Result<ObjectAddress, Failure> {
    let object = parse_object(key, args)?;
    if object.key.is_empty() && !is_address(key) {
        return Err(usage("an empty key names no folder (is a variable of the shell empty?)").hint(WHOLE_BUCKET));
    }
    Ok(as_folder(object))
}

/// The folder that several go into; one key for all is no folder, though its slash were only forgotten.
pub(super) fn parse_folder_for_several(key: &str, args: &BucketArgs) -> Result<ObjectAddress, Failure> {
    let folder = parse_object(key, args)?;
    if key.ends_with('/') || (is_address(key) && folder.key.is_empty()) {
        return Ok(folder);
    }
    let problem = format!("several go into a folder, and {} does not end in a slash", escape(key));
    Err(usage(problem).hint("Name it behind them: FOLDER/, or s3://BUCKET/FOLDER/."))
}

/// The same for what is deleted: nor is `s3://BUCKET/` the whole bucket, which `"s3://BUCKET/$DIR"` may be.
pub(super) fn parse_folder_to_delete(key: &str, args: &BucketArgs) -> Result<ObjectAddress, Failure> {
    let folder = parse_folder(key, args)?;
    if folder.key.is_empty() && key.ends_with('/') {
        let problem = "nothing is named behind the bucket's slash (is a variable of the shell empty?)";
        return Err(usage(problem).hint(format!("{WHOLE_BUCKET}, without a slash behind it")));
    }
    Ok(folder)
}

/// A folder: what begins with it and a slash. Nothing is everything.
pub(super) fn as_folder(mut object: ObjectAddress) -> ObjectAddress {
    if !object.key.is_empty() && !object.key.ends_with('/') {
        object.key.push('/');
    }
    object
}

/// The address as a person reads it.
pub(super) fn show(object: &ObjectAddress) -> String {
    match &object.bucket {
        Some(bucket) => format!("s3://{}/{}", escape(bucket), escape(&object.key)),
        None => escape(&object.key).into_owned(),
    }
}

/// The bucket's name, for a program.
pub(super) fn bucket_of(object: &ObjectAddress, session: &Session) -> String {
    object.bucket.clone().unwrap_or_else(|| session.config().bucket().to_owned())
}

pub(super) fn usage(problem: impl Into<String>) -> Failure {
    Failure::new("usage", Exit::Usage, problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(prefix: &str, bucket: Option<&str>) -> Result<(Option<String>, Option<String>), String> {
        let place = Place::parse(Some(prefix), bucket).map_err(|failure| failure.message)?;
        Ok((place.bucket, place.prefix))
    }

    #[test]
    fn an_address_names_bucket_and_prefix() {
        let arn = "arn:aws:s3:us-west-2:123456789012:accesspoint";
        for (address, bucket, prefix) in [
            ("s3://my-team-data", "my-team-data", ""),
            ("s3://my-team-data/", "my-team-data", ""),
            ("s3://my-team-data/reports/2026/", "my-team-data", "reports/2026/"),
            ("s3://my-team-data//a", "my-team-data", "/a"),
            ("s3://accesspoint-logs/a/b", "accesspoint-logs", "a/b"),
            (&format!("s3://{arn}/reports"), &format!("{arn}/reports"), ""),
            (&format!("s3://{arn}/reports/2026/a"), &format!("{arn}/reports"), "2026/a"),
            (&format!("s3://{arn}:reports/2026/"), &format!("{arn}:reports"), "2026/"),
            (&format!("s3://{arn}"), arn, ""),
            (&format!("s3://{arn}é/a"), &format!("{arn}é"), "a"),
        ] {
            assert_eq!(place(address, None), Ok((Some(bucket.to_owned()), Some(prefix.to_owned()))), "{address}");
        }
        for nothing in ["s3://", "s3:///", "s3:///reports/"] {
            assert!(place(nothing, None).unwrap_err().contains("names no bucket"), "{nothing}");
        }
        for (nearly, meant) in [("S3://b/x", "s3://b/x"), ("s3:/b/x", "s3://b/x"), ("S3:/b", "s3://b")] {
            let refused = Place::parse(Some(nearly), None).unwrap_err();
            assert_eq!((refused.exit, refused.hint), (Exit::Usage, Some(format!("Perhaps: {meant}"))), "{nearly}");
        }
        for path in [".", "..", "./a", "../a/b"] {
            assert!(place(path, None).is_err_and(|problem| problem.contains("is a path")), "{path}");
        }
        for key in [".a", "..a/b", "a/./b", "/a"] {
            assert_eq!(place(key, None), Ok((None, Some(key.to_owned()))));
        }
        assert_eq!(place("s3:x", None), Ok((None, Some("s3:x".to_owned()))));
        assert_eq!(place("s3://b/S3://x", None), Ok((Some("b".to_owned()), Some("S3://x".to_owned()))));
        assert_eq!(place("a/", Some("b")), Ok((Some("b".to_owned()), Some("a/".to_owned()))));
    }

    #[test]
    fn the_whole_bucket_is_no_folder_by_accident() {
        let args = |bucket: Option<&str>| BucketArgs { bucket: bucket.map(str::to_owned), request_payer: false };
        let folder = |key: &str| parse_folder(key, &args(None)).map(|folder| folder.key).ok();
        let to_delete = |key: &str| parse_folder_to_delete(key, &args(None)).map(|folder| folder.key).ok();
        for (key, folder_key, key_to_delete) in [
            ("", None, None),
            ("s3://b", Some(""), Some("")),
            ("s3://b/", Some(""), None),
            ("s3://b//", Some("/"), Some("/")),
            ("/", Some("/"), Some("/")),
            (" ", Some(" /"), Some(" /")),
            ("a", Some("a/"), Some("a/")),
            ("s3://b/a/", Some("a/"), Some("a/")),
        ] {
            assert_eq!(folder(key).as_deref(), folder_key, "{key:?}");
            assert_eq!(to_delete(key).as_deref(), key_to_delete, "{key:?}");
        }
        assert!(parse_folder("", &args(Some("b"))).is_err());
    }

    #[test]
    fn an_address_and_another_bucket_contradict_each_other() {
        assert!(place("s3://one/a", Some("one")).is_ok());
        for other in ["two", "on", "one/a"] {
            assert!(place("s3://one/a", Some(other)).unwrap_err().contains("--bucket"), "{other}");
        }
    }
}
