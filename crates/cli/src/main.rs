//! `jetbridge`, the desktop shell: it parses the command line, opens the browser, receives the redirect and writes
//! results. What a sign-in is and when tokens are good is the core's business.

mod args;
mod aws_environment;
mod browser;
mod commands;
mod context;
mod core_dumps;
mod environment;
mod exit;
mod file_names;
mod folder;
mod interrupt;
mod invocation;
mod leaving;
mod logging;
mod loopback;
mod output;
mod path;
mod program;
mod progress;
#[cfg(test)]
mod reference;
mod resources;
mod table;
mod text;
mod trace;

use std::ffi::OsStr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory as _, Parser as _};
use jetbridge::{RequestObserver, quote_for_shell};

use args::{Cli, Command};
use commands::Done;
use context::Context;
use exit::{CliError, Exit, Failure};
use interrupt::Interrupt;
use invocation::is_given;
use output::{Format, Output};
use trace::Trace;

/// How long a command may tidy up after Ctrl-C.
const GRACE: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    // First: it starts this program again, which is to find the limits that the user has set.
    environment::drop_empty_variables();
    core_dumps::forbid();
    invocation::remember_options(std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()));
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return wrong_usage(error),
    };
    logging::start(&cli.global);
    let json = cli.global.json;
    // The demo's chain is its own, and gone with it; and whoever runs the doctor knows of it.
    let has_doctor = !matches!(cli.command, Command::Demo(_) | Command::Doctor(_));
    let may_propose_doctor = !json && !cli.global.quiet && has_doctor;
    if let Err(failure) = resources::check() {
        return failed(&failure, json);
    }
    let command = cli.command.name();
    let trace = match cli.global.trace.as_ref().map(|file| Trace::begin(file, command)).transpose() {
        Ok(trace) => trace,
        Err(failure) => return failed(&failure, json),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&Failure::internal(format!("the runtime did not start: {error}")), json),
    };
    let observer = trace.as_ref().map(Trace::observer);
    let result = runtime.block_on(run(cli, observer));
    // A thread that still reads stdin or waits for a lock must not hold up the end. Files are replaced in one step and
    // locks end with the process, so nothing is left half done.
    runtime.shutdown_background();
    if let Some(trace) = trace {
        trace.write(match &result {
            Err(CliError::Failed(failure)) => Some(failure.kind),
            Ok(_) | Err(CliError::OutputClosed) => None,
        });
    }
    let result = match result {
        // Nothing is under way any more, and no other thread has anything to lose.
        Ok(Done::Becomes(program)) => match program.take_over() {
            Ok(ended) => return ended,
            Err(failure) => Err(failure.into()),
        },
        Ok(Done::Finished) => Ok(()),
        Err(CliError::Failed(failure)) if may_propose_doctor => Err(failure.propose_doctor().into()),
        Err(error) => Err(error),
    };
    end(result, json)
}

/// Runs the command on a thread of the pool, so that Ctrl-C works even while it waits for a full pipe. However it ends, the
/// way out is by its sessions: they wait for what must not be lost.
async fn run(cli: Cli, observer: Option<Arc<dyn RequestObserver>>) -> Result<Done, CliError> {
    let tidies_up = cli.command.tidies_up();
    let interrupt = match cli.command {
        Command::Exec(_) => Interrupt::listen_until_taken_over(),
        _ => Interrupt::listen(),
    };
    let patience = cli.keyring_patience();
    let context = Context::new(cli.global, patience, interrupt.clone()).observed_by(observer);
    let (sessions, notes) = (context.sessions.clone(), context.notes);
    let mut command = tokio::spawn(commands::run(cli.command, context));
    let mut finished = None;
    tokio::select! {
        outcome = &mut command => finished = Some(outcome),
        () = interrupt.requested() => if !tidies_up {
            // Dropping it takes the progress line off the terminal.
            command.abort();
        }
    }
    let stop = async {
        if finished.is_none() {
            finished = tokio::time::timeout(GRACE, command).await.ok();
        }
    };
    tokio::select! {
        // From the first moment on nothing more is spent, also while the command tidies up.
        ((), ()) = async { tokio::join!(sessions.leave(notes), stop) } => {}
        () = interrupt.insisted() => {}
    }
    match finished {
        // Whoever asked this process to end did not mean another one to begin.
        Some(Ok(Ok(Done::Becomes(_)))) if interrupt.is_requested() => Err(Failure::cancelled().into()),
        Some(Ok(result)) => result,
        Some(Err(error)) if error.is_panic() => Err(Failure::internal("the command panicked").into()),
        // Aborted, or too slow to end by itself: it waits for a full pipe or a lock.
        Some(Err(_)) | None => Err(Failure::cancelled().into()),
    }
}

fn end(result: Result<(), CliError>, json: bool) -> ExitCode {
    match result {
        // The reader has what it wanted; there is nobody to complain to either.
        Ok(()) | Err(CliError::OutputClosed) => ExitCode::SUCCESS,
        Err(CliError::Failed(failure)) => failed(&failure, json),
    }
}

fn failed(failure: &Failure, json: bool) -> ExitCode {
    output::report(failure, json);
    ExitCode::from(failure.exit as u8)
}

/// Help and version are answers, everything else is an error; with `--json` in the form that scripts expect.
fn wrong_usage(mut error: clap::Error) -> ExitCode {
    // What comes after `--` is another program's.
    let json = std::env::args_os().take_while(|argument| argument != "--").any(|argument| argument == "--json");
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let mut output = Output::new(Format::Human);
        let written = output.line(error.render().ansi().to_string().trim_end()).and_then(|()| output.flush());
        return end(written.map_err(CliError::from), false);
    }
    if let Some(name) = unreadable_variable(&error) {
        let failure = Failure::new("usage", Exit::Usage, format!("the value of {name} is not UTF-8 text"));
        return failed(&failure.hint(format!("Set {name} again, or unset it.")), json);
    }
    if let Some(command) = command_without_dashes(&error) {
        let failure = Failure::new("usage", Exit::Usage, "the command that exec runs comes after `--`");
        return failed(&failure.hint(format!("Run: {command}")), json);
    }
    show_all_usage(&mut error);
    blame_variable(&mut error);
    if json {
        let text = error.render().to_string();
        let text = text.trim().strip_prefix("error: ").unwrap_or(text.trim());
        return failed(&Failure::new("usage", Exit::Usage, text).hint("See jetbridge --help."), json);
    }
    // To stderr; if that is closed, nobody is left to be told.
    let _ = error.print();
    ExitCode::from(Exit::Usage as u8)
}

/// Shows how the command is used as its help does. What the grammar's library shows takes what variables say for arguments, as
/// if `--config` had to be given.
fn show_all_usage(error: &mut clap::Error) {
    let Some(usage) = error.get(ContextKind::Usage).map(ToString::to_string) else { return };
    let mut command = Cli::command();
    command.build();
    // `Usage: jetbridge COMMAND …`
    for word in anstream::adapter::strip_str(&usage).to_string().split_whitespace().skip(2) {
        match command.find_subcommand(word).cloned() {
            Some(inner) => command = inner,
            None => break,
        }
    }
    let usage = command.render_usage();
    error.insert(ContextKind::Usage, ContextValue::StyledStr(usage));
}

/// Names the variable that a bad value is from, which the grammar's library blames on the option.
fn blame_variable(error: &mut clap::Error) {
    let Some(ContextValue::String(blamed)) = error.get(ContextKind::InvalidArg) else { return };
    let mut grammar = Cli::command();
    grammar.build();
    let Some(argument) = grammar.get_arguments().find(|argument| argument.to_string() == *blamed) else { return };
    let option = argument.get_long().map(|name| format!("--{name}")).unwrap_or_default();
    if let Some(variable) = argument.get_env().filter(|name| !is_given(&option) && std::env::var_os(name).is_some()) {
        let variable = variable.to_string_lossy().into_owned();
        error.insert(ContextKind::InvalidArg, ContextValue::String(variable));
    }
}

/// What was meant by `exec COMMAND …`: the words from the command on are its own, whatever they look like.
fn command_without_dashes(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(unexpected)) = error.get(ContextKind::InvalidArg) else { return None };
    let words: Vec<_> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    let exec = words.iter().position(|word| word == "exec")?;
    let command = exec + 1 + words[exec + 1..].iter().position(|word| word == unexpected)?;
    if error.kind() != ErrorKind::UnknownArgument || unexpected.starts_with('-') {
        return None;
    }
    let words: Vec<_> = words.iter().map(|word| quote_for_shell(word)).collect();
    Some(format!("{} {} -- {}", invocation::invocation(), words[1..command].join(" "), words[command..].join(" ")))
}

/// The variable that the grammar's library blames on the arguments.
fn unreadable_variable(error: &clap::Error) -> Option<String> {
    let is_of_arguments = std::env::args_os().any(|argument| argument.to_str().is_none());
    if error.kind() != ErrorKind::InvalidUtf8 || is_of_arguments {
        return None;
    }
    let grammar = Cli::command();
    let names = grammar.get_arguments().filter_map(clap::Arg::get_env);
    let is_unreadable = |name: &&OsStr| std::env::var_os(name).is_some_and(|value| value.to_str().is_none());
    // A folder need not be text.
    let mut names = names.filter(|name| *name != "JETBRIDGE_CONFIG");
    names.find(is_unreadable).map(|name| name.to_string_lossy().into_owned())
}
