"""Multipart uploads: created, filled, listed, completed, aborted, and read by part."""

import re

from checksums import checksum, md5_etag, multipart_etag
from clients import ABSENT
from pages import api, error, newer_error, sdk, user_guide
from table import PRESENT, group, refusal

row, unknown = group("multipart")

CREATE, UPLOAD, COMPLETE, ABORT, LIST = (
    "CreateMultipartUpload",
    "UploadPart",
    "CompleteMultipartUpload",
    "AbortMultipartUpload",
    "ListParts",
)
SMALL, OTHER = b"a small part", b"another small part"
# The least that a part may have that is not the last.
LEAST = bytes(5 * 1024 * 1024)
LIMITS = user_guide(
    "qfacts.md",
    "Amazon S3 multipart upload limits",
    "Part size 5 MiB to 5 GiB. There is no minimum size limit on the last part of your multipart upload.",
)
NUMBERS = api(UPLOAD, "PartNumber", "This is a positive integer between 1 and 10,000.")
ETAG = user_guide(
    "mpuoverview.md",
    "Checksums with multipart upload operations",
    "not a checksum of the entire object, but rather a checksum of the checksums for each individual part",
)
UNKNOWN_UPLOAD = "x" * 64


class Upload:
    """One upload of a row."""

    def __init__(self, s, headers=None, key=None):
        self.s, self.key = s, key or s.key()
        self.created = s.send("POST", s.path(self.key), "uploads", headers)
        self.id = self.created.get("UploadId")
        self.parts = []

    def put(self, number, body, headers=None, upload=None):
        answer = self.s.put(self.key, body, headers, f"partNumber={number}&uploadId={upload or self.id}")
        if answer.status == 200:
            self.parts.append((number, answer.headers["etag"], {}))
        return answer

    def with_parts(self, *bodies, **headers):
        for number, body in enumerate(bodies, 1):
            answer = self.put(number, body)
            assert answer.status == 200, f"a part could not be put: {answer.shown()}"
        return self

    def complete(self, headers=None, parts=None, upload=None, body=None):
        def element(number, tag, checksums):
            more = "".join(f"<{name}>{value}</{name}>" for name, value in checksums.items())
            return f"<Part><PartNumber>{number}</PartNumber><ETag>{tag.replace(chr(34), '&quot;')}</ETag>{more}</Part>"

        if body is None:
            chosen = "".join(element(*part) for part in (self.parts if parts is None else parts))
            body = f"<CompleteMultipartUpload>{chosen}</CompleteMultipartUpload>".encode()
        return self.s.send("POST", self.s.path(self.key), f"uploadId={upload or self.id}", headers, body)

    def abort(self, upload=None):
        return self.s.delete(self.key, f"uploadId={upload or self.id}")

    def list(self, query=""):
        return self.s.get(self.key, f"uploadId={self.id}{query}")


def two_parts(s):
    """An object of two parts, made once; rows read it only."""
    kept = s.stack.__dict__
    if "two_parts" not in kept:
        upload = Upload(s, {"x-amz-checksum-algorithm": "CRC32", "x-amz-meta-colour": "blue"}, "stock/of-two-parts")
        for number, body in ((1, LEAST), (2, SMALL)):
            assert upload.put(number, body, {"x-amz-checksum-crc32": checksum("crc32", body)}).status == 200
            upload.parts[-1][2]["ChecksumCRC32"] = checksum("crc32", body)
        kept["two_parts"] = (upload.key, upload.complete())
    return kept["two_parts"]


row(
    "create an upload",
    "http",
    lambda s: Upload(s).created,
    {
        "status": 200,
        "at @root": "InitiateMultipartUploadResult",
        "at UploadId": PRESENT,
        "at Key": re.compile("object.txt$"),
        "at Bucket": "jetbridge-demo",
    },
    api(CREATE, "UploadId", "ID for the initiated multipart upload."),
)
row(
    "an upload tells its encryption",
    "http",
    lambda s: Upload(s).created,
    {"header x-amz-server-side-encryption": "AES256"},
    api(
        CREATE,
        "ServerSideEncryption",
        "The server-side encryption algorithm used when you store this object in Amazon S3",
    ),
)
row(
    "an upload tells its checksum",
    "http",
    lambda s: Upload(s, {"x-amz-checksum-algorithm": "SHA256"}).created,
    {"header x-amz-checksum-algorithm": "SHA256", "header x-amz-checksum-type": "COMPOSITE"},
    api(CREATE, "ChecksumAlgorithm", "The algorithm that was used to create a checksum of the object."),
)
row(
    "an unknown checksum algorithm",
    "http",
    lambda s: Upload(s, {"x-amz-checksum-algorithm": "CRC7"}).created,
    400,
    error("InvalidRequest", 400),
)
row(
    "put a part",
    "http",
    lambda s: Upload(s).put(1, SMALL),
    {"status": 200, "header etag": md5_etag(SMALL)},
    api(UPLOAD, "ETag", "Entity tag for the uploaded object."),
)
row(
    "a part in an upload of nobody",
    "http",
    lambda s: Upload(s).put(1, SMALL, upload=UNKNOWN_UPLOAD),
    refusal(404, "NoSuchUpload"),
    error("NoSuchUpload", 404),
)
row(
    "a part for another key",
    "http",
    lambda s: s.put(s.key("other"), SMALL, {}, f"partNumber=1&uploadId={Upload(s).id}"),
    refusal(404, "NoSuchUpload"),
    error("NoSuchUpload", 404),
)
for name, number in (("zero", 0), ("beyond ten thousand", 10001), ("no number", "one")):
    row(
        f"the number of a part: {name}",
        "http",
        lambda s, number=number: Upload(s).put(number, SMALL),
        refusal(400, "InvalidArgument"),
        NUMBERS,
    )
row("the last number of a part", "http", lambda s: Upload(s).put(10000, SMALL), 200, NUMBERS)
row(
    "a part with a wrong Content-MD5",
    "http",
    lambda s: Upload(s).put(1, SMALL, {"content-md5": checksum("md5", OTHER)}),
    refusal(400, "BadDigest"),
    api(
        UPLOAD,
        "",
        "Amazon S3 checks the part data against the provided MD5 value. If they do not match, Amazon S3"
        " returns an error.",
    ),
)
row(
    "a part with a right checksum",
    "http",
    lambda s: Upload(s, {"x-amz-checksum-algorithm": "CRC32C"}).put(
        1, SMALL, {"x-amz-checksum-crc32c": checksum("crc32c", SMALL)}
    ),
    {"status": 200, "header x-amz-checksum-crc32c": checksum("crc32c", SMALL)},
    api(UPLOAD, "ChecksumCRC32C", "This will only be present if the checksum was provided in the request."),
)
row(
    "a part with a wrong checksum",
    "http",
    lambda s: Upload(s, {"x-amz-checksum-algorithm": "CRC32C"}).put(
        1, SMALL, {"x-amz-checksum-crc32c": checksum("crc32c", OTHER)}
    ),
    refusal(400, "BadDigest"),
    newer_error(
        "BadDigest", "The Content-MD5 or checksum value that you specified did not match what the server received. 400"
    ),
)

row(
    "complete an upload of one part",
    "http",
    lambda s: Upload(s).with_parts(SMALL).complete(),
    {
        "status": 200,
        "at @root": "CompleteMultipartUploadResult",
        "at ETag": multipart_etag([SMALL]),
        "at Key": re.compile("object.txt$"),
        "at Bucket": "jetbridge-demo",
        "at Location": PRESENT,
    },
    ETAG,
)
row(
    "the one part is the object",
    "http",
    lambda s: s.after(Upload(s).with_parts(SMALL).complete(), lambda: s.get(s.key())),
    {"status": 200, "body": SMALL, "header etag": multipart_etag([SMALL])},
    LIMITS,
)
row(
    "complete an upload of two parts",
    "http",
    lambda s: two_parts(s)[1],
    {"status": 200, "at ETag": multipart_etag([LEAST, SMALL])},
    ETAG,
)
row(
    "two parts are one object",
    "http",
    lambda s: s.get(two_parts(s)[0], headers={"range": f"bytes={len(LEAST) - 2}-"}),
    {"status": 206, "body": b"\0\0" + SMALL, "header etag": multipart_etag([LEAST, SMALL])},
    user_guide(
        "mpuoverview.md",
        "Multipart upload completion",
        "Amazon S3 creates an object by concatenating the parts in ascending order based on the part number.",
    ),
)
row(
    "metadata is of the upload",
    "http",
    lambda s: s.head(two_parts(s)[0]),
    {"header x-amz-meta-colour": "blue"},
    user_guide(
        "mpuoverview.md",
        "Multipart upload completion",
        "If any object metadata was provided in the initiate multipart upload request,"
        " Amazon S3 associates that metadata with the object.",
    ),
)
row(
    "a small part that is not the last",
    "http",
    lambda s: Upload(s).with_parts(SMALL, OTHER).complete(),
    refusal(400, "EntityTooSmall"),
    api(
        COMPLETE,
        "",
        "Error Code: EntityTooSmall Description: Your proposed upload is smaller than the minimum allowed object"
        " size. Each part"
        " must be at least 5 MB in size, except the last part.",
    ),
)
row(
    "parts out of order",
    "http",
    lambda s: reversed_parts(s),
    refusal(400, "InvalidPartOrder"),
    api(COMPLETE, "", "Error Code: InvalidPartOrder Description: The list of parts was not in ascending order."),
)
CONSECUTIVE = api(
    COMPLETE,
    "MultipartUpload/Parts/PartNumber",
    "is applied to each part, the PartNumber must start at 1 and the part numbers must be consecutive. Otherwise,"
    " Amazon S3 generates an HTTP 400 Bad Request status code and an InvalidPartOrder error code.",
)
for name, numbers in (("with a gap", (1, 3)), ("from two on", (2, 3))):
    row(
        f"parts with checksums, numbered {name}",
        "http",
        lambda s, numbers=numbers: numbered(s, numbers),
        refusal(400, "InvalidPartOrder"),
        CONSECUTIVE,
    )
row("parts with checksums, numbered from one on", "http", lambda s: numbered(s, (1, 2)), 200, CONSECUTIVE)
SENT = sdk(
    "aws/aws-sdk-go-v2#3005 and aws/aws-sdk-java-v2#6518",
    "an upload without an algorithm, parts with CRC32, the SDKs' default",
    "S3 answers CompleteMultipartUpload without the parts' checksums with InvalidPart; no page says so",
)
row(
    "a part that came with a checksum, named without",
    "http",
    lambda s: sent_with_a_checksum(s, {}),
    refusal(400, "InvalidPart"),
    SENT,
)
row(
    "a part that came with a checksum, named with it",
    "http",
    lambda s: sent_with_a_checksum(s, {"ChecksumCRC32": checksum("crc32", SMALL)}),
    200,
    SENT,
)
row(
    "a part with another tag",
    "http",
    lambda s: Upload(s).with_parts(SMALL).complete(parts=[(1, md5_etag(OTHER), {})]),
    refusal(400, "InvalidPart"),
    api(COMPLETE, "", "the specified ETag might not have matched the uploaded part's ETag"),
)
row(
    "a part that was not uploaded",
    "http",
    lambda s: Upload(s).with_parts(SMALL).complete(parts=[(2, md5_etag(SMALL), {})]),
    refusal(400, "InvalidPart"),
    api(COMPLETE, "", "Error Code: InvalidPart Description: One or more of the specified parts could not be found."),
)
row(
    "only the parts that are named",
    "http",
    lambda s: some_parts(s),
    {"status": 200, "body": SMALL},
    api(COMPLETE, "", "The CompleteMultipartUpload API operation concatenates the parts that you provide in the list."),
)
row(
    "a part put twice",
    "http",
    lambda s: twice(s),
    {"status": 200, "body": OTHER},
    api(
        UPLOAD,
        "",
        "If you upload a new part using the same part number that was used with a previous part, the previously"
        " uploaded part is"
        " overwritten.",
    ),
)
row(
    "complete an upload of nobody",
    "http",
    lambda s: Upload(s).with_parts(SMALL).complete(upload=UNKNOWN_UPLOAD),
    refusal(404, "NoSuchUpload"),
    api(COMPLETE, "", "Error Code: NoSuchUpload"),
)
row(
    "complete with no parts",
    "http",
    lambda s: Upload(s).complete(),
    refusal(400, "MalformedXML"),
    error("MalformedXML", 400),
)
row(
    "complete with no XML",
    "http",
    lambda s: Upload(s).with_parts(SMALL).complete(body=b"<Complete"),
    refusal(400, "MalformedXML"),
    error("MalformedXML", 400),
)
row(
    "what is not complete is not there",
    "http",
    lambda s: (Upload(s).with_parts(SMALL), s.get(s.key()))[1],
    refusal(404, "NoSuchKey"),
    api(
        "ListObjectsV2",
        "",
        "For general purpose buckets, ListObjectsV2 doesn't return prefixes that are related only to in-progress"
        " multipart"
        " uploads.",
    ),
)
row(
    "what is not complete is not listed",
    "http",
    lambda s: (Upload(s).with_parts(SMALL), s.list(f"list-type=2&prefix={s.home}"))[1],
    {"at KeyCount": "0"},
    api(
        "ListObjectsV2",
        "",
        "ListObjectsV2 doesn't return prefixes that are related only to in-progress multipart uploads",
    ),
)
row(
    "parts are gone after completion",
    "http",
    lambda s: completed_then_list(s),
    refusal(404, "NoSuchUpload"),
    user_guide(
        "mpuoverview.md",
        "Multipart upload completion",
        "After a successful complete request, the parts no longer exist.",
    ),
)
row(
    "the right size of the whole",
    "http",
    lambda s: Upload(s).with_parts(SMALL).complete({"x-amz-mp-object-size": str(len(SMALL))}),
    200,
    api(COMPLETE, "MpuObjectSize", "The expected total object size of the multipart upload request."),
)
row(
    "another size of the whole",
    "http",
    lambda s: Upload(s).with_parts(SMALL).complete({"x-amz-mp-object-size": "1"}),
    refusal(400, "InvalidRequest"),
    api(
        COMPLETE,
        "MpuObjectSize",
        "If there’s a mismatch between the specified object size value and the actual object size value, it results in"
        " an HTTP 400 InvalidRequest error.",
    ),
)
EXISTS = api(COMPLETE, "IfNoneMatch", "Otherwise, Amazon S3 returns a 412 Precondition Failed error.")
MATCH = api(
    COMPLETE, "IfMatch", "If the ETag values do not match, the operation returns a 412 Precondition Failed error."
)
row(
    "complete if there is none",
    "http",
    lambda s: Upload(s).with_parts(SMALL).complete({"if-none-match": "*"}),
    200,
    EXISTS,
)
row(
    "complete if there is none, but there is",
    "http",
    lambda s: Upload(s, key=s.given()).with_parts(SMALL).complete({"if-none-match": "*"}),
    refusal(412, "PreconditionFailed"),
    EXISTS,
)
row(
    "complete again if there is none",
    "http",
    lambda s: completed_twice(s, {"if-none-match": "*"}),
    refusal(412, "PreconditionFailed"),
    EXISTS,
)
row(
    "complete if it is this one",
    "http",
    lambda s: Upload(s, key=s.given()).with_parts(SMALL).complete({"if-match": md5_etag(b"content")}),
    200,
    MATCH,
)
row(
    "complete if it is this one, but it is another",
    "http",
    lambda s: Upload(s, key=s.given()).with_parts(SMALL).complete({"if-match": md5_etag(OTHER)}),
    refusal(412, "PreconditionFailed"),
    MATCH,
)

row(
    "abort an upload",
    "http",
    lambda s: Upload(s).with_parts(SMALL).abort(),
    {"status": 204, "body": b""},
    api(ABORT, "", "This operation aborts a multipart upload."),
)
row(
    "a part after the abortion",
    "http",
    lambda s: after_abort(s, lambda upload: upload.put(1, SMALL)),
    refusal(404, "NoSuchUpload"),
    api(ABORT, "", "After a multipart upload is aborted, no additional parts can be uploaded using that upload ID."),
)
row(
    "completion after the abortion",
    "http",
    lambda s: after_abort(s, lambda upload: upload.complete()),
    refusal(404, "NoSuchUpload"),
    error("NoSuchUpload", 404),
)
row(
    "abort an upload of nobody",
    "http",
    lambda s: Upload(s).abort(UNKNOWN_UPLOAD),
    refusal(404, "NoSuchUpload"),
    api(ABORT, "NoSuchUpload", "The specified multipart upload does not exist."),
)
row(
    "list the parts",
    "http",
    lambda s: Upload(s).with_parts(SMALL, OTHER).list(),
    {
        "status": 200,
        "at @root": "ListPartsResult",
        "at Part/PartNumber": ["1", "2"],
        "at Part/Size": [str(len(SMALL)), str(len(OTHER))],
        "at Part/ETag": [md5_etag(SMALL), md5_etag(OTHER)],
        "at IsTruncated": "false",
        "at UploadId": PRESENT,
        "at Key": re.compile("object.txt$"),
    },
    api(LIST, "Parts", "Container for elements related to a particular part."),
)
row(
    "list the parts, a page at a time",
    "http",
    lambda s: Upload(s).with_parts(SMALL, OTHER).list("&max-parts=1"),
    {"at Part/PartNumber": "1", "at IsTruncated": "true", "at NextPartNumberMarker": "1", "at MaxParts": "1"},
    api(LIST, "NextPartNumberMarker", "When a list is truncated, this element specifies the last part in the list"),
)
row(
    "list the parts after a number",
    "http",
    lambda s: Upload(s).with_parts(SMALL, OTHER).list("&part-number-marker=1"),
    {"at Part/PartNumber": "2", "at PartNumberMarker": "1", "at IsTruncated": "false"},
    api(LIST, "PartNumberMarker", "Only parts with higher part numbers will be listed."),
)
row(
    "list the parts of nobody's upload",
    "http",
    lambda s: s.get(s.key(), f"uploadId={UNKNOWN_UPLOAD}"),
    refusal(404, "NoSuchUpload"),
    error("NoSuchUpload", 404),
)
row(
    "list the uploads",
    "http",
    lambda s: (Upload(s), s.list(f"uploads&prefix={s.home}"))[1],
    {
        "status": 200,
        "at @root": "ListMultipartUploadsResult",
        "at Upload/Key": re.compile("object.txt$"),
        "at Upload/UploadId": PRESENT,
        "at IsTruncated": "false",
    },
    api("ListMultipartUploads", "", "This operation lists in-progress multipart uploads in a bucket."),
)
row(
    "a completed upload is not listed",
    "http",
    lambda s: (Upload(s).with_parts(SMALL).complete(), s.list(f"uploads&prefix={s.home}"))[1],
    {"status": 200, "at Upload": ABSENT},
    api("ListMultipartUploads", "", "but has not yet been completed or aborted"),
)
row(
    "list the uploads, a page at a time",
    "http",
    lambda s: (Upload(s), Upload(s, key=s.key("second.txt")), s.list(f"uploads&prefix={s.home}&max-uploads=1"))[-1],
    {"at IsTruncated": "true", "at NextKeyMarker": PRESENT, "at NextUploadIdMarker": PRESENT, "at MaxUploads": "1"},
    api(
        "ListMultipartUploads",
        "",
        "the response returns an IsTruncated element with the value of true, a NextKeyMarker element, and a"
        " NextUploadIdMarker element",
    ),
)


def numbered(s, numbers):
    upload = Upload(s, {"x-amz-checksum-algorithm": "CRC32"})
    for number, body in zip(numbers, (LEAST, SMALL), strict=True):
        upload.put(number, body, {"x-amz-checksum-crc32": checksum("crc32", body)})
        upload.parts[-1][2]["ChecksumCRC32"] = checksum("crc32", body)
    return upload.complete()


def sent_with_a_checksum(s, named):
    upload = Upload(s)
    upload.put(1, SMALL, {"x-amz-checksum-crc32": checksum("crc32", SMALL)})
    upload.parts[-1][2].update(named)
    return upload.complete()


def completed_twice(s, headers):
    upload = Upload(s).with_parts(SMALL)
    return s.after(upload.complete(headers), lambda: upload.complete(headers))


def reversed_parts(s):
    upload = Upload(s).with_parts(SMALL, OTHER)
    return upload.complete(parts=upload.parts[::-1])


def some_parts(s):
    upload = Upload(s).with_parts(SMALL, OTHER)
    return s.after(upload.complete(parts=upload.parts[:1]), lambda: s.get(s.key()))


def twice(s):
    upload = Upload(s).with_parts(SMALL)
    upload.put(1, OTHER)
    return s.after(upload.complete(parts=upload.parts[1:]), lambda: s.get(s.key()))


def completed_then_list(s):
    upload = Upload(s).with_parts(SMALL)
    return s.after(upload.complete(), upload.list)


def after_abort(s, then):
    upload = Upload(s).with_parts(SMALL)
    return s.after(upload.abort(), lambda: then(upload))
