//! What to paste where a role does not trust the identity pool.

use crate::config::Config;
use crate::diagnosis::{self, Evidence};

/// The whole trust policy of the role that signed-in users get: IAM console > Roles > the role > Trust relationships > Edit
/// trust policy. It names this configuration's identity pool, and Cognito as the pool's partition of AWS calls it.
pub fn trust_policy(config: &Config) -> String {
    diagnosis::trust_policy(&Evidence::of(config))
}
