"""A versioned bucket, which the template's is: new versions, delete markers, and whom they are shown."""

from checksums import checksum
from clients import ABSENT
from pages import api, user_guide
from table import PRESENT, group, refusal

from .deleting import listed
from .multipart import SMALL, Upload

row, unknown = group("versions", stack="deployed")

MARKER = user_guide(
    "DeleteMarker.md",
    "Working with delete markers",
    "If you try to get an object and its current version is a delete marker,"
    " Amazon S3 responds with a 404 (Object not found) error and a response header, x-amz-delete-marker: true",
)
DELETED = user_guide(
    "DeletingObjectVersions.md",
    "Delete request use cases",
    "When versioning is enabled, a simple DELETE cannot permanently delete"
    " an object. Instead, Amazon S3 inserts a delete marker in the bucket, and that marker becomes the current"
    " version with a new ID.",
)
VERSION = api(
    "PutObject",
    "VersionId",
    "If you enable versioning for a bucket, Amazon S3 automatically generates a unique version ID for the object"
    " being stored. Amazon S3 returns this ID in the response.",
)


def same_version(first, second):
    """Whether two answers are about the same version, beside what the second says."""
    second.document = {"Same": first.headers.get("x-amz-version-id") == second.headers.get("x-amz-version-id")}
    return second


def deleted(s):
    """A key whose current version is a delete marker."""
    key = s.given()
    answer = s.delete(key)
    assert answer.status == 204, answer.shown()
    return key


row(
    "a put makes a version",
    "http",
    lambda s: s.put(s.key()),
    {"status": 200, "header x-amz-version-id": PRESENT},
    VERSION,
)
row(
    "every put makes another",
    "http",
    lambda s: same_version(s.put(s.key()), s.put(s.key())),
    {"status": 200, "at Same": False},
    VERSION,
)
row(
    "a get tells the current version",
    "http",
    lambda s: same_version(s.put(s.key()), s.get(s.key())),
    {"status": 200, "header x-amz-version-id": PRESENT, "at Same": True},
    api("GetObject", "VersionId", "Version ID of the object."),
)
row(
    "a head tells the current version",
    "http",
    lambda s: same_version(s.put(s.key()), s.head(s.key())),
    {"status": 200, "header x-amz-version-id": PRESENT, "at Same": True},
    api("HeadObject", "VersionId", "Version ID of the object."),
)
row(
    "a get gives the last version",
    "http",
    lambda s: (s.put(s.key(), b"first"), s.put(s.key(), b"second"), s.get(s.key()))[2],
    {"body": b"second"},
    api("GetObject", "VersionId", "By default, the GetObject operation returns the current version of an object."),
)
row(
    "a copy makes a version, and tells its source's",
    "http",
    lambda s: s.put(s.key("copy"), b"", {"x-amz-copy-source": s.path(s.given())}),
    {"status": 200, "header x-amz-version-id": PRESENT, "header x-amz-copy-source-version-id": PRESENT},
    api("CopyObject", "CopySourceVersionId", "Version ID of the source object that was copied."),
)
row(
    "a completion makes a version",
    "http",
    lambda s: Upload(s).with_parts(SMALL).complete(),
    {"status": 200, "header x-amz-version-id": PRESENT},
    api(
        "CompleteMultipartUpload",
        "VersionId",
        "Version ID of the newly created object, in case the bucket has versioning turned on.",
    ),
)
row(
    "an upload is no version yet",
    "http",
    lambda s: Upload(s).created,
    {"status": 200, "header x-amz-version-id": ABSENT},
    user_guide(
        "mpuoverview.md",
        "Concurrent multipart upload operations",
        "When the buckets have S3 Versioning enabled, completing a multipart upload always creates a new version.",
    ),
)
row(
    "a delete leaves a marker",
    "http",
    lambda s: s.delete(s.given()),
    {"status": 204, "header x-amz-delete-marker": "true", "header x-amz-version-id": PRESENT},
    api(
        "DeleteObject",
        "VersionId",
        "Returns the version ID of the delete marker created as a result of the DELETE operation.",
    ),
)
row(
    "the marker is a version of its own",
    "http",
    lambda s: same_version(s.put(s.key()), s.delete(s.key())),
    {"status": 204, "at Same": False},
    DELETED,
)
row(
    "a get finds a marker",
    "http",
    lambda s: s.get(deleted(s)),
    {**refusal(404, "NoSuchKey"), "header x-amz-delete-marker": "true"},
    MARKER,
    stack="admin",
)
row(
    "a head finds a marker",
    "http",
    lambda s: s.head(deleted(s)),
    {"header x-amz-delete-marker": "true", "status": 404, "body": b""},
    MARKER,
    stack="admin",
)
row(
    "boto3 finds a marker",
    "boto3",
    lambda s: s.boto("get_object", Key=deleted(s)),
    {**refusal(404, "NoSuchKey"), "header x-amz-delete-marker": "true"},
    MARKER,
    stack="admin",
)
row(
    "who may not list is not told of a marker",
    "http",
    lambda s: s.get(deleted(s)),
    refusal(403, "AccessDenied"),
    api(
        "GetObject",
        "",
        "If you don’t have the s3:ListBucket permission, Amazon S3 returns an HTTP status code 403 Access Denied"
        " error.",
    ),
)
row(
    "a marker is not listed",
    "http",
    lambda s: s.list(f"list-type=2&prefix={deleted(s).rsplit('/', 1)[0]}/"),
    {"status": 200, "at KeyCount": "0"},
    user_guide(
        "DeleteMarker.md",
        "Working with delete markers",
        "a GET Bucket request does not return objects whose current version is a delete marker",
    ),
)
row(
    "a delete of what is not there leaves a marker",
    "http",
    lambda s: s.delete(s.key()),
    {"status": 204, "header x-amz-delete-marker": "true"},
    user_guide(
        "DeleteMarker.md",
        "Working with delete markers",
        "Amazon S3 creates a delete marker whenever you send a DeleteObject request on an"
        " object in a versioning-enabled or suspended bucket.",
    ),
)
row(
    "a put after a delete",
    "http",
    lambda s: s.after(s.put(deleted(s), b"again"), lambda: s.get(s.key())),
    {"status": 200, "body": b"again", "header x-amz-delete-marker": ABSENT},
    user_guide("DeleteMarker.md", "Working with delete markers", "This response header never returns false"),
)
row(
    "if there is none, after a delete",
    "http",
    lambda s: s.put(deleted(s), b"again", {"if-none-match": "*"}),
    200,
    user_guide(
        "DeleteMarker.md", "Working with delete markers", "the delete marker makes Amazon S3 behave as if it is deleted"
    ),
)
row(
    "a list of deletions tells the markers",
    "http",
    lambda s: many(s, [s.given()]),
    {"status": 200, "at Deleted/DeleteMarker": "true", "at Deleted/DeleteMarkerVersionId": PRESENT},
    api(
        "DeleteObjects",
        "Deleted/DeleteMarkerVersionId",
        "The version ID of the delete marker created as a result of the DELETE operation.",
    ),
)
row(
    "boto3 is told the version",
    "boto3",
    lambda s: s.boto("put_object", Key=s.key(), Body=b"x"),
    {"at VersionId": PRESENT},
    VERSION,
)
row(
    "boto3 is told of the marker",
    "boto3",
    lambda s: s.boto("delete_object", Key=s.given()),
    {"at DeleteMarker": True, "at VersionId": PRESENT},
    DELETED,
)

NOT_HERS = "The s3:GetObject permission is not required in this scenario."
row(
    "a version by its id is another permission",
    "http",
    lambda s: by_version(s, "GET"),
    refusal(403, "AccessDenied"),
    api(
        "GetObject",
        "VersionId",
        "you must have the s3:GetObjectVersion permission to access a specific version of an object",
    ),
)
row(
    "head of a version by its id is another permission",
    "http",
    lambda s: by_version(s, "HEAD"),
    {"status": 403, "body": b""},
    api(
        "GetObject",
        "",
        "If you include a versionId in your request header, you must have the s3:GetObjectVersion permission",
    ),
)
row(
    "deletion of a version is another permission",
    "http",
    lambda s: by_version(s, "DELETE"),
    refusal(403, "AccessDenied"),
    api(
        "DeleteObject",
        "",
        "To delete a specific version of an object from a versioning-enabled bucket, you must have the"
        " s3:DeleteObjectVersion"
        " permission.",
    ),
)
row(
    "the list of versions is no admin's either",
    "http",
    lambda s: s.list("versions"),
    refusal(403, "AccessDenied"),
    api(
        "ListObjectVersions",
        "",
        "To use this operation, you must have permission to perform the s3:ListBucketVersions action.",
    ),
    stack="admin",
)
row(
    "the list of versions is another permission",
    "http",
    lambda s: s.list(f"versions&prefix={s.home}"),
    refusal(403, "AccessDenied"),
    api(
        "ListObjectVersions",
        "",
        "To use this operation, you must have permission to perform the s3:ListBucketVersions action.",
    ),
)
row(
    "a copy of a version is another permission",
    "http",
    lambda s: s.put(
        s.key("copy"),
        b"",
        {"x-amz-copy-source": f"{s.path(s.given())}?versionId={s.head(s.key()).headers.get('x-amz-version-id')}"},
    ),
    refusal(403, "AccessDenied"),
    user_guide(
        "list_amazons3.md",
        "Actions defined by Amazon S3",
        "GetObjectVersion grants permission to retrieve a specific version of an object",
    ),
)
row(
    "a list that names a version",
    "http",
    lambda s: many_versions(s),
    {"status": 200, "at Error/Code": "AccessDenied", "at Deleted": ABSENT},
    api(
        "DeleteObjects",
        "",
        "To delete a specific version of an object from a versioning-enabled bucket, you must specify the"
        " s3:DeleteObjectVersion permission.",
    ),
)


def many(s, keys, body=None):
    text = body or listed(keys)
    return s.send("POST", s.path(), "delete", {"content-md5": checksum("md5", text)}, text)


def by_version(s, method):
    version = s.put(s.key()).headers.get("x-amz-version-id", "missing")
    return s.send(method, s.path(s.key()), f"versionId={version}")


def many_versions(s):
    version = s.put(s.key()).headers.get("x-amz-version-id", "missing")
    text = f"<Delete><Object><Key>{s.key()}</Key><VersionId>{version}</VersionId></Object></Delete>".encode()
    return many(s, [], text)
