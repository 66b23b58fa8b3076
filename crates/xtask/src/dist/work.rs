//! What layouts have in common while they are made: a folder for what is on its way, and a library as it is handed on.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo::target_directory;
use crate::exports;
use crate::files::read;
use crate::programs::run;

/// Where a layout puts what is only on its way.
pub(super) fn work(root: &Path, name: &str) -> PathBuf {
    target_directory(root).join("dist-work").join(name)
}

/// A library without what only debuggers read, which is most of it; one with the local stack in it is refused.
pub(super) fn stripped(library: &Path) -> Result<Vec<u8>, String> {
    let copy = library.with_extension("stripped");
    let mut strip = Command::new("strip");
    // Without options Apple's takes away what others call, too.
    strip.args(if cfg!(target_os = "macos") { &["-S", "-x"][..] } else { &[] }).arg("-o").arg(&copy).arg(library);
    run(strip)?;
    let bytes = read(&copy)?;
    match exports::check_library(&bytes).first() {
        Some(finding) => Err(finding.text.clone()),
        None => Ok(bytes),
    }
}
