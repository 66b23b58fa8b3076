//! Which file somebody has put where another belongs. Twenty keys that are missing say less than whose file it is: that is
//! told in their place, by the keys that it does hold.

use serde_json::{Map, Value};

use super::document::Document;
use super::problem::ConfigProblem;
use super::source::{AWS_FILE, OKTA_FILE};
use super::validate::Fault;

/// A file that is known by its keys.
struct Shape {
    /// What it usually is called.
    name: &'static str,
    /// JSON pointers (RFC 6901); one that leads somewhere is enough.
    signs: &'static [&'static str],
    /// Where it has what aws-exports.json wants, in the order of [`AWS_KEYS`].
    aws_keys: Option<[&'static str; 4]>,
}

const AWS_KEYS: [&str; 4] = ["Auth.region", "Auth.identityPoolId", "Storage.AWSS3.region", "Storage.AWSS3.bucket"];

static OKTA: Shape = shape(OKTA_FILE, &["/okta_issuer_url", "/okta_client_id", "/okta_callback_url"]);
static AWS: Shape = shape(AWS_FILE, &["/Auth/region", "/Auth/identityPoolId", "/Storage/AWSS3"]);

/// Of Amplify: "Amplify outputs" of its documentation, and the files that its earlier versions wrote.
static OTHERS: [Shape; 9] = [
    Shape {
        name: "amplify_outputs.json",
        signs: &["/auth/identity_pool_id", "/auth/aws_region", "/storage/bucket_name"],
        aws_keys: Some(["auth.aws_region", "auth.identity_pool_id", "storage.aws_region", "storage.bucket_name"]),
    },
    Shape {
        name: "amplifyconfiguration.json",
        signs: &["/auth/plugins/awsCognitoAuthPlugin", "/storage/plugins/awsS3StoragePlugin"],
        aws_keys: Some([
            "auth.plugins.awsCognitoAuthPlugin.CredentialsProvider.CognitoIdentity.Default.Region",
            "auth.plugins.awsCognitoAuthPlugin.CredentialsProvider.CognitoIdentity.Default.PoolId",
            "storage.plugins.awsS3StoragePlugin.region",
            "storage.plugins.awsS3StoragePlugin.bucket",
        ]),
    },
    Shape {
        name: "the aws-exports.js that the Amplify CLI writes",
        signs: &["/aws_project_region", "/aws_cognito_identity_pool_id", "/aws_user_files_s3_bucket"],
        aws_keys: Some([
            "aws_cognito_region",
            "aws_cognito_identity_pool_id",
            "aws_user_files_s3_bucket_region",
            "aws_user_files_s3_bucket",
        ]),
    },
    Shape {
        name: "a configuration of Amplify 6",
        signs: &["/Auth/Cognito", "/Storage/S3"],
        aws_keys: Some([
            "the region before the colon of Auth.Cognito.identityPoolId",
            "Auth.Cognito.identityPoolId",
            "Storage.S3.region",
            "Storage.S3.bucket",
        ]),
    },
    shape("the server's discovery document", &["/authorization_endpoint"]),
    shape("a configuration of one of Okta's SDKs", &["/clientId", "/client_id", "/orgUrl", "/issuer", "/oktaDomain"]),
    shape("a CloudFormation template", &["/Resources"]),
    shape("an app.json of Expo", &["/expo"]),
    shape("a package.json", &["/dependencies", "/devDependencies", "/scripts"]),
];

const fn shape(name: &'static str, signs: &'static [&'static str]) -> Shape {
    Shape { name, signs, aws_keys: None }
}

/// The two documents that are in their places; of others the problem is noted.
pub(super) fn keep_in_place<'a>(
    okta: (&str, Option<&'a Document>),
    aws: (&str, Option<&'a Document>),
    problems: &mut Vec<ConfigProblem>,
) -> (Option<&'a Document>, Option<&'a Document>) {
    let is_okta = okta.1.and_then(|document| recognize(document, &OKTA));
    let is_aws = aws.1.and_then(|document| recognize(document, &AWS));
    let is = |found: Option<&Shape>, shape: &Shape| found.is_some_and(|found| found.name == shape.name);
    if is(is_okta, &AWS) && is(is_aws, &OKTA) {
        let fault =
            Fault::new(format!("and {AWS_FILE} are in each other's place: this one has the keys of {AWS_FILE}"))
                .expecting("each under the other's name: swap the two files");
        problems.push(fault.into_problem(okta.0, "", ""));
        return (None, None);
    }
    let mut keep = |(file, document): (&str, Option<&'a Document>), found: Option<&Shape>, wanted: &Shape| {
        let other = found.filter(|found| found.name != wanted.name);
        if let Some(other) = other {
            problems.push(fault(other, wanted).into_problem(file, "", ""));
        }
        document.filter(|_| other.is_none())
    };
    (keep(okta, is_okta, &OKTA), keep(aws, is_aws, &AWS))
}

/// Nothing for a file that may well be the right one: whose keys are nobody's. One that is `wanted` may have a key too many.
fn recognize(document: &Document, wanted: &'static Shape) -> Option<&'static Shape> {
    let has = |sign: &&str| find(&document.object, sign).is_some();
    [wanted, &OKTA, &AWS].into_iter().chain(&OTHERS).find(|shape| shape.signs.iter().any(has))
}

fn find<'a>(object: &'a Map<String, Value>, pointer: &str) -> Option<&'a Value> {
    let (key, rest) =
        pointer.strip_prefix('/')?.split_once('/').map_or((&pointer[1..], None), |(key, rest)| (key, Some(rest)));
    let value = object.get(key)?;
    rest.map_or(Some(value), |rest| value.pointer(&format!("/{rest}")))
}

fn fault(found: &Shape, wanted: &Shape) -> Fault {
    let expectation = match found.aws_keys {
        Some(theirs) if wanted.name == AWS.name => {
            let pairs = AWS_KEYS.iter().zip(theirs).map(|(ours, theirs)| format!("{ours} is {theirs}"));
            format!("its values under other names: {}", pairs.collect::<Vec<_>>().join(", "))
        }
        _ if wanted.name == OKTA.name => "okta_issuer_url, okta_client_id and okta_callback_url".to_owned(),
        _ => format!("{} and {}", AWS_KEYS[..3].join(", "), AWS_KEYS[3]),
    };
    Fault::new(format!("looks like {}, by its keys", found.name)).expecting(expectation)
}
