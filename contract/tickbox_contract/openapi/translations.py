"""Schemas of OpenAPI 3.0 written as JSON Schema 2020-12, with the schemas that they refer to as definitions.

A schema means different things in different places (`Use`), so there is a definition for each use of a referenced
schema. It is made once for the document, however many operations refer to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from .compositions import Compositions, Schema, UnservableSchemaError
from .formats import INFINITY
from .objects import COMPOSITES, Pointer, fragment
from .references import References, UnresolvedReferenceError
from .schema_writer import SchemaWriter, Use

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+", re.ASCII)


@dataclass(slots=True)
class Definition:
    """A translated schema, and the names of the definitions that it refers to. `error` is why there can be none."""

    schema: dict[str, Any] = field(default_factory=dict)
    needs: set[str] = field(default_factory=set)
    error: UnservableSchemaError | None = None


class Translations:
    """The translated schemas of one document."""

    def __init__(self, references: References, compositions: Compositions) -> None:
        self._references = references
        self._compositions = compositions
        self._names: dict[tuple[Pointer, Use], str] = {}
        self._taken: set[str] = set()
        self._ending: set[str] = set()
        self.definitions: dict[str, Definition] = {}

    def translate(self, schema: Schema, use: Use) -> Definition:
        """*schema*, as it is used. Then `definitions` has what it refers to. Raises UnservableSchemaError."""
        definition = self._written(schema, use)
        self._require_ends(definition)
        return definition

    def reachable(
        self, needs: Iterable[str], *, known: AbstractSet[str] = frozenset(), most: float = INFINITY
    ) -> set[str]:
        """*needs* and the names of all definitions that they lead to, without those that are *known*.

        The search ends as soon as there are more than *most*.
        """
        names: set[str] = set()
        found = list(needs)
        while found and len(names) <= most:
            name = found.pop()
            if name not in names and name not in known:
                names.add(name)
                found += self.definitions[name].needs
        return names

    def _written(self, schema: Schema, use: Use) -> Definition:
        """The translation of *schema*. New definitions that it leads to are translated, too.

        There is no recursion: a chain of components may be longer than the interpreter's stack.
        """
        first = Definition()
        waiting: list[tuple[Definition, Schema, Use]] = [(first, schema, use)]
        while waiting:
            definition, schema, use = waiting.pop()
            writer = SchemaWriter(self._references, self._compositions, self._name)
            try:
                definition.schema = writer.write(schema, use)
            except UnresolvedReferenceError as error:
                definition.error = UnservableSchemaError(str(error))
            except UnservableSchemaError as error:
                definition.error = error
            definition.needs = set(writer.needs)
            for name, (target, target_use) in writer.needs.items():
                if name not in self.definitions:
                    self.definitions[name] = Definition()
                    waiting.append((self.definitions[name], target, target_use))
        if first.error is not None:
            raise first.error
        return first

    def _require_ends(self, definition: Definition) -> None:
        """Raise UnservableSchemaError if a definition leads to itself for the same value."""
        for name in self.reachable(definition.needs, known=self._ending):
            if name not in self._ending:
                self._require_end(name)

    def _require_end(self, name: str) -> None:
        path = [(name, _in_place(self.definitions[name].schema))]
        within = {name}
        while path:
            here, further = path[-1]
            found = next(further, None)
            if found is None:
                path.pop()
                within.discard(here)
                self._ending.add(here)
            elif found in within:
                raise UnservableSchemaError(f"{found} has itself among its parts")
            elif found not in self._ending:
                within.add(found)
                path.append((found, _in_place(self.definitions[found].schema)))

    def _name(self, pointer: Pointer, use: Use) -> str:
        """The definition's name for the schema at *pointer*: `request.Order`; `response.Order.2` for a second use."""
        if (pointer, use) not in self._names:
            is_component = pointer[:2] == ("components", "schemas") and len(pointer) == 3  # noqa: PLR2004  # itself
            called = str(pointer[-1]) if is_component else _UNSAFE.sub("_", fragment(pointer))
            name = plain = f"{use.direction}.{called}"
            number = 1
            while name in self._taken:
                number += 1
                name = f"{plain}.{number}"
            self._taken.add(name)
            self._names[pointer, use] = name
        return self._names[pointer, use]


_IN_PLACE = (*COMPOSITES, "not", "if", "then", "else")


def _in_place(schema: Any) -> Iterator[str]:  # a translated schema
    """The names of the definitions that apply to the same value as *schema*."""
    found = [schema]
    while found:
        node = found.pop()
        if isinstance(node, list):
            found += node
            continue
        if "$ref" in node:
            yield node["$ref"].removeprefix("#/$defs/")
        found += [node[key] for key in _IN_PLACE if key in node]
