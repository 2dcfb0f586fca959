"""References: `$ref` as a JSON pointer into the same document, and the places where a `$ref` is a reference.

A `$ref` is a Reference Object only where OpenAPI 3.0 has one (the table in `objects`). In a property of that name, an
example, a default, an enum or an extension it is data. Its value is a URI fragment, percent-decoded, then a pointer
from the root of the document. It may refer to any place, not only to a component.

Source: RFC 6901 (sections 3, 4 and 6); OpenAPI 3.0.4, "Reference Object", "Path Item Object", "Discriminator Object".
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cached_property
from typing import Any, Literal, NamedTuple
from urllib.parse import unquote

from .objects import COMPOSITES, Place, Pointer, fragment, held_by, within

_INDEX = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)
_BAD_ESCAPE = re.compile(r"~(?![01])")
SECRET = "x-secret"  # noqa: S105  # the name of a mark

Why = Literal["outside", "nowhere", "circle", "kind", "beside", "endless"]


class UnresolvedReferenceError(LookupError):
    """A `$ref` that leads to no object of the document. The text is a sentence that names it."""

    def __init__(self, message: str, why: Why) -> None:
        super().__init__(message)
        self.why = why


class Found(NamedTuple):
    """The object that a reference leads to."""

    pointer: Pointer
    node: Mapping[str, Any]


class Broken(NamedTuple):
    """A place that cannot be followed, and why, as a sentence."""

    pointer: Pointer
    message: str
    why: Why


class References:
    """The references of one document. Its form is not relied upon."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self.root = root
        self._found: dict[str, Found | UnresolvedReferenceError] = {}
        self.is_3_1 = str(root.get("openapi")).startswith(
            "3.1."
        )  # in which what is beside the `$ref` of a schema counts

    def find(self, reference: str) -> Found:
        """The object that *reference* leads to in one step. Raises UnresolvedReferenceError."""
        found = self._found.get(reference)
        if found is None:
            found = self._found[reference] = self._look_up(reference)
        if isinstance(found, UnresolvedReferenceError):
            raise UnresolvedReferenceError(str(found), found.why)  # a kept one would keep the frames that it passed
        return found

    def end(self, node: Mapping[str, Any], pointer: Pointer = ()) -> Found:
        """*node*, which is at *pointer*, or what its `$ref` leads to in the end. Raises UnresolvedReferenceError."""
        return self._chain(node, pointer)[-1]

    def whole(self, schema: Mapping[str, Any], pointer: Pointer = ()) -> Found:
        """As `end`, but only as far as a schema that says more beside its `$ref`: in OpenAPI 3.1 that counts, too."""
        chain = self._chain(schema, pointer)
        return next((found for found in chain if self.is_more(found.node)), chain[-1])

    def is_more(self, schema: Mapping[str, Any]) -> bool:
        """Whether *schema* is a reference with keywords beside it that count."""
        return self.is_3_1 and "$ref" in schema and len(schema) > 1

    def _chain(self, node: Mapping[str, Any], pointer: Pointer) -> list[Found]:
        """*node*, and each object that a `$ref` leads to from there."""
        found, seen = Found(pointer, node), set()
        chain = [found]
        while isinstance(reference := found.node.get("$ref"), str):
            if reference in seen:
                raise UnresolvedReferenceError(f"{reference} leads back to itself", "circle")
            seen.add(reference)
            found = self.find(reference)
            chain.append(found)
        return chain

    def follow(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        """*node*, or the object that its `$ref` leads to in the end. Raises UnresolvedReferenceError."""
        return self.end(node).node if "$ref" in node else node

    @property
    def places(self) -> tuple[Place, ...]:
        """Each object of the document with a name in OpenAPI, and each that has one because a `$ref` leads to it."""
        return (*self._written, *self._referred[0])

    @property
    def schemas(self) -> Iterator[Mapping[str, Any]]:
        """Each schema of the document, also those inside another one."""
        return (place.node for place in self.places if place.kind == "schemas")

    def leading_to(self, wanted: Callable[[Place], bool]) -> frozenset[int]:
        """The objects that *wanted* holds for, and all that have them inside or refer to them; by identity."""
        found: set[int] = set()
        reached = [id(place.node) for place in self.places if wanted(place)]
        while reached:
            node = reached.pop()
            if node not in found:
                found.add(node)
                reached += self._above[node]
        return frozenset(found)

    def has_secret(self, node: Mapping[str, Any]) -> bool:
        """Whether a schema in *node*, or one that it leads to, is marked with `x-secret: true`."""
        return id(node) in self._secret

    @cached_property
    def _secret(self) -> frozenset[int]:
        return self.leading_to(lambda place: place.kind == "schemas" and place.node.get(SECRET) is True)

    @cached_property
    def _above(self) -> Mapping[int, list[int]]:
        """The objects that have an object inside or refer to it; by identity."""
        above: defaultdict[int, list[int]] = defaultdict(list)
        for place in self.places:
            target = self._target(place)
            for inner in (*self._held_by(place), *((target,) if target else ())):
                above[id(inner.node)].append(id(place.node))
        return above

    def _held_by(self, place: Place) -> list[Place]:
        return held_by(place, siblings=self.is_3_1)

    def _within(self, place: Place) -> Iterator[Place]:
        return within(place, siblings=self.is_3_1)

    @property
    def elsewhere(self) -> tuple[Place, ...]:
        """The objects that references lead to in places without a name in OpenAPI: extensions and data."""
        return self._referred[1]

    @cached_property
    def _written(self) -> tuple[Place, ...]:
        return tuple(self._within(Place((), "document", self.root)))

    @cached_property
    def _anchors(self) -> Mapping[str, Found]:
        """The schemas with an `$anchor`, by its name (JSON Schema 2020-12, section 8.2.2); OpenAPI 3.1 has them."""
        if not self.is_3_1:
            return {}
        return {
            str(place.node["$anchor"]): Found(place.pointer, place.node)
            for place in self._written
            if place.kind == "schemas" and "$anchor" in place.node
        }

    @cached_property
    def _referred(self) -> tuple[tuple[Place, ...], tuple[Place, ...]]:
        """The places that references lead to elsewhere, with all places in them; and the outermost ones."""
        known: set[tuple[int, str]] = set()
        found: list[Place] = []
        outermost: list[Place] = []

        def is_new(place: Place) -> bool:
            return place.kind not in self._kinds.get(id(place.node), ()) and (id(place.node), place.kind) not in known

        waiting = [place for place in self._written if place.reference is not None]
        while waiting:
            target = self._target(waiting.pop())
            if target is not None and is_new(target):
                outermost.append(target)
                more = [inner for inner in self._within(target) if is_new(inner)]
                known.update((id(inner.node), inner.kind) for inner in more)
                found += more
                waiting += [inner for inner in more if inner.reference is not None]
        return tuple(found), tuple(outermost)

    @cached_property
    def broken(self) -> tuple[Broken, ...]:
        """Each reference that leads nowhere, out of the document, in a circle, or to an object of another kind.

        Also each schema that has itself among its own parts: checking a value against it would never end.
        """
        wrong = [
            Broken(place.pointer, str(error), error.why)
            for place in self.places
            if place.reference is not None and (error := self._wrong(place))
        ]
        return (*wrong, *self._endless_schemas({broken.pointer for broken in wrong}))

    def is_sound(self, node: Mapping[str, Any]) -> bool:
        """Whether nothing in *node*, and nothing that it leads to, is broken."""
        return id(node) not in self._unsound

    @cached_property
    def _kinds(self) -> Mapping[int, tuple[str, ...]]:
        """The kinds of the objects that are written in the document, by identity; most have one."""
        kinds: dict[int, tuple[str, ...]] = {}
        single = {place.kind: (place.kind,) for place in self._written}
        for place in self._written:
            known = kinds.get(id(place.node))
            kinds[id(place.node)] = single[place.kind] if known is None else (*known, place.kind)
        return kinds

    @cached_property
    def _unsound(self) -> frozenset[int]:
        if not self.broken:
            return frozenset()
        broken = {broken.pointer for broken in self.broken}
        return self.leading_to(lambda place: place.pointer in broken)

    def _look_up(self, reference: str) -> Found | UnresolvedReferenceError:
        if not reference.startswith("#"):
            return UnresolvedReferenceError(f"{reference} leads out of the document", "outside")
        try:
            text = unquote(reference[1:], errors="strict")
        except UnicodeDecodeError:
            text = "~"
        if text in self._anchors:
            return self._anchors[text]
        if (text and not text.startswith("/")) or _BAD_ESCAPE.search(text):
            return UnresolvedReferenceError(f"{reference} is not a JSON pointer", "nowhere")
        node: Any = self.root
        pointer: list[str | int] = []
        for token in text.split("/")[1:]:
            step: str | int = token.replace("~1", "/").replace("~0", "~")
            if isinstance(node, list):
                step = int(token) if _INDEX.fullmatch(token) else len(node)
            if not _has(node, step):
                return UnresolvedReferenceError(f"{reference} leads nowhere", "nowhere")
            pointer.append(step)
            node = node[step]
        if not isinstance(node, dict):
            return UnresolvedReferenceError(f"{reference} does not lead to an object", "nowhere")
        return Found(tuple(pointer), node)

    def _target(self, place: Place) -> Place | None:
        """The place that the reference of *place* leads to in one step; None without a reference, or if it is wrong."""
        if place.reference is None:
            return None
        try:
            found = self.find(place.reference)
        except UnresolvedReferenceError:
            return None
        return Place(found.pointer, place.kind, found.node) if self._fits(place.kind, found) else None

    def _fits(self, kind: str, found: Found) -> bool:
        """Whether *found* can be an object of *kind*: OpenAPI has one there, or it is in an extension."""
        kinds = self._kinds.get(id(found.node))
        return kind in kinds if kinds else any(str(step).startswith("x-") for step in found.pointer)

    def _wrong(self, place: Place) -> UnresolvedReferenceError | None:
        reference = place.reference
        try:
            self.end(place.node)
            while isinstance(reference, str):
                found = self.find(reference)
                if not self._fits(place.kind, found):
                    message = f"{reference} is not one of the {place.kind}, which this place needs"
                    return UnresolvedReferenceError(message, "kind")
                reference = found.node.get("$ref")
        except UnresolvedReferenceError as error:
            return error
        beside = [key for key in place.node if key not in {"$ref", "summary", "description"} and key[:2] != "x-"]
        if place.kind == "path items" and beside:
            message = f"{place.reference} is beside {', '.join(beside)}: write the path out"
            return UnresolvedReferenceError(message, "beside")
        return None

    def _endless_schemas(self, wrong: set[Pointer]) -> Iterator[Broken]:
        """Each schema that is reached from itself by `$ref`, `allOf`, `anyOf`, `oneOf` and `not` alone."""
        done: set[int] = set()
        for place in self.places:
            if place.kind != "schemas" or id(place.node) in done:
                continue
            path: list[tuple[Place, Iterator[Place]]] = [(place, iter(self.parts_of(place, wrong)))]
            within = {id(place.node)}
            while path:
                here, parts = path[-1]
                part = next(parts, None)
                if part is None:
                    path.pop()
                    within.discard(id(here.node))
                    done.add(id(here.node))
                elif id(part.node) in within:
                    yield Broken(part.pointer, f"{fragment(part.pointer)} has itself among its parts", "endless")
                elif id(part.node) not in done:
                    within.add(id(part.node))
                    path.append((part, iter(self.parts_of(part, wrong))))

    def parts_of(self, place: Place, wrong: Collection[Pointer] = ()) -> list[Place]:
        """The schemas that apply to the same value as the schema of *place*; none if it is at one of *wrong*."""
        if place.pointer in wrong:
            return []
        target = self._target(place)
        beside = [inner for inner in self._held_by(place) if inner.pointer[len(place.pointer)] in (*COMPOSITES, "not")]
        return [*beside, *((target,) if target else ())]


def _has(node: Any, step: str | int) -> bool:  # JSON
    if isinstance(node, list):
        return isinstance(step, int) and step < len(node)
    return isinstance(node, dict) and step in node
