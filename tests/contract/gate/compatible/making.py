"""What edits are made of."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

Json = dict[str, Any]
Apply = Callable[[Json], None]
ON, OFF = True, False
METHODS = ("get", "put", "post", "delete", "patch")
_NAME = re.compile(r"\{[^{}]*\}")


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of a contract, and what it means for clients. `rule` has the rules that must find it."""

    family: str
    subject: str
    verdict: Literal["breaks", "safe"]
    rule: frozenset[str]
    apply: Apply

    @property
    def name(self) -> str:
        """Its family and what is edited."""
        return f"{self.family}: {self.subject}"


def breaks(family: str, subject: str, rule: str, apply: Apply) -> Edit:
    """An edit that breaks a client, and is found by *rule*."""
    return Edit(family, subject, "breaks", frozenset({rule}), apply)


def safe(family: str, subject: str, apply: Apply, rule: str | None = None) -> Edit:
    """An edit that breaks nobody; *rule* writes it into the changelog."""
    return Edit(family, subject, "safe", frozenset({rule} if rule else ()), apply)


def at(root: Json, *steps: str | int) -> Any:
    """What *steps* lead to."""
    value: Any = root
    for step in steps:
        value = value[step]
    return value


def putting(value: Any, *steps: str | int) -> Apply:
    """Put *value* at the place that *steps* lead to."""

    def apply(root: Json) -> None:
        at(root, *steps[:-1])[steps[-1]] = value

    return apply


def deleting(*steps: str | int) -> Apply:
    """Delete what *steps* lead to."""

    def apply(root: Json) -> None:
        del at(root, *steps[:-1])[steps[-1]]

    return apply


def appending(value: Any, *steps: str | int) -> Apply:
    """Append *value* to the list that *steps* lead to; create it if need be."""

    def apply(root: Json) -> None:
        at(root, *steps[:-1]).setdefault(steps[-1], []).append(value)

    return apply


def removing(value: Any, *steps: str | int) -> Apply:
    """Remove *value* from the list that *steps* lead to."""

    def apply(root: Json) -> None:
        at(root, *steps).remove(value)

    return apply


@dataclass(frozen=True, slots=True)
class Op:
    """An operation, and the steps to it."""

    path: str
    method: str
    node: Json

    @property
    def name(self) -> str:
        """Its operationId."""
        return str(self.node["operationId"])

    @property
    def steps(self) -> tuple[str, str, str]:
        """The steps to it."""
        return "paths", self.path, self.method


def operations(root: Json) -> Iterator[Op]:
    """Each operation."""
    for path, item in root["paths"].items():
        for method in METHODS:
            if method in item:
                yield Op(path, method, item[method])


def name_of(reference: Json) -> str:
    """The last step of a `$ref`."""
    return str(reference["$ref"]).rpartition("/")[2]


def follow(root: Json, node: Json) -> Json:
    """What the `$ref` of *node* leads to, or *node*."""
    while "$ref" in node:
        node = at(root, *str(node["$ref"]).removeprefix("#/").split("/"))
    return node


def schemas_below(root: Json, node: Any) -> set[str]:
    """The names of all component schemas that *node* leads to."""
    found: set[str] = set()
    seen: set[str] = set()
    waiting = [node]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            reference = value.get("$ref")
            if isinstance(reference, str):
                if reference not in seen:
                    seen.add(reference)
                    waiting.append(follow(root, value))
                    found |= {name_of(value)} if "/schemas/" in reference else set()
            else:
                waiting += [held for key, held in value.items() if key not in {"example", "examples"}]
    return found


def part(root: Json, paths: Iterable[str]) -> Json:
    """The contract with *paths* alone, and with what they lead to: their operations' events, and components."""
    kept = {path: root["paths"][path] for path in paths}
    written = {event for op in operations({"paths": kept}) for event in op.node.get("x-events", ())}
    events = {name: event for name, event in root["components"]["x-events"].items() if name in written}
    reached: dict[str, Json] = {kind: {} for kind in root["components"]}
    reached |= {"x-events": events, "securitySchemes": root["components"]["securitySchemes"]}
    waiting: list[Any] = [kept, events]
    while waiting:
        value = waiting.pop()
        waiting += value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        if isinstance(value, dict) and isinstance(value.get("$ref"), str):
            kind, name = value["$ref"].split("/")[2:]
            if name not in reached[kind]:
                reached[kind][name] = root["components"][kind][name]
                waiting.append(reached[kind][name])
    return {**root, "paths": kept, "components": reached}
