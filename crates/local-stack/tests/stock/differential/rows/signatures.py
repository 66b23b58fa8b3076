"""Signatures in the Authorization header, and what is wrong with them."""

import re

import botocore
from botocore.config import Config

from clients import at_offset
from pages import api, error, iam_guide, newer_error, signing, user_guide
from table import group, refusal

row, unknown = group("signatures")

LIST = "list-type=2&max-keys=1"
MALFORMED = error("AuthorizationHeaderMalformed", 400)
SKEW = user_guide(
    "RESTAuthentication.md",
    "Time stamp requirement",
    "the client timestamp included with an authenticated"
    " request must be within 15 minutes of the Amazon S3 system time; if not, RequestTimeTooSkewed",
)
DATE = iam_guide(
    "signing-elements.md",
    "Date",
    "The time stamp must be in ISO 8601 format. You can use a date or an x-amz-date header; if we can't find an"
    " x-amz-date header, then we look for a date header",
)
SCOPE = iam_guide(
    "signing-elements.md",
    "Date",
    "The date that you specify in the credential scope must match the date of your request.",
)
HEADER = ("sigv4-auth-using-authorization-header", "Overview")
SIGNED = signing(
    "sig-v4-header-based-auth",
    "Task 1: Create a canonical request",
    "you must include the host header and any x-amz-* headers in the request",
)


def skewed(seconds):
    def sender(s):
        with at_offset(seconds):
            return s.list(LIST)

    return sender


def with_authorization(change, **how):
    """A good request whose Authorization header is changed."""

    def sender(s):
        endpoint, method, target, headers, body = s.request("GET", s.path(), LIST, **how)
        headers = [(name, change(value) if name == "Authorization" else value) for name, value in headers]
        return s.stack.exchange(endpoint, method, target, headers, body)

    return sender


def swap(text):
    return ("A" if text[0] != "A" else "B") + text[1:]


row(
    "a good signature",
    "http",
    lambda s: s.list(LIST),
    200,
    signing(*HEADER, "the Authorization header is the most common method of providing authentication information"),
)
row(
    "a wrong secret",
    "http",
    lambda s: s.list(LIST, keys=s.other_keys(secret_key=swap(s.credentials.secret_key))),
    refusal(403, "SignatureDoesNotMatch"),
    error("SignatureDoesNotMatch", 403),
)
row(
    "boto3 with a wrong secret",
    "boto3",
    lambda s: boto_with(s, aws_secret_access_key=swap(s.credentials.secret_key)),
    refusal(403, "SignatureDoesNotMatch"),
    error("SignatureDoesNotMatch", 403),
)
row(
    "an unknown key",
    "http",
    lambda s: s.list(LIST, keys=s.other_keys(access_key="ASIAUNKNOWNUNKNOWN00")),
    refusal(403, "InvalidAccessKeyId"),
    error("InvalidAccessKeyId", 403),
)
row(
    "no session token",
    "http",
    lambda s: s.list(LIST, keys=s.other_keys(token=None)),
    refusal(403, "InvalidAccessKeyId"),
    error("InvalidAccessKeyId", 403, "a temporary key is none without its token"),
)
row(
    "a token of nobody",
    "http",
    lambda s: s.list(LIST, keys=s.other_keys(token="nobody")),
    refusal(400, "InvalidToken"),
    error("InvalidToken", 400),
)
row(
    "a token with other letters",
    "http",
    lambda s: s.list(LIST, keys=s.other_keys(token=s.credentials.token[:-4] + "AAAA")),
    refusal(400, "InvalidToken"),
    error("InvalidToken", 400),
)
row(
    "another region",
    "http",
    lambda s: s.list(LIST, region="eu-west-1"),
    refusal(400, "AuthorizationHeaderMalformed"),
    MALFORMED,
)
row(
    "another service",
    "http",
    lambda s: s.list(LIST, signed_as="sts"),
    refusal(400, "AuthorizationHeaderMalformed"),
    MALFORMED,
)
row(
    "the right region is told",
    "http",
    lambda s: s.send("HEAD", s.path(), region="eu-west-1"),
    {"status": 400, "header x-amz-bucket-region": "us-west-2"},
    api(
        "HeadBucket",
        "",
        "regardless of the permissions on the bucket, you will receive a response header with the correct"
        " bucket location",
    ),
)
row(
    "boto3 in another region finds its way",
    "boto3",
    lambda s: boto_with(s, region="eu-west-1"),
    200,
    api("HeadBucket", "", "so that you can then make a proper, signed request to the appropriate Regional endpoint"),
)
for name, seconds in (("behind", -1000), ("ahead", 1000)):
    row(f"a clock that is {name}", "http", skewed(seconds), refusal(403, "RequestTimeTooSkewed"), SKEW)
    row(f"a clock that is a little {name}", "http", skewed(seconds * 0.8), 200, SKEW)
row("a date header in place of x-amz-date", "http", lambda s: s.list(LIST, headers={"Date": "ISO"}), 200, DATE)
unknown("a date header as botocore writes it", "http", lambda s: s.list(LIST, headers={"Date": "now"}))
row("an old date header", "http", lambda s: old_date(s), refusal(403, "RequestTimeTooSkewed"), SKEW)
row(
    "no date at all",
    "http",
    lambda s: s.list(LIST, without=("x-amz-date",)),
    403,
    user_guide(
        "RESTAuthentication.md", "Time stamp requirement", "A valid time stamp is mandatory for authenticated requests."
    ),
)
row(
    "a scope of another day",
    "http",
    with_authorization(lambda value: re.sub(r"/\d{8}/", "/20200101/", value)),
    refusal(400, "AuthorizationHeaderMalformed"),
    SCOPE,
)
row(
    "no content hash",
    "http",
    lambda s: s.list(LIST, without=("x-amz-content-sha256",)),
    400,
    signing(*HEADER, "x-amz-content-sha256 is required for all AWS Signature Version 4 requests"),
)
row(
    "a content hash that is none",
    "http",
    lambda s: s.list(LIST, payload="nonsense"),
    refusal(400, "InvalidArgument"),
    error("InvalidArgument", 400),
)
row(
    "an unsigned body",
    "http",
    lambda s: s.put(s.key(), payload="UNSIGNED-PAYLOAD"),
    200,
    signing(
        "sig-v4-header-based-auth",
        "Unsigned payload option",
        "You include the literal string UNSIGNED-PAYLOAD when"
        " constructing a canonical request, and set the same value as the x-amz-content-sha256 header value",
    ),
)
row(
    "a body other than its hash",
    "http",
    lambda s: s.put(s.key(), payload="0" * 64),
    400,
    api("UploadPart", "", "uses the x-amz-content-sha256 header as a checksum instead of Content-MD5"),
)
row(
    "a body other than its hash is not kept",
    "http",
    lambda s: (s.put(s.key(), payload="0" * 64), s.get(s.key()))[1],
    refusal(404, "NoSuchKey"),
    api("PutObject", "", "Amazon S3 never adds partial objects"),
)
row(
    "unsigned",
    "http",
    lambda s: s.list(LIST, sign=False),
    {"status": 403},
    newer_error("MissingAuthenticationToken", "The request was not signed. 403 (AccessDenied has the same status)"),
)
row(
    "boto3 unsigned",
    "boto3",
    lambda s: s.boto("list_objects_v2", config=Config(signature_version=botocore.UNSIGNED)),
    {"status": 403},
    newer_error("MissingAuthenticationToken", "The request was not signed. 403"),
)
row(
    "an x-amz header that is not signed",
    "http",
    lambda s: s.list(LIST, headers={"x-amz-request-payer": "requester"}, unsigned=("x-amz-request-payer",)),
    403,
    SIGNED,
)
row(
    "a signed header that is not sent",
    "http",
    lambda s: s.list(LIST, headers={"x-amz-meta-a": "1"}, without=("x-amz-meta-a",)),
    refusal(403, "SignatureDoesNotMatch"),
    error("SignatureDoesNotMatch", 403),
)
row("a host that is not signed", "http", lambda s: host_unsigned(s), 403, SIGNED)
row(
    "another query than was signed",
    "http",
    lambda s: other_query(s),
    refusal(403, "SignatureDoesNotMatch"),
    error("SignatureDoesNotMatch", 403),
)
row("another method than was signed", "http", lambda s: other_method(s), 403, error("SignatureDoesNotMatch", 403))
row(
    "another key than was signed",
    "http",
    lambda s: other_key(s),
    refusal(403, "SignatureDoesNotMatch"),
    error("SignatureDoesNotMatch", 403),
)
for name, change in {
    "no signature": lambda value: value.rsplit(", ", 1)[0],
    "no signed headers": lambda value: re.sub(r"SignedHeaders=[^,]*, ", "", value),
    "a credential without its scope": lambda value: re.sub(r"Credential=([^/]*)[^,]*", r"Credential=\1", value),
    "another end of the scope": lambda value: value.replace("aws4_request", "aws3_request"),
}.items():
    row(
        f"Authorization: {name}",
        "http",
        with_authorization(change),
        refusal(400, "AuthorizationHeaderMalformed"),
        MALFORMED,
    )
row(
    "signature version 2",
    "boto3",
    lambda s: s.boto("list_objects_v2", config=Config(signature_version="s3")),
    refusal(400, "InvalidRequest"),
    error("InvalidRequest", 400),
)
row(
    "many values in a query",
    "http",
    lambda s: s.list("prefix=&delimiter=%2F&list-type=2&max-keys=1&fetch-owner=true"),
    200,
    signing(
        "sig-v4-header-based-auth",
        "CanonicalQueryString",
        "URI-encoded query string parameters, sorted by name; a"
        " parameter without a value is signed with the empty string",
    ),
)
row(
    "spaces in a header's value",
    "http",
    lambda s: s.put(s.key(), headers={"x-amz-meta-a": "  a   b  "}),
    200,
    signing("sig-v4-header-based-auth", "CanonicalHeaders", "Trim() removes any leading or trailing whitespace"),
)
row(
    "curl signs by itself",
    "curl",
    lambda s: s.curl(
        s.path(s.given(body=b"curl")),
        sign=f"aws:amz:{s.region}:s3",
        headers={"x-amz-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    ),
    {"status": 200, "body": b"curl"},
    signing(*HEADER, "AWS4-HMAC-SHA256 Credential, SignedHeaders, Signature"),
)
row(
    "curl signs for another region",
    "curl",
    lambda s: s.curl(
        s.path(s.given()),
        sign="aws:amz:eu-west-1:s3",
        headers={"x-amz-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    ),
    refusal(400, "AuthorizationHeaderMalformed"),
    MALFORMED,
)
row(
    "curl without any signature",
    "curl",
    lambda s: s.curl(s.path(s.given())),
    {"status": 403},
    newer_error("MissingAuthenticationToken", "The request was not signed. 403"),
)
row(
    "the AWS CLI unsigned",
    "aws",
    lambda s: s.aws("s3api", "list-objects-v2", "--bucket", s.bucket, "--no-sign-request"),
    {"at Code": re.compile("^(AccessDenied|MissingAuthenticationToken)$")},
    newer_error("MissingAuthenticationToken", "The request was not signed. 403 (AccessDenied has the same status)"),
)
row(
    "credentials that have come to their end",
    "http",
    lambda s: later(s),
    refusal(400, "ExpiredToken"),
    error("ExpiredToken", 400),
    later=True,
)
row(
    "boto3 with credentials that have come to their end",
    "boto3",
    lambda s: boto_later(s),
    refusal(400, "ExpiredToken"),
    error("ExpiredToken", 400),
    later=True,
)
row(
    "a presigned address outlives no credentials",
    "curl",
    lambda s: presigned_later(s),
    {"status": 400, "at Code": "ExpiredToken"},
    user_guide(
        "using-presigned-url.md",
        "Who can create a presigned URL",
        "If you created a presigned URL using a temporary credential, the URL expires when the credential expires",
    ),
    later=True,
)
unknown("the detail of a wrong secret", "http", lambda s: s.list(LIST, keys=s.other_keys(secret_key="wrong")))
unknown("the detail of another region", "http", lambda s: s.list(LIST, region="eu-west-1"))
unknown("the code for a body other than its hash", "http", lambda s: s.put(s.key(), payload="0" * 64))
unknown("the code for an unsigned request", "http", lambda s: s.list(LIST, sign=False))

# By how much the stack's clock is moved before these rows: past the hour that credentials live.
LATER = 4000


def later(s):
    with at_offset(LATER):
        return s.list(LIST)


def boto_later(s):
    with at_offset(LATER):
        return s.boto("list_objects_v2", MaxKeys=1)


def presigned_later(s):
    return s.curl(s.presign("GET", "readme.txt", 7200))


def boto_with(s, region=None, **changes):
    return s.boto("list_objects_v2", client=s.client("s3", region=region, **changes), MaxKeys=1)


def old_date(s):
    with at_offset(-1000):
        return s.list(LIST, headers={"Date": "ISO"})


def host_unsigned(s):
    return s.list(LIST, unsigned=("host",))


def other_query(s):
    endpoint, method, target, headers, body = s.request("GET", s.path(), LIST)
    return s.stack.exchange(endpoint, method, target.replace("max-keys=1", "max-keys=2"), headers, body)


def other_method(s):
    endpoint, _, target, headers, body = s.request("GET", s.path(s.given()))
    return s.stack.exchange(endpoint, "DELETE", target, headers, body)


def other_key(s):
    endpoint, method, target, headers, body = s.request("GET", s.path(s.given()))
    return s.stack.exchange(endpoint, method, target + "2", headers, body)
