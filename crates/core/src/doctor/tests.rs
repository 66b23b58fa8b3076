use serde_json::{Value, json};

use super::*;
use crate::config::Config;

const ISSUER: &str = "https://dev-12345678.okta.com/oauth2/default";
const CLIENT: &str = "0oa1b2c3d4E5F6g7h8i9";

fn config_with(change: impl FnOnce(&mut Value)) -> Config {
    let okta = json!({
        "okta_issuer_url": ISSUER,
        "okta_client_id": CLIENT,
        "okta_callback_url": "com.okta.dev-12345678:/callback",
    });
    let mut aws = json!({
        "Auth": { "region": "us-west-2", "identityPoolId": "us-west-2:0fab3c1e-12ab-34cd-56ef-1234567890ab" },
        "Storage": { "AWSS3": { "region": "us-west-2", "bucket": "my-team-files", "prefix": "shared/" } },
    });
    change(&mut aws);
    Config::parse(&okta.to_string(), &aws.to_string()).unwrap()
}

fn config() -> Config {
    config_with(|_| {})
}

fn template() -> Value {
    json!({
        "Resources": {
            "Okta": { "Type": "AWS::IAM::OIDCProvider", "Properties": { "Url": ISSUER, "ClientIdList": [CLIENT] } },
            "Other": { "Type": "AWS::IAM::OIDCProvider", "Properties": { "Url": "https://other.example", "ClientIdList": [] } },
            "Pool": {
                "Type": "AWS::Cognito::IdentityPool",
                "Properties": { "OpenIdConnectProviderARNs": [{ "Ref": "Okta" }] },
            },
            "Bucket": { "Type": "AWS::S3::Bucket" },
        },
        "Outputs": {
            "Region": { "Value": { "Ref": "AWS::Region" } },
            "IdentityPoolId": { "Value": { "Ref": "Pool" } },
            "BucketName": { "Value": { "Ref": "Bucket" } },
            "StartPrefix": { "Value": "shared/" },
        },
    })
}

/// The only mismatch, as its setting and its sentences.
fn mismatch(config: &Config, template: &Value) -> (&'static str, String) {
    let checks = check_template(config, &template.to_string()).unwrap();
    let mut differing = checks.iter().filter_map(|check| match &check.outcome {
        Outcome::Differs(mismatch) => Some(mismatch),
        _ => None,
    });
    let found = differing.next().expect("a mismatch");
    assert_eq!(differing.next(), None, "and no other");
    (found.setting, format!("{}. {}", found.problem, found.hint))
}

#[test]
fn a_template_that_was_made_from_the_configuration_fits() {
    let checks = check_template(&config(), &template().to_string()).unwrap();
    let outcome = |name: &str| &checks.iter().find(|check| check.name == name).unwrap().outcome;
    assert_eq!(outcome("issuer and provider"), &Outcome::Fits(ISSUER.to_owned()));
    assert_eq!(outcome("client id and audience"), &Outcome::Fits(CLIENT.to_owned()));
    assert!(matches!(outcome("identity pool"), Outcome::Unknown(_)));
    assert!(!checks.iter().any(|check| matches!(check.outcome, Outcome::Differs(_))), "{checks:?}");
}

#[test]
fn one_letter_of_the_provider_s_url_is_named() {
    let mut changed = template();
    for url in [
        "https://dev-12345678.okta.com/oauth2/Default",
        "https://dev-12345678.okta.com",
        "https://dev-12345679.okta.com/oauth2/default",
    ] {
        changed["Resources"]["Okta"]["Properties"]["Url"] = json!(url);
        let (setting, text) = mismatch(&config(), &changed);
        assert_eq!(setting, "okta_issuer_url");
        assert!(text.contains(ISSUER) && text.contains(url) && text.contains("supported provider"), "{text}");
    }
}

#[test]
fn a_provider_that_the_pool_does_not_refer_to_does_not_count() {
    let mut changed = template();
    changed["Resources"]["Pool"]["Properties"]["OpenIdConnectProviderARNs"] = json!([{ "Ref": "Other" }]);
    assert_eq!(mismatch(&config(), &changed).0, "okta_issuer_url");
    changed["Resources"]["Pool"]["Properties"] = json!({});
    let (_, text) = mismatch(&config(), &changed);
    assert!(text.contains("trusts none"), "{text}");
}

#[test]
fn a_client_that_is_no_audience_is_named() {
    let mut changed = template();
    changed["Resources"]["Okta"]["Properties"]["ClientIdList"] = json!(["0oaAnother"]);
    let (setting, text) = mismatch(&config(), &changed);
    assert_eq!(setting, "okta_client_id");
    assert!(text.contains(CLIENT) && text.contains("0oaAnother"), "{text}");
    changed["Resources"]["Okta"]["Properties"]["ClientIdList"] = json!([]);
    let (_, text) = mismatch(&config(), &changed);
    assert!(text.contains("accepts none"), "{text}");
}

#[test]
fn an_existing_provider_is_known_by_its_arn_and_its_audiences_are_not() {
    let mut changed = template();
    let arn = format!("arn:aws:iam::123456789012:oidc-provider/{}", ISSUER.trim_start_matches("https://"));
    changed["Resources"]["Pool"]["Properties"]["OpenIdConnectProviderARNs"] = json!([arn]);
    let checks = check_template(&config(), &changed.to_string()).unwrap();
    assert_eq!(checks[0].outcome, Outcome::Fits(ISSUER.to_owned()));
    assert!(matches!(&checks[1].outcome, Outcome::Unknown(why) if why.contains("existing")));
}

#[test]
fn what_aws_exports_says_otherwise_is_named() {
    let other_start = config_with(|aws| aws["Storage"]["AWSS3"]["prefix"] = json!("mine/"));
    assert_eq!(mismatch(&other_start, &template()).0, "Storage.AWSS3.prefix");
    let no_start = config_with(|aws| {
        aws["Storage"]["AWSS3"].as_object_mut().unwrap().remove("prefix");
    });
    assert!(mismatch(&no_start, &template()).1.contains("AccessDenied"));
    let two_regions = config_with(|aws| aws["Storage"]["AWSS3"]["region"] = json!("eu-west-1"));
    assert_eq!(mismatch(&two_regions, &template()).0, "Storage.AWSS3.region");

    let mut known = template();
    known["Outputs"]["Region"]["Value"] = json!("eu-central-1");
    assert_eq!(mismatch(&config(), &known).0, "Auth.region");
    let mut known = template();
    known["Outputs"]["BucketName"] = json!({ "Value": "another-bucket" });
    assert_eq!(mismatch(&config(), &known).0, "Storage.AWSS3.bucket");
}

#[test]
fn claims_that_a_template_maps_are_found() {
    assert_eq!(mapped_claims(&template().to_string()), Ok(Vec::new()));
    let mut mapping = template();
    mapping["Resources"]["Tags"] = json!({
        "Type": "AWS::Cognito::IdentityPoolPrincipalTag",
        "Properties": { "PrincipalTags": { "team": "department", "odd": { "Ref": "Parameter" } } },
    });
    mapping["Resources"]["Roles"] = json!({
        "Type": "AWS::Cognito::IdentityPoolRoleAttachment",
        "Properties": { "RoleMappings": { "okta": { "RulesConfiguration": { "Rules": [
            { "Claim": "jetbridge_role", "Value": "admin" }, { "Claim": "department" },
        ] } } } },
    });
    assert_eq!(mapped_claims(&mapping.to_string()), Ok(vec!["department".to_owned(), "jetbridge_role".to_owned()]));
    assert!(mapped_claims("{}").is_err());
}

#[test]
fn what_is_no_template_says_so() {
    let refusal = |text: &str| check_template(&config(), text).unwrap_err().to_string();
    assert!(refusal("AWSTemplateFormatVersion: 2010-09-09").contains("is not a JSON object"));
    assert!(refusal("[]").contains("cdk synth"));
    assert!(refusal("{}").contains("no Resources"));
    assert!(refusal(r#"{"Resources":{}}"#).contains("no Cognito identity pool"));
    assert!(refusal(&" ".repeat(1_000_001)).contains("1 MB"));
}

#[test]
fn a_provider_that_only_the_deployment_knows_hides_no_other_check() {
    let mut changed = template();
    let unknown = [
        json!({ "Fn::ImportValue": "elsewhere" }),
        json!({ "Fn::Sub": "arn:${AWS::Partition}:iam::1:oidc-provider/${Issuer}" }),
    ];
    for arn in unknown {
        changed["Resources"]["Pool"]["Properties"]["OpenIdConnectProviderARNs"] = json!([arn]);
        let checks = check_template(&config(), &changed.to_string()).unwrap();
        assert!(matches!(&checks[0].outcome, Outcome::Unknown(_)), "{checks:?}");
        assert_eq!(checks.len(), 6);
    }
    let name = ISSUER.trim_start_matches("https://");
    let put_together = [
        json!({ "Fn::Sub": format!("arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:oidc-provider/{name}") }),
        json!({ "Fn::Join": ["", ["arn:aws:iam::", { "Ref": "AWS::AccountId" }, ":oidc-provider/", name]] }),
    ];
    for arn in put_together {
        changed["Resources"]["Pool"]["Properties"]["OpenIdConnectProviderARNs"] = json!([arn]);
        let checks = check_template(&config(), &changed.to_string()).unwrap();
        assert_eq!(checks[0].outcome, Outcome::Fits(ISSUER.to_owned()));
    }
}

#[test]
fn of_two_pools_one_that_fits_is_not_enough_to_say_so() {
    let mut changed = template();
    changed["Resources"]["Second"] = json!({
        "Type": "AWS::Cognito::IdentityPool",
        "Properties": { "OpenIdConnectProviderARNs": [{ "Ref": "Other" }] },
    });
    let checks = check_template(&config(), &changed.to_string()).unwrap();
    assert!(matches!(&checks[0].outcome, Outcome::Unknown(why) if why.contains("1 of the template's 2 pools")));
}

#[test]
fn a_bucket_is_known_by_the_name_that_the_template_chose_and_only_its_own_region_counts() {
    let mut named = template();
    named["Resources"]["Bucket"]["Properties"] = json!({ "BucketName": "chosen-name" });
    assert_eq!(mismatch(&config(), &named).0, "Storage.AWSS3.bucket");

    let mut elsewhere = template();
    elsewhere["Outputs"].as_object_mut().unwrap().remove("BucketName");
    let two_regions = config_with(|aws| aws["Storage"]["AWSS3"]["region"] = json!("eu-west-1"));
    let checks = check_template(&two_regions, &elsewhere.to_string()).unwrap();
    let region = checks.iter().find(|check| check.name == "regions of pool and bucket").unwrap();
    assert!(matches!(region.outcome, Outcome::Unknown(_)), "another bucket of the stack proves nothing: {region:?}");
}
