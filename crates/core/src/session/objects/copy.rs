//! Objects that are copied within S3.

use super::put::uploaded;
use super::{Objects, Place};
use crate::aws::copying;
use crate::aws::object_headers::{check_headers, check_write_conditions};
use crate::aws::objects::{Conditions, CopyObject, UploadedObject};
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
        let Place { target, evidence: of_target } = self.find(request.target.clone(), "s3:PutObject")?;
        let writing = Permission::on_object("s3:PutObject", &target.bucket, &target.key);
        let evidence = evidence.for_permission(writing).for_bucket(&target.bucket);
        let ask = |credentials| {
            let (places, request, of_target) = ((&source, &target), &request, &of_target);
            async move {
                copying::copy_object(&credentials, places, request).await.map_err(|failure| {
                    let is_of_target =
                        failure.unmet_condition().is_some_and(|condition| is_of_target(condition, request));
                    if is_of_target { failure.into_session_error(of_target).into() } else { failure }
                })
            }
        };
        let written = send_signed(&self.credentials, &evidence, ask).await?;
        Ok(uploaded(&target, 0, written))
    }
}

/// Whether the condition is one of the target: those of the source have names of their own (`x-amz-copy-source-if-match` …, S3 API
/// reference, CopyObject). Where the answer names none, there is one side that has any, or both may be meant.
fn is_of_target(condition: &str, request: &CopyObject) -> bool {
    if condition.is_empty() {
        return request.source_conditions == Conditions::default();
    }
    !condition.to_ascii_lowercase().starts_with("x-amz-copy-source-")
}
