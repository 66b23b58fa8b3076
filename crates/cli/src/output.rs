//! Everything that leaves the process as text. Results go to stdout through [`Output`], the only place that writes
//! there; explanations, progress and errors go to stderr. Colours are for terminals only, and `NO_COLOR` is obeyed.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::exit::Failure;
use crate::text;

pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const ACCENT: Style = AnsiColor::Cyan.on_default();
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();

/// Text in a style. The stream it is written to drops the style where it does not belong.
pub(crate) fn styled(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people: lines, perhaps coloured.
    Human,
    /// For programs: one JSON object a line.
    Json,
    /// For programs: exactly what the command writes.
    Plain,
}

/// Results, on stdout. Written in blocks of whole lines, so that an interruption does not leave half a line.
pub(crate) struct Output {
    format: Format,
    stream: AutoStream<io::Stdout>,
    pending: String,
}

impl Output {
    const BLOCK: usize = 32 * 1024;

    pub(crate) fn new(format: Format) -> Self {
        let stream = match format {
            Format::Human => AutoStream::auto(io::stdout()),
            // As it is: nothing to colour, and nothing may be taken out.
            Format::Json | Format::Plain => AutoStream::always_ansi(io::stdout()),
        };
        Self { format, stream, pending: String::new() }
    }

    /// For people or as JSON.
    pub(crate) fn human_or_json(json: bool) -> Self {
        Self::new(if json { Format::Json } else { Format::Human })
    }

    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    pub(crate) fn is_terminal(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// Columns for a line: those of the terminal; for other programs any number.
    pub(crate) fn width(&self) -> usize {
        if self.is_terminal() { terminal_width() } else { usize::MAX }
    }

    /// Writes a line; foreign text in it has been escaped by the caller.
    pub(crate) fn line(&mut self, line: impl Display) -> io::Result<()> {
        use std::fmt::Write as _;
        let _ = writeln!(self.pending, "{line}");
        if self.pending.len() >= Self::BLOCK { self.flush() } else { Ok(()) }
    }

    /// Writes a text beside what says what it is, in as many lines as the terminal's width takes.
    pub(crate) fn beside(&mut self, label: &str, text: &str) -> io::Result<()> {
        match self.width() {
            usize::MAX => self.line(format_args!("{label}{text}")),
            width => self.line(wrapped(label, text, width)),
        }
    }

    /// Writes labels and values in two columns; an empty value makes an empty line.
    pub(crate) fn fields(&mut self, indent: usize, fields: &[(&str, String)]) -> io::Result<()> {
        let width = fields.iter().map(|(label, _)| text::columns(label)).max().unwrap_or(0) + 2;
        for (label, value) in fields {
            if value.is_empty() {
                self.line("")?;
            } else {
                let label = styled(DIM, text::pad_right(label, width));
                self.beside(&format!("{}{label}", " ".repeat(indent)), value)?;
            }
        }
        Ok(())
    }

    /// Writes an object as one line of JSON.
    pub(crate) fn event(&mut self, event: &impl Serialize) -> io::Result<()> {
        let line = serde_json::to_string(event).map_err(io::Error::other)?;
        self.line(text::escape_json(&line))
    }

    /// Writes bytes as they are, for another program.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.flush()?;
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes).and_then(|()| stdout.flush())
    }

    /// Hands over what is pending.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        let written = self.stream.write_all(self.pending.as_bytes()).and_then(|()| self.stream.flush());
        self.pending.clear();
        written
    }
}

/// Columns of the terminal, 80 where there is none.
pub(crate) fn terminal_width() -> usize {
    terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0)).clamp(40, 200)
}

/// Explanations for the person at the terminal, on stderr.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Notes {
    quiet: bool,
}

impl Notes {
    pub(crate) fn new(quiet: bool) -> Self {
        Self { quiet }
    }

    pub(crate) fn is_quiet(self) -> bool {
        self.quiet
    }

    /// Says something that one can do without.
    pub(crate) fn say(self, line: impl Display) {
        if self.quiet {
            return;
        }
        let text = line.to_string();
        write_to_stderr(&fit(&text, message_width()));
    }

    /// Asks for something, and leaves the cursor behind the question.
    pub(crate) fn ask(self, question: impl Display) {
        let mut stderr = anstream::stderr().lock();
        let _ = write!(stderr, "{question}");
        let _ = stderr.flush();
    }
}

/// Reports a failure: for people on stderr, with `json` as the last line on stdout; a stdout that takes nothing leaves stderr.
pub(crate) fn report(failure: &Failure, json: bool) {
    if !json || report_as_json(failure).is_err() {
        write_to_stderr(&render(failure, message_width()));
    }
}

fn report_as_json(failure: &Failure) -> io::Result<()> {
    #[derive(Serialize)]
    struct ErrorEvent<'a> {
        event: &'static str,
        kind: &'static str,
        exit: u8,
        message: &'a str,
        hint: Option<&'a str>,
    }
    let Failure { kind, exit, message, hint, .. } = failure;
    let event = ErrorEvent { event: "error", kind, exit: *exit as u8, message, hint: hint.as_deref() };
    let mut output = Output::new(Format::Json);
    output.event(&event)?;
    output.flush()
}

fn render(failure: &Failure, width: usize) -> String {
    let mut text = labelled(BAD, "error: ", &failure.message, width);
    if let Some(hint) = &failure.hint {
        text.push('\n');
        text.push_str(&labelled(ACCENT, " help: ", hint, width));
    }
    text
}

/// What the commands begin with that messages propose.
const PROGRAMS: &[&str] = if cfg!(windows) {
    &["jetbridge ", "cargo run -- ", "attrib "]
} else {
    &["jetbridge ", "cargo run -- ", "chmod ", "chown ", "sudo "]
};

/// A message of ours beside the word that says what it is.
fn labelled(style: Style, label: &str, message: &str, width: usize) -> String {
    wrapped(&styled(style, label), &text::escape_lines(message), width)
}

/// The text beside its label, in lines of so many columns; a command to copy stays in one.
pub(crate) fn wrapped(label: &str, text: &str, width: usize) -> String {
    // No text has this, which is no character, and it takes a column as the space does that is not to be broken at.
    let bound: Vec<_> = text.lines().map(|line| bind_command(line, "\u{ffff}")).collect();
    text::wrap_beside(label, &bound.join("\n"), width).replace('\u{ffff}', " ")
}

/// The same without a label; empty lines stay, at the end too.
fn fit(text: &str, width: usize) -> String {
    text.split('\n').map(|line| wrapped("", line, width)).collect::<Vec<_>>().join("\n")
}

/// A command to copy, which ends its line, in one piece: a shell would run each line of it.
fn bind_command(line: &str, space: &str) -> String {
    let begins = |start: &usize| PROGRAMS.iter().any(|program| line[*start..].starts_with(program));
    let starts = std::iter::once(0).chain(line.match_indices(": ").map(|(colon, _)| colon + 2));
    match starts.into_iter().find(begins) {
        Some(start) => format!("{}{}", &line[..start], line[start..].replace(' ', space)),
        None => line.to_owned(),
    }
}

/// A logged problem as it is printed: like a failure, though the command goes on.
pub(crate) fn render_log(is_error: bool, message: &str) -> String {
    let (style, label) = if is_error { (BAD, "error: ") } else { (WARN, "warning: ") };
    labelled(style, label, message, message_width())
}

/// Tells a problem that does not end the command, also to those who want no explanations.
pub(crate) fn warn(message: impl Display) {
    write_to_stderr(&render_log(false, &message.to_string()));
}

/// Ends a line that stdout has left open, for what is said next: often both go to the same place.
pub(crate) fn break_line() {
    write_to_stderr("");
}

/// Wider than this, a message is tiring to read.
fn message_width() -> usize {
    terminal_width().min(100)
}

fn write_to_stderr(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    #[test]
    fn a_command_to_copy_is_not_wrapped() {
        let command = if cfg!(windows) {
            r#"attrib -R "C:\home\a b\it's mine\and long""#
        } else {
            r"chmod 700 '/home/a b/it'\''s mine/and long'"
        };
        let failure = Failure::new(
            "secure_storage",
            Exit::SecureStorage,
            format!("others can reach it; run: {command}"),
        )
        .hint(
            "To sign in beside it: jetbridge --store 'file:a b' login\njetbridge logout --revoke --account 'x y z w'",
        );
        let text = anstream::adapter::strip_str(&render(&failure, 30)).to_string();
        for line in [command, "jetbridge --store 'file:a b' login", "jetbridge logout --revoke --account 'x y z w'"] {
            assert!(text.lines().any(|shown| shown.trim() == line), "{text}");
        }
    }

    #[test]
    fn what_is_said_fits_and_keeps_its_empty_lines_and_commands() {
        let said = "\nTo end all of them, run: jetbridge logout --all --revoke\n\nhttps://example.com/a/long/address\n";
        let fitted =
            "\nTo end all of them,\nrun:\njetbridge logout --all --revoke\n\nhttps://example.com/a/long/address\n";
        assert_eq!(fit(said, 20), fitted);
        assert_eq!(fit(said, usize::MAX), said);
        // A command takes the columns that one sees.
        assert_eq!(fit("to use a: jetbridge ls --account a", 33), "to use a:\njetbridge ls --account a");
    }

    #[test]
    fn a_failure_is_wrapped_beside_its_label() {
        let failure =
            Failure::new("misconfigured", Exit::Misconfigured, "the bucket is \u{1b}[31mnot there\nsecond line")
                .hint("Look at the name of the bucket.");
        let text = anstream::adapter::strip_str(&render(&failure, 30)).to_string();
        assert_eq!(
            text,
            "error: the bucket is\n       \\u{1b}[31mnot there\n       second line\n help: Look at the name of the\n       bucket."
        );
    }
}
