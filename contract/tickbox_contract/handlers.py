"""Where the function of an operation is found, `<package>.<tag>.<operationId>`, and what its arguments are called."""

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


def keyword_of(name: str, place: str) -> str:
    """The keyword under which a handler gets the parameter *name* of *place*, whatever a contract calls it.

    page-size    page_size    each character that no identifier has is an underscore
    X-Trace      x_trace      header names have no case
    2fa, ""      _2fa, _      an identifier does not begin with a digit
    from, body   from_, body_ words of Python's, and the one of the body, get an underscore
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
    """Where the function of an operation is found within the package: `<module>.<function>`."""
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
