//! The demo app on Android, from the sources to rows on a device: what the workflow `android` calls, and whoever has a phone
//! plugged in.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::adb::Adb;
use super::emulator::{Emulator, Image, Sdk};
use super::phone::Phone;
use super::stack::Stack;
use super::waiting::Patience;
use crate::alignment;
use crate::programs::run;
use crate::report::say;

/// The app that is used, as Gradle builds it: with the local stack's configuration, once as it is debugged and once as R8
/// shrinks a release.
const BUILD_TYPES: [&str; 2] = ["debug", "shrunk"];
const PACKAGE: &str = "dev.jetbridge.app.local";

/// All that a run needs.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    pub(crate) root: &'a Path,
    pub(crate) sdk: Sdk,
    /// For pictures and logs.
    pub(crate) output: PathBuf,
    /// Of somebody who looks at the screen.
    pub(crate) patience: Patience,
    /// Of somebody who waits for a device to start.
    pub(crate) booting: Patience,
}

impl<'a> Run<'a> {
    pub(crate) fn new(root: &'a Path) -> Result<Self, String> {
        let pause = Duration::from_secs(1);
        // A look takes some seconds by itself on an emulator.
        let patience = Patience { looks: 60, pause };
        Ok(Self { root, sdk: Sdk::find()?, output: output(root), patience, booting: Patience { looks: 600, pause } })
    }

    /// Where Gradle looks for the configuration of the app's flavour for the local stack.
    pub(crate) fn configuration(&self) -> PathBuf {
        self.root.join("android/app/build/local-stack")
    }

    fn gradle(&self, tasks: &[&str]) -> Command {
        gradle(self.root, tasks)
    }

    fn apk(&self, build_type: &str) -> PathBuf {
        let folder = self.root.join("android/app/build/outputs/apk/localStack").join(build_type);
        folder.join(format!("app-localStack-{build_type}.apk"))
    }

    /// Builds the apps, for this device alone if it says which processor it has.
    fn build(&self, abi: Option<&str>) -> Result<(), String> {
        let mut gradle = self.gradle(&[":app:assembleLocalStackDebug", ":app:assembleLocalStackShrunk"]);
        // As Android Studio does it; see android/jetbridge/build.gradle.kts.
        gradle.args(abi.map(|abi| format!("-Pandroid.injected.build.abi={abi}")));
        run(gradle)?;
        BUILD_TYPES.iter().try_for_each(|build_type| alignment::check_file(&self.apk(build_type)))
    }

    /// The tests that need a device: Keystore, start, manifest.
    fn test_library(&self, adb: &Adb) -> Result<(), String> {
        let mut gradle = self.gradle(&[":jetbridge:connectedDebugAndroidTest"]);
        gradle.env("ANDROID_SERIAL", adb.serial());
        run(gradle)
    }

    /// Both apps, used as a person does.
    fn use_apps(&self, adb: &Adb, stack: &Stack) -> Result<(), String> {
        adb.reverse(&stack.ports)?;
        for build_type in BUILD_TYPES {
            adb.install(&self.apk(build_type))?;
            Phone { adb, package: PACKAGE, pictures: self.output.join("pictures").join(build_type) }.use_app()?;
            say(&format!("{build_type}: signed in and listed, twice"));
        }
        Ok(())
    }

    /// On an emulator that is made for it.
    pub(crate) fn on_emulator(&self, image: &Image, stack: &Stack) -> Result<(), String> {
        let abi = if cfg!(target_arch = "aarch64") { "arm64-v8a" } else { "x86_64" };
        // First what takes all processors, then the device that has to answer in time.
        self.build(Some(abi))?;
        let log = self.output.join("emulator.log");
        let emulator = Emulator::start(&self.sdk, image, &log, self.booting, self.patience)?;
        self.test_library(&emulator.adb)?;
        self.use_apps(&emulator.adb, stack)
    }

    /// On whatever is plugged in.
    pub(crate) fn on_device(&self, serial: Option<&str>, stack: &Stack) -> Result<(), String> {
        let adb = Adb::connect(self.sdk.adb(), serial, self.patience)?;
        self.build(None)?;
        self.use_apps(&adb, stack)
    }
}

/// Where pictures and logs of all devices go.
pub(crate) fn output(root: &Path) -> PathBuf {
    crate::cargo::target_directory(root).join("devices")
}

/// Gradle by its wrapper, in the Android project.
pub(crate) fn gradle(root: &Path, tasks: &[&str]) -> Command {
    let android = root.join("android");
    let mut gradle = Command::new(android.join(if cfg!(windows) { "gradlew.bat" } else { "gradlew" }));
    gradle.current_dir(android).args(["--no-daemon", "--console=plain"]).args(tasks);
    crate::cargo::forget_package(&mut gradle);
    gradle
}
