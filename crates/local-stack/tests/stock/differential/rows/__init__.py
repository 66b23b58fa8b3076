"""The table. Each module adds its rows when it is imported; none depends on another's objects."""

from . import (  # noqa: F401
    alice,
    buckets,
    checksums,
    cognito,
    copying,
    deleting,
    framing,
    listing,
    multipart,
    parts,
    presigned,
    reading,
    services,
    signatures,
    versions,
    writing,
)
