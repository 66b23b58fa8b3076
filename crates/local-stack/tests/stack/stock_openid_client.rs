//! A stock OpenID Connect client signs in. It runs in Node.js and is installed as its lock file says.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::{ALICE, Bench, REDIRECT_URI};

/// Installs the client in the target folder, so that the source tree stays clean.
fn install() -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stock");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("stock-openid-client");
    std::fs::create_dir_all(&target).unwrap();
    for file in ["package.json", "package-lock.json", "sign-in.mjs"] {
        std::fs::copy(source.join(file), target.join(file)).unwrap();
    }
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    run(Command::new(npm).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&target));
    target
}

fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| {
        panic!("failed to run {:?} (Node.js 20 or newer is needed): {error}", command.get_program())
    });
    assert!(output.status.success(), "{:?}: {}", command.get_program(), String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stock_openid_client_signs_in() {
    let bench = Bench::start().await;
    let directory = tokio::task::spawn_blocking(install).await.unwrap();
    for issuer in [bench.stack.custom_issuer(), bench.stack.org_issuer()] {
        let logout_uri = bench.stack.options().logout_redirect_uris[0].clone();
        let arguments =
            [&issuer, &bench.stack.options().client_id, REDIRECT_URI, &logout_uri, ALICE.0, ALICE.1].map(str::to_owned);
        let mut command = Command::new("node");
        command.arg("sign-in.mjs").args(arguments).current_dir(&directory);
        let text = tokio::task::spawn_blocking(move || run(&mut command)).await.unwrap();
        let outcome: Value = serde_json::from_str(&text).unwrap();
        let expected = json!({
            "sub": "00ualice000000000001", "email": ALICE.0, "refreshed_sub": "00ualice000000000001", "rotated": true,
            "after_revocation": "invalid_grant", "after_logout": format!("{logout_uri}?state=bye"),
        });
        assert_eq!(outcome, expected, "{issuer}");
    }
    assert_eq!(bench.stack.log().count("par"), 2);
}
