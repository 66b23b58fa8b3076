//! What holds for the store alone, and for the tokens in it: whatever was done, whoever is signed in stays so.
//!
//! **What no client survives.** A refresh token that was rotated while nobody saved the answer is the session's end as soon
//! as the grace is over, and without grace at once, by whatever it was lost:
//! - the answer itself: the connection broke, a gateway gave up, the time for it was over, it came without the token;
//! - the process: it was killed between the answer and the write;
//! - the disk: it filled up between the write-ahead and the answer, and the process that keeps the answer in memory was
//!   killed before the disk was well, or another process, which cannot know of it, sent the old token once more.
//!
//! Nor a code that was given up, was sent again, and comes late: used twice, it takes along what it gave.
//!
//! Only then may Okta refuse the stored token (`may_be_refused`). With a persistent refresh token, within the
//! grace, by leaving in time or while nothing can be written, nothing may be lost.

use std::time::Duration;

use jetbridge_local_stack::{Fault, Rotation};

use super::super::plan::{Action, Delay, Mishap, StoreCall, StoreTrouble, Trouble};
use super::super::stored::Stored;
use super::{Act, MARGIN, Outcome, Start, Verdict, World, require};

impl World<'_> {
    /// What was spent, what of it is in the store, and what may be lost.
    pub(super) fn judge_tokens(
        &mut self,
        start: &Start,
        acts: &[Act],
        trouble: Option<Trouble>,
        may_be_lost: bool,
    ) -> Verdict {
        let was_asked = self.site.stack.log().count("token") > 0;
        let takes_no_write = match trouble {
            // One process alone: its own trouble is everybody's.
            Some(Trouble::Store(StoreTrouble { call: StoreCall::Save, after: 0, mishap: Mishap::FailsFromNowOn })) => {
                acts.len() == 1
            }
            _ => start.disk.is_full(),
        };
        require(
            !was_asked || !takes_no_write || self.may_come_late,
            "a token was spent although nothing can be written",
        )?;

        let died = acts.iter().any(|act| matches!(act.outcome, Outcome::Died));
        // Whoever does not know what another process keeps in memory sends the older token once more: too late, that is
        // reuse, and takes along what is kept.
        let may_be_reused = acts.iter().any(|act| !self.keepers.contains(&act.process));
        self.may_be_revoked |= was_asked && may_be_reused && !self.can_renew();
        let was_newest = self.behind_since.is_none();
        let can_be_kept = !start.disk.is_well();
        self.look_at_the_store(acts, trouble, may_be_lost || (can_be_kept && self.rotates()))?;
        if self.behind_since.is_some() && was_newest {
            self.behind_since = Some(start.at);
            if can_be_kept && !may_be_lost && !died {
                let alive = acts.iter().map(|act| act.process).filter(|process| self.processes[*process].is_some());
                self.keepers = alive.collect();
            }
        }
        if self.keepers.iter().any(|process| self.processes[*process].is_none()) {
            self.keepers.clear();
        }
        let may_come_late = match trouble {
            // Who leaves waits for it.
            Some(Trouble::Leaves(_)) => false,
            // What was given up is carried out all the same: as reuse, if another one was sent before it.
            Some(Trouble::Delay(Delay::Slow | Delay::Silent, _)) => true,
            // What a dead process has sent may still be on its way to the stack, after it has said so.
            _ => died && self.stored.is_spending && (!was_asked || acts.len() > 1),
        };
        self.may_come_late |= may_come_late;
        // Nobody but the stack knows the token.
        self.was_answered_without &= !was_asked;
        let is_withheld = matches!(trouble, Some(Trouble::Network(Fault::RefreshTokenWithheld, _))) && was_asked;
        self.was_answered_without |= is_withheld;
        if may_come_late || is_withheld {
            self.behind_since.get_or_insert(start.at);
            // Which a process may keep in memory, until the disk takes it.
            let newest = self.stored.line().and_then(|line| self.site.newest_token(line));
            self.may_be_spent = newest.or_else(|| self.stored.refresh_token.clone());
        }
        Ok(())
    }

    pub(super) fn rotates(&self) -> bool {
        self.site.rotation != Rotation::Off
    }

    /// What holds for the store alone, whatever was done: `acts` are all that was done since the last look.
    pub(super) fn look_at_the_store(
        &mut self,
        acts: &[Act],
        trouble: Option<Trouble>,
        tokens_may_be_lost: bool,
    ) -> Verdict {
        require(!self.device.was_overwritten_unread(), "a store that could not be read was overwritten")?;
        self.neighbour.look(self.site, &self.device)?;
        let now = self.load().map(|bytes| Stored::parse(&bytes)).unwrap_or_default();
        let before = std::mem::replace(&mut self.stored, now.clone());
        let is_late = matches!(trouble, Some(Trouble::Delay(..)));
        let asked_to_sign_out = acts.iter().any(|act| matches!(act.action, Action::SignOut(_)));

        if now.line() != before.line() && now.line().is_some() {
            let finished = acts.iter().find_map(|act| {
                let redirect = &self.redirects[act.redirect?];
                let fits = before.pending.contains(&redirect.state) && redirect.line.is_none();
                (fits && now.user.as_deref() == Some(self.site.subject(redirect.login))).then_some(act.redirect?)
            });
            let finished = finished.ok_or("somebody is signed in whose sign-in was not finished just now")?;
            self.redirects[finished].line = now.line().map(str::to_owned);
            self.behind_since = None;
            self.may_be_revoked = self.redirects[finished].is_on_its_way || is_late;
            self.keepers.clear();
        } else if now.line().is_some() {
            require(now.user == before.user, "another user has the tokens")?;
        }
        if let (Some(user), Some(key)) = (&now.user, &now.access_key) {
            let identity = self.site.stack.identity_of(key);
            require(identity.as_deref() == Some(self.site.identity(user)), "another user's credentials are stored")?;
        }
        if let (Some(user), None) = (&before.user, &now.user) {
            match &now.ended {
                Some((code, ended)) => {
                    let signs_in = |act: &Act| act.redirect.map(|index| self.site.subject(self.redirects[index].login));
                    let is_new = is_late && acts.iter().filter_map(signs_in).any(|subject| subject == ended);
                    require(code == "invalid_grant", "the session ended with a wrong cause")?;
                    require(ended == user || is_new, "the session of somebody else ended")?;
                    require(
                        is_new || self.may_be_refused(tokens_may_be_lost),
                        "the session ended although no token was lost",
                    )?;
                }
                None => require(asked_to_sign_out, "the session is gone although nobody signed out")?,
            }
        }
        if before.ended.is_some() && now.ended.is_none() && now.user.is_none() {
            require(asked_to_sign_out, "the end of the session was forgotten")?;
        }
        self.compare_with_newest(tokens_may_be_lost)
    }

    fn compare_with_newest(&mut self, may_be_lost: bool) -> Verdict {
        let was_asked = self.site.stack.log().count("token") > 0;
        if self.stored.line().is_none() {
            self.behind_since = None;
            self.keepers.clear();
            return Ok(());
        }
        if !was_asked {
            return Ok(());
        }
        if self.is_newest(&self.stored) {
            if self.is_safe() {
                self.behind_since = None;
                self.may_be_spent = None;
            }
        } else {
            require(
                self.behind_since.is_some() || may_be_lost,
                "the store holds an older refresh token than the newest",
            )?;
            self.behind_since.get_or_insert(self.site.stack.clock().now());
        }
        Ok(())
    }

    /// Whether the stored token cannot be spent any more by what was given up.
    pub(super) fn is_safe(&self) -> bool {
        self.may_be_spent.is_none() || self.may_be_spent != self.stored.refresh_token
    }

    pub(super) fn is_newest(&self, stored: &Stored) -> bool {
        stored.line().is_none_or(|line| stored.refresh_token == self.site.newest_token(line))
    }

    /// Whether a refresh with the stored token has to work.
    pub(super) fn can_renew(&self) -> bool {
        match (self.behind_since, self.site.rotation) {
            _ if self.may_be_revoked => false,
            (None, _) | (_, Rotation::Off) => true,
            (Some(since), Rotation::WithGrace(grace)) => {
                let age = self.site.stack.clock().now().duration_since(since).unwrap_or_default();
                age + MARGIN < grace
            }
        }
    }

    /// Whether the session may have ended by itself, in what was just done: `lost_now` says that a token may have been lost
    /// in it.
    fn may_be_refused(&self, lost_now: bool) -> bool {
        !self.can_renew() || (lost_now && self.site.rotation == Rotation::WithGrace(Duration::ZERO))
    }
}
