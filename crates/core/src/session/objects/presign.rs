//! URLs that do one thing for whoever has them.

use std::time::Duration;

use super::{Objects, Place};
use crate::aws::object_headers::refuse;
use crate::aws::objects::{PresignObject, PresignedMethod, PresignedUrl};
use crate::aws::presigning::presign;
use crate::error::SessionError;
use crate::life::UsedBy;

const USUAL: Duration = Duration::from_secs(15 * 60);
/// "The maximum expiration time … is 7 days" (Amazon S3 user guide, "Download and upload objects with presigned URLs").
const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);

impl Objects {
    pub(in crate::session) async fn presign(&self, request: PresignObject) -> Result<PresignedUrl, SessionError> {
        let wanted = request.lasts.unwrap_or(USUAL);
        if !(Duration::from_secs(1)..=LONGEST).contains(&wanted) {
            return Err(refuse(
                "lasts".to_owned(),
                &format!("{} s is not between one second and seven days", wanted.as_secs()),
                "S3 takes no other.",
            ));
        }
        check(&request)?;
        let action = match request.method {
            PresignedMethod::Get => "s3:GetObject",
            PresignedMethod::Put => "s3:PutObject",
        };
        let Place { target, .. } = self.find(request.object.clone(), action)?;
        // They go out of this session's hands, as when another tool takes them.
        let credentials = self.credentials.credentials(UsedBy::AnotherTool).await?;
        let clock = target.client.config().time_source();
        let now = clock.ok_or_else(|| SessionError::internal("the client has no clock"))?.now();
        presign(&credentials, &target, &request, (now, wanted)).await
    }
}

fn check(request: &PresignObject) -> Result<(), SessionError> {
    let headers = crate::aws::objects::ObjectHeaders {
        content_type: request.content_type.clone(),
        ..crate::aws::objects::ObjectHeaders::default()
    };
    crate::aws::object_headers::check_headers(&headers)?;
    let problem = match request.method {
        PresignedMethod::Get if request.content_type.is_some() => "a content type is sent with Put alone",
        PresignedMethod::Put if request.file_name.is_some() => "a file name is answered with Get alone",
        _ => return Ok(()),
    };
    Err(refuse("method".to_owned(), problem, "Leave it out, or presign the other method."))
}
