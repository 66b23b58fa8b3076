//! Who may do what in S3. With a template, every request is decided by the policies of the caller's role and of the
//! bucket; without one, whoever is signed in may read. Actions, resources and condition keys of each operation are
//! those of "Actions, resources, and condition keys for Amazon S3", service authorization reference.

use std::sync::Arc;

use http::{Extensions, StatusCode};
use s3s::{S3Error, S3ErrorCode, S3Result};

use super::error::Refusal;
use crate::credentials::TemporaryCredentials;
use crate::iam::{self, Call, Caller, Context, evaluate};
use crate::role_session::request_context;
use crate::shared::Shared;

/// What an operation needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Access<'a> {
    ListBuckets,
    /// Whatever says that a bucket is there or which keys it has. The parameters are those of the request: one that was
    /// left out is no condition key.
    ListBucket {
        bucket: &'a str,
        prefix: Option<&'a str>,
        delimiter: Option<&'a str>,
        max_keys: Option<i32>,
    },
    GetObject {
        bucket: &'a str,
        key: &'a str,
    },
    PutObject {
        bucket: &'a str,
        key: &'a str,
    },
    DeleteObject {
        bucket: &'a str,
        key: &'a str,
    },
}

impl<'a> Access<'a> {
    /// To a bucket as such.
    pub(super) fn to_bucket(bucket: &'a str) -> Self {
        Self::ListBucket { bucket, prefix: None, delimiter: None, max_keys: None }
    }

    fn action(&self) -> &'static str {
        match self {
            Self::ListBuckets => "s3:ListAllMyBuckets",
            Self::ListBucket { .. } => "s3:ListBucket",
            Self::GetObject { .. } => "s3:GetObject",
            Self::PutObject { .. } => "s3:PutObject",
            Self::DeleteObject { .. } => "s3:DeleteObject",
        }
    }

    fn bucket(&self) -> Option<&'a str> {
        match self {
            Self::ListBuckets => None,
            Self::ListBucket { bucket, .. }
            | Self::GetObject { bucket, .. }
            | Self::PutObject { bucket, .. }
            | Self::DeleteObject { bucket, .. } => Some(bucket),
        }
    }

    fn resource(&self) -> String {
        match self {
            Self::ListBuckets => "arn:aws:s3:::".to_owned(),
            Self::ListBucket { bucket, .. } => format!("arn:aws:s3:::{bucket}"),
            Self::GetObject { bucket, key } | Self::PutObject { bucket, key } | Self::DeleteObject { bucket, key } => {
                format!("arn:aws:s3:::{bucket}/{key}")
            }
        }
    }

    /// The request's own condition keys.
    fn add_to(&self, context: Context) -> Context {
        match self {
            Self::ListBucket { prefix, delimiter, max_keys, .. } => context
                .with_optional("s3:prefix", *prefix)
                .with_optional("s3:delimiter", *delimiter)
                .with_optional("s3:max-keys", max_keys.map(|number| number.to_string())),
            _ => context,
        }
    }

    /// S3's refusal, with the words that say which kind of policy is to be looked at.
    pub(super) fn refuse(&self, signer: &TemporaryCredentials, why: iam::Refusal) -> Refusal {
        let action = self.action();
        let because = match why {
            iam::Refusal::NotAllowed => format!("because no identity-based policy allows the {action} action"),
            iam::Refusal::DeniedByIdentity => "with an explicit deny in an identity-based policy".to_owned(),
            iam::Refusal::DeniedByResource => "with an explicit deny in a resource-based policy".to_owned(),
        };
        let message = format!(
            "User: {} is not authorized to perform: {action} on resource: \"{}\" {because}",
            signer.assumed_role_arn(),
            self.resource()
        );
        Refusal::new(StatusCode::FORBIDDEN, "AccessDenied", message)
    }
}

/// Decides by the deployment's policies, if there is one.
pub(super) struct Authorizer {
    shared: Arc<Shared>,
}

impl Authorizer {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Refuses what the caller may not do. The caller's credentials are among the request's extensions, where the
    /// signature check left them.
    pub(super) fn check(&self, extensions: &Extensions, access: &Access<'_>) -> S3Result<()> {
        let Some(deployment) = self.shared.deployment() else { return Ok(()) };
        let signer = extensions.get::<Arc<TemporaryCredentials>>();
        let signer = signer.ok_or_else(|| S3Error::with_message(S3ErrorCode::AccessDenied, "Access Denied"))?;
        let role = deployment.roles.get(&signer.role_arn);
        let policies = role.into_iter().flat_map(|role| role.policies.iter().map(AsRef::as_ref));
        let bucket_policy = access.bucket().and_then(|bucket| deployment.buckets.get(bucket)?.as_ref());
        let context = access.add_to(request_context(&self.shared, role, signer));
        let session_arn = signer.assumed_role_arn();
        let call = Call {
            caller: Caller::Session { role_arn: &signer.role_arn, session_arn: &session_arn },
            action: access.action(),
            resource: &access.resource(),
            context: &context,
        };
        evaluate(policies, bucket_policy, &call).map_err(|why| {
            let refusal = access.refuse(signer, why);
            S3Error::with_message(S3ErrorCode::AccessDenied, refusal.message)
        })
    }
}
