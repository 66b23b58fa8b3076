//! `doctor --template`: configuration and infrastructure, compared before anybody signs in.

use std::fs;

use serde_json::{Value, json};

use crate::support::Bench;

fn template(bench: &Bench) -> Value {
    let okta: Value = serde_json::from_str(&bench.stack.config_files().okta_config).unwrap();
    json!({
        "Resources": {
            "Okta": {
                "Type": "AWS::IAM::OIDCProvider",
                "Properties": { "Url": okta["okta_issuer_url"], "ClientIdList": [okta["okta_client_id"]] },
            },
            "Pool": {
                "Type": "AWS::Cognito::IdentityPool",
                "Properties": { "OpenIdConnectProviderARNs": [{ "Ref": "Okta" }] },
            },
        },
    })
}

#[test]
fn a_template_that_fits_is_said_to_fit() {
    let bench = Bench::start();
    let file = bench.path("stack.template.json");
    fs::write(&file, template(&bench).to_string()).unwrap();
    let outcome = bench.run(&["doctor", "--template", file.to_str().unwrap()]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{}", outcome.stdout);
    assert!(outcome.stdout.starts_with("✓ issuer and provider\n"), "{}", outcome.stdout);
    assert!(!outcome.stdout.contains('✗'), "{}", outcome.stdout);
}

#[test]
fn a_mismatch_is_named_with_both_sides_and_the_fix() {
    let bench = Bench::start();
    let file = bench.path("stack.template.json");
    let mut changed = template(&bench);
    changed["Resources"]["Okta"]["Properties"]["Url"] = json!("https://dev-1.okta.com");
    fs::write(&file, changed.to_string()).unwrap();
    let arguments = ["doctor", "--template", file.to_str().unwrap()];
    let outcome = bench.run(&arguments);
    assert_eq!(outcome.code, 4);
    assert!(outcome.stdout.contains("✗ issuer and provider") && outcome.stdout.contains("https://dev-1.okta.com"));
    assert!(outcome.stderr.contains("differ in one point"), "{}", outcome.stderr);

    let outcome = bench.run(&[arguments.as_slice(), &["--json"]].concat());
    let checks = outcome.events_named("check");
    assert_eq!(checks[0]["outcome"], "differs");
    assert_eq!(checks[0]["setting"], "okta_issuer_url");
    assert_eq!(outcome.error()["exit"], 4);
}

#[test]
fn a_file_that_is_no_template_says_what_to_give() {
    let bench = Bench::start();
    let file = bench.path("okta.yaml");
    fs::write(&file, "Resources: {}").unwrap();
    for (path, word) in [(file, "cdk synth"), (bench.path("not-there.json"), "cdk synth")] {
        let outcome = bench.run(&["doctor", "--template", path.to_str().unwrap()]);
        assert_eq!(outcome.code, 4);
        assert!(outcome.stderr.contains(word), "{}", outcome.stderr);
    }
}
