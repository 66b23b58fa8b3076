//! Failures by name. Each is one that Okta, Cognito, S3, STS, an API or the network really shows; a test or the command line asks
//! for one, for a number of requests, and the service that it concerns then fails in exactly that way.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

macro_rules! faults {
    ($($(#[doc = $doc:literal])* $variant:ident = $name:literal,)*) => {
        /// A failure that the stack can be told to show.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Fault { $($(#[doc = $doc])* $variant,)* }

        impl Fault {
            /// Every fault there is.
            pub const ALL: &'static [Fault] = &[$(Fault::$variant,)*];

            /// Its name on the command line.
            pub fn name(self) -> &'static str {
                match self { $(Fault::$variant => $name,)* }
            }
        }
    };
}

faults! {
    /// Every service: the connection breaks before anybody has seen the request, as when the network is gone.
    NetworkDown = "network-down",
    /// Okta: the connection is silently dead: it is accepted and stays open, and no answer ever comes. Nobody sees the
    /// request.
    OktaSilent = "okta-silent",
    /// Cognito: as `okta-silent`.
    CognitoSilent = "cognito-silent",
    /// S3: as `okta-silent`.
    S3Silent = "s3-silent",
    /// STS: as `okta-silent`.
    StsSilent = "sts-silent",
    /// The API: as `okta-silent`.
    ApiSilent = "api-silent",
    /// Okta: discovery answers 503.
    DiscoveryUnavailable = "discovery-unavailable",
    /// Okta: the key endpoint answers 503.
    JwksUnavailable = "jwks-unavailable",
    /// Okta: the token endpoint answers 503 before it looks at the request.
    TokenUnavailable = "token-unavailable",
    /// Okta: the token endpoint does its work (code and refresh token are spent), then the connection breaks.
    TokenResponseLost = "token-response-lost",
    /// Okta: the token endpoint does its work (code and refresh token are spent), then a gateway in front of it answers 504.
    TokenGatewayTimeout = "token-gateway-timeout",
    /// Okta: the token endpoint does its work (code and refresh token are spent), then holds its answer: for ever, or for
    /// as long as was asked for.
    TokenAnswerHeld = "token-answer-held",
    /// Okta: the token endpoint waits before it does its work: 5 seconds, or as long as was asked for. It does the work
    /// then, even if the client has gone.
    TokenSlow = "token-slow",
    /// Okta: a refresh does its work, rotation included, but no refresh token is in the answer. "Okta only returns the new
    /// access token", its guide says in one place (guides/refresh-tokens, "Persistent token benefits"), "and the refresh
    /// token" in another ("Use a refresh token").
    RefreshTokenWithheld = "refresh-token-withheld",
    /// Okta: 429 with `X-Rate-Limit-Reset` and error E0000047.
    TokenRateLimited = "token-rate-limited",
    /// Okta: the ID token's signature does not match its claims.
    IdTokenTampered = "id-token-tampered",
    /// Okta: the ID token has another nonce than the authorization request.
    IdTokenWrongNonce = "id-token-wrong-nonce",
    /// Okta: the access policy of the default authorization server does not cover the request (`access_denied`).
    NoMatchingPolicy = "no-matching-policy",
    /// Okta: userinfo answers for another subject.
    UserInfoWrongSubject = "userinfo-wrong-subject",
    /// Cognito: NotAuthorizedException, "Token is not from a supported provider of this identity pool".
    CognitoUnsupportedProvider = "cognito-unsupported-provider",
    /// Cognito: NotAuthorizedException, "Issuer doesn't match providerName", as if the provider had another URL.
    CognitoIssuerMismatch = "cognito-issuer-mismatch",
    /// Cognito: NotAuthorizedException, "Missing a required claim: aud", as if it had been sent an access token.
    CognitoMissingAudience = "cognito-missing-audience",
    /// Cognito: NotAuthorizedException, "Couldn't verify signed token", as if the signature were not by a published RSA
    /// key.
    CognitoTokenUnverified = "cognito-token-unverified",
    /// Cognito: NotAuthorizedException, "Can't pass in a Cognito token", as if the login were the pool's own token.
    CognitoOwnToken = "cognito-own-token",
    /// Cognito: NotAuthorizedException, "Unauthenticated access is not supported", as if no login had been sent.
    CognitoLoginMissing = "cognito-login-missing",
    /// Cognito: ExternalServiceException, as if the service could not read the issuer's keys.
    CognitoProviderUnreachable = "cognito-provider-unreachable",
    /// Cognito: InvalidIdentityPoolConfigurationException, "Check assigned IAM roles for this pool".
    CognitoRolesMisconfigured = "cognito-roles-misconfigured",
    /// Cognito: NotAuthorizedException, "The ambiguous role mapping rules denied this request.", as from a pool whose
    /// rules match no role and fall back on none.
    CognitoRoleRulesDenied = "cognito-role-rules-denied",
    /// Cognito: NotAuthorizedException, "Logins don't match", as for an identity of somebody else.
    CognitoLoginsMismatch = "cognito-logins-mismatch",
    /// Cognito: ResourceConflictException, "Login is already linked to another identity."
    CognitoLoginLinkedElsewhere = "cognito-login-linked-elsewhere",
    /// Cognito: NotAuthorizedException, "Access to Identity '…' is forbidden".
    CognitoIdentityForbidden = "cognito-identity-forbidden",
    /// Cognito: ResourceNotFoundException, "Identity '…' not found".
    CognitoIdentityNotFound = "cognito-identity-not-found",
    /// Cognito: LimitExceededException of GetId.
    CognitoLimitExceeded = "cognito-limit-exceeded",
    /// Cognito: TooManyRequestsException.
    CognitoThrottled = "cognito-throttled",
    /// Cognito: InternalErrorException (500).
    CognitoUnavailable = "cognito-unavailable",
    /// S3: AccessDenied.
    S3AccessDenied = "s3-access-denied",
    /// S3: ExpiredToken.
    S3ExpiredToken = "s3-expired-token",
    /// S3: InvalidToken.
    S3InvalidToken = "s3-invalid-token",
    /// S3: 503 SlowDown.
    S3SlowDown = "s3-slow-down",
    /// S3: 307 TemporaryRedirect, as for a bucket whose name is not known everywhere yet (Amazon S3 user guide, "Making
    /// requests": "Request redirection and the REST API").
    S3TemporaryRedirect = "s3-temporary-redirect",
    /// S3: the connection breaks in the middle of a listing's page.
    S3PageCut = "s3-page-cut",
    /// S3: it does its work, whatever that is, then the connection breaks.
    S3ResponseLost = "s3-response-lost",
    /// S3: a part is kept, then the connection breaks.
    S3PartResponseLost = "s3-part-response-lost",
    /// S3: the object is made of its parts, then the connection breaks.
    S3CompleteResponseLost = "s3-complete-response-lost",
    /// S3: nothing is made of the parts, and InternalError comes after status 200: "a 200 OK response can contain either a
    /// success or an error" (S3 API reference, CompleteMultipartUpload).
    S3CompleteErrorInOk = "s3-complete-error-in-200",
    /// S3: nothing is copied, and InternalError comes after status 200: "If the error occurs during the copy operation, the
    /// error response is embedded in the 200 OK response" (S3 API reference, CopyObject).
    S3CopyErrorInOk = "s3-copy-error-in-200",
    /// S3: it takes the head of an upload and no byte of its body, and never answers, as on a network that stands still.
    S3UploadStalled = "s3-upload-stalled",
    /// S3: the connection breaks in the middle of an object's bytes. s3transfer asks again after it (`IncompleteReadError` among
    /// `S3_RETRYABLE_DOWNLOAD_ERRORS`, `s3transfer/utils.py`).
    S3ObjectCut = "s3-object-cut",
    /// S3: in the middle of an object's bytes nothing more comes, on a connection that stays open: what "Stalled stream
    /// protection" of the AWS SDK for Rust is for (its developer guide).
    S3ObjectStalled = "s3-object-stalled",
    /// S3: one bit of an object's bytes is another one than S3 keeps, which the checksum beside them tells ("Checking object
    /// integrity for data downloads", user guide; TCP's own misses some: Stone and Partridge, "When the CRC and TCP Checksum
    /// Disagree", SIGCOMM 2000).
    S3ObjectDamaged = "s3-object-damaged",
    /// STS: 400 Throttling, "Rate exceeded".
    StsThrottled = "sts-throttled",
    /// STS: IDPCommunicationError, as if the service could not read the issuer's keys.
    StsProviderUnreachable = "sts-provider-unreachable",
    /// The API: 429, "Too Many Requests", as beyond the stage's rate.
    ApiThrottled = "api-throttled",
    /// The API: 403, "Forbidden", as for credentials that have expired or that AWS does not know: an HTTP API says no more.
    ApiCredentialsRefused = "api-credentials-refused",
}

/// Long enough to be seen, and no longer than any client waits.
const DEFAULT_SLOWNESS: Duration = Duration::from_secs(5);

impl Fault {
    /// Whether it makes a request last, so that one can say for how long.
    pub fn waits(self) -> bool {
        matches!(self, Self::TokenAnswerHeld | Self::TokenSlow)
    }
}

/// A handler that leaves this in the response's extensions has done its work; the answer is held, on a connection that
/// stays open.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Hold {
    For(Duration),
    /// Until the client goes, or the stack stops.
    Ever,
}

/// How many more requests a fault spoils, and for how long each if it is one that waits.
#[derive(Debug, Clone, Copy)]
struct Injected {
    left: u32,
    wait: Option<Duration>,
}

/// The faults that are switched on.
#[derive(Debug, Default)]
pub struct Faults {
    injected: Mutex<HashMap<Fault, Injected>>,
}

impl Faults {
    /// Spoils the next `times` requests that `fault` concerns; 0 switches it off.
    pub fn inject(&self, fault: Fault, times: u32) {
        self.lock().insert(fault, Injected { left: times, wait: None });
    }

    /// As [`inject`](Self::inject), and says for how long a fault that [`waits`](Fault::waits) does so.
    pub fn inject_wait(&self, fault: Fault, times: u32, wait: Duration) {
        self.lock().insert(fault, Injected { left: times, wait: Some(wait) });
    }

    /// Says whether this request is to be spoiled, and counts it.
    pub(crate) fn take(&self, fault: Fault) -> bool {
        self.take_injected(fault).is_some()
    }

    /// How long the token endpoint is to wait before its work; counts the request.
    pub(crate) fn take_slowness(&self) -> Option<Duration> {
        self.take_injected(Fault::TokenSlow).map(|injected| injected.wait.unwrap_or(DEFAULT_SLOWNESS))
    }

    /// How the token endpoint's answer is to be held; counts the request.
    pub(crate) fn take_hold(&self) -> Option<Hold> {
        self.take_injected(Fault::TokenAnswerHeld).map(|injected| injected.wait.map_or(Hold::Ever, Hold::For))
    }

    fn take_injected(&self, fault: Fault) -> Option<Injected> {
        let mut injected = self.lock();
        let found = injected.get_mut(&fault).filter(|found| found.left > 0)?;
        found.left -= 1;
        Some(*found)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Fault, Injected>> {
        self.injected.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
