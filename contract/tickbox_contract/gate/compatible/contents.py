"""Contents: the media types of bodies and responses, their schemas, and how properties of forms are written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tickbox_contract.gate.contracts import Contract
from tickbox_contract.openapi.media_types import essence, is_json
from tickbox_contract.openapi.nodes import Node
from tickbox_contract.openapi.schemas import Direction

from .carried import carried
from .changes import Spot
from .comparison import Comparison, Place
from .encodings import compare_encodings
from .structure import merged
from .values import CALLBACK, compare_schemas

_TECHNICAL = frozenset({"", "charset", "boundary", "q"})
_NOT_BYTES = ("text/", "multipart/", "application/x-www-form-urlencoded")
_OF_BYTES = frozenset({"type", "format", "contentMediaType"})


def compare_contents(comparison: Comparison, place: Place, old: Node, new: Node) -> None:
    """Compare the media types of two bodies or responses."""
    before, after = old.members("content"), new.members("content")
    spot, kind = Spot(new.pointer, old.pointer).within("content"), _kind(place)
    label = "callback" if place.rule_id == CALLBACK else kind
    for name in before:
        if not any(_is_kept(name, other, place.direction) for other in after):
            what = f"{name} was removed from the {label}"
            comparison.note(f"{kind}-media-type-removed", what, spot.within(name), pair=place.pair)
    for name in after:
        if not any(_is_kept(name, other, "response") for other in before):
            what = f"{name} was added to the {label}"
            comparison.note(f"{kind}-media-type-added", what, spot.within(name), pair=place.pair)
    for first, second in _same_types(before, after):
        if not (_are_bytes(comparison.old, first) and _are_bytes(comparison.new, second)):
            compare_schemas(comparison, place, first.at("schema"), second.at("schema"))
        compare_encodings(comparison, place, first, second)


def _kind(place: Place) -> str:
    return "body" if place.rule_id == "body-schema" else "response"


def _are_bytes(contract: Contract, media: Node) -> bool:
    """Whether the content of *media* is bytes and nothing else: OpenAPI 3.1 has no schema for that."""
    keywords = merged(contract, media.at("schema"))
    if not keywords:
        name = essence(str(media.pointer[-1]))
        return not is_json(name) and not name.startswith(_NOT_BYTES)
    return carried(keywords).format == "binary" and keywords.keys() <= _OF_BYTES


def _same_types(before: Mapping[str, Node], after: Mapping[str, Node]) -> Iterator[tuple[Node, Node]]:
    """The media types that describe the same messages: of several keys for a message the most specific one counts."""
    pairs = [(name, other) for name in before if (other := _most_specific(name, after))]
    pairs += [(name, other) for other in after if (name := _most_specific(other, before))]
    yield from ((before[name], after[other]) for name, other in dict.fromkeys(pairs))


def _most_specific(name: str, keys: Iterable[str]) -> str | None:
    found = [key for key in keys if _covers(key, name)]
    return min(found, key=lambda key: (essence(key).count("*"), -len(_parameters(key))), default=None)


def _covers(media_range: str, name: str) -> bool:
    """Whether *media_range*, such as `application/*`, has *name* in it, which may have further parameters."""
    wide, narrow = essence(media_range), essence(name)
    is_inside = wide in {narrow, "*/*"} or (wide.endswith("/*") and narrow.startswith(wide[:-1]))
    return is_inside and _parameters(media_range) <= _parameters(name)


def _parameters(media_type: str) -> frozenset[tuple[str, str]]:
    """The parameters that select a form, such as `version=1`: of the others any value is sent and accepted."""
    pairs = (each.partition("=") for each in media_type.split(";")[1:])
    named = ((name.strip().lower(), value.strip().strip('"')) for name, _, value in pairs)
    return frozenset(pair for pair in named if pair[0] not in _TECHNICAL)


def _meets(one: str, other: str) -> bool:
    return _covers(one, other) or _covers(other, one)


def _is_kept(name: str, other: str, direction: Direction) -> bool:
    """Whether *other* is enough for those who know *name*: a request may be of each type in a range."""
    return _covers(other, name) if direction == "request" else _meets(name, other)
