//! The scopes that the authorization servers know.

/// A scope of OpenID Connect Core section 5.4, or `offline_access` (section 11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    OpenId,
    Profile,
    Email,
    Address,
    Phone,
    OfflineAccess,
}

impl Scope {
    pub(super) const ALL: [Self; 6] =
        [Self::OpenId, Self::Profile, Self::Email, Self::Address, Self::Phone, Self::OfflineAccess];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::OpenId => "openid",
            Self::Profile => "profile",
            Self::Email => "email",
            Self::Address => "address",
            Self::Phone => "phone",
            Self::OfflineAccess => "offline_access",
        }
    }
}

/// A set of scopes in the order in which they were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scopes(Vec<Scope>);

/// A scope that no authorization server here has.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UnknownScope;

impl Scopes {
    /// Reads a space-separated list.
    pub(super) fn parse(text: &str) -> Result<Self, UnknownScope> {
        let mut scopes = Vec::new();
        for name in text.split(' ').filter(|name| !name.is_empty()) {
            let scope = Scope::ALL.into_iter().find(|scope| scope.name() == name).ok_or(UnknownScope)?;
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        Ok(Self(scopes))
    }

    pub(super) fn contains(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    pub(super) fn is_subset_of(&self, other: &Self) -> bool {
        self.0.iter().all(|scope| other.contains(*scope))
    }

    pub(super) fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|scope| scope.name()).collect()
    }
}

impl std::fmt::Display for Scopes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.names().join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_keeps_its_order_and_loses_repetitions() {
        let scopes = Scopes::parse("profile  openid profile").unwrap();
        assert_eq!(scopes.to_string(), "profile openid");
        assert!(scopes.is_subset_of(&Scopes::parse("email openid profile").unwrap()));
        assert!(!scopes.is_subset_of(&Scopes::parse("openid").unwrap()));
    }

    #[test]
    fn scopes_are_case_sensitive_and_must_be_known() {
        for text in ["OpenID", "openid admin", "openid\tprofile", "openid,profile"] {
            assert_eq!(Scopes::parse(text), Err(UnknownScope), "{text}");
        }
    }
}
