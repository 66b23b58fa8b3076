//! `jetbridge logout`. What is stored here goes in any case; telling Okta is extra.

use jetbridge::{SessionState, SignOutMode};
use serde::Serialize;

use crate::args::LogoutArgs;
use crate::browser;
use crate::context::Context;
use crate::exit::{CliError, Exit, Failure};
use crate::output::{GOOD, Output, styled};
use crate::text::escape;

#[derive(Debug, Serialize)]
struct SignedOutEvent {
    event: &'static str,
    revoked: bool,
    browser: bool,
}

pub(super) async fn run(context: &Context, args: &LogoutArgs, output: &mut Output) -> Result<(), CliError> {
    // A store that cannot be read may still be emptied, so its state is no obstacle here.
    let (session, state) = context.restore(context.config()?).await?;
    let user = match &state {
        SessionState::SignedIn { user } | SessionState::SignInRequired { user: Some(user), .. } => Some(user),
        _ => None,
    };
    let mode = match (args.browser, args.revoke) {
        (true, _) => SignOutMode::EndSession,
        (false, true) => SignOutMode::Revoke,
        (false, false) => SignOutMode::Local,
    };
    let sign_out = session.sign_out(mode).await?;

    // The address holds the ID token, so it is handed to the browser and shown nowhere.
    let opened = match &sign_out.end_session_url {
        Some(Ok(url)) => Some(browser::open(&context.browser_address(url)).await),
        _ => None,
    };
    let revoked = matches!(sign_out.revocation, Some(Ok(())));
    if output.is_json() {
        output.event(&SignedOutEvent { event: "signed_out", revoked, browser: matches!(opened, Some(Ok(()))) })?;
    } else {
        output.line(match user {
            Some(user) => format!("{} Signed out {}", styled(GOOD, "✓"), escape(user.display_name())),
            None if matches!(state, SessionState::StorageUnavailable { .. }) => {
                format!("{} Removed a session that could not be read", styled(GOOD, "✓"))
            }
            None => "Nobody was signed in.".to_owned(),
        })?;
        if revoked {
            output.line("  Okta revoked the refresh token.")?;
        }
    }
    if let Some(Err(error)) = sign_out.revocation {
        let hint = "You are signed out here. The refresh token stays valid at Okta until it expires or an administrator ends \
                    your sessions there.";
        return Err(Failure::new(error.kind(), Exit::of(&error), format!("Okta could not be told: {error}"))
            .hint(hint)
            .into());
    }
    if let Some(Err(error)) = sign_out.end_session_url {
        let hint = "You are signed out here. Sign out on Okta's own page to end the browser's session too.";
        return Err(Failure::new(error.kind(), Exit::of(&error), format!("Okta could not be asked: {error}"))
            .hint(hint)
            .into());
    }
    if let Some(Err(problem)) = opened {
        let hint = "You are signed out here. Sign out on Okta's own page to end the browser's session too.";
        return Err(Failure::new("internal", Exit::Internal, problem.message).hint(hint).into());
    }
    Ok(())
}
