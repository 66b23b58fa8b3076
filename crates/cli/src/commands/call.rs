//! `jetbridge call`: one signed request to an API, and its answer as it came.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jetbridge::{ApiEndpoint, ApiRequest, ApiResponse, ApiStream, Config, SessionError};
use serde::Serialize;
use tokio::io::AsyncReadExt as _;
use url::{ParseError, Url};

use crate::args::CallArgs;
use crate::context::Context;
use crate::exit::{CliError, Exit, Failure};
use crate::output::{Notes, Output, break_line};
use crate::path::{UserPath, read_file};
use crate::text::{escape, escape_lines};

/// What API Gateway takes ("Payload size: 10 MB", API Gateway developer guide, quotas of REST and HTTP APIs).
const LARGEST_BODY: u64 = 10 * 1024 * 1024;
/// Several times what API Gateway takes of headers in all.
const LARGEST_HEADERS: u64 = 64 * 1024;
/// Standard input, where an argument names a file.
const STDIN: &str = "-";

#[derive(Debug, Serialize)]
struct AnsweredEvent<'a> {
    event: &'static str,
    status: u16,
    headers: Vec<HeaderEvent<'a>>,
    #[serde(flatten)]
    body: BodyEvent<'a>,
}

#[derive(Debug, Serialize)]
struct HeaderEvent<'a> {
    name: &'a str,
    value: &'a str,
}

/// JSON holds text alone.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum BodyEvent<'a> {
    Body(&'a str),
    BodyBase64(String),
}

pub(super) async fn run(context: &Context, args: CallArgs, output: &mut Output) -> Result<(), CliError> {
    let method = args.method.to_ascii_uppercase();
    let body = read_body(args.body.as_deref(), context.notes).await?;
    let headers = read_headers(&args.header, context.notes).await?;
    let (session, _) = context.signed_in().await?;
    let url = find_url(&args.url, session.config())?;
    let request = ApiRequest { method, url, headers, body, service: args.service, region: args.region };
    let answer = session.stream_api(request).await.map_err(|error| explain(&error))?;
    let status = answer.status();
    let end = match answer.into_response() {
        Ok(answer) => write(&answer, args.include, output)?,
        Err(stream) => write_as_it_comes(stream, args.include, output).await?,
    };
    judge(status).inspect_err(|_| {
        if end == End::InLine {
            break_line();
        }
    })
}

/// Where the cursor would stand behind what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    OfLine,
    /// The body is for another program, byte for byte, and nothing ends its last line.
    InLine,
}

impl End {
    fn of(body: &[u8]) -> Self {
        if body.is_empty() || body.ends_with(b"\n") { Self::OfLine } else { Self::InLine }
    }
}

/// What is wrong with the request itself was typed, and is in no file of the configuration.
fn explain(error: &SessionError) -> Failure {
    let failure = Failure::from_session(error);
    match error {
        SessionError::Misconfigured { setting, .. }
            if setting == "the request's method" || setting.starts_with("the request's header ") =>
        {
            Failure { kind: "usage", exit: Exit::Usage, ..failure }
        }
        _ => failure,
    }
}

/// An answer that is too large to be held in memory.
async fn write_as_it_comes(mut answer: ApiStream, include: bool, output: &mut Output) -> Result<End, CliError> {
    if output.is_json() || output.is_terminal() {
        let (way, out) = if output.is_json() {
            ("as JSON", "Run it without --json and write the answer into a file: … > FILE")
        } else {
            ("on a terminal", "Write it into a file: … > FILE")
        };
        let problem = format!(
            "the API answered with HTTP status {} and more than 10 MiB, too much to be shown {way}",
            answer.status()
        );
        return Err(Failure::new("usage", Exit::Usage, problem).hint(out).into());
    }
    if include {
        write_head(answer.status(), answer.headers(), output)?;
    }
    let mut end = End::OfLine;
    while let Some(chunk) = answer.next_chunk().await? {
        output.bytes(&chunk)?;
        end = End::of(&chunk);
    }
    Ok(end)
}

fn write_head(status: u16, headers: &[(String, String)], output: &mut Output) -> Result<(), CliError> {
    output.line(format_args!("HTTP {status}"))?;
    for (name, value) in headers {
        output.line(format_args!("{name}: {}", escape(value)))?;
    }
    Ok(output.line("")?)
}

fn write(answer: &ApiResponse, include: bool, output: &mut Output) -> Result<End, CliError> {
    if output.is_json() {
        let headers = answer.headers.iter().map(|(name, value)| HeaderEvent { name, value }).collect();
        let body = match std::str::from_utf8(&answer.body) {
            Ok(text) => BodyEvent::Body(text),
            Err(_) => BodyEvent::BodyBase64(STANDARD.encode(&answer.body)),
        };
        output.event(&AnsweredEvent { event: "answered", status: answer.status, headers, body })?;
        return Ok(End::OfLine);
    }
    if include {
        write_head(answer.status, &answer.headers, output)?;
    }
    if output.is_terminal() {
        // Another program gets every byte; a terminal would obey some.
        output.line(escape_lines(&String::from_utf8_lossy(&answer.body)).trim_end_matches('\n'))?;
        return Ok(End::OfLine);
    }
    output.bytes(&answer.body)?;
    Ok(End::of(&answer.body))
}

/// The exit code that fits the answer; the answer has been written.
fn judge(status: u16) -> Result<(), CliError> {
    let exit = match status {
        0..=399 => return Ok(()),
        401 | 403 | 407 => Exit::AccessDenied,
        404 | 410 => Exit::NotFound,
        409 | 412 => Exit::ConditionNotMet,
        408 | 425 | 429 | 500.. => Exit::Temporary,
        _ => Exit::Usage,
    };
    Err(Failure::new("http_status", exit, format!("the API answered with HTTP status {status}")).into())
}

/// The address: as it is, or a path behind the one API of the configuration, or behind the one of a name.
fn find_url(typed: &str, config: &Config) -> Result<String, Failure> {
    let apis = config.api_endpoints();
    let behind = |api: &ApiEndpoint, path: &str| format!("{}{path}", api.url.as_str().trim_end_matches('/'));
    let which = |problem: String| {
        let names: Vec<_> = apis.iter().map(|api| format!("{}:/…", escape(&api.name))).collect();
        let hint = match names.as_slice() {
            [] => "Give the whole URL, or name the API in API.endpoints of aws-exports.json.".to_owned(),
            names => format!("Give the whole URL, or one of: {}", names.join(" ")),
        };
        Failure::new("usage", Exit::Usage, problem).hint(hint)
    };
    if typed.starts_with('/') {
        return match apis {
            [api] => Ok(behind(api, typed)),
            [] => Err(which(format!("{} is no URL, and the configuration names no API", escape(typed)))),
            _ => Err(which(format!("{} may be of any of {} APIs", escape(typed), apis.len()))),
        };
    }
    match typed.split_once(":/") {
        Some((name, path)) if !path.starts_with('/') => match apis.iter().find(|api| api.name == name) {
            Some(api) => Ok(behind(api, &format!("/{path}"))),
            None => Err(which(format!("the configuration names no API {:?}", escape(name)))),
        },
        _ if matches!(Url::parse(typed), Err(ParseError::RelativeUrlWithoutBase)) => {
            let path = escape(typed);
            let path = match apis {
                [_] | [] => format!("/{path}"),
                [api, ..] => format!("{}:/{path}", escape(&api.name)),
            };
            let problem = format!("{} is no URL, and no path behind an API", escape(typed));
            Err(Failure::new("usage", Exit::Usage, problem)
                .hint(format!("A path begins with a slash, {path}, and a URL with https://.")))
        }
        _ => Ok(typed.to_owned()),
    }
}

async fn read_body(typed: Option<&str>, notes: Notes) -> Result<Vec<u8>, Failure> {
    match typed.map(|typed| (typed, typed.strip_prefix('@'))) {
        None => Ok(Vec::new()),
        Some((_, Some(file))) => read(file, LARGEST_BODY, notes).await,
        Some((text, None)) => Ok(text.as_bytes().to_vec()),
    }
}

/// `Name: value` each; `@FILE` has one a line.
async fn read_headers(typed: &[String], notes: Notes) -> Result<Vec<(String, String)>, Failure> {
    let mut headers = Vec::new();
    for typed in typed {
        let lines = match typed.strip_prefix('@') {
            Some(file) => {
                let bytes = read(file, LARGEST_HEADERS, notes).await?;
                String::from_utf8(bytes).map_err(|_| unreadable(file, "it is not UTF-8"))?
            }
            // What somebody else gave a script as a value adds no header of its own.
            None if typed.contains(['\r', '\n']) => {
                return Err(Failure::new("usage", Exit::Usage, "a header has a line break")
                    .hint("Give --header once for each, or a file with one a line: --header @FILE."));
            }
            None => typed.clone(),
        };
        for line in lines.lines().filter(|line| !line.trim().is_empty()) {
            // The line is not shown: its value may be a secret.
            let (name, value) = line.split_once(':').ok_or_else(|| {
                Failure::new("usage", Exit::Usage, "a header has no colon").hint("Write it as 'Name: value'.")
            })?;
            headers.push((name.trim().to_owned(), value.trim().to_owned()));
        }
    }
    Ok(headers)
}

async fn read(file: &str, most: u64, notes: Notes) -> Result<Vec<u8>, Failure> {
    let bytes = if file == STDIN {
        let mut bytes = Vec::new();
        tokio::io::stdin().take(most + 1).read_to_end(&mut bytes).await.map(|_| bytes)
    } else {
        let path = UserPath::new(file).map_err(|problem| unreadable(file, &problem))?.absolute()?;
        read_file(Path::new(&path), most + 1, notes).await
    };
    match bytes {
        Ok(bytes) if bytes.len() as u64 > most => Err(unreadable(file, &format!("it is larger than {most} bytes"))),
        Ok(bytes) => Ok(bytes),
        Err(error) => Err(unreadable(file, &error.to_string())),
    }
}

fn unreadable(file: &str, problem: &str) -> Failure {
    let name = if file == STDIN { "standard input".into() } else { escape(file) };
    Failure::new("local_file", Exit::LocalFile, format!("{name} cannot be sent: {problem}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_says_what_kind_of_answer_it_was() {
        let code = |status| match judge(status) {
            Ok(()) => 0,
            Err(CliError::Failed(failure)) => failure.exit as u8,
            Err(CliError::OutputClosed) => panic!("{status}"),
        };
        for (status, exit) in [
            (100, 0),
            (200, 0),
            (304, 0),
            (399, 0),
            (400, 2),
            (401, 5),
            (403, 5),
            (404, 9),
            (410, 9),
            (412, 10),
            (422, 2),
            (429, 6),
            (500, 6),
            (599, 6),
        ] {
            assert_eq!(code(status), exit, "{status}");
        }
    }

    #[tokio::test]
    async fn headers_come_from_arguments_and_files() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("headers");
        std::fs::write(&file, "X-Api-Key:  s3cret \r\n\nAccept: a:b\n").unwrap();
        let typed = ["If-Match: \"1\"".to_owned(), format!("@{}", file.display())];
        let read = read_headers(&typed, Notes::new(true)).await.unwrap();
        let read: Vec<_> = read.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(read, [("If-Match", "\"1\""), ("X-Api-Key", "s3cret"), ("Accept", "a:b")]);
        let refused = read_headers(&["s3cret".to_owned()], Notes::new(true)).await.unwrap_err();
        assert!(refused.exit == Exit::Usage && !refused.message.contains("s3cret"));
        for smuggled in ["X-A: 1\nX-Evil: 2", "X-A: 1\r\nX-Evil: 2", "X-A: 1\rX-Evil: 2", "X-A: 1\n"] {
            let refused = read_headers(&[smuggled.to_owned()], Notes::new(true)).await.unwrap_err();
            assert_eq!(refused.exit, Exit::Usage, "{smuggled:?}");
        }
        let missing = read_headers(&["@/nowhere/at/all".to_owned()], Notes::new(true)).await.unwrap_err();
        assert_eq!(missing.exit, Exit::LocalFile);
    }
}
