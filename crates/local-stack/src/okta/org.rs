//! The Okta org: everything that is known here of keys, tokens and people, whichever authorization server is asked.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::application::Application;
use super::grants::Grants;
use super::keys::KeyRing;
use super::sessions::SignIns;
use crate::faults::Fault;
use crate::jws::SigningKey;
use crate::options::DemoUser;
use crate::random_ids::random_text;
use crate::shared::Shared;

/// What both authorization servers share: keys, grants, and the sign-ins under way.
pub(crate) struct Okta {
    pub(super) shared: Arc<Shared>,
    pub(super) keys: KeyRing,
    grants: Mutex<Grants>,
    sign_ins: Mutex<SignIns>,
}

impl Okta {
    pub(crate) fn new(shared: Arc<Shared>, first_key: SigningKey) -> Self {
        Self {
            shared,
            keys: KeyRing::new(first_key),
            grants: Mutex::new(Grants::default()),
            sign_ins: Mutex::new(SignIns::default()),
        }
    }

    pub(crate) fn keys(&self) -> &KeyRing {
        &self.keys
    }

    pub(super) fn grants(&self) -> MutexGuard<'_, Grants> {
        self.grants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn sign_ins(&self) -> MutexGuard<'_, SignIns> {
        self.sign_ins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> i64 {
        self.shared.clock.unix_now()
    }

    pub(super) fn application(&self) -> Application<'_> {
        Application::of(&self.shared.options, &self.shared.faults)
    }

    pub(super) fn user(&self, id: &str) -> Option<&DemoUser> {
        self.shared.options.users.iter().find(|user| user.id == id)
    }

    /// Whether the application is assigned to the user.
    pub(super) fn is_assigned(&self, user_id: &str) -> bool {
        !self.shared.faults.holds(Fault::OktaUserNotAssigned) && self.user(user_id).is_some_and(|user| user.assigned)
    }

    /// A fresh secret of 256 random bits, noted among the issued ones.
    pub(super) fn create_secret(&self) -> String {
        let secret = random_text(32);
        self.shared.issued.record(&secret);
        secret
    }
}
