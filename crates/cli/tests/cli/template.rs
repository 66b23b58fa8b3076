//! `local-stack --template`, and the other commands against the deployment that it imitates.
#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::process::Command;

use jetbridge_local_stack::{HostOverride, ScriptedBrowser};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::support::{ALICE, Outcome, PASSWORD, Running, parse_event, program};

const GUEST: &str = include_str!("../../../../tests/e2e/template/infra-guest.template.json");
const HOST: &str = "dev-12345678.okta.com";

/// A stack from a template as a process of its own, and a folder for everything.
struct Stack {
    running: Running,
    ready: Value,
    home: TempDir,
}

impl Stack {
    fn start() -> Self {
        let home = TempDir::new().unwrap();
        let file = home.path().join("JetbridgeStack.template.json");
        std::fs::write(&file, GUEST).unwrap();
        let config = home.path().join("config");
        let mut running = Running::start(&mut program(&[
            "local-stack",
            "--json",
            "--port",
            "0",
            "--template",
            file.to_str().unwrap(),
            "--write-config",
            config.to_str().unwrap(),
        ]));
        let ready = parse_event(&running.line());
        Self { running, ready, home }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn resolve(&self) -> &str {
        self.ready["resolve"].as_str().unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program(&[arguments, &["--resolve", self.resolve()]].concat());
        command
            .env("JETBRIDGE_CONFIG", self.path("config"))
            .env("JETBRIDGE_STORE", format!("file:{}", self.path("store").display()))
            .env("SSL_CERT_FILE", self.path("config/ca.pem"));
        command
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        Outcome::of(self.command(arguments).output().unwrap())
    }

    /// What the sign-in page at `url` sends Alice's browser to, if that knows where the host really is or need not know.
    fn visit(&self, url: &str, knows_host: bool) -> String {
        let address = self.resolve().strip_prefix(&format!("{HOST}:443:")).unwrap().parse().unwrap();
        let known = HostOverride { host: HOST.to_owned(), address };
        let ca_pem = std::fs::read_to_string(self.path("config/ca.pem")).unwrap();
        let browser = ScriptedBrowser::with_override(Some(&ca_pem), knows_host.then_some(&known));
        Runtime::new().unwrap().block_on(browser.unwrap().sign_in(url, ALICE, PASSWORD)).unwrap()
    }

    fn stop(self) {
        self.running.signal("INT");
        let outcome = self.running.finish();
        assert_eq!(outcome.code, 0, "{outcome:?}");
    }
}

#[test]
fn a_deployment_is_signed_in_to_and_lists_what_its_roles_allow() {
    let stack = Stack::start();
    assert_eq!(stack.ready["issuer"], format!("https://{HOST}/oauth2/default"));
    let ignored = stack.ready["ignored"].to_string();
    assert!(ignored.contains("(AWS::Lambda::Function)") && !ignored.contains("AWS::IAM::"), "{ignored}");
    let mut login = Running::start(&mut stack.command(&["login", "--no-browser", "--json", "--list"]));
    let url = login.authorization_url();
    assert!(url.starts_with(&format!("https://{HOST}/oauth2/default/v1/authorize?")), "{url}");
    login.answer(&stack.visit(&url, true));
    let outcome = login.finish();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    // The template says where listings begin.
    let keys: Vec<_> = outcome.events_named("object").iter().map(|object| object["key"].to_string()).collect();
    assert!(!keys.is_empty() && keys.iter().all(|key| key.starts_with("\"shared/")), "{keys:?}");

    let top = stack.run(&["ls", "", "--delimiter", "/", "--json"]);
    assert_eq!((top.code, top.events_named("prefix").len()), (0, 4), "{top:?}");
    let denied = stack.run(&["ls", "users/", "--json"]);
    assert_eq!((denied.code, denied.error()["kind"].as_str()), (5, Some("access_denied")), "{denied:?}");
    let unknown = Outcome::of(program(&["ls", "--resolve", "nonsense"]).output().unwrap());
    assert!(unknown.code == 2 && unknown.stderr.contains("HOST:443:ADDRESS:PORT"), "{unknown:?}");
    stack.stop();
}

#[test]
fn a_browser_is_sent_to_an_address_that_it_can_find() {
    let stack = Stack::start();
    let mut login = Running::start(&mut stack.command(&["login", "--no-browser"]));
    let line = login.line();
    let address = stack.resolve().strip_prefix(&format!("{HOST}:443:")).unwrap();
    assert!(line.starts_with(&format!("https://{address}/oauth2/default/v1/authorize?")), "{line}");
    login.answer(&stack.visit(line.trim(), false));
    let outcome = login.finish();
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.stdout.contains("Signed in as Alice Archer"), "{outcome:?}");
    stack.stop();
}

#[test]
fn people_are_shown_the_next_command_with_all_that_it_needs() {
    let home = TempDir::new().unwrap();
    let file = home.path().join("JetbridgeStack.template.json");
    std::fs::write(&file, GUEST).unwrap();
    let arguments = ["local-stack", "--port", "0", "--template", file.to_str().unwrap(), "--write-config"];
    let mut stack = Running::start(&mut program(&[&arguments[..], &[home.path().to_str().unwrap()]].concat()));
    let mut text = String::new();
    while !text.contains("curl ") {
        let line = stack.line();
        assert!(!line.is_empty(), "it ended too early: {text}");
        text.push_str(&line);
    }
    let login = text.lines().find(|line| line.ends_with(" login --list")).unwrap();
    assert!(login.contains("ca.pem --resolve dev-12345678.okta.com:443:127.0.0.1:"), "{login}");
    for part in ["Not imitated", "AWS::Lambda::Function", "research; Everyone", "sales; Everyone, jetbridge-admins"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(!text.contains("scale-100000"), "{text}");
    stack.signal("INT");
    assert_eq!(stack.finish().code, 0);
}

#[test]
fn a_template_that_cannot_be_used_is_told_with_everything_that_is_in_the_way() {
    let home = TempDir::new().unwrap();
    let start = |file: &Path| {
        let outcome = Outcome::of(
            program(&["local-stack", "--json", "--port", "0", "--template", file.to_str().unwrap()]).output().unwrap(),
        );
        let error = outcome.error();
        assert_eq!((outcome.code, error["kind"].as_str()), (4, Some("misconfigured")), "{outcome:?}");
        (error["message"].as_str().unwrap().to_owned(), error["hint"].as_str().unwrap().to_owned())
    };
    let written = |text: &str| {
        let file = home.path().join("x.template.json");
        std::fs::write(&file, text).unwrap();
        start(&file)
    };
    let (missing, hint) = start(&home.path().join("missing.template.json"));
    assert!(missing.contains("missing.template.json cannot be read") && hint.contains("cdk synth"), "{missing} {hint}");
    let (yaml, hint) = written("Resources:\n  Bucket: {}\n");
    assert!(yaml.contains("not JSON") && hint.contains("cdk synth"), "{yaml} {hint}");
    let (manifest, _) = written(r#"{"version": "53.0.0", "artifacts": {}}"#);
    assert!(manifest.contains("not a synthesized CloudFormation template"), "{manifest}");

    let mut template: Value = serde_json::from_str(GUEST).unwrap();
    template["Resources"]["Table"] = serde_json::json!({ "Type": "AWS::DynamoDB::Table" });
    template["Resources"]["IdentityPoolEC8A1A0D"]["Properties"]["SamlProviderARNs"] = serde_json::json!([]);
    template["Resources"]["DataBucketE3889A50"]["Properties"]["BucketName"] = serde_json::json!({ "Fn::Select": [] });
    let (refused, _) = written(&template.to_string());
    assert!(refused.contains("3 things"), "{refused}");
    for part in ["Table: type AWS::DynamoDB::Table", "property SamlProviderARNs", "function Fn::Select"] {
        assert!(refused.contains(part), "{part} is not in {refused}");
    }
}
