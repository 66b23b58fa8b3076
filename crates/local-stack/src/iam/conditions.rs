//! The Condition element of a statement. Source: "IAM JSON policy elements: Condition operators" and "Set operators for
//! multi-valued context keys", IAM user guide.

use serde_json::Value;

use super::context::{Arity, Context, Key};
use super::pattern::{Language, Pattern, Token, fits};

/// One operator on one key. All conditions of a statement must hold.
#[derive(Debug)]
pub(super) struct Condition {
    key: Key,
    operator: Operator,
    values: Vec<Pattern>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Operator {
    set: Option<SetOperator>,
    comparison: Comparison,
    /// The condition wants that no value matches.
    negated: bool,
    if_exists: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SetOperator {
    AnyValue,
    AllValues,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Text,
    TextIgnoringCase,
    Like,
    /// `ArnEquals` and `ArnLike` are the same.
    Arn,
    Bool,
    Number(Ordered),
    Null,
}

/// Which numbers satisfy a numeric operator, seen from the request's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ordered {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Name, comparison, and whether it is negated.
const OPERATORS: &[(&str, Comparison, bool)] = &[
    ("StringEquals", Comparison::Text, false),
    ("StringNotEquals", Comparison::Text, true),
    ("StringEqualsIgnoreCase", Comparison::TextIgnoringCase, false),
    ("StringNotEqualsIgnoreCase", Comparison::TextIgnoringCase, true),
    ("StringLike", Comparison::Like, false),
    ("StringNotLike", Comparison::Like, true),
    ("ArnEquals", Comparison::Arn, false),
    ("ArnLike", Comparison::Arn, false),
    ("ArnNotEquals", Comparison::Arn, true),
    ("ArnNotLike", Comparison::Arn, true),
    ("Bool", Comparison::Bool, false),
    ("NumericEquals", Comparison::Number(Ordered::Equal), false),
    ("NumericNotEquals", Comparison::Number(Ordered::Equal), true),
    ("NumericLessThan", Comparison::Number(Ordered::Less), false),
    ("NumericLessThanEquals", Comparison::Number(Ordered::LessOrEqual), false),
    ("NumericGreaterThan", Comparison::Number(Ordered::Greater), false),
    ("NumericGreaterThanEquals", Comparison::Number(Ordered::GreaterOrEqual), false),
    ("Null", Comparison::Null, false),
];

impl Operator {
    fn parse(name: &str) -> Option<Self> {
        let (set, rest) = match name.split_once(':') {
            Some(("ForAnyValue", rest)) => (Some(SetOperator::AnyValue), rest),
            Some(("ForAllValues", rest)) => (Some(SetOperator::AllValues), rest),
            Some(_) => return None,
            None => (None, name),
        };
        let (base, if_exists) = rest.strip_suffix("IfExists").map_or((rest, false), |base| (base, true));
        let (_, comparison, negated) = *OPERATORS.iter().find(|(known, ..)| *known == base)?;
        let makes_sense = match set {
            // Null asks whether a key exists, so that neither makes sense with it.
            _ if comparison == Comparison::Null => set.is_none() && !if_exists,
            // One says that there has to be a value, the other that there need not be one.
            Some(SetOperator::AnyValue) => !if_exists,
            _ => true,
        };
        makes_sense.then_some(Self { set, comparison, negated, if_exists })
    }
}

/// Reads the whole element; every problem is named.
pub(super) fn parse(element: &Value, language: Language) -> Result<Vec<Condition>, Vec<String>> {
    let Some(operators) = element.as_object() else { return Err(vec!["Condition is not an object".to_owned()]) };
    let (mut conditions, mut problems) = (Vec::new(), Vec::new());
    for (name, keys) in operators {
        let Some(operator) = Operator::parse(name) else {
            problems.push(format!("condition operator {name} is not known"));
            continue;
        };
        let Some(keys) = keys.as_object() else {
            problems.push(format!("{name} is not an object"));
            continue;
        };
        for (key, values) in keys {
            match Condition::parse(operator, key, values, language) {
                Ok(condition) => conditions.push(condition),
                Err(problem) => problems.push(format!("{name}: {problem}")),
            }
        }
    }
    if problems.is_empty() { Ok(conditions) } else { Err(problems) }
}

impl Condition {
    fn parse(operator: Operator, key: &str, values: &Value, language: Language) -> Result<Self, String> {
        let name = key;
        let key = Key::parse(name).ok_or_else(|| format!("condition key {name} is not known"))?;
        if key.arity == Arity::Several && operator.set.is_none() && operator.comparison != Comparison::Null {
            return Err(format!("{name} has several values, so ForAnyValue: or ForAllValues: must stand before it"));
        }
        let values = match values {
            Value::Array(several) => several.iter().collect(),
            one => vec![one],
        };
        let parse = |value| parse_value(operator.comparison, name, value, language);
        let values: Vec<Pattern> = values.into_iter().map(parse).collect::<Result<_, _>>()?;
        if values.is_empty() {
            return Err(format!("{name} has no values"));
        }
        Ok(Self { key, operator, values })
    }

    /// Whether it holds only if one of these keys is in the request and has a value that stands here, written out.
    pub(super) fn demands_fixed(&self, keys: &[&str]) -> bool {
        self.demands(keys) && self.values.iter().all(Pattern::is_fixed)
    }

    /// Whether it holds only if one of these keys is in the request and has a value that is described here.
    pub(super) fn demands(&self, keys: &[&str]) -> bool {
        let Operator { set, comparison, negated, if_exists } = self.operator;
        let compares_text =
            matches!(comparison, Comparison::Text | Comparison::TextIgnoringCase | Comparison::Like | Comparison::Arn);
        let holds_without_it = negated || if_exists || set == Some(SetOperator::AllValues);
        compares_text && !holds_without_it && keys.iter().any(|key| self.key.is(key))
    }

    pub(super) fn holds(&self, context: &Context) -> bool {
        let Operator { set, comparison, negated, if_exists } = self.operator;
        let actual = context.values(&self.key);
        if comparison == Comparison::Null {
            return self.values.iter().any(|wanted| wanted.matches(&actual.is_empty().to_string(), context));
        }
        if actual.is_empty() {
            // What is absent matches nothing, which is what a negated operator asks for. "For all" is true of no
            // values, "for any" is not.
            return if_exists
                || match set {
                    None => negated,
                    Some(SetOperator::AllValues) => true,
                    Some(SetOperator::AnyValue) => false,
                };
        }
        // A variable without a value matches nothing, so that a negated operator holds: a statement that denies by one
        // denies those whose value nobody knows.
        let wanted: Vec<_> = self.values.iter().filter_map(|value| value.resolve(context)).collect();
        let satisfies = |actual: &String| wanted.iter().any(|wanted| comparison.matches(wanted, actual)) != negated;
        match set {
            Some(SetOperator::AllValues) => actual.iter().all(satisfies),
            Some(SetOperator::AnyValue) => actual.iter().any(satisfies),
            None => matches!(actual, [one] if satisfies(one)),
        }
    }
}

fn parse_value(comparison: Comparison, key: &str, value: &Value, language: Language) -> Result<Pattern, String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        _ => return Err(format!("a value of {key} is neither text, number nor true or false")),
    };
    let pattern = match comparison {
        Comparison::Like | Comparison::Arn => Pattern::with_wildcards(&text, language)?,
        Comparison::Text => Pattern::exact(&text, language)?,
        Comparison::TextIgnoringCase | Comparison::Bool | Comparison::Number(_) | Comparison::Null => {
            Pattern::exact(&text, language)?.ignoring_case()
        }
    };
    let is_right = match comparison {
        Comparison::Bool | Comparison::Null => ["true", "false"].iter().any(|word| text.eq_ignore_ascii_case(word)),
        Comparison::Number(_) => is_number(&text),
        // Each of the six parts is checked separately, so that fewer would match nothing: a Deny would never apply.
        Comparison::Arn if !pattern.is_arn() => {
            return Err(format!(
                "{text:?} for {key} has fewer than the six parts of an ARN: write each of them, as in arn:aws:iam::*:role/*"
            ));
        }
        _ => true,
    };
    if is_right { Ok(pattern) } else { Err(format!("{text:?} is no value for {key} with this operator")) }
}

/// "An integer or decimal value", with no exponent and no blank.
fn is_number(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_digits(whole.strip_prefix('-').unwrap_or(whole)) && is_digits(fraction)
}

impl Comparison {
    fn matches(self, wanted: &[Token], actual: &str) -> bool {
        match self {
            Self::Text | Self::Like => fits(wanted, actual),
            Self::TextIgnoringCase | Self::Bool => {
                let wanted: Vec<_> = wanted.iter().map(|token| token.in_lower_case()).collect();
                fits(&wanted, &actual.to_ascii_lowercase())
            }
            Self::Arn => fits_arn(wanted, actual),
            Self::Number(ordered) => {
                let wanted: String = wanted.iter().filter_map(|token| token.character()).collect();
                match (actual.parse::<f64>(), wanted.parse::<f64>()) {
                    (Ok(actual), Ok(wanted)) => ordered.holds(actual, wanted),
                    _ => false,
                }
            }
            Self::Null => false,
        }
    }
}

impl Ordered {
    #[expect(clippy::float_cmp, reason = "IAM's numbers are what the policy and the request say")]
    fn holds(self, actual: f64, wanted: f64) -> bool {
        match self {
            Self::Equal => actual == wanted,
            Self::Less => actual < wanted,
            Self::LessOrEqual => actual <= wanted,
            Self::Greater => actual > wanted,
            Self::GreaterOrEqual => actual >= wanted,
        }
    }
}

/// "Each of the six colon-delimited components of the ARN is checked separately": a wildcard does not reach beyond a colon,
/// but for the last part.
fn fits_arn(wanted: &[Token], actual: &str) -> bool {
    let wanted: Vec<_> = wanted.splitn(6, |token| *token == Token::Exactly(':')).collect();
    let actual: Vec<_> = actual.splitn(6, ':').collect();
    wanted.len() == 6 && actual.len() == 6 && wanted.iter().zip(actual).all(|(wanted, actual)| fits(wanted, actual))
}
