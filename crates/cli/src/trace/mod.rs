//! `--trace FILE`: what a command asked of whom, when, and how long that took, as a page to read (`.html`) or for viewers of
//! HTTP archives (`.har`). The core decides what may be in a record; nothing that is not in one can be in the file.

mod axis;
mod har;
mod html;
mod recording;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use clap::builder::{OsStringValueParser, TypedValueParser as _, ValueParser, ValueParserFactory};
use jetbridge::{Clock as _, RequestObserver, SystemClock};
use tempfile::NamedTempFile;

use self::recording::{Recording, Told};
use crate::exit::{Exit, Failure};
use crate::path::UserPath;

/// The file of `--trace`: its name says what is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TraceFile {
    path: UserPath,
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Html,
    Har,
}

impl TraceFile {
    fn new(path: UserPath) -> Result<Self, String> {
        let extension = path.typed().extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let form = match extension.to_ascii_lowercase().as_str() {
            "html" => Form::Html,
            "har" => Form::Har,
            _ => return Err("its name has to end in .html (a page to read) or .har (for viewers)".to_owned()),
        };
        Ok(Self { path, form })
    }
}

impl ValueParserFactory for TraceFile {
    type Parser = ValueParser;

    fn value_parser() -> ValueParser {
        OsStringValueParser::new().try_map(|typed| UserPath::new(typed).and_then(Self::new)).into()
    }
}

/// A trace that is being made.
pub(crate) struct Trace {
    path: PathBuf,
    form: Form,
    /// Made before anything is done, so that what stands in its way is told then; and for this user alone.
    file: NamedTempFile,
    command: &'static str,
    begun_at: SystemTime,
    told: Arc<Told>,
}

impl Trace {
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn begin(file: &TraceFile, command: &'static str) -> Result<Self, Failure> {
        let path = file.path.absolute()?;
        let unwritable = |problem: String| {
            Failure::new(
                "local_file",
                Exit::LocalFile,
                format!("the trace {} cannot be written: {problem}", path.display()),
            )
            .hint("Nothing was done. Name a file in a folder that is there and that you may write to.")
        };
        if path.is_dir() {
            return Err(unwritable("it is a folder".to_owned()));
        }
        let folder = path.parent().unwrap_or(Path::new("."));
        let file_beside = tempfile::Builder::new().prefix(".jetbridge-trace-").tempfile_in(folder);
        let temporary = file_beside.map_err(|error| unwritable(error.to_string()))?;
        let begun_at = SystemClock.now();
        Ok(Self { form: file.form, file: temporary, command, begun_at, told: Arc::default(), path })
    }

    /// For the sessions.
    pub(crate) fn observer(&self) -> Arc<dyn RequestObserver> {
        Arc::clone(&self.told) as _
    }

    /// Writes what was told. `ended`: the kind of failure, if the command failed. What cannot be written now is told, and
    /// changes nothing of how the command ended.
    pub(crate) fn write(mut self, ended: Option<&str>) {
        let recording = Recording::new(&self.told, self.command, self.begun_at, ended);
        let text = match self.form {
            Form::Html => html::render(&recording),
            Form::Har => har::render(&recording),
        };
        let written = self.file.write_all(text.as_bytes()).and_then(|()| self.file.flush());
        let written = written.and_then(|()| self.file.persist(&self.path).map_err(|error| error.error));
        if let Err(error) = written {
            tracing::warn!("the trace {} could not be written: {error}", self.path.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_says_what_is_written() {
        let parse = |name: &str| TraceFile::new(UserPath::new(name).unwrap()).map(|file| file.form);
        assert_eq!(parse("a.html"), Ok(Form::Html));
        assert_eq!(parse("/tmp/A.HAR"), Ok(Form::Har));
        for name in ["a", "a.json", "html", ".har", "a.html.gz"] {
            let problem = parse(name).unwrap_err();
            assert!(problem.contains(".html") && problem.contains(".har"), "{name}: {problem}");
        }
    }
}
