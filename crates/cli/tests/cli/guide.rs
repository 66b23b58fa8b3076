//! The shell of docs/aws.md, run as it stands there, each piece by a shell of its own, with AWS's own command line. What
//! stands for the reader's own (paths, ports, an API) is the bench's.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use jetbridge_local_stack::RequestRecord;

use crate::stock_environment::stock_command;
use crate::support::{ALICE, Bench, program};

const GUIDE: &str = include_str!("../../../../docs/aws.md");
const REPORT: &str = "import boto3\nprint(boto3.client('sts').get_caller_identity()['Arn'])\n";
const ROLE: &str = ":assumed-role/JetbridgeAuthenticated/";

/// Whether a piece did its work, by what it printed.
type Check<'a> = Box<dyn Fn(&str) -> bool + 'a>;

/// The pieces of the guide in one language, in order.
fn pieces(language: &str) -> Vec<&'static str> {
    let pieces = GUIDE.split("```").skip(1).step_by(2);
    pieces.filter_map(|piece| piece.strip_prefix(language)?.strip_prefix('\n')).collect()
}

/// A signed-in user's folder, with what the guide takes for granted.
struct Place {
    bench: Bench,
    /// What stands in the guide, and what it is here.
    own: Vec<(&'static str, String)>,
    /// This program, and AWS's.
    programs: PathBuf,
}

impl Place {
    fn prepare() -> Self {
        let bench = Bench::start();
        bench.sign_in_as(ALICE);
        bench.edit_config("aws-exports.json", |exports| exports["API"]["endpoints"][0]["name"] = "orders".into());
        let (config, endpoints) = (bench.path("config").display().to_string(), bench.stack.endpoints());
        let own = vec![
            ("/path/to/config", config.clone()),
            ("/tmp/jetbridge", config),
            ("http://127.0.0.1:4582", endpoints.s3.as_str().trim_end_matches('/').to_owned()),
            ("http://127.0.0.1:4583", endpoints.sts.as_str().trim_end_matches('/').to_owned()),
            ("orders:/orders", "orders:/echo".to_owned()),
        ];
        let aws = PathBuf::from(stock_command("aws").get_program());
        let own_program = Path::new(env!("CARGO_BIN_EXE_jetbridge")).parent().unwrap();
        let programs = std::env::join_paths([own_program, aws.parent().unwrap()]).unwrap().into();
        let place = Self { bench, own, programs };
        std::fs::create_dir(place.bench.path(".aws")).unwrap();
        for (name, text) in [
            (".aws/config", pieces("ini").concat().as_str()),
            ("report.pdf", "a report"),
            ("report.py", REPORT),
            ("order.json", r#"{"item": 7}"#),
        ] {
            std::fs::write(place.bench.path(name), place.here(text)).unwrap();
        }
        place
    }

    fn here(&self, text: &str) -> String {
        self.own.iter().fold(text.to_owned(), |text, (theirs, ours)| text.replace(theirs, ours))
    }

    /// What would go to AWS goes nowhere, but for the profile that is meant to: its STS is the bench's.
    fn run(&self, piece: &str) -> Output {
        let mut shell = Command::new("bash");
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_")) {
            shell.env_remove(name);
        }
        // The variables of a call of this program are those of its user.
        for (name, value) in self.bench.command(&[]).get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        let mut path = self.programs.clone().into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap());
        shell
            .args(["-euo", "pipefail", "-c", &self.here(piece)])
            .current_dir(self.bench.path(""))
            .env("PATH", path)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("HTTPS_PROXY", "http://127.0.0.1:9")
            .env("NO_PROXY", "127.0.0.1")
            .stdin(Stdio::null());
        if piece.starts_with("aws --profile okta") {
            shell.env("AWS_ENDPOINT_URL_STS", self.bench.stack.endpoints().sts.as_str());
        }
        shell.output().unwrap()
    }
}

#[test]
fn every_piece_of_shell_in_the_guide_does_what_it_says() {
    let place = Place::prepare();
    let bucket = place.bench.stack.options().bucket.clone();
    let was_asked = |operation: &str, key: &str| {
        let path = format!("/{bucket}/{key}");
        let is_meant = |record: &RequestRecord| record.operation == operation && record.path == path;
        place.bench.stack.log().records().iter().any(is_meant)
    };
    let file = |name: &str| std::fs::read_to_string(place.bench.path(name)).unwrap_or_default();
    // What each begins with, and whether it did its work, by what it printed.
    let checks: Vec<(&str, Check<'_>)> = vec![
        (
            "jetbridge put",
            Box::new(|said| {
                let s3 = place.bench.stack.endpoints().s3.as_str();
                file("copy.pdf") == "a report"
                    && said.lines().any(|line| line.starts_with(s3) && line.contains("report.pdf?"))
            }),
        ),
        ("jetbridge call", Box::new(|said| said.contains(r#""body":"{\"item\": 7}""#) && said.contains("POST /echo"))),
        ("jetbridge exec", Box::new(|said| said.matches(ROLE).count() == 2)),
        ("aws --profile okta", Box::new(|said| said.contains(ROLE))),
        ("rm -f aws.sh", Box::new(|said| said.contains(ROLE))),
        ("eval", Box::new(|said| said.contains(ROLE))),
        ("aws --profile jetbridge-local", Box::new(|_| was_asked("PutObject", "report.pdf"))),
    ];
    let pieces = pieces("sh");
    assert_eq!(pieces.len(), checks.len());
    for (piece, (start, did_its_work)) in pieces.into_iter().zip(checks) {
        assert!(piece.starts_with(start), "{piece}");
        let output = place.run(piece);
        let (said, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{piece}\n{said}\n{told}");
        assert!(did_its_work(&said), "{piece}\n{said}\n{told}");
    }
}

/// What is left of yesterday's endpoint is not read, and where nothing is served nothing is run with other keys.
#[test]
fn serving_by_the_guide_begins_anew_and_ends_where_nobody_is_signed_in() {
    let place = Place::prepare();
    let piece = pieces("sh").into_iter().find(|piece| piece.contains("creds --serve")).unwrap();
    std::fs::write(place.bench.path("aws.sh"), "echo of yesterday; exit 0\n").unwrap();
    let said = place.run(piece).stdout;
    assert!(String::from_utf8_lossy(&said).contains(ROLE), "{}", String::from_utf8_lossy(&said));
    assert!(place.bench.path("aws.sh").exists(), "it is left over again");
    assert_eq!(place.bench.run(&["logout"]).code, 0);
    let output = place.run(&format!("set +e\n{piece}"));
    assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("jetbridge login"), "{output:?}");
}

/// It would prove nothing if what stands for the reader's own were not there any more.
#[test]
fn what_the_test_puts_in_its_place_is_in_the_guide() {
    let code = [pieces("sh"), pieces("ini")].concat().concat();
    for (theirs, _) in Place::prepare().own {
        assert!(code.contains(theirs), "{theirs}");
    }
}

/// The guide's way for CI: curl is the browser.
#[test]
fn the_guide_signs_in_without_a_person() {
    let bench = Bench::start();
    let guide = include_str!("../../../../docs/cli-guide.md");
    let piece = guide.split("```").find(|piece| piece.starts_with("sh\ncat > sign-in.sh")).unwrap();
    let piece = piece.strip_prefix("sh\n").unwrap();
    assert!(piece.contains("cargo run --") && piece.contains("/tmp/jetbridge"));
    let piece = piece
        .replace("cargo run --", env!("CARGO_BIN_EXE_jetbridge"))
        .replace("/tmp/jetbridge", &bench.path("config").display().to_string());
    let mut shell = Command::new("bash");
    for (name, value) in bench.command(&[]).get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    let output = shell
        .args(["-euo", "pipefail", "-c", &piece])
        .current_dir(bench.path(""))
        .env("NO_PROXY", "127.0.0.1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("Alice Archer") && said.contains("shared/welcome.txt"),
        "{output:?}"
    );
    assert_eq!(bench.run(&["whoami"]).code, 0);
}

/// Exit codes are what scripts rely on: the guide has all that the program says of them.
#[test]
fn the_guide_has_every_exit_code() {
    let guide = include_str!("../../../../docs/cli-guide.md");
    let (_, codes) = guide.split_once("Exit codes: ").unwrap();
    let help = String::from_utf8(program(&["--help"]).output().unwrap().stdout).unwrap();
    let (_, help) = help.split_once("Exit codes:\n").unwrap();
    let mut count = 0;
    for code in 0..=20 {
        if help.split_whitespace().any(|word| word == code.to_string()) {
            assert!(codes.starts_with(&format!("{code} ")) || codes.contains(&format!(", {code} ")), "{code}");
            count += 1;
        }
    }
    assert_eq!(count, 12);
}
