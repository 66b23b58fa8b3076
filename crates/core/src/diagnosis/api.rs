//! What stands before an API and refuses in its place: API Gateway's IAM authorization, Lambda's function URLs, AppSync. Their
//! refusals are told from what the API's own code answers, which is the caller's to judge.
//!
//! Sources: "How do I troubleshoot HTTP 403 errors from API Gateway?" (repost.aws/knowledge-center) has REST APIs' codes and
//! sentences; an HTTP API has one sentence, `{"message":"Forbidden"}`, whatever is wrong with a signature or a permission
//! (aws/aws-cdk#21182, anomalyco/sst#6336). Lambda's `{"Message":"Forbidden. For troubleshooting Function URL authorization
//! issues, see: …"}` with `x-amzn-errortype: AccessDeniedException` is in brikis98/devops-book#12 and
//! ant-media/Ant-Media-Server#7827, earlier without the second sentence. AppSync's `{"errors":[{"errorType":
//! "UnauthorizedException","message":"Permission denied"}]}` (401) is in aws-amplify/amplify-cli#6595 and
//! amplify-category-api#1087, its UnrecognizedClientException (403) in amplify-js#3447.

use http::HeaderMap;
use serde_json::Value;

use super::answer::Refusal;
use super::denier::{denied, fix_of_policy};
use super::evidence::{CalledApi, Evidence};
use super::partition::partition_of;
use crate::error::{Service, SessionError};

/// No refusal of a gateway is longer.
const LONGEST_REFUSAL: usize = 64 * 1024;
/// An HTTP API's only word. It has no code for it.
pub(super) const FORBIDDEN: &str = "Forbidden";

/// What the role has to be allowed, ready to be pasted but for the account, which nobody here knows.
fn permission_for(called: &CalledApi, words: &str) -> String {
    if let Some(resource) = named_resource(words) {
        return format!("execute-api:Invoke on {resource}");
    }
    let partition = partition_of(&called.region);
    let CalledApi { host, method, path, service, region } = called;
    // The first label of AWS's own hosts is the API's id; a domain of somebody's own does not tell it.
    let id = host.split_once(&format!(".{service}.")).map_or("API_ID", |(id, _)| id);
    match service.as_str() {
        // API Gateway developer guide, "Resource format of permissions for executing API in API Gateway".
        "execute-api" => {
            format!(
                "execute-api:Invoke on arn:{partition}:execute-api:{region}:ACCOUNT:{id}/*/{method}{path} (without the stage or \
                 mapping that the path may begin with)"
            )
        }
        // "Starting in October 2025, new function URLs will require both" (Lambda developer guide, "Control access to
        // Lambda function URLs").
        "lambda" => format!(
            "lambda:InvokeFunctionUrl and lambda:InvokeFunction on arn:{partition}:lambda:{region}:ACCOUNT:function:FUNCTION"
        ),
        // AppSync developer guide, "AWS_IAM authorization".
        "appsync" => {
            format!("appsync:GraphQL on arn:{partition}:appsync:{region}:ACCOUNT:apis/API_ID/types/TYPE/fields/FIELD")
        }
        service => format!("the action of {service} that this call is"),
    }
}

/// REST APIs name what the caller may not invoke, most of the account's number starred out: "User: … is not authorized to
/// perform: execute-api:Invoke on resource: arn:aws:execute-api:REGION:********1234:API/STAGE/METHOD/PATH".
fn named_resource(words: &str) -> Option<String> {
    let (_, named) = words.split_once("execute-api:Invoke on resource: ")?;
    let parts: Vec<_> = named.split_whitespace().next()?.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", partition, "execute-api", region, _, resource] => {
            Some(format!("arn:{partition}:execute-api:{region}:ACCOUNT:{resource}"))
        }
        _ => None,
    }
}

/// What refused the call in place of the API's own code, or nothing: then the answer is the API's.
pub(crate) fn read_api_refusal(called: &CalledApi, status: u16, headers: &HeaderMap, body: &[u8]) -> Option<Refusal> {
    if !matches!(status, 400 | 401 | 403) || body.len() > LONGEST_REFUSAL {
        return None;
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let words = ["/message", "/Message", "/errors/0/message"].iter().find_map(|place| body.pointer(place)?.as_str());
    let words = words.unwrap_or_default();
    let code = match text("x-amzn-errortype") {
        Some(code) => {
            // Some have a colon and an address behind it.
            let code = code.split(':').next().unwrap_or_default();
            is_of_the_gateway(called, status, code, words).then_some(code)?
        }
        None => {
            let is_bare = body.as_object().is_some_and(|object| object.len() == 1) && words == FORBIDDEN;
            (status == 403 && is_bare && text("apigw-requestid").is_some()).then_some(FORBIDDEN)?
        }
    };
    let request_id = ["x-amzn-requestid", "apigw-requestid"].iter().find_map(|name| text(name));
    let mut refusal = Refusal::new(Service::Api, code, words);
    refusal.status = Some(status);
    refusal.request_id = request_id.map(|id| super::shorten(id, super::answer::LONGEST_CODE));
    Some(refusal)
}

/// An API's code may pass on what another service of AWS told it, under the same code: permissions count if they are the
/// gateway's own.
fn is_of_the_gateway(called: &CalledApi, status: u16, code: &str, words: &str) -> bool {
    let says = |fragment: &str| words.contains(fragment);
    match code {
        "MissingAuthenticationTokenException" => says("Missing Authentication Token"),
        "AccessDeniedException" => {
            let own = ["execute-api:", "lambda:InvokeFunction", "appsync:"];
            says("security token")
                || says("explicit deny")
                || words.starts_with(FORBIDDEN)
                || own.iter().any(|own| says(own))
        }
        "ForbiddenException" => says(FORBIDDEN),
        "UnauthorizedException" => called.service == "appsync" && status == 401,
        "ExpiredTokenException" | "UnrecognizedClientException" => says("security token"),
        "InvalidSignatureException" | "IncompleteSignatureException" => true,
        _ => false,
    }
}

/// The role may not do it, or so it seems.
pub(super) fn access_denied(refusal: &Refusal, evidence: &Evidence) -> SessionError {
    let called = &evidence.called_api;
    let permission = permission_for(called, &refusal.message);
    let says = refusal.words().map(|words| format!(" It says: {words}")).unwrap_or_default();
    if let Some(fix) = fix_of_policy(refusal) {
        return denied(refusal, format!("{fix}{says}"));
    }
    let cause = if refusal.code == FORBIDDEN {
        // It says no more, and the API's own code could say the same.
        format!(
            "An HTTP API says {FORBIDDEN:?} for whatever is wrong; credentials and clock have been looked at. The pool's \
             authenticated role needs {permission}; check region and service too ({} was signed for {} in {})",
            called.host, called.service, called.region
        )
    } else {
        format!(
            "The role may not do this (IAM console > Roles > the role > Permissions). The pool's authenticated role needs \
             {permission}"
        )
    };
    let of_the_api = match called.service.as_str() {
        "execute-api" | "lambda" => "; a policy of the API itself must not deny it",
        _ => "",
    };
    denied(refusal, format!("{cause}{of_the_api}.{says}"))
}

/// REST APIs say so of a signed request too, when they have no such method and path: "The API request is made to a method or
/// resource that doesn't exist" ("How do I troubleshoot 403 'Missing Authentication Token' errors from an API Gateway REST
/// API endpoint?", and for custom domains with a wrong base path).
pub(super) fn no_such_method(_: &Refusal, evidence: &Evidence) -> SessionError {
    let CalledApi { method, path, host, .. } = &evidence.called_api;
    SessionError::NotFound {
        what: format!(
            "{method} {path} at {host}: API Gateway says Missing Authentication Token of a signed request when it has no such \
             method and path. Check the stage at the path's beginning (with a domain of your own: the mapping in its place), \
             the method, and that the API is deployed"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::Blame;
    use crate::error::Recovery;

    fn called(service: &str, host: &str) -> CalledApi {
        CalledApi {
            method: "GET".to_owned(),
            host: host.to_owned(),
            path: "/prod/orders".to_owned(),
            service: service.to_owned(),
            region: "us-west-2".to_owned(),
        }
    }

    fn read(service: &str, status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Option<Refusal> {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        let host = match service {
            "execute-api" => "a1.execute-api.us-west-2.amazonaws.com",
            _ => "x.example.com",
        };
        read_api_refusal(&called(service, host), status, &headers, body.as_bytes())
    }

    const ERROR_TYPE: &str = "x-amzn-errortype";

    #[test]
    fn what_refuses_in_the_api_s_place_is_told_and_blamed() {
        let denied = "User: arn:aws:sts::123456789012:assumed-role/r/s is not authorized to perform: execute-api:Invoke on \
                      resource: arn:aws:execute-api:us-west-2:********9012:a1/prod/GET/orders";
        let signature =
            "Signature expired: 20170517T062414Z is now earlier than 20170517T062840Z (20170517T063340Z - 5 min.)";
        let lambda =
            "Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/x";
        let token = "The security token included in the request is";
        for (service, status, code, body, blame, recovery, advice) in [
            (
                "execute-api",
                403,
                "AccessDeniedException",
                format!(r#"{{"Message":"{denied}"}}"#),
                None,
                Recovery::AskForAccess,
                "execute-api:Invoke on arn:aws:execute-api:us-west-2:ACCOUNT:a1/prod/GET/orders;",
            ),
            (
                "execute-api",
                403,
                "AccessDeniedException",
                format!(r#"{{"message":"{token} invalid."}}"#),
                Some(Blame::Credentials),
                Recovery::FixConfiguration,
                "not even new ones",
            ),
            (
                "execute-api",
                403,
                "UnrecognizedClientException",
                format!(r#"{{"message":"{token} invalid."}}"#),
                Some(Blame::Credentials),
                Recovery::FixConfiguration,
                "not even new ones",
            ),
            (
                "execute-api",
                403,
                "ExpiredTokenException",
                format!(r#"{{"message":"{token} expired"}}"#),
                Some(Blame::Credentials),
                Recovery::Retry,
                "their clocks disagree",
            ),
            (
                "execute-api",
                403,
                "InvalidSignatureException",
                format!(r#"{{"message":"{signature}"}}"#),
                Some(Blame::UntoldClock),
                Recovery::Retry,
                "clock seems to be wrong",
            ),
            (
                "execute-api",
                403,
                "InvalidSignatureException:http://internal.amazon.com/coral/",
                r#"{"message":"Credential should be scoped to a valid region. "}"#.to_owned(),
                None,
                Recovery::FixConfiguration,
                "signed for execute-api in us-west-2",
            ),
            (
                "execute-api",
                403,
                "InvalidSignatureException",
                r#"{"message":"The request signature we calculated does not match"}"#.to_owned(),
                None,
                Recovery::FixConfiguration,
                "changes the request",
            ),
            (
                "execute-api",
                403,
                "MissingAuthenticationTokenException",
                r#"{"message":"Missing Authentication Token"}"#.to_owned(),
                None,
                Recovery::FixConfiguration,
                "no such method and path",
            ),
            (
                "execute-api",
                403,
                "ForbiddenException",
                r#"{"message":"Forbidden"}"#.to_owned(),
                None,
                Recovery::AskForAccess,
                "x-api-key",
            ),
            (
                "lambda",
                403,
                "AccessDeniedException",
                r#"{"Message":"Forbidden"}"#.to_owned(),
                None,
                Recovery::AskForAccess,
                "lambda:InvokeFunctionUrl and lambda:InvokeFunction",
            ),
            (
                "lambda",
                403,
                "AccessDeniedException",
                format!(r#"{{"Message":"{lambda}"}}"#),
                None,
                Recovery::AskForAccess,
                "lambda:InvokeFunctionUrl and lambda:InvokeFunction",
            ),
            (
                "appsync",
                401,
                "UnauthorizedException",
                r#"{"errors":[{"errorType":"UnauthorizedException","message":"Permission denied"}]}"#.to_owned(),
                None,
                Recovery::AskForAccess,
                "appsync:GraphQL on arn:aws:appsync:us-west-2:ACCOUNT:apis/",
            ),
            (
                "appsync",
                403,
                "UnrecognizedClientException",
                format!(r#"{{"errors":[{{"errorType":"UnrecognizedClientException","message":"{token} invalid."}}]}}"#),
                Some(Blame::Credentials),
                Recovery::FixConfiguration,
                "not even new ones",
            ),
        ] {
            let refusal = read(service, status, &[(ERROR_TYPE, code)], &body).expect(&body);
            assert_eq!(refusal.blame(), blame, "{body}");
            let host = "a1.execute-api.us-west-2.amazonaws.com";
            let evidence = Evidence { called_api: called(service, host), ..Evidence::default() };
            let error = super::super::table::classify(&refusal, &evidence);
            assert_eq!(error.recovery(), recovery, "{body}: {error:?}");
            let told = format!("{error} {}", error.hint().unwrap_or_default());
            assert!(told.contains(advice) && !told.contains('{'), "{advice:?} is not in {told:?}");
        }
    }

    #[test]
    fn an_http_api_s_one_word_blames_nobody_and_may_be_anything() {
        let headers = [("apigw-requestid", "abc="), ("content-type", "application/json")];
        let refusal = read("execute-api", 403, &headers, r#"{"message":"Forbidden"}"#).unwrap();
        assert_eq!((refusal.blame(), refusal.request_id.as_deref()), (Some(Blame::Untold), Some("abc=")));
        let evidence = Evidence { called_api: called("execute-api", "api.example.com"), ..Evidence::default() };
        let error = super::super::table::classify(&refusal, &evidence);
        let hint = error.hint().unwrap();
        assert!(hint.contains("execute-api:us-west-2:ACCOUNT:API_ID/*/GET/prod/orders"), "{hint}");
    }

    /// The API's own code says what it likes.
    #[test]
    fn what_the_api_itself_answers_is_the_caller_s() {
        let of_http_api = ("apigw-requestid", "abc=");
        for (status, headers, body) in [
            (403, vec![], r#"{"message":"Forbidden"}"#),
            (403, vec![of_http_api], r#"{"message":"Forbidden","order":7}"#),
            (403, vec![of_http_api], r#"{"message":"You may not see order 7"}"#),
            (403, vec![of_http_api], "Forbidden"),
            (401, vec![of_http_api], r#"{"message":"Unauthorized"}"#),
            (404, vec![of_http_api], r#"{"message":"Not Found"}"#),
            (429, vec![of_http_api], r#"{"message":"Too Many Requests"}"#),
            (500, vec![of_http_api], r#"{"message":"Internal Server Error"}"#),
            (200, vec![of_http_api], r#"{"message":"Forbidden"}"#),
            (502, vec![(ERROR_TYPE, "InternalServerErrorException")], r#"{"message": "Internal server error"}"#),
            (400, vec![(ERROR_TYPE, "BadRequestException")], r#"{"message":"Invalid request body"}"#),
            (401, vec![(ERROR_TYPE, "UnauthorizedException")], r#"{"message":"Unauthorized"}"#),
            (429, vec![(ERROR_TYPE, "TooManyRequestsException")], r#"{"message":"Too Many Requests"}"#),
            (
                403,
                vec![(ERROR_TYPE, "AccessDeniedException")],
                r#"{"message":"User: arn:… is not authorized to perform: dynamodb:GetItem on resource: arn:…"}"#,
            ),
            (403, vec![(ERROR_TYPE, "AccessDeniedException")], "<html></html>"),
            (403, vec![(ERROR_TYPE, "OwnException")], r#"{"message":"Forbidden"}"#),
        ] {
            assert!(read("execute-api", status, &headers, body).is_none(), "{status} {headers:?} {body}");
        }
        let endless = format!(r#"{{"message":"Forbidden{}"}}"#, " ".repeat(LONGEST_REFUSAL));
        assert!(read("execute-api", 403, &[(ERROR_TYPE, "ForbiddenException")], &endless).is_none());
    }

    #[test]
    fn the_permission_to_paste_fits_the_partition() {
        for (region, partition) in [
            ("us-west-2", "aws"),
            ("cn-north-1", "aws-cn"),
            ("us-gov-east-1", "aws-us-gov"),
            ("eusc-de-east-1", "aws-eusc"),
            ("us-isob-east-1", "aws-iso-b"),
        ] {
            let called = CalledApi { region: region.to_owned(), ..called("execute-api", "a1.example.com") };
            assert!(
                permission_for(&called, "").contains(&format!("arn:{partition}:execute-api:{region}:")),
                "{region}"
            );
        }
    }
}
