//! Which of S3's own errors can be asked for, and of which operations: each is told only to requests that can meet it.

use http::StatusCode;

use super::error::Refusal;
use crate::faults::{Fault, Faults};

/// What reads an object's bytes or facts.
const READING: &[&str] = &["GetObject", "HeadObject"];
const WRITING: &[&str] = &["PutObject", "UploadPart", "CreateMultipartUpload"];
const BYTES: &[&str] = &["PutObject", "UploadPart"];
const PARTS: &[&str] = &["UploadPart", "CompleteMultipartUpload", "AbortMultipartUpload", "ListParts"];
const COMPLETING: &[&str] = &["CompleteMultipartUpload"];
const ANY: &[&str] = &[];

const FAULTS: &[(Fault, &[&str])] = &[
    (Fault::S3SlowDown, ANY),
    (Fault::S3UnknownAccessKey, ANY),
    (Fault::S3SignatureMismatch, ANY),
    (Fault::S3TokenRefreshRequired, ANY),
    (Fault::S3InternalError, ANY),
    (Fault::S3Unavailable, ANY),
    (Fault::S3RequestTimeout, ANY),
    (Fault::S3TimeSkewed, ANY),
    (Fault::S3OperationAborted, ANY),
    (Fault::S3IllegalLocation, ANY),
    (Fault::S3ConditionalConflict, &["PutObject", "CompleteMultipartUpload", "DeleteObject", "CopyObject"]),
    (Fault::S3BadDigest, BYTES),
    (Fault::S3IncompleteBody, BYTES),
    (Fault::S3EntityTooLarge, BYTES),
    (Fault::S3MetadataTooLarge, WRITING),
    (Fault::S3EntityTooSmall, COMPLETING),
    (Fault::S3InvalidPart, COMPLETING),
    (Fault::S3NoSuchUpload, PARTS),
    (Fault::S3CopySourceTooLarge, &["CopyObject"]),
    (Fault::S3ObjectArchived, READING),
    (Fault::S3KmsKeyDisabled, READING),
    (Fault::S3KmsKeyPendingDeletion, READING),
    (Fault::S3KmsKeyMissing, READING),
];

/// The error that somebody asked for, if it is one of this operation, or what follows from too many requests at a time.
pub(super) fn find(faults: &Faults, operation: &str, is_crowded: bool) -> Option<Refusal> {
    let concerns = |operations: &[&str]| operations.is_empty() || operations.contains(&operation);
    let is_on = |fault| faults.take(fault) || is_crowded && fault == Fault::S3SlowDown;
    let (fault, _) = FAULTS.iter().find(|(fault, operations)| concerns(operations) && is_on(*fault))?;
    let answer = fault.answer()?;
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let refusal = Refusal::new(status, answer.code, answer.message);
    Some(match fault {
        // A member of the error in botocore's model.
        Fault::S3ObjectArchived => refusal.with("StorageClass", "GLACIER"),
        _ => refusal,
    })
}
