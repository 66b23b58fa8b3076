//! docs/troubleshooting.md, made of the table of known failures: whoever has nothing but a service's message finds it there.
//! `JETBRIDGE_UPDATE=1 cargo test -p jetbridge --lib doctor::page` writes it anew; without, the test compares.

use std::fmt::Write as _;
use std::path::Path;

use super::{KnownFailure, known_failures};
use crate::error::Service;

const HEAD: &str = "\
# What a service's message means

<!-- Made by `JETBRIDGE_UPDATE=1 cargo test -p jetbridge --lib doctor::page` from the table in crates/core/src/diagnosis/table. \
Change that, not this page. -->

`jetbridge doctor --sign-in` finds out by itself which of these it is, and fills in your values; in an app, \
`session.diagnose()` does. With nothing but a message, search this page for its code, or for its words: what stands in `code` is the \
services' own, word by word, and … in it stands for what varies, such as a name. \
What stands in ⟨angle brackets⟩ is a setting of [your configuration](../config/README.md).
";

const SERVICES: [(Option<Service>, &str, &str); 5] = [
    (
        Some(Service::Okta),
        "Okta",
        "Shown on its page, in the redirect's `error_description`, or by the token endpoint.",
    ),
    (Some(Service::Cognito), "Amazon Cognito identity pools", "What `GetId` and `GetCredentialsForIdentity` answer."),
    (Some(Service::S3), "Amazon S3", ""),
    (Some(Service::Api), "APIs behind IAM", "API Gateway, AppSync, Lambda's function URLs."),
    (None, "AWS STS", "No call of Jetbridge asks it: who goes on with the session's credentials meets these."),
];

fn page() -> String {
    let all: Vec<_> = known_failures().collect();
    let mut page = HEAD.to_owned();
    for (service, title, about) in SERVICES {
        let _ = writeln!(page, "\n## {title}\n");
        if !about.is_empty() {
            let _ = writeln!(page, "{about}\n");
        }
        for known in all.iter().filter(|known| known.service == service) {
            write_entry(&mut page, known);
        }
    }
    page
}

fn write_entry(page: &mut String, known: &KnownFailure) {
    let words = match known.fragment {
        "" => "with any other words".to_owned(),
        fragment => format!("`{fragment}`"),
    };
    let setting = known.setting.map(|setting| format!(", about `{setting}`")).unwrap_or_default();
    let _ = writeln!(page, "### <a id=\"{}\"></a>`{}` {words}\n", known.id, known.code);
    let whole = known.messages.iter().filter(|message| **message != known.fragment);
    let whole: Vec<_> = whole.map(|message| format!("> `{message}`")).collect();
    if !whole.is_empty() {
        // A line each, which Markdown keeps by a backslash.
        let _ = writeln!(page, "{}\n", whole.join("\\\n"));
    }
    let _ = writeln!(page, "{}.\n", capitalise(&escape(&known.cause)));
    let _ = writeln!(page, "**What to do:** {}\n", escape(&known.fix));
    let _ = writeln!(page, "<sub>`{}`{setting}. Source: {}</sub>\n", known.class, escape(known.source));
}

/// A placeholder in angle brackets would be taken for HTML; a console's path ("Identity pools > …") has others.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    let mut is_open = false;
    for character in text.chars() {
        match character {
            '<' => {
                is_open = true;
                escaped.push('⟨');
            }
            '>' if is_open => {
                is_open = false;
                escaped.push('⟩');
            }
            '*' => escaped.push_str("\\*"),
            other => escaped.push(other),
        }
    }
    escaped
}

fn capitalise(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

#[test]
fn the_page_is_what_the_table_says() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/troubleshooting.md");
    let page = page();
    if std::env::var_os("JETBRIDGE_UPDATE").is_some() {
        std::fs::write(&file, &page).unwrap();
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(written == page, "docs/troubleshooting.md is not current; its first line says how it is made anew");
    for known in known_failures() {
        assert!(page.contains(known.fragment) && page.contains(known.code), "{known:?}");
        assert!(known.messages.iter().all(|message| page.contains(message)), "{known:?}");
    }
}
