//! What is known of a request when its policies are evaluated: the condition keys that exist here, and their values.
//! Names of keys are compared without regard to case, tag keys included (IAM user guide, "Global condition context keys").

use std::collections::BTreeMap;

/// How many values a key has in a request: it decides which condition operators make sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arity {
    One,
    Several,
}

/// The keys that the stack's services set. `/` at the end: any tag key may follow.
const KEYS: &[(&str, Arity)] = &[
    ("aws:federatedprovider", Arity::One),
    ("aws:principalaccount", Arity::One),
    ("aws:principalarn", Arity::One),
    ("aws:principaltag/", Arity::One),
    ("aws:principaltype", Arity::One),
    ("aws:requestedregion", Arity::One),
    ("aws:requesttag/", Arity::One),
    ("aws:securetransport", Arity::One),
    // Set by AWS services that act for somebody, such as the delivery of logs; never on a user's request.
    ("aws:sourceaccount", Arity::One),
    ("aws:sourcearn", Arity::One),
    ("aws:sourceidentity", Arity::One),
    ("aws:tagkeys", Arity::Several),
    ("aws:userid", Arity::One),
    ("cognito-identity.amazonaws.com:amr", Arity::Several),
    ("cognito-identity.amazonaws.com:aud", Arity::One),
    ("cognito-identity.amazonaws.com:sub", Arity::One),
    ("s3:delimiter", Arity::One),
    ("s3:max-keys", Arity::One),
    ("s3:prefix", Arity::One),
    ("s3:versionid", Arity::One),
    ("s3:x-amz-acl", Arity::One),
    ("s3:x-amz-copy-source", Arity::One),
    ("s3:x-amz-metadata-directive", Arity::One),
    ("s3:x-amz-server-side-encryption", Arity::One),
    ("s3:x-amz-storage-class", Arity::One),
    ("sts:rolesessionname", Arity::One),
    ("sts:sourceidentity", Arity::One),
    ("sts:transitivetagkeys", Arity::Several),
];

/// The keys of an OpenID Connect provider, after its URL without the scheme and a colon ("Available keys for AWS web
/// identity federation", IAM user guide). Claims that are lists become keys with several values.
const PROVIDER_KEYS: &[(&str, Arity)] =
    &[("amr", Arity::Several), ("aud", Arity::One), ("oaud", Arity::One), ("sub", Arity::One)];

/// The name of a condition key that the stack knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    name: String,
    pub(super) arity: Arity,
}

impl Key {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let name = text.to_ascii_lowercase();
        let is_meant = |known: &str| match known.strip_suffix('/') {
            Some(_) => name.len() > known.len() && name.starts_with(known),
            None => name == known,
        };
        let known = KEYS.iter().find(|(known, _)| is_meant(known));
        let (_, arity) = *known.or_else(|| provider_key(&name))?;
        Some(Self { name, arity })
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// A provider is told from a service by its name, which is a host's, at least with a port or a path.
fn provider_key(name: &str) -> Option<&'static (&'static str, Arity)> {
    let (provider, claim) = name.rsplit_once(':')?;
    let is_provider = provider.contains(['.', '/', ':']) && !provider.starts_with(['.', '/', ':']);
    PROVIDER_KEYS.iter().find(|(known, _)| is_provider && *known == claim)
}

/// The values of one request. A key that is absent was not in the request, which is not the same as an empty value.
#[derive(Debug, Clone, Default)]
pub(crate) struct Context(BTreeMap<String, Vec<String>>);

impl Context {
    /// The same with one more key.
    pub(crate) fn with(self, key: &str, value: impl Into<String>) -> Self {
        self.with_all(key, [value.into()])
    }

    /// As [`with`](Self::with), if there is a value.
    pub(crate) fn with_optional(self, key: &str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    /// The same with one more key that has these values.
    pub(crate) fn with_all(mut self, key: &str, values: impl IntoIterator<Item = String>) -> Self {
        debug_assert!(Key::parse(key).is_some(), "a service sets a key that no policy may ask for: {key}");
        self.0.insert(key.to_ascii_lowercase(), values.into_iter().collect());
        self
    }

    /// The values of a key; none if it is absent.
    pub(super) fn values(&self, key: &Key) -> &[String] {
        self.0.get(&key.name).map_or(&[], Vec::as_slice)
    }
}
