//! From a file to a JSON document: everything that can be wrong before a single key is looked at.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use super::document::{self, Document};
use super::problem::{ConfigError, ConfigProblem};
use super::validate::Fault;

/// The name of the file with the Okta settings.
pub const OKTA_FILE: &str = "okta-config.json";
/// The name of the file with the AWS settings.
pub const AWS_FILE: &str = "aws-exports.json";

/// No real configuration comes near; a larger file is a mistake that should not fill the memory.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// The text of one file, or why there is none.
pub(super) type Text = Result<String, Fault>;

/// Something else in place of the folder is one problem, not one for each file. One that is not there is told by them.
pub(super) fn check_directory(dir: &Path) -> Result<(), ConfigError> {
    match std::fs::metadata(dir) {
        Ok(metadata) if !metadata.is_dir() => {
            let fault = Fault::new("is a file, not a folder")
                .expecting(format!("the folder that has {OKTA_FILE} and {AWS_FILE} in it"));
            Err(ConfigError { problems: vec![fault.into_problem(&dir.display().to_string(), "", "")] })
        }
        _ => Ok(()),
    }
}

/// Reads a whole configuration file of at most 1 MiB.
pub(super) fn read_text(path: &Path) -> Text {
    // Looked at first, because opening a named pipe would wait for a writer.
    match std::fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => return Err(Fault::new("is not a file").expecting("a JSON file")),
        Ok(_) => {}
        Err(error) => return Err(open_fault(&error)),
    }
    let file = File::open(path).map_err(|error| open_fault(&error))?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(|error| open_fault(&error))?;
    decode_text(bytes)
}

/// Takes the bytes of a file as UTF-8 text, with or without a byte order mark.
pub(super) fn decode_text(bytes: Vec<u8>) -> Text {
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(Fault::new("is larger than 1 MiB").expecting("a configuration file, usually a few hundred bytes"));
    }
    // With its byte order mark or without: JSON begins with ASCII characters (RFC 4627 section 3), and has no NUL.
    if matches!(bytes[..], [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..]) {
        return Err(Fault::new("is saved as UTF-16").expecting("UTF-8; save it again with that encoding"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let position = error.utf8_error().valid_up_to();
        Fault::new(format!("is not UTF-8 (byte {position})")).expecting("JSON text in UTF-8")
    })
}

/// Parses the text as one JSON object; notes the problem and gives nothing when it is not.
pub(super) fn parse_object(file: &str, text: Text, problems: &mut Vec<ConfigProblem>) -> Option<Document> {
    let document = text.and_then(|text| {
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        if text.trim().is_empty() {
            return Err(Fault::new("is empty").expecting("a JSON object; start from the example file"));
        }
        match document::parse(text) {
            Ok(Some(document)) => Ok(document),
            Ok(None) => {
                Err(Fault::new("is not a JSON object").expecting("an object in braces: { \"key\": \"value\" }"))
            }
            // A syntax error names line and column and quotes nothing of the text.
            Err(error) => {
                Err(Fault::new(format!("is not valid JSON: {error}")).expecting(expect_in_place(text, &error)))
            }
        }
    });
    document.map_err(|fault| problems.push(fault.into_problem(file, "", ""))).ok()
}

fn open_fault(error: &std::io::Error) -> Fault {
    match error.kind() {
        ErrorKind::NotFound => Fault::new("is missing").expecting(
            "a copy of the example in the repository's config directory, filled in; or choose another directory",
        ),
        ErrorKind::PermissionDenied => Fault::new("may not be read").expecting("a file that this user can read"),
        _ => Fault::new(format!("cannot be read: {error}")).expecting("a readable file"),
    }
}

/// What no JSON has outside its strings, and editors and mails put there.
fn expect_in_place(text: &str, error: &serde_json::Error) -> String {
    // A column counts bytes, and is that of the character's last.
    let line = text.lines().nth(error.line().saturating_sub(1)).unwrap_or_default();
    let before = error.column().saturating_sub(1).min(line.len());
    let found = line.char_indices().take_while(|(at, _)| *at <= before).last().map(|(_, found)| found);
    match found {
        Some('/' | '#') => "a JSON object; JSON has no comments".to_owned(),
        Some('\u{201c}' | '\u{201d}' | '\u{2018}' | '\u{2019}' | '\'') => {
            "straight double quotes (\") around every key and text".to_owned()
        }
        Some(found) if !found.is_ascii() => {
            format!("a JSON object; take out the character U+{:04X} there", u32::from(found))
        }
        _ => "a JSON object".to_owned(),
    }
}
