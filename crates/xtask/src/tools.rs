//! Tools that the checks need and a fresh machine lacks. What is installed goes to the user's cache, where the next clone finds
//! it, in a fixed version, so that a run today and one next year check the same.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cargo::{cargo, forget_package, target_directory};
use crate::report::say;

const CARGO_DENY_VERSION: &str = "0.20.2";
const CARGO_NDK_VERSION: &str = "4.1.2";
const ACTIONLINT_VERSION: &str = "1.7.12";
const ZIZMOR_VERSION: &str = "1.32.0";

/// Path of cargo-deny; installs it if it is not there (about a minute). The error is the reason to skip.
pub(crate) fn cargo_deny(root: &Path) -> Result<PathBuf, String> {
    cargo_tool(root, "cargo-deny", CARGO_DENY_VERSION)
}

/// Puts cargo-ndk where cargo finds it as `cargo ndk`, which is how Gradle calls it.
pub(crate) fn cargo_ndk(root: &Path) -> Result<(), String> {
    // `cargo ndk --version` asks a cargo-ndk that is there already, wherever it is.
    let mut version = cargo(root, &["ndk", "--version"]);
    version.stderr(Stdio::null());
    let is_there = |output: std::process::Output| String::from_utf8_lossy(&output.stdout).contains(CARGO_NDK_VERSION);
    if version.output().is_ok_and(is_there) {
        return Ok(());
    }
    let mut install = cargo(root, &["install", "cargo-ndk", "--locked", "--debug", "--force", "--quiet"]);
    install.args(["--version", CARGO_NDK_VERSION]);
    match install.status() {
        Ok(status) if status.success() => Ok(()),
        _ => Err(format!("cargo-ndk {CARGO_NDK_VERSION} could not be installed")),
    }
}

fn cargo_tool(root: &Path, name: &str, version: &str) -> Result<PathBuf, String> {
    let tools = folder(root);
    let program = tools.join("bin").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if has_version(&program, version) {
        return Ok(program);
    }
    say(&format!("installing {name} {version} into the cache"));
    // A debug build: it works for seconds, and builds three times faster; nobody debugs it.
    let status = cargo(root, &["install", name, "--locked", "--debug", "--force", "--quiet"])
        .env("CARGO_PROFILE_DEV_DEBUG", "none")
        .args(["--version", version, "--root"])
        .arg(&tools)
        .status();
    match status {
        Ok(status) if status.success() => Ok(program),
        _ => Err(format!("{name} {version} could not be installed")),
    }
}

/// Path of actionlint, which reads workflows as GitHub does. Go builds it from its module.
pub(crate) fn actionlint(root: &Path) -> Result<PathBuf, String> {
    let bin = folder(root).join("bin");
    let program = bin.join(format!("actionlint{}", std::env::consts::EXE_SUFFIX));
    if has_version(&program, ACTIONLINT_VERSION) || has_version(&program, &format!("v{ACTIONLINT_VERSION}")) {
        return Ok(program);
    }
    say(&format!("installing actionlint {ACTIONLINT_VERSION} into the cache"));
    let module = format!("github.com/rhysd/actionlint/cmd/actionlint@v{ACTIONLINT_VERSION}");
    let status = Command::new("go").args(["install", &module]).env("GOBIN", &bin).current_dir(root).status();
    match status {
        Ok(status) if status.success() => Ok(program),
        Ok(_) => Err(format!("actionlint {ACTIONLINT_VERSION} could not be built")),
        Err(_) => Err("Go is not installed, which builds actionlint (Debian: apt-get install golang)".to_owned()),
    }
}

/// Path of zizmor, which looks for what makes workflows unsafe. Its wheel has the program.
pub(crate) fn zizmor(root: &Path) -> Result<PathBuf, String> {
    let environment = folder(root).join("zizmor");
    let program = environment.join(if cfg!(windows) { "Scripts/zizmor.exe" } else { "bin/zizmor" });
    if has_version(&program, ZIZMOR_VERSION) {
        return Ok(program);
    }
    let python = python().ok_or("Python is not installed, which brings zizmor (Debian: apt-get install python3)")?;
    say(&format!("installing zizmor {ZIZMOR_VERSION} into the cache"));
    let mut make = Command::new(python);
    make.args(["-m", "venv"]).arg(&environment);
    let mut install = Command::new(environment.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" }));
    install.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        &format!("zizmor=={ZIZMOR_VERSION}"),
    ]);
    for mut step in [make, install] {
        if !step.status().is_ok_and(|status| status.success()) {
            return Err(format!(
                "zizmor {ZIZMOR_VERSION} could not be installed (Debian: apt-get install python3-venv)"
            ));
        }
    }
    Ok(program)
}

/// Whether actionlint finds shellcheck, without which it looks at no script.
pub(crate) fn shellcheck() -> Result<(), String> {
    if answers(Command::new("shellcheck").arg("--version")) {
        return Ok(());
    }
    install_debian_packages("shellcheck is not installed", &["shellcheck"])
}

/// Has apt-get install what is missing, where it can do so without asking anybody. The error says what is missing and how it
/// is installed by hand.
pub(crate) fn install_debian_packages(missing: &str, packages: &[&str]) -> Result<(), String> {
    let by_hand = format!("{missing} (Debian: apt-get install {})", packages.join(" "));
    let sudo = ["sudo", "--non-interactive"];
    let before = if is_root() { &[][..] } else { &sudo };
    if !is_there("apt-get") || !(is_root() || is_there("sudo")) {
        return Err(by_hand);
    }
    say(&format!("installing {}", packages.join(" ")));
    let apt = |arguments: &[&str]| {
        let words = [before, &["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"], arguments].concat();
        answers(Command::new(words[0]).args(&words[1..]))
    };
    let install = [&["install", "-y", "-qq", "--no-install-recommends"][..], packages].concat();
    if apt(&["update", "-qq"]) && apt(&install) { Ok(()) } else { Err(format!("{by_hand}, and cannot be")) }
}

pub(crate) fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// Where the XDG Base Directory Specification has what can be made again; without a home, beside what is built.
fn folder(root: &Path) -> PathBuf {
    let named = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let cache = named.or_else(|| Some(std::env::home_dir()?.join(".cache")));
    cache.map_or_else(|| target_directory(root).join("tools"), |cache| cache.join("jetbridge/tools"))
}

/// A Python that can run the generated bindings.
pub(crate) fn python() -> Option<&'static str> {
    let is_new_enough = |program: &&&str| {
        answers(Command::new(program).args(["-c", "import sys; sys.exit(sys.version_info < (3, 9))"]))
    };
    ["python3", "python"].iter().find(is_new_enough).copied()
}

/// Whether a command ends well. What it says is not shown.
pub(crate) fn answers(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Whether a program can be started.
pub(crate) fn is_there(program: &str) -> bool {
    let mut ask = Command::new(program);
    ask.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    ask.status().is_ok()
}

/// Rust's standard library for a target, by rustup.
pub(crate) fn rust_target(root: &Path, target: &str) -> Result<(), String> {
    let mut rustup = Command::new("rustup");
    rustup.args(["target", "add", target]).current_dir(root);
    forget_package(&mut rustup);
    if answers(&mut rustup) { Ok(()) } else { Err(format!("rustup has no standard library for {target}")) }
}

fn has_version(program: &Path, version: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .output()
        .is_ok_and(|output| String::from_utf8_lossy(&output.stdout).split_whitespace().any(|word| word == version))
}

/// A command that runs what is appended to it on a private D-Bus session with an unlocked keyring of its own, whose files
/// are under the target directory: nobody's real keyring is touched.
pub(crate) fn private_keyring(root: &Path) -> Result<Command, String> {
    for (program, package) in [("dbus-run-session", "dbus"), ("gnome-keyring-daemon", "gnome-keyring")] {
        if !answers(Command::new(program).arg("--version")) {
            return Err(format!("{program} is not installed (Debian: apt-get install {package})"));
        }
    }
    let folder = target_directory(root).join("keyring");
    let prepare = || -> std::io::Result<()> {
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(&folder)
    };
    prepare().map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut command = Command::new("dbus-run-session");
    command
        .args(["--", "sh", "-c", "chmod 700 \"$XDG_RUNTIME_DIR\" && printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null && exec \"$@\"", "sh"])
        .env("XDG_DATA_HOME", &folder)
        .env("XDG_RUNTIME_DIR", &folder)
        .env("JETBRIDGE_TEST_NEEDS_KEYRING", "1");
    forget_package(&mut command);
    Ok(command)
}
