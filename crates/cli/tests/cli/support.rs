//! A local stack, a configuration for it, a store of its own, and the program to run against them.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use jetbridge_local_stack::{BrowserError, LocalStack, Options, ScriptedBrowser};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use url::{Position, Url, form_urlencoded};

pub(crate) const ALICE: &str = "alice@example.com";
pub(crate) const BOB: &str = "bob@example.com";
pub(crate) const CAROL: &str = "carol@example.com";
pub(crate) const PASSWORD: &str = "open-sesame";

/// Everything one test needs. Dropping it stops the stack and removes the files.
pub(crate) struct Bench {
    pub(crate) stack: LocalStack,
    pub(crate) redirect_uri: String,
    pub(crate) port: u16,
    home: TempDir,
    runtime: Runtime,
}

impl Bench {
    pub(crate) fn start() -> Self {
        Self::start_with(|_| {})
    }

    pub(crate) fn start_with(change: impl FnOnce(&mut Options)) -> Self {
        // A port of its own for the redirect, so that tests can run side by side.
        let port = free_port();
        let redirect_uri = format!("http://127.0.0.1:{port}/callback");
        let mut options = Options::default();
        options.redirect_uris[0].clone_from(&redirect_uri);
        change(&mut options);
        let runtime = Runtime::new().unwrap();
        let stack = runtime.block_on(LocalStack::start(options)).unwrap();
        let home = TempDir::new().unwrap();
        stack.write_config(&home.path().join("config"), false).unwrap();
        Self { stack, redirect_uri, port, home, runtime }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The program, with this bench's configuration and store and nothing of the developer's environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program(arguments);
        command
            .env("JETBRIDGE_CONFIG", self.path("config"))
            .env("JETBRIDGE_STORE", format!("file:{}", self.path("store").display()))
            .env("HOME", self.home.path());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        Outcome::of(self.command(arguments).output().unwrap())
    }

    /// `login --no-browser --json` with `arguments`, answered by what `answer` makes of the authorization URL.
    pub(crate) fn login(&self, arguments: &[&str], answer: impl FnOnce(&str) -> String) -> Outcome {
        self.start_login(&[&["login", "--no-browser", "--json"], arguments].concat(), answer)
    }

    /// The same for any command that begins so.
    pub(crate) fn start_login(&self, arguments: &[&str], answer: impl FnOnce(&str) -> String) -> Outcome {
        let mut running = Running::start(&mut self.command(arguments));
        let url = running.authorization_url();
        running.answer(&answer(&url));
        running.finish()
    }

    /// The same for people: the address stands on stderr.
    pub(crate) fn start_login_by_hand(&self, arguments: &[&str], user: &str) -> Outcome {
        let mut running = Running::start(&mut self.command(arguments));
        let url = running.stderr_line("http");
        running.answer(&self.visit(&url, user));
        running.finish()
    }

    /// What the sign-in page sends the browser of `user` to.
    pub(crate) fn visit(&self, url: &str, user: &str) -> String {
        self.try_visit(url, user).unwrap()
    }

    pub(crate) fn try_visit(&self, url: &str, user: &str) -> Result<String, BrowserError> {
        let ca_pem = self.stack.ca_pem();
        let mut browser = ScriptedBrowser::with_override(ca_pem.as_deref(), self.stack.host_override()).unwrap();
        self.runtime.block_on(browser.sign_in(url, user, PASSWORD))
    }

    /// Where the browser goes when the user presses Cancel.
    pub(crate) fn deny(&self, url: &str) -> String {
        self.runtime.block_on(ScriptedBrowser::new(None).unwrap().deny(url)).unwrap()
    }

    pub(crate) fn sign_in_as(&self, user: &str) -> Outcome {
        let outcome = self.login(&[], |url| self.visit(url, user));
        assert_eq!(outcome.code, 0, "{outcome:?}");
        outcome
    }

    /// Rewrites one configuration file.
    pub(crate) fn edit_config(&self, file: &str, edit: impl FnOnce(&mut Value)) {
        let path = self.path("config").join(file);
        let mut value: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        edit(&mut value);
        std::fs::write(path, value.to_string()).unwrap();
    }

    pub(crate) fn stop_stack(self) -> (TempDir, Runtime) {
        self.runtime.block_on(self.stack.shutdown());
        (self.home, self.runtime)
    }
}

/// The program: the one of this build, or the one for Windows that `cargo xtask test windows` has built and Wine runs.
fn start_program() -> Command {
    let variables = ["JETBRIDGE_TEST_WINE", "JETBRIDGE_TEST_WINDOWS_PROGRAM"].map(std::env::var_os);
    let [Some(wine), Some(program)] = variables else { return Command::new(env!("CARGO_BIN_EXE_jetbridge")) };
    let mut command = Command::new(wine);
    command.arg(program);
    command
}

/// The program, without anything of the developer's environment that changes what it does.
pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = start_program();
    command.args(arguments).stdin(Stdio::null());
    for variable in [
        "JETBRIDGE_CONFIG",
        "JETBRIDGE_STORE",
        "JETBRIDGE_PERMIT_ENDPOINT",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "NO_COLOR",
        "CLICOLOR_FORCE",
        "CLICOLOR",
        "RUST_LOG",
        "CARGO",
    ] {
        command.env_remove(variable);
    }
    // A browser that opens nothing.
    command.env("BROWSER", "true");
    command
}

/// What the sign-in page at `url` sends the browser of Alice to.
pub(crate) fn visit(url: &str, ca_pem: Option<&str>) -> String {
    let runtime = Runtime::new().unwrap();
    runtime.block_on(ScriptedBrowser::new(ca_pem).unwrap().sign_in(url, ALICE, PASSWORD)).unwrap()
}

/// Sends a request as it stands and gives the whole answer.
pub(crate) fn send(port: u16, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = vec![0; 64 * 1024];
    let mut read = 0;
    // The listener waits until the browser closes, so the length in the head says where the answer ends.
    loop {
        let text = String::from_utf8_lossy(&answer[..read]).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let mut fields = head.lines().filter_map(|line| line.split_once(": "));
            let length = fields.find(|(name, _)| name.eq_ignore_ascii_case("content-length")).unwrap().1;
            if body.len() >= length.parse().unwrap() {
                return text;
            }
        }
        let more = stream.read(&mut answer[read..]).unwrap();
        assert!(more > 0, "the answer broke off: {text}");
        read += more;
    }
}

pub(crate) fn get(port: u16, target: &str) -> String {
    send(port, &format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"))
}

/// Asks for an address on this machine as a browser does, with further header fields.
pub(crate) fn fetch_with(address: &str, more: &str) -> String {
    let url = Url::parse(address).unwrap();
    let (port, target) = (url.port().unwrap(), &url[Position::BeforePath..]);
    send(port, &format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{more}\r\n"))
}

pub(crate) fn fetch(address: &str) -> String {
    fetch_with(address, "")
}

/// Where an answer redirects to.
pub(crate) fn location(answer: &str) -> String {
    let found = answer.lines().find_map(|line| line.strip_prefix("Location: "));
    found.unwrap_or_else(|| panic!("no redirect: {answer}")).to_owned()
}

/// A browser that opens nothing, and notes all that a program on this machine can see.
#[cfg(unix)]
pub(crate) struct Witness {
    folder: PathBuf,
}

#[cfg(unix)]
impl Witness {
    /// Makes one, and has `command` open it.
    pub(crate) fn open_by(command: &mut Command, folder: PathBuf) -> Self {
        std::fs::create_dir_all(&folder).unwrap();
        let script = folder.join("browser.sh");
        std::fs::write(&script, WITNESS).unwrap();
        command.env("BROWSER", format!("sh {} {}", script.display(), folder.display()));
        Self { folder }
    }

    /// The address that it was started with. Waits for it: the browser is started, not waited for.
    pub(crate) fn address(&self) -> String {
        loop {
            match std::fs::read_to_string(self.folder.join("address")) {
                Ok(address) => return address,
                Err(_) => std::thread::sleep(std::time::Duration::from_millis(10)),
            }
        }
    }

    /// What it noted: `processes` (the arguments of all), `environment`, `core-limit`.
    pub(crate) fn note(&self, name: &str) -> String {
        String::from_utf8_lossy(&std::fs::read(self.folder.join(name)).unwrap()).into_owned()
    }
}

/// The address comes last, as a whole.
#[cfg(unix)]
const WITNESS: &str = r#"cd "$1"
env > environment
ulimit -S -c > core-limit
if [ -d /proc/self ]; then cat /proc/[0-9]*/cmdline; else ps -axww -o args; fi > processes 2> /dev/null
printf %s "$2" > unfinished
mv unfinished address
"#;

/// The form of one of the program's own pages.
#[cfg(unix)]
pub(crate) struct Form {
    pub(crate) action: String,
    pub(crate) fields: Vec<(String, String)>,
}

#[cfg(unix)]
impl Form {
    pub(crate) fn read(page: &str) -> Self {
        let value = |text: &str, name: &str| {
            let value = text.split_once(&format!(" {name}=\"")).unwrap().1.split('"').next().unwrap();
            value.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        };
        let form = page.split_once("<form method=\"post\"").unwrap().1;
        let inputs = form.split("<input type=\"hidden\"").skip(1);
        Self {
            action: value(form, "action"),
            fields: inputs.map(|input| (value(input, "name"), value(input, "value"))).collect(),
        }
    }

    /// What the server says to it.
    pub(crate) fn post(&self) -> String {
        let url = Url::parse(&self.action).unwrap();
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.fields).finish();
        let (port, length) = (url.port().unwrap(), body.len());
        let head = format!(
            "POST {} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {length}\r\n\r\n",
            url.path()
        );
        send(port, &(head + &body))
    }
}

pub(crate) fn free_port() -> u16 {
    // Below the ports that systems give to outgoing connections, which would take it away before it is used: Linux and
    // Windows begin at 32768 and 49152. Tests of one process get different ones.
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + (std::process::id() % 50) as u16 * 200;
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed) % 2_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Outcome {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Every line of stdout as JSON; a line that is none, or is not as docs/cli.md has it, fails the test.
    pub(crate) fn events(&self) -> Vec<Value> {
        self.stdout.lines().map(parse_event).collect()
    }

    /// The events called `name`.
    pub(crate) fn events_named(&self, name: &str) -> Vec<Value> {
        self.events().into_iter().filter(|event| event["event"] == name).collect()
    }

    /// The error, which has to be the last line and to agree with the exit code.
    pub(crate) fn error(&self) -> Value {
        let last = self.events().pop().unwrap_or_else(|| panic!("nothing on stdout: {self:?}"));
        assert_eq!(last["event"], "error", "{self:?}");
        assert_eq!(last["exit"], self.code, "{self:?}");
        last
    }
}

/// A line of JSON, which has to be as docs/cli.md promises: an event of its table with its fields and no others, an error with
/// the exit code of its kind. What AWS's tools ask for is in AWS's own form.
pub(crate) fn parse_event(line: &str) -> Value {
    let event: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
    let object = event.as_object().unwrap_or_else(|| panic!("no object: {line}"));
    let Some(name) = object.get("event").and_then(Value::as_str) else {
        assert!(object.contains_key("SecretAccessKey"), "no event: {line}");
        return event;
    };
    let page = include_str!("../../../../docs/cli.md");
    let row = page.lines().find_map(|row| row.strip_prefix(&format!("| `{name}` | ")));
    let row = row.unwrap_or_else(|| panic!("docs/cli.md has no event {name}: {line}"));
    let mut fields = vec!["event"];
    for field in row.split(" | ").next().unwrap().split(", ") {
        let (field, is_optional) = field.strip_suffix('?').map_or((field, false), |field| (field, true));
        let field = field.trim_matches('`');
        assert!(is_optional || object.contains_key(field), "{field} is missing: {line}");
        fields.push(field);
    }
    let unknown = object.keys().find(|key| !fields.contains(&key.as_str()));
    assert_eq!(unknown, None, "docs/cli.md does not have it: {line}");
    if let (Some(kind), Some(exit)) = (event["kind"].as_str(), event["exit"].as_u64()) {
        let codes = page.lines().find_map(|row| row.strip_prefix(&format!("| {exit} | ")));
        assert!(codes.is_some_and(|row| row.contains(&format!("`{kind}`"))), "{kind} with {exit}: {line}");
    }
    event
}

/// A program that has not ended yet. Killed if the test fails before it ends.
pub(crate) struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
    read: String,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self { child, stdout, read: String::new() }
    }

    /// The next line of stdout.
    pub(crate) fn line(&mut self) -> String {
        let start = self.read.len();
        self.stdout.read_line(&mut self.read).unwrap();
        self.read[start..].to_owned()
    }

    /// Reads the first event of a login.
    pub(crate) fn authorization_url(&mut self) -> String {
        let event = parse_event(&self.line());
        assert_eq!(event["event"], "authorization_url", "{event}");
        event["url"].as_str().unwrap().to_owned()
    }

    pub(crate) fn answer(&mut self, line: &str) {
        self.answer_bytes(format!("{line}\n").as_bytes());
    }

    pub(crate) fn answer_bytes(&mut self, bytes: &[u8]) {
        self.child.stdin.as_ref().unwrap().write_all(bytes).unwrap();
    }

    /// Waits for a line of stderr that begins so.
    pub(crate) fn stderr_line(&mut self, start: &str) -> String {
        self.stderr_until(start, "")
    }

    /// Waits for a line of stderr that begins so, and goes on until one has `end` in it: what is said there is as long as a line
    /// may be.
    pub(crate) fn stderr_until(&mut self, start: &str, end: &str) -> String {
        let stderr = self.child.stderr.take().unwrap();
        let mut lines = BufReader::new(stderr).lines().map(Result::unwrap);
        let mut found = lines.find(|line| line.starts_with(start)).unwrap();
        while !found.contains(end) {
            found = format!("{found} {}", lines.next().unwrap());
        }
        // Read on, so that the program is never held up by a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        found
    }

    #[cfg(unix)]
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    pub(crate) fn finish(mut self) -> Outcome {
        drop(self.child.stdin.take());
        self.stdout.read_to_string(&mut self.read).unwrap();
        let mut stderr = String::new();
        if let Some(mut stream) = self.child.stderr.take() {
            stream.read_to_string(&mut stderr).unwrap();
        }
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        Outcome { code, stdout: std::mem::take(&mut self.read), stderr }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Every file below a folder with its content, to see whether something changed.
pub(crate) fn snapshot(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}
