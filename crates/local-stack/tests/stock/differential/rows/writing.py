"""PutObject in one piece: what is kept, on which conditions, and what is refused."""

from checksums import md5_etag
from clients import ABSENT
from pages import api, error, newer_user_guide, user_guide
from table import PRESENT, group, refusal

row, unknown = group("write")

PUT = "PutObject"
BODY = b"some content"
LIMIT = user_guide(
    "UsingMetadata.md",
    "User-defined object metadata",
    "Within the PUT request header, the user-defined"
    " metadata is limited to 2 KB in size, the sum of the bytes of each key and value",
)
METADATA = user_guide(
    "UsingMetadata.md", "User-defined object metadata", "Amazon S3 stores user-defined metadata keys in lowercase."
)
KEYS = user_guide(
    "object-keys.md",
    "Creating object key names",
    "a sequence of Unicode characters with UTF-8 encoding of up to 1,024 bytes long",
)
TAG = api(
    PUT,
    "ETag",
    "for objects where the ETag is the MD5 digest of the object, you can calculate the MD5 while putting an"
    " object to Amazon S3 and compare the returned ETag to the calculated MD5 value",
)
EXISTS = api(
    PUT,
    "IfNoneMatch",
    "Uploads the object only if the object key name does not already exist in the bucket"
    " specified. Otherwise, Amazon S3 returns a 412 Precondition Failed error.",
)
MATCH = api(PUT, "IfMatch", "If the ETag values do not match, the operation returns a 412 Precondition Failed error.")
FAILED = refusal(412, "PreconditionFailed")


def then_get(headers=None, body=BODY, **how):
    """The object, after it was put."""
    return lambda s: s.after(s.put(s.key(), body, headers, **how), lambda: s.get(s.key()))


row(
    "put an object",
    "http",
    lambda s: s.put(s.key(), BODY),
    {"status": 200, "header etag": md5_etag(BODY), "body": b""},
    TAG,
)
row(
    "what was put is got",
    "http",
    then_get(),
    {"status": 200, "body": BODY, "header etag": md5_etag(BODY)},
    api(PUT, "", "if you receive a success response, Amazon S3 added the entire object to the bucket"),
)
row(
    "an empty object",
    "http",
    then_get(body=b""),
    {"status": 200, "body": b"", "header content-length": "0"},
    api(PUT, "Body", "Object data."),
)
row(
    "the last one put wins",
    "http",
    lambda s: s.after(lambda: s.put(s.given(), b"second"), lambda: s.get(s.key())),
    {"body": b"second", "header etag": md5_etag(b"second")},
    api(PUT, "", "You must put the entire object with updated metadata if you want to update some values."),
)
row(
    "what was put is listed",
    "http",
    lambda s: s.after(s.put(s.key(), BODY), lambda: s.list(f"list-type=2&prefix={s.home}")),
    {"at Contents/Size": str(len(BODY)), "at Contents/ETag": md5_etag(BODY)},
    api("ListObjectsV2", "Contents", "Metadata about each object returned."),
)
row(
    "boto3 puts an object",
    "boto3",
    lambda s: s.boto("put_object", Key=s.key(), Body=BODY),
    {"status": 200, "at ETag": md5_etag(BODY)},
    TAG,
)
row(
    "the AWS CLI puts an object",
    "aws",
    lambda s: s.aws("s3api", "put-object", "--bucket", s.bucket, "--key", s.key(), "--body", s.facts["small_file"]),
    {"status": 0, "at ETag": PRESENT, "at ServerSideEncryption": "AES256"},
    api(
        PUT, "ServerSideEncryption", "The server-side encryption algorithm used when you store this object in Amazon S3"
    ),
)
row(
    "the answer to a put tells the encryption",
    "http",
    lambda s: s.put(s.key(), BODY),
    {"header x-amz-server-side-encryption": "AES256"},
    api(
        PUT,
        "ServerSideEncryption",
        "Amazon S3 encrypts data with server-side encryption by using Amazon S3 managed keys (SSE-S3) by default.",
    ),
)
row(
    "encryption with S3's keys may be asked for",
    "http",
    lambda s: s.put(s.key(), BODY, {"x-amz-server-side-encryption": "AES256"}),
    {"status": 200, "header x-amz-server-side-encryption": "AES256"},
    api(PUT, "ServerSideEncryption", "The server-side encryption algorithm that was used when you store this object"),
)
row(
    "an unknown encryption",
    "http",
    lambda s: s.put(s.key(), BODY, {"x-amz-server-side-encryption": "AES512"}),
    refusal(400, "InvalidEncryptionAlgorithmError"),
    error("InvalidEncryptionAlgorithmError", 400),
)
row(
    "an unknown storage class",
    "http",
    lambda s: s.put(s.key(), BODY, {"x-amz-storage-class": "ATTIC"}),
    refusal(400, "InvalidStorageClass"),
    error("InvalidStorageClass", 400),
)
row(
    "the standard storage class",
    "http",
    lambda s: s.put(s.key(), BODY, {"x-amz-storage-class": "STANDARD"}),
    200,
    api(PUT, "StorageClass", "By default, Amazon S3 uses the STANDARD Storage Class to store newly created objects."),
)
row(
    "an ACL where ACLs are off",
    "http",
    lambda s: s.put(s.key(), BODY, {"x-amz-acl": "public-read"}),
    refusal(400, "AccessControlListNotSupported"),
    user_guide(
        "object-ownership-error-responses.md",
        "AccessControlListNotSupported",
        "Requests to set ACLs or update ACLs fail"
        " with a 400 error and return the AccessControlListNotSupported error code.",
    ),
)
row(
    "the one ACL that means nothing",
    "http",
    lambda s: s.put(s.key(), BODY, {"x-amz-acl": "bucket-owner-full-control"}),
    200,
    user_guide(
        "object-ownership-error-responses.md",
        "AccessControlListNotSupported",
        "In your PUT operations, you must either specify bucket owner full control ACLs or not specify an ACL.",
    ),
)
row(
    "a put into a bucket that is not there",
    "http",
    lambda s: s.send("PUT", "/no-such-bucket-here/a", "", {}, b"x"),
    refusal(404, "NoSuchBucket"),
    error("NoSuchBucket", 404),
)
row(
    "a put into a bucket that denies",
    "http",
    lambda s: s.send("PUT", f"/{s.facts['denied_bucket']}/a", "", {}, b"x"),
    refusal(403, "AccessDenied"),
    error("AccessDenied", 403),
)
row(
    "a put without a length",
    "http",
    lambda s: s.put(s.key(), b"", without=("content-length",)),
    refusal(411, "MissingContentLength"),
    error("MissingContentLength", 411),
)
unknown("encryption with KMS", "http", lambda s: s.put(s.key(), BODY, {"x-amz-server-side-encryption": "aws:kms"}))
unknown(
    "encryption with a key of one's own",
    "http",
    lambda s: s.put(s.key(), BODY, {"x-amz-server-side-encryption-customer-algorithm": "AES256"}),
)
unknown("an object lock", "http", lambda s: s.put(s.key(), BODY, {"x-amz-object-lock-mode": "GOVERNANCE"}))
unknown("an append", "http", lambda s: s.put(s.key(), BODY, {"x-amz-write-offset-bytes": "0"}))
unknown("another storage class", "http", lambda s: s.put(s.key(), BODY, {"x-amz-storage-class": "GLACIER"}))

# --- keys and metadata ---

row("a key of 1,024 bytes", "http", lambda s: s.put(s.key("k" * (1024 - len(s.home)))), 200, KEYS)
row(
    "a key of 1,025 bytes",
    "http",
    lambda s: s.put(s.key("k" * (1025 - len(s.home)))),
    refusal(400, "KeyTooLongError"),
    error("KeyTooLongError", 400),
)
row("a key is measured in bytes", "http", lambda s: s.put(s.key("é" * 513)), refusal(400, "KeyTooLongError"), KEYS)
for name, key in {
    "spaces": "a b  c",
    "a plus": "a+b",
    "percent signs": "a%2Fb",
    "what XML reserves": "<a>&\"'",
    "slashes": "a//b/",
    "dots": "./a/../b",
    "other scripts": "\u0645\u0631\u062d\u0628\u0627 \u65e5\u672c",
    "a rocket": "\U0001f680",
    "a line break": "a\nb",
}.items():
    row(
        f"a key with {name}",
        "boto3",
        lambda s, key=key: s.after(
            s.boto("put_object", Key=s.key(key), Body=key.encode()), lambda: s.boto("get_object", Key=s.key(key))
        ),
        {"status": 200, "body": key.encode()},
        user_guide(
            "object-keys.md", "Object key naming guidelines", "You can use any UTF-8 character in an object key name."
        ),
    )
row(
    "metadata comes back",
    "http",
    then_get({"x-amz-meta-colour": "blue"}),
    {"header x-amz-meta-colour": "blue"},
    api("GetObject", "Metadata", "A map of metadata to store with the object in S3."),
)
row(
    "metadata names are lower case",
    "boto3",
    lambda s: s.after(
        s.boto("put_object", Key=s.key(), Body=BODY, Metadata={"Colour": "Blue"}),
        lambda: s.boto("head_object", Key=s.key()),
    ),
    {"at Metadata/colour": "Blue"},
    METADATA,
)
row(
    "metadata is replaced as a whole",
    "http",
    lambda s: s.after(
        lambda: s.put(s.given(headers={"x-amz-meta-a": "1"}), headers={"x-amz-meta-b": "2"}), lambda: s.head(s.key())
    ),
    {"header x-amz-meta-a": ABSENT, "header x-amz-meta-b": "2"},
    api(PUT, "", "You cannot use PutObject to only update a single piece of metadata for an existing object."),
)
row(
    "metadata of 2,048 bytes",
    "http",
    then_get({"x-amz-meta-a": "v" * 1022, "x-amz-meta-b": "v" * 1024}),
    {"status": 200, "header x-amz-meta-a": "v" * 1022},
    LIMIT,
)
row(
    "metadata of 2,049 bytes",
    "http",
    lambda s: s.put(s.key(), BODY, {"x-amz-meta-a": "v" * 1023, "x-amz-meta-b": "v" * 1024}),
    refusal(400, "MetadataTooLarge"),
    error("MetadataTooLarge", 400),
)
row(
    "system-defined metadata of more than 2 KB",
    "http",
    lambda s: s.put(s.key(), BODY, {"content-disposition": "v" * 2048}),
    {"status": 400},
    user_guide(
        "upload-objects.md",
        "Making direct REST API calls",
        "Within the PUT request header, the system-defined metadata is limited to 2 KB in size.",
    ),
)
row(
    "an ACL that is not the bucket owner's full control",
    "http",
    lambda s: s.put(s.key(), BODY, {"x-amz-acl": "private"}),
    refusal(400, "AccessControlListNotSupported"),
    api(
        "PutObject",
        "ACL",
        "Buckets that use this setting only accept PUT requests that don't specify an ACL or PUT requests that specify"
        " bucket owner full control ACLs",
    ),
)
for climbing in ("videos/../../video1.wmv", "videos/../../2014/video1.wmv"):
    row(
        f"a key that climbs: {climbing}",
        "http",
        lambda s, climbing=climbing: s.put(climbing, BODY),
        {"status": 400},
        newer_user_guide(
            "object-keys.html",
            "Object key naming guidelines",
            "Object keys that contain relative path elements are valid if, when parsed left-to-right, the cumulative count"
            " of relative path segments never exceeds the number of non-relative path elements encountered.",
        ),
    )
unknown(
    "metadata beyond ASCII",
    "http",
    lambda s: s.after(s.boto("put_object", Key=s.key(), Body=BODY), lambda: s.head(s.key())),
)

# --- conditions ---

row(
    "if there is none",
    "http",
    lambda s: s.put(s.key(), BODY, {"if-none-match": "*"}),
    {"status": 200, "header etag": md5_etag(BODY)},
    EXISTS,
)
row("if there is none, but there is", "http", lambda s: s.put(s.given(), BODY, {"if-none-match": "*"}), FAILED, EXISTS)
row(
    "a failed condition changes nothing",
    "http",
    lambda s: (s.put(s.given(), BODY, {"if-none-match": "*"}), s.get(s.key()))[1],
    {"body": b"content"},
    EXISTS,
)
row(
    "if it is this one",
    "http",
    lambda s: s.put(s.given(body=b"old"), BODY, {"if-match": md5_etag(b"old")}),
    {"status": 200, "header etag": md5_etag(BODY)},
    MATCH,
)
row(
    "if it is this one, but it is another",
    "http",
    lambda s: s.put(s.given(body=b"old"), BODY, {"if-match": md5_etag(b"older")}),
    FAILED,
    MATCH,
)
row(
    "boto3: if there is none, but there is",
    "boto3",
    lambda s: s.boto("put_object", Key=s.given(), Body=BODY, IfNoneMatch="*"),
    FAILED,
    EXISTS,
)
row(
    "the AWS CLI: if there is none, but there is",
    "aws",
    lambda s: s.aws("s3api", "put-object", "--bucket", s.bucket, "--key", s.given(), "--if-none-match", "*"),
    {"at Code": "PreconditionFailed"},
    EXISTS,
)
unknown("if it is this one, but there is none", "http", lambda s: s.put(s.key(), BODY, {"if-match": md5_etag(b"old")}))
unknown("if it is not this one", "http", lambda s: s.put(s.given(), BODY, {"if-none-match": md5_etag(b"old")}))
unknown(
    "both conditions", "http", lambda s: s.put(s.given(), BODY, {"if-none-match": "*", "if-match": md5_etag(b"old")})
)
