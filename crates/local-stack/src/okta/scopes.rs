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

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those that are not among the others.
    pub(super) fn without(&self, others: &Self) -> Self {
        Self(self.0.iter().copied().filter(|scope| !others.contains(*scope)).collect())
    }

    /// Whether `openid` is missing beside a scope that asks for claims of OpenID Connect: Okta's errors catalogue
    /// (2026.08.1, `openid_scope_required`). Alone, `offline_access` is plain OAuth.
    pub(super) fn need_openid(&self) -> bool {
        !self.contains(Scope::OpenId) && self.0.iter().any(|scope| *scope != Scope::OfflineAccess)
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
        assert!(scopes.without(&Scopes::parse("email openid profile").unwrap()).is_empty());
        assert_eq!(scopes.without(&Scopes::parse("openid").unwrap()).to_string(), "profile");
    }

    #[test]
    fn claims_are_not_to_be_had_without_openid() {
        let need_openid = |text: &str| Scopes::parse(text).unwrap().need_openid();
        assert!(need_openid("profile") && need_openid("offline_access email"));
        assert!(!need_openid("") && !need_openid("offline_access") && !need_openid("profile openid"));
    }

    #[test]
    fn scopes_are_case_sensitive_and_must_be_known() {
        for text in ["OpenID", "openid admin", "openid\tprofile", "openid,profile"] {
            assert_eq!(Scopes::parse(text), Err(UnknownScope), "{text}");
        }
    }
}
