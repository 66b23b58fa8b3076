//! Who may do what in S3. With a template, the policies of the caller's role and of the bucket decide; without one, whoever
//! is signed in has the demo's policy. What a request needs is said by the table in `operations.rs`.

use std::sync::Arc;

use http::{Extensions, StatusCode};
use s3s::{S3Error, S3ErrorCode, S3Result};
use serde_json::json;

use super::address::{Address, Resource};
use super::error::Refusal;
use super::operations::{Asked, Permission};
use crate::credentials::TemporaryCredentials;
use crate::faults::Fault;
use crate::iam::{self, Call, Caller, Policy, PolicyKind, evaluate};
use crate::options::Options;
use crate::role_session::request_context;
use crate::shared::Shared;

/// The account that owns the buckets of a stack without a template.
const ACCOUNT: &str = "123456789012";

impl Permission<'_> {
    /// S3's refusal, with the words that say which kind of policy is to be looked at.
    pub(super) fn refuse(&self, signer: &TemporaryCredentials, why: iam::Refusal) -> Refusal {
        let action = self.action;
        let because = match why {
            iam::Refusal::NotAllowed => format!("because no identity-based policy allows the {action} action"),
            iam::Refusal::DeniedByIdentity => "with an explicit deny in an identity-based policy".to_owned(),
            iam::Refusal::DeniedByResource => "with an explicit deny in a resource-based policy".to_owned(),
        };
        // What is asked of the whole account has no resource.
        let resource = match self.address.resource() {
            Resource::Service => String::new(),
            Resource::Bucket | Resource::Object => format!(" on resource: \"{}\"", self.address.arn()),
        };
        let caller = signer.assumed_role_arn();
        let message = format!("User: {caller} is not authorized to perform: {action}{resource} {because}");
        Refusal::new(StatusCode::FORBIDDEN, "AccessDenied", message)
    }
}

/// Decides by the policies.
#[derive(Clone)]
pub(super) struct Authorizer {
    shared: Arc<Shared>,
    /// What everybody may without a template.
    demo: Option<Arc<Policy>>,
}

impl Authorizer {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        // A policy that cannot be read, since the bucket has an impossible name, allows nothing.
        let demo = if shared.deployment().is_none() { policy_of_demo(&shared.options).map(Arc::new) } else { None };
        Self { shared, demo }
    }

    /// Refuses a request that the caller may not make.
    pub(super) fn authorize(&self, signer: &TemporaryCredentials, asked: &Asked) -> Result<(), Refusal> {
        asked.permissions().try_for_each(|permission| self.check(signer, &permission))
    }

    /// Whether the caller may delete one of the objects that DeleteObjects names, or a version of it. The caller's
    /// credentials are among the request's extensions, where the signature check left them.
    pub(super) fn may_delete(
        &self,
        extensions: &Extensions,
        bucket: &str,
        key: &str,
        version: Option<&str>,
    ) -> S3Result<()> {
        let action = if version.is_some() { "s3:DeleteObjectVersion" } else { "s3:DeleteObject" };
        self.check_in_service(extensions, action, &Address::of_object(bucket, key))
    }

    /// Whether the caller may know if one of these objects still has an ETag: "you must have the s3:DeleteObject and
    /// s3:GetObject permissions" (S3 user guide, conditional-deletes).
    pub(super) fn may_compare(&self, extensions: &Extensions, bucket: &str, key: &str) -> S3Result<()> {
        self.check_in_service(extensions, "s3:GetObject", &Address::of_object(bucket, key))
    }

    /// Whether the caller may know which keys the bucket has: who may not does not learn either that one is missing
    /// ("GetObject", S3 API reference, "Permissions": 404 with s3:ListBucket, else 403).
    pub(super) fn may_know_keys(&self, extensions: &Extensions, bucket: &str) -> S3Result<()> {
        self.check_in_service(extensions, "s3:ListBucket", &Address::of_bucket(bucket))
    }

    fn check_in_service(&self, extensions: &Extensions, action: &'static str, address: &Address) -> S3Result<()> {
        let refuse = |message: String| S3Error::with_message(S3ErrorCode::AccessDenied, message);
        let signer = extensions.get::<Arc<TemporaryCredentials>>();
        let signer = signer.ok_or_else(|| refuse("Access Denied".to_owned()))?;
        self.check(signer, &Permission::new(action, address)).map_err(|refusal| refuse(refusal.message))
    }

    fn check(&self, signer: &TemporaryCredentials, permission: &Permission<'_>) -> Result<(), Refusal> {
        let deployment = self.shared.deployment();
        let role = deployment.and_then(|deployment| deployment.roles.get(&signer.role_arn));
        let faults = &self.shared.faults;
        let bucket = &permission.address.bucket;
        // s3:ListBucket that is allowed on objects is allowed on nothing.
        let is_misplaced = faults.holds(Fault::RoleListsObjects) && permission.action == "s3:ListBucket";
        let is_allowed_nothing = faults.holds(Fault::RoleWithoutPolicies) || is_misplaced;
        let policies = role.into_iter().flat_map(|role| &role.policies).chain(&self.demo).map(AsRef::as_ref);
        let policies = policies.filter(|_| !is_allowed_nothing);
        let denial = faults.holds(Fault::BucketPolicyDenies).then(|| denial_of(bucket)).flatten();
        let bucket_policy = deployment.and_then(|deployment| deployment.buckets.get(bucket)?.as_ref());
        let bucket_policy = denial.as_ref().or(bucket_policy);
        let context = request_context(&self.shared, role, signer);
        let conditions = permission.conditions.iter();
        let context = conditions.fold(context, |context, (key, value)| context.with(&format!("s3:{key}"), value));
        let session_arn = signer.assumed_role_arn();
        let call = Call {
            caller: Caller::Session { role_arn: &signer.role_arn, session_arn: &session_arn },
            action: permission.action,
            resource: &permission.address.arn(),
            context: &context,
        };
        evaluate(policies, bucket_policy, &call).map_err(|why| permission.refuse(signer, why))
    }
}

/// The policy of a bucket that lets nobody in. No use for the whole account, which has none.
fn denial_of(bucket: &str) -> Option<Policy> {
    let arn = format!("arn:aws:s3:::{bucket}");
    let document = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [arn, format!("{arn}/*")] },
    ] });
    Policy::parse(&document, PolicyKind::Resource).ok().filter(|_| !bucket.is_empty())
}

/// The account that owns the buckets.
pub(super) fn account(shared: &Shared) -> &str {
    shared.deployment().map_or(ACCOUNT, |deployment| &deployment.account)
}

/// Everything can be read but the denied bucket, and objects of the demo bucket written.
fn policy_of_demo(options: &Options) -> Option<Policy> {
    let bucket = format!("arn:aws:s3:::{}", options.bucket);
    let document = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*" },
        { "Effect": "Allow", "Action": ["s3:Get*", "s3:List*"],
            "Resource": [bucket, format!("{bucket}/*"), "arn:aws:s3:::scale-*"] },
        { "Effect": "Allow", "Action": ["s3:PutObject*", "s3:DeleteObject*", "s3:AbortMultipartUpload"],
            "Resource": format!("{bucket}/*") },
    ] });
    Policy::parse(&document, PolicyKind::Identity).ok()
}
