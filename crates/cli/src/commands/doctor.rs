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
            let line = Line::of_files(&error);
            let failure = match CliError::from(error.clone()) {
                CliError::Failed(failure) => failure,
                closed => return Err(closed),
            };
            return end_at(Vec::new(), line, failure, &[], output);
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
            let line = Line::broken(Link::Files, &failure);
            return end_at(Vec::new(), line, failure.clone(), &checks, output);
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
    let mut lines: Vec<_> = report.findings.iter().map(Line::of).collect();
    let busy = match &signed_in {
        Err(CliError::Failed(failure)) if failure.kind == "port_in_use" => Some(failure.clone()),
        _ if args.offline || args.sign_in => None,
        _ => Loopback::bind(config.desktop_callback_url()).err(),
    };
    if let Some(busy) = &busy
        && keeps_out(busy, &mut lines)
    {
        return end_at(lines, Line::broken(Link::SignIn, busy), busy.clone(), &checks, output);
    }
    say(&lines, &checks, output)?;
    end(context, &report, &lines, &checks, signed_in, output)
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
    let way = Way::prepare(config, &login)?.beside_results();
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
    checks: &[Check],
    output: &mut Output,
) -> Result<(), CliError> {
    let (link, next) = (broken.link(), broken.next_command());
    say(&cut_off(lines, broken), checks, output)?;
    Err(at_the_end(link, failure, next, output).into())
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
        return end(context, &report, &lines, checks, Ok(()), output);
    }
    end_at(lines, Line::broken(Link::SignIn, &failure), failure.clone(), checks, output)
}

/// What was found before the broken link, and that this is broken.
fn cut_off<'a>(mut lines: Vec<Line<'a>>, broken: Line<'a>) -> Vec<Line<'a>> {
    let link = broken.link();
    lines.retain(|line| line.link() < link);
    lines.push(broken);
    lines.extend(Link::ALL.into_iter().filter(|later| *later > link).map(Line::not_reached));
    lines
}

/// Fails by the broken link; else by how the sign-in ended, if the report says nothing of it; else by the template. If all is
/// well, says what to do next.
fn end(
    context: &Context,
    report: &Report,
    lines: &[Line<'_>],
    checks: &[Check],
    signed_in: Result<(), CliError>,
    output: &mut Output,
) -> Result<(), CliError> {
    if let Some(broken) = report.broken()
        && let Some(problem) = &broken.problem
    {
        let next = lines.iter().find(|line| line.link() == broken.link).and_then(Line::next_command);
        return Err(at_the_end(broken.link, Failure::from_session(problem), next, output).into());
    }
    signed_in?;
    if let Some(failure) = template::differences(checks) {
        return Err(failure.into());
    }
    if !output.is_json() {
        output.flush()?;
        context.notes.say(what_is_next(lines));
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
fn at_the_end(link: Link, failure: Failure, next: Option<String>, output: &Output) -> Failure {
    let failure = Failure { doctor_helps: false, ..failure };
    if output.is_json() {
        return without_home(&failure);
    }
    let next = match next {
        Some(command) => format!("Next, run: {command}"),
        None => format!("Mend it as is said there. Next, run: {}", hide_home(&command(&["doctor"]))),
    };
    Failure { message: format!("this link is broken: {}", link.title()), hint: Some(next), ..failure }
}
