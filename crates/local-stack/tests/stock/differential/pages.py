"""Where AWS says what a row expects.

A page of an API reference is checked, not only named: AWS's reference text is in the service models that the pinned
botocore carries, and the words that a row rests on must stand there. Of the guides, the edition is named.
"""

import functools
import gzip
import html
import json
import pathlib
import re
from dataclasses import dataclass

import botocore

EDITION = f"botocore {botocore.__version__}"
BLOCK = re.compile(r"</?(?:p|li|ul|ol|dl|dt|dd|br|note|important|b)\b[^>]*>")
TAG = re.compile(r"<[^>]+>")


@dataclass(frozen=True)
class Page:
    title: str
    section: str
    edition: str
    # What is said there, in its words or short.
    says: str

    def __str__(self):
        return f"{self.title}, {self.section} ({self.edition}): {self.says}"


def plain(text):
    """A model's documentation without its markup."""
    return " ".join(html.unescape(TAG.sub("", BLOCK.sub(" ", text or ""))).split())


@functools.cache
def model(service):
    folder = pathlib.Path(botocore.__file__).parent / "data" / service
    with gzip.open(sorted(folder.glob("*/service-2.json.gz"))[-1]) as file:
        return json.load(file)


def documented(service, operation, where):
    """The reference's text about an operation, or about one of its parameters, elements or errors."""
    shapes, wanted = model(service)["shapes"], model(service)["operations"][operation]
    if not where:
        return plain(wanted.get("documentation"))
    if where in shapes and shapes[where].get("exception"):
        assert any(error["shape"] == where for error in wanted.get("errors", [])), (operation, where)
        return plain(shapes[where].get("documentation"))
    texts = []
    for side in ("input", "output"):
        shape = shapes[wanted[side]["shape"]] if side in wanted else {}
        for name in where.split("/"):
            while shape.get("type") == "list":
                shape = shapes[shape["member"]["shape"]]
            member = shape.get("members", {}).get(name)
            if member is None:
                break
            shape = shapes[member["shape"]]
            text = member.get("documentation") or shape.get("documentation")
        else:
            texts.append(plain(text))
    assert texts, f"{service} {operation} has no {where}"
    return " ".join(texts)


def api(operation, where, says, service="s3", title="Amazon S3 API Reference"):
    """A page of an API reference; `where` is a parameter, an element (a path), an error, or empty for the"
    " description."""
    found = documented(service, operation, where)
    assert says in found, f"{operation}, {where or 'description'} does not say {says!r} but {found!r}"
    version = model(service)["metadata"]["apiVersion"]
    return Page(title, f"{operation}, {where or 'description'}", f"model of {version} in {EDITION}", says)


def cognito(operation, where, says):
    return api(operation, where, says, "cognito-identity", "Amazon Cognito Federated Identities API Reference")


def sts(operation, where, says):
    return api(operation, where, says, "sts", "AWS STS API Reference")


def permission(operation):
    """What the page of an S3 operation says about the permission that it needs; None if nothing."""
    sentences = re.split(r"(?<=[.:]) ", documented("s3", operation, ""))
    said = [sentence for sentence in sentences if re.search(r"\b[sS]3:[A-Z]\w+", sentence)]
    return api(operation, "", said[0]) if said else None


@functools.cache
def listed_errors():
    """The list of error codes of the S3 API Reference, with their status, as the model has it."""
    text = plain(model("s3")["shapes"]["Error"]["members"]["Code"]["documentation"])
    found = {}
    for code, rest in re.findall(r"Code: ([A-Z]\w+) Description: (.*?)(?= Code: [A-Z]\w+ Description: |$)", text):
        status = re.search(r"Code: (\d{3}) ", rest)
        found.setdefault(code, (int(status[1]) if status else None, rest.split(" HTTP Status Code:")[0]))
    return found


def error(code, status, why=""):
    """A code of S3's own list, with the status that stands there."""
    listed, says = listed_errors()[code]
    assert listed == status, f"{code} is listed with {listed}, not {status}"
    said = f"{code}: {says}" + (f"; {why}" if why else "")
    return Page("Amazon S3 API Reference", "Error responses, List of error codes", f"model in {EDITION}", said)


def newer_error(code, says):
    """A code that the list has since the model's copy of it was made."""
    edition = "docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, the edition with ConditionalRequestConflict"
    return Page("Amazon S3 API Reference", "Error responses, List of error codes", edition, f"{code}: {says}")


def user_guide(file, section, says):
    return Page("Amazon S3 User Guide", f"{file}, {section}", "awsdocs/amazon-s3-userguide@1b918e0 of 2023-06-09", says)


def newer_user_guide(file, section, says):
    """A sentence that the guide's copy in git is too old for."""
    return Page("Amazon S3 User Guide", f"{file}, {section}", f"docs.aws.amazon.com/AmazonS3/latest/userguide/{file}", says)


def iam_guide(file, section, says):
    return Page("IAM User Guide", f"{file}, {section}", "awsdocs/iam-user-guide@651083f of 2023-05-11", says)


def signing(file, section, says):
    """The chapter Authenticating Requests of the S3 API Reference, which no model carries."""
    edition = f"docs.aws.amazon.com/AmazonS3/latest/API/{file}.html"
    return Page("Amazon S3 API Reference, Authenticating Requests", section, edition, says)


def common_error(code, says):
    edition = "docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html"
    return Page("AWS API Reference", "Common Errors", edition, f"{code}: {says}")


def gateway(file, section, says):
    edition = f"docs.aws.amazon.com/apigateway/latest/developerguide/{file}.html"
    return Page("Amazon API Gateway Developer Guide", section, edition, says)


def rfc(number, section, says):
    return Page(f"RFC {number}", section, "to which the S3 API Reference refers", says)


def knowledge_center(file, section, says):
    return Page("AWS Knowledge Center", section, f"repost.aws/knowledge-center/{file}", says)


def sdk(where, section, says):
    """What AWS's own SDKs are told, or have seen, of an answer that its guides do not describe."""
    return Page("AWS SDKs", section, where, says)
