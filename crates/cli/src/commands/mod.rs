//! One file for each command.

mod accounts;
mod call;
mod completions;
mod creds;
mod demo;
mod doctor;
mod exec;
mod local_stack;
mod login;
mod logout;
mod ls;
mod man;
mod objects;
mod place;
mod signed_in;
mod whoami;

use crate::args::Command;
use crate::context::Context;
use crate::exit::{CliError, Failure};
use crate::output::{Format, Output};
use crate::program::Program;

/// What is left to do when a command has ended well.
pub(crate) enum Done {
    Finished,
    /// This process goes on as another program.
    Becomes(Program),
}

/// Runs a command to its end. What it wrote is handed over whether it succeeded or not.
pub(crate) async fn run(command: Command, context: Context) -> Result<Done, CliError> {
    let mut output = match &command {
        Command::Creds(args) if args.format.is_some() || (args.serve && !context.global.json) => {
            Output::new(Format::Plain)
        }
        Command::Completions(_) => Output::new(Format::Plain),
        _ => Output::human_or_json(context.global.json),
    };
    // What another program reads, and reads to its end.
    let is_one_document = match &command {
        Command::Creds(args) => args.format.is_some() || args.serve || context.global.json,
        Command::Completions(_) | Command::Call(_) | Command::Presign(_) => true,
        Command::Whoami | Command::Logout(_) => context.global.json,
        _ => false,
    };
    let result = match command {
        Command::Exec(args) => return exec::run(&context, &args).await.map(Done::Becomes),
        Command::Demo(args) => demo::run(&context, &args, &mut output).await,
        Command::LocalStack(args) => local_stack::run(&context, &args, &mut output).await,
        Command::Login(args) => login::run(&context, &args, &mut output).await,
        Command::Ls(args) => ls::run(&context, args, &mut output).await,
        Command::Get(args) => objects::get::run(&context, &args, &mut output).await,
        Command::Put(args) => objects::put::run(&context, &args, &mut output).await,
        Command::Cp(args) => objects::cp::run(&context, &args, &mut output).await,
        Command::Rm(args) => objects::rm::run(&context, &args, &mut output).await,
        Command::Presign(args) => objects::presign::run(&context, &args, &mut output).await,
        Command::Whoami => whoami::run(&context, &mut output).await,
        Command::Accounts => accounts::list(&context, &mut output).await,
        Command::Switch(args) => accounts::switch(&context, &args, &mut output).await,
        Command::Creds(args) => creds::run(&context, &args, &mut output).await,
        Command::Call(args) => call::run(&context, *args, &mut output).await,
        Command::Doctor(args) => doctor::run(&context, &args, &mut output).await,
        Command::Logout(args) => logout::run(&context, &args, &mut output).await,
        Command::Completions(args) => completions::run(&args, &mut output),
        Command::Man(args) => man::run(&args),
    };
    let written = output.flush();
    match result.and(written.map_err(CliError::from)) {
        Err(CliError::OutputClosed) if is_one_document => Err(nobody_has_it().into()),
        ended => ended.map(|()| Done::Finished),
    }
}

/// Of lines, a reader may want the first ones and no more (`| head -1`). What is of use as a whole only was wanted and not
/// delivered.
fn nobody_has_it() -> Failure {
    Failure::internal("the output could not be written: its reader went away before it had all of it")
}
