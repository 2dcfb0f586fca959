"""How a text carries what is not text: by a format, or by what OpenAPI 3.1 has in its place.

Source: OpenAPI 3.1.1, 4.4 ("Data Type Format"), "Migrating binary descriptions from OAS 3.0"; JSON Schema Validation
2020-12, 8.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Carried(NamedTuple):
    """The format, the encoding and the media type of a text; None if it has none."""

    format: str | None
    encoding: str | None
    media_type: str | None


def carried(keywords: Mapping[str, Any]) -> Carried:
    """What *keywords* say, in the same words for both versions of OpenAPI."""
    named, encoding, media_type = (keywords.get(key) for key in ("format", "contentEncoding", "contentMediaType"))
    if named == "byte" or str(encoding).lower() == "base64":
        return Carried("byte", "base64", media_type)
    if named == "binary" or (media_type == "application/octet-stream" and encoding is None):
        return Carried("binary", None, "application/octet-stream")
    return Carried(named, encoding, media_type)


def is_left_out(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether one says that a value is bytes, and the other says nothing, as OpenAPI 3.1 does for bytes."""
    return any(carried(a).format == "binary" and not b for a, b in ((before, after), (after, before)))
