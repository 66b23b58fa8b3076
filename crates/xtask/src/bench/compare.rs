//! `cargo xtask bench`: the table and the charts of the README. Each piece of work by this project and by what engineers would
//! use instead, near and far, with and without TLS, one after the other in each round and in a process of its own each time,
//! so that a ratio compares what the same machine did in the same minute.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use super::figures::{Sample, sample};
use super::footnote::footnote;
use super::process::whole;
use super::results::{Line, Results};
use super::works::{By, NETWORKS, Network, PARALLEL, When};
use super::world::{Clients, DUE, Device, Distance, LIVES, World};
use crate::cargo::target_directory;
use crate::report::say;

const ROUNDS: usize = 5;
/// Between the address that is to be opened and the redirect. Nobody types a password faster; so long the connection to Okta
/// lasts that openid-client has from asking for its endpoints.
const PERSON: Duration = Duration::from_secs(1);
const OBJECTS: usize = 100_000;

/// What was asked for on the command line.
#[derive(Debug, PartialEq, Eq)]
struct Wish {
    rounds: usize,
    /// Where the charts go, without their endings.
    svg: Option<PathBuf>,
}

impl Wish {
    fn parse(root: &Path, arguments: &[String]) -> Result<Self, String> {
        let mut wish = Self { rounds: ROUNDS, svg: None };
        let mut rest = arguments.iter().map(String::as_str).peekable();
        while let Some(argument) = rest.next() {
            match argument {
                "--rounds" => {
                    let number = rest.next().and_then(|number| number.parse().ok());
                    wish.rounds = number.filter(|rounds| *rounds > 0).ok_or("--rounds takes a number")?;
                }
                "--svg" => {
                    let named = rest.next_if(|next| !next.starts_with("--"));
                    wish.svg = Some(named.map_or_else(|| root.join("docs/images/speed"), PathBuf::from));
                }
                _ => {
                    return Err(format!(
                        "bench takes --rounds N, --svg [PREFIX] or the name of a part, not `{argument}`; cargo xtask bench --help \
                         says more"
                    ));
                }
            }
        }
        Ok(wish)
    }
}

/// Builds, measures, prints. Fails when somebody did other work than the rest, and when an aim is not met.
pub(super) fn run(root: &Path, arguments: &[String]) -> Result<(), String> {
    let wish = Wish::parse(root, arguments)?;
    let clients = Clients::prepare(root)?;
    let mut stage = Stage::set_up(root, &clients)?;
    for round in 1..=wish.rounds {
        say(&format!("round {round} of {}", wish.rounds));
        for network in 0..NETWORKS.len() {
            stage.ordinary(round, network)?;
            stage.due(round, network)?;
        }
    }
    say("listings");
    for network in 0..NETWORKS.len() {
        stage.long(network)?;
    }
    say(&format!("\n{}\n", stage.results.table()));
    say(&footnote(wish.rounds, &machine(), clients.versions()));
    if let Some(prefix) = wish.svg {
        stage.results.draw(&prefix)?;
    }
    let unmet = stage.results.unmet();
    if unmet.is_empty() { Ok(()) } else { Err(unmet.join("; ")) }
}

/// What was measured on.
fn machine() -> String {
    let cores = thread::available_parallelism().map_or(0, usize::from);
    format!("{} {} with {cores} cores", std::env::consts::OS, std::env::consts::ARCH)
}

/// Where it all happens: without and with TLS, and both once more with short lives.
struct Stage<'a> {
    clients: &'a Clients,
    folder: PathBuf,
    worlds: [World; 2],
    fleeting: [World; 2],
    results: Results,
}

impl Drop for Stage<'_> {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl<'a> Stage<'a> {
    fn set_up(root: &Path, clients: &'a Clients) -> Result<Self, String> {
        let folder = target_directory(root).join(format!("bench-{}", std::process::id()));
        let start = |tls: bool, lives: Option<Duration>| {
            World::start(root, &folder.join(format!("config-{tls}-{}", lives.is_some())), tls, lives)
        };
        let worlds = [start(false, None)?, start(true, None)?];
        let fleeting = [start(false, Some(LIVES))?, start(true, Some(LIVES))?];
        Ok(Self { clients, folder, worlds, fleeting, results: Results::new(clients.ls_has(PARALLEL)) })
    }

    /// All that follows on a sign-in; and, once in a round, what needs nobody.
    fn ordinary(&mut self, round: usize, network: usize) -> Result<(), String> {
        let Network { distance, tls } = NETWORKS[network];
        let world = &mut self.worlds[usize::from(tls)];
        let folder = self.folder.join(format!("device-{round}-{network}"));
        let mut device = world.device(self.clients, folder, distance);
        for line in self.results.lines.iter_mut() {
            let is_now = line.work.when == When::Ordinary || (line.work.when == When::Alone && network == 0);
            if is_now {
                measure(world, &mut device, line, network)?;
            }
        }
        Ok(())
    }

    /// Each with a sign-in of its own, after which all wait together.
    fn due(&mut self, round: usize, network: usize) -> Result<(), String> {
        let Network { distance, tls } = NETWORKS[network];
        let world = &mut self.fleeting[usize::from(tls)];
        let mut waiting = Vec::new();
        for (number, line) in self.results.lines.iter_mut().enumerate().filter(|(_, line)| line.work.when == When::Due)
        {
            let folder = self.folder.join(format!("due-{round}-{network}-{number}"));
            let device = world.device(self.clients, folder, Distance::Near);
            let sign_in = &["sign-in"];
            let command = if let By::Node(_) = line.run.by { device.node(sign_in) } else { device.app(sign_in) };
            world.converse(command, Duration::ZERO)?;
            waiting.push((line, device.at(distance)));
        }
        thread::sleep(DUE);
        for (line, mut device) in waiting {
            measure(world, &mut device, line, network)?;
        }
        Ok(())
    }

    fn long(&mut self, network: usize) -> Result<(), String> {
        let Network { distance, tls } = NETWORKS[network];
        let world = &mut self.worlds[usize::from(tls)];
        let mut device = world.device(self.clients, self.folder.join(format!("long-{network}")), Distance::Near);
        world.converse(device.app(&["sign-in"]), Duration::ZERO)?;
        world.converse(device.node(&["sign-in"]), Duration::ZERO)?;
        device = device.at(distance);
        for line in self.results.lines.iter_mut().filter(|line| line.work.when == When::Long) {
            measure(world, &mut device, line, network)?;
        }
        Ok(())
    }
}

/// One run, which becomes one sample of the line.
fn measure(world: &mut World, device: &mut Device<'_>, line: &mut Line, network: usize) -> Result<(), String> {
    let Line { work, run, .. } = line;
    if matches!(run.by, By::Boto3(_) | By::AwsCli(_)) {
        device.hand_over_keys()?;
    }
    let _ = world.requests()?;
    let is_whole = matches!(work.when, When::Long);
    let sample = match run.by {
        By::App(arguments) => told(world, device.app(arguments))?,
        By::Node(arguments) if !is_whole => told(world, device.node(arguments))?,
        By::Boto3(arguments) if !is_whole => told(world, device.boto3(arguments))?,
        By::Node(arguments) => whole(device.node(arguments))?.of(OBJECTS)?,
        By::Boto3(arguments) => whole(device.boto3(arguments))?.of(OBJECTS)?,
        By::CommandLine(arguments) if is_whole => whole(device.jetbridge(arguments))?.lines(OBJECTS)?,
        By::AwsCli(arguments) if is_whole => whole(device.aws_cli(arguments))?.lines(OBJECTS)?,
        By::CommandLine(arguments) => whole(device.jetbridge(arguments))?.sample,
        By::AwsCli(arguments) => whole(device.aws_cli(arguments))?.sample,
    };
    let requests = world.requests()?;
    if let Some((operation, times)) = work.requests.iter().find(|(operation, times)| requests(operation) != *times) {
        let asked = requests(operation);
        return Err(format!("{}, {}: {asked} times {operation} instead of {times}", work.what, run.who));
    }
    line.pages.push(requests("ListObjectsV2"));
    line.samples[network].push(sample);
    Ok(())
}

/// What a client says that it took.
fn told(world: &mut World, command: Command) -> Result<Sample, String> {
    let measured = world.converse(command, PERSON)?;
    sample(&measured, "ms")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wished_is_understood() {
        let parse = |arguments: &[&str]| {
            Wish::parse(Path::new("/r"), &arguments.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(parse(&[]), Ok(Wish { rounds: ROUNDS, svg: None }));
        let default = Some("/r/docs/images/speed".into());
        assert_eq!(parse(&["--svg", "--rounds", "2"]), Ok(Wish { rounds: 2, svg: default }));
        assert_eq!(parse(&["--svg", "x"]), Ok(Wish { rounds: ROUNDS, svg: Some("x".into()) }));
        for wrong in [&["--rounds"][..], &["--rounds", "0"], &["--fast"]] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
