//! What is Windows' own: its paths, its shells, its stores of secrets and of certificates, its browser.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use jetbridge_local_stack::Rotation;
use serde_json::Value;

use crate::support::{ALICE, Bench, Outcome, Running, fetch, location, program};

/// A file outside as Windows' programs name it: Wine has the root as drive Z.
fn windows_path(path: &Path) -> String {
    format!("Z:{}", path.to_str().unwrap().replace('/', "\\"))
}

/// A program of Wine's own.
fn wine(arguments: &[&str]) -> Command {
    let mut command = Command::new(variable("JETBRIDGE_TEST_WINE"));
    command.args(arguments);
    command
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run `cargo xtask test windows`"))
}

/// Runs a line as somebody types it at the command prompt. It comes by a file, so that nothing else quotes it.
fn run_line(bench: &Bench, line: &str) -> Outcome {
    let script = bench.path("typed.bat");
    std::fs::write(&script, format!("@{line}\r\n")).unwrap();
    let mut shell = wine(&["cmd", "/c", &windows_path(&script)]);
    let command = bench.command(&[]);
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    Outcome::of(shell.output().unwrap())
}

/// The folder of the user's local data, outside.
fn local_app_data() -> PathBuf {
    let users = PathBuf::from(variable("WINEPREFIX")).join("drive_c/users");
    let mut homes = users.read_dir().unwrap().map(|entry| entry.unwrap().path());
    homes.find(|home| !home.ends_with("Public")).unwrap().join("AppData/Local")
}

fn sign_in(command: &mut Command, bench: &Bench) -> Outcome {
    let mut running = Running::start(command);
    let url = running.authorization_url();
    running.answer(&bench.visit(&url, ALICE));
    running.finish()
}

#[test]
fn a_session_is_kept_in_the_user_s_local_data_and_its_key_in_credential_manager() {
    let bench = Bench::start();
    let command = |arguments: &[&str]| {
        let mut command = bench.command(arguments);
        command.env_remove("JETBRIDGE_STORE");
        command
    };
    let signed_in = sign_in(&mut command(&["login", "--no-browser", "--json", "--list"]), &bench);
    assert_eq!(signed_in.code, 0, "{signed_in:?}");
    let store = local_app_data().join("Jetbridge");
    let names = || -> Vec<String> {
        store.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let sealed = || names().iter().filter(|name| name.ends_with(".sealed")).count();
    let with_session = sealed();
    assert!(with_session > 0 && !names().contains(&"store.key".to_owned()), "{:?}", names());
    let marker = std::fs::read_to_string(store.join("store.json")).unwrap();
    assert!(marker.contains("\"keyring\"") && !marker.contains('\r'), "{marker}");

    let listing = Outcome::of(command(&["ls", "--json"]).output().unwrap());
    assert_eq!(listing.code, 0, "{listing:?}");
    // What is pasted into a ticket has nobody's name in it.
    let shown = Outcome::of(command(&["doctor", "--explain"]).output().unwrap());
    assert!(shown.stdout.contains(r"~\AppData\Local\Jetbridge; its key is in the keyring"), "{}", shown.stdout);
    assert!(!shown.stdout.to_lowercase().contains(r"c:\users"), "{}", shown.stdout);

    let signed_out = Outcome::of(command(&["logout", "--revoke"]).output().unwrap());
    assert_eq!((signed_out.code, bench.stack.log().count("revoke")), (0, 1), "{signed_out:?}");
    assert_eq!(sealed(), with_session - 1, "{:?}", names());
}

#[test]
fn paths_have_drives_backslashes_and_spaces_and_a_proposed_command_can_be_typed_as_it_stands() {
    let bench = Bench::start();
    let files = bench.path("my files (x86)");
    std::fs::create_dir_all(&files).unwrap();
    std::fs::rename(bench.path("config"), files.join("config & more")).unwrap();
    let (config, store) = (windows_path(&files.join("config & more")), windows_path(&files.join("kept 100% here")));
    let store = format!("file:{store}");
    let options = ["--config", config.as_str(), "--store", &store];
    let command = |words: &[&str]| {
        let mut command = bench.command(&[&options, words].concat());
        command.env_remove("JETBRIDGE_CONFIG").env_remove("JETBRIDGE_STORE");
        command
    };
    let nobody = Outcome::of(command(&["whoami", "--json"]).output().unwrap());
    let hint = nobody.error()["hint"].as_str().unwrap().to_owned();
    let proposed =
        hint.lines().find_map(|line| line.strip_prefix("Run: jetbridge ")).unwrap_or_else(|| panic!("{hint}"));

    let signed_in = sign_in(&mut command(&["login", "--no-browser", "--json"]), &bench);
    assert_eq!(signed_in.code, 0, "{signed_in:?}");
    assert!(files.join("kept 100% here/store.json").is_file());
    // The command for a sign-in, with another word at its end: it has to name this session to the shell.
    let line = proposed.strip_suffix("login").unwrap_or_else(|| panic!("{proposed}"));
    let exe = windows_path(Path::new(&variable("JETBRIDGE_TEST_WINDOWS_PROGRAM")));
    // In a file, unlike at a prompt, a percent sign has to be doubled.
    let whoami = run_line(&bench, &format!("\"{exe}\" {}whoami --json", line.replace('%', "%%")));
    assert_eq!(whoami.code, 0, "{proposed}: {whoami:?}");
    assert_eq!(whoami.events()[0]["user"]["username"], ALICE, "{proposed}");
}

#[test]
fn files_go_up_and_down_by_the_names_that_windows_has_for_them() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let folder = bench.path("my files (é)");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("ün.txt"), "one\ntwo\r\n").unwrap();
    let (up, down) = (windows_path(&folder.join("ün.txt")), windows_path(&folder.join("new/down.txt")));
    let put = bench.run(&["put", &up, "ün.txt"]);
    assert_eq!(put.code, 0, "{put:?}");
    assert!(put.stdout.contains(r"my files (é)\ün.txt"), "no backslash is doubled: {put:?}");
    let to_folder = bench.run(&["get", "ün.txt", "--recursive", &down]);
    assert_ne!(to_folder.code, 0, "a key is no folder: {to_folder:?}");
    std::fs::create_dir_all(folder.join("new")).unwrap();
    // Windows takes both.
    for target in [down.clone(), down.replace('\\', "/")] {
        let get = bench.run(&["get", "ün.txt", &target]);
        assert_eq!(get.code, 0, "{target}: {get:?}");
        assert_eq!(std::fs::read(folder.join("new/down.txt")).unwrap(), b"one\ntwo\r\n");
        std::fs::remove_file(folder.join("new/down.txt")).unwrap();
    }
    let listed = bench.run(&["ls", "ün"]);
    assert!(listed.stdout.ends_with(" ün.txt\n"), "UTF-8, and lines as everywhere: {listed:?}");
    let missing = bench.run(&["put", r"Z:\not there\*.txt", "x/"]);
    assert!(missing.code != 0 && missing.stderr.contains(r"Z:\not there\*.txt: "), "{missing:?}");
    assert!(missing.stderr.contains("--recursive") && !missing.stderr.contains("expands"), "{missing:?}");
}

#[test]
fn several_processes_renew_a_session_once() {
    let bench = Bench::start_with(|options| options.rotation = Rotation::WithGrace(Duration::ZERO));
    bench.sign_in_as(ALICE);
    let before = bench.stack.log().count("token");
    // S3 takes the keys no more, and the ID token has expired: all want new ones, and the refresh token is good for one.
    bench.stack.clock().advance(Duration::from_secs(2 * 3600));
    let running: Vec<_> = (0..4).map(|_| Running::start(&mut bench.command(&["ls", "--json"]))).collect();
    for outcome in running.into_iter().map(Running::finish) {
        assert_eq!(outcome.code, 0, "{outcome:?}");
        assert_eq!(outcome.events().last().unwrap()["event"], "listed");
    }
    assert_eq!(bench.stack.log().count("token"), before + 1);
}

/// A folder that nobody can write into, as on a medium that is write-protected. Root can by any mode, so `cargo xtask test windows`
/// gives it mounts of its own, and Wine with it.
struct ReadOnly<'a>(&'a Path);

impl<'a> ReadOnly<'a> {
    fn make(folder: &'a Path) -> Self {
        if Self::may_mount() {
            Self::run("mount", &["--bind", folder.to_str().unwrap()], folder);
            Self::run("mount", &["-o", "remount,bind,ro"], folder);
        } else {
            Self::run("chmod", &["555"], folder);
        }
        Self(folder)
    }

    fn may_mount() -> bool {
        std::env::var_os("JETBRIDGE_TEST_MAY_MOUNT").is_some()
    }

    fn run(program: &str, arguments: &[&str], folder: &Path) {
        let status = Command::new(program).args(arguments).arg(folder).status().unwrap();
        assert!(status.success(), "{program} {arguments:?}");
    }
}

impl Drop for ReadOnly<'_> {
    fn drop(&mut self) {
        if Self::may_mount() { Self::run("umount", &["--lazy"], self.0) } else { Self::run("chmod", &["700"], self.0) }
    }
}

#[test]
fn a_store_that_is_read_only_costs_no_session_and_names_the_way_out() {
    let bench = Bench::start_with(|options| options.rotation = Rotation::WithGrace(Duration::ZERO));
    bench.sign_in_as(ALICE);
    let store = bench.path("store");
    let read_only = ReadOnly::make(&store);
    assert!(std::fs::write(store.join("probe"), "").is_err());
    let whoami = bench.run(&["whoami"]);
    assert_eq!(whoami.code, 0, "{whoami:?}");
    let before = bench.stack.log().count("token");
    bench.stack.clock().advance(Duration::from_secs(2 * 3600));
    let refused = bench.run(&["ls", "--json"]);
    assert_eq!((refused.code, refused.error()["kind"].as_str()), (8, Some("secure_storage")), "{refused:?}");
    assert_eq!(bench.stack.log().count("token"), before, "nothing is spent that cannot be saved");
    let hint = refused.error()["hint"].as_str().unwrap().to_owned();
    assert!(hint.contains("whether its drive can be written"), "{hint}");

    drop(read_only);
    let renewed = bench.run(&["ls", "--json"]);
    assert_eq!(renewed.code, 0, "{renewed:?}");
    assert_eq!(bench.stack.log().count("token"), before + 1);
}

#[test]
fn a_ca_file_counts_beside_windows_own_certificates() {
    let (bench, other) =
        (Bench::start_with(|options| options.tls = true), Bench::start_with(|options| options.tls = true));
    let certificates = |bench: &Bench| windows_path(&bench.path("config/ca.pem"));
    let (own, foreign) = (certificates(&bench), certificates(&other));
    let login = |arguments: &[&str], variable: Option<&str>| {
        let mut command = bench.command(&[&["login", "--no-browser", "--json"], arguments].concat());
        command.envs(variable.map(|file| ("SSL_CERT_FILE", file)));
        command
    };
    for (arguments, variable) in [(&["--ca-file", own.as_str()][..], None), (&[], Some(own.as_str()))] {
        let signed_in = sign_in(&mut login(arguments, variable), &bench);
        assert_eq!(signed_in.code, 0, "{arguments:?} {variable:?}: {signed_in:?}");
        let mut listing = bench.command(&[&["ls", "--json"], arguments].concat());
        let listing = Outcome::of(listing.envs(variable.map(|file| ("SSL_CERT_FILE", file))).output().unwrap());
        assert_eq!(listing.code, 0, "{arguments:?} {variable:?}: {listing:?}");
    }
    // Neither the system's own nor a CA of the same name is enough.
    for (arguments, words) in [(&[][..], "is not trusted"), (&["--ca-file", foreign.as_str()], "another key")] {
        // Of an account that knows nothing of Okta yet: it has to ask before the browser opens.
        let arguments = [&["--account", "new"][..], arguments].concat();
        let refused = Outcome::of(login(&arguments, None).output().unwrap());
        let error = refused.error();
        assert_eq!((refused.code, error["kind"].as_str()), (6, Some("obstructed")), "{refused:?}");
        let told = format!("{} {}", error["message"], error["hint"]);
        assert!(told.contains(words) && !told.contains("Debian"), "{told}");
    }
}

#[test]
fn a_command_gets_credentials_and_its_end_is_this_program_s() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let ended = bench.run(&["exec", "--", "cmd", "/c", "exit 7"]);
    assert_eq!(ended.code, 7, "{ended:?}");
    let missing = bench.run(&["exec", "--", "no-such-program"]);
    assert_eq!(missing.code, 127, "{missing:?}");

    let shown = bench.run(&["exec", "--", "cmd", "/c", "type %AWS_CONFIG_FILE%"]);
    let process = shown.stdout.lines().find_map(|line| line.trim().strip_prefix("credential_process = "));
    let process = process.unwrap_or_else(|| panic!("{shown:?}"));
    // Most SDKs have the command prompt run it.
    let credentials = run_line(&bench, process);
    assert_eq!(credentials.code, 0, "{process}: {credentials:?}");
    let credentials: Value = serde_json::from_str(&credentials.stdout).unwrap();
    assert_eq!(credentials["Version"], 1);
    assert!(bench.stack.identity_of(credentials["AccessKeyId"].as_str().unwrap()).is_some());
}

/// Windows is asked to open the address, and Wine hands that on to a program outside, which stands for the browser.
#[test]
fn the_browser_is_the_one_that_windows_opens() {
    use std::os::unix::fs::PermissionsExt as _;

    let bench = Bench::start();
    let programs = bench.path("programs");
    std::fs::create_dir_all(&programs).unwrap();
    let opener = programs.join("xdg-open");
    let note = programs.join("address");
    let script = format!("#!/bin/sh\nprintf %s \"$1\" > {0}.new && mv {0}.new {0}\n", note.display());
    std::fs::write(&opener, script).unwrap();
    std::fs::set_permissions(&opener, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = bench.command(&["login", "--json"]);
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    command.env_remove("BROWSER").env("PATH", path);
    let running = Running::start(&mut command);
    let address = loop {
        match std::fs::read_to_string(&note) {
            Ok(address) => break address,
            Err(_) => std::thread::sleep(Duration::from_millis(10)),
        }
    };
    assert!(address.starts_with("http://127.0.0.1:") && !address.contains('?'), "{address}");
    let redirect = bench.visit(&location(&fetch(&address)), ALICE);
    assert!(redirect.starts_with(&bench.redirect_uri), "{redirect}");
    assert!(fetch(&redirect).contains("You are signed in"));
    let outcome = running.finish();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(outcome.events_named("signed_in").len(), 1, "{outcome:?}");
}

/// Whoever reads advice on Windows has neither the programs nor the variables of other systems.
#[test]
fn no_advice_for_another_system_is_in_the_program() {
    let exe = std::fs::read(variable("JETBRIDGE_TEST_WINDOWS_PROGRAM")).unwrap();
    let exe = String::from_utf8_lossy(&exe);
    let has = |word: &str| exe.contains(word);
    assert!(has("attrib -R ") && has("Credential Manager"), "the words are found where they are");
    for word in [
        "chmod ",
        "chown ",
        "sudo ",
        "ulimit ",
        "apt-get",
        "ca-certificates",
        "timedatectl",
        "systemctl",
        "ip link set",
        "lsof ",
        "unlock-keychain",
        "names the desktop's bus",
        "XDG_STATE_HOME, ",
    ] {
        assert!(!has(word), "{word:?} is for another system");
    }
    let version = Outcome::of(program(&["--version"]).output().unwrap());
    assert!(version.stdout.starts_with("jetbridge ") && !version.stdout.contains('\r'), "{version:?}");
}
