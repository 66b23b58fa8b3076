//! An Android emulator for a run: its system image, its device, its start, and its end.
//!
//! Sources: developer.android.com/tools/sdkmanager, developer.android.com/tools/avdmanager and
//! developer.android.com/studio/run/emulator-commandline; for KVM on GitHub's machines the changelog of 2024-04-02 ("Hardware
//! accelerated Android virtualization on Actions Windows and Linux"), whose rule ReactiveCircus/android-emulator-runner has in
//! its README.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::adb::Adb;
use super::waiting::Patience;
use crate::programs::{Programs, run};
use crate::report::say;

const NAME: &str = "jetbridge";
/// The first console port that emulators take; the serial number follows from it.
const CONSOLE: &str = "5554";
const SERIAL: &str = "emulator-5554";

/// The Android SDK, as its tools are laid out in it.
#[derive(Debug, Clone)]
pub(crate) struct Sdk {
    home: PathBuf,
}

impl Sdk {
    /// Where the environment says, in `ANDROID_HOME` (developer.android.com/tools/variables).
    pub(crate) fn find() -> Result<Self, String> {
        let home = std::env::var_os("ANDROID_HOME").filter(|home| !home.is_empty());
        home.map(Self::at).ok_or_else(|| "ANDROID_HOME does not say where the Android SDK is".to_owned())
    }

    pub(crate) fn at(home: impl Into<PathBuf>) -> Self {
        Self { home: home.into() }
    }

    pub(crate) fn adb(&self) -> PathBuf {
        self.home.join("platform-tools/adb")
    }

    fn tool(&self, path: &str) -> Command {
        let mut command = Command::new(self.home.join(path));
        command.env("ANDROID_HOME", &self.home);
        command
    }
}

/// What kind of device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Image {
    /// The API level.
    pub(crate) api: u32,
    /// `google_apis` has Chrome; `google_apis_ps16k` has it and memory pages of 16 KB.
    pub(crate) tag: String,
}

impl Image {
    /// As sdkmanager calls it. Of this computer's own processor: another one would be emulated instruction by instruction.
    fn package(&self) -> String {
        let processor = if cfg!(target_arch = "aarch64") { "arm64-v8a" } else { "x86_64" };
        format!("system-images;android-{};{};{processor}", self.api, self.tag)
    }
}

/// A running one, until it is dropped.
#[derive(Debug)]
pub(crate) struct Emulator {
    child: Child,
    pub(crate) adb: Adb,
}

impl Emulator {
    /// Gets what is missing, makes a new device and starts it.
    pub(crate) fn start(
        sdk: &Sdk,
        image: &Image,
        log: &Path,
        booting: Patience,
        patience: Patience,
    ) -> Result<Self, String> {
        let package = image.package();
        // Licences are asked about on the first use of each (sdkmanager, "Accept licenses").
        answer(sdk.tool("cmdline-tools/latest/bin/sdkmanager"), &["--licenses"], &"y\n".repeat(100))?;
        let sdkmanager = &["--install", "platform-tools", "emulator", &package];
        answer(sdk.tool("cmdline-tools/latest/bin/sdkmanager"), sdkmanager, "")?;
        // "Do you wish to create a custom hardware profile?"
        let avd = &["create", "avd", "--force", "--name", NAME, "--package", &package, "--device", "pixel_2"];
        answer(sdk.tool("cmdline-tools/latest/bin/avdmanager"), avd, "no\n")?;

        let file = |error| format!("{}: {error}", log.display());
        std::fs::create_dir_all(log.parent().unwrap_or(log)).map_err(file)?;
        let output = File::create(log).map_err(file)?;
        let mut emulator = sdk.tool("emulator/emulator");
        emulator.args(["-avd", NAME, "-port", CONSOLE, "-no-window", "-no-audio", "-no-boot-anim", "-no-snapshot"]);
        emulator.args(["-gpu", "swiftshader_indirect", "-camera-back", "none", "-accel", "on"]);
        emulator.stdin(Stdio::null()).stdout(output.try_clone().map_err(file)?).stderr(output);
        let child = emulator.spawn().map_err(|error| format!("the emulator did not start: {error}"))?;
        let mut started = Self { child, adb: Adb::new(sdk.adb(), SERIAL, patience) };
        let booted = booting.wait(|| match started.child.try_wait() {
            Ok(None) => Ok(started.adb.has_booted().then_some(())),
            _ => Err(format!("the emulator has ended: {}", last_lines(log))),
        })?;
        booted.ok_or_else(|| format!("{package} does not come up: {}", last_lines(log)))?;
        // Behind the lock screen there is nothing to be tapped; the second key does not harm where there is none.
        started.adb.press(&["WAKEUP", "MENU"])?;
        say(&format!("{package} runs as {SERIAL}"));
        Ok(started)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.adb.end_emulator();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a tool that asks, with the answers.
fn answer(mut command: Command, arguments: &[&str], answers: &str) -> Result<(), String> {
    use std::io::Write as _;
    let name = command.get_program().display().to_string();
    // Its bars would fill the log.
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = command.spawn().map_err(|error| format!("{name} did not start: {error}"))?;
    if let Some(mut stdin) = child.stdin.take() {
        // Whoever asks less closes earlier.
        let _ = stdin.write_all(answers.as_bytes());
    }
    match child.wait() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{name} {} failed ({status})", arguments.join(" "))),
        Err(error) => Err(format!("{name}: {error}")),
    }
}

fn last_lines(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(5)..].join("\n")
}

/// Lets everybody on this machine use its virtual processor, as its owner has to: a rule for udev. For the machines of CI.
pub(crate) fn enable_kvm(programs: &Programs, device: &Path) -> Result<(), String> {
    if OpenOptions::new().read(true).write(true).open(device).is_ok() {
        say(&format!("{} can be used already", device.display()));
        return Ok(());
    }
    if !device.exists() {
        return Err(format!("{}: this machine has no KVM", device.display()));
    }
    let mut tee = programs.command("sudo");
    tee.args(["tee", "/etc/udev/rules.d/99-kvm4all.rules"]);
    answer(tee, &[], "KERNEL==\"kvm\", GROUP=\"kvm\", MODE=\"0666\", OPTIONS+=\"static_node=kvm\"\n")?;
    for arguments in [&["udevadm", "control", "--reload-rules"], &["udevadm", "trigger", "--name-match=kvm"]] {
        let mut udev = programs.command("sudo");
        udev.args(arguments);
        run(udev)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_called_as_the_sdk_calls_it() {
        let package = Image { api: 36, tag: "google_apis_ps16k".to_owned() }.package();
        assert!(package.starts_with("system-images;android-36;google_apis_ps16k;"), "{package}");
    }

    #[test]
    fn a_machine_without_kvm_is_told_so() {
        let told = enable_kvm(&Programs::default(), Path::new("/nowhere/kvm")).unwrap_err();
        assert!(told.contains("has no KVM"), "{told}");
    }
}
