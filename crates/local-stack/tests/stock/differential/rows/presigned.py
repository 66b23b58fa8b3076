"""Presigned addresses: they are used as anybody can who has them."""

import re
import urllib.parse

from clients import at_offset
from pages import api, error, newer_error, signing, user_guide
from table import group, refusal

row, unknown = group("presigned")

QUERY = ("sigv4-query-string-auth", "Authenticating Requests: Using Query Parameters")
EXPIRES = signing(*QUERY, "X-Amz-Expires: the minimum value is 1, the maximum is 604800 (seven days)")
PARAMETERS = newer_error(
    "AuthorizationQueryParametersError",
    "The authorization query parameters that you provided are not valid. 400 Bad Request",
)
ENDS = user_guide(
    "using-presigned-url.md",
    "Expiration time for presigned URLs",
    "Amazon S3 checks the expiration date and time of a signed URL at the time of the HTTP request",
)
MISMATCH = error("SignatureDoesNotMatch", 403)
WRONG = refusal(403, "SignatureDoesNotMatch")


def changed(change, method="GET", seconds=60, used_as=None, headers=None):
    """Uses an address with its query changed."""

    def sender(s):
        target = s.presign(method, s.given(), seconds)
        path, _, query = target.partition("?")
        parameters = change(dict(urllib.parse.parse_qsl(query, keep_blank_values=True)))
        again = urllib.parse.urlencode(parameters, quote_via=urllib.parse.quote)
        return s.fetch(f"{path}?{again}", used_as or method, headers)

    return sender


def without(name):
    return lambda query: {key: value for key, value in query.items() if key != name}


def with_value(name, value):
    return lambda query: {**query, name: value(query[name]) if callable(value) else value}


def presigned_then(seconds, offset):
    def sender(s):
        key = s.given()
        with at_offset(offset):
            target = s.presign("GET", key, seconds)
        return s.fetch(target)

    return sender


row(
    "curl downloads",
    "curl",
    lambda s: s.curl(s.presign("GET", s.given(body=b"presigned"))),
    {"status": 200, "body": b"presigned"},
    user_guide(
        "ShareObjectPreSignedURL.md",
        "Sharing objects with presigned URLs",
        "A presigned URL uses security credentials to grant time-limited permission to download objects",
    ),
)
row(
    "curl asks for the head",
    "curl",
    lambda s: s.curl(s.presign("HEAD", s.given()), method="HEAD"),
    200,
    signing(*QUERY, "the HTTP method is part of what is signed"),
)
row(
    "curl uploads",
    "curl",
    lambda s: s.after(
        s.curl(s.presign("PUT", s.key()), method="PUT", body="uploaded", headers={"Content-Type": ""}),
        lambda: s.get(s.key()),
    ),
    {"status": 200, "body": b"uploaded"},
    user_guide(
        "PresignedUrlUploadObject.md",
        "Uploading objects with presigned URLs",
        "You may use presigned URLs to allow someone to upload an object to your Amazon S3 bucket.",
    ),
)
row(
    "curl deletes",
    "curl",
    lambda s: s.curl(s.presign("DELETE", s.given()), method="DELETE"),
    204,
    user_guide(
        "PresignedUrlDelete.md",
        "Deleting an object using a presigned URL with the AWS SDK for JavaScript",
        "a presigned URL can delete an object",
    ),
)
row(
    "boto3 presigns a download",
    "boto3",
    lambda s: by_boto(s, "get_object"),
    {"status": 200, "body": b"content"},
    signing(*QUERY, "express a request entirely in a URL"),
)
row(
    "the AWS CLI presigns a download",
    "aws",
    lambda s: by_cli(s),
    {"status": 200, "body": b"content"},
    user_guide("ShareObjectPreSignedURL.md", "Using the AWS CLI", "aws s3 presign"),
)
row("an address that has expired", "http", presigned_then(10, -60), refusal(403, "AccessDenied"), ENDS)
row("an address that has not yet", "http", presigned_then(600, -60), 200, ENDS)
row("an address of seven days", "http", presigned_then(604800, 0), 200, EXPIRES)
row(
    "an address of a day, used the next hour",
    "http",
    presigned_then(86400, -3600),
    200,
    user_guide(
        "RESTAuthentication.md",
        "Time stamp requirement",
        "The validation constraint on request date applies only to"
        " authenticated requests that do not use query string authentication.",
    ),
)
row(
    "an address of more than seven days",
    "http",
    presigned_then(604801, 0),
    refusal(400, "AuthorizationQueryParametersError"),
    EXPIRES,
)
row(
    "an address of no time",
    "http",
    presigned_then(0, 0),
    refusal(400, "AuthorizationQueryParametersError"),
    signing(
        *QUERY,
        "X-Amz-Expires: the minimum value is 1 (brekkylab/backlot has seen S3 take 0, of an address that has expired then)",
    ),
)
row(
    "an address of negative time",
    "http",
    presigned_then(-5, 0),
    refusal(400, "AuthorizationQueryParametersError"),
    EXPIRES,
)
row(
    "a time that is no number",
    "http",
    changed(with_value("X-Amz-Expires", "soon")),
    refusal(400, "AuthorizationQueryParametersError"),
    PARAMETERS,
)
for name in ("X-Amz-Expires", "X-Amz-Date", "X-Amz-Credential", "X-Amz-SignedHeaders"):
    row(
        f"an address without {name}",
        "http",
        changed(without(name)),
        refusal(400, "AuthorizationQueryParametersError"),
        PARAMETERS,
    )
row(
    "another algorithm",
    "http",
    changed(with_value("X-Amz-Algorithm", "AWS4-HMAC-SHA1")),
    refusal(400, "AuthorizationQueryParametersError"),
    PARAMETERS,
)
row(
    "an address for another region",
    "http",
    lambda s: s.fetch(s.presign("GET", s.given(), region="eu-west-1")),
    refusal(400, "AuthorizationQueryParametersError"),
    PARAMETERS,
)
row(
    "an address for another service",
    "http",
    lambda s: s.fetch(s.presign("GET", s.given(), service="sts")),
    refusal(
        400,
        "AuthorizationQueryParametersError",
        Message=re.compile("^Error parsing the X-Amz-Credential parameter; incorrect service"),
    ),
    PARAMETERS,
)
row(
    "a date that is none",
    "http",
    changed(with_value("X-Amz-Date", "today")),
    refusal(400, "AuthorizationQueryParametersError"),
    PARAMETERS,
)
row(
    "a credential that is none",
    "http",
    changed(with_value("X-Amz-Credential", "me")),
    refusal(400, "AuthorizationQueryParametersError"),
    PARAMETERS,
)
row("another signature", "http", changed(with_value("X-Amz-Signature", lambda old: old[::-1])), WRONG, MISMATCH)
row("another lifetime than was signed", "http", changed(with_value("X-Amz-Expires", "3600")), WRONG, MISMATCH)
row(
    "a parameter that was not signed",
    "http",
    changed(lambda query: {**query, "response-content-type": "text/html"}),
    WRONG,
    MISMATCH,
)
row("another method than was presigned", "http", changed(dict, used_as="DELETE"), WRONG, MISMATCH)
row("a head with the address of a GET", "http", changed(dict, used_as="HEAD"), {"status": 403, "body": b""}, MISMATCH)
row(
    "the address of another object",
    "http",
    lambda s: s.fetch(s.presign("GET", s.given()).replace("object.txt", s.given(s.key("other.txt")).rsplit("/", 1)[1])),
    WRONG,
    MISMATCH,
)
row(
    "an address by an unknown key",
    "http",
    lambda s: s.fetch(s.presign("GET", s.given(), keys=s.other_keys(access_key="ASIAUNKNOWNUNKNOWN00"))),
    refusal(403, "InvalidAccessKeyId"),
    error("InvalidAccessKeyId", 403),
)
row(
    "an address with a token of nobody",
    "http",
    lambda s: s.fetch(s.presign("GET", s.given(), keys=s.other_keys(token="nobody"))),
    refusal(400, "InvalidToken"),
    error("InvalidToken", 400),
)
row(
    "a header that was signed is missing",
    "http",
    lambda s: s.fetch(s.presign("GET", s.given(), headers={"x-amz-expected-bucket-owner": "123456789012"})),
    WRONG,
    MISMATCH,
)
row(
    "a header that was signed is sent",
    "http",
    lambda s: s.fetch(
        s.presign("GET", s.given(), headers={"x-amz-expected-bucket-owner": "123456789012"}),
        headers={"x-amz-expected-bucket-owner": "123456789012"},
    ),
    200,
    signing(*QUERY, "X-Amz-SignedHeaders lists the headers that you used to calculate the signature; host is required"),
)
row(
    "a signed header with another value",
    "http",
    lambda s: s.fetch(
        s.presign("PUT", s.key(), headers={"content-type": "text/plain"}), "PUT", {"content-type": "text/html"}, b"x"
    ),
    WRONG,
    MISMATCH,
)
row(
    "an x-amz header that the address did not sign",
    "http",
    lambda s: s.fetch(s.presign("PUT", s.key()), "PUT", {"x-amz-meta-a": "1"}, b"x"),
    403,
    signing(*QUERY, "any x-amz-* headers that you plan to include in your request must be signed"),
)
row(
    "both ways of signing at once",
    "http",
    lambda s: both_ways(s),
    {"status": 400, "at Code": re.compile("^Invalid(Argument|Request)$")},
    newer_error(
        "InvalidRequest",
        "Conflicting values provided in HTTP headers and query parameters. 400 (InvalidArgument has the same status)",
    ),
)
row(
    "an address of a missing object",
    "http",
    lambda s: s.fetch(s.presign("GET", s.key())),
    refusal(404, "NoSuchKey"),
    api("GetObject", "NoSuchKey", "The specified key does not exist."),
)
row(
    "a presigned listing",
    "curl",
    lambda s: s.curl(s.presign("GET", None, query="list-type=2&max-keys=1")),
    {"status": 200, "at MaxKeys": "1"},
    signing(*QUERY, "express a request entirely in a URL"),
)
row(
    "an address signed with version 2",
    "http",
    lambda s: s.fetch(
        f"{s.path(s.given())}?AWSAccessKeyId={s.credentials.access_key}&Signature=AAAA&Expires=9999999999"
    ),
    refusal(400, "InvalidRequest"),
    error("InvalidRequest", 400),
)
unknown("an address from the future", "http", presigned_then(60, 1200))


def by_boto(s, operation):
    address = s.client().generate_presigned_url(operation, {"Bucket": s.bucket, "Key": s.given()}, 60)
    if "X-Amz-Signature" not in address:
        from botocore.config import Config

        address = s.client(config=Config(signature_version="s3v4")).generate_presigned_url(
            operation, {"Bucket": s.bucket, "Key": s.key()}, 60
        )
    return s.fetch(address.removeprefix(s.stack.endpoint("s3")))


def by_cli(s):
    told = s.aws(
        "s3", "presign", f"s3://{s.bucket}/{s.given()}", "--expires-in", "60", configuration=s.facts["aws_config"]
    )
    return s.fetch(told.body.decode().strip().removeprefix(s.stack.endpoint("s3")))


def both_ways(s):
    target = s.presign("GET", s.given())
    path, _, query = target.partition("?")
    return s.send("GET", path, query)
