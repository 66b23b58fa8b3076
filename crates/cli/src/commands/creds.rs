//! `jetbridge creds`: the temporary AWS credentials, for other tools. Never opens a browser: those tools run unattended.

mod serve;
mod shell;

use std::time::SystemTime;

use jetbridge::AwsCredentials;
use serde::Serialize;

use self::shell::Shell;
use crate::args::{CredsArgs, CredsFormat};
use crate::aws_environment;
use crate::context::Context;
use crate::exit::CliError;
use crate::invocation::command;
use crate::output::Output;
use crate::text::{escape, relative, rfc3339, short_time};

/// What `credential_process` of the AWS CLI and SDKs reads.
/// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html>
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ProcessCredentials<'a> {
    version: u8,
    access_key_id: &'a str,
    secret_access_key: &'a str,
    session_token: &'a str,
    expiration: String,
}

/// The summary: nothing that one could use.
#[derive(Debug, Serialize)]
struct CredentialsEvent<'a> {
    event: &'static str,
    access_key_id: &'a str,
    expires_at: String,
    identity_id: Option<&'a str>,
}

pub(super) async fn run(context: &Context, args: &CredsArgs, output: &mut Output) -> Result<(), CliError> {
    if args.serve {
        return serve::run(context, args.port, output).await;
    }
    let (session, _) = context.signed_in().await?;
    let credentials = match args.format {
        // An SDK runs us for each request in the last quarter of an hour of the keys.
        Some(CredsFormat::Process) => session.aws_credentials_to_hand_on().await?,
        _ => session.aws_credentials().await?,
    };
    match args.format {
        Some(CredsFormat::Process) => output.event(&ProcessCredentials {
            version: 1,
            access_key_id: credentials.access_key_id(),
            secret_access_key: credentials.secret_access_key(),
            session_token: credentials.session_token(),
            expiration: rfc3339(credentials.expires_at()),
        })?,
        Some(format @ (CredsFormat::Env | CredsFormat::PowerShell)) => {
            let shell = if format == CredsFormat::Env { Shell::Posix } else { Shell::PowerShell };
            let endpoints = aws_environment::endpoints(session.config());
            if !endpoints.is_empty() {
                output.line(shell.unset(&[aws_environment::IGNORE_ENDPOINTS]))?;
            }
            let keys = [
                ("AWS_ACCESS_KEY_ID", credentials.access_key_id().to_owned()),
                ("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key().to_owned()),
                ("AWS_SESSION_TOKEN", credentials.session_token().to_owned()),
                ("AWS_CREDENTIAL_EXPIRATION", rfc3339(credentials.expires_at())),
            ];
            for (name, value) in keys.into_iter().chain(endpoints) {
                output.line(shell.set(name, &value))?;
            }
        }
        None => {
            let details = session.details();
            summary(&credentials, details.identity_id.as_deref(), details.now, output)?;
        }
    }
    Ok(())
}

fn summary(
    credentials: &AwsCredentials,
    identity_id: Option<&str>,
    now: SystemTime,
    output: &mut Output,
) -> std::io::Result<()> {
    let expires_at = credentials.expires_at();
    let access_key_id = redact(credentials.access_key_id());
    if output.is_json() {
        return output.event(&CredentialsEvent {
            event: "aws_credentials",
            access_key_id: &access_key_id,
            expires_at: rfc3339(expires_at),
            identity_id,
        });
    }
    let mut fields = vec![
        ("Access key", access_key_id),
        ("Secret key", "hidden".to_owned()),
        ("Session token", "hidden".to_owned()),
        ("Good until", format!("{} UTC ({})", short_time(expires_at), relative(expires_at, now))),
    ];
    if let Some(identity_id) = identity_id {
        fields.push(("Identity", escape(identity_id).into_owned()));
    }
    fields.push(("To use them", format!("{} -- COMMAND", command(&["exec"]))));
    fields.push((
        "",
        format!(
            "or, for a profile of the AWS CLI, creds --format process; for {}",
            if cfg!(windows) { "PowerShell, creds --format powershell" } else { "a shell, creds --format env" }
        ),
    ));
    output.fields(0, &fields)
}

/// The kind of key (`ASIA`: temporary) and enough of its end to compare.
pub(super) fn redact(access_key_id: &str) -> String {
    match (access_key_id.get(..4), access_key_id.len().checked_sub(4).and_then(|at| access_key_id.get(at..))) {
        (Some(head), Some(tail)) if access_key_id.len() >= 16 => format!("{head}…{tail}"),
        _ => "…".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_ends_of_an_access_key_are_shown() {
        assert_eq!(redact("ASIAABCDEFGHIJKLMNOP"), "ASIA…MNOP");
        assert_eq!(redact("short"), "…");
        assert_eq!(redact(""), "…");
    }
}
