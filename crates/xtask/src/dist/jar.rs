//! Zip archives that are the same for the same contents: in their order, without a date.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// What goes into an archive, by the name that it has there.
#[derive(Debug, Default)]
pub(super) struct Entries(BTreeMap<String, Vec<u8>>);

impl Entries {
    pub(super) fn add(&mut self, name: &str, bytes: impl Into<Vec<u8>>) {
        self.0.insert(name.to_owned(), bytes.into());
    }

    /// All files below a folder that are wanted, their names after `prefix`.
    pub(super) fn add_folder(
        &mut self,
        folder: &Path,
        prefix: &str,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<(), String> {
        let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
        for entry in std::fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() {
                self.add_folder(&path, &format!("{prefix}{name}/"), wanted)?;
            } else if wanted(name) {
                self.add(&format!("{prefix}{name}"), std::fs::read(&path).map_err(failed)?);
            }
        }
        Ok(())
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(super) fn write(&self, archive: &Path) -> Result<(), String> {
        let failed = |error: std::io::Error| format!("{}: {error}", archive.display());
        std::fs::create_dir_all(archive.parent().unwrap_or(archive)).map_err(failed)?;
        self.write_to(File::create(archive).map_err(failed)?).map_err(failed)
    }

    /// Beside what an archive has already.
    pub(super) fn append_to(&self, archive: &Path) -> Result<(), String> {
        let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", archive.display());
        let file = File::options().read(true).write(true).open(archive).map_err(|error| failed(&error))?;
        let writer = ZipWriter::new_append(file).map_err(|error| failed(&error))?;
        self.write_with(writer).map_err(|error| failed(&error))
    }

    /// As bytes, to be put into another one.
    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, String> {
        let mut bytes = std::io::Cursor::new(Vec::new());
        self.write_to(&mut bytes).map_err(|error| error.to_string())?;
        Ok(bytes.into_inner())
    }

    fn write_to(&self, output: impl std::io::Write + std::io::Seek) -> std::io::Result<()> {
        self.write_with(ZipWriter::new(output))
    }

    fn write_with<W: std::io::Write + std::io::Seek>(&self, mut writer: ZipWriter<W>) -> std::io::Result<()> {
        // A jar's manifest comes first, or JarInputStream does not see it (java.util.jar).
        let is_manifest = |name: &str| name == MANIFEST;
        let (first, rest): (Vec<_>, Vec<_>) = self.0.iter().partition(|(name, _)| is_manifest(name));
        for (name, bytes) in first.into_iter().chain(rest) {
            let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
            writer.start_file(name.as_str(), options)?;
            writer.write_all(bytes)?;
        }
        writer.finish()?.flush()
    }
}

/// Where a jar has its manifest.
pub(super) const MANIFEST: &str = "META-INF/MANIFEST.MF";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_depends_on_its_contents_alone_and_begins_with_a_manifest() {
        let make = |names: &[&str]| {
            let mut entries = Entries::default();
            names.iter().for_each(|name| entries.add(name, *name));
            entries.to_bytes().unwrap()
        };
        let bytes = make(&["a.txt", MANIFEST, "A.txt"]);
        assert_eq!(bytes, make(&["A.txt", "a.txt", MANIFEST]));
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        assert_eq!(archive.by_index(0).unwrap().name().unwrap(), MANIFEST);
        assert_eq!(archive.len(), 3);
    }

    #[test]
    fn what_is_added_later_is_beside_what_was_there() {
        let file = std::env::temp_dir().join(format!("jetbridge-append-{}.zip", std::process::id()));
        for name in ["one", "two"] {
            let mut entries = Entries::default();
            entries.add(name, name);
            if file.exists() { entries.append_to(&file).unwrap() } else { entries.write(&file).unwrap() }
        }
        let mut archive = zip::ZipArchive::new(File::open(&file).unwrap()).unwrap();
        std::fs::remove_file(&file).unwrap();
        for name in ["one", "two"] {
            assert_eq!(std::io::read_to_string(archive.by_name(name).unwrap()).unwrap(), name);
        }
    }
}
