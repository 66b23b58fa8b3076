//! What AWS's SDKs and tools find in their environment, so that they act as the session's user and as nobody else.
//!
//! They ask one source after the other and take the first that has something (AWS SDKs and Tools Reference Guide,
//! "Understand the credential provider chain"): keys in variables, a web identity's token, the profiles, a container's
//! endpoint, the machine's own role. The order differs: Java asks for a web identity before the profiles, Rust and Kotlin
//! after them, .NET (V3) for keys in variables only then, too. So whatever is not meant is taken away, wherever it comes.

use jetbridge::Config;

/// Where a tool is to get the credentials.
pub(crate) enum Source<'a> {
    /// From a configuration file with a `credential_process`. It is the credentials file as well, for those who read no other.
    Process { config_file: &'a str },
    /// From a container's endpoint, which comes after the profiles: so there are none.
    Endpoint { uri: &'a str, token_file: &'a str },
}

/// The variables of somebody else: each makes some tool act as another user, or look for credentials elsewhere.
const OF_OTHERS: [&str; 28] = [
    // "AWS access keys" of the guide above, and the names that single SDKs know: botocore 1.43 `EnvProvider`, aws-sdk-go-v2
    // `config/env_config.go`, aws-sdk-ruby `credential_provider_chain.rb`.
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_ACCOUNT_ID",
    "AWS_ACCESS_KEY",
    "AWS_SECRET_KEY",
    "AMAZON_ACCESS_KEY_ID",
    "AMAZON_SECRET_ACCESS_KEY",
    "AMAZON_SESSION_TOKEN",
    // Bedrock's API keys go before any signature (botocore `get_token_from_environment`; Bedrock user guide, "Use an Amazon
    // Bedrock API key").
    "AWS_BEARER_TOKEN_BEDROCK",
    // "Assume role credential provider".
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    // Profiles, by both names (botocore `configprovider.py`), and the files of older tools (botocore `OriginalEC2Provider`;
    // Java's first SDK, from memory, not found). With the last one Ruby reads no configuration file.
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_CREDENTIAL_FILE",
    "AWS_CREDENTIAL_PROFILES_FILE",
    "BOTO_CONFIG",
    "AWS_SDK_CONFIG_OPT_OUT",
    // "Container credential provider"; Java has a variable for its host, too.
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_SERVICE_ENDPOINT",
];
/// A file with nothing in it.
const NOTHING: &str = if cfg!(windows) { "NUL" } else { "/dev/null" };

/// With this set, tools go to AWS whatever endpoints they are given.
pub(crate) const IGNORE_ENDPOINTS: &str = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS";

/// Where the configuration says that services are, if not at AWS (AWS SDKs and Tools Reference Guide, "Service-specific
/// endpoints": `AWS_ENDPOINT_URL` for all, `AWS_ENDPOINT_URL_<SERVICE>` before it). The AWS CLI knows these variables since
/// 1.29.0 and 2.13.0 (aws/aws-cli#3309), boto3 since 1.28 (from memory, not found). Older ones go to AWS, which does not know
/// a stand-in's keys.
pub(crate) fn endpoints(config: &Config) -> Vec<(&'static str, String)> {
    let endpoints = [
        ("AWS_ENDPOINT_URL", config.services_endpoint()),
        ("AWS_ENDPOINT_URL_S3", config.s3_endpoint()),
        ("AWS_ENDPOINT_URL_COGNITO_IDENTITY", config.identity_pool_endpoint()),
    ];
    let named = endpoints.into_iter().filter_map(|(name, endpoint)| Some((name, endpoint?)));
    named.map(|(name, endpoint)| (name, endpoint.as_str().trim_end_matches('/').to_owned())).collect()
}

/// The changes to make.
pub(crate) struct AwsEnvironment {
    set: Vec<(&'static str, String)>,
    unset: Vec<&'static str>,
}

impl AwsEnvironment {
    /// For a process that begins with the variables of this one. `ca_file` is trusted in place of what tools trust else.
    pub(crate) fn new(source: &Source<'_>, config: &Config, ca_file: Option<&str>) -> Self {
        let of_caller = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self::beside(of_caller, source, config, ca_file)
    }

    fn beside(
        of_caller: impl Fn(&str) -> Option<String>,
        source: &Source<'_>,
        config: &Config,
        ca_file: Option<&str>,
    ) -> Self {
        let mut set = match *source {
            Source::Process { config_file } => vec![
                ("AWS_CONFIG_FILE", config_file.to_owned()),
                ("AWS_SHARED_CREDENTIALS_FILE", config_file.to_owned()),
            ],
            Source::Endpoint { uri, token_file } => vec![
                ("AWS_CONFIG_FILE", NOTHING.to_owned()),
                ("AWS_SHARED_CREDENTIALS_FILE", NOTHING.to_owned()),
                ("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri.to_owned()),
                ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token_file.to_owned()),
            ],
        };
        // The first SDKs for Go and JavaScript read the configuration file only then.
        set.push(("AWS_SDK_LOAD_CONFIG", "1".to_owned()));
        // ~/.boto goes before a container's endpoint (botocore, `BotoProvider`).
        set.push(("BOTO_CONFIG", NOTHING.to_owned()));
        // Java goes on to the machine's role when a source before it fails (`AwsCredentialsProviderChain`).
        set.push(("AWS_EC2_METADATA_DISABLED", "true".to_owned()));
        // boto3 reads the second name only, others the first only: whoever set one of them meant both.
        let regions = ["AWS_REGION", "AWS_DEFAULT_REGION"];
        let region = regions.iter().find_map(|name| of_caller(name)).unwrap_or_else(|| config.region().to_owned());
        set.extend(regions.into_iter().filter(|name| of_caller(name).is_none()).map(|name| (name, region.clone())));
        let mut unset = OF_OTHERS.to_vec();
        let endpoints = endpoints(config);
        if !endpoints.is_empty() {
            unset.push(IGNORE_ENDPOINTS);
        }
        set.extend(endpoints);
        if let Some(ca_file) = ca_file {
            set.push(("AWS_CA_BUNDLE", ca_file.to_owned()));
        }
        unset.retain(|name| !set.iter().any(|(set, _)| set == name));
        Self { set, unset }
    }

    /// Names and values to set.
    pub(crate) fn set(&self) -> &[(&'static str, String)] {
        &self.set
    }

    /// Names that must not be set.
    pub(crate) fn unset(&self) -> &[&'static str] {
        &self.unset
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(own_endpoints: bool) -> Config {
        let okta = r#"{"okta_issuer_url":"https://dev-1.okta.com/oauth2/default","okta_client_id":"0oa1b2c3d4E5F6g7h8i9",
            "okta_callback_url":"com.okta.dev-1:/callback"}"#;
        let endpoint = if own_endpoints { r#","endpoint":"http://127.0.0.1:9000""# } else { "" };
        let aws = format!(
            r#"{{"Auth":{{"region":"us-west-2","identityPoolId":"us-west-2:6f2b4c1e-0d5a-4f27-9c83-1b7e5a90d3f4"}},
            "Storage":{{"AWSS3":{{"region":"eu-north-1","bucket":"my-bucket"{endpoint}}}}}}}"#
        );
        Config::parse(okta, &aws).unwrap()
    }

    fn environment(of_caller: &[(&str, &str)], own_endpoints: bool) -> AwsEnvironment {
        let of_caller =
            |wanted: &str| of_caller.iter().find(|(name, _)| *name == wanted).map(|(_, value)| (*value).to_owned());
        AwsEnvironment::beside(of_caller, &Source::Process { config_file: "/x" }, &config(own_endpoints), None)
    }

    fn value<'a>(environment: &'a AwsEnvironment, wanted: &str) -> Option<&'a str> {
        environment.set().iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.as_str())
    }

    #[test]
    fn the_pool_s_region_counts_unless_the_caller_has_named_one_by_either_name() {
        let regions = |of_caller| {
            let environment = environment(of_caller, false);
            ["AWS_REGION", "AWS_DEFAULT_REGION"].map(|name| value(&environment, name).map(str::to_owned))
        };
        let some = |region: &str| Some(region.to_owned());
        assert_eq!(regions(&[]), [some("us-west-2"), some("us-west-2")]);
        assert_eq!(regions(&[("AWS_REGION", "eu-west-1")]), [None, some("eu-west-1")]);
        assert_eq!(regions(&[("AWS_DEFAULT_REGION", "eu-west-1")]), [some("eu-west-1"), None]);
        assert_eq!(regions(&[("AWS_REGION", "a"), ("AWS_DEFAULT_REGION", "b")]), [None, None]);
    }

    #[test]
    fn where_the_configuration_is_a_stand_in_s_no_service_is_aws_s() {
        let okta =
            r#"{"okta_issuer_url":"http://127.0.0.1:4580","okta_client_id":"0oa1","okta_callback_url":"com.a:/b"}"#;
        let pool = "us-west-2:6f2b4c1e-0d5a-4f27-9c83-1b7e5a90d3f4";
        let aws = format!(
            r#"{{"Auth":{{"region":"us-west-2","identityPoolId":"{pool}","identityPoolEndpoint":"http://127.0.0.1:4581"}},
            "Storage":{{"AWSS3":{{"region":"us-west-2","bucket":"b-1","endpoint":"http://127.0.0.1:4582"}}}},
            "Services":{{"endpoint":"http://127.0.0.1:4583"}}}}"#
        );
        let config = Config::parse(okta, &aws).unwrap();
        let environment = AwsEnvironment::beside(|_| None, &Source::Process { config_file: "/x" }, &config, None);
        for (name, port) in [("AWS_ENDPOINT_URL", 4583), ("AWS_ENDPOINT_URL_S3", 4582)] {
            assert_eq!(value(&environment, name), Some(format!("http://127.0.0.1:{port}").as_str()));
        }
        assert!(environment.unset().contains(&IGNORE_ENDPOINTS));
    }

    #[test]
    fn endpoints_are_named_where_the_configuration_has_one_and_nothing_is_both_set_and_unset() {
        let (of_aws, own) = (environment(&[], false), environment(&[], true));
        assert_eq!(value(&of_aws, "AWS_ENDPOINT_URL_S3"), None);
        assert!(!of_aws.unset().contains(&"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"));
        assert_eq!(value(&own, "AWS_ENDPOINT_URL_S3"), Some("http://127.0.0.1:9000"));
        assert!(own.unset().contains(&"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"));
        for environment in [of_aws, own] {
            assert!(environment.unset().contains(&"AWS_ACCESS_KEY_ID"));
            assert!(environment.set().iter().all(|(name, _)| !environment.unset().contains(name)));
        }
    }
}
