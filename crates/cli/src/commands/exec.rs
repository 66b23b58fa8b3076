//! `jetbridge exec`: runs a command that acts as the session's user, whatever keys and profiles are about.
//!
//! The command finds a configuration file of AWS's tools in which this program is the `credential_process`, and no other
//! source of credentials. So its SDK renews them by itself for as long as it runs, also after this process has gone; keys in
//! variables would end within the hour, and come first in the order of most SDKs, so that nothing could renew them.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use jetbridge::{Config, quote_for_posix_shell};

use crate::args::ExecArgs;
use crate::aws_environment::{AwsEnvironment, Source};
use crate::context::Context;
use crate::exit::{CliError, Exit, Failure};
use crate::program::Program;

pub(super) async fn run(context: &Context, args: &ExecArgs) -> Result<Program, CliError> {
    let (session, _) = context.signed_in().await?;
    // What is wrong is told here, once, and not by each request of the command.
    session.aws_credentials_to_hand_on().await?;
    let process = credential_process(&context.words_for(&session)?)?;
    let file = write(&context.directory()?, &render(&process, session.config()))?;
    let (config_file, ca_file) = (as_file_name(&file)?, context.ca_file()?);
    let environment = AwsEnvironment::new(&Source::Process { config_file }, session.config(), ca_file.as_deref());
    let (program, arguments) =
        args.command.split_first().ok_or_else(|| Failure::new("usage", Exit::Usage, "no command is named"))?;
    let mut command = Command::new(program);
    command.args(arguments);
    for name in environment.unset() {
        command.env_remove(name);
    }
    command.envs(environment.set().iter().map(|(name, value)| (name, value)));
    Ok(Program::new(command))
}

/// The command that gives a tool this session's credentials.
fn credential_process(options: &[String]) -> Result<String, Failure> {
    let program = std::env::current_exe()
        .map_err(|error| Failure::internal(format!("this program does not find its own file: {error}")))?;
    let words = [as_text(&program)?].into_iter().chain(options.iter().map(String::as_str));
    let words = words.chain(["creds", "--format", "process"]).map(quote).collect::<Result<Vec<_>, _>>()?;
    Ok(words.join(" "))
}

/// A word as all take it: most SDKs give the whole to `sh -c` or `cmd.exe /C` (Rust: aws-config 1.13
/// `credential_process.rs`), botocore divides it by Python's `shlex` (`compat_shell_split`). AWS's guide has double quotes
/// ("Process credential provider"); what means something within them is in single quotes.
fn quote(word: &str) -> Result<String, Failure> {
    let has = |characters: &[char]| word.contains(characters);
    // A comment begins there, within quotes too (the same guide's "Format of the config file"; aws-runtime 1.10
    // `env_config/parse.rs`).
    let is_cut = [" #", " ;", "\t#", "\t;"].iter().any(|comment| word.contains(comment));
    if is_cut || has(&['\n', '\r']) || (cfg!(windows) && has(&['"', '%'])) {
        let problem = format!("AWS's tools cannot read {word:?} in their configuration");
        return Err(Failure::new("misconfigured", Exit::Misconfigured, problem)
            .hint("Give that file, folder or account another name."));
    }
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_+/=.:,@%-".contains(&byte);
    let is_plain_here = |byte: u8| is_plain(byte) || (cfg!(windows) && byte == b'\\');
    Ok(if !word.is_empty() && word.bytes().all(is_plain_here) {
        word.to_owned()
    } else if cfg!(windows) || !has(&['"', '\\', '$', '`', '!']) {
        format!("\"{word}\"")
    } else {
        quote_for_posix_shell(word)
    })
}

/// One profile, the one that is used where none is named.
fn render(credential_process: &str, config: &Config) -> String {
    let mut text = format!(
        "# Written by `jetbridge exec` for the commands that it runs, and again each time. It holds no secret.\n\
         [default]\n\
         credential_process = {credential_process}\n"
    );
    // There are variables for endpoints, and none for these (AWS CLI S3 configuration).
    if config.s3_endpoint().is_some() {
        let style = if config.force_path_style() { "path" } else { "auto" };
        text.push_str(&format!("s3 =\n  addressing_style = {style}\n  signature_version = s3v4\n"));
    }
    text
}

/// Writes it beside the session, in a folder of the user's own: whoever could change it could run anything. The name comes
/// from the content, so that a running command keeps what it was given.
fn write(directory: &Path, text: &str) -> Result<PathBuf, Failure> {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};

    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let path = directory.join(format!("exec-{:016x}.aws", hasher.finish()));
    if std::fs::read(&path).is_ok_and(|known| known == text.as_bytes()) {
        return Ok(path);
    }
    let write = || {
        // A name by which the store knows it as this program's, should nobody come to rename it.
        let mut file = tempfile::Builder::new().prefix("exec-").suffix(".tmp").tempfile_in(directory)?;
        file.write_all(text.as_bytes())?;
        file.persist(&path).map_err(|error| error.error)
    };
    match write() {
        Ok(_) => Ok(path),
        Err(error) => {
            let problem = format!("{} cannot be written: {error}", path.display());
            Err(Failure::new("secure_storage", Exit::SecureStorage, problem)
                .hint("Make room on the disk, or make the folder writable, and try again."))
        }
    }
}

/// The name of a file in a variable, in which the Python tools look for others (botocore `raw_config_parse`).
fn as_file_name(path: &Path) -> Result<&str, Failure> {
    let text = as_text(path)?;
    if text.contains('$') || (cfg!(windows) && text.contains('%')) {
        let problem = format!("AWS's tools would take the $ or % in {text} for a variable");
        return Err(Failure::new("misconfigured", Exit::Misconfigured, problem)
            .hint("Keep the sessions in another folder: JETBRIDGE_HOME, or --store file:PATH."));
    }
    Ok(text)
}

/// AWS's tools read text.
fn as_text(path: &Path) -> Result<&str, Failure> {
    path.to_str().ok_or_else(|| {
        Failure::new("misconfigured", Exit::Misconfigured, format!("{} is not UTF-8 text", path.display()))
            .hint("AWS's tools cannot read such a path: move it, or give it another name.")
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_shell_and_shlex_take_a_word_for_what_it_is() {
        let words =
            ["plain", "/tmp/my cfg", "file:/it's", "$(id)", "`id`", "a\\b", "\"", "a!b", "#x", "é ü", "", "a;b"];
        let line = words.map(|word| quote(word).unwrap()).join(" ");
        let lines = |program: &str, script: &str| {
            let output = Command::new(program).args(["-c", script]).output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        let expected: String = words.iter().map(|word| format!("{word}\n")).collect();
        assert_eq!(lines("sh", &format!("printf '%s\\n' {line}")), expected);
        let python = format!("import shlex\nfor word in shlex.split({line:?}): print(word)");
        assert_eq!(lines("python3", &python), expected);
    }

    #[test]
    fn what_no_configuration_file_can_hold_is_refused() {
        for word in ["a #b", "a ;b", "a\nb"] {
            assert_eq!(quote(word).unwrap_err().exit, Exit::Misconfigured);
        }
        assert_eq!(quote("/tmp/my cfg").unwrap(), "\"/tmp/my cfg\"", "as AWS's guide has it");
    }
}
