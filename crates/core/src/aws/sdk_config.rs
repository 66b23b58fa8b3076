//! The configuration for any crate of the AWS SDK: this session's credentials, HTTP client, clock and endpoints. It is
//! built by hand, never loaded: on a phone or in a script, `AWS_*` variables and profiles must not slip in.

use aws_config::SdkConfig;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_s3::config::{BehaviorVersion, IdentityCache, Region};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use std::time::Duration;
use url::Url;

use super::endpoints::bare;
use crate::clock::CorrectedClock;
use crate::config::Config;
use crate::net::http::Http;

/// A whole attempt, connection included; listings of slow links fit in.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(60);

/// For calls that need no credentials (Cognito's are public).
pub(crate) fn unsigned(region: &str, endpoint: Option<&Url>, http: &Http, clock: &CorrectedClock) -> SdkConfig {
    let mut builder = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .http_client(http.clone())
        .time_source(clock.clone())
        // This clock is corrected by the same answers: the SDK's own correction would come on top.
        .disable_clock_skew_correction(true)
        .sleep_impl(TokioSleep::new())
        .retry_config(RetryConfig::standard())
        .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).build())
        // The session keeps the credentials and knows when to renew them; a second cache would serve refused ones.
        .identity_cache(IdentityCache::no_cache());
    builder.set_endpoint_url(endpoint.map(bare));
    builder.build()
}

/// For calls signed with the session's credentials.
pub(crate) fn signed(
    config: &Config,
    credentials: impl ProvideCredentials + 'static,
    http: &Http,
    clock: &CorrectedClock,
) -> SdkConfig {
    unsigned(config.region(), config.services_endpoint(), http, clock)
        .into_builder()
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}
