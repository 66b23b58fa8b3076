//! Failures by name. Each is one that Okta, Cognito, S3, STS, an API or the network really shows; a test or the command line asks
//! for one. What passes is asked for a number of requests, and the service that it concerns then fails in exactly that way.
//! What lasts is the set-up of somebody who configured a service wrongly: it is so from then on, for every request, until it
//! is mended, and the service finds out by its own rules. One table, and as long as what can go wrong.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use crate::request_log::Service;

/// What a client gets to see of a fault that is an answer with an error code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultAnswer {
    /// Who answers.
    pub service: Service,
    /// The HTTP status. Of an error that Okta sends with the browser it is the catalogue's, and none is seen.
    pub status: u16,
    /// The service's error code; empty if it gives none, as HTTP APIs do.
    pub code: &'static str,
    /// What the message says, or of one with values in it a part.
    pub message: &'static str,
}

macro_rules! faults {
    (
        passing { $($(#[doc = $doc:literal])* $variant:ident = $name:literal $(=> $service:ident $status:literal $code:literal $message:literal)?,)* }
        lasting { $($(#[doc = $lasting_doc:literal])* $lasting:ident = $lasting_name:literal $(=> $lasting_service:ident $lasting_status:literal $lasting_code:literal $lasting_message:literal)?,)* }
    ) => {
        /// A failure that the stack can be told to show.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Fault { $($(#[doc = $doc])* $variant,)* $($(#[doc = $lasting_doc])* $lasting,)* }

        impl Fault {
            /// Every fault there is.
            pub const ALL: &'static [Fault] = &[$(Fault::$variant,)* $(Fault::$lasting,)*];

            /// Its name on the command line.
            pub fn name(self) -> &'static str {
                match self { $(Fault::$variant => $name,)* $(Fault::$lasting => $lasting_name,)* }
            }

            /// Whether it is a wrong set-up, which lasts until it is mended, however many requests come.
            pub fn lasts(self) -> bool {
                match self { $(Fault::$variant => false,)* $(Fault::$lasting => true,)* }
            }

            /// The answer by which a client gets to know it; none if it breaks or holds a connection, or spoils an answer of
            /// success.
            pub fn answer(self) -> Option<FaultAnswer> {
                match self {
                    $(Fault::$variant => answer!($($service $status $code $message)?),)*
                    $(Fault::$lasting => answer!($($lasting_service $lasting_status $lasting_code $lasting_message)?),)*
                }
            }

            /// Who shows it and how, with the vendor's page where it says so.
            pub fn description(self) -> &'static str {
                match self {
                    $(Fault::$variant => concat!($($doc),*).trim_ascii_start(),)*
                    $(Fault::$lasting => concat!($($lasting_doc),*).trim_ascii_start(),)*
                }
            }
        }
    };
}

macro_rules! answer {
    () => {
        None
    };
    ($service:ident $status:literal $code:literal $message:literal) => {
        Some(FaultAnswer { service: Service::$service, status: $status, code: $code, message: $message })
    };
}

faults! {
    passing {
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
        TokenRateLimited = "token-rate-limited" => Okta 429 "E0000047" "API call exceeded rate limit due to too many requests.",
        /// Okta: the ID token's signature does not match its claims.
        IdTokenTampered = "id-token-tampered",
        /// Okta: the ID token has another nonce than the authorization request.
        IdTokenWrongNonce = "id-token-wrong-nonce",
        /// Okta: the access policy of the default authorization server does not cover the request (`access_denied`).
        NoMatchingPolicy = "no-matching-policy" => Okta 401 "access_denied" "Policy evaluation failed for this request, please check the policy configurations.",
        /// Okta: userinfo answers for another subject.
        UserInfoWrongSubject = "userinfo-wrong-subject",
        /// Okta: the authorization endpoint sends the browser back with `server_error` (its errors catalogue,
        /// data/oauth2-error-codes.json of 2026.08.1, which has the words of all errors of OAuth here).
        AuthorizeServerError = "authorize-server-error" => Okta 500 "server_error" "The authorization server encountered an unexpected condition that prevented it from fulfilling the request.",
        /// Okta: as `authorize-server-error`, with `temporarily_unavailable`.
        AuthorizeUnavailable = "authorize-temporarily-unavailable" => Okta 400 "temporarily_unavailable" "The authorization server is currently unable to handle the request due to a temporary overloading or maintenance of the server.",
        /// Okta: as `authorize-server-error`, with `login_required`: the app's sign-on policy wants more than the session in the
        /// browser has (`app_sign_on_required` of the catalogue).
        AuthorizeLoginRequired = "authorize-login-required" => Okta 400 "login_required" "The client specified not to prompt, but the client app requires re-authentication or MFA.",
        /// Okta: as `authorize-server-error`, with `consent_required`.
        AuthorizeConsentRequired = "authorize-consent-required" => Okta 400 "consent_required" "The following scopes require user consent: [profile].",
        /// Okta: as `authorize-server-error`, with `interaction_required`.
        AuthorizeInteractionRequired = "authorize-interaction-required" => Okta 400 "interaction_required" "Your client is configured to use the interaction code flow and user interaction is required to complete the request.",
        /// Okta: as `authorize-server-error`: the policy's rule refuses one of the scopes (`scope_denied` of the catalogue).
        AuthorizeScopeDenied = "authorize-scope-denied" => Okta 400 "access_denied" "Some of the requested scopes were denied by the policy. Denied scopes: [email].",
        /// Okta: as `authorize-server-error`: no scope at all is let through (`no_scope_allowed` of the catalogue).
        AuthorizeNoScopeAllowed = "authorize-no-scope-allowed" => Okta 400 "access_denied" "Policy evaluation succeeded, but all the requested scopes were rejected.",
        /// Okta: as `authorize-server-error`: somebody signed in, and Okta lets the account in no more (`login_failed` of the
        /// catalogue).
        AuthorizeLoginFailed = "authorize-login-failed" => Okta 403 "access_denied" "Login failed.",
        /// Okta: as `authorize-server-error`, whatever the reason.
        AuthorizeDenied = "authorize-denied" => Okta 403 "access_denied" "The resource owner or authorization server denied the request.",
        /// Okta: as `authorize-server-error`, since the org lacks what the request needs.
        AuthorizeFeatureMissing = "authorize-feature-missing" => Okta 400 "access_denied" "The requested feature is not enabled in this environment.",
        /// Okta: as `authorize-server-error`, of a password that has expired.
        AuthorizePasswordExpired = "authorize-password-expired" => Okta 403 "access_denied" "The user's password is expired.",
        /// Okta: as `authorize-server-error`, of a user who is suspended or deactivated.
        AuthorizeUserStatus = "authorize-user-status" => Okta 403 "access_denied" "User status is invalid.",
        /// Okta: as `authorize-server-error`, of somebody of an external identity provider whom the org does not know (`jit_disabled`).
        AuthorizeUserCreation = "authorize-user-creation" => Okta 403 "access_denied" "User creation was disabled.",
        /// Okta: as `authorize-server-error`, of the same for a user whom it knows (`link_disabled`).
        AuthorizeUserLinking = "authorize-user-linking" => Okta 403 "access_denied" "User linking was disabled.",
        /// Okta: as `authorize-server-error`, of somebody who turned back at an external identity provider.
        AuthorizeIdpCancelled = "authorize-idp-cancelled" => Okta 403 "access_denied" "User canceled the social login request.",
        /// Okta: as `authorize-server-error`, since the parameter `idp` names none of the org.
        AuthorizeIdpUnknown = "authorize-idp-unknown" => Okta 400 "invalid_request" "Identity provider is not valid.",
        /// Okta: as `authorize-server-error`, since more assurance was asked for than the user can give.
        AuthorizeAcrValues = "authorize-acr-values" => Okta 400 "unmet_authentication_requirements" "Unable to meet the authentication requirements imposed by 'acr_values' parameter.",
        /// Okta: as `authorize-server-error`, since the sign-in took too long.
        AuthorizeRequestExpired = "authorize-request-expired" => Okta 400 "login_required" "Request expired, please start over and try again.",
        /// Okta: as `authorize-server-error`, about the scopes as such.
        AuthorizeScopeInvalid = "authorize-scope-invalid" => Okta 400 "invalid_scope" "The requested scope is invalid, unknown, malformed, or exceeds the scope granted by the resource owner.",
        /// Okta: as `authorize-server-error`, of a scope that the server does not have.
        AuthorizeScopeUnknown = "authorize-scope-unknown" => Okta 400 "invalid_scope" "One or more scopes are not configured for the authorization server resource.",
        /// Okta: as `authorize-server-error`, with `illegal_scopes` of the catalogue.
        AuthorizeScopeNotAllowed = "authorize-scope-not-allowed" => Okta 400 "invalid_scope" "Scopes are not allowed for this request.",
        /// Okta: as `authorize-server-error`, with `illegal_custom_scope`, as of the org's own server.
        AuthorizeCustomScope = "authorize-custom-scope" => Okta 400 "invalid_scope" "Custom scopes are not allowed for this request.",
        /// Okta: as `authorize-server-error`, since `openid` is missing beside others.
        AuthorizeOpenIdMissing = "authorize-openid-missing" => Okta 400 "invalid_scope" "Requests for ID tokens or access tokens with OpenID scopes require the 'openid' scope.",
        /// Okta: as `authorize-server-error`, about the response mode.
        AuthorizeResponseMode = "authorize-response-mode" => Okta 400 "unsupported_response_mode" "The response mode is not supported by the authorization server. Valid response modes: [query, fragment, form_post, okta_post_message].",
        /// Okta: as `authorize-server-error`, of a signed request.
        AuthorizeRequestObject = "authorize-request-object" => Okta 400 "request_not_supported" "The authorize request object is not supported by this client.",
        /// Okta: as `authorize-server-error`, of a pushed request of a client that may push none.
        AuthorizeRequestUriForeign = "authorize-request-uri-not-supported" => Okta 400 "request_uri_not_supported" "The authorize request uri is not supported by this client.",
        /// Okta: as `authorize-server-error`, of a pushed request that has expired or was used.
        AuthorizeRequestUriInvalid = "authorize-request-uri-invalid" => Okta 400 "invalid_request_uri" "The authorize request_uri is invalid.",
        /// Okta: as `authorize-server-error`, of a client of the org's own server alone.
        AuthorizeOrgServerOnly = "authorize-org-server-only" => Okta 400 "unauthorized_client" "This client cannot use a custom authorization server.",
        /// Okta: the token endpoint answers `server_error` (500), as when no ID token can be made (`id_token_not_generated`).
        TokenServerError = "token-server-error" => Okta 500 "server_error" "Failed to create the id_token.",
        /// Okta: the token endpoint answers `server_error` (400): the claim `groups` has more than a token takes.
        TokenTooManyGroups = "token-too-many-groups" => Okta 400 "server_error" "The groups claim matched too many groups and must be configured to match fewer groups.",
        /// Okta: the token endpoint answers `temporarily_unavailable`.
        TokenTemporarilyUnavailable = "token-temporarily-unavailable" => Okta 400 "temporarily_unavailable" "The authorization server is currently unable to handle the request due to a temporary overloading or maintenance of the server.",
        /// Okta: the token endpoint answers `invalid_grant` to a good code or refresh token, as to those of another client.
        TokenGrantMismatched = "token-grant-mismatched" => Okta 400 "invalid_grant" "The grant was issued to another client. Please make sure the 'client_id' matches the one used at the authorize request.",
        /// Okta: the token endpoint answers `invalid_request` to a good code or refresh token, as to those of another
        /// authorization server.
        TokenGrantOfAnotherServer = "token-grant-of-another-server" => Okta 400 "invalid_request" "The grant was issued for another authorization server.",
        /// Okta: the token endpoint answers `invalid_grant` with status 429, as when one user refreshes too often
        /// (`user_rate_limited` of the catalogue).
        TokenUserRateLimited = "token-user-rate-limited" => Okta 429 "invalid_grant" "API call exceeded rate limit due to too many requests.",
        /// Okta: the token endpoint answers `invalid_grant`, as of a code that is too old or was used.
        TokenCodeInvalid = "token-code-invalid" => Okta 400 "invalid_grant" "The authorization code is invalid or has expired.",
        /// Okta: the token endpoint answers `invalid_grant`, as of a verifier of another sign-in.
        TokenPkceFailed = "token-pkce-failed" => Okta 400 "invalid_grant" "PKCE verification failed.",
        /// Okta: the token endpoint answers `invalid_grant`, as with another redirect URI than before.
        TokenRedirectUriDiffers = "token-redirect-uri-differs" => Okta 400 "invalid_grant" "The 'redirect_uri' does not match the redirection URI used in the authorization request.",
        /// Okta: the token endpoint answers `invalid_grant`, as of a refresh token that was revoked.
        TokenRefreshTokenInvalid = "token-refresh-token-invalid" => Okta 400 "invalid_grant" "The refresh token is invalid or expired.",
        /// Okta: the token endpoint answers `access_denied`, as of a refresh that asks for more than was granted.
        TokenRefreshScopesDenied = "token-refresh-scopes-denied" => Okta 400 "access_denied" "Some of the scopes requested for the refresh request were not granted in the original authorize request. Denied scopes: email.",
        /// Okta: the token endpoint answers `invalid_client`, as when nothing says which client asks.
        TokenCredentialsMissing = "token-credentials-missing" => Okta 401 "invalid_client" "No client credentials found.",
        /// Okta: the token endpoint answers `invalid_client` of a client ID nobody has, in OAuth's shape, as the catalogue has it;
        /// what Okta writes is the API's (`okta-client-missing`).
        TokenClientUnknown = "token-client-unknown" => Okta 401 "invalid_client" "Invalid value for 'client_id' parameter.",
        /// Okta: the token endpoint answers `unsupported_grant_type`, as from a server that has other grants.
        TokenGrantTypeUnsupported = "token-grant-type-unsupported" => Okta 400 "unsupported_grant_type" "The authorization grant type is not supported by the authorization server. Configured grant types: [client_credentials].",
        /// Okta: the token endpoint answers `server_error`, as when the expression of a claim fails (`user_claim_evaluation_failure`).
        TokenClaimFailed = "token-claim-failed" => Okta 400 "server_error" "The 'department' user claim could not be evaluated.",
        /// Okta: the token endpoint wants its nonce in the DPoP proof and gives one, whether there was a proof or not
        /// (guides/dpop, "Request tokens").
        TokenDpopNonceDemanded = "token-dpop-nonce-demanded" => Okta 400 "use_dpop_nonce" "Authorization server requires nonce in DPoP proof.",
        /// Okta: userinfo wants a scope that the access token lacks: 403, in `WWW-Authenticate`.
        UserInfoScopeMissing = "userinfo-scope-missing" => Okta 403 "insufficient_scope" "The access token provided does not contain the required scopes.",
        /// Okta: userinfo takes the access token no more: 401, in `WWW-Authenticate`.
        UserInfoTokenRefused = "userinfo-token-refused" => Okta 401 "invalid_token" "The access token is invalid.",
        /// Okta: whatever the app asks for next is answered in the Okta API's form with 401, E0000015 (data/error-codes.json, which
        /// has the words of all such errors here; which endpoints answer so is from memory, not found).
        OktaFeatureMissing = "okta-feature-missing" => Okta 401 "E0000015" "You do not have permission to access the feature you are requesting",
        /// Okta: as `okta-feature-missing`, with 403 and E0000006.
        OktaPermissionMissing = "okta-permission-missing" => Okta 403 "E0000006" "You do not have permission to perform the requested action",
        /// Okta: as `okta-feature-missing`, with 404 and E0000007, as of an authorization server that was deleted.
        OktaResourceMissing = "okta-resource-missing" => Okta 404 "E0000007" "Not found: Resource not found: default (AuthorizationServer)",
        /// Okta: as `okta-feature-missing`, with 500 and E0000009.
        OktaInternalError = "okta-internal-error" => Okta 500 "E0000009" "Internal Server Error",
        /// Okta: as `okta-feature-missing`, with 503 and E0000010.
        OktaReadOnly = "okta-read-only" => Okta 503 "E0000010" "Service is in read only mode",
        /// Okta: as `okta-feature-missing`, with 429, E0000047 and `X-Rate-Limit-Reset`.
        OktaRateLimited = "okta-rate-limited" => Okta 429 "E0000047" "API call exceeded rate limit due to too many requests.",
        /// Cognito: NotAuthorizedException, "Token is not from a supported provider of this identity pool".
        CognitoUnsupportedProvider = "cognito-unsupported-provider" => Cognito 400 "NotAuthorizedException" "Token is not from a supported provider of this identity pool.",
        /// Cognito: NotAuthorizedException, "Issuer doesn't match providerName", as if the login's key were not the token's issuer.
        CognitoIssuerMismatch = "cognito-issuer-mismatch" => Cognito 400 "NotAuthorizedException" "Invalid login token. Issuer doesn't match providerName",
        /// Cognito: NotAuthorizedException, "Missing a required claim: aud", as if it had been sent an access token.
        CognitoMissingAudience = "cognito-missing-audience" => Cognito 400 "NotAuthorizedException" "Invalid login token. Missing a required claim: aud",
        /// Cognito: NotAuthorizedException, "Couldn't verify signed token", as if the signature were not by a published RSA
        /// key.
        CognitoTokenUnverified = "cognito-token-unverified" => Cognito 400 "NotAuthorizedException" "Invalid login token. Couldn't verify signed token.",
        /// Cognito: NotAuthorizedException, "Can't pass in a Cognito token", as if the login were the pool's own token.
        CognitoOwnToken = "cognito-own-token" => Cognito 400 "NotAuthorizedException" "Invalid login token. Can't pass in a Cognito token.",
        /// Cognito: NotAuthorizedException, "Unauthenticated access is not supported", as if no login had been sent.
        CognitoLoginMissing = "cognito-login-missing" => Cognito 400 "NotAuthorizedException" "Unauthenticated access is not supported for this identity pool.",
        /// Cognito: ExternalServiceException, as if the service could not read the issuer's keys (the code is in the API reference;
        /// nobody quotes a sentence of an OpenID Connect provider's, this is the stack's).
        CognitoProviderUnreachable = "cognito-provider-unreachable" => Cognito 400 "ExternalServiceException" "Failed to read the keys of provider '",
        /// Cognito: InvalidIdentityPoolConfigurationException, "Check assigned IAM roles for this pool".
        CognitoRolesMisconfigured = "cognito-roles-misconfigured" => Cognito 400 "InvalidIdentityPoolConfigurationException" "Invalid identity pool configuration. Check assigned IAM roles for this pool.",
        /// Cognito: NotAuthorizedException, "The ambiguous role mapping rules for: ", as from a pool whose
        /// rules match no role and fall back on none.
        CognitoRoleRulesDenied = "cognito-role-rules-denied" => Cognito 400 "NotAuthorizedException" "The ambiguous role mapping rules for: ",
        /// Cognito: NotAuthorizedException, "Logins don't match", as for an identity of somebody else.
        CognitoLoginsMismatch = "cognito-logins-mismatch" => Cognito 400 "NotAuthorizedException" "Logins don't match. Please include at least one valid login for this identity or identity pool.",
        /// Cognito: ResourceConflictException, "Thrown when a user tries to use a login which is already linked to another
        /// account" (GetId, API reference, whose words these nearly are: nobody quotes a sentence).
        CognitoLoginLinkedElsewhere = "cognito-login-linked-elsewhere" => Cognito 400 "ResourceConflictException" "Login is already linked to another identity.",
        /// Cognito: NotAuthorizedException, "Access to Identity '…' is forbidden".
        CognitoIdentityForbidden = "cognito-identity-forbidden" => Cognito 400 "NotAuthorizedException" "' is forbidden.",
        /// Cognito: ResourceNotFoundException, "Identity '…' not found".
        CognitoIdentityNotFound = "cognito-identity-not-found" => Cognito 400 "ResourceNotFoundException" "Identity '",
        /// Cognito: LimitExceededException of GetId.
        CognitoLimitExceeded = "cognito-limit-exceeded" => Cognito 400 "LimitExceededException" "Limit exceeded",
        /// Cognito: TooManyRequestsException.
        CognitoThrottled = "cognito-throttled" => Cognito 400 "TooManyRequestsException" "Rate exceeded",
        /// Cognito: InternalErrorException (500).
        CognitoUnavailable = "cognito-unavailable" => Cognito 500 "InternalErrorException" "Internal error",
        /// Cognito: NotAuthorizedException, "Token expired", as with a token whose time is over.
        CognitoTokenExpired = "cognito-token-expired" => Cognito 400 "NotAuthorizedException" "Invalid login token. Token expired: ",
        /// Cognito: NotAuthorizedException, "Not a valid OpenId Connect identity token.", as if it had been sent an opaque access
        /// token.
        CognitoNotAnIdToken = "cognito-not-an-id-token" => Cognito 400 "NotAuthorizedException" "Invalid login token. Not a valid OpenId Connect identity token.",
        /// Cognito: AccessDeniedException, by a resource control policy of the organization (seen in
        /// aws-samples/resource-control-policy-examples#18).
        CognitoAccessDenied = "cognito-access-denied" => Cognito 400 "AccessDeniedException" "User: anonymous is not authorized to perform: cognito-identity:",
        /// Cognito: InvalidParameterException, "Thrown for missing or bad input parameter(s)" (GetId, API reference), as of a login
        /// that is no provider of the pool (aws-amplify/amplify-js#4739, aws-amplify/aws-sdk-ios#218).
        CognitoInvalidParameter = "cognito-invalid-parameter" => Cognito 400 "InvalidParameterException" "Please provide a valid public provider",
        /// Cognito: ValidationException ("Common Errors", API reference), as of an id that has not the form of one.
        CognitoValidation = "cognito-validation" => Cognito 400 "ValidationException" "1 validation error detected: Value '",
        /// Cognito: before the next request somebody deletes every identity of the pool (DeleteIdentities, API reference). With a
        /// template nobody notices: its identities are known before they are made.
        CognitoIdentitiesDeleted = "cognito-identities-deleted",
        /// S3: AccessDenied.
        S3AccessDenied = "s3-access-denied" => S3 403 "AccessDenied" "because no identity-based policy allows the ",
        /// S3: ExpiredToken.
        S3ExpiredToken = "s3-expired-token" => S3 400 "ExpiredToken" "The provided token has expired.",
        /// S3: InvalidToken.
        S3InvalidToken = "s3-invalid-token" => S3 400 "InvalidToken" "The provided token is malformed or otherwise invalid.",
        /// S3: 503 SlowDown.
        S3SlowDown = "s3-slow-down" => S3 503 "SlowDown" "Please reduce your request rate.",
        /// S3: 307 TemporaryRedirect, as for a bucket whose name is not known everywhere yet (Amazon S3 user guide, "Making
        /// requests": "Request redirection and the REST API").
        S3TemporaryRedirect = "s3-temporary-redirect" => S3 307 "TemporaryRedirect" "Please re-send this request to the specified temporary endpoint.",
        /// S3: InvalidAccessKeyId, as for credentials of another partition. The codes of this and the following are in "Error
        /// responses", list of error codes, S3 API reference; the words are those that S3 is seen to answer, where they are
        /// known (the list has other ones for some), else the list's.
        S3UnknownAccessKey = "s3-unknown-access-key" => S3 403 "InvalidAccessKeyId" "The AWS Access Key Id you provided does not exist in our records.",
        /// S3: SignatureDoesNotMatch, as when a proxy changes what was signed ("Troubleshoot Signature Version 4 signing for AWS API
        /// requests", IAM user guide; the sentence is seen in boto/boto#2144).
        S3SignatureMismatch = "s3-signature-mismatch" => S3 403 "SignatureDoesNotMatch" "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
        /// S3: TokenRefreshRequired.
        S3TokenRefreshRequired = "s3-token-refresh-required" => S3 400 "TokenRefreshRequired" "The provided token must be refreshed.",
        /// S3: InternalError.
        S3InternalError = "s3-internal-error" => S3 500 "InternalError" "We encountered an internal error. Please try again.",
        /// S3: ServiceUnavailable.
        S3Unavailable = "s3-unavailable" => S3 503 "ServiceUnavailable" "Service is unable to handle request.",
        /// S3: RequestTimeout.
        S3RequestTimeout = "s3-request-timeout" => S3 400 "RequestTimeout" "Your socket connection to the server was not read from or written to within the timeout period. Idle connections will be closed.",
        /// S3: RequestTimeTooSkewed, as from a server whose clock is wrong.
        S3TimeSkewed = "s3-time-skewed" => S3 403 "RequestTimeTooSkewed" "The difference between the request time and the current time is too large.",
        /// S3: OperationAborted.
        S3OperationAborted = "s3-operation-aborted" => S3 409 "OperationAborted" "A conflicting conditional operation is currently in progress against this resource. Please try again.",
        /// S3: ConditionalRequestConflict ("409 Conflict response", conditional writes, S3 user guide).
        S3ConditionalConflict = "s3-conditional-conflict" => S3 409 "ConditionalRequestConflict" "The conditional request cannot succeed due to a conflicting operation against this resource.",
        /// S3: BadDigest.
        S3BadDigest = "s3-bad-digest" => S3 400 "BadDigest" "The Content-MD5 you specified did not match what we received.",
        /// S3: IncompleteBody.
        S3IncompleteBody = "s3-incomplete-body" => S3 400 "IncompleteBody" "You did not provide the number of bytes specified by the Content-Length HTTP header",
        /// S3: EntityTooLarge.
        S3EntityTooLarge = "s3-entity-too-large" => S3 400 "EntityTooLarge" "Your proposed upload exceeds the maximum allowed size",
        /// S3: EntityTooSmall.
        S3EntityTooSmall = "s3-entity-too-small" => S3 400 "EntityTooSmall" "Your proposed upload is smaller than the minimum allowed size",
        /// S3: MetadataTooLarge.
        S3MetadataTooLarge = "s3-metadata-too-large" => S3 400 "MetadataTooLarge" "Your metadata headers exceed the maximum allowed metadata size",
        /// S3: NoSuchUpload, as of an upload that somebody gave up.
        S3NoSuchUpload = "s3-no-such-upload" => S3 404 "NoSuchUpload" "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
        /// S3: InvalidPart.
        S3InvalidPart = "s3-invalid-part" => S3 400 "InvalidPart" "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
        /// S3: InvalidRequest of a copy's source above 5 GB ("Billing for Amazon S3 error responses", S3 user guide, has code and
        /// status; the sentence is one that clients look for).
        S3CopySourceTooLarge = "s3-copy-source-too-large" => S3 400 "InvalidRequest" "The specified copy source is larger than the maximum allowable size for a copy source: 5368709120",
        /// S3: InvalidObjectState, of an archived object ("GetObject", Errors, S3 API reference).
        S3ObjectArchived = "s3-object-archived" => S3 403 "InvalidObjectState" "The operation is not valid for the object's storage class",
        /// S3: KMS.DisabledException, passed on from KMS ("Billing for Amazon S3 error responses", S3 user guide, has the codes of
        /// this and the following two; KMS's own message of DisabledException has this form).
        S3KmsKeyDisabled = "s3-kms-key-disabled" => S3 400 "KMS.DisabledException" "arn:aws:kms:us-west-2:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab is disabled.",
        /// S3: KMS.KMSInvalidStateException, as `s3-kms-key-disabled`.
        S3KmsKeyPendingDeletion = "s3-kms-key-pending-deletion" => S3 400 "KMS.KMSInvalidStateException" "arn:aws:kms:us-west-2:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab is pending deletion.",
        /// S3: KMS.NotFoundException (seen in aws/aws-cli#4507).
        S3KmsKeyMissing = "s3-kms-key-missing" => S3 400 "KMS.NotFoundException" "Invalid keyId 1234abcd-12ab-34cd-56ef-1234567890ab",
        /// S3: IllegalLocationConstraintException, what endpoints of regions that an account has to enable say of a bucket elsewhere.
        /// boto looks for "The (.*?) location constraint is incompatible for the region specific endpoint this request was sent to".
        S3IllegalLocation = "s3-illegal-location" => S3 400 "IllegalLocationConstraintException" "The unspecified location constraint is incompatible for the region specific endpoint this request was sent to.",
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
        StsThrottled = "sts-throttled" => Sts 400 "Throttling" "Rate exceeded",
        /// STS: IDPCommunicationError, as if the service could not read the issuer's keys. The words are the API reference's
        /// (AssumeRoleWithWebIdentity, Errors), shortened: users quote "Couldn't retrieve verification key"
        /// (`sts-token-unverified`) where this one would be expected.
        StsProviderUnreachable = "sts-provider-unreachable" => Sts 400 "IDPCommunicationError" "The identity provider that was asked to verify the incoming identity token could not be reached",
        /// STS: IDPRejectedClaim (AssumeRoleWithWebIdentity, API reference, which has the words of this and the following four).
        StsClaimRejected = "sts-claim-rejected" => Sts 403 "IDPRejectedClaim" "The identity provider (IdP) reported that authentication failed. This might be because the claim is invalid.",
        /// STS: RegionDisabledException.
        StsRegionDisabled = "sts-region-disabled" => Sts 403 "RegionDisabledException" "STS is not activated in this region for account:123456789012. Your account administrator can activate STS in this region using the IAM Console.",
        /// STS: ExpiredTokenException.
        StsTokenExpired = "sts-token-expired" => Sts 400 "ExpiredTokenException" "Token expired: current date/time ",
        /// STS: InvalidIdentityToken, as when it could not read the issuer's keys within five seconds
        /// (repost.aws/knowledge-center/iam-sts-invalididentitytoken).
        StsTokenUnverified = "sts-token-unverified" => Sts 400 "InvalidIdentityToken" "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
        /// STS: InvalidIdentityToken, as of an issuer whose certificate is by a CA of its own and has changed since its thumbprint was
        /// taken (words of reports such as aws-actions/configure-aws-credentials#357).
        StsThumbprintDiffers = "sts-thumbprint-differs" => Sts 400 "InvalidIdentityToken" "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint",
        /// STS: PackedPolicyTooLarge.
        StsPackedPolicyTooLarge = "sts-packed-policy-too-large" => Sts 400 "PackedPolicyTooLarge" "Packed size of session tags consumes 101% of allotted space.",
        /// STS: ValidationError, of a longer session than the role has.
        StsDurationTooLong = "sts-duration-too-long" => Sts 400 "ValidationError" "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        /// STS: AccessDenied of AssumeRoleWithWebIdentity, as when the role trusts somebody else.
        StsAccessDenied = "sts-access-denied" => Sts 403 "AccessDenied" "Not authorized to perform sts:AssumeRoleWithWebIdentity",
        /// STS: AccessDenied of AssumeRole ("Troubleshoot access denied error messages", IAM user guide, for this and the next).
        StsAssumeRoleDenied = "sts-assume-role-denied" => Sts 403 "AccessDenied" "User: arn:aws:sts::123456789012:assumed-role/JetbridgeAuthenticated/CognitoIdentityCredentials is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::123456789012:role/Other",
        /// STS: AccessDenied of AssumeRole with tags.
        StsTagSessionDenied = "sts-tag-session-denied" => Sts 403 "AccessDenied" "User: arn:aws:sts::123456789012:assumed-role/JetbridgeAuthenticated/CognitoIdentityCredentials is not authorized to perform: sts:TagSession on resource: arn:aws:iam::123456789012:role/Other",
        /// STS: ValidationError of AssumeRole for longer than an hour by a role's session ("Role chaining", IAM user guide; the
        /// sentence is quoted in 99designs/aws-vault, USAGE.md).
        StsChainingTooLong = "sts-chaining-too-long" => Sts 400 "ValidationError" "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
        /// STS: InternalFailure ("Common Errors", API reference).
        StsInternalFailure = "sts-internal-failure" => Sts 500 "InternalFailure" "The request processing has failed because of an unknown error, exception or failure.",
        /// STS: ServiceUnavailable ("Common Errors").
        StsUnavailable = "sts-unavailable" => Sts 503 "ServiceUnavailable" "The request has failed due to a temporary failure of the server.",
        /// STS: InvalidClientTokenId of signed calls, as for credentials of another partition ("Common Errors").
        StsUnknownAccessKey = "sts-unknown-access-key" => Sts 403 "InvalidClientTokenId" "The security token included in the request is invalid.",
        /// STS: ExpiredToken of signed calls.
        StsCredentialsExpired = "sts-credentials-expired" => Sts 403 "ExpiredToken" "The security token included in the request is expired",
        /// The API: 429, "Too Many Requests", as beyond the stage's rate.
        ApiThrottled = "api-throttled" => Api 429 "" "Too Many Requests",
        /// The API: 403, "Forbidden", as for credentials that have expired or that AWS does not know: an HTTP API says no more.
        ApiCredentialsRefused = "api-credentials-refused" => Api 403 "" "Forbidden",
        /// The API: AccessDeniedException, as from a REST API, which says what its callers lack (aws-samples' spacefinder quotes
        /// it). Newer answers go on after the resource with "because no identity-based policy allows the execute-api:Invoke
        /// action" ("Troubleshoot access denied error messages", IAM user guide); this is the older edition.
        /// This and the following come with `x-amzn-errortype`, as from REST APIs and function URLs ("Gateway response types", API
        /// Gateway developer guide, names the types; "Common Errors" of any API reference the exceptions).
        ApiAccessDenied = "api-access-denied" => Api 403 "AccessDeniedException" "is not authorized to perform: execute-api:Invoke on resource: ",
        /// The API: MissingAuthenticationTokenException, as from a REST API that has no such method.
        ApiMethodMissing = "api-method-missing" => Api 403 "MissingAuthenticationTokenException" "Missing Authentication Token",
        /// The API: ForbiddenException, as from a method that wants an API key ("INVALID_API_KEY") or from AWS WAF ("WAF_FILTERED").
        ApiForbidden = "api-forbidden" => Api 403 "ForbiddenException" "Forbidden",
        /// The API: UnauthorizedException (401), as from AppSync of a signed call whose role lacks appsync:GraphQL
        /// (aws-amplify/amplify-js#5601, amplify-cli#4137). Of a missing or expired API key it says "You are not authorized to make
        /// this call.".
        ApiUnauthorized = "api-unauthorized" => Api 401 "UnauthorizedException" "Permission denied",
        /// The API: ExpiredTokenException ("EXPIRED_TOKEN").
        ApiTokenExpired = "api-token-expired" => Api 403 "ExpiredTokenException" "The security token included in the request is expired",
        /// The API: AccessDeniedException, as REST APIs say of credentials that AWS does not know: "The caller used IAM keys that aren't
        /// valid" ("How do I troubleshoot HTTP 403 errors from API Gateway?", repost.aws/knowledge-center).
        ApiSecurityTokenInvalid = "api-security-token-invalid" => Api 403 "AccessDeniedException" "The security token included in the request is invalid.",
        /// The API: UnrecognizedClientException, as AppSync says the same (aws-amplify/amplify-js#3447).
        ApiUnknownAccessKey = "api-unknown-access-key" => Api 403 "UnrecognizedClientException" "The security token included in the request is invalid.",
        /// The API: InvalidSignatureException ("INVALID_SIGNATURE"), of a signature that is too old ("Troubleshoot signed requests for
        /// AWS APIs", IAM user guide, which has the words of this and the following).
        ApiSignatureExpired = "api-signature-expired" => Api 403 "InvalidSignatureException" "Signature expired: 20261128T080000Z is now earlier than 20261128T085500Z (20261128T090000Z - 5 min.)",
        /// The API: InvalidSignatureException, of a signature from the future.
        ApiSignatureEarly = "api-signature-early" => Api 403 "InvalidSignatureException" "Signature not yet current: 20261128T100000Z is still later than 20261128T090500Z (20261128T090000Z + 5 min.)",
        /// The API: InvalidSignatureException, of a signature for another service.
        ApiSignatureMisplaced = "api-signature-misplaced" => Api 403 "InvalidSignatureException" "Credential should be scoped to correct service: 'execute-api'.",
        /// The API: InvalidSignatureException, as when a proxy changes what was signed.
        ApiSignatureMismatch = "api-signature-mismatch" => Api 403 "InvalidSignatureException" "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
        /// The API: IncompleteSignatureException, as when a proxy takes headers off.
        ApiSignatureIncomplete = "api-signature-incomplete" => Api 403 "IncompleteSignatureException" "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
    }
    lasting {
        /// Okta: it has no application with this client id.
        OktaClientMissing = "okta-client-missing" => Okta 401 "invalid_client" "Invalid value for 'client_id' parameter.",
        /// Okta: the application's list has no sign-in redirect URI, so that its page shows `invalid_request`.
        OktaRedirectUriMissing = "okta-redirect-uri-missing" => Okta 400 "invalid_request" "The 'redirect_uri' parameter must be a Login redirect URI in the client app settings.",
        /// Okta: nobody is assigned to the application.
        OktaUserNotAssigned = "okta-user-not-assigned" => Okta 400 "access_denied" "User is not assigned to the client application.",
        /// Okta: the custom authorization server has no access policy, at the authorization as at the token endpoint, as in new orgs
        /// (guides/customize-authz-server; `no_matching_policy` of the catalogue).
        OktaPolicyMissing = "okta-policy-missing" => Okta 401 "access_denied" "Policy evaluation failed for this request, please check the policy configurations.",
        /// Okta: the one rule of the custom authorization server's policy does not cover `offline_access`, so that it is no rule for
        /// requests with it.
        OktaPolicyWithoutOfflineAccess = "okta-policy-without-offline-access" => Okta 401 "access_denied" "Policy evaluation failed for this request, please check the policy configurations.",
        /// Okta: the application's grant types lack Authorization Code. The browser comes back with `unsupported_response_type`; a
        /// code that was given before is refused with `unauthorized_client`.
        OktaCodeGrantMissing = "okta-code-grant-missing" => Okta 400 "unsupported_response_type" "The response type is not supported by the authorization server. Configured response types: [none].",
        /// Okta: the application's grant types lack Refresh Token: a refresh is refused with `unauthorized_client`. The browser comes
        /// back with `invalid_scope` for `offline_access`; which of the catalogue's errors that is, is not found.
        OktaRefreshGrantMissing = "okta-refresh-grant-missing" => Okta 400 "unauthorized_client" "The client is not authorized to use the provided grant type. Configured grant types: [authorization_code].",
        /// Okta: the application is one with a client secret (`invalid_token_endpoint_auth_method` of the catalogue).
        OktaClientSecretDemanded = "okta-client-secret-demanded" => Okta 401 "invalid_client" "Client authentication failed. Either the client or the client credentials are invalid.",
        /// Okta: the application wants DPoP: no proof, no token (`invalid_dpop_proof_missing_header` of the catalogue; guides/dpop). A
        /// request with one is asked for a nonce; proofs are not verified here.
        OktaDpopDemanded = "okta-dpop-demanded" => Okta 400 "invalid_dpop_proof" "The DPoP proof JWT header is missing.",
        /// Okta: the application wants its authorization requests pushed, and the metadata do not say so (RFC 9126 section 5 and
        /// section 6: the demand may be the client's own metadata). Okta's words for it are not found.
        OktaPushedRequestsDemanded = "okta-pushed-requests-demanded" => Okta 400 "invalid_request" "Pushed Authorization Request is only allowed.",
        /// Okta: the application may be used from other network zones alone (`disallowed_network_zone` of the catalogue).
        OktaNetworkZone = "okta-network-zone" => Okta 403 "access_denied" "The request is made from outside the client's permitted network zones.",
        /// Okta: the org has no API Access Management. The custom authorization server's metadata are there; its page says
        /// `server_error` (seen in okta/samples-js-react#98 and zeekhoo-okta/okta-django-samples#25), and so do the endpoints that an
        /// app asks (`feature_not_enabled` of the catalogue).
        OktaCustomServersMissing = "okta-custom-servers-missing" => Okta 403 "server_error" "The requested feature is not enabled in this environment.",
        /// Okta: the issuer mode is "Dynamic": whoever asks under another of the org's names (`localhost` here) is told another
        /// issuer, and tokens have that of the authorization request, which IAM does not know (guides/custom-url-domain).
        OktaIssuerDynamic = "okta-issuer-dynamic",
        /// Cognito: there is no such pool any more.
        CognitoPoolMissing = "cognito-pool-missing" => Cognito 400 "ResourceNotFoundException" "IdentityPool '",
        /// Cognito: the provider is not attached to the pool.
        CognitoProviderDetached = "cognito-provider-detached" => Cognito 400 "NotAuthorizedException" "Token is not from a supported provider of this identity pool.",
        /// Cognito: no role is attached to the pool for those who signed in.
        CognitoRoleMissing = "cognito-role-missing" => Cognito 400 "InvalidIdentityPoolConfigurationException" "Invalid identity pool configuration. Check assigned IAM roles for this pool.",
        /// Cognito and STS: IAM has no provider for the issuer.
        IamProviderMissing = "iam-provider-missing" => Sts 400 "InvalidIdentityToken" "No OpenIDConnect provider found in your account for ",
        /// Cognito and STS: without a template IAM knows the custom authorization server's issuer alone, not the org's, so that an
        /// issuer without its path signs in and gets no further.
        IamOrgProviderMissing = "iam-org-provider-missing" => Cognito 400 "NotAuthorizedException" "Token is not from a supported provider of this identity pool.",
        /// Cognito and STS: IAM's provider has another audience than the client id. What Cognito says then is seen in
        /// amazon-archives/amazon-cognito-identity-js#7.
        IamAudienceMissing = "iam-audience-missing" => Sts 400 "InvalidIdentityToken" "Incorrect token audience",
        /// Cognito: the trust policies of all roles name another pool (condition `cognito-identity.amazonaws.com:aud`; "IAM roles",
        /// "Role trust and permissions", Cognito developer guide).
        TrustOtherPool = "trust-other-pool" => Cognito 400 "InvalidIdentityPoolConfigurationException" "Invalid identity pool configuration. Check assigned IAM roles for this pool.",
        /// Cognito: the trust policies of all roles want the other kind of identity (`cognito-identity.amazonaws.com:amr`).
        TrustOtherAmr = "trust-other-amr" => Cognito 400 "InvalidIdentityPoolConfigurationException" "Invalid identity pool configuration. Check assigned IAM roles for this pool.",
        /// Cognito and STS: the trust policies of all roles allow `sts:AssumeRole` in place of `sts:AssumeRoleWithWebIdentity`.
        TrustAssumeRole = "trust-assume-role" => Sts 403 "AccessDenied" "Not authorized to perform sts:AssumeRoleWithWebIdentity",
        /// Cognito and STS: the trust policies of all roles lack `sts:TagSession` ("Using attributes for access control", Cognito
        /// developer guide). Without a template the pool makes a tag of the claim `department` from then on.
        TrustWithoutTagSession = "trust-without-tag-session" => Cognito 400 "InvalidIdentityPoolConfigurationException" "Invalid identity pool configuration. Check assigned IAM roles for this pool.",
        /// Cognito: everybody's department is "R&D", a value that STS takes for no tag ("Rules for tagging in IAM and AWS STS"). Without
        /// a template the pool makes a tag of the claim `department` from then on.
        TagValueRefused = "tag-value-refused" => Cognito 400 "InvalidIdentityPoolConfigurationException" "Invalid identity pool configuration. Check assigned IAM roles for this pool.",
        /// S3: no policy of the role allows anything.
        RoleWithoutPolicies = "role-without-policies" => S3 403 "AccessDenied" "because no identity-based policy allows the ",
        /// S3: the role may list the bucket's objects as a resource (`…/*`), which is none that s3:ListBucket has ("Actions, resources,
        /// and condition keys for Amazon S3", service authorization reference): the commonest mistake.
        RoleListsObjects = "role-lists-objects" => S3 403 "AccessDenied" "is not authorized to perform: s3:ListBucket on resource: ",
        /// S3: the bucket's policy denies everybody everything.
        BucketPolicyDenies = "bucket-policy-denies" => S3 403 "AccessDenied" "with an explicit deny in a resource-based policy",
        /// S3: all buckets are in eu-central-1, and the endpoint that was asked answers 301 to requests that were signed for another
        /// region (header, elements and their order as seen in yanganto/s3rs#18). Who signs for eu-central-1 is served.
        S3BucketElsewhere = "s3-bucket-elsewhere" => S3 301 "PermanentRedirect" "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.",
        /// S3: as `s3-bucket-elsewhere`, where the bucket's name in the host has led to the right region already: 400, which names it.
        S3RegionMalformed = "s3-region-malformed" => S3 400 "AuthorizationHeaderMalformed" "The authorization header is malformed; the region '",
        /// Every service: their clocks are a day ahead of the device's.
        ClockDayAhead = "clock-day-ahead",
        /// Every service: their clocks are a day behind the device's.
        ClockDayBehind = "clock-day-behind",
    }
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
    /// Spoils the next `times` requests that `fault` concerns; 0 switches it off. One that [lasts](Fault::lasts) is so from now
    /// on, whatever the number, until 0 mends it.
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

    /// Whether a wrong set-up is in force.
    pub(crate) fn holds(&self, fault: Fault) -> bool {
        debug_assert!(fault.lasts(), "{fault:?} would not be counted");
        self.lock().get(&fault).is_some_and(|injected| injected.left > 0)
    }

    /// The answer of the first of these faults that spoils this request, which counts for it.
    pub(crate) fn take_answer(&self, faults: &[Fault]) -> Option<FaultAnswer> {
        faults.iter().find(|fault| self.take(**fault))?.answer()
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
        if !fault.lasts() {
            found.left -= 1;
        }
        Some(*found)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Fault, Injected>> {
        self.injected.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_fault_has_a_name_of_its_own_and_says_who_shows_it() {
        let names: HashSet<_> = Fault::ALL.iter().map(|fault| fault.name()).collect();
        assert_eq!(names.len(), Fault::ALL.len());
        for fault in Fault::ALL {
            let (who, what) = fault.description().split_once(": ").unwrap();
            let known = ["Okta", "Cognito", "Cognito and STS", "S3", "STS", "The API", "Every service"].contains(&who);
            assert!(known && !what.is_empty(), "{fault:?}: {who}");
            let named = fault.answer().map(|answer| match answer.service {
                Service::Okta => "Okta",
                Service::Cognito => "Cognito",
                Service::S3 => "S3",
                Service::Sts => "STS",
                Service::Api => "The API",
            });
            assert!(named.is_none_or(|named| who.contains(named)), "{fault:?}: {named:?}");
        }
    }

    #[test]
    fn what_passes_is_counted_and_what_lasts_is_mended() {
        let faults = Faults::default();
        faults.inject(Fault::S3SlowDown, 1);
        assert_eq!((faults.take(Fault::S3SlowDown), faults.take(Fault::S3SlowDown)), (true, false));
        faults.inject(Fault::OktaUserNotAssigned, 1);
        assert!((0..3).all(|_| faults.holds(Fault::OktaUserNotAssigned) && faults.take(Fault::OktaUserNotAssigned)));
        faults.inject(Fault::OktaUserNotAssigned, 0);
        assert!(!faults.holds(Fault::OktaUserNotAssigned));
    }
}
