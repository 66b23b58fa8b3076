//! The Homebrew formula: each archive for a system that Homebrew knows, by its address and its checksum. It is written from
//! the archives in the folder, so that a release whose builds were gathered from several machines has all of them.
//!
//! Source: docs.brew.sh/Formula-Cookbook, "Completions" and "Handling different system configurations".

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::facts::VERSION;
use super::sums::hex;

pub(crate) const FILE: &str = "jetbridge.rb";

/// Triple, system and processor as the formula's blocks are called.
const SYSTEMS: &[(&str, &str, &str)] = &[
    ("aarch64-apple-darwin", "on_macos", "on_arm"),
    ("x86_64-apple-darwin", "on_macos", "on_intel"),
    ("x86_64-unknown-linux-gnu", "on_linux", "on_intel"),
];

pub(super) fn build(out: &Path, repository: &str) -> Result<PathBuf, String> {
    let mut systems = String::new();
    for (triple, system, processor) in SYSTEMS {
        let name = format!("jetbridge-{VERSION}-{triple}.tar.gz");
        let Ok(archive) = std::fs::read(out.join(&name)) else { continue };
        let sum = hex(&Sha256::digest(&archive));
        let url = format!("{repository}/releases/download/v{VERSION}/{name}");
        systems.push_str(&format!(
            "\n  {system} do\n    {processor} do\n      url \"{url}\"\n      sha256 \"{sum}\"\n    end\n  end\n"
        ));
    }
    if systems.is_empty() {
        return Err(format!("{}: there is no archive for a system that Homebrew knows", out.display()));
    }
    // One for a single system says so.
    if !systems.contains("on_macos") {
        systems.insert_str(0, "\n  depends_on arch: :x86_64\n  depends_on :linux\n");
    }
    let file = out.join(FILE);
    let formula = FORMULA.replace("@REPOSITORY@", repository).replace("@SYSTEMS@", &systems);
    std::fs::write(&file, formula).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(file)
}

const FORMULA: &str = r##"class Jetbridge < Formula
  desc "Sign in with Okta once and use AWS as that user"
  homepage "@REPOSITORY@"
  license any_of: ["MIT", "Apache-2.0"]
@SYSTEMS@
  def install
    bin.install "jetbridge"
    man1.install Dir["man/*.1"]
    bash_completion.install "completions/jetbridge.bash" => "jetbridge"
    zsh_completion.install "completions/_jetbridge"
    fish_completion.install "completions/jetbridge.fish"
    doc.install "README.md", "THIRD-PARTY-LICENSES.txt", "THIRD-PARTY-RUST.html"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/jetbridge --version")
    assert_match "objects", shell_output("#{bin}/jetbridge demo")
  end
end
"##;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_formula_has_each_archive_that_is_there_with_its_checksum() {
        let folder = std::env::temp_dir().join(format!("jetbridge-brew-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        assert!(build(&folder, "https://example.com/j").unwrap_err().contains("no archive"));
        for triple in ["x86_64-unknown-linux-gnu", "aarch64-apple-darwin", "x86_64-unknown-linux-musl"] {
            std::fs::write(folder.join(format!("jetbridge-{VERSION}-{triple}.tar.gz")), "abc").unwrap();
        }
        let formula = std::fs::read_to_string(build(&folder, "https://example.com/j").unwrap()).unwrap();
        assert!(!formula.contains("depends_on"), "{formula}");
        std::fs::remove_file(folder.join(format!("jetbridge-{VERSION}-aarch64-apple-darwin.tar.gz"))).unwrap();
        let linux_alone = std::fs::read_to_string(build(&folder, "https://example.com/j").unwrap()).unwrap();
        assert!(linux_alone.contains("depends_on :linux"), "{linux_alone}");
        std::fs::remove_dir_all(&folder).unwrap();
        for triple in ["x86_64-unknown-linux-gnu", "aarch64-apple-darwin"] {
            let name = format!("jetbridge-{VERSION}-{triple}.tar.gz");
            let url = format!("url \"https://example.com/j/releases/download/v{VERSION}/{name}\"");
            assert!(formula.contains(&url), "{formula}");
        }
        // The digest of "abc" in FIPS 180-2, appendix B.1.
        let sum = "sha256 \"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"";
        assert_eq!(formula.matches(sum).count(), 2);
        assert!(!formula.contains('@') && !formula.contains("musl"), "{formula}");
    }
}
