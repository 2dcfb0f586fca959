"""Finds the function of an operation, `<package>.<tag>.<operationId>`, and the names of its arguments."""

from __future__ import annotations

import importlib
import keyword
import re
import unicodedata
from collections.abc import Callable
from types import ModuleType
from typing import Any

Handler = Callable[..., Any]

BODY = "body"
"""The keyword of a request's body."""
PERFORM = "perform"
"""The keyword of what performs other operations (`x-performs`): a `responses.Perform`."""


def keyword_of(name: str, place: str) -> str:
    """The keyword argument of a handler for the parameter *name* of *place*, for any name in a contract.

    page-size    page_size    characters that identifiers cannot have become underscores
    X-Trace      x_trace      header names have no case
    2fa, ""      _2fa, _      an identifier does not begin with a digit
    from, body   from_, body_ keywords of Python, and that of the body, get an underscore
    """
    word = identifier_of(name.lower() if place == "header" else name)
    return f"{word}_" if word == BODY else word


def identifier_of(name: str) -> str:
    """The identifier for *name*, as `keyword_of` describes it: `repos/get` is `repos_get`, `class` is `class_`."""
    word = unicodedata.normalize("NFKC", re.sub(r"\W", "_", name))  # as Python reads an identifier
    if not word.isidentifier():
        word = f"_{word}"
    return f"{word}_" if keyword.iskeyword(word) else word


def handler_name(tag: str, operation_id: str) -> str:
    """The place of the function of an operation within the package: `<module>.<function>`."""
    return f"{identifier_of(tag)}.{identifier_of(operation_id)}"


def find_handler(package: ModuleType, tag: str, operation_id: str) -> Handler | None:
    """The function `<package>.<tag>.<operation_id>`, both as identifiers, or None."""
    module_name, function = handler_name(tag, operation_id).split(".")
    name = f"{package.__name__}.{module_name}"
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        return None
    handler: Handler | None = getattr(module, function, None)
    return handler
