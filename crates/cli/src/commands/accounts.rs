//! `jetbridge accounts` and `jetbridge switch`: several users on one machine. Neither asks a server.

use jetbridge::{Account, Config, OtherSession, SessionError, SessionState, SettingDifference, SignInReason, User};
use serde::Serialize;

use super::logout::describe_configuration;
use crate::args::SwitchArgs;
use crate::context::{Context, name_all};
use crate::exit::{CliError, Failure};
use crate::invocation::command;
use crate::output::{BOLD, DIM, GOOD, Output, WARN, styled, wrapped};
use crate::text::escape;

/// Without a terminal too: what cannot be read has a lot to say.
const WIDTH: usize = 80;

#[derive(Debug, Serialize)]
struct AccountEvent<'a> {
    event: &'static str,
    account: &'a str,
    current: bool,
    state: &'static str,
    user: Option<&'a User>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// A session that another configuration left in the store.
#[derive(Debug, Serialize)]
struct OtherEvent<'a> {
    #[serde(flatten)]
    of: AccountEvent<'a>,
    configuration: &'static str,
    issuer: Option<&'a str>,
    client_id: Option<&'a str>,
    /// In what it differs from this one, as far as that is known.
    differences: Vec<DifferenceEvent<'a>>,
}

#[derive(Debug, Serialize)]
struct DifferenceEvent<'a> {
    setting: &'a str,
    there: Option<&'a str>,
    here: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct SwitchedEvent<'a> {
    event: &'static str,
    account: &'a str,
}

pub(super) async fn list(context: &Context, output: &mut Output) -> Result<(), CliError> {
    let config = context.config()?;
    let known = context.accounts(config.clone())?;
    let (accounts, others) = (known.list().await?, known.list_others().await?);
    if output.is_json() {
        for account in &accounts {
            output.event(&to_event(account))?;
        }
        for other in &others {
            output.event(&OtherEvent {
                of: describe_state(&other.account, false, &other.state),
                configuration: "other",
                issuer: other.issuer.as_deref(),
                client_id: other.client_id.as_deref(),
                differences: other.differences.iter().map(to_difference).collect(),
            })?;
        }
        return Ok(());
    }
    if accounts.is_empty() {
        let way = context.forgetful_store_hint().unwrap_or_else(|| format!("Run: {}", command(&["login"])));
        context.notes.say(format!("Nobody is signed in. {way}"));
    }
    let names = accounts.iter().map(|account| &account.name).chain(others.iter().map(|other| &other.account));
    let width = names.map(String::len).max().unwrap_or_default();
    for account in &accounts {
        let (mark, name) =
            if account.is_current { ("*", styled(BOLD, &account.name)) } else { (" ", account.name.clone()) };
        let space = " ".repeat(width - account.name.len());
        row(&format!("{} {name}{space}  ", styled(GOOD, mark)), &describe(&account.state), output)?;
    }
    for other in &others {
        let space = " ".repeat(width - other.account.len());
        row(&format!("  {}{space}  ", other.account), &describe(&other.state), output)?;
        let mut whose = vec![match describe_configuration(other) {
            Some(known) => format!("another configuration: {known}"),
            None => "another configuration".to_owned(),
        }];
        if looks_like_another(other, &others, &config) {
            whose.extend(other.differences.iter().map(|difference| escape(&difference.to_string()).into_owned()));
        }
        for line in whose {
            row(&" ".repeat(width + 4), &styled(DIM, line), output)?;
        }
    }
    if !others.is_empty() {
        context.notes.say(how_to_end(&accounts, &others));
    }
    Ok(())
}

/// How the sessions of other configurations are ended: alone where their account has nobody here, else with all that there is,
/// and who is signed out by that.
fn how_to_end(accounts: &[Account], others: &[OtherSession]) -> String {
    let mut told = "Refresh tokens of other configurations are still valid there.".to_owned();
    let is_alone = |other: &&OtherSession| accounts.iter().all(|account| account.name != other.account);
    told.push_str(&match others.iter().find(is_alone) {
        Some(OtherSession { account, .. }) => {
            format!("\nTo end that of {account} alone: {}", command(&["logout", "--account", account, "--revoke"]))
        }
        None => format!(
            "\nTo end one alone, with the folder of its own configuration: {}",
            command(&["--config", "DIR", "logout", "--revoke"])
        ),
    });
    let own: Vec<_> = accounts.iter().map(|account| account.name.as_str()).collect();
    let too = match own.is_empty() {
        true => String::new(),
        false => format!(", which signs you out of this configuration too ({})", name_all(&own)),
    };
    told + &format!("\nTo end all{too}: {}", command(&["logout", "--all", "--revoke"]))
}

fn row(label: &str, text: &str, output: &mut Output) -> std::io::Result<()> {
    output.line(wrapped(label, text, WIDTH.min(output.width())))
}

/// Whether client and issuer alone would not tell it from another row.
fn looks_like_another(other: &OtherSession, others: &[OtherSession], config: &Config) -> bool {
    let shown = |other: &OtherSession| (other.client_id.clone(), other.issuer.clone());
    let own = (Some(config.client_id().to_owned()), Some(config.issuer_url().to_owned()));
    let same = others.iter().filter(|row| row.account == other.account && shown(row) == shown(other));
    shown(other) == own || same.count() > 1
}

fn to_difference(difference: &SettingDifference) -> DifferenceEvent<'_> {
    let SettingDifference { setting, there, here, .. } = difference;
    DifferenceEvent { setting, there: there.as_deref(), here: here.as_deref() }
}

pub(super) async fn switch(context: &Context, args: &SwitchArgs, output: &mut Output) -> Result<(), CliError> {
    let accounts = context.accounts(context.config()?)?;
    accounts.switch_to(&args.name).await.map_err(|error| match error {
        SessionError::NotFound { .. } => CliError::Failed(Failure {
            hint: Some(format!(
                "`{}` lists those there are. To add one:\n{}",
                command(&["accounts"]),
                command(&["login", "--account", &args.name])
            )),
            ..Failure::from_session(&error)
        }),
        other => other.into(),
    })?;
    let account = accounts.current().await?;
    if output.is_json() {
        output.event(&SwitchedEvent { event: "switched", account: &account })?;
    } else {
        output.line(format_args!("{} Using account {} from now on", styled(GOOD, "✓"), styled(BOLD, &account)))?;
    }
    if context.named_account().is_some() {
        context.notes.say(styled(WARN, "--account and JETBRIDGE_ACCOUNT still count for more than this choice."));
    }
    Ok(())
}

fn to_event(account: &Account) -> AccountEvent<'_> {
    describe_state(&account.name, account.is_current, &account.state)
}

fn describe_state<'a>(account: &'a str, current: bool, state: &'a SessionState) -> AccountEvent<'a> {
    let (state, user, detail) = match state {
        SessionState::SignedIn { user } => ("signed_in", Some(user), None),
        SessionState::SignInRequired { reason, user } => ("sign_in_required", user.as_ref(), Some(reason.to_string())),
        SessionState::StorageUnavailable { detail } => ("storage_unavailable", None, Some(detail.clone())),
        _ => ("signed_out", None, None),
    };
    AccountEvent { event: "account", account, current, state, user, detail }
}

fn describe(state: &SessionState) -> String {
    let name = |user: &User| escape(user.display_name()).into_owned();
    match state {
        SessionState::SignedIn { user } => name(user),
        SessionState::SignInRequired { reason, user } => {
            let name = user.as_ref().map(name).unwrap_or_default();
            format!("{name} {}", styled(WARN, format!("(sign in again: {})", why(reason))))
        }
        SessionState::StorageUnavailable { detail } => styled(WARN, format!("cannot be read: {}", escape(detail))),
        _ => styled(DIM, "nobody"),
    }
}

fn why(reason: &SignInReason) -> String {
    escape(&reason.to_string()).into_owned()
}
