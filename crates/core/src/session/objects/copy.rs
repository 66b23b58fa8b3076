//! Objects that are copied within S3.

use super::put::uploaded;
use super::{Objects, Place};
use crate::aws::copying;
use crate::aws::object_headers::{check_headers, check_write_conditions};
use crate::aws::objects::{CopyObject, UploadedObject};
use crate::diagnosis::Permission;
use crate::error::SessionError;
use crate::session::signed_call::send_signed;

impl Objects {
    pub(in crate::session) async fn copy(&self, request: CopyObject) -> Result<UploadedObject, SessionError> {
        if let Some(headers) = &request.headers {
            check_headers(headers)?;
        }
        check_write_conditions(&request.target_conditions)?;
        let Place { target: source, evidence } = self.find(request.source.clone(), "s3:GetObject")?;
        let Place { target, .. } = self.find(request.target.clone(), "s3:PutObject")?;
        let writing = Permission::on_object("s3:PutObject", &target.bucket, &target.key);
        let evidence = evidence.for_permission(writing).for_bucket(&target.bucket);
        let ask = |credentials| {
            let (places, request) = ((&source, &target), &request);
            async move { copying::copy_object(&credentials, places, request).await }
        };
        let written = send_signed(&self.credentials, &evidence, ask).await?;
        Ok(uploaded(&target, 0, written))
    }
}
