"""References to schemas by their `$id`, in OpenAPI 3.1: each is written as a place in the document.

A `$ref` is relative to the nearest `$id` around it: inside of a schema with an `$id`, `#/$defs/a` leads to the `$defs`
of that schema.

Source: JSON Schema 2020-12, sections 8.2.1 and 9.1.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urldefrag, urljoin

from tickbox_contract.openapi.objects import Place, Pointer, reference_to, within


def resolve_ids(root: dict[str, Any]) -> None:
    """Change in *root* each `$ref` that leads to or is in a schema with an `$id`."""
    if not str(root.get("openapi")).startswith("3.1."):
        return
    schemas = [place for place in within(Place((), "document", root), siblings=True) if place.kind == "schemas"]
    bases: dict[Pointer, str] = {}
    for place in schemas:
        if isinstance(place.node.get("$id"), str):
            bases[place.pointer] = urldefrag(urljoin(_base(place.pointer, bases), place.node["$id"])).url
    known = {uri: pointer for pointer, uri in bases.items()}
    for place in schemas if bases else ():
        reference = place.node.get("$ref")
        if isinstance(reference, str):
            written = _written(reference, _base(place.pointer, bases), known)
            place.node["$ref"] = written  # type: ignore[index]  # it is our own copy


def _base(pointer: Pointer, bases: Mapping[Pointer, str]) -> str:
    """The nearest `$id` around *pointer*; empty if there is none."""
    return next((bases[pointer[:n]] for n in range(len(pointer), 0, -1) if pointer[:n] in bases), "")


def _written(reference: str, base: str, known: Mapping[str, Pointer]) -> str:
    target = urldefrag(urljoin(base, reference))
    if target.url not in known:
        return reference
    if target.fragment and not target.fragment.startswith("/"):
        return f"#{target.fragment}"
    return f"{reference_to(known[target.url])}{target.fragment}"
