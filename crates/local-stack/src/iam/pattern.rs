//! The text of a policy: wildcards and policy variables. `*` stands for any characters, slashes and none at all
//! included; `?` for one. What a variable brings in is taken as it is: a `*` in somebody's name is only a star.
//!
//! Sources: "IAM JSON policy elements: Resource" and "IAM policy elements: Variables and tags", IAM user guide (2023-05-11;
//! that a segment's last `*` goes beyond its colon is in later editions only).

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
    AnyOne(Reach),
    AnyRun(Reach),
}

/// What a wildcard stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    Anything,
    /// Anything but a colon, which begins the next segment of an ARN.
    Segment,
}

impl Reach {
    fn covers(self, character: char) -> bool {
        self == Self::Anything || character != ':'
    }
}

/// The version of the policy language. The first one has no variables: `${aws:userid}` in it is just this text ("IAM JSON
/// policy elements: Version").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Of2008,
    Of2012,
}

/// An ARN has six segments; what stands after the fifth colon is the last one, further colons included.
const ARN_COLONS: usize = 5;
/// The partition of the stack's account.
pub(super) const PARTITION: &str = "aws";
/// The resources of S3 that are of a region and an account ("Resource types defined by Amazon S3", service authorization
/// reference). To another one IAM says "Resource ... can not contain region information" (as moto's tests have it).
const REGIONAL_S3: &[&str] = &["accesspoint/", "access-grants/", "async-request/", "job/", "storage-lens"];

impl Token {
    /// The character, unless this is a wildcard.
    pub(super) fn character(self) -> Option<char> {
        match self {
            Self::Exactly(character) => Some(character),
            Self::AnyOne(_) | Self::AnyRun(_) => None,
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
    /// Text where `*` and `?` are wildcards, as in the `Like` operators and in the names of actions.
    pub(super) fn with_wildcards(text: &str, language: Language) -> Result<Self, String> {
        Self::parse(text, true, language)
    }

    /// Text without wildcards.
    pub(super) fn exact(text: &str, language: Language) -> Result<Self, String> {
        Self::parse(text, false, language)
    }

    /// The resource of a statement: `*`, or an ARN whose wildcards stay in their segment unless they end it. The service is
    /// written out, and variables stand in the last segment only. Whatever could match nothing is refused, as IAM does.
    pub(super) fn resource(text: &str, language: Language) -> Result<Self, String> {
        let mut pattern = Self::with_wildcards(text, language)?;
        if text == "*" {
            return Ok(pattern);
        }
        check_arn(text)?;
        let mut colons = 0;
        for at in 0..pattern.0.len() {
            let ends_segment = matches!(pattern.0.get(at + 1), None | Some(Part::Token(Token::Exactly(':'))));
            match &mut pattern.0[at] {
                _ if colons == ARN_COLONS => break,
                Part::Token(Token::Exactly(':')) => colons += 1,
                Part::Token(Token::AnyOne(reach)) => *reach = Reach::Segment,
                Part::Token(Token::AnyRun(reach)) if !ends_segment => *reach = Reach::Segment,
                Part::Token(_) => {}
                Part::Variable { .. } => {
                    return Err(format!("{text:?} has a variable before the fifth colon, where IAM takes none"));
                }
            }
        }
        Ok(pattern)
    }

    fn parse(text: &str, wildcards: bool, language: Language) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            if let (Language::Of2012, Some(after)) = (language, rest.strip_prefix("${")) {
                let (inside, after) =
                    after.split_once('}').ok_or_else(|| format!("{text:?} has a variable without its end"))?;
                parts.push(parse_variable(inside)?);
                rest = after;
                continue;
            }
            parts.push(Part::Token(match next {
                '*' if wildcards => Token::AnyRun(Reach::Anything),
                '?' if wildcards => Token::AnyOne(Reach::Anything),
                other => Token::Exactly(other),
            }));
            rest = &rest[next.len_utf8()..];
        }
        Ok(Self(parts))
    }

    /// Whether it has the six segments of an ARN, or may get them from a variable.
    pub(super) fn is_arn(&self) -> bool {
        let colons = self.0.iter().filter(|part| **part == Part::Token(Token::Exactly(':'))).count();
        colons >= ARN_COLONS || self.0.iter().any(|part| matches!(part, Part::Variable { .. }))
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
    // A name without spaces; then, after a comma and a space, the default in single quotes.
    let (name, default) = match inside.split_once(',') {
        None => (inside, None),
        Some((name, default)) => {
            let quoted = default.strip_prefix(" '").and_then(|text| text.strip_suffix('\''));
            let default = quoted.ok_or_else(|| {
                format!("the default in ${{{inside}}} is not in single quotes after a comma and a space")
            })?;
            (name, Some(default.to_owned()))
        }
    };
    match Key::parse(name) {
        Some(key) if key.arity == Arity::One => Ok(Part::Variable { key, default }),
        Some(_) => Err(format!("${{{inside}}} has several values and cannot be a variable")),
        None => Err(format!("variable ${{{inside}}} is not known")),
    }
}

/// What IAM asks of a resource: six segments, the last of which may be missing after a `*`, in the account's partition, of
/// a service without wildcards ("You can't use a wildcard in the service segment"; "Missing ARN field" and "Invalid
/// partition" among the policy checks of IAM Access Analyzer).
fn check_arn(text: &str) -> Result<(), String> {
    let mut segments = text.splitn(ARN_COLONS + 1, ':');
    if segments.next() != Some("arn") {
        return Err(format!("{text:?} is no ARN; to mean everything, write \"*\""));
    }
    let partition = segments.next().unwrap_or_default();
    if !fits_wildcards(partition, PARTITION) {
        return Err(format!("{text:?} is of partition {partition:?}; the account's is {PARTITION}"));
    }
    let is_service = |name: &str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let service = segments.next().unwrap_or_default();
    if !is_service(service) {
        return Err(format!(
            "{text:?} does not say of which service it is, which takes no wildcard: write arn:aws:s3:::…, or \"*\""
        ));
    }
    let [region, account, resource] = [segments.next(), segments.next(), segments.next()];
    if resource.is_none() && !text.ends_with('*') {
        return Err(format!("{text:?} has fewer than the six parts of an ARN, so that it would match nothing"));
    }
    let is_nowhere = |part: Option<&str>| part.is_none_or(|part| fits_wildcards(part, ""));
    let is_regional = |resource: &str| REGIONAL_S3.iter().any(|kind| resource.starts_with(kind));
    if service == "s3" && !(is_nowhere(region) && is_nowhere(account)) && !resource.is_some_and(is_regional) {
        return Err(format!(
            "{text:?} has a region or an account, which no bucket's ARN has, so that it would match nothing: write arn:aws:s3:::…"
        ));
    }
    Ok(())
}

/// Whether `text` is what `pattern`, with its `*` and `?`, describes.
pub(crate) fn fits_wildcards(pattern: &str, text: &str) -> bool {
    // Nothing is refused where there are no variables.
    Pattern::with_wildcards(pattern, Language::Of2008).is_ok_and(|pattern| pattern.matches(text, &Context::default()))
}

/// Whether the tokens describe the whole text. All ways to read the text so far are followed at once, so that the work is
/// bounded by the product of both lengths; mostly there is only one.
pub(super) fn fits(tokens: &[Token], text: &str) -> bool {
    let mut ways = Ways::new(tokens.len());
    ways.add(tokens, 0);
    for character in text.chars() {
        ways.advance();
        for way in 0..ways.now.len() {
            let at = ways.now[way];
            match tokens.get(at) {
                Some(Token::AnyRun(reach)) if reach.covers(character) => ways.add(tokens, at),
                Some(Token::AnyOne(reach)) if reach.covers(character) => ways.add(tokens, at + 1),
                Some(Token::Exactly(expected)) if *expected == character => ways.add(tokens, at + 1),
                _ => {}
            }
        }
        if ways.next.is_empty() {
            return false;
        }
    }
    ways.next.contains(&tokens.len())
}

/// The tokens that may stand for this character, and for the next one, each once.
struct Ways {
    now: Vec<usize>,
    next: Vec<usize>,
    /// The step in which each token was added last.
    added_in: Vec<usize>,
    step: usize,
}

impl Ways {
    fn new(tokens: usize) -> Self {
        Self { now: Vec::new(), next: Vec::new(), added_in: vec![0; tokens + 1], step: 1 }
    }

    fn advance(&mut self) {
        std::mem::swap(&mut self.now, &mut self.next);
        self.next.clear();
        self.step += 1;
    }

    /// A run may stand for nothing, so that what follows it may come next too.
    fn add(&mut self, tokens: &[Token], mut at: usize) {
        while self.added_in[at] != self.step {
            self.added_in[at] = self.step;
            self.next.push(at);
            if !matches!(tokens.get(at), Some(Token::AnyRun(_))) {
                return;
            }
            at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fits_text(pattern: &str, text: &str) -> bool {
        with_wildcards(pattern).unwrap().matches(text, &Context::default())
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
        let pattern = with_wildcards("users/${cognito-identity.amazonaws.com:sub}/*").unwrap();
        let alice = Context::default().with("cognito-identity.amazonaws.com:sub", "us-west-2:1");
        assert!(pattern.matches("users/us-west-2:1/notes.txt", &alice));
        assert!(!pattern.matches("users/us-west-2:2/notes.txt", &alice));
        let star = Context::default().with("cognito-identity.amazonaws.com:sub", "*");
        assert!(!pattern.matches("users/us-west-2:1/notes.txt", &star));
        assert!(pattern.matches("users/*/notes.txt", &star));
    }

    #[test]
    fn a_variable_without_a_value_describes_nothing_unless_it_has_a_default() {
        let pattern = with_wildcards("departments/${aws:PrincipalTag/Department}/*").unwrap();
        assert!(!pattern.matches("departments//x", &Context::default()));
        assert!(!pattern.matches("departments/${aws:PrincipalTag/Department}/x", &Context::default()));
        // Names of keys, tags included, have no case.
        assert!(pattern.matches("departments/a/x", &Context::default().with("aws:principaltag/department", "a")));
        assert!(pattern.matches("departments//x", &Context::default().with("aws:PrincipalTag/department", "")));
        let pattern = Pattern::exact("${aws:PrincipalTag/team, 'everybody'}", Language::Of2012).unwrap();
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
            ("${aws:PrincipalTag/team,'everybody'}", "a comma and a space"),
            ("${ aws:userid }", "${ aws:userid }"),
            ("a${", "without its end"),
        ] {
            let problem = with_wildcards(text).unwrap_err();
            assert!(problem.contains(said), "{text}: {problem}");
        }
    }

    #[test]
    fn the_first_version_of_the_language_has_no_variables() {
        let pattern = Pattern::with_wildcards("users/${aws:userid}/${*}", Language::Of2008).unwrap();
        let caller = Context::default().with("aws:userid", "alice");
        assert!(pattern.matches("users/${aws:userid}/${anything}", &caller));
        assert!(!pattern.matches("users/alice/*", &caller));
    }

    /// Whether a statement about `pattern` is about `arn`.
    fn is_about(pattern: &str, arn: &str) -> bool {
        Pattern::resource(pattern, Language::Of2012).unwrap().matches(arn, &Context::default())
    }

    #[test]
    fn a_wildcard_of_a_resource_stays_in_its_segment_unless_it_ends_it() {
        let api = "arn:aws:execute-api:us-west-2:123456789012:a1b2c3/prod/GET/files";
        for (pattern, arn) in [
            ("*", api),
            ("arn:aws:execute-api:*", api),
            ("arn:aws:execute-api:us-*", api),
            ("arn:aws:execute-api:us-west-*:*:a1b2c3/*", api),
            ("arn:aws:execute-api:*:a1b2c3/*", api),
            ("arn:aws:execute-api:us-*-2:123456789012:a1b2c3/*/GET/*", api),
            ("arn:*:execute-api:us-west-?:123456789012:*", api),
            ("arn:aws:s3:::b/*/notes.txt", "arn:aws:s3:::b/users/us-west-2:1/notes.txt"),
            ("arn:aws:s3:::b*", "arn:aws:s3:::bucket/a:b"),
            ("arn:aws:s3:::b/a?b", "arn:aws:s3:::b/a:b"),
        ] {
            assert!(is_about(pattern, arn), "{pattern} {arn}");
        }
        for (pattern, arn) in [
            ("arn:aws:execute-api:us-*2:a1b2c3/*", api),
            ("arn:aws:execute-api:u*9012:a1b2c3/prod/GET/files", api),
            ("arn:aws:execute-api:us-west-2?123456789012:a1b2c3/*", api),
            ("arn:aws:execute-api:*:*:a1b2c3/*/POST/*", api),
            ("arn:a*3:s3:::b", "arn:aws:s3:::b"),
        ] {
            let pattern = Pattern::resource(pattern, Language::Of2012);
            assert!(pattern.is_err() || !pattern.unwrap().matches(arn, &Context::default()), "{arn}");
        }
    }

    #[test]
    fn a_resource_that_could_match_nothing_is_refused() {
        for (text, said) in [
            ("bucket/*", "is no ARN"),
            ("arn:*", "of which service"),
            ("arn:aws", "of which service"),
            ("arn:aws:*", "of which service"),
            ("arn:aws:s*:::b", "of which service"),
            ("arn:aws:S3:::b", "of which service"),
            ("arn:aws::::b", "of which service"),
            ("arn:aws-cn:s3:::b", "partition \"aws-cn\""),
            ("arn::s3:::b", "partition \"\""),
            ("arn:aws:s3", "six parts"),
            ("arn:aws:s3:::", ""),
            ("arn:aws:s3::", "six parts"),
            ("arn:aws:s3:us-west-2::b/*", "no bucket's ARN has"),
            ("arn:aws:s3::123456789012:b", "no bucket's ARN has"),
            ("arn:aws:s3:us-*", "no bucket's ARN has"),
            ("arn:aws:s3:us-west-2:123456789012:accesspoint/a", ""),
            ("arn:aws:sqs:${aws:userid}:123456789012:q", "before the fifth colon"),
        ] {
            let problem = Pattern::resource(text, Language::Of2012).err().unwrap_or_default();
            assert!(problem.contains(said) && problem.is_empty() == said.is_empty(), "{text}: {problem}");
        }
    }

    fn with_wildcards(text: &str) -> Result<Pattern, String> {
        Pattern::with_wildcards(text, Language::Of2012)
    }

    /// The definition, one case a line: clear, and too slow for use.
    fn fits_by_definition(tokens: &[Token], text: &[char]) -> bool {
        match (tokens.split_first(), text.split_first()) {
            (None, rest) => rest.is_none(),
            (Some((Token::AnyRun(_), others)), None) => fits_by_definition(others, text),
            (Some((Token::AnyRun(_), others)), Some((_, rest))) => {
                fits_by_definition(others, text) || fits_by_definition(tokens, rest)
            }
            (Some(_), None) => false,
            (Some((Token::AnyOne(_), others)), Some((_, rest))) => fits_by_definition(others, rest),
            (Some((Token::Exactly(expected), others)), Some((actual, rest))) => {
                expected == actual && fits_by_definition(others, rest)
            }
        }
    }

    proptest! {
        #[test]
        fn patterns_mean_what_their_definition_says(pattern in "[ab*?]{0,8}", text in "[ab]{0,8}") {
            let tokens = with_wildcards(&pattern).unwrap().resolve(&Context::default()).unwrap();
            let characters: Vec<char> = text.chars().collect();
            prop_assert_eq!(fits(&tokens, &text), fits_by_definition(&tokens, &characters));
        }

        #[test]
        fn text_without_wildcards_describes_itself_alone(text in "[^$]{0,12}", other in "[^$]{0,12}") {
            let pattern = Pattern::exact(&text, Language::Of2012).unwrap();
            prop_assert!(pattern.matches(&text, &Context::default()));
            prop_assert_eq!(pattern.matches(&other, &Context::default()), text == other);
        }

        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in ".{0,40}") {
            let _ = with_wildcards(&text);
        }
    }
}
