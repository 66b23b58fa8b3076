//! AWS calls with the session's credentials: the SDK's configuration, and S3 listings.

pub(crate) mod api;
pub(crate) mod checksums;
pub(crate) mod copying;
pub(crate) mod deleting;
pub(crate) mod digests;
pub(crate) mod endpoints;
pub(crate) mod object_headers;
pub(crate) mod objects;
pub(crate) mod presigning;
pub(crate) mod reading;
pub(crate) mod s3;
pub(crate) mod sdk_config;
pub(crate) mod writing;
