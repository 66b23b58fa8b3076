//! What a client uploads: taken in, verified to the last byte, and handed to the operation that stores it.

use super::body::Blob;
use super::checksum::Checksum;

/// The verified body of a PutObject or UploadPart, in the extensions of the request that `s3s` gets. The body of that
/// request is then empty.
#[derive(Debug, Clone)]
pub(super) struct Upload {
    pub blob: Blob,
    /// Of the content: its ETag, in hexadecimal, if it is stored as it is.
    pub md5: [u8; 16],
    /// What the client gave, in a header or in a trailer. It is right.
    pub checksum: Option<Checksum>,
    /// Of the content, always: S3 computes it "if you don't specify a checksum" (user guide, "Checking object integrity
    /// for data uploads in Amazon S3").
    pub crc64nvme: Checksum,
}
