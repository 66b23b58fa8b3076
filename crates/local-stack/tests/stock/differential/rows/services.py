"""STS, and an HTTP API with IAM authorization: on the same credentials as S3."""

import datetime
import re
import urllib.parse

import botocore
from botocore.config import Config
from botocore.credentials import Credentials

from clients import at_offset, now
from pages import common_error, gateway, iam_guide, knowledge_center, sts
from table import PRESENT, group, refusal

row, unknown = group("sts", service="sts")
api_row, api_unknown = group("api", service="api")

ASSUME, CALLER = "AssumeRoleWithWebIdentity", "GetCallerIdentity"
NOT_SIGNED = Config(signature_version=botocore.UNSIGNED)
FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}


def token_of(s):
    logins = {s.facts["provider"]: s.facts["id_token"]}
    return s.boto("get_open_id_token", "cognito-identity", IdentityId=s.identity, Logins=logins).get("Token")


def assume(**changes):
    def sender(s):
        known = {"RoleArn": s.stack.role, "RoleSessionName": "stock", "WebIdentityToken": token_of(s)}
        wanted = {name: value for name, value in {**known, **changes}.items() if value is not None}
        return post(Action=ASSUME, Version="2011-06-15", **wanted)(s)

    return sender


def post(sign=False, keys=None, region=None, signed_as=None, **parameters):
    """A request of the Query protocol."""

    def sender(s):
        body = urllib.parse.urlencode(parameters).encode()
        with_keys = keys(s) if keys else None
        answer = s.send(
            "POST", "/", "", FORM, body, service="sts", sign=sign, keys=with_keys, region=region, signed_as=signed_as
        )
        return unwrapped(answer)

    return sender


def unwrapped(answer):
    """An answer of the Query protocol, without what is around its result or its error."""
    for name in list(answer.document or {}):
        if name.endswith("Result") or name == "Error":
            answer.document |= answer.document[name] if isinstance(answer.document[name], dict) else {}
    return answer


IDENTITY = {"Action": CALLER, "Version": "2011-06-15"}
INVALID = sts(
    ASSUME,
    "InvalidIdentityTokenException",
    "The web identity token that was passed could not be validated by Amazon Web Services.",
)
LIFE = sts(
    ASSUME,
    "DurationSeconds",
    "The value can range from 900 seconds (15 minutes) up to the maximum session duration setting for the role.",
)
NAME = sts(
    ASSUME,
    "RoleSessionName",
    "a string of characters consisting of upper- and lower-case alphanumeric characters with no spaces",
)
CONSTRAINTS = common_error(
    "ValidationError", "The input fails to satisfy the constraints specified by an AWS service. HTTP Status Code: 400"
)
DENIED = iam_guide(
    "troubleshoot_roles.md", "I can't assume a role", "the role's trust policy must allow it: AccessDenied"
)

row(
    "a session",
    "http",
    assume(),
    {
        "status": 200,
        "at Credentials/AccessKeyId": re.compile("^ASIA"),
        "at Credentials/SecretAccessKey": PRESENT,
        "at Credentials/SessionToken": PRESENT,
        "at Credentials/Expiration": re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"),
        "at ResponseMetadata/RequestId": PRESENT,
        "at @root": "AssumeRoleWithWebIdentityResponse",
    },
    sts(
        ASSUME,
        "Credentials",
        "The temporary security credentials, which include an access key ID, a secret access key, and a security"
        " token.",
    ),
)
row(
    "a session's name is in its ARN",
    "http",
    assume(RoleSessionName="alice@example.com"),
    {
        "at AssumedRoleUser/Arn": re.compile(
            r"^arn:aws:sts::123456789012:assumed-role/[\w+=,.@-]+/alice@example\.com$"
        ),
        "at AssumedRoleUser/AssumedRoleId": re.compile("^AROA[A-Z0-9]+:alice@example.com$"),
    },
    sts(
        ASSUME,
        "RoleSessionName",
        "This session name is included as part of the ARN and assumed role ID in the AssumedRoleUser response element.",
    ),
)
row(
    "the token's subject and audience",
    "http",
    lambda s: subject(s),
    {"at Same": True, "at SameAudience": True},
    sts(
        ASSUME,
        "SubjectFromWebIdentityToken",
        "this field contains the value returned by the identity provider as the token's sub (Subject) claim",
    ),
)
row(
    "a session of an hour",
    "http",
    lambda s: lifetime(s, None),
    {"at Minutes": 60},
    sts(ASSUME, "DurationSeconds", "By default, the value is set to 3600 seconds."),
)
row("a session of a quarter of an hour", "http", lambda s: lifetime(s, "900"), {"at Minutes": 15}, LIFE)
row(
    "boto3 gets a session",
    "boto3",
    lambda s: s.boto(
        "assume_role_with_web_identity",
        "sts",
        client=s.stack.boto3("sts", config=NOT_SIGNED),
        RoleArn=s.stack.role,
        RoleSessionName="stock",
        WebIdentityToken=token_of(s),
    ),
    {"status": 200, "at Credentials/AccessKeyId": re.compile("^ASIA")},
    sts(ASSUME, "", "does not require the use of Amazon Web Services security credentials"),
)
row(
    "the AWS CLI gets a session",
    "aws",
    lambda s: s.aws(
        "sts",
        "assume-role-with-web-identity",
        "--no-sign-request",
        "--role-arn",
        s.stack.role,
        "--role-session-name",
        "stock",
        "--web-identity-token",
        token_of(s),
        service="sts",
    ),
    {"status": 0, "at Credentials/AccessKeyId": re.compile("^ASIA")},
    sts(ASSUME, "", "does not require the use of Amazon Web Services security credentials"),
)
row(
    "its credentials open S3",
    "http",
    lambda s: s.list("list-type=2&max-keys=1", keys=keys_of(assume()(s))),
    200,
    sts(
        ASSUME,
        "",
        "Applications can use these temporary security credentials to sign calls to Amazon Web Services service API"
        " operations.",
    ),
)
row(
    "its credentials know who they are",
    "http",
    lambda s: post(sign=True, keys=lambda s: keys_of(assume(RoleSessionName="me")(s)), **IDENTITY)(s),
    {"status": 200, "at Arn": re.compile("/me$")},
    sts(CALLER, "Arn", "The Amazon Web Services ARN associated with the calling entity."),
)
row("a token that is none", "http", assume(WebIdentityToken="nonsense"), refusal(400, "InvalidIdentityToken"), INVALID)
row(
    "an access token",
    "http",
    lambda s: assume(WebIdentityToken=s.facts["access_token"])(s),
    refusal(400, "InvalidIdentityToken"),
    INVALID,
)
row(
    "a token with another signature",
    "http",
    lambda s: assume(WebIdentityToken=str(token_of(s))[:-8] + "AAAAAAAA")(s),
    refusal(400, "InvalidIdentityToken"),
    INVALID,
)
row(
    "a token that has expired",
    "http",
    lambda s: expired(s),
    {"status": 400, "at Code": "ExpiredTokenException"},
    sts(ASSUME, "ExpiredTokenException", "The web identity token that was passed is expired or is not valid."),
    later=True,
)
for name, seconds in (
    ("too short", "899"),
    ("no number", "long"),
    ("longer than any may be", "43201"),
    ("longer than the role's may be", "3601"),
):
    row(f"a session that is {name}", "http", assume(DurationSeconds=seconds), {"status": 400}, LIFE)
for name, value in (
    ("of one letter", "a"),
    ("of 65 letters", "a" * 65),
    ("with a space", "a b"),
    ("with a slash", "a/b"),
):
    row(
        f"a session's name {name}",
        "http",
        assume(RoleSessionName=value),
        refusal(400, "ValidationError"),
        NAME if len(value) == 3 else CONSTRAINTS,
    )
row("no name for the session", "http", assume(RoleSessionName=None), {"status": 400}, CONSTRAINTS)
row("no role", "http", assume(RoleArn=None), {"status": 400}, CONSTRAINTS)
row("no token", "http", assume(WebIdentityToken=None), {"status": 400}, CONSTRAINTS)
row("a role that is no ARN", "http", assume(RoleArn="nonsense"), refusal(400, "ValidationError"), CONSTRAINTS)
row(
    "a role of nobody",
    "http",
    assume(RoleArn="arn:aws:iam::123456789012:role/nobody"),
    refusal(403, "AccessDenied"),
    DENIED,
)
unknown("who vouches for a token", "http", assume())
unknown("a session policy", "http", assume(Policy="{}"))

ARN = sts(CALLER, "Arn", "The Amazon Web Services ARN associated with the calling entity.")
row(
    "who is asking",
    "http",
    post(sign=True, **IDENTITY),
    {
        "status": 200,
        "at Account": "123456789012",
        "at Arn": re.compile(r"^arn:aws:sts::123456789012:assumed-role/[\w+=,.@-]+/[\w+=,.@-]+$"),
        "at UserId": re.compile(r"^AROA[A-Z0-9]+:[\w+=,.@-]+$"),
        "at @root": "GetCallerIdentityResponse",
    },
    ARN,
)
row(
    "boto3 asks who it is",
    "boto3",
    lambda s: s.boto("get_caller_identity", "sts"),
    {"status": 200, "at Account": "123456789012"},
    sts(
        CALLER,
        "Account",
        "The Amazon Web Services account ID number of the account that owns or contains the calling entity.",
    ),
)
row(
    "the AWS CLI asks who it is",
    "aws",
    lambda s: s.aws("sts", "get-caller-identity", service="sts"),
    {"status": 0, "at Account": "123456789012"},
    ARN,
)
row(
    "curl asks who it is",
    "curl",
    lambda s: unwrapped(
        s.curl("/?Action=GetCallerIdentity&Version=2011-06-15", sign=f"aws:amz:{s.region}:sts", service="sts")
    ),
    {"status": 200, "at Account": "123456789012"},
    ARN,
)
row(
    "who asks unsigned",
    "http",
    post(**IDENTITY),
    refusal(403, "MissingAuthenticationToken"),
    common_error(
        "MissingAuthenticationToken",
        "The request must contain either a valid (registered) AWS access key ID or X.509 certificate. 403",
    ),
)
row(
    "a wrong secret",
    "http",
    post(sign=True, keys=lambda s: s.other_keys(secret_key="wrong"), **IDENTITY),
    refusal(403, "SignatureDoesNotMatch"),
    iam_guide(
        "signature-v4-troubleshooting.md",
        "Troubleshoot signed requests for AWS APIs",
        "HTTP 403 SignatureDoesNotMatch",
    ),
)
row(
    "an unknown key",
    "http",
    post(sign=True, keys=lambda s: s.other_keys(access_key="ASIAUNKNOWNUNKNOWN00"), **IDENTITY),
    refusal(403, "InvalidClientTokenId"),
    common_error(
        "InvalidClientTokenId", "The X.509 certificate or AWS access key ID provided does not exist in our records. 403"
    ),
)
row(
    "another service",
    "http",
    post(sign=True, signed_as="s3", **IDENTITY),
    {
        **refusal(403, "SignatureDoesNotMatch"),
        "at Message": re.compile("^Credential should be scoped to correct service: 'sts'"),
    },
    iam_guide(
        "signature-v4-troubleshooting.md",
        "Credential scope errors",
        "Credential should be scoped to correct service: 'service'",
    ),
)
row(
    "another region",
    "http",
    post(sign=True, region="eu-west-1", **IDENTITY),
    {
        **refusal(403, "SignatureDoesNotMatch"),
        "at Message": re.compile("^Credential should be scoped to a valid region", re.IGNORECASE),
    },
    iam_guide(
        "signature-v4-troubleshooting.md",
        "Credential scope errors",
        "Credential should be scoped to a valid Region, not region-code",
    ),
)
row(
    "an old date",
    "http",
    lambda s: skewed(s, -1000),
    {**refusal(403, "SignatureDoesNotMatch"), "at Message": re.compile("^Signature expired: .* is now earlier than ")},
    iam_guide(
        "signature-v4-troubleshooting.md", "Credential scope errors", "Signature expired: date is now earlier than date"
    ),
)
row(
    "a date to come",
    "http",
    lambda s: skewed(s, 1000),
    {**refusal(403, "SignatureDoesNotMatch"), "at Message": re.compile("^Signature not yet current: ")},
    iam_guide(
        "signature-v4-troubleshooting.md",
        "Credential scope errors",
        "Signature not yet current: date is still later than date",
    ),
)
row(
    "credentials that have come to their end",
    "http",
    lambda s: skewed(s, 4000),
    {"status": 403, "at Code": re.compile("^ExpiredToken(Exception)?$")},
    common_error("ExpiredTokenException", "The security token included in the request is expired. 403"),
    later=True,
)
row(
    "an operation of nobody",
    "http",
    post(Action="GetNothing", Version="2011-06-15"),
    refusal(400, "InvalidAction"),
    common_error(
        "InvalidAction", "The action or operation requested is invalid. Verify that the action is typed correctly. 400"
    ),
)
row(
    "no operation",
    "http",
    post(Version="2011-06-15"),
    refusal(400, "MissingAction"),
    common_error("MissingAction", "The request is missing an action or a required parameter. 400"),
)
unknown("another version", "http", post(sign=True, Action=CALLER, Version="2000-01-01"))
unknown("a GET with no query", "http", lambda s: s.send("GET", "/", service="sts", sign=False))


def keys_of(answer):
    given = answer.document["Credentials"]
    return Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])


def subject(s):
    answer = assume()(s)
    answer.document |= {
        "Same": answer.get("SubjectFromWebIdentityToken") == s.identity,
        "SameAudience": answer.get("Audience") == s.facts["pool"],
    }
    return answer


def lifetime(s, seconds):
    answer = assume(DurationSeconds=seconds)(s)
    ends = datetime.datetime.strptime(str(answer.get("Credentials/Expiration")), "%Y-%m-%dT%H:%M:%SZ")
    answer.document["Minutes"] = round((ends - now()).total_seconds() / 60)
    return answer


def skewed(s, seconds):
    with at_offset(seconds):
        return post(sign=True, **IDENTITY)(s)


def expired(s):
    """The ID token that was fetched at the start."""
    wanted = {"RoleArn": s.stack.role, "RoleSessionName": "stock", "WebIdentityToken": s.facts["id_token"]}
    return post(Action=ASSUME, Version="2011-06-15", **wanted)(s)


# --- the API ---

IAM = gateway(
    "http-api-access-control-iam",
    "Control access to HTTP APIs with IAM authorization",
    "clients must use Signature Version 4 to sign their"
    " requests with AWS credentials. API Gateway invokes your API route only if the client has execute-api"
    " permission for the route.",
)
ROUTES = gateway(
    "http-api-develop-routes",
    "Working with routes for HTTP APIs",
    'If no routes match a request, API Gateway returns {"message":"Not Found"}',
)
REFUSED = knowledge_center(
    "api-gateway-troubleshoot-403-forbidden",
    "How do I troubleshoot HTTP 403 errors from API Gateway?",
    "403: the caller isn't authorized to access an API that's using IAM authorization",
)
FORBIDDEN, MISSING = {"status": 403}, {"status": 404, "at message": "Not Found"}


def call(method, path, body=b"", **how):
    return lambda s: s.send(method, path, "", {}, body, service="execute-api", **how)


api_row("a signed call", "http", call("GET", "/echo"), 200, IAM)
api_row("a signed call with a body", "http", call("POST", "/echo", b"hello"), {"status": 200, "at body": "hello"}, IAM)
api_row(
    "curl signs a call",
    "curl",
    lambda s: s.curl("/echo", sign=f"aws:amz:{s.region}:execute-api", service="execute-api"),
    200,
    IAM,
)
api_row("an unsigned call", "http", call("GET", "/echo", sign=False), FORBIDDEN, REFUSED)
api_row("curl's unsigned call", "curl", lambda s: s.curl("/echo", service="execute-api"), FORBIDDEN, REFUSED)
api_row("a route that is denied", "http", call("GET", "/denied"), FORBIDDEN, REFUSED)
api_row("a call signed for another service", "http", call("GET", "/echo", signed_as="s3"), FORBIDDEN, REFUSED)
api_row("a call signed for another region", "http", call("GET", "/echo", region="eu-west-1"), FORBIDDEN, REFUSED)
api_row(
    "a call with a wrong secret",
    "http",
    lambda s: call("GET", "/echo", keys=s.other_keys(secret_key="wrong"))(s),
    FORBIDDEN,
    REFUSED,
)
api_row(
    "a call with an unknown key",
    "http",
    lambda s: call("GET", "/echo", keys=s.other_keys(access_key="ASIAUNKNOWNUNKNOWN00"))(s),
    FORBIDDEN,
    REFUSED,
)
api_row(
    "a call with a token of nobody",
    "http",
    lambda s: call("GET", "/echo", keys=s.other_keys(token="nobody"))(s),
    FORBIDDEN,
    REFUSED,
)
api_row("an old call", "http", lambda s: old_call(s, -1000), FORBIDDEN, REFUSED)
api_row(
    "a call with credentials that have come to their end",
    "http",
    lambda s: old_call(s, 4000),
    FORBIDDEN,
    REFUSED,
    later=True,
)
api_row("a call by a session of STS", "http", lambda s: call("GET", "/echo", keys=keys_of(assume()(s)))(s), 200, IAM)
api_row("a route that is not there", "http", call("GET", "/nowhere"), MISSING, ROUTES)
api_row("a method that is not there", "http", call("DELETE", "/echo"), MISSING, ROUTES)
api_row(
    "what a function answers",
    "http",
    call("GET", "/status/503"),
    503,
    gateway(
        "http-api-develop-integrations-lambda",
        "Lambda function response for format 2.0",
        "the function's statusCode is the response's",
    ),
)
api_unknown("what a refused call is told", "http", call("GET", "/denied"))
api_unknown("a route that is not there, unsigned", "http", call("GET", "/nowhere", sign=False))


def old_call(s, seconds):
    with at_offset(seconds):
        return call("GET", "/echo")(s)
