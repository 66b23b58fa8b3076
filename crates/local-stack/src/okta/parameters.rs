//! Request parameters as OAuth 2.0 reads them (RFC 6749 section 3.1): no parameter twice, and one without a value is
//! one that was not sent.

use std::collections::BTreeMap;

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use url::form_urlencoded;

/// A parameter was sent twice.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RepeatedParameter(pub String);

impl RepeatedParameter {
    /// Okta's words (`illegal_duplicated_parameters` of its errors catalogue, data/oauth2-error-codes.json of 2026.08.1).
    pub(super) fn describe(&self) -> String {
        format!("Duplicate parameter provided in request. Duplicated parameters: [{}].", self.0)
    }
}

/// The parameters of one query or form.
#[derive(Debug, Default)]
pub(super) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// Reads a query or an `application/x-www-form-urlencoded` body.
    pub(super) fn parse(encoded: &[u8]) -> Result<Self, RepeatedParameter> {
        let mut parameters = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(encoded) {
            if value.is_empty() {
                continue;
            }
            if parameters.insert(name.clone().into_owned(), value.into_owned()).is_some() {
                return Err(RepeatedParameter(name.chars().take(64).collect()));
            }
        }
        Ok(Self(parameters))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// Whether a request's body is a form.
pub(super) fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_value_counts_as_absent_and_a_repeated_name_is_refused() {
        let parameters = Parameters::parse(b"a=1&b=&c=x%20y+z&b=2").unwrap();
        assert_eq!((parameters.get("a"), parameters.get("b")), (Some("1"), Some("2")));
        assert_eq!((parameters.get("c"), parameters.get("d")), (Some("x y z"), None));
        assert_eq!(Parameters::parse(b"a=1&a=1").unwrap_err(), RepeatedParameter("a".to_owned()));
    }

    #[test]
    fn a_form_is_known_by_its_content_type() {
        let with = |value: &'static str| HeaderMap::from_iter([(CONTENT_TYPE, value.parse().unwrap())]);
        assert!(is_form(&with("application/x-www-form-urlencoded")));
        assert!(is_form(&with("Application/X-WWW-Form-Urlencoded; charset=UTF-8")));
        assert!(!is_form(&with("application/json")));
        assert!(!is_form(&HeaderMap::new()));
    }
}
