//! `--trace FILE`: what a command asked of whom, when, and how long that took, as a page to read (`.html`) or for viewers of
//! HTTP archives (`.har`). The core decides what may be in a record; nothing that is not in one can be in the file.

mod axis;
mod har;
mod html;
mod recording;

use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use clap::builder::{OsStringValueParser, TypedValueParser as _, ValueParser, ValueParserFactory};
use jetbridge::{Clock as _, RequestObserver, SystemClock};
use tempfile::NamedTempFile;
use tokio::time::Instant;

use self::recording::{Recording, Told};
use crate::exit::{Exit, Failure};
use crate::output;
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
    begun: Instant,
    told: Arc<Told>,
}

/// What is written beforehand, so that a full disk is told before anything is done: most traces need no more.
static RESERVED: [u8; 64 * 1024] = [0; 64 * 1024];

impl Trace {
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn begin(file: &TraceFile, command: &'static str) -> Result<Self, Failure> {
        let typed = file.path.absolute()?;
        let unwritable = |problem: String| {
            Failure::new(
                "local_file",
                Exit::LocalFile,
                format!("the trace {} cannot be written: {problem}", typed.display()),
            )
            .hint(
                "Nothing was done. Name a file in a folder that is there, where you may write and where there is room.",
            )
        };
        let path = place_of(&typed).map_err(unwritable)?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let file_beside = tempfile::Builder::new().prefix(".jetbridge-trace-").tempfile_in(folder);
        let mut temporary = file_beside.map_err(|error| unwritable(reason(&error)))?;
        temporary.write_all(&RESERVED).map_err(|error| unwritable(reason(&error)))?;
        let (begun_at, begun) = (SystemClock.now(), Instant::now());
        Ok(Self { form: file.form, file: temporary, command, begun_at, begun, told: Arc::default(), path })
    }

    /// For the sessions.
    pub(crate) fn observer(&self) -> Arc<dyn RequestObserver> {
        Arc::clone(&self.told) as _
    }

    /// Writes what was told. `ended`: the kind of failure, if the command failed. What cannot be written now is told, and
    /// changes nothing of how the command ended.
    pub(crate) fn write(mut self, ended: Option<&str>) {
        let ended_at = self.begun_at + self.begun.elapsed();
        let recording = Recording::new(&self.told, self.command, ended_at, ended);
        let text = match self.form {
            Form::Html => html::render(&recording),
            Form::Har => har::render(&recording),
        };
        let written = replace(self.file.as_file_mut(), text.as_bytes());
        let written = written.and_then(|()| self.file.persist(&self.path).map_err(|error| error.error));
        if let Err(error) = written {
            let problem = reason(&error);
            output::warn(format!("the trace {} could not be written: {problem}", self.path.display()));
        }
    }
}

/// Where the file really is, if it may be replaced: what others wait at or read from is no place for one.
fn place_of(typed: &Path) -> Result<PathBuf, String> {
    let Ok(found) = std::fs::symlink_metadata(typed) else { return Ok(typed.to_owned()) };
    let path = match std::fs::canonicalize(typed) {
        Ok(path) if found.is_symlink() => path,
        Ok(_) => typed.to_owned(),
        Err(_) => return Err("it is a link that leads nowhere".to_owned()),
    };
    let found = std::fs::metadata(&path).map_err(|error| reason(&error))?;
    if found.is_dir() {
        return Err("it is a folder".to_owned());
    }
    if !found.is_file() {
        return Err("it is a pipe or a device, not a file".to_owned());
    }
    // To replace it the folder's permission is enough; whoever took that of the file meant it to stay.
    std::fs::OpenOptions::new().write(true).open(&path).map_err(|error| reason(&error))?;
    Ok(path)
}

fn replace(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    file.rewind()?;
    file.write_all(bytes)?;
    file.set_len(bytes.len() as u64)
}

/// Why, without the temporary file's name, which says nothing to anybody.
fn reason(error: &io::Error) -> String {
    match (error.kind(), error.raw_os_error()) {
        (io::ErrorKind::NotFound, _) => "its folder is not there".to_owned(),
        (_, Some(_)) => error.to_string(),
        (kind, None) => kind.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jetbridge::storage::MemoryStore;
    use jetbridge::{Config, LoginOptions, Session};
    use jetbridge_local_stack::{Fault, LocalStack, Options, ScriptedBrowser};

    use super::recording::short;
    use super::*;

    #[test]
    fn the_name_says_what_is_written() {
        let parse = |name: &str| TraceFile::new(UserPath::new(name).unwrap()).map(|file| file.form);
        assert_eq!(parse("a.html"), Ok(Form::Html));
        assert_eq!(parse("/tmp/A.HAR"), Ok(Form::Har));
        for name in ["a", "a.json", "html", ".har", "a.html.gz", "-", "/dev/stdout"] {
            let problem = parse(name).unwrap_err();
            assert!(problem.contains(".html") && problem.contains(".har"), "{name}: {problem}");
        }
    }

    /// Between two words, in the order in which they come.
    fn all_between<'t>(text: &'t str, start: &str, end: &str) -> Vec<&'t str> {
        text.split(start).skip(1).map(|rest| rest.split(end).next().unwrap()).collect()
    }

    fn per_cent(style: &str, name: &str) -> f64 {
        let (_, rest) = style.split_once(name).unwrap();
        rest.split_once('%').unwrap().0.parse().unwrap()
    }

    /// Of the same requests: what the page's table, its bars and the archive say.
    #[tokio::test(flavor = "multi_thread")]
    async fn the_table_the_bars_and_the_archive_agree() {
        let stack = LocalStack::start(Options::default()).await.unwrap();
        let files = stack.config_files();
        let config = Config::parse(&files.okta_config, &files.aws_exports).unwrap();
        let told = Arc::new(Told::default());
        let builder = Session::builder(config.clone(), Arc::new(MemoryStore::new()));
        let session = builder.observe_requests(Arc::clone(&told) as _).open().unwrap();
        let options =
            LoginOptions { redirect_uri: Some(config.desktop_callback_url().to_owned()), ..LoginOptions::default() };
        let request = session.begin_login(options).await.unwrap();
        let redirect = ScriptedBrowser::new(None)
            .unwrap()
            .sign_in(&request.url, "alice@example.com", "open-sesame")
            .await
            .unwrap();
        session.complete_login(&redirect).await.unwrap();
        stack.faults().inject(Fault::CognitoThrottled, 1);
        session.aws_credentials().await.unwrap();
        session.settle().await;

        let recording = Recording::new(&told, "test", SystemClock.now(), None);
        let page = html::render(&recording);
        let archive: serde_json::Value = serde_json::from_str(&har::render(&recording)).unwrap();
        let entries = archive["log"]["entries"].as_array().unwrap();
        // The archive has whole microseconds: what lies between two of the table's steps may be rounded either way.
        let says = |cell: &str, value: &serde_json::Value| {
            let time = Duration::from_micros((value.as_f64().unwrap() * 1e3).round() as u64);
            let step = Duration::from_micros(1);
            [time.saturating_sub(step), time, time + step].into_iter().any(|time| short(time) == cell)
        };
        let work = archive["log"]["_work"].as_array().unwrap();

        let rows: Vec<_> = all_between(&page, "<tr role=\"row\" class=\"", "</tr>")
            .into_iter()
            .filter(|row| !row.starts_with("pause"))
            .collect();
        assert_eq!(rows.len(), entries.len() + work.len());
        let (requests, works): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| !row.starts_with("work"));
        let cell = |row: &str, class: &str| all_between(row, &format!("class=\"{class}\">"), "</td>")[0].to_owned();
        for (row, entry) in requests.iter().zip(entries) {
            assert!(row.contains(entry["_operation"].as_str().unwrap()), "{row}");
            assert!(says(&cell(row, "n total"), &entry["time"]), "{row}");
            assert!(says(&cell(row, "n first"), &entry["timings"]["wait"]), "{row}");
            assert!(cell(row, "s").contains(&entry["response"]["status"].to_string()), "{row}");
            let inner = all_between(row, "<i style=\"", "\"")[0];
            let received = entry["timings"]["receive"].as_f64().unwrap() / entry["time"].as_f64().unwrap() * 100.0;
            assert!((per_cent(inner, "width:") - received).abs() < 0.2, "{row}");
        }
        for (row, work) in works.iter().zip(work) {
            assert!(row.contains(work["kind"].as_str().unwrap()), "{row}");
            assert!(says(&cell(row, "n total"), &work["time"]), "{row}");
        }
        // All bars are to one scale, as far as two decimals tell.
        let bars: Vec<_> = requests
            .iter()
            .zip(entries)
            .map(|(row, entry)| (all_between(row, "class=\"bar\" style=\"", "\"")[0], entry["time"].as_f64().unwrap()))
            .map(|(style, ms)| (per_cent(style, "width:"), ms))
            .collect();
        let &(widest, longest) = bars.iter().max_by(|one, other| one.1.total_cmp(&other.1)).unwrap();
        assert!(widest > 0.0);
        assert!(bars.iter().all(|(width, ms)| (width - widest * ms / longest).abs() < 0.02), "{bars:?}");
        // From first to last, and what was sent twice.
        assert!(page.contains(&format!("<dt>from first to last</dt><dd>{}</dd>", short(recording.end))));
        assert_eq!(
            archive["log"]["pages"][0]["pageTimings"]["onLoad"].as_f64().unwrap(),
            recording.end.as_micros() as f64 / 1e3
        );
        let number = |entry: &serde_json::Value, name: &str| entry[name].as_u64();
        let again = entries.iter().find(|entry| entry["_attempt"] == 2).unwrap();
        let first = entries.iter().find(|entry| number(entry, "_number") == number(again, "_repeats")).unwrap();
        assert_eq!(
            (&first["_operation"], &first["_errorCode"]),
            (&again["_operation"], &"TooManyRequestsException".into())
        );
        let step = recording.steps.iter().find(|step| step.pause().is_some()).unwrap();
        assert!(page.contains(&format!("attempt 2 after {}<", short(step.pause().unwrap()))));
    }
}
