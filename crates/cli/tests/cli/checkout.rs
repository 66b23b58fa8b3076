//! A configuration that came with somebody else's repository: `./config` is read from wherever one stands.

use std::io::Read as _;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use crate::support::{ALICE, Bench, Outcome};

/// Listens where a configuration says that Cognito is, and keeps what it is sent.
struct Listener {
    port: u16,
    received: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Listener {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let received = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&received);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map(Result::unwrap) {
                let mut bytes = vec![0; 64 * 1024];
                let read = stream.read(&mut bytes).unwrap_or(0);
                bytes.truncate(read);
                kept.lock().unwrap().push(bytes);
            }
        });
        Self { port, received }
    }

    fn connections(&self) -> usize {
        self.received.lock().unwrap().len()
    }
}

/// The victim's three public values, with another endpoint for Cognito, as a repository might bring them.
fn check_out(bench: &Bench, name: &str, endpoint: &str) -> String {
    let folder = bench.path(name);
    std::fs::create_dir(&folder).unwrap();
    for file in ["okta-config.json", "aws-exports.json"] {
        let text = std::fs::read_to_string(bench.path("config").join(file)).unwrap();
        let mut value: Value = serde_json::from_str(&text).unwrap();
        if let Some(auth) = value.get_mut("Auth") {
            auth["identityPoolEndpoint"] = endpoint.into();
        }
        std::fs::write(folder.join(file), value.to_string()).unwrap();
    }
    folder.to_str().unwrap().to_owned()
}

/// Signed in two hours ago: the AWS credentials are over, and the next command asks Cognito.
fn victim() -> Bench {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    bench.stack.clock().advance(Duration::from_secs(7200));
    bench
}

#[test]
fn another_endpoint_on_this_machine_does_not_get_the_id_token_of_a_stored_session() {
    let bench = victim();
    let listener = Listener::start();
    let config = check_out(&bench, "repository", &format!("http://127.0.0.1:{}", listener.port));
    for arguments in [&["ls", "--json"][..], &["creds", "--json"], &["whoami", "--json"]] {
        let outcome = bench.run(&[arguments, &["--config", &config]].concat());
        assert_eq!((outcome.code, outcome.error()["kind"].as_str()), (3, Some("sign_in_required")), "{outcome:?}");
    }
    assert_eq!(listener.connections(), 0);
    // The session is where it was, and seen from there.
    let shown = bench.run(&["accounts", "--config", &config]);
    assert!(shown.stdout.contains("Alice Archer") && shown.stdout.contains("another configuration"), "{shown:?}");
    assert!(bench.run(&["whoami"]).stdout.contains("Alice Archer"));
    // And it is the endpoint that keeps it: with the victim's own, the token goes out.
    assert_eq!(bench.run(&["ls"]).code, 0);
    let again = check_out(&bench, "same", bench.stack.endpoints().cognito.as_str());
    assert_eq!(bench.run(&["ls", "--config", &again]).code, 0);
}

#[test]
fn a_server_elsewhere_needs_the_word_of_the_user_and_nothing_in_a_file_counts() {
    let bench = victim();
    let listener = Listener::start();
    let server = "https://cognito.example.com";
    let config = check_out(&bench, "repository", server);
    let resolve = format!("cognito.example.com:443:127.0.0.1:{}", listener.port);
    let run = |more: &[&str]| {
        let arguments = [&["--config", &config, "--resolve", &resolve][..], more].concat();
        bench.run(&arguments)
    };
    for command in [&["ls"][..], &["creds"], &["login", "--no-browser"]] {
        let refused = run(&[command, &["--json"]].concat());
        assert_eq!((refused.code, refused.error()["kind"].as_str()), (4, Some("misconfigured")), "{refused:?}");
        let (message, hint) = (refused.error()["message"].to_string(), refused.error()["hint"].to_string());
        assert!(message.contains("Auth.identityPoolEndpoint") && message.contains(server), "{message}");
        assert!(hint.contains("--permit-endpoint"), "{hint}");
    }
    // Another server than the permitted one is not meant.
    assert_eq!(run(&["ls", "--permit-endpoint", "https://example.com"]).code, 4);
    assert_eq!(run(&["ls", "--permit-endpoint", ""]).code, 4);
    // Permitted, it is a configuration like any other, and nobody has signed in with it.
    for permitted in [
        run(&["ls", "--permit-endpoint", server]),
        Outcome::of(
            bench
                .command(&["ls", "--config", &config, "--resolve", &resolve])
                .env("JETBRIDGE_PERMIT_ENDPOINT", server)
                .output()
                .unwrap(),
        ),
    ] {
        assert_eq!(permitted.code, 3, "{permitted:?}");
    }
    let proposed = run(&["ls", "--permit-endpoint", server]).stderr;
    let proposed = proposed.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(proposed.contains(&format!("--permit-endpoint {server} login")), "{proposed}");
    // Signing out sends no token there and needs nobody's word; what earlier versions stored is ended from here too.
    let shown = run(&["accounts"]);
    assert!(shown.stdout.contains("Alice Archer"), "{shown:?}");
    let ended = run(&["logout", "--all", "--revoke"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.stdout.contains("Signed out Alice Archer") && ended.stdout.contains("revoked"), "{ended:?}");
    assert_eq!(bench.run(&["whoami"]).code, 3);
    assert_eq!(listener.connections(), 0);
}
