//! What IAM and Cognito call an issuer.

/// The key of Cognito's `Logins` map: the token's issuer without its scheme, everything else kept.
pub(crate) fn logins_key(issuer: &str) -> &str {
    issuer.split_once("://").map_or(issuer, |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::logins_key;

    #[test]
    fn the_logins_key_is_the_issuer_without_its_scheme() {
        for (issuer, key) in [
            ("https://dev-1.okta.com/oauth2/default", "dev-1.okta.com/oauth2/default"),
            ("https://dev-1.okta.com", "dev-1.okta.com"),
            ("https://id.example.com/oauth2/aus1", "id.example.com/oauth2/aus1"),
            ("http://127.0.0.1:4580/oauth2/default", "127.0.0.1:4580/oauth2/default"),
        ] {
            assert_eq!(logins_key(issuer), key);
        }
    }
}
