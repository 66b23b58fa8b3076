//! Every request that S3 has, in one table: how it is told, what it is called and what a caller needs to be allowed.
//!
//! Sources: names, methods and URIs are those of the S3 API reference, 2006-03-01 (a test walks botocore's model of it);
//! permissions are those of "Required permissions for Amazon S3 API operations" (S3 user guide), of each operation's
//! page, section "Permissions", and of "Actions, resources, and condition keys for Amazon S3" (service authorization
//! reference). How S3 reads requests that are no operation (two sub-resources, methods that a sub-resource lacks, what
//! the resource types in such errors are called) is documented nowhere: brekkylab/backlot notes in its `s3.py` what S3
//! answered in us-east-1 in September 2026, and that is followed.

use http::{HeaderMap, Method, StatusCode};
use s3s::dto::CopySource;
use url::form_urlencoded;

use super::address::{Address, Resource};
use super::error::Refusal;
use crate::iam::s3_keys_of;

/// A row of the table.
#[derive(Debug)]
pub(super) struct Operation {
    pub name: &'static str,
    method: &'static str,
    resource: Resource,
    /// The query parameter that stands for a part of the resource; empty for the resource as such.
    subresource: &'static str,
    /// What must be there besides: query parameters, with a value or any, and `x-amz-` headers.
    with: &'static [&'static str],
    needs: &'static [Need],
    /// Whether the stack carries it out.
    pub is_served: bool,
}

/// A permission that an operation needs.
#[derive(Debug)]
struct Need {
    on: On,
    action: &'static str,
    /// The action in its place where the request names a version.
    versioned: Option<&'static str>,
    /// Only needed if one of these headers is there and is more than an asterisk; empty: always.
    when: &'static [&'static str],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum On {
    Service,
    Bucket,
    Object,
    /// The object that is copied from.
    Source,
}

const fn service(action: &'static str) -> Need {
    Need { on: On::Service, action, versioned: None, when: &[] }
}

const fn bucket(action: &'static str) -> Need {
    Need { on: On::Bucket, action, versioned: None, when: &[] }
}

const fn object(action: &'static str) -> Need {
    Need { on: On::Object, action, versioned: None, when: &[] }
}

const fn version(action: &'static str, versioned: &'static str) -> Need {
    Need { on: On::Object, action, versioned: Some(versioned), when: &[] }
}

impl Need {
    const fn when(self, headers: &'static [&'static str]) -> Self {
        Self { when: headers, ..self }
    }
}

const fn on_service(method: &'static str, name: &'static str, needs: &'static [Need]) -> Operation {
    Operation { name, method, resource: Resource::Service, subresource: "", with: &[], needs, is_served: false }
}

const fn on_bucket(
    method: &'static str,
    subresource: &'static str,
    name: &'static str,
    needs: &'static [Need],
) -> Operation {
    Operation { name, method, resource: Resource::Bucket, subresource, with: &[], needs, is_served: false }
}

const fn on_object(
    method: &'static str,
    subresource: &'static str,
    name: &'static str,
    needs: &'static [Need],
) -> Operation {
    Operation { name, method, resource: Resource::Object, subresource, with: &[], needs, is_served: false }
}

impl Operation {
    const fn with(self, conditions: &'static [&'static str]) -> Self {
        Self { with: conditions, ..self }
    }

    const fn served(self) -> Self {
        Self { is_served: true, ..self }
    }

    /// The query that tells this operation from all others.
    pub(super) fn selectors(&self) -> String {
        let conditions = self.with.iter().filter(|condition| !condition.starts_with("x-amz-"));
        let all = conditions.chain([&self.subresource]).filter(|name| !name.is_empty());
        all.copied().collect::<Vec<_>>().join("&")
    }
}

/// A canned ACL, or grants.
const ACL: &[&str] = &[
    "x-amz-acl",
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-grant-read-acp",
    "x-amz-grant-write",
    "x-amz-grant-write-acp",
];
const TAGGING: &[&str] = &["x-amz-tagging"];
const RETENTION: &[&str] = &["x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date"];
const LEGAL_HOLD: &[&str] = &["x-amz-object-lock-legal-hold"];
const BYPASS: Need = object("s3:BypassGovernanceRetention").when(&["x-amz-bypass-governance-retention"]);
/// Whether an object still has an ETag is known by whoever may read it: with `If-Match` "you must have the s3:PutObject and
/// s3:GetObject permissions", and deletions need both as well, though not to ask whether it is there (S3 user guide,
/// conditional-writes and conditional-deletes).
const COMPARES: Need = object("s3:GetObject").when(&["if-match"]);
const SOURCE: Need = Need { on: On::Source, action: "s3:GetObject", versioned: Some("s3:GetObjectVersion"), when: &[] };
/// What whoever writes an object needs for what its headers say of it.
const WRITES: &[Need] = &[
    object("s3:PutObject"),
    COMPARES,
    object("s3:PutObjectAcl").when(ACL),
    object("s3:PutObjectTagging").when(TAGGING),
    object("s3:PutObjectRetention").when(RETENTION),
    object("s3:PutObjectLegalHold").when(LEGAL_HOLD),
];
/// "Copying an object": GetObject on the source, PutObject on the target, and what its headers say.
const COPIES: &[Need] = &[
    SOURCE,
    object("s3:PutObject"),
    COMPARES,
    object("s3:PutObjectAcl").when(ACL),
    object("s3:PutObjectTagging").when(TAGGING),
    object("s3:PutObjectRetention").when(RETENTION),
    object("s3:PutObjectLegalHold").when(LEGAL_HOLD),
];
/// `?select`, `?attributes` and torrents read the object, too.
const READS: Need = version("s3:GetObject", "s3:GetObjectVersion");

const OPERATIONS: &[Operation] = &[
    on_service("GET", "ListBuckets", &[service("s3:ListAllMyBuckets")]).served(),
    //
    // Buckets.
    on_bucket(
        "PUT",
        "",
        "CreateBucket",
        &[
            bucket("s3:CreateBucket"),
            bucket("s3:PutBucketAcl").when(ACL),
            bucket("s3:PutBucketObjectLockConfiguration").when(&["x-amz-bucket-object-lock-enabled"]),
            bucket("s3:PutBucketVersioning").when(&["x-amz-bucket-object-lock-enabled"]),
            bucket("s3:PutBucketOwnershipControls").when(&["x-amz-object-ownership"]),
        ],
    ),
    on_bucket("DELETE", "", "DeleteBucket", &[bucket("s3:DeleteBucket")]),
    on_bucket("HEAD", "", "HeadBucket", &[bucket("s3:ListBucket")]).served(),
    on_bucket("GET", "", "ListObjects", &[bucket("s3:ListBucket")]).served(),
    on_bucket("GET", "", "ListObjectsV2", &[bucket("s3:ListBucket")]).with(&["list-type=2"]).served(),
    on_bucket("GET", "versions", "ListObjectVersions", &[bucket("s3:ListBucketVersions")]),
    on_bucket("GET", "uploads", "ListMultipartUploads", &[bucket("s3:ListBucketMultipartUploads")]).served(),
    // Each key of the body is authorized by itself.
    on_bucket("POST", "delete", "DeleteObjects", &[]).served(),
    on_bucket("GET", "location", "GetBucketLocation", &[bucket("s3:GetBucketLocation")]).served(),
    // Of directory buckets, of which there are none here.
    on_bucket("GET", "session", "CreateSession", &[bucket("s3express:CreateSession")]),
    //
    // What a bucket is set to. Deleting a setting often needs the permission to put it.
    on_bucket("GET", "abac", "GetBucketAbac", &[bucket("s3:GetBucketAbac")]),
    on_bucket("PUT", "abac", "PutBucketAbac", &[bucket("s3:PutBucketAbac")]),
    on_bucket("GET", "accelerate", "GetBucketAccelerateConfiguration", &[bucket("s3:GetAccelerateConfiguration")]),
    on_bucket("PUT", "accelerate", "PutBucketAccelerateConfiguration", &[bucket("s3:PutAccelerateConfiguration")]),
    on_bucket("GET", "acl", "GetBucketAcl", &[bucket("s3:GetBucketAcl")]),
    on_bucket("PUT", "acl", "PutBucketAcl", &[bucket("s3:PutBucketAcl")]),
    on_bucket("GET", "analytics", "ListBucketAnalyticsConfigurations", &[bucket("s3:GetAnalyticsConfiguration")]),
    on_bucket("GET", "analytics", "GetBucketAnalyticsConfiguration", &[bucket("s3:GetAnalyticsConfiguration")])
        .with(&["id"]),
    on_bucket("PUT", "analytics", "PutBucketAnalyticsConfiguration", &[bucket("s3:PutAnalyticsConfiguration")]),
    on_bucket("DELETE", "analytics", "DeleteBucketAnalyticsConfiguration", &[bucket("s3:PutAnalyticsConfiguration")]),
    on_bucket("GET", "cors", "GetBucketCors", &[bucket("s3:GetBucketCORS")]),
    on_bucket("PUT", "cors", "PutBucketCors", &[bucket("s3:PutBucketCORS")]),
    on_bucket("DELETE", "cors", "DeleteBucketCors", &[bucket("s3:PutBucketCORS")]),
    on_bucket("GET", "encryption", "GetBucketEncryption", &[bucket("s3:GetEncryptionConfiguration")]),
    on_bucket("PUT", "encryption", "PutBucketEncryption", &[bucket("s3:PutEncryptionConfiguration")]),
    on_bucket("DELETE", "encryption", "DeleteBucketEncryption", &[bucket("s3:PutEncryptionConfiguration")]),
    on_bucket(
        "GET",
        "intelligent-tiering",
        "ListBucketIntelligentTieringConfigurations",
        &[bucket("s3:GetIntelligentTieringConfiguration")],
    ),
    on_bucket(
        "GET",
        "intelligent-tiering",
        "GetBucketIntelligentTieringConfiguration",
        &[bucket("s3:GetIntelligentTieringConfiguration")],
    )
    .with(&["id"]),
    on_bucket(
        "PUT",
        "intelligent-tiering",
        "PutBucketIntelligentTieringConfiguration",
        &[bucket("s3:PutIntelligentTieringConfiguration")],
    ),
    on_bucket(
        "DELETE",
        "intelligent-tiering",
        "DeleteBucketIntelligentTieringConfiguration",
        &[bucket("s3:PutIntelligentTieringConfiguration")],
    ),
    on_bucket("GET", "inventory", "ListBucketInventoryConfigurations", &[bucket("s3:GetInventoryConfiguration")]),
    on_bucket("GET", "inventory", "GetBucketInventoryConfiguration", &[bucket("s3:GetInventoryConfiguration")])
        .with(&["id"]),
    on_bucket("PUT", "inventory", "PutBucketInventoryConfiguration", &[bucket("s3:PutInventoryConfiguration")]),
    on_bucket("DELETE", "inventory", "DeleteBucketInventoryConfiguration", &[bucket("s3:PutInventoryConfiguration")]),
    on_bucket("GET", "lifecycle", "GetBucketLifecycleConfiguration", &[bucket("s3:GetLifecycleConfiguration")]),
    on_bucket("PUT", "lifecycle", "PutBucketLifecycleConfiguration", &[bucket("s3:PutLifecycleConfiguration")]),
    on_bucket("DELETE", "lifecycle", "DeleteBucketLifecycle", &[bucket("s3:PutLifecycleConfiguration")]),
    on_bucket("GET", "logging", "GetBucketLogging", &[bucket("s3:GetBucketLogging")]),
    on_bucket("PUT", "logging", "PutBucketLogging", &[bucket("s3:PutBucketLogging")]),
    on_bucket(
        "GET",
        "metadataConfiguration",
        "GetBucketMetadataConfiguration",
        &[bucket("s3:GetBucketMetadataTableConfiguration")],
    ),
    on_bucket(
        "POST",
        "metadataConfiguration",
        "CreateBucketMetadataConfiguration",
        &[bucket("s3:CreateBucketMetadataTableConfiguration")],
    ),
    on_bucket(
        "DELETE",
        "metadataConfiguration",
        "DeleteBucketMetadataConfiguration",
        &[bucket("s3:DeleteBucketMetadataTableConfiguration")],
    ),
    on_bucket(
        "PUT",
        "metadataInventoryTable",
        "UpdateBucketMetadataInventoryTableConfiguration",
        &[bucket("s3:UpdateBucketMetadataInventoryTableConfiguration")],
    ),
    on_bucket(
        "PUT",
        "metadataJournalTable",
        "UpdateBucketMetadataJournalTableConfiguration",
        &[bucket("s3:UpdateBucketMetadataJournalTableConfiguration")],
    ),
    on_bucket(
        "GET",
        "metadataTable",
        "GetBucketMetadataTableConfiguration",
        &[bucket("s3:GetBucketMetadataTableConfiguration")],
    ),
    on_bucket(
        "POST",
        "metadataTable",
        "CreateBucketMetadataTableConfiguration",
        &[bucket("s3:CreateBucketMetadataTableConfiguration")],
    ),
    on_bucket(
        "DELETE",
        "metadataTable",
        "DeleteBucketMetadataTableConfiguration",
        &[bucket("s3:DeleteBucketMetadataTableConfiguration")],
    ),
    on_bucket("GET", "metrics", "ListBucketMetricsConfigurations", &[bucket("s3:GetMetricsConfiguration")]),
    on_bucket("GET", "metrics", "GetBucketMetricsConfiguration", &[bucket("s3:GetMetricsConfiguration")]).with(&["id"]),
    on_bucket("PUT", "metrics", "PutBucketMetricsConfiguration", &[bucket("s3:PutMetricsConfiguration")]),
    on_bucket("DELETE", "metrics", "DeleteBucketMetricsConfiguration", &[bucket("s3:PutMetricsConfiguration")]),
    on_bucket("GET", "notification", "GetBucketNotificationConfiguration", &[bucket("s3:GetBucketNotification")]),
    on_bucket("PUT", "notification", "PutBucketNotificationConfiguration", &[bucket("s3:PutBucketNotification")]),
    on_bucket("GET", "object-lock", "GetObjectLockConfiguration", &[bucket("s3:GetBucketObjectLockConfiguration")]),
    on_bucket("PUT", "object-lock", "PutObjectLockConfiguration", &[bucket("s3:PutBucketObjectLockConfiguration")]),
    on_bucket("GET", "ownershipControls", "GetBucketOwnershipControls", &[bucket("s3:GetBucketOwnershipControls")]),
    on_bucket("PUT", "ownershipControls", "PutBucketOwnershipControls", &[bucket("s3:PutBucketOwnershipControls")]),
    on_bucket(
        "DELETE",
        "ownershipControls",
        "DeleteBucketOwnershipControls",
        &[bucket("s3:PutBucketOwnershipControls")],
    ),
    on_bucket("GET", "policy", "GetBucketPolicy", &[bucket("s3:GetBucketPolicy")]),
    on_bucket("PUT", "policy", "PutBucketPolicy", &[bucket("s3:PutBucketPolicy")]),
    on_bucket("DELETE", "policy", "DeleteBucketPolicy", &[bucket("s3:DeleteBucketPolicy")]),
    on_bucket("GET", "policyStatus", "GetBucketPolicyStatus", &[bucket("s3:GetBucketPolicyStatus")]),
    on_bucket("GET", "publicAccessBlock", "GetPublicAccessBlock", &[bucket("s3:GetBucketPublicAccessBlock")]),
    on_bucket("PUT", "publicAccessBlock", "PutPublicAccessBlock", &[bucket("s3:PutBucketPublicAccessBlock")]),
    on_bucket("DELETE", "publicAccessBlock", "DeletePublicAccessBlock", &[bucket("s3:PutBucketPublicAccessBlock")]),
    on_bucket("GET", "replication", "GetBucketReplication", &[bucket("s3:GetReplicationConfiguration")]),
    on_bucket("PUT", "replication", "PutBucketReplication", &[bucket("s3:PutReplicationConfiguration")]),
    on_bucket("DELETE", "replication", "DeleteBucketReplication", &[bucket("s3:PutReplicationConfiguration")]),
    on_bucket("GET", "requestPayment", "GetBucketRequestPayment", &[bucket("s3:GetBucketRequestPayment")]),
    on_bucket("PUT", "requestPayment", "PutBucketRequestPayment", &[bucket("s3:PutBucketRequestPayment")]),
    on_bucket("GET", "tagging", "GetBucketTagging", &[bucket("s3:GetBucketTagging")]),
    on_bucket("PUT", "tagging", "PutBucketTagging", &[bucket("s3:PutBucketTagging")]),
    on_bucket("DELETE", "tagging", "DeleteBucketTagging", &[bucket("s3:PutBucketTagging")]),
    on_bucket("GET", "versioning", "GetBucketVersioning", &[bucket("s3:GetBucketVersioning")]),
    on_bucket("PUT", "versioning", "PutBucketVersioning", &[bucket("s3:PutBucketVersioning")]),
    on_bucket("GET", "website", "GetBucketWebsite", &[bucket("s3:GetBucketWebsite")]),
    on_bucket("PUT", "website", "PutBucketWebsite", &[bucket("s3:PutBucketWebsite")]),
    on_bucket("DELETE", "website", "DeleteBucketWebsite", &[bucket("s3:DeleteBucketWebsite")]),
    //
    // Objects.
    on_object("GET", "", "GetObject", &[READS]).served(),
    on_object("HEAD", "", "HeadObject", &[READS]).served(),
    on_object("PUT", "", "PutObject", WRITES).served(),
    on_object("PUT", "", "CopyObject", COPIES).with(&["x-amz-copy-source"]).served(),
    on_object("DELETE", "", "DeleteObject", &[version("s3:DeleteObject", "s3:DeleteObjectVersion"), COMPARES, BYPASS])
        .served(),
    // Of directory buckets.
    on_object("PUT", "renameObject", "RenameObject", &[object("s3express:CreateSession")]),
    //
    // Uploads in parts ("Multipart upload API and permissions", S3 user guide).
    on_object("POST", "uploads", "CreateMultipartUpload", WRITES).served(),
    on_object("PUT", PART, "UploadPart", &[object("s3:PutObject")]).served(),
    on_object("PUT", PART, "UploadPartCopy", &[SOURCE, object("s3:PutObject")]).with(&["x-amz-copy-source"]).served(),
    on_object("GET", "uploadId", "ListParts", &[object("s3:ListMultipartUploadParts")]).served(),
    on_object("POST", "uploadId", "CompleteMultipartUpload", &[object("s3:PutObject"), COMPARES]).served(),
    on_object("DELETE", "uploadId", "AbortMultipartUpload", &[object("s3:AbortMultipartUpload")]).served(),
    //
    // What an object is set to, and other ways to read it.
    on_object("GET", "acl", "GetObjectAcl", &[version("s3:GetObjectAcl", "s3:GetObjectVersionAcl")]),
    on_object("PUT", "acl", "PutObjectAcl", &[version("s3:PutObjectAcl", "s3:PutObjectVersionAcl")]),
    on_object(
        "GET",
        "attributes",
        "GetObjectAttributes",
        &[READS, version("s3:GetObjectAttributes", "s3:GetObjectVersionAttributes")],
    ),
    on_object(
        "PUT",
        "encryption",
        "UpdateObjectEncryption",
        &[object("s3:PutObject"), object("s3:UpdateObjectEncryption")],
    ),
    on_object("GET", "legal-hold", "GetObjectLegalHold", &[object("s3:GetObjectLegalHold")]),
    on_object("PUT", "legal-hold", "PutObjectLegalHold", &[object("s3:PutObjectLegalHold")]),
    on_object("POST", "restore", "RestoreObject", &[object("s3:RestoreObject")]),
    on_object("GET", "retention", "GetObjectRetention", &[object("s3:GetObjectRetention")]),
    on_object("PUT", "retention", "PutObjectRetention", &[object("s3:PutObjectRetention"), BYPASS]),
    on_object("POST", "select", "SelectObjectContent", &[READS]),
    on_object("GET", "tagging", "GetObjectTagging", &[version("s3:GetObjectTagging", "s3:GetObjectVersionTagging")]),
    on_object("PUT", "tagging", "PutObjectTagging", &[version("s3:PutObjectTagging", "s3:PutObjectVersionTagging")]),
    on_object(
        "DELETE",
        "tagging",
        "DeleteObjectTagging",
        &[version("s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging")],
    ),
    on_object("GET", "torrent", "GetObjectTorrent", &[version("s3:GetObjectTorrent", "s3:GetObjectVersionTorrent")]),
];

/// `partNumber` beside `uploadId`; alone it is an argument of GetObject and HeadObject.
const PART: &str = "partNumber";

/// What S3 calls a sub-resource in `ResourceType`.
const BUCKET_TYPES: &[(&str, &str)] = &[
    ("abac", "BUCKET_ABAC"),
    ("accelerate", "ACCELERATE"),
    ("acl", "ACL"),
    ("analytics", "ANALYTICS"),
    ("cors", "CORS"),
    ("delete", "MULTI_OBJECT_DELETE"),
    ("encryption", "ENCRYPTION"),
    ("intelligent-tiering", "INTELLIGENT_TIERING"),
    ("inventory", "INVENTORY"),
    ("lifecycle", "LIFECYCLE"),
    ("location", "LOCATION"),
    ("logging", "LOGGING_STATUS"),
    ("metadataConfiguration", "BUCKET_METADATA_CONFIGURATION"),
    ("metadataInventoryTable", "BUCKET_METADATA_INVENTORY_TABLE_CONFIGURATION"),
    ("metadataJournalTable", "BUCKET_METADATA_JOURNAL_TABLE_CONFIGURATION"),
    ("metadataTable", "BUCKET_METADATA_TABLE_CONFIGURATION"),
    ("metrics", "METRICS"),
    ("notification", "NOTIFICATION"),
    ("object-lock", "OBJECT_LOCK_CONFIGURATION"),
    ("ownershipControls", "OWNERSHIP_CONTROLS"),
    ("policy", "BUCKETPOLICY"),
    ("policyStatus", "POLICY_STATUS"),
    ("publicAccessBlock", "PUBLIC_ACCESS_BLOCK"),
    ("replication", "REPLICATION"),
    ("requestPayment", "REQUEST_PAYMENT"),
    ("session", "SESSION"),
    ("tagging", "TAGGING"),
    ("uploads", "UPLOADS"),
    ("versioning", "VERSIONING"),
    ("versions", "BUCKETVERSIONS"),
    ("website", "WEBSITE"),
];
/// Sub-resources of a bucket that S3 answers for at a key of it, too, whatever the key.
const OF_BUCKET_AT_KEYS: [&str; 13] = [
    "accelerate",
    "cors",
    "inventory",
    "lifecycle",
    "location",
    "logging",
    "notification",
    "policy",
    "replication",
    "requestPayment",
    "versioning",
    "versions",
    "website",
];
const OBJECT_TYPES: &[(&str, &str)] = &[
    ("acl", "ACL"),
    ("attributes", "OBJECT_ATTRIBUTES"),
    ("encryption", "OBJECT_ENCRYPTION"),
    ("legal-hold", "OBJECT_LOCK_LEGALHOLD"),
    (PART, "PART"),
    ("renameObject", "OBJECT"),
    ("restore", "RESTORE"),
    ("retention", "OBJECT_LOCK_RETENTION"),
    ("select", "SELECT"),
    ("tagging", "OBJECT_TAGGING"),
    ("torrent", "TORRENT"),
    ("uploadId", "UPLOAD"),
    ("uploads", "UPLOADS"),
];

/// The methods that S3 knows, whether or not a resource has them. OPTIONS is CORS's.
const METHODS: [&str; 6] = ["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH"];

/// A request, known by name.
pub(super) struct Asked {
    pub operation: &'static Operation,
    pub address: Address,
    /// Whether it is about the bucket, although it was sent to a key of it.
    pub is_at_key: bool,
    /// Where it copies from.
    pub source: Option<(Address, Option<String>)>,
    query: Vec<(String, String)>,
    pub headers: HeaderMap,
}

impl std::fmt::Debug for Asked {
    /// Without query and headers, where the signature and the session token are.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asked")
            .field("operation", &self.operation.name)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// An action on a resource, which the policies are asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Permission<'a> {
    pub action: &'static str,
    pub address: &'a Address,
    /// Condition keys of S3, without `s3:`, and their values.
    pub conditions: Vec<(&'static str, String)>,
}

impl<'a> Permission<'a> {
    pub(super) fn new(action: &'static str, address: &'a Address) -> Self {
        Self { action, address, conditions: Vec::new() }
    }
}

/// The method names that the table has.
fn rows(resource: Resource, subresource: &str) -> impl Iterator<Item = &'static Operation> {
    OPERATIONS.iter().filter(move |row| row.resource == resource && row.subresource == subresource)
}

impl Asked {
    /// The number of the part that it carries.
    pub(super) fn part_number(&self) -> Option<u32> {
        first(&self.query, "partNumber").filter(|_| self.operation.name == "UploadPart")?.parse().ok()
    }

    /// Finds the operation.
    ///
    /// # Errors
    /// Two sub-resources at once, a method that the resource lacks, a source that is no object.
    pub(super) fn identify(
        method: &Method,
        address: Address,
        query: &str,
        headers: HeaderMap,
    ) -> Result<Self, Refusal> {
        let query: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        if !METHODS.contains(&method.as_str()) {
            let message = "An error occurred when parsing the HTTP request.";
            return Err(Refusal::new(StatusCode::BAD_REQUEST, "BadRequest", message));
        }
        let (resource, subresource) = find_subresource(address.resource(), &query)?;
        let is_at_key = resource != address.resource();
        let address = if is_at_key { Address::of_bucket(&address.bucket) } else { address };
        if let (Resource::Bucket, Some(version)) = (resource, first(&query, "versionId")) {
            let message = "This operation does not accept a version-id.";
            return Err(Refusal::invalid_argument(message, "versionId", version));
        }
        let has = |condition: &&&str| match condition.split_once('=') {
            Some((name, value)) => first(&query, name) == Some(value),
            None if condition.starts_with("x-amz-") => headers.contains_key(**condition),
            None => first(&query, condition).is_some(),
        };
        let fitting = rows(resource, subresource).filter(|row| row.method == method.as_str());
        let fitting = fitting.filter(|row| row.with.iter().all(|condition| has(&condition)));
        let Some(operation) = fitting.max_by_key(|row| row.with.len()) else {
            return Err(refuse_method(method, resource, subresource));
        };
        if subresource.is_empty()
            && first(&query, PART).is_some()
            && !matches!(operation.name, "GetObject" | "HeadObject")
        {
            return Err(Refusal::not_implemented(&format!("{} with a part number and no upload", operation.name)));
        }
        let source = match headers.get("x-amz-copy-source") {
            Some(value) if operation.needs.iter().any(|need| need.on == On::Source) => {
                Some(parse_source(value.to_str().unwrap_or_default())?)
            }
            _ => None,
        };
        Ok(Self { operation, address, is_at_key, source, query, headers })
    }

    /// The value of a query parameter; of two S3 reads the first.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        first(&self.query, name)
    }

    /// Whether it is about a version of the object or of the source.
    pub(super) fn names_version(&self) -> bool {
        self.parameter("versionId").is_some() || self.source.as_ref().is_some_and(|(_, version)| version.is_some())
    }

    /// Everything that the caller must be allowed, in the order in which it is asked.
    pub(super) fn permissions(&self) -> impl Iterator<Item = Permission<'_>> {
        let says = move |name: &&str| self.headers.get(*name).is_some_and(|value| value != "*");
        let is_needed = move |need: &&Need| need.when.is_empty() || need.when.iter().any(says);
        self.operation.needs.iter().filter(is_needed).filter_map(|need| {
            let (address, version) = match (need.on, &self.source) {
                (On::Source, Some((address, version))) => (address, version.as_deref()),
                (On::Source, None) => return None,
                _ => (&self.address, self.parameter("versionId")),
            };
            let action = match (need.versioned, version) {
                (Some(versioned), Some(_)) => versioned,
                _ => need.action,
            };
            Some(Permission { action, address, conditions: self.conditions(action, version) })
        })
    }

    /// The condition keys that S3 sets for `action`, of those that policies here may ask for. What the request does not say
    /// is none.
    fn conditions(&self, action: &str, version: Option<&str>) -> Vec<(&'static str, String)> {
        let value = |key: &str| match key {
            "versionid" => version,
            header if header.starts_with("x-amz-") => self.headers.get(header)?.to_str().ok(),
            parameter => self.parameter(parameter),
        };
        s3_keys_of(action).filter_map(|key| Some((key, value(key)?.to_owned()))).collect()
    }
}

fn first<'q>(query: &'q [(String, String)], name: &str) -> Option<&'q str> {
    query.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
}

/// The one sub-resource that a query names, empty if there is none, and what it is of.
fn find_subresource(resource: Resource, query: &[(String, String)]) -> Result<(Resource, &'static str), Refusal> {
    let is_named = |name: &&'static str| first(query, name).is_some();
    let names_of = |types: &'static [(&'static str, &'static str)]| types.iter().map(|(name, _)| *name);
    let mut named: Vec<&'static str> = match resource {
        Resource::Service => Vec::new(),
        Resource::Bucket => names_of(BUCKET_TYPES).chain([PART]).filter(is_named).collect(),
        Resource::Object => names_of(OBJECT_TYPES).chain(OF_BUCKET_AT_KEYS).filter(is_named).collect(),
    };
    named.sort_unstable();
    match (resource, &named[..]) {
        (_, []) => Ok((resource, "")),
        // Alone it is an argument of reads. What S3 says to a write that has it is not known, and at a bucket it is refused.
        (Resource::Object, [PART]) => Ok((resource, "")),
        (_, [PART]) => Err(Refusal::invalid_request("Object must have a valid key name.")),
        (Resource::Object, [PART, "uploadId"]) => Ok((resource, PART)),
        (Resource::Object, [one]) if OF_BUCKET_AT_KEYS.contains(one) => Ok((Resource::Bucket, one)),
        (_, [one]) => Ok((resource, one)),
        (_, several) => Err(Refusal::invalid_argument(
            format!("Conflicting query string parameters: {}", several.join(", ")),
            "ResourceType",
            several[0],
        )),
    }
}

fn refuse_method(method: &Method, resource: Resource, subresource: &str) -> Refusal {
    let (types, whole) = match resource {
        Resource::Service => (&[][..], "SERVICE"),
        Resource::Bucket => (BUCKET_TYPES, "BUCKET"),
        Resource::Object => (OBJECT_TYPES, "OBJECT"),
    };
    if (method, resource, subresource) == (&Method::POST, Resource::Bucket, "") {
        // It is a form that a browser sends.
        return Refusal::precondition_failed("Bucket POST must be of the enclosure-type multipart/form-data");
    }
    let kind = types.iter().find(|(name, _)| *name == subresource).map_or(whole, |(_, kind)| *kind);
    let mut allowed: Vec<&str> = rows(resource, subresource).map(|row| row.method).collect();
    allowed.dedup();
    Refusal::method_not_allowed(method, kind, &allowed)
}

/// Reads `x-amz-copy-source` as `s3s` will, so that what is authorized is what is copied.
fn parse_source(value: &str) -> Result<(Address, Option<String>), Refusal> {
    match CopySource::parse(value) {
        Ok(CopySource::Bucket { bucket, key, version_id }) => {
            Ok((Address { bucket: bucket.into(), key: key.into() }, version_id.map(Into::into)))
        }
        // Access points do not exist here.
        _ => Err(Refusal::invalid_argument(
            "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
            "x-amz-copy-source",
            value,
        )),
    }
}

#[cfg(test)]
mod tests;
