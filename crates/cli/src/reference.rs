//! docs/cli.md, made of the grammar: whoever has no program at hand, or writes a script, reads it there.
//! `JETBRIDGE_UPDATE=1 cargo test -p jetbridge-cli --bin jetbridge reference` writes it anew; without, the tests compare.
//!
//! What the grammar does not know stands in tables here, each held against what the program does: exit codes against the help,
//! variables against those that the program reads, lines of JSON against every line that a test of the program reads
//! (`tests/cli/support.rs`).

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use clap::{Arg, ArgAction, Command, CommandFactory as _};

use crate::args::Cli;
use crate::environment::READ;
use crate::exit::Exit;

const HEAD: &str = "\
# The command line

<!-- Made by `JETBRIDGE_UPDATE=1 cargo test -p jetbridge-cli --bin jetbridge reference` from the grammar in crates/cli/src/args.rs \
and the tables in crates/cli/src/reference.rs. Change those, not this page. -->

Every command, option, variable, exit code and line of JSON of `jetbridge`. How they go together, with examples: \
[cli-guide.md](cli-guide.md). Results are on stdout; progress, explanations and logs on stderr.

All that stands here is a promise from the first release on: later versions of the same major number add to it and take nothing \
away ([upgrading.md](upgrading.md)). Wording of messages and of what is written for people is none.
";

/// Code, and when a command ends with it.
const EXITS: [(Exit, &str); 13] = [
    (Exit::Internal, "internal error, or an output that takes nothing"),
    (Exit::Usage, "wrong usage, or a redirect that belongs to no open sign-in"),
    (Exit::SignInRequired, "nobody is signed in, or the session ended: `jetbridge login`"),
    (Exit::Misconfigured, "the configuration, or what is set up at Okta or AWS: `jetbridge doctor`"),
    (Exit::AccessDenied, "Okta, Cognito, S3 or an API refuses this user"),
    (Exit::Temporary, "the network, something in its way, or another fault that passes: try again"),
    (Exit::Cancelled, "cancelled by the user, or waited too long for one"),
    (Exit::SecureStorage, "the session's store cannot be read or written"),
    (Exit::NotFound, "there is no such object, bucket or account"),
    (Exit::ConditionNotMet, "an object is not what `--if-match` or `--no-overwrite` says"),
    (Exit::LocalFile, "a file of this machine cannot be read or written"),
    (Exit::CommandNotRun, "of `exec`: the command cannot be run"),
    (Exit::CommandNotFound, "of `exec`: there is no such command"),
];

/// The `kind` of an error, which is stable, and its exit code.
const KINDS: [(&str, Exit); 23] = [
    ("access_denied", Exit::AccessDenied),
    ("command_not_found", Exit::CommandNotFound),
    ("command_not_run", Exit::CommandNotRun),
    ("condition_not_met", Exit::ConditionNotMet),
    ("internal", Exit::Internal),
    ("local_file", Exit::LocalFile),
    ("misconfigured", Exit::Misconfigured),
    ("not_found", Exit::NotFound),
    ("obstructed", Exit::Temporary),
    ("port_in_use", Exit::Temporary),
    ("retryable", Exit::Temporary),
    ("secure_storage", Exit::SecureStorage),
    ("sign_in_required", Exit::SignInRequired),
    ("timed_out", Exit::Cancelled),
    ("unexpected_redirect", Exit::Usage),
    ("usage", Exit::Usage),
    ("user_cancelled", Exit::Cancelled),
    ("would_overwrite", Exit::Usage),
    // Of `call`: what the API answered.
    ("http_status", Exit::Usage),
    ("http_status", Exit::AccessDenied),
    ("http_status", Exit::Temporary),
    ("http_status", Exit::NotFound),
    ("http_status", Exit::ConditionNotMet),
];

/// Variables beside those of the options.
const VARIABLES: [(&[&str], &str); 10] = [
    (
        &["JETBRIDGE_HOME"],
        "where sessions are kept (a whole path), instead of `~/.local/state/jetbridge`, on macOS `~/Library/Application \
         Support/Jetbridge`, on Windows `%LOCALAPPDATA%\\Jetbridge`",
    ),
    (&["HOME", "XDG_STATE_HOME"], "where those folders are, and what `~/` means"),
    (&["DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"], "Linux: the bus on which the keyring is found"),
    (&["BROWSER"], "the browser that `login` opens, instead of the system's"),
    (&["HTTPS_PROXY", "https_proxy"], "the proxy for https, else the system's settings (macOS, Windows)"),
    (&["HTTP_PROXY", "http_proxy"], "the proxy for http"),
    (&["ALL_PROXY", "all_proxy"], "the proxy for what has none of its own"),
    (&["NO_PROXY", "no_proxy"], "what is reached without a proxy"),
    (
        &["SSL_CERT_FILE", "SSL_CERT_DIR"],
        "the certificates to trust: on Linux in place of the system's, on macOS and Windows beside them",
    ),
    (&["NO_COLOR"], "no colours; `CLICOLOR_FORCE` forces them"),
];
/// How the program finds out that Cargo runs it, for the commands that it proposes: no promise.
const INTERNAL_VARIABLE: &str = "CARGO";

/// Name, commands, fields (`?`: may be absent), meaning.
const EVENTS: [(&str, &str, &str, &str); 27] = [
    (
        "authorization_url",
        "`login`, `doctor --sign-in`",
        "url redirect_uri",
        "where the user signs in, and where that ends",
    ),
    ("signed_in", "`login`, `demo`", "user identity_id", "who has signed in"),
    (
        "object",
        "`ls`, `login --list`, `demo`",
        "key size last_modified e_tag",
        "an object; what S3 did not say is `null`",
    ),
    ("prefix", "`ls --delimiter`", "prefix", "a group of keys"),
    (
        "listed",
        "`ls`, `login --list`, `demo`",
        "count prefixes? more?",
        "the end of a whole listing; `more`: there is more beyond `--limit`",
    ),
    (
        "uploaded",
        "`put`, `cp`",
        "bucket key file? source? size e_tag version_id checksum resumed",
        "`resumed`: bytes that an earlier run had sent",
    ),
    (
        "downloaded",
        "`get`, `cp`",
        "bucket key file? source? size e_tag version_id verified resumed",
        "`verified`: it holds against a checksum that S3 keeps",
    ),
    ("copied", "`cp`", "bucket key file? source? e_tag version_id", "within S3"),
    ("deleted", "`rm`", "bucket key file? source? was_there", "`was_there` is `null` where the role may not look"),
    ("aborted", "`put --abort`", "bucket key file? source?", "S3 has forgotten what was sent of it"),
    ("skipped", "`get`, `put`, `cp`", "bucket key file? source? reason", "left as it is"),
    ("planned", "`--dry-run`", "bucket key file? source? size", "what would be done"),
    (
        "failed",
        "`get`, `put`, `cp`, `rm`",
        "bucket key file? source? kind exit message hint",
        "one of many; the others are done all the same",
    ),
    (
        "summary",
        "the same with `--recursive` or several",
        "done skipped failed bytes",
        "the end; then `error`, if some failed",
    ),
    (
        "presigned",
        "`presign`",
        "method url headers expires_at cut_short",
        "`cut_short`: the credentials end it earlier than asked",
    ),
    (
        "session",
        "`whoami`",
        "account user issuer identity_id id_token_expires_at id_token_accepted_until aws_credentials_expire_at has_refresh_token \
         clock_offset_seconds",
        "who is signed in, and both clocks",
    ),
    ("aws_credentials", "`creds`", "access_key_id expires_at identity_id", "the summary: nothing that one could use"),
    (
        "serving_credentials",
        "`creds --serve`",
        "set unset",
        "variables for the programs that are to use it; those to unset are names",
    ),
    ("answered", "`call`", "status headers body? body_base64?", "the API's answer; what is no text is `body_base64`"),
    (
        "account",
        "`accounts`",
        "account current state user detail? configuration? issuer? client_id? differences?",
        "`state`: signed_in, sign_in_required, signed_out, storage_unavailable; with `configuration` it is a session of another one",
    ),
    ("switched", "`switch`", "account", "the account of now"),
    ("signed_out", "`logout`", "account revoked browser", "what was done for it"),
    ("finding", "`doctor`", "link mark detail setting? fix? paste?", "`mark`: ok, broken, unknown, not_reached"),
    ("check", "`doctor --template`", "name outcome setting? detail hint?", "a comparison with the template"),
    (
        "setting",
        "`doctor --explain`",
        "name value source from?",
        "`source`: file, flag, environment, switch, default; `from` says which",
    ),
    ("claim", "`doctor --claims`", "name value shortened time?", "what the ID token says"),
    (
        "ready",
        "`local-stack`",
        "issuer cognito s3 sts api? client_id identity_pool_id bucket id_token_ttl? access_token_ttl? credentials_ttl? rotation? \
         config resolve? ignored? users",
        "it answers from now on",
    ),
];
/// Not in the table, for they are explained beside it.
const STEP: &str = "step elapsed_ms requests";
const ERROR: &str = "kind exit message hint";

fn page() -> String {
    let mut grammar = Cli::command();
    grammar.build();
    let mut page = HEAD.to_owned();
    let commands: Vec<_> = grammar.get_subcommands().filter(|command| !command.is_hide_set()).collect();
    let _ = writeln!(page, "\n| command | what it does |\n| --- | --- |");
    for command in commands.iter().filter(|command| command.get_name() != "help") {
        let name = command.get_name();
        let _ = writeln!(page, "| [`{name}`](#jetbridge-{name}) | {} |", escape(&about(command)));
    }
    let _ = writeln!(page, "\n`jetbridge help COMMAND` and `--help` show the same; `--version` the version.\n");
    let _ = writeln!(page, "## Global options\n\nEvery command takes them, before or behind its name.\n");
    write_arguments(&mut page, &grammar, |argument| argument.is_global_set());
    for command in commands.iter().filter(|command| command.get_name() != "help") {
        write_command(&mut page, command);
    }
    write_exit_codes(&mut page);
    write_variables(&mut page);
    write_events(&mut page);
    page
}

fn write_command(page: &mut String, command: &Command) {
    let _ = writeln!(page, "## jetbridge {}\n\n{}.\n", command.get_name(), escape(&about(command)));
    let usage = command.clone().render_usage().to_string();
    let usage: Vec<_> = usage.trim_start_matches("Usage: ").lines().map(str::trim).collect();
    let _ = writeln!(page, "```text\n{}\n```\n", usage.join("\n"));
    write_arguments(page, command, |argument| !argument.is_global_set());
    if let Some(more) = command.get_after_help() {
        let _ = writeln!(page, "```text\n{}\n```\n", more.to_string().trim_end());
    }
}

fn write_arguments(page: &mut String, command: &Command, which: impl Fn(&Arg) -> bool) {
    let mut lines = Vec::new();
    for argument in command.get_arguments().filter(|argument| which(argument)) {
        if ["help", "version"].contains(&argument.get_id().as_str()) {
            continue;
        }
        let values: Vec<_> = argument.get_value_names().unwrap_or_default().iter().map(|name| name.as_str()).collect();
        let values = match argument.get_num_args() {
            _ if !argument.get_action().takes_values() => String::new(),
            Some(number) if number.min_values() == 0 => format!("[{}]", values.join(" ")),
            _ => values.join(" "),
        };
        let name = match (argument.get_short(), argument.get_long()) {
            (Some(short), Some(long)) => format!("-{short}, --{long} {values}"),
            (None, Some(long)) => format!("--{long} {values}"),
            _ => values,
        };
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        let mut line = format!("- `{}`: {}.", name.trim_end(), escape(help.trim_end_matches('.')));
        let possible: Vec<_> = argument.get_possible_values();
        if argument.get_action().takes_values() && possible.len() > 1 {
            let names: Vec<_> = possible.iter().map(|value| format!("`{}`", value.get_name())).collect();
            let _ = write!(line, " One of {}.", names.join(", "));
        }
        let defaults: Vec<_> = argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
        if argument.get_action().takes_values() && !defaults.is_empty() {
            let _ = write!(line, " Default: `{}`.", defaults.join(" "));
        }
        if let Some(variable) = argument.get_env() {
            let _ = write!(line, " Variable: `{}`.", variable.to_string_lossy());
        }
        if matches!(argument.get_action(), ArgAction::Append)
            && argument.get_long().is_some()
            && !["again", "several times"].iter().any(|said| help.contains(said))
        {
            line.push_str(" May be given several times.");
        }
        let conflicts = command.get_arg_conflicts_with(argument);
        let conflicts: Vec<_> = conflicts.iter().filter_map(|other| other.get_long()).collect();
        if !conflicts.is_empty() {
            let names: BTreeSet<_> = conflicts.iter().map(|name| format!("`--{name}`")).collect();
            let _ = write!(line, " Not with {}.", names.into_iter().collect::<Vec<_>>().join(", "));
        }
        lines.push(line);
    }
    if !lines.is_empty() {
        let _ = writeln!(page, "{}\n", lines.join("\n"));
    }
}

fn write_exit_codes(page: &mut String) {
    let _ = writeln!(page, "## Exit codes\n\n| code | `kind` of the error | meaning |\n| --- | --- | --- |");
    let _ = writeln!(page, "| 0 | | done |");
    for (exit, meaning) in EXITS {
        let kinds = KINDS.iter().filter(|(_, of)| *of == exit);
        let kinds: Vec<_> = kinds.map(|(kind, _)| format!("`{kind}`")).collect();
        let _ = writeln!(page, "| {} | {} | {meaning} |", exit as u8, kinds.join(", "));
    }
    let _ = writeln!(
        page,
        "\n`exec` ends as its command does, by the same signal too. `call` ends by the API's answer, see [there](#jetbridge-call). \
         Of several objects the worst one's code counts. A reader that goes away early (`jetbridge ls | head`) has enough of \
         lines: 0; of an answer that is one document it has nothing: 1.\n"
    );
}

fn write_variables(page: &mut String) {
    let _ = writeln!(
        page,
        "## Environment\n\nA variable that is set to nothing counts as not set, and `~/` is understood in every path. No AWS \
         variable and no AWS profile is read: the session's credentials come from the session alone.\n\n\
         | variable | what it says |\n| --- | --- |"
    );
    let grammar = Cli::command();
    for argument in grammar.get_arguments() {
        if let (Some(variable), Some(long)) = (argument.get_env(), argument.get_long()) {
            let _ = writeln!(
                page,
                "| `{}` | as [`--{long}`](#global-options), which comes before it |",
                variable.display()
            );
        }
    }
    for (names, meaning) in VARIABLES {
        let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
        let _ = writeln!(page, "| {} | {meaning} |", names.join(", "));
    }
    page.push('\n');
}

fn write_events(page: &mut String) {
    let _ = writeln!(
        page,
        "## Lines of JSON\n\nWith `--json`, stdout has one object a line, each with its `event`. Fields may be added; pass over \
         those that you do not know. A field with `?` may be absent, every other is there, and may be `null`. Times are in UTC \
         (RFC 3339), sizes in bytes. `user` has `subject`, `username`, `name` and `email`, each but the first perhaps `null`.\n\n\
         | `event` | fields | of | what it says |\n| --- | --- | --- | --- |"
    );
    for (event, commands, fields, meaning) in EVENTS {
        let _ = writeln!(page, "| `{event}` | {} | {commands} | {meaning} |", list_fields(fields));
    }
    let _ = writeln!(page, "| `step` | {} | `demo` | a step, with the requests that it took |", list_fields(STEP));
    let _ = writeln!(
        page,
        "| `error` | {} | all | the last line of a command that failed: `kind` is one of the [table of exit codes](#exit-codes), \
         `exit` the code, `hint` what to do |",
        list_fields(ERROR)
    );
    let _ = writeln!(
        page,
        "\n`creds --format process` writes what AWS's tools ask of a \
         [`credential_process`](https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html), `creds --format \
         env` lines for a shell, `call` without `--json` the answer as it came, `presign` without it the URL alone."
    );
}

/// `name` or `name?`, each in code, the mark outside.
fn list_fields(fields: &str) -> String {
    let fields = fields.split_whitespace().map(|field| match field.strip_suffix('?') {
        Some(name) => format!("`{name}`?"),
        None => format!("`{field}`"),
    });
    fields.collect::<Vec<_>>().join(", ")
}

fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

/// As text between code: what Markdown and HTML would take for theirs, and a line that goes on.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for (index, piece) in text.split('`').enumerate() {
        if index > 0 {
            escaped.push('`');
        }
        match index % 2 {
            0 => {
                escaped
                    .push_str(&piece.replace('<', "&lt;").replace('*', "\\*").replace('|', "\\|").replace('\n', " "));
            }
            _ => escaped.push_str(piece),
        }
    }
    escaped
}

#[test]
fn the_page_is_what_the_grammar_says() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cli.md");
    let page = page();
    if std::env::var_os("JETBRIDGE_UPDATE").is_some() {
        std::fs::write(&file, &page).unwrap();
    }
    // Git may have written it with the line ends of the system.
    let written = std::fs::read_to_string(&file).unwrap_or_default().replace("\r\n", "\n");
    assert!(written == page, "docs/cli.md is not current; its first lines say how it is made anew");
    for command in Cli::command().get_subcommands().filter(|command| !command.is_hide_set()) {
        assert!(page.contains(&format!("\n## jetbridge {}\n", command.get_name())), "{}", command.get_name());
        for argument in command.get_arguments() {
            let long = argument.get_long().map(|long| format!("--{long}"));
            assert!(long.is_none_or(|long| page.contains(&long)), "{argument:?}");
        }
    }
}

#[test]
fn the_page_has_the_codes_that_the_help_has() {
    let help = Cli::command().get_after_help().unwrap().to_string();
    let numbers = help.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse::<u8>().ok());
    let told: BTreeSet<_> = EXITS.iter().map(|(exit, _)| *exit as u8).chain([0]).collect();
    assert_eq!(numbers.collect::<BTreeSet<_>>(), told);
    assert!(KINDS.iter().all(|(_, exit)| told.contains(&(*exit as u8))));
}

#[test]
fn the_page_has_the_variables_that_are_read() {
    let options = Cli::command();
    let options = options.get_arguments().filter_map(Arg::get_env).map(|name| name.to_string_lossy().into_owned());
    let others = VARIABLES.iter().flat_map(|(names, _)| *names).map(|name| (*name).to_owned());
    let told: BTreeSet<_> = options.chain(others).chain([INTERNAL_VARIABLE.to_owned()]).collect();
    assert_eq!(READ.map(str::to_owned).into_iter().collect::<BTreeSet<_>>(), told);
}
