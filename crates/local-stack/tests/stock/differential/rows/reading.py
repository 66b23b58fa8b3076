"""Objects: whole, in ranges, on conditions, by part, and with headers overridden."""

import email.utils
import re

from checksums import ALGORITHMS, checksum, md5_etag
from clients import ABSENT, now
from pages import api, error, rfc, sdk, user_guide
from table import group, refusal

row, unknown = group("read")

LETTERS = b"abcdefghijklmnopqrstuvwxyz"
GET, HEAD = "GetObject", "HeadObject"
SAME = md5_etag(LETTERS)
OTHER = md5_etag(b"other")
HTTP_DATE = re.compile(r"^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$")


def day(offset):
    """A moment as HTTP writes it, so many days from now."""
    return email.utils.formatdate(now(False).timestamp() + offset * 86400, usegmt=True)


def letters(method="GET", query="", how=None, **headers):
    """Asks for an object that holds the alphabet; of a header's name `_` stands for `-`."""

    def sender(s):
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return s.send(method, s.path(s.given(body=LETTERS)), query, sent, **(how or {}))

    return sender


row(
    "a whole object",
    "http",
    letters(),
    {
        "status": 200,
        "body": LETTERS,
        "header content-length": "26",
        "header etag": SAME,
        "header last-modified": HTTP_DATE,
        "header content-range": ABSENT,
    },
    api(
        GET,
        "ETag",
        "An entity tag (ETag) is an opaque identifier assigned by a web server to a specific version of a resource",
    ),
)
row(
    "head of a whole object",
    "http",
    letters("HEAD"),
    {
        "status": 200,
        "body": b"",
        "header content-length": "26",
        "header etag": SAME,
        "header last-modified": HTTP_DATE,
    },
    api(HEAD, "", "The response is identical to the GET response except that there is no response body."),
)
row(
    "boto3 reads an object",
    "boto3",
    lambda s: s.boto("get_object", Key=s.given(body=LETTERS)),
    {
        "status": 200,
        "body": LETTERS,
        "at ContentLength": 26,
        "at ETag": SAME,
    },
    api(GET, "Body", "Object data."),
)
row(
    "the AWS CLI reads an object",
    "aws",
    lambda s: s.aws("s3api", "get-object", "--bucket", s.bucket, "--key", s.given(body=LETTERS), "/dev/null"),
    {
        "status": 0,
        "at ContentLength": 26,
        "at ETag": SAME,
    },
    api(GET, "ContentLength", "Size of the body in bytes."),
)
row(
    "an object is encrypted with S3's keys",
    "http",
    letters(),
    {"header x-amz-server-side-encryption": "AES256"},
    api(
        "PutObject",
        "ServerSideEncryption",
        "Amazon S3 encrypts data with server-side encryption by using Amazon S3 managed keys (SSE-S3) by default.",
    ),
)
row(
    "head tells the encryption too",
    "http",
    letters("HEAD"),
    {"header x-amz-server-side-encryption": "AES256"},
    api(HEAD, "", "The response is identical to the GET response"),
)
row(
    "no storage class is told of a standard object",
    "http",
    letters(),
    {"status": 200, "header x-amz-storage-class": ABSENT},
    api(
        GET,
        "StorageClass",
        "Amazon S3 returns this header for all objects except for S3 Standard storage class objects.",
    ),
)
row(
    "an encryption header does not belong on a GET",
    "http",
    letters(x_amz_server_side_encryption="AES256"),
    400,
    api(
        GET,
        "",
        "If you include the header in your GetObject requests for the object that uses these types of keys, you’ll"
        " get an HTTP 400 Bad Request error.",
    ),
)
row(
    "an encryption header does not belong on a HEAD",
    "http",
    letters("HEAD", x_amz_server_side_encryption="AES256"),
    400,
    api(
        HEAD,
        "",
        "If you include this header in a HEAD request for an object that uses these types of keys, you’ll get an"
        " HTTP 400 Bad Request error.",
    ),
)

# --- what is not there ---

row(
    "a missing key",
    "http",
    lambda s: s.get(s.key()),
    refusal(404, "NoSuchKey"),
    api(GET, "NoSuchKey", "The specified key does not exist."),
)
row(
    "boto3 and a missing key",
    "boto3",
    lambda s: s.boto("get_object", Key=s.key()),
    refusal(404, "NoSuchKey"),
    api(
        GET,
        "",
        "If you have the s3:ListBucket permission on the bucket, Amazon S3 returns an HTTP status code 404 Not Found"
        " error.",
    ),
)
row(
    "head of a missing key",
    "http",
    lambda s: s.head(s.key()),
    {"status": 404, "body": b""},
    api(HEAD, "", "if the HEAD request generates an error, it returns a generic code, such as"),
)
row(
    "the AWS CLI and a missing key",
    "aws",
    lambda s: s.aws("s3api", "get-object", "--bucket", s.bucket, "--key", s.key(), "/dev/null"),
    {"at Code": "NoSuchKey"},
    api(GET, "NoSuchKey", "The specified key does not exist."),
)
row(
    "curl and a missing key",
    "curl",
    lambda s: s.curl(s.presign("GET", s.key())),
    refusal(404, "NoSuchKey"),
    api(GET, "NoSuchKey", "The specified key does not exist."),
)

# --- ranges ---

RANGE = api(
    GET,
    "Range",
    "Downloads the specified byte range of an object. For more information about the HTTP Range header,"
    " see https://www.rfc-editor.org/rfc/rfc9110.html#name-range.",
)
for name, asked, told, body in (
    ("the first bytes", "bytes=0-9", "bytes 0-9/26", LETTERS[:10]),
    ("one byte", "bytes=3-3", "bytes 3-3/26", b"d"),
    ("from a byte on", "bytes=20-", "bytes 20-25/26", LETTERS[20:]),
    ("the last bytes", "bytes=-5", "bytes 21-25/26", LETTERS[-5:]),
    ("more last bytes than there are", "bytes=-100", "bytes 0-25/26", LETTERS),
    ("beyond the end", "bytes=20-99", "bytes 20-25/26", LETTERS[20:]),
):
    row(
        f"range: {name}",
        "http",
        letters(range=asked),
        {
            "status": 206,
            "body": body,
            "header content-range": told,
            "header content-length": str(len(body)),
            "header etag": SAME,
        },
        RANGE,
    )
row(
    "range: after the end", "http", letters(range="bytes=26-"), refusal(416, "InvalidRange"), error("InvalidRange", 416)
)
for name, asked in (("no numbers", "bytes=a-b"), ("last before first", "bytes=5-2"), ("another unit", "lines=0-1")):
    row(
        f"range: {name}",
        "http",
        letters(range=asked),
        {"status": 200, "body": LETTERS, "header content-range": ABSENT},
        rfc(
            9110,
            "14.2 Range",
            "A server MAY ignore the Range header field; it MUST ignore one with a range unit it does not"
            " understand, and an invalid ranges-specifier may be ignored",
        ),
    )
unknown("range: two ranges", "http", letters(range="bytes=0-1,4-5"))
unknown("range: the last no bytes", "http", letters(range="bytes=-0"))
unknown("what a range after the end is told besides", "http", letters(range="bytes=26-"))
row(
    "boto3 reads a range",
    "boto3",
    lambda s: s.boto("get_object", Key=s.given(body=LETTERS), Range="bytes=2-4"),
    {"status": 206, "body": b"cde", "at ContentRange": "bytes 2-4/26"},
    api(GET, "ContentRange", "The portion of the object returned in the response."),
)
row(
    "curl reads a range",
    "curl",
    lambda s: s.curl(s.presign("GET", s.given(body=LETTERS)), "--range", "2-4"),
    {"status": 206, "body": b"cde"},
    RANGE,
)
row(
    "head of a range",
    "http",
    letters("HEAD", range="bytes=0-9"),
    {"status": 206, "header content-length": "10", "body": b""},
    api(HEAD, "Range", "If the Range is satisfiable, only the ContentLength is affected in the response."),
)
row(
    "head of a range after the end",
    "http",
    letters("HEAD", range="bytes=26-"),
    {"status": 416, "body": b""},
    api(HEAD, "Range", "If the Range is not satisfiable, S3 returns a 416 - Requested Range Not Satisfiable error."),
)
row(
    "a range of a missing key",
    "http",
    lambda s: s.get(s.key(), headers={"range": "bytes=0-1"}),
    refusal(404, "NoSuchKey"),
    api(GET, "NoSuchKey", "The specified key does not exist."),
)

IF_RANGE = rfc(
    9110,
    "13.1.5 If-Range",
    "A recipient of an If-Range header field MUST ignore the Range header field if the If-Range condition evaluates to false",
)
for name, condition, expected in (
    ("the same", SAME, {"status": 206, "body": LETTERS[:10]}),
    ("another", OTHER, {"status": 200, "body": LETTERS}),
    ("the same, and weak", "W/" + SAME, {"status": 200, "body": LETTERS}),
):
    row(f"a range of an object whose tag is {name}", "http", letters(range="bytes=0-9", if_range=condition), expected, IF_RANGE)
for name, condition, expected in (
    ("the same", SAME, {"status": 206, "body": LETTERS[:10]}),
    ("another", OTHER, refusal(412, "PreconditionFailed")),
):
    row(
        f"a range on condition that the tag is {name}",
        "http",
        letters(range="bytes=0-9", if_match=condition),
        expected,
        api(GET, "IfMatch", "otherwise, return a 412 Precondition Failed error."),
    )

# --- conditions ---

MATCH = api(
    GET,
    "IfMatch",
    "Return the object only if its entity tag (ETag) is the same as the one specified in this header;"
    " otherwise, return a 412 Precondition Failed error.",
)
NONE_MATCH = api(
    GET,
    "IfNoneMatch",
    "Return the object only if its entity tag (ETag) is different from the one specified in"
    " this header; otherwise, return a 304 Not Modified error.",
)
MODIFIED = api(
    GET,
    "IfModifiedSince",
    "Return the object only if it has been modified since the specified time; otherwise,"
    " return a 304 Not Modified error.",
)
UNMODIFIED = api(
    GET,
    "IfUnmodifiedSince",
    "Return the object only if it has not been modified since the specified time;"
    " otherwise, return a 412 Precondition Failed error.",
)
GIVEN, FAILED = {"status": 200, "body": LETTERS}, refusal(412, "PreconditionFailed")
UNCHANGED = {"status": 304, "body": b"", "header etag": SAME}
STRONG = rfc(9110, "13.1.1 If-Match", "An origin server MUST use the strong comparison function when comparing entity tags")
WEAK = rfc(9110, "13.1.2 If-None-Match", "A recipient MUST use the weak comparison function when comparing entity tags")
STAR = rfc(7232, "3.1 and 3.2", "the value * stands for any current representation")
for name, headers, expected, page in (
    ("the tag is the same", {"if_match": SAME}, GIVEN, MATCH),
    ("the tag is another", {"if_match": OTHER}, FAILED, MATCH),
    ("any tag will do", {"if_match": "*"}, GIVEN, STAR),
    ("not if the same", {"if_none_match": SAME}, UNCHANGED, NONE_MATCH),
    ("not if another", {"if_none_match": OTHER}, GIVEN, NONE_MATCH),
    ("not if there is one", {"if_none_match": "*"}, UNCHANGED, STAR),
    ("the tag is the same, and weak", {"if_match": "W/" + SAME}, FAILED, STRONG),
    ("not if the same, and weak", {"if_none_match": "W/" + SAME}, UNCHANGED, WEAK),
    ("changed since yesterday", {"if_modified_since": day(-1)}, GIVEN, MODIFIED),
    ("not changed since yesterday", {"if_unmodified_since": day(-1)}, FAILED, UNMODIFIED),
    ("not changed since tomorrow", {"if_unmodified_since": day(1)}, GIVEN, UNMODIFIED),
    (
        "same tag, though changed",
        {"if_match": SAME, "if_unmodified_since": day(-1)},
        GIVEN,
        api(
            GET,
            "IfMatch",
            "If-Match condition evaluates to true, and; If-Unmodified-Since condition evaluates to false; then, S3"
            " returns 200 OK and the data requested.",
        ),
    ),
    (
        "same tag, though changed since",
        {"if_none_match": SAME, "if_modified_since": day(-1)},
        UNCHANGED,
        api(
            GET,
            "IfNoneMatch",
            "If-None-Match condition evaluates to false, and; If-Modified-Since condition evaluates to true;"
            " then, S3 returns 304 Not Modified HTTP status code.",
        ),
    ),
    ("another tag, though not changed", {"if_match": OTHER, "if_unmodified_since": day(1)}, FAILED, MATCH),
):
    row(f"condition: {name}", "http", letters(**headers), expected, page)
    if page is not STAR:
        # What a GET is told in words, a HEAD is told by its status alone.
        row(
            f"condition of a head: {name}",
            "http",
            letters("HEAD", **headers),
            {"status": expected["status"], "body": b""},
            api(HEAD, "", "A HEAD request has the same options as a GET operation on an object."),
        )
row("condition: not changed since it was written", "http", lambda s: unchanged_since(s), UNCHANGED, MODIFIED)
row(
    "what a 304 must carry",
    "http",
    letters(if_none_match=SAME),
    {"header etag": SAME, "header content-type": ABSENT},
    rfc(7232, "4.1", "a 304 must carry the ETag of the 200, and no representation metadata other than cache fields"),
)
row(
    "boto3 and a tag that is another",
    "boto3",
    lambda s: s.boto("get_object", Key=s.given(), IfMatch=OTHER),
    refusal(412, "PreconditionFailed"),
    MATCH,
)
row(
    "boto3 and a tag that is the same",
    "boto3",
    lambda s: s.boto("get_object", Key=s.given(body=LETTERS), IfNoneMatch=SAME),
    {"status": 304},
    NONE_MATCH,
)
row("a condition on a range", "http", letters(range="bytes=0-1", if_match=SAME), {"status": 206, "body": b"ab"}, MATCH)
row("a failed condition on a range", "http", letters(range="bytes=0-1", if_match=OTHER), FAILED, MATCH)
unknown("what a 412 is told besides", "http", letters(if_match=OTHER))
# The reference speaks of one tag, and points to an RFC that has lists of them.
unknown("one of two tags is the same", "http", letters(if_match=f"{OTHER}, {SAME}"))
unknown("not if one of two tags", "http", letters(if_none_match=f"{OTHER}, {SAME}"))
unknown("a date that is none", "http", letters(if_modified_since="yesterday"))


def unchanged_since(s):
    key = s.given(body=LETTERS)
    return s.get(key, headers={"if-modified-since": s.head(key).headers["last-modified"]})


# --- headers ---

OVERRIDES = {
    "cache-control": "no-store",
    "content-disposition": "attachment; filename=a.txt",
    "content-encoding": "identity",
    "content-language": "fr",
    "content-type": "text/x-other",
    "expires": "Thu, 01 Dec 2033 16:00:00 GMT",
}
MEMBER = {name: "".join(word.title() for word in name.split("-")) for name in OVERRIDES}
for name, value in OVERRIDES.items():
    quoted = value.replace(" ", "%20").replace(";", "%3B").replace("=", "%3D").replace("/", "%2F")
    quoted = quoted.replace(",", "%2C").replace(":", "%3A")
    row(
        f"override {name}",
        "http",
        letters(query=f"response-{name}={quoted}"),
        {"status": 200, f"header {name}": value},
        api(GET, f"Response{MEMBER[name]}", f"Sets the {name.title()} header of the response."),
    )
    row(
        f"{name} is kept",
        "http",
        lambda s, name=name, value=value: s.head(s.given(headers={name: value})),
        {"status": 200, f"header {name}": value},
        api(
            HEAD,
            MEMBER[name] if name != "expires" else "Expires",
            {
                "cache-control": "Specifies caching behavior along the request/reply chain.",
                "content-disposition": "Specifies presentational information for the object.",
                "content-encoding": "Indicates what content encodings have been applied to the object",
                "content-language": "The language the content is in.",
                "content-type": "A standard MIME type describing the format of the object data.",
                "expires": "The date and time at which the object is no longer cacheable.",
            }[name],
        ),
    )
row(
    "an override in a presigned address",
    "curl",
    lambda s: s.curl(s.presign("GET", s.given(), query="response-content-type=text%2Fx-other")),
    {"status": 200, "header content-type": "text/x-other"},
    api(
        GET,
        "",
        "When you use these parameters, you must sign the request by using either an Authorization header or a"
        " presigned URL.",
    ),
)
row(
    "no override of a refusal",
    "http",
    lambda s: s.get(s.key(), "response-content-type=text%2Fx-other"),
    {"status": 404, "header content-type": "application/xml"},
    api(GET, "", "These modified response header values are included only in a successful response"),
)
row(
    "override on a head",
    "http",
    letters("HEAD", query="response-content-type=text%2Fx-other"),
    {"status": 200, "header content-type": "text/x-other"},
    api(HEAD, "ResponseContentType", "Sets the Content-Type header of the response."),
)

# --- parts of what was put in one piece ---

PART = "This is a positive integer between 1 and 10,000."
row(
    "the one part of an object",
    "http",
    letters(query="partNumber=1"),
    {"status": 206, "body": LETTERS},
    api(GET, "PartNumber", "Effectively performs a 'ranged' GET request for the part specified."),
)
row(
    "no count of parts where there are none",
    "http",
    letters(query="partNumber=1"),
    {"status": 206, "header x-amz-mp-parts-count": ABSENT},
    api(
        GET,
        "PartsCount",
        "This value is only returned if you specify partNumber in your request and the object was uploaded"
        " as a multipart upload.",
    ),
)
for name, number in (("zero", "0"), ("beyond ten thousand", "10001"), ("no number", "one")):
    row(
        f"a part number that is {name}",
        "http",
        letters(query=f"partNumber={number}"),
        refusal(400, "InvalidArgument"),
        api(GET, "PartNumber", PART),
    )
unknown("a part that is not there", "http", letters(query="partNumber=2"))
unknown("a part and a range", "http", letters(query="partNumber=1", range="bytes=0-1"))

# --- checksums that are read ---

for algorithm in ALGORITHMS:
    name = f"x-amz-checksum-{algorithm}"
    member = {"crc32": "CRC32", "crc32c": "CRC32C", "crc64nvme": "CRC64NVME", "sha1": "SHA1", "sha256": "SHA256"}[
        algorithm
    ]

    def checked(s, name=name, algorithm=algorithm, mode="ENABLED"):
        key = s.given(body=LETTERS, headers={name: checksum(algorithm, LETTERS)})
        return s.head(key, headers={"x-amz-checksum-mode": mode} if mode else {})

    row(
        f"{algorithm} is told when asked for",
        "http",
        checked,
        {
            "status": 200,
            f"header {name}": checksum(algorithm, LETTERS),
            "header x-amz-checksum-type": "FULL_OBJECT",
        },
        api(HEAD, f"Checksum{member}", "The Base64 encoded"),
    )
    row(
        f"{algorithm} is not told otherwise",
        "http",
        lambda s, checked=checked: checked(s, mode=None),
        {"status": 200, f"header {name}": ABSENT},
        api(HEAD, "ChecksumMode", "To retrieve the checksum, this parameter must be enabled."),
    )
row(
    "the default checksum is told when asked for",
    "http",
    letters("HEAD", x_amz_checksum_mode="ENABLED"),
    {
        "header x-amz-checksum-crc64nvme": checksum("crc64nvme", LETTERS),
        "header x-amz-checksum-type": "FULL_OBJECT",
    },
    api(
        "PutObject",
        "ChecksumCRC64NVME",
        "if it was uploaded without a checksum (and Amazon S3 added the default checksum",
    ),
)
row(
    "no checksum beside a range",
    "http",
    letters(range="bytes=0-1", x_amz_checksum_mode="ENABLED"),
    {"status": 206, "header x-amz-checksum-crc64nvme": ABSENT, "header x-amz-checksum-type": ABSENT},
    sdk(
        "aws/aws-sdk-js-v3#5345",
        "specification of flexible checksums",
        "If it's an arbitrary range, not matching a part boundary, then checksum will not be received.",
    ),
)
unknown("the checksum beside a range that is all", "http", letters(range="bytes=0-", x_amz_checksum_mode="ENABLED"))

# --- keys ---

row(
    "a key of strange letters",
    "boto3",
    lambda s: s.boto("get_object", Key=s.given(s.key("a b+c%2F?#é\U0001f680&=;,"), LETTERS)),
    {"status": 200, "body": LETTERS},
    user_guide(
        "object-keys.md", "Object key naming guidelines", "You can use any UTF-8 character in an object key name."
    ),
)
row(
    "keys differ in case",
    "http",
    lambda s: s.get(s.given(s.key("Key")).replace("Key", "key")),
    refusal(404, "NoSuchKey"),
    user_guide("object-keys.md", "Creating object key names", "Object key names are case sensitive."),
)
row(
    "dots in a key are letters",
    "http",
    lambda s: s.get(s.given(s.key("a/../b"), LETTERS)),
    {"status": 200, "body": LETTERS},
    user_guide("object-keys.md", "Creating object key names", "The Amazon S3 data model is a flat structure"),
)
