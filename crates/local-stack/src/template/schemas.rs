//! What AWS takes in the properties that are read here, as one table. Properties that are not in it are refused: AWS does not
//! know them either, or nothing here would do what they say.
//!
//! Sources: the schemas of the types in the CloudFormation registry (as of cfn-lint 1.58.0), and, where they say less, the
//! models of the services' APIs (botocore 1.43), which CloudFormation calls: CreateRole, PutRolePolicy, CreatePolicy,
//! CreateOpenIDConnectProvider, CreateIdentityPool, SetIdentityPoolRoles, SetPrincipalTagAttributeMap. Quotas: "IAM and AWS
//! STS quotas, name requirements, and character limits", IAM user guide; "Bucket naming rules", S3 user guide.

use std::net::Ipv4Addr;

use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup};

use super::schema::Form::{Of, Rule};
use super::schema::Schema::{Any, Flag, List, Map, Number, Object, Tags, Words};
use super::schema::{Form, MANY, Property, Schema};

/// The properties of a type that is read here.
pub(super) fn of_type(kind: &str) -> Option<&'static [Property]> {
    Some(match kind {
        "AWS::Cognito::IdentityPool" => IDENTITY_POOL,
        "AWS::Cognito::IdentityPoolPrincipalTag" => PRINCIPAL_TAG,
        "AWS::Cognito::IdentityPoolRoleAttachment" => ROLE_ATTACHMENT,
        "AWS::IAM::ManagedPolicy" => MANAGED_POLICY,
        "AWS::IAM::OIDCProvider" => OIDC_PROVIDER,
        "AWS::IAM::Policy" => POLICY,
        "AWS::IAM::Role" => ROLE,
        "AWS::S3::Bucket" => BUCKET,
        "AWS::S3::BucketPolicy" => BUCKET_POLICY,
        _ => return None,
    })
}

const IDENTITY_POOL: &[Property] = &[
    optional("AllowClassicFlow", Flag),
    required("AllowUnauthenticatedIdentities", Flag),
    // One of user pools is told by the reader.
    optional("CognitoIdentityProviders", Any),
    optional("IdentityPoolName", text(1, 128, &[Of(is_pool_name, "letters, digits, space and +=,.@_- are")])),
    optional("IdentityPoolTags", Tags { of: &TAG, ignoring_case: false }),
    optional("OpenIdConnectProviderARNs", List { of: &ARN, count: (0, MANY) }),
];

const PRINCIPAL_TAG: &[Property] = &[
    required("IdentityPoolId", POOL_ID),
    Property { hint: SHORTER_ISSUER, ..required("IdentityProviderName", PROVIDER_NAME) },
    optional("PrincipalTags", Map { keys: &PRINCIPAL_TAG_KEY, values: &PRINCIPAL_TAG_CLAIM, most: 50 }),
    optional("UseDefaults", Flag),
];

const ROLE_ATTACHMENT: &[Property] = &[
    required("IdentityPoolId", POOL_ID),
    optional("RoleMappings", Map { keys: &PROVIDER_NAME, values: &ROLE_MAPPING, most: 10 }),
    optional("Roles", Object(&[optional("authenticated", ARN), optional("unauthenticated", ARN)])),
];

const ROLE_MAPPING: Schema = Object(&[
    required("AmbiguousRoleResolution", Words(&["AuthenticatedRole", "Deny"])),
    Property { hint: SHORTER_ISSUER, ..optional("IdentityProvider", PROVIDER_NAME) },
    optional("RulesConfiguration", Object(&[required("Rules", List { of: &ROLE_RULE, count: (1, 25) })])),
    required("Type", Words(&["Token", "Rules"])),
]);

/// "Up to 25 rules can be specified per identity provider" (SetIdentityPoolRoles), which is not adjustable ("Quotas in Amazon
/// Cognito"), though the model's own limit is 400.
const ROLE_RULE: Schema = Object(&[
    required("Claim", text(1, 64, &[Of(is_visible, "letters, digits and signs are, white space is not")])),
    required("MatchType", Words(&["Equals", "NotEqual", "StartsWith", "Contains"])),
    required("RoleARN", ARN),
    required("Value", text(1, 128, &[])),
]);

const MANAGED_POLICY: &[Property] = &[
    optional("Description", text(0, 1000, &[])),
    optional("ManagedPolicyName", POLICY_NAME),
    optional("Path", text(1, 512, &[Of(|c| is_iam_name(c) || c == '/', IAM_NAME), Rule(is_path)])),
    required("PolicyDocument", Any),
    optional("Roles", List { of: &ROLE_NAME, count: (0, MANY) }),
];

const OIDC_PROVIDER: &[Property] = &[
    optional("ClientIdList", List { of: &CLIENT_ID, count: (0, 100) }),
    optional("Tags", Tags { of: &IAM_TAG, ignoring_case: false }),
    optional("ThumbprintList", List { of: &THUMBPRINT, count: (0, 5) }),
    // Optional in the schema, and required by CreateOpenIDConnectProvider. Its form is the business of `issuer.rs`.
    required("Url", text(1, 255, &[])),
];

const POLICY: &[Property] = &[
    required("PolicyDocument", Any),
    required("PolicyName", POLICY_NAME),
    Property {
        hint: "a policy without one is refused (\"At least one of [Groups,Roles,Users] must be non-empty\")",
        ..required("Roles", List { of: &ROLE_NAME, count: (1, MANY) })
    },
];

const ROLE: &[Property] = &[
    required("AssumeRolePolicyDocument", Any),
    optional("Description", text(0, 1000, &[Of(is_latin, "those of Latin-1 are, up to U+00FF")])),
    optional("ManagedPolicyArns", List { of: &ARN, count: (0, MANY) }),
    optional("MaxSessionDuration", Number(3600, 43200)),
    optional("Path", text(1, 512, &[Of(|c| c.is_ascii_graphic(), "visible ones of ASCII are"), Rule(is_path)])),
    optional("Policies", List { of: &INLINE_POLICY, count: (0, MANY) }),
    optional("RoleName", ROLE_NAME),
    // "You cannot have separate Department and department tag keys": of users and roles alone ("Tagging IAM resources").
    optional("Tags", Tags { of: &IAM_TAG, ignoring_case: true }),
];

const INLINE_POLICY: Schema = Object(&[required("PolicyDocument", Any), required("PolicyName", POLICY_NAME)]);

const BUCKET: &[Property] = &[
    optional(
        "BucketEncryption",
        Object(&[required("ServerSideEncryptionConfiguration", List { of: &ENCRYPTION, count: (1, 1) })]),
    ),
    optional("BucketName", text(3, 63, &[Rule(is_bucket_name)])),
    optional("LifecycleConfiguration", Object(LIFECYCLE)),
    optional(
        "LoggingConfiguration",
        Object(&[optional("DestinationBucketName", WORD), optional("LogFilePrefix", WORD)]),
    ),
    optional("OwnershipControls", Object(&[required("Rules", List { of: &OWNERSHIP, count: (1, 1) })])),
    optional(
        "PublicAccessBlockConfiguration",
        Object(&[
            optional("BlockPublicAcls", Flag),
            optional("BlockPublicPolicy", Flag),
            optional("IgnorePublicAcls", Flag),
            optional("RestrictPublicBuckets", Flag),
        ]),
    ),
    optional("Tags", Tags { of: &TAG, ignoring_case: false }),
    optional("VersioningConfiguration", Object(&[required("Status", Words(&["Enabled", "Suspended"]))])),
];

const BUCKET_POLICY: &[Property] = &[required("Bucket", WORD), required("PolicyDocument", Any)];

const ENCRYPTION: Schema = Object(&[
    optional("BucketKeyEnabled", Flag),
    optional(
        "ServerSideEncryptionByDefault",
        Object(&[
            optional("KMSMasterKeyID", WORD),
            required("SSEAlgorithm", Words(&["AES256", "aws:kms", "aws:kms:dsse"])),
        ]),
    ),
]);

const OWNERSHIP: Schema =
    Object(&[required("ObjectOwnership", Words(&["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"]))]);

/// "Up to 1,000 rules" (PutBucketLifecycleConfiguration).
const LIFECYCLE: &[Property] = &[required("Rules", List { of: &LIFECYCLE_RULE, count: (1, 1000) })];

/// Days are positive ("the value must be a non-zero positive integer").
const LIFECYCLE_RULE: Schema = Object(&[
    optional("AbortIncompleteMultipartUpload", Object(&[required("DaysAfterInitiation", DAYS)])),
    optional("ExpirationInDays", DAYS),
    optional("ExpiredObjectDeleteMarker", Flag),
    optional("Id", text(0, 255, &[])),
    optional(
        "NoncurrentVersionExpiration",
        Object(&[optional("NewerNoncurrentVersions", Number(1, 100)), required("NoncurrentDays", DAYS)]),
    ),
    optional("Prefix", WORD),
    required("Status", Words(&["Enabled", "Disabled"])),
]);

const DAYS: Schema = Number(1, 2_147_483_647);
/// A text of which only its own parser, or nobody here, knows more.
const WORD: Schema = text(0, MANY, &[]);
const ARN: Schema = text(20, 2048, &[]);
const CLIENT_ID: Schema = text(1, 255, &[]);
const THUMBPRINT: Schema =
    text(40, 40, &[Of(|c| c.is_ascii_hexdigit(), "the digits and letters of a hexadecimal number are")]);
const POOL_ID: Schema = text(1, 55, &[]);

/// `IdentityProviderName` of Cognito's API. Of a provider in IAM it is the ARN, `arn:aws:iam::ACCOUNT:oidc-provider/ISSUER`,
/// whose first part alone has 40 of the 128 characters.
const PROVIDER_NAME: Schema = text(1, 128, &[]);
const SHORTER_ISSUER: &str = "the provider's ARN stands here, so that an issuer may have 88 characters after https://";

const PRINCIPAL_TAG_KEY: Schema = text(1, 128, &[]);
const PRINCIPAL_TAG_CLAIM: Schema = text(1, 256, &[]);

const IAM_NAME: &str = "letters, digits and +=,.@_- are";
const ROLE_NAME: Schema = text(1, 64, &[Of(is_iam_name, IAM_NAME)]);
const POLICY_NAME: Schema = text(1, 128, &[Of(is_iam_name, IAM_NAME)]);

const TAG: Schema = Object(&[
    required("Key", text(1, 128, &[Of(is_taggable, TAG_CHARACTERS), Rule(is_own_tag)])),
    required("Value", text(0, 256, &[Of(is_taggable, TAG_CHARACTERS)])),
]);
/// "You cannot create a tag key or value that begins with the text aws:" ("Tagging IAM resources").
const IAM_TAG: Schema = Object(&[
    required("Key", text(1, 128, &[Of(is_taggable, TAG_CHARACTERS), Rule(is_own_tag)])),
    required("Value", text(0, 256, &[Of(is_taggable, TAG_CHARACTERS), Rule(is_own_tag)])),
]);
const TAG_CHARACTERS: &str = "letters, digits, spaces and _.:/=+-@ are";

const fn required(name: &'static str, schema: Schema) -> Property {
    Property { name, schema, is_required: true, hint: "" }
}

const fn optional(name: &'static str, schema: Schema) -> Property {
    Property { name, schema, is_required: false, hint: "" }
}

const fn text(least: usize, most: usize, forms: &'static [Form]) -> Schema {
    Schema::Text { length: (least, most), forms }
}

/// `\w` of the models.
fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

fn is_iam_name(character: char) -> bool {
    is_word(character) || "+=,.@-".contains(character)
}

fn is_pool_name(character: char) -> bool {
    is_iam_name(character) || character.is_ascii_whitespace()
}

/// `[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]`.
fn is_latin(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='~' | '\u{a1}'..='\u{ff}')
}

/// `[\p{L}\p{Z}\p{N}_.:/=+\-@]`: of tags of resources as of sessions (STS API reference, `Tag`).
pub(crate) fn is_taggable(character: char) -> bool {
    const TAKEN: GeneralCategoryGroup =
        GeneralCategoryGroup::Letter.union(GeneralCategoryGroup::Separator).union(GeneralCategoryGroup::Number);
    is_of(character, TAKEN) || "_.:/=+-@".contains(character)
}

/// `[\p{L}\p{M}\p{S}\p{N}\p{P}]`.
fn is_visible(character: char) -> bool {
    const TAKEN: GeneralCategoryGroup = GeneralCategoryGroup::Letter
        .union(GeneralCategoryGroup::Mark)
        .union(GeneralCategoryGroup::Symbol)
        .union(GeneralCategoryGroup::Number)
        .union(GeneralCategoryGroup::Punctuation);
    is_of(character, TAKEN)
}

fn is_of(character: char, group: GeneralCategoryGroup) -> bool {
    group.contains(CodePointMapData::<GeneralCategory>::new().get(character))
}

/// The prefix "aws:" is reserved ("Tagging IAM resources"; "Using cost allocation S3 bucket tags").
fn is_own_tag(key: &str) -> Result<(), &'static str> {
    let is_aws = key.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("aws:"));
    if is_aws { Err("begins with aws:, which only AWS may") } else { Ok(()) }
}

/// "Path names must begin and end with a forward slash (/)."
fn is_path(path: &str) -> Result<(), &'static str> {
    if path.starts_with('/') && path.ends_with('/') { Ok(()) } else { Err("does not begin and end with a slash") }
}

/// "General purpose bucket naming rules", S3 user guide, as it was in 2025. The edition of 2023 has fewer reserved prefixes
/// and suffixes.
fn is_bucket_name(name: &str) -> Result<(), &'static str> {
    let is_letter_or_digit = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.as_bytes();
    if !bytes.iter().all(|byte| is_letter_or_digit(*byte) || b".-".contains(byte)) {
        return Err("has other characters than lower-case letters, digits, dots and hyphens");
    }
    if ![bytes.first(), bytes.last()].into_iter().flatten().all(|byte| is_letter_or_digit(*byte)) {
        return Err("does not begin and end with a letter or digit");
    }
    if name.contains("..") {
        return Err("has two dots in a row");
    }
    if name.parse::<Ipv4Addr>().is_ok() {
        return Err("is an IP address");
    }
    if ["xn--", "sthree-", "amzn-s3-demo-"].iter().any(|prefix| name.starts_with(prefix)) {
        return Err("begins as S3 keeps for itself: xn--, sthree- or amzn-s3-demo-");
    }
    if ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"].iter().any(|suffix| name.ends_with(suffix)) {
        return Err("ends as S3 keeps for itself: -s3alias, --ol-s3, .mrap, --x-s3 or --table-s3");
    }
    Ok(())
}
