//! What callers may be told: for each action, the answers that are right after what was done and what went wrong.

use jetbridge::{SessionError, SessionState, SignInReason};

use super::super::plan::Trouble;
use super::{Act, Action, Outcome, Start, Stored, Verdict, World, query, require, subject_of, to_unix};

impl World<'_> {
    /// How many tokens the app has taken back; the neighbour's are another server's.
    fn revocations(&self) -> usize {
        let records = self.site.stack.log().records();
        records
            .iter()
            .filter(|record| record.operation == "revoke" && record.path.starts_with("/oauth2/default/"))
            .count()
    }

    /// What holds for the answer to a caller; `others` is what was done at the same time.
    pub(super) fn judge(&self, act: &Act, start: &Start, others: &[&Action], trouble: Option<Trouble>) -> Verdict {
        let (before, must_work) = (&start.stored, start.must_work);
        let in_trouble = trouble.is_some() || !start.disk.is_well();
        let other = |is: fn(&Action) -> bool| others.iter().any(|action| is(action));
        let beside_sign_out = other(|action| matches!(action, Action::SignOut(_)));
        let beside_finish = other(|action| matches!(action, Action::Finish { .. }));
        let beside_begin = other(|action| matches!(action, Action::Begin(_)));
        let calm = !in_trouble && !beside_sign_out;
        let asks_again = calm && others.is_empty() && start.has_lost_an_answer;
        match &act.outcome {
            Outcome::Died => require(in_trouble, "a process died by itself, or a call panicked"),
            Outcome::NothingToFinish => Ok(()),
            Outcome::Begun(Ok(url)) => {
                let is_kept = self.stored.pending.contains(&query(url, "state"));
                require(is_kept || beside_sign_out || beside_begin, "a sign-in began that no process can finish")
            }
            Outcome::Begun(Err(error)) => {
                require(!calm, "a sign-in cannot begin")?;
                passes(error, trouble)
            }
            Outcome::Finished(result) => {
                let index = act.redirect.ok_or("no redirect")?;
                let redirect = &self.redirects[index];
                let was_open = before.pending.contains(&redirect.state);
                match result {
                    Ok(state) => {
                        require(was_open || redirect.was_taken, "a redirect of nobody's was taken")?;
                        let expected = self.site.subject(redirect.login);
                        let shows = subject_of(state) == Some(expected);
                        require(
                            !was_open || shows || !calm || beside_finish,
                            "another user signed in than the redirect's",
                        )?;
                        // It may have ended since: its code came twice.
                        let has_ended = matches!(trouble, Some(Trouble::Delay(..)))
                            && self.stored.ended.as_ref().is_some_and(|(_, ended)| ended == expected);
                        let saved = self.stored.user.as_deref() == Some(expected) || has_ended;
                        require(
                            !was_open || saved || beside_sign_out || beside_finish,
                            "a sign-in was told but not saved",
                        )?;
                        // Of the line before, nobody has a token any more.
                        let replaces = before.line().is_some_and(|line| Some(line) != self.stored.line());
                        let is_alone = !in_trouble && others.is_empty();
                        require(
                            !is_alone || !replaces || self.revocations() == 1,
                            "a refresh token was replaced and not taken back",
                        )
                    }
                    Err(error) => {
                        let is_impatient = matches!(act.action, Action::Finish { impatient: true, .. });
                        // Of several sign-ins that end, only the last one's redirect is known as an old one.
                        let is_outrun = beside_finish && is_impatient;
                        let must = calm && !beside_begin && !is_outrun && self.must_be_taken(index, before);
                        require(!must, "a good redirect was refused")?;
                        let is_stale = !was_open && matches!(error, SessionError::UnexpectedRedirect { .. });
                        // Another sign-in that begins drops the oldest and the expired ones.
                        let is_cancelled = (beside_sign_out || beside_begin) && *error == SessionError::UserCancelled;
                        // An earlier caller may have been refused, and the sign-in ended with that.
                        let is_gone = (beside_begin || beside_sign_out || beside_finish || is_impatient)
                            && matches!(error, SessionError::UnexpectedRedirect { .. });
                        if is_stale || is_cancelled || is_gone { Ok(()) } else { passes(error, trouble) }
                    }
                }
            }
            Outcome::Asked(answers) => {
                let must = calm && !beside_finish && must_work;
                // The disk alone keeps nobody from what is still good.
                let must_give = trouble.is_none() && !beside_sign_out && !beside_finish && start.has_live_keys;
                for answer in answers {
                    match answer {
                        Ok(key) => {
                            let identity = self.site.stack.identity_of(key).ok_or("keys that Cognito never gave")?;
                            let views = [Some(&act.view_before), act.view_after.as_ref()];
                            let stored = [before.user.as_deref(), self.stored.user.as_deref()];
                            let mut users =
                                views.into_iter().flatten().filter_map(subject_of).chain(stored.into_iter().flatten());
                            require(
                                users.any(|user| self.site.identity(user) == identity),
                                "credentials of somebody who is not signed in",
                            )?;
                            // Saved under the user's name first; what came too late for that is nobody's any more.
                            require(
                                self.store_has_failed || self.device.expiry_of(key).is_some(),
                                "credentials that were not saved",
                            )?;
                            let expires_at = self.device.expiry_of(key).filter(|_| !self.clock_was_set);
                            require(
                                expires_at.is_none_or(|expires_at| expires_at > to_unix(start.at)),
                                "credentials that have expired",
                            )?;
                        }
                        Err(error) => {
                            require(!must, "no credentials for a session that is well")?;
                            require(!must_give, "stored credentials that are good were kept back")?;
                            passes(error, trouble)?;
                        }
                    }
                }
                require(!asks_again || self.is_newest(&self.stored), "a lost answer was not asked for again")
            }
            Outcome::Told(Err(error)) => {
                let must = calm && !beside_finish && must_work;
                require(!must, "a session that is well was refused")?;
                passes(error, trouble)
            }
            Outcome::Told(Ok(())) => {
                require(!asks_again || self.is_newest(&self.stored), "a lost answer was not asked for again")
            }
            Outcome::SignedOut(Ok(())) => {
                let is_empty = self.stored == Stored::default();
                require(is_empty || beside_finish || beside_begin, "something is left after a sign-out")?;
                let view = act.view_after.as_ref();
                let is_out = view.is_none_or(|view| *view == SessionState::SignedOut);
                require(is_out || beside_finish, "a process shows a session after its sign-out")
            }
            Outcome::SignedOut(Err(error)) => {
                require(in_trouble, "a sign-out failed")?;
                passes(error, trouble)
            }
            Outcome::Restored(state) => {
                let unchanged = *state == act.view_before || matches!(state, SessionState::StorageUnavailable { .. });
                let follows = |stored: &Stored| match state {
                    SessionState::SignedIn { user } => stored.user.as_ref() == Some(&user.subject),
                    SessionState::SignInRequired { user: Some(user), reason } => {
                        let code = SignInReason::RefreshTokenRefused { code: "invalid_grant".to_owned() };
                        *reason == code && stored.ended.as_ref().is_some_and(|(_, ended)| *ended == user.subject)
                    }
                    SessionState::SignedOut => stored.user.is_none() && stored.ended.is_none(),
                    _ => false,
                };
                let follows = follows(&self.stored) || (!others.is_empty() && follows(before));
                require(follows || (in_trouble && unchanged), "the state is not what the store says")
            }
        }
    }
}

/// The failures that trouble may cause. Anything else would tell the app to do something that does not help.
fn passes(error: &SessionError, trouble: Option<Trouble>) -> Verdict {
    let may_be = match error {
        // The clock jumped between the answer, whose time was believed, and the look at the ID token in it: for this once
        // the token is one of another time.
        SessionError::AccessDenied { code, .. } => {
            code == "invalid_id_token" && matches!(trouble, Some(Trouble::ClockJumps { .. }))
        }
        error => matches!(error.kind(), "retryable" | "secure_storage" | "sign_in_required"),
    };
    require(may_be, &format!("an answer that misleads: {error:?}"))
}
