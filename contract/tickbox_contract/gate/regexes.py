r"""Whether a text is a regular expression of ECMA-262, which JSON Schema and OpenAPI prescribe for `pattern`.

The forms of annex B are allowed, as in browsers: `\-`, `\Z` and `{` alone stand for themselves. They include nearly
everything that is allowed with the flag `u`. So what is found here is wrong in every engine of JavaScript.

Source: ECMA-262 (2024), sections 22.2.1 and B.1.2.
"""

from __future__ import annotations

import re

_GROUP = re.compile(r"\((?:\?(?:[ims]*(?:-[ims]+)?:|=|!|<=|<!|<(?P<name>[^\W\d][\w$]*)>))?")
_REPEAT = re.compile(r"[*+?]|\{(?P<low>[0-9]+)(?:,(?P<high>[0-9]*))?\}")
_SINGLE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|u\{[0-9a-fA-F]+\}|c[A-Za-z]|.)|.", re.DOTALL)
_BEHIND = "(?<"
"""Stands for a group that looks behind, which cannot be repeated."""
_SETS = frozenset("dDsSwWpP")
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "0": "\0", "b": "\b"}


def fault_of(pattern: str) -> str | None:
    """What is wrong with *pattern*, as an end of a sentence; None if it is a regular expression."""
    try:
        _check(pattern)
    except _FaultError as fault:
        return str(fault)
    return None


class _FaultError(ValueError):
    """A text is not a regular expression."""


def _check(pattern: str) -> None:
    at, opened, can_repeat, names = 0, list[str](), False, set[str]()
    while at < len(pattern):
        character = pattern[at]
        repeat = _REPEAT.match(pattern, at)
        if character == "(":
            group, at = _group(pattern, at, names)
            opened.append(group)
            can_repeat = False
        elif character == ")":
            if not opened:
                raise _FaultError("a `)` closes nothing")
            can_repeat, at = opened.pop() != _BEHIND, at + 1
        elif character == "[":
            can_repeat, at = True, _class(pattern, at + 1)
        elif repeat:
            _require_repeat(repeat, can_repeat=can_repeat)
            at = repeat.end() + (pattern[repeat.end() : repeat.end() + 1] == "?")
            can_repeat = False
        else:
            can_repeat, at = character not in "|^$", _single(pattern, at)
    if opened:
        raise _FaultError("a `(` is not closed")


def _group(pattern: str, at: int, names: set[str]) -> tuple[str, int]:
    found = _GROUP.match(pattern, at)
    assert found is not None  # there is a `(`
    if found[0] == "(" and pattern[at + 1 : at + 2] == "?":
        raise _FaultError(f"`{pattern[at : at + 3]}` does not begin a group of ECMA-262")
    if found["name"] in names:
        raise _FaultError("two groups have the same name")
    names.update({found["name"]} - {None})
    return (_BEHIND if found[0] in {"(?<=", "(?<!"} else "("), found.end()


def _require_repeat(repeat: re.Match[str], *, can_repeat: bool) -> None:
    if not can_repeat:
        raise _FaultError(f"`{repeat[0]}` repeats nothing")
    if repeat["high"] and int(repeat["low"]) > int(repeat["high"]):
        raise _FaultError(f"`{repeat[0]}` has a minimum above its maximum")


def _single(pattern: str, at: int) -> int:
    if at == len(pattern) - 1 and pattern[at] == "\\":
        raise _FaultError("it ends in a backslash")
    found = _SINGLE.match(pattern, at)
    assert found is not None  # there is a character
    return found.end()


def _class(pattern: str, at: int) -> int:
    """The end of the class whose content begins at *at*."""
    at += pattern[at : at + 1] == "^"
    while at < len(pattern):
        if pattern[at] == "]":
            return at + 1
        end = _single(pattern, at)
        first, after = pattern[at:end], pattern[end + 1 : end + 2]
        at = end
        if pattern[end : end + 1] == "-" and after not in {"]", ""}:
            at = _single(pattern, end + 1)
            last = pattern[end + 1 : at]
            if _value(first) is not None and _value(last) is not None and str(_value(first)) > str(_value(last)):
                raise _FaultError(f"the range `{first}-{last}` ends before it begins")
    raise _FaultError("a `[` is not closed")


def _value(single: str) -> str | None:
    """The character that *single* stands for; None if it is a set of characters."""
    if not single.startswith("\\"):
        return single
    kind, rest = single[1], single[2:].strip("{}")
    if kind in _SETS:
        return None
    if kind in "xu" and rest:
        return chr(min(int(rest, 16), 0x10FFFF))
    return None if kind == "c" and rest else _CONTROLS.get(kind, kind)
