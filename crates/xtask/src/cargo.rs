//! Cargo, as every chore starts it.

use std::path::{Path, PathBuf};
use std::process::Command;

/// All that `cargo build` builds, and the examples. With these, cargo takes the features that dev-dependencies ask for, as
/// `cargo test` does; without, it would compile the AWS SDK and some fifty more a second time.
pub(crate) const WITH_FEATURES_OF_TESTS: [&str; 3] = ["--lib", "--bins", "--examples"];

/// The cargo that runs us, in the repository.
pub(crate) fn cargo(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root).args(arguments);
    forget_package(&mut command);
    command
}

/// Takes away what `cargo run` says about this package. ring's build script watches these variables: with them, ring and
/// all that stands on it would be built again each time one changes between `cargo test` and `cargo xtask test`.
pub(crate) fn forget_package(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
    }
}

/// Where cargo puts what it builds.
pub(crate) fn target_directory(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder))
}
