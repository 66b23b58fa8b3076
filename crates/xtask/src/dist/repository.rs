//! A Maven repository as a folder: each artifact with its POM, the list of its versions, and the checksums of all of them.
//!
//! Sources: maven.apache.org/repositories/layout.html and metadata.html; central.sonatype.org/publish/requirements, "Sufficient
//! Metadata", "Provide Files Checksums" and "Supply Javadoc and Sources".

use std::path::{Path, PathBuf};

use super::sums::hex;
use crate::files::{read, write};

pub(super) const GROUP: &str = "dev.jetbridge";

/// A coordinate and what its POM says.
#[derive(Debug)]
pub(super) struct Artifact {
    pub(super) name: &'static str,
    pub(super) version: String,
    pub(super) packaging: &'static str,
    pub(super) title: &'static str,
    pub(super) description: String,
    pub(super) dependencies: Vec<Dependency>,
    /// Where the source lives.
    pub(super) home: String,
}

#[derive(Debug)]
pub(super) struct Dependency {
    pub(super) group: &'static str,
    pub(super) name: &'static str,
    pub(super) version: String,
    /// `jar`, or what else it is.
    pub(super) packaging: &'static str,
    /// `compile` if the library's own API names it, else `runtime`.
    pub(super) scope: &'static str,
}

impl Artifact {
    pub(super) fn pom(&self) -> String {
        let dependencies: String = self.dependencies.iter().map(Dependency::xml).collect();
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>{GROUP}</groupId>
  <artifactId>{name}</artifactId>
  <version>{version}</version>
  <packaging>{packaging}</packaging>
  <name>{title}</name>
  <description>{description}</description>
  <url>{home}</url>
  <licenses>
    <license><name>MIT</name><url>https://opensource.org/license/mit</url></license>
    <license><name>Apache-2.0</name><url>https://www.apache.org/licenses/LICENSE-2.0.txt</url></license>
  </licenses>
  <developers>
    <developer><name>The Jetbridge authors</name><url>{home}</url></developer>
  </developers>
  <scm>
    <url>{home}</url>
    <connection>scm:git:{home}.git</connection>
    <developerConnection>scm:git:{home}.git</developerConnection>
  </scm>
  <dependencies>
{dependencies}  </dependencies>
</project>
"#,
            name = self.name,
            version = self.version,
            packaging = self.packaging,
            title = escape(self.title),
            description = escape(&self.description),
            home = escape(&self.home),
        )
    }

    fn folder(&self, repository: &Path) -> PathBuf {
        repository.join(GROUP.replace('.', "/")).join(self.name).join(&self.version)
    }

    /// Where a file of it goes: `-sources.jar`, `.pom`.
    pub(super) fn file(&self, repository: &Path, end: &str) -> PathBuf {
        self.folder(repository).join(format!("{}-{}{end}", self.name, self.version))
    }

    /// The POM beside its files, the list of versions above, and the checksums of all. Gives the files without the checksums.
    pub(super) fn publish(&self, repository: &Path) -> Result<Vec<PathBuf>, String> {
        write(&self.file(repository, ".pom"), self.pom())?;
        let folder = self.folder(repository);
        let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            files.push(entry.map_err(failed)?.path());
        }
        // No date: it is the same for the same sources.
        let metadata = folder.with_file_name("maven-metadata.xml");
        let version = &self.version;
        write(
            &metadata,
            format!(
                r#"<?xml version="1.0" encoding="UTF-8"?>
<metadata>
  <groupId>{GROUP}</groupId>
  <artifactId>{}</artifactId>
  <versioning>
    <latest>{version}</latest>
    <release>{version}</release>
    <versions>
      <version>{version}</version>
    </versions>
  </versioning>
</metadata>
"#,
                self.name
            ),
        )?;
        files.push(metadata);
        files.sort();
        for file in &files {
            let bytes = read(file)?;
            for (end, sum) in checksums(&bytes) {
                let name = format!("{}.{end}", file.file_name().and_then(|name| name.to_str()).unwrap_or_default());
                write(&file.with_file_name(name), sum)?;
            }
        }
        Ok(files)
    }
}

impl Dependency {
    fn xml(&self) -> String {
        let packaging = match self.packaging {
            "jar" => String::new(),
            other => format!("<type>{other}</type>"),
        };
        format!(
            "    <dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version>{packaging}<scope>{}</scope></dependency>\n",
            self.group, self.name, self.version, self.scope
        )
    }
}

/// MD5 and SHA-1 because Maven Central asks for them, which proves nothing of who made a file; SHA-256 as well.
fn checksums(bytes: &[u8]) -> [(&'static str, String); 3] {
    use md5::Digest as _;
    use sha2::Digest as _;
    [
        ("md5", hex(&md5::Md5::digest(bytes))),
        ("sha1", hex(&sha1::Sha1::digest(bytes))),
        ("sha256", hex(&sha2::Sha256::digest(bytes))),
    ]
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact() -> Artifact {
        Artifact {
            name: "thing",
            version: "1.2.3".to_owned(),
            packaging: "aar",
            title: "A & B",
            description: "Does it.".to_owned(),
            dependencies: vec![Dependency {
                group: "g",
                name: "n",
                version: "1".to_owned(),
                packaging: "aar",
                scope: "runtime",
            }],
            home: "https://example.com/ours".to_owned(),
        }
    }

    #[test]
    fn a_pom_has_all_that_maven_central_asks_for() {
        let pom = artifact().pom();
        let document = roxmltree::Document::parse(&pom).unwrap();
        let said: Vec<_> = document.root_element().children().filter(|node| node.is_element()).collect();
        for name in ["name", "description", "url", "licenses", "developers", "scm", "dependencies"] {
            assert!(said.iter().any(|node| node.tag_name().name() == name), "{name}");
        }
        assert!(pom.contains("<type>aar</type><scope>runtime</scope>"));
        assert!(pom.contains("<connection>scm:git:https://example.com/ours.git</connection>"));
    }

    #[test]
    fn checksums_are_those_of_their_standards() {
        // RFC 1321, A.5; FIPS 180-2, A.1 and B.1.
        let [md5, sha1, sha256] = checksums(b"abc");
        assert_eq!(md5, ("md5", "900150983cd24fb0d6963f7d28e17f72".to_owned()));
        assert_eq!(sha1, ("sha1", "a9993e364706816aba3e25717850c26c9cd0d89d".to_owned()));
        assert!(sha256.1.starts_with("ba7816bf8f01cfea"));
    }

    #[test]
    fn each_file_has_its_checksums_beside_it() {
        let folder = std::env::temp_dir().join(format!("jetbridge-maven-{}", std::process::id()));
        let thing = artifact();
        write(&thing.file(&folder, ".aar"), "abc").unwrap();
        let files = thing.publish(&folder).unwrap();
        assert_eq!(files.len(), 3);
        let there = folder.join("dev/jetbridge/thing");
        let sum = std::fs::read_to_string(there.join("1.2.3/thing-1.2.3.aar.sha1")).unwrap();
        assert_eq!(sum, "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert!(there.join("maven-metadata.xml.md5").exists());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
