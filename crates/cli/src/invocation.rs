//! How this program was called. Whoever proposes a command to the user takes its beginning from here, so that it can be
//! copied as it stands and means the same session.

use std::sync::OnceLock;

/// How this program was called, so that a proposed command can be copied: by its name, or by `cargo run`.
pub(crate) fn invocation() -> &'static str {
    if std::env::var_os("CARGO").is_some() { "cargo run --" } else { "jetbridge" }
}

static GIVEN_OPTIONS: OnceLock<String> = OnceLock::new();

/// Keeps the options that decide whose session it is, as they were typed, so that a proposed command means the same one.
pub(crate) fn remember_options(mut arguments: impl Iterator<Item = String>) {
    let mut kept = String::new();
    while let Some(argument) = arguments.next() {
        let name = argument.split('=').next().unwrap_or_default();
        if !matches!(name, "--config" | "--store" | "--account" | "--ca-file" | "--resolve" | "--permit-endpoint") {
            continue;
        }
        kept.push_str(&format!(" {argument}"));
        if name == argument
            && let Some(value) = arguments.next()
        {
            kept.push_str(&format!(" {value}"));
        }
    }
    // Called once, at the start.
    let _ = GIVEN_OPTIONS.set(kept);
}

/// Those options, with a space before each.
pub(crate) fn given_options() -> &'static str {
    GIVEN_OPTIONS.get().map_or("", String::as_str)
}
