//! The identities of the pool: one for each person and issuer, stable as long as the stack lives (with a template, at
//! every start), plus guests.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::error::CognitoError;
use super::login::Login;
use crate::random_ids::random_uuid;
use crate::template::Deployment;

/// A stack that made this many refuses new ones instead of growing without end.
const MAX_IDENTITIES: usize = 100_000;

/// Which identity a login belongs to, and the logins of each identity. A guest has none.
pub(super) struct Identities {
    region: String,
    deployment: Option<Arc<Deployment>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    by_login: HashMap<Login, String>,
    logins: HashMap<String, Vec<Login>>,
    /// Identities whose last login was unlinked. They are nobody's any more, and no guests.
    inaccessible: HashSet<String>,
}

impl Identities {
    /// With a deployment, the identities of those who sign in are known before they do.
    pub(super) fn new(region: String, deployment: Option<Arc<Deployment>>) -> Self {
        Self { region, deployment, state: Mutex::default() }
    }

    /// The identity that these verified logins belong to, made if it is new; without logins a new guest.
    pub(super) fn find_or_create(&self, logins: &[Login]) -> Result<String, CognitoError> {
        let mut state = self.lock();
        match state.owner(logins)? {
            Some(identity) => state.link(&identity, logins).map(|()| identity),
            None => {
                let foreseen = logins.first().and_then(|login| self.foresee(login));
                // Whoever it was foreseen for has unlinked it, if it is there already.
                let foreseen = foreseen.filter(|identity| !state.is_known(identity));
                let identity =
                    state.create(foreseen.unwrap_or_else(|| format!("{}:{}", self.region, random_uuid())))?;
                state.link(&identity, logins)?;
                Ok(identity)
            }
        }
    }

    /// The identity that `identity` and the logins lead to together. A guest who signs in becomes that user's identity,
    /// or ends in the one that the user already has: then the answer differs from what was asked.
    pub(super) fn resolve(&self, identity: &str, logins: &[Login]) -> Result<String, CognitoError> {
        let mut state = self.lock();
        if state.inaccessible.contains(identity) {
            return Err(CognitoError::IdentityForbidden(identity.to_owned()));
        }
        // Who signed in before the stack was started again is remembered by the app and not by the stack.
        let is_theirs = |login: &Login| self.foresee(login).is_some_and(|foreseen| foreseen == identity);
        if !state.logins.contains_key(identity) && logins.iter().any(is_theirs) {
            state.create(identity.to_owned())?;
        }
        let Some(linked) = state.logins.get(identity) else {
            return Err(CognitoError::IdentityNotFound(identity.to_owned()));
        };
        let is_guest = linked.is_empty();
        if logins.is_empty() {
            let forbidden = || CognitoError::IdentityForbidden(identity.to_owned());
            return if is_guest { Ok(identity.to_owned()) } else { Err(forbidden()) };
        }
        match state.owner(logins)? {
            Some(owner) if owner == identity => state.link(identity, logins).map(|()| owner),
            Some(owner) if is_guest => {
                state.logins.remove(identity);
                state.link(&owner, logins).map(|()| owner)
            }
            None if is_guest => state.link(identity, logins).map(|()| identity.to_owned()),
            Some(_) | None => Err(CognitoError::LoginsDoNotMatch),
        }
    }

    /// Forgets every identity and what belonged to it (DeleteIdentities, API reference).
    pub(super) fn delete_all(&self) {
        *self.lock() = State::default();
    }

    /// Refuses an identity that the pool never had.
    pub(super) fn check_known(&self, identity: &str) -> Result<(), CognitoError> {
        let state = self.lock();
        if state.is_known(identity) { Ok(()) } else { Err(CognitoError::IdentityNotFound(identity.to_owned())) }
    }

    /// Takes the logins of these providers from an identity that one of the verified logins belongs to. "Unlinked logins will
    /// be considered new identities next time they are seen. Removing the last linked login will make this identity
    /// inaccessible" (UnlinkIdentity, API reference). In which words the service says so is not documented.
    pub(super) fn unlink(&self, identity: &str, logins: &[Login], providers: &[String]) -> Result<(), CognitoError> {
        let mut state = self.lock();
        if state.inaccessible.contains(identity) {
            return Err(CognitoError::IdentityForbidden(identity.to_owned()));
        }
        if state.owner(logins)?.as_deref() != Some(identity) {
            return Err(CognitoError::LoginsDoNotMatch);
        }
        let linked = state.logins.remove(identity).unwrap_or_default();
        let (unlinked, kept): (Vec<_>, Vec<_>) =
            linked.into_iter().partition(|login| providers.contains(&login.provider));
        for login in &unlinked {
            state.by_login.remove(login);
        }
        if kept.is_empty() {
            state.inaccessible.insert(identity.to_owned());
        } else {
            state.logins.insert(identity.to_owned(), kept);
        }
        Ok(())
    }

    /// The identity that a deployment has for this login before anybody signs in with it.
    fn foresee(&self, login: &Login) -> Option<String> {
        self.deployment.as_ref().map(|deployment| deployment.pool.identity_id(&login.provider, &login.subject))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The one identity that any of the logins belongs to.
    fn owner(&self, logins: &[Login]) -> Result<Option<String>, CognitoError> {
        let mut owners = logins.iter().filter_map(|login| self.by_login.get(login));
        let first = owners.next().cloned();
        match owners.find(|other| Some(*other) != first.as_ref()) {
            Some(_) => Err(CognitoError::LoginLinkedElsewhere),
            None => Ok(first),
        }
    }

    fn is_known(&self, identity: &str) -> bool {
        self.logins.contains_key(identity) || self.inaccessible.contains(identity)
    }

    fn create(&mut self, identity: String) -> Result<String, CognitoError> {
        if self.logins.len() + self.inaccessible.len() >= MAX_IDENTITIES {
            return Err(CognitoError::Throttled);
        }
        self.logins.insert(identity.clone(), Vec::new());
        Ok(identity)
    }

    /// Adds the logins that are new. An identity has one login of each provider.
    fn link(&mut self, identity: &str, logins: &[Login]) -> Result<(), CognitoError> {
        let linked = self.logins.entry(identity.to_owned()).or_default();
        let is_new = |login: &&Login| !linked.contains(login);
        let new: Vec<Login> = logins.iter().filter(is_new).cloned().collect();
        if new.iter().any(|login| linked.iter().any(|other| other.provider == login.provider)) {
            return Err(CognitoError::LoginLinkedElsewhere);
        }
        for login in new {
            linked.push(login.clone());
            self.by_login.insert(login, identity.to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::Template;

    const DEMO: &str = include_str!("../../../../tests/e2e/template/infra-demo.template.json");

    fn login(provider: &str, subject: &str) -> Login {
        Login { provider: provider.to_owned(), subject: subject.to_owned() }
    }

    fn identities() -> Identities {
        Identities::new("us-west-2".to_owned(), None)
    }

    #[test]
    fn an_identity_belongs_to_issuer_and_subject() {
        let identities = identities();
        let alice = identities.find_or_create(&[login("custom", "alice")]).unwrap();
        assert!(alice.starts_with("us-west-2:") && alice.len() == 46);
        assert_eq!(identities.find_or_create(&[login("custom", "alice")]).unwrap(), alice);
        assert_ne!(identities.find_or_create(&[login("custom", "bob")]).unwrap(), alice);
        assert_ne!(identities.find_or_create(&[login("org", "alice")]).unwrap(), alice);
    }

    #[test]
    fn nobody_gets_another_users_identity() {
        let identities = identities();
        let alice = identities.find_or_create(&[login("custom", "alice")]).unwrap();
        identities.find_or_create(&[login("custom", "bob")]).unwrap();
        assert_eq!(identities.resolve(&alice, &[login("custom", "alice")]), Ok(alice.clone()));
        for stranger in ["bob", "carol"] {
            let refused = identities.resolve(&alice, &[login("custom", stranger)]);
            assert_eq!(refused, Err(CognitoError::LoginsDoNotMatch), "{stranger}");
        }
        assert_eq!(identities.resolve(&alice, &[]), Err(CognitoError::IdentityForbidden(alice.clone())));
        let unknown = "us-west-2:00000000-0000-4000-8000-000000000000";
        assert_eq!(
            identities.resolve(unknown, &[login("custom", "alice")]),
            Err(CognitoError::IdentityNotFound(unknown.to_owned()))
        );
    }

    #[test]
    fn with_a_template_an_identity_that_an_app_remembers_outlives_the_stack() {
        let template = Template::parse(DEMO, "JetbridgeStack").unwrap();
        let start = || Identities::new("us-west-2".to_owned(), Some(Arc::clone(template.deployment())));
        let alice = start().find_or_create(&[login("custom", "alice")]).unwrap();
        let restarted = start();
        let unknown = Err(CognitoError::IdentityNotFound(alice.clone()));
        assert_eq!(restarted.resolve(&alice, &[login("custom", "bob")]), unknown);
        assert_eq!(restarted.resolve(&alice, &[]), unknown);
        assert_eq!(restarted.resolve(&alice, &[login("custom", "alice")]), Ok(alice.clone()));
        assert_eq!(restarted.find_or_create(&[login("custom", "alice")]), Ok(alice.clone()));
        assert_eq!(restarted.resolve(&alice, &[login("custom", "bob")]), Err(CognitoError::LoginsDoNotMatch));
        assert_eq!(restarted.resolve(&alice, &[]), Err(CognitoError::IdentityForbidden(alice.clone())));
    }

    #[test]
    fn a_guest_who_signs_in_keeps_or_changes_the_identity() {
        let identities = identities();
        let guest = identities.find_or_create(&[]).unwrap();
        assert_eq!(identities.resolve(&guest, &[]), Ok(guest.clone()));
        assert_eq!(identities.resolve(&guest, &[login("custom", "alice")]), Ok(guest.clone()));
        // No guest any more.
        assert_eq!(identities.resolve(&guest, &[]), Err(CognitoError::IdentityForbidden(guest.clone())));

        let second = identities.find_or_create(&[]).unwrap();
        assert_eq!(identities.resolve(&second, &[login("custom", "alice")]), Ok(guest));
        assert_eq!(identities.resolve(&second, &[]), Err(CognitoError::IdentityNotFound(second.clone())));
    }

    #[test]
    fn an_unlinked_login_is_a_new_identity_and_the_last_one_leaves_none() {
        let identities = identities();
        let both = [login("custom", "alice"), login("org", "alice")];
        let alice = identities.find_or_create(&both).unwrap();
        let unlink = |logins: &[Login], provider: &str| identities.unlink(&alice, logins, &[provider.to_owned()]);
        assert_eq!(unlink(&[], "org"), Err(CognitoError::LoginsDoNotMatch));
        assert_eq!(unlink(&[login("custom", "bob")], "org"), Err(CognitoError::LoginsDoNotMatch));
        assert_eq!(unlink(&both[..1], "nobody"), Ok(()));
        assert_eq!(identities.find_or_create(&both[1..]).unwrap(), alice, "nothing was unlinked yet");

        assert_eq!(unlink(&both[..1], "org"), Ok(()));
        assert_ne!(identities.find_or_create(&both[1..]).unwrap(), alice);
        assert_eq!(identities.resolve(&alice, &both[..1]), Ok(alice.clone()));

        assert_eq!(unlink(&both[..1], "custom"), Ok(()));
        let forbidden = Err(CognitoError::IdentityForbidden(alice.clone()));
        assert_eq!(identities.resolve(&alice, &both[..1]), forbidden);
        assert_eq!(identities.resolve(&alice, &[]), forbidden, "it is no guest");
        assert_ne!(identities.find_or_create(&both[..1]).unwrap(), alice);
        assert_eq!(identities.check_known(&alice), Ok(()));
    }

    #[test]
    fn with_a_template_too_an_unlinked_login_is_a_new_identity_and_takes_nobody_s_place() {
        let template = Template::parse(DEMO, "JetbridgeStack").unwrap();
        let identities = Identities::new("us-west-2".to_owned(), Some(Arc::clone(template.deployment())));
        let both = [login("custom", "alice"), login("org", "alice")];
        let alice = identities.find_or_create(&both).unwrap();
        identities.unlink(&alice, &both[1..], &["custom".to_owned()]).unwrap();
        assert_ne!(identities.find_or_create(&both[..1]).unwrap(), alice);
        assert_eq!(identities.resolve(&alice, &both[1..]), Ok(alice.clone()));
        assert_eq!(identities.resolve(&alice, &both[..1]), Err(CognitoError::LoginsDoNotMatch));
    }

    #[test]
    fn identities_that_are_nobody_s_any_more_count_as_well() {
        let identities = identities();
        let alice = [login("custom", "alice")];
        for _ in 0..MAX_IDENTITIES {
            let identity = identities.find_or_create(&alice).unwrap();
            identities.unlink(&identity, &alice, &["custom".to_owned()]).unwrap();
        }
        assert_eq!(identities.find_or_create(&alice), Err(CognitoError::Throttled));
    }

    #[test]
    fn logins_of_two_providers_link_once() {
        let identities = identities();
        let both = [login("custom", "alice"), login("org", "alice")];
        let alice = identities.find_or_create(&both[..1]).unwrap();
        assert_eq!(identities.find_or_create(&both).unwrap(), alice);
        assert_eq!(identities.find_or_create(&both[1..]).unwrap(), alice);
        let conflict = Err(CognitoError::LoginLinkedElsewhere);
        assert_eq!(identities.find_or_create(&[login("custom", "alice"), login("org", "bob")]), conflict);
        identities.find_or_create(&[login("org", "bob")]).unwrap();
        assert_eq!(identities.find_or_create(&[login("custom", "alice"), login("org", "bob")]), conflict);
    }
}
