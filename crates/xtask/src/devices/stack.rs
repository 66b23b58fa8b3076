//! The local stack beside a device: started, waited for, and ended with whoever started it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::waiting::Patience;
use crate::cargo::{WITH_FEATURES_OF_TESTS, cargo, forget_package, target_directory};
use crate::programs::run;

/// The apps' configuration for it names these ports: five from here on.
pub(crate) const PORT: u16 = 9400;

/// A stack that is ready, until it is dropped.
#[derive(Debug)]
pub(crate) struct Stack {
    child: Child,
    /// Okta's, Cognito's, S3's, STS' and the API's.
    pub(crate) ports: Vec<u16>,
}

impl Stack {
    /// Builds the command line and starts its stack at the ports of the apps' configuration, which is written to `config`.
    pub(crate) fn build_and_start(root: &Path, config: &Path, log: &Path, patience: Patience) -> Result<Self, String> {
        // As the tests build it, so that nothing is compiled twice.
        let mut build = cargo(root, &["build", "--workspace", "--locked"]);
        build.args(WITH_FEATURES_OF_TESTS);
        run(build)?;
        Self::start(&built(root), PORT, config, log, patience)
    }

    /// Starts the stack of this program; what it says goes to `log`.
    pub(crate) fn start(
        program: &Path,
        port: u16,
        config: &Path,
        log: &Path,
        patience: Patience,
    ) -> Result<Self, String> {
        let file = |error| format!("{}: {error}", log.display());
        std::fs::create_dir_all(log.parent().unwrap_or(log)).map_err(file)?;
        let output = File::create(log).map_err(file)?;
        let mut command = Command::new(program);
        command
            .args(["local-stack", "--json", "--overwrite", "--port", &port.to_string(), "--write-config"])
            .arg(config);
        command.stdin(Stdio::null()).stdout(output.try_clone().map_err(file)?).stderr(output);
        forget_package(&mut command);
        let child = command.spawn().map_err(|error| format!("{} did not start: {error}", program.display()))?;
        // From here on it is ended by whatever happens.
        let mut stack = Self { child, ports: Vec::new() };
        let ready = patience.wait(|| {
            let said = std::fs::read_to_string(log).map_err(file)?;
            if let Some(ports) = said.lines().find_map(ready_ports) {
                return Ok(Some(ports));
            }
            match stack.child.try_wait() {
                Ok(None) => Ok(None),
                _ => Err(format!("the local stack has ended: {}", said.trim())),
            }
        })?;
        stack.ports = ready.ok_or_else(|| format!("the local stack does not get ready, see {}", log.display()))?;
        Ok(stack)
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // It keeps nothing that would have to be saved.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The command line as cargo builds it.
pub(crate) fn built(root: &Path) -> PathBuf {
    target_directory(root).join("debug").join(format!("jetbridge{}", std::env::consts::EXE_SUFFIX))
}

/// The ports of the event that says that all of them answer.
fn ready_ports(line: &str) -> Option<Vec<u16>> {
    let event: Value = serde_json::from_str(line).ok()?;
    if event["event"] != "ready" {
        return None;
    }
    ["issuer", "cognito", "s3", "sts", "api"].iter().map(|service| port(event[service].as_str()?)).collect()
}

fn port(url: &str) -> Option<u16> {
    let authority = url.split_once("://")?.1.split('/').next()?;
    authority.rsplit_once(':')?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_ports_are_those_of_the_stacks_own_word() {
        let line = r#"{"event":"ready","issuer":"http://127.0.0.1:9400/oauth2/default","cognito":"http://127.0.0.1:9401/","s3":"http://127.0.0.1:9402/","sts":"http://127.0.0.1:9403/","api":"http://127.0.0.1:9404/prod","client_id":"0oa"}"#;
        assert_eq!(ready_ports(line), Some(vec![9400, 9401, 9402, 9403, 9404]));
        assert_eq!(ready_ports(&line.replace("ready", "stopped")), None);
        assert_eq!(ready_ports(&line.replace("\"api\"", "\"nothing\"")), None);
        assert_eq!(ready_ports("The local stack is ready."), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_stack_that_ends_at_once_is_told_with_its_own_words() {
        let folder = std::env::temp_dir().join(format!("jetbridge-stack-{}", std::process::id()));
        let patience = Patience { looks: 100, pause: Duration::from_millis(20) };
        let told = Stack::start(Path::new("/bin/ls"), 9400, &folder, &folder.join("log"), patience).unwrap_err();
        assert!(told.starts_with("the local stack has ended: ") && told.contains("--json"), "{told}");
        assert!(
            Stack::start(&folder.join("none"), 9400, &folder, &folder.join("log"), patience)
                .unwrap_err()
                .contains("did not start")
        );
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
