//! The values of a configuration that explanations name: a fix that can be copied needs no "your pool".

use std::time::SystemTime;

use super::partition::{identity_pool_issuer, partition_of};
use super::place::Places;
use super::session_tags;
use super::token_facts::TokenFacts;
use crate::config::{Config, logins_key};

/// The values that an explanation may name. None of them is secret.
#[derive(Debug, Clone, Default)]
pub(crate) struct Evidence {
    pub issuer: String,
    pub logins_key: String,
    pub client_id: String,
    pub identity_pool_id: String,
    pub region: String,
    /// The bucket that is asked for.
    pub bucket: String,
    /// Whether the app named it itself, in place of the configuration's.
    pub is_other_bucket: bool,
    /// The region that buckets are asked for in.
    pub bucket_region: String,
    /// The server that stands in S3's place.
    pub s3_endpoint: Option<String>,
    /// Where the configuration has the services.
    pub places: Places,
    /// What S3 is asked to do takes these permissions. Without any, it is a listing.
    pub needed: Vec<Permission>,
    /// What is listed.
    pub listed: Listed,
    /// The names of claims whose values STS takes for no session tag.
    pub untaggable_claims: Vec<String>,
    /// What the ID token says that was sent.
    pub id_token: Option<TokenFacts>,
    /// The corrected clock, where it counts.
    pub now: Option<SystemTime>,
    /// The call of an API that it is about.
    pub called_api: CalledApi,
}

/// The call that an explanation is about.
#[derive(Debug, Clone, Default)]
pub(crate) struct CalledApi {
    pub method: String,
    pub host: String,
    pub path: String,
    /// What it was signed for.
    pub service: String,
    pub region: String,
}

/// The listing that an explanation is about.
#[derive(Debug, Clone, Default)]
pub(crate) enum Listed {
    /// It is about no listing, or about anybody's.
    #[default]
    Nothing,
    /// What begins so; empty: the whole bucket.
    Prefix { prefix: String, is_configured: bool },
}

/// What a policy has to allow for a call of S3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Permission {
    /// Such as `s3:GetObject` (Amazon S3 user guide, "Required permissions for Amazon S3 API operations").
    pub action: &'static str,
    pub bucket: String,
    /// On this object; without it, on the bucket.
    pub key: Option<String>,
}

impl Permission {
    /// On an object.
    pub(crate) fn on_object(action: &'static str, bucket: &str, key: &str) -> Self {
        Self { action, bucket: bucket.to_owned(), key: Some(key.to_owned()) }
    }
}

impl Evidence {
    pub(crate) fn of(config: &Config) -> Self {
        Self {
            issuer: config.issuer_url().to_owned(),
            logins_key: logins_key(config.issuer_url()).to_owned(),
            client_id: config.client_id().to_owned(),
            identity_pool_id: config.identity_pool_id().to_owned(),
            region: config.region().to_owned(),
            bucket: config.bucket().to_owned(),
            is_other_bucket: false,
            bucket_region: config.bucket_region().to_owned(),
            s3_endpoint: config.s3_endpoint().map(|url| url.as_str().trim_end_matches('/').to_owned()),
            places: Places::of_config(config),
            needed: Vec::new(),
            listed: Listed::default(),
            untaggable_claims: Vec::new(),
            id_token: None,
            now: None,
            called_api: CalledApi::default(),
        }
    }

    /// For a page that is about nobody's configuration: the settings' names stand for their values.
    pub(crate) fn of_nobody() -> Self {
        let called_api = CalledApi {
            method: "<method>".to_owned(),
            host: "<the API's host>".to_owned(),
            path: "<path>".to_owned(),
            service: "<service>".to_owned(),
            region: "<the API's region>".to_owned(),
        };
        Self {
            issuer: "<okta_issuer_url>".to_owned(),
            logins_key: "<okta_issuer_url without https://>".to_owned(),
            client_id: "<okta_client_id>".to_owned(),
            identity_pool_id: "<Auth.identityPoolId>".to_owned(),
            region: "<Auth.region>".to_owned(),
            bucket: "<Storage.AWSS3.bucket>".to_owned(),
            bucket_region: "<Storage.AWSS3.region>".to_owned(),
            called_api,
            ..Self::default()
        }
    }

    /// The same for this bucket.
    pub(crate) fn for_bucket(self, bucket: &str) -> Self {
        Self { is_other_bucket: self.bucket != bucket, bucket: bucket.to_owned(), ..self }
    }

    /// The same for a listing of what begins so.
    pub(crate) fn for_listing(self, prefix: &str, configured: Option<&str>) -> Self {
        let is_configured = configured.unwrap_or_default() == prefix;
        Self { listed: Listed::Prefix { prefix: prefix.to_owned(), is_configured }, ..self }
    }

    /// The same for this call of an API.
    pub(crate) fn for_api(self, called_api: CalledApi) -> Self {
        Self { called_api, ..self }
    }

    /// The same for a call that takes this permission, beside those that are there: the first is the one that it is about.
    pub(crate) fn for_permission(mut self, permission: Permission) -> Self {
        self.needed.push(permission);
        self
    }

    /// What the call is about, in words.
    pub(crate) fn subject(&self) -> String {
        match self.needed.first().and_then(|permission| Some((permission.key.as_deref()?, &permission.bucket))) {
            Some((key, bucket)) => format!("object {} in bucket {bucket}", printable(key)),
            None => format!("bucket {}", self.bucket),
        }
    }

    /// The same for this ID token.
    pub(crate) fn for_id_token(self, id_token: &str) -> Self {
        Self {
            untaggable_claims: session_tags::untaggable_claims(id_token),
            id_token: TokenFacts::read(id_token),
            ..self
        }
    }

    /// The same at this time, by the corrected clock.
    pub(crate) fn at(self, now: Option<SystemTime>) -> Self {
        Self { now, ..self }
    }

    /// Puts the values in the places that `text` has for them.
    pub(crate) fn fill(&self, text: &str) -> String {
        [
            ("{issuer}", self.issuer.as_str()),
            ("{logins_key}", &self.logins_key),
            ("{client_id}", &self.client_id),
            ("{identity_pool_id}", &self.identity_pool_id),
            ("{pool_issuer}", &identity_pool_issuer(&self.region)),
            ("{region}", &self.region),
            ("{bucket}", &self.bucket),
            ("{bucket_region}", &self.bucket_region),
            ("{bucket_partition}", partition_of(&self.bucket_region)),
            ("{api_host}", &self.called_api.host),
            ("{api_service}", &self.called_api.service),
            ("{api_region}", &self.called_api.region),
            ("{subject}", &self.subject()),
        ]
        .into_iter()
        .fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }
}

/// A key for a line of text: as it is, or in quotes if it holds what is not printed.
pub(crate) fn printable(key: &str) -> String {
    let is_hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    if key.contains(is_hidden) { format!("\"{}\"", key.escape_default()) } else { key.to_owned() }
}
