"""Drives the local stack with boto3. Run as `aws_clients.py CHECK` with the stack's facts as JSON on standard input.

A failed check ends with a traceback and status 1. No message holds a token or key: they are compared, never printed.
"""

import base64
import datetime
import hashlib
import http.client
import io
import json
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request
import zlib

import boto3
from boto3.s3.transfer import TransferConfig
from botocore import UNSIGNED
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
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
            endpoint_url=self.facts[{"cognito-identity": "cognito"}.get(service, service)],
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


ROLE = "arn:aws:iam::123456789012:role/JetbridgeAuthenticated"
GUEST_ROLE = "arn:aws:iam::123456789012:role/JetbridgeGuest"


def unsigned_sts(stack):
    return stack.client("sts", config=Config(signature_version=UNSIGNED, parameter_validation=False))


def assume(stack, token=None, **changes):
    """Trades a token, of the pool's own unless there is another, for credentials of a role."""
    if token is None:
        cognito = stack.client("cognito-identity", config=Config(signature_version=UNSIGNED))
        token = cognito.get_open_id_token(IdentityId=stack.get_id(), Logins=stack.logins())["Token"]
    wanted = {"RoleArn": ROLE, "RoleSessionName": "stock-client", "WebIdentityToken": token, **changes}
    return unsigned_sts(stack).assume_role_with_web_identity(**wanted)


def keys_in(answer):
    given = answer["Credentials"]
    return {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }


def check_sts(stack):
    arn = "arn:aws:sts::123456789012:assumed-role/JetbridgeAuthenticated/"
    of_pool = assume(stack, DurationSeconds=900)
    expect(of_pool["SubjectFromWebIdentityToken"], stack.get_id())
    expect((of_pool["Provider"], of_pool["Audience"]), ("cognito-identity.amazonaws.com", stack.facts["pool"]))
    expect(of_pool["AssumedRoleUser"]["Arn"], arn + "stock-client")
    now = datetime.datetime.now(datetime.timezone.utc)
    assert 600 < (of_pool["Credentials"]["Expiration"] - now).total_seconds() <= 900
    of_okta = assume(stack, stack.facts["id_token"], RoleSessionName="alice@example.com")
    expect(of_okta["Provider"], "arn:aws:iam::123456789012:oidc-provider/" + stack.facts["provider"])
    assert of_okta["SubjectFromWebIdentityToken"].startswith("00u") and "PackedPolicySize" not in of_okta
    for keys, name in [
        (keys_in(of_pool), "stock-client"),
        (keys_in(of_okta), "alice@example.com"),
        (stack.sign_in(), "CognitoIdentityCredentials"),
    ]:
        # The endpoint stands for the region's and for the global one.
        for region in (None, "us-east-1"):
            caller = stack.client("sts", region, **keys).get_caller_identity()
            expect((caller["Account"], caller["Arn"]), ("123456789012", arn + name))
            role_id, session = caller["UserId"].split(":")
            assert role_id.startswith("AROA") and len(role_id) == 21 and session == name, caller["UserId"]
        stack.client("s3", **keys).head_bucket(Bucket=stack.facts["bucket"])
    url = stack.client("sts", **keys_in(of_pool)).generate_presigned_url(
        "get_caller_identity", ExpiresIn=60, HttpMethod="GET"
    )
    assert f"<Arn>{arn}stock-client</Arn>".encode() in fetch(stack, url)


def check_sts_refusals(stack):
    def refused(**changes):
        return refusal(assume, stack, **changes)[:2]

    expect(refused(token=stack.facts["access_token"]), ("InvalidIdentityToken", 400))
    expect(refused(token="a.b.c"), ("InvalidIdentityToken", 400))
    expect(refused(RoleSessionName="a b"), ("ValidationError", 400))
    expect(refused(RoleSessionName="a"), ("ValidationError", 400))
    expect(refused(DurationSeconds=899), ("ValidationError", 400))
    expect(refused(DurationSeconds=3601), ("ValidationError", 400))
    expect(refused(RoleArn=GUEST_ROLE), ("AccessDenied", 403))
    expect(refused(RoleArn=ROLE + "x"), ("AccessDenied", 403))
    expect(refused(Policy="{}")[1], 501)
    expect(refused(PolicyArns=[{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}])[1], 501)
    _, _, error = refusal(assume, stack, DurationSeconds=3601)
    sentence = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    expect(error["Error"]["Message"], sentence)
    expect(error["Error"]["Type"], "Sender")

    good = stack.sign_in()

    def caller_with(region=None, **changes):
        return refusal(stack.client("sts", region, **{**good, **changes}).get_caller_identity)[:2]

    expect(refusal(unsigned_sts(stack).get_caller_identity)[:2], ("MissingAuthenticationToken", 403))
    expect(caller_with(region="eu-west-1"), ("SignatureDoesNotMatch", 403))
    expect(caller_with(aws_session_token=None), ("InvalidClientTokenId", 403))
    expect(caller_with(aws_session_token="wrong"), ("InvalidClientTokenId", 403))
    expect(caller_with(aws_access_key_id="ASIAUNKNOWNUNKNOWN00"), ("InvalidClientTokenId", 403))
    expect(caller_with(aws_secret_access_key="x" * 40), ("SignatureDoesNotMatch", 403))
    sts = stack.client("sts", **good)
    expect(refusal(sts.get_session_token)[:2], ("AccessDenied", 403))
    expect(refusal(sts.assume_role, RoleArn=ROLE, RoleSessionName="chain")[:2], ("AccessDenied", 403))
    saml = {"RoleArn": ROLE, "PrincipalArn": "arn:aws:iam::123456789012:saml-provider/x", "SAMLAssertion": "eHh4"}
    expect(refusal(unsigned_sts(stack).assume_role_with_saml, **saml)[1], 501)


def invoke(stack, method, path, body=b"", keys=None, service="execute-api", signer=SigV4Auth, sent=None):
    """Signs for the API with botocore's own signer and sends exactly that path, or `sent` in place of the body."""
    keys = keys or stack.sign_in()
    request = AWSRequest(method, stack.facts["api"] + path, data=body)
    credentials = Credentials(keys["aws_access_key_id"], keys["aws_secret_access_key"], keys["aws_session_token"])
    if signer:
        signer(credentials, service, stack.facts["region"]).add_auth(request)
    target = urllib.parse.urlsplit(request.url)
    context = ssl.create_default_context(cafile=stack.facts["ca_file"])
    connection = (
        http.client.HTTPSConnection(target.netloc, timeout=10, context=context)
        if target.scheme == "https"
        else http.client.HTTPConnection(target.netloc, timeout=10)
    )
    connection.request(method, request.url.split(target.netloc, 1)[1], sent or body, dict(request.headers))
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    assert len(answer.getheader("apigw-requestid")) == 16 and answer.getheader("content-type") == "application/json"
    for secret in (keys["aws_session_token"], keys["aws_secret_access_key"], "Signature="):
        assert secret not in text, "the answer repeats a credential"
    return answer.status, json.loads(text)


def check_api(stack):
    forbidden, missing = (403, {"message": "Forbidden"}), (404, {"message": "Not Found"})
    status, event = invoke(stack, "GET", "/echo?b=2&a=1&a=0&x=%C3%A9&y=a%2Bb&z=%20&empty=&novalue")
    expect((status, event["rawPath"], event["routeKey"]), (200, "/echo", "GET /echo"))
    expect(event["queryStringParameters"]["a"], "1,0")
    expect(event["queryStringParameters"]["y"], "a+b")
    caller = event["requestContext"]["authorizer"]["iam"]
    expect(caller["cognitoIdentity"]["identityId"], stack.get_id())
    expect(caller["cognitoIdentity"]["identityPoolId"], stack.facts["pool"])
    expect(caller["userArn"].rsplit("/", 1)[1], "CognitoIdentityCredentials")
    expect(caller["accessKey"], stack.sign_in()["aws_access_key_id"])
    # Paths are signed normalised and encoded twice, whatever is sent.
    for path in (
        "/echo/a%2Fb",
        "/echo/caf%C3%A9/%F0%9F%9A%80",
        "/echo/a%20b/100%25",
        "/echo//double//slash/",
        "/echo/./dot/../up",
        "/echo/~tilde_-.",
        "/echo/a+b=c,d;e@f!'()*$&:",
    ):
        status, event = invoke(stack, "GET", path)
        expect((path, status), (path, 200))
        expect(event["rawPath"], urllib.parse.unquote(path))
    status, event = invoke(stack, "POST", "/echo", "caf\u00e9 {}".encode())
    expect((status, event["body"], event["isBase64Encoded"]), (200, "caf\u00e9 {}", False))
    expect(invoke(stack, "POST", "/echo", b"\xff\x00")[1]["body"], "/wA=")
    expect(invoke(stack, "GET", "/echo?a=1", signer=SigV4QueryAuth)[1]["queryStringParameters"], {"a": "1"})
    # Other credentials, of the same role, that no pool gave.
    direct = keys_in(assume(stack, stack.facts["id_token"]))
    status, event = invoke(stack, "GET", "/echo", keys=direct)
    expect((status, event["requestContext"]["authorizer"]["iam"]["cognitoIdentity"]), (200, None))

    expect(invoke(stack, "GET", "/denied"), forbidden)
    expect(invoke(stack, "GET", "/%64enied"), forbidden)
    expect(invoke(stack, "GET", "/echo", signer=None), forbidden)
    expect(invoke(stack, "GET", "/echo", service="s3"), forbidden)
    expect(invoke(stack, "GET", "/echo", keys={**direct, "aws_secret_access_key": "x" * 40}), forbidden)
    expect(invoke(stack, "POST", "/echo", b"one", sent=b"two"), forbidden)
    expect(invoke(stack, "PUT", "/echo"), missing)
    expect(invoke(stack, "GET", "/nowhere", signer=None), missing)
    expect(invoke(stack, "DELETE", "/status/503"), (503, {"status": 503}))
    expect(invoke(stack, "GET", "/slow/20"), (200, {"milliseconds": 20}))


def check_api_throttled(stack):
    # What is refused anyway spoils no fault.
    expect(invoke(stack, "GET", "/denied")[0], 403)
    expect(invoke(stack, "GET", "/echo"), (429, {"message": "Too Many Requests"}))
    expect(invoke(stack, "GET", "/echo")[0], 200)


def check_stale(stack):
    """The test moves the stack's clock before it answers."""
    sts = stack.client("sts", **stack.sign_in())
    sts.get_caller_identity()
    for code, words in (
        ("ExpiredToken", "The security token included in the request is expired"),
        ("SignatureDoesNotMatch", "Signature expired: "),
        ("SignatureDoesNotMatch", "Signature not yet current: "),
    ):
        print("ready", flush=True)
        sys.stdin.readline()
        found, status, error = refusal(sts.get_caller_identity)
        expect((found, status), (code, 403))
        assert error["Error"]["Message"].startswith(words), error["Error"]["Message"]
        assert code == "ExpiredToken" or " 5 min.)" in error["Error"]["Message"], error["Error"]["Message"]
        expect(invoke(stack, "GET", "/echo"), (403, {"message": "Forbidden"}))
    # S3 forgives fifteen minutes, and the clock is behind, so that the credentials live again.
    stack.s3().head_bucket(Bucket=stack.facts["bucket"])


def check_whoami(stack):
    """The API of `infra`, whose function is imitated."""
    arn = stack.client("sts", **stack.sign_in()).get_caller_identity()["Arn"]
    expect(invoke(stack, "GET", "/whoami"), (200, {"identityId": stack.get_id(), "userArn": arn}))
    expect(invoke(stack, "POST", "/whoami"), (404, {"message": "Not Found"}))
    expect(invoke(stack, "GET", "/whoami", signer=None), (403, {"message": "Forbidden"}))
    # Its roles trust the pool alone.
    role = arn.replace(":sts:", ":iam:").replace("assumed-role", "role").rsplit("/", 1)[0]
    expect(refusal(assume, stack, stack.facts["id_token"], RoleArn=role)[:2], ("AccessDenied", 403))


def check_print_credentials(stack):
    """For the AWS CLI, which takes them from its environment."""
    print(json.dumps(stack.sign_in()), flush=True)


if __name__ == "__main__":
    globals()["check_" + sys.argv[1]](Stack(json.loads(sys.stdin.readline())))
