//! What every layout says of the release: its version, where its source lives, and the date of its commit, so that the same
//! commit makes the same bytes.

use std::path::Path;
use std::process::Command;

use crate::report::say;

/// The workspace's: the root's Cargo.toml is the one place.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Where the source lives, as Cargo.toml has it.
pub(super) fn repository(root: &Path) -> Result<String, String> {
    let file = root.join("Cargo.toml");
    let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let package = text.split_once("[workspace.package]").and_then(|(_, rest)| rest.split("\n[").next());
    let value = |line: &str| Some(line.strip_prefix("repository = \"")?.strip_suffix('"')?.to_owned());
    let address = package.and_then(|package| package.lines().find_map(value));
    let address = address.ok_or_else(|| format!("{} names no `repository` of the workspace", file.display()))?;
    // RFC 2606: nobody can have it.
    if address.contains(".invalid/") {
        say("the repository has no home yet (Cargo.toml, `repository`): the addresses in the packages lead nowhere");
    }
    Ok(address)
}

/// The toolchain that all is built with.
pub(super) fn rust(root: &Path) -> Result<String, String> {
    let file = root.join("rust-toolchain.toml");
    let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let channel = text.lines().find_map(|line| line.strip_prefix("channel = \"")?.strip_suffix('"'));
    channel.map(str::to_owned).ok_or_else(|| format!("{} has no channel", file.display()))
}

/// When the commit that is checked out was made. What is packed bears this time, as reproducible-builds.org,
/// "SOURCE_DATE_EPOCH", proposes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CommitDate {
    pub(super) epoch: u64,
    /// In UTC, as `2026-11-28T14:30:00Z`.
    pub(super) iso: String,
    /// In UTC, as `Sat, 28 Nov 2026 14:30:00 +0000`.
    pub(super) rfc2822: String,
}

impl CommitDate {
    pub(super) fn of(root: &Path) -> Result<Self, String> {
        let formats = [
            ["--date=raw", "--format=%ct"],
            ["--date=format-local:%Y-%m-%dT%H:%M:%SZ", "--format=%cd"],
            ["--date=format-local:%a, %d %b %Y %H:%M:%S +0000", "--format=%cd"],
        ];
        let [epoch, iso, rfc2822] = formats.map(|format| ask_git(root, format));
        let epoch = epoch?.parse().map_err(|_| "git gives no date of the commit".to_owned())?;
        Ok(Self { epoch, iso: iso?, rfc2822: rfc2822? })
    }

    /// Year, month, day, hour, minute, second.
    pub(super) fn fields(&self) -> Option<[u16; 6]> {
        let fields: Vec<u16> = self.iso.split(['-', 'T', ':', 'Z']).filter_map(|field| field.parse().ok()).collect();
        fields.try_into().ok()
    }
}

fn ask_git(root: &Path, format: [&str; 2]) -> Result<String, String> {
    let mut git = Command::new("git");
    git.args(["log", "-1"]).args(format).current_dir(root).env("TZ", "UTC0").env("LC_ALL", "C");
    let output = git.output().map_err(|error| format!("git did not start: {error}"))?;
    if !output.status.success() {
        return Err("git knows no commit here; packages are made from a clone, whose commit dates them".to_owned());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read by tools that do not know Cargo.toml, and by people.
    #[test]
    fn whoever_repeats_the_version_says_the_same() {
        for (file, words) in [
            ("android/pom.xml", format!("<artifactId>android</artifactId>\n  <version>{VERSION}</version>")),
            ("ios/App/project.yml", format!("MARKETING_VERSION: {VERSION}\n")),
            ("crates/core/README.md", format!("jetbridge = \"{VERSION}\"")),
            ("README.md", format!("(\"dev.jetbridge:jetbridge:{VERSION}\")")),
        ] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(text.contains(&words), "{file} does not say {words}");
        }
    }

    #[test]
    fn the_source_lives_where_the_workspace_says_and_nowhere_else() {
        let root = std::env::temp_dir().join(format!("jetbridge-home-{}", std::process::id()));
        std::fs::create_dir_all(&root).unwrap();
        let said = |text: &str| {
            std::fs::write(root.join("Cargo.toml"), text).unwrap();
            repository(&root)
        };
        let url = "https://example.com/ours";
        assert_eq!(said(&format!("[workspace.package]\nrepository = \"{url}\"\n[x]\n")), Ok(url.to_owned()));
        assert!(said(&format!("[workspace.package]\nversion = \"1\"\n[x]\nrepository = \"{url}\"\n")).is_err());
        std::fs::remove_dir_all(&root).unwrap();
    }

    #[test]
    fn a_commit_s_date_is_the_same_in_all_its_forms() {
        let date = CommitDate::of(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        let [year, month, day, hour, minute, second] = date.fields().unwrap();
        assert!(date.rfc2822.contains(&format!("{day:02} ")), "{date:?}");
        assert!(date.rfc2822.ends_with(&format!("{year} {hour:02}:{minute:02}:{second:02} +0000")), "{date:?}");
        // Days since 1970 by the number of leap days, January and February counted to the year before.
        let (y, m) = if month < 3 { (u64::from(year) - 1, month + 9) } else { (u64::from(year), month - 3) };
        let days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * u64::from(m) + 2) / 5 + u64::from(day) - 1 - 719_468;
        let seconds = u64::from(hour) * 3600 + u64::from(minute) * 60 + u64::from(second);
        assert_eq!(date.epoch, days * 86_400 + seconds);
    }
}
