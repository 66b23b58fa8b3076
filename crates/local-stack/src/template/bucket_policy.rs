//! What S3 asks of the policy of a bucket beyond what IAM asks of every policy: that it is about this bucket, with actions of
//! S3 that can be done to what it names, and not too large. PutBucketPolicy answers MalformedPolicy to all else, in words
//! that its documentation lacks: "Policy has invalid resource", "Policy has invalid action", "Action does not apply to any
//! resource(s) in statement", "Conditions do not apply to combination of actions and resources in statement" (as users
//! report them, such as aws-amplify/docs#7799 and humanmade/S3-Uploads#239).
//!
//! Source of the actions: "Actions, resources, and condition keys for Amazon S3", service authorization reference, as it is
//! in cfn-lint 1.58.0.

use serde_json::Value;

use crate::iam::{fits_wildcards, s3_actions_with};

/// "Bucket policies are limited to 20 KB in size" ("Bucket policies", S3 user guide).
const LARGEST: usize = 20 * 1024;
const PREFIX: &str = "arn:aws:s3:::";

/// What is done to the bucket itself, in lower case.
pub(crate) const BUCKET_ACTIONS: &[&str] = &[
    "allowvendedlogdeliveryforresource",
    "createbucket",
    "createbucketmetadatatableconfiguration",
    "deletebucket",
    "deletebucketmetadatatableconfiguration",
    "deletebucketpolicy",
    "deletebucketwebsite",
    "getaccelerateconfiguration",
    "getanalyticsconfiguration",
    "getbucketabac",
    "getbucketacl",
    "getbucketcors",
    "getbucketlocation",
    "getbucketlogging",
    "getbucketmetadatatableconfiguration",
    "getbucketnotification",
    "getbucketobjectlockconfiguration",
    "getbucketownershipcontrols",
    "getbucketpolicy",
    "getbucketpolicystatus",
    "getbucketpublicaccessblock",
    "getbucketrequestpayment",
    "getbuckettagging",
    "getbucketversioning",
    "getbucketwebsite",
    "getencryptionconfiguration",
    "getintelligenttieringconfiguration",
    "getinventoryconfiguration",
    "getlifecycleconfiguration",
    "getmetricsconfiguration",
    "getreplicationconfiguration",
    "listbucket",
    "listbucketmultipartuploads",
    "listbucketversions",
    "listtagsforresource",
    "pausereplication",
    "putaccelerateconfiguration",
    "putanalyticsconfiguration",
    "putbucketabac",
    "putbucketacl",
    "putbucketcors",
    "putbucketlogging",
    "putbucketnotification",
    "putbucketobjectlockconfiguration",
    "putbucketownershipcontrols",
    "putbucketpolicy",
    "putbucketpublicaccessblock",
    "putbucketrequestpayment",
    "putbuckettagging",
    "putbucketversioning",
    "putbucketwebsite",
    "putencryptionconfiguration",
    "putintelligenttieringconfiguration",
    "putinventoryconfiguration",
    "putlifecycleconfiguration",
    "putmetricsconfiguration",
    "putreplicationconfiguration",
    "tagresource",
    "untagresource",
    "updatebucketmetadataannotationtableconfiguration",
    "updatebucketmetadatainventorytableconfiguration",
    "updatebucketmetadatajournaltableconfiguration",
];
/// What is done to objects.
pub(crate) const OBJECT_ACTIONS: &[&str] = &[
    "abortmultipartupload",
    "bypassgovernanceretention",
    "deleteobject",
    "deleteobjectannotation",
    "deleteobjecttagging",
    "deleteobjectversion",
    "deleteobjectversionannotation",
    "deleteobjectversiontagging",
    "getobject",
    "getobjectacl",
    "getobjectannotation",
    "getobjectattributes",
    "getobjectlegalhold",
    "getobjectretention",
    "getobjecttagging",
    "getobjecttorrent",
    "getobjectversion",
    "getobjectversionacl",
    "getobjectversionannotation",
    "getobjectversionannotationforreplication",
    "getobjectversionattributes",
    "getobjectversionforreplication",
    "getobjectversiontagging",
    "getobjectversiontorrent",
    "initiatereplication",
    "listmultipartuploadparts",
    "listobjectannotations",
    "listobjectversionannotations",
    "objectowneroverridetobucketowner",
    "putobject",
    "putobjectacl",
    "putobjectannotation",
    "putobjectlegalhold",
    "putobjectretention",
    "putobjecttagging",
    "putobjectversionacl",
    "putobjectversionannotation",
    "putobjectversiontagging",
    "replicatedelete",
    "replicateobject",
    "replicateobjectannotation",
    "replicatetags",
    "restoreobject",
    "updateobjectencryption",
];

/// Everything that S3 would refuse in a document that is a policy, for the bucket of this name.
pub(super) fn check(bucket: &str, document: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    let size = document.to_string().len();
    if size > LARGEST {
        problems.push(format!("the policy has {size} bytes; S3 takes {LARGEST} (20 KB)"));
    }
    let statements = match &document["Statement"] {
        Value::Array(several) => several.as_slice(),
        one => std::slice::from_ref(one),
    };
    for (index, statement) in statements.iter().enumerate() {
        let name = statement["Sid"].as_str().map_or_else(|| (index + 1).to_string(), str::to_owned);
        problems.extend(
            check_statement(bucket, statement).into_iter().map(|problem| format!("statement {name}: {problem}")),
        );
    }
    problems
}

fn check_statement(bucket: &str, statement: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    let (mut names_bucket, mut names_objects) = (false, false);
    for resource in texts(&statement["Resource"]) {
        match resource.strip_prefix(PREFIX).map(|path| path.split_once('/').unwrap_or((path, ""))) {
            _ if resource == "*" => (names_bucket, names_objects) = (true, true),
            Some((name, key)) if fits_wildcards(name, bucket) => {
                // A star at the end of the name goes on into the keys.
                names_bucket |= !resource[PREFIX.len()..].contains('/');
                names_objects |= !key.is_empty() || name.ends_with('*');
            }
            _ => problems.push(format!(
                "Resource {resource:?} is not of this bucket: write {PREFIX}{bucket} for it and {PREFIX}{bucket}/* for its objects"
            )),
        }
    }
    let keys: Vec<&String> = statement["Condition"]
        .as_object()
        .into_iter()
        .flat_map(|operators| operators.values().filter_map(Value::as_object))
        .flat_map(|keys| keys.keys())
        .collect();
    for action in texts(&statement["Action"]) {
        let lower_case = action.to_ascii_lowercase();
        let pattern = if action == "*" { Some("*") } else { lower_case.strip_prefix("s3:") };
        let fits = |known: &&&str| pattern.is_some_and(|pattern| fits_wildcards(pattern, known));
        let (to_bucket, to_objects) =
            (BUCKET_ACTIONS.iter().any(|a| fits(&a)), OBJECT_ACTIONS.iter().any(|a| fits(&a)));
        match (to_bucket, to_objects) {
            (false, false) => {
                problems.push(format!("Action {action:?} is no action of S3 on a bucket or its objects"));
                continue;
            }
            (true, false) if !names_bucket => problems.push(format!(
                "Action {action:?} is done to the bucket, of which no resource here is: add {PREFIX}{bucket}, without /*"
            )),
            (false, true) if !names_objects => problems.push(format!(
                "Action {action:?} is done to objects, of which no resource here is: add {PREFIX}{bucket}/*"
            )),
            _ => {}
        }
        for key in &keys {
            if s3_actions_with(key).is_some_and(|actions| !actions.iter().any(|action| fits(&action))) {
                problems.push(format!(
                    "{key} is no condition of {action:?}, for which the statement would never hold: make it one of its own"
                ));
            }
        }
    }
    problems
}

/// A text, or a list of texts.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}
