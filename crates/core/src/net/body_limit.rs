//! Bounds the answers of AWS calls that are read whole. The SDK reads such an answer into memory whatever its size.

use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextMut;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint;
use aws_smithy_types::body::SdkBody;
use http_body_util::Limited;

/// A page of a listing with a thousand of the longest keys takes about 4 MiB.
const LARGEST_ANSWER: usize = 16 * 1024 * 1024;

/// For operations without a streaming answer: a larger one is an error as soon as the limit is passed.
#[derive(Debug)]
pub(crate) struct LimitBody;

#[dyn_dispatch_hint]
impl Intercept for LimitBody {
    fn name(&self) -> &'static str {
        "LimitBody"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response_mut().body_mut();
        let unlimited = std::mem::replace(body, SdkBody::taken());
        *body = SdkBody::from_body_1_x(Limited::new(unlimited, LARGEST_ANSWER));
        Ok(())
    }
}
