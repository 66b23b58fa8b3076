//! Paths on the command line and in its variables: one type for all of them, and one way to read the files.

use std::ffi::OsStr;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;

use clap::builder::{OsStringValueParser, TypedValueParser as _, ValueParser, ValueParserFactory};
use jetbridge::storage::{StorageErrorKind, absolute_path};

use crate::exit::{Exit, Failure};
use crate::output::Notes;
use crate::text::escape_path;

/// Nobody wonders about a shorter wait.
const SILENCE: Duration = Duration::from_secs(1);
/// What is written on the other side of a pipe may first have to be made, as `cdk synth` makes a template.
const PATIENCE: Duration = Duration::from_secs(300);

/// The text with `~` for the user's home, whose name is often a person's: for what is pasted into a ticket. A command in it
/// still means the same to a shell.
pub(crate) fn hide_home(text: &str) -> String {
    match std::env::home_dir() {
        Some(home) if home.is_absolute() && home.parent().is_some() => {
            let home = home.to_string_lossy();
            if cfg!(windows) {
                with_tilde_on_windows(text, home.trim_end_matches(['/', '\\']))
            } else {
                with_tilde(text, home.trim_end_matches('/'))
            }
        }
        _ => text.to_owned(),
    }
}

fn with_tilde(text: &str, home: &str) -> String {
    let (mut hidden, mut rest) = (String::new(), text);
    while let Some((before, after)) = find_home(rest, home, &['/']) {
        hidden.push_str(before);
        rest = after;
        if let (Some(before_quote), Some(below)) = (hidden.strip_suffix('\''), after.strip_prefix('/')) {
            // Between quotes no shell takes it for a home.
            hidden = format!("{before_quote}~/'");
            rest = below;
        } else {
            hidden.push('~');
        }
    }
    hidden + rest
}

/// No shell there makes a home of it for a program, and this one does by itself, so quotes may stay around it.
fn with_tilde_on_windows(text: &str, home: &str) -> String {
    let (mut hidden, mut rest) = (String::new(), text);
    while let Some((before, after)) = find_home(rest, home, &['\\', '/']) {
        hidden.push_str(before);
        hidden.push('~');
        rest = after;
    }
    hidden + rest
}

/// What is before and behind the first mention of the home, which is no part of another name. Where names are divided by a
/// backslash, they are the same in any case.
fn find_home<'a>(text: &'a str, home: &str, dividers: &[char]) -> Option<(&'a str, &'a str)> {
    let is_in_names = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '~') || dividers.contains(&c);
    let is_home = |at: usize| {
        let found = text.as_bytes().get(at..at + home.len());
        found.is_some_and(|found| match dividers.contains(&'\\') {
            true => found.eq_ignore_ascii_case(home.as_bytes()),
            false => found == home.as_bytes(),
        })
    };
    let places = text.char_indices().map(|(at, _)| at).filter(|at| is_home(*at));
    let mut parts = places.map(|at| (&text[..at], &text[at + home.len()..]));
    parts.find(|(before, after)| {
        let begins = !before.chars().next_back().is_some_and(is_in_names);
        begins && !after.chars().next().is_some_and(|next| !dividers.contains(&next) && is_in_names(next))
    })
}

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

impl UserPath {
    /// Whether it is `-`: stdin, or stdout.
    pub(crate) fn is_standard_stream(&self) -> bool {
        self.0.as_os_str() == "-"
    }

    /// Whether it can only be a folder, by the way it is written.
    pub(crate) fn says_folder(&self) -> bool {
        let typed = self.0.as_os_str().as_encoded_bytes();
        typed.last().is_some_and(|last| std::path::is_separator(char::from(*last)))
    }

    /// As it was typed.
    pub(crate) fn typed(&self) -> &Path {
        &self.0
    }
}

impl ValueParserFactory for UserPath {
    type Parser = ValueParser;

    fn value_parser() -> ValueParser {
        OsStringValueParser::new().try_map(Self::new).into()
    }
}

/// Reads a file that an argument names, up to `most_bytes` of it; one more is enough to see that it is too long. It may be a
/// pipe (`<(…)` of a shell): what takes time is told, and given up when nobody writes.
pub(crate) async fn read_file(path: &Path, most_bytes: u64, notes: Notes) -> io::Result<Vec<u8>> {
    read_within(path, most_bytes, notes, (SILENCE, PATIENCE)).await
}

async fn read_within(
    path: &Path,
    most_bytes: u64,
    notes: Notes,
    (silence, patience): (Duration, Duration),
) -> io::Result<Vec<u8>> {
    let file = path.to_owned();
    // To open a named pipe waits for whoever writes, and nobody can interrupt it: so another thread does.
    let mut reading = pin!(tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::new();
        std::fs::File::open(file)?.take(most_bytes).read_to_end(&mut bytes)?;
        Ok(bytes)
    }));
    let read = match tokio::time::timeout(silence, &mut reading).await {
        Ok(read) => read,
        Err(_) => {
            notes.say(format!("waiting for what is to come from {} … (Ctrl-C cancels)", escape_path(path)));
            tokio::time::timeout(patience, reading).await.map_err(|_| {
                io::Error::new(io::ErrorKind::TimedOut, "it is waited for no longer: nobody has written all of it")
            })?
        }
    };
    read.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_is_hidden_and_nothing_that_begins_like_it() {
        for (text, hidden) in [
            ("/home/ann/config/okta-config.json: it", "~/config/okta-config.json: it"),
            ("in /home/ann", "in ~"),
            ("chmod 700 '/home/ann/a b'", "chmod 700 ~/'a b'"),
            ("cp /home/ann/x '/home/ann/it'\\''s'", "cp ~/x ~/'it'\\''s'"),
            ("file:/home/ann/x", "file:~/x"),
            ("/home/anna/x /srv/home/ann/x /home/ann.old", "/home/anna/x /srv/home/ann/x /home/ann.old"),
        ] {
            assert_eq!(with_tilde(text, "/home/ann"), hidden);
        }
        for (text, hidden) in [
            (r"C:\Users\Ann\config\okta-config.json: it", r"~\config\okta-config.json: it"),
            (r"in c:\users\ann", "in ~"),
            (r#"run: jetbridge --config "C:\Users\Ann\a b" ls"#, r#"run: jetbridge --config "~\a b" ls"#),
            (r"file:C:\Users\Ann/x", "file:~/x"),
            (r"C:\Users\Anna\x D:C:\Users\Ann.old é", r"C:\Users\Anna\x D:C:\Users\Ann.old é"),
        ] {
            assert_eq!(with_tilde_on_windows(text, r"C:\Users\Ann"), hidden);
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_pipe_that_nobody_writes_to_is_not_waited_for_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let read = |patience| read_within(&pipe, 5, Notes::new(true), (Duration::from_millis(1), patience));
        let nobody = read(Duration::from_millis(20)).await;
        assert_eq!(nobody.unwrap_err().kind(), io::ErrorKind::TimedOut);
        // Lets go of the thread that was given up, which has the pipe open from here on.
        std::fs::write(&pipe, "").unwrap();
    }
}
