//! What goes beside a library for apps: our licences, those of all that is in it, and its bill of materials.

use std::path::Path;

use super::facts::{CommitDate, rust};
use super::jar::Entries;
use super::{dependencies, licences, sbom};
use crate::files::read;

const PACKAGE: &str = "jetbridge-ffi";
pub(super) const THIRD_PARTY: &str = "THIRD-PARTY-LICENSES.txt";

/// The library's papers for one system.
#[derive(Debug)]
pub(super) struct Papers {
    /// Names and texts.
    licences: Vec<(&'static str, Vec<u8>)>,
    pub(super) bill: String,
}

impl Papers {
    /// This computer's.
    pub(super) fn of_this_computer(root: &Path) -> Result<Self, String> {
        let system = match std::env::consts::OS {
            "macos" => "apple-darwin",
            "windows" => "pc-windows-msvc",
            _ => "unknown-linux-gnu",
        };
        Self::of(root, &format!("{}-{system}", std::env::consts::ARCH))
    }

    pub(super) fn of(root: &Path, target: &str) -> Result<Self, String> {
        let packages = dependencies::read(root, PACKAGE, target)?;
        let third_party = licences::document(root, "The library of Jetbridge", target, &packages, &[])?;
        let (date, rust) = (CommitDate::of(root)?, rust(root)?);
        let bill = sbom::document((PACKAGE, "library"), target, &packages, &[], (&date, &rust))?;
        Ok(Self {
            licences: vec![
                ("LICENSE-APACHE", read(&root.join("LICENSE-APACHE"))?),
                ("LICENSE-MIT", read(&root.join("LICENSE-MIT"))?),
                (THIRD_PARTY, third_party.into_bytes()),
            ],
            bill,
        })
    }

    /// To an archive, by names that no other one has: apps put the contents of all into one.
    pub(super) fn add_to(&self, jar: &mut Entries) {
        for (name, text) in &self.licences {
            jar.add(&format!("META-INF/dev.jetbridge/{name}"), text.clone());
        }
    }

    pub(super) fn third_party(&self) -> &[u8] {
        self.licences.iter().find(|(name, _)| *name == THIRD_PARTY).map_or(&[], |(_, text)| text)
    }
}
