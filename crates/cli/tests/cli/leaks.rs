//! What other programs and other users of this machine can see of a session: arguments, environment, files, memory.
#![cfg(target_os = "linux")]

use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Resource, Rlimit, geteuid, getrlimit, prlimit};
use url::{Url, form_urlencoded};

use crate::support::{ALICE, Bench, Form, Outcome, Running, Witness, fetch, get, location};

/// All that was seen, by the place where it was.
#[derive(Default)]
struct Seen(Vec<(String, String)>);

impl Seen {
    fn note(&mut self, place: impl Into<String>, text: impl Into<String>) {
        self.0.push((place.into(), text.into()));
    }

    fn note_outcome(&mut self, command: &str, outcome: &Outcome) {
        self.note(format!("stdout of {command}"), &*outcome.stdout);
        self.note(format!("stderr of {command}"), &*outcome.stderr);
    }

    fn note_browser(&mut self, command: &str, witness: &Witness) {
        for name in ["processes", "environment"] {
            self.note(format!("{name} during {command}"), witness.note(name));
        }
    }

    fn note_files(&mut self, moment: &str, folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.note_files(moment, &path);
            } else {
                let bytes = std::fs::read(&path).unwrap();
                self.note(format!("{} {moment}", path.display()), String::from_utf8_lossy(&bytes));
            }
        }
    }

    /// Neither as it is nor as a URL has it.
    fn assert_free_of(&self, what: &str, secret: &str) {
        let in_a_url: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        for (place, text) in &self.0 {
            assert!(!text.contains(secret) && !text.contains(&in_a_url), "{what} is in {place}");
        }
    }
}

#[test]
fn nothing_that_is_secret_is_in_arguments_environment_files_or_output() {
    let bench = Bench::start();
    std::fs::create_dir(bench.path("tmp")).unwrap();
    let command = |arguments: &[&str]| {
        let mut command = bench.command(&[arguments, &["-vvv"]].concat());
        command.env("TMPDIR", bench.path("tmp"));
        command
    };
    let home = bench.path("");
    let mut seen = Seen::default();

    let mut login = command(&["login", "--json", "--list"]);
    let witness = Witness::open_by(&mut login, bench.path("witness-of-login"));
    let running = Running::start(&mut login);
    let address = witness.address();
    let url = location(&fetch(&address));
    let redirect = bench.visit(&url, ALICE);
    seen.note_files("before the redirect", &home);
    let page = get(bench.port, &redirect[format!("http://127.0.0.1:{}", bench.port).len()..]);
    let outcome = running.finish();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    seen.note("the page after the redirect", page);
    seen.note_browser("login", &witness);
    assert!(witness.note("processes").contains(&address), "the arguments of the browser were seen");
    // Where a person or a script has to open the page by hand, the address is told: the event is not searched for what it is
    // there to tell.
    let own: Vec<_> = Url::parse(&url)
        .unwrap()
        .query_pairs()
        .filter(|(name, _)| matches!(&**name, "state" | "nonce" | "code_challenge"))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    assert_eq!(own.len(), 3);
    for (name, value) in &own {
        seen.assert_free_of(name, value);
    }
    seen.note_outcome("login", &outcome);

    // `creds --format` prints keys: that is what it is for.
    for arguments in [&["whoami"][..], &["ls"], &["accounts"], &["creds"]] {
        let outcome = Outcome::of(command(arguments).output().unwrap());
        assert_eq!(outcome.code, 0, "{outcome:?}");
        seen.note_outcome(arguments[0], &outcome);
    }
    seen.note_files("while signed in", &home);

    let mut logout = command(&["logout", "--browser", "--json"]);
    let witness = Witness::open_by(&mut logout, bench.path("witness-of-logout"));
    let running = Running::start(&mut logout);
    let form = Form::read(&fetch(&witness.address()));
    let outcome = running.finish();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    form.post();
    seen.note_outcome("logout", &outcome);
    seen.note_browser("logout", &witness);
    seen.note_files("after the sign-out", &home);

    let issued = bench.stack.issued_secrets().all();
    let hint = &form.fields.iter().find(|(name, _)| name == "id_token_hint").unwrap().1;
    assert!(issued.contains(hint), "the stack knows what it issued");
    // Shorter values would be found by chance.
    let secrets: Vec<_> = issued.iter().filter(|secret| secret.len() >= 12).collect();
    assert!(secrets.len() > 8, "{}", secrets.len());
    for (number, secret) in secrets.into_iter().enumerate() {
        seen.assert_free_of(&format!("secret number {number} of the stack"), secret);
    }
}

#[test]
fn a_crash_leaves_no_memory_behind_and_a_browser_keeps_its_limit() {
    let bench = Bench::start();
    let mut login = bench.command(&["login"]);
    let witness = Witness::open_by(&mut login, bench.path("witness"));
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "ulimit -S -c \"$(ulimit -H -c)\"; exec \"$0\" \"$@\""])
        .arg(login.get_program())
        .args(login.get_args())
        .envs(login.get_envs().filter_map(|(name, value)| Some((name, value?))))
        // Where a core file would be written.
        .current_dir(bench.path(""))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = shell.spawn().unwrap();
    witness.address();
    let hard = Command::new("sh").args(["-c", "ulimit -H -c"]).output().unwrap();
    assert_eq!(witness.note("core-limit"), String::from_utf8(hard.stdout).unwrap());

    // Its own again as soon as the browser is started.
    let limits = format!("/proc/{}/limits", child.id());
    while !std::fs::read_to_string(&limits).unwrap().lines().any(is_no_core_limit) {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    // A program that dumps are piped to gets them whatever the limit is: as if there were none.
    let hard = getrlimit(Resource::Core).maximum;
    prlimit(Some(Pid::from_child(&child)), Resource::Core, Rlimit { current: hard, maximum: hard }).unwrap();
    let killed = Command::new("kill").args(["-s", "ABRT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let end = child.wait().unwrap();
    assert_eq!((end.signal(), end.core_dumped()), (Some(6), false));
}

fn is_no_core_limit(line: &str) -> bool {
    line.strip_prefix("Max core file size").is_some_and(|rest| rest.split_whitespace().next() == Some("0"))
}

/// Only root can be two users.
#[test]
fn a_program_of_another_user_gets_no_page() {
    if !geteuid().is_root() {
        return;
    }
    let bench = Bench::start();
    let mut login = bench.command(&["login", "--json"]);
    let witness = Witness::open_by(&mut login, bench.path("witness"));
    let running = Running::start(&mut login);
    let address = Url::parse(&witness.address()).unwrap();
    let (port, path) = (address.port().unwrap(), address.path());
    let ask = format!(
        "exec 3<>/dev/tcp/127.0.0.1/{port}; printf 'GET {path} HTTP/1.1\\r\\nHost: 127.0.0.1:{port}\\r\\n\\r\\n' >&3; cat <&3"
    );
    for _ in 0..2 {
        let nobody = Command::new("bash").args(["-c", &ask]).uid(65534).current_dir("/").output().unwrap();
        let answer = String::from_utf8(nobody.stdout).unwrap();
        assert!(answer.starts_with("HTTP/1.1 403 ") && answer.contains("somebody else"), "{answer}");
        assert!(!answer.contains("state="), "{answer}");
    }
    let redirect = bench.visit(&location(&fetch(address.as_str())), ALICE);
    get(bench.port, &redirect[format!("http://127.0.0.1:{}", bench.port).len()..]);
    let outcome = running.finish();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(outcome.stderr.matches("another user of this machine").count(), 1, "{outcome:?}");
}
