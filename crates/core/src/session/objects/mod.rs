//! What is done with single objects: each call is signed with credentials that are renewed when they end in the middle.

mod copy;
mod delete;
mod download;
mod files;
mod get;
mod leftovers;
mod partial;
mod presign;
mod progress;
mod put;
mod reader;
mod repeating;
mod sending;
mod unfinished;
mod upload;
mod upload_journal;

use std::sync::Arc;
use std::time::Duration;

pub use self::get::ObjectBody;
pub use self::leftovers::Leftovers;
use self::leftovers::Remains;
pub(super) use self::partial::unfinished_download;
use self::repeating::repeat;
use super::renewal::CredentialRenewal;
use super::signed_call::send_signed;
use super::tasks::Beside;
use crate::aws::objects::{Conditions, ObjectAddress, TransferOptions};
use crate::aws::reading::{self, Known, Target};
use crate::aws::s3::{self, Clients};
use crate::config::Config;
use crate::diagnosis::{Evidence, Permission};
use crate::error::{SETTING_KEY, SessionError};

/// A connection on which next to nothing moves for so long is given up, and what it was for is tried again. The AWS SDKs wait as
/// long for a stream that stalls.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// Parts of one object that are moved at the same time.
const PARALLEL: usize = 4;
/// A process has a few hundred file descriptors, and others need some.
const MOST_PARALLEL: usize = 64;

fn requests_at_once(options: &TransferOptions) -> usize {
    options.parallel.unwrap_or(PARALLEL).clamp(1, MOST_PARALLEL)
}

/// The objects of the buckets that a session may see.
pub(super) struct Objects {
    credentials: Arc<CredentialRenewal>,
    config: Config,
    clients: Arc<Clients>,
    /// How long a transfer may stand still.
    patience: Duration,
    beside: Beside,
    remains: Remains,
}

/// One object, found: how it is asked for, and what an explanation of a refusal may name.
#[derive(Clone)]
struct Place {
    target: Target,
    evidence: Evidence,
}

impl Place {
    /// What is known of the object there, if it is what `conditions` say. Asked as patiently as for its bytes.
    async fn look(&self, credentials: &Arc<CredentialRenewal>, conditions: &Conditions) -> Result<Known, SessionError> {
        let Self { target, evidence } = self;
        let ask = |credentials| async move { reading::head(target, &credentials, conditions).await };
        repeat(|| send_signed(credentials, evidence, ask)).await.outcome
    }
}

impl Objects {
    pub(super) fn new(
        credentials: Arc<CredentialRenewal>,
        config: Config,
        clients: Arc<Clients>,
        patience: Duration,
        beside: Beside,
    ) -> Self {
        Self { credentials, config, clients, patience, beside, remains: Remains::default() }
    }

    pub(super) fn leftovers(&self) -> Leftovers {
        self.remains.found()
    }

    /// Where an object is on which a call is made that takes the permission of `action`.
    ///
    /// # Errors
    /// `Misconfigured` for a bucket that S3 could never have, and for no key at all, which would be the bucket.
    fn find(&self, address: ObjectAddress, action: &'static str) -> Result<Place, SessionError> {
        let ObjectAddress { bucket, key, requester_pays } = address;
        let bucket = bucket.unwrap_or_else(|| self.config.bucket().to_owned());
        s3::check_bucket(&self.config, &bucket)?;
        if key.is_empty() {
            return Err(SessionError::Misconfigured {
                setting: SETTING_KEY.to_owned(),
                problem: "it is empty, and no object has an empty key".to_owned(),
                hint: "An object is asked for by its whole key, such as photos/2026/alps.jpg.".to_owned(),
            });
        }
        let needed = Permission::on_object(action, &bucket, &key);
        let evidence = Evidence::of(&self.config).for_bucket(&bucket).for_permission(needed);
        let target = Target { client: self.clients.for_bucket(&bucket), bucket, key, requester_pays };
        Ok(Place { target, evidence })
    }
}
