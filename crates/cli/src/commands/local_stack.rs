//! `jetbridge local-stack`: Okta, Cognito and S3 on this machine, until Ctrl-C.

use std::time::Duration;

use jetbridge_local_stack::{LocalStack, Options, StartError, WriteConfigError};
use serde::Serialize;

use crate::args::LocalStackArgs;
use crate::context::Context;
use crate::exit::{CliError, Exit, Failure};
use crate::output::{ACCENT, BOLD, DIM, Output, invocation, styled};
use crate::text::pad_right;

#[derive(Debug, Serialize)]
struct ReadyEvent<'a> {
    event: &'static str,
    issuer: &'a str,
    cognito: &'a str,
    s3: &'a str,
    client_id: &'a str,
    identity_pool_id: &'a str,
    bucket: &'a str,
    config: Option<String>,
    users: Vec<UserLine<'a>>,
}

/// A demo user with the password: made up, and of no use anywhere else.
#[derive(Debug, Serialize)]
struct UserLine<'a> {
    login: &'a str,
    password: &'a str,
    assigned: bool,
}

pub(super) async fn run(context: &Context, args: &LocalStackArgs, output: &mut Output) -> Result<(), CliError> {
    let latency = Duration::from_millis(args.latency);
    let stack = LocalStack::start(Options { port: args.port, tls: args.tls, latency, ..Options::default() })
        .await
        .map_err(|error| start_failure(&error))?;
    for choice in &args.fault {
        stack.faults().inject(choice.fault, choice.times);
    }
    if let Some(directory) = &args.write_config {
        stack.write_config(directory, args.overwrite).map_err(|error| write_failure(&error))?;
    }
    if output.is_json() {
        announce_json(&stack, args, output)?;
    } else {
        announce(&stack, args, output)?;
    }
    output.flush()?;
    context.interrupt.requested().await;
    stack.shutdown().await;
    context.notes.say("\nThe local stack has stopped.");
    Ok(())
}

pub(super) fn start_failure(error: &StartError) -> CliError {
    match error {
        StartError::PortBusy { .. } => Failure::new("port_in_use", Exit::Temporary, error.to_string())
            .hint("--port 0 takes any ports that are free."),
        StartError::PortTooHigh { .. } => Failure::new("usage", Exit::Usage, error.to_string()),
        _ => Failure::internal(error.to_string()),
    }
    .into()
}

fn write_failure(error: &WriteConfigError) -> CliError {
    match error {
        WriteConfigError::WouldOverwrite { .. } => Failure::new("would_overwrite", Exit::Usage, error.to_string())
            .hint("Choose another folder, or replace the files with --overwrite."),
        WriteConfigError::Io { .. } => Failure::new("misconfigured", Exit::Misconfigured, error.to_string()),
    }
    .into()
}

fn announce_json(stack: &LocalStack, args: &LocalStackArgs, output: &mut Output) -> std::io::Result<()> {
    let (options, endpoints) = (stack.options(), stack.endpoints());
    output.event(&ReadyEvent {
        event: "ready",
        issuer: &stack.custom_issuer(),
        cognito: endpoints.cognito.as_str(),
        s3: endpoints.s3.as_str(),
        client_id: &options.client_id,
        identity_pool_id: &options.identity_pool_id,
        bucket: &options.bucket,
        config: args.write_config.as_ref().map(|directory| directory.display().to_string()),
        users: options
            .users
            .iter()
            .map(|user| UserLine { login: &user.login, password: &user.password, assigned: user.assigned })
            .collect(),
    })
}

fn announce(stack: &LocalStack, args: &LocalStackArgs, output: &mut Output) -> std::io::Result<()> {
    let (options, endpoints) = (stack.options(), stack.endpoints());
    output.line(format_args!("\n{}", styled(BOLD, "The local stack is ready.")))?;
    output.line(styled(DIM, "Okta, Cognito and S3, on this machine only. Ctrl-C stops it.\n"))?;
    let blank = || ("", String::new());
    let mut fields = vec![
        ("Okta", styled(ACCENT, stack.custom_issuer())),
        ("Cognito", styled(ACCENT, endpoints.cognito.as_str())),
        ("S3", styled(ACCENT, endpoints.s3.as_str())),
        blank(),
        ("Client id", options.client_id.clone()),
    ];
    fields.extend(labelled("Redirect URIs", options.redirect_uris.iter().cloned()));
    fields.push(("Identity pool", options.identity_pool_id.clone()));
    fields.extend(labelled(
        "Buckets",
        [
            options.bucket.clone(),
            format!("{}  {}", pad_right(&options.denied_bucket, 18), styled(DIM, "denies everything")),
            format!("{}  {}", pad_right("scale-100000", 18), styled(DIM, "any number of objects, made up on the fly")),
        ],
    ));
    fields.push(blank());
    fields.extend(labelled(
        "Users",
        options.users.iter().map(|user| {
            let note = if user.assigned { String::new() } else { styled(DIM, "  not assigned") };
            format!("{}  password {}{note}", pad_right(&user.login, 18), user.password)
        }),
    ));
    output.fields(2, &fields)?;
    if let Some(directory) = &args.write_config {
        let directory = directory.display();
        let trust = if args.tls { format!(" --ca-file {directory}/ca.pem") } else { String::new() };
        output.line(format_args!("\nThe configuration is in {directory}. In another terminal:\n"))?;
        output.line(styled(ACCENT, format!("  {} --config {directory}{trust} login --list", invocation())))?;
    } else {
        output.line("\nWith --write-config DIR it writes a configuration for the other commands.")?;
    }
    Ok(())
}

/// Several values under one label.
fn labelled(
    label: &'static str,
    values: impl IntoIterator<Item = String>,
) -> impl Iterator<Item = (&'static str, String)> {
    values.into_iter().enumerate().map(move |(index, value)| (if index == 0 { label } else { "" }, value))
}
