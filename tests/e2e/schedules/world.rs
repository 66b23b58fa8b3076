//! Carries a schedule out and compares what it sees with what must hold.

mod judge;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::future::join_all;
use jetbridge::storage::SecretStore;
use jetbridge::{Clock, Config, LoginOptions, Session, SessionError, SessionState, SystemClock};
use jetbridge_local_stack::{Fault, LocalStack, Options, Rotation, ScriptedBrowser};
use url::Url;

use super::plan::{Action, Schedule, Step, Trouble};
use super::process::{Device, Process};
use super::stored::Stored;
use crate::bench::{ALICE, BOB, PASSWORD, config_of};

pub(crate) const GRACE: Duration = Duration::from_secs(30);
/// Real seconds that a schedule may take without anybody noticing.
const MARGIN: Duration = Duration::from_secs(10);
/// A code lasts five minutes.
const CODE_IS_FRESH: Duration = Duration::from_secs(280);
const HOUR: Duration = Duration::from_secs(3600);

/// A stack that schedules use one after the other, each with a device of its own.
pub(crate) struct Site {
    pub(crate) stack: Arc<LocalStack>,
    config: Config,
    grace: Duration,
    /// Subject and identity of each user.
    people: BTreeMap<&'static str, (String, String)>,
}

impl Site {
    pub(crate) async fn start(grace: Duration) -> Self {
        let stack = Arc::new(
            LocalStack::start(Options { rotation: Rotation::WithGrace(grace), ..Options::default() }).await.unwrap(),
        );
        let config = config_of(&stack, |_, _| {});
        let mut people = BTreeMap::new();
        for login in [ALICE, BOB] {
            let session = Session::open(config.clone(), Arc::new(Device::default().store)).unwrap();
            let request = session.begin_login(LoginOptions::default()).await.unwrap();
            session.complete_login(&browse(&request.url, login).await).await.unwrap();
            let credentials = session.aws_credentials().await.unwrap();
            let identity = stack.identity_of(credentials.access_key_id()).unwrap();
            people.insert(login, (session.details().user.unwrap().subject, identity));
        }
        assert_ne!(people[ALICE], people[BOB]);
        Self { stack, config, grace, people }
    }

    fn subject(&self, login: &str) -> &str {
        &self.people[login].0
    }

    fn identity(&self, subject: &str) -> &str {
        self.people.values().find(|(known, _)| known == subject).map_or("", |(_, identity)| identity)
    }

    /// The last refresh token of this line that the stack handed out.
    fn newest_token(&self, line: &str) -> Option<String> {
        let is_of_line = |secret: &str| secret.split_once('.').is_some_and(|(handle, _)| handle == line);
        self.stack.issued_secrets().find_newest(is_of_line)
    }
}

async fn browse(url: &str, login: &str) -> String {
    ScriptedBrowser::new(None).unwrap().sign_in(url, login, PASSWORD).await.unwrap()
}

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

type Verdict = Result<(), String>;

pub(crate) struct World<'s> {
    site: &'s Site,
    device: Device,
    processes: [Option<Process>; 2],
    redirects: Vec<Redirect>,
    stored: Stored,
    /// Since when the store has held, or may have held, an older refresh token than the stack.
    behind_since: Option<SystemTime>,
    /// The token that a dead process may have sent: the stack may get it, and spend it, at any time.
    may_be_spent: Option<String>,
    device_is_wrong_by: i64,
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
            device_is_wrong_by: 0,
            store_has_failed: false,
            story: String::new(),
        }
    }

    pub(crate) async fn run(&mut self, schedule: &Schedule) -> Verdict {
        self.device_is_wrong_by = schedule.clock_is_wrong_by;
        self.set_device_clock();
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
            Step::Act { process, action, trouble } => self.do_at_once(vec![(*process, action.clone())], *trouble).await,
            Step::AtOnce { acts, trouble } => self.do_at_once(acts.to_vec(), *trouble).await,
            Step::Pass(time) => {
                self.site.stack.clock().advance(*time);
                self.set_device_clock();
                Ok(())
            }
            Step::SetClockWrong(seconds) => {
                self.device_is_wrong_by = *seconds;
                self.set_device_clock();
                Ok(())
            }
            Step::Kill(process) => self.kill(*process).await,
        }
    }

    async fn act(&mut self, process: usize, action: Action) -> Verdict {
        let _ = writeln!(self.story, "- (process {process}) {action:?}");
        self.do_at_once(vec![(process, action)], None).await
    }

    async fn kill(&mut self, process: usize) -> Verdict {
        if let Some(process) = self.processes[process].take() {
            process.bury().await;
        }
        self.look_at_the_store(&[], false)
    }

    /// Whatever happened: with everything well again, the session lives or says why not, and somebody can sign in.
    async fn end_well(&mut self) -> Verdict {
        let _ = writeln!(self.story, "- in the end, in a fresh process:");
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
        Ok(())
    }

    async fn do_at_once(&mut self, actions: Vec<(usize, Action)>, trouble: Option<Trouble>) -> Verdict {
        let first = actions[0].0;
        let mut acts = Vec::new();
        for (process, action) in actions {
            let redirect = self.find_redirect(&action);
            let view_before = self.view(process).await?;
            acts.push(Act { process, action, redirect, view_before, view_after: None, outcome: Outcome::Died });
        }
        let before = self.stored.clone();
        let must_work = before.user.is_some() && self.can_renew();
        self.site.stack.log().clear();
        let killer = self.make_trouble(first, trouble);
        let had_failed = self.store_has_failed;
        self.store_has_failed |= matches!(trouble, Some(Trouble::Store(_)));
        let outcomes = join_all(acts.iter().map(|act| self.carry_out(act))).await;
        for process in self.processes.iter().flatten() {
            process.call(|session| async move { session.settle().await }).await;
        }
        if let Some(killer) = killer {
            killer.abort();
            // It may be at it on another thread: from here on nobody is killed any more.
            let _ = killer.await;
        }
        self.calm_down().await;
        // Whoever lives on brings to safety what the store did not take, as soon as that is well again.
        let mut may_be_lost = trouble.is_some_and(Trouble::may_lose_tokens);
        if let (Some(Trouble::Store(_)), [_], Some(process)) = (trouble, &acts[..], &self.processes[first]) {
            process.call(|session| async move { session.restore().await }).await;
            (may_be_lost, self.store_has_failed) = (false, had_failed);
        }
        for (act, outcome) in acts.iter_mut().zip(outcomes) {
            act.outcome = outcome;
            act.view_after =
                if self.processes[act.process].is_some() { Some(self.view(act.process).await?) } else { None };
            let _ = writeln!(self.story, "    process {}: {}", act.process, tell(&act.outcome));
        }
        self.look_at_the_store(&acts, may_be_lost)?;
        let may_have_sent_more = acts.len() > 1 || matches!(trouble, Some(Trouble::DiesAtRequest(_)));
        if may_have_sent_more && acts.iter().any(|act| matches!(act.outcome, Outcome::Died)) {
            // What a dead process has sent may still be on its way to the stack.
            self.behind_since.get_or_insert(self.site.stack.clock().now());
            self.may_be_spent.clone_from(&self.stored.refresh_token);
        }
        for index in 0..acts.len() {
            let others: Vec<_> =
                acts.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, act)| &act.action).collect();
            self.judge(&acts[index], (&before, must_work), &others, trouble.is_some())?;
        }
        self.remember(acts).await;
        Ok(())
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
        let process = self.processes[process].get_or_insert_with(|| Process::start(config.clone(), &self.device));
        let seen = process.call(|session| async move { (session.state(), session.details().user) }).await;
        let (state, user) = seen.ok_or("a process ended by itself")?;
        let user = user.map(|user| user.subject);
        require(user.as_deref() == subject_of(&state), "a process's state and what it knows of the user disagree")?;
        require(user.is_none_or(|user| self.device.has_known(&user)), "a process shows a user who was never saved")?;
        Ok(state)
    }

    fn make_trouble(&self, process: usize, trouble: Option<Trouble>) -> Option<tokio::task::JoinHandle<()>> {
        let process = self.processes[process].as_ref()?;
        match trouble? {
            Trouble::Store(trouble) => process.plan(trouble),
            Trouble::Network(fault, times) => self.site.stack.faults().inject(fault, times),
            Trouble::DiesAtRequest(number) => {
                let stack = Arc::clone(&self.site.stack);
                return Some(process.kill_when(move || stack.log().records().len() > number));
            }
        }
        None
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

    /// What holds for the store alone, whatever was done: `acts` are all that was done since the last look.
    fn look_at_the_store(&mut self, acts: &[Act], tokens_may_be_lost: bool) -> Verdict {
        require(!self.device.was_overwritten_unread(), "a store that could not be read was overwritten")?;
        let name = format!("default.{}", self.site.config.fingerprint().short());
        let now = self.device.store.load(&name).unwrap().map(|bytes| Stored::parse(&bytes)).unwrap_or_default();
        let before = std::mem::replace(&mut self.stored, now.clone());
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
                    require(code == "invalid_grant" && ended == user, "the session ended with a wrong cause or user")?;
                    require(
                        self.behind_since.is_some() || tokens_may_be_lost,
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
        let Some(line) = self.stored.line() else {
            self.behind_since = None;
            return Ok(());
        };
        if !was_asked {
            return Ok(());
        }
        if self.stored.refresh_token == self.site.newest_token(line) {
            if self.may_be_spent != self.stored.refresh_token {
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

    /// Whether a refresh with the stored token has to work.
    fn can_renew(&self) -> bool {
        let Some(since) = self.behind_since else { return true };
        let age = self.site.stack.clock().now().duration_since(since).unwrap_or_default();
        age + MARGIN < self.site.grace
    }

    /// Whether this redirect has to lead to a signed-in user, if `stored` is what the store holds.
    fn must_be_taken(&self, index: usize, stored: &Stored) -> bool {
        let redirect = &self.redirects[index];
        let age = self.site.stack.clock().now().duration_since(redirect.came_at).unwrap_or_default();
        stored.pending.contains(&redirect.state) && !redirect.was_tried && age < CODE_IS_FRESH
    }

    async fn remember(&mut self, acts: Vec<Act>) {
        for act in acts {
            if let Some(redirect) = act.redirect {
                let redirect = &mut self.redirects[redirect];
                redirect.was_tried = true;
                redirect.was_taken |= redirect.line.is_some();
            }
            if let (Action::Begin(login), Outcome::Begun(Ok(url))) = (act.action, act.outcome) {
                self.redirects.push(Redirect {
                    login,
                    state: query(&url, "state"),
                    url: browse(&url, login).await,
                    came_at: self.site.stack.clock().now(),
                    was_tried: false,
                    was_taken: false,
                    line: None,
                });
            }
        }
    }

    /// The device agrees with the stack, but for its error.
    fn set_device_clock(&mut self) {
        let machine = SystemClock.now();
        let ahead =
            self.site.stack.clock().now().duration_since(machine).unwrap_or_default().as_secs_f64().round() as i64;
        self.device.clock.set_wrong_by(ahead + self.device_is_wrong_by);
    }
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
