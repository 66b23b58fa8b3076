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

#[test]
fn a_home_that_is_not_a_whole_path_is_refused_and_nothing_is_written() {
    let bench = Bench::start();
    let here = bench.path("elsewhere");
    std::fs::create_dir(&here).unwrap();
    for (name, others) in [("HOME", &["JETBRIDGE_HOME", "XDG_STATE_HOME"][..]), ("JETBRIDGE_HOME", &[])] {
        for arguments in [&["whoami", "--json"][..], &["login", "--no-browser", "--json"]] {
            let mut command = bench.command(arguments);
            command.current_dir(&here).env("JETBRIDGE_STORE", "auto").env(name, "some/where");
            for other in others {
                command.env_remove(other);
            }
            let outcome = Outcome::of(command.output().unwrap());
            assert_eq!(outcome.code, 8, "{name}: {outcome:?}");
            let error = outcome.error();
            assert!(error["message"].as_str().unwrap().contains(&format!("{name} is 'some/where'")), "{error}");
            assert!(error["hint"].as_str().unwrap().contains("JETBRIDGE_HOME"), "{error}");
            assert_eq!(std::fs::read_dir(&here).unwrap().count(), 0, "{name}");
        }
    }
}

#[test]
fn something_else_in_place_of_a_folder_or_a_file_is_told_with_the_way_out() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let (file, pipe) = (bench.path("file"), bench.path("pipe"));
    std::fs::write(&file, "").unwrap();
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let run = |arguments: &[&str]| run_bounded(&bench.command(arguments));
    for place in [&file, &pipe, &file.join("below")] {
        let config = run(&["--config", place.to_str().unwrap(), "whoami", "--json"]);
        let message = config.error()["message"].as_str().unwrap().to_owned();
        assert_eq!(config.code, 4, "{config:?}");
        let whole = format!("{} is a file, not a folder", place.display());
        assert!(place.starts_with(&file) && *place != file || message.contains(&whole), "{message}");

        for command in [&["whoami"][..], &["login", "--no-browser"]] {
            let store = format!("file:{}", place.display());
            let store = run(&[&["--store", &store, "--json"], command].concat());
            assert_eq!(store.code, 8, "{store:?}");
            assert!(store.error()["message"].as_str().unwrap().ends_with("is not a folder"), "{store:?}");
        }
    }

    let is_read = |path: &Path| path.extension().is_some_and(|ending| ending != "lock");
    let files: Vec<_> =
        snapshot(&bench.path("store")).into_iter().map(|(path, _)| path).filter(|path| is_read(path)).collect();
    assert!(files.len() >= 3, "{files:?}");
    for path in files {
        let aside = bench.path("aside");
        std::fs::rename(&path, &aside).unwrap();
        std::fs::create_dir(&path).unwrap();
        let mut commands = vec![&["whoami", "--json"][..], &["ls", "--json"], &["login", "--no-browser", "--json"]];
        if path.extension().is_some_and(|ending| ending == "sealed") {
            commands.push(&["logout", "--json"]);
        }
        for command in commands {
            let outcome = run(command);
            assert_eq!(outcome.code, 8, "{command:?} {}: {outcome:?}", path.display());
            let message = outcome.error()["message"].as_str().unwrap().to_owned();
            assert!(message.contains(path.to_str().unwrap()) && message.contains("move it elsewhere"), "{message}");
        }
        std::fs::remove_dir(&path).unwrap();
        std::fs::rename(&aside, &path).unwrap();
    }
    assert_eq!(run(&["whoami"]).code, 0, "the session is as it was");
}

#[test]
fn a_variable_that_is_not_text_is_named() {
    use std::os::unix::ffi::OsStrExt as _;
    let bytes = std::ffi::OsStr::from_bytes(b"\xff");
    for name in ["JETBRIDGE_STORE", "JETBRIDGE_ACCOUNT", "JETBRIDGE_PERMIT_ENDPOINT"] {
        let outcome = Outcome::of(program(&["whoami"]).env(name, bytes).output().unwrap());
        assert_eq!(outcome.code, 2, "{outcome:?}");
        assert!(outcome.stderr.starts_with(&format!("error: the value of {name} is not UTF-8 text")), "{outcome:?}");
        let json = Outcome::of(program(&["whoami", "--json"]).env(name, bytes).output().unwrap());
        assert!(json.error()["message"].as_str().unwrap().contains(name), "{json:?}");
        // One that is not asked for is nobody's problem.
        let argument = Outcome::of(program(&["switch"]).arg(bytes).env(name, "memory").output().unwrap());
        assert!(argument.code == 2 && !argument.stderr.contains(name), "{argument:?}");
    }
}

/// The store's folder may have any name: what is to be copied is for a shell, and in one line.
#[test]
fn a_proposed_chmod_is_one_line_that_a_shell_takes() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = Bench::start();
    let store = bench.path("it's a store with a name; much longer than a terminal of eighty columns is wide");
    std::fs::create_dir(&store).unwrap();
    std::fs::set_permissions(&store, std::fs::Permissions::from_mode(0o755)).unwrap();
    let whoami = || bench.run(&["--store", &format!("file:{}", store.display()), "whoami"]);
    let outcome = whoami();
    assert_eq!(outcome.code, 8, "{outcome:?}");
    let line = outcome.stderr.lines().find_map(|line| Some(&line[line.find("chmod 700 ")?..])).unwrap();
    let shell = Command::new("sh").args(["-c", line]).output().unwrap();
    assert!(shell.status.success(), "{line}: {shell:?}");
    assert_eq!(whoami().code, 3);
}

/// `snapshot` without the files that are for locks.
fn stored(folder: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    snapshot(folder).into_iter().filter(|(path, _)| path.extension().is_none_or(|ending| ending != "lock")).collect()
}

#[test]
fn a_session_whose_key_is_elsewhere_is_neither_damaged_nor_removed() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let store = bench.path("store");
    let file = format!("file:{}", store.display());
    let commands = [
        &["whoami"][..],
        &["ls"],
        &["creds", "--format", "process"],
        &["accounts"],
        &["switch", "default"],
        &["login", "--no-browser"],
        &["logout"],
        &["logout", "--all", "--revoke"],
    ];
    let refuse = |choice: &str, way_out: &str| {
        let before = stored(&store);
        for arguments in commands {
            let mut command = bench.command(arguments);
            command.env("JETBRIDGE_HOME", &store).env("JETBRIDGE_STORE", choice).env_remove("DBUS_SESSION_BUS_ADDRESS");
            let outcome = run_bounded(&command);
            assert_eq!((outcome.code, outcome.stdout.as_str()), (8, ""), "{arguments:?}: {outcome:?}");
            assert!(outcome.stderr.contains(way_out), "{arguments:?}: {outcome:?}");
            assert!(!outcome.stderr.contains("logout"), "{arguments:?}: {outcome:?}");
        }
        assert_eq!(stored(&store), before, "{choice}");
    };
    refuse("keyring", "--store auto");
    let run = |arguments: &[&str]| {
        let mut command = bench.command(arguments);
        Outcome::of(command.env("JETBRIDGE_HOME", &store).env("JETBRIDGE_STORE", "auto").output().unwrap())
    };
    assert_eq!(run(&["whoami"]).code, 0, "the advice is right");

    let marker = std::fs::read_to_string(store.join("store.json")).unwrap();
    std::fs::write(store.join("store.json"), marker.replace("key_file", "keyring")).unwrap();
    refuse(&file, "JETBRIDGE_HOME=");
}

/// Its name is still known to the shell, and leads nowhere.
#[test]
fn a_current_directory_that_was_deleted_matters_to_nobody_who_does_not_need_it() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let run = |arguments: &[&str], config: bool| {
        let mut shell = Command::new("sh");
        let line = "mkdir \"$0\" && cd \"$0\" && rmdir \"$0\" && exec \"$@\"";
        let command = bench.command(arguments);
        shell.args(["-c", line]).arg(bench.path("gone")).arg(command.get_program()).args(arguments);
        for (name, value) in command.get_envs() {
            match value {
                Some(value) if config || name != "JETBRIDGE_CONFIG" => shell.env(name, value),
                _ => shell.env_remove(name),
            };
        }
        Outcome::of(shell.output().unwrap())
    };
    let config = bench.path("config");
    let config = config.to_str().unwrap();
    for arguments in [&["whoami"][..], &["ls", "--limit", "1"], &["accounts"]] {
        assert_eq!(run(arguments, true).code, 0, "{arguments:?}");
        assert_eq!(run(&[&["--config", config], arguments].concat(), false).code, 0, "{arguments:?}");
    }
    for arguments in [&["completions", "bash"][..], &["--help"], &["demo", "--limit", "1"]] {
        assert_eq!(run(arguments, false).code, 0, "{arguments:?}");
    }
    let nobody_named_it = run(&["whoami", "--json"], false);
    let message = nobody_named_it.error()["message"].as_str().unwrap().to_owned();
    assert_eq!(nobody_named_it.code, 2, "{nobody_named_it:?}");
    assert!(message.contains("current directory") && !message.contains("--config"), "{message}");
    assert!(nobody_named_it.error()["hint"].as_str().unwrap().contains("--config DIR"), "{nobody_named_it:?}");
    for arguments in [
        &["--config", "here", "whoami", "--json"][..],
        &["--store", "file:here", "whoami", "--json"],
        &["--ca-file", "here", "ls", "--json"],
        &["doctor", "--template", "here", "--json"],
        &["local-stack", "--template", "here", "--json"],
        &["local-stack", "--write-config", "here", "--json"],
    ] {
        let outcome = run(arguments, true);
        assert_eq!(outcome.code, 2, "{arguments:?}: {outcome:?}");
        assert!(outcome.error()["message"].as_str().unwrap().contains("'here'"), "{outcome:?}");
        assert!(outcome.error()["hint"].as_str().unwrap().contains("cd"), "{outcome:?}");
    }
}

#[test]
fn a_file_may_be_a_pipe_and_one_that_nobody_writes_to_is_told() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let pipe = bench.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let pipe = pipe.to_str().unwrap();
    for arguments in [
        &["--ca-file", pipe, "whoami"][..],
        &["doctor", "--template", pipe],
        &["local-stack", "--port", "0", "--template", pipe],
    ] {
        let mut running = Running::start(&mut bench.command(arguments));
        let told = running.stderr_line("waiting for");
        assert!(told.contains(pipe) && told.contains("Ctrl-C"), "{told}");
        running.signal("INT");
        assert_eq!(running.finish().code, 7, "{arguments:?}");
    }

    let served = Bench::start_with(|options| options.tls = true);
    let certificates = served.path("config/ca.pem");
    let written = |program: &str, command_line: &str| {
        let mut shell = Command::new("bash");
        let command = bench.command(&[]);
        let line = format!("exec \"$0\" --ca-file <({program}) {command_line}");
        shell.args(["-c", &line]).arg(command.get_program()).env("PEM", &certificates);
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        Outcome::of(shell.output().unwrap())
    };
    for program in ["cat \"$PEM\"", "sleep 4; cat \"$PEM\""] {
        let outcome = written(program, "whoami");
        assert_eq!(outcome.code, 0, "{program}: {outcome:?}");
        assert_eq!(outcome.stderr.contains("waiting for"), program.contains("sleep"), "{program}: {outcome:?}");
    }
    assert_eq!(written("echo nothing", "whoami").code, 4);
    // For each session the same.
    bench.login(&["--account", "work"], |url| bench.visit(url, ALICE));
    let all = written("cat \"$PEM\"", "logout --all");
    assert_eq!((all.code, all.stdout.matches("Signed out").count()), (0, 2), "{all:?}");
}

#[test]
fn a_store_that_cannot_be_made_is_blamed_on_its_path_and_not_on_the_disk() {
    let bench = Bench::start();
    let dangling = bench.path("dangling");
    std::os::unix::fs::symlink(bench.path("nowhere"), &dangling).unwrap();
    for place in [dangling.join("store"), bench.path(&"long".repeat(100)), bench.path("there").join("a".repeat(300))] {
        let store = format!("file:{}", place.display());
        let outcome = bench.run(&["--store", &store, "--json", "login", "--no-browser"]);
        assert_eq!(outcome.code, 8, "{outcome:?}");
        let hint = outcome.error()["hint"].as_str().unwrap().to_owned();
        assert!(hint.starts_with("Look at that path") && !hint.contains("Make room"), "{outcome:?}");
    }
}

/// What is in the way is told with what takes it out of it.
#[test]
fn something_odd_in_the_store_is_told_with_a_fix_that_works() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    assert_eq!(bench.run(&["logout"]).code, 0);
    let key = bench.path("store").join("store.key");
    let aside = bench.path("aside.key");
    std::fs::rename(&key, &aside).unwrap();
    std::os::unix::fs::symlink(&aside, &key).unwrap();
    let refused = bench.run(&["login", "--no-browser", "--json"]);
    let message = refused.error()["message"].as_str().unwrap().to_owned();
    assert_eq!(refused.code, 8, "{refused:?}");
    assert!(message.contains("symbolic link; move it elsewhere or delete it"), "{message}");
    std::fs::remove_file(&key).unwrap();
    bench.sign_in_as(ALICE);

    // Root can give files away; its own folder is still its own.
    if std::os::unix::fs::chown(&key, Some(65534), None).is_ok() {
        let refused = bench.run(&["whoami"]);
        let said = refused.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(!said.contains("run this as"), "{said}");
        let line = refused.stderr.lines().find_map(|line| Some(&line[line.find("chown ")?..])).unwrap();
        assert!(Command::new("sh").args(["-c", line]).status().unwrap().success(), "{line}");
        assert_eq!(bench.run(&["whoami"]).code, 0);
    }
}

/// A read-only disk keeps the session: whoever wants to sign out is not told to sign in.
#[test]
fn a_sign_out_that_fails_is_not_answered_with_a_sign_in() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let store = bench.path("store");
    let files = std::fs::read_dir(&store).unwrap().map(|entry| entry.unwrap().path());
    let sealed: Vec<_> = files.filter(|path| path.extension().is_some_and(|ending| ending == "sealed")).collect();
    for path in sealed {
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
    }
    let outcome = bench.run(&["logout", "--json"]);
    assert_eq!(outcome.code, 8, "{outcome:?}");
    let hint = outcome.error()["hint"].as_str().unwrap().to_owned();
    assert!(hint.starts_with("You are not signed out.") && !hint.contains(" login"), "{hint}");
    // Nor where the folder itself cannot be entered.
    let elsewhere = format!("file:{}", bench.path("config/okta-config.json").display());
    let outcome = bench.run(&["--store", &elsewhere, "logout", "--json"]);
    assert_eq!(outcome.code, 8, "{outcome:?}");
    let hint = outcome.error()["hint"].as_str().unwrap().to_owned();
    assert!(hint.starts_with("You are not signed out.") && !hint.contains(" login"), "{hint}");
}

#[test]
fn a_umask_takes_nothing_from_the_folders_that_are_made() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = Bench::start();
    let home = bench.path("new home");
    std::fs::create_dir(&home).unwrap();
    let login = bench.command(&["login", "--no-browser", "--json"]);
    let mut shell = Command::new("sh");
    shell.args(["-c", "umask 777; exec \"$0\" \"$@\""]).arg(login.get_program()).args(login.get_args());
    for (name, value) in login.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    for name in ["XDG_STATE_HOME", "JETBRIDGE_HOME", "DBUS_SESSION_BUS_ADDRESS"] {
        shell.env_remove(name);
    }
    let mut login = Running::start(shell.env("HOME", &home).env("JETBRIDGE_STORE", "auto"));
    let url = login.authorization_url();
    login.answer(&bench.visit(&url, ALICE));
    assert_eq!(login.finish().code, 0);
    let mut made = vec![home];
    while let Some(folder) = made.pop() {
        for entry in std::fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let metadata = entry.metadata().unwrap();
            let wanted = if metadata.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(metadata.permissions().mode() & 0o777, wanted, "{}", entry.path().display());
            made.extend(metadata.is_dir().then(|| entry.path()));
        }
    }
}

#[test]
fn a_configuration_is_written_into_a_folder_and_that_is_told() {
    let bench = Bench::start();
    let file = bench.path("file");
    std::fs::write(&file, "").unwrap();
    for place in [file.to_str().unwrap(), "/dev/null", "/dev/null/below"] {
        let outcome = bench.run(&["local-stack", "--port", "0", "--write-config", place, "--json"]);
        assert_eq!(outcome.code, 4, "{outcome:?}");
        assert!(outcome.error()["hint"].as_str().unwrap().contains("a folder"), "{outcome:?}");
    }
    let folder = bench.path("folder");
    std::fs::create_dir(&folder).unwrap();
    assert!(Command::new("mkfifo").arg(folder.join("aws-exports.json")).status().unwrap().success());
    let command = bench.command(&["local-stack", "--write-config", folder.to_str().unwrap(), "--port", "0", "--json"]);
    let outcome = run_bounded(&command);
    assert_eq!(outcome.code, 4, "{outcome:?}");
    assert!(outcome.error()["message"].as_str().unwrap().ends_with("aws-exports.json is not a file"), "{outcome:?}");
}

#[test]
fn a_configuration_in_another_encoding_is_told_as_that() {
    let bench = Bench::start();
    let path = bench.path("config/okta-config.json");
    let text = std::fs::read_to_string(&path).unwrap();
    type Unit = fn(u16) -> [u8; 2];
    for (mark, unit) in [
        (&[0xfe_u8, 0xff][..], u16::to_be_bytes as Unit),
        (&[0xff, 0xfe], u16::to_le_bytes),
        (&[], u16::to_be_bytes),
        (&[], u16::to_le_bytes),
    ] {
        let bytes = mark.iter().copied().chain(text.encode_utf16().flat_map(unit)).collect::<Vec<_>>();
        std::fs::write(&path, bytes).unwrap();
        let outcome = bench.run(&["whoami", "--json"]);
        assert_eq!(outcome.code, 4, "{outcome:?}");
        let message = outcome.error()["message"].as_str().unwrap().to_owned();
        assert!(message.contains("is saved as UTF-16"), "{mark:?}: {message}");
    }
}
