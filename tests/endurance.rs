//! One gigabyte up and down by the release program, which is killed three times on each way at moments that nobody chose. It
//! has to go on from there: after each kill the program's own journal says which parts are finished, and none of these may be
//! asked for again, by the stack's log. Memory must stay flat, and the bytes must be the same. Run by `cargo xtask bench
//! endurance`; `JETBRIDGE_ENDURANCE_MIB` sets another size than 1,000 MB.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::io::{Read as _, Write as _};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use jetbridge::storage::{EncryptedFileStore, FileStoreOptions, KeySource};
use jetbridge::{Config, LoginOptions, Session};
use jetbridge_local_stack::{LocalStack, Options, RequestRecord, ScriptedBrowser};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

type Failure = Box<dyn std::error::Error>;

const PART: u64 = 8 * 1024 * 1024;
const KILLS: usize = 3;
const MEMORY_LIMIT: u64 = 64 * 1024 * 1024;
const KEY: &str = "endurance/large.bin";

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let program = PathBuf::from(std::env::var_os("JETBRIDGE_PROGRAM").ok_or("JETBRIDGE_PROGRAM names the program")?);
    let size = match std::env::var("JETBRIDGE_ENDURANCE_MIB") {
        Ok(mebibytes) => mebibytes.parse::<u64>()? * 1024 * 1024,
        Err(_) => 1_000_000_000,
    };
    let folder = tempfile::tempdir()?;
    let stack = LocalStack::start(Options::default()).await?;
    let place = Place { program, folder: folder.path().to_owned(), stack: &stack };
    place.sign_in().await?;
    let (source, target) = (place.folder.join("source"), place.folder.join("target"));
    let digest = write_noise(&source, size)?;

    let up = place.survive(&["put".as_ref(), source.as_os_str(), KEY.as_ref()], size, Way::Up).await?;
    say(&format!("up:   {up}"))?;
    let down = place.survive(&["get".as_ref(), KEY.as_ref(), target.as_os_str()], size, Way::Down).await?;
    say(&format!("down: {down}"))?;
    if digest_of(&target)? != digest {
        return Err("other bytes came down than went up".into());
    }
    say("the bytes that came down are those that went up (SHA-256)")
}

struct Place<'a> {
    program: PathBuf,
    folder: PathBuf,
    stack: &'a LocalStack,
}

impl Place<'_> {
    /// In this process, over the store that the program uses.
    async fn sign_in(&self) -> Result<(), Failure> {
        let config = self.folder.join("config");
        std::fs::create_dir(&config)?;
        let files = self.stack.config_files();
        std::fs::write(config.join("okta-config.json"), &files.okta_config)?;
        std::fs::write(config.join("aws-exports.json"), &files.aws_exports)?;
        let options = FileStoreOptions {
            key_source: Some(KeySource::KeyFile),
            ..FileStoreOptions::new(self.folder.join("store"))
        };
        let store = std::sync::Arc::new(EncryptedFileStore::open(options)?);
        let session = Session::open(Config::load(&config)?, store)?;
        let request = session.begin_login(LoginOptions::default()).await?;
        let user = &self.stack.options().users[0];
        let redirect = ScriptedBrowser::new(None)?.sign_in(&request.url, &user.login, &user.password).await?;
        session.complete_login(&redirect).await?;
        session.settle().await;
        Ok(())
    }

    /// Runs the program until it succeeds, and kills it as often as planned before: each time after a part more than before
    /// is finished, or a few more, and then a moment.
    async fn survive(&self, arguments: &[&OsStr], size: u64, way: Way) -> Result<String, Failure> {
        let parts = size.div_ceil(PART);
        self.stack.log().clear();
        let mut peak = 0;
        let mut kills = Vec::new();
        for kill in 0..=KILLS {
            let before = self.finished(way)?;
            let asked = self.asked(way)?;
            let mut command = Command::new(&self.program);
            command.args(["--quiet", "--json", "--config"]).arg(self.folder.join("config"));
            command.arg("--store").arg(format!("file:{}", self.folder.join("store").display())).args(arguments);
            command.env("JETBRIDGE_HOME", self.folder.join("home")).stdout(Stdio::piped());
            let mut child = command.spawn()?;
            let left = parts.saturating_sub(before.len() as u64);
            let wanted = before.len() as u64 + 1 + fastrand::u64(0..(left / (KILLS as u64 + 1)).max(1));
            while kill == KILLS || (self.finished(way)?.len() as u64) < wanted {
                peak = peak.max(peak_memory(child.id()));
                if child.try_wait()?.is_some() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            if kill < KILLS {
                tokio::time::sleep(Duration::from_micros(fastrand::u64(0..20_000))).await;
                peak = peak.max(peak_memory(child.id()));
                child.kill()?;
            }
            let ended = child.wait_with_output()?;
            if kill < KILLS {
                if ended.status.code().is_some() {
                    return Err(format!("it had ended before it could be killed: {}", ended.status).into());
                }
                kills.push(self.finished(way)?.len());
            } else {
                if !ended.status.success() {
                    return Err(format!("the last run failed: {}", ended.status).into());
                }
                let told: Value = serde_json::from_slice(&ended.stdout)?;
                let resumed: u64 = before.iter().map(|part| PART.min(size - part * PART)).sum();
                if told["resumed"] != resumed {
                    return Err(format!("{} parts were finished, and it told {told}", before.len()).into());
                }
            }
            let again = self.asked(way)?;
            for part in &before {
                let (then, now) = (asked.get(part).copied().unwrap_or(0), again.get(part).copied().unwrap_or(0));
                if then == 0 {
                    return Err(format!("part {part} is finished, and the stack never saw it").into());
                }
                if now > then {
                    return Err(format!("part {part} was finished before kill {kill}, and was asked for again").into());
                }
            }
        }
        if peak > MEMORY_LIMIT {
            return Err(format!("it took {} MiB", peak / 1024 / 1024).into());
        }
        let twice = self.asked(way)?.values().filter(|times| **times > 1).count();
        Ok(format!(
            "{parts} parts of 8 MiB; killed when {kills:?} of them were finished, none of which was asked for again; {twice} \
             that were under way were; peak memory {}",
            if peak == 0 { "not told here".to_owned() } else { format!("{:.1} MiB", peak as f64 / 1_048_576.0) }
        ))
    }

    /// The parts that the program's own journal has, counted from 0. A line is a part, and half a line is none.
    fn finished(&self, way: Way) -> Result<BTreeSet<u64>, Failure> {
        let (folder, ending) = match way {
            Way::Up => (self.folder.join("home/transfers/jetbridge-uploads"), ".upload"),
            Way::Down => (self.folder.clone(), ".jetbridge-journal"),
        };
        let mut finished = BTreeSet::new();
        // There is none yet.
        let Ok(entries) = std::fs::read_dir(folder) else { return Ok(finished) };
        for entry in entries {
            let path = entry?.path();
            if !path.to_string_lossy().ends_with(ending) {
                continue;
            }
            // It is gone when all is there.
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            for line in text.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
                let line: Value = serde_json::from_str(line)?;
                let part = match way {
                    Way::Up => line["part"]["number"].as_u64().map(|number| number - 1),
                    Way::Down => line["part"].as_u64(),
                };
                finished.extend(part);
            }
        }
        Ok(finished)
    }

    /// How often the stack was asked for each part, or for some of its bytes, however it answered.
    fn asked(&self, way: Way) -> Result<BTreeMap<u64, usize>, Failure> {
        let mut times = BTreeMap::new();
        for record in self.stack.log().records() {
            let parts = match (way, record.operation) {
                (Way::Up, "UploadPart") => record.part.map(|number| (number - 1).into()..=(number - 1).into()),
                (Way::Down, "GetObject") => Some(parts_in(&record)?),
                _ => None,
            };
            for part in parts.into_iter().flatten() {
                *times.entry(part).or_default() += 1;
            }
        }
        Ok(times)
    }
}

/// The most bytes of memory that a process has had; 0 where the system does not tell, and of one that has ended. What `wait4`
/// tells would count in what it had before `execve`: that of this process, with the stack in it.
fn peak_memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kibibytes.unwrap_or(0) * 1024
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Up,
    Down,
}

/// The parts that an answer's bytes are of: `bytes FIRST-LAST/SIZE` (RFC 9110 §14.4). Of an object of unknown size all is asked
/// for first, the first part is read, and the connection closed (ADR 0017).
fn parts_in(record: &RequestRecord) -> Result<RangeInclusive<u64>, Failure> {
    if record.status == 200 && record.range.is_none() {
        return Ok(0..=0);
    }
    let range = record.range.as_deref().and_then(|range| range.strip_prefix("bytes "));
    let ends = range.and_then(|range| range.split_once('/')?.0.split_once('-'));
    let (first, last) = ends.ok_or_else(|| format!("no range was answered with: {record:?}"))?;
    Ok(first.parse::<u64>()? / PART..=last.parse::<u64>()? / PART)
}

/// Writes bytes that cannot be compressed, the same in each run (xorshift), and gives their digest.
fn write_noise(path: &Path, size: u64) -> Result<String, Failure> {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    let mut hash = Sha256::new();
    let (mut state, mut left) = (0x9e37_79b9_7f4a_7c15_u64, size);
    let mut block = Vec::with_capacity(64 * 1024);
    while left > 0 {
        block.clear();
        while block.len() < 64 * 1024 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            block.extend_from_slice(&state.to_le_bytes());
        }
        block.truncate(usize::try_from(left).unwrap_or(usize::MAX).min(block.len()));
        hash.update(&block);
        file.write_all(&block)?;
        left -= block.len() as u64;
    }
    file.flush()?;
    Ok(hex(hash))
}

fn digest_of(path: &Path) -> Result<String, Failure> {
    let mut file = std::fs::File::open(path)?;
    let mut hash = Sha256::new();
    let mut block = vec![0; 64 * 1024];
    loop {
        match file.read(&mut block)? {
            0 => return Ok(hex(hash)),
            length => hash.update(&block[..length]),
        }
    }
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn say(line: &str) -> Result<(), Failure> {
    writeln!(std::io::stdout(), "{line}")?;
    Ok(())
}
