//! AWS's own tools with the session: by `exec`, by `credential_process`, by a container's endpoint. AWS's Python clients
//! share no code with this program.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::Duration;

use jetbridge_local_stack::Options;
use serde_json::Value;

use crate::stock_environment::stock_command;
use crate::support::{ALICE, Bench, Outcome, Running, free_port, parse_event, program, send};

/// Says which key was used and whom STS takes it for.
const WHO: &str = "
import boto3
sts = boto3.Session().client('sts')
print(sts.get_caller_identity()['Arn'], boto3.Session().get_credentials().access_key)
";

/// One client that is made once and called again and again, until the first key that it had is refused, and once more.
const KEEP_CALLING: &str = "
import os, sys, time, boto3
from botocore.exceptions import ClientError
session = boto3.Session(profile_name=sys.argv[1] or None)
sts = session.client('sts')
first = session.get_credentials().get_frozen_credentials()
fixed = boto3.client('sts', aws_access_key_id=first.access_key, aws_secret_access_key=first.secret_key,
                     aws_session_token=first.token)
keys = {first.access_key}
arns = set()
def call():
    arns.add(sts.get_caller_identity()['Arn'])
    keys.add(session.get_credentials().access_key)
while True:
    call()
    try:
        fixed.get_caller_identity()
    except ClientError as error:
        assert error.response['Error']['Code'] == 'ExpiredToken', error
        break
    time.sleep(0.3)
call()
assert len(keys) > 1, keys
print(*arns)
";

/// Where somebody else's credentials are, in every place that AWS's tools look at.
struct Others {
    home: PathBuf,
}

impl Others {
    fn settle_in(bench: &Bench) -> Self {
        let home = bench.path("of-others");
        std::fs::create_dir_all(home.join(".aws")).unwrap();
        let keys = "aws_access_key_id = AKIAOTHER00000000000\naws_secret_access_key = other\n";
        std::fs::write(home.join(".aws/credentials"), format!("[default]\n{keys}[other]\n{keys}")).unwrap();
        let config = "[default]\nregion = eu-west-1\nrole_arn = arn:aws:iam::123456789012:role/other\n\
            source_profile = other\n[profile other]\ncredential_process = false\n";
        std::fs::write(home.join(".aws/config"), config).unwrap();
        std::fs::write(home.join(".boto"), format!("[Credentials]\n{keys}")).unwrap();
        std::fs::write(home.join("token"), "a web identity").unwrap();
        Self { home }
    }

    /// `command`, called by somebody who has all of that. What would go to AWS goes nowhere.
    fn surround<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        clear(command)
            .env("HOME", &self.home)
            .env("HTTPS_PROXY", "http://127.0.0.1:9")
            .env("NO_PROXY", "127.0.0.1")
            .envs([
                ("AWS_ACCESS_KEY_ID", "AKIAOTHER00000000000"),
                ("AWS_SECRET_ACCESS_KEY", "other"),
                ("AWS_SESSION_TOKEN", "other"),
                ("AWS_SECURITY_TOKEN", "other"),
                ("AWS_PROFILE", "other"),
                ("AWS_DEFAULT_PROFILE", "other"),
                ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/other"),
                ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/other"),
                ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "other"),
            ])
            .env("AWS_WEB_IDENTITY_TOKEN_FILE", self.home.join("token"))
            .env("AWS_SHARED_CREDENTIALS_FILE", self.home.join(".aws/credentials"))
            .env("AWS_CONFIG_FILE", self.home.join(".aws/config"))
    }
}

/// Without what the developer's own environment says of AWS.
fn clear(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AWS_") {
            command.env_remove(name);
        }
    }
    command
}

fn stock(program: &str) -> PathBuf {
    stock_command(program).get_program().into()
}

fn stdout_of(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Whether STS takes the caller for a user of the identity pool.
fn is_alice_s(arn: &str) -> bool {
    arn.starts_with("arn:aws:sts::123456789012:assumed-role/JetbridgeAuthenticated/")
}

/// An endpoint that is served, and what it says is to be set.
struct Served {
    running: Running,
    event: Value,
}

impl Served {
    fn start(bench: &Bench, arguments: &[&str]) -> Self {
        let mut running = Running::start(&mut bench.command(&[&["creds", "--serve", "--json"], arguments].concat()));
        let line = running.line();
        Self { running, event: parse_event(&line) }
    }

    fn get(&self, name: &str) -> &str {
        self.event["set"][name].as_str().unwrap()
    }

    fn port(&self) -> u16 {
        url::Url::parse(self.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")).unwrap().port().unwrap()
    }

    fn token_file(&self) -> PathBuf {
        self.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE").into()
    }

    fn token(&self) -> String {
        std::fs::read_to_string(self.token_file()).unwrap()
    }

    fn apply<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        for name in self.event["unset"].as_array().unwrap() {
            command.env_remove(name.as_str().unwrap());
        }
        for (name, value) in self.event["set"].as_object().unwrap() {
            command.env(name, value.as_str().unwrap());
        }
        command
    }

    fn ask(&self, method: &str, more: &str) -> String {
        self.ask_at(method, "/credentials", &format!("Host: 127.0.0.1:{}\r\n{more}", self.port()))
    }

    fn ask_at(&self, method: &str, path: &str, head: &str) -> String {
        send(self.port(), &format!("{method} {path} HTTP/1.1\r\n{head}\r\n"))
    }
}

fn body(answer: &str) -> Value {
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[test]
fn whoever_else_has_keys_the_command_acts_as_the_session_s_user() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let others = Others::settle_in(&bench);
    let (python, aws) = (stock("python"), stock("aws"));
    // Without `exec` the others' keys are used, and refused.
    let mut plain = Command::new(&python);
    others.surround(plain.args(["-c", WHO])).env("AWS_DEFAULT_REGION", "us-west-2");
    let refused = plain.env("AWS_ENDPOINT_URL_STS", bench.stack.endpoints().sts.as_str()).output();
    let refused = String::from_utf8(refused.unwrap().stderr).unwrap();
    assert!(refused.contains("InvalidClientTokenId"), "{refused}");

    let exec = |arguments: &[&str]| {
        let mut command = bench.command(&[&["exec", "--"], arguments].concat());
        stdout_of(&others.surround(&mut command).output().unwrap())
    };
    let said = exec(&[python.to_str().unwrap(), "-c", WHO]);
    let (arn, key) = said.split_once(' ').unwrap();
    assert!(is_alice_s(arn), "{said}");
    assert!(bench.stack.identity_of(key).is_some());
    let aws = aws.to_str().unwrap();
    assert_eq!(exec(&[aws, "sts", "get-caller-identity", "--query", "Arn", "--output", "text"]), arn);
    // Region and endpoints come from the configuration; what the stack has not is refused there, and never asked of AWS.
    let listed = exec(&[aws, "s3", "ls", &format!("s3://{}/", bench.stack.options().bucket)]);
    assert!(listed.contains("readme.txt"), "{listed}");
    for (service, call) in [("dynamodb", "list-tables"), ("lambda", "list-functions"), ("iam", "list-roles")] {
        let mut command = bench.command(&["exec", "--", aws, service, call]);
        let output = others.surround(&mut command).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{service}");
        assert!(said.contains(&format!("The local stack does not imitate {service}")), "{service}: {said}");
    }
    let variables = bench.command(&["creds", "--format", "env"]).output().unwrap();
    let script = format!("{}\nAWS_DEFAULT_REGION=us-west-2 '{}' -c \"$0\"", stdout_of(&variables), python.display());
    let mut shell = Command::new("sh");
    clear(&mut shell).env("HTTPS_PROXY", "http://127.0.0.1:9").env("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true");
    assert_eq!(stdout_of(&shell.args(["-c", &script, WHO]).output().unwrap()).split_once(' ').unwrap().0, arn);

    // The same for programs that ask the endpoint.
    let served = Served::start(&bench, &[]);
    let mut command = Command::new(&python);
    others.surround(command.args(["-c", WHO]));
    assert_eq!(stdout_of(&served.apply(&mut command).output().unwrap()).split_once(' ').unwrap().0, arn);
    let mut command = Command::new(aws);
    others.surround(command.args(["sts", "get-caller-identity", "--query", "Arn", "--output", "text"]));
    assert_eq!(stdout_of(&served.apply(&mut command).output().unwrap()), arn);
}

#[test]
fn a_profile_with_another_name_is_not_there_instead_of_being_somebody_else() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let others = Others::settle_in(&bench);
    let aws = stock("aws");
    let mut command =
        bench.command(&["exec", "--", aws.to_str().unwrap(), "--profile", "other", "sts", "get-caller-identity"]);
    let output = others.surround(&mut command).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("could not be found"), "{output:?}");
}

/// Names that shells, INI files and Python's `shlex` each read in a way of their own; and a stack that only its own
/// certificate vouches for.
#[test]
fn paths_and_certificates_reach_the_tools_whatever_is_in_their_names() {
    let bench = Bench::start_with(|options| options.tls = true);
    let odd = |more: &str| bench.path(&format!("it's my \"$HOME\" 100% \\ `id`{more}"));
    std::fs::create_dir(odd("")).unwrap();
    std::fs::rename(bench.path("config"), odd("/config")).unwrap();
    std::fs::create_dir(odd(" #1")).unwrap();
    std::fs::copy(odd("/config/ca.pem"), odd(" #1/ca.pem")).unwrap();
    let (config, store) = (odd("/config"), |name: &str| format!("file:{}", bench.path(name).display()));
    let options = |ca_file: PathBuf, store: &str, more: &[&str]| {
        let options = ["--config", config.to_str().unwrap(), "--store", store, "--account", "at-work", "--ca-file"];
        let mut command = program(&options);
        command.arg(ca_file).args(more).env("HOME", bench.path("home"));
        command
    };
    let good_store = store("it's a \"store\" \\ `id`");
    let pem = std::fs::read_to_string(odd("/config/ca.pem")).unwrap();
    let mut login =
        Running::start(&mut options(odd("/config/ca.pem"), &good_store, &["login", "--no-browser", "--json"]));
    let url = login.authorization_url();
    login.answer(&crate::support::visit(&url, Some(&pem)));
    assert_eq!(login.finish().code, 0);

    let (others, python) = (Others::settle_in(&bench), stock("python"));
    let run = ["exec", "--", python.to_str().unwrap(), "-c", WHO];
    let mut command = options(odd("/config/ca.pem"), &good_store, &run);
    let said = stdout_of(&others.surround(&mut command).output().unwrap());
    assert!(is_alice_s(&said), "{said}");
    // What the SDKs of other languages do with the same line.
    let script = "line=$(sed -n 's/^credential_process = //p' \"$AWS_CONFIG_FILE\"); sh -c \"$line\"";
    let printed = options(odd("/config/ca.pem"), &good_store, &["exec", "--", "sh", "-c", script]).output().unwrap();
    assert_eq!(serde_json::from_str::<Value>(&stdout_of(&printed)).unwrap()["Version"], 1);

    // What the file, or a variable, cannot hold is refused before anything is run.
    std::fs::rename(bench.path("it's a \"store\" \\ `id`"), bench.path("$store")).unwrap();
    for (ca_file, store_name, problem) in
        [(odd(" #1/ca.pem"), "$store", "cannot read"), (odd("/config/ca.pem"), "$store", "for a variable")]
    {
        let refused = Outcome::of(options(ca_file, &store(store_name), &run).output().unwrap());
        assert_eq!((refused.code, refused.stdout.as_str()), (4, ""), "{refused:?}");
        assert!(refused.stderr.contains(problem), "{refused:?}");
    }
}

/// Keys that last twenty seconds: each client is made once, and outlives the first of them.
#[test]
fn one_client_goes_on_calling_when_its_keys_have_expired() {
    let lives = |options: &mut Options| {
        options.credentials_lifetime = Duration::from_secs(20);
        options.id_token_lifetime = Duration::from_secs(30);
    };
    let bench = Bench::start_with(lives);
    bench.sign_in_as(ALICE);
    let others = Others::settle_in(&bench);
    let (python, aws) = (stock("python"), stock("aws"));
    let served = Served::start(&bench, &[]);
    // A profile of the user's own, as the README has it, beside a `[default]` of other keys.
    let process = format!(
        "\"{}\" --config \"{}\" --store \"file:{}\" creds --format process",
        env!("CARGO_BIN_EXE_jetbridge"),
        bench.path("config").display(),
        bench.path("store").display()
    );
    let profile = bench.path("profile");
    let other_default = std::fs::read_to_string(others.home.join(".aws/config")).unwrap();
    std::fs::write(
        &profile,
        format!("{other_default}[profile okta]\nregion = us-west-2\ncredential_process = {process}\n"),
    )
    .unwrap();

    let by_profile = |program: &PathBuf, arguments: &[&str]| {
        let mut command = Command::new(program);
        others
            .surround(command.args(arguments))
            .env("AWS_ENDPOINT_URL_STS", bench.stack.endpoints().sts.as_str())
            .env("AWS_CONFIG_FILE", &profile)
            .env("AWS_DEFAULT_REGION", "us-west-2");
        command
    };
    let by_endpoint = |program: &PathBuf, arguments: &[&str]| {
        let mut command = Command::new(program);
        served.apply(others.surround(command.args(arguments)));
        command
    };
    let by_exec = |program: &PathBuf, arguments: &[&str]| {
        let mut command = bench.command(&[&["exec", "--", program.to_str().unwrap()], arguments].concat());
        others.surround(&mut command);
        command
    };
    let start = |mut command: Command| {
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
    };
    let clients = [
        start(by_profile(&python, &["-c", KEEP_CALLING, "okta"])),
        start(by_endpoint(&python, &["-c", KEEP_CALLING, ""])),
        start(by_exec(&python, &["-c", KEEP_CALLING, ""])),
    ];
    for client in clients {
        let arn = stdout_of(&client.wait_with_output().unwrap());
        assert!(is_alice_s(&arn), "one role in all calls: {arn}");
    }
    let who = ["sts", "get-caller-identity", "--query", "Arn", "--output", "text"];
    for mut command in
        [by_profile(&aws, &[&who[..], &["--profile", "okta"]].concat()), by_endpoint(&aws, &who), by_exec(&aws, &who)]
    {
        let arn = stdout_of(&command.output().unwrap());
        assert!(is_alice_s(&arn), "{arn}");
    }
    // Beyond the ID token's life, it took the refresh token.
    assert!(bench.stack.log().count("token") > 1);
}

#[test]
fn the_command_s_end_is_the_end() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let status = |script: &str| bench.command(&["exec", "--", "sh", "-c", script]).status().unwrap();
    assert_eq!(status("exit 0").code(), Some(0));
    assert_eq!(status("exit 42").code(), Some(42));
    // Killed by the same signal, as shells want to know.
    assert_eq!(status("kill -TERM $$").signal(), Some(15));
    assert_eq!(status("kill -KILL $$").signal(), Some(9));

    let missing = bench.run(&["exec", "--", "no-such-command", "--json"]);
    assert_eq!(missing.code, 127, "{missing:?}");
    assert_eq!((missing.stdout.as_str(), missing.stderr.trim()), ("", "error: no-such-command: no such command"));
    let file = bench.path("file");
    std::fs::write(&file, "").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let unfit = bench.run(&["--json", "exec", "--", file.to_str().unwrap()]);
    assert_eq!((unfit.code, unfit.error()["kind"].as_str()), (126, Some("command_not_run")), "{unfit:?}");
    // A command without the dashes before it is told as that.
    for (arguments, command) in [
        (&["exec", "sh"][..], "jetbridge exec -- sh"),
        (
            &["--quiet", "exec", "aws", "s3", "ls", "--region", "a b"],
            "jetbridge --quiet exec -- aws s3 ls --region 'a b'",
        ),
    ] {
        let outcome = bench.run(arguments);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{outcome:?}");
        assert!(outcome.stderr.contains(&format!("Run: {command}\n")), "{outcome:?}");
    }
    assert_eq!(bench.run(&["exec", "--"]).code, 2);
}

#[test]
fn without_a_session_nothing_is_run_and_nothing_served() {
    let bench = Bench::start();
    let mark = bench.path("mark");
    let outcome = bench.run(&["exec", "--", "touch", mark.to_str().unwrap()]);
    assert_eq!(outcome.code, 3, "{outcome:?}");
    assert!(outcome.stderr.contains("jetbridge login") && !mark.exists(), "{outcome:?}");
    let outcome = bench.run(&["creds", "--serve"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (3, ""), "{outcome:?}");
    assert!(outcome.stderr.contains("jetbridge login"), "{outcome:?}");
}

/// Signals go to the command, because it is this process.
#[test]
fn the_command_is_this_process() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    // Half a minute at most: no shell traps a signal that is ignored when it starts, as behind `cargo test &` in a script.
    let script = "trap 'echo got it; exit 9' TERM INT HUP USR1; echo $$; \
                  i=0; while [ $i -lt 300 ]; do sleep 0.1; i=$((i+1)); done";
    for signal in ["TERM", "INT", "HUP", "USR1"] {
        let mut running = Running::start(&mut bench.command(&["exec", "--", "sh", "-c", script]));
        assert_eq!(running.line().trim(), running.id().to_string());
        running.signal(signal);
        let outcome = running.finish();
        assert_eq!((outcome.code, outcome.stderr.as_str()), (9, ""), "{signal}: {outcome:?}");
        assert!(outcome.stdout.ends_with("got it\n"), "{outcome:?}");
    }
    // Standard input is the command's, to the last byte.
    let mut running = Running::start(&mut bench.command(&["exec", "--", "cat"]));
    running.answer("through");
    assert_eq!(running.finish().stdout, "through\n");
}

/// What a process has from the one that started it is what it would have without this program between them.
#[cfg(target_os = "linux")]
#[test]
fn the_command_inherits_what_this_process_did() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let facts = bench.path("facts.sh");
    let script = "ulimit -Sa; ulimit -Ha; sed -n 's/^\\(Sig[BI][lg][kn]:\\).*\\(........\\)$/\\1\\2/p' /proc/self/status; umask; pwd; ls -l /proc/$$/fd | sed 's/.* \\([0-9]* -> .*\\)/\\1/' | grep -v pipe: | grep -v facts; env | grep -v -E '^(AWS_|BOTO_CONFIG=|_=|PWD=|OLDPWD=|SHLVL=)' | sort";
    std::fs::write(&facts, script).unwrap();
    // A core limit, an ignored signal, a descriptor and a variable that is set to nothing.
    let surroundings = "ulimit -S -c 1000; ulimit -S -n 300; trap '' INT HUP XFSZ; exec 9< /dev/null; exec \"$@\"";
    let run = |through: &[&str]| {
        let own = bench.command(through);
        let mut command = Command::new("sh");
        command.args(["-c", surroundings, "sh"]);
        if !through.is_empty() {
            command.arg(own.get_program()).args(own.get_args());
        }
        command.args(["sh", facts.to_str().unwrap()]);
        for (name, value) in own.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        clear(&mut command).env("NO_COLOR", "").env("HTTPS_PROXY", "");
        stdout_of(&command.stdin(std::process::Stdio::null()).output().unwrap())
    };
    let direct = run(&[]);
    assert!(direct.contains("9 -> /dev/null") && direct.contains("NO_COLOR=\n"), "{direct}");
    assert_eq!(run(&["exec", "--"]), direct);
}

#[test]
fn exec_says_nothing_keeps_no_secret_and_writes_one_file() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let script = "echo \"$AWS_CONFIG_FILE\"; cat \"$AWS_CONFIG_FILE\"; env; cat /proc/$$/cmdline 2> /dev/null || true";
    let outcome = bench.run(&["exec", "--", "sh", "-c", script]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{outcome:?}");
    let talkative = bench.run(&["-vvv", "exec", "--", "true"]);
    assert_eq!(talkative.code, 0, "{talkative:?}");
    let served = Served::start(&bench, &["-vvv"]);
    let token = served.token();
    assert!(served.ask("GET", &format!("Authorization: {token}\r\n")).contains("200 OK"));
    served.running.signal("INT");
    let served = served.running.finish();
    let seen = [outcome.stdout.as_str(), &talkative.stderr, &served.stdout, &served.stderr];
    for (index, secret) in bench.stack.issued_secrets().all().iter().chain([&token]).enumerate() {
        assert!(seen.iter().all(|text| !text.contains(secret.as_str())), "secret number {index}");
    }
    let file = PathBuf::from(outcome.stdout.lines().next().unwrap());
    assert_eq!(file.parent().unwrap(), bench.path("store"));
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(bench.run(&["exec", "--", "true"]).code, 0);
    let written = std::fs::read_dir(bench.path("store")).unwrap();
    let written = written.filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().starts_with("exec-"));
    assert_eq!(written.count(), 1, "the same command has the same file");
    assert_eq!(bench.run(&["accounts"]).code, 0, "it is no session");
}

#[test]
fn the_endpoint_answers_nobody_without_its_token() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let (served, other) = (Served::start(&bench, &[]), Served::start(&bench, &[]));
    assert_ne!((served.port(), served.token()), (other.port(), other.token()));
    assert_eq!(std::fs::metadata(served.token_file()).unwrap().permissions().mode() & 0o777, 0o600);
    let authorization = |token: &str| format!("Authorization: {token}\r\n");
    let good = authorization(&served.token());

    let answer = served.ask("GET", &good);
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("Content-Type: application/json\r\n"));
    let credentials = body(&answer);
    let process: Value = serde_json::from_str(&bench.run(&["creds", "--format", "process"]).stdout).unwrap();
    for (name, of_process) in [
        ("AccessKeyId", "AccessKeyId"),
        ("SecretAccessKey", "SecretAccessKey"),
        ("Token", "SessionToken"),
        ("Expiration", "Expiration"),
    ] {
        assert!(credentials[name].is_string() && credentials[name] == process[of_process], "{name}");
    }

    let host = format!("Host: 127.0.0.1:{}\r\n", served.port());
    let refused = [
        ("403 Forbidden", served.ask("GET", "")),
        ("403 Forbidden", served.ask("GET", &authorization(""))),
        ("403 Forbidden", served.ask("GET", &authorization(&served.token()[1..]))),
        ("403 Forbidden", served.ask("GET", &authorization(&other.token()))),
        ("403 Forbidden", served.ask("GET", &format!("{good}{good}"))),
        ("404 Not Found", served.ask_at("GET", "/", &format!("{host}{good}"))),
        ("405 Method Not Allowed", served.ask("POST", &good)),
        ("405 Method Not Allowed", served.ask("PUT", &good)),
        // A page's own name that leads here (DNS rebinding).
        ("421 Misdirected Request", served.ask_at("GET", "/credentials", &format!("Host: evil.example\r\n{good}"))),
        ("421 Misdirected Request", served.ask_at("GET", "/credentials", &good)),
    ];
    for (status, answer) in refused {
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{status}: {answer}");
        assert_eq!(body(&answer)["code"], "refused", "{answer}");
        assert!(body(&answer)["message"].is_string() && !answer.contains("ASIA"), "{status}");
    }
    assert_eq!(body(&served.ask("GET", &good)), credentials, "it is still there");
}

#[test]
fn a_session_that_ends_while_it_is_served_is_told_to_the_sdk() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let served = Served::start(&bench, &[]);
    assert_eq!(bench.run(&["logout"]).code, 0);
    let answer = served.ask("GET", &format!("Authorization: {}\r\n", served.token()));
    assert!(answer.starts_with("HTTP/1.1 403 Forbidden\r\n"), "{answer}");
    assert_eq!(body(&answer)["code"], "sign_in_required");
    let others = Others::settle_in(&bench);
    let mut command = Command::new(stock("python"));
    others.surround(command.args(["-c", WHO]));
    let output = served.apply(&mut command).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("Run: jetbridge login"), "{said}");
    // Somebody signs in again, and the same endpoint serves.
    bench.sign_in_as(ALICE);
    assert!(is_alice_s(&stdout_of(&served.apply(&mut command).output().unwrap())));
}

#[test]
fn serving_ends_with_a_signal_or_with_the_parent_and_takes_its_token_along() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    for signal in ["INT", "TERM", "HUP"] {
        let served = Served::start(&bench, &[]);
        let token_file = served.token_file();
        assert!(token_file.exists());
        served.running.signal(signal);
        let outcome = served.running.finish();
        assert_eq!(outcome.code, 0, "{signal}: {outcome:?}");
        assert!(!token_file.exists(), "{signal}");
    }
    // The lines are for a shell, and the shell that read them goes away.
    let lines = bench.path("lines");
    let own = bench.command(&["creds", "--serve", "--quiet"]);
    let script = "\"$0\" \"$@\" > \"$LINES_FILE\" & until [ -s \"$LINES_FILE\" ]; do sleep 0.05; done; . \"$LINES_FILE\"; \
        echo \"$AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE\"; test -z \"${AWS_ACCESS_KEY_ID+set}\"";
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).arg(own.get_program()).args(own.get_args()).env("LINES_FILE", &lines);
    for (name, value) in own.get_envs().filter_map(|(name, value)| Some((name, value?))) {
        shell.env(name, value);
    }
    shell.env("AWS_ACCESS_KEY_ID", "AKIAOTHER00000000000").stderr(std::process::Stdio::null());
    let token_file = PathBuf::from(stdout_of(&shell.output().unwrap()));
    assert!(token_file.is_absolute());
    while token_file.exists() {
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_busy_port_is_told() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let port = free_port().to_string();
    let served = Served::start(&bench, &["--port", &port]);
    assert_eq!(served.port().to_string(), port);
    let second = bench.run(&["creds", "--serve", "--port", &port, "--json"]);
    assert_eq!((second.code, second.error()["kind"].as_str()), (6, Some("port_in_use")), "{second:?}");
    assert_eq!(Outcome::of(program(&["creds", "--port", "1"]).output().unwrap()).code, 2);
    assert_eq!(bench.run(&["creds", "--serve", "--format", "env"]).code, 2);
}
