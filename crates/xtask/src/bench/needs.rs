//! What a machine has to have for the clients that are compared with: looked for before anything is built, and told all at
//! once, with how it is got. Otherwise a newcomer would learn of it after a release build, one thing after the other.

use std::io::ErrorKind;
use std::process::{Command, Stdio};

/// A program that is needed, and how new.
#[derive(Debug)]
pub(super) struct Need {
    program: &'static str,
    /// As people call it, with the version.
    name: &'static str,
    /// Major and minor version.
    least: (u64, u64),
    /// Who needs it so new.
    why: &'static str,
    install: &'static str,
}

/// `engines` in `peers/node/package-lock.json`. Of openid-client, which has none, its README ("Node.js v20.x as baseline").
pub(super) const NODE: Need = Need {
    program: "node",
    name: "Node.js 20 or newer",
    least: (20, 0),
    why: "the AWS SDK for JavaScript and openid-client",
    install: "nodejs.org; macOS: brew install node; Debian 13: apt-get install nodejs npm",
};
/// The lock file has version 3 (docs.npmjs.com/cli/v7/configuring-npm/package-lock-json).
pub(super) const NPM: Need = Need {
    program: if cfg!(windows) { "npm.cmd" } else { "npm" },
    name: "npm 7 or newer",
    least: (7, 0),
    why: "the list of packages",
    install: "it comes with Node.js, nodejs.org; macOS: brew install node; Debian 13: apt-get install npm",
};
/// `Requires-Python` of the boto3, botocore, awscli, s3transfer and urllib3 in `crates/local-stack/tests/stock/requirements.txt`.
pub(super) const PYTHON: Need = Need {
    program: "python3",
    name: "Python 3.10 or newer",
    least: (3, 10),
    why: "boto3 and the AWS CLI",
    install: "python.org; macOS: brew install python; Debian: apt-get install python3 python3-venv",
};

impl Need {
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    fn advice(&self) -> String {
        format!("Install {} ({})", self.name, self.install)
    }

    pub(super) fn command(&self) -> Command {
        Command::new(self.program)
    }

    /// The version that is there, or what to do.
    pub(super) fn check(&self) -> Result<String, String> {
        let (program, install) = (self.program, self.advice());
        match self.command().arg("--version").stdin(Stdio::null()).output() {
            Ok(output) if output.status.success() => self.judge(&String::from_utf8_lossy(&output.stdout)),
            Ok(output) => Err(format!("{program} --version ended with {}. {install}", output.status)),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(format!("{program} was not found. {install}")),
            Err(error) => Err(format!("{program} did not start: {error}. {install}")),
        }
    }

    fn judge(&self, said: &str) -> Result<String, String> {
        let Self { program, least, why, .. } = self;
        let install = self.advice();
        match version(said) {
            Some((version, numbers)) if numbers >= *least => Ok(version.to_owned()),
            Some((version, _)) => Err(format!("{program} is version {version}, too old for {why}. {install}")),
            None => Err(format!("{program} did not tell its version, but `{}`. {install}", said.trim())),
        }
    }
}

/// As it is written, and its first two numbers: of `v20.20.2`, `11.19.1`, `Python 3.11.7`.
fn version(said: &str) -> Option<(&str, (u64, u64))> {
    said.split_whitespace().find_map(|word| {
        let version = word.trim_start_matches('v');
        let mut numbers = version.split('.').map(str::parse);
        let (Some(Ok(major)), Some(Ok(minor))) = (numbers.next(), numbers.next()) else { return None };
        Some((version, (major, minor)))
    })
}

/// Python, and what makes an environment with pip: Debian has that in a package of its own.
pub(super) fn check_python() -> Result<(), String> {
    let version = PYTHON.check()?;
    let mut import = PYTHON.command();
    import.args(["-c", "import ensurepip, venv"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if import.status().is_ok_and(|status| status.success()) {
        return Ok(());
    }
    Err(format!("python3 {version} makes no environment with pip. {}", PYTHON.advice()))
}

/// All that failed, a line each.
pub(super) fn all(checks: impl IntoIterator<Item = Result<(), String>>) -> Result<(), String> {
    let failed: Vec<String> = checks.into_iter().filter_map(Result::err).collect();
    if failed.is_empty() { Ok(()) } else { Err(failed.join("\n")) }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn versions_are_read_as_programs_write_them() {
        assert_eq!(version("v20.20.2\n"), Some(("20.20.2", (20, 20))));
        assert_eq!(version("11.19.1\n"), Some(("11.19.1", (11, 19))));
        assert_eq!(version("Python 3.14.0rc2"), Some(("3.14.0rc2", (3, 14))));
        assert_eq!(version("v24"), None);
        assert_eq!(version("no version"), None);
    }

    #[test]
    fn what_is_too_old_is_told_with_what_is_new_enough() {
        let old = NODE.judge("v18.19.1\n").unwrap_err();
        assert!(old.starts_with("node is version 18.19.1, too old for the AWS SDK"), "{old}");
        assert!(old.contains("Install Node.js 20 or newer (nodejs.org; macOS: brew install node; Debian"), "{old}");
        assert_eq!(NODE.judge("v20.0.0").as_deref(), Ok("20.0.0"));
        assert!(PYTHON.judge("Python 3.9.18").unwrap_err().contains("Python 3.10 or newer"), "not by its letters");
        assert_eq!(PYTHON.judge("Python 3.10.0").as_deref(), Ok("3.10.0"));
        let odd = NPM.judge("pyenv: no such command\n").unwrap_err();
        assert!(odd.contains("did not tell its version, but `pyenv: no such command`. Install"), "{odd}");
    }

    #[test]
    fn all_that_is_missing_is_told_at_once() {
        let missing = |need: Need| Need { program: "jetbridge-no-such-program", ..need };
        let told = all([missing(NODE).check().map(drop), Ok(()), missing(PYTHON).check().map(drop)]).unwrap_err();
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(lines.len(), 2, "{told}");
        assert!(lines[0].starts_with("jetbridge-no-such-program was not found. Install Node.js"), "{told}");
        assert!(lines[1].contains("Install Python"), "{told}");
        assert_eq!(all([Ok(()), Ok(())]), Ok(()));
    }

    #[test]
    fn node_is_as_new_as_the_pinned_packages_want_it() {
        let lock: Value = serde_json::from_str(include_str!("peers/node/package-lock.json")).unwrap();
        let packages = lock["packages"].as_object().unwrap();
        let wanted = packages.values().filter_map(|package| package["engines"]["node"].as_str());
        let wanted = wanted.map(|range| {
            let numbers = range.strip_prefix(">=").unwrap_or_else(|| panic!("{range}: not read by this test"));
            version(&format!("{numbers}.0")).unwrap().1
        });
        assert_eq!(wanted.max(), Some(NODE.least));
        assert_eq!(lock["lockfileVersion"], 3);
    }

    #[test]
    fn what_to_install_is_new_enough() {
        assert_eq!(NODE.name, format!("Node.js {} or newer", NODE.least.0));
        assert_eq!(NPM.name, format!("npm {} or newer", NPM.least.0));
        assert_eq!(PYTHON.name, format!("Python {}.{} or newer", PYTHON.least.0, PYTHON.least.1));
    }
}
