"""What breaks a client, as a short sentence about a value."""

from __future__ import annotations

import json
import re

from tickbox_contract.openapi.schemas import Direction

from .places import Failure, Path
from .verdicts import JSON

_MOST = 80
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_. -]*[A-Za-z0-9_]|[A-Za-z_]")
_WORDS = {"null", "true", "false", "yes", "no", "on", "off"}
_TEXT, _LIST = ("a text of", "character", "characters"), ("a list of", "item", "items")
_OBJECT = ("an object with", "property", "properties")
_SIZES = {
    **dict.fromkeys(("minLength", "maxLength"), _TEXT),
    **dict.fromkeys(("minItems", "maxItems"), _LIST),
    **dict.fromkeys(("minProperties", "maxProperties"), _OBJECT),
}
_ENDS: dict[Direction, str] = {"request": "is now rejected", "response": "may now be returned"}


def sentence(subject: str, direction: Direction, *, is_undeclared: bool) -> str:
    """What is new for clients, such as "a text of 51 characters is now rejected"."""
    end = _ENDS[direction]
    if is_undeclared:
        word = "did" if direction == "request" else "does"
        end += f"; the schema that allows it {word} not declare it"
    return f"{subject} {end}"


def subject_of(failure: Failure, witness: JSON) -> str:
    """What of *witness* breaks a client."""
    value, at = failure.value, _at(failure.path)
    if failure.subject:
        words = "an object without" if failure.keyword == "required" else "the property"
        return f"{words} `{failure.subject}`{at}"
    if failure.keyword in _SIZES:
        words, one, several = _SIZES[failure.keyword]
        return f"{words} {len(value)} {one if len(value) == 1 else several}{at}"
    if failure.keyword == "uniqueItems":
        return f"a list with equal items{at}"
    shown = _shown(_along(failure.path, value))
    return f"`{shown}`" if len(shown) <= _MOST else f"`{_shown(witness)[:_MOST]}...`{at}"


def _at(path: Path) -> str:
    steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return f" in `{steps.removeprefix('.')}`" if path else ""


def _along(path: Path, value: JSON) -> JSON:
    """*value* with only what is on the way to it."""
    for step in reversed(path):
        value = [value] if isinstance(step, int) else {step: value}
    return value


def _shown(value: JSON) -> str:
    """*value* as YAML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_shown(name)}: {_shown(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_shown, value)) + "]"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return json.dumps(value, ensure_ascii=False)
