//! Looks for what does not fit together: what two places say of the same fact before anybody signs in (`template`), and the
//! whole chain, link by link (`report`; [`Session::diagnose`](crate::Session::diagnose) walks it).

mod known_failures;
#[cfg(test)]
mod page;
mod report;
mod template;
#[cfg(test)]
mod tests;
mod trust_policy;

pub use known_failures::{KnownFailure, find_known_failure, known_failures};
pub use report::{Finding, Link, Mark, Report};
pub use template::{TemplateError, check_template, mapped_claims};
pub use trust_policy::trust_policy;

/// One comparison and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was compared, in a few words: "issuer and provider".
    pub name: &'static str,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It fits; the text says what was found on both sides.
    Fits(String),
    /// One of the two sides does not say. The text says which.
    Unknown(String),
    /// It does not fit.
    Differs(Mismatch),
}

/// Two facts that should be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The setting of the app's configuration: `okta_issuer_url`.
    pub setting: &'static str,
    /// Both sides, as a sentence without its full stop.
    pub problem: String,
    /// What to change, and what it would break to leave it.
    pub hint: String,
}
