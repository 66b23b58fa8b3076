//! The configuration for any crate of the AWS SDK: this session's credentials, HTTP client, clock and endpoints. It is
//! built by hand, never loaded: on a phone or in a script, `AWS_*` variables and profiles must not slip in.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_s3::config::IdentityCache;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use std::time::Duration;
use url::Url;

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
    builder.set_endpoint_url(endpoint.map(|url| url.as_str().trim_end_matches('/').to_owned()));
    builder.build()
}

/// For calls signed with the session's credentials.
pub(crate) fn signed(
    config: &Config,
    credentials: impl ProvideCredentials + 'static,
    http: &Http,
    clock: &CorrectedClock,
) -> SdkConfig {
    unsigned(config.region(), None, http, clock)
        .into_builder()
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}

/// Where Cognito's calls of this configuration go, to open a connection there beforehand.
pub(crate) fn cognito_host(config: &Config) -> Option<Url> {
    if let Some(endpoint) = config.identity_pool_endpoint() {
        return Some(endpoint.clone());
    }
    Url::parse(&format!("https://cognito-identity.{}", host_suffix(config.region()))).ok()
}

/// Where the bucket's calls go.
pub(crate) fn bucket_host(config: &Config) -> Option<Url> {
    if let Some(endpoint) = config.s3_endpoint() {
        return Some(endpoint.clone());
    }
    let suffix = host_suffix(config.bucket_region());
    // A dot in the name would not match the certificate of a virtual host; the SDK then puts the bucket in the path.
    let host =
        if config.bucket().contains('.') { format!("s3.{suffix}") } else { format!("{}.s3.{suffix}", config.bucket()) };
    Url::parse(&format!("https://{host}")).ok()
}

fn host_suffix(region: &str) -> String {
    let partition = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("{region}.{partition}")
}
