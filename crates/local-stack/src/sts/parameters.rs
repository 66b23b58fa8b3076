//! The parameters of a request in AWS's query protocol, and what their model asks of them.

use std::collections::BTreeMap;

use url::form_urlencoded;

use super::error::StsError;

/// No more than this many characters of a parameter come back in a message.
const MAX_ECHO: usize = 64;

/// The parameters by name.
pub(super) struct Parameters {
    values: BTreeMap<String, String>,
    faults: Vec<String>,
}

impl Parameters {
    /// Those of the query and of a form together. One that is there twice could be checked in one place and used in
    /// another.
    pub(super) fn read(query: &str, form: &[u8]) -> Result<Self, StsError> {
        let mut values = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()).chain(form_urlencoded::parse(form)) {
            if values.insert(name.clone().into_owned(), value.into_owned()).is_some() {
                return Err(StsError::malformed(format!("{} is there twice", shorten(&name))));
            }
        }
        Ok(Self { values, faults: Vec::new() })
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Whether there is a parameter of this name, or a part of one that is a list.
    pub(super) fn has(&self, name: &str) -> bool {
        self.values.keys().any(|key| key == name || key.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
    }

    /// A text that has to be there, of so many characters. `secret`: its value is in no message.
    pub(super) fn text(&mut self, name: &str, min: usize, max: usize, secret: bool) -> String {
        let Some(value) = self.values.get(name).cloned() else {
            // "Value at" in what newer editions of the service answer.
            self.fault(name, " null", "not be null");
            return String::new();
        };
        let shown = if secret { String::new() } else { format!(" '{}'", shorten(&value)) };
        match value.chars().count() {
            count if count < min => self.fault(name, &shown, &format!("have length greater than or equal to {min}")),
            count if count > max => self.fault(name, &shown, &format!("have length less than or equal to {max}")),
            _ => {}
        }
        value
    }

    /// As [`text`](Self::text), of these characters alone.
    pub(super) fn name(&mut self, name: &str, min: usize, max: usize) -> String {
        let value = self.text(name, min, max, false);
        if !value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte)) {
            let shown = format!(" '{}'", shorten(&value));
            self.fault(name, &shown, r"satisfy regular expression pattern: [\w+=,.@-]*");
        }
        value
    }

    /// A whole number within bounds, if it is there.
    pub(super) fn number(&mut self, name: &str, min: u32, max: u32) -> Result<Option<u32>, StsError> {
        let Some(value) = self.values.get(name).cloned() else { return Ok(None) };
        let number: i64 = value.parse().map_err(|_| StsError::malformed(format!("{name} is no whole number")))?;
        let shown = format!(" '{number}'");
        if number < i64::from(min) {
            self.fault(name, &shown, &format!("have value greater than or equal to {min}"));
        } else if number > i64::from(max) {
            self.fault(name, &shown, &format!("have value less than or equal to {max}"));
        }
        Ok(u32::try_from(number).ok())
    }

    fn fault(&mut self, name: &str, shown: &str, constraint: &str) {
        // Members have a small letter first in messages.
        let mut letters = name.chars();
        let member: String =
            letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect();
        self.faults.push(format!("Value{shown} at '{member}' failed to satisfy constraint: Member must {constraint}"));
    }

    /// Everything that was wrong so far, in one refusal.
    pub(super) fn check(&self) -> Result<(), StsError> {
        match self.faults.len() {
            0 => Ok(()),
            1 => Err(StsError::validation(format!("1 validation error detected: {}", self.faults[0]))),
            many => Err(StsError::validation(format!("{many} validation errors detected: {}", self.faults.join("; ")))),
        }
    }
}

fn shorten(value: &str) -> String {
    value.chars().take(MAX_ECHO).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Parameters {
        Parameters::read("", text.as_bytes()).unwrap()
    }

    #[test]
    fn parameters_come_from_query_and_form_and_none_twice() {
        let both = Parameters::read("Action=A%20b", b"Version=c+d").unwrap();
        assert_eq!((both.get("Action"), both.get("Version"), both.get("x")), (Some("A b"), Some("c d"), None));
        for (query, form) in [("a=1&a=1", ""), ("a=1", "a=1"), ("", "a=1&a=2")] {
            assert_eq!(Parameters::read(query, form.as_bytes()).err().unwrap().code, "MalformedInput");
        }
        let lists = read("PolicyArns.member.1.arn=x&Policyx=1");
        assert!(lists.has("PolicyArns") && !lists.has("Policy"));
    }

    #[test]
    fn all_constraints_are_told_at_once_and_no_secret() {
        let mut parameters = read("A=a%20b&B=x&C=1");
        parameters.name("A", 2, 64);
        parameters.text("B", 4, 10, true);
        parameters.text("D", 1, 2, false);
        assert_eq!(parameters.number("C", 900, 43_200), Ok(Some(1)));
        assert_eq!(
            parameters.check().unwrap_err().message,
            "4 validation errors detected: \
             Value 'a b' at 'a' failed to satisfy constraint: Member must satisfy regular expression pattern: \
             [\\w+=,.@-]*; \
             Value at 'b' failed to satisfy constraint: Member must have length greater than or equal to 4; \
             Value null at 'd' failed to satisfy constraint: Member must not be null; \
             Value '1' at 'c' failed to satisfy constraint: Member must have value greater than or equal to 900"
        );
        assert!(read("C=x").number("C", 1, 2).is_err());
    }
}
