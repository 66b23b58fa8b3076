//! `jetbridge doctor`: what is wrong, link by link from the files to the bucket, and how to mend it. The core walks; here a
//! sign-in is put before it, a template beside it, and the whole is written so that it can be pasted into a ticket.

mod claims;
mod explain;
mod findings;
mod template;

use std::convert::Infallible;
use std::time::Duration;

use jetbridge::doctor::{Check, Finding, Link, Mark, Report};
use jetbridge::{Config, Session, SessionError, SessionState};
use tokio::sync::watch;

use self::findings::Line;
use crate::args::DoctorArgs;
use crate::commands::login::{self, Way};
use crate::context::Context;
use crate::exit::{CliError, Exit, Failure};
use crate::invocation::command;
use crate::loopback::Loopback;
use crate::output::Output;
use crate::path::{UserPath, hide_home};
use crate::progress::Progress;

/// What whoever cannot be come back to may run.
const BY_HAND: &[&str] = &["doctor", "--sign-in", "--no-browser"];
/// As the core's: enough to recognise one's own.
const SHOWN_OF_SUBJECT: usize = 6;
/// Who takes longer is named, also where no terminal is.
const SLOW: Duration = Duration::from_secs(2);

pub(super) async fn run(context: &Context, args: &DoctorArgs, output: &mut Output) -> Result<(), CliError> {
    if args.explain || args.claims {
        if args.explain {
            explain::run(context, output).await.map_err(|error| at_home(error, output))?;
        }
        if args.claims {
            let template = args.template.as_ref().map(UserPath::absolute).transpose()?;
            claims::run(context, args.all, template.as_deref(), output).await?;
        }
        return Ok(());
    }
    let directory = context.config_directory()?;
    let config = match Config::load(&directory) {
        Ok(config) => config,
        Err(error) => {
            let line = Line::of_files(&error, &directory, context.variable_to_blame(&error));
            let failure = match context.explain_files(error.clone()) {
                CliError::Failed(failure) => failure,
                closed => return Err(closed),
            };
            return end_at(Vec::new(), line, failure, args, &[], output);
        }
    };
    let checks = match &args.template {
        Some(file) => template::compare(&config, &file.absolute()?, context.notes).await?,
        None => Vec::new(),
    };
    let (session, state) = match context.restore(config.clone()).await {
        Ok(restored) => restored,
        // What the configuration asks for is refused here, as an endpoint is that nobody permitted.
        Err(CliError::Failed(failure)) if failure.exit == Exit::Misconfigured => {
            return end_at_options(context, config, args, failure, &checks, output).await;
        }
        Err(CliError::Failed(failure)) if failure.exit == Exit::SecureStorage => {
            return end_at_store(context, config, args, failure, &checks, output).await;
        }
        Err(error) => return Err(error),
    };
    let mut report = diagnose(context, &session, args).await?;
    let mut signed_in = Ok(());
    // Nobody is asked for a password that a chain cannot use: one that is broken before that, at the store that would keep
    // the session, or for whoever would sign in. A wrong clock is corrected.
    let is_signed_in = matches!(state, SessionState::SignedIn { .. });
    let may_sign_in = |broken: &Finding| match broken.link {
        Link::Clock => true,
        Link::SignIn => !is_of_the_store(broken),
        link => link > Link::SignIn && is_signed_in,
    };
    if args.sign_in && report.reaches(Link::SignIn) && report.broken().is_none_or(may_sign_in) {
        login::tell_who_is_replaced(&state, context.notes);
        signed_in = sign_in(context, &session, &config, args, output).await;
        if context.interrupt.is_requested() {
            return signed_in;
        }
        report = diagnose(context, &session, args).await?;
        login::settle(&session).await;
    }
    if let Err(CliError::Failed(failure)) = &signed_in {
        return end_at_sign_in(&session, &report, failure, args, &checks, output);
    }
    signed_in?;
    let mut lines: Vec<_> = report.findings.iter().map(Line::of).collect();
    let busy = match args.offline || args.sign_in {
        true => None,
        false => Loopback::bind(config.desktop_callback_url(), &command(BY_HAND)).err(),
    };
    if let Some(busy) = &busy
        && keeps_out(busy, &mut lines)
    {
        return end_at_failure(lines, Link::SignIn, busy, args, &checks, output);
    }
    if let Some(line) = lines.iter_mut().find(|line| line.is_of(Link::SignIn, Mark::Unknown))
        && context.sessions_elsewhere(&session).await.len() > 1
    {
        line.remark(&format!("\nto list those sessions: {}", command(&["accounts"])));
    }
    // The report names them.
    let others = context.find_others_signed_in(&session, args.again()).await;
    let others = others.map(|others| format!("To use {}", others.way));
    say(&lines, &checks, output)?;
    end(context, &report, &lines, args, &checks, others, output)
}

/// The report of a chain whose sign-in has failed. Somebody else who stays signed in is looked at all the same.
fn end_at_sign_in(
    session: &Session,
    report: &Report,
    failure: &Failure,
    args: &DoctorArgs,
    checks: &[Check],
    output: &mut Output,
) -> Result<(), CliError> {
    let finding = session.diagnose_failed_sign_in();
    let finding = finding.filter(|it| it.problem.as_ref().is_some_and(|problem| problem.kind() == failure.kind));
    let mut failed = match &finding {
        Some(finding) => Line::of(finding),
        None => Line::broken(Link::SignIn, failure),
    };
    let mut lines: Vec<_> = report.findings.iter().map(Line::of).collect();
    let link = failed.link();
    let is_worse = |broken: &&Finding| broken.link != Link::Clock && broken.link < link;
    if let Some(worse) = report.broken().filter(is_worse) {
        let failure = worse.problem.as_ref().map_or(failure.clone(), Failure::from_session);
        let line = Line::of(worse);
        return end_at(lines, line, failure, args, checks, output);
    }
    let user = session.details().user.filter(|_| lines.iter().any(|line| line.is_of(Link::SignIn, Mark::Ok)));
    let Some(user) = user else { return end_at(lines, failed, failure.clone(), args, checks, output) };
    if link == Link::SignIn {
        let subject: String = user.subject.chars().take(SHOWN_OF_SUBJECT).collect();
        failed.remark(&format!("; {subject}… stays signed in, and what follows is of that session"));
    }
    let next = failed.next_command();
    if let Some(line) = lines.iter_mut().find(|line| line.link() == link) {
        *line = failed;
    }
    say(&lines, checks, output)?;
    Err(at_the_end(link, failure.clone(), next, args, output).into())
}

/// Whether it keeps everybody from signing in that nobody can listen where the browser is to come back to. Whoever is signed in
/// already is told of it and no more.
fn keeps_out(busy: &Failure, lines: &mut [Line<'_>]) -> bool {
    let line = lines.iter_mut().find(|line| line.link() == Link::SignIn);
    match line {
        Some(line) if line.mark() == Mark::Ok => line.remark(&format!("; for the next sign-in: {}", busy.message)),
        Some(line) => return line.mark() == Mark::Unknown,
        None => {}
    }
    false
}

/// Nobody is asked for a password whose tokens could not be kept.
fn is_of_the_store(broken: &Finding) -> bool {
    matches!(broken.problem, Some(SessionError::SecureStorage { .. }))
}

async fn sign_in(
    context: &Context,
    session: &Session,
    config: &Config,
    args: &DoctorArgs,
    output: &mut Output,
) -> Result<(), CliError> {
    let login = args.to_login();
    let way = Way::prepare(config, &login, BY_HAND)?.beside_results();
    login::sign_in(context, session, &login, way, output, async |_, _| Ok(())).await
}

/// A line for each link, and what the template says below the files.
fn say(lines: &[Line<'_>], checks: &[Check], output: &mut Output) -> Result<(), CliError> {
    let (files, others) = lines.split_at(lines.iter().take_while(|line| line.link() == Link::Files).count());
    findings::say(files, output)?;
    template::say(checks, output)?;
    findings::say(others, output)
}

async fn diagnose(context: &Context, session: &Session, args: &DoctorArgs) -> Result<Report, CliError> {
    if args.offline {
        return Ok(session.diagnose_offline().await);
    }
    let (begun, at) = watch::channel(Link::Network);
    let walk = session.diagnose_telling(move |link| {
        begun.send_replace(link);
    });
    tokio::select! {
        report = walk => Ok(report),
        never = tell_what_is_slow(at, context) => match never {},
        () = context.interrupt.requested() => Err(Failure::cancelled().into()),
    }
}

/// Says on a terminal who is looked at, and elsewhere only of whom lets one wait.
async fn tell_what_is_slow(mut at: watch::Receiver<Link>, context: &Context) -> Infallible {
    let progress = Progress::start(context.notes, "looking at each link … (Ctrl-C cancels)");
    loop {
        let looked_at = match *at.borrow_and_update() {
            link if link >= Link::Api => "the APIs",
            link if link >= Link::Bucket => "S3",
            link if link >= Link::Pool => "Cognito",
            _ => "Okta",
        };
        let line = format!("looking at {looked_at} … (Ctrl-C cancels)");
        progress.say(line.clone());
        let changed = match tokio::time::timeout(SLOW, at.changed()).await {
            Ok(changed) => changed,
            Err(_) => {
                if !progress.is_shown() {
                    context.notes.say(line);
                }
                at.changed().await
            }
        };
        if changed.is_err() {
            // The report is about to come.
            return std::future::pending().await;
        }
    }
}

/// The report whose broken link is told in the words of any command; before it stands what holds.
fn end_at(
    lines: Vec<Line<'_>>,
    broken: Line<'_>,
    failure: Failure,
    args: &DoctorArgs,
    checks: &[Check],
    output: &mut Output,
) -> Result<(), CliError> {
    let (link, next) = (broken.link(), broken.next_command());
    say(&cut_off(lines, broken), checks, output)?;
    Err(at_the_end(link, failure, next, args, output).into())
}

/// The same of a link that is known to be broken by what any command says of it.
fn end_at_failure(
    lines: Vec<Line<'_>>,
    link: Link,
    failure: &Failure,
    args: &DoctorArgs,
    checks: &[Check],
    output: &mut Output,
) -> Result<(), CliError> {
    end_at(lines, Line::broken(link, failure), failure.clone(), args, checks, output)
}

/// The report where no session can be opened: by an option, if one can be opened without it, else by the files.
async fn end_at_options(
    context: &Context,
    config: Config,
    args: &DoctorArgs,
    failure: Failure,
    checks: &[Check],
    output: &mut Output,
) -> Result<(), CliError> {
    let context = context.without_store();
    let without_account = context.without_account();
    if without_account.restore(config.clone()).await.is_ok() {
        return end_at_store(&without_account, config, args, failure, checks, output).await;
    }
    for context in [context.without_ca_file(), without_account.without_ca_file()] {
        let Ok((session, _)) = context.restore(config.clone()).await else { continue };
        let report = session.diagnose_offline().await;
        let lines = report.findings.iter().map(Line::of).collect();
        // Not with the same file again.
        let again = command(&[&args.again()[..], &["--ca-file", "FILE"]].concat());
        let line = Line::broken(Link::Network, &failure).then_run(again);
        return end_at(lines, line, failure.clone(), args, checks, output);
    }
    end_at_failure(Vec::new(), Link::Files, &failure, args, checks, output)
}

/// The report where nobody can be found in the store, which keeps nobody from looking at what comes before.
async fn end_at_store(
    context: &Context,
    config: Config,
    args: &DoctorArgs,
    failure: Failure,
    checks: &[Check],
    output: &mut Output,
) -> Result<(), CliError> {
    let (session, _) = context.without_store().restore(config).await?;
    let report = diagnose(context, &session, args).await?;
    let lines: Vec<_> = report.findings.iter().map(Line::of).collect();
    if !report.reaches(Link::SignIn) {
        say(&lines, checks, output)?;
        return end(context, &report, &lines, args, checks, None, output);
    }
    end_at_failure(lines, Link::SignIn, &failure, args, checks, output)
}

/// What was found before the broken link, and that this is broken.
fn cut_off<'a>(mut lines: Vec<Line<'a>>, broken: Line<'a>) -> Vec<Line<'a>> {
    let link = broken.link();
    lines.retain(|line| line.link() < link);
    lines.push(broken);
    lines.extend(Link::ALL.into_iter().filter(|later| *later > link).map(Line::not_reached));
    lines
}

/// Fails by the broken link, else by the template. If all is well, says what to do next, and who is signed in instead of nobody.
fn end(
    context: &Context,
    report: &Report,
    lines: &[Line<'_>],
    args: &DoctorArgs,
    checks: &[Check],
    others: Option<String>,
    output: &mut Output,
) -> Result<(), CliError> {
    if let Some(broken) = report.broken()
        && let Some(problem) = &broken.problem
    {
        let next = lines.iter().find(|line| line.link() == broken.link).and_then(Line::next_command);
        return Err(at_the_end(broken.link, Failure::from_session(problem), next, args, output).into());
    }
    if let Some(failure) = template::differences(checks) {
        return Err(failure.into());
    }
    if !output.is_json() {
        output.flush()?;
        let others = others.map(|others| hide_home(&format!("\n{others}"))).unwrap_or_default();
        context.notes.say(what_is_next(lines) + &others);
    }
    Ok(())
}

/// Two lines for somebody whose chain holds as far as it was looked at.
fn what_is_next(lines: &[Line<'_>]) -> String {
    let unknown: Vec<_> = lines.iter().filter(|line| line.mark() == Mark::Unknown).map(Line::link).collect();
    let (found, words) = if unknown.contains(&Link::Discovery) {
        (
            "Nothing is broken as far as can be told without asking anybody; --explain shows each setting, --template FILE \
             compares them with what is to be deployed."
                .to_owned(),
            &["doctor"][..],
        )
    } else if unknown.contains(&Link::SignIn) {
        ("Nothing is broken as far as can be told before a sign-in.".to_owned(), &["doctor", "--sign-in"][..])
    } else if unknown.is_empty() {
        ("Nothing is broken.".to_owned(), &["ls"][..])
    } else {
        let titles: Vec<_> = unknown.iter().map(|link| link.title()).collect();
        (format!("No broken link was found, but something could not be known: {}.", titles.join(", ")), &["ls"][..])
    };
    hide_home(&format!("{found}\nNext, run: {}", command(words)))
}

/// The same without the name of the user's home. What `--explain` tells programs is data, whole.
fn at_home(error: CliError, output: &Output) -> CliError {
    match error {
        CliError::Failed(failure) if !output.is_json() => without_home(&failure).into(),
        error => error,
    }
}

fn without_home(failure: &Failure) -> Failure {
    let hint = failure.hint.as_deref().map(hide_home);
    Failure { message: hide_home(&failure.message), hint, ..failure.clone() }
}

/// A program reads what any command says. A person has read it already, at the link: here is what to do now.
fn at_the_end(link: Link, failure: Failure, next: Option<String>, args: &DoctorArgs, output: &Output) -> Failure {
    let failure = Failure { doctor_helps: false, ..failure };
    if output.is_json() {
        return without_home(&failure);
    }
    let next = match next {
        Some(command) => format!("Next, run: {command}"),
        None => format!("Mend it as is said there. Next, run: {}", hide_home(&command(&args.again()))),
    };
    Failure { message: format!("this link is broken: {}", link.title()), hint: Some(next), ..failure }
}
