"""Stage `valid`: texts with a grammar of their own: paths, and the URLs of callbacks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tickbox_contract.openapi.rules import Hit
from tickbox_contract.openapi.servable import PATH_FORM

from .contracts import Contract

_TEMPLATES = re.compile(r"\{[^{}]*\}")
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105  # RFC 9110, section 5.6.2
_POINTER = r"(/([^/~]|~[01])*)*"
_EXPRESSION = rf"\$(url|method|statusCode|(request|response)\.(header\.{_TOKEN}|(query|path)\..*|body(\#{_POINTER})?))"
_RUNTIME = re.compile(_EXPRESSION, re.DOTALL)
_EMBEDDED = re.compile(r"\{([^{}]*)\}")


def malformed_paths(contract: Contract) -> Iterator[Hit]:
    """Paths with a brace that has no partner, or with a query or fragment, which no path of a URL has."""
    for path in contract.paths:
        if not PATH_FORM.fullmatch(path):
            yield Hit(("paths", path), "a brace in this path has no partner")
        elif found := re.search(r"[?#]", _TEMPLATES.sub("", path)):
            part = "query: declare its parameters" if found[0] == "?" else "fragment, which is never sent"
            yield Hit(("paths", path), f"this path has a {part}", severity="warning")


def malformed_callbacks(contract: Contract) -> Iterator[Hit]:
    """URLs of callbacks that cannot be computed, because something in them is not a runtime expression."""
    for callback in contract.written("callbacks"):
        for key in callback.value:
            wanted = [key] if key.startswith("$") and "{" not in key else _EMBEDDED.findall(key)
            for text in wanted if not key.startswith("x-") else ():
                if not _RUNTIME.fullmatch(text):
                    yield Hit((*callback.pointer, key), f"{text!r} is not a runtime expression, as $request.body#/url")
