//! The part of AWS that a region belongs to: every ARN and the names of some services begin or end otherwise there, and advice
//! that is pasted has to be right.

/// The word after `arn:` (botocore 1.43.11, `data/partitions.json`, `regionRegex`).
pub(super) fn partition_of(region: &str) -> &'static str {
    match region.split('-').collect::<Vec<_>>().as_slice() {
        ["cn", ..] => "aws-cn",
        ["us", "gov", ..] => "aws-us-gov",
        ["eusc", ..] => "aws-eusc",
        ["us", "iso", ..] => "aws-iso",
        ["us", "isob", ..] => "aws-iso-b",
        ["eu", "isoe", ..] => "aws-iso-e",
        ["us", "isof", ..] => "aws-iso-f",
        _ => "aws",
    }
}

/// The issuer of identity pools' own tokens, which roles trust, and with which their condition keys begin. GovCloud has one
/// for each region (AWS GovCloud (US) user guide, "Amazon Cognito"); China's "identity pool tokens are issued by
/// https://cognito-identity.cn-north-1.amazonaws.com.cn/" (Getting Started with Amazon Web Services in China, "Amazon
/// Cognito"; so does aws-sdk-android's CognitoCredentialsProvider). Of the other partitions nothing is documented.
pub(super) fn identity_pool_issuer(region: &str) -> String {
    match (partition_of(region), region) {
        ("aws-us-gov", "us-gov-west-1") => "cognito-identity-us-gov.amazonaws.com".to_owned(),
        ("aws-us-gov", region) => format!("cognito-identity.{region}.amazonaws.com"),
        ("aws-cn", region) => format!("cognito-identity.{region}.amazonaws.com.cn"),
        _ => "cognito-identity.amazonaws.com".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_tells_its_partition_and_who_issues_identity_pools_tokens() {
        for (region, partition, issuer) in [
            ("us-west-2", "aws", "cognito-identity.amazonaws.com"),
            ("eu-central-1", "aws", "cognito-identity.amazonaws.com"),
            ("cn-north-1", "aws-cn", "cognito-identity.cn-north-1.amazonaws.com.cn"),
            ("us-gov-west-1", "aws-us-gov", "cognito-identity-us-gov.amazonaws.com"),
            ("us-gov-east-1", "aws-us-gov", "cognito-identity.us-gov-east-1.amazonaws.com"),
            ("eusc-de-east-1", "aws-eusc", "cognito-identity.amazonaws.com"),
            ("us-iso-east-1", "aws-iso", "cognito-identity.amazonaws.com"),
            ("us-isob-east-1", "aws-iso-b", "cognito-identity.amazonaws.com"),
            ("eu-isoe-west-1", "aws-iso-e", "cognito-identity.amazonaws.com"),
            ("us-isof-south-1", "aws-iso-f", "cognito-identity.amazonaws.com"),
            ("", "aws", "cognito-identity.amazonaws.com"),
        ] {
            assert_eq!((partition_of(region), identity_pool_issuer(region).as_str()), (partition, issuer), "{region}");
        }
    }
}
