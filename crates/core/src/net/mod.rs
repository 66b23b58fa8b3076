//! The one HTTP client that Okta's and AWS's calls share: one TLS stack, one connection pool, one set of limits.

pub(crate) mod aws_adapter;
mod clients;
pub(crate) mod document;
pub(crate) mod http;
pub(crate) mod naming;
pub(crate) mod platform_trust;
mod proxy;
mod redaction;
mod refusing;
pub(crate) mod tls;
pub(crate) mod watching;
pub(crate) mod whole_answer;
