//! `jetbridge creds --serve`: the credentials for programs that are started elsewhere, for as long as this one runs.

use std::collections::BTreeMap;
use std::io::Write as _;

use serde::Serialize;
use tempfile::NamedTempFile;

use super::shell::Shell;
use crate::aws_environment::{AwsEnvironment, Source};
use crate::context::Context;
use crate::exit::{CliError, Exit, Failure};
use crate::interrupt;
use crate::loopback::CredentialsEndpoint;
use crate::output::Output;

/// What a program has to set, and to unset, in the environment of those it starts.
#[derive(Serialize)]
struct ServingEvent<'a> {
    event: &'static str,
    set: BTreeMap<&'a str, &'a str>,
    unset: &'a [&'static str],
}

pub(super) async fn run(context: &Context, port: u16, output: &mut Output) -> Result<(), CliError> {
    let (session, _) = context.signed_in().await?;
    // What is wrong is told here first, and not only to the programs that ask.
    session.aws_credentials_to_hand_on().await?;
    let endpoint = CredentialsEndpoint::start(session.clone(), port)?;
    // Removed when this function ends, however it does.
    let token_file = write_token(context, endpoint.token())?;
    let ca_file = context.ca_file()?;
    let path = token_file.path().to_str().ok_or_else(|| Failure::internal("the token's path is not UTF-8 text"))?;
    let source = Source::Endpoint { uri: endpoint.uri(), token_file: path };
    announce(&AwsEnvironment::new(&source, session.config(), ca_file.as_deref()), output)?;
    output.flush()?;
    context.notes.say(format!("Serving AWS credentials at {} until Ctrl-C.", endpoint.uri()));
    tokio::select! {
        () = context.interrupt.requested() => {}
        () = interrupt::parent_ended() => {}
    }
    Ok(())
}

/// Beside the session, in a folder of the user's own that nobody tidies. SDKs take the file as it is, so there is no end of
/// line in it (botocore refuses one).
fn write_token(context: &Context, token: &str) -> Result<NamedTempFile, CliError> {
    let write = |directory| {
        let mut file = tempfile::Builder::new().prefix("serve-").suffix(".token").tempfile_in(directory)?;
        file.write_all(token.as_bytes())?;
        Ok(file)
    };
    let directory = context.directory()?;
    write(&directory).map_err(|error: std::io::Error| {
        let problem = format!("no file can be written in {}: {error}", directory.display());
        Failure::new("secure_storage", Exit::SecureStorage, problem)
            .hint("Make room on the disk, or make the folder writable, and try again.")
            .into()
    })
}

fn announce(environment: &AwsEnvironment, output: &mut Output) -> std::io::Result<()> {
    if output.is_json() {
        let set = environment.set().iter().map(|(name, value)| (*name, value.as_str())).collect();
        return output.event(&ServingEvent { event: "serving_credentials", set, unset: environment.unset() });
    }
    output.line(Shell::HERE.unset(environment.unset()))?;
    for (name, value) in environment.set() {
        output.line(Shell::HERE.set(name, value))?;
    }
    Ok(())
}
