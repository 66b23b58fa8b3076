//! Connections to Okta, Cognito and the bucket's host are opened before they are needed: when the browser opens, again when the
//! redirect arrives, and when an app comes back with a session. Nobody waits for them, and nothing depends on them.
//!
//! A service closes what is silent for long, and so do routers on the way. As long as a person types a password (some time, not
//! forever) a request that costs nobody anything is sent every 20 seconds; never to the token endpoint.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::Notify;
use url::Url;

use crate::aws::endpoints::{bucket_host, cognito_host};
use crate::config::Config;
use crate::mutex::lock;
use crate::net::http::Http;
use crate::session::okta::AuthorizationServer;
use crate::session::tasks::Beside;

/// Shorter than any service's or router's patience that is known, and than [`AuthorizationServer`]'s own with silence.
const PAUSE: Duration = Duration::from_secs(20);
/// With them a minute and a half is bridged. Whoever needs longer waits for a connection, as everybody else does.
const REPEATS: usize = 3;

/// Where the next calls will go.
pub(super) struct Connections {
    server: Arc<AuthorizationServer>,
    config: Config,
    http: Http,
    beside: Beside,
    keeping: Mutex<Option<Arc<Notify>>>,
}

impl Connections {
    pub(super) fn new(config: &Config, server: Arc<AuthorizationServer>, http: Http, beside: Beside) -> Self {
        Self { server, config: config.clone(), http, beside, keeping: Mutex::default() }
    }

    /// Begins to open those to AWS, beside everything else, and keeps none any longer: they are about to be used. One that is
    /// there and was closed meanwhile is opened again.
    pub(super) fn open(&self) {
        self.rest();
        let (http, config) = (self.http.clone(), self.config.clone());
        self.beside.spawn(async move { open_aws(&http, &hosts(&config)).await });
    }

    /// Begins to open all, and keeps them for a while. Okta's is there if it was just asked for something.
    pub(super) fn keep(&self, okta_was_asked: bool) {
        let rest = Arc::new(Notify::new());
        if let Some(before) = lock(&self.keeping).replace(Arc::clone(&rest)) {
            before.notify_one();
        }
        let (server, http, config) = (Arc::clone(&self.server), self.http.clone(), self.config.clone());
        self.beside.spawn(async move {
            let hosts = hosts(&config);
            for repeat in 0..=REPEATS {
                let aws = open_aws(&http, &hosts);
                if repeat > 0 || !okta_was_asked {
                    tokio::join!(aws, server.ask_the_time());
                } else {
                    aws.await;
                }
                // A request on its way is not broken off: its connection would be lost.
                if repeat == REPEATS || tokio::time::timeout(PAUSE, rest.notified()).await.is_ok() {
                    return;
                }
            }
        });
    }

    /// Keeps none any longer.
    pub(super) fn rest(&self) {
        if let Some(keeping) = lock(&self.keeping).take() {
            keeping.notify_one();
        }
    }
}

impl Drop for Connections {
    fn drop(&mut self) {
        self.rest();
    }
}

fn hosts(config: &Config) -> Vec<Url> {
    [cognito_host(config), bucket_host(config)].into_iter().flatten().collect()
}

async fn open_aws(http: &Http, hosts: &[Url]) {
    join_all(hosts.iter().map(|host| http.warm_up(host.clone()))).await;
}
