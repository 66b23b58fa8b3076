//! What a user tells Jetbridge about their Okta application and AWS account, read from two JSON files.
//!
//! Configuration mistakes are the most common reason why a first sign-in fails, and they fail late and far from their
//! cause. So everything that can be known without the network is checked here, and all mistakes are told at once, each
//! with file, key and what the value should look like. A [`Config`] that exists is a valid one.

mod api;
mod aws_exports;
mod document;
mod logins_key;
mod okta;
mod problem;
mod section;
mod shape;
mod source;
#[cfg(test)]
mod tests;
mod validate;

use std::fmt;
use std::path::Path;

use sha2::{Digest, Sha256};
use url::Url;

pub use api::ApiEndpoint;
pub use problem::{ConfigError, ConfigProblem};
pub use source::{AWS_FILE, OKTA_FILE};

use aws_exports::AwsSettings;
pub(crate) use logins_key::logins_key;
use okta::OktaSettings;

use crate::loopback::is_loopback;

/// Whether it is a directory bucket by its name, or an access point of one (Amazon S3 user guide, "Directory bucket naming rules",
/// "Access points for directory buckets naming rules").
pub(crate) fn is_directory_bucket(name: &str) -> bool {
    name.ends_with("--x-s3") || name.ends_with("--xa-s3")
}

/// What is wrong with the name of a bucket, if S3 could never have it.
pub(crate) fn check_bucket(name: &str) -> Result<(), String> {
    validate::bucket(name).map(drop).map_err(validate::Fault::into_text)
}

/// The same of the name of a service in signatures.
pub(crate) fn check_service(name: &str) -> Result<String, String> {
    validate::service(name).map_err(validate::Fault::into_text)
}

/// Whether the host is one of Okta's own domains.
pub(crate) fn is_okta_domain(host: &str) -> bool {
    validate::is_okta_domain(host)
}

/// The same of a region.
pub(crate) fn check_region(name: &str) -> Result<String, String> {
    validate::region(name).map_err(validate::Fault::into_text)
}

/// A checked configuration. It holds nothing secret: a native app is a public client and has no client secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    okta: OktaSettings,
    aws: AwsSettings,
}

impl Config {
    /// Reads `okta-config.json` and `aws-exports.json` in `dir`.
    ///
    /// # Errors
    /// Every problem of both files: missing, unreadable, larger than 1 MiB, not UTF-8, not JSON, or a wrong value.
    pub fn load(dir: &Path) -> Result<Self, ConfigError> {
        source::check_directory(dir)?;
        let okta_path = dir.join(OKTA_FILE);
        let aws_path = dir.join(AWS_FILE);
        Self::from_sources(
            (&okta_path.display().to_string(), source::read_text(&okta_path)),
            (&aws_path.display().to_string(), source::read_text(&aws_path)),
        )
    }

    /// Checks a configuration that is already in memory, such as the files in an app's bundle. Problems name the files
    /// as [`OKTA_FILE`] and [`AWS_FILE`].
    ///
    /// # Errors
    /// Every problem of both texts.
    pub fn parse(okta_json: &str, aws_json: &str) -> Result<Self, ConfigError> {
        Self::from_sources((OKTA_FILE, Ok(okta_json.to_owned())), (AWS_FILE, Ok(aws_json.to_owned())))
    }

    /// The same configuration if nothing in it is plain http, not even on loopback: for what is shipped to users. On a phone
    /// any other app can listen there.
    ///
    /// # Errors
    /// Every http address in it.
    pub fn require_https(self) -> Result<Self, ConfigError> {
        let issuer = Url::parse(&self.okta.issuer_url).ok();
        let places = [
            (OKTA_FILE, "okta_issuer_url".to_owned(), issuer.as_ref()),
            (AWS_FILE, "Auth.identityPoolEndpoint".to_owned(), self.aws.identity_pool_endpoint.as_ref()),
            (AWS_FILE, "Storage.AWSS3.endpoint".to_owned(), self.aws.s3_endpoint.as_ref()),
            (AWS_FILE, "Services.endpoint".to_owned(), self.aws.services_endpoint.as_ref()),
        ];
        let apis = self.aws.api_endpoints.iter().enumerate();
        let apis = apis.map(|(index, api)| (AWS_FILE, format!("API.endpoints[{index}].endpoint"), Some(&api.url)));
        let in_the_clear =
            places.into_iter().chain(apis).filter(|(_, _, url)| url.is_some_and(|url| url.scheme() != "https"));
        let problems: Vec<_> = in_the_clear
            .map(|(file, key, _)| ConfigProblem {
                file: file.to_owned(),
                key,
                problem: "is plain http, which a release build does not speak".to_owned(),
                expectation: "an https URL; the local stack is for debug builds".to_owned(),
            })
            .collect();
        if problems.is_empty() { Ok(self) } else { Err(ConfigError { problems }) }
    }

    fn from_sources(okta: (&str, source::Text), aws: (&str, source::Text)) -> Result<Self, ConfigError> {
        let mut problems = Vec::new();
        let okta_document = source::parse_object(okta.0, okta.1, &mut problems);
        let aws_document = source::parse_object(aws.0, aws.1, &mut problems);
        let in_place =
            shape::keep_in_place((okta.0, okta_document.as_ref()), (aws.0, aws_document.as_ref()), &mut problems);
        let okta = in_place.0.and_then(|document| OktaSettings::read(okta.0, document, &mut problems));
        let aws = in_place.1.and_then(|document| AwsSettings::read(aws.0, document, &mut problems));
        match (okta, aws) {
            (Some(okta), Some(aws)) if problems.is_empty() => Ok(Self { okta, aws }),
            _ => Err(ConfigError { problems }),
        }
    }

    /// The issuer, byte for byte as written in the file: OpenID Connect compares it as a string (Core 1.0 §3.1.3.7).
    /// It is https, or http on loopback, without query, fragment and user information; a slash at its end is kept.
    pub fn issuer_url(&self) -> &str {
        &self.okta.issuer_url
    }

    /// The client id of the Okta application, also the audience of its ID tokens.
    pub fn client_id(&self) -> &str {
        &self.okta.client_id
    }

    /// Where Okta sends a phone's browser after the sign-in; as written, because Okta compares it exactly.
    pub fn callback_url(&self) -> &str {
        &self.okta.callback_url
    }

    /// Where Okta sends a desktop's browser after the sign-in: http on a loopback address literal with a port
    /// (RFC 8252 §7.3).
    pub fn desktop_callback_url(&self) -> &str {
        &self.okta.desktop_callback_url
    }

    /// The scopes to ask for, without duplicates, in the file's order; `openid` is among them.
    pub fn scopes(&self) -> &[String] {
        &self.okta.scopes
    }

    /// Where Okta sends the browser after an end-session request, if one is registered.
    pub fn logout_url(&self) -> Option<&str> {
        self.okta.logout_url.as_deref()
    }

    /// Whether authorization requests are pushed to the server first (RFC 9126), even if it does not demand it.
    pub fn pushes_authorization_requests(&self) -> bool {
        self.okta.pushes_authorization_requests
    }

    /// The AWS region of the identity pool.
    pub fn region(&self) -> &str {
        &self.aws.region
    }

    /// The Cognito identity pool, `REGION:GUID`; its region equals [`region`](Self::region).
    pub fn identity_pool_id(&self) -> &str {
        &self.aws.identity_pool_id
    }

    /// Another Cognito identity endpoint than the region's own: https, or http on loopback, without a path.
    pub fn identity_pool_endpoint(&self) -> Option<&Url> {
        self.aws.identity_pool_endpoint.as_ref()
    }

    /// The AWS region of the bucket.
    pub fn bucket_region(&self) -> &str {
        &self.aws.bucket_region
    }

    /// The bucket to list: its name, or the ARN of an access point.
    pub fn bucket(&self) -> &str {
        &self.aws.bucket
    }

    /// An S3-compatible server to use in place of AWS: https, or http on loopback, without a path.
    pub fn s3_endpoint(&self) -> Option<&Url> {
        self.aws.s3_endpoint.as_ref()
    }

    /// Where every AWS service is that has no endpoint of its own here, in place of AWS: https, or http on loopback, without
    /// a path. Where identity pool and bucket are both on this machine, nothing is AWS's, and without such a key it is the
    /// identity pool's: keys of a stand-in are no business of AWS, and a call for the stand-in none of a real account.
    pub fn services_endpoint(&self) -> Option<&Url> {
        let is_here = |endpoint: &Option<Url>| endpoint.as_ref().is_some_and(is_loopback);
        let stand_in = self.aws.identity_pool_endpoint.as_ref();
        let stand_in = stand_in.filter(|pool| is_loopback(pool) && is_here(&self.aws.s3_endpoint));
        self.aws.services_endpoint.as_ref().or(stand_in)
    }

    /// Where listings start, for users who may see only a part of the bucket.
    pub fn listing_prefix(&self) -> Option<&str> {
        self.aws.listing_prefix.as_deref()
    }

    /// Whether a bucket is named in the path of a URL instead of in its host: the servers that stand in for S3 do it so.
    pub fn force_path_style(&self) -> bool {
        self.aws.force_path_style.unwrap_or(self.aws.s3_endpoint.is_some())
    }

    /// The APIs that requests may be signed for ([`Session::call_api`](crate::Session::call_api)), in the file's order.
    pub fn api_endpoints(&self) -> &[ApiEndpoint] {
        &self.aws.api_endpoints
    }

    /// What a stored session belongs to: the same issuer, client, identity pool and receivers of the ID token give the same
    /// fingerprint. Servers that only get signatures are no part of it: a signature names its own host.
    pub fn fingerprint(&self) -> Fingerprint {
        let endpoint = self.identity_pool_endpoint().map(|endpoint| endpoint.origin().ascii_serialization());
        Fingerprint::of([self.issuer_url(), self.client_id(), self.identity_pool_id()], endpoint.as_deref())
    }
}

/// Names one configuration: SHA-256 over issuer, client id, identity pool id and, if the configuration names one,
/// `Auth.identityPoolEndpoint`. It prints as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Of issuer, client and pool, and the origin that is Cognito's if it is not AWS's own.
    pub(crate) fn of(parts: [&str; 3], identity_pool_endpoint: Option<&str>) -> Self {
        let mut hash = Sha256::new();
        let mut add = |part: &str| {
            // The length goes first, so that no other split of the same characters gives the same digest.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        };
        parts.into_iter().for_each(&mut add);
        // Nothing for Cognito itself: sessions without such a key are found where they always were.
        if let Some(endpoint) = identity_pool_endpoint {
            add("Auth.identityPoolEndpoint");
            add(endpoint);
        }
        Self(hash.finalize().into())
    }

    /// The first 16 hexadecimal digits, enough to keep the configurations of one machine apart in file names.
    pub fn short(&self) -> String {
        self.to_string().chars().take(16).collect()
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}
