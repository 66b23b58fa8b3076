//! One gigabyte up and down by the release program, which is killed three times on each way at moments that nobody chose. It
//! has to go on from there: no part that was finished may be sent again, memory must stay flat, and the bytes must be the same.
//! Run by `cargo xtask bench endurance`; `JETBRIDGE_ENDURANCE_MIB` sets another size than 1,000 MB.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use jetbridge::storage::{EncryptedFileStore, FileStoreOptions, KeySource};
use jetbridge::{Config, LoginOptions, Session};
use jetbridge_local_stack::{LocalStack, Options, RequestRecord, ScriptedBrowser};
use sha2::{Digest as _, Sha256};
use wait4::Wait4 as _;

type Failure = Box<dyn std::error::Error>;

const PART: u64 = 8 * 1024 * 1024;
const KILLS: usize = 3;
/// Requests that are under way at once: what is being sent when the process is killed is sent again.
const AT_ONCE: usize = 4;
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

    let parts = size.div_ceil(PART);
    let up = place.survive(&["put".as_ref(), source.as_os_str(), KEY.as_ref()], parts, "UploadPart").await?;
    say(&format!("up:   {up}"))?;
    let down = place.survive(&["get".as_ref(), KEY.as_ref(), target.as_os_str()], parts, "GetObject").await?;
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
    /// is through, and then a moment.
    async fn survive(&self, arguments: &[&std::ffi::OsStr], parts: u64, operation: &str) -> Result<String, Failure> {
        self.stack.log().clear();
        let mut peak = 0;
        let mut interrupted = Vec::new();
        for kill in 0..=KILLS {
            let mut command = Command::new(&self.program);
            command.args(["--quiet", "--config"]).arg(self.folder.join("config"));
            command.arg("--store").arg(format!("file:{}", self.folder.join("store").display())).args(arguments);
            command.env("JETBRIDGE_HOME", self.folder.join("home")).stdout(Stdio::null());
            let mut child = command.spawn()?;
            if kill < KILLS {
                let done = self.times(operation).len() as u64;
                let left = parts.saturating_sub(done);
                let wanted = done + 1 + fastrand::u64(0..(left / (KILLS as u64 + 1)).max(1));
                while (self.times(operation).len() as u64) < wanted && child.try_wait()?.is_none() {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                tokio::time::sleep(Duration::from_micros(fastrand::u64(0..20_000))).await;
                child.kill()?;
                let ended = child.wait4()?;
                if ended.status.success() {
                    return Err("it had ended before it could be killed".into());
                }
                peak = peak.max(ended.rusage.maxrss);
                interrupted.push(self.times(operation).len());
            } else {
                let ended = tokio::task::spawn_blocking(move || child.wait4()).await??;
                if !ended.status.success() {
                    return Err(format!("the last run failed: {}", ended.status).into());
                }
                peak = peak.max(ended.rusage.maxrss);
            }
        }
        let times = self.times(operation);
        let again = times.values().filter(|times| **times > 1).count();
        let most = KILLS * AT_ONCE;
        if again > most {
            return Err(format!("{again} parts went twice, more than the {most} that were under way").into());
        }
        if peak > MEMORY_LIMIT {
            return Err(format!("it took {} MiB", peak / 1024 / 1024).into());
        }
        Ok(format!(
            "{parts} parts of 8 MiB, killed after {interrupted:?}, {again} sent again (under way when it was killed: at most \
             {most}), peak memory {:.1} MiB",
            peak as f64 / 1_048_576.0
        ))
    }

    /// How often the stack has answered for each part.
    fn times(&self, operation: &str) -> HashMap<String, usize> {
        let mut times = HashMap::new();
        for record in self.stack.log().records() {
            if record.operation == operation && (200..300).contains(&record.status) {
                *times.entry(name_of(&record)).or_default() += 1;
            }
        }
        times
    }
}

/// Which part it was about: the number of an upload's, the range of a download's.
fn name_of(record: &RequestRecord) -> String {
    match (record.part, &record.range) {
        (Some(part), _) => part.to_string(),
        (None, Some(range)) => range.clone(),
        (None, None) => "all".to_owned(),
    }
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
