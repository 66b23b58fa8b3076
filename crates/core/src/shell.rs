//! Commands that a person is told to copy: one rule for how their words are written.

/// A word as the user's shell takes it, in quotes if anything in it means something there: a POSIX shell, and on Windows
/// PowerShell or the command prompt.
pub fn quote_for_shell(word: &str) -> String {
    if cfg!(windows) { quote_for_windows(word) } else { quote_for_posix_shell(word) }
}

/// The same for a POSIX shell, which there may be on Windows too (Git's, WSL's).
pub fn quote_for_posix_shell(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_+/=.:,@%-".contains(c) || !c.is_ascii();
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Double quotes mean the same to PowerShell, to the command prompt, and to the program that divides its line into words, but for
/// what PowerShell expands within them (learn.microsoft.com, "about_Quoting_Rules"; it takes typographic quotes for quotes):
/// such a word is in single quotes, which the command prompt does not know. Before a closing quote a backslash is doubled
/// ("Parsing C command-line arguments").
fn quote_for_windows(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || r"_+/=.:\-".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    let at_the_end = &word[word.trim_end_matches('\\').len()..];
    if word.contains(['$', '`', '"', '\u{201c}', '\u{201d}', '\u{201e}']) {
        let mut quoted = String::from("'");
        for character in word.chars() {
            quoted.push(character);
            if matches!(character, '\'' | '\u{2018}'..='\u{201b}') {
                quoted.push(character);
            }
        }
        format!("{quoted}{at_the_end}'")
    } else {
        format!("\"{word}{at_the_end}\"")
    }
}

#[cfg(test)]
mod tests_of_windows {
    use super::*;

    #[test]
    fn both_shells_of_windows_take_a_word_for_what_it_is() {
        for (word, quoted) in [
            (r"C:\Users\Ann\config", r"C:\Users\Ann\config"),
            (r"file:D:\store", r"file:D:\store"),
            (r"C:\Program Files (x86)\it's", r#""C:\Program Files (x86)\it's""#),
            (r"C:\my folder\", r#""C:\my folder\\""#),
            ("", r#""""#),
            ("a,b", r#""a,b""#),
            ("@me", r#""@me""#),
            ("a&b|c^d", r#""a&b|c^d""#),
            ("~/my cfg", r#""~/my cfg""#),
            ("$it's `me`", "'$it''s `me`'"),
            ("\u{201c}a\u{201d}\u{2019}", "'\u{201c}a\u{201d}\u{2019}\u{2019}'"),
            ("été", "été"),
        ] {
            assert_eq!(quote_for_windows(word), quoted, "{word}");
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_shell_takes_a_word_for_what_it_is() {
        for word in
            ["plain", "/tmp/my cfg", "", "it's", "$(id)", "`id`", "a\\b", "~/x", "a;b", "*", "\"", "-n", "#x", "é ü"]
        {
            let script = format!("printf %s {}", quote_for_posix_shell(word));
            let output = Command::new("sh").arg("-c").arg(&script).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), word, "{script}");
        }
        assert_eq!(quote_for_posix_shell("/a/b.c"), "/a/b.c", "nobody reads quotes that are not needed");
    }
}
