//! The names that AWS would give: like the real ones in form, but the same at every start, so that what an app
//! remembers of the stack stays true.

use sha2::{Digest as _, Sha256};

use crate::hex::hex;
use crate::random_ids::format_uuid;

pub(super) const ACCOUNT: &str = "123456789012";
pub(super) const REGION: &str = "us-west-2";
pub(super) const PARTITION: &str = "aws";
pub(super) const URL_SUFFIX: &str = "amazonaws.com";

/// The most that CloudFormation takes of a stack's and of a resource's name.
const LONGEST_PART: usize = 24;

/// The physical id of a resource without a name of its own: `Ref` of it.
pub(super) fn generate(kind: &str, stack: &str, logical_id: &str) -> String {
    let digest = Sha256::digest(format!("{stack}/{logical_id}"));
    let hex = hex(&digest);
    let part = |text: &str| text.chars().take(LONGEST_PART).collect::<String>();
    let name = format!("{}-{}-{}", part(stack), part(logical_id), &hex[..12]);
    match kind {
        "AWS::S3::Bucket" => name.to_ascii_lowercase(),
        "AWS::ApiGatewayV2::Api" => hex[..10].to_owned(),
        "AWS::Cognito::IdentityPool" => {
            let mut bytes = [0; 16];
            bytes.copy_from_slice(&digest[..16]);
            format!("{REGION}:{}", format_uuid(u128::from_be_bytes(bytes)))
        }
        _ => name,
    }
}

/// The id that IAM gives a role beside its name; `aws:userid` begins with it.
pub(super) fn role_id(arn: &str) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let digest = Sha256::digest(arn);
    let letters = digest.iter().take(17).map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
    std::iter::once("AROA".to_owned()).chain(letters.map(String::from)).collect()
}
