//! What S3's refusals mean where the table alone does not decide: which bucket was asked for, where it was asked for, and
//! where S3 says that it is.

use super::answer::Refusal;
use super::denier::{denied, fix_of_policy};
use super::evidence::{Evidence, Listed, Permission, printable};
use super::partition::partition_of;
use crate::config::is_directory_bucket;
use crate::error::SessionError;

/// The longest names of regions have half of that.
const LONGEST_REGION: usize = 40;
/// What GetObject and HeadObject take.
const READ: &str = "s3:GetObject";

/// What names the configuration's bucket.
const BUCKET: &str = "Storage.AWSS3.bucket";

/// Nobody has a bucket of this name.
pub(super) fn no_such_bucket(_: &Refusal, evidence: &Evidence) -> SessionError {
    let setting = (!evidence.is_other_bucket).then(|| BUCKET.to_owned());
    SessionError::NoSuchBucket { bucket: evidence.bucket.clone(), setting }
}

/// AWS's own servers know all credentials of their partition. Another server has to be told of them, or is another's.
pub(super) fn unknown_access_key(refusal: &Refusal, evidence: &Evidence) -> SessionError {
    let said = refusal.label();
    match &evidence.s3_endpoint {
        Some(endpoint) => SessionError::Misconfigured {
            setting: "Storage.AWSS3.endpoint".to_owned(),
            problem: format!(
                "S3 in {} at {endpoint} does not know the AWS credentials, not even new ones ({said})",
                evidence.bucket_region
            ),
            hint: "Name a server that knows the credentials which Cognito gives: on this machine the S3 of the local stack \
                   that Auth.identityPoolEndpoint is of; for AWS's own servers take the key out."
                .to_owned(),
        },
        None => SessionError::Misconfigured {
            setting: "Storage.AWSS3.region".to_owned(),
            problem: evidence.fill(&format!(
                "S3 in {{bucket_region}} does not know the AWS credentials, not even new ones ({said})"
            )),
            hint: evidence.fill("Credentials of {region} work in its own partition (AWS, China or GovCloud)."),
        },
    }
}

/// Nobody can have one: the request has named it, or else the configuration.
pub(super) fn invalid_bucket_name(refusal: &Refusal, evidence: &Evidence) -> SessionError {
    let bucket = &evidence.bucket;
    SessionError::Misconfigured {
        setting: if evidence.is_other_bucket { format!("bucket {bucket:?}") } else { BUCKET.to_owned() },
        problem: format!("{bucket} is no bucket name ({})", refusal.said()),
        hint: "A name has 3 to 63 lower-case letters, digits, dots and hyphens; copy it from the S3 console."
            .to_owned(),
    }
}

/// The role lacks a permission, or another policy stands in the way. Those words about a key of KMS are about the key's.
pub(super) fn access_denied(refusal: &Refusal, evidence: &Evidence) -> SessionError {
    let says = refusal.words().map(|words| format!(" S3 says: {words}")).unwrap_or_default();
    let fix = match fix_of_policy(refusal).filter(|_| !is_about_kms(refusal)) {
        Some(fix) => fix,
        None => format!(
            "{}The role may not do this (IAM console > Roles > the role > Permissions). {}{}",
            describe_listed(evidence),
            fix_of_denial(refusal, evidence),
            may_be_absent(evidence)
        ),
    };
    denied(refusal, format!("{fix}{says}"))
}

/// S3 passes KMS's words on as its own.
fn is_about_kms(refusal: &Refusal) -> bool {
    refusal.message.contains("not authorized to perform: kms:")
}

/// A role may list some prefixes and no others, and it is easier to ask for one of them than to widen the role.
fn describe_listed(evidence: &Evidence) -> String {
    const SETTING: &str = "Storage.AWSS3.prefix";
    match &evidence.listed {
        Listed::Nothing => String::new(),
        Listed::Prefix { prefix, is_configured: true } if prefix.is_empty() => format!(
            "A listing of the whole bucket was asked for, because {SETTING} is not set: set it to the prefix that the role may \
             list, or let the role list all. "
        ),
        Listed::Prefix { prefix, is_configured: false } if prefix.is_empty() => {
            "A listing of the whole bucket was asked for: list a prefix that the role may, or let the role list all. "
                .to_owned()
        }
        Listed::Prefix { prefix, is_configured: true } => format!(
            "A listing of prefix {} was asked for, which is {SETTING}: set that to what the role may list, or let the role list this. ",
            quoted(prefix)
        ),
        Listed::Prefix { prefix, is_configured: false } => {
            format!(
                "A listing of prefix {} was asked for: list one that the role may, or let the role list this. ",
                quoted(prefix)
            )
        }
    }
}

/// In quotes whatever it holds.
fn quoted(prefix: &str) -> String {
    let shown = printable(prefix);
    if shown.starts_with('"') { shown } else { format!("\"{shown}\"") }
}

fn fix_of_denial(refusal: &Refusal, evidence: &Evidence) -> String {
    // "To upload or download an object encrypted by an AWS KMS key, you need kms:GenerateDataKey and kms:Decrypt" (Amazon S3
    // user guide, "Using server-side encryption with AWS KMS keys", Permissions).
    if is_about_kms(refusal) {
        return "The object is encrypted with a key of AWS KMS: the pool's authenticated role and the key's policy must \
                allow kms:Decrypt on that key, and kms:GenerateDataKey for uploads."
            .to_owned();
    }
    // Zonal calls go through a session of the bucket's own (Amazon S3 user guide, "Authorizing Zonal endpoint API
    // operations with CreateSession").
    if evidence.bucket.ends_with("--xa-s3") {
        // "Configuring IAM policies for using access points for directory buckets": of both.
        return evidence.fill(
            "{bucket} is an access point of a directory bucket: the pool's authenticated role needs s3express:CreateSession on \
             arn:{bucket_partition}:s3express:{bucket_region}:ACCOUNT:accesspoint/{bucket}, and the bucket's policy has to permit \
             it too.",
        );
    }
    if is_directory_bucket(&evidence.bucket) {
        return evidence.fill(
            "{bucket} is a directory bucket: the pool's authenticated role needs s3express:CreateSession on \
             arn:{bucket_partition}:s3express:{bucket_region}:ACCOUNT:bucket/{bucket}.",
        );
    }
    let is_access_point = evidence.bucket.starts_with("arn:");
    match &evidence.needed[..] {
        // Amazon S3 user guide, "Configuring IAM policies for using access points".
        [] if is_access_point => evidence.fill(
            "The pool's authenticated role and the access point's policy must allow s3:ListBucket on {bucket} and \
             s3:GetObject on {bucket}/object/*; the bucket behind it must allow the same, or leave it to its access points.",
        ),
        [] => evidence.fill(
            "The pool's authenticated role needs s3:ListBucket on arn:{bucket_partition}:s3:::{bucket} (the bucket itself, \
             not /*) and s3:GetObject on arn:{bucket_partition}:s3:::{bucket}/*; a condition on s3:prefix must allow the \
             prefix that is listed.",
        ),
        needed => {
            let needed: Vec<_> = needed.iter().map(|need| format!("{} on {}", need.action, arn(need, evidence))).collect();
            let needed = needed.join(" and ");
            if is_access_point {
                format!(
                    "The pool's authenticated role and the access point's policy must allow {needed}; the bucket behind it \
                     must allow the same, or leave it to its access points."
                )
            } else {
                format!("The pool's authenticated role needs {needed}, and the bucket's policy must not deny it.")
            }
        }
    }
}

/// "If the object that you request doesn't exist, the error that Amazon S3 returns depends on whether you also have the
/// s3:ListBucket permission": 404 with it, 403 without (S3 API reference, GetObject and HeadObject, Permissions).
fn may_be_absent(evidence: &Evidence) -> String {
    match &evidence.needed[..] {
        [Permission { action: READ, bucket, key: Some(_) }, ..] => format!(
            " Or there is no such object: S3 tells that only to who may s3:ListBucket on {}.",
            arn(&Permission { action: "s3:ListBucket", bucket: bucket.clone(), key: None }, evidence)
        ),
        _ => String::new(),
    }
}

/// As policies name it (Service Authorization Reference, "Resource types defined by Amazon S3").
fn arn(Permission { bucket, key, .. }: &Permission, evidence: &Evidence) -> String {
    let is_access_point = bucket.starts_with("arn:");
    let bucket = match is_access_point {
        true => bucket.clone(),
        false => format!("arn:{}:s3:::{bucket}", partition_of(&evidence.bucket_region)),
    };
    match key {
        None => bucket,
        Some(key) if is_access_point => format!("{bucket}/object/{}", printable(key)),
        Some(key) => format!("{bucket}/{}", printable(key)),
    }
}

/// A condition of the request does not hold. S3 names the header (`<Condition>`), except where its answer has no body.
pub(super) fn condition_not_met(refusal: &Refusal, evidence: &Evidence) -> SessionError {
    let subject = evidence.subject();
    let header = refusal.condition.as_ref().map(|header| format!("{header}, ")).unwrap_or_default();
    let what = match refusal.status {
        Some(304) => format!("{subject} was not modified (HTTP status 304)"),
        _ => format!("{subject} is not as the request demands ({header}{})", refusal.said()),
    };
    SessionError::ConditionNotMet { what }
}

/// Bytes that the object does not have.
pub(super) fn no_such_bytes(refusal: &Refusal, evidence: &Evidence) -> SessionError {
    SessionError::NotFound {
        what: format!("these bytes of {}, which has fewer ({})", evidence.subject(), refusal.said()),
    }
}

/// The bucket is not where it was asked for, or so S3 says.
pub(super) fn wrong_region(refusal: &Refusal, evidence: &Evidence) -> SessionError {
    let Evidence { bucket, bucket_region: asked, .. } = evidence;
    let said = refusal.said();
    let misconfigured = |setting: &str, problem: String, hint: String| SessionError::Misconfigured {
        setting: setting.to_owned(),
        problem: format!("{problem} ({said})"),
        hint,
    };
    match (refusal.bucket_region.as_deref(), &evidence.s3_endpoint) {
        (Some(actual), Some(endpoint)) if actual == asked => misconfigured(
            "Storage.AWSS3.endpoint",
            format!("{endpoint} does not lead to bucket {bucket}, which is in {actual}, as configured"),
            match &refusal.endpoint {
                Some(named) => format!("S3 names {named} instead; for AWS's own servers take the key out."),
                None => format!("Name the endpoint of {actual}; for AWS's own servers take the key out."),
            },
        ),
        (Some(actual), None) if actual == asked => SessionError::Retryable {
            failure: format!(
                "S3 sends the request for bucket {bucket} to {actual}, where it was asked for already; a bucket that was \
                 made or moved just now is not known everywhere yet ({said})"
            ),
            retry_after: None,
        },
        (actual, _) => {
            let place = actual.map_or_else(|| "in another region".to_owned(), |actual| format!("in {actual}"));
            let region = actual.unwrap_or("the bucket's region (S3 console > bucket > Properties)");
            let hint = if evidence.is_other_bucket {
                format!(
                    "Storage.AWSS3.region is for every bucket that this configuration is used with. List {bucket} with a \
                     copy of it that has {region} there; the sign-in is the same."
                )
            } else {
                format!("Set Storage.AWSS3.region to {region}.")
            };
            misconfigured(
                "Storage.AWSS3.region",
                format!("bucket {bucket} is {place}, and was asked for in {asked}"),
                hint,
            )
        }
    }
}

/// Whether S3 has named another region than the one it was asked in, without saying why it refused: answers to HEAD and
/// some gateways have no body.
pub(super) fn names_another_region(refusal: &Refusal, evidence: &Evidence) -> bool {
    matches!(refusal.status, Some(301 | 400))
        && !refusal.has_code()
        && refusal.bucket_region.as_ref().is_some_and(|region| *region != evidence.bucket_region)
}

/// The region that a refusal names in its body: AuthorizationHeaderMalformed has `<Region>`, PermanentRedirect and
/// TemporaryRedirect have `<Endpoint>` (S3 API reference, "Error responses" and "Request redirection and the REST API").
pub(super) fn region_in(body: &str, message: &str) -> Option<String> {
    let expected = || message.split_once("expecting '").and_then(|(_, rest)| rest.split('\'').next());
    element(body, "Region")
        .and_then(region)
        .or_else(|| region_of_host(element(body, "Endpoint")?))
        .or_else(|| expected().and_then(region))
}

/// The header whose condition does not hold, as PreconditionFailed names it in its body (S3 API reference, "Error
/// responses").
pub(super) fn condition_in(body: &str) -> Option<String> {
    let is_header = |text: &&str| {
        !text.is_empty() && text.len() <= 40 && text.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-')
    };
    element(body, "Condition").filter(is_header).map(str::to_owned)
}

/// The host that a refusal names in its body.
pub(super) fn endpoint_in(body: &str) -> Option<String> {
    let is_host = |text: &&str| {
        !text.is_empty() && text.len() <= 255 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.:".contains(&b))
    };
    element(body, "Endpoint").filter(is_host).map(str::to_owned)
}

/// A word of the form that names of regions have.
pub(super) fn region(text: &str) -> Option<String> {
    let is_region = (1..=LONGEST_REGION).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    is_region.then(|| text.to_owned())
}

/// `bucket.s3.REGION.amazonaws.com`, `s3-REGION.amazonaws.com`, and `s3.amazonaws.com` for us-east-1 (AWS General Reference,
/// "Amazon S3 endpoints and quotas").
fn region_of_host(host: &str) -> Option<String> {
    let host = host.strip_suffix(".cn").unwrap_or(host).strip_suffix(".amazonaws.com")?;
    match host.rsplit('.').next()? {
        "s3" | "s3-external-1" => Some("us-east-1".to_owned()),
        label => region(label.strip_prefix("s3-").unwrap_or(label)),
    }
}

/// The text of an element that has nothing but text. For a word that is shown to a person, that is enough of XML.
fn element<'a>(body: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = body.split_once(&format!("<{name}>"))?;
    rest.split('<').next().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_is_read_from_the_body_in_each_of_its_forms() {
        let malformed =
            "<Error><Code>AuthorizationHeaderMalformed</Code><Message>…</Message><Region>eu-west-1</Region></Error>";
        assert_eq!(region_in(malformed, "").as_deref(), Some("eu-west-1"));
        for (endpoint, found) in [
            ("the-bucket.s3.eu-central-1.amazonaws.com", Some("eu-central-1")),
            ("the-bucket.s3-us-west-1.amazonaws.com", Some("us-west-1")),
            ("s3.dualstack.ap-south-1.amazonaws.com", Some("ap-south-1")),
            ("the-bucket.s3.cn-north-1.amazonaws.com.cn", Some("cn-north-1")),
            ("s3.amazonaws.com", Some("us-east-1")),
            ("the.bucket.s3.amazonaws.com", Some("us-east-1")),
            ("minio.example.com", None),
            ("", None),
        ] {
            let body = format!("<Error><Endpoint>{endpoint}</Endpoint></Error>");
            assert_eq!(region_in(&body, "").as_deref(), found, "{endpoint}");
        }
        let words = "The authorization header is malformed; the region 'us-west-2' is wrong; expecting 'eu-north-1'";
        assert_eq!(region_in("", words).as_deref(), Some("eu-north-1"));
        for strange in ["", "<Region></Region>", "<Region>a b</Region>", "<Region>EU</Region>", "<Endpoint>&lt;x"] {
            assert_eq!(region_in(strange, ""), None, "{strange}");
        }
        assert_eq!(endpoint_in("<Endpoint>a.b:9000</Endpoint>").as_deref(), Some("a.b:9000"));
        assert_eq!(endpoint_in("<Endpoint>a b</Endpoint>"), None);
    }
}
