//! Where AWS's services are, by the endpoint rules of the SDK: host names are never put together here, because partitions
//! (China, GovCloud, the European Sovereign Cloud …) have domains of their own. And which servers may get an ID token.

use aws_sdk_cognitoidentity::config::endpoint as cognito;
use aws_sdk_s3::config::endpoint as s3;
use futures_util::FutureExt as _;
use url::Url;

use crate::config::Config;
use crate::error::SessionError;
use crate::loopback::is_loopback;

/// What an endpoint of somebody's own is called in errors: its key in `aws-exports.json`.
const IDENTITY_POOL_ENDPOINT: &str = "Auth.identityPoolEndpoint";

/// Where Cognito's calls of this configuration go.
pub(crate) fn cognito_host(config: &Config) -> Option<Url> {
    config.identity_pool_endpoint().cloned().or_else(|| resolve_cognito(config.region(), false, false))
}

/// Where the bucket's calls go, without a bucket in the path.
pub(crate) fn bucket_host(config: &Config) -> Option<Url> {
    let mut host = resolve_bucket(config, config.bucket()).ok()?;
    host.set_path("/");
    Some(host)
}

/// AWS's domains in the regions of this configuration, such as `amazonaws.com`.
pub(crate) fn domains(config: &Config) -> impl Iterator<Item = String> {
    [config.region(), config.bucket_region()].into_iter().filter_map(|region| {
        let own = resolve_cognito(region, false, false)?;
        own.host_str()?.split_once(&format!(".{region}.")).map(|(_, domain)| domain.to_owned())
    })
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

/// Refuses an `identityPoolEndpoint` that is neither Cognito nor this machine, unless the program or the user permitted
/// that very server: it would get the ID token of whoever is signed in, and a configuration can come with any checkout.
pub(crate) fn check_token_receiver(config: &Config, permitted: Option<&str>) -> Result<(), SessionError> {
    let Some(endpoint) = config.identity_pool_endpoint() else { return Ok(()) };
    let is_permitted =
        permitted.and_then(|permitted| Url::parse(permitted).ok()).is_some_and(|url| url.origin() == endpoint.origin());
    if is_loopback(endpoint) || is_cognito(endpoint, config.region()) || is_permitted {
        return Ok(());
    }
    let server = endpoint.origin().ascii_serialization();
    Err(SessionError::Misconfigured {
        setting: IDENTITY_POOL_ENDPOINT.to_owned(),
        problem: format!(
            "would send the ID tokens of your users to {server}, which is neither Cognito nor this machine"
        ),
        hint: format!(
            "If you trust that server with them, the program says so, not the file: \
             SessionBuilder::permit_identity_pool_endpoint(\"{server}\"), SessionOptions.permittedIdentityPoolEndpoint \
             in apps. Else take the key out of aws-exports.json."
        ),
    })
}

/// Whether it is Cognito itself, in this region: one of the hosts of the SDK's endpoint rules, or a VPC endpoint of it
/// (`ENDPOINT.SERVICE.REGION.vpce.DOMAIN`, AWS PrivateLink guide, "Access an AWS service using an interface VPC endpoint").
/// AWS's domains as such do not count: anybody may run a server at `*.execute-api.us-west-2.amazonaws.com`.
fn is_cognito(endpoint: &Url, region: &str) -> bool {
    if endpoint.scheme() != "https" || endpoint.port().is_some() {
        return false;
    }
    let Some(host) = endpoint.host_str() else { return false };
    let variants = [(false, false), (true, false), (false, true), (true, true)];
    let own = variants.into_iter().filter_map(|(fips, dual_stack)| resolve_cognito(region, fips, dual_stack));
    own.into_iter().any(|own| {
        let Some(own) = own.host_str() else { return false };
        let service = own.split('.').next().unwrap_or_default();
        let private = own
            .strip_prefix(&format!("{service}.{region}."))
            .and_then(|domain| host.strip_suffix(&format!(".{service}.{region}.vpce.{domain}")));
        let is_endpoint = |label: &str| label.starts_with("vpce-") && !label.contains('.');
        host == own || private.is_some_and(is_endpoint)
    })
}

fn resolve_cognito(region: &str, fips: bool, dual_stack: bool) -> Option<Url> {
    let params = cognito::Params::builder().region(region).use_fips(fips).use_dual_stack(dual_stack).build().ok()?;
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
            let config = config(region, |_| {});
            assert_eq!(hosts(&config), expected);
            assert!(domains(&config).eq([domain, domain]));
        }
    }

    #[test]
    fn buckets_are_in_the_path_where_they_have_no_host_of_their_own() {
        let bucket = |change: &dyn Fn(&mut Value)| {
            let config = config("us-west-2", |aws| change(&mut aws["Storage"]["AWSS3"]));
            assert_eq!(bucket_host(&config).unwrap().path(), "/");
            bare(&resolve_bucket(&config, config.bucket()).unwrap())
        };
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

    #[test]
    fn only_cognito_and_this_machine_get_id_tokens_unasked() {
        let check = |region: &str, endpoint: &str| {
            let config = config(region, |aws| aws["Auth"]["identityPoolEndpoint"] = endpoint.into());
            check_token_receiver(&config, None)
        };
        for (region, endpoint) in [
            ("us-west-2", "https://cognito-identity.us-west-2.amazonaws.com"),
            ("us-west-2", "https://COGNITO-identity.us-west-2.amazonaws.com:443/"),
            ("us-west-2", "https://cognito-identity-fips.us-west-2.amazonaws.com"),
            ("us-gov-west-1", "https://cognito-identity-fips.us-gov-west-1.api.aws"),
            ("eusc-de-east-1", "https://cognito-identity.eusc-de-east-1.amazonaws.eu"),
            ("us-west-2", "https://vpce-0a1b-c2d3.cognito-identity.us-west-2.vpce.amazonaws.com"),
            ("us-west-2", "http://127.0.0.1:4581"),
            ("us-west-2", "http://[::1]:4581"),
            ("us-west-2", "https://localhost:4581"),
        ] {
            assert_eq!(check(region, endpoint), Ok(()), "{endpoint}");
        }
        for endpoint in [
            "https://cognito.evil.example",
            // Other names that look alike.
            "https://cognito-identity.us-west-2.amazonaws.com.evil.example",
            "https://evilcognito-identity.us-west-2.amazonaws.com",
            "https://cognito-identity.us-west-2.evilamazonaws.com",
            "https://cognito-identity.us-west-2.amazonaws.com.",
            "https://xn--cognito-dentity-pqb.us-west-2.amazonaws.com",
            "https://cognito-identity.us-west-2.amazonaws.com:8443",
            "https://cognito-identity.us-east-1.amazonaws.com",
            "https://cognito-identity.us-west-2.amazonaws.com.cn",
            "https://localhost.",
            "https://127.0.0.1.evil.example",
            // AWS's own domains, and servers of anybody's.
            "https://a1b2c3d4e5.execute-api.us-west-2.amazonaws.com",
            "https://evil.s3.us-west-2.amazonaws.com",
            "https://evil-1234.us-west-2.elb.amazonaws.com",
            "https://vpce-0a1b.vpce-svc-0c2d.us-west-2.vpce.amazonaws.com",
            "https://a.vpce-0a1b.cognito-identity.us-west-2.vpce.amazonaws.com",
            "https://evil.cognito-identity.us-west-2.vpce.amazonaws.com",
        ] {
            let refused = check("us-west-2", endpoint).expect_err(endpoint);
            assert_eq!(refused.kind(), "misconfigured");
            assert!(refused.to_string().contains(IDENTITY_POOL_ENDPOINT), "{refused}");
        }
    }

    #[test]
    fn a_permission_is_for_one_server() {
        let config =
            config("us-west-2", |aws| aws["Auth"]["identityPoolEndpoint"] = "https://cognito.example.com".into());
        for permitted in ["https://cognito.example.com", "https://Cognito.example.com:443/"] {
            assert_eq!(check_token_receiver(&config, Some(permitted)), Ok(()));
        }
        for other in [
            "",
            "*",
            "cognito.example.com",
            "http://cognito.example.com",
            "https://cognito.example.com:8443",
            "https://example.com",
        ] {
            let refused = check_token_receiver(&config, Some(other)).expect_err(other);
            assert!(refused.to_string().contains("https://cognito.example.com"), "{refused}");
        }
    }
}
