//! One Android device, spoken to by `adb`.
//!
//! Sources: developer.android.com/tools/adb (devices, reverse, install, exec-out, and of the device's own programs `am`, `pm`
//! and `screencap`); for `input` AOSP's frameworks/base, services/core, `InputShellCommand.java`; for `uiautomator` see
//! `screen.rs`.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::screen::Screen;
use super::waiting::Patience;
use crate::programs::read;

/// Where the shell may write, on every version.
const DUMP: &str = "/data/local/tmp/jetbridge-window.xml";

/// A device that is there, or will be.
#[derive(Debug, Clone)]
pub(crate) struct Adb {
    program: PathBuf,
    serial: String,
    /// For what a person would wait for.
    pub(crate) patience: Patience,
}

impl Adb {
    pub(crate) fn new(program: PathBuf, serial: &str, patience: Patience) -> Self {
        Self { program, serial: serial.to_owned(), patience }
    }

    /// The device of this serial number, or the only one.
    pub(crate) fn connect(program: PathBuf, wanted: Option<&str>, patience: Patience) -> Result<Self, String> {
        let mut devices = Command::new(&program);
        devices.arg("devices");
        let serial = choose_device(&String::from_utf8_lossy(&read(devices)?), wanted)?;
        Ok(Self { program, serial, patience })
    }

    pub(crate) fn serial(&self) -> &str {
        &self.serial
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["-s", &self.serial]).args(arguments);
        command
    }

    fn ask(&self, arguments: &[&str]) -> Result<String, String> {
        read(self.command(arguments)).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Runs a program of the device. Each word arrives as it is: adb puts them together with spaces, and the device's shell
    /// takes that apart.
    pub(crate) fn shell(&self, words: &[&str]) -> Result<String, String> {
        let line: Vec<_> = words.iter().map(|word| quote(word)).collect();
        self.ask(&["shell", &line.join(" ")])
    }

    /// Whether it has come so far that apps can be installed.
    pub(crate) fn has_booted(&self) -> bool {
        self.shell(&["getprop", "sys.boot_completed"]).is_ok_and(|answer| answer.trim() == "1")
    }

    /// The device's 127.0.0.1 is this computer's, at these ports.
    pub(crate) fn reverse(&self, ports: &[u16]) -> Result<(), String> {
        for port in ports {
            let port = format!("tcp:{port}");
            self.ask(&["reverse", &port, &port])?;
        }
        Ok(())
    }

    pub(crate) fn install(&self, apk: &Path) -> Result<(), String> {
        let path = apk.to_str().ok_or_else(|| format!("{}: not a name that adb can be told", apk.display()))?;
        let answer = self.ask(&["install", "-r", path])?;
        if answer.contains("Success") { Ok(()) } else { Err(format!("{path} was not installed: {}", answer.trim())) }
    }

    /// As nobody has used it yet.
    pub(crate) fn clear(&self, package: &str) -> Result<(), String> {
        let answer = self.shell(&["pm", "clear", package])?;
        if answer.trim() == "Success" { Ok(()) } else { Err(format!("{package} was not cleared: {}", answer.trim())) }
    }

    /// Starts an activity and waits until it is there.
    pub(crate) fn start(&self, component: &str) -> Result<(), String> {
        // `am` ends with 0 when it has started nothing.
        let answer = self.shell(&["am", "start", "-W", "-n", component])?;
        if answer.contains("Status: ok") {
            Ok(())
        } else {
            Err(format!("{component} did not start: {}", answer.trim()))
        }
    }

    /// The number of an app's process, if it has one.
    pub(crate) fn process(&self, package: &str) -> Option<u32> {
        // Ends with 1 when there is none.
        self.shell(&["pidof", package]).ok()?.split_whitespace().next()?.parse().ok()
    }

    /// Ends a process as the system does when it needs the memory: its activities stay, and are made anew by the next one.
    ///
    /// `am kill` "kills only processes that are safe to kill and that will not impact the user experience"
    /// (developer.android.com/tools/adb, "Call activity manager"): of an app in the background, and not at once after it went
    /// there. `am force-stop` would take the app's task away too, as a user does who ends it, and `pm clear` its files.
    pub(crate) fn kill_in_background(&self, package: &str) -> Result<(), String> {
        let before = self.process(package).ok_or_else(|| format!("{package} has no process to be ended"))?;
        let gone = self.patience.wait(|| {
            self.shell(&["am", "kill", package])?;
            Ok((self.process(package) != Some(before)).then_some(()))
        })?;
        gone.ok_or_else(|| format!("the system does not end {package} (process {before}): is it in the background?"))
    }

    pub(crate) fn tap(&self, (x, y): (i32, i32)) -> Result<(), String> {
        self.shell(&["input", "tap", &x.to_string(), &y.to_string()]).map(drop)
    }

    /// Moves what is on a screen of this size up by a good third.
    pub(crate) fn scroll(&self, (width, height): (i32, i32)) -> Result<(), String> {
        let words = [width / 2, height * 3 / 4, width / 2, height * 2 / 5, 400].map(|number| number.to_string());
        let mut swipe = vec!["input", "swipe"];
        swipe.extend(words.iter().map(String::as_str));
        self.shell(&swipe).map(drop)
    }

    /// Types into whatever has the cursor.
    pub(crate) fn type_text(&self, text: &str) -> Result<(), String> {
        self.shell(&["input", "text", &as_input(text)?]).map(drop)
    }

    /// Names of `KeyEvent`, without `KEYCODE_`.
    pub(crate) fn press(&self, keys: &[&str]) -> Result<(), String> {
        // The whole name is what every version knows.
        let keys: Vec<_> = keys.iter().map(|key| format!("KEYCODE_{key}")).collect();
        let mut words = vec!["input", "keyevent"];
        words.extend(keys.iter().map(String::as_str));
        self.shell(&words).map(drop)
    }

    /// What is on the screen; nothing where the device could not say it just now, as while something moves.
    pub(crate) fn screen(&self) -> Result<Option<Screen>, String> {
        // What an earlier look left is no answer to this one.
        match self.ask(&["shell", &format!("rm -f {DUMP} && uiautomator dump {DUMP}")]) {
            Ok(answer) if answer.contains("dumped to") => {}
            Ok(_) => return Ok(None),
            // It may die of a screen that changes, without a word (fixed-width/glass#341); a device that is gone is not
            // waited for.
            Err(problem) => return if is_gone(&problem) { Err(problem) } else { Ok(None) },
        }
        let dump = self.ask(&["exec-out", &format!("cat {DUMP}")])?;
        Screen::parse(&dump).map(Some)
    }

    /// A picture of the screen, as PNG.
    pub(crate) fn picture(&self) -> Result<Vec<u8>, String> {
        let png = read(self.command(&["exec-out", "screencap", "-p"]))?;
        if png.starts_with(b"\x89PNG") { Ok(png) } else { Err("screencap gave no picture".to_owned()) }
    }

    /// What the device has written down so far.
    pub(crate) fn log(&self) -> Result<Vec<u8>, String> {
        read(self.command(&["logcat", "-d", "-v", "threadtime"]))
    }

    /// Ends an emulator.
    pub(crate) fn end_emulator(&self) -> Result<(), String> {
        self.ask(&["emu", "kill"]).map(drop)
    }
}

/// Of the lines `SERIAL STATE` the one that is meant.
fn choose_device(answer: &str, wanted: Option<&str>) -> Result<String, String> {
    let devices: Vec<(&str, &str)> = answer
        .lines()
        .skip_while(|line| !line.starts_with("List of devices"))
        .skip(1)
        .filter_map(|line| line.split_once('\t'))
        .map(|(serial, state)| (serial, state.trim()))
        .collect();
    let chosen = match wanted {
        Some(serial) => {
            devices.iter().find(|(name, _)| *name == serial).ok_or_else(|| format!("there is no device {serial}"))?
        }
        None => match devices.as_slice() {
            [] => return Err("no device is connected, and no emulator runs".to_owned()),
            [only] => only,
            several => {
                let names: Vec<_> = several.iter().map(|(serial, _)| *serial).collect();
                return Err(format!(
                    "several devices are connected: choose with ANDROID_SERIAL among {}",
                    names.join(", ")
                ));
            }
        },
    };
    match *chosen {
        (serial, "device") => Ok(serial.to_owned()),
        (serial, "unauthorized") => Err(format!("{serial} waits for a person who allows debugging on its screen")),
        (serial, state) => Err(format!("{serial} is {state}")),
    }
}

/// adb's own words for it (system/adb, `transport.cpp`).
fn is_gone(problem: &str) -> bool {
    ["not found", "device offline", "no devices", "device unauthorized"].iter().any(|words| problem.contains(words))
}

/// One word for the device's shell, mksh.
fn quote(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// As `input text` wants it: `%s` is a space, so that `%s` itself cannot be typed; and only what a keyboard of US layout has.
fn as_input(text: &str) -> Result<String, String> {
    if text.contains("%s") || !text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
        return Err(format!("`input text` cannot type \"{text}\""));
    }
    Ok(text.replace(' ', "%s"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_device_that_is_meant_is_chosen_or_the_reason_told() {
        let one = "* daemon not running; starting now at tcp:5037\n* daemon started successfully\nList of devices attached\nemulator-5554\tdevice\n\n";
        assert_eq!(choose_device(one, None).as_deref(), Ok("emulator-5554"));
        assert_eq!(choose_device(one, Some("R58M")).unwrap_err(), "there is no device R58M");
        let two = "List of devices attached\nemulator-5554\toffline\nR58M\tunauthorized\n";
        assert!(choose_device(two, None).unwrap_err().contains("among emulator-5554, R58M"));
        assert_eq!(choose_device(two, Some("emulator-5554")).unwrap_err(), "emulator-5554 is offline");
        assert!(choose_device(two, Some("R58M")).unwrap_err().contains("allows debugging"));
        assert!(choose_device("List of devices attached\n\n", None).unwrap_err().contains("no device"));
    }

    #[test]
    fn words_arrive_as_they_are() {
        for (word, quoted) in [
            ("alice@example.com", "alice@example.com"),
            ("a b", "'a b'"),
            ("it's; rm -rf $HOME", "'it'\\''s; rm -rf $HOME'"),
            ("", "''"),
            ("a&b|c>d", "'a&b|c>d'"),
        ] {
            assert_eq!(quote(word), quoted);
        }
        assert_eq!(as_input("open sesame").as_deref(), Ok("open%ssesame"));
        assert_eq!(as_input("50%").as_deref(), Ok("50%"));
        assert!(as_input("100%safe").is_err() && as_input("é").is_err() && as_input("a\nb").is_err());
    }

    #[test]
    fn a_device_that_is_gone_is_not_waited_for() {
        assert!(is_gone("adb failed (exit status: 1): adb: device 'emulator-5554' not found"));
        assert!(is_gone("error: device offline"));
        assert!(!is_gone("adb failed (exit status: 255): "));
    }
}
