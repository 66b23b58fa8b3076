//! The world around the clients that `cargo xtask bench` compares: the servers in a process of their own, a person at the
//! sign-in page, and a network that is near or far. What happens in it is `tests/speed`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::delay;
use super::peers::Peers;
use super::stage::{self, succeed};
use crate::cargo::{cargo, target_directory};
use crate::report::say;
use crate::sign_in::text;

/// Each way: a round trip takes twice as long.
pub(super) const FAR: Duration = Duration::from_millis(50);

/// What tokens and credentials last where a renewal is measured, and after which it is due: more than half of it.
pub(super) const LIVES: Duration = Duration::from_secs(8);
pub(super) const DUE: Duration = Duration::from_millis(4_500);

/// How far the servers are away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Distance {
    Near,
    Far,
}

impl Distance {
    /// What `localhost` is to a client.
    fn address(self) -> &'static str {
        match self {
            Self::Near => "127.0.0.1",
            Self::Far => "::1",
        }
    }

    /// The same in a URL.
    fn host(self) -> &'static str {
        match self {
            Self::Near => "127.0.0.1",
            Self::Far => "[::1]",
        }
    }
}

/// Servers and a person. Gone when dropped.
pub(super) struct World {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    facts: Value,
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl World {
    /// `lives`: how many seconds tokens and credentials last; an hour without.
    pub(super) fn start(root: &Path, folder: &Path, tls: bool, lives: Option<Duration>) -> Result<Self, String> {
        let mut command = Command::new(speed(root));
        command.arg("stack").arg(folder);
        if tls {
            command.arg("--tls");
        }
        if let Some(lives) = lives {
            command.args(["--lives", &lives.as_secs().to_string()]);
        }
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("the servers did not start: {error}"))?;
        let (Some(input), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err("the servers have no pipes".to_owned());
        };
        let mut world = Self { process, input, output: BufReader::new(output), facts: Value::Null };
        world.facts = world.read()?;
        let ports: Vec<u16> =
            serde_json::from_value(world.facts["ports"].clone()).map_err(|error| error.to_string())?;
        for port in ports {
            delay::open(port, FAR)?;
        }
        Ok(world)
    }

    fn read(&mut self) -> Result<Value, String> {
        let mut line = String::new();
        self.output.read_line(&mut line).map_err(|error| error.to_string())?;
        serde_json::from_str(&line).map_err(|error| format!("the servers have gone: {error}"))
    }

    fn ask(&mut self, command: &str) -> Result<Value, String> {
        writeln!(self.input, "{command}").map_err(|error| format!("the servers have gone: {error}"))?;
        self.read()
    }

    /// How often an operation was asked for since anything of this was asked last.
    pub(super) fn requests(&mut self) -> Result<impl Fn(&str) -> u64 + use<>, String> {
        let requests = self.ask("requests")?;
        Ok(move |operation: &str| requests[operation].as_u64().unwrap_or_default())
    }

    /// Runs a client to its end. Each address that it wants opened is one, and the person there takes so long.
    pub(super) fn converse(&mut self, mut command: Command, person: Duration) -> Result<Value, String> {
        let name = format!("{:?}", command.get_args().collect::<Vec<_>>());
        let mut client = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{} did not start: {error}", command.get_program().display()))?;
        let result = self.listen(&mut client, person);
        if result.is_err() {
            let _ = client.kill();
        }
        let status = client.wait().map_err(|error| error.to_string())?;
        let measured = result.map_err(|error| format!("{name}: {error} ({status})"))?;
        if status.success() { Ok(measured) } else { Err(format!("{name} ended with {status}")) }
    }

    fn listen(&mut self, client: &mut Child, person: Duration) -> Result<Value, String> {
        let (Some(mut input), Some(output)) = (client.stdin.take(), client.stdout.take()) else {
            return Err("no pipes".to_owned());
        };
        for line in BufReader::new(output).lines() {
            let line = line.map_err(|error| error.to_string())?;
            let event: Value = serde_json::from_str(&line).map_err(|error| format!("`{line}`: {error}"))?;
            if event["event"] == "measured" {
                return Ok(event);
            }
            let redirect = text(&self.ask(&format!("sign-in {}", text(&event, "url")?))?, "redirect")?;
            thread::sleep(person);
            writeln!(input, "{redirect}").map_err(|error| format!("went away: {error}"))?;
        }
        Err("it said nothing".to_owned())
    }

    /// A device at some distance, with nothing on it yet.
    pub(super) fn device<'a>(&self, clients: &'a Clients, folder: PathBuf, distance: Distance) -> Device<'a> {
        Device { clients, facts: self.facts.clone(), folder, distance, keys: Vec::new() }
    }
}

/// All that can be started.
pub(super) struct Clients {
    speed: PathBuf,
    jetbridge: PathBuf,
    peers: Peers,
}

impl Clients {
    /// Installs the others, then builds ours: what others lack is known in a second, and a build takes minutes.
    pub(super) fn prepare(root: &Path) -> Result<Self, String> {
        Self::build(root, Peers::install(root)?)
    }

    /// Ours alone; the others are not there to be started.
    pub(super) fn prepare_ours(root: &Path) -> Result<Self, String> {
        delay::check()?;
        Self::build(root, Peers::default())
    }

    fn build(root: &Path, peers: Peers) -> Result<Self, String> {
        say("building a release of jetbridge, and an app to be measured …");
        let build = ["build", "--release", "--locked", "--package", "jetbridge-cli", "--package", "jetbridge-speed"];
        succeed(&mut cargo(root, &build))?;
        Ok(Self { speed: speed(root), jetbridge: stage::program(root), peers })
    }

    pub(super) fn versions(&self) -> &str {
        &self.peers.versions
    }

    /// Whether the command line has this option of `ls`.
    pub(super) fn ls_has(&self, option: &str) -> bool {
        let help = Command::new(&self.jetbridge).args(["ls", "--help"]).output();
        help.is_ok_and(|help| String::from_utf8_lossy(&help.stdout).contains(option))
    }
}

fn speed(root: &Path) -> PathBuf {
    target_directory(root).join("release").join(format!("speed{}", std::env::consts::EXE_SUFFIX))
}

/// Where clients keep what they have: those of this project a session, the others what an app would keep by itself.
pub(super) struct Device<'a> {
    clients: &'a Clients,
    facts: Value,
    folder: PathBuf,
    distance: Distance,
    keys: Vec<(&'static str, String)>,
}

impl Device<'_> {
    pub(super) fn at(self, distance: Distance) -> Self {
        Self { distance, ..self }
    }

    fn surround(&self, mut command: Command) -> Command {
        let _ = std::fs::create_dir_all(&self.folder);
        let mut place = self.facts.clone();
        place["localhost"] = self.distance.address().into();
        place["store"] = json!(self.store());
        place["state"] = json!(self.folder.join("state.json"));
        place["s3_by_address"] = self.s3().into();
        command.env("JETBRIDGE_BENCH", place.to_string());
        if let Some(ca) = self.facts["ca"].as_str() {
            command.env("NODE_EXTRA_CA_CERTS", ca).env("AWS_CA_BUNDLE", ca);
        }
        command
            .envs(self.keys.iter().map(|(name, value)| (name, value)))
            .env("AWS_DEFAULT_REGION", "us-west-2")
            .env("AWS_CONFIG_FILE", self.folder.join("none"))
            .env("AWS_SHARED_CREDENTIALS_FILE", self.folder.join("none"))
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env_remove("SSL_CERT_FILE");
        command
    }

    fn store(&self) -> PathBuf {
        self.folder.join("store")
    }

    /// For clients that cannot be told where `localhost` is.
    fn s3(&self) -> String {
        self.facts["s3"].as_str().unwrap_or_default().replace("localhost", self.distance.host())
    }

    /// An app that stands on the core.
    pub(super) fn app(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.clients.speed);
        command.args(arguments);
        self.surround(command)
    }

    pub(super) fn node(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("node");
        // That a later version of the SDK will want a later one of Node.js.
        command.env("NODE_NO_WARNINGS", "1");
        command.arg(&self.clients.peers.node).args(arguments);
        self.surround(command)
    }

    pub(super) fn boto3(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.clients.peers.python);
        command.arg(&self.clients.peers.boto3).args(arguments);
        self.surround(command)
    }

    pub(super) fn aws_cli(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.clients.peers.python);
        command.args(["-m", "awscli", "--endpoint-url", &self.s3()]).args(arguments);
        self.surround(command)
    }

    /// The command line, over the same session as [`app`](Self::app).
    pub(super) fn jetbridge(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.clients.jetbridge);
        if let Some(ca) = self.facts["ca"].as_str() {
            command.args(["--ca-file", ca]);
        }
        command.args(["--resolve", &format!("localhost:443:{}", self.distance.host())]).args(arguments);
        let mut command = self.surround(command);
        command
            .env("JETBRIDGE_CONFIG", self.facts["config"].as_str().unwrap_or_default())
            .env("JETBRIDGE_STORE", format!("file:{}", self.store().display()));
        command
    }

    /// Gives the session's credentials to the clients that cannot sign in.
    pub(super) fn hand_over_keys(&mut self) -> Result<(), String> {
        let mut command = self.jetbridge(&["creds", "--format", "process"]);
        let output = command.output().map_err(|error| format!("creds did not start: {error}"))?;
        let keys: Value = serde_json::from_slice(&output.stdout)
            .map_err(|_| format!("creds: {}", String::from_utf8_lossy(&output.stderr).trim()))?;
        self.keys = vec![
            ("AWS_ACCESS_KEY_ID", text(&keys, "AccessKeyId")?),
            ("AWS_SECRET_ACCESS_KEY", text(&keys, "SecretAccessKey")?),
            ("AWS_SESSION_TOKEN", text(&keys, "SessionToken")?),
        ];
        Ok(())
    }
}
