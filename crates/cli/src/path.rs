//! Paths on the command line and in its variables: one type for all of them.

use std::ffi::OsStr;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use clap::builder::{OsStringValueParser, TypedValueParser as _, ValueParser, ValueParserFactory};
use jetbridge::storage::absolute_path;

/// A path as the user meant it, absolute: `~/` is expanded also where no shell did it, and messages say where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UserPath(PathBuf);

impl UserPath {
    pub(crate) fn new(typed: impl AsRef<OsStr>) -> Result<Self, String> {
        absolute_path(Path::new(typed.as_ref())).map(Self).map_err(|error| error.detail)
    }
}

impl Deref for UserPath {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl AsRef<Path> for UserPath {
    fn as_ref(&self) -> &Path {
        self
    }
}

impl ValueParserFactory for UserPath {
    type Parser = ValueParser;

    fn value_parser() -> ValueParser {
        OsStringValueParser::new().try_map(Self::new).into()
    }
}
