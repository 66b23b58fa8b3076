//! The trust policy that a role of an identity pool needs, whole: whoever has to correct it pastes it.

use serde_json::json;

use super::evidence::Evidence;
use super::partition::identity_pool_issuer;

/// For the role of signed-in users: the Amazon Cognito developer guide's ("Role trust and permissions"), with `sts:TagSession`
/// beside it, which "Using attributes for access control" asks for and which does no harm without them.
pub(crate) fn trust_policy(evidence: &Evidence) -> String {
    let issuer = identity_pool_issuer(&evidence.region);
    let statement = json!([{
        "Effect": "Allow",
        "Principal": { "Federated": issuer },
        "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
        "Condition": {
            "StringEquals": { format!("{issuer}:aud"): evidence.identity_pool_id },
            "ForAnyValue:StringLike": { format!("{issuer}:amr"): "authenticated" },
        },
    }]);
    // In AWS's own order: a policy is compared with others by eye.
    let statement = format!("{statement:#}").replace('\n', "\n  ");
    format!("{{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": {statement}\n}}")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn the_trust_policy_can_be_pasted_as_it_stands_in_every_partition() {
        for (region, issuer) in [
            ("us-west-2", "cognito-identity.amazonaws.com"),
            ("us-gov-west-1", "cognito-identity-us-gov.amazonaws.com"),
            ("cn-north-1", "cognito-identity.cn-north-1.amazonaws.com.cn"),
        ] {
            let pool = format!("{region}:1234abcd-12ab-34cd-56ef-1234567890ab");
            let evidence =
                Evidence { region: region.to_owned(), identity_pool_id: pool.clone(), ..Evidence::default() };
            let policy: Value = serde_json::from_str(&trust_policy(&evidence)).unwrap();
            assert_eq!(policy["Version"], "2012-10-17");
            let statement = &policy["Statement"][0];
            assert_eq!(statement["Effect"], "Allow");
            assert_eq!(statement["Principal"], json!({ "Federated": issuer }));
            assert_eq!(statement["Action"], json!(["sts:AssumeRoleWithWebIdentity", "sts:TagSession"]));
            assert_eq!(statement["Condition"]["StringEquals"], json!({ format!("{issuer}:aud"): pool }));
            assert_eq!(
                statement["Condition"]["ForAnyValue:StringLike"],
                json!({ format!("{issuer}:amr"): "authenticated" })
            );
        }
    }
}
