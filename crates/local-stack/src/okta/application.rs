//! The application as the org has it registered: what its administrator set, and what one may have got wrong.

use crate::faults::{Fault, Faults};
use crate::options::Options;

/// The Native Application that asks.
pub(super) struct Application<'a> {
    /// None: the org has no such application.
    client_id: Option<&'a str>,
    redirect_uris: &'a [String],
    /// Whether the grant type Authorization Code is ticked.
    pub has_code_grant: bool,
    /// Whether the grant type Refresh Token is ticked.
    pub has_refresh_grant: bool,
}

impl<'a> Application<'a> {
    pub(super) fn of(options: &'a Options, faults: &Faults) -> Self {
        let is_registered = !faults.holds(Fault::OktaClientMissing);
        let has_redirect_uris = !faults.holds(Fault::OktaRedirectUriMissing);
        Self {
            client_id: is_registered.then_some(&options.client_id),
            redirect_uris: if has_redirect_uris { &options.redirect_uris } else { &[] },
            has_code_grant: !faults.holds(Fault::OktaCodeGrantMissing),
            has_refresh_grant: !faults.holds(Fault::OktaRefreshGrantMissing),
        }
    }

    pub(super) fn has_client_id(&self, id: &str) -> bool {
        self.client_id == Some(id)
    }

    /// Compared exactly, port included.
    pub(super) fn has_redirect_uri(&self, uri: &str) -> bool {
        self.redirect_uris.iter().any(|registered| registered == uri)
    }

    /// As `unauthorized_client` and `unsupported_grant_type` name them.
    pub(super) fn grant_types(&self) -> String {
        let ticked = [(self.has_code_grant, "authorization_code"), (self.has_refresh_grant, "refresh_token")];
        let names: Vec<_> = ticked.into_iter().filter_map(|(is_ticked, name)| is_ticked.then_some(name)).collect();
        format!("Configured grant types: [{}].", names.join(", "))
    }
}
