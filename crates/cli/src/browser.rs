//! Opens the user's browser: the one that `BROWSER` names, as is usual on Unix, or else the system's. It is started with
//! an address of this process only, see [`HandOver`]: nothing that is secret may be among a program's arguments.

use std::io;
use std::process::{Command, Stdio};

use crate::core_dumps;
use crate::exit::Failure;
use crate::loopback::{Errand, HandOver};

/// Has a browser run `errand`. It can do so as long as what is returned is kept.
pub(crate) async fn send(errand: Errand) -> Result<HandOver, Failure> {
    let hand_over = HandOver::start(errand)?;
    let address = hand_over.address().to_owned();
    // It starts another program and may wait for it.
    let opened = tokio::task::spawn_blocking(move || {
        core_dumps::start_program(|| match std::env::var("BROWSER") {
            // On other systems the library below looks at it.
            Ok(command) if cfg!(any(target_os = "macos", windows)) && !command.trim().is_empty() => {
                start(&command, &address)
            }
            _ => webbrowser::open(&address),
        })
    });
    match opened.await {
        Ok(Ok(())) => Ok(hand_over),
        _ => Err(Failure::internal("no browser could be opened")),
    }
}

/// Starts a program and its arguments, divided by spaces; `%s` stands for the URL, which else comes last. Its output
/// must not get between our results.
fn start(command: &str, url: &str) -> io::Result<()> {
    let words = split_command(command, url);
    let (program, arguments) = words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut browser = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    // It runs as long as it likes; the thread only collects its end.
    std::thread::spawn(move || browser.wait());
    Ok(())
}

fn split_command(command: &str, url: &str) -> Vec<String> {
    let mut words: Vec<String> = command.split_whitespace().map(|word| word.replace("%s", url)).collect();
    if !command.contains("%s") {
        words.push(url.to_owned());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_comes_where_the_command_wants_it() {
        assert_eq!(split_command("firefox --new-window", "u"), ["firefox", "--new-window", "u"]);
        assert_eq!(split_command("open --url=%s -w", "u"), ["open", "--url=u", "-w"]);
    }
}
