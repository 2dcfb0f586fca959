"""Several schemas of one value: `allOf`, `readOnly`, `discriminator`.

The *parts* of a schema are the schema itself and the parts of its `allOf`: all of them apply to one value.

`discriminator` comes in two forms:
    a union         beside `oneOf` or `anyOf`: the value of a property selects one of the alternatives
    a base          without them: components that have the base in their `allOf` are derived from it; wherever the base
                    or a derived component is used, the property selects it or one of those derived from it
The value of the property is a key of `mapping`, or the name of the component.

Source: OpenAPI 3.0.4, "Discriminator Object", "Composition and Inheritance"; "Schema Object", `readOnly`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from .references import Found, References, UnresolvedReferenceError

Direction = Literal["request", "response"]
Schema = Mapping[str, Any]

_WORDS: Mapping[Direction, str] = {"request": "readOnly", "response": "writeOnly"}
_LEADS_TO_PROPERTIES = frozenset({"properties", "allOf", "$ref"})
_NAME = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)


class UnservableSchemaError(ValueError):
    """A schema that cannot be used to check a value. The text is a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternatives:
    """The schemas that the property *name* selects from, by its value.

    `union` is the keyword that lists them, None if they are derived from a base.
    """

    name: str
    by_value: Mapping[str, Found]
    union: str | None

    @property
    def targets(self) -> dict[int, Found]:
        """The schemas, each once, by identity."""
        return {id(found.node): found for found in self.by_value.values()}


class Compositions:
    """The compositions of one document."""

    def __init__(self, references: References) -> None:
        self._references = references
        schemas = references.root.get("components", {}).get("schemas", {})
        # A name that OpenAPI does not allow, such as `$ref`, may have any value: its schema does not look at it.
        components = {name: schema for name, schema in schemas.items() if isinstance(schema, dict)}
        self._components: Mapping[str, Schema] = components
        self._hidden: dict[tuple[int, Direction], frozenset[str]] = {}
        self._required: dict[int, frozenset[str]] = {}

    def parts(self, schema: Schema) -> Iterator[Schema]:
        """The parts of *schema*, with references followed; each once."""
        seen: set[int] = set()
        found = [schema]
        while found:
            part = found.pop()
            if not isinstance(part, Mapping):
                continue  # true or false, in OpenAPI 3.1
            try:
                part = self._references.whole(part).node
            except UnresolvedReferenceError:
                continue  # the rule `resolving-ref` has it
            if id(part) not in seen:
                seen.add(id(part))
                yield part
                found += part.get("allOf", ())
                found += [self._references.find(part["$ref"]).node] if self._references.is_more(part) else ()

    def is_hidden(self, schema: Schema, direction: Direction) -> bool:
        """Whether a property of *schema* is never sent in *direction*: `readOnly` or `writeOnly` says so."""
        return any(part.get(_WORDS[direction]) is True for part in self.parts(schema))

    def hidden(self, schema: Schema, direction: Direction) -> frozenset[str]:
        """The names of the properties that any part of *schema* keeps out of *direction*."""
        if not isinstance(schema, Mapping) or _LEADS_TO_PROPERTIES.isdisjoint(schema):
            return frozenset()
        key = (id(schema), direction)
        if key not in self._hidden:
            self._hidden[key] = frozenset(
                name
                for part in self.parts(schema)
                for name, sub in part.get("properties", {}).items()
                if self.is_hidden(sub, direction)
            )
        return self._hidden[key]

    def required(self, schema: Schema) -> frozenset[str]:
        """The names that any part of *schema* requires."""
        if id(schema) not in self._required:
            names = (name for part in self.parts(schema) for name in part.get("required", ()))
            self._required[id(schema)] = frozenset(names)
        return self._required[id(schema)]

    def declares_properties(self, schema: Schema) -> bool:
        """Whether a part of *schema*, or an alternative in one, names properties. If not, it is a free object."""
        return self._declared(schema) is not None

    def divided(self, schema: Schema) -> list[str]:
        """The properties that are objects, and whose own properties several parts of *schema* declare: none knows all.

        An alternative and a part beside it count as two parts; two alternatives do not.
        """
        own = list(self._objects(schema))
        branches = [
            pair
            for part in self.parts(schema)
            for branch in (*part.get("anyOf", ()), *part.get("oneOf", ()))
            for pair in self._objects(branch)
        ]
        first = dict(own)
        return sorted({name for name, found in (*own, *branches) if first.get(name, found) != found})

    def _declared(self, schema: Schema) -> frozenset[str] | None:
        """The names of the properties of all parts of *schema* and of alternatives in them; None if there are none."""
        names: set[str] | None = None
        seen: set[int] = set()
        found = [schema]
        while found:
            for part in self.parts(found.pop()):
                if "properties" in part:
                    names = (names or set()) | part["properties"].keys()
                if id(part) not in seen:
                    seen.add(id(part))
                    found += [*part.get("anyOf", ()), *part.get("oneOf", ())]
        return None if names is None else frozenset(names)

    def _objects(self, schema: Schema) -> Iterator[tuple[str, frozenset[str]]]:
        """The properties of *schema* that declare properties, or whose items do, each with the declared names."""
        for part in self.parts(schema):
            for name, sub in part.get("properties", {}).items():
                found, seen = self._references.follow(sub), set[int]()
                while "items" in found and id(found) not in seen:
                    seen.add(id(found))
                    found = self._references.follow(found["items"])
                declared = self._declared(found)
                if declared is not None and "additionalProperties" not in found:
                    yield name, declared

    def is_derived(self, schema: Schema, base: Schema) -> bool:
        """Whether *schema* is a component with *base*, or a reference to it, directly in its `allOf`."""
        if not isinstance(base, Mapping):
            return False  # true or false, in OpenAPI 3.1
        return id(self._references.follow(base)) in self._parents.get(id(schema), ())

    def alternatives(self, schema: Schema) -> Alternatives | None:
        """The alternatives for a value of *schema*; None without a discriminator. Raises UnservableSchemaError."""
        if "discriminator" in schema:
            for union in ("oneOf", "anyOf"):
                if union in schema:
                    return self._of_union(schema, union)
        bases = [part for part in self._ancestors(schema) if self._is_base(part)]
        if len(bases) > 1:
            raise UnservableSchemaError(f"{self._called(schema)} is derived from several schemas with a discriminator")
        return self._of_base(schema, bases[0]) if bases else None

    def _of_union(self, schema: Schema, union: str) -> Alternatives:
        name = schema["discriminator"]["propertyName"]
        by_name: dict[str, Found] = {}
        for branch in schema[union]:
            if not isinstance(branch, Mapping) or "$ref" not in branch or self._references.is_more(branch):
                raise UnservableSchemaError(f"the discriminator {name!r} is beside an inline schema in {union}")
            by_name[str(branch["$ref"]).rpartition("/")[2]] = self._references.whole(branch)
        branches = {id(found.node) for found in by_name.values()}
        mapped = self._mapping(schema)
        for value, found in mapped.items():
            if id(found.node) not in branches:
                raise UnservableSchemaError(
                    f"the discriminator {name!r} maps {value!r} to a schema that is not in its {union}"
                )
        return Alternatives(name=name, by_value=by_name | mapped, union=union)

    def _of_base(self, schema: Schema, base: Schema) -> Alternatives | None:
        members = self._descendants(schema)
        mapped = self._mapping(base)
        chosen = {value: found for value, found in mapped.items() if schema is base or id(found.node) in members}
        if len(members) == 1 and not chosen and (mapped or schema is base):
            return None  # nothing is derived from it, or it is not in the mapping of its base
        by_name = {name: self._component(name) for name in members.values() if name not in mapped}
        by_value = by_name | chosen
        if not by_value:
            return None
        return Alternatives(name=base["discriminator"]["propertyName"], by_value=by_value, union=None)

    def _mapping(self, schema: Schema) -> dict[str, Found]:
        mapped = {}
        for value, target in schema["discriminator"].get("mapping", {}).items():
            is_name = _NAME.fullmatch(target) and target in self._components
            try:
                mapped[value] = self._component(target) if is_name else self._references.whole({"$ref": target})
            except UnresolvedReferenceError as error:
                raise UnservableSchemaError(f"the discriminator maps {value!r} to nothing: {error}") from error
        return mapped

    def _component(self, name: str) -> Found:
        return self._references.whole(self._components[name], ("components", "schemas", name))

    def _is_base(self, schema: Schema) -> bool:
        return "discriminator" in schema and "oneOf" not in schema and "anyOf" not in schema

    def _called(self, schema: Schema) -> str:
        return self._names.get(id(schema), "a schema")

    @cached_property
    def _names(self) -> Mapping[int, str]:
        return {id(schema): name for name, schema in self._components.items()}

    @cached_property
    def _parents(self) -> Mapping[int, set[int]]:
        """For each component, by identity, the ones directly in its `allOf`."""
        parents = {}
        for schema in self._components.values():
            found = set()
            for part in schema.get("allOf", ()):
                if isinstance(part, Mapping) and "$ref" in part:
                    try:
                        found.add(id(self._references.follow(part)))
                    except UnresolvedReferenceError:
                        continue  # the rule `resolving-ref` has it
            parents[id(schema)] = found
        return parents

    @cached_property
    def _by_identity(self) -> Mapping[int, Schema]:
        return {id(schema): schema for schema in self._components.values()}

    @cached_property
    def _children(self) -> Mapping[int, list[int]]:
        children: defaultdict[int, list[int]] = defaultdict(list)
        for child, parents in self._parents.items():
            for parent in parents:
                children[parent].append(child)
        return children

    def _ancestors(self, schema: Schema) -> Iterator[Schema]:
        """*schema*, and the components that it is derived from."""
        yield schema
        seen = {id(schema)}
        found = [*self._parents.get(id(schema), ())]
        while found:
            each = found.pop()
            if each not in seen and each in self._by_identity:
                seen.add(each)
                yield self._by_identity[each]
                found += self._parents.get(each, ())

    def _descendants(self, schema: Schema) -> dict[int, str]:
        """The names of *schema*, if it is a component, and of the components that are derived from it, by identity."""
        members: dict[int, str] = {}
        found = [id(schema)]
        while found:
            each = found.pop()
            if each not in members and each in self._names:
                members[each] = self._names[each]
                found += self._children.get(each, ())
        return members
