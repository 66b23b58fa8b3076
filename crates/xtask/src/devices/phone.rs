//! The demo app on an Android device as a person uses it: *Okta Login*, the sign-in page in the browser, *AWS SDK Call*, rows;
//! and once more with the app's process ended behind the browser.
//!
//! The words are those of `android/app/src/main/res/values/strings.xml`; a test compares them.

use std::path::{Path, PathBuf};

use super::adb::Adb;
use super::browser::{Person, Step, next_step};
use super::screen::{Node, Screen};
use crate::report::say;

const LOGIN_BUTTON: &str = "Okta Login";
const LIST_BUTTON: &str = "AWS SDK Call";
const SIGNED_IN: &str = "Okta session";
/// Of each row: key, size, date.
const ROW: &str = ", changed ";

const ACTIVITY: &str = "dev.jetbridge.app.MainActivity";
const BROWSER: &str = "com.android.chrome";
/// One of the local stack's made-up people.
const ALICE: Person = Person { login: "alice@example.com", password: "open-sesame" };

/// What happens to the app while the user is in the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behind {
    Nothing,
    /// Its process ends, as Android ends processes that it needs the memory of.
    Death,
}

/// One app on one device.
#[derive(Debug)]
pub(crate) struct Phone<'a> {
    pub(crate) adb: &'a Adb,
    pub(crate) package: &'a str,
    /// For pictures, and for what there is to be seen after a failure.
    pub(crate) pictures: PathBuf,
}

impl Phone<'_> {
    /// Both rounds. After a failure the folder has the last picture, what was on the screen and the device's log.
    pub(crate) fn use_app(&self) -> Result<(), String> {
        std::fs::create_dir_all(&self.pictures).map_err(|error| format!("{}: {error}", self.pictures.display()))?;
        let rounds = || {
            self.prepare()?;
            self.sign_in_and_list(Behind::Nothing)?;
            self.sign_in_and_list(Behind::Death)
        };
        rounds().map_err(|problem| {
            self.keep_evidence();
            format!("{}: {problem} (pictures and the device's log are in {})", self.package, self.pictures.display())
        })
    }

    fn prepare(&self) -> Result<(), String> {
        // What moves has no "idle state" to be dumped (developer.android.com/training/testing/espresso/setup, "Set up your
        // test environment").
        for scale in ["window_animation_scale", "transition_animation_scale", "animator_duration_scale"] {
            self.adb.shell(&["settings", "put", "global", scale, "0"])?;
        }
        // Chrome without its first screens, and with its pages told to uiautomator from the start. It reads the file if it is
        // the app to be debugged, or on a device that is rooted (chromium/src, docs/android_build_instructions.md and
        // `CommandLineInitUtil`); another Chrome passes over it, and `browser.rs` leaves its screens by their buttons.
        let flags = "chrome --disable-fre --no-default-browser-check --no-first-run --force-renderer-accessibility";
        self.adb.shell(&["sh", "-c", &format!("echo '{flags}' > /data/local/tmp/chrome-command-line")])?;
        self.adb.shell(&["am", "set-debug-app", "--persistent", BROWSER]).map(drop)
    }

    fn sign_in_and_list(&self, behind: Behind) -> Result<(), String> {
        let round = if behind == Behind::Death { "ended behind the browser" } else { "straight" };
        // Nobody is signed in, in the browser either: it would ask nothing the second time.
        self.adb.clear(self.package)?;
        self.adb.clear(BROWSER)?;
        self.adb.start(&format!("{}/{ACTIVITY}", self.package))?;
        let button = self.wait_for("the first button", |screen| enabled(screen.saying(LOGIN_BUTTON)))?;
        self.keep_picture(&format!("{round} 1 signed out"))?;
        self.adb.tap(button.center())?;
        self.go_through_browser(behind, round)?;
        self.wait_for("the account", |screen| {
            screen.mentioning(SIGNED_IN).next().and(screen.mentioning(ALICE.login).next()).cloned()
        })?;
        self.keep_picture(&format!("{round} 3 signed in"))?;

        let button = self.wait_for("the second button", |screen| enabled(screen.saying(LIST_BUTTON)))?;
        self.adb.tap(button.center())?;
        let rows = self.wait_for_rows()?;
        self.keep_picture(&format!("{round} 4 list"))?;
        say(&format!(
            "{}, {round}: signed in, {} rows on the screen, the first is {}",
            self.package,
            rows.len(),
            rows[0]
        ));
        Ok(())
    }

    /// From the tap to the account's place on the screen.
    fn go_through_browser(&self, behind: Behind, round: &str) -> Result<(), String> {
        let before = self.adb.process(self.package);
        let (mut is_page_seen, mut submissions) = (false, 0);
        let end = self.adb.patience.wait(|| {
            let Some(screen) = self.adb.screen()? else { return Ok(None) };
            if screen.mentioning(SIGNED_IN).next().is_some() {
                return Ok(Some(()));
            }
            let step = next_step(&screen, ALICE)?;
            if matches!(step, Step::FillLogin(..)) && !is_page_seen {
                is_page_seen = true;
                self.keep_picture(&format!("{round} 2 sign-in page"))?;
                if behind == Behind::Death {
                    self.adb.kill_in_background(self.package)?;
                    say(&format!("{}: its process has ended behind the browser", self.package));
                }
            }
            match step {
                Step::Wait => {}
                Step::Pass(button) => self.adb.tap(button.center())?,
                Step::FillLogin(field, length) => {
                    self.adb.tap(field.center())?;
                    self.erase(length)?;
                    self.adb.type_text(ALICE.login)?;
                }
                Step::FillPassword(field) => {
                    self.adb.tap(field.center())?;
                    self.adb.type_text(ALICE.password)?;
                    // The keyboard may lie over the page's button.
                    self.adb.press(&["ENTER"])?;
                }
                Step::Submit(button) => {
                    // The page stays for a moment after Enter: it is pressed again only if it stays for longer.
                    submissions += 1;
                    if submissions % 3 == 0 {
                        self.adb.tap(button.center())?;
                    }
                }
            }
            Ok(None)
        })?;
        end.ok_or_else(|| self.missing("the account, from the browser"))?;
        if !is_page_seen {
            return Err("the account is there, but no sign-in page was: somebody was signed in before".to_owned());
        }
        if behind == Behind::Death && self.adb.process(self.package) == before {
            return Err("the process that was ended goes on".to_owned());
        }
        Ok(())
    }

    fn erase(&self, length: usize) -> Result<(), String> {
        if length == 0 {
            return Ok(());
        }
        let mut keys = vec!["MOVE_END"];
        keys.extend(std::iter::repeat_n("DEL", length));
        self.adb.press(&keys)
    }

    fn wait_for<T>(&self, what: &str, find: impl Fn(&Screen) -> Option<T>) -> Result<T, String> {
        let found = self.adb.patience.wait(|| Ok(self.adb.screen()?.as_ref().and_then(&find)))?;
        found.ok_or_else(|| self.missing(what))
    }

    fn wait_for_rows(&self) -> Result<Vec<String>, String> {
        let mut looks = 0;
        let rows = self.adb.patience.wait(|| {
            let Some(screen) = self.adb.screen()? else { return Ok(None) };
            let rows: Vec<_> = screen.mentioning(ROW).map(|row| row.words().to_owned()).collect();
            if !rows.is_empty() {
                return Ok(Some(rows));
            }
            // On a low screen they begin below its edge.
            looks += 1;
            if looks % 3 == 0 {
                self.adb.scroll(screen.size())?;
            }
            Ok(None)
        })?;
        rows.ok_or_else(|| self.missing("rows"))
    }

    fn missing(&self, what: &str) -> String {
        let seen = match self.adb.screen() {
            Ok(Some(screen)) => screen.describe(),
            _ => "nothing that could be dumped".to_owned(),
        };
        format!("{what} did not come; on the screen is {seen}")
    }

    fn keep_picture(&self, name: &str) -> Result<(), String> {
        let png = self.adb.picture()?;
        self.keep(&format!("{name}.png"), &png)
    }

    /// What helps to see why. Nothing of it may hide the reason.
    fn keep_evidence(&self) {
        let _ = self.keep_picture("failed");
        if let Ok(Some(screen)) = self.adb.screen() {
            let _ = self.keep("failed.txt", screen.describe().as_bytes());
        }
        if let Ok(log) = self.adb.log() {
            let _ = self.keep("logcat.txt", &log);
        }
    }

    fn keep(&self, name: &str, bytes: &[u8]) -> Result<(), String> {
        let file = Path::new(&self.pictures).join(name);
        std::fs::write(&file, bytes).map_err(|error| format!("{}: {error}", file.display()))
    }
}

fn enabled(node: Option<&Node>) -> Option<Node> {
    node.filter(|node| node.is_enabled()).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_the_app_and_the_user_is_the_stacks() {
        let strings = include_str!("../../../../android/app/src/main/res/values/strings.xml");
        for words in [LOGIN_BUTTON, LIST_BUTTON, SIGNED_IN] {
            assert!(strings.contains(&format!(">{words}</string>")), "{words}");
        }
        assert!(strings.contains(&format!("%2$s{ROW}%3$s")));
        let manifest = include_str!("../../../../android/app/src/main/AndroidManifest.xml");
        assert!(manifest.contains(&format!("android:name=\"{ACTIVITY}\"")));
        let options = include_str!("../../../local-stack/src/options.rs");
        assert!(options.contains(ALICE.login) && options.contains(ALICE.password));
        let page = include_str!("../../../local-stack/src/okta/pages.rs");
        for part in ["input #username", "input #password", "\"Sign in\" }", "id=\"problem\""] {
            assert!(page.contains(part), "{part}");
        }
    }
}
