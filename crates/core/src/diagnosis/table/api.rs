//! What stands before an API says in its place: API Gateway, Lambda's function URLs, AppSync.
//!
//! `diagnosis/api.rs` has where each is reported.

use super::row::{Kind, Row, rows_of};
use crate::diagnosis::api as explain;
use crate::error::Service;
use Kind::{AccessDenied, Misconfigured, NotFound, Retryable};

const REST: &str = "How do I troubleshoot HTTP 403 errors from API Gateway? (repost.aws/knowledge-center)";
const SIGNING: &str = "IAM user guide, Troubleshoot signed requests for AWS APIs";

/// The fix of whatever the role's policies may forbid.
macro_rules! ask_permission {
    () => {
        "IAM console > Roles > the pool's authenticated role > Permissions: execute-api:Invoke (API Gateway), \
         lambda:InvokeFunctionUrl and lambda:InvokeFunction (function URLs) or appsync:GraphQL (AppSync); the error has the \
         ARN that this very call takes."
    };
}

rows_of!(Some(Service::Api));

#[rustfmt::skip]
pub(super) static ROWS: &[Row] = &[
    row("api-forbidden", "Forbidden", "", AccessDenied,
        "an HTTP API says \"Forbidden\" for whatever is wrong with a signature or a permission",
        concat!(ask_permission!(), " Check \"region\" and \"service\" of API.endpoints too."))
        .explained_by(explain::access_denied)
        .says(&["{\"message\":\"Forbidden\"}"])
        .from("aws/aws-cdk#21182, anomalyco/sst#6336"),
    // "The caller used IAM keys that aren't valid": no permission is missing. Others are told in other words, even if expired.
    row("api-credentials-refused", "AccessDeniedException", "security token included in the request",
        Misconfigured("API.endpoints"),
        "the API in {api_region} does not accept the AWS credentials, not even new ones",
        "Credentials of {region} work in its own partition (AWS, China or GovCloud); regions that an account has to enable \
         may need session tokens for all regions (IAM console > Account settings > Security Token Service).")
        .says(&["The security token included in the request is invalid."])
        .from(REST),
    row("api-access-denied", "AccessDeniedException", "", AccessDenied,
        "the role may not do this",
        ask_permission!())
        .explained_by(explain::access_denied)
        .says(&[
            "User: … is not authorized to perform: execute-api:Invoke on resource: …",
            "User: … is not authorized to perform: execute-api:Invoke on resource: … with an explicit deny",
            "User: anonymous is not authorized to perform: execute-api:Invoke on resource: …",
            "Forbidden. For troubleshooting Function URL authorization issues, see: …",
        ])
        .from(REST),
    row("api-appsync-unauthorized", "UnauthorizedException", "", AccessDenied,
        "AppSync does not let the role do this",
        ask_permission!())
        .explained_by(explain::access_denied)
        .says(&[
            "You are not authorized to make this call.",
            "Permission denied",
        ])
        .from("aws-amplify/amplify-cli#6595, amplify-category-api#1087"),
    row("api-no-such-method", "MissingAuthenticationTokenException", "", NotFound,
        "API Gateway has no such method and path: it says Missing Authentication Token of a signed request then",
        "Check the stage at the path's beginning (with a domain of your own: the mapping in its place), the method, and that \
         the API is deployed: API Gateway console > the API > Stages.")
        .explained_by(explain::no_such_method)
        .says(&["Missing Authentication Token"])
        .from(REST),
    row("api-key-or-waf", "ForbiddenException", "", AccessDenied,
        "API Gateway lets the request not through, although its signature is right",
        "A method that wants an API key needs the header x-api-key with a key of a usage plan that has this stage (API \
         Gateway console > Usage plans). A rule of AWS WAF may block it (WAF console > Web ACLs). A private API does not \
         answer at its public name (call it through its VPC endpoint), and an API with a domain of its own may have its default \
         endpoint switched off (API Gateway console > the API > API settings): name that domain in API.endpoints then.")
        .says(&["Forbidden"])
        .from(REST),
    row("api-token-expired", "ExpiredTokenException", "", Retryable,
        "the API finds AWS credentials expired that Cognito gave a moment ago: their clocks disagree", "")
        .says(&["The security token included in the request is expired"])
        .from(REST),
    row("api-unknown-credentials", "UnrecognizedClientException", "", Misconfigured("API.endpoints"),
        "the API in {api_region} does not accept the AWS credentials, not even new ones",
        "Credentials of {region} work in its own partition (AWS, China or GovCloud); regions that an account has to enable \
         may need session tokens for all regions (IAM console > Account settings > Security Token Service).")
        .says(&["The security token included in the request is invalid."])
        .from(REST),
    row("api-signature-expired", "InvalidSignatureException", "Signature expired", Retryable,
        "the API's clock seems to be wrong: it finds signatures too old that were made by a service's time", "")
        .says(&["Signature expired: … is now earlier than … (… - 5 min.)"])
        .from(REST),
    row("api-signature-not-yet-current", "InvalidSignatureException", "Signature not yet current", Retryable,
        "the API's clock seems to be wrong: it finds signatures too early that were made by a service's time", "")
        .says(&["Signature not yet current: … is still later than … (… + 5 min.)"])
        .from(SIGNING),
    row("api-signed-for-another", "InvalidSignatureException", "Credential should be scoped", Misconfigured("API.endpoints"),
        "{api_host} was signed for {api_service} in {api_region}, which is not what it is",
        "Correct \"region\" and \"service\" of its entry in API.endpoints, or those that the request names.")
        .says(&[
            "Credential should be scoped to a valid region.",
            "Credential should be scoped to correct service: '…'.",
        ])
        .from(SIGNING),
    row("api-signature-differs", "InvalidSignatureException", "", Misconfigured("API.endpoints"),
        "the signature for {api_service} in {api_region} does not fit what has arrived at {api_host}",
        "Something on the way changes the request: a proxy or CDN before a domain of your own that passes on another Host, \
         path, query or header. Name the host that AWS gave the API, or let it pass all of them on.")
        .says(&["The request signature we calculated does not match the signature you provided. Check your AWS Secret \
                 Access Key and signing method. Consult the service documentation for details."])
        .from(SIGNING),
    row("api-signature-incomplete", "IncompleteSignatureException", "", Misconfigured("API.endpoints"),
        "parts of the signature have not arrived at {api_host}",
        "Something on the way takes headers off the request: a proxy or CDN before a domain of your own.")
        .says(&["Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."])
        .from(SIGNING),
];
