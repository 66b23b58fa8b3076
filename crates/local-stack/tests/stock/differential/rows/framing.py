"""Uploads in frames (`aws-chunked`): signed chunk by chunk, with a trailer, or both."""

import hashlib
import re

from botocore.awsrequest import AWSRequest

from checksums import ALGORITHMS, checksum
from clients import ABSENT, Signer
from pages import api, error, newer_error, signing
from table import group, refusal

row, unknown = group("frames")

STREAMING = ("sigv4-streaming", "Transferring Payload in Multiple Chunks (Chunked Upload)")
TRAILERS = ("sigv4-streaming-trailers", "Signature calculations for trailing headers (chunked uploads)")
OVERVIEW = ("sigv4-auth-using-authorization-header", "Overview")
UNSIGNED, SIGNED, BOTH = (
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
)
EMPTY = hashlib.sha256(b"").hexdigest()
# Every chunk but the last has to have at least 8 KB.
FIRST, LAST = b"f" * 8192, b"the last of it"
WHOLE = FIRST + LAST
ENCODING = signing(
    *STREAMING, "Amazon S3 stores the resulting object without the aws-chunked value in the content-encoding header"
)
DIGEST = newer_error(
    "BadDigest",
    "The Content-MD5 or checksum value that you specified did not match what the server received. 400 Bad Request",
)


class Frames:
    """A framed upload, good until something of it is spoilt."""

    def __init__(self, s, kind, chunks=(FIRST, LAST), trailer="crc32", headers=None, announced=None, length=None):
        self.s, self.kind, self.chunks = s, kind, list(chunks)
        body = b"".join(chunks)
        self.trailer = {f"x-amz-checksum-{trailer}": checksum(trailer, body)} if kind != SIGNED and trailer else {}
        self.headers = {
            "content-encoding": "aws-chunked",
            "x-amz-decoded-content-length": str(len(body) if length is None else length),
            **(headers or {}),
        }
        if kind != SIGNED:
            self.headers["x-amz-trailer"] = announced or ",".join(self.trailer) or "x-amz-checksum-crc32"
        self.spoil = lambda frames: frames
        self.spoil_trailer = lambda text: text

    def encode(self, signer, request, seed):
        scope = f"{request.context['timestamp']}\n{signer.credential_scope(request)}"

        def sign(kind, *parts):
            return signer.signature("\n".join((kind, scope, *parts)), request)

        frames, previous = [], seed
        for chunk in (*self.chunks, b""):
            head = f"{len(chunk):x}"
            if self.kind != UNSIGNED:
                previous = sign("AWS4-HMAC-SHA256-PAYLOAD", previous, EMPTY, hashlib.sha256(chunk).hexdigest())
                head += f";chunk-signature={previous}"
            frames.append((head, chunk))
        frames = self.spoil(frames)
        text = b"".join(head.encode() + b"\r\n" + chunk + (b"\r\n" if chunk else b"") for head, chunk in frames)
        tail = "".join(f"{name}:{value}\r\n" for name, value in self.trailer.items())
        if self.kind == BOTH:
            canonical = "".join(f"{name}:{value}\n" for name, value in self.trailer.items())
            signature = sign("AWS4-HMAC-SHA256-TRAILER", previous, hashlib.sha256(canonical.encode()).hexdigest())
            tail += f"x-amz-trailer-signature:{signature}\r\n"
        return text + self.spoil_trailer(tail).encode() + b"\r\n"

    def send(self, method="PUT", key=None, query=""):
        s = self.s
        endpoint, target = s.stack.endpoint("s3"), s.path(key or s.key()) + (f"?{query}" if query else "")
        request = AWSRequest(method, endpoint + target, headers=self.headers)
        signer = Signer(s.credentials, "s3", s.region, self.kind)
        signer.add_auth(request)
        seed = request.headers["Authorization"].rpartition("Signature=")[2]
        body = self.encode(signer, request, seed)
        sent = [(name, str(value)) for name, value in request.headers.items()]
        sent += [("Host", endpoint.split("//")[1]), ("Content-Length", str(len(body)))]
        return s.stack.exchange(endpoint, method, target, sent, body)


def framed(kind, spoil=None, spoil_trailer=None, then=None, **how):
    def sender(s):
        frames = Frames(s, kind, **how)
        frames.spoil = spoil or frames.spoil
        frames.spoil_trailer = spoil_trailer or frames.spoil_trailer
        answer = frames.send()
        if then == "always get":
            return s.get(s.key())
        return s.after(answer, lambda: s.get(s.key())) if then == "get" else answer

    return sender


def other_signature(number):
    def spoil(frames):
        head, chunk = frames[number]
        frames[number] = (
            re.sub(r"signature=(.)", lambda found: f"signature={'0' if found[1] != '0' else '1'}", head),
            chunk,
        )
        return frames

    return spoil


def other_content(number):
    def spoil(frames):
        head, chunk = frames[number]
        frames[number] = (head, b"F" + chunk[1:])
        return frames

    return spoil


NAMES = {UNSIGNED: "unsigned with a trailer", SIGNED: "signed chunks", BOTH: "signed chunks and a signed trailer"}
PAGES = {
    UNSIGNED: signing(
        *OVERVIEW,
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER: an unsigned payload over multiple chunks, and a trailing"
        " header after the last",
    ),
    SIGNED: signing(
        *STREAMING,
        "each chunk's signature is calculated with the signature of the chunk before it, the first with"
        " the seed signature",
    ),
    BOTH: signing(
        *TRAILERS,
        "the trailing headers are included as their own chunk, sent after the final chunk of 0 bytes and"
        " signed with AWS4-HMAC-SHA256-TRAILER",
    ),
}
for kind, name in NAMES.items():
    row(f"{name}", "http", framed(kind), 200, PAGES[kind])
    row(
        f"{name}, as it was meant",
        "http",
        framed(kind, then="get"),
        {"status": 200, "body": WHOLE, "header content-length": str(len(WHOLE))},
        PAGES[kind],
    )
    row(f"{name}, in one chunk", "http", framed(kind, chunks=(LAST,), then="get"), {"body": LAST}, PAGES[kind])
    row(f"{name}, of nothing", "http", framed(kind, chunks=(), then="get"), {"status": 200, "body": b""}, PAGES[kind])
    row(
        f"{name}, no trace of the encoding",
        "http",
        framed(kind, then="get"),
        {"header content-encoding": ABSENT},
        ENCODING,
    )
    row(
        f"{name}, another encoding stays",
        "http",
        framed(kind, then="get", headers={"content-encoding": "aws-chunked,gzip"}),
        {"header content-encoding": "gzip"},
        ENCODING,
    )
    row(
        f"{name}, cut off",
        "http",
        framed(kind, spoil=lambda frames: frames[:1]),
        {"status": 400},
        error("IncompleteBody", 400),
    )
    row(
        f"{name}, cut off, so nothing is kept",
        "http",
        framed(kind, spoil=lambda frames: frames[:1], then="always get"),
        refusal(404, "NoSuchKey"),
        api("PutObject", "", "Amazon S3 never adds partial objects"),
    )
for kind in (SIGNED, BOTH):
    for number, which in ((0, "first"), (1, "second"), (2, "final")):
        row(
            f"{NAMES[kind]}, the {which} signature is wrong",
            "http",
            framed(kind, spoil=other_signature(number)),
            refusal(403, "SignatureDoesNotMatch"),
            error("SignatureDoesNotMatch", 403),
        )
    row(
        f"{NAMES[kind]}, other content than was signed",
        "http",
        framed(kind, spoil=other_content(1)),
        refusal(403, "SignatureDoesNotMatch"),
        error("SignatureDoesNotMatch", 403),
    )
    unknown(
        f"{NAMES[kind]}, a chunk without signature",
        "http",
        framed(kind, spoil=lambda frames: [(head.partition(";")[0], chunk) for head, chunk in frames]),
    )
    row(
        f"{NAMES[kind]}, not kept if a signature is wrong",
        "http",
        framed(kind, spoil=other_signature(2), then="always get"),
        refusal(404, "NoSuchKey"),
        api("PutObject", "", "Amazon S3 never adds partial objects"),
    )
row(
    "two chunks change places",
    "http",
    framed(SIGNED, chunks=(FIRST, FIRST[::-1] + b"2", LAST), spoil=lambda frames: [frames[1], frames[0], *frames[2:]]),
    refusal(403, "SignatureDoesNotMatch"),
    error("SignatureDoesNotMatch", 403),
)
row(
    "a trailer with a wrong signature",
    "http",
    framed(
        BOTH,
        spoil_trailer=lambda text: re.sub(
            r"signature:(.)", lambda found: f"signature:{'0' if found[1] != '0' else '1'}", text
        ),
    ),
    refusal(403, "SignatureDoesNotMatch"),
    error("SignatureDoesNotMatch", 403),
)
for algorithm in ALGORITHMS:
    row(
        f"a trailer of {algorithm}",
        "http",
        framed(UNSIGNED, trailer=algorithm),
        {"status": 200, f"header x-amz-checksum-{algorithm}": checksum(algorithm, WHOLE)},
        PAGES[UNSIGNED],
    )
    row(
        f"a wrong trailer of {algorithm}",
        "http",
        framed(UNSIGNED, trailer=algorithm, spoil=other_content(0)),
        refusal(400, "BadDigest"),
        DIGEST,
    )
row("a wrong trailer that is signed", "http", lambda s: wrong_and_signed(s), refusal(400, "BadDigest"), DIGEST)
row(
    "the trailer's checksum is kept",
    "http",
    lambda s: s.after(
        Frames(s, UNSIGNED, trailer="sha256").send(),
        lambda: s.head(s.key(), headers={"x-amz-checksum-mode": "ENABLED"}),
    ),
    {"header x-amz-checksum-sha256": checksum("sha256", WHOLE)},
    api("HeadObject", "ChecksumSHA256", "This checksum is only present if the checksum was uploaded with the object."),
)
row("less than was said", "http", framed(SIGNED, length=len(WHOLE) + 1), {"status": 400}, error("IncompleteBody", 400))
row(
    "more than was said",
    "http",
    framed(SIGNED, length=len(WHOLE) - 1),
    {"status": 400},
    signing(*STREAMING, "x-amz-decoded-content-length: the length, in bytes, of the data to be chunked"),
)
row(
    "a part of a multipart upload",
    "http",
    lambda s: framed_part(s),
    {"status": 200, "header x-amz-checksum-crc32": checksum("crc32", WHOLE)},
    signing(*STREAMING, "chunked upload applies to PutObject and UploadPart"),
)
unknown("no decoded length", "http", lambda s: no_length(s))
unknown("the trailer is missing", "http", framed(UNSIGNED, spoil_trailer=lambda text: ""))
unknown("a trailer that was not announced", "http", framed(UNSIGNED, announced="x-amz-checksum-sha1"))
unknown("a small chunk before the last", "http", framed(SIGNED, chunks=(b"a", b"b")))


def wrong_and_signed(s):
    frames = Frames(s, BOTH)
    frames.trailer = {"x-amz-checksum-crc32": checksum("crc32", b"something else")}
    return frames.send()


def framed_part(s):
    upload = s.send("POST", s.path(s.key()), "uploads", {"x-amz-checksum-algorithm": "CRC32"}).get("UploadId")
    return Frames(s, UNSIGNED).send(query=f"partNumber=1&uploadId={upload}")


def no_length(s):
    frames = Frames(s, SIGNED)
    del frames.headers["x-amz-decoded-content-length"]
    return frames.send()
