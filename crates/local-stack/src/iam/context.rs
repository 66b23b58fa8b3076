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
    ("sts:rolesessionname", Arity::One),
    ("sts:sourceidentity", Arity::One),
    ("sts:transitivetagkeys", Arity::Several),
];

/// The keys of S3, each with one value, and which of the actions on buckets and objects have them; all without `s3:` and in
/// lower case ("Actions, resources, and condition keys for Amazon S3", service authorization reference, as it is in
/// iam-floyd's `policy-statements/s3.ts`). A key is called like the query parameter or header that its value comes from.
const S3_KEYS: &[(&str, &[&str])] = &[
    ("delimiter", &["listbucket", "listbucketversions"]),
    ("max-keys", &["listbucket", "listbucketversions"]),
    ("prefix", &["listbucket", "listbucketversions"]),
    (
        "versionid",
        &[
            "deleteobjectversion",
            "deleteobjectversionannotation",
            "deleteobjectversiontagging",
            "getobjectversion",
            "getobjectversionacl",
            "getobjectversionannotation",
            "getobjectversionattributes",
            "getobjectversiontagging",
            "getobjectversiontorrent",
            "listobjectversionannotations",
            "putobjectversionacl",
            "putobjectversionannotation",
            "putobjectversiontagging",
        ],
    ),
    (
        "x-amz-acl",
        &[
            "bypassgovernanceretention",
            "createbucket",
            "putbucketacl",
            "putobject",
            "putobjectacl",
            "putobjectversionacl",
        ],
    ),
    ("x-amz-copy-source", &["bypassgovernanceretention", "putobject"]),
    ("x-amz-metadata-directive", &["bypassgovernanceretention", "putobject"]),
    (
        "x-amz-server-side-encryption",
        &["bypassgovernanceretention", "putobject", "replicateobject", "updateobjectencryption"],
    ),
    ("x-amz-storage-class", &["bypassgovernanceretention", "putobject", "putobjectacl", "putobjectversionacl"]),
];

/// The keys of S3 that `action` has, without `s3:` as they are.
pub(crate) fn s3_keys_of(action: &str) -> impl Iterator<Item = &'static str> {
    let action = action.strip_prefix("s3:").unwrap_or(action).to_ascii_lowercase();
    S3_KEYS.iter().filter(move |(_, actions)| actions.contains(&action.as_str())).map(|(key, _)| *key)
}

/// The actions that have this key; none if it is not S3's own, but any request's.
pub(crate) fn s3_actions_with(key: &str) -> Option<&'static [&'static str]> {
    let key = key.to_ascii_lowercase();
    let (_, actions) = S3_KEYS.iter().find(|(known, _)| key.strip_prefix("s3:") == Some(known))?;
    Some(actions)
}

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
        let known = KEYS.iter().find(|(known, _)| is_meant(known)).or_else(|| provider_key(&name));
        let arity = match known {
            Some((_, arity)) => *arity,
            None => s3_actions_with(&name).map(|_| Arity::One)?,
        };
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
