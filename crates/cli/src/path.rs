//! Paths on the command line and in its variables: one type for all of them.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser as _, ValueParser, ValueParserFactory};
use jetbridge::storage::{StorageErrorKind, absolute_path};

use crate::exit::{Exit, Failure};

/// A path as the user typed it. Where that is, is found out when it is used: what a command does not need must not keep it
/// from its work, as a current directory that was deleted would.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UserPath(PathBuf);

impl UserPath {
    /// Refuses what can never be one.
    pub(crate) fn new(typed: impl AsRef<OsStr>) -> Result<Self, String> {
        let typed = PathBuf::from(typed.as_ref());
        match absolute_path(&typed) {
            Err(error) if error.kind == StorageErrorKind::Denied => Err(error.detail),
            _ => Ok(Self(typed)),
        }
    }

    /// The whole path: `~/` is expanded also where no shell did it, and messages say where it is.
    pub(crate) fn absolute(&self) -> Result<PathBuf, Failure> {
        absolute_path(&self.0).map_err(|error| {
            Failure::new("usage", Exit::Usage, error.detail)
                .hint("Write the whole path; or change to a folder that is there (cd), if this one was deleted.")
        })
    }
}

impl ValueParserFactory for UserPath {
    type Parser = ValueParser;

    fn value_parser() -> ValueParser {
        OsStringValueParser::new().try_map(Self::new).into()
    }
}
