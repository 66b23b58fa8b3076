//! Which part of an identity pool a refusal of Cognito is about, for who walks the chain link by link.

use crate::error::SessionError;

/// The parts, in the order in which Cognito looks at them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PoolPart {
    /// The pool itself, and its providers.
    Provider,
    /// The role, its trust policy, and the rules that choose it.
    Role,
    /// Claims that become session tags, as far as the ID token tells.
    Tags,
}

/// Reads it from what the table made of the refusal: the code is in its words, and what claims can be tags is too.
pub(crate) fn pool_part(error: &SessionError) -> PoolPart {
    let SessionError::Misconfigured { problem, .. } = error else { return PoolPart::Provider };
    let is_about_role = problem.contains("InvalidIdentityPoolConfigurationException") || problem.contains("role rules");
    match (is_about_role, problem.contains("session tags")) {
        (true, true) => PoolPart::Tags,
        (true, false) => PoolPart::Role,
        (false, _) => PoolPart::Provider,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::Evidence;
    use crate::diagnosis::answer::Refusal;
    use crate::diagnosis::table::classify;
    use crate::error::Service;

    #[test]
    fn a_refusal_is_put_where_it_is_mended() {
        let part = |code: &str, message: &str, claims: &[&str]| {
            let untaggable_claims = claims.iter().map(|&claim| claim.to_owned()).collect();
            let evidence = Evidence { untaggable_claims, ..Evidence::default() };
            pool_part(&classify(&Refusal::new(Service::Cognito, code, message), &evidence))
        };
        let no_role = ("InvalidIdentityPoolConfigurationException", "Check assigned IAM roles for this pool.");
        assert_eq!(part(no_role.0, no_role.1, &[]), PoolPart::Role);
        assert_eq!(part(no_role.0, no_role.1, &["department"]), PoolPart::Tags);
        let refused = "NotAuthorizedException";
        assert_eq!(part(refused, "The ambiguous role mapping rules for: x denied this request.", &[]), PoolPart::Role);
        assert_eq!(
            part(refused, "Token is not from a supported provider of this identity pool.", &[]),
            PoolPart::Provider
        );
        assert_eq!(part("ResourceNotFoundException", "IdentityPool 'x' not found.", &["a"]), PoolPart::Provider);
        assert_eq!(part("TooManyRequestsException", "Rate exceeded", &[]), PoolPart::Provider);
    }
}
