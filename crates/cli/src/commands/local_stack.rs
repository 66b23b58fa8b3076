//! `jetbridge local-stack`: Okta, Cognito, S3, STS and an API on this machine, until Ctrl-C; on request as a template deploys them.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::time::Duration;

use jetbridge::quote_for_shell;
use jetbridge_local_stack::{
    DemoUser, LocalStack, Options, Rotation, StartError, Template, TemplateError, WriteConfigError,
};
use serde::Serialize;

use crate::args::{FaultChoice, LocalStackArgs};
use crate::context::Context;
use crate::exit::{CliError, Exit, Failure};
use crate::invocation::invocation;
use crate::output::{ACCENT, BOLD, DIM, Notes, Output, styled};
use crate::path::read_file;
use crate::text::pad_right;

/// As for [`Template::load`].
const LARGEST_TEMPLATE: u64 = 4 * 1024 * 1024;

#[derive(Debug, Serialize)]
struct ReadyEvent<'a> {
    event: &'static str,
    issuer: &'a str,
    cognito: &'a str,
    s3: &'a str,
    sts: &'a str,
    /// Absent if the template has no API.
    #[serde(skip_serializing_if = "Option::is_none")]
    api: Option<String>,
    client_id: &'a str,
    identity_pool_id: &'a str,
    bucket: &'a str,
    /// What was asked for beside the defaults, in seconds.
    #[serde(flatten)]
    lives: Lives,
    /// What goes wrong on purpose.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<&'static str>,
    config: Option<String>,
    /// For `--resolve`, and for curl's `--connect-to`.
    #[serde(skip_serializing_if = "Option::is_none")]
    resolve: Option<String>,
    /// What of the template has no part in what the stack does.
    #[serde(skip_serializing_if = "Option::is_none")]
    ignored: Option<&'a [String]>,
    users: Vec<UserLine<'a>>,
}

/// Lifetimes and rotation, each only where it is not the default.
#[derive(Debug, Serialize)]
struct Lives {
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token_ttl: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token_ttl: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credentials_ttl: Option<u64>,
    /// As `--rotation` takes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation: Option<String>,
}

impl Lives {
    fn of(options: &Options) -> Self {
        let default = Options::default();
        let seconds = |chosen: Duration, default| (chosen != default).then_some(chosen.as_secs());
        let rotation = match options.rotation {
            Rotation::Off => "off".to_owned(),
            Rotation::WithGrace(grace) => grace.as_secs().to_string(),
        };
        Self {
            id_token_ttl: seconds(options.id_token_lifetime, default.id_token_lifetime),
            access_token_ttl: seconds(options.access_token_lifetime, default.access_token_lifetime),
            credentials_ttl: seconds(options.credentials_lifetime, default.credentials_lifetime),
            rotation: (options.rotation != default.rotation).then_some(rotation),
        }
    }

    /// One line for each.
    fn describe(&self) -> Vec<String> {
        let lasts = |what: &str, seconds: Option<u64>| seconds.map(|seconds| format!("{what} last {seconds} s"));
        let rotation = self.rotation.as_deref().map(|rotation| match rotation {
            "off" => "refresh tokens stay the same".to_owned(),
            grace => format!("refresh tokens rotate, the one before works for {grace} s more"),
        });
        let lives = [
            lasts("ID tokens", self.id_token_ttl),
            lasts("access tokens", self.access_token_ttl),
            lasts("AWS credentials", self.credentials_ttl),
            rotation,
        ];
        lives.into_iter().flatten().collect()
    }
}

/// A demo user with the password: made up, and of no use anywhere else.
#[derive(Debug, Serialize)]
struct UserLine<'a> {
    login: &'a str,
    password: &'a str,
    assigned: bool,
}

pub(super) async fn run(context: &Context, args: &LocalStackArgs, output: &mut Output) -> Result<(), CliError> {
    let config = args.write_config.as_ref().map(|directory| directory.absolute()).transpose()?;
    if let Some(directory) = &config {
        check_files(directory)?;
    }
    let template = match &args.template {
        Some(template) => Some(load_template(&template.absolute()?, context.notes).await?),
        None => None,
    };
    let options = Options {
        port: args.port,
        tls: args.tls,
        latency: Duration::from_millis(args.latency),
        id_token_lifetime: Duration::from_secs(args.id_token_ttl),
        access_token_lifetime: Duration::from_secs(args.access_token_ttl),
        credentials_lifetime: Duration::from_secs(args.credentials_ttl),
        rotation: args.rotation.0,
        // An app that shows by groups can be tried.
        access_claims: true,
        template,
        ..Options::default()
    };
    let stack = LocalStack::start(options).await.map_err(|error| start_failure(&error))?;
    for choice in &args.fault {
        match choice.wait {
            Some(wait) => stack.faults().inject_wait(choice.fault, choice.times, wait),
            None => stack.faults().inject(choice.fault, choice.times),
        }
    }
    if let Some(directory) = &config {
        stack.write_config(directory, args.overwrite).map_err(|error| write_failure(&error))?;
    }
    if output.is_json() {
        announce_json(&stack, &args.fault, config.as_deref(), output)?;
    } else {
        announce(&stack, &args.fault, config.as_deref(), output)?;
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

async fn load_template(path: &Path, notes: Notes) -> Result<Template, CliError> {
    let template = match read_file(path, LARGEST_TEMPLATE + 1, notes).await.and_then(as_text) {
        // The stack in it has the name that `cdk synth` gives the file.
        Ok(text) => {
            let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.split('.').next());
            Template::parse(&text, name.unwrap_or("Stack"))
        }
        Err(source) => Err(TemplateError::Read { path: path.to_owned(), source }),
    };
    template.map_err(|error| {
        let file = path.display();
        let failure = |message: String| Failure::new("misconfigured", Exit::Misconfigured, message);
        let synth = "`npx cdk synth` in infra/ writes the template to cdk.out/JetbridgeStack.template.json.";
        match error {
            TemplateError::Read { source, .. } => failure(format!("{file} cannot be read: {source}")).hint(synth),
            TemplateError::NotJson(_) | TemplateError::NotATemplate => failure(format!("{file}: {error}")).hint(synth),
            TemplateError::Refused { problems } => {
                let number = match problems.len() {
                    1 => "something".to_owned(),
                    number => format!("{number} things"),
                };
                let message =
                    format!("{file} has {number} that the local stack cannot imitate\n{}", problems.join("\n"));
                failure(message).hint(
                    "The stack enforces what it knows and refuses the rest, so that nothing works here that AWS would \
                     deny. ARCHITECTURE.md says where to teach it more.",
                )
            }
        }
        .into()
    })
}

fn as_text(bytes: Vec<u8>) -> io::Result<String> {
    if bytes.len() as u64 > LARGEST_TEMPLATE {
        return Err(io::Error::other("the file is larger than 4 MiB"));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))
}

/// What is there is compared before it is replaced, and to open a named pipe would wait for a writer.
fn check_files(directory: &Path) -> Result<(), Failure> {
    let paths = ["okta-config.json", "aws-exports.json", "ca.pem"].map(|name| directory.join(name));
    match paths.iter().find(|path| path.metadata().is_ok_and(|metadata| !metadata.is_file())) {
        Some(path) => {
            let problem = format!("{} is not a file", path.display());
            Err(Failure::new("misconfigured", Exit::Misconfigured, problem)
                .hint("Choose another folder, or move it elsewhere."))
        }
        None => Ok(()),
    }
}

fn write_failure(error: &WriteConfigError) -> CliError {
    match error {
        WriteConfigError::WouldOverwrite { .. } => Failure::new("would_overwrite", Exit::Usage, error.to_string())
            .hint("Choose another folder, or replace the files with --overwrite."),
        WriteConfigError::Io { .. } => Failure::new("misconfigured", Exit::Misconfigured, error.to_string())
            .hint("--write-config names a folder that you may write to; it is made if it is not there."),
    }
    .into()
}

fn announce_json(
    stack: &LocalStack,
    faults: &[FaultChoice],
    config: Option<&Path>,
    output: &mut Output,
) -> std::io::Result<()> {
    let (options, endpoints) = (stack.options(), stack.endpoints());
    output.event(&ReadyEvent {
        event: "ready",
        issuer: &stack.issuer(),
        cognito: endpoints.cognito.as_str(),
        s3: endpoints.s3.as_str(),
        sts: endpoints.sts.as_str(),
        api: stack.api_url(),
        client_id: &options.client_id,
        identity_pool_id: &options.identity_pool_id,
        bucket: &options.bucket,
        lives: Lives::of(options),
        faults: faults.iter().map(|choice| choice.fault.name()).collect(),
        config: config.map(|directory| directory.display().to_string()),
        resolve: resolve_argument(stack),
        ignored: options.template.as_ref().map(Template::ignored_resources),
        users: options
            .users
            .iter()
            .map(|user| UserLine { login: &user.login, password: &user.password, assigned: user.assigned })
            .collect(),
    })
}

fn announce(
    stack: &LocalStack,
    faults: &[FaultChoice],
    config: Option<&Path>,
    output: &mut Output,
) -> std::io::Result<()> {
    let (options, endpoints) = (stack.options(), stack.endpoints());
    output.line(format_args!("\n{}", styled(BOLD, "The local stack is ready.")))?;
    let services =
        if stack.api_url().is_some() { "Okta, Cognito, S3, STS and an API" } else { "Okta, Cognito, S3 and STS" };
    output.line(styled(DIM, format!("{services}, on this machine only. Ctrl-C stops it.\n")))?;
    let blank = || ("", String::new());
    let served = stack.host_override().map(|known| styled(DIM, format!("at {}, by its own name", known.address)));
    let mut fields = vec![("Okta", styled(ACCENT, stack.issuer()))];
    fields.extend(served.map(|served| ("", served)));
    fields.extend([
        ("Cognito", styled(ACCENT, endpoints.cognito.as_str())),
        ("S3", styled(ACCENT, endpoints.s3.as_str())),
        ("STS", styled(ACCENT, endpoints.sts.as_str())),
    ]);
    fields.extend(stack.api_url().map(|url| ("API", styled(ACCENT, url))));
    fields.extend([blank(), ("Client id", options.client_id.clone())]);
    fields.extend(labelled("Redirect URIs", options.redirect_uris.iter().cloned()));
    fields.push(("Identity pool", options.identity_pool_id.clone()));
    let mut buckets = vec![options.bucket.clone()];
    if options.template.is_none() {
        buckets.extend([
            format!("{}  {}", pad_right(&options.denied_bucket, 18), styled(DIM, "denies everything")),
            format!("{}  {}", pad_right("scale-100000", 18), styled(DIM, "any number of objects, made up on the fly")),
        ]);
    }
    fields.extend(labelled("Buckets", buckets));
    if let Some(template) = &options.template {
        fields.extend(labelled("Not imitated", ignored_types(template)));
    }
    fields.extend(labelled("Lifetimes", Lives::of(options).describe()));
    fields.extend(labelled("Faults", faults.iter().map(describe_fault)));
    fields.push(blank());
    fields.extend(labelled(
        "Users",
        options.users.iter().map(|user| {
            let note = describe_user(user, options.template.is_some());
            format!("{}  password {}{}", pad_right(&user.login, 18), user.password, styled(DIM, note))
        }),
    ));
    output.fields(2, &fields)?;
    let Some(directory) = config else {
        return output.line("\nWith --write-config DIR it writes a configuration for the other commands.");
    };
    let word = |path: &Path| quote_for_shell(&path.display().to_string());
    let (ca_file, folder) = (word(&directory.join("ca.pem")), word(directory));
    let trust = if options.tls { format!(" --ca-file {ca_file}") } else { String::new() };
    let resolve = resolve_argument(stack);
    let find = resolve.as_ref().map(|resolve| format!(" --resolve {resolve}")).unwrap_or_default();
    output.line(format_args!("\nThe configuration is in {}. In another terminal:\n", directory.display()))?;
    let command =
        |arguments: &str| styled(ACCENT, format!("  {} --config {folder}{trust}{find} {arguments}", invocation()));
    output.line(command("login --list"))?;
    if let Some(resolve) = resolve {
        output.line(command("ls \"\" --delimiter /"))?;
        output.line("\nThe browser warns of the certificate, which it does not know. Other tools get there so:\n")?;
        let discovery = format!("{}/.well-known/openid-configuration", stack.issuer());
        let curl = format!("  curl --cacert {ca_file} --connect-to {resolve} {discovery}");
        output.line(styled(ACCENT, curl))?;
    }
    Ok(())
}

/// Where the issuer's name leads to, as `--resolve` takes it.
fn resolve_argument(stack: &LocalStack) -> Option<String> {
    stack.host_override().map(|known| format!("{}:443:{}", known.host, known.address))
}

/// The types of the resources that the template has and the stack has not.
fn ignored_types(template: &Template) -> BTreeSet<String> {
    let kind = |resource: &String| resource.split_once(" (").map(|(_, kind)| kind.trim_end_matches(')').to_owned());
    template.ignored_resources().iter().filter_map(kind).collect()
}

fn describe_user(user: &DemoUser, has_claims: bool) -> String {
    if !user.assigned {
        return "  not assigned".to_owned();
    }
    if !has_claims {
        return String::new();
    }
    let department = user.department.as_deref().unwrap_or("no department");
    format!("  {department}; {}", user.groups.join(", "))
}

/// Whoever has forgotten what was switched on would look for it elsewhere.
fn describe_fault(choice: &FaultChoice) -> String {
    let until = match choice.times {
        _ if choice.fault.lasts() => "until the stack stops".to_owned(),
        1 => "the next request".to_owned(),
        times => format!("the next {times} requests"),
    };
    format!("{}  {}", choice.fault.name(), styled(DIM, until))
}

/// Several values under one label.
fn labelled(
    label: &'static str,
    values: impl IntoIterator<Item = String>,
) -> impl Iterator<Item = (&'static str, String)> {
    values.into_iter().enumerate().map(move |(index, value)| (if index == 0 { label } else { "" }, value))
}
