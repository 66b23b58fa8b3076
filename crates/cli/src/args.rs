//! The command line's grammar. What a flag means is said here, once, as its help text.

mod objects;

use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use jetbridge::storage::KeyringPatience;
use jetbridge_local_stack::{Fault, Rotation};

use crate::path::UserPath;
use crate::text::wrap_beside;
use crate::trace::TraceFile;

pub(crate) use objects::{BucketArgs, CpArgs, ETag, GetArgs, PresignArgs, PutArgs, RmArgs, TransferArgs, split_last};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default())
    .placeholder(AnsiColor::Cyan.on_default());

const EXIT_CODES: &str = "\
Exit codes:
  0  done                              5  access denied
  1  internal error                    6  network, or another passing fault
  2  usage, or unexpected redirect     7  cancelled
  3  sign-in required                  8  secure storage
  4  misconfigured                     9  not found
 10  a condition was not met          11  a file here
`exec` ends as its command does, or with 126: it cannot be run, 127: there is no such command.";

const CALL_EXIT_CODES: &str = "\
Exit codes by the API's answer, which is written in any case:
  0  below 400                         6  408, 425, 429 and from 500 on
  5  401, 403, 407                     9  404, 410
 10  409, 412                          2  every other below 500
A refusal of what stands before the API (IAM) is none of its answers: it is explained, as every other error.";

const DOCTOR_MARKS: &str = "\
Marks:
  ✓  it holds                          –  not looked at: a link before it is broken
  ✗  it is broken, and how to mend it  ?  it cannot be known from here, or not before a sign-in
The exit code is that of what is broken, else 0. The report has no secret and
nothing personal in it: it can be pasted into a ticket. A session is renewed as by
any command; nothing else is changed.";

/// Sign in once with Okta, use AWS.
#[derive(Debug, Parser)]
#[command(name = "jetbridge", version, styles = STYLES, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// Whether somebody may be there to unlock the keyring: one at a terminal, and not a program that reads what we write.
    pub(crate) fn keyring_patience(&self) -> KeyringPatience {
        let is_for_program = self.global.json
            || matches!(self.command, Command::Creds(CredsArgs { format: Some(CredsFormat::Process), .. }));
        if !is_for_program && std::io::stderr().is_terminal() {
            KeyringPatience::Attended
        } else {
            KeyringPatience::Unattended
        }
    }
}

/// What every command understands.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArgs {
    /// Folder with okta-config.json and aws-exports.json [default: config]
    #[arg(long, global = true, value_name = "DIR", env = "JETBRIDGE_CONFIG")]
    pub(crate) config: Option<UserPath>,
    /// Where the session is kept: auto, keyring, memory or file:PATH
    #[arg(long, global = true, value_name = "STORE", env = "JETBRIDGE_STORE", default_value = "auto")]
    pub(crate) store: StoreChoice,
    /// Keeps several sign-ins apart [default: the one of `switch`, else default]
    #[arg(long, global = true, value_name = "NAME", env = "JETBRIDGE_ACCOUNT")]
    pub(crate) account: Option<String>,
    /// Trust the certificates in this file beside the system's. SSL_CERT_FILE names others in their place (macOS and
    /// Windows: beside them)
    #[arg(long, global = true, value_name = "PEM")]
    pub(crate) ca_file: Option<UserPath>,
    /// Reach HOST at this address, as curl's --resolve does; ADDRESS may have a port of its own. For the local stack
    #[arg(long, global = true, value_name = "HOST:443:ADDRESS")]
    pub(crate) resolve: Vec<Resolve>,
    /// Let the configuration send ID tokens to this server: another identityPoolEndpoint than Cognito or this machine
    #[arg(long, global = true, value_name = "URL", env = "JETBRIDGE_PERMIT_ENDPOINT")]
    pub(crate) permit_endpoint: Option<String>,
    /// Write which requests were sent and what took how long, without secrets (object keys and paths are in it): a page to
    /// read (FILE.html), or for viewers (FILE.har)
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) trace: Option<TraceFile>,
    /// Write JSON, one object a line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Log each request to stderr (-vv: all there is)
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// No progress and no explanations on stderr
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the whole way from sign-in to S3, on this machine alone
    Demo(DemoArgs),
    /// Run a local Okta, Cognito, S3, STS and an API until Ctrl-C
    LocalStack(LocalStackArgs),
    /// Sign in with Okta
    Login(LoginArgs),
    /// List objects in S3
    Ls(LsArgs),
    /// Download objects, or with --recursive all below a folder
    #[command(override_usage = objects::GET_USAGE, after_help = objects::KEYS_AS_FILES)]
    Get(GetArgs),
    /// Upload files, or with --recursive all below a folder
    #[command(override_usage = objects::PUT_USAGE, after_help = objects::FILES_AS_KEYS)]
    Put(PutArgs),
    /// Copy objects within S3; or as get and put do, if one side is a file
    #[command(override_usage = objects::CP_USAGE)]
    Cp(CpArgs),
    /// Delete objects that are there, or with --recursive all below a folder
    #[command(after_help = objects::LOOK_FIRST)]
    Rm(RmArgs),
    /// Make a URL that reads or writes an object for whoever has it
    Presign(PresignArgs),
    /// Say who is signed in, and for how long; asks only for the time, where this machine is in doubt
    Whoami,
    /// Show the temporary AWS credentials, or hand them to other tools
    Creds(CredsArgs),
    /// Run a command that acts as the signed-in user, whatever other keys and profiles are about
    Exec(ExecArgs),
    /// Send a signed request to an API, and write what it answers
    #[command(after_help = CALL_EXIT_CODES)]
    Call(Box<CallArgs>),
    /// List the accounts with a sign-in; asks no server
    Accounts,
    /// Use another account from now on
    Switch(SwitchArgs),
    /// Find what is wrong and how to mend it, link by link: files, clock, network, Okta, sign-in, Cognito, S3, APIs
    #[command(after_help = DOCTOR_MARKS)]
    Doctor(DoctorArgs),
    /// Sign out: erase the session on this machine. AWS credentials handed out before last until they expire
    Logout(LogoutArgs),
    /// Write a completion script for a shell
    Completions(CompletionsArgs),
    /// Write the manual pages, for whoever packs this program
    #[command(hide = true)]
    Man(ManArgs),
}

impl Command {
    /// What it is called on the command line.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Demo(_) => "demo",
            Self::LocalStack(_) => "local-stack",
            Self::Login(_) => "login",
            Self::Ls(_) => "ls",
            Self::Get(_) => "get",
            Self::Put(_) => "put",
            Self::Cp(_) => "cp",
            Self::Rm(_) => "rm",
            Self::Presign(_) => "presign",
            Self::Whoami => "whoami",
            Self::Creds(_) => "creds",
            Self::Exec(_) => "exec",
            Self::Call(_) => "call",
            Self::Accounts => "accounts",
            Self::Switch(_) => "switch",
            Self::Doctor(_) => "doctor",
            Self::Logout(_) => "logout",
            Self::Completions(_) => "completions",
            Self::Man(_) => "man",
        }
    }

    /// Whether it listens to Ctrl-C itself, because there is something to be put in order.
    pub(crate) fn tidies_up(&self) -> bool {
        matches!(
            self,
            Self::Login(_)
                | Self::Doctor(DoctorArgs { sign_in: true, .. })
                | Self::LocalStack(_)
                | Self::Creds(CredsArgs { serve: true, .. })
                | Self::Get(_)
                | Self::Put(_)
                | Self::Cp(_)
                | Self::Rm(_)
        )
    }
}

#[derive(Debug, Clone, Args)]
pub(crate) struct DemoArgs {
    /// Sign in yourself, in your browser
    #[arg(long)]
    pub(crate) browser: bool,
    /// Show at most this many objects
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: u64,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct LocalStackArgs {
    /// First of five ports in a row (Okta, Cognito, S3, STS, API); 0 takes any that are free
    #[arg(long, value_name = "P", default_value_t = 4580)]
    pub(crate) port: u16,
    /// Serve https, with a certificate of its own
    #[arg(long)]
    pub(crate) tls: bool,
    /// Imitate what this template of `cdk synth` deploys, every permission included
    #[arg(long, value_name = "FILE")]
    pub(crate) template: Option<UserPath>,
    /// Write a ready configuration into this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) write_config: Option<UserPath>,
    /// Replace other files that are there
    #[arg(long, requires = "write_config")]
    pub(crate) overwrite: bool,
    /// Wait this long before each answer
    #[arg(long, value_name = "MS", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=60_000))]
    pub(crate) latency: u64,
    /// Make the next N requests fail in this way (N is 1 if left out; a wrong name shows the right ones); SECS is for how
    /// long token-answer-held and token-slow wait. A wrong set-up, such as okta-user-not-assigned, lasts until the stack stops
    #[arg(long, value_name = "NAME[=N[:SECS]]")]
    pub(crate) fault: Vec<FaultChoice>,
    /// How long ID tokens last. Okta: 3600, or 300 to 86400 by a token inline hook; less is for watching renewals
    #[arg(long, value_name = "SECS", default_value_t = 3600, value_parser = clap::value_parser!(u64).range(10..=86_400))]
    pub(crate) id_token_ttl: u64,
    /// How long access tokens last. Okta: 300 to 86400 by an access policy; less is for watching renewals
    #[arg(long, value_name = "SECS", default_value_t = 3600, value_parser = clap::value_parser!(u64).range(10..=86_400))]
    pub(crate) access_token_ttl: u64,
    /// How long AWS credentials last. Cognito: 3600; less is for watching renewals
    #[arg(long, value_name = "SECS", default_value_t = 3600, value_parser = clap::value_parser!(u64).range(10..=43_200))]
    pub(crate) credentials_ttl: u64,
    /// off: a refresh token stays the same, Okta's default for native apps. SECONDS: each refresh gives a new one, and the
    /// one before works for 0 to 60 seconds more
    #[arg(long, value_name = "off|SECONDS", default_value = "30")]
    pub(crate) rotation: RotationChoice,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct LoginArgs {
    /// Print the sign-in address; read the address where the browser ends from stdin
    #[arg(long)]
    pub(crate) no_browser: bool,
    /// List the bucket afterwards, from this prefix (or s3://BUCKET/PREFIX) on
    #[arg(long, value_name = "PREFIX", num_args = 0..=1, default_missing_value = "")]
    pub(crate) list: Option<String>,
    /// List at most this many objects
    #[arg(long, value_name = "N", requires = "list", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,
    /// Where Okta sends the browser; must be registered there, port included [default: okta_desktop_callback_url]
    #[arg(long, value_name = "URI")]
    pub(crate) redirect_uri: Option<String>,
    /// Fill in the user name on the sign-in page
    #[arg(long, value_name = "LOGIN")]
    pub(crate) login_hint: Option<String>,
    /// Ask for the password even if the browser is still signed in
    #[arg(long)]
    pub(crate) force: bool,
    /// Ask for the password unless it was given at most this long ago
    #[arg(long, value_name = "SECS")]
    pub(crate) max_age: Option<u64>,
    /// Send a further parameter with the request, such as idp=0oa1b2c3
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) param: Vec<ExtraParameter>,
    /// How long to wait for the browser, or for the address on stdin
    #[arg(long, value_name = "SECS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=900))]
    pub(crate) timeout: u64,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct LsArgs {
    /// Only keys that begin with this [default: Storage.AWSS3.prefix], or s3://BUCKET/PREFIX. A folder's name ends in a slash:
    /// photos is the beginning of photos-old, too
    pub(crate) prefix: Option<String>,
    /// Group the keys at this character, as folders: /
    #[arg(long, value_name = "D")]
    pub(crate) delimiter: Option<String>,
    /// List at most this many objects
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,
    /// Requests at a time, 32 at most: with 8, most large buckets are listed three to six times as fast, in the same order.
    /// It costs up to a third more requests, and four, and they cost money [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=32))]
    pub(crate) parallel: Option<u16>,
    /// Another bucket than the configured one: its name, or the ARN of an access point
    #[arg(long, value_name = "B")]
    pub(crate) bucket: Option<String>,
    /// Pay for the requests yourself, as a bucket with Requester Pays demands
    #[arg(long)]
    pub(crate) request_payer: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct CredsArgs {
    /// process: for credential_process of the AWS CLI and SDKs; env: lines for a shell; powershell: lines for PowerShell
    /// [default: a summary without secrets]
    #[arg(long, value_enum)]
    pub(crate) format: Option<CredsFormat>,
    /// Serve them to AWS's SDKs on this machine, as a container's endpoint, and renew them; prints what to set for that. Ends
    /// with Ctrl-C, or with the process that started it (not on Windows)
    #[arg(long, conflicts_with = "format")]
    pub(crate) serve: bool,
    /// The port to serve at; 0 takes any that is free
    #[arg(long, value_name = "P", default_value_t = 0, requires = "serve")]
    pub(crate) port: u16,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct ExecArgs {
    /// The command and its arguments, after `--`
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

#[derive(Clone, Args)]
pub(crate) struct CallArgs {
    /// GET, POST, PUT, PATCH, DELETE …
    pub(crate) method: String,
    /// The address; or a path behind the one API of the configuration (/orders/7), or of the one with this name
    /// (NAME:/orders/7). Without --service and --region the API has to be in API.endpoints
    #[arg(value_name = "URL|PATH|NAME:PATH")]
    pub(crate) url: String,
    /// What to send: text, @FILE, or @- for standard input. Other users of this machine see arguments: a secret belongs in a
    /// file
    #[arg(long, value_name = "TEXT|@FILE|@-")]
    pub(crate) body: Option<String>,
    /// A header; or @FILE with one a line, for those with a secret in them. May come several times
    #[arg(long, value_name = "'NAME: VALUE'|@FILE")]
    pub(crate) header: Vec<String>,
    /// Sign for this service at any https address: execute-api, appsync, lambda …
    #[arg(long, value_name = "S", requires = "region")]
    pub(crate) service: Option<String>,
    /// Sign for this region
    #[arg(long, value_name = "R", requires = "service")]
    pub(crate) region: Option<String>,
    /// Write the status and the headers, too
    #[arg(long)]
    pub(crate) include: bool,
}

/// Body and headers may be secrets.
impl std::fmt::Debug for CallArgs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallArgs").field("method", &self.method).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CredsFormat {
    Process,
    Env,
    #[value(name = "powershell")]
    PowerShell,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct DoctorArgs {
    /// Sign in first, as `login` does: some of it only a sign-in tells. Not if a link before it is broken
    #[arg(long)]
    pub(crate) sign_in: bool,
    /// Print the sign-in address; read the address where the browser ends from stdin
    #[arg(long, requires = "sign_in")]
    pub(crate) no_browser: bool,
    /// Fill in the user name on the sign-in page
    #[arg(long, value_name = "LOGIN", requires = "sign_in")]
    pub(crate) login_hint: Option<String>,
    /// Ask for the password even if the browser is still signed in
    #[arg(long, requires = "sign_in")]
    pub(crate) force: bool,
    /// How long to wait for the browser, or for the address on stdin
    #[arg(long, value_name = "SECS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=900))]
    #[arg(requires = "sign_in")]
    pub(crate) timeout: u64,
    /// Compare the configuration with this synthesized CloudFormation template, too
    #[arg(long, value_name = "FILE")]
    pub(crate) template: Option<UserPath>,
    /// Ask no server: look at the files and the stored session, and with --template whether they fit the template, before it
    /// is deployed
    #[arg(long, conflicts_with = "sign_in")]
    pub(crate) offline: bool,
    /// Show each setting, its value and where that comes from, instead of a report; asks no server
    #[arg(long, conflicts_with_all = ["sign_in", "template", "offline"])]
    pub(crate) explain: bool,
    /// Show what the ID token of whoever is signed in says, instead of a report; what may be personal is shortened, unless
    /// --template maps it to a tag or a role; asks no server
    #[arg(long, conflicts_with_all = ["sign_in", "offline"])]
    pub(crate) claims: bool,
    /// Show what is personal in full
    #[arg(long, requires = "claims")]
    pub(crate) all: bool,
}

impl DoctorArgs {
    /// The words that look at the same chain again, with the sign-in that was asked for.
    pub(crate) fn again(&self) -> Vec<&'static str> {
        let sign_in = self.sign_in.then_some("--sign-in");
        let by_hand = self.no_browser.then_some("--no-browser");
        std::iter::once("doctor").chain(sign_in).chain(by_hand).collect()
    }

    /// The sign-in that comes first.
    pub(crate) fn to_login(&self) -> LoginArgs {
        LoginArgs {
            no_browser: self.no_browser,
            list: None,
            limit: None,
            redirect_uri: None,
            login_hint: self.login_hint.clone(),
            force: self.force,
            max_age: None,
            param: Vec::new(),
            timeout: self.timeout,
        }
    }
}

#[derive(Debug, Clone, Args)]
pub(crate) struct LogoutArgs {
    /// Also tell Okta to revoke the refresh token, so that no copy of it is worth anything
    #[arg(long)]
    pub(crate) revoke: bool,
    /// Also end the browser's session at Okta (and revoke): else the next sign-in may ask for no password
    #[arg(long)]
    pub(crate) browser: bool,
    /// End every session in the store: all accounts, and what other configurations left there
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct ManArgs {
    /// The folder for the pages, one for each command; it is made
    #[arg(long, value_name = "DIR")]
    pub(crate) out: UserPath,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct SwitchArgs {
    /// The account, as `accounts` lists it
    pub(crate) name: String,
}

/// A parameter of the authorization request.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ExtraParameter {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// The value may be a secret.
impl std::fmt::Debug for ExtraParameter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExtraParameter").field("name", &self.name).finish_non_exhaustive()
    }
}

impl FromStr for ExtraParameter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok(Self { name: name.to_owned(), value: value.to_owned() }),
            _ => Err("expected\n  NAME=VALUE".to_owned()),
        }
    }
}

/// Where a host is to be reached instead of where the name service says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resolve {
    pub(crate) host: String,
    pub(crate) address: SocketAddr,
}

impl std::fmt::Display for Resolve {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:443:{}", self.host, self.address)
    }
}

impl FromStr for Resolve {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once(':').and_then(|(host, rest)| Some((host, rest.split_once(':')?)));
        // Issuers have no port, so that no other is of use.
        let address = match parts {
            Some((host, ("443", address))) if !host.is_empty() => {
                let bare = address.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
                address.parse().ok().or_else(|| Some(SocketAddr::new(bare.ok()?, 443)))
            }
            _ => None,
        };
        match (parts, address) {
            (Some((host, _)), Some(address)) => Ok(Self { host: host.to_ascii_lowercase(), address }),
            _ => Err("expected\n  HOST:443:ADDRESS or HOST:443:ADDRESS:PORT, the addresses in digits".to_owned()),
        }
    }
}

/// Where the session is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StoreChoice {
    /// The store that already holds the session, else the best one that works here.
    Auto,
    /// An encrypted file whose key is in the system's keyring.
    Keyring,
    /// Nowhere: the session ends with the process.
    Memory,
    /// An encrypted file in this folder, with its key beside it.
    File(UserPath),
}

impl FromStr for StoreChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "keyring" => Ok(Self::Keyring),
            "memory" => Ok(Self::Memory),
            _ => match text.strip_prefix("file:") {
                Some(path) if !path.is_empty() => UserPath::new(path).map(Self::File),
                _ => Err("expected\n  auto, keyring, memory or file:PATH".to_owned()),
            },
        }
    }
}

/// A fault of the local stack and how many requests it spoils.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FaultChoice {
    pub(crate) fault: Fault,
    pub(crate) times: u32,
    /// For a fault that waits.
    pub(crate) wait: Option<Duration>,
}

impl FromStr for FaultChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        fn number<N: FromStr>(text: &str) -> Result<N, String> {
            text.parse().map_err(|_| format!("'{text}' is not a number"))
        }
        let (name, amount) = text.split_once('=').unwrap_or((text, "1"));
        let (times, wait) = match amount.split_once(':') {
            Some((times, wait)) => (times, Some(Duration::from_secs(number(wait)?))),
            None => (amount, None),
        };
        let times = number(times)?;
        match Fault::ALL.iter().find(|fault| fault.name() == name) {
            Some(fault) if wait.is_some() && !fault.waits() => Err(format!("{name} does not wait: leave SECS out")),
            Some(&fault) => Ok(Self { fault, times, wait }),
            None => {
                let names: Vec<_> = Fault::ALL.iter().map(|fault| fault.name()).collect();
                Err(format!("the faults are:\n{}", wrap_beside("  ", &names.join(", "), 80)))
            }
        }
    }
}

/// What a refresh does to the local stack's refresh tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RotationChoice(pub(crate) Rotation);

impl FromStr for RotationChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            _ if text == "off" => Ok(Self(Rotation::Off)),
            // Okta takes no other grace.
            Ok(seconds @ 0..=60) => Ok(Self(Rotation::WithGrace(Duration::from_secs(seconds)))),
            _ => Err("expected\n  off, or the seconds for which the token before still works: 0 to 60".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_grammar_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn stores_are_named() {
        assert_eq!("auto".parse(), Ok(StoreChoice::Auto));
        assert_eq!("keyring".parse(), Ok(StoreChoice::Keyring));
        assert_eq!("memory".parse(), Ok(StoreChoice::Memory));
        assert_eq!("file:/a b/c".parse(), UserPath::new("/a b/c").map(StoreChoice::File));
        assert_eq!("file:~/jb".parse(), UserPath::new("~/jb").map(StoreChoice::File));
        for wrong in ["", "file:", "disk", "file", "file:~bob/jb"] {
            assert!(wrong.parse::<StoreChoice>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn parameters_have_a_name_and_a_value_that_may_be_anything() {
        let parameter = |text: &str| text.parse::<ExtraParameter>().map(|parameter| (parameter.name, parameter.value));
        assert_eq!(parameter("idp=a=b"), Ok(("idp".to_owned(), "a=b".to_owned())));
        assert_eq!(parameter("display="), Ok(("display".to_owned(), String::new())));
        assert!(parameter("idp").is_err() && parameter("=x").is_err());
    }

    #[test]
    fn an_override_names_a_host_and_where_it_really_is() {
        let resolve = |text: &str| text.parse::<Resolve>().map(|known| (known.host, known.address.to_string()));
        let known = |address: &str| Ok(("dev-1.okta.com".to_owned(), address.to_owned()));
        assert_eq!(resolve("dev-1.okta.com:443:127.0.0.1:4580"), known("127.0.0.1:4580"));
        assert_eq!(resolve("Dev-1.okta.com:443:127.0.0.1"), known("127.0.0.1:443"));
        assert_eq!(resolve("dev-1.okta.com:443:[::1]:4580"), known("[::1]:4580"));
        assert_eq!(resolve("dev-1.okta.com:443:[::1]"), known("[::1]:443"));
        for whole in ["dev-1.okta.com:443:127.0.0.1:4580", "dev-1.okta.com:443:[::1]:4580"] {
            assert_eq!(whole.parse::<Resolve>().unwrap().to_string(), whole);
        }
        for wrong in [
            "",
            "dev-1.okta.com",
            "dev-1.okta.com:443",
            "dev-1.okta.com:80:127.0.0.1",
            ":443:127.0.0.1",
            "dev-1.okta.com:443:localhost:4580",
            "dev-1.okta.com:443:127.0.0.1:port",
        ] {
            assert!(resolve(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn faults_have_a_name_and_perhaps_a_number() {
        let fault = |text: &str| text.parse::<FaultChoice>();
        assert_eq!(fault("s3-page-cut").unwrap().times, 1);
        assert_eq!(fault("s3-page-cut=7").unwrap().times, 7);
        assert_eq!(fault("token-slow=2:8").unwrap().wait, Some(Duration::from_secs(8)));
        for wrong in ["s3-page-cut=x", "s3-page-cut=", "token-slow=1:", "token-slow=1:x", "token-slow=:5"] {
            assert!(fault(wrong).unwrap_err().contains("not a number"), "{wrong}");
        }
        assert!(fault("s3-page-cut=1:5").unwrap_err().contains("leave SECS out"));
        assert!(fault("coffee-empty").unwrap_err().contains("s3-page-cut"));
    }

    #[test]
    fn rotation_is_off_or_has_a_grace_as_okta_allows_it() {
        let rotation = |text: &str| text.parse::<RotationChoice>().map(|choice| choice.0);
        assert_eq!(rotation("off"), Ok(Rotation::Off));
        for seconds in [0, 30, 60] {
            assert_eq!(rotation(&seconds.to_string()), Ok(Rotation::WithGrace(Duration::from_secs(seconds))));
        }
        for wrong in ["61", "-1", "on", "", "1.5"] {
            assert!(rotation(wrong).unwrap_err().contains("0 to 60"), "{wrong}");
        }
    }

    #[test]
    fn login_list_takes_a_prefix_or_none() {
        let list = |arguments: &[&str]| match Cli::try_parse_from(arguments).unwrap().command {
            Command::Login(login) => login.list,
            other => panic!("{other:?}"),
        };
        assert_eq!(list(&["jetbridge", "login"]), None);
        assert_eq!(list(&["jetbridge", "login", "--list"]).as_deref(), Some(""));
        assert_eq!(list(&["jetbridge", "login", "--list", "photos/"]).as_deref(), Some("photos/"));
    }
}
