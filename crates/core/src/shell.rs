//! Commands that a person is told to copy: one rule for how their words are written.

/// A word as the user's shell takes it: in single quotes, which POSIX shells and PowerShell take as they are, unless there
/// is nothing in it that means anything to one of them.
pub fn quote_for_shell(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_+/=.:,@%-".contains(&byte) || !byte.is_ascii();
    if !word.is_empty() && word.bytes().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
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
            let script = format!("printf %s {}", quote_for_shell(word));
            let output = Command::new("sh").arg("-c").arg(&script).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), word, "{script}");
        }
        assert_eq!(quote_for_shell("/a/b.c"), "/a/b.c", "nobody reads quotes that are not needed");
    }
}
