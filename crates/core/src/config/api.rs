//! `API.endpoints` of `aws-exports.json`: the APIs that requests may be signed for, and by which name and region AWS checks
//! their signatures. AWS's own hosts say both; a domain of somebody's own does not.

use url::Url;

use super::section::{Key, Section};
use super::validate::{self, Fault};

pub(super) const NAME: Key = Key { name: "name", expectation: "a name of your choice, such as orders" };
pub(super) const ENDPOINT: Key = Key {
    name: "endpoint",
    expectation: "the API's https URL (http only on loopback), with its stage if it has one, such as \
                  https://a1b2c3d4e5.execute-api.us-west-2.amazonaws.com/prod",
};
pub(super) const REGION: Key = Key {
    name: "region",
    expectation: "the AWS region of the API, such as us-west-2; a domain of your own does not tell",
};
pub(super) const SERVICE: Key =
    Key { name: "service", expectation: "the name in signatures: execute-api, appsync or lambda; default execute-api" };

/// The DNS suffixes of AWS's partitions (botocore 1.43.11, `data/partitions.json`).
const AWS_DOMAINS: [&str; 7] = [
    "amazonaws.com",
    "amazonaws.com.cn",
    "amazonaws.eu",
    "c2s.ic.gov",
    "sc2s.sgov.gov",
    "cloud.adc-e.uk",
    "csp.hci.ic.gov",
];
/// Of Lambda's function URLs (Lambda developer guide, "Creating and managing Lambda function URLs"). There are none in China
/// (docs.amazonaws.cn, user guide, "Amazon Lambda", Feature availability); of the partitions without a guide nothing is known.
const FUNCTION_URL_DOMAIN: &str = "on.aws";

/// An API whose requests may be signed with the session's credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiEndpoint {
    /// Its name in the configuration.
    pub name: String,
    /// Where it is: https, or http on loopback, without query; with a path, requests stay below that.
    pub url: Url,
    /// The AWS region that signatures are for.
    pub region: String,
    /// The service that signatures are for: `execute-api`, `appsync`, `lambda` …
    pub service: String,
}

impl ApiEndpoint {
    /// What a signature is for where nothing else is said (as in Amplify JS, `DEFAULT_REST_IAM_SIGNING_SERVICE` in
    /// `packages/api-rest/src/utils/constants.ts`).
    pub(crate) const DEFAULT_SERVICE: &str = "execute-api";

    /// Whether it is on one of AWS's own hosts, which say what to sign for.
    pub(crate) fn is_on_aws_host(&self) -> bool {
        self.url.host_str().and_then(recognise).is_some()
    }
}

/// The list, read whole; wrong ones leave a problem.
pub(super) fn read(section: &mut Section<'_>, key: &Key) -> Vec<ApiEndpoint> {
    let mut names: Vec<String> = Vec::new();
    let endpoints = section.optional_list(key, |entry| {
        let name = entry.required(&NAME, |text| Ok(text.to_owned()));
        if let Some(name) = &name {
            if names.contains(name) {
                entry.note(&NAME, Fault::new(format!("{name:?} is the name of another API too")));
            }
            names.push(name.clone());
        }
        let url = entry.required(&ENDPOINT, validate::base_url);
        let known = url.as_ref().and_then(|url| recognise(url.host_str()?));
        let service = entry.optional(&SERVICE, validate::service);
        let region = match &known {
            // It would be told as missing, although it may be the address that has to be mended.
            None if url.is_none() => entry.optional(&REGION, validate::region),
            None => entry.required(&REGION, validate::region),
            Some(_) => entry.optional(&REGION, validate::region),
        };
        let Some(Recognised { service: own_service, region: own_region }) = known else {
            let service = service.unwrap_or_else(|| ApiEndpoint::DEFAULT_SERVICE.to_owned());
            return Some(ApiEndpoint { name: name?, url: url?, region: region?, service });
        };
        for (key, given, own) in [(&REGION, &region, &own_region), (&SERVICE, &service, &own_service)] {
            if let Some(given) = given.as_ref().filter(|given| *given != own) {
                entry.note(
                    key,
                    Fault::new(format!("is {given}, but the endpoint's host says {own}"))
                        .expecting(format!("{own}, or no such key")),
                );
            }
        }
        Some(ApiEndpoint { name: name?, url: url?, region: own_region, service: own_service })
    });
    endpoints.into_iter().flatten().collect()
}

#[derive(Debug, PartialEq, Eq)]
struct Recognised {
    service: String,
    region: String,
}

/// What one of AWS's own hosts says. API Gateway developer guide, "Invoke REST APIs in API Gateway" and "Publish HTTP APIs"
/// (`{api-id}.execute-api.{region}.amazonaws.com`); AppSync developer guide, "Build a real-time WebSocket client"
/// (`….appsync-api.…` and `….appsync-realtime-api.…`); Lambda developer guide, "Creating and managing Lambda function URLs"
/// (`{url-id}.lambda-url.{region}.on.aws`). By the same rules in other partitions, under their domains.
fn recognise(host: &str) -> Option<Recognised> {
    let labels: Vec<&str> = host.splitn(4, '.').collect();
    let [id, kind, region, domain] = labels.as_slice() else { return None };
    let service = match *kind {
        "execute-api" if AWS_DOMAINS.contains(domain) => "execute-api",
        "appsync-api" | "appsync-realtime-api" if AWS_DOMAINS.contains(domain) => "appsync",
        "lambda-url" if *domain == FUNCTION_URL_DOMAIN => "lambda",
        _ => return None,
    };
    let region = validate::region(region).ok().filter(|_| !id.is_empty())?;
    Some(Recognised { service: service.to_owned(), region })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aws_s_own_hosts_say_what_to_sign_for() {
        for (host, service, region) in [
            ("a1b2c3d4e5.execute-api.us-west-2.amazonaws.com", "execute-api", "us-west-2"),
            ("a1b2c3d4e5-vpce-01234567.execute-api.us-west-2.amazonaws.com", "execute-api", "us-west-2"),
            ("a1b2c3d4e5.execute-api.us-gov-west-1.amazonaws.com", "execute-api", "us-gov-west-1"),
            ("a1b2c3d4e5.execute-api.cn-north-1.amazonaws.com.cn", "execute-api", "cn-north-1"),
            ("a1b2c3d4e5.execute-api.eusc-de-east-1.amazonaws.eu", "execute-api", "eusc-de-east-1"),
            ("a1b2c3d4e5.execute-api.us-iso-east-1.c2s.ic.gov", "execute-api", "us-iso-east-1"),
            ("abc.appsync-api.ap-southeast-2.amazonaws.com", "appsync", "ap-southeast-2"),
            ("abc.appsync-realtime-api.eu-west-1.amazonaws.com", "appsync", "eu-west-1"),
            ("abc.lambda-url.eu-central-1.on.aws", "lambda", "eu-central-1"),
        ] {
            let expected = Recognised { service: service.to_owned(), region: region.to_owned() };
            assert_eq!(recognise(host), Some(expected), "{host}");
        }
        for other in [
            "api.example.com",
            "a.execute-api.us-west-2.amazonaws.com.example.com",
            "a.execute-api.us-west-2.evilamazonaws.com",
            "execute-api.us-west-2.amazonaws.com",
            ".execute-api.us-west-2.amazonaws.com",
            "a.b.execute-api.us-west-2.amazonaws.com",
            "vpce-1.execute-api.us-west-2.vpce.amazonaws.com",
            "a.execute-api.nowhere.amazonaws.com",
            "a.lambda-url.us-west-2.amazonaws.com",
            "a.execute-api.us-west-2.on.aws",
            "127.0.0.1",
        ] {
            assert_eq!(recognise(other), None, "{other}");
        }
    }
}
