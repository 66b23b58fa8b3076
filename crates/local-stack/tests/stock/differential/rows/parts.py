"""Multipart uploads: the checksum of the whole, objects that are read by part, and parts that are copied."""

import io
import re

from boto3.s3.transfer import TransferConfig

from checksums import checksum, composite, md5_etag
from pages import api, error, newer_error, newer_user_guide, sdk
from table import ABSENT, PRESENT, group, refusal

from .multipart import COMPLETE, CREATE, LEAST, OTHER, SMALL, UNKNOWN_UPLOAD, Upload, two_parts

row, unknown = group("parts")


def part(number, method="GET", **headers):
    return lambda s: s.send(
        method,
        s.path(two_parts(s)[0]),
        f"partNumber={number}",
        {name.replace("_", "-"): value for name, value in headers.items()},
    )


# --- checksums of the whole ---

row(
    "a composite checksum",
    "http",
    lambda s: two_parts(s)[1],
    {"at ChecksumCRC32": composite("crc32", [LEAST, SMALL]), "at ChecksumType": "COMPOSITE"},
    api(COMPLETE, "ChecksumCRC32", "it's a calculation based on the checksum values of each individual part"),
)
row(
    "a composite checksum is told when asked for",
    "http",
    lambda s: s.head(two_parts(s)[0], headers={"x-amz-checksum-mode": "ENABLED"}),
    {"header x-amz-checksum-crc32": composite("crc32", [LEAST, SMALL]), "header x-amz-checksum-type": "COMPOSITE"},
    api(
        "HeadObject",
        "ChecksumType",
        "The checksum type, which determines how part-level checksums are combined to create an object-level checksum"
        " for multipart objects.",
    ),
)
row(
    "a checksum of the full object",
    "http",
    lambda s: full_object(s, "crc64nvme"),
    {"status": 200, "at ChecksumCRC64NVME": checksum("crc64nvme", SMALL), "at ChecksumType": "FULL_OBJECT"},
    api(COMPLETE, "ChecksumCRC64NVME", "The CRC64NVME checksum is always a full object checksum."),
)
row(
    "a right checksum of the full object",
    "http",
    lambda s: full_object(s, "crc32", {"x-amz-checksum-crc32": checksum("crc32", SMALL)}),
    {"status": 200, "at ChecksumCRC32": checksum("crc32", SMALL)},
    api(
        COMPLETE,
        "ChecksumCRC32",
        "This header can be used as a data integrity check to verify that the data received is the same data",
    ),
)
row(
    "a wrong checksum of the full object",
    "http",
    lambda s: full_object(s, "crc32", {"x-amz-checksum-crc32": checksum("crc32", OTHER)}),
    refusal(400, "BadDigest"),
    newer_error(
        "BadDigest", "The Content-MD5 or checksum value that you specified did not match what the server received. 400"
    ),
)
row(
    "a checksum of the full object that is none",
    "http",
    lambda s: full_object(s, "crc32", {"x-amz-checksum-crc32": "nonsense"}),
    {"status": 400, "at Code": re.compile("^Invalid(Request|Digest)$")},
    newer_error(
        "InvalidDigest",
        "The Content-MD5 or checksum value that you specified is not valid. 400 (versity/versitygw has seen InvalidRequest)",
    ),
)
row(
    "another type of checksum than was created",
    "http",
    lambda s: full_object(s, "crc32", {"x-amz-checksum-type": "COMPOSITE"}),
    refusal(400, "BadDigest"),
    api(
        COMPLETE,
        "ChecksumType",
        "If the checksum type doesn’t match the checksum type that was specified for the object"
        " during the CreateMultipartUpload request, it’ll result in a BadDigest error.",
    ),
)
row(
    "the default checksum of an upload",
    "http",
    lambda s: s.after(
        Upload(s).with_parts(SMALL).complete(), lambda: s.head(s.key(), headers={"x-amz-checksum-mode": "ENABLED"})
    ),
    {"header x-amz-checksum-crc64nvme": checksum("crc64nvme", SMALL), "header x-amz-checksum-type": "FULL_OBJECT"},
    api(COMPLETE, "ChecksumCRC64NVME", "The CRC64NVME checksum is always a full object checksum."),
)
unknown(
    "a full-object SHA-1",
    "http",
    lambda s: Upload(s, {"x-amz-checksum-algorithm": "SHA1", "x-amz-checksum-type": "FULL_OBJECT"}).created,
)
unknown(
    "a composite CRC64NVME",
    "http",
    lambda s: Upload(s, {"x-amz-checksum-algorithm": "CRC64NVME", "x-amz-checksum-type": "COMPOSITE"}).created,
)
unknown(
    "a part without the checksum of its upload",
    "http",
    lambda s: Upload(s, {"x-amz-checksum-algorithm": "SHA256"}).put(1, SMALL),
)
unknown(
    "a part with another checksum than its upload",
    "http",
    lambda s: Upload(s, {"x-amz-checksum-algorithm": "SHA256"}).put(
        1, SMALL, {"x-amz-checksum-crc32": checksum("crc32", SMALL)}
    ),
)

# --- read by part ---

row(
    "the second part",
    "http",
    part(2),
    {
        "status": 206,
        "body": SMALL,
        "header x-amz-mp-parts-count": "2",
        "header content-range": f"bytes {len(LEAST)}-{len(LEAST) + len(SMALL) - 1}/{len(LEAST) + len(SMALL)}",
    },
    api("GetObject", "PartsCount", "The count of parts this object has."),
)
row(
    "head of the first part",
    "http",
    part(1, "HEAD"),
    {"status": 206, "header content-length": str(len(LEAST)), "header x-amz-mp-parts-count": "2"},
    api(
        "HeadObject", "PartNumber", "Useful querying about the size of the part and the number of parts in this object."
    ),
)
row(
    "boto3 asks for the second part",
    "boto3",
    lambda s: s.boto("get_object", Key=two_parts(s)[0], PartNumber=2),
    {"body": SMALL, "at PartsCount": 2},
    api("GetObject", "PartNumber", "Effectively performs a 'ranged' GET request for the part specified."),
)
unknown("the third part of two", "http", part(3))

ALIGNED = newer_user_guide(
    "checking-object-integrity-upload.html",
    "Part-level checksums",
    "For completed uploads, you can get an individual part's checksum by using the GetObject or HeadObject operations and"
    " specifying a part number or byte range that aligns with a single part.",
)


def bytes_of(first, last):
    return lambda s: s.get(
        two_parts(s)[0], headers={"range": f"bytes={first}-{last}", "x-amz-checksum-mode": "ENABLED"}
    )


row(
    "the checksum of a part that is read",
    "http",
    part(2, x_amz_checksum_mode="ENABLED"),
    {"status": 206, "body": SMALL, "header x-amz-checksum-crc32": checksum("crc32", SMALL)},
    ALIGNED,
)
row(
    "head tells the checksum of a part",
    "http",
    part(1, "HEAD", x_amz_checksum_mode="ENABLED"),
    {"status": 206, "header x-amz-checksum-crc32": checksum("crc32", LEAST)},
    ALIGNED,
)
row(
    "the checksum of a range that is a part",
    "http",
    bytes_of(len(LEAST), len(LEAST) + len(SMALL) - 1),
    {"status": 206, "body": SMALL, "header x-amz-checksum-crc32": checksum("crc32", SMALL)},
    ALIGNED,
)
ARBITRARY = sdk(
    "aws/aws-sdk-js-v3#5345",
    "specification of flexible checksums",
    "If it's an arbitrary range, not matching a part boundary, then checksum will not be received.",
)
row(
    "no checksum beside a range that is no part",
    "http",
    bytes_of(0, 9),
    {"status": 206, "header x-amz-checksum-crc32": ABSENT, "header x-amz-checksum-type": ABSENT},
    ARBITRARY,
)
row(
    "no checksum beside a range that is more than a part",
    "http",
    bytes_of(1, len(LEAST)),
    {"status": 206, "header x-amz-checksum-crc32": ABSENT, "header x-amz-checksum-type": ABSENT},
    ARBITRARY,
)
row(
    "no checksum of a part of what has one of the full object",
    "http",
    lambda s: part_of_full_object(s),
    {
        "status": 206,
        "body": SMALL,
        "header x-amz-mp-parts-count": "2",
        "header x-amz-checksum-crc64nvme": ABSENT,
        "header x-amz-checksum-type": ABSENT,
    },
    sdk(
        "localstack/localstack#12842, checked against S3",
        "GetObject with PartNumber, FULL_OBJECT and several parts",
        "no part checksum comes; the user guide (Part-level checksums) makes no such exception, so that nobody may count"
        " on either",
    ),
)
unknown("the checksum beside a range that is all parts", "http", bytes_of(0, len(LEAST) + len(SMALL) - 1))

# --- parts that are copied ---

row(
    "copy a part",
    "http",
    lambda s: copy_part(s),
    {"status": 200, "at @root": "CopyPartResult", "at ETag": md5_etag(SMALL), "at LastModified": PRESENT},
    api("UploadPartCopy", "CopyPartResult/ETag", "Entity tag of the object."),
)
row(
    "copy a part of a part",
    "http",
    lambda s: copy_part(s, {"x-amz-copy-source-range": "bytes=0-9"}),
    refusal(400, "InvalidRequest"),
    api("UploadPartCopy", "CopySourceRange", "You can copy a range only if the source object is greater than 5 MB."),
)
row(
    "copy a range of a large object",
    "http",
    lambda s: copy_part(
        s,
        {
            "x-amz-copy-source": s.path(two_parts(s)[0]),
            "x-amz-copy-source-range": f"bytes={len(LEAST)}-{len(LEAST) + len(SMALL) - 1}",
        },
    ),
    {"status": 200, "at ETag": md5_etag(SMALL)},
    api("UploadPartCopy", "CopySourceRange", "The range value must use the form bytes=first-last"),
)
row(
    "copy a part if the tag is another",
    "http",
    lambda s: copy_part(s, {"x-amz-copy-source-if-match": md5_etag(OTHER)}),
    refusal(412, "PreconditionFailed"),
    error("PreconditionFailed", 412),
)
row(
    "copy a part of what is not there",
    "http",
    lambda s: copy_part(s, {"x-amz-copy-source": s.path(s.key("missing"))}),
    refusal(404, "NoSuchKey"),
    error("NoSuchKey", 404),
)
row(
    "copy into an upload of nobody",
    "http",
    lambda s: s.put(
        s.key(), b"", {"x-amz-copy-source": s.path(s.given(body=SMALL))}, f"partNumber=1&uploadId={UNKNOWN_UPLOAD}"
    ),
    refusal(404, "NoSuchUpload"),
    api("UploadPartCopy", "", "Error Code: NoSuchUpload"),
)

# --- by stock clients ---

row(
    "boto3 uploads in parts",
    "boto3",
    lambda s: by_boto(s),
    {"status": 200, "at ContentLength": len(LEAST) + 3, "at ETag": re.compile('-2"$')},
    api(CREATE, "", "This action initiates a multipart upload and returns an upload ID."),
)
row(
    "the AWS CLI uploads in parts",
    "aws",
    lambda s: by_cli(s),
    {"status": 200, "header content-length": str(9 * 1024 * 1024), "header etag": re.compile('-2"$')},
    api(CREATE, "", "This action initiates a multipart upload and returns an upload ID."),
)


def full_object(s, algorithm, headers=None):
    upload = Upload(s, {"x-amz-checksum-algorithm": algorithm.upper(), "x-amz-checksum-type": "FULL_OBJECT"})
    upload.put(1, SMALL, {f"x-amz-checksum-{algorithm}": checksum(algorithm, SMALL)})
    return upload.complete({"x-amz-checksum-type": "FULL_OBJECT", **(headers or {})})


def part_of_full_object(s):
    kept = s.stack.__dict__
    if "of_full_object" not in kept:
        how = {"x-amz-checksum-algorithm": "CRC64NVME", "x-amz-checksum-type": "FULL_OBJECT"}
        upload = Upload(s, how, "stock/of-a-full-object").with_parts(LEAST, SMALL)
        assert upload.complete().status == 200
        kept["of_full_object"] = upload.key
    return s.get(kept["of_full_object"], "partNumber=2", {"x-amz-checksum-mode": "ENABLED"})


def copy_part(s, headers=None):
    upload = Upload(s)
    source = {"x-amz-copy-source": s.path(s.given(s.key("source.txt"), SMALL))}
    return s.put(upload.key, b"", {**source, **(headers or {})}, f"partNumber=1&uploadId={upload.id}")


def by_boto(s):
    config = TransferConfig(multipart_threshold=len(LEAST), multipart_chunksize=len(LEAST), use_threads=False)
    s.client().upload_fileobj(io.BytesIO(LEAST + b"end"), s.bucket, s.key(), Config=config)
    return s.boto("head_object", Key=s.key())


def by_cli(s):
    done = s.aws("s3", "cp", "--no-progress", s.facts["large_file"], f"s3://{s.bucket}/{s.key()}")
    return s.after_cli(done, lambda: s.head(s.key()))
