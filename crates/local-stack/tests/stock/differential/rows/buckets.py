"""Buckets, whose they are, what methods they know, and what every answer has."""

from clients import ABSENT
from pages import api, error, newer_error, user_guide
from table import PRESENT, group, refusal

row, unknown = group("buckets")

V2 = "ListObjectsV2"

row(
    "a bucket that is not there",
    "http",
    lambda s: s.send("GET", "/no-such-bucket-here", "list-type=2"),
    refusal(404, "NoSuchBucket"),
    error("NoSuchBucket", 404),
)
row(
    "boto3 and a bucket that is not there",
    "boto3",
    lambda s: s.boto("list_objects_v2", Bucket="no-such-bucket-here"),
    refusal(404, "NoSuchBucket"),
    api(V2, "NoSuchBucket", "The specified bucket does not exist."),
)
row(
    "the AWS CLI and a bucket that is not there",
    "aws",
    lambda s: s.aws("s3api", "list-objects-v2", "--bucket", "no-such-bucket-here"),
    {"at Code": "NoSuchBucket"},
    api(V2, "NoSuchBucket", "The specified bucket does not exist."),
)
row(
    "a bucket that denies",
    "http",
    lambda s: s.send("GET", f"/{s.facts['denied_bucket']}", "list-type=2"),
    refusal(403, "AccessDenied"),
    error("AccessDenied", 403),
)
row(
    "head of a bucket",
    "boto3",
    lambda s: s.boto("head_bucket"),
    {"status": 200, "header x-amz-bucket-region": "us-west-2", "at BucketRegion": "us-west-2"},
    api("HeadBucket", "BucketRegion", "The Region that the bucket is located."),
)
row(
    "head of a bucket that is not there",
    "http",
    lambda s: s.send("HEAD", "/no-such-bucket-here"),
    {"status": 404, "body": b""},
    api(
        "HeadBucket",
        "",
        "A message body isn't included, so you can't determine the exception beyond these HTTP response codes.",
    ),
)
row(
    "head of a bucket that denies tells its region",
    "http",
    lambda s: s.send("HEAD", f"/{s.facts['denied_bucket']}"),
    {"status": 403, "header x-amz-bucket-region": "us-west-2", "body": b""},
    api(
        "HeadBucket",
        "",
        "regardless of the permissions on the bucket, you will receive a response header with the correct"
        " bucket location",
    ),
)
row(
    "head of a bucket by the AWS CLI",
    "aws",
    lambda s: s.aws("s3api", "head-bucket", "--bucket", s.bucket),
    {"status": 0, "at BucketRegion": "us-west-2"},
    api("HeadBucket", "BucketRegion", "The Region that the bucket is located."),
)
row(
    "where a bucket is",
    "http",
    lambda s: s.list("location"),
    {"status": 200, "at @root": "LocationConstraint", "at @text": "us-west-2"},
    api("GetBucketLocation", "LocationConstraint", "Specifies the Region where the bucket resides."),
)
row(
    "boto3 asks where a bucket is",
    "boto3",
    lambda s: s.boto("get_bucket_location"),
    {"at LocationConstraint": "us-west-2"},
    api("GetBucketLocation", "LocationConstraint", "Specifies the Region where the bucket resides."),
)
row(
    "the AWS CLI asks where a bucket is",
    "aws",
    lambda s: s.aws("s3api", "get-bucket-location", "--bucket", s.bucket),
    {"status": 0, "at LocationConstraint": "us-west-2"},
    api("GetBucketLocation", "LocationConstraint", "Specifies the Region where the bucket resides."),
)
row(
    "all buckets",
    "http",
    lambda s: s.send("GET", "/"),
    {
        "status": 200,
        "at @root": "ListAllMyBucketsResult",
        "at Buckets/Bucket/Name": ["jetbridge-demo", "jetbridge-private"],
        "at Owner/ID": PRESENT,
    },
    api("ListBuckets", "", "Returns a list of all buckets owned by the authenticated sender of the request."),
)
row(
    "buckets by prefix",
    "http",
    lambda s: s.send("GET", "/", "prefix=jetbridge-d"),
    {
        "at Buckets/Bucket/Name": "jetbridge-demo",
        "at Prefix": "jetbridge-d",
    },
    api("ListBuckets", "Prefix", "If Prefix was sent with the request, it is included in the response."),
)
row(
    "buckets, a page at a time",
    "boto3",
    lambda s: s.boto("list_buckets", MaxBuckets=1),
    {
        "at Buckets/Name": "jetbridge-demo",
        "at ContinuationToken": PRESENT,
    },
    api(
        "ListBuckets",
        "ContinuationToken",
        "ContinuationToken is included in the response when there are more buckets that can be listed with pagination.",
    ),
)
row(
    "the next page of buckets",
    "boto3",
    lambda s: s.boto(
        "list_buckets",
        MaxBuckets=1,
        ContinuationToken=str(s.boto("list_buckets", MaxBuckets=1).get("ContinuationToken")),
    ),
    {
        "at Buckets/Name": "jetbridge-private",
        "at ContinuationToken": ABSENT,
    },
    api("ListBuckets", "ContinuationToken", "The next ListBuckets request to Amazon S3 can be continued with this"),
)
row(
    "buckets of the region",
    "http",
    lambda s: s.send("GET", "/", "bucket-region=us-west-2"),
    {
        "at Buckets/Bucket/Name": ["jetbridge-demo", "jetbridge-private"],
    },
    api(
        "ListBuckets",
        "BucketRegion",
        "Limits the response to buckets that are located in the specified Amazon Web Services Region.",
    ),
)
row(
    "buckets of another region",
    "http",
    lambda s: s.send("GET", "/", "bucket-region=eu-west-1"),
    refusal(400, "InvalidArgument"),
    newer_error(
        "InvalidArgument",
        "A ListBuckets request is made to a Regional endpoint that is different from the Region"
        " specified in the bucket-region parameter.",
    ),
)

# --- the expected owner ---

OWNER = (
    "If the account ID that you provide does not match the actual owner of the bucket, the request fails with the HTTP"
    " status code 403 Forbidden (access denied)."
)
STRANGER = {"x-amz-expected-bucket-owner": "999999999999"}
for operation, send in {
    V2: lambda s: s.list("list-type=2", headers=STRANGER),
    "GetBucketLocation": lambda s: s.list("location", headers=STRANGER),
    "GetObject": lambda s: s.get(s.given(), headers=STRANGER),
    "PutObject": lambda s: s.put(s.key(), headers=STRANGER),
    "DeleteObject": lambda s: s.delete(s.given(), headers=STRANGER),
    "CreateMultipartUpload": lambda s: s.send("POST", s.path(s.key()), "uploads", STRANGER),
}.items():
    row(
        f"{operation} with another owner expected",
        "http",
        send,
        refusal(403, "AccessDenied"),
        api(operation, "ExpectedBucketOwner", OWNER),
    )
row(
    "the owner that is expected",
    "boto3",
    lambda s: s.boto("head_bucket", ExpectedBucketOwner="123456789012"),
    200,
    api("HeadBucket", "ExpectedBucketOwner", "The account ID of the expected bucket owner."),
)
row(
    "an expected owner that is no account",
    "http",
    lambda s: s.list("list-type=2", headers={"x-amz-expected-bucket-owner": "me"}),
    refusal(400, "InvalidBucketOwnerAWSAccountID"),
    newer_error(
        "InvalidBucketOwnerAWSAccountID", "The value of the expected bucket owner parameter must be an AWS account ID."
    ),
)

# --- methods ---

NOT_ALLOWED = error("MethodNotAllowed", 405)
for method in ("POST", "PATCH"):
    row(
        f"{method} on an object",
        "http",
        lambda s, method=method: s.send(method, s.path(s.given())),
        refusal(405, "MethodNotAllowed"),
        NOT_ALLOWED,
    )
row("PUT on the service", "http", lambda s: s.send("PUT", "/"), refusal(405, "MethodNotAllowed"), NOT_ALLOWED)
row("DELETE on the service", "http", lambda s: s.send("DELETE", "/"), refusal(405, "MethodNotAllowed"), NOT_ALLOWED)
unknown("OPTIONS without an origin", "http", lambda s: s.send("OPTIONS", s.path(s.key()), sign=False))
unknown(
    "OPTIONS with an origin",
    "http",
    lambda s: s.send(
        "OPTIONS",
        s.path(s.key()),
        headers={"origin": "https://app.example", "access-control-request-method": "GET"},
        sign=False,
    ),
)
unknown("an unknown sub-resource", "http", lambda s: s.list("no-such-thing"))

# --- what every answer has ---

COMMON = user_guide(
    "UsingRESTError.md", "Response headers", "response headers returned by all operations: x-amz-request-id, x-amz-id-2"
)
row(
    "an answer has its ids",
    "http",
    lambda s: s.list("list-type=2&max-keys=1"),
    {"header x-amz-request-id": PRESENT, "header x-amz-id-2": PRESENT},
    COMMON,
)
row(
    "a refusal has its ids",
    "http",
    lambda s: s.get(s.key()),
    {
        "status": 404,
        "header x-amz-request-id": PRESENT,
        "header x-amz-id-2": PRESENT,
        "header content-type": "application/xml",
        "at @root": "Error",
        "at Message": PRESENT,
        "at RequestId": PRESENT,
    },
    user_guide(
        "UsingRESTError.md",
        "The REST error response",
        "An XML error document as the response body, Content-Type: application/xml",
    ),
)
row(
    "a refused HEAD has its ids",
    "http",
    lambda s: s.head(s.key()),
    {"status": 404, "header x-amz-request-id": PRESENT},
    COMMON,
)
