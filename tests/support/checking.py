"""A check that a response is one that the contract declares, by another validator than the server's own.

The server checks its responses with jsonschema-rs, compiled by `contract/`; this uses the jsonschema package on the
contract's own text, and shares nothing with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from jsonschema import FormatChecker
from openapi_schema_validator import OAS30Validator, oas30_format_checker

CONTRACT = Path(__file__).parents[2] / "spec" / "openapi.yaml"
METHODS = ("get", "put", "post", "delete", "patch")
PROBLEM_JSON = "application/problem+json"
EVENT_STREAM = "text/event-stream"
OUTSIDE = {404: "urn:tickbox:problem:not-found", 405: "urn:tickbox:problem:method-not-allowed"}
"""The problems that belong to no operation, as the contract's introduction says."""

_ENTITY_TAGS = re.compile(r'\*|[\s,]*(W/)?"[^"]*"(\s*,(\s*(W/)?"[^"]*")?)*\s*')
_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")

Json = Any
Node = Mapping[str, Json]


def _formats() -> FormatChecker:
    checker = FormatChecker(formats=())
    checker.checkers = {**FormatChecker().checkers, **oas30_format_checker.checkers}
    # Instants are in UTC, with a `Z`: the contract's introduction.
    checker.checks("date-time")(lambda value: not isinstance(value, str) or bool(_UTC.fullmatch(value)))
    checker.checks("uri")(lambda value: not isinstance(value, str) or bool(urlsplit(value).scheme))
    checker.checks("entity-tags")(lambda value: not isinstance(value, str) or bool(_ENTITY_TAGS.fullmatch(value)))
    checker.checks("uri-reference")(lambda value: not isinstance(value, str) or " " not in value)
    return checker


FORMATS = _formats()


@dataclass(frozen=True, slots=True)
class Seen:
    """A response as a client got it; `headers` has lower-case names."""

    method: str
    path: str
    status: int
    headers: Mapping[str, str]
    body: bytes


class ContractChecker:
    """Checks responses against one contract, whose references are replaced by what they lead to."""

    def __init__(self, contract: Mapping[str, Json]) -> None:
        self._contract = _without_references(contract)
        self._paths = [(_path_pattern(path), path) for path in sorted(contract["paths"], key=lambda p: p.count("{"))]
        self._validators: dict[int, Any] = {}

    @classmethod
    def of_file(cls, path: Path = CONTRACT) -> ContractChecker:
        return cls(read_contract(path))

    def faults(self, seen: Seen) -> list[str]:
        """All that is wrong with a response: nothing if it is declared."""
        path = next((path for pattern, path in self._paths if pattern.fullmatch(seen.path)), None)
        if seen.method == "OPTIONS":
            return [] if (seen.status, seen.body) == (204, b"") or path is None else ["OPTIONS is not an empty 204"]
        method = "get" if seen.method == "HEAD" else seen.method.lower()
        if path is None or method not in self._contract["paths"][path]:
            return list(self._outside(seen, 404 if path is None else 405))
        declared = self._contract["paths"][path][method]["responses"].get(str(seen.status))
        if declared is None:
            return [f"status {seen.status} is not declared"]
        return [*self._header_faults(declared, seen), *self._body_faults(declared, seen)]

    def _outside(self, seen: Seen, status: int) -> Iterator[str]:
        """The faults of a problem that belongs to no operation."""
        if seen.status != status or seen.headers.get("content-type") != PROBLEM_JSON:
            yield f"neither an operation's response nor a {status} problem: {seen.status}"
            return
        if seen.method != "HEAD":
            problem = json.loads(seen.body)
            yield from self._json_faults(self._contract["components"]["schemas"]["Problem"], problem)
            if (problem.get("type"), problem.get("status")) != (OUTSIDE[status], status):
                yield f"the wrong problem: {problem.get('type')}"
        if status == 405 and not seen.headers.get("allow"):
            yield "405 without Allow"
        if "x-request-id" not in seen.headers:
            yield "no X-Request-Id"

    def _header_faults(self, declared: Node, seen: Seen) -> Iterator[str]:
        for name, header in declared.get("headers", {}).items():
            value: Json = seen.headers.get(name.lower())
            if value is None:
                if header.get("required"):
                    yield f"header {name} is missing"
                continue
            if header["schema"].get("type") == "integer" and value.isdecimal():
                value = int(value)
            yield from (f"header {name}: {fault}" for fault in self._json_faults(header["schema"], value))

    def _body_faults(self, declared: Node, seen: Seen) -> Iterator[str]:
        content = declared.get("content", {})
        media_type = seen.headers.get("content-type")
        if not content:
            if media_type is not None or seen.body:
                yield f"a body of {media_type} where none is declared"
            return
        if media_type is None or media_type not in content:
            yield f"media type {media_type} is not declared"
            return
        if seen.method == "HEAD":
            if seen.body:
                yield "a body to HEAD"
            return
        schema = content[media_type]["schema"]
        if media_type == EVENT_STREAM:
            for event in events_in(seen.body):
                yield from self._json_faults(schema, event)
            return
        value = json.loads(seen.body) if media_type.endswith("json") else seen.body.decode()
        yield from self._json_faults(schema, value)
        if media_type == PROBLEM_JSON:
            yield from _problem_faults(content[media_type], value, seen)

    def _json_faults(self, schema: Node, value: Json) -> Iterator[str]:
        validator = self._validators.get(id(schema))
        if validator is None:
            validator = self._validators[id(schema)] = OAS30Validator(schema, format_checker=FORMATS)
        for error in validator.iter_errors(value):
            yield f"{error.json_path}: {error.message}"
        yield from _undeclared(schema, value, "$")


def _problem_faults(media: Node, problem: Json, seen: Seen) -> Iterator[str]:
    """The faults of a problem that is not among the examples of the response."""
    announced = {(each["value"]["type"], each["value"]["title"]) for each in media["examples"].values()}
    if (problem.get("type"), problem.get("title")) not in announced:
        yield f"the problem {problem.get('type')} ({problem.get('title')!r}) is not among the examples"
    if problem.get("status") != seen.status:
        yield f"the problem says {problem.get('status')}, the status line {seen.status}"


def _undeclared(schema: Node, value: Json, where: str) -> Iterator[str]:
    """Properties that the contract does not name: a leak, although responses are published as open."""
    if isinstance(value, dict) and "properties" in schema:
        for name, member in value.items():
            if name in schema["properties"]:
                yield from _undeclared(schema["properties"][name], member, f"{where}.{name}")
            elif not schema.get("additionalProperties"):
                yield f"{where}.{name} is not declared"
    if isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            yield from _undeclared(schema["items"], item, f"{where}[{index}]")


def _without_references(contract: Mapping[str, Json]) -> Json:
    """The same contract in which each node with a `$ref` is what that leads to, the same object everywhere."""
    copies: dict[int, Json] = {}

    def followed(node: Json) -> Json:
        while isinstance(node, dict) and "$ref" in node:
            steps = node["$ref"].removeprefix("#/").split("/")
            node = contract
            for step in steps:
                node = node[step.replace("~1", "/").replace("~0", "~")]
        return node

    def copied(node: Json) -> Json:
        node = followed(node)
        if not isinstance(node, dict | list):
            return node
        if id(node) not in copies:
            if isinstance(node, dict):
                copy = copies[id(node)] = {}  # before what is in it, which may be this
                copy.update((name, copied(member)) for name, member in node.items())
            else:
                copies[id(node)] = [copied(item) for item in node]
        return copies[id(node)]

    return copied(contract)


def as_body(media_type: str, value: Json) -> bytes:
    """The bytes of a response with *value*; of a stream, with one event."""
    if media_type == EVENT_STREAM:
        return f"data: {json.dumps(value)}\n\n".encode()
    return (json.dumps(value) if media_type.endswith("json") else str(value)).encode()


def events_in(body: bytes) -> list[Json]:
    """The data of the server-sent events in *body*, each of which is a line of JSON."""
    lines = body.decode().splitlines()
    return [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]


@cache
def read_contract(path: Path = CONTRACT) -> dict[str, Json]:
    """The contract as plain data, which must not be changed. It is parsed in C: in Python that takes a second."""
    contract: dict[str, Json] = yaml.load(path.read_bytes(), yaml.CSafeLoader)
    return contract


def _path_pattern(path: str) -> re.Pattern[str]:
    return re.compile(
        "".join("[^/]+" if part.startswith("{") else re.escape(part) for part in re.split(r"({\w+})", path))
    )
