"""What two schemas say beside which values fit: names, defaults, properties, discriminators, known values."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tickbox_contract.gate.contracts import Contract
from tickbox_contract.openapi.nodes import Node
from tickbox_contract.openapi.objects import COMPOSITES, Pointer

from .carried import Carried, carried, is_left_out
from .changes import Spot
from .comparison import Comparison, Place
from .equality import is_identical, said
from .retirement import is_retired
from .subschemas import Schemas, component, selected, type_name

PAYLOAD = "event-payload"
"""The rule of what events contain."""
_ENUM = "x-extensible-enum"
_MOST_SHOWN = 60
"""Characters of a default in a sentence."""
_TYPED = frozenset({"date", "date-time", "uuid", "byte", "binary", "int32", "int64", "float", "double"})
"""Formats for which generators have types of their own."""


class Structure:
    """Walks through the schemas of a value in both contracts, also where they are composed in different ways."""

    def __init__(self, comparison: Comparison, place: Place) -> None:
        self._comparison = comparison
        self._pair = place.pair
        self._direction = place.direction
        self._is_payload = place.rule_id == PAYLOAD
        self._kept_names = comparison.new.node.at("components").members("schemas")
        self._whole = place.subject or "it"
        self._outermost: Pointer = ()
        self._seen: set[tuple[Pointer, Pointer]] = set()
        self.describes = False
        """Whether a change was noted that says what is different."""
        self.written: list[Schemas] = []
        """The schemas of what texts contain: a comparison of the schemas of the texts does not see them."""

    def compare(self, old: Node, new: Node) -> None:
        """Note what is different. What leads to no difference is not walked through again."""
        unchanged, recorded = self._comparison.unchanged_schemas[self._direction], self._comparison.changes.recorded
        self._outermost = new.pointer
        waiting = [Schemas(old, new)]
        while waiting:
            found = _aligned(waiting.pop())
            self._names(found)
            followed = Schemas(self._comparison.old.whole(found.old), self._comparison.new.whole(found.new))
            key = followed.old.pointer, followed.new.pointer
            if key not in self._seen and key not in unchanged:
                self._seen.add(key)
                self._value(followed)
                waiting += self._within(followed)
        if self._comparison.changes.recorded == recorded and not self.written:
            unchanged |= self._seen

    def _note(self, rule_id: str, what: str, schemas: Schemas, *steps: str) -> None:
        spot = Spot(schemas.new.pointer, schemas.old.pointer).within(*steps)
        self._comparison.note(rule_id, what, spot, pair=self._pair)

    @staticmethod
    def _declaring(contract: Contract, schema: Node, declared: Node) -> Pointer:
        """The part of *schema* in *contract* that the other one has with the property *declared*; else *schema*.

        So a property of a schema that others have among their parts is one change.
        """
        holder = declared.pointer[:-2]
        return next((part.pointer for part in contract.parts(schema) if part.pointer == holder), schema.pointer)

    def _names(self, schemas: Schemas) -> None:
        """The name of a component that becomes a type in generated code."""
        before, after = (component(node) for node in schemas)
        if before is None or before == after or before in map(component, schemas.new.items("allOf")):
            return
        if not _is_type(self._comparison.old.follow(schemas.old)):
            return
        if self._is_payload and schemas.new.pointer == self._outermost and before in self._kept_names:
            return  # no generated method returns a payload: receivers choose the type, and still have it
        named = self._comparison.new.follow(schemas.new) if after else schemas.new
        what = f"the schema `{before}` is {f'`{after}`' if after else 'written out'} now"
        spot = Spot(named.pointer, self._comparison.old.follow(schemas.old).pointer)
        self._comparison.note("component-renamed", what, spot, pair=self._pair)

    def _value(self, schemas: Schemas) -> None:
        before, after = (merged(contract, node) for contract, node in zip(self._comparison.both, schemas, strict=True))
        if self._direction == "request":
            self._default(schemas, before, after)
        if not is_left_out(before, after):
            self._carried(schemas, carried(before), carried(after))
        self._extensible(schemas, before, after)
        self._discriminator(schemas, before.get("discriminator"), after.get("discriminator"))
        if not is_identical(before.get("xml"), after.get("xml")):
            self._note("schema-undecided", "its form in XML has changed: compare by hand", schemas, "xml")

    def _default(self, schemas: Schemas, before: dict[str, Any], after: dict[str, Any]) -> None:
        old, new = before.get("default"), after.get("default")
        if is_identical(old, new) and ("default" in before) == ("default" in after):
            return
        self.describes = True
        subject = self._subject(schemas.new)
        if "default" not in before:
            self._note("default-added", f"{subject} has the default {_shown(new)} now", schemas, "default")
        else:
            now = f"the default {_shown(new)}" if "default" in after else "no default"
            what = f"{subject} has {now} now, and had {_shown(old)}: a request without it means something else"
            self._note("default-changed", what, schemas, "default")

    def _carried(self, schemas: Schemas, old: Carried, new: Carried) -> None:
        """What a value of a response is read into, and how a text is."""
        subject = self._subject(schemas.new)
        if self._direction == "response" and old.format != new.format and {old.format, new.format} & _TYPED:
            what = f"the format of {subject} is {new.format or 'not given'} now, and was {old.format or 'not given'}"
            self._note("format-changed", what, schemas, "format")
        elif old[1:] != new[1:]:
            now, was = (" in ".join(filter(None, (each.media_type, each.encoding))) or "text" for each in (new, old))
            self._note("encoding-changed", f"{subject} is read as {now} now, and was as {was}", schemas)

    def _subject(self, schema: Node) -> str:
        """The name of the property or component whose schema this is, or what has the outermost schema, or `it`."""
        if schema.pointer[-2:-1] == ("properties",) or schema.pointer[:-1] == ("components", "schemas"):
            return f"`{schema.pointer[-1]}`"
        return self._whole if schema.pointer == self._outermost else "it"

    def _extensible(self, schemas: Schemas, before: dict[str, Any], after: dict[str, Any]) -> None:
        old, new = (list(each[_ENUM]) if isinstance(each.get(_ENUM), list) else [] for each in (before, after))
        gone, come = [v for v in old if v not in new], [v for v in new if v not in old]
        if gone and new:
            rule_id = "known-value-withdrawn" if self._direction == "request" else "known-value-removed"
            self._note(rule_id, f"{_listed(gone)} is no longer a known value", schemas, _ENUM)
        if come and old:
            self._note("known-value-added", f"{_listed(come)} is a known value now", schemas, _ENUM)

    def _discriminator(self, schemas: Schemas, old: Any, new: Any) -> None:  # JSON
        if is_identical(old, new) or not isinstance(old, dict):
            return
        now = new if isinstance(new, dict) else {}
        if old.get("propertyName") != now.get("propertyName"):
            what = f"{now.get('propertyName') or 'nothing'} selects the schema now, and {old.get('propertyName')} did"
            self._note("discriminator-changed", what, schemas, "discriminator")
            return
        before, after = old.get("mapping") or {}, now.get("mapping") or {}
        named = selected(self._comparison.old, schemas.old), selected(self._comparison.new, schemas.new)
        for value in sorted(before.keys() | after.keys()):
            was, leads = (
                _last(mapping.get(value, value if value in names else None))
                for mapping, names in zip((before, after), named, strict=True)
            )
            if was != leads and not (self._direction == "request" and was is None):
                what = f"{value} selects {leads or 'no schema by the mapping'} now, and {was or 'none'} before"
                self._note("discriminator-changed", what, schemas, "discriminator", "mapping")

    def _within(self, schemas: Schemas) -> Iterator[Schemas]:
        parts = self._comparison.parts(schemas, self._direction)
        before, after = parts.properties
        for name in before.keys() - after.keys():
            self.describes = True
            is_over = is_retired(self._comparison.old.whole(before[name]), self._comparison.today)
            self._comparison.retired |= {before[name].pointer} if is_over else set()
            rule_id = "property-retired" if is_over else "property-removed"
            at = self._declaring(self._comparison.new, schemas.new, before[name])
            spot = Spot((*at, "properties", name), before[name].pointer)
            self._comparison.note(rule_id, f"the property `{name}` was removed", spot, pair=self._pair)
        for name in after.keys() - before.keys():
            self.describes = True
            was = self._declaring(self._comparison.old, schemas.old, after[name])
            spot = Spot(after[name].pointer, (*was, "properties", name))
            self._comparison.note("property-added", f"the property `{name}` was added", spot, pair=self._pair)
        self.written += parts.written
        yield from (*(inner.schemas for inner in parts.inner), *parts.applied, *parts.written)


def _aligned(schemas: Schemas) -> Schemas:
    """The same component in both contracts, where one of them has it among alternatives."""
    before, after = map(component, schemas)
    old = schemas.old if before or not after else _alternative(schemas.old, after)
    new = schemas.new if after or not before else _alternative(schemas.new, before)
    return Schemas(old, new)


def _alternative(schema: Node, name: str) -> Node:
    """The alternative in *schema* with that *name*; *schema* itself if there is none, or if it has a default."""
    found = (node for key in ("anyOf", "oneOf") for node in schema.items(key) if component(node) == name)
    return schema if "default" in schema.value else next(found, schema)


def merged(contract: Contract, schema: Node) -> dict[str, Any]:
    """The keywords of *schema* and the parts of its `allOf`; of *schema* first."""
    merged: dict[str, Any] = {}
    for part in contract.parts(schema):
        merged = {**said(part), **merged}
    return merged


def _shown(value: Any) -> str:  # JSON
    text = json.dumps(value, ensure_ascii=False)
    return f"`{text if len(text) <= _MOST_SHOWN else f'{text[:_MOST_SHOWN]}...'}`"


def _is_type(schema: Node) -> bool:
    """Whether generators make a type of *schema*: scalars are written as what they are."""
    return schema.get("type") == "object" or any(key in schema.value for key in ("properties", "enum", *COMPOSITES))


def _last(reference: Any) -> str | None:  # JSON
    """The name of what a mapping leads to, which may be given without a reference."""
    return None if reference is None else type_name(str(reference)) or str(reference)


def _listed(values: list[Any]) -> str:
    return ", ".join(f"`{value}`" for value in values)
