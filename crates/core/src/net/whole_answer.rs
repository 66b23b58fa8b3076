//! Gives the AWS SDK answers that are whole, or none: read to their end, no larger than a limit, and a document that is
//! complete by itself. What HTTP says of the length is not enough: HTTP/1.0 need say nothing, and whoever cuts a document
//! off may announce the length of what is left.

use std::borrow::Cow;
use std::error::Error as _;

use aws_sdk_s3::config::interceptors::{BeforeDeserializationInterceptorContextMut, InterceptorContext};
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use aws_smithy_types::body::SdkBody;
use futures_util::stream;
use http_body::Frame;
use http_body_util::{BodyExt as _, Limited, StreamBody};

use super::document::Document;
use crate::diagnosis::{UnusableAnswer, is_out_of_order, is_taken_without_words};

/// A page of a listing with a thousand of the longest keys takes about 4 MiB.
const LARGEST_ANSWER: usize = 16 * 1024 * 1024;

/// For operations that answer with a document: as their interceptor, and as a classifier of retries.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WholeAnswer(pub Document);

#[dyn_dispatch_hint]
impl Intercept for WholeAnswer {
    fn name(&self) -> &'static str {
        "WholeAnswer"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response_mut();
        let document = self.0;
        let is_refusal = !response.status().is_success();
        let counts_anyway = is_refusal && is_taken_without_words(document.service(), response);
        // S3 refuses a HEAD so, and servers like it also others; no redirect is without a document.
        // But for 304, which never has one (RFC 9110 §15.4.5).
        let status = response.status().as_u16();
        // What other services say in XML is none of Cognito's, though they sign with an id of the same name.
        let may_be_foreign = counts_anyway && (is_out_of_order(status) || document != Document::Json);
        let is_redirect = status != 304 && (300..400).contains(&status);
        let may_be_empty = matches!(document, Document::Xml { .. } | Document::Nothing) && !is_redirect;
        let unread = std::mem::replace(response.body_mut(), SdkBody::taken());
        let reading = Limited::new(unread, LARGEST_ANSWER).collect();
        *response.body_mut() = SdkBody::from_body_1_x(StreamBody::new(stream::once(async move {
            let body = reading.await?.to_bytes();
            let rewritten = match document.read(&body) {
                Ok(_) if is_redirect && body.is_empty() && !counts_anyway => {
                    return Err(BoxError::from(UnusableAnswer::Foreign));
                }
                Ok(Cow::Owned(rewritten)) => Some(rewritten),
                Ok(Cow::Borrowed(_)) => None,
                Err(UnusableAnswer::Foreign) if may_be_foreign => None,
                Err(_) if is_refusal && body.is_empty() && (counts_anyway || may_be_empty) => None,
                Err(_) if is_refusal && body.is_empty() => return Err(BoxError::from(UnusableAnswer::Foreign)),
                Err(unusable) => return Err(BoxError::from(unusable)),
            };
            Ok(Frame::data(rewritten.map_or(body, Into::into)))
        })));
        Ok(())
    }
}

impl ClassifyRetry for WholeAnswer {
    /// The SDK repeats whatever it could not read. A page of somebody else would come again.
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let error = context.output_or_error().and_then(|outcome| outcome.err()).and_then(|error| error.source());
        match error.and_then(<dyn std::error::Error>::downcast_ref) {
            Some(UnusableAnswer::Foreign) => RetryAction::RetryForbidden,
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "WholeAnswer"
    }
}

/// For operations that stream an object's bytes: only their refusals are documents. Where the bytes end is for their reader to
/// look at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WholeRefusal;

const REFUSAL: WholeAnswer = WholeAnswer(Document::Xml { root: "Error" });

#[dyn_dispatch_hint]
impl Intercept for WholeRefusal {
    fn name(&self) -> &'static str {
        "WholeRefusal"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if context.response().status().is_success() {
            return Ok(());
        }
        REFUSAL.modify_before_deserialization(context, components, config)
    }
}
