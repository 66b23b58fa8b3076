//! Connections to Cognito and to the bucket's host are opened while a code is exchanged, so that the calls that follow do
//! not wait for them.

use url::Url;

use crate::aws::endpoints::{bucket_host, cognito_host};
use crate::config::Config;
use crate::net::http::Http;
use crate::session::tasks::Beside;

/// Where the first calls after a sign-in go.
pub(super) struct Connections {
    hosts: Vec<Url>,
    http: Http,
    beside: Beside,
}

impl Connections {
    pub(super) fn new(config: &Config, http: Http, beside: Beside) -> Self {
        Self { hosts: [cognito_host(config), bucket_host(config)].into_iter().flatten().collect(), http, beside }
    }

    /// Begins to open them, beside everything else.
    pub(super) fn open(&self) {
        for host in self.hosts.clone() {
            let http = self.http.clone();
            self.beside.spawn(async move { http.warm_up(host).await });
        }
    }
}
