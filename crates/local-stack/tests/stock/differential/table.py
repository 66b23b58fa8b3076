"""What a row is, how an answer is compared with it, and the proof that a row can fail."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pages import Page

PRESENT, ABSENT = "<present>", "<absent>"
SENDERS = ("boto3", "aws", "curl", "http")


@dataclass
class Answer:
    """One answer, however it came: over the wire, through boto3, or out of a program."""

    status: Any = ABSENT
    headers: dict = field(default_factory=dict)
    body: bytes = b""
    # What boto3 understood, or the document in the body as nested dictionaries.
    document: Any = None

    def get(self, path):
        """What stands at a path: a value, a list of values, or ABSENT."""
        found = [self.document]
        for name in path.split("/"):
            below = []
            for node in found:
                value = node.get(name, ABSENT) if isinstance(node, dict) else ABSENT
                below += value if isinstance(value, list) else [value]
            found = [value for value in below if value is not ABSENT]
        return ABSENT if not found else found[0] if len(found) == 1 else found

    def shown(self):
        """What may be printed of an answer: credentials are in some, so never the whole."""
        told = [self.get(name) for name in ("Code", "__type", "Message", "message")]
        elements = sorted(self.document) if isinstance(self.document, dict) else []
        return " ".join([str(self.status), *(str(text) for text in told if text is not ABSENT), *elements])


@dataclass
class Row:
    name: str
    group: str
    # boto3, the AWS CLI, curl; `http` is a request that botocore signed and Python's HTTP client sent.
    sender: str
    send: Callable
    expected: dict
    page: Page | None
    # Who sends it to which stack: see `__main__`.
    stack: str = "plain"
    # A service that the stack must have, as its facts call it.
    service: str = ""
    # Whether it is sent after the credentials' end.
    later: bool = False

    @property
    def asserted(self):
        return bool(self.expected)


def actual(answer, item):
    kind, _, name = item.partition(" ")
    match kind:
        case "status":
            return answer.status
        case "header":
            return answer.headers.get(name, ABSENT)
        case "at":
            return answer.get(name)
        case "body":
            return answer.body
    raise AssertionError(item)


def fits(found, wanted):
    if wanted is PRESENT:
        return found is not ABSENT and found != ""
    if wanted is ABSENT:
        return found is ABSENT
    if isinstance(wanted, re.Pattern):
        return isinstance(found, str) and wanted.search(found) is not None
    if isinstance(wanted, list) and not isinstance(found, list):
        found = [] if found is ABSENT else [found]
    return found == wanted


def differences(answer, expected):
    return [
        f"{item}: expected {wanted!r}, got {printable(actual(answer, item), item)}"
        for item, wanted in expected.items()
        if not fits(actual(answer, item), wanted)
    ]


def printable(found, item):
    return "what may not be printed" if "Credentials/" in item or item == "at Token" else repr(found)[:200]


def broken(wanted):
    """Another expectation, which the same answer must not meet."""
    if wanted is PRESENT:
        return ABSENT
    if wanted is ABSENT:
        return PRESENT
    if isinstance(wanted, re.Pattern):
        return re.compile(r"(?!)")
    if isinstance(wanted, bool):
        return not wanted
    if isinstance(wanted, int):
        return wanted + 1
    if isinstance(wanted, list):
        return [*wanted, "~"]
    return wanted + (b"~" if isinstance(wanted, bytes) else "~")


def cannot_fail(answer, expected):
    """The items that still pass when they are broken, one at a time. There must be none."""
    return [item for item, wanted in expected.items() if fits(actual(answer, item), broken(wanted))]


ROWS: list[Row] = []


def group(title, **where):
    """The two functions that add rows of one group. `where` is what its rows have of `stack`, `service` and `later`."""

    def row(name, sender, send, expected, page, **here):
        """Adds a row. Its expectation is a status, or items: `status`, `header NAME`, `at PATH`, `body`."""
        assert sender in SENDERS, sender
        full = f"{title}: {name}"
        assert all(full != other.name for other in ROWS), f"two rows are called {full}"
        expected = {"status": expected} if isinstance(expected, int) else expected
        assert expected, f"{full} expects nothing"
        ROWS.append(Row(full, title, sender, send, expected, page, **{**where, **here}))

    def unknown(name, sender, send, **here):
        """Adds a request whose answer AWS does not document: sent and printed, neither asserted nor counted."""
        ROWS.append(Row(f"{title}: {name}", title, sender, send, {}, None, **{**where, **here}))

    return row, unknown


def refusal(status, code, **more):
    return {"status": status, "at Code": code, **{f"at {name}": value for name, value in more.items()}}
