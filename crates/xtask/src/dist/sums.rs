//! Digests: how they are written, and the list of those of all files.

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::files::read;
use crate::report::say;

/// As sha256sum(1) reads it.
pub(crate) const SUMS: &str = "SHA256SUMS";

/// Says of each file how large it is and what its digest is, and writes the list of the digests.
pub(crate) fn write_sums(out: &Path, files: &[PathBuf]) -> Result<(), String> {
    let mut lines = Vec::new();
    for file in files {
        let bytes = read(file)?;
        let sum = hex(&Sha256::digest(&bytes));
        let name = file.strip_prefix(out).map_err(|_| format!("{} is not in {}", file.display(), out.display()))?;
        let name = name.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/");
        say(&format!("{sum}  {:>11} bytes  {name}", bytes.len()));
        lines.push(format!("{sum}  {name}\n"));
    }
    lines.sort_by(|one, other| {
        one.split_once("  ").map(|(_, name)| name).cmp(&other.split_once("  ").map(|(_, name)| name))
    });
    let list = out.join(SUMS);
    std::fs::write(&list, lines.concat()).map_err(|error| format!("{}: {error}", list.display()))?;
    say(&format!("{}: {} files", list.display(), lines.len()));
    Ok(())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_digests_names_files_below_the_folder() {
        let folder = std::env::temp_dir().join(format!("jetbridge-sums-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("maven")).unwrap();
        let files = ["z.txt", "maven/a.jar"].map(|name| folder.join(name));
        files.iter().for_each(|file| std::fs::write(file, "abc").unwrap());
        write_sums(&folder, &files).unwrap();
        let list = std::fs::read_to_string(folder.join(SUMS)).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        // The digest of "abc" in FIPS 180-2, appendix B.1.
        let sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(list, format!("{sum}  maven/a.jar\n{sum}  z.txt\n"));
        assert!(write_sums(&folder, &files).is_err());
    }
}
