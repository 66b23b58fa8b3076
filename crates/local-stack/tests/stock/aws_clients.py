"""Drives the local stack with boto3. Run as `aws_clients.py CHECK` with the stack's facts as JSON on standard input.

A failed check ends with a traceback and status 1. No message holds a token or key: they are compared, never printed.
"""

import base64
import hashlib
import io
import json
import ssl
import sys
import urllib.error
import urllib.request
import zlib

import boto3
from boto3.s3.transfer import TransferConfig
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

MEBI = 1024 * 1024

# Written here a second time on purpose: the stack's own list cannot vouch for itself.
AWKWARD = [
    "/leading-slash.txt",
    "awkward/ leading and trailing space ",
    "awkward/../up.txt",
    "awkward/./dot.txt",
    "awkward/100% sure.txt",
    "awkward/a+b=c.txt",
    "awkward/already%2Fencoded%20name.txt",
    "awkward/angle <brackets> & ampersand.xml",
    "awkward/cafe\u0301.txt",
    "awkward/caf\u00e9.txt",
    "awkward/folder/",
    "awkward/line\nbreak.txt",
    "awkward/question?mark#hash.txt",
    "awkward/quotes \"double\" 'single'.txt",
    "awkward/tab\tstop.txt",
    "awkward/\u0645\u0631\u062d\u0628\u0627.txt",
    "awkward/\U0001f680 launch.txt",
    "awkward//double//slash.txt",
]


class Stack:
    """The facts from the test, and clients made from them."""

    def __init__(self, facts):
        self.facts = facts
        self.credentials = None

    def client(self, service, region=None, config=None, **credentials):
        config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}).merge(config or Config())
        return boto3.client(
            service,
            region_name=region or self.facts["region"],
            endpoint_url=self.facts["cognito" if service == "cognito-identity" else "s3"],
            config=config,
            verify=self.facts["ca_file"],
            **credentials,
        )

    def logins(self, token="id_token"):
        return {self.facts["provider"]: self.facts[token]}

    def get_id(self, token="id_token"):
        cognito = self.client("cognito-identity", config=Config(signature_version=UNSIGNED))
        return cognito.get_id(IdentityPoolId=self.facts["pool"], Logins=self.logins(token))["IdentityId"]

    def sign_in(self):
        """Credentials as arguments for `client`."""
        if self.credentials is None:
            cognito = self.client("cognito-identity", config=Config(signature_version=UNSIGNED))
            answer = cognito.get_credentials_for_identity(IdentityId=self.get_id(), Logins=self.logins())
            given = answer["Credentials"]
            self.credentials = {
                "aws_access_key_id": given["AccessKeyId"],
                "aws_secret_access_key": given["SecretKey"],
                "aws_session_token": given["SessionToken"],
            }
        return self.credentials

    def s3(self, region=None, config=None, **changes):
        return self.client("s3", region, config, **{**self.sign_in(), **changes})


def refusal(call, *args, **kwargs):
    """Code, status and the whole error of a call that must fail."""
    try:
        call(*args, **kwargs)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"], error.response
    raise AssertionError("the call should have been refused")


def expect(actual, expected):
    assert actual == expected, f"{actual!r} is not {expected!r}"


def keys_of(stack, bucket, page_size=None, **query):
    pages = stack.s3().get_paginator("list_objects_v2").paginate(
        Bucket=bucket, PaginationConfig={"PageSize": page_size} if page_size else {}, **query
    )
    objects, prefixes = [], []
    for page in pages:
        contents, common = page.get("Contents", []), page.get("CommonPrefixes", [])
        expect(page["KeyCount"], len(contents) + len(common))
        objects += contents
        prefixes += [entry["Prefix"] for entry in common]
    return objects, prefixes


def signature_of(key):
    """What the stack begins an object's content with: it shows that this key was read and no other."""
    return hashlib.sha256(key.encode()).hexdigest()[:16].encode()


def presign(stack, key, lifetime):
    """Asks for version 4: for presigned URLs boto3 still falls back to version 2 in the older regions."""
    s3 = stack.s3(config=Config(signature_version="s3v4"))
    return s3.generate_presigned_url("get_object", {"Bucket": stack.facts["bucket"], "Key": key}, lifetime)


def fetch(stack, url):
    """Reads a presigned URL as anyone can who has it."""
    context = ssl.create_default_context(cafile=stack.facts["ca_file"]) if url.startswith("https:") else None
    with urllib.request.urlopen(url, timeout=10, context=context) as answer:
        return answer.read()


def check_federation(stack):
    identity = stack.get_id()
    expect(stack.get_id(), identity)
    assert identity.startswith(stack.facts["region"] + ":"), identity
    expect(stack.s3().head_bucket(Bucket=stack.facts["bucket"])["BucketRegion"], stack.facts["region"])
    expect(refusal(stack.s3().head_bucket, Bucket=stack.facts["bucket"], ExpectedBucketOwner="999999999999")[1], 403)
    stack.s3().head_bucket(Bucket=stack.facts["bucket"], ExpectedBucketOwner="123456789012")
    names = {bucket["Name"] for bucket in stack.s3().list_buckets()["Buckets"]}
    expect(names, {stack.facts["bucket"], stack.facts["denied_bucket"]})
    expect(refusal(stack.get_id, "access_token")[:2], ("NotAuthorizedException", 400))
    cognito = stack.client("cognito-identity", config=Config(signature_version=UNSIGNED))
    token = cognito.get_open_id_token(IdentityId=identity, Logins=stack.logins())["Token"]
    expect(len(token.split(".")), 3)


def check_listing(stack):
    bucket = stack.facts["bucket"]
    objects, _ = keys_of(stack, bucket)
    keys = [entry["Key"] for entry in objects]
    expect(keys, sorted(keys, key=str.encode))
    for key in AWKWARD:
        assert key in keys, repr(key)
    expect(max(len(key.encode()) for key in keys), 900)
    for size in (1, 7, len(keys) - 1, len(keys)):
        again, _ = keys_of(stack, bucket, page_size=size)
        expect([entry["Key"] for entry in again], keys)

    top, folders = keys_of(stack, bucket, Delimiter="/")
    expect(folders, sorted({key.split("/")[0] + "/" for key in keys if "/" in key}))
    expect([entry["Key"] for entry in top], [key for key in keys if "/" not in key])
    inside, deeper = keys_of(stack, bucket, page_size=2, Prefix="awkward/", Delimiter="/")
    expect(deeper, ["awkward/../", "awkward/./", "awkward//", "awkward/folder/", "awkward/long/"])
    expect(len(inside), sum(key.startswith("awkward/") and "/" not in key[len("awkward/"):] for key in keys))
    after, _ = keys_of(stack, bucket, StartAfter=keys[9])
    expect([entry["Key"] for entry in after], keys[10:])

    scale, _ = keys_of(stack, "scale-2500")
    expect(len({entry["Key"] for entry in scale}), 2500)
    expect(scale[1234]["Key"], "batch-000001/object-000001234.json")
    _, batches = keys_of(stack, "scale-2500", Delimiter="/")
    expect(batches, ["batch-000000/", "batch-000001/", "batch-000002/"])


def check_objects(stack):
    bucket, s3 = stack.facts["bucket"], stack.s3()
    for entry in keys_of(stack, bucket)[0]:
        key, size = entry["Key"], entry["Size"]
        head = s3.head_object(Bucket=bucket, Key=key)
        expect((head["ContentLength"], head["ETag"]), (size, entry["ETag"]))
        expect(head["LastModified"], entry["LastModified"])
        whole = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        expect(len(whole), size)
        assert whole.startswith(signature_of(key)[:size]), repr(key)
        if size > 0:
            part = s3.get_object(Bucket=bucket, Key=key, Range=f"bytes={size // 2}-")
            expect(part["ContentRange"], f"bytes {size // 2}-{size - 1}/{size}")
            assert part["Body"].read() == whole[size // 2:], repr(key)
        assert fetch(stack, presign(stack, key, 60)) == whole, repr(key)
    expect(refusal(s3.get_object, Bucket=bucket, Key="readme.txt", IfNoneMatch=head_tag(s3, bucket))[1], 304)
    expect(refusal(s3.get_object, Bucket=bucket, Key="readme.txt", Range="bytes=9999999-")[0], "InvalidRange")
    expect(refusal(s3.get_object, Bucket=bucket, Key="missing")[0], "NoSuchKey")
    s3.put_object(Bucket=bucket, Key="new", Body=b"x")
    expect(s3.get_object(Bucket=bucket, Key="new")["Body"].read(), b"x")
    s3.delete_object(Bucket=bucket, Key="new")
    expect(refusal(s3.head_object, Bucket=bucket, Key="new")[1], 404)
    expect(refusal(s3.get_bucket_acl, Bucket=bucket)[:2], ("NotImplemented", 501))
    expect(refusal(s3.put_bucket_policy, Bucket=bucket, Policy="{}")[0], "AccessDenied")


def check_uploads(stack):
    """What boto3's transfer manager does by itself: parts, declared checksums, copies in parts, deletions of many."""
    s3, bucket = stack.s3(), stack.facts["bucket"]
    parts = TransferConfig(multipart_threshold=5 * MEBI, multipart_chunksize=5 * MEBI)
    content = hashlib.sha256(b"content").digest() * (11 * MEBI // 32 + 1)
    for key, arguments in [
        ("uploads/plain.bin", {}),
        # s3transfer sends it when all parts are there.
        ("uploads/full-object.bin", {"ChecksumCRC32": base64.b64encode(zlib.crc32(content).to_bytes(4, "big")).decode()}),
        ("uploads/sha256.bin", {"ChecksumAlgorithm": "SHA256"}),
        ("uploads/caf\u00e9 & more.bin", {"Metadata": {"colour": "blue"}, "ContentType": "text/plain"}),
    ]:
        s3.upload_fileobj(io.BytesIO(content), bucket, key, ExtraArgs=arguments, Config=parts)
        head = s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
        assert head["ETag"].endswith('-3"'), head["ETag"]
        # boto3 declares CRC32 by itself, which is composite unless the request says otherwise.
        expect(head["ChecksumType"], "FULL_OBJECT" if "full-object" in key else "COMPOSITE")
        expect((head["ContentLength"], head["Metadata"]), (len(content), arguments.get("Metadata", {})))
        whole = io.BytesIO()
        s3.download_fileobj(bucket, key, whole, Config=parts)
        assert whole.getvalue() == content, key
        part = s3.get_object(Bucket=bucket, Key=key, PartNumber=3, ChecksumMode="ENABLED")
        expect((part["PartsCount"], part["Body"].read()), (3, content[10 * MEBI:]))
        s3.copy({"Bucket": bucket, "Key": key}, bucket, key + ".copy", Config=parts)
        expect(s3.get_object(Bucket=bucket, Key=key + ".copy")["Body"].read(), content)
        s3.copy_object(Bucket=bucket, Key=key + ".single", CopySource={"Bucket": bucket, "Key": key})
        expect(s3.head_object(Bucket=bucket, Key=key + ".single")["ETag"], f'"{hashlib.md5(content).hexdigest()}"')
    expect(s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []), [])

    begun = s3.create_multipart_upload(Bucket=bucket, Key="uploads/left")["UploadId"]
    s3.upload_part(Bucket=bucket, Key="uploads/left", UploadId=begun, PartNumber=1, Body=b"x")
    expect([upload["UploadId"] for upload in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]], [begun])
    expect([part["Size"] for part in s3.list_parts(Bucket=bucket, Key="uploads/left", UploadId=begun)["Parts"]], [1])
    s3.abort_multipart_upload(Bucket=bucket, Key="uploads/left", UploadId=begun)
    expect(refusal(s3.list_parts, Bucket=bucket, Key="uploads/left", UploadId=begun)[0], "NoSuchUpload")

    expect(refusal(s3.put_object, Bucket=bucket, Key="uploads/plain.bin", IfNoneMatch="*")[1], 412)
    url = stack.s3(config=Config(signature_version="s3v4")).generate_presigned_url(
        "put_object", {"Bucket": bucket, "Key": "uploads/presigned.txt"}, 60
    )
    request = urllib.request.Request(url, data=b"presigned", method="PUT")
    expect(urllib.request.urlopen(request, timeout=10).status, 200)
    expect(fetch(stack, presign(stack, "uploads/presigned.txt", 60)), b"presigned")

    keys = [entry["Key"] for entry in keys_of(stack, bucket, Prefix="uploads/")[0]]
    expect(len(keys), 13)
    deleted = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in keys]})
    expect(sorted(entry["Key"] for entry in deleted["Deleted"]), sorted(keys))
    expect(keys_of(stack, bucket, Prefix="uploads/"), ([], []))


def head_tag(s3, bucket):
    return s3.head_object(Bucket=bucket, Key="readme.txt")["ETag"]


def check_refusals(stack):
    bucket = stack.facts["bucket"]

    def list_with(s3, name=bucket):
        return refusal(s3.list_objects_v2, Bucket=name)

    good = stack.sign_in()
    secret, token = good["aws_secret_access_key"], good["aws_session_token"]
    swapped = ("A" if secret[0] != "A" else "B") + secret[1:]
    expect(list_with(stack.s3(aws_secret_access_key=swapped))[:2], ("SignatureDoesNotMatch", 403))
    expect(list_with(stack.s3(aws_session_token=token[:-4] + "AAAA"))[:2], ("InvalidToken", 400))
    expect(list_with(stack.s3(aws_session_token=None))[:2], ("InvalidAccessKeyId", 403))
    expect(list_with(stack.s3(aws_access_key_id="ASIAUNKNOWNUNKNOWN00"))[:2], ("InvalidAccessKeyId", 403))
    expect(list_with(stack.s3(config=Config(signature_version=UNSIGNED)))[:2], ("AccessDenied", 403))
    expect(list_with(stack.s3(config=Config(signature_version="s3")))[0], "InvalidRequest")
    expect(list_with(stack.s3(), "no-such-bucket")[:2], ("NoSuchBucket", 404))
    expect(list_with(stack.s3(), stack.facts["denied_bucket"])[:2], ("AccessDenied", 403))

    # boto3 reads the right region in the refusal, signs again for it and gets its page.
    seen = []
    elsewhere = stack.s3(region="eu-west-1")
    elsewhere.meta.events.register_first("needs-retry.s3", lambda response, **_: seen.append(response[1]))
    assert elsewhere.list_objects_v2(Bucket=bucket)["KeyCount"] > 0
    expect((seen[0]["Error"]["Code"], len(seen)), ("AuthorizationHeaderMalformed", 2))
    expect(seen[0]["Error"]["Region"], stack.facts["region"])
    expect(seen[0]["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"], stack.facts["region"])


def check_expired(stack):
    """Takes a URL made while the credentials were good; the test moves the stack's clock before it answers."""
    s3 = stack.s3()
    expect(s3.head_bucket(Bucket=stack.facts["bucket"])["ResponseMetadata"]["HTTPStatusCode"], 200)
    url = presign(stack, "readme.txt", 30)
    for wanted in ("ExpiredToken", "RequestTimeTooSkewed"):
        print("ready", flush=True)
        sys.stdin.readline()
        expect(refusal(s3.list_objects_v2, Bucket=stack.facts["bucket"])[0], wanted)
    try:
        fetch(stack, url)
    except urllib.error.HTTPError as error:
        expect(error.code, 403)
        assert b"<Message>Request has expired</Message>" in error.read()
    else:
        raise AssertionError("an expired URL was served")


def prefixes_refused(s3, bucket, prefixes):
    for prefix in prefixes:
        expect(refusal(s3.list_objects_v2, Bucket=bucket, Prefix=prefix)[:2], ("AccessDenied", 403))


def folder_names(s3, bucket, **query):
    page = s3.list_objects_v2(Bucket=bucket, Delimiter="/", **query)
    return [entry["Prefix"] for entry in page["CommonPrefixes"]]


def check_guest_access(stack):
    """Somebody who did not sign in: no logins, and the role that the template has for guests."""
    cognito = stack.client("cognito-identity", config=Config(signature_version=UNSIGNED))
    identity = cognito.get_id(IdentityPoolId=stack.facts["pool"])["IdentityId"]
    given = cognito.get_credentials_for_identity(IdentityId=identity)["Credentials"]
    stack.credentials = {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretKey"],
        "aws_session_token": given["SessionToken"],
    }
    bucket, s3 = stack.facts["bucket"], stack.s3()
    expect([entry["Key"] for entry in keys_of(stack, bucket, Prefix="public/")[0]], ["public/hello.txt"])
    body = s3.get_object(Bucket=bucket, Key="public/hello.txt")["Body"].read()
    assert body.startswith(signature_of("public/hello.txt"))
    prefixes_refused(s3, bucket, ["", "shared/", "users/", f"users/{identity}/", "departments/research/", "publi"])
    expect(refusal(s3.list_objects_v2, Bucket=bucket, Delimiter="/")[0], "AccessDenied")
    for key in ("shared/welcome.txt", "public/missing.txt", "readme.txt"):
        expect(refusal(s3.get_object, Bucket=bucket, Key=key)[0], "AccessDenied")
    _, status, error = refusal(s3.list_objects_v2, Bucket=bucket, Prefix="shared/")
    assert "no identity-based policy allows the s3:ListBucket action" in error["Error"]["Message"], error["Error"]
    assert "GuestRole" in error["Error"]["Message"], error["Error"]
    # A user's identity is nothing that a guest could have.
    alice = stack.get_id()
    expect(refusal(cognito.get_credentials_for_identity, IdentityId=alice)[0], "NotAuthorizedException")


def check_user_access(stack):
    bucket, s3, identity = stack.facts["bucket"], stack.s3(), stack.get_id()
    for prefix in ("shared/", "public/", f"users/{identity}/", "departments/research/"):
        assert keys_of(stack, bucket, page_size=1, Prefix=prefix)[0], prefix
    expect(folder_names(s3, bucket), ["departments/", "public/", "shared/", "users/"])
    expect(folder_names(s3, bucket, Prefix=""), ["departments/", "public/", "shared/", "users/"])
    prefixes_refused(s3, bucket, ["", "users/", "departments/", "departments/sales/", f"users/{identity}"])
    expect(refusal(s3.head_bucket, Bucket=bucket)[1], 403)
    fetch(stack, presign(stack, f"users/{identity}/notes.txt", 60))
    try:
        fetch(stack, presign(stack, "departments/sales/roadmap.txt", 60))
    except urllib.error.HTTPError as error:
        expect(error.code, 403)
    else:
        raise AssertionError("a URL gave more than its maker may have")


def check_no_guests(stack):
    cognito = stack.client("cognito-identity", config=Config(signature_version=UNSIGNED))
    expect(refusal(cognito.get_id, IdentityPoolId=stack.facts["pool"])[0], "NotAuthorizedException")


def check_print_credentials(stack):
    """For the AWS CLI, which takes them from its environment."""
    print(json.dumps(stack.sign_in()), flush=True)


if __name__ == "__main__":
    globals()["check_" + sys.argv[1]](Stack(json.loads(sys.stdin.readline())))
