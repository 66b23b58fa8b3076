//! Each mistake gives its whole message; no input makes the reader panic; the examples, once filled in, load.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn okta_file() -> Value {
    json!({
        "okta_issuer_url": "https://dev-12345678.okta.com/oauth2/default",
        "okta_client_id": "0oa1b2c3d4E5F6g7h8i9",
        "okta_callback_url": "com.okta.dev-12345678:/callback",
    })
}

fn aws_file() -> Value {
    json!({
        "Auth": { "region": "us-west-2", "identityPoolId": "us-west-2:1234abcd-12ab-34cd-56ef-1234567890ab" },
        "Storage": { "AWSS3": { "region": "eu-central-1", "bucket": "my-team-data" } },
    })
}

/// Puts `value` where the pointer (`/Auth/region`) leads; its last part may be a new key.
fn with(mut file: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer begins with a slash");
    file.pointer_mut(parent).expect("the parent is there")[key] = value;
    file
}

fn without(mut file: Value, pointer: &str) -> Value {
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer begins with a slash");
    file.pointer_mut(parent).and_then(Value::as_object_mut).expect("the parent is there").remove(key);
    file
}

fn parse(okta: &Value, aws: &Value) -> Result<Config, ConfigError> {
    Config::parse(&okta.to_string(), &aws.to_string())
}

fn okta_message(file: &Value) -> String {
    parse(file, &aws_file()).expect_err("the configuration is wrong").to_string()
}

fn aws_message(file: &Value) -> String {
    parse(&okta_file(), file).expect_err("the configuration is wrong").to_string()
}

/// Joins the lines of a message, after a look at their length.
fn one_line(message: &str) -> String {
    assert!(message.lines().all(|line| line.chars().count() <= 80), "{message}");
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_samples_keys_are_enough() {
    let config = parse(&okta_file(), &aws_file()).expect("a right configuration");
    assert_eq!(config.issuer_url(), "https://dev-12345678.okta.com/oauth2/default");
    assert_eq!(config.client_id(), "0oa1b2c3d4E5F6g7h8i9");
    assert_eq!(config.callback_url(), "com.okta.dev-12345678:/callback");
    assert_eq!(config.desktop_callback_url(), "http://127.0.0.1:8765/callback");
    assert_eq!(config.scopes(), ["openid", "profile", "email", "offline_access"]);
    assert_eq!(config.logout_url(), None);
    assert_eq!(config.region(), "us-west-2");
    assert_eq!(config.identity_pool_id(), "us-west-2:1234abcd-12ab-34cd-56ef-1234567890ab");
    assert_eq!(config.identity_pool_endpoint(), None);
    assert_eq!(config.bucket_region(), "eu-central-1");
    assert_eq!(config.bucket(), "my-team-data");
    assert_eq!(config.s3_endpoint(), None);
    assert_eq!(config.listing_prefix(), None);
    assert!(!config.force_path_style());
    assert_eq!(config.api_endpoints(), []);
}

#[test]
fn every_optional_key_is_used() {
    let okta = with(okta_file(), "/okta_desktop_callback_url", json!("http://[::1]:9000/back"));
    let okta = with(okta, "/okta_scopes", json!(["openid", "groups", "openid"]));
    let okta = with(okta, "/okta_logout_url", json!("com.okta.dev-12345678:/logout"));
    let aws = with(aws_file(), "/Auth/identityPoolEndpoint", json!("http://127.0.0.1:4581"));
    let aws = with(aws, "/Storage/AWSS3/endpoint", json!("https://minio.example.com:9000/"));
    let aws = with(aws, "/Storage/AWSS3/prefix", json!("reports/2026 + more/"));
    let config = parse(&okta, &aws).expect("a right configuration");
    assert_eq!(config.desktop_callback_url(), "http://[::1]:9000/back");
    assert_eq!(config.scopes(), ["openid", "groups"]);
    assert_eq!(config.logout_url(), Some("com.okta.dev-12345678:/logout"));
    assert_eq!(config.identity_pool_endpoint().map(Url::as_str), Some("http://127.0.0.1:4581/"));
    assert_eq!(config.s3_endpoint().map(Url::as_str), Some("https://minio.example.com:9000/"));
    assert_eq!(config.listing_prefix(), Some("reports/2026 + more/"));
    assert!(config.force_path_style(), "what stands in for S3 has no host for each bucket");
    let aws = with(aws, "/Storage/AWSS3/forcePathStyle", json!(false));
    assert!(!parse(&okta, &aws).expect("a right configuration").force_path_style());

    let okta = with(okta_file(), "/okta_scopes", json!("openid  email"));
    assert_eq!(parse(&okta, &aws_file()).expect("scopes as text").scopes(), ["openid", "email"]);
}

#[test]
fn values_that_are_right_are_kept_byte_for_byte() {
    for issuer in [
        "https://dev-12345678.okta.com",
        "https://ID.Example.com/oauth2/aus1",
        "https://id.example.com:8443/oauth2/default",
        "http://127.0.0.1:4580/oauth2/default",
        "http://localhost:4580",
        "http://[::1]:4580/oauth2/default",
        "https://okta-admin.example.com/oauth2/default",
    ] {
        let config = parse(&with(okta_file(), "/okta_issuer_url", json!(issuer)), &aws_file());
        assert_eq!(config.expect(issuer).issuer_url(), issuer);
    }
    for callback in
        ["com.okta.dev-1:/callback", "com.example.app://sign-in", "https://app.example.com/in", "http://127.0.0.1:1/x"]
    {
        let config = parse(&with(okta_file(), "/okta_callback_url", json!(callback)), &aws_file());
        assert_eq!(config.expect(callback).callback_url(), callback);
    }
    for region in ["us-gov-east-1", "ap-southeast-2", "us-iso-west-1", "eusc-de-east-1", "cn-northwest-1"] {
        let aws = with(aws_file(), "/Storage/AWSS3/region", json!(region));
        assert_eq!(parse(&okta_file(), &aws).expect(region).bucket_region(), region);
    }
    let longest = "b".repeat(255);
    for bucket in [
        "abc",
        "my.bucket.name",
        "0-9",
        "scale-100000",
        "a.b-c",
        // From before today's rules of creation, and aliases.
        "My_Legacy_Bucket",
        &longest,
        "-a..b-",
        "xn--reports",
        "amzn-s3-demo-bucket",
        "masked-xxxxxx",
        "reports-ab12cd34ef56-s3alias",
        "reports--usw2-az1--x-s3",
        "reports--usw2-az1--xa-s3",
        "arn:aws:s3:us-west-2:123456789012:accesspoint/reports",
        "arn:aws-cn:s3:cn-north-1:123456789012:accesspoint:reports",
        "arn:aws:s3-object-lambda:us-west-2:123456789012:accesspoint/reports",
        "arn:aws:s3-outposts:us-west-2:123456789012:outpost/op-01234567890123456/accesspoint/reports",
    ] {
        let aws = with(aws_file(), "/Storage/AWSS3/bucket", json!(bucket));
        assert_eq!(parse(&okta_file(), &aws).expect(bucket).bucket(), bucket);
    }
    for prefix in ["<raw>/", "Reports ", " ", "masked-xxxxxx/", "dev-xxx/", "a\tb\n/", "é/"] {
        let aws = with(aws_file(), "/Storage/AWSS3/prefix", json!(prefix));
        assert_eq!(parse(&okta_file(), &aws).expect(prefix).listing_prefix(), Some(prefix));
    }
    let aws = with(aws_file(), "/Storage/AWSS3/prefix", json!(""));
    assert_eq!(parse(&okta_file(), &aws).expect("no beginning is every beginning").listing_prefix(), None);
}

/// As Amplify JS has them, whose own keys are left alone.
#[test]
fn apis_are_read_in_amplify_s_spelling() {
    let aws = with(
        aws_file(),
        "/API",
        json!({
            "graphql_headers": null,
            "endpoints": [
                {
                    "name": "orders",
                    "endpoint": "https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/prod",
                    "custom_header": "async () => ({})",
                },
                { "name": "own", "endpoint": "https://api.example.com/v1/", "region": "eu-west-1" },
                { "name": "graph", "endpoint": "https://x.appsync-api.eu-west-1.amazonaws.com/graphql", "service": "appsync" },
                { "name": "local", "endpoint": "http://127.0.0.1:4580", "region": "us-west-2", "service": "lambda" },
            ],
        }),
    );
    let config = parse(&okta_file(), &aws).expect("a right configuration");
    let read: Vec<_> = config
        .api_endpoints()
        .iter()
        .map(|api| [api.name.as_str(), api.url.as_str(), api.region.as_str(), api.service.as_str()])
        .collect();
    assert_eq!(
        read,
        [
            ["orders", "https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/prod", "us-east-1", "execute-api"],
            ["own", "https://api.example.com/v1/", "eu-west-1", "execute-api"],
            ["graph", "https://x.appsync-api.eu-west-1.amazonaws.com/graphql", "eu-west-1", "appsync"],
            ["local", "http://127.0.0.1:4580/", "us-west-2", "lambda"],
        ]
    );
    for none in [json!({}), json!({ "endpoints": [] })] {
        assert_eq!(parse(&okta_file(), &with(aws_file(), "/API", none)).unwrap().api_endpoints(), []);
    }
}

#[test]
fn each_wrong_api_is_told_and_all_at_once() {
    let aws = with(
        aws_file(),
        "/API",
        json!({
            "endpoints": [
                { "name": "", "endpoint": "https://api.example.com", "region": "eu" },
                { "name": "a", "endpoint": "http://api.example.com", "service": "Execute API" },
                { "name": "b", "endpoint": "https://api.example.com" },
                { "name": "b", "endpoint": "https://api.example.com/a/../b", "region": "us-west-2" },
                { "endPoint": "https://api.example.com?x=1", "region": "us-west-2" },
                "https://api.example.com",
                {
                    "name": "c",
                    "endpoint": "https://x.lambda-url.us-west-2.on.aws/",
                    "region": "us-east-1",
                    "service": "execute-api",
                },
            ],
        }),
    );
    let told: Vec<_> = parse(&okta_file(), &aws)
        .expect_err("nothing is right")
        .problems
        .into_iter()
        .map(|problem| (problem.key, problem.problem))
        .collect();
    let expected = [
        ("[0].name", "is empty"),
        ("[0].region", "is not an AWS region"),
        ("[1].endpoint", "is plain http, which only loopback may be"),
        ("[1].service", "is not the name of an AWS service in signatures"),
        ("[2].region", "is missing"),
        ("[3].name", "\"b\" is the name of another API too"),
        ("[3].endpoint", "has a path with `.` or `..` in it"),
        ("[4].name", "is missing"),
        ("[4].endPoint", "is not a known key"),
        ("[5]", "is text, not an object"),
        ("[6].region", "is us-east-1, but the endpoint's host says us-west-2"),
        ("[6].service", "is execute-api, but the endpoint's host says lambda"),
    ]
    .map(|(key, problem)| (format!("API.endpoints{key}"), problem.to_owned()));
    assert_eq!(told, expected);
    for (value, problem) in [
        (
            json!([]),
            "aws-exports.json: API is a list, not an object expected: an object with an \"endpoints\" list in it",
        ),
        (
            json!({ "endpoints": {} }),
            "aws-exports.json: API.endpoints is an object, not a list expected: a list of objects with \"name\", \
             \"endpoint\" and, for a domain of your own, \"region\"",
        ),
    ] {
        assert_eq!(one_line(&aws_message(&with(aws_file(), "/API", value))), problem);
    }
    let twice = r#"{"API":{"endpoints":[{"name":"a","name":"b","endpoint":"https://x.lambda-url.us-west-2.on.aws"}]},"#;
    let twice = aws_file().to_string().replacen('{', twice, 1);
    let problems = Config::parse(&okta_file().to_string(), &twice).unwrap_err().problems;
    assert_eq!((problems[0].key.as_str(), problems.len()), ("API.endpoints[0].name", 1));
}

const ISSUER_EXPECTED: &str = "the issuer of your Okta authorization server, such as\n    \
                               https://dev-12345678.okta.com/oauth2/default";

#[test]
fn each_wrong_issuer_is_told() {
    for (value, problem, expected) in [
        (json!(""), "is empty", ISSUER_EXPECTED),
        (json!(7), "is a number, not text in quotes", ISSUER_EXPECTED),
        (json!(null), "is null, not text in quotes", ISSUER_EXPECTED),
        (json!(["https://a.okta.com"]), "is a list, not text in quotes", ISSUER_EXPECTED),
        (json!("https://dev-xxxxxxxx.okta.com/oauth2/default"), "still has the example's placeholder", ISSUER_EXPECTED),
        (json!("https://<domain>/oauth2/default"), "still has the example's placeholder", ISSUER_EXPECTED),
        (json!("https://dev-1.okta.com "), "has white space at its beginning or end", ISSUER_EXPECTED),
        (json!("https://dev-1.okta.com/oauth2\u{7}/x"), "has a control character in it", ISSUER_EXPECTED),
        (json!("https://dev-1.okta.com/a b"), "has a character that a URL may not have", ISSUER_EXPECTED),
        (json!("https://dev-1.okta.com\\oauth2"), "has a character that a URL may not have", ISSUER_EXPECTED),
        (json!("https://dév.okta.com"), "has a character that a URL may not have", ISSUER_EXPECTED),
        (json!("dev-1.okta.com"), "is not a URL (relative URL without a base)", ISSUER_EXPECTED),
        (json!("https:dev-1.okta.com"), "does not have two slashes and a host after\n  its scheme", ISSUER_EXPECTED),
        (json!("https:///dev-1.okta.com"), "does not have two slashes and a host after\n  its scheme", ISSUER_EXPECTED),
        (json!("https://@dev-1.okta.com"), "has a user name or password in it", ISSUER_EXPECTED),
        (json!("ftp://dev-1.okta.com"), "is not an https URL", ISSUER_EXPECTED),
        (json!("http://dev-1.okta.com/oauth2/default"), "is plain http, which only loopback may be", ISSUER_EXPECTED),
        (json!("http://127.0.0.1.example.com/oauth2"), "is plain http, which only loopback may be", ISSUER_EXPECTED),
        (json!("https://dev-1.okta.com/?x=1"), "has a query", ISSUER_EXPECTED),
        (json!("https://dev-1.okta.com/#x"), "has a fragment (the part after #)", ISSUER_EXPECTED),
        (json!("https://me:pw@dev-1.okta.com"), "has a user name or password in it", ISSUER_EXPECTED),
        (json!("https://dev-1.okta.com/oauth2/default/"), "ends with a slash", "https://dev-1.okta.com/oauth2/default"),
        (json!("https://dev-1.okta.com/"), "ends with a slash", "https://dev-1.okta.com"),
        (json!("https://Acme.oktapreview.com/oauth2/x/"), "ends with a slash", "https://Acme.oktapreview.com/oauth2/x"),
        (
            json!("https://dev-1-admin.okta.com/oauth2/default"),
            "has the address of Okta's admin console",
            "https://dev-1.okta.com/oauth2/default",
        ),
        (
            json!("https://Acme-Admin.oktapreview.com"),
            "has the address of Okta's admin console",
            "https://Acme.oktapreview.com",
        ),
        (
            json!("https://a.okta.com/oauth2/default/.well-known/openid-configuration"),
            "is the discovery document, not the issuer",
            "https://a.okta.com/oauth2/default",
        ),
        (json!(format!("https://{}.com", "a".repeat(3000))), "is longer than 2048 bytes", ISSUER_EXPECTED),
    ] {
        let message = okta_message(&with(okta_file(), "/okta_issuer_url", value));
        assert_eq!(message, format!("okta-config.json: okta_issuer_url {problem}\n  expected: {expected}"));
    }
    assert_eq!(
        okta_message(&without(okta_file(), "/okta_issuer_url")),
        format!("okta-config.json: okta_issuer_url is missing\n  expected: {ISSUER_EXPECTED}")
    );
}

#[test]
fn each_other_wrong_okta_value_is_told() {
    let client_id = "the Client ID of your Okta Native Application, such as 0oa1b2c3d4E5F6g7h8i9";
    let callback = "a sign-in redirect URI of your Okta application, such as com.okta.dev-12345678:/callback";
    let desktop = "an http URL on a loopback address with a port, such as http://127.0.0.1:8765/callback";
    let scopes = "a list or words with spaces between, such as \"openid profile email offline_access\"";
    const PORT_80: &str = "has port 80, which browsers leave out of an address, so that Okta sees another one";
    let logout = "a sign-out redirect URI of your Okta application, such as com.okta.dev-12345678:/logout";
    for (key, value, problem, expected) in [
        ("okta_client_id", json!("0oa1 2"), "is not a client id", client_id),
        ("okta_client_id", json!("0oaé"), "is not a client id", client_id),
        ("okta_client_id", json!("x".repeat(20)), "still has the example's placeholder", client_id),
        ("okta_client_id", json!("a".repeat(256)), "is not a client id", client_id),
        (
            "okta_callback_url",
            json!("com.okta.dev-xxxxxxxx:/callback"),
            "still has the example's placeholder",
            callback,
        ),
        ("okta_callback_url", json!("/callback"), "is not a URL (relative URL without a base)", callback),
        ("okta_callback_url", json!("com.okta.dev-1:callback"), "has no slash after its scheme", callback),
        ("okta_callback_url", json!("com.okta.dev-1:/c#f"), "has a fragment (the part after #)", callback),
        ("okta_callback_url", json!("http://app.example.com/c"), "is plain http away from this machine", callback),
        (
            "okta_callback_url",
            json!("javascript:alert(1)"),
            "has the scheme \"javascript\", which other apps may use too",
            "a scheme in reversed domain form, such as com.okta.dev-12345678:/callback (RFC 8252 §7.1)",
        ),
        ("okta_desktop_callback_url", json!("http://localhost:8765/c"), "is not http on 127.0.0.1 or [::1]", desktop),
        ("okta_desktop_callback_url", json!("https://127.0.0.1:8765/c"), "is not http on 127.0.0.1 or [::1]", desktop),
        ("okta_desktop_callback_url", json!("http://127.0.0.2:8765/c"), "is not http on 127.0.0.1 or [::1]", desktop),
        ("okta_desktop_callback_url", json!("http://0.0.0.0:8765/c"), "is not http on 127.0.0.1 or [::1]", desktop),
        ("okta_desktop_callback_url", json!("http://127.0.0.1/c"), "has no port", desktop),
        ("okta_desktop_callback_url", json!("http://127.0.0.1:0/c"), "has no port", desktop),
        (
            "okta_desktop_callback_url",
            json!("http://127.0.0.1:80/c"),
            PORT_80,
            "a port above 1023, such as in http://127.0.0.1:8765/callback",
        ),
        (
            "okta_desktop_callback_url",
            json!("http://[::1]:80"),
            PORT_80,
            "a port above 1023, such as in http://127.0.0.1:8765/callback",
        ),
        (
            "okta_callback_url",
            json!("com.okta.my_app:/callback"),
            "has '_' in its scheme",
            "a scheme of letters, digits, `+`, `-` and `.` only (RFC 3986 §3.1); change it in Okta and the app too",
        ),
        ("okta_desktop_callback_url", json!("http://127.0.0.1:8765/c?a"), "has a query", desktop),
        ("okta_desktop_callback_url", json!("http://127.0.0.1:8765/c#a"), "has a fragment (the part after #)", desktop),
        ("okta_scopes", json!(""), "is empty", scopes),
        ("okta_scopes", json!(true), "is true or false, not text or a list", scopes),
        ("okta_scopes", json!(["openid", 1]), "has an entry that is not text", scopes),
        ("okta_scopes", json!(["openid", "a b"]), "has an entry that is not a scope name", scopes),
        ("okta_scopes", json!(["openid", ""]), "has an entry that is not a scope name", scopes),
        ("okta_scopes", json!("openid a\\b"), "has an entry that is not a scope name", scopes),
        ("okta_scopes", json!([]), "does not have openid, without which Okta gives no ID token", scopes),
        ("okta_scopes", json!("email"), "does not have openid, without which Okta gives no ID token", scopes),
        ("okta_logout_url", json!({}), "is an object, not text in quotes", logout),
        ("okta_logout_url", json!(""), "is empty", logout),
    ] {
        let message = okta_message(&with(okta_file(), &format!("/{key}"), value.clone()));
        assert_eq!(one_line(&message), format!("okta-config.json: {key} {problem} expected: {expected}"), "{value}");
    }
    let many: Vec<String> = (0..101).map(|number| format!("scope{number}")).chain(["openid".to_owned()]).collect();
    assert_eq!(
        one_line(&okta_message(&with(okta_file(), "/okta_scopes", json!(many)))),
        format!("okta-config.json: okta_scopes has more than 100 scopes expected: {scopes}")
    );
}

#[test]
fn each_wrong_aws_value_is_told() {
    let region = "the AWS region of the identity pool, such as us-west-2";
    let pool = "the Identity pool ID from the Cognito console, such as us-west-2:1234abcd-12ab-34cd-56ef-1234567890ab";
    let endpoint = "an https URL without a path (http only on loopback), or no such key for AWS itself";
    let bucket = "the name of an S3 bucket, such as my-team-data, or the ARN of an access point";
    const ADDRESS: &str = "is an address, not the bucket's name alone";
    const WRONG_CHARACTER: &str = "has a character that is not a letter, a digit, a dot, a hyphen or an underscore";
    for (pointer, value, problem, expected) in [
        ("/Auth/region", json!(""), "is empty", region),
        ("/Auth/region", json!("US-West-2"), "is not an AWS region", region),
        ("/Auth/region", json!("us-west"), "is not an AWS region", region),
        ("/Auth/region", json!("us-west-2a"), "is not an AWS region", region),
        ("/Auth/region", json!("us--2"), "is not an AWS region", region),
        (
            "/Auth/region",
            json!("eu-west-1"),
            "is eu-west-1, but the identity pool is in us-west-2",
            "us-west-2, or the id of a pool in eu-west-1",
        ),
        ("/Auth/identityPoolId", json!("us-west-2_Ab12Cd34E"), "has no region and colon before the GUID", pool),
        ("/Auth/identityPoolId", json!(":1234abcd"), "does not begin with an AWS region", pool),
        ("/Auth/identityPoolId", json!("us-west-2:1234abcd"), "does not end with a GUID in lower case", pool),
        (
            "/Auth/identityPoolId",
            json!("us-west-2:1234ABCD-12ab-34cd-56ef-1234567890ab"),
            "does not end with a GUID in lower case",
            pool,
        ),
        (
            "/Auth/identityPoolId",
            json!("us-west-2:xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"),
            "still has the example's placeholder",
            pool,
        ),
        (
            "/Auth/identityPoolEndpoint",
            json!("http://cognito.example.com"),
            "is plain http, which only loopback may be",
            endpoint,
        ),
        ("/Auth/identityPoolEndpoint", json!("https://example.com/cognito"), "has a path", endpoint),
        (
            "/Storage/AWSS3/region",
            json!(null),
            "is null, not text in quotes",
            "the AWS region of the bucket, such as us-west-2",
        ),
        ("/Storage/AWSS3/bucket", json!(""), "is empty", bucket),
        ("/Storage/AWSS3/bucket", json!("ab"), "does not have 3 to 255 characters", bucket),
        ("/Storage/AWSS3/bucket", json!("b".repeat(256)), "does not have 3 to 255 characters", bucket),
        ("/Storage/AWSS3/bucket", json!("xxxxxxxxxxxx"), "still has the example's placeholder", bucket),
        ("/Storage/AWSS3/bucket", json!("my-team-data "), "has white space at its beginning or end", bucket),
        ("/Storage/AWSS3/bucket", json!("No Such/Bucket?x"), WRONG_CHARACTER, bucket),
        ("/Storage/AWSS3/bucket", json!("../other"), WRONG_CHARACTER, bucket),
        ("/Storage/AWSS3/bucket", json!("s3://my-team-data"), ADDRESS, "my-team-data, without s3://"),
        (
            "/Storage/AWSS3/bucket",
            json!("s3://my-team-data/reports/2026/"),
            ADDRESS,
            "my-team-data, without s3://; where listings start is Storage.AWSS3.prefix: reports/2026/",
        ),
        (
            "/Storage/AWSS3/bucket",
            json!("my-team-data/reports"),
            ADDRESS,
            "my-team-data; where listings start is Storage.AWSS3.prefix: reports",
        ),
        ("/Storage/AWSS3/bucket", json!("https://my.data.s3.us-west-2.amazonaws.com/"), ADDRESS, "my.data"),
        ("/Storage/AWSS3/bucket", json!("https://s3.us-west-2.amazonaws.com/my-team-data"), ADDRESS, "my-team-data"),
        ("/Storage/AWSS3/bucket", json!("s3://"), WRONG_CHARACTER, bucket),
        ("/Storage/AWSS3/bucket", json!("192.168.0.1"), "looks like an IP address", bucket),
        ("/Storage/AWSS3/bucket", json!("arn:aws:s3:::my-team-data"), "is the ARN of a bucket", "my-team-data"),
        ("/Storage/AWSS3/bucket", json!("arn:aws:s3:a b"), "is not an ARN", bucket),
        (
            "/Storage/AWSS3/bucket",
            json!("arn:aws:sqs:us-west-2:123456789012:q"),
            "is not the ARN of an access point",
            bucket,
        ),
        (
            "/Storage/AWSS3/bucket",
            json!("arn:aws:s3::123456789012:accesspoint/m1234.mrap"),
            "is a Multi-Region Access Point, whose signatures (SigV4A) this program cannot make",
            "the access point of one region, or the bucket's name",
        ),
        ("/Storage/AWSS3/forcePathStyle", json!("yes"), "is text, not true or false", "true or false, without quotes"),
        ("/Storage/AWSS3/endpoint", json!("minio.example.com"), "is not a URL (relative URL without a base)", endpoint),
        ("/Storage/AWSS3/endpoint", json!("https://minio.example.com/?a"), "has a query", endpoint),
        ("/Services", json!("http://127.0.0.1:4583"), "is text, not an object", "an object with an \"endpoint\" in it"),
        (
            "/Storage/AWSS3/prefix",
            json!(7),
            "is a number, not text in quotes",
            "the beginning of keys, such as reports/2026/",
        ),
        (
            "/Storage/AWSS3/prefix",
            json!("é".repeat(513)),
            "is longer than 1024 bytes",
            "the beginning of keys, such as reports/2026/",
        ),
        ("/Auth", json!("us-west-2"), "is text, not an object", "an object with \"region\" and \"identityPoolId\""),
        ("/Storage/AWSS3", json!([]), "is a list, not an object", "an object with \"region\" and \"bucket\""),
    ] {
        let key = pointer.trim_start_matches('/').replace('/', ".");
        let message = aws_message(&with(aws_file(), pointer, value.clone()));
        assert_eq!(one_line(&message), format!("aws-exports.json: {key} {problem} expected: {expected}"), "{value}");
    }
    let services = with(aws_file(), "/Services", json!({ "endpoint": "https://aws.example.com/a" }));
    assert_eq!(
        one_line(&aws_message(&services)),
        format!("aws-exports.json: Services.endpoint has a path expected: {endpoint}")
    );
    assert_eq!(
        one_line(&aws_message(&without(aws_file(), "/Storage/AWSS3"))),
        "aws-exports.json: Storage.AWSS3 is missing expected: an object with \"region\" and \"bucket\""
    );
}

#[test]
fn a_misspelt_key_is_told_instead_of_a_missing_one() {
    for (file, misspelt, known) in [
        (
            with(without(okta_file(), "/okta_client_id"), "/okta_clientId", json!("x")),
            "okta_clientId",
            "okta_client_id",
        ),
        (with(okta_file(), "/okta_scope", json!("openid")), "okta_scope", "okta_scopes"),
        (with(okta_file(), "/okta_log_out_uri", json!("a.b:/c")), "okta_log_out_uri", "okta_logout_url"),
    ] {
        assert_eq!(
            okta_message(&file),
            format!("okta-config.json: {misspelt} is not a known key\n  expected: did you mean \"{known}\"?")
        );
    }
    let aws = with(aws_file(), "/Storage/AWSS3/Prefix", json!("a/"));
    assert_eq!(
        aws_message(&aws),
        "aws-exports.json: Storage.AWSS3.Prefix is not a known key\n  expected: did you mean \"prefix\"?"
    );
    let lower = without(with(aws_file(), "/auth", aws_file()["Auth"].clone()), "/Auth");
    assert_eq!(aws_message(&lower), "aws-exports.json: auth is not a known key\n  expected: did you mean \"Auth\"?");
}

#[test]
fn a_file_in_another_s_place_is_told_by_its_keys_and_nothing_else_of_it() {
    let swapped = parse(&aws_file(), &okta_file()).expect_err("each in the other's place").to_string();
    assert_eq!(
        one_line(&swapped),
        "okta-config.json: and aws-exports.json are in each other's place: this one has the keys of aws-exports.json \
         expected: each under the other's name: swap the two files"
    );
    let okta_expected = "okta_issuer_url, okta_client_id and okta_callback_url";
    let aws_expected = "Auth.region, Auth.identityPoolId, Storage.AWSS3.region and Storage.AWSS3.bucket";
    for (file, name) in [
        (aws_file(), "aws-exports.json"),
        (json!({ "clientId": "0oa1", "issuer": "https://dev-1.okta.com" }), "a configuration of one of Okta's SDKs"),
        (
            json!({ "issuer": "https://dev-1.okta.com", "authorization_endpoint": "x" }),
            "the server's discovery document",
        ),
        (json!({ "expo": {} }), "an app.json of Expo"),
        (json!({ "name": "app", "dependencies": {} }), "a package.json"),
    ] {
        let expected = format!("okta-config.json: looks like {name}, by its keys expected: {okta_expected}");
        assert_eq!(one_line(&okta_message(&file)), expected);
    }
    for (file, name, first) in [
        (okta_file(), "okta-config.json", aws_expected),
        (json!({ "Resources": {} }), "a CloudFormation template", aws_expected),
        (
            json!({ "version": "1", "auth": { "aws_region": "x", "identity_pool_id": "x" } }),
            "amplify_outputs.json",
            "its values under other names: Auth.region is auth.aws_region,",
        ),
        (
            json!({ "auth": { "plugins": { "awsCognitoAuthPlugin": {} } } }),
            "amplifyconfiguration.json",
            "its values under other names: Auth.region is auth.plugins.",
        ),
        (
            json!({ "aws_project_region": "x" }),
            "the aws-exports.js that the Amplify CLI writes",
            "its values under other names: Auth.region is aws_cognito_region,",
        ),
        (
            json!({ "Auth": { "Cognito": { "identityPoolId": "x" } } }),
            "a configuration of Amplify 6",
            "its values under other names: Auth.region is the region before the colon",
        ),
    ] {
        let message = aws_message(&file).split_whitespace().collect::<Vec<_>>().join(" ");
        let start = format!("aws-exports.json: looks like {name}, by its keys expected: {first}");
        assert!(message.starts_with(&start), "{message}");
    }
    // One key too many makes it no other file.
    let stray = without(with(aws_file(), "/okta_client_id", json!("x")), "/Auth/identityPoolId");
    assert!(aws_message(&stray).contains("Auth.identityPoolId is missing"), "{}", aws_message(&stray));
    // A file that has one key of its own is what it seems to be, and one with nobody's keys is not guessed at.
    assert!(okta_message(&json!({ "okta_client_id": "x", "dependencies": {} })).contains("okta_issuer_url is missing"));
    assert!(okta_message(&json!({ "hello": 1 })).contains("okta_issuer_url is missing"));
    // What is wrong with the other file is told, too.
    let both = parse(&aws_file(), &with(aws_file(), "/Auth/region", json!("x"))).expect_err("two problems");
    assert_eq!(both.problems.len(), 2, "{both}");
}

/// Readers of JSON differ in which one counts.
#[test]
fn a_key_that_is_there_twice_is_told_and_none_is_guessed() {
    let okta = okta_file().to_string();
    let twice = okta.replacen('{', r#"{"okta_client_id": "0oa1b2c3d4E5F6g7h8i9","#, 1);
    assert_eq!(
        Config::parse(&twice, &aws_file().to_string()).unwrap_err().to_string(),
        "okta-config.json: okta_client_id is there more than once\n  expected: the key once; take the others out"
    );
    let bucket = r#""bucket":"my-team-data""#;
    for (found, by, key) in [
        (bucket, format!("{bucket},{bucket},{bucket}"), "Storage.AWSS3.bucket"),
        (r#"{"Auth""#, r#"{"Auth":{},"Auth""#.to_owned(), "Auth"),
        (r#"{"AWSS3""#, r#"{"\u0041WSS3":7,"AWSS3""#.to_owned(), "Storage.AWSS3"),
    ] {
        let aws = aws_file().to_string().replacen(found, &by, 1);
        let problems = Config::parse(&okta, &aws).expect_err(key).problems;
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!((problems[0].key.as_str(), problems[0].problem.as_str()), (key, "is there more than once"));
    }
    // What is not ours may look as it likes.
    let aws = aws_file().to_string().replacen('{', r#"{"Analytics": [{"a": 1, "a": 2}], "x": 1, "x": 1.5e3,"#, 1);
    assert!(Config::parse(&okta, &aws).is_ok());
}

#[test]
fn other_keys_of_an_amplify_file_are_left_alone() {
    let aws = with(aws_file(), "/Auth/userPoolId", json!("us-west-2_Ab12Cd34E"));
    let aws = with(aws, "/aws_project_region", json!("us-west-2"));
    let aws = with(aws, "/Analytics", json!({ "disabled": true }));
    assert_eq!(parse(&okta_file(), &aws), parse(&okta_file(), &aws_file()));
}

/// Else a right key could be told as a slip for its neighbour.
#[test]
fn no_known_key_looks_like_another() {
    let sections = aws_exports::SECTIONS.into_iter().chain([okta::KEYS.as_slice()]);
    for section in sections {
        for (index, key) in section.iter().enumerate() {
            for other in &section[index + 1..] {
                assert!(!section::is_near_miss(key.name, other.name), "{} and {}", key.name, other.name);
            }
        }
    }
}

#[test]
fn all_problems_of_both_files_are_told_at_once() {
    let okta = json!({ "okta_issuer_url": "", "okta_client_id": "", "okta_callback_url": "" });
    let aws = json!({
        "Auth": { "region": "", "identityPoolId": "" },
        "Storage": { "AWSS3": { "region": "", "bucket": "" } },
    });
    let error = parse(&okta, &aws).expect_err("the sample shipped empty strings");
    let told: Vec<_> = error.problems.iter().map(|p| (p.file.as_str(), p.key.as_str(), p.problem.as_str())).collect();
    assert_eq!(
        told,
        [
            ("okta-config.json", "okta_issuer_url", "is empty"),
            ("okta-config.json", "okta_client_id", "is empty"),
            ("okta-config.json", "okta_callback_url", "is empty"),
            ("aws-exports.json", "Auth.region", "is empty"),
            ("aws-exports.json", "Auth.identityPoolId", "is empty"),
            ("aws-exports.json", "Storage.AWSS3.region", "is empty"),
            ("aws-exports.json", "Storage.AWSS3.bucket", "is empty"),
        ]
    );
    let text = error.to_string();
    assert_eq!(text.lines().filter(|line| !line.starts_with(' ')).count(), 7, "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn each_unusable_text_is_told() {
    for (text, expected) in [
        ("", "okta-config.json: is empty\n  expected: a JSON object; start from the example file"),
        ("\u{feff} \n", "okta-config.json: is empty\n  expected: a JSON object; start from the example file"),
        (
            "{\n  \"okta_client_id\": \"a\"\n  \"okta_issuer_url\": \"b\"\n}",
            "okta-config.json: is not valid JSON: expected `,` or `}` at line 3 column 3\n  expected: a JSON object",
        ),
        (
            "{\"okta_client_id\": \"a\",}",
            "okta-config.json: is not valid JSON: trailing comma at line 1 column 24\n  expected: a JSON object",
        ),
        (
            "{\n  // of the demo\n  \"okta_client_id\": \"a\"}",
            "okta-config.json: is not valid JSON: key must be a string at line 2 column 3\n  expected: a JSON object; JSON has \
             no comments",
        ),
        (
            "{\"okta_client_id\": \u{201c}a\u{201d}}",
            "okta-config.json: is not valid JSON: expected value at line 1 column 20\n  expected: straight double quotes (\") \
             around every key and text",
        ),
        (
            "{\"a\u{e9}\": \u{200b}\"a\"}",
            "okta-config.json: is not valid JSON: expected value at line 1 column 9\n  expected: a JSON object; take out the \
             character U+200B there",
        ),
        ("[]", "okta-config.json: is not a JSON object\n  expected: an object in braces: { \"key\": \"value\" }"),
    ] {
        let error = Config::parse(text, &aws_file().to_string()).expect_err("not a configuration");
        assert_eq!(error.to_string(), expected);
    }
    let with_mark = format!("\u{feff}{}", okta_file());
    assert!(Config::parse(&with_mark, &aws_file().to_string()).is_ok(), "a byte order mark is no problem");
    let deep = "[".repeat(100_000);
    let error = Config::parse(&deep, &deep).expect_err("deeper than any configuration");
    assert_eq!(error.problems[1].problem, "is not valid JSON: recursion limit exceeded at line 1 column 128");
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let file = with(without(okta_file(), "/okta_client_id"), "/okta_client_id\u{1b}", json!("x"));
    assert_eq!(
        okta_message(&file),
        "okta-config.json: okta_client_id\u{fffd} is not a known key\n  expected: did you mean \"okta_client_id\"?"
    );
}

#[test]
fn files_are_read_from_a_directory() {
    let dir = tempfile::tempdir().expect("a directory");
    let write = |name: &str, bytes: &[u8]| std::fs::write(dir.path().join(name), bytes).expect("a file");
    write(OKTA_FILE, okta_file().to_string().as_bytes());
    write(AWS_FILE, aws_file().to_string().as_bytes());
    assert_eq!(Config::load(dir.path()), parse(&okta_file(), &aws_file()));

    let problem_of = |bytes: &[u8]| {
        write(OKTA_FILE, bytes);
        let error = Config::load(dir.path()).expect_err("a wrong file");
        assert_eq!(error.problems.len(), 1);
        assert_eq!(error.problems[0].file, dir.path().join(OKTA_FILE).display().to_string());
        error.problems[0].problem.clone()
    };
    assert_eq!(problem_of(b"{\"a\": \"\xff\"}"), "is not UTF-8 (byte 7)");
    assert_eq!(problem_of(b"\xff\xfe{\0}\0"), "is saved as UTF-16");
    assert_eq!(problem_of(&vec![b' '; 1024 * 1024 + 1]), "is larger than 1 MiB");
    assert_eq!(problem_of(&vec![b' '; 1024 * 1024]), "is empty");
}

#[test]
fn files_that_cannot_be_read_are_told_each() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(dir.path().join(AWS_FILE)).expect("a directory");
    let error = Config::load(dir.path()).expect_err("nothing to read");
    let told: Vec<_> = error.problems.iter().map(|problem| problem.problem.as_str()).collect();
    assert_eq!(told, ["is missing", "is not a file"]);
    assert_eq!(
        error.problems[0].to_string().replace(&dir.path().display().to_string(), "/conf"),
        "/conf/okta-config.json: is missing\n  expected: a copy of the example in the repository's config directory, filled\n    \
         in; or choose another directory"
    );
}

#[test]
fn the_examples_load_once_they_are_filled_in() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config");
    let read = |name: &str| std::fs::read_to_string(examples.join(name)).expect("an example file");
    let (okta, aws) = (read("okta-config.example.json"), read("aws-exports.example.json"));

    let untouched = Config::parse(&okta, &aws).expect_err("placeholders are left");
    assert_eq!(untouched.problems.len(), 5);
    assert!(untouched.problems.iter().all(|p| p.problem == "still has the example's placeholder"), "{untouched}");

    let okta = okta.replace("dev-xxxxxxxx", "dev-12345678").replace(&"x".repeat(20), "0oa1b2c3d4E5F6g7h8i9");
    let aws = aws
        .replace("xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", "1234abcd-12ab-34cd-56ef-1234567890ab")
        .replace("xxxxxxxxxxxx", "my-team-data");
    let filled_in = Config::parse(&okta, &aws).expect("no placeholder is left");
    assert_eq!(filled_in, parse(&okta_file(), &with(aws_file(), "/Storage/AWSS3/region", json!("us-west-2"))).unwrap());
}

#[test]
fn what_is_shipped_speaks_https_only() {
    let sound = parse(&okta_file(), &aws_file()).unwrap();
    assert_eq!(sound.clone().require_https().unwrap(), sound);
    let okta = with(okta_file(), "/okta_issuer_url", json!("http://127.0.0.1:4580/oauth2/default"));
    let aws = with(aws_file(), "/Auth/identityPoolEndpoint", json!("http://localhost:4581"));
    let aws = with(aws, "/Storage/AWSS3/endpoint", json!("http://[::1]:4582"));
    let aws = with(aws, "/Services", json!({ "endpoint": "http://127.0.0.1:4583" }));
    let api = json!([{ "name": "a", "endpoint": "http://127.0.0.1:4583/prod", "region": "us-west-2" }]);
    let aws = with(aws, "/API", json!({ "endpoints": api }));
    let refused = parse(&okta, &aws).unwrap().require_https().unwrap_err();
    let keys: Vec<_> = refused.problems.iter().map(|problem| problem.key.as_str()).collect();
    let expected = [
        "okta_issuer_url",
        "Auth.identityPoolEndpoint",
        "Storage.AWSS3.endpoint",
        "Services.endpoint",
        "API.endpoints[0].endpoint",
    ];
    assert_eq!(keys, expected);
}

#[test]
fn a_stand_in_for_all_that_is_used_stands_in_for_every_service() {
    let services = |pool: Option<&str>, bucket: Option<&str>, named: Option<&str>| {
        let mut aws = aws_file();
        for (key, endpoint) in [("/Auth/identityPoolEndpoint", pool), ("/Storage/AWSS3/endpoint", bucket)] {
            if let Some(endpoint) = endpoint {
                aws = with(aws, key, json!(endpoint));
            }
        }
        if let Some(named) = named {
            aws = with(aws, "/Services", json!({ "endpoint": named }));
        }
        parse(&okta_file(), &aws).unwrap().services_endpoint().map(Url::to_string)
    };
    let (pool, bucket) = (Some("http://127.0.0.1:4581"), Some("http://localhost:4582"));
    assert_eq!(services(None, None, None), None);
    assert_eq!(services(pool, bucket, None).as_deref(), Some("http://127.0.0.1:4581/"));
    assert_eq!(services(pool, bucket, Some("http://[::1]:4583")).as_deref(), Some("http://[::1]:4583/"));
    assert_eq!(services(None, None, Some("https://aws.example.com")).as_deref(), Some("https://aws.example.com/"));
    // A proxy to Cognito, and a server for objects beside AWS.
    assert_eq!(services(pool, None, None), None);
    assert_eq!(services(pool, Some("https://minio.example.com"), None), None);
    assert_eq!(services(Some("https://id.example.com"), bucket, None), None);
    assert_eq!(services(None, bucket, None), None);
}

/// config/README.md promises to describe every key.
#[test]
fn every_key_is_documented() {
    let readme = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../config/README.md");
    let readme = std::fs::read_to_string(readme).expect("the description of the keys");
    let parents = ["", "Auth.", "Storage.", "Storage.AWSS3.", "Services.", "API.", "API.endpoints[]."];
    let aws = aws_exports::SECTIONS.into_iter().zip(parents).flat_map(|(section, parent)| {
        section
            .iter()
            .filter(|key| key.name.starts_with(char::is_lowercase))
            .map(move |key| format!("{parent}{}", key.name))
    });
    let keys: Vec<String> = okta::KEYS.iter().map(|key| key.name.to_owned()).chain(aws).collect();
    assert_eq!(keys.len(), 21);
    for key in keys {
        assert!(readme.contains(&format!("\n### `{key}`\n")), "no heading for {key}");
        assert!(readme.contains(&format!("\n| `{key}` |")), "no row for {key}");
    }
}

#[test]
fn the_fingerprint_changes_with_what_a_session_belongs_to_and_nothing_else() {
    let base = parse(&okta_file(), &aws_file()).unwrap().fingerprint();
    let okta =
        |key: &str, value: &str| parse(&with(okta_file(), key, json!(value)), &aws_file()).unwrap().fingerprint();
    let aws = |key: &str, value: &str| parse(&okta_file(), &with(aws_file(), key, json!(value))).unwrap().fingerprint();
    assert_ne!(base, okta("/okta_issuer_url", "https://dev-12345678.okta.com"));
    assert_ne!(base, okta("/okta_client_id", "0oa1b2c3d4E5F6g7h8i0"));
    assert_ne!(base, aws("/Auth/identityPoolId", "us-west-2:1234abcd-12ab-34cd-56ef-1234567890ac"));
    // Who gets the ID token, loopback included; who only gets signatures does not matter.
    let receivers =
        ["http://127.0.0.1:4581", "http://127.0.0.1:4582", "http://localhost:4581", "https://id.example.com"]
            .map(|endpoint| aws("/Auth/identityPoolEndpoint", endpoint));
    for (index, receiver) in receivers.iter().enumerate() {
        assert!(*receiver != base && !receivers[index + 1..].contains(receiver), "{index}");
    }
    assert_eq!(receivers[3], aws("/Auth/identityPoolEndpoint", "https://ID.example.com:443/"));
    assert_eq!(base, aws("/Storage/AWSS3/endpoint", "https://minio.example.com"));
    assert_eq!(base, okta("/okta_scopes", "openid"));
    assert_eq!(base, aws("/Storage/AWSS3/bucket", "another-bucket"));
    // Fixed for good: stored sessions are found by it.
    assert_eq!(base.to_string(), "1a22bde7695eb81d20866a56991928ed9118ae0a57b672c605c9dc0f79f634b2");
    assert_eq!(base.short(), base.to_string()[..16]);
    assert_eq!(format!("{base:?}"), format!("Fingerprint({base})"));
}

/// JSON that often has the right keys, so that the rules are reached.
fn any_json() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        any::<String>(),
        "(https?|com\\.okta\\.x)://?[a-z0-9.@:/?#-]{0,30}",
        "[a-z]{2}-[a-z]{1,5}-[0-9](:[0-9a-f-]{0,40})?",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    let keys = okta::KEYS.iter().chain(aws_exports::SECTIONS.into_iter().flatten()).map(|key| key.name.to_owned());
    let key = prop_oneof![4 => prop::sample::select(keys.collect::<Vec<_>>()), 1 => any::<String>()];
    leaf.prop_recursive(4, 32, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..8).prop_map(|entries| entries.into_iter().collect()),
        ]
    })
}

#[test]
fn the_issuer_of_another_server_may_end_in_a_slash_and_is_kept_byte_for_byte() {
    for issuer in ["https://tenant.auth0.com/", "https://id.example.com/realms/one/", "https://notokta.com/"] {
        let config = parse(&with(okta_file(), "/okta_issuer_url", json!(issuer)), &aws_file()).unwrap();
        assert_eq!(config.issuer_url(), issuer);
        assert_eq!(super::logins_key(config.issuer_url()), issuer.trim_start_matches("https://"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_the_reader_panic(okta in any::<Vec<u8>>(), aws in any::<Vec<u8>>()) {
        let outcome = Config::from_sources((OKTA_FILE, source::decode_text(okta)), (AWS_FILE, source::decode_text(aws)));
        // Two random files cannot be a configuration: both are wrong, and both are told.
        let error = outcome.expect_err("random bytes");
        prop_assert!(error.problems.iter().any(|problem| problem.file == OKTA_FILE));
        prop_assert!(error.problems.iter().any(|problem| problem.file == AWS_FILE));
    }

    #[test]
    fn no_json_makes_the_reader_panic(okta in any_json(), aws in any_json()) {
        if let Err(error) = parse(&okta, &aws) {
            prop_assert!(!error.problems.is_empty());
            prop_assert!(error.problems.iter().all(|problem| !problem.expectation.is_empty()));
            prop_assert!(!error.to_string().contains(|c: char| c.is_control() && c != '\n'));
        }
    }

    #[test]
    fn no_issuer_is_accepted_that_would_send_secrets_in_the_clear(issuer in "https?://[a-z0-9.:@/?#\\[\\]-]{0,24}") {
        if let Ok(config) = parse(&with(okta_file(), "/okta_issuer_url", json!(issuer)), &aws_file()) {
            prop_assert_eq!(config.issuer_url(), issuer.as_str());
            let url = Url::parse(config.issuer_url()).expect("an accepted issuer is a URL");
            let here = matches!(url.host_str(), Some("localhost" | "[::1]")) || url.host_str().is_some_and(|h| h.starts_with("127."));
            prop_assert!(url.scheme() == "https" || here);
            prop_assert!(!issuer.contains(['?', '#']));
            let authority = issuer.split('/').nth(2).expect("an accepted issuer has a host");
            prop_assert!(!authority.is_empty() && !authority.contains('@'));
        }
    }
}
