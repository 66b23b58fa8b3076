//! Opens the user's browser: the one that `BROWSER` names, as is usual on Unix, or else the system's. It is started with
//! an address of this process only, see [`HandOver`]: nothing that is secret may be among a program's arguments.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use tokio::sync::oneshot;

use crate::core_dumps;
use crate::exit::Failure;
use crate::loopback::{Errand, HandOver};

/// Browsers that draw on this terminal. They run in the foreground, as the library below starts them.
const ON_THE_TERMINAL: [&str; 9] = ["lynx", "links", "links2", "elinks", "w3m", "eww", "netrik", "retawq", "curl"];

/// A browser that was started. It finds its page as long as this is kept.
pub(crate) struct Browser {
    page: HandOver,
    failed: oneshot::Receiver<Failure>,
}

impl Browser {
    /// Waits until it has its page, or has failed.
    pub(crate) async fn has_page(&mut self) -> Result<(), Failure> {
        tokio::select! {
            biased;
            () = self.page.taken() => Ok(()),
            failure = failure(&mut self.failed) => Err(failure),
        }
    }

    /// Waits until it ends with an error: then no page has opened, as far as one can know.
    pub(crate) async fn failed(&mut self) -> Failure {
        failure(&mut self.failed).await
    }
}

/// Never comes of a browser that ends well, or of which nothing is known: the system's.
async fn failure(failed: &mut oneshot::Receiver<Failure>) -> Failure {
    match failed.await {
        Ok(failure) => failure,
        Err(_) => std::future::pending().await,
    }
}

/// Has a browser run `errand`.
pub(crate) async fn send(errand: Errand) -> Result<Browser, Failure> {
    let page = HandOver::start(errand)?;
    let address = page.address().to_owned();
    // It starts another program and may wait for it.
    let opened = tokio::task::spawn_blocking(move || {
        core_dumps::start_program(|| match std::env::var("BROWSER") {
            Ok(browsers) if !browsers.trim().is_empty() && !is_on_the_terminal(&browsers) => {
                start_first(&browsers, &address).map(Some)
            }
            _ => match webbrowser::open(&address) {
                Ok(()) => Ok(None),
                Err(_) => Err(Failure::internal("no browser could be opened")),
            },
        })
    });
    let started = opened.await.map_err(|_| Failure::internal("no browser could be opened"))??;
    let (tell, failed) = oneshot::channel();
    if let Some(started) = started {
        // It runs as long as it likes.
        std::thread::spawn(move || {
            if let Some(failure) = started.end() {
                let _ = tell.send(failure);
            }
        });
    }
    Ok(Browser { page, failed })
}

/// A browser's program, by the name that `BROWSER` gives it.
struct Started {
    program: String,
    child: Child,
}

impl Started {
    /// How it ended, if that was no good end. What it was started with is nobody's business.
    fn end(mut self) -> Option<Failure> {
        let ended = self.child.wait().ok().filter(|ended| !ended.success())?;
        Some(Failure::internal(format!("the browser that BROWSER names, {}, ended with {ended}", self.program)))
    }
}

/// The commands that `BROWSER` holds: on Unix, more than one divided by colons, of which the first that starts is taken.
fn commands(browsers: &str) -> impl Iterator<Item = &str> {
    let divider = if cfg!(unix) { ':' } else { '\0' };
    browsers.split(divider).filter(|command| !command.trim().is_empty())
}

fn is_on_the_terminal(browsers: &str) -> bool {
    let first = commands(browsers).next().and_then(|command| command.split_whitespace().next()).unwrap_or_default();
    cfg!(unix) && ON_THE_TERMINAL.contains(&first.rsplit('/').next().unwrap_or_default())
}

fn start_first(browsers: &str, url: &str) -> Result<Started, Failure> {
    let mut problem = None;
    for command in commands(browsers) {
        match start(command, url) {
            Ok(started) => return Ok(started),
            Err(failure) => problem = problem.or(Some(failure)),
        }
    }
    Err(problem.unwrap_or_else(|| Failure::internal("BROWSER names no program")))
}

/// Starts a program and its arguments, divided by spaces. Its output must not get between our results.
fn start(command: &str, url: &str) -> Result<Started, Failure> {
    // A path with spaces in it is no command with arguments: on Windows most programs have one.
    let words = match command.trim() {
        program if Path::new(program).is_file() => vec![program.to_owned(), url.to_owned()],
        command => split_command(command, url),
    };
    let (program, arguments) = words.split_first().ok_or_else(|| Failure::internal("BROWSER names no program"))?;
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| {
            Failure::internal(format!("the browser that BROWSER names, {program}, cannot be started: {error}"))
        })?;
    Ok(Started { program: program.clone(), child })
}

/// `%s` stands for the URL, which else comes last, `%c` for a colon and `%%` for `%`.
fn split_command(command: &str, url: &str) -> Vec<String> {
    let word = |word: &str| {
        let parts = word.split("%%").map(|part| part.replace("%s", url).replace("%c", ":"));
        parts.collect::<Vec<_>>().join("%")
    };
    let mut words: Vec<String> = command.split_whitespace().map(word).collect();
    if !words.iter().any(|word| word.contains(url)) {
        words.push(url.to_owned());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_comes_where_the_command_wants_it() {
        assert_eq!(split_command("firefox --new-window", "http://u"), ["firefox", "--new-window", "http://u"]);
        assert_eq!(split_command("open --url=%s -w", "http://u"), ["open", "--url=http://u", "-w"]);
        assert_eq!(split_command("a%cb %%s", "http://u"), ["a:b", "%s", "http://u"]);
    }
}
