"""Objects of a contract with their places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .objects import Pointer


@dataclass(frozen=True, slots=True)
class Node:
    """An object of the contract, and its place. `value` is empty if there is no object at that place."""

    pointer: Pointer
    value: Mapping[str, Any]

    def get(self, key: str) -> Any:  # JSON
        """The plain value of *key*, or None."""
        return self.value.get(key)

    def at(self, *steps: str) -> Node:
        """The object that *steps* lead to; an empty one if there is none."""
        value: Any = self.value
        for step in steps:
            value = value.get(step) if isinstance(value, dict) else None
        return Node((*self.pointer, *steps), value if isinstance(value, dict) else {})

    def members(self, key: str) -> dict[str, Node]:
        """The objects in the object of *key*, by their names."""
        within = self.at(key)
        return {name: within.at(name) for name, value in within.value.items() if isinstance(value, dict)}

    def items(self, key: str) -> list[Node]:
        """The objects in the list of *key*."""
        value = self.value.get(key)
        items = value if isinstance(value, list) else []
        return [Node((*self.pointer, key, i), item) for i, item in enumerate(items) if isinstance(item, dict)]


NOTHING = Node((), {})


def header(response: Node, name: str) -> Node | None:
    """The header of a response with that name, in any case (RFC 9110, section 5.1); its `$ref` is not followed."""
    return next((node for given, node in response.members("headers").items() if given.lower() == name.lower()), None)
