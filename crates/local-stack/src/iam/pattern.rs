//! The text of a policy: wildcards and policy variables. `*` stands for any characters, slashes and none at all
//! included; `?` for one. What a variable brings in is taken as it is: a `*` in somebody's name is only a star.

use super::context::{Arity, Context, Key};

/// Text to compare a request with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Token(Token),
    /// `${key}` or `${key, 'default'}`.
    Variable {
        key: Key,
        default: Option<String>,
    },
}

/// A pattern whose variables have their values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    Exactly(char),
    AnyOne,
    AnyRun,
}

impl Token {
    /// The character, unless this is a wildcard.
    pub(super) fn character(self) -> Option<char> {
        match self {
            Self::Exactly(character) => Some(character),
            Self::AnyOne | Self::AnyRun => None,
        }
    }

    pub(super) fn in_lower_case(self) -> Self {
        match self {
            Self::Exactly(letter) => Self::Exactly(letter.to_ascii_lowercase()),
            wildcard => wildcard,
        }
    }
}

impl Pattern {
    /// Text where `*` and `?` are wildcards, as in resources and in the `Like` operators.
    pub(super) fn with_wildcards(text: &str) -> Result<Self, String> {
        Self::parse(text, true)
    }

    /// Text without wildcards.
    pub(super) fn exact(text: &str) -> Result<Self, String> {
        Self::parse(text, false)
    }

    fn parse(text: &str, wildcards: bool) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            if let Some(after) = rest.strip_prefix("${") {
                let (inside, after) =
                    after.split_once('}').ok_or_else(|| format!("{text:?} has a variable without its end"))?;
                parts.push(parse_variable(inside)?);
                rest = after;
                continue;
            }
            parts.push(Part::Token(match next {
                '*' if wildcards => Token::AnyRun,
                '?' if wildcards => Token::AnyOne,
                other => Token::Exactly(other),
            }));
            rest = &rest[next.len_utf8()..];
        }
        Ok(Self(parts))
    }

    /// The same with each letter in lower case.
    pub(super) fn ignoring_case(mut self) -> Self {
        for part in &mut self.0 {
            if let Part::Token(token) = part {
                *token = token.in_lower_case();
            }
        }
        self
    }

    /// Whether it describes one text, the same for every request.
    pub(super) fn is_fixed(&self) -> bool {
        self.0.iter().all(|part| matches!(part, Part::Token(Token::Exactly(_))))
    }

    /// With the values of this request in place of the variables; none if one of them has no value here.
    pub(super) fn resolve(&self, context: &Context) -> Option<Vec<Token>> {
        let mut tokens = Vec::with_capacity(self.0.len());
        for part in &self.0 {
            match part {
                Part::Token(token) => tokens.push(*token),
                Part::Variable { key, default } => {
                    let value = context.values(key).first().or(default.as_ref())?;
                    tokens.extend(value.chars().map(Token::Exactly));
                }
            }
        }
        Some(tokens)
    }

    /// Whether `text` is what this describes. A variable without a value describes nothing.
    pub(super) fn matches(&self, text: &str, context: &Context) -> bool {
        self.resolve(context).is_some_and(|tokens| fits(&tokens, text))
    }
}

fn parse_variable(inside: &str) -> Result<Part, String> {
    // `${*}`, `${?}` and `${$}` are the characters themselves.
    if let ("*" | "?" | "$", Some(character)) = (inside, inside.chars().next()) {
        return Ok(Part::Token(Token::Exactly(character)));
    }
    let (name, default) = match inside.split_once(',') {
        None => (inside, None),
        Some((name, default)) => {
            let quoted = default.trim().strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
            let default = quoted.ok_or_else(|| format!("the default in ${{{inside}}} is not in single quotes"))?;
            (name, Some(default.to_owned()))
        }
    };
    match Key::parse(name.trim()) {
        Some(key) if key.arity == Arity::One => Ok(Part::Variable { key, default }),
        Some(_) => Err(format!("${{{inside}}} has several values and cannot be a variable")),
        None => Err(format!("variable ${{{inside}}} is not known")),
    }
}

/// Whether the tokens describe the whole text. Runs are tried short first; only the last one ever has to be taken back,
/// so that the work is bounded by the product of both lengths.
pub(super) fn fits(tokens: &[Token], text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let (mut token, mut at) = (0, 0);
    let mut last_run: Option<(usize, usize)> = None;
    while at < text.len() {
        match tokens.get(token) {
            Some(Token::AnyRun) => {
                last_run = Some((token, at));
                token += 1;
                continue;
            }
            Some(Token::AnyOne) => {}
            Some(Token::Exactly(expected)) if *expected == text[at] => {}
            _ => {
                // The last run takes one character more.
                let Some((run, begins)) = last_run else { return false };
                last_run = Some((run, begins + 1));
                (token, at) = (run + 1, begins + 1);
                continue;
            }
        }
        token += 1;
        at += 1;
    }
    tokens[token..].iter().all(|token| *token == Token::AnyRun)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fits_text(pattern: &str, text: &str) -> bool {
        Pattern::with_wildcards(pattern).unwrap().matches(text, &Context::default())
    }

    #[test]
    fn wildcards_stand_for_any_characters_and_for_one() {
        for (pattern, text) in [
            ("*", ""),
            ("*", "anything/at all"),
            ("shared/*", "shared/"),
            ("shared/*", "shared/a/b"),
            ("a?c", "abc"),
            ("a*b*c", "a--b--b--c"),
            ("*abc", "ababc"),
            ("a?*", "ab"),
            ("caf?", "café"),
            ("", ""),
        ] {
            assert!(fits_text(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("", "a"),
            ("a", ""),
            ("shared/*", "shared"),
            ("shared/*", "Shared/a"),
            ("shared/*", "x/shared/a"),
            ("a?c", "ac"),
            ("a*c", "acd"),
            ("?", ""),
            ("?", "ab"),
        ] {
            assert!(!fits_text(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn a_variable_brings_its_value_and_no_wildcards() {
        let pattern = Pattern::with_wildcards("users/${cognito-identity.amazonaws.com:sub}/*").unwrap();
        let alice = Context::default().with("cognito-identity.amazonaws.com:sub", "us-west-2:1");
        assert!(pattern.matches("users/us-west-2:1/notes.txt", &alice));
        assert!(!pattern.matches("users/us-west-2:2/notes.txt", &alice));
        let star = Context::default().with("cognito-identity.amazonaws.com:sub", "*");
        assert!(!pattern.matches("users/us-west-2:1/notes.txt", &star));
        assert!(pattern.matches("users/*/notes.txt", &star));
    }

    #[test]
    fn a_variable_without_a_value_describes_nothing_unless_it_has_a_default() {
        let pattern = Pattern::with_wildcards("departments/${aws:PrincipalTag/Department}/*").unwrap();
        assert!(!pattern.matches("departments//x", &Context::default()));
        assert!(!pattern.matches("departments/${aws:PrincipalTag/Department}/x", &Context::default()));
        // Names of keys, tags included, have no case.
        assert!(pattern.matches("departments/a/x", &Context::default().with("aws:principaltag/department", "a")));
        assert!(pattern.matches("departments//x", &Context::default().with("aws:PrincipalTag/department", "")));
        let pattern = Pattern::exact("${aws:PrincipalTag/team, 'everybody'}").unwrap();
        assert!(pattern.matches("everybody", &Context::default()));
        assert!(!pattern.matches("everybody", &Context::default().with("aws:PrincipalTag/team", "red")));
    }

    #[test]
    fn the_three_special_characters_can_be_written() {
        assert!(fits_text("a${*}b${?}${$}{x}", "a*b?${x}"));
        assert!(!fits_text("a${*}b", "aXb"));
    }

    #[test]
    fn what_is_no_variable_here_is_refused_by_name() {
        for (text, said) in [
            ("${aws:username}", "${aws:username}"),
            ("${aws:PrincipalTag/}", "not known"),
            ("${cognito-identity.amazonaws.com:amr}", "several values"),
            ("${aws:PrincipalTag/team, everybody}", "single quotes"),
            ("a${", "without its end"),
        ] {
            let problem = Pattern::with_wildcards(text).unwrap_err();
            assert!(problem.contains(said), "{text}: {problem}");
        }
    }

    /// The definition, one case a line: clear, and too slow for use.
    fn fits_by_definition(tokens: &[Token], text: &[char]) -> bool {
        match (tokens.split_first(), text.split_first()) {
            (None, rest) => rest.is_none(),
            (Some((Token::AnyRun, others)), None) => fits_by_definition(others, text),
            (Some((Token::AnyRun, others)), Some((_, rest))) => {
                fits_by_definition(others, text) || fits_by_definition(tokens, rest)
            }
            (Some(_), None) => false,
            (Some((Token::AnyOne, others)), Some((_, rest))) => fits_by_definition(others, rest),
            (Some((Token::Exactly(expected), others)), Some((actual, rest))) => {
                expected == actual && fits_by_definition(others, rest)
            }
        }
    }

    proptest! {
        #[test]
        fn patterns_mean_what_their_definition_says(pattern in "[ab*?]{0,8}", text in "[ab]{0,8}") {
            let tokens = Pattern::with_wildcards(&pattern).unwrap().resolve(&Context::default()).unwrap();
            let characters: Vec<char> = text.chars().collect();
            prop_assert_eq!(fits(&tokens, &text), fits_by_definition(&tokens, &characters));
        }

        #[test]
        fn text_without_wildcards_describes_itself_alone(text in "[^$]{0,12}", other in "[^$]{0,12}") {
            let pattern = Pattern::exact(&text).unwrap();
            prop_assert!(pattern.matches(&text, &Context::default()));
            prop_assert_eq!(pattern.matches(&other, &Context::default()), text == other);
        }

        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in ".{0,40}") {
            let _ = Pattern::with_wildcards(&text);
        }
    }
}
