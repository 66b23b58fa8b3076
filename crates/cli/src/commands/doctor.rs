//! `jetbridge doctor`: what is wrong, link by link from the files to the bucket, and how to mend it. The core walks; here a
//! sign-in is put before it, a template beside it, and the whole is written so that it can be pasted into a ticket.

mod claims;
mod explain;
mod findings;
mod template;

use jetbridge::doctor::{Check, Finding, Link, Report};
use jetbridge::{Config, Session, SessionState};

use self::findings::Line;
use crate::args::DoctorArgs;
use crate::commands::login::{self, Way};
use crate::context::Context;
use crate::exit::{CliError, Exit, Failure};
use crate::output::Output;
use crate::progress::Progress;

pub(super) async fn run(context: &Context, args: &DoctorArgs, output: &mut Output) -> Result<(), CliError> {
    if args.explain || args.claims {
        if args.explain {
            explain::run(context, output).await?;
        }
        if args.claims {
            claims::run(context, args.all, output).await?;
        }
        return Ok(());
    }
    let directory = context.config_directory()?;
    let config = match Config::load(&directory) {
        Ok(config) => config,
        Err(error) => {
            let setting = match error.problems.as_slice() {
                [one] if !one.key.is_empty() => Some(one.key.clone()),
                _ => None,
            };
            return end_at_files(error.into(), setting.as_deref(), output);
        }
    };
    let checks = match &args.template {
        Some(file) => template::compare(&config, &file.absolute()?, context.notes).await?,
        None => Vec::new(),
    };
    if args.offline {
        findings::say(&Line::ok(Link::Files, format!("read from {}", directory.display())), output)?;
        template::say(&checks, output)?;
        return end(None, &checks, Ok(()), output);
    }
    let (session, state) = match context.restore(config.clone()).await {
        Ok(restored) => restored,
        // What the configuration asks for is refused here, as an endpoint is that nobody permitted.
        Err(CliError::Failed(failure)) if failure.exit == Exit::Misconfigured => {
            return end_at_files(failure.into(), None, output);
        }
        Err(CliError::Failed(failure)) if failure.exit == Exit::SecureStorage => {
            return end_at_store(context, config, failure, &checks, output).await;
        }
        Err(error) => return Err(error),
    };
    let mut report = diagnose(context, &session).await?;
    let mut signed_in = Ok(());
    // Nobody is asked for a password that a chain cannot use: one that is broken before that, or for whoever would sign in.
    let is_signed_in = matches!(state, SessionState::SignedIn { .. });
    let may_sign_in = |broken: &Finding| broken.link == Link::SignIn || (broken.link > Link::SignIn && is_signed_in);
    if args.sign_in && report.broken().is_none_or(may_sign_in) {
        login::tell_who_is_replaced(&state, context.notes);
        signed_in = sign_in(context, &session, &config, args, output).await;
        if context.interrupt.is_requested() {
            return signed_in;
        }
        report = diagnose(context, &session).await?;
        login::settle(&session).await;
    }
    let lines: Vec<_> = report.findings.iter().map(Line::of).collect();
    say(&lines, &checks, output)?;
    end(Some(&report), &checks, signed_in, output)
}

async fn sign_in(
    context: &Context,
    session: &Session,
    config: &Config,
    args: &DoctorArgs,
    output: &mut Output,
) -> Result<(), CliError> {
    let login = args.to_login();
    let way = Way::prepare(config, &login)?.beside_results();
    login::sign_in(context, session, &login, way, output, async |_, _| Ok(())).await
}

/// A line for each link, and what the template says below the files.
fn say(lines: &[Line<'_>], checks: &[Check], output: &mut Output) -> Result<(), CliError> {
    for line in lines {
        findings::say(line, output)?;
        if line.link() == Link::Files {
            template::say(checks, output)?;
        }
    }
    Ok(())
}

async fn diagnose(context: &Context, session: &Session) -> Result<Report, CliError> {
    let _progress = Progress::start(context.notes, "looking at each link … (Ctrl-C cancels)");
    tokio::select! {
        report = session.diagnose() => Ok(report),
        () = context.interrupt.requested() => Err(Failure::cancelled().into()),
    }
}

/// The report where nothing but the files can be looked at, in the words of any command.
fn end_at_files(error: CliError, setting: Option<&str>, output: &mut Output) -> Result<(), CliError> {
    let CliError::Failed(failure) = error else { return Err(error) };
    say(&cut_off(Vec::new(), Line::broken(Link::Files, &failure).at_setting(setting)), &[], output)?;
    Err(at_the_end(Link::Files, failure, output).into())
}

/// The report where nobody can be found in the store, which keeps nobody from looking at what comes before.
async fn end_at_store(
    context: &Context,
    config: Config,
    failure: Failure,
    checks: &[Check],
    output: &mut Output,
) -> Result<(), CliError> {
    let (session, _) = context.without_store().restore(config).await?;
    let report = diagnose(context, &session).await?;
    let lines: Vec<_> = report.findings.iter().map(Line::of).collect();
    if report.broken().is_some() {
        say(&lines, checks, output)?;
        return end(Some(&report), checks, Ok(()), output);
    }
    say(&cut_off(lines, Line::broken(Link::SignIn, &failure)), checks, output)?;
    Err(at_the_end(Link::SignIn, failure, output).into())
}

/// What was found before the broken link, and that this is broken.
fn cut_off<'a>(mut lines: Vec<Line<'a>>, broken: Line<'a>) -> Vec<Line<'a>> {
    let link = broken.link();
    lines.retain(|line| line.link() < link);
    lines.push(broken);
    lines.extend(Link::ALL.into_iter().filter(|later| *later > link).map(Line::not_reached));
    lines
}

/// Fails by the broken link; else by how the sign-in ended, if the report says nothing of it; else by the template.
fn end(
    report: Option<&Report>,
    checks: &[Check],
    signed_in: Result<(), CliError>,
    output: &Output,
) -> Result<(), CliError> {
    if let Some(broken) = report.and_then(Report::broken)
        && let Some(problem) = &broken.problem
    {
        return Err(at_the_end(broken.link, Failure::from_session(problem), output).into());
    }
    signed_in?;
    template::differences(checks).map_or(Ok(()), |failure| Err(failure.into()))
}

/// A program reads what any command says. A person has read it already, at the link.
fn at_the_end(link: Link, failure: Failure, output: &Output) -> Failure {
    let failure = Failure { doctor_helps: false, ..failure };
    if output.is_json() {
        return failure;
    }
    Failure { message: format!("this link is broken: {}", link.title()), hint: None, ..failure }
}
