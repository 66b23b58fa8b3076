//! What Okta says: by redirect, on its error page, at the token endpoint, at that for pushed requests, at userinfo.
//!
//! Codes and sentences are those of Okta's own lists, release 2026.08.1: `oauth2-error-codes.json` and `error-codes.json` of
//! okta/okta-developer-docs (commit 468de9c, `packages/@okta/vuepress-site/data`), from which its pages are made. Each row's
//! source names its entry there, `internalErrorCode`, by which Okta's System Log calls it too (`outcome.reason`); "en" in an
//! entry's sentence stands for a value. What no call of this library can meet is left out: device and backchannel flows,
//! token exchange, client assertions, request objects of our own, web pages' requests.

use super::row::{Kind, Row, rows_of};
use crate::error::Service;
use Kind::{AccessDenied, Misconfigured, Retryable, SignIn};

macro_rules! oauth {
    ($entry:literal) => {
        concat!("Okta, oauth2-error-codes.json (2026.08.1): ", $entry)
    };
}

/// Okta's API errors have a number for a code.
macro_rules! api {
    ($entry:literal) => {
        concat!("Okta, error-codes.json (2026.08.1): ", $entry)
    };
}

rows_of!(Some(Service::Okta));

const CLAIMS: &str = "ID token claims";
const CLIENT_ID: &str = "okta_client_id";
const ISSUER: &str = "okta_issuer_url";
const SCOPES: &str = "okta_scopes";

#[rustfmt::skip]
pub(super) static ROWS: &[Row] = &[
    // Somebody may not.
    row("okta-user-not-assigned", "access_denied", "User is not assigned to the client application", AccessDenied,
        "the user is not assigned to the application",
        "In Okta: Applications > your app > Assignments: assign the user or one of the user's groups. The browser stays \
         signed in at Okta, so that the next sign-in is this user's too, unless it asks for another one (prompt=login).")
        .says(&["User is not assigned to the client application."])
        .from(oauth!("user_not_assigned")),
    row("okta-no-matching-policy", "access_denied", "Policy evaluation failed for this request", AccessDenied,
        "no access policy of the authorization server covers this request",
        "In Okta: Security > API > your authorization server > Access Policies: add a policy for client {client_id} with a \
         rule whose grant type is Authorization Code, whose user is any user assigned to the app (or a group that this one is \
         in), and which allows every requested scope, offline_access included.")
        .says(&["Policy evaluation failed for this request, please check the policy configurations."])
        .from(oauth!("no_matching_policy")),
    row("okta-no-scope-allowed", "access_denied", "all the requested scopes were rejected", AccessDenied,
        "the access policy's rule allows none of the requested scopes",
        "In Okta: Security > API > your authorization server > Access Policies > the rule: allow the scopes of okta_scopes, \
         offline_access included.")
        .says(&["Policy evaluation succeeded, but all the requested scopes were rejected."])
        .from(oauth!("no_scope_allowed")),
    row("okta-scopes-denied", "access_denied", "requested scopes were denied by the policy", AccessDenied,
        "the access policy's rule does not allow every requested scope",
        "In Okta: Security > API > your authorization server > Access Policies > the rule: allow the scopes of okta_scopes, \
         or take out of okta_scopes what nobody needs.")
        .says(&["Some of the requested scopes were denied by the policy. Denied scopes: […]."])
        .from(oauth!("scope_denied")),
    row("okta-refresh-scopes-denied", "access_denied", "were not granted in the original authorize request", AccessDenied,
        "a renewal asks for scopes that the sign-in was not granted",
        "Sign out and in again; if it comes back, compare okta_scopes with what the access policy's rule allows.")
        .says(&["Some of the scopes requested for the refresh request were not granted in the original authorize request. \
                 Denied scopes: …."])
        .from(oauth!("refresh_scopes_denied")),
    row("okta-network-zone", "access_denied", "made from outside the client's permitted network zones", AccessDenied,
        "the application may not be used from this network",
        "Use a network of the application's zones. In Okta: Security > Networks has the zones, and the application's General \
         tab which of them it may be used from.")
        .says(&["The request is made from outside the client's permitted network zones."])
        .from(oauth!("disallowed_network_zone")),
    row("okta-password-expired", "access_denied", "The user's password is expired", AccessDenied,
        "the user's password has expired",
        "Sign in at Okta's own page once and set a new one; or in Okta: Directory > People > the user > Reset password.")
        .says(&["The user's password is expired."])
        .from(oauth!("password_expired")),
    row("okta-user-status", "access_denied", "User status is invalid", AccessDenied,
        "the user's account at Okta is not active",
        "In Okta: Directory > People > the user: activate or unsuspend the account.")
        .says(&["User status is invalid."])
        .from(oauth!("invalid_user_status_error")),
    row("okta-user-creation", "access_denied", "User creation was", AccessDenied,
        "the user comes from another identity provider and has no account at Okta, and none may be made",
        "In Okta: Security > Identity Providers > the provider: allow just-in-time provisioning, or make the account first.")
        .says(&[
            "User creation was disabled.",
            "User creation was denied by the callout service.",
        ])
        .from(oauth!("jit_disabled, jit_denied")),
    row("okta-user-linking", "access_denied", "User linking", AccessDenied,
        "the user comes from another identity provider, and is not linked to the account at Okta",
        "In Okta: Security > Identity Providers > the provider: account link policy, its groups and filters.")
        .says(&[
            "User linking was disabled.",
            "User linking failed.",
            "User linking was denied because the user is not in any of the specified groups.",
            "User linking was denied because the user is not allowed by the account linking filters.",
            "User linking was denied by the callout service.",
        ])
        .from(oauth!("link_disabled, link_failure, link_denied_group, link_denied_user, link_denied_callout")),
    row("okta-idp-cancelled", "access_denied", "User canceled", AccessDenied,
        "the sign-in was given up at another identity provider",
        "Sign in again, and finish it there.")
        .says(&[
            "User canceled the social login request.",
            "User canceled the authentication.",
        ])
        .from(oauth!("user_canceled_request, eam_user_canceled_request")),
    row("okta-feature-not-enabled", "access_denied", "The requested feature is not enabled in this environment", AccessDenied,
        "this Okta org does not have a feature that the sign-in needs",
        "Ask Okta's administrator or support for it: custom authorization servers need API Access Management, without which \
         okta_issuer_url has to be the bare https://your-domain.")
        .says(&["The requested feature is not enabled in this environment."])
        .from(oauth!("feature_not_enabled_access_denied")),
    row("okta-resource-owner-denied", "access_denied", "The resource owner or authorization server denied the request",
        AccessDenied,
        "somebody pressed Cancel or gave no consent on Okta's page, or a sign-in policy refused",
        "Sign in again. If nobody cancelled: in Okta, Applications > your app > Sign On > the app sign-in policy (authentication \
         policy in older orgs), and Reports > System Log for the rule that denied.")
        .says(&["The resource owner or authorization server denied the request."])
        .from(oauth!("access_denied")),
    row("okta-access-denied", "access_denied", "", AccessDenied,
        "the sign-in was refused at Okta",
        "If this was not you pressing Cancel, ask your Okta administrator: Reports > System Log has the details.")
        .says(&[
            "Login failed.",
            "Invalid session.",
            "The authorize request required an MFA prompt but the org has no factors configured.",
            "Could not match social profile to an Okta user.",
            "Error in linking or finding a linked user.",
            "Social transaction expired.",
            "Failed to generate username.",
        ])
        .from("RFC 6749 §4.1.2.1"),
    row("okta-acr-values", "unmet_authentication_requirements", "", AccessDenied,
        "the user cannot sign in as strongly as the request asks for (acr_values)",
        "Enrol another authenticator in Okta's settings of the account, or ask for less.")
        .says(&["Unable to meet the authentication requirements imposed by 'acr_values' parameter."])
        .from(oauth!("unmet_authentication_requirements")),
    row("okta-not-permitted", "E0000006", "", AccessDenied,
        "Okta does not let this device or network do this",
        "In Okta: Security > Networks (blocked zones) and Reports > System Log have the reason.")
        .says(&["You do not have permission to perform the requested action"])
        .from(api!("E0000006")),

    // The user has to come back.
    row("okta-request-expired", "login_required", "Request expired, please start over", SignIn,
        "the page of the sign-in was open for too long", "Start the sign-in again.")
        .says(&["Request expired, please start over and try again."])
        .from(oauth!("request_expired")),
    row("okta-login-required", "login_required", "", SignIn,
        "Okta was asked not to show a page (prompt=none), and nobody is signed in there, or not strongly enough for the app",
        "Sign in without prompt=none.")
        .says(&[
            "The client specified not to prompt, but the user is not logged in.",
            "The client specified not to prompt, but the client app requires re-authentication or MFA.",
            "A 'prompt' value of 'none' requires an existing session to successfully authorize.",
        ])
        .from(oauth!("login_required, app_sign_on_required, no_existing_session")),
    row("okta-consent-required", "consent_required", "", SignIn,
        "a scope needs the user's consent, and Okta was asked not to show a page",
        "Sign in without prompt=none; or in Okta: Security > API > your authorization server > Scopes: no consent required.")
        .says(&[
            "The following scopes require user consent: […].",
            "You are not allowed any of the requested scopes.",
        ])
        .from(oauth!("consent_required, no_org_scopes_granted")),
    row("okta-interaction-required", "interaction_required", "", SignIn,
        "the user has to do something on Okta's page, and Okta was asked not to show one",
        "Sign in without prompt=none.")
        .says(&["Your client is configured to use the interaction code flow and user interaction is required to complete \
                 the request."])
        .from(oauth!("interaction_required")),

    // A code or a refresh token.
    row("okta-grant-rate-limited", "invalid_grant", "API call exceeded rate limit", Retryable,
        "Okta limits the rate of requests of this user", "")
        .says(&["API call exceeded rate limit due to too many requests."])
        .from(oauth!("user_rate_limited")),
    row("okta-code-invalid", "invalid_grant", "The authorization code is invalid or has expired", SignIn,
        "the authorization code is older than its five minutes, or was used before", "Start the sign-in again.")
        .says(&["The authorization code is invalid or has expired."])
        .from(oauth!("invalid_authorization_code")),
    row("okta-pkce-failed", "invalid_grant", "PKCE verification failed", SignIn,
        "the authorization code belongs to another attempt to sign in", "Start the sign-in again.")
        .says(&[
            "PKCE verification failed.",
            "PKCE verification failed: ….",
        ])
        .from(oauth!("pkce_verification_failed, pkce_verification_failed_with_reason")),
    row("okta-redirect-uri-differs", "invalid_grant", "The 'redirect_uri' does not match the redirection URI", SignIn,
        "the authorization code was asked for with another redirect URI", "Start the sign-in again.")
        .says(&["The 'redirect_uri' does not match the redirection URI used in the authorization request."])
        .from(oauth!("mismatched_redirect_uri")),
    row("okta-grant-of-another-client", "invalid_grant", "The grant was issued to another client", SignIn,
        "the code or the refresh token was issued to another client ID than {client_id}",
        "Sign in again; okta_client_id was changed meanwhile, perhaps.")
        .says(&["The grant was issued to another client. Please make sure the 'client_id' matches the one used at the \
                 authorize request."])
        .from(oauth!("mismatched_client")),
    row("okta-refresh-token-invalid", "invalid_grant", "The refresh token is invalid or expired", SignIn,
        "the refresh token has expired, was revoked, was not used for longer than Okta keeps it (seven days unless the \
         access policy says otherwise), or was used twice under rotation",
        "Sign in again. If it comes too soon: in Okta, Security > API > your authorization server > Access Policies > the \
         rule: refresh token lifetime.")
        .says(&["The refresh token is invalid or expired."])
        .from(oauth!("invalid_refresh_token")),
    row("okta-grant-invalid", "invalid_grant", "", SignIn,
        "Okta no longer takes the code or the refresh token", "Sign in again.")
        .says(&["Invalid grant"])
        .from(oauth!("invalid_grant")),

    // The redirect URIs.
    row("okta-redirect-uri-unknown", "invalid_request", "'redirect_uri' parameter must be", Misconfigured("redirect URI"),
        "Okta does not know the redirect URI of this request",
        "If it is what you want: in Okta, Applications > your app > General > Sign-in redirect URIs: add it, equal in every \
         character, port included. If not: correct okta_callback_url (on a desktop okta_desktop_callback_url).")
        .says(&[
            "The 'redirect_uri' parameter must be a Login redirect URI in the client app settings.",
            "The 'redirect_uri' parameter must be a Login redirect URI in the client app settings: …",
            "The 'redirect_uri' parameter must be an absolute URI that is whitelisted in the client app settings.",
        ])
        .from(oauth!("illegal_redirect_uri, illegal_redirect_uri_enhanced")),
    // On the page that the browser shows at a sign-out.
    row("okta-logout-uri-unknown", "invalid_request", "'post_logout_redirect_uri' parameter must be",
        Misconfigured("okta_logout_url"),
        "Okta does not know the address to go to after the sign-out",
        "In Okta: Applications > your app > General > Sign-out redirect URIs: add okta_logout_url, equal in every character.")
        .says(&[
            "The 'post_logout_redirect_uri' parameter must be a Logout redirect URI in the client app settings.",
            "The 'post_logout_redirect_uri' parameter must be a Logout redirect URI in the client app settings: …",
        ])
        .from(oauth!("illegal_post_logout_redirect_uri, illegal_post_logout_redirect_uri_enhanced")),

    // What else the request has.
    row("okta-idp-unknown", "invalid_request", "Identity provider is not valid", Misconfigured("idp"),
        "the app asks for an identity provider (idp) that Okta does not know",
        "In Okta: Security > Identity Providers > the provider: copy its ID, and see that it is active.")
        .says(&["Identity provider is not valid."])
        .from(oauth!("unknown_idp")),
    // Okta's lists have no words for it, nor RFC 9126 §5 a code: "Pushed Authorization Request is only allowed." at Keycloak.
    row("okta-push-required", "invalid_request", "ushed", Misconfigured("okta_pushed_authorization_requests"),
        "the application takes pushed authorization requests only",
        "Set okta_pushed_authorization_requests to true.")
        .says(&["Pushed Authorization Request is only allowed."])
        .from("RFC 9126 §5; keycloak/keycloak, AuthorizationEndpointChecker.java"),
    row("okta-grant-of-another-server", "invalid_request", "was issued for another authorization server",
        Misconfigured(ISSUER),
        "the code or the refresh token is one of another authorization server than {issuer}",
        "Set okta_issuer_url to the authorization server that the sign-in began at, or sign in again.")
        .says(&["The grant was issued for another authorization server."])
        .from(oauth!("mismatched_authorization_server")),
    row("okta-request-invalid", "invalid_request", "", Misconfigured("request"),
        "Okta does not accept the request",
        "Compare okta_client_id, okta_scopes and what the app adds to the request with Applications > your app > General in \
         Okta; Reports > System Log has the details.")
        .says(&[
            "Invalid request",
            "The authorization server id is invalid.",
            "The required parameter '…' is missing.",
            "The request contained multiple parameters with the same name.",
            "Duplicate parameter provided in request. Duplicated parameters: […].",
            "Invalid value for 'prompt' parameter. Supported values: […]",
            "Invalid value for 'max_age' parameter. It should be within range 0 - 2^31-1.",
            "'prompt' parameter must not have the value 'none' for request with 'zero' as max_age.",
            "Clients with 'application_type' of 'service' are not allowed to access the '…' endpoint.",
        ])
        .from(oauth!("invalid_request and the entries of this errorCode")),
    row("okta-request-uri-not-supported", "request_uri_not_supported", "",
        Misconfigured("okta_pushed_authorization_requests"),
        "the application takes no pushed authorization requests",
        "Take okta_pushed_authorization_requests out of okta-config.json, or enable PAR in Okta.")
        .says(&["The authorize request uri is not supported by this client."])
        .from(oauth!("request_uri_not_supported")),
    row("okta-request-uri-invalid", "invalid_request_uri", "", Retryable,
        "the pushed request has expired or was used before", "")
        .says(&[
            "The authorize request_uri is invalid.",
            "The request_uri was issued for another authorization server.",
        ])
        .from(oauth!("invalid_request_uri, authorize_request_uri_mismatched_authorization_server")),
    row("okta-request-not-supported", "request_not_supported", "", Misconfigured(CLIENT_ID),
        "the application and the request disagree about signed request objects, which this version does not send",
        "Use an app of type Native Application that demands none.")
        .says(&[
            "The authorize request object is not supported by this client.",
            "The issuer of the request object does not have a client secret.",
        ])
        .from(oauth!("request_not_supported, request_object_no_client_secret")),
    row("okta-response-type", "unsupported_response_type", "", Misconfigured(CLIENT_ID),
        "the application may not use the authorization code flow",
        "In Okta: Applications > your app > General > Grant type: tick Authorization Code.")
        .says(&["The response type is not supported by the authorization server. Configured response types: […]."])
        .from(oauth!("unsupported_response_type")),
    row("okta-response-mode", "unsupported_response_mode", "", Misconfigured(CLIENT_ID),
        "the authorization server does not answer in the redirect's query",
        "Use an app of type Native Application, and an issuer of Okta: it has `query` among its response_modes_supported.")
        .says(&["The response mode is not supported by the authorization server. Valid response modes: […]."])
        .from(oauth!("unsupported_response_mode")),

    // The scopes.
    row("okta-scope-unknown", "invalid_scope", "One or more scopes are not configured", Misconfigured(SCOPES),
        "the authorization server does not know one of the scopes",
        "Remove the scope from okta_scopes, or add it in Okta: Security > API > your authorization server > Scopes; \
         offline_access needs the Refresh Token grant of the app.")
        .says(&["One or more scopes are not configured for the authorization server resource."])
        .from(oauth!("no_matching_scope")),
    row("okta-openid-missing", "invalid_scope", "require the 'openid' scope", Misconfigured(SCOPES),
        "scopes such as profile and email need openid beside them", "Add openid to okta_scopes.")
        .says(&["Requests for ID tokens or access tokens with OpenID scopes require the 'openid' scope."])
        .from(oauth!("openid_scope_required")),
    row("okta-custom-scope", "invalid_scope", "Custom scopes are not allowed", Misconfigured(SCOPES),
        "the org authorization server knows no scopes of your own",
        "Remove them from okta_scopes, or set okta_issuer_url to a custom authorization server that has them.")
        .says(&["Custom scopes are not allowed for this request."])
        .from(oauth!("illegal_custom_scope")),
    row("okta-scope-not-allowed", "invalid_scope", "not allowed for this request", Misconfigured(SCOPES),
        "one of the scopes is not allowed for this application",
        "Remove it from okta_scopes; offline_access needs Refresh Token ticked: Applications > your app > General > Grant \
         type.")
        .says(&[
            "Scopes are not allowed for this request.",
            "The following scopes are not allowed for this request: […].",
        ])
        .from(oauth!("illegal_scope, illegal_scopes")),
    row("okta-scope-invalid", "invalid_scope", "", Misconfigured(SCOPES),
        "the authorization server does not know or does not allow one of the scopes",
        "Remove the scope from okta_scopes, or add it in Okta; offline_access needs the Refresh Token grant of the app.")
        .says(&[
            "The requested scope is invalid, unknown, malformed, or exceeds the scope granted by the resource owner.",
            "No scopes were requested.",
            "The following scopes cannot be requested together: […].",
            "The following scopes: […] must be requested together with […].",
            "The authorization server resource does not have any configured default scopes, 'scope' must be provided.",
        ])
        .from(oauth!("invalid_scope and the entries of this errorCode")),
    // Of the access token, at userinfo.
    row("okta-insufficient-scope", "insufficient_scope", "", Misconfigured(SCOPES),
        "the access token does not have the scopes that the profile needs",
        "Add openid, profile and email to okta_scopes, and sign in again.")
        .says(&[
            "Insufficient scope",
            "The access token provided does not contain the required scopes.",
        ])
        .from(oauth!("insufficient_scope, access_token_insufficient_scopes")),

    // The client.
    row("okta-client-unknown", "invalid_client", "Invalid value for 'client_id' parameter", Misconfigured(CLIENT_ID),
        "the Okta org of this issuer has no active application {client_id}",
        "Use the client ID of an active app of type Native Application (Applications > your app > General > Client \
         Credentials) in the org that okta_issuer_url is of.")
        .says(&["Invalid value for 'client_id' parameter."])
        .from(oauth!("invalid_client_id")),
    row("okta-client-secret-wanted", "invalid_client", "Client authentication failed", Misconfigured(CLIENT_ID),
        "Okta expects application {client_id} to authenticate itself, by a client secret or a key",
        "Use the client ID of an app of type Native Application, with client authentication None (Applications > your app > \
         General > Client Credentials).")
        .says(&["Client authentication failed. Either the client or the client credentials are invalid."])
        .from(oauth!("invalid_client, invalid_token_endpoint_auth_method")),
    row("okta-client-credentials-missing", "invalid_client", "No client credentials found", Misconfigured(CLIENT_ID),
        "Okta expects a client secret of application {client_id}",
        "Use the client ID of an app of type Native Application, with client authentication None (Applications > your app > \
         General > Client Credentials).")
        .says(&["No client credentials found."])
        .from(oauth!("missing_client_credentials")),
    row("okta-client-invalid", "invalid_client", "", Misconfigured(CLIENT_ID),
        "Okta does not know client {client_id}, or expects a client secret of it",
        "Use the client ID of an app of type Native Application, with client authentication None.")
        .says(&[
            "Found Authentication header but was not valid client credentials.",
            "The client secret supplied for a confidential client is invalid.",
            "Browser requests to the token endpoint must use Proof Key for Code Exchange.",
            "The 'client_id' parameter does not match the expected value for the provided request_uri.",
        ])
        .from(oauth!("the entries of this errorCode")),
    row("okta-grant-type-not-allowed", "unauthorized_client", "The client is not authorized to use the provided grant type",
        Misconfigured(CLIENT_ID),
        "the application may not use this grant",
        "In Okta: Applications > your app > General > Grant type: tick Authorization Code and Refresh Token.")
        .says(&["The client is not authorized to use the provided grant type. Configured grant types: […]."])
        .from(oauth!("unauthorized_client")),
    row("okta-custom-server-not-allowed", "unauthorized_client", "This client cannot use a custom authorization server",
        Misconfigured(ISSUER),
        "the application may be used with the org authorization server only",
        "Set okta_issuer_url to the bare https://your-domain, and add an IAM identity provider with the same URL.")
        .says(&["This client cannot use a custom authorization server."])
        .from(oauth!("org_authorization_server_only_client")),
    row("okta-client-unauthorized", "unauthorized_client", "", Misconfigured(CLIENT_ID),
        "the application may not do this",
        "In Okta: Applications > your app > General > Grant type: tick Authorization Code and Refresh Token.")
        .says(&[
            "Browser requests to the token endpoint may only use the authorization_code grant_type.",
            "Confidential client is required to make this request.",
        ])
        .from(oauth!("the entries of this errorCode")),
    row("okta-grant-type-unsupported", "unsupported_grant_type", "", Misconfigured(CLIENT_ID),
        "the application or the authorization server does not have this grant",
        "In Okta: Applications > your app > General > Grant type: tick Authorization Code and Refresh Token.")
        .says(&["The authorization grant type is not supported by the authorization server. Configured grant types: […]."])
        .from(oauth!("unsupported_grant_type")),
    row("okta-dpop-nonce", "use_dpop_nonce", "", Misconfigured(CLIENT_ID),
        "the application requires DPoP, which this version does not speak",
        "In Okta: Applications > your app > General: clear \"Require Demonstrating Proof of Possession (DPoP) header \
         in token requests\".")
        .says(&["Authorization server requires nonce in DPoP proof."])
        .from(oauth!("use_dpop_nonce")),
    row("okta-dpop-proof", "invalid_dpop_proof", "", Misconfigured(CLIENT_ID),
        "the application requires DPoP, which this version does not speak",
        "In Okta: Applications > your app > General: clear \"Require Demonstrating Proof of Possession (DPoP) header \
         in token requests\".")
        .says(&["The DPoP proof JWT header is missing."])
        .from(oauth!("invalid_dpop_proof_missing_header")),

    // The server.
    row("okta-groups-claim", "server_error", "The groups claim matched too many groups", Misconfigured(CLAIMS),
        "the groups claim of the ID token matches more groups than Okta puts into a token",
        "In Okta: Security > API > your authorization server > Claims (org server: Applications > your app > Sign On): \
         narrow the filter of the groups claim.")
        .says(&["The groups claim matched too many groups and must be configured to match fewer groups."])
        .from(oauth!("too_many_groups_in_groups_claim")),
    row("okta-claim-evaluation", "server_error", "claim could not be evaluated", Misconfigured(CLAIMS),
        "a claim's expression fails for this user: {words}",
        "In Okta: Security > API > your authorization server > Claims: correct its expression; Token Preview tries it for \
         one user.")
        .says(&[
            "The '…' user claim could not be evaluated.",
            "The '…' system claim could not be evaluated.",
        ])
        .from(oauth!("user_claim_evaluation_failure, system_claim_evaluation_failure")),
    // Of the same org E0000015 is said below: which of the two, depends on who is asked. On a page it stands without a code.
    row("okta-custom-servers-missing", "server_error", "The requested feature is not enabled in this environment",
        Misconfigured(ISSUER),
        "this Okta org does not have what the request needs: without API Access Management, custom authorization servers \
         cannot be used",
        "Set okta_issuer_url to the org authorization server (the bare https://your-domain) and add an IAM identity \
         provider with the same URL; or have API Access Management switched on for the org.")
        .says(&["The requested feature is not enabled in this environment."])
        .from(oauth!("feature_not_enabled; its page as seen in okta/samples-js-react#98")),
    row("okta-server-error", "server_error", "", Retryable, "Okta had an internal error", "")
        .says(&[
            "The authorization server encountered an unexpected condition that prevented it from fulfilling the request.",
            "Failed to create the id_token.",
            "Failed to create the access_token.",
            "The callback service returned an error.",
            "The callout service returned an invalid response.",
            "Could not fetch social profile.",
            "The social identity provider returned an invalid state back to Okta.",
        ])
        .from(oauth!("server_error")),
    row("okta-unavailable", "temporarily_unavailable", "", Retryable, "Okta cannot answer now", "")
        .says(&["The authorization server is currently unable to handle the request due to a temporary overloading or \
                 maintenance of the server."])
        .from(oauth!("temporarily_unavailable")),
    row("okta-endpoint-gone", "E0000007", "", Misconfigured(ISSUER),
        "Okta has nothing at this address: the authorization server was deleted or switched off, perhaps",
        "In Okta: Security > API > Authorization Servers: compare its issuer URI with okta_issuer_url, and see that it is \
         active.")
        .says(&["Not found: …"])
        .from(api!("E0000007")),
    row("okta-path-unknown", "E0000008", "", Misconfigured(ISSUER),
        "Okta has no such path: what its metadata names is not what answers, or something on the way changes paths",
        "Open okta_issuer_url + /.well-known/openid-configuration in a browser and compare its endpoints; a domain of your own \
         or a proxy in front of Okta must pass paths on as they are.")
        .says(&["The requested path was not found"])
        .from(api!("E0000008")),
    row("okta-no-api-access-management", "E0000015", "", Misconfigured(ISSUER),
        "this Okta org lacks a feature: most often API Access Management, without which custom authorization servers cannot be \
         used",
        "Set okta_issuer_url to the org authorization server (the bare https://your-domain) and add an IAM identity \
         provider with the same URL.")
        .says(&["You do not have permission to access the feature you are requesting"])
        .from("Okta, error-codes.json (2026.08.1): E0000015; support.okta.com, \"401 Permissions Error during Log in to an OIDC \
               App or when Configuring a Custom Authorization Server\""),
    row("okta-rate-limited", "E0000047", "", Retryable, "Okta limits the rate of requests", "")
        .says(&["API call exceeded rate limit due to too many requests."])
        .from(api!("E0000047")),
];
