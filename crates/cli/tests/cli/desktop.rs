//! What desktops and scripts do to a program: variables that are set to nothing, a keyring that does not answer, paths with
//! `~` and spaces, a HOME that is somebody else's.

use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::{ALICE, Bench, Outcome, Running, program, snapshot};

/// The same command, ended if it hangs: long after any limit of the program, long before that of a test.
fn bounded(command: &Command) -> Command {
    let mut bounded = Command::new("timeout");
    bounded.arg("90").arg(command.get_program()).args(command.get_args()).stdin(std::process::Stdio::null());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => bounded.env(name, value),
            None => bounded.env_remove(name),
        };
    }
    bounded
}

fn run_bounded(command: &Command) -> Outcome {
    Outcome::of(bounded(command).output().unwrap())
}

/// A session bus that takes every connection and never says a word. Gives its address.
#[cfg(target_os = "linux")]
fn deaf_bus(bench: &Bench) -> String {
    let path = bench.path("bus");
    let bus = UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        while let Ok(connection) = bus.accept() {
            kept.push(connection);
        }
    });
    format!("unix:path={}", path.display())
}

#[cfg(target_os = "linux")]
#[test]
fn a_deaf_bus_ends_every_command_and_costs_no_session() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    // The session was made with the keyring.
    let store = bench.path("store");
    let mut marker: Value = serde_json::from_slice(&std::fs::read(store.join("store.json")).unwrap()).unwrap();
    marker["key_source"] = json!("keyring");
    std::fs::write(store.join("store.json"), marker.to_string()).unwrap();
    std::fs::remove_file(store.join("store.key")).unwrap();
    let before = snapshot(&store);
    let bus = deaf_bus(&bench);
    let run = |arguments: &[&str]| {
        let mut command = bench.command(arguments);
        command.env("JETBRIDGE_HOME", &store).env("JETBRIDGE_STORE", "auto").env("DBUS_SESSION_BUS_ADDRESS", &bus);
        run_bounded(&command)
    };
    for arguments in
        [&["whoami", "--json"][..], &["ls", "--json"], &["login", "--no-browser", "--json"], &["creds", "--json"]]
    {
        let outcome = run(arguments);
        assert_eq!((outcome.code, outcome.error()["kind"].as_str()), (8, Some("secure_storage")), "{outcome:?}");
        let hint = outcome.error()["hint"].as_str().unwrap().to_owned();
        for way_out in ["--store file:PATH", "DBUS_SESSION_BUS_ADDRESS", "jetbridge logout"] {
            assert!(hint.contains(way_out), "{way_out}: {hint}");
        }
    }
    let process = run(&["creds", "--format", "process"]);
    assert_eq!((process.code, process.stdout.as_str()), (8, ""), "{process:?}");
    let said = process.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("it does not answer") && said.contains("help: Unlock the keyring"), "{said}");
    let accounts = run(&["accounts", "--json"]);
    assert_eq!((accounts.code, &accounts.events()[0]["state"]), (0, &json!("storage_unavailable")), "{accounts:?}");
    let sealed = |files: Vec<(std::path::PathBuf, Vec<u8>)>| {
        files.into_iter().filter(|(path, _)| path.extension().is_none_or(|ending| ending != "lock")).collect::<Vec<_>>()
    };
    assert_eq!(sealed(snapshot(&store)), sealed(before), "the session is as it was, and no key was made beside it");
    // The user may give it up.
    assert_eq!(run(&["logout"]).code, 0);
    assert_eq!(run(&["whoami", "--json"]).code, 3);
}

#[cfg(target_os = "linux")]
#[test]
fn a_new_store_on_a_deaf_bus_has_its_key_in_a_file() {
    let bench = Bench::start();
    let bus = deaf_bus(&bench);
    let command = |arguments: &[&str]| {
        let mut command = bench.command(arguments);
        command
            .env("JETBRIDGE_HOME", bench.path("home"))
            .env("JETBRIDGE_STORE", "auto")
            .env("DBUS_SESSION_BUS_ADDRESS", &bus);
        command
    };
    let mut login = Running::start(&mut bounded(&command(&["login", "--no-browser", "--json"])));
    let url = login.authorization_url();
    login.answer(&bench.visit(&url, ALICE));
    let login = login.finish();
    assert_eq!(login.code, 0, "{login:?}");
    assert_eq!(login.stderr.matches("no keyring works here").count(), 1, "{login:?}");
    let later = Outcome::of(command(&["whoami"]).output().unwrap());
    assert_eq!((later.code, later.stderr.as_str()), (0, ""));
}

#[test]
fn a_variable_that_is_set_to_nothing_is_not_set() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    for name in [
        "JETBRIDGE_CONFIG",
        "JETBRIDGE_STORE",
        "JETBRIDGE_ACCOUNT",
        "JETBRIDGE_HOME",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "HTTPS_PROXY",
        "http_proxy",
        "NO_PROXY",
        "NO_COLOR",
        "BROWSER",
        "DBUS_SESSION_BUS_ADDRESS",
        "XDG_STATE_HOME",
        "XDG_RUNTIME_DIR",
    ] {
        let help = Outcome::of(program(&["completions", "bash"]).env(name, "").output().unwrap());
        assert_eq!((help.code, help.stderr.as_str()), (0, ""), "{name}");
        // Named by an option, so that the variable is not needed.
        let store = format!("file:{}", bench.path("store").display());
        let config = bench.path("config");
        let ls = ["--store", &store, "--config", config.to_str().unwrap(), "ls", "--limit", "1"];
        let ls = Outcome::of(program(&ls).env("HOME", bench.path("")).env(name, "").output().unwrap());
        assert_eq!(ls.code, 0, "{name}: {ls:?}");
    }
    let coloured = bench.command(&["whoami"]).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "").output().unwrap();
    assert!(coloured.stdout.contains(&0x1b), "NO_COLOR counts when it is not empty (no-color.org)");
}

#[test]
fn a_tilde_is_the_home_wherever_a_path_is_named() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let here = bench.path("elsewhere");
    std::fs::create_dir(&here).unwrap();
    let run = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = program(arguments);
        command.current_dir(&here).env("HOME", bench.path("")).envs(variables.iter().copied());
        Outcome::of(command.output().unwrap())
    };
    let by_options = run(&["--config=~/config", "--store", "file:~/store", "whoami"], &[]);
    assert_eq!(by_options.code, 0, "{by_options:?}");
    let by_variables = run(&["whoami"], &[("JETBRIDGE_CONFIG", "~/config"), ("JETBRIDGE_STORE", "file:~/store")]);
    assert_eq!(by_variables.code, 0, "{by_variables:?}");
    let home = run(&["--config=~/config", "whoami"], &[("JETBRIDGE_HOME", "~/store")]);
    assert_eq!(home.code, 0, "{home:?}");
    assert_eq!(run(&["--config=~bob/config", "whoami"], &[]).code, 2);
    assert_eq!(std::fs::read_dir(&here).unwrap().count(), 0, "no folder is called ~");

    let missing = run(&["--config", "nowhere", "whoami", "--json"], &[]);
    let message = missing.error()["message"].as_str().unwrap().to_owned();
    let full = here.canonicalize().unwrap().join("nowhere/okta-config.json");
    assert!(message.contains(full.to_str().unwrap()), "{message}");
}

#[test]
fn looking_makes_nothing() {
    let bench = Bench::start();
    for arguments in [&["whoami"][..], &["accounts"], &["creds"], &["ls"]] {
        bench.run(arguments);
        assert!(!bench.path("store").exists(), "{arguments:?}");
    }
}

/// The command is for a shell, so a shell runs it.
#[test]
fn a_proposed_command_can_be_copied_as_it_stands() {
    let bench = Bench::start();
    let config = bench.path("it's my cfg; exit 1");
    std::fs::rename(bench.path("config"), &config).unwrap();
    let nobody = Outcome::of(
        bench.command(&["--config", config.to_str().unwrap(), "whoami"]).env("COLUMNS", "500").output().unwrap(),
    );
    assert_eq!(nobody.code, 3);
    let text = nobody.stderr.split_once("Run: ").unwrap_or_else(|| panic!("{nobody:?}")).1;
    // A terminal of eighty columns breaks the line between words.
    let command = text.split_whitespace().collect::<Vec<_>>().join(" ").replace("login", "accounts");
    let program = Path::new(env!("CARGO_BIN_EXE_jetbridge")).parent().unwrap();
    let shell = Command::new("sh")
        .args(["-c", &format!("PATH={}; {command}", program.display())])
        .env("JETBRIDGE_STORE", format!("file:{}", bench.path("store").display()))
        .output()
        .unwrap();
    let shell = Outcome::of(shell);
    assert_eq!(shell.code, 0, "{command}: {shell:?}");
    assert!(shell.stderr.contains("Nobody is signed in"), "{shell:?}");
}
