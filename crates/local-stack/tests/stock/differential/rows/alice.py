"""What alice's role in the template lets her do, with stock clients: and what not, whatever the stack implements.

Her role may list the top level by folder, list and read what is shared, her department's and her own, and write and
delete her own.
"""

import re

from botocore.config import Config

from pages import api, iam_guide, permission, user_guide
from table import PRESENT, group, refusal

from .multipart import LEAST, SMALL, Upload

row, unknown = group("alice", stack="deployed")

DENIED = refusal(403, "AccessDenied")
DEFAULT = "By default, all requests are implicitly denied"


def evaluated(why):
    return iam_guide(
        "reference_policies_evaluation-logic.md",
        "Determining whether a request is allowed or denied within an account",
        f"{DEFAULT}; {why}",
    )


# --- boto3 and the AWS CLI: up, down, presigned, deleted ---

PUTS = api(
    "PutObject",
    "",
    "To successfully complete the PutObject request, you must always have the s3:PutObject permission on a bucket to"
    " add an"
    " object to it.",
)
GETS = api(
    "GetObject",
    "",
    "If you request the current version of an object without a specific versionId in the request header, only the"
    " s3:GetObject permission is required.",
)
DELETES = api(
    "DeleteObject", "", "To delete an object from a bucket, you must always have the s3:DeleteObject permission."
)
LISTS = api("ListObjectsV2", "", "You must have permission to perform the s3:ListBucket action.")
MULTIPART = user_guide(
    "mpuoverview.md",
    "Multipart upload API and permissions",
    "You must be allowed to perform the s3:PutObject action on an object"
    " to create, upload a part of, and complete a multipart upload.",
)
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


def sent_as(s, client, call, key=None):
    """What an upload was sent as, beside the object as it is read again."""
    seen = []
    client.meta.events.register(
        "before-send.s3", lambda request, **_: seen.append(request.headers.get("X-Amz-Content-SHA256"))
    )
    call(client)
    answer = s.boto("get_object", Key=key or s.key())
    kinds = {kind.decode() if isinstance(kind, bytes) else kind for kind in seen if kind}
    answer.document = {"Sent": sorted("hash" if re.fullmatch("[0-9a-f]{64}", kind) else kind for kind in kinds)}
    return answer


def plain_client(s):
    return s.client(
        config=Config(
            request_checksum_calculation="when_required",
            s3={"payload_signing_enabled": True, "addressing_style": "path"},
        )
    )


row(
    "boto3 uploads plainly",
    "boto3",
    lambda s: sent_as(s, plain_client(s), lambda s3: s3.put_object(Bucket=s.bucket, Key=s.key(), Body=b"plain")),
    {"status": 200, "body": b"plain", "at Sent": ["hash"]},
    PUTS,
)
row(
    "boto3 uploads in frames",
    "boto3",
    lambda s: sent_as(
        s, s.client(config=Config()), lambda s3: s3.put_object(Bucket=s.bucket, Key=s.key(), Body=b"framed")
    ),
    {"status": 200, "body": b"framed", "at Sent": [UNSIGNED_TRAILER]},
    PUTS,
)
row(
    "boto3 uploads in parts",
    "boto3",
    lambda s: boto_parts(s),
    {"status": 200, "at ContentLength": len(LEAST) + 3, "at ETag": re.compile('-2"$'), "at VersionId": PRESENT},
    MULTIPART,
)
row(
    "boto3 downloads",
    "boto3",
    lambda s: s.boto("get_object", Key=s.given(body=b"down")),
    {"status": 200, "body": b"down"},
    GETS,
)
row(
    "boto3 presigns a download",
    "boto3",
    lambda s: presigned(s, "get_object", "GET", s.given(body=b"down")),
    {"status": 200, "body": b"down"},
    GETS,
)
row(
    "boto3 presigns an upload",
    "boto3",
    lambda s: s.after(presigned(s, "put_object", "PUT", s.key(), b"up"), lambda: s.get(s.key())),
    {"status": 200, "body": b"up"},
    PUTS,
)
row("boto3 deletes", "boto3", lambda s: s.boto("delete_object", Key=s.given()), 204, DELETES)
row(
    "boto3 deletes a list",
    "boto3",
    lambda s: s.boto("delete_objects", Delete={"Objects": [{"Key": s.given()}]}),
    {"status": 200, "at Deleted/DeleteMarker": True},
    api(
        "DeleteObjects",
        "",
        "To delete an object from a bucket, you must always specify the s3:DeleteObject permission.",
    ),
)
row(
    "boto3 copies from what is shared to her own",
    "boto3",
    lambda s: s.after(
        s.boto("copy_object", Key=s.key(), CopySource={"Bucket": s.bucket, "Key": "shared/welcome.txt"}),
        lambda: s.boto("head_object", Key=s.key()),
    ),
    200,
    api("CopyObject", "", "you must have s3:GetObject permission to read the source object that is being copied"),
)
row(
    "the AWS CLI uploads in a frame",
    "aws",
    lambda s: s.after_cli(
        s.aws("s3", "cp", "--no-progress", s.facts["small_file"], f"s3://{s.bucket}/{s.key()}"), lambda: s.get(s.key())
    ),
    {"status": 200, "body": b"a small file\n"},
    PUTS,
)
row(
    "the AWS CLI uploads plainly",
    "aws",
    lambda s: s.after_cli(
        s.aws(
            "s3api",
            "put-object",
            "--bucket",
            s.bucket,
            "--key",
            s.key(),
            "--body",
            s.facts["small_file"],
            configuration=s.facts["aws_config"],
        ),
        lambda: s.get(s.key()),
    ),
    {"status": 200, "body": b"a small file\n"},
    PUTS,
)
row(
    "the AWS CLI uploads in parts",
    "aws",
    lambda s: s.after_cli(
        s.aws("s3", "cp", "--no-progress", s.facts["large_file"], f"s3://{s.bucket}/{s.key()}"), lambda: s.head(s.key())
    ),
    {"status": 200, "header content-length": str(9 * 1024 * 1024), "header etag": re.compile('-2"$')},
    MULTIPART,
)
row(
    "the AWS CLI downloads",
    "aws",
    lambda s: s.aws("s3", "cp", "--no-progress", f"s3://{s.bucket}/{s.given(body=b'down')}", "-"),
    {"status": 0, "body": b"down"},
    GETS,
)
row(
    "the AWS CLI presigns a download",
    "aws",
    lambda s: s.fetch(
        s.aws("s3", "presign", f"s3://{s.bucket}/{s.given(body=b'down')}", configuration=s.facts["aws_config"])
        .body.decode()
        .strip()
        .removeprefix(s.stack.endpoint("s3"))
    ),
    {"status": 200, "body": b"down"},
    GETS,
)
row(
    "the AWS CLI deletes",
    "aws",
    lambda s: s.after_cli(
        s.aws("s3", "rm", f"s3://{s.bucket}/{s.given()}"), lambda: s.list(f"list-type=2&prefix={s.home}")
    ),
    {"status": 200, "at KeyCount": "0"},
    DELETES,
)
row(
    "the AWS CLI lists her own",
    "aws",
    lambda s: s.aws("s3", "ls", f"s3://{s.bucket}/{s.given(s.key('a')).rsplit('/', 1)[0]}/"),
    {"status": 0},
    LISTS,
)
row(
    "curl uploads with a presigned address",
    "curl",
    lambda s: s.after(
        s.curl(s.presign("PUT", s.key()), method="PUT", body="up", headers={"Content-Type": ""}),
        lambda: s.curl(s.presign("GET", s.key())),
    ),
    {"status": 200, "body": b"up"},
    PUTS,
)

# --- refused where her role says so ---

SHARED, OTHERS, SALES = (
    "shared/stock.txt",
    "users/us-west-2:11111111-2222-3333-4444-555555555555/a.txt",
    "departments/sales/roadmap.txt",
)
for name, key in (
    ("what is shared", SHARED),
    ("somebody else's", OTHERS),
    ("another department's", SALES),
    ("the top", "a.txt"),
):
    row(f"no upload to {name}", "boto3", lambda s, key=key: s.boto("put_object", Key=key, Body=b"x"), DENIED, PUTS)
    row(f"no deletion of {name}", "boto3", lambda s, key=key: s.boto("delete_object", Key=key), DENIED, DELETES)
    row(
        f"no upload in parts to {name}",
        "boto3",
        lambda s, key=key: s.boto("create_multipart_upload", Key=key),
        DENIED,
        MULTIPART,
    )
    row(
        f"no copy to {name}",
        "boto3",
        lambda s, key=key: s.boto("copy_object", Key=key, CopySource={"Bucket": s.bucket, "Key": "shared/welcome.txt"}),
        DENIED,
        api(
            "CopyObject", "", "you must have s3:PutObject permission to write the object copy to the destination bucket"
        ),
    )
    if key is not SHARED:
        row(f"no download of {name}", "boto3", lambda s, key=key: s.boto("get_object", Key=key), DENIED, GETS)
        row(
            f"no copy of {name}",
            "boto3",
            lambda s, key=key: s.boto("copy_object", Key=s.key(), CopySource={"Bucket": s.bucket, "Key": key}),
            DENIED,
            api("CopyObject", "", "you must have s3:GetObject permission to read the source object"),
        )
row(
    "no framed upload to what is shared",
    "boto3",
    lambda s: s.boto("put_object", config=Config(), Key=SHARED, Body=b"x"),
    DENIED,
    PUTS,
)
row(
    "no presigned download of another department's",
    "curl",
    lambda s: s.curl(s.presign("GET", SALES)),
    DENIED,
    user_guide(
        "using-presigned-url.md",
        "Who can create a presigned URL",
        "The capabilities of a presigned URL are limited by the permissions of the user who created it.",
    ),
)
row(
    "no presigned upload to what is shared",
    "curl",
    lambda s: s.curl(s.presign("PUT", SHARED), method="PUT", body="x", headers={"Content-Type": ""}),
    DENIED,
    user_guide(
        "using-presigned-url.md",
        "Who can create a presigned URL",
        "The capabilities of a presigned URL are limited by the permissions of the user who created it.",
    ),
)
row(
    "the AWS CLI does not upload to what is shared",
    "aws",
    lambda s: s.aws("s3", "cp", "--no-progress", s.facts["small_file"], f"s3://{s.bucket}/{SHARED}"),
    {"at Code": "AccessDenied"},
    PUTS,
)
row(
    "the AWS CLI does not upload parts to what is shared",
    "aws",
    lambda s: s.aws("s3", "cp", "--no-progress", s.facts["large_file"], f"s3://{s.bucket}/{SHARED}"),
    {"at Code": "AccessDenied"},
    MULTIPART,
)
row(
    "the AWS CLI does not delete what is shared",
    "aws",
    lambda s: s.aws("s3", "rm", f"s3://{s.bucket}/shared/welcome.txt"),
    {"at Code": "AccessDenied"},
    DELETES,
)
row(
    "the AWS CLI does not list the whole",
    "aws",
    lambda s: s.aws("s3", "ls", "--recursive", f"s3://{s.bucket}/"),
    {"at Code": "AccessDenied"},
    LISTS,
)
row(
    "a list of hers and of others'",
    "boto3",
    lambda s: s.boto("delete_objects", Delete={"Objects": [{"Key": s.given()}, {"Key": SALES}]}),
    {"status": 200, "at Errors/Code": "AccessDenied", "at Errors/Key": SALES, "at Deleted/DeleteMarker": True},
    api(
        "DeleteObjects",
        "",
        "For each key, Amazon S3 performs a delete operation and returns the result of that delete, success or failure",
    ),
)
row(
    "what is refused is said",
    "http",
    lambda s: s.get(SALES),
    {"status": 403, "at Message": re.compile("not authorized to perform.*s3:GetObject"), "at RequestId": PRESENT},
    iam_guide(
        "troubleshoot_access-denied.md",
        "Access denied error message examples",
        "User: … is not authorized to perform: … because no identity-based policy allows the … action",
    ),
)

# --- listings ---

for name, query, allowed in (
    ("the top level by folder", "delimiter=/", True),
    ("the top level with an empty prefix", "delimiter=/&prefix=", True),
    ("what is shared", "prefix=shared/", True),
    ("deep in what is shared", "prefix=shared/a/b", True),
    ("her department's", "prefix=departments/research/", True),
    ("everything", "", False),
    ("all of an empty prefix", "prefix=", False),
    ("another department's", "prefix=departments/sales/", False),
    ("the departments", "prefix=departments/&delimiter=/", False),
    ("the users", "prefix=users/&delimiter=/", False),
    ("what is shared, without its slash", "prefix=shared", False),
    ("another delimiter", "delimiter=-", False),
):
    for version, parameters in (("2", "list-type=2&"), ("1", "")):
        row(
            f"{'lists' if allowed else 'does not list'} {name}, version {version}",
            "http",
            lambda s, query=query, parameters=parameters: s.list(parameters + query),
            200 if allowed else DENIED,
            LISTS if version == "2" else evaluated("ListObjects needs s3:ListBucket as well"),
        )
row(
    "lists her own",
    "http",
    lambda s: s.list(f"list-type=2&prefix={s.given().rsplit('/', 1)[0]}/"),
    {"status": 200, "at KeyCount": "1"},
    LISTS,
)
row(
    "does not list her own without its slash",
    "http",
    lambda s: s.list(f"list-type=2&prefix=users/{s.identity}"),
    DENIED,
    LISTS,
)
row("reads what is shared", "boto3", lambda s: s.boto("get_object", Key="shared/welcome.txt"), 200, GETS)
row(
    "reads her department's",
    "http",
    lambda s: s.get(s.list("list-type=2&prefix=departments/research/&max-keys=1").get("Contents/Key")),
    200,
    GETS,
)
row(
    "is not told what is missing of her own",
    "http",
    lambda s: s.get(s.key()),
    DENIED,
    api(
        "GetObject",
        "",
        "If you don’t have the s3:ListBucket permission, Amazon S3 returns an HTTP status code 403 Access Denied"
        " error.",
    ),
)
row(
    "may not ask for the bucket's head",
    "http",
    lambda s: s.send("HEAD", s.path()),
    {"status": 403, "body": b""},
    api("HeadBucket", "", "To use this operation, you must have permissions to perform the s3:ListBucket action."),
)
row(
    "may not list all buckets",
    "http",
    lambda s: s.send("GET", "/"),
    DENIED,
    api(
        "ListBuckets",
        "",
        "To grant IAM permission to use this operation, you must add the s3:ListAllMyBuckets policy action.",
    ),
)

# --- her uploads in parts ---

BY_DEFAULT = user_guide(
    "mpuoverview.md",
    "Multipart upload API and permissions",
    "By default, the bucket owner and the initiator of the multipart upload are allowed to perform this action",
)
row(
    "lists the parts of her upload",
    "http",
    lambda s: Upload(s).with_parts(SMALL).list(),
    {"status": 200, "at Part/PartNumber": "1"},
    BY_DEFAULT,
)
row("aborts her upload", "http", lambda s: Upload(s).with_parts(SMALL).abort(), 204, BY_DEFAULT)
row(
    "may not list everybody's uploads",
    "http",
    lambda s: s.list("uploads"),
    DENIED,
    user_guide(
        "mpuoverview.md",
        "Multipart upload API and permissions",
        "You must be allowed to perform the s3:ListBucketMultipartUploads action on a bucket",
    ),
)

# --- permission comes before everything that a stack may lack ---

for operation, method, query in (
    ("GetBucketAcl", "GET", "acl"),
    ("GetBucketPolicy", "GET", "policy"),
    ("GetBucketPolicyStatus", "GET", "policyStatus"),
    ("GetBucketVersioning", "GET", "versioning"),
    ("GetBucketLocation", "GET", "location"),
    ("GetBucketCors", "GET", "cors"),
    ("GetBucketLifecycleConfiguration", "GET", "lifecycle"),
    ("GetBucketEncryption", "GET", "encryption"),
    ("GetBucketLogging", "GET", "logging"),
    ("GetBucketNotificationConfiguration", "GET", "notification"),
    ("GetBucketTagging", "GET", "tagging"),
    ("GetBucketWebsite", "GET", "website"),
    ("GetPublicAccessBlock", "GET", "publicAccessBlock"),
    ("GetBucketOwnershipControls", "GET", "ownershipControls"),
    ("GetBucketReplication", "GET", "replication"),
    ("GetBucketRequestPayment", "GET", "requestPayment"),
    ("GetBucketAccelerateConfiguration", "GET", "accelerate"),
    ("GetObjectLockConfiguration", "GET", "object-lock"),
    ("ListBucketInventoryConfigurations", "GET", "inventory"),
    ("ListBucketMetricsConfigurations", "GET", "metrics"),
    ("ListBucketAnalyticsConfigurations", "GET", "analytics"),
    ("DeleteBucket", "DELETE", ""),
    ("DeleteBucketPolicy", "DELETE", "policy"),
    ("DeleteBucketCors", "DELETE", "cors"),
    ("DeleteBucketLifecycle", "DELETE", "lifecycle"),
    ("DeleteBucketTagging", "DELETE", "tagging"),
):
    row(
        f"may not {operation}",
        "http",
        lambda s, method=method, query=query: s.send(method, s.path(), query),
        DENIED,
        permission(operation) or evaluated(f"no policy of hers allows what {operation} needs"),
    )
for operation, query in (
    ("GetObjectAcl", "acl"),
    ("GetObjectTagging", "tagging"),
    ("GetObjectRetention", "retention"),
    ("GetObjectLegalHold", "legal-hold"),
):
    row(
        f"may not {operation} of her own",
        "http",
        lambda s, query=query: s.get(s.given(), query),
        DENIED,
        permission(operation) or evaluated(f"no policy of hers allows what {operation} needs"),
    )
row(
    "may not set the tags of her own",
    "http",
    lambda s: s.put(s.key(), b"x", {"x-amz-tagging": "a=b"}),
    DENIED,
    api(
        "PutObject",
        "",
        "To successfully set the tag-set with your PutObject request, you must have the s3:PutObjectTagging.",
    ),
)
row(
    "may not set the ACL of her own",
    "http",
    lambda s: s.put(s.key(), b"x", {"x-amz-acl": "private"}),
    DENIED,
    api(
        "PutObject",
        "",
        "To successfully change the objects ACL of your PutObject request, you must have the s3:PutObjectAcl.",
    ),
)
row(
    "may not restore her own",
    "http",
    lambda s: s.send("POST", s.path(s.given()), "restore", {}, b"<RestoreRequest/>"),
    DENIED,
    permission("RestoreObject"),
)


def boto_parts(s):
    import io

    from boto3.s3.transfer import TransferConfig

    config = TransferConfig(multipart_threshold=len(LEAST), multipart_chunksize=len(LEAST), use_threads=False)
    s.client().upload_fileobj(io.BytesIO(LEAST + b"end"), s.bucket, s.key(), Config=config)
    return s.boto("head_object", Key=s.key())


def presigned(s, operation, method, key, body=b""):
    client = s.client(config=Config(signature_version="s3v4"))
    address = client.generate_presigned_url(operation, {"Bucket": s.bucket, "Key": key}, 60)
    return s.fetch(address.removeprefix(s.stack.endpoint("s3")), method, body=body)
