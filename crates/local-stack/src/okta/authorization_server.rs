//! An authorization server as its endpoints see it: the org behind it, its issuer, and where its endpoints lie.

use std::sync::Arc;

use super::org::Okta;
use super::server_kind::ServerKind;

/// One of the two authorization servers.
#[derive(Clone)]
pub(super) struct AuthorizationServer {
    pub okta: Arc<Okta>,
    pub kind: ServerKind,
}

impl AuthorizationServer {
    pub(super) fn issuer(&self) -> String {
        match self.kind {
            ServerKind::Custom => self.okta.shared.custom_issuer(),
            ServerKind::Org => self.okta.shared.org_issuer(),
        }
    }

    /// The path under which the endpoints lie; the org's are not below its issuer's path.
    pub(super) fn base_path(&self) -> String {
        match self.kind {
            ServerKind::Custom => format!("/oauth2/{}", self.okta.shared.custom_server_id()),
            ServerKind::Org => "/oauth2".to_owned(),
        }
    }

    pub(super) fn endpoint(&self, name: &str) -> String {
        format!("{}{}/v1/{name}", self.okta.shared.org_issuer(), self.base_path())
    }
}
