//! `jetbridge login`: by the browser of this machine, or (`--no-browser`) by whatever the user has elsewhere.

mod pasted;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jetbridge::{
    AuthorizationRequest, Config, ListObjects, LoginOptions, Prompt, Session, SessionError, SessionState, User,
};
use serde::Serialize;
use tokio::time::Instant;
use url::Url;

use crate::args::LoginArgs;
use crate::browser::{self, Browser};
use crate::commands::ls;
use crate::commands::place::Place;
use crate::commands::signed_in::SignedInEvent;
use crate::commands::whoami::signed_in_user;
use crate::context::Context;
use crate::exit::{CliError, Exit, Failure};
use crate::invocation::command;
use crate::loopback::{Delivery, Errand, Loopback, Page};
use crate::output::{ACCENT, BOLD, DIM, GOOD, Notes, Output, WARN, report, styled, warn};
use crate::progress::Progress;
use crate::text::{escape, human_span};

/// What somebody is told who pasted another address than the sign-in's.
const PASTE_ANOTHER: &str = "This sign-in goes on: open the address above in the browser, sign in there, and paste the one that \
                             it ends at.";
const BY_HAND: &[&str] = &["login", "--no-browser"];
/// The sign-in is complete without the profile, so it may hold up the end only for a moment.
const PROFILE_LIMIT: Duration = Duration::from_secs(5);

#[derive(Debug, Serialize)]
struct AuthorizationUrlEvent<'a> {
    event: &'static str,
    url: &'a str,
    redirect_uri: &'a str,
}

pub(super) async fn run(context: &Context, args: &LoginArgs, output: &mut Output) -> Result<(), CliError> {
    let config = context.config()?;
    // The port first: if it is taken, nothing has been asked of anybody yet.
    let way = Way::prepare(&config, args, BY_HAND)?;
    let (session, state) = context.session().await?;
    tell_who_is_replaced(&state, context.notes);
    if let (Some(chosen), None) = (context.forgetful_store(), &args.list) {
        warn(format!("{chosen}: nothing of this sign-in is kept, and the next command finds nobody signed in."));
    }
    sign_in(context, &session, args, way, output, async |user, output| welcome(&session, &user, output).await).await?;
    let listed = list_if_asked(context, args, &session, output).await;
    settle(&session).await;
    listed
}

/// The e-mail address comes from Okta's profile, which nobody waited for so far.
pub(super) async fn settle(session: &Session) {
    let _ = tokio::time::timeout(PROFILE_LIMIT, session.settle()).await;
}

pub(super) fn tell_who_is_replaced(state: &SessionState, notes: Notes) {
    if let SessionState::SignedIn { user } = state {
        notes.say(format!("Signed in now: {}. This sign-in replaces it.", escape(user.display_name())));
    }
}

/// How the browser comes back: by itself, or by somebody who pastes where it ended.
pub(super) struct Way {
    redirect_uri: String,
    loopback: Option<Loopback>,
    address: Address,
}

/// Where people read the address of the sign-in page, if nobody opens it for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Address {
    /// It is what the command writes.
    Stdout,
    /// The command writes something else.
    Stderr,
}

impl Way {
    /// `by_hand` is what whoever has no port for it may run instead.
    pub(super) fn prepare(config: &Config, args: &LoginArgs, by_hand: &[&str]) -> Result<Self, CliError> {
        let redirect_uri = args.redirect_uri.clone().unwrap_or_else(|| config.desktop_callback_url().to_owned());
        let loopback = if args.no_browser { None } else { Some(Loopback::bind(&redirect_uri, &command(by_hand))?) };
        Ok(Self { redirect_uri, loopback, address: Address::Stdout })
    }

    /// The same for a command whose results are not about this sign-in: nothing of it is among them, but for programs.
    pub(super) fn beside_results(self) -> Self {
        Self { address: Address::Stderr, ..self }
    }
}

/// A sign-in from its beginning to its end, and what is to be done while the page that says so travels. A sign-in that was
/// given up is forgotten.
pub(super) async fn sign_in(
    context: &Context,
    session: &Session,
    args: &LoginArgs,
    Way { redirect_uri, loopback, address }: Way,
    output: &mut Output,
    then: impl AsyncFnOnce(User, &mut Output) -> Result<(), CliError>,
) -> Result<(), CliError> {
    let has_begun = AtomicBool::new(false);
    let sign_in = async {
        let request = begin(session, args, redirect_uri).await?;
        has_begun.store(true, Ordering::Relaxed);
        let (user, page) = match loopback {
            Some(loopback) => {
                let Received { user, page } = in_browser(context, session, &request, loopback, args, output).await?;
                (user, Some(page))
            }
            None => (by_hand(context, session, &request, args, address, output).await?, None),
        };
        // AWS is asked while the page travels.
        let done = then(user, output).await;
        if let Some(page) = page {
            page.finished().await;
        }
        done
    };
    let signed_in = tokio::select! {
        signed_in = sign_in => signed_in,
        () = context.interrupt.requested() => Err(Failure::cancelled().into()),
    };
    if let Err(CliError::Failed(Failure { exit: Exit::Cancelled, .. })) = &signed_in
        && has_begun.load(Ordering::Relaxed)
    {
        // Given up: a redirect that still comes is not to be taken by a later sign-in.
        session.cancel_login().await?;
    }
    signed_in
}

async fn list_if_asked(
    context: &Context,
    args: &LoginArgs,
    session: &Session,
    output: &mut Output,
) -> Result<(), CliError> {
    if let Some(prefix) = &args.list {
        // Without a prefix the configured one is used.
        let Place { bucket, prefix } = Place::parse(Some(prefix.as_str()).filter(|prefix| !prefix.is_empty()), None)?;
        let request = ListObjects { bucket, prefix, limit: args.limit, ..ListObjects::default() };
        if output.is_terminal() && !output.is_json() {
            output.line("")?;
        }
        tokio::select! {
            listed = ls::list(session, request, output, context.notes) => listed?,
            () = context.interrupt.requested() => return Err(Failure::cancelled().into()),
        }
    }
    Ok(())
}

async fn begin(session: &Session, args: &LoginArgs, redirect_uri: String) -> Result<AuthorizationRequest, CliError> {
    let options = LoginOptions {
        redirect_uri: Some(redirect_uri),
        login_hint: args.login_hint.clone(),
        prompt: args.force.then_some(Prompt::Login),
        max_age: args.max_age.map(Duration::from_secs),
        extra_parameters: args.param.iter().map(|extra| (extra.name.clone(), extra.value.clone())).collect(),
    };
    Ok(session.begin_login(options).await?)
}

/// Opens the browser and waits for it to come back.
async fn in_browser(
    context: &Context,
    session: &Session,
    request: &AuthorizationRequest,
    mut loopback: Loopback,
    args: &LoginArgs,
    output: &mut Output,
) -> Result<Received, CliError> {
    let notes = context.notes;
    if output.is_json() {
        announce(request, output)?;
    }
    // Kept until the redirect comes: browsers may ask twice.
    let mut browser = open_browser(&context.browser_address(&request.url), notes).await;
    let wait = Duration::from_secs(args.timeout);
    let progress = Progress::start(notes, "waiting for the browser … (Ctrl-C cancels)");
    let received = receive(session, &mut loopback, wait, notes, &progress, browser.as_mut()).await?;
    Ok(received.ok_or_else(|| timed_out(session.config().client_id(), request, wait))?)
}

/// Opens the sign-in page, and says where it is in case nothing opens. The browser finds it as long as what is returned is
/// kept.
pub(super) async fn open_browser(page: &str, notes: Notes) -> Option<Browser> {
    let opened = match Errand::visit(page) {
        Ok(errand) => browser::send(errand).await,
        Err(problem) => Err(problem),
    };
    match &opened {
        Ok(_) => notes
            .say(format!("{} Sign in there. If no page opens, use this address:", styled(BOLD, "Your browser opens."))),
        Err(problem) => {
            notes.say(styled(WARN, format!("{}. Open this address yourself:", escape(&problem.message))));
        }
    }
    notes.say(format!("\n{}\n", styled(ACCENT, page)));
    opened.ok()
}

/// Who came back with the browser, and the page that tells them so.
pub(super) struct Received {
    pub(super) user: User,
    pub(super) page: Delivery,
}

/// Takes redirects until one of them decides the sign-in, or `wait` is over. A `browser` that failed is told, and waited for
/// all the same: the address can be opened in another.
pub(super) async fn receive(
    session: &Session,
    loopback: &mut Loopback,
    wait: Duration,
    notes: Notes,
    progress: &Progress,
    browser: Option<&mut Browser>,
) -> Result<Option<Received>, CliError> {
    let watch = async {
        if let Some(browser) = browser {
            let Failure { message, .. } = browser.failed().await;
            let told = styled(WARN, format!("{}. Open the address above yourself.", escape(&message)));
            progress.aside(|| notes.say(told));
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        received = take_redirects(session, loopback, wait, notes, progress) => received,
        () = watch => Ok(None),
    }
}

/// One that belongs to another attempt decides nothing. `None` if none did within `wait`.
async fn take_redirects(
    session: &Session,
    loopback: &mut Loopback,
    wait: Duration,
    notes: Notes,
    progress: &Progress,
) -> Result<Option<Received>, CliError> {
    let deadline = Instant::now() + wait;
    // The limit is for the person. An exchange that has begun has limits of its own.
    while let Ok(Some(redirect)) = tokio::time::timeout_at(deadline, loopback.next()).await {
        match session.complete_login(redirect.uri()).await {
            Ok(state) => {
                let page = redirect.answer(Page::SignedIn);
                return Ok(Some(Received { user: signed_in_user(state)?, page }));
            }
            Err(error @ SessionError::UnexpectedRedirect { .. }) => {
                progress.aside(|| notes.say(styled(WARN, format!("Ignored an {error}."))));
                redirect.answer(Page::Unexpected);
            }
            Err(error) => {
                redirect.answer(Page::NotSignedIn).finished().await;
                return Err(error.into());
            }
        }
    }
    Ok(None)
}

fn timed_out(client_id: &str, request: &AuthorizationRequest, wait: Duration) -> Failure {
    let problem = format!("the browser did not come back within {}", human_span(wait));
    let failure = Failure::new("timed_out", Exit::Cancelled, problem).hint(format!(
        "If it shows an error of Okta, that is about one of two: okta_client_id, which is {client_id} and has to be that of an \
         application there, or the redirect URI {}, which has to be among that application's sign-in redirect URIs (port \
         included). If it runs on another machine, use --no-browser. Else sign in again.",
        request.redirect_uri
    ));
    // It asks Okta about both without a browser.
    Failure { doctor_helps: true, ..failure }
}

/// An address of an earlier attempt may belong to a sign-in that has ended well: the session would take it for that one, and
/// nobody would have signed in now.
fn check_attempt(pasted: &str, request: &str) -> Result<(), CliError> {
    let state = |address: &str| {
        let url = Url::parse(address).ok()?;
        url.query_pairs().find(|(name, _)| name == "state").map(|(_, state)| state.into_owned())
    };
    // Whatever has no state is the session's to explain; a pushed request keeps its own at the server.
    match (state(pasted), state(request)) {
        (Some(pasted), Some(asked)) if pasted != asked => Err(Failure::new(
            "unexpected_redirect",
            Exit::Usage,
            "this address belongs to another sign-in than the one that was just begun",
        )
        .hint(PASTE_ANOTHER)
        .into()),
        _ => Ok(()),
    }
}

/// Prints the address and reads where the browser ended up. Somebody at a terminal who pastes another address is asked again:
/// nothing was exchanged, and the sign-in in the browser still counts.
async fn by_hand(
    context: &Context,
    session: &Session,
    request: &AuthorizationRequest,
    args: &LoginArgs,
    address: Address,
    output: &mut Output,
) -> Result<User, CliError> {
    let notes = context.notes;
    let wait = Duration::from_secs(args.timeout);
    let deadline = Instant::now() + wait;
    notes.say(styled(BOLD, "Open this address in any browser and sign in:"));
    if output.is_json() {
        announce(request, output)?;
    } else if address == Address::Stderr {
        // Also where nothing else is said: nobody can go on without it.
        notes.ask(format_args!("{}\n", context.browser_address(&request.url)));
    } else {
        output.line(context.browser_address(&request.url))?;
        output.flush()?;
    }
    notes.say(format!(
        "\nThe browser then goes to {}…\nIt need not find a page there. Copy the whole address from its address bar.",
        styled(ACCENT, &request.redirect_uri)
    ));
    let mut prompt = pasted::Prompt::new(notes);
    loop {
        // Here too the limit is for the person.
        let Ok(address) = tokio::time::timeout_at(deadline, prompt.address()).await else {
            let problem = format!("no address came on stdin within {}", human_span(wait));
            let hint = "Sign in again and paste the address where the browser ends; --timeout SECS leaves more time.";
            return Err(Failure::new("timed_out", Exit::Cancelled, problem).hint(hint).into());
        };
        match complete_by_hand(session, request, address).await {
            Err(CliError::Failed(failure))
                if failure.exit == Exit::Usage && prompt.is_attended() && !output.is_json() =>
            {
                // The core's advice is for who cannot be asked again.
                report(
                    &if failure.kind == "unexpected_redirect" { failure.hint(PASTE_ANOTHER) } else { failure },
                    false,
                );
            }
            completed => return completed,
        }
    }
}

async fn complete_by_hand(
    session: &Session,
    request: &AuthorizationRequest,
    address: Result<String, CliError>,
) -> Result<User, CliError> {
    let address = address?;
    check_attempt(&address, &request.url)?;
    signed_in_user(session.complete_login(&address).await?)
}

fn announce(request: &AuthorizationRequest, output: &mut Output) -> Result<(), CliError> {
    output.event(&AuthorizationUrlEvent {
        event: "authorization_url",
        url: &request.url,
        redirect_uri: &request.redirect_uri,
    })?;
    // The reader has to act on it now.
    Ok(output.flush()?)
}

/// Says who is signed in. The identity comes from Cognito, so a refusal there shows here; the sign-in itself stands.
async fn welcome(session: &Session, user: &User, output: &mut Output) -> Result<(), CliError> {
    let credentials = session.aws_credentials().await;
    let details = session.details();
    // By now the profile may be there too.
    let user = details.user.as_ref().unwrap_or(user);
    if output.is_json() {
        output.event(&SignedInEvent::new(user, details.identity_id.as_deref()))?;
    } else {
        output.line(format_args!(
            "{} Signed in as {}",
            styled(GOOD, "✓"),
            styled(BOLD, escape(user.display_name()))
        ))?;
        if let Some(identity_id) = &details.identity_id {
            output.line(styled(DIM, format!("  AWS identity {}", escape(identity_id))))?;
        }
    }
    output.flush()?;
    credentials.map(|_| ()).map_err(|error| only_credentials_failed(&error).into())
}

/// The sign-in is stored, unless it is what failed.
fn only_credentials_failed(error: &SessionError) -> Failure {
    let failure = Failure::from_session(error);
    if matches!(error, SessionError::SignInRequired { .. }) {
        return failure;
    }
    let rest = failure.hint.as_ref().map(|hint| format!("\n{hint}")).unwrap_or_default();
    failure.hint(format!("You are signed in; it is the AWS credentials that could not be had.{rest}"))
}
