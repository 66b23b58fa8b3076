//! Which refusals the AWS SDK sends again, beside those it knows by itself: what is told to the app as passing is tried
//! again first, and nothing else is.

use std::error::Error;
use std::marker::PhantomData;
use std::time::Duration;

use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::ErrorKind;

use super::answer::Passing;
use super::sdk::requested_wait;

/// However long a service asks us to wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// For the refusals of an operation whose error is `E`.
#[derive(Debug)]
pub(crate) struct PassingFaults<E>(PhantomData<E>);

impl<E> PassingFaults<E> {
    pub(crate) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<E> ClassifyRetry for PassingFaults<E>
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(Err(error)) = context.output_or_error() else { return RetryAction::NoActionIndicated };
        let refusal = error.as_operation_error().and_then(|error| error.downcast_ref::<E>());
        let code = refusal.and_then(ProvideErrorMetadata::code).unwrap_or_default();
        let status = context.response().map(|response| response.status().as_u16());
        // A redirect without a word of the service is not the service's: nothing is sent there once more.
        if code.is_empty() && status.is_some_and(|status| (300..400).contains(&status)) {
            return RetryAction::NoActionIndicated;
        }
        // A longer one is for the app to decide: the SDK's own waits are shorter.
        let wait = context.response().and_then(requested_wait).filter(|wait| *wait <= LONGEST_WAIT);
        match (Passing::of(code, status), wait) {
            (Some(Passing::Throttled), Some(wait)) => {
                RetryAction::retryable_error_with_explicit_delay(ErrorKind::ThrottlingError, wait)
            }
            (Some(Passing::Unavailable), Some(wait)) => {
                RetryAction::retryable_error_with_explicit_delay(ErrorKind::TransientError, wait)
            }
            (Some(Passing::Throttled), None) => RetryAction::throttling_error(),
            (Some(Passing::Unavailable), None) => RetryAction::transient_error(),
            // The SDK takes it for a throttle.
            (None, _) if code == "LimitExceededException" => RetryAction::RetryForbidden,
            (None, _) => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "Jetbridge's passing faults"
    }
}
