//! The repository's files as Git sees them: what is built here or lies about is not there for others.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// The files that Git knows or would add, with `/` between their folders, and what is in those that are read here.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub(super) paths: BTreeSet<String>,
    pub(super) texts: BTreeMap<String, String>,
}

impl Files {
    pub(super) fn read(root: &Path) -> Result<Self, String> {
        let mut git = Command::new("git");
        git.current_dir(root).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
        let output = git.output().map_err(|error| format!("git: {error}"))?;
        if !output.status.success() {
            return Err(format!("git ls-files: {}", String::from_utf8_lossy(&output.stderr)));
        }
        let mut files = Self::default();
        for path in String::from_utf8_lossy(&output.stdout).split_terminator('\0') {
            // One that is deleted and not committed yet.
            if !root.join(path).exists() {
                continue;
            }
            let is_read = [".md", ".rs", ".kt", ".swift", ".py", ".ts"].iter().any(|ending| path.ends_with(ending));
            if is_read {
                let text = std::fs::read_to_string(root.join(path)).map_err(|error| format!("{path}: {error}"))?;
                files.texts.insert(path.to_owned(), text);
            }
            files.paths.insert(path.to_owned());
        }
        Ok(files)
    }

    /// Whether it is a file, or a folder with some.
    pub(super) fn has(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        self.paths.contains(path)
            || self.paths.range(folder.clone()..).next().is_some_and(|next| next.starts_with(&folder))
    }
}
