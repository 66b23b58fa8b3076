//! Which proxy a request goes through, and who said so. reqwest decides by the same rules and does not tell; what it cannot
//! use it passes over, and would go without.

use std::env;
use std::ffi::OsString;

use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use url::Url;

use crate::diagnosis::{Obstruction, Proxy, unusable_proxy};

/// In the order in which they count for https. Other requests go to this machine, and through no proxy. Of each pair, the
/// first that is set counts.
const VARIABLES: [[&str; 2]; 2] = [["HTTPS_PROXY", "https_proxy"], ["ALL_PROXY", "all_proxy"]];
const EXCEPTIONS: [&str; 2] = ["NO_PROXY", "no_proxy"];
/// A web server sets it for the programs that it runs, and everybody may send such a program an `HTTP_PROXY`
/// (CVE-2016-5385). There no variable counts.
const CGI: &str = "REQUEST_METHOD";

/// The proxy on the way to `url`, if there is one.
pub(crate) fn of(url: &Url) -> Option<Proxy> {
    let destination = destination(url)?;
    let found = Matcher::from_system().intercept(&destination)?;
    let names_it = |variable: &&str| {
        let value = env::var(variable).unwrap_or_default();
        let named = Matcher::builder().all(value).build().intercept(&destination);
        named.is_some_and(|named| named.uri() == found.uri())
    };
    Some(Proxy { address: address(&found), variable: VARIABLES.into_iter().flatten().find(names_it) })
}

/// Whoever set a variable wants a proxy: without one that can be used, nothing is sent.
pub(crate) fn check(url: &Url) -> Result<(), Obstruction> {
    let host = url.host_str().unwrap_or_default();
    find_unusable(url, |name| env::var_os(name)).map_or(Ok(()), |variable| Err(unusable_proxy(variable, host)))
}

/// The variable that counts for `url` and names no proxy that can be used.
fn find_unusable(url: &Url, read: impl Fn(&str) -> Option<OsString>) -> Option<&'static str> {
    let destination = destination(url)?;
    let exceptions = EXCEPTIONS.iter().find_map(|name| read(name)).unwrap_or_default();
    let any = Matcher::builder().all("http://proxy").no(exceptions.to_string_lossy().into_owned()).build();
    if read(CGI).is_some() || any.intercept(&destination).is_none() {
        return None;
    }
    let is_set = |value: &OsString| !value.to_string_lossy().trim().is_empty();
    let (variable, value) = VARIABLES.into_iter().find_map(|pair| {
        let (variable, value) = pair.into_iter().find_map(|variable| Some((variable, read(variable)?)))?;
        is_set(&value).then_some((variable, value))
    })?;
    let proxy = value.to_str().and_then(|value| Matcher::builder().all(value).build().intercept(&destination));
    (!proxy.is_some_and(|proxy| is_usable(&proxy))).then_some(variable)
}

/// A port that is no number is found out by the connection only, which says less.
fn is_usable(proxy: &Intercept) -> bool {
    let authority = proxy.uri().authority();
    authority.is_some_and(|authority| {
        !authority.host().is_empty() && (authority.as_str() == authority.host() || authority.port_u16().is_some())
    })
}

fn destination(url: &Url) -> Option<http::Uri> {
    url.origin().ascii_serialization().parse().ok()
}

/// Without user and password: [`Intercept`] keeps them apart.
fn address(proxy: &Intercept) -> String {
    proxy.uri().to_string().trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unusable(variables: &[(&str, &str)]) -> Option<&'static str> {
        let url = Url::parse("https://dev-1.okta.com/oauth2/default").unwrap();
        find_unusable(&url, |name| {
            variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn a_variable_that_names_no_proxy_is_found_and_one_that_does_is_not() {
        for value in
            ["garbage:x", "http://[::1", "ftp://h:1", "://", "http://", "http://h:99999", "http://a b", "-", " x"]
        {
            // A host name is a proxy, if a strange one.
            let expected = (value != "-").then_some("https_proxy");
            assert_eq!(unusable(&[("https_proxy", value)]), expected, "{value:?}");
        }
        for value in [
            "h",
            "h:1",
            "http://h",
            "https://u:p%40@h:1/",
            "socks5://h:1",
            "socks5h://u:p@[::1]:1",
            "http://[::1]",
            "",
            " ",
        ] {
            assert_eq!(unusable(&[("ALL_PROXY", value)]), None, "{value:?}");
        }
    }

    #[test]
    fn the_variable_that_counts_is_judged_and_no_other() {
        let (bad, good) = ("ftp://h", "http://h");
        assert_eq!(unusable(&[("HTTPS_PROXY", good), ("https_proxy", bad), ("ALL_PROXY", bad)]), None);
        assert_eq!(unusable(&[("HTTPS_PROXY", bad), ("ALL_PROXY", good)]), Some("HTTPS_PROXY"));
        assert_eq!(unusable(&[("HTTPS_PROXY", ""), ("all_proxy", bad)]), Some("all_proxy"));
        assert_eq!(unusable(&[("HTTP_PROXY", bad)]), None, "nothing goes there over plain http");
        assert_eq!(unusable(&[("HTTPS_PROXY", bad), ("no_proxy", "example.com,.okta.com")]), None);
        assert_eq!(unusable(&[("HTTPS_PROXY", bad), ("NO_PROXY", "example.com")]), Some("HTTPS_PROXY"));
        assert_eq!(unusable(&[("HTTPS_PROXY", bad), ("REQUEST_METHOD", "GET")]), None);
    }
}
