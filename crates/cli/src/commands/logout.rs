//! `jetbridge logout`. What is stored here goes in any case; telling Okta is extra.

use std::time::Duration;

use jetbridge::{Accounts, OtherSession, Session, SessionError, SessionState, SignOut, SignOutMode};
use serde::Serialize;

use crate::args::LogoutArgs;
use crate::browser;
use crate::context::{Context, name_all};
use crate::exit::{CliError, Exit, Failure};
use crate::invocation::command;
use crate::loopback::Errand;
use crate::output::{GOOD, Output, styled};
use crate::progress::Progress;
use crate::text::{escape, human_span};

/// A browser that has to start first may take a while.
const BROWSER_LIMIT: Duration = Duration::from_secs(60);
/// Whoever asked first may have been a scanner; the browser comes right after it.
const SECOND_LOOK: Duration = Duration::from_secs(2);

#[derive(Debug, Serialize)]
struct SignedOutEvent<'a> {
    event: &'static str,
    account: &'a str,
    revoked: bool,
    browser: bool,
}

/// A session that was ended, as far as that went.
struct Ended {
    account: String,
    state: SessionState,
    /// The client and the server of another configuration.
    other: Option<String>,
    sign_out: SignOut,
}

pub(super) async fn run(context: &Context, args: &LogoutArgs, output: &mut Output) -> Result<(), CliError> {
    let again: &[&str] = if args.all { &["logout", "--all"] } else { &["logout"] };
    sign_out(context, args, output).await.map_err(|error| match error {
        CliError::Failed(failure) => failure.of_sign_out(again).into(),
        CliError::OutputClosed => error,
    })
}

async fn sign_out(context: &Context, args: &LogoutArgs, output: &mut Output) -> Result<(), CliError> {
    let config = context.config()?;
    let context = &context.permitting_endpoint(&config);
    let accounts = Accounts::new(config.clone(), context.store()?);
    if args.all {
        accounts.forget_lost_choices().await?;
    }
    // A store that cannot be read may still be emptied, so its state is no obstacle here.
    let (session, state) = context.restore(config).await?;
    let mode = match (args.browser, args.revoke) {
        (true, _) => SignOutMode::EndSession,
        (false, true) => SignOutMode::Revoke,
        (false, false) => SignOutMode::Local,
    };
    let account = session.details().account;
    let is_nobody = state == SessionState::SignedOut;
    let mut ended = vec![end(&session, account.clone(), state, mode).await?];
    // Listing them may fail where erasing works: then there is nothing to add.
    let others = accounts.list_others().await.unwrap_or_default();
    let mut beside = Vec::new();
    if args.all {
        for known in accounts.list().await? {
            let store = context.store()?;
            let (session, state) = context.restore_account(session.config().clone(), store, &known.name).await?;
            ended.push(end(&session, known.name, state, mode).await?);
        }
    } else if is_nobody {
        beside = accounts.list().await.unwrap_or_default();
    }
    let is_meant =
        |other: &OtherSession| args.all || (is_nobody && context.named_account().is_some() && other.account == account);
    let (meant, left): (Vec<_>, Vec<_>) = others.into_iter().partition(is_meant);
    for other in meant {
        let sign_out = session.end_other(&other, mode).await?;
        let whose = describe_configuration(&other).unwrap_or_else(|| "another configuration".to_owned());
        ended.push(Ended { account: other.account, state: other.state, other: Some(whose), sign_out });
    }
    // That nobody was signed in is worth a word only if it is all there is to say.
    if ended.len() > 1 && is_nobody {
        ended.remove(0);
    }
    let mut failures = Vec::new();
    for ended in ended {
        failures.extend(report(context, ended, mode != SignOutMode::Local, output).await?);
    }
    if !left.is_empty() {
        let number = left.len();
        let sessions =
            if number == 1 { "A session of another configuration is" } else { "Sessions of other configurations are" };
        context.notes.say(format!(
            "{sessions} still stored here. To see what there is: {}\nTo end all that is stored here: {}",
            command(&["accounts"]),
            command(&["logout", "--all"])
        ));
    }
    if let Some(first) = beside.first() {
        let names: Vec<_> = beside.iter().map(|account| account.name.as_str()).collect();
        context.notes.say(format!(
            "That is account {account}; the store has {} too. To end {}: {}\nTo end all: {}",
            name_all(&names),
            first.name,
            command(&["logout", "--account", &first.name]),
            command(&["logout", "--all"])
        ));
    }
    failures.into_iter().next().map_or(Ok(()), |failure| Err(failure.into()))
}

async fn end(session: &Session, account: String, state: SessionState, mode: SignOutMode) -> Result<Ended, CliError> {
    Ok(Ended { account, state, other: None, sign_out: session.sign_out(mode).await? })
}

/// Which configuration, in the words of its file, if that is known.
pub(super) fn describe_configuration(other: &OtherSession) -> Option<String> {
    let (client_id, issuer) = (other.client_id.as_ref()?, other.issuer.as_ref()?);
    Some(format!("client {} of {}", escape(client_id), escape(issuer)))
}

/// Tells what was done, and what could not be.
async fn report(
    context: &Context,
    ended: Ended,
    was_to_revoke: bool,
    output: &mut Output,
) -> Result<Option<Failure>, CliError> {
    let Ended { account, state, other, sign_out } = ended;
    let user = match &state {
        SessionState::SignedIn { user } | SessionState::SignInRequired { user: Some(user), .. } => Some(user),
        _ => None,
    };
    let revoked = matches!(sign_out.revocation, Some(Ok(())));
    let is_unread = matches!(state, SessionState::StorageUnavailable { .. });
    if !output.is_json() {
        let whose = other.map(|other| format!(" ({other})")).unwrap_or_default();
        let done = styled(GOOD, "✓ ");
        match user {
            Some(user) => output.beside(&done, &format!("Signed out {}{whose}", escape(user.display_name())))?,
            None if is_unread => output.beside(&done, &format!("Removed a session that could not be read{whose}"))?,
            None => output.line("Nobody was signed in.")?,
        }
        if revoked {
            output.line("  Okta revoked the refresh token.")?;
        }
        // Before the wait for a browser, which may be given up.
        output.flush()?;
    }
    // The address holds the ID token, so it is handed to the browser and shown nowhere.
    let opened = match &sign_out.end_session_url {
        Some(Ok(url)) => Some(end_browser_session(context, url).await),
        _ => None,
    };
    if output.is_json() {
        let browser = matches!(opened, Some(Ok(())));
        output.event(&SignedOutEvent { event: "signed_out", account: &account, revoked, browser })?;
    }
    let signed_out_here = "You are signed out here. Sign out on Okta's own page to end the browser's session too.";
    if is_unread && was_to_revoke && sign_out.revocation.is_none() {
        let hint = "It stays valid at Okta until it expires or an administrator ends your sessions there.";
        let problem = "the refresh token could not be read, so Okta could not be told";
        return Ok(Some(Failure::new("secure_storage", Exit::SecureStorage, problem).hint(hint)));
    }
    if let Some(Err(error)) = sign_out.revocation {
        let hint = "You are signed out here. The refresh token stays valid at Okta until it expires or an administrator ends \
                    your sessions there.";
        return Ok(Some(could_not("told", &error).hint(hint)));
    }
    if let Some(Err(error)) = sign_out.end_session_url {
        return Ok(Some(could_not("asked", &error).hint(signed_out_here)));
    }
    if let Some(Err(problem)) = opened {
        return Ok(Some(problem.hint(signed_out_here)));
    }
    Ok(None)
}

/// Opens Okta's page that ends the browser's session, and waits until the browser has what it needs for that.
async fn end_browser_session(context: &Context, url: &str) -> Result<(), Failure> {
    let mut browser = browser::send(Errand::post(&context.browser_address(url))?).await?;
    let _progress = Progress::start(context.notes, "waiting for the browser …");
    tokio::time::timeout(BROWSER_LIMIT, browser.has_page()).await.map_err(|_| {
        let problem = format!("no browser asked for the page within {}", human_span(BROWSER_LIMIT));
        Failure::new("timed_out", Exit::Cancelled, problem)
    })??;
    tokio::time::sleep(SECOND_LOOK).await;
    Ok(())
}

fn could_not(be: &str, error: &SessionError) -> Failure {
    Failure::new(error.kind(), Exit::of(error), format!("Okta could not be {be}: {error}"))
}
