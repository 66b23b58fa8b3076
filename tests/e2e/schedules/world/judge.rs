//! What callers may be told: for each action, the answers that are right after what was done and what went wrong.

use jetbridge::{SessionError, SessionState, SignInReason};

use super::{Act, Action, Outcome, Stored, Verdict, World, query, require, subject_of};

impl World<'_> {
    /// What holds for the answer to a caller. `before` is what was stored and whether that had to
    /// work, `others` what was done at the same time.
    pub(super) fn judge(
        &self,
        act: &Act,
        (before, must_work): (&Stored, bool),
        others: &[&Action],
        in_trouble: bool,
    ) -> Verdict {
        let other = |is: fn(&Action) -> bool| others.iter().any(|action| is(action));
        let beside_sign_out = other(|action| matches!(action, Action::SignOut(_)));
        let beside_finish = other(|action| matches!(action, Action::Finish { .. }));
        let beside_begin = other(|action| matches!(action, Action::Begin(_)));
        let calm = !in_trouble && !beside_sign_out;
        match &act.outcome {
            Outcome::Died => require(in_trouble, "a process died by itself, or a call panicked"),
            Outcome::NothingToFinish => Ok(()),
            Outcome::Begun(Ok(url)) => {
                let is_kept = self.stored.pending.contains(&query(url, "state"));
                require(is_kept || beside_sign_out || beside_begin, "a sign-in began that no process can finish")
            }
            Outcome::Begun(Err(error)) => {
                require(!calm, "a sign-in cannot begin")?;
                passes(error)
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
                        let saved = self.stored.user.as_deref() == Some(expected);
                        require(
                            !was_open || saved || beside_sign_out || beside_finish,
                            "a sign-in was told but not saved",
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
                        if is_stale || is_cancelled || is_gone { Ok(()) } else { passes(error) }
                    }
                }
            }
            Outcome::Asked(answers) => {
                let must = calm && !beside_finish && must_work;
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
                                self.store_has_failed || self.device.has_kept(key),
                                "credentials that were not saved",
                            )?;
                        }
                        Err(error) => {
                            require(!must, "no credentials for a session that is well")?;
                            passes(error)?;
                        }
                    }
                }
                Ok(())
            }
            Outcome::Told(Err(error)) => {
                let must = calm && !beside_finish && must_work;
                require(!must, "a session that is well was refused")?;
                passes(error)
            }
            Outcome::Told(Ok(())) => Ok(()),
            Outcome::SignedOut(Ok(())) => {
                let is_empty = self.stored == Stored::default();
                require(is_empty || beside_finish || beside_begin, "something is left after a sign-out")?;
                let view = act.view_after.as_ref();
                let is_out = view.is_none_or(|view| *view == SessionState::SignedOut);
                require(is_out || beside_finish, "a process shows a session after its sign-out")
            }
            Outcome::SignedOut(Err(error)) => {
                require(in_trouble, "a sign-out failed")?;
                passes(error)
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
fn passes(error: &SessionError) -> Verdict {
    let may_be = matches!(error.kind(), "retryable" | "secure_storage" | "sign_in_required");
    require(may_be, &format!("an answer that misleads: {error:?}"))
}
