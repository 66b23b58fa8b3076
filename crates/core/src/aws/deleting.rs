//! Single calls of S3 that delete objects.

use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextMut;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::operation::delete_object::DeleteObjectError;
use aws_sdk_s3::operation::delete_objects::DeleteObjectsError;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint;
use aws_smithy_types::retry::RetryConfig;
use http::{HeaderName, HeaderValue};

use super::digests::Digests;
use super::reading::{Target, is_header_of_s3};
use super::s3::{begin, for_call};
use crate::cognito::AwsCredentials;
use crate::diagnosis::{AwsFailure, Refusal, UnusableAnswer, sort_sdk_error};
use crate::error::Service;
use crate::net::document::Document;
use crate::net::whole_answer::WholeAnswer;

const NOTHING: WholeAnswer = WholeAnswer(Document::Nothing);
const DELETED: WholeAnswer = WholeAnswer(Document::Xml { root: "DeleteResult" });
const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");
/// "You can delete up to 1,000 objects" in one request (S3 API reference, DeleteObjects).
pub(crate) const MOST_AT_ONCE: usize = 1000;

/// Refuses what anybody could have said: S3 answers "HTTP/1.1 204" (S3 API reference, DeleteObject), and servers like it that
/// say 200 sign that with a header of theirs.
#[derive(Debug, Clone, Copy)]
struct Deleted;

#[dyn_dispatch_hint]
impl Intercept for Deleted {
    fn name(&self) -> &'static str {
        "Deleted"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let answer = context.response();
        let is_signed = answer.headers().iter().any(|(name, _)| is_header_of_s3(name));
        match answer.status().as_u16() {
            204 => Ok(()),
            200 if is_signed => Ok(()),
            200..300 => Err(UnusableAnswer::Foreign.into()),
            _ => Ok(()),
        }
    }
}

/// Deletes one object, if it is still the one with this entity tag. Not sent again here: whoever does has to know that it was.
pub(crate) async fn delete_object(
    target: &Target,
    credentials: &AwsCredentials,
    if_match: Option<&str>,
) -> Result<(), AwsFailure> {
    let output = begin(|| {
        target
            .client
            .delete_object()
            .bucket(&target.bucket)
            .key(&target.key)
            .set_request_payer(target.payer())
            .set_if_match(if_match.map(str::to_owned))
            .customize()
            .config_override(
                for_call::<DeleteObjectError>(credentials)
                    .interceptor(NOTHING)
                    .interceptor(Deleted)
                    .retry_config(RetryConfig::disabled()),
            )
            .send()
    })
    .await;
    output.map(|_| ()).map_err(|error| sort_sdk_error(Service::S3, "deleting", &error))
}

/// Deletes up to a thousand objects; gives those that could not be, and what S3 said.
pub(crate) async fn delete_objects(
    target: &Target,
    credentials: &AwsCredentials,
    keys: &[String],
    is_like_s3: bool,
) -> Result<Vec<(String, Refusal)>, AwsFailure> {
    let unbuilt = |_| AwsFailure::Unanswered(crate::error::SessionError::internal("a request without a key"));
    let objects: Result<Vec<_>, _> = keys.iter().map(|key| ObjectIdentifier::builder().key(key).build()).collect();
    let delete = Delete::builder().set_objects(Some(objects.map_err(unbuilt)?)).quiet(true).build().map_err(unbuilt)?;
    let output = begin(|| {
        target
            .client
            .delete_objects()
            .bucket(&target.bucket)
            .set_request_payer(target.payer())
            .delete(delete)
            .customize()
            .mutate_request(move |request| {
                // S3 takes the checksum that the SDK sends; servers like it may know nothing but this.
                let md5 = request.body().bytes().filter(|_| is_like_s3).and_then(|body| Digests::of(body, true).md5);
                if let Some(md5) = md5.and_then(|md5| HeaderValue::try_from(md5).ok()) {
                    request.headers_mut().insert(CONTENT_MD5, md5);
                }
            })
            .config_override(for_call::<DeleteObjectsError>(credentials).interceptor(DELETED).retry_classifier(DELETED))
            .send()
    })
    .await
    .map_err(|error| sort_sdk_error(Service::S3, "deleting", &error))?;
    let failed = output.errors().iter().map(|error| {
        let (code, words) = (error.code().unwrap_or("InternalError"), error.message().unwrap_or_default());
        (error.key().unwrap_or_default().to_owned(), Refusal::new(Service::S3, code, words))
    });
    Ok(failed.collect())
}

/// Whether a document of XML 1.0 can name it (§2.2): what names several objects is one, a path can name all.
pub(crate) fn fits_in_xml(key: &str) -> bool {
    key.chars()
        .all(|c| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_xml_cannot_carry_are_known() {
        for (key, fits) in
            [("a b/é€🦀\n\t", true), ("a\u{1}", false), ("\u{b}", false), ("\u{fffe}", false), ("", true)]
        {
            assert_eq!(fits_in_xml(key), fits, "{key:?}");
        }
    }
}
