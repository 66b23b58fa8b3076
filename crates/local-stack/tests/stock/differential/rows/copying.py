"""CopyObject: what is copied, on which conditions, and what is refused."""

import email.utils

from checksums import checksum, md5_etag
from clients import ABSENT, now
from pages import api, error, user_guide
from table import PRESENT, group, refusal

row, unknown = group("copy")

COPY = "CopyObject"
BODY = b"to be copied"
SAME, OTHER = md5_etag(BODY), md5_etag(b"other")
CONTENT = {"content-type": "text/x-source", "x-amz-meta-colour": "blue"}
FAILED = refusal(412, "PreconditionFailed")


def day(offset):
    return email.utils.formatdate(now(False).timestamp() + offset * 86400, usegmt=True)


def copy(headers=None, to=None, source=None):
    def sender(s):
        key = s.given(s.key("source.txt"), BODY, CONTENT)
        sent = {"x-amz-copy-source": source(s, key) if source else s.path(key), **(headers or {})}
        return s.put(s.key(to or "copy.txt"), b"", sent)

    return sender


def then_head(send, to="copy.txt"):
    return lambda s: s.after(send(s), lambda: s.head(s.key(to)))


row(
    "an object",
    "http",
    copy(),
    {"status": 200, "at @root": "CopyObjectResult", "at ETag": SAME, "at LastModified": PRESENT},
    api(COPY, "CopyObjectResult/ETag", "Returns the ETag of the new object."),
)
row(
    "the copy is the same",
    "http",
    lambda s: s.after(copy()(s), lambda: s.get(s.key("copy.txt"))),
    {"status": 200, "body": BODY},
    api(COPY, "", "Creates a copy of an object that is already stored in Amazon S3."),
)
row(
    "boto3 copies",
    "boto3",
    lambda s: s.boto("copy_object", Key=s.key("copy.txt"), CopySource={"Bucket": s.bucket, "Key": s.given(body=BODY)}),
    {"status": 200, "at CopyObjectResult/ETag": SAME},
    api(COPY, "CopyObjectResult/ETag", "Returns the ETag of the new object."),
)
row(
    "the AWS CLI copies",
    "aws",
    lambda s: s.aws(
        "s3api",
        "copy-object",
        "--bucket",
        s.bucket,
        "--key",
        s.key("copy.txt"),
        "--copy-source",
        f"{s.bucket}/{s.given(body=BODY)}",
    ),
    {"status": 0, "at CopyObjectResult/ETag": SAME},
    api(COPY, "CopyObjectResult/ETag", "Returns the ETag of the new object."),
)
row(
    "metadata is copied",
    "http",
    then_head(copy()),
    {"header x-amz-meta-colour": "blue", "header content-type": "text/x-source"},
    api(COPY, "MetadataDirective", "If this header isn’t specified, COPY is the default behavior."),
)
row(
    "metadata is copied when asked to",
    "http",
    then_head(copy({"x-amz-metadata-directive": "COPY"})),
    {"header x-amz-meta-colour": "blue"},
    api(
        COPY,
        "MetadataDirective",
        "Specifies whether the metadata is copied from the source object or replaced with metadata"
        " that's provided in the request.",
    ),
)
row(
    "metadata is replaced",
    "http",
    then_head(copy({"x-amz-metadata-directive": "REPLACE", "x-amz-meta-size": "big", "content-type": "text/x-copy"})),
    {"header x-amz-meta-colour": ABSENT, "header x-amz-meta-size": "big", "header content-type": "text/x-copy"},
    api(
        COPY,
        "MetadataDirective",
        "Specifies whether the metadata is copied from the source object or replaced with metadata"
        " that's provided in the request.",
    ),
)
row(
    "metadata of the request is nothing without REPLACE",
    "http",
    then_head(copy({"x-amz-meta-size": "big"})),
    {"header x-amz-meta-colour": "blue", "header x-amz-meta-size": ABSENT},
    api(COPY, "MetadataDirective", "If this header isn’t specified, COPY is the default behavior."),
)
row(
    "an unknown directive",
    "http",
    copy({"x-amz-metadata-directive": "MERGE"}),
    refusal(400, "InvalidArgument"),
    error("InvalidArgument", 400),
)
row(
    "a copy onto itself with new metadata",
    "http",
    then_head(copy({"x-amz-metadata-directive": "REPLACE", "x-amz-meta-size": "big"}, to="source.txt"), "source.txt"),
    {"status": 200, "header x-amz-meta-size": "big", "header x-amz-meta-colour": ABSENT},
    user_guide(
        "UsingMetadata.md",
        "Working with object metadata",
        "The only way to modify object metadata is to make a copy of the object and set the metadata.",
    ),
)
unknown("a copy onto itself that changes nothing", "http", copy(to="source.txt"))
row(
    "a source with strange letters",
    "http",
    lambda s: s.put(s.key("copy.txt"), b"", {"x-amz-copy-source": s.path(s.given(s.key("a b+%é.txt"), BODY))}),
    {"status": 200, "at ETag": SAME},
    api(COPY, "CopySource", "The value must be URL-encoded."),
)
row(
    "a source without a leading slash",
    "http",
    copy(source=lambda s, key: s.path(key)[1:]),
    {"status": 200, "at ETag": SAME},
    api(
        COPY,
        "CopySource",
        "specify the name of the source bucket and the key of the source object, separated by a slash (/).",
    ),
)
row(
    "a source that is no path",
    "http",
    copy(source=lambda s, key: "nonsense"),
    refusal(400, "InvalidArgument"),
    error("InvalidArgument", 400),
)
row(
    "a source that is not there",
    "http",
    copy(source=lambda s, key: s.path(key) + "2"),
    refusal(404, "NoSuchKey"),
    error("NoSuchKey", 404),
)
row(
    "a source in a bucket that is not there",
    "http",
    copy(source=lambda s, key: f"/no-such-bucket-here/{key}"),
    refusal(404, "NoSuchBucket"),
    error("NoSuchBucket", 404),
)
row(
    "a source in a bucket that denies",
    "http",
    copy(source=lambda s, key: f"/{s.facts['denied_bucket']}/{key}"),
    refusal(403, "AccessDenied"),
    api(COPY, "", "you must have s3:GetObject permission to read the source object that is being copied"),
)
row(
    "a copy into a bucket that denies",
    "http",
    lambda s: s.send("PUT", f"/{s.facts['denied_bucket']}/copy", "", {"x-amz-copy-source": s.path(s.given())}),
    refusal(403, "AccessDenied"),
    api(COPY, "", "you must have s3:PutObject permission to write the object copy to the destination bucket"),
)
row(
    "a source of another owner than expected",
    "http",
    copy({"x-amz-source-expected-bucket-owner": "999999999999"}),
    refusal(403, "AccessDenied"),
    api(
        COPY,
        "ExpectedSourceBucketOwner",
        "If the account ID that you provide does not match the actual"
        " owner of the source bucket, the request fails with the HTTP status code 403 Forbidden",
    ),
)
row(
    "a destination of another owner than expected",
    "http",
    copy({"x-amz-expected-bucket-owner": "999999999999"}),
    refusal(403, "AccessDenied"),
    api(COPY, "ExpectedBucketOwner", "the request fails with the HTTP status code 403 Forbidden (access denied)."),
)

MATCH = api(COPY, "CopySourceIfMatch", "Copies the object if its entity tag (ETag) matches the specified tag.")
NONE = api(
    COPY, "CopySourceIfNoneMatch", "Copies the object if its entity tag (ETag) is different than the specified ETag."
)
SINCE = api(COPY, "CopySourceIfModifiedSince", "Copies the object if it has been modified since the specified time.")
NOT_SINCE = api(
    COPY, "CopySourceIfUnmodifiedSince", "Copies the object if it hasn't been modified since the specified time."
)
CODE = error("PreconditionFailed", 412)
COPIED = {"status": 200, "at ETag": SAME}
for name, headers, expected, page in (
    ("the tag is the same", {"if-match": SAME}, COPIED, MATCH),
    ("the tag is another", {"if-match": OTHER}, FAILED, CODE),
    ("not if another", {"if-none-match": OTHER}, COPIED, NONE),
    ("not if the same", {"if-none-match": SAME}, FAILED, CODE),
    ("changed since yesterday", {"if-modified-since": day(-1)}, COPIED, SINCE),
    ("not changed since tomorrow", {"if-unmodified-since": day(1)}, COPIED, NOT_SINCE),
    ("not changed since yesterday", {"if-unmodified-since": day(-1)}, FAILED, CODE),
    (
        "same tag, though changed",
        {"if-match": SAME, "if-unmodified-since": day(-1)},
        COPIED,
        api(COPY, "CopySourceIfMatch", "Amazon S3 returns 200 OK and copies the data"),
    ),
    (
        "same tag, though changed since",
        {"if-none-match": SAME, "if-modified-since": day(-1)},
        FAILED,
        api(COPY, "CopySourceIfNoneMatch", "Amazon S3 returns the 412 Precondition Failed response code"),
    ),
):
    row(name, "http", copy({f"x-amz-copy-source-{key}": value for key, value in headers.items()}), expected, page)
row(
    "copy if there is none",
    "http",
    copy({"if-none-match": "*"}),
    COPIED,
    api(COPY, "IfNoneMatch", "Copies the object only if the object key name at the destination does not already exist"),
)
row(
    "copy if there is none, but there is",
    "http",
    lambda s: copy({"if-none-match": "*"}, to=taken(s))(s),
    FAILED,
    api(COPY, "IfNoneMatch", "Otherwise, Amazon S3 returns a 412 Precondition Failed error."),
)
row(
    "copy if it is this one",
    "http",
    lambda s: copy({"if-match": md5_etag(b"content")}, to=taken(s))(s),
    COPIED,
    api(
        COPY,
        "IfMatch",
        "Copies the object if the entity tag (ETag) of the destination object matches the specified tag.",
    ),
)
row(
    "copy if it is this one, but it is another",
    "http",
    lambda s: copy({"if-match": OTHER}, to=taken(s))(s),
    FAILED,
    api(COPY, "IfMatch", "If the ETag values do not match, the operation returns a 412 Precondition Failed error."),
)
row(
    "the checksum is copied",
    "http",
    lambda s: with_checksum(s, {}),
    {"at ChecksumSHA1": checksum("sha1", BODY)},
    api(
        COPY,
        "ChecksumAlgorithm",
        "if the source object has a checksum, that checksum value will be copied to the new object by default",
    ),
)
row(
    "another checksum is computed",
    "http",
    lambda s: with_checksum(s, {"x-amz-checksum-algorithm": "SHA256"}),
    {"at ChecksumSHA256": checksum("sha256", BODY)},
    api(COPY, "ChecksumAlgorithm", "You can optionally specify a different checksum algorithm to use with the"),
)


def taken(s):
    s.given(s.key("copy.txt"))
    return "copy.txt"


def with_checksum(s, headers):
    key = s.given(s.key("source.txt"), BODY, {"x-amz-checksum-sha1": checksum("sha1", BODY)})
    return s.put(s.key("copy.txt"), b"", {"x-amz-copy-source": s.path(key), **headers})
