"""Checksums that are sent with an object, right and wrong."""

import re

from checksums import ALGORITHMS, checksum, encode
from pages import Page, api, error, newer_error
from table import ABSENT, group, refusal

row, unknown = group("checksum")

PUT = "PutObject"
BODY, WRONG = b"a body to be summed", b"another body"
MEMBERS = {"crc32": "CRC32", "crc32c": "CRC32C", "crc64nvme": "CRC64NVME", "sha1": "SHA1", "sha256": "SHA256"}
DIGEST = newer_error(
    "BadDigest",
    "The Content-MD5 or checksum value that you specified did not match what the server received. 400 Bad Request",
)
INVALID = newer_error(
    "InvalidDigest",
    "The Content-MD5 or checksum value that you specified is not valid. 400 Bad Request"
    " (InvalidRequest has the same status)",
)
MD5 = api(
    PUT,
    "",
    "When you use this header, Amazon S3 checks the object against the provided MD5 value and, if they do not"
    " match, Amazon S3 returns an error.",
)

for algorithm in ALGORITHMS:
    name, member = f"x-amz-checksum-{algorithm}", f"Checksum{MEMBERS[algorithm]}"
    page = api(
        PUT,
        member,
        "This header can be used as a data integrity check to verify that the data received is the same data"
        " that was originally sent.",
    )
    row(
        f"{algorithm} is right",
        "http",
        lambda s, name=name, algorithm=algorithm: s.put(s.key(), BODY, {name: checksum(algorithm, BODY)}),
        {
            "status": 200,
            f"header {name}": checksum(algorithm, BODY),
            "header x-amz-checksum-type": "FULL_OBJECT",
        },
        api(PUT, "ChecksumType", "For PutObject uploads, the checksum type is always FULL_OBJECT."),
    )
    row(
        f"{algorithm} is wrong",
        "http",
        lambda s, name=name, algorithm=algorithm: s.put(s.key(), BODY, {name: checksum(algorithm, WRONG)}),
        refusal(400, "BadDigest"),
        DIGEST,
    )
    row(
        f"{algorithm} is wrong, so nothing is kept",
        "http",
        lambda s, name=name, algorithm=algorithm: (
            s.put(s.key(), BODY, {name: checksum(algorithm, WRONG)}),
            s.get(s.key()),
        )[1],
        refusal(404, "NoSuchKey"),
        page,
    )
    row(f"{algorithm} is none", "http", lambda s, name=name: s.put(s.key(), BODY, {name: "nonsense"}), 400, INVALID)
    row(
        f"{algorithm} is too short",
        "http",
        lambda s, name=name: s.put(s.key(), BODY, {name: encode(b"ab")}),
        400,
        INVALID,
    )
for algorithm in ("crc32", "sha1", "sha256"):
    # The others need a library that is not installed with boto3.
    row(
        f"boto3 computes {algorithm}",
        "boto3",
        lambda s, algorithm=algorithm: s.boto(
            "put_object", Key=s.key(), Body=BODY, ChecksumAlgorithm=algorithm.upper()
        ),
        {"status": 200, f"at Checksum{MEMBERS[algorithm]}": checksum(algorithm, BODY)},
        api(
            PUT,
            f"Checksum{MEMBERS[algorithm]}",
            "This checksum is only present if the checksum was uploaded with the object.",
        ),
    )
row(
    "boto3 sends a crc32 by itself",
    "boto3",
    lambda s: s.boto("put_object", Key=s.key(), Body=BODY),
    {"at ChecksumCRC32": checksum("crc32", BODY), "at ChecksumType": "FULL_OBJECT"},
    api(PUT, "ChecksumCRC32", "The Base64 encoded, 32-bit CRC32 checksum of the object."),
)
row(
    "boto3 checks what it reads",
    "boto3",
    lambda s: s.after(
        s.boto("put_object", Key=s.key(), Body=BODY, ChecksumAlgorithm="SHA256"),
        lambda: s.boto("get_object", Key=s.key(), ChecksumMode="ENABLED"),
    ),
    {"body": BODY, "at ChecksumSHA256": checksum("sha256", BODY)},
    api("GetObject", "ChecksumMode", "To retrieve the checksum, this mode must be enabled."),
)
row(
    "the default checksum",
    "http",
    lambda s: s.put(s.key(), BODY),
    {
        "status": 200,
        "header x-amz-checksum-crc64nvme": checksum("crc64nvme", BODY),
        "header x-amz-checksum-type": "FULL_OBJECT",
    },
    api(
        PUT,
        "ChecksumCRC64NVME",
        "if it was uploaded without a checksum (and Amazon S3 added the default checksum, CRC64NVME, to the"
        " uploaded object)",
    ),
)
row(
    "an object from before the default checksum",
    "http",
    lambda s: s.get("readme.txt", headers={"x-amz-checksum-mode": "ENABLED"}),
    {
        "status": 200,
        "header last-modified": re.compile(" (Jan|Feb|Mar|Apr|May) 2024 "),
        "header x-amz-checksum-crc64nvme": ABSENT,
        "header x-amz-checksum-type": ABSENT,
    },
    Page(
        "AWS What's New",
        "Amazon S3 adds new default data integrity protections",
        "2024-12-01",
        "S3 now stores a CRC-based whole-object checksum in object metadata",
    ),
)
row(
    "an algorithm is announced, and no checksum sent",
    "http",
    lambda s: s.put(s.key(), BODY, {"x-amz-sdk-checksum-algorithm": "CRC32"}),
    400,
    api(
        PUT,
        "ChecksumAlgorithm",
        "When you send this header, there must be a corresponding x-amz-checksum-algorithm or"
        " x-amz-trailer header sent. Otherwise, Amazon S3 fails the request with the HTTP status code 400 Bad Request.",
    ),
)
row("Content-MD5 is right", "http", lambda s: s.put(s.key(), BODY, {"content-md5": checksum("md5", BODY)}), 200, MD5)
row(
    "Content-MD5 is wrong",
    "http",
    lambda s: s.put(s.key(), BODY, {"content-md5": checksum("md5", WRONG)}),
    refusal(400, "BadDigest"),
    error("BadDigest", 400),
)
row(
    "Content-MD5 is wrong, so nothing is kept",
    "http",
    lambda s: (s.put(s.key(), BODY, {"content-md5": checksum("md5", WRONG)}), s.get(s.key()))[1],
    refusal(404, "NoSuchKey"),
    MD5,
)
row(
    "Content-MD5 is none",
    "http",
    lambda s: s.put(s.key(), BODY, {"content-md5": "nonsense"}),
    refusal(400, "InvalidDigest"),
    error("InvalidDigest", 400),
)
row(
    "Content-MD5 is too short",
    "http",
    lambda s: s.put(s.key(), BODY, {"content-md5": encode(b"ab")}),
    refusal(400, "InvalidDigest"),
    error("InvalidDigest", 400),
)
row(
    "Content-MD5 and a checksum, one wrong",
    "http",
    lambda s: s.put(
        s.key(), BODY, {"content-md5": checksum("md5", BODY), "x-amz-checksum-sha1": checksum("sha1", WRONG)}
    ),
    refusal(400, "BadDigest"),
    DIGEST,
)
row(
    "the AWS CLI sends a checksum",
    "aws",
    lambda s: s.aws(
        "s3api",
        "put-object",
        "--bucket",
        s.bucket,
        "--key",
        s.key(),
        "--body",
        s.facts["small_file"],
        "--checksum-algorithm",
        "SHA256",
    ),
    {"status": 0, "at ChecksumSHA256": checksum("sha256", b"a small file\n"), "at ChecksumType": "FULL_OBJECT"},
    api(PUT, "ChecksumSHA256", "The Base64 encoded, 256-bit SHA256 digest of the object."),
)
unknown(
    "two checksums at once",
    "http",
    lambda s: s.put(s.key(), BODY, {f"x-amz-checksum-{name}": checksum(name, BODY) for name in ("sha1", "sha256")}),
)
unknown(
    "a checksum of the newer kinds",
    "http",
    lambda s: s.put(s.key(), BODY, {"x-amz-checksum-sha512": checksum("sha512", BODY)}),
)
unknown(
    "what a wrong digest is told besides",
    "http",
    lambda s: s.put(s.key(), BODY, {"content-md5": checksum("md5", WRONG)}),
)
