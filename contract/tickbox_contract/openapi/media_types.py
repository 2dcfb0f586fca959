"""Names of media types, as contracts and clients write them: in any case, with or without parameters."""

from __future__ import annotations

JSON = "application/json"
PROBLEM_JSON = "application/problem+json"
MERGE_PATCH = "application/merge-patch+json"
EVENT_STREAM = "text/event-stream"


def essence(media_type: str) -> str:
    """*media_type* in lower case and without its parameters (WHATWG MIME Sniffing, section 4.1)."""
    return media_type.partition(";")[0].strip().lower()


def is_json(media_type: str) -> bool:
    """Whether *media_type* is JSON, by its name or its suffix (RFC 6839, section 3.1)."""
    name = essence(media_type)
    return name == JSON or name.endswith("+json")
