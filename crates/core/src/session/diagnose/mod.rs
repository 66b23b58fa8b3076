//! Walks the chain from the configuration to the bucket for [`Session::diagnose`](super::Session::diagnose), link by link, and
//! stops at the first that is broken.

use crate::config::Config;
use crate::doctor::{Finding, Link, Report};

/// The walk: what it needs of a session's parts.
pub(super) struct Diagnosis<'a> {
    pub config: &'a Config,
}

impl Diagnosis<'_> {
    pub(super) async fn walk(&self) -> Report {
        let mut findings = vec![Finding::ok(Link::Files, format!("for {}", self.config.issuer_url()))];
        for link in Link::ALL.into_iter().skip(1) {
            findings.push(Finding::unknown(link, "not looked at"));
        }
        Report::of(findings)
    }
}
