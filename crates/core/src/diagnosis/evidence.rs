//! The values of a configuration that explanations name: a fix that can be copied needs no "your pool".

use crate::config::{Config, logins_key};

/// The values that an explanation may name. None of them is secret.
#[derive(Debug, Clone, Default)]
pub(crate) struct Evidence {
    pub logins_key: String,
    pub client_id: String,
    pub identity_pool_id: String,
    pub region: String,
    pub bucket: String,
}

impl Evidence {
    pub(crate) fn of(config: &Config) -> Self {
        Self {
            logins_key: logins_key(config.issuer_url()).to_owned(),
            client_id: config.client_id().to_owned(),
            identity_pool_id: config.identity_pool_id().to_owned(),
            region: config.region().to_owned(),
            bucket: config.bucket().to_owned(),
        }
    }

    /// Puts the values in the places that `text` has for them.
    pub(crate) fn fill(&self, text: &str) -> String {
        [
            ("{logins_key}", &self.logins_key),
            ("{client_id}", &self.client_id),
            ("{identity_pool_id}", &self.identity_pool_id),
            ("{region}", &self.region),
            ("{bucket}", &self.bucket),
        ]
        .into_iter()
        .fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }
}
