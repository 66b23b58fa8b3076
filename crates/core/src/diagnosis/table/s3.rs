//! What S3 says.
//!
//! Codes and what they mean are in the S3 API reference, "Error responses", list of error codes; where another page has more,
//! the row names it.

use super::row::{Kind, Row, rows_of};
use crate::diagnosis::s3 as explain;
use crate::error::{SETTING_COPY_SOURCE, SETTING_KEY, SETTING_OBJECT, Service};
use Kind::{AccessDenied, ConditionNotMet, Misconfigured, NotFound, Retryable};

const ERRORS: &str = "S3 API reference, Error responses, List of error codes";
/// KMS's own refusals, which S3 passes on with a prefix.
const KMS: &str = "AWS KMS API reference, Decrypt, Errors";
const BUCKET: &str = "Storage.AWSS3.bucket";
const PROXY: &str = "proxy";

rows_of!(Some(Service::S3));

#[rustfmt::skip]
pub(super) static ROWS: &[Row] = &[
    row("s3-bucket-name", "InvalidBucketName", "", Misconfigured(BUCKET),
        "{bucket} is no bucket name",
        "A name has 3 to 63 lower-case letters, digits, dots and hyphens; copy it from the S3 console.")
        .explained_by(explain::invalid_bucket_name)
        .says(&["The specified bucket is not valid."])
        .from(ERRORS),
    row("s3-no-such-bucket", "NoSuchBucket", "", NotFound,
        "bucket {bucket}",
        "Check Storage.AWSS3.bucket: S3 console > Buckets.")
        .explained_by(explain::no_such_bucket)
        .says(&["The specified bucket does not exist"])
        .from(ERRORS),
    row("s3-no-such-key", "NoSuchKey", "", NotFound, "{subject}",
        "Check the key, capitals and slashes included: it is the whole path below the bucket.")
        .says(&["The specified key does not exist."])
        .from(ERRORS),
    // HEAD, which has no words.
    row("s3-not-found", "NotFound", "", NotFound, "{subject}, or the bucket itself",
        "Check the key and Storage.AWSS3.bucket: S3 console > Buckets.")
        .from("S3 API reference, HeadObject"),
    row("s3-conditional-conflict", "ConditionalRequestConflict", "", Retryable,
        "somebody else writes or deletes {subject} at the same time", "")
        .says(&["The conditional request cannot succeed due to a conflicting operation against this resource."])
        .from(ERRORS),
    row("s3-bad-digest", "BadDigest", "", Retryable, "other bytes arrived at S3 than were sent", "")
        .says(&[
            "The Content-MD5 you specified did not match what we received.",
            "The Content-MD5 or checksum value that you specified did not match what the server received.",
        ])
        .from(ERRORS),
    row("s3-incomplete-body", "IncompleteBody", "", Retryable, "fewer bytes arrived at S3 than were sent", "")
        .says(&[
            "You did not provide the number of bytes specified by the Content-Length HTTP header",
            "You did not provide the number of bytes specified by the Content-Length HTTP header.",
        ])
        .from(ERRORS),
    row("s3-no-such-upload", "NoSuchUpload", "", Retryable, "the upload of {subject} was given up meanwhile", "")
        .says(&[
            "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or \
             completed.",
            "The specified multipart upload does not exist. The upload ID might be invalid, or the multipart upload might \
             have been aborted or completed.",
        ])
        .from(ERRORS),
    row("s3-invalid-part", "InvalidPart", "", Retryable, "S3 does not find a part of {subject} that it had", "")
        .says(&[
            "One or more of the specified parts could not be found. The part may not have been uploaded, or the \
                 specified entity tag may not match the part's entity tag.",
        ])
        .from(ERRORS),
    row("s3-too-large", "EntityTooLarge", "", Misconfigured(SETTING_OBJECT),
        "{subject} is larger than S3 takes in one request",
        "Upload it from a file or a stream, in parts.")
        .says(&[
            "Your proposed upload exceeds the maximum allowed size",
            "Your proposed upload exceeds the maximum allowed object size.",
        ])
        .from(ERRORS),
    row("s3-part-too-small", "EntityTooSmall", "", Misconfigured(SETTING_OBJECT),
        "parts of {subject} are smaller than S3 takes",
        "Send it again in larger parts: no part but the last may have less than 5 MiB.")
        .says(&["Your proposed upload is smaller than the minimum allowed size"])
        .from(ERRORS),
    row("s3-key-too-long", "KeyTooLongError", "", Misconfigured(SETTING_KEY),
        "the key is too long", "S3 takes 1,024 bytes in UTF-8.")
        .says(&["Your key is too long"])
        .from(ERRORS),
    row("s3-metadata-too-large", "MetadataTooLarge", "", Misconfigured("metadata"),
        "the object's metadata are too large", "S3 keeps 2 KB of it; put the rest into an object of its own.")
        .says(&[
            "Your metadata headers exceed the maximum allowed metadata size",
            "Your metadata headers exceed the maximum allowed metadata size.",
        ])
        .from(ERRORS),
    row("s3-copy-too-large", "InvalidRequest", "larger than the maximum allowable size", Misconfigured(SETTING_COPY_SOURCE),
        "{subject} is larger than 5 GB, which is the most that S3 copies in one request",
        "Download it and upload it again, or copy it in parts (aws s3 cp).")
        .says(&["The specified copy source is larger than the maximum allowable size for a copy source: 5368709120"])
        .from("S3 API reference, CopyObject"),
    row("s3-copy-to-itself", "InvalidRequest", "copy an object to itself without changing", Misconfigured("copy target"),
        "{subject} would be copied to itself without any change",
        "Give other headers for the copy, or another key.")
        .says(&[
            "This copy request is illegal because it is trying to copy an object to itself without changing the \
                 object's metadata, storage class, website redirect location or encryption attributes.",
        ])
        .from("S3 API reference, CopyObject"),
    row("s3-precondition-failed", "PreconditionFailed", "", ConditionNotMet,
        "{subject} is not as the request demands (If-Match, If-None-Match and their kin)",
        "Look at the object again and decide; nothing was done.")
        .explained_by(explain::condition_not_met)
        .says(&["At least one of the pre-conditions you specified did not hold"])
        .from(ERRORS),
    row("s3-not-modified", "NotModified", "", ConditionNotMet,
        "{subject} was not modified",
        "The copy that is at hand is the newest one.")
        .explained_by(explain::condition_not_met)
        .from("S3 API reference, GetObject"),
    row("s3-invalid-range", "InvalidRange", "", NotFound,
        "these bytes of {subject}, which has fewer",
        "Ask for fewer, or look at the object's size first.")
        .explained_by(explain::no_such_bytes)
        .says(&["The requested range is not satisfiable"])
        .from(ERRORS),
    // "The object is archived and inaccessible until restored" (S3 API reference, GetObject, Errors).
    row("s3-archived", "InvalidObjectState", "", AccessDenied,
        "{subject} is archived",
        "Nobody can read it before it is restored: S3 console > the object > Initiate restore, or aws s3api restore-object, \
         and then minutes to days until that is done.")
        .says(&[
            "The operation is not valid for the object's storage class",
            "The operation is not valid for the current state of the object.",
        ])
        .from("S3 API reference, GetObject, Errors"),
    // KMS's own refusals, which S3 passes on with this prefix (AWS KMS API reference, Decrypt, Errors).
    row("s3-kms-disabled", "KMS.DisabledException", "", Misconfigured("KMS key"),
        "{subject} is encrypted with a KMS key that is disabled",
        "In AWS: Key Management Service > Customer managed keys: enable the key.")
        .says(&["… is disabled."])
        .from(KMS),
    row("s3-kms-invalid-state", "KMS.KMSInvalidStateException", "", Misconfigured("KMS key"),
        "{subject} is encrypted with a KMS key that cannot be used in its state",
        "In AWS: Key Management Service > Customer managed keys: a key whose deletion is planned can be kept.")
        .says(&["… is pending deletion."])
        .from(KMS),
    row("s3-kms-not-found", "KMS.NotFoundException", "", Misconfigured("KMS key"),
        "{subject} is encrypted with a KMS key that is not there",
        "A deleted key is gone, and with it what it encrypted; a wrong one is named in the bucket's default encryption.")
        .says(&["Invalid keyId …"])
        .from(KMS),
    row("s3-access-denied", "AccessDenied", "", AccessDenied,
        "the role may not do this",
        "IAM console > Roles > the pool's authenticated role > Permissions: s3:ListBucket on \
         arn:{bucket_partition}:s3:::{bucket} (the bucket itself, not /*) and s3:GetObject on \
         arn:{bucket_partition}:s3:::{bucket}/*; the error names what this very call takes. A condition on s3:prefix must \
         allow the prefix that is listed, the bucket's policy must not deny it, and an object encrypted with a key of AWS \
         KMS takes kms:Decrypt on that key, and kms:GenerateDataKey for uploads.")
        .explained_by(explain::access_denied)
        .says(&[
            "Access Denied",
            "User: … is not authorized to perform: s3:ListBucket on resource: … because no identity-based policy allows the \
             s3:ListBucket action",
            "User: … is not authorized to perform: … on resource: … with an explicit deny in a resource-based policy",
        ])
        .from(ERRORS),
    row("s3-permanent-redirect", "PermanentRedirect", "", Misconfigured("Storage.AWSS3.region"),
        "bucket {bucket} is in another region than {bucket_region}",
        "Set Storage.AWSS3.region to the bucket's region (S3 console > the bucket > Properties), which the error names if S3 \
         did.")
        .explained_by(explain::wrong_region)
        .says(&[
            "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all \
                 future requests to this endpoint.",
        ])
        .from(ERRORS),
    row("s3-signed-for-another-region", "AuthorizationHeaderMalformed", "region", Misconfigured("Storage.AWSS3.region"),
        "bucket {bucket} is in another region than {bucket_region}",
        "Set Storage.AWSS3.region to the bucket's region (S3 console > the bucket > Properties), which the error names if S3 \
         did.")
        .explained_by(explain::wrong_region)
        .says(&["The authorization header is malformed; the region '…' is wrong; expecting '…'"])
        .from(ERRORS),
    row("s3-location-constraint", "IllegalLocationConstraintException", "", Misconfigured("Storage.AWSS3.region"),
        "bucket {bucket} is in another region than {bucket_region}",
        "Set Storage.AWSS3.region to the bucket's region (S3 console > the bucket > Properties), which the error names if S3 \
         did.")
        .explained_by(explain::wrong_region)
        .says(&["The … location constraint is incompatible for the region specific endpoint this request was sent to."])
        .from(ERRORS),
    row("s3-temporary-redirect", "TemporaryRedirect", "", Retryable,
        "S3 sends requests for bucket {bucket} elsewhere until its name is known everywhere, which takes up to a day for a \
         new bucket", "")
        .says(&[
            "Please re-send this request to the specified temporary endpoint. Continue to use the original request \
             endpoint for future requests.",
            "You are being redirected to the bucket while the Domain Name System (DNS) server is being updated.",
        ])
        .from(ERRORS),
    row("s3-operation-aborted", "OperationAborted", "", Retryable, "S3 is at work on the same thing for somebody else", "")
        .says(&[
            "A conflicting conditional operation is currently in progress against this resource. Please try again.",
            "A conflicting conditional operation is currently in progress against this resource. Try again.",
        ])
        .from(ERRORS),
    row("s3-time-skewed", "RequestTimeTooSkewed", "", Retryable,
        "S3's clock seems to be wrong: it finds the time of requests too far off, though it was compared with a service's", "")
        .says(&[
            "The difference between the request time and the current time is too large.",
            "The difference between the request time and the server's time is too large.",
        ])
        .from(ERRORS),
    row("s3-slow-down", "SlowDown", "", Retryable, "S3 limits the rate of requests", "")
        .says(&["Please reduce your request rate."])
        .from(ERRORS),
    row("s3-unavailable", "ServiceUnavailable", "", Retryable, "S3 cannot answer now", "")
        .says(&["Service is unable to handle request."])
        .from(ERRORS),
    row("s3-internal-error", "InternalError", "", Retryable, "S3 had an internal error", "")
        .says(&["We encountered an internal error. Please try again."])
        .from(ERRORS),
    row("s3-request-timeout", "RequestTimeout", "", Retryable, "S3 waited too long for the request", "")
        .says(&[
            "Your socket connection to the server was not read from or written to within the timeout period. Idle connections \
             will be closed.",
            "Your socket connection to the server was not read from or written to within the timeout period.",
        ])
        .from(ERRORS),
    // New credentials have been tried by then.
    row("s3-token-expired", "ExpiredToken", "", Retryable,
        "S3 finds AWS credentials expired that Cognito gave a moment ago: their clocks disagree", "")
        .says(&["The provided token has expired."])
        .from(ERRORS),
    row("s3-token-refresh-required", "TokenRefreshRequired", "", Retryable,
        "S3 wants other AWS credentials, although Cognito gave these a moment ago", "")
        .says(&["The provided token must be refreshed."])
        .from(ERRORS),
    // IAM user guide, "Manage AWS STS in an AWS Region": some session tokens work in the regions alone that are enabled by
    // default. Between partitions none does.
    row("s3-invalid-token", "InvalidToken", "", Misconfigured("Storage.AWSS3.region"),
        "S3 in {bucket_region} does not accept the AWS credentials, not even new ones",
        "Credentials of {region} work in its own partition (AWS, China or GovCloud); regions that an account has to enable \
         may need session tokens for all regions (IAM console > Account settings > Security Token Service). Another server \
         than AWS's (Storage.AWSS3.endpoint) must know them too.")
        .says(&["The provided token is malformed or otherwise invalid."])
        .from(ERRORS),
    row("s3-signature-differs", "SignatureDoesNotMatch", "", Misconfigured(PROXY),
        "what arrived at S3 is not what was signed",
        "Something on the way changes requests: a proxy, or what stands before another server than AWS's \
         (Storage.AWSS3.endpoint) and passes on another Host, path, query or header. Have it let them through as they are, \
         Host and port included.")
        .says(&[
            "The request signature we calculated does not match the signature you provided. Check your key and signing \
                 method.",
        ])
        .from("IAM user guide, Troubleshoot Signature Version 4 signing for AWS API requests; the sentence in boto/boto#2144"),
    row("s3-invalid-access-key", "InvalidAccessKeyId", "", Misconfigured("Storage.AWSS3.region"),
        "S3 in {bucket_region} does not know the AWS credentials, not even new ones",
        "Credentials of {region} work in its own partition (AWS, China or GovCloud). Another server than AWS's \
         (Storage.AWSS3.endpoint) must know them too.")
        .explained_by(explain::unknown_access_key)
        .says(&["The AWS Access Key Id you provided does not exist in our records."])
        .from(ERRORS),
];
