//! The command line as its users on Windows have it: built for Windows by MinGW, run by Wine against a local stack outside,
//! and tested by `crates/cli/tests/windows`. What Wine proves and what not: docs/verification.md.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cargo::{Manner, cargo, forget_package, other_systems, target_directory};
use crate::report::say;
use crate::tools;

const TARGET: &str = "x86_64-pc-windows-gnu";
const COMPILER: &str = "x86_64-w64-mingw32-gcc";
/// Where Debian keeps the 64-bit Wine that no 32-bit one comes with.
const DEBIAN_S_WINE: &str = "/usr/lib/wine/wine64";
/// Debian's packages of the two, without the hundreds that they recommend (160 MB to download, 1 GB on disk).
const PACKAGES: [&str; 3] = ["gcc-mingw-w64-x86-64-posix", "wine", "wine64"];
/// The one function of Windows 10 that Rust's standard library imports and Wine has from version 9 on.
const PROCESS_PRNG: &str = include_str!("process_prng.c");
/// What would want a screen, the network or the user's desktop: Wine's menus, .NET and HTML. Of which nothing is used.
const NO_EXTRAS: &str = "winemenubuilder.exe=d;mscoree=d;mshtml=d";

/// Why there is no test.
pub(crate) enum Obstacle {
    /// This machine has no Wine, or no compiler, and cannot get them.
    Machine(String),
    /// The program cannot be built, or does not start.
    Program(String),
}

/// The tests, ready to run. Its end is the end of all that runs under Wine for it.
pub(crate) struct Tests {
    wine: Wine,
    command: Command,
}

impl Tests {
    pub(crate) fn command(&mut self) -> &mut Command {
        &mut self.command
    }
}

impl Drop for Tests {
    fn drop(&mut self) {
        self.wine.stop();
        // It is large, and made anew for the next run.
        let _ = std::fs::remove_dir_all(&self.wine.prefix);
    }
}

/// Builds the program and makes a new, empty Windows for it.
pub(crate) fn prepare(root: &Path) -> Result<Tests, Obstacle> {
    let wine = install(root).map_err(Obstacle::Machine)?;
    if tools::is_root() && !tools::answers(Command::new("unshare").args(["--mount", "true"])) {
        return Err(Obstacle::Machine("root can have no mounts of its own here (unshare --mount)".to_owned()));
    }
    if !build(root, Manner::InFront) {
        return Err(Obstacle::Program(format!("the program cannot be built for {TARGET}")));
    }
    let folder = target_directory(root).join("windows");
    let program =
        settle(&folder, &program(root)).map_err(|error| Obstacle::Program(format!("{}: {error}", folder.display())))?;
    let wine = Wine { program: wine, prefix: folder.join("prefix") };
    wine.check(&program).map_err(Obstacle::Program)?;
    let mut command = cargo(root, &["test", "--workspace", "--locked", "--test", "windows"]);
    if tools::is_root() {
        command = with_own_mounts(&command, root);
        // Wine's server opens the files, and has to see the mounts that the tests make: so it starts with them.
        wine.stop();
    }
    wine.set_up(&mut command);
    command.env("JETBRIDGE_TEST_WINE", &wine.program).env("JETBRIDGE_TEST_WINDOWS_PROGRAM", program);
    Ok(Tests { wine, command })
}

/// Builds the program for tests.
pub(crate) fn build(root: &Path, manner: Manner<'_>) -> bool {
    let mut build =
        cargo(root, &["build", "--package", "jetbridge-cli", "--locked", "--target", TARGET, "--target-dir"]);
    // Nobody debugs it.
    build.arg(other_systems(root)).env("CARGO_PROFILE_DEV_DEBUG", "none");
    manner.run(build)
}

/// Where [`build`] leaves it.
fn program(root: &Path) -> PathBuf {
    other_systems(root).join(TARGET).join("debug/jetbridge.exe")
}

fn answers(program: &Path) -> bool {
    tools::answers(Command::new(program).arg("--version"))
}

/// The command with mounts that nobody else sees and that end with it: nothing else is read-only for root.
fn with_own_mounts(command: &Command, root: &Path) -> Command {
    let mut unshare = Command::new("unshare");
    unshare.arg("--mount").arg(command.get_program()).args(command.get_args()).current_dir(root);
    forget_package(&mut unshare);
    unshare.env("JETBRIDGE_TEST_MAY_MOUNT", "1");
    unshare
}

/// A new folder with the program in it, and nothing of an earlier run. Its name has a space, as on Windows so many have.
fn settle(folder: &Path, built: &Path) -> std::io::Result<PathBuf> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    let place = folder.join("Program Files");
    std::fs::create_dir_all(&place)?;
    let program = place.join("jetbridge.exe");
    std::fs::copy(built, &program)?;
    Ok(program)
}

/// Wine's program. Installs what is missing, for the build and for the tests. The error is the reason to skip.
pub(crate) fn install(root: &Path) -> Result<PathBuf, String> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err("Wine is set up for Linux on x86-64 here; on Windows run `cargo test`".to_owned());
    }
    let find_wine = || {
        let known = [DEBIAN_S_WINE, "wine64", "wine"].map(PathBuf::from);
        known.into_iter().find(|program| answers(program))
    };
    let found = || find_wine().filter(|_| answers(Path::new(COMPILER)));
    let wine = match found() {
        Some(wine) => wine,
        None => {
            tools::install_debian_packages("Wine and MinGW are not installed", &PACKAGES)?;
            found().ok_or("neither Wine nor MinGW answers")?
        }
    };
    tools::rust_target(root, TARGET)?;
    Ok(wine)
}

struct Wine {
    program: PathBuf,
    prefix: PathBuf,
}

impl Wine {
    fn set_up(&self, command: &mut Command) {
        command.env("WINEPREFIX", &self.prefix).env("WINEDEBUG", "-all").env("WINEDLLOVERRIDES", NO_EXTRAS);
        // No screen is asked for that somebody works at.
        command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    }

    /// Makes Windows' own files, and sees the program start: if it cannot, Wine lacks what Rust needs of Windows 10, and gets it.
    fn check(&self, program: &Path) -> Result<(), String> {
        say("making a new Windows");
        let starts = || {
            let mut version = Command::new(&self.program);
            version.arg(program).arg("--version").stdin(Stdio::null());
            self.set_up(&mut version);
            version.output().is_ok_and(|output| output.status.success() && output.stdout.starts_with(b"jetbridge "))
        };
        if starts() {
            return Ok(());
        }
        say("this Wine lacks ProcessPrng: it gets one");
        let folder = program.parent().unwrap_or(program);
        let source = folder.join("process_prng.c");
        std::fs::write(&source, PROCESS_PRNG).map_err(|error| format!("{}: {error}", source.display()))?;
        let mut compiler = Command::new(COMPILER);
        compiler.arg("-shared").arg("-o").arg(folder.join("bcryptprimitives.dll")).arg(&source).arg("-ladvapi32");
        let compiled = compiler.status().is_ok_and(|status| status.success());
        if compiled && starts() { Ok(()) } else { Err("the program does not start under Wine".to_owned()) }
    }

    /// Ends all that still runs in this prefix.
    fn stop(&self) {
        let beside = self.program.with_file_name("wineserver");
        let server = if beside.is_absolute() && beside.exists() { beside } else { PathBuf::from("wineserver") };
        let mut server = Command::new(server);
        server.arg("--kill").stdout(Stdio::null()).stderr(Stdio::null());
        self.set_up(&mut server);
        let _ = server.status();
    }
}
