//! The one rule for variables: set to nothing is not set. Some of those who read them (the grammar's library, the loader of
//! certificates, the D-Bus client) take an empty text for a value, and a process cannot take a variable out of its own
//! environment while other threads may read it. So this program starts itself again without the empty ones, and puts them
//! back for the command that it runs for the user.

use std::process::Command;

/// Which ones were taken out, by name. Removed again before anybody else sees it.
const EMPTY: &str = "JETBRIDGE_EMPTY_VARIABLES";

/// What this program and its libraries read.
pub(crate) const READ: [&str; 22] = [
    "JETBRIDGE_CONFIG",
    "JETBRIDGE_STORE",
    "JETBRIDGE_ACCOUNT",
    "JETBRIDGE_PERMIT_ENDPOINT",
    "JETBRIDGE_HOME",
    "HOME",
    "XDG_STATE_HOME",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
    "BROWSER",
    "NO_COLOR",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "CARGO",
];

/// Returns where there is nothing to do, or nothing can be done. Before anything else is: whatever was begun is lost.
#[cfg(unix)]
pub(crate) fn drop_empty_variables() {
    use std::os::unix::process::CommandExt as _;

    let is_empty = |name: &&&str| std::env::var_os(name).is_some_and(|value| value.is_empty());
    let empty: Vec<_> = READ.iter().filter(is_empty).collect();
    let mut arguments = std::env::args_os();
    let (false, Ok(program), Some(name)) = (empty.is_empty(), std::env::current_exe(), arguments.next()) else {
        return;
    };
    let mut again = Command::new(program);
    again.arg0(name).args(arguments);
    again.env(EMPTY, empty.iter().map(|name| **name).collect::<Vec<_>>().join(","));
    for name in empty {
        again.env_remove(name);
    }
    // It comes back only if that failed.
    let _ = again.exec();
}

/// Gives a command the environment that this process was started with.
pub(crate) fn put_back_empty_variables(command: &mut Command) {
    let Some(names) = std::env::var_os(EMPTY) else { return };
    command.env_remove(EMPTY);
    let names = names.to_string_lossy();
    for name in names.split(',').filter(|name| READ.contains(name) && std::env::var_os(name).is_none()) {
        command.env(name, "");
    }
}

/// Elsewhere the shells have no empty variables.
#[cfg(not(unix))]
pub(crate) fn drop_empty_variables() {
    let _ = READ;
}
