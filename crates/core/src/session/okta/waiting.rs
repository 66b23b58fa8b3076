//! What the server answered to codes of sign-ins that cannot go on yet: the keys or the store cannot be had. Their codes are
//! spent, so the same redirect, given again, goes on with the answer.

use std::sync::{Arc, Mutex};

use secrecy::SecretString;

use super::server::AuthorizationServer;
use crate::mutex::lock;
use crate::oidc::token::TokenAnswer;
use crate::secret_text::is_same;
use crate::session::stored::pending::MOST_PENDING;
use crate::session::tasks::Beside;

/// The answers, by the `state` of their sign-ins.
pub(super) struct WaitingAnswers {
    answers: Mutex<Vec<WaitingAnswer>>,
    server: Arc<AuthorizationServer>,
    beside: Beside,
}

struct WaitingAnswer {
    state: SecretString,
    answer: TokenAnswer,
}

impl WaitingAnswers {
    pub(super) fn new(server: Arc<AuthorizationServer>, beside: Beside) -> Self {
        Self { answers: Mutex::default(), server, beside }
    }

    /// Keeps an answer until its sign-in can go on.
    pub(super) fn keep(&self, state: SecretString, answer: TokenAnswer) {
        let surplus = {
            let mut answers = lock(&self.answers);
            answers.push(WaitingAnswer { state, answer });
            let surplus = answers.len().saturating_sub(MOST_PENDING);
            answers.drain(..surplus).collect()
        };
        self.give_back(surplus);
    }

    pub(super) fn take(&self, state: &SecretString) -> Option<TokenAnswer> {
        let mut answers = lock(&self.answers);
        let position = answers.iter().position(|waiting| is_same(&waiting.state, state))?;
        Some(answers.remove(position).answer)
    }

    /// Gives the tokens back of sign-ins that were forgotten: nobody will take them any more.
    pub(super) fn drop_those(&self, is_forgotten: impl Fn(&SecretString) -> bool) {
        let forgotten = lock(&self.answers).extract_if(.., |waiting| is_forgotten(&waiting.state)).collect();
        self.give_back(forgotten);
    }

    fn give_back(&self, answers: Vec<WaitingAnswer>) {
        for refresh_token in answers.into_iter().filter_map(|waiting| waiting.answer.refresh_token) {
            let server = Arc::clone(&self.server);
            // Best effort: nobody has a copy.
            self.beside.spawn(async move { drop(server.revoke(&refresh_token).await) });
        }
    }
}
