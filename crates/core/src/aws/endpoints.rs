//! Where AWS's services are, by the endpoint rules of the SDK: host names are never put together here, because partitions
//! (China, GovCloud, the European Sovereign Cloud …) have domains of their own.

use aws_sdk_cognitoidentity::config::endpoint as cognito;
use aws_sdk_s3::config::endpoint as s3;
use futures_util::FutureExt as _;
use url::Url;

use crate::config::Config;

/// Where Cognito's calls of this configuration go.
pub(crate) fn cognito_host(config: &Config) -> Option<Url> {
    config.identity_pool_endpoint().cloned().or_else(|| resolve_cognito(config.region()))
}

/// Where the bucket's calls go.
pub(crate) fn bucket_host(config: &Config) -> Option<Url> {
    resolve_bucket(config, config.bucket()).ok()
}

/// Where calls for `bucket` go, or in the SDK's words why there is no such place: the name of an access point (ARN) has
/// rules of its own.
pub(super) fn resolve_bucket(config: &Config, bucket: &str) -> Result<Url, String> {
    let params = s3::Params::builder()
        .region(config.bucket_region())
        .bucket(bucket)
        .set_endpoint(config.s3_endpoint().map(bare))
        .force_path_style(is_in_path(config, bucket))
        .build()
        .map_err(|error| error.to_string())?;
    let resolver = s3::DefaultResolver::new();
    // The rules ask nobody, so the answer is there at once.
    let endpoint = s3::ResolveEndpoint::resolve_endpoint(&resolver, &params).now_or_never();
    let endpoint = endpoint.ok_or("the endpoint rules did not answer")?.map_err(|error| error.to_string())?;
    Url::parse(endpoint.url()).map_err(|error| error.to_string())
}

/// Whether the bucket is named in the path instead of in the host name. Access points never are.
pub(super) fn is_in_path(config: &Config, bucket: &str) -> bool {
    config.force_path_style() && !bucket.starts_with("arn:")
}

/// An endpoint as the SDK takes it.
pub(super) fn bare(endpoint: &Url) -> String {
    endpoint.as_str().trim_end_matches('/').to_owned()
}

fn resolve_cognito(region: &str) -> Option<Url> {
    let params = cognito::Params::builder().region(region).build().ok()?;
    let resolver = cognito::DefaultResolver::new();
    let endpoint = cognito::ResolveEndpoint::resolve_endpoint(&resolver, &params).now_or_never()?.ok()?;
    Url::parse(endpoint.url()).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn config(region: &str, change: impl FnOnce(&mut Value)) -> Config {
        let okta = json!({
            "okta_issuer_url": "https://dev-1.okta.com/oauth2/default",
            "okta_client_id": "0oa1exampleclient5d7",
            "okta_callback_url": "com.okta.dev-1:/callback",
        });
        let mut aws = json!({
            "Auth": { "region": region, "identityPoolId": format!("{region}:1234abcd-12ab-34cd-56ef-1234567890ab") },
            "Storage": { "AWSS3": { "region": region, "bucket": "my-team-data" } },
        });
        change(&mut aws);
        Config::parse(&okta.to_string(), &aws.to_string()).unwrap()
    }

    fn hosts(config: &Config) -> (String, String) {
        let text = |url: Option<Url>| bare(&url.unwrap());
        (text(cognito_host(config)), text(bucket_host(config)))
    }

    #[test]
    fn each_partition_has_its_own_domain() {
        for (region, domain) in [
            ("us-west-2", "amazonaws.com"),
            ("us-gov-west-1", "amazonaws.com"),
            ("cn-north-1", "amazonaws.com.cn"),
            ("eusc-de-east-1", "amazonaws.eu"),
            ("us-iso-east-1", "c2s.ic.gov"),
        ] {
            let expected = (
                format!("https://cognito-identity.{region}.{domain}"),
                format!("https://my-team-data.s3.{region}.{domain}"),
            );
            assert_eq!(hosts(&config(region, |_| {})), expected);
        }
    }

    #[test]
    fn buckets_are_in_the_path_where_they_have_no_host_of_their_own() {
        let bucket =
            |change: &dyn Fn(&mut Value)| hosts(&config("us-west-2", |aws| change(&mut aws["Storage"]["AWSS3"]))).1;
        let named = |name: &str| bucket(&|s3| s3["bucket"] = name.into());
        assert_eq!(named("my.dotted.bucket"), "https://s3.us-west-2.amazonaws.com/my.dotted.bucket");
        assert_eq!(named("My_Legacy_Bucket"), "https://s3.us-west-2.amazonaws.com/My_Legacy_Bucket");
        for endpoint in ["https://minio.example.com", "https://minio.example.com:9000", "http://127.0.0.1:9000"] {
            assert_eq!(bucket(&|s3| s3["endpoint"] = endpoint.into()), format!("{endpoint}/my-team-data"));
        }
        let virtual_hosts = bucket(&|s3| {
            s3["endpoint"] = "https://oss.example.com".into();
            s3["forcePathStyle"] = false.into();
        });
        assert_eq!(virtual_hosts, "https://my-team-data.oss.example.com");
        let forced = bucket(&|s3| s3["forcePathStyle"] = true.into());
        assert_eq!(forced, "https://s3.us-west-2.amazonaws.com/my-team-data");
    }

    #[test]
    fn access_points_have_hosts_in_their_own_region() {
        let config = config("us-west-2", |aws| aws["Storage"]["AWSS3"]["forcePathStyle"] = true.into());
        for (arn, host) in [
            (
                "arn:aws:s3:eu-west-1:123456789012:accesspoint/reports",
                "https://reports-123456789012.s3-accesspoint.eu-west-1.amazonaws.com",
            ),
            (
                "arn:aws:s3-outposts:us-west-2:123456789012:outpost/op-01234567890123456/accesspoint/reports",
                "https://reports-123456789012.op-01234567890123456.s3-outposts.us-west-2.amazonaws.com",
            ),
        ] {
            assert_eq!(resolve_bucket(&config, arn).map(|url| bare(&url)).as_deref(), Ok(host));
        }
        let other = resolve_bucket(&config, "arn:aws:s3:us-west-2:123456789012:accesspoint/a/b").unwrap_err();
        assert!(other.contains("single resource"), "{other}");
    }
}
