//! The configuration: two JSON texts in, a checked object out, or everything that is wrong with them.

use std::sync::Arc;

/// A checked configuration. It holds nothing secret.
#[derive(Debug, uniffi::Object)]
pub struct JetbridgeConfig {
    pub(crate) inner: jetbridge::Config,
}

#[uniffi::export]
impl JetbridgeConfig {
    /// Checks the texts of `okta-config.json` and `aws-exports.json`. A release build takes https addresses only; a debug
    /// build also http on loopback, for the local stack.
    ///
    /// # Errors
    /// Every problem of both texts.
    #[uniffi::constructor]
    pub fn parse(okta_json: &str, aws_json: &str) -> Result<Arc<Self>, ConfigError> {
        let config = jetbridge::Config::parse(okta_json, aws_json)?;
        let inner = if cfg!(debug_assertions) { config } else { config.require_https()? };
        Ok(Arc::new(Self { inner }))
    }

    /// The configuration that `jetbridge local-stack --port` writes for this first port: a debug build of an app needs no
    /// files then. The stack has five ports in a row, of this device's loopback: Okta, Cognito, S3, STS, an API. Unlike the
    /// files, which are a desktop's, too, it has an address for the browser to come back to after a sign-out.
    ///
    /// # Errors
    /// Always in a release build, which takes https addresses only; for a port that is too high.
    #[uniffi::constructor]
    pub fn local_stack(port: u16) -> Result<Arc<Self>, ConfigError> {
        let origin = |nth| format!("http://127.0.0.1:{}", u32::from(port) + nth);
        let okta = format!(
            r#"{{
                "okta_issuer_url": "{}/oauth2/default",
                "okta_client_id": "0oa1jetbridgelocal5d",
                "okta_callback_url": "com.okta.local-jetbridge:/callback",
                "okta_logout_url": "com.okta.local-jetbridge:/logout",
                "okta_desktop_callback_url": "http://127.0.0.1:8765/callback"
            }}"#,
            origin(0)
        );
        let aws = format!(
            r#"{{
                "Auth": {{
                    "region": "us-west-2",
                    "identityPoolId": "us-west-2:6f2b4c1e-0d5a-4f27-9c83-1b7e5a90d3f4",
                    "identityPoolEndpoint": "{}"
                }},
                "Storage": {{
                    "AWSS3": {{ "region": "us-west-2", "bucket": "jetbridge-demo", "endpoint": "{}" }}
                }},
                "API": {{ "endpoints": [{{ "name": "JetbridgeApi", "endpoint": "{}", "region": "us-west-2" }}] }}
            }}"#,
            origin(1),
            origin(2),
            origin(4)
        );
        Self::parse(&okta, &aws)
    }

    /// The issuer, as written in the file.
    pub fn issuer_url(&self) -> String {
        self.inner.issuer_url().to_owned()
    }

    /// The client id of the Okta application.
    pub fn client_id(&self) -> String {
        self.inner.client_id().to_owned()
    }

    /// Where Okta sends a phone's browser after the sign-in.
    pub fn callback_url(&self) -> String {
        self.inner.callback_url().to_owned()
    }

    /// Where Okta sends a desktop's browser after the sign-in.
    pub fn desktop_callback_url(&self) -> String {
        self.inner.desktop_callback_url().to_owned()
    }

    /// Where Okta sends the browser after an end-session request, if one is registered.
    pub fn logout_url(&self) -> Option<String> {
        self.inner.logout_url().map(str::to_owned)
    }

    /// The scopes that are asked for.
    pub fn scopes(&self) -> Vec<String> {
        self.inner.scopes().to_vec()
    }

    /// The AWS region of the identity pool.
    pub fn region(&self) -> String {
        self.inner.region().to_owned()
    }

    /// The Cognito identity pool.
    pub fn identity_pool_id(&self) -> String {
        self.inner.identity_pool_id().to_owned()
    }

    /// The bucket to list.
    pub fn bucket(&self) -> String {
        self.inner.bucket().to_owned()
    }

    /// The AWS region of the bucket.
    pub fn bucket_region(&self) -> String {
        self.inner.bucket_region().to_owned()
    }

    /// An S3-compatible server in place of AWS.
    pub fn s3_endpoint(&self) -> Option<String> {
        self.inner.s3_endpoint().map(|endpoint| endpoint.as_str().trim_end_matches('/').to_owned())
    }

    /// Whether the bucket is named in the path of a URL instead of in its host.
    pub fn force_path_style(&self) -> bool {
        self.inner.force_path_style()
    }

    /// Where listings start, for users who may see only a part of the bucket.
    pub fn listing_prefix(&self) -> Option<String> {
        self.inner.listing_prefix().map(str::to_owned)
    }
}

/// A configuration that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum ConfigError {
    /// Everything that is wrong with it, at once.
    #[error("{}", describe_problems(problems))]
    Invalid {
        /// Okta's file first, in the order in which the keys are documented; never empty.
        problems: Vec<ConfigProblem>,
    },
}

#[uniffi::export]
impl ConfigError {
    /// All problems as lines of text that fit a terminal.
    pub fn describe(&self) -> String {
        self.to_string()
    }
}

fn describe_problems(problems: &[ConfigProblem]) -> String {
    jetbridge::ConfigError { problems: problems.iter().cloned().map(Into::into).collect() }.to_string()
}

impl From<jetbridge::ConfigError> for ConfigError {
    fn from(error: jetbridge::ConfigError) -> Self {
        Self::Invalid { problems: error.problems.into_iter().map(Into::into).collect() }
    }
}

/// One thing that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ConfigProblem {
    /// The file.
    pub file: String,
    /// The key with its parents (`Storage.AWSS3.bucket`); empty when the file as a whole is meant.
    pub key: String,
    /// What is wrong, as the rest of a sentence: "is missing".
    pub problem: String,
    /// What would be right, with an example or the exact fix.
    pub expectation: String,
}

impl From<jetbridge::ConfigProblem> for ConfigProblem {
    fn from(problem: jetbridge::ConfigProblem) -> Self {
        let jetbridge::ConfigProblem { file, key, problem, expectation } = problem;
        Self { file, key, problem, expectation }
    }
}

impl From<ConfigProblem> for jetbridge::ConfigProblem {
    fn from(problem: ConfigProblem) -> Self {
        let ConfigProblem { file, key, problem, expectation } = problem;
        Self { file, key, problem, expectation }
    }
}
