//! The address that a person pastes. Terminals, chats and mail programs put things around it that nobody sees.

use std::io::IsTerminal as _;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader, Stdin};

use crate::exit::{CliError, Exit, Failure};
use crate::output::{BOLD, Notes, styled};

/// The core refuses a redirect URI of more than 8 KiB; a pasted line may have spaces around it.
const LONGEST_LINE: u64 = 16 * 1024;
/// What a terminal puts around something pasted (xterm's bracketed paste mode) if the shell before left that on.
const PASTE_MARKS: [&str; 2] = ["\u{1b}[200~", "\u{1b}[201~"];
/// What stands around an address in a text.
const QUOTES: [(char, char); 6] = [('"', '"'), ('\'', '\''), ('`', '`'), ('<', '>'), ('“', '”'), ('‘', '’')];

/// Asks for addresses on stdin.
pub(super) struct Prompt {
    stdin: BufReader<Stdin>,
    notes: Notes,
}

impl Prompt {
    pub(super) fn new(notes: Notes) -> Self {
        Self { stdin: BufReader::new(tokio::io::stdin()), notes }
    }

    /// Whether somebody is there who can be asked again.
    pub(super) fn is_attended(&self) -> bool {
        std::io::stdin().is_terminal()
    }

    /// The next address: an Enter too many is none.
    pub(super) async fn address(&mut self) -> Result<String, CliError> {
        loop {
            if self.is_attended() {
                self.notes.ask(styled(BOLD, "Paste it here: "));
            }
            let mut line = Vec::new();
            let read = (&mut self.stdin).take(LONGEST_LINE).read_until(b'\n', &mut line).await;
            let read = read.map_err(|error| unreadable(format!("the address on stdin could not be read: {error}")))?;
            if read == 0 {
                return Err(
                    Failure { hint: Some("No address came on stdin.".to_owned()), ..Failure::cancelled() }.into()
                );
            }
            let line = String::from_utf8(line).map_err(|_| unreadable("the line on stdin is not UTF-8 text"))?;
            let address = clean(&line);
            if !address.is_empty() {
                return Ok(address);
            }
        }
    }
}

fn unreadable(message: impl Into<String>) -> Failure {
    Failure::new("usage", Exit::Usage, message).hint("Copy the whole address from the browser's address bar.")
}

/// The address without what was pasted along with it. None of that is ever part of a redirect: a URI has only ASCII
/// characters, and neither quotes nor angle brackets (RFC 3986 section 2).
fn clean(line: &str) -> String {
    let mut text = line.to_owned();
    for mark in PASTE_MARKS {
        text = text.replace(mark, "");
    }
    text.retain(|character| !is_invisible(character));
    let mut address = text.trim();
    while let Some(inner) = QUOTES.iter().find_map(|(open, close)| address.strip_prefix(*open)?.strip_suffix(*close)) {
        address = inner.trim();
    }
    // From the source of a page or a mail.
    address.replace("&amp;", "&")
}

fn is_invisible(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_pasted_along_is_taken_off() {
        let address = "http://127.0.0.1:8765/callback?code=a-b_c&state=d";
        for pasted in [
            format!("{address}\n"),
            format!("  {address}\t\r\n"),
            format!("\"{address}\""),
            format!("'{address}'"),
            format!("<{address}>"),
            format!("“<{address}>”"),
            format!(" ' {address} ' "),
            format!("\u{1b}[200~{address}\u{1b}[201~\n"),
            format!("\u{1b}[200~\"{address}\"\u{1b}[201~"),
            format!("\u{feff}{address}\u{200b}"),
            address.replace("code", "co\u{200b}de"),
            address.replace('&', "&amp;"),
        ] {
            assert_eq!(clean(&pasted), address, "{pasted:?}");
        }
        assert_eq!(clean("\u{1b}[200~\u{1b}[201~\n"), "");
        assert_eq!(clean("''"), "");
        assert_eq!(clean("\""), "\"");
        assert_eq!(clean("http://h/?code=%22a%22&state=b"), "http://h/?code=%22a%22&state=b");
    }
}
