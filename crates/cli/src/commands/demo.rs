//! `jetbridge demo`: the whole way from the sign-in page to the bucket, on this machine, told step by step. The same
//! core as everywhere; only the servers are local, and the user at the sign-in page is scripted unless `--browser`.

mod narrator;

use std::sync::Arc;
use std::time::Duration;

use jetbridge::storage::MemoryStore;
use jetbridge::{AuthorizationRequest, Config, ListObjects, ListedObject, LoginOptions, Session, SessionDetails, User};
use jetbridge_local_stack::{BrowserError, DemoUser, LocalStack, Options, ScriptedBrowser};

use self::narrator::{Fact, Narrator, Step};
use crate::args::DemoArgs;
use crate::commands::creds;
use crate::commands::local_stack::start_failure;
use crate::commands::login::{Received, open_browser, receive};
use crate::commands::ls::{ListedEvent, ObjectEvent};
use crate::commands::signed_in::SignedInEvent;
use crate::commands::whoami::signed_in_user;
use crate::context::Context;
use crate::exit::{CliError, Exit, Failure};
use crate::invocation::{command, invocation};
use crate::loopback::Loopback;
use crate::output::{ACCENT, BOLD, DIM, Notes, Output, styled};
use crate::table::ObjectTable;
use crate::text::{columns, count_of, escape, human_size, pad_right, relative, short_time};

/// How long a person at the sign-in page may take.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

pub(super) async fn run(context: &Context, args: &DemoArgs, output: &mut Output) -> Result<(), CliError> {
    let notes = context.notes;
    let mut story = Narrator::new(output, notes);
    story.tell(&format!("\n     {}", styled(BOLD, "Jetbridge demo")))?;
    story.tell(&styled(DIM, "     Sign in with Okta, become a Cognito identity, list S3, without any account.\n"))?;

    story.begin("starting the local stack …");
    let mut options = Options::default();
    // Only a person's browser has to come back to a port; the scripted one says where it was sent. The demo's Okta has
    // whatever port is free registered, so that nothing can be in its way.
    let bind = || Loopback::bind("http://127.0.0.1:0/callback", &command(&["demo"]));
    let loopback = if args.browser { Some(bind()?) } else { None };
    if let Some(loopback) = &loopback {
        options.redirect_uris.insert(0, loopback.redirect_uri().to_owned());
    }
    let stack = LocalStack::start(options).await.map_err(|error| start_failure(&error))?;
    tell_stack(&stack, &mut story)?;

    let files = stack.config_files();
    let config = Config::parse(&files.okta_config, &files.aws_exports)?;
    let redirect_uri = config.desktop_callback_url().to_owned();
    let session = context.open(Session::builder(config, Arc::new(MemoryStore::new()))).await?;
    session.restore().await;

    story.begin("preparing the sign-in …");
    let options = LoginOptions { redirect_uri: Some(redirect_uri), ..LoginOptions::default() };
    let request = session.begin_login(options).await?;
    story.end(
        &stack,
        &Step {
            name: "begin_login",
            title: "Prepare the sign-in",
            facts: &[("kept for later", "PKCE verifier (S256), state and nonce".to_owned())],
        },
    )?;

    let user = demo_user(&stack)?;
    let signed_in = match loopback {
        Some(loopback) => sign_in_by_hand(&session, &request, loopback, &stack, &user, notes, &mut story).await?,
        None => sign_in_by_script(&session, &request, &stack, &user, &mut story).await?,
    };

    story.begin("asking Cognito …");
    let credentials = session.aws_credentials().await?;
    let details = session.details();
    let (key, expires_at) = (creds::redact(credentials.access_key_id()), credentials.expires_at());
    story.end(
        &stack,
        &Step {
            name: "aws_credentials",
            title: "Trade the ID token for temporary AWS credentials",
            facts: &[
                ("identity", escape(details.identity_id.as_deref().unwrap_or("unknown")).into_owned()),
                ("access key", format!("{key} {}", styled(DIM, "(secret key and session token stay inside)"))),
                ("good until", format!("{} UTC ({})", short_time(expires_at), relative(expires_at, details.now))),
            ],
        },
    )?;
    if story.output.is_json() {
        story.output.event(&SignedInEvent::new(&signed_in, details.identity_id.as_deref()))?;
    }

    story.begin("listing the bucket …");
    let listing = list(&session, args.limit).await?;
    let title = format!("List s3://{}, every request signed", stack.options().bucket);
    story.end(&stack, &Step { name: "list_objects", title: &title, facts: &[] })?;
    show(&listing, &mut story)?;
    stack.shutdown().await;
    farewell(&listing, &mut story)
}

fn demo_user(stack: &LocalStack) -> Result<DemoUser, CliError> {
    let mut users = stack.options().users.iter();
    let user = users.find(|user| user.assigned).cloned();
    Ok(user.ok_or_else(|| Failure::internal("the local stack has no user who may sign in"))?)
}

fn tell_stack(stack: &LocalStack, story: &mut Narrator<'_>) -> std::io::Result<()> {
    let endpoints = stack.endpoints();
    story.end(
        stack,
        &Step {
            name: "local_stack",
            title: "Start Okta, Cognito and S3 on this machine",
            facts: &[
                ("Okta", stack.custom_issuer()),
                ("Cognito", endpoints.cognito.to_string()),
                ("S3", endpoints.s3.to_string()),
            ],
        },
    )
}

/// The scripted user agent loads the real page and submits its form.
async fn sign_in_by_script(
    session: &Session,
    request: &AuthorizationRequest,
    stack: &LocalStack,
    user: &DemoUser,
    story: &mut Narrator<'_>,
) -> Result<User, CliError> {
    let failed = |error: BrowserError| Failure::internal(format!("the scripted browser could not sign in: {error}"));
    story.begin("signing in on Okta's page …");
    let mut browser = ScriptedBrowser::new(None).map_err(failed)?;
    let redirect = browser.sign_in(&request.url, &user.login, &user.password).await.map_err(failed)?;
    story.end(
        stack,
        &Step {
            name: "sign_in",
            title: &format!("Sign in as {} on Okta's own page", user.login),
            facts: &[("browser → app", format!("{}?code=…&state=…", request.redirect_uri))],
        },
    )?;

    story.begin("exchanging the code …");
    let signed_in = signed_in_user(session.complete_login(&redirect).await?)?;
    tell_tokens("Trade the code for tokens", &session.details(), &signed_in, stack, story)?;
    Ok(signed_in)
}

/// A person signs in, in a browser of their own.
async fn sign_in_by_hand(
    session: &Session,
    request: &AuthorizationRequest,
    mut loopback: Loopback,
    stack: &LocalStack,
    user: &DemoUser,
    notes: Notes,
    story: &mut Narrator<'_>,
) -> Result<User, CliError> {
    notes.say(format!("Sign in as {} with password {}", styled(BOLD, &user.login), styled(BOLD, &user.password)));
    let mut browser = open_browser(&request.url, notes).await;
    story.begin("waiting for the browser … (Ctrl-C cancels)");
    let received = receive(session, &mut loopback, PATIENCE, notes, story.progress(), browser.as_mut()).await?;
    let Received { user, page } =
        received.ok_or_else(|| Failure::new("timed_out", Exit::Cancelled, "nobody signed in"))?;
    tell_tokens("You sign in; the app trades the code for tokens", &session.details(), &user, stack, story)?;
    page.finished().await;
    Ok(user)
}

fn tell_tokens(
    title: &str,
    details: &SessionDetails,
    user: &User,
    stack: &LocalStack,
    story: &mut Narrator<'_>,
) -> std::io::Result<()> {
    let mut facts: Vec<Fact> = vec![
        ("ID token", "verified: signature, issuer, audience, times, nonce".to_owned()),
        ("  sub", escape(&user.subject).into_owned()),
    ];
    if let Some(name) = &user.name {
        facts.push(("  name", escape(name).into_owned()));
    }
    if let Some(username) = &user.username {
        facts.push(("  preferred name", escape(username).into_owned()));
    }
    if let Some(expires_at) = details.id_token_expires_at {
        facts.push(("  exp", format!("{} UTC ({})", short_time(expires_at), relative(expires_at, details.now))));
    }
    if details.has_refresh_token {
        facts.push(("refresh token", "stored: the session renews itself".to_owned()));
    }
    story.end(stack, &Step { name: "complete_login", title, facts: &facts })
}

/// A listing of which only the beginning is kept.
#[derive(Debug, Default)]
struct Listing {
    shown: Vec<ListedObject>,
    count: u64,
    bytes: u64,
}

async fn list(session: &Session, limit: u64) -> Result<Listing, CliError> {
    let mut listing = Listing::default();
    let mut pages = session.list_objects(ListObjects::default());
    while let Some(page) = pages.next_page().await? {
        for object in page.objects {
            listing.count += 1;
            listing.bytes = listing.bytes.saturating_add(object.size);
            if listing.count <= limit {
                listing.shown.push(object);
            }
        }
    }
    Ok(listing)
}

fn show(listing: &Listing, story: &mut Narrator<'_>) -> std::io::Result<()> {
    if story.output.is_json() {
        return listing.shown.iter().try_for_each(|object| story.output.event(&ObjectEvent::new(object)));
    }
    let table = ObjectTable::new(story.width(), 5);
    story.tell(&table.header())?;
    story.tell(&table.rule())?;
    table.objects(&listing.shown).iter().try_for_each(|row| story.output.line(row))?;
    story.tell(&table.rule())
}

fn farewell(listing: &Listing, story: &mut Narrator<'_>) -> Result<(), CliError> {
    let hidden = listing.count - listing.shown.len() as u64;
    if story.output.is_json() {
        story.output.event(&ListedEvent::new(listing.shown.len() as u64, hidden > 0))?;
        return Ok(());
    }
    let total = format!("{}, {}", count_of(listing.count, "object"), human_size(listing.bytes));
    let rest = if hidden > 0 { format!("; {hidden} more with --limit {}", listing.count) } else { String::new() };
    story.tell(&format!("     {total}{}", styled(DIM, rest)))?;
    story.tell(&format!("\n     {}", styled(BOLD, "What next")))?;
    let next = [
        ("demo --browser", "sign in yourself"),
        ("local-stack --write-config config", "keep these servers running"),
        ("login --list", "in another terminal"),
        ("ls", "later, without signing in"),
    ]
    .map(|(arguments, meaning)| (format!("{} {arguments}", invocation()), meaning));
    let width = next.iter().map(|(command, _)| columns(command)).max().unwrap_or(0) + 2;
    for (command, meaning) in next {
        story.tell(&format!("     {}{}", styled(ACCENT, pad_right(&command, width)), styled(DIM, meaning)))?;
    }
    story.tell("")?;
    Ok(())
}
