//! Archives that are the same, byte by byte, whenever they are made of the same files: sorted names, one time, no owner
//! (reproducible-builds.org, "Archives").

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _, Write as _};
use std::path::Path;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use super::facts::CommitDate;

/// Files by their path in the archive.
pub(super) type Files = BTreeMap<String, File>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    pub(super) bytes: Vec<u8>,
    pub(super) is_program: bool,
}

impl File {
    pub(super) fn document(bytes: impl Into<Vec<u8>>) -> Self {
        Self { bytes: bytes.into(), is_program: false }
    }

    pub(super) fn program(bytes: Vec<u8>) -> Self {
        Self { bytes, is_program: true }
    }

    pub(super) fn mode(&self) -> u32 {
        if self.is_program { 0o755 } else { 0o644 }
    }
}

/// All files below one folder, which is named like the archive: unpacking litters nothing.
pub(super) fn tar_gz(folder: &str, files: &Files, date: &CommitDate, level: u32) -> Result<Vec<u8>, String> {
    // gzip's own header has neither name nor time (RFC 1952: MTIME = 0 is "not available").
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::new(level)));
    let write = |archive: &mut tar::Builder<GzEncoder<Vec<u8>>>| -> std::io::Result<()> {
        for (path, file) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(file.bytes.len() as u64);
            header.set_mode(file.mode());
            header.set_mtime(date.epoch);
            header.set_uid(0);
            header.set_gid(0);
            archive.append_data(&mut header, format!("{folder}/{path}"), file.bytes.as_slice())?;
        }
        Ok(())
    };
    write(&mut archive).map_err(failed)?;
    archive.into_inner().and_then(GzEncoder::finish).map_err(failed)
}

/// The same for Windows.
pub(super) fn zip(folder: &str, files: &Files, date: &CommitDate, level: u32) -> Result<Vec<u8>, String> {
    let [year, month, day, hour, minute, second] = date.fields().ok_or("the commit's date is not understood")?;
    let small = |field: u16| u8::try_from(field).unwrap_or_default();
    let time =
        zip::DateTime::from_date_and_time(year, small(month), small(day), small(hour), small(minute), small(second))
            .map_err(|error| format!("the commit's date does not fit into a zip archive: {error}"))?;
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (path, file) in files {
        let options = zip::write::SimpleFileOptions::default()
            .last_modified_time(time)
            .unix_permissions(file.mode())
            .compression_level(Some(i64::from(level)));
        archive.start_file(format!("{folder}/{path}"), options).map_err(|error| error.to_string())?;
        archive.write_all(&file.bytes).map_err(failed)?;
    }
    Ok(archive.finish().map_err(|error| error.to_string())?.into_inner())
}

/// `gzip -9n`, as Debian wants its documents.
pub(super) fn gzip(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).map_err(failed)
}

/// Unpacks a `tar.gz`, as its users do.
pub(super) fn unpack(archive: &Path, into: &Path) -> Result<(), String> {
    let bytes = std::fs::read(archive).map_err(|error| format!("{}: {error}", archive.display()))?;
    tar::Archive::new(GzDecoder::new(bytes.as_slice()))
        .unpack(into)
        .map_err(|error| format!("{}: {error}", archive.display()))
}

/// The files of a zip archive.
pub(super) fn unzip(archive: &Path) -> Result<Files, String> {
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", archive.display());
    let bytes = std::fs::read(archive).map_err(|error| failed(&error))?;
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| failed(&error))?;
    let mut files = Files::new();
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index).map_err(|error| failed(&error))?;
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(|error| failed(&error))?;
        let is_program = entry.unix_mode().is_some_and(|mode| mode & 0o111 != 0);
        let name = entry.name().map_err(|error| failed(&error))?.into_owned();
        files.insert(name, File { bytes, is_program });
    }
    Ok(files)
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: std::io::Error) -> String {
    format!("the archive could not be written: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date() -> CommitDate {
        CommitDate {
            epoch: 1_795_876_200,
            iso: "2026-11-28T14:30:00Z".to_owned(),
            rfc2822: "Sat, 28 Nov 2026 14:30:00 +0000".to_owned(),
        }
    }

    fn files() -> Files {
        let long = format!("man/{}.1", "long-".repeat(30));
        Files::from([
            ("jetbridge".to_owned(), File::program(vec![7; 5000])),
            ("README.md".to_owned(), File::document("read me")),
            (long, File::document("a name that no old header holds")),
        ])
    }

    #[test]
    fn an_archive_has_sorted_names_one_time_and_nobody_s_name() {
        let bytes = tar_gz("jetbridge-1", &files(), &date(), 9).unwrap();
        assert_eq!(bytes, tar_gz("jetbridge-1", &files(), &date(), 9).unwrap());
        assert_eq!(bytes[4..8], [0; 4], "gzip's own time");
        let mut archive = tar::Archive::new(GzDecoder::new(bytes.as_slice()));
        let mut names = Vec::new();
        for entry in archive.entries().unwrap() {
            let entry = entry.unwrap();
            let header = entry.header();
            assert_eq!(header.mtime().unwrap(), 1_795_876_200);
            assert_eq!((header.uid().unwrap(), header.gid().unwrap()), (0, 0));
            assert_eq!((header.username(), header.groupname()), (Ok(Some("")), Ok(Some(""))));
            let path = entry.path().unwrap().display().to_string();
            assert_eq!(header.mode().unwrap(), if path.ends_with("/jetbridge") { 0o755 } else { 0o644 });
            names.push(path);
        }
        assert!(names.is_sorted() && names.len() == 3, "{names:?}");
        assert!(names.iter().all(|name| name.starts_with("jetbridge-1/")), "{names:?}");
    }

    #[test]
    fn a_zip_archive_comes_back_as_it_was_and_is_always_the_same() {
        let bytes = zip("jetbridge-1", &files(), &date(), 9).unwrap();
        assert_eq!(bytes, zip("jetbridge-1", &files(), &date(), 9).unwrap());
        let file = std::env::temp_dir().join(format!("jetbridge-zip-{}.zip", std::process::id()));
        std::fs::write(&file, bytes).unwrap();
        let back = unzip(&file).unwrap();
        std::fs::remove_file(&file).unwrap();
        let expected: Files = files().into_iter().map(|(path, file)| (format!("jetbridge-1/{path}"), file)).collect();
        assert_eq!(back, expected);
    }
}
