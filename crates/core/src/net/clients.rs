//! The HTTP clients below all requests, their time limits and their connections. One is made when the first request needs it:
//! that takes milliseconds, and a process that asks nobody needs none.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::diagnosis::{HttpError, describe};
use crate::net::tls::Trust;

/// A rotated refresh token works for `leeway` seconds more, 30 unless the app says otherwise (Okta's guide "Refresh access
/// tokens and rotate refresh tokens", Grace period). One that is lost is sent again: both tries together have to end well
/// before that.
pub(super) const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(10),
    answer: Duration::from_secs(60),
    single_use: Duration::from_secs(10),
    ping: Duration::from_secs(5),
    time: Duration::from_secs(5),
};
/// How long a connection is kept that nobody uses. Services close theirs after a minute or more.
const SILENCE: Duration = Duration::from_secs(90);

/// How long to wait.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// For a connection, TLS included.
    pub(super) connect: Duration,
    /// For an answer that is read whole.
    pub(super) answer: Duration,
    /// The same where a code or a refresh token is spent.
    pub(super) single_use: Duration,
    /// Between two pings of an HTTP/2 connection on which somebody waits, and for the answer to one.
    pub(super) ping: Duration,
    /// For the time of day.
    pub(super) time: Duration,
}

/// Host names, and where to connect to instead of asking the name service.
pub(crate) type HostOverrides = BTreeMap<String, SocketAddr>;

/// Two clients: one for this machine and what is named by the caller, one for all others. Each has its own connections.
#[derive(Debug)]
pub(super) struct Clients {
    recipe: Arc<Recipe>,
    silence: Duration,
    proxied: OnceLock<reqwest::Client>,
    /// For this machine: never through a proxy, which plain http would hand every secret to.
    direct: OnceLock<reqwest::Client>,
}

impl Clients {
    pub(super) fn new(recipe: Recipe) -> Self {
        Self::with(Arc::new(recipe), SILENCE)
    }

    fn with(recipe: Arc<Recipe>, silence: Duration) -> Self {
        Self { recipe, silence, proxied: OnceLock::new(), direct: OnceLock::new() }
    }

    /// The same without a connection.
    pub(super) fn anew(&self) -> Self {
        Self::with(Arc::clone(&self.recipe), self.silence)
    }

    pub(super) fn distrusting_silence(&self, limit: Duration) -> Self {
        Self::with(Arc::clone(&self.recipe), limit)
    }

    pub(super) fn get(&self, direct: bool) -> Result<&reqwest::Client, HttpError> {
        let place = if direct { &self.direct } else { &self.proxied };
        if let Some(client) = place.get() {
            return Ok(client);
        }
        let client = self.recipe.make_client(direct, self.silence)?;
        Ok(place.get_or_init(|| client))
    }

    pub(super) fn patience(&self) -> Patience {
        self.recipe.patience
    }

    pub(super) fn overrides(&self) -> &HostOverrides {
        &self.recipe.overrides
    }

    pub(super) fn trust(&self) -> &Trust {
        &self.recipe.trust
    }

    /// Whether any client was made by this recipe, for these requests or those of a relative: each holds on to whom it trusts.
    #[cfg(test)]
    pub(super) fn any_was_made(&self) -> bool {
        Arc::strong_count(&self.recipe.trust) > 1
    }
}

/// What clients are made of.
pub(super) struct Recipe {
    pub(super) trust: Arc<Trust>,
    /// Names that lead to this machine or a test's server, whatever the name service says.
    pub(super) overrides: HostOverrides,
    pub(super) patience: Patience,
}

impl Recipe {
    fn make_client(&self, direct: bool, silence: Duration) -> Result<reqwest::Client, HttpError> {
        let unusable = |problem: String| HttpError::Connect(format!("the HTTPS client cannot be set up: {problem}"));
        let mut builder = reqwest::Client::builder()
            .pool_idle_timeout(silence)
            .user_agent(concat!("jetbridge/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(self.patience.connect)
            // No limit of the client's own for parts of an answer: after a pause of the process it would be over before what
            // has arrived is looked at. Every caller has one for the whole.
            // A connection that died without a word (a phone that changed networks, a router that forgot) is noticed
            // while a request waits on it (RFC 9113 §6.7).
            .http2_keep_alive_interval(self.patience.ping)
            .http2_keep_alive_timeout(self.patience.ping);
        if direct {
            builder = builder.no_proxy();
            for (host, address) in &self.overrides {
                builder = builder.resolve(host, *address);
            }
        }
        let builder = self.trust.apply(builder).map_err(|error| unusable(error.to_string()))?;
        builder.build().map_err(|error| unusable(describe(&error)))
    }
}

impl std::fmt::Debug for Recipe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recipe").field("overrides", &self.overrides).finish_non_exhaustive()
    }
}
