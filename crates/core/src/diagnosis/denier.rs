//! Which policy denies, where AWS says so at the end of its sentence: the fix is in that policy, and obeying the usual advice
//! would widen the role for nothing.
//!
//! "AWS includes the phrase with an explicit deny in a TYPE policy", or "because no TYPE policy allows the ACTION action" (IAM
//! user guide, "Troubleshoot access denied error messages", Access denied error message examples, which has all the types).
//! An ARN of the policy may follow. Of several types that deny AWS names one; of a call through an endpoint of a VPC that
//! fails "transitively through a service control policy" it is the latter.

use super::answer::Refusal;
use crate::error::{Service, SessionError};

/// The type of the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Policy {
    Identity,
    Resource,
    ServiceControl,
    ResourceControl,
    VpcEndpoint,
    Boundary,
    Session,
}

const POLICIES: &[(&str, Policy)] = &[
    ("identity-based policy", Policy::Identity),
    ("resource-based policy", Policy::Resource),
    ("service control policy", Policy::ServiceControl),
    ("resource control policy", Policy::ResourceControl),
    ("VPC endpoint policy", Policy::VpcEndpoint),
    ("permissions boundary", Policy::Boundary),
    ("session policy", Policy::Session),
    // AWS's page writes it so once.
    ("sessions policy", Policy::Session),
];

/// What ends a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Denial {
    by: Policy,
    is_explicit: bool,
}

/// As the app is told.
pub(super) fn denied(refusal: &Refusal, hint: String) -> SessionError {
    SessionError::AccessDenied {
        service: refusal.service,
        code: refusal.code.clone(),
        request_id: refusal.request_id.clone(),
        hint,
    }
}

/// Where to look and what to change, unless it is a permission that the role lacks, or AWS does not say.
pub(super) fn fix_of_policy(refusal: &Refusal) -> Option<String> {
    let denial = read(&refusal.message)?;
    let (what, advice) = match denial.by {
        Policy::Identity if !denial.is_explicit => return None,
        Policy::Identity => (
            "A policy of the role itself (IAM console > Roles > the pool's authenticated role > Permissions)".to_owned(),
            "no other permission helps against that",
        ),
        Policy::Resource => (place_of_resource_policy(refusal.service).to_owned(), "permissions of the role do not help"),
        Policy::ServiceControl | Policy::ResourceControl => {
            let kind = if denial.by == Policy::ServiceControl { "service" } else { "resource" };
            (
                format!("A {kind} control policy of the AWS organization (AWS Organizations console > Policies)"),
                "ask who runs the organization: permissions of the role do not help",
            )
        }
        Policy::VpcEndpoint => (
            "The policy of the VPC endpoint that the request went through (VPC console > Endpoints > the endpoint > Policy)"
                .to_owned(),
            "permissions of the role do not help, another network may",
        ),
        Policy::Boundary => (
            "The role's permissions boundary (IAM console > Roles > the pool's authenticated role > Permissions boundary)"
                .to_owned(),
            "other permissions of the role do not help",
        ),
        Policy::Session => (
            "A session policy, which whoever made the credentials gave them".to_owned(),
            "permissions of the role do not help; of Cognito's it is the credentials of guests that have one",
        ),
    };
    Some(match denial.is_explicit {
        true => format!("{what} denies this: take its Deny back there, or except the role from it; {advice}."),
        false => format!("{what} does not allow this: add it there; {advice}."),
    })
}

fn place_of_resource_policy(service: Service) -> &'static str {
    match service {
        Service::S3 => {
            "The bucket's policy (S3 console > the bucket > Permissions > Bucket policy), or that of its access point,"
        }
        Service::Api => {
            "The API's own policy (API Gateway console > the API > Resource policy; of a function URL Lambda console > the \
             function > Configuration > Permissions)"
        }
        _ => "A policy of the resource itself",
    }
}

/// The last phrase counts: before it stand names that somebody has chosen.
fn read(message: &str) -> Option<Denial> {
    if let Some((_, through)) = message.rsplit_once("transitively through a ") {
        return Some(Denial { by: policy(through)?, is_explicit: true });
    }
    let explicit = message.rfind("with an explicit deny in ");
    let implicit = message.rfind("because no ");
    let is_explicit = explicit > implicit;
    let phrase = &message[explicit.max(implicit)?..];
    let named = if is_explicit {
        let (_, rest) = phrase.split_once(" in ")?;
        rest.split_once(' ')?.1
    } else {
        phrase.strip_prefix("because no ")?
    };
    Some(Denial { by: policy(named)?, is_explicit })
}

fn policy(text: &str) -> Option<Policy> {
    POLICIES.iter().find(|(name, _)| text.starts_with(name)).map(|(_, policy)| *policy)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of AWS's page, and what newer sentences have behind them.
    #[test]
    fn the_policy_is_read_in_each_of_aws_s_phrases() {
        let (explicit, implicit) = (true, false);
        for (end, by, is_explicit) in [
            ("because no service control policy allows the s3:ListBucket action", Policy::ServiceControl, implicit),
            ("with an explicit deny in a service control policy", Policy::ServiceControl, explicit),
            ("with an explicit deny in a resource control policy", Policy::ResourceControl, explicit),
            ("because no VPC endpoint policy allows the s3:ListBucket action", Policy::VpcEndpoint, implicit),
            ("with an explicit deny in a VPC endpoint policy", Policy::VpcEndpoint, explicit),
            ("because no permissions boundary allows the s3:ListBucket action", Policy::Boundary, implicit),
            ("with an explicit deny in a permissions boundary", Policy::Boundary, explicit),
            ("because no session policy allows the s3:ListBucket action", Policy::Session, implicit),
            ("with an explicit deny in a sessions policy", Policy::Session, explicit),
            ("because no resource-based policy allows the s3:ListBucket action", Policy::Resource, implicit),
            ("with an explicit deny in a resource-based policy", Policy::Resource, explicit),
            ("because no identity-based policy allows the s3:ListBucket action", Policy::Identity, implicit),
            ("with an explicit deny in an identity-based policy", Policy::Identity, explicit),
            (
                "with an explicit deny in an identity-based policy: arn:aws:iam::123456789012:policy/deny",
                Policy::Identity,
                explicit,
            ),
            (
                "with an explicit deny in a VPC endpoint policy transitively through a service control policy",
                Policy::ServiceControl,
                explicit,
            ),
        ] {
            let message = format!(
                "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: s3:ListBucket on resource: a {end}"
            );
            assert_eq!(read(&message), Some(Denial { by, is_explicit }), "{end}");
        }
        // A key can have the words.
        let key = "on resource: \"arn:aws:s3:::b/because no session policy allows the\" with an explicit deny in a resource-based policy";
        assert_eq!(read(key), Some(Denial { by: Policy::Resource, is_explicit: explicit }));
        for other in
            ["", "Access Denied", "with an explicit deny", "with an explicit deny in ", "because no cat policy allows"]
        {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
