"""The row of the table, and short ways to write one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tickbox_contract.responses import Response

Verdict = Literal["served", "ignored", "refused"]
Node = Mapping[str, Any]
"""A part of a contract."""

UNSET: Any = object()
"""Stands for what a trial does not look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One request, and the response that is right.

    `given` is what the handler must have been given, as JSON and by its own keywords (bytes as hexadecimal digits).
    `places` are the faults of a problem, each as `<kind> <place> <code>`. `headers` are some of the response's.
    `chunks` are the request's bytes where they matter; otherwise it is made of `method`, `target`, `lines` and `body`.
    """

    target: str = "/r"
    method: str = ""
    lines: Sequence[str] = ()
    body: bytes = b""
    chunks: Sequence[bytes] = ()
    status: int = 200
    given: Any = UNSET
    places: Sequence[str] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One behaviour. `section` is of OpenAPI 3.0.4.

    The contract is `operation`, an Operation Object, at `path`; what every contract must say is added to it.
    `components` and `root` are added to the document; `text` replaces all of it. `takes` are the keywords of the
    handler, where they are not the parameters' names, and `annotations` their types; `response` makes what it returns,
    where that is not what it was given. `sentence` is a part of the message at start-up.
    """

    name: str
    section: str
    verdict: Verdict
    operation: Node = field(default_factory=dict)
    method: str = "get"
    path: str = "/r"
    components: Node = field(default_factory=dict)
    root: Node = field(default_factory=dict)
    text: bytes | None = None
    takes: Sequence[str] | None = None
    annotations: Mapping[str, Any] = field(default_factory=dict)
    response: Callable[[], Response] | None = None
    trials: Sequence[Trial] = ()
    sentence: str = ""
    note: str = ""


def served(name: str, section: str, *trials: Trial, **contract: Any) -> Row:
    """A behaviour that is as *section* describes it; *contract* are the fields of Row."""
    return Row(name=name, section=section, verdict="served", trials=trials, **contract)


def ignored(name: str, section: str, *trials: Trial, **contract: Any) -> Row:
    """Something that is without effect; *trials* show that."""
    return Row(name=name, section=section, verdict="ignored", trials=trials, **contract)


def refused(name: str, section: str, sentence: str, **contract: Any) -> Row:
    """A contract with which the server does not start; *sentence* is a part of the reason that it states."""
    return Row(name=name, section=section, verdict="refused", sentence=sentence, **contract)


def gives(target: str, *lines: str, **given: Any) -> Trial:
    """A GET of *target* for which the handler gets exactly *given*."""
    return Trial(target=target, lines=lines, given=given)


def refuses(target: str, *places: str, lines: Sequence[str] = (), status: int = 400) -> Trial:
    """A GET of *target* that is refused, with faults at *places*."""
    return Trial(target=target, lines=lines, status=status, places=places)


def takes(value: Any, *, as_given: Any = UNSET) -> Trial:  # JSON
    """A JSON body that reaches the handler, as it was sent or as *as_given*."""
    return posts(json.dumps(value).encode(), given={"body": value if as_given is UNSET else as_given})


def rejects(value: Any, *places: str) -> Trial:  # JSON
    """A JSON body that is refused, with faults at *places*, each as `<pointer> <code>`."""
    return posts(json.dumps(value).encode(), status=422, places=[f"pointer {place}" for place in places])


def posts(body: bytes, *lines: str, media_type: str = "application/json", **expected: Any) -> Trial:
    """A POST of *body*."""
    return Trial(method="POST", lines=(f"Content-Type: {media_type}", *lines), body=body, **expected)


def parameter(name: str, place: str, schema: Node, **more: Any) -> Node:
    """An operation with one parameter."""
    return {"parameters": [{"name": name, "in": place, "required": place == "path", "schema": schema, **more}]}


def query(schema: Node, **more: Any) -> Node:
    """An operation with the query parameter `a`."""
    return parameter("a", "query", schema, **more)


def header(schema: Node, **more: Any) -> Node:
    """An operation with the header parameter `X-A`."""
    return parameter("X-A", "header", schema, **more)


def cookie(schema: Node, **more: Any) -> Node:
    """An operation with the cookie parameter `a`."""
    return parameter("a", "cookie", schema, **more)


def in_path(schema: Node, **more: Any) -> dict[str, Any]:
    """The fields of a row whose path ends in the parameter `a`."""
    return {"operation": parameter("a", "path", schema, **more), "path": "/r/{a}"}


def body(schema: Node, media_type: str = "application/json", *, required: bool = True, **more: Any) -> dict[str, Any]:
    """The fields of a row whose operation is a POST with a body."""
    content = {media_type: {"schema": schema}}
    return {"method": "post", "operation": {"requestBody": {"required": required, "content": content, **more}}}


def responds(response: Callable[[], Response], *, status: int = 200, **declared: Any) -> dict[str, Any]:
    """The fields of a row whose handler returns a response, and whose contract declares *declared* for it."""
    return {
        "response": response,
        "operation": {"responses": {str(status): {"description": "What the handler returns.", **declared}}},
    }
