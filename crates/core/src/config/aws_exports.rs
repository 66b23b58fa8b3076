//! `aws-exports.json`: identity pool, bucket and APIs, in the shape that Amplify reads, so that an existing file serves.
//! Everything else that Amplify keeps in it is left alone.

use url::Url;

use super::api::{self, ApiEndpoint};
use super::document::Document;
use super::problem::ConfigProblem;
use super::section::{Key, Section, boolean, text};
use super::validate::{self, Fault};

const AUTH: Key = Key { name: "Auth", expectation: "an object with \"region\" and \"identityPoolId\"" };
const AUTH_REGION: Key = Key { name: "region", expectation: "the AWS region of the identity pool, such as us-west-2" };
const IDENTITY_POOL_ID: Key = Key {
    name: "identityPoolId",
    expectation: "the Identity pool ID from the Cognito console, such as \
                  us-west-2:1234abcd-12ab-34cd-56ef-1234567890ab",
};
const IDENTITY_POOL_ENDPOINT: Key = Key {
    name: "identityPoolEndpoint",
    expectation: "an https URL without a path (http only on loopback), or no such key for AWS itself",
};
const STORAGE: Key = Key { name: "Storage", expectation: "an object with an \"AWSS3\" object in it" };
const AWS_S3: Key = Key { name: "AWSS3", expectation: "an object with \"region\" and \"bucket\"" };
const S3_REGION: Key = Key { name: "region", expectation: "the AWS region of the bucket, such as us-west-2" };
const BUCKET: Key = Key {
    name: "bucket",
    expectation: "the name of an S3 bucket, such as my-team-data, or the ARN of an access point",
};
const S3_ENDPOINT: Key = Key {
    name: "endpoint",
    expectation: "an https URL without a path (http only on loopback), or no such key for AWS itself",
};
const FORCE_PATH_STYLE: Key = Key { name: "forcePathStyle", expectation: "true or false, without quotes" };
const PREFIX: Key = Key { name: "prefix", expectation: "the beginning of keys, such as reports/2026/" };
const SERVICES: Key = Key { name: "Services", expectation: "an object with an \"endpoint\" in it" };
const SERVICES_ENDPOINT: Key = Key {
    name: "endpoint",
    expectation: "an https URL without a path (http only on loopback), or no such key for AWS itself",
};
const API: Key = Key { name: "API", expectation: "an object with an \"endpoints\" list in it" };
const ENDPOINTS: Key = Key {
    name: "endpoints",
    expectation: "a list of objects with \"name\", \"endpoint\" and, for a domain of your own, \"region\"",
};

#[cfg(test)]
pub(super) const SECTIONS: [&[&Key]; 7] = [
    &[&AUTH, &STORAGE, &SERVICES, &API],
    &[&AUTH_REGION, &IDENTITY_POOL_ID, &IDENTITY_POOL_ENDPOINT],
    &[&AWS_S3],
    &[&S3_REGION, &BUCKET, &S3_ENDPOINT, &FORCE_PATH_STYLE, &PREFIX],
    &[&SERVICES_ENDPOINT],
    &[&ENDPOINTS],
    &[&api::NAME, &api::ENDPOINT, &api::REGION, &api::SERVICE],
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AwsSettings {
    pub(super) region: String,
    pub(super) identity_pool_id: String,
    pub(super) identity_pool_endpoint: Option<Url>,
    pub(super) bucket_region: String,
    pub(super) bucket: String,
    pub(super) s3_endpoint: Option<Url>,
    pub(super) force_path_style: Option<bool>,
    pub(super) listing_prefix: Option<String>,
    pub(super) services_endpoint: Option<Url>,
    pub(super) api_endpoints: Vec<ApiEndpoint>,
}

struct Auth {
    region: Option<String>,
    identity_pool_id: Option<String>,
    identity_pool_endpoint: Option<Url>,
}

struct S3 {
    region: Option<String>,
    bucket: Option<String>,
    endpoint: Option<Url>,
    force_path_style: Option<bool>,
    prefix: Option<String>,
}

impl AwsSettings {
    pub(super) fn read(file: &str, document: &Document, problems: &mut Vec<ConfigProblem>) -> Option<AwsSettings> {
        let mut top = Section::new(file, document, problems);
        let auth = top.required_section(&AUTH).map(read_auth);
        let s3 = top.required_section(&STORAGE).and_then(|mut storage| storage.required_section(&AWS_S3).map(read_s3));
        let services_endpoint = top
            .optional_section(&SERVICES)
            .and_then(|mut services| services.optional(&SERVICES_ENDPOINT, validate::endpoint));
        let api_endpoints =
            top.optional_section(&API).map(|mut api| api::read(&mut api, &ENDPOINTS)).unwrap_or_default();
        // All sections are read before either may end it here, so that the problems of all are noted.
        let (auth, s3) = (auth?, s3?);
        Some(AwsSettings {
            region: auth.region?,
            identity_pool_id: auth.identity_pool_id?,
            identity_pool_endpoint: auth.identity_pool_endpoint,
            bucket_region: s3.region?,
            bucket: s3.bucket?,
            s3_endpoint: s3.endpoint,
            force_path_style: s3.force_path_style,
            listing_prefix: s3.prefix,
            services_endpoint,
            api_endpoints,
        })
    }
}

fn read_auth(mut section: Section<'_>) -> Auth {
    let region = section.required(&AUTH_REGION, validate::region);
    let identity_pool_id = section.required(&IDENTITY_POOL_ID, validate::identity_pool_id);
    if let (Some(region), Some(pool)) = (&region, &identity_pool_id)
        && let Some((pool_region, _)) = pool.split_once(':')
        && pool_region != region
    {
        section.note(
            &AUTH_REGION,
            Fault::new(format!("is {region}, but the identity pool is in {pool_region}"))
                .expecting(format!("{pool_region}, or the id of a pool in {region}")),
        );
    }
    let identity_pool_endpoint = section.optional(&IDENTITY_POOL_ENDPOINT, validate::endpoint);
    Auth { region, identity_pool_id, identity_pool_endpoint }
}

fn read_s3(mut section: Section<'_>) -> S3 {
    S3 {
        region: section.required(&S3_REGION, validate::region),
        // Whatever S3 takes: names from before today's rules, and keys with spaces, brackets and rows of x.
        bucket: section.required_value(&BUCKET, |value| text(value).and_then(validate::bucket)),
        endpoint: section.optional(&S3_ENDPOINT, validate::endpoint),
        force_path_style: section.optional_value(&FORCE_PATH_STYLE, boolean),
        prefix: section
            .optional_value(&PREFIX, |value| text(value).and_then(validate::key_prefix))
            .filter(|prefix| !prefix.is_empty()),
    }
}
