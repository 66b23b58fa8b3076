//! Carries a schedule out and compares what it sees with what must hold: [`tokens`] for the store, [`judge`] for callers.

mod judge;
mod meddling;
mod neighbour;
mod site;
mod tokens;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::join_all;
use jetbridge::storage::SecretStore;
use jetbridge::{Clock as _, LoginOptions, Session, SessionError, SessionState, SystemClock};
use jetbridge_local_stack::Fault;
use url::Url;

use super::device::{Device, Disk};
use super::plan::{Action, Errand, Schedule, Step, Trouble};
use super::process::Process;
use super::stored::Stored;
use crate::bench::ALICE;
use neighbour::Neighbour;
pub(crate) use site::Site;
use site::browse;

/// Real seconds that a schedule may take without anybody noticing.
const MARGIN: Duration = Duration::from_secs(10);
/// A code lasts five minutes.
const CODE_IS_FRESH: Duration = Duration::from_secs(280);
const HOUR: Duration = Duration::from_secs(3600);

/// A sign-in whose browser has come back.
#[derive(Debug, Clone)]
struct Redirect {
    login: &'static str,
    url: String,
    state: String,
    came_at: SystemTime,
    /// Given to the app before: the code may be spent.
    was_tried: bool,
    was_taken: bool,
    /// Whether its code may still be on its way to the stack: sent again before it comes, it takes its tokens along.
    is_on_its_way: bool,
    /// The line of refresh tokens that came of it.
    line: Option<String>,
}

/// What an action came to, as far as the caller was told.
#[derive(Debug, Clone)]
enum Outcome {
    Begun(Result<String, SessionError>),
    Finished(Result<SessionState, SessionError>),
    /// The access key of each caller that waited.
    Asked(Vec<Result<String, SessionError>>),
    Told(Result<(), SessionError>),
    SignedOut(Result<(), SessionError>),
    Restored(SessionState),
    NothingToFinish,
    Died,
}

/// One action and everything that is needed to judge it.
struct Act {
    process: usize,
    action: Action,
    redirect: Option<usize>,
    view_before: SessionState,
    view_after: Option<SessionState>,
    outcome: Outcome,
}

/// How things stood when something was begun.
struct Start {
    at: SystemTime,
    stored: Stored,
    disk: Disk,
    /// Whether a session had to be good for credentials and tokens.
    must_work: bool,
    /// Whether stored AWS credentials had to be given, whatever went wrong with the disk.
    has_live_keys: bool,
    /// Whether an answer was lost for which any use has to ask again now.
    has_lost_an_answer: bool,
}

type Verdict = Result<(), String>;

pub(crate) struct World<'s> {
    site: &'s Site,
    device: Device,
    processes: [Option<Process>; 2],
    redirects: Vec<Redirect>,
    stored: Stored,
    /// Since when the store has held, or may have held, an older refresh token than the stack.
    behind_since: Option<SystemTime>,
    /// The code of the sign-in may come once more, and take the tokens along.
    may_be_revoked: bool,
    /// The token that a dead process may have sent: the stack may get it, and spend it, at any time.
    may_be_spent: Option<String>,
    /// Whoever had lost an answer has another one since, without a refresh token: by RFC 6749 section 6 the old one goes on, and
    /// nothing is left to ask again for.
    was_answered_without: bool,
    /// Whether a request of a dead process may still reach the stack.
    may_come_late: bool,
    device_is_wrong_by: i64,
    /// Whether processes may believe what they learnt of the device's clock before it was set.
    clock_was_set: bool,
    neighbour: Neighbour,
    /// The processes of which one keeps in memory the newest token, which the disk did not take. Empty if none does, or if
    /// it may be lost.
    keepers: BTreeSet<usize>,
    /// Whether a process may keep in memory what the store did not take.
    store_has_failed: bool,
    pub(crate) story: String,
}

impl<'s> World<'s> {
    pub(crate) fn new(site: &'s Site) -> Self {
        Self {
            site,
            device: Device::default(),
            processes: [None, None],
            redirects: Vec::new(),
            stored: Stored::default(),
            behind_since: None,
            may_be_spent: None,
            was_answered_without: false,
            may_be_revoked: false,
            may_come_late: false,
            device_is_wrong_by: 0,
            clock_was_set: false,
            neighbour: Neighbour::default(),
            keepers: BTreeSet::new(),
            store_has_failed: false,
            story: String::new(),
        }
    }

    pub(crate) async fn run(&mut self, schedule: &Schedule) -> Verdict {
        self.device_is_wrong_by = schedule.clock_is_wrong_by;
        self.set_device_clock();
        if schedule.with_neighbour {
            self.visit_neighbour(Errand::SignIn).await?;
        }
        if let Some(login) = schedule.signed_in {
            self.act(0, Action::Begin(login)).await?;
            self.act(0, Action::Finish { redirect: 0, impatient: false }).await?;
        }
        for step in &schedule.steps {
            self.take(step).await?;
        }
        self.end_well().await?;
        for process in &mut self.processes {
            if let Some(process) = process.take() {
                process.bury().await;
            }
        }
        Ok(())
    }

    async fn take(&mut self, step: &Step) -> Verdict {
        let _ = writeln!(self.story, "- {step:?}");
        match step {
            Step::Act { process, action, trouble } => {
                self.do_at_once(vec![(*process, action.clone())], *trouble, None).await
            }
            Step::AtOnce { acts, trouble } => self.do_at_once(acts.to_vec(), *trouble, None).await,
            Step::Neighbour { errand, beside: None } => self.visit_neighbour(*errand).await,
            Step::Neighbour { errand, beside: Some(act) } => {
                self.do_at_once(vec![act.clone()], None, Some(*errand)).await
            }
            Step::Pass(time) => {
                self.site.stack.clock().advance(*time);
                self.set_device_clock();
                Ok(())
            }
            Step::SetClockWrong(seconds) => {
                self.take_clock(*seconds);
                Ok(())
            }
            Step::Kill(process) => self.kill(*process).await,
            Step::DiskFillsUp { after, becomes_read_only } => {
                self.device.set_disk(Disk { writes_left: *after, is_read_only_then: *becomes_read_only });
                Ok(())
            }
            Step::DiskIsWell => self.make_disk_well().await,
        }
    }

    async fn act(&mut self, process: usize, action: Action) -> Verdict {
        let _ = writeln!(self.story, "- (process {process}) {action:?}");
        self.do_at_once(vec![(process, action)], None, None).await
    }

    async fn kill(&mut self, process: usize) -> Verdict {
        if let Some(killed) = self.processes[process].take() {
            killed.bury().await;
            // What only it had in memory is lost.
            if self.keepers.contains(&process) {
                self.keepers.clear();
            }
        }
        self.look_at_the_store(&[], None, false)
    }

    /// Every process that lives on brings to safety what the disk did not take.
    async fn make_disk_well(&mut self) -> Verdict {
        self.device.set_disk(Disk::WELL);
        for process in self.processes.iter().flatten() {
            process.call(|session| async move { session.restore().await }).await;
        }
        self.store_has_failed = false;
        self.look_at_the_store(&[], None, false)?;
        if !std::mem::take(&mut self.keepers).is_empty() {
            require(self.is_newest(&self.stored) || !self.is_safe(), "what the disk did not take was dropped")?;
            if self.is_safe() {
                self.behind_since = None;
            }
        }
        Ok(())
    }

    async fn visit_neighbour(&mut self, errand: Errand) -> Verdict {
        let before = self.load();
        self.neighbour.run(self.site, &self.device, errand).await?;
        require(self.load() == before, "the neighbour touched the app's session")
    }

    /// Whatever happened: with everything well again, the session lives or says why not, and somebody can sign in.
    async fn end_well(&mut self) -> Verdict {
        let _ = writeln!(self.story, "- in the end, in a fresh process:");
        self.make_disk_well().await?;
        for process in 0..2 {
            self.kill(process).await?;
        }
        self.act(0, Action::Restore).await?;
        let newest = self.redirects.len().checked_sub(1).filter(|newest| self.must_be_taken(*newest, &self.stored));
        if newest.is_some() {
            self.act(0, Action::Finish { redirect: 0, impatient: false }).await?;
        }
        self.take(&Step::Pass(HOUR)).await?;
        self.act(0, Action::Ask { callers: 1, leavers: 0 }).await?;
        if self.stored.user.is_none() {
            self.act(1, Action::Begin(ALICE)).await?;
            self.act(1, Action::Finish { redirect: 0, impatient: false }).await?;
        }
        self.visit_neighbour(Errand::Ask).await
    }

    async fn do_at_once(
        &mut self,
        actions: Vec<(usize, Action)>,
        trouble: Option<Trouble>,
        errand: Option<Errand>,
    ) -> Verdict {
        let first = actions[0].0;
        let mut acts = Vec::new();
        for (process, action) in actions {
            let redirect = self.find_redirect(&action);
            let view_before = self.view(process).await?;
            acts.push(Act { process, action, redirect, view_before, view_after: None, outcome: Outcome::Died });
        }
        let start = self.start();
        self.site.stack.log().clear();
        let meddler = self.make_trouble(first, trouble);
        let had_failed = self.store_has_failed;
        self.store_has_failed |= matches!(trouble, Some(Trouble::Store(_))) || !start.disk.is_well();
        let mut neighbour = std::mem::take(&mut self.neighbour);
        let (outcomes, beside) = tokio::join!(join_all(acts.iter().map(|act| self.carry_out(act))), async {
            match errand {
                Some(errand) => neighbour.run(self.site, &self.device, errand).await,
                None => Ok(()),
            }
        });
        self.neighbour = neighbour;
        beside?;
        if let Some(meddler) = &meddler {
            meddler.act_is_over();
        }
        for process in self.processes.iter().flatten() {
            process.call(|session| async move { session.settle().await }).await;
        }
        if let Some(meddler) = meddler {
            meddler.stop().await;
        }
        if let Some(Trouble::ClockJumps { wrong_by, .. }) = trouble {
            self.take_clock(wrong_by);
        }
        self.calm_down().await;
        let mut may_be_lost = trouble.is_some_and(Trouble::may_lose_tokens) && self.rotates();
        // Whoever lives on brings to safety what the store did not take, as soon as that is well again.
        if let (Some(Trouble::Store(_)), [_], Some(process)) = (trouble, &acts[..], &self.processes[first])
            && start.disk.is_well()
        {
            process.call(|session| async move { session.restore().await }).await;
            (may_be_lost, self.store_has_failed) = (false, had_failed);
        }
        for (act, outcome) in acts.iter_mut().zip(outcomes) {
            act.outcome = outcome;
            act.view_after =
                if self.processes[act.process].is_some() { Some(self.view(act.process).await?) } else { None };
            let _ = writeln!(self.story, "    process {}: {}", act.process, tell(&act.outcome));
        }
        self.judge_tokens(&start, &acts, trouble, may_be_lost)?;
        for index in 0..acts.len() {
            let others: Vec<_> =
                acts.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, act)| &act.action).collect();
            self.judge(&acts[index], &start, &others, trouble)?;
        }
        self.remember(acts, &start, trouble).await;
        Ok(())
    }

    fn start(&self) -> Start {
        let now = self.site.stack.clock().now();
        let (stored, disk) = (self.stored.clone(), self.device.disk());
        let lasts = |expires_at: i64| expires_at > to_unix(now + MARGIN) + 30;
        // An answer that was lost is asked for at once, and that may be the end.
        let may_end = !self.can_renew() && !disk.is_full();
        Start {
            at: now,
            must_work: stored.user.is_some() && self.can_renew() && disk.is_well(),
            has_lost_an_answer: !self.clock_was_set
                && !self.was_answered_without
                && self.can_renew()
                && disk.is_well()
                && !self.is_newest(&stored),
            has_live_keys: !self.clock_was_set && !may_end && stored.access_key_expires_at.is_some_and(lasts),
            stored,
            disk,
        }
    }

    fn find_redirect(&self, action: &Action) -> Option<usize> {
        match action {
            Action::Finish { redirect, .. } if !self.redirects.is_empty() => {
                Some(self.redirects.len() - 1 - redirect % self.redirects.len())
            }
            _ => None,
        }
    }

    /// What a process believes; it is started if need be. Whoever it shows was saved before.
    async fn view(&mut self, process: usize) -> Result<SessionState, String> {
        let config = &self.site.config;
        let name = self.name();
        let process = self.processes[process].get_or_insert_with(|| Process::start(config.clone(), &self.device));
        let seen = process.call(|session| async move { (session.state(), session.details().user) }).await;
        let (state, user) = seen.ok_or("a process ended by itself")?;
        let user = user.map(|user| user.subject);
        require(user.as_deref() == subject_of(&state), "a process's state and what it knows of the user disagree")?;
        require(
            user.is_none_or(|user| self.device.has_known(&name, &user)),
            "a process shows a user who was never saved",
        )?;
        Ok(state)
    }

    async fn calm_down(&mut self) {
        for fault in Fault::ALL {
            self.site.stack.faults().inject(*fault, 0);
        }
        for slot in &mut self.processes {
            match slot.take() {
                Some(process) if process.was_killed() => process.bury().await,
                Some(process) => {
                    process.calm_down();
                    *slot = Some(process);
                }
                None => {}
            }
        }
    }

    async fn carry_out(&self, act: &Act) -> Outcome {
        let Some(process) = &self.processes[act.process] else { return Outcome::Died };
        let outcome = match &act.action {
            Action::Begin(_) => {
                process
                    .call(|session| async move {
                        session.begin_login(LoginOptions::default()).await.map(|request| request.url)
                    })
                    .await
                    .map(Outcome::Begun)
            }
            Action::Finish { impatient, .. } => {
                let Some(redirect) = act.redirect else { return Outcome::NothingToFinish };
                let (redirect, impatient) = (self.redirects[redirect].url.clone(), *impatient);
                process.call(move |session| finish(session, redirect, impatient)).await.map(Outcome::Finished)
            }
            Action::Ask { callers, leavers } => {
                let (callers, leavers) = (*callers, *leavers);
                process.call(move |session| ask(session, callers, leavers)).await.map(Outcome::Asked)
            }
            Action::AskForAccessToken => {
                process.call(|session| async move { session.access_token().await.map(|_| ()) }).await.map(Outcome::Told)
            }
            Action::ReadProfile => {
                process.call(|session| async move { session.user_info().await.map(|_| ()) }).await.map(Outcome::Told)
            }
            Action::SignOut(mode) => {
                let mode = *mode;
                process
                    .call(move |session| async move { session.sign_out(mode).await.map(|_| ()) })
                    .await
                    .map(Outcome::SignedOut)
            }
            Action::Restore => {
                process.call(|session| async move { session.restore().await }).await.map(Outcome::Restored)
            }
        };
        outcome.unwrap_or(Outcome::Died)
    }

    /// Whether this redirect has to lead to a signed-in user, if `stored` is what the store holds.
    fn must_be_taken(&self, index: usize, stored: &Stored) -> bool {
        let redirect = &self.redirects[index];
        let age = self.site.stack.clock().now().duration_since(redirect.came_at).unwrap_or_default();
        stored.pending.contains(&redirect.state) && !redirect.was_tried && age < CODE_IS_FRESH
    }

    async fn remember(&mut self, acts: Vec<Act>, start: &Start, trouble: Option<Trouble>) {
        // Who leaves has sent no code whose sign-in is still open, unless the disk would not take the answer.
        let sends_to_the_end = matches!(trouble, Some(Trouble::Leaves(_))) && start.disk.is_well();
        for act in acts {
            if let Some(redirect) = act.redirect {
                let redirect = &mut self.redirects[redirect];
                let is_unsent = sends_to_the_end && self.stored.pending.contains(&redirect.state);
                redirect.was_tried |= !is_unsent;
                redirect.is_on_its_way |= match trouble {
                    Some(Trouble::Leaves(_)) => false,
                    Some(Trouble::Delay(..)) => true,
                    _ => matches!(act.outcome, Outcome::Died),
                };
                // Its session may have been saved and have ended before anybody looked.
                redirect.was_taken |= redirect.line.is_some() || matches!(act.outcome, Outcome::Finished(Ok(_)));
            }
            if let (Action::Begin(login), Outcome::Begun(Ok(url))) = (act.action, act.outcome) {
                self.redirects.push(Redirect {
                    login,
                    state: query(&url, "state"),
                    url: browse(&url, login).await,
                    came_at: self.site.stack.clock().now(),
                    was_tried: false,
                    was_taken: false,
                    is_on_its_way: false,
                    line: None,
                });
            }
        }
    }

    /// The device's clock has just been set.
    fn take_clock(&mut self, wrong_by: i64) {
        self.clock_was_set |= self.device_is_wrong_by != wrong_by;
        self.device_is_wrong_by = wrong_by;
        self.set_device_clock();
    }

    /// The device agrees with the stack, but for its error.
    fn set_device_clock(&mut self) {
        self.device.clock.set_wrong_by(self.seconds_ahead() + self.device_is_wrong_by);
    }

    /// How far the stack is ahead of this machine.
    fn seconds_ahead(&self) -> i64 {
        let ahead = self.site.stack.clock().now().duration_since(SystemClock.now()).unwrap_or_default();
        ahead.as_secs_f64().round() as i64
    }

    fn name(&self) -> String {
        format!("default.{}", self.site.config.fingerprint().short())
    }

    fn load(&self) -> Option<Vec<u8>> {
        self.device.store.load(&self.name()).unwrap().map(|bytes| bytes.to_vec())
    }
}

fn to_unix(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).unwrap().as_secs() as i64
}

/// The same redirect once more after a caller that did not wait must do no harm.
async fn finish(session: Session, redirect: String, impatient: bool) -> Result<SessionState, SessionError> {
    if impatient {
        let (session, redirect) = (session.clone(), redirect.clone());
        leave_early(async move { session.complete_login(&redirect).await.map(|_| ()) }).await;
    }
    session.complete_login(&redirect).await
}

async fn ask(session: Session, callers: usize, leavers: usize) -> Vec<Result<String, SessionError>> {
    for _ in 0..leavers {
        let session = session.clone();
        leave_early(async move { session.aws_credentials().await.map(|_| ()) }).await;
    }
    let calls = (0..callers).map(|_| session.aws_credentials());
    let answers = join_all(calls).await;
    answers.into_iter().map(|answer| answer.map(|credentials| credentials.access_key_id().to_owned())).collect()
}

/// Begins a call and goes away before it has ended.
async fn leave_early(call: impl Future<Output = Result<(), SessionError>> + Send + 'static) {
    let caller = tokio::spawn(call);
    tokio::task::yield_now().await;
    caller.abort();
    let _ = caller.await;
}

fn subject_of(state: &SessionState) -> Option<&str> {
    match state {
        SessionState::SignedIn { user } => Some(&user.subject),
        _ => None,
    }
}

fn query(url: &str, name: &str) -> String {
    let url = Url::parse(url).unwrap();
    url.query_pairs().find(|(found, _)| found == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

fn require(holds: bool, otherwise: &str) -> Verdict {
    if holds { Ok(()) } else { Err(otherwise.to_owned()) }
}

fn tell(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Begun(Ok(_)) => "the browser has come back".to_owned(),
        Outcome::Begun(Err(error)) => format!("{error:?}"),
        Outcome::Asked(answers) => {
            let answers: Vec<_> = answers.iter().map(|answer| answer.as_ref().map(|_| "credentials")).collect();
            format!("{answers:?}")
        }
        other => format!("{other:?}"),
    }
}
