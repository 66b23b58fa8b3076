//! Which proxy a request goes through, and who said so. reqwest decides by the same rules and does not tell.

use std::env;

use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use url::Url;

use crate::diagnosis::Proxy;

/// In the order in which they count for https. Other requests go to this machine, and through no proxy.
const VARIABLES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// The proxy on the way to `url`, if there is one.
pub(crate) fn of(url: &Url) -> Option<Proxy> {
    let destination: http::Uri = url.origin().ascii_serialization().parse().ok()?;
    let found = Matcher::from_system().intercept(&destination)?;
    let names_it = |variable: &&str| {
        let value = env::var(variable).unwrap_or_default();
        let named = Matcher::builder().all(value).build().intercept(&destination);
        named.is_some_and(|named| named.uri() == found.uri())
    };
    Some(Proxy { address: address(&found), variable: VARIABLES.into_iter().find(names_it) })
}

/// Without user and password: [`Intercept`] keeps them apart.
fn address(proxy: &Intercept) -> String {
    proxy.uri().to_string().trim_end_matches('/').to_owned()
}
