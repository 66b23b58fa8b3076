//! The failures of Cognito identity pools, with the types and texts that the service really answers
//! (source: the error lists of the Cognito identity pools API reference; the texts are those that users report).

use http::StatusCode;

/// No more than this many characters of a parameter come back in a message.
const MAX_ECHO: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum CognitoError {
    #[error("Token is not from a supported provider of this identity pool.")]
    UnsupportedProvider,
    #[error("Invalid login token. Issuer doesn't match providerName")]
    IssuerMismatch,
    #[error("Invalid login token. Not a valid OpenId Connect identity token.")]
    NotAnIdToken,
    #[error("Invalid login token. Missing a required claim: {0}")]
    MissingClaim(&'static str),
    #[error("Invalid login token. Token expired: {now} >= {exp}")]
    TokenExpired { now: i64, exp: i64 },
    #[error("Invalid login token. Couldn't verify signed token.")]
    UnverifiedToken,
    #[error("Invalid login token. Can't pass in a Cognito token.")]
    CognitoToken,
    #[error("Logins don't match. Please include at least one valid login for this identity or identity pool.")]
    LoginsDoNotMatch,
    #[error("Unauthenticated access is not supported for this identity pool.")]
    GuestsDisabled,
    #[error("Access to Identity '{0}' is forbidden.")]
    IdentityForbidden(String),
    /// Seen of SetIdentityPoolRoles (boto/boto3#73), not of a CustomRoleArn.
    #[error("Access to Role '{0}' is forbidden.")]
    RoleForbidden(String),
    #[error("Identity '{0}' not found.")]
    IdentityNotFound(String),
    #[error("IdentityPool '{0}' not found.")]
    PoolNotFound(String),
    /// The API reference's "a login which is already linked to another account"; nobody quotes a sentence.
    #[error("Login is already linked to another identity.")]
    LoginLinkedElsewhere,
    #[error("Invalid identity pool configuration. Check assigned IAM roles for this pool.")]
    RolesMisconfigured,
    /// Seen in aws-amplify/amplify-js#3621.
    #[error("The ambiguous role mapping rules for: {0} denied this request.")]
    RoleRulesDenied(String),
    #[error("Basic (classic) flow is not enabled, please use enhanced flow.")]
    ClassicFlowDisabled,
    #[error("1 validation error detected: {0}")]
    Validation(String),
    /// The stack's own words: nobody quotes any of an OpenID Connect provider's.
    #[error("Failed to read the keys of provider '{0}'.")]
    ProviderUnreachable(String),
    #[error("Limit exceeded")]
    LimitExceeded,
    #[error("Rate exceeded")]
    Throttled,
    #[error("Internal error")]
    Internal,
    #[error("The request body is not the expected JSON.")]
    Serialization,
    #[error("The operation is not known.")]
    UnknownOperation,
    #[error("Missing Authentication Token")]
    MissingSignature,
    #[error("{0}")]
    IncompleteSignature(String),
    #[error("{0}")]
    WrongSignature(String),
    #[error("The security token included in the request is invalid.")]
    UnknownCredentials,
    #[error("The security token included in the request is expired")]
    ExpiredCredentials,
    #[error(
        "User: {caller} is not authorized to perform: cognito-identity:{operation} because no identity-based policy allows the \
         cognito-identity:{operation} action"
    )]
    AccessDenied { caller: String, operation: &'static str },
    /// Seen in aws-samples/resource-control-policy-examples#18.
    #[error(
        "User: anonymous is not authorized to perform: cognito-identity:{operation} on resource: * with an explicit deny in a \
         resource control policy"
    )]
    DeniedByOrganization { operation: &'static str },
    /// Seen in aws-amplify/amplify-js#4739 and aws-amplify/aws-sdk-ios#218.
    #[error("Please provide a valid public provider")]
    InvalidProvider,
    /// The stack's own: no service says so.
    #[error("The local stack does not imitate {0}.")]
    NotImitated(&'static str),
}

impl CognitoError {
    /// The type in `__type` and in the `x-amzn-errortype` header.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::UnsupportedProvider
            | Self::IssuerMismatch
            | Self::NotAnIdToken
            | Self::MissingClaim(_)
            | Self::TokenExpired { .. }
            | Self::UnverifiedToken
            | Self::CognitoToken
            | Self::LoginsDoNotMatch
            | Self::GuestsDisabled
            | Self::IdentityForbidden(_)
            | Self::RoleForbidden(_)
            | Self::RoleRulesDenied(_) => "NotAuthorizedException",
            Self::IdentityNotFound(_) | Self::PoolNotFound(_) => "ResourceNotFoundException",
            Self::LoginLinkedElsewhere => "ResourceConflictException",
            Self::RolesMisconfigured => "InvalidIdentityPoolConfigurationException",
            Self::ClassicFlowDisabled | Self::InvalidProvider => "InvalidParameterException",
            Self::Validation(_) => "ValidationException",
            Self::ProviderUnreachable(_) => "ExternalServiceException",
            Self::LimitExceeded => "LimitExceededException",
            Self::Throttled => "TooManyRequestsException",
            Self::Internal => "InternalErrorException",
            Self::Serialization => "SerializationException",
            Self::UnknownOperation => "UnknownOperationException",
            Self::MissingSignature => "MissingAuthenticationTokenException",
            Self::IncompleteSignature(_) => "IncompleteSignatureException",
            Self::WrongSignature(_) => "InvalidSignatureException",
            Self::UnknownCredentials => "UnrecognizedClientException",
            Self::ExpiredCredentials => "ExpiredTokenException",
            Self::AccessDenied { .. } | Self::DeniedByOrganization { .. } => "AccessDeniedException",
            Self::NotImitated(_) => "NotImplemented",
        }
    }

    /// Every failure that the caller can do something about is a 400, throttling included.
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::NotImitated(_) => StatusCode::NOT_IMPLEMENTED,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// What the service says when a parameter does not have the form that its model asks for. That check comes before
    /// the operation's own, and its type is one of the "Common Errors" of the API reference.
    pub(super) fn constraint(value: &str, name: &str, constraint: &str) -> Self {
        let value: String = value.chars().take(MAX_ECHO).collect();
        Self::Validation(format!("Value '{value}' at '{name}' failed to satisfy constraint: Member must {constraint}"))
    }

    /// As [`constraint`](Self::constraint), for a parameter that was left out.
    pub(super) fn missing(name: &str) -> Self {
        Self::Validation(format!("Value null at '{name}' failed to satisfy constraint: Member must not be null"))
    }
}
