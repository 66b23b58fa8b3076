//! How this program was called. Whoever proposes a command to the user takes it from here, so that it can be copied as it
//! stands, into a shell, and means the same session.

use std::sync::OnceLock;

use jetbridge::quote_for_shell;

use crate::text::without_userinfo;

/// How this program was called, so that a proposed command can be copied: by its name, or by `cargo run`.
pub(crate) fn invocation() -> &'static str {
    if std::env::var_os("CARGO").is_some() { "cargo run --" } else { "jetbridge" }
}

/// A command of this program for the same session: `words` after the options that were given. One that is among `words`
/// too is another choice than was made, so it is left out before them; and so is the account before `switch`, which chooses one, and
/// before what ends them all.
pub(crate) fn command(words: &[&str]) -> String {
    let given = GIVEN_OPTIONS.get().map_or(&[][..], Vec::as_slice);
    format!("{}{}", invocation(), after_options(given, words))
}

/// Options of the command line, with their values as words of the user's shell.
type GivenOptions = Vec<(String, String)>;

static GIVEN_OPTIONS: OnceLock<GivenOptions> = OnceLock::new();

/// Keeps the options that decide whose session it is, so that a proposed command means the same one.
pub(crate) fn remember_options(arguments: impl Iterator<Item = String>) {
    // Called once, at the start.
    let _ = GIVEN_OPTIONS.set(session_options(arguments));
}

/// Whether the command line has this option, one of those that decide whose session it is; else its value is a variable's, or
/// the default.
pub(crate) fn is_given(option: &str) -> bool {
    GIVEN_OPTIONS.get().is_some_and(|given| given.iter().any(|(name, _)| name == option))
}

/// Who chose what such an option says: itself on the command line, else its variable.
pub(crate) fn chosen_by<'a>(option: &'a str, variable: &'a str) -> &'a str {
    if is_given(option) { option } else { variable }
}

fn session_options(mut arguments: impl Iterator<Item = String>) -> GivenOptions {
    let mut kept = Vec::new();
    while let Some(argument) = arguments.next() {
        if argument == "--" {
            // What follows are another program's.
            break;
        }
        let (name, value) = match argument.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (argument.as_str(), None),
        };
        if matches!(name, "--config" | "--store" | "--account" | "--ca-file" | "--resolve" | "--permit-endpoint")
            && let Some(value) = value.or_else(|| arguments.next())
        {
            let value = if name == "--permit-endpoint" { without_userinfo(&value) } else { value };
            kept.push((name.to_owned(), quote_typed(&value)));
        }
    }
    kept
}

fn after_options(given: &[(String, String)], words: &[&str]) -> String {
    let mut line = String::new();
    let is_of_no_account = words.first() == Some(&"switch") || words.starts_with(&["logout", "--all"]);
    let is_chosen = |name: &str| words.contains(&name) || (name == "--account" && is_of_no_account);
    for (name, value) in given.iter().filter(|(name, _)| !is_chosen(name)) {
        line.push_str(&format!(" {name} {value}"));
    }
    for word in words {
        line.push_str(&format!(" {}", quote_for_shell(word)));
    }
    line
}

/// A `~/` that was meant for a home must not be taken from the shell by quotes: the grammar expands it in either case.
fn quote_typed(value: &str) -> String {
    match value.strip_prefix("~/") {
        // The shells of Windows expand no `~` for a program.
        Some(rest) if !rest.is_empty() && !cfg!(windows) => format!("~/{}", quote_for_shell(rest)),
        _ => quote_for_shell(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proposed_command_has_the_session_s_options_as_words_of_a_shell() {
        let proposed = |typed: &[&str], words: &[&str]| {
            let typed = ["jetbridge"].iter().chain(typed).map(|word| (*word).to_owned());
            after_options(&session_options(typed), words)
        };
        assert_eq!(proposed(&["ls", "--json", "--limit", "3"], &["login"]), " login");
        let both = ["--config", "cfg", "ls", "--account=work"];
        assert_eq!(proposed(&both, &["login"]), " --config cfg --account work login");
        assert_eq!(proposed(&both, &["login", "--account", "home"]), " --config cfg login --account home");
        assert_eq!(proposed(&both, &["switch", "home"]), " --config cfg switch home");
        assert_eq!(proposed(&both, &["logout", "--all"]), " --config cfg logout --all");
        let quoted = |words: [&str; 2]| words[usize::from(cfg!(windows))].to_owned();
        assert_eq!(
            proposed(&["--config=/tmp/my cfg", "ls"], &["login"]),
            quoted([" --config '/tmp/my cfg' login", r#" --config "/tmp/my cfg" login"#])
        );
        assert_eq!(
            proposed(&["ls", "--store", "file:/it's; x"], &["ls"]),
            quoted([r" --store 'file:/it'\''s; x' ls", r#" --store "file:/it's; x" ls"#])
        );
        assert_eq!(
            proposed(&["ls", "--config", "~/my cfg"], &["ls"]),
            quoted([" --config ~/'my cfg' ls", r#" --config "~/my cfg" ls"#])
        );
        assert_eq!(proposed(&["ls", "--config"], &["switch", "a b"]), quoted([" switch 'a b'", r#" switch "a b""#]));
        assert_eq!(
            proposed(&["--account", "a", "exec", "--", "kubectl", "--config", "x"], &["login"]),
            " --account a login"
        );
    }
}
