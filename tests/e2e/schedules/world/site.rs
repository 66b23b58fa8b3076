//! A stack that schedules use one after the other, each with a device of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use jetbridge::{Config, LoginOptions, Session};
use jetbridge_local_stack::{LocalStack, Options, Rotation, ScriptedBrowser};

use super::super::device::Device;
use crate::bench::{ALICE, BOB, PASSWORD, config_of};

/// The stack, its configurations and what is known of its users.
pub(crate) struct Site {
    pub(crate) stack: Arc<LocalStack>,
    pub(crate) config: Config,
    /// The same installation with the org's own authorization server.
    pub(crate) neighbour_s_config: Config,
    pub(crate) rotation: Rotation,
    /// Subject and identity of each user.
    people: BTreeMap<&'static str, (String, String)>,
    /// Who uses the other configuration.
    pub(crate) neighbour: (String, String),
}

impl Site {
    pub(crate) async fn start(rotation: Rotation) -> Self {
        let stack = Arc::new(LocalStack::start(Options { rotation, ..Options::default() }).await.unwrap());
        let config = config_of(&stack, |_, _| {});
        let neighbour_s_config = config_of(&stack, |okta, _| okta["okta_issuer_url"] = stack.org_issuer().into());
        let mut people = BTreeMap::new();
        for login in [ALICE, BOB] {
            people.insert(login, get_to_know(&stack, &config, login).await);
        }
        assert_ne!(people[ALICE], people[BOB]);
        let neighbour = get_to_know(&stack, &neighbour_s_config, BOB).await;
        Self { stack, config, neighbour_s_config, rotation, people, neighbour }
    }

    pub(super) fn subject(&self, login: &str) -> &str {
        &self.people[login].0
    }

    pub(super) fn identity(&self, subject: &str) -> &str {
        self.people.values().find(|(known, _)| known == subject).map_or("", |(_, identity)| identity)
    }

    /// The last refresh token of this line that the stack handed out.
    pub(super) fn newest_token(&self, line: &str) -> Option<String> {
        let is_of_line = |secret: &str| secret.split_once('.').is_some_and(|(handle, _)| handle == line);
        self.stack.issued_secrets().find_newest(is_of_line)
    }
}

/// Subject and identity.
async fn get_to_know(stack: &LocalStack, config: &Config, login: &str) -> (String, String) {
    let session = Session::open(config.clone(), Arc::new(Device::default().store)).unwrap();
    let request = session.begin_login(LoginOptions::default()).await.unwrap();
    session.complete_login(&browse(&request.url, login).await).await.unwrap();
    let credentials = session.aws_credentials().await.unwrap();
    let identity = stack.identity_of(credentials.access_key_id()).unwrap();
    (session.details().user.unwrap().subject, identity)
}

pub(super) async fn browse(url: &str, login: &str) -> String {
    ScriptedBrowser::new(None).unwrap().sign_in(url, login, PASSWORD).await.unwrap()
}
