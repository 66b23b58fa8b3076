//! An authorization server as its endpoints see it: the org behind it, its issuer, and where its endpoints lie.

use std::sync::Arc;

use http::HeaderMap;
use http::header::HOST;

use super::org::Okta;
use super::scopes::{Scope, Scopes};
use super::server_kind::ServerKind;
use crate::faults::{Fault, FaultAnswer};

/// One of the two authorization servers.
#[derive(Clone)]
pub(super) struct AuthorizationServer {
    pub okta: Arc<Okta>,
    pub kind: ServerKind,
    /// The origin under which it was asked, if its issuer follows that ("Dynamic": guides/custom-url-domain, and `issuerMode` of
    /// the authorization servers API: "the issuer uses the org URL or custom URL domain of the request").
    pub asked_origin: Option<String>,
}

impl AuthorizationServer {
    /// The same server, as whoever sent these headers sees it.
    pub(super) fn asked_by(mut self, headers: &HeaderMap) -> Self {
        let shared = &self.okta.shared;
        if shared.faults.holds(Fault::OktaIssuerDynamic)
            && let Some(host) = headers.get(HOST).and_then(|host| host.to_str().ok())
        {
            self.asked_origin = Some(format!("{}://{host}", shared.endpoints().okta.scheme()));
        }
        self
    }

    pub(super) fn issuer(&self) -> String {
        match self.kind {
            ServerKind::Custom => format!("{}{}", self.origin(), self.base_path()),
            ServerKind::Org => self.origin(),
        }
    }

    fn origin(&self) -> String {
        self.asked_origin.clone().unwrap_or_else(|| self.okta.shared.org_issuer())
    }

    /// What the org says in its place, if it has no custom servers.
    pub(super) fn find_missing_feature(&self) -> Option<FaultAnswer> {
        let is_missing =
            self.kind == ServerKind::Custom && self.okta.shared.faults.holds(Fault::OktaCustomServersMissing);
        Fault::OktaCustomServersMissing.answer().filter(|_| is_missing)
    }

    /// Whether a rule of its access policy allows these scopes. Only custom authorization servers have policies.
    pub(super) fn allows(&self, scopes: &Scopes) -> bool {
        let faults = &self.okta.shared.faults;
        let is_refused = match scopes.contains(Scope::OfflineAccess) {
            true => faults.holds(Fault::OktaPolicyMissing) || faults.holds(Fault::OktaPolicyWithoutOfflineAccess),
            false => faults.holds(Fault::OktaPolicyMissing),
        };
        self.kind == ServerKind::Org || !is_refused
    }

    /// The path under which the endpoints lie; the org's are not below its issuer's path.
    pub(super) fn base_path(&self) -> String {
        match self.kind {
            ServerKind::Custom => format!("/oauth2/{}", self.okta.shared.custom_server_id()),
            ServerKind::Org => "/oauth2".to_owned(),
        }
    }

    pub(super) fn endpoint(&self, name: &str) -> String {
        format!("{}{}/v1/{name}", self.origin(), self.base_path())
    }
}
