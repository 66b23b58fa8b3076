"""DeleteObject, and DeleteObjects with its list."""

from xml.sax.saxutils import escape

from checksums import checksum, md5_etag
from clients import ABSENT
from pages import api, error, user_guide
from table import PRESENT, group, refusal

row, unknown = group("delete")

ONE, MANY = "DeleteObject", "DeleteObjects"


def listed(keys, quiet=False):
    objects = "".join(f"<Object><Key>{escape(key)}</Key></Object>" for key in keys)
    return f"<Delete>{objects}{'<Quiet>true</Quiet>' if quiet else ''}</Delete>".encode()


def many(body, headers=None):
    def sender(s):
        text = body(s) if callable(body) else body
        sent = {"content-md5": checksum("md5", text)} if headers is None else headers(text)
        return s.send("POST", s.path(), "delete", sent, text)

    return sender


row(
    "delete an object",
    "http",
    lambda s: s.delete(s.given()),
    {"status": 204, "body": b""},
    api(ONE, "", "Removes an object from a bucket."),
)
row(
    "what was deleted is gone",
    "http",
    lambda s: s.after(lambda: s.delete(s.given()), lambda: s.get(s.key())),
    refusal(404, "NoSuchKey"),
    api(ONE, "", "Removes an object from a bucket."),
)
row(
    "what was deleted is not listed",
    "http",
    lambda s: s.after(lambda: s.delete(s.given()), lambda: s.list(f"list-type=2&prefix={s.home}")),
    {"at KeyCount": "0", "at Contents": ABSENT},
    api(ONE, "", "Removes an object from a bucket."),
)
row(
    "delete what is not there",
    "http",
    lambda s: s.delete(s.key()),
    204,
    api(
        MANY,
        "",
        "If the object specified in the request isn't found, Amazon S3 confirms the deletion by returning the result"
        " as deleted.",
    ),
)
row(
    "delete in a bucket that is not there",
    "http",
    lambda s: s.send("DELETE", "/no-such-bucket-here/a"),
    refusal(404, "NoSuchBucket"),
    error("NoSuchBucket", 404),
)
row(
    "delete in a bucket that denies",
    "http",
    lambda s: s.send("DELETE", f"/{s.facts['denied_bucket']}/a"),
    refusal(403, "AccessDenied"),
    api(ONE, "", "To delete an object from a bucket, you must always have the s3:DeleteObject permission."),
)
CORRESPONDING = api(
    MANY,
    "ChecksumAlgorithm",
    "When you send this header, there must be a corresponding x-amz-checksum-algorithm or x-amz-trailer header sent."
    " Otherwise, Amazon S3 fails the request with the HTTP status code 400 Bad Request.",
)
row(
    "a list whose announced checksum is missing",
    "http",
    many(
        listed(["a"]),
        lambda body: {"content-md5": checksum("md5", body), "x-amz-sdk-checksum-algorithm": "CRC32"},
    ),
    400,
    CORRESPONDING,
)
row(
    "a list whose checksum is another than was announced",
    "http",
    many(
        listed(["a"]),
        lambda body: {"x-amz-checksum-sha1": checksum("sha1", body), "x-amz-sdk-checksum-algorithm": "CRC32"},
    ),
    refusal(400, "BadDigest"),
    api(MANY, "ChecksumAlgorithm", "Amazon S3 fails the request with a BadDigest error."),
)
row(
    "a list whose announced checksum is there",
    "http",
    many(
        listed(["a"]),
        lambda body: {"x-amz-checksum-sha1": checksum("sha1", body), "x-amz-sdk-checksum-algorithm": "SHA1"},
    ),
    200,
    CORRESPONDING,
)
MATCH = api(ONE, "IfMatch", "If the ETag values do not match, the operation returns a 412 Precondition Failed error.")
row(
    "delete if it is this one",
    "http",
    lambda s: s.delete(s.given(), headers={"if-match": md5_etag(b"content")}),
    204,
    api(
        ONE,
        "IfMatch",
        "Deletes the object if the ETag (entity tag) value provided during the delete operation matches the ETag of"
        " the object",
    ),
)
row(
    "delete if it is this one, but it is another",
    "http",
    lambda s: s.delete(s.given(), headers={"if-match": md5_etag(b"other")}),
    refusal(412, "PreconditionFailed"),
    MATCH,
)
row(
    "a failed condition deletes nothing",
    "http",
    lambda s: (s.delete(s.given(), headers={"if-match": md5_etag(b"other")}), s.get(s.key()))[1],
    {"status": 200, "body": b"content"},
    MATCH,
)
row(
    "delete if there is any",
    "http",
    lambda s: s.delete(s.given(), headers={"if-match": "*"}),
    204,
    api(
        ONE,
        "IfMatch",
        "If-Match does accept a string value of an '*' (asterisk) character to denote a match of any ETag.",
    ),
)
row(
    "boto3 deletes an object",
    "boto3",
    lambda s: s.boto("delete_object", Key=s.given()),
    204,
    api(ONE, "", "Removes an object from a bucket."),
)
row(
    "the AWS CLI deletes an object",
    "aws",
    lambda s: s.after_cli(s.aws("s3", "rm", f"s3://{s.bucket}/{s.given()}"), lambda: s.get(s.key())),
    refusal(404, "NoSuchKey"),
    api(ONE, "", "Removes an object from a bucket."),
)

row(
    "delete a list",
    "http",
    many(lambda s: listed([s.given(), s.given(s.key("b"))])),
    {
        "status": 200,
        "at @root": "DeleteResult",
        "at Deleted/Key": PRESENT,
        "at Error": ABSENT,
    },
    api(
        MANY,
        "",
        "By default, the operation uses verbose mode in which the response includes the result of deletion of each key",
    ),
)
row(
    "a list that was deleted is gone",
    "http",
    lambda s: s.after(
        lambda: many(lambda s: listed([s.given(), s.given(s.key("b"))]))(s),
        lambda: s.list(f"list-type=2&prefix={s.home}"),
    ),
    {"at KeyCount": "0"},
    api(MANY, "", "For each key, Amazon S3 performs a delete operation and returns the result of that delete"),
)
row(
    "delete a list quietly",
    "http",
    many(lambda s: listed([s.given()], quiet=True)),
    {"status": 200, "at Deleted": ABSENT},
    api(
        MANY,
        "",
        "For a successful deletion in a quiet mode, the operation does not return any information about the delete"
        " in the"
        " response body.",
    ),
)
row(
    "a list with what is not there",
    "http",
    many(lambda s: listed([s.key("missing")])),
    {"status": 200, "at Deleted/Key": PRESENT, "at Error": ABSENT},
    api(
        MANY,
        "",
        "If the object specified in the request isn't found, Amazon S3 confirms the deletion by returning the result"
        " as deleted.",
    ),
)
row(
    "boto3 deletes a list",
    "boto3",
    lambda s: of_boto(s),
    {"status": 200, "at Keys": ["a&b<c>", "object.txt"]},
    api(
        MANY,
        "Deleted",
        "Container element for a successful delete. It identifies the object that was successfully deleted.",
    ),
)
row(
    "a list with a wrong Content-MD5",
    "http",
    many(listed(["a"]), lambda text: {"content-md5": checksum("md5", text + b"~")}),
    refusal(400, "BadDigest"),
    error("BadDigest", 400),
)
row(
    "a list with a wrong checksum",
    "http",
    many(listed(["a"]), lambda text: {"x-amz-checksum-crc32": checksum("crc32", text + b"~")}),
    refusal(400, "BadDigest"),
    user_guide(
        "checking-object-integrity.md",
        "Checking object integrity",
        "If the two values don't match, Amazon S3 reports an error.",
    ),
)
row(
    "a list with a checksum instead",
    "http",
    many(lambda s: listed([s.given()]), lambda text: {"x-amz-checksum-sha256": checksum("sha256", text)}),
    {"status": 200, "at Deleted/Key": PRESENT},
    api(
        MANY,
        "ChecksumAlgorithm",
        "Indicates the algorithm used to create the checksum for the object when you use the SDK.",
    ),
)
row(
    "a list without any digest",
    "http",
    many(listed(["a"]), lambda text: {}),
    400,
    api(MANY, "", "The Content-MD5 request header is required for all Multi-Object Delete requests."),
)
row(
    "a list that is no XML", "http", many(b"<Delete><Object>"), refusal(400, "MalformedXML"), error("MalformedXML", 400)
)
row(
    "a list of something else",
    "http",
    many(b"<Remove><Object><Key>a</Key></Object></Remove>"),
    refusal(400, "MalformedXML"),
    error("MalformedXML", 400),
)
row("a list of nothing", "http", many(b"<Delete></Delete>"), refusal(400, "MalformedXML"), error("MalformedXML", 400))
row(
    "a list of a thousand",
    "http",
    many(lambda s: listed([s.key(str(number)) for number in range(1000)], quiet=True)),
    200,
    api(MANY, "", "The request can contain a list of up to 1,000 keys that you want to delete."),
)
row(
    "a list of a thousand and one",
    "http",
    many(lambda s: listed([s.key(str(number)) for number in range(1001)], quiet=True)),
    400,
    api(MANY, "", "The request can contain a list of up to 1,000 keys that you want to delete."),
)
row(
    "a list in a bucket that denies",
    "http",
    lambda s: s.send(
        "POST", f"/{s.facts['denied_bucket']}", "delete", {"content-md5": checksum("md5", listed(["a"]))}, listed(["a"])
    ),
    {"status": 200, "at Error/Code": "AccessDenied", "at Error/Key": "a"},
    api(
        MANY,
        "Errors",
        "Container for a failed delete action that describes the object that Amazon S3 attempted to delete and the"
        " error"
        " it encountered.",
    ),
)
unknown("a list with no body", "http", many(b""))


def of_boto(s):
    keys = [s.given(), s.given(s.key("a&b<c>"))]
    answer = s.boto("delete_objects", Delete={"Objects": [{"Key": key} for key in keys]})
    answer.document["Keys"] = sorted(entry["Key"].removeprefix(s.home) for entry in answer.document.get("Deleted", []))
    return answer
